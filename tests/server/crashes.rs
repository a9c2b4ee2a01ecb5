//! The server dies at every named place of `flowgate::crash`, in the middle of starts, approvals, a webhook, a schedule and a purge. What
//! was acknowledged is there (G1), a decision that was taken stands (G5), and a payment is made once (G2, G3).
//!
//! `FLOWGATE_KILL_ROUNDS` (6 by default) sets how far the N goes of "the N-th time that the place comes by", `FLOWGATE_KILL_SEED` the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flowgate::crash::POINTS;
use serde_json::{Value, json};

use super::desk::{APPROVALS, TENANT, expect};
use super::harness::{Answer, Client, PATIENCE, Server};
use super::oracle::{Oracle, Random, agent, allow, number};

/// Two servers at a time.
const WORKERS: u64 = 2;
/// Executions that are driven at once.
const BATCH: u64 = 3;
/// A place that is only reached when a segment of the log is full.
const NEEDS_A_FULL_SEGMENT: &str = "segment.taken";
/// Some are reached when the server starts or stops, and not often.
const OF_FILES: &str = "file.";
/// Those of a compaction, which has a test of its own beside this.
const OF_COMPACTION: &str = "compact.";
/// Those of schedules.
const OF_TRIGGERS: &str = "trigger.";
/// The schedule fires once a second: nobody waits for its hundredth time.
const FIRES_MAX: u64 = 6;
/// Batches within one life before it is asked to stop.
const BATCHES_MAX: u64 = 12;
const TRIP: &str = r#"
flow: trip
input: {type: object, required: [n], properties: {n: {type: integer}}}
steps:
  put: {http: {post: "WORLD/put/{{ input.n }}", json: {}}, effect: idempotent}
  ask: {approval: {title: "Go on?"}}
  pay: {http: {post: "WORLD/pay/{{ input.n }}", json: {n: "{{ input.n }}"}}, effect: once}
edges:
  - {from: put, to: ask}
  - {from: ask, to: pay, on: approved}
output: input.n
"#;
const TICK: &str = "flow: tick\nsteps:\n  tick: {set: {at: '1'}}\n";

/// What the clients know over all lives.
#[derive(Default)]
struct Known {
    /// The execution that each number was told.
    told: BTreeMap<u64, String>,
    /// Questions whose approval was acknowledged.
    approved: BTreeSet<String>,
    ended: BTreeSet<u64>,
}

/// One data directory with all its lives.
struct Place<'a> {
    directory: &'a Path,
    oracle: Oracle,
    known: Known,
    /// The numbers that are being worked on.
    open: std::ops::Range<u64>,
}

impl Place<'_> {
    fn post(client: &Client, path: &str, headers: &[(&str, &str)], body: &Value) -> io::Result<Answer> {
        let headers: Vec<_> = [("content-type", "application/json")].into_iter().chain(headers.iter().copied()).collect();
        client.request("POST", path, &headers, body.to_string().as_bytes())
    }

    fn record(client: &Client, id: &str) -> io::Result<Value> {
        let answer = client.request("GET", &format!("{TENANT}/agents/trip/executionRecords/{id}"), &[], b"")?;
        Ok(expect(200, &answer))
    }

    /// Starts every open number (again), and moves each one step on. True when all have ended.
    fn drive(&mut self, client: &Client) -> io::Result<bool> {
        let mut all = true;
        for n in self.open.clone().filter(|n| !self.known.ended.contains(n)).collect::<Vec<_>>() {
            let headers = [("idempotency-key", format!("trip-{n}")), ("prefer", "respond-async".to_owned())];
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let started = Self::post(client, &format!("{TENANT}/agents/trip:execute"), &headers, &json!({"parameters": {"n": n}}))?;
            assert!(matches!(started.status, 200 | 202), "start {n}: {} {}", started.status, started.text());
            let id = started.value()["executionRecordId"].as_str().unwrap().to_owned();
            let before = self.known.told.entry(n).or_insert_with(|| id.clone());
            assert_eq!(*before, id, "G1: key trip-{n} was told another execution before");
            let record = Self::record(client, &id)?;
            if record["endTime"].is_number() {
                assert_eq!(record["status"], "COMPLETED", "{record}");
                self.known.ended.insert(n);
                continue;
            }
            all = false;
            self.decide(client, n, &id)?;
        }
        Ok(all)
    }

    /// Answers the open question of an execution, if it has one.
    fn decide(&mut self, client: &Client, n: u64, id: &str) -> io::Result<()> {
        let path = format!("{TENANT}/agents/trip/pendingApprovals?status=PENDING&pageSize=100");
        let page = expect(200, &client.request("GET", &path, &[], b"")?);
        let Some(question) = page["items"].as_array().unwrap().iter().find(|item| item["executionRecordId"] == *id) else { return Ok(()) };
        let name = question["id"].as_str().unwrap().to_owned();
        assert!(!self.known.approved.contains(&name), "G5: {name} was approved, and is asked again");
        let (act, body) = match question["gateType"].as_str() {
            Some("IN_DOUBT") if self.oracle.count(&format!("/pay/{n}")) > 0 => {
                ("decide", json!({"decision": "happened", "result": {}, "digest": question["digest"]}))
            }
            Some("IN_DOUBT") => ("respond", json!({"text": "retry"})),
            _ => ("respond", json!({"text": "approve"})),
        };
        let answered = Self::post(client, &format!("{APPROVALS}/{name}:{act}"), &[], &body)?;
        // 409: the decision of a life that ended before it could say so.
        assert!(matches!(answered.status, 200 | 409), "{act} {name}: {} {}", answered.status, answered.text());
        self.known.approved.insert(name);
        Ok(())
    }

    /// Purges the first execution of the batch before, if it is there.
    fn purge(&mut self, client: &Client) -> io::Result<()> {
        let Some((n, id)) = self.known.told.iter().find(|(n, _)| **n < self.open.start && self.known.ended.contains(n)) else {
            return Ok(());
        };
        let (n, id) = (*n, id.clone());
        let answer = client.request("DELETE", &format!("{TENANT}/agents/trip/executionRecords/{id}"), &[], b"")?;
        assert!(matches!(answer.status, 204 | 404), "{} {}", answer.status, answer.text());
        self.known.told.remove(&n);
        Ok(())
    }

    /// Works until the server is gone, batch after batch and at least so long, and then asks it to stop; false when it did so as if nothing
    /// were.
    fn until_it_dies(&mut self, server: &mut Server, least: Duration) -> bool {
        let (client, began, last) = (server.root(), Instant::now(), self.open.end + BATCH * BATCHES_MAX);
        let until = began + PATIENCE;
        while self.open.end < last || began.elapsed() < least {
            assert!(Instant::now() < until, "executions {:?} do not end", self.open);
            match self.purge(&client).and_then(|()| self.drive(&client)) {
                Err(_) => {
                    server.kill();
                    return true;
                }
                Ok(true) => self.open = self.open.end..self.open.end + BATCH,
                Ok(false) => std::thread::sleep(Duration::from_millis(5)),
            }
        }
        assert!(Command::new("kill").args(["-TERM", &server.pid().to_string()]).status().unwrap().success());
        server.wait(PATIENCE) != Some(0)
    }

    /// Brings everything that is open to its end, and looks at what the world saw.
    fn settle(&mut self, server: &Server) {
        let (client, until) = (server.root(), Instant::now() + PATIENCE);
        while !self.drive(&client).unwrap() {
            assert!(Instant::now() < until, "executions {:?} do not end", self.open);
            std::thread::sleep(Duration::from_millis(5));
        }
        for n in self.open.clone() {
            assert_eq!(self.oracle.count(&format!("/pay/{n}")), 1, "G3: payment {n}");
            assert!(self.oracle.count(&format!("/put/{n}")) >= 1, "put {n}");
        }
        let keys: BTreeSet<_> = self
            .oracle
            .seen()
            .into_iter()
            .filter(|seen| seen.path.starts_with("/put/"))
            .map(|seen| (seen.path, seen.idempotency_key))
            .collect();
        let paths: BTreeSet<_> = keys.iter().map(|(path, _)| path).collect();
        assert_eq!(keys.len(), paths.len(), "G3: a repeated call under another key");
        self.open = self.open.end..self.open.end + BATCH;
    }
}

