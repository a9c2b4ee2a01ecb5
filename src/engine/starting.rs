//! From a request to the complete `Start` that is recorded: configuration merged, agents pinned, tools agreed to, prices looked up.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::Error;
use super::messages::Shared;
use super::reach::Reach;
use super::request::{FlowRef, Resolver, StartRequest};
use crate::clock;
use crate::flow::plan::Plan;
use crate::ids::{Digest, NanoUsd, Tenant};
use crate::machine::call::ToolDefinition;
use crate::machine::input::{Mode, Pin, Price, Start};
use crate::store::Entry;

/// The rules that new executions are decided by.
const SEMANTICS: u32 = 2;

/// Everything that a start fixes, apart from what the request says itself.
pub(super) struct Surroundings {
    pub plan: Arc<Plan>,
    pub pins: BTreeMap<String, Pin>,
    pub servers: BTreeSet<String>,
    pub models: BTreeSet<String>,
}

impl Surroundings {
    fn of(plan: Arc<Plan>) -> Self {
        Self { plan, pins: BTreeMap::new(), servers: BTreeSet::new(), models: BTreeSet::new() }
    }

    /// Adds what a plan reaches; the agents that it starts, to go on with.
    fn add(&mut self, plan: &Plan) -> BTreeSet<(String, Option<u32>)> {
        let reach = Reach::of(plan);
        self.servers.extend(reach.servers);
        self.models.extend(reach.models);
        reach.agents
    }
}

/// The surroundings of a flow that is in memory and starts no others: nothing has to be read for it.
fn at_hand(shared: &Shared, tenant: &Tenant, flow: &FlowRef) -> Option<Surroundings> {
    let plan = shared.revisions.known(tenant, &flow.digest)?;
    let mut found = Surroundings::of(Arc::clone(&plan));
    found.add(&plan).is_empty().then_some(found)
}

/// What is known of child agents before the catalog is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Settled {
    pub agents: Vec<FlowRef>,
    pub resolver: Option<Resolver>,
}

impl Settled {
    fn find(&self, agent: &str, revision: Option<u32>) -> Option<FlowRef> {
        let given = self.agents.iter().find(|given| given.name == agent && revision.is_none_or(|number| number == given.revision));
        let asked = || self.resolver.as_ref().filter(|_| revision.is_none()).and_then(|resolver| (resolver.0)(agent));
        given.cloned().or_else(asked)
    }
}

/// The flow and everything that it can reach, at any depth. Blocking.
pub(super) fn surroundings(shared: &Shared, tenant: &Tenant, flow: &FlowRef, settled: &Settled) -> Result<Surroundings, Error> {
    let plan = shared.revisions.plan(tenant, &flow.digest, &flow.name)?;
    let mut found = Surroundings::of(Arc::clone(&plan));
    let mut open = vec![plan];
    while let Some(plan) = open.pop() {
        for (agent, revision) in found.add(&plan) {
            let pinned = settled.find(&agent, revision).map_or_else(|| shared.revisions.find(tenant, &agent, revision), Ok)?;
            match found.pins.get(&agent) {
                None => {
                    let plan = shared.revisions.plan(tenant, &pinned.digest, &pinned.name)?;
                    let (tokens, cost) = (plan.limits.tokens, plan.limits.cost_usd.map(NanoUsd::from_usd));
                    found.pins.insert(agent, Pin { tokens, cost, ..Pin::new(pinned.revision, pinned.digest) });
                    open.push(plan);
                }
                Some(before) if (before.revision, before.digest) == (pinned.revision, pinned.digest) => {}
                Some(before) => {
                    let (one, other) = (before.revision, pinned.revision);
                    return Err(Error::Unfit(format!(
                        "`{}` reaches agent `{agent}` at revision {one} and at revision {other}; one execution runs one revision of an agent",
                        flow.name
                    )));
                }
            }
        }
    }
    Ok(found)
}

