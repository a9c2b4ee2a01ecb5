//! Flowgate: agent flows that do not lose their place. Where things live: docs/ARCHITECTURE.md.

pub mod api;
pub mod catalog;
pub mod cli;
pub mod clock;
pub mod config;
pub mod crash;
pub mod engine;
pub mod flow;
pub mod ids;
pub mod journal;
pub mod limits;
pub mod machine;
pub mod notify;
pub mod present;
pub mod runner;
pub mod store;
pub mod telemetry;
