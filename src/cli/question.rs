//! A question to people as text: exactly what would be done, byte for byte, and who may decide until when. Used by `approval show` and
//! by the terminal's prompt.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::output::{Accent, Output, dollars, instant};
use super::tree::question_word;
use super::view;
use crate::engine::QuestionRef;
use crate::flow::plan::Approvers;
use crate::ids::NanoUsd;
use crate::machine::question::Question;
use crate::present::action::{call_rows, pretty};
use crate::present::visible::{one_line, visible};

/// How much of a long value is shown unless everything is asked for.
const SHORT_CHARACTERS_MAX: usize = 400;

/// How much of a question is written out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Evidence is cut; what would be done never is.
    Short,
    Full,
}

/// The whole question as text for a terminal. `spent`: tokens and cost of the execution so far.
#[must_use]
pub fn text(output: Output, asked: &QuestionRef, spent: Option<(u64, NanoUsd)>, detail: Detail) -> String {
    let question = &asked.question;
    let heading = format!("{} {}: {}", visible(&question.step), question_word(question.kind), visible(&question.title));
    let mut text = output.accent(Accent::Strong, &heading);
    let mut row = |name: &str, value: &str| {
        let indented = value.replace('\n', "\n               ");
        let _ = write!(text, "\n  {name:<12} {indented}");
    };
    row("question", &question.id.to_string());
    row("execution", &format!("{} ({}) at {}", asked.execution, visible(&asked.flow), visible(&question.place)));
    if let Some(action) = &question.action {
        row("releases", &visible(&action.step));
        for (name, value) in call_rows(&action.call) {
            row(&name, &value);
        }
    }
    row("digest", &question.digest.to_string());
    for shown in &question.show {
        let value = pretty(&shown.value);
        let value = if detail == Detail::Full { value } else { cut(&value) };
        row("evidence", &format!("{} = {value}", visible(&shown.name)));
    }
    if let (Some(form), Detail::Full) = (&question.form, detail) {
        row("form", &pretty(form));
    }
    if let Some((tokens, cost)) = spent {
        row("cost so far", &format!("{} · {tokens} tokens", dollars(cost.usd())));
    }
    row("approvers", &approvers(question));
    for vote in &question.votes {
        let reason = vote.reason.as_deref().map(|reason| format!(": {}", visible(reason))).unwrap_or_default();
        row("vote", &format!("{} on {}{reason}", visible(&vote.by), vote.digest));
    }
    row("deadline", &question.expires_at.map_or_else(|| "none".to_owned(), instant));
    text
}

/// A question as JSON: what the machine knows, with its execution.
#[must_use]
pub fn json(asked: &QuestionRef) -> Value {
    let mut fields = match serde_json::to_value(&asked.question) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    // Times carry their unit in every output of the command line.
    for (name, renamed) in [("asked_at", "asked_at_ms"), ("expires_at", "expires_at_ms")] {
        let value = fields.remove(name).unwrap_or(Value::Null);
        fields.insert(renamed.to_owned(), value);
    }
    fields.insert("approvers".to_owned(), view::approvers_json(&asked.question.approvers));
    fields.insert("execution".to_owned(), json!(asked.execution));
    fields.insert("flow".to_owned(), json!(asked.flow));
    Value::Object(fields)
}

fn approvers(question: &Question) -> String {
    let Approvers { any_of, quorum, .. } = &question.approvers;
    let who = if any_of.is_empty() { "whoever may decide approvals".to_owned() } else { any_of.join(", ") };
    let needed = (*quorum).max(1);
    let excluded = match question.excluded.as_slice() {
        [] => String::new(),
        users => format!("; not {}", users.join(", ")),
    };
    format!("{} ({needed} needed{}){}", visible(&who), votes(question), visible(&excluded))
}

fn votes(question: &Question) -> String {
    if question.votes.is_empty() { String::new() } else { format!(", {} so far", question.votes.len()) }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= SHORT_CHARACTERS_MAX {
        text.to_owned()
    } else {
        format!("{} (s shows all)", one_line(text, SHORT_CHARACTERS_MAX))
    }
}
