//! Budgets: what an agent may cost in a calendar month, for production, for tests and for evaluations. An enforced one refuses starts; the others only
//! say when a threshold is crossed.

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::spending;
use super::{Catalog, Error, Kept, Listing};
use crate::ids::{NanoUsd, Tenant, TimeMs};
use crate::machine::input::Purpose;
use crate::store::Month;

/// Thresholds of one budget.
const THRESHOLDS_MAX: usize = 20;
/// A threshold, in percent of the amount.
const PERCENT_MAX: f64 = 1_000.0;
/// A budget, in dollars; sums of it stay exact.
const AMOUNT_USD_MAX: f64 = 1e9;

/// One budget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BudgetRow {
    pub agent: String,
    pub purpose: Purpose,
    /// Per calendar month.
    pub amount: NanoUsd,
    /// In percent of the amount, rising.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<f64>,
    /// Starts are refused once it is used up.
    #[serde(default)]
    pub enforced: bool,
    pub created_at: TimeMs,
    pub updated_at: TimeMs,
    pub updated_by: String,
}

impl Kept for BudgetRow {
    const COLLECTION: &'static str = "budgets";
}

impl BudgetRow {
    /// How much of it `cost` uses. Of a budget of nothing, everything is used.
    #[must_use]
    pub fn used_percent(&self, cost: NanoUsd) -> f64 {
        if self.amount.0 == 0 { 100.0 } else { cost.usd() / self.amount.usd() * 100.0 }
    }

    fn row_key(&self) -> String {
        row_key(&self.agent, self.purpose)
    }
}

/// A threshold that was crossed in a month: said once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Crossed {
    at: TimeMs,
    cost: NanoUsd,
    amount: NanoUsd,
}

impl Kept for Crossed {
    const COLLECTION: &'static str = "budget_crossings";
}

/// A change; what it does not say stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct BudgetChange {
    pub amount_usd: Option<f64>,
    pub thresholds: Option<Vec<f64>>,
    pub enforced: Option<bool>,
}

/// Whether an agent may start something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetCheck {
    /// `remaining` is set where an enforced budget bounds it.
    Allowed {
        remaining: Option<NanoUsd>,
    },
    Refused {
        month: Month,
        cost: NanoUsd,
        amount: NanoUsd,
    },
}

fn word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Production => "production",
        Purpose::Test => "test",
        Purpose::Evaluation => "evaluation",
    }
}

fn row_key(agent: &str, purpose: Purpose) -> String {
    format!("{agent}/{}", word(purpose))
}

fn target(agent: &str) -> String {
    format!("agent:{agent}")
}

impl Catalog {
    /// # Errors
    /// `Store`.
    pub fn budget(&self, tenant: &Tenant, agent: &str, purpose: Purpose) -> Result<Option<BudgetRow>, Error> {
        Ok(self.get(tenant, &row_key(agent, purpose))?.map(|stored| stored.value))
    }

    /// An agent's budgets, or, without one, those of every agent.
    ///
    /// # Errors
    /// `Store`.
    pub fn budgets(&self, tenant: &Tenant, agent: Option<&str>) -> Result<Vec<BudgetRow>, Error> {
        let prefix = agent.map(|agent| format!("{agent}/")).unwrap_or_default();
        Ok(self.list(tenant, Listing { prefix: &prefix, ..Listing::default() })?.into_iter().map(|stored| stored.value).collect())
    }

