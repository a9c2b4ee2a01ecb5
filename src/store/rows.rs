//! The one function that says what the view holds, but for the rows of journals (`journal_rows`): from a record and what was there before,
//! the rows that change. Pure, so that replaying the log gives the same view. Index rows change only when what they index changes.

use std::collections::{BTreeMap, BTreeSet};

use super::closings;
use super::counters::Addition;
use super::documents;
use super::error::Error;
use super::facets;
use super::keys;
use super::questions;
use super::stats;
use super::value::{Blob, Place};
use super::view::{Row, Write};
use crate::ids::{ExecutionId, Tenant};
use crate::journal::{Outline, Record, Turn};
use crate::machine::summary::Summary;

/// A record, its bytes, and where they stand.
#[derive(Clone, Debug)]
pub struct Located {
    /// Of a turn maybe only its gist (see [`crate::journal::gist`]).
    pub record: Record,
    pub outline: Outline,
    pub bytes: Vec<u8>,
    pub place: Place,
}

impl Located {
    pub fn new(record: Record, bytes: Vec<u8>, place: Place) -> Self {
        Self { outline: record.outline(), record, bytes, place }
    }
}

/// What the view held of the record's owner before.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// For turns that change it, or that need it to be counted.
    pub summary: Option<Summary>,
    /// For `Purged`: every key that belongs to the execution alone (journal, question homes, closed questions).
    pub owned: Vec<Vec<u8>>,
    /// For `Purged` and for what is known of purged executions: what that adds to the rows of counters.
    pub past: Vec<Addition>,
}

/// What a record does to the view. Values are not sealed yet.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    /// Rows that were not there.
    pub added: Vec<Row>,
    /// Rows that were there, and like this.
    pub gone: Vec<Row>,
    /// Rows of which that is not known.
    pub writes: Vec<Write>,
    /// To rows of counters.
    pub additions: Vec<Addition>,
}

/// The rows that `located` changes.
///
/// # Errors
/// When a summary cannot be written as JSON.
pub fn rows(located: &Located, before: &Before) -> Result<Changes, Error> {
    let mut changes = Changes::default();
    let writes = &mut changes.writes;
    match &located.record {
        Record::Execution(turn) => {
            turn_rows(turn, before, &mut changes)?;
            changes.additions = stats::additions(turn, before.summary.as_ref());
            if turn.summary.is_some() {
                changes.additions.extend(questions::additions(&turn.tenant, before.summary.as_ref(), turn.summary.as_ref()));
            }
        }
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
            writes.push((key, document.body.as_ref().map(|body| documents::row(document.version, body, &located.bytes, located.place))));
            changes.additions.clone_from(&before.past);
        }
        Record::Purged(purged) => {
            purge_rows(&purged.tenant, purged.execution, before, &mut changes);
            changes.additions = questions::additions(&purged.tenant, before.summary.as_ref(), None);
            changes.additions.extend_from_slice(&before.past);
        }
    }
    Ok(changes)
}

fn turn_rows(turn: &Turn, before: &Before, changes: &mut Changes) -> Result<(), Error> {
    let Changes { added, gone, writes, .. } = changes;
    if let Some(summary) = turn.summary.as_ref().or(before.summary.as_ref()) {
        // The flow of an execution never changes.
        writes.extend(closings::rows(turn, &summary.flow));
    }
    let Some(summary) = &turn.summary else { return Ok(()) };
    let json = serde_json::to_vec(summary).map_err(|error| Error::ViewDamaged(format!("a summary cannot be written: {error}")))?;
    writes.push((keys::summary(&turn.tenant, turn.execution), Some(json)));

    let old = before.summary.as_ref().map(|summary| index(&turn.tenant, turn.execution, summary)).unwrap_or_default();
    let new = index(&turn.tenant, turn.execution, summary);
    let asked: BTreeSet<_> = before.summary.iter().flat_map(questions::ids).collect();
    let opened = questions::ids(summary).filter(|question| !asked.contains(question));
    writes.extend(opened.map(|question| (keys::question_home(&turn.tenant, question), Some(turn.execution.0.as_bytes().to_vec()))));
    added.extend(new.iter().filter(|(key, _)| !old.contains_key(*key)).map(|(key, value)| (key.clone(), value.clone())));
    gone.extend(old.into_iter().filter(|(key, _)| !new.contains_key(key)));
    Ok(())
}

fn purge_rows(tenant: &Tenant, execution: ExecutionId, before: &Before, changes: &mut Changes) {
    let Changes { gone, writes, .. } = changes;
    writes.extend(before.owned.iter().map(|key| (key.clone(), None)));
    writes.push((keys::summary(tenant, execution), None));
    writes.push((keys::quarantine(tenant, execution), None));
    if let Some(summary) = &before.summary {
        gone.extend(index(tenant, execution, summary));
    }
}

/// The index rows of one summary.
fn index(tenant: &Tenant, execution: ExecutionId, summary: &Summary) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let (purpose, status) = (summary.purpose, summary.status);
    let mut keys = vec![keys::status(tenant, purpose, status, execution), keys::by_flow(tenant, purpose, &summary.flow, status, execution)];
    keys.extend(facets::of(summary).into_iter().map(|(facet, value)| keys::index(tenant, purpose, facet, &value, execution)));
    if summary.owed {
        keys.push(keys::owed(tenant, execution));
    }
    if let (Some(deadline), false) = (summary.deadline, status.is_final()) {
        keys.push(keys::due(deadline, tenant, execution));
    }
    keys.into_iter().map(|key| (key, Vec::new())).chain(questions::index(tenant, execution, summary)).collect()
}
