//! The compiled flow that the machine walks: scopes of steps and edges with everything about loops and joins worked out once.
//! Built by `compile` from a checked spec; immutable afterwards, shared by every execution of the revision.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::expr::Expr;
use super::schema::Schema;
use super::spec::{Backoff, DecisionKind, EffectClass, FlowSpec, OnBreach, OnFail, OnItemError, Rest, SandboxSpec, Select};
use super::template::{Template, TextTemplate, ValueTemplate};
use crate::ids::{Digest, StepId};

/// Index of a scope: 0 is the flow itself, every map body is one more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScopeIx(pub u32);
/// Index of a step in its scope, in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StepIx(pub u32);
/// Index of an edge in its scope, in file order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EdgeIx(pub u32);
/// Index of a loop in its scope; an outer loop comes before the loops inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoopIx(pub u32);

/// What a frame is made of: a step, or a whole inner loop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    Step(StepIx),
    Loop(LoopIx),
}

#[derive(Debug)]
pub struct Plan {
    pub name: String,
    /// Over the normalised spec, `ui` left out.
    pub digest: Digest,
    pub spec: Arc<FlowSpec>,
    pub scopes: Vec<Scope>,
    pub input: Option<Schema>,
    pub limits: Limits,
    /// What the result must satisfy, whatever the entry.
    pub gate: Validators,
    /// The `llm` or `agent` step of the flow's own scope whose answer is the result, where there is exactly one.
    pub result: Option<StepIx>,
    pub entries: IndexMap<String, Entry>,
}

/// A named way in.
#[derive(Debug)]
pub struct Entry {
    pub key: String,
    pub name: Option<String>,
    pub description: Option<String>,
    /// Instead of the flow's.
    pub input: Option<Schema>,
    pub start: Option<EntryStart>,
    /// After the flow's own gate.
    pub gate: Validators,
    pub failure_codes: Vec<String>,
}

/// Where an entry begins that does not begin with the flow.
#[derive(Debug)]
pub struct EntryStart {
    pub node: Node,
    /// Nodes of the flow that nothing leads to from there: dead from the beginning.
    pub unreached: Vec<Node>,
}

/// Validators and how many correction cycles they may ask for.
#[derive(Debug, Default)]
pub struct Validators {
    pub list: Vec<Validator>,
    pub retries_max: u32,
}

#[derive(Debug)]
pub struct Validator {
    pub name: String,
    pub check: Check,
    pub on_fail: OnFail,
    pub feedback: Option<Template>,
    /// Of the error when it stops.
    pub code: Option<String>,
    pub retry: Retry,
    pub timeout_ms: u64,
    pub sandbox: Option<SandboxSpec>,
    /// Its call changes nothing outside, as far as its author says.
    pub is_harmless: bool,
}

#[derive(Debug)]
pub enum Check {
    JsonSchema(Schema),
    Cel(Expr),
    /// The pattern, and the schema of a text that matches it.
    Regex(String, Schema),
    Judge(Judge),
    Http(CallTemplate),
}

#[derive(Debug)]
pub struct Judge {
    pub model: String,
    pub rubric: Template,
    pub threshold: f64,
    pub max_tokens: u64,
}

/// Budgets of one execution, defaults filled in.
#[derive(Clone, Debug, Default)]
pub struct Limits {
    pub timeout_ms: Option<u64>,
    pub steps: u64,
    pub cost_usd: Option<f64>,
    pub tokens: Option<u64>,
    pub on_breach: OnBreach,
}

/// The flow, or one map body.
#[derive(Debug)]
pub struct Scope {
    pub ix: ScopeIx,
    /// The map step that owns this body, and its scope; none for the flow itself.
    pub owner: Option<(ScopeIx, StepIx)>,
    pub steps: Vec<Step>,
    pub edges: Vec<Edge>,
    pub loops: Vec<Loop>,
    /// The node that is entered first (the loop, where the first step heads one).
    pub start: Node,
    /// Nodes directly in the scope, not inside a loop of it.
    pub nodes: Vec<Node>,
    pub output: Option<Expr>,
    pub by_id: HashMap<StepId, StepIx>,
}

#[derive(Debug)]
pub struct Edge {
    pub from: StepIx,
    pub to: StepIx,
    pub port: String,
    pub when: Option<Expr>,
    pub otherwise: bool,
    /// The innermost loop that contains both ends: the edge is judged for good in a frame of this level (none: the scope's own). For
    /// a back edge it is the loop that the edge repeats.
    pub level: Option<LoopIx>,
    /// The node at `level` that the edge leads to. Meaningless for a back edge.
    pub target: Node,
    pub back: bool,
}

