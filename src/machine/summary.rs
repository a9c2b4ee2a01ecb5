//! What the world needs to know of an execution without folding its journal: recorded with each commit that changes it, and compared
//! with the folded state whenever the journal is loaded.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{CallError, Used};
use super::input::{Mode, OriginKind, PRODUCTION, Purpose, Trigger};
use super::question::QuestionKind;
use super::state::{State, Timer};
use super::tagged::tagged;
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
    /// Refused at the start, before anything ran.
    Rejected,
}

impl Status {
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::TimedOut | Self::Cancelled | Self::Rejected)
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
            Self::Rejected => "REJECTED",
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
    #[serde(default, skip_serializing_if = "Used::is_nothing")]
    pub used: Used,
}

/// Where a `retry` or `fork` came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Departure {
    pub kind: OriginKind,
    pub execution: ExecutionId,
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
    // From here on: not in the rows of the first versions, where these read as their defaults until the next change of the execution.
    #[serde(default, skip_serializing_if = "Purpose::is_production")]
    pub purpose: Purpose,
    #[serde(default, skip_serializing_if = "Mode::is_production")]
    pub mode: Mode,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    /// The execution at the top; none: it is that itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<ExecutionId>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub starter: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Departure>,
    /// The parts of `tokens` and `cost`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub input_tokens: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub output_tokens: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
    #[serde(default, skip_serializing_if = "is_free")]
    pub input_cost: NanoUsd,
    #[serde(default, skip_serializing_if = "is_free")]
    pub output_cost: NanoUsd,
    /// Names of what was called (`TOOLS_NOTED_MAX` at most), in the order of the first call: tools of agents and of MCP servers, `http` steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<String>,
    /// A call of such a tool failed, whatever became of it then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tool_errors: bool,
    /// A person holds it; a person's resume will move it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

fn is_free(cost: &NanoUsd) -> bool {
    cost.0 == 0
}

impl Summary {
    /// Where it runs.
    #[must_use]
    pub fn environment(&self) -> &str {
        self.environment.as_deref().unwrap_or(PRODUCTION)
    }

    /// From start to end; none while it has not ended.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        self.ended_at.map(|ended_at| ended_at.since(self.started_at))
    }

    /// Whether both say the same, apart from when.
    #[must_use]
    pub fn says_same(&self, other: &Self) -> bool {
        Self { updated_at: other.updated_at, ..self.clone() } == *other
    }

    /// Whether both say the same in what every version has recorded: a row of an older one lacks the rest.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        let other = other.clone();
        let completed = Self {
            purpose: other.purpose,
            mode: other.mode,
            session: other.session.clone(),
            environment: other.environment.clone(),
            root: other.root,
            starter: other.starter.clone(),
            trigger: other.trigger.clone(),
            labels: other.labels.clone(),
            origin: other.origin,
            input_tokens: other.input_tokens,
            output_tokens: other.output_tokens,
            cached_tokens: other.cached_tokens,
            input_cost: other.input_cost,
            output_cost: other.output_cost,
            tools: other.tools.clone(),
            tool_errors: other.tool_errors,
            paused: other.paused,
            ..self.clone()
        };
        completed.says_same(&other)
    }
}

/// Why an execution does not move by itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
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

tagged!(WaitingFor, "kind");

impl State {
    /// Where the execution stands; before the start it counts as running.
    #[must_use]
    pub fn status(&self) -> Status {
        if let Some(ended) = &self.ended {
            return ended.status;
        }
        if self.is_paused() {
            return if self.is_busy() { Status::Running } else { Status::WaitingAsync };
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

    /// Something that was begun before a pause goes on.
    fn is_busy(&self) -> bool {
        self.flights.keys().any(|call| !self.holds_call(*call)) || self.children.keys().any(|child| !self.holds_child(*child))
    }

    /// A pause between attempts is work, not waiting.
    fn is_retrying(&self) -> bool {
        self.timers.iter().any(|(_, timer)| matches!(timer, Timer::Retry(_)))
    }

    /// The index row; none before the start.
    #[must_use]
    pub fn summary(&self, plan: &Plan) -> Option<Summary> {
        let start = self.start()?;
        let (ended, used) = (self.ended.as_ref(), self.spent.used);
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
            purpose: start.purpose,
            mode: start.mode,
            session: start.session.clone(),
            environment: start.environment.clone(),
            root: start.parent.as_ref().and_then(super::input::Parent::top),
            starter: start.starter.user.clone(),
            trigger: start.trigger.clone(),
            labels: start.labels.clone(),
            origin: start.origin.as_ref().map(|origin| Departure { kind: origin.kind, execution: origin.execution }),
            input_tokens: used.input_tokens,
            output_tokens: used.output_tokens,
            cached_tokens: used.cached_tokens,
            input_cost: used.input_cost,
            output_cost: used.output_cost,
            tools: self.tools.clone(),
            tool_errors: self.tool_errors,
            paused: ended.is_none() && self.is_paused(),
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
        let children = self
            .children
            .iter()
            .filter(|(child, _)| !self.holds_child(**child))
            .map(|(id, run)| WaitingFor::Child { step: run.place.step.to_string(), execution: *id });
        questions.chain(events).chain(timers).chain(children).collect()
    }
}
