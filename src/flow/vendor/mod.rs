//! The vendor's flow shape translated into ours: what comes out is a `FlowSpec` like any other. Every problem of a body at once, each
//! with a JSON pointer into the body as it was sent. Field by field in docs/vendor-flows.md; nothing is executed or stored here.

mod agent;
mod body;
mod fields;
mod graph;
pub mod parameters;
mod placeholders;
mod tools;
mod values;

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::Value;

pub use body::STAMPED;
pub use parameters::{Parameter, ParameterOption, ParameterType};
pub use values::{ValueProblem, read_values};

use self::fields::Problems;
use super::compile;
use super::source::Source;
use super::spec::FlowSpec;

/// One thing that keeps a body from being translated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// JSON pointer into the body as it was sent.
    pub pointer: String,
    /// Stable; of `flow::problem::CODES`, or one of `CODES` here.
    pub code: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it; may be empty.
    pub hint: String,
}

/// The codes that only a translation gives; all others are those of `flow::problem`.
pub const CODES: &[(&str, &str)] = &[
    ("unsupported", "Content that has no meaning here and would be lost."),
    ("bad_placeholder", "A placeholder in a prompt that nothing answers."),
    ("bad_boundary", "A flow that does not have exactly one ENTRY_POINT and one EXIT_POINT, each with its edges."),
    ("bad_parameter", "A parameter without a usable name, type or default."),
];

/// What a body means.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// Compiles: `translate` has tried it.
    pub spec: FlowSpec,
    /// In the order of the body, with their types as they were spelled.
    pub parameters: Vec<Parameter>,
}

/// Where a part of the translated flow came from: a JSON pointer into the flow, and one into the body.
type Place = (String, String);

/// Whether the `flow` of a body is the vendor's: its steps are a list, ours are a table.
#[must_use]
pub fn is_vendor_shape(flow: &Value) -> bool {
    flow.get("steps").is_some_and(Value::is_array)
}

/// Whether a whole revision or draft body is the vendor's: a list of steps, or the later `definition` of a single agent.
#[must_use]
pub fn is_vendor_body(body: &Value) -> bool {
    body.get("definition").is_some_and(Value::is_object) || body.get("flow").is_some_and(is_vendor_shape)
}

/// Translates a whole revision or draft body; `name` becomes the flow's name.
///
/// # Errors
/// Every problem of the body, in the order of their places. What only the compiled graph shows (a step that reads one that runs later) is
/// reported once the rest is sound.
pub fn translate(name: &str, body: &Value) -> Result<Translated, Vec<Problem>> {
    let mut problems = Problems::default();
    let read = body::read(name, body, &mut problems);
    match read {
        Some((translated, places)) if problems.is_empty() => compiled(translated, &places),
        _ => Err(problems.sorted(body)),
    }
}

/// The promise of `Translated`, kept by trying.
fn compiled(translated: Translated, places: &[Place]) -> Result<Translated, Vec<Problem>> {
    let refused = |problems: Vec<super::problem::Problem>| -> Vec<Problem> {
        let errors = problems.into_iter().filter(|problem| problem.severity == super::problem::Severity::Error);
        errors.map(|problem| placed(problem, places)).collect()
    };
    compile::compile(&translated.spec, &Source::default()).map_err(refused)?;
    Ok(translated)
}

/// A problem of the translated flow, at the place of the body that it came from.
fn placed(problem: super::problem::Problem, places: &[Place]) -> Problem {
    let inside = |place: &&Place| problem.pointer.strip_prefix(&place.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let pointer = places.iter().filter(inside).max_by_key(|place| place.0.len()).map_or_else(String::new, |place| place.1.clone());
    let hint = match problem.code {
        "loop_without_bound" | "no_way_out" | "irreducible_cycle" | "cycle_without_entry" | "never_repeats" => {
            "this shape has no bounded loops; take the edge back out, or write the flow in Flowgate's own format".to_owned()
        }
        _ => problem.hint,
    };
    Problem { pointer, code: problem.code, message: problem.message, hint }
}
