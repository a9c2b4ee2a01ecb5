//! A segment: a file of the log. A header page (magic, version, store id, number, first lsn, size), then frames, then zeros up to the
//! declared size. Prepared ahead with everything zero; the header is written and synced when the segment is taken into use, before
//! its first frame. Never used again for anything else.

use std::sync::Arc;

use super::StoreId;
use super::frame;
use crate::store::disk::{self, Disk, DiskFile};
use crate::store::error::Error;

/// Frames begin here; a page, so that the header never shares a sector with a frame.
pub const HEADER_BYTES: u64 = HEADER_LENGTH as u64;
/// The same as an index.
pub const HEADER_LENGTH: usize = 4096;
const MAGIC: &[u8; 8] = b"FLOWGLOG";
/// Every byte is of a frame, or a zero behind the last.
const VERSION: u32 = 1;
/// Records were dropped out of its frames: programs that do not know holes must not take them for damage.
const VERSION_WITH_HOLES: u32 = 2;
/// What is wrong with a segment that a later program wrote.
const NEWER: &str = "its format is newer than this flowgate knows";
const NAME_PREFIX: &str = "log-";
/// Bytes of the header that mean something.
const USED_BYTES: usize = 56;

/// What a segment says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Unique in the store; higher is newer.
    pub number: u64,
    pub first_lsn: u64,
    /// Of the file, in bytes.
    pub size: u64,
    pub has_holes: bool,
}

pub fn name(number: u64) -> String {
    format!("{NAME_PREFIX}{number:016x}")
}

/// The number in a file's name, if it is a segment's.
pub fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix(NAME_PREFIX)?;
    (digits.len() == 16).then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

impl Header {
    pub fn encode(&self, store: StoreId) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(USED_BYTES);
        bytes.extend_from_slice(MAGIC);
        let version = if self.has_holes { VERSION_WITH_HOLES } else { VERSION };
        bytes.extend_from_slice(&version.to_be_bytes());
        bytes.extend_from_slice(store.0.as_bytes());
        bytes.extend_from_slice(&self.number.to_be_bytes());
        bytes.extend_from_slice(&self.first_lsn.to_be_bytes());
        bytes.extend_from_slice(&self.size.to_be_bytes());
        let crc = crc32c::crc32c(&bytes);
        bytes.extend_from_slice(&crc.to_be_bytes());
        bytes
    }

    /// The header at the beginning of `bytes`; the text says what is wrong with it.
    pub fn decode(store: StoreId, bytes: &[u8]) -> Result<Self, String> {
        let bytes = bytes.get(..USED_BYTES).ok_or("it is too short for its header")?;
        let (fields, crc) = bytes.split_at(USED_BYTES - 4);
        if crc32c::crc32c(fields).to_be_bytes() != *crc {
            return Err("the checksum of its header does not hold".to_owned());
        }
        let word = |at: usize| fields[at..at + 8].iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
        if fields[..8] != *MAGIC {
            return Err("it is not a segment of a log".to_owned());
        }
        let has_holes = match <[u8; 4]>::try_from(&fields[8..12]).map(u32::from_be_bytes) {
            Ok(VERSION) => false,
            Ok(VERSION_WITH_HOLES) => true,
            _ => return Err(NEWER.to_owned()),
        };
        if fields[12..28] != *store.0.as_bytes() {
            return Err("it belongs to another store".to_owned());
        }
        Ok(Self { number: word(28), first_lsn: word(36), size: word(44), has_holes })
    }
}

/// A segment read into memory.
pub struct Segment {
    pub header: Header,
    pub bytes: Vec<u8>,
}

/// One frame of a segment.
pub struct Frame<'a> {
    pub lsn: u64,
    pub span: u32,
    /// Where the payload begins in the file.
    pub payload_offset: u64,
    pub payload: &'a [u8],
}

/// What reading frame by frame ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Zeros to the end of the file.
    Clean { offset: usize },
    /// Something that is no frame.
    Bad { offset: usize },
}

impl Segment {
    /// Its frames in order, and how they end.
    pub fn frames(&self, store: StoreId) -> (Vec<Frame<'_>>, End) {
        let mut frames = Vec::new();
        let mut offset = HEADER_LENGTH;
        let mut expected = self.header.first_lsn;
        while let Some(frame) = self.frame_at(store, expected, offset) {
            (offset, expected) = (frame.end(), frame.next_lsn());
            frames.push(frame);
        }
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let clean = disk::is_zero(rest);
        (frames, if clean { End::Clean { offset } } else { End::Bad { offset } })
    }

    /// Whether a whole frame with a number above `lsn` stands anywhere behind `offset`: then what is at `offset` is not a torn tail.
    pub fn valid_frame_behind(&self, store: StoreId, lsn: u64, offset: usize) -> bool {
        self.next_frame(store, lsn, offset).is_some()
    }

