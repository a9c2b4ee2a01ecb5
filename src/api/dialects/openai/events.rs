//! A response as it comes: typed events, numbered from 0.

use actix_web::web::Bytes;
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};

use super::errors;
use super::response;
use super::state::{self, Outcome, Reader, Shown, ToolCall};
use super::turn::{self, Step};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::sse;
use crate::ids::ExecutionId;

/// The stream of an execution.
///
/// # Errors
/// When the execution cannot be read.
pub async fn answer(call: &Call, reader: Reader, execution: ExecutionId) -> Result<Answer, Problem> {
    let snapshot = reader.engine.snapshot(execution).await?;
    let first = state::of(&reader, snapshot).await?;
    let steps = turn::steps(reader, execution).await?;
    let mut writer = Writer { first, number: 0, text: None, written: Vec::new() };
    writer.begin();
    let begun = std::mem::take(&mut writer.written);
    let events = steps.flat_map(move |step| {
        writer.write(step);
        stream::iter(std::mem::take(&mut writer.written))
    });
    Ok(Answer::events(sse::stream(stream::iter(begun).chain(events), call.app.closing.clone())))
}

struct Writer {
    /// The response when the stream began.
    first: Shown,
    number: u64,
    /// What was told of the answer; none: nothing, and its message has not begun.
    text: Option<String>,
    written: Vec<Bytes>,
}

impl Writer {
    fn event(&mut self, kind: &str, mut data: Value) {
        data["type"] = json!(kind);
        data["sequence_number"] = json!(self.number);
        self.number += 1;
        self.written.push(sse::frame(None, kind, &data));
    }

    fn begin(&mut self) {
        let response = response::begun(&self.first);
        self.event("response.created", json!({"response": response}));
        self.event("response.in_progress", json!({"response": response}));
    }

    fn write(&mut self, step: Step) {
        match step {
            Step::Text(text) => self.delta(&text),
            Step::End(ended) => match *ended {
                Ok(shown) => self.end(&shown),
                Err(problem) => {
                    let error = errors::object(&problem);
                    self.event("error", json!({"code": error.code, "message": error.message, "param": error.param}));
                }
            },
        }
    }

    fn message_id(&self) -> String {
        self.first.id("msg_")
    }

    fn delta(&mut self, text: &str) {
        let id = self.message_id();
        if self.text.is_none() {
            let item = response::message(&self.first, "in_progress", Vec::new());
            self.event("response.output_item.added", json!({"output_index": 0, "item": item}));
            let part = response::part("");
            self.event("response.content_part.added", json!({"item_id": id, "output_index": 0, "content_index": 0, "part": part}));
        }
        self.text.get_or_insert_default().push_str(text);
        let data = json!({"item_id": id, "output_index": 0, "content_index": 0, "delta": text, "logprobs": []});
        self.event("response.output_text.delta", data);
    }

    fn end(&mut self, shown: &Shown) {
        match &shown.outcome {
            Outcome::Answered(text) => {
                // An empty answer has a message too.
                if self.text.is_none() {
                    self.delta(text);
                }
                self.finish_message(shown, text);
            }
            Outcome::Calls(calls) => {
                for (index, call) in calls.iter().enumerate() {
                    self.function_call(index, call);
                }
            }
            Outcome::Waiting | Outcome::Running | Outcome::Failed(_) | Outcome::Cancelled => {}
        }
        let kind = match &shown.outcome {
            Outcome::Answered(_) | Outcome::Calls(_) => "response.completed",
            Outcome::Failed(_) => "response.failed",
            Outcome::Cancelled => "response.cancelled",
            Outcome::Waiting | Outcome::Running => "response.in_progress",
        };
        self.event(kind, json!({"response": response::of(shown)}));
    }

    fn finish_message(&mut self, shown: &Shown, text: &str) {
        let id = self.message_id();
        let place = json!({"item_id": id, "output_index": 0, "content_index": 0});
        let with = |name: &str, value: Value| {
            let mut data = place.clone();
            data[name] = value;
            data
        };
        let mut done = with("text", json!(text));
        done["logprobs"] = json!([]);
        self.event("response.output_text.done", done);
        self.event("response.content_part.done", with("part", json!(response::part(text))));
        let item = response::message(shown, "completed", vec![response::part(text)]);
        self.event("response.output_item.done", json!({"output_index": 0, "item": item}));
    }

    fn function_call(&mut self, index: usize, call: &ToolCall) {
        let begun = json!(response::function_call(call, "in_progress", ""));
        let id = begun["id"].clone();
        self.event("response.output_item.added", json!({"output_index": index, "item": begun}));
        let arguments = &call.arguments;
        self.event("response.function_call_arguments.delta", json!({"item_id": id, "output_index": index, "delta": arguments}));
        let done = json!({"item_id": id, "output_index": index, "name": call.name, "arguments": arguments});
        self.event("response.function_call_arguments.done", done);
        let item = response::function_call(call, "completed", arguments);
        self.event("response.output_item.done", json!({"output_index": index, "item": item}));
    }
}
