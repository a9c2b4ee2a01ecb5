//! How long steps took, over the executions that ran last: which step makes an agent slow. Nothing is kept for it; the journals of at most 500
//! executions are read, within the engine's bounds.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::agent_id;
use super::budgets::Origin;
use super::execute::type_of;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::scopes::Scope;
use crate::engine::{Filter, StepTimesRequest};

/// Executions that are read where the request does not say, and at most.
const EXECUTIONS_DEFAULT: usize = 100;
const EXECUTIONS_MAX: usize = 500;

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Query {
    /// `PRODUCTION` (the default), `TEST` or `EVALUATION`.
    origin: Option<Origin>,
    environment: Option<String>,
    /// Only executions of these revisions; -1: drafts.
    agent_revision: Vec<i64>,
    /// The newest so many; 100 where it is left out, 500 at most.
    executions: Option<usize>,
}

/// How long steps took, those that took most in all first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StepTimesView {
    items: Vec<StepTimeView>,
    /// Executions that were read.
    executions: usize,
    /// There was more in them than one request may read: the oldest of them are missing, or the end of a very long one.
    is_cut: bool,
}

/// The attempts at one step, or at one kind of call of an agent, that came to an end.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StepTimeView {
    agent_id: String,
    /// `map/step`; of an agent's calls `step/model` and `step/TOOL`. The time of an agent's step holds that of its calls.
    step: String,
    /// The step's kind (`llm`, `agent`, `map`, …), of an agent's calls `model` and `tool`; also `check` and `undo`.
    kind: String,
    /// `FLOW_STEP`, `LLM_STEP`, `TOOL`, `HITL`: whose time it was.
    #[serde(rename = "type")]
    what: &'static str,
    /// Attempts that ended.
    ended: u64,
    /// Of them, those that failed, were lost or are in doubt.
    failed: u64,
    /// Of them, those that were not the first attempt.
    repeated: u64,
    /// Half, and 95 in 100, took no longer than this.
    duration_ms_p50: u64,
    duration_ms_p95: u64,
    total_duration_ms: u64,
    /// The attempt that took longest, and how long.
    slowest_execution_id: Uuid,
    slowest_attempt_id: String,
    slowest_duration_ms: u64,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants/{tenant}/agents/{agent}/stepTimes", "getAgentStepTimes", "How long the steps of an agent took lately")
            .scope(Scope::ExecutionsRead)
            .query::<Query>()
            .answers::<StepTimesView>(200)
            .to(of_agent),
        Route::get("/v1/tenants/{tenant}/stepTimes", "getStepTimes", "How long the steps of every agent took lately")
            .scope(Scope::ExecutionsRead)
            .query::<Query>()
            .answers::<StepTimesView>(200)
            .to(of_tenant),
    ]
}

async fn of_agent(call: Call) -> Result<Answer, Problem> {
    let agent = agent_id(&call)?.to_owned();
    answer(&call, Some(agent)).await
}

async fn of_tenant(call: Call) -> Result<Answer, Problem> {
    answer(&call, None).await
}

async fn answer(call: &Call, flow: Option<String>) -> Result<Answer, Problem> {
    let query: Query = call.query()?;
    // A draft has no number; 0 in the engine's rows.
    let revisions = query.agent_revision.iter().map(|number| if *number == -1 { Some(0) } else { u32::try_from(*number).ok() });
    let revisions: Option<BTreeSet<u32>> = revisions.collect();
    let filter = Filter {
        purpose: Some(query.origin.unwrap_or_default().into()),
        flow,
        revisions: revisions.ok_or_else(|| Problem::unfit("agentRevision", "it is not the number of a revision"))?,
        environment: query.environment,
        ..Filter::default()
    };
    let executions = query.executions.unwrap_or(EXECUTIONS_DEFAULT).clamp(1, EXECUTIONS_MAX);
    let times = call.app.engine.of(&call.tenant).step_times(StepTimesRequest { filter, executions }).await?;
    let items = times.steps.into_iter().map(|time| StepTimeView {
        agent_id: time.flow,
        step: time.step,
        kind: time.kind,
        what: type_of(time.what),
        ended: time.ended,
        failed: time.failed,
        repeated: time.repeated,
        duration_ms_p50: time.half_ms,
        duration_ms_p95: time.p95_ms,
        total_duration_ms: time.total_ms,
        slowest_execution_id: time.slowest.execution.0,
        slowest_attempt_id: time.slowest.attempt,
        slowest_duration_ms: time.slowest.took_ms,
    });
    Answer::json(&StepTimesView { items: items.collect(), executions: times.executions, is_cut: times.is_cut })
}
