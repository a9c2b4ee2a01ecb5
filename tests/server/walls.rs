//! Walks the whole table, as /openapi.json tells it: no key, no answer; and what belongs to one tenant looks to another exactly like
//! what does not exist. New routes are walked by themselves; a new name in a path needs a line in `ids`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::harness::{Answer, Client, Server};

const PUBLIC: [&str; 12] = [
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/{file}",
    "/",
    "/assets/{file}",
    "/swagger/v1/swagger.json",
    "/v1/signIn",
    "/decide/{token}",
    "/hooks/{hook}",
];
/// Of these the id may name nothing, whoever asks: an answer without anything in it is right.
const EMPTY_IS_FINE: [&str; 2] = ["listApiKeyAuditEvents", "listTokenAuditEvents"];
/// An id that nothing has.
const NOBODY: &str = "0198c0de-dead-7bee-8000-0123456789ab";

/// Names beneath an agent or a webhook, whose ids are walked instead, what belongs to the whole installation, and the one network.
const NOT_OF_A_TENANT: [&str; 7] = ["revision", "other", "delivery", "chat", "provider", "network", "sample"];

/// One operation of the document.
pub struct Operation {
    pub id: String,
    pub method: String,
    pub path: String,
    pub body: Option<Value>,
    is_form: bool,
}

pub fn operations(client: &Client) -> Vec<Operation> {
    let document = client.get("/openapi.json").value();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let content = &operation["requestBody"]["content"];
            let schema = &content["application/json"]["schema"];
            found.push(Operation {
                id: operation["operationId"].as_str().unwrap().to_owned(),
                method: method.to_uppercase(),
                path: path.clone(),
                body: schema.is_object().then(|| example(schema, &document, 0)),
                is_form: content.get("multipart/form-data").is_some(),
            });
        }
    }
    assert!(found.len() > 10, "the walk must find the table");
    found
}

/// The smallest value of a schema.
fn example(schema: &Value, document: &Value, depth: usize) -> Value {
    if depth > 12 {
        return Value::Null;
    }
    if let Some(reference) = schema["$ref"].as_str() {
        return example(document.pointer(&reference[1..]).unwrap(), document, depth + 1);
    }
    for of in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = schema[of].as_array().and_then(|some| some.first()) {
            return example(first, document, depth + 1);
        }
    }
    if let Some(value) = schema.get("const").or(schema["enum"].as_array().and_then(|some| some.first())) {
        return value.clone();
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str()).unwrap_or("object");
    match kind {
        "object" => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let fields: Map<String, Value> =
                required.map(|name| (name.to_owned(), example(&schema["properties"][name], document, depth + 1))).collect();
            Value::Object(fields)
        }
        "array" => json!([]),
        "integer" | "number" => schema.get("minimum").cloned().unwrap_or(json!(1)),
        "boolean" => json!(true),
        "null" => Value::Null,
        _ => json!("abc"),
    }
}

fn send(client: &Client, operation: &Operation, path: &str) -> Answer {
    if operation.is_form {
        return client.upload(path, "a", "text/plain", b"x", &[]);
    }
    match &operation.body {
        Some(body) => client.json(&operation.method, path, body),
        None => client.request(&operation.method, path, &[], b"").unwrap(),
    }
}

pub fn filled(path: &str, value: impl Fn(&str) -> String) -> String {
    let mut parts = path.split('{');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}').unwrap();
        text += &value(name);
        text += rest;
    }
    text
}

