//! Deliveries: what has to be sent to a webhook or by mail, and every attempt at it. A delivery's key follows from what happened and to
//! whom it goes, so the same happening read twice makes one delivery. When each is due stands in an index of its own, in lanes: one per
//! tenant and host, so that nobody has to read past what others wait for.

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::webhooks::{Happening, Reach};
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};

/// In front of every delivery's id, as Standard Webhooks suggests.
const MARK: &str = "msg_";
/// Attempts that a delivery remembers, the newest ones.
const ATTEMPTS_KEPT_MAX: usize = 12;
/// Settled deliveries are dropped when they are older.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Old ones that are dropped when one is settled: more than come along, so that they get fewer.
const DROPPED_AT_ONCE_MAX: usize = 4;
/// Pending ones that are sorted into lanes in one commit.
const SORTED_AT_ONCE: usize = 200;

/// Where a delivery goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Target {
    /// The webhook with this key; its URL and secrets are those at the time of the attempt.
    Webhook { key: String },
    /// A mail about a question to an address that stands for this approver (`user:NAME`, `role:NAME`, `any`).
    Mail { approver: String, address: String },
}

impl Target {
    /// What the keys of its deliveries begin with.
    fn prefix(&self) -> String {
        match self {
            Self::Webhook { key } => format!("{key}/"),
            Self::Mail { .. } => "m/".to_owned(),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum DeliveryState {
    Pending,
    Delivered,
    /// After the last attempt, or because there is nobody to deliver to any more; `note` says which.
    Failed,
    /// There was nothing to say any more: the question had been closed.
    Dropped,
}

/// One attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at: TimeMs,
    pub latency_ms: u64,
    /// The status that the other side answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The beginning of the answer.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub answer: String,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryRow {
    /// The same for every attempt.
    pub id: String,
    pub target: Target,
    pub event: Happening,
    pub execution: ExecutionId,
    /// What the event is about, where it is about a question, and the digest that it had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<(QuestionId, Digest)>,
    /// The JSON that is sent, without links; empty for a mail.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub body: String,
    pub created_at: TimeMs,
    pub state: DeliveryState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
    /// Since it was made, or sent again by hand.
    pub tries: u32,
    /// Only while pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<TimeMs>,
    /// Whom the attempts are bounded by.
    pub host: String,
}

impl Kept for DeliveryRow {
    const COLLECTION: &'static str = "deliveries";
}

/// A pending delivery; those of one lane in the order in which they are due.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DueRow {
    pub at: TimeMs,
    pub tenant: Tenant,
    pub key: String,
    pub host: String,
}

impl Kept for DueRow {
    const COLLECTION: &'static str = "deliveries_due_in_lanes";
}

impl DueRow {
    fn key(&self) -> String {
        let Self { at, tenant, key, host } = self;
        format!("{tenant}/{host}/{:014x}/{key}", at.0)
    }
}

/// The same as it was kept once: one queue for everybody. `sort_due_into_lanes` takes it over.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct QueuedRow(DueRow);

impl Kept for QueuedRow {
    const COLLECTION: &'static str = "deliveries_due";
}

/// Where to go on in the index of what is due.
#[derive(Clone, Copy, Debug)]
pub enum Behind<'a> {
    Start,
    /// Before everything of a tenant.
    Before(&'a Tenant),
    /// Behind everything of a tenant.
    Tenant(&'a Tenant),
    /// Behind everything of one lane.
    Lane(&'a Tenant, &'a str),
}

/// Above every character that a key has.
const LAST: char = '\u{10ffff}';

impl Behind<'_> {
    fn key(self) -> Option<String> {
        match self {
            Self::Start => None,
            Self::Before(tenant) => Some(format!("{tenant}/")),
            Self::Tenant(tenant) => Some(format!("{tenant}/{LAST}")),
            Self::Lane(tenant, host) => Some(format!("{tenant}/{host}/{LAST}")),
        }
    }
}

/// What becomes of a delivery after an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settling {
    Done,
    Again { at: TimeMs },
    Failed { note: String },
    Dropped { note: String },
}

/// The id of the delivery to `target` of what happened at `at` under `name` (execution, number of the event, what): sorted by time.
#[must_use]
pub fn delivery_id(at: TimeMs, target: &Target, name: &str) -> String {
    let whom = serde_json::to_string(target).unwrap_or_default();
    let hash = Digest::of(format!("{whom}\n{name}").as_bytes()).hex();
    format!("{MARK}{:012x}{}", at.0, &hash[..32])
}

