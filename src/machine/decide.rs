//! The one door of the machine: an input leads to events, or is refused. Decisions about single matters are in the files beside this one;
//! here they are dispatched, and what follows from them is worked off.

use std::borrow::Borrow;

use super::approval;
use super::effect::Effect;
use super::event::{Event, Place, Recorded};
use super::input::{Body, Input};
use super::question::Decided;
use super::state::{Hints, State, Todo};
use crate::flow::plan::Plan;
use crate::ids::{BootId, CallId, FrameId, TimeMs};
use crate::limits;

pub use super::evolve::evolve;

/// What an input led to: events to make durable, and the effects owed once they are.
#[derive(Clone, Debug, Default)]
pub struct Turn {
    /// Empty: the input changes nothing (a repeated one, a timer that is not due).
    pub events: Vec<Recorded>,
    pub effects: Vec<Effect>,
}

/// Why an input is not taken. Nothing has changed.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Refusal {
    #[error("the execution does not exist")]
    Unknown,
    #[error("the execution exists already")]
    Exists,
    #[error("the execution has ended")]
    Ended,
    #[error("the input does not fit the flow: {0}")]
    Input(String),
    /// The flow cannot start as things are (a model without a price under a cost limit, an unknown configuration name, …).
    #[error("{message}")]
    Start { code: &'static str, message: String },
    #[error("there is no such question, or it was withdrawn or has expired")]
    NoQuestion,
    /// Somebody was first; this is the decision that stands.
    #[error("already decided by {}", .0.by)]
    Decided(Box<Decided>),
    #[error("the action has changed since; look again and decide on the digest that is shown now")]
    Digest,
    #[error("{0}")]
    NotAllowed(String),
    #[error("the answer does not fit: {0}")]
    Answer(String),
    #[error("the signal is refused: {0}")]
    Signal(String),
    #[error("it does not wait for a signal")]
    NotWaiting,
}

/// Decides what `input` leads to and applies it to `state`; a refused input leaves `state` as it was. A caller that cannot make the
/// events durable must drop the state and replay.
///
/// # Errors
/// A `Refusal` that says why.
pub fn decide(state: &mut State, plan: &Plan, input: Input) -> Result<Turn, Refusal> {
    let now = state.now.max(input.now);
    let mut deciding = Deciding { state, plan, now, entropy: input.entropy, boot: input.boot, decided_at: None, turn: Turn::default() };
    deciding.take(input.body)?;
    deciding.work_off();
    Ok(deciding.turn)
}

/// A journal that this plan cannot have written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("event {seq} does not follow: {reason}")]
pub struct ReplayError {
    pub seq: u64,
    pub reason: String,
}

/// The state after these events.
///
/// # Errors
/// When numbers have gaps, the first event is no start of this plan, or an invariant breaks.
pub fn replay(plan: &Plan, events: impl IntoIterator<Item = impl Borrow<Recorded>>) -> Result<State, ReplayError> {
    let mut state = State::default();
    for recorded in events {
        let recorded = recorded.borrow();
        let broken = |reason: &str| ReplayError { seq: recorded.seq, reason: reason.to_owned() };
        if recorded.seq != state.seq {
            return Err(broken(&format!("expected event {}", state.seq)));
        }
        let start = if let Event::Started { start } = &recorded.event { Some(start) } else { None };
        match (start, state.start.is_some()) {
            (Some(_), true) => return Err(broken("the execution has started already")),
            (None, false) => return Err(broken("the execution has not started")),
            (Some(start), false) if start.digest != plan.digest => return Err(broken("it belongs to another flow digest")),
            (Some(_), false) | (None, true) => evolve(&mut state, plan, recorded.at, &recorded.event),
        }
        state.hints = Hints::default();
    }
    super::invariants::check(&state, plan).map_err(|reason| ReplayError { seq: state.seq, reason })?;
    Ok(state)
}

/// What `state` owes to the world: the effects whose answers are outstanding.
#[must_use]
pub fn outstanding(state: &State) -> Vec<Effect> {
    if let Some(ended) = &state.ended {
        let parent = state.start().and_then(|start| start.parent.as_ref());
        let owed = parent.filter(|_| !state.parent_told);
        return owed.map(|parent| Effect::TellParent { parent: parent.execution, ended: ended.clone() }).into_iter().collect();
    }
    let mut owed = Vec::new();
    for (call, flight) in state.flights.iter().filter(|(call, _)| !state.holds_call(**call)) {
        let name = state.name(&flight.place, flight.attempt);
        owed.push(Effect::Perform { call: *call, name, request: std::sync::Arc::clone(&flight.request) });
        if flight.aborted {
            owed.push(Effect::Abort { call: *call });
        }
    }
    for (child, run) in state.children.iter().filter(|(child, _)| !state.holds_child(**child)) {
        if !run.accepted {
            owed.push(Effect::StartChild { child: *child, start: run.start.clone() });
        }
        if let Some(reason) = &run.cancelling {
            owed.push(Effect::CancelChild { child: *child, reason: reason.clone() });
        }
    }
    if state.yielded && !state.is_paused() {
        owed.push(Effect::Continue);
    }
    owed
}

/// One turn in the making. Every change goes through `emit`.
pub(super) struct Deciding<'a> {
    pub(super) state: &'a mut State,
    pub(super) plan: &'a Plan,
    pub(super) now: TimeMs,
    pub(super) entropy: u64,
    pub(super) boot: BootId,
    /// When the decision that is being taken was made, where that was earlier (it was held).
    pub(super) decided_at: Option<TimeMs>,
    pub(super) turn: Turn,
}

