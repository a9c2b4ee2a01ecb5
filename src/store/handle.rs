//! The handle that everything above the store holds.

use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use super::applier::Records as _;
use super::attachments::Attachments;
use super::closings::{self, ClosedFilter, ClosedPage};
use super::committer::Message;
use super::disk::{Disk, RealDisk};
use super::documents::{self, DocumentRange, DocumentRow};
use super::entry::{Chain, CommitError, Entry, Pending, Position};
use super::error::Error;
use super::filter::Filter;
use super::keys;
use super::list::{self, Found, Ids, Page};
use super::lock::Lock;
use super::log::supply::Sizes;
use super::memory_disk::{Faults, MemoryDisk};
use super::opening;
use super::options::{OnFatal, Options};
use super::questions::{self, QuestionFilter, QuestionPage, QuestionPlace};
use super::read::{self, FlowRow};
use super::rebuild;
use super::request::Request;
use super::running::Running;
use super::stats::{self, Stats, StatsFilter, StatsKey};
use super::value;
use super::view::{Order, Range, View};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::journal::{self, Record};
use crate::machine::event::Recorded;
use crate::machine::summary::Summary;

/// Small segments, so that ten thousand stores fit into a test run.
const MEMORY_SIZES: Sizes = Sizes { segment_bytes_min: 64 << 10, segment_bytes_max: 4 << 20, free_bytes_low: 0, free_bytes_stop: 0 };

/// A store. Clones share it; it closes with [`Store::close`], or when the last clone is dropped.
///
/// Reads see everything that was acknowledged before they began: they wait for the applier where it is behind (a
/// millisecond or two; where the store is saturated, what gathers in 10 ms).
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Running>,
}

