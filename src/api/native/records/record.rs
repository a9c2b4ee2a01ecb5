//! A record as the contract shows it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

use crate::api::call::Call;
use crate::api::caller::Era;
use crate::api::native::execute::{revision_number, status_name};
use crate::api::problem::Problem;
use crate::catalog::{self, numbers::Kind};
use crate::engine::Standing;
use crate::ids::{ExecutionId, QuestionId};
use crate::machine::input::Purpose;
use crate::machine::question::QuestionKind;
use crate::machine::summary::{Status, Summary, WaitingFor};
use crate::store::has_lost_events;

/// An execution in lists.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub id: Uuid,
    /// Its integer id; paths take it as well.
    pub number: Option<u64>,
    pub agent_id: String,
    /// -1: a draft.
    pub agent_revision: i64,
    pub status: &'static str,
    pub start_time: u64,
    pub end_time: Option<u64>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    pub cache_write_tokens: u64,
    pub total_cost: f64,
    pub input_cost: f64,
    pub output_cost: f64,
    pub cached_cost: f64,
    pub cache_write_cost: f64,
    pub thinking_cost: f64,
    /// `PRODUCTION` or `TEST`.
    pub origin: &'static str,
    /// `ROOT` or `SUB_TASK`.
    pub run_type: &'static str,
    pub environment_slug: Option<String>,
    pub session_id: Option<String>,
    /// The session's integer id.
    pub session_number: Option<u64>,
    pub trigger: Option<TriggerView>,
    pub subject: Option<String>,
    pub root_execution_id: Uuid,
    pub parent_execution_record_id: Option<Uuid>,
    /// The stable code of its failure.
    pub error_code: Option<String>,
    pub rejection_reason: Option<String>,
    pub rejection_detail: Option<String>,
    pub waiting_for: Option<WaitingForView>,
    /// A person holds it.
    pub paused: bool,
    /// Who started it.
    pub started_by: String,
    /// The integer id of who started it.
    pub started_by_number: Option<u64>,
    pub labels: BTreeMap<String, String>,
    /// Names of the tools that it called.
    pub tools: Vec<String>,
    pub has_tool_errors: bool,
    /// The execution that this one retried, forked or replayed.
    pub departed_from: Option<Uuid>,
    /// Set where one record is read: it was set aside. Lists of records leave it out; `GET …/quarantined` is their list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quarantined: Option<QuarantineView>,
}

/// Why an execution was set aside, and what resolves that.
#[derive(Debug, Serialize, JsonSchema)]
pub struct QuarantineView {
    pub reason: String,
    pub actions: Vec<QuarantineAction>,
}

/// What can be done about an execution that was set aside, by the word of its route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum QuarantineAction {
    /// `:release`: one more attempt.
    Release,
    /// `:cancelRun`.
    CancelRun,
    /// `GET …/export`: keep what there is.
    Export,
    /// `DELETE`: take it out, with the note that it was set aside.
    Delete,
}

impl QuarantineView {
    /// One that lost events does not know what it has done, so it never goes on, and cannot even be cancelled where the loss is in the
    /// middle of its journal; one that has ended can only be taken out.
    #[must_use]
    pub fn of(reason: String, summary: Option<&Summary>) -> Self {
        use QuarantineAction::{CancelRun, Delete, Export, Release};
        let has_ended = summary.is_some_and(|summary| summary.status.is_final());
        let actions = match (has_ended, has_lost_events(&reason)) {
            (true, _) => vec![Export, Delete],
            (false, true) => vec![CancelRun, Export, Delete],
            (false, false) => vec![Release, CancelRun, Export],
        };
        Self { reason, actions }
    }
}

/// What began it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct TriggerView {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Option<String>,
}

/// Why it does not move by itself, and what would move it.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WaitingForView {
    /// `APPROVAL`, `CONSULT`, `SUBTASK`, `IN_DOUBT`, `EVENT`, `TIMER`, `PAUSE`.
    pub kind: &'static str,
    pub display_name: String,
    /// The step that waits; where a person is asked the attempt, `path/step#visit.attempt`. None in a pause.
    pub step: Option<String>,
    pub participant_kind: Option<&'static str>,
    pub child_count: u32,
    /// Decide it to move on.
    pub approval_request_id: Option<Uuid>,
    /// Signals that would move it.
    pub signals: Vec<String>,
    /// The child executions that it waits for.
    pub executions: Vec<Uuid>,
    pub waiting_since: u64,
    pub expires_at: Option<u64>,
}

