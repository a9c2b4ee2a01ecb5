//! Writing a segment anew, with what could be read of it. The new file has the same first lsn and a higher number,
//! so that an opening in between knows which one counts.

use super::segment::{self, HEADER_LENGTH, Header};
use super::{StoreId, frame};
use crate::store::disk::{self, Disk};
use crate::store::error::Error;

/// What stays of one frame. No records: the number is kept, so that none is missing.
#[derive(Clone, Debug)]
pub struct Kept {
    pub lsn: u64,
    pub span: u32,
    pub records: Vec<Vec<u8>>,
}

/// Writes `frames` durably as segment `number`, at least `size_min` bytes long.
pub fn write(disk: &dyn Disk, store: StoreId, number: u64, first_lsn: u64, frames: &[Kept], size_min: u64) -> Result<Header, Error> {
    let mut bytes = vec![0; HEADER_LENGTH];
    for kept in merged(frames) {
        let records: Vec<&[u8]> = kept.records.iter().map(Vec::as_slice).collect();
        bytes.extend_from_slice(&frame::encode(store, kept.lsn, kept.span, &records).0);
    }
    let size = (bytes.len() as u64).max(size_min);
    bytes.resize(usize::try_from(size).unwrap_or(bytes.len()), 0);
    let header = Header { number, first_lsn, size, has_holes: false };
    let encoded = header.encode(store);
    bytes[..encoded.len()].copy_from_slice(&encoded);
    disk::replace(disk, &segment::name(number), &bytes)?;
    Ok(header)
}

/// The same with runs of empty frames as one.
fn merged(frames: &[Kept]) -> Vec<Kept> {
    let mut merged: Vec<Kept> = Vec::with_capacity(frames.len());
    for kept in frames {
        match merged.last_mut() {
            Some(last) if last.records.is_empty() && kept.records.is_empty() && last.span.checked_add(kept.span).is_some() => {
                last.span += kept.span;
            }
            _ => merged.push(kept.clone()),
        }
    }
    merged
}
