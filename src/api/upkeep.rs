//! What the server does by itself from time to time: purges what was kept long enough, and says when a budget's threshold is crossed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::app::App;
use super::blocking::blocking;
use super::problem::Problem;
use crate::catalog::audit::Actor;
use crate::ids::{ExecutionId, Tenant};

/// Between two rounds, where the first has found nothing to purge.
const EVERY: Duration = Duration::from_secs(60);
/// Between two rounds at least.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// Steps of one tenant's sweep in a round; the next round goes on where this one ended.
const STEPS_MAX: usize = 4;
/// Who stands in the audit.
const SERVER: &str = "server";

/// Where each tenant's sweep goes on.
type Cursors = HashMap<Tenant, ExecutionId>;

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    let (mut cursors, mut pause) = (Cursors::new(), EVERY);
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        app.limiter.forget();
        app.key_uses.forget(crate::clock::now());
        let began = Instant::now();
        let purged = round(&app, &mut cursors).await.unwrap_or_else(|problem| {
            tracing::warn!(detail = problem.detail, "a round of upkeep failed; the next one tries again");
            0
        });
        pause = rest(purged, began.elapsed());
    }
}

/// How long a round that has purged so much and taken so long is followed by none. Where there was something, there may be more: purging
/// keeps up with whatever is begun, and leaves others half of the time.
fn rest(purged: usize, took: Duration) -> Duration {
    if purged == 0 { EVERY } else { took.clamp(PAUSE_MIN, EVERY) }
}

/// How many executions it has purged.
async fn round(app: &Arc<App>, cursors: &mut Cursors) -> Result<usize, Problem> {
    let catalog = app.catalog.clone();
    let tenants = blocking(move || Ok(catalog.tenants()?)).await?;
    let mut purged = 0;
    for tenant in tenants.iter().map(|row| Tenant::new(&row.id)) {
        purged += sweep(app, &tenant, cursors).await?;
        let (catalog, of, actor) = (app.catalog.clone(), tenant.clone(), Actor::without_key(SERVER));
        let costs = blocking(move || {
            let budgets = catalog.budgets(&of, None)?.into_iter();
            let costs = budgets.map(|budget| Ok((catalog.month_cost(&of, &budget.agent, budget.purpose, actor.at)?, budget)));
            costs.collect::<Result<Vec<_>, Problem>>()
        });
        for (cost, budget) in costs.await? {
            app.catalog.note_crossings(&tenant, &budget, cost, &Actor::without_key(SERVER)).await?;
        }
    }
    Ok(purged)
}

/// Purges what one tenant kept long enough, some at a time; how many that were.
async fn sweep(app: &Arc<App>, tenant: &Tenant, cursors: &mut Cursors) -> Result<usize, Problem> {
    let mut all = 0;
    for _ in 0..STEPS_MAX {
        let (catalog, of, before) = (app.catalog.clone(), tenant.clone(), cursors.get(tenant).copied());
        let due = blocking(move || Ok(catalog.due_for_purging(&of, before, crate::clock::now())?)).await?;
        let purged = app.catalog.purge_families(tenant, &due.families).await?;
        all += purged;
        if purged > 0 {
            tracing::info!(%tenant, purged, "purged what was kept long enough");
        }
        match due.next {
            Some(next) => drop(cursors.insert(tenant.clone(), next)),
            None => {
                cursors.remove(tenant);
                break;
            }
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn purging_goes_on_while_there_is_something_and_leaves_others_as_much_time() {
        let took = Duration::from_secs(3);
        assert_eq!(rest(0, took), EVERY);
        assert_eq!(rest(1, took), took);
        assert_eq!(rest(9, Duration::ZERO), PAUSE_MIN);
    }
}
