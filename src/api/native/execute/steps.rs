//! The trace as the contract shows it: attempts become steps, calls of an agent and items of a map stand inside the step they belong
//! to. Made from the machine's trace, which is folded from the journal; nothing is kept.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::route::Free;
use crate::machine::event::CheckVerdict;
use crate::machine::{
    self,
    trace::{Attempt, Homes, What},
};

/// One step of a trace.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// `path/step#visit.attempt`: names the attempt, stably, everywhere.
    pub id: String,
    pub display_name: String,
    /// `FLOW_STEP`, `LLM_STEP`, `TOOL`, `HITL`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub llm_step_trace: Option<LlmTrace>,
    pub tool_trace: Option<ToolTrace>,
    pub hitl_trace: Option<HitlTrace>,
    pub steps: Vec<Step>,
    pub result: Option<StepResult>,
    /// `SUCCESS`, `ERROR`, or `UNSPECIFIED` while it is open.
    pub status: &'static str,
    /// The engine's word: `running`, `waiting`, `completed`, `failed`, `cancelled`, `in_doubt`, `lost`.
    pub state: String,
    pub error: Option<String>,
    /// Milliseconds since 1970; 0: not begun.
    pub start_time: u64,
    /// 0: open.
    pub end_time: u64,
    pub duration: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub total_cost: f64,
    /// What validators said of the answer, in order; only where there are some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<CheckTrace>,
}

/// What one validator said.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckTrace {
    /// 1 for the first answer; each correction is one more.
    pub cycle: u32,
    pub validator: String,
    /// `pass`, `retry`, `stop`.
    pub verdict: String,
    pub score: Option<f64>,
    pub feedback: Option<String>,
}

/// What a model was asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LlmTrace {
    pub provider_id: String,
    pub model: String,
    /// As they were sent.
    pub messages: Vec<Free>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
}

/// What a tool was asked.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ToolTrace {
    pub display_name: String,
    /// `http`, `mcp`, `builtin`, `flow`.
    pub tool_type: String,
    /// Secrets are masked.
    pub parameters: Map<String, Value>,
    pub tool: Tool,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Tool {
    pub id: String,
    pub name: String,
    /// The MCP server, where there is one.
    pub integration_id: Option<String>,
}

/// What a person was asked, and said.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct HitlTrace {
    pub approval_request_id: Option<String>,
    pub title: Option<String>,
    /// The decision that took effect.
    pub decision: Free,
}

/// What came out: as text, as JSON, as a file.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StepResult {
    pub str_value: Option<String>,
    pub json_value: Free,
    pub file_link: Option<String>,
}

impl StepResult {
    #[must_use]
    pub fn of(value: &Value) -> Self {
        match value {
            Value::String(text) => Self { str_value: Some(text.clone()), ..Self::default() },
            Value::Null => Self::default(),
            value => Self { str_value: Some(value.to_string()), json_value: Free(value.clone()), file_link: None },
        }
    }
}

/// Attempts as a tree, in the order of the journal. Steps that never ran are left out.
#[must_use]
pub fn tree(attempts: &[Attempt]) -> Vec<Step> {
    let shown: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.status != "dead").collect();
    let mut homes = Homes::default();
    let mut parents = Vec::with_capacity(shown.len());
    for (index, attempt) in shown.iter().enumerate() {
        parents.push(homes.of(&attempt.path));
        homes.begin(&attempt.path, &attempt.step, index);
    }
    let mut steps: Vec<Option<Step>> = shown.iter().map(|attempt| Some(step(attempt))).collect();
    // From the last to the first: a step has all of its own, last to first, before it goes into its parent.
    for index in (0..steps.len()).rev() {
        if let Some(Some(step)) = steps.get_mut(index) {
            step.steps.reverse();
        }
        let Some(parent) = parents[index] else { continue };
        let Some(child) = steps[index].take() else { continue };
        if let Some(Some(parent)) = steps.get_mut(parent) {
            parent.steps.push(child);
        }
    }
    steps.into_iter().flatten().collect()
}

/// One attempt by itself. `what` was done in it is known also where what went in was not read.
#[must_use]
pub fn attempt(attempt: &Attempt, what: What) -> Step {
    Step { kind: type_of(what), ..step(attempt) }
}