/// What tenant `alpha` has, by the name that paths have for it.
pub fn ids(alpha: &Client) -> BTreeMap<&'static str, String> {
    let made = |answer: Answer, field: &str| {
        assert!(answer.status < 300, "{}", answer.text());
        answer.value()[field].as_str().unwrap().to_owned()
    };
    let key = made(alpha.get("/v1/tenants/alpha/apiKeys/current"), "id");
    let file = made(alpha.upload("/v1/tenants/alpha/storage", "secret.txt", "text/plain", b"secret", &[]), "fileId");
    let environment = made(alpha.json("POST", "/v1/tenants/alpha/environments", &json!({"displayName": "Staging"})), "id");
    let agent = made(alpha.json("POST", "/v1/tenants/alpha/agents", &json!({"id": "helper"})), "id");
    let flow = json!({"flow": {"steps": {"only": {"set": {"done": true}}}}});
    let revision = alpha.json("POST", "/v1/tenants/alpha/agents/helper/revisions", &flow);
    assert_eq!(revision.status, 200, "{}", revision.text());
    let execution = made(alpha.json("POST", "/v1/tenants/alpha/agents/helper:execute", &json!({})), "executionRecordId");
    let webhook = json!({"url": "https://hooks.example.com/flowgate"});
    let webhook = made(alpha.json("POST", "/v1/tenants/alpha/webhooks", &webhook), "id");
    let trigger = json!({"displayName": "Nightly", "kind": "MANUAL", "agentIds": ["helper"]});
    let trigger = made(alpha.json("POST", "/v1/tenants/alpha/triggers", &trigger), "id");
    let dataset = json!({"displayName": "Golden", "samples": [{"input": {}, "expected": {"done": true}}]});
    let dataset = made(alpha.json("POST", "/v1/tenants/alpha/agents/helper/evaluationDatasets", &dataset), "id");
    let run = json!({"datasetId": dataset});
    let run = made(alpha.json("POST", "/v1/tenants/alpha/agents/helper/revisions/1:evaluate", &run), "id");
    assert_eq!(alpha.json("PUT", "/v1/tenants/alpha/secrets/token", &json!({"value": "hidden"})).status, 200);
    let asks = json!({"flow": {"steps": {"only": {"approval": {"title": "Send this?", "approvers": {"any_of": ["user:ann"]}}}}}});
    assert_eq!(alpha.json("POST", "/v1/tenants/alpha/agents/helper/revisions", &asks).status, 200);
    let waiting = alpha.json("POST", "/v1/tenants/alpha/agents/helper/revisions/2:execute", &json!({}));
    let approval = made(waiting, "humanApprovalRequestId");
    let number = "1".to_owned();
    BTreeMap::from([
        ("key", key),
        ("file", file),
        ("environment", environment),
        ("agent", agent),
        ("revision", number.clone()),
        ("other", number),
        ("execution", execution),
        ("webhook", webhook),
        ("trigger", trigger),
        ("dataset", dataset),
        ("run", run),
        ("secret", "token".to_owned()),
        ("approval", approval),
    ])
}

/// An id of this kind that nothing has, as long as the one that something has.
fn absent(name: &str) -> &'static str {
    match name {
        "agent" => "nobody",
        "secret" => "other",
        "revision" | "other" | "sample" => "7",
        // Beside a webhook that is nobody's, and told apart from it.
        "delivery" => "0198c0de-beef-7bee-8000-0123456789ab",
        _ => NOBODY,
    }
}

#[test]
fn without_a_key_there_is_nothing_to_see() {
    let server = Server::start();
    let root = server.root();
    let nobody = Client { key: None, ..root.clone() };
    for operation in operations(&root) {
        let path = filled(&operation.path, |name| if name == "tenant" { "default".to_owned() } else { NOBODY.to_owned() });
        let answer = send(&nobody, &operation, &path);
        if PUBLIC.contains(&operation.path.as_str()) {
            // Signing in with nothing is refused like a wrong key.
            let is_open = answer.status != 401 || operation.id == "signIn";
            assert!(answer.status < 500 && is_open, "{}: {}", operation.id, answer.status);
        } else {
            assert_eq!(answer.status, 401, "{} {path}: {}", operation.method, answer.text());
            assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{}", operation.id);
            let value = answer.value();
            let is_said = value["code"] == "unauthorized" || value["error"]["code"] == "invalid_api_key";
            assert!(is_said, "{}: {value}", operation.id);
        }
    }
}

/// What of an answer may be compared: everything but the time of day and the name that was asked for, which has the same length in both.
fn bare(mut answer: Answer, own: &[(&str, &str)]) -> Answer {
    answer.headers.retain(|(name, _)| name != "date");
    // The library keeps them in a map of random order.
    answer.headers.sort();
    let mut text = answer.text();
    for (id, name) in own {
        text = text.replace(id, name);
    }
    answer.body = text.into_bytes();
    answer
}

#[test]
fn a_foreign_tenant_looks_like_one_that_does_not_exist() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let ids = ids(&alpha);
    for operation in operations(&beta).iter().filter(|operation| operation.path.contains("{tenant}")) {
        let of = |tenant: &str| {
            let path = filled(&operation.path, |name| match name {
                "tenant" => tenant.to_owned(),
                name => ids.get(name).cloned().unwrap_or_else(|| absent(name).to_owned()),
            });
            bare(send(&beta, operation, &path), &[(tenant, "TENANT")])
        };
        let (foreign, absent) = (of("alpha"), of("aleph"));
        assert_eq!(foreign.status, 404, "{} {}: {}", operation.method, operation.path, foreign.text());
        assert_eq!(foreign, absent, "{}", operation.id);
    }
    // The walk did nothing to what it walked past.
    assert_eq!(alpha.get(&format!("/v1/tenants/alpha/storage/{}", ids["file"])).body, b"secret");
    assert_eq!(alpha.get("/v1/tenants/alpha/apiKeys/current").status, 200);
}

