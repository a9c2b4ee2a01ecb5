//! Datasets and runs over a store in memory: bounds, what changes together, what a run that is taken up again finds.

use serde_json::{Map, Value, json};

use super::datasets::{DATASET_BYTES_MAX, DatasetChange, Import, SAMPLES_MAX};
use super::estimating::Basis;
use super::rows::{Outcome, Part, Reason, Recommendation, ResultState, RunOptions, RunState, Sample};
use super::runs::{NewRun, Pin, Subject};
use super::scoring;
use crate::catalog::agents::NewAgent;
use crate::catalog::audit::Actor;
use crate::catalog::{Catalog, Error};
use crate::clock;
use crate::ids::{Digest, NanoUsd, Tenant, TimeMs};
use crate::store::{Faults, Store};

struct World {
    catalog: Catalog,
    tenant: Tenant,
    actor: Actor,
}

impl World {
    async fn new() -> Self {
        let world = Self {
            catalog: Catalog::new(Store::in_memory(Faults::default())),
            tenant: Tenant::default(),
            actor: Actor::without_key("ana"),
        };
        let agent = NewAgent { id: "helper".to_owned(), ..NewAgent::default() };
        world.catalog.create_agent(&world.tenant, agent, &world.actor).await.unwrap();
        world.dataset(&[sample(1), sample(2)]).await.unwrap();
        world
    }

    async fn dataset(&self, samples: &[Sample]) -> Result<(), Error> {
        let change = DatasetChange { display_name: Some("Golden".to_owned()), ..DatasetChange::default() };
        let id = if self.catalog.datasets(&self.tenant, "helper")?.is_empty() { "d" } else { "e" };
        self.catalog.create_dataset(&self.tenant, ("helper", id), &change, samples, &self.actor).await.map(drop)
    }

    async fn import(&self, samples: &[Sample], import: Import) -> Result<Vec<u64>, Error> {
        // Two lines of the audit of one moment would be the same line.
        let imported = self.catalog.import_samples(&self.tenant, ("helper", "d"), samples, import, &Actor::without_key("ana")).await;
        imported.map(|(_, numbers)| numbers)
    }

    async fn run(&self, id: &str, baseline: Option<&str>) -> Result<(), Error> {
        let samples = self.catalog.samples(&self.tenant, "d", None, 0)?;
        let pins = samples.into_iter().map(|row| Pin {
            number: row.value.number,
            input: Ok(row.value.sample.input.clone()),
            sample: row.value.sample,
        });
        let new = NewRun {
            id: id.to_owned(),
            subject: Subject { agent: "helper".to_owned(), revision: 1, draft: None, digest: Digest::of(b"flow") },
            dataset: "d".to_owned(),
            dataset_name: "Golden".to_owned(),
            scorers: scoring::chosen(&[], &[]),
            judges: Vec::new(),
            options: RunOptions {
                concurrency: 2,
                sample_ms_max: 1_000,
                score_min: 0.8,
                environment: "production".to_owned(),
                baseline: baseline.map(str::to_owned),
            },
            pins: pins.collect(),
            estimated_cost: None,
        };
        self.catalog.create_evaluation(&self.tenant, &new, &self.actor).await.map(drop)
    }

    async fn finish(&self, run: &str, number: u64, score: Option<f64>) {
        let outcome = outcome(score);
        self.catalog.finish_sample(&self.tenant, ("helper", run), number, &outcome).await.unwrap();
    }

    async fn end(&self, run: &str, failure: Option<&Reason>) -> super::rows::RunRow {
        self.catalog.end_evaluation(&self.tenant, "helper", run, failure, clock::now()).await.unwrap()
    }
}

fn sample(n: u64) -> Sample {
    let input = Map::from_iter([("n".to_owned(), json!(n))]);
    Sample { input, expected: Some(json!(n)), ..Sample::default() }
}

