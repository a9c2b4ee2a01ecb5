//! Errors as this dialect has them: one text, and what is wrong by field.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use crate::api::problem::Problem;

/// What is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ChatError")]
pub struct ErrorBody {
    pub message: String,
    /// By field of the request; with 422 alone.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(default)]
    pub errors: BTreeMap<String, Vec<String>>,
    /// Stable.
    pub code: String,
}

/// What is wrong with the request itself is 422 here, whether it could not be read or does not fit.
pub fn answer(problem: &Problem) -> (u16, Value) {
    let is_about_request = matches!(problem.status, 400 | 422);
    let mut errors: BTreeMap<String, Vec<String>> = BTreeMap::new();
    if is_about_request {
        for (field, messages) in &problem.errors {
            errors.entry(place(field)).or_default().extend(messages.iter().cloned());
        }
    }
    let said: Vec<&str> = errors.values().flatten().map(String::as_str).collect();
    let message = if said.is_empty() { problem.detail.clone() } else { said.join("; ") };
    let status = if problem.status == 400 { 422 } else { problem.status };
    let body = ErrorBody { message, errors, code: problem.code.clone() };
    (status, serde_json::to_value(&body).unwrap_or_else(|_| json!({"message": problem.detail, "code": problem.code})))
}

/// What a field of the engine's is called in a request of this dialect.
fn place(field: &str) -> String {
    match field.strip_prefix("attachments") {
        Some(rest) => match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((index, _)) => format!("file_ids.{index}"),
            None => "file_ids".to_owned(),
        },
        None => field.strip_prefix("parameters.").unwrap_or(field).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_found_where_the_caller_wrote_it() {
        for (field, place) in [
            ("parameters.lead", "lead"),
            ("messages", "messages"),
            ("attachments[2].fileId", "file_ids.2"),
            ("attachments", "file_ids"),
            ("x-workspace-id", "x-workspace-id"),
        ] {
            let (status, body) = answer(&Problem::invalid(field, "it is wrong"));
            assert_eq!((status, body), (422, json!({"message": "it is wrong", "errors": {place: ["it is wrong"]}, "code": "invalid"})));
        }
    }

    #[test]
    fn what_is_not_about_a_field_is_a_text() {
        let (status, body) = answer(&Problem::not_found("agent", "7"));
        assert_eq!((status, body), (404, json!({"message": "there is no agent `7`", "code": "not_found"})));
    }
}
