//! The fold of a journal into attempts without what went in and out of them: as much as an execution of 100,000 attempts can be kept as, and
//! gone on with when more happens.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::weight::Weight;
use super::{Attempt, Homes, kind_name, told};
use crate::flow::plan::{Plan, Scope};
use crate::ids::{CallId, ExecutionId, FrameId, QuestionId, StepId, TimeMs};
use crate::machine::call::{Answer, Outcome, Request, Usage, Used};
use crate::machine::decide::evolve;
use crate::machine::event::{Ending, Event, Fate, NodeName, Part, Place, Recorded, Role, Work};
use crate::machine::input::Start;
use crate::machine::pause::Held;
use crate::machine::question::{Question, QuestionKind};
use crate::machine::state::{Hints, State};
use crate::machine::summary::Status;

/// The attempts of a journal as far as it was read.
#[derive(Debug, Default)]
pub struct Outline {
    rows: Vec<Row>,
    /// Entries that judged the result.
    checks: Vec<u64>,
    /// The number of the entry that is to be read next.
    next: u64,
    stands: Option<(ExecutionId, Status)>,
    fold: Fold,
}

/// What is needed to read on.
#[derive(Debug, Default)]
struct Fold {
    state: State,
    by_call: HashMap<CallId, usize>,
    by_question: HashMap<QuestionId, usize>,
    /// Calls that ended during a pause, and questions that were decided: what the journal says of them afterwards is no news.
    held: HashSet<CallId>,
    told: HashSet<QuestionId>,
    /// The latest attempt of a place.
    latest: HashMap<Place, usize>,
    /// Attempts at a step's calls since the step was last settled.
    inside: HashMap<(FrameId, StepId), Vec<usize>>,
    homes: Homes,
    /// Of the state, about.
    weight: Weight,
}

/// An attempt, and where in the journal the rest of it stands.
#[derive(Clone, Debug)]
pub struct Row {
    /// Input, output, error and checks are not in it.
    pub attempt: Attempt,
    /// The row that it belongs to.
    pub parent: Option<usize>,
    pub what: What,
    /// The execution that it started.
    pub child: Option<ExecutionId>,
    /// The number of the latest entry that changed it.
    pub touched: u64,
    input: Option<u64>,
    output: Option<u64>,
    error: Option<u64>,
    checks: Vec<u64>,
}

/// What was done in an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    Model,
    Tool,
    Person,
    /// The engine itself: maps, agents, waits, values.
    Own,
}

impl Row {
    /// An attempt that nothing more is known of.
    #[cfg(test)]
    pub fn new(attempt: Attempt, what: What) -> Self {
        Self { attempt, parent: None, what, child: None, touched: 0, input: None, output: None, error: None, checks: Vec::new() }
    }

    /// The entries that `filled` asks for; with `whole` false those for its error alone.
    pub fn entries(&self, whole: bool) -> impl Iterator<Item = u64> {
        let bodies = [self.input, self.output].into_iter().flatten().chain(self.checks.iter().copied());
        self.error.into_iter().chain(bodies.filter(move |_| whole))
    }

    /// The attempt with everything that the entries given say of it.
    #[must_use]
    pub fn filled<'e>(self, entry: impl Fn(u64) -> Option<&'e Event>) -> Attempt {
        let mut attempt = self.attempt;
        let at = |seq: Option<u64>| seq.and_then(&entry);
        attempt.input = at(self.input).map_or(Value::Null, told::input);
        attempt.output = at(self.output).map_or(Value::Null, told::output);
        attempt.error = at(self.error).and_then(told::error);
        attempt.checks = self.checks.iter().filter_map(|seq| told::check(entry(*seq)?)).collect();
        attempt
    }
}

impl Outline {
    #[must_use]
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    pub(super) fn into_rows(self) -> Vec<Row> {
        self.rows
    }

    pub(super) fn checks(&self) -> &[u64] {
        &self.checks
    }

    /// The number of the entry that is to be read next.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Whose journal it is and how it stands; none where nothing has started.
    #[must_use]
    pub fn stands(&self) -> Option<(ExecutionId, Status)> {
        self.stands
    }

