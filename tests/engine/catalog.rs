//! Registering flows, and what a start fixes.

use flowgate::engine::{Error, StartRequest};
use flowgate::machine::summary::Status;
use serde_json::json;

use crate::harness::{end, in_memory, output, publish, request};

#[tokio::test(flavor = "multi_thread")]
async fn the_same_content_keeps_its_revision_and_other_content_gets_the_next() {
    let engine = in_memory();
    let one = publish(&engine, "flow: f\nsteps: {a: {builtin: noop}}").await;
    let again = publish(&engine, "flow: f\nsteps: {a: {builtin: noop}}").await;
    let other = publish(&engine, "flow: f\nsteps: {b: {builtin: noop}}").await;
    assert_eq!((one.revision, again.revision, other.revision), (1, 1, 2));
    assert_eq!(one, again);
    assert_eq!(engine.flow("f", None).await.unwrap().0, other);
    assert_eq!(engine.flow("f", Some(1)).await.unwrap().0, one);
    assert!(matches!(engine.flow("f", Some(3)).await, Err(Error::NotFound { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_execution_keeps_its_revision_whatever_is_registered_later() {
    let engine = in_memory();
    let one = publish(&engine, "flow: f\nsteps: {a: {event: {name: go}}, b: {set: {x: '1'}}}\nedges: [{from: a, to: b}]").await;
    let id = engine.start(request(&one)).await.unwrap();
    crate::harness::rest(&engine, id).await;
    publish(&engine, "flow: f\nsteps: {a: {event: {name: go}}, b: {set: {x: '2'}}}\nedges: [{from: a, to: b}]").await;
    let signal = flowgate::machine::input::Signal { id: "1".to_owned(), name: "go".to_owned(), payload: json!(null) };
    engine.signal(id, signal).await.unwrap();
    assert_eq!(output(&end(&engine, id).await), json!({"x": 1}));
}

#[tokio::test(flavor = "multi_thread")]
async fn configuration_is_merged_and_unknown_names_are_refused() {
    let engine = in_memory();
    let flow = publish(&engine, "flow: f\nconfig: {a: 1, b: 2}\nsteps: {s: {set: {sum: config.a + config.b}}}").await;
    let with = |name: &str| StartRequest { config: [(name.to_owned(), json!(40))].into_iter().collect(), ..request(&flow) };
    let id = engine.start(with("a")).await.unwrap();
    let snapshot = end(&engine, id).await;
    assert_eq!(snapshot.summary.status, Status::Completed, "{:?}", snapshot.ended);
    assert_eq!(output(&snapshot), json!({"sum": 42}));
    let refused = engine.start(with("c")).await;
    assert!(matches!(&refused, Err(Error::Config { name, declared, .. }) if name == "c" && declared == "a, b"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_are_found_by_their_beginning() {
    let engine = in_memory();
    let flow = publish(&engine, "flow: f\nsteps: {a: {builtin: noop}}").await;
    let id = engine.start(request(&flow)).await.unwrap();
    assert_eq!(engine.find_execution(&id.to_string()).await.unwrap(), id);
    assert_eq!(engine.find_execution("last").await.unwrap(), id);
    assert!(matches!(engine.find_execution("ffff").await, Err(Error::NotFound { .. })));
}
