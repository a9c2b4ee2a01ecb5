//! What agents have cost, in sums. This file is the only place that knows how a sum is found: whoever keeps sums ready beside the
//! executions changes what stands here and nothing else.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{ExecutionId, NanoUsd, Tenant, TimeMs};
use crate::machine::input::Purpose;
use crate::machine::summary::Summary;
use crate::store::{self, Filter, Store};

/// Executions read at a time.
const PAGE: usize = 500;

/// A calendar month, in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// The month that `at` lies in.
    #[must_use]
    pub fn of(at: TimeMs) -> Self {
        let timestamp = i64::try_from(at.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).unwrap_or(jiff::Timestamp::MAX);
        let date = timestamp.to_zoned(jiff::tz::TimeZone::UTC).date();
        Self { year: date.year(), month: date.month() }
    }

    #[must_use]
    pub fn next(self) -> Self {
        if self.month == 12 { Self { year: self.year.saturating_add(1), month: 1 } } else { Self { month: self.month + 1, ..self } }
    }

    /// Its first millisecond.
    #[must_use]
    pub fn begins_at(self) -> TimeMs {
        let first = jiff::civil::Date::new(self.year, self.month, 1).and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC));
        let ms = first.map_or(i64::MAX, |first| first.timestamp().as_millisecond());
        TimeMs(u64::try_from(ms).unwrap_or(0))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Whose executions to sum up.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    pub agent: &'a str,
    pub purpose: Purpose,
    /// None: every revision.
    pub revision: Option<u32>,
    /// None: every environment.
    pub environment: Option<&'a str>,
}

impl Which<'_> {
    fn holds(&self, summary: &Summary) -> bool {
        summary.purpose == self.purpose
            && self.revision.is_none_or(|revision| summary.revision == revision)
            && self.environment.is_none_or(|environment| summary.environment.as_deref() == Some(environment))
    }
}

/// What executions used and cost together. Children count for their agents and for those that called them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub executions: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub input_cost: NanoUsd,
    pub output_cost: NanoUsd,
    pub total_cost: NanoUsd,
}

impl Spent {
    fn add(&mut self, summary: &Summary) {
        self.executions += 1;
        self.input_tokens += summary.input_tokens;
        self.output_tokens += summary.output_tokens;
        self.input_cost = self.input_cost.plus(summary.input_cost);
        self.output_cost = self.output_cost.plus(summary.output_cost);
        self.total_cost = self.total_cost.plus(summary.cost);
    }
}

/// What the executions of an agent that began in `month` have cost so far.
///
/// # Errors
/// When the store cannot be read.
pub fn month_cost(store: &Store, tenant: &Tenant, agent: &str, purpose: Purpose, month: Month) -> Result<NanoUsd, store::Error> {
    let which = Which { agent, purpose, revision: None, environment: None };
    let mut cost = NanoUsd::default();
    each(store, tenant, &which, Some(month), |summary| cost = cost.plus(summary.cost))?;
    Ok(cost)
}

/// What executions used and cost since the beginning.
///
/// # Errors
/// When the store cannot be read.
pub fn spent(store: &Store, tenant: &Tenant, which: &Which<'_>) -> Result<Spent, store::Error> {
    let mut spent = Spent::default();
    each(store, tenant, which, None, |summary| spent.add(summary))?;
    Ok(spent)
}

/// Newest first; ids begin with the time of the start, so a month is one range.
fn each(
    store: &Store,
    tenant: &Tenant,
    which: &Which<'_>,
    month: Option<Month>,
    mut take: impl FnMut(&Summary),
) -> Result<(), store::Error> {
    let filter = Filter { flow: Some(which.agent.to_owned()), ..Filter::default() };
    let begins_at = month.map_or(TimeMs(0), Month::begins_at);
    let mut before = month.map(|month| ExecutionId::first_at(month.next().begins_at()));
    loop {
        let page = store.executions(tenant, &filter, before, PAGE)?;
        before = page.last().map(|(id, _)| *id);
        for (_, summary) in &page {
            if summary.started_at < begins_at {
                return Ok(());
            }
            if which.holds(summary) {
                take(summary);
            }
        }
        if page.len() < PAGE {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_follow_each_other_without_a_gap() {
        let december = Month::of(TimeMs(1_767_225_599_999));
        assert_eq!((december.to_string().as_str(), december.begins_at()), ("2025-12", TimeMs(1_764_547_200_000)));
        assert_eq!(december.next(), Month::of(TimeMs(1_767_225_600_000)));
        assert_eq!(december.next().begins_at(), TimeMs(1_767_225_600_000));
        assert_eq!(december.next().to_string(), "2026-01");
    }
}
