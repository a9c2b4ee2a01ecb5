//! Executions as the command line prints them: the documented JSON shapes, and the same for people.

use serde_json::{Value, json};

use super::output::{Accent, Output, dollars, duration, instant};
use crate::engine::{Listed, Snapshot};
use crate::flow::plan::Approvers;
use crate::ids::TimeMs;
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
pub fn waiting_text(waiting_for: &WaitingFor) -> String {
    waiting_words(&waiting(waiting_for))
}

/// The same of an entry of `waiting_for`.
#[must_use]
pub fn waiting_words(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    let step = visible(text("step"));
    match text("kind") {
        "event" => {
            let names: Vec<&str> = entry["names"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            format!("{step} waits for event {}", visible(&names.join(" or ")))
        }
        "timer" => format!("{step} waits until {}", instant(TimeMs(entry["due_at_ms"].as_u64().unwrap_or_default()))),
        "pause" => "paused".to_owned(),
        "child" => format!("{step} waits for child {}", visible(text("execution"))),
        _ => {
            let kind = serde_json::from_value(entry["kind"].clone()).unwrap_or(QuestionKind::Approval);
            let words = format!("{step} {}: {}", super::tree::question_word(kind), one_line(text("title"), 80));
            words.trim_start().to_owned()
        }
    }
}

/// The cells of a row of `exec list` for people.
#[must_use]
pub fn list_cells(row: &Value, now: TimeMs) -> Vec<String> {
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let about = match (row["error_code"].as_str(), row["waiting_for"].get(0)) {
        (Some(code), _) => code.to_owned(),
        (None, Some(first)) => waiting_words(first),
        (None, None) => String::new(),
    };
    let started_at = TimeMs(row["started_at_ms"].as_u64().unwrap_or_default());
    vec![
        visible(text("id")).into_owned(),
        visible(text("flow")).into_owned(),
        visible(text("status")).into_owned(),
        format!("{} ago", duration(now.since(started_at))),
        row["tokens"].as_u64().unwrap_or_default().to_string(),
        dollars(row["cost_usd"].as_f64().unwrap_or_default()),
        one_line(&about, 60),
    ]
}

/// What people are shown of an execution beside its JSON.
#[derive(Clone, Debug)]
pub struct Beside {
    pub started_at: TimeMs,
    pub starter: Option<String>,
    pub ended_at: Option<TimeMs>,
    pub input: Option<Value>,
}

/// `exec show` for people.
#[must_use]
pub fn execution_text(output: Output, snapshot: &Snapshot) -> String {
    let (start, summary) = (&snapshot.start, &snapshot.summary);
    let beside = Beside {
        started_at: summary.started_at,
        starter: Some(start.starter.user.clone()),
        ended_at: summary.ended_at,
        input: Some(start.input.clone()),
    };
    standing_text(output, &execution(snapshot), &beside)
}

/// The same of its JSON, wherever that comes from.
#[must_use]
pub fn standing_text(output: Output, shown: &Value, beside: &Beside) -> String {
    let text = |name: &str| shown[name].as_str().unwrap_or_default();
    let status = text("status");
    let by = beside.starter.as_ref().map(|user| format!(" by {}", visible(user))).unwrap_or_default();
    let mut rows: Vec<(&str, String)> = vec![
        ("flow", format!("{} revision {}", visible(text("flow")), shown["revision"])),
        ("status", output.accent(status_accent(status), &visible(status))),
        ("started", format!("{}{by}", instant(beside.started_at))),
    ];
    if shown["rehearsal"] == true {
        rows.push(("rehearsal", "every outward step is answered by a script".to_owned()));
    }
    if let Some(ended_at) = beside.ended_at {
        rows.push(("ended", format!("{} after {}", instant(ended_at), duration(ended_at.since(beside.started_at)))));
    }
    let cost = dollars(shown["cost_usd"].as_f64().unwrap_or_default());
    rows.push(("cost", format!("{cost} · {} tokens", shown["tokens"].as_u64().unwrap_or_default())));
    if let Some(origin) = shown["origin"].as_object() {
        let part = |name: &str| visible(origin.get(name).and_then(Value::as_str).unwrap_or_default()).into_owned();
        rows.push(("origin", format!("{} of {} from {}", part("kind"), part("execution"), part("attempt"))));
    }
    rows.extend(beside.input.as_ref().map(|input| ("input", one_line(&input.to_string(), 300))));
    rows.extend(shown["waiting_for"].as_array().into_iter().flatten().map(|entry| ("waits", waiting_words(entry))));
    if let Some(reason) = shown["quarantined"].as_str() {
        rows.push(("quarantined", visible(reason).into_owned()));
    }
    if let Some(error) = shown["error"].as_object() {
        let part = |name: &str| visible(error.get(name).and_then(Value::as_str).unwrap_or_default()).into_owned();
        rows.push(("error", format!("{}: {}", part("code"), part("message"))));
    }
    if status == Status::Completed.native() {
        rows.push(("output", pretty(&shown["output"])));
    }
    let lines = rows.iter().map(|(name, value)| format!("  {name:<12} {}", value.replace('\n', "\n               ")));
    std::iter::once(output.accent(Accent::Strong, &visible(text("id")))).chain(lines).collect::<Vec<_>>().join("\n")
}

/// How a status looks, by its native name.
#[must_use]
pub fn status_accent(status: &str) -> Accent {
    match status {
        "COMPLETED" => Accent::Good,
        "FAILED" | "REJECTED" => Accent::Bad,
        "CANCELLED" | "WAITING_FOR_HUMAN" | "WAITING_FOR_ASYNC" => Accent::Attention,
        _ => Accent::Strong,
    }
}
