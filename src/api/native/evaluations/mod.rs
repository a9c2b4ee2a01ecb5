//! Evaluations: a draft or a revision runs over a dataset. Here the routes of runs; `datasets` has those of datasets, `view` the shapes,
//! `running`, `sampling` and `judging` make runs run.
//!
//! A run starts executions, which cost money: it needs the scope for that.

mod datasets;
mod judging;
mod running;
mod sampling;
mod view;

use std::collections::BTreeSet;

use serde_json::Value;
use uuid::Uuid;

pub use running::{Evaluations, run};
pub use sampling::{LABEL_DATASET, LABEL_ROLE, ROLE_SAMPLE};
use view::{Comparison, EstimateView, Evaluate, EvaluationRun, Results, RunsQuery};

use super::{agent_id, bodies, drafts, revisions};
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::numbered;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::api::unattended;
use crate::catalog;
use crate::catalog::environments::PRODUCTION;
use crate::catalog::evaluations::estimating::Estimate;
use crate::catalog::evaluations::rows::{DatasetRow, JudgeFlow, RunOptions, Sample, Scorer, ScorerKind};
use crate::catalog::evaluations::runs::{NewRun, Pin, Subject};
use crate::catalog::evaluations::{comparing, judging as judge_flows, scoring};
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::flow::compile;
use crate::flow::spec::FlowSpec;
use crate::flow::vendor;
use crate::machine;

/// Samples that run at once.
const CONCURRENCY_DEFAULT: u32 = 4;
const CONCURRENCY_MAX: u32 = 16;
/// How long one sample may take.
const SAMPLE_SECONDS_DEFAULT: u32 = 600;
const SAMPLE_SECONDS_MAX: u32 = 3_600;

const RUNS: &str = "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns";
const RUN: &str = "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}";

pub fn routes() -> Vec<Route> {
    let mut routes = datasets::routes();
    routes.extend(starts());
    routes.extend(runs());
    routes
}

fn starts() -> Vec<Route> {
    let starts = |route: Route| route.scope(Scope::ExecutionsRun).takes::<Evaluate>();
    vec![
        starts(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:evaluate",
            "evaluateAgentRevision",
            "Run this revision over a dataset; answers when the run is durable",
        ))
        .answers::<EvaluationRun>(202)
        .creates()
        .to(|call| evaluate(call, Source::Revision)),
        starts(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:evaluate",
            "evaluateDraft",
            "Run the draft as it stands over a dataset",
        ))
        .headers(&["If-Match"])
        .answers::<EvaluationRun>(202)
        .creates()
        .to(|call| evaluate(call, Source::Draft)),
        starts(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}:previewEvaluation",
            "previewRevisionEvaluation",
            "What that would cost, and why we think so; nothing starts",
        ))
        .answers::<EstimateView>(200)
        .to(|call| preview(call, Source::Revision)),
        starts(Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/revisions/{revision}/draft:previewEvaluation",
            "previewDraftEvaluation",
            "What that would cost, and why we think so; nothing starts",
        ))
        .headers(&["If-Match"])
        .answers::<EstimateView>(200)
        .to(|call| preview(call, Source::Draft)),
    ]
}

fn runs() -> Vec<Route> {
    let read = |route: Route| route.scope(Scope::ExecutionsRead);
    vec![
        read(Route::get(RUNS, "listEvaluationRuns", "The runs of an agent, newest first"))
            .query::<page::PageQuery>()
            .answers::<view::Runs>(200)
            .to(list),
        read(Route::get(RUN, "getEvaluationRun", "A run")).answers::<EvaluationRun>(200).to(get),
        read(Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}/samples",
            "listEvaluationResults",
            "How each sample did, in the order of the dataset",
        ))
        .query::<page::PageQuery>()
        .answers::<Results>(200)
        .to(results),
        read(Route::get(
            "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}:compare",
            "compareEvaluationRuns",
            "How it differs from another run over the same dataset, sample by sample",
        ))
        .query::<RunsQuery>()
        .answers::<Comparison>(200)
        .to(compare),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/evaluationRuns/{run}:cancel",
            "cancelEvaluationRun",
            "Stop it; executions of it that are under way are cancelled",
        )
        .scope(Scope::ExecutionsCancel)
        .answers::<EvaluationRun>(200)
        .settles()
        .to(cancel),
        Route::delete(RUN, "deleteEvaluationRun", "Forget a run that has ended; its executions stay")
            .scope(Scope::AgentsWrite)
            .answers_with(204, Content::Nothing)
            .to(remove),
    ]
}

