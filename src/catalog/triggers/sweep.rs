//! What time takes away: ids of events that are remembered long enough, old firings, and what removed triggers left behind.

use super::rows::{EventRow, FiringRow, FiringState, LaneRow, OccurrenceRow, Remains, SpentRow, TriggerRevisionRow, TriggerRow};
use crate::catalog::documents::Part;
use crate::catalog::{Catalog, Changes, Error, Listing, Stored, Swept};
use crate::ids::{Tenant, TimeMs};

/// How long an event's id is remembered: longer than a sender keeps trying.
const EVENT_KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// How long a firing is, once it is settled.
const FIRING_KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Occurrences looked at in one piece: each may be half a megabyte.
const OCCURRENCES_AT_ONCE: usize = 32;

impl FiringRow {
    /// Nothing becomes of it any more.
    fn is_settled(&self) -> bool {
        !matches!(self.state, FiringState::Pending | FiringState::Queued | FiringState::Started)
    }
}

impl Catalog {
    /// Forgets what is over; returns how many rows.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sweep_triggers(&self, tenant: &Tenant, now: TimeMs) -> Result<usize, Error> {
        let is_over = move |_: &Self, event: &Stored<EventRow>| Ok(now.since(event.value.at) > EVENT_KEPT_MS);
        let mut gone = self.sweep(tenant, Part::of(""), is_over).await?.gone;
        let of = tenant.clone();
        let reading = move |catalog: &Self| {
            let triggers = catalog.versions::<TriggerRow>(&of, Listing::default())?;
            Ok((triggers, catalog.list(&of, Listing::default())?))
        };
        let (triggers, remains) = self.blocking(reading).await?;
        let before = TimeMs(now.0.saturating_sub(FIRING_KEPT_MS));
        for (id, _) in triggers {
            gone += self.sweep_firings(tenant, &id, before).await?;
        }
        for stored in remains {
            gone += self.sweep_remains(tenant, &stored).await?;
        }
        Ok(gone)
    }

    /// Forgets the old firings of a trigger that is there. Their names begin with a time, so what is younger is not read.
    async fn sweep_firings(&self, tenant: &Tenant, trigger: &str, before: TimeMs) -> Result<usize, Error> {
        let part = Part { until: Some(format!("{trigger}/{:014x}", before.0)), ..Part::of(&format!("{trigger}/")) };
        let is_over = move |_: &Self, firing: &Stored<FiringRow>| Ok(firing.value.is_settled() && firing.value.at < before);
        let gone = self.sweep(tenant, part.clone(), is_over).await?.gone;
        Ok(gone + self.sweep_occurrences(tenant, part).await?.gone)
    }

    /// Forgets what nothing fires with any more.
    async fn sweep_occurrences(&self, tenant: &Tenant, part: Part) -> Result<Swept, Error> {
        let (of, part) = (tenant.clone(), Part { rows_at_once: OCCURRENCES_AT_ONCE, ..part });
        let is_over = move |catalog: &Self, occurrence: &Stored<OccurrenceRow>| {
            let prefix = format!("{}/", occurrence.key);
            let firings = catalog.list::<FiringRow>(&of, Listing { prefix: &prefix, limit: 1, ..Listing::default() })?;
            Ok(firings.is_empty())
        };
        self.sweep(tenant, part, is_over).await
    }

    /// Forgets what a removed trigger left, but for starts that are owed. The note of it goes when there was nothing left to look at.
    async fn sweep_remains(&self, tenant: &Tenant, remains: &Stored<Remains>) -> Result<usize, Error> {
        let part = Part::of(&format!("{}/", remains.key));
        let is_over = |_: &Self, firing: &Stored<FiringRow>| Ok(firing.value.state != FiringState::Pending);
        let swept = [
            self.sweep(tenant, part.clone(), is_over).await?,
            self.sweep_occurrences(tenant, part.clone()).await?,
            self.sweep_all::<EventRow>(tenant, &part).await?,
            self.sweep_all::<TriggerRevisionRow>(tenant, &part).await?,
            self.sweep_all::<SpentRow>(tenant, &part).await?,
            self.sweep_all::<LaneRow>(tenant, &part).await?,
        ];
        let seen: usize = swept.iter().map(|swept| swept.gone + swept.kept + swept.stale).sum();
        if seen == 0 {
            let mut changes = Changes::default();
            changes.remove::<Remains>(tenant, &remains.key, remains.version);
            match self.commit(changes).await {
                // Swept by another one meanwhile.
                Ok(_) | Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(swept.iter().map(|swept| swept.gone).sum())
    }
}
