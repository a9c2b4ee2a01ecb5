//! Between our requests and answers and the library's.

use genai::chat::{
    ChatMessage, ChatOptions, ChatRequest, ChatResponseFormat, ContentPart, JsonSpec, MessageContent, Tool, ToolCall, ToolResponse,
};

use crate::machine::call::{LlmRequest, Message, ToolUse, Usage};

/// Occurs neither in ids nor in signatures, which are base64.
const SIGNATURE_MARK: &str = "\n";

pub fn chat(request: &LlmRequest) -> ChatRequest {
    let chat = ChatRequest::new(request.messages.iter().map(message).collect());
    if request.tools.is_empty() {
        return chat;
    }
    chat.with_tools(
        request.tools.iter().map(|tool| Tool::new(tool.name.as_str()).with_description(&tool.description).with_schema(tool.args.clone())),
    )
}

pub fn options(request: &LlmRequest) -> ChatOptions {
    let mut options = ChatOptions::default()
        .with_capture_usage(true)
        .with_capture_content(true)
        .with_capture_tool_calls(true)
        .with_max_tokens(u32::try_from(request.max_tokens).unwrap_or(u32::MAX));
    if let Some(temperature) = request.temperature {
        options = options.with_temperature(temperature);
    }
    if let Some(schema) = &request.output {
        options = options.with_response_format(ChatResponseFormat::JsonSpec(JsonSpec::new("answer", schema.clone())));
    }
    options
}

fn message(message: &Message) -> ChatMessage {
    match message {
        Message::System { text } => ChatMessage::system(text.as_str()),
        Message::User { text } => ChatMessage::user(text.as_str()),
        Message::Assistant { text, calls } => {
            let mut parts = Vec::with_capacity(calls.len() + 1);
            // Some providers refuse an empty text beside calls.
            if !text.is_empty() || calls.is_empty() {
                parts.push(ContentPart::Text(text.clone()));
            }
            parts.extend(calls.iter().map(|call| ContentPart::ToolCall(tool_call(call))));
            ChatMessage::assistant(MessageContent::from_parts(parts))
        }
        Message::Tool { id, name, text } => ToolResponse::new(provider_id(id), text.as_str()).with_fn_name(name.as_str()).into(),
    }
}

fn tool_call(call: &ToolUse) -> ToolCall {
    let mut parts = call.id.split(SIGNATURE_MARK).map(ToOwned::to_owned);
    let call_id = parts.next().unwrap_or_default();
    let signatures: Vec<String> = parts.collect();
    let thought_signatures = (!signatures.is_empty()).then_some(signatures);
    ToolCall { call_id, fn_name: call.name.clone(), fn_arguments: call.args.clone(), thought_signatures }
}

/// The id that is kept with a call: the provider's, and behind it the signatures that Gemini wants back with the call.
fn kept_id(call: &ToolCall) -> String {
    let signatures = call.thought_signatures.iter().flatten().map(String::as_str);
    std::iter::once(call.call_id.as_str()).chain(signatures).collect::<Vec<_>>().join(SIGNATURE_MARK)
}

fn provider_id(kept: &str) -> &str {
    kept.split(SIGNATURE_MARK).next().unwrap_or(kept)
}

/// Calls as the model asked for them. Arguments that are no JSON stay text; the machine tells the model so.
pub fn calls(calls: Vec<ToolCall>) -> Vec<ToolUse> {
    calls.into_iter().map(|call| ToolUse { id: kept_id(&call), name: call.fn_name, args: call.fn_arguments }).collect()
}

pub fn usage(usage: Option<&genai::chat::Usage>) -> Usage {
    let Some(usage) = usage else { return Usage::default() };
    let count = |count: Option<i32>| count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0);
    let input = usage.prompt_tokens_details.as_ref();
    Usage {
        input_tokens: count(usage.prompt_tokens),
        output_tokens: count(usage.completion_tokens),
        cached_tokens: count(input.and_then(|details| details.cached_tokens)),
        cache_write_tokens: count(input.and_then(|details| details.cache_creation_tokens)),
        reasoning_tokens: count(usage.completion_tokens_details.as_ref().and_then(|details| details.reasoning_tokens)),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_go_back_with_their_call() {
        let signatures = Some(vec!["c2lnMQ==".to_owned(), "c2lnMg==".to_owned()]);
        for thought_signatures in [None, signatures] {
            let call = ToolCall {
                call_id: "call_1".to_owned(),
                fn_name: "now".to_owned(),
                fn_arguments: serde_json::json!({}),
                thought_signatures: thought_signatures.clone(),
            };
            let ours = calls(vec![call]).remove(0);
            assert_eq!(provider_id(&ours.id), "call_1");
            let back = tool_call(&ours);
            assert_eq!((back.call_id.as_str(), back.thought_signatures), ("call_1", thought_signatures));
        }
    }
}
