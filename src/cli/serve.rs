//! `flowgate serve`: the server over the data directory, until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::args::Context;
use super::error::{Error, Exit};
use super::session;
use crate::api::{self, App, Rehearsals};
use crate::catalog::Catalog;
use crate::catalog::audit::Actor;
use crate::clock;
use crate::engine::{EngineHandle, Options, Resume};
use crate::ids::Tenant;
use crate::notify;
use crate::runner::Runner;

/// Run the server: agents with revisions, executed, approved, watched and cancelled over HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate serve
  flowgate serve --listen 0.0.0.0:7878 --data-dir /var/lib/flowgate --log-format json
  FLOWGATE_ROOT_KEY=$(openssl rand -hex 32) flowgate serve

The first start makes the tenant `default` and prints a root key once, unless FLOWGATE_ROOT_KEY sets it.
SIGTERM stops in order: /readyz turns 503, running steps get --grace, everything is parked. A second one stops at once; nothing is lost.
What else can be set stands in the table `server` of flowgate.toml, or in variables (FLOWGATE_PUBLIC_URL, …): `flowgate config show --origin`.")]
pub struct Args {
    /// Address and port [env: FLOWGATE_LISTEN] [default: 127.0.0.1:7878]
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<SocketAddr>,
    /// Seconds that running steps get when the server is told to stop [env: FLOWGATE_GRACE_SECONDS] [default: 20]
    #[arg(long, value_name = "SECONDS")]
    pub grace: Option<u64>,
}

/// The environment variable that sets the root key.
pub const ROOT_KEY: &str = "FLOWGATE_ROOT_KEY";

/// What a server says of itself once it answers.
pub struct Ready {
    pub url: String,
    /// The root key's value, where it is fresh.
    pub root_key: Option<String>,
}

/// # Errors
/// When the settings cannot be used, the address is taken, or the store cannot be opened.
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut context = context.clone();
    flags(&mut context, args);
    run(
        &context,
        None,
        |_, _| Ok(()),
        |ready| {
            if let Some(key) = &ready.root_key {
                context.output.note(&format!("root key (shown this once): {key}"));
            }
            context.output.note(&format!("flowgate serves on {}", ready.url));
        },
    )
}

/// Puts the flags over the settings.
fn flags(context: &mut Context, args: &Args) {
    let config = &mut context.config;
    if let Some(listen) = args.listen {
        config.server.listen = listen;
        config.flagged("listen", "--listen");
    }
    if let Some(grace) = args.grace {
        config.server.grace_seconds = grace;
        config.flagged("grace_seconds", "--grace");
    }
}

/// Serves until the process is told to stop. `first` runs before the server answers (and hears whether
/// the root key is fresh), `ready` once it does; with `rehearsals`, what cannot
/// run for real is rehearsed.
///
/// # Errors
/// As `execute`; also what `first` says.
pub fn run(
    context: &Context,
    rehearsals: Option<Rehearsals>,
    first: impl FnOnce(&App, bool) -> Result<(), Error>,
    ready: impl FnOnce(&Ready),
) -> Result<Exit, Error> {
    let server = &context.config.server;
    // Settings and address first: a server that cannot run must not touch anything.
    let settings = api::Settings::of(server).map_err(|error| Error::Usage(error.to_string()))?;
    let settings = api::Settings { rehearsals, ..settings };
    let notify = notify::Settings::new(context.config.notify.clone(), |name| std::env::var(name).ok());
    let notify = notify.map_err(|error| Error::Usage(error.to_string()))?;
    let mut calls = session::settings(&context.config)?;
    let listener = TcpListener::bind(server.listen)
        .map_err(|error| Error::Failed(format!("cannot listen on {}: {error}; choose another with --listen", server.listen)))?;
    let store = session::open_store(context)?;
    let catalog = Catalog::new(store.clone());
    let vault = session::vault(context, &store)?;
    calls.vault = Some(vault.clone());
    let runner = Runner::new(calls).map_err(|error| Error::Usage(error.to_string()))?;
    let root_key = session::block_on(async {
        vault.prepare().await.map_err(Error::failed)?;
        prepare(&catalog).await
    })?;
    let engine = EngineHandle::spawn(store, runner.clone(), Options { resume: Resume::All, ..Options::default() })?;
    let app = App::new(engine, catalog, runner, vault, settings).with_notify(notify);
    first(&app, root_key.is_some())?;
    let stop = api::Stop { token: CancellationToken::new(), grace: Duration::from_secs(server.grace_seconds) };
    let parked = api::serve(app, listener, &stop, |listening| {
        let url = format!("http://{}", listening.address);
        session::note_address(context, &reachable(listening.address));
        ready(&Ready { url, root_key });
    });
    let parked = parked.map_err(|error| Error::Failed(format!("the server cannot run: {error}")))?;
    context.output.note(&format!("stopped; {} executions parked", parked.executions));
    Ok(Exit::Completed)
}

/// The address for somebody on this machine: one that listens everywhere listens on loopback too.
fn reachable(address: SocketAddr) -> String {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => format!("http://127.0.0.1:{}", v4.port()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => format!("http://[::1]:{}", v6.port()),
        other => format!("http://{other}"),
    }
}

/// Makes the tenant `default`, where there is none yet.
///
/// # Errors
/// As a commit.
pub async fn default_tenant(catalog: &Catalog) -> Result<(), Error> {
    let tenant = Tenant::default();
    if catalog.tenant(tenant.as_str()).map_err(Error::failed)?.is_none() {
        catalog.create_tenant(tenant.as_str(), None, clock::now()).await.map_err(Error::failed)?;
    }
    Ok(())
}

/// The first tenant and the root key; the key's value where it is fresh.
async fn prepare(catalog: &Catalog) -> Result<Option<String>, Error> {
    default_tenant(catalog).await?;
    let given = std::env::var(ROOT_KEY).ok().filter(|value| !value.is_empty());
    catalog.ensure_root_key(given.as_deref(), &Actor::without_key("server")).await.map_err(Error::failed)
}
