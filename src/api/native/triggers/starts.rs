//! Which of the starts that are owed are made now. They are taken in the order in which they are due, and each tenant has its share of
//! the places, so that one whose starts are slow holds up nobody else's.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use tokio::task::{Id, JoinError, JoinSet};

use crate::api::places::{Place, Places};
use crate::catalog::triggers::rows::StartDueRow;
use crate::catalog::{self, Catalog, Stored};
use crate::ids::TimeMs;

/// Starts under way at once.
const AT_ONCE_MAX: usize = 32;
/// Of these, of one tenant.
const TENANT_AT_ONCE_MAX: usize = 8;
/// Rows that are read at once.
const ROWS_AT_ONCE: usize = 64;
/// Rows that one round looks at; the next one goes on behind them.
const ROWS_LOOKED_AT_MAX: usize = 512;
/// With nothing due, it looks again after this.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// What was not looked at in one round is looked at in the next one, after this.
const NEXT_ROUND_PAUSE: Duration = Duration::from_millis(200);
/// What cannot be recorded (a full disk) is not tried again at once.
const UNRECORDED_PAUSE: Duration = Duration::from_secs(5);

/// What is under way.
pub(super) struct Starts {
    catalog: Catalog,
    places: Places,
    /// Keys of rows that are being worked on, or that broke and could not even be recorded.
    under_way: HashSet<String>,
    /// Where a round that looked at enough stopped.
    behind: Option<String>,
    tasks: JoinSet<()>,
    /// What each task starts. A task that panics has no other trace.
    starting: HashMap<Id, Starting>,
}

/// A start that is being made.
pub(super) struct Starting {
    pub due: Stored<StartDueRow>,
    /// It broke, and that is being recorded.
    pub is_broken: bool,
    /// Free for another one when this is dropped.
    _place: Place,
}

impl Starts {
    pub fn new(catalog: Catalog) -> Self {
        Self {
            catalog,
            places: Places::new(TENANT_AT_ONCE_MAX, AT_ONCE_MAX),
            under_way: HashSet::new(),
            behind: None,
            tasks: JoinSet::new(),
            starting: HashMap::new(),
        }
    }

    /// What is due as far as there is room; it counts as under way from now on. And how long nothing else will be due.
    pub async fn choose(&mut self, now: TimeMs) -> Result<(Vec<Starting>, Duration), catalog::Error> {
        let (mut chosen, mut looked_at) = (Vec::new(), 0);
        let mut after = self.behind.take();
        // What stands in front of where it begins is the next round's.
        let pause = if after.is_some() { NEXT_ROUND_PAUSE } else { PAUSE_MAX };
        while self.starting.len() + chosen.len() < AT_ONCE_MAX {
            if looked_at >= ROWS_LOOKED_AT_MAX {
                self.behind = after;
                return Ok((chosen, NEXT_ROUND_PAUSE));
            }
            let (catalog, from) = (self.catalog.clone(), after.clone());
            let reading = tokio::task::spawn_blocking(move || catalog.starts_due(from.as_deref(), ROWS_AT_ONCE));
            let rows = reading.await.map_err(|error| catalog::Error::Store(error.to_string()))??;
            let Some(last) = rows.last() else { return Ok((chosen, pause)) };
            after = Some(last.key.clone());
            looked_at += rows.len();
            for due in rows {
                if due.value.at > now {
                    return Ok((chosen, Duration::from_millis(due.value.at.since(now)).min(pause)));
                }
                if self.under_way.contains(&due.key) {
                    continue;
                }
                let Some(place) = self.places.take(&due.value.tenant) else { continue };
                self.under_way.insert(due.key.clone());
                chosen.push(Starting { due, is_broken: false, _place: place });
            }
        }
        // Whoever gives a place back begins the next round.
        Ok((chosen, PAUSE_MAX))
    }

    /// Works on one that was chosen.
    pub fn run(&mut self, starting: Starting, work: impl Future<Output = Result<(), catalog::Error>> + 'static) {
        let firing = starting.due.value.key.clone();
        let task = self.tasks.spawn_local(async move {
            if let Err(error) = work.await {
                tracing::error!(%error, firing, "what came of a firing cannot be recorded; it is tried again");
                tokio::time::sleep(UNRECORDED_PAUSE).await;
            }
        });
        self.starting.insert(task.id(), starting);
    }