impl DeliveryRow {
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}{}", self.target.prefix(), self.id)
    }
}

impl Catalog {
    /// Adds a delivery, due at `at`, to `changes`, unless it is there already. Whether it was added.
    ///
    /// # Errors
    /// `Store`.
    pub fn add_delivery(&self, tenant: &Tenant, row: &DeliveryRow, at: TimeMs, changes: &mut Changes) -> Result<bool, Error> {
        let key = row.key();
        if self.get::<DeliveryRow>(tenant, &key)?.is_some() {
            return Ok(false);
        }
        let row = DeliveryRow { due_at: Some(at), ..row.clone() };
        changes.put(tenant, &key, 0, &row);
        make_due(tenant, &key, &row.host, at, changes);
        Ok(true)
    }

    /// The first pending delivery behind a place: the earliest one of its lane.
    ///
    /// # Errors
    /// `Store`.
    pub fn next_lane(&self, behind: Behind<'_>) -> Result<Option<DueRow>, Error> {
        let rows = self.list(&Self::system(), Listing { after: behind.key().as_deref(), limit: 1, ..Listing::default() })?;
        Ok(rows.into_iter().next().map(|stored: Stored<DueRow>| stored.value))
    }

    /// The pending deliveries of one lane, the earliest first.
    ///
    /// # Errors
    /// `Store`.
    pub fn lane(&self, tenant: &Tenant, host: &str, limit: usize) -> Result<Vec<Stored<DueRow>>, Error> {
        let prefix = format!("{tenant}/{host}/");
        self.list(&Self::system(), Listing { prefix: &prefix, limit, ..Listing::default() })
    }

