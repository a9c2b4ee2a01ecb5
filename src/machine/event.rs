//! Facts about one execution, in the order in which they were decided. The serialised shape is the journal's format: frozen by golden
//! files, changed only together with an upcast (see `journal`).

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{Call, CallError, Outcome, ToolUse};
use super::effect::{ChildStart, Effect};
use super::input::{Signal, Start};
use super::pause::Held;
use super::question::{Action, Decided, Question, Vote};
use super::summary::Ended;
use super::tagged::tagged;
use crate::flow::plan::Approvers;
use crate::ids::{BootId, CallId, Digest, ExecutionId, FrameId, NanoUsd, QuestionId, StepId, TimeMs};

/// One event with its number (from 0) and the time of the turn that decided it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    pub seq: u64,
    pub at: TimeMs,
    pub event: Event,
}

/// A step of a frame, or one of the calls that an `agent` step makes in an iteration.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    pub frame: FrameId,
    pub step: StepId,
    #[serde(default, skip_serializing_if = "Part::is_own")]
    pub part: Part,
}

/// Which of a step's calls. Iterations count from 1, tool calls from 0 in the order in which the model asked for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    #[default]
    Own,
    Model {
        iteration: u32,
    },
    Tool {
        iteration: u32,
        index: u32,
    },
    /// The call of a validator. Cycles count from 1, validators from 0.
    Check {
        cycle: u32,
        index: u32,
    },
    /// The call that asks a model why it could not pass its validators.
    Explain {
        cycle: u32,
    },
    /// The call of a validator of the result. Belongs to no step.
    Gate {
        index: u32,
    },
    /// The call that takes the step back.
    Undo,
}

impl Part {
    fn is_own(&self) -> bool {
        *self == Self::Own
    }
}

/// A step, or a whole loop, named by its header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeName {
    Step(StepId),
    Loop(StepId),
}

/// What a frame is one visit of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Opening {
    /// The `visit`-th visit (from 1) of the loop with this header.
    Visit { header: StepId, visit: u32 },
    /// The body of a map for the item at `index`.
    Item { step: StepId, index: u32 },
}

/// What a step that takes time does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    Agent {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        system: Option<String>,
        prompt: String,
    },
    Map {
        items: Arc<Vec<Value>>,
    },
    Wait {
        due: TimeMs,
    },
    Listen,
}

/// Why a call is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The step's own call.
    #[default]
    Act,
    /// The call that finds out whether a call in doubt happened.
    Check,
}

impl Role {
    fn is_act(&self) -> bool {
        *self == Self::Act
    }
}

/// The worst case of a model call, held back from the budgets until it is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserved {
    pub tokens: u64,
    pub cost: NanoUsd,
}

impl Reserved {
    fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Done {
        port: String,
        output: Arc<Value>,
        /// Of a map that went on past failed items.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        errors: Option<Arc<Value>>,
        /// Taken over from another execution (`retry`, `fork`).
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given: bool,
    },
    Failed {
        error: CallError,
        /// Of a step that did its work and then could not be routed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        output: Option<Arc<Value>>,
    },
    Cancelled {
        fate: Fate,
    },
}

/// What became of a step that was running when it was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It had not begun, was waiting, or was broken off without effect.
    Aborted,
    /// Its `once` call may have happened.
    InDoubt,
    /// Its call had been completed when the cancel reached it.
    Happened,
}

/// How a loop ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LoopEnding {
    /// Left through the exits that were live in the final visit.
    Left,
    /// The bound on visits was reached with the back edge live.
    Exhausted,
    Failed {
        error: CallError,
    },
    Cancelled,
}

/// How a map's item ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemEnding {
    Done { output: Value },
    Failed { error: CallError },
    Cancelled,
}

/// Why a frame stops before it is quiet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    Failed {
        error: CallError,
    },
    /// The whole execution, the owner, or a join's `rest: cancel`.
    Cancelled,
    /// An `end` step.
    Ended {
        output: Option<Value>,
    },
}

/// What a validator says of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    Pass,
    /// Not like this: the model is to try again, within the bound on cycles.
    Retry,
    Stop,
}

/// What a budget counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Budget {
    Steps,
    Tokens,
    Cost,
}

