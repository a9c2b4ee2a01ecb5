//! Feeds the view in commit order, behind the committer. The only writer of the view. Notes with every batch, in the same atomic
//! write, how far it is and the sums of all rows, so that the view always says exactly which prefix of the log it shows.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::closings;
use super::counters::{Addition, Counters};
use super::entry::Position;
use super::error::Error;
use super::heads::{self, Change, Changes as Moves, Heads};
use super::journal_rows::{self, Chain, JournalRow, Tail, TurnAt};
use super::keys::{self, RowKind};
use super::past::{self, Stale};
use super::questions;
use super::rows::{self, Before, Located};
use super::scan::{self, Scan};
use super::stats;
use super::sums::Sums;
use super::value::{self, Blob, Extract};
use super::view::{Order, Range, View, Write};
use crate::crash;
use crate::ids::{ExecutionId, Tenant};
use crate::journal::{self, Outline, Purged, Record, Turn};
use crate::machine::summary::Summary;

/// Journal rows read at a time while an execution is purged.
const PURGE_ROWS: usize = 256;

/// Rows that a record changes, to make room for; most change fewer.
const ROWS_OF_A_RECORD: usize = 4;

/// What the applier notes in the view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub position: Position,
    pub sums: Sums,
}

/// Records that are applied in one write at most, or so many of their bytes: all that they change is in memory then. Most executions begin and
/// end within so many, and leave only what remains of them; and the more comes at once, the more space sled leaves unused.
const FRAME_RECORDS_MAX: usize = 1_024;
const FRAME_BYTES_MAX: usize = 8 << 20;

/// Whether so many records with so many bytes are enough for one write.
pub fn is_enough(records: usize, bytes: usize) -> bool {
    records >= FRAME_RECORDS_MAX || bytes >= FRAME_BYTES_MAX
}

/// The records of one log frame, or of several that follow each other.
#[derive(Debug)]
pub struct Frame {
    pub position: Position,
    pub records: Vec<Located>,
    /// Of the records.
    pub bytes: usize,
}

impl Frame {
    pub fn new(position: Position, records: Vec<Located>) -> Self {
        let bytes = records.iter().map(|located| located.bytes.len()).sum();
        Self { position, records, bytes }
    }

    pub fn is_full(&self) -> bool {
        is_enough(self.records.len(), self.bytes)
    }

    /// Both together, to be applied in one write.
    pub fn append(&mut self, next: Self) {
        self.position = next.position;
        self.bytes += next.bytes;
        self.records.extend(next.records);
    }
}

/// Reads records that the view does not hold.
pub trait Records: Send + Sync {
    /// The record at this place, as its own checksum in the log says.
    ///
    /// # Errors
    /// When the log does not hold a record there any more.
    fn extract(&self, extract: &Extract) -> Result<Vec<u8>, Error>;

    /// # Errors
    /// As `extract`, and when it is another record.
    fn read(&self, blob: &Blob) -> Result<Vec<u8>, Error> {
        match blob {
            Blob::Inline(bytes) => Ok(bytes.clone()),
            Blob::InLog { extract, sha256 } => {
                let bytes = self.extract(extract)?;
                if <[u8; 32]>::from(Sha256::digest(&bytes)) == *sha256 {
                    return Ok(bytes);
                }
                Err(Error::ViewDamaged(format!(
                    "what segment {} holds at {} is another record",
                    extract.place.segment, extract.place.offset
                )))
            }
        }
    }
}

/// How far the view says it is.
pub fn mark(view: &dyn View) -> Result<Mark, Error> {
    match view.get(keys::PROGRESS)? {
        Some(sealed) => serde_json::from_slice(value::open(keys::PROGRESS, &sealed)?)
            .map_err(|error| Error::ViewDamaged(format!("its progress cannot be read: {error}"))),
        None => Ok(Mark::default()),
    }
}

/// Applies frames one after the other.
pub struct Applier {
    view: Arc<dyn View>,
    records: Arc<dyn Records>,
    mark: Mark,
    /// Changed after the view, so that a reader who looks here first never expects more than the view has.
    heads: Arc<Heads>,
    scan: Option<Scan>,
    /// Of the log, by what was applied.
    buried_bytes: u64,
    stale: Arc<Stale>,
}

impl Applier {
    /// Goes on where the view says it is.
    pub fn new(view: Arc<dyn View>, records: Arc<dyn Records>, heads: Arc<Heads>) -> Result<Self, Error> {
        let mark = mark(view.as_ref())?;
        Ok(Self { view, records, mark, heads, scan: None, buried_bytes: 0, stale: Arc::default() })
    }

    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    pub fn heads(&self) -> &Heads {
        &self.heads
    }

    pub fn shared_stale(&self) -> Arc<Stale> {
        Arc::clone(&self.stale)
    }

