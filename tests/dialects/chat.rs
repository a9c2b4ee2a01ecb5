//! Source documents 002 and 004 (chat agents) and contracts/chat-agents: executing an agent, field by field.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::{Value, json};

use super::harness::{Answer, Client, PATIENCE, ROOT_KEY, Server, exchange, parse};
use super::model::{self, Turn};

/// The operator's part: two names of models, as the documents have them.
const SETTINGS: &str = "[models.aliases]\n\"tess-6\" = \"openai/gpt-4.1\"\n\"tess-ai-light\" = \"openai/gpt-4.1-nano\"\n";

/// A server with its models, and what these were asked.
pub struct World {
    pub server: Server,
    pub client: Client,
    asked: Arc<Mutex<Vec<Value>>>,
    _directory: tempfile::TempDir,
}

impl World {
    pub fn new() -> Self {
        Self::with("", |_| Turn::Says("Hello! How can I help?"))
    }

    /// With more settings, and models that say this.
    pub fn with(settings: &str, script: impl Fn(&Value) -> Turn + Send + Sync + 'static) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("flowgate.toml"), format!("{SETTINGS}{settings}")).unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&asked);
        let server = model::serve_asked(directory.path(), &[], move |request| {
            heard.lock().unwrap().push(request.clone());
            script(request)
        });
        Self { client: server.root(), server, asked, _directory: directory }
    }

    /// What models were asked so far.
    pub fn asked(&self) -> Vec<Value> {
        self.asked.lock().unwrap().clone()
    }

    /// The last thing that a model was asked.
    pub fn last_asked(&self) -> Value {
        self.asked().pop().expect("a model was asked")
    }

    pub fn deploy(&self, name: &str, flow: &Value) -> u64 {
        deploy(&self.client, "default", name, flow)
    }

    pub fn execute(&self, agent: u64, body: &Value) -> Answer {
        self.client.json("POST", &format!("/api/agents/{agent}/execute"), body)
    }

    /// Waits for the end; the response.
    pub fn ran(&self, agent: u64, body: &Value) -> Value {
        let mut body = body.clone();
        body["waitExecution"] = json!(true);
        let answer = self.execute(agent, &body);
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()["responses"][0].clone()
    }

