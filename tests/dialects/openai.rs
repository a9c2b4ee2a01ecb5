//! The OpenAI-compatible front door, `/v1/chat/completions` and `/v1/models`: every field, default and error of docs/dialects/openai.md.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Instant;

use serde_json::{Value, json};

use super::harness::{Answer, Client, PATIENCE, ROOT_KEY, Server};
use super::model::{self, Turn};

pub const COMPLETIONS: &str = "/v1/chat/completions";
const AGENTS: &str = "/v1/tenants/default/agents";

/// What models were asked.
pub type Seen = Arc<Mutex<Vec<Value>>>;

/// A server whose models say `script`, and what they are asked.
pub fn serve(directory: &Path, script: impl Fn(&Value) -> Turn + Send + Sync + 'static) -> (Server, Seen) {
    let seen = Seen::default();
    let noted = Arc::clone(&seen);
    let server = model::serve_asked(directory, &[], move |request| {
        noted.lock().unwrap().push(request.clone());
        script(request)
    });
    (server, seen)
}

pub fn deploy(client: &Client, name: &str, flow: &Value) {
    if client.get(&format!("{AGENTS}/{name}")).status == 404 {
        let made = client.json("POST", AGENTS, &json!({"id": name}));
        assert_eq!(made.status, 201, "{}", made.text());
    }
    let revision = client.json("POST", &format!("{AGENTS}/{name}/revisions"), &json!({"flow": flow}));
    assert_eq!(revision.status, 200, "{}", revision.text());
}

/// One model call that answers a message.
pub fn chat() -> Value {
    json!({
        "input": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]},
        "steps": {"say": {"llm": {"model": "openai/gpt-5-mini", "system": "Own.", "prompt": "{{ input.message }}"}}},
    })
}

/// What the starter said about itself, as the output.
fn echoes_context() -> Value {
    json!({"input": {"type": "object", "properties": {"message": {"type": "string"}}}, "steps": {"only": {"set": {"context": "context"}}}})
}

pub fn asks() -> Value {
    json!({
        "input": {"type": "object", "properties": {"message": {"type": "string"}}},
        "steps": {"gate": {"approval": {"title": "Send this?", "approvers": {"any_of": ["role:boss"]}}}, "sent": {"set": {"sent": "true"}}},
        "edges": [{"from": "gate", "to": "sent", "on": "approved"}],
    })
}

fn fails() -> Value {
    json!({"input": {"type": "object", "properties": {"message": {"type": "string"}}}, "steps": {"only": {"fail": {"code": "no_data", "message": "Nothing there."}}}})
}

