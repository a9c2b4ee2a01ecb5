//! Drives `machine::decide` and nothing else: a virtual clock, a queue of what happens when, builtins and child executions. Two walks of
//! the same flow with the same acts are equal.

use std::collections::{BTreeMap, HashMap};

use flowgate::flow::plan::Plan;
use flowgate::ids::{BootId, CallId, ExecutionId, Tenant, TimeMs};
use flowgate::machine::call::{Answer, Call, CallError, Outcome, Request, Usage};
use flowgate::machine::effect::Effect;
use flowgate::machine::event::Recorded;
use flowgate::machine::input::{Body, Input, Mode, Parent, Pin, Signal, Start};
use flowgate::machine::question::Person;
use flowgate::machine::{State, decide, trace};
use serde_json::{Value, json};

use super::expectation::{Act, Run};

const BEGIN: TimeMs = TimeMs(1_700_000_000_000);
const BOOT: BootId = BootId(1);
/// Far above what any pattern needs; a walk that goes on for longer goes round in circles.
const INPUTS_MAX: usize = 10_000;

/// The steps of one execution by name.
pub struct Happened {
    steps: Vec<(String, String, Option<Span>)>,
}

/// When a step ran: virtual time, and the place in the journal where time is equal.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub started: TimeMs,
    pub ended: TimeMs,
}

pub struct Walk {
    status: String,
    /// The root first, then children in the order of their start.
    pub courses: Vec<Happened>,
    journal: String,
}

struct Execution {
    id: ExecutionId,
    state: State,
    journal: Vec<Recorded>,
}

struct World<'a> {
    plan: &'a Plan,
    now: TimeMs,
    executions: Vec<Execution>,
    /// What happens when; the second number keeps the order of what was planned for the same moment.
    queue: BTreeMap<(TimeMs, u64), (usize, Body)>,
    planned: u64,
    /// Calls in flight, with the key of their outcome in the queue.
    flights: HashMap<(usize, CallId), (TimeMs, u64)>,
}

/// Walks `plan` as `run` says.
pub fn walk(plan: &Plan, run: &Run) -> Walk {
    let mut world = World { plan, now: BEGIN, executions: Vec::new(), queue: BTreeMap::new(), planned: 0, flights: HashMap::new() };
    let root = ExecutionId::derived(BEGIN, "root");
    world.create(root, start(plan, root, run.input.clone().unwrap_or_else(|| json!({})), None));
    for (number, act) in run.acts.iter().enumerate() {
        world.plan_at(BEGIN.plus(act.at.ms), act.to, act_body(number, act));
    }
    world.run();
    let status = serde_json::to_value(world.executions[0].state.status()).unwrap();
    let journal = world.executions.iter().map(|one| serde_json::to_string_pretty(&one.journal).unwrap()).collect();
    let courses = world.executions.iter().map(|one| happened(plan, one)).collect();
    Walk { status: status.as_str().unwrap().to_owned(), courses, journal }
}

fn start(plan: &Plan, execution: ExecutionId, input: Value, parent: Option<Parent>) -> Start {
    Start {
        tenant: Tenant::default(),
        execution,
        flow: plan.name.clone(),
        revision: 1,
        digest: plan.digest,
        semantics: 1,
        entry: None,
        input,
        config: json!({}),
        mode: Mode::Production,
        script: None,
        starter: Person { user: "ana".to_owned(), roles: Vec::new(), every_role: true },
        environment: None,
        session: None,
        context: None,
        parent,
        pins: BTreeMap::from([(plan.name.clone(), Pin::new(1, plan.digest))]),
        tools: BTreeMap::new(),
        prices: BTreeMap::new(),
        allowance: None,
        origin: None,
        purpose: flowgate::machine::input::Purpose::Production,
        trigger: None,
        labels: BTreeMap::new(),
        history: Vec::new(),
        guidance: flowgate::machine::guidance::Guidance::default(),
        attachments: Vec::new(),
        refused: None,
    }
}

fn act_body(number: usize, act: &Act) -> Body {
    match (&act.signal, &act.cancel) {
        (Some(name), None) => Body::Signal(Signal { id: format!("act-{number}"), name: name.clone(), payload: json!({}) }),
        (None, Some(reason)) => Body::Cancel { reason: reason.clone(), by: Person::default() },
        _ => panic!("an act is a signal or a cancel: {act:?}"),
    }
}

