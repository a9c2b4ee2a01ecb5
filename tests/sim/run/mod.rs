//! The seeded simulation. `world` says how a run goes; docs/testing.md says what it is for.
#![allow(
    clippy::unnecessary_wraps,
    clippy::match_same_arms,
    clippy::collapsible_match,
    clippy::redundant_closure_for_method_calls,
    reason = "what may happen next is a list of functions of one shape; each case of a rule stands for itself"
)]

pub mod batch;
pub mod case;
pub mod coverage;
pub mod generate;
pub mod graph;
pub mod oracle;
pub mod outside;
pub mod people;
pub mod random;
pub mod recover;
pub mod rules;
pub mod shell;
pub mod shrink;
pub mod verdicts;
pub mod watch;
pub mod world;
