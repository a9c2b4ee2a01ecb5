//! What the server does by itself from time to time: purges what was kept long enough, and says when a budget's threshold is crossed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use super::blocking::blocking;
use super::problem::Problem;
use crate::catalog::audit::Actor;
use crate::ids::{ExecutionId, Tenant};

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(60);
/// Steps of one tenant's sweep in a round; the next round goes on where this one ended.
const STEPS_MAX: usize = 4;
/// Who stands in the audit.
const SERVER: &str = "server";

/// Where each tenant's sweep goes on.
type Cursors = HashMap<Tenant, ExecutionId>;

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    let mut cursors = Cursors::new();
    loop {
        tokio::select! {
            () = app.closing.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
        app.limiter.forget();
        app.key_uses.forget(crate::clock::now());
        if let Err(problem) = round(&app, &mut cursors).await {
            tracing::warn!(detail = problem.detail, "a round of upkeep failed; the next one tries again");
        }
    }
}

async fn round(app: &Arc<App>, cursors: &mut Cursors) -> Result<(), Problem> {
    let catalog = app.catalog.clone();
    let tenants = blocking(move || Ok(catalog.tenants()?)).await?;
    for tenant in tenants.iter().map(|row| Tenant::new(&row.id)) {
        sweep(app, &tenant, cursors).await?;
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
    Ok(())
}

/// Purges what one tenant kept long enough, some at a time.
async fn sweep(app: &Arc<App>, tenant: &Tenant, cursors: &mut Cursors) -> Result<(), Problem> {
    for _ in 0..STEPS_MAX {
        let (catalog, of, before) = (app.catalog.clone(), tenant.clone(), cursors.get(tenant).copied());
        let due = blocking(move || Ok(catalog.due_for_purging(&of, before, crate::clock::now())?)).await?;
        let purged = app.catalog.purge_families(tenant, &due.families).await?;
        if purged > 0 {
            tracing::info!(%tenant, purged, "purged what was kept long enough");
        }
        match due.next {
            Some(next) => drop(cursors.insert(tenant.clone(), next)),
            None => {
                cursors.remove(tenant);
                return Ok(());
            }
        }
    }
    Ok(())
}
