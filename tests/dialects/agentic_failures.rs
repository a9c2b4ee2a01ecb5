//! Source document 001: how executions fail, and what validators and their correction cycles make of it.

use serde_json::{Value, json};

use super::agentic::{Caller, deploy, natively, normalised, schema, taken, waits, works};
use super::harness::Server;
use super::model::{self, Turn};

const KEY: &str = "catalog-enrichment";

fn flow(steps: &Value, entry: &Value) -> Value {
    let mut entry = entry.clone();
    entry["input"] = schema();
    json!({"steps": steps, "entries": {KEY: entry}})
}

fn writes() -> Value {
    json!({"write": {"llm": {"model": "openai/gpt-5-mini", "prompt": "Describe."}}})
}

/// One execution that was waited for.
fn run(caller: &Caller, agent: u64) -> Value {
    let shown = taken(&caller.start(agent, &json!({"execution_key": KEY, "input": {"skus": ["SKU-001", "SKU-002"]}})));
    caller.ended(&shown["id"])
}

fn failure(shown: &Value) -> (&str, &str, &str) {
    let text = |field: &str| shown[field].as_str().unwrap_or_default();
    (text("status"), text("failure_code"), text("failure_explanation"))
}

#[test]
fn document_001_get_failed_example_validation_failed() {
    let server = Server::start();
    let explanation = "No product data found for SKU SKU-002 in any available resource.";
    let entry = json!({"validators": [{"cel": "false", "on_fail": "stop", "feedback": explanation}]});
    let agent = deploy(&server.root(), "catalog", &flow(&works(), &entry));
    let caller = Caller::of(&server.root());
    let shown = run(&caller, agent);
    let expected = json!({
        "id": 42, "agent": 7, "execution_key": KEY, "conversation": 198, "status": "failed",
        "input": {"skus": ["SKU-001", "SKU-002"], "additional_instructions": null},
        "result": null, "failure_code": "validation_failed", "failure_explanation": explanation,
        "celery_task_id": "debf5bf6-3e58-4c7d-9e30-c5a4055d951f", "started_at": "2025-04-10T14:00:00.000000Z",
        "finished_at": "2025-04-10T14:00:16.000000Z", "duration_seconds": 16.554_571, "files": [],
    });
    assert_eq!(normalised(&shown), expected);
}

#[test]
fn document_001_failure_code_validation_failed_makes_no_further_model_call() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), |_| Turn::Says("too short"));
    let entry = json!({"validators": [{"regex": "^.{50,}$", "on_fail": "stop"}]});
    let agent = deploy(&server.root(), "catalog", &flow(&writes(), &entry));
    let shown = run(&Caller::of(&server.root()), agent);
    assert_eq!((failure(&shown).0, failure(&shown).1), ("failed", "validation_failed"));
    let (_, trace) = natively(&server.root(), &shown);
    assert_eq!(trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap(), 15, "one model call");
}

#[test]
fn contract_agentic_a_correction_cycle_leads_to_a_result() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), |turn| Turn::Says(["short", "still short", "This one is long enough."][turn.min(2)]));
    let entry = json!({"validators": [{"regex": "^.{20,}$", "feedback": "Longer, please."}]});
    let agent = deploy(&server.root(), "catalog", &flow(&writes(), &entry));
    let shown = run(&Caller::of(&server.root()), agent);
    assert_eq!((&shown["status"], &shown["result"]), (&json!("finished"), &json!("This one is long enough.")));
    let (record, trace) = natively(&server.root(), &shown);
    assert_eq!(trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap(), 45, "three model calls");
    assert_eq!(record["totalCost"], trace["totalCost"], "cost");
    assert!(trace["totalCost"].as_f64().unwrap() > 0.0);
}

#[test]
fn document_001_failure_code_max_retries_exceeded_after_three_cycles_and_an_explanation() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), |turn| Turn::Says(if turn < 4 { "short" } else { "There is no data." }));
    let entry = json!({"validators": [{"regex": "^.{50,}$"}]});
    let agent = deploy(&server.root(), "catalog", &flow(&writes(), &entry));
    let shown = run(&Caller::of(&server.root()), agent);
    assert_eq!(failure(&shown), ("failed", "max_retries_exceeded", "There is no data."));
    assert_eq!(shown["result"], Value::Null);
    let (_, trace) = natively(&server.root(), &shown);
    let tokens = trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap();
    assert_eq!(tokens, 5 * 15, "the answer, three cycles (the default), and the explanation");
}

#[test]
fn contract_agentic_max_retries_of_the_definition() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), |_| Turn::Says("short"));
    let entry = json!({"validators": [{"regex": "^.{50,}$"}], "max_retries": 1});
    let agent = deploy(&server.root(), "catalog", &flow(&writes(), &entry));
    let shown = run(&Caller::of(&server.root()), agent);
    assert_eq!(failure(&shown).1, "max_retries_exceeded");
    let (_, trace) = natively(&server.root(), &shown);
    assert_eq!(trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap(), 3 * 15);
}

#[test]
fn document_001_failure_code_runtime_error() {
    let server = Server::start();
    let breaks = json!({"only": {"fail": {"code": "broken", "message": "It broke."}}});
    let agent = deploy(&server.root(), "catalog", &flow(&breaks, &json!({})));
    assert_eq!(failure(&run(&Caller::of(&server.root()), agent)), ("failed", "runtime_error", "It broke."));
}

#[test]
fn contract_agentic_timed_out_is_a_runtime_error() {
    let server = Server::start();
    let mut late = flow(&json!({"only": {"event": {"name": "never"}}}), &json!({}));
    late["limits"] = json!({"timeout": "1s"});
    let agent = deploy(&server.root(), "catalog", &late);
    let shown = run(&Caller::of(&server.root()), agent);
    assert_eq!((failure(&shown).0, failure(&shown).1), ("failed", "runtime_error"));
}

#[test]
fn document_001_failure_code_of_the_definition() {
    let server = Server::start();
    let breaks = json!({"only": {"fail": {"code": "no_data", "message": "Nothing there."}}});
    let agent = deploy(&server.root(), "catalog", &flow(&breaks, &json!({"failure_codes": ["no_data"]})));
    assert_eq!(failure(&run(&Caller::of(&server.root()), agent)), ("failed", "no_data", "Nothing there."));
}

#[test]
fn document_001_failure_code_unknown_for_what_was_cancelled() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "catalog", &flow(&waits(), &json!({})));
    let caller = Caller::of(&root);
    let shown = taken(&caller.start(agent, &json!({})));
    let record = format!("/v1/tenants/default/agents/{agent}/executionRecords/{}", shown["id"]);
    let cancelled = root.json("POST", &format!("{record}:cancelRun"), &json!({"reason": "Not needed any more."}));
    assert!(cancelled.status < 300, "{}", cancelled.text());
    let done = caller.ended(&shown["id"]);
    assert_eq!(failure(&done), ("failed", "unknown", "Not needed any more."));
}

#[test]
fn contract_agentic_refused_by_a_budget_is_429() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "catalog", &flow(&works(), &json!({})));
    let budget = "/v1/tenants/default/agents/catalog/budget";
    assert_eq!(root.json("PUT", budget, &json!({"amount": 0, "enforceLimit": true})).status, 200);
    let refused = Caller::of(&root).start(agent, &json!({}));
    assert_eq!((refused.status, refused.value()["detail"].is_string()), (429, true), "{}", refused.text());
}