/// A fact. `evolve` is the only reader that changes state by it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
pub enum Event {
    /// The first event. Opens the root frame and enters the flow's first node.
    Started {
        start: Box<Start>,
    },
    /// A loop visit or a map item begins; its first node is ready.
    FrameOpened {
        frame: FrameId,
        parent: FrameId,
        opening: Opening,
    },
    /// A ready step begins work that is neither a call, a question nor a child (those begin with `CallStarted`, `Asked`, `ChildStarted`).
    Entered {
        frame: FrameId,
        step: StepId,
        attempt: u32,
        work: Work,
        /// The step's own `timeout`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<TimeMs>,
    },
    /// An attempt at a call; the call is owed from here on.
    CallStarted {
        call: CallId,
        place: Place,
        #[serde(default, skip_serializing_if = "Role::is_act")]
        role: Role,
        attempt: u32,
        boot: BootId,
        request: Arc<Call>,
        #[serde(default, skip_serializing_if = "Reserved::is_nothing")]
        reserved: Reserved,
    },
    /// The outcome of an attempt. The call is no longer owed; what follows from it is in later events.
    CallEnded {
        call: CallId,
        outcome: Outcome,
    },
    /// The process that performed the attempt is gone. For `once` calls in doubt, for the others a new attempt follows.
    CallLost {
        call: CallId,
    },
    /// The call is to be broken off; its outcome decides its fate.
    AbortAsked {
        call: CallId,
    },
    /// An outcome that came after its step had been settled: traced, never state.
    Late {
        call: CallId,
        outcome: Outcome,
    },
    /// The next attempt is due then (backoff with jitter, or `Retry-After`), because of this error.
    RetryAt {
        place: Place,
        due: TimeMs,
        error: CallError,
    },
    /// A question is open.
    Asked {
        place: Place,
        question: Arc<Question>,
        /// When people are reminded.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        remind_at: Vec<TimeMs>,
        /// The step's own `timeout`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<TimeMs>,
    },
    /// An approving vote that does not yet reach the quorum.
    Voted {
        question: QuestionId,
        vote: Vote,
    },
    /// The action was changed: new digest, earlier votes lapse, the editor's vote counts.
    ActionEdited {
        question: QuestionId,
        action: Box<Action>,
        digest: Digest,
        vote: Vote,
    },
    /// A reminder is due (`number` from 0); people are told again.
    Reminded {
        question: QuestionId,
        number: u32,
    },
    /// The time ran out and someone else is asked.
    Reassigned {
        question: QuestionId,
        approvers: Approvers,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<TimeMs>,
    },
    /// The decision that took effect; the question is closed.
    Answered {
        question: QuestionId,
        decided: Decided,
    },
    /// The time ran out; the question is closed.
    Expired {
        question: QuestionId,
    },
    /// The step that asked was cancelled; the question is closed.
    Withdrawn {
        question: QuestionId,
    },
    /// The model of an `agent` step asked for tools; one slot per call, in order.
    Iterated {
        frame: FrameId,
        step: StepId,
        iteration: u32,
        thought: String,
        calls: Vec<ToolUse>,
    },
    /// A tool call of an iteration has its observation.
    Observed {
        place: Place,
        text: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        failed: bool,
    },
    /// A model step has an answer, or the execution a result; its validators judge it from here on. Cycles count from 1.
    Checking {
        place: Place,
        cycle: u32,
        output: Arc<Value>,
        /// By name, in the order in which they judge.
        validators: Vec<String>,
    },
    /// The verdict of one validator; the next is asked, or what follows from it is in the next events.
    Validated {
        place: Place,
        cycle: u32,
        index: u32,
        validator: String,
        verdict: CheckVerdict,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        score: Option<f64>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        feedback: Option<String>,
    },
    /// A correction cycle begins: the model sees its answer and this message.
    Corrected {
        place: Place,
        cycle: u32,
        message: String,
    },
    /// A child execution is owed.
    ChildStarted {
        place: Place,
        child: ExecutionId,
        attempt: u32,
        start: Box<ChildStart>,
        #[serde(default, skip_serializing_if = "Reserved::is_nothing")]
        reserved: Reserved,
        /// The step's own `timeout`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        deadline: Option<TimeMs>,
    },
    ChildAccepted {
        child: ExecutionId,
    },
    /// The child is to be cancelled; the step waits for its end.
    ChildCancelAsked {
        child: ExecutionId,
        reason: String,
    },
    ChildEnded {
        child: ExecutionId,
        ended: Ended,
    },
    /// A signal arrived and nothing waits for it yet.
    SignalKept {
        signal: Signal,
    },
    /// A signal is consumed by a step; directly on arrival, or from those kept.
    SignalTaken {
        signal: Signal,
        frame: FrameId,
        step: StepId,
    },
    /// A step is settled; its outgoing edges are judged: `taken` (indices in file order) live, all others dead.
    StepEnded {
        frame: FrameId,
        step: StepId,
        ending: Ending,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        taken: Vec<u32>,
        /// The call that would take this step back, rendered now.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        undo: Option<Arc<Call>>,
    },
    /// A loop is settled in its parent frame; `taken` are the live ones among the edges its node owns.
    LoopEnded {
        frame: FrameId,
        header: StepId,
        ending: LoopEnding,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        taken: Vec<u32>,
    },
    /// Nodes that nothing live reaches any more; their edges are dead.
    Died {
        frame: FrameId,
        nodes: Vec<NodeName>,
    },
    /// Nodes that a join with `rest: cancel` makes superfluous, before they began.
    Skipped {
        frame: FrameId,
        nodes: Vec<NodeName>,
    },
    /// The frame starts nothing new; what runs in it is cancelled.
    FrameStopping {
        frame: FrameId,
        stop: Stop,
    },
    /// A running step is to stop (join with `rest: cancel`, timeout of the step); its end waits for the fates of what it runs.
    StepStopping {
        frame: FrameId,
        node: NodeName,
        /// Set: the step then fails with it (or is tried again); not set: it is cancelled.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<CallError>,
    },
    /// The execution's own deadline has fired; the root frame stops next.
    DeadlinePassed,
    /// A step's own deadline has fired; it stops next.
    StepDeadlinePassed {
        frame: FrameId,
        step: StepId,
    },
    /// A map's item is settled; its frame is closed.
    ItemEnded {
        frame: FrameId,
        ending: ItemEnding,
    },
    /// Someone cancelled the execution. From here on nothing new starts, compensations aside.
    CancelAsked {
        reason: String,
        by: String,
    },
    /// Someone holds the execution: nothing new starts, what arrives is held.
    Paused {
        reason: String,
        by: String,
    },
    /// An input of the time of a pause, or of the time in which what came during one is taken; its effect is in events after `Unpaused`.
    Held {
        input: Held,
    },
    /// It goes on, and takes what was held. Without a person, a cancel or its time limit ended the pause.
    Unpaused {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// What is held is taken one by one, each with a `HeldTaken` before what it leads to. Without it everything was taken at once.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        keeps: bool,
    },
    /// The oldest of what is held is taken.
    HeldTaken,
    /// Everything has stopped; completed steps that declare `compensate` are taken back, last first.
    Undoing,
    /// One compensation is over; an error was retried and then listed.
    UndoEnded {
        place: Place,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<CallError>,
    },
    /// A person granted more.
    LimitRaised {
        budget: Budget,
        limit: u64,
    },
    /// The turn reached `TURN_TRANSITIONS_MAX`; the execution owes itself `Continue`.
    Yielded,
    /// It went on.
    Continued,
    /// The final record: status, output or cause, the other errors, and the fate of each step that was running.
    Ended {
        ended: Ended,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        errors: Vec<CallError>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        fates: Vec<StepFate>,
    },
    /// The parent knows our end.
    ParentTold,
}

