//! Plans: loops, levels, exits, owners, frames, what a cancelling join may cancel, defaults; and laws over random flows.

use std::collections::HashSet;
use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;

use super::super::plan::{EdgeIx, InDoubt, Join, Kind, LoopIx, Node, Plan, Scope, ScopeIx, Step, StepIx};
use super::super::problem::Severity;
use super::super::spec::EffectClass;
use super::load;

#[track_caller]
fn plan(text: &str) -> Plan {
    match load(text) {
        Ok((plan, _)) => plan,
        Err(problems) => panic!("{}", problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
    }
}

fn flow(steps: &[&str], edges: &[&str]) -> Plan {
    let mut text = "flow: test\nstart: s\nsteps:\n".to_owned();
    for step in steps {
        let (id, rest) = step.split_once(' ').map_or((*step, String::new()), |(id, rest)| (id, format!(", {rest}")));
        let _ = writeln!(text, "  {id}: {{builtin: noop{rest}}}");
    }
    let _ = writeln!(text, "edges: [{}]", edges.iter().map(|edge| format!("{{{edge}}}")).collect::<Vec<_>>().join(", "));
    plan(&text)
}

fn step<'a>(scope: &'a Scope, id: &str) -> &'a Step {
    scope.step(scope.by_id[id])
}

fn names(scope: &Scope, nodes: &[Node]) -> Vec<String> {
    nodes
        .iter()
        .map(|&node| match node {
            Node::Step(ix) => scope.step(ix).id.to_string(),
            Node::Loop(ix) => format!("({})", scope.step(scope.loop_(ix).header).id),
        })
        .collect()
}

fn ends(scope: &Scope, edges: &[EdgeIx]) -> Vec<String> {
    edges.iter().map(|&edge| scope.edge(edge)).map(|edge| format!("{}→{}", scope.step(edge.from).id, scope.step(edge.to).id)).collect()
}

/// s → h(outer) → i(inner) → b; b → i, b → h, b → x (past both), i on exhausted → h, h on error → y, h on exhausted → x.
fn nested() -> Plan {
    flow(
        &["s", "h visits: 3", "i visits: 4", "b", "x", "y"],
        &[
            "from: s, to: h",
            "from: h, to: i",
            "from: i, to: b",
            "from: b, to: i, when: \"1 > 2\"",
            "from: b, to: h, when: \"1 > 3\"",
            "from: b, to: x, otherwise: true",
            "from: i, to: h, on: exhausted",
            "from: h, to: y, on: error",
            "from: h, to: x, on: exhausted",
        ],
    )
}

#[test]
fn nested_loops_know_their_exits_and_what_their_nodes_own() {
    let plan = nested();
    let scope = &plan.scopes[0];
    let (outer, inner) = (scope.loop_(LoopIx(0)), scope.loop_(LoopIx(1)));
    assert_eq!((outer.visits, outer.parent), (3, None));
    assert_eq!((inner.visits, inner.parent), (4, Some(LoopIx(0))));
    assert_eq!(ends(scope, &outer.back_edges), ["b→h", "i→h"]);
    assert_eq!(ends(scope, &inner.back_edges), ["b→i"]);
    assert_eq!(ends(scope, &outer.exits), ["b→x"]);
    assert_eq!(ends(scope, &inner.exits), ["b→h", "b→x"], "a repeat of the outer loop leaves the inner one");
    assert_eq!(ends(scope, &outer.owned), ["h→y", "h→x"]);
    assert_eq!(ends(scope, &inner.owned), ["i→h"]);
    assert_eq!(names(scope, &outer.nodes), ["h", "(i)"]);
    assert_eq!(names(scope, &inner.nodes), ["i", "b"]);
    assert_eq!(names(scope, &scope.nodes), ["s", "(h)", "x", "y"]);
    assert_eq!(outer.steps.len(), 3);
    assert_eq!(scope.start, Node::Step(StepIx(0)));
}

#[test]
fn edges_have_levels_and_targets() {
    let plan = nested();
    let scope = &plan.scopes[0];
    let seen: Vec<_> =
        scope.edges.iter().map(|edge| (edge.level.map(|level| level.0), names(scope, &[edge.target])[0].clone(), edge.back)).collect();
    let expected = [
        (None, "(h)", false),
        (Some(0), "(i)", false),
        (Some(1), "b", false),
        (Some(1), "i", true),
        (Some(0), "h", true),
        (None, "x", false),
        (Some(0), "h", true),
        (None, "y", false),
        (None, "x", false),
    ];
    assert_eq!(seen, expected.map(|(level, target, back)| (level, target.to_owned(), back)));
}

