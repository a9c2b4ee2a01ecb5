//! Telling others what happened: webhooks (Standard Webhooks) and mails to approvers. A follower reads the store's log and turns what
//! happened into deliveries; a deliverer sends what is due and tries again until it is over. Both go on after a restart where they were.
//!
//! **Invariant**: a delivery is recorded in the same commit as the position up to which the log was read, under a key that follows from
//! what happened: nothing is missed, and nothing becomes two deliveries, however often the log is read. What is sent may arrive twice
//! (the process can end between the answer and its record), always under the same id.

mod backoff;
mod deliver;
mod fair;
mod follow;
mod happenings;
mod letter;
mod meters;
mod settings;
mod sign;
#[cfg(test)]
mod testing;

pub use follow::followers;
pub use meters::{Deliveries, Meters};
pub use settings::{Error, Settings};

use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::catalog::secrets::SecretVault;
use crate::catalog::{self, Catalog};
use crate::engine::EngineHandle;
use crate::ids::Tenant;
use crate::runner::Runner;

/// What the service works with.
#[derive(Clone)]
pub struct Parts {
    pub engine: EngineHandle,
    pub catalog: Catalog,
    /// Opens what webhooks are signed with.
    pub vault: Arc<SecretVault>,
    pub runner: Runner,
    pub meters: Arc<Meters>,
    pub settings: Settings,
    /// How people reach this server, without a slash at the end.
    pub base_url: String,
}

impl Parts {
    /// The engine as the tenant sees it.
    fn engine_of(&self, tenant: &Tenant) -> EngineHandle {
        self.engine.of(tenant)
    }
}

/// The service while it runs.
pub struct Running {
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

/// Starts the service on the current tokio runtime. From here on nothing that happens is missed, once a webhook is there to hear of it.
///
/// # Errors
/// When the position of the last run cannot be read, or the first one not be written.
pub async fn start(parts: Parts) -> Result<Running, catalog::Error> {
    parts.catalog.sort_due_into_lanes().await?;
    let stop = CancellationToken::new();
    let parts = Arc::new(parts);
    let is_due = Arc::new(Notify::new());
    let follower = follow::Follower::new(Arc::clone(&parts), Arc::clone(&is_due)).await?;
    let mut tasks = JoinSet::new();
    tasks.spawn(follower.run(stop.clone()));
    tasks.spawn(deliver::Deliverer::new(parts, is_due).run(stop.clone()));
    Ok(Running { stop, tasks })
}

impl Running {
    /// Breaks off what is being sent (it is sent again later) and reads no more. To be called before the store closes.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}
