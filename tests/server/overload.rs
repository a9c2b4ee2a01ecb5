//! More than the server takes is refused before what it took suffers (G17): starts are answered 429 with a time to come back, everything
//! that was acknowledged ends, and decisions and cancels get through.
//!
//! `FLOWGATE_OVERLOAD_CLIENTS` sets how many ask at once (160 by default).

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flowgate::api::{App, Settings, Stop, serve};
use flowgate::catalog::Catalog;
use flowgate::catalog::audit::Actor;
use flowgate::catalog::master_key::KeySource;
use flowgate::catalog::secrets::SecretVault;
use flowgate::engine::{EngineHandle, Options};
use flowgate::runner::{Runner, settings};
use flowgate::store::{self, Store};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::desk::{APPROVALS, TENANT, eventually, expect};
use super::harness::{Answer, Client, ROOT_KEY, Server};
use super::oracle::{Oracle, agent, allow, chain, number};

const GATE: &str = "flow: gate\nsteps:\n  review: {approval: {title: \"Go on?\"}}\n  done: {set: {ok: true}}\n\
                    edges:\n  - {from: review, to: done, on: approved}\n";

fn execute(client: &Client, agent: &str, number: u64, headers: &[(&str, &str)]) -> Answer {
    let all: Vec<_> = [("content-type", "application/json")].into_iter().chain(headers.iter().copied()).collect();
    let body = if agent == "gate" { json!({}) } else { json!({"parameters": {"n": number}}) };
    client.request("POST", &format!("{TENANT}/agents/{agent}:execute"), &all, body.to_string().as_bytes()).unwrap()
}

fn check_refusal(answer: &Answer, code: &str) {
    assert_eq!((answer.status, answer.code().as_str()), (429, code), "{}", answer.text());
    let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
}

fn ended(client: &Client, agent: &str, execution: &str) -> Value {
    let path = format!("{TENANT}/agents/{agent}/executionRecords/{execution}");
    eventually("it ends", || expect(200, &client.get(&path))["endTime"].is_number());
    expect(200, &client.get(&path))["status"].clone()
}

#[test]
fn decisions_and_cancels_get_through_where_a_tenant_has_used_up_its_requests() {
    const AT_ONCE: u64 = 8;
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let server = Server::start_with(directory.path(), &[], &[("FLOWGATE_TENANT_AT_ONCE", &AT_ONCE.to_string())]);
    let root = server.root();
    agent(&root, "hold", &chain("hold", 1, &oracle));
    agent(&root, "gate", GATE);
    let questions: Vec<String> =
        (0..4).map(|n| expect(200, &execute(&root, "gate", n, &[]))["humanApprovalRequestId"].as_str().unwrap().to_owned()).collect();
    let digest = expect(200, &root.get(&format!("{APPROVALS}/{}", questions[3])))["digest"].clone();
    let victim = expect(202, &execute(&root, "hold", 1_000, &[("prefer", "respond-async")]));
    let victim = victim["executionRecordId"].as_str().unwrap().to_owned();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..AT_ONCE)
            .map(|n| {
                scope.spawn({
                    let root = &root;
                    move || execute(root, "hold", n, &[])
                })
            })
            .collect();
        eventually("all of them wait", || oracle.seen().len() as u64 > AT_ONCE);
        check_refusal(&execute(&root, "hold", 99, &[]), "rate_limited");
        check_refusal(&root.get(&format!("{TENANT}/agents")), "rate_limited");
        expect(200, &root.json("POST", &format!("{APPROVALS}/{}:respond", questions[0]), &json!({"text": "approve"})));
        expect(200, &root.json("POST", &format!("{APPROVALS}/{}:respond", questions[1]), &json!({"text": "no"})));
        expect(200, &root.json("POST", &format!("{APPROVALS}/{}:cancel", questions[2]), &json!({})));
        let body = json!({"decision": "approve", "digest": digest});
        expect(200, &root.json("POST", &format!("{APPROVALS}/{}:decide", questions[3]), &body));
        let path = format!("{TENANT}/agents/hold/executionRecords/{victim}:cancelRun");
        let cancelled = root.json("POST", &path, &json!({}));
        assert!(matches!(cancelled.status, 202 | 204), "{} {}", cancelled.status, cancelled.text());
        oracle.let_go();
        for waiting in waiting {
            assert_eq!(expect(200, &waiting.join().unwrap())["status"], "COMPLETED");
        }
    });
    assert_eq!(ended(&root, "hold", &victim), "CANCELLED");
    assert!(oracle.count("/hold/99/0") == 0, "what was refused has run");
}

