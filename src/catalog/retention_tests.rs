//! Retention: what is due, that families go together, and that nothing unfinished ever goes.

use super::*;
use crate::catalog::files::{Lifetime, NewFile};
use crate::catalog::master_key::KeySource;
use crate::catalog::secrets::SecretVault;
use crate::catalog::webhooks::{NewWebhook, Reach};
use crate::ids::Digest;
use crate::store::Faults;

const START: TimeMs = TimeMs(1_763_200_000_000);

fn catalog() -> (Catalog, Tenant) {
    (Catalog::new(Store::in_memory(Faults::default())), Tenant::new("acme"))
}

fn actor() -> Actor {
    Actor { user: "ana".to_owned(), key_id: None, at: START, entropy: crate::clock::entropy() }
}

fn days(count: u64) -> u64 {
    count * DAY_MS
}

struct Made<'a> {
    agent: &'a str,
    status: Status,
    purpose: Purpose,
    /// When it ended, behind its start.
    took_ms: u64,
    parent: Option<ExecutionId>,
    child: Option<ExecutionId>,
}

const DONE: Made<'static> =
    Made { agent: "a", status: Status::Completed, purpose: Purpose::Production, took_ms: 1, parent: None, child: None };

/// An execution with the least that a store needs; a child is noted in its journal as the machine does.
async fn make(catalog: &Catalog, tenant: &Tenant, id: ExecutionId, at: TimeMs, made: Made<'_>) {
    let is_final = made.status.is_final();
    let mut summary: Summary = serde_json::from_value(serde_json::json!({
        "flow": made.agent, "revision": 1, "digest": Digest::of(b""), "status": made.status, "started_at": at, "updated_at": at,
        "ended_at": is_final.then_some(at.plus(made.took_ms)), "owed": false, "tokens": 0, "cost": 0, "parent": made.parent
    }))
    .unwrap();
    summary.purpose = made.purpose;
    let mut events = vec![Event::Yielded];
    events.extend(made.child.map(child_started));
    let entry = Entry::Execution { tenant: tenant.clone(), execution: id, expected_seq: 0, at, events, summary: Some(summary) };
    catalog.store().commit(entry).await.unwrap();
}

/// The golden record of a child's start, with another id.
fn child_started(child: ExecutionId) -> Event {
    let golden = include_str!("../../tests/golden/events-v1.ndjson");
    let line = golden.lines().find(|line| line.contains("\"child_started\"")).unwrap();
    let mut event: serde_json::Value = serde_json::from_str(line).unwrap();
    let found = if event.get("event").is_some_and(serde_json::Value::is_object) { &mut event["event"] } else { &mut event };
    found["child"] = serde_json::json!(child);
    serde_json::from_value(found.clone()).unwrap()
}

fn id(at: TimeMs, name: &str) -> ExecutionId {
    ExecutionId::derived(at, name)
}

/// Everything that is due at `now`, step by step.
fn due(catalog: &Catalog, tenant: &Tenant, now: TimeMs) -> Vec<Vec<ExecutionId>> {
    let (mut found, mut before) = (Vec::new(), None);
    loop {
        let step = catalog.due_for_purging(tenant, before, now).unwrap();
        found.extend(step.families);
        before = step.next;
        if before.is_none() {
            return found;
        }
    }
}

#[tokio::test]
async fn nothing_is_due_until_somebody_says_for_how_long() {
    let (catalog, tenant) = catalog();
    make(&catalog, &tenant, id(START, "old"), START, DONE).await;
    let later = START.plus(days(1_000));
    assert!(due(&catalog, &tenant, later).is_empty());
    catalog.set_retention(&tenant, None, Some(30), None, &actor()).await.unwrap();
    assert!(due(&catalog, &tenant, START.plus(days(30))).is_empty(), "a millisecond too early");
    assert_eq!(due(&catalog, &tenant, START.plus(days(30) + 1)), [[id(START, "old")]]);
    assert!(due(&catalog, &Tenant::new("other"), later).is_empty());
    assert!(catalog.set_retention(&tenant, None, Some(0), None, &actor()).await.is_err());
}

#[tokio::test]
async fn an_agent_s_rule_wins_and_tests_have_their_own() {
    let (catalog, tenant) = catalog();
    for (name, agent, purpose) in
        [("a", "a", Purpose::Production), ("a-test", "a", Purpose::Test), ("b", "b", Purpose::Production), ("b-test", "b", Purpose::Test)]
    {
        make(&catalog, &tenant, id(START, name), START, Made { agent, purpose, ..DONE }).await;
    }
    catalog.set_retention(&tenant, None, Some(30), Some(5), &actor()).await.unwrap();
    catalog.set_retention(&tenant, Some("b"), Some(90), None, &actor()).await.unwrap();
    let at = |count: u64| due(&catalog, &tenant, START.plus(days(count) + 1)).into_iter().flatten().collect::<BTreeSet<_>>();
    let of = |names: &[&str]| names.iter().map(|name| id(START, name)).collect::<BTreeSet<_>>();
    assert_eq!(at(5), of(&["a-test", "b-test"]));
    assert_eq!(at(30), of(&["a-test", "b-test", "a"]));
    assert_eq!(at(90), of(&["a-test", "b-test", "a", "b"]));
}

