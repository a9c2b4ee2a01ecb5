//! `…/retention`, and what an operator does with one execution for good: purge it, or take it out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::of_agent;
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::problem::{Problem, internal};
use crate::api::route::{Content, Free, Route};
use crate::catalog::retention::RetentionRow;
use crate::catalog::scopes::Scope;
use crate::ids::{ExecutionId, TimeMs};

/// The shape of an export.
const EXPORT_FORMAT: u32 = 1;

const OF_TENANT: &str = "/v1/tenants/{tenant}/retention";
const OF_AGENT: &str = "/v1/tenants/{tenant}/agents/{agent}/retention";

/// How long finished executions are kept, in days from their end. For a tenant, null is for ever; for an agent, it is what the tenant
/// says.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Retention {
    days: Option<u32>,
    /// The same for tests.
    test_days: Option<u32>,
    /// Null: nobody said anything yet.
    updated_at: Option<TimeMs>,
    updated_by: Option<String>,
}

impl From<RetentionRow> for Retention {
    fn from(row: RetentionRow) -> Self {
        let said = row.updated_at > TimeMs(0);
        Self {
            days: row.days,
            test_days: row.test_days,
            updated_at: said.then_some(row.updated_at),
            updated_by: said.then_some(row.updated_by),
        }
    }
}

/// The whole setting: what is absent is null.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetRetention {
    #[serde(default)]
    #[schemars(range(min = 1, max = 36_500))]
    days: Option<u32>,
    #[serde(default)]
    #[schemars(range(min = 1, max = 36_500))]
    test_days: Option<u32>,
}

/// One execution, whole. Secrets are not in it: they are in no journal.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Export {
    /// Rises when the shape changes.
    format: u32,
    exported_at: TimeMs,
    #[schemars(with = "String")]
    execution_record_id: ExecutionId,
    agent_id: String,
    agent_revision: u32,
    /// Of the flow that ran.
    digest: crate::ids::Digest,
    /// Where it stands.
    summary: Free,
    /// What a person reads.
    trace: Free,
    /// The journal: every event with its number and time.
    events: Vec<Free>,
}

pub fn routes() -> Vec<Route> {
    let mut routes = Vec::new();
    for (path, get_operation, set_operation) in
        [(OF_TENANT, "getRetention", "setRetention"), (OF_AGENT, "getAgentRetention", "setAgentRetention")]
    {
        routes.push(
            Route::get(path, get_operation, "How long finished executions are kept").scope(Scope::Admin).answers::<Retention>(200).to(get),
        );
        routes.push(
            Route::put(path, set_operation, "Say how long finished executions are kept")
                .scope(Scope::Admin)
                .takes::<SetRetention>()
                .answers::<Retention>(200)
                .to(set),
        );
    }
    routes.push(
        Route::delete(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}",
            "purgeExecution",
            "Drop everything recorded of a finished execution and what it started",
        )
        .scope(Scope::Admin)
        .answers_with(204, Content::Nothing)
        .to(purge),
    );
    routes.push(
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/export",
            "exportExecution",
            "An execution's journal and trace",
        )
        .scope(Scope::ExecutionsRead)
        .answers::<Export>(200)
        .to(export),
    );
    routes
}

/// The path's agent; none on the tenant's own route.
fn agent(call: &Call) -> Result<Option<String>, Problem> {
    if call.parameters.contains_key("agent") { super::agent_id(call).map(|agent| Some(agent.to_owned())) } else { Ok(None) }
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&Retention::from(call.app.catalog.retention(&call.tenant, agent(&call)?.as_deref())?))
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let (wanted, agent): (SetRetention, _) = (call.json()?, agent(&call)?);
    let catalog = &call.app.catalog;
    let row = catalog.set_retention(&call.tenant, agent.as_deref(), wanted.days, wanted.test_days, &call.actor()?).await?;
    Answer::json(&Retention::from(row))
}

async fn purge(call: Call) -> Result<Answer, Problem> {
    let (id, _) = of_agent(&call).await?;
    let (catalog, tenant) = (call.app.catalog.clone(), call.tenant.clone());
    let family = blocking(move || Ok(catalog.family_to_purge(&tenant, id)?)).await?;
    call.app.catalog.purge_for(&call.tenant, family, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn export(call: Call) -> Result<Answer, Problem> {
    let (id, summary) = of_agent(&call).await?;
    let engine = call.app.engine.of(&call.tenant);
    let (trace, events) = (engine.trace(id).await?, engine.events(id, 0, usize::MAX).await?);
    let free = |value: Result<serde_json::Value, serde_json::Error>| {
        value.map(Free).map_err(|error| internal(&format!("a part of an export cannot be written: {error}")))
    };
    Answer::json(&Export {
        format: EXPORT_FORMAT,
        exported_at: call.now,
        execution_record_id: id,
        agent_id: summary.flow.clone(),
        agent_revision: summary.revision,
        digest: summary.digest,
        summary: free(serde_json::to_value(&summary))?,
        trace: free(serde_json::to_value(&trace))?,
        events: events.iter().map(|event| free(serde_json::to_value(event))).collect::<Result<_, _>>()?,
    })
}
