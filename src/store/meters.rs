//! What the store counts about its own work, for whoever watches it. Plain counters of this process; reading them costs nothing.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::applier;
use super::error::Error;
use super::handle::Store;
use super::info::{size_of_tree, space};
use super::keys::RowKind;
use super::opening::VIEW;
use crate::journal::Record;
use crate::machine::event::Event;
use crate::machine::question::QuestionKind;
use crate::machine::summary::Status;

/// Upper bounds of the classes of a commit's time, in seconds.
pub const COMMIT_SECONDS: [f64; 12] = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0];

/// Written by the committer and the applier.
#[derive(Debug, Default)]
pub struct Meters {
    /// By class; the last one holds what took longer.
    commits: [AtomicU64; COMMIT_SECONDS.len() + 1],
    commit_us: AtomicU64,
    syncs: AtomicU64,
    started: AtomicU64,
    ended: [AtomicU64; ENDS.len()],
    in_doubt: AtomicU64,
    buried_bytes: AtomicU64,
    compactions: AtomicU64,
}

/// How executions end.
pub const ENDS: [Status; 5] = [Status::Completed, Status::Failed, Status::TimedOut, Status::Cancelled, Status::Rejected];

/// What the executions of this process did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Turns {
    pub started: u64,
    /// In the order of [`ENDS`].
    pub ended: [u64; ENDS.len()],
    /// Calls whose outcome nobody knows, and for which a person was asked.
    pub in_doubt: u64,
}

/// How many commits took how long.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Commits {
    /// By class of [`COMMIT_SECONDS`], and what took longer.
    pub counts: [u64; COMMIT_SECONDS.len() + 1],
    pub seconds: f64,
}

/// What there is and what was done, at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Gauges {
    pub executions: u64,
    /// Neither completed nor ended otherwise.
    pub unfinished: u64,
    pub open_questions: u64,
    pub quarantined: u64,
    pub log_bytes: u64,
    pub view_bytes: u64,
    pub free_bytes: u64,
}

impl Meters {
    pub(super) fn committed(&self, took: Duration) {
        let class = COMMIT_SECONDS.iter().position(|bound| took.as_secs_f64() <= *bound).unwrap_or(COMMIT_SECONDS.len());
        self.commits[class].fetch_add(1, Ordering::Relaxed);
        self.commit_us.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    pub(super) fn synced(&self) {
        self.syncs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn applied(&self, record: &Record) {
        let Record::Execution(turn) = record else { return };
        self.started.fetch_add(u64::from(turn.first_seq == 0), Ordering::Relaxed);
        for event in &turn.events {
            match event {
                Event::Ended { ended, .. } => {
                    if let Some(at) = ENDS.iter().position(|status| *status == ended.status) {
                        self.ended[at].fetch_add(1, Ordering::Relaxed);
                    }
                }
                Event::Asked { question, .. } if question.kind == QuestionKind::InDoubt => {
                    self.in_doubt.fetch_add(1, Ordering::Relaxed);
                }
                _ => {}
            }
        }
    }

    pub(super) fn buried(&self, bytes: u64) {
        self.buried_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// A round is over that began when so much was buried, and that looked at everything, or not.
    pub(super) fn compacted(&self, buried: u64, is_whole: bool) {
        self.buried_bytes.fetch_sub(buried, Ordering::Relaxed);
        self.compactions.fetch_add(u64::from(is_whole), Ordering::Relaxed);
    }

    /// Bytes of the log that do not count any more, because of what was recorded since the last round of compaction began; an estimate.
    #[must_use]
    pub fn buried_bytes(&self) -> u64 {
        self.buried_bytes.load(Ordering::Relaxed)
    }

    /// Whole rounds of compaction of this process.
    #[must_use]
    pub fn compactions(&self) -> u64 {
        self.compactions.load(Ordering::Relaxed)
    }

    /// What the executions did since the process began.
    #[must_use]
    pub fn turns(&self) -> Turns {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Turns { started: read(&self.started), ended: std::array::from_fn(|at| read(&self.ended[at])), in_doubt: read(&self.in_doubt) }
    }

    /// Commits of this process, each with the wait for the disk.
    #[must_use]
    pub fn commits(&self) -> Commits {
        #[expect(clippy::cast_precision_loss, reason = "whole microseconds stay exact for a century")]
        let seconds = self.commit_us.load(Ordering::Relaxed) as f64 / 1e6;
        Commits { counts: std::array::from_fn(|class| self.commits[class].load(Ordering::Relaxed)), seconds }
    }

    /// Syncs of the log and its mark.
    #[must_use]
    pub fn syncs(&self) -> u64 {
        self.syncs.load(Ordering::Relaxed)
    }
}

impl Store {
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.inner.meters
    }

    /// Counts that the view keeps with its rows, and sizes of files: nothing is scanned. Blocking.
    ///
    /// # Errors
    /// When the view or the directory cannot be read.
    pub fn gauges(&self) -> Result<Gauges, Error> {
        let sums = applier::mark(self.inner.view.as_ref())?.sums;
        let rows = |kind: RowKind| sums.0.get(&kind).map_or(0, |sum| sum.count);
        let at = |name: &str| self.inner.disk.path(name);
        let names = self.inner.disk.names().map_err(Error::io("look at", at("")))?;
        let segments = names.iter().filter(|name| name.starts_with("log-"));
        let log_bytes = segments.filter_map(|name| std::fs::metadata(at(name)).ok()).map(|metadata| space(&metadata)).sum();
        Ok(Gauges {
            executions: rows(RowKind::Summary),
            unfinished: self.inner.heads.count(),
            open_questions: rows(RowKind::Question),
            quarantined: rows(RowKind::Quarantine),
            log_bytes,
            // A file may go while it is looked at; the next look counts again.
            view_bytes: size_of_tree(&at(VIEW)).unwrap_or_default(),
            free_bytes: self.free_bytes()?,
        })
    }
}
