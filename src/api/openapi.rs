//! The OpenAPI document, worked out from the table of routes and the types that its handlers read and write.

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::problem::Problem;
use super::route::{Access, Content, IDEMPOTENCY_KEY, Payload, Route, header_bytes_max};

const JSON: &str = "application/json";
const PROBLEM: &str = "application/problem+json";

/// The document for these routes.
#[must_use]
pub fn document(routes: &[Route]) -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = "/components/schemas".into());
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in routes {
        let operation = operation(route, &mut generator);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(route.method.name().to_lowercase(), operation);
        }
    }
    generator.subschema_for::<Problem>();
    let schemas = generator.take_definitions(true);
    let mut document = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Flowgate",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Agents with revisions, executed, approved, watched and cancelled over HTTP. Times are milliseconds since 1970.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-KEY"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    });
    bound(&mut document);
    document
}

/// Says how large an integer may be, where its format alone says it.
fn bound(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            let limits: Option<(i64, u64)> = match fields.get("format").and_then(Value::as_str) {
                Some("uint8") => Some((0, u8::MAX.into())),
                Some("uint16") => Some((0, u16::MAX.into())),
                Some("uint32") => Some((0, u32::MAX.into())),
                Some("uint64" | "uint") => Some((0, u64::MAX)),
                Some("int64") => Some((i64::MIN, i64::MAX.unsigned_abs())),
                _ => None,
            };
            if let Some((least, most)) = limits {
                fields.entry("minimum").or_insert_with(|| least.into());
                fields.entry("maximum").or_insert_with(|| most.into());
            }
            fields.values_mut().for_each(bound);
        }
        Value::Array(items) => items.iter_mut().for_each(bound),
        _ => {}
    }
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut parameters: Vec<Value> = route
        .parameters()
        .map(|name| json!({"name": name, "in": "path", "required": true, "schema": {"type": "string", "minLength": 1, "maxLength": 200}}))
        .collect();
    if let Some(query) = route.query {
        parameters.extend(query_parameters(query(generator).as_value()));
    }
    parameters.extend(route.understood_headers().map(|name| {
        let mut schema = json!({"type": "string", "maxLength": header_bytes_max(name)});
        if name == IDEMPOTENCY_KEY {
            schema["pattern"] = "^[!-~]+$".into();
        }
        json!({"name": name, "in": "header", "schema": schema})
    }));
    let mut operation = json!({
        "operationId": route.operation,
        "summary": route.summary,
        "tags": [tag(route.path)],
        "responses": responses(route, generator),
    });
    let Some(fields) = operation.as_object_mut() else { return operation };
    if !parameters.is_empty() {
        fields.insert("parameters".to_owned(), parameters.into());
    }
    if let Some(body) = request_body(route, generator) {
        fields.insert("requestBody".to_owned(), body);
    }
    let (security, needed) = match route.access {
        Access::Public => (json!([]), None),
        Access::Key => (json!([{"apiKey": []}, {"bearer": []}]), Some("any key")),
        Access::Scope(scope) => (json!([{"apiKey": []}, {"bearer": []}]), Some(scope.name())),
        Access::Root => (json!([{"apiKey": []}, {"bearer": []}]), Some("the root key")),
    };
    fields.insert("security".to_owned(), security);
    if let Some(needed) = needed {
        fields.insert("x-permission".to_owned(), needed.into());
    }
    operation
}

/// The first fixed part behind the tenant that says what it is about.
fn tag(path: &str) -> &str {
    let mut parts = path.split(['/', ':']).rev().filter(|part| !part.is_empty() && !part.starts_with('{'));
    parts.find(|part| !["v1", "tenants", "agents"].contains(part)).or(path.split('/').nth(1)).unwrap_or("server")
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = schema["properties"].as_object().into_iter().flatten();
    properties
        .map(|(name, schema)| {
            let mut schema = schema.clone();
            let description = schema.as_object_mut().and_then(|fields| fields.remove("description"));
            let mut parameter =
                json!({"name": name, "in": "query", "required": required.contains(&name.as_str()), "schema": present(schema)});
            if let (Some(description), Some(fields)) = (description, parameter.as_object_mut()) {
                fields.insert("description".to_owned(), description);
            }
            parameter
        })
        .collect()
}

