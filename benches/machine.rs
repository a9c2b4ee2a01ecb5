//! What the pure core costs: deciding and evolving, per turn and per event, for turns as they occur; and replay by the length of the
//! journal, in memory and from a store on disk. Usage: `cargo bench --bench machine`; results in docs/benchmarks.md.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a benchmark: it prints its result and stops at the first fault"
)]

#[path = "support/drive.rs"]
mod drive;
#[path = "support/flows.rs"]
mod flows;

use std::hint::black_box;
use std::time::{Duration, Instant};

use drive::{Drive, input, operator, value};
use flowgate::ids::{ExecutionId, Tenant, TimeMs};
use flowgate::machine::call::{Answer, ToolUse};
use flowgate::machine::event::{Event, Recorded};
use flowgate::machine::input::Body;
use flowgate::machine::question::{Decision, Verdict};
use flowgate::machine::{decide, evolve, replay};
use flowgate::store::{Entry, Options, Store};
use serde_json::json;

/// Turns decided between two looks at the clock; each on a state of its own, copied beforehand.
const COPIES: usize = 64;
/// Each figure is the best of the rounds that fit in here: what interrupts a round is not the code's cost.
const MEASURED: Duration = Duration::from_millis(300);
const LENGTHS: [usize; 5] = [10, 100, 1_000, 10_000, 100_000];
/// Events that the store is given at a time, as an actor reads them.
const EVENTS_PER_READ: usize = 1_024;

/// A state and the input whose turn is measured.
struct Case {
    name: &'static str,
    before: Drive,
    body: Body,
}

fn main() {
    if cfg!(debug_assertions) {
        println!("This is an unoptimised build: its figures say nothing.");
    }
    println!("{:<58} {:>7} {:>10} {:>10} {:>10}", "turn", "events", "decide µs", "µs/event", "evolve");
    for case in cases() {
        turn(&case);
    }
    println!();
    println!("{:>8} {:>12} {:>10} {:>12} {:>10}", "events", "replay ms", "µs/event", "reopen ms", "µs/event");
    let longest = journal(LENGTHS[LENGTHS.len() - 1]);
    for length in LENGTHS {
        hydrate(&longest, length);
    }
}

fn turn(case: &Case) {
    let plan = &case.before.plan;
    let mut after = case.before.state.clone();
    let events = decide(&mut after, plan, input(case.body.clone())).unwrap().events;
    let count = events.len() as f64;
    let decided = best(|| {
        let mut inputs: Vec<_> = (0..COPIES).map(|_| (case.before.state.clone(), input(case.body.clone()))).collect();
        let mut turns = Vec::with_capacity(COPIES);
        let began = Instant::now();
        for (state, input) in inputs.drain(..) {
            let mut state = state;
            turns.push((decide(&mut state, plan, input), state));
        }
        let taken = began.elapsed();
        black_box(turns);
        taken
    });
    let evolved = best(|| {
        let mut states: Vec<_> = (0..COPIES).map(|_| case.before.state.clone()).collect();
        let began = Instant::now();
        for state in &mut states {
            for recorded in &events {
                evolve(state, plan, recorded.at, &recorded.event);
            }
        }
        let taken = began.elapsed();
        black_box(states);
        taken
    });
    let micros = |taken: Duration| taken.as_secs_f64() * 1e6 / COPIES as f64;
    let (decided, evolved) = (micros(decided), micros(evolved));
    println!("{:<58} {count:>7} {decided:>10.1} {:>10.2} {:>10.2}", case.name, decided / count, evolved / count);
}

/// The shortest time of as many rounds as fit.
fn best(mut round: impl FnMut() -> Duration) -> Duration {
    let began = Instant::now();
    let mut shortest = round();
    while began.elapsed() < MEASURED {
        shortest = shortest.min(round());
    }
    shortest
}

fn cases() -> Vec<Case> {
    let chain = flows::chain(10, flows::TRIVIAL);
    let outcome = |name, before: Drive| {
        let body = before.outcome(value());
        Case { name, before, body }
    };
    let start = |name, yaml: &str| {
        let before = Drive::new(yaml);
        let body = before.start();
        Case { name, before, body }
    };
    let agent = Drive::after(AGENT, 0);
    let asks = agent.outcome(four_tools());
    let waiting = Drive::after(APPROVAL, 1);
    let approves = approval(&waiting);
    vec![
        start("a chain of 10 starts", &chain),
        outcome("a step of it ends, the next begins", Drive::after(&chain, 4)),
        outcome("its last step ends, and with it the execution", Drive::after(&chain, 9)),
        outcome("a step ends, 50 begin", Drive::after(&flows::fan(50), 0)),
        outcome("the last of 50 ends, the join fires", Drive::after(&flows::fan(50), 50)),
        outcome("a loop's 20th visit ends, the next begins", Drive::after(LOOP, 19)),
        start("a map over 1,000 items opens its first 8", &flows::map(1_000, 8, flows::TRIVIAL)),
        outcome("the map's 500th item ends, the next begins", Drive::after(&flows::map(1_000, 8, flows::TRIVIAL), 499)),
        Case { name: "a model asks for 4 tools, they begin", before: agent, body: asks },
        outcome("a step ends, an approval with its action is asked", Drive::after(APPROVAL, 0)),
        Case { name: "it is approved, the action begins", before: waiting, body: approves },
    ]
}

