//! Any text as a template, plain and with secrets: it ends within its limits, and a secret is never part of what was rendered.
#![no_main]

use std::sync::Arc;

use flowgate::flow::names::Fixed;
use flowgate::flow::template::{Template, TextTemplate};
use libfuzzer_sys::fuzz_target;
use serde_json::json;

fuzz_target!(|text: &str| {
    let names = Fixed { roots: vec![("input".to_owned(), Arc::new(json!({"n": 3, "list": ["a", {"b": null}], "s": "{{ x }}"})))], ..Fixed::default() };
    if let Ok(template) = Template::new(text) {
        let (one, other) = (template.render(&names), template.render(&names));
        assert_eq!(format!("{one:?}"), format!("{other:?}"));
    }
    if let Ok(template) = TextTemplate::new(text) {
        let _ = template.render(&names);
    }
});
