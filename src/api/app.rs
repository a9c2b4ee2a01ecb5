//! What every handler reaches for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::draft_changes::DraftChanges;
use super::idempotency::InFlight;
use super::key_uses::KeyUses;
use super::limits::{Bounds, Limiter};
use super::memory::Memory;
use super::metrics::Metrics;
use super::native::{Evaluations, ParameterCache, SessionLocks, Triggers};
use super::operate::Document;
use super::paths::Paths;
use super::places::Places;
use super::route::{BODY_BYTES_DEFAULT, Route};
use crate::catalog::Catalog;
use crate::catalog::secrets::SecretVault;
use crate::config;
use crate::engine::EngineHandle;
use crate::flow::spec::RehearsalSpec;
use crate::notify;
use crate::runner::Runner;
use crate::runner::outbound::address::Network;

/// Watchers of test chats at once; together they read what is recorded this many times.
const CHAT_WATCHERS_MAX: usize = 64;
/// Of one tenant: a few people, each with a few windows, and three more tenants beside it before all are taken.
const CHAT_WATCHERS_OF_TENANT_MAX: usize = 16;

/// Readers of changes at once, one for each window of the console that is seen. They cost a few kilobytes each.
const CHANGE_WATCHERS_MAX: usize = 1_024;
/// Of one tenant: a large team.
const CHANGE_WATCHERS_OF_TENANT_MAX: usize = 64;

/// What the operator decides about the server.
#[derive(Clone, Debug)]
pub struct Settings {
    pub bounds: Bounds,
    /// Bytes of a JSON body, where a route has no bound of its own.
    pub body_bytes_max: usize,
    /// How people reach this server, for links; without it, the address that it listens on.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Where online backups may go; none: there are none.
    pub backup_dir: Option<PathBuf>,
    pub waits: Waits,
    /// For dialects that count in credits.
    pub credit: config::CreditUsd,
    /// Present in a server for trying things out: an execution whose models cannot be called is rehearsed instead of failing.
    pub rehearsals: Option<Rehearsals>,
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

/// How executions are rehearsed that cannot run for real.
#[derive(Clone, Debug, Default)]
pub struct Rehearsals {
    /// Scripted answers by agent, beside those in the flows themselves.
    pub scripts: BTreeMap<String, RehearsalSpec>,
}

/// An entry of `trusted_proxies` that means nothing.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` in server.trusted_proxies is no address and no network; write `10.0.0.7` or `10.0.0.0/8`")]
pub struct BadProxy(String);

impl Settings {
    /// # Errors
    /// The first entry of `trusted_proxies` that means nothing.
    pub fn of(server: &config::Server) -> Result<Self, BadProxy> {
        let proxy = |text: &String| Network::parse(text.trim()).ok_or_else(|| BadProxy(text.clone()));
        Ok(Self {
            bounds: Bounds::of(server),
            body_bytes_max: server.body_bytes_max.get(),
            public_url: server.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned()),
            trusted_proxies: server.trusted_proxies.iter().map(proxy).collect::<Result<_, _>>()?,
            backup_dir: server.backup_dir.clone(),
            waits: Waits::default(),
            credit: server.credit_usd,
            rehearsals: None,
        })
    }

    /// How large the body of a request to this route may be.
    #[must_use]
    pub fn body_bytes_max(&self, route: &Route) -> usize {
        if route.body_bytes_max == BODY_BYTES_DEFAULT { self.body_bytes_max } else { route.body_bytes_max }
    }
}

/// The server's parts. Shared by every worker.
pub struct App {
    pub engine: EngineHandle,
    pub catalog: Catalog,
    pub runner: Runner,
    pub vault: Arc<SecretVault>,
    pub settings: Settings,
    pub limiter: Limiter,
    /// For the bodies of requests.
    pub memory: Memory,
    pub metrics: Metrics,
    pub key_uses: KeyUses,
    pub parameters: ParameterCache,
    pub in_flight: InFlight,
    /// Told after every change of a draft.
    pub drafts: DraftChanges,
    /// One place per watcher of test chats: each reads everything that is recorded.
    pub chat_watchers: Places,
    /// One place per reader of a tenant's changes.
    pub change_watchers: Places,
    /// Whom questions are told to, and how mails are sent.
    pub notify: notify::Settings,
    /// What came of webhooks and mails.
    pub deliveries: Arc<notify::Meters>,
    pub sessions: SessionLocks,
    /// What triggers that run share with whoever makes them due.
    pub triggers: Triggers,
    /// What evaluations that run share with whoever starts and cancels them.
    pub evaluations: Evaluations,
    /// Tripped when the server begins to stop: no new work, streams end.
    pub closing: CancellationToken,
    pub routes: Arc<Vec<Route>>,
    pub paths: Paths,
    /// What describes them, once somebody asked.
    pub document: OnceLock<Document>,
}

impl App {
    #[must_use]
    pub fn new(engine: EngineHandle, catalog: Catalog, runner: Runner, vault: Arc<SecretVault>, settings: Settings) -> Self {
        let routes = super::routes::table();
        Self {
            engine,
            catalog,
            runner,
            vault,
            limiter: Limiter::new(settings.bounds),
            settings,
            memory: Memory::of_this_machine(),
            metrics: Metrics::default(),
            key_uses: KeyUses::default(),
            parameters: ParameterCache::default(),
            in_flight: InFlight::default(),
            drafts: DraftChanges::default(),
            chat_watchers: Places::new(CHAT_WATCHERS_OF_TENANT_MAX, CHAT_WATCHERS_MAX),
            change_watchers: Places::new(CHANGE_WATCHERS_OF_TENANT_MAX, CHANGE_WATCHERS_MAX),
            notify: notify::Settings::default(),
            deliveries: Arc::default(),
            sessions: SessionLocks::default(),
            triggers: Triggers::default(),
            evaluations: Evaluations::default(),
            closing: CancellationToken::new(),
            paths: Paths::of(&routes),
            routes: Arc::new(routes),
            document: OnceLock::new(),
        }
    }

    /// The same, telling people of questions.
    #[must_use]
    pub fn with_notify(mut self, settings: notify::Settings) -> Self {
        self.notify = settings;
        self
    }
}
