//! A disk that takes its time: every write to the log waits before it is synced. Reads go on meanwhile, and no answer comes before its
//! commit.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use super::desk::{APPROVALS, TENANT, eventually, expect};
use super::harness::Server;
use super::oracle::{Oracle, agent, allow};

/// What each commit waits between write and sync.
const WAIT: Duration = Duration::from_millis(400);
/// Reads that must get through while one answer waits for its commit.
const READS: usize = 3;
const GATE: &str = "flow: gate\nsteps:\n  review: {approval: {title: \"Go on?\"}}\n  pay: {http: {post: \"WORLD/pay\", json: {}}, effect: once}\n\
                    edges:\n  - {from: review, to: pay, on: approved}\n";

#[test]
fn reads_go_on_and_answers_come_after_their_commits() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    agent(&Server::start_in(directory.path()).root(), "gate", &GATE.replace("WORLD", &oracle.address));
    let at = format!("log.written:{}", WAIT.as_millis());
    let mut server = Server::start_with(directory.path(), &[], &[("FLOWGATE_WAIT_AT", &at)]);
    let root = server.root();
    let mut told = Vec::new();
    for _ in 0..3 {
        let is_answered = AtomicBool::new(false);
        let (started, reads) = std::thread::scope(|scope| {
            let starting = scope.spawn(|| {
                let began = Instant::now();
                let started = expect(200, &root.json("POST", &format!("{TENANT}/agents/gate:execute"), &json!({})));
                is_answered.store(true, Ordering::SeqCst);
                // No sleep is shorter than it should be, on any machine.
                assert!(began.elapsed() >= WAIT, "answered before its commit");
                started
            });
            let mut reads = 0;
            while !is_answered.load(Ordering::SeqCst) {
                expect(200, &root.get(&format!("{TENANT}/agents/gate/executionRecords")));
                expect(200, &root.get(APPROVALS));
                reads += 1;
            }
            (starting.join().unwrap(), reads)
        });
        told.push((started["executionRecordId"].clone(), started["humanApprovalRequestId"].as_str().unwrap().to_owned(), reads));
    }
    assert!(told.iter().any(|(.., reads)| *reads >= READS), "reads wait for commits: {told:?}");
    // A decision is acknowledged, and the process dies with the payment's outcome on its way to the disk.
    expect(200, &root.json("POST", &format!("{APPROVALS}/{}:respond", told[0].1), &json!({"text": "approve"})));
    eventually("the payment is made", || oracle.count("/pay") == 1);
    server.kill();
    let server = Server::start_in(directory.path());
    let root = server.root();
    for (execution, ..) in &told {
        let id = execution.as_str().unwrap();
        expect(200, &root.get(&format!("{TENANT}/agents/gate/executionRecords/{id}")));
    }
    let decided = expect(200, &root.get(&format!("{APPROVALS}/{}", told[0].1)));
    assert_eq!(decided["decision"], "APPROVE", "{decided}");
    assert_eq!(oracle.count("/pay"), 1, "a payment whose outcome was lost is in doubt, not made again");
}
