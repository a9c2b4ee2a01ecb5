//! The native API: `/v1/tenants/{tenant}/…`, one file per resource. Shapes are those of the contract; both generations of the vendor's
//! clients are served.

mod agents;
mod audit;
mod bodies;
mod budgets;
mod deployments;
mod environments;
mod execute;
mod keys;
mod llm_providers;
mod records;
mod revisions;
mod secrets;
mod tenants;

pub use execute::ParameterCache;

use super::call::Call;
use super::problem::Problem;
use super::route::Route;

/// Every operation of the native API.
pub fn routes() -> Vec<Route> {
    let resources = [
        tenants::routes,
        keys::routes,
        environments::routes,
        agents::routes,
        revisions::routes,
        deployments::routes,
        execute::routes,
        records::routes,
        secrets::routes,
        budgets::routes,
        audit::routes,
        llm_providers::routes,
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
