//! What subscribers hear. A slow subscriber misses notices, is told so, and reads again; it never blocks anybody.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::hub::{Hears, Hub, Leave};
use super::messages::Key;
use crate::ids::{CallId, ExecutionId};
use crate::machine::event::Recorded;
use crate::machine::summary::Summary;

/// All events of an execution: what each of its commits recorded.
pub type Commits = Arc<Vec<Arc<Vec<Recorded>>>>;

/// Something about the execution subscribed to, or about one of its children (at any depth): `execution` says which.
#[derive(Clone, Debug)]
pub enum Notice {
    /// These events are durable.
    Committed { execution: ExecutionId, events: Arc<Vec<Recorded>> },
    /// A piece of a model's answer, before it is complete. Not durable; the outcome repeats it in full.
    /// `offset` is where in the answer it begins, in bytes; what came before is in `EngineHandle::texts`.
    Chunk { execution: ExecutionId, call: CallId, name: String, offset: usize, text: String },
    /// The execution subscribed to has ended, or nothing in this process runs for it or for its children until a person, an event or a
    /// timer moves it. A deadline in the summary is fed by this process when it is due, as long as it lives.
    /// `journal`: where somebody waited for this since it began, and there is little of it; see `EngineHandle::rested`.
    Idle { execution: ExecutionId, summary: Box<Summary>, journal: Option<Commits> },
    /// It kept failing inside the engine and is set aside.
    Quarantined { execution: ExecutionId, reason: String },
    /// The subscriber was too slow and missed this many; read the events from the last one seen.
    Missed { count: u64 },
}

/// The notices of one execution from the moment of the subscription on. Subscribe, then read, then wait.
#[derive(Debug)]
pub struct Notices {
    receiver: broadcast::Receiver<Notice>,
    /// Dropped after the receiver, so that the hub sees the subscription gone.
    _leave: Leave,
}

impl Notices {
    pub(super) fn new(hub: &Arc<Hub>, key: Key, hears: Hears) -> Self {
        Self { receiver: hub.subscribe(&key, hears), _leave: Leave { hub: Arc::clone(hub), key, hears } }
    }

    /// The next one; none once the engine is gone.
    pub async fn next(&mut self) -> Option<Notice> {
        match self.receiver.recv().await {
            Ok(notice) => Some(notice),
            Err(broadcast::error::RecvError::Lagged(count)) => Some(Notice::Missed { count }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// The next one that is there already.
    pub fn try_next(&mut self) -> Option<Notice> {
        match self.receiver.try_recv() {
            Ok(notice) => Some(notice),
            Err(broadcast::error::TryRecvError::Lagged(count)) => Some(Notice::Missed { count }),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
        }
    }
}
