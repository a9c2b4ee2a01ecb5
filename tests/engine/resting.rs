//! What is told of an execution that comes to rest, to whoever has waited for it from its start on.

use flowgate::clock;
use flowgate::engine::{EngineHandle, FlowRef, Notice, StartRequest};
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

/// Starts with this input and listens for its rest since before.
async fn told(engine: &EngineHandle, flow: &FlowRef, input: serde_json::Value) -> (ExecutionId, Notice) {
    let id = clock::execution_id();
    let mut notices = engine.subscribe_rest(id);
    engine.start(StartRequest { execution: Some(id), input, ..request(flow) }).await.unwrap();
    let notice = tokio::time::timeout(PATIENCE, notices.next()).await.expect("it never came to rest").unwrap();
    (id, notice)
}

#[tokio::test]
async fn the_journal_that_comes_along_tells_what_the_store_tells() {
    let engine = in_memory();
    for yaml in [ten_steps().as_str(), ASKS] {
        let flow = publish(&engine, yaml).await;
        let (id, notice) = told(&engine, &flow, json!({})).await;
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
    for (length, comes_along) in [(1_000, true), (100_000, false)] {
        let (_, notice) = told(&engine, &flow, json!({"text": "x".repeat(length)})).await;
        let Notice::Idle { journal, .. } = notice else { panic!("it is quarantined: {notice:?}") };
        assert_eq!(journal.is_some(), comes_along, "{length} bytes");
    }
}
