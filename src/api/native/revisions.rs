//! `…/agents/{agent}/revisions`: numbered, immutable versions; how two of them differ; what they take as parameters.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::bodies::{self, CreateAgentRevision};
use super::statistics;
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::revisions::RevisionRow;
use crate::catalog::scopes::Scope;
use crate::flow::diff;
use crate::flow::vendor::Parameter;
use crate::ids::{Digest, TimeMs};

/// A revision: its body as it was sent, and what the server knows of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct Revision {
    agent_id: String,
    agent_revision: u32,
    /// Over the meaning of the normalised flow.
    digest: Digest,
    comment: Option<String>,
    created_at: TimeMs,
    created_by: String,
    /// The program that it was written with, where that said so.
    actor: Option<String>,
    /// `production` runs it.
    is_current: bool,
    last_deployed_at: Option<TimeMs>,
    /// Executions that still run on it or wait; only where one revision is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfinished: Option<u64>,
    /// `flow`, `definition` and whatever else was sent.
    #[serde(flatten)]
    sent: Map<String, Value>,
}

/// A revision in a list.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RevisionLine {
    agent_id: String,
    revision: u32,
    digest: Digest,
    comment: Option<String>,
    created_by: String,
    actor: Option<String>,
    created_at: TimeMs,
    is_current: bool,
    last_deployed_at: Option<TimeMs>,
}

/// An array, or a page of it where one was asked for.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(untagged)]
enum Revisions {
    All(Vec<RevisionLine>),
    #[serde(rename_all = "camelCase")]
    Page {
        items: Vec<RevisionLine>,
        next_page_token: Option<String>,
    },
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    /// Revisions of a page; the answer is then an object.
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// What a revision takes.
#[derive(Debug, Serialize, JsonSchema)]
struct Parameters {
    /// Names in order.
    parameters: Vec<String>,
    metadata: Vec<ParameterInfo>,
}

/// One parameter.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ParameterInfo {
    name: String,
    display_name: Option<String>,
    /// `string`, `integer`, `float`, `bool`, `single-select`, `string_array`, `json`; or as it was spelt.
    #[serde(rename = "type")]
    kind: String,
    required: bool,
    default_value: crate::api::route::Free,
    options: Vec<OptionInfo>,
    description: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct OptionInfo {
    value: String,
    label: Option<String>,
}

const ALL: &str = "/v1/tenants/{tenant}/agents/{agent}/revisions";
const ONE: &str = "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}";

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    vec![
        Route::post(ALL, "createAgentRevision", "The next revision; an agent's first one is deployed to production")
            .scope(write)
            .takes::<CreateAgentRevision>()
            .answers::<Revision>(200)
            .headers(&["X-Fruxon-Actor"])
            .creates()
            .to(create),
        Route::get(ALL, "listAgentRevisions", "Revisions, newest first")
            .scope(read)
            .query::<ListQuery>()
            .answers::<Revisions>(200)
            .to(list),
        Route::get(ONE, "getAgentRevision", "A revision with its body as sent").scope(read).answers::<Revision>(200).to(get),
        Route::get("/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:parameters", "getRevisionParameters", "What a revision takes")
            .scope(read)
            .answers::<Parameters>(200)
            .to(parameters),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/parameters",
            "listRevisionParameters",
            "The same, for later clients",
        )
        .scope(read)
        .answers::<Parameters>(200)
        .to(parameters),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/diff/{other}",
            "diffAgentRevisions",
            "How another revision differs from this one, by meaning",
        )
        .scope(read)
        .answers::<diff::Diff>(200)
        .to(differences),
    ]
}

impl RevisionLine {
    fn of(row: RevisionRow, current: u32) -> Self {
        Self {
            is_current: row.revision == current,
            agent_id: row.agent,
            revision: row.revision,
            digest: row.digest,
            comment: row.comment,
            created_by: row.created_by,
            actor: row.tool,
            created_at: row.created_at,
            last_deployed_at: row.last_deployed_at,
        }
    }
}

