//! The memory that bodies of requests may take over all requests together. What is not there is refused before it is read on.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::limits::REQUEST_COPIES;

/// When a request that found no room may come again; the largest body is answered within this.
const RETRY_SECONDS: u64 = 2;

/// What is left.
#[derive(Clone, Debug)]
pub struct Memory {
    bytes: Arc<Semaphore>,
}

/// What one request has taken; given back when it is dropped.
#[derive(Debug, Default)]
pub struct Held {
    bytes: Option<OwnedSemaphorePermit>,
}

impl Memory {
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { bytes: Arc::new(Semaphore::new(bytes)) }
    }

    /// Room for so many more bytes of a body, and for the copies that answering makes of them.
    ///
    /// # Errors
    /// 503 `memory_spent` with `Retry-After`.
    pub fn take(&self, held: &mut Held, bytes: usize) -> Result<(), Problem> {
        let spent = || Problem::unavailable("memory_spent", "other requests fill the memory that there is for bodies", RETRY_SECONDS);
        let wanted = bytes.checked_mul(REQUEST_COPIES).and_then(|bytes| u32::try_from(bytes).ok()).ok_or_else(spent)?;
        let more = Arc::clone(&self.bytes).try_acquire_many_owned(wanted).map_err(|_| spent())?;
        match &mut held.bytes {
            Some(before) => before.merge(more),
            none => *none = Some(more),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_not_there_for_others_until_it_is_given_back() {
        let memory = Memory::new(10 * REQUEST_COPIES);
        let (mut one, mut other) = (Held::default(), Held::default());
        memory.take(&mut one, 4).unwrap();
        memory.take(&mut one, 4).unwrap();
        memory.take(&mut other, 2).unwrap();
        let refused = memory.take(&mut other, 1).unwrap_err();
        assert_eq!((refused.status, refused.code.as_str(), refused.retry_after_seconds), (503, "memory_spent", Some(RETRY_SECONDS)));
        drop(one);
        memory.take(&mut other, 8).unwrap();
        assert!(memory.take(&mut other, usize::MAX).is_err());
    }
}
