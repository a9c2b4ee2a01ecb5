//! How far the log is durable and how far the view has followed; readers wait here for what was acknowledged.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::entry::Position;
use super::error::Error;

/// Shared by the committer, the applier and every reader.
pub struct Progress {
    /// The last position that is durable. Raised by the committer before it acknowledges.
    durable: AtomicU64,
    /// What the applier has done; guarded so that blocking readers can wait on `moved`.
    applied: Mutex<Applied>,
    moved: Condvar,
    /// The same for async waiters.
    watch: watch::Sender<Position>,
}

#[derive(Default)]
struct Applied {
    position: u64,
    /// Why nothing more will be applied.
    stopped: Option<String>,
    /// It was a failure, not a close.
    failed: bool,
}

impl Progress {
    pub fn new(position: Position) -> Self {
        Self {
            durable: AtomicU64::new(position.0),
            applied: Mutex::new(Applied { position: position.0, stopped: None, failed: false }),
            moved: Condvar::new(),
            watch: watch::Sender::new(position),
        }
    }

    pub fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    pub fn set_durable(&self, position: Position) {
        self.durable.store(position.0, Ordering::Release);
    }

    pub fn applied(&self) -> Position {
        Position(self.lock().position)
    }

    pub fn set_applied(&self, position: Position) {
        self.lock().position = position.0;
        self.moved.notify_all();
        self.watch.send_replace(position);
    }

    /// As `stop`, for a failure: the store must not be marked as cleanly closed.
    pub fn fail(&self, reason: &str) {
        self.lock().failed = true;
        self.stop(reason);
    }

    pub fn failed(&self) -> bool {
        self.lock().failed
    }

    /// Wakes every waiter: nothing more will be applied.
    pub fn stop(&self, reason: &str) {
        self.lock().stopped.get_or_insert_with(|| reason.to_owned());
        self.moved.notify_all();
        self.watch.send_replace(self.applied());
    }

    pub fn stopped(&self) -> Option<String> {
        self.lock().stopped.clone()
    }

    /// Blocks until the view has everything up to `position`; at once when it does already.
    pub fn wait(&self, position: Position) -> Result<(), Error> {
        let mut applied = self.lock();
        loop {
            if applied.position >= position.0 {
                return Ok(());
            }
            if let Some(reason) = &applied.stopped {
                return Err(Error::Stopped(reason.clone()));
            }
            applied = self.moved.wait(applied).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The same without blocking the thread; also returns when the store has stopped.
    pub async fn reached(&self, position: Position) {
        let mut watch = self.watch.subscribe();
        let _ = watch.wait_for(|applied| *applied >= position || self.stopped().is_some()).await;
    }

    fn lock(&self) -> MutexGuard<'_, Applied> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
