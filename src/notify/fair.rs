//! Whose turn it is: of everything that is due, what is sent next. Tenants take turns, and within a tenant its hosts do; one tenant, one
//! host and one tenant's calls to one host each have a bound, so that nobody who hangs takes the places of others.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

use crate::catalog::deliveries::{Behind, DueRow};
use crate::catalog::{Catalog, Error, Stored};
use crate::ids::{Tenant, TimeMs};

/// Deliveries under way at once.
const AT_ONCE_MAX: usize = 64;
/// Of these, of one tenant.
const TENANT_AT_ONCE_MAX: usize = 16;
/// Of these, to one host, whoever sends.
const HOST_AT_ONCE_MAX: usize = 16;
/// Of these, of one tenant to one host.
const LANE_AT_ONCE_MAX: usize = 8;
/// Hosts of one tenant that are looked at in one round; the next one goes on behind them.
const LANES_LOOKED_AT_MAX: usize = 256;

type Lane = (Tenant, String);

/// What is under way, and where the last turn ended.
#[derive(Debug, Default)]
pub(super) struct Fair {
    under_way: HashSet<String>,
    tenants: HashMap<Tenant, usize>,
    hosts: HashMap<String, usize>,
    lanes: HashMap<Lane, usize>,
    /// Broke and could not even be recorded.
    broken: HashMap<Lane, HashSet<String>>,
    /// Who had the last turn.
    last: Option<Tenant>,
    /// The last host that was looked at, of tenants with more of them than fit a round.
    last_hosts: HashMap<Tenant, String>,
}

/// What becomes of a row that is not under way any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Again {
    WhenDue,
    Never,
}

/// What one round found.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// In the order of turns. They count as under way.
    pub rows: Vec<Stored<DueRow>>,
    /// When something else will be due.
    pub next_at: Option<TimeMs>,
    /// When the one became due that is due the longest, of those that were looked at; also one that is under way.
    pub oldest_due_at: Option<TimeMs>,
    /// Not everything was looked at.
    pub is_cut: bool,
}

impl Found {
    /// The first of a lane, or the first of it that is not due yet.
    fn note(&mut self, at: TimeMs, now: TimeMs) {
        let noted = if at > now { &mut self.next_at } else { &mut self.oldest_due_at };
        *noted = Some(noted.map_or(at, |noted| noted.min(at)));
    }
}

/// What one tenant has due, in the order of its lanes.
type Turns = (Tenant, VecDeque<Stored<DueRow>>);

impl Fair {
    pub fn is_full(&self) -> bool {
        self.under_way.len() >= AT_ONCE_MAX
    }

    #[cfg(test)]
    pub fn is_idle(&self) -> bool {
        self.under_way.is_empty() && self.tenants.is_empty() && self.hosts.is_empty() && self.lanes.is_empty()
    }

    /// Takes what is due at `now` as far as there is room. Blocking.
    pub fn choose(&mut self, catalog: &Catalog, now: TimeMs) -> Result<Found, Error> {
        let (mut found, mut waiting) = (Found::default(), VecDeque::new());
        let mut next = catalog.next_lane(Behind::Start)?;
        while let Some(DueRow { tenant, at, .. }) = next {
            found.note(at, now);
            let due = self.due_of(catalog, &tenant, now, &mut found)?;
            if !due.is_empty() {
                waiting.push_back((tenant.clone(), due));
            }
            next = catalog.next_lane(Behind::Tenant(&tenant))?;
        }
        if let Some(last) = &self.last {
            // Whoever comes behind the one that had the last turn is next.
            let behind = waiting.iter().position(|(tenant, _): &Turns| place(tenant.as_str()) > place(last.as_str()));
            let behind = behind.unwrap_or_default();
            waiting.rotate_left(behind);
        }
        while let Some((tenant, mut due)) = waiting.pop_front() {
            if self.is_full() {
                break;
            }
            let Some(row) = due.pop_front() else { continue };
            if self.has_room(&row.value) {
                self.last = Some(tenant.clone());
                self.take(&row);
                found.rows.push(row);
            }
            waiting.push_back((tenant, due));
        }
        Ok(found)
    }

    pub fn release(&mut self, due: &Stored<DueRow>, again: Again) {
        let DueRow { tenant, host, .. } = &due.value;
        let lane = (tenant.clone(), host.clone());
        self.under_way.remove(&due.key);
        release(&mut self.tenants, tenant);
        release(&mut self.hosts, host);
        release(&mut self.lanes, &lane);
        if again == Again::Never {
            self.broken.entry(lane).or_default().insert(due.key.clone());
        }
    }

