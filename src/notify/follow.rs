//! The follower: reads the log as it grows and records a delivery for everybody who wants to hear of what is in it, together with how far
//! it has read.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::Parts;
use super::happenings::{self, Happened, Happenings};
use crate::catalog::deliveries::{DeliveryRow, DeliveryState, DueRow, Target, delivery_id};
use crate::catalog::webhooks::{Happening, Reach, WebhookRow};
use crate::catalog::{self, Catalog, Changes, Kept, Stored};
use crate::crash;
use crate::ids::{ExecutionId, TimeMs};
use crate::journal::{Record, Turn};
use crate::machine::input::Purpose;
use crate::machine::summary::Summary;
use crate::store::{self, Fed, Feed, Position};

/// Commits that are read at once.
const COMMITS_AT_ONCE_MAX: usize = 128;
/// Bytes that are read at once: large commits are read one by one.
const BYTES_READ_MAX: usize = 4 << 20;
/// Deliveries, two entries each, are recorded in commits of about so many entries and bytes: others wait while one is written.
const ENTRIES_AT_ONCE_MAX: usize = 512;
const BYTES_AT_ONCE_MAX: usize = 1 << 20;
/// The position is recorded at least this often, in commits; without news it costs a commit of its own.
const RECORD_EVERY: u64 = 4_096;
/// Between two looks while there is nobody to tell anything: a webhook that is made meanwhile misses nothing.
const UNHEARD_PAUSE: Duration = Duration::from_millis(100);
/// Before the log is read again after it could not be.
const FAILED_PAUSE: Duration = Duration::from_secs(5);
/// Executions above one, as many as a start can be deep.
const ANCESTORS_MAX: usize = 32;
/// The name under which the position is kept.
const NAME: &str = "notify";

/// Up to where a reader of the log has read.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Followed {
    position: Position,
}

impl Kept for Followed {
    const COLLECTION: &'static str = "followers";
}

/// Who follows the log, and up to where they have told what happened.
///
/// # Errors
/// `Store`.
pub fn followers(catalog: &Catalog) -> Result<Vec<(String, Position)>, catalog::Error> {
    let stored = catalog.list::<Followed>(&Catalog::system(), catalog::Listing::default())?;
    Ok(stored.into_iter().map(|stored| (stored.key, stored.value.position)).collect())
}

pub(super) struct Follower {
    parts: Arc<Parts>,
    /// None while a blocking thread has it.
    feed: Option<Feed>,
    /// What the recorded position is.
    recorded: Position,
    /// Told whenever a delivery has become due.
    is_due: Arc<Notify>,
}

