//! How events about questions, agents' turns and children change the state.

use std::sync::Arc;

use super::super::call::Message;
use super::super::event::{Event, Part, Place};
use super::super::question::{Action, Decided, Question, QuestionKind, Verdict, Vote};
use super::super::state::{ChildRun, OpenQuestion, Released, Run, Running, Slot, SlotState, State, TaskPhase, Timer, Todo};
use crate::flow::plan::{Node, Plan};
use crate::ids::{Digest, QuestionId, StepId, TimeMs};

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive and sends only these events here")]
pub(super) fn question_event(state: &mut State, plan: &Plan, event: &Event) {
    match event {
        Event::Asked { place, question, remind_at, deadline } => {
            asked(state, plan, place, question, remind_at);
            if place.part == Part::Own {
                state.set_deadline(plan, place.frame, &place.step, *deadline);
            }
        }
        Event::Voted { question, vote } => {
            if let Some(open) = state.open.get_mut(question) {
                open.question.votes.push(vote.clone());
            }
        }
        Event::ActionEdited { question, action, digest, vote } => action_edited(state, *question, action, *digest, vote),
        Event::Reminded { question, number } => {
            let due = state.open.get(question).and_then(|open| open.remind_at.get(*number as usize).copied());
            if let Some(due) = due {
                state.timers.remove(&(due, Timer::Remind(*question, *number)));
            }
        }
        Event::Reassigned { question, approvers, expires_at } => {
            let Some(open) = state.open.get_mut(question) else { return };
            if let Some(due) = open.question.expires_at {
                state.timers.remove(&(due, Timer::Expire(*question)));
            }
            open.question.approvers = approvers.clone();
            open.question.expires_at = *expires_at;
            open.question.votes.clear();
            open.reassigned = true;
            if let Some(due) = expires_at {
                state.timers.insert((*due, Timer::Expire(*question)));
            }
        }
        Event::Answered { question, decided } => {
            if matches!(decided.verdict, Verdict::Approve | Verdict::Edit { .. }) {
                release(state, plan, *question);
            }
            close_question(state, plan, *question, Some(decided.clone()));
        }
        Event::Expired { question } | Event::Withdrawn { question } => {
            let held_all_back = state.open.get(question).is_some_and(|open| open.question.kind == QuestionKind::Budget);
            close_question(state, plan, *question, None);
            if held_all_back {
                state.rescan();
            }
        }
        _ => {}
    }
}

fn asked(state: &mut State, plan: &Plan, place: &Place, question: &Arc<Question>, remind_at: &[TimeMs]) {
    let id = question.id;
    for (number, due) in (0_u32..).zip(remind_at) {
        state.timers.insert((*due, Timer::Remind(id, number)));
    }
    if let Some(due) = question.expires_at {
        state.timers.insert((due, Timer::Expire(id)));
    }
    let open = OpenQuestion { place: place.clone(), question: (**question).clone(), remind_at: remind_at.to_vec(), reassigned: false };
    state.open.insert(id, open);
    match question.kind {
        QuestionKind::Approval | QuestionKind::Ask => {
            let ix = state.step_ix(plan, place.frame, &place.step);
            let run = Run::new(1, Running::Question(id));
            state.begin(place.frame, Node::Step(ix), run);
        }
        QuestionKind::ToolApproval => state.set_slot(plan, place, SlotState::Gate(id)),
        QuestionKind::InDoubt => state.set_phase(plan, place, TaskPhase::Asking(id)),
        QuestionKind::Budget => {}
    }
}

fn action_edited(state: &mut State, question: QuestionId, action: &Action, digest: Digest, vote: &Vote) {
    let Some(open) = state.open.get_mut(&question) else { return };
    open.question.action = Some(action.clone());
    open.question.digest = digest;
    open.question.votes = vec![vote.clone()];
}

