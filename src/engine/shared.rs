//! What every part of the engine reaches for: the store, the catalog, the calls that are running, the listeners.

use std::any::Any;
use std::sync::Arc;

use super::hub::Hub;
use super::outlines::Outlines;
use super::perform::Performer;
use super::revisions::Revisions;
use crate::ids::BootId;
use crate::store::Store;

pub(super) struct Shared {
    /// This life of the process; calls started under another one are lost.
    pub boot: BootId,
    pub store: Store,
    pub revisions: Revisions,
    pub performer: Performer,
    pub hub: Arc<Hub>,
    /// Of journals whose attempts somebody reads.
    pub outlines: Outlines,
    /// Where calls are performed and blocking reads are done; not where actors live.
    pub runtime: tokio::runtime::Handle,
}

/// What a panic said.
pub(super) fn payload_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned());
    text.unwrap_or_else(|| "a panic without a message".to_owned())
}

/// What a task's panic said.
pub(super) fn panic_text(error: tokio::task::JoinError) -> String {
    match error.try_into_panic() {
        Ok(payload) => payload_text(payload.as_ref()),
        Err(error) => error.to_string(),
    }
}
