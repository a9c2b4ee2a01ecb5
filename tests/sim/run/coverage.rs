//! Which event was seen in which state of an execution, and what never was.

use std::collections::BTreeMap;

use flowgate::machine::event::Event;
use flowgate::machine::summary::Status;

use super::watch::Watch;

/// Every event of a journal.
pub const EVENTS: [&str; 44] = [
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
    "held_taken",
    "undoing",
    "undo_ended",
];
/// The rest of them.
pub const MORE_EVENTS: [&str; 5] = ["limit_raised", "yielded", "continued", "ended", "parent_told"];

/// States as far as they matter to what may happen next.
pub const STATES: [&str; 7] = ["new", "running", "waiting for a person", "waiting", "stopping", "paused", "ended"];

/// Why an event cannot come in a state; none where it can. A pair that is seen although it is named here fails the run.
pub fn why_never(state: &str, event: &str) -> Option<&'static str> {
    let is = |events: &[&str]| events.contains(&event);
    match state {
        "new" if !is(&["started"]) => Some("a journal begins with its start"),
        _ if state != "new" && is(&["started"]) => Some("an execution starts once"),
        "ended" if !is(&["parent_told"]) => Some("after the end only the parent's knowledge of it is recorded"),
        _ if state != "ended" && is(&["parent_told"]) => Some("a parent is told of an end"),
        "paused" if !is(&["held", "late", "child_accepted", "cancel_asked", "deadline_passed", "unpaused"]) => {
            Some("what arrives while somebody holds it is held")
        }
        _ if !matches!(state, "paused" | "stopping") && is(&["unpaused"]) => Some("only a held execution is let go on"),
        "stopping" if is(&["paused"]) => Some("what is being stopped cannot be held"),
        "stopping"
            if is(&[
                "frame_opened",
                "entered",
                "child_started",
                "iterated",
                "signal_taken",
                "checking",
                "validated",
                "corrected",
                "died",
                "skipped",
            ]) =>
        {
            Some("nothing new begins in what is being stopped")
        }
        "stopping" if is(&["step_deadline_passed"]) => Some("the time limits of steps go with the steps that are being stopped"),
        "stopping" if is(&["reminded", "reassigned", "expired"]) => {
            Some("what is being stopped asks about doubts alone, which do not expire")
        }
        "waiting" | "waiting for a person"
            if is(&["call_ended", "call_lost", "abort_asked", "child_accepted", "child_cancel_asked", "child_ended", "continued"]) =>
        {
            Some("with a call, a child or a turn to go on with it is running")
        }
        "waiting" | "waiting for a person" if is(&["held"]) => Some("with something held it is paused, or has a turn to go on with"),
        "waiting" if is(&["voted", "action_edited", "reminded", "reassigned", "answered", "expired", "withdrawn"]) => {
            Some("with an open question it waits for a person, or is running")
        }
        "running" if is(&["undoing", "undo_ended", "ended"]) => {
            Some("nothing is in flight when an execution is over, or takes back the next step")
        }
        "waiting for a person" if is(&["ended"]) => Some("what is open is withdrawn first"),
        _ => None,
    }
}

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

    /// Pairs that were seen although they cannot be.
    pub fn impossible(&self) -> Vec<String> {
        let seen = self.pairs.keys().filter_map(|(state, event)| why_never(state, event).map(|why| (state, event, why)));
        seen.map(|(state, event, why)| format!("`{event}` in `{state}`, although {why}")).collect()
    }

    /// For each event, the states in which it can come and was never seen.
    pub fn unseen_pairs(&self) -> Vec<(&'static str, Vec<&'static str>)> {
        let events = EVENTS.into_iter().chain(MORE_EVENTS);
        let unseen = |event| {
            STATES
                .into_iter()
                .filter(|state| why_never(state, event).is_none() && !self.pairs.contains_key(&(*state, event)))
                .collect::<Vec<_>>()
        };
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
        Event::HeldTaken => "held_taken",
        Event::Undoing => "undoing",
        Event::UndoEnded { .. } => "undo_ended",
        Event::LimitRaised { .. } => "limit_raised",
        Event::Yielded => "yielded",
        Event::Continued => "continued",
        Event::Ended { .. } => "ended",
        Event::ParentTold => "parent_told",
    }
}
