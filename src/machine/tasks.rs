//! Calls with their attempts: rendering, starting, outcomes, retries, what a crash took, and calls in doubt.

use std::sync::Arc;

use serde_json::Value;

use super::call::{Answer, Call, CallError, Message, Outcome, Request};
use super::decide::Deciding;
use super::event::{Ending, Event, Fate, Part, Place, Role};
use super::guidance::Guidance;
use super::input::Start;
use super::render;
use super::state::{Flight, Task, TaskPhase};
use super::steps::eval_true;
use crate::flow::plan::{InDoubt, Kind, LlmTemplate, Retry, StepIx};
use crate::flow::schema::Schema;
use crate::flow::spec::{Backoff, EffectClass};
use crate::ids::{BootId, CallId, FrameId};
use crate::limits;

/// A compensation is tried at least this often.
const UNDO_ATTEMPTS_MIN: u32 = 3;

impl Deciding<'_> {
    /// An `llm`, `http`, `mcp` or `builtin` step begins.
    pub(super) fn enter_call(&mut self, frame: FrameId, ix: StepIx) {
        let place = self.own_place(frame, ix);
        let step = self.spec(frame, ix);
        let call = if step.gated_by.is_some() { self.released_call(frame, ix) } else { self.render_own(frame, ix) };
        match call {
            Ok(call) => self.first_call(&place, call),
            Err(error) => self.fail_step(frame, ix, error, None),
        }
    }

    /// Exactly what the approval released, or nothing.
    fn released_call(&self, frame: FrameId, ix: StepIx) -> Result<Arc<Call>, CallError> {
        let refused = || CallError::new("not_approved", "no unused approval of exactly this action exists");
        let released = self.state.frame(frame).and_then(|at| at.released.get(&ix)).ok_or_else(refused)?;
        let asked = Place { frame, step: released.asked_by.clone(), part: Part::Own };
        if self.action_digest(&asked, &released.call) != Some(released.digest) {
            return Err(refused());
        }
        Ok(Arc::clone(&released.call))
    }

    /// The step's own call, rendered from what is known now.
    pub(super) fn render_own(&self, frame: FrameId, ix: StepIx) -> Result<Arc<Call>, CallError> {
        let step = self.spec(frame, ix);
        let names = self.names(frame);
        let request = match &step.kind {
            Kind::Llm(llm) => Request::Llm(llm_request(llm, &names, self.state.start())?),
            Kind::Call(template) => render::call(template, &names).map_err(|error| CallError::new("template", error.to_string()))?,
            Kind::Agent(_)
            | Kind::Approval(_)
            | Kind::Ask(_)
            | Kind::Map(_)
            | Kind::Child(_)
            | Kind::Wait(_)
            | Kind::Event(_)
            | Kind::Set(_)
            | Kind::Fail { .. }
            | Kind::End { .. } => return Err(CallError::new("internal", "this kind of step makes no call of its own")),
        };
        let place = self.own_place(frame, ix);
        Ok(Arc::new(self.complete(&place, request, step.effect, step.timeout_ms)))
    }

    /// Adds what every call has: class, timeout, idempotency key, pinned tool definition, script.
    pub(super) fn complete(&self, place: &Place, mut request: Request, effect: EffectClass, timeout_ms: Option<u64>) -> Call {
        if let Request::Mcp(mcp) = &mut request {
            mcp.definition = self.tool_definition(&mcp.server, &mcp.tool).map(super::call::ToolDefinition::digest);
        }
        let idempotency_key = (effect != EffectClass::Read).then(|| self.idempotency_key(place));
        let script = self.script_for(place, &request, effect, 1);
        let timeout_ms = timeout_ms.unwrap_or(limits::CALL_TIMEOUT_DEFAULT_MS);
        Call { request, effect, timeout_ms, idempotency_key, script }
    }

    fn idempotency_key(&self, place: &Place) -> String {
        let start = self.state.start();
        let tenant = start.map_or("", |start| start.tenant.as_str());
        let execution = start.map(|start| start.execution.to_string()).unwrap_or_default();
        crate::ids::Digest::of(format!("{tenant}\n{execution}\n{}", self.state.visit_name(place)).as_bytes()).hex()
    }

    pub(super) fn tool_definition(&self, server: &str, tool: &str) -> Option<&super::call::ToolDefinition> {
        self.state.start()?.tools.get(server)?.iter().find(|definition| definition.name == tool)
    }

    /// The first attempt of a call, within the budgets.
    pub(super) fn first_call(&mut self, place: &Place, call: Arc<Call>) {
        let reserved = self.worst_case(&call.request);
        if let Some(breach) = self.breach(reserved) {
            return self.over_budget(place, breach);
        }
        self.start_call(place, Role::Act, 1, call);
    }

    /// One attempt; the call is owed from here on.
    pub(super) fn start_call(&mut self, place: &Place, role: Role, attempt: u32, call: Arc<Call>) {
        let call = match self.script_for(place, &call.request, call.effect, attempt) {
            Some(script) if role == Role::Act && call.script.as_ref() != Some(&script) => {
                Arc::new(Call { script: Some(script), ..(*call).clone() })
            }
            _ => call,
        };
        let reserved = self.worst_case(&call.request);
        let id = self.next_call();
        self.emit(Event::CallStarted { call: id, place: place.clone(), role, attempt, boot: self.boot, request: call, reserved });
    }

    /// What came back from an attempt.
    pub(super) fn outcome(&mut self, call: CallId, outcome: Outcome) {
        let Some(flight) = self.state.flights.get(&call).cloned() else {
            if call.0 < self.state.next_call {
                self.emit(Event::Late { call, outcome });
            }
            return;
        };
        self.emit(Event::CallEnded { call, outcome: outcome.clone() });
        self.after_call(&flight, outcome);
    }

    fn after_call(&mut self, flight: &Flight, outcome: Outcome) {
        let place = &flight.place;
        if self.is_place_stopping(place) {
            return self.outcome_while_stopping(flight, outcome);
        }
        if flight.role == Role::Check {
            return self.checked(place, outcome);
        }
        match outcome {
            Outcome::Done { answer, .. } => self.succeeded(place, answer),
            Outcome::Permanent { error } => self.failed(place, error),
            Outcome::Unknown { error } if flight.request.effect == EffectClass::Once => self.in_doubt(place, &error),
            Outcome::Retryable { error, retry_after_ms } => self.retry_or_fail(place, error, retry_after_ms),
            Outcome::Unknown { error } => self.retry_or_fail(place, error, None),
        }
    }

    fn retry_or_fail(&mut self, place: &Place, error: CallError, retry_after_ms: Option<u64>) {
        let retry = self.retry_of(place);
        let Some(failures) = self.state.task_mut(self.plan, place).map(|task| task.failures) else { return };
        if failures + 1 >= retry.attempts {
            return self.failed(place, error);
        }
        let pause_ms = retry_after_ms.unwrap_or(0).max(self.backoff_ms(retry.backoff, failures + 1));
        let due = self.now.plus(pause_ms);
        self.emit(Event::RetryAt { place: place.clone(), due, error });
    }

    /// Exponential from the first delay to the ceiling, the upper half of it by chance.
    pub(super) fn backoff_ms(&mut self, backoff: Backoff, failures: u32) -> u64 {
        let doubled = backoff.min.ms.saturating_mul(1_u64 << failures.saturating_sub(1).min(32));
        let ceiling = doubled.min(backoff.max.ms);
        let half = ceiling / 2;
        half + if ceiling > half { self.entropy() % (ceiling - half + 1) } else { 0 }
    }

    /// The pause before an attempt is over.
    pub(super) fn retry_due(&mut self, place: &Place) {
        let Some(task) = self.state.task_mut(self.plan, place) else { return };
        let (attempt, call) = (task.attempt + 1, Arc::clone(&task.request));
        if let Some(breach) = self.breach(self.worst_case(&call.request)) {
            return self.failed(place, breach.error());
        }
        self.start_call(place, Role::Act, attempt, call);
    }

    /// The process that performed the attempt is gone.
    pub(super) fn lost(&mut self, call: CallId) {
        let Some(flight) = self.state.flights.get(&call).cloned() else { return };
        self.emit(Event::CallLost { call });
        let place = &flight.place;
        // What began under a process that only records was never sent.
        let never_made = flight.boot == BootId::HOLDING;
        let effect = if never_made { EffectClass::Read } else { flight.request.effect };
        let error = CallError::new("lost", "the process was gone before the call had an outcome");
        if self.is_place_stopping(place) {
            let outcome = if effect == EffectClass::Once { Outcome::Unknown { error } } else { Outcome::Permanent { error } };
            return self.outcome_while_stopping(&flight, outcome);
        }
        if flight.role == Role::Check {
            if flight.attempt > limits::LOST_ATTEMPTS_MAX {
                return self.ask_in_doubt(place, &error);
            }
            return self.start_call(place, Role::Check, flight.attempt + 1, flight.request);
        }
        if effect == EffectClass::Once {
            return self.in_doubt(place, &error);
        }
        let lost = self.state.task_mut(self.plan, place).map_or(0, |task| task.lost);
        if lost >= limits::LOST_ATTEMPTS_MAX {
            return self.failed(place, error);
        }
        // What was lost has been charged; another attempt must still be affordable.
        if let Some(breach) = self.breach(self.worst_case(&flight.request.request)) {
            return self.failed(place, breach.error());
        }
        self.start_call(place, Role::Act, flight.attempt + 1, flight.request);
    }

    /// A `once` call may have happened: never repeated blindly.
    fn in_doubt(&mut self, place: &Place, error: &CallError) {
        match self.in_doubt_policy(place) {
            InDoubt::Fail => {
                let message = format!("the call may have happened, and the flow gives up then: {}", error.message);
                self.failed(place, CallError::new("in_doubt", message));
            }
            InDoubt::Ask => self.ask_in_doubt(place, error),
            InDoubt::Check { call, .. } => {
                let frame = place.frame;
                let rendered = render::call(&call, &self.names(frame));
                match rendered {
                    Ok(request) => {
                        let check = Arc::new(self.complete(place, request, EffectClass::Read, None));
                        self.start_call(place, Role::Check, 1, check);
                    }
                    Err(_) => self.ask_in_doubt(place, error),
                }
            }
        }
    }

    /// The check call of a call in doubt has answered.
    fn checked(&mut self, place: &Place, outcome: Outcome) {
        let InDoubt::Check { done_when, .. } = self.in_doubt_policy(place) else { return };
        let unclear = |error: CallError| CallError::new("in_doubt", format!("the check could not tell: {}", error.message));
        let output = match outcome {
            Outcome::Done { answer, .. } => answer_value(answer),
            Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => {
                return self.ask_in_doubt(place, &unclear(error));
            }
        };
        let names = self.names(place.frame).with("output", output.clone());
        match eval_true(&done_when, &names) {
            Ok(true) => self.succeeded(place, Answer::Value(output)),
            Ok(false) => self.again(place),
            Err(error) => self.ask_in_doubt(place, &unclear(error)),
        }
    }

    /// It did not happen: the next attempt, with the same bytes.
    pub(super) fn again(&mut self, place: &Place) {
        let Some(task) = self.state.task_mut(self.plan, place) else { return };
        let (attempt, call) = (task.attempt + 1, Arc::clone(&task.request));
        self.start_call(place, Role::Act, attempt, call);
    }

    /// The call did what it should.
    pub(super) fn succeeded(&mut self, place: &Place, answer: Answer) {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        match place.part {
            Part::Own => {
                let schema = if let Kind::Llm(llm) = &self.spec(place.frame, ix).kind { llm.output.as_ref() } else { None };
                match self.checked_answer(place, answer, schema) {
                    Ok(Some(output)) if matches!(self.spec(place.frame, ix).kind, Kind::Llm(_)) => self.answered(place.frame, ix, output),
                    Ok(Some(output)) => self.finish_step(place.frame, ix, "ok", output, None),
                    Ok(None) => {}
                    Err(error) => self.fail_step(place.frame, ix, error, None),
                }
            }
            Part::Model { iteration } => self.model_answered(place, ix, iteration, answer),
            Part::Tool { .. } => self.observe(place, &answer_value(answer)),
            Part::Check { .. } | Part::Gate { .. } => self.validator_answered(place, answer),
            Part::Explain { .. } => self.give_up(place, super::validate::text_of(&answer_value(answer))),
            Part::Undo => self.undone(place, None),
        }
    }

    /// The call failed for good.
    pub(super) fn failed(&mut self, place: &Place, error: CallError) {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        match place.part {
            Part::Own => self.fail_step(place.frame, ix, error, None),
            Part::Model { .. } => self.fail_agent(place.frame, ix, error),
            Part::Tool { .. } => self.observe_failure(place, &error),
            Part::Check { .. } | Part::Gate { .. } => self.validator_failed(place, &error),
            Part::Explain { .. } => self.give_up(place, String::new()),
            Part::Undo => self.undone(place, Some(error)),
        }
    }

    /// The model's answer as the schema wants it; none while one repair turn is under way.
    pub(super) fn checked_answer(&mut self, place: &Place, answer: Answer, schema: Option<&Schema>) -> Result<Option<Value>, CallError> {
        let Some(schema) = schema else { return Ok(Some(answer_value(answer))) };
        let (text, value) = match answer {
            Answer::Value(value) => (value.to_string(), Some(value)),
            Answer::Model { text, .. } => {
                let value = serde_json::from_str::<Value>(unfenced(&text)).ok();
                (text, value)
            }
        };
        let wrong = match value {
            Some(mut value) => {
                schema.fill_defaults(&mut value);
                let mismatches = schema.mismatches(&value);
                if mismatches.is_empty() {
                    return Ok(Some(value));
                }
                mismatches.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
            }
            None => "it is not JSON".to_owned(),
        };
        let error = CallError {
            data: Some(Value::String(text.clone())),
            ..CallError::new("output_schema", format!("the answer does not fit the schema: {wrong}"))
        };
        let Some(task) = self.state.task_mut(self.plan, place) else { return Err(error) };
        if task.repaired {
            return Err(error);
        }
        let (attempt, mut call) = (task.attempt + 1, (*task.request).clone());
        if let Request::Llm(request) = &mut call.request {
            request.messages.push(Message::Assistant { text, calls: Vec::new() });
            let text = format!("That answer does not fit: {wrong}. Answer again with only the JSON that fits the schema.");
            request.messages.push(Message::User { text });
        }
        if let Some(breach) = self.breach(self.worst_case(&call.request)) {
            return Err(breach.error());
        }
        self.start_call(place, Role::Act, attempt, Arc::new(call));
        Ok(None)
    }

    pub(super) fn retry_of(&self, place: &Place) -> Retry {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let step = self.spec(place.frame, ix);
        match place.part {
            Part::Own | Part::Model { .. } | Part::Explain { .. } => step.retry,
            Part::Check { .. } | Part::Gate { .. } => self.validator_retry(place).unwrap_or(step.retry),
            Part::Tool { .. } => self.tool_of(place).map_or(step.retry, |tool| tool.retry),
            // A compensation is tried a few times whatever the step says, because giving it up leaves something behind.
            Part::Undo => {
                let retry = self.state.undo.last().map_or(step.retry, |undo| undo.retry);
                Retry { attempts: retry.attempts.max(UNDO_ATTEMPTS_MIN), backoff: retry.backoff }
            }
        }
    }

    fn in_doubt_policy(&self, place: &Place) -> InDoubt {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        match place.part {
            Part::Tool { .. } => self.tool_of(place).map_or(InDoubt::Ask, |tool| tool.in_doubt.clone()),
            Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } => InDoubt::Fail,
            Part::Own | Part::Model { .. } | Part::Undo => self.spec(place.frame, ix).in_doubt.clone(),
        }
    }

    /// An outcome for a step that is being cancelled decides its fate.
    fn outcome_while_stopping(&mut self, flight: &Flight, outcome: Outcome) {
        let place = &flight.place;
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        if let Part::Tool { .. } | Part::Model { .. } = place.part {
            return self.agent_part_stopped(place, ix, &outcome);
        }
        if flight.role == Role::Check {
            return self.checked_while_stopping(place, ix, outcome);
        }
        let (fate, output) = match outcome {
            Outcome::Done { answer, .. } => (Fate::Happened, Some(Arc::new(answer_value(answer)))),
            Outcome::Unknown { error } if flight.request.effect == EffectClass::Once => {
                if self.must_be_known(place) {
                    return self.ask_in_doubt(place, &error);
                }
                (Fate::InDoubt, None)
            }
            Outcome::Retryable { .. } | Outcome::Permanent { .. } | Outcome::Unknown { .. } => (Fate::Aborted, None),
        };
        self.settle_cancelled(place.frame, ix, fate, output);
    }

    /// The check was in flight when the step was cancelled; no other is started, so what it does not tell a person must.
    fn checked_while_stopping(&mut self, place: &Place, ix: StepIx, outcome: Outcome) {
        let unclear = CallError::new("in_doubt", "the check was broken off");
        let (InDoubt::Check { done_when, .. }, Outcome::Done { answer, .. }) = (self.in_doubt_policy(place), outcome) else {
            return self.ask_in_doubt(place, &unclear);
        };
        let output = answer_value(answer);
        match eval_true(&done_when, &self.names(place.frame).with("output", output.clone())) {
            Ok(true) => self.settle_cancelled(place.frame, ix, Fate::Happened, Some(Arc::new(output))),
            Ok(false) => self.settle_cancelled(place.frame, ix, Fate::Aborted, None),
            Err(error) => self.ask_in_doubt(place, &error),
        }
    }

    /// Whether a doubt must be settled although the step is cancelled: what can be taken back must first be known to have happened.
    pub(super) fn must_be_known(&self, place: &Place) -> bool {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        place.part == Part::Own && self.spec(place.frame, ix).compensate.is_some() && !matches!(self.in_doubt_policy(place), InDoubt::Fail)
    }

    pub(super) fn settle_cancelled(&mut self, frame: FrameId, ix: StepIx, fate: Fate, output: Option<Arc<Value>>) {
        let undo = output.and_then(|output| self.render_undo(frame, ix, &output).ok().flatten());
        let step = self.spec(frame, ix).id.clone();
        self.emit(Event::StepEnded { frame, step, ending: Ending::Cancelled { fate }, taken: Vec::new(), undo });
    }

    /// Whether the step of this place is being cancelled, or the frame around it is.
    pub(super) fn is_place_stopping(&self, place: &Place) -> bool {
        // The gate has ended by then: what stops the root has dropped its call.
        if matches!(place.part, Part::Undo | Part::Gate { .. }) {
            return false;
        }
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let frame_stops = self.state.frame(place.frame).is_none_or(|frame| frame.stop.is_some());
        frame_stops || self.is_stopping(place.frame, crate::flow::plan::Node::Step(ix))
    }
}

