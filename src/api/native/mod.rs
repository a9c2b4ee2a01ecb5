//! The native API: `/v1/tenants/{tenant}/…`, one file per resource. Shapes are those of the contract; both generations of the vendor's
//! clients are served.

mod agents;
mod approvals;
mod audit;
mod bodies;
mod budgets;
mod changes;
mod deployments;
mod drafts;
mod environments;
pub mod evaluations;
pub mod execute;
mod keys;
mod llm_providers;
mod networks;
mod operators;
pub mod records;
mod retention;
mod revisions;
mod secrets;
mod statistics;
mod step_times;
pub mod storage;
mod tenants;
mod test_chats;
mod triggers;
pub mod webhooks;

pub use evaluations::{Evaluations, run as run_evaluations};
pub use execute::{ParameterCache, SessionLocks};
pub use triggers::{Triggers, run as run_triggers};

use super::blocking::blocking;
use super::call::Call;
use super::problem::Problem;
use super::route::Route;
use crate::ids::ExecutionId;
use crate::machine::summary::Summary;

/// Every operation of the native API.
pub fn routes() -> Vec<Route> {
    let resources = [
        tenants::routes,
        storage::routes,
        keys::routes,
        environments::routes,
        networks::routes,
        agents::routes,
        revisions::routes,
        drafts::routes,
        test_chats::routes,
        deployments::routes,
        execute::routes,
        records::routes,
        statistics::routes,
        step_times::routes,
        webhooks::routes,
        triggers::routes,
        evaluations::routes,
        secrets::routes,
        budgets::routes,
        audit::routes,
        changes::routes,
        llm_providers::routes,
        retention::routes,
        operators::routes,
        approvals::routes,
    ];
    resources.into_iter().flat_map(|routes| routes()).collect()
}

/// The path's agent, as one that there is; also one that was deleted and can be taken back.
///
/// # Errors
/// 404.
fn agent_id(call: &Call) -> Result<&str, Problem> {
    let agent = call.parameter("agent")?;
    call.app.catalog.agent(&call.tenant, agent)?;
    Ok(agent)
}

/// The path's execution, which must be the path's agent's.
///
/// # Errors
/// 404, the same for what does not exist and for what is somebody else's.
async fn of_agent(call: &Call) -> Result<(ExecutionId, Summary), Problem> {
    let (agent, named) = (call.parameter("agent")?, call.parameter("execution")?);
    let unknown = || Problem::not_found("execution", named);
    let id: ExecutionId = named.parse().map_err(|_| unknown())?;
    let (store, tenant) = (call.app.catalog.store().clone(), call.tenant.clone());
    let reading = blocking(move || store.summary(&tenant, id).map_err(|error| Problem::from(crate::catalog::Error::from(error))));
    let summary = reading.await?.filter(|summary| summary.flow == agent).ok_or_else(unknown)?;
    Ok((id, summary))
}
