//! Runs: how one begins, what is recorded of each sample, how it ends. Whoever drives a run goes on from what stands here.

use serde_json::{Map, Value};

use super::comparing::{self, Comparison};
use super::rows::{
    ActiveRow, JudgeFlow, Outcome, PinnedRow, REMAINS_PINNED, REMAINS_RUN, Reason, Recommendation, Remains, ResultRow, ResultState,
    RunOptions, RunRow, RunState, Sample, Scorer, Tally, numbered_key, run_key,
};
use crate::catalog::audit::Actor;
use crate::catalog::{Catalog, Changes, Error, Listing, Stored};
use crate::ids::{Digest, ExecutionId, NanoUsd, Tenant, TimeMs};

/// Runs of one tenant that have not ended.
const ACTIVE_MAX: usize = 20;
/// Runs of one agent that are kept.
const RUNS_MAX: usize = 500;

/// A sample that a run will run.
#[derive(Clone, Debug)]
pub struct Pin {
    pub number: u64,
    pub sample: Sample,
    /// As the flow's parameters read it, or why they do not.
    pub input: Result<Map<String, Value>, String>,
}

/// What is evaluated.
#[derive(Clone, Debug)]
pub struct Subject {
    pub agent: String,
    /// 0: a draft.
    pub revision: u32,
    pub draft: Option<(u32, u64)>,
    pub digest: Digest,
}

/// A run that is asked for.
#[derive(Clone, Debug)]
pub struct NewRun {
    pub id: String,
    pub subject: Subject,
    pub dataset: String,
    pub dataset_name: String,
    pub scorers: Vec<Scorer>,
    pub judges: Vec<JudgeFlow>,
    pub options: RunOptions,
    pub pins: Vec<Pin>,
    pub estimated_cost: Option<NanoUsd>,
}

fn target(id: &str) -> String {
    format!("evaluation:{id}")
}

fn unknown(id: &str) -> Error {
    Error::NotFound { what: "evaluation run", name: id.to_owned() }
}

impl Catalog {
    /// Records a run with everything that it will need.
    ///
    /// # Errors
    /// `Conflict` (`too_many_evaluations`), `NotFound` for its baseline, and as a commit.
    pub async fn create_evaluation(&self, tenant: &Tenant, new: &NewRun, actor: &Actor) -> Result<RunRow, Error> {
        let row = RunRow {
            id: new.id.clone(),
            agent: new.subject.agent.clone(),
            revision: new.subject.revision,
            draft: new.subject.draft,
            digest: new.subject.digest,
            dataset: new.dataset.clone(),
            dataset_name: new.dataset_name.clone(),
            scorers: new.scorers.clone(),
            judges: new.judges.clone(),
            options: new.options.clone(),
            state: RunState::Queued,
            cancelled_by: None,
            tally: Tally { samples: u32::try_from(new.pins.len()).unwrap_or(u32::MAX), ..Tally::default() },
            score: None,
            recommendation: None,
            summary: String::new(),
            regressions: None,
            failure: None,
            estimated_cost: new.estimated_cost,
            created_at: actor.at,
            created_by: actor.user.clone(),
            started_at: None,
            ended_at: None,
        };
        self.update(|catalog, changes| {
            let many = |message: String| Err(Error::Conflict { code: "too_many_evaluations", message });
            let active = catalog.active_evaluations()?;
            if active.iter().filter(|active| active.value.tenant == *tenant).count() >= ACTIVE_MAX {
                return many(format!("{ACTIVE_MAX} evaluations have not ended yet; wait, or cancel one"));
            }
            let of_agent = format!("{}/", row.agent);
            if catalog.versions::<RunRow>(tenant, Listing { prefix: &of_agent, limit: RUNS_MAX, ..Listing::default() })?.len() >= RUNS_MAX {
                return many(format!("{RUNS_MAX} runs of agent `{}` are kept; delete old ones first", row.agent));
            }
            if let Some(baseline) = &row.options.baseline {
                let baseline = catalog.evaluation(tenant, &row.agent, baseline)?.value;
                if baseline.state != RunState::Completed {
                    let message = format!("run {} has not completed, so nothing can be compared with it; name another one", baseline.id);
                    return Err(Error::Conflict { code: "baseline_incomplete", message });
                }
            }
            changes.put(tenant, &run_key(&row.agent, &row.id), 0, &row);
            let active = ActiveRow { tenant: tenant.clone(), agent: row.agent.clone(), run: row.id.clone() };
            changes.put(&Self::system(), &ActiveRow::key(row.created_at, tenant, &row.id), 0, &active);
            for pin in &new.pins {
                pin_down(tenant, &row.id, pin, changes);
            }
            let detail = format!("{}@{} over {}", row.agent, row.revision, row.dataset_name);
            changes.audit(tenant, actor, "evaluation.started", &target(&row.id), Some(detail));
            Ok(row.clone())
        })
        .await
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn evaluation(&self, tenant: &Tenant, agent: &str, id: &str) -> Result<Stored<RunRow>, Error> {
        self.get(tenant, &run_key(agent, id))?.ok_or_else(|| unknown(id))
    }

    /// Runs of an agent, newest first, behind the run `after`.
    ///
    /// # Errors
    /// `Store`.
    pub fn evaluations(&self, tenant: &Tenant, agent: &str, after: Option<&str>, limit: usize) -> Result<Vec<RunRow>, Error> {
        let after = after.map(|id| run_key(agent, id));
        let listing = Listing { prefix: &format!("{agent}/"), after: after.as_deref(), descending: true, limit };
        Ok(self.list(tenant, listing)?.into_iter().map(|stored| stored.value).collect())
    }

    /// Runs that have not ended, of every tenant, oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub fn active_evaluations(&self) -> Result<Vec<Stored<ActiveRow>>, Error> {
        self.list(&Self::system(), Listing::default())
    }

