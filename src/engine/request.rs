//! What the engine is asked, and what it answers: plain data, no behaviour.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use crate::flow::spec::RehearsalSpec;
use crate::ids::{CallId, Digest, ExecutionId, Tenant, TimeMs};
use crate::machine::call::{Call, CallError, Message};
use crate::machine::guidance::Guidance;
use crate::machine::input::{Attachment, Mode, Purpose, Start, Trigger};
use crate::machine::question::{Decided, Person, Question};
use crate::machine::summary::{Ended, Summary};
use crate::machine::trace::{Attempt, What};
use crate::store::Filter;

/// How an engine runs.
#[derive(Clone, Debug)]
pub struct Options {
    /// Whose the first handle is; `EngineHandle::of` gives the others.
    pub tenant: Tenant,
    pub resume: Resume,
    /// Threads that execution actors are spread over beside the directory's; 0: they share that one, which spares most hops between threads
    /// and is what measurement found best on two cores.
    pub arbiters: usize,
    /// Starts and signals that may wait for their answer at once; more are refused with `Error::Busy`.
    pub intake_max: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { tenant: Tenant::default(), resume: Resume::All, arbiters: 0, intake_max: 1_024 }
    }
}

/// What moves without being asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resume {
    /// At boot everything that owes work, and every deadline when it is due (a server).
    All,
    /// Only executions that are started, resumed or answered through this handle, with their children and their timers (the command line).
    Asked,
    /// Nothing: what is asked is recorded and answered, no effect is performed, no timer fed. For looking, and for decisions, signals and
    /// starts that somebody else goes on with.
    Nothing,
}

/// A revision in the catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowRef {
    pub name: String,
    pub revision: u32,
    pub digest: Digest,
}

/// From an agent's name to the revision that a child of it runs now.
#[derive(Clone)]
pub struct Resolver(pub Arc<Resolving>);

/// What a `Resolver` asks.
pub type Resolving = dyn Fn(&str) -> Option<FlowRef> + Send + Sync;

impl std::fmt::Debug for Resolver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Resolver")
    }
}

/// A new execution.
#[derive(Clone, Debug)]
pub struct StartRequest {
    pub flow: FlowRef,
    pub input: Value,
    /// The entry of the flow to come in by; its input schema then counts.
    pub entry: Option<String>,
    /// Overrides of the flow's `config:`; names that it does not declare are refused.
    pub config: Map<String, Value>,
    pub mode: Mode,
    /// Scripted answers of a `.rehearsal.yaml`.
    pub script: Option<RehearsalSpec>,
    pub starter: Person,
    /// None: a fresh one. With an id that exists already the start is refused (`Refusal::Exists`).
    pub execution: Option<ExecutionId>,
    /// Child agents whose revision is settled already (registered from files beside the flow). Others resolve to the newest in the catalog.
    pub agents: Vec<FlowRef>,
    /// Who knows which revision of a child agent runs, where `agents` does not say and the flow names none.
    pub resolver: Option<Resolver>,
    /// MCP servers whose changed tools are agreed to with this start.
    pub accept_tools: Vec<String>,
    pub environment: Option<String>,
    pub session: Option<String>,
    pub context: Option<Value>,
    pub purpose: Purpose,
    pub trigger: Option<Trigger>,
    pub labels: BTreeMap<String, String>,
    /// Earlier turns of the session, oldest first; only what users and models said is shown to models.
    pub history: Vec<Message>,
    /// What the caller says about model calls, beside the flow.
    pub guidance: Guidance,
    pub attachments: Vec<Attachment>,
    /// Set: the start is recorded as rejected with this error, and nothing runs.
    pub refused: Option<CallError>,
}

