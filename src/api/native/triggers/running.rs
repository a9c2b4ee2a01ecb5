//! What makes triggers run: schedules fire when they are due, starts that are owed are made, and the ends of what was started are recorded.
//! Nothing is kept in memory that a restart would miss: every loop goes on from what the catalog holds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::starts::Starts;
use super::{ends, starting};
use crate::api::app::App;
use crate::catalog;
use crate::catalog::triggers::rows::OpenRow;
use crate::clock;
use crate::ids::{ExecutionId, Tenant};

/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 64;
/// With nothing due, they look again after this, so that a wall clock that jumps ahead is noticed soon.
const PAUSE_MAX: Duration = Duration::from_secs(10);
/// Before something is read or written again that could not be.
const FAILED_PAUSE: Duration = Duration::from_secs(5);

/// What the loops share with whoever makes something due.
pub struct Triggers {
    /// A schedule may be due earlier than it was.
    schedules: Notify,
    /// There is a start to make.
    starts: Notify,
    /// Counts what was settled.
    settled: watch::Sender<u64>,
    /// What was started, or is about to be, and has not ended as far as this process has seen.
    open: Mutex<HashMap<(Tenant, ExecutionId), OpenRow>>,
}

impl Default for Triggers {
    fn default() -> Self {
        Self { schedules: Notify::new(), starts: Notify::new(), settled: watch::Sender::new(0), open: Mutex::default() }
    }
}

impl Triggers {
    /// Something changed that may be due.
    pub fn wake(&self) {
        self.schedules.notify_one();
        self.starts.notify_one();
    }

    /// Told whenever a start was settled.
    pub fn settled(&self) -> watch::Receiver<u64> {
        self.settled.subscribe()
    }

    pub(super) fn wake_starts(&self) {
        self.starts.notify_one();
    }

    pub(super) fn note_settled(&self) {
        self.settled.send_modify(|count| *count += 1);
    }

    pub(super) fn open(&self) -> MutexGuard<'_, HashMap<(Tenant, ExecutionId), OpenRow>> {
        // A panic while it was held leaves a map that is whole.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    let work = async {
        tokio::join!(schedules(&app), starts(&app), ends::follow(&app));
    };
    tokio::select! {
        () = app.closing.cancelled() => {}
        () = work => {}
    }
}

async fn schedules(app: &Arc<App>) {
    loop {
        let pause = match fire_due(app).await {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "schedules cannot be fired; they wait");
                FAILED_PAUSE
            }
        };
        tokio::select! {
            () = app.triggers.schedules.notified() => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Fires every schedule that is due. How long no other will be.
async fn fire_due(app: &Arc<App>) -> Result<Duration, catalog::Error> {
    let mut failed = HashSet::new();
    loop {
        let rows = app.catalog.due_triggers(None, ROWS_AT_ONCE + failed.len())?;
        let rows: Vec<_> = rows.into_iter().filter(|due| !failed.contains(&due.key)).collect();
        if rows.is_empty() {
            return Ok(if failed.is_empty() { PAUSE_MAX } else { FAILED_PAUSE });
        }
        let now = clock::now();
        let (ripe, later): (Vec<_>, Vec<_>) = rows.into_iter().partition(|due| due.value.at <= now);
        let fired = ripe.iter().map(|due| app.catalog.fire_schedule(due, now));
        for (due, fired) in ripe.iter().zip(futures::future::join_all(fired).await) {
            match fired {
                Ok(true) => app.triggers.wake_starts(),
                Ok(false) => {}
                // One that cannot be fired does not hold up the others.
                Err(error) => {
                    let (trigger, tenant) = (&due.value.trigger, due.value.tenant.as_str());
                    tracing::error!(%error, trigger, tenant, "a schedule cannot be fired; it is tried again");
                    failed.insert(due.key.clone());
                }
            }
        }
        if let Some(due) = later.first() {
            let pause = if failed.is_empty() { PAUSE_MAX } else { FAILED_PAUSE };
            return Ok(Duration::from_millis(due.value.at.since(now)).min(pause));
        }
    }
}

async fn starts(app: &Arc<App>) {
    let mut starts = Starts::new(app.catalog.clone());
    loop {
        let pause = match starts.choose(clock::now()).await {
            Ok((chosen, pause)) => {
                for starting in chosen {
                    let (app, due) = (Arc::clone(app), starting.due.clone());
                    starts.run(starting, async move { starting::settle(&app, &due).await });
                }
                pause
            }
            Err(error) => {
                tracing::error!(%error, "starts of triggers cannot be read; they wait");
                FAILED_PAUSE
            }
        };
        tokio::select! {
            () = app.triggers.starts.notified() => {}
            () = tokio::time::sleep(pause) => {}
            broken = starts.ended() => if let Some(broken) = broken {
                let (app, due) = (Arc::clone(app), broken.due.clone());
                starts.run(broken, async move { starting::record_broken(&app, &due).await });
            },
        }
    }
}
