//! The digest of a flow: over what it means, not how it is written. Every default that a file may leave out is filled in first, so
//! writing a default out changes nothing and a later change of a default does not change what was published.
//!
//! Normalised: `start` where only one step can be it; `defaults:` pushed into the steps that inherit from it; `join`, `rest`, `select`,
//! `retry`, `timeout`, `effect`, `in_doubt`, the limits, an edge's port, a question's quorum and decisions, a map's concurrency and
//! error policy, a child's revision, an agent's iterations, the names of its tools, absent arguments, a builtin's short form.
//! Left out: `ui`. The order of the steps' and other tables' keys says nothing; the order of edges does.

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::compile::people;
use super::compile::settings::{self, Defaults};
use super::compile::validators as compiled;
use super::compile::view::default_port;
use super::spec::{
    AgentSpec, ApprovalSpec, ApproversSpec, Backoff, BodySpec, BuiltinCallSpec, BuiltinSpec, ChildSpec, CompensateSpec, Duration, EdgeSpec,
    ExpiresSpec, ExpiryThen, FlowSpec, InDoubtSpec, McpSpec, RetrySpec, RevisionSpec, StepSpec, Table, ToolApprovalSpec, ToolSpec,
    ValidatorSpec,
};
use crate::ids::Digest;
use crate::limits::{
    AGENT_ITERATIONS_DEFAULT, ANSWER_TOKENS_DEFAULT, JUDGE_THRESHOLD_DEFAULT, JUDGE_TOKENS_DEFAULT, MAP_CONCURRENCY_DEFAULT, STEPS_DEFAULT,
    VALIDATOR_RETRIES_DEFAULT,
};

/// Over the canonical JSON (RFC 8785) of the normalised flow.
#[must_use]
pub fn of(spec: &FlowSpec) -> Digest {
    // A spec has no maps with keys that are not strings, so it always serialises.
    Digest::of_json(&serde_json::to_value(normalised(spec)).unwrap_or_default())
}

/// The same flow with every default written out.
#[must_use]
pub fn normalised(spec: &FlowSpec) -> FlowSpec {
    let mut flow = spec.clone();
    flow.ui = None;
    let mut limits = flow.limits.take().unwrap_or_default();
    limits.steps.get_or_insert(STEPS_DEFAULT);
    limits.on_breach.get_or_insert_default();
    flow.limits = Some(limits);
    let inherited = flow.defaults.take();
    let defaults = Defaults { spec: inherited.as_ref() };
    gates(&mut flow, &defaults);
    graph(&mut flow.start, &mut flow.steps, &mut flow.edges, &defaults);
    flow
}

fn gates(flow: &mut FlowSpec, defaults: &Defaults<'_>) {
    let gate_retries = flow.max_retries;
    validators(&mut flow.validators, &mut flow.max_retries, defaults);
    for entry in flow.entries.values_mut() {
        entry.max_retries = entry.max_retries.or(gate_retries);
        validators(&mut entry.validators, &mut entry.max_retries, defaults);
    }
}

/// Where there are none, there is nothing to fill in: a flow of before validators keeps its digest.
fn validators(list: &mut [ValidatorSpec], max_retries: &mut Option<u32>, defaults: &Defaults<'_>) {
    if list.is_empty() {
        *max_retries = None;
        return;
    }
    max_retries.get_or_insert(VALIDATOR_RETRIES_DEFAULT);
    for (index, one) in list.iter_mut().enumerate() {
        one.name = Some(one.name.take().unwrap_or_else(|| compiled::default_name(one, index)));
        if one.http.is_none() {
            one.on_fail.get_or_insert_default();
        }
        if let Some(judge) = &mut one.judge {
            judge.model = judge.model.take().or_else(|| defaults.model().map(str::to_owned));
            judge.threshold.get_or_insert(JUDGE_THRESHOLD_DEFAULT);
            judge.max_tokens.get_or_insert(JUDGE_TOKENS_DEFAULT);
        }
        if one.judge.is_some() || one.http.is_some() {
            let retry = settings::retry(one.retry.as_ref(), true, defaults);
            one.retry = Some(written(retry.attempts, retry.backoff));
            one.timeout = Some(Duration { ms: settings::call_timeout_ms(one.timeout, defaults) });
        }
    }
}

fn graph(start: &mut Option<String>, steps: &mut Table<StepSpec>, edges: &mut [EdgeSpec], defaults: &Defaults<'_>) {
    for edge in edges.iter_mut() {
        if let (None, Some(from)) = (&edge.on, steps.get(&edge.from)) {
            edge.on = Some(default_port(from).to_owned());
        }
    }
    if start.is_none() {
        let entered: HashSet<&str> = edges.iter().map(|edge| edge.to.as_str()).collect();
        let mut open = steps.keys().filter(|id| !entered.contains(id.as_str()));
        if let (Some(only), None) = (open.next(), open.next()) {
            *start = Some(only.clone());
        }
    }
    steps.values_mut().for_each(|one| step(one, defaults));
}

