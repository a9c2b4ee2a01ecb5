//! Reading the view: rows back into what callers ask for. Plain functions over a view, so that the committer and the checks use the
//! same ones as the handle.

use serde::{Deserialize, Serialize};

use super::applier::Records;
use super::error::Error;
use super::heads::Head;
use super::journal_rows::{self, JournalRow};
use super::keys;
use super::value::{self, Extract};
use super::view::{Order, Range, Row, View};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::journal::{self, Record};
use crate::machine::event::Recorded;
use crate::machine::summary::Summary;

/// Rows read from the view at a time.
const CHUNK_ROWS: usize = 8;

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

/// The number that the next event of an execution gets; 0 when there is none.
pub fn next_seq(view: &dyn View, tenant: &Tenant, execution: ExecutionId) -> Result<u64, Error> {
    let last = journal_rows::before(view, tenant, execution, u64::MAX, 1)?.pop();
    Ok(last.map_or(0, |found| found.tail.row.next_seq()))
}

/// A turn of the row that was read; none when its record has left the log because another row, or none, stands there now.
fn standing(view: &dyn View, records: &dyn Records, (key, sealed): (&[u8], &[u8]), extract: &Extract) -> Result<Option<Vec<u8>>, Error> {
    match records.extract(extract) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(_) if view.get(key)?.is_none_or(|now| now != sealed) => Ok(None),
        Err(error) => Err(error),
    }
}

/// At most `limit` events from `from_seq` on, in order. Checks that none is missing, that each row continues the chain of the one before
/// and holds what it says, and that the journal reaches `head` and agrees with it.
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
    let mut found = journal_rows::before(view, tenant, execution, from_seq.saturating_add(1), 2)?.into_iter();
    let Some(journal_rows::Found { key: mut start, .. }) = found.next() else {
        let rest = view.scan(&whole, Order::Ascending, 1)?;
        return if rest.is_empty() && head.is_none() { Ok(Vec::new()) } else { Err(damaged("its first events are missing".to_owned())) };
    };
    let (mut chain, mut next_seq) = found.next().map_or(([0; 32], 0), |before| (before.tail.row.chain, before.tail.row.next_seq()));
    let (mut events, mut reading) = (Vec::new(), None);
    loop {
        let chunk = view.scan(&Range { start: start.clone(), end: whole.end.clone() }, Order::Ascending, CHUNK_ROWS)?;
        let (mut is_last, read_before) = (chunk.len() < CHUNK_ROWS, next_seq);
        for (key, sealed) in chunk {
            let row = JournalRow::open(&key, &sealed)?;
            let first_seq = keys::journal_seq(&key);
            if first_seq != Some(next_seq) && first_seq != reading {
                if next_seq > read_before {
                    // The journal goes on meanwhile: the row before holds more than when it was read.
                    is_last = false;
                    break;
                }
                return Err(damaged(format!("what follows event {} is missing", next_seq.saturating_sub(1))));
            }
            let read_already = next_seq;
            for turn in row.turns.iter().skip_while(|turn| turn.next_seq <= read_already) {
                let Some(bytes) = standing(view, records, (&key, &sealed), &turn.extract).map_err(|error| lost(error, execution))? else {
                    return self::events(view, records, None, tenant, execution, from_seq, limit);
                };
                chain = value::chain(&chain, &bytes);
                if head.is_some_and(|head| head.next_seq == turn.next_seq && head.chain.0 != chain) {
                    return Err(damaged(format!("event {next_seq} is not what was recorded")));
                }
                let first_seq = std::mem::replace(&mut next_seq, turn.next_seq);
                if next_seq > from_seq && events.len() < limit {
                    let turn = recorded(&bytes, first_seq)?.ok_or_else(|| damaged(format!("event {first_seq} is in no turn")))?;
                    events.extend(turn.filter(|recorded| recorded.seq >= from_seq).take(limit - events.len()));
                }
            }
            if chain != row.chain {
                return Err(damaged(format!("the events before event {next_seq} are not what was recorded")));
            }
            if events.len() >= limit {
                return Ok(events);
            }
            (start, reading) = (key, first_seq);
        }
        if is_last {
            return match head {
                Some(head) if next_seq < head.next_seq => {
                    Err(damaged(format!("it ends at {next_seq}, its last event is {}", head.next_seq.saturating_sub(1))))
                }
                _ => Ok(events),
            };
        }
    }
}

/// A record of the journal that the log does not hold any more is the journal's damage.
fn lost(error: Error, execution: ExecutionId) -> Error {
    match error {
        Error::Damaged { path, message } => Error::JournalDamaged { execution, message: format!("{}: {message}", path.display()) },
        error => error,
    }
}

/// The events of the turn in `bytes`; none when they hold something else.
fn recorded(bytes: &[u8], first_seq: u64) -> Result<Option<impl Iterator<Item = Recorded>>, Error> {
    let Record::Execution(turn) = journal::decode(bytes)? else { return Ok(None) };
    let at = turn.at;
    Ok(Some((first_seq..).zip(turn.events).map(move |(seq, event)| Recorded { seq, at, event })))
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
