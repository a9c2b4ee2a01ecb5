//! Parts of requests that both endpoints have: content, tools, metadata, and the fields that have no effect or no place here.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::machine::call::ToolDefinition;

/// Tools of one request, and bytes of all of them: they are recorded with the start and shown with every model call.
const TOOLS_MAX: usize = 128;
const TOOLS_BYTES_MAX: usize = 256 << 10;
const TOOL_NAME_LENGTH_MAX: usize = 64;
/// As the vendor bounds it.
const METADATA_MAX: usize = 16;
const METADATA_NAME_LENGTH_MAX: usize = 64;
const METADATA_VALUE_LENGTH_MAX: usize = 512;
const USER_LENGTH_MAX: usize = 512;
const TEMPERATURE_MAX: f64 = 2.0;

/// A text, or parts of which each is a text.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "OpenAiContent")]
pub enum Content {
    Text(String),
    Parts(Vec<Part>),
}

/// One part of a content.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[schemars(rename = "OpenAiContentPart")]
pub struct Part {
    /// `text`, `input_text`, `output_text` or `refusal`; others are refused.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
}

impl Content {
    /// All of it as one text.
    ///
    /// # Errors
    /// 400 for what is no text.
    pub fn text(&self, field: &str) -> Result<String, Problem> {
        let parts = match self {
            Self::Text(text) => return Ok(text.clone()),
            Self::Parts(parts) => parts,
        };
        let mut texts = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            let text = match part.kind.as_str() {
                "text" | "input_text" | "output_text" => part.text.as_deref(),
                "refusal" => part.refusal.as_deref(),
                other => {
                    return Err(unsupported(&format!("{field}[{index}]"), format!("content of type `{other}` is not taken; send text")));
                }
            };
            texts.push(text.ok_or_else(|| Problem::invalid(&format!("{field}[{index}]"), "its text is missing"))?);
        }
        Ok(texts.join("\n"))
    }
}

/// A function that the caller has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpenAiFunction")]
pub struct Function {
    /// Letters, digits, `-` and `_`; at most 64.
    pub name: String,
    #[serde(default)]
    pub description: Option<String>,
    /// JSON Schema of the arguments.
    #[serde(default)]
    pub parameters: Option<Free>,
    /// Taken, without effect: the model's arguments are handed on as they are.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it")]
    strict: Option<bool>,
}

/// The tools as the machine knows them; none where `tool_choice` is `none`.
///
/// # Errors
/// 400 for a choice that cannot be kept, a name that is none, or too much.
pub fn tools(functions: Vec<(String, Function)>, choice: Option<&Free>) -> Result<Vec<ToolDefinition>, Problem> {
    let wanted = match choice.map(|choice| &choice.0) {
        None | Some(Value::Null) => true,
        Some(Value::String(word)) if word == "auto" => true,
        Some(Value::String(word)) if word == "none" => false,
        Some(other) => {
            let detail = format!("`{other}` cannot be kept: the agent's models choose for themselves; `auto` or `none`");
            return Err(unsupported("tool_choice", detail));
        }
    };
    if functions.len() > TOOLS_MAX {
        return Err(Problem::unfit("tools", format!("at most {TOOLS_MAX} tools")));
    }
    let mut definitions = Vec::new();
    for (field, function) in functions {
        let is_name = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
        if function.name.is_empty() || function.name.len() > TOOL_NAME_LENGTH_MAX || !is_name(&function.name) {
            let detail = format!("a name has 1 to {TOOL_NAME_LENGTH_MAX} letters, digits, `-` and `_`");
            return Err(Problem::unfit(&format!("{field}.name"), detail));
        }
        let args = match function.parameters.map(|free| free.0) {
            None | Some(Value::Null) => json!({"type": "object", "properties": {}}),
            Some(schema @ Value::Object(_)) => schema,
            Some(_) => return Err(Problem::unfit(&format!("{field}.parameters"), "it must be a JSON Schema")),
        };
        definitions.push(ToolDefinition { name: function.name, description: function.description.unwrap_or_default(), args });
    }
    let bytes: usize = definitions.iter().map(|tool| tool.description.len() + tool.args.to_string().len()).sum();
    if bytes > TOOLS_BYTES_MAX {
        return Err(Problem::unfit("tools", format!("at most {TOOLS_BYTES_MAX} bytes of descriptions and parameters in all")));
    }
    Ok(if wanted { definitions } else { Vec::new() })
}

/// What the flow reads as `context`: `user` and `metadata`, and what else the endpoint says.
///
/// # Errors
/// 400 for more than may be kept.
pub fn context(user: Option<&String>, metadata: Option<&BTreeMap<String, String>>) -> Result<Map<String, Value>, Problem> {
    let mut context = Map::new();
    if let Some(user) = user {
        if user.len() > USER_LENGTH_MAX {
            return Err(Problem::unfit("user", format!("at most {USER_LENGTH_MAX} bytes")));
        }
        context.insert("user".to_owned(), json!(user));
    }
    if let Some(metadata) = metadata {
        let is_long = |(name, value): (&String, &String)| {
            name.chars().count() > METADATA_NAME_LENGTH_MAX || value.chars().count() > METADATA_VALUE_LENGTH_MAX
        };
        if metadata.len() > METADATA_MAX || metadata.iter().any(is_long) {
            let detail = format!(
                "at most {METADATA_MAX} pairs, names of {METADATA_NAME_LENGTH_MAX} and values of {METADATA_VALUE_LENGTH_MAX} characters"
            );
            return Err(Problem::unfit("metadata", detail));
        }
        context.insert("metadata".to_owned(), json!(metadata));
    }
    Ok(context)
}

