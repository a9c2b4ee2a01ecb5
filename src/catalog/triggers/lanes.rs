//! The order of a trigger's executions for one agent: which are open, and what waits behind them.
//!
//! **Invariant**: what waits, waits behind an open execution; whoever records the end of the last one begins the next in the same commit.
//! Both sides write the lane's row, whatever it says then: of a firing that waits and an end that come at once, one reads again.

use std::collections::BTreeMap;

use super::rows::{FiringRow, FiringState, LaneRow, OpenRow, Overlap, SpentRow, StartDueRow, TriggerRow, lane_key, open_key};
use crate::catalog::{Catalog, Changes, Error, Listing, Stored};
use crate::clock;
use crate::ids::{ExecutionId, NanoUsd, Tenant, TimeMs};
use crate::machine::summary::Summary;
use crate::store::Month;

/// Firings that wait behind one execution; further ones are skipped.
const WAITING_MAX: usize = 100;
/// Open executions that are looked at before a lane counts as taken.
const LOOKED_AT_MAX: usize = 256;

/// What a firing says of an execution that was purged before its end was recorded.
const PURGED: &str = "purged";

/// What has become of an execution that a trigger started, or is about to start.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It runs, or its start is still owed.
    Runs,
    Ended(Box<Summary>),
    Purged,
}

/// One lane while a commit is put together.
struct Lane {
    waiting: Vec<String>,
    version: u64,
    is_taken: bool,
}

/// The lanes that one commit touches.
#[derive(Default)]
pub(super) struct Lanes {
    known: BTreeMap<String, Lane>,
}

/// What becomes of a firing.
pub(super) enum Place {
    Start,
    Wait,
    Skip(&'static str),
}

impl Lanes {
    /// Where a firing for `agent` stands in the lane.
    pub fn place(&mut self, catalog: &Catalog, tenant: &Tenant, row: &TriggerRow, agent: &str, firing: &str) -> Result<Place, Error> {
        let overlap = row.definition.overlap;
        if overlap == Overlap::Parallel {
            return Ok(Place::Start);
        }
        let key = lane_key(&row.id, agent);
        if !self.known.contains_key(&key) {
            let stored = catalog.get::<LaneRow>(tenant, &key)?;
            let (version, waiting) = stored.map_or((0, Vec::new()), |stored| (stored.version, stored.value.waiting));
            let is_taken = !waiting.is_empty() || catalog.is_lane_taken(tenant, &key, None)?;
            self.known.insert(key.clone(), Lane { waiting, version, is_taken });
        }
        let Some(lane) = self.known.get_mut(&key) else { return Ok(Place::Start) };
        if !lane.is_taken {
            lane.is_taken = true;
            return Ok(Place::Start);
        }
        if overlap == Overlap::Skip {
            return Ok(Place::Skip("the execution before it still runs"));
        }
        if lane.waiting.len() >= WAITING_MAX {
            return Ok(Place::Skip("the queue behind the running execution is full"));
        }
        lane.waiting.push(firing.to_owned());
        Ok(Place::Wait)
    }

    pub fn write(self, tenant: &Tenant, changes: &mut Changes) {
        for (key, lane) in self.known {
            changes.put(tenant, &key, lane.version, &LaneRow { waiting: lane.waiting });
        }
    }
}

impl Catalog {
    /// Whether an execution of this lane runs, other than `but`. What has ended, or was purged, counts no more, though nobody recorded it yet.
    fn is_lane_taken(&self, tenant: &Tenant, lane: &str, but: Option<ExecutionId>) -> Result<bool, Error> {
        let prefix = format!("{lane}/");
        let open = self.list::<OpenRow>(tenant, Listing { prefix: &prefix, limit: LOOKED_AT_MAX, ..Listing::default() })?;
        let is_full = open.len() == LOOKED_AT_MAX;
        for row in open.into_iter().filter(|row| Some(row.value.execution) != but) {
            if self.fate(tenant, &row.value)? == Fate::Runs {
                return Ok(true);
            }
        }
        Ok(is_full)
    }