pub fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn ask(client: &Client, model: &str, more: &Value) -> Answer {
    let mut body = json!({"model": model, "messages": [user("Hi")]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    client.json("POST", COMPLETIONS, &body)
}

pub fn ok(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()
}

/// Status, `code` and `param` of an error, which has the four fields of the wire.
pub fn refusal(answer: &Answer) -> (u16, String, Value) {
    let body = answer.value();
    let error = body["error"].as_object().unwrap_or_else(|| panic!("{body}"));
    let mut fields: Vec<&str> = error.keys().map(String::as_str).collect();
    fields.sort_unstable();
    assert_eq!(fields, ["code", "message", "param", "type"], "{body}");
    assert_eq!(answer.header("content-type"), Some("application/json"));
    (answer.status, error["code"].as_str().unwrap_or_default().to_owned(), error["param"].clone())
}

/// The data of each frame of a stream; `[DONE]` is a text.
pub fn frames(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")), "{}", answer.text());
    let text = answer.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|data| if data == "[DONE]" { json!(data) } else { serde_json::from_str(data).unwrap() }).collect()
}

/// The same execution natively: its record and its trace.
pub fn natively(client: &Client, shown: &Value) -> (Value, Value) {
    let (agent, id) = (shown["flowgate"]["agentId"].as_str().unwrap(), shown["flowgate"]["executionId"].as_str().unwrap());
    let record = format!("{AGENTS}/{agent}/executionRecords/{id}");
    (client.get(&record).value(), client.get(&format!("{record}:trace")).value()["trace"].clone())
}

pub fn decide(client: &Client, approval: &Value, decision: &str) {
    let url = approval["url"].as_str().unwrap();
    let shown = ok(&client.get(url));
    let decided = client.json("POST", &format!("{url}:decide"), &json!({"decision": decision, "digest": shown["digest"]}));
    assert_eq!(decided.status, 200, "{}", decided.text());
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn completion_every_field_and_the_same_natively() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = serve(directory.path(), |_| Turn::Says("Hello."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let shown = ok(&ask(&client, "helper", &json!({})));
    let fields = ["choices", "created", "flowgate", "id", "model", "object", "service_tier", "system_fingerprint", "usage"];
    assert_eq!(keys(&shown), fields);
    let execution = shown["flowgate"]["executionId"].as_str().unwrap().replace('-', "");
    assert_eq!(shown["id"], format!("chatcmpl-{execution}"), "the id is the execution's");
    assert_eq!((&shown["object"], &shown["model"]), (&json!("chat.completion"), &json!("helper@1")));
    let message = json!({"role": "assistant", "content": "Hello.", "refusal": null, "annotations": []});
    assert_eq!(shown["choices"], json!([{"index": 0, "message": message, "logprobs": null, "finish_reason": "stop"}]));
    let (record, trace) = natively(&client, &shown);
    assert_eq!(shown["created"], record["startTime"].as_u64().unwrap() / 1_000, "created");
    let usage = &shown["usage"];
    assert_eq!((&usage["prompt_tokens"], &usage["completion_tokens"]), (&trace["inputTokens"], &trace["outputTokens"]), "usage");
    assert_eq!((&usage["prompt_tokens"], &usage["total_tokens"]), (&json!(10), &json!(15)), "one call of 15");
    assert_eq!(usage["prompt_tokens_details"], json!({"cached_tokens": trace["cachedTokens"], "audio_tokens": 0}));
    let details = json!({"reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0});
    assert_eq!(usage["completion_tokens_details"], details);
    let extension = &shown["flowgate"];
    assert_eq!(extension["totalCost"], trace["totalCost"], "cost");
    assert!(extension["totalCost"].as_f64().unwrap() > 0.0);
    assert_eq!((&extension["status"], &extension["agentRevision"]), (&json!("completed"), &json!(1)));
    let extra = ["agentId", "agentRevision", "executionId", "sessionId", "status", "totalCost", "triggerType", "triggeredBy"];
    assert_eq!(keys(extension), extra);
    assert_eq!((&extension["triggerType"], &extension["triggeredBy"]), (&json!("api"), &record["startedBy"]));
    assert_eq!(ok(&client.get(&format!("{COMPLETIONS}/{}", shown["id"].as_str().unwrap()))), shown, "and the same when it is read again");
}

#[test]
fn messages_become_the_input_the_earlier_turns_and_the_instructions() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |_| Turn::Says("Fine."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let call = json!({"id": "call_x", "type": "function", "function": {"name": "look", "arguments": "{}"}});
    let messages = json!([
        {"role": "system", "content": "Be brief."},
        user("One?"),
        {"role": "assistant", "content": null, "tool_calls": [call], "refusal": null, "annotations": [], "audio": null, "function_call": null},
        {"role": "tool", "tool_call_id": "call_x", "content": "42"},
        {"role": "assistant", "content": "Yes."},
        {"role": "developer", "content": [{"type": "text", "text": "In French."}]},
        {"role": "user", "name": "ada", "content": [{"type": "text", "text": "Two"}, {"type": "text", "text": "lines?"}]},
    ]);
    let shown = ok(&ask(&client, "helper", &json!({"messages": messages})));
    let asked = seen.lock().unwrap()[0]["messages"].clone();
    let plain: Vec<(String, String)> =
        asked.as_array().unwrap().iter().map(|one| (one["role"].as_str().unwrap().to_owned(), text_of(&one["content"]))).collect();
    let expected = [("system", "Own.\n\nBe brief.\n\nIn French."), ("user", "One?"), ("assistant", "Yes."), ("user", "Two\nlines?")];
    assert_eq!(plain, expected.map(|(role, text)| (role.to_owned(), text.to_owned())), "{asked}");
    assert_eq!(natively(&client, &shown).1["parameters"], json!({"message": "Two\nlines?"}));
}

/// A content as a model server gets it: a text, or one part.
fn text_of(content: &Value) -> String {
    content.as_str().or(content[0]["text"].as_str()).unwrap_or_else(|| panic!("{content}")).to_owned()
}

#[test]
fn temperature_and_the_length_of_an_answer_reach_the_model() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |_| Turn::Says("Fine."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    for (more, temperature, tokens) in [
        (json!({"temperature": 0.5, "max_completion_tokens": 77, "max_tokens": 99}), json!(0.5), 77),
        (json!({"max_tokens": 99}), Value::Null, 99),
        (json!({}), Value::Null, 4_096),
    ] {
        ok(&ask(&client, "helper", &more));
        let asked = seen.lock().unwrap().pop().unwrap();
        let length = asked.get("max_completion_tokens").unwrap_or(&asked["max_tokens"]).as_u64();
        assert_eq!((&asked["temperature"], length), (&temperature, Some(tokens)), "{more}: {asked}");
    }
}

#[test]
fn a_stream_is_the_vendors_chunks_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = serve(directory.path(), |_| Turn::Pieces(vec!["Hel", "lo", "."]));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let streamed = frames(&ask(&client, "helper", &json!({"stream": true, "stream_options": {"include_usage": true}})));
    let head = &streamed[0];
    let chunk = |choices: Value| {
        json!({
            "id": head["id"], "object": "chat.completion.chunk", "created": head["created"], "model": "helper@1", "service_tier": null,
            "system_fingerprint": null, "choices": choices, "usage": null,
        })
    };
    let choice = |delta: Value, reason: Value| json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason}]);
    assert_eq!(*head, chunk(choice(json!({"role": "assistant", "content": "", "refusal": null}), Value::Null)));
    let last = streamed.len() - 1;
    let mut text = String::new();
    for frame in &streamed[1..last - 2] {
        let piece = frame["choices"][0]["delta"]["content"].as_str().unwrap();
        assert_eq!(*frame, chunk(choice(json!({"content": piece}), Value::Null)));
        text += piece;
    }
    assert_eq!(text, "Hello.");
    let mut end = streamed[last - 2].clone();
    let extension = end.as_object_mut().unwrap().remove("flowgate").unwrap();
    assert_eq!(end, chunk(choice(json!({}), json!("stop"))));
    let mut usage = chunk(json!([]));
    let id = head["id"].as_str().unwrap();
    let whole = ok(&client.get(&format!("{COMPLETIONS}/{id}")));
    usage["usage"] = whole["usage"].clone();
    assert_eq!((&streamed[last - 1], &streamed[last]), (&usage, &json!("[DONE]")));
    assert_eq!((&extension, &whole["choices"][0]["message"]["content"]), (&whole["flowgate"], &json!("Hello.")));
    let plain = frames(&ask(&client, "helper", &json!({"stream": true})));
    assert!(plain.iter().all(|frame| frame.get("usage").is_none()), "usage only where it is asked for");
    assert_eq!((plain.last(), &plain[plain.len() - 2]["choices"][0]["finish_reason"]), (Some(&json!("[DONE]")), &json!("stop")));
}

#[test]
fn a_stream_whose_model_begins_anew_ends_with_an_error_and_the_execution_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let turns = AtomicUsize::new(0);
    let (break_off, told) = mpsc::channel();
    let told = Arc::new(Mutex::new(told));
    let (server, _) = serve(directory.path(), move |_| match turns.fetch_add(1, Ordering::SeqCst) {
        0 => Turn::Breaks("Half of", Arc::clone(&told)),
        _ => Turn::Says("The whole."),
    });
    let client = server.root();
    let mut flow = chat();
    flow["steps"]["say"]["retry"] = json!({"attempts": 3, "backoff": "10ms"});
    deploy(&client, "helper", &flow);
    let body = json!({"model": "helper", "messages": [user("Hi")], "stream": true}).to_string();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("authorization: Bearer {ROOT_KEY}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    write!(stream, "POST {COMPLETIONS} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{head}\r\n\r\n{body}").unwrap();
    let mut streamed = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let frame: Value = serde_json::from_str(data).unwrap();
        if frame["choices"][0]["delta"]["content"] == "Half of" {
            break_off.send(()).unwrap();
        }
        streamed.push(frame);
    }
    assert_eq!(streamed.last().unwrap()["error"]["code"], "answer_restarted", "{streamed:?}");
    let path = format!("{COMPLETIONS}/{}", streamed[0]["id"].as_str().unwrap());
    let whole = eventually(|| Some(ok(&client.get(&path))).filter(|whole| whole["flowgate"]["status"] == "completed"));
    assert_eq!(whole["choices"][0]["message"]["content"], "The whole.");
}

