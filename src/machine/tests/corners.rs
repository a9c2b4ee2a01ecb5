//! Where rules meet: a doubt and a cancel, a retry and a late answer, a timeout and a question, a fork and what was taken back.

use serde_json::{Value, json};

use super::drive::{Drive, done, permanent, person, retryable, start_of, unknown};
use crate::ids::{Digest, ExecutionId, NanoUsd};
use crate::machine::call::{Answer, CallError, Outcome, Request, ToolUse, Usage};
use crate::machine::event::{Event, Fate};
use crate::machine::input::{Body, Input, Pin};
use crate::machine::question::{Decision, QuestionKind, Verdict};
use crate::machine::summary::{Ended, Status};
use crate::machine::{decide, given};

fn asks_for(calls: &[(&str, Value)]) -> Outcome {
    let calls =
        calls.iter().enumerate().map(|(n, (name, args))| ToolUse { id: format!("c{n}"), name: (*name).to_owned(), args: args.clone() });
    Outcome::Done { answer: Answer::Model { text: String::new(), calls: calls.collect() }, usage: Usage::default() }
}

fn code(drive: &Drive) -> &str {
    drive.ended().error.as_ref().map_or("", |error| error.code.as_str())
}

fn fates(drive: &Drive) -> Vec<(&str, Fate)> {
    drive.state.fates.iter().map(|known| (known.attempt.as_str(), known.fate)).collect()
}

fn undone(drive: &Drive) -> usize {
    drive.events(|event| matches!(event, Event::UndoEnded { .. }))
}

fn ended(status: Status, error: Option<CallError>) -> Ended {
    Ended { status, output: json!(1), error, tokens: 1, cost: NanoUsd(1), used: crate::machine::call::Used::default() }
}

/// Started with the agent `other` pinned.
fn parent(yaml: &str, tokens: Option<u64>) -> Drive {
    let mut drive = Drive::new(yaml);
    let mut start = start_of(&drive.plan, json!({}));
    start.pins.insert("other".to_owned(), Pin { tokens, ..Pin::new(1, Digest::of(b"other")) });
    drive.feed(Body::Start(Box::new(start))).unwrap();
    drive
}

fn children(drive: &Drive) -> Vec<ExecutionId> {
    drive.state.children.keys().copied().collect()
}

const DOUBT: &str = "
flow: t
steps:
  a:
    http: {post: 'https://shop.example/a'}
    effect: once
    IN_DOUBT
    compensate: {builtin: {name: echo, args: {undo: a}}}
";
const CHECK: &str = "in_doubt: {check: {http: {get: 'https://shop.example/a'}}, done_when: output.found}";

#[test]
fn a_doubt_that_is_open_when_the_cancel_comes_is_settled_before_compensations() {
    let mut drive = Drive::start(&DOUBT.replace("IN_DOUBT", ""), json!({}));
    drive.reply("a", unknown());
    drive.cancel();
    assert_eq!(drive.question().kind, QuestionKind::InDoubt, "what can be taken back must be known to have happened");
    drive.crash();
    drive.decide(Verdict::Happened { result: json!({}) }, "ben").unwrap();
    assert_eq!((drive.ended().status, undone(&drive)), (Status::Cancelled, 1));

    let plain = "{flow: t, steps: {a: {http: {post: 'https://shop.example/a'}, effect: once}}}";
    let mut drive = Drive::start(plain, json!({}));
    drive.reply("a", unknown());
    drive.cancel();
    assert_eq!(drive.ended().status, Status::Cancelled, "nothing could be done with the answer");
    assert_eq!(fates(&drive), [("a#1.1", Fate::InDoubt)]);
}

#[test]
fn a_flow_that_gives_up_in_doubt_does_not_ask_because_of_a_cancel() {
    let mut drive = Drive::start(&DOUBT.replace("IN_DOUBT", "in_doubt: fail"), json!({}));
    drive.cancel();
    drive.reply("a", unknown());
    assert_eq!(drive.ended().status, Status::Cancelled);
    assert_eq!(fates(&drive), [("a#1.1", Fate::InDoubt)]);
}

