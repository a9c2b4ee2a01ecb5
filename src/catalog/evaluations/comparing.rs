//! How two runs differ, sample by sample. Pure; both lists are in the order of the dataset.

use std::cmp::Ordering;

use schemars::JsonSchema;
use serde::Serialize;

use super::rows::{Outcome, ResultRow};

/// Scores that differ by no more than this are the same, where nobody says otherwise: judges are not exact.
pub const TOLERANCE_DEFAULT: f64 = 0.01;

/// What became of a sample from one run to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Change {
    Better,
    Worse,
    Same,
    /// One of the two was not run or not judged.
    Unknown,
    /// It asks or expects something else than in the baseline.
    Changed,
    /// Not in the baseline.
    Added,
    /// Only in the baseline.
    Removed,
}

/// One sample in both runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Compared {
    pub sample: u64,
    pub name: Option<String>,
    pub change: Change,
    pub baseline: Option<ResultRow>,
    pub candidate: Option<ResultRow>,
}

/// Two runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Comparison {
    pub better: u32,
    pub worse: u32,
    pub same: u32,
    /// Everything else.
    pub other: u32,
    pub rows: Vec<Compared>,
}

impl Compared {
    /// What `of` says in the candidate, less what it says in the baseline.
    #[must_use]
    pub fn delta(&self, of: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        let side = |row: &Option<ResultRow>| of(row.as_ref()?.outcome.as_ref()?);
        Some(side(&self.candidate)? - side(&self.baseline)?)
    }
}

/// Samples are told apart by their numbers, which a dataset never uses again.
#[must_use]
pub fn compare(baseline: &[ResultRow], candidate: &[ResultRow], tolerance: f64) -> Comparison {
    let mut found = Comparison::default();
    let (mut before, mut after) = (baseline.iter().peekable(), candidate.iter().peekable());
    loop {
        let order = match (before.peek(), after.peek()) {
            (None, None) => return found,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(one), Some(other)) => one.sample.cmp(&other.sample),
        };
        let one = if order == Ordering::Greater { None } else { before.next() };
        let other = if order == Ordering::Less { None } else { after.next() };
        found.note(one, other, tolerance);
    }
}

impl Comparison {
    /// Samples that have a score on both sides.
    #[must_use]
    pub fn compared(&self) -> u32 {
        self.better + self.worse + self.same
    }

    fn note(&mut self, baseline: Option<&ResultRow>, candidate: Option<&ResultRow>, tolerance: f64) {
        let Some(known) = candidate.or(baseline) else { return };
        let change = match (baseline, candidate) {
            (Some(baseline), Some(candidate)) => change(baseline, candidate, tolerance),
            (None, _) => Change::Added,
            (_, None) => Change::Removed,
        };
        match change {
            Change::Better => self.better += 1,
            Change::Worse => self.worse += 1,
            Change::Same => self.same += 1,
            Change::Unknown | Change::Changed | Change::Added | Change::Removed => self.other += 1,
        }
        let (sample, name) = (known.sample, known.name.clone());
        self.rows.push(Compared { sample, name, change, baseline: baseline.cloned(), candidate: candidate.cloned() });
    }
}

fn change(baseline: &ResultRow, candidate: &ResultRow, tolerance: f64) -> Change {
    if baseline.digest != candidate.digest {
        return Change::Changed;
    }
    let (Some(before), Some(after)) = (&baseline.outcome, &candidate.outcome) else { return Change::Unknown };
    let (Some(had), Some(has)) = (before.score, after.score) else { return Change::Unknown };
    match (before.passed, after.passed) {
        (true, false) => Change::Worse,
        (false, true) => Change::Better,
        _ if has < had - tolerance => Change::Worse,
        _ if has > had + tolerance => Change::Better,
        _ => Change::Same,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::catalog::evaluations::rows::ResultState;
    use crate::ids::{Digest, NanoUsd};

    fn result(sample: u64, score: Option<f64>, passed: bool) -> ResultRow {
        let outcome = Outcome {
            score,
            passed,
            scores: Vec::new(),
            error: None,
            output: Value::Null,
            output_cut: false,
            cost: NanoUsd(sample),
            judge_cost: NanoUsd(0),
            judge_calls: 0,
            tokens: 0,
            duration_ms: 10 * sample,
        };
        ResultRow {
            run: "r".to_owned(),
            sample,
            name: None,
            weight: 1.0,
            digest: Digest::of(b"same"),
            state: ResultState::Done,
            execution: None,
            halt: None,
            outcome: Some(outcome),
        }
    }

    #[test]
    fn samples_are_held_against_each_other() {
        use Change::{Added, Better, Changed, Removed, Same, Unknown, Worse};
        let baseline = [
            result(1, Some(0.5), false),
            result(2, Some(0.9), true),
            result(4, Some(0.9), true),
            result(5, Some(0.9), true),
            result(6, Some(1.0), true),
            result(7, Some(1.0), true),
        ];
        let other = ResultRow { digest: Digest::of(b"other"), ..result(7, Some(1.0), true) };
        let candidate = [
            result(1, Some(0.6), false),
            result(2, Some(0.905), true),
            result(3, Some(1.0), true),
            result(5, Some(0.895), false),
            result(6, None, false),
            other,
        ];
        let found = compare(&baseline, &candidate, TOLERANCE_DEFAULT);
        let changes: Vec<_> = found.rows.iter().map(|row| (row.sample, row.change)).collect();
        assert_eq!(changes, [(1, Better), (2, Same), (3, Added), (4, Removed), (5, Worse), (6, Unknown), (7, Changed)]);
        assert_eq!((found.better, found.worse, found.same, found.other), (1, 1, 1, 4));
        assert_eq!(found.compared(), 3);
        let score = |row: &Compared| row.delta(|outcome| outcome.score);
        assert_eq!((score(&found.rows[2]), score(&found.rows[5])), (None, None));
    }
}
