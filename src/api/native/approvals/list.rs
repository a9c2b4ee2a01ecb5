//! Lists of approvals, page by page with bounded work, by the store's indexes of questions: open ones, oldest first; then closed ones, the
//! last closed first. What no index knows (risk, who may decide) is asked of the journals; a page that found little within its bound says
//! where the next one goes on.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::show;
use super::view::{Approval, GateType, Risk, Status};
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::catalog;
use crate::engine::{Closing, Error, KnownQuestion};
use crate::ids::{ExecutionId, QuestionId, TimeMs};
use crate::machine::question::Person;
use crate::machine::summary::{Summary, WaitingFor};
use crate::machine::{self, is_approver};
use crate::store::{ClosedAs, ClosedFilter, ClosedRow, QuestionFilter, QuestionRow, Store};

/// Index rows read at a time.
const ROWS_PER_READ: usize = 100;
/// Index rows looked at for one page.
const ROWS_PER_PAGE: usize = 5_000;
/// Journals read for one page.
const JOURNALS_PER_PAGE: usize = 200;
/// Open questions counted at most.
const COUNTED_MAX: usize = 10_000;
/// What `expiringSoon` counts.
const SOON_MS: u64 = 60 * 60 * 1_000;

/// Only `me`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Approver {
    /// Who calls: what their key may decide now.
    Me,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfTenant {
    #[serde(default)]
    agent_id: Option<String>,
    /// Absent: every status.
    #[serde(default)]
    status: Vec<Status>,
    #[serde(default)]
    approver: Option<Approver>,
    /// Asked at least this long ago.
    #[serde(default)]
    min_age_ms: Option<u64>,
    /// Open, and expiring within this time.
    #[serde(default)]
    expiring_within_ms: Option<u64>,
    #[serde(default)]
    risk: Option<Risk>,
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OfAgent {
    /// Absent: every status.
    #[serde(default)]
    status: Vec<Status>,
    #[serde(default)]
    approver: Option<Approver>,
    /// Asked at least this long ago.
    #[serde(default)]
    min_age_ms: Option<u64>,
    /// Open, and expiring within this time.
    #[serde(default)]
    expiring_within_ms: Option<u64>,
    #[serde(default)]
    risk: Option<Risk>,
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// A page of approvals. It may hold fewer than asked for, and still be followed by another one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Approvals {
    items: Vec<Approval>,
    /// Absent or null: this was the last page.
    next_page_token: Option<String>,
}

/// How many approvals are open.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    pending: u64,
    /// Those whose approvers the caller is among; the list with `approver=me` also leaves out those that exclude the caller.
    mine: u64,
    /// Within an hour.
    expiring_soon: u64,
    oldest_created_at: Option<TimeMs>,
    by_agent: BTreeMap<String, u64>,
    by_gate_type: BTreeMap<GateType, u64>,
    /// False: there are more than were counted.
    complete: bool,
}

pub async fn of_tenant(call: Call) -> Result<Answer, Problem> {
    let query: OfTenant = call.query()?;
    list(&call, query).await
}

pub async fn of_agent(call: Call) -> Result<Answer, Problem> {
    let OfAgent { status, approver, min_age_ms, expiring_within_ms, risk, page_size, page_token } = call.query()?;
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    let agent_id = Some(agent.to_owned());
    list(&call, OfTenant { agent_id, status, approver, min_age_ms, expiring_within_ms, risk, page_size, page_token }).await
}

async fn list(call: &Call, query: OfTenant) -> Result<Answer, Problem> {
    let from = Place::read(query.page_token.as_deref())?;
    let mut listing = Listing { call, query, items: Vec::new(), known: HashMap::new(), rows: 0 };
    let next = listing.fill(from).await?;
    Answer::json(&Approvals { items: listing.items, next_page_token: next.map(Place::token) })
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Behind this open question.
    Open(Option<(TimeMs, QuestionId)>),
    /// Behind this closed question, by when it was closed.
    Closed(Option<(TimeMs, QuestionId)>),
}

