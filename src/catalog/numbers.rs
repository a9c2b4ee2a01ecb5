//! Integer ids: per installation, from 1, never used again.

use serde::{Deserialize, Serialize};

use super::{Catalog, Changes, Error, Kept};

/// The last number given to a kind of thing.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Counter {
    last: u64,
}

impl Kept for Counter {
    const COLLECTION: &'static str = "counters";
}

impl Catalog {
    /// The next number for `kind`, taken together with the rest of `changes`.
    pub(super) fn next_number(&self, kind: &str, changes: &mut Changes) -> Result<u64, Error> {
        let stored = self.get::<Counter>(&Self::system(), kind)?;
        let (version, last) = stored.map_or((0, 0), |stored| (stored.version, stored.value.last));
        changes.put(&Self::system(), kind, version, &Counter { last: last + 1 });
        Ok(last + 1)
    }
}
