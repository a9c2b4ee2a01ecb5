//! Giving back the space of purged executions and of documents that were written again or removed, while the store is used: a segment is
//! replaced by a copy with holes (`log/holes.rs`) once that halves what it takes of the disk. The view decides what is still needed, and none of
//! its rows changes. docs/storage.md says in which order things become durable, and why.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::sync::{PoisonError, TryLockError};
use std::time::{Duration, Instant};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::disk;
use super::documents;
use super::entry::Position;
use super::error::Error;
use super::handle::Store;
use super::info::size_of_tree;
use super::journal_rows;
use super::keys;
use super::log::frames::{self, Frame, Frames};
use super::log::holes::{Digger, Space};
use super::log::segment::{self, Header};
use super::log::survey::Survey;
use super::options::Options;
use super::past;
use super::read;
use super::rebuild::{OnDamage, rebuild};
use super::running::Running;
use super::value::Place;
use super::view::View;
use crate::crash;
use crate::journal::{self, Kind, Outline, Record};

/// Segments that are replaced at a time: before each time the view is made durable.
const CHOSEN_MAX: usize = 16;
/// Owners remembered of whom something dead is left behind, about 30 bytes each; with more of them nothing that only buries is dropped any more.
const LEFT_MAX: usize = 1 << 20;
/// Buried before a round of a process is worth its while, at least, and as a part of the log. The first does not know what was buried before.
const BURIED_BYTES_MIN: u64 = 32 << 20;
const BURIED_BYTES_FIRST: u64 = 1 << 20;
const BURIED_PART: u64 = 4;

/// What a round of compaction did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CompactReport {
    /// All but the newest.
    pub segments: usize,
    pub segments_rewritten: usize,
    pub records_dropped: usize,
    /// Of the log's space on disk.
    pub bytes_freed: u64,
}

/// What a compaction of a store that nobody uses did.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct OfflineReport {
    #[serde(flatten)]
    pub log: CompactReport,
    /// Of the whole data directory.
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// Compacts the store in `options.dir`, which no process may have open, and makes its view again, which gives back what sled leaks. `until` says
/// up to where who follows the log has read it.
///
/// # Errors
/// As opening, as `until`, and as [`Store::compact`].
pub fn compact(options: &Options, until: impl FnOnce(&Store) -> Result<Position, Error>) -> Result<OfflineReport, Error> {
    let size = || size_of_tree(&options.dir).map_err(Error::io("read", &options.dir));
    let store = Store::open(options)?;
    let bytes_before = size()?;
    let log = store.compact(until(&store)?, |_| true)?;
    store.close()?;
    rebuild(options, OnDamage::Refuse)?;
    Ok(OfflineReport { log, bytes_before, bytes_after: size()? })
}

impl Store {
    /// Whether so much was purged, written again or removed that a round of compaction gives back a good part of the log. Blocking.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn is_worth_compacting(&self) -> Result<bool, Error> {
        let buried = self.meters().buried_bytes();
        let is_first = self.meters().compactions() == 0;
        Ok(buried >= BURIED_BYTES_FIRST && (is_first || buried >= BURIED_BYTES_MIN.max(self.gauges()?.log_bytes / BURIED_PART)))
    }

    /// One round over all segments but the newest, up to `until` and to where every feed is that is kept. Everything goes on meanwhile. After each segment
    /// `goes_on` hears how long that took, and may wait; when it says no, the round ends. Blocking.
    ///
    /// # Errors
    /// `Refused` while another round is under way; `Damaged` when the log is, `Full` when the disk is; otherwise as a commit. What was replaced
    /// stays so.
    pub fn compact(&self, until: Position, mut goes_on: impl FnMut(Duration) -> bool) -> Result<CompactReport, Error> {
        let _alone = match self.inner.compaction.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Refused("the store is being compacted already; wait until that is done".to_owned()));
            }
        };
        self.inner.may_replace()?;
        let buried = self.meters().buried_bytes();
        // What the view does not name is dropped: first it must be known to be whole.
        if !self.inner.progress.scan(&mut || goes_on(Duration::ZERO))? {
            return Ok(CompactReport::default());
        }
        let mut round = Round::begin(&self.inner, until)?;
        round.find_stale(self.view()?)?;
        loop {
            let chosen = round.choose(self.view()?, &mut goes_on)?;
            if chosen.is_empty() {
                break;
            }
            self.keep_past().wait()?;
            crash::point("compact.past_kept");
            // What buries must be in the view before what it buries leaves the log, however the process ends.
            self.view()?;
            self.inner.progress.checkpoint()?;
            crash::point("compact.checkpointed");
            if !round.replace(chosen, &mut goes_on)? {
                break;
            }
        }
        if round.is_over() {
            self.meters().compacted(buried, !round.is_limited);
        }
        Ok(round.report)
    }
}

