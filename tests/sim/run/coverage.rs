//! Which event was seen in which state of an execution, and what never was.

use std::collections::BTreeMap;

use flowgate::machine::event::Event;
use flowgate::machine::summary::Status;

use super::watch::Watch;

/// Every event of a journal.
pub const EVENTS: [&str; 43] = [
    "started",
    "frame_opened",
    "entered",
    "call_started",
    "call_ended",
    "call_lost",
    "abort_asked",
    "late",
    "retry_at",
    "asked",
    "voted",
    "action_edited",
    "reminded",
    "reassigned",
    "answered",
    "expired",
    "withdrawn",
    "iterated",
    "observed",
    "checking",
    "validated",
    "corrected",
    "child_started",
    "child_accepted",
    "child_cancel_asked",
    "child_ended",
    "signal_kept",
    "signal_taken",
    "step_ended",
    "loop_ended",
    "died",
    "skipped",
    "frame_stopping",
    "step_stopping",
    "deadline_passed",
    "step_deadline_passed",
    "item_ended",
    "cancel_asked",
    "paused",
    "held",
    "unpaused",
    "undoing",
    "undo_ended",
];
/// The rest of them.
pub const MORE_EVENTS: [&str; 5] = ["limit_raised", "yielded", "continued", "ended", "parent_told"];

/// States as far as they matter to what may happen next.
pub const STATES: [&str; 7] = ["new", "running", "waiting for a person", "waiting", "stopping", "paused", "ended"];

/// Counts of (state, event) pairs.
#[derive(Clone, Debug, Default)]
pub struct Coverage {
    pairs: BTreeMap<(&'static str, &'static str), u64>,
}

impl Coverage {
    pub fn note(&mut self, watch: &Watch, event: &Event) {
        *self.pairs.entry((state(watch), name(event))).or_default() += 1;
    }

    pub fn add(&mut self, other: &Self) {
        for (pair, count) in &other.pairs {
            *self.pairs.entry(*pair).or_default() += count;
        }
    }

    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// Events that were seen in no state.
    pub fn unseen_events(&self) -> Vec<&'static str> {
        let seen = |event: &&str| self.pairs.keys().any(|(_, seen)| seen == event);
        EVENTS.into_iter().chain(MORE_EVENTS).filter(|event| !seen(event)).collect()
    }

    /// For each event, the states in which it was never seen.
    pub fn unseen_pairs(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let events = EVENTS.into_iter().chain(MORE_EVENTS);
        let unseen = |event| STATES.into_iter().filter(|state| !self.pairs.contains_key(&(*state, event))).collect::<Vec<_>>();
        events.map(|event| (event, unseen(event))).filter(|(_, states)| !states.is_empty()).collect()
    }
}

fn state(watch: &Watch) -> &'static str {
    if watch.journal.is_empty() {
        return "new";
    }
    if watch.is_ended() && watch.state.ended().is_some() {
        return "ended";
    }
    if watch.is_stopping() {
        return "stopping";
    }
    if watch.state.is_paused() {
        return "paused";
    }
    match watch.state.status() {
        Status::WaitingPerson => "waiting for a person",
        Status::WaitingAsync => "waiting",
        _ => "running",
    }
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Started { .. } => "started",
        Event::FrameOpened { .. } => "frame_opened",
        Event::Entered { .. } => "entered",
        Event::CallStarted { .. } => "call_started",
        Event::CallEnded { .. } => "call_ended",
        Event::CallLost { .. } => "call_lost",
        Event::AbortAsked { .. } => "abort_asked",
        Event::Late { .. } => "late",
        Event::RetryAt { .. } => "retry_at",
        Event::Asked { .. } => "asked",
        Event::Voted { .. } => "voted",
        Event::ActionEdited { .. } => "action_edited",
        Event::Reminded { .. } => "reminded",
        Event::Reassigned { .. } => "reassigned",
        Event::Answered { .. } => "answered",
        Event::Expired { .. } => "expired",
        Event::Withdrawn { .. } => "withdrawn",
        Event::Iterated { .. } => "iterated",
        Event::Observed { .. } => "observed",
        Event::Checking { .. } => "checking",
        Event::Validated { .. } => "validated",
        Event::Corrected { .. } => "corrected",
        Event::ChildStarted { .. } => "child_started",
        Event::ChildAccepted { .. } => "child_accepted",
        Event::ChildCancelAsked { .. } => "child_cancel_asked",
        Event::ChildEnded { .. } => "child_ended",
        Event::SignalKept { .. } => "signal_kept",
        Event::SignalTaken { .. } => "signal_taken",
        Event::StepEnded { .. } => "step_ended",
        Event::LoopEnded { .. } => "loop_ended",
        Event::Died { .. } => "died",
        Event::Skipped { .. } => "skipped",
        Event::FrameStopping { .. } => "frame_stopping",
        Event::StepStopping { .. } => "step_stopping",
        Event::DeadlinePassed => "deadline_passed",
        Event::StepDeadlinePassed { .. } => "step_deadline_passed",
        Event::ItemEnded { .. } => "item_ended",
        Event::CancelAsked { .. } => "cancel_asked",
        Event::Paused { .. } => "paused",
        Event::Held { .. } => "held",
        Event::Unpaused { .. } => "unpaused",
        Event::Undoing => "undoing",
        Event::UndoEnded { .. } => "undo_ended",
        Event::LimitRaised { .. } => "limit_raised",
        Event::Yielded => "yielded",
        Event::Continued => "continued",
        Event::Ended { .. } => "ended",
        Event::ParentTold => "parent_told",
    }
}
