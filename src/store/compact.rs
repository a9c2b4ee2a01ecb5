//! Giving back the space of purged executions: a segment is rewritten when half its bytes are theirs. Offline; the view is made again
//! afterwards, which also gives back what sled leaks.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

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
use crate::ids::{ExecutionId, Tenant};
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

type Owner = (Tenant, ExecutionId);

/// Where records stand that no longer count.
#[derive(Default)]
struct Dead {
    /// The last purge of each execution: lsn and place in the frame.
    purged_at: BTreeMap<Owner, (u64, usize)>,
    /// Segments that hold records from before it.
    segments: BTreeMap<Owner, BTreeSet<u64>>,
    /// Dead and all record bytes, per segment.
    bytes: BTreeMap<u64, (u64, u64)>,
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
        let chosen = dead.worthwhile(&survey);
        // A view whose pointers lead into old segments must not outlive them.
        disk::remove(&disk, checkpoint::NAME)?;
        let mut number = survey.highest;
        // In order of age: a record that says "purged" goes only after what it buries.
        for header in survey.segments.iter().filter(|header| chosen.contains(&header.number)) {
            number += 1;
            records_dropped += dead.rewrite(&disk, identity.id, *header, number, &chosen)?;
            disk::remove(&disk, &segment::name(header.number))?;
            segments_rewritten += 1;
        }
    }
    Store::open(options)?.close()?;
    Ok(CompactReport { segments_rewritten, records_dropped, bytes_before, bytes_after: size()? })
}

impl Dead {
    fn find(disk: &RealDisk, id: StoreId, survey: &Survey) -> Result<Self, Error> {
        let mut dead = Self::default();
        survey.walk(disk, id, 1, |_, found| {
            for (index, (_, record)) in frame::records(found.payload).into_iter().enumerate() {
                if let Record::Purged(purged) = journal::decode(record.unwrap_or_default())? {
                    dead.purged_at.insert((purged.tenant, purged.execution), (found.lsn, index));
                }
            }
            Ok(())
        })?;
        survey.walk(disk, id, 1, |segment, found| {
            for (index, (_, record)) in frame::records(found.payload).into_iter().enumerate() {
                let bytes = record.unwrap_or_default();
                let record = journal::decode(bytes)?;
                let counts = dead.bytes.entry(segment.header.number).or_default();
                counts.1 += bytes.len() as u64;
                let Some(owner) = owner(&record) else { continue };
                if dead.purged_at.get(&owner).is_some_and(|purged| (found.lsn, index) < *purged) {
                    counts.0 += bytes.len() as u64;
                    dead.segments.entry(owner).or_default().insert(segment.header.number);
                }
            }
            Ok(())
        })?;
        Ok(dead)
    }

    /// Sealed segments at least half of whose bytes are dead.
    fn worthwhile(&self, survey: &Survey) -> BTreeSet<u64> {
        let sealed = survey.segments.len().saturating_sub(1);
        let half_dead = |header: &&Header| self.bytes.get(&header.number).is_some_and(|(dead, all)| *dead > 0 && dead * 2 >= *all);
        survey.segments.iter().take(sealed).filter(half_dead).map(|header| header.number).collect()
    }

    /// Writes the segment anew as `number`; returns how many records were left out.
    fn rewrite(&self, disk: &RealDisk, id: StoreId, header: Header, number: u64, chosen: &BTreeSet<u64>) -> Result<usize, Error> {
        let segment = survey::used(disk, id, header.number)?;
        let (mut kept, mut dropped) = (Vec::new(), 0);
        for found in &segment.frames(id).0 {
            let mut records = Vec::new();
            for (index, (_, record)) in frame::records(found.payload).into_iter().enumerate() {
                let bytes = record.unwrap_or_default();
                if self.drops(&journal::decode(bytes)?, (found.lsn, index), chosen) {
                    dropped += 1;
                } else {
                    records.push(bytes.to_vec());
                }
            }
            kept.push(Kept { lsn: found.lsn, span: found.span, records });
        }
        rewrite::write(disk, id, number, header.first_lsn, &kept, 0)?;
        Ok(dropped)
    }

    fn drops(&self, record: &Record, place: (u64, usize), chosen: &BTreeSet<u64>) -> bool {
        let Some(owner) = owner(record) else { return false };
        let Some(purged) = self.purged_at.get(&owner) else { return false };
        if place == *purged {
            return self.segments.get(&owner).is_none_or(|segments| segments.is_subset(chosen));
        }
        place < *purged
    }
}

fn owner(record: &Record) -> Option<Owner> {
    record.execution().map(|execution| (record.tenant().clone(), execution))
}
