//! Expressions: what compiles, what it gives, where it stops.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::flow::names::{Fixed, StepView};

fn names() -> Fixed {
    let done = |output: Value| StepView { output: Some(Arc::new(output)), ..StepView::default() };
    let failed = StepView { error: Some(Arc::new(json!({"code": "http_500", "message": "no"}))), ..StepView::default() };
    Fixed {
        roots: vec![
            (
                "input".to_owned(),
                Arc::new(json!({"z": 1, "a": 2.5, "big": 9_223_372_036_854_775_807_u64, "tags": ["x", "y"], "n": null, "text": "hello",
                "orders": [{"id": 1, "total": 10}, {"id": 2, "total": 20.5}], "map": {"b": 1, "a": 2}})),
            ),
            ("args".to_owned(), Arc::new(json!({"amount": 100.5, "whole": 101, "one": 1.0}))),
        ],
        steps: vec![
            ("done".to_owned(), done(json!({"ok": true, "total": 12, "deep": {"x": [1]}}))),
            ("failed".to_owned(), failed),
            ("with-dash".to_owned(), done(json!(7))),
        ],
        previous: vec![("done".to_owned(), done(json!({"total": 11})))],
    }
}

fn eval(source: &str) -> Result<Value, Error> {
    Expr::new(source)?.eval(&names())
}

#[expect(clippy::needless_pass_by_value, reason = "called with literals")]
fn check(source: &str, expect: Value) {
    match eval(source) {
        Ok(value) => assert_eq!(value, expect, "{source}"),
        Err(error) => panic!("{source}: {error}"),
    }
}

#[test]
fn values_come_through() {
    check("1 + 2", json!(3));
    check("input.z", json!(1));
    check("input.a + 0.5", json!(3.0));
    check("input.big", json!(9_223_372_036_854_775_807_u64));
    check("'a' + input.text", json!("ahello"));
    check("{'b': input.z, 'a': [input.text]}", json!({"a": ["hello"], "b": 1}));
    check("steps.done.output", json!({"ok": true, "total": 12, "deep": {"x": [1]}}));
    check("steps.done.output.total + previous.done.output.total", json!(23));
    check("steps[\"with-dash\"].output + 1", json!(8));
    check("steps.failed.error.code == 'http_500'", json!(true));
    check("size(input.tags) == 2 && 'x' in input.tags", json!(true));
    check("input.orders[1].total", json!(20.5));
    check("input.text.matches('^h.*o$')", json!(true));
    check("type(input.z) == int", json!(true));
    check("input.n == null", json!(true));
    check("timestamp('2026-01-01T00:00:00Z') + duration('1h')", json!("2026-01-01T01:00:00+00:00"));
    check("duration('90s')", json!("90s"));
}

