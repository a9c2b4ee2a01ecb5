//! Pause and resume by a person. While an execution is paused nothing new starts: what is running goes on, and whatever arrives is recorded as
//! it is and taken, in order, when the execution goes on: over several turns where it is much, and what arrives in between is held behind it.
//! Time limits of the execution go on counting and act; every other timer that
//! came due acts then. A cancel, or the execution's deadline, ends the pause: what was held is then taken by an execution that stops.

use serde::{Deserialize, Serialize};

use super::call::Outcome;
use super::decide::{Deciding, Refusal, Turn};
use super::event::Event;
use super::input::{Body, Signal};
use super::question::{Decided, Decision};
use super::size;
use super::state::{State, Timer};
use super::summary::Ended;
use crate::ids::{BootId, CallId, ExecutionId, FrameId, QuestionId};
use crate::limits;

/// Turns that are looked ahead to say whether an input will be taken.
const TRIAL_TURNS_MAX: usize = 64;

/// Who holds an execution, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) reason: String,
    pub(super) by: String,
}

/// An input that arrived during a pause.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Held {
    Outcome {
        call: CallId,
        outcome: Outcome,
    },
    Lost {
        call: CallId,
    },
    Decision {
        decision: Decision,
        /// The decision that stands by it; none where more are needed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        decided: Option<Decided>,
    },
    Signal(Signal),
    ChildRefused {
        child: ExecutionId,
        code: String,
        message: String,
    },
    ChildEnded {
        child: ExecutionId,
        ended: Ended,
    },
}

impl From<Held> for Body {
    fn from(held: Held) -> Self {
        match held {
            Held::Outcome { call, outcome } => Self::Outcome { call, outcome },
            Held::Lost { call } => Self::Lost { call },
            Held::Decision { decision, .. } => Self::Decide(decision),
            Held::Signal(signal) => Self::Signal(signal),
            Held::ChildRefused { child, code, message } => Self::ChildRefused { child, code, message },
            Held::ChildEnded { child, ended } => Self::ChildEnded { child, ended },
        }
    }
}

impl State {
    /// Whether a person holds this execution.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.pause.is_some()
    }

    /// Whether what arrives has to wait: for the end of the pause, or behind what was held and has not been taken yet.
    #[must_use]
    pub fn is_holding(&self) -> bool {
        self.is_paused() || !self.held.is_empty()
    }

    /// Who holds this execution and why.
    #[must_use]
    pub fn paused_by(&self) -> Option<(&str, &str)> {
        self.pause.as_ref().map(|pause| (pause.by.as_str(), pause.reason.as_str()))
    }

    /// The call's fate is known and waits for the end of the pause.
    pub(super) fn holds_call(&self, wanted: CallId) -> bool {
        self.held.iter().any(|held| matches!(held, Held::Outcome { call, .. } | Held::Lost { call } if *call == wanted))
    }

    /// The child's end is known and waits for the end of the pause.
    pub(super) fn holds_child(&self, wanted: ExecutionId) -> bool {
        self.held.iter().any(|held| matches!(held, Held::ChildRefused { child, .. } | Held::ChildEnded { child, .. } if *child == wanted))
    }

    /// The decision on a question that waits for the end of the pause.
    pub(super) fn held_decision(&self, question: QuestionId) -> Option<&Decided> {
        self.held.iter().find_map(|held| match held {
            Held::Decision { decision, decided } if decision.question == question => decided.as_ref(),
            Held::Decision { .. }
            | Held::Outcome { .. }
            | Held::Lost { .. }
            | Held::Signal(_)
            | Held::ChildRefused { .. }
            | Held::ChildEnded { .. } => None,
        })
    }
}

