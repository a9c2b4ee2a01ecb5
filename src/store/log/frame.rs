//! A frame: what one commit wrote. `length u32 | crc u32 | lsn u64 | span u32 | payload`, big-endian; the CRC32C covers the store's
//! id, lsn, span, length and payload, so that a frame of another store or of another place is not taken for this one. The payload is
//! the records, each `length u32 | crc u32 | bytes`, so that one damaged record can be told from its neighbours. In a segment with holes
//! zeros stand where records were dropped, behind a length whose highest bit is set and its own checksum; what is kept has not moved.

use super::StoreId;

pub const HEADER_BYTES: usize = 20;
pub const RECORD_HEADER_BYTES: usize = 8;
/// Set in the length of a hole.
const HOLE: u32 = 1 << 31;

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
    seal(store, lsn, span, &mut bytes);
    (bytes, starts)
}

/// Writes the header of the frame that `bytes` holds.
fn seal(store: StoreId, lsn: u64, span: u32, bytes: &mut [u8]) {
    let length = length_u32(bytes.len() - HEADER_BYTES);
    let crc = checksum(store, lsn, span, length, &bytes[HEADER_BYTES..]);
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    bytes[4..8].copy_from_slice(&crc.to_be_bytes());
    bytes[8..16].copy_from_slice(&lsn.to_be_bytes());
    bytes[16..20].copy_from_slice(&span.to_be_bytes());
}

/// Writes a frame of `bytes.len()` bytes, which are zeros, with these records of it in their places and holes between them.
pub fn write_with_holes(store: StoreId, lsn: u64, span: u32, kept: &[(usize, &[u8])], bytes: &mut [u8]) {
    let payload = &mut bytes[HEADER_BYTES..];
    let mut end = 0;
    for (start, record) in kept {
        let header = start - RECORD_HEADER_BYTES;
        dig(&mut payload[end..header]);
        payload[header..header + 4].copy_from_slice(&length_u32(record.len()).to_be_bytes());
        payload[header + 4..*start].copy_from_slice(&crc32c::crc32c(record).to_be_bytes());
        end = start + record.len();
        payload[*start..end].copy_from_slice(record);
    }
    dig(&mut payload[end..]);
    seal(store, lsn, span, bytes);
}

/// Makes a hole of `bytes`, which are zeros and were whole records.
fn dig(bytes: &mut [u8]) {
    if let Some(length) = bytes.len().checked_sub(RECORD_HEADER_BYTES) {
        let length = (length_u32(length) | HOLE).to_be_bytes();
        bytes[..4].copy_from_slice(&length);
        bytes[4..RECORD_HEADER_BYTES].copy_from_slice(&crc32c::crc32c(&length).to_be_bytes());
    }
}

/// Records and batches are bounded far below 4 GiB before they come here.
#[expect(clippy::cast_possible_truncation, reason = "see above")]
fn length_u32(length: usize) -> u32 {
    debug_assert!(u32::try_from(length).is_ok());
    length as u32
}

fn checksum(store: StoreId, lsn: u64, span: u32, length: u32, payload: &[u8]) -> u32 {
    let mut crc = crc32c::crc32c(store.0.as_bytes());
    crc = crc32c::crc32c_append(crc, &lsn.to_be_bytes());
    crc = crc32c::crc32c_append(crc, &span.to_be_bytes());
    crc = crc32c::crc32c_append(crc, &length.to_be_bytes());
    crc32c::crc32c_append(crc, payload)
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
        (self.lsn > 0 && self.span > 0 && checksum(store, self.lsn, self.span, self.length, payload) == self.crc).then_some(payload)
    }
}

/// A record's bytes; `Err` when its checksum does not hold.
pub type Checked<'a> = Result<&'a [u8], &'a [u8]>;

/// The records of a payload with where each begins in it, without holes; `Err` for one whose own checksum does not hold (only in a damaged
/// frame).
pub fn records(payload: &[u8]) -> Vec<(usize, Checked<'_>)> {
    let mut found = Vec::new();
    let mut offset = 0;
    while let Some((length, rest)) = payload[offset..].split_first_chunk::<4>() {
        let Some((crc, rest)) = rest.split_first_chunk::<4>() else { break };
        let start = offset + RECORD_HEADER_BYTES;
        if let Some(end) = end_of_hole(*length, *crc, start).filter(|end| *end <= payload.len()) {
            offset = end;
            continue;
        }
        let length = u32::from_be_bytes(*length) as usize;
        let Some(record) = rest.get(..length) else {
            found.push((start, Err(rest)));
            break;
        };
        let holds = crc32c::crc32c(record) == u32::from_be_bytes(*crc);
        found.push((start, if holds { Ok(record) } else { Err(record) }));
        offset = start + length;
    }
    found
}