#[derive(Debug)]
pub struct Loop {
    pub header: StepIx,
    pub parent: Option<LoopIx>,
    pub visits: u32,
    /// Every step inside, inner loops' included.
    pub steps: Vec<StepIx>,
    /// Nodes directly in the loop: its own steps (the header among them) and inner loops as one node each.
    pub nodes: Vec<Node>,
    pub back_edges: Vec<EdgeIx>,
    /// Edges that leave the loop from a step inside, apart from `owned`; whatever their own level.
    pub exits: Vec<EdgeIx>,
    /// Edges that belong to the loop's node: the header's `exhausted` edges, and its `error` edges that leave the loop.
    pub owned: Vec<EdgeIx>,
}

#[derive(Debug)]
pub struct Step {
    pub id: StepId,
    pub ix: StepIx,
    pub title: Option<String>,
    pub kind: Kind,
    /// Edges that the node of this step waits for: no back edges. For a header these are the entry edges, judged in the parent frame.
    pub incoming: Vec<EdgeIx>,
    /// In file order; the edges that a loop's node owns are not among them.
    pub outgoing: Vec<EdgeIx>,
    /// The innermost loop that contains the step.
    pub within: Option<LoopIx>,
    /// The loop that this step heads.
    pub heads: Option<LoopIx>,
    pub join: Join,
    pub rest: Rest,
    /// With `rest: cancel`: the nodes of the same frame all of whose paths pass through this step (not itself).
    pub only_leads_here: Vec<Node>,
    pub select: Select,
    pub retry: Retry,
    pub timeout_ms: Option<u64>,
    pub effect: EffectClass,
    pub in_doubt: InDoubt,
    pub compensate: Option<CallTemplate>,
    /// Of an `llm` or `agent` step.
    pub validators: Validators,
    pub sandbox: Option<SandboxSpec>,
    /// The approval step (same scope) whose `action` this step is: it runs only what that approval released.
    pub gated_by: Option<StepIx>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    All,
    Any,
    N(u32),
}

/// Attempts in all, the first included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    pub attempts: u32,
    pub backoff: Backoff,
}

#[derive(Clone, Debug)]
pub enum InDoubt {
    Ask,
    Fail,
    Check { call: Box<CallTemplate>, done_when: Expr },
}

#[derive(Debug)]
pub enum Kind {
    Llm(LlmTemplate),
    Agent(Agent),
    /// `http`, `mcp` or `builtin`.
    Call(CallTemplate),
    Approval(Approval),
    Ask(Ask),
    Map(MapStep),
    Child(Child),
    Wait(Wait),
    Event(EventStep),
    Set(Vec<(String, Mapping)>),
    Fail {
        code: String,
        message: Option<Template>,
    },
    End {
        output: Option<Mapping>,
    },
}

/// A CEL expression, or a value that stands for itself.
#[derive(Clone, Debug)]
pub enum Mapping {
    Expr(Expr),
    Value(Arc<Value>),
}

#[derive(Clone, Debug)]
pub struct LlmTemplate {
    pub model: String,
    pub system: Option<Template>,
    pub prompt: Template,
    pub output: Option<Schema>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u64>,
}

#[derive(Debug)]
pub struct Agent {
    pub llm: LlmTemplate,
    pub max_iterations: u32,
    pub tools: Vec<Tool>,
    /// The model sees the tools of the start as well.
    pub caller_tools: bool,
}

#[derive(Debug)]
pub struct Tool {
    /// What the model calls it. For `Mcp` with all or several tools: the server's name; the model sees the server's own tool names.
    pub name: String,
    pub description: String,
    pub args: Option<Schema>,
    pub call: ToolCall,
    pub effect: EffectClass,
    pub in_doubt: InDoubt,
    pub retry: Retry,
    pub timeout_ms: Option<u64>,
    pub approval: Option<ToolGate>,
}

#[derive(Debug)]
pub enum ToolCall {
    Call(CallTemplate),
    /// Tools of an MCP server; `allow` none means all.
    Mcp {
        server: String,
        allow: Option<Vec<String>>,
    },
    Child(Child),
}

#[derive(Debug)]
pub struct ToolGate {
    pub when: Option<Expr>,
    pub title: Option<Template>,
    pub policy: Policy,
    pub decisions: Vec<DecisionKind>,
}

