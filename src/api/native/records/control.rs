//! What can be done to an execution: cancel, signal, hold and let go on, begin another one from it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::record::Record;
use super::{found, shown};
use crate::api::answer::Answer;
use crate::api::budgeted;
use crate::api::call::Call;
use crate::api::native::execute::{self, ExecuteRequest, ExecutionResult, Origin, Patience};
use crate::api::problem::Problem;
use crate::api::route::{Content, Free, Route};
use crate::api::unattended;
use crate::catalog::scopes::Scope;
use crate::clock;
use crate::engine::{Error, FlowRef, ForkRequest, RetryRequest, Snapshot};
use crate::ids::ExecutionId;
use crate::machine::Refusal;
use crate::machine::input::Signal;
use crate::machine::summary::WaitingFor;

/// How long a cancel may take to be answered with "ended now".
const CANCEL_SECONDS: u64 = 2;

/// Why; kept in the journal.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReasonBody {
    #[serde(default)]
    reason: Option<String>,
}

/// A named message to an execution.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignalBody {
    #[schemars(length(min = 1))]
    name: String,
    #[serde(default)]
    payload: Free,
    /// Unique per execution; a repeated one is answered like the first. Absent: a fresh one.
    #[serde(default)]
    id: Option<String>,
}

/// The message was taken.
#[derive(Debug, Serialize, JsonSchema)]
struct SignalTaken {
    id: String,
}

/// From where, and on which revision.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct RetryBody {
    /// Absent: the one it ran on.
    #[serde(default)]
    revision: Option<u32>,
}

/// From which attempt, with what instead of its output.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ForkBody {
    /// `path/step#visit.attempt`, as in the trace.
    attempt: String,
    output: Free,
}

/// On which revision.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReplayBody {
    /// Absent: what is deployed now.
    #[serde(default)]
    revision: Option<u32>,
    /// Over the parameters of the first time.
    #[serde(default)]
    parameters: Option<Map<String, Value>>,
}

pub fn routes() -> Vec<Route> {
    let (run, cancel) = (Scope::ExecutionsRun, Scope::ExecutionsCancel);
    vec![
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:cancelRun",
            "cancelExecution",
            "Cancel: 204 ended, 202 asked for, 409 over",
        )
        .scope(cancel)
        .may_take::<ReasonBody>()
        .answers_with(204, Content::Nothing)
        .answers_with(202, Content::Nothing)
        .settles()
        .to(cancel_run),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:cancelWait",
            "cancelExecutionWait",
            "Stop waiting for an event",
        )
        .scope(cancel)
        .may_take::<ReasonBody>()
        .answers_with(204, Content::Nothing)
        .settles()
        .to(cancel_wait),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:signal",
            "signalExecution",
            "A named message; kept if nothing waits for it yet",
        )
        .scope(run)
        .takes::<SignalBody>()
        .answers::<SignalTaken>(200)
        .to(signal),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:pause",
            "pauseExecution",
            "Hold it: nothing new begins",
        )
        .scope(cancel)
        .may_take::<ReasonBody>()
        .answers::<Record>(200)
        .to(pause),
        Route::post("/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:resume", "resumeExecution", "Let it go on")
            .scope(run)
            .answers::<Record>(200)
            .to(resume),
        departs("retry", "retryExecution", "A new execution from the step that failed").may_take::<RetryBody>().to(retry),
        departs("fork", "forkExecution", "A new execution from an attempt, with another output").takes::<ForkBody>().to(fork),
        departs("replay", "replayExecution", "A new execution with the same input").may_take::<ReplayBody>().to(replay),
    ]
}

fn departs(action: &str, operation: &'static str, summary: &'static str) -> Route {
    let path = match action {
        "retry" => "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:retry",
        "fork" => "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:fork",
        _ => "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:replay",
    };
    let route = Route::post(path, operation, summary).scope(Scope::ExecutionsRun).headers(&["Prefer"]).creates_execution();
    route.answers::<ExecutionResult>(200).answers::<ExecutionResult>(202)
}

