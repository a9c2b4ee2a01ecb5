//! The fold: the only code that changes state, and all that replay runs. Nothing is decided here; every choice stands in the event.
//!
//! | event | before | after |
//! |---|---|---|
//! | `Started` | nothing | root frame open, first node ready |
//! | `FrameOpened` | loop ready or running, map running | frame open, its first node ready |
//! | `CallStarted`, `Asked`, `ChildStarted`, `Entered` | ready, or running between attempts | running |
//! | `CallEnded`, `CallLost` | flying | settling (what follows is in the next events of the turn) |
//! | `RetryAt` | settling | resting, with a timer |
//! | `Checking`, `Validated` | answered | under judgement |
//! | `Corrected` | refused by a validator | the next model call is owed |
//! | `Answered`, `Expired`, `Withdrawn` | open | closed, for good |
//! | `StepEnded`, `LoopEnded` | running, ready or short | settled, edges judged |
//! | `Died`, `Skipped` | doomed; idle or ready | settled, edges dead |
//! | `FrameStopping` | open | nothing new starts inside |
//! | `ItemEnded` | frame quiet or drained | result kept, frame forgotten |
//! | `Paused` … `Unpaused` | any | the same; what arrives is only kept, as `Held` |
//! | `HeldTaken` | any | the first of them is taken: what it leads to follows |
//! | `Ended` | root quiet or drained, compensations done | final |

mod calls;
mod checks;
mod ends;
mod people;

use std::sync::Arc;

use serde_json::Value;

use super::call::{Call, Message, Request, Usage};
use super::event::{Ending, Event, ItemEnding, LoopEnding, NodeName, Part, Place, Reserved, StepFate, Work};
use super::guidance::Guidance;
use super::state::{
    AgentRun, Flight, FrameKind, How, MapRun, NodeState, Run, Running, Settled, SlotState, State, Task, TaskPhase, Timer, Todo, Undo,
};
use crate::flow::names::StepView;
use crate::flow::plan::{Node, Plan, StepIx};
use crate::ids::{FrameId, StepId, TimeMs};
use crate::limits;

/// Applies one event.
pub fn evolve(state: &mut State, plan: &Plan, at: TimeMs, event: &Event) {
    state.now = state.now.max(at);
    state.seq += 1;
    match event {
        Event::Started { start } => started(state, plan, start),
        Event::FrameOpened { frame, parent, opening } => state.open_frame(plan, *frame, *parent, opening),
        Event::Entered { frame, step, attempt, work, deadline } => {
            entered(state, plan, *frame, step, *attempt, work);
            state.set_deadline(plan, *frame, step, *deadline);
        }
        Event::CallStarted { .. }
        | Event::CallEnded { .. }
        | Event::CallLost { .. }
        | Event::AbortAsked { .. }
        | Event::Late { .. }
        | Event::RetryAt { .. } => calls::call_event(state, plan, event),
        Event::Asked { .. }
        | Event::Voted { .. }
        | Event::ActionEdited { .. }
        | Event::Reminded { .. }
        | Event::Reassigned { .. }
        | Event::Answered { .. }
        | Event::Expired { .. }
        | Event::Withdrawn { .. } => people::question_event(state, plan, event),
        Event::Iterated { .. } | Event::Observed { .. } => people::agent_event(state, plan, event),
        Event::Checking { .. } | Event::Validated { .. } | Event::Corrected { .. } => checks::check_event(state, plan, event),
        Event::ChildStarted { .. } | Event::ChildAccepted { .. } | Event::ChildCancelAsked { .. } | Event::ChildEnded { .. } => {
            people::child_event(state, plan, event);
        }
        Event::SignalKept { signal } => {
            state.remember_signal(&signal.id);
            state.signals.push_back(signal.clone());
        }
        Event::SignalTaken { signal, .. } => {
            state.remember_signal(&signal.id);
            state.signals.retain(|kept| kept.id != signal.id);
        }
        Event::StepEnded { frame, step, ending, taken, undo } => step_ended(state, plan, *frame, step, ending, taken, undo.as_ref()),
        Event::LoopEnded { frame, header, ending, taken } => loop_ended(state, plan, *frame, header, ending, taken),
        Event::Died { frame, nodes } => without_running(state, plan, *frame, nodes, How::Dead),
        Event::Skipped { frame, nodes } => without_running(state, plan, *frame, nodes, How::Cancelled),
        Event::FrameStopping { .. }
        | Event::StepStopping { .. }
        | Event::DeadlinePassed
        | Event::StepDeadlinePassed { .. }
        | Event::CancelAsked { .. }
        | Event::Paused { .. }
        | Event::Held { .. }
        | Event::Unpaused { .. }
        | Event::HeldTaken
        | Event::Undoing
        | Event::UndoEnded { .. }
        | Event::Ended { .. }
        | Event::ParentTold => ends::end_event(state, plan, event),
        Event::ItemEnded { frame, ending } => item_ended(state, *frame, ending),
        Event::LimitRaised { budget, limit } => {
            state.raised.insert(*budget, *limit);
            state.rescan();
        }
        Event::Yielded => state.yielded = true,
        Event::Continued => {
            state.yielded = false;
            state.rescan();
        }
    }
}

