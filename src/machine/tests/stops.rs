//! Cancellation, the fates of what was running, compensation.

use serde_json::json;

use super::drive::{Drive, done, permanent, unknown};
use crate::machine::Refusal;
use crate::machine::event::{Event, Fate};
use crate::machine::input::Body;
use crate::machine::question::Verdict;
use crate::machine::summary::Status;

const SAGA: &str = "
flow: t
steps:
  a: {builtin: {name: echo, args: {id: 1}}, compensate: {builtin: {name: echo, args: {undo: '{{ steps.a.output.id }}'}}}}
  b: {http: {post: 'https://shop.example/b'}, effect: once, compensate: {builtin: {name: echo, args: {undo: b}}}}
  c: {builtin: noop}
edges: [{from: a, to: b}, {from: b, to: c}]
";

fn undone(drive: &Drive) -> Vec<String> {
    drive
        .journal
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::UndoEnded { place, .. } => Some(place.step.to_string()),
            _ => None,
        })
        .collect()
}

#[test]
fn a_failure_takes_back_completed_steps_last_first() {
    let mut drive = Drive::start(SAGA, json!({})).answer("c", [permanent("boom")]);
    drive.settle();
    assert_eq!(drive.ended().status, Status::Failed);
    assert_eq!(undone(&drive), ["b", "a"]);
}

#[test]
fn a_compensation_that_fails_is_retried_and_then_listed() {
    let mut drive = Drive::start(SAGA, json!({})).answer("c", [permanent("boom")]).answer("undo/b#1", [super::drive::retryable()]);
    drive.settle();
    for _ in 0..3 {
        drive.pass(60_000);
    }
    assert_eq!(undone(&drive), ["b", "a"]);
    let Some(Event::Ended { errors, .. }) =
        drive.journal.iter().map(|recorded| &recorded.event).find(|event| matches!(event, Event::Ended { .. }))
    else {
        panic!("no end")
    };
    assert_eq!(errors.len(), 1);
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "boom", "the first error stays the cause");
}

#[test]
fn a_cancel_breaks_off_what_runs_starts_nothing_and_never_changes_its_mind() {
    let yaml = "{flow: t, steps: {s: {set: {}}, a: {builtin: noop}, q: {approval: {title: ok}}, w: {wait: {for: 1d}}, z: {set: {}}}, edges: [{from: s, to: a}, {from: s, to: q}, {from: s, to: w}, {from: a, to: z}]}";
    let mut drive = Drive::start(yaml, json!({}));
    let question = drive.question();
    drive.cancel();
    assert_eq!(drive.ended().status, Status::Cancelled);
    assert_eq!(drive.aborted.len(), 1);
    let decision = crate::machine::question::Decision {
        question: question.id,
        digest: question.digest,
        verdict: Verdict::Approve,
        by: super::drive::person("ben"),
        reason: None,
    };
    assert_eq!(drive.feed(Body::Decide(decision)), Err(Refusal::NoQuestion));
    let before = drive.state.clone();
    drive.settle();
    drive.pass(1 << 40);
    assert_eq!(drive.state.ended(), before.ended());
    assert!(!drive.ran().contains(&"z#1".to_owned()));
}

#[test]
fn a_running_once_call_is_waited_for_and_its_fate_recorded() {
    for (outcome, fate, takes_back) in [(done(json!(1)), Fate::Happened, vec!["b", "a"]), (permanent("no"), Fate::Aborted, vec!["a"])] {
        let mut drive = Drive::start(SAGA, json!({}));
        drive.reply("a", done(json!({"id": 1})));
        drive.cancel();
        assert_eq!(drive.status(), Status::Running, "the fate is not known yet");
        drive.reply("b", outcome);
        drive.settle();
        assert_eq!(drive.ended().status, Status::Cancelled);
        assert_eq!(undone(&drive), takes_back);
        assert!(drive.state.fates.iter().any(|known| known.attempt == "b#1.1" && known.fate == fate));
    }
}

#[test]
fn a_doubt_is_settled_before_compensations() {
    let mut drive = Drive::start(SAGA, json!({}));
    drive.reply("a", done(json!({"id": 1})));
    drive.cancel();
    drive.reply("b", unknown());
    assert_eq!(drive.status(), Status::WaitingPerson);
    drive.crash();
    drive.decide(Verdict::Happened { result: json!({}) }, "ben").unwrap();
    assert_eq!(undone(&drive), ["b", "a"]);
}

#[test]
fn a_crash_in_the_middle_of_compensating_goes_on_there() {
    let mut drive = Drive::start(SAGA, json!({})).answer("c", [permanent("boom")]);
    drive.reply("a", done(json!({"id": 1})));
    drive.reply("b", done(json!({})));
    drive.reply("c", permanent("boom"));
    drive.crash();
    drive.settle();
    assert_eq!(undone(&drive), ["b", "a"]);
    assert_eq!(drive.ended().status, Status::Failed);
}

#[test]
fn a_cancel_reaches_into_loops_and_maps() {
    let yaml = "
flow: t
start: h
steps:
  h: {set: {}, visits: 3}
  m: {map: {over: '[1, 2, 3]', body: {steps: {a: {builtin: noop}}}}}
  x: {set: {}}
edges: [{from: h, to: m}, {from: m, to: h, when: 'false'}, {from: m, to: x, otherwise: true}]
";
    let mut drive = Drive::start(yaml, json!({}));
    assert_eq!(drive.calls.len(), 3);
    drive.cancel();
    assert_eq!(drive.ended().status, Status::Cancelled);
    assert_eq!(drive.with_status("cancelled").len(), 4);
}
