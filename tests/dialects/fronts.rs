//! One agent, built once, through all five front doors: the same execution each time, in other words.

use serde_json::{Value, json};

use super::agentic::{Caller, deploy, taken};
use super::harness::{Answer, Client};
use super::model::{self, Turn};

const QUESTION: &str = "What is Ada worth?";

/// Looks something up, then knows.
fn script(turn: usize) -> Turn {
    match turn {
        0 => Turn::Calls("Look it up.", vec![("echo", json!({"text": "42"}))]),
        _ => Turn::Says("It is 42."),
    }
}

fn flow() -> Value {
    json!({
        "input": {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"], "additionalProperties": false},
        "steps": {"work": {"agent": {
            "model": "openai/gpt-5-mini", "system": "You know what things are worth.", "prompt": "{{ input.message }}",
            "max_iterations": 3, "tools": [{"builtin": "echo"}],
        }}},
    })
}

fn done(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()
}

/// The record and the trace of an execution, natively, by either of its ids.
fn natively(client: &Client, id: &str) -> (Value, Value) {
    let record = format!("/v1/tenants/default/agents/everywhere/executionRecords/{id}");
    (done(&client.get(&record)), done(&client.get(&format!("{record}:trace")))["trace"].clone())
}

/// What differs from run to run: when it was, and what it is called.
const OWN: [&str; 5] = ["createdAt", "startTime", "endTime", "duration", "id"];

/// A trace without what is its own; durations and ids stand at any depth.
fn bare(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.iter().filter(|(name, _)| !OWN.contains(&name.as_str()));
            Value::Object(kept.map(|(name, value)| (name.clone(), bare(value))).collect())
        }
        Value::Array(items) => items.iter().map(bare).collect(),
        value => value.clone(),
    }
}

#[test]
fn one_agent_through_all_five_front_doors_has_one_trace_the_same_tokens_and_the_same_cost() {
    let directory = tempfile::tempdir().unwrap();
    let server = model::serve(directory.path(), script);
    let client = server.root();
    let agent = deploy(&client, "everywhere", &flow());

    let native = done(&client.json("POST", "/v1/tenants/default/agents/everywhere:execute", &json!({"parameters": {"message": QUESTION}})));
    let react = done(&client.json("POST", &format!("/api/v1/ai/agents/instances/{agent}/execute"), &json!({"message": QUESTION})));
    let said = json!({"messages": [{"role": "user", "content": QUESTION}], "waitExecution": true});
    let chat = done(&client.json("POST", &format!("/api/agents/{agent}/execute"), &said))["responses"][0].clone();
    let caller = Caller::of(&client);
    let begun = taken(&caller.start(agent, &json!({"execution_key": "default", "input": {"message": QUESTION}})));
    let agentic = caller.ended(&begun["id"]);
    let asked = json!({"model": "everywhere", "messages": [{"role": "user", "content": QUESTION}]});
    let openai = done(&client.json("POST", "/v1/chat/completions", &asked));

    let answers = [
        ("native", &native["response"], native["executionRecordId"].as_str().unwrap().to_owned()),
        ("react", &react["output_data"]["output"], react["id"].to_string()),
        ("chat", &chat["output"], chat["id"].to_string()),
        ("agentic", &agentic["result"], agentic["celery_task_id"].as_str().unwrap().to_owned()),
        ("openai", &openai["choices"][0]["message"]["content"], openai["id"].as_str().unwrap().trim_start_matches("chatcmpl-").to_owned()),
    ];
    let (first_record, first_trace) = natively(&client, &answers[0].2);
    let tokens = |trace: &Value| trace["inputTokens"].as_u64().unwrap() + trace["outputTokens"].as_u64().unwrap();
    assert_eq!(tokens(&first_trace), 30, "two model calls of 15");
    assert!(first_trace["totalCost"].as_f64().unwrap() > 0.0);
    assert_eq!(first_trace["traces"][0]["steps"].as_array().unwrap().len(), 3, "a model, a tool, a model: {first_trace}");
    for (door, answer, id) in &answers {
        assert_eq!(*answer, "It is 42.", "{door}: the answer");
        let (record, trace) = natively(&client, id);
        assert_eq!(bare(&trace), bare(&first_trace), "{door}: the trace");
        for field in
            ["status", "agentId", "agentRevision", "inputTokens", "outputTokens", "totalCost", "origin", "tools", "trigger", "startedBy"]
        {
            assert_eq!(record[field], first_record[field], "{door}: {field}");
        }
    }
    assert_eq!((&react["total_tokens"], &react["total_cost"]), (&json!(30), &first_trace["totalCost"]), "react says so itself");
    assert_eq!(openai["usage"]["total_tokens"], 30, "openai says so itself");
    assert!(chat["credits"].as_f64().unwrap() > 0.0, "chat says so itself");
    let listed = caller.get(&format!("/api/agentic-executions/?agent_id={agent}&status=finished")).value();
    assert_eq!(listed["count"], 5, "each door shows what came in by the others");
}
