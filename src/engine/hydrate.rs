//! From a journal to a state that can decide: read, replay, compare with what the store says. Blocking; pure apart from the reads.

use std::sync::Arc;

use super::error::Error;
use super::messages::{Cause, Key};
use super::shared::Shared;
use crate::flow::plan::Plan;
use crate::ids::{BootId, CallId, ExecutionId, Tenant};
use crate::limits::CHILD_DEPTH_MAX;
use crate::machine::effect::Effect;
use crate::machine::event::{Event, Recorded};
use crate::machine::input::{Body, Start};
use crate::machine::summary::Summary;
use crate::machine::{Refusal, State, outstanding, replay};
use crate::store;

/// Events read at a time.
const EVENTS_PER_READ: usize = 1_024;

/// Where an actor gets its state from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// Its first input is a start under a fresh id; the store refuses the commit if that is not so.
    Fresh,
    Journal,
    /// As `Journal`, although it was set aside: somebody asks for one more attempt.
    Quarantined,
}

/// A state and what belongs to it.
#[derive(Debug)]
pub(super) struct Life {
    pub state: State,
    /// None until the execution exists.
    pub plan: Option<Arc<Plan>>,
    /// The execution, its parent, and so on up to the root.
    pub lineage: Vec<Key>,
    /// The summary that the store holds or is being given.
    pub committed: Option<Summary>,
    /// The summary of `state`; differs from `committed` at most in when.
    pub latest: Option<Summary>,
}

impl Life {
    pub(super) fn fresh(key: &Key) -> Self {
        Self { state: State::default(), plan: None, lineage: vec![key.clone()], committed: None, latest: None }
    }

    /// After events: the summary anew, and, where it says something else than the store's, what the store is to be given.
    pub(super) fn summarise(&mut self) -> Option<Summary> {
        let latest = self.plan.as_ref().and_then(|plan| self.state.summary(plan));
        self.latest.clone_from(&latest);
        let changed = latest.filter(|latest| !self.committed.as_ref().is_some_and(|before| before.says_same(latest)));
        if changed.is_some() {
            self.committed.clone_from(&changed);
        }
        changed
    }

    /// The plan to decide `body` with; a start brings its own.
    pub(super) fn plan_for(&mut self, shared: &Shared, key: &Key, body: &Body) -> Result<Arc<Plan>, Error> {
        if let Some(plan) = &self.plan {
            return Ok(Arc::clone(plan));
        }
        let Body::Start(start) = body else { return Err(Error::Refused(Refusal::Unknown)) };
        let plan = shared.revisions.plan(&key.tenant, &start.digest, &start.flow)?;
        self.lineage = lineage(shared, key, start).map_err(|error| Error::Store(error.to_string()))?;
        Ok(Arc::clone(self.plan.insert(plan)))
    }

    /// Calls whose outcome will never come (an earlier process started them, or it was turned away), and what else is owed.
    pub(super) fn owed(&self, shared: &Shared) -> (Vec<CallId>, Vec<Effect>) {
        let Some(key) = self.lineage.first().filter(|_| self.plan.is_some() && shared.boot != BootId::HOLDING) else {
            return (Vec::new(), Vec::new());
        };
        let mut lost = self.state.lost(shared.boot);
        let mut owed = outstanding(&self.state);
        lost.extend(owed.iter().filter_map(|effect| match effect {
            Effect::Perform { call, .. } if shared.performer.is_turned_away(key, *call) => Some(*call),
            _ => None,
        }));
        owed.retain(|effect| !matches!(effect, Effect::Perform { call, .. } if lost.contains(call)));
        (lost, owed)
    }
}

