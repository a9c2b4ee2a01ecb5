//! Backup: the log up to a position and the files that it names, checked while they are copied, taken from a running store. Restore: copied back, checked against the
//! manifest, the view made from it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::PoisonError;

use serde::{Deserialize, Serialize};

use super::attachments::Named;
use super::disk::{self, BLOCK_BYTES, Disk, RealDisk};
use super::entry::Position;
use super::error::Error;
use super::handle::Store;
use super::log::mark::{self, Mark};
use super::log::recover::{self, Identity};
use super::log::segment::{self, Header};
use super::log::survey::{self, Survey};
use super::log::{StoreId, frame};
use super::options::Options;
use super::small;
use super::sums::Sum;
use crate::journal::{self, Kind};

/// The manifest's file in a backup.
const MANIFEST: &str = "backup";

/// What a backup holds; written into it, and compared when it is restored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupReport {
    pub id: StoreId,
    /// Everything up to here, and nothing after.
    pub position: Position,
    pub segments: usize,
    pub bytes: u64,
    /// Count and sum of hashes of the log's records, per kind.
    pub records: BTreeMap<Kind, Sum>,
    /// Attached files that the records up to the position name, and their bytes.
    #[serde(default)]
    pub files: u64,
    #[serde(default)]
    pub file_bytes: u64,
}

impl Store {
    /// Copies the log up to the present position into `target`, which must not exist or be empty. Commits go on meanwhile.
    ///
    /// # Errors
    /// `Refused` for a target that holds something, `Damaged` when the log is: a backup never holds what could not be read.
    pub fn backup(&self, target: &Path) -> Result<BackupReport, Error> {
        let _maintenance = self.inner.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let to = empty(target)?;
        // Before the position is read: a file that a record up to it names stays until it is copied.
        let held = self.inner.attachments.hold();
        let position = self.position();
        let (from, id) = (self.inner.disk.as_ref(), self.inner.id);
        let report = copy(from, &to, id, &Survey::of_running(from, id)?, position)?;
        drop(held);
        write_frame_of(&to, id, position)?;
        small::write(&to, MANIFEST, &report)?;
        Ok(report)
    }
}

/// Backs up the store in `options.dir`, which no process may have open.
///
/// # Errors
/// As opening, and as [`Store::backup`].
pub fn backup(options: &Options, target: &Path) -> Result<BackupReport, Error> {
    let store = Store::open(options)?;
    let report = store.backup(target)?;
    store.close()?;
    Ok(report)
}

/// Makes a store in `options.dir`, which must not exist or be empty, from the backup in `source`.
///
/// # Errors
/// `Damaged` when the backup is not what was written; then nothing usable is left in the directory.
pub fn restore(source: &Path, options: &Options) -> Result<BackupReport, Error> {
    let from = RealDisk::new(source);
    let no_backup = |message: String| Error::NotAStore { path: from.path(MANIFEST), message };
    let manifest = small::read::<BackupReport>(&from, MANIFEST)?.ok_or_else(|| no_backup("it is missing".to_owned()))?;
    let manifest = manifest.map_err(no_backup)?;
    if recover::read_identity(&from)?.is_none_or(|identity| identity.id != manifest.id) {
        return Err(no_backup("it does not belong to the log beside it".to_owned()));
    }
    let to = empty(&options.dir)?;
    let copied = copy(&from, &to, manifest.id, &Survey::of(&from, manifest.id)?, manifest.position)?;
    if copied != manifest {
        let message = format!("it holds {:?}, its manifest says {:?}", copied.records, manifest.records);
        return Err(Error::Damaged { path: source.to_owned(), message });
    }
    write_frame_of(&to, manifest.id, manifest.position)?;
    let store = Store::open(options)?;
    store.close()?;
    Ok(manifest)
}

fn empty(target: &Path) -> Result<RealDisk, Error> {
    std::fs::create_dir_all(target).map_err(Error::io("make", target))?;
    let mut entries = std::fs::read_dir(target).map_err(Error::io("list", target))?;
    if entries.next().is_some() {
        return Err(Error::Refused(format!("{} is not empty; choose a directory that is", target.display())));
    }
    Ok(RealDisk::new(target))
}

/// Copies and checks every frame up to `position`; the last segment is cut to what it holds.
fn copy(from: &dyn Disk, to: &dyn Disk, id: StoreId, survey: &Survey, position: Position) -> Result<BackupReport, Error> {
    let mut report = BackupReport { id, position, segments: 0, bytes: 0, records: BTreeMap::new(), files: 0, file_bytes: 0 };
    let mut named = Named::default();
    let mut expected = 1;
    for header in survey.segments.iter().filter(|header| header.first_lsn <= position.0) {
        let name = segment::name(header.number);
        let damaged = |message: String| Error::Damaged { path: from.path(&name), message };
        if header.first_lsn != expected {
            return Err(damaged(format!("frames {expected} to {} are missing before it", header.first_lsn - 1)));
        }
        let segment = survey::used(from, id, header.number)?;
        let mut end = segment::HEADER_LENGTH;
        for found in segment.frames(id).0.iter().take_while(|found| found.lsn <= position.0) {
            for (_, record) in frame::records(found.payload) {
                let bytes = record.map_err(|_| damaged(format!("frame {} holds a damaged record", found.lsn)))?;
                let record = journal::decode(bytes)?;
                named.follow(&record).map_err(damaged)?;
                report.records.entry(record.kind()).or_default().add(&[bytes]);
            }
            (end, expected) = (found.end(), found.next_lsn());
        }
        let mut bytes = segment.bytes;
        bytes.truncate(end);
        let encoded = Header { size: end as u64, ..*header }.encode(id);
        bytes[..encoded.len()].copy_from_slice(&encoded);
        disk::replace_sparse(to, &name, end as u64, |file| {
            let used = bytes.chunks(BLOCK_BYTES).enumerate().filter(|(_, block)| !disk::is_zero(block));
            used.into_iter().try_for_each(|(index, block)| file.write_at(block, (index * BLOCK_BYTES) as u64))
        })?;
        report.segments += 1;
        report.bytes += bytes.len() as u64;
    }
    if expected <= position.0 {
        let message = format!("frames {expected} to {} are missing", position.0);
        return Err(Error::Damaged { path: from.path("log-…"), message });
    }
    (report.files, report.file_bytes) = named.copy(from, to)?;
    Ok(report)
}

/// Mark and identity, in this order: without its identity a directory is no store.
fn write_frame_of(to: &dyn Disk, id: StoreId, position: Position) -> Result<(), Error> {
    Mark::create(to, id)?;
    if let Some(mut mark) = Mark::open(to, id)? {
        mark.raise(position.0).map_err(Error::io("write", to.path(mark::NAME)))?;
    }
    small::write(to, recover::IDENTITY, &Identity { format: recover::FORMAT, id })
}
