//! Listening, and stopping: on the first signal nothing new is taken, streams end with a word, running steps get a bounded time and
//! everything is parked durably; on the second the process ends at once, which loses nothing either.

use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{App as Web, HttpServer};
use tokio_util::sync::CancellationToken;

use super::app::App;
use super::{dispatch, housekeeping, native, upkeep};
use crate::config::machine;
use crate::engine::Parked;
use crate::limits::CONNECTIONS_PERCENT;
use crate::notify;

/// How long connections get to end once everything is parked, in seconds.
const CONNECTIONS_END_SECONDS: u64 = 2;
/// Connections of one worker, however many files may be open: each may hold a few kilobytes.
const CONNECTIONS_OF_WORKER_MAX: usize = 25_000;
/// The process's exit code when a second signal cuts the stop short.
const CUT_SHORT: i32 = 130;

/// A server that answers.
#[derive(Clone, Copy, Debug)]
pub struct Listening {
    pub address: SocketAddr,
}

/// How a server is told to stop, and how long running steps get then.
#[derive(Clone, Debug)]
pub struct Stop {
    /// Beside the process's signals.
    pub token: CancellationToken,
    pub grace: Duration,
}

/// Serves until a signal or the token; then stops everything, the engine included. Blocks the thread.
///
/// # Errors
/// When the address cannot be listened on, or signals cannot be heard.
pub fn serve(app: App, listener: TcpListener, stop: &Stop, ready: impl FnOnce(Listening)) -> std::io::Result<Parked> {
    let address = listener.local_addr()?;
    actix_web::rt::System::new().block_on(async move {
        let app = Arc::new(app);
        let shared = Arc::clone(&app);
        let workers = std::thread::available_parallelism().map_or(1, NonZero::get);
        let server = HttpServer::new(move || {
            let app = Arc::clone(&shared);
            Web::new().configure(move |config| dispatch::configure(&app, config))
        });
        let server = server
            .workers(workers)
            .max_connections(connections_max(machine::files(CONNECTIONS_PERCENT), workers))
            .client_request_timeout(app.settings.waits.headers)
            .shutdown_timeout(CONNECTIONS_END_SECONDS)
            .disable_signals()
            .listen(listener)?
            .run();
        let handle = server.handle();
        let serving = actix_web::rt::spawn(server);
        actix_web::rt::spawn(housekeeping::run(Arc::clone(&app)));
        actix_web::rt::spawn(upkeep::run(Arc::clone(&app)));
        actix_web::rt::spawn(upkeep::compact(Arc::clone(&app)));
        let triggering = actix_web::rt::spawn(native::run_triggers(Arc::clone(&app)));
        let evaluating = actix_web::rt::spawn(native::run_evaluations(Arc::clone(&app)));
        let mut signals = Signals::new()?;
        let notifying = notify::start(parts(&app, address)).await.map_err(std::io::Error::other)?;
        ready(Listening { address });
        tokio::select! {
            () = signals.next() => {}
            () = stop.token.cancelled() => {}
        }
        tracing::info!("stopping: nothing new is taken");
        app.closing.cancel();
        let stopping = async {
            notifying.stop().await;
            // What it breaks off is owed, and made by the next server. Fails only when it broke, which was logged.
            let _ = (triggering.await, evaluating.await);
            let parked = app.engine.clone().shutdown(stop.grace).await;
            handle.stop(true).await;
            parked
        };
        let parked = tokio::select! {
            parked = stopping => parked,
            () = signals.next() => {
                tracing::warn!("stopped at once; the next start goes on from the journal");
                std::process::exit(CUT_SHORT);
            }
        };
        // The server's own result says nothing that matters once it was told to stop.
        let _ = serving.await;
        Ok(parked)
    })
}

/// How many connections one worker takes; others wait until one ends. Clients alone must not use up the files that may be open: the store needs
/// some to go on, and a call one to be made.
fn connections_max(files: Option<usize>, workers: usize) -> usize {
    (files.unwrap_or(usize::MAX) / workers).clamp(1, CONNECTIONS_OF_WORKER_MAX)
}

/// What telling others of what happens needs.
fn parts(app: &App, address: SocketAddr) -> notify::Parts {
    notify::Parts {
        engine: app.engine.clone(),
        catalog: app.catalog.clone(),
        runner: app.runner.clone(),
        vault: Arc::clone(&app.vault),
        meters: Arc::clone(&app.deliveries),
        settings: app.notify.clone(),
        base_url: app.settings.public_url.clone().unwrap_or_else(|| format!("http://{address}")),
    }
}

/// SIGTERM and SIGINT.
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_never_get_every_file() {
        assert_eq!((connections_max(Some(480), 2), connections_max(Some(500_000), 2), connections_max(None, 4)), (240, 25_000, 25_000));
        assert_eq!(connections_max(Some(0), 2), 1, "one at least, or nobody would ever be answered");
    }
}
