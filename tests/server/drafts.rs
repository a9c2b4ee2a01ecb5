//! Drafts: what is sent comes back byte for byte, one of two racing writers wins, and a crash loses nothing.

use serde_json::{Value, json};

use super::harness::{Answer, Client, Server};
use super::streams::Events;

const AGENTS: &str = "/v1/tenants/default/agents";
const DRAFT: &str = "/v1/tenants/default/agents/helper/revisions/0/draft";
/// Numbers, the order of keys and spaces as no writer of ours would choose them.
const ODD: &str = "{ \"z\" : 1.00,\"a\":1e5, \"big\": 123456789012345678901234567890,\n  \"flow\": {\"steps\": {}} }";

fn put(client: &Client, path: &str, body: &str, version: Option<u64>) -> Answer {
    let version = version.map(|version| version.to_string());
    let known = version.iter().map(|version| ("if-match", version.as_str()));
    let headers: Vec<(&str, &str)> = known.chain([("content-type", "application/json")]).collect();
    client.request("PUT", path, &headers, body.as_bytes()).unwrap()
}

fn act(client: &Client, action: &str) -> Answer {
    client.json("POST", &format!("{DRAFT}:{action}"), &json!({}))
}

/// As `act`, knowing a version.
fn act_on(client: &Client, action: &str, version: &str) -> Answer {
    let headers = [("if-match", version), ("content-type", "application/json")];
    client.request("POST", &format!("{DRAFT}:{action}"), &headers, b"{}").unwrap()
}

fn discard(client: &Client) -> u16 {
    client.request("DELETE", DRAFT, &[], b"").unwrap().status
}

fn sound(marker: &str) -> String {
    json!({"comment": marker, "flow": {"steps": {"a": {"set": {"said": format!("'{marker}'")}}}}}).to_string()
}

fn server() -> (Server, Client) {
    let server = Server::start();
    let client = server.root();
    agent(&client);
    (server, client)
}

fn agent(client: &Client) {
    let made = client.json("POST", AGENTS, &json!({"id": "helper"}));
    assert_eq!(made.status, 201, "{}", made.text());
}

#[test]
fn a_draft_comes_back_as_it_was_sent_with_undo_and_redo() {
    let (_server, client) = server();
    let none = client.get(DRAFT);
    assert_eq!((none.status, none.body.len()), (204, 0));
    let first = put(&client, DRAFT, ODD, None);
    assert_eq!(first.status, 200, "{}", first.text());
    assert!(first.text().starts_with(&format!("{{\"headData\":{ODD},")), "{}", first.text());
    assert_eq!((first.value()["version"].clone(), first.value()["history"].as_array().unwrap().len()), (json!(1), 1));
    assert!(!first.value()["problems"].as_array().unwrap().is_empty(), "it is kept, and what is wrong is said");
    let second = put(&client, DRAFT, &sound("two"), Some(1));
    assert_eq!((second.value()["version"].clone(), second.value()["problems"].clone()), (json!(2), json!([])), "{}", second.text());
    let undone = act(&client, "undo");
    assert!(undone.text().contains(ODD));
    assert_eq!(undone.value()["version"], 3);
    let nothing = act(&client, "undo");
    assert_eq!((nothing.status, nothing.value()["code"].clone()), (422, json!("nothing_to_undo")));
    assert_eq!(act(&client, "redo").value()["headData"], serde_json::from_str::<Value>(&sound("two")).unwrap());
    assert_eq!(act(&client, "reset").value()["headData"], json!({}));
    let listed = client.get("/v1/tenants/default/agents/helper/drafts").value();
    assert_eq!((listed[0]["baseRevision"].clone(), listed[0]["version"].clone()), (json!(0), json!(5)));
}

#[test]
fn what_is_no_draft_is_refused() {
    let (_server, client) = server();
    for (body, status) in [("[1]", 400), ("{", 400), ("\"x\"", 400), ("", 400)] {
        assert_eq!(put(&client, DRAFT, body, None).status, status, "{body:?}");
    }
    assert_eq!(client.request("PUT", DRAFT, &[("if-match", "one"), ("content-type", "application/json")], b"{}").unwrap().status, 422);
    for path in [
        "/v1/tenants/default/agents/nobody/revisions/0/draft",
        "/v1/tenants/default/agents/helper/revisions/7/draft",
        "/v1/tenants/default/agents/helper/revisions/x/draft",
    ] {
        assert_eq!((put(&client, path, "{}", None).status, client.get(path).status), (404, 404), "{path}");
    }
    for action in ["undo", "redo", "reset", "publish"] {
        assert_eq!(act(&client, action).status, 404, "{action} without a draft");
    }
    assert_eq!(discard(&client), 404);
    let large = format!("{{\"x\":\"{}\"}}", "y".repeat(2 << 20));
    assert_eq!(put(&client, DRAFT, &large, None).status, 413);
}

