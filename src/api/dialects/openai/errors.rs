//! Errors as this wire has them: `{error: {message, type, param, code}}`.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::problem::Problem;

/// Anything but success.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiError")]
pub struct ErrorBody {
    pub error: ErrorObject,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiErrorObject")]
pub struct ErrorObject {
    pub message: String,
    /// `invalid_request_error`, `requests`, `insufficient_quota`, `execution_error`, `server_error`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The field that is wrong.
    pub param: Option<String>,
    /// Stable.
    pub code: Option<String>,
}

/// The status and the body. What is wrong with a request is 400 here. A conflict is too, unless it goes away by waiting: the official
/// clients repeat 409 by themselves.
pub fn answer(problem: &Problem) -> (u16, Value) {
    let status = match problem.status {
        422 if problem.code != EXECUTION_FAILED => 400,
        409 if problem.retry_after_seconds.is_none() => 400,
        status => status,
    };
    let error = object(problem);
    let mut body = serde_json::to_value(ErrorBody { error }).unwrap_or_else(|_| json!({"error": {"message": problem.detail}}));
    if let Some(more) = problem.more.get(EXTENSION) {
        body[EXTENSION] = more.clone();
    }
    (status, body)
}

/// What this server says beside the wire, in requests, answers and errors.
pub const EXTENSION: &str = "flowgate";
/// The code, inside, of an execution that ended without an answer. Outside its own code is shown.
pub const EXECUTION_FAILED: &str = "execution_failed";

/// The error alone.
pub fn object(problem: &Problem) -> ErrorObject {
    let own = problem.code.as_str();
    let (kind, code) = match (problem.status, own) {
        (401, _) => ("invalid_request_error", "invalid_api_key"),
        (429, "budget_exceeded") => ("insufficient_quota", "insufficient_quota"),
        (429, _) => ("requests", "rate_limit_exceeded"),
        (_, EXECUTION_FAILED) => ("execution_error", problem.more.get("executionError").and_then(Value::as_str).unwrap_or(own)),
        (500.., _) => ("server_error", own),
        _ => ("invalid_request_error", own),
    };
    ErrorObject { message: problem.detail.clone(), kind, param: param(problem), code: Some(code.to_owned()) }
}

/// The first field that is named; the request as a whole is none.
fn param(problem: &Problem) -> Option<String> {
    let named = problem.errors.keys().find(|field| *field != "$").map(String::as_str);
    let implied = match problem.code.as_str() {
        "model_not_found" => Some("model"),
        "no_caller_tools" | "tool_taken" => Some("tools"),
        "no_message_input" => Some("messages"),
        _ => None,
    };
    let field = named.or(implied)?;
    Some(match field.strip_prefix("parameters.") {
        Some(parameter) => format!("{EXTENSION}.parameters.{parameter}"),
        None => field.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(problem: &Problem) -> (u16, Value) {
        let (status, body) = answer(problem);
        (status, body["error"].clone())
    }

    #[test]
    fn every_kind_of_problem_has_its_status_type_param_and_code() {
        let mut busy = Problem::new(429, "busy", "Too much", "slow down");
        busy.retry_after_seconds = Some(1);
        let mut turn = Problem::conflict("session_busy", "wait");
        turn.retry_after_seconds = Some(5);
        let failed = Problem::refused(EXECUTION_FAILED, "it broke").with("executionError", "http_500");
        let table = [
            (Problem::invalid("messages", "none"), 400, "invalid_request_error", Some("messages"), "invalid"),
            (Problem::unfit("temperature", "too hot"), 400, "invalid_request_error", Some("temperature"), "invalid"),
            (Problem::unfit("parameters.lead", "missing"), 400, "invalid_request_error", Some("flowgate.parameters.lead"), "invalid"),
            (Problem::new(401, "unauthorized", "", ""), 401, "invalid_request_error", None, "invalid_api_key"),
            (Problem::new(403, "insufficient_scope", "", ""), 403, "invalid_request_error", None, "insufficient_scope"),
            (Problem::new(404, "model_not_found", "", ""), 404, "invalid_request_error", Some("model"), "model_not_found"),
            (Problem::conflict("unfit", "no"), 400, "invalid_request_error", None, "unfit"),
            (turn, 409, "invalid_request_error", None, "session_busy"),
            (busy, 429, "requests", None, "rate_limit_exceeded"),
            (Problem::new(429, "budget_exceeded", "", ""), 429, "insufficient_quota", None, "insufficient_quota"),
            (failed, 422, "execution_error", None, "http_500"),
            (Problem::new(500, "internal", "", ""), 500, "server_error", None, "internal"),
        ];
        for (problem, status, kind, param, code) in table {
            let expected = json!({"message": problem.detail, "type": kind, "param": param, "code": code});
            assert_eq!(shown(&problem), (status, expected), "{}", problem.code);
        }
    }
}
