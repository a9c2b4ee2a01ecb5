//! What a person reads, derived from the journal: attempts in journal order. Never a second truth: it is folded anew each time.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::{Answer, CallError, Outcome, Request, Usage, Used};
use super::decide::evolve;
use super::event::{CheckVerdict, Ending, Event, NodeName, Part, Place, Recorded, Role, Work};
use super::input::Start;
use super::pause::Held;
use super::render;
use super::state::{Hints, State};
use super::summary::Status;
use crate::flow::plan::{Kind, Plan, Scope};
use crate::ids::{CallId, ExecutionId, FrameId, QuestionId, StepId, TimeMs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub id: ExecutionId,
    pub status: Status,
    pub attempts: Vec<Attempt>,
    /// What the gate's validators said of the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// One attempt at a step, or at one call of an `agent` step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The enclosing frames, outermost first, joined by `/`; empty at the root.
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    /// The step's kind (`llm`, `agent`, `http`, `approval`, …); of an agent's calls `model` or `tool`; `check` and `undo`.
    pub kind: String,
    /// `running`, `waiting`, `completed`, `failed`, `cancelled`, `in_doubt`, `lost`, `dead`.
    pub status: String,
    pub input: Value,
    pub output: Value,
    pub error: Option<CallError>,
    pub started_at_ms: Option<TimeMs>,
    pub ended_at_ms: Option<TimeMs>,
    /// What this attempt itself used. An agent's own row has 0: its calls have theirs, so that all rows add up to the execution's.
    pub tokens: u64,
    pub cost_usd: f64,
    /// The parts of both.
    #[serde(default, skip_serializing_if = "Used::is_nothing")]
    pub usage: Used,
    #[serde(default, skip_serializing_if = "is_free")]
    pub input_cost_usd: f64,
    #[serde(default, skip_serializing_if = "is_free")]
    pub output_cost_usd: f64,
    /// Where a model was called: which.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// What validators said of the answer, in order. An agent's stand in its own row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<Check>,
}

/// What one validator said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Check {
    /// 1 for the first answer; each correction is one more.
    pub cycle: u32,
    pub validator: String,
    pub verdict: CheckVerdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
}

fn is_free(cost_usd: &f64) -> bool {
    *cost_usd == 0.0
}

/// Folds a journal into its trace; none where nothing has started.
#[must_use]
pub fn trace(plan: &Plan, events: &[Recorded]) -> Option<Trace> {
    let mut tracing = Tracing {
        plan,
        state: State::default(),
        attempts: Vec::new(),
        checks: Vec::new(),
        by_call: HashMap::new(),
        by_question: HashMap::new(),
        held: HashSet::new(),
        latest: HashMap::new(),
    };
    for recorded in events {
        tracing.read(recorded);
        evolve(&mut tracing.state, plan, recorded.at, &recorded.event);
        tracing.state.hints = Hints::default();
    }
    let id = tracing.state.start()?.execution;
    Some(Trace { id, status: tracing.state.status(), attempts: tracing.attempts, checks: tracing.checks })
}

struct Tracing<'p> {
    plan: &'p Plan,
    state: State,
    attempts: Vec<Attempt>,
    checks: Vec<Check>,
    by_call: HashMap<CallId, usize>,
    by_question: HashMap<QuestionId, usize>,
    /// Calls that ended during a pause: what the journal says of them afterwards is no news.
    held: HashSet<CallId>,
    /// The latest attempt of a place.
    latest: HashMap<Place, usize>,
}

