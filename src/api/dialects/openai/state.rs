//! An execution as both endpoints show it: what became of it so far, what it used, and what this server says beside the wire.

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use super::conversation::call_id;
use super::errors::{EXECUTION_FAILED, EXTENSION};
use crate::api::call::Call;
use crate::api::dialects::origin::{ExecutionTriggerEnum, trigger_type};
use crate::api::native::execute::{open_question, response_text};
use crate::api::native::records::{WaitingForView, waiting_for};
use crate::api::problem::Problem;
use crate::engine::{EngineHandle, Error, Snapshot};
use crate::ids::{ExecutionId, QuestionId, Tenant};
use crate::machine::call::CallError;
use crate::machine::summary::Status;

/// What an execution has come to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Answered(String),
    /// A model asked for tools of the caller.
    Calls(Vec<ToolCall>),
    /// Nothing moves it but a person, an event or time.
    Waiting,
    Running,
    Failed(CallError),
    Cancelled,
}

/// A call that the caller has to answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    pub id: String,
    pub name: String,
    /// As JSON.
    pub arguments: String,
}

/// Over every model call of the execution so far; a step that goes on after tool calls goes on counting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    pub input: u64,
    pub output: u64,
    pub cached: u64,
    pub reasoning: u64,
}

/// Reads executions of one tenant, also after the request is answered.
#[derive(Clone)]
pub struct Reader {
    pub engine: EngineHandle,
    tenant: Tenant,
    /// How people reach this server; empty where nobody said.
    public_url: String,
}

/// An execution in the words of neither endpoint.
#[derive(Clone, Debug)]
pub struct Shown {
    pub snapshot: Snapshot,
    pub outcome: Outcome,
    pub used: Used,
    pub extension: Extension,
}

/// What this server says beside the wire, under `flowgate`.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "OpenAiExtension")]
pub struct Extension {
    /// The same execution, natively.
    pub execution_id: Uuid,
    pub agent_id: String,
    pub agent_revision: u32,
    pub session_id: Option<String>,
    /// `running`, `waiting`, `completed`, `failed`, `cancelled`.
    pub status: &'static str,
    /// `manual`, `scheduled`, `event`, `api`.
    pub trigger_type: ExecutionTriggerEnum,
    /// The user whose key started it, or who answers for the trigger.
    pub triggered_by: String,
    /// US dollars.
    pub total_cost: f64,
    /// Decide them, and it goes on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Approval>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_for: Option<WaitingForView>,
}

/// An approval that it waits for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiApproval")]
pub struct Approval {
    pub id: Uuid,
    pub title: String,
    /// Where it is read; `:decide` behind it decides.
    pub url: String,
}

impl Shown {
    pub fn id(&self, prefix: &str) -> String {
        format!("{prefix}{}", self.snapshot.id.0.simple())
    }

    /// Seconds since 1970.
    pub fn created(&self) -> u64 {
        self.snapshot.summary.started_at.0 / 1_000
    }

    /// The model that it is, with the revision that runs.
    pub fn model(&self) -> String {
        format!("{}@{}", self.snapshot.summary.flow, self.snapshot.summary.revision)
    }

    /// What a person is told of an execution that waits.
    pub fn why_it_waits(&self) -> String {
        let titles: Vec<String> = self.extension.approvals.iter().map(|approval| format!("\"{}\"", approval.title)).collect();
        if !titles.is_empty() {
            return format!(
                "This waits for a person to decide {}. It goes on by itself afterwards; read it again under its id.",
                titles.join(" and ")
            );
        }
        let what = self.extension.waiting_for.as_ref().map_or("something outside", |waiting| waiting.display_name.as_str());
        format!("This waits for {what}. It goes on by itself afterwards; read it again under its id.")
    }

    /// An execution that ended without an answer is a problem where a wire has no word for it.
    pub fn failure(&self) -> Option<Problem> {
        let (code, message) = match &self.outcome {
            Outcome::Failed(error) => (error.code.as_str(), error.message.as_str()),
            Outcome::Cancelled => ("cancelled", "the execution was cancelled"),
            Outcome::Answered(_) | Outcome::Calls(_) | Outcome::Waiting | Outcome::Running => return None,
        };
        Some(Problem::refused(EXECUTION_FAILED, message).with("executionError", code).with(EXTENSION, &self.extension))
    }
}

