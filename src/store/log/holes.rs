//! A segment without some of its records. What is kept stays where it was, so that every row that names a place stays right; where the others
//! were there are zeros, for which the file system needs no space. Behind the last that is kept the file ends.

use std::io;

use super::frames::Frame;
use super::segment::HEADER_BYTES;
use super::{StoreId, frame};
use crate::store::disk::BLOCK_BYTES;

/// Above it frames without records are not put together: a frame's length has 32 bits, and that of a hole 31.
const FRAME_BYTES_MAX: u64 = 1 << 30;

/// Takes the frames of a segment one after the other, and gives away what is to be written of each, and where.
pub struct Digger<W> {
    store: StoreId,
    write: W,
    /// Of frames that become one, because nothing of them is kept.
    empty: Option<Empty>,
    /// Behind what was written last.
    end: u64,
}

#[derive(Clone, Copy)]
struct Empty {
    begin: u64,
    end: u64,
    lsn: u64,
    span: u32,
}

impl<W: FnMut(u64, &[u8]) -> io::Result<()>> Digger<W> {
    pub fn new(store: StoreId, write: W) -> Self {
        Self { store, write, empty: None, end: HEADER_BYTES }
    }

    /// The next frame, and what of it is kept.
    pub fn push(&mut self, found: &Frame, kept: &[(usize, &[u8])]) -> io::Result<()> {
        let next = Empty { begin: found.begin, end: found.end(), lsn: found.lsn, span: found.span };
        if !kept.is_empty() {
            self.close()?;
            return self.put(next, found.length, kept);
        }
        match &mut self.empty {
            Some(empty) if next.end - empty.begin <= FRAME_BYTES_MAX && empty.span.checked_add(next.span).is_some() => {
                empty.end = next.end;
                empty.span += next.span;
            }
            _ => {
                self.close()?;
                self.empty = Some(next);
            }
        }
        Ok(())
    }

    /// Another frame follows what is not kept.
    fn close(&mut self) -> io::Result<()> {
        let Some(empty) = self.empty.take() else { return Ok(()) };
        let length = usize::try_from(empty.end - empty.begin).unwrap_or(usize::MAX) - frame::HEADER_BYTES;
        self.put(empty, length, &[])
    }

    fn put(&mut self, Empty { begin, lsn, span, .. }: Empty, length: usize, kept: &[(usize, &[u8])]) -> io::Result<()> {
        for (at, bytes) in frame::with_holes(self.store, lsn, span, length, kept) {
            (self.write)(begin + at as u64, &bytes)?;
            self.end = begin + (at + bytes.len()) as u64;
        }
        // A hole behind the last record is part of the frame.
        self.end = self.end.max(begin + (frame::HEADER_BYTES + length) as u64);
        Ok(())
    }

    /// Behind the last frame: how long the file is.
    pub fn finish(mut self) -> io::Result<u64> {
        if let Some(empty) = self.empty.take() {
            self.put(empty, 0, &[])?;
        }
        Ok(self.end)
    }
}

/// What pieces of a file take of the disk, which come in order.
#[derive(Default)]
pub struct Space {
    blocks: u64,
    /// Behind the last block that is counted.
    end: u64,
}

impl Space {
    pub fn add(&mut self, begin: u64, bytes: &[u8]) {
        let block = BLOCK_BYTES as u64;
        let (first, end) = ((begin / block).max(self.end), (begin + bytes.len() as u64).div_ceil(block));
        self.blocks += end.saturating_sub(first);
        self.end = self.end.max(end);
    }

    pub fn bytes(&self) -> u64 {
        self.blocks * BLOCK_BYTES as u64
    }
}

#[cfg(test)]
mod tests {
    use super::super::frames::{self, Frames};
    use super::super::segment::{self, Header};
    use super::*;
    use crate::store::disk::{self, RealDisk};

    fn store() -> StoreId {
        StoreId(uuid::Uuid::from_u128(7))
    }