#[test]
fn a_check_in_flight_when_the_cancel_comes_still_tells() {
    for (answer, fate, undos) in [(done(json!({"found": true})), Fate::Happened, 1), (done(json!({"found": false})), Fate::Aborted, 0)] {
        let mut drive = Drive::start(&DOUBT.replace("IN_DOUBT", CHECK), json!({}));
        drive.reply("a", unknown());
        drive.cancel();
        assert_eq!(drive.status(), Status::Running);
        drive.reply("a", answer);
        drive.settle();
        assert_eq!((drive.ended().status, undone(&drive)), (Status::Cancelled, undos));
        assert_eq!(fates(&drive), [("a#1.1", fate)]);
    }
    let mut drive = Drive::start(&DOUBT.replace("IN_DOUBT", CHECK), json!({}));
    drive.reply("a", unknown());
    drive.cancel();
    drive.crash();
    assert_eq!(drive.question().kind, QuestionKind::InDoubt, "a lost check tells nothing");
    assert!(drive.calls.is_empty(), "and none is started after a cancel");
    drive.decide(Verdict::Fail, "ben").unwrap();
    assert_eq!(fates(&drive), [("a#1.1", Fate::InDoubt)]);
}

#[test]
fn a_check_that_kills_the_process_every_time_becomes_a_question() {
    let mut drive = Drive::start(&DOUBT.replace("IN_DOUBT", CHECK), json!({}));
    drive.reply("a", unknown());
    for _ in 0..=crate::limits::LOST_ATTEMPTS_MAX {
        drive.crash();
    }
    assert_eq!(drive.question().kind, QuestionKind::InDoubt);
}

#[test]
fn what_a_join_cancelled_may_still_finish_and_changes_nothing() {
    let yaml = "
flow: t
steps:
  s: {set: {}}
  slow: {http: {post: 'https://shop.example/a'}, effect: once, compensate: {builtin: {name: echo, args: {undo: slow}}}}
  fast: {builtin: noop}
  j: {set: {ok: 'true'}, join: any, rest: cancel}
  late: {builtin: noop}
edges: [{from: s, to: slow}, {from: s, to: fast}, {from: slow, to: j}, {from: fast, to: j}, {from: j, to: late}]
";
    let mut drive = Drive::start(yaml, json!({})).answer("late", [permanent("boom")]);
    drive.reply("fast", done(json!({})));
    assert_eq!(drive.aborted.len(), 1);
    drive.reply("slow", done(json!({"id": 1})));
    drive.settle();
    assert_eq!(drive.events(|event| matches!(event, Event::StepEnded { step, .. } if step.as_str() == "j")), 1);
    assert_eq!(undone(&drive), 1, "it happened, so it is taken back");
    assert_eq!(code(&drive), "boom");
}

