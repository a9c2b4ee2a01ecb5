//! Differences of flows, read as a person would, and their law: empty exactly when the digests are equal.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::flow::digest::tests::{everything, leaves, others, spec};
use crate::flow::parse;

fn flow(text: &str) -> FlowSpec {
    parse::read(text).spec.unwrap_or_else(|| panic!("a flow: {text}"))
}

fn read(before: &str, after: &str) -> Diff {
    diff(&flow(before), &flow(after))
}

fn is_empty(diff: &Diff) -> bool {
    diff.flow.is_empty() && diff.steps == StepChanges::default() && diff.edges == EdgeChanges::default()
}

/// Pairs under a heading each, as the terminal shows their difference.
fn shown(cases: &[(&str, &str, &str)]) -> String {
    cases.iter().fold(String::new(), |mut all, (name, before, after)| {
        let _ = writeln!(all, "== {name}\n{}\n", text(&read(before, after)));
        all
    })
}

const REFUND: &str = r#"
flow: refund
input: {type: object, required: [amount], properties: {amount: {type: number}, note: {type: string}}}
config: {limit: 100, "desk.name": front, mail: {to: a}}
limits: {cost_usd: 0.5}
steps:
  draft:
    llm:
      model: openai/small
      prompt: |
        You answer customers.
        Be friendly.
        Be short.
        Never promise money.
        Sign as the desk.
  review: {approval: {title: "Pay?", action: pay}}
  pay: {http: {post: "https://bank.example/pay", headers: {X-Desk: front}, json: {amount: "{{ input.amount }}", to: {iban: "x/y"}}}}
  kept: {set: {paid: 0}}
edges:
  - {from: draft, to: review}
  - {from: review, to: pay, on: approved}
  - {from: review, to: kept, on: rejected}
"#;

/// The flow with texts in it replaced; each must be there.
fn refund(replacements: &[(&str, &str)]) -> String {
    replacements.iter().fold(REFUND.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replace(old, new)
    })
}

#[test]
fn what_means_the_same_is_no_difference() {
    let other_order = r"
ui: {draft: {x: 1}}
flow: f
start: a
limits: {on_breach: fail, steps: 10000}
steps: {b: {select: first, set: {y: 2.0, x: 1}}, a: {http: {get: u}, effect: read}}
edges: [{to: b, on: ok, from: a}]
";
    let short = "flow: f\nsteps: {a: {http: {get: u}}, b: {set: {x: 1, y: 2}}}\nedges: [{from: a, to: b}]\n";
    let same = read(other_order, short);
    assert!(same.same && is_empty(&same), "{same:?}");
    assert_eq!(text(&same), "both mean the same");
}

#[test]
fn fields_of_the_flow_and_of_steps() {
    insta::assert_snapshot!(shown(&[
        (
            "limits, config, title",
            REFUND,
            &refund(&[
                ("0.5", "1.25"),
                ("limit: 100", "limit: 250"),
                ("front, mail: {to: a}", "back, mail: {to: b}"),
                ("flow: refund", "flow: refund\ntitle: Refunds")
            ])
        ),
        ("schema", REFUND, &refund(&[("amount: {type: number}", "amount: {type: integer, minimum: 1}"), ("[amount]", "[amount, note]")])),
        ("prompt", REFUND, &refund(&[("Be short.", "Be very short."), ("front", "front")])),
        ("a call's body and headers", REFUND, &refund(&[("x/y", "z"), ("X-Desk: front", "X-Desk: back, Accept: a")])),
        ("an inherited model", REFUND, &refund(&[("limits: {cost_usd: 0.5}", "limits: {cost_usd: 0.5}\ndefaults: {timeout: 5s}")])),
        ("another kind", REFUND, &refund(&[("kept: {set: {paid: 0}}", "kept: {end: {output: 0}}")])),
        (
            "a long value",
            REFUND,
            &refund(&[("\"Pay?\"", "\"Shall the customer get this amount back, which the model thinks is owed to them?\"")])
        ),
        ("another name of the flow", REFUND, &refund(&[("flow: refund", "flow: payback")])),
    ]));
}