    /// About as many bytes as the values that are held for reading on.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.fold.weight.bytes()
    }

    /// Gives up what is needed to read on. Who wants to read on begins anew.
    pub fn settle(&mut self) {
        self.fold = Fold::default();
    }

    /// Whether it can be read on from `next`.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.next > 0 && self.fold.state.start().is_none()
    }

    pub fn read(&mut self, plan: &Plan, recorded: &Recorded) {
        let mut reading =
            Reading { plan, rows: &mut self.rows, checks: &mut self.checks, fold: &mut self.fold, seq: recorded.seq, at: recorded.at };
        reading.read(&recorded.event);
        self.fold.weight.add(&recorded.event);
        evolve(&mut self.fold.state, plan, recorded.at, &recorded.event);
        self.fold.state.hints = Hints::default();
        self.next = recorded.seq + 1;
        self.stands = self.fold.state.start().map(|start| (start.execution, self.fold.state.status()));
    }
}

/// One entry while it is read.
struct Reading<'r> {
    plan: &'r Plan,
    rows: &'r mut Vec<Row>,
    checks: &'r mut Vec<u64>,
    fold: &'r mut Fold,
    seq: u64,
    at: TimeMs,
}

impl Reading<'_> {
    #[expect(clippy::wildcard_enum_match_arm, reason = "`evolve` is exhaustive; here only what people read matters")]
    fn read(&mut self, event: &Event) {
        match event {
            Event::Entered { frame, step, attempt, work, .. } => {
                let status = if matches!(work, Work::Agent { .. } | Work::Map { .. }) { "running" } else { "waiting" };
                let ix = self.begin(&own(*frame, step), *attempt, None, status);
                self.rows[ix].input = Some(self.seq);
            }
            Event::CallStarted { call, place, role, attempt, request, .. } => {
                let kind = (*role == Role::Check).then_some("check");
                let ix = self.begin(place, *attempt, kind, "running");
                let row = &mut self.rows[ix];
                row.input = Some(self.seq);
                row.what = What::Tool;
                if let Request::Llm(request) = &request.request {
                    row.what = What::Model;
                    row.attempt.model = Some(request.model.clone());
                }
                self.fold.by_call.insert(*call, ix);
            }
            Event::CallEnded { call, .. } if self.fold.held.contains(call) => {}
            Event::CallEnded { call, outcome } => self.call_ended(*call, outcome),
            Event::Held { input } => self.held(input),
            Event::CallLost { call } if self.fold.held.contains(call) => {}
            Event::CallLost { call } => self.end_call(*call, "lost"),
            Event::Asked { place, question, .. } => self.asked(place, question),
            Event::Answered { question, .. } if self.fold.told.contains(question) => {}
            Event::Answered { question, .. } => self.answered(*question),
            Event::ChildStarted { place, child, attempt, .. } => {
                let ix = self.begin(place, *attempt, None, "running");
                let row = &mut self.rows[ix];
                (row.input, row.child, row.what) = (Some(self.seq), Some(*child), What::Tool);
            }
            Event::Observed { place, failed, .. } => self.observed(place, *failed),
            Event::Validated { place, .. } => self.validated(place),
            Event::RetryAt { place, .. } => {
                if place.part == Part::Own {
                    self.break_off(place);
                }
                let (seq, at) = (self.seq, self.at);
                if let Some(row) = self.latest(place) {
                    row.end("failed", at, seq);
                    row.error = Some(seq);
                }
            }
            Event::StepEnded { frame, step, ending, .. } => self.step_ended(&own(*frame, step), ending),
            Event::Died { frame, nodes } => self.nodes(*frame, nodes, "dead"),
            Event::Skipped { frame, nodes } => self.nodes(*frame, nodes, "cancelled"),
            Event::Withdrawn { question } => {
                self.close_question(*question, "cancelled");
            }
            Event::Expired { question } => {
                self.close_question(*question, "failed");
            }
            Event::UndoEnded { place, error } => {
                let seq = self.seq;
                if let Some(row) = self.latest(place) {
                    (row.error, row.touched) = (error.as_ref().map(|_| seq), seq);
                }
            }
            _ => {}
        }
    }

    /// What a pause holds back is told at once; what follows from it afterwards is no news.
    fn held(&mut self, input: &Held) {
        match input {
            Held::Outcome { call, outcome } => {
                self.fold.held.insert(*call);
                self.call_ended(*call, outcome);
            }
            Held::Lost { call } => {
                self.fold.held.insert(*call);
                self.end_call(*call, "lost");
            }
            Held::Decision { decision, decided: Some(_) } => {
                self.fold.told.insert(decision.question);
                self.answered(decision.question);
            }
            Held::Decision { decided: None, .. } | Held::Signal(_) | Held::ChildRefused { .. } | Held::ChildEnded { .. } => {}
        }
    }

    fn latest(&mut self, place: &Place) -> Option<&mut Row> {
        self.fold.latest.get(place).and_then(|ix| self.rows.get_mut(*ix))
    }

    /// A step's verdicts stand in the row of the attempt that gave the answer, those on the result in the trace itself.
    fn validated(&mut self, place: &Place) {
        let seq = self.seq;
        match self.latest(place).filter(|_| place.part == Part::Own) {
            Some(row) => {
                row.checks.push(seq);
                row.touched = seq;
            }
            None => self.checks.push(seq),
        }
    }

    fn observed(&mut self, place: &Place, failed: bool) {
        let ix = self.fold.latest.get(place).copied().unwrap_or_else(|| self.begin(place, 1, None, "running"));
        let row = &mut self.rows[ix];
        if row.output.is_none() && row.error.is_none() {
            row.output = Some(self.seq);
        }
        row.end(if failed { "failed" } else { "completed" }, self.at, self.seq);
    }

    fn begin(&mut self, place: &Place, attempt: u32, kind: Option<&str>, status: &str) -> usize {
        let (path, step, visit) = self.fold.state.place_parts(place);
        let kind = kind.map_or_else(|| self.kind(place), str::to_owned);
        let ix = self.rows.len();
        let parent = self.fold.homes.of(&path);
        // What was never reached is nobody's home.
        if status != "dead" {
            self.fold.homes.begin(&path, &step, ix);
        }
        let (status, started_at_ms) = (status.to_owned(), Some(self.at));
        let attempt = Attempt { path, step, visit, attempt, kind, status, started_at_ms, ..Attempt::default() };
        self.rows.push(Row {
            attempt,
            parent,
            what: What::Own,
            child: None,
            touched: self.seq,
            input: None,
            output: None,
            error: None,
            checks: Vec::new(),
        });
        self.fold.latest.insert(place.clone(), ix);
        if !matches!(place.part, Part::Own | Part::Undo) {
            self.fold.inside.entry((place.frame, place.step.clone())).or_default().push(ix);
        }
        ix
    }

    fn kind(&self, place: &Place) -> String {
        match place.part {
            Part::Own => {
                let scope = self.fold.state.scope_of(self.plan, place.frame);
                kind_name(&scope.step(self.fold.state.step_ix(self.plan, place.frame, &place.step)).kind).to_owned()
            }
            Part::Model { .. } => "model".to_owned(),
            Part::Tool { .. } => "tool".to_owned(),
            Part::Check { .. } | Part::Gate { .. } => "validator".to_owned(),
            Part::Explain { .. } => "explanation".to_owned(),
            Part::Undo => "undo".to_owned(),
        }
    }

    fn asked(&mut self, place: &Place, question: &Question) {
        let kind = match question.kind {
            QuestionKind::Approval | QuestionKind::Ask => None,
            QuestionKind::ToolApproval => Some("approval"),
            QuestionKind::InDoubt => {
                let seq = self.seq;
                if let Some(row) = self.latest(place) {
                    "in_doubt".clone_into(&mut row.attempt.status);
                    row.touched = seq;
                }
                return;
            }
            QuestionKind::Budget => return,
        };
        let ix = self.begin(place, 1, kind, "waiting");
        let row = &mut self.rows[ix];
        (row.input, row.what) = (Some(self.seq), What::Person);
        self.fold.by_question.insert(question.id, ix);
    }

    fn answered(&mut self, question: QuestionId) {
        let seq = self.seq;
        if let Some(row) = self.close_question(question, "completed") {
            row.output = row.output.or(Some(seq));
        }
    }

    fn close_question(&mut self, question: QuestionId, status: &str) -> Option<&mut Row> {
        let row = self.fold.by_question.get(&question).and_then(|ix| self.rows.get_mut(*ix))?;
        row.end(status, self.at, self.seq);
        Some(row)
    }

    fn end_call(&mut self, call: CallId, status: &str) {
        if let Some(row) = self.fold.by_call.get(&call).and_then(|ix| self.rows.get_mut(*ix)) {
            row.end(status, self.at, self.seq);
        }
    }

    fn call_ended(&mut self, call: CallId, outcome: &Outcome) {
        let status = match outcome {
            Outcome::Done { .. } => "completed",
            Outcome::Retryable { .. } | Outcome::Permanent { .. } => "failed",
            Outcome::Unknown { .. } => "in_doubt",
        };
        self.end_call(call, status);
        let Some(row) = self.fold.by_call.get(&call).and_then(|ix| self.rows.get_mut(*ix)) else { return };
        match outcome {
            Outcome::Done { answer, usage } => {
                use_up(&mut row.attempt, usage, self.fold.state.start());
                row.output = (!matches!(answer, Answer::Value(Value::Null))).then_some(self.seq);
            }
            Outcome::Retryable { .. } | Outcome::Permanent { .. } | Outcome::Unknown { .. } => row.error = Some(self.seq),
        }
    }

    /// What a step that is settled, or tried again, leaves unanswered is broken off.
    fn break_off(&mut self, place: &Place) {
        for ix in self.fold.inside.remove(&(place.frame, place.step.clone())).unwrap_or_default() {
            let row = &mut self.rows[ix];
            if row.attempt.ended_at_ms.is_none() {
                row.end("cancelled", self.at, self.seq);
            }
        }
    }

    fn step_ended(&mut self, place: &Place, ending: &Ending) {
        self.break_off(place);
        let ix = self.fold.latest.get(place).copied().unwrap_or_else(|| self.begin(place, 1, None, "running"));
        let row = &mut self.rows[ix];
        let at = row.attempt.ended_at_ms.unwrap_or(self.at);
        let told = |output: &Value| (!output.is_null()).then_some(self.seq);
        let status = match ending {
            Ending::Done { output, .. } => {
                row.output = told(output);
                "completed"
            }
            Ending::Failed { output, .. } => {
                row.error = Some(self.seq);
                row.output = output.as_ref().map_or(row.output, |output| told(output));
                "failed"
            }
            Ending::Cancelled { fate: Fate::InDoubt } => "in_doubt",
            Ending::Cancelled { .. } => "cancelled",
        };
        row.end(status, at, self.seq);
    }

    fn nodes(&mut self, frame: FrameId, nodes: &[NodeName], status: &str) {
        for node in nodes {
            let steps: Vec<StepId> = match node {
                NodeName::Step(step) => vec![step.clone()],
                NodeName::Loop(header) => {
                    let scope: &Scope = self.fold.state.scope_of(self.plan, frame);
                    let loop_ = self.fold.state.loop_ix(self.plan, frame, header);
                    scope.loop_(loop_).steps.iter().map(|ix| scope.step(*ix).id.clone()).collect()
                }
            };
            for step in steps {
                let ix = self.begin(&own(frame, &step), 1, None, status);
                let attempt = &mut self.rows[ix].attempt;
                (attempt.started_at_ms, attempt.ended_at_ms) = (None, Some(self.at));
            }
        }
    }
}

impl Row {
    fn end(&mut self, status: &str, at: TimeMs, seq: u64) {
        status.clone_into(&mut self.attempt.status);
        self.attempt.ended_at_ms = Some(at);
        self.touched = seq;
    }
}

/// Writes what a call used into its attempt.
fn use_up(attempt: &mut Attempt, usage: &Usage, start: Option<&Start>) {
    let price = attempt.model.as_ref().and_then(|model| start?.prices.get(model));
    let used: Used = usage.split(price);
    attempt.tokens = usage.input_tokens + usage.output_tokens;
    attempt.cost_usd = usage.cost.usd();
    (attempt.input_cost_usd, attempt.output_cost_usd) = (used.input_cost.usd(), used.output_cost.usd());
    attempt.usage = used;
}

fn own(frame: FrameId, step: &StepId) -> Place {
    Place { frame, step: step.clone(), part: Part::Own }
}
