//! What the world needs to know of an execution without folding its journal: recorded with each commit that changes it, and compared
//! with the folded state whenever the journal is loaded.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::CallError;
use super::question::QuestionKind;
use super::state::{State, Timer};
use crate::flow::plan::{Approvers, Kind, Plan};
use crate::ids::{Digest, ExecutionId, NanoUsd, QuestionId, TimeMs};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Running,
    /// For a person (question open and nothing runs).
    WaitingPerson,
    /// For an event or a timer only.
    WaitingAsync,
    Completed,
    Failed,
    TimedOut,
    Cancelled,
}

impl Status {
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::TimedOut | Self::Cancelled)
    }

    /// The name that the native API and the command line use.
    #[must_use]
    pub fn native(self) -> &'static str {
        match self {
            Self::Running => "IN_PROGRESS",
            Self::WaitingPerson => "WAITING_FOR_HUMAN",
            Self::WaitingAsync => "WAITING_FOR_ASYNC",
            Self::Completed => "COMPLETED",
            Self::Failed | Self::TimedOut => "FAILED",
            Self::Cancelled => "CANCELLED",
        }
    }
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    pub status: Status,
    #[serde(default)]
    pub output: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<CallError>,
    pub tokens: u64,
    pub cost: NanoUsd,
}

/// The index row of an execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub flow: String,
    pub revision: u32,
    pub digest: Digest,
    pub status: Status,
    pub started_at: TimeMs,
    pub updated_at: TimeMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<TimeMs>,
    /// The nearest deadline, while not final.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<TimeMs>,
    /// `outstanding` holds work for this process.
    pub owed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waiting_for: Vec<WaitingFor>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_code: Option<String>,
    pub tokens: u64,
    pub cost: NanoUsd,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<ExecutionId>,
}

/// Why an execution does not move by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum WaitingFor {
    Question {
        id: QuestionId,
        question: QuestionKind,
        step: String,
        title: String,
        digest: Digest,
        approvers: Approvers,
        asked_at: TimeMs,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<TimeMs>,
    },
    Event {
        step: String,
        names: Vec<String>,
    },
    Timer {
        step: String,
        due: TimeMs,
    },
    Child {
        step: String,
        execution: ExecutionId,
    },
}

impl State {
    /// Where the execution stands; before the start it counts as running.
    #[must_use]
    pub fn status(&self) -> Status {
        if let Some(ended) = &self.ended {
            return ended.status;
        }
        let is_moving = !self.flights.is_empty() || !self.children.is_empty() || self.yielded || self.is_retrying();
        if is_moving || self.seq == 0 {
            Status::Running
        } else if self.open.is_empty() {
            Status::WaitingAsync
        } else {
            Status::WaitingPerson
        }
    }

    /// A pause between attempts is work, not waiting.
    fn is_retrying(&self) -> bool {
        self.timers.iter().any(|(_, timer)| matches!(timer, Timer::Retry(_)))
    }

    /// The index row; none before the start.
    #[must_use]
    pub fn summary(&self, plan: &Plan) -> Option<Summary> {
        let start = self.start()?;
        let ended = self.ended.as_ref();
        Some(Summary {
            flow: start.flow.clone(),
            revision: start.revision,
            digest: start.digest,
            status: self.status(),
            started_at: self.started_at,
            updated_at: self.now,
            ended_at: self.ended_at,
            deadline: self.deadline(),
            owed: !super::decide::outstanding(self).is_empty(),
            waiting_for: if ended.is_some() { Vec::new() } else { self.waiting_for(plan) },
            error_code: ended.and_then(|ended| ended.error.as_ref()).map(|error| error.code.clone()),
            tokens: self.spent.tokens,
            cost: self.spent.cost,
            parent: start.parent.as_ref().map(|parent| parent.execution),
        })
    }

    fn waiting_for(&self, plan: &Plan) -> Vec<WaitingFor> {
        let questions = self.questions().into_iter().map(|question| WaitingFor::Question {
            id: question.id,
            question: question.kind,
            step: question.step.clone(),
            title: question.title.clone(),
            digest: question.digest,
            approvers: question.approvers.clone(),
            asked_at: question.asked_at,
            expires_at: question.expires_at,
        });
        let events = self.listening.iter().filter_map(|(frame, ix)| {
            let step = self.scope_of(plan, *frame).step(*ix);
            let Kind::Event(event) = &step.kind else { return None };
            Some(WaitingFor::Event { step: step.id.to_string(), names: event.names.clone() })
        });
        let timers = self.timers.iter().filter_map(|(due, timer)| {
            let Timer::Wait(frame, ix) = timer else { return None };
            let step = self.scope_of(plan, *frame).step(*ix).id.to_string();
            Some(WaitingFor::Timer { step, due: *due })
        });
        let children = self.children.iter().map(|(id, run)| WaitingFor::Child { step: run.place.step.to_string(), execution: *id });
        questions.chain(events).chain(timers).chain(children).collect()
    }
}
