//! The one door of the machine.

use super::effect::Effect;
use super::event::{Event, Recorded};
use super::input::Input;
use super::question::Decided;
use super::state::State;
use crate::flow::plan::Plan;
use crate::ids::TimeMs;

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
}

/// Decides what `input` leads to and applies it to `state`; refused inputs leave `state` as it was. A caller that cannot make the events
/// durable must drop the state and replay.
///
/// # Errors
/// A `Refusal` that says why.
pub fn decide(state: &mut State, plan: &Plan, input: Input) -> Result<Turn, Refusal> {
    let _ = (state, plan, input);
    todo!()
}

/// Applies one event; the only code that changes state.
pub fn evolve(state: &mut State, plan: &Plan, at: TimeMs, event: &Event) {
    let _ = (state, plan, at, event);
    todo!()
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
/// When numbers have gaps or an event cannot follow its predecessors.
pub fn replay<'a>(plan: &Plan, events: impl IntoIterator<Item = &'a Recorded>) -> Result<State, ReplayError> {
    let _ = (plan, events.into_iter().count());
    todo!()
}

/// What `state` owes to the world: the effects whose answers are outstanding.
#[must_use]
pub fn outstanding(state: &State) -> Vec<Effect> {
    let _ = state;
    todo!()
}
