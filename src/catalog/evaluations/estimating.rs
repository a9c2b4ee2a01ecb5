//! What a run will cost: worked out from what was recorded of earlier executions, and it says of which.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::rows::{RunRow, Sample, Scorer, ScorerKind};
use crate::catalog::spending::{self, Spent, Which};
use crate::catalog::{Catalog, Error};
use crate::ids::{NanoUsd, Tenant};
use crate::machine::input::Purpose;

/// Earlier runs that are looked at, newest first.
const RUNS_LOOKED_AT_MAX: usize = 20;

/// What an estimate rests on, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Basis {
    /// Earlier evaluations of the same revision.
    EvaluationsOfRevision,
    /// Executions of the same revision.
    ExecutionsOfRevision,
    /// Earlier evaluations of the agent.
    EvaluationsOfAgent,
    /// Executions of the agent, whatever their revision.
    ExecutionsOfAgent,
    /// Tests of the agent.
    TestsOfAgent,
    /// Nothing was recorded yet: there is no estimate.
    Nothing,
}

/// What a run will cost, as far as that can be said.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub samples: u32,
    pub judge_calls: u32,
    pub per_sample: Option<NanoUsd>,
    pub per_judge_call: Option<NanoUsd>,
    /// None where one of the parts is not known.
    pub total: Option<NanoUsd>,
    pub basis: Basis,
    /// Executions that the estimate of a sample rests on.
    pub observed: u64,
}

impl Catalog {
    /// What running these samples will cost. Blocking.
    ///
    /// # Errors
    /// `Store`.
    pub fn estimate_evaluation(
        &self,
        tenant: &Tenant,
        (agent, revision): (&str, u32),
        scorers: &[Scorer],
        samples: &[Sample],
    ) -> Result<Estimate, Error> {
        let runs = self.evaluations(tenant, agent, None, RUNS_LOOKED_AT_MAX)?;
        let (basis, observed, spent) = self.observed(tenant, agent, revision, &runs)?;
        let per_sample = (observed > 0).then(|| NanoUsd(spent.0 / observed));
        let judges = scorers.iter().filter(|scorer| scorer.kind == ScorerKind::Judge);
        let judge_calls: usize = judges.map(|judge| samples.iter().filter(|sample| judge.applies(sample)).count()).sum();
        let judge_calls = u32::try_from(judge_calls).unwrap_or(u32::MAX);
        let (calls_before, cost_before) =
            runs.iter().fold((0, 0), |(calls, cost), run| (calls + u64::from(run.tally.judge_calls), cost + run.tally.judge_cost.0));
        let per_judge_call = (calls_before > 0).then(|| NanoUsd(cost_before / calls_before));
        let count = u32::try_from(samples.len()).unwrap_or(u32::MAX);
        let times = |each: NanoUsd, count: u32| NanoUsd(each.0.saturating_mul(u64::from(count)));
        let judging = if judge_calls == 0 { Some(NanoUsd(0)) } else { per_judge_call.map(|each| times(each, judge_calls)) };
        let total = per_sample.and_then(|each| Some(times(each, count).plus(judging?)));
        Ok(Estimate { samples: count, judge_calls, per_sample, per_judge_call, total, basis, observed })
    }

    /// The best that was recorded: how many, and what they cost together.
    fn observed(&self, tenant: &Tenant, agent: &str, revision: u32, runs: &[RunRow]) -> Result<(Basis, u64, NanoUsd), Error> {
        let of_runs = |fits: &dyn Fn(&RunRow) -> bool| {
            let fitting = runs.iter().filter(|run| fits(run));
            fitting.fold((0, NanoUsd(0)), |(count, cost), run| (count + u64::from(run.tally.done), cost.plus(run.tally.cost)))
        };
        let spent = |purpose, revision| -> Result<(u64, NanoUsd), Error> {
            let Spent { executions, total_cost, .. } =
                spending::spent(self.store(), tenant, &Which { agent, purpose, revision, environment: None })?;
            Ok((executions, total_cost))
        };
        let found = of_runs(&|run| revision > 0 && run.revision == revision);
        if found.0 > 0 {
            return Ok((Basis::EvaluationsOfRevision, found.0, found.1));
        }
        if revision > 0 {
            let found = spent(Purpose::Production, Some(revision))?;
            if found.0 > 0 {
                return Ok((Basis::ExecutionsOfRevision, found.0, found.1));
            }
        }
        let found = of_runs(&|_| true);
        if found.0 > 0 {
            return Ok((Basis::EvaluationsOfAgent, found.0, found.1));
        }
        for (basis, purpose) in [(Basis::ExecutionsOfAgent, Purpose::Production), (Basis::TestsOfAgent, Purpose::Test)] {
            let found = spent(purpose, None)?;
            if found.0 > 0 {
                return Ok((basis, found.0, found.1));
            }
        }
        Ok((Basis::Nothing, 0, NanoUsd(0)))
    }
}
