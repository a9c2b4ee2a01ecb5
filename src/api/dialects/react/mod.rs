//! ReAct instances: `/api/v1/ai/agents/…`. An instance is a deployed agent, an execution of it one run of its loop. See
//! docs/dialects/react.md.

mod cycles;
pub mod errors;
mod view;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use self::view::AgentExecutionResponse;
use super::Dialect;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::dialects;
use crate::api::native::execute::{self, BODY_BYTES_MAX, ExecuteRequest, Origin, Patience};
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::engine::{Error, ListRequest};
use crate::ids::ExecutionId;
use crate::machine::Refusal;
use crate::machine::input::Purpose;
use crate::store::Filter;

/// Names the tenant by its number.
pub const TENANT: &str = "x-tenant-id";
/// What may stand behind `?`, of all operations.
const PARAMETERS: [&str; 5] = ["context_type", "context_id", "async_execution", "limit", "before"];
/// Executions of a list where the request does not say, and at most: each of them is read with its trace.
const LIST_DEFAULT: usize = 20;
const LIST_MAX: usize = 100;
/// How long a cancelled execution may take to say that it has ended; afterwards it is shown as it stands.
const CANCEL_SECONDS: u64 = 10;

/// How to execute. Read as texts, so that what is wrong is said of its own field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ExecuteQuery {
    /// What the execution is about: `deal`, `contact`, `lead` or any other word. The flow reads it as `context.type`.
    #[serde(default)]
    context_type: Option<String>,
    /// Which one. The flow reads it as `context.id`.
    #[serde(default)]
    #[schemars(with = "Option<i64>")]
    context_id: Option<String>,
    /// Answer at once.
    #[serde(default)]
    #[schemars(with = "Option<bool>")]
    async_execution: Option<String>,
}

/// Which part of a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// 20 where it is absent, 100 at most.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    limit: Option<String>,
    /// Only executions that began before the one with this id.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    before: Option<String>,
}

pub fn routes() -> Vec<Route> {
    let routes = vec![
        Route::post("/api/v1/ai/agents/instances/{agent}/execute", "reactExecute", "Run an instance with this input")
            .scope(Scope::ExecutionsRun)
            .query::<ExecuteQuery>()
            .may_take::<Map<String, Value>>()
            .body_bytes_max(BODY_BYTES_MAX)
            .answers::<AgentExecutionResponse>(200)
            .creates_execution()
            .to(run),
        Route::get("/api/v1/ai/agents/instances/{agent}/executions", "reactListExecutions", "Executions of an instance, newest first")
            .scope(Scope::ExecutionsRead)
            .query::<ListQuery>()
            .answers::<Vec<AgentExecutionResponse>>(200)
            .to(list),
        Route::get("/api/v1/ai/agents/executions/{execution}", "reactGetExecution", "An execution")
            .scope(Scope::ExecutionsRead)
            .answers::<AgentExecutionResponse>(200)
            .to(get),
        Route::post("/api/v1/ai/agents/executions/{execution}/cancel", "reactCancelExecution", "Cancel an execution")
            .scope(Scope::ExecutionsCancel)
            .answers::<AgentExecutionResponse>(200)
            .settles()
            .to(cancel),
    ];
    routes.into_iter().map(|route| route.headers(&[TENANT]).dialect(Dialect::React)).collect()
}

fn integer<T: std::str::FromStr>(name: &'static str, text: Option<&String>) -> Result<Option<T>, Problem> {
    text.map(|text| text.parse().map_err(|_| Problem::invalid(name, format!("it must be an integer, not `{text}`")))).transpose()
}

fn boolean(name: &'static str, text: Option<&String>) -> Result<bool, Problem> {
    match text.map(|text| text.to_ascii_lowercase()).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("true" | "1") => Ok(true),
        Some(other) => Err(Problem::invalid(name, format!("it must be true or false, not `{other}`"))),
    }
}

async fn run(call: Call) -> Result<Answer, Problem> {
    let query: ExecuteQuery = call.query()?;
    let context_id: Option<i64> = integer("context_id", query.context_id.as_ref())?;
    let is_asynchronous = boolean("async_execution", query.async_execution.as_ref())?;
    let input: Map<String, Value> = call.json()?;
    let has_context = query.context_type.is_some() || context_id.is_some();
    let context = has_context.then(|| json!({"type": query.context_type, "id": context_id}));
    let request = ExecuteRequest { parameters: Some(input), context, ..ExecuteRequest::default() };
    let mut started = execute::begin(&call, Origin::Deployed, request, Purpose::Production).await?;
    if is_asynchronous {
        let snapshot = started.engine.snapshot(started.execution).await?;
        return Answer::json(&view::begun(&call, &snapshot).await?);
    }
    let rest = execute::settle_start(&call, &mut started, Patience::Endless).await?;
    Answer::json(&view::of(&call, &started.engine, &rest.snapshot).await?)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (engine, snapshot) = dialects::execution(&call).await?;
    Answer::json(&view::of(&call, &engine, &snapshot).await?)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let limit = integer::<usize>("limit", query.limit.as_ref())?.unwrap_or(LIST_DEFAULT).clamp(1, LIST_MAX);
    let before = match integer::<u64>("before", query.before.as_ref())? {
        None => None,
        Some(number) => {
            let name = call.app.catalog.named(Kind::Execution, &call.tenant, number)?;
            let known = name.and_then(|name| name.parse::<ExecutionId>().ok());
            Some(known.ok_or_else(|| Problem::invalid("before", format!("there is no execution `{number}`")))?)
        }
    };
    let agent = call.parameter("agent")?.to_owned();
    call.app.catalog.agent(&call.tenant, &agent)?;
    let engine = call.app.engine.of(&call.tenant);
    let filter = Filter { flow: Some(agent), purpose: Some(Purpose::Production), ..Filter::default() };
    let mut shown = Vec::new();
    for row in engine.list(ListRequest { filter, before, limit }).await?.rows {
        let snapshot = engine.snapshot(row.id).await?;
        shown.push(view::of(&call, &engine, &snapshot).await?);
    }
    Answer::json(&shown)
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let (engine, snapshot) = dialects::execution(&call).await?;
    match engine.cancel(snapshot.id, "cancelled over the API", call.person()?).await {
        Ok(()) => {}
        Err(Error::Refused(Refusal::Ended)) => {
            return Err(Problem::conflict("ended", format!("execution {} has ended already", snapshot.id)));
        }
        Err(error) => return Err(error.into()),
    }
    let rest = execute::settle(&call, &engine, snapshot.id, Patience::Seconds(CANCEL_SECONDS)).await?;
    Answer::json(&view::of(&call, &engine, &rest.snapshot).await?)
}
