//! What a call would do, as rows of name and value: the request byte for byte, with a mark where a secret's value will stand.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::visible::visible;
use crate::flow::template::{Part, Text};
use crate::machine::call::{Body, Call, HttpRequest, Request};

/// What the call does, in rows of name and value; nothing of it is shortened.
#[must_use]
pub fn call_rows(call: &Call) -> Vec<(String, String)> {
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
