//! Edges one by one and per port: ports that exist, conditions beside `otherwise`, repetitions.

use std::collections::HashSet;

use crate::flow::compile::context::Context;
use crate::flow::compile::kind::kinds;
use crate::flow::compile::view::View;
use crate::flow::source::{child, did_you_mean};
use crate::flow::spec::{DecisionKind, ExpiresSpec, ExpiryThen, StepSpec};

pub fn check(view: &View<'_>, context: &mut Context<'_>) {
    let mut seen = HashSet::new();
    for edge in &view.edges {
        let named = format!("{} → {}", view.id(edge.from), view.id(edge.to));
        if !seen.insert((edge.from, edge.to, edge.port, edge.spec.when.as_deref(), edge.spec.otherwise)) {
            context.error("duplicate_edge", &edge.pointer, format!("the edge {named} is given twice"), "remove one of them");
        }
        if edge.spec.when.is_some() && edge.spec.otherwise {
            let hint = "`otherwise` is taken when no `when` beside it holds; remove one of them";
            context.error("when_and_otherwise", &edge.pointer, format!("the edge {named} has a condition and `otherwise`"), hint);
        }
        let beside = |other: &&crate::flow::compile::view::EdgeView<'_>| other.from == edge.from && other.port == edge.port;
        if edge.spec.otherwise && !view.edges.iter().filter(beside).any(|other| other.spec.when.is_some() && !other.spec.otherwise) {
            let message = format!("the edge {named} has `otherwise`, but no edge beside it has a condition");
            context.error("otherwise_without_when", &edge.pointer, message, "remove `otherwise`, or give the other edge a `when`");
        }
        port(view, edge, context);
    }
    for step in 0..view.steps.len() {
        unhandled(view, step, context);
    }
}

fn port(view: &View<'_>, edge: &crate::flow::compile::view::EdgeView<'_>, context: &mut Context<'_>) {
    let (id, step) = view.steps[edge.from];
    if kinds(step).len() != 1 {
        return;
    }
    if step.end.is_some() {
        context.error("edge_from_end", &edge.pointer, format!("`{id}` ends the flow, so nothing follows it"), "remove the edge");
        return;
    }
    let ports = ports(step);
    if edge.port == "exhausted" || ports.iter().any(|port| port == edge.port) {
        return;
    }
    let at = if edge.spec.on.is_some() { child(&edge.pointer, "on") } else { edge.pointer.clone() };
    let hint = match (edge.port, &step.approval) {
        ("expired", _) => "it needs `expires: {after: …, then: branch}`".to_owned(),
        ("rejected" | "responded", Some(_)) => {
            format!("list it under `decisions:` first; {}", did_you_mean(edge.port, ports.iter().map(String::as_str)))
        }
        _ => did_you_mean(edge.port, ports.iter().map(String::as_str)),
    };
    context.error("unknown_port", &at, format!("`{id}` never ends with `{}`", edge.port), hint);
}

fn expires_to(expires: Option<&ExpiresSpec>) -> Option<&'static str> {
    match expires?.then {
        ExpiryThen::Branch => Some("expired"),
        ExpiryThen::Reject => Some("rejected"),
        ExpiryThen::Fail | ExpiryThen::Ask(_) => None,
    }
}

/// The ports that a step can end with, `exhausted` (which only a loop's header has) aside.
fn ports(step: &StepSpec) -> Vec<String> {
    let mut ports: Vec<&str> = Vec::new();
    if let Some(approval) = &step.approval {
        let listed = |kind| approval.decisions.as_ref().is_some_and(|decisions| decisions.contains(&kind));
        ports.push("approved");
        if approval.decisions.is_none() || listed(DecisionKind::Reject) {
            ports.push("rejected");
        }
        if listed(DecisionKind::Respond) {
            ports.push("responded");
        }
        ports.extend(expires_to(approval.expires.as_ref()));
    } else if let Some(names) = step.event.as_ref().and_then(|event| event.any_of.as_ref()) {
        ports.extend(names.iter().map(String::as_str));
    } else if step.fail.is_none() {
        ports.push("ok");
        ports.extend(step.ask.as_ref().and_then(|ask| expires_to(ask.expires.as_ref())));
    }
    ports.push("error");
    ports.into_iter().map(str::to_owned).collect()
}

/// Outcomes that the step asks for by name, so that leaving them without an edge is surely an oversight.
fn unhandled(view: &View<'_>, step: usize, context: &mut Context<'_>) {
    let (id, spec) = view.steps[step];
    let pointer = view.step_pointer(step);
    let mut wanted: Vec<(String, String)> = Vec::new();
    let expires =
        spec.approval.as_ref().and_then(|approval| approval.expires.as_ref()).or(spec.ask.as_ref().and_then(|ask| ask.expires.as_ref()));
    if expires.is_some_and(|expires| expires.then == ExpiryThen::Branch) {
        let kind = if spec.approval.is_some() { "approval" } else { "ask" };
        wanted.push(("expired".to_owned(), format!("{pointer}/{kind}/expires/then")));
    }
    if spec
        .approval
        .as_ref()
        .and_then(|approval| approval.decisions.as_ref())
        .is_some_and(|decisions| decisions.contains(&DecisionKind::Respond))
    {
        wanted.push(("responded".to_owned(), format!("{pointer}/approval/decisions")));
    }
    for (index, name) in spec.event.iter().filter_map(|event| event.any_of.as_ref()).flatten().enumerate() {
        wanted.push((name.clone(), format!("{pointer}/event/any_of/{index}")));
    }
    for (port, at) in wanted {
        if !view.edges.iter().any(|edge| edge.from == step && edge.port == port) {
            let message = format!("`{id}` may end with `{port}`, which has no edge and would fail the flow");
            context.warning("unhandled_port", &at, message, format!("add an edge with `on: {port}`"));
        }
    }
}
