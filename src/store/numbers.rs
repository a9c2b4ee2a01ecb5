//! Integer ids: for each kind of thing one sequence over the whole installation, from 1. A number is written together with what it
//! stands for, as two documents: from the number to the name, and from the name to the number. Both go with the thing, but the highest
//! number of a kind stays, so that none is given twice.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};

use super::documents::DocumentRange;
use super::entry::Entry;
use super::error::Error;
use super::handle::Store;
use crate::ids::Tenant;

/// The tenant that holds what belongs to the installation (tenants, keys, counters). No tenant of a person can have this name.
pub const SYSTEM: &str = "$system";
/// From the number to what it stands for; of the installation.
const NUMBERED: &str = "numbered";
/// From the name to its number; of the tenant.
const NUMBER_OF: &str = "number_of";

/// What has an integer id beside its name. Agents and tenants keep theirs in their own rows and are found through here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Agent,
    Tenant,
    Execution,
    /// Under `AGENT/SESSION`.
    Session,
    File,
    User,
    /// Under the key of its row.
    Webhook,
    /// Of samples.
    Dataset,
}

/// Whether documents of this collection say which number something has that is there already.
pub(super) fn is_of_numbers(collection: &str) -> bool {
    [NUMBERED, NUMBER_OF].contains(&collection)
}

impl Kind {
    /// Part of the format on disk.
    fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Tenant => "tenant",
            Self::Execution => "execution",
            Self::Session => "session",
            Self::File => "file",
            Self::User => "user",
            Self::Webhook => "webhook",
            Self::Dataset => "dataset",
        }
    }
}

/// What a number stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Numbered {
    pub tenant: Tenant,
    /// Its name in the tenant.
    pub key: String,
}

/// The last number given to each kind by this process, which alone has the store. A number whose commit fails is not given again.
#[derive(Default)]
pub struct Sequences {
    last: Mutex<BTreeMap<Kind, u64>>,
}

fn number_key(kind: Kind, number: u64) -> String {
    format!("{}/{number:020}", kind.name())
}

fn name_key(kind: Kind, key: &str) -> String {
    format!("{}/{key}", kind.name())
}

fn document(tenant: Tenant, collection: &str, key: String, body: String) -> Entry {
    Entry::Document { tenant, collection: collection.to_owned(), key, expected: 0, body: Some(body) }
}

fn removal(tenant: Tenant, collection: &str, key: String, version: u64) -> Entry {
    Entry::Document { tenant, collection: collection.to_owned(), key, expected: version, body: None }
}

