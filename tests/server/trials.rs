//! Flows that are tried out before they are revisions, and executions that depart from others, once under a key.

use std::time::Duration;

use serde_json::{Value, json};

use super::events::create;
use super::follower::{Follower, text};
use super::harness::{Client, Server};
use super::model::{Model, Speech};

const AGENT: &str = "/v1/tenants/default/agents/helper";
const DRAFT: &str = "/v1/tenants/default/agents/helper/revisions/0/draft";

fn flow(said: &str) -> Value {
    json!({
        "input": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
        "steps": {"a": {"set": {"said": format!("'{said} ' + input.name")}}},
        "output": "steps.a.output.said",
    })
}

fn listed(client: &Client, origin: &str) -> Vec<Value> {
    client.get(&format!("{AGENT}/executionRecords?origin={origin}")).value()["items"].as_array().unwrap().clone()
}

fn helper() -> (Server, Client) {
    let server = Server::start();
    let client = server.root();
    assert_eq!(client.json("POST", "/v1/tenants/default/agents", &json!({"id": "helper"})).status, 201);
    (server, client)
}

#[test]
fn a_draft_is_tried_out_as_a_test() {
    let (server, client) = helper();
    let with = json!({"parameters": {"name": "Ana"}});
    assert_eq!(client.json("POST", &format!("{DRAFT}:test"), &with).status, 404, "there is no draft");
    client.json("PUT", DRAFT, &json!({"flow": {"steps": {}}}));
    let unsound = client.json("POST", &format!("{DRAFT}:test"), &with);
    assert_eq!((unsound.status, unsound.code().as_str()), (422, "flow_refused"));
    client.json("PUT", DRAFT, &json!({"flow": flow("Hello")}));
    let missing = client.json("POST", &format!("{DRAFT}:test"), &json!({}));
    assert!(missing.status == 400 && missing.text().contains("Parameter name is required"), "{}", missing.text());
    for (version, status) in [("1", 409), ("2", 200)] {
        let headers = [("content-type", "application/json"), ("if-match", version)];
        let tried = client.request("POST", &format!("{DRAFT}:test"), &headers, with.to_string().as_bytes()).unwrap();
        assert_eq!(tried.status, status, "{}", tried.text());
    }
    let tried = client.once("k", &format!("{DRAFT}:test"), &with).unwrap().value();
    assert_eq!(
        (&tried["response"], &tried["trace"]["agentRevision"], &tried["status"]),
        (&json!("Hello Ana"), &json!(-1), &json!("COMPLETED"))
    );
    let events = Follower::post(server.address, &format!("{DRAFT}:streamTest"), &[], &with).unwrap().rest();
    assert_eq!((text(&events).as_str(), &events.last().unwrap().data["trace"]["agentRevision"]), ("Hello Ana", &json!(-1)));
    assert!(listed(&client, "PRODUCTION").is_empty());
    assert_eq!(listed(&client, "TEST").len(), 3);
    assert_eq!(client.request("DELETE", DRAFT, &[], b"").unwrap().status, 204);
    let again = client.once("k", &format!("{DRAFT}:test"), &with).unwrap().value();
    assert_eq!(again["executionRecordId"], tried["executionRecordId"], "a repetition finds its execution, whatever became of the draft");
}

#[test]
fn a_flow_in_the_body_is_tried_out_as_a_test() {
    let (server, client) = helper();
    let inline = json!({"flow": flow("Hi"), "parameters": {"name": "Bo"}, "sessionId": "s", "mode": "SANDBOX", "chatUser": {"id": "7"}});
    let tried = client.json("POST", &format!("{AGENT}:test"), &inline);
    assert_eq!(tried.status, 200, "{}", tried.text());
    let tried = tried.value();
    assert_eq!((&tried["response"], &tried["sessionId"], &tried["trace"]["agentRevision"]), (&json!("Hi Bo"), &json!("s"), &json!(-1)));
    let events = Follower::post(server.address, &format!("{AGENT}:streamTest"), &[], &inline).unwrap().rest();
    assert_eq!(text(&events), "Hi Bo");
    for (body, status) in [
        (json!({"parameters": {"name": "Bo"}}), 422),
        (json!({"flow": {"steps": {}}}), 422),
        (json!({"flow": flow("Hi"), "parameters": {"name": "Bo"}, "colour": "red"}), 422),
        (json!({"flow": flow("Hi"), "parameters": 7}), 400),
        (json!({"flow": flow("Hi"), "parameters": {"name": "Bo"}, "environmentSlug": "nowhere"}), 400),
    ] {
        let refused = client.json("POST", &format!("{AGENT}:test"), &body);
        assert_eq!(refused.status, status, "{body}: {}", refused.text());
    }
    assert_eq!(client.json("POST", "/v1/tenants/default/agents/nobody:test", &inline).status, 404);
    assert_eq!((listed(&client, "TEST").len(), listed(&client, "PRODUCTION").len()), (2, 0));
    assert!(client.get(AGENT).value()["currentRevision"] == 0, "nothing became a revision");
}

/// Records that depart from another one.
fn departed(client: &Client) -> usize {
    client.get("/v1/tenants/default/agents/broken/executionRecords?pageSize=100").value()["items"].as_array().unwrap().len() - 1
}

#[test]
fn retries_and_forks_happen_once_under_a_key_also_over_kills() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|number, _| Speech { breaks: number == 0, ..Speech::new(&["fine"], 0) });
    let mut server = model.serve(directory.path(), &[]);
    let client = server.root();
    let say = json!({"llm": {"model": "openai/gpt-5-mini", "prompt": "Speak."}, "retry": {"attempts": 1}});
    create(&client, "broken", &json!({}), &json!({"steps": {"say": say}}));
    let failed = client.json("POST", "/v1/tenants/default/agents/broken:execute", &json!({})).value();
    assert_eq!(failed["status"], "FAILED", "{failed}");
    let record = format!("/v1/tenants/default/agents/broken/executionRecords/{}", failed["executionRecordId"].as_str().unwrap());
    let fork = json!({"attempt": "say#1.1", "output": "by hand"});
    let requests = [(format!("{record}:retry"), json!({}), "fine"), (format!("{record}:fork"), fork, "by hand")];
    let mut expected = 0;
    for (path, body, response) in &requests {
        let first = client.once("k", path, body).unwrap();
        let (first, second) = (first.value(), client.once("k", path, body).unwrap().value());
        assert_eq!((&first["response"], &first["executionRecordId"]), (&json!(response), &second["executionRecordId"]), "{first}");
        assert_ne!(client.once("k2", path, body).unwrap().value()["executionRecordId"], first["executionRecordId"]);
        expected += 2;
    }
    assert_eq!(departed(&client), expected);
    for round in 0..6_u64 {
        let (path, body, response) = &requests[usize::try_from(round).unwrap() % 2];
        let key = format!("round-{round}");
        let client = server.root();
        std::thread::scope(|scope| {
            // Its answer may be lost.
            scope.spawn(|| drop(client.once(&key, path, body)));
            std::thread::sleep(Duration::from_millis(2 + round * 4));
            server.kill();
        });
        server = model.serve(directory.path(), &[]);
        let again = server.root().once(&key, path, body).unwrap();
        assert_eq!(again.value()["response"], *response, "{}", again.text());
        expected += 1;
        assert_eq!(departed(&server.root()), expected, "round {round}");
    }
}