impl Follower {
    /// Goes on where the last one was; the first one begins here, and records that.
    pub async fn new(parts: Arc<Parts>, is_due: Arc<Notify>) -> Result<Self, catalog::Error> {
        let catalog = &parts.catalog;
        let recorded = if let Some(stored) = catalog.get::<Followed>(&Catalog::system(), NAME)? {
            stored.value.position
        } else {
            let position = catalog.store().position();
            let mut changes = Changes::default();
            changes.put(&Catalog::system(), NAME, 0, &Followed { position });
            catalog.commit(changes).await?;
            position
        };
        let feed = Some(catalog.store().feed(recorded));
        parts.meters.followed(recorded);
        Ok(Self { parts, feed, recorded, is_due })
    }

    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let round = async {
                if let Err(error) = self.round().await {
                    tracing::error!(%error, "what happened cannot be followed; webhooks and mails wait");
                    tokio::time::sleep(FAILED_PAUSE).await;
                }
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = round => {}
            }
        }
        // Not on the way any more: what is behind it may leave the log while nobody serves.
        if let Err(error) = self.note(self.parts.meters.followed_until()).await {
            tracing::debug!(%error, "how far the log was followed is not recorded; that is read again");
        }
    }

    /// Records that everything up to `position` was read.
    async fn note(&self, position: Position) -> Result<(), Error> {
        if position <= self.recorded {
            return Ok(());
        }
        Ok(self.parts.catalog.update(|catalog, changes| put(catalog, changes, position)).await?)
    }

    async fn round(&mut self) -> Result<(), Error> {
        let store = self.parts.catalog.store().clone();
        let from = self.feed.as_ref().map_or(self.recorded, Feed::position);
        let mut feed = self.feed.take().unwrap_or_else(|| store.feed(from));
        feed.grown().await;
        // In this order: a webhook that is not seen now was made behind this place.
        let here = store.position();
        store.applied(here).await;
        if !self.listens()? {
            self.feed = Some(store.feed(here));
            self.record(here, Vec::new()).await?;
            self.parts.meters.followed(here);
            tokio::time::sleep(UNHEARD_PAUSE).await;
            return Ok(());
        }
        let reading = tokio::task::spawn_blocking(move || {
            let commits = feed.read(COMMITS_AT_ONCE_MAX, BYTES_READ_MAX);
            (feed, commits)
        });
        // Fails only when the runtime ends.
        let Ok((feed, commits)) = reading.await else { return Ok(()) };
        let position = feed.position();
        let commits = commits?;
        if commits.is_empty() {
            // The store has stopped.
            tokio::time::sleep(UNHEARD_PAUSE).await;
        }
        self.record(position, commits).await?;
        self.parts.meters.followed(position);
        self.feed = Some(feed);
        Ok(())
    }

    fn listens(&self) -> Result<bool, catalog::Error> {
        Ok(self.parts.settings.tells_anybody() || self.parts.catalog.is_anybody_hooked()?)
    }

    /// Records the deliveries that follow from what was read, and that it was read.
    async fn record(&mut self, position: Position, commits: Vec<Fed>) -> Result<(), Error> {
        let made_due = |record: &Record| matches!(record, Record::Document(document) if document.collection == DueRow::COLLECTION);
        if commits.iter().flat_map(|fed| &fed.records).any(made_due) {
            self.is_due.notify_one();
        }
        let is_long_ago = position.0.saturating_sub(self.recorded.0) >= RECORD_EVERY;
        let turns: Vec<(usize, &Turn)> = commits.iter().enumerate().flat_map(|(at, fed)| turns(fed).map(move |turn| (at, turn))).collect();
        let mut from = 0;
        loop {
            let parts = Arc::clone(&self.parts);
            let recorded = self.parts.catalog.update(|catalog, changes| {
                let (mut next, mut added) = (from, false);
                while next < turns.len() && changes.count() < ENTRIES_AT_ONCE_MAX && changes.bytes() < BYTES_AT_ONCE_MAX {
                    added |= deliveries(&parts, turns[next].1, changes)?;
                    next += 1;
                }
                // In the middle of a commit of the log, up to the one before it: what is read again makes nothing twice.
                let reached = match turns.get(next) {
                    None => Some(position),
                    Some((at, _)) => at.checked_sub(1).map(|before| commits[before].position),
                };
                let reached = reached.filter(|_| added || is_long_ago);
                if let Some(position) = reached {
                    put(catalog, changes, position)?;
                }
                Ok((next, reached))
            });
            let (next, reached) = recorded.await?;
            crash::point("follow.recorded");
            from = next;
            self.recorded = reached.unwrap_or(self.recorded);
            if from == turns.len() {
                return Ok(());
            }
        }
    }
}

/// Records that everything up to `position` was read.
fn put(catalog: &Catalog, changes: &mut Changes, position: Position) -> Result<(), catalog::Error> {
    let version = catalog.get::<Followed>(&Catalog::system(), NAME)?.map_or(0, |stored| stored.version);
    changes.put(&Catalog::system(), NAME, version, &Followed { position });
    Ok(())
}

fn turns(fed: &Fed) -> impl Iterator<Item = &Turn> {
    fed.records.iter().filter_map(|record| if let Record::Execution(turn) = record { Some(turn) } else { None })
}

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

