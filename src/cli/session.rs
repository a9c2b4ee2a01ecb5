//! Opens the data directory, the runner and the engine for one command, and closes them again.

use std::sync::Arc;
use std::time::Duration;

use super::args::Context;
use super::error::Error;
use crate::catalog::Catalog;
use crate::catalog::master_key::KeySource;
use crate::catalog::secrets::SecretVault;
use crate::config::{Config, Variables};
use crate::engine::{self, EngineHandle, Options, Parked, Resume};
use crate::ids::Tenant;
use crate::machine::Refusal;
use crate::runner::{Runner, Settings, settings};
use crate::store::{self, Store};

/// The file in the data directory that names the address of the server that holds it.
const ADDRESS: &str = "address";

/// An engine of our own over the local data directory.
pub struct Session {
    pub engine: EngineHandle,
    pub runner: Runner,
}

/// Runs a command's future; signals, timers and I/O work inside.
///
/// # Errors
/// What the future says, or that the runtime cannot be made.
pub fn block_on<T>(future: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| Error::Failed(format!("cannot start the runtime: {error}")))?;
    let result = runtime.block_on(future);
    // A thread that still reads standard input must not keep the process.
    runtime.shutdown_background();
    result
}

/// Whether there is anything in the data directory; looking makes nothing.
#[must_use]
pub fn has_store(context: &Context) -> bool {
    std::fs::read_dir(&context.config.data_dir).is_ok_and(|mut entries| entries.next().is_some())
}

/// Opens the data directory (and makes it, where it is missing).
///
/// # Errors
/// When another process holds it, it is damaged, or the settings cannot be used.
pub fn open(context: &Context, resume: Resume) -> Result<Session, Error> {
    let mut settings = settings(&context.config)?;
    let store = open_store(context)?;
    settings.vault = Some(vault(context, &store)?);
    let runner = Runner::new(settings).map_err(|error| Error::Usage(error.to_string()))?;
    let options = Options { resume, tenant: Tenant::new(context.target.local_tenant()), ..Options::default() };
    let engine = EngineHandle::spawn(store, runner.clone(), options).map_err(Error::from)?;
    Ok(Session { engine, runner })
}

/// Opens the store alone.
///
/// # Errors
/// When another process holds it, or it is damaged.
pub fn open_store(context: &Context) -> Result<Store, Error> {
    let options = store::Options { dir: context.config.data_dir.clone(), ..store::Options::default() };
    Store::open(&options).map_err(|error| match (&error, served_at(context)) {
        (store::Error::Locked { dir, holder }, Some(url)) => Error::Failed(format!(
            "the data directory {} is in use by {holder}, which serves on {url}: talk to it with --server {url} and a key in FLOWGATE_KEY, or save both with `flowgate login --url {url}`",
            dir.display()
        )),
        _ => Error::failed(error),
    })
}

/// The catalog in the data directory, for a command beside which no server runs.
///
/// # Errors
/// As `open_store`.
pub fn open_catalog(context: &Context) -> Result<Catalog, Error> {
    open_store(context).map(Catalog::new)
}

/// Leaves the address of a server beside its store, for commands that find the store held.
pub fn note_address(context: &Context, url: &str) {
    if let Err(error) = std::fs::write(context.config.data_dir.join(ADDRESS), format!("{url}\n")) {
        tracing::warn!(%error, "the server's address cannot be noted in the data directory");
    }
}

fn served_at(context: &Context) -> Option<String> {
    let text = std::fs::read_to_string(context.config.data_dir.join(ADDRESS)).ok()?;
    Some(text.trim().to_owned()).filter(|url| url.starts_with("http"))
}

/// Opens the data directory for a command about something in it; `name` is what it looks for.
///
/// # Errors
/// As `open`; also when there is no store, which this does not make.
pub fn open_existing(context: &Context, resume: Resume, name: &str) -> Result<Session, Error> {
    if !has_store(context) {
        let directory = context.config.data_dir.display();
        return Err(Error::Failed(format!(
            "there is no `{name}`: the data directory {directory} is empty or missing; choose another with --data-dir"
        )));
    }
    open(context, resume)
}

/// The secrets of the data directory; the environment or a file beside the store holds the key.
///
/// # Errors
/// `Usage`, for a variable that holds no key.
pub fn vault(context: &Context, store: &Store) -> Result<Arc<SecretVault>, Error> {
    let source = KeySource::new(|name| std::env::var(name).ok(), Some(&context.config.data_dir));
    let source = source.map_err(|error| Error::Usage(error.to_string()))?;
    Ok(Arc::new(SecretVault::new(Catalog::new(store.clone()), source)))
}

/// The runner's settings: the process's environment over the settings file.
///
/// # Errors
/// `Usage`: the file has an unknown key, or something cannot be used.
pub fn settings(config: &Config) -> Result<Settings, Error> {
    let file = settings_file(config)?;
    Settings::new(&variables(), file).map_err(|error| Error::Usage(error.to_string()))
}

/// The process's environment, as far as it is text.
#[must_use]
pub fn variables() -> Variables {
    let texts = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    texts.collect()
}

/// The runner's part of the settings file; unknown keys are refused.
///
/// # Errors
/// `Usage`, naming the file.
pub fn settings_file(config: &Config) -> Result<settings::File, Error> {
    let parsed = toml::Value::Table(config.tables.clone()).try_into();
    let file = config.file.as_ref().map(|file| file.display().to_string()).unwrap_or_default();
    parsed.map_err(|error| Error::Usage(format!("the settings file {file} is refused: {error}")))
}

impl Session {
    /// Parks everything and gives the data directory back. Calls that are running get up to `within` to end.
    pub async fn close(&self, within: Duration) -> Parked {
        let parked = self.engine.clone().shutdown(within).await;
        self.runner.shutdown().await;
        parked
    }
}

impl From<engine::Error> for Error {
    fn from(error: engine::Error) -> Self {
        match error {
            engine::Error::Refused(Refusal::Input(_) | Refusal::Start { .. })
            | engine::Error::Flow { .. }
            | engine::Error::Config { .. }
            | engine::Error::Tools { .. }
            | engine::Error::ToolsChanged { .. } => Self::Refused(error.to_string()),
            engine::Error::Refused(_)
            | engine::Error::NotFound { .. }
            | engine::Error::Ambiguous { .. }
            | engine::Error::Busy { .. }
            | engine::Error::Quarantined { .. }
            | engine::Error::Unfit(_)
            | engine::Error::Stopped
            | engine::Error::Store(_)
            | engine::Error::Spawn(_) => Self::Failed(error.to_string()),
        }
    }
}
