//! How events about validators change the state.

use std::sync::Arc;

use super::super::call::{Call, Request};
use super::super::event::{CheckVerdict, Event, Part, Place};
use super::super::state::{CheckPhase, Checking, Running, State, Task, TaskPhase, Timer, Todo};
use super::super::validate::corrected;
use crate::flow::plan::{Node, Plan};
use crate::ids::FrameId;

#[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive and sends only these events here")]
pub(super) fn check_event(state: &mut State, plan: &Plan, event: &Event) {
    match event {
        Event::Checking { place, cycle, output, validators } => {
            let phase = CheckPhase::Judging { output: Arc::clone(output), next: 0, task: None };
            let checking = Checking { step: place.step.clone(), cycle: *cycle, names: validators.clone(), refusal: None, phase };
            if place.part != Part::Own {
                state.gate = Some(Box::new(checking));
                return;
            }
            let ix = state.step_ix(plan, place.frame, &place.step);
            if let Some(run) = state.run_mut(place.frame, Node::Step(ix)) {
                run.checking = Some(Box::new(checking));
            }
        }
        Event::Validated { place, index, validator, verdict, feedback, .. } => {
            let Some(checking) = state.checking_mut(plan, place) else { return };
            if let CheckPhase::Judging { next, task, .. } = &mut checking.phase {
                *task = None;
                if *verdict == CheckVerdict::Pass {
                    *next = index + 1;
                }
            }
            if *verdict != CheckVerdict::Pass {
                checking.refusal = Some((validator.clone(), feedback.clone().unwrap_or_default()));
            }
        }
        Event::Corrected { place, message, .. } => correct(state, plan, place, message),
        _ => {}
    }
}

/// The model's conversation goes on with its answer and the message.
fn correct(state: &mut State, plan: &Plan, place: &Place, message: &str) {
    let ix = state.step_ix(plan, place.frame, &place.step);
    let node = Node::Step(ix);
    let Some(run) = state.run_mut(place.frame, node) else { return };
    let Some(checking) = &mut run.checking else { return };
    let output = checking.output();
    checking.phase = CheckPhase::Answering;
    match &mut run.work {
        Running::Call(task) => {
            let mut call = Call::clone(&task.request);
            if let Request::Llm(request) = &mut call.request {
                request.messages = corrected(&request.messages, output.as_deref(), message);
            }
            // A new question to the model: it has its retries and its repair turn anew.
            *task = Task { request: Arc::new(call), failures: 0, lost: 0, repaired: false, ..task.clone() };
        }
        Running::Agent(agent) => {
            agent.messages = corrected(&agent.messages, output.as_deref(), message);
            agent.model = None;
            agent.iteration += 1;
        }
        Running::Question(_)
        | Running::Map(_)
        | Running::Child(_)
        | Running::Wait { .. }
        | Running::Listen
        | Running::Loop { .. }
        | Running::Resting { .. } => {}
    }
    state.hint(Todo::Step(place.frame, node));
}

impl State {
    pub(in crate::machine) fn checking_mut(&mut self, plan: &Plan, place: &Place) -> Option<&mut Checking> {
        if let Part::Gate { .. } = place.part {
            return self.gate.as_deref_mut();
        }
        let ix = self.step_ix(plan, place.frame, &place.step);
        self.run_mut(place.frame, Node::Step(ix))?.checking.as_deref_mut()
    }

    /// The first attempt of a validator's call, or of the call that asks for an explanation.
    pub(super) fn begin_check(&mut self, plan: &Plan, place: &Place, begun: Task) {
        let Some(checking) = self.checking_mut(plan, place) else { return };
        match (&mut checking.phase, place.part) {
            (CheckPhase::Judging { task, .. }, Part::Check { .. } | Part::Gate { .. }) => *task = Some(begun),
            (phase, Part::Explain { .. }) => *phase = CheckPhase::Explaining { task: begun },
            (CheckPhase::Answering | CheckPhase::Judging { .. } | CheckPhase::Explaining { .. }, _) => {}
        }
    }

    /// The gate's call is not waited for any more: the result is not what becomes of the execution.
    pub(in crate::machine) fn drop_gate(&mut self) {
        let Some(gate) = self.gate.take() else { return };
        if let Some((index, TaskPhase::Resting { due })) = gate.judging().map(|(index, task)| (index, task.phase)) {
            self.timers.remove(&(due, Timer::Retry(super::super::validate::gate_place(index))));
        }
        let calls: Vec<_> = self
            .flights
            .iter()
            .filter(|(_, flight)| flight.place.frame == FrameId(0) && matches!(flight.place.part, Part::Gate { .. }))
            .map(|(call, _)| *call)
            .collect();
        for call in calls {
            self.abandon(call);
        }
    }
}
