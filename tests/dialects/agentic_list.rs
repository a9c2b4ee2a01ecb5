//! Source document 001: the list of executions.

use serde_json::{Value, json};

use super::agentic::{Caller, deploy, taken, waits, works};
use super::harness::Server;

fn ids(page: &Value) -> Vec<u64> {
    page["results"].as_array().unwrap().iter().map(|shown| shown["id"].as_u64().unwrap()).collect()
}

fn list(caller: &Caller, query: &str) -> Value {
    let answer = caller.get(&format!("/api/agentic-executions/{query}"));
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.value()
}

/// The path and query of a link.
fn path(link: &Value) -> String {
    let link = link.as_str().unwrap();
    let (_, behind) = link.split_once("://").unwrap();
    behind[behind.find('/').unwrap()..].to_owned()
}

#[test]
fn document_001_list_is_25_a_page_newest_first_with_count_next_and_previous() {
    let server = Server::start();
    let root = server.root();
    let (agent, other) = (deploy(&root, "works", &json!({"steps": works()})), deploy(&root, "other", &json!({"steps": works()})));
    let caller = Caller::of(&root);
    taken(&caller.start(other, &json!({})));
    let mut begun: Vec<u64> = (0..27).map(|_| taken(&caller.start(agent, &json!({})))["id"].as_u64().unwrap()).collect();
    begun.reverse();
    let first = list(&caller, &format!("?agent_id={agent}"));
    assert_eq!((&first["count"], &first["previous"]), (&json!(27), &Value::Null));
    assert_eq!(ids(&first), begun[..25]);
    assert_eq!(path(&first["next"]), format!("/api/agentic-executions/?agent_id={agent}&page=2"));
    assert!(first["next"].as_str().unwrap().starts_with("http://"), "a whole address: {first}");
    let second = caller.get(&path(&first["next"])).value();
    assert_eq!(ids(&second), begun[25..]);
    assert_eq!((&second["count"], &second["next"]), (&json!(27), &Value::Null));
    assert_eq!(path(&second["previous"]), format!("/api/agentic-executions/?agent_id={agent}"));
    let all = list(&caller, "");
    assert_eq!((all["count"].as_u64(), ids(&all).len()), (Some(28), 25));
    assert_eq!(all["results"][0], caller.execution(&json!(begun[0])), "the same as one by itself");
    for page in ["3", "0", "-1", "x"] {
        let refused = caller.get(&format!("/api/agentic-executions/?agent_id={agent}&page={page}"));
        assert_eq!((refused.status, refused.value()["detail"].is_string()), (404, true), "page {page}");
    }
}

#[test]
fn document_001_list_by_status() {
    let server = Server::start();
    let root = server.root();
    let fails = json!({"only": {"fail": {"code": "broken"}}});
    let begin = |name: &str, steps: &Value| {
        let agent = deploy(&root, name, &json!({"steps": steps}));
        let caller = Caller::of(&root);
        let shown = taken(&caller.start(agent, &json!({})));
        (caller, shown["id"].clone())
    };
    let (caller, finished) = begin("works", &works());
    let (_, failed) = begin("fails", &fails);
    let (_, waiting) = begin("waits", &waits());
    caller.ended(&finished);
    caller.ended(&failed);
    for (status, expected) in [("in_progress", vec![waiting]), ("finished", vec![finished]), ("failed", vec![failed]), ("pending", vec![])]
    {
        let found = list(&caller, &format!("?status={status}"));
        let expected: Vec<u64> = expected.iter().map(|id| id.as_u64().unwrap()).collect();
        assert_eq!((ids(&found), found["count"].as_u64()), (expected.clone(), Some(expected.len() as u64)), "{status}");
    }
    let refused = caller.get("/api/agentic-executions/?status=done");
    assert_eq!((refused.status, refused.value()["status"].is_array()), (400, true), "{}", refused.text());
}

