//! How long steps took in the executions that ran last. Their journals are folded for it, the newest first, up to a bound of entries and bytes, so
//! that a request costs the same however much there is. Nothing is kept; blocking; moves nothing.

use std::collections::HashMap;

use super::error::Error;
use super::messages::Key;
use super::outlines::read_on;
use super::read::failed;
use super::request::{SlowestAttempt, StepTime, StepTimes, StepTimesRequest};
use super::shared::Shared;
use crate::ids::{ExecutionId, Tenant};
use crate::machine::trace::{Outline, Row, What};

/// Entries read for one request: at a few microseconds each, less than half a second.
const ENTRIES_MAX: usize = 100_000;
/// Values in them.
const BYTES_MAX: usize = 128 << 20;
/// Rows of executions looked through for those that fit.
const PAGES_MAX: usize = 20;
/// Steps told of. An agent's tools are named by the model, so their number has no bound of its own.
const STEPS_MAX: usize = 500;

#[derive(PartialEq, Eq, Hash)]
struct Named {
    flow: String,
    step: String,
    kind: String,
}

struct Measured {
    what: What,
    durations_ms: Vec<u64>,
    failed: u64,
    repeated: u64,
    slowest: SlowestAttempt,
}

pub(super) fn step_times(shared: &Shared, tenant: &Tenant, request: &StepTimesRequest) -> Result<StepTimes, Error> {
    let mut times = StepTimes::default();
    let mut measured: HashMap<Named, Measured> = HashMap::new();
    let (mut entries, mut bytes) = (0, 0);
    let mut before = None;
    'pages: for _ in 0..PAGES_MAX {
        let wanted = request.executions - times.executions;
        let page = shared.store.executions(tenant, &request.filter, before, wanted).map_err(failed)?;
        for (id, summary) in page.rows {
            if entries >= ENTRIES_MAX || bytes >= BYTES_MAX {
                times.is_cut = true;
                break 'pages;
            }
            let mut outline = Outline::default();
            match read_on(shared, &Key::new(tenant, id), &mut outline, ENTRIES_MAX - entries) {
                // Taken away meanwhile.
                Err(Error::NotFound { .. }) => continue,
                read => times.is_cut |= read?.is_cut,
            }
            entries += usize::try_from(outline.next()).unwrap_or(usize::MAX);
            bytes += outline.bytes();
            times.executions += 1;
            outline.rows().iter().for_each(|row| note(&mut measured, &summary.flow, id, row));
        }
        before = page.next;
        if before.is_none() || times.executions >= request.executions {
            before = None;
            break;
        }
    }
    times.is_cut |= before.is_some();
    times.steps = measured.into_iter().map(|(named, of)| told(named, of)).collect();
    times.steps.sort_by(|one, other| other.total_ms.cmp(&one.total_ms).then_with(|| one.step.cmp(&other.step)));
    times.steps.truncate(STEPS_MAX);
    Ok(times)
}

fn note(measured: &mut HashMap<Named, Measured>, flow: &str, execution: ExecutionId, row: &Row) {
    let attempt = &row.attempt;
    let (Some(started), Some(ended)) = (attempt.started_at_ms, attempt.ended_at_ms) else { return };
    // What was given up says nothing about how long it takes.
    if matches!(attempt.status.as_str(), "dead" | "cancelled") {
        return;
    }
    let took_ms = ended.0.saturating_sub(started.0);
    let named = Named { flow: flow.to_owned(), step: place_of(&attempt.path, &attempt.step), kind: attempt.kind.clone() };
    let slowest = || SlowestAttempt { execution, attempt: attempt.name(), took_ms };
    let of = measured.entry(named).or_insert_with(|| Measured {
        what: row.what,
        durations_ms: Vec::new(),
        failed: 0,
        repeated: 0,
        slowest: slowest(),
    });
    of.durations_ms.push(took_ms);
    of.failed += u64::from(attempt.status != "completed");
    of.repeated += u64::from(attempt.attempt > 1);
    if took_ms > of.slowest.took_ms {
        of.slowest = slowest();
    }
}

/// Where a step stands in its flow, whatever the item, the visit and the turn: `each[2]/judge#1.1@3` and `model` are `each/judge/model`.
fn place_of(path: &str, step: &str) -> String {
    let parts = path.split('/').filter(|part| !part.is_empty()).map(|part| part.split(['[', '#', '@']).next().unwrap_or(part));
    parts.chain([step]).collect::<Vec<_>>().join("/")
}

fn told(named: Named, of: Measured) -> StepTime {
    let Named { flow, step, kind } = named;
    let Measured { what, mut durations_ms, failed, repeated, slowest } = of;
    durations_ms.sort_unstable();
    let at = |percent: usize| durations_ms[(durations_ms.len() * percent).div_ceil(100).max(1) - 1];
    StepTime {
        flow,
        step,
        kind,
        what,
        ended: durations_ms.len() as u64,
        failed,
        repeated,
        half_ms: at(50),
        p95_ms: at(95),
        total_ms: durations_ms.iter().sum(),
        slowest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::TimeMs;
    use crate::machine::trace::Attempt;

    #[test]
    fn a_place_is_the_same_for_every_item_visit_and_turn() {
        for (path, step, place) in [
            ("", "a", "a"),
            ("each[2]", "keep", "each/keep"),
            ("each[2]/judge#1.1@3", "model", "each/judge/model"),
            ("judge#2@1[0]", "search", "judge/search"),
            ("undo", "pay", "undo/pay"),
        ] {
            assert_eq!(place_of(path, step), place);
        }
    }

    #[test]
    fn half_and_nearly_all_are_attempts_that_were_measured() {
        let execution = ExecutionId(uuid::Uuid::nil());
        let mut measured = HashMap::new();
        for took_ms in 1..=40 {
            let status = if took_ms == 7 { "failed" } else { "completed" };
            let (started_at_ms, ended_at_ms) = (Some(TimeMs(1_000)), Some(TimeMs(1_000 + took_ms)));
            let attempt =
                Attempt { step: "a".into(), status: status.into(), started_at_ms, ended_at_ms, visit: 1, attempt: 1, ..Attempt::default() };
            note(&mut measured, "one", execution, &Row::new(attempt, What::Tool));
        }
        let open = Attempt { step: "a".into(), status: "running".into(), started_at_ms: Some(TimeMs(1)), ..Attempt::default() };
        note(&mut measured, "one", execution, &Row::new(open, What::Tool));
        let (named, of) = measured.into_iter().next().unwrap();
        let time = told(named, of);
        assert_eq!((time.ended, time.failed, time.half_ms, time.p95_ms, time.slowest.took_ms), (40, 1, 20, 38, 40));
        assert_eq!(time.total_ms, 820);
    }
}
