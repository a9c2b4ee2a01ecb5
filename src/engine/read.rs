//! Answers from the store: snapshots, traces, lists, and ids by their beginning. Blocking; moves nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::error::Error;
use super::request::{ClosedQuestion, Flight, List, ListRequest, Listed, QuestionRef, Snapshot, Standing};
use super::shared::Shared;
use super::{asked, hydrate};
use crate::flow::plan::Plan;
use crate::ids::{ExecutionId, QuestionId, Tenant};
use crate::machine::event::{Event, Recorded};
use crate::machine::failure::failure;
use crate::machine::input::Start;
use crate::machine::replay;
use crate::machine::summary::WaitingFor;
use crate::machine::trace::{self, Trace};
use crate::store::{self, Filter, Found, QuestionFilter, QuestionPage, QuestionPlace, QuestionRow, RunKind};

/// Executions per page where the filter does not say.
const LIST_DEFAULT: usize = 100;
/// Open questions read at a time.
const QUESTIONS_PER_READ: usize = 500;
/// The word for the newest execution that is no other's child.
const LAST: &str = "last";

pub(super) fn failed(error: store::Error) -> Error {
    match error {
        store::Error::Stopped(_) => Error::Stopped,
        error => Error::Store(error.to_string()),
    }
}

pub(super) fn unknown(id: ExecutionId) -> Error {
    Error::NotFound { what: "execution", name: id.to_string() }
}

/// A journal with the start that it begins with and the plan that walks it.
pub(super) struct Journal {
    pub events: Vec<Recorded>,
    pub start: Start,
    pub plan: Arc<Plan>,
}

pub(super) fn journal(shared: &Shared, tenant: &Tenant, id: ExecutionId) -> Result<Journal, Error> {
    let events = hydrate::readable(shared, tenant, id).map_err(failed)?;
    let Some(Recorded { event: Event::Started { start }, .. }) = events.first() else { return Err(unknown(id)) };
    let start = start.as_ref().clone();
    let plan = shared.revisions.plan(tenant, &start.digest, &start.flow)?;
    Ok(Journal { events, start, plan })
}

pub(super) fn snapshot(shared: &Shared, tenant: &Tenant, id: ExecutionId, live: bool) -> Result<Snapshot, Error> {
    let Journal { events, start, plan } = journal(shared, tenant, id)?;
    let snapshot = fold(&plan, &events, start, id)?;
    Ok(Snapshot { live, quarantined: shared.store.quarantined(tenant, id).map_err(failed)?, ..snapshot })
}

/// The snapshot and the trace of an execution that came to rest with these commits; none where its plan is in memory no more. Reads nothing.
pub(super) fn rested(
    shared: &Shared,
    tenant: &Tenant,
    id: ExecutionId,
    commits: &[Arc<Vec<Recorded>>],
) -> Result<Option<(Snapshot, Trace)>, Error> {
    let events: Vec<Recorded> = commits.iter().flat_map(|events| events.iter().cloned()).collect();
    let Some(Recorded { event: Event::Started { start }, .. }) = events.first() else { return Err(unknown(id)) };
    let Some(plan) = shared.revisions.known(tenant, &start.digest) else { return Ok(None) };
    let snapshot = fold(&plan, &events, start.as_ref().clone(), id)?;
    Ok(trace::trace(&plan, &events).map(|trace| (snapshot, trace)))
}

/// What the events tell of an execution that nothing moves.
fn fold(plan: &Plan, events: &[Recorded], start: Start, id: ExecutionId) -> Result<Snapshot, Error> {
    let state = replay(plan, events).map_err(|error| Error::Store(format!("the journal of {id} does not replay: {error}")))?;
    let summary = state.summary(plan).ok_or_else(|| unknown(id))?;
    let flights = state.flights().into_iter();
    let failure = state.ended().and_then(|ended| failure(plan, start.entry.as_deref(), ended));
    Ok(Snapshot {
        id,
        seq: state.seq(),
        start,
        summary,
        ended: state.ended().cloned(),
        failure,
        questions: state.questions().into_iter().cloned().collect(),
        flights: flights.map(|(call, name, request)| Flight { call, name, request: Arc::new(request.clone()) }).collect(),
        live: false,
        quarantined: None,
    })
}

