//! What happens when an execution breaks inside the engine, and what actix does to the neighbours of an actor that panics.

use std::collections::BTreeMap;
use std::time::Duration;

use actix::{Actor, Arbiter, Context, Handler, Message, System};
use serde_json::json;

use super::{EngineHandle, Error, Notice, Options, RetryRequest, StartRequest, faults};
use crate::clock;
use crate::flow::compile;
use crate::ids::ExecutionId;
use crate::machine::event::Event;
use crate::machine::question::{Decision, Person, Verdict};
use crate::machine::summary::Status;
use crate::runner::{Runner, Settings, settings};
use crate::store::{self, Entry, Faults, Store};

const PATIENCE: Duration = Duration::from_secs(30);

const TWO_STEPS: &str = "
flow: two
steps: {a: {builtin: noop}, b: {builtin: noop}}
edges: [{from: a, to: b}]
";

fn engine() -> EngineHandle {
    let settings = Settings::new(&BTreeMap::new(), settings::File::default()).unwrap();
    EngineHandle::spawn(Store::in_memory(Faults::default()), Runner::new(settings).unwrap(), Options::default()).unwrap()
}

fn operator() -> Person {
    Person { user: "operator".to_owned(), roles: Vec::new(), every_role: true }
}

/// Starts an execution whose first `panics` outcomes panic.
async fn start(engine: &EngineHandle, panics: u32) -> ExecutionId {
    let flow = engine.register(compile::load(TWO_STEPS).unwrap().0.spec.as_ref().clone()).await.unwrap();
    let id = clock::execution_id();
    faults::plan_panics(id, panics);
    engine.start(StartRequest { execution: Some(id), ..StartRequest::new(flow, json!({}), operator()) }).await.unwrap()
}

