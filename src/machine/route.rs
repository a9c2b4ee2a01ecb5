//! Which edges a settled step takes: its port, then the conditions of the port's edges.

use super::call::CallError;
use crate::flow::names::Names;
use crate::flow::plan::{EdgeIx, Kind, Scope, Step};
use crate::flow::spec::Select;

/// The port that an edge without `on:` names, and that a step may end on without any edge.
#[must_use]
pub(super) fn default_port(kind: &Kind) -> &'static str {
    match kind {
        Kind::Approval(_) => "approved",
        Kind::Llm(_)
        | Kind::Agent(_)
        | Kind::Call(_)
        | Kind::Ask(_)
        | Kind::Map(_)
        | Kind::Child(_)
        | Kind::Wait(_)
        | Kind::Event(_)
        | Kind::Set(_)
        | Kind::Fail { .. }
        | Kind::End { .. } => "ok",
    }
}

/// The live edges of a step that ended on `port`; empty is a natural end.
///
/// # Errors
/// `routing`: the port has edges and none fires, a condition cannot be evaluated, or a port other than the default has no edge.
pub(super) fn route(scope: &Scope, step: &Step, port: &str, names: &dyn Names) -> Result<Vec<u32>, CallError> {
    let edges: Vec<_> = step.outgoing.iter().copied().filter(|edge| scope.edge(*edge).port == port).collect();
    if edges.is_empty() {
        if port == default_port(&step.kind) {
            return Ok(Vec::new());
        }
        return Err(routing(format!("`{}` ended on `{port}` and no edge leads on from there", step.id)));
    }
    let taken = choose(scope, &edges, step.select, names)?;
    if taken.is_empty() {
        return Err(routing(format!("no edge of `{}` on `{port}` holds; add one with `otherwise: true`", step.id)));
    }
    Ok(taken)
}

/// Of the edges of one port: the unconditional ones, the `when` edges that hold (the first, or all), `otherwise` iff none held.
///
/// # Errors
/// `routing` when a condition cannot be evaluated.
pub(super) fn choose(scope: &Scope, edges: &[EdgeIx], select: Select, names: &dyn Names) -> Result<Vec<u32>, CallError> {
    let mut taken = Vec::new();
    let mut held = false;
    for ix in edges {
        let edge = scope.edge(*ix);
        let Some(when) = &edge.when else { continue };
        if held && select == Select::First {
            continue;
        }
        if when.eval_bool(names).map_err(|error| routing(error.to_string()))? {
            held = true;
            taken.push(ix.0);
        }
    }
    let unconditional = edges.iter().filter(|ix| {
        let edge = scope.edge(**ix);
        edge.when.is_none() && (!edge.otherwise || !held)
    });
    taken.extend(unconditional.map(|ix| ix.0));
    taken.sort_unstable();
    Ok(taken)
}

fn routing(message: String) -> CallError {
    CallError::new("routing", message)
}
