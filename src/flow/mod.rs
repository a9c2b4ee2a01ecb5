//! What a flow is: its file (`spec`), its compiled form (`plan`), its expressions and templates, and what can be said about it
//! without running it. Pure: no clock, no randomness, no I/O.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod builtins;
pub mod compile;
pub mod definitions;
pub mod diff;
pub mod digest;
pub mod explain;
pub mod expr;
pub mod graph;
pub mod json_schema;
mod lookup;
pub mod names;
pub mod parse;
pub mod plan;
pub mod problem;
pub mod render;
pub mod schema;
pub mod source;
pub mod spec;
pub mod template;
mod validate;
pub mod vendor;
