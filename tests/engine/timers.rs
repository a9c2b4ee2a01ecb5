//! Deadlines: fed once, never early.

use flowgate::engine::Resume;
use flowgate::machine::summary::Status;

use crate::harness::{end, in_memory, on_disk, publish, rest, start};

const WAITS: &str = "
flow: waits
steps:
  pause: {wait: {for: 400ms}}
  after: {builtin: noop}
edges: [{from: pause, to: after}]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_fires_and_not_early() {
    let engine = in_memory();
    let flow = publish(&engine, WAITS).await;
    let id = start(&engine, &flow).await;
    let waiting = rest(&engine, id).await;
    assert_eq!(waiting.summary.status, Status::WaitingAsync);
    let due = waiting.summary.deadline.unwrap();
    let ended = end(&engine, id).await.summary;
    assert_eq!(ended.status, Status::Completed);
    assert!(ended.ended_at.unwrap() >= due);
    assert!(ended.ended_at.unwrap().since(due) < 2_000, "{} ms late", ended.ended_at.unwrap().since(due));
}

#[tokio::test(flavor = "multi_thread")]
async fn three_hundred_timers_fire_once_each() {
    let engine = in_memory();
    let flow = publish(&engine, WAITS).await;
    let mut ids = Vec::new();
    for _ in 0..300 {
        ids.push(start(&engine, &flow).await);
    }
    for id in ids {
        assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timer_that_came_due_while_nothing_ran_fires_after_the_start() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::All);
    let flow = publish(&engine, WAITS).await;
    let id = start(&engine, &flow).await;
    rest(&engine, id).await;
    engine.shutdown(std::time::Duration::from_secs(1)).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let engine = on_disk(dir.path(), Resume::All);
    assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_only_nothing_moves_until_it_is_resumed() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::Asked);
    let flow = publish(&engine, WAITS).await;
    let id = start(&engine, &flow).await;
    rest(&engine, id).await;
    engine.shutdown(std::time::Duration::from_secs(1)).await;
    let engine = on_disk(dir.path(), Resume::Asked);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    assert_eq!(engine.snapshot(id).await.unwrap().summary.status, Status::WaitingAsync);
    engine.resume(id).await.unwrap();
    assert_eq!(end(&engine, id).await.summary.status, Status::Completed);
}
