//! What a new execution takes over from an earlier one: `retry` from the failed step, `fork` from any attempt.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::decide::evolve;
use super::event::{Ending, Event, Part, Place, Recorded};
use super::input::Given;
use super::state::State;
use crate::flow::plan::{Kind, Plan};

/// Why nothing can be taken over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    #[error("there is no attempt `{0}` in this execution; `flowgate exec trace` lists them")]
    NoSuchAttempt(String),
    #[error("the execution has no failed step to retry from")]
    NothingFailed,
}

/// The results that stand when everything from `attempt` (`path/step#visit.attempt`) on is done again; without one, from the step whose
/// failure ended the execution. Gives the attempt's name too. An approval whose action has not run is not taken over: it would be asked
/// for another execution's action.
///
/// # Errors
/// `NoSuchAttempt`, `NothingFailed`.
pub fn collect(plan: &Plan, events: &[Recorded], attempt: Option<&str>) -> Result<(String, Vec<Given>), Error> {
    let history = history(plan, events);
    let (cut, name) = if let Some(attempt) = attempt {
        let visit = attempt.rsplit_once('.').map_or(attempt, |(visit, _)| visit);
        let begun = history.begun.get(visit).ok_or_else(|| Error::NoSuchAttempt(attempt.to_owned()))?;
        (*begun, attempt.to_owned())
    } else {
        let (visit, attempt) = history.failed.clone().or(history.stopped.clone()).ok_or(Error::NothingFailed)?;
        let begun = history.begun.get(&visit).copied().unwrap_or(0);
        (begun, format!("{visit}.{attempt}"))
    };
    let stands: Vec<_> =
        history.done.iter().filter(|done| done.ended < cut && !history.undone.contains(&(done.frame, done.step.clone()))).collect();
    let ran: BTreeSet<_> = stands.iter().map(|done| (done.frame, done.step.clone())).collect();
    let given = stands
        .iter()
        .filter(|done| done.action.as_ref().is_none_or(|action| ran.contains(&(done.frame, action.clone()))))
        .map(|done| done.given.clone());
    Ok((name, given.collect()))
}

struct Done {
    ended: u64,
    frame: crate::ids::FrameId,
    step: String,
    /// The action that this step, an approval, released.
    action: Option<String>,
    given: Given,
}

#[derive(Default)]
struct History {
    /// Visit to the number of the event that began it.
    begun: BTreeMap<String, u64>,
    done: Vec<Done>,
    /// What was taken back, or was to be: it does not stand any more.
    undone: BTreeSet<(crate::ids::FrameId, String)>,
    /// The last step that failed with nothing to catch it, and its attempt.
    failed: Option<(String, u32)>,
    /// Of the steps that a cancel or the execution's deadline broke off, the one that began first, and its attempt.
    stopped: Option<(String, u32)>,
    is_stopping: bool,
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive; here only what begins or ends a step matters")]
fn history(plan: &Plan, events: &[Recorded]) -> History {
    let mut history = History::default();
    let mut state = State::default();
    for recorded in events {
        let begins = match &recorded.event {
            Event::CallStarted { place, .. } | Event::Asked { place, .. } | Event::ChildStarted { place, .. } => Some(place.clone()),
            Event::Entered { frame, step, .. } | Event::StepEnded { frame, step, .. } => {
                Some(Place { frame: *frame, step: step.clone(), part: Part::Own })
            }
            _ => None,
        };
        if let Some(place) = begins {
            let own = Place { part: Part::Own, ..place };
            history.begun.entry(state.visit_name(&own)).or_insert(recorded.seq);
        }
        history.is_stopping |= matches!(recorded.event, Event::CancelAsked { .. } | Event::DeadlinePassed);
        if let Event::UndoEnded { place, .. } = &recorded.event {
            history.undone.insert((place.frame, place.step.to_string()));
        }
        if let Event::StepEnded { frame, step, ending, taken, .. } = &recorded.event {
            let visit = state.visit_name(&Place { frame: *frame, step: step.clone(), part: Part::Own });
            let scope = state.scope_of(plan, *frame);
            let ix = state.step_ix(plan, *frame, step);
            match ending {
                Ending::Done { port, output, .. } => {
                    let action = if let Kind::Approval(approval) = &scope.step(ix).kind { approval.action } else { None };
                    let action = action.filter(|_| port == "approved").map(|action| scope.step(action).id.to_string());
                    let given = Given { visit, port: port.clone(), output: Value::clone(output) };
                    history.done.push(Done { ended: recorded.seq, frame: *frame, step: step.to_string(), action, given });
                }
                Ending::Failed { .. } if taken.is_empty() => history.failed = Some((visit, state.attempt_of(*frame, ix))),
                Ending::Cancelled { .. } if history.is_stopping => {
                    let begun = |visit: &String| history.begun.get(visit).copied().unwrap_or(0);
                    if history.stopped.as_ref().is_none_or(|(first, _)| begun(&visit) < begun(first)) {
                        history.stopped = Some((visit, state.attempt_of(*frame, ix)));
                    }
                }
                Ending::Failed { .. } | Ending::Cancelled { .. } => {}
            }
        }
        evolve(&mut state, plan, recorded.at, &recorded.event);
        state.hints = super::state::Hints::default();
    }
    history
}
