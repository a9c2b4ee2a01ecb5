//! What executions that are purged by now had added to the statistics. Statistics are computed from the log, and a compaction takes those
//! executions out of it: before it does, their sums are written down, as documents, one for each flow. Whoever reads the log from its
//! beginning adds what the sums have more than the purged executions that it still met.

use std::collections::BTreeMap;

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
pub fn settled(document: &Document, had: impl Fn(&[u8]) -> Result<Counters, Error>) -> Result<Vec<Addition>, Error> {
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

/// The documents that are not up to date. Nothing may be committed between what the view shows and them.
pub fn due(view: &dyn View, records: &dyn Records) -> Result<Vec<Entry>, Error> {
    let mut flows: BTreeMap<(Tenant, String), Vec<Past>> = BTreeMap::new();
    let mut range = Range::prefix(keys::past_prefix());
    loop {
        let rows = view.scan(&range, Order::Ascending, CHUNK_ROWS)?;
        let Some((last, _)) = rows.last() else { break };
        range.start = [last.as_slice(), &[0]].concat();
        for (key, sealed) in &rows {
            let damaged = || Error::ViewDamaged(format!("row of past statistics {} has no shape", value::hex(key)));
            let (tenant, of) = keys::past_parts(key).ok_or_else(damaged)?;
            let sums = Stats::from_counters(&Counters::read(key, value::open(key, sealed)?)?);
            flows.entry((tenant, of.flow.clone())).or_default().push(Past { of, sums });
        }
    }
    let mut entries = Vec::new();
    for ((tenant, flow), lines) in flows {
        let unwritable = |error| Error::ViewDamaged(format!("past statistics of {flow} cannot be written: {error}"));
        let body = serde_json::to_string(&lines).map_err(unwritable)?;
        let key = name(&flow);
        let written = documents::get(view, records, &keys::document(&tenant, COLLECTION, &key), &key)?;
        if written.as_ref().is_none_or(|written| written.body != body) {
            let expected = written.map_or(0, |written| written.version);
            entries.push(Entry::Document { tenant, collection: COLLECTION.to_owned(), key, expected, body: Some(body) });
        }
    }
    Ok(entries)
}

/// The name of a flow's document: as long as any other, however long the flow's is.
fn name(flow: &str) -> String {
    Digest(Sha256::digest(flow).into()).to_string()
}
