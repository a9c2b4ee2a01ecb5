//! The ReAct loop: every model call and tool call a journalled step of its own.

use serde_json::{Value, json};

use super::drive::{Drive, done, permanent, start_of};
use crate::machine::call::{Answer, Message, Outcome, Request, ToolDefinition, ToolUse, Usage};
use crate::machine::decide::Refusal;
use crate::machine::event::Event;
use crate::machine::question::{Decision, QuestionKind, Verdict};
use crate::machine::summary::Status;

const AGENT: &str = "
flow: t
steps:
  triage:
    agent:
      model: openai/gpt-5-mini
      prompt: 'Help {{ input.who }}'
      max_iterations: 3
      tools:
        - {name: look, description: look up, args: {type: object, required: [id], properties: {id: {type: integer}}}, http: {get: 'https://shop.example/{{ args.id }}'}, effect: read}
        - {name: pay, description: pay, args: {type: object, properties: {amount: {type: number}}}, http: {post: 'https://shop.example/pay', json: {amount: '{{ args.amount }}'}}, effect: once, approval: {when: args.amount > 100}}
";

fn turn(calls: &[(&str, Value)]) -> Outcome {
    let calls =
        calls.iter().enumerate().map(|(n, (name, args))| ToolUse { id: format!("c{n}"), name: (*name).to_owned(), args: args.clone() });
    let usage = Usage { input_tokens: 10, output_tokens: 5, ..Usage::default() };
    Outcome::Done { answer: Answer::Model { text: "thinking".into(), calls: calls.collect() }, usage }
}

fn says(text: &str) -> Outcome {
    Outcome::Done {
        answer: Answer::Model { text: text.into(), calls: Vec::new() },
        usage: Usage { input_tokens: 20, output_tokens: 5, ..Usage::default() },
    }
}

fn start() -> Drive {
    Drive::start(AGENT, json!({"who": "Kim"}))
}

#[test]
fn parallel_calls_run_side_by_side_and_the_next_model_call_comes_when_all_have_ended() {
    let mut drive = start();
    drive.reply("model", turn(&[("look", json!({"id": 1})), ("look", json!({"id": 2}))]));
    let names: Vec<_> = drive.calls.iter().map(|(_, name, _)| name.clone()).collect();
    assert_eq!(names, ["triage#1@1[0]/look#1.1", "triage#1@1[1]/look#1.1"]);
    let (call, ..) = drive.calls.pop_back().unwrap();
    drive.feed(crate::machine::input::Body::Outcome { call, outcome: done(json!({"total": 2})) }).unwrap();
    assert_eq!(drive.calls.len(), 1, "the model waits for the other");
    drive.reply("look", done(json!({"total": 1})));
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    assert_eq!(request.messages.len(), 4, "user, assistant, two observations in order");
    drive.reply("model", says("fine"));
    assert_eq!(drive.ended().output, json!("fine"));
    assert_eq!(drive.ended().tokens, 40);
}

#[test]
fn without_tools_the_model_is_offered_none_and_calls_none() {
    let mut drive = Drive::new(AGENT);
    let mut start = start_of(&drive.plan, json!({"who": "Kim"}));
    start.guidance.no_tools = true;
    drive.feed(crate::machine::input::Body::Start(Box::new(start))).unwrap();
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    assert!(request.tools.is_empty());
    drive.reply("model", turn(&[("look", json!({"id": 1}))]));
    assert_eq!(drive.events(|event| matches!(event, Event::Observed { failed: true, text, .. } if text.contains("no_such_tool"))), 1);
}

