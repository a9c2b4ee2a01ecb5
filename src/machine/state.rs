//! What an execution is at one moment: the fold of its events. Only the types and what can be read off them; `evolve` changes them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::Value;

use super::call::{Call, CallError, Message, ToolUse, Used};
use super::event::{Place, Reserved, Role, StepFate, Stop};
use super::input::{Signal, Start};
use super::question::{Decided, Question};
use super::summary::Ended;
use crate::flow::names::StepView;
use crate::flow::plan::{EdgeIx, LoopIx, Node, Retry, ScopeIx, StepIx};
use crate::ids::{BootId, CallId, Digest, ExecutionId, FrameId, NanoUsd, QuestionId, StepId, TimeMs};

/// An execution between two inputs.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own; together they make no other type")]
pub struct State {
    /// The number of the next event.
    pub(super) seq: u64,
    /// The latest time of any event; never decreases.
    pub(super) now: TimeMs,
    pub(super) start: Option<Arc<Start>>,
    /// The start's input and configuration, shared with every expression that reads them.
    pub(super) input: Arc<Value>,
    pub(super) config: Arc<Value>,
    pub(super) context: Option<Arc<Value>>,
    pub(super) started_at: TimeMs,
    pub(super) frames: BTreeMap<FrameId, Frame>,
    pub(super) next_frame: u32,
    pub(super) next_call: u64,
    /// Calls whose outcome is owed to us.
    pub(super) flights: BTreeMap<CallId, Flight>,
    pub(super) open: BTreeMap<QuestionId, OpenQuestion>,
    /// Closed questions, with the decision where there was one.
    pub(super) closed: BTreeMap<QuestionId, Option<Decided>>,
    pub(super) children: BTreeMap<ExecutionId, ChildRun>,
    pub(super) timers: BTreeSet<(TimeMs, Timer)>,
    /// Signals that nothing has consumed yet, in order of arrival.
    pub(super) signals: VecDeque<Signal>,
    pub(super) signal_ids: VecDeque<String>,
    /// Steps that wait for a signal.
    pub(super) listening: BTreeSet<(FrameId, StepIx)>,
    /// Completed steps that can be taken back, in order of completion.
    pub(super) undo: Vec<Undo>,
    pub(super) spent: Spent,
    /// Names of called tools, for the summary.
    pub(super) tools: Vec<String>,
    pub(super) tool_errors: bool,
    /// Limits that a person raised.
    pub(super) raised: BTreeMap<super::event::Budget, u64>,
    pub(super) cancel: Option<(String, String)>,
    pub(super) pause: Option<super::pause::Pause>,
    /// What arrived during the pause, in order.
    pub(super) held: VecDeque<super::pause::Held>,
    /// The deadline of the execution itself has passed before anything else made it fail.
    pub(super) is_overdue: bool,
    pub(super) undoing: bool,
    /// The result under judgement, once everything has ended.
    pub(super) gate: Option<Box<Checking>>,
    /// The output of the step that makes the result, as the gate let it through.
    pub(super) accepted: Option<Arc<Value>>,
    /// Errors beside the first.
    pub(super) errors: Vec<CallError>,
    pub(super) fates: Vec<StepFate>,
    pub(super) yielded: bool,
    pub(super) ended: Option<Ended>,
    pub(super) ended_at: Option<TimeMs>,
    pub(super) parent_told: bool,
    /// What the last events made worth looking at; `decide` works it off within the turn. Not part of what the execution is.
    pub(super) hints: Hints,
}

/// Follow-ups; all equal, because they are scratch.
#[derive(Clone, Debug, Default)]
pub(super) struct Hints(pub(super) VecDeque<Todo>);

impl PartialEq for Hints {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

/// Something that may be possible now; looked at again before anything is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Todo {
    /// A node whose join is decided: enter it, let it die, or fail it as short.
    Node(FrameId, Node),
    /// A frame that may be quiet, or drained after a stop.
    Frame(FrameId),
    /// A running map or agent step whose parts have moved, or a stopping step whose parts have settled.
    Step(FrameId, Node),
    /// Compensation or the end.
    Finish,
}

