//! From the acknowledgement of a cancel on nothing new starts, and what runs is broken off.

use std::time::{Duration, Instant};

use flowgate::engine::Error;
use flowgate::machine::Refusal;
use flowgate::machine::event::Event;
use flowgate::machine::summary::Status;

use crate::harness::{count, end, in_memory, journal, operator, publish, start};

const SLOW: &str = "
flow: slow
steps:
  long: {builtin: noop, sandbox: {output: done, delay: 1h}}
  after: {builtin: noop}
edges: [{from: long, to: after}]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_breaks_off_a_running_call_within_a_second() {
    let engine = in_memory();
    let flow = publish(&engine, SLOW).await;
    let id = start(&engine, &flow).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    let asked = Instant::now();
    engine.cancel(id, "no longer needed", operator()).await.unwrap();
    let snapshot = end(&engine, id).await;
    assert!(asked.elapsed() < Duration::from_secs(1), "{:?}", asked.elapsed());
    assert_eq!(snapshot.summary.status, Status::Cancelled);
    let events = journal(&engine, id).await;
    assert_eq!(count(&events, |event| matches!(event, Event::CallStarted { .. })), 1, "nothing new started");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_stays_as_it_ended() {
    let engine = in_memory();
    let flow = publish(&engine, SLOW).await;
    let id = start(&engine, &flow).await;
    engine.cancel(id, "first", operator()).await.unwrap();
    end(&engine, id).await;
    let before = journal(&engine, id).await;
    let again = engine.cancel(id, "second", operator()).await;
    assert!(matches!(again, Ok(()) | Err(Error::Refused(Refusal::Ended))), "{again:?}");
    assert_eq!(journal(&engine, id).await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_that_does_not_exist_is_not_found() {
    let engine = in_memory();
    let id = flowgate::clock::execution_id();
    assert!(matches!(engine.cancel(id, "", operator()).await, Err(Error::NotFound { .. })));
    assert!(matches!(engine.resume(id).await, Err(Error::NotFound { .. })));
    assert!(matches!(engine.snapshot(id).await, Err(Error::NotFound { .. })));
}
