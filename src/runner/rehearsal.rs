//! Answers without the world: what a script says, or, where nothing was scripted for a model, something that fits. The same call is always
//! answered the same way.

use std::time::Duration;

use serde_json::Value;

use self::instance::instance;
use crate::machine::call::{Answer, Call, CallError, LlmRequest, Message, Outcome, Request, Script, ScriptAnswer, ToolUse, Usage};

mod instance;

/// A rule of thumb that holds for English and most models.
const BYTES_PER_TOKEN: usize = 4;
/// How much of a prompt an improvised answer repeats.
const GIST_CHARS: usize = 120;
/// Pieces in which a rehearsed text arrives, in words.
const WORDS_PER_CHUNK: usize = 4;

/// The scripted answer of the attempt `name`. Dropping the future ends the delay.
pub async fn answer(name: &str, call: &Call, script: &Script, chunks: &mut (dyn FnMut(&str) + Send)) -> Outcome {
    if script.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(script.delay_ms)).await;
    }
    let answer = match &script.answer {
        ScriptAnswer::Output(value) => given(call, value),
        ScriptAnswer::Turn { text, calls } => Answer::Model { text: text.clone(), calls: calls.clone() },
        ScriptAnswer::Error { code, message, retryable } => return scripted_error(code, message, *retryable),
        ScriptAnswer::Improvise => match &call.request {
            Request::Llm(request) => Answer::Model { text: improvised(request), calls: Vec::new() },
            Request::Builtin { name, args } => match super::tool::builtin::run(name, args).await {
                Ok(value) => Answer::Value(value),
                Err(failure) => return failure.judged(call.effect),
            },
            Request::Http(_) | Request::Mcp(_) => return unscripted(name, &call.request),
        },
    };
    if let Answer::Model { text, .. } = &answer {
        stream(text, chunks);
    }
    Outcome::Done { usage: usage(call, &answer), answer }
}

fn given(call: &Call, value: &Value) -> Answer {
    if matches!(call.request, Request::Llm(_)) {
        let text = value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
        Answer::Model { text, calls: Vec::new() }
    } else {
        Answer::Value(value.clone())
    }
}

fn scripted_error(code: &str, message: &str, retryable: bool) -> Outcome {
    let error = CallError::new(code, message);
    if retryable { Outcome::Retryable { error, retry_after_ms: None } } else { Outcome::Permanent { error } }
}

fn unscripted(name: &str, request: &Request) -> Outcome {
    let what = match request {
        Request::Http(request) => format!("{} {}", request.method, request.url),
        Request::Mcp(request) => format!("the tool {} of {}", request.tool, request.server),
        Request::Llm(request) => request.model.clone(),
        Request::Builtin { name, .. } => name.clone(),
    };
    let step = step_of(name);
    let message = format!(
        "nothing is scripted for {name} ({what}), and a rehearsal calls nobody; add `sandbox: {{output: …}}` to the step, or an entry \
         `{step}: {{output: …}}` to the .rehearsal.yaml beside the flow"
    );
    Outcome::Permanent { error: CallError::new("no_rehearsal", message) }
}

/// `map[3]/step#2.1` without the visit and attempt, and without the items' numbers: the name that a rehearsal file uses.
fn step_of(name: &str) -> String {
    let mut step = String::new();
    for part in name.split('/') {
        if !step.is_empty() {
            step.push('/');
        }
        step.push_str(part.split(['#', '[']).next().unwrap_or(part));
    }
    step
}

fn improvised(request: &LlmRequest) -> String {
    if let Some(schema) = &request.output {
        return instance(schema).to_string();
    }
    let asked = request.messages.iter().rev().find_map(|message| match message {
        Message::User { text } => Some(text.as_str()),
        Message::Tool { .. } | Message::System { .. } | Message::Assistant { .. } => None,
    });
    let words: Vec<&str> = asked.unwrap_or_default().split_whitespace().collect();
    let gist: String = words.join(" ").chars().take(GIST_CHARS).collect();
    format!("Rehearsed answer to: {gist}")
}

fn stream(text: &str, chunks: &mut (dyn FnMut(&str) + Send)) {
    let words: Vec<&str> = text.split_inclusive(' ').collect();
    for chunk in words.chunks(WORDS_PER_CHUNK) {
        chunks(&chunk.concat());
    }
}

