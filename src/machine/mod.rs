//! The execution as a pure state machine: `decide` turns an input into events, `evolve` folds an event into the state, `outstanding`
//! says what is owed. The rules are in docs/semantics.md. No clock, no randomness, no I/O: time and entropy arrive in inputs.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]
#![deny(clippy::wildcard_enum_match_arm)]

pub mod call;
pub mod decide;
pub mod effect;
pub mod event;
pub mod input;
pub mod question;
pub mod state;
pub mod summary;
pub mod trace;

pub use decide::{Refusal, Turn, decide, evolve, outstanding, replay};
pub use state::State;
