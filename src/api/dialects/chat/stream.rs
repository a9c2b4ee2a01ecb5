//! The stream of an execution: one frame for each piece of its output, and a last one that says how it ended.

use std::rc::Rc;

use actix_web::web::Bytes;
use futures::StreamExt as _;
use serde::Serialize;

use super::view::{self, AgentResponse};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::native::execute::{self, Following, Frame, Started, Until};
use crate::api::problem::Problem;
use crate::api::sse;
use crate::config::CreditUsd;
use crate::engine::EngineHandle;
use crate::ids::ExecutionId;
use crate::machine::summary::Status;

/// Where the execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum FrameStatus {
    /// Also in the last frame, where the execution goes on: it waits for a person, an event or a time.
    Running,
    Completed,
    Failed,
}

/// One frame.
#[derive(Clone, Debug, Serialize)]
struct ResponseFrame {
    id: u64,
    status: FrameStatus,
    /// A piece of the output.
    output: String,
    error: Option<String>,
    /// In the last frame.
    credits: Option<f64>,
    root_id: u64,
    created_at: String,
    updated_at: String,
    template_id: u64,
    /// What was sent of the output so far came to nothing; it begins anew.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    reset: bool,
}

impl ResponseFrame {
    fn of(response: AgentResponse) -> Self {
        let AgentResponse { id, root_id, created_at, updated_at, template_id, .. } = response;
        let (status, output) = (FrameStatus::Running, String::new());
        Self { id, status, output, error: None, credits: None, root_id, created_at, updated_at, template_id, reset: false }
    }
}

/// What every frame follows from.
struct Telling {
    engine: EngineHandle,
    execution: ExecutionId,
    credit: CreditUsd,
    blank: ResponseFrame,
}

/// The stream of a start.
///
/// # Errors
/// When the execution cannot be read.
pub async fn answer(call: &Call, started: &Started) -> Result<Answer, Problem> {
    let (engine, execution) = (&started.engine, started.execution);
    let following = Following { execution, era: call.caller()?.era, after: None, snapshot: false, journal: false, until: Until::Settled };
    let frames = execute::frames(engine, following).await?;
    let response = view::of(call, engine, &engine.snapshot(execution).await?).await?;
    let telling =
        Rc::new(Telling { engine: engine.clone(), execution, credit: call.app.settings.credit, blank: ResponseFrame::of(response) });
    let told = frames.filter_map(move |frame| {
        let telling = Rc::clone(&telling);
        async move { telling.tell(&frame).await }
    });
    Ok(Answer::events(sse::stream(told, call.app.closing.clone())))
}

impl Telling {
    async fn tell(&self, frame: &Frame) -> Option<Bytes> {
        let blank = self.blank.clone();
        let told = match frame.event {
            "text" => ResponseFrame { output: frame.data["chunk"].as_str().unwrap_or_default().to_owned(), ..blank },
            "text_reset" => ResponseFrame { reset: true, ..blank },
            // The stream breaks off; the execution goes on. How an execution failed is said in the last frame.
            "error" if frame.id.is_none() => ResponseFrame { error: frame.data["message"].as_str().map(str::to_owned), ..blank },
            "done" => self.last(blank).await,
            _ => return None,
        };
        Some(sse::data(&told))
    }

    async fn last(&self, blank: ResponseFrame) -> ResponseFrame {
        let snapshot = match self.engine.snapshot(self.execution).await {
            Ok(snapshot) => snapshot,
            Err(error) => return ResponseFrame { error: Some(error.to_string()), ..blank },
        };
        let summary = &snapshot.summary;
        let status = match summary.status {
            Status::Running | Status::WaitingPerson | Status::WaitingAsync => FrameStatus::Running,
            Status::Completed => FrameStatus::Completed,
            Status::Failed | Status::TimedOut | Status::Cancelled | Status::Rejected => FrameStatus::Failed,
        };
        let credits = Some(self.credit.credits(summary.cost.usd()));
        ResponseFrame { status, error: view::error(&snapshot), credits, updated_at: view::time(summary.updated_at), ..blank }
    }
}