impl Record {
    /// `question`: the one that it waits for, where that is not in its own summary (a child's).
    #[must_use]
    pub fn of(id: ExecutionId, summary: &Summary, question: Option<QuestionId>, era: Era) -> Self {
        Self {
            id: id.0,
            number: None,
            agent_id: summary.flow.clone(),
            agent_revision: revision_number(summary.purpose, summary.revision),
            status: status_name(summary.status, question.is_some(), era),
            start_time: summary.started_at.0,
            end_time: summary.ended_at.map(|at| at.0),
            input_tokens: summary.input_tokens,
            output_tokens: summary.output_tokens,
            cached_tokens: summary.cached_tokens,
            cache_write_tokens: 0,
            total_cost: summary.cost.usd(),
            input_cost: summary.input_cost.usd(),
            output_cost: summary.output_cost.usd(),
            cached_cost: 0.0,
            cache_write_cost: 0.0,
            thinking_cost: 0.0,
            origin: match summary.purpose {
                Purpose::Production => "PRODUCTION",
                Purpose::Test => "TEST",
                Purpose::Evaluation => "EVALUATION",
            },
            run_type: if summary.parent.is_some() { "SUB_TASK" } else { "ROOT" },
            environment_slug: summary.environment.clone(),
            session_id: summary.session.clone(),
            session_number: None,
            trigger: summary.trigger.as_ref().map(|trigger| TriggerView { kind: trigger.kind.clone(), id: trigger.id.clone() }),
            subject: None,
            root_execution_id: summary.root.unwrap_or(id).0,
            parent_execution_record_id: summary.parent.map(|parent| parent.0),
            rejection_reason: summary.error_code.clone().filter(|_| summary.status == Status::Rejected),
            rejection_detail: None,
            error_code: summary.error_code.clone(),
            waiting_for: waiting_for(summary, question),
            paused: summary.paused,
            started_by: summary.starter.clone(),
            started_by_number: None,
            labels: summary.labels.clone(),
            tools: summary.tools.clone(),
            has_tool_errors: summary.tool_errors,
            departed_from: summary.origin.map(|origin| origin.execution.0),
            quarantined: None,
        }
    }
}

impl Record {
    /// A record that is read for itself.
    #[must_use]
    pub fn of_one(standing: &Standing, question: Option<QuestionId>, era: Era) -> Self {
        let quarantined = standing.quarantined.clone().map(|reason| QuarantineView::of(reason, Some(&standing.summary)));
        Self { quarantined, ..Self::of(standing.id, &standing.summary, question, era) }
    }
}

/// The record with the integer ids of what is in it. What has no number yet is given one; a full disk has no room for that, and the record
/// is read without.
///
/// # Errors
/// As a commit, apart from that.
pub async fn numbered(call: &Call, mut record: Record) -> Result<Record, Problem> {
    record.number = number(call, Kind::Execution, &record.id.to_string()).await?;
    record.started_by_number = number(call, Kind::User, &record.started_by).await?;
    if let Some(session) = &record.session_id {
        record.session_number = number(call, Kind::Session, &format!("{}/{session}", record.agent_id)).await?;
    }
    Ok(record)
}

async fn number(call: &Call, kind: Kind, key: &str) -> Result<Option<u64>, Problem> {
    match call.app.catalog.number_of(kind, &call.tenant, key).await {
        Ok(number) => Ok(Some(number)),
        Err(catalog::Error::Full(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The first thing that it waits for: a pause before people, people before everything else.
#[must_use]
pub fn waiting_for(summary: &Summary, question: Option<QuestionId>) -> Option<WaitingForView> {
    let view = |kind, display_name: &str, since: u64| WaitingForView {
        kind,
        display_name: display_name.to_owned(),
        step: None,
        participant_kind: None,
        child_count: 0,
        approval_request_id: None,
        signals: Vec::new(),
        executions: Vec::new(),
        waiting_since: since,
        expires_at: None,
    };
    let updated = summary.updated_at.0;
    if summary.paused {
        return Some(view("PAUSE", "paused", updated));
    }
    let rank = |waiting: &&WaitingFor| match waiting {
        WaitingFor::Question { .. } => 0,
        WaitingFor::Child { .. } => 1,
        WaitingFor::Event { .. } => 2,
        WaitingFor::Timer { .. } => 3,
    };
    let first = summary.waiting_for.iter().min_by_key(rank)?;
    let shown = match first {
        WaitingFor::Question { id, question, title, asked_at, expires_at, .. } => WaitingForView {
            participant_kind: Some("USER"),
            approval_request_id: Some(id.0),
            expires_at: expires_at.map(|at| at.0),
            ..view(if *question == QuestionKind::InDoubt { "IN_DOUBT" } else { "APPROVAL" }, title, asked_at.0)
        },
        WaitingFor::Child { step, .. } => {
            let children = summary.waiting_for.iter().filter_map(|waiting| match waiting {
                WaitingFor::Child { execution, .. } => Some(execution.0),
                _ => None,
            });
            let executions: Vec<Uuid> = children.collect();
            WaitingForView {
                child_count: u32::try_from(executions.len()).unwrap_or(u32::MAX),
                executions,
                approval_request_id: question.map(|question| question.0),
                ..view("SUBTASK", step, updated)
            }
        }
        WaitingFor::Event { step, names } => WaitingForView { signals: names.clone(), ..view("EVENT", step, updated) },
        WaitingFor::Timer { step, due } => WaitingForView { expires_at: Some(due.0), ..view("TIMER", step, updated) },
    };
    let (WaitingFor::Question { step, .. }
    | WaitingFor::Child { step, .. }
    | WaitingFor::Event { step, .. }
    | WaitingFor::Timer { step, .. }) = first;
    Some(WaitingForView { step: Some(step.clone()), ..shown })
}
