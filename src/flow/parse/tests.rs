//! Reading: places, several misfits at once, YAML beside JSON, bounds.

use std::fmt::Write as _;

use super::*;

fn codes(text: &str) -> Vec<(&'static str, usize, usize)> {
    let mut found: Vec<_> = read(text).problems.iter().map(|problem| (problem.code, problem.line, problem.column)).collect();
    found.sort_by_key(|&(_, line, column)| (line, column));
    found
}

const GOOD: &str = "flow: good\nsteps:\n  a:\n    builtin: noop\n  b: {builtin: now}\nedges:\n  - {from: a, to: b}\n";

#[test]
fn nodes_have_lines_and_columns() {
    let read = read(GOOD);
    assert_eq!(read.problems, []);
    let at = |pointer: &str| {
        let Position { line, column } = read.source.position(pointer);
        (line, column)
    };
    assert_eq!(at("/flow"), (1, 7));
    assert_eq!(at("/steps/a"), (3, 3), "a table is shown at its key");
    assert_eq!(at("/steps/a/builtin"), (4, 14), "a scalar is shown itself");
    assert_eq!(at("/edges/0"), (7, 5));
    assert_eq!(at("/edges/0/to"), (7, 19));
}

#[test]
fn json_and_yaml_read_alike() {
    let yaml = read(GOOD).spec.expect("reads");
    let json = serde_json::to_string_pretty(&yaml).expect("writes");
    let again = read(&json);
    assert_eq!(again.spec.expect("reads"), yaml);
    assert_eq!(again.source.position("/steps/a/builtin"), Position { line: 5, column: 18 });
    let tabs = json.replace("  ", "\t");
    assert_eq!(read(&tabs).spec.expect("reads"), yaml);
}

#[test]
fn every_misfit_is_reported_at_its_place() {
    let text = "flow: bad\ntitel: x\nsteps:\n  a:\n    llm: {promt: hi}\n    timeout: soon\n  b:\n    http: {get: 5}\n    join: some\nedges:\n  - {from: a, too: b}\n";
    assert_eq!(
        codes(text),
        [
            ("unknown_field", 2, 1),
            ("missing_field", 5, 5),
            ("unknown_field", 5, 11),
            ("bad_value", 6, 14),
            ("bad_value", 8, 17),
            ("bad_value", 9, 11),
            ("missing_field", 11, 5),
            ("unknown_field", 11, 15),
        ]
    );
}

#[test]
fn a_misspelt_key_is_corrected() {
    let read = read("flow: bad\nsteps: {a: {llm: {promt: hi}}}\n");
    assert!(read.problems.iter().any(|problem| problem.hint == "did you mean `prompt`?"), "{:?}", read.problems);
}

#[test]
fn repeated_keys_are_refused() {
    let text = "flow: bad\nsteps:\n  a: {builtin: noop}\n  b: {builtin: noop, title: x, title: y}\n  a: {builtin: now}\n";
    assert_eq!(codes(text), [("duplicate_key", 4, 32), ("duplicate_id", 5, 3)]);
    let json = "{\"flow\": \"bad\",\n \"flow\": \"worse\", \"steps\": {\"a\": {\"builtin\": \"noop\"}}}";
    assert_eq!(codes(json), [("duplicate_key", 2, 2)]);
}

#[test]
fn what_is_no_yaml_or_json_says_where() {
    assert_eq!(codes("flow: x\nsteps: [\n"), [("syntax", 2, 8)]);
    let json = read("{\"flow\": \"x\",\n \"steps\": {,}}");
    assert_eq!((json.problems[0].line, json.problems[0].code), (2, "syntax"));
    assert!(json.problems[0].message.contains("JSON"), "{}", json.problems[0].message);
    assert_eq!(codes(""), [("bad_value", 1, 1)]);
    assert_eq!(codes("just a text"), [("bad_value", 1, 1)]);
}

#[test]
fn size_depth_and_aliases_are_bounded() {
    assert_eq!(codes(&" ".repeat(FLOW_BYTES_MAX + 1))[0].0, "too_large");
    let deep = format!("flow: x\nui: {}{}\nsteps: {{a: {{builtin: noop}}}}\n", "[".repeat(200), "]".repeat(200));
    assert_eq!(codes(&deep)[0].0, "too_large");
    let deep = format!("{{\"flow\": \"x\", \"ui\": {}{}, \"steps\": {{}}}}", "[".repeat(120), "]".repeat(120));
    assert_eq!(codes(&deep)[0].0, "too_large");
    let mut laughs = "flow: x\nui:\n  - &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..8 {
        let items = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(laughs, "  - &a{level} [{items}]");
    }
    laughs.push_str("steps: {a: {builtin: noop}}\n");
    assert_eq!(codes(&laughs)[0].0, "syntax");
}

#[test]
fn words_of_older_yaml_stay_words() {
    let read = read("flow: x\nsteps: {a: {set: {answer: no, on: yes}}}\n");
    let spec = read.spec.expect("reads");
    assert_eq!(spec.steps["a"].set.as_ref().expect("set")["answer"], serde_json::json!("no"));
}