    /// Samples of a run, in the order of the dataset, behind the sample `after`.
    ///
    /// # Errors
    /// `Store`.
    pub fn results(&self, tenant: &Tenant, run: &str, after: Option<u64>, limit: usize) -> Result<Vec<ResultRow>, Error> {
        let after = after.map(|number| numbered_key(run, number));
        let listing = Listing { prefix: &format!("{run}/"), after: after.as_deref(), limit, ..Listing::default() };
        Ok(self.list(tenant, listing)?.into_iter().map(|stored| stored.value).collect())
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn result(&self, tenant: &Tenant, run: &str, number: u64) -> Result<Stored<ResultRow>, Error> {
        let unknown = || Error::NotFound { what: "sample of the run", name: number.to_string() };
        self.get(tenant, &numbered_key(run, number))?.ok_or_else(unknown)
    }

    /// A sample as its run began with it.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn pinned(&self, tenant: &Tenant, run: &str, number: u64) -> Result<PinnedRow, Error> {
        let unknown = || Error::NotFound { what: "sample of the run", name: number.to_string() };
        Ok(self.get::<PinnedRow>(tenant, &numbered_key(run, number))?.ok_or_else(unknown)?.value)
    }

    /// Somebody works on it from now on. The run as it stands then.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn begin_evaluation(&self, tenant: &Tenant, agent: &str, id: &str, now: TimeMs) -> Result<RunRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.evaluation(tenant, agent, id)?;
            if row.state == RunState::Queued {
                (row.state, row.started_at) = (RunState::InProgress, Some(now));
                changes.put(tenant, &key, version, &row);
            }
            Ok(row)
        })
        .await
    }

    /// The sample's execution is about to start.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn begin_sample(&self, tenant: &Tenant, run: &str, number: u64, execution: ExecutionId) -> Result<ResultRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.result(tenant, run, number)?;
            if row.state == ResultState::Pending {
                (row.state, row.execution) = (ResultState::Running, Some(execution));
                changes.put(tenant, &key, version, &row);
            }
            Ok(row)
        })
        .await
    }

    /// The sample's execution is about to be stopped; the first reason stands.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn halt_sample(&self, tenant: &Tenant, run: &str, number: u64, reason: &Reason) -> Result<Reason, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.result(tenant, run, number)?;
            if let Some(standing) = row.halt {
                return Ok(standing);
            }
            row.halt = Some(reason.clone());
            changes.put(tenant, &key, version, &row);
            Ok(reason.clone())
        })
        .await
    }

    /// The sample is done: its outcome and the run's tally change together, once.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn finish_sample(&self, tenant: &Tenant, (agent, id): (&str, &str), number: u64, outcome: &Outcome) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut result } = catalog.result(tenant, id, number)?;
            if result.outcome.is_some() {
                return Ok(());
            }
            let mut run = catalog.evaluation(tenant, agent, id)?;
            run.value.tally.add(outcome);
            (result.state, result.outcome) = (ResultState::Done, Some(outcome.clone()));
            changes.put(tenant, &key, version, &result);
            changes.put(tenant, &run.key, run.version, &run.value);
            Ok(())
        })
        .await
    }

    /// Nothing of it is to go on. Whoever drives it ends it.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (`evaluation_ended`), and as a commit.
    pub async fn cancel_evaluation(&self, tenant: &Tenant, agent: &str, id: &str, actor: &Actor) -> Result<RunRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.evaluation(tenant, agent, id)?;
            if row.state.is_final() {
                return Err(Error::Conflict { code: "evaluation_ended", message: "the run has ended already".to_owned() });
            }
            if row.cancelled_by.is_none() {
                row.cancelled_by = Some(actor.user.clone());
                changes.put(tenant, &key, version, &row);
                changes.audit(tenant, actor, "evaluation.cancelled", &target(id), None);
            }
            Ok(row)
        })
        .await
    }

    /// None of its samples would fare better: why stands in the run before anything of it is stopped; the first reason stands.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn stop_evaluation(&self, tenant: &Tenant, agent: &str, id: &str, reason: &Reason) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.evaluation(tenant, agent, id)?;
            if !row.state.is_final() && row.failure.is_none() {
                row.failure = Some(reason.clone());
                changes.put(tenant, &key, version, &row);
            }
            Ok(())
        })
        .await
    }

    /// The run ends: with everything that its samples came to, as cancelled where somebody cancelled it, or as failed. Blocking reads.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn end_evaluation(
        &self,
        tenant: &Tenant,
        agent: &str,
        id: &str,
        failure: Option<&Reason>,
        now: TimeMs,
    ) -> Result<RunRow, Error> {
        self.update(|catalog, changes| {
            let Stored { key, version, value: mut row } = catalog.evaluation(tenant, agent, id)?;
            let active = ActiveRow::key(row.created_at, tenant, id);
            if let Some(left) = catalog.get::<ActiveRow>(&Self::system(), &active)? {
                changes.remove::<ActiveRow>(&Self::system(), &active, left.version);
            }
            if row.state.is_final() {
                return Ok(row);
            }
            let prefix = format!("{id}/");
            let results: Vec<Stored<ResultRow>> = catalog.list(tenant, Listing { prefix: &prefix, ..Listing::default() })?;
            for left in results.iter().filter(|result| result.value.outcome.is_none()) {
                let result = ResultRow { state: ResultState::NotRun, ..left.value.clone() };
                changes.put(tenant, &left.key, left.version, &result);
            }
            let results: Vec<ResultRow> = results.into_iter().map(|result| result.value).collect();
            row.failure = row.failure.or_else(|| failure.cloned());
            row.state = match (&row.failure, &row.cancelled_by) {
                (Some(_), _) => RunState::Failed,
                (None, Some(_)) => RunState::Cancelled,
                (None, None) => RunState::Completed,
            };
            let mut compared = 0;
            if row.state == RunState::Completed {
                row.score = score_of(&results);
                let comparison = catalog.compared(tenant, &row, &results)?;
                compared = comparison.compared();
                row.regressions = (compared > 0).then_some(comparison.worse);
                row.recommendation = Some(recommendation(&row));
            }
            row.summary = summary(&row, compared);
            row.ended_at = Some(now);
            changes.put(tenant, &key, version, &row);
            // What was pinned is for those who drive it; results say how it went.
            changes.put(tenant, &format!("{REMAINS_PINNED}/{id}"), 0, &Remains {});
            Ok(row)
        })
        .await
    }

    /// How its samples differ from those of its baseline; nothing is compared without one, or where it is gone meanwhile.
    fn compared(&self, tenant: &Tenant, row: &RunRow, results: &[ResultRow]) -> Result<Comparison, Error> {
        let Some(baseline) = &row.options.baseline else { return Ok(Comparison::default()) };
        if self.get::<RunRow>(tenant, &run_key(&row.agent, baseline))?.is_none() {
            return Ok(Comparison::default());
        }
        let before = self.results(tenant, baseline, None, 0)?;
        Ok(comparing::compare(&before, results, comparing::TOLERANCE_DEFAULT))
    }

    /// Forgets a run that has ended. Its executions stay.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` (`evaluation_runs`), and as a commit.
    pub async fn remove_evaluation(&self, tenant: &Tenant, agent: &str, id: &str, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let stored = catalog.evaluation(tenant, agent, id)?;
            if !stored.value.state.is_final() {
                let message = "the run has not ended; cancel it first".to_owned();
                return Err(Error::Conflict { code: "evaluation_runs", message });
            }
            changes.remove::<RunRow>(tenant, &stored.key, stored.version);
            changes.put(tenant, &format!("{REMAINS_RUN}/{id}"), 0, &Remains {});
            changes.audit(tenant, actor, "evaluation.removed", &target(id), None);
            Ok(())
        })
        .await?;
        self.sweep_evaluations(tenant).await.map(drop)
    }
}

