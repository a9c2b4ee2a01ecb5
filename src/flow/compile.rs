//! From a flow file to a plan: reads the parts, has every rule checked, and reports all problems at once or gives the plan.

pub(super) mod call;
pub(super) mod context;
pub(super) mod frame;
pub(super) mod kind;
pub(super) mod people;
mod scope;
pub(super) mod settings;
pub(super) mod validators;
pub(super) mod view;

use std::collections::HashMap;
use std::sync::Arc;

use context::{Context, optional};
use settings::Defaults;
use validators::Gates;

use super::plan::{Limits, Plan, Scope, ScopeIx, StepIx};
use super::problem::{Problem, Severity};
use super::source::Source;
use super::spec::FlowSpec;
use super::{digest, parse, validate};
use crate::limits::STEPS_DEFAULT;

/// A plan and the warnings about its flow.
pub type Compiled = (Plan, Vec<Problem>);

/// Reads and compiles a flow file.
///
/// # Errors
/// Every problem of the file, in the order of their places.
pub fn load(text: &str) -> Result<Compiled, Vec<Problem>> {
    let read = parse::read(text);
    let Some(spec) = &read.spec else { return Err(read.problems) };
    compile_with(spec, &read.source, read.problems, &read.mended)
}

/// Compiles a flow that was read before; `source` gives the problems their places.
///
/// # Errors
/// Every problem of the flow, in the order of their places.
pub fn compile(spec: &FlowSpec, source: &Source) -> Result<Compiled, Vec<Problem>> {
    compile_with(spec, source, Vec::new(), &[])
}

/// Compiles a flow that did not come from text; problems have pointers, but no lines.
///
/// # Errors
/// Every problem of the flow.
pub fn plan(spec: &FlowSpec) -> Result<Plan, Vec<Problem>> {
    compile(spec, &Source::default()).map(|(plan, _)| plan)
}

/// `found` are problems of reading: where there are any, there is no plan, but everything else is reported too.
fn compile_with(spec: &FlowSpec, source: &Source, found: Vec<Problem>, mended: &[String]) -> Result<Compiled, Vec<Problem>> {
    let mut context = Context::new(source);
    let (scopes, gates) = parts(spec, &mut context);
    let input = optional(spec.input.as_ref(), |schema| context.schema("/input", schema));
    // What was mended to go on reading is not reported a second time as something else.
    context.problems.retain(|problem| !mended.iter().any(|pointer| is_around(pointer, &problem.pointer)));
    context.problems.extend(found);
    let mut problems = context.problems;
    problems.sort_by(|a, b| (a.line, a.column, a.code, &a.pointer).cmp(&(b.line, b.column, b.code, &b.pointer)));
    problems.dedup();
    let refused = problems.iter().any(|problem| problem.severity == Severity::Error);
    match (refused, scopes, input, gates) {
        (false, Some(scopes), Some(input), Some(gates)) => {
            let plan = Plan {
                name: spec.flow.clone(),
                digest: digest::of(spec),
                spec: Arc::new(spec.clone()),
                scopes,
                input,
                limits: limits(spec),
                gate: gates.gate,
                result: gates.result,
                entries: gates.entries,
            };
            Ok((plan, problems))
        }
        _ => Err(problems),
    }
}

/// Whether a problem at `pointer` may come from what was broken: at the same node, inside it, or at its parent.
fn is_around(broken: &str, pointer: &str) -> bool {
    let inside = |outer: &str, inner: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let parent = broken.rfind('/').map_or("", |at| &broken[..at]);
    inside(broken, pointer) || (parent.matches('/').count() > 1 && pointer == parent)
}

fn parts(spec: &FlowSpec, context: &mut Context<'_>) -> (Option<Vec<Scope>>, Option<Gates>) {
    let defaults = Defaults { spec: spec.defaults.as_ref() };
    let views = view::views(spec, context);
    let bodies: HashMap<(ScopeIx, StepIx), ScopeIx> = views.iter().filter_map(|view| view.owner.map(|owner| (owner, view.ix))).collect();
    let parts: Vec<_> = views.iter().map(|view| scope::parts(context, view, &defaults, &bodies)).collect();
    let gates = validators::gates(context, spec, &views, &defaults);
    validate::check(spec, &views, context);
    let scopes = views.iter().zip(parts).map(|(view, parts)| scope::scope(view, parts, &defaults)).collect();
    (scopes, gates)
}

fn limits(spec: &FlowSpec) -> Limits {
    let given = spec.limits.clone().unwrap_or_default();
    Limits {
        timeout_ms: given.timeout.map(|timeout| timeout.ms),
        steps: given.steps.unwrap_or(STEPS_DEFAULT),
        cost_usd: given.cost_usd,
        tokens: given.tokens,
        on_breach: given.on_breach.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests;
