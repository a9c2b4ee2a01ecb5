//! The one way in: a cheap handle that may be used from any tokio runtime.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, oneshot};

use super::error::Error;
use super::hub::Hears;
use super::messages::{Answer, Close, Deliver, IsLive, Key, Measure, Reply, Shared, Sink};
use super::notice::{Commits, Notices};
use super::request::{
    Activity, Answered, AttemptsPage, AttemptsRequest, ClosedQuestion, Exported, FlowRef, ForkRequest, KnownQuestion, List, ListRequest,
    Options, Parked, QuestionRef, Resolver, RetryRequest, Snapshot, Standing, StartRequest, StepTimes, StepTimesRequest,
};
use super::system::Engine;
use super::{asked, departure, exporting, outlines, read, starting, step_times};
use crate::flow::spec::FlowSpec;
use crate::ids::{CallId, ExecutionId, QuestionId, Tenant};
use crate::machine::Refusal;
use crate::machine::event::Recorded;
use crate::machine::input::{Body, Signal, Start};
use crate::machine::question::{Decision, Person};
use crate::machine::summary::WaitingFor;
use crate::machine::trace::Trace;
use crate::runner::Runner;
use crate::store::{QuestionFilter, QuestionPage, QuestionPlace, Store};

/// Between two looks at how much a shutdown still waits for.
const SHUTDOWN_POLL: Duration = Duration::from_millis(10);

/// A running engine as one tenant sees it: everything this handle starts, reads and moves is that tenant's, and the id of anything else names
/// nothing. Clones and the handles of other tenants (`of`) share the engine; it ends with `shutdown` (or, abruptly and without loss, with
/// the last handle).
#[derive(Clone)]
pub struct EngineHandle {
    inner: Arc<Inner>,
    tenant: Tenant,
}

struct Inner {
    shared: Shared,
    /// None once it was shut down.
    engine: Mutex<Option<Engine>>,
    directory: actix::Addr<super::directory::Directory>,
    /// One permit per start or signal that waits for its answer.
    intake: Semaphore,
    intake_max: usize,
}

impl std::fmt::Debug for EngineHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "EngineHandle({})", self.tenant)
    }
}

impl EngineHandle {
    /// Starts the engine's threads. It owns the store from here on and closes it with `shutdown`.
    ///
    /// # Errors
    /// `Spawn`.
    pub fn spawn(store: Store, runner: Runner, options: Options) -> Result<Self, Error> {
        let tenant = options.tenant.clone();
        let (intake, intake_max) = (Semaphore::new(options.intake_max), options.intake_max);
        let engine = Engine::start(store, runner, options)?;
        let (shared, directory) = (Arc::clone(&engine.shared), engine.directory.clone());
        Ok(Self { inner: Arc::new(Inner { shared, engine: Mutex::new(Some(engine)), directory, intake, intake_max }), tenant })
    }

    #[cfg(test)]
    pub(super) fn is_slow(&self, flow: &FlowRef) -> bool {
        self.inner.shared.revisions.is_slow(&flow.digest)
    }

    /// The same engine as another tenant sees it.
    #[must_use]
    pub fn of(&self, tenant: &Tenant) -> Self {
        Self { inner: Arc::clone(&self.inner), tenant: tenant.clone() }
    }

