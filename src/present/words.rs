//! Instants, money, questions and verdicts in words.

use crate::machine::question::{QuestionKind, Verdict};

/// An instant for people, in UTC, to the second.
#[must_use]
pub fn instant(at: crate::ids::TimeMs) -> String {
    let ms = i64::try_from(at.0).unwrap_or(i64::MAX);
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| format!("{ms}ms"), |stamp| stamp.strftime("%Y-%m-%dT%H:%M:%SZ").to_string())
}

/// Dollars for people: enough digits to see what a call costs.
#[must_use]
pub fn dollars(usd: f64) -> String {
    if usd > 0.0 && usd < 0.01 { format!("${usd:.6}") } else { format!("${:.2}", usd.abs()) }
}

/// What kind of question it is, for people.
#[must_use]
pub fn question_word(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Approval | QuestionKind::ToolApproval => "asks for approval",
        QuestionKind::Ask => "asks",
        QuestionKind::InDoubt => "is in doubt",
        QuestionKind::Budget => "asks for budget",
    }
}

/// What a decision was, for people.
#[must_use]
pub fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Approve => "approved",
        Verdict::Edit { .. } => "edited and approved",
        Verdict::Reject => "rejected",
        Verdict::Respond { .. } => "answered",
        Verdict::Retry => "to be done again, decided",
        Verdict::Happened { .. } => "has happened, decided",
        Verdict::Fail => "given up, decided",
    }
}
