//! The server from outside: the real binary, asked over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::missing_panics_doc, reason = "a test binary: a panic is its way of reporting")]
#![cfg(unix)]

mod approvals;
mod bench;
mod canaries;
mod cancels;
mod desk;
mod docs;
mod drafts;
mod events;
mod follower;
mod hardening;
mod harness;
mod kill;
mod links;
mod model;
mod operators;
mod oracle;
mod overload;
mod receivers;
mod repetition;
mod secrets;
mod sessions;
mod signing_in;
mod storage;
mod streams;
mod trials;
mod walls;
mod webhooks;
