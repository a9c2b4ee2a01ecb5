//! A frame: what one commit wrote. `length u32 | crc u32 | lsn u64 | span u32 | payload`, big-endian; the CRC32C covers the store's
//! id, lsn, span, length and payload, so that a frame of another store or of another place is not taken for this one. The payload is
//! the records, each `length u32 | crc u32 | bytes`, so that one damaged record can be told from its neighbours. In a segment with holes
//! zeros stand where records were dropped, behind a length whose highest bit is set and its own checksum; what is kept has not moved. The
//! frame's checksum passes over those zeros.

use super::StoreId;
use crate::store::disk;

pub const HEADER_BYTES: usize = 20;
pub const RECORD_HEADER_BYTES: usize = 8;
/// Set in the length of a hole.
const HOLE: u32 = 1 << 31;
/// Bytes of which a checksum is worked out at most while a whole record is looked for: text and zeros need none, noise would need years.
const SEARCHED_BYTES_MAX: usize = 1 << 30;

/// Bytes that a frame with records of these sizes takes.
pub fn size(records: &[&[u8]]) -> usize {
    HEADER_BYTES + records.iter().map(|record| RECORD_HEADER_BYTES + record.len()).sum::<usize>()
}

/// The bytes of a frame, and where in them each record begins.
pub fn encode(store: StoreId, lsn: u64, span: u32, records: &[&[u8]]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = vec![0; HEADER_BYTES];
    bytes.reserve(size(records));
    let mut starts = Vec::with_capacity(records.len());
    for record in records {
        bytes.extend_from_slice(&length_u32(record.len()).to_be_bytes());
        bytes.extend_from_slice(&crc32c::crc32c(record).to_be_bytes());
        starts.push(bytes.len());
        bytes.extend_from_slice(record);
    }
    let length = length_u32(bytes.len() - HEADER_BYTES);
    let crc = crc32c::crc32c_append(beginning(store, lsn, span, length), &bytes[HEADER_BYTES..]);
    bytes[..HEADER_BYTES].copy_from_slice(&Header { length, crc, lsn, span }.write());
    (bytes, starts)
}

/// The frame with a payload of so many bytes of which only these records are kept, each at its place: what is to be written, and how far behind
/// the beginning of the frame. Between them are zeros.
pub fn with_holes(store: StoreId, lsn: u64, span: u32, length: usize, kept: &[(usize, &[u8])]) -> Vec<(usize, Vec<u8>)> {
    let (mut written, mut piece, mut begin, mut end) = (Vec::new(), vec![0; HEADER_BYTES], 0, 0);
    for (start, record) in kept {
        let head = start - RECORD_HEADER_BYTES;
        if head > end {
            piece.extend_from_slice(&hole(head - end));
            written.push((begin, std::mem::take(&mut piece)));
            begin = HEADER_BYTES + head;
        }
        piece.extend_from_slice(&length_u32(record.len()).to_be_bytes());
        piece.extend_from_slice(&crc32c::crc32c(record).to_be_bytes());
        piece.extend_from_slice(record);
        end = start + record.len();
    }
    if length > end {
        piece.extend_from_slice(&hole(length - end));
    }
    written.push((begin, piece));
    let length = length_u32(length);
    let mut crc = beginning(store, lsn, span, length);
    for (begin, piece) in &written {
        crc = crc32c::crc32c_append(crc, if *begin == 0 { &piece[HEADER_BYTES..] } else { piece });
    }
    written[0].1[..HEADER_BYTES].copy_from_slice(&Header { length, crc, lsn, span }.write());
    written
}

/// What stands at the beginning of a hole of so many bytes, in which there were whole records.
fn hole(bytes: usize) -> [u8; RECORD_HEADER_BYTES] {
    let length = (length_u32(bytes.saturating_sub(RECORD_HEADER_BYTES)) | HOLE).to_be_bytes();
    let mut head = [0; RECORD_HEADER_BYTES];
    head[..4].copy_from_slice(&length);
    head[4..].copy_from_slice(&crc32c::crc32c(&length).to_be_bytes());
    head
}

