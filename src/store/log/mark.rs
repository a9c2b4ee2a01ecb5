//! The high-water mark: a number at or below which every frame is known to be durable. What is missing at or below it is damage, not
//! a torn tail. Two slots, a page apart, written in turn, so that a torn write leaves the other.

use std::sync::Arc;

use super::StoreId;
use crate::store::disk::{self, Disk, DiskFile};
use crate::store::error::Error;

pub const NAME: &str = "mark";
const SLOT_BYTES: u64 = SLOT_LENGTH as u64;
const SLOT_LENGTH: usize = 4096;
const USED_BYTES: usize = 36;

/// The open file.
pub struct Mark {
    file: Arc<dyn DiskFile>,
    store: StoreId,
    /// Counts writes; the higher slot wins.
    generation: u64,
    /// What the newest slot says.
    pub lsn: u64,
}

impl Mark {
    /// Makes the file, with 0 in the first slot.
    pub fn create(disk: &dyn Disk, store: StoreId) -> Result<(), Error> {
        let mut bytes = vec![0; 2 * SLOT_LENGTH];
        bytes[..USED_BYTES].copy_from_slice(&encode(store, 0, 0));
        disk::replace(disk, NAME, &bytes)
    }

    /// The mark of the store; none when there is no file.
    pub fn open(disk: &dyn Disk, store: StoreId) -> Result<Option<Self>, Error> {
        let Some(bytes) = disk::read(disk, NAME)? else { return Ok(None) };
        let slots = [0, SLOT_LENGTH].map(|at| bytes.get(at..at + USED_BYTES).and_then(|slot| decode(store, slot)));
        let Some((generation, lsn)) = slots.into_iter().flatten().max() else {
            return Err(Error::Damaged { path: disk.path(NAME), message: "neither of its two slots is whole".to_owned() });
        };
        let file = disk.open(NAME).map_err(Error::io("open", disk.path(NAME)))?;
        Ok(Some(Self { file, store, generation, lsn }))
    }

    /// Raises the mark, durably.
    pub fn raise(&mut self, lsn: u64) -> std::io::Result<()> {
        if lsn <= self.lsn {
            return Ok(());
        }
        let generation = self.generation + 1;
        self.file.write_at(&encode(self.store, generation, lsn), (generation % 2) * SLOT_BYTES)?;
        self.file.sync()?;
        (self.generation, self.lsn) = (generation, lsn);
        Ok(())
    }
}

fn encode(store: StoreId, generation: u64, lsn: u64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USED_BYTES);
    bytes.extend_from_slice(store.0.as_bytes());
    bytes.extend_from_slice(&generation.to_be_bytes());
    bytes.extend_from_slice(&lsn.to_be_bytes());
    let crc = crc32c::crc32c(&bytes);
    bytes.extend_from_slice(&crc.to_be_bytes());
    bytes
}

fn decode(store: StoreId, slot: &[u8]) -> Option<(u64, u64)> {
    let (fields, crc) = slot.split_last_chunk::<4>()?;
    let (id, numbers) = fields.split_first_chunk::<16>()?;
    let (generation, lsn) = numbers.split_first_chunk::<8>()?;
    let whole = crc32c::crc32c(fields) == u32::from_be_bytes(*crc) && id == store.0.as_bytes();
    whole.then_some((u64::from_be_bytes(*generation), u64::from_be_bytes(lsn.try_into().ok()?)))
}
