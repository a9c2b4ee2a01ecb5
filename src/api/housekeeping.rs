//! What the server tidies up by itself, at its start and every hour: forgotten idempotency keys, expired files, bytes without a record.

use std::sync::Arc;
use std::time::Duration;

use super::app::App;
use crate::catalog;
use crate::clock;
use crate::ids::Tenant;

/// Between two rounds.
const EVERY: Duration = Duration::from_secs(3_600);

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = tidy(&app).await {
            tracing::warn!(%error, "tidying up failed; the next round is in an hour");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.closing.cancelled() => return,
        }
    }
}

async fn tidy(app: &App) -> Result<(), catalog::Error> {
    let now = clock::now();
    let mut keys = app.catalog.sweep_requests(&catalog::Catalog::system(), now).await?;
    for tenant in app.catalog.tenants()? {
        let tenant = Tenant::new(&tenant.id);
        keys += app.catalog.sweep_requests(&tenant, now).await?;
        app.catalog.sweep_triggers(&tenant, now).await?;
    }
    let files = app.catalog.sweep_files(now).await?;
    let sign_ins = app.catalog.sweep_sign_ins(now).await?;
    tracing::info!(keys, sign_ins, expired_files = files.expired, orphans = files.orphans, "tidied up");
    Ok(())
}
