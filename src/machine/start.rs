//! The start of an execution: its input checked and completed, and what cannot work refused before anything runs.

use std::collections::HashSet;

use serde_json::Value;

use super::call::Used;
use super::decide::{Deciding, Refusal};
use super::event::Event;
use super::input::{Mode, Start};
use super::summary::{Ended, Status};
use crate::flow::plan::{Agent, Kind, Plan};
use crate::ids::NanoUsd;

impl Deciding<'_> {
    /// # Errors
    /// `Exists`, `Input`, `Start`.
    pub(super) fn start(&mut self, mut start: Start) -> Result<(), Refusal> {
        if self.state.seq != 0 {
            return Err(Refusal::Exists);
        }
        if start.digest != self.plan.digest {
            let message = "the flow that was named is not the flow that was given".to_owned();
            return Err(Refusal::Start { code: "digest", message });
        }
        if start.input.is_null() {
            start.input = Value::Object(serde_json::Map::new());
        }
        if let Some(key) = start.entry.as_ref().filter(|key| !self.plan.entries.contains_key(*key)) {
            let known: Vec<&str> = self.plan.entries.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
            let message = format!("the flow has no entry `{key}`; {known}");
            return Err(Refusal::Start { code: "no_such_entry", message });
        }
        if let Some(schema) = self.plan.input_of(start.entry.as_deref()) {
            schema.fill_defaults(&mut start.input);
            let wrong: Vec<_> = schema.mismatches(&start.input).iter().map(describe).collect();
            if !wrong.is_empty() {
                return Err(Refusal::Input(wrong.join("; ")));
            }
        }
        refuse_unpriced(self.plan, &start)?;
        refuse_tools(self.plan, &start)?;
        let refused = start.refused.clone();
        self.emit(Event::Started { start: Box::new(start) });
        if let Some(error) = refused {
            // The record is all there is of it: nothing runs, and nobody waits for it.
            let ended = Ended {
                status: Status::Rejected,
                output: Value::Null,
                error: Some(error),
                tokens: 0,
                cost: NanoUsd(0),
                used: Used::default(),
            };
            self.emit(Event::Ended { ended, errors: Vec::new(), fates: Vec::new() });
        }
        Ok(())
    }
}

fn describe(wrong: &crate::flow::schema::Mismatch) -> String {
    wrong.to_string()
}

/// Under a cost limit every model must have a price: an unknown one could not be held to it. A rehearsal costs nothing.
fn refuse_unpriced(plan: &Plan, start: &Start) -> Result<(), Refusal> {
    let is_limited = plan.limits.cost_usd.is_some() || start.allowance.is_some_and(|allowance| allowance.cost.is_some());
    if !is_limited || start.mode == Mode::Rehearsal {
        return Ok(());
    }
    let asked = start.guidance.model.as_deref();
    let missing = models(plan).into_iter().chain(asked).find(|model| !start.prices.contains_key(*model));
    match missing {
        Some(model) => {
            let message = format!(
                "the flow has a cost limit and `{model}` has no price; add one to the price table (FLOWGATE_PRICES) or drop `limits.cost_usd`"
            );
            Err(Refusal::Start { code: "no_price", message })
        }
        None => Ok(()),
    }
}

/// Tools of the caller need a step that hands them through, and names that its model can tell apart.
fn refuse_tools(plan: &Plan, start: &Start) -> Result<(), Refusal> {
    let wanted = &start.guidance.tools;
    if wanted.is_empty() {
        return Ok(());
    }
    let steps = plan.scopes.iter().flat_map(|scope| &scope.steps);
    let agents = steps.filter_map(|step| if let Kind::Agent(agent) = &step.kind { Some(agent) } else { None });
    let mut handing = agents.filter(|agent| agent.caller_tools).peekable();
    if handing.peek().is_none() {
        let message =
            format!("no step of `{}` hands tools of its caller to a model; an `agent` step does with `caller_tools: true`", plan.name);
        return Err(Refusal::Start { code: "no_caller_tools", message });
    }
    let mut taken: HashSet<&str> = handing.flat_map(|agent| &agent.tools).map(|tool| tool.name.as_str()).collect();
    taken.extend(start.tools.values().flatten().map(|tool| tool.name.as_str()));
    match wanted.iter().find(|tool| !taken.insert(tool.name.as_str())) {
        Some(tool) => {
            let message = format!("two tools are called `{}`; the flow's own count as well", tool.name);
            Err(Refusal::Start { code: "tool_taken", message })
        }
        None => Ok(()),
    }
}

/// Every model that a plan can call.
#[must_use]
pub fn models(plan: &Plan) -> Vec<&str> {
    let steps = plan.scopes.iter().flat_map(|scope| &scope.steps);
    let judges = plan.validators().filter_map(crate::flow::plan::Validator::model);
    let mut models: Vec<_> = steps
        .filter_map(|step| {
            let (Kind::Llm(llm) | Kind::Agent(Agent { llm, .. })) = &step.kind else { return None };
            Some(llm.model.as_str())
        })
        .chain(judges)
        .collect();
    models.sort_unstable();
    models.dedup();
    models
}
