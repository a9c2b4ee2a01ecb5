//! Ports, edges, joins, dead paths, data.

use serde_json::json;

use super::drive::{Drive, permanent};
use crate::machine::summary::Status;

#[test]
fn sequence_runs_in_order_and_gives_the_last_output() {
    let drive = Drive::run("{flow: t, steps: {a: {set: {x: '1'}}, b: {set: {y: steps.a.output.x + 1}}}, edges: [{from: a, to: b}]}");
    assert_eq!(drive.ran(), ["a#1", "b#1"]);
    assert_eq!(drive.ended().output, json!({"y": 2}));
}

const CHOICE: &str = "
flow: t
steps: {a: {set: {x: input.x}}, b: {set: {v: '1'}}, c: {set: {v: '2'}}, d: {set: {v: '3'}}, j: {set: {v: '4'}}}
edges:
  - {from: a, to: b, when: steps.a.output.x == 1}
  - {from: a, to: c, when: steps.a.output.x < 3}
  - {from: a, to: d, otherwise: true}
  - {from: b, to: j}
  - {from: c, to: j}
  - {from: d, to: j}
";

#[test]
fn the_first_condition_that_holds_is_taken_and_the_join_waits_for_no_dead_path() {
    for (x, branch) in [(1, "b#1"), (2, "c#1"), (3, "d#1")] {
        let mut drive = Drive::start(CHOICE, json!({"x": x}));
        drive.settle();
        assert_eq!(drive.ran(), ["a#1", branch, "j#1"]);
        assert_eq!(drive.with_status("dead").len(), 2);
    }
}

#[test]
fn select_all_takes_every_condition_that_holds() {
    let yaml = CHOICE.replace("a: {set: {x: input.x}}", "a: {set: {x: input.x}, select: all}");
    let mut drive = Drive::start(&yaml, json!({"x": 1}));
    drive.settle();
    assert_eq!(drive.ran(), ["a#1", "b#1", "c#1", "j#1"]);
}

const FAN: &str = "
flow: t
steps: {s: {set: {}}, a: {builtin: {name: echo, args: 1}}, b: {builtin: {name: echo, args: 2}}, c: {builtin: {name: echo, args: 3}}, j: {set: {}, join: JOIN}}
edges: [{from: s, to: a}, {from: s, to: b}, {from: s, to: c}, {from: a, to: j}, {from: b, to: j}, {from: c, to: j}]
";

#[test]
fn join_any_fires_once_at_the_first_token_and_absorbs_the_rest() {
    let mut drive = Drive::start(&FAN.replace("JOIN", "any"), json!({}));
    drive.reply("b", super::drive::done(json!(2)));
    assert!(drive.ran().contains(&"j#1".to_owned()));
    drive.settle();
    assert_eq!(drive.ran().iter().filter(|step| *step == "j#1").count(), 1);
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn join_n_fires_at_the_nth_token() {
    let mut drive = Drive::start(&FAN.replace("JOIN", "{n: 2}"), json!({}));
    drive.reply("c", super::drive::done(json!(3)));
    assert!(!drive.ran().contains(&"j#1".to_owned()));
    drive.reply("a", super::drive::done(json!(1)));
    assert!(drive.ran().contains(&"j#1".to_owned()));
}

#[test]
fn rest_cancel_cancels_what_only_led_to_the_join() {
    let mut drive = Drive::start(&FAN.replace("join: JOIN", "join: any, rest: cancel"), json!({}));
    drive.reply("b", super::drive::done(json!(2)));
    assert_eq!(drive.ended().status, Status::Completed);
    assert_eq!(drive.with_status("cancelled"), ["a#1", "c#1"]);
    assert_eq!(drive.aborted.len(), 2);
}

#[test]
fn g_an_answer_without_an_edge_is_a_routing_error() {
    let yaml = "{flow: t, steps: {q: {approval: {title: ok}}, b: {set: {}}}, edges: [{from: q, to: b, on: approved}]}";
    let mut drive = Drive::run(yaml);
    drive.decide(crate::machine::question::Verdict::Reject, "ben").unwrap();
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "routing");
}

#[test]
fn h_two_of_three_with_one_live_edge_is_join_short_and_caught() {
    let yaml = "
flow: t
steps: {s: {set: {x: '1'}}, a: {set: {}}, b: {set: {}}, c: {set: {}}, j: {set: {}, join: {n: 2}}, k: {set: {caught: steps.j.error.code}}}
edges:
  - {from: s, to: a, when: steps.s.output.x == 1}
  - {from: s, to: b, when: steps.s.output.x == 2}
  - {from: s, to: c, when: steps.s.output.x == 3}
  - {from: a, to: j}
  - {from: b, to: j}
  - {from: c, to: j}
  - {from: j, to: k, on: error}
";
    assert_eq!(Drive::run(yaml).ended().output, json!({"caught": "join_short"}));
}