    pub fn shared_heads(&self) -> Arc<Heads> {
        Arc::clone(&self.heads)
    }

    /// Bytes of the log that do not count any more, because of what was applied since this was last asked.
    pub fn take_buried_bytes(&mut self) -> u64 {
        std::mem::take(&mut self.buried_bytes)
    }

    /// From now on `scan` compares the view with its sums, piece by piece.
    pub fn begin_scan(&mut self) {
        self.scan = Some(Scan::default());
    }

    pub fn is_scanning(&self) -> bool {
        self.scan.is_some()
    }

    /// One piece of the scan.
    pub fn scan(&mut self) -> Result<(), Error> {
        let Some(scan) = &mut self.scan else { return Ok(()) };
        if scan.step(self.view.as_ref())? {
            scan::same(&scan.sums, &self.mark.sums)?;
            self.scan = None;
        }
        Ok(())
    }

    /// For so many records.
    fn overlay(&self, records_count: usize) -> Overlay<'_> {
        let (view, records, heads) = (self.view.as_ref(), self.records.as_ref(), self.heads.as_ref());
        let changed = HashMap::with_capacity(records_count * ROWS_OF_A_RECORD);
        Overlay { view, records, heads, moved: Moves::new(), tails: HashMap::new(), changed, buried_bytes: 0, stale: Vec::new() }
    }

    /// Moves the heads over the records of a frame that the view already has.
    pub fn follow(&mut self, records: Vec<(Outline, &[u8])>) -> Result<(), Error> {
        let mut overlay = self.overlay(0);
        for (outline, bytes) in records {
            let before = match (outline.execution, outline.extent) {
                (Some(execution), Some(extent)) if extent.first_seq > 0 => {
                    overlay.last_chain(&outline.tenant, execution, extent.first_seq)?
                }
                _ => [0; 32],
            };
            heads::change(outline, value::chain(&before, bytes), &mut overlay.moved);
        }
        self.heads.change(overlay.moved);
        Ok(())
    }

    /// Applies the records of `frame` in one atomic write. A row that several of them change is written, and accounted for, once.
    pub fn apply(&mut self, frame: &Frame) -> Result<(), Error> {
        let mut overlay = self.overlay(frame.records.len());
        for located in &frame.records {
            if let Some(purged) = overlay.lost_purge(located)? {
                overlay.take(&purged)?;
            }
            overlay.take(located)?;
        }
        for ((tenant, execution), tail) in std::mem::take(&mut overlay.tails) {
            overlay.known(keys::journal(&tenant, execution, tail.first_seq), None, Some(tail.row.write()));
        }
        let Overlay { changed, moved, buried_bytes, stale, .. } = overlay;
        let mut sums = self.mark.sums.clone();
        let mut writes: Vec<Write> = Vec::with_capacity(changed.len() + 1);
        for (key, Changed { old, new }) in changed {
            if old == new {
                // Came and went within the frame, or came back to what it was.
                continue;
            }
            sums.change(&key, old.as_deref(), new.as_deref());
            if let Some(scan) = &mut self.scan {
                scan.follow(&key, old.as_deref(), new.as_deref());
            }
            writes.push((key, new));
        }
        let mark = Mark { position: frame.position, sums };
        let body = serde_json::to_vec(&mark).map_err(|error| Error::ViewDamaged(format!("its progress cannot be written: {error}")))?;
        writes.push((keys::PROGRESS.to_vec(), Some(value::seal(keys::PROGRESS, body))));
        crash::point("view.before");
        self.view.apply(writes)?;
        crash::point("view.after");
        self.heads.change(moved);
        self.stale.add(stale);
        self.mark = mark;
        self.buried_bytes += buried_bytes;
        Ok(())
    }
}

/// What a frame does to one row. Both are sealed.
struct Changed {
    /// In the view.
    old: Option<Vec<u8>>,
    new: Option<Vec<u8>>,
}

/// The view with the changes of the frame that is being applied.
struct Overlay<'a> {
    view: &'a dyn View,
    records: &'a dyn Records,
    heads: &'a Heads,
    moved: Moves,
    /// The last row of each journal that goes on in this frame.
    tails: HashMap<(Tenant, ExecutionId), Tail>,
    changed: HashMap<Vec<u8>, Changed>,
    /// Of the log, by purges and by documents that were written again or removed.
    buried_bytes: u64,
    /// Flows that were purged from.
    stale: Vec<(Tenant, String)>,
}

