//! Questions to people and their answers: the data. The rules (who may, how many, what wins) are in `approval`.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Call, Request};
use super::event::Budget;
use crate::flow::plan::Approvers;
use crate::flow::spec::DecisionKind;
use crate::ids::{Digest, QuestionId, TimeMs};

/// Who acts. Comes from the key (server) or from `--as` (command line), never from a body.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub user: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// Holds every role (the local operator).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub every_role: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QuestionKind {
    /// An `approval` step.
    Approval,
    /// The gate before a tool call of an `agent` step.
    ToolApproval,
    /// An `ask` step.
    Ask,
    /// A `once` call that may have happened.
    InDoubt,
    /// A budget is used up; approving grants the same amount again.
    Budget,
}

/// An open question, as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    pub id: QuestionId,
    pub kind: QuestionKind,
    /// The full name of the attempt that waits: `path/step#visit.attempt`.
    pub place: String,
    pub step: String,
    pub title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub show: Vec<Shown>,
    /// What an approval releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// A decision must name it.
    pub digest: Digest,
    /// JSON Schema of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Value>,
    pub decisions: Vec<DecisionKind>,
    pub approvers: Approvers,
    /// Users who may not decide, worked out from `exclude` when the question was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<String>,
    /// Of `Budget`: which one is used up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub budget: Option<Budget>,
    pub asked_at: TimeMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<TimeMs>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
}

/// In front of the name of a tool that the caller has, in the call that stands for it.
pub(super) const CALLER_TOOL: &str = "caller:";

impl Question {
    /// The caller's tool that this asks for, with its arguments; none for every other question.
    #[must_use]
    pub fn caller_tool(&self) -> Option<(&str, &Value)> {
        let Request::Builtin { name, args } = &self.action.as_ref()?.call.request else { return None };
        Some((name.strip_prefix(CALLER_TOOL)?, args))
    }
}

/// One piece of evidence: the expression and its value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub name: String,
    pub value: Value,
}

/// Exactly what would be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// The step or tool that runs it.
    pub step: String,
    /// What a person may edit: the JSON body or query (http), the arguments (mcp, builtin, child).
    pub arguments: Value,
    pub call: Arc<Call>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vote {
    pub by: String,
    pub digest: Digest,
    pub at: TimeMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a person answers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Approve,
    Edit {
        arguments: Value,
    },
    Reject,
    Respond {
        response: Value,
    },
    /// In doubt: do it again.
    Retry,
    /// In doubt: it happened, with this result.
    Happened {
        result: Value,
    },
    /// In doubt: give the step up.
    Fail,
}

/// One person's answer to one question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    pub question: QuestionId,
    /// The digest that the person saw.
    pub digest: Digest,
    pub verdict: Verdict,
    pub by: Person,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// How the reason of a rejection begins by which a person takes a question back instead of answering it.
pub const TAKEN_BACK: &str = "cancelled";

impl Decided {
    /// Whether it took the question back: a rejection that says so, `cancelled` or `cancelled: why`.
    #[must_use]
    pub fn takes_back(&self) -> bool {
        let rest = self.reason.as_deref().and_then(|reason| reason.strip_prefix(TAKEN_BACK));
        self.verdict == Verdict::Reject && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(": "))
    }
}

/// A decision that took effect; kept with the closed question so that every later caller is told it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decided {
    pub verdict: Verdict,
    pub by: String,
    pub at: TimeMs,
    pub digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
