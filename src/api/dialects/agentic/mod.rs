//! Agentic executions: `/api/agents/{id}/agentic-executions/…`. A definition is an entry of the deployed flow, an execution one run of it. See
//! docs/dialects/agentic.md.

pub mod errors;
mod list;
mod media;
mod request;
mod view;

use schemars::JsonSchema;
use serde::Serialize;

use self::request::{StartForm, StartRequest};
use self::view::AgenticExecution;
use super::Dialect;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::dialects;
use crate::api::native::execute::{self, BODY_BYTES_MAX, Origin};
use crate::api::problem::Problem;
use crate::api::route::{Free, Route};
use crate::catalog::agents::AgentRow;
use crate::catalog::scopes::Scope;
use crate::engine::FlowRef;
use crate::flow::definitions::{self, Definition};
use crate::machine::input::Purpose;

/// What an agent can be started with.
#[derive(Debug, Serialize, JsonSchema)]
struct AgenticExecutionDefinition {
    /// Unique within the agent.
    key: String,
    name: String,
    description: Option<String>,
    /// JSON Schema.
    input_schema: Free,
}

pub fn routes() -> Vec<Route> {
    let of_agent = "/api/agents/{agent}/agentic-executions/";
    let routes = vec![
        Route::get("/api/agents/{agent}/agentic-execution-definitions/", "agenticListDefinitions", "What an agent can be started with")
            .scope(Scope::AgentsRead)
            .answers::<Vec<AgenticExecutionDefinition>>(200)
            .to(list_definitions),
        Route::post(of_agent, "agenticExecute", "Start an execution")
            .scope(Scope::ExecutionsRun)
            .takes_either::<StartRequest, StartForm>()
            .body_bytes_max(BODY_BYTES_MAX)
            .answers::<AgenticExecution>(202)
            .creates_execution()
            .to(start),
        list::route(),
        Route::get("/api/agentic-executions/{execution}/", "agenticGetExecution", "An execution")
            .scope(Scope::ExecutionsRead)
            .answers::<AgenticExecution>(200)
            .to(get),
        media::route(),
    ];
    routes.into_iter().map(|route| route.dialect(Dialect::Agentic)).collect()
}

/// What the agent's current revision offers; nothing without one.
async fn offered(call: &Call, agent: &AgentRow) -> Result<Vec<Definition>, Problem> {
    if agent.current_revision == 0 {
        return Ok(Vec::new());
    }
    let current = call.app.catalog.revision_of(&call.tenant, &agent.id, agent.current_revision)?;
    let flow = FlowRef { name: agent.id.clone(), revision: current.revision, digest: current.digest };
    let spec = call.app.engine.of(&call.tenant).spec(&flow).await?;
    Ok(definitions::of(&spec))
}

async fn list_definitions(call: Call) -> Result<Answer, Problem> {
    let agent = call.app.catalog.living_agent(&call.tenant, call.parameter("agent")?)?.value;
    let shown = offered(&call, &agent).await?.into_iter().map(|definition| {
        // The only way into an agent goes by the agent's own name.
        let (other, about) = match definition.entry {
            None => (agent.display_name.clone(), Some(agent.description.clone()).filter(|text| !text.is_empty())),
            Some(_) => (definition.key.clone(), None),
        };
        AgenticExecutionDefinition {
            name: definition.name.unwrap_or(other),
            description: definition.description.or(about),
            key: definition.key,
            input_schema: Free(definition.input_schema),
        }
    });
    Answer::json(&shown.collect::<Vec<_>>())
}

async fn start(call: Call) -> Result<Answer, Problem> {
    // A repetition finds its execution, whatever the agent offers by now.
    let started = match execute::begun(&call).await? {
        Some(started) => started,
        None => {
            let agent = call.app.catalog.living_agent(&call.tenant, call.parameter("agent")?)?.value;
            let wanted = request::read(&call).await?;
            let request = wanted.into_start(&offered(&call, &agent).await?)?;
            execute::begin(&call, Origin::Deployed, request, Purpose::Production).await?
        }
    };
    let snapshot = started.engine.snapshot(started.execution).await?;
    Answer::json_as(202, &view::begun(&call, &snapshot).await?)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (_, snapshot) = dialects::execution(&call).await?;
    Answer::json(&view::of(&call, &snapshot).await?)
}
