//! From a call's template to the call itself, once: what is sent, what people see of it and may edit, and the digest that an approval
//! is bound to. Secrets stay typed all the way; nothing here knows their values.

mod edit;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};
use url::Url;

pub use self::edit::{arguments, with_arguments};
use super::call::{Body, Call, HttpRequest, McpRequest, Request};
use super::input::Mode;
use crate::flow::names::Names;
use crate::flow::plan::{BodyTemplate, CallTemplate, HttpTemplate};
use crate::flow::template::{self, Part, Text, TextTemplate, ValueTemplate, masked};
use crate::ids::{Digest, ExecutionId, Tenant};

const JSON: &str = "application/json; charset=utf-8";
const PLAIN_TEXT: &str = "text/plain; charset=utf-8";

/// Why a call could not be rendered or edited.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    #[error("{place}: {error}")]
    Template { place: String, error: template::Error },
    #[error("`{url}` is no address to call: {reason}; write it in full, https:// included")]
    Url { url: String, reason: String },
    #[error("header `{name}` cannot be sent: {reason}")]
    Header { name: String, reason: &'static str },
    #[error("{place} cannot hold a secret; secrets go into headers, queries and JSON bodies of http calls")]
    SecretPlace { place: &'static str },
    #[error("{0}")]
    Edit(String),
}

/// Under older rules than these, two numbers with the same double were the same in arguments, and so in what was approved.
const EXACT_NUMBERS: u32 = 2;

/// What the digest of an action covers beside the call itself.
#[derive(Clone, Debug)]
pub struct DigestScope {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    /// The visit's full name: `path/step#visit`.
    pub path: String,
    pub revision: Digest,
    pub config: Digest,
    /// Of who may decide.
    pub policy: Digest,
    pub mode: Mode,
    /// The version of the rules that the execution was started under.
    pub semantics: u32,
}

/// Renders the call, to the byte.
///
/// # Errors
/// A template that does not render, an address that is not absolute http(s), a header that cannot be sent.
pub fn call(template: &CallTemplate, names: &dyn Names) -> Result<Request, RenderError> {
    match template {
        CallTemplate::Http(http) => http_request(http, names).map(Request::Http),
        CallTemplate::Mcp { server, tool, args } => {
            let args = plain_args(args.as_ref(), names, "an MCP tool's `args`")?;
            Ok(Request::Mcp(McpRequest { server: server.clone(), tool: tool.clone(), args, definition: None }))
        }
        CallTemplate::Builtin { name, args } => {
            Ok(Request::Builtin { name: name.clone(), args: plain_args(args.as_ref(), names, "a builtin tool's `args`")? })
        }
    }
}

fn plain_args(template: Option<&ValueTemplate>, names: &dyn Names, place: &'static str) -> Result<Value, RenderError> {
    let Some(template) = template else { return Ok(Value::Object(Map::new())) };
    let rendered = template.render(names).map_err(at("args"))?;
    if rendered.parts.iter().any(|part| matches!(part, Part::Secret { .. })) {
        return Err(RenderError::SecretPlace { place });
    }
    Ok(rendered.shown)
}

fn http_request(template: &HttpTemplate, names: &dyn Names) -> Result<HttpRequest, RenderError> {
    let url = template.url.render(names).map_err(at("url"))?;
    check_url(&url)?;
    let headers = texts(&template.headers, names, "headers")?;
    for (name, value) in &headers {
        check_header(name, value)?;
    }
    let query = texts(&template.query, names, "query")?;
    let body = match &template.body {
        None => None,
        Some(BodyTemplate::Json(tree)) => {
            Some(Body { content_type: JSON.to_owned(), parts: tree.render(names).map_err(at("json"))?.parts })
        }
        Some(BodyTemplate::Text(text)) => {
            Some(Body { content_type: PLAIN_TEXT.to_owned(), parts: vec![Part::Bytes(text.render(names).map_err(at("body"))?)] })
        }
    };
    Ok(HttpRequest { method: template.method.clone(), url, headers, query, body })
}

fn at(place: impl Into<String>) -> impl FnOnce(template::Error) -> RenderError {
    let place = place.into();
    move |error| RenderError::Template { place, error }
}

fn texts(templates: &[(String, TextTemplate)], names: &dyn Names, place: &str) -> Result<Vec<(String, Text)>, RenderError> {
    let rendered = templates.iter().map(|(name, template)| {
        let text = template.render(names).map_err(at(format!("{place}.{name}")))?;
        Ok((name.clone(), text))
    });
    rendered.collect()
}

fn check_url(text: &str) -> Result<(), RenderError> {
    let refused = |reason: String| Err(RenderError::Url { url: text.to_owned(), reason });
    match Url::parse(text) {
        Err(error) => refused(error.to_string()),
        Ok(url) if !matches!(url.scheme(), "http" | "https") => refused(format!("`{}` is neither http nor https", url.scheme())),
        Ok(url) if !url.has_host() => refused("it names no host".to_owned()),
        // A password in an address would stand in every trace.
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            refused("it holds credentials; put a secret into a header instead".to_owned())
        }
        // The parser drops them silently, and then the approved text is not what is called.
        Ok(_) if text.chars().any(|character| character.is_control() || character == ' ') => {
            refused("it contains spaces or control characters; use the filter `urlencode`".to_owned())
        }
        Ok(_) => Ok(()),
    }
}

