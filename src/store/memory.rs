//! The view in memory, for tests and simulation.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::error::Error;
use super::view::{Order, Range, Row, View, Write};

/// An ordered map; gone with the process.
#[derive(Default)]
pub struct MemoryView {
    rows: RwLock<BTreeMap<Vec<u8>, Vec<u8>>>,
}

impl View for MemoryView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.rows.read().unwrap_or_else(PoisonError::into_inner).get(key).cloned())
    }

    fn scan(&self, range: &Range, order: Order, limit: usize) -> Result<Vec<Row>, Error> {
        if range.start >= range.end {
            return Ok(Vec::new());
        }
        let rows = self.rows.read().unwrap_or_else(PoisonError::into_inner);
        let found = rows.range(range.start.clone()..range.end.clone()).map(|(key, value)| (key.clone(), value.clone()));
        Ok(match order {
            Order::Ascending => found.take(limit).collect(),
            Order::Descending => found.rev().take(limit).collect(),
        })
    }

    fn apply(&self, writes: Vec<Write>) -> Result<(), Error> {
        let mut rows = self.rows.write().unwrap_or_else(PoisonError::into_inner);
        for (key, value) in writes {
            match value {
                Some(value) => rows.insert(key, value),
                None => rows.remove(&key),
            };
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}
