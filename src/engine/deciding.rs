//! One group of inputs decided: what it led to, and whether that took so long that others would have noticed.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::error::Error;
use super::hydrate::Life;
use super::messages::{Answer, Key, Reply, Ticket};
use super::request::Answered;
use super::shared::{self, Shared};
use crate::clock;
use crate::ids::{Digest, QuestionId, TimeMs};
use crate::machine::effect::Effect;
use crate::machine::event::Recorded;
use crate::machine::input::{Body, Input};
use crate::machine::summary::Summary;
use crate::machine::{Refusal, State, decide, size};

/// Inputs in one commit.
const COMMIT_INPUTS_MAX: usize = 128;
/// Bytes that outcomes and signals bring into one commit before the rest waits for the next. A value may be recorded several times over
/// (the outcome, the step's output, the prompt of the next), and a record has a bound.
const COMMIT_BYTES_MAX: usize = 2 << 20;
/// Events in one commit before what waits in the inbox goes into the next; keeps a fan-out of large outcomes below the log's frame bound.
const COMMIT_EVENTS_MAX: usize = 1_000;
/// A group that takes longer makes its revision a slow one. Hundreds of usual groups fit into it.
const SLOW: Duration = Duration::from_millis(5);

/// An input that is not decided yet; without a ticket it comes from the execution itself.
pub(super) struct Waiting {
    pub(super) ticket: Option<Ticket>,
    pub(super) body: Body,
}

/// What a group of inputs led to, until it is durable.
#[derive(Default)]
pub(super) struct Commit {
    pub(super) number: u64,
    pub(super) durable: bool,
    /// How many events; they themselves are kept only if somebody listens.
    pub(super) count: u64,
    /// As it goes into the log.
    pub(super) bytes: usize,
    pub(super) events: Option<Arc<Vec<Recorded>>>,
    pub(super) effects: Vec<Effect>,
    pub(super) answers: Vec<(Ticket, Answer)>,
    /// The nearest deadline after it.
    pub(super) deadline: Option<TimeMs>,
}

/// A group that has been decided, and the life that it was decided on.
pub(super) struct Decided {
    pub(super) life: Life,
    /// What did not fit into the group.
    pub(super) inbox: VecDeque<Waiting>,
    /// The number of the first event, if there is one.
    pub(super) expected_seq: u64,
    /// What the panic said, where deciding broke: the life may be half changed then.
    pub(super) outcome: Result<(Commit, Vec<Recorded>, Option<Summary>), String>,
}

/// Whether what waits is better decided where nobody else has to wait for it.
pub(super) fn is_slow(shared: &Shared, life: &Life, inbox: &VecDeque<Waiting>) -> bool {
    let first = || match inbox.front() {
        Some(Waiting { body: Body::Start(start), .. }) => Some(start.digest),
        _ => None,
    };
    life.plan.as_ref().map(|plan| plan.digest).or_else(first).is_some_and(|digest: Digest| shared.revisions.is_slow(&digest))
}

/// Decides what waits, until the inbox is empty or the group is full.
pub(super) fn group(shared: &Shared, key: &Key, mut life: Life, mut inbox: VecDeque<Waiting>) -> Decided {
    let expected_seq = life.state.seq();
    let before = clock::thread_time();
    let decided = catch_unwind(AssertUnwindSafe(|| decide_inputs(shared, key, &mut life, &mut inbox)));
    let outcome = decided.map_err(|panic| shared::payload_text(panic.as_ref())).map(|(commit, events)| {
        let changed = if events.is_empty() { None } else { life.summarise() };
        (commit, events, changed)
    });
    if clock::thread_time().saturating_sub(before) > SLOW
        && let Some(plan) = &life.plan
    {
        shared.revisions.is_found_slow(plan.digest);
    }
    Decided { life, inbox, expected_seq, outcome }
}

fn decide_inputs(shared: &Shared, key: &Key, life: &mut Life, inbox: &mut VecDeque<Waiting>) -> (Commit, Vec<Recorded>) {
    let (mut commit, mut events) = (Commit::default(), Vec::new());
    // One time for the whole group: its events are one record.
    let now = clock::now();
    let mut bytes = 0;
    for _ in 0..COMMIT_INPUTS_MAX {
        let Some(Waiting { ticket, body }) = inbox.pop_front() else { break };
        #[cfg(test)]
        super::faults::before_decide(key.execution, &body);
        bytes += weight(&body);
        let question = if let Body::Decide(decision) = &body { Some(decision.question) } else { None };
        let answer = match life.plan_for(shared, key, &body) {
            Ok(plan) => {
                let input = Input { now, entropy: clock::entropy(), boot: shared.boot, body };
                decide(&mut life.state, &plan, input).map_err(Error::Refused).map(|turn| {
                    events.extend(turn.events);
                    commit.effects.extend(turn.effects);
                    reply(&life.state, question)
                })
            }
            Err(error) => Err(error),
        };
        if let Some(ticket) = ticket {
            commit.answers.push((ticket, answer.and_then(|reply| reply)));
        }
        if events.len() >= COMMIT_EVENTS_MAX || bytes >= COMMIT_BYTES_MAX {
            break;
        }
    }
    commit.count = events.len() as u64;
    (commit, events)
}

/// How many bytes an input brings in, beside what is small.
fn weight(body: &Body) -> usize {
    match body {
        Body::Outcome { outcome, .. } => size(outcome),
        Body::ChildEnded { ended, .. } => size(ended),
        Body::Signal(signal) => size(signal),
        Body::Start(start) => size(&start.input),
        _ => 0,
    }
}

/// What an accepted input is answered with; for a decision, what became of the question.
fn reply(state: &State, question: Option<QuestionId>) -> Answer {
    let Some(question) = question else { return Ok(Reply::Taken) };
    if let Some(decided) = state.decided(question) {
        return Ok(Reply::Answered(Answered::Closed(decided.clone())));
    }
    match state.questions().into_iter().find(|open| open.id == question) {
        Some(open) => Ok(Reply::Answered(Answered::Open(Box::new(open.clone())))),
        None => Err(Error::Refused(Refusal::NoQuestion)),
    }
}
