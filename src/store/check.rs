//! Reading a whole store and saying what is wrong with it: which file, where, which executions lost what. Changes nothing.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::checkpoint::{self, Checkpoint};
use super::disk::{self, Disk, RealDisk};
use super::entry::Position;
use super::error::Error;
use super::lock::Lock;
use super::log::StoreId;
use super::log::frame;
use super::log::mark::Mark;
use super::log::recover::{self, Clean};
use super::log::rewrite::Kept;
use super::log::segment::{self, Segment};
use super::log::survey;
use super::opening::{self, Ends};
use super::small;
use super::sums::Sum;
use crate::ids::{ExecutionId, Tenant};
use crate::journal::{self, Kind, Outline};

/// Cache for comparing the view; it is read once, from front to back.
const VIEW_CACHE_BYTES: u64 = 16 << 20;
/// Fewer are not worth a thread.
const PART_RECORDS_MIN: usize = 512;

/// What a check found.
#[derive(Clone, Debug, Serialize)]
pub struct CheckReport {
    pub id: StoreId,
    /// The last whole frame.
    pub position: Position,
    pub segments: usize,
    /// Of the log, per kind.
    pub records: BTreeMap<Kind, Sum>,
    /// Nothing acknowledged is lost. The view does not count: it is made again from the log.
    pub sound: bool,
    pub damage: Vec<Damage>,
    /// Executions that lost something, and what.
    pub losses: Vec<Loss>,
    /// What a crash left of a commit that nobody was told of; cut off at the next opening.
    pub torn_tail: bool,
    pub view: ViewState,
}

/// A place in the log that is not what was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Damage {
    pub file: String,
    pub offset: u64,
    pub message: String,
}

/// What one execution lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    pub what: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ViewState {
    Sound,
    /// Made again at the next opening.
    Unusable {
        reason: String,
    },
}

/// Checks the store in `dir`.
///
/// # Errors
/// `Locked` when a process has it open, `NotAStore` when there is none; damage is in the report.
pub fn check(dir: &Path) -> Result<CheckReport, Error> {
    let disk = RealDisk::new(dir);
    let identity = recover::read_identity(&disk)?;
    let identity = identity.ok_or_else(|| Error::NotAStore { path: dir.to_owned(), message: "it has no identity".to_owned() })?;
    let _lock = Lock::take(dir)?;
    let mut log = read_log(&disk, identity.id, Reading::Whole)?;
    let checkpoint = small::read::<Checkpoint>(&disk, checkpoint::NAME)?.and_then(Result::ok).filter(|found| found.id == identity.id);
    log.judge_ends(checkpoint.as_ref());
    let clean = matches!(small::read::<Clean>(&disk, recover::CLEAN)?, Some(Ok(clean)) if clean.position == log.position);
    let ends = Ends { id: identity.id, position: log.position, clean, replacing: log.replacing };
    let view = match opening::usable(&disk, &dir.join(opening::VIEW), ends, VIEW_CACHE_BYTES) {
        Ok((view, checkpoint)) => match super::scan::compare(&view, &super::applier::mark(&view)?.sums) {
            Ok(()) => {
                drop(checkpoint);
                ViewState::Sound
            }
            Err(error) => ViewState::Unusable { reason: error.to_string() },
        },
        Err(reason) => ViewState::Unusable { reason },
    };
    let LogState { position, segments, records, damage, losses, torn_tail, .. } = log;
    let losses = losses.into_iter().map(|((tenant, execution), what)| Loss { tenant, execution, what }).collect();
    let sound = damage.is_empty();
    Ok(CheckReport { id: identity.id, position, segments: segments.len(), records, sound, damage, losses, torn_tail, view })
}

/// How much of each record is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// All of it.
    #[default]
    Whole,
    /// What tells whose it is and where journals end: for who makes a view of it afterwards.
    Outlines,
}

/// A segment as far as it can be read.
pub struct Read {
    pub header: segment::Header,
    /// Of a damaged one.
    pub kept: Vec<Kept>,
    pub damaged: bool,
}

/// The log as far as it can be read.
#[derive(Default)]
pub struct LogState {
    pub position: Position,
    reading: Reading,
    pub segments: Vec<Read>,
    /// Summed only when they are read whole.
    pub records: BTreeMap<Kind, Sum>,
    pub damage: Vec<Damage>,
    pub losses: BTreeMap<(Tenant, ExecutionId), String>,
    pub torn_tail: bool,
    pub replacing: bool,
    pub highest: u64,
    /// Each execution that has records and was not purged.
    known: BTreeMap<(Tenant, ExecutionId), Known>,
    /// Up to here there are frames of which nobody knows whose records they held.
    unknown_below: u64,
}

