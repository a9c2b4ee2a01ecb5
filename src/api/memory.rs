//! The memory that bodies of requests may take over all requests together, with a share that no tenant exceeds, and a small one for
//! whoever shows no key. What is not there is refused before it is read on.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::problem::Problem;
use crate::config::machine;
use crate::ids::Tenant;
use crate::limits::{REQUEST_COPIES, REQUEST_MEMORY_BYTES, REQUEST_MEMORY_BYTES_MIN, REQUEST_MEMORY_SHARE, STRANGERS_MEMORY_BYTES_MAX};

/// When a request that found no room may come again; the largest body is answered within this.
const RETRY_SECONDS: u64 = 2;
/// One tenant may have this part of all.
const SHARE: usize = 2;

/// What is left.
#[derive(Clone, Debug)]
pub struct Memory {
    all_max: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    /// Of those that hold some; under none, of whoever shows no key.
    tenants: HashMap<Option<Tenant>, usize>,
}

/// What one request has taken; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    taken: Arc<Mutex<Taken>>,
    tenant: Option<Tenant>,
    all_max: usize,
    tenant_max: usize,
    bytes: usize,
}

impl Memory {
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self { all_max: bytes, taken: Arc::default() }
    }

    /// What bodies may take of the memory that this process can come to.
    #[must_use]
    pub fn of_this_machine() -> Self {
        Self::within(machine::memory_bytes())
    }

    fn within(memory_bytes: Option<u64>) -> Self {
        let share = memory_bytes.and_then(|bytes| usize::try_from(bytes / REQUEST_MEMORY_SHARE).ok()).unwrap_or(REQUEST_MEMORY_BYTES);
        Self::new(share.clamp(REQUEST_MEMORY_BYTES_MIN, REQUEST_MEMORY_BYTES))
    }

    /// Nothing yet, for a request of this tenant, or of nobody.
    #[must_use]
    pub fn of(&self, tenant: Option<Tenant>) -> Held {
        let share = self.all_max / SHARE;
        let tenant_max = if tenant.is_some() { share } else { share.min(STRANGERS_MEMORY_BYTES_MAX) };
        Held { taken: Arc::clone(&self.taken), tenant, all_max: self.all_max, tenant_max, bytes: 0 }
    }
}

impl Held {
    /// Room for so many more bytes of a body, and for the copies that answering makes of them.
    ///
    /// # Errors
    /// 503 `memory_spent` with `Retry-After`.
    pub fn take(&mut self, bytes: usize) -> Result<(), Problem> {
        let spent = || Problem::unavailable("memory_spent", "other requests fill the memory that there is for bodies", RETRY_SECONDS);
        let wanted = bytes.checked_mul(REQUEST_COPIES).ok_or_else(spent)?;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.tenants.get(&self.tenant).copied().unwrap_or_default();
        let fits = |held: usize, max: usize| held.checked_add(wanted).filter(|held| *held <= max);
        let (Some(all), Some(own)) = (fits(taken.all, self.all_max), fits(own, self.tenant_max)) else { return Err(spent()) };
        taken.all = all;
        taken.tenants.insert(self.tenant.clone(), own);
        self.bytes += wanted;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= self.bytes;
        if let Some(own) = taken.tenants.get_mut(&self.tenant) {
            *own -= self.bytes;
            if *own == 0 {
                taken.tenants.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_refused(taken: Result<(), Problem>) -> bool {
        taken.is_err_and(|problem| {
            (problem.status, problem.code.as_str(), problem.retry_after_seconds) == (503, "memory_spent", Some(RETRY_SECONDS))
        })
    }

    #[test]
    fn a_tenant_cannot_take_what_is_left_for_others_and_nothing_stays_of_it() {
        let memory = Memory::new(10 * REQUEST_COPIES);
        let mut ones = [memory.of(Some(Tenant::new("one"))), memory.of(Some(Tenant::new("one")))];
        ones[0].take(4).unwrap();
        assert!(is_refused(ones[1].take(2)), "its share is half of all");
        ones[1].take(1).unwrap();
        let mut other = memory.of(Some(Tenant::new("other")));
        other.take(3).unwrap();
        other.take(2).unwrap();
        let mut third = memory.of(Some(Tenant::new("third")));
        assert!(is_refused(third.take(1)), "all are taken");
        drop(ones);
        third.take(5).unwrap();
        assert!(is_refused(memory.of(Some(Tenant::new("one"))).take(usize::MAX)));
        drop((other, third));
        let taken = memory.taken.lock().unwrap();
        assert_eq!((taken.all, taken.tenants.len()), (0, 0));
    }

    #[test]
    fn where_there_is_little_memory_bodies_get_little() {
        let all = |bytes| Memory::within(bytes).all_max;
        assert_eq!((all(None), all(Some(64 << 30))), (REQUEST_MEMORY_BYTES, REQUEST_MEMORY_BYTES));
        assert_eq!((all(Some(512 << 20)), all(Some(1 << 20))), (128 << 20, REQUEST_MEMORY_BYTES_MIN));
    }

    #[test]
    fn whoever_shows_no_key_has_little() {
        let memory = Memory::new(STRANGERS_MEMORY_BYTES_MAX * 4);
        let mut stranger = memory.of(None);
        stranger.take(STRANGERS_MEMORY_BYTES_MAX / REQUEST_COPIES).unwrap();
        assert!(is_refused(memory.of(None).take(1)));
        memory.of(Some(Tenant::default())).take(STRANGERS_MEMORY_BYTES_MAX / REQUEST_COPIES * 2).unwrap();
    }
}
