//! Executing: what a request asks for (here), how it becomes a start (`start`), how a caller waits (`wait`), what it is answered
//! (`result`, with the trace in `steps`), and the same as a stream of events (`stream`).

mod result;
mod session;
mod start;
mod steps;
mod stream;
mod teller;
mod wait;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use result::{ExecutionResult, TraceView, open_question, revision_number, status_name, trace_of};
pub use session::SessionLocks;
pub use start::{Origin, ParameterCache, Started, begin};
pub use steps::StepResult;
pub use stream::{Following, Until, follow};
pub use teller::Position;
pub use wait::{Patience, patience, settle};

use super::revisions;
use crate::api::answer::Answer;
use crate::api::attachments::AttachmentRequest;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::scopes::Scope;
use crate::machine::input::Purpose;

/// Bytes of a request with attachments.
pub const BODY_BYTES_MAX: usize = 32 << 20;

/// What to run it with. All of it may be left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ExecuteRequest {
    /// The agent's input, by parameter.
    #[serde(default)]
    pub parameters: Option<Map<String, Value>>,
    /// Files: `{fileId}`, or `{name, contentType, content}` with the content in base64.
    #[serde(default)]
    pub attachments: Option<Vec<AttachmentRequest>>,
    /// Who speaks, as the agent sees it (`context.chatUser`).
    #[serde(default)]
    pub chat_user: Option<Map<String, Value>>,
    /// A conversation to go on with, or to begin under this name.
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    pub session_id: Option<String>,
    /// Where it runs; absent: `production`.
    #[serde(default)]
    pub environment_slug: Option<String>,
    #[serde(default)]
    pub mode: Option<ModeName>,
}

/// Which variant of each step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ModeName {
    Unspecified,
    Production,
    Sandbox,
}

/// What the headers of an execute request may say.
const HEADERS: &[&str] = &["Prefer", "X-Flowgate-Labels"];

pub fn routes() -> Vec<Route> {
    let run = |route: Route| {
        route.scope(Scope::ExecutionsRun).may_take::<ExecuteRequest>().body_bytes_max(BODY_BYTES_MAX).headers(HEADERS).creates_execution()
    };
    let answers = |route: Route| run(route).answers::<ExecutionResult>(200).answers::<ExecutionResult>(202);
    let streams = |route: Route| run(route).answers_with(200, Content::Events);
    vec![
        answers(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}:execute",
            "executeAgent",
            "Run what is deployed; answers when it ends or waits for a person",
        ))
        .to(|call| execute(call, Origin::Deployed)),
        answers(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:execute",
            "executeAgentRevision",
            "Run this revision, deployed or not",
        ))
        .to(|call| async move {
            let revision = revisions::number(&call, "revision")?;
            execute(call, Origin::Revision(revision)).await
        }),
        streams(Route::post("/v1/tenants/{tenant}/agents/{agent}:stream", "streamAgent", "Run what is deployed, as server-sent events"))
            .to(|call| stream(call, Origin::Deployed)),
    ]
}

async fn execute(call: Call, origin: Origin) -> Result<Answer, Problem> {
    let request: ExecuteRequest = call.json()?;
    let patience = patience(&call)?;
    let started = begin(&call, origin, request, Purpose::Production).await?;
    answer(&call, &started, patience).await
}

/// Waits as long as the caller wants to, and says how far it is.
///
/// # Errors
/// As reading; 503 while the server stops.
pub async fn answer(call: &Call, started: &Started, patience: Patience) -> Result<Answer, Problem> {
    let rest = settle(call, &started.engine, started.execution, patience).await?;
    let location = format!("/v1/tenants/{}/agents/{}/executionRecords/{}", call.tenant, started.agent, started.execution);
    let result = result::of(started, &rest.snapshot, call.caller()?.era).await?;
    let status = if rest.gave_up { 202 } else { 200 };
    let mut answer = Answer::json_as(status, &result)?.header("location", location);
    if let Some(applied) = patience.applied() {
        answer = answer.header("preference-applied", applied);
    }
    Ok(answer)
}

async fn stream(call: Call, origin: Origin) -> Result<Answer, Problem> {
    let request: ExecuteRequest = call.json()?;
    let started = begin(&call, origin, request, Purpose::Production).await?;
    stream::answer(&call, &started).await
}