impl StartRequest {
    /// A production start by `starter` with nothing special.
    #[must_use]
    pub fn new(flow: FlowRef, input: Value, starter: Person) -> Self {
        Self {
            flow,
            input,
            entry: None,
            config: Map::new(),
            mode: Mode::Production,
            script: None,
            starter,
            execution: None,
            agents: Vec::new(),
            resolver: None,
            accept_tools: Vec::new(),
            environment: None,
            session: None,
            context: None,
            purpose: Purpose::Production,
            trigger: None,
            labels: BTreeMap::new(),
            history: Vec::new(),
            guidance: Guidance::default(),
            attachments: Vec::new(),
            refused: None,
        }
    }
}

/// A new execution that departs from an attempt of another one.
#[derive(Clone, Debug)]
pub struct ForkRequest {
    pub from: ExecutionId,
    /// `path/step#visit.attempt`; without `.attempt` the visit's last one.
    pub attempt: String,
    /// What the attempt gives in the new execution instead of what it gave.
    pub output: Value,
    pub starter: Person,
    /// As in `StartRequest`.
    pub execution: Option<ExecutionId>,
}

/// A new execution that goes on where another one failed.
#[derive(Clone, Debug)]
pub struct RetryRequest {
    pub from: ExecutionId,
    /// None: the revision that the other one ran.
    pub revision: Option<FlowRef>,
    pub starter: Person,
    /// As in `StartRequest`.
    pub execution: Option<ExecutionId>,
}

impl RetryRequest {
    /// On the same revision, under a fresh id.
    #[must_use]
    pub fn new(from: ExecutionId, starter: Person) -> Self {
        Self { from, revision: None, starter, execution: None }
    }
}

/// What a decision did.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// The question is closed by this decision.
    Closed(Decided),
    /// It counts, and more are needed (quorum), or the action was changed and has to be looked at again: the question as it stands now.
    Open(Box<Question>),
}

/// A question and the execution that asks it.
#[derive(Clone, Debug, PartialEq)]
pub struct QuestionRef {
    pub execution: ExecutionId,
    pub flow: String,
    pub question: Question,
}

/// A question that nobody can decide any more.
#[derive(Clone, Debug, PartialEq)]
pub struct ClosedQuestion {
    pub asked: QuestionRef,
    pub closing: Closing,
}

/// A question as it stands, open or not.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownQuestion {
    /// With the votes and the action that it has, or had when it was closed.
    pub asked: QuestionRef,
    /// None: it is open.
    pub closing: Option<Closing>,
    /// How often its action was changed since it was asked; each time its digest changed with it.
    pub edits: u32,
}

/// How a question was closed.
#[derive(Clone, Debug, PartialEq)]
pub enum Closing {
    /// By the decision that stands.
    Decided(Decided),
    /// Nobody answered in time.
    Expired { at: TimeMs },
    /// The step that asked was cancelled, or its execution ended.
    Withdrawn { at: TimeMs },
}

impl Closing {
    /// When.
    #[must_use]
    pub fn at(&self) -> TimeMs {
        match self {
            Self::Decided(decided) => decided.at,
            Self::Expired { at } | Self::Withdrawn { at } => *at,
        }
    }
}

/// A page of executions, newest first.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    pub filter: Filter,
    /// Only executions older than this one (the `next` of the page before).
    pub before: Option<ExecutionId>,
    /// 0: 100.
    pub limit: usize,
}

/// Some of what a filter holds.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Newest first. May be fewer than asked for, even none, where `next` is set.
    pub rows: Vec<Listed>,
    /// The rest is older than this one; none when there is no rest.
    pub next: Option<ExecutionId>,
}

/// One row of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Listed {
    pub id: ExecutionId,
    pub summary: Summary,
}

/// A call that is running, or that was when its process ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Flight {
    pub call: CallId,
    /// `path/step#visit.attempt`.
    pub name: String,
    pub request: Arc<Call>,
}

/// An execution at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    pub id: ExecutionId,
    /// The number of its events.
    pub seq: u64,
    pub start: Start,
    /// Holds `waiting_for`, tokens and cost as well.
    pub summary: Summary,
    pub ended: Option<Ended>,
    /// How callers of a definition are told that it failed: the code, and an explanation.
    pub failure: Option<(String, String)>,
    /// Open questions in full, oldest first.
    pub questions: Vec<Question>,
    pub flights: Vec<Flight>,
    /// Something in this process is moving it or one of its children right now; when that ends, `Notice::Idle` follows.
    pub live: bool,
    /// Why it is set aside, if it is.
    pub quarantined: Option<String>,
}

