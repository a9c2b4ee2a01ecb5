//! The engine's threads: one with the directory, the timers and, unless the options say otherwise, the execution actors; and a runtime for
//! calls, blocking reads and decisions that take long.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use actix::{Actor, Addr, Arbiter, ArbiterHandle, AsyncContext, Context, System};

use super::directory::Directory;
use super::error::Error;
use super::hub::Hub;
use super::messages::{Deliver, Key, Sink};
use super::outlines::Outlines;
use super::perform::Performer;
use super::request::{Options, Resume};
use super::revisions::Revisions;
use super::shared::Shared;
use super::timers::Timers;
use crate::clock;
use crate::ids::BootId;
use crate::machine::input::Body;
use crate::runner::Runner;
use crate::store::Store;

/// Executions that owe work and are woken at once after a start.
const WOKEN_MAX: usize = 256;
/// Threads for blocking reads and for looking up hosts. Without a bound of ours a burst of starts gets hundreds, each with a stack and a heap
/// of its own; few enough hosts answer slowly for this many not to be all in use.
const READERS_MAX: usize = 64;
/// How long the runtime may take to end once everything is parked.
const RUNTIME_END: Duration = Duration::from_secs(1);

/// A running system and how to end it.
pub(super) struct Engine {
    pub shared: Arc<Shared>,
    pub directory: Addr<Directory>,
    system: System,
    thread: Option<JoinHandle<()>>,
}

impl Engine {
    pub(super) fn start(store: Store, runner: Runner, options: Options) -> Result<Self, Error> {
        let broken = |error: std::io::Error| Error::Spawn(error.to_string());
        let mut threads = tokio::runtime::Builder::new_multi_thread();
        threads.thread_name("flowgate-call").max_blocking_threads(READERS_MAX).enable_all();
        let runtime = threads.build().map_err(broken)?;
        let shared = Arc::new(Shared {
            boot: if options.resume == Resume::Nothing { BootId::HOLDING } else { clock::boot_id() },
            revisions: Revisions::new(store.clone()),
            store,
            performer: Performer::new(runner),
            hub: Arc::new(Hub::default()),
            outlines: Outlines::default(),
            runtime: runtime.handle().clone(),
        });
        let (ready, started) = mpsc::channel();
        let inside = Arc::clone(&shared);
        let resume = options.resume;
        let run = move || run(inside, &options, runtime, &ready);
        let thread = std::thread::Builder::new().name("flowgate-engine".to_owned()).spawn(run).map_err(broken)?;
        let gone = |_| Error::Spawn("its thread ended at once".to_owned());
        let (directory, system) = started.recv().map_err(gone)?.map_err(broken)?;
        if resume == Resume::All {
            shared.runtime.spawn(wake_owed(Arc::clone(&shared), directory.clone()));
        }
        Ok(Self { shared, directory, system, thread: Some(thread) })
    }

    /// Ends the threads. What they held is in the store.
    pub(super) fn stop(&mut self) {
        self.shared.hub.close();
        self.system.stop();
        if let Some(thread) = self.thread.take() {
            // It ends by a panic only if the directory panicked; there is nothing left to do about it.
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.shared.performer.close();
        self.shared.performer.cut();
        self.shared.hub.close();
        self.system.stop();
    }
}

type Ready = std::io::Result<(Addr<Directory>, System)>;

/// The body of the engine's thread.
fn run(shared: Arc<Shared>, options: &Options, runtime: tokio::runtime::Runtime, ready: &mpsc::Sender<Ready>) {
    let runner = System::new();
    let arbiters: std::io::Result<Vec<Arbiter>> = runner.block_on(async { (0..options.arbiters).map(|_| Arbiter::try_new()).collect() });
    let arbiters = match arbiters {
        Ok(arbiters) => arbiters,
        Err(error) => {
            // Fails only when the starter has gone.
            let _ = ready.send(Err(error));
            return;
        }
    };
    let mut handles: Vec<ArbiterHandle> = arbiters.iter().map(Arbiter::handle).collect();
    let resume = options.resume;
    let hub = Arc::clone(&shared.hub);
    let started = runner.block_on(async {
        if handles.is_empty() {
            handles.push(Arbiter::current());
        }
        let directory = Directory::create(|ctx: &mut Context<Directory>| {
            let timers = Timers::new(Arc::clone(&shared), ctx.address().recipient(), resume).start();
            Directory::new(shared, handles, timers)
        });
        (directory, System::current())
    });
    let _ = ready.send(Ok(started));
    if let Err(error) = runner.run() {
        tracing::error!(%error, "the engine's system ended badly");
    }
    for arbiter in arbiters {
        arbiter.stop();
        let _ = arbiter.join();
    }
    hub.close();
    runtime.shutdown_timeout(RUNTIME_END);
}

/// Wakes every execution that owes work, whoever's it is, some at a time.
async fn wake_owed(shared: Arc<Shared>, directory: Addr<Directory>) {
    let reader = Arc::clone(&shared);
    let owed = match shared.runtime.spawn_blocking(move || reader.store.owed()).await {
        Ok(Ok(owed)) => owed,
        Ok(Err(error)) => return tracing::error!(%error, "what is owed cannot be read"),
        Err(error) => return tracing::error!(%error, "reading what is owed broke"),
    };
    let woken = Arc::new(tokio::sync::Semaphore::new(WOKEN_MAX));
    for (tenant, execution) in owed {
        let Ok(permit) = Arc::clone(&woken).acquire_owned().await else { return };
        let (answer, answered) = tokio::sync::oneshot::channel();
        directory.do_send(Deliver { key: Key { tenant, execution }, body: Body::Timers, sink: Sink::Boot(answer) });
        shared.runtime.spawn(async move {
            // Either way it is through: what failed is logged where it failed.
            let _ = answered.await;
            drop(permit);
        });
    }
}
