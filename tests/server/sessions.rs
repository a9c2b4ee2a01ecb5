//! Conversations: what the model is told of earlier turns, what becomes of a message while another one is answered, and callers that do
//! not want to wait.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::events::{create, ended, start};
use super::harness::{Answer, Client, Server};
use super::model::{Model, Speech, said};

/// Answers every message with its own words; `slow` slowly.
fn echo() -> Model {
    Model::start(|_, body| {
        let (_, message) = said(body).pop().unwrap();
        let pause_ms = if message.starts_with("slow") { 60 } else { 0 };
        let pieces: Vec<String> = (0..10).map(|piece| if piece == 0 { format!("on {message}") } else { ".".to_owned() }).collect();
        Speech { pieces, ..Speech::new(&[], pause_ms) }
    })
}

fn answer_to(message: &str) -> String {
    format!("on {message}.........")
}

fn pair(role: &str, text: &str) -> (String, String) {
    (role.to_owned(), text.to_owned())
}

fn chat(model: &Model, settings: &Value) -> (tempfile::TempDir, Server, Client) {
    let directory = tempfile::tempdir().unwrap();
    let server = model.serve(directory.path(), &[]);
    let client = server.root();
    let flow = json!({
        "input": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
        "steps": {"say": {"llm": {"model": "openai/gpt-5-mini", "system": "Echo.", "prompt": "{{ input.message }}"}}},
    });
    create(&client, "chat", settings, &flow);
    (directory, server, client)
}

fn body(session: &str, message: &str) -> Value {
    json!({"sessionId": session, "parameters": {"message": message}})
}

fn ask(client: &Client, session: &str, message: &str) -> Answer {
    client.json("POST", "/v1/tenants/default/agents/chat:execute", &body(session, message))
}

#[test]
fn earlier_turns_of_a_session_reach_the_model() {
    let model = echo();
    let (_directory, _server, client) = chat(&model, &json!({"sessionTurnsMax": 2}));
    let first = client.json("POST", "/v1/tenants/default/agents/chat:execute", &json!({"parameters": {"message": "a"}})).value();
    let session = first["sessionId"].as_str().unwrap();
    assert_eq!(first["response"], answer_to("a"));
    for message in ["b", "c", "d"] {
        assert_eq!(ask(&client, session, message).value()["sessionId"], *session);
    }
    ask(&client, "another", "e");
    let told: Vec<_> = model.requests().iter().map(said).collect();
    assert_eq!(told[0], [pair("user", "a")]);
    assert_eq!(told[1], [pair("user", "a"), pair("assistant", &answer_to("a")), pair("user", "b")]);
    let two = [("user", "b"), ("assistant", &answer_to("b")), ("user", "c"), ("assistant", &answer_to("c")), ("user", "d")];
    assert_eq!(told[3], two.map(|(role, text)| pair(role, text)), "the last two turns, no more");
    assert_eq!(told[4], [pair("user", "e")], "another session knows nothing");
    let listed = client.get(&format!("/v1/tenants/default/agents/chat/executionRecords?sessionId={session}")).value();
    assert_eq!(listed["items"].as_array().unwrap().len(), 4);
}

#[test]
fn a_message_to_a_busy_session_is_refused() {
    let model = echo();
    let (_directory, _server, client) = chat(&model, &json!({}));
    let record = start(&client, "chat", &body("s", "slow one"));
    model.asked(1);
    let refused = ask(&client, "s", "two");
    assert_eq!((refused.status, refused.code().as_str()), (409, "session_busy"));
    assert!(record.ends_with(refused.value()["executionRecordId"].as_str().unwrap()), "it says what keeps it busy");
    assert_eq!(ask(&client, "other", "two").status, 200, "another session is not busy");
    assert_eq!(ended(&client, &record)["status"], "COMPLETED");
    assert_eq!(ask(&client, "s", "two").status, 200);
}

