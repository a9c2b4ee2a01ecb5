//! What executions that are purged by now had added to the statistics. Statistics are computed from the log, and a compaction takes those
//! executions out of it: before it does, their sums are written down, as documents, one for each flow. Whoever reads the log from its
//! beginning adds what the sums have more than the purged executions that it still met.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::applier::Records;
use super::counters::{Addition, Counters};
use super::documents;
use super::entry::Entry;
use super::error::Error;
use super::keys;
use super::stats::{Stats, StatsKey};
use super::value;
use super::view::{Order, Range, View};
use crate::ids::{Digest, Tenant};
use crate::journal::Document;
use crate::machine::input::Purpose;

/// Where the documents are.
pub const COLLECTION: &str = "past_statistics";
/// Rows read from the view at a time.
const CHUNK_ROWS: usize = 256;

/// A line of a document.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Past {
    of: StatsKey,
    /// Of all executions purged so far.
    sums: Stats,
}

/// What a purge adds: all that the turns of the execution had added to the statistics.
pub fn of_purged(additions: Vec<Addition>) -> Vec<Addition> {
    additions.into_iter().map(|Addition { key, by }| Addition { key: keys::past(&key), by }).collect()
}

/// What a document adds to the statistics, and to what is known of purged executions; `had` reads the latter.
pub fn settled(document: &Document, mut had: impl FnMut(&[u8]) -> Result<Counters, Error>) -> Result<Vec<Addition>, Error> {
    let Some(body) = &document.body else { return Ok(Vec::new()) };
    let lines: Vec<Past> = serde_json::from_str(body)
        .map_err(|error| Error::ViewDamaged(format!("past statistics {} cannot be read: {error}", document.key)))?;
    let mut additions = Vec::new();
    for line in lines {
        let key = keys::stats(&document.tenant, &line.of);
        let past = keys::past(&key);
        let by = line.sums.counters().minus(&had(&past)?);
        if !by.is_nothing() {
            additions.push(Addition { key, by: by.clone() });
            additions.push(Addition { key: past, by });
        }
    }
    Ok(additions)
}

/// Flows whose document is not up to date, as far as that is known: those that were purged from since the process began, and what a look at all
/// of them found before.
#[derive(Default)]
pub struct Stale {
    flows: Mutex<BTreeSet<(Tenant, String)>>,
    is_known: AtomicBool,
}

impl Stale {
    pub fn add(&self, flows: impl IntoIterator<Item = (Tenant, String)>) {
        self.lock().extend(flows);
    }

    pub fn take(&self) -> BTreeSet<(Tenant, String)> {
        std::mem::take(&mut *self.lock())
    }

    /// Whether all of them were looked at once.
    pub fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Acquire)
    }

    pub fn set_known(&self) {
        self.is_known.store(true, Ordering::Release);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(Tenant, String)>> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The flow to which this row of a purge's additions belongs.
pub fn flow_of(addition: &Addition) -> Option<(Tenant, String)> {
    keys::past_parts(&addition.key).map(|(tenant, of)| (tenant, of.flow))
}

/// Every flow whose document is not up to date: reads them all.
pub fn stale(view: &dyn View, records: &dyn Records) -> Result<Vec<(Tenant, String)>, Error> {
    let mut flows = Vec::new();
    let mut start = keys::past_prefix();
    let end = keys::prefix_end(&start);
    while let Some((key, _)) = view.scan(&Range { start: start.clone(), end: end.clone() }, Order::Ascending, 1)?.pop() {
        let (tenant, of) = keys::past_parts(&key).ok_or_else(|| damaged(&key))?;
        start = keys::prefix_end(&keys::past_flow_prefix(&tenant, of.purpose, &of.flow));
        if due(view, records, &tenant, &of.flow)?.is_some() {
            flows.push((tenant, of.flow));
        }
    }
    Ok(flows)
}

/// The document of a flow, if it is not up to date. No purge may come between what the view shows and what is committed.
pub fn due(view: &dyn View, records: &dyn Records, tenant: &Tenant, flow: &str) -> Result<Option<Entry>, Error> {
    let mut lines = Vec::new();
    for purpose in Purpose::ALL {
        let mut range = Range::prefix(keys::past_flow_prefix(tenant, purpose, flow));
        loop {
            let rows = view.scan(&range, Order::Ascending, CHUNK_ROWS)?;
            let Some((last, _)) = rows.last() else { break };
            range.start = [last.as_slice(), &[0]].concat();
            for (key, sealed) in &rows {
                let (_, of) = keys::past_parts(key).ok_or_else(|| damaged(key))?;
                lines.push(Past { of, sums: Stats::from_counters(&Counters::read(key, value::open(key, sealed)?)?) });
            }
        }
    }
    let unwritable = |error| Error::ViewDamaged(format!("past statistics of {flow} cannot be written: {error}"));
    let body = serde_json::to_string(&lines).map_err(unwritable)?;
    let key = name(flow);
    let written = documents::get(view, records, &keys::document(tenant, COLLECTION, &key), &key)?;
    if written.as_ref().is_some_and(|written| written.body == body) {
        return Ok(None);
    }
    let (expected, tenant, collection) = (written.map_or(0, |written| written.version), tenant.clone(), COLLECTION.to_owned());
    Ok(Some(Entry::Document { tenant, collection, key, expected, body: Some(body) }))
}

fn damaged(key: &[u8]) -> Error {
    Error::ViewDamaged(format!("row of past statistics {} has no shape", value::hex(key)))
}

/// The name of a flow's document: as long as any other, however long the flow's is.
fn name(flow: &str) -> String {
    Digest(Sha256::digest(flow).into()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it stands in logs: fields may be added, and those that lack them are read.
    #[test]
    fn lines_of_older_programs_are_read() {
        let text = r#"[{"of":{"purpose":"production","flow":"refund","month":"2026-03","revision":7,"environment":"staging"},"sums":{
            "started":3,"unfinished":0,"completed":2,"failed":1,"timed_out":0,"cancelled":0,"rejected":0,"cost":40,"input_cost":10,"output_cost":30,
            "input_tokens":5,"output_tokens":6,"duration_ms_sum":70,"duration_classes":[1,0,2],"approvals":1}}]"#;
        let lines: Vec<Past> = serde_json::from_str(text).unwrap();
        assert_eq!((lines[0].of.revision, lines[0].sums.completed, lines[0].sums.rejections), (7, 2, 0));
        let document = Document {
            tenant: Tenant::default(),
            collection: COLLECTION.to_owned(),
            key: name("refund"),
            version: 1,
            body: Some(text.to_owned()),
        };
        let additions = settled(&document, |_| Ok(Counters::default())).unwrap();
        let row = keys::stats(&Tenant::default(), &lines[0].of);
        assert_eq!(additions.iter().map(|addition| addition.key.clone()).collect::<Vec<_>>(), [row.clone(), keys::past(&row)]);
        assert_eq!(flow_of(&additions[1]), Some((Tenant::default(), "refund".to_owned())));
        assert_eq!(Stats::from_counters(&additions[0].by).started, 3);
        assert_eq!(settled(&document, |_| Ok(additions[1].by.clone())).unwrap(), [], "it is there already");
    }
}
