//! Statistics per flow, revision, environment and month, kept with every change of a summary, so that what runs counts at once. What an execution
//! contributes is a pure function of its summary: a turn adds the difference. A purge takes nothing away, they tell of the past (`past` keeps them so).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::counters::{Addition, Counters};
use super::error::Error;
use super::keys;
use super::value;
use super::view::{Order, Range, View};
use crate::ids::{NanoUsd, Tenant, TimeMs};
use crate::journal::Turn;
use crate::machine::event::Event;
use crate::machine::input::Purpose;
use crate::machine::question::{QuestionKind, Verdict};
use crate::machine::summary::{Status, Summary, WaitingFor};

/// Classes of durations: class n holds those of 2^n ms up to 2^(n+1) ms, the first also what took no time. The last begins at 17 years.
pub const DURATION_CLASSES: usize = 40;
/// Counters of a row before those of the durations. Part of the view's format, like their order.
const PLAIN: usize = 15;
/// Rows read from the view at a time.
const CHUNK_ROWS: usize = 256;

/// A calendar month, UTC. Written `2026-03`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Month {
    /// Months since the beginning of year 0.
    number: u32,
}

impl Month {
    /// The month that holds this instant; the last of year 9999 for all that are later.
    #[must_use]
    pub fn of(time: TimeMs) -> Self {
        let stamp = i64::try_from(time.0).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let date = stamp.unwrap_or(jiff::Timestamp::MAX).to_zoned(jiff::tz::TimeZone::UTC).date();
        let (year, month) = (u32::from(date.year().unsigned_abs()), u32::from(date.month().unsigned_abs()));
        Self { number: 12 * year + month - 1 }
    }

    /// The month before.
    #[must_use]
    pub fn previous(self) -> Self {
        Self { number: self.number.saturating_sub(1) }
    }

    #[must_use]
    pub fn year(self) -> u32 {
        self.number / 12
    }

    /// 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.number % 12 + 1
    }

    pub(super) fn number(self) -> u32 {
        self.number
    }

    pub(super) fn from_number(number: u32) -> Self {
        Self { number }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year(), self.month())
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

/// A text that is no month.
#[derive(Debug, thiserror::Error)]
#[error("not a month (expected `2026-03`): {0}")]
pub struct BadMonth(String);

impl FromStr for Month {
    type Err = BadMonth;