    /// Where the next whole frame with a number above `lsn` stands behind `offset`, and its number.
    pub fn next_frame(&self, store: StoreId, lsn: u64, offset: usize) -> Option<(usize, u64)> {
        let rest = self.bytes.get(offset..).unwrap_or_default();
        let used = rest.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        // The header's number is checked first, so that checksums are worked out for hardly any place.
        let plausible = lsn..lsn.saturating_add(1 << 20);
        (1..used).find_map(|start| {
            let candidate = &rest[start..];
            let header = frame::Header::read(candidate).filter(|header| plausible.contains(&header.lsn))?;
            header.payload(store, candidate).map(|_| (offset + start, header.lsn))
        })
    }

    /// The frame at `offset`, when it is whole and has this number.
    pub fn frame_at(&self, store: StoreId, lsn: u64, offset: usize) -> Option<Frame<'_>> {
        let rest = self.bytes.get(offset..)?;
        let header = frame::Header::read(rest).filter(|header| header.lsn == lsn)?;
        let payload = header.payload(store, rest)?;
        Some(Frame { lsn, span: header.span, payload_offset: (offset + frame::HEADER_BYTES) as u64, payload })
    }
}

impl Frame<'_> {
    /// Where the next frame begins in the file.
    pub fn end(&self) -> usize {
        usize::try_from(self.payload_offset).unwrap_or(usize::MAX).saturating_add(self.payload.len())
    }

    /// The number that comes next.
    pub fn next_lsn(&self) -> u64 {
        self.lsn + u64::from(self.span)
    }
}

/// What a file with a segment's name is.
pub enum Found {
    /// Prepared and never taken into use.
    Unused,
    Used(Segment),
}

/// Reads and checks the segment with this number.
pub fn read(disk: &dyn Disk, store: StoreId, number: u64) -> Result<Found, Error> {
    let name = name(number);
    let bytes = disk::read(disk, &name)?.unwrap_or_default();
    let damaged = |message: String| Error::Damaged { path: disk.path(&name), message };
    match Header::decode(store, &bytes) {
        Ok(header) if header.number != number => Err(damaged(format!("it says that it is segment {}", header.number))),
        Ok(header) if header.size != bytes.len() as u64 => {
            Err(damaged(format!("it has {} bytes and says that it has {}", bytes.len(), header.size)))
        }
        Ok(header) => Ok(Found::Used(Segment { header, bytes })),
        // Nothing of it is lost, and nobody may repair it.
        Err(message) if message == NEWER => {
            let found = bytes.get(8..12).and_then(|version| version.try_into().ok()).map_or(0, u32::from_be_bytes);
            Err(Error::Newer { path: disk.path(&name), found, known: VERSION_WITH_HOLES })
        }
        // A header that was being written when the power went: nothing can stand behind it, because it is synced first.
        Err(_) if disk::is_zero(bytes.get(HEADER_LENGTH..).unwrap_or_default()) => Ok(Found::Unused),
        Err(message) => Err(damaged(message)),
    }
}

/// A segment whose header or size is wrong, as far as its first frame tells which it is.
pub fn salvage(disk: &dyn Disk, store: StoreId, number: u64) -> Result<Option<Segment>, Error> {
    let bytes = disk::read(disk, &name(number))?.unwrap_or_default();
    let size = bytes.len() as u64;
    let first = bytes.get(HEADER_LENGTH..).and_then(frame::Header::read);
    let from_header = Header::decode(store, &bytes).ok().map(|header| header.first_lsn);
    let Some(first_lsn) = from_header.or(first.map(|first| first.lsn)) else { return Ok(None) };
    let segment = Segment { header: Header { number, first_lsn, size, has_holes: false }, bytes };
    let whole = from_header.is_some() || segment.frame_at(store, first_lsn, HEADER_LENGTH).is_some();
    Ok(whole.then_some(segment))
}

/// Only the header; for segments whose frames are not needed.
pub fn read_header(disk: &dyn Disk, store: StoreId, number: u64) -> Result<Option<Header>, Error> {
    let name = name(number);
    let path = disk.path(&name);
    let file = disk.open(&name).map_err(Error::io("open", path.clone()))?;
    let size = file.size().map_err(Error::io("read", path.clone()))?;
    let mut bytes = [0; USED_BYTES];
    let whole = size >= HEADER_BYTES && file.read_at(&mut bytes, 0).is_ok();
    match Header::decode(store, &bytes) {
        Ok(header) if whole && header.number == number && header.size == size => Ok(Some(header)),
        // The difference between unused and damaged is behind the header, and may be anywhere there: a prepared segment is written to
        // again, so that one which only lost its beginning must not be taken for it.
        Err(_) if whole && disk::is_zero_from(file.as_ref(), HEADER_BYTES).map_err(Error::io("read", path.clone()))? => Ok(None),
        _ => match read(disk, store, number)? {
            Found::Unused => Ok(None),
            Found::Used(segment) => Ok(Some(segment.header)),
        },
    }
}

/// A segment that frames can be written to.
pub struct Active {
    pub file: Arc<dyn DiskFile>,
    pub header: Header,
    /// Where the next frame goes.
    pub offset: u64,
}

impl Active {
    pub fn room(&self) -> u64 {
        self.header.size - self.offset
    }
}