/// Whose a record is: an execution's, or a document's. A digest, because a large store has millions of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Owner([u8; 16]);

impl Owner {
    fn of(names: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for name in names {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
        }
        let hash: [u8; 32] = hash.finalize().into();
        Self(hash.first_chunk().copied().unwrap_or_default())
    }
}

/// Whether a record is still needed.
#[derive(Clone, Copy)]
enum Fate {
    Kept,
    Dead(Owner),
    /// It only says that what came before it does not count: needed as long as something of that is there.
    Buries(Owner),
}

/// A segment that is worth replacing.
pub struct Chosen {
    segment: Sealed,
    /// Which of its records go, in order.
    drops: Vec<bool>,
    /// Of the file, and what it takes of the disk.
    size: u64,
    taken: u64,
    freed: u64,
}

/// A segment that is not written to any more, and the number of the frame after its last.
#[derive(Clone, Copy)]
struct Sealed {
    header: Header,
    next_lsn: u64,
}

/// Of whom something dead stays behind in the segments that were passed.
struct Left {
    owners: HashSet<Owner>,
    max: usize,
    /// There were more.
    is_full: bool,
}

impl Left {
    fn add(&mut self, owner: Owner) {
        if self.owners.len() < self.max {
            self.owners.insert(owner);
        } else {
            self.is_full |= !self.owners.contains(&owner);
        }
    }

    fn may_have(&self, owner: Owner) -> bool {
        self.is_full || self.owners.contains(&owner)
    }
}

/// From the oldest segment to the newest but one.
pub struct Round<'a> {
    running: &'a Running,
    rest: VecDeque<Sealed>,
    left: Left,
    was_ended: bool,
    /// Somebody has still to read some segments that are not written to any more.
    is_limited: bool,
    pub report: CompactReport,
}

impl<'a> Round<'a> {
    pub fn begin(running: &'a Running, until: Position) -> Result<Self, Error> {
        let segments = Survey::of_running(running.disk.as_ref(), running.id)?.segments;
        // The last may still be written to.
        let sealed = segments.array_windows().map(|[header, next]| Sealed { header: *header, next_lsn: next.first_lsn });
        let until = running.feeds.read_until().map_or(until, |read| read.min(until));
        let mut rest: VecDeque<Sealed> = sealed.collect();
        let all = rest.len();
        rest.retain(|segment| segment.next_lsn <= until.0.saturating_add(1));
        let report = CompactReport { segments: rest.len(), ..CompactReport::default() };
        let left = Left { owners: HashSet::new(), max: LEFT_MAX, is_full: false };
        Ok(Self { running, is_limited: rest.len() < all, rest, left, was_ended: false, report })
    }

    /// Looks once in the life of a process whose past statistics are not up to date; afterwards the applier knows.
    pub fn find_stale(&self, view: &dyn View) -> Result<(), Error> {
        if !self.running.stale.is_known() {
            self.running.stale.add(past::stale(view, self.running.records.as_ref())?);
            self.running.stale.set_known();
        }
        Ok(())
    }

    /// Whether every segment was looked at.
    pub fn is_over(&self) -> bool {
        self.rest.is_empty() && !self.was_ended
    }