    pub fn response(&self, id: &Value) -> Value {
        let answer = self.client.get(&format!("/api/agent-responses/{id}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.value()
    }

    /// The response, once it says so.
    pub fn becomes(&self, id: &Value, status: &str) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let now = self.response(id);
            if now["status"] == status {
                return now;
            }
            assert!(Instant::now() < until, "it does not become {status}: {now}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }

    /// The record and the trace of the same execution, natively.
    pub fn natively(&self, response: &Value) -> (Value, Value) {
        let record = format!("/v1/tenants/default/agents/{}/executionRecords/{}", response["template_id"], response["id"]);
        (self.client.get(&record).value(), self.client.get(&format!("{record}:trace")).value()["trace"].clone())
    }
}

pub fn deploy(client: &Client, tenant: &str, name: &str, flow: &Value) -> u64 {
    let made = client.json("POST", &format!("/v1/tenants/{tenant}/agents"), &json!({"id": name}));
    assert_eq!(made.status, 201, "{}", made.text());
    let revision = client.json("POST", &format!("/v1/tenants/{tenant}/agents/{name}/revisions"), &json!({"flow": flow}));
    assert_eq!(revision.status, 200, "{}", revision.text());
    made.value()["number"].as_u64().unwrap()
}

/// One to talk with.
pub fn talks() -> Value {
    json!({
        "input": {"type": "object", "required": ["message"], "additionalProperties": false, "properties": {
            "message": {"type": "string"}, "tone": {"enum": ["kind", "brief"]}}},
        "steps": {"talk": {"llm": {"model": "openai/gpt-5-mini", "system": "Be of help.", "prompt": "{{ input.message }}"}}},
    })
}

/// One that uses tools.
fn works() -> Value {
    json!({
        "input": {"type": "object", "required": ["message"], "properties": {"message": {"type": "string"}}},
        "steps": {"work": {"agent": {"model": "openai/gpt-5-mini", "prompt": "{{ input.message }}", "max_iterations": 3, "tools": [{"builtin": "echo"}]}}},
    })
}

/// One that only gives its inputs back.
fn echoes() -> Value {
    json!({
        "input": {"type": "object", "required": ["department"], "additionalProperties": false, "properties": {
            "department": {"type": "string"}, "reporting_period": {"type": "string"}, "include_risks": {"type": "boolean"}, "temperature": {"type": "number"}}},
        "steps": {"only": {"set": {"given": "input"}}},
    })
}

/// One that waits for somebody.
pub fn waits() -> Value {
    json!({
        "input": {"type": "object", "properties": {"message": {"type": "string"}}},
        "steps": {"only": {"approval": {"title": "Send this?", "approvers": {"any_of": ["user:ann"]}}}},
    })
}

pub fn says(text: &str) -> Value {
    json!({"messages": [{"role": "user", "content": text}]})
}

pub fn with(body: Value, name: &str, value: Value) -> Value {
    let mut body = body;
    body[name] = value;
    body
}

/// The fields of an object, sorted.
pub fn fields(value: &Value) -> Vec<&str> {
    let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    names
}

/// Refused with 422, and what is said of the field.
pub fn refused(answer: &Answer, field: &str) -> String {
    assert_eq!(answer.status, 422, "{field}: {}", answer.text());
    let body = answer.value();
    assert!(body["message"].is_string() && body["code"].is_string(), "{body}");
    body["errors"][field][0].as_str().unwrap_or_else(|| panic!("nothing is said of {field}: {body}")).to_owned()
}

fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == "2025-01-05T19:35:21.000000Z".len() && text.ends_with('Z') && text.as_bytes()[19] == b'.' && text.as_bytes()[10] == b'T'
}

#[test]
fn document_004_the_example_of_request_and_response() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let body = json!({
        "temperature": "1",
        "model": "tess-ai-light",
        "messages": [{"role": "user", "content": "hello there!"}],
        "tools": "no-tools",
        "waitExecution": false
    });
    let bearer = format!("Bearer {ROOT_KEY}");
    let nobody = Client { key: None, ..world.client.clone() };
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    let answer = nobody.request("POST", &format!("/api/agents/{agent}/execute"), &headers, body.to_string().as_bytes()).unwrap();
    assert_eq!(answer.status, 202, "{}", answer.text());
    let example = json!({
        "template_id": "8794",
        "responses": [{
            "id": 4_773_337, "status": "starting", "input": "hello", "output": "", "credits": 0.000_337, "root_id": 4_773_337,
            "created_at": "2025-01-05T19:35:21.000000Z", "updated_at": "2025-01-05T19:35:21.000000Z", "template_id": 8794
        }]
    });
    let shown = answer.value();
    let response = &shown["responses"][0];
    let mut documented = response.clone();
    for field in ["trigger_type", "triggered_by"] {
        documented.as_object_mut().unwrap().remove(field).unwrap_or_else(|| panic!("{field}, beside the document's"));
    }
    assert_eq!((fields(&shown), fields(&documented)), (fields(&example), fields(&example["responses"][0])));
    assert_eq!(shown["template_id"], agent.to_string(), "template_id, outside: a text");
    assert_eq!(response["template_id"], agent, "template_id, inside: an integer");
    assert_eq!(shown["responses"].as_array().unwrap().len(), 1);
    assert!(response["id"].is_u64() && response["credits"].is_f64(), "{response}");
    assert_eq!(response["root_id"], response["id"], "root_id of a first turn");
    assert_eq!((&response["status"], &response["input"], &response["output"]), (&json!("starting"), &json!("hello there!"), &json!("")));
    assert!(is_time(&response["created_at"]) && response["updated_at"] == response["created_at"], "{response}");
    let ended = world.becomes(&response["id"], "succeeded");
    assert_eq!(ended["output"], "Hello! How can I help?");
    assert_eq!(world.last_asked()["model"], "gpt-4.1-nano");
}

#[test]
fn contract_response_every_field_and_the_same_execution_natively() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let response = world.ran(agent, &says("Hi"));
    let documented = ["created_at", "credits", "id", "input", "output", "root_id", "status", "template_id"];
    let beside = ["trigger_type", "triggered_by", "updated_at"];
    assert_eq!(fields(&response), [documented.as_slice(), &beside].concat());
    let (record, trace) = world.natively(&response);
    assert_eq!((&response["trigger_type"], &response["triggered_by"]), (&json!("api"), &record["startedByNumber"]));
    assert_eq!(response["id"], record["number"], "id");
    assert_eq!((&response["status"], &record["status"]), (&json!("succeeded"), &json!("COMPLETED")));
    assert_eq!((&response["input"], &trace["parameters"]), (&json!("Hi"), &json!({"message": "Hi"})), "input");
    assert_eq!(response["output"], "Hello! How can I help?", "output");
    assert_eq!(response["credits"], trace["totalCost"], "1 credit = 1 US dollar");
    assert!(response["credits"].as_f64().unwrap() > 0.0);
    assert_eq!(trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap(), 15, "tokens of one model call");
    assert_eq!(trace["traces"].as_array().unwrap().len(), 1, "one step: {}", trace["traces"]);
    assert!(is_time(&response["created_at"]) && is_time(&response["updated_at"]));
    assert_eq!(world.response(&response["id"]), response, "agent-responses");
    let named = world.client.get(&format!("/api/agent-responses/{}", record["id"].as_str().unwrap()));
    assert_eq!(named.value(), response, "both kinds of id");
    let slug = world.client.json("POST", "/api/agents/helper/execute", &says("Hi"));
    assert_eq!(slug.status, 202, "both kinds of id: {}", slug.text());
}