    /// What has become of an execution that is open as far as is recorded. Blocking.
    ///
    /// # Errors
    /// `Store`.
    pub fn fate(&self, tenant: &Tenant, open: &OpenRow) -> Result<Fate, Error> {
        // Read first: what is not owed any more had begun, and is there unless it was purged.
        let firing = self.get::<FiringRow>(tenant, &open.firing)?;
        let is_owed = firing.is_some_and(|firing| firing.value.state == FiringState::Pending);
        Ok(match self.store().summary(tenant, open.execution)? {
            Some(summary) if summary.status.is_final() => Fate::Ended(Box::new(summary)),
            None if !is_owed => Fate::Purged,
            Some(_) | None => Fate::Runs,
        })
    }

    /// Executions of triggers that have not ended as far as is recorded, of one tenant.
    ///
    /// # Errors
    /// `Store`.
    pub fn open_of_triggers(&self, tenant: &Tenant) -> Result<Vec<OpenRow>, Error> {
        Ok(self.list(tenant, Listing::default())?.into_iter().map(|stored: Stored<OpenRow>| stored.value).collect())
    }

    /// Begins what waits in lanes behind nothing, which no end will come for. Whether there is a start to make.
    ///
    /// # Errors
    /// As a commit.
    pub async fn begin_stranded(&self, tenant: &Tenant) -> Result<bool, Error> {
        let mut begins = false;
        for lane in self.list::<LaneRow>(tenant, Listing::default())?.into_iter().filter(|lane| !lane.value.waiting.is_empty()) {
            let Some((trigger, agent)) = lane.key.split_once('/') else { continue };
            if !self.is_lane_taken(tenant, &lane.key, None)? {
                begins |= self.update(|catalog, changes| catalog.begin_next(tenant, trigger, agent, None, changes)).await?;
            }
        }
        Ok(begins)
    }

    /// Records that an execution of a trigger has ended, what it cost, and begins what waited for that. None: it was purged before anybody
    /// recorded its end. Whether there is a start to make.
    ///
    /// # Errors
    /// As a commit.
    pub async fn end_triggered(&self, tenant: &Tenant, open: &OpenRow, summary: Option<&Summary>) -> Result<bool, Error> {
        let note = summary.map_or(PURGED, |summary| summary.status.native());
        let counted = summary.filter(|summary| summary.purpose.is_production() && summary.cost.0 > 0);
        self.update(|catalog, changes| {
            if !catalog.close(tenant, open, changes)? {
                return Ok(false);
            }
            let is_there = catalog.get::<TriggerRow>(tenant, &open.trigger)?.is_some();
            if let Some(mut firing) = catalog.get::<FiringRow>(tenant, &open.firing)? {
                catalog.unlist_start(tenant, &mut firing.value, changes)?;
                (firing.value.state, firing.value.note) = (FiringState::Ended, Some(note.to_owned()));
                changes.put(tenant, &firing.key, firing.version, &firing.value);
            }
            if let Some(summary) = counted.filter(|_| is_there) {
                let key = spent_key(&open.trigger, Month::of(summary.started_at));
                let (version, before) =
                    catalog.get::<SpentRow>(tenant, &key)?.map_or((0, SpentRow::default()), |row| (row.version, row.value));
                changes.put(tenant, &key, version, &SpentRow { cost: before.cost.plus(summary.cost) });
            }
            catalog.begin_next(tenant, &open.trigger, &open.agent, Some(open.execution), changes)
        })
        .await
    }

    /// Takes an execution out of the open ones; false: it was not there.
    pub(super) fn close(&self, tenant: &Tenant, open: &OpenRow, changes: &mut Changes) -> Result<bool, Error> {
        let key = open_key(&open.trigger, &open.agent, open.execution);
        let Some(stored) = self.get::<OpenRow>(tenant, &key)? else { return Ok(false) };
        changes.remove::<OpenRow>(tenant, &key, stored.version);
        Ok(true)
    }