fn started(state: &mut State, plan: &Plan, start: &super::input::Start) {
    state.started_at = state.now;
    state.input = Arc::new(start.input.clone());
    state.config = Arc::new(start.config.clone());
    state.context = start.shown_context().map(Arc::new);
    state.start = Some(Arc::new(start.clone()));
    let own = plan.limits.timeout_ms.map(|timeout_ms| state.now.plus(timeout_ms));
    let given = start.allowance.and_then(|allowance| allowance.deadline);
    if let Some(due) = own.into_iter().chain(given).min() {
        state.timers.insert((due, Timer::Execution));
    }
    let entry = start.entry.as_ref().and_then(|key| plan.entries.get(key));
    state.open_root(plan, entry.and_then(|entry| entry.start.as_ref()));
}

fn entered(state: &mut State, plan: &Plan, frame: FrameId, step: &StepId, attempt: u32, work: &Work) {
    let ix = state.step_ix(plan, frame, step);
    let node = Node::Step(ix);
    state.drop_rest_timer(frame, ix);
    let work = match work {
        Work::Agent { system, prompt } => {
            let nothing = Guidance::default();
            let guidance = state.start.as_ref().map_or(&nothing, |start| &start.guidance);
            let mut messages = Vec::from_iter(guidance.instructions(system.clone()));
            messages.extend(state.start.iter().flat_map(|start| start.turns()));
            messages.push(Message::User { text: prompt.clone() });
            Running::Agent(Box::new(AgentRun { step: step.clone(), messages, iteration: 1, model: None, slots: Vec::new() }))
        }
        Work::Map { items } => Running::Map(MapRun {
            items: Arc::clone(items),
            next: 0,
            open: std::collections::BTreeSet::new(),
            results: vec![Value::Null; items.len()],
            errors: Vec::new(),
        }),
        Work::Wait { due } => {
            state.timers.insert((*due, Timer::Wait(frame, ix)));
            Running::Wait { due: *due }
        }
        Work::Listen => {
            state.listening.insert((frame, ix));
            Running::Listen
        }
    };
    state.begin(frame, node, Run::new(attempt, work));
    state.hint(Todo::Step(frame, node));
}

fn step_ended(state: &mut State, plan: &Plan, frame: FrameId, step: &StepId, ending: &Ending, taken: &[u32], undo: Option<&Arc<Call>>) {
    let ix = state.step_ix(plan, frame, step);
    let place = Place { frame, step: step.clone(), part: Part::Own };
    let attempt = state.attempt_of(frame, ix);
    state.clear_step_timers(plan, frame, ix);
    state.listening.remove(&(frame, ix));
    if let Some(call) = undo {
        let (path, _, visit) = state.place_parts(&place);
        let retry = state.scope_of(plan, frame).step(ix).retry;
        let place = Place { part: Part::Undo, ..place.clone() };
        state.undo.push(Undo { place, path, visit, retry, call: Arc::clone(call), task: None });
    }
    let (how, view) = match ending {
        Ending::Done { output, errors, .. } => {
            state.note_output(frame, output);
            // The gate was among what judged it.
            let is_result = frame == FrameId(0) && plan.result == Some(ix);
            if is_result && state.run(frame, Node::Step(ix)).is_some_and(|run| run.checking.is_some()) {
                state.accepted = Some(Arc::clone(output));
            }
            (How::Done, StepView { output: Some(Arc::clone(output)), error: None, errors: errors.clone() })
        }
        Ending::Failed { error, output } => {
            let error = serde_json::to_value(error).unwrap_or_default();
            (How::Failed, StepView { output: output.clone(), error: Some(Arc::new(error)), errors: None })
        }
        Ending::Cancelled { fate } => {
            let name = state.name(&place, attempt);
            state.fates.push(StepFate { attempt: name, fate: *fate });
            (How::Cancelled, StepView::default())
        }
    };
    state.drop_flights_of(&place);
    state.settle(frame, Node::Step(ix), Settled { how, view, last: None });
    state.judge_step(plan, frame, ix, taken);
}

