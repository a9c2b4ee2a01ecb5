//! Following an execution: what was recorded is read from the journal, what happens is heard as it becomes durable, what a model is
//! saying is added as it comes. A slow reader misses notices and reads again; it holds nobody up.

use std::collections::VecDeque;

use futures::{Stream, StreamExt as _};
use serde_json::{Value, json};

use super::result::{open_question, revision_number, status_name};
use super::start::Started;
use super::teller::{Position, Teller, Told};
use super::wait::is_settled;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::caller::Era;
use crate::api::problem::Problem;
use crate::api::sse;
use crate::engine::{EngineHandle, Notice, Notices, Snapshot};
use crate::flow::spec::FlowSpec;
use crate::ids::ExecutionId;

/// Entries of the journal read at a time.
const EVENTS_PER_READ: usize = 500;
/// The word for waiting in `done`; the clients compare it.
const WAITING: &str = "WaitingForHuman";

/// What a reader wants.
#[derive(Clone, Copy, Debug)]
pub struct Following {
    pub execution: ExecutionId,
    pub era: Era,
    /// What it has already.
    pub after: Option<Position>,
    /// The whole record first.
    pub snapshot: bool,
    /// Entries of the journal as they are, beside what is told about them.
    pub journal: bool,
    pub until: Until,
}

/// When a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The execution has ended, or waits for what may take long.
    Settled,
    Ended,
}

/// The stream of a start.
///
/// # Errors
/// When the execution cannot be read.
pub async fn answer(call: &Call, started: &Started) -> Result<Answer, Problem> {
    let following = Following {
        execution: started.execution,
        era: call.caller()?.era,
        after: call.header("last-event-id").and_then(Position::read),
        snapshot: false,
        journal: false,
        until: Until::Settled,
    };
    let location = format!("/v1/tenants/{}/agents/{}/executionRecords/{}", call.tenant, started.agent, started.execution);
    let answer = follow(call, &started.engine, following).await?.header("location", location);
    Ok(super::with_secret(answer, started))
}

/// A stream of an execution.
///
/// # Errors
/// 404, or when the execution cannot be read.
pub async fn follow(call: &Call, engine: &EngineHandle, following: Following) -> Result<Answer, Problem> {
    let frames = frames(engine, following).await?;
    let written = frames.map(|frame| sse::frame(frame.id.as_deref(), frame.event, &frame.data));
    Ok(Answer::events(sse::stream(written, call.app.closing.clone())))
}

/// What a stream tells, before it is written.
///
/// # Errors
/// 404, or when the execution cannot be read.
pub async fn frames(engine: &EngineHandle, following: Following) -> Result<impl Stream<Item = Frame> + use<>, Problem> {
    // Subscribed first: what happens from here on is heard.
    let notices = engine.subscribe(following.execution);
    let snapshot = engine.snapshot(following.execution).await?;
    let flow =
        crate::engine::FlowRef { name: snapshot.start.flow.clone(), revision: snapshot.start.revision, digest: snapshot.start.digest };
    let spec = engine.spec(&flow).await?;
    Ok(unfold(engine.clone(), notices, &spec, following, &snapshot))
}

/// One event of a stream.
#[derive(Clone, Debug)]
pub struct Frame {
    /// Where a reader can come back to.
    pub id: Option<String>,
    pub event: &'static str,
    pub data: Value,
}

impl Frame {
    fn new(event: &'static str, data: Value) -> Self {
        Self { id: None, event, data }
    }
}

struct Reader {
    engine: EngineHandle,
    notices: Notices,
    teller: Teller,
    following: Following,
    ready: VecDeque<Frame>,
    phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The journal is read from where the teller is.
    Reading,
    Listening,
    Over,
}

fn unfold(
    engine: EngineHandle,
    notices: Notices,
    spec: &FlowSpec,
    following: Following,
    snapshot: &Snapshot,
) -> impl Stream<Item = Frame> + use<> {
    let mut ready = VecDeque::new();
    if following.snapshot {
        ready.push_back(Frame::new("snapshot", about(snapshot, following.era)));
    }
    let teller = Teller::new(spec, following.after);
    let reader = Reader { engine, notices, teller, following, ready, phase: Phase::Reading };
    futures::stream::unfold(reader, |mut reader| async move {
        loop {
            if let Some(frame) = reader.ready.pop_front() {
                return Some((frame, reader));
            }
            let stepped = match reader.phase {
                Phase::Reading => reader.read().await,
                Phase::Listening => reader.listen().await,
                Phase::Over => return None,
            };
            if let Err(problem) = stepped {
                reader.phase = Phase::Over;
                reader.ready.push_back(Frame::new("error", json!({"message": problem.detail, "code": problem.code})));
            }
        }
    })
}