/// The approval step's action may now run, exactly as it was approved.
fn release(state: &mut State, plan: &Plan, question: QuestionId) {
    let Some(open) = state.open.get(&question) else { return };
    let (place, action) = (&open.place, &open.question.action);
    if open.question.kind != QuestionKind::Approval {
        return;
    }
    let Some(action) = action else { return };
    let (call, digest, asked_by) = (Arc::clone(&action.call), open.question.digest, place.step.clone());
    let frame = place.frame;
    let ix = state.step_ix(plan, frame, &StepId::new(&action.step));
    if let Some(frame) = state.frames.get_mut(&frame) {
        frame.released.insert(ix, Released { call, digest, asked_by });
    }
}

fn close_question(state: &mut State, plan: &Plan, id: QuestionId, decided: Option<Decided>) {
    let Some(open) = state.open.remove(&id) else { return };
    for (number, due) in (0_u32..).zip(&open.remind_at) {
        state.timers.remove(&(*due, Timer::Remind(id, number)));
    }
    if let Some(due) = open.question.expires_at {
        state.timers.remove(&(due, Timer::Expire(id)));
    }
    if open.question.kind == QuestionKind::InDoubt {
        state.set_phase(plan, &open.place, TaskPhase::Settling);
    }
    state.closed.insert(id, decided);
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive and sends only these events here")]
pub(super) fn agent_event(state: &mut State, plan: &Plan, event: &Event) {
    match event {
        Event::Iterated { frame, step, iteration, thought, calls } => {
            let ix = state.step_ix(plan, *frame, step);
            let Some(agent) = state.agent_run(*frame, ix) else { return };
            agent.iteration = *iteration;
            agent.model = None;
            agent.messages.push(Message::Assistant { text: thought.clone(), calls: calls.clone() });
            agent.slots = calls.iter().map(|asked| Slot { asked: asked.clone(), state: SlotState::Waiting }).collect();
            state.hint(Todo::Step(*frame, Node::Step(ix)));
        }
        Event::Observed { place, text, failed } => {
            state.tool_errors |= *failed;
            state.set_slot(plan, place, SlotState::Observed { text: text.clone() });
            let ix = state.step_ix(plan, place.frame, &place.step);
            let Some(agent) = state.agent_run(place.frame, ix) else { return };
            if agent.slots.iter().all(|slot| matches!(slot.state, SlotState::Observed { .. })) {
                for slot in std::mem::take(&mut agent.slots) {
                    let SlotState::Observed { text } = slot.state else { continue };
                    agent.messages.push(Message::Tool { id: slot.asked.id, name: slot.asked.name, text });
                }
                agent.iteration += 1;
            }
            state.hint(Todo::Step(place.frame, Node::Step(ix)));
        }
        _ => {}
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive and sends only these events here")]
pub(super) fn child_event(state: &mut State, plan: &Plan, event: &Event) {
    match event {
        Event::ChildStarted { place, child, attempt, start, reserved, deadline } => {
            state.spent.held.tokens += reserved.tokens;
            state.spent.held.cost = state.spent.held.cost.plus(reserved.cost);
            let run = ChildRun { place: place.clone(), start: start.clone(), accepted: false, cancelling: None, reserved: *reserved };
            state.children.insert(*child, run);
            if place.part == Part::Own {
                let ix = state.step_ix(plan, place.frame, &place.step);
                state.drop_rest_timer(place.frame, ix);
                let run = Run::new(*attempt, Running::Child(*child));
                state.begin(place.frame, Node::Step(ix), run);
                state.set_deadline(plan, place.frame, &place.step, *deadline);
            } else {
                if let Some(name) = state.slot(place).map(|slot| slot.asked.name.clone()) {
                    state.note_tool(&name);
                }
                state.set_slot(plan, place, SlotState::Child(*child));
            }
        }
        Event::ChildAccepted { child } => {
            if let Some(run) = state.children.get_mut(child) {
                run.accepted = true;
            }
        }
        Event::ChildCancelAsked { child, reason } => {
            if let Some(run) = state.children.get_mut(child) {
                run.cancelling = Some(reason.clone());
            }
        }
        Event::ChildEnded { child, ended } => {
            let Some(run) = state.children.remove(child) else { return };
            state.release_hold(run.reserved);
            state.spent.tokens += ended.tokens;
            state.spent.cost = state.spent.cost.plus(ended.cost);
            state.spent.used = state.spent.used.plus(ended.used);
        }
        _ => {}
    }
}
