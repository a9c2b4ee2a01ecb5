//! Errors as this dialect has them: what is wrong with a field stands under the field, everything else is one text.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::api::problem::Problem;

/// What is wrong: `{"FIELD": ["…"]}`, for the input `{"input": {"PROPERTY": ["…"]}}`; otherwise `{"detail": "…"}`.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "AgenticError")]
pub struct ErrorBody {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Stable; not with 400.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What is wrong, by field.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// What does not belong to any one property.
const WHOLE: &str = "non_field_errors";

/// What is wrong with a request is 400 here, whether it could not be read or does not fit.
pub fn answer(problem: &Problem) -> (u16, Value) {
    let is_of_request = matches!(problem.status, 400 | 422);
    let fields = if is_of_request { fields(problem) } else { Map::new() };
    let detail = fields.is_empty().then(|| problem.detail.clone());
    let code = (!is_of_request).then(|| problem.code.clone());
    let status = if is_of_request { 400 } else { problem.status };
    let body = serde_json::to_value(ErrorBody { detail, code, fields });
    (status, body.unwrap_or_else(|_| json!({"detail": problem.detail})))
}

fn fields(problem: &Problem) -> Map<String, Value> {
    let (mut fields, mut properties) = (Map::new(), Map::new());
    for (field, messages) in &problem.errors {
        match place(field) {
            Place::Nowhere => {}
            Place::Field(name) => add(&mut fields, name, messages),
            Place::Property(name) => add(&mut properties, name, messages),
        }
    }
    if !properties.is_empty() {
        // A request names the input once: what is wrong with it as a whole moves beside its properties.
        if let Some(whole) = fields.remove("input") {
            properties.insert(WHOLE.to_owned(), whole);
        }
        fields.insert("input".to_owned(), Value::Object(properties));
    }
    fields
}

fn add(fields: &mut Map<String, Value>, name: &str, messages: &[String]) {
    let all = fields.entry(name).or_insert_with(|| json!([]));
    if let Value::Array(all) = all {
        all.extend(messages.iter().map(|message| Value::String(message.clone())));
    }
}

/// Where a field of the engine's stands in a request of this dialect.
enum Place<'a> {
    /// It is about the request as a whole.
    Nowhere,
    Field(&'a str),
    /// Of the input.
    Property(&'a str),
}

fn place(field: &str) -> Place<'_> {
    match field {
        "$" | "query" => Place::Nowhere,
        "parameters" => Place::Field("input"),
        "entry" => Place::Field("execution_key"),
        field if field.starts_with("attachments") || field == "files[]" => Place::Field("files"),
        field => field.strip_prefix("parameters.").map_or(Place::Field(field), Place::Property),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_is_found_where_the_caller_wrote_it() {
        for (field, expected) in [
            ("$", json!({"detail": "$: it is wrong"})),
            ("parameters", json!({"input": ["it is wrong"]})),
            ("parameters.skus", json!({"input": {"skus": ["it is wrong"]}})),
            ("entry", json!({"execution_key": ["it is wrong"]})),
            ("attachments[0].name", json!({"files": ["it is wrong"]})),
            ("status", json!({"status": ["it is wrong"]})),
        ] {
            for problem in [Problem::invalid(field, "it is wrong"), Problem::unfit(field, "it is wrong")] {
                assert_eq!(answer(&problem), (400, expected.clone()), "{field}");
            }
        }
    }

    #[test]
    fn what_is_wrong_with_the_whole_input_stands_beside_its_properties() {
        let mut problem = Problem::invalid("parameters", "too little");
        problem.errors.insert("parameters.skus".to_owned(), vec!["no list".to_owned()]);
        assert_eq!(answer(&problem).1, json!({"input": {"skus": ["no list"], "non_field_errors": ["too little"]}}));
    }

    #[test]
    fn what_is_not_about_a_field_is_a_text() {
        let (status, body) = answer(&Problem::not_found("agent", "7"));
        assert_eq!((status, body), (404, json!({"detail": "there is no agent `7`", "code": "not_found"})));
        assert_eq!(answer(&Problem::refused("attachment_type", "not this")), (400, json!({"detail": "not this"})));
    }
}
