//! Models over the chat-completions wire: text as it is generated, tools, schemas, usage, and every way of failing.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::server::{Act, Server, response};
use super::{call, error, kind, perform, runner};
use crate::flow::spec::EffectClass::Read;
use crate::ids::NanoUsd;
use crate::machine::call::{Answer, Call, LlmRequest, Message, Outcome, Request, ToolDefinition, ToolUse, Usage};
use crate::runner::Runner;
use crate::runner::vault::CallContext;

const KEY: &str = "sk-canary-0011223344";

fn events(chunks: &[Value]) -> Vec<u8> {
    let done = "[DONE]".to_owned();
    let frames: Vec<String> = chunks.iter().map(ToString::to_string).chain([done]).map(|data| format!("data: {data}\n\n")).collect();
    let body = frames.concat();
    response("200 OK", "content-type: text/event-stream", &body)
}

fn delta(delta: &Value, finish: Option<&str>) -> Value {
    json!({"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn hello() -> Vec<u8> {
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 200, "total_tokens": 1200,
        "prompt_tokens_details": {"cached_tokens": 400}, "completion_tokens_details": {"reasoning_tokens": 64}}});
    events(&[
        delta(&json!({"role": "assistant", "content": "Hel"}), None),
        delta(&json!({"content": "lo"}), None),
        delta(&json!({}), Some("stop")),
        usage,
    ])
}

fn opened(server: &Server) -> Runner {
    runner(&[("OPENAI_BASE_URL", &format!("{}/v1", server.url)), ("OPENAI_API_KEY", KEY)])
}

fn request() -> LlmRequest {
    LlmRequest {
        model: "openai/gpt-5-mini".to_owned(),
        messages: vec![Message::System { text: "Be brief.".to_owned() }, Message::User { text: "Hi".to_owned() }],
        tools: Vec::new(),
        output: None,
        temperature: Some(0.5),
        max_tokens: 300,
    }
}

fn ask(request: LlmRequest) -> Call {
    call(Request::Llm(request), Read)
}

fn body(server: &Server) -> Value {
    let requests = server.requests();
    serde_json::from_str(requests[0].split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[tokio::test]
async fn text_is_passed_on_and_usage_is_priced() {
    let server = Server::answering(hello()).await;
    let mut chunks = Vec::new();
    let outcome = opened(&server)
        .perform(&CallContext::default(), "s#1.1", &ask(request()), CancellationToken::new(), &mut |chunk| chunks.push(chunk.to_owned()))
        .await;
    let Outcome::Done { answer, usage } = outcome else { panic!("{outcome:?}") };
    assert_eq!(answer, Answer::Model { text: "Hello".to_owned(), calls: Vec::new() });
    assert_eq!(chunks, ["Hel", "lo"]);
    // 600 fresh tokens at 0.25, 400 cached at 0.025, 200 out at 2 dollars a million.
    let cost = NanoUsd(600 * 250 + 400 * 25 + 200 * 2_000);
    assert_eq!(
        usage,
        Usage { input_tokens: 1000, output_tokens: 200, cached_tokens: 400, cache_write_tokens: 0, reasoning_tokens: 64, cost }
    );
    let sent = &server.requests()[0];
    assert!(sent.starts_with("POST /v1/chat/completions ") && sent.contains(&format!("authorization: Bearer {KEY}")), "{sent}");
    let body = body(&server);
    assert_eq!((&body["model"], &body["stream"], &body["temperature"]), (&json!("gpt-5-mini"), &json!(true), &json!(0.5)));
    assert_eq!(body["max_completion_tokens"], json!(300));
    assert_eq!(body["messages"][0], json!({"role": "system", "content": "Be brief."}));
    assert_eq!(body["stream_options"], json!({"include_usage": true}));
}

#[tokio::test]
async fn tools_go_out_and_calls_come_back() {
    let part = |index: u32, id: Option<&str>, name: Option<&str>, arguments: &str| json!({"tool_calls": [{"index": index, "id": id, "type": "function", "function": {"name": name, "arguments": arguments}}]});
    let server = Server::answering(events(&[
        delta(&part(0, Some("c1"), Some("get_order"), ""), None),
        delta(&part(0, None, None, r#"{"id":"#), None),
        delta(&part(0, None, None, "7}"), None),
        delta(&part(1, Some("c2"), Some("now"), "{}"), None),
        delta(&json!({}), Some("tool_calls")),
    ]));
    let server = server.await;
    let mut request = request();
    request.tools =
        vec![ToolDefinition { name: "get_order".to_owned(), description: "Finds it.".to_owned(), args: json!({"type": "object"}) }];
    request.messages.push(Message::Assistant {
        text: String::new(),
        calls: vec![ToolUse { id: "c0".to_owned(), name: "now".to_owned(), args: json!({}) }],
    });
    request.messages.push(Message::Tool { id: "c0".to_owned(), name: "now".to_owned(), text: "noon".to_owned() });
    let Outcome::Done { answer: Answer::Model { calls, .. }, .. } = perform(&opened(&server), &ask(request)).await else {
        panic!("no answer")
    };
    let expected = |id: &str, name: &str, args| ToolUse { id: id.to_owned(), name: name.to_owned(), args };
    assert_eq!(calls, [expected("c1", "get_order", json!({"id": 7})), expected("c2", "now", json!({}))]);
    let body = body(&server);
    assert_eq!(body["tools"][0]["function"]["name"], "get_order");
    assert_eq!(body["messages"][2]["tool_calls"][0]["id"], "c0");
    assert_eq!((&body["messages"][3]["role"], &body["messages"][3]["tool_call_id"]), (&json!("tool"), &json!("c0")));
}

#[tokio::test]
async fn an_output_schema_goes_out() {
    let server = Server::answering(hello()).await;
    let mut request = request();
    request.output = Some(json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}}}));
    perform(&opened(&server), &ask(request)).await;
    let format = &body(&server)["response_format"];
    assert_eq!(format["type"], "json_schema");
    assert_eq!(format["json_schema"]["schema"]["properties"]["a"]["type"], "string", "{format}");
}

