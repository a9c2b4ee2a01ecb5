//! The seeded simulation. `world` says how a run goes; docs/testing.md says what it is for.

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
pub mod shell;
pub mod shrink;
pub mod watch;
pub mod world;
