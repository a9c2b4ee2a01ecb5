//! What came of deliveries, for whoever watches: counters of this process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::catalog::deliveries::Settling;
use crate::ids::TimeMs;
use crate::store::Position;

#[derive(Debug, Default)]
pub struct Meters {
    delivered: AtomicU64,
    again: AtomicU64,
    failed: AtomicU64,
    dropped: AtomicU64,
    under_way: AtomicU64,
    /// 0: none is due.
    oldest_due_at: AtomicU64,
    followed: AtomicU64,
}

/// The counters at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deliveries {
    pub delivered: u64,
    /// Attempts after which another one follows.
    pub again: u64,
    /// For good.
    pub failed: u64,
    pub dropped: u64,
    pub under_way: u64,
    /// When the one became due that is due, and not settled, the longest.
    pub oldest_due_at: Option<TimeMs>,
}

impl Meters {
    pub(super) fn followed(&self, position: Position) {
        self.followed.store(position.0, Ordering::Release);
    }

    /// Up to here it is known who wants to hear of what happened: what is behind it must stay in the log.
    #[must_use]
    pub fn followed_until(&self) -> Position {
        Position(self.followed.load(Ordering::Acquire))
    }

    pub(super) fn settled(&self, settling: &Settling) {
        let counter = match settling {
            Settling::Done => &self.delivered,
            Settling::Again { .. } => &self.again,
            Settling::Failed { .. } => &self.failed,
            Settling::Dropped { .. } => &self.dropped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn looked(&self, oldest_due_at: Option<TimeMs>) {
        self.oldest_due_at.store(oldest_due_at.map_or(0, |at| at.0), Ordering::Relaxed);
    }

    pub(super) fn sending(&self, under_way: usize) {
        self.under_way.store(under_way as u64, Ordering::Relaxed);
    }

    #[must_use]
    pub fn read(&self) -> Deliveries {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let oldest_due_at = Some(TimeMs(read(&self.oldest_due_at))).filter(|at| at.0 > 0);
        let (delivered, again, failed, dropped) = (read(&self.delivered), read(&self.again), read(&self.failed), read(&self.dropped));
        Deliveries { delivered, again, failed, dropped, under_way: read(&self.under_way), oldest_due_at }
    }
}