#[test]
fn a_failing_frame_lists_further_errors() {
    let yaml = "
flow: t
steps:
  s: {set: {}}
  m: {map: {over: '[1, 2]', body: {steps: {a: {http: {post: 'https://shop.example/a'}, effect: once}}}}}
  b: {builtin: noop}
edges: [{from: s, to: m}, {from: s, to: b}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("a", permanent("first"));
    drive.reply("b", permanent("second"));
    drive.reply("a", done(json!({})));
    assert_eq!(code(&drive), "second", "the map had not failed yet: it waited for a fate");
    let errors: Vec<_> = drive.state.errors.iter().map(|error| error.code.as_str()).collect();
    assert_eq!(errors, ["first"]);
}

#[test]
fn what_was_ready_when_its_frame_failed_does_not_start() {
    let yaml = "
flow: t
steps: {s: {set: {}}, f: {fail: {code: no_data}}, y: {http: {post: 'https://shop.example/y'}, effect: once}}
edges: [{from: s, to: f}, {from: s, to: y}]
";
    let drive = Drive::start(yaml, json!({}));
    assert!(drive.calls.is_empty());
    assert_eq!(code(&drive), "no_data");
}

#[test]
fn a_cancel_between_two_turns_leaves_nothing_to_go_on_with() {
    let mut drive = Drive::new("{flow: t, steps: {a: {http: {post: 'https://shop.example/a'}, effect: once}}}");
    drive.boot = crate::ids::BootId::HOLDING;
    let start = start_of(&drive.plan, json!({}));
    let input = Input { now: drive.now, entropy: 7, boot: drive.boot, body: Body::Start(Box::new(start)) };
    drive.journal.extend(decide(&mut drive.state, &drive.plan, input).unwrap().events);
    drive.boot = crate::ids::BootId(1);
    drive.cancel();
    if drive.state.ended().is_none() {
        drive.feed(Body::Continue).unwrap();
    }
    assert_eq!(drive.ended().status, Status::Cancelled);
    assert!(drive.calls.is_empty());
}

#[test]
fn a_step_that_asks_ends_at_its_timeout() {
    for kind in ["approval: {title: ok?}", "ask: {title: what?}"] {
        let mut drive = Drive::run(&format!("{{flow: t, steps: {{q: {{{kind}, timeout: 1h}}}}}}"));
        let question = drive.question();
        drive.pass(3_599_999);
        assert_eq!(drive.status(), Status::WaitingPerson);
        drive.crash();
        drive.pass(1);
        assert_eq!(code(&drive), "timeout");
        let late = Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: person("ben"), reason: None };
        assert!(drive.feed(Body::Decide(late)).is_err());
    }
    let mut drive =
        Drive::run("{flow: t, steps: {q: {approval: {title: ok?}, timeout: 1h}, z: {wait: {for: 1d}}}, edges: [{from: q, to: z}]}");
    drive.decide(Verdict::Approve, "ben").unwrap();
    drive.pass(3_600_000);
    assert_eq!(drive.status(), Status::WaitingAsync, "an answered question has no deadline left");
}

