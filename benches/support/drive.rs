//! One execution without a shell: inputs go in by hand, calls wait until somebody answers them. Nothing is durable here.

use std::collections::{BTreeMap, VecDeque};

use flowgate::flow::compile;
use flowgate::flow::plan::Plan;
use flowgate::ids::{BootId, CallId, ExecutionId, Tenant, TimeMs};
use flowgate::machine::call::{Answer, Outcome, Usage};
use flowgate::machine::effect::Effect;
use flowgate::machine::event::Recorded;
use flowgate::machine::input::{Body, Input, Mode, Purpose, Start};
use flowgate::machine::question::Person;
use flowgate::machine::{State, decide};
use serde_json::{Value, json};

pub struct Drive {
    pub plan: Plan,
    pub state: State,
    pub journal: Vec<Recorded>,
    /// How many events the journal had after each turn.
    pub turns: Vec<usize>,
    /// Calls that wait for an answer, oldest first.
    pub calls: VecDeque<CallId>,
}

impl Drive {
    /// Not started yet.
    pub fn new(yaml: &str) -> Self {
        let (plan, _) = compile::load(yaml).expect("a flow without problems");
        Self { plan, state: State::default(), journal: Vec::new(), turns: Vec::new(), calls: VecDeque::new() }
    }

    /// Started, and its first `answers` calls answered.
    pub fn after(yaml: &str, answers: usize) -> Self {
        let mut drive = Self::new(yaml);
        drive.feed(drive.start());
        for _ in 0..answers {
            drive.feed(drive.outcome(value()));
        }
        drive
    }

    pub fn feed(&mut self, body: Body) {
        let turn = decide(&mut self.state, &self.plan, input(body)).expect("an input that is taken");
        self.journal.extend(turn.events);
        self.turns.push(self.journal.len());
        for effect in turn.effects {
            match effect {
                Effect::Perform { call, .. } => self.calls.push_back(call),
                Effect::Continue => self.feed(Body::Continue),
                Effect::Abort { .. } | Effect::StartChild { .. } | Effect::CancelChild { .. } | Effect::TellParent { .. } => {}
            }
        }
        let answered = |call: &CallId| !self.state.flights().iter().any(|(flying, ..)| flying == call);
        while self.calls.front().is_some_and(answered) {
            self.calls.pop_front();
        }
    }

    /// The oldest call is answered.
    pub fn outcome(&self, answer: Answer) -> Body {
        let call = *self.calls.front().expect("a call that waits");
        Body::Outcome { call, outcome: Outcome::Done { answer, usage: Usage::default() } }
    }

    pub fn start(&self) -> Body {
        Body::Start(Box::new(Start {
            tenant: Tenant::default(),
            execution: ExecutionId::derived(TimeMs(1_000), "bench"),
            flow: self.plan.name.clone(),
            revision: 1,
            digest: self.plan.digest,
            semantics: 1,
            entry: None,
            input: json!({"who": "Kim", "amount": 12}),
            config: Value::Object(self.plan.spec.config.clone()),
            mode: Mode::Production,
            script: None,
            starter: operator(),
            environment: None,
            session: None,
            context: None,
            parent: None,
            pins: BTreeMap::new(),
            tools: BTreeMap::new(),
            prices: BTreeMap::new(),
            allowance: None,
            origin: None,
            purpose: Purpose::Production,
            trigger: None,
            labels: BTreeMap::new(),
            history: Vec::new(),
            guidance: flowgate::machine::guidance::Guidance::default(),
            attachments: Vec::new(),
            refused: None,
        }))
    }
}

/// What a call of no interest answers.
pub fn value() -> Answer {
    Answer::Value(json!({"id": "A-1001", "total": 12.5, "state": "delivered"}))
}

pub fn input(body: Body) -> Input {
    Input { now: TimeMs(1_700_000_000_000), entropy: 7, boot: BootId(1), body }
}

pub fn operator() -> Person {
    Person { user: "bench".to_owned(), roles: Vec::new(), every_role: true }
}
