//! Two tenants on one engine: neither can read, infer or influence what the other has.

use std::time::Duration;

use flowgate::engine::{EngineHandle, FlowRef, ForkRequest, ListRequest, Notice, Resume, RetryRequest, StartRequest};
use flowgate::ids::{ExecutionId, QuestionId, Tenant};
use flowgate::machine::input::Signal;
use flowgate::machine::question::{Decision, Verdict};
use flowgate::machine::summary::Status;
use serde_json::json;

use crate::harness::{end, in_memory, journal, on_disk, operator, output, publish, request, rest, start};

const ASKS: &str = "
flow: same-name
steps:
  review: {approval: {title: Go on?}}
  heard: {event: {name: go}}
edges: [{from: review, to: heard}]
";

fn two(engine: &EngineHandle) -> (EngineHandle, EngineHandle) {
    (engine.of(&Tenant::new("one")), engine.of(&Tenant::new("two")))
}

fn decision(question: QuestionId, digest: flowgate::ids::Digest) -> Decision {
    Decision { question, digest, verdict: Verdict::Approve, by: operator(), reason: None }
}

/// What every method that takes an id answers, the id itself taken out: what is left must not depend on whether somebody else has it.
async fn answers(engine: &EngineHandle, id: ExecutionId, question: QuestionId, digest: flowgate::ids::Digest) -> Vec<String> {
    let signal = Signal { id: "1".to_owned(), name: "go".to_owned(), payload: json!({}) };
    let fork = ForkRequest { from: id, attempt: "review#1.1".to_owned(), output: json!({}), starter: operator(), execution: None };
    let (name, asked) = (id.to_string(), question.to_string());
    let answers = vec![
        format!("{:?}", engine.snapshot(id).await.map(drop)),
        format!("{:?}", engine.trace(id).await),
        format!("{:?}", engine.events(id, 0, 10).await),
        format!("{:?}", engine.resume(id).await),
        format!("{:?}", engine.cancel(id, "mine", operator()).await),
        format!("{:?}", engine.signal(id, signal).await),
        format!("{:?}", engine.retry(RetryRequest::new(id, operator())).await),
        format!("{:?}", engine.pause(id, "mine", operator()).await),
        format!("{:?}", engine.unpause(id, operator()).await),
        format!("{:?}", engine.fork(fork).await),
        format!("{:?}", engine.decide(decision(question, digest)).await),
        format!("{:?}", engine.find_execution(&name).await),
        format!("{:?}", engine.find_execution(&name[..30]).await).replace(&name[..30], "…"),
        format!("{:?}", engine.find_question(&asked).await),
        format!("{:?}", engine.find_question(&name).await),
        format!("{:?}", engine.closed_question(&asked).await),
        format!("{:?}", engine.closed_question(&name).await),
    ];
    answers.into_iter().map(|answer| answer.replace(&name, "…").replace(&asked, "…")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_id_of_another_tenant_is_answered_like_one_that_nobody_has() {
    let (one, two) = two(&in_memory());
    let flow = publish(&one, ASKS).await;
    let id = start(&one, &flow).await;
    let open = rest(&one, id).await.questions.remove(0);
    let before = journal(&one, id).await;
    let mut heard = two.subscribe(id);

    let nobodys = (ExecutionId(uuid::Uuid::from_u128(7)), QuestionId(uuid::Uuid::from_u128(8)));
    let foreign = answers(&two, id, open.id, open.digest).await;
    assert_eq!(foreign, answers(&two, nobodys.0, nobodys.1, open.digest).await);
    assert!(foreign.iter().all(|answer| answer.contains("NotFound")), "{foreign:#?}");
    assert_eq!(journal(&one, id).await, before, "nothing moved");

    assert!(two.list(ListRequest::default()).await.unwrap().rows.is_empty());
    assert!(two.questions().await.unwrap().is_empty());
    assert!(two.find_execution("last").await.is_err());
    assert!(two.flow("same-name", None).await.is_err());
    one.decide(decision(open.id, open.digest)).await.unwrap();
    rest(&one, id).await;
    assert!(heard.try_next().is_none(), "not a word about another tenant's execution");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_execution_of_another_tenant_is_not_there_either() {
    let (one, two) = two(&in_memory());
    let slow = "{flow: slow, steps: {long: {builtin: noop, sandbox: {output: done, delay: 1s}}}}";
    let flow = publish(&one, slow).await;
    let id = start(&one, &flow).await;
    assert!(one.snapshot(id).await.unwrap().live);
    let refused = two.cancel(id, "mine", operator()).await;
    assert!(format!("{refused:?}").contains("NotFound"), "{refused:?}");
    assert_eq!(end(&one, id).await.summary.status, Status::Completed);
}

/// One tenant may even use the other's id for an execution of its own: they are two executions.
#[tokio::test(flavor = "multi_thread")]
async fn the_same_id_in_two_tenants_is_two_executions() {
    let (one, two) = two(&in_memory());
    let ours = publish(&one, "{flow: same, steps: {say: {set: {who: '\"one\"'}}}}").await;
    let theirs = publish(&two, "{flow: same, steps: {say: {set: {who: '\"two\"'}}}}").await;
    let id = ExecutionId(uuid::Uuid::now_v7());
    let with_id = |flow: &FlowRef| StartRequest { execution: Some(id), ..request(flow) };
    let (here, there) = tokio::join!(one.start(with_id(&ours)), two.start(with_id(&theirs)));
    assert_eq!((here.unwrap(), there.unwrap()), (id, id));
    assert_eq!(output(&end(&one, id).await), json!({"who": "one"}));
    assert_eq!(output(&end(&two, id).await), json!({"who": "two"}));
}

/// The compiled plan is in memory and shared by digest; whose catalog lacks the digest does not get it.
#[tokio::test(flavor = "multi_thread")]
async fn a_digest_alone_gives_nobody_the_flow() {
    let (one, two) = two(&in_memory());
    let flow = publish(&one, ASKS).await;
    rest(&one, start(&one, &flow).await).await;
    let refused = two.start(request(&flow)).await;
    assert!(format!("{refused:?}").contains("NotFound"), "{refused:?}");
    assert!(two.unreachable_models(&flow, &[]).await.is_err());
    let own = publish(&two, ASKS).await;
    assert_eq!(own.digest, flow.digest);
    assert_eq!(rest(&two, start(&two, &own).await).await.summary.status, Status::WaitingPerson);
}

/// A child is looked for where its parent lives, also when both tenants have a flow of its name.
#[tokio::test(flavor = "multi_thread")]
async fn children_stay_in_their_parents_tenant() {
    let (one, two) = two(&in_memory());
    let parent = "{flow: parent, steps: {ask: {flow: {agent: child}}}}";
    for (engine, who) in [(&one, "one"), (&two, "two")] {
        publish(engine, &format!("{{flow: child, steps: {{say: {{set: {{who: '\"{who}\"'}}}}}}}}")).await;
    }
    for (engine, who) in [(&one, "one"), (&two, "two")] {
        let flow = publish(engine, parent).await;
        let id = start(engine, &flow).await;
        let mut notices = engine.subscribe(id);
        assert_eq!(output(&end(engine, id).await), json!({"who": who}));
        assert_eq!(engine.list(ListRequest::default()).await.unwrap().rows.len(), 2);
        while !matches!(notices.try_next(), Some(Notice::Idle { .. }) | None) {}
    }
}

const OWES: &str = "{flow: owes, steps: {long: {builtin: noop, sandbox: {output: done, delay: 2s}}}}";
const WAITS: &str = "{flow: waits, steps: {pause: {wait: {for: 400ms}}}}";

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_owed_work_and_due_timers_of_every_tenant_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let engine = on_disk(dir.path(), Resume::All);
    let (one, two_) = two(&engine);
    let mut started = Vec::new();
    for handle in [&one, &two_] {
        let owing = start(handle, &publish(handle, OWES).await).await;
        let waiting = start(handle, &publish(handle, WAITS).await).await;
        rest(handle, waiting).await;
        started.extend([(handle.tenant().clone(), owing), (handle.tenant().clone(), waiting)]);
    }
    drop((one, two_));
    engine.shutdown(Duration::ZERO).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let engine = on_disk(dir.path(), Resume::All);
    for (tenant, id) in started {
        assert_eq!(end(&engine.of(&tenant), id).await.summary.status, Status::Completed);
    }
}