fn pin_down(tenant: &Tenant, run: &str, pin: &Pin, changes: &mut Changes) {
    let Pin { number, sample, input } = pin;
    let judged = serde_json::json!({"input": sample.input, "expected": sample.expected, "rubric": sample.rubric});
    let result = ResultRow {
        run: run.to_owned(),
        sample: *number,
        name: sample.name.clone(),
        weight: sample.weight(),
        digest: Digest::of_json(&judged),
        state: ResultState::Pending,
        execution: None,
        halt: input.as_ref().err().map(|message| Reason::new("bad_input", message.clone())),
        outcome: None,
    };
    let pinned = PinnedRow { sample: sample.clone(), input: input.clone().unwrap_or_default() };
    changes.put(tenant, &numbered_key(run, *number), 0, &pinned);
    changes.put(tenant, &numbered_key(run, *number), 0, &result);
}

impl Tally {
    fn add(&mut self, outcome: &Outcome) {
        self.done += 1;
        self.passed += u32::from(outcome.passed);
        self.broken += u32::from(outcome.error.is_some());
        self.unjudged += u32::from(outcome.score.is_none());
        self.cost = self.cost.plus(outcome.cost);
        self.judge_cost = self.judge_cost.plus(outcome.judge_cost);
        self.judge_calls += outcome.judge_calls;
        self.tokens = self.tokens.saturating_add(outcome.tokens);
        self.duration_ms = self.duration_ms.saturating_add(outcome.duration_ms);
    }
}

