//! Tests of the machine: the rules one by one, the counter-examples (a)–(j) of docs/semantics.md first.
#![expect(clippy::wildcard_enum_match_arm, reason = "a test picks the variant that it is about")]

mod agents;
mod calls;
mod corners;
mod drive;
mod evaluations;
mod generate;
mod laws;
mod loops;
mod outlines;
mod pauses;
mod people;
mod starts;
mod stops;
mod turns;
mod validators;
mod walk;
