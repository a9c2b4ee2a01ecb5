//! A chat completion as it is answered whole.

use schemars::JsonSchema;
use serde::Serialize;

use super::state::{Extension, Outcome, Shown, ToolCall, Used};
use crate::api::problem::Problem;

/// In front of an execution's id.
pub const ID: &str = "chatcmpl-";

/// An answer.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiCompletion")]
pub struct Completion {
    pub id: String,
    pub object: &'static str,
    /// Seconds since 1970.
    pub created: u64,
    /// With the revision that ran.
    pub model: String,
    pub choices: Vec<Choice>,
    pub usage: Usage,
    pub service_tier: Option<String>,
    pub system_fingerprint: Option<String>,
    pub flowgate: Extension,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiChoice")]
pub struct Choice {
    pub index: u32,
    pub message: AnswerMessage,
    pub logprobs: Option<()>,
    /// `stop`, `tool_calls`; null while it runs.
    pub finish_reason: Option<&'static str>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiAnswerMessage")]
pub struct AnswerMessage {
    pub role: &'static str,
    pub content: Option<String>,
    pub refusal: Option<String>,
    pub annotations: Vec<()>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<CallObject>,
}

/// A call that the caller answers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiToolCall")]
pub struct CallObject {
    pub id: String,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub function: CalledFunction,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiCalledFunction")]
pub struct CalledFunction {
    pub name: String,
    /// JSON.
    pub arguments: String,
}

/// Over the whole execution so far.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiCompletionUsage")]
pub struct Usage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
    pub prompt_tokens_details: PromptDetails,
    pub completion_tokens_details: CompletionDetails,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiPromptDetails")]
pub struct PromptDetails {
    pub cached_tokens: u64,
    pub audio_tokens: u64,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiCompletionDetails")]
pub struct CompletionDetails {
    pub reasoning_tokens: u64,
    pub audio_tokens: u64,
    pub accepted_prediction_tokens: u64,
    pub rejected_prediction_tokens: u64,
}

impl From<Used> for Usage {
    fn from(used: Used) -> Self {
        Self {
            prompt_tokens: used.input,
            completion_tokens: used.output,
            total_tokens: used.input + used.output,
            prompt_tokens_details: PromptDetails { cached_tokens: used.cached, audio_tokens: 0 },
            completion_tokens_details: CompletionDetails {
                reasoning_tokens: used.reasoning,
                audio_tokens: 0,
                accepted_prediction_tokens: 0,
                rejected_prediction_tokens: 0,
            },
        }
    }
}

impl From<ToolCall> for CallObject {
    fn from(call: ToolCall) -> Self {
        Self { id: call.id, kind: "function", function: CalledFunction { name: call.name, arguments: call.arguments } }
    }
}

/// What a choice says, and why it ends there; none: it has not come to anything yet.
pub fn said(shown: &Shown) -> (Option<String>, Vec<ToolCall>, Option<&'static str>) {
    match &shown.outcome {
        Outcome::Answered(text) => (Some(text.clone()), Vec::new(), Some("stop")),
        Outcome::Calls(calls) => (None, calls.clone(), Some("tool_calls")),
        Outcome::Waiting => (Some(shown.why_it_waits()), Vec::new(), Some("stop")),
        Outcome::Running | Outcome::Failed(_) | Outcome::Cancelled => (None, Vec::new(), None),
    }
}

/// # Errors
/// 422 for an execution that ended without an answer: this wire has no word for it.
pub fn of(shown: &Shown) -> Result<Completion, Problem> {
    if let Some(problem) = shown.failure() {
        return Err(problem);
    }
    let (content, calls, finish_reason) = said(shown);
    let tool_calls = calls.into_iter().map(CallObject::from).collect();
    let message = AnswerMessage { role: "assistant", content, refusal: None, annotations: Vec::new(), tool_calls };
    Ok(Completion {
        id: shown.id(ID),
        object: "chat.completion",
        created: shown.created(),
        model: shown.model(),
        choices: vec![Choice { index: 0, message, logprobs: None, finish_reason }],
        usage: shown.used.into(),
        service_tier: None,
        system_fingerprint: None,
        flowgate: shown.extension.clone(),
    })
}