fn prepare(directory: &Path, oracle: &Oracle) {
    allow(directory);
    let server = Server::start_in(directory);
    let root = server.root();
    agent(&root, "trip", &TRIP.replace("WORLD", &oracle.address));
    agent(&root, "tick", TICK);
    let hook = json!({"url": format!("{}/hook", oracle.address), "events": ["approval.requested", "execution.completed"]});
    expect(201, &root.json("POST", &format!("{TENANT}/agents/trip/webhooks"), &hook));
    let schedule = json!({"cron": "* * * * * *", "catchUp": "skip", "graceSeconds": 1});
    let trigger = json!({"displayName": "tick", "kind": "SCHEDULE", "schedule": schedule, "overlap": "parallel", "agentIds": ["tick"]});
    expect(201, &root.json("POST", &format!("{TENANT}/triggers"), &trigger));
}

fn points() -> impl Iterator<Item = &'static &'static str> {
    POINTS.iter().filter(|point| !point.starts_with(OF_COMPACTION))
}

#[test]
fn a_crash_at_any_named_place_loses_nothing_and_repeats_nothing() {
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 6), number("FLOWGATE_KILL_SEED", 1));
    let next = AtomicUsize::new(0);
    let died = Mutex::new(BTreeSet::new());
    std::thread::scope(|scope| {
        for worker in 0..WORKERS {
            let (next, died) = (&next, &died);
            scope.spawn(move || {
                let directory = tempfile::tempdir().unwrap();
                let oracle = Oracle::start(Duration::from_millis(3));
                prepare(directory.path(), &oracle);
                let mut random = Random(seed.wrapping_add(worker));
                let mut place = Place { directory: directory.path(), oracle, known: Known::default(), open: 0..BATCH };
                while let Some(point) = points().nth(next.fetch_add(1, Ordering::SeqCst)) {
                    let bound = if point.starts_with(OF_TRIGGERS) { rounds.min(FIRES_MAX) } else { rounds };
                    let times = if point.starts_with(OF_FILES) { 1 } else { 1 + random.below(bound.max(1)) };
                    let at = format!("{point}:{times}");
                    // However fast the batches end: the schedule fires once a second, and the mark is raised every 100 ms.
                    let pause = if point.starts_with(OF_TRIGGERS) { Duration::from_secs(2) } else { Duration::from_millis(250) };
                    let least = pause * u32::try_from(times).unwrap();
                    // It may die before it serves.
                    let started = Server::launch(place.directory, &[], &[("FLOWGATE_CRASH_AT", &at)]);
                    if started.map_or(true, |mut server| place.until_it_dies(&mut server, least)) {
                        died.lock().unwrap().insert(*point);
                    }
                    place.settle(&Server::start_in(place.directory));
                }
            });
        }
    });
    let died = died.into_inner().unwrap();
    let missed: Vec<_> = points().filter(|point| !died.contains(*point) && **point != NEEDS_A_FULL_SEGMENT).collect();
    assert!(missed.is_empty(), "never reached: {missed:?}");
    println!("{} crash points, N up to {rounds}, seed {seed}", died.len());
}
