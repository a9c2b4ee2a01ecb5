//! JSON Schema 2020-12, compiled once, without remote fetch; defaults are filled in.

use std::borrow::Cow;
use std::panic::catch_unwind;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{Draft, PatternOptions, ValidationError, Validator};
use serde_json::{Map, Value};

/// Mismatches listed for one value; a list of 100,000 wrong items needs no more.
const MISMATCHES_MAX: usize = 32;
/// A message quotes the value that does not fit; long ones are cut.
const MESSAGE_BYTES_MAX: usize = 300;
/// `$ref`s that filling in defaults follows inside one another; a schema may refer to itself.
const REFERENCE_DEPTH_MAX: usize = 32;
/// Defaults filled into one value; a schema whose defaults call for defaults without end stops here.
const DEFAULTS_MAX: usize = 10_000;

/// One compiled schema; cheap to clone.
#[derive(Clone)]
pub struct Schema(Arc<Compiled>);

struct Compiled {
    source: Value,
    validator: Validator,
}

/// A schema that does not compile.
#[derive(Debug, thiserror::Error)]
#[error("not a valid JSON Schema: {0}")]
pub struct Error(pub String);

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// JSON pointer into the value.
    pub pointer: String,
    pub message: String,
    /// The properties at that place that are missing or unknown, where that is what is wrong.
    pub properties: Vec<String>,
}

impl std::fmt::Display for Mismatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The whole value has no pointer worth naming.
        match self.pointer.as_str() {
            "" => f.write_str(&self.message),
            pointer => write!(f, "{pointer}: {}", self.message),
        }
    }
}

impl Schema {
    /// # Errors
    /// When it is no valid schema or refers outside itself.
    pub fn new(source: &Value) -> Result<Self, Error> {
        if !source.is_object() && !source.is_boolean() {
            return Err(Error(format!("expected an object, found {}", shortened(&source.to_string()))));
        }
        // Patterns run on an engine with linear time, so a schema cannot stall what it checks; what that engine lacks
        // (look-around, back-references) is refused here. Nothing is ever fetched.
        let built = catch_unwind(|| {
            jsonschema::options()
                .with_draft(Draft::Draft202012)
                .offline()
                .with_pattern_options(PatternOptions::regex())
                .should_validate_formats(true)
                .build(source)
        });
        let validator = match built {
            Ok(Ok(validator)) => validator,
            Ok(Err(error)) => return Err(Error(described(&error.to_string(), error.instance_path().as_str()))),
            Err(_) => return Err(Error("it cannot be compiled".to_owned())),
        };
        Ok(Self(Arc::new(Compiled { source: source.clone(), validator })))
    }

    #[must_use]
    pub fn source(&self) -> &Value {
        &self.0.source
    }

    /// What does not fit, the first 32; empty when valid.
    #[must_use]
    pub fn mismatches(&self, value: &Value) -> Vec<Mismatch> {
        let errors = self.0.validator.iter_errors(value).take(MISMATCHES_MAX);
        errors
            .map(|error| Mismatch {
                pointer: error.instance_path().as_str().to_owned(),
                message: shortened(&error.to_string()).into_owned(),
                properties: properties(&error),
            })
            .collect()
    }

    /// Fills in `default`s of absent properties, at every depth reached through `properties`, `items` and `$ref`s inside the schema.
    pub fn fill_defaults(&self, value: &mut Value) {
        let mut left = DEFAULTS_MAX;
        fill(self.source(), self.source(), value, 0, &mut left);
    }
}

fn properties(error: &ValidationError<'_>) -> Vec<String> {
    match error.kind() {
        ValidationErrorKind::Required { property } => property.as_str().map(str::to_owned).into_iter().collect(),
        ValidationErrorKind::AdditionalProperties { unexpected } | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().take(MISMATCHES_MAX).cloned().collect()
        }
        _ => Vec::new(),
    }
}