impl Tracing<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive; here only what people read matters")]
    fn read(&mut self, recorded: &Recorded) {
        let at = recorded.at;
        match &recorded.event {
            Event::Entered { frame, step, attempt, work, .. } => {
                let place = own(*frame, step);
                let (status, input) = match work {
                    Work::Agent { system, prompt } => ("running", json!({"system": system, "prompt": prompt})),
                    Work::Map { items } => ("running", json!({"items": items})),
                    Work::Wait { due } => ("waiting", json!({"due_ms": due})),
                    Work::Listen => ("waiting", Value::Null),
                };
                self.begin(&place, *attempt, None, status, input, at);
            }
            Event::CallStarted { call, place, role, attempt, request, .. } => {
                let kind = (*role == Role::Check).then_some("check");
                let at = self.begin(place, *attempt, kind, "running", render::shown(request), at);
                if let Request::Llm(request) = &request.request {
                    self.attempts[at].model = Some(request.model.clone());
                }
                self.by_call.insert(*call, at);
            }
            Event::CallEnded { call, .. } if self.held.contains(call) => {}
            Event::CallEnded { call, outcome } => self.call_ended(*call, outcome, at),
            Event::Held { input: Held::Outcome { call, outcome } } => {
                self.held.insert(*call);
                self.call_ended(*call, outcome, at);
            }
            Event::CallLost { call } => self.end_call(*call, "lost", at),
            Event::Asked { place, question, .. } => self.asked(place, question, at),
            Event::Answered { question, decided } => {
                if let Some(attempt) = self.close_question(*question, "completed", at)
                    && attempt.output.is_null()
                {
                    attempt.output = json!(decided);
                }
            }
            Event::ChildStarted { place, child, attempt, start, .. } => {
                let input = json!({"agent": start.agent, "execution": child, "input": start.start.input});
                self.begin(place, *attempt, None, "running", input, at);
            }
            Event::Observed { place, text, failed } => self.observed(place, text, *failed, at),
            Event::Validated { .. } => self.validated(&recorded.event),
            Event::RetryAt { place, error, .. } => {
                if place.part == Part::Own {
                    self.break_off(place, at);
                }
                if let Some(attempt) = self.latest.get(place).and_then(|ix| self.attempts.get_mut(*ix)) {
                    "failed".clone_into(&mut attempt.status);
                    attempt.error = Some(error.clone());
                    attempt.ended_at_ms = Some(at);
                }
            }
            Event::StepEnded { frame, step, ending, .. } => self.step_ended(&own(*frame, step), ending, at),
            Event::Died { frame, nodes } => self.nodes(*frame, nodes, "dead", at),
            Event::Skipped { frame, nodes } => self.nodes(*frame, nodes, "cancelled", at),
            Event::Withdrawn { question } | Event::Expired { question } => {
                let status = if matches!(recorded.event, Event::Expired { .. }) { "failed" } else { "cancelled" };
                self.close_question(*question, status, at);
            }
            Event::UndoEnded { place, error } => {
                if let Some(attempt) = self.latest.get(place).and_then(|ix| self.attempts.get_mut(*ix)) {
                    attempt.error.clone_from(error);
                }
            }
            _ => {}
        }
    }

    /// A step's verdicts stand in the row of the attempt that gave the answer, those on the result in the trace itself.
    fn validated(&mut self, event: &Event) {
        let Event::Validated { place, cycle, validator, verdict, score, feedback, .. } = event else { return };
        let (cycle, validator, feedback) = (*cycle, validator.clone(), feedback.clone());
        let check = Check { cycle, validator, verdict: *verdict, score: *score, feedback };
        let own = self.latest.get(place).filter(|_| place.part == Part::Own);
        let checks = own.and_then(|ix| self.attempts.get_mut(*ix)).map_or(&mut self.checks, |attempt| &mut attempt.checks);
        checks.push(check);
    }

    fn observed(&mut self, place: &Place, text: &str, failed: bool, at: TimeMs) {
        let ix = match self.latest.get(place) {
            Some(ix) => *ix,
            None => self.begin(place, 1, None, "running", Value::Null, at),
        };
        let attempt = &mut self.attempts[ix];
        if attempt.output.is_null() && attempt.error.is_none() {
            attempt.output = Value::String(text.to_owned());
        }
        (if failed { "failed" } else { "completed" }).clone_into(&mut attempt.status);
        attempt.ended_at_ms = Some(at);
    }

    fn begin(&mut self, place: &Place, attempt: u32, kind: Option<&str>, status: &str, input: Value, at: TimeMs) -> usize {
        let (path, step, visit) = self.state.place_parts(place);
        let kind = kind.map_or_else(|| self.kind(place), str::to_owned);
        self.attempts.push(Attempt {
            path,
            step,
            visit,
            attempt,
            kind,
            status: status.to_owned(),
            input,
            output: Value::Null,
            error: None,
            started_at_ms: Some(at),
            ended_at_ms: None,
            tokens: 0,
            cost_usd: 0.0,
            usage: Used::default(),
            input_cost_usd: 0.0,
            output_cost_usd: 0.0,
            model: None,
            checks: Vec::new(),
        });
        let ix = self.attempts.len() - 1;
        self.latest.insert(place.clone(), ix);
        ix
    }

    fn kind(&self, place: &Place) -> String {
        match place.part {
            Part::Own => {
                let scope = self.state.scope_of(self.plan, place.frame);
                kind_name(&scope.step(self.state.step_ix(self.plan, place.frame, &place.step)).kind).to_owned()
            }
            Part::Model { .. } => "model".to_owned(),
            Part::Tool { .. } => "tool".to_owned(),
            Part::Check { .. } | Part::Gate { .. } => "validator".to_owned(),
            Part::Explain { .. } => "explanation".to_owned(),
            Part::Undo => "undo".to_owned(),
        }
    }

    fn asked(&mut self, place: &Place, question: &super::question::Question, at: TimeMs) {
        use super::question::QuestionKind;
        let input = json!({"question": question.id, "title": question.title, "show": question.show, "action": question.action.as_ref().map(|action| {
            json!({"step": action.step, "arguments": action.arguments, "call": render::shown(&action.call)})
        }), "digest": question.digest});
        let ix = match question.kind {
            QuestionKind::Approval | QuestionKind::Ask => self.begin(place, 1, None, "waiting", input, at),
            QuestionKind::ToolApproval => self.begin(place, 1, Some("approval"), "waiting", input, at),
            QuestionKind::InDoubt => {
                if let Some(attempt) = self.latest.get(place).and_then(|ix| self.attempts.get_mut(*ix)) {
                    "in_doubt".clone_into(&mut attempt.status);
                }
                return;
            }
            QuestionKind::Budget => return,
        };
        self.by_question.insert(question.id, ix);
    }

    fn close_question(&mut self, question: QuestionId, status: &str, at: TimeMs) -> Option<&mut Attempt> {
        let attempt = self.by_question.get(&question).and_then(|ix| self.attempts.get_mut(*ix))?;
        attempt.ended_at_ms = Some(at);
        status.clone_into(&mut attempt.status);
        Some(attempt)
    }

    fn end_call(&mut self, call: CallId, status: &str, at: TimeMs) {
        if let Some(attempt) = self.by_call.get(&call).and_then(|ix| self.attempts.get_mut(*ix)) {
            status.clone_into(&mut attempt.status);
            attempt.ended_at_ms = Some(at);
        }
    }

    fn call_ended(&mut self, call: CallId, outcome: &Outcome, at: TimeMs) {
        let status = match outcome {
            Outcome::Done { .. } => "completed",
            Outcome::Retryable { .. } | Outcome::Permanent { .. } => "failed",
            Outcome::Unknown { .. } => "in_doubt",
        };
        self.end_call(call, status, at);
        let Some(attempt) = self.by_call.get(&call).and_then(|ix| self.attempts.get_mut(*ix)) else { return };
        match outcome {
            Outcome::Done { answer, usage } => {
                let start = self.state.start();
                use_up(attempt, usage, start);
                attempt.output = match answer {
                    Answer::Value(value) => value.clone(),
                    Answer::Model { text, calls } if calls.is_empty() => Value::String(text.clone()),
                    Answer::Model { text, calls } => json!({"thought": text, "calls": calls}),
                };
            }
            Outcome::Retryable { error, .. } | Outcome::Permanent { error } | Outcome::Unknown { error } => {
                attempt.error = Some(error.clone());
            }
        }
    }

    /// What a step that is settled, or tried again, leaves unanswered is broken off.
    fn break_off(&mut self, place: &Place, at: TimeMs) {
        let inside = self
            .latest
            .iter()
            .filter(|(other, _)| other.frame == place.frame && other.step == place.step && !matches!(other.part, Part::Own | Part::Undo));
        for ix in inside.map(|(_, ix)| *ix).collect::<Vec<_>>() {
            let attempt = &mut self.attempts[ix];
            if attempt.ended_at_ms.is_none() {
                attempt.ended_at_ms = Some(at);
                "cancelled".clone_into(&mut attempt.status);
            }
        }
    }

    fn step_ended(&mut self, place: &Place, ending: &Ending, at: TimeMs) {
        self.break_off(place, at);
        let ix = match self.latest.get(place) {
            Some(ix) => *ix,
            None => self.begin(place, 1, None, "running", Value::Null, at),
        };
        let attempt = &mut self.attempts[ix];
        attempt.ended_at_ms = Some(attempt.ended_at_ms.unwrap_or(at));
        match ending {
            Ending::Done { output, .. } => {
                "completed".clone_into(&mut attempt.status);
                attempt.output = Value::clone(output);
            }
            Ending::Failed { error, output } => {
                "failed".clone_into(&mut attempt.status);
                attempt.error = Some(error.clone());
                if let Some(output) = output {
                    attempt.output = Value::clone(output);
                }
            }
            Ending::Cancelled { fate } => {
                let status = if *fate == super::event::Fate::InDoubt { "in_doubt" } else { "cancelled" };
                status.clone_into(&mut attempt.status);
            }
        }
    }

    fn nodes(&mut self, frame: FrameId, nodes: &[NodeName], status: &str, at: TimeMs) {
        for node in nodes {
            let steps: Vec<StepId> = match node {
                NodeName::Step(step) => vec![step.clone()],
                NodeName::Loop(header) => {
                    let scope: &Scope = self.state.scope_of(self.plan, frame);
                    let loop_ = self.state.loop_ix(self.plan, frame, header);
                    scope.loop_(loop_).steps.iter().map(|ix| scope.step(*ix).id.clone()).collect()
                }
            };
            for step in steps {
                let ix = self.begin(&own(frame, &step), 1, None, status, Value::Null, at);
                (self.attempts[ix].started_at_ms, self.attempts[ix].ended_at_ms) = (None, Some(at));
            }
        }
    }
}

