//! The list of executions: numbered pages, with how many there are.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::view::{self, AgenticExecution, AgenticStatus};
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::native::evaluations::{LABEL_DATASET, LABEL_ROLE, ROLE_SAMPLE};
use crate::api::numbered;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog;
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::engine::Error;
use crate::ids::ExecutionId;
use crate::machine::input::Purpose;
use crate::store::Filter;

const PATH: &str = "/api/agentic-executions/";
const PAGE_ROWS: usize = 25;
/// Executions that are counted; of more than these the newest are listed. Every page counts anew, a few milliseconds for a thousand.
const COUNT_MAX: usize = 10_000;
const STATUSES: [(&str, AgenticStatus); 4] = [
    ("pending", AgenticStatus::Pending),
    ("in_progress", AgenticStatus::InProgress),
    ("finished", AgenticStatus::Finished),
    ("failed", AgenticStatus::Failed),
];

/// Which executions. Read as texts, so that what is wrong is said of its own field.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    /// Of this agent.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    agent_id: Option<String>,
    #[serde(default)]
    #[schemars(extend("enum" = ["pending", "in_progress", "finished", "failed"]))]
    status: Option<String>,
    /// Of evaluations over this dataset.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    dataset_id: Option<String>,
    /// From 1.
    #[serde(default)]
    #[schemars(with = "Option<u64>")]
    page: Option<String>,
}

/// A page.
#[derive(Debug, Serialize, JsonSchema)]
struct AgenticExecutionPage {
    /// Of all pages; 10,000 stands for that many or more.
    count: usize,
    /// Where the next page is.
    next: Option<String>,
    previous: Option<String>,
    /// Newest first.
    results: Vec<AgenticExecution>,
}

pub fn route() -> Route {
    Route::get(PATH, "agenticListExecutions", "Executions, newest first, 25 a page")
        .scope(Scope::ExecutionsRead)
        .query::<ListQuery>()
        .answers::<AgenticExecutionPage>(200)
        .to(list)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let page = page_number(query.page.as_deref())?;
    let ids = match filter(&call, &query)? {
        Some(filter) => ids(&call, filter).await?,
        None => Vec::new(),
    };
    let first = (page - 1).saturating_mul(PAGE_ROWS);
    if page > 1 && first >= ids.len() {
        return Err(no_page(query.page.as_deref()));
    }
    let engine = call.app.engine.of(&call.tenant);
    let mut results = Vec::new();
    for id in ids.iter().skip(first).take(PAGE_ROWS) {
        match engine.snapshot(*id).await {
            Ok(snapshot) => results.push(view::of(&call, &snapshot).await?),
            // It was purged between the two reads.
            Err(Error::NotFound { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let has_next = first.saturating_add(PAGE_ROWS) < ids.len();
    Answer::json(&AgenticExecutionPage {
        count: ids.len(),
        next: has_next.then(|| link(&call, &query, page + 1)),
        previous: (page > 1).then(|| link(&call, &query, page - 1)),
        results,
    })
}

fn page_number(page: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = page else { return Ok(1) };
    text.parse().ok().filter(|page| *page > 0).ok_or_else(|| no_page(page))
}

fn no_page(page: Option<&str>) -> Problem {
    Problem::not_found("page", page.unwrap_or_default())
}

/// What to look for; none: nothing fits.
fn filter(call: &Call, query: &ListQuery) -> Result<Option<Filter>, Problem> {
    let number = |name: &'static str, text: &String| {
        numbered::number(text).ok_or_else(|| Problem::invalid(name, format!("it must be an integer, not `{text}`")))
    };
    let statuses = match &query.status {
        None => STATUSES.iter().flat_map(|(_, status)| status.held()).copied().collect(),
        Some(text) => match STATUSES.iter().find(|(name, _)| name == text) {
            Some((_, status)) => status.held().iter().copied().collect::<BTreeSet<_>>(),
            None => {
                let known = STATUSES.map(|(name, _)| name).join(", ");
                return Err(Problem::invalid("status", format!("`{text}` is none of {known}")));
            }
        },
    };
    let mut filter = Filter { statuses, purpose: Some(Purpose::Production), ..Filter::default() };
    if let Some(text) = &query.agent_id {
        let named = call.app.catalog.named(Kind::Agent, &call.tenant, number("agent_id", text)?)?;
        let Some(agent) = named else { return Ok(None) };
        filter.flow = Some(agent);
        // The list of everything that an agent did misses nothing whose status changes while it is read.
        if query.status.is_none() {
            filter.statuses.clear();
        }
    }
    if let Some(text) = &query.dataset_id {
        let named = call.app.catalog.named(Kind::Dataset, &call.tenant, number("dataset_id", text)?)?;
        let Some(dataset) = named else { return Ok(None) };
        filter.purpose = Some(Purpose::Evaluation);
        let labels = [(LABEL_DATASET, dataset), (LABEL_ROLE, ROLE_SAMPLE.to_owned())];
        filter.labels = labels.map(|(name, value)| (name.to_owned(), value)).into();
    }
    let is_empty = filter.statuses.is_empty() && query.status.is_some();
    Ok((!is_empty).then_some(filter))
}

async fn ids(call: &Call, filter: Filter) -> Result<Vec<ExecutionId>, Problem> {
    let (store, tenant) = (call.app.catalog.store().clone(), call.tenant.clone());
    let listed = blocking(move || Ok(store.execution_ids(&tenant, &filter, COUNT_MAX).map_err(catalog::Error::from)?)).await?;
    if listed.is_cut {
        let message = "too much has to be read to find what fits among everything else; ask for one agent, or one status";
        return Err(Problem::refused("list_too_large", message));
    }
    Ok(listed.found)
}

/// The same list at another page.
fn link(call: &Call, query: &ListQuery, page: usize) -> String {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in [("agent_id", &query.agent_id), ("status", &query.status), ("dataset_id", &query.dataset_id)] {
        if let Some(value) = value {
            pairs.append_pair(name, value);
        }
    }
    if page > 1 {
        pairs.append_pair("page", &page.to_string());
    }
    let (pairs, base) = (pairs.finish(), base(call));
    if pairs.is_empty() { format!("{base}{PATH}") } else { format!("{base}{PATH}?{pairs}") }
}

/// How the caller reaches this server: as it is configured, otherwise as the request says.
fn base(call: &Call) -> String {
    if let Some(url) = &call.app.settings.public_url {
        return url.clone();
    }
    let is_plain = |host: &&str| host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-[]_".contains(&byte));
    call.header("host").filter(is_plain).map(|host| format!("http://{host}")).unwrap_or_default()
}