#[test]
fn a_header_waits_for_its_entries_only() {
    let plan = nested();
    let scope = &plan.scopes[0];
    assert_eq!(ends(scope, &step(scope, "h").incoming), ["s→h"]);
    assert_eq!(ends(scope, &step(scope, "i").incoming), ["h→i"]);
    assert_eq!(ends(scope, &step(scope, "h").outgoing), ["h→i"], "its loop's node owns the rest");
    assert_eq!(step(scope, "h").heads, Some(LoopIx(0)));
    assert_eq!(step(scope, "b").within, Some(LoopIx(1)));
    assert_eq!(scope.entry(Node::Loop(LoopIx(1))).id.as_str(), "i");
}

#[test]
fn an_error_edge_of_a_header_to_the_inside_is_its_own() {
    let plan = flow(
        &["s", "h visits: 2", "a", "x"],
        &[
            "from: s, to: h",
            "from: h, to: a",
            "from: h, to: a, on: error",
            "from: a, to: h, when: \"1 > 2\"",
            "from: a, to: x, otherwise: true",
        ],
    );
    let scope = &plan.scopes[0];
    assert_eq!(ends(scope, &scope.loops[0].owned), Vec::<String>::new());
    assert_eq!(ends(scope, &step(scope, "h").outgoing), ["h→a", "h→a"]);
}

#[test]
fn a_loop_at_the_start_is_entered_as_a_node() {
    let plan = flow(&["s visits: 2", "x"], &["from: s, to: s, when: \"1 > 2\"", "from: s, to: x, otherwise: true"]);
    let scope = &plan.scopes[0];
    assert_eq!(scope.start, Node::Loop(LoopIx(0)));
    assert_eq!(scope.edges[0].level, Some(LoopIx(0)));
    assert!(scope.edges[0].back);
    assert_eq!(ends(scope, &scope.loops[0].exits), ["s→x"]);
}

#[test]
fn a_cancelling_join_cancels_what_only_leads_to_it() {
    // a and l (a loop) only lead to j; b may also go to o; c ends by itself.
    let plan = flow(
        &["s", "a", "b", "c", "l visits: 2", "j join: any, rest: cancel", "o", "z"],
        &[
            "from: s, to: a",
            "from: s, to: b",
            "from: s, to: c",
            "from: s, to: l",
            "from: a, to: j",
            "from: b, to: j, when: \"1 > 2\"",
            "from: b, to: o, otherwise: true",
            "from: l, to: l, when: \"1 > 2\"",
            "from: l, to: j, otherwise: true",
            "from: j, to: z",
        ],
    );
    let scope = &plan.scopes[0];
    assert_eq!(names(scope, &step(scope, "j").only_leads_here), ["a", "(l)"]);
    assert_eq!(step(scope, "j").join, Join::Any);
    assert_eq!(names(scope, &step(scope, "z").only_leads_here), Vec::<String>::new(), "only where rest is cancel");
}

#[test]
fn a_cancelling_join_in_a_loop_stays_in_its_frame() {
    let plan = flow(
        &["s visits: 2", "a", "b", "e", "j join: any, rest: cancel", "x"],
        &[
            "from: s, to: a",
            "from: s, to: b",
            "from: s, to: e",
            "from: a, to: j",
            "from: b, to: j",
            "from: e, to: j, when: \"1 > 2\"",
            "from: e, to: x, otherwise: true",
            "from: j, to: s",
        ],
    );
    let scope = &plan.scopes[0];
    assert_eq!(names(scope, &step(scope, "j").only_leads_here), ["a", "b"], "e may leave the loop");
}

#[test]
fn bodies_are_scopes() {
    let text = "flow: test\nsteps:\n  m:\n    map:\n      over: input.list\n      concurrency: 3\n      body:\n        steps:\n          n: {map: {over: item, body: {steps: {k: {builtin: noop}}}}}\n          l: {builtin: noop}\n        edges: [{from: n, to: l}]\n        output: steps.l.output\n";
    let plan = plan(text);
    assert_eq!(plan.scopes.len(), 3);
    assert_eq!(plan.scopes[1].owner, Some((ScopeIx(0), StepIx(0))));
    assert_eq!(plan.scopes[2].owner, Some((ScopeIx(1), StepIx(0))));
    let Kind::Map(map) = &plan.scopes[0].steps[0].kind else { panic!("a map") };
    assert_eq!((map.body, map.concurrency), (ScopeIx(1), 3));
    assert!(plan.scopes[1].output.is_some());
}