    /// Waits until one is over; for ever where none is under way. One that broke is given back: whoever gets it records that.
    pub async fn ended(&mut self) -> Option<Starting> {
        match self.tasks.join_next_with_id().await {
            Some(ended) => self.settled(ended),
            None => std::future::pending().await,
        }
    }

    fn settled(&mut self, ended: Result<(Id, ()), JoinError>) -> Option<Starting> {
        let id = ended.as_ref().map_or_else(JoinError::id, |(id, ())| *id);
        let starting = self.starting.remove(&id)?;
        let firing = &starting.due.value.key;
        match ended {
            // It counts like an attempt that failed, and keeps its place until that is recorded.
            Err(error) if !starting.is_broken => {
                tracing::error!(%error, firing, "a start of a trigger broke; it is tried again later");
                return Some(Starting { is_broken: true, ..starting });
            }
            // Its row stays marked, so that it cannot break again and again.
            Err(error) => tracing::error!(%error, firing, "a start of a trigger broke and cannot be recorded; it waits for a restart"),
            Ok(_) => drop(self.under_way.remove(&starting.due.key)),
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::LocalSet;

    use super::*;
    use crate::catalog::Changes;
    use crate::ids::Tenant;
    use crate::store::{Faults, Store};

    const NOW: TimeMs = TimeMs(1_000_000);

    async fn owed(catalog: &Catalog, tenant: &str, at: u64, count: usize) {
        let mut changes = Changes::default();
        for number in 0..count {
            let row = StartDueRow { at: TimeMs(at), tenant: Tenant::new(tenant), key: format!("t/{number:05}/a") };
            changes.put(&Catalog::system(), &StartDueRow::key(row.at, &row.tenant, &row.key), 0, &row);
        }
        catalog.commit(changes).await.unwrap();
    }

    fn count(chosen: &[Starting], tenant: &str) -> usize {
        chosen.iter().filter(|starting| starting.due.value.tenant.as_str() == tenant).count()
    }

    #[tokio::test]
    async fn a_tenant_whose_starts_are_slow_takes_its_own_places_only() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        owed(&catalog, "slow", 1, ROWS_LOOKED_AT_MAX + 100).await;
        owed(&catalog, "other", 2, 3).await;
        owed(&catalog, "later", NOW.0 + 7, 1).await;
        let mut starts = Starts::new(catalog);
        let (slow, pause) = starts.choose(NOW).await.unwrap();
        assert_eq!((slow.len(), count(&slow, "slow"), pause), (TENANT_AT_ONCE_MAX, TENANT_AT_ONCE_MAX, NEXT_ROUND_PAUSE));
        let (others, pause) = starts.choose(NOW).await.unwrap();
        assert_eq!((others.len(), count(&others, "other"), pause), (3, 3, Duration::from_millis(7)));
        drop(slow);
        let (next, _) = starts.choose(NOW).await.unwrap();
        assert_eq!(
            (next.len(), count(&next, "slow")),
            (TENANT_AT_ONCE_MAX, TENANT_AT_ONCE_MAX),
            "from the front again, past what is under way"
        );
    }

    async fn broken() -> Result<(), catalog::Error> {
        tokio::task::yield_now().await;
        panic!("a start breaks, as this test wants it")
    }

    #[tokio::test]
    async fn a_start_that_breaks_is_given_back_once_and_then_waits() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        owed(&catalog, "one", 1, 1).await;
        let work = async {
            let mut starts = Starts::new(catalog);
            let due = starts.choose(NOW).await.unwrap().0.remove(0);
            starts.run(due, broken());
            let given_back = starts.ended().await.unwrap();
            assert!(given_back.is_broken && starts.choose(NOW).await.unwrap().0.is_empty(), "it is under way until that is recorded");
            starts.run(given_back, async { Ok(()) });
            assert!(starts.ended().await.is_none());
            let again = starts.choose(NOW).await.unwrap().0.remove(0);
            starts.run(again, broken());
            let given_back = starts.ended().await.unwrap();
            starts.run(given_back, broken());
            assert!(starts.ended().await.is_none(), "recording it broke as well");
            assert!(starts.choose(NOW).await.unwrap().0.is_empty() && starts.starting.is_empty());
        };
        LocalSet::new().run_until(work).await;
    }
}
