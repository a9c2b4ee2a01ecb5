//! What must be true of each execution, checked on every event that became durable: the machine's own invariants on a state of our own
//! (folded here, compared with the live one), and the guarantees that can be read off a journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flowgate::flow::plan::{Kind, Plan, Validator};
use flowgate::flow::spec::EffectClass;
use flowgate::ids::{CallId, ExecutionId, FrameId, QuestionId, StepId, TimeMs};
use flowgate::machine::call::{Call, CallError, Outcome, Request};
use flowgate::machine::event::{Budget, Ending, Event, Part, Place, Recorded, Role, Work};
use flowgate::machine::invariants;
use flowgate::machine::question::{Decided, Question, QuestionKind, Verdict};
use flowgate::machine::{State, evolve};

use super::outside::CALLERS;
use super::rules::Rules;

/// One execution as its durable journal tells it.
pub struct Watch {
    pub id: ExecutionId,
    pub plan: Arc<Plan>,
    pub journal: Vec<Recorded>,
    /// Folded from the journal, event by event.
    pub state: State,
    pub cancelled: bool,
    overdue: bool,
    ended: bool,
    settled: BTreeSet<(FrameId, StepId)>,
    calls: BTreeMap<CallId, (Place, Role, Arc<Call>)>,
    attempts: BTreeMap<String, Attempts>,
    questions: BTreeMap<QuestionId, Asked>,
    /// Approved and not used yet: the place of the action, and exactly what was approved.
    released: Vec<(FrameId, String, Arc<Call>)>,
    resting: BTreeMap<Place, TimeMs>,
    waits: BTreeMap<(FrameId, StepId), TimeMs>,
    tokens: Tokens,
    pub rules: Rules,
}

/// What model calls have used, and may use.
#[derive(Default)]
struct Tokens {
    spent: u64,
    held: BTreeMap<CallId, u64>,
    granted: Option<u64>,
}

#[derive(Default)]
struct Attempts {
    acts: u32,
    /// What allows one more: a lost call, a person's retry, a check that says no, a repair, a model's new turn.
    free: u32,
    retries: u32,
    /// The failure that the next attempt would follow.
    last: Option<CallError>,
}

struct Asked {
    place: Place,
    question: Arc<Question>,
    call: Option<Arc<Call>>,
    remind_at: Vec<TimeMs>,
    reminded: BTreeSet<u32>,
    expires_at: Option<TimeMs>,
    decided: Option<Decided>,
    closed: bool,
}

impl Watch {
    pub fn new(id: ExecutionId, plan: Arc<Plan>) -> Self {
        Self {
            id,
            plan,
            journal: Vec::new(),
            state: State::default(),
            cancelled: false,
            overdue: false,
            ended: false,
            settled: BTreeSet::new(),
            calls: BTreeMap::new(),
            attempts: BTreeMap::new(),
            questions: BTreeMap::new(),
            released: Vec::new(),
            resting: BTreeMap::new(),
            waits: BTreeMap::new(),
            tokens: Tokens::default(),
            rules: Rules::default(),
        }
    }

    /// The decision that is durable for a question.
    pub fn decided(&self, question: QuestionId) -> Option<&Decided> {
        self.state.decided(question)
    }

    pub fn is_ended(&self) -> bool {
        self.ended
    }

    /// It was cancelled, or ran out of time.
    pub fn is_stopping(&self) -> bool {
        self.cancelled || self.overdue
    }

    /// A call that is still owed.
    pub fn owes(&self, call: CallId) -> bool {
        self.calls.contains_key(&call)
    }

    /// One more durable event.
    pub fn see(&mut self, recorded: &Recorded) -> Result<(), String> {
        let Recorded { seq, at, event } = recorded;
        if *seq != self.state.seq() {
            return Err(format!("G13: event {seq} became durable where {} comes next", self.state.seq()));
        }
        if self.journal.last().is_some_and(|last| last.at > *at) {
            return Err("G9: time went backwards in a journal".to_owned());
        }
        self.ends(event)?;
        self.people(event, *at)?;
        self.starts(event, *at)?;
        self.spends(event)?;
        self.rules.see(event)?;
        self.time(event, *at)?;
        evolve(&mut self.state, &self.plan, *at, event);
        invariants::check_quick(&self.state, &self.plan)?;
        self.journal.push(recorded.clone());
        Ok(())
    }

    /// After the events of one commit.
    pub fn settle(&self) -> Result<(), String> {
        self.rules.settle()?;
        invariants::check(&self.state, &self.plan)
    }

