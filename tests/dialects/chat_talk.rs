//! Source document 002 and contracts/chat-agents: messages, conversations, streams, and the completions of one agent.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};

use serde_json::{Value, json};

use super::chat::{World, fields, refused, says, talks, waits, with};
use super::harness::{Answer, PATIENCE, ROOT_KEY};
use super::model::Turn;

const PAIRS: &str = "Chat messages must be a pair of user/assistant";

fn message(role: &str, content: &str) -> Value {
    json!({"role": role, "content": content})
}

fn messages(roles: &[&str]) -> Value {
    json!({"messages": roles.iter().enumerate().map(|(index, role)| message(role, &format!("{role} {index}"))).collect::<Vec<_>>()})
}

/// What the model was shown, as role and text.
fn shown(request: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    request["messages"].as_array().unwrap().iter().map(|message| (text(&message["role"]), text(&message["content"]))).collect()
}

fn said(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(role, text)| ((*role).to_owned(), (*text).to_owned())).collect()
}

#[test]
fn document_002_roles_user_and_assistant_reach_the_model_before_the_prompt() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let response = world.ran(agent, &messages(&["user", "assistant", "user"]));
    assert_eq!(
        shown(&world.last_asked()),
        said(&[("system", "Be of help."), ("user", "user 0"), ("assistant", "assistant 1"), ("user", "user 2")])
    );
    assert_eq!(response["input"], "user 2", "the last message is the input");
    assert_eq!(world.natively(&response).1["parameters"], json!({"message": "user 2"}));
}

#[test]
fn document_002_role_developer_is_taken_out_and_joins_the_instructions() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    world.ran(agent, &messages(&["developer", "user"]));
    assert_eq!(shown(&world.last_asked()), said(&[("system", "Be of help.\n\ndeveloper 0"), ("user", "user 1")]));
    for roles in [["user", "developer", "user"].as_slice(), &["developer", "developer", "user"]] {
        let answer = world.execute(agent, &messages(roles));
        assert!(refused(&answer, "messages").contains("developer"), "only first: {}", answer.text());
    }
}

#[test]
fn document_002_role_system_is_an_error() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let answer = world.execute(agent, &messages(&["system", "user"]));
    assert!(refused(&answer, "messages.0.role").contains("system"));
    refused(&world.execute(agent, &messages(&["tool"])), "messages.0.role");
    assert!(world.asked().is_empty());
}

#[test]
fn document_002_messages_must_be_pairs() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    for roles in [
        ["user", "user"].as_slice(),
        &["assistant", "user"],
        &["user", "assistant"],
        &["user", "assistant", "assistant", "user"],
        &["developer"],
    ] {
        let answer = world.execute(agent, &messages(roles));
        assert_eq!((refused(&answer, "messages").as_str(), answer.value()["message"].as_str()), (PAIRS, Some(PAIRS)), "{roles:?}");
    }
}

