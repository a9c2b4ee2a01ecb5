//! What agents have cost, in sums. This file is the only place that knows how a sum is found: from the statistics that the store keeps
//! beside the executions. They outlive a purge.

use crate::ids::{NanoUsd, Tenant};
use crate::machine::input::Purpose;
pub use crate::store::Month;
use crate::store::{self, Stats, StatsFilter, Store};

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

/// What the executions of an agent that began in `month` have cost so far.
///
/// # Errors
/// When the store cannot be read.
pub fn month_cost(store: &Store, tenant: &Tenant, agent: &str, purpose: Purpose, month: Month) -> Result<NanoUsd, store::Error> {
    let which = Which { agent, purpose, revision: None, environment: None };
    Ok(sum(store, tenant, &which, Some(month))?.cost)
}

/// What executions used and cost since the beginning.
///
/// # Errors
/// When the store cannot be read.
pub fn spent(store: &Store, tenant: &Tenant, which: &Which<'_>) -> Result<Spent, store::Error> {
    let sum = sum(store, tenant, which, None)?;
    Ok(Spent {
        executions: sum.started,
        input_tokens: sum.input_tokens,
        output_tokens: sum.output_tokens,
        input_cost: sum.input_cost,
        output_cost: sum.output_cost,
        total_cost: sum.cost,
    })
}

fn sum(store: &Store, tenant: &Tenant, which: &Which<'_>, month: Option<Month>) -> Result<Stats, store::Error> {
    let filter = StatsFilter {
        flow: Some(which.agent.to_owned()),
        revision: which.revision,
        purpose: Some(which.purpose),
        environment: which.environment.map(str::to_owned),
        first_month: month,
        last_month: month,
    };
    let rows = store.stats(tenant, &filter)?;
    Ok(rows.into_iter().fold(Stats::default(), |sum, (_, stats)| sum.plus(&stats)))
}
