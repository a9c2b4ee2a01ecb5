//! Values of the view: each carries a CRC32C over its key and itself. Turns stay in the log, and the view says where they stand; so does a
//! record of another kind that is too large for it.

use sha2::{Digest as _, Sha256};

use super::error::Error;
use crate::limits::VIEW_VALUE_BYTES_MAX;

pub const CHECKSUM_BYTES: usize = 4;
const INLINE: u8 = 0;
const IN_LOG: u8 = 1;

/// Where a record stands in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the segment.
    pub segment: u64,
    /// From the beginning of the segment's file, in bytes.
    pub offset: u64,
}

/// Bytes of a turn in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extract {
    pub place: Place,
    pub length: u32,
}

impl Extract {
    pub const BYTES: usize = 20;

    #[expect(clippy::cast_possible_truncation, reason = "a record is at most RECORD_BYTES_MAX")]
    pub fn of(record: &[u8], place: Place) -> Self {
        Self { place, length: record.len() as u32 }
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.place.segment.to_be_bytes());
        bytes.extend_from_slice(&self.place.offset.to_be_bytes());
        bytes.extend_from_slice(&self.length.to_be_bytes());
    }

    /// What stands at the beginning of `bytes`, and the rest of them.
    pub fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (segment, rest) = bytes.split_first_chunk::<8>()?;
        let (offset, rest) = rest.split_first_chunk::<8>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let place = Place { segment: u64::from_be_bytes(*segment), offset: u64::from_be_bytes(*offset) };
        Some((Self { place, length: u32::from_be_bytes(*length) }, rest))
    }
}

/// A record of a kind that is read often and is small mostly, or what of it is read, as a row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Blob {
    Inline(Vec<u8>),
    InLog { extract: Extract, sha256: [u8; 32] },
}

impl Blob {
    /// Inline when small, otherwise a pointer into the log.
    pub fn of(record: &[u8], place: Place) -> Self {
        if record.len() <= VIEW_VALUE_BYTES_MAX {
            return Self::Inline(record.to_vec());
        }
        Self::InLog { extract: Extract::of(record, place), sha256: Sha256::digest(record).into() }
    }

    pub fn write(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Inline(record) => {
                bytes.push(INLINE);
                bytes.extend_from_slice(record);
            }
            Self::InLog { extract, sha256 } => {
                bytes.push(IN_LOG);
                extract.write(bytes);
                bytes.extend_from_slice(sha256);
            }
        }
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (tag, rest) = bytes.split_first()?;
        match *tag {
            INLINE => Some(Self::Inline(rest.to_vec())),
            IN_LOG => {
                let (extract, rest) = Extract::read(rest)?;
                Some(Self::InLog { extract, sha256: rest.try_into().ok()? })
            }
            _ => None,
        }
    }
}

/// The next link of an execution's chain.
#[must_use]
pub fn chain(previous: &[u8; 32], record: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(record);
    hash.finalize().into()
}

/// `body` with its checksum, as it goes into the view.
pub fn seal(key: &[u8], mut body: Vec<u8>) -> Vec<u8> {
    let sum = checksum(key, &body);
    body.reserve_exact(CHECKSUM_BYTES);
    body.extend_from_slice(&sum.to_be_bytes());
    body
}

/// The body of a value that came from the view.
///
/// # Errors
/// `ViewDamaged` when the checksum does not hold.
pub fn open<'a>(key: &[u8], value: &'a [u8]) -> Result<&'a [u8], Error> {
    let damaged = || Error::ViewDamaged(format!("the checksum of row {} does not hold", hex(key)));
    let (body, sum) = value.split_last_chunk::<CHECKSUM_BYTES>().ok_or_else(damaged)?;
    if checksum(key, body) == u32::from_be_bytes(*sum) { Ok(body) } else { Err(damaged()) }
}

fn checksum(key: &[u8], body: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c(key), body)
}

/// For messages.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_bit_or_a_moved_value_is_seen() {
        let value = seal(b"key", b"body".to_vec());
        assert_eq!(open(b"key", &value).unwrap(), b"body");
        assert!(open(b"kez", &value).is_err());
        for bit in 0..value.len() * 8 {
            let mut bad = value.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(open(b"key", &bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn records_come_back() {
        let place = Place { segment: 3, offset: 4096 };
        for size in [0, 10, VIEW_VALUE_BYTES_MAX, VIEW_VALUE_BYTES_MAX + 1] {
            let record = vec![1; size];
            let blob = Blob::of(&record, place);
            assert_eq!(matches!(blob, Blob::InLog { .. }), size > VIEW_VALUE_BYTES_MAX);
            let mut bytes = Vec::new();
            blob.write(&mut bytes);
            assert_eq!(Blob::read(&bytes), Some(blob));
        }
    }
}
