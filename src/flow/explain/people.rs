//! Who is asked what, how many must agree, and what silence turns into.

use super::{all_steps, duration};
use crate::flow::plan::{Approvers, Expiry, Kind, Plan, Policy, ToolGate};
use crate::flow::spec::DecisionKind;

/// One line per question that the flow can ask.
pub(super) fn questions(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for (scope, step) in all_steps(plan) {
        match &step.kind {
            Kind::Approval(approval) => {
                let action = match approval.action {
                    Some(action) => format!("whether {} may run, exactly as shown", scope.step(action).id),
                    None => format!("“{}”", approval.title.source().trim()),
                };
                let may = decisions(&approval.decisions);
                lines.push(format!(
                    "{}: {} decides {action} ({may}).{}",
                    step.id,
                    who(&approval.policy.approvers),
                    until(&approval.policy)
                ));
            }
            Kind::Ask(ask) => {
                let answer = if ask.form.is_some() { "fills in a form" } else { "answers in words" };
                lines.push(format!(
                    "{}: {} {answer}: “{}”.{}",
                    step.id,
                    who(&ask.policy.approvers),
                    ask.title.source().trim(),
                    until(&ask.policy)
                ));
            }
            Kind::Agent(agent) => {
                let gated = agent.tools.iter().filter_map(|tool| tool.approval.as_ref().map(|gate| (tool, gate)));
                lines.extend(gated.map(|(tool, gate)| tool_gate(step.id.as_str(), &tool.name, gate)));
            }
            _ => {}
        }
    }
    if lines.is_empty() {
        lines.push("Nobody, as long as nothing is in doubt.".to_owned());
    }
    lines
}

fn tool_gate(step: &str, tool: &str, gate: &ToolGate) -> String {
    let when = gate.when.as_ref().map_or_else(|| "each time".to_owned(), |when| format!("when {}", when.source()));
    format!(
        "{step}: before the tool {tool} is called, {when}, {} decides ({}).{}",
        who(&gate.policy.approvers),
        decisions(&gate.decisions),
        until(&gate.policy)
    )
}

fn decisions(kinds: &[DecisionKind]) -> String {
    let word = |kind: &DecisionKind| match kind {
        DecisionKind::Approve => "approve",
        DecisionKind::Edit => "edit",
        DecisionKind::Reject => "reject",
        DecisionKind::Respond => "respond",
    };
    kinds.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn who(approvers: &Approvers) -> String {
    let people = match &approvers.any_of[..] {
        [] => "whoever may decide approvals".to_owned(),
        some => some.join(" or "),
    };
    let many = if approvers.quorum > 1 { format!(", {} of them together,", approvers.quorum) } else { String::new() };
    let not = if approvers.exclude.is_empty() { String::new() } else { format!(" (not {})", approvers.exclude.join(", ")) };
    format!("{people}{not}{many}")
}

fn until(policy: &Policy) -> String {
    match &policy.expires {
        None => " It waits for as long as it takes.".to_owned(),
        Some((after, then)) => {
            let then = match then {
                Expiry::Reject => "counts as rejected".to_owned(),
                Expiry::Fail => "fails".to_owned(),
                Expiry::Branch => "goes on by `expired`".to_owned(),
                Expiry::Ask(others) => format!("goes to {}", who(others)),
            };
            format!(" Unanswered after {}, it {then}.", duration(*after))
        }
    }
}
