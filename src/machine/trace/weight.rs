//! About how many bytes an execution keeps because of what its journal says. What is over weighs nothing any more where that is easily told, and
//! where it is not the weight is too high rather than too low: an outline that is too heavy is folded anew, and nothing else happens.

use std::collections::HashMap;

use serde_json::Value;

use crate::flow::template::{Part as Piece, Text};
use crate::ids::{CallId, ExecutionId, FrameId, StepId};
use crate::machine::call::{Answer, Call, CallError, HttpRequest, LlmRequest, Message, Outcome, Request, Script, ScriptAnswer, ToolUse};
use crate::machine::event::{Ending, Event, ItemEnding, Place, Work};
use crate::machine::input::Start;
use crate::machine::pause::Held;
use crate::machine::question::{Question, Verdict};

/// What an entry costs beside the values in it.
const ENTRY: usize = 256;

/// The sum over a journal, as far as it was read.
#[derive(Debug, Default)]
pub(super) struct Weight {
    /// Of what stays.
    kept: usize,
    /// Of calls that are under way, or may be made again.
    calls: HashMap<Place, usize>,
    places: HashMap<CallId, Place>,
    /// Of children that have not ended.
    children: HashMap<ExecutionId, usize>,
    /// Of what came during a pause.
    held: usize,
}

impl Weight {
    pub(super) fn bytes(&self) -> usize {
        self.kept + self.held + self.calls.values().sum::<usize>() + self.children.values().sum::<usize>()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "other entries keep little")]
    pub(super) fn add(&mut self, event: &Event) {
        self.kept += ENTRY + of(event);
        match event {
            Event::CallStarted { call, place, request, .. } => {
                self.calls.insert(place.clone(), of_call(request));
                self.places.insert(*call, place.clone());
            }
            Event::CallEnded { call, outcome } => {
                let place = self.places.remove(call);
                // After the others it may be made again.
                if let (Some(place), Outcome::Done { .. } | Outcome::Permanent { .. }) = (place, outcome) {
                    self.calls.remove(&place);
                }
            }
            Event::CallLost { call } => {
                self.places.remove(call);
            }
            Event::StepEnded { frame, step, .. } => self.settled(*frame, step),
            Event::UndoEnded { place, .. } => {
                self.calls.remove(place);
            }
            Event::ChildStarted { child, start, .. } => {
                self.children.insert(*child, of_start(&start.start));
            }
            Event::ChildEnded { child, .. } => {
                self.children.remove(child);
            }
            Event::Held { input } => self.held += ENTRY + of_held(input),
            Event::Unpaused { .. } => self.held = 0,
            _ => {}
        }
    }

    fn settled(&mut self, frame: FrameId, step: &StepId) {
        if !self.calls.is_empty() {
            self.calls.retain(|place, _| place.frame != frame || place.step != *step);
        }
    }
}

/// Of what stays because of an entry.
#[expect(clippy::wildcard_enum_match_arm, reason = "other entries keep little, or not for long")]
fn of(event: &Event) -> usize {
    match event {
        Event::Started { start } => of_start(start),
        Event::Entered { work: Work::Map { items }, .. } => items.iter().map(bytes_of).sum(),
        Event::Entered { work: Work::Agent { system, prompt }, .. } => system.as_ref().map_or(0, String::len) + prompt.len(),
        Event::CallEnded { outcome, .. } => of_outcome(outcome),
        Event::Asked { question, .. } => of_question(question),
        Event::Iterated { thought, calls, .. } => thought.len() + of_uses(calls),
        Event::Observed { text, .. } => text.len(),
        Event::Checking { output, .. } => bytes_of(output),
        Event::Corrected { message, .. } => message.len(),
        Event::SignalKept { signal } => signal.id.len() + bytes_of(&signal.payload),
        Event::StepEnded { ending, undo, .. } => of_ending(ending) + undo.as_ref().map_or(0, |call| of_call(call)),
        Event::ItemEnded { ending: ItemEnding::Done { output }, .. } => bytes_of(output),
        Event::ItemEnded { ending: ItemEnding::Failed { error }, .. } => of_error(error),
        _ => 0,
    }
}

fn of_start(start: &Start) -> usize {
    let tools = start.tools.values().flatten().map(|tool| tool.description.len() + bytes_of(&tool.args)).sum::<usize>();
    bytes_of(&start.input) + bytes_of(&start.config) + start.context.as_ref().map_or(0, bytes_of) + tools
}

