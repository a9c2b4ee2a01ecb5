//! Tests of the store as a whole: the same suite on memory and on disk, recovery, planned faults. What only one part does is tested
//! beside it.

mod attachments;
mod compaction;
mod documents;
mod faults;
mod golden;
mod lists;
mod maintenance;
mod questions;
mod recovery;
mod stats;
mod suite;
mod world;

use std::path::Path;

use serde_json::json;

use super::{CommitError, Entry, Options, Position, Sizes, Store};
use crate::ids::{CallId, Digest, ExecutionId, NanoUsd, QuestionId, Tenant, TimeMs};
use crate::machine::event::Event;
use crate::machine::input::{Mode, Purpose, Signal};
use crate::machine::question::QuestionKind;
use crate::machine::summary::{Status, Summary, WaitingFor};
use crate::store::options::OnFatal;

/// Nobody follows the log.
#[expect(clippy::unnecessary_wraps, reason = "who does may not be readable")]
pub fn all_is_read(_: &Store) -> Result<Position, super::Error> {
    Ok(Position(u64::MAX))
}

pub fn tenant() -> Tenant {
    Tenant::default()
}

/// The n-th execution; later numbers are newer.
pub fn execution(number: u64) -> ExecutionId {
    ExecutionId::derived(TimeMs(1_000 + number), &number.to_string())
}

pub fn summary(status: Status) -> Summary {
    Summary {
        flow: "refund".to_owned(),
        revision: 1,
        digest: Digest::of(b"flow"),
        status,
        started_at: TimeMs(1_000),
        updated_at: TimeMs(1_000),
        ended_at: None,
        deadline: None,
        owed: status == Status::Running,
        waiting_for: Vec::new(),
        error_code: None,
        tokens: 0,
        cost: NanoUsd(0),
        parent: None,
        purpose: Purpose::Production,
        mode: Mode::Production,
        session: None,
        environment: None,
        root: None,
        starter: String::new(),
        trigger: None,
        labels: std::collections::BTreeMap::new(),
        origin: None,
        input_tokens: 0,
        output_tokens: 0,
        cached_tokens: 0,
        input_cost: NanoUsd(0),
        output_cost: NanoUsd(0),
        tools: Vec::new(),
        tool_errors: false,
        paused: false,
    }
}

pub fn question(number: u64) -> QuestionId {
    QuestionId::derived(&format!("q{number}"))
}

pub fn waiting(number: u64, asked_at: u64) -> WaitingFor {
    WaitingFor::Question {
        id: question(number),
        question: QuestionKind::Approval,
        step: "review".to_owned(),
        title: "Refund?".to_owned(),
        digest: Digest::of(b"action"),
        approvers: crate::flow::plan::Approvers { any_of: Vec::new(), quorum: 1, exclude: Vec::new() },
        asked_at: TimeMs(asked_at),
        expires_at: None,
    }
}

/// An event that is cheap to tell apart.
pub fn event(number: u64) -> Event {
    Event::CallLost { call: CallId(number) }
}

/// An event of about `bytes` bytes.
pub fn large(bytes: usize) -> Event {
    Event::SignalKept { signal: Signal { id: "large".to_owned(), name: "large".to_owned(), payload: json!("x".repeat(bytes)) } }
}

/// `count` events from `expected_seq` on; the event's number is its seq.
pub fn turn(number: u64, expected_seq: u64, count: u64, summary: Option<Summary>) -> Entry {
    let events = (expected_seq..expected_seq + count).map(event).collect();
    Entry::Execution { tenant: tenant(), execution: execution(number), expected_seq, at: TimeMs(2_000 + expected_seq), events, summary }
}

pub fn start(store: &Store, number: u64, summary: Summary) -> Position {
    store.commit(turn(number, 0, 2, Some(summary))).wait().unwrap()
}

pub fn options(dir: &Path) -> Options {
    // Small segments: there are many tests, and zeros take time to write.
    let sizes = Sizes { segment_bytes_min: 64 << 10, segment_bytes_max: 256 << 10, ..Sizes::default() };
    Options { dir: dir.to_owned(), on_fatal: OnFatal::stop_only(), sizes, ..Options::default() }
}

/// What the execution's journal holds, as seqs; fails on any that is not the event of its seq.
pub fn seqs(store: &Store, number: u64) -> Vec<u64> {
    let events = store.events(&tenant(), execution(number), 0, usize::MAX).unwrap();
    for recorded in &events {
        assert_eq!(recorded.event, event(recorded.seq));
    }
    events.into_iter().map(|recorded| recorded.seq).collect()
}

pub fn stale(result: Result<Position, CommitError>) -> (u64, u64) {
    match result {
        Err(CommitError::Stale { expected, found }) => (expected, found),
        other => panic!("expected a stale commit, got {other:?}"),
    }
}
