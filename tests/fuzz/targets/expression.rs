//! Any text as an expression over names of every shape: it ends within its fuel, and twice the same.
#![no_main]

use std::sync::Arc;

use flowgate::flow::expr::Expr;
use flowgate::flow::names::Fixed;
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let Ok(expression) = Expr::new(text) else { return };
    let input = json!({"n": 3, "f": 1.5, "s": "a\u{0}b\u{202e}", "list": [1, "two", null, {"k": []}], "deep": {"a": {"b": {"c": true}}}});
    let names = Fixed { roots: vec![("input".to_owned(), Arc::new(input)), ("item".to_owned(), Arc::new(json!([1, 2])))], ..Fixed::default() };
    let (one, other) = (expression.eval(&names), expression.eval(&names));
    assert_eq!(format!("{one:?}"), format!("{other:?}"));
});
