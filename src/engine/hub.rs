//! Who listens to which execution. Publishing never waits: a slow subscriber loses notices and is told so.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::messages::Key;
use super::notice::Notice;

/// Notices kept for a subscriber that is behind; above it, it is told how many it missed. About 6 KiB per execution that is listened to.
const NOTICES_KEPT_MAX: usize = 64;
/// The same for who listens to the rest alone: a reader that missed some is told so and looks for itself.
const RESTS_KEPT_MAX: usize = 2;

/// What a subscriber wants to hear.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Hears {
    Everything,
    /// That it has come to rest, or was set aside. Nobody is woken for anything else.
    Rest,
}

/// The channels of the executions that somebody listens to.
#[derive(Debug)]
pub(super) struct Hub {
    /// None once the engine is gone: whoever still listens hears the end.
    channels: Mutex<Option<Channels>>,
}

#[derive(Debug, Default)]
struct Channels {
    everything: Senders,
    rest: Senders,
}

type Senders = HashMap<Key, broadcast::Sender<Notice>>;

impl Channels {
    fn of(&mut self, hears: Hears) -> &mut Senders {
        match hears {
            Hears::Everything => &mut self.everything,
            Hears::Rest => &mut self.rest,
        }
    }
}

impl Default for Hub {
    fn default() -> Self {
        Self { channels: Mutex::new(Some(Channels::default())) }
    }
}

impl Hub {
    /// Notices of an execution and its children from now on.
    pub(super) fn subscribe(&self, key: &Key, hears: Hears) -> broadcast::Receiver<Notice> {
        let kept = if hears == Hears::Everything { NOTICES_KEPT_MAX } else { RESTS_KEPT_MAX };
        let new = || broadcast::channel(kept).0;
        match self.channels().as_mut() {
            Some(channels) => channels.of(hears).entry(key.clone()).or_insert_with(new).subscribe(),
            None => new().subscribe(),
        }
    }

    /// The engine is gone: every subscription ends.
    pub(super) fn close(&self) {
        *self.channels() = None;
    }

    /// Does anybody want to hear of the events of one of `lineage`?
    pub(super) fn listens(&self, lineage: &[Key]) -> bool {
        self.channels().as_ref().is_some_and(|channels| is_heard(&channels.everything, lineage))
    }

    /// Does anybody wait for one of `lineage` to come to rest?
    pub(super) fn awaits(&self, lineage: &[Key]) -> bool {
        self.channels().as_ref().is_some_and(|channels| is_heard(&channels.everything, lineage) || is_heard(&channels.rest, lineage))
    }

    /// Does anybody wait for this one to come to rest, and hear nothing else?
    pub(super) fn expects_rest(&self, key: &Key) -> bool {
        self.channels().as_ref().is_some_and(|channels| is_heard(&channels.rest, std::slice::from_ref(key)))
    }

    /// Somebody stopped listening.
    fn left(&self, key: &Key, hears: Hears) {
        let mut guard = self.channels();
        let Some(channels) = guard.as_mut() else { return };
        let senders = channels.of(hears);
        if senders.get(key).is_some_and(|sender| sender.receiver_count() == 0) {
            senders.remove(key);
        }
    }

    /// Tells whoever listens to one of `lineage` (an execution and those above it); the notice is made only if somebody does.
    pub(super) fn publish(&self, lineage: &[Key], notice: impl FnOnce() -> Notice) {
        if let Some(channels) = self.channels().as_ref() {
            tell(&[&channels.everything], lineage, notice);
        }
    }

    /// The same of coming to rest, which everybody hears.
    pub(super) fn publish_rest(&self, lineage: &[Key], notice: impl FnOnce() -> Notice) {
        if let Some(channels) = self.channels().as_ref() {
            tell(&[&channels.everything, &channels.rest], lineage, notice);
        }
    }

