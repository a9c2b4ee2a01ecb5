//! Starts and revisions over HTTP under SIGKILL: what was acknowledged is there and was made once (G1), and every execution ran the
//! revision that it says, whatever was published meanwhile (G12).
//!
//! `FLOWGATE_KILL_ROUNDS` sets the number of kills (6 by default), `FLOWGATE_KILL_SEED` the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, TENANT, eventually, expect};
use super::harness::{Answer, Client, ROOT_KEY, Server};
use super::oracle::{Oracle, Random, agent, allow, chain, number};

const CLIENTS: u64 = 4;
/// Tries of one request within one life of the server.
const TRIES: usize = 20;

/// A start under a key of its own; waiting for the end, or not.
fn start(client: &Client, agent: &str, number: u64, body: &Value, headers: &[(&str, &str)]) -> std::io::Result<Answer> {
    let (key, label) = (format!("start-{number}"), format!("n={number}"));
    let mut all = vec![("content-type", "application/json"), ("idempotency-key", key.as_str()), ("x-flowgate-labels", label.as_str())];
    all.extend_from_slice(headers);
    client.request("POST", &format!("{TENANT}/agents/{agent}:execute"), &all, body.to_string().as_bytes())
}

fn id_of(answer: &Answer) -> String {
    answer.value()["executionRecordId"].as_str().unwrap_or_else(|| panic!("{} {}", answer.status, answer.text())).to_owned()
}

/// Every record of an agent, oldest pages last.
fn records(client: &Client, agent: &str) -> Vec<Value> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = expect(200, &client.get(&format!("{TENANT}/agents/{agent}/executionRecords?pageSize=200&pageToken={token}")));
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => return found,
        }
    }
}

fn all_ended(client: &Client, agent: &str) -> Vec<Value> {
    eventually("every execution ends", || records(client, agent).iter().all(|record| record["endTime"].is_number()));
    records(client, agent)
}

/// Kills the server again and again while `work` goes on in several threads; each of them gets the client of the present life, the
/// number of what it has to do, and says whether that is settled. What is not is done in the next life, the last time without a kill.
fn lives(directory: &std::path::Path, rounds: u64, seed: u64, work: impl Fn(&Client, u64) -> bool + Sync) -> (Server, u64) {
    let (next, settled, mut random) = (AtomicU64::new(0), AtomicU64::new(0), Random(seed));
    let open: Vec<Mutex<Option<u64>>> = (0..CLIENTS).map(|_| Mutex::new(None)).collect();
    for _ in 0..rounds {
        let mut server = Server::start_in(directory);
        let client = server.client(ROOT_KEY);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for slot in &open {
                let (client, next, settled, is_over, work) = (client.clone(), &next, &settled, &is_over, &work);
                scope.spawn(move || {
                    while !is_over.load(Ordering::SeqCst) {
                        let number = *slot.lock().unwrap().get_or_insert_with(|| next.fetch_add(1, Ordering::SeqCst));
                        if work(&client, number) {
                            *slot.lock().unwrap() = None;
                            settled.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
            let before = settled.load(Ordering::SeqCst);
            eventually("something happens", || settled.load(Ordering::SeqCst) >= before + 3);
            std::thread::sleep(Duration::from_millis(random.below(400)));
            server.kill();
            is_over.store(true, Ordering::SeqCst);
        });
    }
    let server = Server::start_in(directory);
    for slot in &open {
        if let Some(number) = *slot.lock().unwrap() {
            assert!(work(&server.root(), number), "request {number} does not come to an end");
        }
    }
    (server, next.into_inner())
}

#[test]
fn acknowledged_starts_are_there_and_each_key_has_one_execution() {
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 6), number("FLOWGATE_KILL_SEED", 1));
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::from_millis(15));
    agent(&Server::start_in(directory.path()).root(), "work", &chain("work", 2, &oracle));
    let told = Mutex::new(BTreeMap::<u64, BTreeSet<String>>::new());
    let acknowledge = |client: &Client, number: u64| {
        let body = json!({"parameters": {"n": number}});
        for _ in 0..TRIES {
            let prefer: &[(&str, &str)] = if number.is_multiple_of(2) { &[("prefer", "respond-async")] } else { &[] };
            let Ok(answer) = start(client, "work", number, &body, prefer) else { return false };
            assert!(matches!(answer.status, 200 | 202), "start {number}: {} {}", answer.status, answer.text());
            told.lock().unwrap().entry(number).or_default().insert(id_of(&answer));
            // A client that did not trust its ears asks again.
            if !number.is_multiple_of(3) || told.lock().unwrap().values().map(BTreeSet::len).sum::<usize>() % 2 == 0 {
                return true;
            }
        }
        true
    };
    let (mut server, count) = lives(directory.path(), rounds, seed, acknowledge);
    let recovered = all_ended(&server.root(), "work");
    let told = told.into_inner().unwrap();
    let mut by_key = BTreeMap::<String, BTreeSet<String>>::new();
    for record in &recovered {
        assert_eq!(record["status"], "COMPLETED", "{record}");
        by_key.entry(record["labels"]["n"].as_str().unwrap().to_owned()).or_default().insert(record["id"].as_str().unwrap().to_owned());
    }
    for (number, ids) in &told {
        assert_eq!(ids.len(), 1, "key start-{number} was told several executions: {ids:?}");
        assert_eq!(by_key.get(&number.to_string()), Some(ids), "acknowledged {ids:?}, recovered something else");
    }
    assert!(by_key.values().all(|ids| ids.len() == 1), "a key with several executions: {by_key:?}");
    assert!(told.len() as u64 >= rounds * 2, "too little happened: {} acknowledged of {count}", told.len());
    // What the world saw: each step of each execution under one key.
    let mut keys = BTreeMap::<String, BTreeSet<Option<String>>>::new();
    for seen in oracle.seen() {
        keys.entry(seen.path).or_default().insert(seen.idempotency_key);
    }
    for (path, keys) in &keys {
        assert!(keys.len() == 1 && !keys.contains(&None), "{path} was called as several: {keys:?}");
    }
    // Once more over a kill: the same body gets the same execution, another one is refused, and nothing new is made.
    server.kill();
    let server = Server::start_in(directory.path());
    for (number, ids) in &told {
        let again = start(&server.root(), "work", *number, &json!({"parameters": {"n": number}}), &[]).unwrap();
        assert_eq!(Some(&id_of(&again)), ids.first());
        let other = start(&server.root(), "work", *number, &json!({"parameters": {"n": number + 1}}), &[]).unwrap();
        assert_eq!((other.status, other.code().as_str()), (422, "idempotency_mismatch"));
    }
    assert_eq!(records(&server.root(), "work").len(), recovered.len());
    println!("{rounds} kills, seed {seed}: {} starts acknowledged, {} recovered", told.len(), recovered.len());
}