/// What is evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Revision,
    Draft,
}

/// A flow as it was found.
struct Found {
    spec: FlowSpec,
    /// As it was sent, for its parameters.
    sent: Value,
    revision: u32,
    draft: Option<(u32, u64)>,
}

fn found(call: &Call, source: Source) -> Result<Found, Problem> {
    let agent = unattended::enabled_agent(&call.app.catalog, &call.tenant, call.parameter("agent")?)?;
    match source {
        Source::Revision => {
            let row = call.app.catalog.revision(&call.tenant, &agent.id, revisions::number(call, "revision")?)?.value;
            let spec = call.app.catalog.flow_spec(&call.tenant, &row)?;
            Ok(Found { spec, revision: row.revision, sent: row.sent, draft: None })
        }
        Source::Draft => {
            let place = drafts::place(call)?;
            let (version, new) = drafts::sound(call, &place)?;
            Ok(Found { spec: new.spec, sent: new.sent, revision: 0, draft: Some((place.base_revision, version)) })
        }
    }
}

/// What a run needs of its dataset.
struct Material {
    dataset: DatasetRow,
    scorers: Vec<Scorer>,
    samples: Vec<(u64, Sample)>,
}

impl Material {
    fn samples(&self) -> Vec<Sample> {
        self.samples.iter().map(|(_, sample)| sample.clone()).collect()
    }
}

/// The dataset with its samples, all of which some scorer can judge.
async fn material(call: &Call, named: &str) -> Result<Material, Problem> {
    let (catalog, tenant) = (call.app.catalog.clone(), call.tenant.clone());
    let number = numbered::number(named);
    let id = match number.map(|number| catalog.named(Kind::Dataset, &tenant, number)).transpose()?.flatten() {
        Some(id) => id,
        None => named.to_owned(),
    };
    // In the body, so that it is the body that is wrong.
    let dataset = catalog.dataset(&tenant, agent_id(call)?, &id).map_err(|error| match error {
        catalog::Error::NotFound { .. } => Problem::unfit("datasetId", format!("there is no dataset `{named}` of this agent")),
        error => error.into(),
    })?;
    let samples = blocking(move || Ok(catalog.samples(&tenant, &id, None, 0)?)).await?;
    let samples: Vec<_> = samples.into_iter().map(|stored| (stored.value.number, stored.value.sample)).collect();
    if samples.is_empty() {
        return Err(Problem::refused("dataset_empty", "the dataset has no samples; add some first"));
    }
    let known: Vec<Sample> = samples.iter().map(|(_, sample)| sample.clone()).collect();
    let scorers = scoring::chosen(&dataset.value.scorers, &known);
    for (number, sample) in &samples {
        let unjudged = |message: &str| Err(Problem::refused("sample_unjudged", format!("sample {number}: {message}")));
        if !scorers.iter().any(|scorer| scorer.applies(sample)) {
            return unjudged("no scorer has anything to judge it by; give it `expected`, or the dataset a scorer");
        }
        if sample.rubric.is_some() && !scorers.iter().any(|scorer| scorer.kind == ScorerKind::Judge) {
            return unjudged("it has a rubric, and the dataset has no scorer of type JUDGE");
        }
    }
    Ok(Material { dataset: dataset.value, scorers, samples })
}

async fn estimate(call: &Call, revision: u32, material: &Material) -> Result<Estimate, Problem> {
    let (catalog, tenant, agent) = (call.app.catalog.clone(), call.tenant.clone(), agent_id(call)?.to_owned());
    let (scorers, samples) = (material.scorers.clone(), material.samples());
    blocking(move || Ok(catalog.estimate_evaluation(&tenant, (&agent, revision), &scorers, &samples)?)).await
}

