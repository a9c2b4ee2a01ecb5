//! The log.

use std::sync::{Arc, PoisonError, RwLock};

use super::applier::Records;
use super::entry::Position;
use super::error::Error;
use super::value::{Blob, Place};

#[derive(Clone, Default)]
pub struct Log {
    frames: Arc<RwLock<Vec<Vec<Vec<u8>>>>>,
}

impl Log {
    pub fn append(&mut self, records: &[&[u8]]) -> Result<(Position, Vec<Place>), Error> {
        let mut frames = self.frames.write().unwrap_or_else(PoisonError::into_inner);
        frames.push(records.iter().map(|bytes| bytes.to_vec()).collect());
        let lsn = frames.len() as u64;
        Ok((Position(lsn), (0..records.len()).map(|index| Place { segment: lsn, offset: index as u64 }).collect()))
    }
}

impl Records for Log {
    fn read(&self, blob: &Blob) -> Result<Vec<u8>, Error> {
        match blob {
            Blob::Inline(bytes) => Ok(bytes.clone()),
            Blob::InLog { place, .. } => {
                let frames = self.frames.read().unwrap_or_else(PoisonError::into_inner);
                let frame = usize::try_from(place.segment).ok().and_then(|lsn| frames.get(lsn.checked_sub(1)?));
                let record = frame.and_then(|frame| frame.get(usize::try_from(place.offset).ok()?));
                record.cloned().ok_or_else(|| Error::ViewDamaged("no such record".into()))
            }
        }
    }
}