fn outcome(score: Option<f64>) -> Outcome {
    Outcome {
        score,
        passed: score == Some(1.0),
        scores: Vec::new(),
        error: None,
        output: Value::Null,
        output_cut: false,
        cost: NanoUsd(500),
        judge_cost: NanoUsd(0),
        judge_calls: 0,
        tokens: 3,
        duration_ms: 10,
    }
}

#[tokio::test]
async fn a_dataset_keeps_count_of_its_samples_and_never_uses_a_number_again() {
    let world = World::new().await;
    assert_eq!(world.import(&[sample(3)], Import::Append).await.unwrap(), [3]);
    let changed = world.catalog.change_sample(&world.tenant, ("helper", "d"), 2, Some(&sample(7)), &world.actor).await.unwrap();
    assert_eq!(changed.unwrap().sample, sample(7));
    world.catalog.change_sample(&world.tenant, ("helper", "d"), 3, None, &world.actor).await.unwrap();
    let row = world.catalog.dataset(&world.tenant, "helper", "d").unwrap().value;
    let samples = world.catalog.samples(&world.tenant, "d", None, 0).unwrap();
    assert_eq!((row.sample_count, samples.len()), (2, 2));
    assert_eq!(row.sample_bytes, samples.iter().map(|sample| sample.value.bytes).sum::<u64>());
    assert_eq!(world.import(&[sample(9)], Import::Replace).await.unwrap(), [4], "3 was used");
    assert_eq!(world.catalog.dataset(&world.tenant, "helper", "d").unwrap().value.sample_count, 1);
    world.catalog.remove_dataset(&world.tenant, "helper", "d", &world.actor).await.unwrap();
    assert!(world.catalog.samples(&world.tenant, "d", None, 0).unwrap().is_empty());
    assert!(matches!(world.catalog.dataset(&Tenant::new("other"), "helper", "d"), Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_dataset_has_bounds_and_an_import_is_all_or_nothing() {
    let world = World::new().await;
    let many = vec![sample(1); SAMPLES_MAX];
    assert!(matches!(world.import(&many, Import::Append).await, Err(Error::Conflict { code: "dataset_full", .. })));
    assert_eq!(world.catalog.dataset(&world.tenant, "helper", "d").unwrap().value.sample_count, 2);
    let large = |bytes: usize| Sample { expected: Some(json!("x".repeat(bytes))), ..Sample::default() };
    assert!(matches!(world.import(&[large(200 << 10)], Import::Append).await, Err(Error::Invalid { field: "samples", .. })));
    let full = vec![large(100 << 10); usize::try_from(DATASET_BYTES_MAX >> 10).unwrap() / 100 + 1];
    assert!(matches!(world.import(&full, Import::Replace).await, Err(Error::Conflict { code: "dataset_full", .. })));
    for wrong in [Sample { weight: Some(0.0), ..sample(1) }, Sample { rubric: Some(" ".to_owned()), ..sample(1) }] {
        assert!(matches!(world.import(&[wrong], Import::Append).await, Err(Error::Invalid { .. })));
    }
}

#[tokio::test]
async fn a_run_keeps_what_it_began_with_and_counts_each_sample_once() {
    let world = World::new().await;
    world.run("r", None).await.unwrap();
    world.import(&[sample(5)], Import::Replace).await.unwrap();
    let row = world.catalog.begin_evaluation(&world.tenant, "helper", "r", TimeMs(5)).await.unwrap();
    assert_eq!((row.state, row.tally.samples), (RunState::InProgress, 2));
    assert_eq!(world.catalog.pinned(&world.tenant, "r", 2).unwrap().sample, sample(2));
    let id = row.execution(&world.tenant, 1, Part::Flow);
    assert_eq!(id, row.execution(&world.tenant, 1, Part::Flow), "the same however often it is asked");
    assert_ne!(id, row.execution(&world.tenant, 1, Part::Judge(0)));
    assert_ne!(id, row.execution(&Tenant::new("other"), 1, Part::Flow));
    world.catalog.begin_sample(&world.tenant, "r", 1, id).await.unwrap();
    world.finish("r", 1, Some(1.0)).await;
    world.finish("r", 1, Some(0.0)).await;
    world.finish("r", 2, Some(0.5)).await;
    let ended = world.end("r", None).await;
    assert_eq!((ended.state, ended.score, ended.tally.passed, ended.tally.done), (RunState::Completed, Some(0.75), 1, 2));
    assert_eq!(ended.recommendation, Some(Recommendation::DoNotDeploy));
    assert_eq!(ended.summary, "1 of 2 samples passed; score 0.750, at least 0.800 wanted.");
    assert!(world.catalog.active_evaluations().unwrap().is_empty());
    assert_eq!(world.end("r", Some(&Reason::new("late", "x"))).await, ended, "it has ended once");
}

#[tokio::test]
async fn a_baseline_shows_what_became_worse() {
    let world = World::new().await;
    world.run("before", None).await.unwrap();
    world.finish("before", 1, Some(1.0)).await;
    world.finish("before", 2, Some(0.5)).await;
    world.end("before", None).await;
    world.run("after", Some("before")).await.unwrap();
    world.finish("after", 1, Some(0.9)).await;
    world.finish("after", 2, Some(1.0)).await;
    let ended = world.end("after", None).await;
    assert_eq!((ended.score, ended.regressions, ended.recommendation), (Some(0.95), Some(1), Some(Recommendation::DoNotDeploy)));
    assert!(matches!(world.run("x", Some("nothing")).await, Err(Error::NotFound { .. })));
    let estimate = world.catalog.estimate_evaluation(&world.tenant, ("helper", 1), &[], &[sample(1), sample(2), sample(3)]).unwrap();
    assert_eq!((estimate.basis, estimate.observed, estimate.total), (Basis::EvaluationsOfRevision, 4, Some(NanoUsd(1_500))));
    let nothing = world.catalog.estimate_evaluation(&world.tenant, ("other", 1), &[], &[sample(1)]).unwrap();
    assert_eq!((nothing.basis, nothing.total), (Basis::Nothing, None));
}

#[tokio::test]
async fn what_cannot_be_judged_is_inconclusive_and_a_cancelled_run_has_no_score() {
    let world = World::new().await;
    world.run("r", None).await.unwrap();
    world.finish("r", 1, Some(1.0)).await;
    world.finish("r", 2, None).await;
    assert_eq!(world.end("r", None).await.recommendation, Some(Recommendation::Inconclusive));
    world.run("c", None).await.unwrap();
    let removed = world.catalog.remove_evaluation(&world.tenant, "helper", "c", &world.actor).await;
    assert!(matches!(removed, Err(Error::Conflict { code: "evaluation_runs", .. })));
    world.catalog.cancel_evaluation(&world.tenant, "helper", "c", &world.actor).await.unwrap();
    world.finish("c", 1, Some(1.0)).await;
    let ended = world.end("c", None).await;
    assert_eq!((ended.state, ended.score, ended.recommendation), (RunState::Cancelled, None, None));
    let states: Vec<_> = world.catalog.results(&world.tenant, "c", None, 0).unwrap().iter().map(|row| row.state).collect();
    assert_eq!(states, [ResultState::Done, ResultState::NotRun]);
    let again = world.catalog.cancel_evaluation(&world.tenant, "helper", "c", &world.actor).await;
    assert!(matches!(again, Err(Error::Conflict { code: "evaluation_ended", .. })));
    world.catalog.remove_evaluation(&world.tenant, "helper", "c", &world.actor).await.unwrap();
    assert!(world.catalog.results(&world.tenant, "c", None, 0).unwrap().is_empty());
    assert!(world.catalog.pinned(&world.tenant, "c", 1).is_err());
}

#[tokio::test]
async fn the_first_reason_to_stop_a_sample_stands() {
    let world = World::new().await;
    world.run("r", None).await.unwrap();
    let halt = |code: &'static str| Reason::new(code, "why");
    let first = world.catalog.halt_sample(&world.tenant, "r", 1, &halt("needs_person")).await.unwrap();
    assert_eq!(world.catalog.halt_sample(&world.tenant, "r", 1, &halt("sample_timed_out")).await.unwrap(), first);
}

#[tokio::test]
async fn a_tenant_has_a_bounded_number_of_runs_under_way() {
    let world = World::new().await;
    for number in 0..20 {
        world.run(&format!("r{number}"), None).await.unwrap();
    }
    assert!(matches!(world.run("more", None).await, Err(Error::Conflict { code: "too_many_evaluations", .. })));
}

#[tokio::test]
async fn a_baseline_that_compares_nothing_is_no_reason_to_deploy() {
    let world = World::new().await;
    world.run("before", None).await.unwrap();
    assert!(matches!(world.run("x", Some("before")).await, Err(Error::Conflict { code: "baseline_incomplete", .. })), "it has not ended");
    world.run("cancelled", None).await.unwrap();
    world.catalog.cancel_evaluation(&world.tenant, "helper", "cancelled", &Actor::without_key("ana")).await.unwrap();
    world.end("cancelled", None).await;
    assert!(matches!(world.run("x", Some("cancelled")).await, Err(Error::Conflict { code: "baseline_incomplete", .. })));
    world.finish("before", 1, Some(1.0)).await;
    world.finish("before", 2, Some(1.0)).await;
    world.end("before", None).await;
    world.import(&[sample(5)], Import::Replace).await.unwrap();
    world.run("edited", Some("before")).await.unwrap();
    world.finish("edited", 3, Some(1.0)).await;
    let ended = world.end("edited", None).await;
    assert_eq!((ended.score, ended.regressions, ended.recommendation), (Some(1.0), None, Some(Recommendation::Inconclusive)));
    assert!(ended.summary.contains("None can be compared with the baseline"), "{}", ended.summary);
    world.run("orphan", Some("before")).await.unwrap();
    world.catalog.remove_evaluation(&world.tenant, "helper", "before", &Actor::without_key("ana")).await.unwrap();
    world.finish("orphan", 3, Some(1.0)).await;
    assert_eq!(world.end("orphan", None).await.recommendation, Some(Recommendation::Inconclusive));
}

#[tokio::test]
async fn what_was_pinned_goes_with_the_end_of_a_run_and_its_results_stay() {
    let world = World::new().await;
    world.run("r", None).await.unwrap();
    world.finish("r", 1, Some(1.0)).await;
    world.catalog.sweep_evaluations(&world.tenant).await.unwrap();
    assert!(world.catalog.pinned(&world.tenant, "r", 2).is_ok(), "it is under way");
    world.end("r", None).await;
    world.catalog.sweep_evaluations(&world.tenant).await.unwrap();
    assert!(matches!(world.catalog.pinned(&world.tenant, "r", 1), Err(Error::NotFound { .. })));
    assert_eq!(world.catalog.results(&world.tenant, "r", None, 0).unwrap().len(), 2);
}

#[tokio::test]
async fn why_a_run_was_stopped_outlives_whoever_stopped_it() {
    let world = World::new().await;
    world.run("r", None).await.unwrap();
    let reason = Reason::new("budget_exceeded", "it is used up");
    world.catalog.stop_evaluation(&world.tenant, "helper", "r", &reason).await.unwrap();
    world.catalog.stop_evaluation(&world.tenant, "helper", "r", &Reason::new("later", "x")).await.unwrap();
    let taken_up = world.catalog.begin_evaluation(&world.tenant, "helper", "r", TimeMs(5)).await.unwrap();
    assert_eq!((taken_up.state, taken_up.failure.as_ref()), (RunState::InProgress, Some(&reason)));
    let ended = world.end("r", None).await;
    assert_eq!((ended.state, ended.failure), (RunState::Failed, Some(reason)));
}
