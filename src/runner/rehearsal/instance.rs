//! A value that fits a JSON Schema, as plain as possible. Covers what output schemas use; where a schema is cleverer (patterns, `not`,
//! conditionals), the value may not fit and the step says so like it would for a model that answers wrongly.

use serde_json::{Map, Number, Value, json};

/// Below this depth only required properties are filled in, so that a recursive schema ends.
const OPTIONAL_DEPTH_MAX: usize = 4;
const DEPTH_MAX: usize = 16;

/// The instance.
#[must_use]
pub fn instance(schema: &Value) -> Value {
    at(schema, schema, "answer", 0)
}

fn at(schema: &Value, root: &Value, name: &str, depth: usize) -> Value {
    let Some(fields) = schema.as_object() else { return text(&Map::new(), name) };
    if depth > DEPTH_MAX {
        return Value::Null;
    }
    if let Some(given) = fields.get("const").or_else(|| fields.get("default")) {
        return given.clone();
    }
    let first = |keyword: &str| fields.get(keyword).and_then(Value::as_array).and_then(|options| options.first());
    if let Some(given) = first("enum").or_else(|| first("examples")) {
        return given.clone();
    }
    if let Some(target) = fields.get("$ref").and_then(Value::as_str).and_then(|reference| root.pointer(reference.strip_prefix('#')?)) {
        return at(target, root, name, depth + 1);
    }
    if let Some(option) = first("anyOf").or_else(|| first("oneOf")) {
        return at(option, root, name, depth + 1);
    }
    if let Some(parts) = fields.get("allOf").and_then(Value::as_array) {
        return merged(fields, parts, root, name, depth);
    }
    match kind(fields) {
        "object" => object(fields, root, depth),
        "array" => array(fields, root, name, depth),
        "integer" => number(fields, true),
        "number" => number(fields, false),
        "boolean" => Value::Bool(true),
        "null" => Value::Null,
        _ => text(fields, name),
    }
}

fn kind(fields: &Map<String, Value>) -> &str {
    let declared = match fields.get("type") {
        Some(Value::String(kind)) => Some(kind.as_str()),
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).find(|kind| *kind != "null").or(Some("null")),
        _ => None,
    };
    declared.unwrap_or_else(|| {
        let has = |keyword: &str| fields.contains_key(keyword);
        match () {
            () if has("properties") || has("required") => "object",
            () if has("items") || has("prefixItems") => "array",
            () if has("minimum") || has("maximum") => "number",
            () => "string",
        }
    })
}

fn merged(fields: &Map<String, Value>, parts: &[Value], root: &Value, name: &str, depth: usize) -> Value {
    let mut rest = fields.clone();
    rest.remove("allOf");
    let rest = Value::Object(rest);
    let own = (rest.as_object().is_some_and(|rest| !rest.is_empty())).then_some(&rest);
    let mut whole = Map::new();
    let mut last = None;
    for part in parts.iter().chain(own) {
        match at(part, root, name, depth + 1) {
            Value::Object(fields) => whole.extend(fields),
            other => last = Some(other),
        }
    }
    if whole.is_empty() { last.unwrap_or_else(|| json!({})) } else { Value::Object(whole) }
}

fn object(fields: &Map<String, Value>, root: &Value, depth: usize) -> Value {
    let empty = Map::new();
    let properties = fields.get("properties").and_then(Value::as_object).unwrap_or(&empty);
    let required: Vec<&str> = fields.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str).collect();
    let wanted = properties.iter().filter(|(name, _)| depth <= OPTIONAL_DEPTH_MAX || required.contains(&name.as_str()));
    let mut whole: Map<String, Value> = wanted.map(|(name, schema)| (name.clone(), at(schema, root, name, depth + 1))).collect();
    for name in required {
        if !whole.contains_key(name) {
            whole.insert(name.to_owned(), text(&Map::new(), name));
        }
    }
    Value::Object(whole)
}

fn array(fields: &Map<String, Value>, root: &Value, name: &str, depth: usize) -> Value {
    let bound = |keyword: &str| fields.get(keyword).and_then(Value::as_u64);
    let prefix: Vec<Value> =
        fields.get("prefixItems").and_then(Value::as_array).into_iter().flatten().map(|item| at(item, root, name, depth + 1)).collect();
    let wished = u64::from(depth <= OPTIONAL_DEPTH_MAX);
    let count = bound("minItems").unwrap_or(wished).min(bound("maxItems").unwrap_or(u64::MAX)).min(100);
    let mut items = prefix;
    if let Some(item) = fields.get("items").filter(|items| items.is_object()) {
        while (items.len() as u64) < count {
            items.push(at(item, root, name, depth + 1));
        }
    }
    Value::Array(items)
}

