//! contracts/README, "Rules for all of them": integer ids are per installation, start at 1, are never reused, and find what names find.

use serde_json::{Value, json};

use super::harness::{Answer, Client, Server};

fn made(answer: &Answer) -> Value {
    assert!(answer.status < 300, "{} {}", answer.status, answer.text());
    answer.value()
}

/// An agent that answers at once; its integer id.
fn agent(client: &Client, tenant: &str, name: &str) -> u64 {
    let base = format!("/v1/tenants/{tenant}/agents");
    let number = made(&client.json("POST", &base, &json!({"id": name})))["number"].as_u64().unwrap();
    let flow = json!({"flow": {"steps": {"only": {"set": {"done": "true"}}}}});
    made(&client.json("POST", &format!("{base}/{name}/revisions"), &flow));
    number
}

/// Runs it; the record.
fn run(client: &Client, tenant: &str, name: &str) -> Value {
    let ran = made(&client.json("POST", &format!("/v1/tenants/{tenant}/agents/{name}:execute"), &json!({"sessionId": "s"})));
    let id = ran["executionRecordId"].as_str().unwrap();
    made(&client.get(&format!("/v1/tenants/{tenant}/agents/{name}/executionRecords/{id}")))
}

#[test]
fn contract_ids_both_kinds_find_the_same_thing() {
    let server = Server::start();
    let client = server.tenant("acme");
    let number = agent(&client, "acme", "helper");
    let record = run(&client, "acme", "helper");
    let tenants = server.root().get("/v1/tenants").value();
    let tenant = tenants.as_array().unwrap().iter().find(|tenant| tenant["id"] == "acme").unwrap()["number"].as_u64().unwrap();
    let (id, execution) = (record["id"].as_str().unwrap(), record["number"].as_u64().unwrap());
    let file = made(&client.upload("/v1/tenants/acme/storage", "a.txt", "text/plain", b"words", &[]));
    let (file_id, file_number) = (file["fileId"].as_str().unwrap(), file["number"].as_u64().unwrap());
    for (named, numbered) in [
        ("/v1/tenants/acme/agents/helper".to_owned(), format!("/v1/tenants/{tenant}/agents/{number}")),
        (
            format!("/v1/tenants/acme/agents/helper/executionRecords/{id}:trace"),
            format!("/v1/tenants/{tenant}/agents/{number}/executionRecords/{execution}:trace"),
        ),
        ("/v1/tenants/acme/agents/helper/executionRecords".to_owned(), format!("/v1/tenants/acme/agents/{number}/executionRecords")),
        (format!("/v1/tenants/acme/storage/{file_id}"), format!("/v1/tenants/acme/storage/{file_number}")),
    ] {
        let (one, other) = (client.get(&named), client.get(&numbered));
        assert_eq!((one.status, one.text()), (200, other.text()), "{named} and {numbered}");
    }
    let ran = made(&client.json("POST", &format!("/v1/tenants/acme/agents/{number}:execute"), &json!({})));
    assert_eq!(ran["trace"]["agentId"], "helper");
}

#[test]
fn contract_ids_what_has_them_in_a_record() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "default", "helper");
    let (first, second) = (run(&root, "default", "helper"), run(&root, "default", "helper"));
    let of = |record: &Value| ["number", "sessionNumber", "startedByNumber"].map(|field| record[field].as_u64());
    assert_eq!(of(&first), [Some(1), Some(1), Some(1)], "each kind counts from 1");
    assert_eq!(of(&second), [Some(2), Some(1), Some(1)], "the same session, the same user");
}

#[test]
fn contract_ids_are_per_installation_and_of_their_tenant() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let (one, two) = (agent(&alpha, "alpha", "helper"), agent(&beta, "beta", "helper"));
    assert_eq!((one, two), (1, 2));
    let (theirs, ours) = (run(&alpha, "alpha", "helper"), run(&beta, "beta", "helper"));
    assert_eq!((theirs["number"].as_u64(), ours["number"].as_u64()), (Some(1), Some(2)));
    for (foreign, nobodys) in [("agents/1", "agents/9"), ("agents/2/executionRecords/1", "agents/2/executionRecords/9")] {
        let (foreign, nobodys) = (beta.get(&format!("/v1/tenants/beta/{foreign}")), beta.get(&format!("/v1/tenants/beta/{nobodys}")));
        assert_eq!((foreign.status, foreign.text().replace('1', "9")), (404, nobodys.text().replace('1', "9")));
    }
    let tenants = server.root().get("/v1/tenants").value();
    let alphas = tenants.as_array().unwrap().iter().find(|tenant| tenant["id"] == "alpha").unwrap()["number"].as_u64().unwrap();
    let foreign = beta.get(&format!("/v1/tenants/{alphas}/agents"));
    assert_eq!(foreign.status, 404);
    assert!(!foreign.text().contains("alpha"), "a number does not tell a foreign name: {}", foreign.text());
}

#[test]
fn contract_ids_are_never_reused_over_a_kill_and_a_purge() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "default", "helper");
    let first = run(&server.root(), "default", "helper");
    let second = run(&server.root(), "default", "helper");
    server.kill();
    let server = Server::start_in(directory.path());
    let root = server.root();
    assert_eq!(root.get("/v1/tenants/default/agents/1/executionRecords/1").value()["id"], first["id"]);
    let path = format!("/v1/tenants/default/agents/helper/executionRecords/{}", second["id"].as_str().unwrap());
    let purged = root.request("DELETE", &path, &[], b"").unwrap();
    assert!(purged.status < 300, "{} {}", purged.status, purged.text());
    assert_eq!(root.get("/v1/tenants/default/agents/1/executionRecords/2").status, 404);
    assert_eq!(run(&root, "default", "helper")["number"], 3);
}
