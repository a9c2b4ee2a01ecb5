//! Errors over HTTP: RFC 9457 problem details with a stable `code`. Also the one place where errors of the engine and the catalog get
//! their status.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::catalog;
use crate::engine;
use crate::machine::Refusal;

/// Where codes are explained.
const ABOUT: &str = "https://flowgate.dev/errors#";

/// What is wrong, for a program (`status`, `code`, `errors`) and for a person (`title`, `detail`).
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Problem {
    /// A page about this kind of problem.
    #[serde(rename = "type")]
    pub about: String,
    pub title: String,
    /// The HTTP status, again.
    pub status: u16,
    pub detail: String,
    /// Stable; docs/errors.md lists them.
    pub code: String,
    /// The path that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// By field of the request; `$` is the request as a whole.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub errors: BTreeMap<String, Vec<String>>,
    /// What else the code comes with.
    #[serde(flatten)]
    pub more: Map<String, Value>,
    /// For the `Retry-After` header.
    #[serde(skip)]
    pub retry_after_seconds: Option<u64>,
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, code: &str, title: &str, detail: impl Into<String>) -> Self {
        Self {
            about: format!("{ABOUT}{code}"),
            title: title.to_owned(),
            status,
            detail: detail.into(),
            code: code.to_owned(),
            instance: None,
            errors: BTreeMap::new(),
            more: Map::new(),
            retry_after_seconds: None,
        }
    }

    /// 400: the request as it stands makes no sense.
    #[must_use]
    pub fn bad_request(code: &str, detail: impl Into<String>) -> Self {
        Self::new(400, code, "The request cannot be understood", detail)
    }

    /// 400: one field does not have the form that the interface's description gives it.
    #[must_use]
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(400, "invalid", "A field is wrong", format!("{field}: {message}"));
        problem.errors.insert(field.to_owned(), vec![message]);
        problem
    }

    /// 404. The same for what does not exist and for what belongs to somebody else.
    #[must_use]
    pub fn not_found(what: &str, name: &str) -> Self {
        Self::new(404, "not_found", "Not found", format!("there is no {what} `{name}`"))
    }

    /// 409: it does not fit the state that things are in.
    #[must_use]
    pub fn conflict(code: &str, detail: impl Into<String>) -> Self {
        Self::new(409, code, "It does not fit the present state", detail)
    }

    /// 422: understood, and refused for what it says.
    #[must_use]
    pub fn refused(code: &str, detail: impl Into<String>) -> Self {
        Self::new(422, code, "The request is refused", detail)
    }

    /// 422: one field has the form that it should have, and what it says does not fit.
    #[must_use]
    pub fn unfit(field: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        let mut problem = Self::new(422, "invalid", "A field is wrong", format!("{field}: {message}"));
        problem.errors.insert(field.to_owned(), vec![message]);
        problem
    }

    /// 503: not now.
    #[must_use]
    pub fn unavailable(code: &str, detail: impl Into<String>, retry_after_seconds: u64) -> Self {
        let mut problem = Self::new(503, code, "Not available now", detail);
        problem.retry_after_seconds = Some(retry_after_seconds);
        problem
    }

    /// Something that the code brings along.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Serialize) -> Self {
        self.more.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
        self
    }
}

impl From<catalog::Error> for Problem {
    fn from(error: catalog::Error) -> Self {
        let text = error.to_string();
        match error {
            catalog::Error::NotFound { what, name } => Self::not_found(what, &name),
            catalog::Error::Exists { .. } => Self::conflict("exists", text),
            catalog::Error::Invalid { field, message } => Self::unfit(field, message),
            catalog::Error::Conflict { code, message } => Self::conflict(code, message),
            catalog::Error::Stale => Self::conflict("stale", text),
            catalog::Error::Full(_) => Self::unavailable("disk_full", text, 60),
            catalog::Error::Store(_) => internal(&text),
        }
    }
}

impl From<engine::Error> for Problem {
    fn from(error: engine::Error) -> Self {
        use engine::Error;
        let text = error.to_string();
        match error {
            Error::Refused(refusal) => of_refusal(&refusal, text),
            Error::NotFound { what, name } => Self::not_found(what, &name),
            Error::Ambiguous { .. } => Self::conflict("ambiguous", text),
            Error::Flow { problems, .. } => Self::refused("flow_refused", text).with("problems", problems),
            Error::Config { .. } => Self::refused("config_unknown", text),
            Error::ToolsChanged { server, .. } => Self::conflict("tools_changed", text).with("server", server),
            Error::Tools { .. } => Self::unavailable("tools_unreachable", text, 30),
            Error::Busy { .. } => {
                let mut problem = Self::new(429, "busy", "Too much at once", text);
                problem.retry_after_seconds = Some(1);
                problem
            }
            Error::Quarantined { .. } => Self::conflict("quarantined", text),
            Error::Unfit(_) => Self::conflict("unfit", text),
            Error::Stopped => Self::unavailable("shutting_down", text, 5),
            Error::Store(reason) if reason.contains("full") => Self::unavailable("disk_full", text, 60),
            Error::Store(_) | Error::Spawn(_) => internal(&text),
        }
    }
}

fn of_refusal(refusal: &Refusal, text: String) -> Problem {
    match refusal {
        Refusal::Unknown => Problem::not_found("execution", ""),
        Refusal::Exists => Problem::conflict("exists", text),
        Refusal::Ended => Problem::conflict("ended", text),
        Refusal::Input(_) => Problem::bad_request("input", text),
        Refusal::Start { code, .. } => Problem::refused(code, text),
        Refusal::NoQuestion => Problem::conflict("question_closed", text),
        Refusal::Decided(decided) => Problem::conflict("decided", text).with("decided", decided),
        Refusal::Digest => Problem::conflict("digest", text),
        Refusal::NotAllowed(_) => Problem::new(403, "not_allowed", "You may not decide this", text),
        Refusal::Answer(_) => Problem::refused("answer", text),
        Refusal::Signal(_) => Problem::refused("signal", text),
        Refusal::NotWaiting => Problem::not_found("wait of execution", ""),
    }
}

/// 500. What happened is logged; the caller learns that it was our fault.
pub fn internal(reason: &str) -> Problem {
    tracing::error!(reason, "a request failed inside");
    Problem::new(500, "internal", "Something failed inside", "it is logged; what was acknowledged before is safe")
}