    /// The next segments that are worth replacing; none at the end. `view` has everything that is in them.
    pub fn choose(&mut self, view: &dyn View, goes_on: &mut dyn FnMut(Duration) -> bool) -> Result<Vec<Chosen>, Error> {
        let mut chosen = Vec::new();
        while chosen.len() < CHOSEN_MAX
            && let Some(segment) = self.rest.pop_front()
        {
            let began = Instant::now();
            chosen.extend(self.judge(view, segment)?);
            if !goes_on(began.elapsed()) {
                self.was_ended = true;
                return Ok(Vec::new());
            }
        }
        Ok(chosen)
    }

    fn judge(&mut self, view: &dyn View, segment: Sealed) -> Result<Option<Chosen>, Error> {
        let (mut before, mut after) = (Space::default(), Space::default());
        let (mut drops, mut dead) = (Vec::new(), Vec::new());
        let mut whole = Digger::new(self.running.id, counting(&mut before));
        let mut dug = Digger::new(self.running.id, counting(&mut after));
        self.each_frame(segment, |found| {
            let mut kept = Vec::with_capacity(found.records.len());
            for (start, record) in &found.records {
                let place = Place { segment: segment.header.number, offset: found.payload_offset() + *start as u64 };
                let goes = match fate(view, record, place)? {
                    Fate::Kept => false,
                    Fate::Dead(owner) => {
                        dead.push(owner);
                        true
                    }
                    Fate::Buries(owner) => !self.left.may_have(owner),
                };
                drops.push(goes);
                if !goes {
                    kept.push((*start, record.as_slice()));
                }
            }
            let written = whole.push(found, &borrowed(&found.records)).and_then(|()| dug.push(found, &kept));
            written.map_err(Error::io("count", "the blocks of a segment"))
        })?;
        let size = whole.finish().and_then(|_| dug.finish()).map_err(Error::io("count", "the blocks of a segment"))?;
        let (before, after) = (before.bytes(), after.bytes());
        if drops.contains(&true) && after < before && 2 * after <= before {
            return Ok(Some(Chosen { segment, drops, size, taken: after, freed: before - after }));
        }
        for owner in dead {
            self.left.add(owner);
        }
        Ok(None)
    }

    /// Every frame of a segment; fails if it does not reach the next one.
    fn each_frame(&self, segment: Sealed, mut visit: impl FnMut(&Frame) -> Result<(), Error>) -> Result<(), Error> {
        let disk = self.running.disk.as_ref();
        let mut frames = Frames::open(disk, self.running.id, segment.header, frames::AHEAD)?;
        while let Some(found) = frames.next()? {
            visit(&found)?;
        }
        if frames.next_lsn() != segment.next_lsn {
            let message = format!("frame {} is not what was written; the next segment begins at {}", frames.next_lsn(), segment.next_lsn);
            return Err(Error::Damaged { path: disk.path(&segment::name(segment.header.number)), message });
        }
        Ok(())
    }