#[tokio::test]
async fn a_server_without_a_key_gets_no_credentials() {
    let server = Server::answering(hello()).await;
    let runner = runner(&[("MY_VLLM_BASE_URL", &format!("{}/v1", server.url))]);
    let outcome = perform(&runner, &ask(LlmRequest { model: "my-vllm/org/model".to_owned(), ..request() })).await;
    assert_eq!(kind(&outcome).0, "done", "{outcome:?}");
    assert!(!server.requests()[0].to_lowercase().contains("authorization"), "{}", server.requests()[0]);
    assert_eq!(body(&server)["model"], "org/model");
}

#[tokio::test]
async fn refusals_and_broken_streams() {
    let said = r#"{"error":{"message":"slow down","type":"rate_limit"}}"#;
    let start = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    let broken = format!("{start}transfer-encoding: chunked\r\n\r\n1f\r\ndata: {{\"choices\":[]}}");
    let unfinished = format!("{start}\r\ndata: {}\n\n", delta(&json!({"content": "Hel"}), None));
    let failing = format!("{start}\r\ndata: {{\"error\":{{\"message\":\"overloaded\"}}}}\n\n");
    let packed = "content-encoding: gzip\r\ncontent-type: text/event-stream";
    let table = [
        (response("429 Slow", "retry-after: 3\r\ncontent-type: application/json", said), ("retryable", "http_429")),
        (response("500 Oops", "", "oops"), ("retryable", "http_500")),
        (response("401 No", "content-type: application/json", said), ("permanent", "http_401")),
        (response("302 Found", "location: http://127.0.0.1:1/", ""), ("permanent", "http_302")),
        (broken.into_bytes(), ("retryable", "connection_cut")),
        (unfinished.into_bytes(), ("retryable", "connection_cut")),
        (failing.into_bytes(), ("retryable", "model_error")),
        (Vec::new(), ("retryable", "connection_cut")),
        (events(&[delta(&json!({}), Some("length"))]), ("permanent", "answer_empty")),
        (response("200 OK", packed, "data: [DONE]\n\n"), ("permanent", "model_answer_invalid")),
        (response("503 Busy", packed, "no text"), ("retryable", "http_503")),
    ];
    for (answer, expected) in table {
        let what = String::from_utf8_lossy(&answer).into_owned();
        let server = Server::answering(answer).await;
        let outcome = perform(&opened(&server), &ask(request())).await;
        assert_eq!(kind(&outcome), expected, "{what}: {outcome:?}");
        if expected.1 == "http_429" {
            assert!(matches!(outcome, Outcome::Retryable { retry_after_ms: Some(3_000), .. }), "{outcome:?}");
            assert!(error(outcome).message.contains("slow down"));
        }
        assert_eq!(server.requests().len(), 1, "one attempt: {what}");
    }
}

/// The last chunk, or the farewell of TLS, never comes: what was said before is the whole answer all the same.
#[tokio::test]
async fn a_whole_answer_stands_however_its_connection_ends() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    let hello = String::from_utf8(hello()).unwrap();
    let said = hello.split_once("\r\n\r\n").unwrap().1.to_owned();
    let unfinished = said.replace("data: [DONE]\n\n", "");
    for (said, expected) in [(said, ("done", "")), (unfinished, ("retryable", "connection_cut"))] {
        let server = Server::answering(format!("{head}{:x}\r\n{said}\r\n", said.len())).await;
        let outcome = perform(&opened(&server), &ask(request())).await;
        assert_eq!(kind(&outcome), expected, "{said}: {outcome:?}");
    }
}