    /// Whose this handle is.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        &self.tenant
    }

    /// Puts a flow into the catalog: normalises and compiles it; content that the catalog knows under this name keeps its revision,
    /// other content gets the next number. Durable before it returns.
    ///
    /// # Errors
    /// `Flow` with every problem; `Store`.
    pub async fn register(&self, spec: FlowSpec) -> Result<FlowRef, Error> {
        self.inner.shared.revisions.publish(&self.tenant, &spec).await
    }

    /// A revision of the catalog: the newest without `revision`.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn flow(&self, name: &str, revision: Option<u32>) -> Result<(FlowRef, Arc<FlowSpec>), Error> {
        let name = name.to_owned();
        self.read(move |shared, tenant| {
            let found = shared.revisions.find(tenant, &name, revision)?;
            let plan = shared.revisions.plan(tenant, &found.digest, &found.name)?;
            Ok((found, Arc::clone(&plan.spec)))
        })
        .await
    }

    /// The flow of a revision that is known already.
    ///
    /// # Errors
    /// `NotFound`, `Flow`, `Store`.
    pub async fn spec(&self, flow: &FlowRef) -> Result<Arc<FlowSpec>, Error> {
        let flow = flow.clone();
        self.read(move |shared, tenant| Ok(Arc::clone(&shared.revisions.plan(tenant, &flow.digest, &flow.name)?.spec))).await
    }

    /// Every model that a flow can reach, at any depth.
    ///
    /// # Errors
    /// `NotFound`, `Flow`, `Store`.
    pub async fn models(&self, flow: &FlowRef, resolver: Option<Resolver>) -> Result<Vec<String>, Error> {
        let (flow, settled) = (flow.clone(), starting::Settled { agents: Vec::new(), resolver });
        self.read(move |shared, tenant| Ok(starting::surroundings(shared, tenant, &flow, &settled)?.models.into_iter().collect())).await
    }

    /// The models among those that a flow can reach, at any depth, for which no key and no address is configured. Where there are any, a
    /// run is a rehearsal.
    ///
    /// # Errors
    /// `NotFound`, `Flow`, `Store`.
    pub async fn unreachable_models(&self, flow: &FlowRef, agents: &[FlowRef]) -> Result<Vec<String>, Error> {
        let (flow, agents) = (flow.clone(), agents.to_vec());
        self.read(move |shared, tenant| {
            let models = starting::surroundings(shared, tenant, &flow, &starting::Settled { agents, resolver: None })?.models;
            Ok(models.into_iter().filter(|model| !shared.performer.runner.can_reach(model)).collect())
        })
        .await
    }

    /// Starts an execution: merges the configuration, pins every agent and every MCP tool it can reach, looks up prices. Returns once
    /// the start is durable; the execution then runs by itself.
    ///
    /// # Errors
    /// `NotFound`, `Config`, `Tools`, `ToolsChanged`, `Refused` (`Refusal::Input`, `Start`, `Exists`), `Busy`, `Stopped`, `Store`.
    pub async fn start(&self, request: StartRequest) -> Result<ExecutionId, Error> {
        // Where there is no place nobody is asked anything. While servers list their tools, which may take long, none is held.
        drop(self.intake()?);
        let start = starting::complete(&self.inner.shared, &self.tenant, request).await?;
        let _permit = self.intake()?;
        self.begin(start).await
    }

    /// Lets an execution and its children go on where they stopped: lost calls are settled, owed effects performed, due timers fed.
    /// Harmless for one that is live, waits, or has ended.
    ///
    /// # Errors
    /// `NotFound`, `Quarantined`, `Stopped`, `Store`.
    pub async fn resume(&self, id: ExecutionId) -> Result<(), Error> {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            match self.deliver(id, Body::Timers).await {
                Ok(_) | Err(Error::Refused(Refusal::Ended)) => {}
                Err(error) => return Err(error),
            }
            // A child that is under way is owed by nobody but itself.
            let summary = self.read(move |shared, tenant| Ok(shared.store.summary(tenant, id))).await?;
            let summary = summary.map_err(|error| Error::Store(error.to_string()))?;
            open.extend(summary.into_iter().flat_map(|summary| summary.waiting_for).filter_map(|waiting| match waiting {
                WaitingFor::Child { execution, .. } => Some(execution),
                WaitingFor::Question { .. } | WaitingFor::Event { .. } | WaitingFor::Timer { .. } => None,
            }));
        }
        Ok(())
    }

    /// Answers a question. Among racing callers one decides; the others get `Refusal::Decided` with the decision that stands.
    ///
    /// # Errors
    /// `NotFound` (no such question anywhere), `Refused` (`Decided`, `Digest`, `NotAllowed`, `Answer`, `NoQuestion`), `Quarantined`, `Stopped`, `Store`.
    pub async fn decide(&self, decision: Decision) -> Result<Answered, Error> {
        let question = decision.question;
        let execution = self.read(move |shared, tenant| read::home(shared, tenant, question)).await?;
        match self.deliver(execution, Body::Decide(decision)).await? {
            Reply::Answered(answered) => Ok(answered),
            Reply::Taken => Err(Error::Refused(Refusal::NoQuestion)),
        }
    }

    /// Cancels. When this returns nothing new starts (declared compensations aside) and running calls are being broken off.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`Ended`), `Quarantined`, `Stopped`, `Store`.
    pub async fn cancel(&self, id: ExecutionId, reason: &str, by: Person) -> Result<(), Error> {
        self.deliver(id, Body::Cancel { reason: reason.to_owned(), by }).await.map(drop)
    }

    /// Stops waiting for a signal: what listens fails with `wait_cancelled`, and the execution goes on from there.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`NotWaiting`), `Quarantined`, `Stopped`, `Store`.
    pub async fn cancel_wait(&self, id: ExecutionId, reason: &str, by: Person) -> Result<(), Error> {
        self.deliver(id, Body::CancelWait { reason: reason.to_owned(), by }).await.map(drop)
    }

    /// Holds an execution: nothing new of it starts until `unpause`. What is running goes on, its children do too; what arrives is recorded and takes
    /// effect then. A cancel and the execution's own time limit act all the same. One that is paused already stays as it is.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`Ended`; `NotAllowed` when it is being stopped), `Quarantined`, `Stopped`, `Store`.
    pub async fn pause(&self, id: ExecutionId, reason: &str, by: Person) -> Result<(), Error> {
        self.deliver(id, Body::Pause { reason: reason.to_owned(), by }).await.map(drop)
    }

    /// Lets a paused execution go on; harmless for one that is not paused.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`Ended`), `Quarantined`, `Stopped`, `Store`.
    pub async fn unpause(&self, id: ExecutionId, by: Person) -> Result<(), Error> {
        self.deliver(id, Body::Unpause { by }).await.map(drop)
    }

    /// Delivers a named message; kept if nothing waits for it yet. A repeated `signal.id` is answered like the first.
    ///
    /// # Errors
    /// `NotFound`, `Refused` (`Signal`, `Ended`), `Busy`, `Quarantined`, `Stopped`, `Store`.
    pub async fn signal(&self, id: ExecutionId, signal: Signal) -> Result<(), Error> {
        let _permit = self.intake()?;
        self.deliver(id, Body::Signal(signal)).await.map(drop)
    }

    /// The execution as it is in the store now; moves nothing.
    ///
    /// # Errors
    /// `NotFound`, `Store`. A quarantined one is readable as far as its journal is.
    pub async fn snapshot(&self, id: ExecutionId) -> Result<Snapshot, Error> {
        // Asked first: what comes to rest in between is then read at rest, with its `Idle` already said.
        let live = self.is_live(id).await;
        self.read(move |shared, tenant| read::snapshot(shared, tenant, id, live)).await
    }

    /// The same for who has just heard that it came to rest.
    ///
    /// # Errors
    /// As `snapshot`.
    pub async fn at_rest(&self, id: ExecutionId) -> Result<Snapshot, Error> {
        self.read(move |shared, tenant| read::snapshot(shared, tenant, id, false)).await
    }

    /// The same, and the trace, for who was given the journal with that word; none where it has to be read all the same. Reads nothing.
    ///
    /// # Errors
    /// `Store`: the journal does not replay.
    pub fn rested(&self, id: ExecutionId, journal: &Commits) -> Result<Option<(Snapshot, Trace)>, Error> {
        let telling = AssertUnwindSafe(|| read::rested(&self.inner.shared, &self.tenant, id, journal));
        // A panic would take others along here; where it is read, it does not.
        catch_unwind(telling).unwrap_or(Ok(None))
    }

    /// How the execution stands, as the store has it: less than a snapshot, and as cheap for a long journal as for a short one.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn standing(&self, id: ExecutionId) -> Result<Standing, Error> {
        // In the order of a snapshot.
        let live = self.is_live(id).await;
        self.read(move |shared, tenant| read::standing(shared, tenant, id, live)).await
    }

    async fn is_live(&self, id: ExecutionId) -> bool {
        self.inner.directory.send(IsLive { key: Key::new(&self.tenant, id) }).await.unwrap_or(false)
    }

    /// What a person reads: every attempt in journal order.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn trace(&self, id: ExecutionId) -> Result<Trace, Error> {
        self.read(move |shared, tenant| read::trace(shared, tenant, id)).await
    }

    /// Attempts in journal order, in pages.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn attempts(&self, id: ExecutionId, request: AttemptsRequest) -> Result<AttemptsPage, Error> {
        self.read(move |shared, tenant| outlines::attempts(shared, tenant, id, &request)).await
    }

    /// How long steps took in the executions that ran last.
    ///
    /// # Errors
    /// `Store`.
    pub async fn step_times(&self, request: StepTimesRequest) -> Result<StepTimes, Error> {
        self.read(move |shared, tenant| step_times::step_times(shared, tenant, &request)).await
    }

    /// The execution as a sample of a dataset and as a rehearsal, without secrets.
    ///
    /// # Errors
    /// `NotFound`, `Store`; `Unfit` while it cannot be said what the tenant's secrets are.
    pub async fn export(&self, id: ExecutionId) -> Result<Exported, Error> {
        exporting::export(self, &self.inner.shared.performer.runner, id).await
    }

    /// Up to `limit` events from number `from` on.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn events(&self, id: ExecutionId, from: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        self.read(move |shared, tenant| read::events(shared, tenant, id, from, limit)).await
    }

    /// Executions, newest first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn list(&self, request: ListRequest) -> Result<List, Error> {
        self.read(move |shared, tenant| read::list(shared, tenant, &request)).await
    }

    /// A page of open questions as the summaries of their executions have them: at most `limit`, behind `after`. No journal is replayed.
    ///
    /// # Errors
    /// `Store`.
    pub async fn question_rows(&self, filter: QuestionFilter, after: Option<QuestionPlace>, limit: usize) -> Result<QuestionPage, Error> {
        self.read(move |shared, tenant| read::question_rows(shared, tenant, &filter, after, limit)).await
    }

    /// How many questions are open, of a flow or of all.
    ///
    /// # Errors
    /// `Store`.
    pub async fn question_count(&self, flow: Option<String>) -> Result<u64, Error> {
        self.read(move |shared, tenant| read::question_count(shared, tenant, flow.as_deref())).await
    }

    /// Every open question, oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub async fn questions(&self) -> Result<Vec<QuestionRef>, Error> {
        self.read(|shared, tenant| read::questions(shared, tenant)).await
    }

    /// The execution whose id begins with `prefix`, or `last` for the newest that is no other's child.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `Store`.
    pub async fn find_execution(&self, prefix: &str) -> Result<ExecutionId, Error> {
        let prefix = prefix.to_owned();
        self.read(move |shared, tenant| read::find_execution(shared, tenant, &prefix)).await
    }

    /// The open question whose id begins with `prefix`; also by the id (or its beginning) of an execution that has exactly one.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `Store`.
    pub async fn find_question(&self, prefix: &str) -> Result<QuestionRef, Error> {
        let prefix = prefix.to_owned();
        self.read(move |shared, tenant| read::find_question(shared, tenant, &prefix)).await
    }

    /// A question that is not open any more, and how it was closed: by its whole id, or the latest one of an execution.
    ///
    /// # Errors
    /// `NotFound`, `Ambiguous`, `Store`.
    pub async fn closed_question(&self, name: &str) -> Result<ClosedQuestion, Error> {
        let name = name.to_owned();
        self.read(move |shared, tenant| read::closed_question(shared, tenant, &name)).await
    }

    /// What the models of this execution are in the middle of saying in this process, by call. Subscribe first: what is said meanwhile
    /// comes as chunks, whose offsets tell what is here already.
    #[must_use]
    pub fn texts(&self, id: ExecutionId) -> Vec<(CallId, String)> {
        self.inner.shared.performer.texts(&Key::new(&self.tenant, id))
    }

    /// A question as it stands, open or not, by its whole id.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn question(&self, id: QuestionId) -> Result<KnownQuestion, Error> {
        self.read(move |shared, tenant| asked::question(shared, tenant, id)).await
    }

    /// Every question that an execution has asked, open or not, in the order of asking.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub async fn questions_of(&self, id: ExecutionId) -> Result<Vec<KnownQuestion>, Error> {
        self.read(move |shared, tenant| asked::questions(shared, tenant, id)).await
    }

    /// The same of several, in one reading; nothing of those that are gone.
    ///
    /// # Errors
    /// `Store`.
    pub async fn questions_of_all(&self, ids: Vec<ExecutionId>) -> Result<Vec<(ExecutionId, Vec<KnownQuestion>)>, Error> {
        self.read(move |shared, tenant| {
            let read = ids.into_iter().map(|id| match asked::questions(shared, tenant, id) {
                Err(Error::NotFound { .. }) => Ok((id, Vec::new())),
                read => Ok((id, read?)),
            });
            read.collect()
        })
        .await
    }

    /// Notices of an execution and its children from now on. It need not exist yet.
    #[must_use]
    pub fn subscribe(&self, id: ExecutionId) -> Notices {
        Notices::new(&self.inner.shared.hub, Key::new(&self.tenant, id), Hears::Everything)
    }

    /// Only that it comes to rest (`Idle`, `Quarantined`), from now on.
    #[must_use]
    pub fn subscribe_rest(&self, id: ExecutionId) -> Notices {
        Notices::new(&self.inner.shared.hub, Key::new(&self.tenant, id), Hears::Rest)
    }

    /// A new execution like one that ended without completing, which goes on from the step that failed: what was completed before is
    /// taken over, not run again. Approvals whose action did not complete are asked again. With a revision it runs that one; results of steps that
    /// it does not have are dropped.
    ///
    /// # Errors
    /// `NotFound`, `Unfit` (it has not ended, it completed, no step of it failed, or the revision lacks the one that did), and as `start`.
    pub async fn retry(&self, request: RetryRequest) -> Result<ExecutionId, Error> {
        // As in `start`.
        drop(self.intake()?);
        let start = match request.revision.clone() {
            None => self.read(move |shared, tenant| departure::retry(shared, tenant, request)).await?,
            Some(revision) => departure::retry_on(&self.inner.shared, &self.tenant, request, revision).await?,
        };
        let _permit = self.intake()?;
        self.begin(start).await
    }

    /// A new execution that takes over what was completed before the named attempt, gives that attempt another output, and goes on.
    ///
    /// # Errors
    /// `NotFound` (execution or attempt), `Unfit`, and as `start`.
    pub async fn fork(&self, request: ForkRequest) -> Result<ExecutionId, Error> {
        let _permit = self.intake()?;
        let start = self.read(move |shared, tenant| departure::fork(shared, tenant, request)).await?;
        self.begin(start).await
    }

    /// How much there is to do, whoever's it is.
    ///
    /// # Errors
    /// `Stopped`.
    pub async fn activity(&self) -> Result<Activity, Error> {
        let load = self.inner.directory.send(Measure).await.map_err(|_| Error::Stopped)?;
        let intake_max = self.inner.intake_max;
        let intake = intake_max.saturating_sub(self.inner.intake.available_permits());
        Ok(Activity { executions: load.live, inputs: load.held, calls: self.inner.shared.performer.running(), intake, intake_max })
    }

    /// Takes nothing new in, gives running calls up to `within` to end, and parks everything. Nothing acknowledged is lost.
    pub async fn shutdown(self, within: Duration) -> Parked {
        let inner = &self.inner;
        let taken = inner.engine.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut engine) = taken else { return Parked::default() };
        inner.intake.close();
        // Fails only when the directory is gone already.
        let _ = inner.directory.send(Close).await;
        inner.shared.performer.close();
        let draining = self.clone();
        let parked = inner.shared.runtime.spawn(async move {
            let parked = draining.drain(within).await;
            draining.inner.shared.performer.runner.shutdown().await;
            parked
        });
        let parked = parked.await.unwrap_or_default();
        let store = inner.shared.store.clone();
        let (ended, end) = oneshot::channel();
        // A thread of its own: the engine's end takes the runtime along, and must not block the caller's.
        std::thread::spawn(move || {
            engine.stop();
            let closed = store.close();
            // Fails when the caller has gone.
            let _ = ended.send(closed);
        });
        if let Ok(Err(error)) = end.await {
            tracing::error!(%error, "the store did not close cleanly; the next start repairs it");
        }
        parked
    }

    /// Waits until nothing runs and nothing waits for the disk, or the time is over; then breaks off what still runs.
    async fn drain(&self, within: Duration) -> Parked {
        let until = tokio::time::Instant::now() + within;
        loop {
            let Ok(load) = self.inner.directory.send(Measure).await else { return Parked::default() };
            let calls = self.inner.shared.performer.running();
            if (calls == 0 && load.held == 0) || tokio::time::Instant::now() >= until {
                return Parked { executions: load.live, calls_cut: self.inner.shared.performer.cut() };
            }
            tokio::time::sleep(SHUTDOWN_POLL).await;
        }
    }

    /// A place in the intake, held until the answer.
    fn intake(&self) -> Result<tokio::sync::SemaphorePermit<'_>, Error> {
        self.inner.intake.try_acquire().map_err(|refused| match refused {
            tokio::sync::TryAcquireError::NoPermits => Error::Busy { waiting: self.inner.intake_max },
            tokio::sync::TryAcquireError::Closed => Error::Stopped,
        })
    }

    /// Feeds a complete start and waits until it is durable.
    async fn begin(&self, start: Start) -> Result<ExecutionId, Error> {
        let execution = start.execution;
        self.deliver(execution, Body::Start(Box::new(start))).await.map(|_| execution)
    }

    /// Feeds an input and waits for its answer.
    async fn deliver(&self, execution: ExecutionId, body: Body) -> Answer {
        let (sender, answer) = oneshot::channel();
        self.inner.directory.do_send(Deliver { key: Key::new(&self.tenant, execution), body, sink: Sink::Caller(sender) });
        // `do_send` says nothing about a closed mailbox; the sender dropped with the message does.
        match answer.await.unwrap_or(Err(Error::Stopped)) {
            Err(Error::Refused(Refusal::Unknown)) => Err(Error::NotFound { what: "execution", name: execution.to_string() }),
            answer => answer,
        }
    }

    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        reading: impl FnOnce(&Shared, &Tenant) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (shared, tenant) = (Arc::clone(&self.inner.shared), self.tenant.clone());
        let runtime = shared.runtime.clone();
        runtime.spawn_blocking(move || reading(&shared, &tenant)).await.unwrap_or(Err(Error::Stopped))
    }
}
