//! Requests that must not happen twice: one document per idempotency key, written before the work begins, and changed in the same
//! commit as what the work makes. A process that dies in between leaves either nothing made and a key that is free to go on, or both.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};

use super::audit::{AuditLine, OfTarget};
use super::documents::Part;
use super::{Catalog, Changes, Error, Kept, Stored, Swept};
use crate::clock;
use crate::ids::{Digest, ExecutionId, Tenant, TimeMs};
use crate::store::Entry;

/// How long a key is remembered.
pub const KEPT_MS: u64 = 7 * 24 * 3_600_000;
/// How long a freed key is; far above what any request takes.
const FREED_MS: u64 = 24 * 3_600_000;
/// Names of made things that are kept for whoever asks again.
const MADE_MAX: usize = 8;
/// Pieces of keys that one sweep looks at; the next one goes on behind them.
const SWEEP_PIECES_MAX: usize = 20;

/// A request under its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestRow {
    /// Of everything that the request says.
    pub fingerprint: Digest,
    pub operation: String,
    /// The id of what it starts, if it starts an execution.
    pub execution: ExecutionId,
    pub began_at: TimeMs,
    pub expires_at: TimeMs,
    pub state: RequestState,
}

/// How far it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum RequestState {
    /// Nothing is made yet.
    Begun,
    /// Nothing was made, and the key may be used anew. Kept for a while instead of removed, so that the version goes on and what a late
    /// attempt still wants to write is stale.
    Freed,
    /// Made; what was answered is not kept, or not yet.
    Made { made: Vec<String> },
    /// Made and answered.
    Answered { answer: KeptAnswer },
}

/// An answer, to be given again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAnswer {
    pub status: u16,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// JSON text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl Kept for RequestRow {
    const COLLECTION: &'static str = "idempotency";
}

/// What stands under a key once it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reservation {
    /// This request is the first under its key.
    Fresh(Stored<RequestRow>),
    /// It was used before.
    Known(Stored<RequestRow>),
}

impl Catalog {
    /// Takes `key` for a request, unless somebody has it.
    ///
    /// # Errors
    /// As a commit.
    pub async fn reserve_request(
        &self,
        tenant: &Tenant,
        key: &str,
        operation: &str,
        fingerprint: Digest,
        now: TimeMs,
    ) -> Result<Reservation, Error> {
        self.update(|catalog, changes| {
            let stored = catalog.get::<RequestRow>(tenant, key)?;
            let version = match stored {
                Some(stored) if stored.value.expires_at > now && stored.value.state != RequestState::Freed => {
                    return Ok(Reservation::Known(stored));
                }
                Some(over) => over.version,
                None => 0,
            };
            let value = RequestRow {
                fingerprint,
                operation: operation.to_owned(),
                execution: clock::execution_id(),
                began_at: now,
                expires_at: now.plus(KEPT_MS),
                state: RequestState::Begun,
            };
            changes.put(tenant, key, version, &value);
            Ok(Reservation::Fresh(Stored { key: key.to_owned(), version: version + 1, value }))
        })
        .await
    }

    /// Takes a key over from a request that ended without a word. Afterwards nothing of that request can be written any more, so what
    /// is returned as begun is not made.
    ///
    /// # Errors
    /// As a commit.
    pub async fn take_over_request(&self, tenant: &Tenant, key: &str) -> Result<Option<Stored<RequestRow>>, Error> {
        self.update(|catalog, changes| {
            let Some(mut stored) = catalog.get::<RequestRow>(tenant, key)? else { return Ok(None) };
            if stored.value.state == RequestState::Freed {
                return Ok(None);
            }
            if stored.value.state == RequestState::Begun {
                changes.put(tenant, key, stored.version, &stored.value);
                stored.version += 1;
            }
            Ok(Some(stored))
        })
        .await
    }

    /// Keeps the answer beside what was made.
    ///
    /// # Errors
    /// As a commit.
    pub async fn answer_request(&self, tenant: &Tenant, stored: &Stored<RequestRow>, answer: KeptAnswer) -> Result<(), Error> {
        let mut changes = Changes::default();
        let row = RequestRow { state: RequestState::Answered { answer }, ..stored.value.clone() };
        changes.put(tenant, &stored.key, stored.version, &row);
        self.commit(changes).await.map(drop)
    }

