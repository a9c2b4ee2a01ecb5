//! `…/environments`: where revisions run, with the configuration that holds there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::environments::EnvironmentRow;
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
    /// Over the defaults of a flow's `config:`.
    config: Map<String, Value>,
    created_at: TimeMs,
    created_by: String,
    archived_at: Option<TimeMs>,
}

impl From<EnvironmentRow> for Environment {
    fn from(row: EnvironmentRow) -> Self {
        let EnvironmentRow { id, slug, display_name, config, created_at, created_by, archived_at } = row;
        Self { id, slug, display_name, config, created_at, created_by, archived_at }
    }
}

/// An environment as it is to be.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EnvironmentBody {
    #[schemars(length(min = 1, max = 100))]
    display_name: String,
    #[serde(default)]
    config: Map<String, Value>,
}

const ALL: &str = "/v1/tenants/{tenant}/environments";
const ONE: &str = "/v1/tenants/{tenant}/environments/{environment}";

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsDeploy);
    vec![
        Route::get(ALL, "listEnvironments", "Every environment, archived ones too").scope(read).answers::<Vec<Environment>>(200).to(list),
        Route::post(ALL, "createEnvironment", "A new environment; its slug is made of the name")
            .scope(write)
            .takes::<EnvironmentBody>()
            .answers::<Environment>(201)
            .creates()
            .to(create),
        Route::get(ONE, "getEnvironment", "By id or slug").scope(read).answers::<Environment>(200).to(get),
        Route::put(ONE, "changeEnvironment", "Another name or configuration")
            .scope(write)
            .takes::<EnvironmentBody>()
            .answers::<Environment>(200)
            .to(change),
        Route::delete(ONE, "archiveEnvironment", "Archive it: nothing new starts there")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(archive),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let rows: Vec<Environment> = call.app.catalog.environments(&call.tenant)?.into_iter().map(Environment::from).collect();
    Answer::json(&rows)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let body: EnvironmentBody = call.json()?;
    let row = call.app.catalog.create_environment(&call.tenant, &body.display_name, body.config, &call.actor()?).await?;
    Answer::json_as(201, &Environment::from(row))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&Environment::from(call.app.catalog.find_environment(&call.tenant, call.parameter("environment")?)?.value))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let body: EnvironmentBody = call.json()?;
    let name = call.parameter("environment")?;
    let actor = call.actor()?;
    let changed = call.app.catalog.change_environment(&call.tenant, name, &actor, |row| {
        row.display_name.clone_from(&body.display_name);
        row.config.clone_from(&body.config);
    });
    Answer::json(&Environment::from(changed.await?))
}

async fn archive(call: Call) -> Result<Answer, Problem> {
    let now = call.now;
    let name = call.parameter("environment")?;
    call.app.catalog.change_environment(&call.tenant, name, &call.actor()?, |row| row.archived_at = Some(now)).await?;
    Ok(Answer::empty(204))
}
