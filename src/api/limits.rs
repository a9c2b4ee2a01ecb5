//! How much one key, one tenant and one address may ask for: requests per second with a burst, and requests at once. In memory: a
//! restart forgives.

use std::collections::HashMap;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::Problem;
use crate::config;
use crate::ids::Tenant;

/// The bounds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub key_per_second: NonZeroU32,
    pub tenant_per_second: NonZeroU32,
    /// Wrong keys from one address.
    pub failures_per_minute: NonZeroU32,
    /// Requests of one tenant that are being answered; streams count.
    pub tenant_at_once: usize,
}

impl Bounds {
    #[must_use]
    pub fn of(server: &config::Server) -> Self {
        Self {
            key_per_second: server.key_per_second,
            tenant_per_second: server.tenant_per_second,
            failures_per_minute: server.failures_per_minute,
            tenant_at_once: server.tenant_at_once.get(),
        }
    }
}

/// The counters.
pub struct Limiter {
    keys: DefaultKeyedRateLimiter<String>,
    tenants: DefaultKeyedRateLimiter<String>,
    failures: DefaultKeyedRateLimiter<IpAddr>,
    at_once: Mutex<HashMap<Tenant, Arc<Semaphore>>>,
    at_once_max: usize,
}

impl Limiter {
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            keys: RateLimiter::keyed(Quota::per_second(bounds.key_per_second)),
            tenants: RateLimiter::keyed(Quota::per_second(bounds.tenant_per_second)),
            failures: RateLimiter::keyed(Quota::per_minute(bounds.failures_per_minute)),
            at_once: Mutex::new(HashMap::new()),
            at_once_max: bounds.tenant_at_once,
        }
    }

    /// One more request that moves or ends what was taken already: only its own key's rate counts.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub fn admit_settling(&self, key_id: &str) -> Result<(), Problem> {
        check(&self.keys, &key_id.to_owned(), "this key asks too often")
    }

    /// One more request; hold the permit as long as it is being answered.
    ///
    /// # Errors
    /// 429 with `Retry-After`.
    pub fn admit(&self, key_id: &str, tenant: &Tenant) -> Result<OwnedSemaphorePermit, Problem> {
        self.admit_settling(key_id)?;
        check(&self.tenants, &tenant.to_string(), "this tenant asks too often")?;
        let semaphore = {
            let mut all = self.at_once.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(all.entry(tenant.clone()).or_insert_with(|| Arc::new(Semaphore::new(self.at_once_max))))
        };
        semaphore.try_acquire_owned().map_err(|_| too_many("too many requests of this tenant are being answered", 1))
    }

    /// One more wrong key from an address.
    ///
    /// # Errors
    /// 429 once there were too many.
    pub fn failure(&self, address: IpAddr) -> Result<(), Problem> {
        check(&self.failures, &address, "too many wrong keys from this address")
    }
}

fn check<K: Clone + Eq + std::hash::Hash>(limiter: &DefaultKeyedRateLimiter<K>, key: &K, message: &str) -> Result<(), Problem> {
    limiter.check_key(key).map_err(|not_until| {
        let seconds = not_until.wait_time_from(DefaultClock::default().now()).as_secs();
        too_many(message, seconds + 1)
    })
}

fn too_many(message: &str, retry_after_seconds: u64) -> Problem {
    let mut problem = Problem::new(429, "rate_limited", "Too many requests", message);
    problem.retry_after_seconds = Some(retry_after_seconds);
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bound_holds_for_its_own() {
        let two = NonZeroU32::new(2).unwrap();
        let bounds = Bounds { key_per_second: two, failures_per_minute: two, tenant_at_once: 3, ..Bounds::of(&config::Server::default()) };
        let limiter = Limiter::new(bounds);
        let (one, other) = (Tenant::new("one"), Tenant::new("other"));
        let held = [limiter.admit("a", &one).unwrap(), limiter.admit("a", &one).unwrap()];
        let refused = limiter.admit("a", &one).unwrap_err();
        assert_eq!((refused.status, refused.retry_after_seconds), (429, Some(1)));
        let third = limiter.admit("b", &one).unwrap();
        assert_eq!(limiter.admit("b", &one).unwrap_err().status, 429, "three at once");
        assert!(limiter.admit_settling("e").is_ok(), "what settles is not counted");
        drop(limiter.admit("c", &other).unwrap());
        drop((held, third));
        drop(limiter.admit("d", &one).unwrap());
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        assert!(limiter.failure(address).is_ok() && limiter.failure(address).is_ok() && limiter.failure(address).is_err());
    }
}
