//! The command line as people and scripts meet it: exit code, standard output and standard error of the real binary, with ids, times and
//! paths made the same. Snapshots are in `snapshots/`; `INSTA_UPDATE=always` writes them again.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test binary: a panic is its way of reporting")]

mod bench;
mod children;
mod decisions;
mod evaluations;
mod projects;
mod runs;
mod server;
mod together;
mod usage;