#[test]
fn failures_unknown_tools_and_bad_arguments_are_observations() {
    let mut drive = start();
    drive.reply("model", turn(&[("look", json!({"id": "x"})), ("fly", json!({})), ("look", json!({"id": 1}))]));
    assert_eq!(drive.calls.len(), 1);
    drive.reply("look", permanent("http_404"));
    assert_eq!(drive.events(|event| matches!(event, Event::Observed { failed: true, .. })), 3);
    drive.reply("model", says("sorry"));
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn a_gate_asks_with_the_exact_call_and_a_rejection_is_an_observation() {
    let mut drive = start();
    drive.reply("model", turn(&[("pay", json!({"amount": 50}))]));
    assert_eq!(drive.calls.len(), 1, "under the gate's condition nobody is asked");
    drive.reply("pay", done(json!({})));
    drive.reply("model", turn(&[("pay", json!({"amount": 500}))]));
    assert_eq!(drive.question().kind, QuestionKind::ToolApproval);
    drive.crash();
    drive.decide(Verdict::Reject, "ben").unwrap();
    assert_eq!(drive.events(|event| matches!(event, Event::Observed { failed: true, .. })), 1);
}

#[test]
fn an_approved_tool_call_runs_exactly_as_shown() {
    let mut drive = start();
    drive.reply("model", turn(&[("pay", json!({"amount": 500}))]));
    let question = drive.question();
    let shown = question.action.clone().unwrap().call;
    let decision = Decision {
        question: question.id,
        digest: question.digest,
        verdict: Verdict::Approve,
        by: super::drive::person("ben"),
        reason: None,
    };
    drive.feed(crate::machine::input::Body::Decide(decision)).unwrap();
    assert_eq!(drive.calls[0].2, shown);
    drive.crash();
    assert_eq!(drive.question().kind, QuestionKind::InDoubt, "a once tool call that a crash took is in doubt");
    drive.decide(Verdict::Happened { result: json!({"ok": true}) }, "ben").unwrap();
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn too_many_iterations_fail_the_step() {
    let mut drive = start();
    for _ in 0..3 {
        drive.reply("model", turn(&[("look", json!({"id": 1}))]));
        drive.reply("look", done(json!({})));
    }
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "max_iterations");
}

#[test]
fn an_answer_that_does_not_fit_its_schema_gets_one_repair_turn() {
    let yaml = "{flow: t, steps: {a: {llm: {model: openai/gpt-5-mini, prompt: hi, output: {type: object, required: [ok], properties: {ok: {type: boolean}}}}}}}";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("a", says("nope"));
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    assert_eq!(request.messages.len(), 3);
    drive.reply("a", says("```json\n{\"ok\": true}\n```"));
    assert_eq!(drive.ended().output, json!({"ok": true}));
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("a", says("nope"));
    drive.reply("a", says("nope"));
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "output_schema");
}

#[test]
fn cancelling_an_agent_waits_for_its_once_calls_only() {
    let mut drive = start();
    drive.reply("model", turn(&[("pay", json!({"amount": 5})), ("look", json!({"id": 1}))]));
    drive.cancel();
    assert_eq!(drive.aborted.len(), 2);
    assert_eq!(drive.status(), Status::Running);
    drive.reply("pay", done(json!({})));
    assert_eq!(drive.ended().status, Status::Cancelled);
}

#[test]
fn the_rows_of_a_trace_add_up_to_what_the_execution_used() {
    let mut drive = start();
    drive.reply("model", turn(&[("look", json!({"id": 1}))]));
    drive.reply("look", done(json!({"total": 1})));
    drive.reply("model", says("fine"));
    let trace = crate::machine::trace::trace(&drive.plan, &drive.journal).unwrap();
    assert_eq!(trace.attempts.iter().map(|attempt| attempt.tokens).sum::<u64>(), drive.ended().tokens);
    assert_eq!((trace.attempts[0].kind.as_str(), trace.attempts[0].tokens), ("agent", 0), "its calls have theirs");
}

const HANDS_THROUGH: &str =
    "{flow: t, steps: {a: {agent: {model: openai/gpt-5-mini, prompt: Hi, caller_tools: true, tools: [{builtin: now}]}}}}";

fn tool(name: &str) -> ToolDefinition {
    ToolDefinition { name: name.to_owned(), description: "Of the caller.".to_owned(), args: json!({"type": "object"}) }
}

fn with_tools(yaml: &str, names: &[&str]) -> Result<Drive, Refusal> {
    let mut drive = Drive::new(yaml);
    let mut start = start_of(&drive.plan, json!({}));
    start.guidance.tools = names.iter().map(|name| tool(name)).collect();
    drive.feed(crate::machine::input::Body::Start(Box::new(start))).map(|()| drive)
}

