//! Validators: verdicts, correction cycles, explanations, the gate, entries; durable like every other call.

use serde_json::{Value, json};

use super::drive::{Drive, done, permanent, retryable, start_of};
use crate::machine::Refusal;
use crate::machine::call::{Answer, LlmRequest, Message, Outcome, Request, ToolUse, Usage};
use crate::machine::event::{CheckVerdict, Event};
use crate::machine::failure::failure;
use crate::machine::input::{Body, Mode};
use crate::machine::summary::Status;
use crate::machine::trace::{Check, trace};

fn says(text: &str) -> Outcome {
    let usage = Usage { input_tokens: 20, output_tokens: 5, ..Usage::default() };
    Outcome::Done { answer: Answer::Model { text: text.into(), calls: Vec::new() }, usage }
}

fn scores(score: f64, feedback: &str) -> Outcome {
    says(&json!({"score": score, "feedback": feedback}).to_string())
}

/// A flow of one `llm` step `write` with these validators.
fn writing(validators: &str) -> String {
    format!("{{flow: t, defaults: {{model: openai/m}}, steps: {{write: {{llm: {{prompt: hi}}, validators: {validators}}}}}}}")
}

fn asked(drive: &Drive, step: &str) -> LlmRequest {
    let (.., call) = drive.calls.iter().find(|(_, name, _)| name.contains(&format!("{step}#"))).expect("the call is waiting");
    let Request::Llm(request) = &call.request else { panic!("no model call") };
    request.clone()
}

fn last_said(request: &LlmRequest) -> String {
    let Some(Message::User { text }) = request.messages.last() else { panic!("the user speaks last") };
    text.clone()
}

fn error_code(drive: &Drive) -> &str {
    &drive.ended().error.as_ref().expect("it failed").code
}

fn checks(drive: &Drive, step: &str) -> Vec<(u32, String, CheckVerdict, Option<String>)> {
    let trace = trace(&drive.plan, &drive.journal).unwrap();
    let of_step = trace.attempts.iter().filter(|attempt| attempt.step == step).flat_map(|attempt| attempt.checks.clone());
    of_step.map(|Check { cycle, validator, verdict, feedback, .. }| (cycle, validator, verdict, feedback)).collect()
}

#[test]
fn an_answer_that_passes_every_validator_is_the_output() {
    let yaml = writing("[{json_schema: {type: object, required: [a]}}, {cel: size(output) > 3}, {regex: '^..a'}]");
    let mut drive = Drive::start(&yaml, json!({}));
    drive.reply("write", says("{\"a\": 1}"));
    assert_eq!((drive.ended().status, &drive.ended().output), (Status::Completed, &json!("{\"a\": 1}")));
    let told: Vec<_> = checks(&drive, "write").into_iter().map(|(_, name, verdict, _)| (name, verdict)).collect();
    let pass = |name: &str| (name.to_owned(), CheckVerdict::Pass);
    assert_eq!(told, [pass("json_schema_1"), pass("cel_2"), pass("regex_3")]);
}

#[test]
fn a_refused_answer_comes_back_with_its_feedback_and_the_trace_shows_the_cycles() {
    let yaml = writing("[{name: brief, cel: 'size(output) < 6', feedback: 'too long: {{ output }}'}]");
    let mut drive = Drive::start(&yaml, json!({}));
    drive.reply("write", says("much too long"));
    let request = asked(&drive, "write");
    assert_eq!(request.messages.len(), 3);
    assert_eq!(request.messages[1], Message::Assistant { text: "much too long".into(), calls: Vec::new() });
    assert!(last_said(&request).contains("too long: much too long"));
    drive.crash();
    drive.calls.clear();
    for effect in crate::machine::outstanding(&drive.state) {
        if let crate::machine::effect::Effect::Perform { call, name, request } = effect {
            drive.calls.push_back((call, name, request));
        }
    }
    drive.reply("write", says("short"));
    assert_eq!(drive.ended().output, json!("short"));
    assert!(drive.ended().tokens > 50, "both answers are paid for, and what was held for the lost call");
    let told = checks(&drive, "write");
    assert_eq!(told[0], (1, "brief".into(), CheckVerdict::Retry, Some("too long: much too long".into())));
    assert_eq!(told[1], (2, "brief".into(), CheckVerdict::Pass, None));
}

