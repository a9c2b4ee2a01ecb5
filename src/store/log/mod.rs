//! The log: the truth. Segments of frames on a `Disk`; one writer (the committer), any number of readers. docs/storage.md says why
//! it is our own and what it guarantees.

pub mod frame;
pub mod frames;
pub mod holes;
pub mod mark;
pub mod recover;
pub mod rewrite;
pub mod segment;
pub mod supply;
pub mod survey;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::applier::Records;
use super::disk::{Disk, DiskFile};
use super::entry::Position;
use super::error::Error;
use super::value::{Extract, Place};
use crate::crash;
use mark::Mark;
use segment::{Active, Header};
use supply::{Space, Supply, Taken};

/// Which store a file belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StoreId(pub Uuid);

/// Segments kept open for reading; above it all are opened anew.
const OPEN_SEGMENTS_MAX: usize = 64;

/// Why a batch was not written.
pub enum AppendError {
    /// There is no segment to write to; nothing was written.
    Full,
    /// Nobody knows what of it is durable.
    Failed(Error),
}

/// The writing end.
pub struct Log {
    disk: Arc<dyn Disk>,
    store: StoreId,
    active: Active,
    next_lsn: u64,
    supply: Arc<Supply>,
    mark: Mark,
}

impl Log {
    /// Writes one frame with these records and makes it durable.
    pub fn append(&mut self, records: &[&[u8]]) -> Result<(Position, Vec<Place>), AppendError> {
        let lsn = self.next_lsn;
        let (bytes, starts) = frame::encode(self.store, lsn, 1, records);
        if bytes.len() as u64 > self.active.room() {
            self.roll(bytes.len() as u64)?;
        }
        let Active { file, header, offset } = &mut self.active;
        let failed = |source| {
            let path = self.disk.path(&segment::name(header.number));
            AppendError::Failed(Error::io("write and sync", path)(source))
        };
        file.write_at(&bytes, *offset).map_err(failed)?;
        crash::point("log.written");
        file.sync().map_err(failed)?;
        crash::point("log.synced");
        let places = starts.iter().map(|start| Place { segment: header.number, offset: *offset + *start as u64 }).collect();
        *offset += bytes.len() as u64;
        self.next_lsn += 1;
        Ok((Position(lsn), places))
    }

    /// Takes the next segment into use; its header is durable before its first frame is written.
    pub fn roll(&mut self, frame_bytes: u64) -> Result<(), AppendError> {
        let Taken { number, file, size } = self.supply.take(segment::HEADER_BYTES + frame_bytes).ok_or(AppendError::Full)?;
        crash::point("segment.taken");
        let header = Header { number, first_lsn: self.next_lsn, size, has_holes: false };
        let failed = |source| AppendError::Failed(Error::io("write and sync", self.disk.path(&segment::name(number)))(source));
        file.write_at(&header.encode(self.store), 0).map_err(failed)?;
        file.sync().map_err(failed)?;
        self.active = Active { file, header, offset: segment::HEADER_BYTES };
        Ok(())
    }

    /// Raises the high-water mark to what is durable.
    pub fn raise_mark(&mut self) -> Result<(), Error> {
        self.mark.raise(self.next_lsn - 1).map_err(Error::io("write and sync", self.disk.path(mark::NAME)))
    }

    /// Whether the mark is behind.
    pub fn mark_is_behind(&self) -> bool {
        self.mark.lsn < self.next_lsn - 1
    }

    pub fn space(&self) -> Space {
        self.supply.space()
    }
}

/// The reading end.
pub struct Reader {
    disk: Arc<dyn Disk>,
    open: Mutex<HashMap<u64, Opened>>,
}

/// A segment that is read from. Segments keep their size.
#[derive(Clone)]
struct Opened {
    file: Arc<dyn DiskFile>,
    size: u64,
}

impl Reader {
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self { disk, open: Mutex::new(HashMap::new()) }
    }

    fn segment(&self, number: u64) -> Result<Opened, Error> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(opened) = open.get(&number) {
            return Ok(opened.clone());
        }
        if open.len() >= OPEN_SEGMENTS_MAX {
            open.clear();
        }
        let name = segment::name(number);
        let file = self.disk.open(&name).map_err(Error::io("open", self.disk.path(&name)))?;
        let size = file.size().map_err(Error::io("read", self.disk.path(&name)))?;
        let opened = Opened { file, size };
        open.insert(number, opened.clone());
        Ok(opened)
    }

    /// The segment was replaced: whoever reads on reads the new file.
    pub fn forget(&self, number: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
    }

    fn damaged(&self, place: Place, message: &str) -> Error {
        Error::Damaged { path: self.disk.path(&segment::name(place.segment)), message: format!("the record at {} {message}", place.offset) }
    }
}

impl Records for Reader {
    fn extract(&self, extract: &Extract) -> Result<Vec<u8>, Error> {
        let Extract { place, length } = *extract;
        let Opened { file, size } = self.segment(place.segment)?;
        // The row's checksum holds, so a length that does not fit is the segment's damage; never allocate for it.
        let begin = place.offset.checked_sub(frame::RECORD_HEADER_BYTES as u64).ok_or_else(|| self.damaged(place, "has no beginning"))?;
        if place.offset.saturating_add(u64::from(length)) > size {
            return Err(self.damaged(place, "goes on behind its end"));
        }
        let mut bytes = vec![0; frame::RECORD_HEADER_BYTES + length as usize];
        file.read_at(&mut bytes, begin).map_err(Error::io("read", self.disk.path(&segment::name(place.segment))))?;
        if frame::record(&bytes).is_none() {
            return Err(self.damaged(place, "is not what was written"));
        }
        bytes.drain(..frame::RECORD_HEADER_BYTES);
        Ok(bytes)
    }
}
