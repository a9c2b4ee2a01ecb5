//! What every handler reaches for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::draft_changes::DraftChanges;
use super::idempotency::InFlight;
use super::key_uses::KeyUses;
use super::limits::{Bounds, Limiter};
use super::metrics::Metrics;
use super::native::ParameterCache;
use super::route::Route;
use crate::catalog::Catalog;
use crate::engine::EngineHandle;
use crate::notify;
use crate::runner::Runner;

/// Watchers of test chats at once; together they read what is recorded this many times.
const CHAT_WATCHERS_MAX: usize = 32;

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
    pub waits: Waits,
}

/// How long a client may take to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waits {
    pub headers: Duration,
    pub body: Duration,
}

impl Default for Waits {
    fn default() -> Self {
        Self { headers: Duration::from_secs(10), body: Duration::from_secs(60) }
    }
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
    pub parameters: ParameterCache,
    pub in_flight: InFlight,
    /// Told after every change of a draft.
    pub drafts: DraftChanges,
    /// One permit per watcher of test chats: each reads everything that is recorded.
    pub chat_watchers: Arc<Semaphore>,
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
            parameters: ParameterCache::default(),
            in_flight: InFlight::default(),
            drafts: DraftChanges::default(),
            chat_watchers: Arc::new(Semaphore::new(CHAT_WATCHERS_MAX)),
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
