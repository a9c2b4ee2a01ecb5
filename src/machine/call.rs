//! What the machine asks of the world, exactly as it will be done, and what comes back. Rendered once, journalled, then performed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::input::Price;
use super::tagged::tagged;
use crate::flow::spec::EffectClass;
use crate::flow::template::{Part, Text};
use crate::ids::{Digest, NanoUsd};

/// One call, fixed to the byte.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Call {
    pub request: Request,
    pub effect: EffectClass,
    /// After this many milliseconds the runner gives up; once anything was sent, the outcome of a `once` call is then unknown.
    pub timeout_ms: u64,
    /// Sent as `Idempotency-Key` where the class is not `read`; the same for every attempt of a visit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// Answered by this script instead of the world (rehearsal, sandbox).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Script>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    Llm(LlmRequest),
    Http(HttpRequest),
    Mcp(McpRequest),
    Builtin { name: String, args: Value },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LlmRequest {
    /// `provider/model`.
    pub model: String,
    pub messages: Vec<Message>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolDefinition>,
    /// JSON Schema that the answer must fit; the machine checks it, the runner passes it on to the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    pub max_tokens: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Message {
    System {
        text: String,
    },
    User {
        text: String,
    },
    Assistant {
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<ToolUse>,
    },
    /// The observation of one tool call.
    Tool {
        id: String,
        name: String,
        text: String,
    },
}

tagged!(Message, "role");

/// A tool call that a model asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolUse {
    /// The provider's id; passed back, never used as an identity of ours.
    pub id: String,
    pub name: String,
    pub args: Value,
}

/// A tool as a model sees it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToolDefinition {
    pub name: String,
    pub description: String,
    /// JSON Schema of the arguments.
    pub args: Value,
}

impl ToolDefinition {
    /// What a pin of this definition compares.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_json(&serde_json::json!({"name": self.name, "description": self.description, "args": self.args}))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    pub method: String,
    pub url: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, Text)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, Text)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
}

/// Exactly these bytes are sent, each secret's value put in its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Body {
    pub content_type: String,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct McpRequest {
    pub server: String,
    pub tool: String,
    pub args: Value,
    /// The definition that was pinned at the start; the runner refuses a changed one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Digest>,
}

/// A scripted answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Script {
    pub answer: ScriptAnswer,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub delay_ms: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScriptAnswer {
    Output(Value),
    /// A model's turn that asks for tools.
    Turn {
        text: String,
        calls: Vec<ToolUse>,
    },
    Error {
        code: String,
        message: String,
        retryable: bool,
    },
    /// Nothing was scripted: the rehearsal model makes an answer up (models), or the call fails saying so (everything else).
    Improvise,
}

fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Done {
        answer: Answer,
        #[serde(default)]
        usage: Usage,
    },
    /// Nothing happened in the world, or repeating is harmless: failure before the first byte was sent, 408, 429; for `read` and
    /// `idempotent` also 5xx and cut connections.
    Retryable {
        error: CallError,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_ms: Option<u64>,
    },
    /// It was answered, and the answer is no.
    Permanent { error: CallError },
    /// It may have happened.
    Unknown { error: CallError },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Of `http` (the parsed JSON body, or text), `mcp`, `builtin`.
    Value(Value),
    Model {
        text: String,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        calls: Vec<ToolUse>,
    },
}

/// The error as data: what `steps.x.error` shows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CallError {
    /// Stable, snake case: `http_404`, `timeout`, `connect`, `outbound_refused`, …; listed in docs/errors.md.
    pub code: String,
    pub message: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the other side answered, where that helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl CallError {
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into(), status: None, data: None }
    }
}

/// What a model call used. `input` includes `cached`; `output` includes `reasoning`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    pub input_tokens: u64,
    pub output_tokens: u64,
    #[serde(default)]
    pub cached_tokens: u64,
    #[serde(default)]
    pub cache_write_tokens: u64,
    #[serde(default)]
    pub reasoning_tokens: u64,
    /// By the price table of the runner; 0 where the model has no price.
    #[serde(default)]
    pub cost: NanoUsd,
}

/// What was used, by direction. Goes with a sum of tokens and a sum of cost: the parts add up to those.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Used {
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Of the input.
    #[serde(default)]
    pub cached_tokens: u64,
    /// Of the output.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reasoning_tokens: u64,
    #[serde(default)]
    pub input_cost: NanoUsd,
    #[serde(default)]
    pub output_cost: NanoUsd,
}

impl Used {
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens + other.input_tokens,
            output_tokens: self.output_tokens + other.output_tokens,
            cached_tokens: self.cached_tokens + other.cached_tokens,
            reasoning_tokens: self.reasoning_tokens + other.reasoning_tokens,
            input_cost: self.input_cost.plus(other.input_cost),
            output_cost: self.output_cost.plus(other.output_cost),
        }
    }
}

impl Usage {
    /// By direction: what the input cost at this price, and the rest of the cost for the output.
    #[must_use]
    pub fn split(&self, price: Option<&Price>) -> Used {
        let fresh = self.input_tokens.saturating_sub(self.cached_tokens);
        let input = price.map_or(0, |price| {
            let cached = self.cached_tokens.saturating_mul(price.cached.0);
            fresh.saturating_mul(price.input.0).saturating_add(cached)
        });
        let input_cost = NanoUsd(input).min(self.cost);
        Used {
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cached_tokens: self.cached_tokens,
            reasoning_tokens: self.reasoning_tokens,
            input_cost,
            output_cost: self.cost.minus(input_cost),
        }
    }
}
