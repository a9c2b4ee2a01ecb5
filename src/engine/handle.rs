//! The one way in: a cheap handle that may be used from any tokio runtime.

use std::time::Duration;

use super::error::Error;
use super::notice::Notices;
use super::request::{Answered, Filter, FlowRef, ForkRequest, Listed, Parked, QuestionRef, Snapshot, StartRequest};
use crate::flow::spec::FlowSpec;
use crate::ids::ExecutionId;
use crate::machine::event::Recorded;
use crate::machine::input::Signal;
use crate::machine::question::{Decision, Person};
use crate::machine::trace::Trace;

/// A running engine. Clones share it; it ends with `shutdown` (or, abruptly and without loss, with the process).
#[derive(Clone, Debug)]
pub struct EngineHandle {}

impl EngineHandle {
    // `pub fn spawn(store: Store, runner: Runner, options: Options) -> Result<Self, Error>` arrives with those two types.

    /// Puts a flow into the catalog: normalises and compiles it; content that the catalog knows under this name keeps its revision,
    /// other content gets the next number. Durable before it returns.
    ///
    /// # Errors
    /// `Flow` with every problem; `Store`.
    pub async fn register(&self, spec: FlowSpec) -> Result<FlowRef, Error> {
        let _ = spec;
        todo!()
    }

    /// A revision of the catalog: the newest without `revision`.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn flow(&self, name: &str, revision: Option<u32>) -> Result<(FlowRef, std::sync::Arc<FlowSpec>), Error> {
        let _ = (name, revision);
        todo!()
    }

    /// Starts an execution: merges the configuration, pins every agent and every MCP tool it can reach, looks up prices. Returns once
    /// the start is durable; the execution then runs by itself.
    ///
    /// # Errors
    /// `NotFound`, `Config`, `Tools`, `ToolsChanged`, `Refused` (`Refusal::Input`, `Start`, `Exists`), `Busy`, `Stopped`, `Store`.
    pub async fn start(&self, request: StartRequest) -> Result<ExecutionId, Error> {
        let _ = request;
        todo!()
    }

    /// Lets an execution and its children go on where they stopped: lost calls are settled, owed effects performed, due timers fed.
    /// Harmless for one that is live, waits, or has ended.
    ///
    /// # Errors
    /// `NotFound`, `Quarantined`, `Stopped`, `Store`.
    pub async fn resume(&self, id: ExecutionId) -> Result<(), Error> {
        let _ = id;
        todo!()
    }

    /// Answers a question. Among racing callers one decides; the others get `Refusal::Decided` with the decision that stands.
    ///
    /// # Errors
    /// `NotFound` (no such question anywhere), `Refused` (`Decided`, `Digest`, `NotAllowed`, `Answer`, `NoQuestion`), `Quarantined`, `Stopped`, `Store`.
    pub async fn decide(&self, decision: Decision) -> Result<Answered, Error> {
        let _ = decision;
        todo!()
    }

    /// Cancels. When this returns nothing new starts (declared compensations aside) and running calls are being broken off.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`Ended`), `Quarantined`, `Stopped`, `Store`.
    pub async fn cancel(&self, id: ExecutionId, reason: &str, by: Person) -> Result<(), Error> {
        let _ = (id, reason, by);
        todo!()
    }

    /// Delivers a named message; kept if nothing waits for it yet. A repeated `signal.id` is answered like the first.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`Signal`, `Ended`), `Busy`, `Quarantined`, `Stopped`, `Store`.
    pub async fn signal(&self, id: ExecutionId, signal: Signal) -> Result<(), Error> {
        let _ = (id, signal);
        todo!()
    }

    /// The execution as it is in the store now; moves nothing.
    ///
    /// # Errors
    /// `NotFound`, `Store`. A quarantined one is readable as far as its journal is.
    pub async fn snapshot(&self, id: ExecutionId) -> Result<Snapshot, Error> {
        let _ = id;
        todo!()
    }

    /// What a person reads: every attempt in journal order.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn trace(&self, id: ExecutionId) -> Result<Trace, Error> {
        let _ = id;
        todo!()
    }

    /// Up to `limit` events from number `from` on.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn events(&self, id: ExecutionId, from: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        let _ = (id, from, limit);
        todo!()
    }

    /// Executions, newest first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn list(&self, filter: Filter) -> Result<Vec<Listed>, Error> {
        let _ = filter;
        todo!()
    }

    /// Every open question, oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn questions(&self) -> Result<Vec<QuestionRef>, Error> {
        todo!()
    }

    /// The execution whose id begins with `prefix`, or `last` for the newest.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `Store`.
    pub async fn find_execution(&self, prefix: &str) -> Result<ExecutionId, Error> {
        let _ = prefix;
        todo!()
    }

    /// The open question whose id begins with `prefix`; also by the id (or its beginning) of an execution that has exactly one.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `Store`.
    pub async fn find_question(&self, prefix: &str) -> Result<QuestionRef, Error> {
        let _ = prefix;
        todo!()
    }

    /// Notices of an execution and its children from now on. It need not exist yet.
    #[must_use]
    pub fn subscribe(&self, id: ExecutionId) -> Notices {
        let _ = id;
        todo!()
    }

    /// A new execution like a failed, timed-out or cancelled one, which goes on from the step that failed: what was completed before is
    /// taken over, not run again. Approvals whose action did not complete are asked again.
    ///
    /// # Errors
    /// `NotFound`, `Unfit` (it has not ended, or it completed), and as `start`.
    pub async fn retry(&self, id: ExecutionId, starter: Person) -> Result<ExecutionId, Error> {
        let _ = (id, starter);
        todo!()
    }

    /// A new execution that takes over what was completed before the named attempt, gives that attempt another output, and goes on.
    ///
    /// # Errors
    /// `NotFound` (execution or attempt), `Unfit`, and as `start`.
    pub async fn fork(&self, request: ForkRequest) -> Result<ExecutionId, Error> {
        let _ = request;
        todo!()
    }

    /// Takes nothing new in, gives running calls up to `within` to end, and parks everything. Nothing acknowledged is lost.
    pub async fn shutdown(self, within: Duration) -> Parked {
        let _ = within;
        todo!()
    }
}
