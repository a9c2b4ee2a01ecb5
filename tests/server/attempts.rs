//! Attempts of an execution in pages: the same as in its trace, a page at a time, whole and brief; what changed since; and who may not look.

use serde_json::{Value, json};

use super::desk::{Desk, TENANT, decide_now, expect};
use super::harness::Client;

const CHILD: &str = "flow: child\ninput: {type: object}\nsteps:\n  say: {set: {said: input.what}}\noutput: steps.say.output\n";

/// Something of everything, up to a question.
const RICH: &str = r#"
flow: rich
input: {type: object}
steps:
  tell: {http: {post: "WORLD/tell", json: {text: "{{ input.what }}"}}, effect: idempotent}
  below: {flow: {agent: child, input: {what: input.what}}}
  each:
    map:
      over: "[1, 2, 3]"
      body:
        steps:
          call: {builtin: {name: echo, args: {n: "{{ item }}"}}}
          keep: {set: {kept: item}}
        edges: [{from: call, to: keep}]
  miss: {http: {get: "http://127.0.0.1:1/closed"}, effect: read}
  ask: {approval: {title: "Go on?"}}
  after: {set: {done: "true"}}
edges:
  - {from: tell, to: below}
  - {from: below, to: each}
  - {from: each, to: miss}
  - {from: miss, to: ask, on: error}
  - {from: ask, to: after, on: approved}
"#;

fn attempts(client: &Client, agent: &str, execution: &str, query: &str) -> Value {
    expect(200, &client.get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}/attempts?{query}")))
}

/// Every page of the list.
fn pages(client: &Client, agent: &str, execution: &str, query: &str) -> Vec<Value> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = attempts(client, agent, execution, &format!("{query}&pageToken={token}"));
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => return found,
        }
    }
}

/// The steps of a trace one after the other, each with the name of the one that it stands in.
fn flat(steps: &Value, parent: &Value, into: &mut Vec<(Value, Value)>) {
    for step in steps.as_array().unwrap() {
        into.push((parent.clone(), step.clone()));
        flat(&step["steps"], &step["id"], into);
    }
}

fn ids(rows: &[Value]) -> Vec<&str> {
    rows.iter().map(|row| row["id"].as_str().unwrap()).collect()
}

fn named<'r>(rows: &'r [Value], id: &str) -> &'r Value {
    rows.iter().find(|row| row["id"] == id).unwrap_or_else(|| panic!("{id} is not among {:?}", ids(rows)))
}

#[test]
fn attempts_in_pages_are_those_of_the_trace() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    desk.agent("child", CHILD);
    desk.agent("rich", RICH);
    let execution = desk.begin(&root, "rich", &json!({"what": "tea"}));
    desk.becomes("rich", &execution, "WAITING_FOR_HUMAN");

    let whole = pages(&root, "rich", &execution, "pageSize=2");
    let trace = expect(200, &root.get(&format!("{TENANT}/agents/rich/executionRecords/{execution}/trace")));
    let mut told = Vec::new();
    flat(&trace["trace"]["traces"], &Value::Null, &mut told);
    assert_eq!(whole.len(), told.len());
    for (parent, mut step) in told {
        let row = named(&whole, step["id"].as_str().unwrap());
        assert_eq!(row["parentId"], parent, "{row}");
        step["steps"] = json!([]);
        for (name, value) in step.as_object().unwrap() {
            assert_eq!(&row[name], value, "{name} of {}", row["id"]);
        }
    }
    let brief = pages(&root, "rich", &execution, "brief=true&pageSize=3");
    assert_eq!(ids(&brief), ids(&whole), "in one order");
    for (brief, whole) in brief.iter().zip(&whole) {
        for same in ["type", "kind", "state", "error", "startTime", "endTime", "totalCost", "childExecutionId", "parentId"] {
            assert_eq!(brief[same], whole[same], "{same} of {}", whole["id"]);
        }
        assert_eq!(
            (&brief["input"], &brief["result"], &brief["toolTrace"], &brief["hitlTrace"]),
            (&Value::Null, &Value::Null, &Value::Null, &Value::Null)
        );
    }

    let tell = named(&whole, "tell#1.1");
    assert_eq!((&tell["input"]["http"]["body"]["text"], &tell["type"], &tell["kind"]), (&json!("tea"), &json!("TOOL"), &json!("http")));
    assert_eq!(named(&whole, "each#1.1")["input"], json!({"items": [1, 2, 3]}));
    assert_eq!(named(&whole, "each[1]/call#1.1")["parentId"], "each#1.1");
    assert!(named(&brief, "miss#1.1")["error"].as_str().is_some_and(|error| !error.is_empty()));
    let child = named(&brief, "below#1.1")["childExecutionId"].as_str().unwrap().to_owned();
    assert_eq!(desk.record("child", &child)["parentExecutionRecordId"], execution);
    let two = attempts(&root, "rich", &execution, "id=tell%231.1&id=each%5B2%5D%2Fkeep%231.1&id=nonsense");
    assert_eq!(ids(two["items"].as_array().unwrap()), ["tell#1.1", "each[2]/keep#1.1"]);
}

