//! Many executions at once, and executions that are not there while nothing moves them.

use std::collections::HashSet;

use flowgate::engine::{EngineHandle, Error, Filter, ListRequest, Options};
use flowgate::machine::event::Event;
use flowgate::machine::input::Signal;
use flowgate::machine::summary::Status;
use flowgate::store::{Faults, Store};
use serde_json::json;

use crate::harness::{count, end, in_memory, journal, publish, rest, runner, start, ten_steps};

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_executions_of_ten_steps_finish_correctly() {
    let engine = in_memory();
    let flow = publish(&engine, &ten_steps()).await;
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..1_000 {
        let (engine, flow) = (engine.clone(), flow.clone());
        running.spawn(async move {
            let id = start(&engine, &flow).await;
            let snapshot = end(&engine, id).await;
            (id, snapshot.summary.status, journal(&engine, id).await)
        });
    }
    let mut ids = HashSet::new();
    while let Some(done) = running.join_next().await {
        let (id, status, events) = done.unwrap();
        assert_eq!(status, Status::Completed);
        assert_eq!(count(&events, |event| matches!(event, Event::CallStarted { .. })), 10, "every step once: {events:#?}");
        assert_eq!(count(&events, |event| matches!(event, Event::CallEnded { .. })), 10);
        assert!(events.iter().enumerate().all(|(index, recorded)| recorded.seq == index as u64));
        assert!(ids.insert(id));
    }
    assert_eq!(ids.len(), 1_000);
    let filter = Filter { statuses: [Status::Completed].into(), ..Filter::default() };
    let listed = engine.list(ListRequest { filter, limit: 2_000, before: None }).await.unwrap();
    assert_eq!((listed.rows.len(), listed.next), (1_000, None));
}

const LISTENS: &str = "
flow: listens
steps:
  wait: {event: {name: go}}
  after: {builtin: noop}
edges: [{from: wait, to: after}]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_waiting_execution_has_no_actor_and_goes_on_when_it_is_needed() {
    let engine = in_memory();
    let flow = publish(&engine, LISTENS).await;
    let id = start(&engine, &flow).await;
    let waiting = rest(&engine, id).await;
    assert!(!waiting.live);
    assert_eq!(waiting.summary.status, Status::WaitingAsync);
    let signal = Signal { id: "1".to_owned(), name: "go".to_owned(), payload: json!({}) };
    engine.signal(id, signal.clone()).await.unwrap();
    assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
    let before = journal(&engine, id).await.len();
    // A repeated one is answered like the first, or refused because it is over; either way nothing happens.
    let again = engine.signal(id, signal).await;
    assert!(matches!(again, Ok(()) | Err(Error::Refused(_))), "{again:?}");
    assert_eq!(journal(&engine, id).await.len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fan_out_is_not_one_commit_per_branch() {
    let engine = in_memory();
    let branches: String = (0..100).map(|branch| format!("  b{branch}: {{builtin: noop}}\n")).collect();
    let edges: String = (0..100).map(|branch| format!("  - {{from: fork, to: b{branch}}}\n  - {{from: b{branch}, to: join}}\n")).collect();
    let flow =
        publish(&engine, &format!("flow: wide\nsteps:\n  fork: {{builtin: noop}}\n{branches}  join: {{builtin: noop}}\nedges:\n{edges}"))
            .await;
    let id = start(&engine, &flow).await;
    assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
    let events = journal(&engine, id).await;
    assert_eq!(count(&events, |event| matches!(event, Event::CallEnded { .. })), 102);
    assert_eq!(count(&events, |event| matches!(event, Event::Ended { .. })), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_intake_that_is_full_refuses_starts() {
    let options = Options { intake_max: 0, ..Options::default() };
    let engine = EngineHandle::spawn(Store::in_memory(Faults::default()), runner(), options).unwrap();
    let flow = publish(&engine, &ten_steps()).await;
    let refused = engine.start(crate::harness::request(&flow)).await;
    assert!(matches!(refused, Err(Error::Busy { waiting: 0 })), "{refused:?}");
    assert!(engine.list(ListRequest::default()).await.unwrap().rows.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_starts_once() {
    let engine = in_memory();
    let flow = publish(&engine, &ten_steps()).await;
    let id = flowgate::clock::execution_id();
    let request = flowgate::engine::StartRequest { execution: Some(id), ..crate::harness::request(&flow) };
    let (one, other) = tokio::join!(engine.start(request.clone()), engine.start(request));
    assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
    end(&engine, id).await;
    let events = journal(&engine, id).await;
    assert_eq!(count(&events, |event| matches!(event, Event::Started { .. })), 1);
}
