//! Evaluations: samples of what an agent should do (`datasets`), runs of a draft or a revision over them (`runs`), how an output is scored
//! (`scoring`, `judging`), what a run will cost (`estimating`), and how two runs differ (`comparing`).
//!
//! **Invariant**: a run keeps its own copy of the samples and scorers that it began with, and every execution that it starts has an id that
//! follows from the run and the sample. So a dataset may change meanwhile, and nothing is started twice however often the run goes on.

pub mod comparing;
pub mod datasets;
pub mod estimating;
pub mod exporting;
pub mod judging;
pub mod rows;
pub mod runs;
pub mod scoring;

#[cfg(test)]
mod tests;
