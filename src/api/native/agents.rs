//! `/v1/tenants/{tenant}/agents`: what agents there are. What they do is in `revisions`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog;
use crate::catalog::agents::{AgentRow, AgentSettings, NewAgent};
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

/// Tags of one agent, at most.
const TAGS_MAX: usize = 50;
/// Agents read at a time while a filter looks for fitting ones.
const CHUNK: usize = 500;

/// An agent.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Agent {
    /// Its name in paths.
    id: String,
    /// Its integer id.
    number: u64,
    display_name: String,
    description: String,
    enabled: bool,
    /// What `production` runs; 0: nothing yet.
    current_revision: u32,
    /// The newest revision; 0: there is none.
    last_revision: u32,
    tags: Vec<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    settings: AgentSettings,
    created_at: TimeMs,
    created_by: String,
    updated_at: TimeMs,
    /// Deleted then; it can be taken back for 30 days.
    deleted_at: Option<TimeMs>,
}

impl From<AgentRow> for Agent {
    fn from(row: AgentRow) -> Self {
        Self {
            id: row.id,
            number: row.number,
            display_name: row.display_name,
            description: row.description,
            enabled: row.enabled,
            current_revision: row.current_revision,
            last_revision: row.last_revision,
            tags: row.tags,
            kind: row.kind,
            settings: row.settings,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            deleted_at: row.deleted_at,
        }
    }
}

/// An array, or a page of it where one was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Agents {
    All(Vec<Agent>),
    #[serde(rename_all = "camelCase")]
    Page {
        items: Vec<Agent>,
        next_page_token: Option<String>,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Part of the name, the display name or the description.
    #[serde(default)]
    search: Option<String>,
    /// Agents that have each of these.
    #[serde(default)]
    tags: Vec<String>,
    /// Agents of a page; the answer is then an object.
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
    /// Taken from the vendor's clients; there is one network.
    #[serde(default)]
    network_id: Option<String>,
}

impl ListQuery {
    fn fits(&self, row: &AgentRow) -> bool {
        let found = |text: &str, wanted: &str| text.to_lowercase().contains(wanted);
        let searched = self.search.as_ref().map(|search| search.to_lowercase());
        searched.is_none_or(|wanted| found(&row.id, &wanted) || found(&row.display_name, &wanted) || found(&row.description, &wanted))
            && self.tags.iter().all(|tag| row.tags.contains(tag))
            && self.network_id.as_deref().is_none_or(|network| network == "default")
    }
}

/// A new agent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateAgent {
    /// Lower-case letters, digits, `-` and `_`, a letter first; it stays.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_-]{1,99}$"))]
    id: String,
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    /// What kind of agent it is; free text.
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    settings: Option<AgentSettings>,
    /// Taken from the vendor's clients; only `default`.
    #[serde(default)]
    network_id: Option<String>,
}

/// A change of an agent; what is absent stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeAgent {
    #[serde(default)]
    display_name: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    tags: Option<Vec<String>>,
    #[serde(default)]
    settings: Option<AgentSettings>,
}

