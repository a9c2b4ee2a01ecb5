//! What a store consists of, without opening it: works beside a running server.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde::Serialize;

use super::checkpoint::{self, Checkpoint};
use super::disk::{Disk as _, RealDisk};
use super::entry::Position;
use super::error::Error;
use super::keys::RowKind;
use super::log::StoreId;
use super::log::mark::Mark;
use super::log::recover::{self, Clean};
use super::log::segment;
use super::log::survey::Survey;
use super::opening::VIEW;
use super::small;

/// The unit in which systems tell what a file takes, whatever their blocks are.
const STAT_BLOCK_BYTES: u64 = 512;

/// The answer of `info`.
#[derive(Clone, Debug, Serialize)]
pub struct InfoReport {
    pub id: StoreId,
    pub format: u32,
    /// Everything up to here is known to be durable; a running process may be up to 100 ms ahead.
    pub position: Position,
    /// Closed cleanly, and not opened since.
    pub clean: bool,
    pub segments: usize,
    /// What they take of the disk.
    pub log_bytes: u64,
    /// Prepared segments, not used yet.
    pub prepared_segments: usize,
    pub view_bytes: u64,
    pub free_bytes: u64,
    /// Of the last checkpoint.
    pub checkpoint: Option<CheckpointInfo>,
}

/// What the view held at its last checkpoint.
#[derive(Clone, Debug, Serialize)]
pub struct CheckpointInfo {
    pub position: Position,
    pub rows: BTreeMap<RowKind, u64>,
    pub unfinished_executions: usize,
}

/// Describes the store in `dir`.
///
/// # Errors
/// `NotAStore` when there is none, `Damaged` when a segment's header is.
pub fn info(dir: &Path) -> Result<InfoReport, Error> {
    let disk = RealDisk::new(dir);
    let identity = recover::read_identity(&disk)?;
    let identity = identity.ok_or_else(|| Error::NotAStore { path: dir.to_owned(), message: "it has no identity".to_owned() })?;
    let survey = Survey::of(&disk, identity.id)?;
    let checkpoint = small::read::<Checkpoint>(&disk, checkpoint::NAME)?.and_then(Result::ok).map(|checkpoint| CheckpointInfo {
        position: checkpoint.mark.position,
        rows: checkpoint.mark.sums.0.iter().map(|(kind, sum)| (*kind, sum.count)).collect(),
        unfinished_executions: checkpoint.heads.len(),
    });
    let taken = |number| std::fs::metadata(disk.path(&segment::name(number))).map(|metadata| space(&metadata));
    let log_bytes: std::io::Result<u64> = survey.segments.iter().map(|header| taken(header.number)).sum();
    let clean = matches!(small::read::<Clean>(&disk, recover::CLEAN)?, Some(Ok(_)));
    Ok(InfoReport {
        id: identity.id,
        format: identity.format,
        position: Position(Mark::open(&disk, identity.id)?.map_or(0, |mark| mark.lsn)),
        clean,
        segments: survey.segments.len(),
        log_bytes: log_bytes.map_err(Error::io("read", dir))?,
        prepared_segments: survey.unused.len(),
        view_bytes: size_of_tree(&dir.join(VIEW)).map_err(Error::io("read", dir.join(VIEW)))?,
        free_bytes: disk.free_bytes().map_err(Error::io("read", dir))?,
        checkpoint,
    })
}

/// What every file under `dir` takes of the disk; 0 when there is none.
pub fn size_of_tree(dir: &Path) -> std::io::Result<u64> {
    let entries = match std::fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    let mut bytes = 0;
    for entry in entries {
        let entry = entry?;
        bytes += if entry.file_type()?.is_dir() { size_of_tree(&entry.path())? } else { space(&entry.metadata()?) };
    }
    Ok(bytes)
}

/// What a file takes of the disk: less than its length if it has holes.
pub fn space(metadata: &std::fs::Metadata) -> u64 {
    (metadata.blocks() * STAT_BLOCK_BYTES).min(metadata.len())
}
