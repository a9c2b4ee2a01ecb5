//! A view in memory with its applier, without a log and without threads: fast to fill, and it counts what is read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use super::*;
use crate::store::applier::{Applier, Frame, Records};
use crate::store::memory::MemoryView;
use crate::store::rows::Located;
use crate::store::value::{Extract, Place};
use crate::store::view::{Order, Range, Row, View, Write};
use crate::store::{Error, scan};

/// Records in one frame.
const FRAME: usize = 512;

/// Counts the rows that are read, and how often it is written to.
#[derive(Default)]
pub struct CountingView {
    rows: MemoryView,
    reads: AtomicUsize,
    writes: AtomicUsize,
}

impl CountingView {
    pub fn writes(&self) -> usize {
        self.writes.load(Ordering::Relaxed)
    }
}

impl View for CountingView {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        self.rows.get(key)
    }

    fn scan(&self, range: &Range, order: Order, limit: usize) -> Result<Vec<Row>, Error> {
        let found = self.rows.scan(range, order, limit)?;
        self.reads.fetch_add(found.len().max(1), Ordering::Relaxed);
        Ok(found)
    }

    fn apply(&self, writes: Vec<Write>) -> Result<(), Error> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.rows.apply(writes)
    }

    fn flush(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A view that changes while it is read: after each row that a scan takes, up to so many times.
pub struct GrowingView<F> {
    rows: Arc<CountingView>,
    grow: Mutex<(usize, F)>,
}

impl<F: FnMut() + Send> GrowingView<F> {
    pub fn new(rows: Arc<CountingView>, times: usize, grow: F) -> Self {
        Self { rows, grow: Mutex::new((times, grow)) }
    }
}

impl<F: FnMut() + Send> View for GrowingView<F> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.rows.get(key)
    }

    fn scan(&self, range: &Range, order: Order, limit: usize) -> Result<Vec<Row>, Error> {
        let (mut range, mut found) = (range.clone(), Vec::new());
        while found.len() < limit
            && let Some((key, value)) = self.rows.scan(&range, order, 1)?.pop()
        {
            match order {
                Order::Ascending => range.start = [key.as_slice(), &[0]].concat(),
                Order::Descending => range.end.clone_from(&key),
            }
            found.push((key, value));
            let (times, grow) = &mut *self.grow.lock().unwrap();
            if *times > 0 {
                *times -= 1;
                grow();
            }
        }
        Ok(found)
    }

    fn apply(&self, writes: Vec<Write>) -> Result<(), Error> {
        self.rows.apply(writes)
    }

    fn flush(&self) -> Result<(), Error> {
        self.rows.flush()
    }
}

/// The records so far; the offset of a place is the number of its record.
#[derive(Default)]
struct Written(Mutex<Vec<Vec<u8>>>);

impl Written {
    fn append(&self, bytes: &[u8]) -> Place {
        let mut records = self.0.lock().unwrap();
        records.push(bytes.to_vec());
        Place { segment: 1, offset: records.len() as u64 - 1 }
    }
}

impl Records for Written {
    fn extract(&self, extract: &Extract) -> Result<Vec<u8>, Error> {
        Ok(self.0.lock().unwrap()[usize::try_from(extract.place.offset).unwrap()].clone())
    }
}

pub struct World {
    pub view: Arc<CountingView>,
    /// What was applied last, by execution: what the view is held against.
    pub summaries: BTreeMap<ExecutionId, Summary>,
    applier: Applier,
    log: Arc<Written>,
    seqs: BTreeMap<ExecutionId, u64>,
    waiting: Vec<Located>,
    position: u64,
}

impl World {
    pub fn new() -> Self {
        let view = Arc::new(CountingView::default());
        let log = Arc::new(Written::default());
        let applier = Applier::new(Arc::clone(&view) as Arc<dyn View>, Arc::clone(&log) as Arc<dyn Records>, Arc::default()).unwrap();
        Self { view, summaries: BTreeMap::new(), applier, log, seqs: BTreeMap::new(), waiting: Vec::new(), position: 0 }
    }

    pub fn log(&self) -> Arc<dyn Records> {
        Arc::clone(&self.log) as Arc<dyn Records>
    }

    pub fn event_count(&self, execution: ExecutionId) -> u64 {
        self.seqs[&execution]
    }

    /// A turn with this summary, and with these events or one that says nothing.
    pub fn turn(&mut self, execution: ExecutionId, summary: Option<&Summary>, events: Vec<Event>) {
        let events = if events.is_empty() { vec![event(0)] } else { events };
        let seq = self.seqs.entry(execution).or_default();
        let expected_seq = *seq;
        *seq += events.len() as u64;
        if let Some(summary) = summary {
            self.summaries.insert(execution, summary.clone());
        }
        self.record(Entry::Execution { tenant: tenant(), execution, expected_seq, at: TimeMs(1), events, summary: summary.cloned() });
    }

    pub fn set(&mut self, execution: ExecutionId, summary: &Summary) {
        self.turn(execution, Some(summary), Vec::new());
    }

    pub fn purge(&mut self, execution: ExecutionId) {
        self.seqs.remove(&execution);
        self.summaries.remove(&execution);
        self.record(Entry::Purge { tenant: tenant(), execution });
    }

    /// A damaged log has lost that it was purged.
    pub fn lose(&mut self, execution: ExecutionId) {
        self.seqs.remove(&execution);
    }

    fn record(&mut self, entry: Entry) {
        let (record, _) = entry.into_record();
        let bytes = crate::journal::encode(&record).unwrap();
        let place = self.log.append(&bytes);
        self.waiting.push(Located::new(record, bytes, place));
        if self.waiting.len() >= FRAME {
            self.apply();
        }
    }

    /// Everything so far is in the view, which is as its sums say.
    pub fn apply(&mut self) {
        self.position += 1;
        let records = std::mem::take(&mut self.waiting);
        self.applier.apply(&Frame::new(Position(self.position), records)).unwrap();
    }

    /// Compares the whole view with the sums that the applier kept: a row that was written without looking must not have been there.
    pub fn is_as_summed(&self) {
        scan::compare(self.view.as_ref(), &self.applier.mark().sums).unwrap();
    }

    /// How many rows `read` reads.
    pub fn reads<T>(&self, read: impl FnOnce(&dyn View) -> T) -> (T, usize) {
        let before = self.view.reads.load(Ordering::Relaxed);
        let result = read(self.view.as_ref());
        (result, self.view.reads.load(Ordering::Relaxed) - before)
    }
}
