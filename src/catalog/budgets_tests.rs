//! Budgets: what is kept, what is refused, and what is said once.

use super::*;
use crate::ids::{Digest, ExecutionId};
use crate::machine::event::Event;
use crate::machine::summary::{Status, Summary};
use crate::store::{Entry, Faults, Store};

/// The middle of November 2025.
const NOW: TimeMs = TimeMs(1_763_200_000_000);
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

fn catalog() -> (Catalog, Tenant) {
    (Catalog::new(Store::in_memory(Faults::default())), Tenant::new("acme"))
}

fn actor() -> Actor {
    Actor { user: "ana".to_owned(), key_id: None, at: NOW, entropy: crate::clock::entropy() }
}

fn of(amount_usd: f64) -> BudgetChange {
    BudgetChange { amount_usd: Some(amount_usd), ..BudgetChange::default() }
}

/// An execution that has cost something.
async fn costing(catalog: &Catalog, tenant: &Tenant, agent: &str, at: TimeMs, usd: f64, purpose: Purpose) {
    let mut summary: Summary = serde_json::from_value(serde_json::json!({
        "flow": agent, "revision": 3, "digest": Digest::of(b""), "status": Status::Completed, "started_at": at, "updated_at": at,
        "owed": false, "tokens": 30, "cost": NanoUsd::from_usd(usd)
    }))
    .unwrap();
    (summary.purpose, summary.environment, summary.input_tokens, summary.output_tokens) = (purpose, Some("staging".to_owned()), 20, 10);
    summary.input_cost = NanoUsd::from_usd(usd);
    let execution = ExecutionId::derived(at, &crate::clock::entropy().to_string());
    let (tenant, events) = (tenant.clone(), vec![Event::Yielded]);
    let entry = Entry::Execution { tenant, execution, expected_seq: 0, at, events, summary: Some(summary) };
    catalog.store().commit(entry).await.unwrap();
}

#[tokio::test]
async fn what_a_change_does_not_name_stays() {
    let (catalog, tenant) = catalog();
    let nothing = catalog.set_budget(&tenant, "a", Purpose::Production, &BudgetChange::default(), &actor()).await;
    assert!(matches!(nothing, Err(Error::NotFound { .. })));
    let change = BudgetChange { amount_usd: Some(5.0), thresholds: Some(vec![80.0, 50.0, 80.0]), enforced: Some(true) };
    catalog.set_budget(&tenant, "a", Purpose::Production, &change, &actor()).await.unwrap();
    let row = catalog.set_budget(&tenant, "a", Purpose::Production, &of(7.5), &actor()).await.unwrap();
    assert_eq!((row.amount, row.thresholds.as_slice(), row.enforced), (NanoUsd::from_usd(7.5), [50.0, 80.0].as_slice(), true));
    assert!(catalog.budget(&tenant, "a", Purpose::Test).unwrap().is_none());
    for wrong in [of(-1.0), of(f64::NAN), of(2e9), BudgetChange { thresholds: Some(vec![0.0]), ..of(1.0) }] {
        assert!(catalog.set_budget(&tenant, "a", Purpose::Test, &wrong, &actor()).await.is_err(), "{wrong:?}");
    }
    catalog.remove_budget(&tenant, "a", Purpose::Production, &actor()).await.unwrap();
    assert!(matches!(catalog.remove_budget(&tenant, "a", Purpose::Production, &actor()).await, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_month_s_cost_is_of_its_agent_purpose_and_month_alone() {
    let (catalog, tenant) = catalog();
    for (agent, at, usd, purpose) in [
        ("a", NOW, 1.0, Purpose::Production),
        ("a", NOW.plus(DAY_MS), 0.5, Purpose::Production),
        ("a", NOW, 8.0, Purpose::Test),
        ("b", NOW, 16.0, Purpose::Production),
        ("a", TimeMs(NOW.0 - 20 * DAY_MS), 32.0, Purpose::Production),
        ("a", NOW.plus(20 * DAY_MS), 64.0, Purpose::Production),
    ] {
        costing(&catalog, &tenant, agent, at, usd, purpose).await;
    }
    assert_eq!(catalog.month_cost(&tenant, "a", Purpose::Production, NOW).unwrap(), NanoUsd::from_usd(1.5));
    let which = spending::Which { agent: "a", purpose: Purpose::Production, revision: Some(3), environment: Some("staging") };
    let spent = spending::spent(catalog.store(), &tenant, &which).unwrap();
    assert_eq!((spent.executions, spent.input_tokens, spent.total_cost), (4, 80, NanoUsd::from_usd(97.5)));
    let other = spending::Which { revision: Some(2), ..which };
    assert_eq!(spending::spent(catalog.store(), &tenant, &other).unwrap(), spending::Spent::default());
}

#[tokio::test]
async fn an_enforced_budget_refuses_once_it_is_used_up_and_only_then() {
    let (catalog, tenant) = catalog();
    let check = || catalog.check_budget(&tenant, "a", Purpose::Production, NOW).unwrap();
    costing(&catalog, &tenant, "a", NOW, 2.0, Purpose::Production).await;
    catalog.set_budget(&tenant, "a", Purpose::Production, &of(2.0), &actor()).await.unwrap();
    assert_eq!(check(), BudgetCheck::Allowed { remaining: None }, "not enforced");
    let enforced = |amount| BudgetChange { enforced: Some(true), ..of(amount) };
    catalog.set_budget(&tenant, "a", Purpose::Production, &enforced(2.5), &actor()).await.unwrap();
    assert_eq!(check(), BudgetCheck::Allowed { remaining: Some(NanoUsd::from_usd(0.5)) });
    catalog.set_budget(&tenant, "a", Purpose::Production, &enforced(2.0), &actor()).await.unwrap();
    assert!(matches!(check(), BudgetCheck::Refused { .. }), "used up to the last cent");
    let next_month = catalog.check_budget(&tenant, "a", Purpose::Production, NOW.plus(30 * DAY_MS)).unwrap();
    assert!(matches!(next_month, BudgetCheck::Allowed { .. }));
    catalog.set_budget(&tenant, "b", Purpose::Production, &enforced(0.0), &actor()).await.unwrap();
    assert!(matches!(catalog.check_budget(&tenant, "b", Purpose::Production, NOW).unwrap(), BudgetCheck::Refused { .. }));
}

#[tokio::test]
async fn a_threshold_is_said_once_a_month() {
    let (catalog, tenant) = catalog();
    let change = BudgetChange { thresholds: Some(vec![50.0, 80.0]), enforced: Some(true), ..of(10.0) };
    let budget = catalog.set_budget(&tenant, "a", Purpose::Production, &change, &actor()).await.unwrap();
    let said = async || {
        let cost = catalog.month_cost(&tenant, "a", Purpose::Production, NOW).unwrap();
        catalog.note_crossings(&tenant, &budget, cost, &actor()).await.unwrap()
    };
    assert_eq!(said().await, 0);
    costing(&catalog, &tenant, "a", NOW, 8.5, Purpose::Production).await;
    assert_eq!((said().await, said().await), (2, 0));
    costing(&catalog, &tenant, "a", NOW, 2.0, Purpose::Production).await;
    assert_eq!((said().await, said().await), (1, 0), "the limit itself");
    let lines = catalog.audit_of(&tenant, "agent:a", None, 9).unwrap();
    assert_eq!(lines.iter().filter(|line| line.value.0.action == "budget.crossed").count(), 3);
}
