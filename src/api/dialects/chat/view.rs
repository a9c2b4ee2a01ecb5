//! An execution in the words of this dialect.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::app::App;
use crate::api::call::Call;
use crate::api::dialects::origin::Origin;
pub use crate::api::dialects::time;
use crate::api::native::execute::{response_text, told};
use crate::api::problem::Problem;
use crate::catalog::numbers::Kind;
use crate::engine::{EngineHandle, ListRequest, Snapshot};
use crate::ids::{ExecutionId, Tenant};
use crate::machine::summary::{Status, Summary};
use crate::store::{Filter, RunKind};

/// Pages of a conversation that are looked through for its first execution.
const PAGES_MAX: usize = 50;
const PAGE: usize = 200;
/// Why an execution that somebody cancelled has no output.
const CANCELLED: &str = "the execution was cancelled";

/// Where an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseStatus {
    /// In the answer to a start that was not waited for.
    Starting,
    Running,
    Succeeded,
    Failed,
}

/// An execution.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct AgentResponse {
    pub id: u64,
    pub status: ResponseStatus,
    /// What was said to the agent.
    pub input: String,
    pub output: String,
    /// What it has cost, in the installation's unit.
    pub credits: f64,
    /// Why it failed; only then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The first response of the conversation.
    pub root_id: u64,
    pub created_at: String,
    pub updated_at: String,
    /// The agent.
    pub template_id: u64,
    #[serde(flatten)]
    pub origin: Origin,
}

/// The answer to a start.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AgentResponses {
    /// The agent, as a text.
    pub template_id: String,
    pub responses: Vec<AgentResponse>,
}

impl From<AgentResponse> for AgentResponses {
    fn from(response: AgentResponse) -> Self {
        Self { template_id: response.template_id.to_string(), responses: vec![response] }
    }
}

pub fn status(status: Status) -> ResponseStatus {
    match status {
        Status::Running | Status::WaitingPerson | Status::WaitingAsync => ResponseStatus::Running,
        Status::Completed => ResponseStatus::Succeeded,
        Status::Failed | Status::TimedOut | Status::Cancelled | Status::Rejected => ResponseStatus::Failed,
    }
}

/// Why it failed.
pub fn error(snapshot: &Snapshot) -> Option<String> {
    let said = snapshot.ended.as_ref().and_then(|ended| ended.error.as_ref()).map(|error| error.message.clone());
    match snapshot.summary.status {
        Status::Running | Status::WaitingPerson | Status::WaitingAsync | Status::Completed => None,
        Status::Cancelled => Some(said.unwrap_or_else(|| CANCELLED.to_owned())),
        Status::Failed | Status::TimedOut | Status::Rejected => said,
    }
}

pub fn credits(app: &App, summary: &Summary) -> f64 {
    app.settings.credit.credits(summary.cost.usd())
}

/// The execution as it stands.
///
/// # Errors
/// When the store cannot be read, or a number not be given.
pub async fn of(call: &Call, engine: &EngineHandle, snapshot: &Snapshot) -> Result<AgentResponse, Problem> {
    let (catalog, tenant, summary) = (&call.app.catalog, &call.tenant, &snapshot.summary);
    let output = snapshot.ended.as_ref().map(|ended| response_text(&ended.output)).unwrap_or_default();
    Ok(AgentResponse {
        id: catalog.number_of(Kind::Execution, tenant, &snapshot.id.to_string()).await?,
        status: status(summary.status),
        input: told(call, &snapshot.start),
        output,
        credits: credits(&call.app, summary),
        error: error(snapshot),
        root_id: root(call, engine, snapshot).await?,
        created_at: time(summary.started_at),
        updated_at: time(summary.updated_at),
        template_id: catalog.agent(tenant, &summary.flow)?.value.number,
        origin: Origin::of(call, &snapshot.start).await?,
    })
}

/// As it was taken, before anything of it ran.
pub fn begun(response: AgentResponse) -> AgentResponse {
    let (status, output, updated_at) = (ResponseStatus::Starting, String::new(), response.created_at.clone());
    AgentResponse { status, output, credits: 0.0, error: None, updated_at, ..response }
}

/// The first execution of the conversation, by its number.
async fn root(call: &Call, engine: &EngineHandle, snapshot: &Snapshot) -> Result<u64, Problem> {
    let (catalog, tenant, own) = (&call.app.catalog, &call.tenant, snapshot.id);
    let first = match &snapshot.start.session {
        Some(session) if snapshot.summary.parent.is_none() => match begins(call, tenant, &snapshot.summary, session)? {
            Some(first) => first,
            None => oldest(engine, snapshot, session).await?.unwrap_or(own),
        },
        _ => own,
    };
    Ok(catalog.number_of(Kind::Execution, tenant, &first.to_string()).await?)
}

/// The execution that a conversation is called after, where it is one of this dialect's and its beginning is still there.
fn begins(call: &Call, tenant: &Tenant, summary: &Summary, session: &str) -> Result<Option<ExecutionId>, Problem> {
    let Ok(first) = session.parse::<ExecutionId>() else { return Ok(None) };
    let found = call.app.catalog.store().summary(tenant, first).map_err(crate::catalog::Error::from)?;
    let is_of_it = |found: &Summary| found.flow == summary.flow && found.session.as_deref() == Some(session);
    Ok(found.filter(is_of_it).map(|_| first))
}

/// The oldest execution of a session.
async fn oldest(engine: &EngineHandle, snapshot: &Snapshot, session: &str) -> Result<Option<ExecutionId>, Problem> {
    let filter = Filter {
        purpose: Some(snapshot.summary.purpose),
        flow: Some(snapshot.summary.flow.clone()),
        session: Some(session.to_owned()),
        runs: std::collections::BTreeSet::from([RunKind::Root]),
        ..Filter::default()
    };
    let (mut found, mut before) = (None, Some(snapshot.id));
    for _ in 0..PAGES_MAX {
        let page = engine.list(ListRequest { filter: filter.clone(), before, limit: PAGE }).await?;
        found = page.rows.last().map(|row| row.id).or(found);
        match page.next {
            Some(next) => before = Some(next),
            None => break,
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::TimeMs;

    #[test]
    fn every_status_has_its_word() {
        let words = [
            (Status::Running, "running"),
            (Status::WaitingPerson, "running"),
            (Status::WaitingAsync, "running"),
            (Status::Completed, "succeeded"),
            (Status::Failed, "failed"),
            (Status::TimedOut, "failed"),
            (Status::Cancelled, "failed"),
            (Status::Rejected, "failed"),
        ];
        for (engines, word) in words {
            assert_eq!(json!(status(engines)), word, "{engines:?}");
        }
        assert_eq!(json!(ResponseStatus::Starting), "starting");
    }

    #[test]
    fn times_are_written_with_six_digits_behind_the_point() {
        assert_eq!(time(TimeMs(1_736_105_721_000)), "2025-01-05T19:35:21.000000Z");
        assert_eq!(time(TimeMs(1_736_105_721_042)), "2025-01-05T19:35:21.042000Z");
    }
}