    /// Frees a key whose request made nothing.
    ///
    /// # Errors
    /// As a commit.
    pub async fn free_request(&self, tenant: &Tenant, stored: &Stored<RequestRow>) -> Result<(), Error> {
        let mut changes = Changes::default();
        let expires_at = clock::now().plus(FREED_MS);
        let row = RequestRow { state: RequestState::Freed, expires_at, ..stored.value.clone() };
        changes.put(tenant, &stored.key, stored.version, &row);
        self.commit(changes).await.map(drop)
    }

    /// Looks at some of a tenant's keys, from `after` on, and forgets those whose time is over.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sweep_requests(&self, tenant: &Tenant, now: TimeMs, after: Option<String>) -> Result<Swept, Error> {
        let part = Part { after, pieces_max: SWEEP_PIECES_MAX, ..Part::of("") };
        self.sweep(tenant, part, move |_, row: &Stored<RequestRow>| Ok(row.value.expires_at <= now)).await
    }
}

tokio::task_local! {
    /// The request whose work this task does.
    static NOTE: RefCell<Note>;
}

/// A request that is being worked on: its document changes with the first commit of the work.
#[derive(Clone, Debug)]
pub struct Note {
    pub tenant: Tenant,
    pub stored: Stored<RequestRow>,
    /// The commit went through, or nobody knows whether it did.
    pub is_written: bool,
}

/// Runs `work`; the first thing that it commits through the catalog, in this task, carries the note.
pub async fn noting<F: Future>(note: Note, work: F) -> (F::Output, Note) {
    let work = async {
        let output = work.await;
        (output, NOTE.with(|note| note.borrow().clone()))
    };
    NOTE.scope(RefCell::new(note), work).await
}

/// Adds the note to the commit, where there is one that is not written yet. Returns what the document becomes.
pub(super) fn add_note(changes: &mut Changes) -> Option<RequestRow> {
    NOTE.try_with(|note| {
        let note = note.borrow();
        if note.is_written {
            return None;
        }
        let state = RequestState::Made { made: made(changes) };
        let row = RequestRow { state, ..note.stored.value.clone() };
        changes.put(&note.tenant, &note.stored.key, note.stored.version, &row);
        Some(row)
    })
    .ok()
    .flatten()
}

/// The commit that carried the note went through, or stopped without saying whether it did.
pub(super) fn note_written(row: RequestRow) {
    // Outside of a request there is no note, and none was added.
    let _ = NOTE.try_with(|note| {
        let mut note = note.borrow_mut();
        note.stored.version += 1;
        note.stored.value = row;
        note.is_written = true;
    });
}

