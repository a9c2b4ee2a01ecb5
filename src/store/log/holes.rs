//! A segment without some of its records. What is kept stays where it was, so that every row that names a place stays right; where the others
//! were there are zeros, for which the file system needs no space.

use std::ops::Range;

use super::segment::{HEADER_LENGTH, Header, Segment};
use super::{StoreId, frame};
use crate::store::disk::{self, BLOCK_BYTES};

/// Above it frames without records are not put together: a frame's length has 32 bits, and that of a hole 31.
const FRAME_BYTES_MAX: usize = 1 << 30;

/// A frame as it will be, or several that have become one because nothing of them is kept.
struct Stretch<'a> {
    bytes: Range<usize>,
    lsn: u64,
    span: u32,
    kept: Vec<(usize, &'a [u8])>,
}

/// The file of `segment` without those of its records, in order, for which `drops` holds true.
pub fn dug(segment: &Segment, store: StoreId, drops: &[bool]) -> Vec<u8> {
    let (frames, _) = segment.frames(store);
    let mut drops = drops.iter().copied().chain(std::iter::repeat(false));
    let mut stretches: Vec<Stretch<'_>> = Vec::with_capacity(frames.len());
    for found in &frames {
        let records = frame::records(found.payload).into_iter();
        let kept = records.filter(|_| !drops.next().unwrap_or(false)).map(|(start, record)| (start, record.unwrap_or_else(|bytes| bytes)));
        let kept: Vec<(usize, &[u8])> = kept.collect();
        let bytes = found.begin()..found.end();
        match stretches.last_mut() {
            Some(last) if last.takes(&kept, found.end(), found.span) => {
                last.bytes.end = bytes.end;
                last.span += found.span;
            }
            _ => stretches.push(Stretch { bytes, lsn: found.lsn, span: found.span, kept }),
        }
    }
    let mut bytes = vec![0; segment.bytes.len()];
    let header = Header { has_holes: true, ..segment.header }.encode(store);
    bytes[..header.len()].copy_from_slice(&header);
    for Stretch { bytes: range, lsn, span, kept } in stretches {
        frame::write_with_holes(store, lsn, span, &kept, &mut bytes[range]);
    }
    bytes
}

impl Stretch<'_> {
    /// Whether nothing is kept of this one, nor of a frame behind it that ends there and stands for so many.
    fn takes(&self, kept: &[(usize, &[u8])], end: usize, span: u32) -> bool {
        let is_empty = self.kept.is_empty() && kept.is_empty();
        is_empty && end - self.bytes.start <= FRAME_BYTES_MAX && self.span.checked_add(span).is_some()
    }
}

/// What a file with these bytes takes of the disk, if it has all the holes that it can have.
pub fn space(bytes: &[u8]) -> u64 {
    let used = bytes.chunks(BLOCK_BYTES).filter(|block| !disk::is_zero(block)).count();
    (used * BLOCK_BYTES) as u64
}

const _: () = assert!(HEADER_LENGTH.is_multiple_of(BLOCK_BYTES));

#[cfg(test)]
mod tests {
    use super::super::segment::End;
    use super::*;

    fn store() -> StoreId {
        StoreId(uuid::Uuid::from_u128(7))
    }

    /// Frames of two records each, and room behind them.
    fn segment(frames: u64, record_bytes: usize) -> Segment {
        let mut bytes = vec![0; HEADER_LENGTH];
        for lsn in 1..=frames {
            let record = vec![u8::try_from(lsn).unwrap(); record_bytes];
            bytes.extend_from_slice(&frame::encode(store(), lsn, 1, &[&record, &record]).0);
        }
        bytes.resize(bytes.len() + 3 * BLOCK_BYTES, 0);
        let header = Header { number: 1, first_lsn: 1, size: bytes.len() as u64, has_holes: false };
        bytes[..56].copy_from_slice(&header.encode(store()));
        Segment { header, bytes }
    }

    fn kept(segment: &Segment) -> Vec<(u64, u64, Vec<u8>)> {
        let (frames, end) = segment.frames(store());
        assert!(matches!(end, End::Clean { .. }));
        let mut expected = 1;
        let mut records = Vec::new();
        for found in frames {
            assert_eq!(found.lsn, expected, "numbers have no gaps");
            expected = found.next_lsn();
            for (start, record) in frame::records(found.payload) {
                records.push((found.lsn, found.payload_offset + start as u64, record.unwrap().to_vec()));
            }
        }
        records
    }

    /// Dug once and again, at random: what is kept is where it was, and what is dropped takes no space in the end.
    #[test]
    fn what_is_kept_does_not_move_however_often_holes_are_dug() {
        let mut random = 1_u64;
        let mut coin = || {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random >> 63 == 1
        };
        let mut whole = segment(40, 3_000);
        let mut expected = kept(&whole);
        let mut space_before = space(&whole.bytes);
        while !expected.is_empty() {
            let drops: Vec<bool> = expected.iter().map(|_| coin()).collect();
            let bytes = dug(&whole, store(), &drops);
            assert_eq!(bytes.len(), whole.bytes.len());
            whole = Segment { header: Header::decode(store(), &bytes).unwrap(), bytes };
            assert!(whole.header.has_holes);
            let mut stays = drops.iter().map(|drops| !drops);
            expected.retain(|_| stays.next().unwrap());
            assert_eq!(kept(&whole), expected);
            assert!(space(&whole.bytes) <= space_before);
            space_before = space(&whole.bytes);
        }
        let frames = whole.frames(store()).0;
        assert_eq!((frames.len(), frames[0].span), (1, 40), "all of them are one");
        assert_eq!(space(&whole.bytes), 2 * BLOCK_BYTES as u64, "its header, and the head of the one frame");
    }
}
