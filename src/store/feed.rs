//! The log read as it grows: every record from a position on, in the order of commits. For whoever has to act on what was recorded and
//! must not miss anything over a restart (webhooks, mails). A reader notes how far it is as a document of its own, and who compacts leaves
//! what is behind that.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use super::entry::Position;
use super::error::Error;
use super::handle::Store;
use super::log::frames::{self, Frames};
use super::log::segment;
use super::log::survey::Survey;
use crate::journal::{self, Record};

/// What one commit recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Fed {
    pub position: Position,
    pub records: Vec<Record>,
}

/// A place in the log from which somebody reads on.
pub struct Feed {
    store: Store,
    /// The frame that comes next.
    next_lsn: u64,
    /// Where it is, for who compacts, if that is to wait.
    place: Option<Arc<AtomicU64>>,
    /// None until the segment that holds `next_lsn` was looked up.
    frames: Option<Frames>,
}

impl Store {
    /// Everything that is recorded behind `after`.
    #[must_use]
    pub fn feed(&self, after: Position) -> Feed {
        Feed { store: self.clone(), next_lsn: after.0 + 1, place: None, frames: None }
    }
}

/// Where the feeds are that are kept.
#[derive(Debug, Default)]
pub struct Feeds(Mutex<Vec<Weak<AtomicU64>>>);

impl Feeds {
    fn add(&self, after: Position) -> Arc<AtomicU64> {
        let place = Arc::new(AtomicU64::new(after.0));
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|place| place.strong_count() > 0);
        places.push(Arc::downgrade(&place));
        place
    }

    /// All of them have read what is up to here; none when there are none.
    pub fn read_until(&self) -> Option<Position> {
        let places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.iter().filter_map(Weak::upgrade).map(|place| Position(place.load(Ordering::Relaxed))).min()
    }
}

impl Feed {
    /// What it has not read yet stays in the log as long as it is there, also what is purged: for who must miss nothing and is never long behind.
    #[must_use]
    pub fn kept(mut self) -> Self {
        self.place = Some(self.store.inner.feeds.add(self.position()));
        self
    }

    /// Up to here it has been read.
    #[must_use]
    pub fn position(&self) -> Position {
        Position(self.next_lsn - 1)
    }

    /// Until there is more, and the view has it; also returns when the store has stopped.
    pub async fn grown(&self) {
        self.store.applied(Position(self.next_lsn)).await;
    }

    /// What comes next and is in the view already; at most `frames_max` commits, and none more once they have `bytes_max`. Blocking.
    ///
    /// # Errors
    /// `Damaged` when the log is, once what is whole before that was read.
    pub fn read(&mut self, frames_max: usize, bytes_max: usize) -> Result<Vec<Fed>, Error> {
        let applied = self.store.inner.progress.applied().0;
        let (mut found, mut bytes) = (Vec::new(), 0);
        while found.len() < frames_max && bytes < bytes_max {
            match self.next(applied) {
                Ok(Some((fed, size))) => {
                    found.push(fed);
                    bytes += size;
                }
                Err(error) if found.is_empty() => return Err(error),
                // Damage is met again at the next call.
                Ok(None) | Err(_) => break,
            }
        }
        Ok(found)
    }

    /// The next commit, if it is not behind `applied`, and the bytes of its records.
    fn next(&mut self, applied: u64) -> Result<Option<(Fed, usize)>, Error> {
        while self.next_lsn <= applied {
            let mut frames = match self.frames.take() {
                Some(frames) => frames,
                None => self.look_up()?,
            };
            let Some(frame) = frames.next()? else {
                // Its segment is read to the end: a later one has this number.
                let next = self.look_up()?;
                if next.segment.first_lsn <= frames.segment.first_lsn {
                    let path = self.store.inner.disk.path(&segment::name(frames.segment.number));
                    return Err(Error::Damaged { path, message: format!("frame {} is not what was written", frames.next_lsn()) });
                }
                self.frames = Some(next);
                continue;
            };
            if frame.next_lsn() <= self.next_lsn {
                self.frames = Some(frames);
                continue;
            }
            let records: Result<Vec<Record>, Error> = frame.records.iter().map(|(_, record)| Ok(journal::decode(record)?)).collect();
            let fed = Fed { position: Position(frame.next_lsn() - 1), records: records? };
            (self.next_lsn, self.frames) = (frame.next_lsn(), Some(frames));
            if let Some(place) = &self.place {
                place.store(self.position().0, Ordering::Relaxed);
            }
            return Ok(Some((fed, frame.records.iter().map(|(_, record)| record.len()).sum())));
        }
        Ok(None)
    }

    fn look_up(&self) -> Result<Frames, Error> {
        let (disk, id) = (self.store.inner.disk.as_ref(), self.store.inner.id);
        let survey = Survey::of_running(disk, id)?;
        let header = survey.segments.iter().rev().find(|header| header.first_lsn <= self.next_lsn);
        let missing = || Error::Damaged { path: disk.path("log-…"), message: format!("no segment holds frame {}", self.next_lsn) };
        Frames::open(disk, id, *header.ok_or_else(missing)?, frames::ALONG)
    }
}
