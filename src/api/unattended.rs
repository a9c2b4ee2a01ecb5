//! Starts that no request waits for, as of triggers and evaluations: what an environment gives them, whether they are rehearsed, and which
//! revisions their children run.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::app::App;
use super::problem::Problem;
use crate::catalog::Catalog;
use crate::catalog::agents::AgentRow;
use crate::catalog::environments::EnvironmentRow;
use crate::clock;
use crate::engine::{EngineHandle, FlowRef, Resolver};
use crate::flow::spec::RehearsalSpec;
use crate::ids::Tenant;

/// The agent that is to be started.
///
/// # Errors
/// 404; 409 for one that is switched off.
pub fn enabled_agent(catalog: &Catalog, tenant: &Tenant, name: &str) -> Result<AgentRow, Problem> {
    let agent = catalog.living_agent(tenant, name)?.value;
    if !agent.enabled {
        return Err(Problem::conflict("agent_inactive", format!("agent `{}` is switched off; switch it on with :activate", agent.id)));
    }
    Ok(agent)
}

/// The environment's values for what the flow declares.
///
/// # Errors
/// When the flow cannot be read.
pub async fn config(engine: &EngineHandle, flow: &FlowRef, environment: &EnvironmentRow) -> Result<Map<String, Value>, Problem> {
    if environment.config.is_empty() {
        return Ok(Map::new());
    }
    let spec = engine.spec(flow).await?;
    let declared = environment.config.iter().filter(|(name, _)| spec.config.contains_key(name.as_str()));
    Ok(declared.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// In a server for trying things out, a flow whose models cannot be reached is rehearsed.
///
/// # Errors
/// When the flow cannot be read.
pub async fn is_rehearsed(app: &App, engine: &EngineHandle, flow: &FlowRef) -> Result<bool, Problem> {
    Ok(app.settings.rehearsals.is_some() && !engine.unreachable_models(flow, &[]).await?.is_empty())
}

/// The scripted answers of a rehearsal, where the server has some for the agent.
#[must_use]
pub fn script(app: &App, agent: &str) -> Option<RehearsalSpec> {
    app.settings.rehearsals.as_ref()?.scripts.get(agent).cloned()
}

/// Child agents run what is deployed where their parent runs.
#[must_use]
pub fn resolver(catalog: &Catalog, tenant: &Tenant, environment: String) -> Resolver {
    let (catalog, tenant) = (catalog.clone(), tenant.clone());
    Resolver(Arc::new(move |agent| {
        let chosen = catalog.choose(&tenant, agent, &environment, None, clock::entropy()).ok()?;
        Some(FlowRef { name: agent.to_owned(), revision: chosen.revision, digest: chosen.digest })
    }))
}
