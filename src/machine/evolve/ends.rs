//! How events that stop, hold, take back or end something change the state.

use super::super::event::{Event, Stop};
use super::super::pause::Pause;
use super::super::state::{State, Stopping, Timer, Todo};
use crate::flow::plan::{Node, Plan};
use crate::ids::FrameId;

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive and sends only these events here")]
pub(super) fn end_event(state: &mut State, plan: &Plan, event: &Event) {
    match event {
        Event::FrameStopping { frame, stop } => state.stop_frame(*frame, stop),
        Event::StepStopping { frame, node, error } => {
            let node = state.node(plan, *frame, node);
            if let Some(run) = state.run_mut(*frame, node) {
                run.stopping = Some(error.clone().map_or(Stopping::Cancel, Stopping::Fail));
            }
            if let Node::Step(ix) = node {
                // Nothing is tried again in a step that stops.
                state.clear_step_timers(plan, *frame, ix);
            }
            state.hint(Todo::Step(*frame, node));
        }
        Event::DeadlinePassed => {
            // What failed before, perhaps by a child's time limit, stays a failure while it is taken back.
            let has_failed = state.frame(FrameId(0)).is_some_and(|root| matches!(root.stop, Some(Stop::Failed { .. })));
            state.is_overdue = !has_failed;
            state.timers.retain(|(_, timer)| *timer != Timer::Execution);
        }
        Event::StepDeadlinePassed { frame, step } => {
            let ix = state.step_ix(plan, *frame, step);
            if let Some(due) = state.run_mut(*frame, Node::Step(ix)).and_then(|run| run.deadline.take()) {
                state.timers.remove(&(due, Timer::Step(*frame, ix)));
            }
        }
        Event::CancelAsked { reason, by } => state.cancel = Some((reason.clone(), by.clone())),
        Event::Paused { reason, by } => state.pause = Some(Pause { reason: reason.clone(), by: by.clone() }),
        Event::Held { input } => state.held.push_back(input.clone()),
        Event::HeldTaken => drop(state.held.pop_front()),
        Event::Unpaused { keeps, .. } => {
            state.pause = None;
            if !keeps {
                state.held.clear();
            }
            // During the pause nobody fed `Continue`.
            if std::mem::take(&mut state.yielded) {
                state.rescan();
            }
        }
        Event::Undoing => {
            state.undoing = true;
            state.hint(Todo::Finish);
        }
        Event::UndoEnded { error, .. } => {
            state.undo.pop();
            state.errors.extend(error.clone());
            state.hint(Todo::Finish);
        }
        Event::Ended { ended, .. } => {
            state.ended = Some(ended.clone());
            state.ended_at = Some(state.now);
            state.timers.clear();
            state.held.clear();
            state.gate = None;
            state.frames.retain(|id, _| *id == FrameId(0));
            state.signals.clear();
        }
        Event::ParentTold => state.parent_told = true,
        _ => {}
    }
}