tagged!(Event, "event");

/// The fate of one step that was running when its execution stopped.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepFate {
    /// `path/step#visit.attempt`.
    pub attempt: String,
    pub fate: Fate,
}

impl Effect {
    /// What `event` makes the execution owe; `name` gives a call's full name.
    #[must_use]
    pub fn of(event: &Event, name: impl Fn(&Place, u32) -> String) -> Option<Self> {
        match event {
            Event::CallStarted { call, place, attempt, request, .. } => {
                Some(Self::Perform { call: *call, name: name(place, *attempt), request: Arc::clone(request) })
            }
            Event::AbortAsked { call } => Some(Self::Abort { call: *call }),
            Event::ChildStarted { child, start, .. } => Some(Self::StartChild { child: *child, start: start.clone() }),
            Event::ChildCancelAsked { child, reason } => Some(Self::CancelChild { child: *child, reason: reason.clone() }),
            Event::Yielded => Some(Self::Continue),
            Event::Started { .. }
            | Event::FrameOpened { .. }
            | Event::Entered { .. }
            | Event::CallEnded { .. }
            | Event::CallLost { .. }
            | Event::Late { .. }
            | Event::RetryAt { .. }
            | Event::Asked { .. }
            | Event::Voted { .. }
            | Event::ActionEdited { .. }
            | Event::Reminded { .. }
            | Event::Reassigned { .. }
            | Event::Answered { .. }
            | Event::Expired { .. }
            | Event::Withdrawn { .. }
            | Event::Iterated { .. }
            | Event::Observed { .. }
            | Event::Checking { .. }
            | Event::Validated { .. }
            | Event::Corrected { .. }
            | Event::ChildAccepted { .. }
            | Event::ChildEnded { .. }
            | Event::SignalKept { .. }
            | Event::SignalTaken { .. }
            | Event::StepEnded { .. }
            | Event::LoopEnded { .. }
            | Event::Died { .. }
            | Event::Skipped { .. }
            | Event::FrameStopping { .. }
            | Event::StepStopping { .. }
            | Event::ItemEnded { .. }
            | Event::CancelAsked { .. }
            | Event::Paused { .. }
            | Event::Held { .. }
            | Event::Unpaused { .. }
            | Event::HeldTaken
            | Event::UndoEnded { .. }
            | Event::LimitRaised { .. }
            | Event::Ended { .. }
            | Event::Undoing
            | Event::Continued
            | Event::ParentTold
            | Event::DeadlinePassed
            | Event::StepDeadlinePassed { .. } => None,
        }
    }
}
