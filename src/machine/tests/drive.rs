//! A shell for tests: feeds inputs, answers calls from a table, checks after every turn that replay gives the same state.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::flow::compile;
use crate::flow::plan::Plan;
use crate::ids::{BootId, CallId, ExecutionId, Tenant, TimeMs};
use crate::machine::call::{Answer, Call, CallError, Outcome, Request, Usage};
use crate::machine::effect::Effect;
use crate::machine::event::{Event, Recorded};
use crate::machine::input::{Body, Input, Mode, Signal, Start};
use crate::machine::question::{Decision, Person, Question, Verdict};
use crate::machine::summary::{Ended, Status};
use crate::machine::{Refusal, State, decide, outstanding, replay};

/// One execution under test.
pub(crate) struct Drive {
    pub(crate) plan: Arc<Plan>,
    pub(crate) state: State,
    pub(crate) journal: Vec<Recorded>,
    pub(crate) now: TimeMs,
    pub(crate) boot: BootId,
    /// Calls waiting for an answer, oldest first.
    pub(crate) calls: VecDeque<(CallId, String, Arc<Call>)>,
    pub(crate) aborted: Vec<CallId>,
    /// Answers by `step` or by full name; without an entry a builtin echoes its arguments.
    pub(crate) answers: BTreeMap<String, Vec<Outcome>>,
}

pub(crate) fn plan(yaml: &str) -> Arc<Plan> {
    match compile::load(yaml) {
        Ok((plan, _)) => Arc::new(plan),
        Err(problems) => panic!("the test's flow has problems: {problems:#?}"),
    }
}

pub(crate) fn person(user: &str) -> Person {
    Person { user: user.to_owned(), roles: Vec::new(), every_role: true }
}

pub(crate) fn start_of(plan: &Plan, input: Value) -> Start {
    Start {
        tenant: Tenant::default(),
        execution: ExecutionId::derived(TimeMs(1_000), "test"),
        flow: plan.name.clone(),
        revision: 1,
        digest: plan.digest,
        semantics: 1,
        entry: None,
        input,
        config: Value::Object(plan.spec.config.clone()),
        mode: Mode::Production,
        script: None,
        starter: person("ana"),
        environment: None,
        session: None,
        context: None,
        parent: None,
        pins: BTreeMap::new(),
        tools: BTreeMap::new(),
        prices: BTreeMap::new(),
        allowance: None,
        origin: None,
        purpose: crate::machine::input::Purpose::Production,
        trigger: None,
        labels: BTreeMap::new(),
        history: Vec::new(),
        guidance: crate::machine::guidance::Guidance::default(),
        attachments: Vec::new(),
        refused: None,
    }
}

pub(crate) fn done(value: Value) -> Outcome {
    Outcome::Done { answer: Answer::Value(value), usage: Usage::default() }
}

pub(crate) fn permanent(code: &str) -> Outcome {
    Outcome::Permanent { error: CallError::new(code, "no") }
}

pub(crate) fn retryable() -> Outcome {
    Outcome::Retryable { error: CallError::new("http_503", "busy"), retry_after_ms: None }
}

pub(crate) fn unknown() -> Outcome {
    Outcome::Unknown { error: CallError::new("cut", "the connection was cut") }
}

impl Drive {
    pub(crate) fn new(yaml: &str) -> Self {
        Self {
            plan: plan(yaml),
            state: State::default(),
            journal: Vec::new(),
            now: TimeMs(1_000_000),
            boot: BootId(1),
            calls: VecDeque::new(),
            aborted: Vec::new(),
            answers: BTreeMap::new(),
        }
    }

    /// Started with this input, nothing answered yet.
    pub(crate) fn start(yaml: &str, input: Value) -> Self {
        let mut drive = Self::new(yaml);
        let start = start_of(&drive.plan, input);
        drive.feed(Body::Start(Box::new(start))).unwrap();
        drive
    }

    /// Started without input and run until nothing more happens by itself.
    pub(crate) fn run(yaml: &str) -> Self {
        let mut drive = Self::start(yaml, json!({}));
        drive.settle();
        drive
    }

    pub(crate) fn answer(mut self, step: &str, outcomes: impl IntoIterator<Item = Outcome>) -> Self {
        self.answers.insert(step.to_owned(), outcomes.into_iter().collect());
        self
    }