impl Place {
    fn token(self) -> String {
        page::token(&match self {
            Self::Open(None) => "open".to_owned(),
            Self::Open(Some((asked_at, question))) => format!("open/{}/{question}", asked_at.0),
            Self::Closed(None) => "closed".to_owned(),
            Self::Closed(Some((closed_at, question))) => format!("closed/{}/{question}", closed_at.0),
        })
    }

    fn read(token: Option<&str>) -> Result<Self, Problem> {
        let Some(text) = page::read(token)? else { return Ok(Self::Open(None)) };
        let parts: Vec<&str> = text.split('/').collect();
        let place = match parts.as_slice() {
            ["open"] => Some(Self::Open(None)),
            ["open", at, question] => at.parse().ok().zip(question.parse().ok()).map(|(at, id)| Self::Open(Some((TimeMs(at), id)))),
            ["closed"] => Some(Self::Closed(None)),
            ["closed", at, question] => at.parse().ok().zip(question.parse().ok()).map(|(at, id)| Self::Closed(Some((TimeMs(at), id)))),
            _ => None,
        };
        place.ok_or_else(|| Problem::unfit("pageToken", "it is not a token of this list; leave it out to begin at the first page"))
    }
}

/// A page on its way.
struct Listing<'a> {
    call: &'a Call,
    query: OfTenant,
    items: Vec<Approval>,
    /// Journals that were read: an execution often asks several questions.
    known: HashMap<ExecutionId, Vec<KnownQuestion>>,
    /// Index rows looked at.
    rows: usize,
}

