//! The gates of an agent's tools, over HTTP, with a model and an outside world on the wire: a person sees exactly what would be done, and
//! exactly that is done, once; what a person answers instead goes back to the model.

use serde_json::{Value, json};

use super::desk::{APPROVALS, Desk, TENANT, decide, eventually, expect, get};
use super::harness::Client;
use super::model::{Model, Speech};

/// Pays money back; more than ten only when somebody in finance says so.
const CLERK: &str = r#"
flow: clerk
input: {type: object, required: [amount], properties: {amount: {type: integer}}}
steps:
  help:
    agent:
      model: openai/gpt-5-mini
      prompt: "{{ input.amount }}"
      tools:
        - name: refund
          description: Pays money back.
          args: {type: object, required: [order, amount], properties: {order: {type: string}, amount: {type: integer}}}
          http: {post: "WORLD/refund", json: {order: "{{ args.order }}", amount: "{{ args.amount }}", note: "äöü \"x\""}}
          effect: once
          approval:
            when: args.amount > 10
            title: "Refund {{ args.amount }}?"
            approvers: {any_of: ["role:finance"], exclude: [starter]}
            decisions: [approve, edit, reject, respond]
output: steps.help.output
"#;

/// Asks for a refund of what the prompt says, and then tells what it heard of it.
fn clerk() -> Model {
    Model::start(|_, body| match heard(body) {
        Some(text) => Speech::new(&[&format!("heard: {text}")], 0),
        None => {
            let prompt = super::model::said(body).pop().unwrap().1;
            Speech::calling("refund", json!({"order": "A-1", "amount": prompt.parse::<u64>().unwrap()}))
        }
    })
}

/// What the last tool call came to, where the request says.
fn heard(body: &Value) -> Option<String> {
    let last = body["messages"].as_array().unwrap().last().unwrap();
    (last["role"] == "tool").then(|| super::model::said(body).pop().unwrap().1)
}

struct Gate {
    desk: Desk,
    model: Model,
    starter: Client,
    ann: Client,
}

impl Gate {
    fn open() -> Self {
        let model = clerk();
        let desk = Desk::bare(&model.variables());
        desk.agent("clerk", CLERK);
        let (starter, ann) = (desk.starter(), desk.finance("ann"));
        Self { desk, model, starter, ann }
    }

    /// An execution and the question that it stops at.
    fn ask(&self, amount: u64) -> (String, String) {
        let path = format!("{TENANT}/agents/clerk:execute");
        let answer = expect(200, &self.desk.now(&self.starter).json("POST", &path, &json!({"parameters": {"amount": amount}})));
        let text = |name: &str| answer[name].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned();
        assert_eq!(answer["status"], "WAITING_FOR_HUMAN");
        (text("executionRecordId"), text("humanApprovalRequestId"))
    }

    /// What the agent says in the end.
    fn response(&self, execution: &str) -> String {
        self.desk.becomes("clerk", execution, "COMPLETED");
        let path = format!("{TENANT}/agents/clerk/executionRecords/{execution}/result");
        expect(200, &self.desk.server.root().get(&path))["result"]["strValue"].as_str().unwrap().to_owned()
    }

    fn refunds(&self) -> Vec<String> {
        let received = self.desk.world.received().into_iter().inspect(|(path, _)| assert_eq!(path, "/refund"));
        received.map(|(_, body)| String::from_utf8(body).unwrap()).collect()
    }
}

#[test]
fn a_gated_tool_call_shows_its_exact_bytes_and_sends_them_once() {
    let mut gate = Gate::open();
    let (execution, question) = gate.ask(40);
    let seen = get(&gate.ann, &question);
    assert_eq!(
        (&seen["gateType"], &seen["toolKey"], &seen["stepIdentifier"], &seen["risk"], &seen["outboundMessage"]),
        (&json!("TOOL_APPROVAL"), &json!("refund"), &json!("help"), &json!("HIGH"), &json!("Refund 40?"))
    );
    assert_eq!((&seen["executionRecordId"], &seen["agentId"]), (&json!(execution), &json!("clerk")));
    assert!(seen["toolCallId"].as_str().is_some_and(|id| id.contains("help")), "{seen}");
    assert!(seen["digest"].as_str().is_some_and(|digest| digest.starts_with("sha256:")), "{seen}");
    assert_eq!(seen["proposedParameters"], json!({"order": "A-1", "amount": 40, "note": "äöü \"x\""}));
    let action = &seen["action"];
    assert_eq!((&action["method"], &action["effect"]), (&json!("POST"), &json!("once")), "{action}");
    assert_eq!(action["url"], format!("{}/refund", gate.desk.world.address));
    assert_eq!(seen["decisions"], json!(["approve", "edit", "reject", "respond"]));
    // Who started it is excluded; another digest is none; and nothing has moved.
    let body = json!({"decision": "approve", "digest": seen["digest"]});
    assert_eq!(decide(&gate.starter, &question, &body).status, 403);
    let other = json!({"decision": "approve", "digest": format!("sha256:{}", "0".repeat(64))});
    assert_eq!(decide(&gate.ann, &question, &other).code(), "digest");
    assert!(gate.refunds().is_empty());
    assert_eq!(gate.model.requests().len(), 1);
    // It is the same question with the same digest in another process.
    gate.desk.kill_and_start();
    let ann = gate.desk.now(&gate.ann);
    assert_eq!(get(&ann, &question), seen);
    assert_eq!(expect(200, &decide(&ann, &question, &body))["status"], "RESPONDED");
    assert_eq!(gate.response(&execution), "heard: {}");
    assert_eq!(gate.refunds(), [action["body"]["text"].as_str().unwrap()], "byte for byte, once");
    assert_eq!(expect(200, &decide(&ann, &question, &body))["status"], "RESPONDED", "again: harmless");
    gate.desk.kill_and_start();
    assert_eq!((gate.response(&execution).as_str(), gate.refunds().len()), ("heard: {}", 1));
    assert_eq!(gate.model.requests().len(), 2, "the model was asked no third time");
}

