//! `…/environments`: where revisions run, with the configuration that holds there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::environments::{EnvironmentRow, NewEnvironment, PRODUCTION};
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

/// An environment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Environment {
    id: Uuid,
    /// Worked out from the first name; never changes.
    slug: String,
    display_name: String,
    description: Option<String>,
    /// What several environments have in common, for lists.
    group: Option<String>,
    /// What another system calls it, and which one.
    external_id: Option<String>,
    external_source: Option<String>,
    /// Every tenant has it, and it stays.
    is_system: bool,
    /// Over the defaults of a flow's `config:`.
    config: Map<String, Value>,
    created_at: TimeMs,
    created_by: String,
    modified_at: TimeMs,
    archived_at: Option<TimeMs>,
}

impl From<EnvironmentRow> for Environment {
    fn from(row: EnvironmentRow) -> Self {
        Self {
            id: row.id,
            is_system: row.slug == PRODUCTION,
            slug: row.slug,
            display_name: row.display_name,
            description: row.description,
            group: row.group,
            external_id: row.external_id,
            external_source: row.external_source,
            config: row.config,
            created_at: row.created_at,
            created_by: row.created_by,
            modified_at: row.modified_at.unwrap_or(row.created_at),
            archived_at: row.archived_at,
        }
    }
}

/// A new environment.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateEnvironment {
    /// The slug is made of it.
    #[schemars(length(min = 1, max = 100))]
    display_name: String,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default)]
    external_id: Option<String>,
    #[serde(default)]
    external_source: Option<String>,
    #[serde(default)]
    config: Map<String, Value>,
}

/// What is to change; what is absent stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct UpdateEnvironment {
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    group: Option<String>,
    /// As a whole.
    #[serde(default)]
    config: Option<Map<String, Value>>,
}

/// Which environments.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// A part of the name, the slug or the external id.
    #[serde(default)]
    search: Option<String>,
    #[serde(default)]
    group: Option<String>,
    /// Archived ones too.
    #[serde(default)]
    archived: Option<bool>,
}

/// As the schemas say.
const NAME_CHARACTERS_MAX: usize = 100;
const ALL: &str = "/v1/tenants/{tenant}/environments";
const ONE: &str = "/v1/tenants/{tenant}/environments/{environment}";

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsDeploy);
    vec![
        Route::get(ALL, "listEnvironments", "Every environment").scope(read).query::<ListQuery>().answers::<Vec<Environment>>(200).to(list),
        Route::post(ALL, "createEnvironment", "A new environment; its slug is made of the name")
            .scope(write)
            .takes::<CreateEnvironment>()
            .answers::<Environment>(201)
            .creates()
            .to(create),
        Route::get(ONE, "getEnvironment", "By id or slug").scope(read).answers::<Environment>(200).to(get),
        Route::put(ONE, "changeEnvironment", "Another name or configuration")
            .scope(write)
            .takes::<UpdateEnvironment>()
            .answers::<Environment>(200)
            .to(change),
        Route::delete(ONE, "archiveEnvironment", "Archive it: nothing new starts there")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(archive),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let wanted = query.search.unwrap_or_default().to_lowercase();
    let fits = |row: &EnvironmentRow| {
        let texts = [Some(&row.display_name), Some(&row.slug), row.external_id.as_ref()];
        (row.archived_at.is_none() || query.archived == Some(true))
            && (query.group.is_none() || row.group == query.group)
            && texts.into_iter().flatten().any(|text| text.to_lowercase().contains(&wanted))
    };
    let rows = call.app.catalog.environments(&call.tenant)?.into_iter().filter(fits);
    let rows: Vec<Environment> = rows.map(Environment::from).collect();
    Answer::json(&rows)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let CreateEnvironment { display_name, description, group, external_id, external_source, config } = call.json()?;
    let new = NewEnvironment { display_name, description, group, external_id, external_source, config };
    let row = call.app.catalog.create_environment(&call.tenant, new, &call.actor()?).await?;
    Answer::json_as(201, &Environment::from(row))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&Environment::from(call.app.catalog.find_environment(&call.tenant, call.parameter("environment")?)?.value))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: UpdateEnvironment = call.json()?;
    if body.display_name.as_deref().is_some_and(|name| name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX) {
        return Err(Problem::invalid("displayName", format!("it must have 1 to {NAME_CHARACTERS_MAX} characters")));
    }
    let name = call.parameter("environment")?;
    let actor = call.actor()?;
    let changed = call.app.catalog.change_environment(&call.tenant, name, &actor, |row| {
        row.display_name = body.display_name.clone().unwrap_or_else(|| row.display_name.clone());
        row.description = body.description.clone().or_else(|| row.description.clone());
        row.group = body.group.clone().or_else(|| row.group.clone());
        row.config = body.config.clone().unwrap_or_else(|| row.config.clone());
    });
    Answer::json(&Environment::from(changed.await?))
}

async fn archive(call: Call) -> Result<Answer, Problem> {
    let now = call.now;
    let name = call.parameter("environment")?;
    call.app.catalog.change_environment(&call.tenant, name, &call.actor()?, |row| row.archived_at = Some(now)).await?;
    Ok(Answer::empty(204))
}
