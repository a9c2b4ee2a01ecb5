//! What departs from an ended execution obeys what every start obeys: budgets, an agent that is switched off, its session.

use serde_json::{Value, json};

use super::events::create;
use super::harness::{Answer, Client, Server};
use super::model::{Model, Speech, said};

const A: &str = "/v1/tenants/default/agents/broken";

/// An agent whose first call of its model breaks, and the record of the execution that failed with it.
fn failed(settings: &Value, body: &Value) -> (tempfile::TempDir, Model, Server, Client, String) {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|number, _| Speech { breaks: number == 0, ..Speech::new(&["fine"], 0) });
    let server = model.serve(directory.path(), &[]);
    let client = server.root();
    let flow = json!({
        "input": {"type": "object", "properties": {"message": {"type": "string", "default": "Speak."}}},
        "steps": {"say": {"llm": {"model": "openai/gpt-5-mini", "prompt": "{{ input.message }}"}, "retry": {"attempts": 1}}},
    });
    create(&client, "broken", settings, &flow);
    let failed = client.json("POST", &format!("{A}:execute"), body).value();
    assert_eq!(failed["status"], "FAILED", "{failed}");
    let record = format!("{A}/executionRecords/{}", failed["executionRecordId"].as_str().unwrap());
    (directory, model, server, client, record)
}

fn departures(record: &str) -> [(String, Value); 3] {
    let fork = json!({"attempt": "say#1.1", "output": "by hand"});
    [(format!("{record}:retry"), json!({})), (format!("{record}:fork"), fork), (format!("{record}:replay"), json!({"revision": 1}))]
}

fn refused(answer: &Answer) -> (u16, String) {
    (answer.status, answer.code())
}

#[test]
fn a_spent_budget_refuses_retries_forks_and_replays() {
    let (_directory, model, _server, client, record) = failed(&json!({}), &json!({}));
    assert_eq!(client.json("PUT", &format!("{A}/budget"), &json!({"amount": 0, "enforceLimit": true})).status, 200);
    for (path, body) in departures(&record) {
        let answer = client.json("POST", &path, &body);
        assert_eq!(refused(&answer), (429, "budget_exceeded".to_owned()), "{path}: {}", answer.text());
    }
    assert_eq!(model.requests().len(), 1, "nothing was asked");
    assert_eq!(client.json("PUT", &format!("{A}/budget"), &json!({"amount": 5})).status, 200);
    for (path, body) in departures(&record) {
        let answer = client.json("POST", &path, &body);
        assert_eq!((answer.status, &answer.value()["status"]), (200, &json!("COMPLETED")), "{path}: {}", answer.text());
    }
}

#[test]
fn an_agent_that_is_switched_off_takes_no_retries_forks_and_replays() {
    let (_directory, model, _server, client, record) = failed(&json!({}), &json!({}));
    assert!(client.json("POST", &format!("{A}:deactivate"), &json!({})).status < 300);
    for (path, body) in departures(&record) {
        let answer = client.json("POST", &path, &body);
        assert_eq!(refused(&answer), (409, "agent_inactive".to_owned()), "{path}: {}", answer.text());
    }
    assert_eq!(model.requests().len(), 1, "nothing was asked");
}

#[test]
fn a_retry_in_a_session_does_not_meet_its_own_execution() {
    for when_busy in ["reject", "enqueue", "interrupt", "parallel"] {
        let settings = json!({"whenBusy": when_busy});
        let body = json!({"sessionId": "s", "parameters": {"message": "one"}});
        let (_directory, model, _server, client, record) = failed(&settings, &body);
        let path = format!("{record}:retry");
        let first = client.once("k", &path, &json!({})).unwrap();
        assert_eq!((first.status, &first.value()["status"]), (200, &json!("COMPLETED")), "{when_busy}: {}", first.text());
        let again = client.once("k", &path, &json!({})).unwrap().value();
        assert_eq!(again["executionRecordId"], first.value()["executionRecordId"], "{when_busy}");
        let next = client.json("POST", &format!("{A}:execute"), &json!({"sessionId": "s", "parameters": {"message": "two"}}));
        assert_eq!(next.status, 200, "{when_busy}: {}", next.text());
        let told = said(model.requests().last().unwrap());
        let answered: Vec<&str> = told.iter().map(|(_, text)| text.as_str()).collect();
        assert_eq!(answered, ["one", "fine", "two"], "{when_busy}: the retry is a turn of its session");
    }
}