/// The contract's word for what was done.
#[must_use]
pub fn type_of(what: What) -> &'static str {
    match what {
        What::Model => "LLM_STEP",
        What::Tool => "TOOL",
        What::Person => "HITL",
        What::Own => "FLOW_STEP",
    }
}

fn check(check: &machine::trace::Check) -> CheckTrace {
    let verdict = match check.verdict {
        CheckVerdict::Pass => "pass",
        CheckVerdict::Retry => "retry",
        CheckVerdict::Stop => "stop",
    };
    let (validator, feedback) = (check.validator.clone(), check.feedback.clone());
    CheckTrace { cycle: check.cycle, validator, verdict: verdict.to_owned(), score: check.score, feedback }
}

fn step(attempt: &Attempt) -> Step {
    let start_time = attempt.started_at_ms.map_or(0, |at| at.0);
    let end_time = attempt.ended_at_ms.map_or(0, |at| at.0);
    let llm_step_trace = llm(attempt);
    let tool_trace = tool(attempt);
    let hitl_trace = hitl(attempt);
    let kind = if llm_step_trace.is_some() {
        "LLM_STEP"
    } else if hitl_trace.is_some() {
        "HITL"
    } else if tool_trace.is_some() {
        "TOOL"
    } else {
        "FLOW_STEP"
    };
    Step {
        id: attempt.name(),
        display_name: attempt.step.clone(),
        kind,
        llm_step_trace,
        tool_trace,
        hitl_trace,
        steps: Vec::new(),
        result: (!attempt.output.is_null()).then(|| StepResult::of(&attempt.output)),
        status: match attempt.status.as_str() {
            "completed" => "SUCCESS",
            "failed" | "in_doubt" | "lost" => "ERROR",
            _ => "UNSPECIFIED",
        },
        state: attempt.status.clone(),
        error: attempt.error.as_ref().map(|error| format!("{}: {}", error.code, error.message)),
        start_time,
        end_time,
        duration: if end_time == 0 { 0 } else { end_time.saturating_sub(start_time) },
        input_tokens: attempt.usage.input_tokens,
        output_tokens: attempt.usage.output_tokens,
        total_cost: attempt.cost_usd,
        checks: attempt.checks.iter().map(check).collect(),
    }
}

fn llm(attempt: &Attempt) -> Option<LlmTrace> {
    let request = attempt.input.get("llm")?;
    let model = attempt.model.clone().or_else(|| request["model"].as_str().map(str::to_owned)).unwrap_or_default();
    let (provider, name) = model.split_once('/').unwrap_or(("", &model));
    Some(LlmTrace {
        provider_id: provider.to_owned(),
        model: name.to_owned(),
        messages: request["messages"].as_array().cloned().unwrap_or_default().into_iter().map(Free).collect(),
        input_tokens: attempt.usage.input_tokens,
        output_tokens: attempt.usage.output_tokens,
        cached_tokens: attempt.usage.cached_tokens,
    })
}

fn tool(attempt: &Attempt) -> Option<ToolTrace> {
    let about = |tool_type: &str, parameters: Value, name: &str, integration_id: Option<&str>| ToolTrace {
        display_name: attempt.step.clone(),
        tool_type: tool_type.to_owned(),
        parameters: if let Value::Object(fields) = parameters { fields } else { Map::new() },
        tool: Tool { id: name.to_owned(), name: name.to_owned(), integration_id: integration_id.map(str::to_owned) },
    };
    let input = &attempt.input;
    if let Some(http) = input.get("http") {
        return Some(about("http", http.clone(), &attempt.step, None));
    }
    if let Some(mcp) = input.get("mcp") {
        return Some(about("mcp", mcp["args"].clone(), mcp["tool"].as_str().unwrap_or_default(), mcp["server"].as_str()));
    }
    if let Some(builtin) = input.get("builtin") {
        return Some(about("builtin", builtin["args"].clone(), builtin["name"].as_str().unwrap_or_default(), None));
    }
    let child = input.get("agent").filter(|_| attempt.kind == "flow" || attempt.kind == "tool")?;
    Some(about("flow", input["input"].clone(), child.as_str().unwrap_or_default(), None))
}

fn hitl(attempt: &Attempt) -> Option<HitlTrace> {
    let question = attempt.input.get("question")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Some(HitlTrace { approval_request_id: text(question), title: text(&attempt.input["title"]), decision: Free(attempt.output.clone()) })
}
