//! Approvals and other questions: bound to the exact action, decided once, by who may.

use serde_json::json;

use super::drive::{Drive, person};
use crate::machine::Refusal;
use crate::machine::call::Request;
use crate::machine::input::Body;
use crate::machine::question::{Decision, Person, Verdict};
use crate::machine::summary::Status;

const GATED: &str = "
flow: t
steps:
  ask:
    approval: {title: 'Refund {{ input.amount }}?', action: pay, decisions: [approve, edit, reject, respond], MORE}
  pay: {http: {post: 'https://shop.example/pay', json: {amount: '{{ input.amount }}'}}, effect: once}
  no: {set: {why: steps.ask.output.reason}}
  said: {set: {it: steps.ask.output.response}}
edges:
  - {from: ask, to: pay, on: approved}
  - {from: ask, to: no, on: rejected}
  - {from: ask, to: said, on: responded}
";

fn gated(more: &str) -> Drive {
    let yaml = if more.is_empty() { GATED.replace(", MORE", "") } else { GATED.replace("MORE", more) };
    let mut drive = Drive::start(&yaml, json!({"amount": 12}));
    drive.settle();
    drive
}

fn body(drive: &Drive) -> String {
    let Request::Http(http) = &drive.calls[0].2.request else { panic!("no http call") };
    serde_json::to_string(&http.body.as_ref().unwrap().parts).unwrap()
}

#[test]
fn what_was_approved_is_exactly_what_runs() {
    let mut drive = gated("");
    let question = drive.question();
    assert_eq!(question.title, "Refund 12?");
    let approved = question.action.unwrap();
    let decision = Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: person("ben"), reason: None };
    drive.feed(Body::Decide(decision)).unwrap();
    assert_eq!(drive.calls[0].2, approved.call);
    assert!(body(&drive).contains("12"));
}

#[test]
fn an_edit_changes_the_bytes_and_the_digest() {
    let mut drive = gated("");
    let question = drive.question();
    let decision = Decision {
        question: question.id,
        digest: question.digest,
        verdict: Verdict::Edit { arguments: json!({"amount": 5}) },
        by: person("ben"),
        reason: None,
    };
    drive.feed(Body::Decide(decision)).unwrap();
    assert!(body(&drive).contains('5') && !body(&drive).contains("12"));
    assert_ne!(drive.state.decided(question.id).unwrap().digest, question.digest);
}

#[test]
fn a_decision_on_another_digest_is_refused() {
    let mut drive = gated("");
    let question = drive.question();
    let digest = crate::ids::Digest::of(b"something else");
    let decision = Decision { question: question.id, digest, verdict: Verdict::Approve, by: person("ben"), reason: None };
    assert_eq!(drive.feed(Body::Decide(decision)), Err(Refusal::Digest));
    assert!(drive.calls.is_empty());
}

#[test]
fn decided_once_and_every_later_caller_is_told_what_stands() {
    let mut drive = gated("");
    let question = drive.question();
    drive.decide(Verdict::Reject, "ben").unwrap();
    let late = |verdict, user| Decision { question: question.id, digest: question.digest, verdict, by: person(user), reason: None };
    let Err(Refusal::Decided(stands)) = drive.feed(Body::Decide(late(Verdict::Approve, "eve"))) else { panic!("not told") };
    assert_eq!((stands.by.as_str(), &stands.verdict), ("ben", &Verdict::Reject));
    assert_eq!(drive.feed(Body::Decide(late(Verdict::Reject, "ben"))), Ok(()), "the same answer again is harmless");
    assert_eq!(drive.ended().status, Status::Completed);
}

#[test]
fn respond_answers_in_place_of_the_action() {
    let mut drive = gated("");
    drive.decide(Verdict::Respond { response: json!("done by hand") }, "ben").unwrap();
    assert_eq!(drive.ended().output, json!({"it": "done by hand"}));
}

#[test]
fn roles_quorum_and_exclusions() {
    let mut drive = gated("approvers: {any_of: ['role:finance', 'user:cleo'], quorum: 2, exclude: [starter]}");
    let question = drive.question();
    let vote = |drive: &mut Drive, user: &str, roles: &[&str]| {
        let by = Person { user: user.to_owned(), roles: roles.iter().map(ToString::to_string).collect(), every_role: false };
        drive.feed(Body::Decide(Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by, reason: None }))
    };
    assert!(matches!(vote(&mut drive, "ana", &["finance"]), Err(Refusal::NotAllowed(_))), "the starter is excluded");
    assert!(matches!(vote(&mut drive, "dan", &["sales"]), Err(Refusal::NotAllowed(_))));
    vote(&mut drive, "ben", &["finance"]).unwrap();
    assert!(matches!(vote(&mut drive, "ben", &["finance"]), Err(Refusal::NotAllowed(_))), "one person, one vote");
    assert!(drive.calls.is_empty());
    drive.crash();
    vote(&mut drive, "cleo", &[]).unwrap();
    assert_eq!(drive.calls.len(), 1);
}