impl Deciding<'_> {
    pub(super) fn emit(&mut self, event: Event) {
        let seq = self.state.seq;
        // The name of a tool call is read before the event changes anything.
        let effect = Effect::of(&event, |place: &Place, attempt| self.state.name(place, attempt));
        evolve(self.state, self.plan, self.now, &event);
        if let Some(effect) = effect {
            self.turn.effects.push(effect);
        }
        if let Event::Ended { ended, .. } = &event
            && let Some(parent) = self.state.start().and_then(|start| start.parent.as_ref())
        {
            self.turn.effects.push(Effect::TellParent { parent: parent.execution, ended: ended.clone() });
        }
        self.turn.events.push(Recorded { seq, at: self.now, event });
        #[cfg(debug_assertions)]
        if let Err(broken) = super::invariants::check_quick(self.state, self.plan) {
            debug_assert!(false, "{broken}");
        }
    }

    pub(super) fn take(&mut self, body: Body) -> Result<(), Refusal> {
        if let Body::Start(start) = body {
            return self.start(*start);
        }
        if self.state.seq == 0 {
            return Err(Refusal::Unknown);
        }
        if !self.state.is_holding() {
            return self.take_now(body);
        }
        match body {
            Body::Decide(decision) => match self.state.decided(decision.question) {
                Some(decided) => approval::repeated(decided, &decision),
                None if self.is_open(&decision) => self.hold(Body::Decide(decision)),
                None => Err(Refusal::NoQuestion),
            },
            body @ (Body::Signal(_) | Body::Outcome { .. } | Body::Lost { .. } | Body::ChildRefused { .. } | Body::ChildEnded { .. }) => {
                self.hold(body)
            }
            Body::Timers => {
                // Otherwise they come after what was held.
                if self.state.is_paused() {
                    self.timers_while_paused();
                }
                Ok(())
            }
            body @ (Body::Start(_)
            | Body::Continue
            | Body::Cancel { .. }
            | Body::CancelWait { .. }
            | Body::Pause { .. }
            | Body::Unpause { .. }
            | Body::ChildAccepted { .. }
            | Body::ParentTold) => self.take_now(body),
        }
    }

    /// Takes what nothing stands before.
    pub(super) fn take_now(&mut self, body: Body) -> Result<(), Refusal> {
        match body {
            Body::ParentTold => {
                if self.state.ended.is_some() && !self.state.parent_told {
                    self.emit(Event::ParentTold);
                }
                Ok(())
            }
            // What is held besides has not been taken yet.
            Body::Decide(decision) => match self.state.closed.get(&decision.question).and_then(Option::as_ref) {
                Some(decided) => approval::repeated(decided, &decision),
                None if self.is_open(&decision) => self.answer(&decision),
                None => Err(Refusal::NoQuestion),
            },
            Body::Signal(signal) => self.signal(signal),
            Body::Cancel { reason, by } => self.cancel(reason, by.user),
            Body::CancelWait { reason, by } => self.stop_listening(&reason, &by.user),
            Body::Pause { reason, by } => self.pause(reason, by.user),
            Body::Unpause { by } => self.unpause(by.user),
            // What else comes after the end is an echo of something that has been dealt with.
            _ if self.state.ended.is_some() => Ok(()),
            Body::Continue => {
                if self.state.yielded && !self.state.is_paused() {
                    self.emit(Event::Continued);
                    if self.state.is_holding() {
                        self.work_off();
                        self.take_held();
                    }
                }
                Ok(())
            }
            Body::Outcome { call, outcome } => {
                self.outcome(call, outcome);
                Ok(())
            }
            Body::Lost { call } => {
                self.lost(call);
                Ok(())
            }
            Body::Timers => {
                self.timers();
                Ok(())
            }
            Body::ChildAccepted { child } => {
                if self.state.children.get(&child).is_some_and(|run| !run.accepted) {
                    self.emit(Event::ChildAccepted { child });
                }
                Ok(())
            }
            Body::ChildRefused { child, code, message } => {
                self.child_refused(child, &code, &message);
                Ok(())
            }
            Body::ChildEnded { child, ended } => {
                self.child_ended(child, ended);
                Ok(())
            }
            Body::Start(_) => Err(Refusal::Exists),
        }
    }

    /// Works off what the events of this turn made possible, up to the turn's bound.
    pub(super) fn work_off(&mut self) {
        while let Some(todo) = self.state.hints.0.pop_front() {
            if self.state.ended.is_some() || self.state.yielded {
                self.state.hints = Hints::default();
                return;
            }
            // A process that only records leaves the walk to the one that goes on.
            if self.boot == BootId::HOLDING || self.turn.events.len() >= limits::TURN_TRANSITIONS_MAX {
                self.emit(Event::Yielded);
                self.state.hints = Hints::default();
                return;
            }
            match todo {
                Todo::Node(frame, node) => self.look_at_node(frame, node),
                Todo::Step(frame, node) => self.look_at_run(frame, node),
                Todo::Frame(frame) => self.look_at_frame(frame),
                Todo::Finish => self.look_at_end(),
            }
        }
    }

    pub(super) fn next_call(&self) -> CallId {
        CallId(self.state.next_call)
    }

    pub(super) fn next_frame(&self) -> FrameId {
        FrameId(self.state.next_frame)
    }

    /// A number from this input's entropy that differs per use.
    pub(super) fn entropy(&mut self) -> u64 {
        // splitmix64: every use of one input's entropy gets its own well-mixed number.
        self.entropy = self.entropy.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.entropy;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Somebody waits for this decision.
    fn is_open(&self, decision: &super::question::Decision) -> bool {
        self.state.ended.is_none() && self.state.open.contains_key(&decision.question)
    }
}
