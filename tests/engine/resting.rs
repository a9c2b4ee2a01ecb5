//! What is told of an execution that comes to rest, to whoever has waited for it from its start on.

use flowgate::clock;
use flowgate::engine::{EngineHandle, Notice, StartRequest};
use flowgate::ids::ExecutionId;
use serde_json::json;

use crate::harness::{PATIENCE, in_memory, publish, request, ten_steps};

const ASKS: &str = "flow: asks
steps:
  first: {builtin: noop}
  person: {ask: {title: 'Really?', form: {type: object}, to: {any_of: ['user:ana']}}}
edges:
  - {from: first, to: person}
";
const REPEATS: &str = "flow: repeats
input: {type: object, properties: {text: {type: string}}}
steps:
  said: {builtin: {name: echo, args: {text: '{{ input.text }}'}}}
";

/// Starts, and listens for the rest since before.
async fn told(engine: &EngineHandle, request: StartRequest) -> (ExecutionId, Notice) {
    let id = clock::execution_id();
    let mut notices = engine.subscribe_rest(id);
    engine.start(StartRequest { execution: Some(id), ..request }).await.unwrap();
    let notice = tokio::time::timeout(PATIENCE, notices.next()).await.expect("it never came to rest").unwrap();
    (id, notice)
}

#[tokio::test]
async fn the_journal_that_comes_along_tells_what_the_store_tells() {
    let engine = in_memory();
    for yaml in [ten_steps().as_str(), ASKS] {
        let flow = publish(&engine, yaml).await;
        let (id, notice) = told(&engine, request(&flow)).await;
        let Notice::Idle { journal: Some(journal), .. } = notice else { panic!("no journal: {notice:?}") };
        let (snapshot, trace) = engine.rested(id, &journal).unwrap().unwrap();
        assert_eq!(format!("{snapshot:?}"), format!("{:?}", engine.at_rest(id).await.unwrap()));
        assert_eq!(trace, engine.trace(id).await.unwrap());
    }
}

#[tokio::test]
async fn what_is_large_is_read_by_who_wants_it() {
    let engine = in_memory();
    let flow = publish(&engine, REPEATS).await;
    let text = |length: usize| "x".repeat(length);
    let small = request(&flow);
    for (what, request, comes_along) in [
        ("a small input", StartRequest { input: json!({"text": text(1_000)}), ..small.clone() }, true),
        ("a large input", StartRequest { input: json!({"text": text(100_000)}), ..small.clone() }, false),
        ("a large context", StartRequest { context: Some(json!({"text": text(100_000)})), ..small.clone() }, false),
    ] {
        let (_, notice) = told(&engine, request).await;
        let Notice::Idle { journal, .. } = notice else { panic!("it is quarantined: {notice:?}") };
        assert_eq!(journal.is_some(), comes_along, "{what}");
    }
}
