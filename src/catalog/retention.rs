//! How long finished executions are kept, and purging them: always a whole family, a root with everything below it, and never one of
//! which something is not finished.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::numbers::Kind;
use super::{Catalog, Changes, Error, Kept, Listing};
use crate::crash;
use crate::ids::{ExecutionId, Tenant, TimeMs};
use crate::machine::event::Event;
use crate::machine::input::Purpose;
use crate::machine::summary::{Status, Summary};
use crate::store::{Entry, Filter, Store};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;
/// Longest time that can be said; longer is for ever.
pub const DAYS_MAX: u32 = 36_500;
/// The rule of the tenant itself.
const OF_TENANT: &str = "tenant";
/// Events read at a time.
const EVENTS_AT_ONCE: usize = 1_000;
/// Events purged in one commit, where one execution alone does not have more: nothing is read while the view takes it in.
const EVENTS_PURGED_AT_ONCE_MAX: u64 = 512;
/// What an execution counts beside its events: its summary and its rows in the indexes.
const ROWS_BESIDE_EVENTS: u64 = 16;
/// Rows that one step of a sweep looks at.
const LOOKED_AT_ONCE: usize = 500;

/// How long finished executions are kept. For a tenant, an absent number means for ever; for an agent, what its tenant says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetentionRow {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_days: Option<u32>,
    #[serde(default)]
    pub updated_at: TimeMs,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub updated_by: String,
}

impl Kept for RetentionRow {
    const COLLECTION: &'static str = "retention";
}

impl RetentionRow {
    fn of(&self, purpose: Purpose) -> Option<u32> {
        if purpose.is_production() { self.days } else { self.test_days }
    }
}

fn row_key(agent: Option<&str>) -> String {
    agent.map_or_else(|| OF_TENANT.to_owned(), |agent| format!("agent/{agent}"))
}

/// Every rule of a tenant.
#[derive(Debug, Default)]
struct Rules {
    tenant: RetentionRow,
    agents: BTreeMap<String, RetentionRow>,
}

impl Rules {
    fn days(&self, agent: &str, purpose: Purpose) -> Option<u32> {
        self.agents.get(agent).and_then(|row| row.of(purpose)).or_else(|| self.tenant.of(purpose))
    }

    /// The shortest of them; none: nothing is ever purged.
    fn days_min(&self) -> Option<u32> {
        let rows = self.agents.values().chain([&self.tenant]);
        rows.flat_map(|row| [row.days, row.test_days]).flatten().min()
    }

    fn is_due(&self, summary: &Summary, now: TimeMs) -> bool {
        let ended_at = summary.ended_at.unwrap_or(summary.updated_at);
        self.days(&summary.flow, summary.purpose).is_some_and(|days| ended_at.plus(u64::from(days) * DAY_MS) <= now)
    }
}

/// What one step of a sweep found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Roots with everything below them, children first.
    pub families: Vec<Vec<ExecutionId>>,
    /// Where the next step begins; none: the end was reached.
    pub next: Option<ExecutionId>,
}

impl Catalog {
    /// The rule of an agent, or of the tenant; the default when nothing was said.
    ///
    /// # Errors
    /// `Store`.
    pub fn retention(&self, tenant: &Tenant, agent: Option<&str>) -> Result<RetentionRow, Error> {
        Ok(self.get(tenant, &row_key(agent))?.map(|stored| stored.value).unwrap_or_default())
    }