#[test]
fn document_002_messages_are_required_for_chat_agents_alone() {
    let world = World::new();
    let chat = world.deploy("helper", &talks());
    for body in [json!({}), json!({"messages": []}), json!({"messages": null}), json!({"message": "Hi"})] {
        assert_eq!(refused(&world.execute(chat, &body), "messages"), "The messages field is required.", "{body}");
    }
    let only = json!({
        "input": {"type": "object", "required": ["ticket"], "properties": {"ticket": {"type": "string"}, "note": {"type": "string"}}},
        "steps": {"only": {"set": {"got": "input.ticket"}}},
    });
    let only = world.deploy("only", &only);
    let response = world.ran(only, &says("It broke"));
    assert_eq!((&response["input"], &response["output"]), (&json!("It broke"), &json!(r#"{"got":"It broke"}"#)), "the only required text");
    let none = world.deploy("none", &json!({"steps": {"only": {"set": {"done": "true"}}}}));
    assert_eq!(world.ran(none, &json!({}))["status"], "succeeded");
    let refused = world.execute(none, &says("Hi"));
    assert_eq!((refused.status, refused.code().as_str()), (422, "no_message_input"));
}

#[test]
fn document_002_messages_every_field_of_one() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    for (messages, field) in [
        (json!("hi"), "messages"),
        (json!(["hi"]), "messages.0"),
        (json!([{"role": "user"}]), "messages.0.content"),
        (json!([{"role": "user", "content": 7}]), "messages.0.content"),
        (json!([{"content": "hi"}]), "messages.0.role"),
        (json!([{"role": "user", "content": "hi", "name": "x"}]), "messages.0.name"),
    ] {
        refused(&world.execute(agent, &json!({"messages": messages})), field);
    }
    let long = "x".repeat(600_000);
    let answer = world.execute(agent, &json!({"messages": [message("user", &long), message("assistant", &long), message("user", "Hi")]}));
    assert!(refused(&answer, "messages").contains("at most"), "bounded: {}", answer.text());
}

#[test]
fn document_002_root_id_continues_the_conversation() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let first = world.ran(agent, &messages(&["user", "assistant", "user"]));
    let second = world.ran(agent, &with(says("And then?"), "root_id", first["id"].clone()));
    let before = [("user", "user 0"), ("assistant", "assistant 1"), ("user", "user 2"), ("assistant", "Hello! How can I help?")];
    let told = |more: &[(&str, &str)]| said(&[&[("system", "Be of help.")], &before[..], more].concat());
    assert_eq!(shown(&world.last_asked()), told(&[("user", "And then?")]), "all that was said, what came along included");
    assert_eq!((&second["root_id"], second["id"] == first["id"]), (&first["id"], false));
    assert_eq!(world.natively(&second).0["sessionId"], world.natively(&first).0["sessionId"], "one session");
    // Any response of the conversation names it, as a number or a text; turns that come along stand behind it.
    let body = with(messages(&["user", "assistant", "user"]), "root_id", json!(second["id"].to_string()));
    let third = world.ran(agent, &body);
    assert_eq!(third["root_id"], first["id"]);
    let last = [("user", "And then?"), ("assistant", "Hello! How can I help?")];
    assert_eq!(
        shown(&world.last_asked()),
        told(&[&last[..], &[("user", "user 0"), ("assistant", "assistant 1"), ("user", "user 2")]].concat())
    );
    assert_eq!(world.response(&third["id"])["root_id"], first["id"]);
    let alone = world.ran(agent, &says("Hi"));
    assert_eq!((alone["root_id"].clone(), shown(&world.last_asked()).len()), (alone["id"].clone(), 2), "another conversation");
}

#[test]
fn document_002_root_id_of_nothing_or_of_another_agent_is_refused() {
    let world = World::new();
    let (agent, other) = (world.deploy("helper", &talks()), world.deploy("other", &talks()));
    let theirs = world.ran(other, &says("Hi"))["id"].clone();
    for root in [theirs, json!(99), json!("x"), json!(1.5), json!([1])] {
        refused(&world.execute(agent, &with(says("Hi"), "root_id", root)), "root_id");
    }
}

#[test]
fn contract_a_conversation_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let asked = Arc::new(Mutex::new(Value::Null));
    let start = || {
        let heard = Arc::clone(&asked);
        super::model::serve_asked(directory.path(), &[], move |request| {
            *heard.lock().unwrap() = request.clone();
            Turn::Says("Yes.")
        })
    };
    let mut server = start();
    let agent = super::chat::deploy(&server.root(), "default", "helper", &talks());
    let path = format!("/api/agents/{agent}/execute");
    let first = server.root().json("POST", &path, &with(says("One"), "waitExecution", json!(true))).value()["responses"][0]["id"].clone();
    server.kill();
    let server = start();
    let body = with(with(says("Two"), "waitExecution", json!(true)), "root_id", first.clone());
    let second = server.root().json("POST", &path, &body).value()["responses"][0].clone();
    assert_eq!((&second["root_id"], &second["status"]), (&first, &json!("succeeded")));
    assert_eq!(shown(&asked.lock().unwrap()), said(&[("system", "Be of help."), ("user", "One"), ("assistant", "Yes."), ("user", "Two")]));
}

