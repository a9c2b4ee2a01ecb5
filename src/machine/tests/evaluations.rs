//! What an execution may call while it is evaluated.

use serde_json::json;

use super::drive::{Drive, start_of};
use crate::machine::call::{Answer, Outcome, Request, ScriptAnswer, Usage};
use crate::machine::input::{Body, Mode, Start};

fn started(yaml: &str, change: impl FnOnce(&mut Start)) -> Drive {
    let mut drive = Drive::new(yaml);
    let mut start = start_of(&drive.plan, json!({}));
    start.mode = Mode::Evaluation;
    change(&mut start);
    drive.feed(Body::Start(Box::new(start))).unwrap();
    drive
}

/// An evaluation reads and asks models for real; what changes the world is answered by a script, or refused.
#[test]
fn an_evaluation_makes_no_call_that_changes_something() {
    let script = |more: &str| {
        let flow = format!("{{flow: t, steps: {{a: {{http: {{post: 'https://shop.example/1'}}, {more}}}}}}}");
        let drive = started(&flow, |_| {});
        drive.calls[0].2.script.clone().map(|script| script.answer)
    };
    assert_eq!(script("effect: read"), None);
    assert_eq!(script("effect: once, sandbox: {output: {id: 7}}"), Some(ScriptAnswer::Output(json!({"id": 7}))));
    for effect in ["once", "idempotent"] {
        let Some(ScriptAnswer::Error { code, retryable, .. }) = script(&format!("effect: {effect}")) else { panic!("it is made") };
        assert_eq!((code.as_str(), retryable), ("effect_in_evaluation", false));
    }
    let drive = started("{flow: t, steps: {a: {llm: {model: openai/x, prompt: hi}, sandbox: {output: made up}}}}", |_| {});
    assert_eq!(drive.calls[0].2.script, None, "what the model says is measured");
    let of_sample = "{a: {output: {id: 8}}}";
    let drive = started("{flow: t, steps: {a: {http: {post: 'https://shop.example/1'}, effect: once, sandbox: {output: 7}}}}", |start| {
        start.script = Some(serde_saphyr::from_str(of_sample).unwrap());
    });
    let script = drive.calls[0].2.script.clone().unwrap();
    assert_eq!(script.answer, ScriptAnswer::Output(json!({"id": 8})), "the sample's answer before the step's");
}

/// A validator's POST reaches somebody: it is made where the flow says that it changes nothing, and otherwise answered by a script, or refused.
#[test]
fn an_evaluation_posts_to_no_validator_that_may_change_something() {
    let script = |more: &str| {
        let flow = format!(
            "{{flow: t, steps: {{a: {{llm: {{model: openai/x, prompt: hi}}, validators: [{{http: {{post: 'https://judge.example/1'}}{more}}}]}}}}}}"
        );
        let mut drive = started(&flow, |_| {});
        let answer = Answer::Model { text: "text".into(), calls: Vec::new() };
        drive.reply("a", Outcome::Done { answer, usage: Usage::default() });
        let (_, _, call) = drive.calls.back().unwrap();
        assert!(matches!(call.request, Request::Http(_)), "{call:?}");
        call.script.clone().map(|script| script.answer)
    };
    assert_eq!(script(", effect: read"), None);
    assert_eq!(script(", sandbox: {output: {verdict: pass}}"), Some(ScriptAnswer::Output(json!({"verdict": "pass"}))));
    let Some(ScriptAnswer::Error { code, .. }) = script("") else { panic!("it is made") };
    assert_eq!(code, "effect_in_evaluation");
}
