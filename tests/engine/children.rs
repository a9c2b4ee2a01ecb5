//! Executions that start executions.

use flowgate::engine::{Notice, StartRequest};
use flowgate::ids::ExecutionId;
use flowgate::machine::event::Event;
use flowgate::machine::summary::{Status, WaitingFor};
use serde_json::json;

use crate::harness::{count, end, in_memory, journal, operator, output, publish, request, rest, start};

const CHILD: &str = "
flow: child
input: {type: object, required: [number], properties: {number: {type: integer}}}
steps:
  twice: {set: {result: input.number * 2}}
";

const PARENT: &str = "
flow: parent
steps:
  ask: {flow: {agent: child, input: {number: '21'}}}
  after: {set: {answer: steps.ask.output.result}}
edges: [{from: ask, to: after}]
";

#[tokio::test(flavor = "multi_thread")]
async fn a_child_runs_and_its_parent_goes_on_with_its_output() {
    let engine = in_memory();
    publish(&engine, CHILD).await;
    let flow = publish(&engine, PARENT).await;
    let id = ExecutionId(uuid::Uuid::now_v7());
    let mut notices = engine.subscribe(id);
    engine.start(StartRequest { execution: Some(id), ..request(&flow) }).await.unwrap();
    let snapshot = end(&engine, id).await;
    assert_eq!(snapshot.summary.status, Status::Completed, "{:?}", snapshot.ended);
    assert_eq!(output(&snapshot), json!({"answer": 42}));
    let events = journal(&engine, id).await;
    let child = events.iter().find_map(|recorded| match &recorded.event {
        Event::ChildStarted { child, .. } => Some(*child),
        _ => None,
    });
    let child = engine.snapshot(child.unwrap()).await.unwrap();
    assert_eq!(child.summary.parent, Some(id));
    assert_eq!(engine.find_execution("last").await.unwrap(), id, "what somebody started, not what that started");
    assert_eq!(child.summary.status, Status::Completed);
    assert_eq!(count(&journal(&engine, child.id).await, |event| matches!(event, Event::ParentTold)), 1);
    let mut heard_of_child = false;
    loop {
        match notices.next().await.unwrap() {
            Notice::Committed { execution, .. } => heard_of_child |= execution == child.id,
            Notice::Idle { execution, .. } if execution == id => break,
            _ => {}
        }
    }
    assert!(heard_of_child, "who listens to a parent hears its children");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_child_that_cannot_start_fails_its_step() {
    let engine = in_memory();
    publish(&engine, CHILD).await;
    let flow = publish(&engine, &PARENT.replace("'21'", "'\"no number\"'")).await;
    let id = start(&engine, &flow).await;
    let snapshot = end(&engine, id).await;
    assert_eq!(snapshot.summary.status, Status::Failed);
    assert_eq!(snapshot.summary.error_code.as_deref(), Some("input_refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_is_at_rest_only_when_its_child_is_and_takes_it_along_when_cancelled() {
    let engine = in_memory();
    publish(
        &engine,
        "
flow: child
input: {type: object, properties: {number: {type: integer}}}
steps: {wait: {event: {name: never}}}
",
    )
    .await;
    let flow = publish(&engine, PARENT).await;
    let id = start(&engine, &flow).await;
    let waiting = rest(&engine, id).await;
    let WaitingFor::Child { execution: child, .. } = waiting.summary.waiting_for[0] else { panic!("{:?}", waiting.summary.waiting_for) };
    assert_eq!(engine.snapshot(child).await.unwrap().summary.status, Status::WaitingAsync, "the child came to rest first");
    engine.cancel(id, "enough", operator()).await.unwrap();
    assert_eq!(end(&engine, id).await.summary.status, Status::Cancelled);
    assert_eq!(end(&engine, child).await.summary.status, Status::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_nobody_registered_refuses_the_start() {
    let engine = in_memory();
    let flow = publish(&engine, PARENT).await;
    let refused = engine.start(request(&flow)).await;
    assert!(matches!(&refused, Err(flowgate::engine::Error::NotFound { name, .. }) if name == "child"), "{refused:?}");
}
