//! Approvals and what they release: every path to an approved action passes its approval's `approved` edge, in the same frame.

use std::collections::VecDeque;

use crate::flow::compile::context::Context;
use crate::flow::compile::kind::kinds;
use crate::flow::compile::view::View;
use crate::flow::graph::{Graph, Shape};
use crate::flow::source::did_you_mean;
use crate::flow::spec::{ApproversSpec, ExpiresSpec, ExpiryThen, StepSpec};

pub fn check(views: &[View<'_>], view: &View<'_>, context: &mut Context<'_>) {
    let mut released: Vec<(usize, usize)> = Vec::new();
    for (step, (_, spec)) in view.steps.iter().enumerate() {
        deciders(views, view, spec, &view.step_pointer(step), context);
        let Some(action) = spec.approval.as_ref().and_then(|approval| approval.action.as_deref()) else { continue };
        let Some(&action) = view.by_id.get(action) else { continue };
        let pointer = format!("{}/approval/action", view.step_pointer(step));
        if let Some((other, _)) = released.iter().find(|(_, taken)| *taken == action) {
            let message = format!("`{}` is already released by `{}`", view.id(action), view.id(*other));
            context.error("action_shared", &pointer, message, "give each approval its own action; a quorum asks several people");
        }
        released.push((step, action));
        gate(view, step, action, &pointer, context);
    }
}

fn gate(view: &View<'_>, approval: usize, action: usize, pointer: &str, context: &mut Context<'_>) {
    let (approval_id, action_id) = (view.id(approval).to_owned(), view.id(action).to_owned());
    let kind = kinds(view.steps[action].1);
    if !matches!(kind[..], ["http" | "mcp" | "builtin" | "flow"]) {
        let message = format!("`{action_id}` makes no call that an approval could fix");
        context.error("action_kind", pointer, message, "an action is an http, mcp, builtin or flow step; without one, leave `action` out");
        return;
    }
    let Some((graph, shape)) = &view.shape else { return };
    if !shape.reachable[approval] || !shape.reachable[action] {
        return;
    }
    let approved = |edge: usize| view.edges[edge].from == approval && view.edges[edge].port == "approved";
    let downstream = shape.out[approval].iter().filter(|&&edge| approved(edge));
    if !downstream.clone().any(|&edge| shape.reaches(graph, view.edges[edge].to, action, |_| true)) {
        let message = format!("no `approved` edge of `{approval_id}` leads to `{action_id}`");
        context.error("action_not_downstream", pointer, message, format!("add {{from: {approval_id}, to: {action_id}, on: approved}}"));
        return;
    }
    if let Some(path) = path_avoiding(graph, shape, action, approved) {
        let path = path.iter().map(|&step| view.id(step)).collect::<Vec<_>>().join(" → ");
        let message = format!("a path reaches `{action_id}` without an approval by `{approval_id}`: {path}");
        context.error(
            "action_without_approval",
            pointer,
            message,
            "lead that path through the approval's `approved` edge, or to another step",
        );
        return;
    }
    if shape.irreducible.is_empty() && shape.within[approval] != shape.within[action] {
        let message =
            format!("`{approval_id}` and `{action_id}` are not in the same loop, so one approval would meet several calls or none");
        context.error("action_other_frame", pointer, message, "put both into the same innermost loop; or ask in the loop without `action`, and release the call by an approval of its own behind it");
    }
}

/// The steps of a shortest path from the start to `to` along edges that are not `avoided`.
fn path_avoiding(graph: &Graph, shape: &Shape, to: usize, avoided: impl Fn(usize) -> bool) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; graph.nodes];
    let mut seen = vec![false; graph.nodes];
    let mut open = VecDeque::from([graph.start]);
    seen[graph.start] = true;
    while let Some(step) = open.pop_front() {
        if step == to {
            let mut path = vec![to];
            while let Some(before) = path.last().and_then(|&last| came_from[last]) {
                path.push(before);
            }
            path.reverse();
            return Some(path);
        }
        for &edge in shape.out[step].iter().filter(|&&edge| !avoided(edge)) {
            let next = graph.edges[edge].1;
            if !std::mem::replace(&mut seen[next], true) {
                came_from[next] = Some(step);
                open.push_back(next);
            }
        }
    }
    None
}

/// Every list of approvers that a step has, with its place.
fn approver_lists<'a>(spec: &'a StepSpec, pointer: &str) -> Vec<(String, &'a ApproversSpec)> {
    let mut lists: Vec<(String, &ApproversSpec)> = Vec::new();
    let mut add = |at: String, key: &str, approvers: Option<&'a ApproversSpec>, expires: Option<&'a ExpiresSpec>| {
        lists.extend(approvers.map(|approvers| (format!("{at}/{key}"), approvers)));
        if let Some(ExpiryThen::Ask(others)) = expires.map(|expires| &expires.then) {
            lists.push((format!("{at}/expires/then/ask"), others));
        }
    };
    if let Some(approval) = &spec.approval {
        add(format!("{pointer}/approval"), "approvers", approval.approvers.as_ref(), approval.expires.as_ref());
    }
    if let Some(ask) = &spec.ask {
        add(format!("{pointer}/ask"), "to", ask.to.as_ref(), ask.expires.as_ref());
    }
    for (index, tool) in spec.agent.iter().flat_map(|agent| &agent.tools).enumerate() {
        if let Some(gate) = &tool.approval {
            add(format!("{pointer}/agent/tools/{index}/approval"), "approvers", gate.approvers.as_ref(), gate.expires.as_ref());
        }
    }
    lists
}

/// `decider:STEP` names a step that asks people, here or around.
fn deciders(views: &[View<'_>], view: &View<'_>, spec: &StepSpec, pointer: &str, context: &mut Context<'_>) {
    for (at, approvers) in approver_lists(spec, pointer) {
        for (index, who) in approvers.exclude.iter().enumerate() {
            let Some(step) = who.strip_prefix("decider:") else { continue };
            let asks = people_steps(views, view);
            if !step.is_empty() && !asks.contains(&step) {
                let message = format!("`{step}` is no step here that asks people");
                context.error("unknown_step", &format!("{at}/exclude/{index}"), message, did_you_mean(step, asks));
            }
        }
    }
}

fn people_steps<'a>(views: &'a [View<'a>], view: &'a View<'a>) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut at = Some(view);
    while let Some(view) = at {
        found.extend(view.steps.iter().filter(|(_, spec)| spec.approval.is_some() || spec.ask.is_some()).map(|(id, _)| *id));
        at = view.owner.map(|(scope, _)| &views[scope.0 as usize]);
    }
    found
}
