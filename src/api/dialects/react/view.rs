//! An execution in the words of this dialect. Every field is there, and everything about what happened is read from the trace.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::cycles::{self, IterationData};
use crate::api::call::Call;
use crate::api::dialects::origin::Origin;
use crate::api::native::execute::open_question;
use crate::api::native::records::waiting_for;
use crate::api::problem::Problem;
use crate::catalog::numbers::Kind;
use crate::engine::{EngineHandle, Snapshot};
use crate::ids::TimeMs;
use crate::machine::summary::Status;
use crate::machine::trace::Trace;

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExecutionStatusEnum {
    Pending,
    Running,
    Completed,
    Failed,
    Cancelled,
    Timeout,
}

/// An execution.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgentExecutionResponse {
    pub id: u64,
    pub agent_id: u64,
    #[serde(flatten)]
    pub origin: Origin,
    pub status: ExecutionStatusEnum,
    pub input_data: Option<Map<String, Value>>,
    /// What came out; a value that is no object stands in `output`.
    pub output_data: Option<Map<String, Value>>,
    pub error_message: Option<String>,
    pub context_type: Option<String>,
    pub context_id: Option<i64>,
    pub started_at: Option<String>,
    pub completed_at: Option<String>,
    pub execution_time_ms: Option<u64>,
    pub iteration_count: usize,
    pub iterations: Vec<IterationData>,
    pub tools_used: Vec<String>,
    pub total_tokens: u64,
    pub total_cost: f64,
    /// Of the latest model call.
    pub model_used: Option<String>,
    pub success: bool,
    pub actions_taken: usize,
    /// `execution`: its other id. `waiting_for`: why it does not move by itself, and what would move it.
    pub extra_metadata: Map<String, Value>,
    pub created_at: String,
    pub updated_at: String,
}

/// RFC 3339, in UTC.
pub fn time(at: TimeMs) -> String {
    let stamp = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
    stamp.map(|stamp| stamp.to_string()).unwrap_or_default()
}

fn status(status: Status) -> ExecutionStatusEnum {
    match status {
        Status::Running | Status::WaitingPerson | Status::WaitingAsync => ExecutionStatusEnum::Running,
        Status::Completed => ExecutionStatusEnum::Completed,
        Status::Failed | Status::Rejected => ExecutionStatusEnum::Failed,
        Status::TimedOut => ExecutionStatusEnum::Timeout,
        Status::Cancelled => ExecutionStatusEnum::Cancelled,
    }
}

fn object(value: &Value) -> Option<Map<String, Value>> {
    match value {
        Value::Null => None,
        Value::Object(fields) => Some(fields.clone()),
        value => Some(Map::from_iter([("output".to_owned(), value.clone())])),
    }
}

/// The execution as it stands.
///
/// # Errors
/// When the store cannot be read, or a number not be given.
pub async fn of(call: &Call, engine: &EngineHandle, snapshot: &Snapshot) -> Result<AgentExecutionResponse, Problem> {
    let trace = engine.trace(snapshot.id).await?;
    let mut view = begun(call, snapshot).await?;
    view.fill(snapshot, &trace);
    let question = open_question(engine, snapshot).await?;
    let waiting = waiting_for(&snapshot.summary, question).filter(|_| !snapshot.summary.status.is_final());
    if let Some(waiting) = waiting {
        view.extra_metadata.insert("waiting_for".to_owned(), serde_json::to_value(waiting).unwrap_or_default());
    }
    Ok(view)
}

/// The execution as it was taken, before anything of it ran.
///
/// # Errors
/// As `of`.
pub async fn begun(call: &Call, snapshot: &Snapshot) -> Result<AgentExecutionResponse, Problem> {
    let (catalog, tenant, start) = (&call.app.catalog, &call.tenant, &snapshot.start);
    let id = catalog.number_of(Kind::Execution, tenant, &snapshot.id.to_string()).await?;
    let agent_id = catalog.agent(tenant, &snapshot.summary.flow)?.value.number;
    let context = start.context.as_ref().unwrap_or(&Value::Null);
    let created_at = time(snapshot.summary.started_at);
    Ok(AgentExecutionResponse {
        id,
        agent_id,
        origin: Origin::of(call, start).await?,
        status: ExecutionStatusEnum::Pending,
        input_data: object(&start.input),
        output_data: None,
        error_message: None,
        context_type: context["type"].as_str().map(str::to_owned),
        context_id: context["id"].as_i64(),
        started_at: None,
        completed_at: None,
        execution_time_ms: None,
        iteration_count: 0,
        iterations: Vec::new(),
        tools_used: Vec::new(),
        total_tokens: 0,
        total_cost: 0.0,
        model_used: None,
        success: false,
        actions_taken: 0,
        extra_metadata: Map::from_iter([("execution".to_owned(), json!(snapshot.id))]),
        updated_at: created_at.clone(),
        created_at,
    })
}

impl AgentExecutionResponse {
    /// What has happened since.
    fn fill(&mut self, snapshot: &Snapshot, trace: &Trace) {
        let summary = &snapshot.summary;
        let ended = snapshot.ended.as_ref();
        self.status = status(summary.status);
        self.output_data = ended.and_then(|ended| object(&ended.output));
        self.error_message = ended.and_then(|ended| ended.error.as_ref()).map(|error| error.message.clone());
        self.started_at = Some(time(summary.started_at));
        self.completed_at = summary.ended_at.map(time);
        self.execution_time_ms = summary.ended_at.map(|at| at.since(summary.started_at));
        self.iterations = cycles::of(&trace.attempts);
        self.iteration_count = self.iterations.len();
        let tools = cycles::tools(&trace.attempts);
        self.actions_taken = tools.len();
        for tool in tools {
            if !self.tools_used.contains(&tool) {
                self.tools_used.push(tool);
            }
        }
        self.total_tokens = summary.tokens;
        self.total_cost = summary.cost.usd();
        self.model_used = trace.attempts.iter().rev().find_map(|attempt| attempt.model.clone());
        self.success = summary.status == Status::Completed;
        self.updated_at = time(summary.updated_at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_word() {
        let words = [
            (Status::Running, "running"),
            (Status::WaitingPerson, "running"),
            (Status::WaitingAsync, "running"),
            (Status::Completed, "completed"),
            (Status::Failed, "failed"),
            (Status::TimedOut, "timeout"),
            (Status::Cancelled, "cancelled"),
            (Status::Rejected, "failed"),
        ];
        for (engines, word) in words {
            assert_eq!(json!(status(engines)), word, "{engines:?}");
        }
    }
}
