//! Who watches a draft learns of its changes, within this process: every change is told once it is durable. What was missed (a slow
//! reader, an earlier connection) is made up for by saying how the draft is now.

use futures::stream::{self, Stream};
use schemars::JsonSchema;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::catalog::Catalog;
use crate::catalog::drafts::DraftPlace;

/// Changes of all drafts that a watcher may be behind before it is told the present state instead.
const BEHIND_MAX: usize = 256;

/// What happened to a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// Nothing: this is how it is.
    Sync,
    Put,
    Undo,
    Redo,
    Reset,
    Removed,
    /// It became a revision, and is no more.
    Published,
}

/// The data of an event `draft`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// From here on; 0: there never was a draft.
    pub version: u64,
    pub change_kind: ChangeKind,
}

/// The changes of every draft, as they happen.
pub struct DraftChanges {
    sender: broadcast::Sender<(DraftPlace, Told)>,
}

impl Default for DraftChanges {
    fn default() -> Self {
        Self { sender: broadcast::Sender::new(BEHIND_MAX) }
    }
}

impl DraftChanges {
    /// A change that is durable.
    pub fn tell(&self, place: &DraftPlace, version: u64, change_kind: ChangeKind) {
        // Fails when nobody watches.
        let _ = self.sender.send((place.clone(), Told { version, change_kind }));
    }

    /// How the draft is, then its changes. Ends when the catalog cannot be read.
    pub fn watch(&self, catalog: Catalog, place: DraftPlace) -> impl Stream<Item = Told> + 'static {
        let watching = Watching { receiver: self.sender.subscribe(), catalog, place, seen: None };
        stream::unfold(watching, |mut watching| async move {
            let told = watching.next().await?;
            Some((told, watching))
        })
    }
}

struct Watching {
    receiver: broadcast::Receiver<(DraftPlace, Told)>,
    catalog: Catalog,
    place: DraftPlace,
    /// The last version that was told.
    seen: Option<u64>,
}

impl Watching {
    async fn next(&mut self) -> Option<Told> {
        if self.seen.is_none() {
            return self.sync();
        }
        loop {
            match self.receiver.recv().await {
                // Two changes may be told in the other order; the later one says enough.
                Ok((place, told)) if place == self.place && self.seen < Some(told.version) => {
                    self.seen = Some(told.version);
                    return Some(told);
                }
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return self.sync(),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    fn sync(&mut self) -> Option<Told> {
        let version = self.catalog.draft_version(&self.place).ok()?;
        self.seen = Some(version);
        Some(Told { version, change_kind: ChangeKind::Sync })
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::*;
    use crate::ids::Tenant;
    use crate::store::{Faults, Store};

    fn place(agent: &str) -> DraftPlace {
        DraftPlace { tenant: Tenant::default(), agent: agent.to_owned(), base_revision: 0 }
    }

    #[tokio::test]
    async fn a_watcher_hears_of_its_draft_only_and_of_no_older_version() {
        let changes = DraftChanges::default();
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let mut watching = Box::pin(changes.watch(catalog, place("a")));
        assert_eq!(watching.next().await, Some(Told { version: 0, change_kind: ChangeKind::Sync }));
        changes.tell(&place("b"), 9, ChangeKind::Put);
        changes.tell(&place("a"), 2, ChangeKind::Undo);
        changes.tell(&place("a"), 1, ChangeKind::Put);
        changes.tell(&place("a"), 3, ChangeKind::Removed);
        assert_eq!(watching.next().await, Some(Told { version: 2, change_kind: ChangeKind::Undo }));
        assert_eq!(watching.next().await, Some(Told { version: 3, change_kind: ChangeKind::Removed }));
    }

    #[tokio::test]
    async fn who_falls_behind_is_told_how_it_is() {
        let changes = DraftChanges::default();
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let mut watching = Box::pin(changes.watch(catalog, place("a")));
        watching.next().await;
        for version in 1..=(BEHIND_MAX as u64 + 9) {
            changes.tell(&place("b"), version, ChangeKind::Put);
        }
        assert_eq!(watching.next().await.unwrap().change_kind, ChangeKind::Sync);
    }
}
