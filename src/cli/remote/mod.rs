//! Executions, questions and signals on a server: its answers become what the command line prints about its own.

pub mod approval;
pub mod exec;
mod find;
mod follow;
mod shown;
mod translate;
