//! The seam between the store and what holds the view: an ordered map with atomic batches. The same tests run on each implementation.
//! Nothing here is a truth: whatever a view loses is computed again from the log.

use super::error::Error;
use super::keys;

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);
/// A key and its new value; none removes it.
pub type Write = (Vec<u8>, Option<Vec<u8>>);

/// Keys from `start` up to and without `end`.
#[derive(Clone, Debug)]
pub struct Range {
    pub start: Vec<u8>,
    pub end: Vec<u8>,
}

impl Range {
    /// Every key that starts with `prefix`.
    pub fn prefix(prefix: Vec<u8>) -> Self {
        let end = keys::prefix_end(&prefix);
        Self { start: prefix, end }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    Ascending,
    Descending,
}

/// An ordered map of bytes.
pub trait View: Send + Sync {
    /// # Errors
    /// When the view cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error>;

    /// At most `limit` rows of `range`.
    ///
    /// # Errors
    /// When the view cannot be read.
    fn scan(&self, range: &Range, order: Order, limit: usize) -> Result<Vec<Row>, Error>;

    /// All of `writes`, or none. Only the applier calls it.
    ///
    /// # Errors
    /// When the view cannot be written.
    fn apply(&self, writes: Vec<Write>) -> Result<(), Error>;

    /// Makes everything applied so far durable.
    ///
    /// # Errors
    /// When the view cannot be written.
    fn flush(&self) -> Result<(), Error>;
}
