//! Questions: asked, decided once, every caller told.

use flowgate::engine::{Answered, EngineHandle, Error, QuestionRef};
use flowgate::machine::Refusal;
use flowgate::machine::question::{Decided, Decision, Verdict};
use flowgate::machine::summary::Status;

use crate::harness::{end, in_memory, person, publish, rest, start};

const ASKS: &str = "
flow: asks
steps:
  review: {approval: {title: Go on?}}
  done: {set: {went: '\"on\"'}}
  stopped: {set: {went: '\"nowhere\"'}}
edges:
  - {from: review, to: done}
  - {from: review, to: stopped, on: rejected}
";

async fn asked(engine: &EngineHandle) -> QuestionRef {
    let flow = publish(engine, ASKS).await;
    let id = start(engine, &flow).await;
    let waiting = rest(engine, id).await;
    assert_eq!(waiting.summary.status, Status::WaitingPerson);
    assert!(!waiting.live);
    let open = engine.questions().await.unwrap();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].execution, id);
    assert_eq!(open[0].question, waiting.questions[0]);
    open.into_iter().next().unwrap()
}

fn decision(open: &QuestionRef, user: &str, verdict: Verdict) -> Decision {
    Decision { question: open.question.id, digest: open.question.digest, verdict, by: person(user), reason: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_waits_without_an_actor_and_goes_on_when_decided() {
    let engine = in_memory();
    let open = asked(&engine).await;
    let answered = engine.decide(decision(&open, "ana", Verdict::Approve)).await.unwrap();
    assert!(matches!(&answered, Answered::Closed(decided) if decided.by == "ana"), "{answered:?}");
    let ended = end(&engine, open.execution).await;
    assert_eq!(crate::harness::output(&ended), serde_json::json!({"went": "on"}));
    assert!(engine.questions().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_racing_decisions_one_wins_and_every_caller_is_told_which() {
    let engine = in_memory();
    let open = asked(&engine).await;
    let mut racing = tokio::task::JoinSet::new();
    for number in 0..16 {
        let (engine, verdict) = (engine.clone(), if number % 2 == 0 { Verdict::Approve } else { Verdict::Reject });
        let decision = decision(&open, &format!("user-{number}"), verdict);
        racing.spawn(async move { engine.decide(decision).await });
    }
    let (mut won, mut told): (Vec<Decided>, Vec<Decided>) = (Vec::new(), Vec::new());
    while let Some(answer) = racing.join_next().await {
        match answer.unwrap() {
            Ok(Answered::Closed(decided)) => won.push(decided),
            Err(Error::Refused(Refusal::Decided(decided))) => told.push(*decided),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((won.len(), told.len()), (1, 15));
    assert!(told.iter().all(|decided| *decided == won[0]), "{won:?} {told:?}");
    // Also long after it has ended.
    end(&engine, open.execution).await;
    let late = engine.decide(decision(&open, "late", Verdict::Reject)).await;
    assert!(matches!(&late, Err(Error::Refused(Refusal::Decided(decided))) if **decided == won[0]), "{late:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_other_content_is_refused_and_the_question_stays_open() {
    let engine = in_memory();
    let open = asked(&engine).await;
    let mut wrong = decision(&open, "ana", Verdict::Approve);
    wrong.digest = flowgate::ids::Digest::of(b"something else");
    assert!(matches!(engine.decide(wrong).await, Err(Error::Refused(Refusal::Digest))));
    assert_eq!(engine.questions().await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn questions_are_found_by_their_beginning_and_by_their_execution() {
    let engine = in_memory();
    let open = asked(&engine).await;
    let id = open.question.id.to_string();
    assert_eq!(engine.find_question(&id[..8]).await.unwrap(), open);
    assert_eq!(engine.find_question(&open.execution.to_string()).await.unwrap(), open);
    assert!(matches!(engine.find_question("zzz").await, Err(Error::NotFound { .. })));
}