    /// Sorts what is pending from before there were lanes into them.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sort_due_into_lanes(&self) -> Result<(), Error> {
        loop {
            let rows = self.list::<QueuedRow>(&Self::system(), Listing { limit: SORTED_AT_ONCE, ..Listing::default() })?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut changes = Changes::default();
            for Stored { key, version, value: QueuedRow(due) } in rows {
                changes.remove::<QueuedRow>(&Self::system(), &key, version);
                if self.get::<DueRow>(&Self::system(), &due.key())?.is_none() {
                    changes.put(&Self::system(), &due.key(), 0, &due);
                }
            }
            self.commit(changes).await?;
        }
    }

    /// # Errors
    /// `Store`.
    pub fn delivery_at(&self, tenant: &Tenant, key: &str) -> Result<Option<Stored<DeliveryRow>>, Error> {
        self.get(tenant, key)
    }

    /// The deliveries of one webhook, newest first.
    ///
    /// # Errors
    /// `Store`.
    pub fn deliveries(
        &self,
        tenant: &Tenant,
        (reach, id): (&Reach, &str),
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<DeliveryRow>>, Error> {
        let prefix = Target::Webhook { key: reach.key(id) }.prefix();
        self.list(tenant, Listing { prefix: &prefix, after, descending: true, limit })
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn delivery(&self, tenant: &Tenant, (reach, id): (&Reach, &str), delivery: &str) -> Result<Stored<DeliveryRow>, Error> {
        let key = format!("{}{delivery}", Target::Webhook { key: reach.key(id) }.prefix());
        self.get(tenant, &key)?.ok_or_else(|| Error::NotFound { what: "delivery", name: delivery.to_owned() })
    }

    /// Takes an entry out of the index that no pending delivery stands behind.
    ///
    /// # Errors
    /// As a commit.
    pub async fn forget_due(&self, due: &Stored<DueRow>) -> Result<(), Error> {
        let mut changes = Changes::default();
        changes.remove::<DueRow>(&Self::system(), &due.key, due.version);
        match self.commit(changes).await {
            Ok(_) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Records an attempt (none where none was made) and what follows from it. Nothing happens to a delivery that is pending no more.
    ///
    /// # Errors
    /// As a commit.
    pub async fn settle_delivery(
        &self,
        tenant: &Tenant,
        key: &str,
        attempt: Option<Attempt>,
        settling: Settling,
        now: TimeMs,
    ) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let Some(mut stored) = catalog.get::<DeliveryRow>(tenant, key)? else { return Ok(()) };
            let row = &mut stored.value;
            let Some(due_at) = row.due_at.take() else { return Ok(()) };
            catalog.take_due(&due_row(tenant, key, &row.host, due_at), changes)?;
            row.tries += u32::from(attempt.is_some());
            row.attempts.extend(attempt.clone());
            let surplus = row.attempts.len().saturating_sub(ATTEMPTS_KEPT_MAX);
            row.attempts.drain(..surplus);
            (row.state, row.note) = match settling.clone() {
                Settling::Done => (DeliveryState::Delivered, None),
                Settling::Again { at } => {
                    make_due(tenant, key, &row.host, at, changes);
                    row.due_at = Some(at);
                    (DeliveryState::Pending, None)
                }
                Settling::Failed { note } => (DeliveryState::Failed, Some(note)),
                Settling::Dropped { note } => (DeliveryState::Dropped, Some(note)),
            };
            let prefix = row.target.prefix();
            changes.put(tenant, key, stored.version, row);
            catalog.drop_old(tenant, &prefix, now, changes)
        })
        .await
    }

    /// Makes a delivery due now, with a full set of attempts before it, whatever became of it.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn redeliver(&self, tenant: &Tenant, webhook: (&Reach, &str), delivery: &str, actor: &Actor) -> Result<DeliveryRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, mut value } = catalog.delivery(tenant, webhook, delivery)?;
            if let Some(due_at) = value.due_at {
                catalog.take_due(&due_row(tenant, &key, &value.host, due_at), changes)?;
            }
            (value.state, value.note, value.tries, value.due_at) = (DeliveryState::Pending, None, 0, Some(actor.at));
            make_due(tenant, &key, &value.host, actor.at, changes);
            changes.put(tenant, &key, version, &value);
            changes.audit(tenant, actor, "delivery.redelivered", &format!("webhook:{}", webhook.1), Some(delivery.to_owned()));
            Ok(value)
        })
        .await
    }

    fn take_due(&self, due: &DueRow, changes: &mut Changes) -> Result<(), Error> {
        let due_key = due.key();
        if let Some(due) = self.get::<DueRow>(&Self::system(), &due_key)? {
            changes.remove::<DueRow>(&Self::system(), &due_key, due.version);
        }
        Ok(())
    }

    fn drop_old(&self, tenant: &Tenant, prefix: &str, now: TimeMs, changes: &mut Changes) -> Result<(), Error> {
        let oldest = self.list::<DeliveryRow>(tenant, Listing { prefix, limit: DROPPED_AT_ONCE_MAX, ..Listing::default() })?;
        for old in oldest.into_iter().filter(|old| old.value.due_at.is_none() && now.since(old.value.created_at) > KEPT_MS) {
            changes.remove::<DeliveryRow>(tenant, &old.key, old.version);
        }
        Ok(())
    }
}

fn due_row(tenant: &Tenant, key: &str, host: &str, at: TimeMs) -> DueRow {
    DueRow { at, tenant: tenant.clone(), key: key.to_owned(), host: host.to_owned() }
}

