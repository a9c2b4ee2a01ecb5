//! The failure codes by which callers of a definition (an entry) are told how it failed.

use super::summary::{Ended, Status};
use super::validate::{MAX_RETRIES_EXCEEDED, VALIDATION_FAILED};
use crate::flow::plan::Plan;

/// An error that is neither a validator's nor one of the definition's own.
pub const RUNTIME_ERROR: &str = "runtime_error";
/// It failed and nobody said how.
pub const UNKNOWN: &str = "unknown";

/// The failure code of an execution that came in by this entry, and its explanation; none where it did not fail.
#[must_use]
pub fn failure(plan: &Plan, entry: Option<&str>, ended: &Ended) -> Option<(String, String)> {
    if ended.status == Status::Completed {
        return None;
    }
    let Some(error) = &ended.error else { return Some((UNKNOWN.to_owned(), String::new())) };
    let own = entry.and_then(|key| plan.entries.get(key)).map(|entry| entry.failure_codes.as_slice()).unwrap_or_default();
    let is_known = [VALIDATION_FAILED, MAX_RETRIES_EXCEEDED].contains(&error.code.as_str()) || own.contains(&error.code);
    let code = if ended.status == Status::Cancelled {
        UNKNOWN
    } else if is_known {
        &error.code
    } else {
        RUNTIME_ERROR
    };
    Some((code.to_owned(), error.message.clone()))
}
