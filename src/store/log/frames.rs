//! Reading a segment frame by frame: no more of it is in memory than a frame, and the zeros of holes are not read at all.

use std::path::PathBuf;
use std::sync::Arc;

use super::StoreId;
use super::frame::{self, Header, RECORD_HEADER_BYTES};
use super::segment;
use crate::store::disk::{Disk, DiskFile};
use crate::store::error::Error;

/// Read from the file at a time, unless a record has more: for who reads all of it, and for who follows what is written.
pub const AHEAD: usize = 256 << 10;
pub const ALONG: usize = 8 << 10;

/// A frame, and the records that are left in it.
pub struct Frame {
    pub lsn: u64,
    pub span: u32,
    /// Where it begins in the file.
    pub begin: u64,
    /// Of the payload, holes included.
    pub length: usize,
    /// Where each record begins in the payload, and its bytes.
    pub records: Vec<(usize, Vec<u8>)>,
}

impl Frame {
    /// Where the next one begins.
    pub fn end(&self) -> u64 {
        self.payload_offset() + self.length as u64
    }

    pub fn payload_offset(&self) -> u64 {
        self.begin + frame::HEADER_BYTES as u64
    }

    pub fn next_lsn(&self) -> u64 {
        self.lsn + u64::from(self.span)
    }
}

/// The frames of one segment, in order.
pub struct Frames {
    store: StoreId,
    pub segment: segment::Header,
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    /// Where the next frame begins, and its number.
    offset: u64,
    lsn: u64,
    window: Vec<u8>,
    window_begin: u64,
    window_bytes: usize,
}

impl Frames {
    /// From the first on.
    pub fn open(disk: &dyn Disk, store: StoreId, segment: segment::Header, window_bytes: usize) -> Result<Self, Error> {
        let name = segment::name(segment.number);
        let path = disk.path(&name);
        let file = disk.open(&name).map_err(Error::io("open", path.clone()))?;
        let (offset, lsn) = (segment::HEADER_BYTES, segment.first_lsn);
        Ok(Self { store, segment, file, path, offset, lsn, window: Vec::new(), window_begin: 0, window_bytes })
    }

    /// The number of the frame that comes next.
    pub fn next_lsn(&self) -> u64 {
        self.lsn
    }

    /// The next frame; none where there is nothing more. The same again after the segment has grown.
    pub fn next(&mut self) -> Result<Option<Frame>, Error> {
        let found = self.look();
        if self.window.is_empty() || matches!(found, Ok(Some(_))) {
            return found;
        }
        // What was read ahead may have been written since.
        self.window.clear();
        self.look()
    }

    fn look(&mut self) -> Result<Option<Frame>, Error> {
        let (path, begin, lsn) = (self.path.clone(), self.offset, self.lsn);
        let damaged = |message: &str| Error::Damaged { path: path.clone(), message: format!("frame {lsn} {message}") };
        let read = |error| Error::io("read", path.clone())(error);
        let room = self.segment.size.saturating_sub(begin);
        if room < frame::HEADER_BYTES as u64 {
            return Ok(None);
        }
        let header = Header::read(self.bytes(begin, frame::HEADER_BYTES).map_err(read)?);
        let Some(header) = header.filter(|header| header.lsn == lsn && header.span > 0) else { return Ok(None) };
        let length = header.length as usize;
        if frame::HEADER_BYTES as u64 + u64::from(header.length) > room {
            return Err(damaged("is longer than its segment"));
        }
        let (mut crc, mut at, mut records) = (header.beginning(self.store), 0, Vec::new());
        let payload = begin + frame::HEADER_BYTES as u64;
        while length - at >= RECORD_HEADER_BYTES {
            let head = self.bytes(payload + at as u64, RECORD_HEADER_BYTES).map_err(read)?;
            let Some(head) = head.first_chunk::<RECORD_HEADER_BYTES>().copied() else { break };
            crc = crc32c::crc32c_append(crc, &head);
            at += RECORD_HEADER_BYTES;
            let (skipped, bytes) = match frame::zeros(head) {
                Some(zeros) => (zeros, 0),
                None => (0, u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize),
            };
            if skipped + bytes > length - at {
                return Err(damaged("is not what was written"));
            }
            if skipped == 0 {
                let record = self.bytes(payload + at as u64, bytes).map_err(read)?.to_vec();
                crc = crc32c::crc32c_append(crc, &record);
                records.push((at, record));
            }
            at += skipped + bytes;
        }
        if at != length || crc != header.crc {
            return Err(damaged("is not what was written"));
        }
        let frame = Frame { lsn, span: header.span, begin, length, records };
        (self.offset, self.lsn) = (frame.end(), frame.next_lsn());
        Ok(Some(frame))
    }

    /// So many bytes of the file, which has them.
    fn bytes(&mut self, offset: u64, length: usize) -> std::io::Result<&[u8]> {
        let held = offset.checked_sub(self.window_begin).and_then(|skip| usize::try_from(skip).ok());
        let held = held.filter(|skip| skip.saturating_add(length) <= self.window.len());
        let skip = match held {
            Some(skip) => skip,
            None => {
                let left = usize::try_from(self.segment.size - offset).unwrap_or(usize::MAX);
                self.window.resize(length.max(self.window_bytes).min(left), 0);
                self.window_begin = offset;
                let read = self.file.read_at(&mut self.window, offset);
                if read.is_err() {
                    self.window.clear();
                }
                read?;
                0
            }
        };
        Ok(&self.window[skip..skip + length])
    }
}
