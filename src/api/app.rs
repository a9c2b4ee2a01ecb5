//! What every handler reaches for.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::key_uses::KeyUses;
use super::limits::{Bounds, Limiter};
use super::metrics::Metrics;
use super::route::Route;
use crate::catalog::Catalog;
use crate::engine::EngineHandle;
use crate::notify;
use crate::runner::Runner;

/// What the operator decides about the server.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub bounds: Bounds,
    /// How people reach this server, for links; without it, the address that it listens on.
    pub public_url: Option<String>,
    /// Addresses of proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<std::net::IpAddr>,
}

/// The server's parts. Shared by every worker.
pub struct App {
    pub engine: EngineHandle,
    pub catalog: Catalog,
    pub runner: Runner,
    pub settings: Settings,
    pub limiter: Limiter,
    pub metrics: Metrics,
    pub key_uses: KeyUses,
    /// Whom questions are told to, and how mails are sent.
    pub notify: notify::Settings,
    /// Tripped when the server begins to stop: no new work, streams end.
    pub closing: CancellationToken,
    pub routes: Arc<Vec<Route>>,
}

impl App {
    #[must_use]
    pub fn new(engine: EngineHandle, catalog: Catalog, runner: Runner, settings: Settings) -> Self {
        Self {
            engine,
            catalog,
            runner,
            limiter: Limiter::new(settings.bounds),
            settings,
            metrics: Metrics::default(),
            key_uses: KeyUses::default(),
            notify: notify::Settings::default(),
            closing: CancellationToken::new(),
            routes: Arc::new(super::routes::table()),
        }
    }

    /// The same, telling people of questions.
    #[must_use]
    pub fn with_notify(mut self, settings: notify::Settings) -> Self {
        self.notify = settings;
        self
    }
}