fn fill(root: &Value, schema: &Value, value: &mut Value, depth: usize, left: &mut usize) {
    let Some(keywords) = schema.as_object() else { return };
    if let Some(target) = referred(root, keywords)
        && depth < REFERENCE_DEPTH_MAX
    {
        fill(root, target, value, depth + 1, left);
    }
    match value {
        Value::Object(object) => {
            let properties = keywords.get("properties").and_then(Value::as_object);
            for (name, property) in properties.into_iter().flatten() {
                if !object.contains_key(name)
                    && *left > 0
                    && let Some(default) = default_of(root, property)
                {
                    *left -= 1;
                    object.insert(name.clone(), default.clone());
                }
                if let Some(value) = object.get_mut(name) {
                    fill(root, property, value, depth, left);
                }
            }
        }
        Value::Array(items) => {
            if let Some(item_schema) = keywords.get("items") {
                for item in items {
                    fill(root, item_schema, item, depth, left);
                }
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The property's own `default`, or that of what it refers to.
fn default_of<'a>(root: &'a Value, schema: &'a Value) -> Option<&'a Value> {
    let mut keywords = schema.as_object()?;
    for _ in 0..REFERENCE_DEPTH_MAX {
        if let Some(default) = keywords.get("default") {
            return Some(default);
        }
        keywords = referred(root, keywords)?.as_object()?;
    }
    None
}

fn referred<'a>(root: &'a Value, keywords: &Map<String, Value>) -> Option<&'a Value> {
    root.pointer(keywords.get("$ref")?.as_str()?.strip_prefix('#')?)
}

fn described(message: &str, pointer: &str) -> String {
    let message = shortened(message);
    if pointer.is_empty() { message.into_owned() } else { format!("{message} (at {pointer})") }
}

fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= MESSAGE_BYTES_MAX {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(MESSAGE_BYTES_MAX)]))
}

impl std::fmt::Debug for Schema {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Schema({})", self.source())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_mismatch_is_listed_with_its_place() {
        let schema = Schema::new(&json!({"type": "object", "required": ["a"], "properties": {
            "b": {"type": "integer"}, "c": {"type": "array", "items": {"type": "string"}}}}))
        .unwrap();
        assert_eq!(schema.mismatches(&json!({"a": 1, "b": 2})), []);
        let mut found: Vec<String> = schema.mismatches(&json!({"b": "x", "c": ["y", 1]})).into_iter().map(|one| one.pointer).collect();
        found.sort();
        assert_eq!(found, ["", "/b", "/c/1"]);
        let many = json!({"a": 1, "c": vec![0; 1_000]});
        assert_eq!(schema.mismatches(&many).len(), MISMATCHES_MAX);
        let long = json!({"a": 1, "b": "x".repeat(100_000)});
        assert!(schema.mismatches(&long)[0].message.len() < 400);
    }

    #[test]
    fn what_cannot_be_checked_safely_is_refused() {
        for source in [
            json!({"type": "strin"}),
            json!({"$ref": "https://example.com/schema.json"}),
            json!({"$ref": "file:///etc/passwd"}),
            json!({"$ref": "#/$defs/missing"}),
            json!({"pattern": "(?=a)b"}),
            json!({"pattern": "("}),
            json!("object"),
            json!(null),
        ] {
            assert!(Schema::new(&source).is_err(), "{source}");
        }
    }

    #[test]
    fn patterns_take_linear_time() {
        // With a backtracking engine this one would not end.
        let schema = Schema::new(&json!({"pattern": "^(a+)+$"})).unwrap();
        assert_eq!(schema.mismatches(&json!(format!("{}b", "a".repeat(50_000)))).len(), 1);
    }

    #[test]
    fn defaults_are_filled_in_at_every_depth() {
        let schema = Schema::new(&json!({
            "$defs": {"node": {"type": "object", "properties": {"kind": {"default": "leaf"}, "next": {"$ref": "#/$defs/node"}}}, "n": {"default": 3}},
            "properties": {
                "a": {"default": 1},
                "b": {"default": {}, "properties": {"c": {"default": [1]}}},
                "d": {"properties": {"e": {"default": 2}}},
                "list": {"items": {"properties": {"f": {"default": true}}}},
                "node": {"$ref": "#/$defs/node"},
                "n": {"$ref": "#/$defs/n"}
            }
        }))
        .unwrap();
        let mut value = json!({"a": null, "list": [{}, {"f": false}, 1], "node": {"next": {"next": {}}}});
        schema.fill_defaults(&mut value);
        assert_eq!(
            value,
            json!({"a": null, "b": {"c": [1]}, "list": [{"f": true}, {"f": false}, 1], "n": 3,
                "node": {"kind": "leaf", "next": {"kind": "leaf", "next": {"kind": "leaf"}}}})
        );
        let mut text = json!("x");
        schema.fill_defaults(&mut text);
        assert_eq!(text, json!("x"));
    }

    #[test]
    fn a_schema_that_refers_to_itself_ends() {
        let schema = Schema::new(&json!({"$ref": "#"}));
        if let Ok(schema) = schema {
            schema.fill_defaults(&mut json!({"a": 1}));
            let _ = schema.mismatches(&json!({"a": 1}));
        }
        let endless = json!({"default": {}, "$ref": "#"});
        let schema = Schema::new(&json!({"properties": {"a": endless, "b": endless, "c": endless}})).unwrap();
        schema.fill_defaults(&mut json!({}));
    }
}