#[test]
fn a_stop_fails_at_once_with_the_feedback_and_calls_no_model() {
    let mut drive = Drive::start(&writing("[{cel: 'false', on_fail: stop, feedback: no data for it}]"), json!({}));
    drive.reply("write", says("x"));
    assert!(drive.calls.is_empty());
    let error = drive.ended().error.clone().unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("validation_failed", "no data for it"));
    let mut drive = Drive::start(&writing("[{cel: 'false', on_fail: stop, code: no_data}]"), json!({}));
    drive.reply("write", says("x"));
    assert_eq!(error_code(&drive), "no_data");
}

#[test]
fn when_the_cycles_are_used_up_the_model_explains_and_the_step_fails_with_that() {
    let yaml = "{flow: t, steps: {write: {llm: {model: openai/m, prompt: hi}, validators: [{cel: 'false'}], max_retries: 1}}}";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("write", says("one"));
    drive.reply("write", says("two"));
    let request = asked(&drive, "explanation");
    assert!(last_said(&request).contains("Explain"));
    assert_eq!(request.messages.len(), 5);
    assert_eq!(drive.calls[0].1, "write#1@cycle2/explanation#1.1");
    drive.reply("explanation", says("There was nothing to go on."));
    let error = drive.ended().error.clone().unwrap();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("max_retries_exceeded", "There was nothing to go on."));
    assert_eq!(drive.ended().tokens, 75);
    // Without an explanation the last feedback explains.
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("write", says("one"));
    drive.reply("write", says("two"));
    drive.reply("explanation", permanent("http_400"));
    assert_eq!(drive.ended().error.clone().unwrap().message, "`false` does not hold for the answer");
}

#[test]
fn a_judge_is_a_call_of_its_own_that_is_retried_and_survives_a_crash() {
    let yaml =
        writing("[{name: tone, judge: {model: openai/judge, rubric: 'Be kind to {{ output }}', threshold: 0.8}, retry: {attempts: 2}}]");
    let mut drive = Drive::start(&yaml, json!({}));
    drive.reply("write", says("hello"));
    let request = asked(&drive, "tone");
    assert_eq!(request.model, "openai/judge");
    assert!(last_said(&request).contains("Be kind to hello") && last_said(&request).ends_with("Answer to judge:\nhello"));
    assert_eq!(drive.calls[0].1, "write#1@cycle1/tone#1.1");
    drive.crash();
    drive.calls.clear();
    for effect in crate::machine::outstanding(&drive.state) {
        if let crate::machine::effect::Effect::Perform { call, name, request } = effect {
            drive.calls.push_back((call, name, request));
        }
    }
    assert_eq!(drive.calls[0].1, "write#1@cycle1/tone#1.2", "a lost judge is asked again, since judging changes nothing");
    drive.reply("tone", retryable());
    drive.pass(60_000);
    assert_eq!(drive.events(|event| matches!(event, Event::RetryAt { .. })), 1);
    // The answers of `pass` are null: no verdict, hence one more turn, and then nobody has judged.
    assert_eq!(error_code(&drive), "validator_failed");
    let mut drive = Drive::start(&yaml, json!({}));
    drive.reply("write", says("hello"));
    drive.reply("tone", scores(0.5, "warmer, please"));
    assert!(last_said(&asked(&drive, "write")).contains("warmer, please"));
    drive.reply("write", says("dear friend"));
    drive.reply("tone", scores(0.8, ""));
    assert_eq!(drive.ended().output, json!("dear friend"));
    let trace = trace(&drive.plan, &drive.journal).unwrap();
    assert_eq!(trace.attempts.iter().map(|attempt| attempt.tokens).sum::<u64>(), drive.ended().tokens, "judges count");
    assert_eq!(trace.attempts[0].checks[0].score, Some(0.5));
    assert!(trace.attempts.iter().any(|attempt| attempt.kind == "validator" && attempt.step == "tone"));
}

#[test]
fn an_http_validator_gets_the_answer_and_says_what_follows() {
    let yaml = writing("[{name: review, http: {post: 'https://a.example/{{ input.x }}'}}]");
    for (verdict, code) in [("stop", Some("validation_failed")), ("pass", None), ("maybe", Some("validator_failed"))] {
        let mut drive = Drive::start(&yaml, json!({"x": 1}));
        drive.reply("write", says("hello"));
        let Request::Http(request) = &drive.calls[0].2.request else { panic!("no http call") };
        assert_eq!((request.method.as_str(), request.url.as_str()), ("POST", "https://a.example/1"));
        assert!(format!("{:?}", request.body).contains("hello"));
        assert_eq!(drive.calls[0].2.effect, crate::flow::spec::EffectClass::Read);
        drive.reply("review", done(json!({"verdict": verdict, "feedback": "because"})));
        assert_eq!(drive.ended().error.as_ref().map(|error| error.code.as_str()), code, "{verdict}");
    }
    let mut drive = Drive::start(&yaml, json!({"x": 1}));
    drive.reply("write", says("hello"));
    drive.reply("review", done(json!({"verdict": "retry", "feedback": "because"})));
    assert!(last_said(&asked(&drive, "write")).contains("because"));
}