/// Budgets used and held.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) steps: u64,
    pub(super) tokens: u64,
    pub(super) cost: NanoUsd,
    /// The parts of both.
    pub(super) used: Used,
    pub(super) held: Reserved,
}

/// One visit of a scope.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Frame {
    pub(super) scope: ScopeIx,
    /// The loop that this frame is a visit of; none for the root and for map items.
    pub(super) level: Option<LoopIx>,
    pub(super) parent: Option<FrameId>,
    pub(super) kind: FrameKind,
    /// Path of the steps in this frame (the innermost loop's visit is in `visit`, not here).
    pub(super) path: Arc<str>,
    pub(super) visit: u32,
    pub(super) nodes: BTreeMap<Node, NodeState>,
    /// Judged edges: true is live. Exits and back edges are held here until the frame closes.
    pub(super) edges: BTreeMap<EdgeIx, bool>,
    /// Nodes of this frame that are not settled.
    pub(super) unsettled: usize,
    pub(super) running: usize,
    pub(super) stop: Option<Stop>,
    /// The owner has taken its result; only its data is still read.
    pub(super) closed: bool,
    /// Actions that an approval released and nothing has used yet.
    pub(super) released: BTreeMap<StepIx, Released>,
    pub(super) last_output: Option<Arc<Value>>,
    /// Frames inside that are still kept.
    pub(super) inner: Vec<FrameId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FrameKind {
    Root,
    Visit { previous: Option<FrameId> },
    Item { step: StepIx, index: u32 },
}

/// Exactly what an approval released.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Released {
    pub(super) call: Arc<Call>,
    /// The digest that the deciding people named.
    pub(super) digest: Digest,
    /// The approval step.
    pub(super) asked_by: StepId,
}

/// A node that is not mentioned is idle and nothing has arrived.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum NodeState {
    /// Edges that have arrived so far.
    Idle {
        live: usize,
        dead: usize,
    },
    /// The join is decided: to be entered.
    Ready,
    /// Nothing live arrived: to die.
    Doomed,
    /// Fewer live edges than the join needs.
    Short,
    Running(Box<Run>),
    Settled(Settled),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settled {
    pub(super) how: How,
    pub(super) view: StepView,
    /// Of a loop: its final visit.
    pub(super) last: Option<FrameId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Done,
    Failed,
    Dead,
    Cancelled,
}

/// A step at work.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// Of the step as a whole (a single call counts its attempts in its task).
    pub(super) attempt: u32,
    pub(super) work: Running,
    pub(super) deadline: Option<TimeMs>,
    /// Set: it is stopping; its end waits for the fates of what it runs.
    pub(super) stopping: Option<Stopping>,
    /// Set from a model's first answer on, where validators judge it.
    pub(super) checking: Option<Box<Checking>>,
}

impl Run {
    pub(super) fn new(attempt: u32, work: Running) -> Self {
        Self { attempt, work, deadline: None, stopping: None, checking: None }
    }
}

/// An answer under judgement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checking {
    pub(super) step: StepId,
    /// Of the answer that is judged, or was judged last.
    pub(super) cycle: u32,
    /// Of the validators.
    pub(super) names: Vec<String>,
    /// The validator that did not pass, and its feedback.
    pub(super) refusal: Option<(String, String)>,
    pub(super) phase: CheckPhase,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum CheckPhase {
    /// The model is at its next answer.
    Answering,
    /// The validator at `next` is asked.
    Judging { output: Arc<Value>, next: u32, task: Option<Task> },
    /// The cycles are used up and the model says why.
    Explaining { task: Task },
}

impl Checking {
    pub(super) fn output(&self) -> Option<Arc<Value>> {
        if let CheckPhase::Judging { output, .. } = &self.phase { Some(Arc::clone(output)) } else { None }
    }

