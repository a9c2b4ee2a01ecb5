//! What the world needs to know of an execution without folding its journal: recorded with each commit that changes it, and compared
//! with the folded state whenever the journal is loaded.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::CallError;
use super::question::QuestionKind;
use crate::flow::plan::Approvers;
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