impl Store {
    /// Opens the store in `options.dir`, or makes one. Recovers the log, and makes the view again where it cannot be trusted.
    ///
    /// # Errors
    /// `Locked` when another process has it, `Damaged` when acknowledged records are lost, `Newer` when a later version wrote it.
    pub fn open(options: &Options) -> Result<Self, Error> {
        // What is in it concerns nobody else on the machine.
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true).mode(0o700).create(&options.dir).map_err(Error::io("make", &options.dir))?;
        let lock = Lock::take(&options.dir)?;
        let disk: Arc<dyn Disk> = Arc::new(RealDisk::new(&options.dir));
        let opened = opening::on_disk(&options.dir, &disk, options.sizes, options.view_cache_bytes)?;
        let attachments = Attachments::open(disk.as_ref(), options.sizes.free_bytes_low)?;
        let running = Running::start(opened, attachments, Arc::clone(&disk), Some(lock), options.on_fatal.clone());
        let store = Self { inner: Arc::new(running) };
        rebuild::set_losses_aside(&store, disk.as_ref())?;
        Ok(store)
    }

    /// A new store in memory that fails as planned. It never ends the process: after a failed sync it answers `Stopped`.
    ///
    /// # Panics
    /// Never: an empty disk without faults can be opened.
    #[must_use]
    pub fn in_memory(faults: Faults) -> Self {
        let disk = MemoryDisk::new(Faults::default());
        #[expect(clippy::expect_used, reason = "an empty disk without faults; they begin below")]
        let store = Self::open_memory(&disk).expect("an empty memory disk can be opened");
        disk.set_faults(faults);
        store
    }

    /// Opens the store on `disk`, as `open` does, recovery included. The view is always made again.
    ///
    /// # Errors
    /// As `open`.
    pub fn open_memory(disk: &MemoryDisk) -> Result<Self, Error> {
        let disk: Arc<dyn Disk> = Arc::new(disk.clone());
        let opened = opening::in_memory(&disk, MEMORY_SIZES)?;
        let attachments = Attachments::open(disk.as_ref(), MEMORY_SIZES.free_bytes_low)?;
        Ok(Self { inner: Arc::new(Running::start(opened, attachments, disk, None, OnFatal::stop_only())) })
    }

    /// Why the view was made again from the log when the store was opened, if it was.
    #[must_use]
    pub fn rebuilt(&self) -> Option<&str> {
        self.inner.rebuilt.as_deref()
    }

    /// Hands `entry` to the committer; it is in the queue when this returns. One caller's entries commit in order. What the entry
    /// costs in encoding is paid on the caller's thread. The queue has no bound of its own: an execution has one commit in flight,
    /// so it is as long as there are actors.
    pub fn commit(&self, entry: Entry) -> Pending<Position> {
        self.submit(vec![entry], None)
    }

    /// As `commit_all`, for entries that were decided on the earlier ones of `chain`.
    pub fn commit_in(&self, chain: &Chain, entries: Vec<Entry>) -> Pending<Position> {
        self.submit(entries, Some(chain.clone()))
    }

    /// As `commit`, for several entries that become durable together or not at all. A claim that does not hold refuses them all.
    pub fn commit_all(&self, entries: Vec<Entry>) -> Pending<Position> {
        self.submit(entries, None)
    }

    fn submit(&self, entries: Vec<Entry>, chain: Option<Chain>) -> Pending<Position> {
        let (answer, mut pending) = Pending::new();
        if let Some(request) = Request::new(entries, chain, answer) {
            pending.bytes = request.size();
            // When the committer is gone the answer is dropped with the request, and the caller reads `Stopped`.
            let _ = self.inner.queue.send(Message::Commit(Box::new(request)));
        }
        pending
    }

    /// Writes down what purged executions had added to the statistics, so that their records may leave the log.
    pub(super) fn keep_past(&self) -> Pending<Position> {
        let (answer, pending) = Pending::new();
        let _ = self.inner.queue.send(Message::KeepPast(answer));
        pending
    }

    /// Adds `spec` to the catalog as the next revision of `name`, unless its digest is there already. Returns its row.
    ///
    /// # Errors
    /// As a commit.
    pub async fn publish(&self, tenant: &Tenant, name: &str, digest: Digest, spec: &str) -> Result<FlowRow, CommitError> {
        loop {
            let rows = self.flows(tenant, name).map_err(|error| CommitError::Stopped(error.to_string()))?;
            if let Some(row) = rows.iter().find(|row| row.digest == digest) {
                return Ok(row.clone());
            }
            let revision = rows.last().map_or(0, |row| row.revision) + 1;
            let (tenant, name) = (tenant.clone(), name.to_owned());
            let row = FlowRow { name: name.clone(), revision, digest };
            match self.commit(Entry::Flow { tenant, name, revision, digest, spec: spec.to_owned() }).await {
                Ok(_) => return Ok(row),
                Err(CommitError::Stale { .. }) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Drops everything recorded of a finished execution.
    ///
    /// # Errors
    /// `Refused` when it is not finished or not there; otherwise as a commit.
    pub async fn purge(&self, tenant: &Tenant, execution: ExecutionId) -> Result<Position, CommitError> {
        let summary = self.summary(tenant, execution).map_err(|error| CommitError::Stopped(error.to_string()))?;
        match summary {
            Some(summary) if summary.status.is_final() => self.commit(Entry::Purge { tenant: tenant.clone(), execution }).await,
            Some(_) => Err(CommitError::Refused(format!("execution {execution} is not finished; cancel it first"))),
            None => Err(CommitError::Refused(format!("there is no execution {execution}"))),
        }
    }

    /// Until the view has everything up to `position`, or the store has stopped.
    pub async fn applied(&self, position: Position) {
        self.inner.progress.reached(position).await;
    }

    /// Until the view has everything that is durable now, which is not left to gather more.
    pub async fn caught_up(&self) {
        let position = self.position();
        self.inner.progress.want(position);
        self.applied(position).await;
    }

    /// The last position that is durable.
    #[must_use]
    pub fn position(&self) -> Position {
        self.inner.progress.durable()
    }

    /// The last position that the view has.
    #[must_use]
    pub fn applied_position(&self) -> Position {
        self.inner.progress.applied()
    }

    /// What is free on the disk of the store.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn free_bytes(&self) -> Result<u64, Error> {
        self.inner.disk.free_bytes().map_err(Error::io("look at", self.inner.disk.path("")))
    }

    /// At most `limit` events from number `from_seq` on, in order.
    ///
    /// # Errors
    /// `JournalDamaged` when one is missing or not what was recorded.
    pub fn events(&self, tenant: &Tenant, execution: ExecutionId, from_seq: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
        let head = self.inner.heads.get(tenant, execution);
        read::events(self.view()?, self.inner.records.as_ref(), head, tenant, execution, from_seq, limit)
    }

    /// How many events an execution has; 0 for one that is not there.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn event_count(&self, tenant: &Tenant, execution: ExecutionId) -> Result<u64, Error> {
        read::next_seq(self.view()?, tenant, execution)
    }

    /// # Errors
    /// When the view cannot be read.
    pub fn summary(&self, tenant: &Tenant, execution: ExecutionId) -> Result<Option<Summary>, Error> {
        read::summary(self.view()?, tenant, execution)
    }

    /// At most `limit` executions that fit `filter`, newest first; those older than `before`, to go on where the last page ended.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn executions(&self, tenant: &Tenant, filter: &Filter, before: Option<ExecutionId>, limit: usize) -> Result<Page, Error> {
        list::executions(self.view()?, tenant, filter, before, limit)
    }

    /// The ids of at most `count_max` executions that fit `filter`, newest first, by what the index holds of it. Blocking.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn execution_ids(&self, tenant: &Tenant, filter: &Filter, count_max: usize) -> Result<Ids, Error> {
        list::ids(self.view()?, tenant, filter, count_max)
    }

    /// The statistics that fit, by purpose, flow and month.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn stats(&self, tenant: &Tenant, filter: &StatsFilter) -> Result<Vec<(StatsKey, Stats)>, Error> {
        stats::read(self.view()?, tenant, filter)
    }

    /// The execution whose id begins with `prefix`.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn find(&self, tenant: &Tenant, prefix: &str) -> Result<Found, Error> {
        list::find(self.view()?, tenant, prefix)
    }

    /// At most `limit` open questions that fit `filter`, oldest first (or what expires first, see there); those behind `after`, to go on where
    /// the last page ended.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn questions(
        &self,
        tenant: &Tenant,
        filter: &QuestionFilter,
        after: Option<QuestionPlace>,
        limit: usize,
    ) -> Result<QuestionPage, Error> {
        questions::read(self.view()?, tenant, filter, after, limit)
    }

    /// At most `limit` closed questions that fit `filter`, the last closed first; those behind `after`, to go on where the last page ended.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn closed_questions(
        &self,
        tenant: &Tenant,
        filter: &ClosedFilter,
        after: Option<QuestionPlace>,
        limit: usize,
    ) -> Result<ClosedPage, Error> {
        closings::read(self.view()?, tenant, filter, after, limit)
    }

    /// The number of open questions, of a flow or of all.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn question_count(&self, tenant: &Tenant, flow: Option<&str>) -> Result<u64, Error> {
        questions::count(self.view()?, tenant, flow)
    }

    /// The execution that asked `question`, open or not.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn question(&self, tenant: &Tenant, question: QuestionId) -> Result<Option<ExecutionId>, Error> {
        read::question_home(self.view()?, tenant, question)
    }

    /// Every execution that holds work for this process.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn owed(&self) -> Result<Vec<(Tenant, ExecutionId)>, Error> {
        let rows = self.view()?.scan(&Range::prefix(keys::owed_prefix()), Order::Ascending, usize::MAX)?;
        rows.iter()
            .map(|(key, sealed)| {
                value::open(key, sealed)?;
                keys::owed_parts(key).ok_or_else(|| Error::ViewDamaged(format!("owed row {} has no shape", value::hex(key))))
            })
            .collect()
    }

    /// At most `limit` executions whose nearest deadline is `now` or earlier, nearest first.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn due(&self, now: TimeMs, limit: usize) -> Result<Vec<(TimeMs, Tenant, ExecutionId)>, Error> {
        read::due(self.view()?, now, limit)
    }

    /// The nearest deadline of all.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn next_deadline(&self) -> Result<Option<TimeMs>, Error> {
        Ok(self.due(TimeMs(u64::MAX), 1)?.first().map(|(deadline, _, _)| *deadline))
    }

    /// The normalised flow with this digest, as JSON text.
    ///
    /// # Errors
    /// When the view or the log cannot be read.
    pub fn flow(&self, tenant: &Tenant, digest: &Digest) -> Result<Option<String>, Error> {
        let key = keys::flow_spec(tenant, digest);
        let Some(body) = read::body(self.view()?, &key)? else { return Ok(None) };
        let shape = || Error::ViewDamaged(format!("flow row {} has no shape", value::hex(&key)));
        let bytes = self.inner.records.read(&value::Blob::read(&body).ok_or_else(shape)?)?;
        match journal::decode(&bytes)? {
            Record::Flow(flow) => Ok(Some(flow.spec)),
            _ => Err(shape()),
        }
    }

    /// Every revision of `name`, oldest first.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn flows(&self, tenant: &Tenant, name: &str) -> Result<Vec<FlowRow>, Error> {
        read::flows(self.view()?, tenant, keys::flow_name_prefix(tenant, name))
    }

    /// Every revision of every flow of a tenant, by name and age.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn catalog(&self, tenant: &Tenant) -> Result<Vec<FlowRow>, Error> {
        read::flows(self.view()?, tenant, keys::flow_names_prefix(tenant))
    }

    /// The latest revision of `name`.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn latest(&self, tenant: &Tenant, name: &str) -> Result<Option<FlowRow>, Error> {
        read::latest(self.view()?, tenant, name)
    }

    /// The definition of a tool that was consented to.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn consent(&self, tenant: &Tenant, server: &str, tool: &str) -> Result<Option<Digest>, Error> {
        let body = read::body(self.view()?, &keys::consent(tenant, server, tool))?;
        Ok(body.and_then(|body| body.try_into().ok()).map(Digest))
    }

    /// A document of the catalog.
    ///
    /// # Errors
    /// When the view or the log cannot be read.
    pub fn document(&self, tenant: &Tenant, collection: &str, key: &str) -> Result<Option<DocumentRow>, Error> {
        let position = self.inner.progress.durable_of(collection);
        let row = keys::document(tenant, collection, key);
        if let Some(seen) = self.inner.recent.get(&row, position) {
            return Ok(seen.row);
        }
        self.inner.progress.wait(position)?;
        let found = documents::get(self.inner.view.as_ref(), self.inner.records.as_ref(), &row, key)?;
        self.inner.recent.keep(row, position, found.as_ref());
        Ok(found)
    }

    /// At most `limit` documents of a collection whose keys begin with `prefix`, in the order of their keys or against it; those behind
    /// `after`, to go on from the last one seen.
    ///
    /// # Errors
    /// When the view or the log cannot be read.
    pub fn documents(&self, tenant: &Tenant, wanted: &DocumentRange<'_>, limit: usize) -> Result<Vec<DocumentRow>, Error> {
        self.inner.progress.wait(self.inner.progress.durable_of(wanted.collection))?;
        documents::scan(self.inner.view.as_ref(), self.inner.records.as_ref(), tenant, wanted, limit)
    }

    /// Whether it was set aside because a damaged log lost some of its events.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn has_lost_events(&self, tenant: &Tenant, execution: ExecutionId) -> Result<bool, Error> {
        Ok(self.quarantined(tenant, execution)?.is_some_and(|reason| rebuild::has_lost_events(&reason)))
    }

    /// Why `execution` is quarantined, if it is.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn quarantined(&self, tenant: &Tenant, execution: ExecutionId) -> Result<Option<String>, Error> {
        let body = read::body(self.view()?, &keys::quarantine(tenant, execution))?;
        Ok(body.map(|body| String::from_utf8_lossy(&body).into_owned()))
    }

    /// Every quarantined execution of a tenant with its reason.
    ///
    /// # Errors
    /// When the view cannot be read.
    pub fn quarantine(&self, tenant: &Tenant) -> Result<Vec<(ExecutionId, String)>, Error> {
        let rows = self.view()?.scan(&Range::prefix(keys::quarantine_prefix(tenant)), Order::Ascending, usize::MAX)?;
        let mut found = Vec::with_capacity(rows.len());
        for (key, sealed) in rows {
            let reason = String::from_utf8_lossy(value::open(&key, &sealed)?).into_owned();
            found.extend(keys::execution_of(&key).map(|execution| (execution, reason)));
        }
        Ok(found)
    }

    /// Finishes what was handed over, makes the view durable and marks the store as cleanly closed. Other clones read `Stopped`
    /// from then on.
    ///
    /// # Errors
    /// When the store had failed, or the view cannot be made durable; the log is durable in any case.
    pub fn close(self) -> Result<(), Error> {
        self.inner.stop()
    }

    /// The view, once it has everything that was acknowledged so far.
    pub(super) fn view(&self) -> Result<&dyn View, Error> {
        self.inner.progress.wait(self.inner.progress.durable())?;
        Ok(self.inner.view.as_ref())
    }
}
