//! The stream that says which lists changed: to everybody who shows them, and to nobody else.

use serde_json::{Value, json};

use super::desk::{Desk, TENANT, decide, eventually, expect, get};
use super::harness::{Client, ROOT_KEY, Server};
use super::streams::{Event, Events};

const CHANGES: &str = "/v1/tenants/default/changes:subscribe";

fn follow(server: &Server, tenant: &str, client: &Client) -> Events {
    Events::open_with(server, &format!("/v1/tenants/{tenant}/changes:subscribe"), &format!("x-api-key: {}", client.key.as_deref().unwrap()))
}

fn topics(event: &Event) -> Vec<&str> {
    event.data["topics"].as_array().unwrap().iter().filter_map(Value::as_str).collect()
}

/// Reads on until this topic is told of.
#[track_caller]
fn hears(events: &mut Events, topic: &str) {
    loop {
        let event = events.next().unwrap();
        assert_eq!((event.name.as_str(), &event.data["changeKind"]), ("changes", &json!("changed")));
        if topics(&event).contains(&topic) {
            return;
        }
    }
}

/// The first event, which says that everything may be different.
#[track_caller]
fn begins(events: &mut Events) -> Vec<String> {
    let first = events.next().unwrap();
    assert_eq!((first.name.as_str(), &first.data["changeKind"]), ("changes", &json!("sync")));
    topics(&first).into_iter().map(str::to_owned).collect()
}

#[test]
fn what_somebody_else_does_is_heard_once_it_can_be_read() {
    let mut desk = Desk::open();
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let mut all = Events::open(&desk.server, CHANGES);
    let mut own = follow(&desk.server, "default", &ann);
    assert_eq!(begins(&mut all).len(), 12);
    assert_eq!(begins(&mut own), ["approvals"], "what the key may not read is not told of");
    let question = desk.ask(&starter, "pay", 7);
    hears(&mut own, "approvals");
    assert_eq!(get(&ann, &question)["status"], "PENDING");
    hears(&mut all, "executions");
    let body = json!({"decision": "reject", "digest": get(&ann, &question)["digest"], "reason": "no"});
    expect(200, &decide(&ann, &question, &body));
    hears(&mut own, "approvals");
    assert_eq!(get(&ann, &question)["status"], "RESPONDED");
    desk.agent("another", "flow: another\nsteps:\n  a: {set: {b: 1}}\n");
    hears(&mut all, "agents");
    expect(200, &desk.server.root().json("PUT", &format!("{TENANT}/secrets/token"), &json!({"value": "hidden"})));
    hears(&mut all, "secrets");
    // What happened meanwhile is not told again: everything is read anew.
    desk.kill_and_start();
    assert_eq!(begins(&mut Events::open(&desk.server, CHANGES)).len(), 12);
}

#[test]
fn another_tenant_hears_nothing_of_it() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let mut events = follow(&server, "beta", &beta);
    begins(&mut events);
    assert_eq!(beta.get("/v1/tenants/alpha/changes:subscribe").status, 404);
    let made = |client: &Client, tenant: &str, path: &str, body: &Value| {
        let answer = client.json("PUT", &format!("/v1/tenants/{tenant}/{path}"), body);
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    for count in 0..20 {
        made(&alpha, "alpha", &format!("secrets/token{count}"), &json!({"value": "hidden"}));
    }
    made(&beta, "beta", "retention", &json!({"days": 365}));
    let first = events.next().unwrap();
    assert_eq!((first.name.as_str(), topics(&first)), ("changes", vec!["audit"]), "its own, and nothing before it");
}

#[test]
fn it_ends_with_the_key_and_the_places_are_bounded() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[], &[("FLOWGATE_TENANT_AT_ONCE", "200")]);
    let root = server.root();
    let none = root.json("POST", "/v1/tenants/default/apiKeys:generate", &json!({"name": "runs", "scopes": ["executions:run"]}));
    let none = server.client(none.value()["apiKey"].as_str().unwrap());
    assert_eq!((none.get(CHANGES).status, none.get(CHANGES).code().as_str()), (403, "insufficient_scope"));
    let made = root.json("POST", "/v1/tenants/default/apiKeys:generate", &json!({"name": "watcher", "scopes": ["admin"]}));
    let watcher = server.client(made.value()["apiKey"].as_str().unwrap());
    let id = watcher.get("/v1/tenants/default/apiKeys/current").value()["id"].as_str().unwrap().to_owned();
    let mut events = follow(&server, "default", &watcher);
    begins(&mut events);
    let revoked = root.request("DELETE", &format!("/v1/tenants/default/apiKeys/{id}"), &[], b"").unwrap();
    assert!(revoked.status < 300, "{}", revoked.text());
    let last = loop {
        let event = events.next().unwrap();
        if event.name != "changes" {
            break event;
        }
    };
    assert_eq!((last.name.as_str(), &last.data["reason"]), ("closing", &json!("unauthorized")));
    assert_eq!(events.next(), None);
    // The place is free again, and there are 64.
    let who = format!("x-api-key: {ROOT_KEY}");
    let streams: Vec<Events> = (0..64).map(|_| Events::open_with(&server, CHANGES, &who)).collect();
    let refused = root.get(CHANGES);
    assert_eq!((refused.status, refused.code().as_str()), (429, "too_many_streams"));
    drop(streams);
    eventually("their places are free", || {
        let head = format!("GET {CHANGES} HTTP/1.1\r\nhost: test\r\n{who}\r\n\r\n");
        let raw = super::harness::exchange(server.address, head.as_bytes(), std::time::Duration::from_millis(500)).unwrap();
        String::from_utf8_lossy(&raw).starts_with("HTTP/1.1 200")
    });
}
