//! The outline of a journal while it goes on: what a pause has already told, and what it weighs.

use serde_json::json;

use super::drive::{Drive, person};
use crate::machine::call::{Answer, Outcome, ToolUse, Usage};
use crate::machine::event::Event;
use crate::machine::input::Body;
use crate::machine::question::Verdict;
use crate::machine::trace::{Attempt, Outline, trace};

/// More than everything else in these journals together.
const LARGE: usize = 1 << 20;

fn attempt(drive: &Drive, step: &str) -> Attempt {
    let attempts = trace(&drive.plan, &drive.journal).unwrap().attempts;
    attempts.into_iter().rev().find(|attempt| attempt.step == step).expect("it was tried")
}

fn pause(drive: &mut Drive) {
    drive.feed(Body::Pause { reason: String::new(), by: person("ana") }).unwrap();
}

fn unpause(drive: &mut Drive) {
    drive.feed(Body::Unpause { by: person("ben") }).unwrap();
}

/// In so many bytes.
fn weight_in(drive: &Drive, unit: usize) -> usize {
    let mut outline = Outline::default();
    drive.journal.iter().for_each(|entry| outline.read(&drive.plan, entry));
    outline.bytes() / unit
}

fn weight(drive: &Drive) -> usize {
    weight_in(drive, LARGE)
}

fn large() -> String {
    "x".repeat(LARGE)
}

#[test]
fn a_question_that_was_decided_during_a_pause_waits_for_nobody() {
    let mut drive = Drive::start("{flow: t, steps: {q: {approval: {title: Go?}}}}", json!({}));
    pause(&mut drive);
    assert_eq!(attempt(&drive, "q").status, "waiting");
    let decided_at = drive.now;
    drive.decide(Verdict::Approve, "kim").unwrap();
    let told = attempt(&drive, "q");
    assert_eq!((told.status.as_str(), &told.output["by"], told.ended_at_ms), ("completed", &json!("kim"), Some(decided_at)));
    drive.now = drive.now.plus(5_000);
    unpause(&mut drive);
    assert_eq!(drive.events(|event| matches!(event, Event::Answered { .. })), 1);
    let afterwards = attempt(&drive, "q");
    assert_eq!((afterwards.status, &afterwards.output["by"]), (told.status, &told.output["by"]));
}

#[test]
fn a_call_that_was_lost_during_a_pause_is_not_running() {
    let mut drive = Drive::start("{flow: t, steps: {a: {builtin: noop}}}", json!({}));
    pause(&mut drive);
    assert_eq!(attempt(&drive, "a").status, "running");
    let (lost, lost_at) = (drive.calls[0].0, drive.now);
    drive.feed(Body::Lost { call: lost }).unwrap();
    assert_eq!((attempt(&drive, "a").status.as_str(), attempt(&drive, "a").ended_at_ms), ("lost", Some(lost_at)));
    drive.now = drive.now.plus(5_000);
    unpause(&mut drive);
    let first = trace(&drive.plan, &drive.journal).unwrap().attempts.remove(0);
    assert_eq!((first.status.as_str(), first.ended_at_ms), ("lost", Some(lost_at)), "what was told is no news");
}

#[test]
fn a_conversation_weighs_as_long_as_it_is_under_way() {
    let mut drive =
        Drive::start("{flow: t, steps: {a: {llm: {model: openai/gpt-5-mini, prompt: '{{ input.text }}'}}}}", json!({"text": large()}));
    assert_eq!(weight(&drive), 2, "the input and the prompt");
    let answer = Answer::Model { text: "short".to_owned(), calls: Vec::new() };
    drive.reply("a", Outcome::Done { answer, usage: Usage::default() });
    assert_eq!(weight(&drive), 1, "the input");
}

#[test]
fn what_an_agent_is_told_and_says_weighs() {
    let yaml = "{flow: t, steps: {a: {agent: {model: openai/gpt-5-mini, system: '{{ input.text }}', prompt: '{{ input.text }}', tools: [{builtin: noop}]}}}}";
    let mut drive = Drive::start(yaml, json!({"text": large()}));
    assert_eq!(weight(&drive), 5, "the input, both texts, and both again in the call that is under way");
    let calls = vec![ToolUse { id: "1".to_owned(), name: "noop".to_owned(), args: json!({"a": large()}) }];
    drive.reply("model", Outcome::Done { answer: Answer::Model { text: large(), calls }, usage: Usage::default() });
    assert!(weight(&drive) >= 5, "the thought and the arguments, beside the input and both texts: {}", weight(&drive));
}

#[test]
fn signals_that_are_kept_weigh() {
    let yaml = "{flow: t, steps: {a: {builtin: noop}, b: {event: {name: go}}, c: {event: {name: go}}}, edges: [{from: a, to: b}, {from: b, to: c}]}";
    let mut drive = Drive::start(yaml, json!({}));
    for id in ["1", "2"] {
        drive.signal(id, "go", json!("x".repeat(LARGE / 8))).unwrap();
    }
    assert!(weight_in(&drive, LARGE / 8) >= 2, "both signals");
}
