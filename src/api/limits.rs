//! How much one key, one tenant and one address may ask for: requests per second with a burst, and requests at once. In memory: a
//! restart forgives.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::places::{Place, Places};
use super::problem::Problem;
use crate::config;
use crate::ids::Tenant;

/// Networks with wrong keys that are told apart; a few megabytes. What is forgotten has had no failure for so long that it makes no difference.
const NETWORKS_MAX: usize = 65_536;
/// Stands for all of them beyond that.
const CROWD: IpAddr = IpAddr::V6(Ipv6Addr::UNSPECIFIED);

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
    /// By network, see `network`.
    failures: DefaultKeyedRateLimiter<IpAddr>,
    at_once: Places,
}

impl Limiter {
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            keys: RateLimiter::keyed(Quota::per_second(bounds.key_per_second)),
            tenants: RateLimiter::keyed(Quota::per_second(bounds.tenant_per_second)),
            failures: RateLimiter::keyed(Quota::per_minute(bounds.failures_per_minute)),
            at_once: Places::new(bounds.tenant_at_once, usize::MAX),
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
    pub fn admit(&self, key_id: &str, tenant: &Tenant) -> Result<Place, Problem> {
        self.admit_settling(key_id)?;
        check(&self.tenants, &tenant.to_string(), "this tenant asks too often")?;
        self.at_once.take(tenant).ok_or_else(|| too_many("too many requests of this tenant are being answered", 1))
    }

    /// One more wrong key from an address.
    ///
    /// # Errors
    /// 429 once there were too many.
    pub fn failure(&self, address: IpAddr) -> Result<(), Problem> {
        // Where there are too many, until `forget` looks again, they share one count: a wrong key is refused either way, and a right one is not counted here.
        let network = if self.failures.len() >= NETWORKS_MAX { CROWD } else { network(address) };
        check(&self.failures, &network, "too many wrong keys from this address")
    }

    /// Forgets whoever has asked for nothing lately: a count that is full again is like none.
    pub fn forget(&self) {
        self.failures.retain_recent();
        self.keys.retain_recent();
        self.tenants.retain_recent();
        self.failures.shrink_to_fit();
        self.keys.shrink_to_fit();
    }
}

/// What one client has: an address of version 4, a network of 64 bits of version 6, in which it may take any address.
pub(super) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(long) => Ipv6Addr::from_bits(long.to_bits() & !u128::from(u64::MAX)).into(),
        short @ IpAddr::V4(_) => short,
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

    #[test]
    fn wrong_keys_are_counted_by_network_and_forgotten() {
        let one = NonZeroU32::new(1).unwrap();
        let limiter = Limiter::new(Bounds { failures_per_minute: one, ..Bounds::of(&config::Server::default()) });
        let fails = |text: &str| limiter.failure(text.parse().unwrap()).is_ok();
        assert!(fails("2001:db8:0:1::1") && !fails("2001:db8:0:1:ffff::2"), "one network of 64 bits is one client");
        assert!(fails("2001:db8:0:2::1") && fails("192.0.2.1") && !fails("::ffff:192.0.2.1"));
        // Counts that are full again after a millisecond.
        let quick = Quota::per_second(NonZeroU32::new(1_000).unwrap());
        let limiter = Limiter { failures: RateLimiter::keyed(quick), ..limiter };
        let at = |number: usize| IpAddr::from(u32::try_from(number).unwrap().to_be_bytes());
        for number in 0..NETWORKS_MAX + 1_000 {
            let _ = limiter.failure(at(number));
        }
        assert!(limiter.failures.len() <= NETWORKS_MAX + 1, "{}", limiter.failures.len());
        let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
        while !limiter.failures.is_empty() {
            assert!(std::time::Instant::now() < until, "{} are never forgotten", limiter.failures.len());
            std::thread::sleep(std::time::Duration::from_millis(20));
            limiter.forget();
        }
    }
}
