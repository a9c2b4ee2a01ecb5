//! What a person reads, derived from the journal: attempts in journal order. Never a second truth: it is folded anew, or further.
//!
//! The fold (`outline`) keeps of each attempt what is small, and which entries of the journal hold the rest; `told` reads that from them.

mod outline;
mod told;
mod weight;

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::{CallError, Used};
use super::event::{CheckVerdict, Recorded};
use super::summary::Status;
use crate::flow::plan::{Kind, Plan};
use crate::ids::{ExecutionId, TimeMs};

pub use outline::{Outline, Row, What};

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
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

impl Attempt {
    /// `path/step#visit.attempt`: names the attempt in its execution, stably, everywhere.
    #[must_use]
    pub fn name(&self) -> String {
        let slash = if self.path.is_empty() { "" } else { "/" };
        format!("{}{slash}{}#{}.{}", self.path, self.step, self.visit, self.attempt)
    }
}

fn is_free(cost_usd: &f64) -> bool {
    *cost_usd == 0.0
}

/// Folds a journal into its trace; none where nothing has started.
#[must_use]
pub fn trace(plan: &Plan, events: &[Recorded]) -> Option<Trace> {
    let mut outline = Outline::default();
    for recorded in events {
        outline.read(plan, recorded);
    }
    let entry =
        |seq: u64| events.binary_search_by_key(&seq, |recorded| recorded.seq).ok().and_then(|ix| events.get(ix)).map(|one| &one.event);
    let checks = outline.checks().iter().filter_map(|seq| told::check(entry(*seq)?)).collect();
    let (id, status) = outline.stands()?;
    let attempts = outline.into_rows().into_iter().map(|row| row.filled(entry)).collect();
    Some(Trace { id, status, attempts, checks })
}

/// Which attempt another one belongs to: the latest one before it at the step that its path leads through.
#[derive(Debug, Default)]
pub struct Homes(HashMap<(String, String), usize>);

impl Homes {
    /// The home of what stands at `path`.
    #[must_use]
    pub fn of(&self, path: &str) -> Option<usize> {
        let (outer, last) = path.rsplit_once('/').unwrap_or(("", path));
        let step = last.split(['#', '[', '@']).next().filter(|step| !step.is_empty())?;
        self.0.get(&(outer.to_owned(), step.to_owned())).copied()
    }

    /// From here on what stands inside this step belongs to attempt `ix`.
    pub fn begin(&mut self, path: &str, step: &str, ix: usize) {
        self.0.insert((path.to_owned(), step.to_owned()), ix);
    }
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
