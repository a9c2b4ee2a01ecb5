//! What a flow says about its approvers, over HTTP: how many, who not, until when, and what then.

use serde_json::{Value, json};

use super::desk::{APPROVALS, Desk, TENANT, decide, decide_now, eventually, expect, get};
use super::harness::Client;

/// A payment under this policy. `kept` stands where nothing is paid.
fn payment(name: &str, policy: &str, edges: &str) -> String {
    let kept = if edges.is_empty() { "" } else { "  kept: {set: {why: steps.review.output.decision}}\n" };
    format!(
        r#"
flow: {name}
steps:
  review: {{approval: {{title: "Pay?", action: pay, {policy}}}}}
  pay: {{http: {{post: "WORLD/{name}", json: {{}}}}, effect: once}}
{kept}edges:
  - {{from: review, to: pay, on: approved}}
{edges}"#
    )
}

const REJECTED: &str = "  - {from: review, to: kept, on: rejected}\n";
const EXPIRED: &str = "  - {from: review, to: kept, on: expired}\n";

fn paid(desk: &Desk, name: &str) -> usize {
    desk.world.received().iter().filter(|(path, _)| *path == format!("/{name}")).count()
}

fn error_of(record: &Value) -> &str {
    record["errorCode"].as_str().unwrap_or_default()
}

#[test]
fn an_expired_question_does_what_its_policy_says_and_never_approves() {
    let desk = Desk::bare(&[]);
    let finance = r#"approvers: {any_of: ["role:finance"]}"#;
    let cases =
        [("rejects", "reject", REJECTED, "COMPLETED"), ("branches", "branch", EXPIRED, "COMPLETED"), ("fails", "fail", "", "FAILED")];
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let mut running = Vec::new();
    for (name, then, edges, status) in cases {
        desk.agent(name, &payment(name, &format!("{finance}, expires: {{after: 1s, then: {then}}}"), edges));
        let execution = desk.begin(&starter, name, &json!({}));
        running.push((name, execution, status));
    }
    let form = "flow: asks\nsteps:\n  which: {ask: {title: Which?, expires: {after: 1s, then: fail}}}\n";
    desk.agent("asks", form);
    running.push(("asks", desk.begin(&starter, "asks", &json!({})), "FAILED"));
    for (name, execution, status) in &running {
        let record = desk.becomes(name, execution, status);
        assert_eq!(error_of(&record), if *status == "FAILED" { "expired" } else { "" }, "{record}");
        let page = expect(200, &ann.get(&format!("{TENANT}/agents/{name}/pendingApprovals")));
        let question = &page["items"][0];
        assert_eq!((&question["status"], &question["decision"], &question["mayDecide"]), (&json!("EXPIRED"), &Value::Null, &json!(false)));
        let late = decide_now(&ann, question["id"].as_str().unwrap(), if *name == "asks" { "reject" } else { "approve" });
        assert_eq!((late.status, late.code().as_str()), (409, "question_closed"), "{name}: {}", late.text());
        assert_eq!(late.value()["approvalStatus"], "EXPIRED", "{name}");
        assert_eq!(desk.record(name, execution), record, "nothing changes afterwards");
    }
    assert!(desk.world.received().is_empty(), "nothing was paid");
    assert_eq!(expect(200, &ann.get(&format!("{APPROVALS}?status=EXPIRED")))["items"].as_array().unwrap().len(), 4);
}

