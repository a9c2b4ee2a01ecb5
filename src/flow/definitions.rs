//! Definitions: the ways into a flow as callers are offered them, each under a key and with the schema of its input. A flow that declares no
//! entries offers one.

use serde_json::{Map, Value, json};

use super::schema::Schema;
use super::spec::FlowSpec;

/// The key of the only definition of a flow without entries.
pub const DEFAULT: &str = "default";
/// Keywords behind which further properties may be declared.
const COMPOSED: [&str; 6] = ["$ref", "allOf", "anyOf", "oneOf", "if", "dependentSchemas"];

/// One way into a flow.
#[derive(Clone, Debug, PartialEq)]
pub struct Definition {
    pub key: String,
    /// None: it has no name but its key.
    pub name: Option<String>,
    pub description: Option<String>,
    /// JSON Schema of the input.
    pub input_schema: Value,
    /// The entry that a start has to name; none for the flow's own beginning.
    pub entry: Option<String>,
}

/// What does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// Names from the input down to the property, which may be missing; empty: the input as a whole.
    pub path: Vec<String>,
    pub message: String,
}

/// Every definition of a flow, in the order of its file.
#[must_use]
pub fn of(spec: &FlowSpec) -> Vec<Definition> {
    if spec.entries.is_empty() {
        let input_schema = closed(spec.input.as_ref());
        return vec![Definition { key: DEFAULT.to_owned(), name: None, description: None, input_schema, entry: None }];
    }
    let each = spec.entries.iter().map(|(key, entry)| Definition {
        key: key.clone(),
        name: entry.name.clone(),
        description: entry.description.clone(),
        // Without a schema of its own it takes what the flow takes, and nothing else, like the flow itself.
        input_schema: entry.input.clone().unwrap_or_else(|| closed(spec.input.as_ref())),
        entry: Some(key.clone()),
    });
    each.collect()
}

/// The declared inputs, and no others.
fn closed(input: Option<&Value>) -> Value {
    let Some(Value::Object(declared)) = input else {
        return json!({"type": "object", "properties": {}, "additionalProperties": false});
    };
    let mut schema = declared.clone();
    schema.entry("type").or_insert_with(|| "object".into());
    let is_said = schema.contains_key("additionalProperties") || schema.contains_key("unevaluatedProperties");
    if !is_said {
        let is_composed = COMPOSED.iter().any(|keyword| schema.contains_key(*keyword));
        schema.insert(if is_composed { "unevaluatedProperties" } else { "additionalProperties" }.to_owned(), false.into());
    }
    Value::Object(schema)
}

impl Definition {
    /// The input with its defaults.
    ///
    /// # Errors
    /// Everything that does not fit, each under the property that is wrong, missing or unknown.
    pub fn complete(&self, given: Map<String, Value>) -> Result<Map<String, Value>, Vec<Unfit>> {
        let whole = |message: String| vec![Unfit { path: Vec::new(), message }];
        let schema = Schema::new(&self.input_schema).map_err(|error| whole(error.to_string()))?;
        let mut input = Value::Object(given);
        schema.fill_defaults(&mut input);
        let wrong = schema.mismatches(&input);
        match input {
            Value::Object(input) if wrong.is_empty() => Ok(input),
            _ => Err(wrong.into_iter().flat_map(unfit).collect()),
        }
    }
}

/// One for each property.
fn unfit(wrong: super::schema::Mismatch) -> Vec<Unfit> {
    let written = |part: &str| part.replace("~1", "/").replace("~0", "~");
    let place: Vec<String> = wrong.pointer.split('/').skip(1).map(written).collect();
    let message = wrong.message;
    if wrong.properties.is_empty() {
        return vec![Unfit { path: place, message }];
    }
    let below = |name: String| Unfit { path: place.iter().cloned().chain([name]).collect(), message: message.clone() };
    wrong.properties.into_iter().map(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::compile;

    fn definitions(text: &str) -> Vec<Definition> {
        let (plan, _) = compile::load(text).unwrap_or_else(|problems| panic!("{problems:?}"));
        of(&plan.spec)
    }

    fn complete(schema: &Value, given: Value) -> Result<Value, Vec<String>> {
        let definition = Definition { key: "k".to_owned(), name: None, description: None, input_schema: schema.clone(), entry: None };
        let Value::Object(given) = given else { panic!("an object") };
        definition.complete(given).map(Value::Object).map_err(|unfit| unfit.into_iter().map(|one| one.path.join(".")).collect())
    }

    #[test]
    fn a_flow_without_entries_offers_its_declared_inputs_and_no_others() {
        let bare = definitions("{flow: f, steps: {a: {set: {x: 'true'}}}}");
        assert_eq!((bare.len(), bare[0].key.as_str(), &bare[0].entry), (1, DEFAULT, &None));
        assert_eq!(bare[0].input_schema, json!({"type": "object", "properties": {}, "additionalProperties": false}));
        let declared = definitions("{flow: f, input: {type: object, properties: {n: {type: integer}}}, steps: {a: {set: {x: 'input.n'}}}}");
        assert_eq!(
            declared[0].input_schema,
            json!({"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": false})
        );
        assert_eq!(closed(Some(&json!({"additionalProperties": true})))["additionalProperties"], true, "what is said stays");
        assert_eq!(closed(Some(&json!({"allOf": []})))["unevaluatedProperties"], false);
    }

    #[test]
    fn entries_are_offered_as_they_are_declared() {
        let found = definitions(
            "flow: f\ninput: {type: object, properties: {n: {type: integer}}}\nentries:\n  one: {name: One, description: The first., input: {type: object}}\n  two: {}\nsteps: {a: {set: {x: 'true'}}}",
        );
        let keys: Vec<_> = found.iter().map(|one| (one.key.as_str(), one.name.as_deref(), one.entry.as_deref())).collect();
        assert_eq!(keys, [("one", Some("One"), Some("one")), ("two", None, Some("two"))]);
        assert_eq!(found[0].input_schema, json!({"type": "object"}), "its own, as it stands");
        assert_eq!(found[1].input_schema["additionalProperties"], false, "the flow's");
    }

    #[test]
    fn what_does_not_fit_is_said_of_its_property() {
        let schema = json!({
            "type": "object", "additionalProperties": false, "required": ["a"],
            "properties": {"a": {"type": "string"}, "b": {"type": "integer", "default": 2}, "c": {"type": "array", "items": {"type": "string"}},
                "d": {"type": "object", "required": ["e"]}},
        });
        assert_eq!(complete(&schema, json!({"a": "x"})), Ok(json!({"a": "x", "b": 2})), "defaults are filled in");
        assert_eq!(complete(&schema, json!({})), Err(vec!["a".to_owned()]), "missing");
        assert_eq!(complete(&schema, json!({"a": "x", "b": "2"})), Err(vec!["b".to_owned()]), "a text is no number");
        assert_eq!(complete(&schema, json!({"a": "x", "z": 1, "y": 1})), Err(vec!["z".to_owned(), "y".to_owned()]), "unknown");
        assert_eq!(complete(&schema, json!({"a": "x", "c": ["k", 1]})), Err(vec!["c.1".to_owned()]));
        assert_eq!(complete(&schema, json!({"a": "x", "d": {}})), Err(vec!["d.e".to_owned()]));
    }
}
