//! Executions as the command line prints them: the documented JSON shapes, and the same for people.

use serde_json::{Value, json};

use super::output::{Accent, Output, dollars, duration, instant};
use crate::engine::{Listed, Snapshot};
use crate::flow::plan::Approvers;
use crate::machine::input::Mode;
use crate::machine::question::QuestionKind;
use crate::machine::summary::{Status, WaitingFor};
use crate::present::action::pretty;
use crate::present::visible::{one_line, visible};

/// What `run -o json` and `exec show -o json` print.
#[must_use]
pub fn execution(snapshot: &Snapshot) -> Value {
    let summary = &snapshot.summary;
    let (output, error) = match &snapshot.ended {
        Some(ended) => (ended.output.clone(), json!(ended.error)),
        None => (Value::Null, Value::Null),
    };
    let mut shown = json!({
        "id": snapshot.id,
        "flow": summary.flow,
        "revision": summary.revision,
        "status": summary.status.native(),
        "output": output,
        "error": error,
        "tokens": summary.tokens,
        "cost_usd": summary.cost.usd(),
        "waiting_for": summary.waiting_for.iter().map(waiting).collect::<Vec<_>>(),
    });
    // Beside the documented fields: only where they say something.
    if snapshot.start.mode == Mode::Rehearsal {
        shown["rehearsal"] = json!(true);
    }
    if let Some(origin) = &snapshot.start.origin {
        shown["origin"] = json!({"execution": origin.execution, "attempt": origin.attempt, "kind": origin.kind});
    }
    if let Some(reason) = &snapshot.quarantined {
        shown["quarantined"] = json!(reason);
    }
    shown
}

/// One row of `exec list -o json`.
#[must_use]
pub fn listed(row: &Listed) -> Value {
    let summary = &row.summary;
    json!({
        "id": row.id,
        "flow": summary.flow,
        "revision": summary.revision,
        "status": summary.status.native(),
        "started_at_ms": summary.started_at,
        "updated_at_ms": summary.updated_at,
        "ended_at_ms": summary.ended_at,
        "tokens": summary.tokens,
        "cost_usd": summary.cost.usd(),
        "error_code": summary.error_code,
        "waiting_for": summary.waiting_for.iter().map(waiting).collect::<Vec<_>>(),
        "parent": summary.parent,
    })
}

/// An entry of `waiting_for`. `kind` says what kind of question it is, or `event`, `timer`, `child`; `id` is the question's.
fn waiting(waiting: &WaitingFor) -> Value {
    match waiting {
        WaitingFor::Question { id, question, step, title, digest, approvers, asked_at, expires_at } => json!({
            "kind": question_kind(*question), "id": id, "step": step, "title": title, "digest": digest,
            "approvers": approvers_json(approvers), "asked_at_ms": asked_at, "expires_at_ms": expires_at,
        }),
        WaitingFor::Event { step, names } => json!({"kind": "event", "step": step, "names": names}),
        WaitingFor::Timer { step, due } => json!({"kind": "timer", "step": step, "due_at_ms": due}),
        WaitingFor::Child { step, execution } => json!({"kind": "child", "step": step, "execution": execution}),
    }
}

/// Who may decide, with the quorum that counts: where the flow names nobody it says none, and one decision is needed all the same.
#[must_use]
pub fn approvers_json(approvers: &Approvers) -> Value {
    json!({"any_of": approvers.any_of, "quorum": approvers.quorum.max(1), "exclude": approvers.exclude})
}

/// The name of a kind of question, in JSON and in tables.
#[must_use]
pub fn question_kind(kind: QuestionKind) -> &'static str {
    match kind {
        QuestionKind::Approval => "approval",
        QuestionKind::ToolApproval => "tool_approval",
        QuestionKind::Ask => "ask",
        QuestionKind::InDoubt => "in_doubt",
        QuestionKind::Budget => "budget",
    }
}

/// What an execution waits for, in a few words.
#[must_use]
pub fn waiting_text(waiting: &WaitingFor) -> String {
    match waiting {
        WaitingFor::Question { question, step, title, .. } => {
            format!("{} {}: {}", visible(step), super::tree::question_word(*question), one_line(title, 80))
        }
        WaitingFor::Event { step, names } => format!("{} waits for event {}", visible(step), visible(&names.join(" or "))),
        WaitingFor::Timer { step, due } => format!("{} waits until {}", visible(step), instant(*due)),
        WaitingFor::Child { step, execution } => format!("{} waits for child {execution}", visible(step)),
    }
}

/// The rows of `exec list` for people.
#[must_use]
pub fn list_row(row: &Listed, now: crate::ids::TimeMs) -> Vec<String> {
    let summary = &row.summary;
    let about = match (&summary.error_code, summary.waiting_for.first()) {
        (Some(code), _) => code.clone(),
        (None, Some(first)) => waiting_text(first),
        (None, None) => String::new(),
    };
    vec![
        row.id.to_string(),
        visible(&summary.flow).into_owned(),
        summary.status.native().to_owned(),
        format!("{} ago", duration(now.since(summary.started_at))),
        summary.tokens.to_string(),
        dollars(summary.cost.usd()),
        one_line(&about, 60),
    ]
}

/// `exec show` for people.
#[must_use]
pub fn execution_text(output: Output, snapshot: &Snapshot) -> String {
    let summary = &snapshot.summary;
    let mut rows: Vec<(&str, String)> = vec![
        ("flow", format!("{} revision {}", visible(&summary.flow), summary.revision)),
        ("status", output.accent(status_accent(summary.status), summary.status.native())),
        ("started", format!("{} by {}", instant(summary.started_at), visible(&snapshot.start.starter.user))),
    ];
    if snapshot.start.mode == Mode::Rehearsal {
        rows.push(("rehearsal", "every outward step is answered by a script".to_owned()));
    }
    if let Some(ended_at) = summary.ended_at {
        rows.push(("ended", format!("{} after {}", instant(ended_at), duration(ended_at.since(summary.started_at)))));
    }
    rows.push(("cost", format!("{} · {} tokens", dollars(summary.cost.usd()), summary.tokens)));
    if let Some(origin) = &snapshot.start.origin {
        rows.push(("origin", format!("{:?} of {} from {}", origin.kind, origin.execution, visible(&origin.attempt)).to_lowercase()));
    }
    rows.push(("input", one_line(&snapshot.start.input.to_string(), 300)));
    rows.extend(summary.waiting_for.iter().map(|waiting| ("waits", waiting_text(waiting))));
    if let Some(reason) = &snapshot.quarantined {
        rows.push(("quarantined", visible(reason).into_owned()));
    }
    if let Some(ended) = &snapshot.ended {
        if let Some(error) = &ended.error {
            rows.push(("error", format!("{}: {}", visible(&error.code), visible(&error.message))));
        }
        if ended.status == Status::Completed {
            rows.push(("output", pretty(&ended.output)));
        }
    }
    let lines = rows.iter().map(|(name, value)| format!("  {name:<12} {}", value.replace('\n', "\n               ")));
    std::iter::once(output.accent(Accent::Strong, &snapshot.id.to_string())).chain(lines).collect::<Vec<_>>().join("\n")
}

#[must_use]
pub fn status_accent(status: Status) -> Accent {
    match status {
        Status::Completed => Accent::Good,
        Status::Failed | Status::TimedOut | Status::Rejected => Accent::Bad,
        Status::Cancelled | Status::WaitingPerson | Status::WaitingAsync => Accent::Attention,
        Status::Running => Accent::Strong,
    }
}