    fn from_str(text: &str) -> Result<Self, BadMonth> {
        let parts = text.split_once('-').filter(|(year, month)| (year.len(), month.len()) == (4, 2));
        let numbers = parts.and_then(|(year, month)| Some((year.parse::<u16>().ok()?, month.parse::<u8>().ok()?)));
        match numbers {
            Some((year, month @ 1..=12)) => Ok(Self { number: 12 * u32::from(year) + u32::from(month) - 1 }),
            _ => Err(BadMonth(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Month {
    type Error = BadMonth;

    fn try_from(text: String) -> Result<Self, BadMonth> {
        text.parse()
    }
}

/// What a row of statistics is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct StatsKey {
    pub purpose: Purpose,
    pub flow: String,
    /// Of the start.
    pub month: Month,
    pub revision: u32,
    pub environment: String,
}

impl StatsKey {
    fn of(summary: &Summary) -> Self {
        Self {
            purpose: summary.purpose,
            flow: summary.flow.clone(),
            month: Month::of(summary.started_at),
            revision: summary.revision,
            environment: summary.environment().to_owned(),
        }
    }
}

/// Sums over executions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// All of them, those that were refused too.
    pub started: u64,
    pub unfinished: u64,
    pub completed: u64,
    pub failed: u64,
    pub timed_out: u64,
    pub cancelled: u64,
    pub rejected: u64,
    pub cost: NanoUsd,
    pub input_cost: NanoUsd,
    pub output_cost: NanoUsd,
    pub input_tokens: u64,
    pub output_tokens: u64,
    /// Of those that ran and ended.
    pub duration_ms_sum: u64,
    /// How many of them took how long: `DURATION_CLASSES` counts.
    pub duration_classes: Vec<u64>,
    /// Decisions of people about actions: done, as they were or changed.
    pub approvals: u64,
    /// Not done.
    pub rejections: u64,
}

impl Default for Stats {
    fn default() -> Self {
        Self::from_counters(&Counters::default())
    }
}

impl Stats {
    /// What one execution with this summary contributes.
    fn of(summary: &Summary) -> Self {
        let count = |is: bool| u64::from(is);
        let status = summary.status;
        let duration_ms = summary.duration_ms().filter(|_| status.is_final() && status != Status::Rejected);
        let mut duration_classes = vec![0; DURATION_CLASSES];
        if let Some(class) = duration_ms.and_then(|duration_ms| duration_classes.get_mut(class_of(duration_ms))) {
            *class = 1;
        }
        Self {
            started: 1,
            unfinished: count(!status.is_final()),
            completed: count(status == Status::Completed),
            failed: count(status == Status::Failed),
            timed_out: count(status == Status::TimedOut),
            cancelled: count(status == Status::Cancelled),
            rejected: count(status == Status::Rejected),
            cost: summary.cost,
            input_cost: summary.input_cost,
            output_cost: summary.output_cost,
            input_tokens: summary.input_tokens,
            output_tokens: summary.output_tokens,
            duration_ms_sum: duration_ms.unwrap_or(0),
            duration_classes,
            approvals: 0,
            rejections: 0,
        }
    }

    pub(super) fn counters(&self) -> Counters {
        let plain: [u64; PLAIN] = [
            self.started,
            self.unfinished,
            self.completed,
            self.failed,
            self.timed_out,
            self.cancelled,
            self.rejected,
            self.cost.0,
            self.input_cost.0,
            self.output_cost.0,
            self.input_tokens,
            self.output_tokens,
            self.duration_ms_sum,
            self.approvals,
            self.rejections,
        ];
        Counters::new(plain.into_iter().chain(self.duration_classes.iter().copied()).collect())
    }

    pub(super) fn from_counters(counters: &Counters) -> Self {
        let [started, unfinished, completed, failed, timed_out, cancelled, rejected, cost, input_cost, output_cost, rest @ ..]: [u64;
            PLAIN] = std::array::from_fn(|index| counters.get(index));
        let [input_tokens, output_tokens, duration_ms_sum, approvals, rejections] = rest;
        Self {
            started,
            unfinished,
            completed,
            failed,
            timed_out,
            cancelled,
            rejected,
            cost: NanoUsd(cost),
            input_cost: NanoUsd(input_cost),
            output_cost: NanoUsd(output_cost),
            input_tokens,
            output_tokens,
            duration_ms_sum,
            duration_classes: (PLAIN..PLAIN + DURATION_CLASSES).map(|index| counters.get(index)).collect(),
            approvals,
            rejections,
        }
    }

    /// Both together.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self::from_counters(&self.counters().plus(&other.counters()))
    }
}

/// `floor(log2)`, within the classes that there are.
fn class_of(duration_ms: u64) -> usize {
    (duration_ms.max(1).ilog2() as usize).min(DURATION_CLASSES - 1)
}

/// What a turn adds to the statistics; `before` is the summary that it found.
pub fn additions(turn: &Turn, before: Option<&Summary>) -> Vec<Addition> {
    let Some(summary) = turn.summary.as_ref().or(before) else { return Vec::new() };
    let key = StatsKey::of(summary);
    let mut by = Stats { duration_classes: Vec::new(), ..decisions(turn, before) }.counters();
    let mut additions = Vec::new();
    if turn.summary.is_some() {
        by = by.plus(&Stats::of(summary).counters());
        if let Some(before) = before {
            let (had, gone) = (StatsKey::of(before), Stats::of(before).counters());
            if had == key {
                by = by.minus(&gone);
            } else {
                // Summaries of the first versions lack part of the key; the next one of the same execution has it.
                additions.push(Addition { key: keys::stats(&turn.tenant, &had), by: Counters::default().minus(&gone) });
            }
        }
    }
    additions.push(Addition { key: keys::stats(&turn.tenant, &key), by });
    additions.retain(|addition| !addition.by.is_nothing());
    additions
}

/// Whether a turn decides a question: then the summary before it tells what was asked.
pub fn has_decisions(turn: &Turn) -> bool {
    turn.events.iter().any(|event| matches!(event, Event::Answered { .. }))
}

/// The decisions of a turn about actions.
fn decisions(turn: &Turn, before: Option<&Summary>) -> Stats {
    let mut found = Stats::default();
    for event in &turn.events {
        let Event::Answered { question, decided } = event else { continue };
        let asked_now = turn.events.iter().find_map(|event| match event {
            Event::Asked { question: asked, .. } if asked.id == *question => Some(asked.kind),
            _ => None,
        });
        let asked_before = before.and_then(|before| {
            before.waiting_for.iter().find_map(|waiting| match waiting {
                WaitingFor::Question { id, question: kind, .. } if id == question => Some(*kind),
                _ => None,
            })
        });
        if !matches!(asked_now.or(asked_before), Some(QuestionKind::Approval | QuestionKind::ToolApproval)) {
            continue;
        }
        match decided.verdict {
            Verdict::Approve | Verdict::Edit { .. } => found.approvals += 1,
            Verdict::Reject | Verdict::Respond { .. } => found.rejections += 1,
            Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail => {}
        }
    }
    found
}

/// Which statistics to read; the default reads all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatsFilter {
    pub flow: Option<String>,
    pub revision: Option<u32>,
    pub purpose: Option<Purpose>,
    pub environment: Option<String>,
    /// Started in this month or later.
    pub first_month: Option<Month>,
    /// Started in this month or earlier.
    pub last_month: Option<Month>,
}

impl StatsFilter {
    fn holds(&self, key: &StatsKey) -> bool {
        self.revision.is_none_or(|revision| revision == key.revision)
            && self.environment.as_ref().is_none_or(|environment| *environment == key.environment)
            && self.first_month.is_none_or(|first| key.month >= first)
            && self.last_month.is_none_or(|last| key.month <= last)
    }

