//! Feeds the view in commit order, behind the committer. The only writer of the view. Notes with every batch, in the same atomic
//! write, how far it is and the sums of all rows, so that the view always says exactly which prefix of the log it shows.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::entry::Position;
use super::error::Error;
use super::keys::{self, RowKind};
use super::rows::{self, Before, Located};
use super::sums::Sums;
use super::value::{self, Blob, JournalRow};
use super::view::{Order, Range, View, Write};
use crate::ids::{ExecutionId, Tenant};
use crate::journal::{self, Record};
use crate::machine::summary::Summary;

/// Journal rows read at a time while an execution is purged.
const PURGE_ROWS: usize = 256;
/// Chains kept at most; 72 bytes each and a tenant's name.
const CHAINS_KEPT: usize = 50_000;

/// What the applier notes in the view.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub position: Position,
    pub sums: Sums,
}

/// The records of one log frame.
#[derive(Debug)]
pub struct Frame {
    pub position: Position,
    pub records: Vec<Located>,
}

/// Reads bytes of records that are too large for the view.
pub trait Records: Send + Sync {
    /// # Errors
    /// When the log does not hold these bytes there any more.
    fn read(&self, blob: &Blob) -> Result<Vec<u8>, Error>;
}

/// Applies frames one after the other.
pub struct Applier {
    view: Arc<dyn View>,
    records: Arc<dyn Records>,
    mark: Mark,
    /// Chains of executions that moved lately: saves a read per turn, and holds those of the frame that is being applied.
    chains: HashMap<(Tenant, ExecutionId), [u8; 32]>,
}

impl Applier {
    /// Goes on where the view says it is.
    pub fn new(view: Arc<dyn View>, records: Arc<dyn Records>) -> Result<Self, Error> {
        let mark = match view.get(keys::PROGRESS)? {
            Some(sealed) => serde_json::from_slice(value::open(keys::PROGRESS, &sealed)?)
                .map_err(|error| Error::ViewDamaged(format!("its progress cannot be read: {error}")))?,
            None => Mark::default(),
        };
        Ok(Self { view, records, mark, chains: HashMap::new() })
    }

    pub fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Applies the records of `frame` in one atomic write.
    pub fn apply(&mut self, frame: &Frame) -> Result<(), Error> {
        if self.chains.len() > CHAINS_KEPT {
            self.chains.clear();
        }
        let mut overlay =
            Overlay { view: self.view.as_ref(), records: self.records.as_ref(), chains: &mut self.chains, changed: HashMap::new() };
        let mut sums = self.mark.sums.clone();
        for located in &frame.records {
            let before = overlay.before(&located.record)?;
            overlay.remember_chain(located, &before);
            for (key, value) in rows::rows(located, &before)? {
                let sealed = value.map(|body| value::seal(&key, body));
                let old = overlay.old(&key, sealed.is_some())?;
                sums.change(&key, old.as_deref(), sealed.as_deref());
                overlay.changed.insert(key, sealed);
            }
        }
        let mut writes: Vec<Write> = overlay.changed.into_iter().collect();
        let mark = Mark { position: frame.position, sums };
        let body = serde_json::to_vec(&mark).map_err(|error| Error::ViewDamaged(format!("its progress cannot be written: {error}")))?;
        writes.push((keys::PROGRESS.to_vec(), Some(value::seal(keys::PROGRESS, body))));
        self.view.apply(writes)?;
        self.mark = mark;
        Ok(())
    }
}

/// The view with the changes of the frame that is being applied.
struct Overlay<'a> {
    view: &'a dyn View,
    records: &'a dyn Records,
    chains: &'a mut HashMap<(Tenant, ExecutionId), [u8; 32]>,
    changed: HashMap<Vec<u8>, Option<Vec<u8>>>,
}

