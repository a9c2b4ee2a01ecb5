//! The JSON Schema of flow files, for editors: from the serde model, with what the shapes alone do not say: that a step has exactly
//! one kind, a tool exactly one call, an http call exactly one method. Shipped as `docs/flow.schema.json`.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use super::spec::FlowSpec;

/// Where editors find it, and what `$id` says.
const ID: &str = "urn:flowgate:flow:1";
/// The keys of a step that name its kind.
pub(super) const STEP_KINDS: [&str; 14] =
    ["llm", "agent", "http", "mcp", "builtin", "approval", "ask", "map", "flow", "wait", "event", "set", "fail", "end"];
const TOOL_KINDS: [&str; 4] = ["http", "mcp", "builtin", "flow"];
const METHODS: [&str; 6] = ["get", "post", "put", "patch", "delete", "head"];
const SIDE_CALL_KINDS: [&str; 3] = ["http", "mcp", "builtin"];
/// The keys of a validator that name its kind.
const VALIDATOR_KINDS: [&str; 5] = ["json_schema", "cel", "regex", "judge", "http"];
const WAIT_KINDS: [&str; 2] = ["for", "until"];
const EVENT_KINDS: [&str; 2] = ["name", "any_of"];

/// JSON Schema 2020-12 of a flow file.
#[must_use]
pub fn json_schema() -> Value {
    let generator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = generator.into_root_schema_for::<FlowSpec>().to_value();
    schema["$id"] = json!(ID);
    schema["title"] = json!("Flowgate flow");
    schema["description"] =
        json!("A flow: steps, and the edges that tokens move along. Conditions and mappings are CEL, strings are templates.");
    let exclusive: [(&str, &[&str]); 7] = [
        ("StepSpec", &STEP_KINDS),
        ("ToolSpec", &TOOL_KINDS),
        ("ValidatorSpec", &VALIDATOR_KINDS),
        ("HttpSpec", &METHODS),
        ("CompensateSpec", &SIDE_CALL_KINDS),
        ("WaitSpec", &WAIT_KINDS),
        ("EventSpec", &EVENT_KINDS),
    ];
    for (name, keys) in exclusive {
        if let Some(definition) = schema.pointer_mut(&format!("/$defs/{name}")) {
            definition["oneOf"] = keys.iter().map(|key| json!({"required": [key]})).collect();
        }
    }
    without_null(&mut schema);
    schema
}

/// An absent field is left out, not written as null; without this an editor offers null everywhere.
fn without_null(schema: &mut Value) {
    if let Value::Object(keywords) = schema {
        if let Some(Value::Array(types)) = keywords.get_mut("type") {
            types.retain(|name| name != "null");
            if let [only] = types.as_slice() {
                let only = only.clone();
                keywords.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = keywords.get_mut("anyOf") {
            choices.retain(|choice| choice != &json!({"type": "null"}));
            if let [only] = choices.as_slice() {
                let only = only.clone();
                keywords.remove("anyOf");
                if let Value::Object(only) = only {
                    keywords.extend(only);
                }
            }
        }
        // A schema may itself have `default: null`, which says the same as being absent.
        if keywords.get("default") == Some(&Value::Null) {
            keywords.remove("default");
        }
    }
    match schema {
        Value::Object(keywords) => keywords.values_mut().for_each(without_null),
        Value::Array(items) => items.iter_mut().for_each(without_null),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::schema::Schema;

    /// `FLOWGATE_UPDATE=1 cargo test json_schema` writes the shipped file anew.
    #[test]
    fn the_shipped_file_is_this_schema() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/flow.schema.json");
        let text = format!("{}\n", serde_json::to_string_pretty(&json_schema()).unwrap());
        if std::env::var_os("FLOWGATE_UPDATE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let shipped = std::fs::read_to_string(path).unwrap_or_default();
        assert_eq!(shipped, text, "docs/flow.schema.json is old; run with FLOWGATE_UPDATE=1");
    }

    #[test]
    fn it_accepts_flows_and_refuses_what_is_none() {
        let schema = Schema::new(&json_schema()).unwrap();
        let good = [
            json!({"flow": "a", "steps": {"x": {"llm": {"prompt": "p"}}}}),
            json!({"flow": "a", "steps": {"x": {"http": {"get": "u"}, "join": {"n": 2}, "retry": {"attempts": 2, "backoff": "1s..30s"}, "in_doubt": "ask"}, "y": {"builtin": "now"},
                "z": {"approval": {"title": "t", "expires": {"after": "2d", "then": {"ask": {"any_of": ["role:a"]}}}}}, "w": {"end": {}}}, "edges": [{"from": "x", "to": "y"}]}),
        ];
        for flow in good {
            assert_eq!(schema.mismatches(&flow), [], "{flow}");
        }
        let bad = [
            json!({"flow": "a"}),
            json!({"flow": "a", "steps": {"x": {}}}),
            json!({"flow": "a", "steps": {"x": {"set": {}, "end": {}}}}),
            json!({"flow": "a", "steps": {"x": {"http": {}}}}),
            json!({"flow": "a", "steps": {"x": {"http": {"get": "u", "post": "u"}}}}),
            json!({"flow": "a", "steps": {"x": {"set": {}, "unknown": 1}}}),
            json!({"flow": "a", "steps": {"x": {"set": {}, "timeout": "soon"}}}),
            json!({"flow": "a", "steps": {"x": {"set": {}, "title": null}}}),
        ];
        for flow in bad {
            assert_ne!(schema.mismatches(&flow), [], "{flow}");
        }
    }

    #[test]
    fn every_constrained_shape_is_there() {
        let schema = json_schema();
        for name in ["StepSpec", "ToolSpec", "HttpSpec", "CompensateSpec", "WaitSpec", "EventSpec"] {
            let one_of = schema.pointer(&format!("/$defs/{name}/oneOf")).and_then(Value::as_array).map_or(0, Vec::len);
            let properties = schema.pointer(&format!("/$defs/{name}/properties")).unwrap();
            assert!(one_of > 1, "{name}");
            let known = |choice: &Value| properties.get(choice["required"][0].as_str().unwrap()).is_some();
            assert!(schema["$defs"][name]["oneOf"].as_array().unwrap().iter().all(known), "{name}");
        }
    }
}
