//! Comparing a whole view with the sums that its applier kept.

use super::error::Error;
use super::sums::Sums;
use super::value;
use super::view::{Order, Range, View};

const CHUNK_ROWS: usize = 1_024;

/// A scan in pieces, while the applier goes on: what changes behind the cursor is followed, so that at the end the sums must be equal.
#[derive(Default)]
pub struct Scan {
    cursor: Vec<u8>,
    pub sums: Sums,
}

impl Scan {
    /// Reads the next piece; true at the end. Fails on a row whose checksum does not hold.
    pub fn step(&mut self, view: &dyn View) -> Result<bool, Error> {
        // Every key begins with a letter.
        let range = Range { start: self.cursor.clone(), end: vec![0xff] };
        let rows = view.scan(&range, Order::Ascending, CHUNK_ROWS)?;
        let Some((last, _)) = rows.last() else { return Ok(true) };
        self.cursor = [last.as_slice(), &[0]].concat();
        for (key, sealed) in &rows {
            value::open(key, sealed)?;
            self.sums.change(key, None, Some(sealed));
        }
        Ok(false)
    }

    /// Takes note of a change by the applier.
    pub fn follow(&mut self, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) {
        if key < self.cursor.as_slice() {
            self.sums.change(key, old, new);
        }
    }
}

/// The sums of every row of `view`.
///
/// # Errors
/// `ViewDamaged` at the first row whose checksum does not hold.
pub fn sums(view: &dyn View) -> Result<Sums, Error> {
    let mut scan = Scan::default();
    while !scan.step(view)? {}
    Ok(scan.sums)
}

/// Compares the whole of `view` with `expected`.
///
/// # Errors
/// `ViewDamaged` with the kinds that differ.
pub fn compare(view: &dyn View, expected: &Sums) -> Result<(), Error> {
    same(&sums(view)?, expected)
}

/// # Errors
/// `ViewDamaged` with the kinds that differ.
pub fn same(found: &Sums, expected: &Sums) -> Result<(), Error> {
    if found == expected {
        return Ok(());
    }
    let kinds = found.0.keys().chain(expected.0.keys()).filter(|kind| found.0.get(kind) != expected.0.get(kind));
    let mut kinds: Vec<String> = kinds.map(|kind| format!("{kind:?}")).collect();
    kinds.sort();
    kinds.dedup();
    Err(Error::ViewDamaged(format!("its rows of kind {} are not those that were written", kinds.join(", "))))
}
