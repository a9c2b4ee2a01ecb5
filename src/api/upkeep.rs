//! What the server does by itself from time to time: purges what was kept long enough, and says when a budget's threshold is crossed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::app::App;
use super::blocking::blocking;
use super::problem::Problem;
use crate::catalog::{self, audit::Actor};
use crate::ids::{ExecutionId, Tenant};
use crate::store;

/// Between two rounds over all tenants.
const EVERY: Duration = Duration::from_secs(60);
/// Before a sweep that is under way goes on, at least; and where its last steps have found nothing to purge.
const PAUSE_MIN: Duration = Duration::from_millis(100);
const PAUSE_MIN_WITHOUT_FINDS: Duration = Duration::from_secs(1);
/// Commits that are not followed yet: with more of them a round waits, because what they are in must stay.
const FOLLOWED_LAG_MAX: u64 = 50_000;
/// Before a compaction that has failed is tried again, at most: each looks at the whole view first.
const FAILED_PAUSE_MAX: Duration = Duration::from_secs(15 * 60);
/// After each segment of the log that a compaction has looked at, at most.
const SEGMENT_REST_MAX: Duration = Duration::from_secs(1);
/// Steps of one tenant's sweep in a round; it goes on in the next one, where this one ended.
const STEPS_MAX: usize = 4;
/// Who stands in the audit.
const SERVER: &str = "server";

/// Where sweeps are.
#[derive(Default)]
struct Sweeps {
    /// Where each tenant's goes on.
    cursors: HashMap<Tenant, ExecutionId>,
    /// Those that go on before the next round over all.
    unfinished: BTreeSet<Tenant>,
}

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    let (mut sweeps, mut pause, mut last) = (Sweeps::default(), EVERY, Instant::now());
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let began = Instant::now();
        let purged = if last.elapsed() >= EVERY {
            last = began;
            app.limiter.forget();
            app.key_uses.forget(crate::clock::now());
            over_all(&app, &mut sweeps).await
        } else {
            let unfinished: Vec<Tenant> = sweeps.unfinished.iter().cloned().collect();
            sweep_each(&app, &unfinished, &mut sweeps).await
        };
        let until_all = EVERY.saturating_sub(last.elapsed()).max(PAUSE_MIN);
        pause = rest(!sweeps.unfinished.is_empty(), purged, began.elapsed()).min(until_all);
    }
}

/// Gives back what the log holds of what was purged, whenever that is worth a round over it. Runs until the server begins to stop.
pub async fn compact(app: Arc<App>) {
    let mut pause = EVERY;
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        let (catalog, followed, closing) = (app.catalog.clone(), Arc::clone(&app.deliveries), app.closing.clone());
        // Half of the time is left to others, and all of it to who stops the server.
        let goes_on = move |took: Duration| {
            std::thread::sleep(took.min(SEGMENT_REST_MAX));
            !closing.is_cancelled()
        };
        let round = blocking(move || {
            let failed = |error: store::Error| Problem::from(catalog::Error::from(error));
            let (store, until) = (catalog.store(), followed.followed_until());
            let lag = store.position().0.saturating_sub(until.0);
            if lag > FOLLOWED_LAG_MAX || !store.is_worth_compacting().map_err(failed)? {
                return Ok(None);
            }
            match store.compact(until, goes_on) {
                // Somebody has asked for a round.
                Err(store::Error::Refused(_)) => Ok(None),
                round => round.map(Some).map_err(failed),
            }
        });
        let round = round.await;
        pause = if round.is_ok() { EVERY } else { FAILED_PAUSE_MAX.min(2 * pause) };
        match round {
            Ok(Some(report)) if report.segments_rewritten > 0 => tracing::info!(
                segments = report.segments_rewritten,
                records = report.records_dropped,
                bytes = report.bytes_freed,
                "compacted the log"
            ),
            Ok(_) => {}
            Err(problem) => {
                tracing::warn!(
                    detail = problem.detail,
                    seconds = pause.as_secs(),
                    "the log could not be compacted; it is tried again later"
                );
            }
        }
    }
}

