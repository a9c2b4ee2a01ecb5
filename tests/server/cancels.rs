//! After an acknowledged cancel nothing new begins, what runs is cut within a second, and how it ended never changes (G10); also when
//! the server is killed around it.
//!
//! `FLOWGATE_KILL_ROUNDS` sets the number of rounds with kills (3 by default), `FLOWGATE_KILL_SEED` the seed.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{TENANT, eventually, expect};
use super::harness::{Answer, Client, Server};
use super::oracle::{Oracle, Random, agent, allow, chain, number};

/// Long enough that a cancel falls into it.
const STEPS: usize = 12;
const DELAY: Duration = Duration::from_millis(40);
/// What left the server before it acknowledged may still be on its way to the witness.
const ON_ITS_WAY: Duration = Duration::from_millis(200);
/// Executions of one round.
const TOGETHER: u64 = 8;

fn begin(client: &Client, agent: &str, number: u64) -> String {
    let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
    let body = json!({"parameters": {"n": number}}).to_string();
    let started = client.request("POST", &format!("{TENANT}/agents/{agent}:execute"), &headers, body.as_bytes()).unwrap();
    // A quick one may have ended before the answer is written.
    assert!(matches!(started.status, 200 | 202), "{}", started.text());
    started.value()["executionRecordId"].as_str().unwrap().to_owned()
}

fn cancel(client: &Client, agent: &str, execution: &str) -> std::io::Result<Answer> {
    let path = format!("{TENANT}/agents/{agent}/executionRecords/{execution}:cancelRun");
    client.request("POST", &path, &[("content-type", "application/json")], br#"{"reason": "changed my mind"}"#)
}

fn record(client: &Client, agent: &str, execution: &str) -> Value {
    expect(200, &client.get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}")))
}

#[test]
fn a_running_call_is_cut_within_a_second() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let server = Server::start_in(directory.path());
    let root = server.root();
    agent(&root, "hold", &chain("hold", 2, &oracle));
    for round in 0..5 {
        let execution = begin(&root, "hold", round);
        let path = format!("/hold/{round}/0");
        eventually("the call is under way", || oracle.count(&path) == 1);
        let answer = cancel(&root, "hold", &execution).unwrap();
        let acknowledged = Instant::now();
        assert!(matches!(answer.status, 202 | 204), "{} {}", answer.status, answer.text());
        let left = || oracle.seen().iter().find(|seen| seen.path == path).unwrap().left;
        eventually("the connection closes", || left().is_some());
        let after = left().unwrap().saturating_duration_since(acknowledged);
        assert!(after < Duration::from_secs(1), "closed only after {after:?}");
        eventually("it ends", || record(&root, "hold", &execution)["status"] == "CANCELLED");
        let again = cancel(&root, "hold", &execution).unwrap();
        assert_eq!((again.status, again.code().as_str()), (409, "ended"));
        assert_eq!(record(&root, "hold", &execution)["status"], "CANCELLED");
    }
    assert!(oracle.seen().iter().all(|seen| seen.path.ends_with("/0")), "a step began after the cancel");
}

#[test]
fn what_has_ended_cannot_be_cancelled() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "quick", &chain("quick", 1, &oracle));
    let execution = begin(&server.root(), "quick", 1);
    eventually("it ends", || record(&server.root(), "quick", &execution)["status"] == "COMPLETED");
    let before = record(&server.root(), "quick", &execution);
    for _ in 0..2 {
        let late = cancel(&server.root(), "quick", &execution).unwrap();
        assert_eq!((late.status, late.code().as_str()), (409, "ended"));
        assert_eq!(record(&server.root(), "quick", &execution), before);
        server.kill();
        server = Server::start_in(directory.path());
    }
    let path = format!("{TENANT}/agents/quick/executionRecords/{}:cancelRun", "0198c0de-dead-7bee-8000-0123456789ab");
    assert_eq!(server.root().json("POST", &path, &json!({})).status, 404);
}

