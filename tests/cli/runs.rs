//! Executions from the start to the end: results, waiting, parking, going on, cancelling, retrying.

use serde_json::json;

use super::bench::{Bench, GATE};

const SUM: &str = r#"
flow: sum
input: {type: object, required: [a], properties: {a: {type: integer}, b: {type: integer, default: 2}}}
steps:
  add: {set: {sum: "input.a + input.b"}}
  big: {set: {size: "'big'"}}
  small: {set: {size: "'small'"}}
edges:
  - {from: add, to: big, when: steps.add.output.sum > 10}
  - {from: add, to: small, otherwise: true}
output: "{'sum': steps.add.output.sum}"
"#;

const BREAKS: &str = r#"
flow: breaks
steps:
  first: {set: {n: 1}}
  stop: {fail: {code: no_data, message: "nothing found"}}
edges: [{from: first, to: stop}]
"#;

const LISTENS: &str = r"
flow: listens
steps:
  payment: {event: {name: payment, check: payload.paid, timeout: 1d}}
  done: {set: {paid: steps.payment.output.paid}}
edges: [{from: payment, to: done}]
";

#[test]
fn a_run_prints_its_result() {
    let bench = Bench::with("sum.yaml", SUM);
    insta::assert_snapshot!(
        [
            bench.say(&["run", "sum.yaml", "-p", "a=5"]),
            bench.say(&["run", "sum.yaml", "--input", r#"{"a": 20}"#, "-o", "json"]),
            bench.say(&["exec", "trace", "last"]),
            bench.say(&["exec", "trace", "last", "-o", "json"]),
            bench.say(&["exec", "list"]),
            bench.say(&["exec", "show", "last"]),
        ]
        .join("\n\n")
    );
}

#[test]
fn ndjson_is_one_object_per_event_and_the_result_last() {
    let bench = Bench::with("sum.yaml", SUM);
    let output = bench.run(&["run", "sum.yaml", "-p", "a=5", "-o", "ndjson"]);
    let lines: Vec<serde_json::Value> =
        String::from_utf8(output.stdout).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (result, events) = lines.split_last().unwrap();
    assert_eq!(result["output"], json!({"sum": 7}));
    assert_eq!(events.first().unwrap()["event"], "started");
    assert_eq!(events.last().unwrap()["event"], "ended");
    let numbers: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
}

#[test]
fn the_documented_shapes_hold() {
    let bench = Bench::with("sum.yaml", SUM);
    let result = bench.json(&["run", "sum.yaml", "-p", "a=5", "-o", "json"]);
    let keys = |value: &serde_json::Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&result), ["id", "flow", "revision", "status", "output", "error", "tokens", "cost_usd", "waiting_for"]);
    assert_eq!(bench.json(&["exec", "show", "last", "-o", "json"]), result);
    let trace = bench.json(&["exec", "trace", "last", "-o", "json"]);
    assert_eq!(keys(&trace), ["id", "status", "attempts"]);
    let attempt = [
        "path",
        "step",
        "visit",
        "attempt",
        "kind",
        "status",
        "input",
        "output",
        "error",
        "started_at_ms",
        "ended_at_ms",
        "tokens",
        "cost_usd",
    ];
    assert_eq!(keys(&trace["attempts"][0]), attempt);
    let dead: Vec<&str> =
        trace["attempts"].as_array().unwrap().iter().filter(|a| a["status"] == "dead").map(|a| a["step"].as_str().unwrap()).collect();
    assert_eq!(dead, ["big"]);
    let listed = bench.json(&["exec", "list", "-o", "json"]);
    assert_eq!((&listed[0]["id"], &listed[0]["status"]), (&result["id"], &json!("COMPLETED")));
}

#[test]
fn a_failed_run_exits_1_and_can_be_retried_and_forked() {
    let bench = Bench::with("breaks.yaml", BREAKS);
    let said = [bench.say(&["run", "breaks.yaml"]), bench.say(&["run", "breaks.yaml", "-o", "json"])];
    insta::assert_snapshot!(said.join("\n\n"));
    let failed = bench.json(&["exec", "show", "last", "-o", "json"]);
    let retried = bench.json(&["exec", "retry", "last", "-o", "json"]);
    assert_eq!((&retried["status"], &retried["origin"]["execution"]), (&json!("FAILED"), &failed["id"]));
    assert_ne!(retried["id"], failed["id"]);

    bench.write("sum.yaml", SUM);
    bench.run(&["run", "sum.yaml", "-p", "a=5"]);
    let forked = bench.json(&["exec", "fork", "last", "add", "--result", r#"{"sum": 99}"#, "-o", "json"]);
    assert_eq!((&forked["status"], &forked["output"]), (&json!("COMPLETED"), &json!({"sum": 99})));
}

#[test]
fn a_signal_moves_an_execution_that_listens() {
    let bench = Bench::with("listens.yaml", LISTENS);
    let said = [
        bench.say(&["run", "listens.yaml"]),
        bench.say(&["signal", "last", "payment", "--payload", r#"{"paid": false}"#, "--id", "one"]),
        bench.say(&["exec", "resume", "last"]),
        bench.say(&["signal", "last", "payment", "--payload", r#"{"paid": true}"#, "--id", "two"]),
        bench.say(&["exec", "resume", "last"]),
        bench.say(&["signal", "last", "payment"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_detached_start_is_durable_and_moves_when_resumed() {
    let bench = Bench::with("sum.yaml", SUM);
    let said = [
        bench.say(&["run", "sum.yaml", "-p", "a=5", "--detach"]),
        bench.say(&["exec", "trace", "last"]),
        bench.say(&["exec", "resume", "last"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_cancelled_execution_stays_cancelled() {
    let bench = Bench::with("gate.yaml", GATE);
    let said = [
        bench.say(&["run", "gate.yaml", "-p", "amount=3"]),
        bench.say(&["exec", "cancel", "last", "--reason", "ordered twice"]),
        bench.say(&["exec", "cancel", "last"]),
        bench.say(&["exec", "resume", "last"]),
        bench.say(&["approval", "list"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_model_without_a_key_is_rehearsed_and_says_so() {
    let bench = Bench::with("ask.yaml", "flow: ask\nsteps:\n  say: {llm: {model: openai/gpt-5-mini, prompt: hello}}\n");
    bench.write("ask.rehearsal.yaml", "say: {output: \"fine \\e[31mred\\e[0m \\u202Eright\"}\n");
    let said = [bench.say(&["run", "ask.yaml"]), bench.say(&["exec", "trace", "last", "--io"])];
    insta::assert_snapshot!(said.join("\n\n"));
    assert!(said.iter().all(|said| !said.contains('\u{1b}') && !said.contains('\u{202e}')), "control characters reach the terminal");
    assert_eq!(bench.json(&["exec", "show", "last", "-o", "json"])["rehearsal"], json!(true));
}

#[test]
fn children_come_from_files_beside_the_flow() {
    let bench = Bench::with("sum.yaml", SUM);
    bench.write("parent.yaml", "flow: parent\nsteps:\n  child: {flow: {agent: sum, input: {a: \"4\"}}}\noutput: steps.child.output\n");
    let result = bench.json(&["run", "parent.yaml", "-o", "json"]);
    assert_eq!((&result["status"], &result["output"]), (&json!("COMPLETED"), &json!({"sum": 6})));
    bench.write("orphan.yaml", "flow: orphan\nsteps:\n  child: {flow: {agent: nobody}}\n");
    insta::assert_snapshot!(bench.say(&["run", "orphan.yaml"]));
}
