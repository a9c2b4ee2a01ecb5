//! What the graph decides: ways in, ways through, ways out, loops and their bounds, joins.

use crate::flow::compile::context::Context;
use crate::flow::compile::frame::Frames;
use crate::flow::compile::view::{Start, View};
use crate::flow::plan::EdgeIx;
use crate::flow::source::child;
use crate::flow::spec::{JoinSpec, Rest};

pub fn check(view: &View<'_>, context: &mut Context<'_>) {
    let Some((graph, shape)) = &view.shape else { return };
    let known = matches!(view.start, Start::Known(_));
    for step in (0..view.steps.len()).filter(|&step| known && !shape.reachable[step]) {
        let message = format!("no path leads from `{}` to `{}`", view.id(graph.start), view.id(step));
        context.error("unreachable", &view.step_pointer(step), message, "add an edge to it, or remove the step");
    }
    for edges in &shape.irreducible {
        let message = format!("this cycle can be entered at more than one step: {}", view.edges_text(edges));
        let hint = "let every way in lead to one step of the cycle, and give that step `visits`";
        context.error("irreducible_cycle", &view.edges[edges[0]].pointer, message, hint);
    }
    if let Some(frames) = Frames::of(view) {
        headers(&frames, context);
        for index in 0..shape.loops.len() {
            loop_leaves_and_repeats(&frames, index, context);
        }
        joins(&frames, context);
    }
}

/// `visits` and `exhausted` belong to headers, and a header needs `visits`.
fn headers(frames: &Frames<'_>, context: &mut Context<'_>) {
    let (view, shape) = (frames.view, frames.shape);
    for (step, (id, spec)) in view.steps.iter().enumerate() {
        let pointer = view.step_pointer(step);
        match (shape.heads[step], spec.visits) {
            (Some(headed), None) => {
                let edges = view.edges_text(&shape.loops[headed].back_edges);
                let message = format!("`{id}` heads a loop (back by {edges}) without a bound");
                context.error("loop_without_bound", &pointer, message, "say how often it may be entered: `visits: 5`");
            }
            (None, Some(_)) if shape.reachable[step] => {
                let message = format!("`{id}` heads no loop, so `visits` has no meaning");
                context.error("visits_without_loop", &child(&pointer, "visits"), message, "put it on the step that the back edge leads to");
            }
            _ => {}
        }
    }
    for (index, edge) in view.edges.iter().enumerate().filter(|(_, edge)| edge.port == "exhausted" && shape.reachable[edge.from]) {
        let at = child(&edge.pointer, "on");
        match shape.heads[edge.from] {
            None => {
                let message = format!("`{}` heads no loop, so it is never exhausted", view.id(edge.from));
                context.error("exhausted_not_header", &at, message, "let the edge leave the step that has `visits`");
            }
            Some(headed) if !frames.leaves(index, headed) => {
                context.error(
                    "exhausted_inside",
                    &at,
                    "this edge leads back into the loop whose visits are used up",
                    "lead it to a step outside",
                );
            }
            Some(_) => {}
        }
    }
}

fn loop_leaves_and_repeats(frames: &Frames<'_>, index: usize, context: &mut Context<'_>) {
    let (view, shape) = (frames.view, frames.shape);
    let this = &shape.loops[index];
    let exits = frames.exits(index);
    let ends_inside = this.nodes.iter().any(|&step| frames.can_end_here(step));
    if exits.is_empty() && frames.owned(index).is_empty() && !ends_inside {
        let message = format!("nothing leaves the loop of `{}`: it can only use its visits up and fail", view.id(this.header));
        let hint = "add an edge to a step outside, or one with `on: exhausted` from the header";
        context.error("no_way_out", &view.step_pointer(this.header), message, hint);
    }
    for EdgeIx(exit) in exits {
        let exit = exit as usize;
        if never_repeats(frames, index, exit) {
            let edge = &view.edges[exit];
            let message = format!("{} → {} is taken in every visit, so the loop never repeats", view.id(edge.from), view.id(edge.to));
            context.error("never_repeats", &edge.pointer, message, "give this edge a condition, or let it leave by another port");
        }
    }
}

/// An unconditional exit of a step that every visit passes before it repeats, by the port by which it goes on.
fn never_repeats(frames: &Frames<'_>, index: usize, exit: usize) -> bool {
    let (view, shape) = (frames.view, frames.shape);
    let edge = &view.edges[exit];
    let this = &shape.loops[index];
    let passed = this.back_edges.iter().all(|&back| shape.dominates(edge.from, view.edges[back].from));
    let mut ways_back = shape.out[edge.from].iter().filter(|&&other| !frames.leaves(other, index));
    edge.is_unconditional() && passed && ways_back.all(|&other| view.edges[other].port == edge.port)
}

fn joins(frames: &Frames<'_>, context: &mut Context<'_>) {
    let (view, shape) = (frames.view, frames.shape);
    for (step, (id, spec)) in view.steps.iter().enumerate() {
        let Some(join) = spec.join else { continue };
        let at = child(&view.step_pointer(step), "join");
        let incoming = frames.incoming(step).len();
        match join {
            JoinSpec::N { n: 0 } => context.error("bad_limit", &at, "a join waits for at least one edge", "give 1 or more"),
            JoinSpec::N { n } if n as usize > incoming => {
                let message = format!("`{id}` waits for {n} live edges, but only {incoming} lead to it");
                context.error("join_never", &at, message, "lower `n`; a back edge does not count");
            }
            _ if incoming == 0 => {
                context.warning(
                    "join_without_edges",
                    &at,
                    format!("no edge leads to `{id}`, so there is nothing to join"),
                    "remove `join`",
                );
            }
            _ => {}
        }
        let level = shape.heads[step].map_or(shape.within[step], |headed| shape.loops[headed].parent);
        let leaves = spec.rest.unwrap_or_default() == Rest::Leave;
        if join != JoinSpec::All && leaves && level.is_some() && incoming > 1 {
            let message = format!("what `{id}` does not wait for still runs, and delays the next visit of the loop");
            context.warning("leave_in_loop", &at, message, "say `rest: cancel` to end it");
        }
    }
}
