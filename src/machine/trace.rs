//! What a person reads, derived from the journal: attempts in journal order.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::CallError;
use super::event::Recorded;
use super::summary::Status;
use crate::flow::plan::Plan;
use crate::ids::{ExecutionId, TimeMs};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    pub id: ExecutionId,
    pub status: Status,
    pub attempts: Vec<Attempt>,
}

/// One attempt at a step, or at one call of an `agent` step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The enclosing frames, outermost first, joined by `/`; empty at the root.
    pub path: String,
    pub step: String,
    pub visit: u32,
    pub attempt: u32,
    /// `llm`, `agent`, `model`, `tool`, `http`, `approval`, …
    pub kind: String,
    /// `running`, `waiting`, `completed`, `failed`, `cancelled`, `in_doubt`, `dead`, `lost`.
    pub status: String,
    pub input: Value,
    pub output: Value,
    pub error: Option<CallError>,
    pub started_at_ms: Option<TimeMs>,
    pub ended_at_ms: Option<TimeMs>,
    pub tokens: u64,
    pub cost_usd: f64,
}

/// Folds a journal into its trace.
#[must_use]
pub fn trace(plan: &Plan, events: &[Recorded]) -> Option<Trace> {
    let _ = (plan, events);
    todo!()
}