#[test]
fn steps_and_edges_that_come_go_and_move() {
    let chain = |edges: &str| {
        format!(
            "flow: f\nstart: a\nsteps: {{a: {{set: {{x: 1}}}}, b: {{set: {{y: 1}}}}, c: {{end: {{}}}}, d: {{fail: {{code: e}}}}}}\nedges:\n{edges}"
        )
    };
    let (to_b, to_c, to_d) =
        ("  - {from: a, to: b, when: one}\n", "  - {from: a, to: c, when: two}\n", "  - {from: a, to: d, otherwise: true}\n");
    let all = chain(&[to_b, to_c, to_d].concat());
    insta::assert_snapshot!(shown(&[
        ("a step more", REFUND, &format!("{}  - {{from: pay, to: audit}}\n", refund(&[("  kept:", "  audit: {set: {x: 1}}\n  kept:")]))),
        ("a step renamed", REFUND, &refund(&[("kept", "unpaid")])),
        ("the first step renamed", REFUND, &refund(&[("draft", "write")])),
        ("renamed and changed", REFUND, &refund(&[("kept: {set: {paid: 0}}", "unpaid: {set: {paid: 1}}"), ("to: kept", "to: unpaid")])),
        ("edges in another order", &all, &chain(&[to_c, to_d, to_b].concat())),
        ("an edge changed", &all, &chain(&[to_b, "  - {from: a, to: c, when: three}\n", to_d].concat())),
        ("an edge gone", &all, &chain(&[to_b, to_d].concat())),
        ("another port", REFUND, &refund(&[("on: rejected", "on: expired")])),
        ("another first step", &all, &all.replace("start: a", "start: b")),
    ]));
}

#[test]
fn steps_that_look_alike_are_not_taken_for_renamed() {
    let twins = read(
        "flow: f\nstart: a\nsteps: {a: {set: {}}, b: {end: {}}, c: {end: {}}}",
        "flow: f\nstart: a\nsteps: {a: {set: {}}, d: {end: {}}}",
    );
    assert_eq!((twins.steps.renamed.len(), twins.steps.removed.len(), twins.steps.added.len()), (0, 2, 1));
}

#[test]
fn bodies_of_maps_are_walked() {
    let map = |body: &str| format!("flow: f\nsteps:\n  each: {{map: {{over: input.list, body: {{{body}}}}}}}\n");
    let inner = map("steps: {m: {map: {over: item, body: {steps: {x: {set: {a: 1}}}}}}, n: {set: {b: 2}}}, edges: [{from: m, to: n}]");
    insta::assert_snapshot!(shown(&[
        (
            "inner steps and edges",
            &inner,
            &inner.replace("a: 1", "a: 7").replace(
                "n: {set: {b: 2}}}, edges: [{from: m, to: n}]",
                "n: {set: {b: 2}}, o: {end: {}}}, edges: [{from: m, to: n, when: x}, {from: n, to: o}]"
            )
        ),
        ("a field of the map", &inner, &inner.replace("over: input.list", "over: input.other")),
        ("its first step and output", &inner, &inner.replace("edges: [{from: m, to: n}]", "edges: [{from: n, to: m}], output: o")),
        ("the map comes", "flow: f\nsteps: {each: {set: {}}}", &map("steps: {m: {end: {}}}")),
    ]));
}

#[test]
fn tools_are_matched_by_name() {
    let agent = |tools: &str| format!("flow: f\nsteps: {{a: {{agent: {{model: a/b, prompt: p, tools: [{tools}]}}}}}}\n");
    let (get, now, child) =
        ("{name: get, http: {get: \"https://a.example\"}}", "{builtin: now}", "{flow: {agent: x, input: {order: \"1\"}}}");
    let three = agent(&[get, now, child].join(", "));
    insta::assert_snapshot!(shown(&[
        (
            "a tool changed where another came first",
            &three,
            &agent(&["{mcp: server}", &get.replace("a.example", "b.example"), now, &child.replace("\"1\"", "\"2\"")].join(", "))
        ),
        ("only the order", &three, &agent(&[now, get, child].join(", "))),
        ("all gone", &three, &agent("")),
    ]));
}

#[test]
fn texts_are_compared_line_by_line() {
    let prompt = |text: &str| spec(&json!({"flow": "f", "steps": {"a": {"llm": {"model": "a/b", "prompt": text}}}}));
    let hunks = |before: &str, after: &str| {
        let diff = diff(&prompt(before), &prompt(after));
        assert_eq!(diff.steps.changed.len(), 1);
        diff.steps.changed[0].fields[0].text.clone()
    };
    assert_eq!(hunks("one", "two"), []);
    let long: String = (0..40).map(|n| format!("line {n}\n")).collect();
    let found = hunks(&long, &long.replace("line 5\n", "").replace("line 30\n", "line thirty\n"));
    assert_eq!(found.iter().map(|hunk| (hunk.before_line, hunk.after_line)).collect::<Vec<_>>(), [(3, 3), (28, 27)]);
    // Only the line end differs.
    let last = hunks("a\nb", "a\nb\n");
    assert_eq!(
        last[0].lines.iter().map(|line| (line.kind, line.unended)).collect::<Vec<_>>(),
        [(LineKind::Kept, false), (LineKind::Removed, true), (LineKind::Added, false)]
    );
    // Too long to compare: whole.
    let endless = "x\n".repeat(30_000);
    let whole = diff(&prompt(&endless), &prompt(&format!("{endless}y")));
    let change = &whole.steps.changed[0].fields[0];
    assert!(change.text.is_empty() && change.after == Some(json!(format!("{endless}y"))));
}