/// What became of the cancels of one round.
#[derive(Debug, Default)]
struct Cancels {
    /// By execution: its number, and when the cancel was acknowledged.
    acknowledged: BTreeMap<String, (u64, Instant)>,
    /// It had ended before.
    late: Vec<String>,
    /// Without an answer: either is right.
    unknown: Vec<String>,
}

#[test]
fn after_an_acknowledged_cancel_nothing_begins_also_over_a_sigkill() {
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 3), number("FLOWGATE_KILL_SEED", 1));
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(DELAY);
    let mut random = Random(seed);
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "chain", &chain("chain", STEPS, &oracle));
    let (mut acknowledged, mut unknown) = (0, 0);
    for round in 0..rounds {
        let root = server.root();
        let numbers = (round * TOGETHER)..((round + 1) * TOGETHER);
        let running: Vec<(u64, String)> = numbers.map(|number| (number, begin(&root, "chain", number))).collect();
        let cancels = Mutex::new(Cancels::default());
        std::thread::scope(|scope| {
            // Every fourth is left alone.
            for (number, execution) in running.iter().filter(|(number, _)| !number.is_multiple_of(4)) {
                let (wait, cancels, root) = (Duration::from_millis(random.below(400)), &cancels, &root);
                scope.spawn(move || {
                    std::thread::sleep(wait);
                    let answer = cancel(root, "chain", execution);
                    let now = Instant::now();
                    let mut cancels = cancels.lock().unwrap();
                    match answer.map(|answer| answer.status) {
                        Ok(202 | 204) => drop(cancels.acknowledged.insert(execution.clone(), (*number, now))),
                        Ok(409) => cancels.late.push(execution.clone()),
                        Ok(other) => panic!("{other}"),
                        Err(_) => cancels.unknown.push(execution.clone()),
                    }
                });
            }
            // Some before the kill, some into it, some too late.
            let until = Instant::now() + Duration::from_secs(5);
            let enough = usize::try_from(1 + random.below(3)).unwrap();
            while cancels.lock().unwrap().acknowledged.len() < enough && Instant::now() < until {
                std::thread::sleep(Duration::from_millis(2));
            }
            std::thread::sleep(Duration::from_millis(random.below(40)));
            server.kill();
        });
        server = Server::start_in(directory.path());
        let cancels = cancels.into_inner().unwrap();
        check(&server.root(), &oracle, &running, &cancels);
        acknowledged += cancels.acknowledged.len() as u64;
        unknown += cancels.unknown.len();
    }
    assert!(acknowledged >= rounds, "only {acknowledged} cancels were acknowledged");
    println!("{rounds} kills, seed {seed}: {acknowledged} cancels acknowledged, {unknown} without an answer");
}

fn check(root: &Client, oracle: &Oracle, running: &[(u64, String)], cancels: &Cancels) {
    eventually("all end", || running.iter().all(|(_, execution)| record(root, "chain", execution)["endTime"].is_number()));
    let seen = oracle.seen();
    for (number, execution) in running {
        let status = record(root, "chain", execution)["status"].clone();
        let of_it = || seen.iter().filter(|seen| seen.path.starts_with(&format!("/chain/{number}/")));
        if let Some((_, acknowledged)) = cancels.acknowledged.get(execution) {
            assert_eq!(status, "CANCELLED", "{execution}");
            let late: Vec<_> = of_it().filter(|seen| seen.came > *acknowledged + ON_ITS_WAY).collect();
            assert!(late.is_empty(), "began after the cancel of {execution}: {late:?}");
        } else if cancels.unknown.contains(execution) {
            assert!(status == "CANCELLED" || status == "COMPLETED", "{execution}: {status}");
        } else {
            assert_eq!(status, "COMPLETED", "{execution}");
            assert!(of_it().count() >= STEPS, "{execution} completed without its effects");
        }
        assert_eq!(cancel(root, "chain", execution).unwrap().status, 409);
        assert_eq!(record(root, "chain", execution)["status"], status, "a final status changed");
    }
}
