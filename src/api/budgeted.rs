//! Whether a budget lets an execution begin. Asked before anything is started; a refusal becomes the error of a record that is rejected,
//! and the problem that the caller reads.

use super::app::App;
use super::blocking::blocking;
use super::problem::Problem;
use crate::catalog::budgets::BudgetCheck;
use crate::engine::{FlowRef, Resolver};
use crate::ids::{ExecutionId, Tenant, TimeMs};
use crate::machine::call::CallError;
use crate::machine::input::Purpose;

/// The budget is used up.
pub const EXCEEDED: &str = "budget_exceeded";
/// Under an enforced budget, a model without a price would cost nothing for ever.
pub const NO_PRICE: &str = "no_price";

/// Why the agent may not start now; goes into `StartRequest::refused`. None: it may.
///
/// # Errors
/// When the budget or the flow cannot be read.
pub async fn refusal(
    app: &App,
    tenant: &Tenant,
    agent: &str,
    purpose: Purpose,
    flow: &FlowRef,
    resolver: &Resolver,
    now: TimeMs,
) -> Result<Option<CallError>, Problem> {
    // Most agents have none, and then nothing is summed up.
    if app.catalog.budget(tenant, agent, purpose)?.is_none_or(|budget| !budget.enforced) {
        return Ok(None);
    }
    let (catalog, of, name) = (app.catalog.clone(), tenant.clone(), agent.to_owned());
    let check = blocking(move || Ok(catalog.check_budget(&of, &name, purpose, now)?)).await?;
    match check {
        BudgetCheck::Allowed { remaining: None } => Ok(None),
        BudgetCheck::Allowed { remaining: Some(_) } => {
            let models = app.engine.of(tenant).models(flow, Some(resolver.clone())).await?;
            Ok(models.iter().find(|model| app.runner.price(model).is_none()).map(|model| no_price(agent, model)))
        }
        BudgetCheck::Refused { month, cost, amount } => {
            let message =
                format!("agent `{agent}` has cost {} of its {} US dollars in {month}; raise its budget or wait", cost.usd(), amount.usd());
            Ok(Some(CallError::new(EXCEEDED, message)))
        }
    }
}

/// Why the agent may not start with a model that its caller names.
///
/// # Errors
/// When the budget cannot be read.
pub fn without_price(app: &App, tenant: &Tenant, agent: &str, purpose: Purpose, model: &str) -> Result<Option<CallError>, Problem> {
    let is_enforced = app.catalog.budget(tenant, agent, purpose)?.is_some_and(|budget| budget.enforced);
    Ok((is_enforced && app.runner.price(model).is_none()).then(|| no_price(agent, model)))
}

fn no_price(agent: &str, model: &str) -> CallError {
    CallError::new(NO_PRICE, format!("model `{model}` has no known price, and agent `{agent}` has an enforced budget; give its price"))
}

/// What the caller reads: 429, or 422 for a model without a price, with the record that says the same.
#[must_use]
pub fn problem(error: &CallError, execution: ExecutionId) -> Problem {
    let (status, title) = if error.code == NO_PRICE { (422, "A model has no price") } else { (429, "The budget is used up") };
    Problem::new(status, &error.code, title, error.message.clone()).with("executionRecordId", execution)
}
