//! What the log holds: the records, and how they become bytes and come back. Pure: no clock, no I/O.
//!
//! **Decision: shapes are frozen by golden files, not by copied structs.** A record is JSON behind a three-byte header (schema
//! version, kind). `tests/golden/` holds records of every kind and version as they were once written, and a test decodes them for
//! ever. An older record is lifted to the current shape by the steps in [`upcast`], which work on the JSON value, before serde sees
//! it. So there is one set of structs, and a change that breaks old journals turns a test red instead of needing a second copy of
//! every type that nobody reads.
#![cfg_attr(not(test), deny(clippy::disallowed_methods))]

pub mod codec;
#[cfg(test)]
mod golden;
pub mod outline;
pub mod record;
pub mod upcast;

pub use codec::{Error, decode, encode};
pub use outline::{Extent, Outline, gist, outline};
pub use record::{Consent, Document, FlowRevision, Kind, Purged, Quarantined, Record, Released, Turn};