    /// G2 and G10: nothing is settled twice, nothing follows the end.
    fn ends(&mut self, event: &Event) -> Result<(), String> {
        if self.ended && !matches!(event, Event::ParentTold) {
            return Err(format!("G10: after the end: {event:?}"));
        }
        match event {
            Event::StepEnded { frame, step, ending, .. } => {
                self.gives_up(*frame, step, ending)?;
                self.waits.remove(&(*frame, step.clone()));
                self.resting.retain(|place, _| (place.frame, &place.step) != (*frame, step) || place.part == Part::Undo);
                if !self.settled.insert((*frame, step.clone())) {
                    return Err(format!("G2: `{step}` was settled twice in frame {}", frame.0));
                }
            }
            Event::Ended { .. } => self.ended = true,
            Event::CancelAsked { .. } => self.cancelled = true,
            Event::DeadlinePassed => self.overdue = true,
            _ => {}
        }
        Ok(())
    }

    fn starts(&mut self, event: &Event, at: TimeMs) -> Result<(), String> {
        let stopping = self.cancelled || self.overdue;
        match event {
            Event::CallStarted { call, place, role, attempt, request, .. } => {
                if stopping && place.part != Part::Undo {
                    return Err(format!("G10: a call of `{}` starts after the cancel or the deadline", place.step));
                }
                if place.part != Part::Undo && self.settled.contains(&(place.frame, place.step.clone())) {
                    return Err(format!("G2: `{}` is settled and calls again", place.step));
                }
                if let Some(due) = self.resting.remove(place)
                    && at < due
                {
                    return Err(format!("G9: the next attempt at `{}` starts {} ms early", place.step, due.since(at)));
                }
                if let Request::Builtin { name, .. } = &request.request
                    && name.ends_with(CALLERS)
                {
                    return Err(format!("G6: `{}` calls a tool that only its caller has", place.step));
                }
                if *role == Role::Act {
                    self.approved(place, *attempt, request)?;
                    self.counted(place)?;
                }
                self.calls.insert(*call, (place.clone(), *role, Arc::clone(request)));
            }
            Event::CallEnded { call, outcome } => self.call_ended(*call, Some(outcome))?,
            Event::CallLost { call } => self.call_ended(*call, None)?,
            // A new question to the model: its attempts are counted anew.
            Event::Corrected { place, .. } => drop(self.attempts.remove(&key(place))),
            // An agent that is tried again begins its iterations anew.
            Event::Entered { frame, step, .. } if !stopping => {
                let calls = format!("{}/{step}/", frame.0);
                self.attempts.retain(|key, _| !key.starts_with(&calls));
            }
            Event::ChildStarted { place, .. } if stopping => return Err(format!("G10: `{}` starts a child while stopping", place.step)),
            Event::Entered { step, .. } if stopping => return Err(format!("G10: `{step}` begins while stopping")),
            Event::FrameOpened { .. } if stopping => return Err("G10: a frame is opened while stopping".to_owned()),
            Event::Asked { question, place, .. } if stopping && question.kind != QuestionKind::InDoubt => {
                return Err(format!("G10: `{}` asks while stopping", place.step));
            }
            _ => {}
        }
        Ok(())
    }

    fn call_ended(&mut self, call: CallId, outcome: Option<&Outcome>) -> Result<(), String> {
        let Some((place, role, request)) = self.calls.remove(&call) else {
            return Err(format!("G2: call {} ended and was not in flight", call.0));
        };
        let name = key(&place);
        let attempts = self.attempts.entry(name).or_default();
        match (role, outcome) {
            // A check that says no is followed by another attempt.
            (Role::Check, _) | (Role::Act, None) => attempts.free += 1,
            (Role::Act, Some(Outcome::Unknown { .. })) if request.effect == EffectClass::Once => {}
            (Role::Act, Some(Outcome::Retryable { error, .. } | Outcome::Unknown { error })) => {
                attempts.retries += 1;
                attempts.last = Some(error.clone());
            }
            // The one repair of a model's answer.
            (Role::Act, Some(Outcome::Done { .. })) => attempts.free += 1,
            (Role::Act, Some(Outcome::Permanent { .. })) => {}
        }
        Ok(())
    }

    /// G11: no more attempts than the flow allows, crashes and people aside.
    fn counted(&mut self, place: &Place) -> Result<(), String> {
        let allowed = self.allowed(place);
        let attempts = self.attempts.entry(key(place)).or_default();
        attempts.acts += 1;
        attempts.last = None;
        if attempts.acts > 1 + attempts.free + attempts.retries.min(allowed - 1) {
            return Err(format!("G11: attempt {} at `{}`, {allowed} are allowed", attempts.acts, place.step));
        }
        Ok(())
    }