async fn preview(call: Call, source: Source) -> Result<Answer, Problem> {
    let request: Evaluate = call.json()?;
    options(&call, &request, catalog::evaluations::datasets::SCORE_MIN_DEFAULT)?;
    let found = found(&call, source)?;
    let material = material(&call, &request.dataset_id).await?;
    let plan = compile::plan(&found.spec).map_err(|_| Problem::refused("flow_refused", "the flow does not compile"))?;
    let judges = material.scorers.iter().filter_map(|scorer| scorer.model.as_deref());
    let models: BTreeSet<&str> = machine::models(&plan).into_iter().chain(judges).collect();
    let unpriced = models.into_iter().filter(|model| call.app.runner.price(model).is_none()).map(str::to_owned).collect();
    Answer::json(&EstimateView::of(&estimate(&call, found.revision, &material).await?, unpriced))
}

fn options(call: &Call, request: &Evaluate, score_min: f64) -> Result<RunOptions, Problem> {
    let within = |field: &str, given: Option<u32>, default: u32, max: u32| match given.unwrap_or(default) {
        wanted if (1..=max).contains(&wanted) => Ok(wanted),
        _ => Err(Problem::unfit(field, format!("it must lie between 1 and {max}"))),
    };
    let score_min = request.min_score.unwrap_or(score_min);
    if !(0.0..=1.0).contains(&score_min) {
        return Err(Problem::unfit("minScore", "a score lies between 0 and 1"));
    }
    let slug = request.environment_slug.as_deref().unwrap_or(PRODUCTION);
    let environment = call.app.catalog.usable_environment(&call.tenant, slug).map_err(|error| match error {
        catalog::Error::NotFound { .. } => Problem::invalid("environmentSlug", format!("there is no environment `{slug}`")),
        error => error.into(),
    })?;
    let seconds = within("sampleTimeoutSeconds", request.sample_timeout_seconds, SAMPLE_SECONDS_DEFAULT, SAMPLE_SECONDS_MAX)?;
    Ok(RunOptions {
        concurrency: within("concurrency", request.concurrency, CONCURRENCY_DEFAULT, CONCURRENCY_MAX)?,
        sample_ms_max: u64::from(seconds) * 1_000,
        score_min,
        environment: environment.slug,
        baseline: request.baseline_run_id.clone(),
    })
}

async fn evaluate(call: Call, source: Source) -> Result<Answer, Problem> {
    let request: Evaluate = call.json()?;
    let found = found(&call, source)?;
    let material = material(&call, &request.dataset_id).await?;
    let options = options(&call, &request, material.dataset.score_min)?;
    let agent = agent_id(&call)?.to_owned();
    let catalog = &call.app.catalog;
    if let Some(baseline) = &options.baseline {
        same_dataset(&call, &agent, baseline, &material.dataset.id)?;
    }
    let estimated_cost = estimate(&call, found.revision, &material).await?.total;
    let mut judges = Vec::new();
    for (scorer, judge) in material.scorers.iter().enumerate().filter(|(_, scorer)| scorer.kind == ScorerKind::Judge) {
        let digest = catalog.keep_draft_flow(&call.tenant, &agent, &judge_flows::flow(&agent, judge)?).await?;
        judges.push(JudgeFlow { scorer, digest });
    }
    let digest = match found.draft {
        Some(_) => catalog.keep_draft_flow(&call.tenant, &agent, &found.spec).await?,
        None => catalog.revision_of(&call.tenant, &agent, found.revision)?.digest,
    };
    let parameters = bodies::parameters_of(&agent, &found.sent);
    let Material { dataset, scorers, samples } = material;
    let pins = samples.into_iter().map(|(number, sample)| {
        let input = vendor::read_values(&parameters, &sample.input)
            .map_err(|problems| problems.into_iter().map(|problem| problem.message).collect::<Vec<_>>().join("; "));
        Pin { number, sample, input }
    });
    let new = NewRun {
        id: Uuid::now_v7().to_string(),
        subject: Subject { agent, revision: found.revision, draft: found.draft, digest },
        dataset: dataset.id,
        dataset_name: dataset.display_name,
        scorers,
        judges,
        options,
        pins: pins.collect(),
        estimated_cost,
    };
    let row = catalog.create_evaluation(&call.tenant, &new, &call.actor()?).await?;
    call.app.evaluations.wake();
    let location = format!("/v1/tenants/{}/agents/{}/evaluationRuns/{}", call.tenant, row.agent, row.id);
    Ok(Answer::json_as(202, &EvaluationRun::from(row))?.header("location", location))
}