#[test]
fn an_agent_goes_on_with_its_loop_after_a_refusal() {
    let yaml = "{flow: t, steps: {a: {agent: {model: openai/m, prompt: hi, max_iterations: 4, tools: [{builtin: now}]}, validators: [{cel: 'output == \"yes\"'}]}}}";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("model", says("no"));
    assert_eq!(drive.calls[0].1, "a#1@2/model#1.1");
    assert_eq!(asked(&drive, "model").messages.len(), 3);
    let calls = vec![ToolUse { id: "c".into(), name: "now".into(), args: json!({}) }];
    drive.reply("model", Outcome::Done { answer: Answer::Model { text: String::new(), calls }, usage: Usage::default() });
    drive.reply("now", done(json!("noon")));
    drive.reply("model", says("yes"));
    assert_eq!(drive.ended().output, json!("yes"));
    assert_eq!(checks(&drive, "a").iter().map(|check| check.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn a_validator_is_within_the_budget_and_a_failure_is_caught_like_any_other() {
    let judge = "[{name: tone, judge: {rubric: 'kind?', max_tokens: 100000}}]";
    let yaml = writing(judge).replace("{flow: t,", "{flow: t, limits: {tokens: 10000},");
    let mut drive = Drive::start(&yaml, json!({}));
    drive.reply("write", says("hello"));
    assert_eq!(error_code(&drive), "budget_exceeded");
    let yaml = "
flow: t
steps:
  write: {llm: {model: openai/m, prompt: hi}, validators: [{cel: 'false', on_fail: stop}]}
  rescue: {set: {code: steps.write.error.code}}
edges: [{from: write, to: rescue, on: error}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("write", says("hello"));
    assert_eq!(drive.ended().output, json!({"code": "validation_failed"}));
}

#[test]
fn a_cancel_breaks_a_judge_off() {
    let mut drive = Drive::start(&writing("[{name: tone, judge: {rubric: 'kind?'}}]"), json!({}));
    drive.reply("write", says("hello"));
    drive.cancel();
    assert_eq!(drive.aborted.len(), 1);
    assert_eq!(drive.ended().status, Status::Cancelled);
}

#[test]
fn the_gate_judges_the_step_that_makes_the_result_before_anything_reads_it() {
    let yaml = "
flow: t
validators: [{name: short, cel: 'size(output) < 6'}]
output: steps.write.output
steps:
  write: {llm: {model: openai/m, prompt: hi}}
  send: {builtin: {name: echo, args: {text: '{{ steps.write.output }}'}}}
edges: [{from: write, to: send}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.reply("write", says("much too long"));
    assert_eq!(drive.calls[0].1, "write#1.2", "nothing was sent");
    drive.reply("write", says("short"));
    drive.settle();
    assert_eq!(drive.ended().output, json!("short"));
    assert_eq!(drive.events(|event| matches!(event, Event::Validated { .. })), 2, "judged once for each answer, not again at the end");
}

#[test]
fn the_gate_judges_any_other_result_at_the_end_and_a_retry_stops() {
    let yaml = |gate: &str| {
        format!(
            "{{flow: t, defaults: {{model: openai/m}}, validators: [{gate}], steps: {{a: {{set: {{n: '1'}}, compensate: {{builtin: noop}}}}, z: {{end: {{output: steps.a.output}}}}}}, edges: [{{from: a, to: z}}]}}"
        )
    };
    let mut drive = Drive::run(&yaml("{cel: output.n == 2}"));
    drive.settle();
    assert_eq!((drive.ended().status, error_code(&drive)), (Status::Failed, "validation_failed"));
    assert_eq!(
        drive.events(|event| matches!(event, Event::UndoEnded { .. })),
        1,
        "a refused result is a failure, so that what was done is taken back"
    );
    assert_eq!(trace(&drive.plan, &drive.journal).unwrap().checks.len(), 1);
    let judged = yaml("{name: good, judge: {rubric: good}}");
    let mut drive = Drive::start(&judged, json!({}));
    assert_eq!(drive.calls[0].1, "gate/good#1.1");
    drive.reply("good", scores(0.9, ""));
    assert_eq!(drive.ended().output, json!({"n": 1}));
    let mut drive = Drive::start(&judged, json!({}));
    drive.cancel();
    drive.settle();
    assert_eq!((drive.aborted.len(), drive.ended().status), (1, Status::Cancelled), "a result that is not accepted is none");
    let mut drive = Drive::start(&judged, json!({}));
    drive.reply("good", scores(0.1, "thin"));
    drive.settle();
    assert_eq!(drive.ended().error.clone().unwrap().message, "thin");
}

const ENTRIES: &str = "
flow: t
input: {type: object, properties: {a: {type: integer}}}
entries:
  whole: {name: Whole, failure_codes: [no_data]}
  late:
    start: second
    input: {type: object, additionalProperties: false, required: [b], properties: {b: {type: integer}, c: {type: integer, default: 7}}}
    validators: [{cel: output.sum < 100, on_fail: stop}]
steps:
  first: {set: {n: '1'}}
  side: {set: {n: '5'}}
  second: {set: {sum: 'has(input.b) ? input.b + input.c : 0'}}
  last: {set: {sum: steps.second.output.sum}, join: all}
edges: [{from: first, to: second}, {from: first, to: side}, {from: side, to: last}, {from: second, to: last}]
";

fn entered(entry: &str, input: Value) -> Result<Drive, Refusal> {
    let mut drive = Drive::new(&ENTRIES.replace("input: {type: object, properties: {a: {type: integer}}}", ""));
    let start = crate::machine::input::Start { entry: Some(entry.to_owned()), ..start_of(&drive.plan, input) };
    drive.feed(Body::Start(Box::new(start)))?;
    drive.settle();
    Ok(drive)
}

#[test]
fn an_entry_has_its_own_input_first_step_and_gate() {
    let drive = entered("late", json!({"b": 1})).unwrap();
    assert_eq!(drive.ended().output, json!({"sum": 8}), "the default is filled in");
    assert!(!drive.ran().contains(&"first#1".to_owned()) && drive.ran().contains(&"last#1".to_owned()));
    let refused = entered("late", json!({"b": "x"})).err().unwrap();
    assert!(matches!(refused, Refusal::Input(_)), "{refused:?}");
    assert!(matches!(entered("none", json!({})).err().unwrap(), Refusal::Start { code: "no_such_entry", .. }));
    let drive = entered("late", json!({"b": 1000})).unwrap();
    let told = failure(&drive.plan, Some("late"), drive.ended()).unwrap();
    assert_eq!(told.0, "validation_failed");
    assert_eq!(failure(&drive.plan, Some("late"), &entered("whole", json!({})).unwrap().ended().clone()), None);
}

#[test]
fn a_definition_has_failure_codes_of_its_own() {
    let yaml =
        "{flow: t, entries: {one: {failure_codes: [no_data]}, two: {}}, steps: {a: {fail: {code: no_data, message: nothing there}}}}";
    let drive = Drive::run(yaml);
    let told = |entry| failure(&drive.plan, Some(entry), drive.ended()).unwrap();
    assert_eq!(told("one"), ("no_data".to_owned(), "nothing there".to_owned()));
    assert_eq!(told("two").0, "runtime_error");
    let mut drive = Drive::start("{flow: t, steps: {a: {wait: {for: 1d}}}}", json!({}));
    drive.cancel();
    assert_eq!(failure(&drive.plan, None, drive.ended()).unwrap(), ("unknown".to_owned(), "test".to_owned()));
}

#[test]
fn judges_are_rehearsed_by_their_scripts_and_pass_without_one() {
    let script = "sandbox: {outputs: [{score: 0.2, feedback: again}, {score: 1, feedback: ''}]}";
    let yaml = writing(&format!("[{{name: tone, judge: {{rubric: kind}}, {script}}}, {{name: fit, judge: {{rubric: fit}}}}]"));
    let mut drive = Drive::new(&yaml);
    let start = crate::machine::input::Start { mode: Mode::Rehearsal, ..start_of(&drive.plan, json!({})) };
    drive.feed(Body::Start(Box::new(start))).unwrap();
    drive.reply("write", says("hello"));
    let scripted = |drive: &Drive| serde_json::to_value(&drive.calls[0].2.script).unwrap()["answer"]["output"]["score"].clone();
    assert_eq!(scripted(&drive), json!(0.2));
    drive.reply("tone", scores(0.2, "again"));
    drive.reply("write", says("hello"));
    assert_eq!(scripted(&drive), json!(1), "the second cycle");
    drive.reply("tone", scores(1.0, ""));
    assert_eq!(scripted(&drive), json!(1), "nobody scripted it");
}