    /// Replaces them, the oldest first: what buries goes only after what it buries. False when `goes_on` says no.
    pub fn replace(&mut self, chosen: Vec<Chosen>, goes_on: &mut dyn FnMut(Duration) -> bool) -> Result<bool, Error> {
        for chosen in chosen {
            let began = Instant::now();
            // A copy for a backup reads whole segments.
            let maintenance = self.running.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
            let mut ended = self.running.replacing_ended.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(reason) = ended.as_ref() {
                return Err(Error::Stopped(reason.clone()));
            }
            if !self.running.supply().leaves_enough(chosen.taken) {
                return Err(Error::Full { path: self.running.disk.path(&segment::name(chosen.segment.header.number)) });
            }
            let replaced = self.replace_one(&chosen);
            if let Err(error) = &replaced {
                // What the disk holds by now, the next opening finds out.
                *ended = Some(format!("a segment could not be replaced: {error}"));
            }
            replaced?;
            drop((ended, maintenance));
            crash::point("compact.replaced");
            self.report.segments_rewritten += 1;
            self.report.records_dropped += chosen.drops.iter().filter(|drops| **drops).count();
            self.report.bytes_freed += chosen.freed;
            if !goes_on(began.elapsed()) {
                self.was_ended = true;
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn replace_one(&self, chosen: &Chosen) -> Result<(), Error> {
        let (disk, header) = (self.running.disk.as_ref(), chosen.segment.header);
        disk::replace_sparse(disk, &segment::name(header.number), chosen.size, |file| {
            file.write_at(&Header { size: chosen.size, has_holes: true, ..header }.encode(self.running.id), 0)?;
            let mut drops = chosen.drops.iter();
            let mut digger = Digger::new(self.running.id, |begin, bytes: &[u8]| file.write_at(bytes, begin));
            let dug = self.each_frame(chosen.segment, |found| {
                let kept = found.records.iter().filter(|_| drops.next() == Some(&false)).map(|(start, record)| (*start, record.as_slice()));
                digger.push(found, &kept.collect::<Vec<_>>()).map_err(Error::io("write", "the copy of a segment"))
            });
            dug.map_err(io::Error::other)?;
            let size = digger.finish()?;
            let is_same = size == chosen.size && drops.next().is_none();
            if is_same { Ok(()) } else { Err(io::Error::other("it is not what it was a moment ago")) }
        })?;
        self.running.records.forget(header.number);
        Ok(())
    }
}

fn borrowed(records: &[(usize, Vec<u8>)]) -> Vec<(usize, &[u8])> {
    records.iter().map(|(start, record)| (*start, record.as_slice())).collect()
}

/// Writes nothing, and adds up what it would take.
fn counting(space: &mut Space) -> impl FnMut(u64, &[u8]) -> io::Result<()> {
    // The header's page.
    space.add(0, &[0; segment::HEADER_LENGTH]);
    |begin, bytes| {
        space.add(begin, bytes);
        Ok(())
    }
}

/// What the view, which shows more than this record, says of it.
fn fate(view: &dyn View, bytes: &[u8], place: Place) -> Result<Fate, Error> {
    let Outline { kind, tenant, execution, extent } = journal::outline(bytes)?;
    let owner = |execution: crate::ids::ExecutionId| Owner::of(&[tenant.as_str(), &execution.to_string()]);
    let (execution, first_seq) = match (kind, execution, extent) {
        (Kind::Document, ..) => return document_fate(view, bytes, place),
        (Kind::Purged | Kind::Released, Some(execution), _) => return Ok(Fate::Buries(owner(execution))),
        (Kind::Quarantine, Some(execution), _) => {
            let is_open = read::body(view, &keys::quarantine(&tenant, execution))?.is_some();
            return Ok(if is_open { Fate::Kept } else { Fate::Dead(owner(execution)) });
        }
        (_, Some(execution), Some(extent)) => (execution, extent.first_seq),
        _ => return Ok(Fate::Kept),
    };
    // A row of its journal says that it stands here; one of a later execution with its id would stand elsewhere.
    let rows = journal_rows::before(view, &tenant, execution, first_seq.saturating_add(1), 1)?;
    let is_named = rows.iter().flat_map(|found| &found.tail.row.turns).any(|turn| turn.extract.place == place);
    Ok(if is_named { Fate::Kept } else { Fate::Dead(owner(execution)) })
}

fn document_fate(view: &dyn View, bytes: &[u8], place: Place) -> Result<Fate, Error> {
    let Record::Document(document) = journal::decode(bytes)? else { return Ok(Fate::Kept) };
    let owner = Owner::of(&[document.tenant.as_str(), &document.collection, &document.key]);
    let Some(body) = &document.body else { return Ok(Fate::Buries(owner)) };
    let row = read::body(view, &keys::document(&document.tenant, &document.collection, &document.key))?;
    let is_what_stands = row.is_some_and(|row| row == documents::row(document.version, body, bytes, place));
    Ok(if is_what_stands { Fate::Kept } else { Fate::Dead(owner) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Forgetting one owner would let go what buries it.
    #[test]
    fn with_more_owners_than_are_remembered_any_may_have_left_something() {
        let owner = |name: &str| Owner::of(&[name]);
        let mut left = Left { owners: HashSet::new(), max: 2, is_full: false };
        for name in ["a", "a", "b", "a", "b"] {
            left.add(owner(name));
        }
        assert!(left.may_have(owner("a")) && left.may_have(owner("b")) && !left.may_have(owner("c")));
        left.add(owner("c"));
        assert!(left.may_have(owner("c")) && left.may_have(owner("d")));
    }
}
