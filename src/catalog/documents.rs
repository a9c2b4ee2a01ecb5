//! Typed documents over the store: read, listed, and changed together by compare-and-set.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::idempotency;
use crate::ids::Tenant;
use crate::store::{self, CommitError, DocumentRange, DocumentRow, Entry, Position, SYSTEM, Store};

/// Attempts at a change that keeps meeting other writers. Each attempt means that another one went through.
const ATTEMPTS_MAX: usize = 64;

/// Rows of a collection that a sweep reads at once.
pub(super) const SWEPT_AT_ONCE: usize = 500;

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

/// What of a collection a sweep looks at, piece by piece in the order of keys.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// Of the keys.
    pub prefix: String,
    /// Only keys behind this one.
    pub after: Option<String>,
    /// Only keys in front of this one.
    pub until: Option<String>,
    pub pieces_max: usize,
    /// Rows of a piece: fewer where they are large.
    pub rows_at_once: usize,
}

impl Part {
    /// Everything under a prefix.
    pub fn of(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned(), after: None, until: None, pieces_max: usize::MAX, rows_at_once: SWEPT_AT_ONCE }
    }
}

/// What a sweep did, in rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub gone: usize,
    /// Their time is not over.
    pub kept: usize,
    /// In a piece that somebody else changed meanwhile; the next sweep looks again.
    pub stale: usize,
    /// Where the next sweep goes on; none: the end was reached.
    pub next: Option<String>,
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
        self.rows::<T>(tenant, listing)?.into_iter().map(read).collect()
    }

    /// The keys and versions of what `list` gives; nothing of it is decoded.
    ///
    /// # Errors
    /// `Store`.
    pub(super) fn versions<T: Kept>(&self, tenant: &Tenant, listing: Listing<'_>) -> Result<Vec<(String, u64)>, Error> {
        Ok(self.rows::<T>(tenant, listing)?.into_iter().map(|row| (row.key, row.version)).collect())
    }

    fn rows<T: Kept>(&self, tenant: &Tenant, listing: Listing<'_>) -> Result<Vec<DocumentRow>, Error> {
        let Listing { prefix, after, descending, limit } = listing;
        let range = DocumentRange { collection: T::COLLECTION, prefix, after, descending };
        let limit = if limit == 0 { usize::MAX } else { limit };
        Ok(self.store.documents(tenant, &range, limit)?)
    }

    /// Runs what reads or waits for the disk beside the async threads.
    pub(super) async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let catalog = self.clone();
        tokio::task::spawn_blocking(move || work(&catalog)).await.map_err(|error| Error::Store(error.to_string()))?
    }

    /// What `look` makes of the next piece of a part, beside the async threads; none at the end. The part goes on behind it.
    pub(super) async fn next_piece<T: Kept + 'static, R: Send + 'static>(
        &self,
        tenant: &Tenant,
        part: &mut Part,
        look: impl FnOnce(&Self, Vec<Stored<T>>) -> Result<R, Error> + Send + 'static,
    ) -> Result<Option<R>, Error> {
        let (of, wanted) = (tenant.clone(), part.clone());
        let reading = self.blocking(move |catalog| {
            let Part { prefix, after, until, rows_at_once, .. } = wanted;
            let listing = Listing { prefix: &prefix, after: after.as_deref(), limit: rows_at_once, ..Listing::default() };
            let mut rows = catalog.list::<T>(&of, listing)?;
            rows.retain(|row| until.as_ref().is_none_or(|until| row.key < *until));
            let Some(last) = rows.last().map(|row| row.key.clone()) else { return Ok(None) };
            Ok(Some((last, look(catalog, rows)?)))
        });
        Ok(reading.await?.map(|(last, looked)| {
            part.after = Some(last);
            looked
        }))
    }

    /// Removes what is over of a part, piece by piece, so that neither a thread nor the committer is held up by how much there is.
    ///
    /// # Errors
    /// What `is_over` says, which may read, and as a commit.
    pub(super) async fn sweep<T: Kept + 'static>(
        &self,
        tenant: &Tenant,
        mut part: Part,
        is_over: impl Fn(&Self, &Stored<T>) -> Result<bool, Error> + Send + Sync + 'static,
    ) -> Result<Swept, Error> {
        let (is_over, mut swept) = (Arc::new(is_over), Swept::default());
        for _ in 0..part.pieces_max {
            let is_over = Arc::clone(&is_over);
            let piece = self.next_piece(tenant, &mut part, move |catalog, rows: Vec<Stored<T>>| {
                let (count, mut over) = (rows.len(), Vec::new());
                for row in rows {
                    if is_over(catalog, &row)? {
                        over.push((row.key, row.version));
                    }
                }
                Ok((count, over))
            });
            let Some((count, over)) = piece.await? else { return Ok(swept) };
            let mut changes = Changes::default();
            for (key, version) in &over {
                changes.remove::<T>(tenant, key, *version);
            }
            swept.kept += count - over.len();
            match self.commit(changes).await {
                Ok(_) => swept.gone += over.len(),
                Err(Error::Stale) => swept.stale += over.len(),
                Err(error) => return Err(error),
            }
        }
        Ok(Swept { next: part.after, ..swept })
    }

    /// Removes everything of a part.
    ///
    /// # Errors
    /// As a commit.
    pub(super) async fn sweep_all<T: Kept + 'static>(&self, tenant: &Tenant, part: &Part) -> Result<Swept, Error> {
        self.sweep(tenant, part.clone(), |_, _: &Stored<T>| Ok(true)).await
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use serde::Deserialize;

    use super::*;
    use crate::store::Faults;

    #[derive(Serialize, Deserialize)]
    struct Row(usize);

    impl Kept for Row {
        const COLLECTION: &'static str = "rows";
    }

    async fn catalog(count: usize) -> (Catalog, Tenant) {
        let (catalog, tenant) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default());
        let mut changes = Changes::default();
        for number in 0..count {
            changes.put(&tenant, &format!("a/{number:03}"), 0, &Row(number));
        }
        changes.put(&tenant, "b/000", 0, &Row(0));
        catalog.commit(changes).await.unwrap();
        (catalog, tenant)
    }

    #[tokio::test]
    async fn a_sweep_takes_what_is_over_of_its_part_and_says_where_it_stopped() {
        let (catalog, tenant) = catalog(9).await;
        let is_even = |_: &Catalog, row: &Stored<Row>| Ok(row.value.0.is_multiple_of(2));
        let part = Part { until: Some("a/007".to_owned()), pieces_max: 2, rows_at_once: 3, ..Part::of("a/") };
        let first = catalog.sweep(&tenant, part.clone(), is_even).await.unwrap();
        assert_eq!(first, Swept { gone: 3, kept: 3, stale: 0, next: Some("a/005".to_owned()) });
        let second = catalog.sweep(&tenant, Part { after: first.next, ..part }, is_even).await.unwrap();
        assert_eq!(second, Swept { gone: 1, ..Swept::default() });
        let left: Vec<String> = catalog.list::<Row>(&tenant, Listing::default()).unwrap().into_iter().map(|row| row.key).collect();
        assert_eq!(left, ["a/001", "a/003", "a/005", "a/007", "a/008", "b/000"]);
    }

    #[tokio::test]
    async fn what_somebody_changes_meanwhile_stays() {
        let (catalog, tenant) = catalog(2).await;
        let (other, of) = (catalog.clone(), tenant.clone());
        let runtime = tokio::runtime::Handle::current();
        let swept = catalog.sweep(&tenant, Part::of("a/"), move |_, row: &Stored<Row>| {
            if row.value.0 == 1 {
                let mut changes = Changes::default();
                changes.put(&of, &row.key, row.version, &Row(7));
                runtime.block_on(other.commit(changes))?;
            }
            Ok(true)
        });
        assert_eq!(swept.await.unwrap(), Swept { stale: 2, ..Swept::default() });
        assert_eq!(catalog.get::<Row>(&tenant, "a/001").unwrap().unwrap().value.0, 7);
    }

    #[tokio::test]
    async fn a_sweep_that_finds_nothing_lets_others_run_meanwhile() {
        let (catalog, tenant) = catalog(9).await;
        let turns = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&turns);
        tokio::spawn(async move {
            loop {
                counted.fetch_add(1, Ordering::Relaxed);
                tokio::task::yield_now().await;
            }
        });
        let part = Part { rows_at_once: 1, ..Part::of("") };
        assert_eq!(catalog.sweep(&tenant, part, |_, _: &Stored<Row>| Ok(false)).await.unwrap().kept, 10);
        assert!(turns.load(Ordering::Relaxed) > 0, "the thread was never given up");
    }
}