impl Revision {
    pub(super) fn of(row: RevisionRow, current: u32) -> Self {
        let mut sent = if let Value::Object(sent) = row.sent { sent } else { Map::new() };
        sent.remove("comment");
        Self {
            is_current: row.revision == current,
            agent_id: row.agent,
            agent_revision: row.revision,
            digest: row.digest,
            comment: row.comment,
            created_at: row.created_at,
            created_by: row.created_by,
            actor: row.tool,
            last_deployed_at: row.last_deployed_at,
            unfinished: None,
            sent,
        }
    }
}

/// The number in a path; anything else is no revision.
///
/// # Errors
/// 404.
pub fn number(call: &Call, name: &str) -> Result<u32, Problem> {
    let text = call.parameter(name)?;
    text.parse().map_err(|_| Problem::not_found("revision", text))
}

fn row(call: &Call, name: &str) -> Result<RevisionRow, Problem> {
    Ok(call.app.catalog.revision(&call.tenant, call.parameter("agent")?, number(call, name)?)?.value)
}

fn current(call: &Call) -> Result<u32, Problem> {
    Ok(call.app.catalog.agent(&call.tenant, call.parameter("agent")?)?.value.current_revision)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let agent = call.parameter("agent")?;
    call.app.catalog.living_agent(&call.tenant, agent)?;
    let body: Value = call.json()?;
    let new = bodies::read(agent, &body, call.header("x-fruxon-actor").map(str::to_owned))?;
    let row = call.app.catalog.create_revision(&call.tenant, agent, new, &call.actor()?).await?;
    let current = current(&call)?;
    Answer::json(&Revision::of(row, current))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let current = current(&call)?;
    let is_page = query.page_size.is_some() || query.page_token.is_some();
    let size = if is_page { page::size(query.page_size) } else { 0 };
    let before = match page::read(query.page_token.as_deref())? {
        Some(token) => Some(token.parse().map_err(|_| Problem::unfit("pageToken", "it is not a token of this list"))?),
        None => None,
    };
    let rows = call.app.catalog.revisions(&call.tenant, call.parameter("agent")?, before, size)?;
    let next_page_token = (is_page && rows.len() == size).then(|| rows.last().map(|row| page::token(&row.revision.to_string()))).flatten();
    let items: Vec<RevisionLine> = rows.into_iter().map(|row| RevisionLine::of(row, current)).collect();
    Answer::json(&if is_page { Revisions::Page { items, next_page_token } } else { Revisions::All(items) })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let (row, current) = (row(&call, "revision")?, current(&call)?);
    let (store, tenant, agent, number) = (call.app.catalog.store().clone(), call.tenant.clone(), row.agent.clone(), row.revision);
    let unfinished = blocking(move || statistics::unfinished(&store, &tenant, &agent, number)).await?;
    Answer::json(&Revision { unfinished: Some(unfinished), ..Revision::of(row, current) })
}

async fn parameters(call: Call) -> Result<Answer, Problem> {
    let row = row(&call, "revision")?;
    let parameters = bodies::parameters_of(&row.agent, &row.sent);
    let names = parameters.iter().map(|parameter| parameter.name.clone()).collect();
    Answer::json(&Parameters { parameters: names, metadata: parameters.into_iter().map(info).collect() })
}

fn info(parameter: Parameter) -> ParameterInfo {
    let options = parameter.options.into_iter().map(|option| OptionInfo { value: option.value, label: option.label });
    ParameterInfo {
        name: parameter.name,
        display_name: parameter.display_name,
        kind: parameter.kind.spelled,
        required: parameter.required,
        default_value: crate::api::route::Free(parameter.default_value.unwrap_or_default()),
        options: options.collect(),
        description: parameter.description,
    }
}

async fn differences(call: Call) -> Result<Answer, Problem> {
    let (before, after) = (row(&call, "revision")?, row(&call, "other")?);
    let catalog = &call.app.catalog;
    Answer::json(&diff::diff(&catalog.flow_spec(&call.tenant, &before)?, &catalog.flow_spec(&call.tenant, &after)?))
}
