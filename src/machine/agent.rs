//! The ReAct loop of an `agent` step: a model call, its tool calls side by side, their observations, the next model call. Every call is a
//! child step of its own with its own retry, timeout, effect class, gate and in-doubt state.

use std::sync::Arc;

use serde_json::Value;

use super::call::{Answer, CallError, LlmRequest, McpRequest, Outcome, Request, ToolDefinition, ToolUse};
use super::decide::Deciding;
use super::event::{Event, Fate, Part, Place, Work};
use super::guidance::Guidance;
use super::render;
use super::state::{Slot, SlotState, Stopping, TaskPhase};
use super::steps::eval_true;
use crate::flow::plan::{Agent, Kind, Node, StepIx, Tool, ToolCall};
use crate::flow::spec::EffectClass;
use crate::ids::FrameId;
use crate::limits;

impl<'a> Deciding<'a> {
    fn agent_spec(&self, frame: FrameId, ix: StepIx) -> Option<&'a Agent> {
        if let Kind::Agent(agent) = &self.spec(frame, ix).kind { Some(agent) } else { None }
    }

    pub(super) fn enter_agent(&mut self, frame: FrameId, ix: StepIx, attempt: u32) {
        let Some(agent) = self.agent_spec(frame, ix) else { return };
        let names = self.names(frame);
        let system = agent.llm.system.as_ref().map(|system| system.render(&names)).transpose();
        match (system, agent.llm.prompt.render(&names)) {
            (Ok(system), Ok(prompt)) => self.emit_entered(frame, ix, attempt, Work::Agent { system, prompt }),
            (Err(error), _) | (_, Err(error)) => self.fail_step(frame, ix, CallError::new("template", error.to_string()), None),
        }
    }

    /// The next thing an agent can do: begin waiting tool calls, or call the model.
    pub(super) fn look_at_agent(&mut self, frame: FrameId, ix: StepIx) {
        if self.is_stopping(frame, Node::Step(ix)) {
            return self.agent_drained(frame, ix);
        }
        if self.is_paused_for_budget() {
            return;
        }
        let Some(agent) = self.state.agent_run(frame, ix) else { return };
        if agent.model.is_some() {
            return;
        }
        let iteration = agent.iteration;
        if agent.slots.is_empty() {
            return self.call_model(frame, ix, iteration);
        }
        let waiting: Vec<_> = (0_u32..)
            .zip(&agent.slots)
            .filter(|(_, slot)| slot.state == SlotState::Waiting)
            .map(|(index, slot)| (index, slot.asked.clone()))
            .collect();
        for (index, asked) in waiting {
            let place = Place { part: Part::Tool { iteration, index }, ..self.own_place(frame, ix) };
            self.begin_tool(&place, asked);
            if self.is_place_stopping(&place) || self.state.run(frame, Node::Step(ix)).is_none() {
                return;
            }
        }
    }

    fn call_model(&mut self, frame: FrameId, ix: StepIx, iteration: u32) {
        let Some(spec) = self.agent_spec(frame, ix) else { return };
        if iteration > spec.max_iterations {
            let message = format!("no answer after {} iterations", spec.max_iterations);
            return self.fail_agent(frame, ix, CallError::new("max_iterations", message));
        }
        let Some(messages) = self.state.agent_run(frame, ix).map(|agent| agent.messages.clone()) else { return };
        let bytes = super::size(&messages);
        if bytes > limits::CONVERSATION_BYTES_MAX {
            let message =
                format!("the conversation has {bytes} bytes; an agent's model is told at most {}", limits::CONVERSATION_BYTES_MAX);
            return self.fail_agent(frame, ix, CallError::new("payload_too_large", message));
        }
        let nothing = Guidance::default();
        let guidance = self.state.start().map_or(&nothing, |start| &start.guidance);
        let request = LlmRequest {
            model: guidance.model(&spec.llm),
            messages,
            tools: self.tool_definitions(spec),
            output: spec.llm.output.as_ref().map(|schema| schema.source().clone()),
            temperature: guidance.temperature(&spec.llm),
            max_tokens: guidance.max_tokens(&spec.llm),
        };
        let place = Place { part: Part::Model { iteration }, ..self.own_place(frame, ix) };
        let call = self.complete(&place, Request::Llm(request), EffectClass::Read, None);
        self.first_call(&place, Arc::new(call));
    }

    /// The caller wants models to work without tools.
    fn has_no_tools(&self) -> bool {
        self.state.start().is_some_and(|start| start.guidance.no_tools)
    }

    /// The agent's tools as the model sees them; those of MCP servers as they were pinned at the start.
    fn tool_definitions(&self, agent: &Agent) -> Vec<ToolDefinition> {
        if self.has_no_tools() {
            return Vec::new();
        }
        let mut definitions = Vec::new();
        for tool in &agent.tools {
            if let ToolCall::Mcp { server, allow } = &tool.call {
                let pinned = self.state.start().and_then(|start| start.tools.get(server)).into_iter().flatten();
                let allowed = pinned.filter(|definition| allow.as_ref().is_none_or(|allow| allow.contains(&definition.name)));
                definitions.extend(allowed.cloned());
            } else {
                let args = tool.args.as_ref().map_or_else(|| serde_json::json!({"type": "object"}), |schema| schema.source().clone());
                definitions.push(ToolDefinition { name: tool.name.clone(), description: tool.description.clone(), args });
            }
        }
        definitions.extend(self.caller_tools(agent).iter().cloned());
        definitions
    }

    /// The tools that whoever started the execution answers, where the step hands them through.
    fn caller_tools(&self, agent: &Agent) -> &[ToolDefinition] {
        let start = self.state.start().filter(|_| agent.caller_tools);
        start.map_or(&[], |start| start.guidance.tools.as_slice())
    }

    /// The model answered: with calls, another iteration; without, the agent's output.
    pub(super) fn model_answered(&mut self, place: &Place, ix: StepIx, iteration: u32, answer: Answer) {
        let frame = place.frame;
        if let Answer::Model { text, calls } = &answer
            && !calls.is_empty()
        {
            if calls.len() > limits::AGENT_CALLS_MAX {
                let message =
                    format!("the model asked for {} tool calls at once; at most {} are allowed", calls.len(), limits::AGENT_CALLS_MAX);
                return self.fail_agent(frame, ix, CallError::new("too_many_calls", message));
            }
            let (thought, calls, step) = (text.clone(), calls.clone(), place.step.clone());
            return self.emit(Event::Iterated { frame, step, iteration, thought, calls });
        }
        let schema = self.agent_spec(frame, ix).and_then(|spec| spec.llm.output.clone());
        match self.checked_answer(place, answer, schema.as_ref()) {
            Ok(Some(output)) => self.answered(frame, ix, output),
            Ok(None) => {}
            Err(error) => self.fail_agent(frame, ix, error),
        }
    }

    /// The agent as a whole fails: what still runs in it is stopped first.
    pub(super) fn fail_agent(&mut self, frame: FrameId, ix: StepIx, error: CallError) {
        self.stop_run(frame, Node::Step(ix), Some(error));
    }

    /// The tool of a call, and the arguments' own tool name for an MCP server's.
    pub(super) fn tool_of(&self, place: &Place) -> Option<&'a Tool> {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let name = &self.state.slot(place)?.asked.name;
        self.tool_named(place.frame, ix, name)
    }

    fn tool_named(&self, frame: FrameId, ix: StepIx, name: &str) -> Option<&'a Tool> {
        if self.has_no_tools() {
            return None;
        }
        self.agent_spec(frame, ix)?.tools.iter().find(|tool| match &tool.call {
            ToolCall::Mcp { server, allow } => {
                allow.as_ref().is_none_or(|allow| allow.iter().any(|allowed| allowed == name))
                    && self.tool_definition(server, name).is_some()
            }
            ToolCall::Call(_) | ToolCall::Child(_) => tool.name == name,
        })
    }

    fn begin_tool(&mut self, place: &Place, asked: ToolUse) {
        let ix = self.state.step_ix(self.plan, place.frame, &place.step);
        let Some(tool) = self.tool_named(place.frame, ix, &asked.name) else {
            let is_callers = |agent| self.caller_tools(agent).iter().any(|tool| tool.name == asked.name);
            if self.agent_spec(place.frame, ix).is_some_and(is_callers) {
                return self.ask_caller(place, &asked);
            }
            let message = format!("there is no tool `{}`", asked.name);
            return self.observe_failure(place, &CallError::new("no_such_tool", message));
        };
        let mut args = asked.args;
        if let Some(schema) = &tool.args {
            schema.fill_defaults(&mut args);
            let wrong: Vec<_> = schema.mismatches(&args).iter().map(ToString::to_string).collect();
            if !wrong.is_empty() {
                return self.observe_failure(place, &CallError::new("tool_args", wrong.join("; ")));
            }
        }
        let request = match &tool.call {
            ToolCall::Call(template) => {
                let names = self.names(place.frame).with("args", args.clone());
                render::call(template, &names).map_err(|error| CallError::new("template", error.to_string()))
            }
            ToolCall::Mcp { server, .. } => {
                Ok(Request::Mcp(McpRequest { server: server.clone(), tool: asked.name.clone(), args: args.clone(), definition: None }))
            }
            // A gate shows a child's start as a call to it; what is started is the child.
            ToolCall::Child(child) => Ok(Request::Builtin { name: format!("flow:{}", child.agent), args: args.clone() }),
        };
        let request = match request {
            Ok(request) => request,
            Err(error) => return self.observe_failure(place, &error),
        };
        let call = Arc::new(self.complete(place, request, tool.effect, tool.timeout_ms));
        if let Some(gate) = &tool.approval {
            let names = self.names(place.frame).with("args", args);
            match gate.when.as_ref().map_or(Ok(true), |when| eval_true(when, &names)) {
                Ok(false) => {}
                // A gate that cannot be judged is closed.
                Ok(true) | Err(_) => return self.ask_tool_approval(place, gate, call),
            }
        }
        self.run_tool(place, call);
    }

    /// The tool call goes ahead: ungated, or exactly as approved.
    pub(super) fn run_tool(&mut self, place: &Place, call: Arc<super::call::Call>) {
        if let (Some(ToolCall::Child(child)), Request::Builtin { args, .. }) = (self.tool_of(place).map(|tool| &tool.call), &call.request) {
            return self.start_tool_child(place, child, args.clone());
        }
        self.start_call(place, super::event::Role::Act, 1, call);
    }

    pub(super) fn observe(&mut self, place: &Place, value: &Value) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        self.emit(Event::Observed { place: place.clone(), text, failed: false });
    }

    /// Failures and rejections are observations: the model may try something else.
    pub(super) fn observe_failure(&mut self, place: &Place, error: &CallError) {
        let mut text = format!("error {}: {}", error.code, error.message);
        if let Some(data) = &error.data {
            text = format!("{text}\n{data}");
        }
        self.emit(Event::Observed { place: place.clone(), text, failed: true });
    }

    /// A call of an agent that is being stopped has its outcome.
    pub(super) fn agent_part_stopped(&mut self, place: &Place, ix: StepIx, outcome: &Outcome) {
        match outcome {
            Outcome::Done { answer: Answer::Value(value), .. } => self.observe(place, value),
            Outcome::Retryable { error, .. } | Outcome::Permanent { error } => self.observe_failure(place, error),
            // A model's turn that nobody acts on; and what may have happened, which the slot keeps.
            Outcome::Done { answer: Answer::Model { .. }, .. } | Outcome::Unknown { .. } => {}
        }
        self.agent_drained(place.frame, ix);
    }

    /// A stopping agent ends when none of its `once` calls and children is in flight.
    fn agent_drained(&mut self, frame: FrameId, ix: StepIx) {
        let place = self.own_place(frame, ix);
        let is_ours = |other: &Place| other.frame == frame && other.step == place.step && other.part != Part::Undo;
        let busy = self.state.flights.values().any(|flight| is_ours(&flight.place) && flight.request.effect == EffectClass::Once)
            || self.state.children.values().any(|child| is_ours(&child.place));
        if busy {
            return;
        }
        match self.stopping_error(frame, Node::Step(ix)) {
            Some(Stopping::Fail(error)) if self.state.frame(frame).is_some_and(|at| at.stop.is_none()) => {
                // Its tools have acted: only its calls are tried again, each by itself.
                self.fail_step(frame, ix, error, None);
            }
            Some(stopping) => {
                self.list_error(frame, stopping);
                let is_in_doubt = self.state.agent_run(frame, ix).is_some_and(|agent| agent.slots.iter().any(is_unresolved));
                self.settle_cancelled(frame, ix, if is_in_doubt { Fate::InDoubt } else { Fate::Aborted }, None);
            }
            None => {}
        }
    }

    /// Breaks off what an agent runs; called once, when it begins to stop.
    pub(super) fn stop_agent(&mut self, frame: FrameId, ix: StepIx) {
        let place = self.own_place(frame, ix);
        let calls: Vec<_> = self
            .state
            .flights
            .iter()
            .filter(|(_, flight)| flight.place.frame == frame && flight.place.step == place.step && flight.place.part != Part::Undo)
            .map(|(call, _)| *call)
            .collect();
        for call in calls {
            self.emit(Event::AbortAsked { call });
        }
        self.withdraw_questions(|other| other.frame == frame && other.step == place.step);
        let children: Vec<_> = self
            .state
            .children
            .iter()
            .filter(|(_, child)| child.place.frame == frame && child.place.step == place.step && child.cancelling.is_none())
            .map(|(id, _)| *id)
            .collect();
        for child in children {
            self.emit(Event::ChildCancelAsked { child, reason: "the agent that started it stops".to_owned() });
        }
        self.agent_drained(frame, ix);
    }
}

/// A `once` tool call of which nobody knows whether it happened.
fn is_unresolved(slot: &Slot) -> bool {
    let SlotState::Task(task) = &slot.state else { return false };
    task.request.effect == EffectClass::Once && !matches!(task.phase, TaskPhase::Resting { .. })
}
