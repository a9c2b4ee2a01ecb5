//! What operators do over HTTP: budgets, retention, purging, exports, backups, and looking.

use std::process::Command;

use serde_json::{Value, json};

use super::harness::{Client, Server};

const T: &str = "/v1/tenants/default";
const A: &str = "/v1/tenants/default/agents/plain";

/// An agent that says what it is told; with `pause`, it waits a day first.
fn deploy(client: &Client, agent: &str, step: &Value) {
    assert!(client.json("POST", &format!("{T}/agents"), &json!({"id": agent, "displayName": agent})).status < 300);
    let flow = json!({"flow": agent, "steps": {"only": step}, "output": "steps.only.output"});
    let made = client.json("POST", &format!("{T}/agents/{agent}/revisions"), &json!({"flow": flow}));
    assert!(made.status < 300, "{}", made.text());
}

fn echoing() -> Value {
    json!({"builtin": {"name": "echo", "args": {"said": "hello"}}})
}

fn delete(client: &Client, path: &str) -> u16 {
    client.request("DELETE", path, &[], b"").unwrap().status
}

#[test]
fn a_budget_refuses_before_anything_runs_and_leaves_a_record() {
    let server = Server::start();
    let root = server.root();
    deploy(&root, "plain", &echoing());
    let budget = format!("{A}/budget");
    assert_eq!((root.get(&budget).status, root.get(&format!("{budget}/all")).value()), (404, json!([])));
    assert_eq!(root.json("PUT", &budget, &json!({"enforceLimit": true})).status, 404, "a new one needs an amount");
    let set = root.json("PUT", &budget, &json!({"amount": 5, "thresholdRules": [{"percent": 80}]}));
    assert_eq!((set.status, set.value()["amount"].clone()), (200, json!(5.0)), "{}", set.text());
    let set = root.json("PUT", &budget, &json!({"enforceLimit": true})).value();
    assert_eq!(
        (set["amount"].clone(), set["thresholdRules"][0]["percent"].clone(), set["enforceLimit"].clone()),
        (json!(5.0), json!(80.0), json!(true))
    );
    assert!(set["usagePercent"].is_number() && set["currentMonthlyCost"].is_number(), "{set}");
    assert_eq!(root.get(&format!("{budget}?origin=TEST")).status, 404);
    let run = || root.json("POST", &format!("{A}:execute"), &json!({}));
    assert_eq!(run().status, 200);
    assert_eq!(root.json("PUT", &budget, &json!({"amount": 0})).status, 200);
    for action in [":execute", ":stream", "/revisions/1:execute"] {
        let refused = root.json("POST", &format!("{A}{action}"), &json!({}));
        assert_eq!((refused.status, refused.code().as_str()), (429, "budget_exceeded"), "{action}: {}", refused.text());
        let record = root.get(&format!("{A}/executionRecords/{}", refused.value()["executionRecordId"].as_str().unwrap())).value();
        assert_eq!(record["status"], "REJECTED", "{record}");
    }
    assert_eq!(delete(&root, &budget), 204);
    assert_eq!(run().status, 200);
    let cost = root.get(&format!("{A}/revisions/*/cost")).value();
    assert_eq!((cost["executionCount"].clone(), cost["totalCost"].clone(), cost["revision"].clone()), (json!(5), json!(0.0), Value::Null));
    assert_eq!(root.get(&format!("{A}/revisions/2/cost?origin=TEST")).value()["executionCount"], 0);
    assert_eq!(root.get(&format!("{T}/agents/nobody/budget")).status, 404);
}