async fn cancel_run(call: Call) -> Result<Answer, Problem> {
    let body: ReasonBody = call.json()?;
    let (engine, snapshot) = found(&call).await?;
    let reason = body.reason.unwrap_or_else(|| "cancelled over the API".to_owned());
    match engine.cancel(snapshot.id, &reason, call.person()?).await {
        Ok(()) => {}
        Err(Error::Refused(Refusal::Ended)) => {
            return Err(Problem::conflict("ended", format!("execution {} has ended already", snapshot.id)));
        }
        Err(error) => return Err(error.into()),
    }
    let rest = execute::settle(&call, &engine, snapshot.id, Patience::Seconds(CANCEL_SECONDS)).await?;
    Ok(Answer::empty(if rest.snapshot.summary.status.is_final() { 204 } else { 202 }))
}

/// Only the wait for an event ends alone: an approval is decided, a child cancelled by itself, a time passes.
async fn cancel_wait(call: Call) -> Result<Answer, Problem> {
    let body: ReasonBody = call.json()?;
    let (engine, snapshot) = found(&call).await?;
    let not_waiting = || Problem::not_found("wait of execution", &snapshot.id.to_string());
    if snapshot.summary.status.is_final() {
        return Err(not_waiting());
    }
    if snapshot.summary.paused {
        return Err(Problem::bad_request("not_cancellable", "it is paused: let it go on first (:resume)"));
    }
    let waits = &snapshot.summary.waiting_for;
    let hint = match waits.iter().find(|wait| matches!(wait, WaitingFor::Event { .. })).or(waits.first()) {
        None => return Err(not_waiting()),
        Some(WaitingFor::Question { .. }) => "it waits for a person: decide the question (:respond or :decide)",
        Some(WaitingFor::Child { .. }) => "it waits for another execution: cancel that one",
        Some(WaitingFor::Timer { .. }) => "it waits for a time: cancel the execution",
        Some(WaitingFor::Event { .. }) => {
            return match engine.cancel_wait(snapshot.id, &body.reason.unwrap_or_default(), call.person()?).await {
                Ok(()) => Ok(Answer::empty(204)),
                // Something came in between.
                Err(Error::Refused(Refusal::NotWaiting)) => {
                    Err(Problem::conflict("wait_over", format!("what execution {} waited for has come", snapshot.id)))
                }
                Err(error) => Err(error.into()),
            };
        }
    };
    Err(Problem::bad_request("not_cancellable", hint))
}

async fn signal(call: Call) -> Result<Answer, Problem> {
    let body: SignalBody = call.json()?;
    let (engine, snapshot) = found(&call).await?;
    let id = body.id.unwrap_or_else(|| Uuid::now_v7().to_string());
    engine.signal(snapshot.id, Signal { id: id.clone(), name: body.name, payload: body.payload.0 }).await?;
    Answer::json(&SignalTaken { id })
}

async fn pause(call: Call) -> Result<Answer, Problem> {
    let body: ReasonBody = call.json()?;
    let (engine, snapshot) = found(&call).await?;
    engine.pause(snapshot.id, &body.reason.unwrap_or_default(), call.person()?).await?;
    shown(&call).await
}

/// Lifts a pause; an execution that was set aside gets one more attempt.
async fn resume(call: Call) -> Result<Answer, Problem> {
    let (engine, snapshot) = found(&call).await?;
    if snapshot.quarantined.is_some() {
        engine.resume(snapshot.id).await?;
    } else {
        engine.unpause(snapshot.id, call.person()?).await?;
    }
    shown(&call).await
}

/// A named revision of the agent of an execution.
fn revision(call: &Call, snapshot: &Snapshot, revision: u32) -> Result<FlowRef, Problem> {
    let chosen = call.app.catalog.revision_of(&call.tenant, &snapshot.summary.flow, revision)?;
    Ok(FlowRef { name: snapshot.summary.flow.clone(), revision, digest: chosen.digest })
}

