//! A response of `/v1/responses`: an execution with everything that started it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::errors::EXTENSION;
use super::state::{Extension, Outcome, Shown, ToolCall, Used};

/// In front of an execution's id.
pub const ID: &str = "resp_";
/// What the context of the execution calls the response before it.
pub const PREVIOUS: &str = "previous_response_id";

/// A response as it stands. Every field is there.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiResponse")]
pub struct ResponseObject {
    pub id: String,
    pub object: &'static str,
    /// Seconds since 1970.
    pub created_at: u64,
    pub completed_at: Option<u64>,
    /// `in_progress` (also while it waits for a person), `completed`, `failed`, `cancelled`.
    pub status: &'static str,
    pub background: bool,
    pub error: Option<ResponseError>,
    pub incomplete_details: Option<()>,
    pub instructions: Option<String>,
    pub max_output_tokens: Option<u64>,
    pub max_tool_calls: Option<u64>,
    /// With the revision that ran.
    pub model: String,
    pub output: Vec<Item>,
    pub parallel_tool_calls: bool,
    pub previous_response_id: Option<String>,
    pub prompt_cache_key: Option<String>,
    pub reasoning: Map<String, Value>,
    pub safety_identifier: Option<String>,
    pub service_tier: &'static str,
    pub store: bool,
    pub temperature: Option<f64>,
    pub text: Map<String, Value>,
    pub tool_choice: &'static str,
    pub tools: Vec<ToolObject>,
    pub top_logprobs: u32,
    pub top_p: Option<f64>,
    pub truncation: &'static str,
    /// Null until it has an end.
    pub usage: Option<Usage>,
    pub user: Option<String>,
    pub metadata: BTreeMap<String, String>,
    pub flowgate: Extension,
}

/// Why it failed.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiResponseError")]
pub struct ResponseError {
    pub code: String,
    pub message: String,
}

/// One piece of what came out.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schemars(rename = "OpenAiItem")]
pub enum Item {
    Message {
        id: String,
        status: &'static str,
        role: &'static str,
        content: Vec<TextPart>,
    },
    /// A call that the caller answers with a `function_call_output` of the same `call_id`.
    FunctionCall {
        id: String,
        status: &'static str,
        call_id: String,
        name: String,
        arguments: String,
    },
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiTextPart")]
pub struct TextPart {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub text: String,
    pub annotations: Vec<()>,
    pub logprobs: Vec<()>,
}

/// A tool of the caller, as it was sent.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiToolObject")]
pub struct ToolObject {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub name: String,
    pub description: String,
    pub parameters: Value,
    pub strict: bool,
}

/// Over the whole execution so far.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiResponseUsage")]
pub struct Usage {
    pub input_tokens: u64,
    pub input_tokens_details: InputDetails,
    pub output_tokens: u64,
    pub output_tokens_details: OutputDetails,
    pub total_tokens: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiInputDetails")]
pub struct InputDetails {
    pub cached_tokens: u64,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiOutputDetails")]
pub struct OutputDetails {
    pub reasoning_tokens: u64,
}

impl From<Used> for Usage {
    fn from(used: Used) -> Self {
        Self {
            input_tokens: used.input,
            input_tokens_details: InputDetails { cached_tokens: used.cached },
            output_tokens: used.output,
            output_tokens_details: OutputDetails { reasoning_tokens: used.reasoning },
            total_tokens: used.input + used.output,
        }
    }
}

/// The message of a response, with this much of its text.
pub fn message(shown: &Shown, status: &'static str, content: Vec<TextPart>) -> Item {
    Item::Message { id: shown.id("msg_"), status, role: "assistant", content }
}

pub fn part(text: &str) -> TextPart {
    TextPart { kind: "output_text", text: text.to_owned(), annotations: Vec::new(), logprobs: Vec::new() }
}

pub fn function_call(call: &ToolCall, status: &'static str, arguments: &str) -> Item {
    let id = call.id.replacen("call_", "fc_", 1);
    Item::FunctionCall { id, status, call_id: call.id.clone(), name: call.name.clone(), arguments: arguments.to_owned() }
}

fn output(shown: &Shown) -> Vec<Item> {
    match &shown.outcome {
        Outcome::Answered(text) => vec![message(shown, "completed", vec![part(text)])],
        Outcome::Calls(calls) => calls.iter().map(|call| function_call(call, "completed", &call.arguments)).collect(),
        Outcome::Waiting | Outcome::Running | Outcome::Failed(_) | Outcome::Cancelled => Vec::new(),
    }
}

/// Tool calls end a response; the caller's answers make another one of the same execution.
fn status(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Answered(_) | Outcome::Calls(_) => "completed",
        Outcome::Waiting | Outcome::Running => "in_progress",
        Outcome::Failed(_) => "failed",
        Outcome::Cancelled => "cancelled",
    }
}

pub fn of(shown: &Shown) -> ResponseObject {
    let (start, summary) = (&shown.snapshot.start, &shown.snapshot.summary);
    let context = start.context.as_ref().unwrap_or(&Value::Null);
    let metadata = context["metadata"].as_object().into_iter().flatten();
    let error = match &shown.outcome {
        Outcome::Failed(error) => Some(ResponseError { code: error.code.clone(), message: error.message.clone() }),
        Outcome::Answered(_) | Outcome::Calls(_) | Outcome::Waiting | Outcome::Running | Outcome::Cancelled => None,
    };
    let tools = start.guidance.tools.iter().map(|tool| ToolObject {
        kind: "function",
        name: tool.name.clone(),
        description: tool.description.clone(),
        parameters: tool.args.clone(),
        strict: false,
    });
    let status = status(&shown.outcome);
    ResponseObject {
        id: shown.id(ID),
        object: "response",
        created_at: shown.created(),
        completed_at: summary.ended_at.map(|at| at.0 / 1_000),
        status,
        background: context["background"].as_bool().unwrap_or(false),
        error,
        incomplete_details: None,
        instructions: start.guidance.system.clone(),
        max_output_tokens: start.guidance.max_tokens,
        max_tool_calls: None,
        model: shown.model(),
        output: output(shown),
        parallel_tool_calls: true,
        previous_response_id: context[PREVIOUS].as_str().map(str::to_owned),
        prompt_cache_key: None,
        reasoning: Map::from_iter([("effort".to_owned(), Value::Null), ("summary".to_owned(), Value::Null)]),
        safety_identifier: None,
        service_tier: "default",
        store: true,
        temperature: start.guidance.temperature,
        text: Map::from_iter([("format".to_owned(), json!({"type": "text"}))]),
        tool_choice: "auto",
        tools: tools.collect(),
        top_logprobs: 0,
        top_p: None,
        truncation: "disabled",
        usage: (status != "in_progress").then(|| shown.used.into()),
        user: context["user"].as_str().map(str::to_owned),
        metadata: metadata.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect(),
        flowgate: shown.extension.clone(),
    }
}

/// A response before anything of it came out, for the first events of its stream.
pub fn begun(shown: &Shown) -> Value {
    let mut response = serde_json::to_value(of(shown)).unwrap_or_default();
    for (field, value) in [("status", json!("in_progress")), ("output", json!([])), ("usage", Value::Null), ("completed_at", Value::Null)] {
        response[field] = value;
    }
    response[EXTENSION]["status"] = json!("running");
    response
}
