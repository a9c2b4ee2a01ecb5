//! What a caller says about the model calls of its execution, beside the flow: instructions, another model, how freely and how long it
//! answers. Recorded with the start, so that every call follows from the journal. Children know nothing of it.

use serde::{Deserialize, Serialize};

use super::call::{Message, ToolDefinition};
use crate::flow::plan::LlmTemplate;
use crate::limits;

/// Between the flow's own instructions and the caller's.
const BETWEEN: &str = "\n\n";

/// All of it may be missing: then every call is as the flow says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Guidance {
    /// Joins the system text of every `llm` and `agent` step, behind the flow's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// `provider/model`, instead of the one that the steps name. Judges keep theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Where neither the caller nor the step says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature_default: Option<f64>,
    /// At most this much of an answer; a step that allows less keeps its own bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u64>,
    /// Tools that the caller has: models of `agent` steps with `caller_tools` may call them, and the caller answers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<ToolDefinition>,
    /// Models of `agent` steps are shown no tools, and may call none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub no_tools: bool,
}

impl Guidance {
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// The instructions of one step, the flow's own first.
    #[must_use]
    pub(super) fn instructions(&self, own: Option<String>) -> Option<Message> {
        let text = match (own, &self.system) {
            (Some(own), Some(more)) => own + BETWEEN + more,
            (Some(text), None) => text,
            (None, Some(text)) => text.clone(),
            (None, None) => return None,
        };
        Some(Message::System { text })
    }

    #[must_use]
    pub(super) fn model(&self, llm: &LlmTemplate) -> String {
        self.model.clone().unwrap_or_else(|| llm.model.clone())
    }

    #[must_use]
    pub(super) fn temperature(&self, llm: &LlmTemplate) -> Option<f64> {
        self.temperature.or(llm.temperature).or(self.temperature_default)
    }

    #[must_use]
    pub(super) fn max_tokens(&self, llm: &LlmTemplate) -> u64 {
        match (self.max_tokens, llm.max_tokens) {
            (Some(asked), Some(own)) => asked.min(own),
            (asked, own) => asked.or(own).unwrap_or(limits::ANSWER_TOKENS_DEFAULT),
        }
    }
}