#[test]
fn an_edit_lets_earlier_votes_lapse() {
    let mut drive = gated("approvers: {quorum: 2}");
    drive.decide(Verdict::Approve, "ben").unwrap();
    drive.decide(Verdict::Edit { arguments: json!({"amount": 1}) }, "cleo").unwrap();
    assert!(drive.calls.is_empty(), "only the editor has voted for the new digest");
    let question = drive.question();
    let decision = Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: person("ben"), reason: None };
    drive.feed(Body::Decide(decision)).unwrap();
    assert_eq!(drive.calls.len(), 1);
}

#[test]
fn expiry_rejects_fails_branches_or_asks_someone_else_and_never_approves() {
    let mut drive = gated("expires: {after: 1d, then: reject}");
    drive.pass(86_400_000);
    assert_eq!(drive.ran(), ["ask#1", "no#1"]);
    let mut drive = gated("expires: {after: 1d, then: fail}");
    drive.pass(86_400_000);
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "expired");
    let mut drive = gated("expires: {after: 1d, then: {ask: {any_of: ['user:boss']}}}, approvers: {any_of: ['user:ben']}");
    drive.pass(86_400_000);
    assert!(matches!(drive.decide(Verdict::Approve, "ben"), Err(Refusal::NotAllowed(_))));
    drive.decide(Verdict::Reject, "boss").unwrap();
    let mut drive = gated("expires: {after: 1d, then: {ask: {any_of: ['user:boss']}}}");
    drive.pass(86_400_000);
    drive.pass(86_400_000);
    assert_eq!(drive.ended().error.as_ref().unwrap().code, "expired");
    assert!(drive.calls.is_empty());
}

#[test]
fn reminders_are_events_once_each() {
    let mut drive = gated("remind: [1h, 2h]");
    for _ in 0..5 {
        drive.pass(3_600_000);
    }
    assert_eq!(drive.events(|event| matches!(event, crate::machine::event::Event::Reminded { .. })), 2);
}

#[test]
fn an_ask_checks_its_form() {
    let yaml = "
flow: t
steps:
  q: {ask: {title: name?, form: {type: object, required: [name], properties: {name: {type: string}}}}}
  b: {set: {hello: steps.q.output.name}}
edges: [{from: q, to: b}]
";
    let mut drive = Drive::run(yaml);
    assert!(matches!(drive.decide(Verdict::Respond { response: json!({}) }, "ben"), Err(Refusal::Answer(_))));
    drive.decide(Verdict::Respond { response: json!({"name": "Kim"}) }, "ben").unwrap();
    assert_eq!(drive.ended().output, json!({"hello": "Kim"}));
}

#[test]
fn signals_are_kept_if_early_taken_once_and_only_by_who_waits_for_them() {
    let yaml = "
flow: t
steps: {a: {builtin: noop}, e: {event: {any_of: [paid, gone], check: payload.n > 1}}, p: {set: {paid: steps.e.output.payload.n}}, g: {set: {gone: 'true'}}}
edges: [{from: a, to: e}, {from: e, to: p, on: paid}, {from: e, to: g, on: gone}]
";
    let mut drive = Drive::start(yaml, json!({}));
    drive.feed(Body::Signal(crate::machine::input::Signal { id: "1".into(), name: "paid".into(), payload: json!({"n": 1}) })).unwrap();
    drive.feed(Body::Signal(crate::machine::input::Signal { id: "2".into(), name: "paid".into(), payload: json!({"n": 2}) })).unwrap();
    assert!(matches!(drive.signal("9", "unknown", json!({})), Err(Refusal::Signal(_))));
    drive.settle();
    assert_eq!(drive.ended().output, json!({"paid": 2}));
    assert_eq!(drive.signal("3", "paid", json!({})), Err(Refusal::Ended));
}

#[test]
fn a_wait_that_a_person_stops_fails_its_step_and_nothing_else() {
    let yaml = "
flow: t
steps: {e: {event: {name: paid}}, p: {set: {how: \"'paid'\"}}, n: {set: {how: steps.e.error.code}}}
edges: [{from: e, to: p}, {from: e, to: n, on: error}]
";
    let stop = || Body::CancelWait { reason: "late".to_owned(), by: person("ben") };
    let mut drive = Drive::run(yaml);
    drive.feed(Body::Pause { reason: String::new(), by: person("ben") }).unwrap();
    assert_eq!(drive.feed(stop()), Err(Refusal::NotWaiting), "nothing goes on during a pause");
    drive.feed(Body::Unpause { by: person("ben") }).unwrap();
    drive.feed(stop()).unwrap();
    drive.settle();
    assert_eq!(drive.ended().output, json!({"how": "wait_cancelled"}));
    assert_eq!(drive.feed(stop()), Err(Refusal::NotWaiting));
}
