//! The execution as a pure state machine. See docs/semantics.md for the rules.

pub mod call;
pub mod effect;
pub mod event;
pub mod input;
pub mod question;
pub mod summary;
