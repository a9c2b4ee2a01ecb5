//! Reading the view: rows back into what callers ask for. Plain functions over a view, so that the committer and the checks use the
//! same ones as the handle.

use serde::{Deserialize, Serialize};

use super::applier::Records;
use super::error::Error;
use super::heads::Head;
use super::keys;
use super::value::{self, JournalRow};
use super::view::{Order, Range, Row, View};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::journal::{self, Record};
use crate::machine::event::Recorded;
use crate::machine::summary::Summary;

/// Rows read from the view at a time.
const CHUNK_ROWS: usize = 64;

/// One revision of a flow in the local catalog.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlowRow {
    pub name: String,
    pub revision: u32,
    pub digest: Digest,
}

/// The body under `key`, checked.
pub fn body(view: &dyn View, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    view.get(key)?.map(|sealed| value::open(key, &sealed).map(<[u8]>::to_vec)).transpose()
}

pub fn summary(view: &dyn View, tenant: &Tenant, execution: ExecutionId) -> Result<Option<Summary>, Error> {
    body(view, &keys::summary(tenant, execution))?.map(|body| summary_of(&body)).transpose()
}

pub fn summary_of(body: &[u8]) -> Result<Summary, Error> {
    serde_json::from_slice(body).map_err(|error| Error::ViewDamaged(format!("a summary cannot be read: {error}")))
}

/// The last journal row of an execution.
pub fn head(view: &dyn View, tenant: &Tenant, execution: ExecutionId) -> Result<Option<JournalRow>, Error> {
    let range = Range::prefix(keys::journal_prefix(tenant, execution));
    view.scan(&range, Order::Descending, 1)?.pop().map(|(key, sealed)| journal_row(&key, &sealed)).transpose()
}

/// The number that the next event of an execution gets; 0 when there is none.
pub fn next_seq(view: &dyn View, tenant: &Tenant, execution: ExecutionId) -> Result<u64, Error> {
    Ok(head(view, tenant, execution)?.map_or(0, |row| row.next_seq))
}

fn journal_row(key: &[u8], sealed: &[u8]) -> Result<JournalRow, Error> {
    JournalRow::read(value::open(key, sealed)?).ok_or_else(|| Error::ViewDamaged(format!("journal row {} has no shape", value::hex(key))))
}

/// At most `limit` events from `from_seq` on, in order. Checks that none is missing and that each row continues the chain of the one
/// before, and that the journal reaches `head` and agrees with it.
pub fn events(
    view: &dyn View,
    records: &dyn Records,
    head: Option<Head>,
    tenant: &Tenant,
    execution: ExecutionId,
    from_seq: u64,
    limit: usize,
) -> Result<Vec<Recorded>, Error> {
    let damaged = |message: String| Error::JournalDamaged { execution, message };
    let whole = Range::prefix(keys::journal_prefix(tenant, execution));
    // The row that holds `from_seq` may begin before it; the one in front of it says what it must follow.
    let before = Range { start: whole.start.clone(), end: keys::journal(tenant, execution, from_seq.saturating_add(1)) };
    let mut found = view.scan(&before, Order::Descending, 2)?.into_iter();
    let Some((mut start, _)) = found.next() else {
        let rest = view.scan(&whole, Order::Ascending, 1)?;
        return if rest.is_empty() && head.is_none() { Ok(Vec::new()) } else { Err(damaged("its first events are missing".to_owned())) };
    };
    let mut events = Vec::new();
    let mut previous = match found.next() {
        Some((key, sealed)) => journal_row(&key, &sealed).map(|row| (row.chain, row.next_seq))?,
        None => ([0; 32], 0),
    };
    loop {
        let chunk = view.scan(&Range { start, end: whole.end.clone() }, Order::Ascending, CHUNK_ROWS)?;
        let Some((last, _)) = chunk.last() else {
            return match head {
                Some(head) if previous.1 < head.next_seq => {
                    Err(damaged(format!("it ends at {}, its last event is {}", previous.1, head.next_seq.saturating_sub(1))))
                }
                _ => Ok(events),
            };
        };
        start = [last.as_slice(), &[0]].concat();
        for (key, sealed) in &chunk {
            let row = journal_row(key, sealed)?;
            let first_seq = keys::journal_seq(key).unwrap_or_default();
            let bytes = records.extract(&row.turn)?;
            let (chain, next_seq) = previous;
            if next_seq != first_seq || value::chain(&chain, &bytes) != row.chain {
                return Err(damaged(format!("event {first_seq} does not follow event {}", next_seq.saturating_sub(1))));
            }
            if head.is_some_and(|head| head.next_seq == row.next_seq && head.chain.0 != row.chain) {
                return Err(damaged(format!("event {first_seq} is not what was recorded")));
            }
            previous = (row.chain, row.next_seq);
            let Record::Execution(turn) = journal::decode(&bytes)? else {
                return Err(damaged(format!("row {first_seq} does not hold a turn")));
            };
            let at = turn.at;
            let numbered = (first_seq..).zip(turn.events).filter(|(seq, _)| *seq >= from_seq);
            events.extend(numbered.map(|(seq, event)| Recorded { seq, at, event }).take(limit - events.len()));
            if events.len() >= limit {
                return Ok(events);
            }
        }
    }
}

pub fn flows(view: &dyn View, tenant: &Tenant, prefix: Vec<u8>) -> Result<Vec<FlowRow>, Error> {
    let rows = view.scan(&Range::prefix(prefix), Order::Ascending, usize::MAX)?;
    rows.iter().map(|row| flow_row(tenant, row)).collect()
}

pub fn latest(view: &dyn View, tenant: &Tenant, name: &str) -> Result<Option<FlowRow>, Error> {
    let range = Range::prefix(keys::flow_name_prefix(tenant, name));
    view.scan(&range, Order::Descending, 1)?.first().map(|row| flow_row(tenant, row)).transpose()
}

fn flow_row(tenant: &Tenant, (key, sealed): &Row) -> Result<FlowRow, Error> {
    let digest: Option<[u8; 32]> = value::open(key, sealed)?.try_into().ok();
    match (keys::flow_name_parts(tenant, key), digest) {
        (Some((name, revision)), Some(digest)) => Ok(FlowRow { name, revision, digest: Digest(digest) }),
        _ => Err(Error::ViewDamaged(format!("flow row {} has no shape", value::hex(key)))),
    }
}

/// The execution that asked `question`, open or not.
pub fn question_home(view: &dyn View, tenant: &Tenant, question: QuestionId) -> Result<Option<ExecutionId>, Error> {
    let key = keys::question_home(tenant, question);
    let Some(body) = body(view, &key)? else { return Ok(None) };
    let execution = keys::execution_of(&body).ok_or_else(|| Error::ViewDamaged(format!("row {} has no shape", value::hex(&key))))?;
    Ok(Some(execution))
}

/// `due` rows up to `now`, nearest first.
pub fn due(view: &dyn View, now: TimeMs, limit: usize) -> Result<Vec<(TimeMs, Tenant, ExecutionId)>, Error> {
    let range = Range { start: keys::due_prefix(), end: keys::due_after(now) };
    let rows = view.scan(&range, Order::Ascending, limit)?;
    rows.iter()
        .map(|(key, sealed)| {
            value::open(key, sealed)?;
            keys::due_parts(key).ok_or_else(|| Error::ViewDamaged(format!("due row {} has no shape", value::hex(key))))
        })
        .collect()
}