const ALL: &str = "/v1/tenants/{tenant}/agents";
const ONE: &str = "/v1/tenants/{tenant}/agents/{agent}";

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    vec![
        Route::get(ALL, "listAgents", "Agents by name").scope(read).query::<ListQuery>().answers::<Agents>(200).to(list),
        Route::post(ALL, "createAgent", "A new agent, without revisions")
            .scope(write)
            .takes::<CreateAgent>()
            .answers::<Agent>(201)
            .creates()
            .to(create),
        Route::get(ONE, "getAgent", "An agent").scope(read).answers::<Agent>(200).to(get),
        Route::patch(ONE, "changeAgent", "Change what stands beside its revisions")
            .scope(write)
            .takes::<ChangeAgent>()
            .answers::<Agent>(200)
            .to(change),
        Route::delete(ONE, "deleteAgent", "Delete it; can be taken back for 30 days")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(delete),
        Route::post("/v1/tenants/{tenant}/agents/{agent}:activate", "activateAgent", "Let it start executions again")
            .scope(write)
            .answers::<Agent>(200)
            .to(|call| switch(call, true)),
        Route::post("/v1/tenants/{tenant}/agents/{agent}:deactivate", "deactivateAgent", "Refuse new executions; what runs goes on")
            .scope(write)
            .answers::<Agent>(200)
            .to(|call| switch(call, false)),
        Route::post("/v1/tenants/{tenant}/agents/{agent}:cancelDelete", "cancelAgentDeletion", "Take its deletion back")
            .scope(write)
            .answers::<Agent>(200)
            .to(restore),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let is_page = query.page_size.is_some() || query.page_token.is_some();
    let wanted = if is_page { page::size(query.page_size) } else { usize::MAX };
    let mut after = page::read(query.page_token.as_deref())?;
    let mut items = Vec::new();
    loop {
        let rows = call.app.catalog.agents(&call.tenant, after.as_deref(), CHUNK)?;
        let is_last = rows.len() < CHUNK;
        for row in rows {
            after = Some(row.id.clone());
            if query.fits(&row) {
                items.push(Agent::from(row));
            }
            if items.len() == wanted {
                let next_page_token = after.as_deref().map(page::token);
                return Answer::json(&Agents::Page { items, next_page_token });
            }
        }
        if is_last {
            return Answer::json(&if is_page { Agents::Page { items, next_page_token: None } } else { Agents::All(items) });
        }
    }
}

fn checked_tags(tags: Vec<String>) -> Result<Vec<String>, Problem> {
    if tags.len() > TAGS_MAX || tags.iter().any(|tag| tag.is_empty() || tag.len() > 100) {
        return Err(Problem::unfit("tags", format!("at most {TAGS_MAX} tags of 1 to 100 bytes")));
    }
    Ok(tags)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let wanted: CreateAgent = call.json()?;
    if wanted.network_id.as_deref().is_some_and(|network| network != "default") {
        return Err(Problem::unfit("networkId", "there is one network, `default`"));
    }
    let new = NewAgent {
        id: wanted.id,
        display_name: wanted.display_name,
        description: wanted.description,
        tags: checked_tags(wanted.tags.unwrap_or_default())?,
        kind: wanted.kind,
        settings: wanted.settings.unwrap_or_default(),
    };
    let row = call.app.catalog.create_agent(&call.tenant, new, &call.actor()?).await?;
    Answer::json_as(201, &Agent::from(row))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&Agent::from(call.app.catalog.agent(&call.tenant, call.parameter("agent")?)?.value))
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let wanted: ChangeAgent = call.json()?;
    let tags = wanted.tags.map(checked_tags).transpose()?;
    let agent = call.parameter("agent")?;
    let actor = call.actor()?;
    let changed = call.app.catalog.change_agent(&call.tenant, agent, "agent.changed", &actor, |row| {
        row.display_name = wanted.display_name.clone().unwrap_or_else(|| row.display_name.clone());
        row.description = wanted.description.clone().unwrap_or_else(|| row.description.clone());
        row.tags = tags.clone().unwrap_or_else(|| row.tags.clone());
        row.settings = wanted.settings.clone().unwrap_or_else(|| row.settings.clone());
        Ok(())
    });
    Answer::json(&Agent::from(changed.await?))
}

async fn delete(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.delete_agent(&call.tenant, call.parameter("agent")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn switch(call: Call, enabled: bool) -> Result<Answer, Problem> {
    let action = if enabled { "agent.activated" } else { "agent.deactivated" };
    let agent = call.parameter("agent")?;
    let actor = call.actor()?;
    let changed = call.app.catalog.change_agent(&call.tenant, agent, action, &actor, |row| {
        if row.deleted_at.is_some() {
            let message = format!("agent `{}` is deleted; take that back first (:cancelDelete)", row.id);
            return Err(catalog::Error::Invalid { field: "$", message });
        }
        row.enabled = enabled;
        Ok(())
    });
    Answer::json(&Agent::from(changed.await?))
}

async fn restore(call: Call) -> Result<Answer, Problem> {
    let restored = call.app.catalog.restore_agent(&call.tenant, call.parameter("agent")?, &call.actor()?).await;
    Answer::json(&Agent::from(restored?))
}