/// Adds what follows from one turn. Whether there was anything.
fn deliveries(parts: &Parts, turn: &Turn, changes: &mut Changes) -> Result<bool, catalog::Error> {
    let catalog = &parts.catalog;
    let standing = match &turn.summary {
        Some(_) => None,
        None => catalog.store().summary(&turn.tenant, turn.execution)?,
    };
    // Purged meanwhile: nobody is told any more.
    let Some(summary) = turn.summary.as_ref().or(standing.as_ref()) else { return Ok(false) };
    // Nobody is to decide anything there, and nothing happens outside.
    if summary.purpose == Purpose::Evaluation {
        return Ok(false);
    }
    let Happenings { happened, told } = happenings::of(turn, summary);
    let mut added = false;
    if !happened.is_empty() && catalog.is_hooked(&turn.tenant)? {
        for one in &happened {
            for hook in listeners(catalog, turn, summary, one)? {
                added |= catalog.add_delivery(&turn.tenant, &to_webhook(turn, one, &hook), turn.at, changes)?;
            }
        }
    }
    for one in told {
        for recipient in parts.settings.recipients(&turn.tenant, &one.any_of) {
            let target = Target::Mail { approver: recipient.approver, address: recipient.address };
            let host = parts.settings.mailer().map(|mailer| mailer.host().to_owned()).unwrap_or_default();
            let mut row = pending(turn, target, &one.name, host);
            row.question = Some(one.question);
            added |= catalog.add_delivery(&turn.tenant, &row, turn.at, changes)?;
        }
    }
    Ok(added)
}

/// Every webhook that wants to hear of it, and was there when it happened.
fn listeners(catalog: &Catalog, turn: &Turn, summary: &Summary, happened: &Happened) -> Result<Vec<Stored<WebhookRow>>, catalog::Error> {
    let mut reaches = vec![Reach::Tenant, Reach::Agent(summary.flow.clone()), Reach::Execution(turn.execution)];
    // Whoever waits for an execution waits for the questions of its children too.
    if matches!(happened.what, Happening::ApprovalRequested | Happening::ApprovalDecided) {
        reaches.extend(ancestors(catalog, turn, summary)?.into_iter().map(Reach::Execution));
    }
    let mut found = Vec::new();
    for reach in reaches {
        found.extend(catalog.webhooks(&turn.tenant, &reach)?);
    }
    found.retain(|Stored { value, .. }| value.is_active && value.events.contains(&happened.what) && value.created_at <= turn.at);
    Ok(found)
}

fn ancestors(catalog: &Catalog, turn: &Turn, summary: &Summary) -> Result<Vec<ExecutionId>, catalog::Error> {
    let mut found = Vec::new();
    let mut next = summary.parent;
    while let Some(parent) = next.filter(|_| found.len() < ANCESTORS_MAX) {
        found.push(parent);
        next = catalog.store().summary(&turn.tenant, parent)?.and_then(|summary| summary.parent);
    }
    Ok(found)
}

fn to_webhook(turn: &Turn, happened: &Happened, hook: &Stored<WebhookRow>) -> DeliveryRow {
    let target = Target::Webhook { key: hook.key.clone() };
    let mut row = pending(turn, target, &happened.name, hook.value.url.host_str().unwrap_or_default().to_owned());
    row.event = happened.what;
    row.question = happened.question;
    row.body = happenings::body(happened, &turn.tenant, turn.at);
    row
}

fn pending(turn: &Turn, target: Target, name: &str, host: String) -> DeliveryRow {
    DeliveryRow {
        id: delivery_id(turn.at, &target, name),
        target,
        event: Happening::ApprovalRequested,
        execution: turn.execution,
        question: None,
        body: String::new(),
        created_at: turn.at,
        state: DeliveryState::Pending,
        note: None,
        attempts: Vec::new(),
        tries: 0,
        due_at: None::<TimeMs>,
        host,
    }
}

#[cfg(test)]
mod tests;
