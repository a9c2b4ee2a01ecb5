//! Scripted answers: what a step's `sandbox:` and a `.rehearsal.yaml` may say. How they are played belongs to the machine.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Duration, Table};

/// The sandbox variant of a step: scripted answers. Also the shape of an entry of a `.rehearsal.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxSpec {
    /// The same answer every time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// One answer per visit (and, failing that, per attempt); the last one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outputs: Option<Vec<Value>>,
    /// Fails instead, with this error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<SandboxErrorSpec>,
    /// How long the answer takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delay: Option<Duration>,
    /// On an `agent` step: the model's turns, in order; the last one repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Vec<SandboxTurnSpec>>,
    /// On an `agent` step: answers per tool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tools: Option<Table<SandboxSpec>>,
    /// Answers of the step's validators, by their names, one of `outputs` per cycle; before those that stand at the validators themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validators: Option<Table<SandboxSpec>>,
}

/// One turn of a rehearsed agent: calls, or the final answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxTurnSpec {
    /// The thought beside the calls, or the final text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The final answer where the agent declares an `output` schema.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<SandboxCallSpec>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxCallSpec {
    pub tool: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SandboxErrorSpec {
    pub code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retryable: bool,
    /// Only this many times, then the output; absent: every time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
}

/// A `.rehearsal.yaml` beside a flow: step ids to scripted answers (map bodies: `map/step`).
pub type RehearsalSpec = Table<SandboxSpec>;
