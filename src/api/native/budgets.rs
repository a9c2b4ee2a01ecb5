//! `…/agents/{agent}/budget` and `…/cost`: what an agent may cost in a month, and what it has cost.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::Catalog;
use crate::catalog::budgets::{BudgetChange, BudgetRow};
use crate::catalog::scopes::Scope;
use crate::catalog::spending::{self, Which};
use crate::ids::{Tenant, TimeMs};
use crate::machine::input::Purpose;
use crate::store::Month;

/// What executions are for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Origin {
    #[default]
    Production,
    Test,
    Evaluation,
}

impl From<Origin> for Purpose {
    fn from(origin: Origin) -> Self {
        match origin {
            Origin::Production => Self::Production,
            Origin::Test => Self::Test,
            Origin::Evaluation => Self::Evaluation,
        }
    }
}

impl From<Purpose> for Origin {
    fn from(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Production => Self::Production,
            Purpose::Test => Self::Test,
            Purpose::Evaluation => Self::Evaluation,
        }
    }
}

/// When to say something.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ThresholdRule {
    /// Of the amount.
    #[schemars(range(max = 1000), extend("exclusiveMinimum" = 0))]
    percent: f64,
}

/// What an agent may cost in a calendar month (UTC), and what it has cost in this one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Budget {
    agent_id: String,
    origin: Origin,
    /// In US dollars.
    amount: f64,
    threshold_rules: Vec<ThresholdRule>,
    /// Starts are refused once it is used up.
    enforce_limit: bool,
    /// In US dollars.
    current_monthly_cost: f64,
    usage_percent: f64,
    /// `YYYY-MM`.
    month: String,
    created_at: TimeMs,
    updated_at: TimeMs,
    updated_by: String,
}

/// A change; what is absent stays as it is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetBudget {
    /// In US dollars; a new budget needs it.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    amount: Option<f64>,
    #[serde(default)]
    #[schemars(length(max = 20))]
    threshold_rules: Option<Vec<ThresholdRule>>,
    #[serde(default)]
    enforce_limit: Option<bool>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct BudgetQuery {
    /// Absent: `PRODUCTION`.
    #[serde(default)]
    origin: Origin,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CostQuery {
    /// Absent: `PRODUCTION`.
    #[serde(default)]
    origin: Origin,
    /// Absent: every environment.
    #[serde(default)]
    environment: Option<String>,
}

/// What the executions of a revision, or of all of them, have cost, in US dollars.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Cost {
    /// Null: every revision.
    revision: Option<u32>,
    origin: Origin,
    input_cost: f64,
    output_cost: f64,
    total_cost: f64,
    execution_count: u64,
    input_tokens: u64,
    output_tokens: u64,
}

const ONE: &str = "/v1/tenants/{tenant}/agents/{agent}/budget";

pub fn routes() -> Vec<Route> {
    let read = Scope::ExecutionsRead;
    vec![
        Route::get(ONE, "getAgentBudget", "An agent's budget; 404 without one")
            .scope(read)
            .query::<BudgetQuery>()
            .answers::<Budget>(200)
            .to(get),
        Route::put(ONE, "setAgentBudget", "Set an agent's budget, or change it")
            .scope(Scope::Admin)
            .query::<BudgetQuery>()
            .takes::<SetBudget>()
            .answers::<Budget>(200)
            .to(set),
        Route::delete(ONE, "deleteAgentBudget", "Remove an agent's budget")
            .scope(Scope::Admin)
            .query::<BudgetQuery>()
            .answers_with(204, Content::Nothing)
            .to(remove),
        Route::get("/v1/tenants/{tenant}/agents/{agent}/budget/all", "listAgentBudgets", "Both budgets of an agent")
            .scope(read)
            .answers::<Vec<Budget>>(200)
            .to(list),
        Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/cost",
            "getRevisionCost",
            "What the executions of a revision have cost; `*` is every revision",
        )
        .scope(read)
        .query::<CostQuery>()
        .answers::<Cost>(200)
        .to(cost),
    ]
}

/// The row with what the present month has used of it.
fn shown(catalog: &Catalog, tenant: &Tenant, row: BudgetRow, now: TimeMs) -> Result<Budget, Problem> {
    let cost = catalog.month_cost(tenant, &row.agent, row.purpose, now)?;
    Ok(Budget {
        usage_percent: row.used_percent(cost),
        agent_id: row.agent,
        origin: row.purpose.into(),
        amount: row.amount.usd(),
        threshold_rules: row.thresholds.iter().map(|percent| ThresholdRule { percent: *percent }).collect(),
        enforce_limit: row.enforced,
        current_monthly_cost: cost.usd(),
        month: Month::of(now).to_string(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
    })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let query: BudgetQuery = call.query()?;
    let (catalog, tenant, agent, now) = (call.app.catalog.clone(), call.tenant.clone(), super::agent_id(&call)?.to_owned(), call.now);
    let budget = blocking(move || {
        let row = catalog.budget(&tenant, &agent, query.origin.into())?.ok_or_else(|| Problem::not_found("budget", &agent))?;
        shown(&catalog, &tenant, row, now)
    });
    Answer::json(&budget.await?)
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let (query, wanted): (BudgetQuery, SetBudget) = (call.query()?, call.json()?);
    let agent = super::agent_id(&call)?;
    let change = BudgetChange {
        amount_usd: wanted.amount,
        thresholds: wanted.threshold_rules.map(|rules| rules.iter().map(|rule| rule.percent).collect()),
        enforced: wanted.enforce_limit,
    };
    let row = call.app.catalog.set_budget(&call.tenant, agent, query.origin.into(), &change, &call.actor()?).await?;
    let (catalog, tenant, now) = (call.app.catalog.clone(), call.tenant.clone(), call.now);
    Answer::json(&blocking(move || shown(&catalog, &tenant, row, now)).await?)
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let query: BudgetQuery = call.query()?;
    call.app.catalog.remove_budget(&call.tenant, super::agent_id(&call)?, query.origin.into(), &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let (catalog, tenant, agent, now) = (call.app.catalog.clone(), call.tenant.clone(), super::agent_id(&call)?.to_owned(), call.now);
    let budgets = blocking(move || {
        let rows = catalog.budgets(&tenant, Some(&agent))?;
        rows.into_iter().map(|row| shown(&catalog, &tenant, row, now)).collect::<Result<Vec<_>, Problem>>()
    });
    Answer::json(&budgets.await?)
}

async fn cost(call: Call) -> Result<Answer, Problem> {
    let query: CostQuery = call.query()?;
    let revision = match call.parameter("revision")? {
        "*" => None,
        number => Some(number.parse::<u32>().map_err(|_| Problem::not_found("revision", number))?),
    };
    let (catalog, tenant, agent) = (call.app.catalog.clone(), call.tenant.clone(), super::agent_id(&call)?.to_owned());
    let (origin, environment) = (query.origin, query.environment);
    let spent = blocking(move || {
        let which = Which { agent: &agent, purpose: origin.into(), revision, environment: environment.as_deref() };
        spending::spent(catalog.store(), &tenant, &which).map_err(|error| Problem::from(crate::catalog::Error::from(error)))
    });
    let spent = spent.await?;
    Answer::json(&Cost {
        revision,
        origin,
        input_cost: spent.input_cost.usd(),
        output_cost: spent.output_cost.usd(),
        total_cost: spent.total_cost.usd(),
        execution_count: spent.executions,
        input_tokens: spent.input_tokens,
        output_tokens: spent.output_tokens,
    })
}