pub fn eventually(mut look: impl FnMut() -> Option<Value>) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < until, "it does not come");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

#[test]
fn model_is_an_agent_with_a_revision_or_an_environment() {
    let server = Server::start();
    let client = server.root();
    let says = |text: &str| json!({"input": {"type": "object", "properties": {"message": {"type": "string"}}}, "steps": {"only": {"end": {"output": format!("'{text}'")}}}});
    deploy(&client, "helper", &says("first"));
    deploy(&client, "helper", &says("second"));
    assert_eq!(client.json("POST", "/v1/tenants/default/environments", &json!({"displayName": "Staging"})).status, 201);
    let number = client.get(&format!("{AGENTS}/helper")).value()["number"].to_string();
    let said = |model: &str| {
        let shown = ok(&ask(&client, model, &json!({})));
        (shown["model"].as_str().unwrap().to_owned(), shown["choices"][0]["message"]["content"].as_str().unwrap().to_owned())
    };
    assert_eq!(said("helper"), ("helper@1".to_owned(), "first".to_owned()), "what production runs");
    assert_eq!(said("helper@2"), ("helper@2".to_owned(), "second".to_owned()));
    assert_eq!(said("helper@staging"), ("helper@1".to_owned(), "first".to_owned()), "production stands in for it");
    assert_eq!(said(&number), ("helper@1".to_owned(), "first".to_owned()), "by its number");
    for model in ["nobody", "helper@9", "helper@nowhere", "", "@1", "helper@"] {
        assert_eq!(refusal(&ask(&client, model, &json!({}))), (404, "model_not_found".to_owned(), json!("model")), "{model}");
    }
    assert_eq!(refusal(&ask(&client, &"x".repeat(300), &json!({}))), (400, "invalid".to_owned(), json!("model")));
    assert!(client.json("POST", &format!("{AGENTS}/helper:deactivate"), &json!({})).status < 300);
    assert_eq!(refusal(&ask(&client, "helper", &json!({}))).1, "model_not_found", "one that is switched off");
    assert_eq!(ok(&client.get("/v1/models"))["data"], json!([]));
}