/// How many zeros follow the head of a hole; none for the head of a record.
pub fn zeros(head: [u8; RECORD_HEADER_BYTES]) -> Option<usize> {
    let [a, b, c, d, crc @ ..] = head;
    let length = [a, b, c, d];
    let is_whole = crc32c::crc32c(&length) == u32::from_be_bytes(crc);
    let length = u32::from_be_bytes(length);
    (length & HOLE != 0 && is_whole).then_some((length & !HOLE) as usize)
}

/// Records and batches are bounded far below 4 GiB before they come here.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn length_u32(length: usize) -> u32 {
    debug_assert!(u32::try_from(length).is_ok());
    length as u32
}

/// The checksum of a frame before anything of its payload.
fn beginning(store: StoreId, lsn: u64, span: u32, length: u32) -> u32 {
    let mut crc = crc32c::crc32c(store.0.as_bytes());
    crc = crc32c::crc32c_append(crc, &lsn.to_be_bytes());
    crc = crc32c::crc32c_append(crc, &span.to_be_bytes());
    crc32c::crc32c_append(crc, &length.to_be_bytes())
}

/// A frame's header, not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub length: u32,
    pub crc: u32,
    pub lsn: u64,
    pub span: u32,
}

impl Header {
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_first_chunk::<4>()?;
        let (crc, rest) = rest.split_first_chunk::<4>()?;
        let (lsn, rest) = rest.split_first_chunk::<8>()?;
        let (span, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            length: u32::from_be_bytes(*length),
            crc: u32::from_be_bytes(*crc),
            lsn: u64::from_be_bytes(*lsn),
            span: u32::from_be_bytes(*span),
        })
    }

    /// The payload of the frame at the beginning of `bytes`, when the whole frame is there and unharmed. The length is bounded by
    /// what is there before anything is done with it.
    pub fn payload<'a>(&self, store: StoreId, bytes: &'a [u8]) -> Option<&'a [u8]> {
        let end = HEADER_BYTES.checked_add(usize::try_from(self.length).ok()?)?;
        let payload = bytes.get(HEADER_BYTES..end)?;
        let crc = solid(payload).fold(self.beginning(store), crc32c::crc32c_append);
        (self.lsn > 0 && self.span > 0 && crc == self.crc).then_some(payload)
    }

    /// The frame's checksum before anything of its payload.
    pub fn beginning(&self, store: StoreId) -> u32 {
        beginning(store, self.lsn, self.span, self.length)
    }

    fn write(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..4].copy_from_slice(&self.length.to_be_bytes());
        bytes[4..8].copy_from_slice(&self.crc.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.lsn.to_be_bytes());
        bytes[16..].copy_from_slice(&self.span.to_be_bytes());
        bytes
    }
}

/// The payload without the zeros of its holes.
fn solid(payload: &[u8]) -> impl Iterator<Item = &[u8]> {
    let (mut rest, mut at) = (payload, 0);
    std::iter::from_fn(move || {
        while let Some(head) = rest.get(at..).and_then(<[u8]>::first_chunk) {
            at += RECORD_HEADER_BYTES;
            if let Some(zeros) = zeros(*head) {
                let piece = &rest[..at];
                rest = rest.get(at + zeros..).unwrap_or_default();
                at = 0;
                return Some(piece);
            }
            at = at.saturating_add(u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize);
        }
        (!rest.is_empty()).then(|| std::mem::take(&mut rest))
    })
}

/// A record's bytes; `Err` for what no checksum answers for (only in a damaged frame).
pub type Checked<'a> = Result<&'a [u8], Harmed<'a>>;

