//! Parameters that are declared, and the values that are given for them.

use super::*;

fn declared(metadata: &Value) -> Vec<Parameter> {
    let mut body = one(&agent("a", "x"));
    body["flow"]["steps"][0]["parametersMetadata"] = metadata.clone();
    good(&body).parameters
}

fn every_type() -> Vec<Parameter> {
    declared(&json!([
        {"name": "text", "type": "string"}, {"name": "count", "type": "INTEGER"}, {"name": "price", "type": "float"},
        {"name": "sure", "type": "bool"}, {"name": "size", "type": "single-select", "options": [{"value": "S"}, {"value": "L"}]},
        {"name": "tags", "type": "STRING_ARRAY"}, {"name": "data", "type": "json"}, {"name": "map", "type": "dictionary"},
        {"name": "later", "typeName": "BOOLEAN", "defaultValue": "true"}, {"name": "bare"},
    ]))
}

fn values(given: &Value) -> Result<Value, Vec<String>> {
    let given: Map<String, Value> = given.as_object().cloned().unwrap();
    let read = read_values(&every_type(), &given).map(Value::Object);
    read.map_err(|problems| problems.into_iter().map(|problem| problem.message).collect())
}

#[test]
fn texts_of_a_command_line_become_what_their_parameter_is() {
    let typed = json!({"text": "5", "count": 5, "price": 1.5, "sure": false, "size": "L", "tags": ["a"], "data": {"a": 1}, "map": {}, "later": true});
    let spelled = json!({"text": "5", "count": " 5", "price": "1.5", "sure": "False", "size": "L", "tags": "[\"a\"]", "data": "{\"a\": 1}", "map": "{}"});
    assert_eq!(values(&spelled), Ok(typed.clone()));
    assert_eq!(values(&typed), Ok(typed.clone()));
    assert_eq!(Schema::new(&input_schema(&every_type())).unwrap().mismatches(&typed), []);
    let same = json!({"count": 3, "price": 2, "data": "free text", "later": false, "other": 1});
    assert_eq!(values(&json!({"count": 3.0, "price": 2, "data": "free text", "later": false, "other": 1, "text": null})), Ok(same));
}

#[test]
fn values_that_do_not_fit_are_all_named() {
    let given = json!({"text": 5, "count": "5.5", "price": "NaN", "sure": 1, "size": "M", "tags": ["a", 1], "map": "[]", "later": "maybe"});
    let expected = [
        "Parameter text must be a string",
        "Parameter count must be an integer",
        "Parameter price must be a number",
        "Parameter sure must be true or false",
        "Parameter size must be one of S, L",
        "Parameter tags must be a list of strings",
        "Parameter map must be an object",
        "Parameter later must be true or false",
    ];
    assert_eq!(values(&given), Err(expected.map(str::to_owned).to_vec()));
    for (given, other) in [(json!(true), "count"), (json!(1e300), "count"), (json!(true), "price"), (json!("a"), "tags")] {
        assert!(values(&json!({other: given})).is_err(), "{other} {given}");
    }
}

#[test]
fn a_missing_parameter_is_named_as_clients_expect() {
    let parameters =
        declared(&json!([{"name": "question", "required": true}, {"name": "n", "type": "integer", "required": true, "defaultValue": 2}]));
    for given in [json!({}), json!({"question": null})] {
        let problems = read_values(&parameters, given.as_object().unwrap()).unwrap_err();
        assert_eq!(problems, [ValueProblem { parameter: "question".to_owned(), message: "Parameter question is required".to_owned() }]);
    }
    let read = read_values(&parameters, json!({"question": ""}).as_object().unwrap()).unwrap();
    assert_eq!(Value::Object(read), json!({"question": "", "n": 2}));
    assert_eq!(input_schema(&parameters)["required"], json!(["question"]));
}

#[test]
fn our_own_flows_have_parameters_too() {
    let input = json!({"type": "object", "required": ["b"], "$defs": {"d": {"type": "number", "default": 2}}, "properties": {
        "b": {"type": "string", "description": "what"}, "a": {"enum": ["x", "y"], "default": "x"}, "c": {"type": "array", "items": {"type": "string"}},
        "d": {"$ref": "#/$defs/d"}, "e": {"type": "object"}, "f": {"type": ["string", "null"]}, "g": {"type": "array"}, "h": {"type": "boolean"},
        "i": {"type": "integer"}}});
    let parameters = from_schema(&input);
    let types: Vec<(&str, &str)> = parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.kind.spelled.as_str())).collect();
    assert_eq!(
        types,
        [
            ("b", "string"),
            ("a", "single-select"),
            ("c", "string_array"),
            ("d", "float"),
            ("e", "json"),
            ("f", "json"),
            ("g", "json"),
            ("h", "bool"),
            ("i", "integer")
        ]
    );
    assert!(parameters[0].required && !parameters[1].required);
    let given = json!({"b": "t", "f": null, "g": "[1]", "i": "7", "extra": "[1]"});
    let read = read_values(&parameters, given.as_object().unwrap()).unwrap();
    assert_eq!(Value::Object(read), json!({"b": "t", "f": null, "g": [1], "i": 7, "extra": "[1]", "a": "x", "d": 2}));
    assert_eq!(from_schema(&json!({})), []);
    assert_eq!(from_schema(&Value::Null), []);
}

#[test]
fn the_schema_of_a_parameter_leads_back_to_it() {
    let parameters = every_type();
    let back = from_schema(&input_schema(&parameters));
    let kinds = |list: &[Parameter]| list.iter().map(|parameter| (parameter.name.clone(), parameter.default())).collect::<Vec<_>>();
    assert_eq!(kinds(&back), kinds(&parameters));
    assert_eq!(back[4].options.len(), 2);
}

#[test]
fn shapes_are_told_apart() {
    assert!(is_vendor_shape(&research()["flow"]));
    assert!(!is_vendor_shape(&json!({"flow": "a", "steps": {}})));
    assert!(is_vendor_body(&research()) && is_vendor_body(&digest()));
    assert!(!is_vendor_body(&json!({"flow": {"flow": "a", "steps": {}}, "definition": null})));
}
