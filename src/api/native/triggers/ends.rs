//! The ends of what triggers started: seen in the log as it grows, and, at the start of a server, among what was open when the last one
//! stopped. No position is kept: what is open says itself whether it has ended.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::api::app::App;
use crate::catalog;
use crate::catalog::triggers::Fate;
use crate::catalog::triggers::rows::OpenRow;
use crate::ids::{ExecutionId, Tenant};
use crate::journal::Record;
use crate::store::{self, Fed};

/// Commits that are read at once.
const COMMITS_AT_ONCE_MAX: usize = 128;
/// Their bytes.
const BYTES_AT_ONCE_MAX: usize = 1 << 20;
/// Between two looks while nothing is open, or the store has stopped.
const IDLE_PAUSE: Duration = Duration::from_millis(100);
/// Before something is read or written again that could not be.
const FAILED_PAUSE: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Catalog(#[from] catalog::Error),
}

/// Records ends as long as it runs.
pub(super) async fn follow(app: &Arc<App>) {
    loop {
        if let Err(error) = from_here(app).await {
            tracing::error!(%error, "the ends of what triggers started cannot be recorded; they are looked for again");
        }
        tokio::time::sleep(FAILED_PAUSE).await;
    }
}

/// From the present place of the log on, after everything that is open was looked at: what ends later stands behind that place.
async fn from_here(app: &Arc<App>) -> Result<(), Error> {
    let store = app.catalog.store().clone();
    let mut feed = store.feed(store.position()).kept();
    let mut behind: HashSet<Tenant> = app.catalog.tenants()?.iter().map(|tenant| Tenant::new(&tenant.id)).collect();
    let mut looks_at = Instant::now();
    loop {
        if !behind.is_empty() && Instant::now() >= looks_at {
            behind = look_at(app, behind).await;
            looks_at = Instant::now() + FAILED_PAUSE;
        }
        tokio::select! {
            () = feed.grown() => {}
            () = tokio::time::sleep_until(looks_at), if !behind.is_empty() => continue,
        }
        let here = store.position();
        store.applied(here).await;
        // In this order: what is put there later is started, and so ends, behind this place.
        if app.triggers.open().is_empty() {
            feed = store.feed(here).kept();
            tokio::time::sleep(IDLE_PAUSE).await;
            continue;
        }
        let reading = tokio::task::spawn_blocking(move || {
            let commits = feed.read(COMMITS_AT_ONCE_MAX, BYTES_AT_ONCE_MAX);
            (feed, commits)
        });
        // Fails only when the runtime ends.
        let Ok((read, commits)) = reading.await else { return Ok(()) };
        feed = read;
        let commits = commits?;
        if commits.is_empty() {
            tokio::time::sleep(IDLE_PAUSE).await;
        }
        for (tenant, execution) in moved(&commits) {
            let open = app.triggers.open().get(&(tenant.clone(), execution)).cloned();
            let Some(open) = open else { continue };
            if let Err(error) = end_if_over(app, &tenant, &open).await {
                unreadable(&tenant, &error);
                behind.insert(tenant);
            }
        }
    }
}

/// Looks at everything that is open of these tenants; gives those of which that could not be read or recorded. None of them holds up another.
async fn look_at(app: &Arc<App>, tenants: HashSet<Tenant>) -> HashSet<Tenant> {
    let mut behind = HashSet::new();
    for tenant in tenants {
        if let Err(error) = look_at_one(app, &tenant).await {
            unreadable(&tenant, &error);
            behind.insert(tenant);
        }
    }
    behind
}

fn unreadable(tenant: &Tenant, error: &catalog::Error) {
    tracing::error!(%error, tenant = tenant.as_str(), "the ends of what triggers started cannot be recorded; they are looked for again");
}

async fn look_at_one(app: &Arc<App>, tenant: &Tenant) -> Result<(), catalog::Error> {
    for open in app.catalog.open_of_triggers(tenant)? {
        app.triggers.open().insert((tenant.clone(), open.execution), open.clone());
        end_if_over(app, tenant, &open).await?;
    }
    if app.catalog.begin_stranded(tenant).await? {
        app.triggers.wake_starts();
    }
    Ok(())
}

/// The executions that may be over by the commits that were read.
fn moved(commits: &[Fed]) -> Vec<(Tenant, ExecutionId)> {
    let records = commits.iter().flat_map(|fed| &fed.records);
    let over = records.filter_map(|record| match record {
        Record::Execution(turn) if turn.summary.as_ref().is_none_or(|summary| summary.status.is_final()) => {
            Some((turn.tenant.clone(), turn.execution))
        }
        // The end of one that lost events, which has no other.
        Record::Purged(purged) => Some((purged.tenant.clone(), purged.execution)),
        _ => None,
    });
    over.collect()
}

/// Records that it has ended, where it has; nothing happens where that is recorded already.
pub(super) async fn end_if_over(app: &App, tenant: &Tenant, open: &OpenRow) -> Result<(), catalog::Error> {
    let summary = match app.catalog.fate(tenant, open)? {
        Fate::Runs => return Ok(()),
        Fate::Ended(summary) => Some(summary),
        Fate::Purged => None,
    };
    if app.catalog.end_triggered(tenant, open, summary.as_deref()).await? {
        app.triggers.wake_starts();
    }
    app.triggers.open().remove(&(tenant.clone(), open.execution));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TimeMs;
    use crate::journal::Purged;
    use crate::store::Position;

    #[test]
    fn an_execution_that_is_purged_is_looked_at_like_one_that_ends() {
        let (tenant, execution) = (Tenant::default(), ExecutionId::derived(TimeMs(5), "a"));
        let records = vec![Record::Purged(Purged { tenant: tenant.clone(), execution })];
        assert_eq!(moved(&[Fed { position: Position(1), records }]), [(tenant, execution)]);
    }
}