/// What the log tells of an execution.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    next_seq: u64,
    /// The last frame that holds something of it.
    frame: u64,
    has_ended: bool,
}

/// A record whose checksum holds, and whereabouts it stands.
#[derive(Clone, Copy)]
struct Whole<'a> {
    /// Of its frame.
    offset: u64,
    lsn: u64,
    bytes: &'a [u8],
}

fn outline(reading: Reading, bytes: &[u8]) -> Result<Outline, journal::Error> {
    match reading {
        Reading::Whole => journal::decode(bytes).map(|record| record.outline()),
        Reading::Outlines => journal::outline(bytes),
    }
}

/// Reads every frame, going on behind what is damaged.
pub fn read_log(disk: &dyn Disk, id: StoreId, reading: Reading) -> Result<LogState, Error> {
    let mut log = LogState { reading, ..LogState::default() };
    let marked = match Mark::open(disk, id) {
        Ok(Some(mark)) => mark.lsn,
        Ok(None) => log.damaged("mark", 0, "it is missing".to_owned()),
        Err(error) => log.damaged("mark", 0, error.to_string()),
    };
    let known = match small::read::<Clean>(disk, recover::CLEAN)? {
        Some(Ok(clean)) if clean.id == id => marked.max(clean.position.0),
        _ => marked,
    };
    let segments = log.survey(disk, id)?;
    let mut expected = 1;
    for (index, (header, harmed)) in segments.iter().enumerate() {
        log.fill_gap(expected, header.first_lsn);
        // One at a time: a log may be larger than memory.
        let segment = if *harmed { segment::salvage(disk, id, header.number)? } else { Some(survey::used(disk, id, header.number)?) };
        let Some(segment) = segment else { continue };
        // Frames up to the next segment, or up to the mark, are owed by this one.
        let next = segments.get(index + 1).map(|(next, _)| next.first_lsn);
        expected = log.read_segment(id, &segment, *harmed, next.unwrap_or(known + 1), next.is_none());
    }
    log.position = Position(log.fill_gap(expected, known + 1).max(expected) - 1);
    Ok(log)
}

impl LogState {
    fn damaged(&mut self, file: &str, offset: u64, message: String) -> u64 {
        self.damage.push(Damage { file: file.to_owned(), offset, message });
        0
    }

    /// Every segment by first lsn, those with a damaged header as far as their frames tell; true: the file is not what was written.
    fn survey(&mut self, disk: &dyn Disk, id: StoreId) -> Result<Vec<(segment::Header, bool)>, Error> {
        let mut segments: Vec<(segment::Header, bool)> = Vec::new();
        let names = disk.names().map_err(Error::io("list", disk.path("")))?;
        for number in names.iter().filter_map(|name| segment::number(name)) {
            self.highest = self.highest.max(number);
            match segment::read_header(disk, id, number) {
                Ok(header) => segments.extend(header.map(|header| (header, false))),
                Err(Error::Damaged { message, .. }) => {
                    self.damaged(&segment::name(number), 0, message);
                    segments.extend(segment::salvage(disk, id, number)?.map(|segment| (segment.header, true)));
                }
                Err(error) => return Err(error),
            }
        }
        segments.sort_by_key(|(header, _)| (header.first_lsn, Reverse(header.number)));
        let all = segments.len();
        segments.dedup_by_key(|(header, _)| header.first_lsn);
        self.replacing = segments.len() < all;
        Ok(segments)
    }

    /// Notes that no segment holds the frames from `expected` up to and without `found`; returns the number that comes next.
    fn fill_gap(&mut self, expected: u64, found: u64) -> u64 {
        if found <= expected {
            return expected;
        }
        let message = format!("no segment holds frames {expected} to {}", found - 1);
        self.damaged("log-…", 0, message);
        self.unknown_below = found;
        let kept = Kept { lsn: expected, span: u32::try_from(found - expected).unwrap_or(u32::MAX), records: Vec::new() };
        let header = segment::Header { number: 0, first_lsn: expected, size: 0, has_holes: false };
        self.segments.push(Read { header, kept: vec![kept], damaged: true });
        found
    }

