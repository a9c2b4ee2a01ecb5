//! Attempts: retries, losses, doubt, timeouts, idempotency keys.

use serde_json::json;

use super::drive::{Drive, done, permanent, retryable, unknown};
use crate::machine::event::Event;
use crate::machine::question::{QuestionKind, Verdict};
use crate::machine::summary::Status;

fn one(effect: &str, more: &str) -> String {
    format!(
        "{{flow: t, steps: {{a: {{http: {{post: 'https://shop.example/x'}}, effect: {effect}{more}}}, b: {{set: {{ok: 'true'}}}}}}, edges: [{{from: a, to: b}}]}}"
    )
}

#[test]
fn a_retryable_failure_is_tried_again_after_a_recorded_pause_and_counted_once() {
    let mut drive = Drive::start(&one("idempotent", ", retry: {attempts: 3, backoff: 1s..4s}"), json!({})).answer("a", [retryable()]);
    drive.settle();
    assert_eq!(drive.status(), Status::Running);
    drive.pass(999 / 2);
    assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), 1, "never early");
    drive.pass(4_000);
    drive.pass(4_000);
    assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), 3);
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "http_503");
}

#[test]
fn every_attempt_of_a_visit_carries_the_same_idempotency_key() {
    let mut drive = Drive::start(&one("idempotent", ", retry: {attempts: 2, backoff: 1s}"), json!({}));
    let first = drive.calls[0].2.idempotency_key.clone();
    drive.reply("a", retryable());
    drive.now = drive.now.plus(2_000);
    drive.feed(crate::machine::input::Body::Timers).unwrap();
    assert!(first.is_some());
    assert_eq!(drive.calls[0].2.idempotency_key, first);
    assert!(drive.calls[0].1.ends_with("#1.2"));
}

#[test]
fn a_crash_repeats_read_and_idempotent_calls_and_puts_once_calls_in_doubt() {
    for effect in ["read", "idempotent"] {
        let mut drive = Drive::start(&one(effect, ""), json!({}));
        drive.crash();
        assert_eq!(drive.calls.len(), 1, "{effect} is called again");
        drive.settle();
        assert_eq!(drive.ended().status, Status::Completed);
    }
    let mut drive = Drive::start(&one("once", ""), json!({}));
    drive.crash();
    assert!(drive.calls.is_empty());
    assert_eq!(drive.question().kind, QuestionKind::InDoubt);
    assert_eq!(drive.status(), Status::WaitingPerson);
}

#[test]
fn a_person_resolves_a_doubt_by_retry_result_or_giving_up() {
    let doubtful = || {
        let mut drive = Drive::start(&one("once", ""), json!({}));
        drive.reply("a", unknown());
        drive
    };
    let mut drive = doubtful();
    drive.decide(Verdict::Retry, "ben").unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), 2);
    assert_eq!(drive.ended().status, Status::Completed);

    let mut drive = doubtful();
    drive.decide(Verdict::Happened { result: json!({"id": 7}) }, "ben").unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), 1);
    assert_eq!(drive.ended().status, Status::Completed);

    let mut drive = doubtful();
    drive.decide(Verdict::Fail, "ben").unwrap();
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "in_doubt");

    let mut drive = doubtful();
    assert!(drive.decide(Verdict::Approve, "ben").is_err(), "approving a doubt means nothing");
}

#[test]
fn a_check_call_resolves_a_doubt_without_a_person() {
    let check = ", in_doubt: {check: {http: {get: 'https://shop.example/x'}}, done_when: output.found}";
    for (found, started) in [(true, 2), (false, 3)] {
        let mut drive = Drive::start(&one("once", check), json!({}));
        drive.reply("a", unknown());
        drive.reply("a", done(json!({"found": found})));
        drive.settle();
        assert_eq!(drive.ended().status, Status::Completed);
        assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), started, "found: {found}");
    }
}

#[test]
fn a_once_call_that_was_not_sent_is_retryable_and_a_refused_one_fails() {
    let mut drive = Drive::start(&one("once", ""), json!({}));
    drive.reply("a", permanent("http_422"));
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "http_422");
}

#[test]
fn an_answer_that_comes_twice_or_late_changes_nothing() {
    let mut drive = Drive::start(&one("read", ""), json!({}));
    let call = drive.calls[0].0;
    drive.settle();
    let before = drive.state.clone();
    drive.feed(crate::machine::input::Body::Outcome { call, outcome: done(json!(9)) }).unwrap();
    assert_eq!(drive.state, before);
}

#[test]
fn a_step_that_kills_the_process_every_time_is_given_up() {
    let mut drive = Drive::start(&one("read", ""), json!({}));
    for _ in 0..=crate::limits::LOST_ATTEMPTS_MAX {
        drive.crash();
    }
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "lost");
}

