//! HTTP: requests become calls of the engine and the catalog, and their answers become responses. Handlers translate; no rule of flows,
//! executions or keys lives here. One table (`routes`) says what there is, what it needs and what it answers; authentication, limits,
//! idempotency and the OpenAPI document work from that table, so a route cannot escape them.
//!
//! Read `route` first, then `dispatch` (what happens to a request before and after its handler), then any file of `native/`.

mod address;
mod answer;
mod app;
mod attachments;
mod blocking;
pub mod budgeted;
mod call;
mod caller;
mod console;
mod credential;
mod decide;
mod dialects;
mod dispatch;
mod docs;
mod draft_changes;
mod form;
mod gauges;
mod housekeeping;
mod idempotency;
mod key_uses;
mod limits;
mod memory;
mod metrics;
mod native;
mod numbered;
mod openapi;
mod operate;
mod page;
mod paths;
mod places;
mod problem;
mod route;
mod routes;
mod server;
mod sign_in;
mod sse;
mod unattended;
mod upkeep;

pub use app::{App, Rehearsals, Settings, Waits};
pub use server::{Listening, Stop, serve};