    /// # Errors
    /// `Invalid` for an amount or a threshold that cannot be, `NotFound` for a new one without an amount; and as a commit.
    pub async fn set_budget(
        &self,
        tenant: &Tenant,
        agent: &str,
        purpose: Purpose,
        change: &BudgetChange,
        actor: &Actor,
    ) -> Result<BudgetRow, Error> {
        check(change)?;
        self.update(|catalog, changes| {
            let stored = catalog.get::<BudgetRow>(tenant, &row_key(agent, purpose))?;
            let expected = stored.as_ref().map_or(0, |stored| stored.version);
            let mut row = match (stored, change.amount_usd) {
                (Some(stored), _) => stored.value,
                (None, Some(amount)) => fresh(agent, purpose, NanoUsd::from_usd(amount), actor),
                (None, None) => {
                    return Err(Error::NotFound { what: "budget, and without `amount` no new one, for", name: agent.to_owned() });
                }
            };
            if let Some(amount) = change.amount_usd {
                row.amount = NanoUsd::from_usd(amount);
            }
            if let Some(thresholds) = &change.thresholds {
                row.thresholds.clone_from(thresholds);
                row.thresholds.sort_by(f64::total_cmp);
                row.thresholds.dedup();
            }
            row.enforced = change.enforced.unwrap_or(row.enforced);
            (row.updated_at, row.updated_by) = (actor.at, actor.user.clone());
            changes.put(tenant, &row.row_key(), expected, &row);
            let enforced = if row.enforced { ", enforced" } else { "" };
            let detail = format!("{} USD a month for {}{enforced}", row.amount.usd(), word(purpose));
            changes.audit(tenant, actor, "budget.set", &target(agent), Some(detail));
            Ok(row)
        })
        .await
    }

    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn remove_budget(&self, tenant: &Tenant, agent: &str, purpose: Purpose, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let stored = catalog.get::<BudgetRow>(tenant, &row_key(agent, purpose))?;
            let stored = stored.ok_or_else(|| Error::NotFound { what: "budget", name: agent.to_owned() })?;
            changes.remove::<BudgetRow>(tenant, &stored.key, stored.version);
            changes.audit(tenant, actor, "budget.removed", &target(agent), Some(word(purpose).to_owned()));
            Ok(())
        })
        .await
    }

    /// What an agent has cost in the month of `now`. Blocking.
    ///
    /// # Errors
    /// `Store`.
    pub fn month_cost(&self, tenant: &Tenant, agent: &str, purpose: Purpose, now: TimeMs) -> Result<NanoUsd, Error> {
        Ok(spending::month_cost(self.store(), tenant, agent, purpose, Month::of(now))?)
    }

    /// Whether an agent may start something now. Blocking; asked before anything runs.
    ///
    /// # Errors
    /// `Store`.
    pub fn check_budget(&self, tenant: &Tenant, agent: &str, purpose: Purpose, now: TimeMs) -> Result<BudgetCheck, Error> {
        let Some(budget) = self.budget(tenant, agent, purpose)?.filter(|budget| budget.enforced) else {
            return Ok(BudgetCheck::Allowed { remaining: None });
        };
        let cost = self.month_cost(tenant, agent, purpose, now)?;
        Ok(if cost < budget.amount {
            BudgetCheck::Allowed { remaining: Some(budget.amount.minus(cost)) }
        } else {
            BudgetCheck::Refused { month: Month::of(now), cost, amount: budget.amount }
        })
    }

    /// Writes an audit line for every threshold that the month's `cost` crosses and that was not said in this month, also for a limit that
    /// is reached.
    ///
    /// # Errors
    /// As a commit.
    pub async fn note_crossings(&self, tenant: &Tenant, budget: &BudgetRow, cost: NanoUsd, actor: &Actor) -> Result<usize, Error> {
        let (used, month) = (budget.used_percent(cost), Month::of(actor.at));
        let limit = budget.enforced.then_some(100.0);
        let mut crossed: Vec<f64> = budget.thresholds.iter().copied().chain(limit).filter(|percent| used >= *percent).collect();
        crossed.sort_by(f64::total_cmp);
        crossed.dedup();
        self.update(|catalog, changes| {
            let mut said = 0;
            for percent in &crossed {
                let key = format!("{}/{month}/{percent}", budget.row_key());
                if catalog.get::<Crossed>(tenant, &key)?.is_some() {
                    continue;
                }
                changes.put(tenant, &key, 0, &Crossed { at: actor.at, cost, amount: budget.amount });
                let detail =
                    format!("{percent}% of {} USD for {} in {month}: {} USD", budget.amount.usd(), word(budget.purpose), cost.usd());
                // Several lines of one moment are told apart.
                let actor = Actor { entropy: actor.entropy.wrapping_add(said as u64), ..actor.clone() };
                changes.audit(tenant, &actor, "budget.crossed", &target(&budget.agent), Some(detail));
                said += 1;
            }
            Ok(said)
        })
        .await
    }
}

fn fresh(agent: &str, purpose: Purpose, amount: NanoUsd, actor: &Actor) -> BudgetRow {
    BudgetRow {
        agent: agent.to_owned(),
        purpose,
        amount,
        thresholds: Vec::new(),
        enforced: false,
        created_at: actor.at,
        updated_at: actor.at,
        updated_by: actor.user.clone(),
    }
}

fn check(change: &BudgetChange) -> Result<(), Error> {
    if change.amount_usd.is_some_and(|amount| !(0.0..=AMOUNT_USD_MAX).contains(&amount)) {
        return Err(Error::Invalid { field: "amount", message: format!("it must lie between 0 and {AMOUNT_USD_MAX} US dollars") });
    }
    let thresholds = change.thresholds.as_deref().unwrap_or_default();
    if thresholds.len() > THRESHOLDS_MAX || thresholds.iter().any(|percent| !(*percent > 0.0 && *percent <= PERCENT_MAX)) {
        let message = format!("at most {THRESHOLDS_MAX} thresholds, each above 0 and at most {PERCENT_MAX} percent");
        return Err(Error::Invalid { field: "thresholdRules", message });
    }
    Ok(())
}

#[cfg(test)]
#[path = "budgets_tests.rs"]
mod tests;
