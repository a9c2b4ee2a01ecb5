//! The follower over a store in memory: what happened becomes deliveries once, from wherever the log is read.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::catalog::audit::Actor;
use crate::catalog::webhooks::NewWebhook;
use crate::engine::{EngineHandle, Options, StartRequest};
use crate::flow::compile;
use crate::ids::Tenant;
use crate::machine::question::Person;
use crate::runner::{self, Runner};
use crate::store::{Faults, Store};

const GATE: &str = "
flow: gate
steps: {ask: {approval: {title: Pay?}}, done: {builtin: noop}}
edges: [{from: ask, to: done}]
";

fn parts() -> Arc<Parts> {
    let store = Store::in_memory(Faults::default());
    let settings = runner::Settings::new(&BTreeMap::new(), runner::settings::File::default()).unwrap();
    let runner = Runner::new(settings).unwrap();
    let engine = EngineHandle::spawn(store.clone(), runner.clone(), Options::default()).unwrap();
    Arc::new(Parts {
        engine,
        catalog: Catalog::new(store),
        runner,
        settings: super::super::Settings::default(),
        base_url: "http://localhost".to_owned(),
    })
}

async fn follower(parts: &Arc<Parts>) -> Follower {
    Follower::new(Arc::clone(parts), Arc::default()).await.unwrap()
}

/// Starts an execution and waits until it asks.
async fn asked(parts: &Parts) -> ExecutionId {
    let flow = parts.engine.register(compile::load(GATE).unwrap().0.spec.as_ref().clone()).await.unwrap();
    let starter = Person { user: "ana".to_owned(), every_role: true, ..Person::default() };
    let id = parts.engine.start(StartRequest::new(flow, json!({}), starter)).await.unwrap();
    while parts.engine.snapshot(id).await.unwrap().questions.is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    id
}

async fn hook(parts: &Parts, reach: &Reach, events: &[Happening]) -> String {
    let new = NewWebhook { url: "https://a.example".to_owned(), events: events.to_vec(), ..NewWebhook::default() };
    parts.catalog.create_webhook(&Tenant::default(), reach, new, &Actor::without_key("ana")).await.unwrap().id
}

async fn read_all(follower: &mut Follower, parts: &Parts) {
    while follower.feed.as_ref().unwrap().position() < parts.catalog.store().position() {
        follower.round().await.unwrap();
    }
}

fn deliveries(parts: &Parts, reach: &Reach, id: &str) -> Vec<Happening> {
    let rows = parts.catalog.deliveries(&Tenant::default(), (reach, id), None, 99).unwrap();
    let mut events: Vec<Happening> = rows.into_iter().map(|row| row.value.event).collect();
    events.sort_unstable();
    events
}

#[tokio::test]
async fn what_happened_becomes_deliveries_once_however_often_it_is_read() {
    let parts = parts();
    let mut first = follower(&parts).await;
    let agent = Reach::Agent("gate".to_owned());
    let all = hook(&parts, &agent, &[]).await;
    let ends = hook(&parts, &Reach::Tenant, &[Happening::ExecutionCompleted]).await;
    let other = hook(&parts, &Reach::Agent("gat".to_owned()), &[]).await;
    asked(&parts).await;
    read_all(&mut first, &parts).await;
    let expected = [Happening::ExecutionWaiting, Happening::ApprovalRequested];
    assert_eq!(deliveries(&parts, &agent, &all), expected);
    assert!(deliveries(&parts, &Reach::Tenant, &ends).is_empty() && deliveries(&parts, &Reach::Agent("gat".to_owned()), &other).is_empty());
    // The position was recorded with the deliveries; one that lies before it makes nothing twice either.
    let mut second = follower(&parts).await;
    assert!(second.recorded > Position(1));
    second.feed = Some(parts.catalog.store().feed(Position(0)));
    read_all(&mut second, &parts).await;
    assert_eq!(deliveries(&parts, &agent, &all), expected);
    assert_eq!(parts.catalog.due_deliveries(None, 99).unwrap().len(), 2);
}

#[tokio::test]
async fn a_webhook_hears_of_what_comes_after_it_and_an_execution_s_own_of_that_execution() {
    let parts = parts();
    let mut follower = follower(&parts).await;
    let before = asked(&parts).await;
    read_all(&mut follower, &parts).await;
    tokio::time::sleep(Duration::from_millis(3)).await;
    let late = hook(&parts, &Reach::Tenant, &[]).await;
    let own = hook(&parts, &Reach::Execution(before), &[]).await;
    follower.feed = Some(parts.catalog.store().feed(Position(0)));
    read_all(&mut follower, &parts).await;
    assert!(deliveries(&parts, &Reach::Tenant, &late).is_empty(), "it happened before");
    parts.engine.cancel(before, "enough", Person { user: "ana".to_owned(), every_role: true, ..Person::default() }).await.unwrap();
    asked(&parts).await;
    read_all(&mut follower, &parts).await;
    let of_one = [Happening::ExecutionCancelled, Happening::ApprovalDecided];
    assert_eq!(deliveries(&parts, &Reach::Execution(before), &own), of_one);
    assert_eq!(deliveries(&parts, &Reach::Tenant, &late).len(), 4);
}
