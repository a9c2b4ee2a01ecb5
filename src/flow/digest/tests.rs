//! Digests of flows: what changes them and what does not.

use serde_json::json;

use super::*;

pub(in crate::flow) fn spec(value: &Value) -> FlowSpec {
    serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{error}: {value}"))
}

/// `short` leaves out what `long` writes.
#[expect(clippy::needless_pass_by_value, reason = "called with literals")]
fn same(short: Value, long: Value) {
    assert_eq!(normalised(&spec(&short)), normalised(&spec(&long)));
    assert_eq!(of(&spec(&short)), of(&spec(&long)));
}

#[expect(clippy::needless_pass_by_value, reason = "called with literals")]
fn one(step: Value) -> Value {
    json!({"flow": "f", "steps": {"a": step}})
}

#[test]
fn writing_a_default_changes_nothing() {
    same(one(json!({"set": {}})), json!({"flow": "f", "start": "a", "ui": {"a": {"x": 1}}, "steps": {"a": {"set": {}}}}));
    same(
        one(json!({"set": {}})),
        json!({"flow": "f", "limits": {"steps": STEPS_DEFAULT, "on_breach": "fail"}, "steps": {"a": {"set": {}}}}),
    );
    same(one(json!({"set": {}})), one(json!({"set": {}, "join": "all", "rest": "leave", "select": "first", "in_doubt": "ask"})));
    same(
        one(json!({"http": {"get": "u"}})),
        one(json!({"http": {"get": "u"}, "effect": "read", "timeout": "2m", "retry": {"attempts": 1, "backoff": "1s..30s"}})),
    );
    same(one(json!({"http": {"post": "u"}})), one(json!({"http": {"post": "u"}, "effect": "once"})));
    same(
        one(json!({"mcp": {"server": "s", "tool": "t"}})),
        one(json!({"mcp": {"server": "s", "tool": "t", "args": {}}, "effect": "once"})),
    );
    same(one(json!({"builtin": "now"})), one(json!({"builtin": {"name": "now", "args": {}}})));
    same(one(json!({"flow": {"agent": "x"}})), one(json!({"flow": {"agent": "x", "revision": "current"}})));
    same(
        one(json!({"map": {"over": "input.a", "body": {"steps": {"b": {"set": {}}}}}})),
        one(
            json!({"map": {"over": "input.a", "concurrency": 8, "on_item_error": "fail_fast", "body": {"start": "b", "steps": {"b": {"set": {}, "join": "all"}}}}}),
        ),
    );
    same(
        one(json!({"approval": {"title": "t"}})),
        one(json!({"approval": {"title": "t", "approvers": {"quorum": 1}, "decisions": ["approve", "reject"]}})),
    );
    same(one(json!({"ask": {"title": "t"}})), one(json!({"ask": {"title": "t", "to": {"quorum": 1}}})));
    same(
        one(json!({"agent": {"model": "a/b", "prompt": "p", "tools": [{"builtin": "now"}]}})),
        one(json!({"agent": {"model": "a/b", "prompt": "p", "max_iterations": 12, "max_tokens": 4096,
            "tools": [{"builtin": "now", "name": "now", "description": "", "effect": "read", "timeout": "2m", "in_doubt": "ask"}]}})),
    );
    let edges = |edge: Value| json!({"flow": "f", "steps": {"a": {"approval": {"title": "t"}}, "b": {"set": {}}}, "edges": [edge]});
    same(edges(json!({"from": "a", "to": "b"})), edges(json!({"from": "a", "to": "b", "on": "approved", "otherwise": false})));
}

#[test]
fn inherited_defaults_equal_those_written_at_the_step() {
    same(
        json!({"flow": "f", "defaults": {"model": "a/b", "retry": {"attempts": 3}, "timeout": "60s"}, "steps": {"a": {"llm": {"prompt": "p"}}}}),
        one(json!({"llm": {"prompt": "p", "model": "a/b"}, "retry": {"attempts": 3}, "timeout": "1m"})),
    );
}