    /// # Errors
    /// `Invalid` for a number of days that cannot be; and as a commit.
    pub async fn set_retention(
        &self,
        tenant: &Tenant,
        agent: Option<&str>,
        days: Option<u32>,
        test_days: Option<u32>,
        actor: &Actor,
    ) -> Result<RetentionRow, Error> {
        for (field, given) in [("days", days), ("testDays", test_days)] {
            if given.is_some_and(|days| days == 0 || days > DAYS_MAX) {
                return Err(Error::Invalid { field, message: format!("it must lie between 1 and {DAYS_MAX}; null keeps for ever") });
            }
        }
        let row = RetentionRow { days, test_days, updated_at: actor.at, updated_by: actor.user.clone() };
        self.update(|catalog, changes| {
            let expected = catalog.get::<RetentionRow>(tenant, &row_key(agent))?.map_or(0, |stored| stored.version);
            changes.put(tenant, &row_key(agent), expected, &row);
            let target = agent.map_or_else(|| format!("tenant:{tenant}"), |agent| format!("agent:{agent}"));
            let said = |days: Option<u32>| days.map_or_else(|| "-".to_owned(), |days| days.to_string());
            let detail = format!("days {}, test days {}", said(days), said(test_days));
            changes.audit(tenant, actor, "retention.set", &target, Some(detail));
            Ok(row.clone())
        })
        .await
    }

    /// Some families that were kept long enough, from `before` on. Blocking.
    ///
    /// # Errors
    /// `Store`.
    pub fn due_for_purging(&self, tenant: &Tenant, before: Option<ExecutionId>, now: TimeMs) -> Result<Due, Error> {
        let rules = self.rules(tenant)?;
        let Some(days_min) = rules.days_min() else { return Ok(Due::default()) };
        // What began later cannot have ended long enough ago.
        let newest = ExecutionId::first_at(TimeMs(now.0.saturating_sub(u64::from(days_min) * DAY_MS)).plus(1));
        let filter = Filter { statuses: finished(), ..Filter::default() };
        let page = self.store().executions(tenant, &filter, Some(before.unwrap_or(newest).min(newest)), LOOKED_AT_ONCE)?;
        let mut due = Due { families: Vec::new(), next: page.next };
        for (id, summary) in page.rows {
            if !rules.is_due(&summary, now) || self.has_parent(tenant, &summary)? {
                continue;
            }
            due.families.extend(finished_family(self.store(), tenant, id)?);
        }
        Ok(due)
    }

    /// Purges families that were found due, with their webhooks and files.
    ///
    /// # Errors
    /// As a commit.
    pub async fn purge_families(&self, tenant: &Tenant, families: &[Vec<ExecutionId>]) -> Result<usize, Error> {
        // Children first, so that a cut leaves roots, which the next sweep finds again.
        let executions: Vec<ExecutionId> = families.iter().flatten().copied().collect();
        let is_hooked = self.is_hooked(tenant)?;
        let mut left = executions.as_slice();
        while !left.is_empty() {
            let (some, others) = left.split_at(self.fits_one_purge(tenant, left)?);
            left = others;
            self.update(|catalog, changes| {
                for execution in some {
                    if is_hooked {
                        catalog.unhook_execution(tenant, *execution, changes)?;
                    }
                    catalog.unnumber(Kind::Execution, tenant, &execution.to_string(), changes)?;
                    changes.entry(Entry::Purge { tenant: tenant.clone(), execution: *execution });
                }
                Ok(())
            })
            .await?;
            crash::point("purge.committed");
            // Afterwards: files without their execution are swept in the end, an execution without its files would be a loss.
            for execution in some {
                self.remove_files_of(tenant, *execution).await?;
            }
            // Whoever wants to read meanwhile reads between two of these.
            self.store().caught_up().await;
            tokio::task::yield_now().await;
        }
        Ok(executions.len())
    }

    /// How many of the first ones are purged together; at least one.
    fn fits_one_purge(&self, tenant: &Tenant, executions: &[ExecutionId]) -> Result<usize, Error> {
        let mut rows = 0;
        for (count, execution) in executions.iter().enumerate() {
            rows += self.store().event_count(tenant, *execution)? + ROWS_BESIDE_EVENTS;
            if count > 0 && rows > EVENTS_PURGED_AT_ONCE_MAX {
                return Ok(count);
            }
        }
        Ok(executions.len())
    }