#[test]
fn an_expired_question_can_go_to_others() {
    let mut desk = Desk::bare(&[]);
    let policy = r#"approvers: {any_of: ["role:finance"]}, expires: {after: 12s, then: {ask: {any_of: ["role:cfo"]}}}"#;
    desk.agent("climbs", &payment("climbs", policy, ""));
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let cfo = desk.person("cleo", &["cfo"], &["approvals:read", "approvals:decide"]);
    let asked = [desk.begin(&starter, "climbs", &json!({})), desk.begin(&starter, "climbs", &json!({}))];
    let questions = asked.each_ref().map(|execution| desk.question("climbs", execution));
    let digest = get(&ann, &questions[0])["digest"].clone();
    assert_eq!(decide_now(&cfo, &questions[0], "approve").status, 403, "not yet the CFO's");
    // It expires while nobody is there to see it.
    desk.kill_and_start();
    let (ann, cfo) = (desk.now(&ann), desk.now(&cfo));
    eventually("it goes to the CFO", || get(&cfo, &questions[0])["authorizedApprovers"] == json!(["role:cfo"]));
    let refused = decide_now(&ann, &questions[0], "approve");
    assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"), "{}", refused.text());
    let decided = expect(200, &decide(&cfo, &questions[0], &json!({"decision": "approve", "digest": digest})));
    assert_eq!((&decided["status"], &decided["respondedBy"]), (&json!("RESPONDED"), &json!("cleo")));
    desk.becomes("climbs", &asked[0], "COMPLETED");
    // And nobody else comes after them.
    let record = desk.becomes("climbs", &asked[1], "FAILED");
    assert_eq!(error_of(&record), "expired");
    assert_eq!(get(&cfo, &questions[1])["status"], "EXPIRED");
    assert_eq!(paid(&desk, "climbs"), 1);
}

