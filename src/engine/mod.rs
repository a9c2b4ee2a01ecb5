//! The actor shell around the pure machine: one actor per live execution, one directory as the only door, timers, supervision, and the
//! calls that leave the process. Everything above (command line, HTTP server) uses `EngineHandle` and nothing else of this module.
//!
//! What must not live here: rules of how a flow is walked (`machine`), how bytes are stored (`store`), how a call is made (`runner`).
//!
//! **Invariant**: nothing leaves this module (an effect, a reply, a notice) before the events that led to it are durable.

mod asked;
mod deciding;
mod departure;
mod directory;
mod error;
mod execution;
mod exporting;
mod family;
#[cfg(test)]
mod faults;
mod handle;
mod hub;
mod hydrate;
mod messages;
mod notice;
mod outlines;
mod perform;
mod reach;
mod read;
mod request;
mod revisions;
mod shared;
mod starting;
mod step_times;
mod supervisor;
mod system;
#[cfg(test)]
mod tests;
mod timers;

pub use crate::store::{Filter, QuestionFilter, QuestionPage, QuestionPlace, QuestionRow, RunKind};
pub use error::Error;
pub use handle::EngineHandle;
pub use notice::{Notice, Notices};
pub use request::{
    Activity, Answered, AttemptRow, AttemptsPage, AttemptsRequest, ClosedQuestion, Closing, Exported, Flight, FlowRef, ForkRequest,
    KnownQuestion, List, ListRequest, Listed, Options, Parked, QuestionRef, Resolver, Resume, RetryRequest, SlowestAttempt, Snapshot,
    Standing, StartRequest, StepTime, StepTimes, StepTimesRequest,
};
