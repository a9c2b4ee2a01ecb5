//! Errors as this dialect has them: what is wrong with a request by the place of each field, everything else as one text.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::{PARAMETERS, TENANT};
use crate::api::problem::Problem;

/// What is wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "HTTPError")]
pub struct ErrorBody {
    pub detail: Detail,
    /// Stable; not with 422.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Detail {
    Text(String),
    Fields(Vec<ValidationError>),
}

/// One field.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValidationError {
    /// `body`, `query`, `path` or `header`, and the way to the field from there.
    pub loc: Vec<String>,
    pub msg: String,
    /// The stable code of what is wrong.
    #[serde(rename = "type")]
    pub kind: String,
}

/// What is wrong with the request itself is 422 here, whether it could not be read or does not fit.
pub fn answer(problem: &Problem) -> (u16, Value) {
    let body = if matches!(problem.status, 400 | 422) {
        ErrorBody { detail: Detail::Fields(fields(problem)), code: None }
    } else {
        ErrorBody { detail: Detail::Text(problem.detail.clone()), code: Some(problem.code.clone()) }
    };
    let status = if problem.status == 400 { 422 } else { problem.status };
    (status, serde_json::to_value(&body).unwrap_or_else(|_| json!({"detail": problem.detail})))
}

fn fields(problem: &Problem) -> Vec<ValidationError> {
    let one = |loc: Vec<String>, msg: &str| ValidationError { loc, msg: msg.to_owned(), kind: problem.code.clone() };
    if problem.errors.is_empty() {
        return vec![one(vec!["body".to_owned()], &problem.detail)];
    }
    let each = problem.errors.iter().flat_map(|(field, messages)| messages.iter().map(move |message| (place(field), message)));
    each.map(|(loc, message)| one(loc, message)).collect()
}

/// Where a field of the engine's stands in a request of this dialect.
fn place(field: &str) -> Vec<String> {
    let place = |first: &str, rest: &str| vec![first.to_owned(), rest.to_owned()];
    match field {
        "$" | "parameters" => vec!["body".to_owned()],
        "query" => vec!["query".to_owned()],
        TENANT => place("header", field),
        field if PARAMETERS.contains(&field) => place("query", field),
        field => place("body", field.strip_prefix("parameters.").unwrap_or(field)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_found_where_the_caller_wrote_it() {
        for (field, loc) in [
            ("$", json!(["body"])),
            ("parameters.lead", json!(["body", "lead"])),
            ("context_id", json!(["query", "context_id"])),
            ("x-tenant-id", json!(["header", "x-tenant-id"])),
        ] {
            let (status, body) = answer(&Problem::invalid(field, "it is wrong"));
            assert_eq!((status, body), (422, json!({"detail": [{"loc": loc, "msg": "it is wrong", "type": "invalid"}]})), "{field}");
        }
    }

    #[test]
    fn what_is_not_about_a_field_is_a_text() {
        let (status, body) = answer(&Problem::not_found("agent", "7"));
        assert_eq!((status, body), (404, json!({"detail": "there is no agent `7`", "code": "not_found"})));
    }
}