/// A server in this process whose engine takes so many starts at a time.
fn narrow(directory: &Path, intake_max: usize) -> (SocketAddr, CancellationToken) {
    let store = Store::open(&store::Options { dir: directory.join("data"), ..store::Options::default() }).unwrap();
    let catalog = Catalog::new(store.clone());
    let mut calls = settings::Settings::new(&BTreeMap::new(), settings::File::default()).unwrap();
    let vault = Arc::new(SecretVault::new(catalog.clone(), KeySource::new(|_| None, None).unwrap()));
    calls.vault = Some(vault.clone());
    let runner = Runner::new(calls).unwrap();
    let engine = EngineHandle::spawn(store, runner.clone(), Options { intake_max, ..Options::default() }).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(catalog.ensure_root_key(Some(ROOT_KEY), &Actor::without_key("test"))).unwrap();
    let app = App::new(engine, catalog, runner, vault, Settings::of(&flowgate::config::Server::default()).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let token = CancellationToken::new();
    let stop = Stop { token: token.clone(), grace: Duration::from_millis(10) };
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || serve(app, listener, &stop, move |_| ready.send(()).unwrap()));
    is_ready.recv().unwrap();
    (address, token)
}

#[test]
fn beyond_the_intake_starts_are_refused_and_what_was_taken_ends() {
    let clients = number("FLOWGATE_OVERLOAD_CLIENTS", 160);
    let directory = tempfile::tempdir().unwrap();
    let (address, stop) = narrow(directory.path(), 4);
    let root = Client { address, key: Some(ROOT_KEY.to_owned()) };
    expect(201, &root.json("POST", "/v1/tenants", &json!({"id": "default"})));
    agent(
        &root,
        "short",
        "flow: short\ninput: {type: object, properties: {n: {type: integer}}}\nsteps:\n  only: {builtin: {name: sleep, args: {ms: 20}}}\n",
    );
    agent(&root, "gate", GATE);
    let questions: Vec<(String, String)> = (0..10)
        .map(|n| {
            let started = expect(200, &execute(&root, "gate", n, &[]));
            let text = |name: &str| started[name].as_str().unwrap().to_owned();
            (text("executionRecordId"), text("humanApprovalRequestId"))
        })
        .collect();
    let (taken, refused) = (Mutex::new(Vec::new()), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..clients)
            .map(|n| {
                let (root, taken, refused) = (&root, &taken, &refused);
                scope.spawn(move || {
                    // As one that comes back when it is told to would, only sooner.
                    loop {
                        let answer = execute(root, "short", n, &[("prefer", "respond-async")]);
                        if matches!(answer.status, 200 | 202) {
                            taken.lock().unwrap().push(answer.value()["executionRecordId"].as_str().unwrap().to_owned());
                            return;
                        }
                        check_refusal(&answer, "busy");
                        refused.fetch_add(1, Ordering::SeqCst);
                        std::thread::sleep(Duration::from_millis(5));
                    }
                })
            })
            .collect();
        // In the middle of it: half are decided, half cancelled.
        for (index, (execution, question)) in questions.iter().enumerate() {
            let answer = if index % 2 == 0 {
                root.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"}))
            } else {
                root.json("POST", &format!("{TENANT}/agents/gate/executionRecords/{execution}:cancelRun"), &json!({}))
            };
            assert!(matches!(answer.status, 200 | 202 | 204), "{} {}", answer.status, answer.text());
        }
        for client in crowd {
            client.join().unwrap();
        }
    });
    let (taken, refused) = (taken.into_inner().unwrap(), refused.into_inner());
    assert_eq!(taken.len() as u64, clients);
    assert!(refused > 0, "nothing was refused: this was no overload");
    for execution in &taken {
        assert_eq!(ended(&root, "short", execution), "COMPLETED");
    }
    for (index, (execution, _)) in questions.iter().enumerate() {
        assert_eq!(ended(&root, "gate", execution), if index % 2 == 0 { "COMPLETED" } else { "CANCELLED" });
    }
    let records = expect(200, &root.get(&format!("{TENANT}/agents/short/executionRecords?pageSize=200")));
    assert_eq!(records["items"].as_array().unwrap().len() as u64, clients.min(200), "a refused start left something behind");
    println!("{clients} starts taken, {refused} refused before");
    stop.cancel();
}