impl Overlay<'_> {
    fn take(&mut self, located: &Located) -> Result<(), Error> {
        let before = self.before(located)?;
        let chain = match &located.record {
            Record::Execution(turn) => self.extend(turn, located)?,
            _ => [0; 32],
        };
        heads::change(located.outline.clone(), chain, &mut self.moved);
        let changes = rows::rows(located, &before)?;
        for (key, body) in changes.gone {
            let old = value::seal(&key, body);
            self.known(key, Some(old), None);
        }
        for (key, body) in changes.added {
            self.known(key, None, Some(body));
        }
        for (key, body) in changes.writes {
            self.write(&key, body)?;
        }
        for addition in &changes.additions {
            self.add(addition)?;
        }
        Ok(())
    }

    /// Of an execution that begins where there is one with its id: a damaged log has lost that the other was purged.
    fn lost_purge(&mut self, located: &Located) -> Result<Option<Located>, Error> {
        match &located.record {
            Record::Execution(turn) if turn.first_seq == 0 && self.summary(&turn.tenant, turn.execution)?.is_some() => {
                let purged = Purged { tenant: turn.tenant.clone(), execution: turn.execution };
                Ok(Some(Located::new(Record::Purged(purged), Vec::new(), located.place)))
            }
            _ => Ok(None),
        }
    }

    /// The row as this frame has it. What the view is asked for once stays here.
    fn row(&mut self, key: &[u8]) -> Result<&mut Changed, Error> {
        if !self.changed.contains_key(key) {
            self.found(key.to_vec(), self.view.get(key)?);
        }
        self.changed.get_mut(key).ok_or_else(|| Error::ViewDamaged(format!("row {} is not where it was put", value::hex(key))))
    }

    /// The view has this; it has not changed so far.
    fn found(&mut self, key: Vec<u8>, sealed: Option<Vec<u8>>) {
        self.changed.entry(key).or_insert_with(|| Changed { old: sealed.clone(), new: sealed });
    }

    fn write(&mut self, key: &[u8], body: Option<Vec<u8>>) -> Result<(), Error> {
        let new = body.map(|body| value::seal(key, body));
        self.row(key)?.new = new;
        Ok(())
    }

    /// Where it is known, without a look, what the view has unless this frame has changed it.
    fn known(&mut self, key: Vec<u8>, old: Option<Vec<u8>>, body: Option<Vec<u8>>) {
        debug_assert!(self.changed.contains_key(&key) || self.view.get(&key).map_or(true, |found| found == old));
        let new = body.map(|body| value::seal(&key, body));
        match self.changed.entry(key) {
            Entry::Occupied(changed) => changed.into_mut().new = new,
            Entry::Vacant(unchanged) => drop(unchanged.insert(Changed { old, new })),
        }
    }

    fn add(&mut self, addition: &Addition) -> Result<(), Error> {
        let sum = self.counters(&addition.key)?.plus(&addition.by).write();
        self.write(&addition.key, sum)
    }

    fn counters(&mut self, key: &[u8]) -> Result<Counters, Error> {
        Ok(self.body(key)?.map(|body| Counters::read(key, body)).transpose()?.unwrap_or_default())
    }

    fn body(&mut self, key: &[u8]) -> Result<Option<&[u8]>, Error> {
        self.row(key)?.new.as_deref().map(|sealed| value::open(key, sealed)).transpose()
    }

    fn before(&mut self, located: &Located) -> Result<Before, Error> {
        match &located.record {
            Record::Execution(turn) if turn.first_seq == 0 => Ok(Before::default()),
            Record::Execution(turn) => Ok(Before {
                summary: if turn.summary.is_some() || stats::has_decisions(turn) || closings::has_any(turn) {
                    self.summary(&turn.tenant, turn.execution)?
                } else {
                    None
                },
                ..Before::default()
            }),
            Record::Purged(purged) => {
                if let Some(tail) = self.tails.remove(&(purged.tenant.clone(), purged.execution)) {
                    self.known(keys::journal(&purged.tenant, purged.execution, tail.first_seq), None, Some(tail.row.write()));
                }
                let summary = self.summary(&purged.tenant, purged.execution)?;
                let flow = summary.as_ref().map(|summary| summary.flow.as_str());
                let (owned, past) = self.owned(&purged.tenant, purged.execution, flow)?;
                self.stale.extend(past.first().and_then(past::flow_of));
                Ok(Before { summary, owned, past })
            }
            Record::Document(document) => {
                if document.version > 1 || document.body.is_none() {
                    // What stood there before is about as long; only an index entry is much shorter than what removes it.
                    self.buried_bytes += located.bytes.len() as u64;
                }
                if document.collection == past::COLLECTION {
                    return Ok(Before { past: past::settled(document, |key| self.counters(key))?, ..Before::default() });
                }
                Ok(Before::default())
            }
            Record::Flow(_) | Record::Consent(_) | Record::Quarantine(_) | Record::Released(_) => Ok(Before::default()),
        }
    }

    fn summary(&mut self, tenant: &Tenant, execution: ExecutionId) -> Result<Option<Summary>, Error> {
        let Some(body) = self.body(&keys::summary(tenant, execution))? else { return Ok(None) };
        let summary = serde_json::from_slice(body).map_err(|error| Error::ViewDamaged(format!("a summary cannot be read: {error}")))?;
        Ok(Some(summary))
    }

    /// Notes where a turn stands; the chain over its journal up to it.
    fn extend(&mut self, turn: &Turn, located: &Located) -> Result<Chain, Error> {
        let Turn { tenant, execution, first_seq, .. } = turn;
        let key = (tenant.clone(), *execution);
        let next_seq = located.outline.extent.map_or(*first_seq, |extent| extent.next_seq);
        let at = TurnAt { next_seq, extract: Extract::of(&located.bytes, located.place) };
        if *first_seq > 0
            && !self.tails.contains_key(&key)
            && !matches!(self.moved.get(&key), Some(Change::Purged))
            && let Some(found) = journal_rows::before(self.view, tenant, *execution, *first_seq, 1)?.pop()
        {
            self.found(found.key, Some(found.sealed));
            self.tails.insert(key.clone(), found.tail);
        }
        let left = match self.tails.get_mut(&key) {
            Some(tail) => tail.extend(*first_seq, at, &located.bytes),
            None => {
                self.tails.insert(key.clone(), Tail::begin(&[0; 32], *first_seq, at, &located.bytes));
                None
            }
        };
        if let Some(left) = left {
            self.known(keys::journal(tenant, *execution, left.first_seq), None, Some(left.row.write()));
        }
        Ok(self.tails.get(&key).map_or([0; 32], |tail| tail.row.chain))
    }

    /// The chain over everything before `first_seq`.
    fn last_chain(&self, tenant: &Tenant, execution: ExecutionId, first_seq: u64) -> Result<Chain, Error> {
        match self.moved.get(&(tenant.clone(), execution)) {
            Some(Change::Moved(head) | Change::Ended(head)) => return Ok(head.chain.0),
            Some(Change::Purged) => return Ok([0; 32]),
            None => {}
        }
        match self.heads.get(tenant, execution) {
            Some(head) => Ok(head.chain.0),
            None => journal_rows::chain_before(self.view, self.records, tenant, execution, first_seq),
        }
    }

    /// Every key that belongs to the execution alone, and what its turns had added to the statistics.
    fn owned(&mut self, tenant: &Tenant, execution: ExecutionId, flow: Option<&str>) -> Result<(Vec<Vec<u8>>, Vec<Addition>), Error> {
        let whole = Range::prefix(keys::journal_prefix(tenant, execution));
        let mut range = whole.clone();
        loop {
            let chunk = self.view.scan(&range, Order::Ascending, PURGE_ROWS)?;
            let Some((last, _)) = chunk.last() else { break };
            range.start = [last.as_slice(), &[0]].concat();
            for (key, sealed) in chunk {
                self.found(key, Some(sealed));
            }
        }
        let standing = self.changed.iter().filter_map(|(key, changed)| Some((key, changed.new.as_ref()?)));
        let rows: BTreeMap<Vec<u8>, Vec<u8>> = standing
            .filter(|(key, _)| **key >= whole.start && **key < whole.end)
            .map(|(key, sealed)| (key.clone(), sealed.clone()))
            .collect();
        let (mut owned, mut added, mut summary) = (Vec::new(), Vec::new(), None);
        for (key, sealed) in rows {
            for turn in JournalRow::open(&key, &sealed)?.turns {
                self.buried_bytes += u64::from(turn.extract.length);
                let record = match self.records.extract(&turn.extract).and_then(|bytes| Ok(journal::gist(&bytes)?)) {
                    // What it had asked stays behind in the view until that is made again: no reason to stop everything else.
                    Err(error @ (Error::Damaged { .. } | Error::Record(_))) => {
                        tracing::warn!(%execution, %error, "a turn of a purged execution cannot be read");
                        continue;
                    }
                    read => read?.0,
                };
                if let Record::Execution(turn) = record {
                    let asked = turn.summary.iter().flat_map(questions::ids);
                    owned.extend(asked.map(|question| keys::question_home(tenant, question)));
                    owned.extend(flow.into_iter().flat_map(|flow| closings::keys(&turn, flow)));
                    added.extend(stats::additions(&turn, summary.as_ref()));
                    summary = turn.summary.or(summary);
                }
            }
            owned.push(key);
        }
        owned.sort();
        owned.dedup();
        debug_assert!(owned.iter().all(|key| matches!(RowKind::of(key), Some(RowKind::Journal | RowKind::QuestionHome | RowKind::Closed))));
        Ok((owned, past::of_purged(added)))
    }
}
