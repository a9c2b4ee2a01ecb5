//! Questions to people: approvals, `ask`, tool gates and their policies.

use super::context::{Context, Place, optional};
use super::view::View;
use crate::flow::expr::Expr;
use crate::flow::plan::{Approval, Approvers, Ask, Expiry, Policy, StepIx};
use crate::flow::source::{child, did_you_mean};
use crate::flow::spec::{ApprovalSpec, ApproversSpec, AskSpec, DecisionKind, Duration, ExpiresSpec, ExpiryThen};

/// What may be decided where a question does not say: approve and reject, and edit where there is something to edit; `respond` only
/// where it is listed.
#[must_use]
pub fn decisions_default(has_action: bool) -> Vec<DecisionKind> {
    let mut decisions = vec![DecisionKind::Approve, DecisionKind::Reject];
    if has_action {
        decisions.push(DecisionKind::Edit);
    }
    decisions
}

/// What may be decided, as listed or by default.
pub fn decisions(context: &mut Context<'_>, pointer: &str, given: Option<&[DecisionKind]>, has_action: bool) -> Vec<DecisionKind> {
    let Some(given) = given else { return decisions_default(has_action) };
    let pointer = child(pointer, "decisions");
    if !given.contains(&DecisionKind::Approve) {
        context.error("bad_decisions", &pointer, "nobody could approve", "list at least `approve`");
    }
    if given.iter().enumerate().any(|(index, kind)| given[..index].contains(kind)) {
        context.error("bad_decisions", &pointer, "a decision is listed twice", "list each once");
    }
    if given.contains(&DecisionKind::Edit) && !has_action {
        context.error(
            "bad_decisions",
            &pointer,
            "`edit` needs an action whose arguments are edited",
            "name the step with `action:`, or remove `edit`",
        );
    }
    given.to_vec()
}

/// `key` is where the approvers stand: `approvers`, or an ask's `to`.
pub fn policy(
    context: &mut Context<'_>,
    pointer: &str,
    key: &str,
    given: Option<&ApproversSpec>,
    remind: &[Duration],
    expires: Option<&ExpiresSpec>,
) -> Policy {
    let approvers = given.map(|given| approvers(context, &child(pointer, key), given)).unwrap_or_default();
    let expires = expires.map(|expires| {
        let then = match &expires.then {
            ExpiryThen::Reject => Expiry::Reject,
            ExpiryThen::Fail => Expiry::Fail,
            ExpiryThen::Branch => Expiry::Branch,
            ExpiryThen::Ask(other) => Expiry::Ask(approvers_of_expiry(context, pointer, other)),
        };
        (expires.after.ms, then)
    });
    Policy { approvers, remind_ms: remind.iter().map(|after| after.ms).collect(), expires }
}

fn approvers_of_expiry(context: &mut Context<'_>, pointer: &str, given: &ApproversSpec) -> Approvers {
    approvers(context, &format!("{pointer}/expires/then/ask"), given)
}

fn is_named(text: &str, kinds: &[&str]) -> bool {
    kinds.iter().any(|kind| text.strip_prefix(kind).is_some_and(|name| !name.trim().is_empty()))
}

fn approvers(context: &mut Context<'_>, pointer: &str, given: &ApproversSpec) -> Approvers {
    for (index, who) in given.any_of.iter().enumerate() {
        if !is_named(who, &["role:", "user:"]) {
            let at = format!("{pointer}/any_of/{index}");
            context.error("bad_approver", &at, format!("`{who}` names neither a role nor a user"), "write role:NAME or user:NAME");
        }
    }
    for (index, who) in given.exclude.iter().enumerate() {
        if who != "starter" && !is_named(who, &["user:", "decider:"]) {
            let at = format!("{pointer}/exclude/{index}");
            context.error("bad_exclude", &at, format!("`{who}` cannot be excluded"), "write starter, user:NAME or decider:STEP");
        }
    }
    let quorum = given.quorum.unwrap_or(1);
    quorum_is_possible(context, pointer, given, quorum);
    Approvers { any_of: given.any_of.clone(), quorum, exclude: given.exclude.clone() }
}

/// Where only users are named, there must be enough of them after the exclusions.
fn quorum_is_possible(context: &mut Context<'_>, pointer: &str, given: &ApproversSpec, quorum: u32) {
    if quorum == 0 {
        context.error("bad_limit", &child(pointer, "quorum"), "a quorum of 0 would approve by itself", "give 1 or more");
    }
    if given.any_of.is_empty() || given.any_of.iter().any(|who| !who.starts_with("user:")) {
        return;
    }
    let people: std::collections::HashSet<&String> = given.any_of.iter().filter(|who| !given.exclude.contains(who)).collect();
    if people.len() < quorum as usize {
        let message = format!("{quorum} must approve, but only {} may", people.len());
        let at = if given.quorum.is_some() { child(pointer, "quorum") } else { child(pointer, "any_of") };
        context.error("impossible_quorum", &at, message, "name more people or a role, or lower the quorum");
    }
}

fn show(context: &mut Context<'_>, place: Place, pointer: &str, given: &[String]) -> Option<Vec<Expr>> {
    let compiled: Vec<Option<Expr>> =
        given.iter().enumerate().map(|(index, text)| context.expr(place, &format!("{pointer}/show/{index}"), text)).collect();
    compiled.into_iter().collect()
}

pub fn approval(context: &mut Context<'_>, place: Place, pointer: &str, spec: &ApprovalSpec, view: &View<'_>) -> Option<Approval> {
    let title = context.template(place, &child(pointer, "title"), &spec.title);
    let show = show(context, place, pointer, &spec.show);
    let form = optional(spec.form.as_ref(), |form| context.schema(&child(pointer, "form"), form));
    let action = optional(spec.action.as_ref(), |id| {
        let found = view.by_id.get(id.as_str()).map(|&index| StepIx(super::view::index_u32(index)));
        if found.is_none() {
            let hint = did_you_mean(id, view.by_id.keys().copied());
            context.error("unknown_step", &child(pointer, "action"), format!("no step `{id}` here"), hint);
        }
        found
    });
    let decisions = decisions(context, pointer, spec.decisions.as_deref(), spec.action.is_some());
    let policy = policy(context, pointer, "approvers", spec.approvers.as_ref(), &spec.remind, spec.expires.as_ref());
    Some(Approval { title: title?, show: show?, action: action?, form: form?, decisions, policy })
}

pub fn ask(context: &mut Context<'_>, place: Place, pointer: &str, spec: &AskSpec) -> Option<Ask> {
    let title = context.template(place, &child(pointer, "title"), &spec.title);
    let show = show(context, place, pointer, &spec.show);
    let form = optional(spec.form.as_ref(), |form| context.schema(&child(pointer, "form"), form));
    let policy = policy(context, pointer, "to", spec.to.as_ref(), &spec.remind, spec.expires.as_ref());
    Some(Ask { title: title?, show: show?, form: form?, policy })
}
