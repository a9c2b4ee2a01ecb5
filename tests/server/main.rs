//! The server from outside: the real binary, asked over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test binary: a panic is its way of reporting")]
#![allow(
    clippy::similar_names,
    clippy::format_push_string,
    clippy::type_complexity,
    clippy::unused_self,
    clippy::used_underscore_binding,
    clippy::cast_lossless,
    clippy::large_stack_arrays,
    clippy::print_stdout,
    reason = "stories of a test: read once, top to bottom"
)]
#![cfg(unix)]

mod again;
mod approvals;
mod attempts;
mod bad_models;
mod bench;
mod canaries;
mod cancels;
mod changes;
mod clocks;
mod compaction;
mod crashes;
mod desk;
mod docs;
mod doubts;
mod drafts;
mod escalation;
mod evaluations;
mod events;
mod follower;
mod full_disk;
mod gates;
mod hardening;
mod harness;
mod kill;
mod links;
mod model;
mod operators;
mod oracle;
mod overload;
mod policies;
mod races;
mod receivers;
mod records;
mod repetition;
mod scarce;
mod secrets;
mod sessions;
mod signing_in;
mod slow_disk;
mod storage;
mod streams;
mod terminal;
mod together;
mod trials;
mod triggers;
mod walls;
mod webhooks;