/// A new execution of an agent that may run now: not switched off, not deleted, within its budget.
async fn may_begin(call: &Call, snapshot: &Snapshot, revision: Option<&FlowRef>) -> Result<(), Problem> {
    let agent = unattended::enabled_agent(&call.app.catalog, &call.tenant, &snapshot.summary.flow)?;
    let flow = revision.cloned().unwrap_or_else(|| FlowRef {
        name: agent.id.clone(),
        revision: snapshot.start.revision,
        digest: snapshot.start.digest,
    });
    let environment = snapshot.summary.environment().to_owned();
    let resolver = unattended::resolver(&call.app.catalog, &call.tenant, environment);
    let refused = budgeted::refusal(&call.app, &call.tenant, &agent.id, snapshot.summary.purpose, &flow, &resolver, call.now).await?;
    match refused {
        Some(error) => Err(budgeted::problem(&error, snapshot.id)),
        None => Ok(()),
    }
}

async fn retry(call: Call) -> Result<Answer, Problem> {
    let body: RetryBody = call.json()?;
    let (engine, snapshot) = found(&call).await?;
    let revision = body.revision.map(|number| revision(&call, &snapshot, number)).transpose()?;
    may_begin(&call, &snapshot, revision.as_ref()).await?;
    let request = RetryRequest { from: snapshot.id, revision, starter: call.person()?, execution: Some(id(&call)) };
    depart(&call, Box::pin(engine.retry(request)), &snapshot).await
}

async fn fork(call: Call) -> Result<Answer, Problem> {
    let body: ForkBody = call.json()?;
    let (engine, snapshot) = found(&call).await?;
    let (attempt, output) = (body.attempt, body.output.0);
    may_begin(&call, &snapshot, None).await?;
    let request = ForkRequest { from: snapshot.id, attempt, output, starter: call.person()?, execution: Some(id(&call)) };
    depart(&call, engine.fork(request), &snapshot).await
}

/// The id that the new execution gets: the one that is reserved for the request, where it has an `Idempotency-Key`.
fn id(call: &Call) -> ExecutionId {
    call.reserved.map_or_else(clock::execution_id, |reserved| reserved.execution)
}

/// Starts an execution like `from`, unless an earlier attempt at the same request did, and answers for it.
async fn depart(call: &Call, start: impl Future<Output = Result<ExecutionId, Error>>, from: &Snapshot) -> Result<Answer, Problem> {
    let patience = execute::patience(call)?;
    let started = match execute::begun(call).await? {
        Some(started) => started,
        None => match start.await {
            Ok(execution) => {
                let engine = call.app.engine.of(&call.tenant);
                let (agent, session) = (from.summary.flow.clone(), from.start.session.clone().unwrap_or_default());
                execute::Started { engine, execution, agent, session, webhook_secret: None, rest: None }
            }
            // Another attempt under the same key was faster.
            Err(Error::Refused(Refusal::Exists)) => match execute::begun(call).await? {
                Some(started) => started,
                None => return Err(Error::Refused(Refusal::Exists).into()),
            },
            Err(error) => return Err(error.into()),
        },
    };
    execute::answer(call, started, patience).await
}

async fn replay(call: Call) -> Result<Answer, Problem> {
    let body: ReplayBody = call.json()?;
    let (_, snapshot) = found(&call).await?;
    let mut parameters = if let Value::Object(fields) = &snapshot.start.input { fields.clone() } else { Map::new() };
    parameters.extend(body.parameters.unwrap_or_default());
    let request =
        ExecuteRequest { parameters: Some(parameters), environment_slug: snapshot.start.environment.clone(), ..ExecuteRequest::default() };
    let origin = body.revision.map_or(Origin::Deployed, Origin::Revision);
    let started = execute::begin(&call, origin, request, snapshot.summary.purpose).await?;
    execute::answer(&call, started, execute::patience(&call)?).await
}