/// The execution as it stands.
///
/// # Errors
/// When the store cannot be read.
pub async fn of(reader: &Reader, snapshot: Snapshot) -> Result<Shown, Problem> {
    let engine = &reader.engine;
    let trace = engine.trace(snapshot.id).await?;
    let question = open_question(engine, &snapshot).await?;
    let outcome = outcome(&snapshot);
    let approvals = approvals(reader, &snapshot, question).await?;
    let summary = &snapshot.summary;
    let waiting_for = waiting_for(summary, question).filter(|_| outcome == Outcome::Waiting);
    let status = match &outcome {
        Outcome::Answered(_) => "completed",
        Outcome::Calls(_) | Outcome::Waiting => "waiting",
        Outcome::Running => "running",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled => "cancelled",
    };
    let extension = Extension {
        execution_id: snapshot.id.0,
        agent_id: summary.flow.clone(),
        agent_revision: summary.revision,
        session_id: summary.session.clone(),
        status,
        trigger_type: trigger_type(snapshot.start.trigger.as_ref()),
        triggered_by: snapshot.start.starter.user.clone(),
        total_cost: summary.cost.usd(),
        approvals,
        waiting_for,
    };
    let used = Used {
        input: summary.input_tokens,
        output: summary.output_tokens,
        cached: summary.cached_tokens,
        reasoning: trace.attempts.iter().map(|attempt| attempt.usage.reasoning_tokens).sum(),
    };
    Ok(Shown { snapshot, outcome, used, extension })
}

impl Reader {
    pub fn new(call: &Call) -> Self {
        let public_url = call.app.settings.public_url.clone().unwrap_or_default();
        Self { engine: call.app.engine.of(&call.tenant), tenant: call.tenant.clone(), public_url }
    }

    /// The execution of an id that starts with `prefix`.
    ///
    /// # Errors
    /// 404, or when the store cannot be read.
    pub async fn find(&self, what: &str, prefix: &str, id: &str) -> Result<Snapshot, Problem> {
        let unknown = || Problem::not_found(what, id);
        let uuid = id.strip_prefix(prefix).and_then(|id| Uuid::try_parse(id).ok()).ok_or_else(unknown)?;
        match self.engine.snapshot(ExecutionId(uuid)).await {
            Ok(snapshot) => Ok(snapshot),
            Err(Error::NotFound { .. }) => Err(unknown()),
            Err(error) => Err(error.into()),
        }
    }
}

fn outcome(snapshot: &Snapshot) -> Outcome {
    let ended = snapshot.ended.as_ref();
    match snapshot.summary.status {
        Status::Completed => Outcome::Answered(ended.map(|ended| response_text(&ended.output)).unwrap_or_default()),
        Status::Cancelled => Outcome::Cancelled,
        Status::Failed | Status::TimedOut | Status::Rejected => {
            Outcome::Failed(ended.and_then(|ended| ended.error.clone()).unwrap_or_default())
        }
        Status::Running if snapshot.live => Outcome::Running,
        Status::Running | Status::WaitingPerson | Status::WaitingAsync => {
            let calls = calls(snapshot);
            match snapshot.summary.status {
                _ if !calls.is_empty() => Outcome::Calls(calls),
                Status::Running if snapshot.quarantined.is_none() => Outcome::Running,
                _ => Outcome::Waiting,
            }
        }
    }
}

/// Calls of the caller's tools that are not answered.
pub fn calls(snapshot: &Snapshot) -> Vec<ToolCall> {
    let asked = snapshot.questions.iter().filter_map(|question| Some((question.id, question.caller_tool()?)));
    asked.map(|(id, (name, args))| ToolCall { id: call_id(id), name: name.to_owned(), arguments: args.to_string() }).collect()
}

async fn approvals(reader: &Reader, snapshot: &Snapshot, first: Option<QuestionId>) -> Result<Vec<Approval>, Problem> {
    let approval = |id: QuestionId, title: &str| Approval {
        id: id.0,
        title: title.to_owned(),
        url: format!("{}/v1/tenants/{}/pendingApprovals/{}", reader.public_url, reader.tenant, id.0),
    };
    let own = snapshot.questions.iter().filter(|question| question.caller_tool().is_none());
    let mut all: Vec<Approval> = own.map(|question| approval(question.id, &question.title)).collect();
    // A child's question keeps its parent waiting as well.
    if let Some(id) = first.filter(|_| snapshot.questions.is_empty()) {
        let known = reader.engine.question(id).await?;
        all.push(approval(id, &known.asked.question.title));
    }
    Ok(all)
}
