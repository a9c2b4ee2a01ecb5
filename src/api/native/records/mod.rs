//! `…/agents/{agent}/executionRecords`: what ran and runs. One record and what can be read of it here; lists in `list`, its attempts in pages
//! in `attempts`, what can be done to it in `control`.

mod attempts;
mod control;
mod list;
mod record;

use std::collections::HashMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

pub use record::{QuarantineAction, QuarantineView, Record, WaitingForView, numbered, waiting_for};

use super::execute::{self, Following, Position, StepResult, TraceView, Until};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Content, Free, Route};
use crate::catalog::scopes::Scope;
use crate::engine::{EngineHandle, Exported, Listed, Snapshot, Standing};
use crate::ids::{ExecutionId, NanoUsd};

/// Where a record stands and everything that happened in it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    status: &'static str,
    trace: TraceView,
    waiting_for: Option<WaitingForView>,
}

/// What went in and what came out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ResultView {
    parameters: Map<String, Value>,
    result: StepResult,
    agent_id: String,
    /// -1: a draft.
    agent_revision: i64,
    created_at: u64,
}

/// An execution for use elsewhere. Secrets are taken out.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ExportView {
    agent_id: String,
    /// A sample of a dataset.
    sample: Free,
    /// The content of a rehearsal file.
    rehearsal: Free,
    /// For people: what could not be taken along.
    left_out: Vec<String>,
}

/// An execution and all that it started, parents before their children.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Tree {
    root_execution_id: Uuid,
    nodes: Vec<Node>,
    totals: Totals,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: Uuid,
    agent_id: String,
    parent_execution_record_id: Option<Uuid>,
    parent_async_operation_id: Option<Uuid>,
    depth: u32,
    run_type: &'static str,
    status: &'static str,
    start_time: u64,
    end_time: Option<u64>,
    duration_ms: Option<u64>,
    /// Without its children's; their sum is the total.
    total_cost: f64,
    credits_charged: f64,
    subject: Option<String>,
    trigger: Option<record::TriggerView>,
}

#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Totals {
    runs: u32,
    failed: u32,
    cost: f64,
    credits: f64,
    elapsed_ms: u64,
    truncated_by_retention: bool,
}

/// Where a stream begins, and what is in it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct EventsQuery {
    /// The id of the last event that the reader has; `Last-Event-ID` says the same.
    #[serde(default)]
    after: Option<String>,
    /// Begin with an event `snapshot`.
    #[serde(default)]
    snapshot: Option<bool>,
    /// Entries of the journal as they are, as events `journal`.
    #[serde(default)]
    journal: Option<bool>,
}

pub(super) const ALL: &str = "/v1/tenants/{tenant}/agents/{agent}/executionRecords";
const ONE: &str = "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}";

pub fn routes() -> Vec<Route> {
    let read = Scope::ExecutionsRead;
    let mut routes = list::routes();
    routes.extend([
        Route::get(ONE, "getExecutionRecord", "A record").scope(read).answers::<Record>(200).to(get),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:trace",
            "getExecutionTrace",
            "Everything that happened",
        )
        .scope(read)
        .answers::<Envelope>(200)
        .to(trace),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/trace",
            "readExecutionTrace",
            "The same, for later clients",
        )
        .scope(read)
        .answers::<Envelope>(200)
        .to(trace),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/result",
            "getExecutionResult",
            "What went in and what came out",
        )
        .scope(read)
        .answers::<ResultView>(200)
        .to(result),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/tree",
            "getExecutionTree",
            "The execution with everything it started",
        )
        .scope(read)
        .answers::<Tree>(200)
        .to(tree),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}/events",
            "followExecution",
            "Its events; resumable, until it has ended",
        )
        .scope(read)
        .query::<EventsQuery>()
        .headers(&["Last-Event-ID"])
        .answers_with(200, Content::Events)
        .to(events),
    ]);
    routes.push(
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/executionRecords/{execution}:export",
            "exportExecutionSample",
            "As a sample of a dataset and as a rehearsal, without secrets",
        )
        .scope(read)
        .answers::<ExportView>(200)
        .to(export),
    );
    routes.push(attempts::route());
    routes.extend(control::routes());
    routes
}

/// The execution that the path names, as one of the path's agent.
///
/// # Errors
/// 404, the same for what does not exist and for what belongs to another agent or tenant.
async fn found(call: &Call) -> Result<(EngineHandle, Snapshot), Problem> {
    let id = id_of(call)?;
    let engine = call.app.engine.of(&call.tenant);
    let snapshot = engine.snapshot(id).await.map_err(|error| unknown_or(call, error))?;
    of_the_path(call, &snapshot.summary.flow)?;
    Ok((engine, snapshot))
}

/// The same without its journal.
///
/// # Errors
/// As `found`.
async fn standing(call: &Call) -> Result<(EngineHandle, Standing), Problem> {
    let engine = call.app.engine.of(&call.tenant);
    let standing = engine.standing(id_of(call)?).await.map_err(|error| unknown_or(call, error))?;
    of_the_path(call, &standing.summary.flow)?;
    Ok((engine, standing))
}

fn unknown(call: &Call) -> Problem {
    call.parameter("execution").map_or_else(|problem| problem, |text| Problem::not_found("execution", text))
}

/// The execution's id in the path.
fn id_of(call: &Call) -> Result<ExecutionId, Problem> {
    call.parameter("execution")?.parse().map_err(|_| unknown(call))
}

