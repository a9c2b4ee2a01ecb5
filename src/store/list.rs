//! Lists of executions, newest first, by index: every condition that has an index is a group of lists in the order of the ids, and what is in
//! one list of every group is found by leaping from list to list. An execution whose status changes while a page is read may be missing from a
//! list of several statuses, as from two lists of one status each.

use uuid::Uuid;

use super::error::Error;
use super::filter::Filter;
use super::keys;
use super::read;
use super::value;
use super::view::{Order, Range, View};
use crate::ids::{ExecutionId, Tenant};
use crate::machine::summary::Summary;

/// Rows that one page may read from the view. What no index holds (durations, whose child) is looked up in summaries, and a page of which too
/// few fit ends early instead of reading on for ever: about a tenth of a second.
pub const READS_MAX: usize = 20_000;
/// A long page may read more: about what its rows cost when everything fits.
const READS_PER_ROW: usize = 8;
/// How many times as much is read for the ids of a list that has no pages of its own: about a second.
const ROUNDS_MAX: usize = 10;
/// Rows read from one list after a leap: the next leap is likely to go past them.
const CHUNK_ROWS_MIN: usize = 4;
/// Rows read from one list at a time while it is read in order.
const CHUNK_ROWS_MAX: usize = 128;
/// Executions named when a prefix fits several.
const FOUND_MAX: usize = 10;

/// Some of what a filter holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Page {
    /// Newest first. May be fewer than asked for, even none, where `next` is set.
    pub rows: Vec<(ExecutionId, Summary)>,
    /// The rest is older than this one; none when there is no rest.
    pub next: Option<ExecutionId>,
}

/// The newest ids that a filter holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ids {
    pub found: Vec<ExecutionId>,
    /// There may be more: finding them would have taken too long.
    pub is_cut: bool,
}

/// What a prefix of an id stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    None,
    One(ExecutionId),
    /// Some of those that fit, newest first.
    Several(Vec<ExecutionId>),
}

/// What a page may still read.
struct Reader<'a> {
    view: &'a dyn View,
    reads: usize,
    reads_max: usize,
}

impl Reader<'_> {
    fn is_spent(&self) -> bool {
        self.reads >= self.reads_max
    }

    fn summary(&mut self, tenant: &Tenant, execution: ExecutionId) -> Result<Option<Summary>, Error> {
        self.reads += 1;
        read::summary(self.view, tenant, execution)
    }
}

/// One list, read backwards.
struct Cursor {
    prefix: Vec<u8>,
    /// The oldest id that is looked for.
    first: u128,
    /// Ids that were read, the next one last.
    ready: Vec<u128>,
    /// Everything at or above this id was read.
    read_to: u128,
    chunk_rows: usize,
}

impl Cursor {
    fn new(prefix: Vec<u8>, first: u128, end: u128) -> Self {
        Self { prefix, first, ready: Vec::new(), read_to: end, chunk_rows: CHUNK_ROWS_MIN }
    }

    /// The newest id of the list below `end`.
    fn newest(&mut self, reader: &mut Reader<'_>, end: u128) -> Result<Option<u128>, Error> {
        while self.ready.last().is_some_and(|id| *id >= end) {
            self.ready.pop();
        }
        if self.ready.is_empty() && self.read_to > self.first {
            let in_order = self.read_to <= end;
            self.chunk_rows = if in_order { (2 * self.chunk_rows).min(CHUNK_ROWS_MAX) } else { CHUNK_ROWS_MIN };
            self.read(reader, end.min(self.read_to))?;
        }
        Ok(self.ready.last().copied())
    }

    fn read(&mut self, reader: &mut Reader<'_>, end: u128) -> Result<(), Error> {
        let key = |id: u128| [self.prefix.as_slice(), &id.to_be_bytes()].concat();
        let range = Range { start: key(self.first), end: key(end) };
        let rows = reader.view.scan(&range, Order::Descending, self.chunk_rows)?;
        reader.reads += rows.len().max(1);
        self.read_to = self.first;
        for (key, sealed) in rows.iter().rev() {
            value::open(key, sealed)?;
            self.ready.extend(keys::execution_of(key).map(|execution| execution.0.as_u128()));
        }
        if let (Some(oldest), true) = (self.ready.first(), rows.len() == self.chunk_rows) {
            self.read_to = *oldest;
        }
        Ok(())
    }
}

/// The lists of one condition: what is in any of them fits it.
struct Group(Vec<Cursor>);

