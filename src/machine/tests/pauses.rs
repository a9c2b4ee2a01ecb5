//! Pause and resume: nothing new starts, everything that arrives is kept and taken afterwards.

use serde_json::json;

use super::drive::{Drive, done, permanent, person, retryable};
use crate::ids::CallId;
use crate::machine::decide::Refusal;
use crate::machine::event::Event;
use crate::machine::input::Body;
use crate::machine::outstanding;
use crate::machine::question::{Decision, Verdict};
use crate::machine::summary::{Status, Summary};

const TWO: &str = "{flow: t, steps: {a: {builtin: noop}, b: {builtin: noop}}, edges: [{from: a, to: b}]}";

impl Drive {
    fn pause(&mut self) {
        self.feed(Body::Pause { reason: "look first".to_owned(), by: person("ana") }).unwrap();
    }

    fn unpause(&mut self) {
        self.feed(Body::Unpause { by: person("ben") }).unwrap();
        self.settle();
    }
}

fn summary(drive: &Drive) -> Summary {
    drive.state.summary(&drive.plan).unwrap()
}

#[test]
fn what_runs_goes_on_its_outcome_is_kept_and_nothing_follows_until_the_end_of_the_pause() {
    let mut drive = Drive::start(TWO, json!({}));
    drive.pause();
    assert_eq!((drive.status(), summary(&drive).paused), (Status::Running, true));
    drive.reply("a", done(json!(1)));
    assert!(drive.calls.is_empty() && outstanding(&drive.state).is_empty(), "b does not start, and a is not owed again");
    assert_eq!((drive.status(), summary(&drive).owed), (Status::WaitingAsync, false));
    assert_eq!(drive.ran(), ["a#1"], "the trace knows what has ended");
    drive.crash();
    assert!(drive.calls.is_empty(), "what is kept is not lost");
    drive.unpause();
    assert_eq!((drive.status(), summary(&drive).paused), (Status::Completed, false));
    assert_eq!(drive.ran(), ["a#1", "b#1"]);
}

#[test]
fn paused_twice_is_paused_once_and_going_on_twice_is_harmless() {
    let mut drive = Drive::start(TWO, json!({}));
    drive.pause();
    drive.pause();
    assert_eq!(drive.events(|event| matches!(event, Event::Paused { .. })), 1);
    drive.feed(Body::Unpause { by: person("ben") }).unwrap();
    drive.feed(Body::Unpause { by: person("ben") }).unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::Unpaused { .. })), 1);
    drive.settle();
    let refused = drive.feed(Body::Pause { reason: String::new(), by: person("ana") });
    assert_eq!((refused, drive.feed(Body::Unpause { by: person("ana") })), (Err(Refusal::Ended), Err(Refusal::Ended)));
}

#[test]
fn a_decision_during_a_pause_stands_and_takes_effect_afterwards() {
    let yaml = "{flow: t, steps: {q: {approval: {title: Go?}}, b: {builtin: noop}, c: {builtin: noop}}, edges: [{from: q, to: b}, {from: q, to: c, on: rejected}]}";
    let mut drive = Drive::start(yaml, json!({}));
    let question = drive.question();
    drive.pause();
    drive.decide(Verdict::Approve, "ben").unwrap();
    assert!(drive.state.questions().is_empty() && summary(&drive).waiting_for.is_empty(), "nobody is asked any more");
    assert_eq!(drive.state.decided(question.id).map(|decided| decided.by.clone()), Some("ben".to_owned()));
    let other = Decision { question: question.id, digest: question.digest, verdict: Verdict::Reject, by: person("kim"), reason: None };
    let refused = drive.feed(Body::Decide(other.clone()));
    assert!(matches!(&refused, Err(Refusal::Decided(decided)) if decided.by == "ben"), "{refused:?}");
    let stale = Decision { digest: crate::ids::Digest::of(b"other"), ..other };
    assert!(drive.feed(Body::Decide(stale)).is_err());
    assert!(drive.calls.is_empty());
    let told = drive.state.decided(question.id).cloned();
    drive.now = drive.now.plus(1_000);
    drive.unpause();
    assert_eq!(drive.ran(), ["q#1", "b#1"]);
    assert_eq!(drive.state.decided(question.id).cloned(), told, "to the millisecond what every caller was told");
}

#[test]
fn a_decision_that_is_refused_is_refused_during_a_pause_too() {
    let mut drive = Drive::start("{flow: t, steps: {q: {approval: {title: Go?}}}}", json!({}));
    drive.pause();
    let before = drive.journal.len();
    let question = drive.question();
    let wrong = Decision {
        question: question.id,
        digest: crate::ids::Digest::of(b"another"),
        verdict: Verdict::Approve,
        by: person("ben"),
        reason: None,
    };
    assert_eq!(drive.feed(Body::Decide(wrong)), Err(Refusal::Digest));
    assert_eq!(drive.journal.len(), before);
}