#[test]
fn a_child_ends_at_its_steps_timeout_and_each_attempt_is_a_new_child() {
    let yaml = "{flow: t, steps: {c: {flow: {agent: other}, timeout: 1h, retry: {attempts: 2, backoff: 1s}}}}";
    let mut drive = parent(yaml, None);
    let first = children(&drive)[0];
    drive.pass(3_600_000);
    assert_eq!(drive.events(|event| matches!(event, Event::ChildCancelAsked { .. })), 1);
    drive.feed(Body::ChildEnded { child: first, ended: ended(Status::Cancelled, None) }).unwrap();
    drive.pass(2_000);
    let second = children(&drive)[0];
    assert_ne!(first, second);
    drive.feed(Body::ChildEnded { child: first, ended: ended(Status::Completed, None) }).unwrap();
    assert_eq!(drive.status(), Status::Running, "the first one's end is old news");
    drive.feed(Body::ChildEnded { child: second, ended: ended(Status::Completed, None) }).unwrap();
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn a_childs_own_timeout_is_not_its_parents() {
    let mut drive = parent("{flow: t, steps: {c: {flow: {agent: other}}}}", None);
    let error = CallError { data: Some(json!({"limit_ms": 5})), ..CallError::new("timeout", "too long") };
    let child = children(&drive)[0];
    drive.feed(Body::ChildEnded { child, ended: ended(Status::TimedOut, Some(error)) }).unwrap();
    assert_eq!((drive.ended().status, code(&drive)), (Status::Failed, "timeout"));
}

#[test]
fn a_childs_timeout_stays_a_failure_when_the_own_limit_passes_while_it_is_taken_back() {
    let undo = "{builtin: {name: echo, args: {undo: a}}}";
    let yaml = format!(
        "{{flow: t, limits: {{timeout: 1h}}, steps: {{a: {{builtin: noop, compensate: {undo}}}, c: {{flow: {{agent: other}}}}}}, edges: [{{from: a, to: c}}]}}"
    );
    let mut drive = parent(&yaml, None);
    drive.settle();
    let error = CallError { data: Some(json!({"limit_ms": 5})), ..CallError::new("timeout", "too long") };
    let child = children(&drive)[0];
    drive.feed(Body::ChildEnded { child, ended: ended(Status::TimedOut, Some(error)) }).unwrap();
    drive.pass(3_600_000);
    drive.settle();
    assert_eq!((drive.ended().status, code(&drive)), (Status::Failed, "timeout"));
}

const AGENT: &str = "
flow: t
steps:
  w:
    agent:
      model: openai/gpt-5-mini
      prompt: hi
      tools:
        - {name: look, http: {get: 'https://shop.example/a'}, effect: read, retry: {attempts: 3, backoff: 1s}}
        - {name: pay, http: {post: 'https://shop.example/a'}, effect: once}
    MORE
";

#[test]
fn an_agents_attempts_are_those_of_each_call_of_its_model() {
    let yaml = AGENT.replace("MORE", "retry: {attempts: 2, backoff: 1s}");
    let started = |drive: &Drive, of: &str| {
        let names = drive.journal.iter().filter_map(|recorded| match &recorded.event {
            Event::CallStarted { place, .. } => Some(format!("{:?}", place.part)),
            _ => None,
        });
        names.filter(|name| name.starts_with(of)).count()
    };
    let mut down = Drive::start(&yaml, json!({}));
    down.reply("model", retryable());
    down.now = down.now.plus(5_000);
    down.feed(Body::Timers).unwrap();
    down.reply("model", retryable());
    assert_eq!((down.ended().status, started(&down, "Model")), (Status::Failed, 2));
    let mut refused = Drive::start(&yaml, json!({}));
    refused.reply("model", permanent("http_401"));
    assert_eq!((code(&refused), started(&refused, "Model")), ("http_401", 1));
    // Its tools have acted: what the model says next does not begin it anew.
    let mut paid = Drive::start(&yaml, json!({}));
    paid.reply("model", asks_for(&[("pay", json!({}))]));
    paid.reply("pay", done(json!("paid")));
    paid.reply("model", permanent("http_401"));
    assert_eq!((paid.ended().status, started(&paid, "Tool")), (Status::Failed, 1));
}

#[test]
fn a_conversation_has_a_bound_because_it_stands_in_one_record() {
    let mut drive = Drive::start(&AGENT.replace("MORE", ""), json!({}));
    for _ in 0..3 {
        assert!(drive.state.ended().is_none());
        drive.reply("model", asks_for(&[("look", json!({}))]));
        drive.reply("look", done(json!("x".repeat(3 << 20))));
    }
    assert_eq!(code(&drive), "payload_too_large");
}

#[test]
fn signals_that_nothing_takes_have_a_bound_together() {
    let yaml = "{flow: t, steps: {w: {wait: {for: 1h}}, e: {event: {name: go}}}, edges: [{from: w, to: e}]}";
    let mut drive = Drive::start(yaml, json!({}));
    let payload = json!("x".repeat(250 << 10));
    let taken = (0..40).take_while(|number| drive.signal(&number.to_string(), "go", payload.clone()).is_ok()).count();
    assert_eq!(taken, 32, "of 250 KiB each");
    drive.signal("small", "go", json!({})).unwrap();
}

#[test]
fn what_an_agent_is_answered_after_its_time_is_late() {
    let mut drive = Drive::start(&AGENT.replace("MORE", "timeout: 10s\n    retry: {attempts: 2, backoff: 1s}"), json!({}));
    drive.reply("model", asks_for(&[("look", json!({}))]));
    let (old, ..) = drive.calls[0].clone();
    drive.now = drive.now.plus(10_000);
    drive.feed(Body::Timers).unwrap();
    assert_eq!(code(&drive), "timeout");
    drive.feed(Body::Outcome { call: old, outcome: done(json!("old news")) }).unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::Observed { .. })), 0);
}

