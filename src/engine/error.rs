//! Why the engine does not do what it was asked, split by what the caller can do about it.

use crate::ids::ExecutionId;
use crate::machine::Refusal;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The machine says no, and why; nothing has changed. `Refusal::Decided` carries the decision that stands.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// No execution, question, agent, revision or attempt of that name.
    #[error("there is no {what} `{name}`")]
    NotFound { what: &'static str, name: String },
    /// The beginning of an id fits several.
    #[error("`{prefix}` is the beginning of {count} {what}s; give more of it")]
    Ambiguous { what: &'static str, prefix: String, count: usize },
    /// The flow does not compile; every problem, one per entry.
    #[error("flow `{name}` is refused:\n{}", problems.join("\n"))]
    Flow { name: String, problems: Vec<String> },
    /// The request names configuration that the flow does not declare.
    #[error("flow `{flow}` declares no configuration `{name}`; it declares: {declared}")]
    Config { flow: String, name: String, declared: String },
    /// An MCP server's tools are not the ones that were agreed to.
    #[error(
        "the tools of MCP server `{server}` have changed since they were agreed to: {changes}; look at them, then start with --accept-tools {server}"
    )]
    ToolsChanged { server: String, changes: String },
    /// The tools of an MCP server cannot be listed, so the flow cannot start.
    #[error("the tools of MCP server `{server}` cannot be listed: {reason}")]
    Tools { server: String, reason: String },
    /// Too many starts or signals are waiting; try again a little later. Decisions, cancels, outcomes and timers are never answered so.
    #[error("the engine is busy: {waiting} starts and signals are waiting; try again in a moment")]
    Busy { waiting: usize },
    /// The execution kept failing inside the engine and is set aside; it can still be read, and cancelled as far as possible.
    #[error("execution {id} is quarantined: {reason}")]
    Quarantined { id: ExecutionId, reason: String },
    /// `retry` of an execution that has not failed, `fork` from an attempt that has no output, …
    #[error("{0}")]
    Unfit(String),
    /// The engine is shutting down or gone. What was acknowledged is safe; ask again after the next start.
    #[error("the engine is shutting down; what was acknowledged is kept and goes on after the next start")]
    Stopped,
    /// The store cannot do it (disk full, damage).
    #[error("the store refuses: {0}")]
    Store(String),
    /// The engine's own threads cannot be started.
    #[error("the engine cannot start: {0}")]
    Spawn(String),
}
