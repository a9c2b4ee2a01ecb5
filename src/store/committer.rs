//! The one thread that writes the log: takes what is ready, checks what each entry claims, makes the batch durable with one sync,
//! hands it to the applier, and only then answers. Entries of one caller commit in the order in which it handed them over.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::applier::{Frame, Records};
use super::backlog::Giver;
use super::documents;
use super::entry::{Answer, Chain, Claim, CommitError, Entry, Fence, Pending, Position};
use super::error::Error;
use super::log::supply::Space;
use super::log::{AppendError, Log};
use super::meters::Meters;
use super::numbers;
use super::past::{self, Stale};
use super::progress::Progress;
use super::read;
use super::request::Request;
use super::rows::Located;
use super::view::View;
use crate::crash;
use crate::ids::Tenant;
use crate::journal::Record;

/// Entries in one commit: enough that the sync is shared by everyone who waits, few enough that it stays under a millisecond of work.
pub const BATCH_ENTRIES_MAX: usize = 512;
/// Bytes in one commit; a single larger entry makes a commit of its own.
pub const BATCH_BYTES_MAX: usize = 1 << 20;
/// Documents of past statistics in one commit.
const PAST_ENTRIES_MAX: usize = 64;
/// Fences kept in memory; above it those that the view knows are dropped. About 150 bytes each.
const FENCES_KEPT: usize = 50_000;
/// How long the queue must be empty before the high-water mark is synced.
const IDLE: Duration = Duration::from_millis(20);
/// How far behind the high-water mark may be while the queue is never empty.
const MARK_LAG_MAX: Duration = Duration::from_millis(100);

/// What the committer is asked to do.
pub enum Message {
    Commit(Box<Request>),
    /// Write down what purged executions had added to the statistics, as far as that is not up to date.
    KeepPast(Answer<Position>),
    /// Finish what came before, then end.
    Close,
}

/// The number at which each stands.
pub type Fences = HashMap<Fence, u64>;

/// The committer's state; lives on its thread.
pub struct Committer {
    pub log: Log,
    pub view: Arc<dyn View>,
    pub records: Arc<dyn Records>,
    pub stale: Arc<Stale>,
    pub progress: Arc<Progress>,
    pub frames: Giver,
    /// Called when a write or sync failed and nothing may be acknowledged any more. Ends the process, except in tests.
    pub fatal: Arc<dyn Fn(&str) + Send + Sync>,
    pub fences: Fences,
    pub meters: Arc<Meters>,
    /// Came behind what was committed last, and is next.
    pub held: Option<Message>,
}

impl Committer {
    /// Runs until `Close`, or until every sender is gone.
    pub fn run(mut self, queue: &Receiver<Message>) {
        if let Err(reason) = self.serve(queue) {
            self.progress.fail(&reason);
            (self.fatal)(&reason);
            refuse_all(queue, &reason);
        }
    }