    /// The validator whose call is under way, and the call.
    pub(super) fn judging(&self) -> Option<(u32, &Task)> {
        if let CheckPhase::Judging { next, task: Some(task), .. } = &self.phase { Some((*next, task)) } else { None }
    }

    pub(super) fn task(&self) -> Option<&Task> {
        match &self.phase {
            CheckPhase::Judging { task, .. } => task.as_ref(),
            CheckPhase::Explaining { task } => Some(task),
            CheckPhase::Answering => None,
        }
    }

    pub(super) fn task_mut(&mut self) -> Option<&mut Task> {
        match &mut self.phase {
            CheckPhase::Judging { task, .. } => task.as_mut(),
            CheckPhase::Explaining { task } => Some(task),
            CheckPhase::Answering => None,
        }
    }

    /// The call under way, and which part of the step it is.
    pub(super) fn part(&self) -> Option<(super::event::Part, &Task)> {
        use super::event::Part;
        let cycle = self.cycle;
        match &self.phase {
            CheckPhase::Judging { next, task: Some(task), .. } => Some((Part::Check { cycle, index: *next }, task)),
            CheckPhase::Explaining { task } => Some((Part::Explain { cycle }, task)),
            CheckPhase::Judging { task: None, .. } | CheckPhase::Answering => None,
        }
    }
}

/// What becomes of a stopping step once everything in it has settled.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stopping {
    Cancel,
    Fail(CallError),
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Running {
    Call(Task),
    Question(QuestionId),
    Agent(Box<AgentRun>),
    Map(MapRun),
    Child(ExecutionId),
    Wait {
        due: TimeMs,
    },
    Listen,
    Loop {
        frame: FrameId,
    },
    /// Between two attempts at a step that is not a single call.
    Resting {
        due: TimeMs,
    },
}

/// A call with its attempts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Task {
    pub(super) request: Arc<Call>,
    pub(super) attempt: u32,
    /// Attempts that failed and were retried.
    pub(super) failures: u32,
    /// Attempts that a crash took.
    pub(super) lost: u32,
    pub(super) repaired: bool,
    pub(super) phase: TaskPhase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TaskPhase {
    /// Being decided in this turn.
    Settling,
    Flying(CallId),
    Resting {
        due: TimeMs,
    },
    /// A person decides: in doubt, or the gate before a tool call.
    Asking(QuestionId),
}

/// A call in flight.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Flight {
    pub(super) place: Place,
    pub(super) role: Role,
    pub(super) attempt: u32,
    pub(super) boot: BootId,
    pub(super) request: Arc<Call>,
    pub(super) reserved: Reserved,
    pub(super) aborted: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpenQuestion {
    pub(super) place: Place,
    pub(super) question: Question,
    pub(super) remind_at: Vec<TimeMs>,
    pub(super) reassigned: bool,
}