/// How long a round is followed by none. A sweep that has more before it goes on soon, and leaves others half of the time; nine tenths where
/// it only looks at what is kept for longer.
fn rest(is_unfinished: bool, purged: usize, took: Duration) -> Duration {
    match (is_unfinished, purged) {
        (false, _) => EVERY,
        (true, 0) => (9 * took).clamp(PAUSE_MIN_WITHOUT_FINDS, EVERY),
        (true, _) => took.clamp(PAUSE_MIN, EVERY),
    }
}

/// Looks at every tenant's budgets, then sweeps it; how many executions were purged.
async fn over_all(app: &Arc<App>, sweeps: &mut Sweeps) -> usize {
    let catalog = app.catalog.clone();
    let tenants: Vec<Tenant> = match blocking(move || Ok(catalog.tenants()?)).await {
        Ok(rows) => rows.iter().map(|row| Tenant::new(&row.id)).collect(),
        Err(problem) => {
            tracing::warn!(detail = problem.detail, "a round of upkeep failed; the next one tries again");
            return 0;
        }
    };
    for tenant in &tenants {
        if app.closing.is_cancelled() {
            return 0;
        }
        if let Err(problem) = note_crossings(app, tenant).await {
            tracing::warn!(%tenant, detail = problem.detail, "its budgets could not be looked at; the next round tries again");
        }
    }
    sweep_each(app, &tenants, sweeps).await
}

/// What one tenant's agents have cost this month, against the thresholds of their budgets.
async fn note_crossings(app: &Arc<App>, tenant: &Tenant) -> Result<(), Problem> {
    let (catalog, of, actor) = (app.catalog.clone(), tenant.clone(), Actor::without_key(SERVER));
    let costs = blocking(move || {
        let budgets = catalog.budgets(&of, None)?.into_iter();
        let costs = budgets.map(|budget| Ok((catalog.month_cost(&of, &budget.agent, budget.purpose, actor.at)?, budget)));
        costs.collect::<Result<Vec<_>, Problem>>()
    });
    for (cost, budget) in costs.await? {
        app.catalog.note_crossings(tenant, &budget, cost, &Actor::without_key(SERVER)).await?;
    }
    Ok(())
}

/// How many executions were purged. What fails in one tenant holds up no other.
async fn sweep_each(app: &Arc<App>, tenants: &[Tenant], sweeps: &mut Sweeps) -> usize {
    let mut purged = 0;
    for tenant in tenants {
        sweeps.unfinished.remove(tenant);
        match sweep(app, tenant, sweeps).await {
            Ok(of_tenant) => purged += of_tenant,
            Err(problem) => {
                tracing::warn!(%tenant, detail = problem.detail, "what was kept long enough could not be purged; the next round tries again");
            }
        }
    }
    purged
}

/// Purges what one tenant kept long enough, some at a time; how many that were.
async fn sweep(app: &Arc<App>, tenant: &Tenant, sweeps: &mut Sweeps) -> Result<usize, Problem> {
    let mut all = 0;
    for _ in 0..STEPS_MAX {
        if app.closing.is_cancelled() {
            return Ok(all);
        }
        let (catalog, of, before) = (app.catalog.clone(), tenant.clone(), sweeps.cursors.get(tenant).copied());
        let due = blocking(move || Ok(catalog.due_for_purging(&of, before, crate::clock::now())?)).await?;
        let purged = app.catalog.purge_families(tenant, &due.families).await?;
        all += purged;
        if purged > 0 {
            tracing::info!(%tenant, purged, "purged what was kept long enough");
        }
        let Some(next) = due.next else {
            sweeps.cursors.remove(tenant);
            return Ok(all);
        };
        sweeps.cursors.insert(tenant.clone(), next);
    }
    sweeps.unfinished.insert(tenant.clone());
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sweep_goes_on_until_it_is_through_and_leaves_others_their_time() {
        let took = Duration::from_secs(3);
        assert_eq!(rest(false, 0, took), EVERY);
        assert_eq!(rest(false, 9, took), EVERY, "it is through");
        assert_eq!(rest(true, 9, took), took);
        assert_eq!(rest(true, 9, Duration::ZERO), PAUSE_MIN);
        assert_eq!(rest(true, 0, took), 9 * took, "what it looks at is kept for longer");
        assert_eq!(rest(true, 0, Duration::ZERO), PAUSE_MIN_WITHOUT_FINDS);
    }
}
