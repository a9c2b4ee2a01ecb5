//! The store: durable commits, and reads of what they led to. The log is the truth; the view (sled, or memory in tests) is computed
//! from it and can be remade at any time. See docs/storage.md. Nothing outside this directory knows what holds the data.

mod applier;
mod attachments;
mod backup;
mod check;
mod checkpoint;
mod committer;
mod compact;
mod disk;
mod documents;
mod entry;
mod error;
mod feed;
mod handle;
mod heads;
mod info;
mod keys;
mod list;
mod lock;
mod log;
mod memory;
mod memory_disk;
mod opening;
mod options;
mod progress;
mod read;
mod rebuild;
mod rows;
mod running;
mod scan;
mod sled;
mod small;
mod sums;
#[cfg(test)]
mod tests;
mod value;
mod view;

pub use attachments::{FILES, Fingerprint};
pub use backup::{BackupReport, backup, restore};
pub use check::{CheckReport, Damage, Loss, ViewState, check};
pub use compact::{CompactReport, compact};
pub use documents::{DocumentRange, DocumentRow};
pub use entry::{CommitError, Entry, Pending, Position};
pub use error::Error;
pub use feed::{Fed, Feed};
pub use handle::{QuestionRow, RECORD_BYTES_MAX, Store};
pub use info::{CheckpointInfo, InfoReport, info};
pub use keys::RowKind;
pub use list::{Filter, Found};
pub use log::StoreId;
pub use log::supply::Sizes;
pub use memory_disk::{Faults, MemoryDisk, Unsynced};
pub use options::{OnFatal, Options};
pub use read::FlowRow;
pub use rebuild::{EVENTS_LOST, OnDamage, RebuildReport, has_lost_events, rebuild};
pub use sums::Sum;
