//! The execution as a pure state machine: `decide` turns an input into events, `evolve` folds an event into the state, `outstanding`
//! says what is owed. The rules are in docs/semantics.md. No clock, no randomness, no I/O: time and entropy arrive in inputs.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]
#![deny(clippy::wildcard_enum_match_arm)]

mod agent;
mod approval;
mod asking;
mod budget;
pub mod call;
mod child;
mod compensate;
pub mod decide;
pub mod effect;
pub mod event;
mod evolve;
pub mod failure;
mod frames;
pub mod given;
pub mod guidance;
pub mod input;
pub mod invariants;
mod names;
pub mod pause;
pub mod question;
pub mod render;
mod route;
mod script;
mod signals;
mod start;
pub mod state;
mod steps;
mod stop;
pub mod summary;
mod tagged;
mod tasks;
mod timers;
pub mod trace;
pub mod validate;
mod walk;

#[cfg(test)]
mod tests;

pub use approval::{is_approver, may_decide};
pub use decide::{Refusal, Turn, decide, evolve, outstanding, replay};
pub use start::models;
pub use state::State;

/// `text`, cut at a character's border to at most `bytes_max` bytes.
pub(crate) fn clipped(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
    }
    text
}

/// Bytes of the value as JSON.
pub(crate) fn size(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Fails only for what is no JSON, which nothing here is.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}
