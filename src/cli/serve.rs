//! `flowgate serve`: the server over the data directory, until it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::args::Context;
use super::error::{Error, Exit};
use super::session;
use crate::api::{self, App};
use crate::catalog::Catalog;
use crate::catalog::audit::Actor;
use crate::clock;
use crate::engine::{EngineHandle, Options, Resume};
use crate::ids::Tenant;
use crate::notify;
use crate::runner::Runner;
use crate::store::{self, Store};

/// Run the server: agents with revisions, executed, approved, watched and cancelled over HTTP.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate serve
  flowgate serve --listen 0.0.0.0:7878 --data-dir /var/lib/flowgate
  FLOWGATE_ROOT_KEY=$(openssl rand -hex 32) flowgate serve

The first start makes the tenant `default` and prints a root key once, unless FLOWGATE_ROOT_KEY sets it.
SIGTERM stops in order: /readyz turns 503, running steps get --grace, everything is parked. A second one stops at once; nothing is lost.")]
pub struct Args {
    /// Address and port
    #[arg(long, env = "FLOWGATE_LISTEN", default_value = "127.0.0.1:7878", value_name = "ADDRESS")]
    pub listen: SocketAddr,
    /// Seconds that running steps get when the server is told to stop
    #[arg(long, env = "FLOWGATE_GRACE", default_value_t = 20, value_name = "SECONDS")]
    pub grace: u64,
    /// Where backups go that are asked for over HTTP
    #[arg(long, env = "FLOWGATE_BACKUP_DIR", value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
}

/// The environment variable that sets the root key.
const ROOT_KEY: &str = "FLOWGATE_ROOT_KEY";

pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    // The address first: a server that cannot listen must not touch anything.
    let listener = TcpListener::bind(args.listen)
        .map_err(|error| Error::Failed(format!("cannot listen on {}: {error}; choose another with --listen", args.listen)))?;
    let notify = notify::Settings::new(context.config.notify.clone(), |name| std::env::var(name).ok());
    let notify = notify.map_err(|error| Error::Usage(error.to_string()))?;
    let mut settings = session::settings(&context.config)?;
    let options = store::Options { dir: context.config.data_dir.clone(), ..store::Options::default() };
    let store = Store::open(&options).map_err(Error::failed)?;
    let catalog = Catalog::new(store.clone());
    let vault = session::vault(context, &store)?;
    settings.vault = Some(vault.clone());
    let runner = Runner::new(settings).map_err(|error| Error::Usage(error.to_string()))?;
    let root_key = session::block_on(async {
        vault.prepare().await.map_err(Error::failed)?;
        prepare(&catalog).await
    })?;
    let engine = EngineHandle::spawn(store, runner.clone(), Options { resume: Resume::All, ..Options::default() })?;
    let api_settings = api::Settings { backup_dir: args.backup_dir.clone(), ..api::Settings::default() };
    let app = App::new(engine, catalog, runner, vault, api_settings).with_notify(notify);
    let stop = api::Stop { token: CancellationToken::new(), grace: Duration::from_secs(args.grace) };
    let parked = api::serve(app, listener, &stop, |listening| {
        if let Some(key) = root_key {
            context.output.note(&format!("root key (shown this once): {key}"));
        }
        context.output.note(&format!("flowgate serves on http://{}", listening.address));
    });
    let parked = parked.map_err(|error| Error::Failed(format!("the server cannot run: {error}")))?;
    context.output.note(&format!("stopped; {} executions parked", parked.executions));
    Ok(Exit::Completed)
}

/// The first tenant and the root key; the key's value where it is fresh.
async fn prepare(catalog: &Catalog) -> Result<Option<String>, Error> {
    let tenant = Tenant::default();
    if catalog.tenant(tenant.as_str()).map_err(Error::failed)?.is_none() {
        catalog.create_tenant(tenant.as_str(), None, clock::now()).await.map_err(Error::failed)?;
    }
    let given = std::env::var(ROOT_KEY).ok().filter(|value| !value.is_empty());
    catalog.ensure_root_key(given.as_deref(), &Actor::without_key("server")).await.map_err(Error::failed)
}
