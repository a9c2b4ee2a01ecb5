//! Executing: what a request asks for (here), how it becomes a start (`start`), how a caller waits (`wait`), what it is answered
//! (`result`, with the trace in `steps`), and the same as a stream of events (`stream`). Drafts are tried out in `trial`.

mod kept;
mod result;
pub mod said;
mod session;
mod start;
mod steps;
mod stream;
mod teller;
mod trial;
mod wait;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

pub use result::{ExecutionResult, TraceView, open_question, open_question_of, response_text, revision_number, status_name, trace_of};
pub use said::Said;
pub use session::{SessionLocks, message, of_read_only, recent, told};
pub use start::{Origin, ParameterCache, Started, begin, begun, input};
pub use steps::{Step, StepResult, attempt, type_of};
pub use stream::{Following, Frame, Until, follow, frames};
pub use teller::Position;
use trial::{Source, TestRequest};
pub use wait::{Patience, is_settled, patience, settle, settle_start};

use super::revisions;
use crate::api::answer::Answer;
use crate::api::attachments::AttachmentRequest;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::scopes::Scope;
use crate::flow::vendor::Parameter;
use crate::ids::ExecutionId;
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
    /// The entry of the flow to come in by; its input then counts.
    #[serde(default)]
    #[schemars(length(max = 200))]
    pub entry: Option<String>,
    /// What the flow reads as `context` instead of the chat user; dialects say it.
    #[serde(skip)]
    pub context: Option<Value>,
    /// The conversation that it goes on with; dialects say it.
    #[serde(skip)]
    pub said: Said,
    /// What a dialect demands beside the agent's schema.
    #[serde(skip)]
    pub demands: Option<Demands>,
    /// The id that it gets, where no `Idempotency-Key` has one; dialects that have to know it before say it.
    #[serde(skip)]
    pub execution: Option<ExecutionId>,
    /// How the input is read; dialects say it.
    #[serde(skip)]
    pub reading: Reading,
    /// Whether anybody may say more in its session; dialects say it.
    #[serde(skip)]
    pub talk: Talk,
}

/// How the input of a request becomes that of the execution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Texts are read as what their parameters want: a command line sends nothing else.
    #[default]
    Lenient,
    /// As it stands, against the schema of the definition that it comes in by; what does not fit is said by property.
    Exact,
}

/// Whether a session goes on after the execution that it begins with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Talk {
    #[default]
    Open,
    /// It is the execution's own, and takes no message: no request can name it.
    ReadOnly,
}

/// Judges what is given against what the agent declares.
pub type Demands = fn(&[Parameter], &Said, &Map<String, Value>) -> Result<(), Problem>;

/// Which variant of each step runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ModeName {
    Unspecified,
    Production,
    Sandbox,
}

/// What the headers of an execute request may say.
const HEADERS: &[&str] = &["Prefer", "X-Flowgate-Labels", kept::WEBHOOK, kept::WEBHOOK_EVENTS];
/// Tells the secret of the execution's own webhook, once.
const WEBHOOK_SECRET: &str = "x-flowgate-webhook-secret";
/// Of one that tries a draft out.
const DRAFT_HEADERS: &[&str] = &["If-Match", "Prefer", "X-Flowgate-Labels", kept::WEBHOOK, kept::WEBHOOK_EVENTS];

fn runs(route: Route) -> Route {
    route.scope(Scope::ExecutionsRun).body_bytes_max(BODY_BYTES_MAX).headers(HEADERS).creates_execution()
}

fn answers(route: Route) -> Route {
    runs(route).answers::<ExecutionResult>(200).answers::<ExecutionResult>(202)
}

fn streams(route: Route) -> Route {
    runs(route).answers_with(200, Content::Events)
}

pub fn routes() -> Vec<Route> {
    let mut routes = deployed_routes();
    routes.extend(trial_routes());
    routes
}

fn deployed_routes() -> Vec<Route> {
    vec![
        answers(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}:execute",
            "executeAgent",
            "Run what is deployed; answers when it ends or waits for a person",
        ))
        .may_take::<ExecuteRequest>()
        .to(|call| execute(call, Origin::Deployed)),
        answers(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:execute",
            "executeAgentRevision",
            "Run this revision, deployed or not",
        ))
        .may_take::<ExecuteRequest>()
        .to(|call| async move {
            let revision = revisions::number(&call, "revision")?;
            execute(call, Origin::Revision(revision)).await
        }),
        streams(Route::post("/v1/tenants/{tenant}/agents/{agent}:stream", "streamAgent", "Run what is deployed, as server-sent events"))
            .may_take::<ExecuteRequest>()
            .to(|call| stream(call, Origin::Deployed)),
    ]
}

fn trial_routes() -> Vec<Route> {
    vec![
        answers(Route::post("/v1/tenants/{tenant}/agents/{agent}:test", "testAgent", "Run the flow in the body, as a test"))
            .takes::<TestRequest>()
            .to(|call| test(call, Source::Body)),
        streams(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}:streamTest",
            "streamAgentTest",
            "Run the flow in the body, as a test and as server-sent events",
        ))
        .takes::<TestRequest>()
        .to(|call| stream_test(call, Source::Body)),
        answers(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:test",
            "testDraft",
            "Run the draft, as a test",
        ))
        .may_take::<ExecuteRequest>()
        .headers(DRAFT_HEADERS)
        .to(|call| test(call, Source::Draft)),
        streams(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:streamTest",
            "streamDraftTest",
            "Run the draft, as a test and as server-sent events",
        ))
        .may_take::<ExecuteRequest>()
        .headers(DRAFT_HEADERS)
        .to(|call| stream_test(call, Source::Draft)),
    ]
}

async fn test(call: Call, source: Source) -> Result<Answer, Problem> {
    let patience = patience(&call)?;
    let started = trial::start(&call, source).await?;
    answer(&call, started, patience).await
}

async fn stream_test(call: Call, source: Source) -> Result<Answer, Problem> {
    let started = trial::start(&call, source).await?;
    stream::answer(&call, &started).await
}

async fn execute(call: Call, origin: Origin) -> Result<Answer, Problem> {
    let request: ExecuteRequest = call.json()?;
    let patience = patience(&call)?;
    let started = begin(&call, origin, request, Purpose::Production).await?;
    answer(&call, started, patience).await
}

/// Waits as long as the caller wants to, and says how far it is.
///
/// # Errors
/// As reading; 503 while the server stops.
pub async fn answer(call: &Call, mut started: Started, patience: Patience) -> Result<Answer, Problem> {
    let rest = settle_start(call, &mut started, patience).await?;
    let location = format!("/v1/tenants/{}/agents/{}/executionRecords/{}", call.tenant, started.agent, started.execution);
    let status = if rest.gave_up { 202 } else { 200 };
    let result = result::of(&started, rest, call.caller()?.era).await?;
    let mut answer = Answer::json_as(status, &result)?.header("location", location);
    if let Some(applied) = patience.applied() {
        answer = answer.header("preference-applied", applied);
    }
    Ok(with_secret(answer, &started))
}

fn with_secret(answer: Answer, started: &Started) -> Answer {
    match &started.webhook_secret {
        Some(secret) => answer.header(WEBHOOK_SECRET, secret.clone()),
        None => answer,
    }
}

async fn stream(call: Call, origin: Origin) -> Result<Answer, Problem> {
    let request: ExecuteRequest = call.json()?;
    let started = begin(&call, origin, request, Purpose::Production).await?;
    stream::answer(&call, &started).await
}