#[test]
fn defaults_are_filled_in() {
    let text = "flow: test\ndefaults: {retry: {attempts: 4, backoff: 2s..8s}, timeout: 7s}\nsteps:\n  a: {mcp: {server: x, tool: y}, effect: read, sandbox: {output: 1}}\n  b: {mcp: {server: x, tool: y}, sandbox: {output: 1}}\n  c: {builtin: noop}\n  d: {event: {name: go}}\n  e: {wait: {for: 1d}, timeout: 2d}\nedges: [{from: a, to: b}, {from: b, to: c}, {from: c, to: d}, {from: d, to: e}]\n";
    let (plan, warnings) = load(text).expect("compiles");
    assert_eq!(warnings, []);
    let scope = &plan.scopes[0];
    let seen = |id: &str| {
        let step = step(scope, id);
        (step.effect, step.retry.attempts, step.retry.backoff.min.ms, step.timeout_ms)
    };
    assert_eq!(seen("a"), (EffectClass::Read, 4, 2_000, Some(7_000)));
    assert_eq!(seen("b"), (EffectClass::Once, 1, 1_000, Some(7_000)), "once is never retried by default");
    assert_eq!(seen("c"), (EffectClass::Read, 1, 1_000, Some(7_000)));
    assert_eq!(seen("d").3, None, "an event has only its own timeout");
    assert_eq!(seen("e").3, Some(172_800_000));
    assert!(matches!(step(scope, "b").in_doubt, InDoubt::Ask));
    assert_eq!(plan.limits.steps, crate::limits::STEPS_DEFAULT);
}

#[test]
fn the_digest_leaves_the_canvas_out() {
    let text = "flow: test\nsteps: {a: {builtin: noop}}\n";
    let moved = format!("{text}ui: {{a: {{x: 1}}}}\n");
    assert_eq!(plan(text).digest, plan(&moved).digest);
    assert_ne!(plan(text).digest, plan(&text.replace("noop", "now")).digest);
}

/// A random flow as text in which everything is possible; few of these compile.
fn wild_flow() -> impl Strategy<Value = String> {
    let step = (0..8_u8, 0..6_u8, prop::bool::ANY);
    let edge = |steps: usize| (0..steps, 0..steps, 0..9_u8);
    (1_usize..9)
        .prop_flat_map(move |count| {
            (prop::collection::vec(step.clone(), count), prop::collection::vec(edge(count), 0..count * 2), prop::bool::weighted(0.8))
        })
        .prop_map(|(steps, edges, with_start)| written(&steps, &edges, with_start))
}

/// A random flow as text that mostly compiles: every step hangs on an earlier one, and steps that edges lead back to have visits.
fn likely_flow() -> impl Strategy<Value = String> {
    let step = (prop_oneof![1 => 3..5_u8, 4 => 5..8_u8], prop_oneof![3 => 3..6_u8, 1 => 0..3_u8]);
    (2_usize..10)
        .prop_flat_map(move |count| {
            let forward = prop::collection::vec((0..count, prop_oneof![2 => Just(7_u8), 4 => Just(4_u8), 1 => Just(0_u8)]), count - 1);
            let back = (0..count, 0..count).prop_map(|(a, b)| (a.max(b), a.min(b), 4_u8));
            let more = prop::collection::vec(prop_oneof![3 => back, 1 => (0..count, 0..count, 4..6_u8)], 0..4);
            (prop::collection::vec(step.clone(), count), forward, more)
        })
        .prop_map(|(steps, forward, more)| {
            let hung = forward.iter().enumerate().map(|(index, &(from, how))| (from % (index + 1), index + 1, how));
            let mut edges: Vec<_> = hung.chain(more).collect();
            edges.sort_unstable();
            edges.dedup_by_key(|edge| (edge.0, edge.1));
            let entered = |step: usize| edges.iter().filter(|edge| edge.1 == step && edge.0 < step).count();
            let headed = |step: usize| edges.iter().any(|edge| edge.1 == step && edge.0 >= step);
            let joins = |step: usize, join: u8| if join == 1 && entered(step) < 2 { 0 } else { join };
            let steps: Vec<_> = steps.iter().enumerate().map(|(index, &(kind, join))| (kind, joins(index, join), headed(index))).collect();
            written(&steps, &edges, true)
        })
}

fn random_flow() -> impl Strategy<Value = String> {
    prop_oneof![1 => wild_flow(), 3 => likely_flow()]
}

#[test]
fn random_flows_are_of_all_shapes() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut compiled, mut looping, mut nested, mut cancelling) = (0, 0, 0, 0);
    for _ in 0..400 {
        let text = likely_flow().new_tree(&mut runner).expect("generates").current();
        let Ok((plan, _)) = load(&text) else { continue };
        let scope = &plan.scopes[0];
        compiled += 1;
        looping += usize::from(!scope.loops.is_empty());
        nested += usize::from(scope.loops.iter().any(|one| one.parent.is_some()));
        cancelling += usize::from(scope.steps.iter().any(|step| !step.only_leads_here.is_empty()));
    }
    let mix = format!("of 400: {compiled} compile, {looping} with loops, {nested} nested, {cancelling} where a join may cancel");
    assert!(compiled > 120 && looping > 30 && nested > 3 && cancelling > 5, "{mix}");
}