#[test]
fn an_edited_tool_call_is_sent_as_edited() {
    let gate = Gate::open();
    let (execution, question) = gate.ask(40);
    let seen = get(&gate.ann, &question);
    let edited = json!({"order": "A-1", "amount": 30, "note": "half of it"});
    let empty = decide(&gate.ann, &question, &json!({"decision": "edit", "digest": seen["digest"]}));
    assert_eq!(empty.status, 422, "an edit says what to do instead: {}", empty.text());
    let decided = expect(200, &decide(&gate.ann, &question, &json!({"decision": "edit", "digest": seen["digest"], "arguments": edited})));
    assert_eq!((&decided["status"], &decided["decided"]["decision"]), (&json!("RESPONDED"), &json!("edit")));
    assert_ne!(decided["digest"], seen["digest"]);
    assert_eq!(gate.response(&execution), "heard: {}");
    let sent = gate.refunds();
    assert_eq!(sent, [decided["action"]["body"]["text"].as_str().unwrap()]);
    assert_eq!(serde_json::from_str::<Value>(&sent[0]).unwrap(), edited);
}

#[test]
fn what_a_person_says_instead_goes_back_to_the_model() {
    let gate = Gate::open();
    let answers = [
        ("reject", json!({"decision": "reject", "reason": "not covered"}), "heard: error rejected: ann said no: not covered"),
        ("respond", json!({"decision": "respond", "response": "a voucher was sent"}), "heard: a voucher was sent"),
        ("respond", json!({"decision": "respond", "response": {"voucher": 7}}), "heard: {\"voucher\":7}"),
    ];
    for (word, mut body, expected) in answers {
        let (execution, question) = gate.ask(40);
        body["digest"] = get(&gate.ann, &question)["digest"].clone();
        let decided = expect(200, &decide(&gate.ann, &question, &body));
        assert_eq!((&decided["decision"], &decided["decided"]["decision"]), (&json!("REJECT"), &json!(word)));
        assert_eq!(gate.response(&execution), expected);
    }
    // In the contract's words.
    for (path, body, expected) in [
        (":respond", json!({"text": "ask the boss"}), "heard: error rejected: ann said no: ask the boss"),
        (":cancel", json!({"reason": "in error"}), "heard: error rejected: ann said no: cancelled: in error"),
    ] {
        let (execution, question) = gate.ask(41);
        expect(200, &gate.ann.json("POST", &format!("{APPROVALS}/{question}{path}"), &body));
        assert_eq!(gate.response(&execution), expected);
    }
    assert!(gate.refunds().is_empty(), "nothing was paid");
    // Below the gate nobody is asked.
    let path = format!("{TENANT}/agents/clerk:execute");
    let small = expect(200, &gate.starter.json("POST", &path, &json!({"parameters": {"amount": 10}})));
    assert_eq!((&small["status"], &small["response"]), (&json!("COMPLETED"), &json!("heard: {}")));
    assert_eq!(gate.refunds().len(), 1);
}

#[test]
fn an_agent_s_gate_is_open_to_who_watches_and_closed_by_a_cancel() {
    let gate = Gate::open();
    let (execution, question) = gate.ask(40);
    let record = gate.desk.record("clerk", &execution);
    assert_eq!((&record["waitingFor"]["kind"], &record["waitingFor"]["approvalRequestId"]), (&json!("APPROVAL"), &json!(question)));
    assert_eq!(record["tools"], json!([]), "asked for, not called");
    let path = format!("{TENANT}/agents/clerk/executionRecords/{execution}:cancelRun");
    let cancelled = gate.desk.server.root().json("POST", &path, &json!({"reason": "no longer wanted"}));
    assert!(matches!(cancelled.status, 202 | 204), "{}", cancelled.text());
    gate.desk.becomes("clerk", &execution, "CANCELLED");
    eventually("the question is closed", || get(&gate.ann, &question)["status"] == "CANCELLED");
    let seen = get(&gate.ann, &question);
    let late = decide(&gate.ann, &question, &json!({"decision": "approve", "digest": seen["digest"]}));
    assert_eq!(late.status, 409, "{}", late.text());
    assert_eq!(late.code(), "question_closed");
    assert!(gate.refunds().is_empty());
}