/// A line break in a value would be a second header.
fn check_header(name: &str, value: &Text) -> Result<(), RenderError> {
    let refused = |reason| Err(RenderError::Header { name: name.to_owned(), reason });
    let (Text::Plain(text) | Text::Secret { prefix: text, .. }) = value;
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)) {
        refused("its name has characters that header names must not have")
    } else if text.chars().any(|character| character.is_control() && character != '\t') {
        refused("its value contains a line break or another control character")
    } else {
        Ok(())
    }
}

/// The call as people and traces see it; secrets are masked.
#[must_use]
pub fn shown(call: &Call) -> Value {
    let mut shown = match &call.request {
        Request::Llm(request) => json!({"llm": request}),
        Request::Http(request) => json!({"http": shown_http(request)}),
        Request::Mcp(request) => json!({"mcp": {"server": request.server, "tool": request.tool, "args": request.args}}),
        Request::Builtin { name, args } => json!({"builtin": {"name": name, "args": args}}),
    };
    shown["effect"] = json!(call.effect);
    shown
}

fn shown_http(request: &HttpRequest) -> Value {
    let mut shown = json!({"method": request.method, "url": request.url});
    let table = |texts: &[(String, Text)]| -> Map<String, Value> {
        texts.iter().map(|(name, text)| (name.clone(), Value::String(shown_text(text)))).collect()
    };
    if !request.headers.is_empty() {
        shown["headers"] = Value::Object(table(&request.headers));
    }
    if !request.query.is_empty() {
        shown["query"] = Value::Object(table(&request.query));
    }
    if let Some(body) = &request.body {
        shown["body"] = edit::view(body).shown;
    }
    shown
}

fn shown_text(text: &Text) -> String {
    match text {
        Text::Plain(text) => text.clone(),
        Text::Secret { prefix, .. } => masked(prefix),
    }
}

/// What an approval is bound to: everything that decides what would happen in the world. See "Digest" in docs/semantics.md.
#[must_use]
pub fn digest(scope: &DigestScope, call: &Call) -> Digest {
    Digest::of_json(&json!({
        "tenant": scope.tenant,
        "execution": scope.execution,
        "path": scope.path,
        "revision": scope.revision,
        "config": scope.config,
        "policy": scope.policy,
        "mode": scope.mode,
        "effect": call.effect,
        "action": action(&call.request, scope.semantics),
    }))
}

/// Texts keep their type here, so that a secret and text that looks like one differ.
fn action(request: &Request, semantics: u32) -> Value {
    let arguments = |args: &Value| if semantics < EXACT_NUMBERS { Digest::of_json(args) } else { arguments_digest(args) };
    match request {
        Request::Llm(request) => json!({"llm": request}),
        Request::Http(request) => json!({"http": {
            "method": request.method,
            "endpoint": request.url,
            "headers": request.headers,
            "query": request.query,
            "content_type": request.body.as_ref().map(|body| &body.content_type),
            "body": request.body.as_ref().map(|body| body_digest(&body.parts)),
            "secrets": request.body.as_ref().map(edit::secret_places),
        }}),
        Request::Mcp(request) => json!({"mcp": {
            "server": request.server,
            "tool": request.tool,
            "definition": request.definition,
            "body": arguments(&request.args),
        }}),
        Request::Builtin { name, args } => json!({"builtin": {"name": name, "body": arguments(args)}}),
    }
}

/// Over the canonical form, in which every number is a double, and over each number that is written otherwise than there: 2⁵³ + 1 and 2⁵³
/// are two actions.
fn arguments_digest(args: &Value) -> Digest {
    let mut written = Map::new();
    note_numbers(args, "", &mut written);
    if written.is_empty() { Digest::of_json(args) } else { Digest::of_json(&json!({"args": args, "written": written})) }
}

/// The numbers whose text is not their canonical one, by their place.
fn note_numbers(value: &Value, place: &str, written: &mut Map<String, Value>) {
    match value {
        Value::Number(number) => {
            let text = number.to_string();
            if serde_json_canonicalizer::to_string(value).map_or(true, |canonical| canonical != text) {
                written.insert(place.to_owned(), Value::String(text));
            }
        }
        Value::Array(items) => items.iter().enumerate().for_each(|(index, item)| note_numbers(item, &format!("{place}/{index}"), written)),
        Value::Object(fields) => {
            for (name, field) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                note_numbers(field, &format!("{place}/{name}"), written);
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// Over the parts, neighbouring bytes joined: how they were cut says nothing about what is sent.
fn body_digest(parts: &[Part]) -> Digest {
    let mut joined: Vec<Value> = Vec::new();
    for part in parts {
        match (part, joined.last_mut()) {
            (Part::Bytes(text), Some(Value::String(last))) => last.push_str(text),
            (Part::Bytes(text), _) => joined.push(Value::String(text.clone())),
            (Part::Secret { secret }, _) => joined.push(json!({"secret": secret})),
        }
    }
    Digest::of_json(&Value::Array(joined))
}
