//! Ends of the engine, and what the next one finds.

use std::time::Duration;

use flowgate::engine::{EngineHandle, Error, Options, Resume};
use flowgate::machine::event::Event;
use flowgate::machine::summary::Status;
use flowgate::store::{self, Store};

use crate::harness::{count, end, journal, on_disk, publish, request, rest, runner, start, ten_steps};

const HALF_SLOW: &str = "
flow: half-slow
steps:
  first: {builtin: noop}
  long: {builtin: noop, effect: EFFECT, sandbox: {outputs: [one, two], delay: 2s}}
edges: [{from: first, to: long}]
";

async fn interrupted(effect: &str) -> (EngineHandle, flowgate::ids::ExecutionId, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::Asked);
    let flow = publish(&engine, &HALF_SLOW.replace("EFFECT", effect)).await;
    let id = start(&engine, &flow).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    let parked = engine.shutdown(Duration::from_millis(50)).await;
    assert_eq!((parked.executions, parked.calls_cut), (1, 1));
    (on_disk(dir.path(), Resume::Asked), id, dir)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shutdown_parks_and_a_read_step_runs_again_afterwards_and_completed_ones_do_not() {
    let (engine, id, _dir) = interrupted("read").await;
    assert_eq!(engine.snapshot(id).await.unwrap().summary.status, Status::Running);
    engine.resume(id).await.unwrap();
    assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
    let events = journal(&engine, id).await;
    assert_eq!(count(&events, |event| matches!(event, Event::CallLost { .. })), 1);
    assert_eq!(count(&events, |event| matches!(event, Event::CallStarted { .. })), 3, "first once, long twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_once_step_that_was_cut_is_in_doubt_and_asks() {
    let (engine, id, _dir) = interrupted("once").await;
    engine.resume(id).await.unwrap();
    let waiting = rest(&engine, id).await;
    assert_eq!(waiting.summary.status, Status::WaitingPerson);
    assert_eq!(waiting.questions.len(), 1);
    let events = journal(&engine, id).await;
    assert_eq!(count(&events, |event| matches!(event, Event::CallStarted { .. })), 2, "never blindly repeated");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_owed_goes_on_by_itself_when_everything_is_resumed() {
    let (engine, id, dir) = interrupted("idempotent").await;
    engine.shutdown(Duration::ZERO).await;
    let engine = on_disk(dir.path(), Resume::All);
    assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_ends_in_time_is_not_cut() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::Asked);
    let flow = publish(&engine, &HALF_SLOW.replace("EFFECT", "once").replace("2s", "300ms")).await;
    let id = start(&engine, &flow).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    let parked = engine.clone().shutdown(Duration::from_secs(10)).await;
    assert_eq!(parked.calls_cut, 0);
    assert!(matches!(engine.start(request(&flow)).await, Err(Error::Stopped)), "and nothing new is taken in");
    let engine = on_disk(dir.path(), Resume::Asked);
    assert_eq!(engine.snapshot(id).await.unwrap().summary.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_engines_cannot_have_one_directory() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::Asked);
    let options = store::Options { dir: dir.path().to_owned(), on_fatal: store::OnFatal::stop_only(), ..store::Options::default() };
    assert!(matches!(Store::open(&options), Err(store::Error::Locked { .. })));
    engine.shutdown(Duration::from_secs(1)).await;
    let again = EngineHandle::spawn(Store::open(&options).unwrap(), runner(), Options::default()).unwrap();
    let flow = publish(&again, &ten_steps()).await;
    let id = start(&again, &flow).await;
    assert_eq!(end(&again, id).await.summary.status, Status::Completed);
}
