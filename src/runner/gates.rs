//! How much may be under way at once, and how much may start per minute, towards each host, model provider and MCP server.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::config::machine;
use crate::limits::CALLS_PERCENT;

/// Bounds towards one target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Calls under way at once.
    pub concurrent: usize,
    /// Calls that may start per minute; none: no limit.
    pub per_minute: Option<NonZeroU32>,
}

/// One gate per target, made when first needed.
#[derive(Debug)]
pub struct Gates {
    bounds: Bounds,
    /// Bounds of single targets that differ.
    special: HashMap<String, Bounds>,
    open: Mutex<HashMap<String, Gate>>,
    /// One per file that all calls together may have open.
    files: Arc<Semaphore>,
    files_max: u32,
}

#[derive(Clone, Debug)]
struct Gate {
    slots: Arc<Semaphore>,
    rate: Option<Arc<DefaultDirectRateLimiter>>,
}

/// Held while a call is under way.
#[derive(Debug)]
pub struct Pass {
    _slot: Option<OwnedSemaphorePermit>,
    _files: Option<OwnedSemaphorePermit>,
}

/// Files of calls where nothing bounds them.
const FILES_MAX: u32 = 1 << 20;
/// Gates are dropped when more targets than this have been seen and nobody is behind them: a flow may call any number of hosts.
const TARGETS_KEPT_MAX: usize = 1_024;

impl Gates {
    #[must_use]
    pub fn new(bounds: Bounds, special: HashMap<String, Bounds>) -> Self {
        let files_max = machine::files(CALLS_PERCENT).and_then(|files| u32::try_from(files).ok()).unwrap_or(u32::MAX);
        Self::within(files_max, bounds, special)
    }

    fn within(files_max: u32, bounds: Bounds, special: HashMap<String, Bounds>) -> Self {
        let files_max = files_max.clamp(1, FILES_MAX);
        Self { bounds, special, open: Mutex::default(), files: Arc::new(Semaphore::new(files_max as usize)), files_max }
    }

    /// Waits until a call to `target` may start, which will have so many files open. Dropping the future gives the place in the queue up.
    pub async fn pass(&self, target: &str, files: u32) -> Pass {
        let gate = self.gate(target);
        // The semaphore is never closed, so an error cannot come; without a slot the call goes ahead unbounded.
        let slot = Arc::clone(&gate.slots).acquire_owned().await.ok();
        if let Some(rate) = &gate.rate {
            while let Err(not_until) = rate.check() {
                tokio::time::sleep(not_until.wait_time_from(DefaultClock::default().now())).await;
            }
        }
        // Last, so that nobody waits for a target while others wait for files.
        let files = Arc::clone(&self.files).acquire_many_owned(files.min(self.files_max)).await.ok();
        Pass { _slot: slot, _files: files }
    }

    fn gate(&self, target: &str) -> Gate {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = open.get(target) {
            return gate.clone();
        }
        if open.len() >= TARGETS_KEPT_MAX {
            // Somebody else holds the semaphore: a call is under way or waits.
            open.retain(|_, gate| Arc::strong_count(&gate.slots) > 1);
        }
        let bounds = self.special.get(target).unwrap_or(&self.bounds);
        let rate = bounds.per_minute.map(|count| Arc::new(RateLimiter::direct(Quota::per_minute(count))));
        let gate = Gate { slots: Arc::new(Semaphore::new(bounds.concurrent.max(1))), rate };
        open.insert(target.to_owned(), gate.clone());
        gate
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn gates(concurrent: usize, per_minute: Option<u32>) -> Gates {
        Gates::new(Bounds { concurrent, per_minute: per_minute.and_then(NonZeroU32::new) }, HashMap::new())
    }

    async fn passes_at_once(gates: &Gates, target: &str) -> Option<Pass> {
        tokio::time::timeout(Duration::from_millis(50), gates.pass(target, 1)).await.ok()
    }

    #[tokio::test]
    async fn a_full_target_waits_and_another_does_not() {
        let gates = gates(1, None);
        let first = passes_at_once(&gates, "a").await.expect("free");
        assert!(passes_at_once(&gates, "a").await.is_none());
        assert!(passes_at_once(&gates, "b").await.is_some());
        drop(first);
        assert!(passes_at_once(&gates, "a").await.is_some());
    }

    #[tokio::test]
    async fn calls_wait_for_files_wherever_they_go() {
        let gates = Gates::within(3, Bounds { concurrent: 10, per_minute: None }, HashMap::new());
        let at_once = async |target: &str, files| tokio::time::timeout(Duration::from_millis(50), gates.pass(target, files)).await.ok();
        let first = at_once("a", 2).await.expect("free");
        assert!(at_once("b", 2).await.is_none(), "one file is left");
        let second = at_once("b", 1).await.expect("free");
        drop((first, second));
        assert!(at_once("c", 9).await.is_some(), "with all of them, if it needs more");
    }

    #[tokio::test]
    async fn the_rate_is_held() {
        let gates = gates(10, Some(2));
        assert!(passes_at_once(&gates, "a").await.is_some());
        assert!(passes_at_once(&gates, "a").await.is_some());
        assert!(passes_at_once(&gates, "a").await.is_none(), "a third call within the minute must wait");
    }
}
