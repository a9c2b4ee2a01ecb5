//! The memory that bodies of requests may take over all requests together, with a share that no tenant exceeds, and a small one for
//! whoever shows no key, in which no network exceeds its own. What is not there is refused before it is read on.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex, PoisonError};

use super::limits;
use super::problem::Problem;
use crate::config::machine;
use crate::ids::Tenant;
use crate::limits::{
    NETWORK_MEMORY_BYTES_MAX, REQUEST_COPIES, REQUEST_MEMORY_BYTES, REQUEST_MEMORY_BYTES_MIN, REQUEST_MEMORY_SHARE,
    STRANGERS_MEMORY_BYTES_MAX,
};

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
    /// Of those that hold some.
    holders: HashMap<Holder, usize>,
}

/// Who has a share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Holder {
    Tenant(Tenant),
    /// Everybody who shows no key, together.
    Strangers,
    /// Those of one network among them.
    Network(IpAddr),
}

/// What one request has taken; given back when it is dropped.
#[derive(Debug)]
pub struct Held {
    taken: Arc<Mutex<Taken>>,
    /// Whose shares it takes from, with how much each may have.
    holders: Vec<(Holder, usize)>,
    all_max: usize,
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

    /// Nothing yet, for a request of this tenant, or of nobody at this address.
    #[must_use]
    pub fn of(&self, tenant: Option<Tenant>, address: Option<IpAddr>) -> Held {
        let share = self.all_max / SHARE;
        let holders = match tenant {
            Some(tenant) => vec![(Holder::Tenant(tenant), share)],
            None => {
                let network = neighbourhood(address.unwrap_or(Ipv4Addr::UNSPECIFIED.into()));
                let within = |bytes: usize| share.min(bytes);
                vec![(Holder::Strangers, within(STRANGERS_MEMORY_BYTES_MAX)), (Holder::Network(network), within(NETWORK_MEMORY_BYTES_MAX))]
            }
        };
        Held { taken: Arc::clone(&self.taken), holders, all_max: self.all_max, bytes: 0 }
    }
}

/// Whose requests come from one place: 24 bits of an address of version 4, 64 of version 6.
fn neighbourhood(address: IpAddr) -> IpAddr {
    match limits::network(address) {
        IpAddr::V4(short) => Ipv4Addr::from_bits(short.to_bits() & !u32::from(u8::MAX)).into(),
        long @ IpAddr::V6(_) => long,
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
        let fits = |held: usize, max: usize| held.checked_add(wanted).is_some_and(|held| held <= max);
        let own = |holder: &Holder| taken.holders.get(holder).copied().unwrap_or_default();
        if !fits(taken.all, self.all_max) || !self.holders.iter().all(|(holder, max)| fits(own(holder), *max)) {
            return Err(spent());
        }
        taken.all += wanted;
        for (holder, _) in &self.holders {
            *taken.holders.entry(holder.clone()).or_default() += wanted;
        }
        self.bytes += wanted;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.all -= self.bytes;
        for (holder, _) in &self.holders {
            if let Some(own) = taken.holders.get_mut(holder) {
                *own -= self.bytes;
                if *own == 0 {
                    taken.holders.remove(holder);
                }
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
        let mut ones = [memory.of(Some(Tenant::new("one")), None), memory.of(Some(Tenant::new("one")), None)];
        ones[0].take(4).unwrap();
        assert!(is_refused(ones[1].take(2)), "its share is half of all");
        ones[1].take(1).unwrap();
        let mut other = memory.of(Some(Tenant::new("other")), None);
        other.take(3).unwrap();
        other.take(2).unwrap();
        let mut third = memory.of(Some(Tenant::new("third")), None);
        assert!(is_refused(third.take(1)), "all are taken");
        drop(ones);
        third.take(5).unwrap();
        assert!(is_refused(memory.of(Some(Tenant::new("one")), None).take(usize::MAX)));
        drop((other, third));
        let taken = memory.taken.lock().unwrap();
        assert_eq!((taken.all, taken.holders.len()), (0, 0));
    }

    #[test]
    fn where_there_is_little_memory_bodies_get_little() {
        let all = |bytes| Memory::within(bytes).all_max;
        assert_eq!((all(None), all(Some(64 << 30))), (REQUEST_MEMORY_BYTES, REQUEST_MEMORY_BYTES));
        assert_eq!((all(Some(512 << 20)), all(Some(1 << 20))), (128 << 20, REQUEST_MEMORY_BYTES_MIN));
    }

    #[test]
    fn whoever_shows_no_key_has_little_and_one_network_not_all_of_that() {
        let memory = Memory::new(STRANGERS_MEMORY_BYTES_MAX * 4);
        let at = |text: &str| memory.of(None, Some(text.parse().unwrap()));
        let most = NETWORK_MEMORY_BYTES_MAX / REQUEST_COPIES;
        let mut held = vec![at("192.0.2.1")];
        held[0].take(most).unwrap();
        assert!(is_refused(at("192.0.2.200").take(most)), "another address of the same network");
        for network in 1..STRANGERS_MEMORY_BYTES_MAX / NETWORK_MEMORY_BYTES_MAX {
            let mut other = at(&format!("2001:db8:0:{network}::1"));
            other.take(most).unwrap();
            held.push(other);
        }
        assert!(is_refused(at("198.51.100.1").take(most)), "all that strangers have is taken");
        memory.of(Some(Tenant::default()), None).take(STRANGERS_MEMORY_BYTES_MAX / REQUEST_COPIES * 2).unwrap();
        drop(held);
        at("192.0.2.200").take(most).unwrap();
        assert!(memory.taken.lock().unwrap().holders.is_empty());
    }
}