#[test]
fn a_pause_between_attempts_does_not_outlive_a_cancel() {
    let mut drive = Drive::start(&AGENT.replace("MORE", ""), json!({}));
    drive.reply("model", asks_for(&[("look", json!({})), ("pay", json!({}))]));
    drive.reply("look", retryable());
    drive.cancel();
    let started = drive.events(|event| matches!(event, Event::CallStarted { .. }));
    drive.now = drive.now.plus(5_000);
    drive.feed(Body::Timers).unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::CallStarted { .. })), started, "nothing starts after a cancel");
    assert_eq!(drive.state.deadline(), None);
    drive.reply("pay", unknown());
    assert_eq!(fates(&drive), [("w#1.1", Fate::InDoubt)]);
    assert!(drive.with_status("running").is_empty() && drive.with_status("waiting").is_empty());
}

#[test]
fn an_agent_in_doubt_when_cancelled_is_recorded_as_in_doubt() {
    let mut drive = Drive::start(&AGENT.replace("MORE", ""), json!({}));
    drive.reply("model", asks_for(&[("pay", json!({}))]));
    drive.reply("pay", unknown());
    assert_eq!(drive.question().kind, QuestionKind::InDoubt);
    drive.cancel();
    assert_eq!(fates(&drive), [("w#1.1", Fate::InDoubt)]);
}

#[test]
fn a_released_action_that_is_no_longer_what_was_approved_does_not_run() {
    let yaml = "
flow: t
steps:
  ask: {approval: {title: ok?, action: pay}}
  mid: {builtin: noop}
  pay: {http: {post: 'https://shop.example/pay', json: {amount: 5}}, effect: once}
edges: [{from: ask, to: mid, on: approved}, {from: mid, to: pay}]
";
    for is_tampered in [false, true] {
        let mut drive = Drive::run(yaml);
        let question = drive.question();
        let decision =
            Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: person("ben"), reason: None };
        drive.feed(Body::Decide(decision)).unwrap();
        if is_tampered {
            let released = drive.state.frames.values_mut().flat_map(|frame| frame.released.values_mut()).next().unwrap();
            let mut call = (*released.call).clone();
            let Request::Http(http) = &mut call.request else { panic!("no http call") };
            http.url = "https://evil.example/pay".to_owned();
            released.call = call.into();
        }
        let (call, ..) = drive.calls.pop_front().unwrap();
        let body = Body::Outcome { call, outcome: done(json!({})) };
        let turn = decide(&mut drive.state, &drive.plan, Input { now: drive.now, entropy: 7, boot: drive.boot, body }).unwrap();
        let runs = turn.events.iter().any(|recorded| matches!(recorded.event, Event::CallStarted { .. }));
        assert_eq!(runs, !is_tampered);
        if is_tampered {
            assert_eq!(code(&drive), "not_approved");
        }
    }
}