#[test]
fn models_are_listed_and_read() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "helper", &asks());
    let draft = client.json("POST", AGENTS, &json!({"id": "empty"}));
    assert_eq!(draft.status, 201);
    let listed = ok(&client.get("/v1/models"));
    let created = client.get(&format!("{AGENTS}/helper")).value()["createdAt"].as_u64().unwrap() / 1_000;
    let helper = json!({"id": "helper", "object": "model", "created": created, "owned_by": "default"});
    assert_eq!(listed, json!({"object": "list", "data": [helper]}), "what has nothing deployed is no model");
    for name in ["helper", "helper@1", "helper@production"] {
        let one = ok(&client.get(&format!("/v1/models/{name}")));
        assert_eq!((&one["id"], &one["object"], &one["owned_by"]), (&json!(name), &json!("model"), &json!("default")));
    }
    for name in ["empty", "nobody", "helper@2", "helper@nowhere"] {
        assert_eq!(refusal(&client.get(&format!("/v1/models/{name}"))), (404, "model_not_found".to_owned(), json!("model")), "{name}");
    }
}

#[test]
fn fields_have_an_effect_none_or_are_refused_by_name() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "helper", &asks());
    let harmless = json!({
        "frequency_penalty": 1, "logit_bias": {"50256": -100}, "parallel_tool_calls": false, "presence_penalty": 1, "prompt_cache_key": "k",
        "prompt_cache_retention": "24h", "reasoning_effort": "low", "safety_identifier": "s", "seed": 7, "service_tier": "auto",
        "store": false, "top_p": 0.5, "verbosity": "low", "n": 1, "logprobs": false, "top_logprobs": null, "stop": null,
        "modalities": ["text"], "response_format": {"type": "text"}, "tools": [], "tool_choice": "auto", "stream": false,
    });
    ok(&ask(&client, "helper", &harmless));
    let refused = |more: Value| refusal(&ask(&client, "helper", &more));
    for (name, value) in [
        ("audio", json!({"voice": "x"})),
        ("function_call", json!("auto")),
        ("functions", json!([])),
        ("logprobs", json!(true)),
        ("modalities", json!(["audio"])),
        ("n", json!(2)),
        ("prediction", json!({"type": "content"})),
        ("response_format", json!({"type": "json_object"})),
        ("stop", json!("x")),
        ("top_logprobs", json!(3)),
        ("web_search_options", json!({})),
    ] {
        assert_eq!(refused(json!({name: value})), (400, "unsupported_parameter".to_owned(), json!(name)));
    }
    let function = json!({"name": "look"});
    for (more, code, param) in [
        (json!({"colour": 1}), "unknown_parameter", "colour"),
        (json!({"temperature": 2.5}), "invalid", "temperature"),
        (json!({"max_tokens": 0}), "invalid", "max_tokens"),
        (json!({"max_completion_tokens": 0}), "invalid", "max_completion_tokens"),
        (json!({"stream_options": {"include_usage": true}}), "invalid", "stream_options"),
        (json!({"messages": []}), "invalid", "messages"),
        (json!({"messages": [user("Hi"), {"role": "assistant", "content": "Hello."}]}), "invalid", "messages"),
        (json!({"messages": [{"role": "user"}]}), "invalid", "messages[0].content"),
        (json!({"messages": [{"role": "tool", "content": "x"}]}), "invalid", "messages[0].tool_call_id"),
        (
            json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}),
            "unsupported_value",
            "messages[0].content[0]",
        ),
        (json!({"metadata": {"k": "v".repeat(513)}}), "invalid", "metadata"),
        (json!({"user": "u".repeat(513)}), "invalid", "user"),
        (json!({"tool_choice": "required"}), "unsupported_value", "tool_choice"),
        (json!({"tools": [{"type": "custom"}]}), "unsupported_value", "tools[0].type"),
        (json!({"tools": [{"type": "function"}]}), "invalid", "tools[0].function"),
        (json!({"tools": [{"type": "function", "function": {"name": "no name"}}]}), "invalid", "tools[0].function.name"),
        (json!({"tools": [{"type": "function", "function": function}]}), "no_caller_tools", "tools"),
    ] {
        assert_eq!(refused(more.clone()), (400, code.to_owned(), json!(param)), "{more}");
    }
    assert_eq!(refusal(&client.json("POST", COMPLETIONS, &json!({"messages": [user("Hi")]}))).2, "model");
    assert_eq!(refused(json!({"messages": 7})).0, 400);
    let records = client.get(&format!("{AGENTS}/helper/executionRecords")).value();
    assert_eq!(
        records["items"].as_array().unwrap_or_else(|| panic!("{records}")).len(),
        1,
        "a request that is refused leaves nothing behind"
    );
}