#[test]
fn two_must_agree_and_one_may_refuse() {
    let desk = Desk::open();
    let (starter, ann, ben) = (desk.starter(), desk.finance("ann"), desk.finance("ben"));
    let question = desk.ask(&starter, "pay2", 40);
    let first = expect(200, &decide_now(&ann, &question, "approve"));
    assert_eq!((&first["status"], &first["quorum"], &first["votes"][0]["by"]), (&json!("PENDING"), &json!(2), &json!("ann")));
    for (who, client) in [("ann again", &ann), ("mallory", &desk.finance("mallory")), ("the starter", &starter)] {
        let refused = decide_now(client, &question, "approve");
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"), "{who}: {}", refused.text());
    }
    assert_eq!(get(&ann, &question)["votes"].as_array().unwrap().len(), 1);
    assert!(desk.world.received().is_empty());
    let second = expect(200, &ben.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"})));
    assert_eq!((&second["status"], &second["respondedBy"]), (&json!("RESPONDED"), &json!("ben")));
    assert_eq!(desk.world.bodies(1)[0]["amount"], 40);
    // After one vote for it, one against it decides.
    let question = desk.ask(&starter, "pay2", 41);
    assert_eq!(expect(200, &decide_now(&ann, &question, "approve"))["status"], "PENDING");
    let refused = expect(200, &decide_now(&ben, &question, "reject"));
    assert_eq!((&refused["status"], &refused["decision"], &refused["respondedBy"]), (&json!("RESPONDED"), &json!("REJECT"), &json!("ben")));
    let late = decide_now(&ann, &question, "approve");
    assert_eq!((late.code().as_str(), &late.value()["decided"]["by"]), ("decided", &json!("ben")));
    // And who voted for it may still turn round.
    let question = desk.ask(&starter, "pay2", 42);
    expect(200, &decide_now(&ann, &question, "approve"));
    assert_eq!(expect(200, &decide_now(&ann, &question, "reject"))["decision"], "REJECT");
    assert_eq!(desk.world.received().len(), 1);
}

/// Two approvals; who took part in the first may not take the second.
const FOUR_EYES: &str = r#"
flow: eyes
steps:
  first: {approval: {title: First?, approvers: {any_of: ["role:finance"], quorum: 2}}}
  second: {approval: {title: Second?, action: pay, approvers: {any_of: ["role:finance"], exclude: [starter, "decider:first"]}}}
  pay: {http: {post: "WORLD/eyes", json: {}}, effect: once}
edges:
  - {from: first, to: second, on: approved}
  - {from: second, to: pay, on: approved}
"#;

#[track_caller]
fn is_excluded(client: &Client, question: &str) {
    for decision in ["approve", "reject"] {
        let refused = decide_now(client, question, decision);
        assert_eq!((refused.status, refused.code().as_str()), (403, "not_allowed"), "{}", refused.text());
        assert!(refused.text().contains("is excluded from deciding this"), "{}", refused.text());
    }
    let edited = decide(client, question, &json!({"decision": "edit", "digest": get(client, question)["digest"], "arguments": {}}));
    assert_eq!(edited.status, 403, "{}", edited.text());
    assert_eq!(get(client, question)["mayDecide"], false);
}

#[test]
fn who_is_excluded_stays_so_whatever_acts_for_them() {
    let desk = Desk::bare(&[]);
    desk.agent("eyes", FOUR_EYES);
    desk.agent("child", &payment("child", r#"approvers: {any_of: ["role:finance"], exclude: [starter]}"#, ""));
    desk.agent("parent", "flow: parent\nsteps:\n  below: {flow: {agent: child}}\n");
    let scopes = ["approvals:read", "approvals:decide", "executions:run", "keys:read", "keys:write"];
    let stan = desk.person("stan", &["finance"], &scopes);
    let (ann, ben, cleo) = (desk.finance("ann"), desk.finance("ben"), desk.finance("cleo"));
    let execution = desk.begin(&stan, "eyes", &json!({}));
    let first = desk.question("eyes", &execution);
    assert_eq!(expect(200, &decide_now(&ann, &first, "approve"))["status"], "PENDING");
    assert_eq!(expect(200, &decide_now(&ben, &first, "approve"))["status"], "RESPONDED");
    let second = desk.question("eyes", &execution);
    assert_eq!(get(&cleo, &second)["excluded"], json!(["stan", "ann", "ben"]), "the starter and both deciders");
    for client in [&stan, &ann, &ben] {
        is_excluded(client, &second);
    }
    // A key that the starter makes for an agent is still the starter's, and so is one that names another tool.
    let keys = format!("{TENANT}/apiKeys:generate");
    let minted =
        stan.json("POST", &keys, &json!({"name": "helper", "roles": ["finance"], "scopes": ["approvals:read", "approvals:decide"]}));
    let helper = desk.server.client(expect(200, &minted)["apiKey"].as_str().unwrap());
    is_excluded(&helper, &second);
    let other = stan.json("POST", &keys, &json!({"name": "helper", "user": "cleo", "scopes": ["approvals:decide"]}));
    assert_eq!(other.status, 403, "{}", other.text());
    let body = json!({"decision": "approve", "digest": get(&cleo, &second)["digest"]}).to_string();
    let headers = [("content-type", "application/json"), ("x-fruxon-actor", "cleo")];
    let acting = stan.request("POST", &format!("{APPROVALS}/{second}:decide"), &headers, body.as_bytes()).unwrap();
    assert_eq!(acting.status, 403, "{}", acting.text());
    // In a bulk decision, too, each item stands for itself.
    let many = json!({"decisions": [{"id": second, "decision": "approve", "digest": get(&cleo, &second)["digest"]}]});
    assert_eq!(expect(200, &stan.json("POST", &format!("{APPROVALS}:decide"), &many))["results"][0]["status"], 403);
    assert!(desk.world.received().is_empty());
    assert_eq!(expect(200, &decide_now(&cleo, &second, "approve"))["status"], "RESPONDED");
    desk.becomes("eyes", &execution, "COMPLETED");
    // What an execution starts is started by who started it.
    let execution = desk.begin(&stan, "parent", &json!({}));
    let path = format!("{TENANT}/agents/child/pendingApprovals?status=PENDING");
    eventually("the child asks", || !expect(200, &ann.get(&path))["items"].as_array().unwrap().is_empty());
    let question = expect(200, &ann.get(&path))["items"][0]["id"].as_str().unwrap().to_owned();
    is_excluded(&stan, &question);
    is_excluded(&helper, &question);
    assert_eq!(expect(200, &decide_now(&ann, &question, "approve"))["status"], "RESPONDED");
    desk.becomes("parent", &execution, "COMPLETED");
    assert_eq!((paid(&desk, "eyes"), paid(&desk, "child")), (1, 1));
}
