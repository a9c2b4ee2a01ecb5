//! What a flow can reach: the agents, MCP servers and models that its steps and tools name. Pure.

use std::collections::BTreeSet;

use crate::flow::plan::{CallTemplate, Child, InDoubt, Kind, Plan, Step, ToolCall};

/// What one flow names itself; what its agents name is not among it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Reach {
    /// With the revision, where the flow fixes one.
    pub agents: BTreeSet<(String, Option<u32>)>,
    pub servers: BTreeSet<String>,
    pub models: BTreeSet<String>,
}

impl Reach {
    pub(super) fn of(plan: &Plan) -> Self {
        let mut reach = Self::default();
        for step in plan.scopes.iter().flat_map(|scope| &scope.steps) {
            reach.step(step);
        }
        // Http validators name nothing but an address.
        reach.models.extend(plan.validators().filter_map(|one| one.model().map(str::to_owned)));
        reach
    }

    fn step(&mut self, step: &Step) {
        match &step.kind {
            Kind::Llm(llm) => {
                self.models.insert(llm.model.clone());
            }
            Kind::Agent(agent) => {
                self.models.insert(agent.llm.model.clone());
                for tool in &agent.tools {
                    match &tool.call {
                        ToolCall::Call(call) => self.call(call),
                        ToolCall::Mcp { server, .. } => {
                            self.servers.insert(server.clone());
                        }
                        ToolCall::Child(child) => self.child(child),
                    }
                    self.in_doubt(&tool.in_doubt);
                }
            }
            Kind::Call(call) => self.call(call),
            Kind::Child(child) => self.child(child),
            Kind::Approval(_)
            | Kind::Ask(_)
            | Kind::Map(_)
            | Kind::Wait(_)
            | Kind::Event(_)
            | Kind::Set(_)
            | Kind::Fail { .. }
            | Kind::End { .. } => {}
        }
        if let Some(compensate) = &step.compensate {
            self.call(compensate);
        }
        self.in_doubt(&step.in_doubt);
    }

    fn call(&mut self, call: &CallTemplate) {
        if let CallTemplate::Mcp { server, .. } = call {
            self.servers.insert(server.clone());
        }
    }

    fn child(&mut self, child: &Child) {
        self.agents.insert((child.agent.clone(), child.revision));
    }

    fn in_doubt(&mut self, in_doubt: &InDoubt) {
        if let InDoubt::Check { call, .. } = in_doubt {
            self.call(call);
        }
    }
}
