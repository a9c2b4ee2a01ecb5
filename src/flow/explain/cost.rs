//! What a flow may cost at worst: how often each model can be called, with how many tokens of answer, and at which price. What goes into
//! a call depends on the data, so it is bounded only by the flow's own limits; the figures say so.

use std::collections::BTreeMap;

use super::{all_steps, count, duration, on_breach};
use crate::flow::plan::{Check, Kind, LlmTemplate, LoopIx, Plan, Scope, Step, Validators};
use crate::ids::NanoUsd;
use crate::limits::ANSWER_TOKENS_DEFAULT;

/// What one token of a model costs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ModelPrice {
    pub input: NanoUsd,
    pub output: NanoUsd,
}

/// The most that one model can be used, inputs aside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WorstCase {
    pub calls: u64,
    /// Tokens of answers.
    pub answer_tokens: u64,
    /// Some of these calls happen once per item of a map, and are counted for one item.
    pub per_item: bool,
}

/// By model: the most that the flow can use it. Child flows count for themselves.
#[must_use]
pub fn worst_case(plan: &Plan) -> BTreeMap<String, WorstCase> {
    let mut uses: BTreeMap<String, WorstCase> = BTreeMap::new();
    for (scope, step) in all_steps(plan) {
        let (llm, turns) = match &step.kind {
            Kind::Llm(llm) => (llm, 1),
            Kind::Agent(agent) => (&agent.llm, u64::from(agent.max_iterations)),
            _ => continue,
        };
        // An answer that does not fit its schema gets one more turn.
        let turns = turns.saturating_add(u64::from(llm.output.is_some()));
        let turns = judged(plan, scope, step, turns);
        let calls = turns.saturating_mul(u64::from(step.retry.attempts)).saturating_mul(visits(plan, scope, step));
        let one = uses.entry(llm.model.clone()).or_default();
        one.calls = one.calls.saturating_add(calls);
        one.answer_tokens = one.answer_tokens.saturating_add(calls.saturating_mul(answer_tokens(llm)));
        one.per_item |= scope.owner.is_some();
        let answers = u64::from(step.validators.retries_max).saturating_add(1).saturating_mul(visits(plan, scope, step));
        judges(&step.validators, answers, scope.owner.is_some(), &mut uses);
    }
    for gate in std::iter::once(&plan.gate).chain(plan.entries.values().map(|entry| &entry.gate)) {
        judges(gate, u64::from(gate.retries_max).saturating_add(1), false, &mut uses);
    }
    uses
}

/// A refused answer is asked for again, at most as often as the validators may, and explained at last; what an agent says again counts
/// among its iterations.
fn judged(plan: &Plan, scope: &Scope, step: &Step, turns: u64) -> u64 {
    let is_result = scope.owner.is_none() && plan.result == Some(step.ix);
    let gates = std::iter::once(&plan.gate).chain(plan.entries.values().map(|entry| &entry.gate)).filter(|_| is_result);
    let lists = std::iter::once(&step.validators).chain(gates).filter(|validators| !validators.list.is_empty());
    let Some(retries) = lists.map(|validators| u64::from(validators.retries_max)).max() else { return turns };
    match &step.kind {
        Kind::Agent(_) => turns.saturating_add(1),
        _ => turns.saturating_mul(retries.saturating_add(1)).saturating_add(1),
    }
}

/// The judges of a list: each may be asked once for each answer, and once more where its own does not fit.
fn judges(validators: &Validators, asked: u64, per_item: bool, uses: &mut BTreeMap<String, WorstCase>) {
    for validator in &validators.list {
        let Check::Judge(judge) = &validator.check else { continue };
        let calls = asked.saturating_mul(2).saturating_mul(u64::from(validator.retry.attempts));
        let one = uses.entry(judge.model.clone()).or_default();
        one.calls = one.calls.saturating_add(calls);
        one.answer_tokens = one.answer_tokens.saturating_add(calls.saturating_mul(judge.max_tokens));
        one.per_item |= per_item;
    }
}

fn answer_tokens(llm: &LlmTemplate) -> u64 {
    llm.max_tokens.unwrap_or(ANSWER_TOKENS_DEFAULT)
}

/// How often a step can run: the visits of every loop around it, multiplied, out to the flow itself.
fn visits(plan: &Plan, scope: &Scope, step: &Step) -> u64 {
    let mut product = 1_u64;
    let (mut scope, mut step) = (scope, step);
    loop {
        let mut around: Option<LoopIx> = step.within;
        while let Some(one) = around.map(|ix| scope.loop_(ix)) {
            product = product.saturating_mul(u64::from(one.visits));
            around = one.parent;
        }
        let Some((outer, map)) = scope.owner else { return product };
        scope = plan.scope(outer);
        step = scope.step(map);
    }
}

pub(super) fn lines(plan: &Plan, prices: &BTreeMap<String, ModelPrice>) -> Vec<String> {
    let uses = worst_case(plan);
    let mut lines: Vec<String> = uses.iter().map(|(model, one)| line(model, *one, prices.get(model))).collect();
    let known: Vec<NanoUsd> = uses.iter().filter_map(|(model, one)| prices.get(model).map(|price| answers(*one, *price))).collect();
    if known.len() > 1 {
        let total = known.iter().fold(NanoUsd(0), |sum, one| sum.plus(*one));
        lines.push(format!("All answers together: {}.", usd(total)));
    }
    if all_steps(plan).any(|(_, step)| matches!(step.kind, Kind::Child(_))) {
        lines.push("Child flows come on top; explain them by themselves.".to_owned());
    }
    lines.extend(limits(plan));
    if uses.is_empty() {
        lines.insert(0, "No model is called, so nothing is charged for tokens.".to_owned());
    }
    lines
}

fn answers(one: WorstCase, price: ModelPrice) -> NanoUsd {
    NanoUsd(one.answer_tokens.saturating_mul(price.output.0))
}

fn usd(amount: NanoUsd) -> String {
    format!("{:.4} USD", amount.usd())
}

fn line(model: &str, one: WorstCase, price: Option<&ModelPrice>) -> String {
    let calls = count(one.calls, "call", "calls");
    let items = if one.per_item { ", those in a map counted for one item" } else { "" };
    let cost = match price {
        None => "its price is not known".to_owned(),
        Some(price) => {
            let thousand = NanoUsd(price.input.0.saturating_mul(1_000));
            format!("{} for them, and {} for each 1,000 tokens that go in", usd(answers(one, *price)), usd(thousand))
        }
    };
    format!("{model}: {calls} with {} tokens of answers{items}; {cost}.", one.answer_tokens)
}

fn limits(plan: &Plan) -> Vec<String> {
    let limits = &plan.limits;
    let mut lines = Vec::new();
    if let Some(cost) = limits.cost_usd {
        lines.push(format!("Never more than {cost} USD: {}.", on_breach(plan)));
    }
    if let Some(tokens) = limits.tokens {
        lines.push(format!("Never more than {tokens} tokens: {}.", on_breach(plan)));
    }
    lines.push(format!("Never more than {} entered: {}.", count(limits.steps, "step", "steps"), on_breach(plan)));
    match limits.timeout_ms {
        Some(ms) => lines.push(format!("Never longer than {}.", duration(ms))),
        None => lines.push("There is no limit on its time.".to_owned()),
    }
    lines
}