/// The lowest allowed one; 1 where nothing is said.
fn number(fields: &Map<String, Value>, whole: bool) -> Value {
    let bound = |keyword: &str| fields.get(keyword).and_then(Value::as_f64);
    let above = bound("exclusiveMinimum").map(|low| if whole { low.floor() + 1.0 } else { low + 0.5 });
    let lowest =
        bound("minimum").map(|low| if whole { low.ceil() } else { low }).into_iter().chain(above).fold(f64::NEG_INFINITY, f64::max);
    let highest = bound("maximum").into_iter().chain(bound("exclusiveMaximum").map(|high| high - 1.0)).fold(f64::INFINITY, f64::min);
    let mut value = 1.0_f64.max(lowest).min(highest);
    if let Some(step) = bound("multipleOf").filter(|step| *step > 0.0) {
        value = (value / step).ceil() * step;
    }
    #[expect(clippy::cast_possible_truncation, reason = "`as` saturates; a bound beyond 64 bits is nobody's output")]
    let exact = (value.fract() == 0.0).then(|| Number::from(value as i64));
    exact.or_else(|| Number::from_f64(value)).map_or(Value::Null, Value::Number)
}

fn text(fields: &Map<String, Value>, name: &str) -> Value {
    let text = match fields.get("format").and_then(Value::as_str) {
        Some("date-time") => "2025-01-01T00:00:00Z".to_owned(),
        Some("date") => "2025-01-01".to_owned(),
        Some("time") => "00:00:00Z".to_owned(),
        Some("email") => "rehearsed@example.com".to_owned(),
        Some("uri" | "url") => "https://example.com/".to_owned(),
        Some("uuid") => "00000000-0000-4000-8000-000000000000".to_owned(),
        _ => format!("rehearsed {name}"),
    };
    let bound = |keyword: &str| fields.get(keyword).and_then(Value::as_u64).and_then(|count| usize::try_from(count).ok());
    let padding = bound("minLength").unwrap_or(0).min(10_000).saturating_sub(text.chars().count());
    let text: String = text.chars().chain(std::iter::repeat_n('.', padding)).take(bound("maxLength").unwrap_or(usize::MAX)).collect();
    Value::String(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_output_schemas_use() {
        let table = [
            (
                json!({"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}}),
                json!({"a": "rehearsed a", "b": true}),
            ),
            (json!({"enum": ["low", "high"]}), json!("low")),
            (json!({"type": "integer", "minimum": 5}), json!(5)),
            (json!({"type": "number", "exclusiveMinimum": 0, "maximum": 0.75}), json!(0.75)),
            (json!({"type": "number", "maximum": -3}), json!(-3)),
            (json!({"type": "array", "items": {"type": "integer"}, "minItems": 2}), json!([1, 1])),
            (json!({"type": ["null", "string"], "maxLength": 4}), json!("rehe")),
            (json!({"anyOf": [{"const": 7}, {"type": "string"}]}), json!(7)),
            (json!({"allOf": [{"properties": {"a": {"const": 1}}}, {"properties": {"b": {"const": 2}}}]}), json!({"a": 1, "b": 2})),
            (json!({"$defs": {"x": {"type": "string", "format": "date"}}, "$ref": "#/$defs/x"}), json!("2025-01-01")),
            (json!(true), json!("rehearsed answer")),
        ];
        for (schema, expected) in table {
            assert_eq!(instance(&schema), expected, "{schema}");
        }
    }

    #[test]
    fn a_recursive_schema_ends() {
        let schema = json!({"$defs": {"node": {"type": "object", "properties": {"children": {"type": "array", "items": {"$ref": "#/$defs/node"}}}}}, "$ref": "#/$defs/node"});
        assert!(instance(&schema)["children"][0].is_object());
    }

    #[test]
    fn instances_fit_their_schema() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["score", "tags", "who"],
            "properties": {
                "score": {"type": "number", "minimum": 0, "maximum": 1},
                "tags": {"type": "array", "minItems": 2, "items": {"type": "string", "minLength": 20}},
                "who": {"type": "object", "required": ["email"], "properties": {"email": {"type": "string", "format": "email"}}},
                "step": {"type": "integer", "multipleOf": 5, "exclusiveMinimum": 5}
            }
        });
        let value = instance(&schema);
        let problems: Vec<String> =
            jsonschema::validator_for(&schema).unwrap().iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(problems.is_empty(), "{value}: {problems:?}");
    }
}