#[test]
fn metadata_user_and_parameters_reach_the_flow() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "helper", &echoes_context());
    let shown = ok(&ask(&client, "helper", &json!({"metadata": {"ticket": "T-1"}, "user": "ada"})));
    let context: Value = serde_json::from_str(shown["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(context, json!({"context": {"metadata": {"ticket": "T-1"}, "user": "ada"}}));
    let two = json!({
        "input": {"type": "object", "properties": {"ticket": {"type": "string"}, "count": {"type": "integer"}}, "required": ["ticket", "count"]},
        "steps": {"only": {"end": {"output": "input"}}},
    });
    deploy(&client, "counter", &two);
    let shown = ok(&ask(&client, "counter", &json!({"flowgate": {"parameters": {"count": 3}}})));
    let input: Value = serde_json::from_str(shown["choices"][0]["message"]["content"].as_str().unwrap()).unwrap();
    assert_eq!(input, json!({"ticket": "Hi", "count": 3}), "the message is the only required text");
    assert_eq!(refusal(&ask(&client, "counter", &json!({}))), (400, "parameters".to_owned(), json!("flowgate.parameters.count")));
    deploy(&client, "mute", &json!({"steps": {"only": {"set": {"x": "true"}}}}));
    assert_eq!(refusal(&ask(&client, "mute", &json!({}))), (400, "no_message_input".to_owned(), json!("messages")));
}

#[test]
fn an_approval_in_the_middle_is_told_and_the_answer_read_later() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "asker", &asks());
    let streamed = frames(&ask(&client, "asker", &json!({"stream": true})));
    let shown = ok(&ask(&client, "asker", &json!({})));
    let choice = &shown["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    assert!(choice["message"]["content"].as_str().unwrap().contains("Send this?"), "{choice}");
    let extension = &shown["flowgate"];
    assert_eq!((&extension["status"], &extension["waitingFor"]["kind"]), (&json!("waiting"), &json!("APPROVAL")));
    let approval = &extension["approvals"][0];
    assert_eq!((keys(approval), &approval["title"]), (vec!["id", "title", "url"], &json!("Send this?")));
    assert_eq!(natively(&client, &shown).0["waitingFor"]["approvalRequestId"], approval["id"]);
    let (last, done) = (&streamed[streamed.len() - 2], &streamed[streamed.len() - 1]);
    assert_eq!(
        (&last["flowgate"]["status"], &last["choices"][0]["finish_reason"], done),
        (&json!("waiting"), &json!("stop"), &json!("[DONE]"))
    );
    let told = &streamed[1]["choices"][0]["delta"]["content"];
    assert!(told.as_str().unwrap().contains("Send this?"), "{streamed:?}");
    decide(&client, approval, "approve");
    let path = format!("{COMPLETIONS}/{}", shown["id"].as_str().unwrap());
    let whole = eventually(|| Some(ok(&client.get(&path))).filter(|whole| whole["flowgate"]["status"] == "completed"));
    assert_eq!((&whole["id"], &whole["choices"][0]["message"]["content"]), (&shown["id"], &json!("{\"sent\":true}")));
}

