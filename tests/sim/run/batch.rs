//! Many seeds over several threads, one run each; the result does not depend on how many threads there are.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::case::Case;
use super::coverage::Coverage;
use super::world::{self, Report, Tally};

/// What many runs came to.
#[derive(Default)]
pub struct Sum {
    pub seeds: u64,
    pub tally: Tally,
    pub coverage: Coverage,
    /// Seeds that failed, with the reason, lowest first.
    pub failures: Vec<(u64, String)>,
}

impl Sum {
    /// Why what was achieved is too little to prove anything.
    pub fn too_little(&self) -> Option<String> {
        let Tally { started, ended, completed, decisions, calls, judged, verdicts, corrected, refused, yielded, dropped, .. } = self.tally;
        let seeds = self.seeds;
        let wanted = [
            ("executions started", started, seeds),
            ("executions ended", ended, started),
            ("executions completed", completed, started / 5),
            ("decisions taken", decisions, seeds / 4),
            ("calls made", calls, 2 * seeds),
            ("executions judged by the model", judged, started / 4),
            ("verdicts of validators", verdicts, seeds),
            ("answers corrected", corrected, seeds / 10),
            ("answers stopped by a validator", refused, seeds / 20),
            ("turns that ended at their bound", yielded, seeds / 50),
            ("records that compactions dropped", dropped, seeds),
        ];
        wanted
            .into_iter()
            .find(|(_, count, least)| count < least)
            .map(|(what, count, least)| format!("{what}: {count}, at least {least} wanted"))
    }
}

/// Runs a case; a panic is a failure of the run like any other.
pub fn run(case: &Case, tell: bool) -> Report {
    catch_unwind(AssertUnwindSafe(|| world::run(case, tell))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let reason = format!("panic: {}", text.unwrap_or_default());
        Report {
            result: Err(reason),
            tally: Tally::default(),
            coverage: Coverage::default(),
            story: Vec::new(),
            fingerprint: flowgate::ids::Digest([0; 32]),
        }
    })
}

/// Runs the seeds from `first` on. `done` is told of each; after `failures_max` failures no more are begun.
pub fn seeds(first: u64, count: u64, jobs: usize, failures_max: usize, done: impl Fn(u64) + Sync) -> Sum {
    let (next, enough) = (AtomicU64::new(first), AtomicBool::new(false));
    let sum = Mutex::new(Sum::default());
    std::thread::scope(|scope| {
        for _ in 0..jobs.max(1) {
            scope.spawn(|| {
                while !enough.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first.saturating_add(count) {
                        return;
                    }
                    let report = run(&Case::of(seed), false);
                    let mut sum = sum.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    sum.seeds += 1;
                    sum.tally.add(&report.tally);
                    sum.coverage.add(&report.coverage);
                    if let Err(reason) = report.result {
                        sum.failures.push((seed, reason));
                        enough.store(sum.failures.len() >= failures_max, Ordering::Relaxed);
                    }
                    done(seed);
                }
            });
        }
    });
    let mut sum = sum.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    sum.failures.sort();
    sum
}
