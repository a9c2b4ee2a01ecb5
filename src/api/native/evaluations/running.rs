//! What makes evaluations run: a task per run, some at once, that brings each sample to its end and records it. Nothing is kept in memory
//! that a restart would miss: a run that is taken up again goes on from what the catalog holds.

use std::collections::{HashMap, HashSet};
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::sampling::{self, Settled};
use crate::api::app::App;
use crate::api::blocking::blocking;
use crate::api::problem::{Problem, internal};
use crate::catalog;
use crate::catalog::evaluations::rows::{ActiveRow, Reason, RunRow};
use crate::clock;
use crate::ids::Tenant;

/// Runs under way at once.
const RUNS_AT_ONCE_MAX: usize = 8;
/// Of one tenant: the others wait their turn.
const RUNS_OF_TENANT_AT_ONCE_MAX: usize = 2;
/// With nothing to do, it looks again after this.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How often a run is taken up that something goes wrong with: a full disk may be emptied meanwhile.
const DRIVES_MAX: usize = 60;
/// Before a run is taken up again that something went wrong with.
const FAILED_PAUSE: Duration = Duration::from_secs(5);

/// What the loop shares with whoever starts and cancels runs.
#[derive(Default)]
pub struct Evaluations {
    changed: Notify,
    /// Of runs that are under way in this process.
    cancels: Mutex<HashMap<String, CancellationToken>>,
}

impl Evaluations {
    /// There is a run to make.
    pub fn wake(&self) {
        self.changed.notify_one();
    }

    /// The run is recorded as cancelled: nothing more of it begins. Whether it is under way, so that whoever drives it ends it.
    pub fn cancel(&self, run: &str) -> bool {
        let cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        let token = cancels.get(run);
        token.inspect(|token| token.cancel()).is_some()
    }

    fn begin(&self, run: &str) -> CancellationToken {
        let mut cancels = self.cancels.lock().unwrap_or_else(PoisonError::into_inner);
        cancels.entry(run.to_owned()).or_default().clone()
    }

    fn end(&self, run: &str) {
        self.cancels.lock().unwrap_or_else(PoisonError::into_inner).remove(run);
    }
}

/// A run that somebody works on.
pub struct Driving {
    pub app: Arc<App>,
    pub tenant: Tenant,
    pub row: RunRow,
    /// Nothing more of it is to begin.
    pub cancelled: CancellationToken,
}

/// Runs until the server begins to stop.
pub async fn run(app: Arc<App>) {
    tokio::select! {
        () = app.closing.cancelled() => {}
        () = supervise(&app) => {}
    }
}

/// The runs that are under way, with their tenants.
#[derive(Default)]
struct UnderWay {
    runs: HashSet<(Tenant, String)>,
    tasks: JoinSet<(Tenant, String)>,
}

async fn supervise(app: &Arc<App>) {
    let mut under_way = UnderWay::default();
    loop {
        if let Err(error) = under_way.begin_due(app) {
            tracing::error!(%error, "evaluations cannot be read; they wait");
        }
        tokio::select! {
            () = app.evaluations.changed.notified() => {}
            () = tokio::time::sleep(PAUSE_MAX) => {}
            Some(ended) = under_way.tasks.join_next() => match ended {
                Ok(run) => drop(under_way.runs.remove(&run)),
                // It stays marked, so that it cannot break again and again; the next start of the server takes it up.
                Err(error) => tracing::error!(%error, "an evaluation broke; it goes on after a restart"),
            },
        }
    }
}

impl UnderWay {
    /// Begins what waits, oldest first, as far as there is room.
    fn begin_due(&mut self, app: &Arc<App>) -> Result<(), catalog::Error> {
        for active in app.catalog.active_evaluations()? {
            let active = active.value;
            let of_tenant = self.runs.iter().filter(|(tenant, _)| *tenant == active.tenant).count();
            if self.tasks.len() >= RUNS_AT_ONCE_MAX {
                return Ok(());
            }
            let run = (active.tenant.clone(), active.run.clone());
            if of_tenant >= RUNS_OF_TENANT_AT_ONCE_MAX || !self.runs.insert(run.clone()) {
                continue;
            }
            let app = Arc::clone(app);
            self.tasks.spawn_local(async move {
                bring_to_an_end(&app, &active).await;
                app.evaluations.end(&active.run);
                run
            });
        }
        Ok(())
    }
}

