//! A count and a 128-bit sum of row hashes per kind: cheap to keep with every write, enough to notice a row that is missing, extra or
//! changed when the view is scanned.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::keys::RowKind;

/// Of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    pub count: u64,
    #[serde(with = "hex128")]
    pub sum: u128,
}

impl Sum {
    pub fn add(&mut self, parts: &[&[u8]]) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(parts));
    }

    pub fn remove(&mut self, parts: &[&[u8]]) {
        self.count = self.count.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(parts));
    }
}

/// The first 128 bits of SHA-256 over the parts, each preceded by its length.
fn hash(parts: &[&[u8]]) -> u128 {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    let digest: [u8; 32] = hash.finalize().into();
    digest.first_chunk::<16>().map_or(0, |bytes| u128::from_be_bytes(*bytes))
}

/// Of the whole view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sums(pub BTreeMap<RowKind, Sum>);

impl Sums {
    /// Accounts for one write: `old` out, `new` in.
    pub fn change(&mut self, key: &[u8], old: Option<&[u8]>, new: Option<&[u8]>) {
        let Some(kind) = RowKind::of(key) else { return };
        let sum = self.0.entry(kind).or_default();
        if let Some(old) = old {
            sum.remove(&[key, old]);
        }
        if let Some(new) = new {
            sum.add(&[key, new]);
        }
        if *sum == Sum::default() {
            self.0.remove(&kind);
        }
    }

    /// Rows of every kind.
    pub fn rows(&self) -> u64 {
        self.0.values().map(|sum| sum.count).sum()
    }
}

/// JSON numbers do not hold 128 bits.
mod hex128 {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(sum: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{sum:032x}"))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map_err(serde::de::Error::custom)
    }
}
