//! Natural loops: visits, exits, exhaustion, nesting, what a reader sees of them.

use serde_json::json;

use super::drive::{Drive, permanent};

const COUNT: &str = "
flow: t
start: h
steps:
  h: {set: {n: 'has(previous.h) ? previous.h.output.n + 1 : 1'}, visits: 5}
  b: {set: {n: steps.h.output.n}}
  x: {set: {total: steps.b.output.n}}
edges:
  - {from: h, to: b}
  - {from: b, to: h, when: steps.b.output.n < LIMIT}
  - {from: b, to: x, otherwise: true}
";

#[test]
fn a_loop_repeats_until_its_exit_and_shows_its_final_visit() {
    let drive = Drive::run(&COUNT.replace("LIMIT", "3"));
    assert_eq!(drive.ran(), ["h#1", "b#1", "h#2", "b#2", "h#3", "b#3", "x#1"]);
    assert_eq!(drive.ended().output, json!({"total": 3}));
}

#[test]
fn past_its_visits_a_loop_is_exhausted() {
    let drive = Drive::run(&COUNT.replace("LIMIT", "9"));
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "exhausted");
    let caught = COUNT
        .replace("LIMIT", "9")
        .replace("edges:", "edges:\n  - {from: h, to: x, on: exhausted}")
        .replace("x: {set: {total: steps.b.output.n}}", "x: {set: {total: 'has(steps.b) ? steps.b.output.n : 0'}, join: any}");
    assert_eq!(Drive::run(&caught).ended().output, json!({"total": 5}));
}

#[test]
fn c_repeat_and_exit_both_live_leaves_the_loop() {
    let yaml = "
flow: t
start: h
steps: {h: {set: {}, select: all, visits: 3}, a: {set: {}}, b: {set: {}}, x: {set: {left: 'true'}}}
edges:
  - {from: h, to: a, when: 'true'}
  - {from: h, to: b, when: 'true'}
  - {from: a, to: h}
  - {from: b, to: x}
";
    let drive = Drive::run(yaml);
    assert_eq!(drive.ran(), ["h#1", "a#1", "b#1", "x#1"]);
}

#[test]
fn f_the_second_visit_does_not_see_the_first_ones_output_as_current() {
    let yaml = "
flow: t
start: h
steps:
  h: {set: {n: 'has(previous.h) ? previous.h.output.n + 1 : 1'}, visits: 3}
  a: {set: {seen: steps.h.output.n}}
  b: {set: {seen: steps.h.output.n}}
  j: {set: {a: 'has(steps.a)', before: 'has(previous.a)'}}
  x: {set: {last: steps.j.output}}
edges:
  - {from: h, to: a, when: steps.h.output.n == 1}
  - {from: h, to: b, otherwise: true}
  - {from: a, to: j}
  - {from: b, to: j}
  - {from: j, to: h, when: steps.h.output.n < 2}
  - {from: j, to: x, otherwise: true}
";
    assert_eq!(Drive::run(yaml).ended().output, json!({"last": {"a": false, "before": true}}));
}

#[test]
fn nested_loops_pass_exits_outwards_and_name_outer_visits_in_the_path() {
    let yaml = "
flow: t
start: o
steps:
  o: {set: {n: 'has(previous.o) ? previous.o.output.n + 1 : 1'}, visits: 4}
  i: {set: {n: 'has(previous.i) ? previous.i.output.n + 1 : 1'}, visits: 4}
  c: {set: {o: steps.o.output.n, i: steps.i.output.n}}
  x: {set: {out: steps.c.output}}
edges:
  - {from: o, to: i}
  - {from: i, to: c}
  - {from: c, to: i, when: steps.i.output.n < 2}
  - {from: c, to: o, when: steps.o.output.n < 2}
  - {from: c, to: x, otherwise: true}
";
    let drive = Drive::run(yaml);
    let expected = ["o#1", "o#1/i#1", "o#1/c#1", "o#1/i#2", "o#1/c#2", "o#2", "o#2/i#1", "o#2/c#1", "o#2/i#2", "o#2/c#2", "x#1"];
    assert_eq!(drive.ran(), expected);
    assert_eq!(drive.ended().output, json!({"out": {"o": 2, "i": 2}}));
}

#[test]
fn a_failing_visit_is_caught_by_the_headers_leaving_error_edge() {
    let yaml = "
flow: t
start: h
steps: {h: {set: {}, visits: 3}, a: {builtin: noop}, x: {set: {code: steps.h.error.code}}}
edges: [{from: h, to: a}, {from: a, to: h}, {from: h, to: x, on: error}]
";
    let mut drive = Drive::start(yaml, json!({})).answer("a#2", [permanent("bad")]);
    drive.settle();
    assert_eq!(drive.ended().output, json!({"code": "bad"}));
}

#[test]
fn a_question_in_a_loop_is_asked_again_each_visit() {
    use crate::machine::question::Verdict;
    let yaml = "
flow: t
start: draft
steps: {draft: {set: {}, visits: 3}, review: {approval: {title: good?}}, done: {set: {ok: 'true'}}}
edges: [{from: draft, to: review}, {from: review, to: done, on: approved}, {from: review, to: draft, on: rejected}]
";
    let mut drive = Drive::run(yaml);
    let first = drive.question();
    drive.decide(Verdict::Reject, "ben").unwrap();
    assert_ne!(drive.question().id, first.id);
    drive.decide(Verdict::Approve, "ben").unwrap();
    assert_eq!(drive.ended().output, json!({"ok": true}));
}

#[test]
fn a_long_loop_keeps_only_two_visits_and_yields_between_turns() {
    let yaml = COUNT.replace("visits: 5", "visits: 3000").replace("LIMIT", "2500");
    let drive = Drive::run(&yaml);
    assert_eq!(drive.ended().error, None);
    assert_eq!(drive.ended().output, json!({"total": 2500}));
    assert!(drive.events(|event| matches!(event, crate::machine::event::Event::Yielded)) >= 5);
}