#[test]
fn contract_credits_are_counted_in_the_unit_of_the_installation() {
    let world = World::with("[server]\ncredit_usd = 0.001\n", |_| Turn::Says("Yes."));
    let agent = world.deploy("helper", &talks());
    let response = world.ran(agent, &says("Hi"));
    let (_, trace) = world.natively(&response);
    let (credits, usd) = (response["credits"].as_f64().unwrap(), trace["totalCost"].as_f64().unwrap());
    assert!(usd > 0.0 && (credits - usd * 1_000.0).abs() < 1e-9, "{credits} {usd}");
}

#[test]
fn document_002_temperature() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let mut warm = talks();
    warm["steps"]["talk"]["llm"]["temperature"] = json!(0.5);
    let own = world.deploy("warm", &warm);
    for (agent, given, reached) in [
        (agent, json!("0"), 0.0),
        (agent, json!("0.25"), 0.25),
        (agent, json!("2"), 2.0),
        (agent, json!(1.5), 1.5),
        (agent, Value::Null, 1.0),
        (own, Value::Null, 0.5),
        (own, json!("0.75"), 0.75),
    ] {
        world.ran(agent, &with(says("Hi"), "temperature", given.clone()));
        assert_eq!(world.last_asked()["temperature"].as_f64(), Some(reached), "{given}");
    }
    world.ran(agent, &says("Hi"));
    assert_eq!(world.last_asked()["temperature"].as_f64(), Some(1.0), "default");
    for wrong in [json!("2.5"), json!("-1"), json!("warm"), json!(true)] {
        refused(&world.execute(agent, &with(says("Hi"), "temperature", wrong)), "temperature");
    }
}

