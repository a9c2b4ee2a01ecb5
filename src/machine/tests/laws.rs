//! The laws, over generated flows and generated histories: replay equals live (checked by the test shell at every turn), what is accepted
//! ends or waits, owed equals unanswered, joins fire once, dead paths never block, a cancel ends everything, same inputs same events.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::drive::{Drive, done, permanent, person, retryable, start_of, unknown};
use super::generate::{Choices, flow};
use crate::flow::compile;
use crate::flow::spec::StepSpec;
use crate::ids::{BootId, Digest, NanoUsd, TimeMs};
use crate::machine::call::{Answer, Outcome, Request, ToolUse, Usage};
use crate::machine::effect::Effect;
use crate::machine::event::{Event, Recorded};
use crate::machine::input::{Body, Pin, Signal};
use crate::machine::question::{Decision, QuestionKind, Verdict};
use crate::machine::summary::{Ended, Status};
use crate::machine::{Refusal, State, outstanding};

const TURNS_MAX: usize = 5_000;

fn begin(bytes: &[u8]) -> (Drive, Vec<u8>) {
    let mut choices = Choices::new(bytes);
    let spec = flow(&mut choices);
    let plan = match compile::plan(&spec) {
        Ok(plan) => Arc::new(plan),
        Err(problems) => panic!("generated flow is refused: {problems:#?}\n{}", serde_json::to_string_pretty(&spec).unwrap()),
    };
    let mut start = start_of(&plan, json!({}));
    start.pins.insert("other".to_owned(), Pin::new(1, Digest::of(b"other")));
    let mut drive = Drive {
        plan,
        state: State::default(),
        journal: Vec::new(),
        now: TimeMs(1_000_000),
        boot: BootId(1),
        calls: std::collections::VecDeque::new(),
        aborted: Vec::new(),
        answers: BTreeMap::new(),
    };
    drive.feed(Body::Start(Box::new(start))).unwrap();
    (drive, bytes.iter().rev().copied().collect())
}

fn model_answer(choices: &mut Choices<'_>) -> Outcome {
    let names = ["look", "pay", "nonsense"];
    let calls = (0..choices.below(3)).map(|n| ToolUse { id: format!("c{n}"), name: names[choices.below(3)].to_owned(), args: json!({}) });
    Outcome::Done { answer: Answer::Model { text: "text".to_owned(), calls: calls.collect() }, usage: Usage::default() }
}

fn answer(drive: &mut Drive, choices: &mut Choices<'_>, is_kind: bool) {
    if drive.calls.is_empty() {
        return;
    }
    let at = choices.below(drive.calls.len());
    let (call, name, request) = drive.calls.remove(at).unwrap();
    let outcome = match (&request.request, if is_kind { 0 } else { choices.below(8) }) {
        (_, 5) => permanent("http_400"),
        (_, 6) => retryable(),
        (_, 7) => unknown(),
        (Request::Llm(_), _) if name.contains("/model#") && !is_kind => model_answer(choices),
        (Request::Llm(request), choice) if request.model == "openai/judge" => {
            let score = if is_kind || choice < 3 { 1.0 } else { 0.1 };
            done(json!({"score": score, "feedback": "better"}))
        }
        (Request::Http(_), choice) if name.contains("@cycle") => {
            let verdict = if is_kind { "pass" } else { ["pass", "retry", "stop", "retry", "maybe"][choice] };
            done(json!({"verdict": verdict, "feedback": "better"}))
        }
        (Request::Llm(_), _) => Outcome::Done { answer: Answer::Model { text: "fine".into(), calls: Vec::new() }, usage: Usage::default() },
        _ => done(json!({"ok": true})),
    };
    drive.feed(Body::Outcome { call, outcome: outcome.clone() }).unwrap();
    if choices.below(4) == 3 {
        drive.feed(Body::Outcome { call, outcome }).unwrap();
    }
}