impl Listing<'_> {
    /// Where the next page begins, if there is one.
    async fn fill(&mut self, from: Place) -> Result<Option<Place>, Problem> {
        let closed_from = match from {
            Place::Open(after) if self.wants(Status::Pending) => {
                if let Some(next) = self.open(after).await? {
                    return Ok(Some(Place::Open(Some(next))));
                }
                None
            }
            Place::Open(_) => None,
            Place::Closed(from) => from,
        };
        if self.closed_as().is_empty() || self.query.expiring_within_ms.is_some() {
            return Ok(None);
        }
        if self.is_full() || self.is_spent() {
            return Ok(Some(Place::Closed(None)));
        }
        Ok(self.closed(closed_from).await?.map(|place| Place::Closed(Some(place))))
    }

    fn wants(&self, status: Status) -> bool {
        self.query.status.is_empty() || self.query.status.contains(&status)
    }

    /// The ways of having been closed that are wanted.
    fn closed_as(&self) -> Vec<ClosedAs> {
        let ways = [(Status::Responded, ClosedAs::Decided), (Status::Cancelled, ClosedAs::Cancelled), (Status::Expired, ClosedAs::Expired)];
        ways.into_iter().filter(|(status, _)| self.wants(*status)).map(|(_, closed_as)| closed_as).collect()
    }

    fn is_full(&self) -> bool {
        self.missing() == 0
    }

    /// Rows to read next. Mostly the first ones fit, and one more than the page has room for says whether there is another page.
    fn count(&self) -> usize {
        if self.rows == 0 { ROWS_PER_READ.min(self.missing() + 1) } else { ROWS_PER_READ }
    }

    /// How many the page has room for.
    fn missing(&self) -> usize {
        page::size(self.query.page_size).saturating_sub(self.items.len())
    }

    /// No more may be looked at for this page.
    fn is_spent(&self) -> bool {
        self.rows >= ROWS_PER_PAGE || self.known.len() >= JOURNALS_PER_PAGE
    }

    /// Open questions, oldest first; where to go on, if there may be more.
    async fn open(&mut self, mut after: Option<(TimeMs, QuestionId)>) -> Result<Option<(TimeMs, QuestionId)>, Problem> {
        let newest = self.query.min_age_ms.map_or(TimeMs(u64::MAX), |age_ms| TimeMs(self.call.now.0.saturating_sub(age_ms)));
        loop {
            let tenant = self.call.tenant.clone();
            let filter = QuestionFilter { flow: self.query.agent_id.clone(), expires_before: None };
            let count = self.count();
            let (rows, next) = reading(self.call, move |store| {
                let page = store.questions(&tenant, &filter, after, count)?;
                let rows = page.rows.into_iter().map(|row| Ok((store.summary(&tenant, row.execution)?, row)));
                Ok((rows.collect::<Result<Vec<(Option<Summary>, QuestionRow)>, crate::store::Error>>()?, page.next))
            })
            .await?;
            let may_fit = |(summary, row): &&(Option<Summary>, QuestionRow)| {
                row.asked_at <= newest && summary.as_ref().is_some_and(|summary| self.may_fit(summary, &row.waiting_for))
            };
            let wanted = rows.iter().filter(may_fit).map(|(_, row)| row.execution).collect();
            self.read_ahead(wanted).await?;
            for (summary, row) in rows {
                if row.asked_at > newest {
                    return Ok(None);
                }
                if self.is_full() || self.is_spent() {
                    return Ok(after);
                }
                after = Some((row.asked_at, row.question));
                self.rows += 1;
                if summary.is_some_and(|summary| self.may_fit(&summary, &row.waiting_for)) {
                    self.add(row.execution, row.question).await?;
                }
            }
            match next {
                Some(place) => after = Some(place),
                None => return Ok(None),
            }
        }
    }

    async fn add(&mut self, execution: ExecutionId, question: QuestionId) -> Result<(), Problem> {
        let found = self.journal(execution).await?.iter().find(|known| known.asked.question.id == question).cloned();
        // Closed since the index was read: it is no open question any more.
        if let Some(known) = found.filter(|known| known.closing.is_none()) {
            self.take(known)?;
        }
        Ok(())
    }

    /// Whether the index rows leave it possible that the question is wanted. What only the journal knows is asked of it afterwards.
    fn may_fit(&self, summary: &Summary, waiting: &WaitingFor) -> bool {
        let WaitingFor::Question { approvers, expires_at, .. } = waiting else { return false };
        let soon = |within_ms| expires_at.is_some_and(|at| at <= self.call.now.plus(within_ms));
        let is_mine = || self.call.person().is_ok_and(|person| is_approver(approvers, &person));
        self.query.agent_id.as_ref().is_none_or(|agent| *agent == summary.flow)
            && self.query.expiring_within_ms.is_none_or(soon)
            && (self.query.approver.is_none() || is_mine())
    }

    /// Closed questions, the last closed first; where to go on, if there may be more.
    async fn closed(&mut self, mut after: Option<(TimeMs, QuestionId)>) -> Result<Option<(TimeMs, QuestionId)>, Problem> {
        let filter = ClosedFilter { flow: self.query.agent_id.clone(), closed_as: self.closed_as() };
        loop {
            let (tenant, filter) = (self.call.tenant.clone(), filter.clone());
            let count = self.count();
            let page = reading(self.call, move |store| store.closed_questions(&tenant, &filter, after, count)).await?;
            self.read_ahead(page.rows.iter().map(|row| row.execution).collect()).await?;
            for row in page.rows {
                if self.is_full() || self.is_spent() {
                    return Ok(after);
                }
                after = Some((row.closed_at, row.question));
                self.rows += 1;
                self.add_closed(&row).await?;
            }
            match page.next {
                Some(place) => after = Some(place),
                None => return Ok(None),
            }
        }
    }

    /// One that was closed twice (decided in a pause, withdrawn after it) stands where people were told that it was closed.
    async fn add_closed(&mut self, row: &ClosedRow) -> Result<(), Problem> {
        let stands_here = |closing: &Closing| match closing {
            Closing::Decided(decided) => decided.at == row.closed_at && ClosedAs::of(decided) == row.closed_as,
            Closing::Expired { at } => *at == row.closed_at && row.closed_as == ClosedAs::Expired,
            Closing::Withdrawn { at } => *at == row.closed_at && row.closed_as == ClosedAs::Cancelled,
        };
        let questions = self.journal(row.execution).await?;
        let found = questions.iter().find(|known| known.asked.question.id == row.question).cloned();
        match found.filter(|known| known.closing.as_ref().is_some_and(stands_here)) {
            Some(known) => self.take(known),
            None => Ok(()),
        }
    }

    /// Adds the question to the page if everything about it is wanted.
    fn take(&mut self, known: KnownQuestion) -> Result<(), Problem> {
        let question = &known.asked.question;
        let is_old = self.query.min_age_ms.is_none_or(|age_ms| question.asked_at.plus(age_ms) <= self.call.now);
        let is_mine = self.query.approver.is_none() || machine::may_decide(question, &self.call.person()?).is_ok();
        let is_risky = self.query.risk.is_none_or(|risk| risk == Risk::of(question));
        if is_old && is_mine && is_risky {
            self.items.push(show(self.call, known)?);
        }
        Ok(())
    }

    /// Reads the journals that the page will want, together: one by one, each would wait for a thread.
    async fn read_ahead(&mut self, mut executions: Vec<ExecutionId>) -> Result<(), Problem> {
        executions.retain(|execution| !self.known.contains_key(execution));
        executions.sort_unstable();
        executions.dedup();
        executions.truncate(JOURNALS_PER_PAGE.saturating_sub(self.known.len()));
        self.known.extend(self.call.app.engine.of(&self.call.tenant).questions_of_all(executions).await?);
        Ok(())
    }

    /// Every question of an execution; none where it is gone.
    async fn journal(&mut self, execution: ExecutionId) -> Result<&[KnownQuestion], Problem> {
        if !self.known.contains_key(&execution) {
            let known = match self.call.app.engine.of(&self.call.tenant).questions_of(execution).await {
                Ok(known) => known,
                Err(Error::NotFound { .. }) => Vec::new(),
                Err(error) => return Err(error.into()),
            };
            self.known.insert(execution, known);
        }
        Ok(self.known.get(&execution).map_or(&[], Vec::as_slice))
    }
}

