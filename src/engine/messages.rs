//! What actors tell each other. Plain data; every message says who handles it.

use std::sync::Arc;

use actix::Message;
use tokio::sync::oneshot;

use super::error::Error;
use super::notice::Commits;
use super::request::Answered;
use crate::ids::{CallId, ExecutionId, Tenant, TimeMs};
use crate::machine::effect::Effect;
use crate::machine::input::Body;
use crate::machine::summary::Summary;

/// One execution of one tenant. Whatever the engine keeps for an execution is kept under this, so that an id means nothing to any tenant but
/// its own: under another tenant it names an execution that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub tenant: Tenant,
    pub execution: ExecutionId,
}

impl Key {
    pub(super) fn new(tenant: &Tenant, execution: ExecutionId) -> Self {
        Self { tenant: tenant.clone(), execution }
    }

    /// Another execution of the same tenant: a relative.
    pub(super) fn of(&self, execution: ExecutionId) -> Self {
        Self::new(&self.tenant, execution)
    }
}

/// For logs.
impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.tenant, self.execution)
    }
}

/// The directory's number for an input; rises in the order of arrival.
pub(super) type Ticket = u64;
/// Tells an execution's successive actors apart, so that a late message of a dead one is ignored.
pub(super) type Generation = u64;

/// What an accepted input is answered with.
#[derive(Debug)]
pub(super) enum Reply {
    Taken,
    Answered(Answered),
}

pub(super) type Answer = Result<Reply, Error>;

/// Who waits for the answer to an input.
#[derive(Debug)]
pub(super) enum Sink {
    /// A caller of `EngineHandle`.
    Caller(oneshot::Sender<Answer>),
    /// The performer keeps a call in its register until its outcome is durable.
    Call(CallId),
    /// The parent that starts the input's execution.
    ChildStart { parent: ExecutionId },
    /// The parent that cancels the input's execution.
    ChildCancel { parent: ExecutionId },
    /// The child whose end the input tells.
    ChildEnd { child: ExecutionId },
    /// The timers, which fed a deadline.
    Timers,
    /// The scan at boot, which wakes the next one then.
    Boot(oneshot::Sender<()>),
    /// Nobody: it is owed by the state, so it comes again if it is lost.
    Nobody,
}

/// To the directory: bring this input to its execution and the answer to the sink.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Deliver {
    pub key: Key,
    pub body: Body,
    pub sink: Sink,
}

/// To an execution: decide this. The directory keeps a copy until the answer.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Feed {
    pub ticket: Ticket,
    pub body: Body,
}

/// To the directory: an execution is loaded and knows its family.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Loaded {
    pub key: Key,
    pub generation: Generation,
    pub root: Key,
}

/// To the directory: these inputs are decided, and what they led to is durable.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Answers {
    pub key: Key,
    pub generation: Generation,
    pub given: Vec<(Ticket, Answer)>,
    /// The nearest deadline now.
    pub deadline: Option<TimeMs>,
}

/// To the directory: nothing runs, nothing is owed; the actor may go.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Resting {
    pub key: Key,
    pub generation: Generation,
    /// None: the execution does not exist.
    pub summary: Option<Box<Summary>>,
    /// For who waits for it.
    pub journal: Option<Commits>,
}

/// To the directory: the actor is dead; every commit it made is settled.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Gone {
    pub key: Key,
    pub generation: Generation,
    pub cause: Cause,
}

/// Why an actor died.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Someone else wrote to the journal: read it again.
    Stale,
    /// The disk is full.
    Full(String),
    /// The store is closed or has failed; nothing can be made durable any more.
    StoreStopped(String),
    /// It failed in a way that may pass (a panic, an unreadable row).
    Failed(String),
    /// It failed in a way that comes again every time (a journal that does not replay).
    Hopeless(String),
    /// It was set aside earlier, for this reason.
    Quarantined(String),
}

/// To the directory: an effect between executions.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Between {
    pub from: Key,
    pub effect: Effect,
}

/// To the directory: try a slot again whose actor died.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Restart {
    pub key: Key,
    pub generation: Generation,
}

/// To the directory: a family came to rest some moments ago; this is what its root looked like.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Quiet {
    pub root: Key,
    pub summary: Box<Summary>,
}

/// To the directory: does anything move this execution or one of its children?
#[derive(Message)]
#[rtype(result = "bool")]
pub(super) struct IsLive {
    pub key: Key,
}

/// To the directory: take nothing more from callers.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Close;

/// To the directory: how much is still unanswered or running.
#[derive(Message)]
#[rtype(result = "Load")]
pub(super) struct Measure;

/// How much the directory holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, actix::MessageResponse)]
pub(super) struct Load {
    /// Executions with an actor.
    pub live: usize,
    /// Inputs without an answer.
    pub held: usize,
}

/// To the timers: an execution's nearest deadline; none: it has none.
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Deadline {
    pub key: Key,
    pub due: Option<TimeMs>,
    /// The timers had fed it and this is the answer.
    pub fed: bool,
}

/// To an execution: decide what waits in the inbox (sent by itself, so that what arrived together is decided together).
#[derive(Message)]
#[rtype(result = "()")]
pub(super) struct Drain;

/// What is shared by value where actors and runner tasks meet.
pub(super) type Shared = Arc<super::shared::Shared>;