/// Bytes of a payload between two that are whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Harmed<'a> {
    pub bytes: &'a [u8],
    /// They were one record, and nothing else: its length leads to what is whole again.
    pub is_one: bool,
}

/// The bytes, whatever their checksum says.
pub fn bytes_of(record: Checked<'_>) -> &[u8] {
    record.unwrap_or_else(|harmed| harmed.bytes)
}

/// The records of a payload with where each begins in it, without holes.
pub fn records(payload: &[u8]) -> Vec<(usize, Checked<'_>)> {
    records_and_end(payload).0
}

/// The same, and how far they reach. No record is empty: what looks like one is nothing but zeros.
pub fn records_and_end(payload: &[u8]) -> (Vec<(usize, Checked<'_>)>, usize) {
    let mut found = Vec::new();
    let mut offset = 0;
    while payload.len() - offset >= RECORD_HEADER_BYTES {
        if let Some((record, end)) = whole_at(payload, offset) {
            found.extend(record.map(|record| (offset + RECORD_HEADER_BYTES, Ok(record))));
            offset = end;
            continue;
        }
        if disk::is_zero(&payload[offset..]) {
            break;
        }
        // A length may be what was harmed, and would hide whatever stands behind it.
        let next = next_whole(payload, offset + 1);
        found.extend(harmed(payload, offset, next));
        offset = next;
    }
    (found, offset)
}

/// A whole record, or a hole, that begins at `offset`, and where it ends.
fn whole_at(payload: &[u8], offset: usize) -> Option<(Option<&[u8]>, usize)> {
    let (head, rest) = payload.get(offset..)?.split_first_chunk::<RECORD_HEADER_BYTES>()?;
    let start = offset + RECORD_HEADER_BYTES;
    if let Some(zeros) = zeros(*head) {
        return (zeros <= rest.len()).then_some((None, start + zeros));
    }
    let [length, crc] = [[head[0], head[1], head[2], head[3]], [head[4], head[5], head[6], head[7]]].map(u32::from_be_bytes);
    let record = rest.get(..length as usize).filter(|record| !record.is_empty())?;
    (crc32c::crc32c(record) == crc).then_some((Some(record), start + record.len()))
}

/// The record that `bytes` are, if they are exactly one that is whole.
pub fn record(bytes: &[u8]) -> Option<&[u8]> {
    whole_at(bytes, 0).and_then(|(record, end)| record.filter(|_| end == bytes.len()))
}

/// Where the next whole one begins, from `offset` on; the end, too, when that would take too long to find out.
fn next_whole(payload: &[u8], offset: usize) -> usize {
    let mut budget = SEARCHED_BYTES_MAX;
    for at in offset..payload.len() {
        if whole_at(payload, at).is_some() {
            return at;
        }
        // So many bytes went into a checksum then.
        let length = payload[at..].first_chunk().map_or(0, |head| u32::from_be_bytes(*head) as usize);
        if length <= payload.len() - at {
            budget = budget.saturating_sub(length);
        }
        if budget == 0 {
            break;
        }
    }
    payload.len()
}

/// What stands between `offset` and `next`: each record by itself where their lengths lead there, or else all of it.
fn harmed(payload: &[u8], offset: usize, next: usize) -> Vec<(usize, Checked<'_>)> {
    let (mut records, mut at) = (Vec::new(), offset);
    while let Some(head) = payload[at..next].first_chunk::<4>() {
        let length = u32::from_be_bytes(*head) as usize;
        let start = at + RECORD_HEADER_BYTES;
        match payload[..next].get(start..).and_then(|rest| rest.get(..length)) {
            Some(bytes) if length > 0 => records.push((start, Err(Harmed { bytes, is_one: true }))),
            _ => break,
        }
        at = start + length;
    }
    if at == next {
        return records;
    }
    let start = next.min(offset + RECORD_HEADER_BYTES);
    vec![(start, Err(Harmed { bytes: &payload[start..next], is_one: false }))]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> StoreId {
        StoreId(uuid::Uuid::from_u128(7))
    }

    #[test]
    fn a_frame_comes_back_and_says_where_its_records_are() {
        let (bytes, starts) = encode(store(), 9, 1, &[b"one", b"2", b"three"]);
        let header = Header::read(&bytes).unwrap();
        let payload = header.payload(store(), &bytes).unwrap();
        assert_eq!((header.lsn, payload.len()), (9, bytes.len() - HEADER_BYTES));
        let records = records(payload);
        assert_eq!(records.iter().map(|(_, record)| record.unwrap()).collect::<Vec<_>>(), [&b"one"[..], b"2", b"three"]);
        assert_eq!(&bytes[starts[2]..], b"three");
        assert_eq!(records[2].0 + HEADER_BYTES, starts[2]);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let (whole, starts) = encode(store(), 9, 1, &[b"one", b"two"]);
        let two = starts[1] - HEADER_BYTES;
        let dug = written(whole.len(), &with_holes(store(), 9, 1, whole.len() - HEADER_BYTES, &[(two, b"two")]));
        let valid = |bytes: &[u8]| Header::read(bytes).and_then(|header| header.payload(store(), bytes).map(<[u8]>::len)).is_some();
        // Nobody reads the zeros of a hole.
        for (bytes, zeros) in [(whole, 0..0), (dug, starts[0]..starts[0] + 3)] {
            assert!(valid(&bytes));
            for bit in (0..bytes.len() * 8).filter(|bit| !zeros.contains(&(bit / 8))) {
                let mut bad = bytes.clone();
                bad[bit / 8] ^= 1 << (bit % 8);
                assert!(!valid(&bad), "bit {bit}");
            }
            for cut in 0..bytes.len() {
                assert!(!valid(&bytes[..cut]), "cut at {cut}");
            }
            assert!(Header::read(&bytes).unwrap().payload(StoreId(uuid::Uuid::from_u128(8)), &bytes).is_none());
        }
    }

    fn written(length: usize, pieces: &[(usize, Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![0; length];
        for (begin, piece) in pieces {
            bytes[*begin..begin + piece.len()].copy_from_slice(piece);
        }
        bytes
    }

    /// Every choice of what stays of five records, the empty one too.
    #[test]
    fn what_is_kept_stands_where_it_stood_and_holes_are_passed_over() {
        let all: [&[u8]; 5] = [b"one", b"2", b"three", b"four", b"5"];
        let (whole, starts) = encode(store(), 9, 2, &all);
        for choice in 0..1_u32 << all.len() {
            let chosen = |index: &usize| choice & 1 << index != 0;
            let kept: Vec<(usize, &[u8])> = (0..all.len()).filter(chosen).map(|index| (starts[index] - HEADER_BYTES, all[index])).collect();
            let bytes = written(whole.len(), &with_holes(store(), 9, 2, whole.len() - HEADER_BYTES, &kept));
            let payload = Header::read(&bytes).unwrap().payload(store(), &bytes).unwrap();
            let found: Vec<(usize, &[u8])> = records(payload).into_iter().map(|(start, record)| (start, record.unwrap())).collect();
            assert_eq!(found, kept, "{choice:b}");
            if kept.len() == all.len() {
                assert_eq!(bytes, whole);
            }
        }
    }

    /// As it stands in logs, worked out by another program: a hole of eleven bytes, then a record.
    #[test]
    fn a_frame_with_a_hole_has_these_bytes() {
        let written = with_holes(store(), 9, 2, 24, &[(19, b"three")]);
        let hex = |bytes: &[u8]| crate::store::value::hex(bytes);
        let expected = ["0000001880c4f740000000000000000900000002800000030997710c", "000000051c4451bc7468726565"];
        assert_eq!(
            written.iter().map(|(begin, bytes)| (*begin, hex(bytes))).collect::<Vec<_>>(),
            [(0, expected[0].to_owned()), (31, expected[1].to_owned())]
        );
    }

    #[test]
    fn a_hole_that_is_longer_than_its_frame_is_none() {
        let mut bytes = written(HEADER_BYTES + 40, &with_holes(store(), 9, 1, 40, &[]));
        assert!(records(&bytes[HEADER_BYTES..]).is_empty());
        assert!(records(&bytes[HEADER_BYTES..HEADER_BYTES + 39]).as_slice() == [(8, Err(Harmed { bytes: &[0; 31], is_one: false }))]);
        bytes[HEADER_BYTES + 3] ^= 1;
        assert!(records(&bytes[HEADER_BYTES..]).iter().any(|(_, record)| record.is_err()), "its length has a checksum");
    }

    #[test]
    fn one_damaged_record_does_not_hide_its_neighbours() {
        let (mut bytes, starts) = encode(store(), 9, 1, &[b"one", b"two", b"three"]);
        bytes[starts[1]] ^= 1;
        let found = records(&bytes[HEADER_BYTES..]);
        assert_eq!(found.iter().map(|(_, record)| record.is_ok()).collect::<Vec<_>>(), [true, false, true]);
        bytes[starts[2]] ^= 1;
        let harmed = |bytes: &'static [u8]| Err(Harmed { bytes, is_one: true });
        let expected = [Ok(&b"one"[..]), harmed(b"uwo"), harmed(b"uhree")];
        assert_eq!(records(&bytes[HEADER_BYTES..]).into_iter().map(|(_, record)| record).collect::<Vec<_>>(), expected);
    }

    /// Whatever bit is wrong, in a length too, every record that it does not touch is found; and what is found to be one harmed record is one.
    #[test]
    fn a_flipped_bit_costs_the_record_that_it_is_in() {
        let all: [&[u8]; 5] = [b"\0\x01one", b"\0\x01two", b"\0\x01three", b"\0\x01four", b"\0\x01five"];
        let (whole, starts) = encode(store(), 9, 2, &all);
        for choice in 1..1_u32 << all.len() {
            let kept: Vec<usize> = (0..all.len()).filter(|index| choice & 1 << index != 0).collect();
            let places: Vec<(usize, &[u8])> = kept.iter().map(|index| (starts[*index] - HEADER_BYTES, all[*index])).collect();
            let bytes = written(whole.len(), &with_holes(store(), 9, 2, whole.len() - HEADER_BYTES, &places));
            let payload = &bytes[HEADER_BYTES..];
            for bit in 0..payload.len() * 8 {
                let mut bad = payload.to_vec();
                bad[bit / 8] ^= 1 << (bit % 8);
                let (found, end) = records_and_end(&bad);
                let is_touched =
                    |(start, record): &&(usize, &[u8])| (start - RECORD_HEADER_BYTES..start + record.len()).contains(&(bit / 8));
                let untouched: Vec<_> = places.iter().filter(|place| !is_touched(place)).copied().collect();
                let whole: Vec<_> = found.iter().filter_map(|(start, record)| record.ok().map(|record| (*start, record))).collect();
                assert_eq!(whole, untouched, "{choice:b}, bit {bit}");
                assert!(
                    untouched.len() == places.len() || end == bad.len(),
                    "{choice:b}, bit {bit}: something of the end is not accounted for"
                );
                for (start, harmed) in found.iter().filter_map(|(start, record)| record.err().map(|harmed| (*start, harmed))) {
                    let hidden: Vec<_> = places.iter().filter(|place| is_touched(place)).collect();
                    let is_that_one =
                        matches!(hidden.as_slice(), [(place, record)] if *place == start && record.len() == harmed.bytes.len());
                    assert!(!harmed.is_one || is_that_one || harmed.bytes.iter().all(|byte| *byte == 0), "{choice:b}, bit {bit}");
                }
            }
        }
    }
}