    /// What holds every row that fits, of one purpose.
    fn range(&self, tenant: &Tenant, purpose: Purpose) -> Range {
        let Some(flow) = &self.flow else { return Range::prefix(keys::stats_prefix(tenant, purpose)) };
        let mut range = Range::prefix(keys::stats_flow_prefix(tenant, purpose, flow));
        if let Some(first) = self.first_month {
            range.start = keys::stats_month_prefix(tenant, purpose, flow, first);
        }
        if let Some(last) = self.last_month {
            range.end = keys::prefix_end(&keys::stats_month_prefix(tenant, purpose, flow, last));
        }
        range
    }
}

/// The rows that fit, by purpose, flow and month.
pub fn read(view: &dyn View, tenant: &Tenant, filter: &StatsFilter) -> Result<Vec<(StatsKey, Stats)>, Error> {
    let purposes = filter.purpose.map_or_else(|| Purpose::ALL.to_vec(), |purpose| vec![purpose]);
    let mut found = Vec::new();
    for purpose in purposes {
        let mut range = filter.range(tenant, purpose);
        loop {
            let rows = view.scan(&range, Order::Ascending, CHUNK_ROWS)?;
            let Some((last, _)) = rows.last() else { break };
            range.start = [last.as_slice(), &[0]].concat();
            for (key, sealed) in &rows {
                let damaged = || Error::ViewDamaged(format!("row of statistics {} has no shape", value::hex(key)));
                let of = keys::stats_parts(tenant, key).ok_or_else(damaged)?;
                if filter.holds(&of) {
                    found.push((of, Stats::from_counters(&Counters::read(key, value::open(key, sealed)?)?)));
                }
            }
        }
    }
    Ok(found)
}