#[test]
fn a_failed_execution_is_an_error_that_clients_do_not_repeat() {
    let server = Server::start();
    let client = server.root();
    deploy(&client, "broken", &fails());
    let failed = ask(&client, "broken", &json!({}));
    assert_eq!(refusal(&failed), (422, "no_data".to_owned(), Value::Null));
    let body = failed.value();
    assert_eq!((&body["error"]["type"], &body["error"]["message"]), (&json!("execution_error"), &json!("Nothing there.")));
    assert_eq!(natively(&client, &body).0["status"], "FAILED", "the execution is named");
    let streamed = frames(&ask(&client, "broken", &json!({"stream": true})));
    let last = streamed.last().unwrap();
    assert_eq!((&last["error"]["code"], &last["flowgate"]["status"]), (&json!("no_data"), &json!("failed")), "{streamed:?}");
}

#[test]
fn errors_401_404_429() {
    let directory = tempfile::tempdir().unwrap();
    let (let_go, held) = mpsc::channel::<()>();
    let held = Mutex::new(held);
    let server = model::serve_asked(directory.path(), &[("FLOWGATE_TENANT_AT_ONCE", "1")], move |_| {
        let _ = held.lock().unwrap().recv();
        Turn::Says("Late.")
    });
    let client = server.root();
    deploy(&client, "helper", &chat());
    let nobody = Client { key: None, ..server.root() };
    assert_eq!(refusal(&nobody.get("/v1/models")), (401, "invalid_api_key".to_owned(), Value::Null));
    assert_eq!(refusal(&server.client("wrong").get("/v1/models")).1, "invalid_api_key");
    for id in ["chatcmpl-x", "resp_00000000000000000000000000000000", "chatcmpl-00000000000000000000000000000000"] {
        assert_eq!(refusal(&client.get(&format!("{COMPLETIONS}/{id}"))), (404, "not_found".to_owned(), Value::Null), "{id}");
    }
    let asking = std::thread::spawn({
        let client = client.clone();
        // Whoever looks whether it is busy keeps it busy, too.
        move || loop {
            let answer = ask(&client, "helper", &json!({}));
            if answer.status != 429 {
                return answer;
            }
        }
    });
    let busy = eventually(|| {
        Some(client.get("/v1/models")).filter(|answer| answer.status == 429).map(|answer| {
            assert_eq!(refusal(&answer), (429, "rate_limit_exceeded".to_owned(), Value::Null));
            assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() > 0);
            answer.value()
        })
    });
    assert_eq!(busy["error"]["type"], "requests");
    let_go.send(()).unwrap();
    assert_eq!(ok(&asking.join().unwrap())["choices"][0]["message"]["content"], "Late.");
    let budget = client.json("PUT", &format!("{AGENTS}/helper/budget"), &json!({"amount": 0, "enforceLimit": true}));
    assert_eq!(budget.status, 200, "{}", budget.text());
    let spent = ask(&client, "helper", &json!({}));
    assert_eq!(refusal(&spent), (429, "insufficient_quota".to_owned(), Value::Null));
}

