//! Questions and their answers: decided once, by digest, and walked on from afterwards.

use serde_json::json;

use super::bench::{Bench, GATE};

#[test]
fn an_approval_is_shown_decided_and_walked_on_from() {
    let bench = Bench::with("gate.yaml", GATE);
    let said = [
        bench.say(&["run", "gate.yaml", "-p", "amount=40", "-o", "json"]),
        bench.say(&["approval", "list"]),
        bench.say(&["approval", "show", "last"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
    let question = bench.json(&["approval", "list", "-o", "json"])[0].clone();
    let id = question["id"].as_str().unwrap();
    let said = [
        bench.say(&["approval", "approve", &id[..8], "--reason", "receipt checked"]),
        bench.say(&["approval", "list"]),
        bench.say(&["approval", "reject", id]),
        bench.say(&["exec", "resume", "last"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn a_decision_on_another_digest_is_refused() {
    let bench = Bench::with("gate.yaml", GATE);
    bench.run(&["run", "gate.yaml", "-p", "amount=40"]);
    let question = bench.json(&["approval", "list", "-o", "json"])[0].clone();
    let id = question["id"].as_str().unwrap();
    let other = format!("sha256:{}", "0".repeat(64));
    insta::assert_snapshot!(bench.say(&["approval", "approve", id, "--digest", &other]));
    let approved = bench.run(&["approval", "approve", id, "--digest", question["digest"].as_str().unwrap(), "--resume", "-o", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&approved.stdout).unwrap();
    assert_eq!((approved.status.code(), &result["output"]), (Some(0), &json!({"paid": 40})));
}

#[test]
fn a_rejection_takes_its_branch() {
    let bench = Bench::with("gate.yaml", GATE);
    bench.run(&["run", "gate.yaml", "-p", "amount=40"]);
    let question = bench.json(&["approval", "list", "-o", "json"])[0].clone();
    insta::assert_snapshot!(bench.say(&[
        "approval",
        "reject",
        question["id"].as_str().unwrap(),
        "--reason",
        "too much",
        "--as",
        "ben",
        "--resume"
    ]));
}

#[test]
fn approve_all_approves_and_none_leaves_open() {
    let bench = Bench::with("gate.yaml", GATE);
    assert_eq!(bench.run(&["run", "gate.yaml", "-p", "amount=1", "--approve", "all"]).status.code(), Some(0));
    assert_eq!(bench.run(&["run", "gate.yaml", "-p", "amount=1", "--approve", "none"]).status.code(), Some(3));
    // Without a terminal nobody can be asked.
    assert_eq!(bench.run(&["run", "gate.yaml", "-p", "amount=1", "--approve", "ask"]).status.code(), Some(3));
    assert_eq!(bench.json(&["approval", "list", "-o", "json"]).as_array().unwrap().len(), 2);
}

#[test]
fn an_answer_must_fit_its_form() {
    let form =
        "flow: form\nsteps:\n  who: {ask: {title: \"Who?\", form: {type: object, required: [name], properties: {name: {type: string}}}}}\n";
    let bench = Bench::with("form.yaml", form);
    let said = [
        bench.say(&["run", "form.yaml"]),
        bench.say(&["approval", "approve", "last"]),
        bench.say(&["approval", "respond", "last", r#"{"nam": "Ada"}"#]),
        bench.say(&["approval", "respond", "last", r#"{"name": "Ada"}"#]),
        bench.say(&["exec", "resume", "last"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn an_edit_changes_exactly_what_is_sent() {
    let flow = r#"
flow: pay
input: {type: object, properties: {amount: {type: number}}}
steps:
  review: {approval: {title: "Pay?", action: pay}}
  pay: {http: {post: "https://bank.example/pay", json: {amount: "{{ input.amount }}"}}, effect: once, sandbox: {output: {paid: true}}}
edges: [{from: review, to: pay}]
"#;
    let bench = Bench::with("pay.yaml", flow);
    bench.run(&["run", "pay.yaml", "-p", "amount=40", "--rehearse"]);
    let question = bench.json(&["approval", "list", "-o", "json"])[0].clone();
    let id = question["id"].as_str().unwrap();
    let said = [bench.say(&["approval", "show", id]), bench.say(&["approval", "edit", id, "--arguments", r#"{"amount": 20}"#, "--resume"])];
    insta::assert_snapshot!(said.join("\n\n"));
    let events = bench.run(&["exec", "events", "last", "-o", "ndjson"]);
    let sent: Vec<serde_json::Value> = String::from_utf8(events.stdout)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|event: &serde_json::Value| event["event"] == "call_started")
        .collect();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["request"]["request"]["http"]["body"]["parts"], json!([r#"{"amount":20}"#]));
}

#[test]
fn who_comes_late_is_told_what_stands() {
    let bench = Bench::with("gate.yaml", GATE);
    let run = bench.json(&["run", "gate.yaml", "-p", "amount=40", "-o", "json"]);
    let (execution, question) = (run["id"].as_str().unwrap(), run["waiting_for"][0]["id"].as_str().unwrap());
    assert_eq!(run["waiting_for"][0]["approvers"]["quorum"], 1, "nobody is named, and one decision is needed all the same");
    bench.run(&["approval", "approve", question, "--as", "ben", "--reason", "seen"]);
    for (name, verb) in [(question, "reject"), (execution, "reject"), (execution, "approve"), (question, "edit")] {
        let late = bench.run(&["approval", verb, name, "--as", "cyd"]);
        let said = String::from_utf8_lossy(&late.stderr).into_owned();
        assert_eq!(late.status.code(), Some(1), "{said}");
        assert!(said.contains("already decided: approved by ben") && said.contains("(seen)"), "{said}");
    }
    let shown = bench.json(&["approval", "show", question, "-o", "json"]);
    assert_eq!((&shown["closed"]["how"], &shown["closed"]["decided"]["by"]), (&json!("decided"), &json!("ben")));
}

#[test]
fn a_question_whose_execution_was_cancelled_is_withdrawn() {
    let bench = Bench::with("gate.yaml", GATE);
    let run = bench.json(&["run", "gate.yaml", "-p", "amount=40", "-o", "json"]);
    bench.run(&["exec", "cancel", "last"]);
    let late = bench.run(&["approval", "approve", run["waiting_for"][0]["id"].as_str().unwrap()]);
    assert_eq!(late.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&late.stderr).contains("withdrawn"), "{}", bench.told(&late));
    // Retried, it asks again, in an execution of its own.
    let again = bench.json(&["exec", "retry", "last", "-o", "json"]);
    assert_eq!((&again["status"], &again["origin"]["kind"]), (&json!("WAITING_FOR_HUMAN"), &json!("retry")));
}
