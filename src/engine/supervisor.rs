//! How often an execution may fail inside the engine before it is set aside. Counts only; the directory acts.

use std::collections::HashMap;
use std::time::Duration;

use super::messages::Key;

/// Failures in a row after which an execution is set aside.
const FAILURES_MAX: u32 = 3;
/// The wait before the first restart; each further one is ten times longer.
const RESTART_DELAY_MS: u64 = 20;

/// What to do about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Restart { after: Duration },
    Quarantine,
}

/// The failures of executions that have not rested since.
#[derive(Debug, Default)]
pub(super) struct Supervisor {
    failures: HashMap<Key, u32>,
}

impl Supervisor {
    /// One more failure.
    pub(super) fn failed(&mut self, key: &Key) -> Verdict {
        let count = self.failures.entry(key.clone()).or_default();
        *count += 1;
        if *count >= FAILURES_MAX {
            self.failures.remove(key);
            return Verdict::Quarantine;
        }
        Verdict::Restart { after: Duration::from_millis(RESTART_DELAY_MS * 10_u64.pow(*count - 1)) }
    }

    /// It came to rest: what went before is forgotten.
    pub(super) fn rested(&mut self, key: &Key) {
        self.failures.remove(key);
    }

    /// It was set aside and somebody asks for it again: it gets one attempt.
    pub(super) fn on_probation(&mut self, key: Key) {
        self.failures.insert(key, FAILURES_MAX - 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{ExecutionId, Tenant};

    fn key(number: u128) -> Key {
        Key::new(&Tenant::default(), ExecutionId(uuid::Uuid::from_u128(number)))
    }

    #[test]
    fn three_failures_in_a_row_set_an_execution_aside() {
        let mut supervisor = Supervisor::default();
        assert_eq!(supervisor.failed(&key(1)), Verdict::Restart { after: Duration::from_millis(20) });
        assert_eq!(supervisor.failed(&key(1)), Verdict::Restart { after: Duration::from_millis(200) });
        assert_eq!(supervisor.failed(&key(2)), Verdict::Restart { after: Duration::from_millis(20) }, "others are not affected");
        assert_eq!(supervisor.failed(&key(1)), Verdict::Quarantine);
    }

    #[test]
    fn rest_clears_the_record() {
        let mut supervisor = Supervisor::default();
        supervisor.failed(&key(1));
        supervisor.failed(&key(1));
        supervisor.rested(&key(1));
        assert_eq!(supervisor.failed(&key(1)), Verdict::Restart { after: Duration::from_millis(20) });
    }

    #[test]
    fn probation_is_one_attempt() {
        let mut supervisor = Supervisor::default();
        supervisor.on_probation(key(1));
        assert_eq!(supervisor.failed(&key(1)), Verdict::Quarantine);
    }
}
