//! Typed documents over the store: read, listed, and changed together by compare-and-set.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::idempotency;
use crate::ids::Tenant;
use crate::store::{self, CommitError, DocumentRange, DocumentRow, Entry, Position, SYSTEM, Store};

/// Attempts at a change that keeps meeting other writers. Each attempt means that another one went through.
const ATTEMPTS_MAX: usize = 64;

/// What is kept as a document. Its fields are a format on disk: add optional ones, never rename or reuse.
pub trait Kept: Serialize + DeserializeOwned {
    /// Part of the format on disk.
    const COLLECTION: &'static str;
}

/// A document and the version that a writer must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<T> {
    pub key: String,
    pub version: u64,
    pub value: T,
}

/// Part of a collection, in the order of keys.
#[derive(Clone, Copy, Debug, Default)]
pub struct Listing<'a> {
    /// Of the keys.
    pub prefix: &'a str,
    /// Only keys behind this one, in the direction of reading.
    pub after: Option<&'a str>,
    /// From the last key to the first.
    pub descending: bool,
    /// 0: all.
    pub limit: usize,
}

/// Why the catalog does not do what it was asked, split by what the caller can do.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("there is no {what} `{name}`")]
    NotFound { what: &'static str, name: String },
    #[error("there is a {what} `{name}` already")]
    Exists { what: &'static str, name: String },
    /// What was asked cannot be: `field` is the name in the request.
    #[error("{message}")]
    Invalid { field: &'static str, message: String },
    /// It does not fit the state that things are in.
    #[error("{message}")]
    Conflict { code: &'static str, message: String },
    /// Somebody else changed it first. Read again.
    #[error("it was changed by somebody else meanwhile; read it again")]
    Stale,
    /// The disk is full.
    #[error("{0}")]
    Full(String),
    /// The store cannot be read or written.
    #[error("the store refuses: {0}")]
    Store(String),
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Full { .. } => Self::Full(error.to_string()),
            error => Self::Store(error.to_string()),
        }
    }
}

impl From<CommitError> for Error {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Stale { .. } => Self::Stale,
            CommitError::Full => Self::Full(error.to_string()),
            CommitError::Refused(_) | CommitError::Stopped(_) => Self::Store(error.to_string()),
        }
    }
}

/// The catalog of every tenant. Clones share the store.
#[derive(Clone)]
pub struct Catalog {
    store: Store,
}

impl Catalog {
    #[must_use]
    pub fn new(store: Store) -> Self {
        Self { store }
    }

    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// The owner of what belongs to no tenant.
    #[must_use]
    pub fn system() -> Tenant {
        Tenant::new(SYSTEM)
    }

    /// # Errors
    /// `Store`.
    pub fn get<T: Kept>(&self, tenant: &Tenant, key: &str) -> Result<Option<Stored<T>>, Error> {
        self.store.document(tenant, T::COLLECTION, key)?.map(read).transpose()
    }

    /// # Errors
    /// `Store`.
    pub fn list<T: Kept>(&self, tenant: &Tenant, listing: Listing<'_>) -> Result<Vec<Stored<T>>, Error> {
        let Listing { prefix, after, descending, limit } = listing;
        let range = DocumentRange { collection: T::COLLECTION, prefix, after, descending };
        let limit = if limit == 0 { usize::MAX } else { limit };
        self.store.documents(tenant, &range, limit)?.into_iter().map(read).collect()
    }

    /// Makes changes durable, all of them or none.
    ///
    /// # Errors
    /// `Stale`, `Full`, `Store`.
    pub async fn commit(&self, mut changes: Changes) -> Result<Position, Error> {
        if changes.entries.is_empty() && changes.unwritable.is_none() {
            return Ok(self.store.position());
        }
        let noted = idempotency::add_note(&mut changes);
        if let Some(unwritable) = changes.unwritable {
            return Err(Error::Store(unwritable));
        }
        let committed = self.store.commit_all(changes.entries).await;
        let may_be_durable = matches!(committed, Ok(_) | Err(CommitError::Stopped(_)));
        if let Some(row) = noted.filter(|_| may_be_durable) {
            idempotency::note_written(row);
        }
        Ok(committed?)
    }

    /// The same for what the request that is worked on needs and does not make: a repetition of it is not answered with this.
    pub(super) async fn commit_beside(&self, changes: Changes) -> Result<Position, Error> {
        if let Some(unwritable) = changes.unwritable {
            return Err(Error::Store(unwritable));
        }
        Ok(self.store.commit_all(changes.entries).await?)
    }

    /// Changes what `change` says until nobody else was faster: it reads, adds to the changes, and may be called again.
    ///
    /// # Errors
    /// What `change` says; `Conflict` when others keep being faster; as `commit`.
    pub async fn update<T>(&self, mut change: impl FnMut(&Self, &mut Changes) -> Result<T, Error>) -> Result<T, Error> {
        for _ in 0..ATTEMPTS_MAX {
            let mut changes = Changes::default();
            let result = change(self, &mut changes)?;
            match self.commit(changes).await {
                Ok(_) => return Ok(result),
                Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Err(Error::Conflict { code: "busy", message: "others keep changing the same thing; try again".to_owned() })
    }
}

fn read<T: Kept>(row: DocumentRow) -> Result<Stored<T>, Error> {
    let unreadable = |error: serde_json::Error| Error::Store(format!("{} `{}` cannot be read: {error}", T::COLLECTION, row.key));
    let value = serde_json::from_str(&row.body).map_err(unreadable)?;
    Ok(Stored { key: row.key, version: row.version, value })
}

/// Changes that become durable together.
#[derive(Debug, Default)]
pub struct Changes {
    entries: Vec<Entry>,
    /// Something that cannot be written as JSON; the commit says so.
    unwritable: Option<String>,
}

impl Changes {
    /// `value` under `key`, where `expected` is the version that stands (0: none).
    pub fn put<T: Kept>(&mut self, tenant: &Tenant, key: &str, expected: u64, value: &T) -> &mut Self {
        match serde_json::to_string(value) {
            Ok(body) => self.document::<T>(tenant, key, expected, Some(body)),
            Err(error) => self.unwritable = Some(format!("{} `{key}` cannot be written: {error}", T::COLLECTION)),
        }
        self
    }

    /// Nothing under `key` any more.
    pub fn remove<T: Kept>(&mut self, tenant: &Tenant, key: &str, expected: u64) -> &mut Self {
        self.document::<T>(tenant, key, expected, None);
        self
    }

    /// Something else that the store records.
    pub fn entry(&mut self, entry: Entry) -> &mut Self {
        self.entries.push(entry);
        self
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.entries.len()
    }

    /// About how large the commit will be.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let of_entry = |entry: &Entry| {
            if let Entry::Document { key, body, .. } = entry { key.len() + body.as_ref().map_or(0, String::len) } else { 0 }
        };
        self.entries.iter().map(of_entry).sum()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    fn document<T: Kept>(&mut self, tenant: &Tenant, key: &str, expected: u64, body: Option<String>) {
        let (tenant, collection, key) = (tenant.clone(), T::COLLECTION.to_owned(), key.to_owned());
        self.entries.push(Entry::Document { tenant, collection, key, expected, body });
    }
}