#[test]
fn a_start_that_still_runs_is_answered_with_the_same_execution() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "hold", &chain("hold", 1, &oracle));
    let body = json!({"parameters": {"n": 1}});
    let asynchronous = [("prefer", "respond-async")];
    let first = start(&server.root(), "hold", 1, &body, &asynchronous).unwrap();
    assert_eq!((first.status, first.value()["status"].clone()), (202, json!("IN_PROGRESS")));
    for life in 1..=3 {
        eventually("the call is under way", || oracle.count("/hold/1/0") >= life);
        let again = start(&server.root(), "hold", 1, &body, &asynchronous).unwrap();
        assert_eq!((again.status, id_of(&again)), (202, id_of(&first)), "life {life}");
        let other = start(&server.root(), "hold", 1, &json!({"parameters": {"n": 2}}), &asynchronous).unwrap();
        assert_eq!((other.status, other.code().as_str()), (422, "idempotency_mismatch"), "life {life}");
        server.kill();
        server = Server::start_in(directory.path());
    }
    oracle.let_go();
    // This one waits for the end of what the first one began.
    let ended = start(&server.root(), "hold", 1, &body, &[]).unwrap();
    assert_eq!((ended.status, id_of(&ended), ended.value()["status"].clone()), (200, id_of(&first), json!("COMPLETED")));
    assert_eq!(records(&server.root(), "hold").len(), 1);
}

/// Says before, in and after its call which revision it is; `gate` in between asks a person.
fn revision(number: u64, oracle: &Oracle) -> Value {
    let flow = format!(
        "flow: edition\nsteps:\n  before: {{set: {{edition: \"{number}\"}}}}\n  \
         call: {{http: {{post: \"{}/edition/{number}\", json: {{}}}}, effect: idempotent}}\n  after: {{set: {{edition: \"{number}\"}}}}\n\
         edges:\n  - {{from: before, to: call}}\n  - {{from: call, to: after}}\n\
         output: \"[steps.before.output.edition, steps.after.output.edition]\"\n",
        oracle.address
    );
    json!({"flow": flow, "comment": format!("edition {number}")})
}

/// One that waits for a person between its beginning and its end.
fn gated(number: u64) -> Value {
    let flow = format!(
        "flow: gated\nsteps:\n  before: {{set: {{edition: \"{number}\"}}}}\n  review: {{approval: {{title: \"Go on?\"}}}}\n  \
         after: {{set: {{edition: \"{number}\"}}}}\nedges:\n  - {{from: before, to: review}}\n  - {{from: review, to: after, on: approved}}\n\
         output: \"[steps.before.output.edition, steps.after.output.edition]\"\n"
    );
    json!({"flow": flow, "comment": format!("edition {number}")})
}