#[test]
fn idempotency_key_gives_the_same_completion() {
    let directory = tempfile::tempdir().unwrap();
    let (server, seen) = serve(directory.path(), |_| Turn::Says("Once."));
    let client = server.root();
    deploy(&client, "helper", &chat());
    let body = json!({"model": "helper", "messages": [user("Hi")]});
    let first = ok(&client.once("k1", COMPLETIONS, &body).unwrap());
    assert_eq!(ok(&client.once("k1", COMPLETIONS, &body).unwrap()), first);
    assert_eq!(seen.lock().unwrap().len(), 1, "one execution");
    let other = json!({"model": "helper", "messages": [user("Other")]});
    assert_eq!(refusal(&client.once("k1", COMPLETIONS, &other).unwrap()).1, "idempotency_mismatch");
}

#[test]
fn tenants_are_named_by_the_organization_and_see_only_their_own() {
    let server = Server::start();
    let (alpha, beta, root) = (server.tenant("alpha"), server.tenant("beta"), server.root());
    assert_eq!(alpha.json("POST", "/v1/tenants/alpha/agents", &json!({"id": "asker"})).status, 201);
    let flow = json!({"flow": asks()});
    assert_eq!(alpha.json("POST", "/v1/tenants/alpha/agents/asker/revisions", &flow).status, 200);
    let shown = ok(&ask(&alpha, "asker", &json!({})));
    let path = format!("{COMPLETIONS}/{}", shown["id"].as_str().unwrap());
    assert_eq!(refusal(&ask(&beta, "asker", &json!({}))).1, "model_not_found");
    let foreign = beta.get(&path);
    let none = beta.get(&format!("{COMPLETIONS}/chatcmpl-{}", "0".repeat(32)));
    assert_eq!((foreign.status, refusal(&foreign)), (404, refusal(&none)), "a foreign completion is like none");
    assert_eq!(refusal(&ask(&root, "asker", &json!({}))).0, 404, "the root key's own tenant is another");
    let listed =
        |client: &Client, organization: &str| client.request("GET", "/v1/models", &[("openai-organization", organization)], b"").unwrap();
    let tenants = root.get("/v1/tenants").value();
    let number = tenants.as_array().unwrap().iter().find(|tenant| tenant["id"] == "alpha").unwrap()["number"].to_string();
    for organization in ["alpha", number.as_str()] {
        assert_eq!(ok(&listed(&root, organization))["data"][0]["id"], "asker", "{organization}");
        assert_eq!(ok(&listed(&alpha, organization))["data"][0]["owned_by"], "alpha");
        assert_eq!(refusal(&listed(&beta, organization)).0, 403);
    }
    assert_eq!(refusal(&listed(&root, "org-nobody")), (403, "foreign_tenant".to_owned(), Value::Null));
}