#[test]
fn e_a_join_may_read_both_branches_that_it_waited_for() {
    let yaml = "
flow: t
steps: {s: {set: {}}, a: {set: {x: '1'}}, b: {set: {x: '2'}}, j: {set: {sum: steps.a.output.x + steps.b.output.x}}}
edges: [{from: s, to: a}, {from: s, to: b}, {from: a, to: j}, {from: b, to: j}]
";
    assert_eq!(Drive::run(yaml).ended().output, json!({"sum": 3}));
}

#[test]
fn an_error_edge_catches_with_the_error_as_data() {
    let yaml = "
flow: t
steps: {a: {builtin: noop}, b: {set: {code: steps.a.error.code}}}
edges: [{from: a, to: b, on: error}]
";
    let mut drive = Drive::start(yaml, json!({})).answer("a", [permanent("http_404")]);
    drive.settle();
    assert_eq!(drive.ended().output, json!({"code": "http_404"}));
}

#[test]
fn an_uncaught_error_fails_the_execution_and_cancels_its_siblings() {
    let yaml = "
flow: t
steps: {s: {set: {}}, a: {builtin: noop}, b: {builtin: noop}, c: {set: {}}}
edges: [{from: s, to: a}, {from: s, to: b}, {from: a, to: c}, {from: b, to: c}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("a", permanent("boom"));
    assert_eq!(drive.ended().status, Status::Failed);
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "boom");
    assert_eq!(drive.with_status("cancelled"), ["b#1"]);
}

#[test]
fn end_cancels_the_rest_and_gives_its_output() {
    let yaml = "
flow: t
steps: {s: {set: {}}, a: {builtin: noop}, e: {end: {output: '42'}}}
edges: [{from: s, to: a}, {from: s, to: e}]
";
    let drive = Drive::start(yaml, json!({}));
    assert_eq!((drive.ended().status, &drive.ended().output), (Status::Completed, &json!(42)));
    assert_eq!(drive.with_status("cancelled"), ["a#1"]);
}

#[test]
fn a_fan_of_a_hundred_joins_in_one_turn_per_answer() {
    let branches = (0..100).map(|n| format!("b{n}: {{builtin: noop}}, ")).collect::<Vec<_>>().concat();
    let edges = (0..100).map(|n| format!("{{from: s, to: b{n}}}, {{from: b{n}, to: j}}, ")).collect::<Vec<_>>().concat();
    let drive = Drive::run(&format!("{{flow: t, steps: {{s: {{set: {{}}}}, {branches} j: {{set: {{ok: 'true'}}}}}}, edges: [{edges}]}}"));
    assert_eq!(drive.ended().output, json!({"ok": true}));
}

#[test]
fn map_keeps_order_bounds_concurrency_and_follows_its_policy() {
    let yaml = |policy: &str| {
        let errors = if policy == "continue" { "has(steps.m.errors) ? steps.m.errors : []" } else { "[]" };
        format!(
            "
flow: t
steps:
  m:
    map:
      over: '[1, 2, 3, 4, 5]'
      as: n
      concurrency: 2
      on_item_error: {policy}
      body: {{steps: {{a: {{builtin: {{name: echo, args: '{{{{ n }}}}'}}}}, b: {{set: {{twice: steps.a.output * 2, at: index}}}}}}, edges: [{{from: a, to: b}}]}}
output: '{{\"out\": steps.m.output, \"errors\": {errors}}}'
"
        )
    };
    let mut drive = Drive::start(&yaml("fail_fast"), json!({}));
    assert_eq!(drive.calls.len(), 2);
    drive.settle();
    let expected = json!((0..5).map(|n| json!({"twice": (n + 1) * 2, "at": n})).collect::<Vec<_>>());
    assert_eq!(drive.ended().output["out"], expected);

    let mut drive = Drive::start(&yaml("continue"), json!({})).answer("m[2]/a#1", [permanent("bad")]);
    drive.settle();
    assert_eq!(drive.ended().output["out"][2], json!(null));
    assert_eq!(drive.ended().output["errors"][0]["index"], json!(2));

    for (policy, code, done) in [("fail_fast", "bad", 3), ("collect", "map_items", 4)] {
        let mut drive = Drive::start(&yaml(policy), json!({})).answer("m[2]/a#1", [permanent("bad")]);
        drive.settle();
        assert_eq!(drive.ended().error.as_ref().unwrap().code, code, "{policy}");
        let bodies = drive.ran().iter().filter(|step| step.ends_with("/b#1")).count();
        assert!(bodies <= done && (policy == "fail_fast" || bodies == 4), "{policy}: {bodies}");
    }
}
