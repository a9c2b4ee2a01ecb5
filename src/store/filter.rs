//! Which executions somebody wants to see: what fits, and which lists of the view hold what may fit.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::facets::{self, Facet};
use super::keys;
use crate::ids::{ExecutionId, Tenant, TimeMs};
use crate::machine::input::{PRODUCTION, Purpose};
use crate::machine::summary::{Status, Summary};

/// An execution's id is made before its start is recorded; a child's is derived when its parent asks for it, which may be as long before as no
/// process runs. Executions that began later than this after their id was made are left out of lists from `since` on.
const START_DELAY_MAX_MS: u64 = 24 * 60 * 60 * 1_000;
/// How far the clock may have been set back between an id and the start.
const CLOCK_STEP_MAX_MS: u64 = 60 * 1_000;

/// Who started an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunKind {
    /// Somebody or something outside.
    Root,
    /// Another execution, as one of its steps.
    Child,
}

/// Which executions to list; the default lists all. Of a set any value may fit (empty: whatever it is); of different fields all must fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filter {
    pub statuses: BTreeSet<Status>,
    pub purpose: Option<Purpose>,
    pub flow: Option<String>,
    /// Revisions of `flow`.
    pub revisions: BTreeSet<u32>,
    /// Started at or after. Found by the time in the id: an execution that began more than a day after its id was made is missed.
    pub since: Option<TimeMs>,
    /// Started before.
    pub until: Option<TimeMs>,
    pub session: Option<String>,
    pub starters: BTreeSet<String>,
    /// Tools that were called; the summary names the first `TOOLS_NOTED_MAX` of an execution.
    pub tools: BTreeSet<String>,
    /// Whether a tool's call failed.
    pub tool_errors: Option<bool>,
    /// Whether any tool was called.
    pub tool_calls: Option<bool>,
    pub trigger_kinds: BTreeSet<String>,
    /// The trigger's id.
    pub trigger: Option<String>,
    pub runs: BTreeSet<RunKind>,
    /// `production` is also where an execution runs that names none.
    pub environment: Option<String>,
    /// Of executions that have ended; no other fits.
    pub duration_ms_min: Option<u64>,
    /// As above.
    pub duration_ms_max: Option<u64>,
    /// All of them.
    pub labels: BTreeMap<String, String>,
    /// Below this execution, at any depth, when it is at the top; itself not included.
    pub root: Option<ExecutionId>,
}

/// A set that says nothing when it is empty.
fn any<T: Ord>(wanted: &BTreeSet<T>, found: Option<&T>) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.contains(found))
}

/// A field that says nothing when it is not set.
fn same<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
    wanted.is_none_or(|wanted| found == Some(wanted))
}

impl Filter {
    /// Whether an execution with this summary fits: the whole truth, whatever the lists say.
    #[must_use]
    pub fn holds(&self, summary: &Summary) -> bool {
        let trigger = summary.trigger.as_ref();
        let run = if summary.parent.is_none() { RunKind::Root } else { RunKind::Child };
        any(&self.statuses, Some(&summary.status))
            && same(self.purpose.as_ref(), Some(&summary.purpose))
            && same(self.flow.as_ref(), Some(&summary.flow))
            && any(&self.revisions, Some(&summary.revision))
            && self.since.is_none_or(|since| summary.started_at >= since)
            && self.until.is_none_or(|until| summary.started_at < until)
            && same(self.session.as_ref(), summary.session.as_ref())
            && any(&self.starters, Some(&summary.starter))
            && (self.tools.is_empty() || summary.tools.iter().any(|tool| self.tools.contains(tool)))
            && same(self.tool_errors.as_ref(), Some(&summary.tool_errors))
            && same(self.tool_calls.as_ref(), Some(&!summary.tools.is_empty()))
            && any(&self.trigger_kinds, trigger.map(|trigger| &trigger.kind))
            && same(self.trigger.as_ref(), trigger.and_then(|trigger| trigger.id.as_ref()))
            && any(&self.runs, Some(&run))
            && self.environment.as_ref().is_none_or(|environment| environment == summary.environment())
            && self.has_duration(summary)
            && self.labels.iter().all(|(key, value)| summary.labels.get(key) == Some(value))
            && same(self.root.as_ref(), summary.root.as_ref())
    }