    /// The family of a finished root. Blocking.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` for one that is no root, or of which something is not finished; `Store`.
    pub fn family_to_purge(&self, tenant: &Tenant, root: ExecutionId) -> Result<Vec<ExecutionId>, Error> {
        let summary = self.store().summary(tenant, root)?;
        let summary = summary.ok_or_else(|| Error::NotFound { what: "execution", name: root.to_string() })?;
        if self.has_parent(tenant, &summary)? {
            let root = summary.root.or(summary.parent).map(|root| root.to_string()).unwrap_or_default();
            let message = format!("it belongs to execution {root} and goes with it; purge that one");
            return Err(Error::Conflict { code: "not_a_root", message });
        }
        let not_finished = || {
            let message = "it, or an execution that it started, is not finished; cancel it first".to_owned();
            Error::Conflict { code: "not_finished", message }
        };
        finished_family(self.store(), tenant, root)?.ok_or_else(not_finished)
    }

    /// Purges one family for somebody, which the audit then tells.
    ///
    /// # Errors
    /// As a commit.
    pub async fn purge_for(&self, tenant: &Tenant, family: Vec<ExecutionId>, actor: &Actor) -> Result<(), Error> {
        let root = family.last().map(ToString::to_string).unwrap_or_default();
        self.purge_families(tenant, &[family]).await?;
        let mut changes = Changes::default();
        changes.audit(tenant, actor, "execution.purged", &format!("execution:{root}"), None);
        self.commit(changes).await.map(drop)
    }

    fn rules(&self, tenant: &Tenant) -> Result<Rules, Error> {
        let mut rules = Rules::default();
        for stored in self.list::<RetentionRow>(tenant, Listing::default())? {
            match stored.key.strip_prefix("agent/") {
                Some(agent) => drop(rules.agents.insert(agent.to_owned(), stored.value)),
                None => rules.tenant = stored.value,
            }
        }
        Ok(rules)
    }

    fn has_parent(&self, tenant: &Tenant, summary: &Summary) -> Result<bool, Error> {
        let Some(parent) = summary.parent else { return Ok(false) };
        Ok(self.store().summary(tenant, parent)?.is_some())
    }
}

fn finished() -> BTreeSet<Status> {
    BTreeSet::from([Status::Completed, Status::Failed, Status::TimedOut, Status::Cancelled, Status::Rejected])
}

/// The root and everything below it, children first; none when something is not finished. Blocking.
fn finished_family(store: &Store, tenant: &Tenant, root: ExecutionId) -> Result<Option<Vec<ExecutionId>>, Error> {
    let (mut found, mut open) = (Vec::new(), vec![root]);
    while let Some(execution) = open.pop() {
        // One that is gone already took what was below it along.
        let Some(summary) = store.summary(tenant, execution)? else { continue };
        // One that lost events may be unable to end.
        if !summary.status.is_final() && !store.has_lost_events(tenant, execution)? {
            return Ok(None);
        }
        found.push(execution);
        open.extend(children(store, tenant, execution)?);
    }
    found.reverse();
    Ok(Some(found))
}

fn children(store: &Store, tenant: &Tenant, execution: ExecutionId) -> Result<Vec<ExecutionId>, Error> {
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let events = match store.events(tenant, execution, from, EVENTS_AT_ONCE) {
            Ok(events) => events,
            // What is damaged can still be purged; its children then stand for themselves.
            Err(crate::store::Error::JournalDamaged { .. }) => return Ok(found),
            Err(error) => return Err(error.into()),
        };
        let Some(last) = events.last() else { return Ok(found) };
        from = last.seq + 1;
        found.extend(events.iter().filter_map(|recorded| match &recorded.event {
            Event::ChildStarted { child, .. } => Some(*child),
            _ => None,
        }));
    }
}

#[cfg(test)]
#[path = "retention_tests.rs"]
mod tests;