#[test]
fn the_executions_timeout_fails_it_as_timed_out_never_early_also_after_downtime() {
    let yaml = "{flow: t, limits: {timeout: 1h}, steps: {a: {event: {name: go}}}}";
    let mut drive = Drive::run(yaml);
    drive.pass(3_599_999);
    assert_eq!(drive.status(), Status::WaitingAsync);
    drive.crash();
    drive.pass(1);
    assert_eq!(drive.ended().status, Status::TimedOut);
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "timeout");
}

#[test]
fn a_wait_ends_when_due_and_a_clock_that_goes_back_changes_nothing() {
    let mut drive = Drive::run("{flow: t, steps: {a: {wait: {for: 10s}}, b: {set: {ok: 'true'}}}, edges: [{from: a, to: b}]}");
    assert_eq!(drive.status(), Status::WaitingAsync);
    drive.now = crate::ids::TimeMs(5);
    drive.feed(crate::machine::input::Body::Timers).unwrap();
    assert_eq!(drive.status(), Status::WaitingAsync);
    drive.now = crate::ids::TimeMs(1_010_000);
    drive.feed(crate::machine::input::Body::Timers).unwrap();
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn budgets_stop_the_next_step_or_ask_for_more() {
    let yaml = |breach: &str| {
        format!(
            "{{flow: t, limits: {{steps: 2, on_breach: {breach}}}, steps: {{a: {{set: {{}}}}, b: {{set: {{}}}}, c: {{set: {{ok: 'true'}}}}}}, edges: [{{from: a, to: b}}, {{from: b, to: c}}]}}"
        )
    };
    assert_eq!(Drive::run(&yaml("fail")).ended().error.as_ref().unwrap().code, "budget_exceeded");
    let mut drive = Drive::run(&yaml("ask"));
    assert_eq!(drive.question().kind, QuestionKind::Budget);
    drive.crash();
    drive.decide(Verdict::Approve, "ben").unwrap();
    assert_eq!(drive.ended().output, json!({"ok": true}));
    let mut drive = Drive::run(&yaml("ask"));
    drive.decide(Verdict::Reject, "ben").unwrap();
    assert_eq!(drive.ended().status, Status::Failed);
}

#[test]
fn a_grant_after_an_overspent_budget_lets_the_next_step_begin() {
    let step = "{llm: {model: openai/gpt-5-mini, prompt: hi, max_tokens: 10}}";
    let yaml =
        format!("{{flow: t, limits: {{tokens: 100, on_breach: ask}}, steps: {{a: {step}, b: {step}}}, edges: [{{from: a, to: b}}]}}");
    let mut drive = Drive::start(&yaml, json!({}));
    let answer = crate::machine::call::Answer::Model { text: "hello".to_owned(), calls: Vec::new() };
    let usage = crate::machine::call::Usage { input_tokens: 5_000, ..Default::default() };
    drive.reply("a", crate::machine::call::Outcome::Done { answer, usage });
    assert_eq!(drive.question().kind, QuestionKind::Budget);
    drive.decide(Verdict::Approve, "ben").unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), 2);
}

#[test]
fn what_waited_for_a_budget_goes_on_when_whoever_asked_for_it_stops() {
    let yaml = "
flow: t
limits: {tokens: 6000, on_breach: ask}
steps:
  begin: {set: {}}
  first: {agent: {model: openai/gpt-5-mini, prompt: hi}, timeout: 1m}
  second: {agent: {model: openai/gpt-5-mini, prompt: hi}, timeout: 1m}
  caught: {builtin: noop}
  w: {wait: {for: 10s}}
  after: {builtin: noop}
edges: [{from: begin, to: first}, {from: begin, to: second}, {from: begin, to: w}, {from: second, to: caught, on: error}, {from: w, to: after}]
";
    let mut drive = Drive::start(yaml, json!({}));
    assert_eq!((drive.question().kind, drive.calls.len()), (QuestionKind::Budget, 1), "one fits, the other asks");
    let answer = crate::machine::call::Answer::Model { text: "ok".to_owned(), calls: Vec::new() };
    drive.reply("first", crate::machine::call::Outcome::Done { answer, usage: crate::machine::call::Usage::default() });
    drive.pass(11_000);
    assert!(!drive.ran().contains(&"after#1".to_owned()), "nothing begins while somebody is asked");
    drive.pass(60_000);
    assert_eq!(drive.events(|event| matches!(event, Event::Withdrawn { .. })), 1);
    assert!(drive.ran().contains(&"after#1".to_owned()), "{:?}", drive.ran());
    assert_eq!(drive.ended().status, Status::Completed);
}
