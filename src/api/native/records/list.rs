//! Lists of records, by the contract's filters. Every condition is answered from an index of the store; what few remain are checked on
//! the rows, in pages that end early rather than read on for ever.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{ALL, Record, numbered};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::caller::Era;
use crate::api::native::budgets::Origin;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::scopes::Scope;
use crate::engine::{EngineHandle, ListRequest, Listed};
use crate::ids::{ExecutionId, TimeMs};
use crate::machine::summary::Status;
use crate::store::{Filter, RunKind};

/// Executions of one family that are read for a tree.
const FAMILY_MAX: usize = 10_000;
/// Executions that one request cancels.
const CANCELLED_AT_ONCE: usize = 1_000;
/// Rows read at a time for it.
const FAMILY_CHUNK: usize = 500;

/// Which records. Names that may repeat hold when one of their values does.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct ListQuery {
    /// `IN_PROGRESS`, `WAITING_FOR_HUMAN`, `WAITING_FOR_ASYNC`, `COMPLETED`, `FAILED`, `CANCELLED`, `REJECTED`.
    status: Vec<StatusName>,
    /// Started at or after; milliseconds since 1970.
    start_time: Option<u64>,
    /// Started before.
    end_time: Option<u64>,
    agent_revision: Vec<i64>,
    /// Absent: `PRODUCTION`.
    origin: Option<Origin>,
    session_id: Option<String>,
    /// Who started it.
    participant_id: Vec<String>,
    /// Names of tools that were called.
    tools: Vec<String>,
    with_tool_errors: Option<bool>,
    has_tool_calls: Option<bool>,
    trigger_type: Vec<String>,
    trigger_id: Option<String>,
    run_type: Vec<RunTypeName>,
    environment: Option<String>,
    min_duration_ms: Option<u64>,
    max_duration_ms: Option<u64>,
    /// `name=value`; each must hold.
    label: Vec<String>,
    /// Everything below this root.
    #[schemars(with = "Option<uuid::Uuid>")]
    root_execution_id: Option<String>,
    page_size: Option<usize>,
    page_token: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum StatusName {
    InProgress,
    WaitingForHuman,
    WaitingForAsync,
    Completed,
    Failed,
    Cancelled,
    Rejected,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RunTypeName {
    Root,
    SubTask,
    Consult,
}

/// A page of records.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Records {
    items: Vec<Record>,
    /// Set: there may be more behind this page, however many it holds.
    next_page_token: Option<String>,
}

/// Which executions to cancel.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CancelBody {
    /// As in the list of records; what is finished already never fits.
    filter: ListQuery,
    #[serde(default)]
    agent_id: Option<String>,
    /// Only say what would be cancelled.
    #[serde(default)]
    dry_run: bool,
    #[serde(default)]
    reason: Option<String>,
}

/// What a bulk cancel did, or would do.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Cancelled {
    /// Cancelled, or those that would be.
    executions: Vec<uuid::Uuid>,
    /// Ended by themselves meanwhile, or could not be cancelled.
    not_cancelled: Vec<uuid::Uuid>,
    /// More fit: ask again.
    more: bool,
    dry_run: bool,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::post("/v1/tenants/{tenant}/executionRecords:cancel", "cancelExecutions", "Cancel what fits a filter, 1,000 at a time")
            .scope(Scope::ExecutionsCancel)
            .takes::<CancelBody>()
            .answers::<Cancelled>(200)
            .to(cancel),
        Route::get(ALL, "listExecutionRecords", "Records of an agent, newest first")
            .scope(Scope::ExecutionsRead)
            .query::<ListQuery>()
            .answers::<Records>(200)
            .to(of_agent),
        Route::get("/v1/tenants/{tenant}/executionRecords", "listTenantExecutionRecords", "Records of every agent, newest first")
            .scope(Scope::ExecutionsRead)
            .query::<ListQuery>()
            .answers::<Records>(200)
            .to(of_tenant),
    ]
}

/// The engine's statuses behind a name. Waiting has two names in the earlier clients and one in the later.
fn statuses(name: StatusName, era: Era) -> &'static [Status] {
    match (name, era) {
        (StatusName::InProgress, _) => &[Status::Running],
        (StatusName::WaitingForHuman, _) => &[Status::WaitingPerson],
        (StatusName::WaitingForAsync, Era::Key) => &[Status::WaitingAsync],
        (StatusName::WaitingForAsync, Era::Bearer) => &[Status::WaitingPerson, Status::WaitingAsync],
        (StatusName::Completed, _) => &[Status::Completed],
        (StatusName::Failed, _) => &[Status::Failed, Status::TimedOut],
        (StatusName::Cancelled, _) => &[Status::Cancelled],
        (StatusName::Rejected, _) => &[Status::Rejected],
    }
}

