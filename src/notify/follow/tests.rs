//! The follower over a store in memory: what happened becomes deliveries once, from wherever the log is read.

use serde_json::json;

use super::*;
use crate::catalog::audit::Actor;
use crate::catalog::webhooks::NewWebhook;
use crate::engine::StartRequest;
use crate::flow::compile;
use crate::ids::Tenant;
use crate::machine::event::Event;
use crate::machine::question::Person;
use crate::notify::testing::parts;

const GATE: &str = "
flow: gate
steps: {ask: {approval: {title: Pay?}}, done: {builtin: noop}}
edges: [{from: ask, to: done}]
";

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
    parts.vault.create_webhook(&Tenant::default(), reach, new, &Actor::without_key("ana")).await.unwrap().0.id
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
    assert_eq!(parts.catalog.lane(&Tenant::default(), "a.example", 99).unwrap().len(), 2);
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

/// What was read costs no commit of its own for a long time; who compacts while nobody serves asks for it.
#[tokio::test]
async fn how_far_it_is_stands_recorded_once_it_was_stopped() {
    let parts = parts();
    let mut follower = follower(&parts).await;
    hook(&parts, &Reach::Tenant, &[Happening::ExecutionFailed]).await;
    asked(&parts).await;
    read_all(&mut follower, &parts).await;
    let here = parts.catalog.store().position();
    assert!(followers(&parts.catalog).unwrap()[0].1 < here, "nothing that it read was to be told");
    let stop = CancellationToken::new();
    stop.cancel();
    follower.run(stop).await;
    assert_eq!(followers(&parts.catalog).unwrap(), [(NAME.to_owned(), here)]);
}

#[tokio::test]
async fn what_makes_very_many_deliveries_is_recorded_in_bounded_commits() {
    let parts = parts();
    let mut follower = follower(&parts).await;
    let hooks: usize = 10;
    for _ in 0..hooks {
        hook(&parts, &Reach::Tenant, &[Happening::ApprovalRequested]).await;
    }
    let execution = asked(&parts).await;
    let mut feed = parts.catalog.store().feed(Position(0));
    let read = feed.read(usize::MAX, usize::MAX).unwrap();
    assert!(parts.catalog.store().feed(Position(0)).read(usize::MAX, 1).unwrap().len() == 1, "none more once there are so many bytes");
    let is_asking = |turn: &&Turn| turn.execution == execution && turn.events.iter().any(|event| matches!(event, Event::Asked { .. }));
    let turn = read.iter().flat_map(turns).find(is_asking).unwrap();
    // As if it had asked as often, in two commits.
    let (times, position) = (300_usize, feed.position());
    let record = |number: usize| Record::Execution(Turn { first_seq: number as u64 * 100, at: TimeMs(turn.at.0 + 1_000), ..turn.clone() });
    let commits = [0..times / 3, times / 3..times].map(|numbers| Fed { position, records: numbers.map(record).collect() });
    follower.record(position, commits.into()).await.unwrap();
    let made = parts.catalog.lane(&Tenant::default(), "a.example", usize::MAX).unwrap().len();
    assert_eq!((made, follower.recorded), (times * hooks, position));
    let written = feed.read(usize::MAX, usize::MAX).unwrap();
    let sizes: Vec<usize> = written.iter().map(|fed| fed.records.len()).collect();
    assert!(sizes.iter().all(|size| *size <= ENTRIES_AT_ONCE_MAX + 2 * hooks + 1), "{sizes:?}");
    assert!(sizes.len() >= 2 * times * hooks / (ENTRIES_AT_ONCE_MAX + 21), "{sizes:?}");
}