fn decide_one(drive: &mut Drive, choices: &mut Choices<'_>, is_kind: bool) {
    let mut questions = drive.state.questions();
    if questions.is_empty() {
        return;
    }
    // Their ids depend on how many events came before; which one is chosen must not.
    questions.sort_by_key(|question| (question.asked_at, question.place.clone()));
    let question = questions[choices.below(questions.len())].clone();
    let verdict = match (question.kind, if is_kind { 0 } else { choices.below(3) }) {
        (QuestionKind::Ask, _) => Verdict::Respond { response: json!("hello") },
        (QuestionKind::InDoubt, 0) => Verdict::Happened { result: json!({}) },
        (QuestionKind::InDoubt, 1) => Verdict::Retry,
        (QuestionKind::InDoubt, _) => Verdict::Fail,
        (_, 2) => Verdict::Reject,
        _ => Verdict::Approve,
    };
    let decision = Decision { question: question.id, digest: question.digest, verdict, by: person("ben"), reason: None };
    let answered = drive.feed(Body::Decide(decision));
    // What is held may already close the question, or end the execution.
    let is_overtaken = drive.state.is_paused() && answered == Err(Refusal::NoQuestion);
    assert!(answered.is_ok() || is_overtaken, "{answered:?}");
}

fn children(drive: &mut Drive, status: Status) {
    let owed: Vec<_> = outstanding(&drive.state)
        .into_iter()
        .filter_map(|effect| match effect {
            Effect::StartChild { child, .. } | Effect::CancelChild { child, .. } => Some(child),
            _ => None,
        })
        .collect();
    let known: Vec<_> = drive.state.children.keys().copied().chain(owed).collect();
    for child in known {
        drive.feed(Body::ChildAccepted { child }).unwrap();
        let ended =
            Ended { status, output: json!(1), error: None, tokens: 1, cost: NanoUsd(1), used: crate::machine::call::Used::default() };
        drive.feed(Body::ChildEnded { child, ended }).unwrap();
    }
}

/// One thing that the world does.
fn happen(drive: &mut Drive, choices: &mut Choices<'_>) {
    happen_one(drive, choices, 16);
}

fn happen_one(drive: &mut Drive, choices: &mut Choices<'_>, kinds: usize) {
    match choices.below(kinds) {
        0..=6 => answer(drive, choices, false),
        7..=9 => decide_one(drive, choices, false),
        10 => children(drive, [Status::Completed, Status::Failed, Status::Cancelled][choices.below(3)]),
        11 => {
            let id = format!("s{}", choices.below(4));
            let _ = drive.feed(Body::Signal(Signal { id, name: "go".to_owned(), payload: json!({}) }));
        }
        12 => {
            drive.now = drive.now.plus([1, 1_000, 60_000, 90_000_000][choices.below(4)]);
            drive.feed(Body::Timers).unwrap();
        }
        13 => drive.crash(),
        14 if choices.below(4) == 0 && drive.state.ended().is_none() => drive.cancel(),
        15 if drive.state.is_paused() => unpause(drive),
        15 => pause(drive),
        _ => {}
    }
}

/// Refused where it has ended or is being stopped.
fn pause(drive: &mut Drive) {
    let _ = drive.feed(Body::Pause { reason: "test".to_owned(), by: person("ana") });
}

fn unpause(drive: &mut Drive) {
    let _ = drive.feed(Body::Unpause { by: person("ana") });
}

/// From here on the world is kind: everything is answered, and everything must end.
fn heal(drive: &mut Drive, choices: &mut Choices<'_>) {
    unpause(drive);
    for turn in 0.. {
        if drive.state.ended().is_some() {
            return;
        }
        assert!(turn < TURNS_MAX, "does not end: {:?}", drive.state.summary(&drive.plan).map(|summary| summary.waiting_for));
        while !drive.calls.is_empty() {
            answer(drive, choices, true);
        }
        decide_one(drive, choices, true);
        children(drive, Status::Completed);
        let _ = drive.feed(Body::Signal(Signal { id: format!("heal{turn}"), name: "go".to_owned(), payload: json!({}) }));
        drive.now = drive.now.plus(5_000);
        drive.feed(Body::Timers).unwrap();
    }
}

/// A whole history: the flow from the front of the bytes, the world from their back.
fn live(bytes: &[u8]) -> Drive {
    let (mut drive, reversed) = begin(bytes);
    let mut choices = Choices::new(&reversed);
    while !choices.is_exhausted() && drive.state.ended().is_none() {
        happen(&mut drive, &mut choices);
        check_owed(&drive);
    }
    heal(&mut drive, &mut choices);
    drive
}

