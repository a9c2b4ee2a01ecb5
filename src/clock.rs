//! The only place that reads the time or makes randomness. Everything pure gets both passed in.

use std::time::{SystemTime, UNIX_EPOCH};

use uuid::Uuid;

use crate::ids::{BootId, ExecutionId, FileId, TimeMs};

/// The wall clock, in milliseconds. Before 1970: 0.
#[must_use]
pub fn now() -> TimeMs {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    TimeMs(u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
}

/// 64 random bits, for jitter and ids.
#[must_use]
pub fn entropy() -> u64 {
    Uuid::new_v4().as_u64_pair().1
}

/// A fresh name for this life of the process.
#[must_use]
pub fn boot_id() -> BootId {
    BootId(entropy())
}

/// A fresh, time-ordered execution id.
#[must_use]
pub fn execution_id() -> ExecutionId {
    ExecutionId(Uuid::now_v7())
}

/// A fresh, time-ordered file id.
#[must_use]
pub fn file_id() -> FileId {
    FileId(Uuid::now_v7())
}