fn loop_ended(state: &mut State, plan: &Plan, frame: FrameId, header: &StepId, ending: &LoopEnding, taken: &[u32]) {
    let ix = state.loop_ix(plan, frame, header);
    let last = state.visit_of(frame, ix);
    if let Some(id) = last {
        state.close(id);
        if let Some(FrameKind::Visit { previous: Some(older) }) = state.frames.get(&id).map(|frame| frame.kind) {
            state.forget(older);
            if let Some(frame) = state.frames.get_mut(&id) {
                frame.kind = FrameKind::Visit { previous: None };
            }
        }
    }
    let (how, view, left) = match ending {
        LoopEnding::Left => (How::Done, StepView::default(), last),
        LoopEnding::Exhausted => (How::Done, StepView::default(), None),
        LoopEnding::Failed { error } => {
            let error = serde_json::to_value(error).unwrap_or_default();
            (How::Failed, StepView { error: Some(Arc::new(error)), ..StepView::default() }, None)
        }
        LoopEnding::Cancelled => (How::Cancelled, StepView::default(), None),
    };
    state.settle(frame, Node::Loop(ix), Settled { how, view, last });
    state.judge_loop(plan, frame, ix, taken, left);
}

fn item_ended(state: &mut State, frame: FrameId, ending: &ItemEnding) {
    let Some(at) = state.frames.get(&frame) else { return };
    let (FrameKind::Item { step, index }, Some(parent)) = (at.kind, at.parent) else { return };
    state.forget(frame);
    if let Some(map) = state.map_run(parent, step) {
        map.open.remove(&frame);
        match ending {
            ItemEnding::Done { output } => map.results[index as usize] = output.clone(),
            ItemEnding::Failed { error } => map.errors.push((index as usize, error.clone())),
            ItemEnding::Cancelled => {}
        }
    }
    state.hint(Todo::Step(parent, Node::Step(step)));
}

fn without_running(state: &mut State, plan: &Plan, frame: FrameId, nodes: &[NodeName], how: How) {
    let nodes: Vec<_> = nodes.iter().map(|name| state.node(plan, frame, name)).collect();
    state.settle_without_running(plan, frame, &nodes, how);
}

impl State {
    pub(super) fn node(&self, plan: &Plan, frame: FrameId, name: &NodeName) -> Node {
        match name {
            NodeName::Step(step) => Node::Step(self.step_ix(plan, frame, step)),
            NodeName::Loop(header) => Node::Loop(self.loop_ix(plan, frame, header)),
        }
    }

    /// The attempt number that names a step's latest attempt.
    pub(super) fn attempt_of(&self, frame: FrameId, step: StepIx) -> u32 {
        self.run(frame, Node::Step(step)).map_or(1, |run| if let Running::Call(task) = &run.work { task.attempt } else { run.attempt })
    }

    fn release_hold(&mut self, reserved: Reserved) {
        self.spent.held.tokens = self.spent.held.tokens.saturating_sub(reserved.tokens);
        self.spent.held.cost = self.spent.held.cost.minus(reserved.cost);
    }

    /// A call whose use nobody knows is charged what was reserved for it.
    fn charge_reserved(&mut self, flight: &Flight) {
        let Request::Llm(request) = &flight.request.request else { return };
        let Reserved { tokens, cost } = flight.reserved;
        let output_tokens = request.max_tokens.min(tokens);
        let usage = Usage { input_tokens: tokens - output_tokens, output_tokens, cost, ..Usage::default() };
        self.charge(&usage, &request.model);
    }

    /// What a call of `model` used.
    fn charge(&mut self, usage: &Usage, model: &str) {
        let price = self.start.as_ref().and_then(|start| start.prices.get(model));
        let used = usage.split(price);
        self.spent.tokens += usage.input_tokens + usage.output_tokens;
        self.spent.cost = self.spent.cost.plus(usage.cost);
        self.spent.used = self.spent.used.plus(used);
    }

    /// The summary names what was called.
    fn note_tool(&mut self, name: &str) {
        if self.tools.len() < limits::TOOLS_NOTED_MAX && !self.tools.iter().any(|known| known == name) {
            self.tools.push(name.to_owned());
        }
    }