    fn serve(&mut self, queue: &Receiver<Message>) -> Result<(), String> {
        let mut marked_at = Instant::now();
        loop {
            let message = match self.held.take() {
                Some(held) => Ok(held),
                None if self.log.mark_is_behind() => queue.recv_timeout(IDLE),
                None => queue.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut close = false;
            match message {
                Ok(Message::Close) | Err(RecvTimeoutError::Disconnected) => close = true,
                Ok(message) => {
                    self.take(message, queue)?;
                    if marked_at.elapsed() < MARK_LAG_MAX {
                        continue;
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
            crash::point("mark.before");
            self.log.raise_mark().map_err(|error| error.to_string())?;
            crash::point("mark.after");
            self.meters.synced();
            marked_at = Instant::now();
            if close {
                return Ok(());
            }
        }
    }

    /// One commit of what is ready, for who runs the store by hand; false when nothing is.
    pub fn commit_ready(&mut self, queue: &Receiver<Message>) -> Result<bool, String> {
        let Some(message) = self.held.take().or_else(|| queue.try_recv().ok()) else { return Ok(false) };
        let committed = self.take(message, queue);
        if let Err(reason) = &committed {
            self.progress.fail(reason);
            refuse_all(queue, reason);
        }
        committed.map(|()| true)
    }

    fn take(&mut self, message: Message, queue: &Receiver<Message>) -> Result<(), String> {
        match message {
            Message::Commit(first) => {
                let batch = self.drain(*first, queue);
                self.commit(batch)
            }
            Message::KeepPast(answer) => self.keep_past(answer),
            Message::Close => Ok(()),
        }
    }

    /// Between two commits, so that no purge comes between what is read and what is written. What cannot be read keeps nobody from committing.
    fn keep_past(&mut self, answer: Answer<Position>) -> Result<(), String> {
        let waited = self.progress.wait(self.progress.durable());
        let flows: Vec<(Tenant, String)> = if waited.is_ok() { self.stale.take().into_iter().collect() } else { Vec::new() };
        let mut kept = waited.map(|()| self.progress.durable()).map_err(|error| CommitError::Stopped(error.to_string()));
        for some in flows.chunks(PAST_ENTRIES_MAX) {
            let due = |(tenant, flow): &(Tenant, String)| past::due(self.view.as_ref(), self.records.as_ref(), tenant, flow).transpose();
            kept = match some.iter().filter_map(due).collect::<Result<Vec<Entry>, Error>>() {
                Ok(entries) if entries.is_empty() => kept,
                Ok(entries) => {
                    let (answer, pending) = Pending::new();
                    if let Some(request) = Request::new(entries, None, answer) {
                        self.commit(vec![request])?;
                    }
                    pending.wait()
                }
                Err(error) => Err(CommitError::Refused(error.to_string())),
            };
            if kept.is_err() {
                self.stale.add(flows);
                break;
            }
        }
        let _ = answer.send(kept);
        Ok(())
    }

    /// `first` and what else is ready, within the bounds of one commit.
    fn drain(&mut self, first: Request, queue: &Receiver<Message>) -> Vec<Request> {
        let mut bytes = first.size();
        let mut batch = vec![first];
        while batch.len() < BATCH_ENTRIES_MAX && bytes < BATCH_BYTES_MAX {
            match queue.try_recv() {
                Ok(Message::Commit(request)) => {
                    bytes += request.size();
                    batch.push(*request);
                }
                Ok(other) => {
                    self.held = Some(other);
                    break;
                }
                Err(_) => break,
            }
        }
        batch
    }

    fn commit(&mut self, batch: Vec<Request>) -> Result<(), String> {
        let began = Instant::now();
        let (accepted, moved) = self.accept(batch).map_err(|error| error.to_string())?;
        if accepted.is_empty() {
            return Ok(());
        }
        crash::point("commit.accepted");
        let bytes: Vec<&[u8]> = accepted.iter().flat_map(|request| &request.records).map(|(_, bytes)| bytes.as_slice()).collect();
        let (position, places) = match self.log.append(&bytes) {
            Ok(written) => written,
            Err(AppendError::Full) => {
                answer_all(accepted, &CommitError::Full);
                return Ok(());
            }
            Err(AppendError::Failed(error)) => {
                let reason = error.to_string();
                answer_all(accepted, &CommitError::Stopped(reason.clone()));
                return Err(reason);
            }
        };
        self.fences.extend(moved);
        self.meters.synced();
        self.meters.committed(began.elapsed());
        let records = accepted.iter().flat_map(|request| &request.records);
        let collections = records.filter_map(|(record, _)| match record {
            Record::Document(document) => Some(document.collection.as_str()),
            _ => None,
        });
        self.progress.set_durable(position, collections);
        let mut places = places.into_iter();
        let (mut answers, mut records) = (Vec::with_capacity(accepted.len()), Vec::with_capacity(places.len()));
        for request in accepted {
            answers.push(request.answer);
            let located = request.records.into_iter().zip(places.by_ref());
            records.extend(located.map(|((record, bytes), place)| Located::new(record, bytes, place)));
        }
        let is_taken = self.frames.give(Frame::new(position, records));
        crash::point("commit.handed_to_view");
        for answer in answers {
            let _ = answer.send(Ok(position));
        }
        crash::point("commit.answered");
        if is_taken { Ok(()) } else { Err(self.progress.stopped().unwrap_or_else(|| "the applier is gone".to_owned())) }
    }

    /// Drops every fence from memory once the view knows them all.
    fn forget_fences(&mut self) -> Result<(), Error> {
        self.progress.wait(self.progress.durable())?;
        self.fences.clear();
        Ok(())
    }

    /// The requests whose claims hold, and where that moves the fences once they are written; the others are answered here.
    fn accept(&mut self, batch: Vec<Request>) -> Result<(Vec<Request>, Fences), Error> {
        if self.fences.len() >= FENCES_KEPT {
            // Between batches only: the claims of this one are in no view yet.
            self.forget_fences()?;
        }
        let (mut accepted, mut fences) = (Vec::with_capacity(batch.len()), Fences::new());
        let space = self.log.space();
        for request in batch {
            if space == Space::None || (space == Space::Low && is_new_work(&request)) {
                request.refuse(CommitError::Full);
                continue;
            }
            if request.chain.as_ref().is_some_and(Chain::is_broken) {
                let number = request.claims.first().map_or(0, |claim| claim.expected);
                request.refuse(CommitError::Stale { expected: number, found: number });
                continue;
            }
            match self.moved(&request.claims, &fences)? {
                Ok(moved) => {
                    fences.extend(moved);
                    for (record, _) in &request.records {
                        if let Record::Purged(purged) = record {
                            fences.insert(Fence::Execution(purged.tenant.clone(), purged.execution), 0);
                        }
                    }
                    accepted.push(request);
                }
                Err(stale) => request.refuse(stale),
            }
        }
        Ok((accepted, fences))
    }

    /// Where the fences stand once every one of `claims` is taken, after what was accepted `before`; or the first that does not hold.
    fn moved(&self, claims: &[Claim], before: &Fences) -> Result<Result<Fences, CommitError>, Error> {
        let mut moved = Fences::with_capacity(claims.len());
        for claim in claims {
            let found = match moved.get(&claim.fence).or_else(|| before.get(&claim.fence)) {
                Some(number) => *number,
                None => self.stands_at(&claim.fence)?,
            };
            if found != claim.expected {
                return Ok(Err(CommitError::Stale { expected: claim.expected, found }));
            }
            moved.insert(claim.fence.clone(), claim.next);
        }
        Ok(Ok(moved))
    }

    /// The number that the fence stands at: from memory, or from the view, which knows every fence that is not in memory.
    fn stands_at(&self, fence: &Fence) -> Result<u64, Error> {
        if let Some(number) = self.fences.get(fence) {
            return Ok(*number);
        }
        match fence {
            Fence::Execution(tenant, execution) => read::next_seq(self.view.as_ref(), tenant, *execution),
            Fence::Flow(tenant, name) => Ok(read::latest(self.view.as_ref(), tenant, name)?.map_or(0, |row| u64::from(row.revision))),
            Fence::Document(tenant, collection, key) => documents::version(self.view.as_ref(), tenant, collection, key),
        }
    }
}

/// What a full disk refuses first, so that what runs can still end.
fn is_new_work(request: &Request) -> bool {
    request.records.iter().any(|(record, _)| match record {
        Record::Execution(turn) => turn.first_seq == 0,
        Record::Flow(_) => true,
        // A number is given when somebody reads what it stands for, and reading goes on; what is kept of the past makes room.
        Record::Document(document) => {
            document.version == 1 && !numbers::is_of_numbers(&document.collection) && document.collection != past::COLLECTION
        }
        Record::Consent(_) | Record::Quarantine(_) | Record::Released(_) | Record::Purged(_) => false,
    })
}

fn answer_all(requests: Vec<Request>, error: &CommitError) {
    for request in requests {
        request.refuse(error.clone());
    }
}

/// Answers whoever still waits after a failure.
fn refuse_all(queue: &Receiver<Message>, reason: &str) {
    while let Ok(message) = queue.try_recv() {
        if let Message::Commit(request) = message {
            request.refuse(CommitError::Stopped(reason.to_owned()));
        }
    }
}