    /// As much of what a tenant has due as it could send now, one of each host at a time.
    fn due_of(&mut self, catalog: &Catalog, tenant: &Tenant, now: TimeMs, found: &mut Found) -> Result<VecDeque<Stored<DueRow>>, Error> {
        let room = TENANT_AT_ONCE_MAX.saturating_sub(count(&self.tenants, tenant));
        if room == 0 {
            return Ok(VecDeque::new());
        }
        let begin = self.last_hosts.remove(tenant);
        let (mut lanes, mut due, mut looked_at, mut has_wrapped) = (Vec::new(), 0, 0, begin.is_none());
        let mut next = catalog.next_lane(begin.as_ref().map_or(Behind::Before(tenant), |host| Behind::Lane(tenant, host)))?;
        while due < room {
            let is_seen = |host: &str| has_wrapped && begin.as_ref().is_some_and(|begin| place(host) > place(begin));
            let Some(DueRow { host, at, .. }) = next.filter(|row| row.tenant == *tenant && !is_seen(&row.host)) else {
                if has_wrapped {
                    break;
                }
                has_wrapped = true;
                next = catalog.next_lane(Behind::Before(tenant))?;
                continue;
            };
            if looked_at == LANES_LOOKED_AT_MAX {
                found.is_cut = true;
                break;
            }
            looked_at += 1;
            found.note(at, now);
            if at <= now {
                let rows = self.due_in(catalog, tenant, &host, now, found)?;
                due += rows.len();
                lanes.push(rows);
            }
            next = catalog.next_lane(Behind::Lane(tenant, &host))?;
            self.last_hosts.insert(tenant.clone(), host);
        }
        if due < room && !found.is_cut {
            self.last_hosts.remove(tenant);
        }
        Ok(interleaved(lanes))
    }

    fn due_in(
        &self,
        catalog: &Catalog,
        tenant: &Tenant,
        host: &str,
        now: TimeMs,
        found: &mut Found,
    ) -> Result<VecDeque<Stored<DueRow>>, Error> {
        let lane = (tenant.clone(), host.to_owned());
        let room = LANE_AT_ONCE_MAX.saturating_sub(count(&self.lanes, &lane));
        if room == 0 || count(&self.hosts, host) >= HOST_AT_ONCE_MAX {
            return Ok(VecDeque::new());
        }
        let broken = self.broken.get(&lane);
        let passed_over = LANE_AT_ONCE_MAX + broken.map_or(0, HashSet::len);
        let mut due = VecDeque::new();
        for row in catalog.lane(tenant, host, passed_over + room)? {
            if row.value.at > now {
                found.note(row.value.at, now);
                break;
            }
            let is_free = !self.under_way.contains(&row.key) && broken.is_none_or(|broken| !broken.contains(&row.key));
            if is_free && due.len() < room {
                due.push_back(row);
            }
        }
        Ok(due)
    }

    fn has_room(&self, due: &DueRow) -> bool {
        let lane = (due.tenant.clone(), due.host.clone());
        count(&self.tenants, &due.tenant) < TENANT_AT_ONCE_MAX
            && count(&self.hosts, due.host.as_str()) < HOST_AT_ONCE_MAX
            && count(&self.lanes, &lane) < LANE_AT_ONCE_MAX
    }

    fn take(&mut self, due: &Stored<DueRow>) {
        let DueRow { tenant, host, .. } = &due.value;
        self.under_way.insert(due.key.clone());
        *self.tenants.entry(tenant.clone()).or_default() += 1;
        *self.hosts.entry(host.clone()).or_default() += 1;
        *self.lanes.entry((tenant.clone(), host.clone())).or_default() += 1;
    }
}

/// What decides about the order of names in the index.
fn place(name: &str) -> String {
    format!("{name}/")
}

fn interleaved(mut lanes: Vec<VecDeque<Stored<DueRow>>>) -> VecDeque<Stored<DueRow>> {
    let mut all = VecDeque::new();
    while !lanes.is_empty() {
        all.extend(lanes.iter_mut().filter_map(VecDeque::pop_front));
        lanes.retain(|lane| !lane.is_empty());
    }
    all
}

fn count<K: Eq + Hash + std::borrow::Borrow<Q>, Q: Eq + Hash + ?Sized>(counts: &HashMap<K, usize>, key: &Q) -> usize {
    counts.get(key).copied().unwrap_or_default()
}

fn release<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count -= 1;
        if *count == 0 {
            counts.remove(key);
        }
    }
}

#[cfg(test)]
#[path = "fair_tests.rs"]
pub(super) mod tests;
