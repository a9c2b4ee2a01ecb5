//! One step: entering it by its kind, ending it, failing it or trying it again.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::call::CallError;
use super::decide::Deciding;
use super::event::{Ending, Event, Part, Place, Stop, Work};
use super::names::Scoped;
use super::size;
use super::state::{FrameKind, NodeState, Running};
use super::{render, route};
use crate::flow::names::Names;
use crate::flow::plan::{Kind, MapStep, Mapping, Node, Step, StepIx, Wait};
use crate::ids::{FrameId, TimeMs};
use crate::limits;

impl<'a> Deciding<'a> {
    pub(super) fn spec(&self, frame: FrameId, ix: StepIx) -> &'a Step {
        self.scope(frame).step(ix)
    }

    pub(super) fn names(&self, frame: FrameId) -> Scoped<'_> {
        Scoped::new(self.state, self.plan, frame)
    }

    pub(super) fn own_place(&self, frame: FrameId, ix: StepIx) -> Place {
        Place { frame, step: self.spec(frame, ix).id.clone(), part: Part::Own }
    }

    /// A ready step begins. An `end` is never given: it has to end the frame again.
    pub(super) fn enter_step(&mut self, frame: FrameId, ix: StepIx) {
        let is_end = matches!(self.spec(frame, ix).kind, Kind::End { .. });
        if let Some(given) = self.given(frame, ix).filter(|_| !is_end) {
            let (port, output) = (given.port.clone(), Arc::new(given.output.clone()));
            return self.end_done(frame, ix, &port, output, None, true);
        }
        if !self.may_spend_step(frame, ix) {
            return;
        }
        let step = self.spec(frame, ix);
        match &step.kind {
            Kind::Llm(_) | Kind::Call(_) => self.enter_call(frame, ix),
            Kind::Agent(_) => self.enter_agent(frame, ix, 1),
            Kind::Approval(approval) => self.ask_approval(frame, ix, approval),
            Kind::Ask(ask) => self.ask_input(frame, ix, ask),
            Kind::Map(map) => self.enter_map(frame, ix, map, 1),
            Kind::Child(_) => self.enter_child(frame, ix, 1),
            Kind::Wait(wait) => self.enter_wait(frame, ix, wait),
            Kind::Event(_) => self.enter_event(frame, ix),
            Kind::Set(fields) => match self.mapped(frame, fields) {
                Ok(value) => self.finish_step(frame, ix, "ok", value, None),
                Err(error) => self.fail_step(frame, ix, error, None),
            },
            Kind::Fail { code, message } => {
                let text = message.as_ref().map(|message| message.render(&self.names(frame))).transpose();
                let error = match text {
                    Ok(text) => CallError::new(code, text.unwrap_or_default()),
                    Err(error) => CallError::new("template", error.to_string()),
                };
                self.fail_step(frame, ix, error, None);
            }
            Kind::End { output } => self.enter_end(frame, ix, output.as_ref()),
        }
    }

    fn enter_map(&mut self, frame: FrameId, ix: StepIx, map: &MapStep, attempt: u32) {
        let items = match map.over.eval(&self.names(frame)) {
            Ok(Value::Array(items)) if items.len() <= limits::MAP_ITEMS_MAX => items,
            Ok(Value::Array(items)) => {
                let message = format!("{} items; at most {} are allowed", items.len(), limits::MAP_ITEMS_MAX);
                return self.fail_step(frame, ix, CallError::new("map_too_large", message), None);
            }
            Ok(_) => {
                let message = format!("`{}` is no list", map.over.source());
                return self.fail_step(frame, ix, CallError::new("expression", message), None);
            }
            Err(error) => return self.fail_step(frame, ix, CallError::new("expression", error.to_string()), None),
        };
        self.emit_entered(frame, ix, attempt, Work::Map { items: Arc::new(items) });
    }

    pub(super) fn emit_entered(&mut self, frame: FrameId, ix: StepIx, attempt: u32, work: Work) {
        let step = self.spec(frame, ix);
        let deadline = self.step_deadline(&self.own_place(frame, ix));
        self.emit(Event::Entered { frame, step: step.id.clone(), attempt, work, deadline });
    }

    /// When the `timeout` of the step that begins now is over; a single call has its own.
    pub(super) fn step_deadline(&self, place: &Place) -> Option<TimeMs> {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let timeout_ms = self.spec(place.frame, ix).timeout_ms.filter(|_| place.part == Part::Own);
        timeout_ms.map(|timeout_ms| self.now.plus(timeout_ms))
    }

    fn enter_wait(&mut self, frame: FrameId, ix: StepIx, wait: &Wait) {
        let due = match wait {
            Wait::ForMs(for_ms) => Ok(self.now.plus(*for_ms)),
            Wait::Until(expr) => expr.eval(&self.names(frame)).map_err(|error| error.to_string()).and_then(|value| instant(&value)),
        };
        match due {
            Ok(due) => self.emit_entered(frame, ix, 1, Work::Wait { due }),
            Err(message) => self.fail_step(frame, ix, CallError::new("expression", message), None),
        }
    }

    fn enter_end(&mut self, frame: FrameId, ix: StepIx, output: Option<&Mapping>) {
        let value = match output.map(|mapping| self.mapping(frame, mapping)).transpose() {
            Ok(value) => value,
            Err(error) => return self.fail_step(frame, ix, error, None),
        };
        let shown = value.clone().unwrap_or_default();
        self.finish_step(frame, ix, "ok", shown, None);
        // The frame that `end` ends: the map item, or the execution. (`end` is never inside a loop.)
        let ends = self.state.frame(frame).map(|at| (at.kind, at.stop.is_some()));
        if let Some((FrameKind::Root | FrameKind::Item { .. }, false)) = ends {
            self.stop_frame(frame, Stop::Ended { output: value });
        }
    }

    pub(super) fn mapping(&self, frame: FrameId, mapping: &Mapping) -> Result<Value, CallError> {
        match mapping {
            Mapping::Value(value) => Ok((**value).clone()),
            Mapping::Expr(expr) => expr.eval(&self.names(frame)).map_err(|error| CallError::new("expression", error.to_string())),
        }
    }

    pub(super) fn mapped(&self, frame: FrameId, fields: &[(String, Mapping)]) -> Result<Value, CallError> {
        let mut object = Map::new();
        for (name, mapping) in fields {
            object.insert(name.clone(), self.mapping(frame, mapping)?);
        }
        Ok(Value::Object(object))
    }

    /// The step did its work: its port's edges are judged, or it fails for want of a way on.
    pub(super) fn finish_step(&mut self, frame: FrameId, ix: StepIx, port: &str, output: Value, errors: Option<Arc<Value>>) {
        if let Some(bytes) = too_large(&output) {
            let message = format!("the output has {bytes} bytes; a step may give at most {}", limits::PAYLOAD_BYTES_MAX);
            return self.fail_step(frame, ix, CallError::new("payload_too_large", message), None);
        }
        self.end_done(frame, ix, port, Arc::new(output), errors, false);
    }

    fn end_done(&mut self, frame: FrameId, ix: StepIx, port: &str, output: Arc<Value>, errors: Option<Arc<Value>>, given: bool) {
        let scope = self.scope(frame);
        let step = scope.step(ix);
        let names = self.names(frame).with_result(step.id.as_str(), Some(Arc::clone(&output)), None);
        match route::route(scope, step, port, &names) {
            Ok(taken) => {
                let undo = match self.render_undo(frame, ix, &output) {
                    Ok(undo) => undo,
                    Err(error) => return self.fail_step(frame, ix, error, Some(output)),
                };
                let ending = Ending::Done { port: port.to_owned(), output, errors, given };
                self.emit(Event::StepEnded { frame, step: step.id.clone(), ending, taken, undo });
            }
            Err(error) => self.fail_step(frame, ix, error, Some(output)),
        }
    }

    /// The step failed for good: its live error edges catch it, or its frame fails.
    pub(super) fn fail_step(&mut self, frame: FrameId, ix: StepIx, error: CallError, output: Option<Arc<Value>>) {
        let scope = self.scope(frame);
        let step = scope.step(ix);
        let view = serde_json::to_value(&error).unwrap_or_default();
        let names = self.names(frame).with_result(step.id.as_str(), output.clone(), Some(view));
        let edges: Vec<_> = step.outgoing.iter().copied().filter(|edge| scope.edge(*edge).port == "error").collect();
        let taken = route::choose(scope, &edges, step.select, &names);
        // What was done stays done, and can be taken back, although the step failed afterwards.
        let undo = output.as_ref().and_then(|output| self.render_undo(frame, ix, output).ok().flatten());
        let (taken, further) = match taken {
            Ok(taken) => (taken, None),
            Err(broken) => (Vec::new(), Some(broken)),
        };
        let is_caught = !taken.is_empty();
        self.emit(Event::StepEnded { frame, step: step.id.clone(), ending: Ending::Failed { error: error.clone(), output }, taken, undo });
        if !is_caught {
            let cause = further.unwrap_or(error);
            self.fail_frame(frame, cause);
        }
    }

    /// A step that is not a single call failed: another attempt as a whole, or for good.
    pub(super) fn fail_or_retry_step(&mut self, frame: FrameId, ix: StepIx, error: CallError) {
        let step = self.spec(frame, ix);
        let attempt = self.state.run(frame, Node::Step(ix)).map_or(1, |run| run.attempt);
        if attempt >= step.retry.attempts {
            return self.fail_step(frame, ix, error, None);
        }
        let due = self.now.plus(self.backoff_ms(step.retry.backoff, attempt));
        let place = self.own_place(frame, ix);
        self.emit(Event::RetryAt { place, due, error });
    }

    /// The pause before the next attempt at a step that is not a single call is over.
    pub(super) fn reenter(&mut self, frame: FrameId, ix: StepIx) {
        let attempt = self.state.run(frame, Node::Step(ix)).map_or(1, |run| run.attempt);
        match &self.spec(frame, ix).kind {
            Kind::Agent(_) => self.enter_agent(frame, ix, attempt),
            Kind::Map(map) => self.enter_map(frame, ix, map, attempt),
            Kind::Child(_) => self.enter_child(frame, ix, attempt),
            Kind::Wait(_) => self.finish_step(frame, ix, "ok", Value::Null, None),
            Kind::Llm(_)
            | Kind::Call(_)
            | Kind::Approval(_)
            | Kind::Ask(_)
            | Kind::Event(_)
            | Kind::Set(_)
            | Kind::Fail { .. }
            | Kind::End { .. } => {}
        }
    }

    /// The call that takes this step back, with what is known now.
    pub(super) fn render_undo(&self, frame: FrameId, ix: StepIx, output: &Arc<Value>) -> Result<Option<Arc<super::call::Call>>, CallError> {
        let step = self.spec(frame, ix);
        let Some(template) = &step.compensate else { return Ok(None) };
        let names = self.names(frame).with_result(step.id.as_str(), Some(Arc::clone(output)), None);
        let place = Place { part: Part::Undo, ..self.own_place(frame, ix) };
        let request = render::call(template, &names).map_err(|error| CallError::new("template", format!("compensate: {error}")))?;
        let effect = crate::flow::spec::EffectClass::Idempotent;
        Ok(Some(Arc::new(self.complete(&place, request, effect, step.timeout_ms))))
    }

    /// A running step whose parts have moved.
    pub(super) fn look_at_run(&mut self, frame: FrameId, node: Node) {
        let Some(at) = self.state.frame(frame) else { return };
        let Some(NodeState::Running(run)) = at.nodes.get(&node) else { return };
        let Node::Step(ix) = node else { return };
        match &run.work {
            Running::Map(_) => self.look_at_map(frame, ix),
            Running::Agent(_) => self.look_at_agent(frame, ix),
            Running::Listen => self.look_at_listen(frame, ix),
            Running::Call(_)
            | Running::Question(_)
            | Running::Child(_)
            | Running::Wait { .. }
            | Running::Loop { .. }
            | Running::Resting { .. } => {}
        }
    }

    /// The result that another execution already has for this step, where this one continues from there.
    fn given(&self, frame: FrameId, ix: StepIx) -> Option<&super::input::Given> {
        let origin = self.state.start()?.origin.as_ref()?;
        let name = self.state.visit_name(&self.own_place(frame, ix));
        origin.given.iter().find(|given| given.visit == name)
    }
}

/// An instant as CEL and people write it: RFC 3339, or milliseconds since 1970.
fn instant(value: &Value) -> Result<TimeMs, String> {
    let bad = || format!("{value} is no instant; write RFC 3339 (2026-01-31T08:00:00Z) or milliseconds since 1970");
    match value {
        Value::String(text) => {
            let at: jiff::Timestamp = text.parse().map_err(|_| bad())?;
            u64::try_from(at.as_millisecond()).map(TimeMs).map_err(|_| bad())
        }
        Value::Number(number) => number.as_u64().map(TimeMs).ok_or_else(bad),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => Err(bad()),
    }
}

/// The size of a value that is too large to journal.
pub(super) fn too_large(value: &Value) -> Option<usize> {
    Some(size(value)).filter(|bytes| *bytes > limits::PAYLOAD_BYTES_MAX)
}

/// For callers that only have names.
pub(super) fn eval_true(expr: &crate::flow::expr::Expr, names: &dyn Names) -> Result<bool, CallError> {
    expr.eval_bool(names).map_err(|error| CallError::new("expression", error.to_string()))
}