/// Writes what a call used into its attempt.
fn use_up(attempt: &mut Attempt, usage: &Usage, start: Option<&Start>) {
    let price = attempt.model.as_ref().and_then(|model| start?.prices.get(model));
    let used = usage.split(price);
    attempt.tokens = usage.input_tokens + usage.output_tokens;
    attempt.cost_usd = usage.cost.usd();
    (attempt.input_cost_usd, attempt.output_cost_usd) = (used.input_cost.usd(), used.output_cost.usd());
    attempt.usage = used;
}

fn own(frame: FrameId, step: &StepId) -> Place {
    Place { frame, step: step.clone(), part: Part::Own }
}

/// The word of the flow format for a step's kind.
#[must_use]
pub fn kind_name(kind: &Kind) -> &'static str {
    use crate::flow::plan::CallTemplate;
    match kind {
        Kind::Llm(_) => "llm",
        Kind::Agent(_) => "agent",
        Kind::Call(CallTemplate::Http(_)) => "http",
        Kind::Call(CallTemplate::Mcp { .. }) => "mcp",
        Kind::Call(CallTemplate::Builtin { .. }) => "builtin",
        Kind::Approval(_) => "approval",
        Kind::Ask(_) => "ask",
        Kind::Map(_) => "map",
        Kind::Child(_) => "flow",
        Kind::Wait(_) => "wait",
        Kind::Event(_) => "event",
        Kind::Set(_) => "set",
        Kind::Fail { .. } => "fail",
        Kind::End { .. } => "end",
    }
}