/// A call beside or instead of a model's.
#[derive(Clone, Debug)]
pub enum CallTemplate {
    Http(HttpTemplate),
    Mcp { server: String, tool: String, args: Option<ValueTemplate> },
    Builtin { name: String, args: Option<ValueTemplate> },
}

#[derive(Clone, Debug)]
pub struct HttpTemplate {
    /// Upper case.
    pub method: String,
    pub url: Template,
    pub headers: Vec<(String, TextTemplate)>,
    pub query: Vec<(String, TextTemplate)>,
    pub body: Option<BodyTemplate>,
}

#[derive(Clone, Debug)]
pub enum BodyTemplate {
    Json(ValueTemplate),
    Text(Template),
}

/// Who is asked, until when, and what an unanswered question turns into.
#[derive(Clone, Debug)]
pub struct Policy {
    pub approvers: Approvers,
    pub remind_ms: Vec<u64>,
    pub expires: Option<(u64, Expiry)>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Approvers {
    /// `role:NAME` or `user:NAME`; empty: whoever holds `approvals:decide`.
    pub any_of: Vec<String>,
    /// 0 is read as 1.
    pub quorum: u32,
    /// `starter`, `user:NAME`, `decider:STEP`.
    pub exclude: Vec<String>,
}

#[derive(Clone, Debug)]
pub enum Expiry {
    Reject,
    Fail,
    Branch,
    Ask(Approvers),
}

#[derive(Debug)]
pub struct Approval {
    pub title: Template,
    pub show: Vec<Expr>,
    /// The step of the same scope that an approval releases.
    pub action: Option<StepIx>,
    pub form: Option<Schema>,
    pub decisions: Vec<DecisionKind>,
    pub policy: Policy,
}

#[derive(Debug)]
pub struct Ask {
    pub title: Template,
    pub show: Vec<Expr>,
    pub form: Option<Schema>,
    pub policy: Policy,
}

#[derive(Debug)]
pub struct MapStep {
    pub over: Expr,
    pub as_name: Option<String>,
    pub concurrency: u32,
    pub on_item_error: OnItemError,
    pub body: ScopeIx,
}

#[derive(Debug)]
pub struct Child {
    pub agent: String,
    /// None: the current one at the start of the root.
    pub revision: Option<u32>,
    pub input: Vec<(String, Mapping)>,
}

#[derive(Debug)]
pub enum Wait {
    ForMs(u64),
    Until(Expr),
}

#[derive(Debug)]
pub struct EventStep {
    pub names: Vec<String>,
    /// `any_of`: the port is the signal's name; otherwise `ok`.
    pub ports: bool,
    pub check: Option<Expr>,
    pub timeout_ms: Option<u64>,
}

impl Plan {
    /// The scope with this index.
    #[must_use]
    pub fn scope(&self, ix: ScopeIx) -> &Scope {
        &self.scopes[ix.0 as usize]
    }

    /// The schema of the input of executions that come in by this entry, or by none.
    #[must_use]
    pub fn input_of(&self, entry: Option<&str>) -> Option<&Schema> {
        entry.and_then(|key| self.entries.get(key)).and_then(|entry| entry.input.as_ref()).or(self.input.as_ref())
    }

    /// Every validator: of steps, of the gate, of entries.
    pub fn validators(&self) -> impl Iterator<Item = &Validator> {
        let steps = self.scopes.iter().flat_map(|scope| &scope.steps).map(|step| &step.validators);
        let gates = std::iter::once(&self.gate).chain(self.entries.values().map(|entry| &entry.gate));
        steps.chain(gates).flat_map(|validators| &validators.list)
    }
}

impl Validator {
    /// The model that it calls, where it is a judge.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        if let Check::Judge(judge) = &self.check { Some(&judge.model) } else { None }
    }
}

impl Scope {
    #[must_use]
    pub fn step(&self, ix: StepIx) -> &Step {
        &self.steps[ix.0 as usize]
    }

    #[must_use]
    pub fn edge(&self, ix: EdgeIx) -> &Edge {
        &self.edges[ix.0 as usize]
    }

    #[must_use]
    pub fn loop_(&self, ix: LoopIx) -> &Loop {
        &self.loops[ix.0 as usize]
    }

    /// The step whose join lets a node start: itself, or the loop's header.
    #[must_use]
    pub fn entry(&self, node: Node) -> &Step {
        match node {
            Node::Step(ix) => self.step(ix),
            Node::Loop(ix) => self.step(self.loop_(ix).header),
        }
    }
}
