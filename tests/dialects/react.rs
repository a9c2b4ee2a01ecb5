//! Source document 000 (ReAct instances) and contracts/react-instances, field by field.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use super::harness::{Answer, Client, PATIENCE, Server};
use super::model::{self, Turn};

/// Looks something up, then knows.
fn worker(turn: usize) -> Turn {
    match turn {
        0 => Turn::Calls("Look it up.", vec![("echo", json!({"text": "42"}))]),
        _ => Turn::Says("It is 42."),
    }
}

/// Never knows.
fn restless(_: usize) -> Turn {
    Turn::Calls("Once more.", vec![("noop", json!({}))])
}

fn loops() -> Value {
    json!({
        "input": {"type": "object", "properties": {"lead": {"type": "string"}, "amount": {"type": "integer"}}, "required": ["lead"], "additionalProperties": false},
        "steps": {"work": {"agent": {
            "model": "openai/gpt-5-mini", "prompt": "About {{ input.lead }}.", "max_iterations": 3, "tools": [{"builtin": "echo"}, {"builtin": "noop"}],
        }}},
    })
}

fn deploy(client: &Client, name: &str, flow: &Value) -> u64 {
    let made = client.json("POST", "/v1/tenants/default/agents", &json!({"id": name}));
    assert_eq!(made.status, 201, "{}", made.text());
    let revision = client.json("POST", &format!("/v1/tenants/default/agents/{name}/revisions"), &json!({"flow": flow}));
    assert_eq!(revision.status, 200, "{}", revision.text());
    made.value()["number"].as_u64().unwrap()
}

fn asks() -> Value {
    json!({"steps": {"only": {"approval": {"title": "Send this?", "approvers": {"any_of": ["user:ann"]}}}}})
}

fn execute(client: &Client, instance: u64, query: &str, input: &Value) -> Answer {
    client.json("POST", &format!("/api/v1/ai/agents/instances/{instance}/execute{query}"), input)
}