    /// Reads a segment that must reach `owed`; returns the number that comes next. `harmed`: its file is known to be damaged.
    fn read_segment(&mut self, id: StoreId, segment: &Segment, harmed: bool, owed: u64, last: bool) -> u64 {
        let header = segment.header;
        let name = segment::name(header.number);
        let (mut offset, mut lsn) = (segment::HEADER_LENGTH, header.first_lsn);
        let (mut pieces, mut damaged, mut untaken) = (Vec::new(), harmed, Vec::new());
        loop {
            if let Some(frame) = segment.frame_at(id, lsn, offset) {
                let records: Vec<&[u8]> = frame::records(frame.payload).into_iter().map(|(_, record)| frame::bytes_of(record)).collect();
                untaken.extend(records.iter().map(|record| Whole { offset: frame.payload_offset, lsn, bytes: record }));
                pieces.push((lsn, frame.span, records));
                (offset, lsn) = (frame.end(), frame.next_lsn());
                continue;
            }
            self.take_all(&name, &std::mem::take(&mut untaken));
            let rest_is_used = segment.bytes.get(offset..).is_some_and(|rest| !disk::is_zero(rest));
            let next = if rest_is_used { segment.next_frame(id, lsn, offset) } else { None };
            if next.is_none() && lsn >= owed {
                self.torn_tail |= last && rest_is_used;
                break;
            }
            let until = next.map_or(owed, |(_, found)| found);
            damaged = true;
            self.damaged(&name, offset as u64, format!("frames {lsn} to {} are not what was written", until - 1));
            let end = next.map_or(segment.bytes.len(), |(found, _)| found);
            // Nothing is left of one that was cut within its header.
            let left = segment.bytes.get(offset..end).unwrap_or_default();
            let (records, is_accounted_for) = self.salvage(&name, offset, lsn, left, next.is_some());
            if !is_accounted_for || until > lsn + 1 {
                self.unknown_below = until;
            }
            pieces.push((lsn, u32::try_from(until - lsn).unwrap_or(u32::MAX), records));
            (offset, lsn) = (end, until);
            if next.is_none() {
                break;
            }
        }
        // Nobody asks for what stays of a segment that is whole.
        let copied =
            |(lsn, span, records): (u64, u32, Vec<&[u8]>)| Kept { lsn, span, records: records.into_iter().map(<[u8]>::to_vec).collect() };
        let kept = if damaged { pieces.into_iter().map(copied).collect() } else { Vec::new() };
        self.segments.push(Read { header, kept, damaged });
        lsn
    }