/// Which attempts of an execution.
#[derive(Clone, Debug, Default)]
pub struct AttemptsRequest {
    /// The number of the first row that may be given.
    pub from: usize,
    pub limit: usize,
    /// Only those that an entry from this number on changed.
    pub since: Option<u64>,
    /// Only those; none: all.
    pub names: Vec<String>,
    /// With what went in and came out.
    pub whole: bool,
}

/// A page of attempts.
#[derive(Clone, Debug)]
pub struct AttemptsPage {
    /// Whose execution it is.
    pub flow: String,
    pub rows: Vec<AttemptRow>,
    /// Where the next page begins.
    pub next: Option<usize>,
    /// Attempts of the execution up to now.
    pub total: usize,
    /// The number of its entries up to now.
    pub seq: u64,
}

/// An attempt with what it belongs to.
#[derive(Clone, Debug)]
pub struct AttemptRow {
    pub attempt: Attempt,
    /// The name of the attempt that it belongs to.
    pub parent: Option<String>,
    pub what: What,
    /// The execution that it started.
    pub child: Option<ExecutionId>,
}

/// Of which executions the steps are measured.
#[derive(Clone, Debug, Default)]
pub struct StepTimesRequest {
    pub filter: Filter,
    /// The newest of them, so many at most.
    pub executions: usize,
}

/// How long steps took, those that took most in all first.
#[derive(Clone, Debug, Default)]
pub struct StepTimes {
    /// Executions that were read.
    pub executions: usize,
    /// There was more in them than one request may read.
    pub is_cut: bool,
    pub steps: Vec<StepTime>,
}

/// The attempts at one step of a flow, or at one kind of call of an agent, that came to an end.
#[derive(Clone, Debug)]
pub struct StepTime {
    pub flow: String,
    /// `map/step`; of an agent's calls `step/model` and `step/TOOL`.
    pub step: String,
    pub kind: String,
    pub what: What,
    pub ended: u64,
    /// Of them, those that failed, were lost or are in doubt.
    pub failed: u64,
    /// Of them, those that were not the first attempt.
    pub repeated: u64,
    /// Half, and 95 in 100, took no longer.
    pub half_ms: u64,
    pub p95_ms: u64,
    pub total_ms: u64,
    pub slowest: SlowestAttempt,
}

/// The attempt that took longest.
#[derive(Clone, Debug)]
pub struct SlowestAttempt {
    pub execution: ExecutionId,
    pub attempt: String,
    pub took_ms: u64,
}

/// An execution as its summary tells it: no journal was read for it.
#[derive(Clone, Debug)]
pub struct Standing {
    pub id: ExecutionId,
    pub summary: Summary,
    /// As in a snapshot.
    pub live: bool,
    /// As in a snapshot.
    pub quarantined: Option<String>,
}

/// An execution without secrets, for use elsewhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    /// Its agent.
    pub flow: String,
    /// As a dataset takes it.
    pub sample: Value,
    /// As a rehearsal file has it.
    pub rehearsal: Value,
    /// For people: what could not be taken along.
    pub left_out: Vec<String>,
}

/// How much an engine has to do, of every tenant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Executions that are in memory.
    pub executions: usize,
    /// Inputs without an answer.
    pub inputs: usize,
    /// Calls without an outcome.
    pub calls: usize,
    /// Starts and signals that wait for their answer, and how many may.
    pub intake: usize,
    pub intake_max: usize,
}

/// What a shutdown left behind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parked {
    /// Executions that were live and are now only in the store.
    pub executions: usize,
    /// Calls that did not end in time; they are lost or in doubt at the next start.
    pub calls_cut: usize,
}