fn get(client: &Client, id: &Value) -> Value {
    let answer = client.get(&format!("/api/v1/ai/agents/executions/{id}"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()
}

/// A server, an instance that loops, and one execution of it that was waited for.
fn worked(directory: &Path) -> (Server, u64, Value) {
    let server = model::serve(directory, worker);
    let instance = deploy(&server.root(), "worker", &loops());
    let answer = execute(&server.root(), instance, "?context_type=deal&context_id=7", &json!({"lead": "Ada"}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    (server, instance, answer.value())
}

fn ended(client: &Client, id: &Value) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = get(client, id);
        if now["completed_at"].is_string() {
            return now;
        }
        assert!(Instant::now() < until, "it does not end: {now}");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// The record and the trace of the same execution, natively.
fn natively(client: &Client, shown: &Value) -> (Value, Value) {
    let record = format!("/v1/tenants/default/agents/{}/executionRecords/{}", shown["agent_id"], shown["id"]);
    (client.get(&record).value(), client.get(&format!("{record}:trace")).value()["trace"].clone())
}

#[test]
fn document_000_agent_execution_response_every_field() {
    let directory = tempfile::tempdir().unwrap();
    let (server, instance, shown) = worked(directory.path());
    let (record, trace) = natively(&server.root(), &shown);
    let fields = [
        "id",
        "agent_id",
        "trigger_type",
        "triggered_by",
        "status",
        "input_data",
        "output_data",
        "error_message",
        "context_type",
        "context_id",
        "started_at",
        "completed_at",
        "execution_time_ms",
        "iteration_count",
        "iterations",
        "tools_used",
        "total_tokens",
        "total_cost",
        "model_used",
        "success",
        "actions_taken",
        "extra_metadata",
        "created_at",
        "updated_at",
    ];
    let mut present: Vec<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let mut documented = fields.to_vec();
    present.sort_unstable();
    documented.sort_unstable();
    assert_eq!(present, documented, "exactly the fields of the document");
    assert_eq!(shown["id"], record["number"], "id");
    assert_eq!(shown["agent_id"], instance, "agent_id");
    assert_eq!(shown["trigger_type"], "api", "trigger_type");
    assert_eq!(shown["triggered_by"], record["startedByNumber"], "triggered_by");
    assert_eq!(shown["status"], "completed", "status");
    assert_eq!(shown["input_data"], json!({"lead": "Ada"}), "input_data");
    assert_eq!(shown["output_data"], json!({"output": "It is 42."}), "output_data");
    assert_eq!(shown["error_message"], Value::Null, "error_message");
    assert_eq!((&shown["context_type"], &shown["context_id"]), (&json!("deal"), &json!(7)), "context");
    let duration = record["endTime"].as_u64().unwrap() - record["startTime"].as_u64().unwrap();
    assert_eq!(shown["execution_time_ms"], duration, "execution_time_ms");
    assert_eq!(shown["tools_used"], json!(["echo"]), "tools_used");
    assert_eq!(
        shown["total_tokens"].as_u64().unwrap(),
        trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap(),
        "total_tokens"
    );
    assert_eq!(shown["total_tokens"], 30, "two model calls of 15");
    assert_eq!(shown["total_cost"], trace["totalCost"], "total_cost");
    assert!(shown["total_cost"].as_f64().unwrap() > 0.0, "total_cost");
    assert_eq!(shown["model_used"], "openai/gpt-5-mini", "model_used");
    assert_eq!((&shown["success"], &shown["actions_taken"]), (&json!(true), &json!(1)), "success, actions_taken");
    assert_eq!(shown["extra_metadata"], json!({"execution": record["id"]}), "extra_metadata");
    for field in ["started_at", "completed_at", "created_at", "updated_at"] {
        let text = shown[field].as_str().unwrap();
        assert!(text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z'), "{field} is a date-time: {text}");
    }
    assert_eq!(get(&server.root(), &shown["id"]), shown, "and the same when it is read again");
}

#[test]
fn document_000_iteration_data_every_field_from_the_trace() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _, shown) = worked(directory.path());
    let (_, trace) = natively(&server.root(), &shown);
    assert_eq!(shown["iteration_count"], 2);
    let mut iterations = shown["iterations"].clone();
    for iteration in iterations.as_array_mut().unwrap() {
        assert!(iteration["timestamp"].as_str().unwrap().ends_with('Z'), "timestamp");
        iteration.as_object_mut().unwrap().remove("timestamp");
    }
    let first = &iterations[0];
    assert_eq!(
        (&first["iteration"], &first["thought"], &first["action"], &first["action_input"]),
        (&json!(1), &json!("Look it up."), &json!("echo"), &json!({"text": "42"}))
    );
    let tool = &trace["traces"][0]["steps"][1];
    assert_eq!(tool["toolTrace"]["tool"]["name"], "echo");
    assert_eq!(first["observation"], tool["result"]["strValue"], "observation: what the trace says, never recomputed");
    assert_eq!(
        iterations[1],
        json!({"iteration": 2, "thought": "It is 42.", "action": "final_answer", "action_input": {}, "observation": ""})
    );
}

#[test]
fn document_000_async_execution_answers_at_once_with_pending() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), worker);
    let client = server.root();
    let instance = deploy(&client, "worker", &loops());
    let answer = execute(&client, instance, "?async_execution=true", &json!({"lead": "Ada"}));
    let taken = answer.value();
    assert_eq!((answer.status, &taken["status"]), (200, &json!("pending")));
    for field in
        ["output_data", "error_message", "context_type", "context_id", "started_at", "completed_at", "execution_time_ms", "model_used"]
    {
        assert_eq!(taken[field], Value::Null, "{field}");
    }
    assert_eq!((&taken["iterations"], &taken["total_tokens"], &taken["success"]), (&json!([]), &json!(0), &json!(false)));
    let done = ended(&client, &taken["id"]);
    assert_eq!((&done["status"], &done["created_at"]), (&json!("completed"), &taken["created_at"]));
}

#[test]
fn document_000_status_failed_when_max_iterations_are_reached() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), restless);
    let instance = deploy(&server.root(), "worker", &loops());
    let shown = execute(&server.root(), instance, "", &json!({"lead": "Ada"})).value();
    assert_eq!((&shown["status"], &shown["success"]), (&json!("failed"), &json!(false)));
    assert!(shown["error_message"].as_str().unwrap().contains("3 iterations"), "{}", shown["error_message"]);
    assert_eq!((&shown["iteration_count"], &shown["actions_taken"], &shown["tools_used"]), (&json!(3), &json!(3), &json!(["noop"])));
}