/// Absent is how a query says null.
fn present(mut schema: Value) -> Value {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|one| one != "null");
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
    }
    if let Some(Value::Array(some)) = schema.get("anyOf") {
        let rest: Vec<&Value> = some.iter().filter(|one| one["type"] != "null").collect();
        if let [only] = rest.as_slice() {
            return (*only).clone();
        }
    }
    schema
}

fn request_body(route: &Route, generator: &mut SchemaGenerator) -> Option<Value> {
    match route.payload {
        Payload::Nothing => None,
        Payload::Json { schema, required } => Some(json!({"required": required, "content": {JSON: {"schema": schema(generator)}}})),
        Payload::Fields(schema) => {
            Some(json!({"required": true, "content": {"application/x-www-form-urlencoded": {"schema": schema(generator)}}}))
        }
        Payload::Either { schema, form } => Some(json!({"required": true, "content": {
            JSON: {"schema": schema(generator)}, "multipart/form-data": {"schema": form(generator)},
        }})),
        Payload::Form { part } => Some(json!({"required": true, "content": {"multipart/form-data": {"schema": {
            "type": "object", "required": [part], "additionalProperties": false, "properties": {part: {"type": "string", "format": "binary"}},
        }}}})),
    }
}

fn responses(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let mut responses = Map::new();
    for (status, content) in &route.answers {
        let response = responses.entry(status.to_string()).or_insert_with(|| json!({"description": phrase(*status)}));
        match content {
            Content::Nothing => {}
            Content::Json(schema) => response["content"][JSON] = json!({"schema": schema(generator)}),
            Content::Events => response["content"]["text/event-stream"] = json!({"schema": event()}),
            Content::Other(content_type) => response["content"][*content_type] = json!({"schema": {"type": "string"}}),
        }
    }
    let (problem_type, problem) = match route.dialect.problem_schema(generator) {
        Some(schema) => (JSON, json!({"schema": schema})),
        None => (PROBLEM, json!({"schema": generator.subschema_for::<Problem>()})),
    };
    let all = ["400", "401", "403", "404", "408", "409", "413", "415", "422", "429", "503"];
    let public = ["400", "401", "404", "408", "413", "415", "429", "503"];
    for status in if route.access == Access::Public { &public[..] } else { &all[..] } {
        let response = responses.entry(*status).or_insert_with(|| json!({"description": "What is wrong"}));
        response["content"][problem_type] = problem.clone();
    }
    Value::Object(responses)
}

/// One event of a stream; what its data holds goes by its name.
fn event() -> Value {
    json!({
        "type": "object",
        "required": ["data"],
        "properties": {
            "id": {"type": "string", "description": "Send it as `Last-Event-ID` to go on behind it"},
            "event": {"type": "string"},
            "data": {"type": "string", "contentMediaType": JSON},
            "retry": {"type": "integer"},
        },
    })
}

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "Done",
        201 => "Made",
        202 => "Taken; it goes on",
        204 => "Done, or nothing there",
        304 => "Not changed since",
        503 => "Not now",
        _ => "See the summary",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::routes;

    /// Every object has properties or says what its values are; free-form is said by name only.
    fn untyped(path: &str, schema: &Value, found: &mut Vec<String>) {
        match schema {
            Value::Object(fields) => {
                let says = ["properties", "additionalProperties", "oneOf", "anyOf", "allOf", "patternProperties"];
                if fields.get("type").is_some_and(|kind| kind == "object") && !says.iter().any(|name| fields.contains_key(*name)) {
                    found.push(path.to_owned());
                }
                for (name, inner) in fields {
                    untyped(&format!("{path}/{name}"), inner, found);
                }
            }
            Value::Array(items) => items.iter().for_each(|inner| untyped(path, inner, found)),
            _ => {}
        }
    }

    #[test]
    fn the_document_has_the_table_s_operations_and_no_untyped_object() {
        let routes = routes::table();
        let document = document(&routes);
        let paths = document["paths"].as_object().unwrap();
        let count: usize = paths.values().map(|path| path.as_object().unwrap().len()).sum();
        assert_eq!(count, routes.len());
        let mut found = Vec::new();
        untyped("", &document["components"]["schemas"], &mut found);
        untyped("", &document["paths"], &mut found);
        assert!(found.is_empty(), "objects of which nothing is said: {found:#?}");
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document(&routes::table());
        let text = document.to_string();
        for reference in text.split("\"$ref\":\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference} leads nowhere");
        }
    }
}
