//! Giving back the space of purged executions and of documents that were written again or removed, while the store is used: a segment is
//! replaced by a copy with holes (`log/holes.rs`) once that halves what it takes of the disk. The view decides what is still needed, and none of
//! its rows changes. docs/storage.md says in which order things become durable, and why.

use std::collections::{HashSet, VecDeque};
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::disk;
use super::documents;
use super::error::Error;
use super::handle::Store;
use super::info::size_of_tree;
use super::journal_rows;
use super::keys;
use super::log::holes;
use super::log::segment::{self, Header, Segment};
use super::log::survey::{self, Survey};
use super::log::{StoreId, frame};
use super::options::Options;
use super::read;
use super::rebuild::{OnDamage, rebuild};
use super::running::Running;
use super::value::Place;
use super::view::View;
use crate::crash;
use crate::journal::{self, Kind, Outline, Record};

/// Segments that are replaced at a time: before each time the view is made durable.
const CHOSEN_MAX: usize = 16;
/// Owners remembered of whom something dead is left behind, about 30 bytes each; with more of them nothing that only buries is dropped.
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

/// Compacts the store in `options.dir`, which no process may have open, and makes its view again, which gives back what sled leaks.
///
/// # Errors
/// As opening, and as [`Store::compact`].
pub fn compact(options: &Options) -> Result<OfflineReport, Error> {
    let size = || size_of_tree(&options.dir).map_err(Error::io("read", &options.dir));
    let store = Store::open(options)?;
    let bytes_before = size()?;
    let log = store.compact(|_| true)?;
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

    /// One round over all segments but the newest. Everything goes on meanwhile. After each segment `goes_on` hears how long that took, and
    /// may wait; when it says no, the round ends. Blocking.
    ///
    /// # Errors
    /// `Refused` while another round is under way; `Damaged` when the log is; otherwise as a commit. What was replaced stays so.
    pub fn compact(&self, mut goes_on: impl FnMut(Duration) -> bool) -> Result<CompactReport, Error> {
        let busy = |_| Error::Refused("the store is being compacted already; wait until that is done".to_owned());
        let _alone = self.inner.compaction.try_lock().map_err(busy)?;
        self.meters().compaction_begins();
        let mut round = Round::begin(&self.inner)?;
        loop {
            let chosen = round.choose(self.view()?, &mut goes_on)?;
            if chosen.is_empty() {
                return Ok(round.report);
            }
            self.keep_past().wait()?;
            crash::point("compact.past_kept");
            // What buries must be in the view before what it buries leaves the log, however the process ends.
            self.view()?;
            self.inner.progress.checkpoint()?;
            crash::point("compact.checkpointed");
            round.replace(chosen)?;
        }
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
    number: u64,
    /// Which of its records go, in order.
    drops: Vec<bool>,
    bytes_freed: u64,
}

/// From the oldest segment to the newest but one.
pub struct Round<'a> {
    running: &'a Running,
    rest: VecDeque<Header>,
    /// Of whom something dead stays behind in the segments that were passed.
    left: HashSet<Owner>,
    pub report: CompactReport,
}

impl<'a> Round<'a> {
    pub fn begin(running: &'a Running) -> Result<Self, Error> {
        let mut segments = Survey::of_running(running.disk.as_ref(), running.id)?.segments;
        // It may still be written to.
        segments.pop();
        let report = CompactReport { segments: segments.len(), ..CompactReport::default() };
        Ok(Self { running, rest: segments.into(), left: HashSet::new(), report })
    }

    /// The next segments that are worth replacing; none at the end. `view` has everything that is in them.
    pub fn choose(&mut self, view: &dyn View, goes_on: &mut dyn FnMut(Duration) -> bool) -> Result<Vec<Chosen>, Error> {
        let mut chosen = Vec::new();
        while chosen.len() < CHOSEN_MAX
            && let Some(header) = self.rest.pop_front()
        {
            let began = Instant::now();
            let segment = survey::used(self.running.disk.as_ref(), self.running.id, header.number)?;
            chosen.extend(self.judge(view, &segment)?);
            drop(segment);
            if !goes_on(began.elapsed()) {
                self.rest.clear();
                return Ok(Vec::new());
            }
        }
        Ok(chosen)
    }

    fn judge(&mut self, view: &dyn View, segment: &Segment) -> Result<Option<Chosen>, Error> {
        let (id, number) = (self.running.id, segment.header.number);
        let fates = fates(view, id, segment)?;
        let drops: Vec<bool> = fates.iter().map(|fate| self.drops(*fate)).collect();
        if !drops.contains(&true) {
            return Ok(None);
        }
        let (before, after) = (holes::space(&segment.bytes), holes::space(&holes::dug(segment, id, &drops)));
        if after < before && 2 * after <= before {
            return Ok(Some(Chosen { number, drops, bytes_freed: before - after }));
        }
        let dead = fates.iter().filter_map(|fate| match fate {
            Fate::Dead(owner) => Some(*owner),
            Fate::Kept | Fate::Buries(_) => None,
        });
        self.left.extend(dead.take(LEFT_MAX.saturating_sub(self.left.len())));
        Ok(None)
    }

    fn drops(&self, fate: Fate) -> bool {
        match fate {
            Fate::Kept => false,
            Fate::Dead(_) => true,
            Fate::Buries(owner) => self.left.len() < LEFT_MAX && !self.left.contains(&owner),
        }
    }

    /// Replaces them, the oldest first: what buries goes only after what it buries.
    pub fn replace(&mut self, chosen: Vec<Chosen>) -> Result<(), Error> {
        let (disk, id) = (self.running.disk.as_ref(), self.running.id);
        let _maintenance = self.running.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        for Chosen { number, drops, bytes_freed } in chosen {
            let segment = survey::used(disk, id, number)?;
            let bytes = holes::dug(&segment, id, &drops);
            let is_closed = self.running.replacing.lock().unwrap_or_else(PoisonError::into_inner);
            if *is_closed {
                return Err(Error::Stopped("it was closed".to_owned()));
            }
            disk::replace_with_holes(disk, &segment::name(number), &bytes)?;
            drop(is_closed);
            crash::point("compact.replaced");
            self.running.records.forget(number);
            self.report.segments_rewritten += 1;
            self.report.records_dropped += drops.iter().filter(|drops| **drops).count();
            self.report.bytes_freed += bytes_freed;
        }
        Ok(())
    }
}

/// What is to become of each record of a segment, in order.
fn fates(view: &dyn View, id: StoreId, segment: &Segment) -> Result<Vec<Fate>, Error> {
    let mut fates = Vec::new();
    for found in &segment.frames(id).0 {
        for (start, record) in frame::records(found.payload) {
            let place = Place { segment: segment.header.number, offset: found.payload_offset + start as u64 };
            fates.push(fate(view, record.unwrap_or_else(|bytes| bytes), place)?);
        }
    }
    Ok(fates)
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
