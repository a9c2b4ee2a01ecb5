//! Lists of executions, newest first, by index.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::keys;
use super::read;
use super::value;
use super::view::{Order, Range, View};
use crate::ids::{ExecutionId, Tenant, TimeMs};
use crate::machine::summary::{Status, Summary};

/// Index rows read from one range at a time.
const CHUNK_ROWS: usize = 64;
/// Executions named when a prefix fits several.
const FOUND_MAX: usize = 10;

/// Which executions to list; the default lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Empty: any.
    pub statuses: BTreeSet<Status>,
    pub flow: Option<String>,
    /// Started at or after.
    pub since: Option<TimeMs>,
    /// Started before.
    pub until: Option<TimeMs>,
}

impl Filter {
    fn holds(&self, summary: &Summary) -> bool {
        (self.statuses.is_empty() || self.statuses.contains(&summary.status))
            && self.flow.as_ref().is_none_or(|flow| *flow == summary.flow)
            && self.since.is_none_or(|since| summary.started_at >= since)
            && self.until.is_none_or(|until| summary.started_at < until)
    }

    /// The index ranges whose union holds every execution that fits.
    fn prefixes(&self, tenant: &Tenant) -> Vec<Vec<u8>> {
        let unfinished = !self.statuses.is_empty() && self.statuses.iter().all(|status| !status.is_final());
        match &self.flow {
            // Few executions are unfinished, many belong to one flow.
            Some(flow) if !unfinished => vec![keys::by_flow_prefix(tenant, flow)],
            _ if !self.statuses.is_empty() => self.statuses.iter().map(|status| keys::status_prefix(tenant, *status)).collect(),
            _ => vec![keys::summary_prefix(tenant)],
        }
    }
}

/// What a prefix of an id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    None,
    One(ExecutionId),
    /// Some of those that fit, newest first.
    Several(Vec<ExecutionId>),
}

/// One index range, read backwards.
struct Cursor {
    range: Range,
    ready: Vec<ExecutionId>,
}

impl Cursor {
    fn newest(&mut self, view: &dyn View) -> Result<Option<ExecutionId>, Error> {
        if self.ready.is_empty() {
            let rows = view.scan(&self.range, Order::Descending, CHUNK_ROWS)?;
            if let Some((key, _)) = rows.last() {
                self.range.end.clone_from(key);
            }
            for (key, sealed) in rows.iter().rev() {
                value::open(key, sealed)?;
                self.ready.extend(keys::execution_of(key));
            }
        }
        Ok(self.ready.last().copied())
    }
}

pub fn executions(
    view: &dyn View,
    tenant: &Tenant,
    filter: &Filter,
    before: Option<ExecutionId>,
    limit: usize,
) -> Result<Vec<(ExecutionId, Summary)>, Error> {
    let prefixes = filter.prefixes(tenant);
    let mut cursors: Vec<Cursor> = prefixes
        .into_iter()
        .map(|prefix| {
            let mut range = Range::prefix(prefix.clone());
            if let Some(before) = before {
                range.end = [prefix.as_slice(), before.0.as_bytes()].concat();
            }
            Cursor { range, ready: Vec::new() }
        })
        .collect();
    let mut found = Vec::new();
    while found.len() < limit {
        let mut newest: Option<ExecutionId> = None;
        for cursor in &mut cursors {
            newest = newest.max(cursor.newest(view)?);
        }
        let Some(execution) = newest else { break };
        for cursor in &mut cursors {
            if cursor.ready.last() == Some(&execution) {
                cursor.ready.pop();
            }
        }
        let summary = read::summary(view, tenant, execution)?
            .ok_or_else(|| Error::ViewDamaged(format!("execution {execution} is listed and has no summary")))?;
        if filter.holds(&summary) {
            found.push((execution, summary));
        }
    }
    Ok(found)
}

/// The execution whose id begins with `prefix` (hex digits, dashes ignored).
pub fn find(view: &dyn View, tenant: &Tenant, prefix: &str) -> Result<Found, Error> {
    let digits: String = prefix.chars().filter(|digit| *digit != '-').collect::<String>().to_ascii_lowercase();
    if digits.is_empty() || digits.len() > 32 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Ok(Found::None);
    }
    let edge = |fill: char| {
        let padded = format!("{digits}{}", fill.to_string().repeat(32 - digits.len()));
        u128::from_str_radix(&padded, 16).unwrap_or_default().to_be_bytes()
    };
    let summaries = keys::summary_prefix(tenant);
    let start = [summaries.as_slice(), &edge('0')].concat();
    let end = [summaries.as_slice(), &edge('f'), &[0]].concat();
    let rows = view.scan(&Range { start, end }, Order::Descending, FOUND_MAX)?;
    let found: Vec<ExecutionId> = rows.iter().filter_map(|(key, _)| keys::execution_of(key)).collect();
    Ok(match found.as_slice() {
        [] => Found::None,
        [one] => Found::One(*one),
        _ => Found::Several(found),
    })
}
