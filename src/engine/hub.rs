//! Who listens to which execution. Publishing never waits: a slow subscriber loses notices and is told so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::messages::Key;
use super::notice::Notice;

/// Notices kept for a subscriber that is behind; above it, it is told how many it missed. About 6 KiB per execution that is listened to.
const NOTICES_KEPT_MAX: usize = 64;

/// The channels of the executions that somebody listens to.
#[derive(Debug)]
pub(super) struct Hub {
    /// None once the engine is gone: whoever still listens hears the end.
    channels: Mutex<Channels>,
}

type Channels = Option<HashMap<Key, broadcast::Sender<Notice>>>;

impl Default for Hub {
    fn default() -> Self {
        Self { channels: Mutex::new(Some(HashMap::new())) }
    }
}

impl Hub {
    /// Notices of an execution and its children from now on.
    pub(super) fn subscribe(&self, key: &Key) -> broadcast::Receiver<Notice> {
        let new = || broadcast::channel(NOTICES_KEPT_MAX).0;
        match self.channels().as_mut() {
            Some(channels) => channels.entry(key.clone()).or_insert_with(new).subscribe(),
            None => new().subscribe(),
        }
    }

    /// The engine is gone: every subscription ends.
    pub(super) fn close(&self) {
        *self.channels() = None;
    }

    /// Does anybody listen to one of `lineage`?
    pub(super) fn listens(&self, lineage: &[Key]) -> bool {
        self.channels().as_ref().is_some_and(|channels| !channels.is_empty() && lineage.iter().any(|key| channels.contains_key(key)))
    }

    /// Somebody stopped listening.
    fn left(&self, key: &Key) {
        let mut guard = self.channels();
        let Some(channels) = guard.as_mut() else { return };
        if channels.get(key).is_some_and(|sender| sender.receiver_count() == 0) {
            channels.remove(key);
        }
    }

    /// Tells whoever listens to one of `lineage` (an execution and those above it); the notice is made only if somebody does.
    pub(super) fn publish(&self, lineage: &[Key], notice: impl FnOnce() -> Notice) {
        let guard = self.channels();
        let Some(channels) = guard.as_ref().filter(|channels| !channels.is_empty()) else { return };
        let mut senders = lineage.iter().filter_map(|key| channels.get(key)).peekable();
        if senders.peek().is_none() {
            return;
        }
        let notice = notice();
        for sender in senders {
            // Fails only when the last receiver has just gone.
            let _ = sender.send(notice.clone());
        }
    }

    fn channels(&self) -> MutexGuard<'_, Channels> {
        // A panic while it was held leaves a map that is whole.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Removes the channel with the last subscriber.
#[derive(Debug)]
pub(super) struct Leave {
    pub hub: Arc<Hub>,
    pub key: Key,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.hub.left(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::notice::Notices;
    use crate::ids::{ExecutionId, Tenant};

    fn key(number: u128) -> Key {
        Key::new(&Tenant::default(), ExecutionId(uuid::Uuid::from_u128(number)))
    }

    fn quarantined(key: &Key) -> Notice {
        Notice::Quarantined { execution: key.execution, reason: "test".to_owned() }
    }

    #[tokio::test]
    async fn a_parent_hears_its_children() {
        let hub = Arc::new(Hub::default());
        let (mut parent, mut stranger) = (Notices::new(&hub, key(1)), Notices::new(&hub, key(3)));
        hub.publish(&[key(2), key(1)], || quarantined(&key(2)));
        hub.publish(&[key(3)], || quarantined(&key(3)));
        assert!(matches!(parent.next().await, Some(Notice::Quarantined { execution, .. }) if execution == key(2).execution));
        assert!(matches!(stranger.next().await, Some(Notice::Quarantined { execution, .. }) if execution == key(3).execution));
    }

    #[tokio::test]
    async fn the_same_id_in_another_tenant_hears_nothing() {
        let hub = Arc::new(Hub::default());
        let elsewhere = Key::new(&Tenant::new("other"), key(1).execution);
        let (mut own, mut other) = (Notices::new(&hub, key(1)), Notices::new(&hub, elsewhere));
        hub.publish(&[key(1)], || quarantined(&key(1)));
        assert!(own.try_next().is_some());
        assert!(other.try_next().is_none());
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_told_what_it_missed() {
        let hub = Arc::new(Hub::default());
        let mut slow = Notices::new(&hub, key(1));
        for _ in 0..NOTICES_KEPT_MAX + 10 {
            hub.publish(&[key(1)], || quarantined(&key(1)));
        }
        assert!(matches!(slow.next().await, Some(Notice::Missed { count: 10 })));
        assert!(matches!(slow.next().await, Some(Notice::Quarantined { .. })));
    }

    #[tokio::test]
    async fn subscriptions_end_with_the_engine() {
        let hub = Arc::new(Hub::default());
        let mut before = Notices::new(&hub, key(1));
        hub.close();
        assert!(before.next().await.is_none());
        assert!(Notices::new(&hub, key(1)).next().await.is_none());
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let hub = Arc::new(Hub::default());
        drop(Notices::new(&hub, key(1)));
        assert!(hub.channels().as_ref().is_some_and(HashMap::is_empty));
        hub.publish(&[key(1)], || unreachable!("nobody listens"));
    }
}