    fn write(disk: &RealDisk, header: Header, bytes: &mut [u8]) -> Header {
        let header = Header { size: bytes.len() as u64, ..header };
        let encoded = header.encode(store());
        bytes[..encoded.len()].copy_from_slice(&encoded);
        disk::replace(disk, &segment::name(1), bytes).unwrap();
        header
    }

    type Found = Vec<(u64, u64, Vec<u8>)>;

    /// What a segment holds, frame by frame; as much as what is read of it whole.
    fn read(disk: &RealDisk, header: Header) -> (Vec<Frame>, Found) {
        let (mut frames, mut found, mut records) = (Frames::open(disk, store(), header, frames::ALONG).unwrap(), Vec::new(), Vec::new());
        while let Some(frame) = frames.next().unwrap() {
            records.extend(frame.records.iter().map(|(at, bytes)| (frame.lsn, frame.payload_offset() + *at as u64, bytes.clone())));
            found.push(frame);
        }
        let segment::Found::Used(whole) = segment::read(disk, store(), 1).unwrap() else { panic!("it is in use") };
        let mut same: Found = Vec::new();
        for frame in whole.frames(store()).0 {
            same.extend(
                frame::records(frame.payload)
                    .into_iter()
                    .map(|(at, bytes)| (frame.lsn, frame.payload_offset + at as u64, bytes.unwrap().to_vec())),
            );
        }
        assert_eq!(records, same);
        (found, records)
    }

    /// Dug once and again, at random: what is kept is where it was, and what is dropped takes no space in the end.
    #[test]
    fn what_is_kept_does_not_move_however_often_holes_are_dug() {
        let dir = tempfile::tempdir().unwrap();
        let disk = RealDisk::new(dir.path());
        let mut random = 1_u64;
        let mut coin = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> 63 == 1
        };
        let mut bytes = vec![0; segment::HEADER_LENGTH];
        for lsn in 1..=40_u8 {
            let record = vec![lsn; 3_000];
            bytes.extend_from_slice(&frame::encode(store(), lsn.into(), 1, &[&record, &record]).0);
        }
        bytes.resize(bytes.len() + 3 * BLOCK_BYTES, 0);
        let mut header = write(&disk, Header { number: 1, first_lsn: 1, size: 0, has_holes: false }, &mut bytes);
        let (mut frames, mut expected) = read(&disk, header);
        let mut space_before = u64::MAX;
        while !expected.is_empty() {
            let (mut space, mut bytes) = (Space::default(), vec![0; bytes.len()]);
            space.add(0, &[0; segment::HEADER_LENGTH]);
            let mut digger = Digger::new(store(), |begin, piece: &[u8]| {
                space.add(begin, piece);
                let begin = usize::try_from(begin).unwrap();
                bytes[begin..begin + piece.len()].copy_from_slice(piece);
                Ok(())
            });
            let drops: Vec<bool> = expected.iter().map(|_| coin()).collect();
            let mut stays = drops.iter().map(|drops| !drops);
            for frame in &frames {
                let kept: Vec<(usize, &[u8])> =
                    frame.records.iter().filter(|_| stays.next().unwrap()).map(|(at, bytes)| (*at, bytes.as_slice())).collect();
                digger.push(frame, &kept).unwrap();
            }
            let size = digger.finish().unwrap();
            bytes.truncate(usize::try_from(size).unwrap());
            let mut stays = drops.iter().map(|drops| !drops);
            expected.retain(|_| stays.next().unwrap());
            header = write(&disk, Header { has_holes: true, ..header }, &mut bytes);
            let found;
            (frames, found) = read(&disk, header);
            assert_eq!(found, expected);
            let lsns: u64 = frames.iter().map(|frame| u64::from(frame.span)).sum();
            assert_eq!((frames[0].lsn, lsns), (1, 40), "numbers have no gaps");
            let used = bytes.chunks(BLOCK_BYTES).filter(|block| !disk::is_zero(block)).count();
            assert_eq!(space.bytes(), (used * BLOCK_BYTES) as u64);
            assert!(space.bytes() <= space_before);
            space_before = space.bytes();
        }
        assert_eq!((frames.len(), header.size), (1, HEADER_BYTES + frame::HEADER_BYTES as u64), "one frame is left of them all");
    }
}
