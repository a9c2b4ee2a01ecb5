//! What one entry of the journal says of an attempt: what went in, what came out, what was wrong, how an answer was judged.

use serde_json::{Value, json};

use super::Check;
use crate::machine::call::{Answer, CallError, Outcome};
use crate::machine::event::{Ending, Event, Work};
use crate::machine::pause::Held;
use crate::machine::question::Question;
use crate::machine::render;

/// What went in, by the entry that the attempt began with.
#[expect(clippy::wildcard_enum_match_arm, reason = "other entries begin no attempt")]
pub(super) fn input(event: &Event) -> Value {
    match event {
        Event::Entered { work, .. } => match work {
            Work::Agent { system, prompt } => json!({"system": system, "prompt": prompt}),
            Work::Map { items } => json!({"items": items}),
            Work::Wait { due } => json!({"due_ms": due}),
            Work::Listen => Value::Null,
        },
        Event::CallStarted { request, .. } => render::shown(request),
        Event::ChildStarted { child, start, .. } => json!({"agent": start.agent, "execution": child, "input": start.start.input}),
        Event::Asked { question, .. } => asked(question),
        _ => Value::Null,
    }
}

fn asked(question: &Question) -> Value {
    json!({"question": question.id, "title": question.title, "show": question.show, "action": question.action.as_ref().map(|action| {
        json!({"step": action.step, "arguments": action.arguments, "call": render::shown(&action.call)})
    }), "digest": question.digest})
}

/// The outcome that an entry records, at once or in a pause.
#[expect(clippy::wildcard_enum_match_arm, reason = "other entries record none")]
fn outcome(event: &Event) -> Option<&Outcome> {
    match event {
        Event::CallEnded { outcome, .. } | Event::Held { input: Held::Outcome { outcome, .. } } => Some(outcome),
        _ => None,
    }
}

/// What came out.
#[expect(clippy::wildcard_enum_match_arm, reason = "other entries give nothing out")]
pub(super) fn output(event: &Event) -> Value {
    match event {
        Event::Answered { decided, .. } | Event::Held { input: Held::Decision { decided: Some(decided), .. } } => json!(decided),
        Event::Observed { text, .. } => Value::String(text.clone()),
        Event::StepEnded { ending: Ending::Done { output, .. }, .. }
        | Event::StepEnded { ending: Ending::Failed { output: Some(output), .. }, .. } => Value::clone(output),
        event => match outcome(event) {
            Some(Outcome::Done { answer: Answer::Value(value), .. }) => value.clone(),
            Some(Outcome::Done { answer: Answer::Model { text, calls }, .. }) if calls.is_empty() => Value::String(text.clone()),
            Some(Outcome::Done { answer: Answer::Model { text, calls }, .. }) => json!({"thought": text, "calls": calls}),
            _ => Value::Null,
        },
    }
}

/// What was wrong.
#[expect(clippy::wildcard_enum_match_arm, reason = "other entries tell of no error")]
pub(super) fn error(event: &Event) -> Option<CallError> {
    match event {
        Event::RetryAt { error, .. } | Event::StepEnded { ending: Ending::Failed { error, .. }, .. } => Some(error.clone()),
        Event::UndoEnded { error, .. } => error.clone(),
        event => match outcome(event)? {
            Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => Some(error.clone()),
            Outcome::Done { .. } => None,
        },
    }
}

/// What a validator said.
pub(super) fn check(event: &Event) -> Option<Check> {
    let Event::Validated { cycle, validator, verdict, score, feedback, .. } = event else { return None };
    let (cycle, validator, feedback) = (*cycle, validator.clone(), feedback.clone());
    Some(Check { cycle, validator, verdict: *verdict, score: *score, feedback })
}
