//! The one function that says what the view holds: from a record and what was there before, the rows that change. Pure, so that
//! replaying the log gives the same view. Index rows change only when what they index changes.

use super::error::Error;
use super::keys;
use super::value::{self, Blob, JournalRow, Place};
use super::view::Write;
use crate::ids::{ExecutionId, QuestionId, Tenant, TimeMs};
use crate::journal::{Record, Turn};
use crate::machine::summary::{Summary, WaitingFor};

/// A record, its bytes, and where they stand.
#[derive(Clone, Debug)]
pub struct Located {
    pub record: Record,
    pub bytes: Vec<u8>,
    pub place: Place,
}

/// What the view held of the record's owner before.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Of the last journal row; zeros when there is none.
    pub chain: [u8; 32],
    pub summary: Option<Summary>,
    /// For `Purged`: every key that belongs to the execution alone (journal and question homes).
    pub owned: Vec<Vec<u8>>,
}

/// The rows that `located` changes. Values are not sealed yet.
///
/// # Errors
/// When a summary cannot be written as JSON.
pub fn rows(located: &Located, before: &Before) -> Result<Vec<Write>, Error> {
    let mut writes = Vec::with_capacity(4);
    match &located.record {
        Record::Execution(turn) => turn_rows(turn, located, before, &mut writes)?,
        Record::Flow(flow) => {
            writes.push((keys::flow_name(&flow.tenant, &flow.name, flow.revision), Some(flow.digest.0.to_vec())));
            let mut body = Vec::new();
            Blob::of(&located.bytes, located.place).write(&mut body);
            writes.push((keys::flow_spec(&flow.tenant, &flow.digest), Some(body)));
        }
        Record::Consent(consent) => {
            let key = keys::consent(&consent.tenant, &consent.server, &consent.tool);
            writes.push((key, Some(consent.digest.0.to_vec())));
        }
        Record::Quarantine(quarantined) => {
            let key = keys::quarantine(&quarantined.tenant, quarantined.execution);
            writes.push((key, Some(quarantined.reason.clone().into_bytes())));
        }
        Record::Released(released) => writes.push((keys::quarantine(&released.tenant, released.execution), None)),
        Record::Document(document) => {
            let key = keys::document(&document.tenant, &document.collection, &document.key);
            let body = document.body.as_ref().map(|_| {
                let mut body = document.version.to_be_bytes().to_vec();
                Blob::of(&located.bytes, located.place).write(&mut body);
                body
            });
            writes.push((key, body));
        }
        Record::Purged(purged) => purge_rows(&purged.tenant, purged.execution, before, &mut writes),
    }
    Ok(writes)
}

fn turn_rows(turn: &Turn, located: &Located, before: &Before, writes: &mut Vec<Write>) -> Result<(), Error> {
    let row = JournalRow {
        next_seq: turn.next_seq(),
        chain: value::chain(&before.chain, &located.bytes),
        blob: Blob::of(&located.bytes, located.place),
    };
    writes.push((keys::journal(&turn.tenant, turn.execution, turn.first_seq), Some(row.write())));
    let Some(summary) = &turn.summary else { return Ok(()) };
    let json = serde_json::to_vec(summary).map_err(|error| Error::ViewDamaged(format!("a summary cannot be written: {error}")))?;
    writes.push((keys::summary(&turn.tenant, turn.execution), Some(json)));

    let old = before.summary.as_ref().map(|summary| index(&turn.tenant, turn.execution, summary)).unwrap_or_default();
    let new = index(&turn.tenant, turn.execution, summary);
    let gone = old.iter().filter(|(key, _)| !new.iter().any(|(kept, _)| kept == key));
    writes.extend(gone.map(|(key, _)| (key.clone(), None)));
    let added = new.iter().filter(|(key, _)| !old.iter().any(|(had, _)| had == key));
    writes.extend(added.map(|(key, value)| (key.clone(), Some(value.clone()))));
    let opened = questions(summary).filter(|(question, _)| !was_open(before, *question));
    writes.extend(opened.map(|(question, _)| (keys::question_home(&turn.tenant, question), Some(turn.execution.0.as_bytes().to_vec()))));
    Ok(())
}

/// Whether the question was open before.
fn was_open(before: &Before, question: QuestionId) -> bool {
    before.summary.as_ref().is_some_and(|summary| questions(summary).any(|(id, _)| id == question))
}

fn purge_rows(tenant: &Tenant, execution: ExecutionId, before: &Before, writes: &mut Vec<Write>) {
    writes.extend(before.owned.iter().map(|key| (key.clone(), None)));
    writes.push((keys::summary(tenant, execution), None));
    writes.push((keys::quarantine(tenant, execution), None));
    if let Some(summary) = &before.summary {
        writes.extend(index(tenant, execution, summary).into_iter().map(|(key, _)| (key, None)));
    }
}

/// The index rows of one summary.
fn index(tenant: &Tenant, execution: ExecutionId, summary: &Summary) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut rows =
        vec![(keys::status(tenant, summary.status, execution), Vec::new()), (keys::by_flow(tenant, &summary.flow, execution), Vec::new())];
    if summary.owed {
        rows.push((keys::owed(tenant, execution), Vec::new()));
    }
    if let (Some(deadline), false) = (summary.deadline, summary.status.is_final()) {
        rows.push((keys::due(deadline, tenant, execution), Vec::new()));
    }
    rows.extend(
        questions(summary).map(|(question, asked_at)| (keys::question(tenant, asked_at, question), execution.0.as_bytes().to_vec())),
    );
    rows
}

/// The open questions of a summary and when each was asked.
pub fn questions(summary: &Summary) -> impl Iterator<Item = (QuestionId, TimeMs)> {
    summary.waiting_for.iter().filter_map(|waiting| match waiting {
        WaitingFor::Question { id, asked_at, .. } => Some((*id, *asked_at)),
        WaitingFor::Event { .. } | WaitingFor::Timer { .. } | WaitingFor::Child { .. } => None,
    })
}

/// The question that this is about, if it is one.
pub fn question_id(waiting: &WaitingFor) -> Option<QuestionId> {
    match waiting {
        WaitingFor::Question { id, .. } => Some(*id),
        WaitingFor::Event { .. } | WaitingFor::Timer { .. } | WaitingFor::Child { .. } => None,
    }
}