#[test]
fn a_finished_execution_can_be_taken_out_and_purged() {
    let server = Server::start();
    let root = server.root();
    deploy(&root, "plain", &echoing());
    deploy(&root, "waits", &json!({"wait": {"for": "24h"}}));
    let ran = root.json("POST", &format!("{A}:execute"), &json!({})).value();
    let record = format!("{A}/executionRecords/{}", ran["executionRecordId"].as_str().unwrap());
    let export = root.get(&format!("{record}/export")).value();
    assert_eq!(
        (export["format"].clone(), export["agentId"].clone(), export["agentRevision"].clone()),
        (json!(1), json!("plain"), json!(1))
    );
    assert_eq!(export["events"][0]["event"]["event"], "started", "{export}");
    assert!(export["trace"]["attempts"].as_array().is_some_and(|attempts| !attempts.is_empty()), "{export}");
    let waiting = root.request(
        "POST",
        &format!("{T}/agents/waits:execute"),
        &[("content-type", "application/json"), ("prefer", "respond-async")],
        b"{}",
    );
    let waiting = waiting.unwrap().value()["executionRecordId"].as_str().unwrap().to_owned();
    let waits = format!("{T}/agents/waits/executionRecords/{waiting}");
    let refused = root.request("DELETE", &waits, &[], b"").unwrap();
    assert_eq!((refused.status, refused.code().as_str()), (409, "not_finished"));
    assert_eq!(delete(&root, &format!("{A}/executionRecords/{waiting}")), 404, "another agent's");
    assert_eq!(delete(&root, &record), 204);
    assert_eq!((root.get(&record).status, delete(&root, &record)), (404, 404));
    let purged = root.get(&format!("{T}/auditEvents?action=execution.*")).value();
    assert_eq!(purged["items"].as_array().unwrap().len(), 1, "{purged}");
    let released = root.json("POST", &format!("{waits}:release"), &json!({}));
    assert_eq!((released.status, released.code().as_str()), (409, "not_quarantined"));
    let retention = root.json("PUT", &format!("{T}/retention"), &json!({"days": 30})).value();
    assert_eq!((retention["days"].clone(), retention["testDays"].clone()), (json!(30), Value::Null));
    assert_eq!(root.json("PUT", &format!("{A}/retention"), &json!({"days": 0})).status, 422);
    assert_eq!(root.get(&format!("{A}/retention")).value()["days"], Value::Null);
}

#[test]
fn a_backup_is_made_while_the_server_serves_and_can_be_restored() {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[], &[("FLOWGATE_BACKUP_DIR", "backups")]);
    let root = server.root();
    deploy(&root, "plain", &echoing());
    let back_up = |name: &str| root.json("POST", "/v1/backup", &json!({"directory": name}));
    let made = back_up("monday");
    assert_eq!(made.status, 200, "{}", made.text());
    assert!(made.value()["records"].as_u64().unwrap() > 0, "{}", made.text());
    assert_eq!((back_up("monday").status, back_up("../outside").status, back_up("").status), (409, 422, 422));
    let flowgate =
        |arguments: &[&str]| Command::new(env!("CARGO_BIN_EXE_flowgate")).args(arguments).current_dir(directory.path()).output().unwrap();
    let locked = flowgate(&["store", "backup", "elsewhere", "--data-dir", "data"]);
    assert!(String::from_utf8_lossy(&locked.stderr).contains("POST /v1/backup"), "{locked:?}");
    let restored = flowgate(&["store", "restore", "backups/monday", "--data-dir", "again/data"]);
    assert!(restored.status.success(), "{restored:?}");
    let again = Server::start_in(&directory.path().join("again"));
    assert_eq!(again.root().json("POST", &format!("{A}:execute"), &json!({})).status, 200);
    let none = again.root().json("POST", "/v1/backup", &json!({"directory": "monday"}));
    assert_eq!((none.status, none.code().as_str()), (409, "no_backup_dir"));
}

