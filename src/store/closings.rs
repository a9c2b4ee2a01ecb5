//! Closed questions, by when they were closed, for lists of what was decided: rows that the turn which closes a question writes, and that
//! stay until its execution is purged. A question that was decided during a pause and withdrawn later has two; the journal says which
//! one people were told, so readers compare.

use serde::{Deserialize, Serialize};

use super::error::Error;
use super::keys;
use super::questions::QuestionPlace;
use super::value;
use super::view::{Order, Range, View, Write};
use crate::ids::{ExecutionId, QuestionId, Tenant, TimeMs};
use crate::journal::Turn;
use crate::machine::event::Event;
use crate::machine::pause::Held;
use crate::machine::question::Decided;

/// How a question was closed. Numbers are part of the view's format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ClosedAs {
    /// A person decided it.
    Decided = 1,
    /// Taken back by a person, or its step or execution ended before.
    Cancelled = 2,
    /// Nobody answered in time.
    Expired = 3,
}

impl ClosedAs {
    pub const ALL: [Self; 3] = [Self::Decided, Self::Cancelled, Self::Expired];

    /// How this decision closes its question.
    #[must_use]
    pub fn of(decided: &Decided) -> Self {
        if decided.takes_back() { Self::Cancelled } else { Self::Decided }
    }
}

/// Which closed questions to list; the default lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ClosedFilter {
    pub flow: Option<String>,
    /// Empty: however they were closed.
    pub closed_as: Vec<ClosedAs>,
}

/// A closed question and the execution that asked it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedRow {
    pub execution: ExecutionId,
    pub question: QuestionId,
    pub closed_at: TimeMs,
    pub closed_as: ClosedAs,
}

/// Some of what a filter holds, the last closed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedPage {
    pub rows: Vec<ClosedRow>,
    /// Go on behind this one; none when there is no rest.
    pub next: Option<QuestionPlace>,
}

/// The questions that a turn closes: which, when, how.
fn closed(turn: &Turn) -> impl Iterator<Item = (QuestionId, TimeMs, ClosedAs)> {
    turn.events.iter().filter_map(|event| match event {
        Event::Answered { question, decided } => Some((*question, decided.at, ClosedAs::of(decided))),
        Event::Held { input: Held::Decision { decision, decided: Some(decided) } } => {
            Some((decision.question, decided.at, ClosedAs::of(decided)))
        }
        Event::Expired { question } => Some((*question, turn.at, ClosedAs::Expired)),
        Event::Withdrawn { question } => Some((*question, turn.at, ClosedAs::Cancelled)),
        _ => None,
    })
}

/// Whether the turn closes any.
pub fn has_any(turn: &Turn) -> bool {
    closed(turn).next().is_some()
}

/// The keys of the rows of a turn: one among all of the tenant's, one among the flow's.
pub fn keys<'a>(turn: &'a Turn, flow: &'a str) -> impl Iterator<Item = Vec<u8>> + 'a {
    closed(turn).flat_map(move |(question, at, closed_as)| {
        [None, Some(flow)].map(|flow| keys::closed_question(&turn.tenant, flow, closed_as, at, question))
    })
}

/// The rows that a turn of this flow writes.
pub fn rows(turn: &Turn, flow: &str) -> Vec<Write> {
    keys(turn, flow).map(|key| (key, Some(turn.execution.0.as_bytes().to_vec()))).collect()
}

/// At most `limit` closed questions that fit, behind `after`: the last closed first.
pub fn read(
    view: &dyn View,
    tenant: &Tenant,
    filter: &ClosedFilter,
    after: Option<QuestionPlace>,
    limit: usize,
) -> Result<ClosedPage, Error> {
    let wanted = if filter.closed_as.is_empty() { &ClosedAs::ALL[..] } else { &filter.closed_as };
    let mut rows = Vec::new();
    for closed_as in wanted {
        let prefix = keys::closed_prefix(tenant, filter.flow.as_deref(), *closed_as);
        let mut range = Range::prefix(prefix.clone());
        if let Some((at, question)) = after {
            range.end = [prefix.as_slice(), &at.0.to_be_bytes(), question.0.as_bytes()].concat();
        }
        for (key, sealed) in view.scan(&range, Order::Descending, limit)? {
            let shape = || Error::ViewDamaged(format!("row of a closed question {} has no shape", value::hex(&key)));
            let execution = keys::execution_of(value::open(&key, &sealed)?).ok_or_else(shape)?;
            let (closed_at, question) = keys::question_parts(&key).ok_or_else(shape)?;
            rows.push(ClosedRow { execution, question, closed_at, closed_as: *closed_as });
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse((row.closed_at, row.question)));
    // The same list twice in a filter.
    rows.dedup();
    let has_more = rows.len() >= limit;
    rows.truncate(limit);
    let next = rows.last().filter(|_| has_more).map(|row| (row.closed_at, row.question));
    Ok(ClosedPage { rows, next })
}
