//! A running store: its three threads (committer, applier, segment supply), and how they end.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::applier::{Applier, Records};
use super::attachments::Attachments;
use super::backlog::{Answer, Asked, Backlog, Taken, Taker};
use super::checkpoint;
use super::committer::{Committer, Message};
use super::disk::Disk;
use super::entry::Position;
use super::error::Error;
use super::feed::Feeds;
use super::heads::Heads;
use super::lock::Lock;
use super::log::recover::{self, Clean};
use super::log::supply::Supply;
use super::log::{Reader, StoreId};
use super::meters::Meters;
use super::numbers::Sequences;
use super::opening::Opened;
use super::options::OnFatal;
use super::past::Stale;
use super::progress::Progress;
use super::recent::Recent;
use super::small;
use super::touches::Touches;
use super::view::View;

/// Bytes applied between two checkpoints: bounds what is replayed after a kill.
const CHECKPOINT_BYTES: usize = 64 << 20;
/// Bytes applied before the first checkpoint of an empty store: without any, a kill means that the whole view is made again.
const FIRST_CHECKPOINT_BYTES: usize = 1 << 20;
/// Between two pieces of a background scan while nothing else happens.
const SCAN_PAUSE: Duration = Duration::from_millis(2);

/// What all handles share.
pub struct Running {
    pub view: Arc<dyn View>,
    pub records: Arc<Reader>,
    pub heads: Arc<Heads>,
    pub progress: Arc<Progress>,
    pub queue: Sender<Message>,
    pub disk: Arc<dyn Disk>,
    pub attachments: Attachments,
    pub id: StoreId,
    /// Why the view was made anew at the opening, if it was.
    pub rebuilt: Option<String>,
    pub feeds: Feeds,
    /// Serialises what copies or replaces whole segments: backup, compaction.
    pub maintenance: Mutex<()>,
    /// Held during a round of compaction.
    pub compaction: Mutex<()>,
    /// Held while a segment is replaced. Why none is any more: a replacement failed, or the store is closed and its files may be another process's.
    pub replacing_ended: Mutex<Option<String>>,
    /// Whose past statistics are not up to date.
    pub stale: Arc<Stale>,
    pub meters: Arc<Meters>,
    pub sequences: Sequences,
    pub recent: Recent,
    /// Who wants to hear what changed.
    pub touches: Arc<Touches>,
    supply: Arc<Supply>,
    threads: Mutex<Option<Threads>>,
}

/// What the threads of a store run.
pub struct Parts {
    pub committer: Committer,
    pub requests: Receiver<Message>,
    pub applier: Applier,
    pub frames: Taker,
}

struct Threads {
    committer: JoinHandle<()>,
    applier: JoinHandle<Result<Applier, Error>>,
    supply: JoinHandle<()>,
    /// A view in memory has no manifest and is not worth a mark.
    durable_view: bool,
    _lock: Option<Lock>,
}

impl Running {
    /// Starts the threads of an opened store.
    pub fn start(opened: Opened, attachments: Attachments, disk: Arc<dyn Disk>, lock: Option<Lock>, on_fatal: OnFatal) -> Self {
        let durable_view = lock.is_some();
        let unscanned = opened.unscanned;
        // A view that was made again has no checkpoint; one that holds something gets it at once.
        let since_checkpoint = match &opened.rebuilt {
            None => 0,
            Some(_) if opened.recovered.position == Position(0) => CHECKPOINT_BYTES - FIRST_CHECKPOINT_BYTES,
            Some(_) => CHECKPOINT_BYTES,
        };
        let (running, parts) = Self::assemble(opened, attachments, disk, Arc::clone(&on_fatal.0));
        let Parts { committer, requests, mut applier, frames } = parts;
        if unscanned {
            applier.begin_scan();
        }
        let feeder = Feeder {
            applier,
            progress: Arc::clone(&running.progress),
            view: Arc::clone(&running.view),
            manifest: durable_view.then(|| (Arc::clone(&running.disk), running.id)),
            on_fatal,
            meters: Arc::clone(&running.meters),
            touches: Arc::clone(&running.touches),
            since_checkpoint,
            scanning: Vec::new(),
        };
        let supply = Arc::clone(&running.supply);
        let threads = Threads {
            committer: std::thread::spawn(move || committer.run(&requests)),
            applier: std::thread::spawn(move || feeder.run(&frames)),
            supply: std::thread::spawn(move || supply.run()),
            durable_view,
            _lock: lock,
        };
        *running.threads.lock().unwrap_or_else(PoisonError::into_inner) = Some(threads);
        running
    }

    /// An opened store and what its threads run, before there are any.
    pub fn assemble(
        opened: Opened,
        attachments: Attachments,
        disk: Arc<dyn Disk>,
        fatal: Arc<dyn Fn(&str) + Send + Sync>,
    ) -> (Self, Parts) {
        let Opened { recovered, view, reader, applier, rebuilt, .. } = opened;
        let (heads, stale) = (applier.shared_heads(), applier.shared_stale());
        let (backlog, giver, frames) = Backlog::new();
        let progress = Arc::new(Progress::new(recovered.position, backlog));
        let meters = Arc::new(Meters::default());
        let (queue, requests) = mpsc::channel();
        let committer = Committer {
            log: recovered.log,
            view: Arc::clone(&view),
            records: Arc::clone(&reader) as Arc<dyn Records>,
            stale: Arc::clone(&stale),
            progress: Arc::clone(&progress),
            frames: giver,
            fatal,
            fences: HashMap::new(),
            held: None,
            meters: Arc::clone(&meters),
        };
        let (id, supply, maintenance, threads) = (recovered.id, recovered.supply, Mutex::new(()), Mutex::new(None));
        let running = Self {
            view,
            records: reader,
            heads,
            progress,
            queue,
            disk,
            attachments,
            id,
            rebuilt,
            maintenance,
            compaction: Mutex::new(()),
            replacing_ended: Mutex::new(None),
            feeds: Feeds::default(),
            stale,
            meters,
            sequences: Sequences::default(),
            recent: Recent::default(),
            touches: Arc::default(),
            supply,
            threads,
        };
        (running, Parts { committer, requests, applier, frames })
    }