/// The call of an `llm` step, rendered; the earlier turns of the session stand before its prompt.
fn llm_request(
    llm: &LlmTemplate,
    names: &dyn crate::flow::names::Names,
    start: Option<&Start>,
) -> Result<super::call::LlmRequest, CallError> {
    let text =
        |template: &crate::flow::template::Template| template.render(names).map_err(|error| CallError::new("template", error.to_string()));
    let nothing = Guidance::default();
    let guidance = start.map_or(&nothing, |start| &start.guidance);
    let mut messages = Vec::from_iter(guidance.instructions(llm.system.as_ref().map(text).transpose()?));
    messages.extend(start.into_iter().flat_map(Start::turns));
    messages.push(Message::User { text: text(&llm.prompt)? });
    Ok(super::call::LlmRequest {
        model: guidance.model(llm),
        messages,
        tools: Vec::new(),
        output: llm.output.as_ref().map(|schema| schema.source().clone()),
        temperature: guidance.temperature(llm),
        max_tokens: guidance.max_tokens(llm),
    })
}

pub(super) fn answer_value(answer: Answer) -> Value {
    match answer {
        Answer::Value(value) => value,
        Answer::Model { text, .. } => Value::String(text),
    }
}

/// The text inside a Markdown fence, where a model put one around its JSON.
pub(super) fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let Some(inner) = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```")) else { return text };
    inner.split_once('\n').map_or(inner, |(_, body)| body).trim()
}

/// The flight of a task, where it is in flight.
pub(super) fn flying(task: &Task) -> Option<CallId> {
    if let TaskPhase::Flying(call) = task.phase { Some(call) } else { None }
}