#[test]
fn document_002_model() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    world.ran(agent, &says("Hi"));
    assert_eq!(world.last_asked()["model"], "gpt-5-mini", "default: the agent's own");
    for (name, model) in [("tess-6", "gpt-4.1"), ("tess-ai-light", "gpt-4.1-nano")] {
        let response = world.ran(agent, &with(says("Hi"), "model", json!(name)));
        assert_eq!(world.last_asked()["model"], model, "{name}");
        assert!(world.natively(&response).1.to_string().contains(model), "the trace names it");
    }
    let said = refused(&world.execute(agent, &with(says("Hi"), "model", json!("gpt-9"))), "model");
    assert!(said.contains("gpt-9") && said.contains("tess-6"), "{said}");
    refused(&world.execute(agent, &with(says("Hi"), "model", json!("openai/gpt-4.1"))), "model");
    refused(&world.execute(agent, &with(says("Hi"), "model", json!(6))), "model");
}

#[test]
fn contract_model_without_a_price_is_refused_under_an_enforced_budget() {
    let world = World::with("\"new\" = \"openai/gpt-99\"\n", |_| Turn::Says("Yes."));
    let agent = world.deploy("helper", &talks());
    world.ran(agent, &with(says("Hi"), "model", json!("new")));
    let budget = world.client.json("PUT", "/v1/tenants/default/agents/helper/budget", &json!({"amount": 5, "enforceLimit": true}));
    assert_eq!(budget.status, 200, "{}", budget.text());
    let refused = world.execute(agent, &with(says("Hi"), "model", json!("new")));
    assert_eq!((refused.status, refused.code().as_str()), (422, "no_price"), "{}", refused.text());
    world.ran(agent, &with(says("Hi"), "model", json!("tess-6")));
}

#[test]
fn document_002_tools() {
    let world = World::with("", |request| match request["messages"].as_array().unwrap().len() {
        1 => Turn::Calls("Let me see.", vec![("echo", json!({"text": "42"}))]),
        _ => Turn::Says("Done."),
    });
    let agent = world.deploy("worker", &works());
    for body in [says("Hi"), with(says("Hi"), "tools", json!("agent"))] {
        let response = world.ran(agent, &body);
        assert_eq!(world.last_asked()["tools"][0]["function"]["name"], "echo", "its own tools");
        assert!(world.last_asked()["messages"].to_string().contains("42"), "the tool answered");
        assert_eq!(response["output"], "Done.");
    }
    let response = world.ran(agent, &with(says("Hi"), "tools", json!("no-tools")));
    assert!(world.asked().iter().rev().take(2).all(|request| request.get("tools").is_none()), "none are offered");
    assert!(world.last_asked()["messages"].to_string().contains("no_such_tool"), "and none can be called: {}", world.last_asked());
    assert_eq!(response["output"], "Done.");
    for wrong in [json!("internet"), json!(["agent"])] {
        let said = refused(&world.execute(agent, &with(says("Hi"), "tools", wrong)), "tools");
        assert!(said.contains("no-tools"), "{said}");
    }
}

#[test]
fn document_002_wait_execution() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    for (name, wait, status, word) in [
        ("waitExecution", json!(true), 200, "succeeded"),
        ("wait_execution", json!(true), 200, "succeeded"),
        ("waitExecution", json!(false), 202, "starting"),
        ("wait_execution", json!(false), 202, "starting"),
        ("waitExecution", Value::Null, 202, "starting"),
    ] {
        let answer = world.execute(agent, &with(says("Hi"), name, wait.clone()));
        let response = answer.value()["responses"][0].clone();
        assert_eq!((answer.status, response["status"].as_str()), (status, Some(word)), "{name} {wait}: {response}");
        world.becomes(&response["id"], "succeeded");
    }
    assert_eq!(world.execute(agent, &says("Hi")).status, 202, "default: false");
    refused(&world.execute(agent, &with(says("Hi"), "waitExecution", json!("yes"))), "waitExecution");
    let both = with(with(says("Hi"), "waitExecution", json!(true)), "wait_execution", json!(false));
    refused(&world.execute(agent, &both), "wait_execution");
}