fn written(steps: &[(u8, u8, bool)], edges: &[(usize, usize, u8)], with_start: bool) -> String {
    let mut text = format!("flow: random\n{}steps:\n", if with_start { "start: s0\n" } else { "" });
    for (index, (kind, join, visits)) in steps.iter().enumerate() {
        let kind = match kind {
            0 => "end: {}",
            1 => "fail: {code: no}",
            2 => "event: {any_of: [p, q]}",
            3 => "map: {over: input.list, body: {steps: {inner: {builtin: now}}}}",
            4 => "wait: {for: 1s}",
            _ => "builtin: noop",
        };
        let join = match join {
            0 => ", join: any",
            1 => ", join: {n: 2}",
            2 => ", join: any, rest: cancel",
            3 => ", select: all",
            _ => "",
        };
        let visits = if *visits { ", visits: 3" } else { "" };
        let _ = writeln!(text, "  s{index}: {{{kind}{join}{visits}}}");
    }
    text.push_str("edges:\n");
    for (from, to, how) in edges {
        let how = match how {
            0 => ", on: error",
            1 => ", on: exhausted",
            2 => ", on: p",
            3 => ", otherwise: true",
            4 | 5 => ", when: \"has(steps.s0.output)\"",
            6 => ", when: steps.s0.output",
            _ => "",
        };
        let _ = writeln!(text, "  - {{from: s{from}, to: s{to}{how}}}");
    }
    if edges.is_empty() { text.replace("edges:\n", "") } else { text }
}

fn laws(plan: &Plan) -> Result<(), TestCaseError> {
    for scope in &plan.scopes {
        for (index, edge) in scope.edges.iter().enumerate() {
            let ix = EdgeIx(u32::try_from(index).expect("small"));
            let outgoing = scope.step(edge.from).outgoing.contains(&ix);
            let owners = scope.loops.iter().filter(|one| one.owned.contains(&ix)).count();
            prop_assert_eq!(usize::from(outgoing) + owners, 1, "every edge has one owner");
            prop_assert_eq!(scope.step(edge.to).incoming.contains(&ix), !edge.back);
            let repeats = scope.loops.iter().filter(|one| one.back_edges.contains(&ix)).count();
            prop_assert_eq!(repeats, usize::from(edge.back));
        }
        let mut placed: Vec<Node> = scope.nodes.clone();
        for (index, one) in scope.loops.iter().enumerate() {
            placed.extend(&one.nodes);
            prop_assert!(one.nodes.contains(&Node::Step(one.header)));
            for &exit in &one.exits {
                let edge = scope.edge(exit);
                prop_assert!(one.steps.contains(&edge.from) && !one.steps.contains(&edge.to));
            }
            prop_assert!(one.parent.is_none_or(|parent| (parent.0 as usize) < index));
        }
        prop_assert_eq!(placed.len(), placed.iter().collect::<HashSet<_>>().len(), "a node stands at one level");
        prop_assert_eq!(placed.len(), scope.steps.len() + scope.loops.len());
        for step in &scope.steps {
            let level = step.heads.map_or(step.within, |headed| scope.loop_(headed).parent);
            let frame = level.map_or(&scope.nodes, |level| &scope.loop_(level).nodes);
            prop_assert!(step.only_leads_here.iter().all(|node| frame.contains(node)));
            for &edge in &step.incoming {
                let edge = scope.edge(edge);
                prop_assert_eq!(edge.level, level, "a join's edges are judged in its own frame");
                prop_assert!(frame.contains(&edge.target));
            }
        }
        prop_assert!(scope.nodes.contains(&scope.start));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// A flow compiles, or its problems say why; nothing panics.
    #[test]
    fn random_flows_compile_or_report(text in random_flow()) {
        match load(&text) {
            Ok((plan, warnings)) => {
                prop_assert!(warnings.iter().all(|problem| problem.severity == Severity::Warning));
                laws(&plan)?;
            }
            Err(problems) => prop_assert!(problems.iter().any(|problem| problem.severity == Severity::Error)),
        }
    }

    #[test]
    fn any_text_is_read_or_reported(text in "[ -~\\n\\t]{0,200}") {
        let _ = load(&text);
    }

    #[test]
    fn a_damaged_flow_is_read_or_reported(text in random_flow(), at in 0_usize..400, with in "[ -~\\n]{0,6}") {
        let mut text = text;
        if at < text.len() {
            text.replace_range(at..=at, &with);
        }
        let _ = load(&text);
    }
}

/// The flows that the description of the format shows are flows.
#[test]
fn the_documented_flows_compile() {
    let page = include_str!("../../../docs/flow-format.md");
    let flows: Vec<&str> =
        page.split("```yaml\n").skip(1).filter_map(|rest| rest.split("```").next()).filter(|block| block.starts_with("flow:")).collect();
    assert_eq!(flows.len(), 2);
    for flow in flows {
        plan(flow);
    }
}