#[test]
fn who_edited_counts_as_decider_for_a_later_exclusion() {
    let yaml = "
flow: t
steps:
  one: {approval: {title: ok?, action: pay, approvers: {quorum: 2}}}
  pay: {http: {post: 'https://shop.example/pay', json: {amount: 5}}, effect: once}
  two: {approval: {title: sure?, approvers: {exclude: ['decider:one']}}}
edges: [{from: one, to: pay, on: approved}, {from: pay, to: two}]
";
    let mut drive = Drive::run(yaml);
    drive.decide(Verdict::Approve, "ana").unwrap();
    drive.decide(Verdict::Edit { arguments: json!({"amount": 4}) }, "ben").unwrap();
    drive.decide(Verdict::Approve, "cleo").unwrap();
    assert_eq!(drive.question().excluded, ["ben", "cleo"], "ana's vote lapsed with the edit");
    assert!(drive.decide(Verdict::Approve, "ben").is_err());
    drive.decide(Verdict::Approve, "ana").unwrap();
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn a_child_holds_what_it_may_use_and_leaves_the_rest_to_its_siblings() {
    let yaml = "
flow: t
limits: {tokens: 1000}
steps: {s: {set: {}}, a: {flow: {agent: other}}, b: {flow: {agent: other}}}
edges: [{from: s, to: a}, {from: s, to: b}]
";
    let drive = parent(yaml, Some(300));
    let given = |drive: &Drive| -> Vec<_> {
        drive.state.children.values().map(|run| run.start.start.allowance.and_then(|allowance| allowance.tokens)).collect()
    };
    assert_eq!(given(&drive), [Some(300), Some(300)]);
    assert_eq!(drive.state.spent.held.tokens, 600);
    let mut uncapped = parent(yaml, None);
    let mut left = given(&uncapped);
    left.sort_unstable();
    assert_eq!(left, [Some(0), Some(1000)], "a child without a limit of its own may use everything");
    for child in children(&uncapped) {
        uncapped.feed(Body::ChildEnded { child, ended: ended(Status::Completed, None) }).unwrap();
    }
    assert_eq!(uncapped.state.spent.held.tokens, 0);
}

#[test]
fn a_lost_model_call_is_charged_and_not_repeated_beyond_the_budget() {
    let yaml = "{flow: t, limits: {tokens: 1500}, steps: {a: {llm: {model: openai/gpt-5-mini, prompt: hi, max_tokens: 1000}}}}";
    let mut drive = Drive::start(yaml, json!({}));
    drive.crash();
    assert_eq!(code(&drive), "budget_exceeded");
    assert!(drive.ended().tokens > 1000);
}

#[test]
fn compensations_of_map_items_keep_their_names_and_policies() {
    let yaml = "
flow: t
steps:
  first: {set: {}}
  m: {map: {over: '[1, 2]', body: {steps: {a: {builtin: noop, retry: {attempts: 5, backoff: 1s}, compensate: {builtin: {name: echo, args: {n: '{{ item }}'}}}}}}}}
  z: {builtin: noop}
edges: [{from: first, to: m}, {from: m, to: z}]
";
    let mut drive = Drive::start(yaml, json!({})).answer("z", [permanent("boom")]).answer("undo/m[1]/a#1", [retryable()]);
    drive.settle();
    for _ in 0..10 {
        drive.pass(60_000);
    }
    assert_eq!(undone(&drive), 2);
    let undos = drive
        .journal
        .iter()
        .filter(|recorded| matches!(&recorded.event, Event::CallStarted { place, .. } if place.part == crate::machine::event::Part::Undo));
    assert_eq!(undos.count(), 6, "five attempts at the item that resists, one at the other");
}

#[test]
fn a_loops_exhausted_edge_reads_the_final_visit() {
    let yaml = "
flow: t
start: h
steps:
  h: {set: {}, visits: 2}
  b: {set: {n: '7'}}
  yes: {set: {got: 'has(steps.b.output.n) ? steps.b.output.n : 0'}}
  no: {set: {got: \"'nothing'\"}}
  out: {set: {}}
edges:
  - {from: h, to: b}
  - {from: b, to: h, when: 'true'}
  - {from: b, to: out, otherwise: true}
  - {from: h, to: yes, on: exhausted, when: 'has(steps.b.output.n) && steps.b.output.n == 7'}
  - {from: h, to: no, on: exhausted, otherwise: true}
";
    assert_eq!(Drive::run(yaml).ended().output, json!({"got": 7}));
    let unroutable = yaml.replace("  - {from: h, to: no, on: exhausted, otherwise: true}\n", "").replace("n == 7", "n == 8");
    let unroutable = unroutable.replace("  no: {set: {got: \"'nothing'\"}}\n", "");
    assert_eq!(code(&Drive::run(&unroutable)), "routing", "the port has an edge and it does not hold");
}

#[test]
fn an_error_edge_of_a_header_inside_catches_only_the_headers_own_failure() {
    let yaml = "
flow: t
start: h
steps:
  h: {builtin: noop, visits: 2}
  b: {builtin: noop}
  in: {set: {}, join: any}
  out: {set: {left: 'true'}}
  caught: {set: {code: steps.h.error.code}}
edges:
  - {from: h, to: b}
  - {from: b, to: in}
  - {from: h, to: in, on: error}
  - {from: in, to: h, when: 'false'}
  - {from: in, to: out, otherwise: true}
  - {from: h, to: caught, on: error}
";
    let mut drive = Drive::start(yaml, json!({})).answer("b", [permanent("inner")]);
    drive.settle();
    assert_eq!(drive.ended().output, json!({"code": "inner"}), "a visit's failure leaves by the loop's own edge");
}

#[test]
fn signals_go_to_the_lowest_path_counted_as_numbers() {
    let items: Vec<_> = (0..11).collect();
    let yaml = format!(
        "{{flow: t, steps: {{m: {{map: {{over: '{items:?}', concurrency: 11, body: {{steps: {{e: {{event: {{name: go}}}}}}}}}}}}}}}}"
    );
    let mut drive = Drive::run(&yaml);
    for n in 0..11 {
        drive.signal(&format!("s{n}"), "go", json!(n)).unwrap();
    }
    assert_eq!(drive.ended().output, json!(items));
}

#[test]
fn what_was_taken_back_is_not_given_to_a_retry() {
    let yaml = "
flow: t
steps:
  a: {builtin: {name: echo, args: {id: 1}}, compensate: {builtin: noop}}
  keep: {builtin: noop}
  c: {builtin: {name: echo, args: {b: 1}}}
edges: [{from: a, to: keep}, {from: keep, to: c}]
";
    let mut drive = Drive::start(yaml, json!({})).answer("c", [permanent("boom")]);
    drive.settle();
    let (attempt, given) = given::collect(&drive.plan, &drive.journal, None).unwrap();
    let visits: Vec<_> = given.iter().map(|given| given.visit.as_str()).collect();
    assert_eq!((attempt.as_str(), visits), ("c#1.1", vec!["keep#1"]));
}

#[test]
fn an_end_is_reached_again_by_a_retry() {
    let yaml = "
flow: t
steps:
  m:
    map:
      over: '[1]'
      body:
        steps: {s: {set: {}}, e: {end: {output: '7'}}, slow: {event: {name: go}}}
        edges: [{from: s, to: e}, {from: s, to: slow}]
  c: {builtin: noop}
edges: [{from: m, to: c}]
";
    let mut drive = Drive::start(yaml, json!({})).answer("c", [permanent("boom")]);
    drive.settle();
    let (_, mut given) = given::collect(&drive.plan, &drive.journal, None).unwrap();
    given.retain(|given| given.visit != "m#1");
    let mut again = Drive::new(yaml);
    let mut start = start_of(&again.plan, json!({}));
    let kind = crate::machine::input::OriginKind::Fork;
    start.origin = Some(crate::machine::input::Origin { execution: start.execution, attempt: "c#1.1".to_owned(), kind, given });
    again.feed(Body::Start(Box::new(start))).unwrap();
    again.settle();
    assert_eq!(again.ended().status, Status::Completed, "the item's end ended the item");
}

#[test]
fn a_wait_in_a_loop_ends_once_per_visit_and_never_early() {
    let yaml = "
flow: t
start: w
steps: {w: {wait: {for: 10s}, visits: 2}, b: {set: {}}, out: {set: {ok: 'true'}}}
edges: [{from: w, to: b}, {from: b, to: w, when: '!has(previous.b)'}, {from: b, to: out, otherwise: true}]
";
    let mut drive = Drive::run(yaml);
    drive.pass(10_000);
    drive.crash();
    drive.pass(9_999);
    assert!(drive.state.ended().is_none());
    drive.pass(1);
    assert_eq!(drive.ended().status, Status::Completed);
    assert_eq!(drive.events(|event| matches!(event, Event::StepEnded { step, .. } if step.as_str() == "w")), 2);
}

#[test]
fn a_child_cancelled_before_it_exists_ends_its_step() {
    let mut drive = parent("{flow: t, steps: {c: {flow: {agent: other}}}}", None);
    drive.cancel();
    assert_eq!(drive.status(), Status::Running);
    let child = children(&drive)[0];
    let refused = Body::ChildRefused { child, code: "cancelled".to_owned(), message: "it was cancelled before it was started".to_owned() };
    drive.feed(refused).unwrap();
    assert_eq!(drive.ended().status, Status::Cancelled);
}
