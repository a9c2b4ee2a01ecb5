//! How events about calls change the state: flights, attempts, pauses between them.

use std::sync::Arc;

use super::super::call::{Call, Outcome, Request};
use super::super::event::{Event, Part, Place, Role};
use super::super::state::{Flight, Run, Running, SlotState, State, Task, TaskPhase, Timer};
use crate::flow::plan::{Node, Plan};
use crate::ids::{CallId, TimeMs};

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive and sends only these events here")]
pub(super) fn call_event(state: &mut State, plan: &Plan, event: &Event) {
    match event {
        Event::CallStarted { call, place, role, attempt, boot, request, reserved } => {
            state.next_call = state.next_call.max(call.0 + 1);
            state.spent.held.tokens += reserved.tokens;
            state.spent.held.cost = state.spent.held.cost.plus(reserved.cost);
            let flight = Flight {
                place: place.clone(),
                role: *role,
                attempt: *attempt,
                boot: *boot,
                request: Arc::clone(request),
                reserved: *reserved,
                aborted: false,
            };
            state.flights.insert(*call, flight);
            if let Some(name) = tool_name(state, place, *role, &request.request) {
                state.note_tool(&name);
            }
            fly(state, plan, *call, place, *role, *attempt, request);
        }
        Event::CallEnded { call, outcome } => {
            let Some(flight) = state.flights.remove(call) else { return };
            state.release_hold(flight.reserved);
            let model = if let Request::Llm(request) = &flight.request.request { Some(&request.model) } else { None };
            match outcome {
                Outcome::Done { usage, .. } => state.charge(usage, model.map_or("", String::as_str)),
                Outcome::Unknown { .. } => state.charge_reserved(&flight),
                Outcome::Retryable { .. } | Outcome::Permanent { .. } => {}
            }
            let is_done = matches!(outcome, Outcome::Done { .. });
            state.tool_errors |=
                !is_done && model.is_none() && flight.role == Role::Act && matches!(flight.place.part, Part::Own | Part::Tool { .. });
            state.set_phase(plan, &flight.place, TaskPhase::Settling);
        }
        Event::CallLost { call } => {
            let Some(flight) = state.flights.remove(call) else { return };
            state.release_hold(flight.reserved);
            state.charge_reserved(&flight);
            state.set_phase(plan, &flight.place, TaskPhase::Settling);
            if flight.role == Role::Act
                && let Some(task) = state.task_mut(plan, &flight.place)
            {
                task.lost += 1;
            }
        }
        Event::AbortAsked { call } => {
            if let Some(flight) = state.flights.get_mut(call) {
                flight.aborted = true;
            }
        }
        Event::RetryAt { place, due, .. } => retry_at(state, plan, place, *due),
        _ => {}
    }
}

/// What a person would call the tool that is called, where it is one.
fn tool_name(state: &State, place: &Place, role: Role, request: &Request) -> Option<String> {
    match (place.part, request) {
        _ if role == Role::Check => None,
        (Part::Tool { .. }, _) => state.slot(place).map(|slot| slot.asked.name.clone()),
        (Part::Own, Request::Mcp(request)) => Some(request.tool.clone()),
        (Part::Own, Request::Http(_)) => Some(place.step.to_string()),
        (Part::Own, Request::Llm(_) | Request::Builtin { .. })
        | (Part::Model { .. } | Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } | Part::Undo, _) => None,
    }
}

/// The task of `place` is in flight; it is created where this is its first attempt.
fn fly(state: &mut State, plan: &Plan, call: CallId, place: &Place, role: Role, attempt: u32, request: &Arc<Call>) {
    let phase = TaskPhase::Flying(call);
    if let Some(task) = state.task_mut(plan, place) {
        let resting = if let TaskPhase::Resting { due } = task.phase { Some(due) } else { None };
        task.phase = phase;
        if role == Role::Act {
            task.repaired |= request.request != task.request.request;
            task.attempt = attempt;
            task.request = Arc::clone(request);
        }
        if let Some(due) = resting {
            state.timers.remove(&(due, Timer::Retry(place.clone())));
        }
        return;
    }
    let task = Task { request: Arc::clone(request), attempt, failures: 0, lost: 0, repaired: false, phase };
    let ix = state.step_ix(plan, place.frame, &place.step);
    match place.part {
        Part::Own => {
            // An action that an approval released is used up by its first attempt.
            if let Some(frame) = state.frames.get_mut(&place.frame) {
                frame.released.remove(&ix);
            }
            state.begin(place.frame, Node::Step(ix), Run::new(1, Running::Call(task)));
        }
        Part::Model { .. } => {
            if let Some(agent) = state.agent_run(place.frame, ix) {
                agent.model = Some(task);
            }
        }
        Part::Tool { .. } => state.set_slot(plan, place, SlotState::Task(task)),
        Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } => state.begin_check(plan, place, task),
        Part::Undo => {
            if let Some(undo) = state.undo.last_mut() {
                undo.task = Some(task);
            }
        }
    }
}

fn retry_at(state: &mut State, plan: &Plan, place: &Place, due: TimeMs) {
    if let Some(task) = state.task_mut(plan, place) {
        task.failures += 1;
        task.phase = TaskPhase::Resting { due };
        state.timers.insert((due, Timer::Retry(place.clone())));
        return;
    }
    let ix = state.step_ix(plan, place.frame, &place.step);
    state.clear_step_timers(plan, place.frame, ix);
    // What the attempt before left in flight is nothing that the next one hears of.
    state.drop_flights_of(place);
    if let Some(run) = state.run_mut(place.frame, Node::Step(ix)) {
        run.work = Running::Resting { due };
        run.attempt += 1;
        run.stopping = None;
        run.checking = None;
        state.timers.insert((due, Timer::Wait(place.frame, ix)));
    }
}
