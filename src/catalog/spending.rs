//! What agents have cost, in sums. The store keeps the statistics beside the executions; this is what the catalog makes of them.

use crate::ids::{NanoUsd, Tenant};
use crate::machine::input::Purpose;
use crate::store::{self, Month, Stats, StatsFilter, Store};

/// Whose executions to sum up.
#[derive(Clone, Copy, Debug)]
pub struct Which<'a> {
    pub agent: &'a str,
    pub purpose: Purpose,
    /// None: every revision.
    pub revision: Option<u32>,
    /// None: every environment.
    pub environment: Option<&'a str>,
}

/// What executions used and cost together. Children count for their agents and for those that called them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    pub executions: u64,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub input_cost: NanoUsd,
    pub output_cost: NanoUsd,
    pub total_cost: NanoUsd,
}

impl Spent {
    fn add(&mut self, stats: &Stats) {
        self.executions += stats.started;
        self.input_tokens += stats.input_tokens;
        self.output_tokens += stats.output_tokens;
        self.input_cost = self.input_cost.plus(stats.input_cost);
        self.output_cost = self.output_cost.plus(stats.output_cost);
        self.total_cost = self.total_cost.plus(stats.cost);
    }
}

/// What the executions of an agent that began in `month` have cost so far.
///
/// # Errors
/// When the store cannot be read.
pub fn month_cost(store: &Store, tenant: &Tenant, agent: &str, purpose: Purpose, month: Month) -> Result<NanoUsd, store::Error> {
    let which = Which { agent, purpose, revision: None, environment: None };
    Ok(sum(store, tenant, &which, Some(month))?.total_cost)
}

/// What executions used and cost since the beginning.
///
/// # Errors
/// When the store cannot be read.
pub fn spent(store: &Store, tenant: &Tenant, which: &Which<'_>) -> Result<Spent, store::Error> {
    sum(store, tenant, which, None)
}

fn sum(store: &Store, tenant: &Tenant, which: &Which<'_>, month: Option<Month>) -> Result<Spent, store::Error> {
    let filter = StatsFilter {
        flow: Some(which.agent.to_owned()),
        revision: which.revision,
        purpose: Some(which.purpose),
        environment: which.environment.map(str::to_owned),
        first_month: month,
        last_month: month,
    };
    let mut spent = Spent::default();
    for (_, stats) in store.stats(tenant, &filter)? {
        spent.add(&stats);
    }
    Ok(spent)
}
