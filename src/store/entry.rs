//! What callers hand to the committer, and the answer they wait for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::ids::{Digest, ExecutionId, Tenant, TimeMs};
use crate::journal::{Consent, Document, FlowRevision, Purged, Quarantined, Record, Released, Turn};
use crate::machine::event::Event;
use crate::machine::summary::Summary;

/// One thing to make durable. All of it becomes durable, or nothing.
#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every entry is a turn, and it is moved once")]
pub enum Entry {
    /// A turn of one execution. `expected_seq` is the number its first event gets; 0 creates the execution, so the same id twice is
    /// `Stale`. The turn that creates must carry a summary.
    Execution {
        tenant: Tenant,
        execution: ExecutionId,
        expected_seq: u64,
        at: TimeMs,
        events: Vec<Event>,
        summary: Option<Summary>,
    },
    /// A revision in the local catalog; `revision` must be the latest plus one. [`super::Store::publish`] works it out.
    Flow {
        tenant: Tenant,
        name: String,
        revision: u32,
        digest: Digest,
        spec: String,
    },
    Consent {
        tenant: Tenant,
        server: String,
        tool: String,
        digest: Digest,
    },
    Quarantine {
        tenant: Tenant,
        execution: ExecutionId,
        reason: String,
    },
    Release {
        tenant: Tenant,
        execution: ExecutionId,
    },
    /// A document of the catalog. `expected` is the version that stands now (0: none), so that of two writers one is `Stale`; no body
    /// removes it.
    Document {
        tenant: Tenant,
        collection: String,
        key: String,
        expected: u64,
        body: Option<String>,
    },
    /// Everything recorded of this execution is dropped. Only for finished ones; [`super::Store::purge`] checks that.
    Purge {
        tenant: Tenant,
        execution: ExecutionId,
    },
}

impl Entry {
    /// The record that this entry becomes, and what must hold for it to be accepted.
    pub(super) fn into_record(self) -> (Record, Option<Claim>) {
        match self {
            Self::Execution { tenant, execution, expected_seq, at, events, summary } => {
                let turn = Turn { tenant, execution, first_seq: expected_seq, at, events, summary };
                let fence = Fence::Execution(turn.tenant.clone(), execution);
                let claim = Claim { fence, expected: expected_seq, next: turn.next_seq() };
                (Record::Execution(turn), Some(claim))
            }
            Self::Flow { tenant, name, revision, digest, spec } => {
                let fence = Fence::Flow(tenant.clone(), name.clone());
                let claim = Claim { fence, expected: u64::from(revision).saturating_sub(1), next: u64::from(revision) };
                (Record::Flow(FlowRevision { tenant, name, revision, digest, spec }), Some(claim))
            }
            Self::Consent { tenant, server, tool, digest } => (Record::Consent(Consent { tenant, server, tool, digest }), None),
            Self::Quarantine { tenant, execution, reason } => (Record::Quarantine(Quarantined { tenant, execution, reason }), None),
            Self::Release { tenant, execution } => (Record::Released(Released { tenant, execution }), None),
            Self::Document { tenant, collection, key, expected, body } => {
                let fence = Fence::Document(tenant.clone(), collection.clone(), key.clone());
                let version = expected + 1;
                let claim = Claim { fence, expected, next: if body.is_some() { version } else { 0 } };
                (Record::Document(Document { tenant, collection, key, version, body }), Some(claim))
            }
            Self::Purge { tenant, execution } => (Record::Purged(Purged { tenant, execution }), None),
        }
    }
}

/// What is numbered without gaps, and so may have only one writer at a time.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Fence {
    /// Next event number.
    Execution(Tenant, ExecutionId),
    /// Latest revision.
    Flow(Tenant, String),
    /// Version; collection and key.
    Document(Tenant, String, String),
}

/// "The fence stands at `expected`; move it to `next`."
#[derive(Clone, Debug)]
pub(super) struct Claim {
    pub fence: Fence,
    pub expected: u64,
    pub next: u64,
}

/// A place in the order of commits: the number of the log frame. What is at or below it is durable together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Position(pub u64);

/// Why an entry was not committed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// Someone else wrote first. Read again, decide again.
    #[error("stale: expected to write number {expected}, but {found} comes next; read the journal again")]
    Stale { expected: u64, found: u64 },
    /// No new work is taken; what runs may still end.
    #[error("the disk is full: nothing new is accepted until there is space in the data directory")]
    Full,
    /// The entry itself can never be committed.
    #[error("refused: {0}")]
    Refused(String),
    /// The store is closing or has failed. The entry may or may not be durable: open the store again to find out.
    #[error("the store has stopped ({0}); start again to find out what became durable")]
    Stopped(String),
}

/// The answer to a commit, once it is durable. Dropping it does not take the commit back.
#[derive(Debug)]
pub struct Pending<T> {
    answer: oneshot::Receiver<Result<T, CommitError>>,
    /// Of the records, as they go into the log.
    pub bytes: usize,
}

/// Commits that rest on each other: each was decided on the one before, which may still be on its way. Once one of them is refused, for
/// whatever reason, so is every later one. The number that a fence stands at does not tell: another writer may have moved it as far.
#[derive(Clone, Debug, Default)]
pub struct Chain(Arc<AtomicBool>);

impl Chain {
    pub(super) fn is_broken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn break_off(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// The committer's end of a [`Pending`].
pub(super) type Answer<T> = oneshot::Sender<Result<T, CommitError>>;

impl<T> Pending<T> {
    pub(super) fn new() -> (Answer<T>, Self) {
        let (sender, answer) = oneshot::channel();
        (sender, Self { answer, bytes: 0 })
    }

    /// The answer is there already: no.
    #[must_use]
    pub fn refused(error: CommitError) -> Self {
        let (sender, pending) = Self::new();
        let _ = sender.send(Err(error));
        pending
    }

    /// Blocks this thread until the answer is there. Not for use inside an async runtime.
    ///
    /// # Errors
    /// As the commit.
    pub fn wait(self) -> Result<T, CommitError> {
        self.answer.blocking_recv().unwrap_or_else(|_| Err(gone()))
    }
}

impl<T> Future for Pending<T> {
    type Output = Result<T, CommitError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.answer).poll(context).map(|answer| answer.unwrap_or_else(|_| Err(gone())))
    }
}

/// The committer went away without an answer.
fn gone() -> CommitError {
    CommitError::Stopped("the committer is gone".to_owned())
}