pub(super) fn standing(shared: &Shared, tenant: &Tenant, id: ExecutionId, live: bool) -> Result<Standing, Error> {
    let summary = shared.store.summary(tenant, id).map_err(failed)?.ok_or_else(|| unknown(id))?;
    Ok(Standing { id, summary, live, quarantined: shared.store.quarantined(tenant, id).map_err(failed)? })
}

pub(super) fn trace(shared: &Shared, tenant: &Tenant, id: ExecutionId) -> Result<Trace, Error> {
    let Journal { events, plan, .. } = journal(shared, tenant, id)?;
    trace::trace(&plan, &events).ok_or_else(|| unknown(id))
}

pub(super) fn events(shared: &Shared, tenant: &Tenant, id: ExecutionId, from: u64, limit: usize) -> Result<Vec<Recorded>, Error> {
    let events = match shared.store.events(tenant, id, from, limit) {
        Err(store::Error::JournalDamaged { .. }) => {
            let events = hydrate::readable(shared, tenant, id).map_err(failed)?;
            events.into_iter().filter(|recorded| recorded.seq >= from).take(limit).collect()
        }
        read => read.map_err(failed)?,
    };
    if events.is_empty() && shared.store.summary(tenant, id).map_err(failed)?.is_none() {
        return Err(unknown(id));
    }
    Ok(events)
}

pub(super) fn list(shared: &Shared, tenant: &Tenant, request: &ListRequest) -> Result<List, Error> {
    let limit = if request.limit == 0 { LIST_DEFAULT } else { request.limit };
    let page = shared.store.executions(tenant, &request.filter, request.before, limit).map_err(failed)?;
    Ok(List { rows: page.rows.into_iter().map(|(id, summary)| Listed { id, summary }).collect(), next: page.next })
}

pub(super) fn question_rows(
    shared: &Shared,
    tenant: &Tenant,
    filter: &QuestionFilter,
    after: Option<QuestionPlace>,
    limit: usize,
) -> Result<QuestionPage, Error> {
    shared.store.questions(tenant, filter, after, limit).map_err(failed)
}

pub(super) fn question_count(shared: &Shared, tenant: &Tenant, flow: Option<&str>) -> Result<u64, Error> {
    shared.store.question_count(tenant, flow).map_err(failed)
}

/// Every open question as its execution's summary has it, oldest first.
fn every_question(shared: &Shared, tenant: &Tenant) -> Result<Vec<QuestionRow>, Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = question_rows(shared, tenant, &QuestionFilter::default(), after, QUESTIONS_PER_READ)?;
        found.extend(page.rows);
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}

/// Every open question in full, oldest first.
pub(super) fn questions(shared: &Shared, tenant: &Tenant) -> Result<Vec<QuestionRef>, Error> {
    let mut found = Vec::new();
    for row in every_question(shared, tenant)? {
        found.extend(question(shared, tenant, row.execution, row.question)?);
    }
    Ok(found)
}

/// One open question; none when it is closed.
fn question(shared: &Shared, tenant: &Tenant, execution: ExecutionId, id: QuestionId) -> Result<Option<QuestionRef>, Error> {
    Ok(open_questions(shared, tenant, execution)?.into_iter().find(|open| open.question.id == id))
}

fn open_questions(shared: &Shared, tenant: &Tenant, execution: ExecutionId) -> Result<Vec<QuestionRef>, Error> {
    let snapshot = snapshot(shared, tenant, execution, false)?;
    let flow = snapshot.summary.flow;
    Ok(snapshot.questions.into_iter().map(|question| QuestionRef { execution, flow: flow.clone(), question }).collect())
}

/// Every open question of an execution and of the children that it waits for.
fn family_questions(shared: &Shared, tenant: &Tenant, execution: ExecutionId) -> Result<Vec<QuestionRef>, Error> {
    let (mut found, mut looking) = (Vec::new(), vec![execution]);
    while let Some(execution) = looking.pop() {
        let snapshot = match snapshot(shared, tenant, execution, false) {
            Ok(snapshot) => snapshot,
            // A child that is announced but not yet created asks nothing.
            Err(Error::NotFound { .. }) if !found.is_empty() || !looking.is_empty() => continue,
            Err(error) => return Err(error),
        };
        looking.extend(snapshot.summary.waiting_for.iter().filter_map(|waiting| match waiting {
            WaitingFor::Child { execution, .. } => Some(*execution),
            WaitingFor::Question { .. } | WaitingFor::Event { .. } | WaitingFor::Timer { .. } => None,
        }));
        let flow = snapshot.summary.flow;
        found.extend(snapshot.questions.into_iter().map(|question| QuestionRef { execution, flow: flow.clone(), question }));
    }
    Ok(found)
}

