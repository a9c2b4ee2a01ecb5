//! The engine as its users see it: the real machine, store and runner behind `EngineHandle`.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test binary: a panic is its way of reporting")]

mod cancelling;
mod catalog;
mod children;
mod concurrency;
mod departures;
mod harness;
mod pausing;
mod people;
mod restarts;
mod resting;
mod tenants;
mod timers;