#[test]
fn a_message_to_a_busy_session_waits_for_its_turn() {
    let model = echo();
    let (_directory, _server, client) = chat(&model, &json!({"whenBusy": "enqueue"}));
    let record = start(&client, "chat", &body("s", "slow one"));
    model.asked(1);
    let second = ask(&client, "s", "two");
    assert_eq!((second.status, second.value()["response"].clone()), (200, json!(answer_to("two"))), "{}", second.text());
    let told = said(&model.requests()[1]);
    assert_eq!(told, [pair("user", "slow one"), pair("assistant", &answer_to("slow one")), pair("user", "two")]);
    assert_eq!(client.get(&record).value()["status"], "COMPLETED");
}

#[test]
fn a_message_to_a_busy_session_interrupts() {
    let model = echo();
    let (_directory, _server, client) = chat(&model, &json!({"whenBusy": "interrupt"}));
    let record = start(&client, "chat", &body("s", "slow one"));
    model.asked(1);
    assert_eq!(ask(&client, "s", "two").value()["response"], answer_to("two"));
    assert_eq!(client.get(&record).value()["status"], "CANCELLED");
    assert_eq!(said(&model.requests()[1]), [pair("user", "two")], "what was not answered is no turn");
}

#[test]
fn messages_to_a_busy_session_run_side_by_side() {
    let model = echo();
    let (_directory, _server, client) = chat(&model, &json!({"whenBusy": "parallel"}));
    let record = start(&client, "chat", &body("s", "slow one"));
    model.asked(1);
    let second = ask(&client, "s", "two");
    assert_eq!(second.status, 200, "{}", second.text());
    assert!(model.ended(0).is_none_or(|first| model.ended(1).unwrap() < first), "it did not wait");
    assert_eq!(ended(&client, &record)["status"], "COMPLETED");
}

#[test]
fn a_caller_waits_as_long_as_it_prefers() {
    let model = Model::start(|_, _| Speech { pieces: vec![".".to_owned(); 30], ..Speech::new(&[], 100) });
    let (_directory, _server, client) = chat(&model, &json!({}));
    let path = "/v1/tenants/default/agents/chat:execute";
    let preferring = |prefer: &str, session: &str| {
        let headers = [("content-type", "application/json"), ("prefer", prefer)];
        let began = Instant::now();
        (client.request("POST", path, &headers, body(session, "x").to_string().as_bytes()).unwrap(), began.elapsed())
    };
    let (answer, took) = preferring("wait=1", "a");
    assert_eq!((answer.status, answer.header("preference-applied")), (202, Some("wait=1")), "{}", answer.text());
    assert!(took >= Duration::from_secs(1), "{took:?}");
    let given_up = answer.value();
    assert_eq!((&given_up["status"], &given_up["response"], &given_up["links"]), (&json!("IN_PROGRESS"), &json!(""), &json!([])));
    assert!(given_up["trace"].is_object());
    let record = answer.header("location").unwrap();
    assert!(record.ends_with(given_up["executionRecordId"].as_str().unwrap()));
    let (patient, _) = preferring("wait=50", "b");
    assert_eq!((patient.status, patient.value()["response"].clone()), (200, json!(".".repeat(30))));
    assert_eq!(ended(&client, record)["status"], "COMPLETED", "giving up changes nothing");
    // A caller that hangs up without a word changes nothing either.
    let count = model.requests().len();
    let raw = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{}",
        super::harness::ROOT_KEY,
        body("c", "x").to_string().len(),
        body("c", "x")
    );
    super::harness::exchange(client.address, raw.as_bytes(), Duration::from_millis(300)).unwrap_err();
    model.asked(count + 1);
    let listed = client.get("/v1/tenants/default/agents/chat/executionRecords?sessionId=c").value();
    let left = format!("/v1/tenants/default/agents/chat/executionRecords/{}", listed["items"][0]["id"].as_str().unwrap());
    assert_eq!(ended(&client, &left)["status"], "COMPLETED");
}