const LOOP: &str = "
flow: loop
start: turn
limits: {steps: 1000000}
steps:
  turn: {builtin: noop, visits: 100000}
  out: {set: {done: 'true'}}
edges:
  - {from: turn, to: turn, when: 'true'}
  - {from: turn, to: out, otherwise: true}
";

const AGENT: &str = "
flow: agent
steps:
  triage:
    agent:
      model: openai/gpt-5-mini
      prompt: 'Help {{ input.who }} with order A-1001'
      tools:
        - {name: look, description: look up an order, args: {type: object, required: [id], properties: {id: {type: integer}}}, http: {get: 'https://shop.example/{{ args.id }}'}, effect: read}
";

const APPROVAL: &str = "
flow: approval
steps:
  order: {builtin: noop}
  review: {approval: {title: 'Refund {{ steps.order.output.total }} EUR?', show: [steps.order.output], action: refund}}
  refund: {http: {post: 'https://shop.example/refunds', json: {order: '{{ steps.order.output.id }}', amount: '{{ steps.order.output.total }}'}}, effect: once}
  no: {set: {why: steps.review.output.reason}}
edges:
  - {from: order, to: review}
  - {from: review, to: refund, on: approved}
  - {from: review, to: no, on: rejected}
";

fn four_tools() -> Answer {
    let call = |number: u32| ToolUse { id: format!("call-{number}"), name: "look".to_owned(), args: json!({"id": number}) };
    Answer::Model { text: "I look at all of them.".to_owned(), calls: (0..4).map(call).collect() }
}

fn approval(waiting: &Drive) -> Body {
    let questions = waiting.state.questions();
    let question = questions.first().expect("a question");
    Body::Decide(Decision { question: question.id, digest: question.digest, verdict: Verdict::Approve, by: operator(), reason: None })
}

/// A journal of at least `length` events, as a long loop writes it.
fn journal(length: usize) -> Drive {
    let mut drive = Drive::after(LOOP, 0);
    while drive.journal.len() < length {
        drive.feed(drive.outcome(value()));
    }
    drive
}

/// Replays the turns of `longest` that make at least `length` events, from memory and from a store that was opened again.
fn hydrate(longest: &Drive, length: usize) {
    let (plan, turns) = (&longest.plan, &longest.turns);
    let last = turns.partition_point(|end| *end < length);
    let events = &longest.journal[..turns[last]];
    let count = events.len() as f64;
    let replayed = best(|| {
        let began = Instant::now();
        black_box(replay(plan, events).unwrap());
        began.elapsed()
    });
    let reopened = reopened(longest, &turns[..=last]);
    let (replay_ms, reopen_ms) = (replayed.as_secs_f64() * 1e3, reopened.as_secs_f64() * 1e3);
    println!("{count:>8} {replay_ms:>12.3} {:>10.2} {reopen_ms:>12.3} {:>10.2}", replay_ms * 1e3 / count, reopen_ms * 1e3 / count);
}

/// Reading the journal from a store and replaying it: what it takes to wake an execution.
fn reopened(longest: &Drive, turns: &[usize]) -> Duration {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let store = Store::open(&Options { dir: dir.path().to_owned(), ..Options::default() }).unwrap();
    let (tenant, execution) = (Tenant::default(), ExecutionId::derived(TimeMs(1), "reopened"));
    let mut begin = 0;
    let mut pending = Vec::new();
    for end in turns {
        let events: Vec<Event> = longest.journal[begin..*end].iter().map(|recorded| recorded.event.clone()).collect();
        let summary = (begin == 0).then(|| longest.state.summary(&longest.plan)).flatten();
        let at = longest.journal[begin].at;
        pending.push(store.commit(Entry::Execution { tenant: tenant.clone(), execution, expected_seq: begin as u64, at, events, summary }));
        begin = *end;
    }
    for pending in pending {
        pending.wait().unwrap();
    }
    let taken = best(|| {
        let started = Instant::now();
        let mut events: Vec<Recorded> = Vec::new();
        loop {
            let more = store.events(&tenant, execution, events.len() as u64, EVENTS_PER_READ).unwrap();
            let last = more.len() < EVENTS_PER_READ;
            events.extend(more);
            if last {
                break;
            }
        }
        black_box(replay(&longest.plan, &events).unwrap());
        started.elapsed()
    });
    store.close().unwrap();
    taken
}