impl Deciding<'_> {
    /// Nothing new starts from here on.
    ///
    /// # Errors
    /// `Ended`; `NotAllowed` when it is being stopped already: that must be able to go on.
    pub(super) fn pause(&mut self, reason: String, by: String) -> Result<(), Refusal> {
        if self.state.ended.is_some() {
            return Err(Refusal::Ended);
        }
        if self.state.is_paused() {
            return Ok(());
        }
        let is_stopping = self.state.undoing || self.state.frame(FrameId(0)).is_some_and(|root| root.stop.is_some());
        if is_stopping {
            return Err(Refusal::NotAllowed("the execution is being stopped and cannot be paused any more".to_owned()));
        }
        self.emit(Event::Paused { reason: super::clipped(reason, limits::MESSAGE_BYTES_MAX), by });
        Ok(())
    }

    /// A person lets it go on.
    ///
    /// # Errors
    /// `Ended`.
    pub(super) fn unpause(&mut self, by: String) -> Result<(), Refusal> {
        if self.state.ended.is_some() {
            return Err(Refusal::Ended);
        }
        self.go_on(Some(by));
        Ok(())
    }

    /// The pause is over.
    pub(super) fn go_on(&mut self, by: Option<String>) {
        if !self.state.is_paused() {
            return;
        }
        let keeps = !self.state.held.is_empty();
        self.emit(Event::Unpaused { by, keeps });
        self.take_held();
    }

    /// Takes what was held, in the order in which it came, as if it came now; then the timers that came due. What does not fit into this turn
    /// is left for the next one: a record has a bound.
    pub(super) fn take_held(&mut self) {
        let mut bytes = 0;
        while let Some(input) = self.state.held.front().filter(|_| self.state.ended.is_none()).cloned() {
            if self.turn.events.len() >= limits::TURN_TRANSITIONS_MAX || bytes >= limits::TURN_HELD_BYTES_MAX {
                self.emit(Event::Yielded);
            }
            if self.state.yielded {
                return;
            }
            bytes += weight(&input);
            self.emit(Event::HeldTaken);
            self.decided_at = if let Held::Decision { decided: Some(decided), .. } = &input { Some(decided.at) } else { None };
            // What is refused now has been overtaken (a question withdrawn by a cancel); whoever sent it was answered long ago.
            let _ = self.take_now(input.into());
            self.decided_at = None;
            self.work_off();
        }
        if self.state.ended.is_none() {
            self.timers();
        }
    }

    /// What arrives during a pause is recorded, and refused as it would be without one.
    ///
    /// # Errors
    /// Those of the input itself.
    pub(super) fn hold(&mut self, body: Body) -> Result<(), Refusal> {
        let held = match body {
            Body::Outcome { call, outcome } if !self.state.flights.contains_key(&call) => {
                self.outcome(call, outcome);
                return Ok(());
            }
            Body::Outcome { call, .. } | Body::Lost { call } if self.state.holds_call(call) => return Ok(()),
            Body::Lost { call } if !self.state.flights.contains_key(&call) => return Ok(()),
            Body::ChildRefused { child, .. } | Body::ChildEnded { child, .. }
                if self.state.holds_child(child) || !self.state.children.contains_key(&child) =>
            {
                return Ok(());
            }
            Body::Outcome { call, outcome } => Held::Outcome { call, outcome },
            Body::Lost { call } => Held::Lost { call },
            Body::ChildRefused { child, code, message } => Held::ChildRefused { child, code, message },
            Body::ChildEnded { child, ended } => Held::ChildEnded { child, ended },
            Body::Decide(decision) => {
                let Some(state) = self.tried(Body::Decide(decision.clone()))? else { return Ok(()) };
                let decided = state.decided(decision.question).cloned();
                Held::Decision { decision, decided }
            }
            Body::Signal(signal) => {
                if self.tried(Body::Signal(signal.clone()))?.is_none() {
                    return Ok(());
                }
                Held::Signal(signal)
            }
            // Not owed during a pause, or dealt with before this is asked.
            Body::Start(_)
            | Body::Continue
            | Body::Timers
            | Body::Cancel { .. }
            | Body::CancelWait { .. }
            | Body::Pause { .. }
            | Body::Unpause { .. }
            | Body::ChildAccepted { .. }
            | Body::ParentTold => return Ok(()),
        };
        self.emit(Event::Held { input: held });
        Ok(())
    }

    /// The state that this input would lead to if the pause were over; none where it would change nothing.
    fn tried(&self, body: Body) -> Result<Option<State>, Refusal> {
        let mut state = self.state.clone();
        // As a process that goes on would, whatever this one does.
        let boot = if self.boot == BootId::HOLDING { BootId(0) } else { self.boot };
        let (plan, now, entropy) = (self.plan, self.now, self.entropy);
        let mut trial = Deciding { state: &mut state, plan, now, entropy, boot, decided_at: None, turn: Turn::default() };
        trial.go_on(None);
        for _ in 0..TRIAL_TURNS_MAX {
            if !trial.state.yielded || trial.state.ended.is_some() {
                break;
            }
            trial.turn = Turn::default();
            trial.take(Body::Continue)?;
            trial.work_off();
        }
        let before = trial.turn.events.len();
        trial.take_now(body)?;
        Ok((trial.turn.events.len() > before).then_some(state))
    }

    /// During a pause only the execution's own time limit acts.
    pub(super) fn timers_while_paused(&mut self) {
        let is_over = self.state.timers.iter().any(|(due, timer)| *timer == Timer::Execution && *due <= self.now);
        if is_over {
            self.execution_timed_out();
            self.go_on(None);
        }
    }
}

/// Bytes that taking an input writes, at least.
fn weight(held: &Held) -> usize {
    match held {
        Held::Outcome { outcome, .. } => size(outcome),
        Held::ChildEnded { ended, .. } => size(ended),
        Held::Signal(signal) => size(signal),
        Held::Decision { decision, .. } => size(decision),
        Held::Lost { .. } | Held::ChildRefused { .. } => 0,
    }
}