#[test]
fn a_difference_is_data() {
    let found = read(REFUND, &refund(&[("Be short.", "Be very short."), ("kept", "unpaid"), ("flow: refund", "flow: refund\ntitle: t")]));
    insta::assert_json_snapshot!(found);
    let written = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Diff>(&written).unwrap(), found);
    // Null is a value, absent is none.
    let config = |value: Value| spec(&json!({"flow": "f", "config": value, "steps": {"a": {"end": {}}}}));
    let found = diff(&config(json!({"a": null, "b": 1})), &config(json!({"a": 1, "c": null})));
    assert_eq!(serde_json::from_value::<Diff>(serde_json::to_value(&found).unwrap()).unwrap(), found);
    assert_eq!(found.flow[0], Change { path: "config.a".to_owned(), before: Some(Value::Null), after: Some(json!(1)), text: vec![] });
    let schema = schemars::schema_for!(Diff).to_value();
    assert!(schema["properties"]["steps"].is_object(), "{schema}");
}

/// Every way to change one place of a flow: other values, what is left out, what stands elsewhere.
fn mutations(flow: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    leaves(flow, "", &mut pointers);
    let mut parents: Vec<String> =
        pointers.iter().flat_map(|pointer| pointer.match_indices('/').map(|(at, _)| pointer[..at].to_owned())).collect();
    parents.sort();
    parents.dedup();
    let mut mutations = Vec::new();
    let mut changed = |pointer: &str, change: &dyn Fn(&mut Value)| {
        let mut other = flow.clone();
        other.pointer_mut(pointer).map(change);
        mutations.push(other);
    };
    for pointer in &pointers {
        for other in others(flow.pointer(pointer).unwrap()).into_iter().take(1) {
            changed(pointer, &|value| *value = other.clone());
        }
    }
    for parent in &parents {
        match flow.pointer(parent).unwrap() {
            Value::Object(keys) => {
                for key in keys.keys() {
                    changed(parent, &|value| drop(value.as_object_mut().unwrap().remove(key)));
                    changed(parent, &|value| {
                        let old = value.as_object_mut().unwrap().remove(key).unwrap();
                        value[format!("{key}_")] = old;
                    });
                }
            }
            Value::Array(items) => {
                changed(parent, &|value| value.as_array_mut().unwrap().reverse());
                changed(parent, &|value| value.as_array_mut().unwrap().rotate_left(1));
                for (index, item) in items.iter().enumerate() {
                    changed(parent, &|value| drop(value.as_array_mut().unwrap().remove(index)));
                    changed(parent, &|value| {
                        let twin = item.clone();
                        value.as_array_mut().unwrap().push(twin);
                    });
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    mutations
}

/// Empty exactly when the digests are equal, which it says.
fn holds(before: &FlowSpec, after: &FlowSpec) -> bool {
    let found = diff(before, after);
    assert_eq!(is_empty(&found), found.same, "{}\n{}", text(&found), serde_json::to_string(after).unwrap());
    found.same
}

#[test]
fn it_is_empty_exactly_when_the_digests_are_equal() {
    let original = everything();
    let before = spec(&original);
    assert!(holds(&before, &before));
    let (mut tried, mut same) = (0, 0);
    for after in mutations(&original) {
        // Not every change gives a flow.
        let Ok(after) = serde_json::from_value::<FlowSpec>(after) else { continue };
        tried += 1;
        same += usize::from(holds(&before, &after));
    }
    assert!(tried > 400 && same > 3, "{tried} flows, {same} of them the same");
}

proptest! {
    #[test]
    fn any_edges_in_any_order((before, after) in edges().prop_flat_map(|edges| (Just(edges.clone()), Just(edges).prop_shuffle())), kept in 0..9_usize, more in edges()) {
        let after: Vec<_> = after.into_iter().take(kept).chain(more.into_iter().take(9 - kept.max(5))).collect();
        let flow = |edges: &[(u8, u8, u8)]| {
            let steps: serde_json::Map<String, Value> = (0..3).map(|n| (format!("s{n}"), json!({"set": {"n": n}}))).collect();
            let edges: Vec<Value> = edges.iter().map(|(from, to, when)| json!({"from": format!("s{from}"), "to": format!("s{to}"), "when": format!("w{when}")})).collect();
            spec(&json!({"flow": "f", "start": "s0", "steps": steps, "edges": edges}))
        };
        let (before, after) = (flow(&before), flow(&after));
        holds(&before, &after);
        let found = diff(&before, &after).edges;
        prop_assert_eq!(before.edges.len() + found.added.len(), after.edges.len() + found.removed.len());
        let kept = before.edges.len() - found.removed.len();
        prop_assert!(found.moved.len() < kept.max(1));
    }
}

fn edges() -> impl Strategy<Value = Vec<(u8, u8, u8)>> {
    prop::collection::vec((0..3_u8, 0..3_u8, 0..2_u8), 0..8)
}