/// What a commit makes, as `collection/key`.
fn made(changes: &Changes) -> Vec<String> {
    let hidden = [AuditLine::COLLECTION, OfTarget::COLLECTION];
    let names = changes.entries().iter().filter_map(|entry| match entry {
        Entry::Document { collection, key, expected: 0, body: Some(_), .. } if !hidden.contains(&collection.as_str()) => {
            Some(format!("{collection}/{key}"))
        }
        _ => None,
    });
    names.take(MADE_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::documents::SWEPT_AT_ONCE;
    use crate::catalog::tenants::TenantRow;
    use crate::store::{Faults, MemoryDisk, Store};

    fn catalog() -> Catalog {
        Catalog::new(Store::in_memory(Faults::default()))
    }

    async fn reserve(catalog: &Catalog, now: u64) -> Reservation {
        catalog.reserve_request(&Tenant::default(), "k", "createTenant", Digest::of(b"request"), TimeMs(now)).await.unwrap()
    }

    fn fresh(reservation: Reservation) -> Stored<RequestRow> {
        match reservation {
            Reservation::Fresh(stored) => stored,
            Reservation::Known(stored) => panic!("taken: {stored:?}"),
        }
    }

    fn note(stored: Stored<RequestRow>) -> Note {
        Note { tenant: Tenant::default(), stored, is_written: false }
    }

    #[tokio::test]
    async fn a_key_is_taken_once_and_free_again_when_freed_or_expired() {
        let catalog = catalog();
        let first = fresh(reserve(&catalog, 1).await);
        assert_eq!(reserve(&catalog, 2).await, Reservation::Known(first.clone()));
        catalog.free_request(&Tenant::default(), &first).await.unwrap();
        let second = fresh(reserve(&catalog, 3).await);
        assert!(matches!(catalog.free_request(&Tenant::default(), &first).await, Err(Error::Stale)), "a late attempt frees nothing");
        let late = noting(note(first.clone()), catalog.create_tenant("late", None, TimeMs(3))).await.0;
        assert!(late.is_err(), "and makes nothing: the key is somebody else's");
        assert_ne!(first.value.execution, second.value.execution);
        let third = fresh(reserve(&catalog, 3 + KEPT_MS).await);
        assert_ne!(third.value.execution, second.value.execution);
        assert_eq!(catalog.sweep_requests(&Tenant::default(), TimeMs(4 + KEPT_MS), None).await.unwrap().gone, 0);
        assert_eq!(catalog.sweep_requests(&Tenant::default(), TimeMs(3 + 2 * KEPT_MS), None).await.unwrap().gone, 1);
        fresh(reserve(&catalog, 1).await);
    }

    #[tokio::test]
    async fn the_note_is_in_the_commit_that_makes_the_thing() {
        let disk = MemoryDisk::new(Faults::default());
        let catalog = Catalog::new(Store::open_memory(&disk).unwrap());
        let stored = fresh(reserve(&catalog, 1).await);
        let before = catalog.store().position();
        let (made, note) = noting(note(stored), catalog.create_tenant("acme", None, TimeMs(2))).await;
        made.unwrap();
        assert!(note.is_written);
        assert_eq!(catalog.store().position().0, before.0 + 1, "one commit");
        // Killed before the answer was kept.
        let after = Catalog::new(Store::open_memory(&disk.crash(1, Faults::default())).unwrap());
        assert!(after.tenant("acme").unwrap().is_some());
        let known = after.get::<RequestRow>(&Tenant::default(), "k").unwrap().unwrap();
        assert_eq!(known, note.stored);
        let RequestState::Made { made } = known.value.state else { panic!("{known:?}") };
        assert!(made.contains(&format!("{}/acme", TenantRow::COLLECTION)), "{made:?}");
    }

    #[tokio::test]
    async fn work_that_lost_its_key_cannot_make_anything() {
        let catalog = catalog();
        let stored = fresh(reserve(&catalog, 1).await);
        let taken = catalog.take_over_request(&Tenant::default(), "k").await.unwrap().unwrap();
        assert_eq!(taken.value, stored.value, "the same execution id");
        let (made, late) = noting(note(stored), catalog.create_tenant("late", None, TimeMs(2))).await;
        assert!(matches!(made, Err(Error::Conflict { code: "busy", .. })), "{made:?}");
        assert!(!late.is_written && catalog.tenant("late").unwrap().is_none());
        let (made, note) = noting(note(taken), catalog.create_tenant("acme", None, TimeMs(2))).await;
        made.unwrap();
        let answer = KeptAnswer { status: 201, headers: Vec::new(), body: Some("{}".to_owned()) };
        catalog.answer_request(&Tenant::default(), &note.stored, answer.clone()).await.unwrap();
        let Reservation::Known(known) = reserve(&catalog, 3).await else { panic!("free") };
        assert_eq!(known.value.state, RequestState::Answered { answer });
    }

    #[tokio::test]
    async fn work_that_makes_nothing_writes_no_note_and_only_the_first_commit_carries_it() {
        let catalog = catalog();
        let stored = fresh(reserve(&catalog, 1).await);
        let (refused, nothing) = noting(note(stored.clone()), catalog.create_tenant("NO", None, TimeMs(2))).await;
        assert!(refused.is_err() && !nothing.is_written);
        let two = async {
            catalog.create_tenant("one", None, TimeMs(2)).await.unwrap();
            catalog.create_tenant("two", None, TimeMs(2)).await.unwrap();
        };
        let ((), note) = noting(note(stored.clone()), two).await;
        assert_eq!(note.stored.version, stored.version + 1);
    }

    #[tokio::test]
    async fn a_sweep_looks_at_so_many_and_goes_on_where_it_was() {
        let (catalog, tenant) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default());
        let part = SWEPT_AT_ONCE * SWEEP_PIECES_MAX;
        let row = |expires_at: TimeMs| RequestRow {
            fingerprint: Digest::of(b"x"),
            operation: "op".to_owned(),
            execution: clock::execution_id(),
            began_at: TimeMs(1),
            expires_at,
            state: RequestState::Begun,
        };
        let mut changes = Changes::default();
        for number in 0..part {
            changes.put(&tenant, &format!("{number:06}"), 0, &row(TimeMs(99)));
        }
        changes.put(&tenant, "last", 0, &row(TimeMs(5)));
        catalog.commit(changes).await.unwrap();
        let first = catalog.sweep_requests(&tenant, TimeMs(9), None).await.unwrap();
        assert_eq!((first.gone, first.next.is_some()), (0, true));
        let second = catalog.sweep_requests(&tenant, TimeMs(9), first.next).await.unwrap();
        assert_eq!(second, Swept { gone: 1, ..Swept::default() });
    }
}
