//! What the server tidies up by itself, at its start and every hour: forgotten idempotency keys, expired files, bytes without a record.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use crate::catalog;
use crate::clock;
use crate::ids::Tenant;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(3_600);

/// Where the sweep of each tenant's idempotency keys goes on.
type Cursors = HashMap<Tenant, String>;

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    let mut cursors = Cursors::new();
    loop {
        if let Err(error) = tidy(&app, &mut cursors).await {
            tracing::warn!(%error, "tidying up failed; the next round is in an hour");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.closing.cancelled() => return,
        }
    }
}

async fn tidy(app: &App, cursors: &mut Cursors) -> Result<(), catalog::Error> {
    let now = clock::now();
    let (mut tenants, mut keys) = (vec![catalog::Catalog::system()], 0);
    tenants.extend(app.catalog.tenants()?.iter().map(|tenant| Tenant::new(&tenant.id)));
    for tenant in tenants {
        let swept = said(&tenant, app.catalog.sweep_requests(&tenant, now, cursors.remove(&tenant)).await).unwrap_or_default();
        keys += swept.gone;
        if let Some(next) = swept.next {
            cursors.insert(tenant.clone(), next);
        }
        said(&tenant, app.catalog.sweep_triggers(&tenant, now).await);
        said(&tenant, app.catalog.sweep_evaluations(&tenant).await);
    }
    let files = app.catalog.sweep_files(now).await?;
    let sign_ins = app.catalog.sweep_sign_ins(now).await?;
    tracing::info!(keys, sign_ins, expired_files = files.expired, orphans = files.orphans, "tidied up");
    Ok(())
}

/// What goes wrong with one tenant is said, and keeps nobody else's things from being tidied up.
fn said<T>(tenant: &Tenant, swept: Result<T, catalog::Error>) -> Option<T> {
    swept
        .inspect_err(|error| tracing::warn!(%error, tenant = tenant.as_str(), "a tenant cannot be tidied up; the next round is in an hour"))
        .ok()
}