    /// Begins the first firing that waits in a lane, unless something else runs there. The lane is written even where nothing waits: a
    /// firing that comes just now, and still sees what ended, must not wait behind it.
    pub(super) fn begin_next(
        &self,
        tenant: &Tenant,
        trigger: &str,
        agent: &str,
        ended: Option<ExecutionId>,
        changes: &mut Changes,
    ) -> Result<bool, Error> {
        let key = lane_key(trigger, agent);
        let stored = self.get::<LaneRow>(tenant, &key)?;
        // Nothing comes to a trigger that was removed; its rows are on their way out.
        if stored.is_none() && self.get::<TriggerRow>(tenant, trigger)?.is_none() {
            return Ok(false);
        }
        let waits = stored.as_ref().is_some_and(|stored| !stored.value.waiting.is_empty());
        let is_free = waits && !self.is_lane_taken(tenant, &key, ended)?;
        if let Some(stored) = stored.as_ref().filter(|_| is_free)
            && !self.is_awaited(tenant, trigger, agent)?
        {
            self.drop_lane(tenant, stored, changes)?;
            return Ok(false);
        }
        let (version, mut lane) = stored.map_or_else(Default::default, |stored| (stored.version, stored.value));
        let mut begun = false;
        if is_free {
            while !begun && !lane.waiting.is_empty() {
                let next = lane.waiting.remove(0);
                if let Some(mut firing) = self.get::<FiringRow>(tenant, &next)?.filter(|firing| firing.value.state == FiringState::Queued) {
                    begin(tenant, &mut firing.value, clock::now(), changes);
                    changes.put(tenant, &firing.key, firing.version, &firing.value);
                    begun = true;
                }
            }
        }
        changes.put(tenant, &key, version, &lane);
        Ok(begun)
    }

    /// Nothing waits in this lane any more: its trigger was switched off, unbound or removed.
    pub(super) fn drop_lane(&self, tenant: &Tenant, lane: &Stored<LaneRow>, changes: &mut Changes) -> Result<(), Error> {
        for key in &lane.value.waiting {
            if let Some(mut firing) = self.get::<FiringRow>(tenant, key)?.filter(|firing| firing.value.state == FiringState::Queued) {
                firing.value.state = FiringState::Skipped;
                firing.value.note = Some("the trigger was switched off before its turn came".to_owned());
                changes.put(tenant, key, firing.version, &firing.value);
            }
        }
        changes.remove::<LaneRow>(tenant, &lane.key, lane.version);
        Ok(())
    }

    pub(super) fn unlist_start(&self, tenant: &Tenant, firing: &mut FiringRow, changes: &mut Changes) -> Result<(), Error> {
        let Some(at) = firing.indexed_at.take() else { return Ok(()) };
        let key = StartDueRow::key(at, tenant, &firing.key());
        if let Some(stored) = self.get::<StartDueRow>(&Self::system(), &key)? {
            changes.remove::<StartDueRow>(&Self::system(), &key, stored.version);
        }
        Ok(())
    }

    /// What a trigger's executions that began in the month of `now` have cost so far, those that still run included. Blocking.
    ///
    /// # Errors
    /// `Store`.
    pub fn trigger_cost(&self, tenant: &Tenant, id: &str, now: TimeMs) -> Result<NanoUsd, Error> {
        let month = Month::of(now);
        let mut cost = self.get::<SpentRow>(tenant, &spent_key(id, month))?.map_or(NanoUsd(0), |row| row.value.cost);
        let prefix = format!("{id}/");
        for open in self.list::<OpenRow>(tenant, Listing { prefix: &prefix, ..Listing::default() })? {
            let summary = self.store().summary(tenant, open.value.execution)?;
            let counts = |summary: &Summary| summary.purpose.is_production() && Month::of(summary.started_at) == month;
            cost = cost.plus(summary.filter(counts).map_or(NanoUsd(0), |summary| summary.cost));
        }
        Ok(cost)
    }
}

fn spent_key(trigger: &str, month: Month) -> String {
    format!("{trigger}/{month}")
}

/// The firing's start is owed from `at` on. Its row is the caller's to write.
pub(super) fn begin(tenant: &Tenant, firing: &mut FiringRow, at: TimeMs, changes: &mut Changes) {
    let (Some(agent), key) = (firing.agent.clone(), firing.key()) else { return };
    let execution = *firing.execution.get_or_insert_with(clock::execution_id);
    (firing.state, firing.indexed_at) = (FiringState::Pending, Some(at));
    let open = OpenRow { trigger: firing.trigger.clone(), agent: agent.clone(), execution, firing: key.clone() };
    changes.put(tenant, &open_key(&firing.trigger, &agent, execution), 0, &open);
    list_start(tenant, &key, at, changes);
}

pub(super) fn list_start(tenant: &Tenant, firing: &str, at: TimeMs, changes: &mut Changes) {
    let due = StartDueRow { at, tenant: tenant.clone(), key: firing.to_owned() };
    changes.put(&Catalog::system(), &StartDueRow::key(at, tenant, firing), 0, &due);
}