#[test]
fn of_two_writers_who_know_the_same_version_one_wins() {
    let (_server, client) = server();
    let mut version = put(&client, DRAFT, "{}", None).value()["version"].as_u64().unwrap();
    for round in 0..10 {
        let replies: Vec<Answer> = std::thread::scope(|scope| {
            let writers: Vec<_> = (0..2)
                .map(|writer| {
                    let client = &client;
                    scope.spawn(move || put(client, DRAFT, &format!("{{\"round\":{round},\"writer\":{writer}}}"), Some(version)))
                })
                .collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        let won: Vec<&Answer> = replies.iter().filter(|reply| reply.status == 200).collect();
        let lost: Vec<&Answer> = replies.iter().filter(|reply| reply.status == 409).collect();
        assert_eq!((won.len(), lost.len()), (1, 1), "{replies:?}");
        assert_eq!(lost[0].value()["code"], "stale");
        version += 1;
        let now = client.get(DRAFT).value();
        assert_eq!((now["version"].clone(), now["headData"].clone()), (json!(version), won[0].value()["headData"].clone()));
    }
}

#[test]
fn publishing_makes_a_revision_once_it_is_sound() {
    let (_server, client) = server();
    put(&client, DRAFT, ODD, None);
    let refused = act(&client, "publish");
    assert_eq!((refused.status, refused.value()["code"].clone()), (422, json!("flow_refused")));
    put(&client, DRAFT, &sound("one"), None);
    let stale = act_on(&client, "publish", "1");
    assert_eq!(stale.status, 409);
    let published = act(&client, "publish").value();
    assert_eq!((published["agentRevision"].clone(), published["comment"].clone()), (json!(1), json!("one")));
    assert_eq!((published["isCurrent"].clone(), client.get(DRAFT).status), (json!(true), 204));
    let next = "/v1/tenants/default/agents/helper/revisions/1/draft";
    for (deploy, current) in [(false, 1), (true, 3)] {
        put(&client, next, &sound("more"), None);
        let body = json!({"comment": "said here", "deploy": deploy});
        let published = client.json("POST", &format!("{next}:publish"), &body).value();
        assert_eq!((published["comment"].clone(), published["isCurrent"].clone()), (json!("said here"), json!(deploy)));
        assert_eq!(client.get("/v1/tenants/default/agents/helper").value()["currentRevision"], current);
    }
    let reset = {
        put(&client, next, "{}", None);
        client.json("POST", &format!("{next}:reset"), &json!({})).value()
    };
    assert_eq!(reset["headData"], serde_json::from_str::<Value>(&sound("one")).unwrap());
}

#[test]
fn a_watcher_sees_every_change() {
    let (server, client) = server();
    let mut events = Events::open(&server, &format!("{DRAFT}:subscribe"));
    let mut seen = |name: &str, version: u64| {
        let event = events.next().unwrap();
        assert_eq!((event.name.as_str(), &event.data["changeKind"], &event.data["version"]), ("draft", &json!(name), &json!(version)));
    };
    seen("sync", 0);
    put(&client, DRAFT, "{}", None);
    seen("put", 1);
    put(&client, DRAFT, "{\"a\":1}", None);
    act(&client, "undo");
    act(&client, "redo");
    act(&client, "reset");
    for (name, version) in [("put", 2), ("undo", 3), ("redo", 4), ("reset", 5)] {
        seen(name, version);
    }
    assert_eq!(discard(&client), 204);
    seen("removed", 6);
    put(&client, DRAFT, &sound("x"), None);
    act(&client, "publish");
    seen("put", 7);
    seen("published", 8);
}

#[test]
fn a_crash_keeps_content_version_and_history() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path());
    let client = server.root();
    agent(&client);
    put(&client, DRAFT, ODD, None);
    put(&client, DRAFT, "{\"second\":true}", Some(1));
    let before = client.get(DRAFT).text();
    server.kill();
    let server = Server::start_in(directory.path());
    let client = server.root();
    assert_eq!(client.get(DRAFT).text(), before);
    let undone = act_on(&client, "undo", "2");
    assert_eq!(undone.status, 200);
    assert!(undone.text().contains(ODD));
}
