//! What an execution owes to the world once its events are durable. Derived from events (`Effect::of`) and, after a restart, from the
//! state (`outstanding`): the same effects both ways.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::call::Call;
use super::input::Start;
use super::summary::Ended;
use crate::ids::{CallId, ExecutionId};

#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "few at a time, and moved once")]
pub enum Effect {
    /// Perform the call; answered by `Body::Outcome` (or, after a restart, `Body::Lost`).
    Perform {
        call: CallId,
        /// `path/step#visit.attempt`, for traces, logs and scripts.
        name: String,
        request: Arc<Call>,
    },
    /// Abort a running call: close its connection. Its outcome, whatever it is, is still reported.
    Abort { call: CallId },
    /// Create the child if it is absent; answered by `ChildAccepted` or `ChildRefused`, later by `ChildEnded`.
    StartChild { child: ExecutionId, start: Box<ChildStart> },
    /// Cancel the child; a child that does not exist yet is created cancelled. Answered by `ChildEnded`.
    CancelChild { child: ExecutionId, reason: String },
    /// Deliver our end to the parent; answered by `ParentTold`.
    TellParent { parent: ExecutionId, ended: Ended },
    /// Feed `Body::Continue`.
    Continue,
}

/// What the shell completes to a child's `Start` (tools, prices, script come from the parent's).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChildStart {
    pub agent: String,
    pub start: Start,
}