#[test]
fn what_changed_since_an_answer_is_told_alone() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    desk.agent("asks", "flow: asks\nsteps:\n  before: {set: {x: 1}}\n  which: {approval: {title: Which?}}\n  after: {set: {x: 2}}\nedges: [{from: before, to: which}, {from: which, to: after, on: approved}]\n");
    let execution = desk.begin(&root, "asks", &json!({}));
    let question = desk.question("asks", &execution);
    let known = attempts(&root, "asks", &execution, "brief=true");
    assert_eq!(known["total"], 2);
    let since = format!("brief=true&since={}", known["seq"]);
    assert_eq!(attempts(&root, "asks", &execution, &since)["items"], json!([]));
    assert_eq!(decide_now(&root, &question, "approve").status, 200);
    desk.becomes("asks", &execution, "COMPLETED");
    let changed = attempts(&root, "asks", &execution, &since);
    assert_eq!(ids(changed["items"].as_array().unwrap()), ["which#1.1", "after#1.1"]);
    assert_eq!((&changed["items"][0]["state"], &changed["total"]), (&json!("completed"), &json!(3)));
}

#[test]
fn a_large_execution_comes_in_pages_that_end() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    let flow = "flow: many\ninput: {type: object}\nlimits: {steps: 100000}\nsteps:\n  each: {map: {over: input.items, concurrency: 100, body: {steps: {a: {set: {x: item}}, b: {set: {x: item}}}, edges: [{from: a, to: b}]}}}\n";
    desk.agent("many", flow);
    let items: Vec<u32> = (0..600).collect();
    let execution = desk.begin(&root, "many", &json!({"items": items}));
    desk.becomes("many", &execution, "COMPLETED");
    let first = attempts(&root, "many", &execution, "brief=true&pageSize=100000");
    assert_eq!((first["items"].as_array().unwrap().len(), &first["total"]), (1_000, &json!(1_201)));
    assert_eq!(attempts(&root, "many", &execution, "pageSize=100000")["items"].as_array().unwrap().len(), 200);
    let all = pages(&root, "many", &execution, "brief=true&pageSize=1000");
    let distinct: std::collections::BTreeSet<&str> = ids(&all).into_iter().collect();
    assert_eq!((all.len(), distinct.len()), (1_201, 1_201));
    assert!(all.iter().skip(1).all(|row| row["parentId"] == "each#1.1"));

    // A page ends where its contents are large, too.
    let text = "x".repeat(1 << 20);
    let steps: String = (0..7).map(|at| format!("  s{at}: {{set: {{text: input.text}}}}\n")).collect();
    let edges: String = (0..6).map(|at| format!("  - {{from: s{at}, to: s{}}}\n", at + 1)).collect();
    desk.agent("large", &format!("flow: large\ninput: {{type: object}}\nsteps:\n{steps}edges:\n{edges}"));
    let execution = desk.begin(&root, "large", &json!({"text": text}));
    desk.becomes("large", &execution, "COMPLETED");
    let page = attempts(&root, "large", &execution, "pageSize=200");
    assert!(page["items"].as_array().unwrap().len() < 7 && page["nextPageToken"].is_string());
    assert_eq!(pages(&root, "large", &execution, "pageSize=200").len(), 7);
}