async fn status(engine: &EngineHandle, id: ExecutionId) -> Status {
    let mut notices = engine.subscribe(id);
    let waiting = async {
        loop {
            let snapshot = engine.snapshot(id).await.unwrap();
            if !snapshot.live {
                return snapshot.summary.status;
            }
            while !matches!(notices.next().await, Some(Notice::Idle { .. } | Notice::Quarantined { .. })) {}
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.unwrap()
}

#[tokio::test]
async fn a_panic_is_retried_from_the_journal() {
    let engine = engine();
    let id = start(&engine, 2).await;
    assert_eq!(status(&engine, id).await, Status::Completed);
}

#[tokio::test]
async fn what_keeps_panicking_is_set_aside_and_harms_nobody() {
    let engine = engine();
    let broken = start(&engine, u32::MAX).await;
    let sound = start(&engine, 0).await;
    assert_eq!(status(&engine, sound).await, Status::Completed);
    assert_eq!(status(&engine, broken).await, Status::Running);
    let snapshot = engine.snapshot(broken).await.unwrap();
    assert!(snapshot.quarantined.as_ref().is_some_and(|reason| reason.contains("planned panic")), "{:?}", snapshot.quarantined);
    let signal = crate::machine::input::Signal { id: "1".to_owned(), name: "go".to_owned(), payload: json!({}) };
    let refused = engine.signal(broken, signal).await;
    assert!(matches!(&refused, Err(Error::Quarantined { id, .. }) if *id == broken), "{refused:?}");
}

#[tokio::test]
async fn what_was_set_aside_can_be_cancelled_and_resumed() {
    let engine = engine();
    let (one, other) = (start(&engine, 3).await, start(&engine, 3).await);
    for id in [one, other] {
        status(&engine, id).await;
        assert!(engine.snapshot(id).await.unwrap().quarantined.is_some());
    }
    engine.cancel(one, "it is broken", operator()).await.unwrap();
    assert_eq!(status(&engine, one).await, Status::Cancelled);
    assert_eq!(engine.snapshot(one).await.unwrap().quarantined, None);
    engine.resume(other).await.unwrap();
    assert_eq!(status(&engine, other).await, Status::Completed);
    assert_eq!(engine.snapshot(other).await.unwrap().quarantined, None);
}

/// The call happened, its outcome could not be decided: performing it again would be blind.
#[tokio::test]
async fn a_once_call_whose_outcome_was_turned_away_is_in_doubt() {
    let engine = engine();
    let flow = compile::load("{flow: once, steps: {a: {builtin: noop, effect: once}}}").unwrap().0.spec;
    let flow = engine.register(flow.as_ref().clone()).await.unwrap();
    let id = clock::execution_id();
    faults::plan_panics(id, 3);
    engine.start(StartRequest { execution: Some(id), ..StartRequest::new(flow, json!({}), operator()) }).await.unwrap();
    status(&engine, id).await;
    engine.resume(id).await.unwrap();
    assert_eq!(status(&engine, id).await, Status::WaitingPerson);
    let events = engine.events(id, 0, 1_000).await.unwrap();
    let started = events.iter().filter(|recorded| matches!(recorded.event, Event::CallStarted { .. })).count();
    assert_eq!(started, 1, "{events:#?}");
}

/// What is left of its journal may be older than what it has done: going on would do it again.
#[tokio::test]
async fn what_has_lost_events_can_be_cancelled_and_never_goes_on() {
    let settings = Settings::new(&BTreeMap::new(), settings::File::default()).unwrap();
    let store = Store::in_memory(Faults::default());
    let engine = EngineHandle::spawn(store.clone(), Runner::new(settings).unwrap(), Options::default()).unwrap();
    let flow = compile::load("{flow: asks, steps: {q: {ask: {title: what}}}}").unwrap().0.spec;
    let flow = engine.register(flow.as_ref().clone()).await.unwrap();
    let id = engine.start(StartRequest::new(flow, json!({}), operator())).await.unwrap();
    assert_eq!(status(&engine, id).await, Status::WaitingPerson);
    let before = engine.events(id, 0, 1_000).await.unwrap();
    let reason = format!("{}events 3 to 9 are missing", store::EVENTS_LOST);
    let (tenant, execution) = (crate::ids::Tenant::default(), id);
    store.commit(Entry::Quarantine { tenant, execution, reason }).await.unwrap();

    let resumed = engine.resume(id).await;
    assert!(matches!(&resumed, Err(Error::Quarantined { .. })), "{resumed:?}");
    assert_eq!(engine.events(id, 0, 1_000).await.unwrap(), before, "nothing moved");
    engine.cancel(id, "it is damaged", operator()).await.unwrap();
    assert_eq!(status(&engine, id).await, Status::Cancelled);
    assert!(engine.snapshot(id).await.unwrap().quarantined.is_some(), "the loss stays readable");
    let retried = engine.retry(RetryRequest::new(id, operator())).await;
    assert!(matches!(&retried, Err(Error::Quarantined { .. })), "{retried:?}");
}

struct Fragile;

impl Actor for Fragile {
    type Context = Context<Self>;
}

#[derive(Message)]
#[rtype(result = "u32")]
struct Say(Option<u32>);

impl Handler<Say> for Fragile {
    type Result = u32;

    fn handle(&mut self, say: Say, _: &mut Self::Context) -> u32 {
        say.0.unwrap()
    }
}

/// What the engine relies on: the panic ends the actor's own task, its mailbox closes, and the arbiter goes on.
#[test]
fn a_panicking_actor_leaves_its_neighbours_on_the_arbiter_alone() {
    System::new().block_on(async {
        let arbiter = Arbiter::new();
        let broken = Fragile::start_in_arbiter(&arbiter.handle(), |_| Fragile);
        let sound = Fragile::start_in_arbiter(&arbiter.handle(), |_| Fragile);
        assert!(broken.send(Say(None)).await.is_err());
        assert_eq!(sound.send(Say(Some(7))).await.unwrap(), 7);
        assert!(!broken.connected());
        arbiter.stop();
    });
}

/// Its expressions take long; the second one after a person said so.
const SLOW: &str = "
flow: slow
input: {type: object}
steps:
  begin: {builtin: noop}
  first: {set: {n: 'size(input.xs.map(a, size(input.xs.filter(b, b > a))))'}}
  ask: {approval: {title: Again?}}
  second: {set: {n: 'size(input.xs.map(a, size(input.xs.filter(b, b > a))))'}}
edges: [{from: begin, to: first}, {from: first, to: ask}, {from: ask, to: second, on: approved}]
output: steps.second.output
";

#[tokio::test]
async fn what_takes_long_to_decide_is_decided_beside_the_others_and_in_the_same_way() {
    let engine = engine();
    let flow = engine.register(compile::load(SLOW).unwrap().0.spec.as_ref().clone()).await.unwrap();
    let input = json!({"xs": (0..400).collect::<Vec<u32>>()});
    let mut outputs = Vec::new();
    for round in 0..2 {
        assert_eq!(engine.is_slow(&flow), round > 0, "the first one shows it");
        let id = engine.start(StartRequest::new(flow.clone(), input.clone(), operator())).await.unwrap();
        assert_eq!(status(&engine, id).await, Status::WaitingPerson);
        let open = engine.snapshot(id).await.unwrap().questions.remove(0);
        let decision = Decision { question: open.id, digest: open.digest, verdict: Verdict::Approve, by: operator(), reason: None };
        engine.decide(decision).await.unwrap();
        assert_eq!(status(&engine, id).await, Status::Completed);
        outputs.push(engine.snapshot(id).await.unwrap().ended.unwrap().output);
    }
    assert_eq!(outputs, [json!({"n": 400}), json!({"n": 400})]);
    // Where it is decided makes no difference to what a panic does.
    let id = clock::execution_id();
    faults::plan_panics(id, 1);
    engine.start(StartRequest { execution: Some(id), ..StartRequest::new(flow.clone(), input, operator()) }).await.unwrap();
    assert_eq!(status(&engine, id).await, Status::WaitingPerson);
}
