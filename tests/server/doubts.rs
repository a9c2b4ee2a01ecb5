//! What the server cannot settle alone: effects in doubt after a SIGKILL, budgets that are used up, executions that were set aside. Each
//! is found over HTTP and on the command line, and is resolved there.

use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, Desk, TENANT, decide, decide_now, eventually, expect, get};
use super::harness::{Client, PATIENCE};
use super::model::{Model, Speech};
use super::oracle::Oracle;

/// A payment that must not be made twice.
fn held(oracle: &Oracle) -> String {
    format!(
        r#"
flow: held
input: {{type: object, required: [n], properties: {{n: {{type: integer}}}}}}
steps:
  pay: {{http: {{post: "{}/hold/{{{{ input.n }}}}", json: {{n: "{{{{ input.n }}}}"}}}}, effect: once}}
output: steps.pay.output
"#,
        oracle.address
    )
}

/// `count` payments at the oracle when the server dies, and its successor.
fn in_doubt(count: u64) -> (Desk, Oracle, Vec<String>) {
    let oracle = Oracle::start(Duration::ZERO);
    let mut desk = Desk::bare(&[]);
    desk.agent("held", &held(&oracle));
    let root = desk.server.root();
    let executions: Vec<String> = (0..count).map(|n| desk.begin(&root, "held", &json!({"n": n}))).collect();
    for n in 0..count {
        eventually("the payment is at the oracle", || oracle.count(&format!("/hold/{n}")) == 1);
    }
    desk.kill_and_start();
    oracle.let_go();
    (desk, oracle, executions)
}

fn result(desk: &Desk, agent: &str, execution: &str) -> Value {
    expect(200, &desk.server.root().get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}/result")))["result"]["jsonValue"]
        .clone()
}

fn counts(oracle: &Oracle, count: u64) -> Vec<usize> {
    (0..count).map(|n| oracle.count(&format!("/hold/{n}"))).collect()
}

#[test]
fn a_payment_that_a_sigkill_leaves_in_doubt_is_resolved_over_http() {
    let (mut desk, oracle, executions) = in_doubt(4);
    let questions: Vec<String> = executions.iter().map(|execution| desk.question("held", execution)).collect();
    let root = desk.server.root();
    let mut token = String::new();
    let mut listed = Vec::new();
    loop {
        let page = expect(200, &root.get(&format!("{TENANT}/inDoubt?pageSize=3&pageToken={token}")));
        listed.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(next) = page["nextPageToken"].as_str() else { break };
        next.clone_into(&mut token);
    }
    assert_eq!(listed.len(), 4);
    for (execution, question) in executions.iter().zip(&questions) {
        let row = listed.iter().find(|row| row["executionRecordId"] == *execution).unwrap();
        assert_eq!((&row["approvalRequestId"], &row["agentId"], &row["step"]), (&json!(question), &json!("held"), &json!("pay")));
        let record = desk.record("held", execution);
        assert_eq!((&record["status"], &record["waitingFor"]["kind"]), (&json!("WAITING_FOR_HUMAN"), &json!("IN_DOUBT")));
        let seen = get(&root, question);
        assert_eq!((&seen["gateType"], &seen["digest"]), (&json!("IN_DOUBT"), &row["digest"]));
        assert_eq!(seen["decisions"], json!(["retry", "happened", "fail"]));
        let key = seen["action"]["idempotencyKey"].as_str().unwrap();
        let was_sent = oracle.seen().iter().any(|call| call.idempotency_key.as_deref() == Some(key));
        assert!(was_sent, "a person finds the call at the other side by its key: {seen}");
    }
    // What does not answer the question is refused, and does nothing.
    let digest = |question: &str| get(&root, question)["digest"].clone();
    for wrong in ["approve", "reject_all"] {
        let refused = decide(&root, &questions[0], &json!({"decision": wrong, "digest": digest(&questions[0])}));
        assert!(matches!(refused.status, 400 | 422), "{wrong}: {}", refused.text());
    }
    let blind = root.json("POST", &format!("{APPROVALS}/{}:respond", questions[0]), &json!({"text": "approve"}));
    assert_eq!(blind.status, 400, "{}", blind.text());
    assert_eq!(counts(&oracle, 4), [1, 1, 1, 1]);
    // Still in doubt in the next process.
    desk.kill_and_start();
    let root = desk.server.root();
    let say = |question: &str, mut body: Value| {
        body["digest"] = get(&root, question)["digest"].clone();
        expect(200, &decide(&root, question, &body))
    };
    let decided = say(&questions[0], json!({"decision": "happened", "result": {"id": "R-7"}, "reason": "their log says so"}));
    assert_eq!((&decided["decision"], &decided["decided"]["result"]), (&json!("APPROVE"), &json!({"id": "R-7"})));
    assert_eq!(say(&questions[1], json!({"decision": "retry"}))["decided"]["decision"], "retry");
    assert_eq!(say(&questions[2], json!({"decision": "fail"}))["decision"], "REJECT");
    expect(200, &root.json("POST", &format!("{APPROVALS}/{}:respond", questions[3]), &json!({"text": "retry"})));
    for (execution, status) in executions.iter().zip(["COMPLETED", "COMPLETED", "FAILED", "COMPLETED"]) {
        desk.becomes("held", execution, status);
    }
    assert_eq!(result(&desk, "held", &executions[0]), json!({"id": "R-7"}));
    assert_eq!(desk.record("held", &executions[2])["errorCode"], "in_doubt");
    assert_eq!(counts(&oracle, 4), [1, 2, 1, 2], "only a retry does it again");
    let of = |n: usize| oracle.seen().into_iter().filter(move |seen| seen.path == format!("/hold/{n}"));
    let keys: Vec<_> = of(1).map(|seen| seen.idempotency_key).collect();
    assert!(keys[0].is_some() && keys[0] == keys[1], "a retry names the same call: {keys:?}");
    assert_eq!(expect(200, &root.get(&format!("{TENANT}/inDoubt")))["items"], json!([]));
}