#[test]
fn document_000_status_timeout() {
    let server = Server::start();
    let flow = json!({"limits": {"timeout": "1s"}, "steps": {"only": {"event": {"name": "never"}}}});
    let instance = deploy(&server.root(), "waiter", &flow);
    let taken = execute(&server.root(), instance, "?async_execution=true", &json!({})).value();
    let done = ended(&server.root(), &taken["id"]);
    assert_eq!((&done["status"], &done["success"]), (&json!("timeout"), &json!(false)));
}

#[test]
fn contract_react_an_approval_appears_as_running_with_what_it_waits_for() {
    let server = Server::start();
    let client = server.root();
    let instance = deploy(&client, "asker", &asks());
    let shown = execute(&client, instance, "", &json!({})).value();
    assert_eq!((&shown["status"], &shown["completed_at"]), (&json!("running"), &Value::Null));
    let waiting = &shown["extra_metadata"]["waiting_for"];
    assert_eq!((&waiting["kind"], &waiting["displayName"]), (&json!("APPROVAL"), &json!("Send this?")));
    let (record, _) = natively(&client, &shown);
    assert_eq!(waiting["approvalRequestId"], record["waitingFor"]["approvalRequestId"]);
}

#[test]
fn contract_react_cancel_and_what_has_ended() {
    let server = Server::start();
    let client = server.root();
    let instance = deploy(&client, "asker", &asks());
    let shown = execute(&client, instance, "", &json!({})).value();
    let path = format!("/api/v1/ai/agents/executions/{}/cancel", shown["id"]);
    let cancelled = client.request("POST", &path, &[], b"").unwrap();
    assert_eq!((cancelled.status, &cancelled.value()["status"]), (200, &json!("cancelled")), "{}", cancelled.text());
    let again = client.request("POST", &path, &[], b"").unwrap();
    assert_eq!((again.status, again.code().as_str()), (409, "ended"));
    assert!(again.value()["detail"].is_string());
}

#[test]
fn contract_react_list_of_an_instance_newest_first() {
    let server = Server::start();
    let client = server.root();
    let instance = deploy(&client, "quick", &json!({"steps": {"only": {"set": {"done": "true"}}}}));
    let other = deploy(&client, "other", &json!({"steps": {"only": {"set": {"done": "true"}}}}));
    let ids: Vec<Value> = (0..3).map(|_| execute(&client, instance, "", &json!({})).value()["id"].clone()).collect();
    execute(&client, other, "", &json!({}));
    let list = |query: &str| {
        let listed = client.get(&format!("/api/v1/ai/agents/instances/{instance}/executions{query}")).value();
        listed.as_array().unwrap().iter().map(|shown| shown["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(list(""), [ids[2].clone(), ids[1].clone(), ids[0].clone()]);
    assert_eq!(list("?limit=1"), [ids[2].clone()]);
    assert_eq!(list(&format!("?before={}", ids[1])), [ids[0].clone()]);
    assert_eq!(client.get(&format!("/api/v1/ai/agents/executions/{}", ids[0])).value()["output_data"], json!({"done": true}));
}

#[test]
fn document_000_http_validation_error() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), worker);
    let client = server.root();
    let instance = deploy(&client, "worker", &loops());
    for (query, input, loc) in [
        ("?context_id=seven", json!({"lead": "Ada"}), json!(["query", "context_id"])),
        ("?async_execution=maybe", json!({"lead": "Ada"}), json!(["query", "async_execution"])),
        ("?unknown=1", json!({"lead": "Ada"}), json!(["query"])),
        ("", json!({}), json!(["body", "lead"])),
        ("", json!([]), json!(["body"])),
    ] {
        let refused = execute(&client, instance, query, &input);
        assert_eq!(refused.status, 422, "{query} {input}: {}", refused.text());
        let body = refused.value();
        assert_eq!(body["detail"][0]["loc"], loc, "{query} {input}: {body}");
        assert!(body["detail"][0]["msg"].is_string() && body["detail"][0]["type"].is_string(), "{body}");
        assert_eq!(body.as_object().unwrap().len(), 1, "only `detail`");
        assert_eq!(refused.header("content-type"), Some("application/json"));
    }
    let listed = client.get(&format!("/api/v1/ai/agents/instances/{instance}/executions")).value();
    assert_eq!(listed, json!([]), "a request that is refused leaves nothing behind");
}

