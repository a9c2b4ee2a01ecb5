//! Planned breakage for tests: panics while an execution decides.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::ids::ExecutionId;
use crate::machine::input::Body;

static PANICS: Mutex<Option<HashMap<ExecutionId, u32>>> = Mutex::new(None);

/// The next `times` outcomes of `execution` panic.
pub(super) fn plan_panics(execution: ExecutionId, times: u32) {
    PANICS.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_default().insert(execution, times);
}

/// Called before each input is decided.
pub(super) fn before_decide(execution: ExecutionId, body: &Body) {
    if !matches!(body, Body::Outcome { .. }) {
        return;
    }
    let due = {
        let mut plans = PANICS.lock().unwrap_or_else(PoisonError::into_inner);
        let left = plans.get_or_insert_default().get_mut(&execution).filter(|left| **left > 0);
        left.is_some_and(|left| {
            *left -= 1;
            true
        })
    };
    assert!(!due, "planned panic of {execution}");
}
