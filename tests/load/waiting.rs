//! Executions that wait for a person cost next to no memory, in the process that started them and in one that opens their store again.
//! Each is measured in a process of its own that does nothing else: this test binary once more, with one test chosen.

use std::path::Path;
use std::process::Command;

use flowgate::engine::{EngineHandle, Filter, ListRequest, QuestionRef, Resume};
use flowgate::machine::question::{Decision, Verdict};
use flowgate::machine::summary::Status;
use serde_json::{Value, json};

use super::{engine, for_each, number, operator, publish, rest_after, start_and_rest};

/// The bound for 10,000, of which 30 MiB are there before the first, and up to 20 MiB what the allocator keeps for its threads: the more, the
/// faster executions are begun. In an unoptimised build, where the code alone is half of it, less holds for what is allocated.
const RESIDENT_KIB_MAX: usize = if cfg!(debug_assertions) { 100 << 10 } else { 128 << 10 };
const WAITING: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
/// Starts under way at the same time; all wait at the end.
const AT_ONCE: usize = 256;
const APPROVED: usize = 100;
/// Set for the process that is measured: where the store is.
const DIR: &str = "FLOWGATE_LOAD_DIR";

const FLOW: &str = "
flow: waits
input: {type: object, required: [order, amount], properties: {order: {type: string}, amount: {type: integer}}}
steps:
  order: {builtin: {name: echo, args: {order: '{{ input.order }}', amount: '{{ input.amount }}'}}}
  review: {approval: {title: 'Refund {{ input.amount }} EUR for {{ steps.order.output.order }}?', show: [steps.order.output], action: refund}}
  refund: {builtin: {name: echo, args: {order: '{{ input.order }}', amount: '{{ input.amount }}'}}, effect: once}
edges:
  - {from: order, to: review}
  - {from: review, to: refund, on: approved}
";

/// What a process has in memory, as the kernel counts it.
struct Resident {
    kib: usize,
    /// The part that is not a mapped file: what the program itself allocated. An unoptimised build maps tens of MiB of code.
    own_kib: usize,
    /// The most it ever had.
    peak_kib: usize,
}

fn resident() -> Resident {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name} in {status}"));
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    };
    Resident { kib: field("VmRSS:"), own_kib: field("RssAnon:"), peak_kib: field("VmHWM:") }
}

fn measured(test: &str, dir: &Path) {
    let run = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"])
        .env(DIR, dir)
        .output()
        .unwrap();
    let (stdout, stderr) = (String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr));
    eprint!("{stderr}");
    assert!(run.status.success() && stdout.contains("1 passed"), "{test}: {stdout}{stderr}");
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "reads /proc/self/status")]
fn ten_thousand_that_wait_for_approval_stay_small() {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    measured("waiting::process_that_starts_them", dir.path());
    measured("waiting::process_that_finds_them", dir.path());
}

/// The store's directory, given by `measured`.
fn given_dir() -> std::path::PathBuf {
    std::env::var_os(DIR)
        .unwrap_or_else(|| panic!("{DIR} is not set: this is half of `ten_thousand_that_wait_for_approval_stay_small`"))
        .into()
}

fn check(when: &str, count: usize, baseline: &Resident) {
    let now = resident();
    eprintln!(
        "{count} waiting, {when}: {} KiB resident ({} allocated), {} at most; {} ({}) before",
        now.kib, now.own_kib, now.peak_kib, baseline.kib, baseline.own_kib
    );
    let counted_kib = if cfg!(debug_assertions) { now.own_kib } else { now.kib };
    assert!(counted_kib < RESIDENT_KIB_MAX, "{counted_kib} KiB");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures its process; started by `ten_thousand_that_wait_for_approval_stay_small`"]
async fn process_that_starts_them() {
    let count = number("FLOWGATE_LOAD_WAITING", WAITING);
    let engine = engine(&given_dir(), Resume::All);
    let flow = publish(&engine, FLOW).await;
    let baseline = resident();
    for_each(count, AT_ONCE, |index| {
        let (engine, flow) = (engine.clone(), flow.clone());
        async move {
            let (id, summary) = start_and_rest(&engine, &flow, json!({"order": format!("A-{index}"), "amount": index})).await;
            assert_eq!(summary.status, Status::WaitingPerson, "{id}");
            (index, ())
        }
    })
    .await;
    check("in the process that started them", count, &baseline);
    approve(&engine, count, APPROVED).await;
    engine.shutdown(super::PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "measures its process; started by `ten_thousand_that_wait_for_approval_stay_small`"]
async fn process_that_finds_them() {
    let count = number("FLOWGATE_LOAD_WAITING", WAITING) - APPROVED;
    let baseline = resident();
    let engine = engine(&given_dir(), Resume::All);
    // Not every question: a list of thousands takes memory of its own.
    let filter = Filter { statuses: [Status::WaitingPerson].into(), ..Filter::default() };
    assert_eq!(engine.list(ListRequest { filter, limit: 1, before: None }).await.unwrap().rows.len(), 1);
    check("in a process that opened their store", count, &baseline);
    approve(&engine, count, APPROVED).await;
    engine.shutdown(super::PATIENCE).await;
}

/// Approves some of the open questions, from all over the list, and checks that each completes with its own order.
async fn approve(engine: &EngineHandle, open: usize, count: usize) {
    let questions = engine.questions().await.unwrap();
    assert_eq!(questions.len(), open);
    let chosen: Vec<QuestionRef> = questions.into_iter().step_by(open / count).take(count).collect();
    assert_eq!(chosen.len(), count);
    for_each(count, AT_ONCE, |index| {
        let (engine, asked) = (engine.clone(), chosen[index].clone());
        async move {
            let question = &asked.question;
            let decision =
                Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: operator(), reason: None };
            let summary = rest_after(&engine, asked.execution, engine.decide(decision)).await;
            assert_eq!(summary.status, Status::Completed, "{}", asked.execution);
            let snapshot = engine.snapshot(asked.execution).await.unwrap();
            let output = snapshot.ended.expect("it has ended").output;
            let title = format!("Refund {} EUR for {}?", text(&output["amount"]), text(&output["order"]));
            assert_eq!(question.title, title);
            (index, ())
        }
    })
    .await;
    assert_eq!(engine.questions().await.unwrap().len(), open - count);
}

/// As a template shows it.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned)
}
