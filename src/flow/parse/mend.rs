//! Reads a tree as a flow. The format's own reader stops at the first thing that does not fit; here that thing is noted, taken out (or
//! filled in, where it is required) and the tree is read again, until it fits.

use serde_json::{Value, json};

use crate::flow::problem::Problem;
use crate::flow::source::{Source, child, did_you_mean};
use crate::flow::spec::FlowSpec;

/// A file with more than this many misfits is something else than a flow; the rest is not looked for.
const MISFITS_MAX: usize = 100;

/// What the format's reader said, taken apart.
enum Misfit {
    Unknown { field: String, known: Vec<String> },
    Missing { field: String },
    Bad { message: String },
}

/// The spec, mended where needed; none where the tree cannot be mended.
pub fn spec(mut tree: Value, source: &Source, problems: &mut Vec<Problem>, mended: &mut Vec<String>) -> Option<FlowSpec> {
    if !tree.is_object() {
        problems.push(source.problem("bad_value", "", "a flow is a table", "start with `flow: NAME` and `steps:`"));
        return None;
    }
    for _ in 0..MISFITS_MAX {
        let error = match serde_path_to_error::deserialize::<_, FlowSpec>(&tree) {
            Ok(spec) => return Some(spec),
            Err(error) => error,
        };
        let pointer = pointer_of(error.path());
        match take_apart(&error.inner().to_string()) {
            Misfit::Unknown { field, known } => {
                // The path ends at the table or already at the field, depending on where the reader noticed.
                let table = if has_key(&tree, &pointer, &field) { pointer } else { parent(&pointer).to_owned() };
                let at = child(&table, &field);
                problems.push(unknown(source, &at, &field, &known));
                remove(&mut tree, &at).then_some(())?;
                mended.push(at);
            }
            Misfit::Missing { field } => {
                let at = child(&pointer, &field);
                if !mended.contains(&at) {
                    problems.push(source.problem(
                        "missing_field",
                        &pointer,
                        format!("`{field}` is required here"),
                        format!("add `{field}:`"),
                    ));
                }
                tree.pointer_mut(&pointer)?.as_object_mut()?.insert(field.clone(), placeholder(&field));
                mended.push(at);
            }
            Misfit::Bad { message } => {
                problems.push(source.problem("bad_value", &pointer, message, hint(&pointer)));
                (!pointer.is_empty() && remove(&mut tree, &pointer)).then_some(())?;
                mended.push(pointer);
            }
        }
    }
    None
}

fn unknown(source: &Source, pointer: &str, field: &str, known: &[String]) -> Problem {
    let hint = match field {
        "entries" | "validators" => "this key belongs to a server; it is not known here".to_owned(),
        _ => did_you_mean(field, known.iter().map(String::as_str)),
    };
    let problem = source.problem("unknown_field", pointer, format!("`{field}` is not known here"), hint);
    let at = source.key_position(pointer);
    Problem { line: at.line, column: at.column, ..problem }
}

fn parent(pointer: &str) -> &str {
    pointer.rfind('/').map_or("", |at| &pointer[..at])
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    path.iter().fold(String::new(), |pointer, segment| match segment {
        Segment::Seq { index } => child(&pointer, index),
        Segment::Map { key } => child(&pointer, key),
        Segment::Enum { variant } => child(&pointer, variant),
        Segment::Unknown => pointer,
    })
}

fn has_key(tree: &Value, pointer: &str, key: &str) -> bool {
    tree.pointer(pointer).and_then(Value::as_object).is_some_and(|table| table.contains_key(key))
}

/// Takes a node out; a list item leaves a gap that reads as nothing would, so the whole list goes where that is needed.
fn remove(tree: &mut Value, pointer: &str) -> bool {
    let Some((table, key)) = pointer.rsplit_once('/') else { return false };
    let key = key.replace("~1", "/").replace("~0", "~");
    match tree.pointer_mut(table) {
        Some(Value::Object(table)) => table.shift_remove(&key).is_some(),
        Some(Value::Array(list)) => {
            let Ok(index) = key.parse::<usize>() else { return false };
            let Some(item) = list.get_mut(index) else { return false };
            // An empty table in its place keeps the numbers of the items behind it; a text where even that does not fit.
            let next = if item.is_object() { json!("") } else { json!({}) };
            let stuck = *item == json!("") || *item == json!({});
            *item = next;
            !stuck || { tree.pointer_mut(table).map(|list| *list = json!([])).is_some() }
        }
        _ => false,
    }
}

/// What stands for a required key until the flow is corrected.
fn placeholder(field: &str) -> Value {
    match field {
        "steps" | "body" | "check" => json!({}),
        "attempts" => json!(1),
        "after" => json!("1d"),
        "then" => json!("fail"),
        _ => json!(""),
    }
}

/// The words in backquotes of a message.
fn quoted(text: &str) -> Vec<String> {
    text.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

fn take_apart(message: &str) -> Misfit {
    if message.starts_with("unknown field") {
        let mut words = quoted(message).into_iter();
        if let Some(field) = words.next() {
            return Misfit::Unknown { field, known: words.collect() };
        }
    }
    if let Some(rest) = message.strip_prefix("missing field")
        && let Some(field) = quoted(rest).into_iter().next()
    {
        return Misfit::Missing { field };
    }
    Misfit::Bad { message: message.to_owned() }
}

/// How a value is written, by its key.
fn hint(pointer: &str) -> String {
    let text = match pointer.rsplit('/').next().unwrap_or_default() {
        "timeout" | "after" | "delay" | "for" => "write a duration: 500ms, 30s, 10m, 2h, 3d",
        "backoff" => "write the first delay and the ceiling: 1s..30s",
        "join" => "write all, any or {n: 2}",
        "in_doubt" => "write ask, fail or {check: {http: …}, done_when: CEL}",
        "then" => "write reject, fail, branch or {ask: {any_of: […]}}",
        "effect" => "write read, idempotent or once",
        "rest" => "write leave or cancel",
        "select" => "write first or all",
        "on_item_error" => "write fail_fast, continue or collect",
        "on_breach" => "write fail or ask",
        "builtin" => "write a name, or {name: …, args: {…}}",
        "edges" => "write a list of {from: …, to: …}",
        "steps" => "write a table of step ids",
        _ => "see docs/flow-format.md for what this key takes",
    };
    text.to_owned()
}