/// What the engine knows nothing of is answered like what belongs to somebody else.
fn unknown_or(call: &Call, error: crate::engine::Error) -> Problem {
    match error {
        crate::engine::Error::NotFound { .. } => unknown(call),
        error => error.into(),
    }
}

/// Refuses what belongs to another agent than the path's.
fn of_the_path(call: &Call, flow: &str) -> Result<(), Problem> {
    if flow == call.parameter("agent")? { Ok(()) } else { Err(unknown(call)) }
}

async fn get(call: Call) -> Result<Answer, Problem> {
    shown(&call).await
}

/// The record that the path names.
async fn shown(call: &Call) -> Result<Answer, Problem> {
    let (engine, standing) = standing(call).await?;
    let question = execute::open_question_of(&engine, standing.id, &standing.summary, standing.live).await?;
    let record = Record::of_one(&standing, question, call.caller()?.era);
    Answer::json(&numbered(call, record).await?)
}

async fn trace(call: Call) -> Result<Answer, Problem> {
    let (engine, snapshot) = found(&call).await?;
    let question = execute::open_question(&engine, &snapshot).await?;
    let trace = engine.trace(snapshot.id).await?;
    let status = execute::status_name(snapshot.summary.status, question.is_some(), call.caller()?.era);
    let waiting_for = waiting_for(&snapshot.summary, question);
    Answer::json(&Envelope { status, trace: execute::trace_of(&snapshot, &trace), waiting_for })
}

async fn result(call: Call) -> Result<Answer, Problem> {
    let (_, snapshot) = found(&call).await?;
    let output = snapshot.ended.as_ref().map_or(Value::Null, |ended| ended.output.clone());
    Answer::json(&ResultView {
        parameters: if let Value::Object(fields) = &snapshot.start.input { fields.clone() } else { Map::new() },
        result: StepResult::of(&output),
        agent_id: snapshot.summary.flow.clone(),
        agent_revision: execute::revision_number(snapshot.summary.purpose, snapshot.summary.revision),
        created_at: snapshot.summary.started_at.0,
    })
}

async fn export(call: Call) -> Result<Answer, Problem> {
    let (engine, snapshot) = found(&call).await?;
    let Exported { flow, sample, rehearsal, left_out } = engine.export(snapshot.id).await?;
    Answer::json(&ExportView { agent_id: flow, sample: Free(sample), rehearsal: Free(rehearsal), left_out })
}

async fn tree(call: Call) -> Result<Answer, Problem> {
    let (engine, asked) = standing(&call).await?;
    let era = call.caller()?.era;
    let root = asked.summary.root.unwrap_or(asked.id);
    let family = list::family(&engine, root).await?;
    let (mut nodes, mut totals) = (Vec::new(), Totals::default());
    let mut children: HashMap<Option<ExecutionId>, Vec<usize>> = HashMap::new();
    for (index, member) in family.iter().enumerate() {
        children.entry(member.summary.parent).or_default().push(index);
    }
    let mut open: Vec<(usize, u32)> = family.iter().position(|member| member.id == root).map(|index| (index, 0)).into_iter().collect();
    totals.truncated_by_retention = open.is_empty();
    while let Some((index, depth)) = open.pop() {
        let member = &family[index];
        let mut record = Record::of(member.id, &member.summary, None, era);
        let below = children.remove(&Some(member.id)).unwrap_or_default();
        record.total_cost = own_cost(&family, member, &below).usd();
        totals.runs += 1;
        totals.failed += u32::from(record.status == "FAILED");
        totals.cost += record.total_cost;
        totals.elapsed_ms = totals.elapsed_ms.max(record.end_time.unwrap_or(call.now.0).saturating_sub(asked.summary.started_at.0));
        // Pushed last to first, so that the first is told first.
        open.extend(below.into_iter().map(|child| (child, depth + 1)));
        nodes.push(node(record, depth));
    }
    totals.credits = totals.cost;
    Answer::json(&Tree { root_execution_id: root.0, nodes, totals })
}

/// What an execution spent itself: its record counts what its children that have ended spent, too.
fn own_cost(family: &[Listed], member: &Listed, children: &[usize]) -> NanoUsd {
    let ended = children.iter().map(|child| &family[*child].summary).filter(|child| child.status.is_final());
    ended.fold(member.summary.cost, |rest, child| rest.minus(child.cost))
}

fn node(record: Record, depth: u32) -> Node {
    Node {
        id: record.id,
        agent_id: record.agent_id,
        parent_execution_record_id: record.parent_execution_record_id,
        parent_async_operation_id: None,
        depth,
        run_type: record.run_type,
        status: record.status,
        start_time: record.start_time,
        end_time: record.end_time,
        duration_ms: record.end_time.map(|end| end.saturating_sub(record.start_time)),
        total_cost: record.total_cost,
        credits_charged: record.total_cost,
        subject: record.subject,
        trigger: record.trigger,
    }
}

async fn events(call: Call) -> Result<Answer, Problem> {
    let query: EventsQuery = call.query()?;
    let (engine, snapshot) = found(&call).await?;
    let given = call.header("last-event-id").or(query.after.as_deref()).filter(|text| !text.is_empty());
    let after = match given {
        None => None,
        Some(text) => Some(Position::read(text).ok_or_else(|| Problem::unfit("after", "it is not the id of one of our events"))?),
    };
    let following = Following {
        execution: snapshot.id,
        era: call.caller()?.era,
        after,
        snapshot: query.snapshot.unwrap_or(false),
        journal: query.journal.unwrap_or(false),
        until: Until::Ended,
    };
    execute::follow(&call, &engine, following).await
}
