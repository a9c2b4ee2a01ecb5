//! The shapes of runs: what a request asks for, and how runs, samples and comparisons are shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::native::execute::revision_number;
use crate::api::page;
use crate::api::route::Free;
use crate::catalog::evaluations::comparing::{self, Change, Compared};
use crate::catalog::evaluations::estimating::{Basis, Estimate};
use crate::catalog::evaluations::rows::{Outcome, Reason, Recommendation, ResultRow, ResultState, RunRow, RunState, Score, Scorer};
use crate::ids::{NanoUsd, TimeMs};
use crate::machine::input::Purpose;

/// Over what to run it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Evaluate {
    /// The dataset's id, or its number as a text.
    #[schemars(length(min = 1, max = 100))]
    pub dataset_id: String,
    /// Samples that run at once; absent: 4.
    #[serde(default)]
    #[schemars(range(min = 1, max = 16))]
    pub concurrency: Option<u32>,
    /// The score that the run must reach; absent: what the dataset says.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub min_score: Option<f64>,
    /// How long one sample may take; absent: 600.
    #[serde(default)]
    #[schemars(range(min = 1, max = 3_600))]
    pub sample_timeout_seconds: Option<u32>,
    /// Where it runs; absent: `production`.
    #[serde(default)]
    pub environment_slug: Option<String>,
    /// An earlier run over the same dataset: a sample that is worse than there keeps the recommendation from being `DEPLOY`.
    #[serde(default)]
    pub baseline_run_id: Option<String>,
}

/// What a run will cost.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EstimateView {
    sample_count: u32,
    judge_calls: u32,
    /// In US dollars; null: nothing is known.
    estimated_cost: Option<f64>,
    cost_per_sample: Option<f64>,
    cost_per_judge_call: Option<f64>,
    /// What was recorded that the estimate rests on.
    basis: Basis,
    /// How many executions that were.
    observed_executions: u64,
    /// Models whose price is not known: what they cost will not be counted.
    unpriced_models: Vec<String>,
}

impl EstimateView {
    #[must_use]
    pub fn of(estimate: &Estimate, unpriced_models: Vec<String>) -> Self {
        Self {
            sample_count: estimate.samples,
            judge_calls: estimate.judge_calls,
            estimated_cost: estimate.total.map(NanoUsd::usd),
            cost_per_sample: estimate.per_sample.map(NanoUsd::usd),
            cost_per_judge_call: estimate.per_judge_call.map(NanoUsd::usd),
            basis: estimate.basis,
            observed_executions: estimate.observed,
            unpriced_models,
        }
    }
}

/// A draft or a revision over a dataset.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EvaluationRun {
    id: String,
    agent_id: String,
    /// -1: a draft.
    agent_revision: i64,
    /// Of a draft.
    draft_version: Option<u64>,
    dataset_id: String,
    dataset_name: String,
    /// `QUEUED`, `IN_PROGRESS`, then `COMPLETED`, `FAILED` or `CANCELLED`.
    status: RunState,
    /// It will be cancelled, and is not yet.
    cancelling: bool,
    /// From 0 to 1, once it is completed.
    score: Option<f64>,
    min_score: f64,
    /// Whether the score reaches `minScore`.
    passed: Option<bool>,
    deployment_recommendation: Option<Recommendation>,
    /// For people.
    summary: String,
    scorers: Vec<Scorer>,
    sample_count: u32,
    completed_count: u32,
    passed_count: u32,
    /// Their execution did not complete.
    error_count: u32,
    /// A scorer could not judge them.
    unjudged_count: u32,
    concurrency: u32,
    environment_slug: String,
    baseline_run_id: Option<String>,
    /// Samples that are worse than in the baseline.
    regressions: Option<u32>,
    /// Of the flow and the judges, in US dollars.
    total_cost: f64,
    judge_cost: f64,
    estimated_cost: Option<f64>,
    total_tokens: u64,
    mean_duration_ms: Option<u64>,
    /// Why it failed.
    error: Option<Reason>,
    created_at: TimeMs,
    created_by: String,
    started_at: Option<TimeMs>,
    ended_at: Option<TimeMs>,
}

impl From<RunRow> for EvaluationRun {
    fn from(row: RunRow) -> Self {
        let tally = row.tally;
        Self {
            agent_revision: revision_number(Purpose::Evaluation, row.revision),
            draft_version: row.draft.map(|(_, version)| version),
            cancelling: row.cancelled_by.is_some() && !row.state.is_final(),
            passed: row.score.map(|score| score >= row.options.score_min),
            min_score: row.options.score_min,
            concurrency: row.options.concurrency,
            environment_slug: row.options.environment,
            baseline_run_id: row.options.baseline,
            id: row.id,
            agent_id: row.agent,
            dataset_id: row.dataset,
            dataset_name: row.dataset_name,
            status: row.state,
            score: row.score,
            deployment_recommendation: row.recommendation,
            summary: row.summary,
            scorers: row.scorers,
            sample_count: tally.samples,
            completed_count: tally.done,
            passed_count: tally.passed,
            error_count: tally.broken,
            unjudged_count: tally.unjudged,
            regressions: row.regressions,
            total_cost: tally.cost.plus(tally.judge_cost).usd(),
            judge_cost: tally.judge_cost.usd(),
            estimated_cost: row.estimated_cost.map(NanoUsd::usd),
            total_tokens: tally.tokens,
            mean_duration_ms: tally.duration_ms.checked_div(u64::from(tally.done)),
            error: row.failure,
            created_at: row.created_at,
            created_by: row.created_by,
            started_at: row.started_at,
            ended_at: row.ended_at,
        }
    }
}