    /// G11: as many attempts as the flow allows, before a failure that may pass is one of the step.
    fn gives_up(&self, frame: FrameId, step: &StepId, ending: &Ending) -> Result<(), String> {
        let place = Place { frame, step: step.clone(), part: Part::Own };
        let (Ending::Failed { error, .. }, Some(attempts)) = (ending, self.attempts.get(&key(&place))) else { return Ok(()) };
        let allowed = self.allowed(&place);
        if attempts.last.as_ref() == Some(error) && attempts.retries < allowed {
            return Err(format!("G11: `{step}` gives up after {} of {allowed} attempts", attempts.retries));
        }
        Ok(())
    }

    fn allowed(&self, place: &Place) -> u32 {
        let steps = self.plan.scopes.iter().flat_map(|scope| &scope.steps);
        let step = steps.into_iter().find(|step| step.id == place.step);
        let own = step.map_or(1, |step| step.retry.attempts.max(1));
        match place.part {
            Part::Undo => own.max(3),
            // A tool has its own.
            Part::Tool { .. } => own * 8,
            Part::Own | Part::Model { .. } | Part::Explain { .. } => own,
            Part::Check { index, .. } => {
                let own = step.map_or(&[] as &[_], |step| &step.validators.list);
                own.iter().chain(self.gate()).nth(index as usize).map_or(1, |one| one.retry.attempts.max(1))
            }
            Part::Gate { index } => self.gate().nth(index as usize).map_or(1, |one| one.retry.attempts.max(1)),
        }
    }

    fn gate(&self) -> impl Iterator<Item = &Validator> {
        let entry = self.state.start().and_then(|start| self.plan.entries.get(start.entry.as_ref()?));
        self.plan.gate.list.iter().chain(entry.into_iter().flat_map(|entry| &entry.gate.list))
    }

