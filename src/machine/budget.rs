//! Budgets of one execution: steps, tokens, cost. A model call is held against them at its worst case before it starts and settled after.

use super::call::{CallError, Request};
use super::decide::Deciding;
use super::event::{Budget, Event, Place, Reserved};
use super::question::QuestionKind;
use crate::flow::plan::StepIx;
use crate::flow::spec::OnBreach;
use crate::ids::{FrameId, NanoUsd};

/// A budget that the next step would exceed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breach {
    pub(super) budget: Budget,
    pub(super) limit: u64,
}

impl Breach {
    pub(super) fn error(&self) -> CallError {
        let what = match self.budget {
            Budget::Steps => format!("{} steps", self.limit),
            Budget::Tokens => format!("{} tokens", self.limit),
            Budget::Cost => format!("{} USD", NanoUsd(self.limit).usd()),
        };
        CallError::new("budget_exceeded", format!("the budget of {what} does not allow the next step"))
    }
}

impl Deciding<'_> {
    /// The limit in force: the flow's, narrowed by what the parent could spare, widened by what a person granted.
    fn limit(&self, budget: Budget) -> Option<u64> {
        if let Some(raised) = self.state.raised.get(&budget) {
            return Some(*raised);
        }
        let limits = &self.plan.limits;
        let allowance = self.state.start().and_then(|start| start.allowance);
        let (own, given) = match budget {
            Budget::Steps => (Some(limits.steps), None),
            Budget::Tokens => (limits.tokens, allowance.and_then(|allowance| allowance.tokens)),
            Budget::Cost => {
                (limits.cost_usd.map(|usd| NanoUsd::from_usd(usd).0), allowance.and_then(|allowance| allowance.cost).map(|cost| cost.0))
            }
        };
        own.into_iter().chain(given).min()
    }

    /// What is left of a budget after everything spent and held; none where there is no limit.
    pub(super) fn left(&self, budget: Budget) -> Option<u64> {
        self.limit(budget).map(|limit| limit.saturating_sub(self.used(budget)))
    }

    fn used(&self, budget: Budget) -> u64 {
        let spent = &self.state.spent;
        match budget {
            Budget::Steps => spent.steps,
            Budget::Tokens => spent.tokens + spent.held.tokens,
            Budget::Cost => spent.cost.plus(spent.held.cost).0,
        }
    }

    /// The worst case of a model call: a token for every three bytes that go in (what dense text comes to), the most that may come out.
    pub(super) fn worst_case(&self, request: &Request) -> Reserved {
        let Request::Llm(llm) = request else { return Reserved::default() };
        let bytes = super::size(&llm.messages) + super::size(&llm.tools);
        let input = (bytes as u64).div_ceil(3);
        let price = self.state.start().and_then(|start| start.prices.get(&llm.model));
        let cost = price.map_or(NanoUsd(0), |price| {
            NanoUsd(price.input.0.saturating_mul(input).saturating_add(price.output.0.saturating_mul(llm.max_tokens)))
        });
        Reserved { tokens: input + llm.max_tokens, cost }
    }

    pub(super) fn breach(&self, wanted: Reserved) -> Option<Breach> {
        if wanted == Reserved::default() {
            return None;
        }
        let wanted = [(Budget::Tokens, wanted.tokens), (Budget::Cost, wanted.cost.0)];
        wanted.into_iter().find_map(|(budget, wanted)| {
            let is_over = self.left(budget).is_some_and(|left| wanted > left);
            is_over.then(|| Breach { budget, limit: self.limit(budget).unwrap_or_default() })
        })
    }

    /// Whether one more step may be entered; otherwise the breach has been dealt with.
    pub(super) fn may_spend_step(&mut self, frame: FrameId, ix: StepIx) -> bool {
        if self.left(Budget::Steps) != Some(0) {
            return true;
        }
        let breach = Breach { budget: Budget::Steps, limit: self.limit(Budget::Steps).unwrap_or_default() };
        let place = self.own_place(frame, ix);
        self.over_budget(&place, breach);
        false
    }

    /// Fails, or pauses and asks; while the question is open nothing new begins.
    pub(super) fn over_budget(&mut self, place: &Place, breach: Breach) {
        match self.plan.limits.on_breach {
            OnBreach::Fail => self.failed(place, breach.error()),
            OnBreach::Ask => self.ask_budget(place, breach),
        }
    }

    pub(super) fn is_paused_for_budget(&self) -> bool {
        self.state.open.values().any(|open| open.question.kind == QuestionKind::Budget)
    }

    /// A person granted the same amount again.
    pub(super) fn raise_limit(&mut self, budget: Budget) {
        let own = match budget {
            Budget::Steps => self.plan.limits.steps,
            Budget::Tokens | Budget::Cost => self.limit(budget).unwrap_or_default(),
        };
        // A call may have cost more than was left: the grant counts from what is used, otherwise it would allow nothing.
        let limit = self.limit(budget).unwrap_or_default().max(self.used(budget)).saturating_add(own);
        self.emit(Event::LimitRaised { budget, limit });
    }
}
