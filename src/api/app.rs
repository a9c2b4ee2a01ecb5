//! What every handler reaches for.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::feeds::Feeds;
use super::key_uses::KeyUses;
use super::limits::{Bounds, Limiter};
use super::metrics::Metrics;
use super::native::ParameterCache;
use super::route::Route;
use crate::catalog::Catalog;
use crate::catalog::secrets::SecretVault;
use crate::engine::EngineHandle;
use crate::runner::Runner;

/// What the operator decides about the server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub bounds: Bounds,
    /// How people reach this server, for links; without it, the address that it listens on.
    pub public_url: Option<String>,
    /// A flow whose models have no key is rehearsed (`flowgate dev`).
    pub rehearse_without_key: bool,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Where backups that are asked for over HTTP go; without it there are none.
    pub backup_dir: Option<std::path::PathBuf>,
}

/// The server's parts. Shared by every worker.
pub struct App {
    pub engine: EngineHandle,
    pub catalog: Catalog,
    pub runner: Runner,
    pub vault: Arc<SecretVault>,
    pub settings: Settings,
    pub limiter: Limiter,
    pub metrics: Metrics,
    pub key_uses: KeyUses,
    pub parameters: ParameterCache,
    pub feeds: Feeds,
    /// Tripped when the server begins to stop: no new work, streams end.
    pub closing: CancellationToken,
    pub routes: Arc<Vec<Route>>,
}

impl App {
    #[must_use]
    pub fn new(engine: EngineHandle, catalog: Catalog, runner: Runner, vault: Arc<SecretVault>, settings: Settings) -> Self {
        Self {
            engine,
            catalog,
            runner,
            vault,
            limiter: Limiter::new(settings.bounds),
            settings,
            metrics: Metrics::default(),
            key_uses: KeyUses::default(),
            parameters: ParameterCache::default(),
            feeds: Feeds::default(),
            closing: CancellationToken::new(),
            routes: Arc::new(super::routes::table()),
        }
    }
}