#[test]
fn signals_are_checked_kept_once_and_taken_in_order() {
    let yaml = "{flow: t, steps: {a: {event: {name: go}}, b: {event: {name: go}}}, edges: [{from: a, to: b}]}";
    let mut drive = Drive::start(yaml, json!({}));
    drive.pause();
    drive.signal("1", "go", json!("first")).unwrap();
    drive.signal("1", "go", json!("first")).unwrap();
    assert!(matches!(drive.signal("3", "never", json!({})), Err(Refusal::Signal(_))));
    drive.signal("2", "go", json!("second")).unwrap();
    assert_eq!(drive.signal("4", "go", json!({})), Err(Refusal::Ended), "what is kept already leads to its end");
    assert_eq!(drive.events(|event| matches!(event, Event::Held { .. })), 2);
    drive.unpause();
    assert_eq!(drive.ended().output, json!("second"));
}

#[test]
fn timers_and_retries_that_came_due_act_afterwards() {
    let yaml = "{flow: t, steps: {w: {wait: {for: 1s}}, a: {builtin: noop, retry: {attempts: 2}}}, edges: [{from: w, to: a}]}";
    let mut drive = Drive::start(yaml, json!({}));
    drive.pause();
    assert_eq!(drive.state.deadline(), None, "nothing wakes it for nothing");
    drive.pass(5_000);
    assert_eq!(drive.status(), Status::WaitingAsync);
    drive.feed(Body::Unpause { by: person("ana") }).unwrap();
    drive.reply("a", retryable());
    drive.pause();
    drive.pass(600_000);
    assert!(drive.calls.is_empty());
    drive.unpause();
    assert_eq!(drive.status(), Status::Completed);
}

#[test]
fn the_time_limit_of_the_execution_acts_during_a_pause() {
    let mut drive = Drive::start("{flow: t, limits: {timeout: 10s}, steps: {w: {wait: {for: 1h}}}}", json!({}));
    drive.pause();
    assert!(drive.state.deadline().is_some());
    drive.pass(9_000);
    assert!(drive.state.ended().is_none());
    drive.pass(2_000);
    assert_eq!(drive.ended().status, Status::TimedOut);
}

#[test]
fn a_cancel_ends_the_pause_and_what_was_kept_decides_fates() {
    let yaml = "
flow: t
steps:
  pay: {http: {post: 'https://shop.example/pay'}, effect: once, compensate: {http: {post: 'https://shop.example/refund'}}}
  after: {builtin: noop}
edges: [{from: pay, to: after}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.pause();
    drive.reply("pay", done(json!({"id": 1})));
    drive.cancel();
    let (_, name, _) = drive.calls.front().cloned().unwrap();
    assert!(name.starts_with("undo/"), "it happened, so it is taken back: {name}");
    let refused = drive.feed(Body::Pause { reason: String::new(), by: person("ana") });
    assert!(matches!(refused, Err(Refusal::NotAllowed(_))), "{refused:?}");
    drive.settle();
    assert_eq!((drive.ended().status, drive.events(|event| matches!(event, Event::Unpaused { by: None, .. }))), (Status::Cancelled, 1));
}

/// Twelve reads of 3 MiB each, all answered during a pause.
fn much_held() -> Drive {
    let yaml = "
flow: t
steps:
  each: {map: {over: '[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]', concurrency: 12, body: {steps: {read: {builtin: noop}}}}}
  all: {set: {count: 'size(steps.each.output)'}}
edges: [{from: each, to: all}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.pause();
    while let Some((call, ..)) = drive.calls.pop_front() {
        drive.feed(Body::Outcome { call, outcome: done(json!("x".repeat(3 << 20))) }).unwrap();
    }
    assert_eq!(drive.events(|event| matches!(event, Event::Held { .. })), 12);
    drive
}

/// Bytes of the longest turn: a turn is a record, and a record has a bound.
fn longest_turn(drive: &mut Drive, body: Body) -> usize {
    let mut longest = 0;
    let mut next = Some(body);
    while let Some(body) = next.take() {
        let input = crate::machine::input::Input { now: drive.now, entropy: 7, boot: drive.boot, body };
        let turn = crate::machine::decide(&mut drive.state, &drive.plan, input).unwrap();
        longest = longest.max(turn.events.iter().map(|recorded| serde_json::to_string(&recorded.event).unwrap().len()).sum());
        if turn.effects.iter().any(|effect| matches!(effect, crate::machine::effect::Effect::Continue)) {
            next = Some(Body::Continue);
        }
        drive.journal.extend(turn.events);
        assert_eq!(crate::machine::replay(&drive.plan, &drive.journal).unwrap(), drive.state);
    }
    longest
}

#[test]
fn much_that_was_held_is_taken_over_several_turns_and_what_comes_meanwhile_waits_behind_it() {
    let mut drive = much_held();
    let bytes = longest_turn(&mut drive, Body::Unpause { by: person("ben") });
    assert!(bytes < 16 << 20, "{bytes}");
    assert_eq!(drive.ended().status, Status::Failed, "36 MiB are no result");
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "payload_too_large");
    let mut drive = much_held();
    let bytes = longest_turn(&mut drive, Body::Cancel { reason: "enough".to_owned(), by: person("ana") });
    assert!(bytes < 16 << 20, "{bytes}");
    assert_eq!((drive.ended().status, drive.state.is_holding()), (Status::Cancelled, false));
}

#[test]
fn what_arrives_while_what_was_held_is_taken_waits_behind_it() {
    let yaml = "flow: t\nsteps: {first: {event: {name: go}}, second: {event: {name: go}}, third: {event: {name: go}}}\nedges: [{from: first, to: second}, {from: second, to: third}]";
    let mut drive = Drive::start(yaml, json!({}));
    drive.pause();
    drive.signal("1", "go", json!("one")).unwrap();
    drive.signal("2", "go", json!("two")).unwrap();
    // A process that only records takes nothing beyond the first.
    let (boot, going_on) = (crate::ids::BootId::HOLDING, drive.boot);
    drive.boot = boot;
    let input = |drive: &Drive, body| crate::machine::input::Input { now: drive.now, entropy: 7, boot: drive.boot, body };
    let unpause = input(&drive, Body::Unpause { by: person("ben") });
    let turn = crate::machine::decide(&mut drive.state, &drive.plan, unpause).unwrap();
    drive.journal.extend(turn.events);
    assert!(!drive.state.is_paused() && drive.state.is_holding());
    drive.signal("3", "go", json!("three")).unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::Held { .. })), 3);
    drive.boot = going_on;
    drive.feed(Body::Continue).unwrap();
    drive.settle();
    assert_eq!(drive.ended().output, json!("three"));
}