    /// G11: what calls may use at most stays within the flow's and the parent's limit, and what a person granted.
    fn spends(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::CallStarted { call, reserved, .. } => {
                self.tokens.held.insert(*call, reserved.tokens);
                let given = self.state.start().and_then(|start| start.allowance).and_then(|allowance| allowance.tokens);
                let limit = self.tokens.granted.or(self.plan.limits.tokens.into_iter().chain(given).min());
                let used = self.tokens.spent + self.tokens.held.values().sum::<u64>();
                if reserved.tokens > 0 && limit.is_some_and(|limit| used > limit) {
                    return Err(format!("G11: calls may use {used} tokens of {limit:?}"));
                }
            }
            Event::CallEnded { call, outcome } => {
                self.tokens.held.remove(call);
                if let Outcome::Done { usage, .. } = outcome {
                    self.tokens.spent += usage.input_tokens + usage.output_tokens;
                }
            }
            Event::CallLost { call } => self.tokens.spent += self.tokens.held.remove(call).unwrap_or(0),
            Event::ChildEnded { ended, .. } => self.tokens.spent += ended.tokens,
            Event::LimitRaised { budget: Budget::Tokens, limit } => self.tokens.granted = Some(*limit),
            _ => {}
        }
        Ok(())
    }

    /// G6: what an approval stands before runs only as approved, and once.
    fn approved(&mut self, place: &Place, attempt: u32, request: &Arc<Call>) -> Result<(), String> {
        if !self.is_gated(place) || place.part == Part::Undo {
            return Ok(());
        }
        if attempt > 1 {
            let same = self.journal.iter().any(|recorded| match &recorded.event {
                Event::CallStarted { place: before, request: then, .. } => before == place && then.request == request.request,
                _ => false,
            });
            return if same { Ok(()) } else { Err(format!("G6: `{}` is tried again with other bytes", place.step)) };
        }
        let target = target(place);
        let found = self
            .released
            .iter()
            .position(|(frame, step, call)| *frame == place.frame && *step == target && call.request == request.request);
        match found {
            Some(index) => {
                self.released.remove(index);
                Ok(())
            }
            None => Err(format!("G6: `{}` runs something that nobody approved: {request:?}", place.step)),
        }
    }

    fn is_gated(&self, place: &Place) -> bool {
        let steps = self.plan.scopes.iter().flat_map(|scope| &scope.steps);
        let Some(step) = steps.into_iter().find(|step| step.id == place.step) else { return false };
        match (&step.kind, place.part) {
            (Kind::Agent(agent), Part::Tool { index, iteration }) => {
                let asked = self.journal.iter().rev().find_map(|recorded| match &recorded.event {
                    Event::Iterated { frame, step, iteration: of, calls, .. }
                        if (*frame, step, *of) == (place.frame, &place.step, iteration) =>
                    {
                        calls.get(index as usize).map(|call| call.name.clone())
                    }
                    _ => None,
                });
                agent.tools.iter().any(|tool| Some(&tool.name) == asked.as_ref() && tool.approval.is_some())
            }
            (_, Part::Own) => step.gated_by.is_some(),
            _ => false,
        }
    }

    /// G5 and G6: one decision each, and what it releases.
    fn people(&mut self, event: &Event, at: TimeMs) -> Result<(), String> {
        match event {
            Event::Asked { place, question, remind_at, .. } => {
                let call = question.action.as_ref().map(|action| Arc::clone(&action.call));
                let asked = Asked {
                    place: place.clone(),
                    question: Arc::clone(question),
                    call,
                    remind_at: remind_at.clone(),
                    reminded: BTreeSet::new(),
                    expires_at: question.expires_at,
                    decided: None,
                    closed: false,
                };
                self.questions.insert(question.id, asked);
            }
            Event::ActionEdited { question, action, .. } => {
                self.asked(*question)?.call = Some(Arc::clone(&action.call));
            }
            Event::Answered { question, decided } => {
                let asked = self.close(*question)?;
                asked.decided = Some(decided.clone());
                let (place, kind, call) = (asked.place.clone(), asked.question.kind, asked.call.clone());
                let step = asked.question.action.as_ref().map(|action| action.step.clone());
                let releases = matches!(decided.verdict, Verdict::Approve | Verdict::Edit { .. });
                if let (true, Some(call), Some(step)) = (releases, call, step) {
                    let name = if kind == QuestionKind::ToolApproval { target(&place) } else { step };
                    self.released.push((place.frame, name, call));
                }
                if kind == QuestionKind::InDoubt || kind == QuestionKind::Budget {
                    self.attempts.entry(key(&place)).or_default().free += 1;
                }
            }
            Event::Withdrawn { question } => {
                self.close(*question)?;
            }
            Event::Expired { question } => {
                let asked = self.close(*question)?;
                if asked.expires_at.is_none_or(|due| at < due) {
                    return Err("G9: a question expires early".to_owned());
                }
            }
            Event::Reassigned { question, expires_at, .. } => {
                let asked = self.asked(*question)?;
                if asked.expires_at.is_none_or(|due| at < due) {
                    return Err("G9: a question is passed on early".to_owned());
                }
                asked.expires_at = *expires_at;
            }
            Event::Reminded { question, number } => {
                let asked = self.asked(*question)?;
                let due = asked.remind_at.get(*number as usize);
                if due.is_none_or(|due| at < *due) {
                    return Err("G9: a reminder is early".to_owned());
                }
                if !asked.reminded.insert(*number) {
                    return Err("G9: a reminder comes twice".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn close(&mut self, question: QuestionId) -> Result<&mut Asked, String> {
        let asked = self.asked(question)?;
        if std::mem::replace(&mut asked.closed, true) {
            return Err("G5: a question that is closed is closed again".to_owned());
        }
        Ok(asked)
    }

    fn asked(&mut self, question: QuestionId) -> Result<&mut Asked, String> {
        self.questions.get_mut(&question).ok_or_else(|| "G5: an event names a question that was never asked".to_owned())
    }

    /// G9: nothing that waits for a time goes on before it.
    fn time(&mut self, event: &Event, at: TimeMs) -> Result<(), String> {
        match event {
            Event::RetryAt { place, due, .. } => {
                self.resting.insert(place.clone(), *due);
            }
            Event::Entered { frame, step, work: Work::Wait { due }, .. } => {
                self.waits.insert((*frame, step.clone()), *due);
            }
            Event::DeadlinePassed => {
                let started = self.journal.first().map_or(at, |first| first.at);
                let own = self.plan.limits.timeout_ms.map(|timeout_ms| started.plus(timeout_ms));
                let given = self.state.start().and_then(|start| start.allowance).and_then(|allowance| allowance.deadline);
                if own.into_iter().chain(given).all(|due| at < due) {
                    return Err("G9: the execution's time limit fires early".to_owned());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// G9, of steps that wait: called before `see` drops the wait.
    pub fn wait_is_over(&self, event: &Event, at: TimeMs) -> Result<(), String> {
        let Event::StepEnded { frame, step, ending: Ending::Done { .. }, .. } = event else { return Ok(()) };
        match self.waits.get(&(*frame, step.clone())) {
            Some(due) if at < *due => Err(format!("G9: `{step}` stops waiting {} ms early", due.since(at))),
            _ => Ok(()),
        }
    }
}

/// The name under which a released call is looked up: the step, or the one tool call.
fn target(place: &Place) -> String {
    match place.part {
        Part::Tool { iteration, index } => format!("{}@{iteration}[{index}]", place.step),
        Part::Own | Part::Model { .. } | Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } | Part::Undo => {
            place.step.to_string()
        }
    }
}

fn key(place: &Place) -> String {
    format!("{}/{}/{:?}", place.frame.0, place.step, place.part)
}
