//! Stopping what runs: a cancel, a failing frame, a join's `rest: cancel`, a step's own timeout. Nothing is settled before its fate is known.

use super::call::CallError;
use super::decide::{Deciding, Refusal};
use super::event::{Event, Fate, Place, Stop};
use super::question::Verdict;
use super::state::{Running, TaskPhase};
use super::tasks::flying;
use crate::flow::plan::{Node, StepIx};
use crate::flow::spec::EffectClass;
use crate::ids::FrameId;
use crate::limits;

impl Deciding<'_> {
    /// From the acknowledgement on nothing new starts, compensations aside.
    pub(super) fn cancel(&mut self, reason: String, by: String) -> Result<(), Refusal> {
        if self.state.ended.is_some() {
            return Err(Refusal::Ended);
        }
        // A second cancel changes nothing, and compensations are not interrupted.
        if self.state.cancel.is_some() || self.state.undoing {
            return Ok(());
        }
        let reason = super::clipped(reason, limits::MESSAGE_BYTES_MAX);
        self.emit(Event::CancelAsked { reason, by });
        self.stop_frame(FrameId(0), Stop::Cancelled);
        self.go_on(None);
        Ok(())
    }

    /// Stops one running node; with `error` it then fails with it, otherwise it is cancelled.
    pub(super) fn stop_run(&mut self, frame: FrameId, node: Node, error: Option<CallError>) {
        let Some(run) = self.state.run(frame, node) else { return };
        if run.stopping.is_some() {
            return;
        }
        let work = run.work.clone();
        let name = self.node_name(frame, node);
        match (work, node) {
            (Running::Loop { frame: inner }, _) => {
                self.emit(Event::StepStopping { frame, node: name, error });
                self.stop_frame(inner, Stop::Cancelled);
            }
            (Running::Call(task), Node::Step(ix)) => self.stop_call(frame, ix, &task, error),
            (Running::Question(question), Node::Step(ix)) => {
                self.withdraw(question);
                self.stop_now(frame, ix, error);
            }
            (Running::Agent(_), Node::Step(ix)) => {
                self.emit(Event::StepStopping { frame, node: name, error });
                self.stop_agent(frame, ix);
            }
            (Running::Map(map), Node::Step(_)) => {
                self.emit(Event::StepStopping { frame, node: name, error });
                for item in map.open {
                    self.stop_frame(item, Stop::Cancelled);
                }
            }
            (Running::Child(child), Node::Step(_)) => {
                let reason = error.as_ref().map_or("the execution that started it stops", |error| error.message.as_str()).to_owned();
                self.emit(Event::StepStopping { frame, node: name, error });
                self.emit(Event::ChildCancelAsked { child, reason });
            }
            (Running::Wait { .. } | Running::Listen | Running::Resting { .. }, Node::Step(ix)) => self.stop_now(frame, ix, error),
            (_, Node::Loop(_)) => {}
        }
    }

    /// A single call: `once` calls in flight are waited for, everything else is broken off and settled.
    fn stop_call(&mut self, frame: FrameId, ix: StepIx, task: &super::state::Task, error: Option<CallError>) {
        let place = self.own_place(frame, ix);
        if let Some(call) = self.state.checking(&place).and_then(super::state::Checking::task).and_then(flying) {
            self.emit(Event::AbortAsked { call });
            return self.stop_now(frame, ix, error);
        }
        if let Some(call) = flying(task) {
            let is_check = self.state.flights.get(&call).is_some_and(|flight| flight.role == super::event::Role::Check);
            self.emit(Event::AbortAsked { call });
            let is_awaited = if is_check { self.must_be_known(&place) } else { task.request.effect == EffectClass::Once };
            if is_awaited {
                let node = self.node_name(frame, Node::Step(ix));
                self.emit(Event::StepStopping { frame, node, error });
                return;
            }
            let fate = if is_check { Fate::InDoubt } else { Fate::Aborted };
            return self.stop_with(frame, ix, error, fate);
        }
        if let TaskPhase::Asking(question) = task.phase {
            if self.must_be_known(&place) {
                let node = self.node_name(frame, Node::Step(ix));
                return self.emit(Event::StepStopping { frame, node, error });
            }
            let has_happened = self.withdraw(question).is_some_and(|decided| matches!(decided.verdict, Verdict::Happened { .. }));
            return self.stop_with(frame, ix, error, if has_happened { Fate::Happened } else { Fate::InDoubt });
        }
        self.stop_now(frame, ix, error);
    }

    fn stop_now(&mut self, frame: FrameId, ix: StepIx, error: Option<CallError>) {
        self.stop_with(frame, ix, error, Fate::Aborted);
    }

    fn stop_with(&mut self, frame: FrameId, ix: StepIx, error: Option<CallError>, fate: Fate) {
        match error {
            Some(error) => self.fail_step(frame, ix, error, None),
            None => self.settle_cancelled(frame, ix, fate, None),
        }
    }

    pub(super) fn withdraw_questions(&mut self, is_ours: impl Fn(&Place) -> bool) {
        let ours: Vec<_> = self.state.open.iter().filter(|(_, open)| is_ours(&open.place)).map(|(id, _)| *id).collect();
        for question in ours {
            self.withdraw(question);
        }
    }
}
