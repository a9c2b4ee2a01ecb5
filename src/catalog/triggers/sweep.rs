//! What time takes away: ids of events that are remembered long enough, and what removed triggers left behind.

use super::rows::{EventRow, FiringRow, LaneRow, Remains, SpentRow, TriggerRevisionRow};
use crate::catalog::{Catalog, Changes, Error, Kept, Listing};
use crate::ids::{Tenant, TimeMs};

/// How long an event's id is remembered: longer than a sender keeps trying.
const EVENT_KEPT_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// Rows looked at in one piece.
const ROWS_AT_ONCE: usize = 500;

impl Catalog {
    /// Forgets what is over; returns how many rows.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sweep_triggers(&self, tenant: &Tenant, now: TimeMs) -> Result<usize, Error> {
        let mut swept = self.sweep::<EventRow>(tenant, "", |event| now.since(event.at) > EVENT_KEPT_MS).await?;
        for remains in self.list::<Remains>(tenant, Listing::default())? {
            let prefix = format!("{}/", remains.key);
            swept += self.sweep::<FiringRow>(tenant, &prefix, |_| true).await?;
            swept += self.sweep::<EventRow>(tenant, &prefix, |_| true).await?;
            swept += self.sweep::<TriggerRevisionRow>(tenant, &prefix, |_| true).await?;
            swept += self.sweep::<SpentRow>(tenant, &prefix, |_| true).await?;
            swept += self.sweep::<LaneRow>(tenant, &prefix, |_| true).await?;
            let mut changes = Changes::default();
            changes.remove::<Remains>(tenant, &remains.key, remains.version);
            self.commit(changes).await?;
        }
        Ok(swept)
    }

    pub(in crate::catalog) async fn sweep<T: Kept>(
        &self,
        tenant: &Tenant,
        prefix: &str,
        is_over: impl Fn(&T) -> bool,
    ) -> Result<usize, Error> {
        let (mut after, mut swept): (Option<String>, usize) = (None, 0);
        loop {
            let rows = self.list::<T>(tenant, Listing { prefix, after: after.as_deref(), limit: ROWS_AT_ONCE, ..Listing::default() })?;
            let Some(last) = rows.last() else { return Ok(swept) };
            after = Some(last.key.clone());
            let mut changes = Changes::default();
            let over: Vec<_> = rows.iter().filter(|row| is_over(&row.value)).collect();
            for row in &over {
                changes.remove::<T>(tenant, &row.key, row.version);
            }
            match self.commit(changes).await {
                Ok(_) => swept += over.len(),
                // Somebody changed one of them; the next sweep looks again.
                Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