#[tokio::test]
async fn a_query_of_the_base_url_is_asked_too() {
    let server = Server::answering(hello()).await;
    let base = format!("{}/openai/deployments/d?api-version=1", server.url);
    let outcome = perform(&runner(&[("OPENAI_BASE_URL", &base), ("OPENAI_API_KEY", KEY)]), &ask(request())).await;
    assert_eq!(kind(&outcome).0, "done", "{outcome:?}");
    let sent = &server.requests()[0];
    assert!(sent.starts_with("POST /openai/deployments/d/chat/completions?api-version=1 HTTP"), "{sent}");
}

#[tokio::test]
async fn an_unreachable_model_says_what_to_set() {
    let closed = runner(&[("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")]);
    assert_eq!(kind(&perform(&closed, &ask(request())).await), ("retryable", "connect"));
    let unset = runner(&[]);
    assert!(!unset.can_reach("openai/gpt-5-mini") && closed.can_reach("openai/gpt-5-mini"));
    let error = error(perform(&unset, &ask(request())).await);
    assert!(error.code == "model_unreachable" && error.message.contains("OPENAI_API_KEY"), "{error:?}");
}

#[tokio::test]
async fn keys_do_not_come_back() {
    let echo = |_: usize, request: &str| vec![Act::Send(response("401 No", "", request)), Act::Close];
    let server = Server::start(echo).await;
    let outcome = perform(&opened(&server), &ask(request())).await;
    assert!(server.requests()[0].contains(KEY) && !format!("{outcome:?}").contains("canary-0011"), "{outcome:?}");
}

#[tokio::test]
async fn cancelling_closes_the_stream_within_a_second() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 9999\r\n\r\n";
    let first = format!("{head}data: {}\n\n", delta(&json!({"content": "Hel"}), None));
    let server = Server::start(move |_, _| vec![Act::Send(first.clone().into_bytes())]).await;
    let (runner, cancel) = (opened(&server), CancellationToken::new());
    let trip = cancel.clone();
    let outcome = runner.perform(&CallContext::default(), "s#1.1", &ask(request()), cancel, &mut |_| trip.cancel()).await;
    let cancelled_at = Instant::now();
    assert_eq!(kind(&outcome), ("unknown", "cancelled"));
    let closed_at = tokio::time::timeout(Duration::from_secs(1), server.closed()).await.expect("closed");
    assert!(closed_at.saturating_duration_since(cancelled_at) < Duration::from_secs(1));
}

#[tokio::test]
async fn a_silent_model_times_out() {
    let server = Server::start(|_, _| Vec::new()).await;
    let mut ask = ask(request());
    ask.timeout_ms = 100;
    assert_eq!(kind(&perform(&opened(&server), &ask).await), ("retryable", "timeout"));
}

#[tokio::test]
async fn anthropic_gemini_and_ollama_are_spoken_to_on_their_own_wires() {
    let anthropic = "event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"id\":\"m\",\"type\":\"message\",\"role\":\"assistant\",\"content\":[],\"model\":\"c\",\"usage\":{\"input_tokens\":10,\"output_tokens\":1}}}\n\nevent: content_block_start\ndata: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\nevent: content_block_delta\ndata: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello\"}}\n\nevent: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\nevent: message_delta\ndata: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"},\"usage\":{\"output_tokens\":5}}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";
    let gemini = "data: {\"candidates\":[{\"content\":{\"parts\":[{\"text\":\"Hello\"}],\"role\":\"model\"},\"finishReason\":\"STOP\",\"index\":0}],\"usageMetadata\":{\"promptTokenCount\":10,\"candidatesTokenCount\":5,\"totalTokenCount\":15}}\r\n\r\n";
    let ollama = "{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"Hello\"},\"done\":false}\n{\"model\":\"l\",\"message\":{\"role\":\"assistant\",\"content\":\"\"},\"done\":true,\"done_reason\":\"stop\",\"prompt_eval_count\":10,\"eval_count\":5}\n";
    let table = [
        ("ANTHROPIC", "/v1", "anthropic/claude-x", "text/event-stream", anthropic, "POST /v1/messages "),
        ("GEMINI", "/v1beta", "gemini/gemini-x", "text/event-stream", gemini, "POST /v1beta/models/gemini-x:streamGenerateContent"),
        ("OLLAMA", "", "ollama/llama", "application/x-ndjson", ollama, "POST /api/chat "),
    ];
    for (prefix, path, model, content_type, answer, expected) in table {
        let server = Server::answering(response("200 OK", &format!("content-type: {content_type}"), answer)).await;
        let base = format!("{}{path}", server.url);
        let runner = runner(&[(&format!("{prefix}_BASE_URL"), base.as_str()), (&format!("{prefix}_API_KEY"), KEY)]);
        let outcome = perform(&runner, &ask(LlmRequest { model: model.to_owned(), ..request() })).await;
        let Outcome::Done { answer: Answer::Model { text, .. }, usage } = outcome else { panic!("{model}: {outcome:?}") };
        assert_eq!((text.as_str(), usage.input_tokens, usage.output_tokens), ("Hello", 10, 5), "{model}");
        assert!(server.requests()[0].starts_with(expected), "{}", server.requests()[0]);
    }
}
