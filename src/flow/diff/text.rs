//! A difference as text for a terminal: its summary, then line by line. The first character of every line below the summary says what
//! the line is, so that a reader can be helped by colours: `+` came, `-` went, `~` changed, `@` where in a text, blank for what stayed.

use serde_json::Value;

use super::{Change, Diff, Hunk, LineKind};
use crate::flow::spec::EdgeSpec;
use crate::limits::DIFF_VALUE_CHARACTERS_MAX;

/// Without a line end after the last line. Text from the flows stands in it as it is, control characters included.
#[must_use]
pub fn text(diff: &Diff) -> String {
    let mut lines = vec![diff.summary.clone()];
    if !diff.flow.is_empty() {
        lines.push("~ flow".to_owned());
        changes(&diff.flow, &mut lines);
    }
    let steps = &diff.steps;
    lines.extend(steps.removed.iter().map(|step| format!("- step {} ({})", step.step, step.kind)));
    lines.extend(steps.added.iter().map(|step| format!("+ step {} ({})", step.step, step.kind)));
    lines.extend(steps.renamed.iter().map(|step| format!("~ step {} → {} ({}, renamed)", step.before, step.after, step.kind)));
    for step in &steps.changed {
        let before = step.kind_before.as_ref().map(|kind| format!("{kind} → ")).unwrap_or_default();
        lines.push(format!("~ step {} ({before}{})", step.step, step.kind));
        changes(&step.fields, &mut lines);
    }
    let edges = &diff.edges;
    lines.extend(edges.removed.iter().map(|edge| format!("- {}", whole_edge(edge))));
    lines.extend(edges.added.iter().map(|edge| format!("+ {}", whole_edge(edge))));
    for changed in &edges.changed {
        lines.push(format!("~ {}", edge(&changed.from, &changed.to, &changed.on)));
        changes(&changed.fields, &mut lines);
    }
    for moved in &edges.moved {
        let name = edge(&moved.from, &moved.to, &moved.on);
        lines.push(format!("~ {name}: moved from place {} to {}", moved.before + 1, moved.after + 1));
    }
    lines.join("\n")
}

fn edge(from: &str, to: &str, on: &str) -> String {
    if on.is_empty() { format!("edge {from} → {to}") } else { format!("edge {from} → {to} on {on}") }
}

fn whole_edge(spec: &EdgeSpec) -> String {
    let name = edge(&spec.from, &spec.to, spec.on.as_deref().unwrap_or_default());
    match &spec.when {
        Some(when) => format!("{name} when {}", Value::from(when.as_str())),
        None if spec.otherwise => format!("{name} otherwise"),
        None => name,
    }
}

fn changes(changes: &[Change], lines: &mut Vec<String>) {
    for change in changes {
        let path = &change.path;
        match (&change.before, &change.after) {
            _ if !change.text.is_empty() => {
                lines.push(format!("~   {path}"));
                change.text.iter().for_each(|part| hunk(part, lines));
            }
            (Some(before), Some(after)) => {
                if let (Some(before), Some(after)) = (short(before), short(after)) {
                    lines.push(format!("~   {path}: {before} → {after}"));
                } else {
                    lines.push(format!("~   {path}"));
                    block('-', before, lines);
                    block('+', after, lines);
                }
            }
            (Some(value), None) => one_sided('-', path, value, lines),
            (None, Some(value)) => one_sided('+', path, value, lines),
            (None, None) => {}
        }
    }
}

fn one_sided(sign: char, path: &str, value: &Value, lines: &mut Vec<String>) {
    if let Some(value) = short(value) {
        lines.push(format!("{sign}   {path}: {value}"));
    } else {
        lines.push(format!("{sign}   {path}"));
        block(sign, value, lines);
    }
}

/// As JSON on the line of its path, where there is room.
fn short(value: &Value) -> Option<String> {
    if value.as_str().is_some_and(|text| text.contains('\n')) {
        return None;
    }
    Some(value.to_string()).filter(|text| text.chars().count() <= DIFF_VALUE_CHARACTERS_MAX)
}

/// On lines of its own: a text as it is, anything else as indented JSON.
fn block(sign: char, value: &Value, lines: &mut Vec<String>) {
    let shown = match value {
        Value::String(text) if text.contains('\n') => text.clone(),
        Value::Object(_) | Value::Array(_) => format!("{value:#}"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    };
    lines.extend(shown.split_terminator('\n').map(|line| format!("{sign}     {line}")));
}

fn hunk(hunk: &Hunk, lines: &mut Vec<String>) {
    lines.push(format!("@     line {}", hunk.after_line));
    for line in &hunk.lines {
        let sign = match line.kind {
            LineKind::Kept => ' ',
            LineKind::Removed => '-',
            LineKind::Added => '+',
        };
        lines.push(format!("{sign}     {}", line.text));
        if line.unended && line.kind != LineKind::Kept {
            lines.push(format!("{sign}     (no line end)"));
        }
    }
}