/// Estimated, so that a rehearsal shows what a run would roughly use. Cost is put on by the runner.
fn usage(call: &Call, answer: &Answer) -> Usage {
    let (Request::Llm(request), Answer::Model { text, calls }) = (&call.request, answer) else { return Usage::default() };
    let definitions: usize = request.tools.iter().map(|tool| tool.name.len() + tool.description.len() + tool.args.to_string().len()).sum();
    let schema = request.output.as_ref().map_or(0, |schema| schema.to_string().len());
    let messages: usize = request.messages.iter().map(bytes).sum();
    Usage {
        input_tokens: tokens(messages + definitions + schema),
        output_tokens: tokens(text.len() + calls.iter().map(call_bytes).sum::<usize>()),
        ..Usage::default()
    }
}

fn bytes(message: &Message) -> usize {
    match message {
        Message::System { text } | Message::User { text } | Message::Tool { text, .. } => text.len(),
        Message::Assistant { text, calls } => text.len() + calls.iter().map(call_bytes).sum::<usize>(),
    }
}

fn call_bytes(call: &ToolUse) -> usize {
    call.name.len() + call.args.to_string().len()
}

fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::spec::EffectClass;
    use crate::machine::call::HttpRequest;

    fn llm(output: Option<Value>) -> Request {
        let messages = vec![Message::System { text: "Be brief.".to_owned() }, Message::User { text: "Is  it\nbroken?".to_owned() }];
        Request::Llm(LlmRequest { model: "openai/x".to_owned(), messages, tools: Vec::new(), output, temperature: None, max_tokens: 100 })
    }

    fn http() -> Request {
        let (method, url) = ("GET".to_owned(), "https://shop.example/1".to_owned());
        Request::Http(HttpRequest { method, url, headers: Vec::new(), query: Vec::new(), body: None })
    }

    async fn rehearse(request: Request, answer: ScriptAnswer) -> (Outcome, Vec<String>) {
        let script = Script { answer, delay_ms: 0 };
        let call = Call { request, effect: EffectClass::Once, timeout_ms: 1_000, idempotency_key: None, script: None };
        let mut seen = Vec::new();
        let outcome = super::answer("items[3]/order#2.1", &call, &script, &mut |chunk| seen.push(chunk.to_owned())).await;
        (outcome, seen)
    }

    #[tokio::test]
    async fn a_scripted_output_is_the_answer() {
        let (outcome, _) = rehearse(http(), ScriptAnswer::Output(json!({"total": 3}))).await;
        assert!(matches!(outcome, Outcome::Done { answer: Answer::Value(value), .. } if value == json!({"total": 3})));
        let (outcome, chunks) = rehearse(llm(None), ScriptAnswer::Output(json!("one two three four five"))).await;
        let Outcome::Done { answer: Answer::Model { text, .. }, usage } = outcome else { panic!("{outcome:?}") };
        assert_eq!((text.as_str(), chunks.len(), chunks.concat()), ("one two three four five", 2, text.clone()));
        assert!(usage.input_tokens > 0 && usage.output_tokens > 0);
    }

    #[tokio::test]
    async fn scripted_errors_keep_their_kind() {
        let error = |retryable| ScriptAnswer::Error { code: "busy".to_owned(), message: "m".to_owned(), retryable };
        assert!(matches!(rehearse(http(), error(true)).await.0, Outcome::Retryable { .. }));
        assert!(matches!(rehearse(http(), error(false)).await.0, Outcome::Permanent { error } if error.code == "busy"));
    }

    #[tokio::test]
    async fn a_model_improvises_and_nobody_else() {
        let schema = json!({"type": "object", "properties": {"refund": {"type": "boolean"}}});
        let text = |outcome| match outcome {
            Outcome::Done { answer: Answer::Model { text, .. }, .. } => text,
            other => panic!("{other:?}"),
        };
        assert_eq!(text(rehearse(llm(Some(schema)), ScriptAnswer::Improvise).await.0), r#"{"refund":true}"#);
        assert_eq!(text(rehearse(llm(None), ScriptAnswer::Improvise).await.0), "Rehearsed answer to: Is it broken?");
        let (outcome, _) = rehearse(http(), ScriptAnswer::Improvise).await;
        let Outcome::Permanent { error } = outcome else { panic!("{outcome:?}") };
        assert_eq!(error.code, "no_rehearsal");
        assert!(error.message.contains("`items/order: {output: …}`") && error.message.contains("sandbox:"), "{}", error.message);
    }
}