/// The mean of the samples' scores by weight, over those that were judged; in the order of the dataset, so that it is the same whatever
/// ended first.
fn score_of(results: &[ResultRow]) -> Option<f64> {
    let judged = results.iter().filter_map(|result| Some((result.weight, result.outcome.as_ref()?.score?)));
    let (weights, sum) = judged.fold((0.0, 0.0), |(weights, sum), (weight, score)| (weights + weight, sum + weight * score));
    (weights > 0.0).then(|| sum / weights)
}

fn recommendation(row: &RunRow) -> Recommendation {
    let reaches = row.score.is_some_and(|score| score >= row.options.score_min);
    // A baseline with which nothing can be compared says nothing, so it must not be taken for one that is no better.
    let is_uncompared = row.options.baseline.is_some() && row.regressions.is_none();
    match (row.score, row.tally.unjudged) {
        // Samples that nobody could judge cannot save a run that is below its mark without them.
        (Some(_), _) if !reaches || row.regressions.is_some_and(|worse| worse > 0) => Recommendation::DoNotDeploy,
        (Some(_), 0) if !is_uncompared => Recommendation::Deploy,
        (Some(_) | None, _) => Recommendation::Inconclusive,
    }
}

/// For people, in a sentence or two. `compared`: samples that have a score here and in the baseline.
fn summary(row: &RunRow, compared: u32) -> String {
    let Tally { samples, done, passed, broken, unjudged, .. } = row.tally;
    let told = match row.state {
        RunState::Queued | RunState::InProgress => return String::new(),
        RunState::Failed => {
            let reason = row.failure.as_ref().map(|reason| format!("{}: {}", reason.code, reason.message)).unwrap_or_default();
            return format!("Stopped after {done} of {samples} samples: {reason}");
        }
        RunState::Cancelled => format!("Cancelled after {done} of {samples} samples, of which {passed} passed."),
        RunState::Completed => {
            let score = row.score.map_or_else(|| "no score".to_owned(), |score| format!("score {score:.3}"));
            format!("{passed} of {samples} samples passed; {score}, at least {:.3} wanted.", row.options.score_min)
        }
    };
    let broken = (broken > 0).then(|| format!("{broken} did not complete."));
    let unjudged = (unjudged > 0).then(|| format!("{unjudged} could not be judged."));
    let of_all = if compared < samples { format!(" of {compared} that can be compared") } else { String::new() };
    let compared = row.options.baseline.as_ref().filter(|_| row.state == RunState::Completed).map(|_| match row.regressions {
        None => "None can be compared with the baseline: it is gone, or no sample has a score in both.".to_owned(),
        Some(0) => format!("None{of_all} is worse than in the baseline."),
        Some(worse) => format!("{worse}{of_all} worse than in the baseline."),
    });
    [Some(told), broken, unjudged, compared].into_iter().flatten().collect::<Vec<_>>().join(" ")
}