    /// The segments that are prepared.
    pub fn supply(&self) -> &Supply {
        &self.supply
    }

    /// Fails when no segment may be replaced any more.
    pub fn may_replace(&self) -> Result<(), Error> {
        let ended = self.replacing_ended.lock().unwrap_or_else(PoisonError::into_inner);
        ended.as_ref().map_or(Ok(()), |reason| Err(Error::Stopped(reason.clone())))
    }

    /// The marker of a clean close.
    pub fn mark_clean(&self) -> Result<(), Error> {
        let clean = Clean { id: self.id, position: self.progress.durable() };
        small::write(self.disk.as_ref(), recover::CLEAN, &clean)
    }

    /// Finishes what was handed over, makes the view durable, leaves the marker of a clean close. Idempotent.
    pub fn stop(&self) -> Result<(), Error> {
        let Some(threads) = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(()) };
        *self.replacing_ended.lock().unwrap_or_else(PoisonError::into_inner) = Some("it was closed".to_owned());
        let _ = self.queue.send(Message::Close);
        let committed = threads.committer.join();
        self.supply.close();
        let _ = threads.supply.join();
        let stopped = |reason: &str| Error::Stopped(reason.to_owned());
        let applier = threads.applier.join().map_err(|_| stopped("the applier panicked"))??;
        committed.map_err(|_| stopped("the committer panicked"))?;
        if applier.mark().position != self.progress.durable() || self.progress.failed() {
            return Err(stopped(&self.progress.stopped().unwrap_or_default()));
        }
        if threads.durable_view {
            self.view.flush()?;
            checkpoint::write(self.disk.as_ref(), self.id, &applier)?;
        }
        self.mark_clean()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Err(error) = self.stop() {
            tracing::warn!(%error, "the store was not closed cleanly; it recovers when it is opened again");
        }
    }
}

/// The applier on its thread.
struct Feeder {
    applier: Applier,
    progress: Arc<Progress>,
    view: Arc<dyn View>,
    /// Where checkpoints go, if the view outlives the process.
    manifest: Option<(Arc<dyn Disk>, StoreId)>,
    on_fatal: OnFatal,
    meters: Arc<Meters>,
    touches: Arc<Touches>,
    /// Bytes applied since the last checkpoint.
    since_checkpoint: usize,
    /// Who waits until the view has been compared with its sums.
    scanning: Vec<Answer>,
}

impl Feeder {
    fn run(mut self, frames: &Taker) -> Result<Applier, Error> {
        // A panic (sled has some) must wake the readers like any other failure.
        let fed = catch_unwind(AssertUnwindSafe(|| self.feed(frames)))
            .unwrap_or_else(|_| Err(Error::ViewDamaged("its code panicked".to_owned())));
        match fed {
            Ok(()) => {
                self.progress.stop("it was closed");
                Ok(self.applier)
            }
            Err(error) => {
                if let Some((disk, _)) = &self.manifest {
                    // Nothing vouches for this view any more: the next opening makes it again.
                    let _ = super::disk::remove(disk.as_ref(), checkpoint::NAME);
                }
                self.progress.fail(&error.to_string());
                (self.on_fatal.0)(&error.to_string());
                Err(error)
            }
        }
    }

    /// Makes the view durable, and writes the manifest that says so, which may fail. Nothing to do for a view in memory.
    fn checkpoint(&mut self) -> Result<Result<(), Error>, Error> {
        self.since_checkpoint = 0;
        let Some((disk, id)) = &self.manifest else { return Ok(Ok(())) };
        self.view.flush()?;
        Ok(checkpoint::write(disk.as_ref(), *id, &self.applier))
    }

    /// A piece of the comparison of the view with its sums; who waits for the end of it is told.
    fn scan(&mut self) -> Result<(), Error> {
        self.applier.scan()?;
        if !self.applier.is_scanning() {
            self.scanning.drain(..).for_each(|answer| drop(answer.send(Ok(()))));
        }
        Ok(())
    }

    fn feed(&mut self, frames: &Taker) -> Result<(), Error> {
        loop {
            if self.since_checkpoint >= CHECKPOINT_BYTES {
                // The one before still stands, only from further back: a full disk need not end the process.
                if let Err(error) = self.checkpoint()? {
                    tracing::warn!(%error, "no checkpoint of the view was written; the next start has more to read");
                }
            }
            match frames.take(self.applier.is_scanning().then_some(SCAN_PAUSE)) {
                Taken::Frame(frame) => {
                    self.applier.apply(&frame)?;
                    frame.records.iter().for_each(|located| self.meters.applied(&located.record));
                    self.meters.buried(self.applier.take_buried_bytes());
                    self.progress.set_applied(frame.position);
                    self.touches.tell(frame.position, frame.records.iter().map(|located| &located.record));
                    self.since_checkpoint += frame.bytes;
                    // A busy store has no idle moment.
                    self.scan()?;
                }
                Taken::Asked(Asked::Checkpoint, answer) => drop(answer.send(self.checkpoint()?)),
                Taken::Asked(Asked::Scan, answer) => {
                    self.applier.begin_scan();
                    self.scanning.push(answer);
                }
                Taken::Idle => self.scan()?,
                Taken::Closed => return Ok(()),
            }
        }
    }
}