#[test]
fn a_payment_in_doubt_is_resolved_on_the_command_line() {
    let (desk, oracle, executions) = in_doubt(4);
    let questions: Vec<String> = executions.iter().map(|execution| desk.question("held", execution)).collect();
    let root = desk.server.root();
    let listed = desk.says(&root, &["approval", "list"]);
    assert!(questions.iter().all(|question| listed.contains(question.as_str())) && listed.contains("in_doubt"), "{listed}");
    let shown = desk.says(&root, &["approval", "show", &questions[0]]);
    assert!(shown.contains("may have happened") && shown.contains("/hold/0") && shown.contains("sha256:"), "{shown}");
    let executed = desk.says(&root, &["exec", "show", &executions[0]]);
    assert!(executed.contains("is in doubt: `pay` may have happened"), "{executed}");
    let waiting: Value = serde_json::from_str(&desk.says(&root, &["exec", "list", "-o", "json"])).unwrap();
    assert!(waiting.as_array().unwrap().iter().all(|row| row["waiting_for"][0]["kind"] == "in_doubt"), "{waiting}");
    let (exit, said) = desk.refuses(&root, &["approval", "approve", &questions[0]]);
    assert!(exit == 1 && said.contains("approval resolve") && said.contains("--retry"), "{exit}: {said}");
    desk.says(&root, &["approval", "resolve", &questions[0], "--happened", r#"{"id": "R-8"}"#, "--reason", "seen"]);
    desk.says(&root, &["approval", "resolve", &questions[1], "--retry"]);
    desk.says(&root, &["approval", "resolve", &questions[2], "--fail"]);
    desk.says(&root, &["approval", "reject", &questions[3], "--reason", "never mind"]);
    for (execution, status) in executions.iter().zip(["COMPLETED", "COMPLETED", "FAILED", "FAILED"]) {
        desk.becomes("held", execution, status);
    }
    assert_eq!(result(&desk, "held", &executions[0]), json!({"id": "R-8"}));
    assert_eq!(counts(&oracle, 4), [1, 2, 1, 1]);
    let closed = desk.says(&root, &["approval", "show", &questions[0]]);
    assert!(closed.contains("already decided: has happened, decided by root") && closed.contains("seen"), "{closed}");
    let (exit, said) = desk.refuses(&root, &["approval", "resolve", &questions[0], "--retry"]);
    assert!(exit == 1 && said.contains("already decided"), "{exit}: {said}");
}

/// Three steps where the budget allows one.
const STEPS: &str = "flow: steps\nlimits: {steps: 1, on_breach: ask}\nsteps:\n  a: {set: {x: 1}}\n  b: {set: {x: 2}}\n  c: {set: {x: 3}}\n\
    edges: [{from: a, to: b}, {from: b, to: c}]\noutput: steps.c.output\n";

#[test]
fn a_used_up_budget_of_steps_asks_grants_and_refuses() {
    let mut desk = Desk::bare(&[]);
    desk.agent("steps", STEPS);
    let root = desk.server.root();
    let (first, second, third) =
        (desk.begin(&root, "steps", &json!({})), desk.begin(&root, "steps", &json!({})), desk.begin(&root, "steps", &json!({})));
    let question = desk.question("steps", &first);
    let seen = get(&root, &question);
    assert_eq!((&seen["gateType"], &seen["decisions"]), (&json!("BUDGET"), &json!(["approve", "reject"])));
    let title = seen["outboundMessage"].as_str().unwrap();
    assert!(title.contains("the budget of 1 steps") && title.contains("Grant the same amount again?"), "{title}");
    assert_eq!((&seen["action"], &seen["editable"], &seen["risk"]), (&Value::Null, &json!(false), &json!("LOW")));
    assert_eq!(desk.becomes("steps", &first, "WAITING_FOR_HUMAN")["waitingFor"]["approvalRequestId"], json!(question));
    for (word, more) in [("edit", json!({"arguments": {}})), ("respond", json!({"response": 7})), ("retry", json!({}))] {
        let mut body = json!({"decision": word, "digest": seen["digest"]});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(decide(&root, &question, &body).status, 422, "{word}");
    }
    // One step more, and then one more.
    assert_eq!(expect(200, &decide_now(&root, &question, "approve"))["decision"], "APPROVE");
    let next = desk.question("steps", &first);
    assert_ne!(next, question);
    desk.kill_and_start();
    let root = desk.server.root();
    expect(200, &root.json("POST", &format!("{APPROVALS}/{next}:respond"), &json!({"text": "approve"})));
    desk.becomes("steps", &first, "COMPLETED");
    assert_eq!(result(&desk, "steps", &first), json!({"x": 3}));
    let refused = desk.question("steps", &second);
    let body = json!({"text": "enough is enough"});
    let decided = expect(200, &root.json("POST", &format!("{APPROVALS}/{refused}:respond"), &body));
    assert_eq!((&decided["decision"], &decided["decided"]["reason"]), (&json!("REJECT"), &json!("enough is enough")));
    assert_eq!(desk.becomes("steps", &second, "FAILED")["errorCode"], "budget_exceeded");
    // On the command line.
    let asked = desk.question("steps", &third);
    assert!(desk.says(&root, &["approval", "list"]).contains("budget"));
    desk.says(&root, &["approval", "approve", &asked]);
    let again = desk.question("steps", &third);
    desk.says(&root, &["approval", "reject", &again, "--reason", "no"]);
    assert_eq!(desk.becomes("steps", &third, "FAILED")["errorCode"], "budget_exceeded");
}

/// An agent whose first call may use more tokens than there are.
const THRIFTY: &str = "flow: thrifty\nlimits: {tokens: 150, on_breach: ask}\nsteps:\n  say: {agent: {model: openai/gpt-5-mini, prompt: Hello, \
    max_tokens: 200}}\noutput: steps.say.output\n";

#[test]
fn a_model_is_asked_only_within_what_people_grant() {
    let model = Model::start(|_, _| Speech::new(&["good day"], 0));
    let desk = Desk::bare(&model.variables());
    desk.agent("thrifty", THRIFTY);
    let ann: Client = desk.finance("ann");
    let root = desk.server.root();
    let (granted, refused) = (desk.begin(&root, "thrifty", &json!({})), desk.begin(&root, "thrifty", &json!({})));
    let question = desk.question("thrifty", &granted);
    let seen = get(&ann, &question);
    assert_eq!((&seen["gateType"], &seen["mayDecide"]), (&json!("BUDGET"), &json!(true)));
    assert!(seen["outboundMessage"].as_str().unwrap().contains("150 tokens"), "{seen}");
    assert_eq!(expect(200, &decide_now(&ann, &desk.question("thrifty", &refused), "reject"))["decision"], "REJECT");
    assert_eq!(desk.becomes("thrifty", &refused, "FAILED")["errorCode"], "budget_exceeded");
    assert!(model.requests().is_empty(), "nothing was spent before anybody was asked");
    expect(200, &decide_now(&ann, &question, "approve"));
    desk.becomes("thrifty", &granted, "COMPLETED");
    assert_eq!(model.requests().len(), 1);
}

/// Something to lose, and then a long wait.
const WAITS: &str = "flow: waits\nsteps:\n  nap: {event: {name: go, timeout: 1d}}\n  more: {event: {name: other, timeout: 1d}}\n\
    edges: [{from: nap, to: more}]\n";

/// Damages the first record of the log that holds this text.
fn damage(directory: &std::path::Path, text: &str) {
    let files = std::fs::read_dir(directory.join("data")).unwrap().map(|entry| entry.unwrap());
    for path in files.filter(|file| file.file_name().to_string_lossy().starts_with("log-")).map(|file| file.path()) {
        let mut bytes = std::fs::read(&path).unwrap();
        if let Some(place) = bytes.windows(text.len()).position(|window| window == text.as_bytes()) {
            bytes[place] ^= 0x20;
            return std::fs::write(&path, bytes).unwrap();
        }
    }
    panic!("`{text}` is not in the log");
}

#[test]
fn an_execution_that_was_set_aside_is_found_read_and_taken_out() {
    let mut desk = Desk::bare(&[]);
    desk.agent("waits", WAITS);
    let root = desk.server.root();
    let [whole, short, torn] = ["whole", "short", "torn"].map(|_| desk.begin(&root, "waits", &json!({})));
    for execution in [&whole, &short, &torn] {
        desk.becomes("waits", execution, "WAITING_FOR_ASYNC");
    }
    let signal = |desk: &Desk, execution: &str, name: &str, said: &str| {
        let path = format!("{TENANT}/agents/waits/executionRecords/{execution}:signal");
        desk.server.root().json("POST", &path, &json!({"name": name, "payload": {"said": said}}))
    };
    // Of one the last event is lost, of another one in the middle.
    for (execution, said) in [(&torn, "to be torn out"), (&torn, "more"), (&short, "to be cut off"), (&whole, "more")] {
        assert_eq!(signal(&desk, execution, "other", said).status, 200);
    }
    // A clean end: what the damage did not touch is known to be whole.
    let pid = desk.server.pid().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(desk.server.wait(PATIENCE), Some(0));
    damage(desk.directory.path(), "to be torn out");
    damage(desk.directory.path(), "to be cut off");
    let mut rebuild = std::process::Command::new(env!("CARGO_BIN_EXE_flowgate"));
    rebuild.args(["store", "rebuild", "--quarantine", "--data-dir", "data"]).current_dir(desk.directory.path()).env_clear();
    let rebuilt = rebuild.output().unwrap();
    assert!(rebuilt.status.success(), "{}", String::from_utf8_lossy(&rebuilt.stderr));
    desk.start();
    let root = desk.server.root();
    let page = expect(200, &root.get(&format!("{TENANT}/quarantined")));
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "{page}");
    for lost in [&short, &torn] {
        let row = page["items"].as_array().unwrap().iter().find(|row| row["id"] == **lost).unwrap();
        assert_eq!((&row["agentId"], &row["actions"]), (&json!("waits"), &json!(["cancelRun", "export", "delete"])));
        assert!(row["reason"].as_str().unwrap().contains("events"), "{row}");
        // It is read up to the loss.
        let record = desk.record("waits", lost);
        assert_eq!((&record["quarantined"]["reason"], &record["quarantined"]["actions"]), (&row["reason"], &row["actions"]));
        let shown = desk.says(&root, &["exec", "show", lost]);
        assert!(shown.contains("quarantined") && shown.contains("events"), "{shown}");
        let export = expect(200, &root.get(&format!("{TENANT}/agents/waits/executionRecords/{lost}/export")));
        assert!(export["events"].as_array().unwrap().len() >= 2 && !export.to_string().contains("to be"), "{export}");
        // Nothing lets it go on.
        let refused = signal(&desk, lost, "go", "");
        assert_eq!((refused.status, refused.code().as_str()), (409, "quarantined"), "{}", refused.text());
        let released = root.json("POST", &format!("{TENANT}/agents/waits/executionRecords/{lost}:release"), &json!({}));
        assert_eq!((released.status, released.code().as_str()), (409, "quarantined"), "{}", released.text());
    }
    assert_eq!(desk.record("waits", &whole)["quarantined"], Value::Null);
    let at = |lost: &str, action: &str| format!("{TENANT}/agents/waits/executionRecords/{lost}{action}");
    let cancelled = root.json("POST", &at(&short, ":cancelRun"), &json!({"reason": "damaged"}));
    assert!(matches!(cancelled.status, 202 | 204), "{}", cancelled.text());
    assert_eq!(desk.becomes("waits", &short, "CANCELLED")["quarantined"]["actions"], json!(["export", "delete"]));
    let refused = root.json("POST", &at(&torn, ":cancelRun"), &json!({}));
    assert_eq!((refused.status, refused.code().as_str()), (409, "quarantined"), "{}", refused.text());
    for lost in [&short, &torn] {
        assert_eq!(root.request("DELETE", &at(lost, ""), &[], b"").unwrap().status, 204);
        assert_eq!(root.get(&at(lost, "")).status, 404);
    }
    assert_eq!(expect(200, &root.get(&format!("{TENANT}/quarantined")))["items"], json!([]));
    // Nothing of it harmed the other one.
    assert_eq!(signal(&desk, &whole, "go", "").status, 200);
    desk.becomes("waits", &whole, "COMPLETED");
    let unharmed = root.request("DELETE", &at(&whole, ""), &[], b"").unwrap();
    assert_eq!(unharmed.status, 204);
}