#[test]
fn a_foreign_id_looks_like_one_that_does_not_exist() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let ids = ids(&alpha);
    let (mut unnamed, mut found) = (Vec::new(), Vec::new());
    for operation in operations(&beta).iter().filter(|operation| operation.path.contains("{tenant}")) {
        let names: Vec<&str> =
            operation.path.split('{').skip(1).filter_map(|part| part.split('}').next()).filter(|name| *name != "tenant").collect();
        unnamed
            .extend(names.iter().filter(|name| !ids.contains_key(*name) && !NOT_OF_A_TENANT.contains(name)).map(|name| (*name).to_owned()));
        for name in names.into_iter().filter(|name| ids.contains_key(name) && !NOT_OF_A_TENANT.contains(name)) {
            let with = |id: &str| {
                let path = filled(&operation.path, |part| match part {
                    "tenant" => "beta".to_owned(),
                    part if part == name => id.to_owned(),
                    part => ids.get(part).cloned().unwrap_or_else(|| absent(part).to_owned()),
                });
                bare(send(&beta, operation, &path), &[(id, "ID")])
            };
            let (foreign, unknown) = (with(&ids[name]), with(absent(name)));
            assert_eq!(foreign, unknown, "{} with the `{name}` of another tenant", operation.id);
            if !EMPTY_IS_FINE.contains(&operation.id.as_str()) {
                // Where a body is read first, ours may be refused before the id is looked up.
                let is_refused = foreign.status == 404 || (operation.body.is_some() && matches!(foreign.status, 400 | 422));
                if !is_refused {
                    found.push(format!(
                        "{} {} ({}): {} {}",
                        operation.method,
                        operation.path,
                        operation.id,
                        foreign.status,
                        foreign.text()
                    ));
                }
            }
        }
    }
    assert!(found.is_empty(), "answered as if the id named something: {found:#?}");
    assert!(unnamed.is_empty(), "add to `ids` of this test what tenant alpha has under these names: {unnamed:?}");
    assert_eq!(alpha.get(&format!("/v1/tenants/alpha/storage/{}", ids["file"])).body, b"secret");
    assert_eq!(alpha.get("/v1/tenants/alpha/apiKeys/current").status, 200, "its key is as it was");
}

/// The same resource spelt otherwise is either the same answer to the same key, or nothing; never a way around the key.
#[test]
fn spelling_a_path_otherwise_leads_nowhere() {
    let server = Server::start();
    let beta = server.tenant("beta");
    server.tenant("alpha");
    let nobody = Client { key: None, ..beta.clone() };
    for operation in operations(&beta) {
        let path = filled(&operation.path, |name| if name == "tenant" { "alpha".to_owned() } else { NOBODY.to_owned() });
        let (first, rest) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
        for tricked in [
            format!("{path};x"),
            format!("{path}/"),
            format!("{path}//"),
            format!("/{path}"),
            format!("{path}%2f"),
            format!("{path}%00"),
            format!("{path}/.."),
            format!("/livez/..{path}"),
            format!("/livez/%2e%2e{path}"),
            format!("/livez;{path}"),
            format!("/{}/{rest}", first.to_uppercase()),
            format!("/.{path}"),
            format!("{path}.json"),
            path.replace("/tenants/", "/tenants//"),
            path.replace("/tenants/", "/tenants%2f"),
            path.replace("/tenants/alpha", "/tenants/beta/../alpha"),
            path.replace("/tenants/alpha", "/tenants/beta%2f..%2falpha"),
            path.replace("/tenants/alpha", "/tenants/beta;alpha"),
        ] {
            if tricked == path {
                continue;
            }
            for (client, who) in [(&nobody, "nobody"), (&beta, "beta")] {
                let answer = send(client, &operation, &tricked);
                let refused = matches!(answer.status, 400 | 401 | 403 | 404 | 405);
                // Public paths whose last part is free may still name what is public.
                let public = PUBLIC.contains(&operation.path.as_str()) && operation.path.contains('{') && answer.status < 500;
                assert!(refused || public, "{who} {} {tricked}: {} {}", operation.method, answer.status, answer.text());
            }
        }
    }
}