fn about(snapshot: &Snapshot, era: Era) -> Value {
    json!({
        "executionRecordId": snapshot.id,
        "agentId": snapshot.summary.flow,
        "agentRevision": revision_number(snapshot.summary.purpose, snapshot.summary.revision),
        "status": status_name(snapshot.summary.status, false, era),
        "seq": snapshot.seq,
        "startTime": snapshot.summary.started_at,
        "endTime": snapshot.summary.ended_at,
        "waitingFor": snapshot.summary.waiting_for,
    })
}

impl Reader {
    fn push(&mut self, told: &Told) {
        self.ready.push_back(Frame { id: Some(told.at.to_string()), event: told.event, data: told.data.clone() });
    }

    fn tell(&mut self, recorded: &crate::machine::event::Recorded) {
        let is_new = self.following.after.is_none_or(|after| recorded.seq > after.seq) && recorded.seq == self.teller.next_seq();
        if self.following.journal && is_new {
            let id = Some(self.teller.before_next().to_string());
            self.ready.push_back(Frame { id, event: "journal", data: json!(recorded) });
        }
        for told in self.teller.tell(recorded) {
            self.push(&told);
        }
    }

    /// Reads on; once nothing more is there, takes up what is being said, and listens.
    async fn read(&mut self) -> Result<(), Problem> {
        let execution = self.following.execution;
        let events = self.engine.events(execution, self.teller.next_seq(), EVENTS_PER_READ).await?;
        for recorded in &events {
            self.tell(recorded);
        }
        if events.len() == EVENTS_PER_READ {
            return Ok(());
        }
        for (call, text) in self.engine.texts(execution) {
            if let Some(told) = self.teller.chunk(call, 0, &text) {
                self.push(&told);
            }
        }
        self.phase = Phase::Listening;
        self.look().await
    }

    /// Whether that is all.
    async fn look(&mut self) -> Result<(), Problem> {
        let snapshot = self.engine.snapshot(self.following.execution).await?;
        if snapshot.seq > self.teller.next_seq() {
            self.phase = Phase::Reading;
            return Ok(());
        }
        let settled = is_settled(&snapshot.summary, snapshot.live) || snapshot.quarantined.is_some();
        let over = match self.following.until {
            Until::Settled => settled,
            Until::Ended => snapshot.summary.status.is_final(),
        };
        if over {
            let done = self.done(&snapshot).await?;
            self.ready.push_back(Frame::new("done", done));
            self.phase = Phase::Over;
        }
        Ok(())
    }

    async fn done(&self, snapshot: &Snapshot) -> Result<Value, Problem> {
        let question = open_question(&self.engine, snapshot).await?;
        let summary = &snapshot.summary;
        let status = if question.is_some() { WAITING } else { status_name(summary.status, false, self.following.era) };
        Ok(json!({
            "executionRecordId": snapshot.id,
            "sessionId": snapshot.start.session,
            "status": status,
            "humanApprovalRequestId": question,
            "trace": {
                "agentRevision": revision_number(summary.purpose, summary.revision),
                "duration": summary.ended_at.unwrap_or(summary.updated_at).since(summary.started_at),
                "inputCost": summary.input_cost.usd(),
                "outputCost": summary.output_cost.usd(),
                "totalCost": summary.cost.usd(),
                "cacheWriteTokens": 0,
                "cacheWriteCost": 0.0,
                "webSearchCalls": 0,
                "webSearchCost": 0.0,
                "providerReportedCost": null,
            },
        }))
    }

    async fn listen(&mut self) -> Result<(), Problem> {
        let own = self.following.execution;
        match self.notices.next().await {
            None => Err(crate::engine::Error::Stopped.into()),
            Some(Notice::Committed { execution, events }) if execution == own => {
                match events.first() {
                    // Notices that came before the reading are known; a gap is read.
                    Some(first) if first.seq > self.teller.next_seq() => self.phase = Phase::Reading,
                    _ => events.iter().for_each(|recorded| self.tell(recorded)),
                }
                Ok(())
            }
            // A call begins to speak before its beginning is told of.
            Some(Notice::Chunk { execution, call, offset, .. }) if execution == own && self.teller.lacks(call, offset) => {
                self.phase = Phase::Reading;
                Ok(())
            }
            Some(Notice::Chunk { execution, call, offset, text, .. }) if execution == own => {
                if let Some(told) = self.teller.chunk(call, offset, &text) {
                    self.push(&told);
                }
                Ok(())
            }
            Some(Notice::Missed { .. }) => {
                self.phase = Phase::Reading;
                Ok(())
            }
            Some(Notice::Idle { .. } | Notice::Quarantined { .. }) => self.look().await,
            Some(Notice::Committed { .. } | Notice::Chunk { .. }) => Ok(()),
        }
    }
}
