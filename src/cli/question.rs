//! A question to people as text: exactly what would be done, byte for byte, and who may decide until when. Used by `approval show` and
//! by the terminal's prompt.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::output::{Accent, Output, dollars, instant};
use super::tree::question_word;
use super::view;
use super::visible::{one_line, visible};
use crate::engine::QuestionRef;
use crate::flow::plan::Approvers;
use crate::flow::template::{Part, Text};
use crate::ids::NanoUsd;
use crate::machine::call::{Body, Call, HttpRequest, Request};
use crate::machine::question::Question;

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

/// What the call does, in rows of name and value; nothing of it is shortened.
fn call_rows(call: &Call) -> Vec<(String, String)> {
    let mut rows = Vec::new();
    let mut add = |name: &str, value: String| rows.push((name.to_owned(), value));
    match &call.request {
        Request::Http(request) => http_rows(request, &mut add),
        Request::Mcp(request) => {
            add("tool", format!("{} of MCP server {}", visible(&request.tool), visible(&request.server)));
            add("arguments", pretty(&request.args));
        }
        Request::Builtin { name, args } => {
            add("tool", format!("{} (builtin)", visible(name)));
            add("arguments", pretty(args));
        }
        Request::Llm(request) => {
            add("model", visible(&request.model).into_owned());
            add("messages", pretty(&json!(request.messages)));
        }
    }
    if let Some(key) = &call.idempotency_key {
        add("key", format!("Idempotency-Key: {}", visible(key)));
    }
    add("effect", format!("{:?}", call.effect).to_lowercase());
    if call.script.is_some() {
        add("rehearsed", "nothing leaves this machine; the answer is scripted".to_owned());
    }
    rows
}

fn http_rows(request: &HttpRequest, add: &mut impl FnMut(&str, String)) {
    add("request", format!("{} {}", visible(&request.method), visible(&request.url)));
    for (name, value) in &request.query {
        add("query", format!("{} = {}", visible(name), written(value)));
    }
    for (name, value) in &request.headers {
        add("header", format!("{}: {}", visible(name), written(value)));
    }
    match &request.body {
        None => add("body", "none".to_owned()),
        Some(body) => {
            let (bytes, has_secret) = body_text(body);
            let size = if has_secret { "secrets filled in when sent".to_owned() } else { format!("{} bytes", bytes.len()) };
            add("body", format!("{}, {size}\n{}", visible(&body.content_type), visible(&bytes)));
        }
    }
}

fn written(text: &Text) -> String {
    match text {
        Text::Plain(text) => visible(text).into_owned(),
        Text::Secret { prefix, secret } => format!("{}‹secret {}›", visible(prefix), visible(secret)),
    }
}

/// The bytes that are sent, with a mark where a secret's value will stand; and whether there is one.
fn body_text(body: &Body) -> (String, bool) {
    let mut has_secret = false;
    let text = body.parts.iter().fold(String::new(), |mut text, part| {
        match part {
            Part::Bytes(bytes) => text.push_str(bytes),
            Part::Secret { secret } => {
                has_secret = true;
                let _ = write!(text, "‹secret {secret}›");
            }
        }
        text
    });
    (text, has_secret)
}

/// A JSON value for people; a text without its quotes.
#[must_use]
pub fn pretty(value: &Value) -> String {
    match value {
        Value::String(text) => visible(text).into_owned(),
        other => visible(&serde_json::to_string_pretty(other).unwrap_or_default()).into_owned(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= SHORT_CHARACTERS_MAX {
        text.to_owned()
    } else {
        format!("{} (s shows all)", one_line(text, SHORT_CHARACTERS_MAX))
    }
}
