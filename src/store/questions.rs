//! Open questions, read without replaying a journal: the summary of the execution that asks says what somebody needs to choose one.

use serde::{Deserialize, Serialize};

use super::counters::{Addition, Counters};
use super::error::Error;
use super::keys;
use super::list::READS_MAX;
use super::read;
use super::value;
use super::view::{Order, Range, Row, View};
use crate::ids::{ExecutionId, QuestionId, Tenant, TimeMs};
use crate::machine::summary::{Summary, WaitingFor};

/// Rows read from the view at a time.
const CHUNK_ROWS: usize = 64;

/// An open question and the execution that asks it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct QuestionRow {
    pub execution: ExecutionId,
    pub flow: String,
    pub revision: u32,
    pub session: Option<String>,
    pub question: QuestionId,
    pub asked_at: TimeMs,
    /// Always the `Question` variant.
    pub waiting_for: WaitingFor,
}

/// Which open questions to list; the default lists all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionFilter {
    pub flow: Option<String>,
    /// Those that expire before this; such a list is in the order of expiry, every other in the order of asking.
    pub expires_before: Option<TimeMs>,
}

/// Where a list of questions goes on: the time that it is ordered by, and the question.
pub type QuestionPlace = (TimeMs, QuestionId);

/// Some of what a filter holds.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionPage {
    /// May be fewer than asked for, even none, where `next` is set.
    pub rows: Vec<QuestionRow>,
    /// Go on behind this one; none when there is no rest.
    pub next: Option<QuestionPlace>,
}

/// A question as a summary tells of it.
struct Open<'a> {
    id: QuestionId,
    asked_at: TimeMs,
    expires_at: Option<TimeMs>,
    waiting_for: &'a WaitingFor,
}

fn open(summary: &Summary) -> impl Iterator<Item = Open<'_>> {
    summary.waiting_for.iter().filter_map(|waiting_for| match waiting_for {
        WaitingFor::Question { id, asked_at, expires_at, .. } => {
            Some(Open { id: *id, asked_at: *asked_at, expires_at: *expires_at, waiting_for })
        }
        WaitingFor::Event { .. } | WaitingFor::Timer { .. } | WaitingFor::Child { .. } => None,
    })
}

/// The ids of a summary's open questions.
pub fn ids(summary: &Summary) -> impl Iterator<Item = QuestionId> {
    open(summary).map(|question| question.id)
}

/// The index rows of a summary's open questions.
pub fn index(tenant: &Tenant, execution: ExecutionId, summary: &Summary) -> impl Iterator<Item = Row> {
    open(summary).flat_map(move |question| {
        let asked = keys::question(tenant, question.asked_at, question.id);
        let of_flow = keys::question_of_flow(tenant, &summary.flow, question.asked_at, question.id);
        let expiry = question.expires_at.map(|expires_at| keys::question_expiry(tenant, expires_at, question.id));
        let keys = [asked, of_flow].into_iter().chain(expiry);
        keys.map(move |key| (key, execution.0.as_bytes().to_vec()))
    })
}

/// What replacing a summary by another adds to the counts of open questions.
pub fn additions(tenant: &Tenant, before: Option<&Summary>, after: Option<&Summary>) -> Vec<Addition> {
    let mut additions = Vec::new();
    let number = |summary: Option<&Summary>| Counters::new(vec![summary.map_or(0, |summary| open(summary).count() as u64)]);
    let by = number(after).minus(&number(before));
    if let (false, Some(summary)) = (by.is_nothing(), after.or(before)) {
        // The flow of an execution never changes.
        additions
            .extend([None, Some(summary.flow.as_str())].map(|flow| Addition { key: keys::question_count(tenant, flow), by: by.clone() }));
    }
    additions
}

/// The number of open questions, of a flow or of all.
pub fn count(view: &dyn View, tenant: &Tenant, flow: Option<&str>) -> Result<u64, Error> {
    let key = keys::question_count(tenant, flow);
    let body = read::body(view, &key)?;
    Ok(body.map(|body| Counters::read(&key, &body)).transpose()?.map_or(0, |counters| counters.get(0)))
}

impl QuestionFilter {
    fn range(&self, tenant: &Tenant, after: Option<QuestionPlace>) -> Range {
        let prefix = match (&self.flow, self.expires_before) {
            (_, Some(_)) => keys::question_expiry_prefix(tenant),
            (Some(flow), None) => keys::question_of_flow_prefix(tenant, flow),
            (None, None) => keys::question_prefix(tenant),
        };
        let mut range = Range::prefix(prefix.clone());
        if let Some(before) = self.expires_before {
            range.end = [prefix.as_slice(), &before.0.to_be_bytes()].concat();
        }
        if let Some((time, question)) = after {
            range.start = [prefix.as_slice(), &time.0.to_be_bytes(), question.0.as_bytes(), &[0]].concat();
        }
        range
    }
}

/// At most `limit` open questions that fit, behind `after`.
pub fn read(
    view: &dyn View,
    tenant: &Tenant,
    filter: &QuestionFilter,
    after: Option<QuestionPlace>,
    limit: usize,
) -> Result<QuestionPage, Error> {
    let mut range = filter.range(tenant, after);
    let (mut found, mut seen, mut last) = (Vec::new(), 0, after);
    // The questions of one execution often stand together, and then its summary is long.
    let mut home: Option<(ExecutionId, Option<Summary>)> = None;
    loop {
        let rows = view.scan(&range, Order::Ascending, CHUNK_ROWS)?;
        if rows.is_empty() {
            return Ok(QuestionPage { rows: found, next: None });
        }
        for (key, sealed) in rows {
            if found.len() >= limit || seen >= READS_MAX.max(limit) {
                return Ok(QuestionPage { rows: found, next: last });
            }
            seen += 1;
            let shape = || Error::ViewDamaged(format!("question row {} has no shape", value::hex(&key)));
            let execution = keys::execution_of(value::open(&key, &sealed)?).ok_or_else(shape)?;
            let place = keys::question_parts(&key).ok_or_else(shape)?;
            range.start = [key.as_slice(), &[0]].concat();
            last = Some(place);
            let summary = match home.take().filter(|(of, _)| *of == execution) {
                Some((_, summary)) => summary,
                None => read::summary(view, tenant, execution)?,
            };
            // None: the row and the summary change in one write, but not in one read.
            let Some(summary) = &home.insert((execution, summary)).1 else { continue };
            if filter.flow.as_ref().is_none_or(|flow| *flow == summary.flow) {
                found.extend(row(execution, summary, place.1));
            }
        }
    }
}

fn row(execution: ExecutionId, summary: &Summary, question: QuestionId) -> Option<QuestionRow> {
    let asked = open(summary).find(|asked| asked.id == question)?;
    Some(QuestionRow {
        execution,
        flow: summary.flow.clone(),
        revision: summary.revision,
        session: summary.session.clone(),
        question,
        asked_at: asked.asked_at,
        waiting_for: asked.waiting_for.clone(),
    })
}