#[test]
fn a_tool_of_the_caller_is_shown_to_the_model_and_answered_by_the_starter_alone() {
    let mut drive = with_tools(HANDS_THROUGH, &["weather"]).unwrap();
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    assert_eq!(request.tools.iter().map(|tool| tool.name.as_str()).collect::<Vec<_>>(), ["now", "weather"]);
    drive.reply("model", turn(&[("weather", json!({"city": "Rome"}))]));
    assert!(drive.calls.is_empty(), "nobody here performs it");
    let question = drive.question();
    assert_eq!(question.caller_tool(), Some(("weather", &json!({"city": "Rome"}))));
    assert_eq!((question.approvers.any_of.as_slice(), drive.status()), (["user:ana".to_owned()].as_slice(), Status::WaitingPerson));
    let answer = Verdict::Respond { response: json!("sunny") };
    assert!(matches!(drive.decide(answer.clone(), "ben"), Err(Refusal::NotAllowed(_))), "not the one who asked");
    assert!(matches!(drive.decide(Verdict::Approve, "ana"), Err(Refusal::Answer(_))), "there is nothing to approve");
    drive.crash();
    let (question, by) = (drive.question(), super::drive::person("ana"));
    let decision = Decision { question: question.id, digest: question.digest, verdict: answer, by, reason: None };
    drive.feed(crate::machine::input::Body::Decide(decision)).unwrap();
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    assert!(matches!(request.messages.last(), Some(Message::Tool { name, text, .. }) if name == "weather" && text == "sunny"));
    drive.reply("model", says("It is sunny."));
    assert_eq!(drive.ended().output, json!("It is sunny."));
}

#[test]
fn tools_of_the_caller_need_a_step_that_hands_them_through_and_names_of_their_own() {
    let refused = |yaml: &str, names: &[&str]| match with_tools(yaml, names) {
        Err(Refusal::Start { code, .. }) => Some(code),
        Err(other) => panic!("{other}"),
        Ok(_) => None,
    };
    assert_eq!(refused(AGENT, &["weather"]), Some("no_caller_tools"));
    assert_eq!(refused(HANDS_THROUGH, &["now"]), Some("tool_taken"));
    assert_eq!(refused(HANDS_THROUGH, &["weather", "weather"]), Some("tool_taken"));
    assert_eq!(refused(HANDS_THROUGH, &["weather", "time"]), None);
}

#[test]
fn a_step_that_hands_nothing_through_does_not_show_the_callers_tools() {
    let yaml = "{flow: t, steps: {a: {agent: {model: openai/gpt-5-mini, prompt: Hi}}, b: {agent: {model: openai/gpt-5-mini, prompt: Hi, caller_tools: true}}}, edges: [{from: a, to: b}]}";
    let mut drive = with_tools(yaml, &["weather"]).unwrap();
    let Request::Llm(request) = &drive.calls[0].2.request else { panic!("no model call") };
    assert!(request.tools.is_empty());
    drive.reply("model", turn(&[("weather", json!({}))]));
    assert_eq!(drive.events(|event| matches!(event, Event::Observed { failed: true, .. })), 1, "it is no tool there");
}

#[test]
fn an_outline_that_is_gone_on_with_is_the_one_that_is_read_at_once() {
    use crate::machine::trace::{Outline, trace};
    let mut drive = start();
    drive.reply("model", turn(&[("look", json!({"id": 1}))]));
    drive.reply("look", done(json!({"total": 1})));
    drive.reply("model", says("fine"));
    let whole = trace(&drive.plan, &drive.journal).unwrap();
    let event = |seq: u64| drive.journal.iter().find(|entry| entry.seq == seq).map(|entry| &entry.event);
    let mut outline = Outline::default();
    for (read, entry) in drive.journal.iter().enumerate() {
        outline.read(&drive.plan, entry);
        let rows = outline.rows().iter().map(|row| row.clone().filled(event)).collect::<Vec<_>>();
        assert_eq!(Some(rows), trace(&drive.plan, &drive.journal[..=read]).map(|trace| trace.attempts));
    }
    assert_eq!(outline.next(), drive.journal.len() as u64);
    let entries = outline.rows().iter().flat_map(|row| row.entries(true)).count();
    assert!(entries <= 3 * whole.attempts.len(), "what a row is told from does not grow with the journal");
    outline.settle();
    assert!(outline.is_settled() && outline.rows().len() == whole.attempts.len());
}
