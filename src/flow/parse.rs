//! From text to a spec: YAML, or JSON. Everything that does not fit the format is reported at once: what is wrong is noted, mended, and
//! reading goes on, so that the rules in `validate` can still be applied to the rest.

mod mend;
mod scan;

use serde_json::Value;

use super::problem::Problem;
use super::source::{Position, Source};
use super::spec::FlowSpec;
use crate::limits::FLOW_BYTES_MAX;

/// Tables and lists inside each other; the deepest legal flow needs about 40, and a schema inside it a few more.
const DEPTH_MAX: usize = 64;
/// Keys, values and list items of a file, aliases expanded: no alias may blow a small file up.
const NODES_MAX: usize = 250_000;
/// Events that expanding aliases may add.
const ALIAS_EVENTS_MAX: usize = 50_000;

/// What reading a file gave.
#[derive(Debug)]
pub struct Read {
    /// None only where nothing could be made of the text. Where there are problems, it is what could be read, mended.
    pub spec: Option<FlowSpec>,
    pub source: Source,
    pub problems: Vec<Problem>,
    /// JSON pointers of what was taken out or filled in; what is found there, or because of it, is no finding of its own.
    pub mended: Vec<String>,
}

/// Reads a flow file.
#[must_use]
pub fn read(text: &str) -> Read {
    let mut source = Source { text: text.to_owned(), ..Source::default() };
    let mut problems = Vec::new();
    let mut mended = Vec::new();
    let spec = tree(&mut source, &mut problems).and_then(|tree| mend::spec(tree, &source, &mut problems, &mut mended));
    Read { spec, source, problems, mended }
}

/// The text as a JSON tree, with the places of its nodes put into `source`.
fn tree(source: &mut Source, problems: &mut Vec<Problem>) -> Option<Value> {
    if source.text.len() > FLOW_BYTES_MAX {
        let message = format!("the file has {} bytes, more than the {FLOW_BYTES_MAX} that a flow may have", source.text.len());
        problems.push(source.problem("too_large", "", message, "split the flow: a `flow` step runs another one"));
        return None;
    }
    let scanned = scan::scan(&source.text);
    source.positions = scanned.positions;
    for pointer in scanned.duplicates {
        problems.push(duplicate(source, &pointer));
    }
    if scanned.documents > 1 {
        problems.push(source.problem("syntax", "", "the file holds several documents", "write one flow per file"));
    }
    if scanned.depth > DEPTH_MAX {
        let message = format!("the file nests deeper than {DEPTH_MAX} levels");
        problems.push(source.problem("too_large", "", message, "move inner maps into flows of their own"));
        return None;
    }
    match parse(&source.text) {
        Ok(tree) => Some(tree),
        Err((position, message)) => {
            let problem = source.problem("syntax", "", message, "flows are YAML (indent with spaces) or JSON");
            problems.push(Problem { line: position.line, column: position.column, ..problem });
            None
        }
    }
}

fn duplicate(source: &Source, pointer: &(String, Position)) -> Problem {
    let (pointer, position) = pointer;
    let (table, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let problem = if table == "/steps" || table.ends_with("/map/body/steps") {
        source.problem("duplicate_id", pointer, format!("there already is a step `{key}`"), "give one of them another id")
    } else {
        source.problem("duplicate_key", pointer, format!("`{key}` is given twice"), "remove one of them")
    };
    Problem { line: position.line, column: position.column, ..problem }
}

fn parse(text: &str) -> Result<Value, (Position, String)> {
    let trimmed = text.trim_start();
    let json = trimmed.starts_with('{').then(|| serde_json::from_str::<Value>(text));
    if let Some(Ok(tree)) = json {
        return Ok(tree);
    }
    yaml(text).map_err(|yaml| match json {
        // A table in braces whose first key is quoted was meant as JSON.
        Some(Err(error)) if trimmed[1..].trim_start().starts_with('"') => {
            (Position { line: error.line().max(1), column: error.column().max(1) }, format!("not valid JSON: {error}"))
        }
        _ => yaml,
    })
}

fn yaml(text: &str) -> Result<Value, (Position, String)> {
    // Duplicate keys are the scan's to report, all of them; here the first one stands.
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! { max_depth: DEPTH_MAX, max_nodes: NODES_MAX, max_documents: 1 },
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: ALIAS_EVENTS_MAX },
        duplicate_keys: serde_saphyr::DuplicateKeyPolicy::FirstWins,
        strict_booleans: true,
        with_snippet: false,
    };
    serde_saphyr::from_str_with_options::<Value>(text, options).map_err(|error| {
        let position = error.location().map_or(Position { line: 1, column: 1 }, |location| Position {
            line: usize::try_from(location.line()).unwrap_or(1).max(1),
            column: usize::try_from(location.column()).unwrap_or(1).max(1),
        });
        (position, format!("not valid YAML: {error}"))
    })
}

#[cfg(test)]
mod tests;
