//! One small bad flow per code: exactly which problems, and on which line. `check(flow, "code@line …")`.

use std::fmt::Write as _;

use crate::flow::compile::load;
use crate::flow::problem::{CODES, Problem};

/// All problems of a flow, warnings about missing sandboxes aside.
fn problems(text: &str) -> Vec<Problem> {
    let found = match load(text) {
        Ok((_, warnings)) => warnings,
        Err(problems) => problems,
    };
    found.into_iter().filter(|problem| problem.code != "missing_sandbox").collect()
}

fn listed(text: &str) -> String {
    problems(text).iter().map(|problem| format!("{}@{}", problem.code, problem.line)).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let found = problems(text);
    let mut shown = String::new();
    for problem in &found {
        let _ = writeln!(shown, "{problem}");
        assert!(CODES.iter().any(|(code, _)| *code == problem.code), "{} is not in the list of codes", problem.code);
    }
    assert_eq!(listed(text), expected, "\n{shown}");
}

/// A flow of `noop` steps: `a b c` and edges as flow-style YAML, each on its own line from `edges:` on.
fn graph(head: &str, steps: &[&str], edges: &[&str]) -> String {
    let mut text = format!("flow: test\n{head}steps:\n");
    for step in steps {
        let (id, rest) = step.split_once(' ').unwrap_or((step, "builtin: noop"));
        let _ = writeln!(text, "  {id}: {{{rest}}}");
    }
    text.push_str("edges:\n");
    for edge in edges {
        let _ = writeln!(text, "  - {{{edge}}}");
    }
    text
}

#[test]
fn a_sound_flow_has_no_problems() {
    check(&graph("", &["a", "b", "c"], &["from: a, to: b", "from: b, to: c"]), "");
}

mod ids_and_ways {
    use super::*;

    #[test]
    fn edges_must_lead_from_and_to_steps() {
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: a, to: nowhere", "from: gone, to: b"]), "unknown_step@7 unknown_step@8");
    }

    #[test]
    fn ids_are_unique_and_well_formed() {
        check("flow: test\nstart: a\nsteps:\n  a: {builtin: noop}\n  a: {builtin: noop}\n", "duplicate_id@5");
        check(&graph("", &["1a"], &[]).replace("edges:\n", ""), "bad_name@3");
        check("flow: Bad Name\nsteps: {a: {builtin: noop}}\n", "bad_name@1");
        let nested =
            "flow: test\nsteps:\n  a:\n    map:\n      over: input.list\n      body:\n        steps:\n          a: {builtin: noop}\n";
        check(nested, "duplicate_id@8");
    }

    #[test]
    fn the_start_is_clear() {
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: b, to: b, when: \"true\""]), "loop_without_bound@4 no_way_out@4");
        check(&graph("", &["a", "b", "c"], &["from: a, to: c", "from: b, to: c"]), "ambiguous_start@2");
        check(&graph("start: x\n", &["a"], &[]).replace("edges:\n", ""), "unknown_step@2");
        check("flow: test\nsteps: {}\n", "no_steps@2");
    }

    #[test]
    fn counter_example_a_a_cycle_without_entry() {
        let text = graph("", &["draft", "review"], &["from: draft, to: review", "from: review, to: draft"]);
        check(&text, "cycle_without_entry@2");
        assert!(problems(&text)[0].message.contains("draft → review"), "{:?}", problems(&text));
    }

    #[test]
    fn every_step_is_reached() {
        check(&graph("start: a\n", &["a", "b", "c"], &["from: b, to: c"]), "unreachable@5 unreachable@6");
    }

    #[test]
    fn an_edge_is_given_once() {
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: a, to: b"]), "duplicate_edge@7");
        check(&graph("", &["a", "b"], &["from: a, to: b", "from: a, to: b, on: error"]), "");
    }

    #[test]
    fn conditions_and_otherwise() {
        check(&graph("", &["a", "b"], &["from: a, to: b, otherwise: true"]), "otherwise_without_when@6");
        check(
            &graph("", &["a", "b", "c"], &["from: a, to: b, when: \"true\", otherwise: true", "from: a, to: c, when: \"true\""]),
            "when_and_otherwise@7",
        );
    }
}

mod ports {
    use super::*;

    #[test]
    fn a_step_has_only_its_ports() {
        check(&graph("", &["a", "b"], &["from: a, to: b, on: approved"]), "unknown_port@6");
        check(&graph("", &["a fail: {code: no}", "b"], &["from: a, to: b"]), "unknown_port@6");
        check(&graph("", &["a fail: {code: no}", "b"], &["from: a, to: b, on: error"]), "");
        check(&graph("", &["a end: {}", "b"], &["from: a, to: b"]), "edge_from_end@6");
    }

    #[test]
    fn events_name_their_ports() {
        let event = "a event: {any_of: [paid, cancelled]}";
        check(&graph("", &[event, "b"], &["from: a, to: b, on: paid", "from: a, to: b, on: cancelled"]), "");
        check(&graph("", &[event, "b"], &["from: a, to: b, on: paid", "from: a, to: b"]), "unhandled_port@3 unknown_port@7");
    }
}

