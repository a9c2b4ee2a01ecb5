//! How far the log is durable and how far the view has followed; readers wait here for what was acknowledged.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::backlog::{Asked, Backlog};
use super::entry::Position;
use super::error::Error;

/// Who waits for a comparison of the view asks so often whether to go on.
const SCAN_LOOK: Duration = Duration::from_millis(100);

/// Shared by the committer, the applier and every reader.
pub struct Progress {
    /// The last position that is durable. Raised by the committer before it acknowledges.
    durable: AtomicU64,
    /// The last of them that changed documents of each collection: who reads one waits for nothing else.
    documents: Mutex<HashMap<String, Position>>,
    /// What the applier has done; guarded so that blocking readers can wait on `moved`.
    applied: Mutex<Applied>,
    moved: Condvar,
    /// The same for async waiters.
    watch: watch::Sender<Position>,
    /// What a reader who waits asks to be applied.
    backlog: Arc<Backlog>,
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
    pub fn new(position: Position, backlog: Arc<Backlog>) -> Self {
        Self {
            durable: AtomicU64::new(position.0),
            documents: Mutex::default(),
            applied: Mutex::new(Applied { position: position.0, stopped: None, failed: false }),
            moved: Condvar::new(),
            watch: watch::Sender::new(position),
            backlog,
        }
    }

    pub fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    /// `collections`: of the documents that the commit changed.
    pub fn set_durable<'a>(&self, position: Position, collections: impl Iterator<Item = &'a str>) {
        let mut documents = None;
        for collection in collections {
            let documents = documents.get_or_insert_with(|| self.documents.lock().unwrap_or_else(PoisonError::into_inner));
            match documents.get_mut(collection) {
                Some(last) => *last = position,
                None => drop(documents.insert(collection.to_owned(), position)),
            }
        }
        drop(documents);
        self.durable.store(position.0, Ordering::Release);
    }

    /// The last durable position that changed documents of `collection` since the store was opened.
    pub fn durable_of(&self, collection: &str) -> Position {
        let documents = self.documents.lock().unwrap_or_else(PoisonError::into_inner);
        documents.get(collection).copied().unwrap_or_default()
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

    /// Somebody will wait for everything up to `position`.
    pub fn want(&self, position: Position) {
        if self.applied() < position {
            self.backlog.want(position);
        }
    }

    /// Blocks until the view has everything up to `position`; at once when it does already.
    pub fn wait(&self, position: Position) -> Result<(), Error> {
        let mut applied = self.lock();
        if applied.position < position.0 {
            self.backlog.want(position);
        }
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

    /// Blocks until what the view has by now is durable, if it outlives the process.
    pub fn checkpoint(&self) -> Result<(), Error> {
        self.backlog.ask(Asked::Checkpoint).recv().map_err(|_| self.is_gone())?
    }

    /// Blocks until the view has been compared with its sums, or until `goes_on` says no: then false. A view that differs ends the process.
    pub fn scan(&self, goes_on: &mut dyn FnMut() -> bool) -> Result<bool, Error> {
        let scanned = self.backlog.ask(Asked::Scan);
        loop {
            match scanned.recv_timeout(SCAN_LOOK) {
                Ok(done) => return done.map(|()| true),
                Err(RecvTimeoutError::Disconnected) => return Err(self.is_gone()),
                Err(RecvTimeoutError::Timeout) if !goes_on() => return Ok(false),
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn is_gone(&self) -> Error {
        Error::Stopped(self.stopped().unwrap_or_else(|| "the applier is gone".to_owned()))
    }

    /// Waits without blocking the thread, and without asking for anything: for who follows. Also returns when the store has stopped.
    pub async fn reached(&self, position: Position) {
        let mut watch = self.watch.subscribe();
        let _ = watch.wait_for(|applied| *applied >= position || self.stopped().is_some()).await;
    }

    fn lock(&self) -> MutexGuard<'_, Applied> {
        self.applied.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that stops does not wait for the comparison of a large view.
    #[test]
    fn who_waits_for_a_comparison_can_leave() {
        let (backlog, _giver, _taker) = Backlog::new();
        let progress = Progress::new(Position(0), backlog);
        let mut asked = 0;
        let mut goes_on = || {
            asked += 1;
            asked < 3
        };
        assert!(!progress.scan(&mut goes_on).unwrap());
        assert_eq!(asked, 3);
    }
}
