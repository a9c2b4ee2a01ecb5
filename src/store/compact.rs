//! Giving back the space of purged executions and of documents that were written again or removed: a segment is rewritten when half its
//! bytes are theirs. Offline; the view is made again afterwards, which also gives back what sled leaks.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::checkpoint;
use super::disk::{self, Disk as _, RealDisk};
use super::error::Error;
use super::handle::Store;
use super::info::size_of_tree;
use super::lock::Lock;
use super::log::rewrite::{self, Kept};
use super::log::segment::{self, Header};
use super::log::survey::{self, Survey};
use super::log::{StoreId, frame};
use super::options::Options;
use crate::journal::{self, Record};

/// What a compaction did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CompactReport {
    pub segments_rewritten: usize,
    pub records_dropped: usize,
    /// Of the whole data directory.
    pub bytes_before: u64,
    pub bytes_after: u64,
}

/// What records are about: an execution, or a document. A digest, because a large store has millions of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Subject([u8; 16]);

impl Subject {
    fn of(record: &Record) -> Option<Self> {
        let tenant = record.tenant().as_str();
        match record {
            Record::Document(document) => Some(Self::digest(&[tenant, &document.collection, &document.key])),
            _ => record.execution().map(|execution| Self::digest(&[tenant, &execution.to_string()])),
        }
    }

    fn digest(names: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for name in names {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut first = [0; 16];
        first.copy_from_slice(&hash[..16]);
        Self(first)
    }
}

/// Where a record stands: its frame's lsn, and its place in the frame.
type At = (u64, usize);

/// Which records no longer count: those of executions that were purged, and of documents that were written again or removed.
#[derive(Default)]
struct Dead {
    /// The last record of each subject that buries what came before it.
    buried_at: HashMap<Subject, At>,
    /// The sealed segments that are worth writing anew.
    chosen: BTreeSet<u64>,
    /// Of whom something dead stays behind in other segments.
    left: HashSet<Subject>,
}

/// Of one segment.
#[derive(Default)]
struct Bytes {
    all: u64,
    /// Of what is buried, and of what only buries and so goes with it.
    dead: u64,
}

/// Compacts the store in `options.dir`, which no process may have open.
///
/// # Errors
/// As opening; a damaged log is left as it is.
pub fn compact(options: &Options) -> Result<CompactReport, Error> {
    // Recovers, so that what follows works on a log that is whole and closed.
    Store::open(options)?.close()?;
    let size = || size_of_tree(&options.dir).map_err(Error::io("read", &options.dir));
    let bytes_before = size()?;
    let (mut segments_rewritten, mut records_dropped) = (0, 0);
    {
        let _lock = Lock::take(&options.dir)?;
        let disk = RealDisk::new(&options.dir);
        let Some(identity) = super::log::recover::read_identity(&disk)? else {
            return Err(Error::NotAStore { path: disk.path(""), message: "it has no identity".to_owned() });
        };
        let survey = Survey::of(&disk, identity.id)?;
        let dead = Dead::find(&disk, identity.id, &survey)?;
        // A view whose pointers lead into old segments must not outlive them.
        disk::remove(&disk, checkpoint::NAME)?;
        let mut number = survey.highest;
        // In order of age: what buries goes only after what it buries.
        for header in survey.segments.iter().filter(|header| dead.chosen.contains(&header.number)) {
            let (kept, dropped) = dead.kept(&disk, identity.id, *header)?;
            if dropped == 0 {
                continue;
            }
            number += 1;
            rewrite::write(&disk, identity.id, number, header.first_lsn, &kept, 0)?;
            disk::remove(&disk, &segment::name(header.number))?;
            segments_rewritten += 1;
            records_dropped += dropped;
        }
    }
    Store::open(options)?.close()?;
    Ok(CompactReport { segments_rewritten, records_dropped, bytes_before, bytes_after: size()? })
}

impl Dead {
    fn find(disk: &RealDisk, id: StoreId, survey: &Survey) -> Result<Self, Error> {
        let mut dead = Self::default();
        each(disk, id, survey, |_, at, record, _| {
            if let Some(subject) = Subject::of(record).filter(|_| buries(record)) {
                dead.buried_at.insert(subject, at);
            }
        })?;
        let mut bytes: BTreeMap<u64, Bytes> = BTreeMap::new();
        each(disk, id, survey, |segment, at, record, length| {
            let counts = bytes.entry(segment).or_default();
            counts.all += length;
            let goes = dead.buried(record, at).is_some_and(|buried| at < buried || leaves_nothing(record));
            counts.dead += if goes { length } else { 0 };
        })?;
        let sealed = survey.segments.iter().take(survey.segments.len().saturating_sub(1)).map(|header| header.number);
        let is_worthwhile = |number: &u64| bytes.get(number).is_some_and(|bytes| bytes.dead > 0 && bytes.dead * 2 >= bytes.all);
        dead.chosen = sealed.filter(is_worthwhile).collect();
        let mut left = HashSet::new();
        each(disk, id, survey, |segment, at, record, _| {
            if !dead.chosen.contains(&segment) && dead.buried(record, at).is_some_and(|buried| at < buried) {
                left.extend(Subject::of(record));
            }
        })?;
        dead.left = left;
        Ok(dead)
    }

    /// The record that buries this one, or is this one and buries others.
    fn buried(&self, record: &Record, at: At) -> Option<At> {
        let buried = Subject::of(record).and_then(|subject| self.buried_at.get(&subject));
        buried.copied().filter(|buried| at <= *buried)
    }

    /// What stays of a segment, and how many records do not.
    fn kept(&self, disk: &RealDisk, id: StoreId, header: Header) -> Result<(Vec<Kept>, usize), Error> {
        let segment = survey::used(disk, id, header.number)?;
        let (mut kept, mut dropped) = (Vec::new(), 0);
        for found in &segment.frames(id).0 {
            let mut records = Vec::new();
            for (index, (_, record)) in frame::records(found.payload).into_iter().enumerate() {
                let bytes = record.unwrap_or_default();
                if self.drops(&journal::decode(bytes)?, (found.lsn, index)) {
                    dropped += 1;
                } else {
                    records.push(bytes.to_vec());
                }
            }
            kept.push(Kept { lsn: found.lsn, span: found.span, records });
        }
        Ok((kept, dropped))
    }

    fn drops(&self, record: &Record, at: At) -> bool {
        let Some(buried) = self.buried(record, at) else { return false };
        at < buried || leaves_nothing(record) && Subject::of(record).is_some_and(|subject| !self.left.contains(&subject))
    }
}

/// Every record of the log, in order: its segment, where it stands there, and its length in bytes.
fn each(disk: &RealDisk, id: StoreId, survey: &Survey, mut visit: impl FnMut(u64, At, &Record, u64)) -> Result<(), Error> {
    survey.walk(disk, id, 1, |segment, found| {
        for (index, (_, record)) in frame::records(found.payload).into_iter().enumerate() {
            let bytes = record.unwrap_or_default();
            visit(segment.header.number, (found.lsn, index), &journal::decode(bytes)?, bytes.len() as u64);
        }
        Ok(())
    })?;
    Ok(())
}

/// Whether what was recorded of the same subject before does not count any more.
fn buries(record: &Record) -> bool {
    match record {
        Record::Purged(_) => true,
        Record::Document(document) => document.version > 1 || document.body.is_none(),
        _ => false,
    }
}

/// Whether a record only buries: it is needed as long as there is anything to bury.
fn leaves_nothing(record: &Record) -> bool {
    match record {
        Record::Purged(_) => true,
        Record::Document(document) => document.body.is_none(),
        _ => false,
    }
}
