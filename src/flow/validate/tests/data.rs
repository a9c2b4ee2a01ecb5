//! What steps may read of each other.

use super::*;

const FORK: [&str; 4] = ["from: s, to: a", "from: s, to: b", "from: a, to: j", "from: b, to: j"];

/// A step that reads.
fn reads(id: &str, expression: &str) -> String {
    format!("{id} set: {{x: \"{expression}\"}}")
}

#[test]
fn what_every_path_passes_may_be_read() {
    let steps = ["a", "b", &reads("c", "steps.a.output"), &reads("d", "steps.b.output")];
    let edges = ["from: a, to: b, when: \"1 > 2\"", "from: a, to: c, otherwise: true", "from: b, to: d", "from: c, to: d"];
    check(&graph("", &steps, &edges), "unavailable@6");
    let guarded = ["a", "b", "c", &reads("d", "has(steps.b.output) ? steps.b.output : 0")];
    check(&graph("", &guarded, &edges), "");
}

#[test]
fn counter_example_e_both_branches_before_a_join() {
    check(&graph("", &["s", "a", "b", &reads("j", "[steps.a.output, steps.b.output]")], &FORK), "");
    let any = format!("{}, join: any", reads("j", "steps.a.output"));
    check(&graph("", &["s", "a", "b", &any], &FORK), "unavailable@6");
    let conditional = ["from: s, to: a, when: \"1 > 2\"", "from: s, to: b", "from: a, to: j", "from: b, to: j"];
    check(&graph("", &["s", "a", "b", &reads("j", "steps.a.output")], &conditional), "unavailable@6");
    // Behind the join it is just as certain, under a condition too.
    let behind = [&FORK[..], &["from: j, to: k, when: \"1 > 2\"", "from: j, to: l, otherwise: true"]].concat();
    check(&graph("", &["s", "a", "b", "j", &reads("k", "steps.a.output"), "l"], &behind), "");
}

#[test]
fn an_error_edge_breaks_the_chain() {
    let steps = ["s", "a", "b", "c", &reads("j", "steps.a.output")];
    let failing = [&FORK[..], &["from: a, to: c, on: error", "from: c, to: j"]].concat();
    check(&graph("", &steps, &failing), "unavailable@7");
    let before = [&FORK[..], &["from: s, to: c, on: error", "from: c, to: j"]].concat();
    check(&graph("", &steps, &before), "unavailable@7");
    let elsewhere = [&FORK[..], &["from: a, to: c, on: error"]].concat();
    check(&graph("", &steps, &elsewhere), "");
}

#[test]
fn an_error_is_there_behind_its_edge_only() {
    let steps = ["a", &reads("ok", "steps.a.error.code"), &reads("bad", "steps.a.error.code"), &reads("worse", "steps.a.output")];
    let edges = ["from: a, to: ok", "from: a, to: bad, on: error", "from: bad, to: worse"];
    check(&graph("", &steps, &edges), "unavailable@4 unavailable@6");
}

#[test]
fn a_condition_reads_its_own_step() {
    let edges = ["from: a, to: b, when: steps.a.output.ok", "from: a, to: c, otherwise: true", "from: b, to: c"];
    check(&graph("", &["a", "b", "c"], &edges), "");
    let later = ["from: a, to: b, when: steps.b.output.ok", "from: a, to: c, otherwise: true"];
    check(&graph("", &["a", "b", "c"], &later), "unavailable@7");
}

#[test]
fn a_step_does_not_read_itself_or_what_comes_later() {
    check(&graph("", &[&reads("a", "has(steps.a.output)")], &[]).replace("edges:\n", ""), "never_available@3");
    check(&graph("", &[&reads("a", "steps.b.output"), "b"], &["from: a, to: b"]), "never_available@3");
}

#[test]
fn unknown_steps_and_fields() {
    check(&graph("", &["a", &reads("b", "steps.aa.output")], &["from: a, to: b"]), "unknown_step@4");
    check(&graph("", &["a", &reads("b", "steps.a.result")], &["from: a, to: b"]), "unknown_step_field@4");
    check(&graph("", &["a", &reads("b", "nothing + 1")], &["from: a, to: b"]), "unknown_name@4");
    check(&graph("", &[&reads("b", "config.limit")], &[]).replace("edges:\n", ""), "unknown_config@3");
    check(&graph("config: {limit: 3}\n", &[&reads("b", "config.limit")], &[]).replace("edges:\n", ""), "");
    check(&graph("", &[&reads("b", "secret.token")], &[]).replace("edges:\n", ""), "secret_place@3");
}