#[test]
fn operators_see_how_much_there_is_to_do() {
    let server = Server::start();
    let (root, other) = (server.root(), server.tenant("other"));
    let status = root.get("/v1/status").value();
    assert!(status["freeBytes"].as_u64().unwrap() > 0 && status["logPosition"].as_u64().unwrap() > 0, "{status}");
    assert_eq!((status["tenants"].clone(), status["liveExecutions"].clone()), (json!(2), json!(0)));
    assert_eq!((other.get("/v1/status").status, other.get("/v1/auditEvents").status), (403, 403));
    for list in ["quarantined", "inDoubt"] {
        let page = other.get(&format!("/v1/tenants/other/{list}")).value();
        assert_eq!(page, json!({"items": [], "nextPageToken": null}), "{list}");
    }
    let first = root.get(&format!("{T}/auditEvents?pageSize=1")).value();
    let minted = root.get("/v1/tenants/other/auditEvents?action=key.minted&to=99999999999999").value();
    assert_eq!(minted["items"][0]["action"], "key.minted", "{minted}");
    assert!(first["items"].as_array().unwrap().len() <= 1);
    assert_eq!(root.get(&format!("{T}/auditEvents?pageToken=!")).status, 422);
    assert_eq!(root.get(&format!("{T}/llmProviders")).value()["items"], json!([]));
    drop(server);
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[], &[("OPENAI_API_KEY", "sk-not-a-real-key")]);
    let found = server.root().get(&format!("{T}/llmProviders")).value();
    assert_eq!(found["items"][0]["provider"]["id"], "openai", "{found}");
    assert!(found["items"][0]["models"].as_array().unwrap().iter().any(|model| model["id"] == "gpt-5-mini"), "{found}");
    assert!(!found.to_string().contains("sk-not"), "{found}");
    assert_eq!(server.root().get(&format!("{T}/llmProviders/nobody")).status, 404);
}

/// The value of a sample.
fn sample(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {name} in {text}")).parse().unwrap()
}

#[test]
fn metrics_tell_of_engine_store_and_deliveries() {
    let server = Server::start();
    let root = server.root();
    let before = root.get("/metrics").text();
    let tenant = "/v1/tenants/default";
    assert_eq!(root.json("POST", &format!("{tenant}/agents"), &json!({"id": "helper"})).status, 201);
    for (revision, step) in [(1, json!({"set": {"done": true}})), (2, json!({"approval": {"title": "Send this?"}}))] {
        let flow = json!({"flow": {"steps": {"only": step}}});
        assert_eq!(root.json("POST", &format!("{tenant}/agents/helper/revisions"), &flow).status, 200);
        let started = root.json("POST", &format!("{tenant}/agents/helper/revisions/{revision}:execute"), &json!({}));
        assert!(started.status < 300, "{}", started.text());
    }
    let text = root.get("/metrics").text();
    assert!(text.trim_end().ends_with("# EOF") && text.matches("# EOF").count() == 1, "{text}");
    let moved = |name: &str| sample(&text, name) - sample(&before, name);
    let moves = [
        "flowgate_executions_kept",
        "flowgate_executions_started_total",
        "flowgate_executions_ended_total{status=\"COMPLETED\"}",
        "flowgate_executions_unfinished",
        "flowgate_questions_open",
        "flowgate_commit_duration_seconds_count",
        "flowgate_log_syncs_total",
    ];
    let found: Vec<(&str, f64)> = moves.into_iter().map(|name| (name, moved(name))).collect();
    let expected = [2.0, 2.0, 1.0, 1.0, 1.0];
    assert!(found.iter().zip(expected).all(|((_, found), expected)| (found - expected).abs() < 0.1), "{found:?}");
    assert!(found[5].1 >= 4.0 && found[6].1 >= found[5].1, "{found:?}");
    for name in ["process_resident_memory_bytes", "log_bytes", "view_bytes", "disk_free_bytes", "intake_max"] {
        assert!(sample(&text, &format!("flowgate_{name}")) > 0.0, "{name}");
    }
    for name in ["executions_quarantined", "calls_in_doubt_total", "timers_overdue_seconds", "deliveries_total{result=\"failed\"}"] {
        assert!(sample(&text, &format!("flowgate_{name}")).abs() < f64::EPSILON, "{name}");
    }
}
