//! Where the journal of each unfinished execution ends, kept beside the view: a journal whose last rows the view lost would look
//! whole otherwise. About 100 bytes each.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::journal_rows::Chain;
use crate::ids::{Digest, ExecutionId, Tenant};
use crate::journal::{Kind, Outline};

/// The end of one journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub next_seq: u64,
    /// Over every record of the execution.
    pub chain: Digest,
}

/// One line of the checkpoint. Flat in the code as in the file: there may be many, and an opening waits for them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeadRow {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    pub next_seq: u64,
    pub chain: Digest,
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
        let split = |row: HeadRow| ((row.tenant, row.execution), Head { next_seq: row.next_seq, chain: row.chain });
        Self { heads: Mutex::new(rows.into_iter().map(split).collect()) }
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
            .map(|((tenant, execution), head)| {
                let Head { next_seq, chain } = *head;
                HeadRow { tenant: tenant.clone(), execution: *execution, next_seq, chain }
            })
            .collect();
        rows.sort_by(|left, right| (&left.tenant, left.execution).cmp(&(&right.tenant, right.execution)));
        rows
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Head>> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a record with this outline does to the heads; `chain` is over it and all before it.
pub fn change(outline: Outline, chain: Chain, changes: &mut Changes) {
    let Outline { kind, tenant, execution: Some(execution), extent } = outline else { return };
    if let Some(extent) = extent {
        let head = Head { next_seq: extent.next_seq, chain: Digest(chain) };
        changes.insert((tenant, execution), if extent.ends { Change::Ended(head) } else { Change::Moved(head) });
    } else if kind == Kind::Purged {
        changes.insert((tenant, execution), Change::Purged);
    }
}