#[test]
fn previous_needs_a_loop_and_a_guard() {
    let edges = ["from: h, to: a", "from: a, to: h, when: \"1 > 2\"", "from: a, to: x, otherwise: true"];
    let flow = |a: &str, x: &str| graph("start: h\n", &["h builtin: noop, visits: 3", &reads("a", a), &reads("x", x)], &edges);
    check(&flow("has(previous.a.output) ? previous.a.output.x : 0", "steps.a.output.x"), "");
    check(&flow("previous.a.output.x", "1"), "unguarded_previous@5");
    check(&flow("1", "has(previous.a.output)"), "previous_outside_loop@6");
}

#[test]
fn counter_example_f_another_branch_in_the_next_visit() {
    let edges = [
        "from: h, to: a, when: \"1 > 2\"",
        "from: h, to: b, otherwise: true",
        "from: a, to: h",
        "from: b, to: h, when: \"1 > 2\"",
        "from: b, to: x, otherwise: true",
    ];
    let text = graph("start: h\n", &["h builtin: noop, visits: 3", "a", &reads("b", "steps.a.output"), "x"], &edges);
    check(&text, "unavailable@6");
}

#[test]
fn bodies_see_outwards_but_not_the_other_way() {
    let map = |over: &str, inside: &str, outside: &str| {
        format!(
            "flow: test\nsteps:\n  a: {{builtin: noop}}\n  m:\n    map:\n      over: {over}\n      as: one\n      body:\n        steps:\n          i: {{set: {{x: \"{inside}\"}}}}\n        output: steps.i.output.x\n  z: {{set: {{x: \"{outside}\"}}}}\nedges:\n  - {{from: a, to: m}}\n  - {{from: m, to: z}}\n"
        )
    };
    check(&map("steps.a.output", "[item, one, index, steps.a.output]", "steps.m.output[0]"), "");
    check(&map("item", "1", "1"), "unknown_name@6");
    check(&map("input.list", "steps.m.output", "1"), "never_available@10");
    check(&map("input.list", "steps.z.output", "1"), "never_available@10");
    check(&map("input.list", "1", "steps.i.output"), "unknown_step@12");
    check(&map("input.list", "1", "steps.m.errors"), "unknown_step_field@12");
    assert!(problems(&map("input.list", "1", "steps.i.output"))[0].hint.contains("steps.m.output[i]"));
}

#[test]
fn the_output_reads_what_every_end_passes() {
    let edges = ["from: a, to: b, when: \"1 > 2\"", "from: a, to: c, otherwise: true"];
    check(&graph("output: steps.a.output\n", &["a", "b", "c"], &edges), "");
    check(&graph("output: steps.b.output\n", &["a", "b", "c"], &edges), "unavailable@2");
    let parallel = ["from: a, to: b", "from: a, to: c"];
    check(&graph("output: \"[steps.b.output, steps.c.output]\"\n", &["a", "b", "c"], &parallel), "");
    check(&graph("output: steps.b.output\n", &["a", "b", "c end: {}"], &parallel), "unavailable@2");
    check(&graph("output: steps.b.output\n", &["a", "b", "c end: {output: 1}"], &edges), "");
}

#[test]
fn declared_schemas_exclude_fields() {
    let head = "input: {type: object, properties: {order: {type: string}}}\n";
    let text = |expression: &str| graph(head, &["a set: {y: \"1\"}", &reads("b", expression)], &["from: a, to: b"]);
    check(&text("input.order"), "");
    check(&text("input.ordre"), "excluded_field@5");
    check(&text("has(input.ordre)"), "");
    check(&text("steps.a.output.y"), "");
    check(&text("steps.a.output.z"), "excluded_field@5");
    assert_eq!(problems(&text("input.ordre"))[0].hint, "did you mean `order`?");
}
