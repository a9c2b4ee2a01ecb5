//! Documents that were read lately: keys, agents and deployments are read with every request. What was read stands as long as no commit has
//! changed a document of its collection.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::documents::DocumentRow;
use super::entry::Position;

/// Documents kept; above it all are read anew.
const KEPT_MAX: usize = 1_024;
/// A larger one is read each time.
const BODY_BYTES_MAX: usize = 4 << 10;

/// What was read under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The last commit that had changed the collection.
    position: Position,
    /// None: there is no such document.
    pub row: Option<DocumentRow>,
}

/// By the key of their row.
#[derive(Default)]
pub struct Recent {
    rows: Mutex<HashMap<Vec<u8>, Seen>>,
}

impl Recent {
    /// What was read when `position` was the last commit that had changed the collection.
    pub fn get(&self, key: &[u8], position: Position) -> Option<Seen> {
        self.lock().get(key).filter(|seen| seen.position == position).cloned()
    }

    /// `row` was read after `position` became readable; it may be newer, and then nobody asks for that position any more.
    pub fn keep(&self, key: Vec<u8>, position: Position, row: Option<&DocumentRow>) {
        let mut rows = self.lock();
        if row.is_some_and(|row| row.body.len() > BODY_BYTES_MAX) {
            rows.remove(&key);
            return;
        }
        if rows.len() >= KEPT_MAX {
            rows.clear();
        }
        rows.insert(key, Seen { position, row: row.cloned() });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Seen>> {
        // A panic while it was held leaves a map that is whole.
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(version: u64, bytes: usize) -> DocumentRow {
        DocumentRow { key: "a".to_owned(), version, body: "x".repeat(bytes) }
    }

    #[test]
    fn what_was_read_stands_until_its_collection_changes() {
        let recent = Recent::default();
        assert_eq!(recent.get(b"a", Position(1)), None);
        recent.keep(b"a".to_vec(), Position(1), Some(&row(1, 10)));
        recent.keep(b"b".to_vec(), Position(1), None);
        assert_eq!(recent.get(b"a", Position(1)).unwrap().row, Some(row(1, 10)));
        assert_eq!(recent.get(b"b", Position(1)).unwrap().row, None, "that there is none is known, too");
        assert_eq!(recent.get(b"a", Position(2)), None);
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let recent = Recent::default();
        recent.keep(b"a".to_vec(), Position(1), Some(&row(1, 10)));
        recent.keep(b"a".to_vec(), Position(2), Some(&row(2, BODY_BYTES_MAX + 1)));
        assert_eq!((recent.get(b"a", Position(1)), recent.get(b"a", Position(2))), (None, None));
        for number in 0..3 * KEPT_MAX {
            recent.keep(number.to_be_bytes().to_vec(), Position(1), None);
            assert!(recent.lock().len() <= KEPT_MAX);
        }
    }
}