    /// What can still be read of a damaged frame; what cannot is named as far as its text allows. Also whether that accounts for
    /// everything that the frame held.
    fn salvage<'a>(&mut self, name: &str, offset: usize, lsn: u64, bytes: &'a [u8], is_followed: bool) -> (Vec<&'a [u8]>, bool) {
        let header = frame::Header::read(bytes).filter(|header| header.lsn == lsn && header.span == 1);
        let payload = bytes.get(frame::HEADER_BYTES..).unwrap_or_default();
        let parts = header.and_then(|header| payload.split_at_checked(header.length as usize));
        // Behind its end there is another frame, or nothing; a length that says otherwise is what was harmed.
        let is_next = |behind| disk::is_zero(behind) || frame::Header::read(behind).is_some_and(|header| header.lsn == lsn + 1);
        let is_right = parts.is_some_and(|(_, behind)| is_next(behind));
        // What nobody was told of may stand behind the last frame; it does not become durable by a repair.
        let (payload, _) = parts.filter(|_| is_right || !is_followed).unwrap_or((payload, &[]));
        let (found, end) = frame::records_and_end(payload);
        let mut is_accounted_for = is_right && end == payload.len();
        let mut salvaged = Vec::new();
        for (_, record) in found {
            match record {
                Ok(record) => {
                    let record = Whole { offset: offset as u64, lsn, bytes: record };
                    self.take(name, &record, outline(self.reading, record.bytes));
                    salvaged.push(record.bytes);
                }
                Err(harmed) => {
                    let text = String::from_utf8_lossy(harmed.bytes);
                    // What else one record names is in what people wrote.
                    let owners = owners_in(&text).take(if harmed.is_one { 1 } else { usize::MAX }).collect::<Vec<_>>();
                    // An owner that nobody has heard of may be a damaged name, unless this is its beginning.
                    let is_first = text.contains("\"first_seq\":0,");
                    is_accounted_for &= harmed.is_one && owners.first().is_some_and(|owner| is_first || self.known.contains_key(owner));
                    for owner in owners {
                        self.losses.entry(owner).or_insert_with(|| "a record of it is unreadable".to_owned());
                    }
                }
            }
        }
        (salvaged, is_accounted_for)
    }

    /// Accounts for whole records, in order. Reading them is most of the work, and is done on every core.
    fn take_all(&mut self, name: &str, records: &[Whole<'_>]) {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        let parts = records.chunks(records.len().div_ceil(cores).max(PART_RECORDS_MIN));
        let reading = self.reading;
        let outlines: Vec<_> = std::thread::scope(|scope| {
            let outlines_of = |part: &[Whole<'_>]| part.iter().map(|record| outline(reading, record.bytes)).collect::<Vec<_>>();
            let read: Vec<_> = parts.map(|part| scope.spawn(move || outlines_of(part))).collect();
            read.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        });
        for (record, outline) in records.iter().zip(outlines) {
            self.take(name, record, outline);
        }
    }

    /// Accounts for one whole record.
    fn take(&mut self, name: &str, record: &Whole<'_>, outline: Result<Outline, journal::Error>) {
        let Whole { offset, lsn, bytes } = *record;
        let Outline { kind, tenant, execution, extent } = match outline {
            Ok(outline) => outline,
            Err(error) => {
                self.damaged(name, offset, error.to_string());
                return;
            }
        };
        if self.reading == Reading::Whole {
            self.records.entry(kind).or_default().add(&[bytes]);
        }
        let Some(owner) = execution.map(|execution| (tenant, execution)) else { return };
        if let Some(extent) = extent {
            let known = self.known.entry(owner.clone()).or_default();
            let expected = known.next_seq;
            *known = Known { next_seq: extent.next_seq, frame: lsn, has_ended: known.has_ended || extent.ends };
            if extent.first_seq != expected {
                let what = format!("events {expected} to {} are missing", extent.first_seq.saturating_sub(1));
                self.losses.insert(owner, what);
            }
        } else if kind == Kind::Purged {
            self.known.remove(&owner);
            self.losses.remove(&owner);
        }
    }

    /// Works out whose journals end too early: before where the checkpoint saw them end, or, where it does not tell, before frames that
    /// nobody can read. An execution that the checkpoint does not list had ended by then.
    pub fn judge_ends(&mut self, checkpoint: Option<&Checkpoint>) {
        if self.damage.is_empty() {
            return;
        }
        let mut heads = BTreeMap::new();
        for row in checkpoint.iter().flat_map(|checkpoint| &checkpoint.heads) {
            let owner = (row.tenant.clone(), row.execution);
            let found = self.known.get(&owner).map_or(0, |known| known.next_seq);
            heads.insert(owner.clone(), row.next_seq);
            if found < row.next_seq {
                self.losses.insert(owner, format!("events {found} to {} are missing", row.next_seq - 1));
            }
        }
        let is_covered = checkpoint.is_some_and(|checkpoint| checkpoint.mark.position.0 + 1 >= self.unknown_below);
        for (owner, known) in &self.known {
            let is_whole = known.has_ended || known.frame >= self.unknown_below || (is_covered && heads.contains_key(owner));
            if !is_whole {
                let what = || format!("events from {} on may have stood in what cannot be read", known.next_seq);
                self.losses.entry(owner.clone()).or_insert_with(what);
            }
        }
    }
}

#[cfg(test)]
impl LogState {
    /// Where the journal ends, as far as it can be read.
    pub fn next_seq(&self, tenant: &Tenant, execution: ExecutionId) -> u64 {
        self.known.get(&(tenant.clone(), execution)).map_or(0, |known| known.next_seq)
    }
}

/// Tenant and execution of each record in a text that does not parse any more.
fn owners_in(text: &str) -> impl Iterator<Item = (Tenant, ExecutionId)> {
    let value = |text: &str| text.split_once('"').map(|(value, _)| value.to_owned());
    text.split("\"tenant\":\"").skip(1).filter_map(move |behind| {
        let (_, execution) = behind.split_once("\"execution\":\"")?;
        Some((Tenant::new(&value(behind)?), value(execution)?.parse().ok()?))
    })
}
