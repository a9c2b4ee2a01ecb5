//! What makes triggers run: schedules fire when they are due, starts that are owed are made, and the ends of what was started are recorded.
//! Nothing is kept in memory that a restart would miss: every loop goes on from what the catalog holds.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::{ends, starting};
use crate::api::app::App;
use crate::catalog::triggers::rows::{OpenRow, StartDueRow};
use crate::catalog::{self, Stored};
use crate::clock;
use crate::ids::{ExecutionId, Tenant};

/// Starts under way at once.
const STARTS_AT_ONCE_MAX: usize = 32;
/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 64;
/// Rows of starts that are looked at before the next pause.
const ROWS_LOOKED_AT_MAX: usize = 4_096;
/// With nothing due, they look again after this.
const PAUSE_MAX: Duration = Duration::from_secs(60);
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

/// The starts that are under way.
#[derive(Default)]
struct Starts {
    under_way: HashSet<String>,
    tasks: JoinSet<Stored<StartDueRow>>,
}

async fn starts(app: &Arc<App>) {
    let mut starts = Starts::default();
    loop {
        let pause = match starts.begin_due(app) {
            Ok(pause) => pause,
            Err(error) => {
                tracing::error!(%error, "starts of triggers cannot be read; they wait");
                FAILED_PAUSE
            }
        };
        tokio::select! {
            () = app.triggers.starts.notified() => {}
            () = tokio::time::sleep(pause) => {}
            Some(ended) = starts.tasks.join_next() => match ended {
                Ok(due) => drop(starts.under_way.remove(&due.key)),
                // Its row stays marked, so that it cannot break again and again; the next start of the server tries it anew.
                Err(error) => tracing::error!(%error, "a start of a trigger broke; it is tried again after a restart"),
            },
        }
    }
}

impl Starts {
    /// Begins what is due as far as there is room. How long nothing else will be.
    fn begin_due(&mut self, app: &Arc<App>) -> Result<Duration, catalog::Error> {
        let now = clock::now();
        let (mut after, mut looked_at): (Option<String>, usize) = (None, 0);
        while self.tasks.len() < STARTS_AT_ONCE_MAX && looked_at < ROWS_LOOKED_AT_MAX {
            let rows = app.catalog.starts_due(after.as_deref(), ROWS_AT_ONCE)?;
            let Some(last) = rows.last() else { return Ok(PAUSE_MAX) };
            after = Some(last.key.clone());
            looked_at += rows.len();
            for due in rows {
                if due.value.at > now {
                    return Ok(Duration::from_millis(due.value.at.since(now)).min(PAUSE_MAX));
                }
                if self.tasks.len() >= STARTS_AT_ONCE_MAX || !self.under_way.insert(due.key.clone()) {
                    continue;
                }
                let app = Arc::clone(app);
                self.tasks.spawn_local(async move {
                    if let Err(error) = starting::settle(&app, &due).await {
                        tracing::error!(%error, firing = due.value.key, "what came of a firing cannot be recorded; it is tried again");
                        tokio::time::sleep(FAILED_PAUSE).await;
                    }
                    due
                });
            }
        }
        Ok(PAUSE_MAX)
    }
}
