//! Journals in the view. A row is a stretch of turns that follow each other, and says where in the log each stands: one row changes where
//! an execution makes many small turns, instead of one being added for each. Which turns a row holds depends on the journal alone.

use super::applier::Records;
use super::error::Error;
use super::keys;
use super::value::{self, Extract};
use super::view::{Order, Range, View};
use crate::ids::{ExecutionId, Tenant};

/// Turns in one row: enough that most executions have one, few enough that writing it again for the next turn costs little.
pub const ROW_TURNS_MAX: usize = 16;
const CHAIN_BYTES: usize = 32;

/// A link of the chain over the records of an execution.
pub type Chain = [u8; CHAIN_BYTES];

/// A turn of a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnAt {
    /// Number of the event after it.
    pub next_seq: u64,
    pub extract: Extract,
}

/// A row of a journal; the number of its first event is in its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// SHA-256 over the chain of the row before and the first record, over that and the second, and so on.
    pub chain: Chain,
    /// At least one.
    pub turns: Vec<TurnAt>,
}

impl JournalRow {
    /// Number of the event after its last.
    pub fn next_seq(&self) -> u64 {
        self.turns.last().map_or(0, |turn| turn.next_seq)
    }

    pub fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(CHAIN_BYTES + self.turns.len() * TURN_BYTES + value::CHECKSUM_BYTES);
        bytes.extend_from_slice(&self.chain);
        for turn in &self.turns {
            bytes.extend_from_slice(&turn.next_seq.to_be_bytes());
            turn.extract.write(&mut bytes);
        }
        bytes
    }

    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (chain, mut rest) = bytes.split_first_chunk::<CHAIN_BYTES>()?;
        let mut turns = Vec::with_capacity(rest.len() / TURN_BYTES);
        while !rest.is_empty() {
            let (next_seq, behind) = rest.split_first_chunk::<8>()?;
            let (extract, behind) = Extract::read(behind)?;
            turns.push(TurnAt { next_seq: u64::from_be_bytes(*next_seq), extract });
            rest = behind;
        }
        (!turns.is_empty()).then_some(Self { chain: *chain, turns })
    }

    /// The row under `key`.
    pub fn open(key: &[u8], sealed: &[u8]) -> Result<Self, Error> {
        let shape = || Error::ViewDamaged(format!("journal row {} has no shape", value::hex(key)));
        Self::read(value::open(key, sealed)?).ok_or_else(shape)
    }
}

/// Of one turn in a row.
const TURN_BYTES: usize = 8 + Extract::BYTES;

/// Where a journal goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tail {
    /// Number of the first event of `row`.
    pub first_seq: u64,
    pub row: JournalRow,
}

impl Tail {
    /// The first row of a journal, or the one after what `chain` is over.
    pub fn begin(chain: &Chain, first_seq: u64, turn: TurnAt, record: &[u8]) -> Self {
        Self { first_seq, row: JournalRow { chain: value::chain(chain, record), turns: vec![turn] } }
    }

    /// Goes on with the next turn; a row that this leaves behind. A turn that does not follow begins a row, so that readers see the gap.
    pub fn extend(&mut self, first_seq: u64, turn: TurnAt, record: &[u8]) -> Option<Self> {
        if self.row.turns.len() < ROW_TURNS_MAX && self.row.next_seq() == first_seq {
            self.row.chain = value::chain(&self.row.chain, record);
            self.row.turns.push(turn);
            return None;
        }
        let next = Self::begin(&self.row.chain, first_seq, turn, record);
        Some(std::mem::replace(self, next))
    }
}

/// A row as the view has it, and what it says.
pub struct Found {
    pub key: Vec<u8>,
    pub sealed: Vec<u8>,
    pub tail: Tail,
}

/// The last rows that begin before event `seq`, the last first; at most `limit`.
pub fn before(view: &dyn View, tenant: &Tenant, execution: ExecutionId, seq: u64, limit: usize) -> Result<Vec<Found>, Error> {
    let range = Range { start: keys::journal(tenant, execution, 0), end: keys::journal(tenant, execution, seq) };
    let rows = view.scan(&range, Order::Descending, limit)?.into_iter();
    rows.map(|(key, sealed)| {
        let tail = Tail { first_seq: keys::journal_seq(&key).unwrap_or_default(), row: JournalRow::open(&key, &sealed)? };
        Ok(Found { key, sealed, tail })
    })
    .collect()
}

/// The chain over every record of the journal before event `seq`, where a turn begins.
pub fn chain_before(view: &dyn View, records: &dyn Records, tenant: &Tenant, execution: ExecutionId, seq: u64) -> Result<Chain, Error> {
    let mut rows = before(view, tenant, execution, seq, 2)?.into_iter().map(|found| found.tail.row);
    let Some(row) = rows.next() else { return Ok([0; CHAIN_BYTES]) };
    if row.next_seq() <= seq {
        return Ok(row.chain);
    }
    let mut chain = rows.next().map_or([0; CHAIN_BYTES], |row| row.chain);
    for turn in row.turns.iter().take_while(|turn| turn.next_seq <= seq) {
        chain = value::chain(&chain, &records.extract(&turn.extract)?);
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::value::Place;

    fn turn(next_seq: u64) -> TurnAt {
        TurnAt { next_seq, extract: Extract { place: Place { segment: 3, offset: 4096 + next_seq }, length: 7 } }
    }

    #[test]
    fn rows_come_back() {
        let row = JournalRow { chain: [9; 32], turns: (1..=5).map(turn).collect() };
        let bytes = row.write();
        assert_eq!(JournalRow::read(&bytes), Some(row));
        for cut in [0, 31, 32, bytes.len() - 1] {
            assert_eq!(JournalRow::read(&bytes[..cut]), None, "cut at {cut}");
        }
    }

    #[test]
    fn a_row_goes_on_until_it_is_full_or_does_not_follow() {
        let mut tail = Tail::begin(&[0; 32], 0, turn(1), &0_u64.to_be_bytes());
        let mut chain = value::chain(&[0; 32], &0_u64.to_be_bytes());
        for seq in 1..ROW_TURNS_MAX as u64 {
            chain = value::chain(&chain, &seq.to_be_bytes());
            assert_eq!(tail.extend(seq, turn(seq + 1), &seq.to_be_bytes()), None);
        }
        assert_eq!((tail.first_seq, tail.row.turns.len(), tail.row.chain), (0, ROW_TURNS_MAX, chain));
        let full = tail.clone();
        assert_eq!(tail.extend(16, turn(17), b"next"), Some(full));
        assert_eq!((tail.first_seq, tail.row.turns.len(), tail.row.chain), (16, 1, value::chain(&chain, b"next")));
        assert!(tail.extend(20, turn(21), b"after a gap").is_some());
        assert_eq!((tail.first_seq, tail.row.turns.len()), (20, 1));
    }
}