/// Takes the 100 seconds that it is about.
#[test]
fn document_002_wait_execution_gives_up_after_100_seconds_and_the_execution_goes_on() {
    let gate = Arc::new(std::sync::Barrier::new(2));
    let held = Arc::clone(&gate);
    let world = World::with("", move |_| {
        held.wait();
        Turn::Says("At last.")
    });
    let mut slow = talks();
    slow["steps"]["talk"]["timeout"] = json!("10m");
    let agent = world.deploy("slow", &slow);
    let body = with(says("Hi"), "waitExecution", json!(true)).to_string();
    let request = format!(
        "POST /api/agents/{agent}/execute HTTP/1.1\r\nhost: test\r\nconnection: close\r\nx-api-key: {ROOT_KEY}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let raw = exchange(world.server.address, (request + &body).as_bytes(), 4 * PATIENCE).unwrap();
    let (answer, _) = parse(&raw).expect("an answer within four minutes");
    let response = answer.value()["responses"][0].clone();
    assert_eq!((answer.status, &response["status"]), (202, &json!("running")), "{response}");
    gate.wait();
    assert_eq!(world.becomes(&response["id"], "succeeded")["output"], "At last.");
}

#[test]
fn document_002_file_ids() {
    let world = World::new();
    let reads = json!({
        "input": {"type": "object", "properties": {"message": {"type": "string"}}},
        "steps": {"only": {"set": {"name": "context.attachments[0].name", "text": "context.attachments[0].text", "count": "size(context.attachments)"}}},
    });
    let agent = world.deploy("reader", &reads);
    let upload = |name: &str, bytes: &[u8]| world.client.upload("/api/files", name, "text/plain", bytes, &[]).value()["id"].clone();
    let (one, other) = (upload("a.txt", b"first"), upload("b.txt", b"second"));
    let response = world.ran(agent, &with(says("Hi"), "file_ids", json!([one, other])));
    let output: Value = serde_json::from_str(response["output"].as_str().unwrap()).unwrap();
    assert_eq!(output, json!({"name": "a.txt", "text": "first", "count": 2}));
    refused(&world.execute(agent, &with(says("Hi"), "file_ids", json!([one, 99]))), "file_ids.1");
    refused(&world.execute(agent, &with(says("Hi"), "file_ids", json!(["../x"]))), "file_ids.0");
    refused(&world.execute(agent, &with(says("Hi"), "file_ids", json!(1))), "file_ids");
    refused(&world.execute(agent, &with(says("Hi"), "file_ids", json!(vec![one; 17]))), "file_ids");
}

#[test]
fn document_002_other_root_level_fields_are_inputs() {
    let world = World::new();
    let agent = world.deploy("reporter", &echoes());
    let output = |response: &Value| serde_json::from_str::<Value>(response["output"].as_str().unwrap()).unwrap()["given"].clone();
    let response = world.ran(agent, &json!({"department": "sales", "reporting_period": "Q3", "include_risks": "true"}));
    assert_eq!(output(&response), json!({"department": "sales", "reporting_period": "Q3", "include_risks": true}));
    assert_eq!(response["status"], "succeeded", "an agent that is none to talk with needs no messages");
    refused(&world.execute(agent, &json!({})), "department");
    let said = refused(&world.execute(agent, &json!({"department": "sales", "departmnt": "x"})), "departmnt");
    assert!(said.contains("departmnt"), "{said}");
    refused(&world.execute(agent, &json!({"department": "sales", "include_risks": "perhaps"})), "include_risks");
    let talk = world.deploy("helper", &talks());
    refused(&world.execute(talk, &with(says("Hi"), "tone", json!("loud"))), "tone");
}

#[test]
fn document_004_answers() {
    let world = World::new();
    let agent = world.deploy("reporter", &echoes());
    let output = |response: &Value| serde_json::from_str::<Value>(response["output"].as_str().unwrap()).unwrap()["given"].clone();
    let answers = json!({"answers": {"department": "sales", "temperature": 7}, "include_risks": false});
    assert_eq!(
        output(&world.ran(agent, &answers)),
        json!({"department": "sales", "temperature": 7, "include_risks": false}),
        "an input that is called like a known field stands in `answers`"
    );
    refused(&world.execute(agent, &json!({"answers": {"department": "sales"}, "department": "desk"})), "department");
    refused(&world.execute(agent, &json!({"answers": {"department": "sales", "other": 1}})), "other");
    refused(&world.execute(agent, &json!({"answers": ["sales"]})), "answers");
}

#[test]
fn contract_status_every_word() {
    let world = World::with("", |request| {
        if request.to_string().contains("never") {
            std::thread::park();
        }
        Turn::Says("Yes.")
    });
    let fails = json!({"steps": {"only": {"fail": {"code": "no_luck", "message": "It did not work."}}}});
    let failing = world.deploy("failing", &fails);
    let failed = world.ran(failing, &json!({}));
    assert_eq!((&failed["status"], &failed["error"]), (&json!("failed"), &json!("It did not work.")));
    assert_eq!(world.natively(&failed).0["status"], "FAILED");
    let asking = world.deploy("asking", &waits());
    let answer = world.execute(asking, &with(says("Hi"), "waitExecution", json!(true)));
    let waiting = answer.value()["responses"][0].clone();
    assert_eq!((answer.status, &waiting["status"]), (202, &json!("running")), "an approval has no word of its own");
    let record = world.natively(&waiting).0;
    let cancel = format!("/v1/tenants/default/agents/asking/executionRecords/{}:cancelRun", record["id"].as_str().unwrap());
    let cancelled = world.client.json("POST", &cancel, &json!({}));
    assert!(cancelled.status < 300, "{}", cancelled.text());
    let cancelled = world.becomes(&waiting["id"], "failed");
    assert!(cancelled["error"].as_str().unwrap().contains("cancel"), "{cancelled}");
    let mut short = talks();
    short["limits"] = json!({"timeout": "1s"});
    let timing = world.deploy("timing", &short);
    let timed_out = world.ran(timing, &says("never"));
    assert_eq!(timed_out["status"], "failed", "{timed_out}");
    let talking = world.deploy("helper", &talks());
    assert_eq!(world.ran(talking, &says("Hi"))["status"], "succeeded");
    let budget = world.client.json("PUT", "/v1/tenants/default/agents/helper/budget", &json!({"amount": 0, "enforceLimit": true}));
    assert_eq!(budget.status, 200, "{}", budget.text());
    let rejected = world.execute(talking, &says("Hi"));
    assert_eq!((rejected.status, rejected.code().as_str()), (429, "budget_exceeded"), "{}", rejected.text());
}

#[test]
fn contract_a_refused_request_leaves_nothing_behind_and_its_error_has_one_shape() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    for body in [json!({}), json!({"messages": []}), with(says("Hi"), "unknown", json!(1)), with(says("Hi"), "root_id", json!(99))] {
        let answer = world.execute(agent, &body);
        assert_eq!((answer.status, fields(&answer.value())), (422, vec!["code", "errors", "message"]), "{body}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
    let listed = world.client.get("/v1/tenants/default/agents/helper/executionRecords").value();
    assert_eq!(listed["items"], json!([]));
    let no_object =
        world.client.request("POST", &format!("/api/agents/{agent}/execute"), &[("content-type", "application/json")], b"[]").unwrap();
    assert_eq!(no_object.status, 422);
    let unknown = world.execute(99, &says("Hi"));
    assert_eq!((unknown.status, fields(&unknown.value())), (404, vec!["code", "message"]));
    assert_eq!(world.client.get("/api/agent-responses/99").status, 404);
    let nobody = Client { key: None, ..world.client.clone() };
    assert_eq!(nobody.json("POST", &format!("/api/agents/{agent}/execute"), &says("Hi")).status, 401);
    let not_this_way = world.client.get(&format!("/api/agents/{agent}/execute"));
    assert_eq!((not_this_way.status, fields(&not_this_way.value())), (405, vec!["code", "message"]), "in its own words");
}

#[test]
fn contract_idempotency_key_runs_it_once() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let path = format!("/api/agents/{agent}/execute");
    let body = with(says("Hi"), "waitExecution", json!(true));
    let (one, other) = (world.client.once("k", &path, &body).unwrap(), world.client.once("k", &path, &body).unwrap());
    assert_eq!((one.status, one.value()), (200, other.value()));
    assert_eq!(world.asked().len(), 1);
    let response = one.value()["responses"][0].clone();
    assert_eq!(response["root_id"], response["id"]);
}

#[test]
fn document_002_x_workspace_id() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let flow = json!({"steps": {"only": {"set": {"done": "true"}}}});
    let agent = deploy(&alpha, "alpha", "quick", &flow);
    let tenants = server.root().get("/v1/tenants").value();
    let number = |name: &str| tenants.as_array().unwrap().iter().find(|tenant| tenant["id"] == name).unwrap()["number"].to_string();
    let path = format!("/api/agents/{agent}/execute");
    let on = |client: &Client, workspace: &str| {
        client
            .request("POST", &path, &[("content-type", "application/json"), ("x-workspace-id", workspace)], br#"{"waitExecution": true}"#)
            .unwrap()
    };
    assert_eq!(on(&alpha, &number("alpha")).status, 200, "its own");
    assert_eq!(on(&server.root(), &number("alpha")).status, 200, "the root key may name every workspace");
    let foreign = on(&beta, &number("alpha"));
    assert_eq!((foreign.status, foreign.code().as_str()), (403, "foreign_tenant"));
    assert_eq!(on(&beta, "999").text(), foreign.text().replace(&format!("`{}`", number("alpha")), "`999`"), "like one that there is not");
    assert_eq!(beta.json("POST", &path, &json!({})).status, 404, "absent: the key's own workspace");
    refused(&on(&alpha, "alpha"), "x-workspace-id");
    for foreign in ["agent-responses/1", "agents/1"] {
        let nobodys = beta.get(&format!("/api/{}", foreign.replace('1', "9")));
        let theirs = beta.get(&format!("/api/{foreign}"));
        assert_eq!((theirs.status, theirs.text()), (404, nobodys.text().replace('9', "1")), "{foreign}");
    }
    assert_eq!(beta.get("/api/agents").value()["data"], json!([]));
    assert_eq!(alpha.get(&format!("/api/agents/{agent}")).value()["workspace_id"].to_string(), number("alpha"));
}

#[test]
fn contract_an_execution_begun_elsewhere_is_shown_too() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let run = |message: &str| {
        let body = json!({"parameters": {"message": message}, "sessionId": "desk"});
        world.client.json("POST", "/v1/tenants/default/agents/helper:execute", &body).value()
    };
    let first = run("One")["executionRecordId"].clone();
    let second = run("Two")["executionRecordId"].clone();
    let shown = |id: &Value| world.client.get(&format!("/api/agent-responses/{}", id.as_str().unwrap())).value();
    let (first, second) = (shown(&first), shown(&second));
    assert_eq!((&second["status"], &second["input"], &second["template_id"]), (&json!("succeeded"), &json!("Two"), &json!(agent)));
    assert_eq!((&first["root_id"], &second["root_id"]), (&first["id"], &first["id"]), "the first of its session");
    let third = world.ran(agent, &with(says("Three"), "root_id", second["id"].clone()));
    assert_eq!(third["root_id"], first["id"]);
    let said: Vec<_> = world.last_asked()["messages"].as_array().unwrap().iter().map(|message| message["content"].clone()).collect();
    assert!(said.contains(&json!("One")) && said.contains(&json!("Two")), "{said:?}");
}