#[test]
fn what_arrives_after_a_cancel_waits_behind_what_was_held() {
    let yaml = "
flow: t
steps:
  s: {set: {one: '1'}}
  a: {http: {post: 'https://shop.example/a'}, effect: once}
  b: {http: {post: 'https://shop.example/b'}, effect: once}
  c: {http: {post: 'https://shop.example/c'}, effect: once}
edges: [{from: s, to: a}, {from: s, to: b}, {from: s, to: c}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.pause();
    drive.reply("a", done(json!(1)));
    drive.reply("b", done(json!(2)));
    let going_on = std::mem::replace(&mut drive.boot, crate::ids::BootId::HOLDING);
    let body = Body::Cancel { reason: "enough".to_owned(), by: person("ben") };
    let input = crate::machine::input::Input { now: drive.now, entropy: 7, boot: drive.boot, body };
    let turn = crate::machine::decide(&mut drive.state, &drive.plan, input).unwrap();
    drive.journal.extend(turn.events);
    assert!(!drive.state.is_paused() && drive.state.is_holding());
    drive.reply("c", done(json!(3)));
    assert_eq!(drive.events(|event| matches!(event, Event::Held { .. })), 3);
    drive.boot = going_on;
    drive.feed(Body::Continue).unwrap();
    drive.settle();
    assert_eq!((drive.ended().status, drive.state.is_holding()), (Status::Cancelled, false));
}

#[test]
fn a_failure_during_a_pause_fails_it_afterwards() {
    let mut drive = Drive::start(TWO, json!({}));
    drive.pause();
    drive.reply("a", permanent("broken"));
    assert!(drive.state.ended().is_none());
    // The same outcome again, and one of a call that never was.
    drive.feed(Body::Outcome { call: CallId(0), outcome: done(json!(2)) }).unwrap();
    drive.feed(Body::Outcome { call: CallId(9), outcome: done(json!(2)) }).unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::Held { .. })), 1);
    drive.unpause();
    assert_eq!(drive.ended().status, Status::Failed);
}

#[test]
fn what_somebody_decided_during_a_pause_stands_after_a_cancel_and_nothing_follows_from_it() {
    let yaml = "
flow: t
steps:
  q: {approval: {title: 'Pay?', action: pay, approvers: {quorum: 2}}}
  pay: {http: {post: 'https://shop.example/pay'}, effect: once}
edges: [{from: q, to: pay, on: approved}]
";
    let mut drive = Drive::start(yaml, json!({}));
    let question = drive.question();
    drive.pause();
    drive.decide(Verdict::Approve, "ben").unwrap();
    let second = Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: person("kim"), reason: None };
    drive.feed(Body::Decide(second.clone())).unwrap();
    let told = drive.state.decided(question.id).cloned();
    assert!(told.is_some(), "two are enough");
    drive.now = drive.now.plus(1_000);
    drive.cancel();
    assert_eq!(drive.ended().status, Status::Cancelled);
    assert_eq!(drive.state.decided(question.id).cloned(), told, "what both were told");
    assert!(matches!(drive.feed(Body::Decide(Decision { verdict: Verdict::Reject, ..second })), Err(Refusal::Decided(_))));
    let counts = [
        drive.events(|event| matches!(event, Event::Voted { .. })),
        drive.events(|event| matches!(event, Event::Answered { .. })),
        drive.events(|event| matches!(event, Event::Withdrawn { .. })),
        drive.events(|event| matches!(event, Event::CallStarted { .. })),
    ];
    assert_eq!(counts, [1, 1, 0, 0]);
}