#[test]
fn a_bare_path_keeps_the_order_of_keys() {
    let value = eval("input.map").unwrap();
    assert_eq!(value.to_string(), r#"{"b":1,"a":2}"#);
    assert_eq!(eval("steps.done").unwrap(), json!({"output": {"ok": true, "total": 12, "deep": {"x": [1]}}}));
}

#[test]
fn numbers_of_different_kinds_compare() {
    check("args.amount > 100", json!(true));
    check("args.whole > 100", json!(true));
    check("args.whole > 100.5", json!(true));
    check("args.one == 1 && input.z == 1 && input.z == 1.0", json!(true));
    check("args.one in [1, 2]", json!(true));
}

#[test]
fn has_follows_the_semantics() {
    check("has(steps.done)", json!(true));
    check("has(steps.failed)", json!(true));
    check("has(steps.failed.output)", json!(false));
    check("has(steps.failed.error)", json!(true));
    check("has(steps.never)", json!(false));
    check("has(steps.never.output.a.b)", json!(false));
    check("has(input.n)", json!(true));
    check("has(input.n.x)", json!(false));
    check("has(item.x)", json!(false));
    check("has(steps.never) && steps.never.output.x > 1", json!(false));
    check("has(steps.done.output.deep) ? steps.done.output.deep.x[0] : 0", json!(1));
    check("input.orders.exists(o, has(o.total) && o.total > 20)", json!(true));
    assert!(matches!(eval("steps.never.output"), Err(Error::Evaluate { .. })));
    assert!(matches!(eval("steps.never.output.x == 1"), Err(Error::Evaluate { .. })));
    assert!(matches!(eval("steps.failed.output"), Err(Error::Evaluate { .. })));
}

#[test]
fn comprehensions_work_and_are_deterministic() {
    check("input.orders.map(o, o.total)", json!([10, 20.5]));
    check("input.orders.filter(o, o.id > 1)", json!([{"id": 2, "total": 20.5}]));
    check("input.orders.map(o, o.id > 1, o.id)", json!([2]));
    check("input.orders.all(o, o.total > 5)", json!(true));
    check("input.orders.exists_one(o, o.id == 1)", json!(true));
    check("input.map.map(key, key)", json!(["a", "b"]));
    check("input.orders.map(o, input.tags.map(t, t + string(o.id)))", json!([["x1", "y1"], ["x2", "y2"]]));
    check("[1, 2].map(input, input * 2)", json!([2, 4]));
}

#[test]
fn eval_bool_wants_a_bool() {
    assert!(Expr::new("input.z == 1").unwrap().eval_bool(&names()).unwrap());
    assert!(matches!(Expr::new("input.z").unwrap().eval_bool(&names()), Err(Error::NotBool { .. })));
}

#[test]
fn what_is_not_offered_is_refused_when_compiling() {
    for source in [
        "",
        "1 +",
        "now()",
        "secret.x",
        "steps",
        "size(steps)",
        "steps[input.text].output",
        "Foo{a: 1}",
        "input.?x",
        "'a'.replace('a', 'b')",
        "optional.of(1)",
    ] {
        assert!(matches!(Expr::new(source), Err(Error::Syntax { .. })), "{source}");
    }
    let nested = "[1].map(a, [1].map(b, [1].map(c, c)))";
    assert!(matches!(Expr::new(nested), Err(Error::Limit { .. })));
    assert!(matches!(Expr::new(&"a".repeat(EXPRESSION_BYTES_MAX + 1)), Err(Error::Limit { .. })));
}

#[test]
fn deep_and_long_sources_end_in_an_answer() {
    for source in [
        format!("{}1{}", "(".repeat(2_000), ")".repeat(2_000)),
        format!("{}1{}", "(".repeat(190), ")".repeat(190)),
        format!("{}1{}", "(".repeat(40), ")".repeat(40)),
        format!("{}true", "!".repeat(390)),
        format!("1{}", "+1".repeat(199)),
        format!("1{}", "+1".repeat(2_000)),
        format!("input{}", ".a".repeat(199)),
        format!("input{}", "[0]".repeat(130)),
        format!("{}1{}", "[".repeat(199), "]".repeat(199)),
        format!("{}1", "true ? 1 : ".repeat(99)),
        format!("true{}", " && true".repeat(130)),
    ] {
        if let Ok(expr) = Expr::new(&source) {
            let _ = expr.eval(&names());
        }
    }
}

#[test]
fn work_is_bounded() {
    let items: Vec<u32> = (0..20_000).collect();
    let text = "x".repeat(1 << 20);
    let names = Fixed { roots: vec![("input".to_owned(), Arc::new(json!({"items": items, "text": text})))], ..Fixed::default() };
    for source in [
        "input.items.map(a, input.items.map(b, a * b))",
        "input.items.all(a, input.items.all(b, a + b >= 0))",
        "input.items.filter(a, input.text.contains('y'))",
        "input.items.map(a, input.text)",
    ] {
        let outcome = Expr::new(source).unwrap().eval(&names);
        assert!(matches!(outcome, Err(Error::Limit { .. })), "{source}: {outcome:?}");
    }
    let sum = Expr::new(&vec!["input.text"; 60].join(" + ")).unwrap().eval(&names);
    assert!(matches!(sum, Err(Error::Limit { .. })));
}

#[test]
fn only_what_is_named_is_asked_for() {
    struct Strict;
    impl Names for Strict {
        fn root(&self, name: &str) -> Option<Arc<Value>> {
            assert_eq!(name, "input");
            Some(Arc::new(json!({"a": 1})))
        }
        fn step(&self, id: &str) -> Option<StepView> {
            assert_eq!(id, "one");
            Some(StepView { output: Some(Arc::new(json!(1))), ..StepView::default() })
        }
        fn previous(&self, id: &str) -> Option<StepView> {
            panic!("{id}")
        }
    }
    let expr = Expr::new("steps.one.output + input.a + [1].map(item, item)[0]").unwrap();
    assert_eq!(expr.eval(&Strict).unwrap(), json!(3));
}

#[test]
fn references_say_what_is_guarded() {
    let table = [
        ("steps.a.output.x", "steps.a.output.x"),
        ("steps['a'].output", "steps.a.output"),
        ("has(steps.a)", "steps.a?"),
        ("has(steps.a) && steps.a.output.x == 1", "steps.a? steps.a.output.x?"),
        ("steps.a.output.x == 1 && has(steps.a)", "steps.a.output.x steps.a?"),
        ("has(steps.a.output) ? steps.a.output : steps.b.output", "steps.a.output? steps.a.output? steps.b.output"),
        ("!has(steps.a) || steps.a.output", "steps.a? steps.a.output?"),
        ("!has(steps.a) ? 1 : steps.a.output", "steps.a? steps.a.output?"),
        ("has(steps.a) && has(steps.b) && steps.b.output", "steps.a? steps.b? steps.b.output?"),
        ("has(steps.a) || steps.a.output", "steps.a? steps.a.output"),
        ("has(steps.a) && [1].all(x, steps.a.output == x)", "steps.a? steps.a.output?"),
        ("input.items.map(i, i.x + config.y)", "input.items config.y"),
        ("type(input.a) == string", "input.a"),
        ("input.items[0].a", "input.items"),
    ];
    for (source, expect) in table {
        let found: Vec<String> = Expr::new(source)
            .unwrap()
            .references()
            .iter()
            .map(|reference| {
                let path = std::iter::once(&reference.root).chain(&reference.path).cloned().collect::<Vec<_>>().join(".");
                if reference.guarded { format!("{path}?") } else { path }
            })
            .collect();
        assert_eq!(found.join(" "), expect, "{source}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_source_panics(source in "\\PC{0,60}") {
        if let Ok(expr) = Expr::new(&source) {
            let _ = expr.eval(&names());
        }
    }

    #[test]
    fn no_likely_source_panics(parts in proptest::collection::vec(prop_oneof![
        Just("input"), Just(".a"), Just("steps"), Just(".done"), Just(".output"), Just("["), Just("]"), Just("("), Just(")"), Just("+"), Just("-"), Just("1"),
        Just("0.5"), Just("'x'"), Just(" && "), Just(" ? "), Just(" : "), Just("has("), Just(".map(x, "), Just("x"), Just("{"), Just("}"), Just(","), Just("!"), Just(" in "),
        Just("size("), Just(".matches("), Just("null"), Just("/"), Just("%"), Just("r'\\d'"), Just("b'x'"), Just("9223372036854775807"),
    ], 0..14)) {
        if let Ok(expr) = Expr::new(&parts.concat()) {
            let _ = expr.eval(&names());
        }
    }
}

#[test]
fn a_complaint_is_the_same_each_time_and_tells_no_values() {
    let map: serde_json::Map<String, Value> = (0..40).map(|at| (format!("key{at}"), json!(at))).collect();
    let names = Fixed { roots: vec![("input".to_owned(), Arc::new(Value::Object(map)))], ..Fixed::default() };
    for source in
        ["input * 3", "input < input", "[1][input]", "{input: 1}", "input.matches('x')", "-input", "input + [input]", "size(3 + 'a')"]
    {
        let told = || Expr::new(source).unwrap().eval(&names).unwrap_err().to_string();
        assert_eq!(told(), told(), "{source}");
        assert!(!told().contains("key7"), "{source}: {}", told());
    }
}

#[test]
fn what_one_evaluation_takes_the_next_ones_lack() {
    let expression = Expr::new("[1, 2, 3].map(x, x * 2)").unwrap();
    let (names, fuel) = (Fixed::default(), Fuel::new(200));
    assert!(expression.eval_within(&names, &fuel).is_ok());
    let spent = (0..200).find_map(|_| expression.eval_within(&names, &fuel).err());
    assert!(matches!(spent, Some(Error::Limit { .. })), "{spent:?}");
    assert!(expression.eval(&names).is_ok(), "one that is alone has its own");
}