/// Reads the store on a thread that may block.
async fn reading<T: Send + 'static>(
    call: &Call,
    read: impl FnOnce(&Store) -> Result<T, crate::store::Error> + Send + 'static,
) -> Result<T, Problem> {
    let store = call.app.catalog.store().clone();
    blocking(move || Ok(read(&store).map_err(catalog::Error::from)?)).await
}

pub async fn counts(call: Call) -> Result<Answer, Problem> {
    let (tenant, person, now) = (call.tenant.clone(), call.person()?, call.now);
    let counts = reading(&call, move |store| {
        let (mut counts, mut after) = (Counts::default(), None);
        for _ in 0..COUNTED_MAX / ROWS_PER_READ {
            let page = store.questions(&tenant, &QuestionFilter::default(), after, ROWS_PER_READ)?;
            for row in page.rows {
                let Some(summary) = store.summary(&tenant, row.execution)? else { continue };
                counts.add(&row, summary, &person, now);
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        counts.complete = after.is_none();
        counts.pending = store.question_count(&tenant, None)?;
        Ok(counts)
    });
    Answer::json(&counts.await?)
}

impl Counts {
    fn add(&mut self, row: &QuestionRow, summary: Summary, person: &Person, now: TimeMs) {
        let WaitingFor::Question { question, approvers, expires_at, .. } = &row.waiting_for else { return };
        self.pending += 1;
        self.mine += u64::from(is_approver(approvers, person));
        self.expiring_soon += u64::from(expires_at.is_some_and(|at| at <= now.plus(SOON_MS)));
        self.oldest_created_at.get_or_insert(row.asked_at);
        *self.by_agent.entry(summary.flow).or_default() += 1;
        *self.by_gate_type.entry(GateType::from(*question)).or_default() += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_comes_back_from_its_token_and_nonsense_is_refused() {
        let place = (TimeMs(7), QuestionId::derived("q"));
        let places = [Place::Open(None), Place::Open(Some(place)), Place::Closed(None), Place::Closed(Some(place))];
        for place in places {
            assert_eq!(Place::read(Some(&place.token())).unwrap(), place);
        }
        for nonsense in ["open/x/y", "closed/1", "other"] {
            assert_eq!(Place::read(Some(&page::token(nonsense))).unwrap_err().status, 422);
        }
    }
}
