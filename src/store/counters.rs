//! Rows of counters, which many executions add to. A record says what it adds; the applier does the sum, so that nobody need know what was there
//! before. A row whose counters are all 0 is not there.

use super::error::Error;
use super::value;

/// Numbers in a fixed order; those behind the last that is not 0 are left out. Differences are counters too: adding one wraps around.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters(Vec<u64>);

/// What a record adds to the row under `key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addition {
    pub key: Vec<u8>,
    pub by: Counters,
}

impl Counters {
    pub fn new(mut numbers: Vec<u64>) -> Self {
        while numbers.last() == Some(&0) {
            numbers.pop();
        }
        Self(numbers)
    }

    pub fn get(&self, index: usize) -> u64 {
        self.0.get(index).copied().unwrap_or(0)
    }

    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    fn with(&self, other: &Self, change: impl Fn(u64, u64) -> u64) -> Self {
        Self::new((0..self.0.len().max(other.0.len())).map(|index| change(self.get(index), other.get(index))).collect())
    }

    pub fn plus(&self, other: &Self) -> Self {
        self.with(other, u64::wrapping_add)
    }

    /// What must be added to `other` to get this.
    pub fn minus(&self, other: &Self) -> Self {
        self.with(other, u64::wrapping_sub)
    }

    /// The body of a row; none: there is to be no row.
    pub fn write(&self) -> Option<Vec<u8>> {
        (!self.is_nothing()).then(|| self.0.iter().flat_map(|number| number.to_be_bytes()).collect())
    }

    /// The counters in the body under `key`.
    pub fn read(key: &[u8], body: &[u8]) -> Result<Self, Error> {
        let (numbers, rest) = body.as_chunks::<8>();
        if !rest.is_empty() {
            return Err(Error::ViewDamaged(format!("row of counters {} has no shape", value::hex(key))));
        }
        Ok(Self::new(numbers.iter().map(|number| u64::from_be_bytes(*number)).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_leads_from_one_to_the_other() {
        let (one, other) = (Counters::new(vec![5, 0, 9]), Counters::new(vec![2, 7, 0]));
        assert_eq!(one.plus(&other.minus(&one)), other);
        assert_eq!(other.plus(&one.minus(&other)), one);
        assert!(one.minus(&one).is_nothing());
        assert_eq!((other.get(1), other.get(2), other.get(99)), (7, 0, 0));
    }

    #[test]
    fn they_come_back_and_nothing_leaves_no_row() {
        let counters = Counters::new(vec![0, u64::MAX, 3, 0, 0]);
        let body = counters.write().unwrap();
        assert_eq!(body.len(), 24);
        assert_eq!(Counters::read(b"key", &body).unwrap(), counters);
        assert_eq!(Counters::new(vec![0, 0]).write(), None);
        assert!(Counters::read(b"key", &body[1..]).is_err());
    }
}