impl Overlay<'_> {
    fn sealed(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.changed.get(key) {
            Some(value) => Ok(value.clone()),
            None => self.view.get(key),
        }
    }

    /// The value that a write replaces. Journal rows are only ever added, so the most common write costs no read.
    fn old(&self, key: &[u8], adds: bool) -> Result<Option<Vec<u8>>, Error> {
        if adds && RowKind::of(key) == Some(RowKind::Journal) { Ok(None) } else { self.sealed(key) }
    }

    fn remember_chain(&mut self, located: &Located, before: &Before) {
        match &located.record {
            Record::Execution(turn) => {
                let chain = value::chain(&before.chain, &located.bytes);
                self.chains.insert((turn.tenant.clone(), turn.execution), chain);
            }
            Record::Purged(purged) => {
                self.chains.remove(&(purged.tenant.clone(), purged.execution));
            }
            Record::Flow(_) | Record::Consent(_) | Record::Quarantine(_) | Record::Released(_) => {}
        }
    }

    fn body(&self, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.sealed(key)?.map(|sealed| value::open(key, &sealed).map(<[u8]>::to_vec)).transpose()
    }

    fn before(&self, record: &Record) -> Result<Before, Error> {
        match record {
            Record::Execution(turn) if turn.first_seq == 0 => Ok(Before::default()),
            Record::Execution(turn) => Ok(Before {
                chain: self.last_chain(&turn.tenant, turn.execution, turn.first_seq)?,
                summary: match turn.summary {
                    Some(_) => self.summary(&turn.tenant, turn.execution)?,
                    None => None,
                },
                owned: Vec::new(),
            }),
            Record::Purged(purged) => Ok(Before {
                chain: [0; 32],
                summary: self.summary(&purged.tenant, purged.execution)?,
                owned: self.owned(&purged.tenant, purged.execution)?,
            }),
            Record::Flow(_) | Record::Consent(_) | Record::Quarantine(_) | Record::Released(_) => Ok(Before::default()),
        }
    }

    fn summary(&self, tenant: &Tenant, execution: ExecutionId) -> Result<Option<Summary>, Error> {
        let Some(body) = self.body(&keys::summary(tenant, execution))? else { return Ok(None) };
        let summary = serde_json::from_slice(&body).map_err(|error| Error::ViewDamaged(format!("a summary cannot be read: {error}")))?;
        Ok(Some(summary))
    }

    /// The chain of the row before `first_seq`. Rows of this frame are in the cache.
    fn last_chain(&self, tenant: &Tenant, execution: ExecutionId, first_seq: u64) -> Result<[u8; 32], Error> {
        if let Some(chain) = self.chains.get(&(tenant.clone(), execution)) {
            return Ok(*chain);
        }
        let range = Range { start: keys::journal(tenant, execution, 0), end: keys::journal(tenant, execution, first_seq) };
        let Some((key, sealed)) = self.view.scan(&range, Order::Descending, 1)?.pop() else { return Ok([0; 32]) };
        let row = JournalRow::read(value::open(&key, &sealed)?);
        row.map(|row| row.chain).ok_or_else(|| Error::ViewDamaged(format!("journal row {} has no shape", value::hex(&key))))
    }

    /// Every key that belongs to the execution alone.
    fn owned(&self, tenant: &Tenant, execution: ExecutionId) -> Result<Vec<Vec<u8>>, Error> {
        let whole = Range::prefix(keys::journal_prefix(tenant, execution));
        let mut rows: HashMap<Vec<u8>, Vec<u8>> = HashMap::new();
        let mut range = whole.clone();
        loop {
            let chunk = self.view.scan(&range, Order::Ascending, PURGE_ROWS)?;
            let Some((last, _)) = chunk.last() else { break };
            range.start = [last.as_slice(), &[0]].concat();
            rows.extend(chunk);
        }
        for (key, value) in &self.changed {
            if *key >= whole.start && *key < whole.end {
                match value {
                    Some(value) => rows.insert(key.clone(), value.clone()),
                    None => rows.remove(key),
                };
            }
        }
        let mut owned = Vec::new();
        for (key, sealed) in rows {
            if let Some(row) = JournalRow::read(value::open(&key, &sealed)?) {
                let record = journal::decode(&self.records.read(&row.blob)?)?;
                if let Record::Execution(turn) = record
                    && let Some(summary) = turn.summary
                {
                    owned.extend(rows::questions(&summary).map(|(question, _)| keys::question_home(tenant, question)));
                }
            }
            owned.push(key);
        }
        owned.sort();
        owned.dedup();
        debug_assert!(owned.iter().all(|key| matches!(RowKind::of(key), Some(RowKind::Journal | RowKind::QuestionHome))));
        Ok(owned)
    }
}