#[test]
fn document_001_list_query_parameters() {
    let server = Server::start();
    let root = server.root();
    let agent = deploy(&root, "works", &json!({"steps": works()}));
    let caller = Caller::of(&root);
    let shown = taken(&caller.start(agent, &json!({})));
    caller.ended(&shown["id"]);
    assert_eq!(list(&caller, &format!("?agent_id={agent}&status=finished"))["count"], 1);
    assert_eq!(list(&caller, &format!("?agent_id={agent}&status=failed"))["count"], 0);
    assert_eq!(list(&caller, "?agent_id=99")["count"], 0, "an agent that there is not");
    assert_eq!(list(&caller, "?dataset_id=99")["count"], 0, "a dataset that there is not");
    for (query, field) in [("?agent_id=works", "agent_id"), ("?dataset_id=x", "dataset_id")] {
        let refused = caller.get(&format!("/api/agentic-executions/{query}"));
        assert_eq!((refused.status, refused.value()[field].is_array()), (400, true), "{}", refused.text());
    }
    assert_eq!(caller.get("/api/agentic-executions/?unknown=1").status, 400);
}

#[test]
fn contract_agentic_an_execution_begun_elsewhere_is_listed_too() {
    let server = Server::start();
    let root = server.root();
    deploy(&root, "works", &json!({"steps": works()}));
    let ran = root.json("POST", "/v1/tenants/default/agents/works:execute", &json!({"sessionId": "s"}));
    assert_eq!(ran.status, 200, "{}", ran.text());
    let listed = list(&Caller::of(&root), "");
    assert_eq!((&listed["count"], &listed["results"][0]["celery_task_id"]), (&json!(1), &ran.value()["executionRecordId"]));
    assert_eq!(listed["results"][0]["execution_key"], "default");
}

#[test]
fn document_001_list_by_dataset_id() {
    let server = Server::start();
    let root = server.root();
    let input = json!({"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}});
    let agent = deploy(&root, "double", &json!({"input": input, "steps": {"a": {"set": {"value": "input.n * 2"}}}}));
    let base = "/v1/tenants/default/agents/double";
    let made = |answer: &super::harness::Answer| {
        assert!(answer.status < 300, "{} {}", answer.status, answer.text());
        answer.value()
    };
    let samples = json!([{"input": {"n": 1}, "expected": {"value": 2}}, {"input": {"n": 2}, "expected": {"value": 4}}]);
    let dataset = |samples: &Value| {
        let body = json!({"displayName": "Golden", "samples": samples});
        made(&root.json("POST", &format!("{base}/evaluationDatasets"), &body))
    };
    let (measured, other) = (dataset(&samples), dataset(&samples));
    let run = made(&root.json("POST", &format!("{base}/revisions/1:evaluate"), &json!({"datasetId": measured["id"]})));
    let caller = Caller::of(&root);
    let of_dataset = |dataset: &Value, more: &str| list(&caller, &format!("?dataset_id={}{more}", dataset["number"]));
    let until = std::time::Instant::now() + super::harness::PATIENCE;
    while made(&root.get(&format!("{base}/evaluationRuns/{}", run["id"].as_str().unwrap())))["status"] != "COMPLETED" {
        assert!(std::time::Instant::now() < until, "the evaluation does not end");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let found = of_dataset(&measured, "");
    let inputs: Vec<&Value> = found["results"].as_array().unwrap().iter().map(|shown| &shown["input"]["n"]).collect();
    assert!(found["count"] == 2 && inputs.contains(&&json!(1)) && inputs.contains(&&json!(2)), "{found}");
    assert_eq!(of_dataset(&measured, &format!("&agent_id={agent}&status=finished"))["count"], 2);
    assert_eq!(of_dataset(&measured, "&status=failed")["count"], 0);
    assert_eq!(of_dataset(&other, "")["count"], 0, "nothing ran over it");
    assert_eq!(list(&caller, "")["count"], 0, "what is measured is no production");
}