/// Reads and replays. An execution that the store does not know gives a fresh life.
pub(super) fn load(shared: &Shared, key: &Key, origin: Origin) -> Result<Life, Cause> {
    let unreadable = |error: store::Error| unreadable(&error);
    let Key { tenant, execution } = key;
    if origin != Origin::Quarantined
        && let Some(reason) = shared.store.quarantined(tenant, *execution).map_err(unreadable)?
    {
        return Err(Cause::Quarantined(reason));
    }
    let mut journal = Journal::new(shared, tenant, *execution);
    let Some(first) = journal.next().transpose().map_err(unreadable)? else { return Ok(Life::fresh(key)) };
    let Event::Started { start } = &first.event else {
        return Err(Cause::Hopeless(format!("its journal does not begin with its start but with event {}", first.seq)));
    };
    let plan = shared.revisions.plan(tenant, &start.digest, &start.flow).map_err(|error| Cause::Hopeless(error.to_string()))?;
    let lineage = lineage(shared, key, start).map_err(unreadable)?;
    let mut failed = None;
    let rest = journal.map_while(|read| read.map_err(|error| failed = Some(error)).ok());
    let replayed = replay(&plan, std::iter::once(first).chain(rest));
    failed.map_or(Ok(()), Err).map_err(unreadable)?;
    let state = replayed.map_err(|error| Cause::Hopeless(error.to_string()))?;
    let committed = shared.store.summary(tenant, *execution).map_err(unreadable)?;
    let folded = state.summary(&plan);
    if let (Some(stored), Some(folded)) = (&committed, &folded)
        && !stored.agrees(folded)
    {
        return Err(Cause::Hopeless("its journal and its row in the store disagree; run `flowgate store check`".to_owned()));
    }
    Ok(Life { state, plan: Some(plan), lineage, committed: committed.or_else(|| folded.clone()), latest: folded })
}

/// A journal, read as it is asked for: a long one is never in memory as a whole.
struct Journal<'a> {
    shared: &'a Shared,
    tenant: &'a Tenant,
    id: ExecutionId,
    /// Events that were read.
    count: u64,
    read: std::vec::IntoIter<Recorded>,
    is_last: bool,
}

impl<'a> Journal<'a> {
    fn new(shared: &'a Shared, tenant: &'a Tenant, id: ExecutionId) -> Self {
        Self { shared, tenant, id, count: 0, read: Vec::new().into_iter(), is_last: false }
    }
}

impl Iterator for Journal<'_> {
    type Item = Result<Recorded, store::Error>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.read.as_slice().is_empty() && !self.is_last {
            let more = self.shared.store.events(self.tenant, self.id, self.count, EVENTS_PER_READ);
            self.is_last = more.as_ref().map_or(true, |more| more.len() < EVENTS_PER_READ);
            match more {
                Ok(more) => (self.count, self.read) = (self.count + more.len() as u64, more.into_iter()),
                Err(error) => return Some(Err(error)),
            }
        }
        self.read.next().map(Ok)
    }
}

/// The whole journal.
pub(super) fn events(shared: &Shared, tenant: &Tenant, id: ExecutionId) -> Result<Vec<Recorded>, store::Error> {
    Journal::new(shared, tenant, id).collect()
}

/// What can be read of a journal: all of it; of one that is known to have lost events, what comes before the loss.
pub(super) fn readable(shared: &Shared, tenant: &Tenant, id: ExecutionId) -> Result<Vec<Recorded>, store::Error> {
    let error = match events(shared, tenant, id) {
        Err(error @ store::Error::JournalDamaged { .. }) => error,
        read => return read,
    };
    if !shared.store.has_lost_events(tenant, id)? {
        return Err(error);
    }
    let mut kept = Vec::new();
    // One by one: a read that meets the loss gives nothing.
    while let Ok(next) = shared.store.events(tenant, id, kept.len() as u64, 1) {
        if next.is_empty() {
            break;
        }
        kept.extend(next);
    }
    if kept.is_empty() { Err(error) } else { Ok(kept) }
}

fn lineage(shared: &Shared, key: &Key, start: &Start) -> Result<Vec<Key>, store::Error> {
    let mut lineage = vec![key.clone()];
    let mut parent = start.parent.as_ref().map(|parent| parent.execution);
    while let Some(id) = parent
        && lineage.len() <= CHILD_DEPTH_MAX as usize
    {
        lineage.push(key.of(id));
        parent = shared.store.summary(&key.tenant, id)?.and_then(|summary| summary.parent);
    }
    Ok(lineage)
}

fn unreadable(error: &store::Error) -> Cause {
    match error {
        store::Error::Stopped(_) => Cause::StoreStopped(error.to_string()),
        store::Error::JournalDamaged { .. } | store::Error::Record(_) => Cause::Hopeless(error.to_string()),
        _ => Cause::Failed(error.to_string()),
    }
}