/// Runs over different datasets have no sample in common.
fn same_dataset(call: &Call, agent: &str, other: &str, dataset: &str) -> Result<catalog::evaluations::rows::RunRow, Problem> {
    let row = call.app.catalog.evaluation(&call.tenant, agent, other)?.value;
    if row.dataset != dataset {
        return Err(Problem::refused("other_dataset", format!("run {other} is over another dataset, `{}`", row.dataset_name)));
    }
    Ok(row)
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: page::PageQuery = call.query()?;
    let (size, after) = (page::size(query.page_size), page::read(query.page_token.as_deref())?);
    let rows = call.app.catalog.evaluations(&call.tenant, agent_id(&call)?, after.as_deref(), size)?;
    let next_page_token = (rows.len() == size).then(|| rows.last().map(|row| page::token(&row.id))).flatten();
    Answer::json(&view::Runs { items: rows.into_iter().map(EvaluationRun::from).collect(), next_page_token })
}

/// The path's run, of the path's agent.
fn named(call: &Call) -> Result<catalog::evaluations::rows::RunRow, Problem> {
    Ok(call.app.catalog.evaluation(&call.tenant, agent_id(call)?, call.parameter("run")?)?.value)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&EvaluationRun::from(named(&call)?))
}

/// Where a page of samples begins.
fn after_sample(token: Option<&str>) -> Result<Option<u64>, Problem> {
    let read = page::read(token)?.map(|token| token.parse().map_err(|_| Problem::unfit("pageToken", "it is not a token of this list")));
    read.transpose()
}

async fn results(call: Call) -> Result<Answer, Problem> {
    let query: page::PageQuery = call.query()?;
    let (row, size, after) = (named(&call)?, page::size(query.page_size), after_sample(query.page_token.as_deref())?);
    let rows = call.app.catalog.results(&call.tenant, &row.id, after, size)?;
    let next_page_token = (rows.len() == size).then(|| rows.last().map(|row| page::token(&row.sample.to_string()))).flatten();
    Answer::json(&Results { items: rows.into_iter().map(Into::into).collect(), next_page_token })
}

async fn compare(call: Call) -> Result<Answer, Problem> {
    let candidate = named(&call)?;
    let query: RunsQuery = call.query()?;
    let tolerance = query.tolerance.unwrap_or(comparing::TOLERANCE_DEFAULT);
    if !(0.0..=1.0).contains(&tolerance) {
        return Err(Problem::unfit("tolerance", "it must lie between 0 and 1"));
    }
    let (size, after) = (page::size(query.page_size), after_sample(query.page_token.as_deref())?);
    let baseline = same_dataset(&call, &candidate.agent, &query.baseline, &candidate.dataset)?;
    let (catalog, tenant, before, now) = (call.app.catalog.clone(), call.tenant.clone(), baseline.id.clone(), candidate.id.clone());
    let compared = blocking(move || {
        let (before, now) = (catalog.results(&tenant, &before, None, 0)?, catalog.results(&tenant, &now, None, 0)?);
        Ok(comparing::compare(&before, &now, tolerance))
    });
    Answer::json(&Comparison::of(baseline, candidate, compared.await?, after, size))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let row = call.app.catalog.cancel_evaluation(&call.tenant, agent_id(&call)?, call.parameter("run")?, &call.actor()?).await?;
    if !call.app.evaluations.cancel(&row.id) {
        running::end_waiting(&call.app, &call.tenant, &row).await?;
    }
    Answer::json(&EvaluationRun::from(named(&call)?))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.remove_evaluation(&call.tenant, agent_id(&call)?, call.parameter("run")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}