/// Takes a run up as often as something goes wrong with it, up to a limit; then it has failed.
async fn bring_to_an_end(app: &Arc<App>, active: &ActiveRow) {
    let mut last = None;
    for _ in 0..DRIVES_MAX {
        // One of its own for each time: what stops this one does not cancel the run.
        let cancelled = app.evaluations.begin(&active.run).child_token();
        let Err(problem) = unbroken(drive(app, active, cancelled)).await else { return };
        tracing::error!(problem = %problem.detail, run = active.run, "an evaluation cannot go on; it is taken up again");
        last = Some(Reason::new(&problem.code, problem.detail));
        tokio::time::sleep(FAILED_PAUSE).await;
    }
    if let Err(problem) = end(app, active, last).await {
        tracing::error!(problem = %problem.detail, run = active.run, "an evaluation cannot be ended; it is looked at again");
    }
}

/// A drive that breaks counts like one that goes wrong, so that neither its place nor its token is lost with it.
async fn unbroken(drive: impl Future<Output = Result<(), Problem>>) -> Result<(), Problem> {
    AssertUnwindSafe(drive).catch_unwind().await.unwrap_or_else(|_| Err(internal("the drive of an evaluation panicked")))
}

/// Brings a run to its end.
async fn drive(app: &Arc<App>, active: &ActiveRow, cancelled: CancellationToken) -> Result<(), Problem> {
    let ActiveRow { tenant, agent, run } = active;
    // The token is there before the row is read: a cancel is seen in one of both.
    let row = app.catalog.begin_evaluation(tenant, agent, run, clock::now()).await?;
    if row.state.is_final() {
        return end(app, active, None).await;
    }
    // Why it was being stopped when the last one who drove it went away stands in the row.
    let mut failure: Option<Reason> = row.failure.clone();
    if row.cancelled_by.is_some() || failure.is_some() {
        cancelled.cancel();
    }
    let driving = Arc::new(Driving { app: Arc::clone(app), tenant: tenant.clone(), row, cancelled });
    let open = open_samples(&driving).await?;
    let concurrency = driving.row.options.concurrency.max(1) as usize;
    let settling = |number| {
        let driving = Arc::clone(&driving);
        async move { (number, Box::pin(sampling::settle(&driving, number)).await) }
    };
    let mut settling = futures::stream::iter(open).map(settling).buffer_unordered(concurrency);
    while let Some((number, settled)) = settling.next().await {
        match settled? {
            Settled::Done(outcome) => app.catalog.finish_sample(tenant, (agent, run), number, &outcome).await?,
            Settled::NotRun => {}
            Settled::Stopped(reason) => {
                // Durable first: what is cancelled by it is not to look as if somebody had cancelled the run.
                app.catalog.stop_evaluation(tenant, agent, run, &reason).await?;
                failure.get_or_insert(reason);
                // What is under way is cancelled, and still counted.
                driving.cancelled.cancel();
            }
        }
    }
    end(app, active, failure).await
}

/// The samples that are not done.
async fn open_samples(driving: &Driving) -> Result<Vec<u64>, Problem> {
    let (catalog, tenant, run) = (driving.app.catalog.clone(), driving.tenant.clone(), driving.row.id.clone());
    blocking(move || {
        let results = catalog.results(&tenant, &run, None, 0)?;
        Ok(results.into_iter().filter(|result| result.outcome.is_none()).map(|result| result.sample).collect())
    })
    .await
}

/// Ends a run that was cancelled while it waited for its turn.
///
/// # Errors
/// As a commit.
pub async fn end_waiting(app: &App, tenant: &Tenant, row: &RunRow) -> Result<(), Problem> {
    end(app, &ActiveRow { tenant: tenant.clone(), agent: row.agent.clone(), run: row.id.clone() }, None).await
}

/// Ending reads every sample: not on the thread that answers requests.
async fn end(app: &App, active: &ActiveRow, failure: Option<Reason>) -> Result<(), Problem> {
    let (catalog, active, runtime) = (app.catalog.clone(), active.clone(), tokio::runtime::Handle::current());
    let ended = blocking(move || {
        let ActiveRow { tenant, agent, run } = &active;
        Ok(runtime.block_on(catalog.end_evaluation(tenant, agent, run, failure.as_ref(), clock::now()))?)
    })
    .await?;
    tracing::info!(run = ended.id, agent = ended.agent, state = ?ended.state, score = ended.score, "an evaluation has ended");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn broken() -> Result<(), Problem> {
        tokio::task::yield_now().await;
        panic!("a drive breaks, as this test wants it")
    }

    #[tokio::test]
    async fn a_drive_that_breaks_is_one_that_goes_wrong() {
        assert_eq!(unbroken(broken()).await.unwrap_err().status, 500);
        unbroken(async { Ok(()) }).await.unwrap();
    }
}