    fn channels(&self) -> MutexGuard<'_, Option<Channels>> {
        // A panic while it was held leaves maps that are whole.
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_heard(senders: &Senders, lineage: &[Key]) -> bool {
    !senders.is_empty() && lineage.iter().any(|key| senders.contains_key(key))
}

fn tell(to: &[&Senders], lineage: &[Key], notice: impl FnOnce() -> Notice) {
    let listening = to.iter().filter(|senders| !senders.is_empty());
    let mut senders = listening.flat_map(|senders| lineage.iter().filter_map(|key| senders.get(key))).peekable();
    if senders.peek().is_none() {
        return;
    }
    let notice = notice();
    for sender in senders {
        // Fails only when the last receiver has just gone.
        let _ = sender.send(notice.clone());
    }
}

/// Removes the channel with the last subscriber.
#[derive(Debug)]
pub(super) struct Leave {
    pub hub: Arc<Hub>,
    pub key: Key,
    pub hears: Hears,
}

impl Drop for Leave {
    fn drop(&mut self) {
        self.hub.left(&self.key, self.hears);
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
        let (mut parent, mut stranger) = (Notices::new(&hub, key(1), Hears::Everything), Notices::new(&hub, key(3), Hears::Everything));
        hub.publish(&[key(2), key(1)], || quarantined(&key(2)));
        hub.publish(&[key(3)], || quarantined(&key(3)));
        assert!(matches!(parent.next().await, Some(Notice::Quarantined { execution, .. }) if execution == key(2).execution));
        assert!(matches!(stranger.next().await, Some(Notice::Quarantined { execution, .. }) if execution == key(3).execution));
    }

    #[tokio::test]
    async fn the_same_id_in_another_tenant_hears_nothing() {
        let hub = Arc::new(Hub::default());
        let elsewhere = Key::new(&Tenant::new("other"), key(1).execution);
        let (mut own, mut other) = (Notices::new(&hub, key(1), Hears::Everything), Notices::new(&hub, elsewhere, Hears::Everything));
        hub.publish(&[key(1)], || quarantined(&key(1)));
        assert!(own.try_next().is_some());
        assert!(other.try_next().is_none());
    }

    #[tokio::test]
    async fn a_slow_subscriber_is_told_what_it_missed() {
        let hub = Arc::new(Hub::default());
        let mut slow = Notices::new(&hub, key(1), Hears::Everything);
        for _ in 0..NOTICES_KEPT_MAX + 10 {
            hub.publish(&[key(1)], || quarantined(&key(1)));
        }
        assert!(matches!(slow.next().await, Some(Notice::Missed { count: 10 })));
        assert!(matches!(slow.next().await, Some(Notice::Quarantined { .. })));
    }

    #[tokio::test]
    async fn subscriptions_end_with_the_engine() {
        let hub = Arc::new(Hub::default());
        let mut before = Notices::new(&hub, key(1), Hears::Rest);
        hub.close();
        assert!(before.next().await.is_none());
        assert!(Notices::new(&hub, key(1), Hears::Everything).next().await.is_none());
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let hub = Arc::new(Hub::default());
        for hears in [Hears::Everything, Hears::Rest] {
            drop(Notices::new(&hub, key(1), hears));
            assert!(hub.channels().as_mut().is_some_and(|channels| channels.of(hears).is_empty()));
        }
        hub.publish_rest(&[key(1)], || unreachable!("nobody listens"));
    }

    #[tokio::test]
    async fn who_waits_for_the_rest_hears_nothing_else() {
        let hub = Arc::new(Hub::default());
        let (mut waits, mut watches) = (Notices::new(&hub, key(1), Hears::Rest), Notices::new(&hub, key(1), Hears::Everything));
        hub.publish(&[key(1)], || Notice::Missed { count: 1 });
        hub.publish_rest(&[key(2), key(1)], || quarantined(&key(2)));
        assert!(matches!(waits.next().await, Some(Notice::Quarantined { .. })));
        assert!(waits.try_next().is_none());
        assert!(matches!(watches.next().await, Some(Notice::Missed { .. })));
        assert!(matches!(watches.next().await, Some(Notice::Quarantined { .. })));
        drop(watches);
        assert!(!hub.listens(&[key(1)]) && hub.awaits(&[key(1)]), "no event is sent to who waits");
        assert!(hub.expects_rest(&key(1)) && !hub.expects_rest(&key(2)));
    }
}