impl ListQuery {
    /// None: nothing can fit.
    fn filter(&self, flow: Option<&str>, era: Era) -> Result<Option<Filter>, Problem> {
        let runs = self.run_type.iter().filter_map(|run| match run {
            RunTypeName::Root => Some(RunKind::Root),
            RunTypeName::SubTask => Some(RunKind::Child),
            RunTypeName::Consult => None,
        });
        let runs: BTreeSet<RunKind> = runs.collect();
        if runs.is_empty() && !self.run_type.is_empty() {
            return Ok(None);
        }
        let mut labels = BTreeMap::new();
        for label in &self.label {
            let (name, value) = label.split_once('=').ok_or_else(|| Problem::unfit("label", "write it as name=value"))?;
            labels.insert(name.to_owned(), value.to_owned());
        }
        let root = match &self.root_execution_id {
            None => None,
            Some(text) => {
                Some(text.parse::<ExecutionId>().map_err(|_| Problem::invalid("rootExecutionId", "it is not the id of an execution"))?)
            }
        };
        // A draft has no number; 0 in the engine's rows.
        let revisions = self.agent_revision.iter().map(|number| if *number == -1 { Some(0) } else { u32::try_from(*number).ok() });
        let revisions: Option<BTreeSet<u32>> = revisions.collect();
        Ok(Some(Filter {
            statuses: self.status.iter().flat_map(|name| statuses(*name, era)).copied().collect(),
            purpose: Some(self.origin.unwrap_or_default().into()),
            flow: flow.map(str::to_owned),
            revisions: revisions.ok_or_else(|| Problem::unfit("agentRevision", "it is not the number of a revision"))?,
            since: self.start_time.map(TimeMs),
            until: self.end_time.map(TimeMs),
            session: self.session_id.clone(),
            starters: self.participant_id.iter().cloned().collect(),
            tools: self.tools.iter().cloned().collect(),
            tool_errors: self.with_tool_errors.filter(|wanted| *wanted),
            tool_calls: self.has_tool_calls,
            trigger_kinds: self.trigger_type.iter().cloned().collect(),
            trigger: self.trigger_id.clone(),
            runs,
            environment: self.environment.clone(),
            duration_ms_min: self.min_duration_ms,
            duration_ms_max: self.max_duration_ms,
            labels,
            root,
        }))
    }
}

async fn of_agent(call: Call) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?.to_owned();
    call.app.catalog.agent(&call.tenant, &agent)?;
    list(&call, Some(&agent)).await
}

async fn of_tenant(call: Call) -> Result<Answer, Problem> {
    list(&call, None).await
}

async fn list(call: &Call, flow: Option<&str>) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let era = call.caller()?.era;
    let before = match page::read(query.page_token.as_deref())? {
        None => None,
        Some(token) => Some(token.parse().map_err(|_| Problem::unfit("pageToken", "it is not a token of this list"))?),
    };
    let Some(filter) = query.filter(flow, era)? else {
        return Answer::json(&Records { items: Vec::new(), next_page_token: None });
    };
    let engine = call.app.engine.of(&call.tenant);
    let listed = engine.list(ListRequest { filter, before, limit: page::size(query.page_size) }).await?;
    let mut items = Vec::with_capacity(listed.rows.len());
    for row in &listed.rows {
        items.push(numbered(call, Record::of(row.id, &row.summary, None, era)).await?);
    }
    Answer::json(&Records { items, next_page_token: listed.next.map(|next| page::token(&next.to_string())) })
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let body: CancelBody = call.json()?;
    let unfinished = BTreeSet::from([Status::Running, Status::WaitingPerson, Status::WaitingAsync]);
    let mut done = Cancelled { dry_run: body.dry_run, ..Cancelled::default() };
    let Some(mut filter) = body.filter.filter(body.agent_id.as_deref(), call.caller()?.era)? else { return Answer::json(&done) };
    filter.statuses = if filter.statuses.is_empty() { unfinished } else { filter.statuses.intersection(&unfinished).copied().collect() };
    if filter.statuses.is_empty() {
        return Answer::json(&done);
    }
    let engine = call.app.engine.of(&call.tenant);
    let page = engine.list(ListRequest { filter, before: None, limit: CANCELLED_AT_ONCE }).await?;
    done.more = page.next.is_some();
    let reason = body.reason.unwrap_or_else(|| "cancelled over the API".to_owned());
    for row in page.rows {
        let cancelled = body.dry_run || engine.cancel(row.id, &reason, call.person()?).await.is_ok();
        if cancelled { done.executions.push(row.id.0) } else { done.not_cancelled.push(row.id.0) }
    }
    Answer::json(&done)
}

/// Every execution of a family, in the order of their starts.
///
/// # Errors
/// When the store cannot be read.
pub(super) async fn family(engine: &EngineHandle, root: ExecutionId) -> Result<Vec<Listed>, Problem> {
    let mut found = Vec::new();
    let mut before = None;
    loop {
        let filter = Filter { root: Some(root), ..Filter::default() };
        let page = engine.list(ListRequest { filter, before, limit: FAMILY_CHUNK }).await?;
        found.extend(page.rows);
        before = page.next;
        if before.is_none() || found.len() >= FAMILY_MAX {
            break;
        }
    }
    match engine.standing(root).await {
        Ok(standing) => found.push(Listed { id: root, summary: standing.summary }),
        // Retention took it; its children say so.
        Err(crate::engine::Error::NotFound { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    found.reverse();
    Ok(found)
}
