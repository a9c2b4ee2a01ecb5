//! A store without threads: whoever holds it decides when the committer commits, when the applier follows, when segments are prepared and
//! when the high-water mark is raised. The code that runs is the store's own; for simulation, where every run must be repeatable.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use super::applier::{Applier, Frame};
use super::attachments::Attachments;
use super::backlog::Taker;
use super::committer::{Committer, Message};
use super::compact::{CompactReport, Round};
use super::disk::Disk;
use super::entry::Position;
use super::error::Error;
use super::handle::Store;
use super::log::supply::Sizes;
use super::memory_disk::MemoryDisk;
use super::opening;
use super::running::{Parts, Running};
use super::scan;

/// A store in memory that moves only when it is told to. Dropping it is like killing the process.
///
/// Reads of its [`Store`] see everything that is durable, and wait for the applier: call [`Stepped::apply_all`] before them.
pub struct Stepped {
    store: Store,
    committer: Committer,
    applier: Applier,
    requests: Receiver<Message>,
    frames: Taker,
    stopped: bool,
}

impl Stepped {
    /// Opens the store on `disk`, recovery included. The view is made from the log.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open(disk: &MemoryDisk, sizes: Sizes) -> Result<Self, Error> {
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let opened = opening::in_memory(&disk, sizes)?;
        let attachments = Attachments::open(disk.as_ref(), sizes.free_bytes_low)?;
        let (running, parts) = Running::assemble(opened, attachments, disk, Arc::new(|_| {}));
        let Parts { committer, requests, applier, frames } = parts;
        let store = Store { inner: Arc::new(running) };
        Ok(Self { store, committer, applier, requests, frames, stopped: false })
    }

    /// The handle; what is committed through it waits until [`Stepped::commit`].
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Nothing can be committed any more: a write or a sync failed.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopped
    }

    /// One commit of what waits; false when nothing did. A failure stops the store, and everybody is told.
    ///
    /// # Errors
    /// When the applier, which must not be too far behind, cannot follow.
    pub fn commit(&mut self) -> Result<bool, Error> {
        let supply = self.store.inner.supply();
        while supply.is_empty() {
            supply.stock_up();
        }
        // The threads would wait here for each other.
        if self.frames.is_full() || self.store.inner.supply().is_out() {
            self.apply_all()?;
        }
        let committed = self.committer.commit_ready(&self.requests);
        self.stopped |= committed.is_err();
        Ok(committed.unwrap_or(true))
    }

    /// The applier takes the next commit; false when the view has them all.
    ///
    /// # Errors
    /// When the view does not take it.
    pub fn apply(&mut self) -> Result<bool, Error> {
        self.take(Taker::next)
    }

    fn take(&mut self, take: impl Fn(&Taker) -> Option<Frame>) -> Result<bool, Error> {
        let Some(frame) = take(&self.frames) else { return Ok(false) };
        self.applier.apply(&frame)?;
        self.store.inner.progress.set_applied(frame.position);
        Ok(true)
    }

    /// The applier takes every commit, as many in one write as there are.
    ///
    /// # Errors
    /// When the view does not take one.
    pub fn apply_all(&mut self) -> Result<(), Error> {
        while self.take(Taker::gathered)? {}
        Ok(())
    }

    /// A round of compaction, with everything that was handed over committed and applied before.
    ///
    /// # Errors
    /// As [`Store::compact`].
    pub fn compact(&mut self) -> Result<CompactReport, Error> {
        let running = Arc::clone(&self.store.inner);
        self.settle()?;
        scan::compare(running.view.as_ref(), &self.applier.mark().sums)?;
        let mut round = Round::begin(&running, Position(u64::MAX))?;
        round.find_stale(running.view.as_ref())?;
        loop {
            let chosen = round.choose(running.view.as_ref(), &mut |_| true)?;
            if chosen.is_empty() {
                return Ok(round.report);
            }
            let kept = self.store.keep_past();
            self.settle()?;
            kept.wait()?;
            round.replace(chosen, &mut |_| true)?;
        }
    }

    /// Commits and applies everything that was handed over.
    fn settle(&mut self) -> Result<(), Error> {
        loop {
            self.apply_all()?;
            if self.stopped {
                return Err(Error::Stopped(self.store.inner.progress.stopped().unwrap_or_default()));
            }
            if !self.commit()? {
                return Ok(());
            }
        }
    }

    /// Prepares a segment if there are too few.
    pub fn prepare(&self) {
        self.store.inner.supply().stock_up();
    }

    /// Raises the high-water mark, as the committer does when it is idle. A failure stops the store.
    pub fn raise_mark(&mut self) {
        if self.committer.log.mark_is_behind()
            && let Err(error) = self.committer.log.raise_mark()
        {
            self.store.inner.progress.fail(&error.to_string());
            self.stopped = true;
        }
    }

    /// An orderly end: everything is committed and applied, and the next opening finds the marker of a clean close.
    ///
    /// # Errors
    /// When the store has stopped, or a write fails: then it recovers at the next opening.
    pub fn close(mut self) -> Result<(), Error> {
        while !self.stopped && self.commit()? {}
        self.raise_mark();
        self.apply_all()?;
        if self.stopped {
            return Err(Error::Stopped(self.store.inner.progress.stopped().unwrap_or_default()));
        }
        self.store.inner.mark_clean()
    }
}
