//! Turns: who hangs takes nobody else's, and everything gets one.

use std::collections::BTreeMap;

use super::*;
use crate::catalog::Changes;
use crate::catalog::deliveries::{DeliveryRow, DeliveryState, Target, delivery_id};
use crate::catalog::webhooks::Happening;
use crate::ids::ExecutionId;
use crate::store::{Faults, Store};

const NOW: TimeMs = TimeMs(1_000);

pub fn row(host: &str, name: &str) -> DeliveryRow {
    let target = Target::Webhook { key: format!("t/{host}") };
    DeliveryRow {
        id: delivery_id(NOW, &target, name),
        target,
        event: Happening::ExecutionCompleted,
        execution: ExecutionId(uuid::Uuid::nil()),
        question: None,
        body: "{}".to_owned(),
        created_at: NOW,
        state: DeliveryState::Pending,
        note: None,
        attempts: Vec::new(),
        tries: 0,
        due_at: None,
        host: host.to_owned(),
    }
}

/// `count` deliveries of `tenant` to `host`, due at `at` and behind it.
async fn add(catalog: &Catalog, tenant: &str, host: &str, count: u64, at: u64) {
    let mut changes = Changes::default();
    for number in 0..count {
        catalog.add_delivery(&Tenant::new(tenant), &row(host, &number.to_string()), TimeMs(at + number), &mut changes).unwrap();
    }
    catalog.commit(changes).await.unwrap();
}

fn catalog() -> Catalog {
    Catalog::new(Store::in_memory(Faults::default()))
}

fn by_lane(rows: &[Stored<DueRow>]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(format!("{} {}", row.value.tenant, row.value.host)).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn a_tenant_whose_hosts_all_hang_delays_nobody() {
    let catalog = catalog();
    // More than anybody would read past, to many hosts, and due before the others'.
    for host in 0..30 {
        add(&catalog, "hangs", &format!("h{host}.example"), 200, 0).await;
    }
    for tenant in ["a", "hangs-not", "z"] {
        add(&catalog, tenant, "b.example", 3, 900).await;
    }
    let mut fair = Fair::default();
    let found = fair.choose(&catalog, NOW).unwrap();
    let counts = by_lane(&found.rows);
    for tenant in ["a", "hangs-not", "z"] {
        assert_eq!(counts[&format!("{tenant} b.example")], 3, "{counts:?}");
    }
    assert_eq!(found.rows.len(), 9 + TENANT_AT_ONCE_MAX, "{counts:?}");
    assert!(counts.values().all(|count| *count <= LANE_AT_ONCE_MAX), "{counts:?}");
    // They hang on, and what comes for others later still begins at once.
    add(&catalog, "late", "b.example", 1, 950).await;
    assert_eq!(by_lane(&fair.choose(&catalog, NOW).unwrap().rows), BTreeMap::from([("late b.example".to_owned(), 1)]));
}

#[tokio::test]
async fn a_host_that_hangs_does_not_delay_the_tenant_s_others() {
    let catalog = catalog();
    add(&catalog, "a", "hangs.example", 500, 0).await;
    add(&catalog, "a", "z.example", 2, 900).await;
    let mut fair = Fair::default();
    let counts = by_lane(&fair.choose(&catalog, NOW).unwrap().rows);
    assert_eq!(counts, BTreeMap::from([("a hangs.example".to_owned(), LANE_AT_ONCE_MAX), ("a z.example".to_owned(), 2)]));
    add(&catalog, "a", "late.example", 1, 950).await;
    assert_eq!(by_lane(&fair.choose(&catalog, NOW).unwrap().rows), BTreeMap::from([("a late.example".to_owned(), 1)]));
}

#[tokio::test]
async fn with_everything_taken_the_next_place_goes_round() {
    let catalog = catalog();
    let tenants: Vec<String> = (0..8).map(|number| format!("t{number}")).collect();
    for tenant in &tenants {
        for host in 0..3 {
            add(&catalog, tenant, &format!("{tenant}-{host}.example"), 100, 0).await;
        }
    }
    let mut fair = Fair::default();
    let first = fair.choose(&catalog, NOW).unwrap().rows;
    assert!(fair.is_full() && first.len() == AT_ONCE_MAX);
    let mut turns = BTreeMap::<String, usize>::new();
    for row in first.into_iter().take(32) {
        *turns.entry(row.value.tenant.to_string()).or_default() += 1;
        fair.release(&row, Again::Never);
        let next = fair.choose(&catalog, NOW).unwrap().rows;
        assert_eq!(next.len(), 1);
        *turns.entry(next[0].value.tenant.to_string()).or_default() += 1;
    }
    assert_eq!(turns.values().copied().collect::<Vec<_>>(), [8; 8], "{turns:?}");
}

#[tokio::test]
async fn every_host_of_a_tenant_gets_its_turn_and_what_waits_is_waited_for() {
    let catalog = catalog();
    let hosts = LANES_LOOKED_AT_MAX + 40;
    for host in 0..hosts {
        add(&catalog, "a", &format!("h{host}.example"), 1, if host % 2 == 0 { 0 } else { 5_000 + host as u64 }).await;
    }
    let (mut fair, mut sent) = (Fair::default(), HashSet::new());
    for _ in 0..hosts {
        let found = fair.choose(&catalog, NOW).unwrap();
        for row in found.rows {
            assert!(sent.insert(row.key.clone()), "one turn each");
            fair.release(&row, Again::WhenDue);
            catalog.forget_due(&row).await.unwrap();
        }
    }
    assert_eq!(sent.len(), hosts / 2);
    let found = fair.choose(&catalog, NOW).unwrap();
    assert!(found.rows.is_empty() && !found.is_cut);
    assert_eq!(found.next_at, Some(TimeMs(5_001)));
}