impl Group {
    fn newest(&mut self, reader: &mut Reader<'_>, end: u128) -> Result<Option<u128>, Error> {
        let mut newest = None;
        for cursor in &mut self.0 {
            newest = newest.max(cursor.newest(reader, end)?);
        }
        Ok(newest)
    }
}

/// Where a search for the next candidate stopped.
enum Step {
    /// This one is in every group.
    Candidate(u128),
    /// Too much was read; nothing at or above this id is left.
    Spent(u128),
    End,
}

/// The newest id below `end` that every group has.
fn step(groups: &mut [Group], reader: &mut Reader<'_>, mut end: u128) -> Result<Step, Error> {
    loop {
        // Here only, so that every page gets further than the one before.
        if reader.is_spent() {
            return Ok(Step::Spent(end));
        }
        let (mut candidate, mut agreed) = (None, true);
        for group in groups.iter_mut() {
            let Some(newest) = group.newest(reader, end)? else { return Ok(Step::End) };
            agreed &= candidate.is_none_or(|candidate| candidate == newest);
            candidate = Some(newest);
            // The next group may have this one as well, or else something older.
            end = newest.saturating_add(1);
        }
        match candidate {
            Some(candidate) if agreed => return Ok(Step::Candidate(candidate)),
            Some(_) => {}
            None => return Ok(Step::End),
        }
    }
}

pub fn executions(view: &dyn View, tenant: &Tenant, filter: &Filter, before: Option<ExecutionId>, limit: usize) -> Result<Page, Error> {
    let (first, mut end) = filter.ids();
    end = before.map_or(end, |before| end.min(before.0.as_u128()));
    let cursors = |prefixes: Vec<Vec<u8>>| Group(prefixes.into_iter().map(|prefix| Cursor::new(prefix, first, end)).collect());
    let mut groups: Vec<Group> = filter.lists(tenant).into_iter().map(cursors).collect();
    let mut reader = Reader { view, reads: 0, reads_max: READS_MAX.max(limit.saturating_mul(READS_PER_ROW)) };
    let mut rows = Vec::new();
    let next = loop {
        match step(&mut groups, &mut reader, end)? {
            Step::End => break None,
            Step::Spent(at) => break Some(at),
            Step::Candidate(_) if rows.len() >= limit => break Some(end),
            Step::Candidate(candidate) => {
                end = candidate;
                let execution = ExecutionId(Uuid::from_u128(candidate));
                // None: it was purged between the two reads.
                let summary = reader.summary(tenant, execution)?;
                rows.extend(summary.filter(|summary| filter.holds(summary)).map(|summary| (execution, summary)));
            }
        }
    };
    Ok(Page { rows, next: next.map(|id| ExecutionId(Uuid::from_u128(id))) })
}

/// The newest of what a filter holds, at most `count_max` ids, by the index alone: no summary is read, so a filter on what no index has (durations,
/// whose child) gives too many.
pub fn ids(view: &dyn View, tenant: &Tenant, filter: &Filter, count_max: usize) -> Result<Ids, Error> {
    let reads_max = READS_MAX.max(count_max.saturating_mul(READS_PER_ROW));
    ids_within(view, tenant, filter, count_max, (reads_max, ROUNDS_MAX))
}

/// As `ids`, with so many reads in each of so many rounds.
pub(super) fn ids_within(
    view: &dyn View,
    tenant: &Tenant,
    filter: &Filter,
    count_max: usize,
    (reads_max, rounds_max): (usize, usize),
) -> Result<Ids, Error> {
    let (first, mut end) = filter.ids();
    let cursors = |prefixes: Vec<Vec<u8>>| Group(prefixes.into_iter().map(|prefix| Cursor::new(prefix, first, end)).collect());
    let mut groups: Vec<Group> = filter.lists(tenant).into_iter().map(cursors).collect();
    let mut reader = Reader { view, reads: 0, reads_max };
    let (mut found, mut rounds) = (Vec::new(), 1);
    while found.len() < count_max {
        match step(&mut groups, &mut reader, end)? {
            Step::End => break,
            Step::Spent(_) if rounds >= rounds_max => return Ok(Ids { found, is_cut: true }),
            Step::Spent(at) => (end, reader.reads, rounds) = (at, 0, rounds + 1),
            Step::Candidate(candidate) => {
                end = candidate;
                found.push(ExecutionId(Uuid::from_u128(candidate)));
            }
        }
    }
    Ok(Ids { found, is_cut: false })
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