/// # Errors
/// 400 outside 0 to 2.
pub fn temperature(given: Option<f64>) -> Result<Option<f64>, Problem> {
    match given {
        Some(given) if !(0.0..=TEMPERATURE_MAX).contains(&given) => Err(Problem::unfit("temperature", "it must lie between 0 and 2")),
        given => Ok(given),
    }
}

/// # Errors
/// 400 for 0, and for what no model can answer.
pub fn tokens(field: &str, given: Option<u64>) -> Result<Option<u64>, Problem> {
    match given {
        Some(given) if given == 0 || given > u64::from(u32::MAX) => Err(Problem::unfit(field, "it must be 1 or more")),
        given => Ok(given),
    }
}

/// Fields of the wire that have no place here, with the values, as JSON, that say nothing; `null` never says anything.
pub type Refused = &'static [(&'static str, &'static [&'static str])];

/// Looks through the fields that an endpoint does not read.
///
/// # Errors
/// 400 `unsupported_parameter` for one that would change what happens, `unknown_parameter` for one that the wire does not have.
pub fn check_rest(rest: &Map<String, Value>, without_effect: &[&str], refused: Refused) -> Result<(), Problem> {
    for (name, value) in rest {
        if value.is_null() || without_effect.contains(&name.as_str()) {
            continue;
        }
        let Some((_, harmless)) = refused.iter().find(|(refused, _)| refused == name) else {
            return Err(wrong("unknown_parameter", name, format!("Unknown parameter: `{name}`.")));
        };
        if !harmless.iter().any(|text| serde_json::from_str::<Value>(text).is_ok_and(|harmless| harmless == *value)) {
            return Err(wrong("unsupported_parameter", name, format!("Unsupported parameter: `{name}` has no meaning for an agent.")));
        }
    }
    Ok(())
}

/// 400: the wire knows the value, an agent does not.
pub fn unsupported(field: &str, detail: String) -> Problem {
    wrong("unsupported_value", field, detail)
}

/// 400 with one field.
pub fn wrong(code: &str, field: &str, detail: String) -> Problem {
    let mut problem = Problem::bad_request(code, detail.clone());
    problem.errors.insert(field.to_owned(), vec![detail]);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(value: Value) -> Result<String, String> {
        serde_json::from_value::<Content>(value).unwrap().text("content").map_err(|problem| problem.code)
    }

    #[test]
    fn content_is_text_in_one_piece_or_in_parts() {
        assert_eq!(content(json!("Hi")), Ok("Hi".to_owned()));
        assert_eq!(content(json!([{"type": "text", "text": "a"}, {"type": "refusal", "refusal": "b"}])), Ok("a\nb".to_owned()));
        assert_eq!(content(json!([{"type": "image_url", "image_url": {"url": "x"}}])), Err("unsupported_value".to_owned()));
        assert_eq!(content(json!([{"type": "text"}])), Err("invalid".to_owned()));
    }

    #[test]
    fn what_an_endpoint_does_not_read_is_ignored_harmless_or_refused() {
        let look = |rest: Value| {
            let Value::Object(rest) = rest else { panic!("an object") };
            check_rest(&rest, &["seed"], &[("n", &["1"])]).map_err(|problem| problem.code)
        };
        assert_eq!(look(json!({"seed": 7, "n": 1, "stop": null})), Ok(()));
        assert_eq!(look(json!({"n": 2})), Err("unsupported_parameter".to_owned()));
        assert_eq!(look(json!({"colour": 1})), Err("unknown_parameter".to_owned()));
    }

    #[test]
    fn tools_are_read_or_refused_by_the_field() {
        let function = |value: Value| vec![("tools[0]".to_owned(), serde_json::from_value::<Function>(value).unwrap())];
        let choice = |value: Value| Some(Free(value));
        let read = |value: Value, choice: Option<Free>| tools(function(value), choice.as_ref());
        let made = read(json!({"name": "look"}), None).unwrap();
        assert_eq!((made[0].name.as_str(), &made[0].args), ("look", &json!({"type": "object", "properties": {}})));
        assert_eq!(read(json!({"name": "look"}), choice(json!("none"))).unwrap(), []);
        for (value, chosen, field) in [
            (json!({"name": "no name"}), None, "tools[0].name"),
            (json!({"name": "look", "parameters": []}), None, "tools[0].parameters"),
            (json!({"name": "look"}), choice(json!("required")), "tool_choice"),
        ] {
            assert!(read(value, chosen).unwrap_err().errors.contains_key(field), "{field}");
        }
    }
}