/// The `data:` frames of a stream.
fn frames(answer: &Answer) -> Vec<Value> {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/event-stream")), "{}", answer.text());
    let text = answer.text();
    assert!(!text.contains("event: "), "frames have no name: {text}");
    text.lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .filter(|line| *line != "[DONE]")
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

const FRAME: [&str; 9] = ["created_at", "credits", "error", "id", "output", "root_id", "status", "template_id", "updated_at"];

#[test]
fn contract_stream_every_field_of_its_frames() {
    let world = World::with("", |_| Turn::Pieces(vec!["Hi", " there", "!"]));
    let agent = world.deploy("helper", &talks());
    let told = frames(&world.execute(agent, &with(says("Hi"), "stream", json!(true))));
    let (last, before) = told.split_last().unwrap();
    let response = world.becomes(&last["id"], "succeeded");
    for frame in &told {
        assert_eq!(fields(frame), FRAME);
        for field in ["id", "root_id", "created_at", "template_id"] {
            assert_eq!(frame[field], response[field], "{field}");
        }
    }
    assert!(
        before.iter().all(|frame| frame["status"] == "running" && frame["credits"].is_null() && frame["error"].is_null()),
        "{before:?}"
    );
    assert_eq!(before.iter().map(|frame| frame["output"].as_str().unwrap()).collect::<String>(), "Hi there!");
    assert_eq!((&last["status"], &last["output"], &last["error"]), (&json!("completed"), &json!(""), &Value::Null));
    assert_eq!((&last["credits"], &last["updated_at"]), (&response["credits"], &response["updated_at"]));
    assert_eq!(last["credits"], world.natively(last).1["totalCost"]);
    refused(&world.execute(agent, &with(says("Hi"), "stream", json!("yes"))), "stream");
    assert_eq!(world.execute(agent, &with(says("Hi"), "stream", json!(false))).status, 202, "default: false");
}

/// Executes as a stream, and hears each frame as it comes.
fn hear(world: &World, agent: u64, body: &Value, mut heard: impl FnMut(&Value)) -> Vec<Value> {
    let body = with(body.clone(), "stream", json!(true)).to_string();
    let mut stream = TcpStream::connect(world.server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let fields = format!("authorization: Bearer {ROOT_KEY}\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    write!(stream, "POST /api/agents/{agent}/execute HTTP/1.1\r\nhost: test\r\nconnection: close\r\n{fields}\r\n\r\n{body}").unwrap();
    let mut frames = Vec::new();
    for line in BufReader::new(stream).lines() {
        let line = line.unwrap();
        let Some(data) = line.strip_prefix("data: ") else { continue };
        let frame = serde_json::from_str(data).unwrap();
        heard(&frame);
        frames.push(frame);
    }
    frames
}

#[test]
fn contract_stream_the_text_comes_while_it_is_generated() {
    let gate = Arc::new(Barrier::new(2));
    let held = Arc::clone(&gate);
    let world = World::with("", move |request| {
        if request.to_string().contains("second prompt") {
            held.wait();
        }
        Turn::Says("Yes.")
    });
    let two = json!({
        "input": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
        "output": "steps.first.output",
        "steps": {
            "first": {"llm": {"model": "openai/gpt-5-mini", "prompt": "{{ input.message }}"}},
            "second": {"llm": {"model": "openai/gpt-5-mini", "prompt": "second prompt"}},
        },
        "edges": [{"from": "first", "to": "second"}],
    });
    let agent = world.deploy("two", &two);
    // The second step ends only once the text of the first one is here.
    let told = hear(&world, agent, &says("Hi"), |frame| {
        if frame["output"] == "Yes." {
            gate.wait();
        }
    });
    assert_eq!((told.len(), &told[1]["status"]), (2, &json!("completed")), "{told:?}");
}

#[test]
fn contract_stream_a_text_that_came_to_nothing_is_taken_back() {
    let (hang_up, told) = mpsc::channel();
    let (told, count) = (Arc::new(Mutex::new(told)), AtomicUsize::new(0));
    let world = World::with("", move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Turn::Breaks("Half an ans", Arc::clone(&told)),
        _ => Turn::Says("A whole answer."),
    });
    let mut again = talks();
    again["steps"]["talk"]["retry"] = json!({"attempts": 3, "backoff": "10ms"});
    let agent = world.deploy("again", &again);
    let told = hear(&world, agent, &says("Hi"), |frame| {
        if frame["output"] == "Half an ans" {
            hang_up.send(()).unwrap();
        }
    });
    let of = |frame: &Value| {
        (frame["output"].as_str().unwrap().to_owned(), frame["reset"] == true, frame["status"].as_str().unwrap().to_owned())
    };
    let frame = |output: &str, reset: bool, status: &str| (output.to_owned(), reset, status.to_owned());
    let expected = [
        frame("Half an ans", false, "running"),
        frame("", true, "running"),
        frame("A whole answer.", false, "running"),
        frame("", false, "completed"),
    ];
    assert_eq!(told.iter().map(of).collect::<Vec<_>>(), expected);
}

#[test]
fn contract_stream_how_others_end() {
    let world = World::new();
    let fails = json!({"steps": {"only": {"fail": {"code": "no_luck", "message": "It did not work."}}}});
    let failing = world.deploy("failing", &fails);
    let told = frames(&world.execute(failing, &json!({"stream": true})));
    let last = told.last().unwrap();
    assert_eq!((&last["status"], &last["error"]), (&json!("failed"), &json!("It did not work.")));
    let asking = world.deploy("asking", &waits());
    let told = frames(&world.execute(asking, &with(says("Hi"), "stream", json!(true))));
    assert_eq!(told.last().unwrap()["status"], "running", "it waits for somebody: {told:?}");
    let quick = world.deploy("quick", &json!({"steps": {"only": {"set": {"done": "true"}}}}));
    let told = frames(&world.execute(quick, &json!({"stream": true})));
    assert_eq!((told.len(), &told[0]["output"]), (2, &json!(r#"{"done":true}"#)), "an output that nobody generates comes whole");
}

#[test]
fn contract_openai_chat_completions_of_an_agent() {
    let world = World::with("", |_| Turn::Pieces(vec!["Hel", "lo!"]));
    let agent = world.deploy("helper", &talks());
    let path = format!("/api/agents/{agent}/openai/chat/completions");
    let body = json!({"model": "whatever", "messages": [message("developer", "Speak French."), message("user", "One"), message("assistant", "Two"), message("user", "Hi")]});
    let answer = world.client.json("POST", &path, &body);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let completion = answer.value();
    assert_eq!((&completion["object"], &completion["choices"][0]["message"]["content"]), (&json!("chat.completion"), &json!("Hello!")));
    assert_eq!(completion["usage"]["total_tokens"], 15);
    assert_eq!(world.last_asked()["model"], "gpt-5-mini", "`model` is ignored");
    assert_eq!(
        shown(&world.last_asked()),
        said(&[("system", "Be of help.\n\nSpeak French."), ("user", "One"), ("assistant", "Two"), ("user", "Hi")])
    );
    let told = frames(&world.client.json("POST", &path, &with(body.clone(), "stream", json!(true))));
    let text: String = told.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    assert_eq!((text.as_str(), &told[0]["object"]), ("Hello!", &json!("chat.completion.chunk")));
    let unknown = world.client.json("POST", "/api/agents/99/openai/chat/completions", &body);
    assert!(unknown.status == 404 && unknown.value()["error"]["message"].is_string(), "errors of that wire: {}", unknown.text());
    let headers = [("content-type", "application/json"), ("x-workspace-id", "999")];
    let foreign = world.client.request("POST", &path, &headers, body.to_string().as_bytes()).unwrap();
    assert_eq!(foreign.status, 403, "{}", foreign.text());
    let listed = world.client.get("/v1/tenants/default/agents/helper/executionRecords").text();
    assert_eq!(listed.matches("\"COMPLETED\"").count(), 2, "the same executions natively: {listed}");
}
