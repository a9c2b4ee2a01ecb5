//! Places that are taken for a while: so many for each tenant, and so many over all. Nothing is kept of a tenant that holds none.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::problem::Problem;
use crate::ids::Tenant;

/// Before somebody who found no place for a stream asks again.
const RETRY_SECONDS: u64 = 10;

/// Places, shared by whoever takes them.
#[derive(Clone, Debug)]
pub struct Places {
    tenant_max: usize,
    all_max: usize,
    taken: Arc<Mutex<Taken>>,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    tenants: HashMap<Tenant, usize>,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
pub struct Place {
    tenant: Tenant,
    taken: Arc<Mutex<Taken>>,
}

impl Places {
    #[must_use]
    pub fn new(tenant_max: usize, all_max: usize) -> Self {
        Self { tenant_max, all_max, taken: Arc::default() }
    }

    /// One place for `tenant`; none where it, or all together, have as many as there are.
    #[must_use]
    pub fn take(&self, tenant: &Tenant) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let own = taken.tenants.get(tenant).copied().unwrap_or_default();
        if own >= self.tenant_max || taken.all >= self.all_max {
            return None;
        }
        taken.tenants.insert(tenant.clone(), own + 1);
        taken.all += 1;
        Some(Place { tenant: tenant.clone(), taken: Arc::clone(&self.taken) })
    }

    /// As `take`, for a stream of `what`.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub fn take_for_stream(&self, tenant: &Tenant, what: &str) -> Result<Place, Problem> {
        self.take(tenant).ok_or_else(|| {
            let detail = format!("too many watch {what}; try again later");
            let mut problem = Problem::new(429, "too_many_streams", "Too many watch at once", detail);
            problem.retry_after_seconds = Some(RETRY_SECONDS);
            problem
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= 1;
        if let Some(own) = taken.tenants.get_mut(&self.tenant) {
            *own -= 1;
            if *own == 0 {
                taken.tenants.remove(&self.tenant);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_cannot_take_what_is_left_for_others_and_nothing_stays_of_it() {
        let places = Places::new(2, 3);
        let (one, other) = (Tenant::new("one"), Tenant::new("other"));
        let held = [places.take(&one).unwrap(), places.take(&one).unwrap()];
        assert!(places.take(&one).is_none(), "its own are taken");
        let third = places.take(&other).unwrap();
        assert!(places.take(&other).is_none(), "all are taken");
        drop(held);
        assert!(places.take(&other).is_some());
        drop(third);
        assert!(places.taken.lock().unwrap().tenants.is_empty());
    }
}
