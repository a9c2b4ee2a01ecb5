//! Who may decide, how many must, and what stands: pure rules over a question, used by `asking`.

use super::decide::Refusal;
use super::question::{Decided, Decision, Person, Question, QuestionKind, Verdict};
use crate::flow::plan::Approvers;
use crate::flow::spec::DecisionKind;

/// Whether this person may decide this question at all.
///
/// # Errors
/// `NotAllowed`, naming the rule.
pub fn may_decide(question: &Question, person: &Person) -> Result<(), Refusal> {
    if person.user.is_empty() {
        return Err(Refusal::NotAllowed("a decision needs a named user".to_owned()));
    }
    if question.excluded.contains(&person.user) {
        return Err(Refusal::NotAllowed(format!("{} is excluded from deciding this", person.user)));
    }
    if !is_approver(&question.approvers, person) {
        let wanted = question.approvers.any_of.join(", ");
        return Err(Refusal::NotAllowed(format!("{} is none of the approvers ({wanted})", person.user)));
    }
    Ok(())
}

/// Whether the policy names this person; who is excluded is known to the question only.
#[must_use]
pub fn is_approver(approvers: &Approvers, person: &Person) -> bool {
    approvers.any_of.is_empty()
        || approvers.any_of.iter().any(|wanted| match wanted.split_once(':') {
            Some(("user", user)) => user == person.user,
            Some(("role", role)) => person.every_role || person.roles.iter().any(|held| held == role),
            _ => false,
        })
}

/// Whether this kind of question takes this kind of answer.
///
/// # Errors
/// `Answer`, naming what it takes.
pub(super) fn takes(question: &Question, verdict: &Verdict) -> Result<(), Refusal> {
    let allowed = |kind: DecisionKind| question.decisions.contains(&kind);
    let fits = match (question.kind, verdict) {
        (QuestionKind::InDoubt, Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail | Verdict::Reject)
        | (QuestionKind::Budget, Verdict::Approve | Verdict::Reject) => true,
        (QuestionKind::Approval | QuestionKind::ToolApproval | QuestionKind::Ask, Verdict::Approve) => allowed(DecisionKind::Approve),
        (QuestionKind::Approval | QuestionKind::ToolApproval, Verdict::Edit { .. }) => {
            allowed(DecisionKind::Edit) && question.action.is_some()
        }
        (QuestionKind::Approval | QuestionKind::ToolApproval | QuestionKind::Ask, Verdict::Reject) => allowed(DecisionKind::Reject),
        (QuestionKind::Approval | QuestionKind::ToolApproval | QuestionKind::Ask, Verdict::Respond { .. }) => {
            allowed(DecisionKind::Respond)
        }
        (QuestionKind::InDoubt, Verdict::Approve | Verdict::Edit { .. } | Verdict::Respond { .. })
        | (QuestionKind::Budget, Verdict::Edit { .. } | Verdict::Respond { .. })
        | (QuestionKind::Ask, Verdict::Edit { .. })
        | (_, Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail) => false,
    };
    if fits {
        return Ok(());
    }
    let takes = match question.kind {
        QuestionKind::InDoubt => "retry, happened (with the result) or fail".to_owned(),
        QuestionKind::Budget => "approve or reject".to_owned(),
        QuestionKind::Approval | QuestionKind::ToolApproval | QuestionKind::Ask => {
            let names: Vec<_> = question.decisions.iter().map(|kind| format!("{kind:?}").to_lowercase()).collect();
            names.join(", ")
        }
    };
    Err(Refusal::Answer(format!("this question takes {takes}")))
}

/// Whether `person`'s approval now reaches the quorum.
///
/// # Errors
/// `NotAllowed` when they have voted for this digest already.
pub(super) fn reaches_quorum(question: &Question, person: &Person) -> Result<bool, Refusal> {
    let current = question.votes.iter().filter(|vote| vote.digest == question.digest);
    if current.clone().any(|vote| vote.by == person.user) {
        return Err(Refusal::NotAllowed(format!("{} has approved this already; another approver is needed", person.user)));
    }
    Ok(current.count() + 1 >= question.approvers.quorum.max(1) as usize)
}

/// The same answer by the same person again is harmless; any other comes too late and is told what stands.
///
/// # Errors
/// `Decided`, with the decision that took effect.
pub(super) fn repeated(decided: &Decided, decision: &Decision) -> Result<(), Refusal> {
    // An edit stands with the digest that it led to, not with the one that the editor saw.
    let is_same_action = decided.digest == decision.digest || matches!(decided.verdict, Verdict::Edit { .. });
    if decided.by == decision.by.user && decided.verdict == decision.verdict && is_same_action {
        return Ok(());
    }
    Err(Refusal::Decided(Box::new(decided.clone())))
}
