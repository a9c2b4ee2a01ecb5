//! Where the journal of each unfinished execution ends, kept beside the view: a journal whose last rows the view lost would look
//! whole otherwise. About 100 bytes each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::rows::Located;
use super::value;
use crate::ids::{Digest, ExecutionId, Tenant};
use crate::journal::Record;

/// The end of one journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub next_seq: u64,
    /// Over every record of the execution.
    pub chain: Digest,
}

/// One line of the checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadRow {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    #[serde(flatten)]
    pub head: Head,
}

type Key = (Tenant, ExecutionId);

/// Shared by the applier, which moves them, and readers, which compare.
#[derive(Default)]
pub struct Heads {
    heads: Mutex<HashMap<Key, Head>>,
}

/// What one frame does to the heads.
pub type Changes = HashMap<Key, Change>;

/// What became of one journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    Moved(Head),
    /// Finished: remembered no longer, but another turn of this frame may still follow.
    Ended(Head),
    Purged,
}

impl Heads {
    pub fn new(rows: Vec<HeadRow>) -> Self {
        Self { heads: Mutex::new(rows.into_iter().map(|row| ((row.tenant, row.execution), row.head)).collect()) }
    }

    pub fn count(&self) -> u64 {
        self.lock().len() as u64
    }

    pub fn get(&self, tenant: &Tenant, execution: ExecutionId) -> Option<Head> {
        self.lock().get(&(tenant.clone(), execution)).copied()
    }

    pub fn change(&self, changes: Changes) {
        let mut heads = self.lock();
        for (key, change) in changes {
            match change {
                Change::Moved(head) => heads.insert(key, head),
                Change::Ended(_) | Change::Purged => heads.remove(&key),
            };
        }
    }

    pub fn rows(&self) -> Vec<HeadRow> {
        let heads = self.lock();
        let mut rows: Vec<HeadRow> = heads
            .iter()
            .map(|((tenant, execution), head)| HeadRow { tenant: tenant.clone(), execution: *execution, head: *head })
            .collect();
        rows.sort_by(|left, right| (&left.tenant, left.execution).cmp(&(&right.tenant, right.execution)));
        rows
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What `located`, which follows a record with this `chain`, does to the heads.
pub fn change(located: &Located, chain: &[u8; 32], changes: &mut Changes) {
    match &located.record {
        Record::Execution(turn) => {
            let head = Head { next_seq: turn.next_seq(), chain: Digest(value::chain(chain, &located.bytes)) };
            let ended = turn.summary.as_ref().is_some_and(|summary| summary.status.is_final());
            let change = if ended { Change::Ended(head) } else { Change::Moved(head) };
            changes.insert((turn.tenant.clone(), turn.execution), change);
        }
        Record::Purged(purged) => {
            changes.insert((purged.tenant.clone(), purged.execution), Change::Purged);
        }
        Record::Flow(_) | Record::Consent(_) | Record::Quarantine(_) | Record::Released(_) | Record::Document(_) => {}
    }
}