/// A question that is not open any more: by its whole id, or the latest one of an execution.
pub(super) fn closed_question(shared: &Shared, tenant: &Tenant, name: &str) -> Result<ClosedQuestion, Error> {
    let none = || Error::NotFound { what: "question", name: name.to_owned() };
    let id = name.parse::<QuestionId>().ok();
    let home = id.and_then(|id| home(shared, tenant, id).ok());
    let id = id.filter(|_| home.is_some());
    let execution = home.map_or_else(|| find_execution(shared, tenant, name), Ok).map_err(|_| none())?;
    let known = asked::questions(shared, tenant, execution)?.into_iter().filter(|known| id.is_none_or(|id| id == known.asked.question.id));
    let closed = known.filter_map(|known| Some(ClosedQuestion { closing: known.closing?, asked: known.asked }));
    closed.max_by_key(|closed| closed.closing.at()).ok_or_else(none)
}

/// The execution that asked a question, open or not.
pub(super) fn home(shared: &Shared, tenant: &Tenant, question: QuestionId) -> Result<ExecutionId, Error> {
    let home = shared.store.question(tenant, question).map_err(failed)?;
    home.ok_or_else(|| Error::NotFound { what: "question", name: question.to_string() })
}

pub(super) fn find_execution(shared: &Shared, tenant: &Tenant, prefix: &str) -> Result<ExecutionId, Error> {
    let none = || Error::NotFound { what: "execution", name: prefix.to_owned() };
    if prefix == LAST {
        return newest_root(shared, tenant)?.ok_or_else(none);
    }
    match shared.store.find(tenant, prefix).map_err(failed)? {
        Found::One(id) => Ok(id),
        Found::None => Err(none()),
        Found::Several(some) => Err(Error::Ambiguous { what: "execution", prefix: prefix.to_owned(), count: some.len() }),
    }
}

/// The newest execution that somebody started: a child is newer than the one that asked for it, and nobody means it by `last`.
fn newest_root(shared: &Shared, tenant: &Tenant) -> Result<Option<ExecutionId>, Error> {
    let filter = Filter { runs: BTreeSet::from([RunKind::Root]), ..Filter::default() };
    let mut request = ListRequest { filter, before: None, limit: 1 };
    loop {
        let page = list(shared, tenant, &request)?;
        if !page.rows.is_empty() || page.next.is_none() {
            return Ok(page.rows.first().map(|root| root.id));
        }
        request.before = page.next;
    }
}

/// By the beginning of a question's id, or of the id of an execution that asks, with its children, exactly one.
pub(super) fn find_question(shared: &Shared, tenant: &Tenant, prefix: &str) -> Result<QuestionRef, Error> {
    let mut fitting = every_question(shared, tenant)?;
    fitting.retain(|row| row.question.to_string().starts_with(&prefix.to_lowercase()));
    let none = || Error::NotFound { what: "open question", name: prefix.to_owned() };
    match fitting.as_slice() {
        [one] => question(shared, tenant, one.execution, one.question)?.ok_or_else(none),
        [] => match find_execution(shared, tenant, prefix) {
            Ok(execution) => {
                let mut open = family_questions(shared, tenant, execution)?;
                match (open.pop(), open.len()) {
                    (Some(only), 0) => Ok(only),
                    (None, _) => Err(none()),
                    (Some(_), more) => Err(Error::Ambiguous { what: "open question", prefix: prefix.to_owned(), count: more + 1 }),
                }
            }
            Err(Error::NotFound { .. }) => Err(none()),
            Err(error) => Err(error),
        },
        several => Err(Error::Ambiguous { what: "open question", prefix: prefix.to_owned(), count: several.len() }),
    }
}