/// A page, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Runs {
    pub items: Vec<EvaluationRun>,
    pub next_page_token: Option<String>,
}

/// How one sample did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SampleResult {
    /// Its number in the dataset.
    sample_id: u64,
    name: Option<String>,
    status: ResultState,
    score: Option<f64>,
    passed: Option<bool>,
    scores: Vec<Score>,
    /// Why its execution did not complete.
    error: Option<Reason>,
    /// What came out; cut to a text where it is large.
    output: Free,
    output_cut: bool,
    execution_record_id: Option<String>,
    /// In US dollars, without the judges.
    cost: f64,
    judge_cost: f64,
    tokens: u64,
    duration_ms: Option<u64>,
}

impl From<ResultRow> for SampleResult {
    fn from(row: ResultRow) -> Self {
        let outcome = row.outcome.as_ref();
        Self {
            sample_id: row.sample,
            status: row.state,
            score: outcome.and_then(|outcome| outcome.score),
            passed: outcome.map(|outcome| outcome.passed),
            scores: outcome.map(|outcome| outcome.scores.clone()).unwrap_or_default(),
            error: outcome.and_then(|outcome| outcome.error.clone()),
            output: Free(outcome.map(|outcome| outcome.output.clone()).unwrap_or_default()),
            output_cut: outcome.is_some_and(|outcome| outcome.output_cut),
            execution_record_id: row.execution.map(|id| id.to_string()),
            cost: outcome.map(|outcome| outcome.cost.usd()).unwrap_or_default(),
            judge_cost: outcome.map(|outcome| outcome.judge_cost.usd()).unwrap_or_default(),
            tokens: outcome.map(|outcome| outcome.tokens).unwrap_or_default(),
            duration_ms: outcome.map(|outcome| outcome.duration_ms),
            name: row.name,
        }
    }
}

/// A page, in the order of the dataset.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Results {
    pub items: Vec<SampleResult>,
    pub next_page_token: Option<String>,
}

/// With which run to compare.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RunsQuery {
    /// The other run, which was there first.
    #[schemars(length(min = 1, max = 100))]
    pub baseline: String,
    /// Scores that differ by no more are the same; absent: 0.01.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    pub tolerance: Option<f64>,
    #[serde(default)]
    pub page_size: Option<usize>,
    #[serde(default)]
    pub page_token: Option<String>,
}

/// Two runs, and a page of their samples.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Comparison {
    baseline: EvaluationRun,
    candidate: EvaluationRun,
    better: u32,
    worse: u32,
    same: u32,
    /// Added, removed, changed, or not known.
    other: u32,
    /// What the candidate has more than the baseline; negative: less.
    score_delta: Option<f64>,
    cost_delta: f64,
    mean_duration_delta_ms: Option<i64>,
    items: Vec<ComparedSample>,
    next_page_token: Option<String>,
}

/// One sample in both.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ComparedSample {
    sample_id: u64,
    name: Option<String>,
    change: Change,
    baseline: Option<SampleResult>,
    candidate: Option<SampleResult>,
    score_delta: Option<f64>,
    cost_delta: Option<f64>,
    duration_delta_ms: Option<f64>,
}

impl From<Compared> for ComparedSample {
    fn from(compared: Compared) -> Self {
        let cost = |outcome: &Outcome| Some(outcome.cost.plus(outcome.judge_cost).usd());
        #[expect(clippy::cast_precision_loss, reason = "for display")]
        let duration = |outcome: &Outcome| Some(outcome.duration_ms as f64);
        Self {
            sample_id: compared.sample,
            change: compared.change,
            score_delta: compared.delta(|outcome| outcome.score),
            cost_delta: compared.delta(cost),
            duration_delta_ms: compared.delta(duration),
            name: compared.name,
            baseline: compared.baseline.map(Into::into),
            candidate: compared.candidate.map(Into::into),
        }
    }
}

impl Comparison {
    /// A page of `size` samples behind `after`.
    #[must_use]
    pub fn of(baseline: RunRow, candidate: RunRow, compared: comparing::Comparison, after: Option<u64>, size: usize) -> Self {
        let (baseline, candidate) = (EvaluationRun::from(baseline), EvaluationRun::from(candidate));
        let comparing::Comparison { better, worse, same, other, rows } = compared;
        let mut rest = rows.into_iter().filter(|row| after.is_none_or(|after| row.sample > after));
        let items: Vec<ComparedSample> = rest.by_ref().take(size).map(Into::into).collect();
        let next = rest.next().and(items.last().map(|last| page::token(&last.sample_id.to_string())));
        let duration = |run: &EvaluationRun| run.mean_duration_ms.and_then(|ms| i64::try_from(ms).ok());
        Self {
            better,
            worse,
            same,
            other,
            score_delta: candidate.score.zip(baseline.score).map(|(has, had)| has - had),
            cost_delta: candidate.total_cost - baseline.total_cost,
            mean_duration_delta_ms: duration(&candidate).zip(duration(&baseline)).map(|(has, had)| has - had),
            items,
            next_page_token: next,
            baseline,
            candidate,
        }
    }
}