    fn has_duration(&self, summary: &Summary) -> bool {
        if self.duration_ms_min.is_none() && self.duration_ms_max.is_none() {
            return true;
        }
        summary.duration_ms().is_some_and(|duration_ms| {
            self.duration_ms_min.is_none_or(|min| duration_ms >= min) && self.duration_ms_max.is_none_or(|max| duration_ms <= max)
        })
    }

    /// The lists to read, as prefixes of keys. What fits is in one list of every group; not everything that is there fits.
    pub(super) fn lists(&self, tenant: &Tenant) -> Vec<Vec<Vec<u8>>> {
        let purposes = self.purpose.map_or_else(|| Purpose::ALL.to_vec(), |purpose| vec![purpose]);
        let each = |prefix: &dyn Fn(Purpose) -> Vec<Vec<u8>>| purposes.iter().flat_map(|purpose| prefix(*purpose)).collect();
        let facet = |facet: Facet, values: &[String]| -> Vec<Vec<u8>> {
            each(&|purpose| values.iter().map(|value| keys::index_prefix(tenant, purpose, facet, value)).collect())
        };
        let mut groups: Vec<Vec<Vec<u8>>> = self.facets().iter().map(|(of, values)| facet(*of, values)).collect();
        let statuses = |prefix: &dyn Fn(Purpose, Status) -> Vec<u8>| {
            each(&|purpose| self.statuses.iter().map(|status| prefix(purpose, *status)).collect())
        };
        match &self.flow {
            _ if self.statuses.is_empty() => {}
            Some(flow) => groups.push(statuses(&|purpose, status| keys::by_flow_prefix(tenant, purpose, flow, status))),
            None => groups.push(statuses(&|purpose, status| keys::status_prefix(tenant, purpose, status))),
        }
        if groups.is_empty() {
            groups.push(vec![keys::summary_prefix(tenant)]);
        }
        groups
    }

    /// What an index holds, apart from the status: each facet with the values of which one must fit.
    fn facets(&self) -> Vec<(Facet, Vec<String>)> {
        let one = |facet: Facet, value: Option<String>| value.map(|value| (facet, vec![value]));
        let some = |facet: Facet, values: &BTreeSet<String>| (!values.is_empty()).then(|| (facet, values.iter().cloned().collect()));
        let is = |facet: Facet, wanted: bool| wanted.then(|| (facet, vec![String::new()]));
        // A narrower list of the same flow stands in for the list of all its executions.
        let flow = match &self.flow {
            Some(flow) if !self.revisions.is_empty() => {
                let revisions = self.revisions.iter().map(|revision| facets::revision(flow, *revision));
                Some((Facet::Revision, revisions.collect()))
            }
            Some(flow) if self.statuses.is_empty() => Some((Facet::Flow, vec![flow.clone()])),
            _ => None,
        };
        let rest = [
            one(Facet::Session, self.session.clone()),
            one(Facet::Environment, self.environment.clone().filter(|environment| environment != PRODUCTION)),
            one(Facet::Root, self.root.map(facets::root)),
            // Who started an execution of an old journal is in no index.
            some(Facet::Starter, &self.starters).filter(|_| !self.starters.contains("")),
            some(Facet::TriggerKind, &self.trigger_kinds),
            one(Facet::Trigger, self.trigger.clone()),
            some(Facet::Tool, &self.tools),
            is(Facet::ToolCalls, self.tool_calls == Some(true) && self.tools.is_empty()),
            is(Facet::ToolErrors, self.tool_errors == Some(true)),
        ];
        let labels = self.labels.iter().map(|(key, value)| (Facet::Label, vec![facets::label(key, value)]));
        let mut facets: Vec<_> = flow.into_iter().chain(rest.into_iter().flatten()).chain(labels).collect();
        if facets.is_empty() && self.statuses.is_empty() && self.purpose.is_some_and(|purpose| purpose != Purpose::Production) {
            facets.push((Facet::Test, vec![String::new()]));
        }
        facets
    }

    /// The first id that may fit, and the first behind those that may.
    pub(super) fn ids(&self) -> (u128, u128) {
        let since = self.since.map_or(0, |since| since.0.saturating_sub(START_DELAY_MAX_MS));
        let until = self.until.map_or(u64::MAX, |until| until.0.saturating_add(CLOCK_STEP_MAX_MS));
        (first_at(since), first_at(until))
    }
}

/// The smallest id of this millisecond: the time is in the first 48 bits.
fn first_at(time_ms: u64) -> u128 {
    if time_ms >> 48 == 0 { u128::from(time_ms) << 80 } else { u128::MAX }
}