mod loops {
    use super::*;

    #[test]
    fn a_loop_needs_a_bound_and_only_a_header_has_one() {
        let edges = ["from: a, to: b", "from: b, to: a, when: \"1 > 2\"", "from: b, to: c, otherwise: true"];
        check(&graph("start: a\n", &["a", "b", "c"], &edges), "loop_without_bound@4");
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b", "c"], &edges), "");
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b builtin: noop, visits: 2", "c"], &edges), "visits_without_loop@5");
    }

    #[test]
    fn a_cycle_has_one_entry() {
        let edges =
            ["from: s, to: a", "from: s, to: b", "from: a, to: b", "from: b, to: a, when: \"1 > 2\"", "from: b, to: c, otherwise: true"];
        let text = graph("", &["s", "a", "b", "c"], &edges);
        check(&text, "irreducible_cycle@10");
        assert!(problems(&text)[0].message.contains("a → b, b → a"), "{:?}", problems(&text));
    }

    #[test]
    fn counter_example_c_an_unconditional_exit_never_repeats() {
        let steps = ["h builtin: noop, visits: 3, select: all", "a", "b", "x"];
        let conditional = ["from: h, to: a", "from: h, to: b, when: \"1 > 2\"", "from: a, to: h", "from: b, to: x"];
        check(&graph("start: h\n", &steps, &conditional), "");
        let unconditional = ["from: h, to: a", "from: h, to: b", "from: a, to: h", "from: b, to: x"];
        check(&graph("start: h\n", &steps, &unconditional), "never_repeats@10");
    }

    #[test]
    fn counter_example_d_a_dead_end_side_step_is_an_exit() {
        let steps = ["h builtin: noop, visits: 3", "side", "a", "x"];
        let edges = ["from: h, to: side", "from: h, to: a", "from: a, to: h, when: \"1 > 2\"", "from: a, to: x, otherwise: true"];
        check(&graph("start: h\n", &steps, &edges), "never_repeats@9");
    }

    #[test]
    fn an_exit_by_another_port_than_the_way_back_is_fine() {
        let edges = ["from: h, to: out", "from: h, to: h, on: error"];
        check(&graph("start: h\n", &["h builtin: noop, visits: 3", "out"], &edges), "");
    }

    #[test]
    fn a_loop_can_be_left() {
        let edges = ["from: a, to: b", "from: b, to: a"];
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b"], &edges), "no_way_out@4");
        let exhausted = ["from: a, to: b", "from: b, to: a", "from: a, to: c, on: exhausted"];
        check(&graph("start: a\n", &["a builtin: noop, visits: 3", "b", "c"], &exhausted), "");
    }

    #[test]
    fn exhausted_leaves_a_header_for_outside() {
        let steps = ["a builtin: noop, visits: 3", "b", "c"];
        let edges = ["from: a, to: b", "from: b, to: a, when: \"1 > 2\"", "from: b, to: c, otherwise: true"];
        let with = |edge: &str| graph("start: a\n", &steps, &[&edges[..], &[edge]].concat());
        check(&with("from: a, to: c, on: exhausted"), "");
        check(&with("from: b, to: c, on: exhausted"), "exhausted_not_header@11");
        check(&with("from: a, to: b, on: exhausted"), "exhausted_inside@11");
    }
}

mod joins {
    use super::*;

    const EDGES: [&str; 4] = ["from: s, to: a", "from: s, to: b", "from: a, to: j", "from: b, to: j"];

    #[test]
    fn a_join_can_fire() {
        check(&graph("", &["s", "a", "b", "j builtin: noop, join: {n: 2}"], &EDGES), "");
        check(&graph("", &["s", "a", "b", "j builtin: noop, join: {n: 3}"], &EDGES), "join_never@6");
        check(&graph("", &["s", "a", "b", "j builtin: noop, join: {n: 0}"], &EDGES), "bad_limit@6");
        check(&graph("", &["s builtin: noop, join: any", "a", "b", "j"], &EDGES), "join_without_edges@3");
    }

    #[test]
    fn counter_example_b_a_back_edge_is_not_joined() {
        let edges = ["from: s, to: h", "from: h, to: a", "from: a, to: h, when: \"1 > 2\"", "from: a, to: x, otherwise: true"];
        let text = graph("", &["s", "h builtin: noop, visits: 3, join: {n: 2}", "a", "x"], &edges);
        check(&text, "join_never@4");
    }

    #[test]
    fn stragglers_in_a_loop_are_a_warning() {
        let edges = [
            "from: h, to: a",
            "from: h, to: b",
            "from: a, to: j",
            "from: b, to: j",
            "from: j, to: h, when: \"1 > 2\"",
            "from: j, to: x, otherwise: true",
        ];
        let text = |join: &str| graph("start: h\n", &["h builtin: noop, visits: 3", "a", "b", join, "x"], &edges);
        check(&text("j builtin: noop, join: any"), "leave_in_loop@7");
        check(&text("j builtin: noop, join: any, rest: cancel"), "");
    }
}
