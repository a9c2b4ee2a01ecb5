//! Child executions: a `flow` step, or a tool of an agent that is an agent itself. Start, end and cancel travel as effects that are
//! redelivered until answered; the child's id follows from its place, so a repeated start makes no second child.

use serde_json::Value;

use super::call::{CallError, Used};
use super::decide::Deciding;
use super::effect::ChildStart;
use super::event::{Budget, Event, Fate, Part, Place, Reserved};
use super::input::{Allowance, Parent, Start};
use super::state::Stopping;
use super::summary::{Ended, Status};
use crate::flow::plan::{Child, Kind, Node, StepIx};
use crate::ids::{ExecutionId, FrameId, NanoUsd};
use crate::limits;

impl Deciding<'_> {
    pub(super) fn enter_child(&mut self, frame: FrameId, ix: StepIx, attempt: u32) {
        let Kind::Child(child) = &self.spec(frame, ix).kind else { return };
        let place = self.own_place(frame, ix);
        match self.mapped(frame, &child.input) {
            Ok(input) => {
                if let Err(error) = self.start_child(&place, child, input, attempt) {
                    self.fail_step(frame, ix, error, None);
                }
            }
            Err(error) => self.fail_step(frame, ix, error, None),
        }
    }

    /// An agent's tool that is an agent: the model's arguments over the mapped input.
    pub(super) fn start_tool_child(&mut self, place: &Place, child: &Child, args: Value) {
        let input = match (self.mapped(place.frame, &child.input), args) {
            (Ok(Value::Object(mut input)), Value::Object(args)) => {
                input.extend(args);
                Value::Object(input)
            }
            (Ok(_), args) => args,
            (Err(error), _) => return self.observe_failure(place, &error),
        };
        if let Err(error) = self.start_child(place, child, input, 1) {
            self.observe_failure(place, &error);
        }
    }

    fn start_child(&mut self, place: &Place, spec: &Child, input: Value, attempt: u32) -> Result<(), CallError> {
        let Some(own) = self.state.start().cloned() else { return Ok(()) };
        let depth = own.parent.as_ref().map_or(0, |parent| parent.depth) + 1;
        if depth > limits::CHILD_DEPTH_MAX {
            let message = format!("child executions may be nested {} deep", limits::CHILD_DEPTH_MAX);
            return Err(CallError::new("too_deep", message));
        }
        let pin = own.pins.get(&spec.agent);
        let Some(pin) = pin else {
            return Err(CallError::new("no_such_agent", format!("`{}` was not pinned when this execution started", spec.agent)));
        };
        // The frame tells apart the same place in two attempts at a map.
        let name = format!("{}\n{}\n{}", own.execution, place.frame.0, self.state.name(place, attempt));
        let child = ExecutionId::derived(self.now, &name);
        // Within a limit of ours the child gets what it may use at most, and the rest stays for its siblings.
        let at_most = |left: Option<u64>, own: Option<u64>| left.map(|left| own.map_or(left, |own| own.min(left)));
        let tokens = at_most(self.left(Budget::Tokens), pin.tokens);
        let cost = at_most(self.left(Budget::Cost), pin.cost.map(|cost| cost.0));
        let allowance = Allowance { tokens, cost: cost.map(NanoUsd), deadline: self.execution_deadline() };
        let root = own.parent.as_ref().map_or(Some(own.execution), Parent::top);
        // Purpose, session, environment, trigger and context are the family's; labels and the turns of the conversation are the root's own.
        let start = Start {
            execution: child,
            flow: spec.agent.clone(),
            revision: pin.revision,
            digest: pin.digest,
            input,
            entry: None,
            script: None,
            parent: Some(Parent { execution: own.execution, depth, root }),
            allowance: Some(allowance),
            origin: None,
            labels: std::collections::BTreeMap::new(),
            history: Vec::new(),
            guidance: super::guidance::Guidance::default(),
            refused: None,
            ..own.clone()
        };
        let start = Box::new(ChildStart { agent: spec.agent.clone(), start });
        let reserved = Reserved { tokens: tokens.unwrap_or(0), cost: NanoUsd(cost.unwrap_or(0)) };
        let deadline = self.step_deadline(place);
        self.emit(Event::ChildStarted { place: place.clone(), child, attempt, start, reserved, deadline });
        Ok(())
    }

    fn execution_deadline(&self) -> Option<crate::ids::TimeMs> {
        self.state.timers.iter().find(|(_, timer)| *timer == super::state::Timer::Execution).map(|(due, _)| *due)
    }

    pub(super) fn child_refused(&mut self, child: ExecutionId, code: &str, message: &str) {
        let ended = Ended {
            status: Status::Failed,
            output: Value::Null,
            error: Some(CallError::new(code, message)),
            tokens: 0,
            cost: NanoUsd(0),
            used: Used::default(),
        };
        self.child_ended(child, ended);
    }

    pub(super) fn child_ended(&mut self, child: ExecutionId, ended: Ended) {
        let Some(run) = self.state.children.get(&child) else { return };
        let place = run.place.clone();
        self.emit(Event::ChildEnded { child, ended: ended.clone() });
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        if self.is_place_stopping(&place) {
            if place.part == Part::Own {
                if let Some(Stopping::Fail(_)) = self.stopping_error(place.frame, Node::Step(ix)) {
                    return self.stopped(place.frame, Node::Step(ix));
                }
                let fate = if ended.status == Status::Completed { Fate::Happened } else { Fate::Aborted };
                let output = (fate == Fate::Happened).then(|| std::sync::Arc::new(ended.output));
                return self.settle_cancelled(place.frame, ix, fate, output);
            }
            return self.look_at_agent(place.frame, ix);
        }
        let error = match ended.status {
            Status::Completed => None,
            Status::Cancelled => Some(CallError::new("child_cancelled", format!("execution {child} was cancelled"))),
            Status::Failed | Status::TimedOut | Status::Rejected | Status::Running | Status::WaitingPerson | Status::WaitingAsync => {
                Some(ended.error.unwrap_or_else(|| CallError::new("child_failed", format!("execution {child} failed"))))
            }
        };
        match (error, place.part) {
            (None, Part::Own) => self.finish_step(place.frame, ix, "ok", ended.output, None),
            (Some(error), Part::Own) => self.fail_or_retry_step(place.frame, ix, error),
            (None, _) => self.observe(&place, &ended.output),
            (Some(error), _) => self.observe_failure(&place, &error),
        }
    }
}
