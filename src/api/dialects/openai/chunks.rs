//! A chat completion as it comes: `data: {chunk}` by `data: {chunk}`, then `data: [DONE]`.

use actix_web::web::Bytes;
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};

use super::completion::{self, CallObject, ID, Usage};
use super::errors;
use super::state::{self, Reader, Shown};
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
pub async fn answer(call: &Call, reader: Reader, execution: ExecutionId, includes_usage: bool) -> Result<Answer, Problem> {
    let snapshot = reader.engine.snapshot(execution).await?;
    let shown = state::of(&reader, snapshot).await?;
    let mut writer = Writer { head: Head::of(&shown), includes_usage, is_begun: false };
    let steps = turn::steps(reader, execution).await?;
    let chunks = steps.flat_map(move |step| stream::iter(writer.write(step)));
    Ok(Answer::events(sse::stream(chunks, call.app.closing.clone())))
}

/// What every chunk says.
#[derive(Clone, Debug)]
struct Head {
    id: String,
    created: u64,
    model: String,
}

impl Head {
    fn of(shown: &Shown) -> Self {
        Self { id: shown.id(ID), created: shown.created(), model: shown.model() }
    }
}

struct Writer {
    head: Head,
    includes_usage: bool,
    /// The first chunk, with the role, was written.
    is_begun: bool,
}

impl Writer {
    fn write(&mut self, step: Step) -> Vec<Bytes> {
        let mut written = Vec::new();
        if !std::mem::replace(&mut self.is_begun, true) {
            written.push(self.delta(&json!({"role": "assistant", "content": "", "refusal": null}), None));
        }
        match step {
            Step::Text(text) => written.push(self.delta(&json!({"content": text}), None)),
            Step::End(ended) => match *ended {
                Ok(shown) => self.end(&shown, &mut written),
                Err(problem) => written.push(failed(&problem)),
            },
        }
        written
    }

    fn end(&self, shown: &Shown, written: &mut Vec<Bytes>) {
        if let Some(problem) = shown.failure() {
            return written.push(failed(&problem));
        }
        let (content, calls, finish_reason) = completion::said(shown);
        // An answer was told as it came; what is said of one that waits was not.
        if shown.extension.status == "waiting"
            && let Some(text) = content
        {
            written.push(self.delta(&json!({"content": text}), None));
        }
        for (index, call) in calls.into_iter().map(CallObject::from).enumerate() {
            let function = json!({"name": call.function.name, "arguments": ""});
            written
                .push(self.delta(&json!({"tool_calls": [{"index": index, "id": call.id, "type": call.kind, "function": function}]}), None));
            let function = json!({"arguments": call.function.arguments});
            written.push(self.delta(&json!({"tool_calls": [{"index": index, "function": function}]}), None));
        }
        let mut last = self.chunk(&json!([choice(&json!({}), finish_reason)]));
        last["flowgate"] = json!(shown.extension);
        written.push(sse::data(&last));
        if self.includes_usage {
            let mut usage = self.chunk(&json!([]));
            usage["usage"] = json!(Usage::from(shown.used));
            written.push(sse::data(&usage));
        }
        written.push(Bytes::from_static(b"data: [DONE]\n\n"));
    }

    fn delta(&self, delta: &Value, finish_reason: Option<&str>) -> Bytes {
        sse::data(&self.chunk(&json!([choice(delta, finish_reason)])))
    }

    fn chunk(&self, choices: &Value) -> Value {
        let Head { id, created, model } = &self.head;
        let mut chunk = json!({
            "id": id, "object": "chat.completion.chunk", "created": created, "model": model, "service_tier": null, "system_fingerprint": null,
            "choices": choices,
        });
        if self.includes_usage {
            chunk["usage"] = Value::Null;
        }
        chunk
    }
}

fn choice(delta: &Value, finish_reason: Option<&str>) -> Value {
    json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish_reason})
}

/// The last frame of a stream that came to nothing; clients raise it.
fn failed(problem: &Problem) -> Bytes {
    sse::data(&errors::answer(problem).1)
}