    pub(super) fn task_mut(&mut self, plan: &Plan, place: &Place) -> Option<&mut Task> {
        let ix = self.step_ix(plan, place.frame, &place.step);
        match place.part {
            Part::Own => {
                let Running::Call(task) = &mut self.run_mut(place.frame, Node::Step(ix))?.work else { return None };
                Some(task)
            }
            Part::Model { .. } => self.agent_run(place.frame, ix)?.model.as_mut(),
            Part::Tool { index, .. } => {
                let SlotState::Task(task) = &mut self.agent_run(place.frame, ix)?.slots.get_mut(index as usize)?.state else { return None };
                Some(task)
            }
            Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } => self.checking_mut(plan, place)?.task_mut(),
            Part::Undo => self.undo.last_mut()?.task.as_mut(),
        }
    }

    fn set_phase(&mut self, plan: &Plan, place: &Place, phase: TaskPhase) {
        if let Some(task) = self.task_mut(plan, place) {
            task.phase = phase;
        }
    }

    fn set_slot(&mut self, plan: &Plan, place: &Place, slot_state: SlotState) {
        let Part::Tool { index, .. } = place.part else { return };
        let ix = self.step_ix(plan, place.frame, &place.step);
        if let Some(slot) = self.agent_run(place.frame, ix).and_then(|agent| agent.slots.get_mut(index as usize)) {
            slot.state = slot_state;
        }
    }

    fn set_deadline(&mut self, plan: &Plan, frame: FrameId, step: &StepId, deadline: Option<TimeMs>) {
        let (ix, Some(due)) = (self.step_ix(plan, frame, step), deadline) else { return };
        if let Some(run) = self.run_mut(frame, Node::Step(ix)) {
            run.deadline = Some(due);
            self.timers.insert((due, Timer::Step(frame, ix)));
        }
    }

    fn drop_rest_timer(&mut self, frame: FrameId, step: StepIx) {
        let due = match self.run(frame, Node::Step(step)).map(|run| &run.work) {
            Some(Running::Resting { due } | Running::Wait { due }) => Some(*due),
            _ => None,
        };
        if let Some(due) = due {
            self.timers.remove(&(due, Timer::Wait(frame, step)));
        }
    }

    fn clear_step_timers(&mut self, plan: &Plan, frame: FrameId, step: StepIx) {
        self.drop_rest_timer(frame, step);
        let Some(run) = self.run(frame, Node::Step(step)) else { return };
        let deadline = run.deadline;
        let mut resting = Vec::new();
        let mut note = |part: Part, task: &Task| {
            if let TaskPhase::Resting { due } = task.phase {
                resting.push((due, part));
            }
        };
        if let Some((part, task)) = run.checking.as_ref().and_then(|checking| checking.part()) {
            note(part, task);
        }
        match &run.work {
            Running::Call(task) => note(Part::Own, task),
            Running::Agent(agent) => {
                let iteration = agent.iteration;
                agent.model.iter().for_each(|task| note(Part::Model { iteration }, task));
                for (index, slot) in (0_u32..).zip(&agent.slots) {
                    if let SlotState::Task(task) = &slot.state {
                        note(Part::Tool { iteration, index }, task);
                    }
                }
            }
            Running::Question(_)
            | Running::Map(_)
            | Running::Child(_)
            | Running::Wait { .. }
            | Running::Listen
            | Running::Loop { .. }
            | Running::Resting { .. } => {}
        }
        if let Some(due) = deadline {
            self.timers.remove(&(due, Timer::Step(frame, step)));
        }
        let id = &self.scope_of(plan, frame).step(step).id;
        for (due, part) in resting {
            self.timers.remove(&(due, Timer::Retry(Place { frame, step: id.clone(), part })));
        }
    }

    /// Flights that a settled step leaves behind: their outcomes are late, what they held is charged.
    fn drop_flights_of(&mut self, place: &Place) {
        let left: Vec<_> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.place.frame == place.frame && flight.place.step == place.step && flight.place.part != Part::Undo)
            .map(|(call, _)| *call)
            .collect();
        for call in left {
            self.abandon(call);
        }
    }

    /// Nobody waits for this call any more: its outcome will be late, what it held is charged.
    fn abandon(&mut self, call: crate::ids::CallId) {
        let Some(flight) = self.flights.remove(&call) else { return };
        self.release_hold(flight.reserved);
        self.charge_reserved(&flight);
    }

    fn remember_signal(&mut self, id: &str) {
        if self.signal_ids.iter().any(|known| known == id) {
            return;
        }
        self.signal_ids.push_back(id.to_owned());
        if self.signal_ids.len() > limits::SIGNAL_IDS_KEPT_MAX {
            self.signal_ids.pop_front();
        }
    }

    /// Everything that could be looked at, from the state alone: after `Continue`, a raised limit, or a replay.
    pub(super) fn rescan(&mut self) {
        let mut todos = Vec::new();
        for (id, frame) in &self.frames {
            if frame.closed {
                continue;
            }
            for (node, state) in &frame.nodes {
                match state {
                    NodeState::Ready | NodeState::Doomed | NodeState::Short => todos.push(Todo::Node(*id, *node)),
                    NodeState::Running(_) => todos.push(Todo::Step(*id, *node)),
                    NodeState::Idle { .. } | NodeState::Settled(_) => {}
                }
            }
            todos.push(Todo::Frame(*id));
        }
        self.hints.0.extend(todos);
        self.hint(Todo::Finish);
    }
}