impl World<'_> {
    fn create(&mut self, id: ExecutionId, start: Start) -> usize {
        let index = self.executions.len();
        self.executions.push(Execution { id, state: State::default(), journal: Vec::new() });
        self.feed(index, Body::Start(Box::new(start)));
        index
    }

    fn plan_at(&mut self, when: TimeMs, execution: usize, body: Body) -> (TimeMs, u64) {
        self.planned += 1;
        self.queue.insert((when, self.planned), (execution, body));
        (when, self.planned)
    }

    /// Feeds what is due next, the earliest of queue and deadlines, until nothing is.
    fn run(&mut self) {
        for _ in 0..INPUTS_MAX {
            let deadline = (0..self.executions.len()).filter_map(|index| Some((self.executions[index].state.deadline()?, index))).min();
            let queued = self.queue.keys().next().copied();
            match (queued, deadline) {
                (Some(key), due) if due.is_none_or(|(due, _)| key.0 <= due) => {
                    let (execution, body) = self.queue.remove(&key).unwrap();
                    self.now = self.now.max(key.0);
                    self.feed(execution, body);
                }
                (_, Some((due, execution))) => {
                    self.now = self.now.max(due);
                    self.feed(execution, Body::Timers);
                }
                (_, None) => return,
            }
        }
        panic!("the walk does not end");
    }

    /// One input; what the turn owes is planned. A refusal (a signal after the end) changes nothing.
    fn feed(&mut self, index: usize, body: Body) {
        let Some(execution) = self.executions.get_mut(index) else { panic!("no execution {index} yet: {body:?}") };
        let first = matches!(body, Body::Start(_));
        let input = Input { now: self.now, entropy: 0, boot: BOOT, body };
        match decide(&mut execution.state, self.plan, input) {
            Ok(turn) => {
                execution.journal.extend(turn.events);
                for effect in turn.effects {
                    self.owe(index, effect);
                }
            }
            Err(refusal) => assert!(!first, "the start is refused: {refusal}"),
        }
    }

    fn owe(&mut self, index: usize, effect: Effect) {
        match effect {
            Effect::Perform { call, request, .. } => {
                let (takes_ms, outcome) = perform(&request);
                let key = self.plan_at(self.now.plus(takes_ms), index, Body::Outcome { call, outcome });
                self.flights.insert((index, call), key);
            }
            Effect::Abort { call } => {
                if let Some(key) = self.flights.remove(&(index, call)) {
                    self.queue.remove(&key);
                    let error = CallError::new("aborted", "the call was broken off");
                    self.plan_at(self.now, index, Body::Outcome { call, outcome: Outcome::Permanent { error } });
                }
            }
            Effect::StartChild { child, start } => {
                assert_eq!(start.agent, self.plan.name, "a pattern's flow starts only itself");
                let created = self.create(child, start.start.clone());
                assert_eq!(self.executions[created].id, child);
                self.plan_at(self.now, index, Body::ChildAccepted { child });
            }
            Effect::CancelChild { child, reason } => {
                let target = self.index_of(child);
                self.plan_at(self.now, target, Body::Cancel { reason, by: Person::default() });
            }
            Effect::TellParent { parent, ended } => {
                let target = self.index_of(parent);
                let child = self.executions[index].id;
                self.plan_at(self.now, target, Body::ChildEnded { child, ended });
                self.plan_at(self.now, index, Body::ParentTold);
            }
            Effect::Continue => {
                self.plan_at(self.now, index, Body::Continue);
            }
        }
    }

    fn index_of(&self, id: ExecutionId) -> usize {
        self.executions.iter().position(|execution| execution.id == id).unwrap()
    }
}

/// How long a builtin takes, and what it answers.
fn perform(call: &Call) -> (u64, Outcome) {
    let Request::Builtin { name, args } = &call.request else { panic!("patterns use builtins only: {:?}", call.request) };
    let (takes_ms, value) = match name.as_str() {
        "sleep" => (args["ms"].as_u64().unwrap(), Value::Null),
        "echo" => (1, args.clone()),
        "noop" => (1, Value::Null),
        other => panic!("no builtin `{other}` here"),
    };
    (takes_ms, Outcome::Done { answer: Answer::Value(value), usage: Usage::default() })
}

fn happened(plan: &Plan, execution: &Execution) -> Happened {
    let trace = trace::trace(plan, &execution.journal).unwrap();
    let steps = trace.attempts.into_iter().map(|attempt| {
        let path = if attempt.path.is_empty() { String::new() } else { format!("{}/", attempt.path) };
        let visit = if attempt.visit == 1 { String::new() } else { format!("#{}", attempt.visit) };
        let span = attempt.started_at_ms.zip(attempt.ended_at_ms).map(|(started, ended)| Span { started, ended });
        (format!("{path}{}{visit}", attempt.step), attempt.status, span)
    });
    Happened { steps: steps.collect() }
}

impl Happened {
    pub fn with_status<'a>(&'a self, status: &'a str) -> impl Iterator<Item = &'a str> {
        self.steps.iter().filter(move |(_, found, _)| found == status).map(|(name, ..)| name.as_str())
    }

    /// None for a step that never began.
    pub fn span(&self, name: &str) -> Option<Span> {
        self.steps.iter().find(|(found, ..)| found == name).and_then(|(_, _, span)| *span)
    }
}

impl Walk {
    pub fn status(&self) -> &str {
        &self.status
    }

    /// Everything that was recorded, of all executions.
    pub fn journal(&self) -> &str {
        &self.journal
    }
}