/// The complete start. Asks MCP servers for their tools, unless nothing may leave the process.
pub(super) async fn complete(shared: &Shared, tenant: &Tenant, request: StartRequest) -> Result<Start, Error> {
    let found = match at_hand(shared, tenant, &request.flow) {
        Some(found) => found,
        None => {
            let (reader, owner, flow) = (Arc::clone(shared), tenant.clone(), request.flow.clone());
            let settled = Settled { agents: request.agents.clone(), resolver: request.resolver.clone() };
            let reading = shared.runtime.spawn_blocking(move || surroundings(&reader, &owner, &flow, &settled));
            reading.await.map_err(|_| Error::Stopped)??
        }
    };
    let config = config(&found.plan, request.config)?;
    let tools = match request.mode {
        Mode::Rehearsal => BTreeMap::new(),
        Mode::Production | Mode::Sandbox | Mode::Evaluation => tools(shared, tenant, &found.servers, &request.accept_tools).await?,
    };
    let mut models = found.models;
    models.extend(request.guidance.model.clone());
    let prices = prices(shared, &models);
    Ok(Start {
        tenant: tenant.clone(),
        execution: request.execution.unwrap_or_else(clock::execution_id),
        flow: request.flow.name,
        revision: request.flow.revision,
        digest: request.flow.digest,
        semantics: SEMANTICS,
        input: request.input,
        entry: request.entry,
        config: Value::Object(config),
        mode: request.mode,
        script: request.script,
        starter: request.starter,
        environment: request.environment,
        session: request.session,
        context: request.context,
        parent: None,
        pins: found.pins,
        tools,
        prices,
        allowance: None,
        origin: None,
        purpose: request.purpose,
        trigger: request.trigger,
        labels: request.labels,
        history: request.history,
        guidance: request.guidance,
        attachments: request.attachments,
        refused: request.refused,
    })
}

/// The flow's defaults with the request's values over them.
fn config(plan: &Plan, given: Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut config = plan.spec.config.clone();
    for (name, value) in given {
        let Some(place) = config.get_mut(&name) else {
            let declared: Vec<&str> = plan.spec.config.keys().map(String::as_str).collect();
            let declared = if declared.is_empty() { "none".to_owned() } else { declared.join(", ") };
            return Err(Error::Config { flow: plan.name.clone(), name, declared });
        };
        *place = value;
    }
    Ok(config)
}

fn prices(shared: &Shared, models: &BTreeSet<String>) -> BTreeMap<String, Price> {
    let runner = &shared.performer.runner;
    models.iter().filter_map(|model| Some((model.clone(), runner.price(model)?))).collect()
}

/// The tools of every server, as agreed to. What is seen for the first time is agreed to by starting; a changed one only by name.
async fn tools(
    shared: &Shared,
    tenant: &Tenant,
    servers: &BTreeSet<String>,
    accepted: &[String],
) -> Result<BTreeMap<String, Vec<ToolDefinition>>, Error> {
    let mut tools = BTreeMap::new();
    for server in servers {
        let listed = shared.performer.runner.tools(server).await;
        let listed = listed.map_err(|error| Error::Tools { server: server.clone(), reason: error.to_string() })?;
        let (mut new, mut changed) = (Vec::new(), Vec::new());
        for tool in &listed {
            let agreed = shared.store.consent(tenant, server, &tool.name).map_err(|error| Error::Store(error.to_string()))?;
            match agreed {
                Some(digest) if digest == tool.digest() => {}
                Some(_) => changed.push(tool),
                None => new.push(tool),
            }
        }
        if !changed.is_empty() && !accepted.contains(server) {
            let listing = changed.iter().map(|tool| format!("`{}` is now {}", tool.name, tool.digest())).collect::<Vec<_>>().join(", ");
            return Err(Error::ToolsChanged { server: server.clone(), changes: listing });
        }
        for tool in new.into_iter().chain(changed) {
            agree(shared, tenant, server, &tool.name, tool.digest()).await?;
        }
        tools.insert(server.clone(), listed);
    }
    Ok(tools)
}

async fn agree(shared: &Shared, tenant: &Tenant, server: &str, tool: &str, digest: Digest) -> Result<(), Error> {
    let entry = Entry::Consent { tenant: tenant.clone(), server: server.to_owned(), tool: tool.to_owned(), digest };
    shared.store.commit(entry).await.map(drop).map_err(|error| Error::Store(error.to_string()))
}