/// The ReAct loop of an `agent` step.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AgentRun {
    pub(super) step: StepId,
    pub(super) messages: Vec<Message>,
    pub(super) iteration: u32,
    /// The model call of this iteration.
    pub(super) model: Option<Task>,
    /// The tool calls of this iteration, in the order in which the model asked for them.
    pub(super) slots: Vec<Slot>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Slot {
    pub(super) asked: ToolUse,
    pub(super) state: SlotState,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum SlotState {
    Waiting,
    Gate(QuestionId),
    Task(Task),
    Child(ExecutionId),
    Observed { text: String },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct MapRun {
    pub(super) items: Arc<Vec<Value>>,
    pub(super) next: usize,
    pub(super) open: BTreeSet<FrameId>,
    pub(super) results: Vec<Value>,
    pub(super) errors: Vec<(usize, CallError)>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct ChildRun {
    pub(super) place: Place,
    pub(super) start: Box<super::effect::ChildStart>,
    pub(super) accepted: bool,
    pub(super) cancelling: Option<String>,
    pub(super) reserved: Reserved,
}

/// What a timer is for; ordered so that timers due together fire in a fixed order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Execution,
    /// The deadline of a step.
    Step(FrameId, StepIx),
    /// A `wait` step, or a pause between attempts.
    Wait(FrameId, StepIx),
    Retry(Place),
    Remind(QuestionId, u32),
    Expire(QuestionId),
    /// Never armed: sorts behind every timer of the same instant.
    Last,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct Undo {
    pub(super) place: Place,
    /// Path and visit of the step, and its retry policy: its frame may be gone by then.
    pub(super) path: String,
    pub(super) visit: u32,
    pub(super) retry: Retry,
    pub(super) call: Arc<Call>,
    /// Once begun.
    pub(super) task: Option<Task>,
}

impl State {
    /// The number that the next event gets; 0: the execution does not exist.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    #[must_use]
    pub fn start(&self) -> Option<&Start> {
        self.start.as_deref()
    }

    #[must_use]
    pub fn ended(&self) -> Option<&Ended> {
        self.ended.as_ref()
    }

    /// Open questions, oldest first, and those of one moment by their places: the calls of a model's turn in its order. Not those whose
    /// decision waits for the end of a pause.
    #[must_use]
    pub fn questions(&self) -> Vec<&Question> {
        let mut open: Vec<_> = self.open.values().filter(|open| self.held_decision(open.question.id).is_none()).collect();
        open.sort_by_key(|open| (open.question.asked_at, &open.place));
        open.into_iter().map(|open| &open.question).collect()
    }

    /// The decision that closed a question; none while it is open, and when it expired or was withdrawn.
    #[must_use]
    pub fn decided(&self, question: QuestionId) -> Option<&Decided> {
        self.closed.get(&question).and_then(Option::as_ref).or_else(|| self.held_decision(question))
    }

    /// The nearest deadline; during a pause the execution's own.
    #[must_use]
    pub fn deadline(&self) -> Option<TimeMs> {
        let acts = |timer: &Timer| !self.is_paused() || *timer == Timer::Execution;
        let nearest = self.timers.iter().find(|(_, timer)| acts(timer)).map(|(due, _)| *due);
        nearest.filter(|_| self.ended.is_none())
    }

    /// Whether this call has neither an outcome nor been given up.
    #[must_use]
    pub fn is_flying(&self, call: CallId) -> bool {
        self.flights.contains_key(&call)
    }

    /// Calls that were started under another boot and have no outcome: the shell feeds `Body::Lost` for each.
    #[must_use]
    pub fn lost(&self, boot: BootId) -> Vec<CallId> {
        self.flights.iter().filter(|(call, flight)| flight.boot != boot && !self.holds_call(**call)).map(|(call, _)| *call).collect()
    }

    /// Calls in flight with their full names, for display.
    #[must_use]
    pub fn flights(&self) -> Vec<(CallId, String, &Call)> {
        self.flights
            .iter()
            .filter(|(call, _)| !self.holds_call(**call))
            .map(|(call, flight)| (*call, self.name(&flight.place, flight.attempt), &*flight.request))
            .collect()
    }

    pub(super) fn frame(&self, id: FrameId) -> Option<&Frame> {
        self.frames.get(&id)
    }

    /// `path/step#visit` of a place.
    pub(super) fn visit_name(&self, place: &Place) -> String {
        let (path, step, visit) = self.place_parts(place);
        if path.is_empty() { format!("{step}#{visit}") } else { format!("{path}/{step}#{visit}") }
    }

    /// `path/step#visit.attempt`: the name of an attempt, everywhere.
    pub(super) fn name(&self, place: &Place, attempt: u32) -> String {
        format!("{}.{attempt}", self.visit_name(place))
    }

    /// The path, the step's (or tool's) name and the visit of a place.
    pub(super) fn place_parts(&self, place: &Place) -> (String, String, u32) {
        use super::event::Part;
        let (path, visit) = self.frames.get(&place.frame).map_or(("", 1), |frame| (&*frame.path, frame.visit));
        let step = place.step.as_str();
        let inside = |tail: String| if path.is_empty() { tail } else { format!("{path}/{tail}") };
        match place.part {
            Part::Own => (path.to_owned(), step.to_owned(), visit),
            Part::Model { iteration } => (inside(format!("{step}#{visit}{}@{iteration}", self.again(place))), "model".to_owned(), 1),
            Part::Tool { iteration, index } => {
                let tool = self.slot(place).map_or("tool", |slot| slot.asked.name.as_str());
                (inside(format!("{step}#{visit}{}@{iteration}[{index}]", self.again(place))), tool.to_owned(), 1)
            }
            Part::Check { cycle, index } => {
                let name = self.checking(place).and_then(|checking| checking.names.get(index as usize));
                let validator = name.map_or("validator", String::as_str).to_owned();
                (inside(format!("{step}#{visit}{}@cycle{cycle}", self.again(place))), validator, 1)
            }
            Part::Explain { cycle } => (inside(format!("{step}#{visit}{}@cycle{cycle}", self.again(place))), "explanation".to_owned(), 1),
            Part::Gate { index } => {
                let name = self.gate.as_ref().and_then(|gate| gate.names.get(index as usize));
                ("gate".to_owned(), name.map_or("validator", String::as_str).to_owned(), 1)
            }
            Part::Undo => {
                let begun = self.undo.last().filter(|undo| undo.place == *place);
                let (path, visit) = begun.map_or((path, visit), |undo| (&*undo.path, undo.visit));
                (if path.is_empty() { "undo".to_owned() } else { format!("undo/{path}") }, step.to_owned(), visit)
            }
        }
    }

    pub(super) fn run(&self, frame: FrameId, node: Node) -> Option<&Run> {
        let NodeState::Running(run) = self.frames.get(&frame)?.nodes.get(&node)? else { return None };
        Some(run)
    }

    pub(super) fn run_mut(&mut self, frame: FrameId, node: Node) -> Option<&mut Run> {
        let NodeState::Running(run) = self.frames.get_mut(&frame)?.nodes.get_mut(&node)? else { return None };
        Some(run)
    }

    /// The judgement of a place; found by the step's name, since a place carries no index.
    pub(super) fn checking(&self, place: &Place) -> Option<&Checking> {
        if let super::event::Part::Gate { .. } = place.part {
            return self.gate.as_deref();
        }
        self.frames.get(&place.frame)?.nodes.values().find_map(|state| {
            let NodeState::Running(run) = state else { return None };
            run.checking.as_deref().filter(|checking| checking.step == place.step)
        })
    }

    /// The slot of a tool call; found by the step's name, since a place carries no index.
    pub(super) fn slot(&self, place: &Place) -> Option<&Slot> {
        let super::event::Part::Tool { index, .. } = place.part else { return None };
        self.agent(place)?.slots.get(index as usize)
    }

    fn agent(&self, place: &Place) -> Option<&AgentRun> {
        self.agent_attempt(place).map(|(agent, _)| agent)
    }

    /// The agent step that a place belongs to, and its attempt as a whole; found by name, since a place carries no index.
    fn agent_attempt(&self, place: &Place) -> Option<(&AgentRun, u32)> {
        self.frames.get(&place.frame)?.nodes.values().find_map(|state| {
            let NodeState::Running(run) = state else { return None };
            let Running::Agent(agent) = &run.work else { return None };
            (agent.step == place.step).then_some((&**agent, run.attempt))
        })
    }

    /// `.attempt` of an agent that is tried again: what the model asks for then is something else, and so are its names and keys.
    fn again(&self, place: &Place) -> String {
        let attempt = self.agent_attempt(place).map_or(1, |(_, attempt)| attempt);
        if attempt > 1 { format!(".{attempt}") } else { String::new() }
    }
}
