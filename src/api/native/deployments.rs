//! What runs where: deploying, splitting traffic, rolling back, and the history of it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{bodies, revisions};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::deployments::{Deploy, DeployRow, DeploymentRow, Share};
use crate::catalog::environments::PRODUCTION;
use crate::catalog::scopes::Scope;
use crate::flow::compile;
use crate::ids::TimeMs;

/// How a revision is deployed.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct DeployBody {
    /// Absent: `production`.
    #[serde(default)]
    environment: Option<String>,
    /// Why; kept in the history.
    #[serde(default)]
    reason: Option<String>,
}

/// What an environment is to run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SplitBody {
    #[serde(default)]
    environment: Option<String>,
    /// A session stays with its revision as long as the split stays.
    #[schemars(length(min = 1, max = 10))]
    split: Vec<Share>,
    #[serde(default)]
    reason: Option<String>,
}

/// Back to what ran before.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct RollbackBody {
    #[serde(default)]
    environment: Option<String>,
    /// Absent: the one before the present one.
    #[serde(default)]
    to_revision: Option<u32>,
    #[serde(default)]
    reason: Option<String>,
}

/// One change of a deployment.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct DeployLine {
    id: Uuid,
    agent_id: String,
    environment: String,
    /// 0: nothing ran before.
    previous_revision: u32,
    /// The one with the largest share.
    target_revision: u32,
    split: Vec<Share>,
    status: &'static str,
    created_at: TimeMs,
    created_by: String,
    actor: Option<String>,
    reason: Option<String>,
    failure_reason: Option<String>,
    is_rollback: bool,
}

impl From<DeployRow> for DeployLine {
    fn from(row: DeployRow) -> Self {
        Self {
            id: row.id,
            agent_id: row.agent,
            environment: row.environment,
            previous_revision: row.previous_revision,
            target_revision: row.target_revision,
            split: row.split,
            // A change that fails is refused and leaves nothing behind.
            status: "SUCCESS",
            created_at: row.at,
            created_by: row.by,
            actor: row.tool,
            reason: row.reason,
            failure_reason: None,
            is_rollback: row.is_rollback,
        }
    }
}

/// What an environment runs now.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Deployment {
    agent_id: String,
    environment: String,
    split: Vec<Share>,
    deployed_at: TimeMs,
    deployed_by: String,
    reason: Option<String>,
}

impl From<DeploymentRow> for Deployment {
    fn from(row: DeploymentRow) -> Self {
        let DeploymentRow { agent, environment, split, at, by, reason } = row;
        Self { agent_id: agent, environment, split, deployed_at: at, deployed_by: by, reason }
    }
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct HistoryQuery {
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// A page of the history, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum History {
    All(Vec<DeployLine>),
    #[serde(rename_all = "camelCase")]
    Page {
        items: Vec<DeployLine>,
        next_page_token: Option<String>,
    },
}

pub fn routes() -> Vec<Route> {
    let (read, deploy) = (Scope::AgentsRead, Scope::AgentsDeploy);
    vec![
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:deploy",
            "deployAgentRevision",
            "Let an environment run this revision",
        )
        .scope(deploy)
        .may_take::<DeployBody>()
        .answers::<DeployLine>(200)
        .headers(&["X-Fruxon-Actor"])
        .to(deploy_one),
        Route::post("/v1/tenants/{tenant}/agents/{agent}:split", "splitTraffic", "Let several revisions share an environment")
            .scope(deploy)
            .takes::<SplitBody>()
            .answers::<DeployLine>(200)
            .to(split),
        Route::post("/v1/tenants/{tenant}/agents/{agent}:rollback", "rollBackAgent", "Back to the revision that ran before")
            .scope(deploy)
            .may_take::<RollbackBody>()
            .answers::<DeployLine>(200)
            .to(roll_back),
        Route::get("/v1/tenants/{tenant}/agents/{agent}/revisions/deploys", "listDeploys", "Every change of what runs where, newest first")
            .scope(read)
            .query::<HistoryQuery>()
            .answers::<History>(200)
            .to(history),
        Route::get("/v1/tenants/{tenant}/agents/{agent}/deployments", "listDeployments", "What each environment runs now")
            .scope(read)
            .answers::<Vec<Deployment>>(200)
            .to(list),
    ]
}

/// Refuses a revision that this version of the program cannot run.
fn check(call: &Call, agent: &str, split: &[Share]) -> Result<(), Problem> {
    for share in split {
        let row = call.app.catalog.revision(&call.tenant, agent, share.revision)?.value;
        let spec = call.app.catalog.flow_spec(&call.tenant, &row)?;
        compile::plan(&spec).map_err(|problems| bodies::no_longer_sound(&problems))?;
    }
    Ok(())
}

async fn change(call: &Call, environment: Option<String>, split: Vec<Share>, reason: Option<String>) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?;
    check(call, agent, &split)?;
    let deploy = wanted(call, environment, split, reason);
    let row = call.app.catalog.deploy(&call.tenant, agent, &deploy, &call.actor()?).await?;
    Answer::json(&DeployLine::from(row))
}

fn wanted(call: &Call, environment: Option<String>, split: Vec<Share>, reason: Option<String>) -> Deploy {
    let environment = environment.unwrap_or_else(|| PRODUCTION.to_owned());
    Deploy { environment, split, reason, tool: call.header("x-fruxon-actor").map(str::to_owned), is_rollback: false }
}

async fn deploy_one(call: Call) -> Result<Answer, Problem> {
    let body: DeployBody = call.json()?;
    let revision = revisions::number(&call, "revision")?;
    change(&call, body.environment, vec![Share { revision, weight: 1 }], body.reason).await
}

async fn split(call: Call) -> Result<Answer, Problem> {
    let body: SplitBody = call.json()?;
    change(&call, body.environment, body.split, body.reason).await
}

async fn roll_back(call: Call) -> Result<Answer, Problem> {
    let body: RollbackBody = call.json()?;
    let agent = call.parameter("agent")?;
    let wanted = wanted(&call, body.environment, Vec::new(), body.reason);
    let row = call.app.catalog.roll_back(&call.tenant, agent, body.to_revision, wanted, &call.actor()?).await?;
    Answer::json(&DeployLine::from(row))
}

async fn history(call: Call) -> Result<Answer, Problem> {
    let query: HistoryQuery = call.query()?;
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    let is_page = query.page_size.is_some() || query.page_token.is_some();
    let size = if is_page { page::size(query.page_size) } else { 0 };
    let before = match page::read(query.page_token.as_deref())? {
        Some(token) => Some(token.parse().map_err(|_| Problem::unfit("pageToken", "it is not a token of this list"))?),
        None => None,
    };
    let rows = call.app.catalog.deploys(&call.tenant, agent, before, size)?;
    let next_page_token = (is_page && rows.len() == size).then(|| rows.last().map(|row| page::token(&row.number.to_string()))).flatten();
    let items: Vec<DeployLine> = rows.into_iter().map(DeployLine::from).collect();
    Answer::json(&if is_page { History::Page { items, next_page_token } } else { History::All(items) })
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    let rows: Vec<Deployment> = call.app.catalog.deployments(&call.tenant, agent)?.into_iter().map(Deployment::from).collect();
    Answer::json(&rows)
}