fn make_due(tenant: &Tenant, key: &str, host: &str, at: TimeMs, changes: &mut Changes) {
    let due = due_row(tenant, key, host, at);
    // A row that was due at the same instant before is replaced within the same commit: removed, then made anew.
    changes.put(&Catalog::system(), &due.key(), 0, &due);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, Store};

    fn row(at: u64) -> DeliveryRow {
        let target = Target::Webhook { key: Reach::Tenant.key("h") };
        DeliveryRow {
            id: delivery_id(TimeMs(at), &target, "x/1"),
            target,
            event: Happening::ExecutionCompleted,
            execution: ExecutionId(uuid::Uuid::nil()),
            question: None,
            body: "{}".to_owned(),
            created_at: TimeMs(at),
            state: DeliveryState::Pending,
            note: None,
            attempts: Vec::new(),
            tries: 0,
            due_at: None,
            host: "a.example".to_owned(),
        }
    }

    fn attempt(at: u64) -> Attempt {
        Attempt { at: TimeMs(at), latency_ms: 1, status: Some(500), error: None, answer: String::new() }
    }

    async fn add(catalog: &Catalog, row: &DeliveryRow) -> bool {
        let mut changes = Changes::default();
        let added = catalog.add_delivery(&Tenant::default(), row, row.created_at, &mut changes).unwrap();
        catalog.commit(changes).await.unwrap();
        added
    }

    fn due(catalog: &Catalog) -> Vec<u64> {
        catalog.lane(&Tenant::default(), "a.example", 9).unwrap().into_iter().map(|due| due.value.at.0).collect()
    }

    #[tokio::test]
    async fn what_was_pending_in_one_queue_goes_on_in_lanes() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let mut changes = Changes::default();
        for at in 0..SORTED_AT_ONCE as u64 + 5 {
            let due = due_row(&Tenant::default(), &format!("t/h/{at}"), "a.example", TimeMs(at));
            changes.put(&Catalog::system(), &format!("{at:014x}/default/t/h/{at}"), 0, &QueuedRow(due));
        }
        catalog.commit(changes).await.unwrap();
        catalog.sort_due_into_lanes().await.unwrap();
        assert_eq!(due(&catalog), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(catalog.lane(&Tenant::default(), "a.example", 999).unwrap().len(), SORTED_AT_ONCE + 5);
        assert!(catalog.list::<QueuedRow>(&Catalog::system(), Listing::default()).unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_delivery_is_due_once_until_it_is_settled() {
        let (catalog, tenant, row) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default(), row(5));
        assert!(add(&catalog, &row).await);
        assert!(!add(&catalog, &row).await, "the same happening again");
        assert_eq!(due(&catalog), [5]);
        catalog.settle_delivery(&tenant, &row.key(), Some(attempt(6)), Settling::Again { at: TimeMs(9) }, TimeMs(6)).await.unwrap();
        assert_eq!(due(&catalog), [9]);
        // Due at the very instant at which it was due before.
        catalog.settle_delivery(&tenant, &row.key(), Some(attempt(9)), Settling::Again { at: TimeMs(9) }, TimeMs(9)).await.unwrap();
        assert_eq!(due(&catalog), [9]);
        catalog.settle_delivery(&tenant, &row.key(), Some(attempt(10)), Settling::Done, TimeMs(10)).await.unwrap();
        assert!(due(&catalog).is_empty());
        let stored = catalog.delivery(&tenant, (&Reach::Tenant, "h"), &row.id).unwrap().value;
        assert_eq!((stored.state, stored.tries, stored.attempts.len()), (DeliveryState::Delivered, 3, 3));
        catalog.settle_delivery(&tenant, &row.key(), Some(attempt(11)), Settling::Again { at: TimeMs(12) }, TimeMs(11)).await.unwrap();
        assert!(due(&catalog).is_empty(), "what is settled stays so");
        let actor = Actor { at: TimeMs(20), ..Actor::without_key("ana") };
        catalog.redeliver(&tenant, (&Reach::Tenant, "h"), &row.id, &actor).await.unwrap();
        assert_eq!(due(&catalog), [20]);
        let again = Actor { at: TimeMs(20), ..Actor::without_key("ana") };
        catalog.redeliver(&tenant, (&Reach::Tenant, "h"), &row.id, &again).await.unwrap();
        assert_eq!(due(&catalog), [20], "twice is once");
    }

    #[tokio::test]
    async fn old_settled_ones_are_dropped_and_attempts_are_bounded() {
        let (catalog, tenant, old, new) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default(), row(5), row(KEPT_MS + 9));
        add(&catalog, &old).await;
        for number in 0..20 {
            let again = Settling::Again { at: TimeMs(number + 6) };
            catalog.settle_delivery(&tenant, &old.key(), Some(attempt(number)), again, TimeMs(number)).await.unwrap();
        }
        assert_eq!(catalog.delivery_at(&tenant, &old.key()).unwrap().unwrap().value.attempts.len(), ATTEMPTS_KEPT_MAX);
        let failed = Settling::Failed { note: "x".to_owned() };
        catalog.settle_delivery(&tenant, &old.key(), None, failed, TimeMs(30)).await.unwrap();
        add(&catalog, &new).await;
        catalog.settle_delivery(&tenant, &new.key(), None, Settling::Done, TimeMs(KEPT_MS + 10)).await.unwrap();
        let left: Vec<String> =
            catalog.deliveries(&tenant, (&Reach::Tenant, "h"), None, 9).unwrap().into_iter().map(|row| row.key).collect();
        assert_eq!(left, [new.key()]);
    }
}
