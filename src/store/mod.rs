//! The store: durable commits, and reads of what they led to. The log is the truth; the view (sled, or memory in tests) is computed
//! from it and can be remade at any time. See docs/storage.md. Nothing outside this directory knows what holds the data.

mod applier;
mod committer;
mod entry;
mod error;
mod handle;
mod keys;
mod list;
mod log;
mod memory;
mod progress;
mod read;
mod rows;
mod sums;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub use entry::{CommitError, Entry, Pending, Position};
pub use error::Error;
pub use handle::{Faults, Options, QuestionRow, Store};
pub use list::{Filter, Found};
pub use read::FlowRow;
