//! What can happen to an execution. Every input carries its time and its randomness.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{CallError, Message, Outcome, ToolDefinition};
use super::guidance::Guidance;
use super::question::{Decision, Person};
use super::summary::Ended;
use crate::flow::spec::RehearsalSpec;
use crate::ids::{BootId, CallId, Digest, ExecutionId, NanoUsd, Tenant, TimeMs};

/// One input. `now` may lie before the last one's; the machine then goes on with the later time.
#[derive(Clone, Debug)]
pub struct Input {
    pub now: TimeMs,
    /// For jitter; recorded where used.
    pub entropy: u64,
    /// The life of the process that feeds this input; recorded with every call it starts.
    pub boot: BootId,
    pub body: Body,
}

#[derive(Clone, Debug)]
pub enum Body {
    /// Only on an execution without events.
    Start(Box<Start>),
    /// The last turn hit `TURN_TRANSITIONS_MAX`.
    Continue,
    Outcome {
        call: CallId,
        outcome: Outcome,
    },
    /// The process that performed this call is gone.
    Lost {
        call: CallId,
    },
    /// A deadline of this execution may be due.
    Timers,
    Decide(Decision),
    Signal(Signal),
    Cancel {
        reason: String,
        by: Person,
    },
    /// A person stops waiting for a signal: what listens fails.
    CancelWait {
        reason: String,
        by: Person,
    },
    /// A person holds the execution.
    Pause {
        reason: String,
        by: Person,
    },
    /// A person lets it go on.
    Unpause {
        by: Person,
    },
    /// The child exists (answers `Effect::StartChild`).
    ChildAccepted {
        child: ExecutionId,
    },
    /// The child cannot be started (unknown agent, refused input): its step fails.
    ChildRefused {
        child: ExecutionId,
        code: String,
        message: String,
    },
    ChildEnded {
        child: ExecutionId,
        ended: Ended,
    },
    /// The parent has journalled our end (answers `Effect::TellParent`).
    ParentTold,
}

/// A named message from outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Unique per execution; a repeated one is answered like the first.
    pub id: String,
    pub name: String,
    pub payload: Value,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    #[default]
    Production,
    /// Each step's sandbox variant; steps without one run for real.
    Sandbox,
    /// Nothing leaves the process: every `llm`, `agent`, `http` and `mcp` step is answered by a script.
    Rehearsal,
    /// Models and reads are real; nothing that changes the world is called: a script answers for it, or the call is refused.
    Evaluation,
}

impl Mode {
    #[must_use]
    pub fn is_production(&self) -> bool {
        *self == Self::Production
    }
}

/// The environment where executions run unless a request says otherwise. Every tenant has it.
pub const PRODUCTION: &str = "production";

/// What an execution is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    #[default]
    Production,
    /// Somebody tries the flow out; lists and statistics leave it aside unless they are asked for it.
    Test,
    /// A dataset measures the flow: kept apart like a test, and apart from tests; nobody is told of it.
    Evaluation,
}

impl Purpose {
    pub const ALL: [Self; 3] = [Self::Production, Self::Test, Self::Evaluation];

    #[must_use]
    pub fn is_production(&self) -> bool {
        *self == Self::Production
    }
}

/// What started an execution, where that was not a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    pub kind: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// A file that came with the start, as flows see it: `context.attachments[i]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    pub id: String,
    pub name: String,
    pub content_type: String,
    pub bytes: u64,
    /// What could be read of it as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Everything that is fixed at the start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    /// The agent's (flow's) name.
    pub flow: String,
    /// In the local catalog: 1 for the first content seen under this name, and so on.
    pub revision: u32,
    /// Of the normalised flow; the plan that walks this execution has it.
    pub digest: Digest,
    /// The rules that `decide` follows; 1.
    pub semantics: u32,
    pub input: Value,
    /// The key of the entry that the execution comes in by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<String>,
    #[serde(default)]
    pub config: Value,
    #[serde(default)]
    pub mode: Mode,
    /// Scripted answers beside the flow's own `sandbox:`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<RehearsalSpec>,
    pub starter: Person,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Every agent that this execution can reach, to the revision it will run.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub pins: BTreeMap<String, Pin>,
    /// The tools of every MCP server that this execution can call.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, Vec<ToolDefinition>>,
    /// Prices of the models that this execution can call, by model; a model that is absent has none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
    /// Narrower than the flow's own limits: what the parent could spare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
    /// For `retry` and `fork`: the execution it came from, and results that stand from the beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    #[serde(default, skip_serializing_if = "Purpose::is_production")]
    pub purpose: Purpose,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<Trigger>,
    /// Whatever the starter wants to find the execution by.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Earlier turns of the session; every `llm` and `agent` step sees them before its prompt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<Message>,
    /// What the caller says about model calls, beside the flow.
    #[serde(default, skip_serializing_if = "Guidance::is_nothing")]
    pub guidance: Guidance,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<Attachment>,
    /// Set: the start is recorded and nothing of it runs; it ends as rejected, with this error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<CallError>,
}

impl Start {
    /// The history as a model is shown it: what was said, without instructions and tool calls of then.
    pub fn turns(&self) -> impl Iterator<Item = Message> + '_ {
        self.history.iter().filter_map(|message| match message {
            Message::User { .. } => Some(message.clone()),
            Message::Assistant { text, .. } => Some(Message::Assistant { text: text.clone(), calls: Vec::new() }),
            Message::System { .. } | Message::Tool { .. } => None,
        })
    }

    /// What flows read as `context`: what was given, with the attachments in it unless it uses that name itself.
    #[must_use]
    pub fn shown_context(&self) -> Option<Value> {
        if self.attachments.is_empty() {
            return self.context.clone();
        }
        let mut context = self.context.clone().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        if let Value::Object(fields) = &mut context
            && !fields.contains_key("attachments")
        {
            fields.insert("attachments".to_owned(), serde_json::to_value(&self.attachments).unwrap_or_default());
        }
        Some(context)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    pub revision: u32,
    pub digest: Digest,
    /// The agent's own limits: what one execution of it may use at most, and therefore all that its parent has to hold back for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<NanoUsd>,
}

impl Pin {
    /// A revision without limits of its own.
    #[must_use]
    pub fn new(revision: u32, digest: Digest) -> Self {
        Self { revision, digest, tokens: None, cost: None }
    }
}

/// What a token of a model costs, and by which table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub input: NanoUsd,
    pub output: NanoUsd,
    #[serde(default)]
    pub cached: NanoUsd,
    /// The table's version, for the trace.
    pub version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    pub execution: ExecutionId,
    /// 1 for a child of a root.
    pub depth: u32,
    /// The execution at the top, which somebody started; absent in journals of before it was recorded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<ExecutionId>,
}

impl Parent {
    /// The execution at the top, as far as it is known.
    #[must_use]
    pub fn top(&self) -> Option<ExecutionId> {
        self.root.or_else(|| (self.depth == 1).then_some(self.execution))
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowance {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<NanoUsd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<TimeMs>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Origin {
    pub execution: ExecutionId,
    /// The attempt from which it departs: `path/step#visit.attempt`.
    pub attempt: String,
    /// `retry` or `fork`.
    pub kind: OriginKind,
    pub given: Vec<Given>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OriginKind {
    Retry,
    Fork,
}

/// A step's result taken over from another execution: the step is not run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Given {
    /// `path/step#visit`.
    pub visit: String,
    pub port: String,
    pub output: Value,
}