#[test]
fn the_order_of_tables_says_nothing_and_that_of_edges_does() {
    let flow = |steps: &str, edges: Value| {
        let mut flow: Value = serde_json::from_str(&format!(r#"{{"flow": "f", "start": "a", "steps": {steps}}}"#)).unwrap();
        flow["edges"] = edges;
        of(&spec(&flow))
    };
    let (one, two) = (r#"{"a": {"set": {}}, "b": {"set": {}}}"#, r#"{"b": {"set": {}}, "a": {"set": {}}}"#);
    let (first, second) = (json!({"from": "a", "to": "b", "when": "1 == 1"}), json!({"from": "a", "to": "b", "when": "2 == 2"}));
    assert_eq!(flow(one, json!([first, second])), flow(two, json!([first, second])));
    assert_ne!(flow(one, json!([first, second])), flow(one, json!([second, first])));
}

/// A flow that uses nearly every key.
pub(in crate::flow) fn everything() -> Value {
    json!({
        "flow": "f", "title": "t", "description": "d", "start": "a", "input": {"type": "object"}, "config": {"url": "u"},
        "limits": {"timeout": "3d", "steps": 5, "cost_usd": 0.5, "tokens": 7, "on_breach": "ask"},
        "defaults": {"model": "p/m", "retry": {"attempts": 3, "backoff": "1s..30s"}, "timeout": "60s"},
        "output": "steps.a.output", "steps": every_step(),
        "edges": [{"from": "a", "to": "b", "when": "w"}, {"from": "a", "to": "c", "otherwise": true}, {"from": "f", "to": "c", "on": "approved"}]
    })
}

fn every_step() -> Value {
    let call = json!({"post": "u", "headers": {"A": "b"}, "query": {"q": "v", "n": 1}, "json": {"k": ["v", 1, true]}});
    let people = json!({"any_of": ["role:a"], "quorum": 2, "exclude": ["starter"]});
    let gate = json!({"when": "w", "title": "t", "approvers": people, "decisions": ["approve"], "remind": ["1h"], "expires": {"after": "1d", "then": "reject"}});
    let tool = json!({"name": "n", "description": "d", "args": {"type": "object"}, "http": call, "effect": "once", "in_doubt": "fail",
        "retry": {"attempts": 2}, "timeout": "5s", "approval": gate});
    let tools =
        json!([tool, {"mcp": "m", "allow": ["x"]}, {"builtin": "now"}, {"flow": {"agent": "x", "revision": 2, "input": {"a": "1"}}}]);
    let check = json!({"check": {"http": {"get": "u"}}, "done_when": "w"});
    let body = json!({"start": "i", "output": "o", "steps": {"i": {"set": {"a": "1"}}, "j": {"set": {"b": 2}}}, "edges": [{"from": "i", "to": "j", "when": "w"}]});
    let steps = [
        (
            "a",
            json!({"title": "t", "llm": {"system": "s", "prompt": "p", "output": {"type": "object"}, "temperature": 0.5, "max_tokens": 5}}),
        ),
        (
            "b",
            json!({"agent": {"model": "p/m", "system": "s", "prompt": "p", "max_iterations": 3, "max_tokens": 9, "temperature": 0.1, "output": {"type": "object"},
            "tools": tools}}),
        ),
        (
            "c",
            json!({"http": call, "join": "any", "rest": "cancel", "select": "all", "visits": 3, "effect": "idempotent", "in_doubt": check,
            "compensate": {"http": {"delete": "u"}}, "retry": {"attempts": 2, "backoff": "2s"}, "timeout": "9s", "sandbox": {"output": 1, "delay": "1s"}}),
        ),
        ("d", json!({"mcp": {"server": "s", "tool": "t", "args": {"a": 1}}, "join": {"n": 2}})),
        ("e", json!({"builtin": {"name": "now", "args": {"a": 1}}})),
        (
            "f",
            json!({"approval": {"title": "t", "show": ["s"], "action": "c", "approvers": people, "form": {"type": "object"},
            "decisions": ["approve", "edit"], "remind": ["1h"], "expires": {"after": "2d", "then": {"ask": people}}}}),
        ),
        (
            "g",
            json!({"ask": {"title": "t", "show": ["s"], "form": {"type": "object"}, "to": people, "remind": ["1h"], "expires": {"after": "2d", "then": "fail"}}}),
        ),
        ("h", json!({"map": {"over": "o", "as": "x", "concurrency": 3, "on_item_error": "collect", "body": body}})),
        ("k", json!({"flow": {"agent": "x", "revision": "current", "input": {"a": "1"}}})),
        ("l", json!({"wait": {"for": "2h"}})),
        ("m", json!({"wait": {"until": "u"}})),
        ("n", json!({"event": {"name": "n", "check": "c", "timeout": "1d"}})),
        ("o", json!({"event": {"any_of": ["x", "y"]}})),
        ("p", json!({"set": {"a": "1", "b": 2}})),
        ("q", json!({"fail": {"code": "c", "message": "m"}})),
        ("r", json!({"end": {"output": "o"}})),
    ];
    Value::Object(steps.into_iter().map(|(id, step)| (id.to_owned(), step)).collect())
}

/// Other values that the same field may have.
pub(in crate::flow) fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::String(text) => {
            let words = ["31s", "2s..31s", "leave", "first", "fail", "read", "ask", "branch", "continue", "reject", "respond", "all"];
            std::iter::once(format!("{text}x")).chain(words.map(str::to_owned)).map(Value::from).collect()
        }
        Value::Number(number) => vec![number.as_u64().map_or_else(|| json!(0.75), |int| json!(int + 1))],
        Value::Bool(truth) => vec![json!(!truth)],
        Value::Null | Value::Array(_) | Value::Object(_) => Vec::new(),
    }
}

pub(in crate::flow) fn leaves(value: &Value, pointer: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(key, item)| leaves(item, &format!("{pointer}/{key}"), found)),
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| leaves(item, &format!("{pointer}/{index}"), found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => found.push(pointer.to_owned()),
    }
}

#[test]
fn every_value_that_means_something_changes_it() {
    let base = everything();
    let original = of(&spec(&base));
    let mut pointers = Vec::new();
    leaves(&base, "", &mut pointers);
    assert!(pointers.len() > 140, "{}", pointers.len());
    for pointer in pointers {
        let value = base.pointer(&pointer).unwrap();
        let changed = others(value).into_iter().filter(|other| other != value).find_map(|other| {
            let mut changed = base.clone();
            *changed.pointer_mut(&pointer).unwrap() = other;
            serde_json::from_value::<FlowSpec>(changed).ok()
        });
        let changed = changed.unwrap_or_else(|| panic!("no other value for {pointer}"));
        assert_ne!(of(&changed), original, "{pointer}");
    }
}

#[test]
fn normalising_twice_is_normalising_once() {
    let once = normalised(&spec(&everything()));
    assert_eq!(normalised(&once), once);
}