fn step(step: &mut StepSpec, defaults: &Defaults<'_>) {
    // First what looks at the step as it was written.
    let effect = settings::step_effect(step);
    let retry = settings::retry(step.retry.as_ref(), settings::inherits_retry(step), defaults);
    step.timeout = settings::step_timeout_ms(step, defaults).map(|ms| Duration { ms });
    step.effect = Some(effect);
    step.retry = Some(written(retry.attempts, retry.backoff));
    step.join.get_or_insert_default();
    step.rest.get_or_insert_default();
    step.select.get_or_insert_default();
    in_doubt(&mut step.in_doubt);
    validators(&mut step.validators, &mut step.max_retries, defaults);
    if let Some(llm) = &mut step.llm {
        llm.model = llm.model.take().or_else(|| defaults.model().map(str::to_owned));
        llm.max_tokens.get_or_insert(ANSWER_TOKENS_DEFAULT);
    }
    step.agent.iter_mut().for_each(|one| agent(one, defaults));
    step.mcp.iter_mut().for_each(mcp);
    step.builtin.iter_mut().for_each(builtin);
    step.approval.iter_mut().for_each(approval);
    if let Some(ask) = &mut step.ask {
        approvers(ask.to.get_or_insert_default());
        ask.expires.iter_mut().for_each(expires);
    }
    if let Some(map) = &mut step.map {
        map.concurrency.get_or_insert(MAP_CONCURRENCY_DEFAULT);
        map.on_item_error.get_or_insert_default();
        let BodySpec { start, steps, edges, .. } = &mut map.body;
        graph(start, steps, edges, defaults);
    }
    step.flow.iter_mut().for_each(child);
    step.compensate.iter_mut().for_each(side_call);
}

fn written(attempts: u32, backoff: Backoff) -> RetrySpec {
    RetrySpec { attempts, backoff: Some(backoff) }
}

fn agent(agent: &mut AgentSpec, defaults: &Defaults<'_>) {
    agent.model = agent.model.take().or_else(|| defaults.model().map(str::to_owned));
    agent.max_tokens.get_or_insert(ANSWER_TOKENS_DEFAULT);
    agent.max_iterations.get_or_insert(AGENT_ITERATIONS_DEFAULT);
    for one in &mut agent.tools {
        tool(one, defaults);
    }
}

fn tool(tool: &mut ToolSpec, defaults: &Defaults<'_>) {
    let effect = tool.effect.unwrap_or_else(|| settings::tool_effect(tool));
    let retry = settings::retry(tool.retry.as_ref(), settings::inherits_retry_tool(tool, effect), defaults);
    tool.effect = Some(effect);
    tool.retry = Some(written(retry.attempts, retry.backoff));
    tool.timeout = Some(Duration { ms: settings::call_timeout_ms(tool.timeout, defaults) });
    if tool.name.is_none() {
        let own = tool.mcp.as_ref().or(tool.builtin.as_ref()).or(tool.flow.as_ref().map(|flow| &flow.agent));
        tool.name = own.cloned();
    }
    tool.description.get_or_insert_default();
    in_doubt(&mut tool.in_doubt);
    tool.flow.iter_mut().for_each(child);
    if let Some(ToolApprovalSpec { approvers: given, decisions, expires: until, .. }) = &mut tool.approval {
        approvers(given.get_or_insert_default());
        decisions.get_or_insert_with(|| people::decisions_default(true));
        until.iter_mut().for_each(expires);
    }
}

fn approval(approval: &mut ApprovalSpec) {
    approvers(approval.approvers.get_or_insert_default());
    let has_action = approval.action.is_some();
    approval.decisions.get_or_insert_with(|| people::decisions_default(has_action));
    approval.expires.iter_mut().for_each(expires);
}

fn approvers(approvers: &mut ApproversSpec) {
    approvers.quorum.get_or_insert(1);
}

fn expires(expires: &mut ExpiresSpec) {
    if let ExpiryThen::Ask(other) = &mut expires.then {
        approvers(other);
    }
}

fn in_doubt(spec: &mut Option<InDoubtSpec>) {
    if let InDoubtSpec::Check(check) = spec.get_or_insert_default() {
        side_call(&mut check.check);
    }
}

fn side_call(call: &mut CompensateSpec) {
    call.mcp.iter_mut().for_each(mcp);
    call.builtin.iter_mut().for_each(builtin);
}

fn mcp(mcp: &mut McpSpec) {
    mcp.args.get_or_insert_with(no_arguments);
}

fn builtin(builtin: &mut BuiltinSpec) {
    let (name, args) = match builtin {
        BuiltinSpec::Name(name) => (name.clone(), None),
        BuiltinSpec::Call(call) => (call.name.clone(), call.args.take()),
    };
    *builtin = BuiltinSpec::Call(BuiltinCallSpec { name, args: Some(args.unwrap_or_else(no_arguments)) });
}

fn child(child: &mut ChildSpec) {
    child.revision.get_or_insert_with(|| RevisionSpec::Name("current".to_owned()));
}

fn no_arguments() -> Value {
    Value::Object(Map::new())
}

#[cfg(test)]
pub(in crate::flow) mod tests;
