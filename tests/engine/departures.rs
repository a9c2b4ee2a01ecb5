//! `retry` and `fork`.

use flowgate::engine::{EngineHandle, Error, ForkRequest, RetryRequest};
use flowgate::ids::ExecutionId;
use flowgate::machine::event::Event;
use flowgate::machine::input::OriginKind;
use flowgate::machine::summary::Status;
use serde_json::json;

use crate::harness::{count, end, in_memory, journal, operator, output, publish, start};

const FAILS: &str = "
flow: fails
steps:
  first: {builtin: noop, sandbox: {output: {n: 1}}}
  second: {builtin: noop, sandbox: {error: {code: broken, message: it broke}}}
  third: {set: {n: steps.first.output.n + 1}}
edges:
  - {from: first, to: second}
  - {from: second, to: third}
";

async fn failed(engine: &EngineHandle) -> ExecutionId {
    let flow = publish(engine, FAILS).await;
    let id = start(engine, &flow).await;
    let snapshot = end(engine, id).await;
    assert_eq!(snapshot.summary.status, Status::Failed, "{:?}", snapshot.ended);
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_goes_on_from_the_step_that_failed() {
    let engine = in_memory();
    let id = failed(&engine).await;
    let again = engine.retry(RetryRequest::new(id, operator())).await.unwrap();
    assert_ne!(again, id);
    let snapshot = end(&engine, again).await;
    assert_eq!(snapshot.summary.status, Status::Failed, "it breaks again");
    let origin = snapshot.start.origin.unwrap();
    assert_eq!((origin.execution, origin.kind), (id, OriginKind::Retry));
    let events = journal(&engine, again).await;
    assert_eq!(count(&events, |event| matches!(event, Event::CallStarted { .. })), 1, "only the second step ran: {events:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fork_gives_an_attempt_another_output() {
    let engine = in_memory();
    let id = failed(&engine).await;
    let attempt = engine.trace(id).await.unwrap().attempts.into_iter().find(|attempt| attempt.step == "second").unwrap();
    let name = format!("second#{}.{}", attempt.visit, attempt.attempt);
    let fork = ForkRequest { from: id, attempt: name, output: json!("mended"), starter: operator(), execution: None };
    let again = engine.fork(fork).await.unwrap();
    let snapshot = end(&engine, again).await;
    assert_eq!(snapshot.summary.status, Status::Completed, "{:?}", snapshot.ended);
    assert_eq!(output(&snapshot), json!({"n": 2}));
    assert_eq!(count(&journal(&engine, again).await, |event| matches!(event, Event::CallStarted { .. })), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_depart_says_so() {
    let engine = in_memory();
    let id = failed(&engine).await;
    let nowhere = ForkRequest { from: id, attempt: "nowhere#1.1".to_owned(), output: json!(1), starter: operator(), execution: None };
    assert!(matches!(engine.fork(nowhere).await, Err(Error::NotFound { what: "attempt", .. })));
    let flow = publish(&engine, "flow: fine\nsteps: {a: {builtin: noop}}").await;
    let fine = start(&engine, &flow).await;
    end(&engine, fine).await;
    assert!(matches!(engine.retry(RetryRequest::new(fine, operator())).await, Err(Error::Unfit(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retry_on_another_revision_runs_that_one_with_the_results_that_it_can_use() {
    let engine = in_memory();
    let id = failed(&engine).await;
    let mended = FAILS.replace("{error: {code: broken, message: it broke}}", "{output: mended}");
    let mended = publish(&engine, &mended).await;
    let again = engine.retry(RetryRequest { revision: Some(mended.clone()), ..RetryRequest::new(id, operator()) }).await.unwrap();
    let snapshot = end(&engine, again).await;
    assert_eq!((snapshot.summary.status, snapshot.summary.revision), (Status::Completed, 2), "{:?}", snapshot.ended);
    assert_eq!(output(&snapshot), json!({"n": 2}));
    assert_eq!(count(&journal(&engine, again).await, |event| matches!(event, Event::CallStarted { .. })), 1, "only the second step ran");

    // What a step of the same name but another kind gave does not stand.
    let other = mended_without_first(&engine).await;
    let again = engine.retry(RetryRequest { revision: Some(other), ..RetryRequest::new(id, operator()) }).await.unwrap();
    assert_eq!(output(&end(&engine, again).await), json!({"n": 6}));
    let renamed = publish(&engine, &FAILS.replace("second", "next")).await;
    let refused = engine.retry(RetryRequest { revision: Some(renamed), ..RetryRequest::new(id, operator()) }).await;
    assert!(matches!(&refused, Err(Error::Unfit(reason)) if reason.contains("no step `second`")), "{refused:?}");
    let stranger = publish(&engine, &FAILS.replace("flow: fails", "flow: stranger")).await;
    assert!(matches!(
        engine.retry(RetryRequest { revision: Some(stranger), ..RetryRequest::new(id, operator()) }).await,
        Err(Error::Unfit(_))
    ));
}

async fn mended_without_first(engine: &EngineHandle) -> flowgate::engine::FlowRef {
    let mended = FAILS.replace("{error: {code: broken, message: it broke}}", "{output: mended}");
    publish(engine, &mended.replace("{builtin: noop, sandbox: {output: {n: 1}}}", "{set: {n: '5'}}")).await
}
