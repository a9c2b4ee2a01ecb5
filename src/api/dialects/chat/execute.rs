//! Executing an agent, and reading a response.

use super::request::{self, ExecuteAgent, Manner};
use super::stream;
use super::view::{self, AgentResponse, AgentResponses};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::dialects;
use crate::api::native::execute::{self, BODY_BYTES_MAX, Origin, Patience};
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::scopes::Scope;
use crate::machine::input::Purpose;

/// How long a request waits for the end of its execution.
const WAIT_SECONDS_MAX: u64 = 100;

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/api/agents/{agent}/execute", "chatExecuteAgent", "Run an agent; answers at once, when it ends, or as a stream")
            .scope(Scope::ExecutionsRun)
            .may_take::<ExecuteAgent>()
            .body_bytes_max(BODY_BYTES_MAX)
            .answers::<AgentResponses>(200)
            .answers_with(200, Content::Events)
            .answers::<AgentResponses>(202)
            .creates_execution()
            .to(run),
        Route::get("/api/agent-responses/{execution}", "chatGetAgentResponse", "A response of an agent")
            .scope(Scope::ExecutionsRead)
            .answers::<AgentResponse>(200)
            .to(get),
    ]
}

async fn run(call: Call) -> Result<Answer, Problem> {
    let manner = request::manner(&call)?;
    // A repetition finds its execution, whatever became of the files and names that the first attempt read.
    let mut started = match execute::begun(&call).await? {
        Some(started) => started,
        None => execute::begin(&call, Origin::Deployed, request::read(&call).await?, Purpose::Production).await?,
    };
    let (snapshot, is_ended) = match manner {
        Manner::Streaming => return stream::answer(&call, &started).await,
        Manner::AtOnce => (started.engine.snapshot(started.execution).await?, false),
        Manner::Waiting => {
            let rest = execute::settle_start(&call, &mut started, Patience::Seconds(WAIT_SECONDS_MAX)).await?;
            let is_ended = rest.snapshot.summary.status.is_final();
            (rest.snapshot, is_ended)
        }
    };
    let response = view::of(&call, &started.engine, &snapshot).await?;
    let response = if manner == Manner::AtOnce { view::begun(response) } else { response };
    Answer::json_as(if is_ended { 200 } else { 202 }, &AgentResponses::from(response))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (engine, snapshot) = dialects::execution(&call).await?;
    Answer::json(&view::of(&call, &engine, &snapshot).await?)
}
