//! What a caller is answered: the response, the trace, where the execution stands.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::start::Started;
use super::steps::{self, Step, StepResult};
use super::wait::Rest;
use crate::api::caller::Era;
use crate::api::problem::Problem;
use crate::engine::{EngineHandle, Snapshot};
use crate::ids::{ExecutionId, QuestionId};
use crate::machine::input::Purpose;
use crate::machine::summary::{Status, Summary, WaitingFor};
use crate::machine::trace::Trace;

/// The answer of `:execute`.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExecutionResult {
    /// The output as text; empty while there is none.
    pub response: String,
    pub trace: TraceView,
    pub session_id: String,
    pub links: Vec<Link>,
    pub execution_record_id: Uuid,
    pub status: &'static str,
    /// The question that it waits for, where it waits for a person.
    pub human_approval_request_id: Option<Uuid>,
}

/// A file that the response refers to.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub file_id: String,
    pub file_type: String,
    pub prompt_link: String,
}

/// Everything that happened, with its cost.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TraceView {
    pub agent_id: String,
    /// -1: a draft.
    pub agent_revision: i64,
    pub created_at: u64,
    pub parameters: Map<String, Value>,
    pub start_time: u64,
    /// 0: open.
    pub end_time: u64,
    pub duration: u64,
    pub traces: Vec<Step>,
    pub result: StepResult,
    pub input_cost: f64,
    pub output_cost: f64,
    pub total_cost: f64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    pub cache_write_tokens: u64,
    pub thinking_cost: f64,
    pub cached_cost: f64,
    pub cache_write_cost: f64,
    pub provider_reported_cost: Option<f64>,
}

/// The output as one text.
#[must_use]
pub fn response_text(output: &Value) -> String {
    match output {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// -1 for a draft: it has no number.
#[must_use]
pub fn revision_number(purpose: Purpose, revision: u32) -> i64 {
    if !purpose.is_production() && revision == 0 { -1 } else { i64::from(revision) }
}

/// The contract's trace.
#[must_use]
pub fn trace_of(snapshot: &Snapshot, trace: &Trace) -> TraceView {
    let summary = &snapshot.summary;
    let output = snapshot.ended.as_ref().map_or(Value::Null, |ended| ended.output.clone());
    let end_time = summary.ended_at.map_or(0, |at| at.0);
    TraceView {
        agent_id: summary.flow.clone(),
        agent_revision: revision_number(summary.purpose, summary.revision),
        created_at: summary.started_at.0,
        parameters: if let Value::Object(fields) = &snapshot.start.input { fields.clone() } else { Map::new() },
        start_time: summary.started_at.0,
        end_time,
        duration: end_time.saturating_sub(if end_time == 0 { 0 } else { summary.started_at.0 }),
        traces: steps::tree(&trace.attempts),
        result: StepResult::of(&output),
        input_cost: summary.input_cost.usd(),
        output_cost: summary.output_cost.usd(),
        total_cost: summary.cost.usd(),
        input_tokens: summary.input_tokens,
        output_tokens: summary.output_tokens,
        cached_tokens: summary.cached_tokens,
        cache_write_tokens: 0,
        thinking_cost: 0.0,
        cached_cost: 0.0,
        cache_write_cost: 0.0,
        provider_reported_cost: None,
    }
}

/// The question that keeps an execution, or a child that it waits for, from going on.
///
/// # Errors
/// When the store cannot be read.
pub async fn open_question(engine: &EngineHandle, snapshot: &Snapshot) -> Result<Option<QuestionId>, Problem> {
    open_question_of(engine, snapshot.id, &snapshot.summary, snapshot.live).await
}

/// The same of an execution whose summary is known.
///
/// # Errors
/// When the store cannot be read.
pub async fn open_question_of(
    engine: &EngineHandle,
    id: ExecutionId,
    summary: &Summary,
    live: bool,
) -> Result<Option<QuestionId>, Problem> {
    let own = summary.waiting_for.iter().find_map(|waiting| match waiting {
        WaitingFor::Question { id, .. } => Some(*id),
        WaitingFor::Child { .. } | WaitingFor::Event { .. } | WaitingFor::Timer { .. } => None,
    });
    if own.is_some() {
        return Ok(own);
    }
    let waits_for_child = summary.waiting_for.iter().any(|waiting| matches!(waiting, WaitingFor::Child { .. }));
    if !waits_for_child || live {
        return Ok(None);
    }
    match engine.find_question(&id.to_string()).await {
        Ok(found) => Ok(Some(found.question.id)),
        Err(crate::engine::Error::NotFound { .. } | crate::engine::Error::Ambiguous { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The status as the API calls it. Each generation of clients has its own word for waiting.
#[must_use]
pub fn status_name(status: Status, waits_for_person: bool, era: Era) -> &'static str {
    match (status, era) {
        (Status::WaitingPerson, Era::Key) => "WAITING_FOR_HUMAN",
        (Status::WaitingPerson | Status::WaitingAsync, _) => "WAITING_FOR_ASYNC",
        (Status::Running, Era::Key) if waits_for_person => "WAITING_FOR_HUMAN",
        (Status::Running, Era::Bearer) if waits_for_person => "WAITING_FOR_ASYNC",
        (status, _) => status.native(),
    }
}

/// # Errors
/// When the store cannot be read.
pub async fn of(started: &Started, rest: Rest, era: Era) -> Result<ExecutionResult, Problem> {
    let Rest { snapshot, trace, .. } = rest;
    let trace = match trace {
        Some(trace) => trace,
        None => started.engine.trace(started.execution).await?,
    };
    let question = open_question(&started.engine, &snapshot).await?;
    let output = snapshot.ended.as_ref().map_or(Value::Null, |ended| ended.output.clone());
    Ok(ExecutionResult {
        response: response_text(&output),
        trace: trace_of(&snapshot, &trace),
        session_id: started.session.clone(),
        links: Vec::new(),
        execution_record_id: started.execution.0,
        status: status_name(snapshot.summary.status, question.is_some(), era),
        human_approval_request_id: question.map(|question| question.0),
    })
}