#[tokio::test]
async fn nothing_unfinished_goes_and_families_go_together() {
    let (catalog, tenant) = catalog();
    let family = |name: &str| (id(START, name), id(START, &format!("{name}-child")));
    let (done, done_child) = family("done");
    let (held, held_child) = family("held");
    make(&catalog, &tenant, done, START, Made { child: Some(done_child), ..DONE }).await;
    make(&catalog, &tenant, done_child, START, Made { parent: Some(done), ..DONE }).await;
    make(&catalog, &tenant, held, START, Made { child: Some(held_child), ..DONE }).await;
    make(&catalog, &tenant, held_child, START, Made { parent: Some(held), status: Status::Running, ..DONE }).await;
    make(&catalog, &tenant, id(START, "waits"), START, Made { status: Status::WaitingPerson, ..DONE }).await;
    make(&catalog, &tenant, id(START, "long"), START, Made { took_ms: days(80), ..DONE }).await;
    catalog.set_retention(&tenant, None, Some(30), None, &actor()).await.unwrap();
    let found = due(&catalog, &tenant, START.plus(days(60)));
    assert_eq!(found, [[done_child, done]], "children first");
    assert_eq!(catalog.purge_families(&tenant, &found).await.unwrap(), 2);
    assert!(catalog.store().summary(&tenant, done_child).unwrap().is_none());
    assert!(catalog.store().summary(&tenant, held_child).unwrap().is_some());
    assert!(due(&catalog, &tenant, START.plus(days(60))).is_empty());
}

#[tokio::test]
async fn webhooks_and_files_go_with_their_execution() {
    let (catalog, tenant) = catalog();
    let (gone, stays) = (id(START, "gone"), id(START, "stays"));
    let vault = SecretVault::new(catalog.clone(), KeySource::default());
    for execution in [gone, stays] {
        make(&catalog, &tenant, execution, START, DONE).await;
        let hook = NewWebhook { url: "https://a.example".to_owned(), ..NewWebhook::default() };
        vault.hook_execution(&tenant, execution, hook, &actor()).await.unwrap();
        let (name, lifetime) = (execution.to_string(), Lifetime::Execution(execution));
        catalog.add_file(&tenant, NewFile { name, declared_type: None, bytes: b"x".to_vec(), lifetime }, &actor()).await.unwrap();
    }
    catalog.purge_families(&tenant, &[vec![gone]]).await.unwrap();
    let hooks = |execution| catalog.webhooks(&tenant, &Reach::Execution(execution)).unwrap().len();
    assert_eq!((hooks(gone), hooks(stays), catalog.store().file_ids().unwrap().len()), (0, 1, 1));
}

#[tokio::test]
async fn one_family_is_purged_by_hand_only_from_its_root_and_finished() {
    let (catalog, tenant) = catalog();
    let (root, child) = (id(START, "root"), id(START, "child"));
    make(&catalog, &tenant, root, START, Made { child: Some(child), ..DONE }).await;
    make(&catalog, &tenant, child, START, Made { parent: Some(root), ..DONE }).await;
    let running = id(START, "running");
    make(&catalog, &tenant, running, START, Made { status: Status::Running, ..DONE }).await;
    let code = |id| match catalog.family_to_purge(&tenant, id) {
        Err(Error::Conflict { code, .. }) => code,
        Err(Error::NotFound { .. }) => "not_found",
        other => panic!("{other:?}"),
    };
    assert_eq!((code(child), code(running), code(id(START, "nobody"))), ("not_a_root", "not_finished", "not_found"));
    let family = catalog.family_to_purge(&tenant, root).unwrap();
    catalog.purge_for(&tenant, family, &actor()).await.unwrap();
    assert!(catalog.store().summary(&tenant, child).unwrap().is_none());
    let lines = catalog.audit_of(&tenant, &format!("execution:{root}"), None, 9).unwrap();
    assert_eq!(lines.len(), 1);
}

#[tokio::test]
async fn a_sweep_goes_on_where_it_stopped() {
    let (catalog, tenant) = catalog();
    let count = LOOKED_AT_ONCE + 20;
    for number in 0..count as u64 {
        let at = START.plus(number);
        make(&catalog, &tenant, id(at, "x"), at, DONE).await;
    }
    catalog.set_retention(&tenant, None, Some(1), None, &actor()).await.unwrap();
    let first = catalog.due_for_purging(&tenant, None, START.plus(days(9))).unwrap();
    assert_eq!((first.families.len(), first.next.is_some()), (LOOKED_AT_ONCE, true));
    assert_eq!(due(&catalog, &tenant, START.plus(days(9))).len(), count);
}

#[tokio::test]
async fn what_is_purged_together_is_bounded() {
    let (catalog, tenant) = catalog();
    let families: Vec<_> = (0..200).map(|number| vec![id(START, &format!("one{number}"))]).collect();
    for family in &families {
        make(&catalog, &tenant, family[0], START, DONE).await;
    }
    let mut feed = catalog.store().feed(catalog.store().position());
    assert_eq!(catalog.purge_families(&tenant, &families).await.unwrap(), 200);
    let sizes: Vec<usize> = feed.read(usize::MAX, usize::MAX).unwrap().iter().map(|fed| fed.records.len()).collect();
    let most = usize::try_from(EVENTS_PURGED_AT_ONCE_MAX / ROWS_BESIDE_EVENTS).unwrap();
    assert_eq!(sizes.iter().sum::<usize>(), 200);
    assert!(sizes.iter().all(|size| *size <= most), "{sizes:?}");
}
