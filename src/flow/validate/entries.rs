//! What an entry changes: with another first step, or another input, what expressions read and approvals release is judged once more.

use std::collections::HashSet;

use super::data::{Checker, references};
use crate::flow::compile::context::Context;
use crate::flow::compile::view::View;
use crate::flow::spec::FlowSpec;

pub fn check(spec: &FlowSpec, views: &[View<'_>], context: &mut Context<'_>) {
    let Some(root) = views.first() else { return };
    for (key, entry) in &spec.entries {
        let start = entry.start.as_deref().and_then(|id| root.by_id.get(id).copied());
        if (start.is_none() && entry.input.is_none()) || views.iter().any(|view| view.shape.is_none()) {
            continue;
        }
        let entered: Vec<View<'_>> = views
            .iter()
            .map(|view| {
                let own = view.shape.as_ref().map_or(0, |(graph, _)| graph.start);
                view.entered_at(if view.owner.is_none() { start.unwrap_or(own) } else { own })
            })
            .collect();
        reads(spec, &entered, key, context);
        if start.is_some() {
            released(&entered[0], key, context);
        }
    }
}

fn reads(spec: &FlowSpec, views: &[View<'_>], key: &str, context: &mut Context<'_>) {
    let checker = Checker::new(spec, views);
    let input = spec.entries.get(key).and_then(|entry| entry.input.as_ref()).or(spec.input.as_ref());
    let uses = std::mem::take(&mut context.uses);
    let before: HashSet<(String, &'static str)> = context.problems.iter().map(|problem| (problem.pointer.clone(), problem.code)).collect();
    for one in &uses {
        for found in references(&one.code).iter().filter_map(|reference| checker.through_entry(one, reference, input)) {
            // What is wrong whatever the entry has been said.
            if !before.contains(&(one.pointer.clone(), found.code)) {
                context.error(found.code, &one.pointer, format!("from entry `{key}`: {}", found.message), found.hint);
            }
        }
    }
    context.uses = uses;
}

/// An entry behind an approval would reach its action without asking.
fn released(root: &View<'_>, key: &str, context: &mut Context<'_>) {
    let Some((_, shape)) = &root.shape else { return };
    for (approval, (id, spec)) in root.steps.iter().enumerate() {
        let Some(action) = spec.approval.as_ref().and_then(|approval| approval.action.as_deref()) else { continue };
        let Some(&reached) = root.by_id.get(action) else { continue };
        if shape.reachable[reached] && !shape.reachable[approval] {
            let at = format!("{}/approval/action", root.step_pointer(approval));
            let message = format!("from entry `{key}`, `{action}` is reached without `{id}`, which releases it");
            context.error("action_without_approval", &at, message, "let the entry begin before the approval");
        }
    }
}
