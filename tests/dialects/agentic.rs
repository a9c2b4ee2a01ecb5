//! Source document 001 (agentic executions) and contracts/agentic-executions, field by field. Files are in `agentic_files`, lists in
//! `agentic_list`, how executions fail in `agentic_failures`.

use std::time::Instant;

use serde_json::{Value, json};

use super::harness::{Answer, Client, PATIENCE, ROOT_KEY, Server};

/// Asks as the document does: `Authorization: Token k`.
pub struct Caller(Client);

impl Caller {
    pub fn of(client: &Client) -> Self {
        Self(client.clone())
    }

    fn headers(&self, more: &[(&str, &str)]) -> Vec<(String, String)> {
        let token = ("authorization", format!("Token {}", self.0.key.as_deref().unwrap_or_default()));
        let more = more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        std::iter::once((token.0.to_owned(), token.1)).chain(more).collect()
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let headers = self.headers(headers);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Client { key: None, ..self.0.clone() }.request(method, path, &headers, body).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], b"")
    }

    pub fn start(&self, agent: u64, body: &Value) -> Answer {
        let path = format!("/api/agents/{agent}/agentic-executions/");
        self.ask("POST", &path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    pub fn execution(&self, id: &Value) -> Value {
        let answer = self.get(&format!("/api/agentic-executions/{id}/"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()
    }

    /// Polls, as the document tells its readers to.
    pub fn ended(&self, id: &Value) -> Value {
        self.until(id, |shown| shown["finished_at"].is_string())
    }

    pub fn until(&self, id: &Value, is_so: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let now = self.execution(id);
            if is_so(&now) {
                return now;
            }
            assert!(Instant::now() < until, "it does not come to that: {now}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

pub fn taken(answer: &Answer) -> Value {
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.value()
}

/// An agent with this flow; its integer id.
pub fn deploy(client: &Client, name: &str, flow: &Value) -> u64 {
    let made = client.json("POST", "/v1/tenants/default/agents", &json!({"id": name}));
    assert_eq!(made.status, 201, "{}", made.text());
    let revision = client.json("POST", &format!("/v1/tenants/default/agents/{name}/revisions"), &json!({"flow": flow}));
    assert_eq!(revision.status, 200, "{}", revision.text());
    made.value()["number"].as_u64().unwrap()
}

/// The record and the trace of the same execution, natively.
pub fn natively(client: &Client, shown: &Value) -> (Value, Value) {
    let record = format!("/v1/tenants/default/agents/{}/executionRecords/{}", shown["agent"], shown["id"]);
    let trace = client.get(&format!("{record}:trace"));
    assert_eq!(trace.status, 200, "{}", trace.text());
    (client.get(&record).value(), trace.value()["trace"].clone())
}

/// The schema of the document's example.
pub fn schema() -> Value {
    json!({
        "title": "CatalogEnrichmentAgenticExecutionInput",
        "description": "Input for the catalog enrichment agentic execution.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "additional_instructions": {
                "title": "Additional Instructions", "anyOf": [{"type": "string"}, {"type": "null"}], "default": null,
            },
            "skus": {
                "title": "Skus", "anyOf": [{"items": {"type": "string"}, "type": "array"}, {"type": "null"}], "default": null,
            },
        },
    })
}

/// The document's agent: `steps` do the work.
pub fn catalog(steps: &Value, more: &Value) -> Value {
    let mut entry = json!({"name": "Catalog Enrichment", "input": schema()});
    for (name, value) in more.as_object().unwrap() {
        entry[name] = value.clone();
    }
    json!({
        "steps": steps, "entries": {"catalog-enrichment": entry},
        "output": "{'SKU-001': 'Product updated successfully', 'SKU-002': 'Product updated successfully'}",
    })
}

pub fn works() -> Value {
    json!({"enrich": {"set": {"done": "true"}}})
}

/// Holds still until it is told to go on.
pub fn waits() -> Value {
    json!({"enrich": {"approval": {"title": "Go on?", "approvers": {"any_of": ["role:editor"]}}}})
}

pub fn request() -> Value {
    json!({
        "execution_key": "catalog-enrichment",
        "input": {"additional_instructions": "Focus on products missing a description.", "skus": ["SKU-001", "SKU-002"]},
    })
}

/// What differs from run to run, as the document has it.
pub fn normalised(shown: &Value) -> Value {
    let mut shown = shown.clone();
    let conversation = shown["conversation"].to_string();
    for (field, value) in [("id", 42), ("agent", 7), ("conversation", 198)] {
        assert!(shown[field].is_u64(), "{field}: {shown}");
        shown[field] = value.into();
    }
    // Beside what the document has.
    let mut beside = |field: &str| shown.as_object_mut().unwrap().remove(field).unwrap_or_else(|| panic!("{field} is missing"));
    assert_eq!((beside("trigger_type"), beside("triggered_by").is_u64()), (json!("api"), true));
    assert_eq!(shown["celery_task_id"].as_str().unwrap().len(), 36);
    shown["celery_task_id"] = "debf5bf6-3e58-4c7d-9e30-c5a4055d951f".into();
    for (field, value) in [("started_at", "2025-04-10T14:00:00.000000Z"), ("finished_at", "2025-04-10T14:00:16.000000Z")] {
        if let Some(text) = shown[field].as_str() {
            assert!(text.len() == value.len() && text.ends_with('Z') && text.as_bytes()[19] == b'.', "{field}: {text}");
            shown[field] = value.into();
        }
    }
    if shown["duration_seconds"].is_number() {
        shown["duration_seconds"] = json!(16.554_571);
    }
    for file in shown["files"].as_array_mut().unwrap() {
        file["id"] = 4.into();
        file["file_url"] = file["file_url"].as_str().unwrap().replace(&format!("/{conversation}/"), "/198/").into();
    }
    shown
}

#[test]
fn document_001_execution_definitions_example() {
    let server = Server::start();
    let agent = deploy(&server.root(), "catalog", &catalog(&works(), &json!({})));
    let caller = Caller::of(&server.root());
    let listed = caller.get(&format!("/api/agents/{agent}/agentic-execution-definitions/"));
    assert_eq!(listed.status, 200, "{}", listed.text());
    let expected = json!([{"key": "catalog-enrichment", "name": "Catalog Enrichment", "description": null, "input_schema": schema()}]);
    assert_eq!(listed.value(), expected);
}

#[test]
fn document_001_definitions_empty_without_a_revision_and_404_without_an_agent() {
    let server = Server::start();
    let root = server.root();
    let made = root.json("POST", "/v1/tenants/default/agents", &json!({"id": "empty"})).value();
    let caller = Caller::of(&root);
    let definitions = |agent: &str| caller.get(&format!("/api/agents/{agent}/agentic-execution-definitions/"));
    assert_eq!(definitions(&made["number"].to_string()).value(), json!([]));
    let refused = caller.start(made["number"].as_u64().unwrap(), &json!({"execution_key": "default"}));
    assert_eq!((refused.status, refused.value()["execution_key"].is_array()), (400, true), "{}", refused.text());
    let unknown = definitions("99");
    assert_eq!((unknown.status, unknown.value()["detail"].is_string()), (404, true));
    root.request("DELETE", "/v1/tenants/default/agents/empty", &[], b"").unwrap();
    assert_eq!(definitions("empty").status, 404, "a deleted agent is none");
    assert_eq!(caller.start(99, &json!({})).status, 404);
}

#[test]
fn contract_agentic_an_agent_without_entries_offers_one_definition() {
    let server = Server::start();
    let root = server.root();
    let input = json!({"type": "object", "properties": {"lead": {"type": "string"}}, "required": ["lead"]});
    let flow = json!({"input": input, "steps": {"only": {"set": {"about": "input.lead"}}}});
    let agent = deploy(&root, "plain", &flow);
    let caller = Caller::of(&root);
    let listed = caller.get(&format!("/api/agents/{agent}/agentic-execution-definitions/")).value();
    let mut closed = input;
    closed["additionalProperties"] = false.into();
    assert_eq!(listed, json!([{"key": "default", "name": "plain", "description": null, "input_schema": closed}]));
    let shown = taken(&caller.start(agent, &json!({"execution_key": "default", "input": {"lead": "Ada"}})));
    let done = caller.ended(&shown["id"]);
    assert_eq!((&done["result"], &done["execution_key"]), (&json!({"about": "Ada"}), &json!("default")));
    let refused = caller.start(agent, &json!({"execution_key": "default", "input": {"lead": "Ada", "more": 1}}));
    assert_eq!((refused.status, refused.value()["input"]["more"].is_array()), (400, true), "{}", refused.text());
}

#[test]
fn document_001_start_every_field() {
    let server = Server::start();
    let agent = deploy(&server.root(), "catalog", &catalog(&waits(), &json!({})));
    let caller = Caller::of(&server.root());
    let shown = taken(&caller.start(agent, &request()));
    let expected = json!({
        "id": 42, "agent": 7, "execution_key": "catalog-enrichment", "conversation": 198, "status": "pending",
        "input": {"additional_instructions": "Focus on products missing a description.", "skus": ["SKU-001", "SKU-002"]},
        "result": null, "failure_code": null, "failure_explanation": null,
        "celery_task_id": "debf5bf6-3e58-4c7d-9e30-c5a4055d951f", "started_at": "2025-04-10T14:00:00.000000Z", "finished_at": null,
        "duration_seconds": null, "files": [],
    });
    assert_eq!(normalised(&shown), expected);
    let (record, _) = natively(&server.root(), &shown);
    assert_eq!(shown["id"], record["number"], "id");
    assert_eq!(shown["agent"], agent, "agent");
    assert_eq!(shown["celery_task_id"], record["id"], "celery_task_id");
    assert_eq!(shown["conversation"], record["sessionNumber"], "conversation");
    assert_eq!(shown["triggered_by"], record["startedByNumber"], "triggered_by");
}

#[test]
fn document_001_get_in_progress_then_finished() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "catalog", &catalog(&waits(), &json!({})));
    let caller = Caller::of(&root);
    let taken = taken(&caller.start(agent, &json!({"execution_key": "catalog-enrichment", "input": {"skus": ["SKU-001", "SKU-002"]}})));
    let running = caller.execution(&taken["id"]);
    let mut expected = json!({
        "id": 42, "agent": 7, "execution_key": "catalog-enrichment", "conversation": 198, "status": "in_progress",
        "input": {"skus": ["SKU-001", "SKU-002"], "additional_instructions": null},
        "result": null, "failure_code": null, "failure_explanation": null,
        "celery_task_id": "debf5bf6-3e58-4c7d-9e30-c5a4055d951f", "started_at": "2025-04-10T14:00:00.000000Z", "finished_at": null,
        "duration_seconds": null, "files": [],
    });
    assert_eq!(normalised(&running), expected, "waiting for a person shows as in_progress; the default is filled in");
    let question = caller.until(&taken["id"], |_| natively(&root, &taken).0["waitingFor"]["approvalRequestId"].is_string());
    let (record, _) = natively(&root, &question);
    let approval = record["waitingFor"]["approvalRequestId"].as_str().unwrap();
    let question = format!("/v1/tenants/default/pendingApprovals/{approval}");
    let digest = root.get(&question).value()["digest"].clone();
    let decided = root.json("POST", &format!("{question}:decide"), &json!({"decision": "approve", "digest": digest}));
    assert!(decided.status < 300, "{}", decided.text());
    let done = caller.ended(&taken["id"]);
    expected["status"] = "finished".into();
    expected["result"] = json!({"SKU-001": "Product updated successfully", "SKU-002": "Product updated successfully"});
    expected["finished_at"] = "2025-04-10T14:00:16.000000Z".into();
    expected["duration_seconds"] = json!(16.554_571);
    assert_eq!(normalised(&done), expected);
    let (record, _) = natively(&root, &done);
    let duration = record["endTime"].as_f64().unwrap() - record["startTime"].as_f64().unwrap();
    let said = done["duration_seconds"].as_f64().unwrap();
    assert!((said * 1_000.0 - duration).abs() < 0.5, "duration_seconds: {said}, natively {duration} ms");
}

#[test]
fn document_001_start_refusals() {
    let server = Server::start();
    let root = server.root();
    let entry = json!({"input": {"type": "object", "additionalProperties": false, "required": ["required_field"], "properties": {
        "required_field": {"type": "string"}, "count": {"type": "integer"}, "nested": {"type": "object", "required": ["inner"]},
    }}});
    let agent = deploy(&root, "strict", &json!({"steps": works(), "entries": {"one": entry, "two": {}}}));
    let other = deploy(&root, "other", &json!({"steps": works(), "entries": {"elsewhere": {}}}));
    let caller = Caller::of(&root);
    let refused = |body: &Value| {
        let answer = caller.start(agent, body);
        assert_eq!(answer.status, 400, "{body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        answer.value()
    };
    for (what, body) in [
        ("unknown", json!({"execution_key": "nothing", "input": {}})),
        ("of another agent", json!({"execution_key": "elsewhere", "input": {}})),
        ("missing where there are several", json!({"input": {}})),
    ] {
        assert!(refused(&body)["execution_key"][0].is_string(), "execution_key {what}");
    }
    for (what, input, property) in [
        ("missing", json!({}), "required_field"),
        ("wrong type", json!({"required_field": 7}), "required_field"),
        ("no text for a number", json!({"required_field": "x", "count": "5"}), "count"),
        ("unknown", json!({"required_field": "x", "more": 1}), "more"),
        ("inside", json!({"required_field": "x", "nested": {}}), "nested"),
    ] {
        let body = refused(&json!({"execution_key": "one", "input": input}));
        assert!(body["input"][property][0].is_string(), "{what}: {body}");
        assert_eq!((body.as_object().unwrap().len(), body["input"].as_object().unwrap().len()), (1, 1), "{what}: nothing else: {body}");
    }
    assert!(refused(&json!({"execution_key": "one", "input": {"required_field": "x"}, "unknown": 1})).get("unknown").is_some());
    assert!(refused(&json!({"execution_key": "one", "input": []}))["input"].is_array());
    assert!(refused(&json!([]))["detail"].is_string());
    let broken = caller.ask("POST", &format!("/api/agents/{agent}/agentic-executions/"), &[("content-type", "application/json")], b"{");
    assert_eq!((broken.status, broken.value()["detail"].is_string()), (400, true));
    assert_eq!(caller.start(other, &json!({"execution_key": "elsewhere"})).status, 202);
    let listed = caller.get(&format!("/api/agentic-executions/?agent_id={agent}")).value();
    assert_eq!(listed["count"], 0, "a request that is refused leaves nothing behind");
}

#[test]
fn document_001_the_key_may_be_left_out_where_there_is_one() {
    let server = Server::start();
    let agent = deploy(&server.root(), "catalog", &catalog(&works(), &json!({})));
    let shown = taken(&Caller::of(&server.root()).start(agent, &json!({})));
    assert_eq!(shown["execution_key"], "catalog-enrichment");
    assert_eq!(shown["input"], json!({"additional_instructions": null, "skus": null}));
}

#[test]
fn document_001_all_endpoints_require_authentication() {
    let server = Server::start();
    let agent = deploy(&server.root(), "catalog", &catalog(&works(), &json!({})));
    let of_agent = format!("/api/agents/{agent}/agentic-executions/");
    for key in [None, Some("wrong".to_owned())] {
        for (method, path) in [
            ("GET", format!("/api/agents/{agent}/agentic-execution-definitions/")),
            ("POST", of_agent.clone()),
            ("GET", "/api/agentic-executions/1/".to_owned()),
            ("GET", "/api/agentic-executions/".to_owned()),
            ("GET", "/media/conversations/1/a".to_owned()),
        ] {
            let headers: Vec<(String, String)> = key.iter().map(|key| ("authorization".to_owned(), format!("Token {key}"))).collect();
            let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let nobody = Client { key: None, ..server.root() };
            let refused = nobody.request(method, &path, &headers, b"").unwrap();
            assert_eq!((refused.status, refused.value()["detail"].is_string()), (401, true), "{key:?} {method} {path}");
        }
    }
    for scheme in ["Token", "Bearer"] {
        let nobody = Client { key: None, ..server.root() };
        let key = format!("{scheme} {ROOT_KEY}");
        assert_eq!(nobody.request("GET", "/api/agentic-executions/", &[("authorization", &key)], b"").unwrap().status, 200, "{scheme}");
    }
}

#[test]
fn document_001_paths_end_in_a_slash() {
    let server = Server::start();
    let caller = Caller::of(&server.root());
    assert_eq!(caller.get("/api/agentic-executions/").status, 200);
    assert_eq!(caller.get("/api/agentic-executions").status, 404);
}

#[test]
fn contract_agentic_another_tenant_sees_nothing() {
    let server = Server::start();
    let agent = deploy(&server.root(), "catalog", &catalog(&works(), &json!({})));
    let shown = taken(&Caller::of(&server.root()).start(agent, &request()));
    let beta = Caller::of(&server.tenant("beta"));
    let foreign = beta.get(&format!("/api/agentic-executions/{}/", shown["id"]));
    let nobodys = beta.get("/api/agentic-executions/999/");
    assert_eq!(foreign.status, 404);
    assert_eq!(foreign.text().replace(&format!("`{}`", shown["id"]), "`999`"), nobodys.text(), "like one that there is not");
    assert_eq!(beta.start(agent, &request()).status, 404);
    assert_eq!(beta.get(&format!("/api/agents/{agent}/agentic-execution-definitions/")).status, 404);
    assert_eq!(beta.get("/api/agentic-executions/").value()["count"], 0);
}

#[test]
fn contract_agentic_the_conversation_takes_no_user_message() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "catalog", &catalog(&works(), &json!({})));
    let caller = Caller::of(&root);
    let shown = taken(&caller.start(agent, &request()));
    caller.ended(&shown["id"]);
    let (record, _) = natively(&root, &shown);
    let session = record["sessionId"].as_str().unwrap();
    let refused =
        root.json("POST", "/v1/tenants/default/agents/catalog:execute", &json!({"sessionId": session, "entry": "catalog-enrichment"}));
    assert_eq!((refused.status, refused.code().as_str()), (409, "session_read_only"), "{}", refused.text());
    let talker =
        deploy(&root, "talker", &json!({"input": {"type": "object", "properties": {"message": {"type": "string"}}}, "steps": works()}));
    let job = taken(&caller.start(talker, &json!({"input": {"message": "Do it."}})));
    caller.ended(&job["id"]);
    let said = json!({"root_id": job["id"], "messages": [{"role": "user", "content": "And now?"}]});
    let refused = root.json("POST", &format!("/api/agents/{talker}/execute"), &said);
    assert_eq!(refused.status, 409, "a chat cannot go on with it: {}", refused.text());
    let again = taken(&caller.start(agent, &request()));
    assert_ne!(again["conversation"], shown["conversation"], "each execution has its own");
}

#[test]
fn contract_agentic_a_repetition_under_an_idempotency_key_is_the_same_execution() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "catalog", &catalog(&works(), &json!({})));
    let caller = Caller::of(&root);
    let path = format!("/api/agents/{agent}/agentic-executions/");
    let headers = [("content-type", "application/json"), ("idempotency-key", "once")];
    let (first, second) = (
        caller.ask("POST", &path, &headers, request().to_string().as_bytes()),
        caller.ask("POST", &path, &headers, request().to_string().as_bytes()),
    );
    assert_eq!((first.status, second.status), (202, 202), "{}", second.text());
    assert_eq!(first.value()["id"], second.value()["id"]);
    assert_eq!(caller.get("/api/agentic-executions/").value()["count"], 1);
}

#[test]
fn contract_agentic_an_entry_can_be_named_natively_too() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "catalog", &catalog(&works(), &json!({})));
    let run = |body: &Value| root.json("POST", "/v1/tenants/default/agents/catalog:execute", body);
    let ran = run(&json!({"entry": "catalog-enrichment", "parameters": {"skus": ["SKU-001"]}}));
    assert_eq!(ran.status, 200, "{}", ran.text());
    let id = ran.value()["executionRecordId"].clone();
    let shown = Caller::of(&root).get(&format!("/api/agentic-executions/{}/", id.as_str().unwrap())).value();
    assert_eq!((&shown["execution_key"], &shown["agent"]), (&json!("catalog-enrichment"), &json!(agent)), "both kinds of id: {shown}");
    assert_eq!(shown["input"], json!({"additional_instructions": null, "skus": ["SKU-001"]}));
    let refused = run(&json!({"entry": "nothing"}));
    assert_eq!((refused.status, refused.code().as_str()), (422, "no_such_entry"), "{}", refused.text());
    assert!(refused.value()["errors"]["entry"].is_array());
}