/// Publishes, deploys and rolls back; false when the server is gone.
fn publish(client: &Client, oracle: &Oracle, life: u64, random: &mut Random, turns: &AtomicU64) -> bool {
    let post = |path: &str, body: &Value| {
        client.request("POST", &format!("{TENANT}/agents/{path}"), &[("content-type", "application/json")], body.to_string().as_bytes())
    };
    let mut last = 0;
    for turn in 0.. {
        // Numbers of editions are those of revisions only for what is said first; what counts is that they never mix.
        let Ok(made) = post("edition/revisions", &revision(1_000 * (life + 1) + turn, oracle)) else { return false };
        last = expect(200, &made)["agentRevision"].as_u64().unwrap().max(last);
        let chosen = 1 + random.below(last);
        let Ok(deployed) = post(&format!("edition/revisions/{chosen}:deploy"), &json!({"reason": "load"})) else { return false };
        expect(200, &deployed);
        let Ok(back) = post("edition:rollback", &json!({})) else { return false };
        assert!(matches!(back.status, 200 | 409), "{}", back.text());
        turns.fetch_add(1, Ordering::SeqCst);
    }
    true
}

#[test]
fn every_execution_keeps_its_revision_whatever_is_published() {
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 6).div_ceil(2), number("FLOWGATE_KILL_SEED", 1));
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::from_millis(25));
    let mut random = Random(seed);
    let begin = Server::start_in(directory.path());
    let root = begin.root();
    for (id, first) in [("edition", revision(1, &oracle)), ("gated", gated(1))] {
        expect(201, &root.json("POST", &format!("{TENANT}/agents"), &json!({"id": id, "displayName": id})));
        expect(200, &root.json("POST", &format!("{TENANT}/agents/{id}/revisions"), &first));
    }
    // One waits on each of two revisions, over everything that follows.
    let mut waiting = Vec::new();
    for edition in [1, 2] {
        if edition == 2 {
            expect(200, &root.json("POST", &format!("{TENANT}/agents/gated/revisions"), &gated(2)));
            expect(200, &root.json("POST", &format!("{TENANT}/agents/gated/revisions/2:deploy"), &json!({})));
        }
        let started = expect(200, &root.json("POST", &format!("{TENANT}/agents/gated:execute"), &json!({})));
        waiting.push((edition, id_of_value(&started), started["humanApprovalRequestId"].as_str().unwrap().to_owned()));
    }
    expect(200, &root.json("POST", &format!("{TENANT}/agents/gated:rollback"), &json!({})));
    drop(begin);
    for life in 0..rounds {
        let mut server = Server::start_in(directory.path());
        let (client, turns) = (server.root(), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let path = format!("{TENANT}/agents/edition:execute");
                    while let Ok(answer) = client.request("POST", &path, &[("content-type", "application/json")], b"{}") {
                        expect(200, &answer);
                    }
                });
            }
            let publisher = scope.spawn(|| publish(&client, &oracle, life, &mut random, &turns));
            eventually("revisions change", || turns.load(Ordering::SeqCst) >= 4);
            std::thread::sleep(Duration::from_millis(100));
            server.kill();
            publisher.join().unwrap();
        });
    }
    let server = Server::start_in(directory.path());
    let root = server.root();
    for (edition, execution, question) in waiting {
        expect(200, &root.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"})));
        check_edition(&root, "gated", &execution, Some(edition));
    }
    let ran = all_ended(&root, "edition");
    let revisions: BTreeSet<u64> = ran.iter().map(|record| check_edition(&root, "edition", record["id"].as_str().unwrap(), None)).collect();
    assert!(revisions.len() > 2, "only {} revisions ran", revisions.len());
    println!("{rounds} kills, seed {seed}: {} executions on {} revisions", ran.len(), revisions.len());
}

fn id_of_value(started: &Value) -> String {
    started["executionRecordId"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned()
}

/// What ran has the digest of the revision that the record names, from its first step to its last.
fn check_edition(client: &Client, agent: &str, execution: &str, edition: Option<u64>) -> u64 {
    let path = format!("{TENANT}/agents/{agent}/executionRecords/{execution}");
    eventually("it ends", || expect(200, &client.get(&path))["endTime"].is_number());
    let record = expect(200, &client.get(&path));
    assert_eq!(record["status"], "COMPLETED", "{record}");
    let revision = record["agentRevision"].as_u64().unwrap();
    let kept = expect(200, &client.get(&format!("{TENANT}/agents/{agent}/revisions/{revision}")));
    let export = expect(200, &client.get(&format!("{path}/export")));
    assert_eq!((&export["digest"], &export["agentRevision"]), (&kept["digest"], &json!(revision)), "{record}");
    let output = expect(200, &client.get(&format!("{path}/result")))["result"]["jsonValue"].clone();
    let said: u64 = kept["comment"].as_str().unwrap().trim_start_matches("edition ").parse().unwrap();
    let said = edition.map_or(said, |edition| {
        assert_eq!((said, revision), (edition, edition), "{kept}");
        edition
    });
    assert_eq!(numbers(&output), [said, said], "revision {revision} began, and something else ended: {output}");
    revision
}

fn numbers(output: &Value) -> Vec<u64> {
    let all = output.as_array().unwrap_or_else(|| panic!("{output}")).iter();
    all.map(|number| number.as_u64().or_else(|| number.as_f64().map(|number| format!("{number:.0}").parse().unwrap())).unwrap()).collect()
}