/// What happened, apart from pauses: without the numbers of events and the ids made from them, which pauses shift; without outcomes that came
/// twice, of which a pause keeps one; and without the receipts of children, which are not held.
fn course(drive: &Drive) -> Vec<String> {
    let is_left_out = |event: &Event| {
        let of_pause = matches!(event, Event::Paused { .. } | Event::Held { .. } | Event::Unpaused { .. } | Event::HeldTaken);
        of_pause || matches!(event, Event::Late { .. } | Event::ChildAccepted { .. })
    };
    let happened = drive.journal.iter().filter(|recorded| !is_left_out(&recorded.event));
    let asked = drive.journal.iter().filter_map(|recorded| match &recorded.event {
        Event::Asked { question, .. } => Some(question.id.to_string()),
        _ => None,
    });
    let ids: Vec<_> = asked.enumerate().map(|(number, id)| (id, format!("question {number}"))).collect();
    let written = happened.map(|recorded| format!("{} {}", recorded.at.0, serde_json::to_string(&recorded.event).unwrap()));
    written.map(|text| ids.iter().fold(text, |text, (id, name)| text.replace(id, name))).collect()
}

/// Several questions that were asked at one moment are reminded of, expire and are withdrawn in the order of their ids, which pauses shift.
fn are_tied(drive: &Drive) -> bool {
    let asked = drive.journal.iter().filter(|recorded| matches!(recorded.event, Event::Asked { .. }));
    let times: Vec<_> = asked.map(|recorded| recorded.at).collect();
    let is_in_order_of_ids = |event: &Event| {
        matches!(event, Event::Reminded { .. } | Event::Reassigned { .. } | Event::Expired { .. } | Event::Withdrawn { .. })
    };
    times.iter().collect::<BTreeSet<_>>().len() < times.len() && drive.events(is_in_order_of_ids) > 0
}

/// As `live`, but (with `pauses`) each thing happens during a pause that ends right after it.
fn live_with(bytes: &[u8], pauses: bool) -> Drive {
    let (mut drive, reversed) = begin(bytes);
    let mut choices = Choices::new(&reversed);
    while !choices.is_exhausted() && drive.state.ended().is_none() {
        let is_first = choices.below(16) < 15;
        if pauses && is_first && drive.state.ended().is_none() {
            pause(&mut drive);
            happen_in_pause(&mut drive, &mut choices);
            unpause(&mut drive);
        } else {
            happen_in_pause(&mut drive, &mut choices);
        }
    }
    heal(&mut drive, &mut choices);
    drive
}

/// One thing that the world does, other than pausing.
fn happen_in_pause(drive: &mut Drive, choices: &mut Choices<'_>) {
    let is_paused = drive.state.is_paused();
    happen_one(drive, choices, 15);
    assert!(!drive.state.is_paused() || is_paused);
}

fn check_owed(drive: &Drive) {
    let owed: BTreeSet<_> = outstanding(&drive.state)
        .into_iter()
        .filter_map(|effect| if let Effect::Perform { call, .. } = effect { Some(call) } else { None })
        .collect();
    let waiting: BTreeSet<_> = drive.calls.iter().map(|(call, ..)| *call).collect();
    assert!(owed.is_subset(&waiting), "owed {owed:?}, unanswered {waiting:?}");
}

