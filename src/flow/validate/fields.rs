//! Whether a declared schema leaves room for a field that an expression reads.

use serde_json::Value;

/// Schemas that refer to schemas; more hops than this are a circle.
const HOPS_MAX: usize = 16;

/// How strictly a schema is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The expression relies on the field: one that is not declared is a mistake.
    Relied,
    /// The expression asks whether the field is there: only a field that is forbidden is a mistake.
    Asked,
}

/// The first part of `path` that the schema excludes, with the names that it knows there.
#[must_use]
pub fn excluded<'a>(schema: &'a Value, path: &'a [String], reading: Reading) -> Option<(usize, Vec<&'a str>)> {
    let mut at = schema;
    for (depth, key) in path.iter().enumerate() {
        at = follow(schema, at)?;
        match step(at, key, reading) {
            Step::Into(next) => at = next,
            Step::Unknown => return None,
            Step::Excluded => {
                let known = at.get("properties").and_then(Value::as_object);
                return Some((depth, known.map(|table| table.keys().map(String::as_str).collect()).unwrap_or_default()));
            }
        }
    }
    None
}

enum Step<'a> {
    Into(&'a Value),
    Unknown,
    Excluded,
}

/// The schema behind local references; none where it cannot be followed.
fn follow<'a>(root: &'a Value, mut at: &'a Value) -> Option<&'a Value> {
    for _ in 0..HOPS_MAX {
        let Some(reference) = at.get("$ref") else { return Some(at) };
        at = root.pointer(reference.as_str()?.strip_prefix('#')?)?;
    }
    None
}

fn step<'a>(schema: &'a Value, key: &str, reading: Reading) -> Step<'a> {
    const OPEN: &[&str] =
        &["allOf", "anyOf", "oneOf", "if", "not", "dependentSchemas", "patternProperties", "$dynamicRef", "const", "enum"];
    let Value::Object(table) = schema else { return if schema == &Value::Bool(false) { Step::Excluded } else { Step::Unknown } };
    if OPEN.iter().any(|word| table.contains_key(*word)) {
        return Step::Unknown;
    }
    if let Some(next) = table.get("properties").and_then(|properties| properties.get(key)) {
        return Step::Into(next);
    }
    let may_be = |wanted: &str| match table.get("type") {
        Some(Value::String(name)) => name == wanted,
        Some(Value::Array(names)) => names.iter().any(|name| name == wanted),
        None | Some(_) => true,
    };
    if key.chars().all(|c| c.is_ascii_digit()) && may_be("array") {
        return table.get("items").filter(|_| !table.contains_key("prefixItems")).map_or(Step::Unknown, Step::Into);
    }
    if !may_be("object") {
        return Step::Excluded;
    }
    match (table.get("additionalProperties"), table.contains_key("properties")) {
        (Some(Value::Bool(false)), _) => Step::Excluded,
        (Some(other @ Value::Object(_)), _) => Step::Into(other),
        (None, true) if reading == Reading::Relied => Step::Excluded,
        _ => Step::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(schema: &Value, path: &str, reading: Reading) -> Option<usize> {
        let path: Vec<String> = path.split('.').map(str::to_owned).collect();
        excluded(schema, &path, reading).map(|(depth, _)| depth)
    }

    #[test]
    fn declared_fields_pass_and_others_do_not() {
        let schema = json!({"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}}}, "list": {"type": "array", "items": {"type": "object", "properties": {"x": {}}}}}});
        assert_eq!(check(&schema, "a.b", Reading::Relied), None);
        assert_eq!(check(&schema, "c", Reading::Relied), Some(0));
        assert_eq!(check(&schema, "c", Reading::Asked), None, "without additionalProperties it may come");
        assert_eq!(check(&schema, "a.b.c", Reading::Relied), Some(2), "a text has no fields");
        assert_eq!(check(&schema, "list.0.x", Reading::Relied), None);
        assert_eq!(check(&schema, "list.0.y", Reading::Relied), Some(2));
    }

    #[test]
    fn what_a_schema_leaves_open_passes() {
        assert_eq!(check(&json!({"additionalProperties": true, "properties": {"a": {}}}), "b", Reading::Relied), None);
        assert_eq!(check(&json!({"anyOf": [{"properties": {"a": {}}}]}), "b", Reading::Relied), None);
        assert_eq!(check(&json!({}), "b.c", Reading::Relied), None);
        assert_eq!(check(&json!({"additionalProperties": false, "properties": {"a": {}}}), "b", Reading::Asked), Some(0));
        assert_eq!(check(&json!({"additionalProperties": {"type": "string"}}), "b.c", Reading::Relied), Some(1));
    }

    #[test]
    fn references_are_followed_and_circles_end() {
        let schema = json!({"$defs": {"p": {"type": "object", "properties": {"x": {}}}}, "properties": {"p": {"$ref": "#/$defs/p"}, "q": {"$ref": "#/properties/q"}}});
        assert_eq!(check(&schema, "p.y", Reading::Relied), Some(1));
        assert_eq!(check(&schema, "q.y", Reading::Relied), None);
    }
}