fn of_ending(ending: &Ending) -> usize {
    let value = |value: Option<&std::sync::Arc<Value>>| value.map_or(0, |value| bytes_of(value));
    match ending {
        Ending::Done { output, errors, .. } => bytes_of(output) + value(errors.as_ref()),
        Ending::Failed { error, output } => of_error(error) + value(output.as_ref()),
        Ending::Cancelled { .. } => 0,
    }
}

fn of_held(input: &Held) -> usize {
    match input {
        Held::Outcome { outcome, .. } => of_outcome(outcome),
        Held::Decision { decision, decided } => {
            let said = |verdict: &Verdict| match verdict {
                Verdict::Edit { arguments: value } | Verdict::Respond { response: value } | Verdict::Happened { result: value } => {
                    bytes_of(value)
                }
                Verdict::Approve | Verdict::Reject | Verdict::Retry | Verdict::Fail => 0,
            };
            said(&decision.verdict) + decided.as_ref().map_or(0, |decided| said(&decided.verdict))
        }
        Held::Signal(signal) => signal.id.len() + bytes_of(&signal.payload),
        Held::ChildEnded { ended, .. } => bytes_of(&ended.output) + ended.error.as_ref().map_or(0, of_error),
        Held::ChildRefused { message, .. } => message.len(),
        Held::Lost { .. } => 0,
    }
}

fn of_outcome(outcome: &Outcome) -> usize {
    match outcome {
        Outcome::Done { answer: Answer::Value(value), .. } => bytes_of(value),
        Outcome::Done { answer: Answer::Model { text, calls }, .. } => text.len() + of_uses(calls),
        Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => of_error(error),
    }
}

fn of_error(error: &CallError) -> usize {
    error.message.len() + error.data.as_ref().map_or(0, bytes_of)
}

fn of_question(question: &Question) -> usize {
    let shown = question.show.iter().map(|shown| bytes_of(&shown.value)).sum::<usize>();
    let action = question.action.as_ref().map_or(0, |action| bytes_of(&action.arguments) + of_call(&action.call));
    shown + action + question.form.as_ref().map_or(0, bytes_of)
}

fn of_call(call: &Call) -> usize {
    let request = match &call.request {
        Request::Llm(request) => of_conversation(request),
        Request::Http(request) => of_http(request),
        Request::Mcp(request) => bytes_of(&request.args),
        Request::Builtin { args, .. } => bytes_of(args),
    };
    request + call.script.as_ref().map_or(0, of_script)
}

fn of_conversation(request: &LlmRequest) -> usize {
    let messages = request.messages.iter().map(|message| match message {
        Message::System { text } | Message::User { text } | Message::Tool { text, .. } => text.len(),
        Message::Assistant { text, calls } => text.len() + of_uses(calls),
    });
    let tools = request.tools.iter().map(|tool| tool.description.len() + bytes_of(&tool.args));
    messages.chain(tools).sum::<usize>() + request.output.as_ref().map_or(0, bytes_of)
}

fn of_http(request: &HttpRequest) -> usize {
    let texts = request.headers.iter().chain(&request.query).map(|(name, text)| {
        let text = if let Text::Plain(text) = text { text.len() } else { 0 };
        name.len() + text
    });
    let pieces = request.body.iter().flat_map(|body| &body.parts).map(|piece| if let Piece::Bytes(text) = piece { text.len() } else { 0 });
    request.url.len() + texts.chain(pieces).sum::<usize>()
}

fn of_script(script: &Script) -> usize {
    match &script.answer {
        ScriptAnswer::Output(value) => bytes_of(value),
        ScriptAnswer::Turn { text, calls } => text.len() + of_uses(calls),
        ScriptAnswer::Error { message, .. } => message.len(),
        ScriptAnswer::Improvise => 0,
    }
}

fn of_uses(calls: &[ToolUse]) -> usize {
    calls.iter().map(|call| call.name.len() + bytes_of(&call.args)).sum()
}

/// About as many bytes as a value takes.
pub(super) fn bytes_of(value: &Value) -> usize {
    const VALUE: usize = 32;
    VALUE
        + match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(bytes_of).sum(),
            Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + bytes_of(value)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
}