#[test]
fn document_000_instance_id_unknown_is_404_and_no_key_is_401() {
    let server = Server::start();
    let refused = execute(&server.root(), 99, "", &json!({}));
    assert_eq!((refused.status, refused.code().as_str()), (404, "not_found"));
    assert!(refused.value()["detail"].is_string());
    let nobody = Client { key: None, ..server.root() };
    assert_eq!(execute(&nobody, 99, "", &json!({})).status, 401);
    let bearer = format!("Bearer {}", super::harness::ROOT_KEY);
    let read = nobody.request("GET", "/api/v1/ai/agents/executions/1", &[("authorization", &bearer)], b"").unwrap();
    assert_eq!(read.status, 404, "a bearer key is a key");
}

#[test]
fn document_000_x_tenant_id() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let made = alpha.json("POST", "/v1/tenants/alpha/agents", &json!({"id": "quick"}));
    let flow = json!({"flow": {"steps": {"only": {"set": {"done": "true"}}}}});
    assert_eq!(alpha.json("POST", "/v1/tenants/alpha/agents/quick/revisions", &flow).status, 200);
    let tenants = server.root().get("/v1/tenants").value();
    let number = |name: &str| tenants.as_array().unwrap().iter().find(|tenant| tenant["id"] == name).unwrap()["number"].to_string();
    let path = format!("/api/v1/ai/agents/instances/{}/execute", made.value()["number"]);
    let with = |client: &Client, tenant: &str| {
        client.request("POST", &path, &[("content-type", "application/json"), ("x-tenant-id", tenant)], b"{}").unwrap()
    };
    assert_eq!(with(&alpha, &number("alpha")).status, 200, "its own");
    assert_eq!(with(&server.root(), &number("alpha")).status, 200, "the root key may name every tenant");
    let foreign = with(&beta, &number("alpha"));
    assert_eq!((foreign.status, foreign.code().as_str()), (403, "foreign_tenant"));
    assert_eq!(with(&beta, "999").text(), foreign.text().replace(&format!("`{}`", number("alpha")), "`999`"), "like one that there is not");
    assert_eq!(execute(&beta, made.value()["number"].as_u64().unwrap(), "", &json!({})).status, 404, "absent: the key's own tenant");
    let read = |id: &str| beta.get(&format!("/api/v1/ai/agents/executions/{id}"));
    assert_eq!((read("1").status, read("1").text()), (404, read("9").text().replace('9', "1")), "a foreign execution is like none");
    assert_eq!(beta.request("POST", "/api/v1/ai/agents/executions/1/cancel", &[], b"").unwrap().status, 404);
    let wrong = with(&alpha, "alpha");
    assert_eq!((wrong.status, &wrong.value()["detail"][0]["loc"]), (422, &json!(["header", "x-tenant-id"])));
}

#[test]
fn contract_react_context_reaches_the_flow() {
    let server = Server::start();
    let flow = json!({"steps": {"only": {"set": {"about": "context.type", "which": "context.id"}}}});
    let instance = deploy(&server.root(), "reader", &flow);
    let shown = execute(&server.root(), instance, "?context_type=anything&context_id=12", &json!({})).value();
    assert_eq!(shown["output_data"], json!({"about": "anything", "which": 12}), "{shown}");
}

#[test]
fn contract_react_an_execution_begun_elsewhere_is_shown_too() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), worker);
    let client = server.root();
    deploy(&client, "worker", &loops());
    let ran = client.json("POST", "/v1/tenants/default/agents/worker:execute", &json!({"parameters": {"lead": "Bo"}})).value();
    let shown = client.get(&format!("/api/v1/ai/agents/executions/{}", ran["executionRecordId"].as_str().unwrap())).value();
    assert_eq!((&shown["status"], &shown["iteration_count"]), (&json!("completed"), &json!(2)), "both kinds of id: {shown}");
}