impl Store {
    /// The next number of this kind, and the entries that give it to `key` when they are committed.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn next_number(&self, kind: Kind, tenant: &Tenant, key: &str) -> Result<(u64, Vec<Entry>), Error> {
        let mut sequences = self.inner.sequences.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = match sequences.get(&kind) {
            Some(last) => *last,
            None => self.last_number(kind)?,
        };
        let number = last + 1;
        sequences.insert(kind, number);
        drop(sequences);
        Ok((number, Self::numbering(kind, number, tenant, key)))
    }

    /// The entries that say what `number` stands for.
    #[must_use]
    pub fn numbering(kind: Kind, number: u64, tenant: &Tenant, key: &str) -> Vec<Entry> {
        let named = serde_json::json!({"tenant": tenant, "key": key}).to_string();
        vec![
            document(Tenant::new(SYSTEM), NUMBERED, number_key(kind, number), named),
            document(tenant.clone(), NUMBER_OF, name_key(kind, key), number.to_string()),
        ]
    }

    fn last_number(&self, kind: Kind) -> Result<u64, Error> {
        let prefix = name_key(kind, "");
        let range = DocumentRange { collection: NUMBERED, prefix: &prefix, after: None, descending: true };
        let last = self.documents(&Tenant::new(SYSTEM), &range, 1)?.pop();
        Ok(last.and_then(|row| row.key.strip_prefix(&prefix)?.parse().ok()).unwrap_or(0))
    }

    /// The number of what is called so; none where it has none yet.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn number_of(&self, kind: Kind, tenant: &Tenant, key: &str) -> Result<Option<u64>, Error> {
        let row = self.document(tenant, NUMBER_OF, &name_key(kind, key))?;
        Ok(row.and_then(|row| row.body.parse().ok()))
    }

    /// What the number stands for, or stood for.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn numbered(&self, kind: Kind, number: u64) -> Result<Option<Numbered>, Error> {
        let row = self.document(&Tenant::new(SYSTEM), NUMBERED, &number_key(kind, number))?;
        Ok(row.and_then(|row| serde_json::from_str(&row.body).ok()))
    }

    /// The entries that take the number away from a name, where it has one: what was called so is gone for good.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn without_number(&self, kind: Kind, tenant: &Tenant, key: &str) -> Result<Vec<Entry>, Error> {
        let (system, mut entries) = (Tenant::new(SYSTEM), Vec::new());
        let name = name_key(kind, key);
        let Some(row) = self.document(tenant, NUMBER_OF, &name)? else { return Ok(entries) };
        let Ok(number) = row.body.parse::<u64>() else { return Ok(entries) };
        entries.push(removal(tenant.clone(), NUMBER_OF, name, row.version));
        // It may be the highest and stay. The one below may have been that once.
        if number < self.last_number(kind)?
            && let Some(numbered) = self.document(&system, NUMBERED, &number_key(kind, number))?
        {
            entries.push(removal(system.clone(), NUMBERED, number_key(kind, number), numbered.version));
        }
        if let Some((key, version)) = self.stale_below(kind, number)? {
            entries.push(removal(system, NUMBERED, key, version));
        }
        Ok(entries)
    }

    /// The number next below, where what it stood for is gone.
    fn stale_below(&self, kind: Kind, number: u64) -> Result<Option<(String, u64)>, Error> {
        let (prefix, above) = (name_key(kind, ""), number_key(kind, number));
        let range = DocumentRange { collection: NUMBERED, prefix: &prefix, after: Some(&above), descending: true };
        let Some(below) = self.documents(&Tenant::new(SYSTEM), &range, 1)?.pop() else { return Ok(None) };
        let Ok(named) = serde_json::from_str::<Numbered>(&below.body) else { return Ok(None) };
        let stands = self.number_of(kind, &named.tenant, &named.key)?.is_some_and(|found| number_key(kind, found) == below.key);
        Ok((!stands).then_some((below.key, below.version)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, MemoryDisk};

    fn give(store: &Store, key: &str) -> u64 {
        let (number, entries) = store.next_number(Kind::File, &Tenant::default(), key).unwrap();
        store.commit_all(entries).wait().unwrap();
        number
    }

    #[test]
    fn numbers_count_from_one_over_every_tenant_and_each_kind_by_itself() {
        let store = Store::in_memory(Faults::default());
        assert_eq!((give(&store, "a"), give(&store, "b")), (1, 2));
        let (number, entries) = store.next_number(Kind::File, &Tenant::new("acme"), "a").unwrap();
        store.commit_all(entries).wait().unwrap();
        assert_eq!((number, store.next_number(Kind::User, &Tenant::default(), "ana").unwrap().0), (3, 1));
        assert_eq!(store.number_of(Kind::File, &Tenant::new("acme"), "a").unwrap(), Some(3));
        assert_eq!(store.number_of(Kind::File, &Tenant::new("acme"), "b").unwrap(), None);
        assert_eq!(store.numbered(Kind::File, 2).unwrap(), Some(Numbered { tenant: Tenant::default(), key: "b".to_owned() }));
        assert_eq!(store.numbered(Kind::File, 4).unwrap(), None);
    }

    #[test]
    fn a_number_is_never_given_again_though_what_it_stood_for_goes_and_the_view_is_made_anew() {
        let disk = MemoryDisk::new(Faults::default());
        let store = Store::open_memory(&disk).unwrap();
        assert_eq!((give(&store, "a"), give(&store, "b"), give(&store, "c")), (1, 2, 3));
        for name in ["b", "c"] {
            store.commit_all(store.without_number(Kind::File, &Tenant::default(), name).unwrap()).wait().unwrap();
        }
        store.close().unwrap();
        let again = Store::open_memory(&disk).unwrap();
        assert_eq!(again.number_of(Kind::File, &Tenant::default(), "a").unwrap(), Some(1));
        assert_eq!(again.number_of(Kind::File, &Tenant::default(), "b").unwrap(), None);
        assert_eq!(again.without_number(Kind::File, &Tenant::default(), "b").unwrap(), []);
        assert_eq!(give(&again, "d"), 4);
    }

    #[test]
    fn numbers_of_what_is_gone_take_no_room_but_for_the_highest() {
        let store = Store::in_memory(Faults::default());
        for name in ["a", "b", "c", "d"] {
            give(&store, name);
            if name != "a" {
                store.commit_all(store.without_number(Kind::File, &Tenant::default(), name).unwrap()).wait().unwrap();
            }
        }
        give(&store, "e");
        let left = (1..=5).filter(|number| store.numbered(Kind::File, *number).unwrap().is_some());
        assert_eq!(left.collect::<Vec<_>>(), [1, 4, 5], "each was the highest when it went, and goes with the next that does");
    }
}