/// Where the hole ends that begins with this length and checksum, if it is one.
fn end_of_hole(length: [u8; 4], crc: [u8; 4], start: usize) -> Option<usize> {
    let is_whole = crc32c::crc32c(&length) == u32::from_be_bytes(crc);
    let length = u32::from_be_bytes(length);
    (length & HOLE != 0 && is_whole).then(|| start + (length & !HOLE) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store() -> StoreId {
        StoreId(uuid::Uuid::from_u128(7))
    }

    #[test]
    fn a_frame_comes_back_and_says_where_its_records_are() {
        let (bytes, starts) = encode(store(), 9, 1, &[b"one", b"", b"three"]);
        let header = Header::read(&bytes).unwrap();
        let payload = header.payload(store(), &bytes).unwrap();
        assert_eq!((header.lsn, payload.len()), (9, bytes.len() - HEADER_BYTES));
        let records = records(payload);
        assert_eq!(records.iter().map(|(_, record)| record.unwrap()).collect::<Vec<_>>(), [&b"one"[..], b"", b"three"]);
        assert_eq!(&bytes[starts[2]..], b"three");
        assert_eq!(records[2].0 + HEADER_BYTES, starts[2]);
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_seen() {
        let (bytes, _) = encode(store(), 9, 1, &[b"one", b"two"]);
        let valid = |bytes: &[u8]| Header::read(bytes).and_then(|header| header.payload(store(), bytes).map(<[u8]>::len)).is_some();
        assert!(valid(&bytes));
        for bit in 0..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(!valid(&bad), "bit {bit}");
        }
        for cut in 0..bytes.len() {
            assert!(!valid(&bytes[..cut]), "cut at {cut}");
        }
        assert!(Header::read(&bytes).unwrap().payload(StoreId(uuid::Uuid::from_u128(8)), &bytes).is_none());
    }

    /// Every choice of what stays of five records, the empty one too.
    #[test]
    fn what_is_kept_stands_where_it_stood_and_holes_are_passed_over() {
        let all: [&[u8]; 5] = [b"one", b"", b"three", b"four", b""];
        let (whole, starts) = encode(store(), 9, 2, &all);
        for choice in 0..1_u32 << all.len() {
            let chosen = |index: &usize| choice & 1 << index != 0;
            let kept: Vec<(usize, &[u8])> = (0..all.len()).filter(chosen).map(|index| (starts[index] - HEADER_BYTES, all[index])).collect();
            let mut bytes = vec![0; whole.len()];
            write_with_holes(store(), 9, 2, &kept, &mut bytes);
            let payload = Header::read(&bytes).unwrap().payload(store(), &bytes).unwrap();
            let found: Vec<(usize, &[u8])> = records(payload).into_iter().map(|(start, record)| (start, record.unwrap())).collect();
            assert_eq!(found, kept, "{choice:b}");
            if kept.len() == all.len() {
                assert_eq!(bytes, whole);
            }
        }
    }

    #[test]
    fn a_hole_that_is_longer_than_its_frame_is_none() {
        let mut bytes = vec![0; HEADER_BYTES + 40];
        write_with_holes(store(), 9, 1, &[], &mut bytes);
        assert!(records(&bytes[HEADER_BYTES..]).is_empty());
        assert!(matches!(records(&bytes[HEADER_BYTES..HEADER_BYTES + 39]).as_slice(), [(8, Err(_))]));
        bytes[HEADER_BYTES + 3] ^= 1;
        assert!(records(&bytes[HEADER_BYTES..]).iter().any(|(_, record)| record.is_err()), "its length has a checksum");
    }

    #[test]
    fn one_damaged_record_does_not_hide_its_neighbours() {
        let (mut bytes, starts) = encode(store(), 9, 1, &[b"one", b"two", b"three"]);
        bytes[starts[1]] ^= 1;
        let found = records(&bytes[HEADER_BYTES..]);
        assert_eq!(found.iter().map(|(_, record)| record.is_ok()).collect::<Vec<_>>(), [true, false, true]);
    }
}