    pub(crate) fn feed(&mut self, body: Body) -> Result<(), Refusal> {
        let input = Input { now: self.now, entropy: 7, boot: self.boot, body };
        let turn = decide(&mut self.state, &self.plan, input)?;
        self.journal.extend(turn.events);
        for effect in turn.effects {
            match effect {
                Effect::Perform { call, name, request } => self.calls.push_back((call, name, request)),
                Effect::Abort { call } => self.aborted.push(call),
                Effect::Continue => self.feed(Body::Continue)?,
                Effect::StartChild { .. } | Effect::CancelChild { .. } | Effect::TellParent { .. } => {}
            }
        }
        let replayed = replay(&self.plan, &self.journal).expect("the journal replays");
        assert_eq!(replayed, self.state, "replay equals live");
        assert_eq!(outstanding(&replayed), outstanding(&self.state));
        Ok(())
    }

    /// Answers calls in order until none is waiting.
    pub(crate) fn settle(&mut self) {
        while let Some((call, name, request)) = self.calls.pop_front() {
            let outcome = self.outcome_of(&name, &request);
            self.feed(Body::Outcome { call, outcome }).unwrap();
        }
    }

    fn outcome_of(&mut self, name: &str, request: &Call) -> Outcome {
        let visit = name.rsplit_once('.').map_or(name, |(visit, _)| visit);
        let step = visit.rsplit('/').next().and_then(|last| last.split('#').next()).unwrap_or(visit).to_owned();
        for key in [name.to_owned(), visit.to_owned(), step] {
            if let Some(outcomes) = self.answers.get_mut(&key) {
                return if outcomes.len() > 1 { outcomes.remove(0) } else { outcomes[0].clone() };
            }
        }
        match &request.request {
            Request::Builtin { args, .. } => done(args.clone()),
            _ => done(Value::Null),
        }
    }

    /// Answers the waiting call of this step.
    pub(crate) fn reply(&mut self, step: &str, outcome: Outcome) {
        let at = self.calls.iter().position(|(_, name, _)| name.contains(&format!("{step}#"))).expect("the call is waiting");
        let (call, ..) = self.calls.remove(at).unwrap();
        self.feed(Body::Outcome { call, outcome }).unwrap();
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now = self.now.plus(ms);
        self.feed(Body::Timers).unwrap();
        self.settle();
    }

    pub(crate) fn question(&self) -> Question {
        (*self.state.questions().first().expect("a question is open")).clone()
    }

    pub(crate) fn decide(&mut self, verdict: Verdict, user: &str) -> Result<(), Refusal> {
        let question = self.question();
        let decision = Decision { question: question.id, digest: question.digest, verdict, by: person(user), reason: None };
        self.feed(Body::Decide(decision))?;
        self.settle();
        Ok(())
    }

    pub(crate) fn signal(&mut self, id: &str, name: &str, payload: Value) -> Result<(), Refusal> {
        self.feed(Body::Signal(Signal { id: id.to_owned(), name: name.to_owned(), payload }))?;
        self.settle();
        Ok(())
    }

    pub(crate) fn cancel(&mut self) {
        self.feed(Body::Cancel { reason: "test".to_owned(), by: person("ana") }).unwrap();
    }

    /// The process dies and comes back: the state is what the journal says, calls in flight are lost.
    pub(crate) fn crash(&mut self) {
        self.boot = BootId(self.boot.0 + 1);
        self.calls.clear();
        self.state = replay(&self.plan, &self.journal).unwrap();
        for call in self.state.lost(self.boot) {
            self.feed(Body::Lost { call }).unwrap();
        }
    }

    pub(crate) fn ended(&self) -> &Ended {
        self.state.ended().unwrap_or_else(|| panic!("not ended: {:?} {:#?}", self.state.status(), self.state.questions()))
    }

    pub(crate) fn status(&self) -> Status {
        self.state.status()
    }

    /// Steps that completed, in order, as `path/step#visit`.
    pub(crate) fn ran(&self) -> Vec<String> {
        self.with_status("completed")
    }

    pub(crate) fn with_status(&self, status: &str) -> Vec<String> {
        let trace = crate::machine::trace::trace(&self.plan, &self.journal).unwrap();
        let name = |attempt: &crate::machine::trace::Attempt| {
            let path = if attempt.path.is_empty() { String::new() } else { format!("{}/", attempt.path) };
            format!("{path}{}#{}", attempt.step, attempt.visit)
        };
        let mut attempts: Vec<_> = trace.attempts.iter().filter(|attempt| attempt.status == status).collect();
        attempts.sort_by_key(|attempt| attempt.ended_at_ms);
        attempts.into_iter().map(name).collect()
    }

    pub(crate) fn events(&self, wanted: impl Fn(&Event) -> bool) -> usize {
        self.journal.iter().filter(|recorded| wanted(&recorded.event)).count()
    }
}