#[test]
fn attempts_are_refused_to_whom_they_do_not_belong() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    desk.agent("one", "flow: one\nsteps:\n  a: {set: {x: 1}}\n");
    desk.agent("other", "flow: other\nsteps:\n  a: {set: {x: 1}}\n");
    let execution = desk.begin(&root, "one", &json!({}));
    desk.becomes("one", &execution, "COMPLETED");
    let of = |client: &Client, path: &str| client.get(path).status;
    assert_eq!(of(&root, &format!("{TENANT}/agents/other/executionRecords/{execution}/attempts")), 404);
    let blind = desk.person("ann", &[], &["executions:run"]);
    assert_eq!(of(&blind, &format!("{TENANT}/agents/one/executionRecords/{execution}/attempts")), 403);
    let many = "id=a&".repeat(51);
    for (wrong, status) in
        [("pageToken=bm9uZQ", 422), ("pageToken=!!", 422), (&*many, 422), ("since=x", 400), ("brief=maybe", 400), ("sideways=1", 400)]
    {
        assert_eq!(of(&root, &format!("{TENANT}/agents/one/executionRecords/{execution}/attempts?{wrong}")), status, "{wrong}");
    }
    let path = format!("{TENANT}/agents/one/executionRecords/{execution}");
    assert!(matches!(root.json("DELETE", &path, &json!({})).status, 200 | 202 | 204));
    assert_eq!(of(&root, &format!("{path}/attempts")), 404);
}

#[test]
fn times_of_steps_are_those_of_the_executions_that_ran_last() {
    let desk = Desk::bare(&[]);
    let root = desk.server.root();
    desk.agent("child", CHILD);
    desk.agent("rich", RICH);
    for what in ["tea", "coffee"] {
        let execution = desk.begin(&root, "rich", &json!({"what": what}));
        desk.becomes("rich", &execution, "WAITING_FOR_HUMAN");
    }
    let of = |path: &str| expect(200, &root.get(&format!("{TENANT}/{path}")));
    let step = |times: &Value, agent: &str, step: &str| {
        let items = times["items"].as_array().unwrap();
        items.iter().find(|one| one["agentId"] == agent && one["step"] == step).cloned().unwrap_or_default()
    };
    let times = of("agents/rich/stepTimes");
    assert_eq!((&times["executions"], &times["isCut"]), (&json!(2), &json!(false)));
    let kept = step(&times, "rich", "each/keep");
    assert_eq!((&kept["ended"], &kept["failed"], &kept["kind"], &kept["type"]), (&json!(6), &json!(0), &json!("set"), &json!("FLOW_STEP")));
    let miss = step(&times, "rich", "miss");
    assert_eq!((&miss["failed"], &miss["type"]), (&miss["ended"], &json!("TOOL")));
    assert!(miss["ended"].as_u64() >= Some(2), "{miss}");
    assert_eq!(step(&times, "rich", "ask"), Value::Null, "what is open has no time yet");
    // The slowest attempt is one that can be looked at.
    let (execution, slowest) = (miss["slowestExecutionId"].as_str().unwrap(), miss["slowestAttemptId"].as_str().unwrap());
    let shown = attempts(&root, "rich", execution, &format!("brief=true&id={}", slowest.replace('#', "%23")));
    assert_eq!(shown["items"][0]["duration"], miss["slowestDurationMs"]);

    assert_eq!(of("agents/rich/stepTimes?executions=1")["executions"], 1);
    assert_eq!(of("agents/rich/stepTimes?agentRevision=7")["items"], json!([]));
    assert_eq!(of("stepTimes?environment=nowhere")["items"], json!([]));
    let all = of("stepTimes?executions=100000");
    assert_eq!((&all["executions"], &step(&all, "child", "say")["ended"]), (&json!(4), &json!(2)));

    let status = |client: &Client, path: &str| client.get(&format!("{TENANT}/{path}")).status;
    assert_eq!(status(&root, "agents/nobody/stepTimes"), 404);
    assert_eq!(status(&root, "stepTimes?agentRevision=-2"), 422);
    assert_eq!(status(&root, "stepTimes?executions=many"), 400);
    let blind = desk.person("ann", &[], &["executions:run"]);
    assert_eq!((status(&blind, "agents/rich/stepTimes"), status(&blind, "stepTimes")), (403, 403));
}
