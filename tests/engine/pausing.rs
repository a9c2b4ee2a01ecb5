//! Pause and resume by a person, across a restart; and starts that are refused with a record.

use std::time::Duration;

use flowgate::engine::{EngineHandle, Error, Filter, ListRequest, Resume, RetryRequest, StartRequest};
use flowgate::machine::Refusal;
use flowgate::machine::call::CallError;
use flowgate::machine::summary::Status;

use crate::harness::{end, in_memory, journal, on_disk, operator, person, publish, request, rest, start};

const SLOW: &str = "
flow: slow
steps:
  long: {builtin: noop, sandbox: {output: one, delay: 300ms}}
  pause: {wait: {for: 100ms}}
  after: {builtin: noop}
edges: [{from: long, to: pause}, {from: pause, to: after}]
";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_paused_stays_so_over_a_restart_and_goes_on_when_a_person_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::All);
    let id = start(&engine, &publish(&engine, SLOW).await).await;
    engine.pause(id, "look first", person("ana")).await.unwrap();
    let held = rest(&engine, id).await;
    assert_eq!((held.summary.status, held.summary.paused, held.summary.owed), (Status::WaitingAsync, true, false));
    engine.shutdown(Duration::from_secs(1)).await;
    let engine = on_disk(dir.path(), Resume::All);
    tokio::time::sleep(Duration::from_millis(400)).await;
    engine.resume(id).await.unwrap();
    assert!(rest(&engine, id).await.summary.paused, "only `unpause` ends it");
    engine.unpause(id, person("ben")).await.unwrap();
    let ended = end(&engine, id).await;
    assert_eq!((ended.summary.status, ended.summary.paused), (Status::Completed, false));
    let late = engine.pause(id, "too late", operator()).await;
    assert!(matches!(late, Err(Error::Refused(Refusal::Ended))), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_ends_a_paused_execution() {
    let engine = in_memory();
    let id = start(&engine, &publish(&engine, SLOW).await).await;
    engine.pause(id, "look first", operator()).await.unwrap();
    rest(&engine, id).await;
    engine.cancel(id, "seen enough", operator()).await.unwrap();
    assert_eq!(end(&engine, id).await.summary.status, Status::Cancelled);
}

async fn refused(engine: &EngineHandle) -> flowgate::ids::ExecutionId {
    let flow = publish(engine, SLOW).await;
    let error = CallError::new("budget_exceeded", "the budget of this agent is used up");
    engine.start(StartRequest { refused: Some(error), ..request(&flow) }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_start_leaves_a_record_that_can_be_listed_and_not_retried() {
    let engine = in_memory();
    let id = refused(&engine).await;
    let snapshot = end(&engine, id).await;
    assert_eq!((snapshot.summary.status, snapshot.summary.error_code.as_deref()), (Status::Rejected, Some("budget_exceeded")));
    assert_eq!(journal(&engine, id).await.len(), 2);
    let filter = Filter { statuses: [Status::Rejected].into(), ..Filter::default() };
    assert_eq!(engine.list(ListRequest { filter, ..ListRequest::default() }).await.unwrap().rows[0].id, id);
    assert!(matches!(engine.retry(RetryRequest::new(id, operator())).await, Err(Error::Unfit(_))));
}