fn settled_once(journal: &[Recorded]) {
    let mut seen = BTreeSet::new();
    for recorded in journal {
        if let Event::StepEnded { frame, step, .. } = &recorded.event {
            assert!(seen.insert((*frame, step.clone())), "{step} settled twice in frame {frame:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_history_ends_when_the_world_is_kind_and_settles_each_step_once(bytes in proptest::collection::vec(any::<u8>(), 1..160)) {
        let drive = live(&bytes);
        settled_once(&drive.journal);
        prop_assert_eq!(drive.events(|event| matches!(event, Event::Ended { .. })), 1);
    }

    #[test]
    fn a_pause_and_its_end_change_nothing_of_what_happens(bytes in proptest::collection::vec(any::<u8>(), 1..120)) {
        let (paused, through) = (live_with(&bytes, true), live_with(&bytes, false));
        prop_assume!(!are_tied(&paused) && !are_tied(&through));
        let (paused, through) = (course(&paused), course(&through));
        let first = paused.iter().zip(&through).position(|(one, other)| one != other);
        let around = first.map(|at| (at, &paused[at], &through[at]));
        prop_assert_eq!((around, paused.len()), (None, through.len()));
    }

    #[test]
    fn nothing_starts_during_a_pause(bytes in proptest::collection::vec(any::<u8>(), 1..120)) {
        let drive = live(&bytes);
        let mut is_paused = false;
        for recorded in &drive.journal {
            is_paused = match &recorded.event {
                Event::Paused { .. } => true,
                // A cancel and the time limit end a pause in the same turn.
                Event::Unpaused { .. } | Event::CancelAsked { .. } | Event::DeadlinePassed => false,
                Event::Held { .. } | Event::Late { .. } | Event::ChildAccepted { .. } => is_paused,
                other if is_paused => return Err(TestCaseError::fail(format!("during a pause: {other:?}"))),
                _ => false,
            };
        }
    }

    #[test]
    fn the_same_inputs_give_the_same_events(bytes in proptest::collection::vec(any::<u8>(), 1..100)) {
        prop_assert_eq!(live(&bytes).journal, live(&bytes).journal);
    }

    #[test]
    fn a_cancel_ends_everything_and_starts_nothing_but_compensations(bytes in proptest::collection::vec(any::<u8>(), 1..120), after in 0_usize..30) {
        let (mut drive, reversed) = begin(&bytes);
        let mut choices = Choices::new(&reversed);
        for _ in 0..after {
            happen(&mut drive, &mut choices);
        }
        if drive.state.ended().is_none() {
            drive.cancel();
            let cancelled_at = drive.journal.len();
            heal(&mut drive, &mut choices);
            for recorded in &drive.journal[cancelled_at..] {
                if let Event::CallStarted { place, .. } = &recorded.event {
                    prop_assert_eq!(place.part, crate::machine::event::Part::Undo);
                }
                let starts = matches!(recorded.event, Event::ChildStarted { .. } | Event::FrameOpened { .. } | Event::Entered { .. });
                prop_assert!(!starts, "{:?}", recorded.event);
            }
        }
    }
}

#[test]
fn the_generator_covers_every_kind_loop_and_join() {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let flows = 1_000;
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    for _ in 0..flows {
        let bytes: Vec<u8> = std::iter::repeat_with(|| {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            random.to_le_bytes()[3]
        })
        .take(120)
        .collect();
        let spec = flow(&mut Choices::new(&bytes));
        let mut kinds = BTreeSet::new();
        spec.steps.values().for_each(|step| note(step, &mut kinds));
        for kind in kinds {
            *seen.entry(kind).or_default() += 1;
        }
    }
    println!("mix of {flows} flows: {seen:?}");
    let wanted = [
        "llm",
        "agent",
        "http",
        "mcp",
        "builtin",
        "approval",
        "ask",
        "map",
        "flow",
        "wait",
        "event",
        "set",
        "fail",
        "end",
        "loop",
        "join any",
        "join n",
        "rest cancel",
        "compensate",
        "validators",
    ];
    for kind in wanted {
        let count = seen.get(kind).copied().unwrap_or(0);
        assert!(count * 50 >= flows, "`{kind}` is in {count} of {flows} flows; at least 2 % are wanted");
    }
}

fn note(step: &StepSpec, kinds: &mut BTreeSet<&'static str>) {
    use crate::flow::spec::{JoinSpec, Rest};
    let present = [
        ("llm", step.llm.is_some()),
        ("agent", step.agent.is_some()),
        ("http", step.http.is_some()),
        ("mcp", step.mcp.is_some()),
        ("builtin", step.builtin.is_some()),
        ("approval", step.approval.is_some()),
        ("ask", step.ask.is_some()),
        ("map", step.map.is_some()),
        ("flow", step.flow.is_some()),
        ("wait", step.wait.is_some()),
        ("event", step.event.is_some()),
        ("set", step.set.is_some()),
        ("fail", step.fail.is_some()),
        ("end", step.end.is_some()),
        ("loop", step.visits.is_some()),
        ("join any", step.join == Some(JoinSpec::Any)),
        ("join n", matches!(step.join, Some(JoinSpec::N { .. }))),
        ("rest cancel", step.rest == Some(Rest::Cancel)),
        ("compensate", step.compensate.is_some()),
        ("validators", !step.validators.is_empty()),
    ];
    kinds.extend(present.iter().filter(|(_, is_present)| *is_present).map(|(kind, _)| *kind));
    if let Some(map) = &step.map {
        map.body.steps.values().for_each(|step| note(step, kinds));
    }
}
