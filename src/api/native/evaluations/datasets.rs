//! `…/evaluationDatasets`: what an agent should do, sample by sample.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::super::agent_id;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::Stored;
use crate::catalog::evaluations::datasets::{DATASET_BYTES_MAX, DatasetChange, Import, SAMPLES_MAX};
use crate::catalog::evaluations::rows::{DatasetRow, Sample, SampleRow, Scorer};
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

/// An import: every sample, and what JSON puts around it.
#[expect(clippy::cast_possible_truncation, reason = "a few megabytes")]
const IMPORT_BYTES_MAX: usize = 2 * DATASET_BYTES_MAX as usize;

/// Samples that belong together.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Dataset {
    id: String,
    /// Its integer id, in this installation.
    number: u64,
    agent_id: String,
    display_name: String,
    description: String,
    #[serde(rename = "type")]
    kind: String,
    /// Empty: outputs are compared with what samples expect.
    scorers: Vec<Scorer>,
    /// The score that a run must reach.
    min_score: f64,
    sample_count: u32,
    created_at: TimeMs,
    created_by: String,
    updated_at: TimeMs,
    updated_by: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateDataset {
    #[schemars(length(min = 1, max = 200))]
    display_name: String,
    #[serde(default)]
    #[schemars(length(max = 2_000))]
    description: Option<String>,
    /// Free text; absent: `GOLDEN`.
    #[serde(default, rename = "type")]
    #[schemars(length(min = 1, max = 200))]
    kind: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 10))]
    scorers: Option<Vec<Scorer>>,
    /// Absent: 0.8.
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    min_score: Option<f64>,
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    samples: Vec<Sample>,
}

/// A change; what is absent stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ChangeDataset {
    #[serde(default)]
    #[schemars(length(min = 1, max = 200))]
    display_name: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 2_000))]
    description: Option<String>,
    #[serde(default, rename = "type")]
    #[schemars(length(min = 1, max = 200))]
    kind: Option<String>,
    #[serde(default)]
    #[schemars(length(max = 10))]
    scorers: Option<Vec<Scorer>>,
    #[serde(default)]
    #[schemars(range(min = 0, max = 1))]
    min_score: Option<f64>,
}

/// Samples to add: as a list, or as JSON lines.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ImportSamples {
    #[serde(default)]
    #[schemars(length(max = 1_000))]
    samples: Option<Vec<Sample>>,
    /// One sample a line.
    #[serde(default)]
    jsonl: Option<String>,
    /// Instead of those that are there.
    #[serde(default)]
    replace: bool,
}

/// What an import did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Imported {
    dataset: Dataset,
    /// Of the new samples, in order.
    sample_ids: Vec<u64>,
}

/// A sample in its dataset.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SampleShown {
    /// Its number in the dataset.
    id: u64,
    #[serde(flatten)]
    sample: Sample,
    updated_at: TimeMs,
    updated_by: String,
}

/// A page, oldest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Samples {
    items: Vec<SampleShown>,
    next_page_token: Option<String>,
}

const ALL: &str = "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets";
const ONE: &str = "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}";
const SAMPLES: &str = "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}/samples";
const SAMPLE: &str = "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}/samples/{sample}";

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::AgentsRead, Scope::AgentsWrite);
    vec![
        Route::get(ALL, "listEvaluationDatasets", "The datasets of an agent").scope(read).answers::<Vec<Dataset>>(200).to(list),
        Route::post(ALL, "createEvaluationDataset", "A new dataset, empty or with samples")
            .scope(write)
            .takes::<CreateDataset>()
            .body_bytes_max(IMPORT_BYTES_MAX)
            .answers::<Dataset>(201)
            .creates()
            .to(create),
        Route::get(ONE, "getEvaluationDataset", "A dataset, without its samples").scope(read).answers::<Dataset>(200).to(get),
        Route::patch(ONE, "changeEvaluationDataset", "Another name, other scorers")
            .scope(write)
            .takes::<ChangeDataset>()
            .answers::<Dataset>(200)
            .to(change),
        Route::delete(ONE, "deleteEvaluationDataset", "Remove it with its samples; runs keep what they began with")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(remove),
        Route::post(
            "/v1/tenants/{tenant}/agents/{agent}/evaluationDatasets/{dataset}:import",
            "importEvaluationSamples",
            "Add samples, all of them or none",
        )
        .scope(write)
        .takes::<ImportSamples>()
        .body_bytes_max(IMPORT_BYTES_MAX)
        .answers::<Imported>(200)
        .creates()
        .to(import),
        Route::get(SAMPLES, "listEvaluationSamples", "The samples of a dataset")
            .scope(read)
            .query::<page::PageQuery>()
            .answers::<Samples>(200)
            .to(samples),
        Route::get(SAMPLE, "getEvaluationSample", "A sample").scope(read).answers::<SampleShown>(200).to(sample),
        Route::put(SAMPLE, "putEvaluationSample", "Another sample under the same number")
            .scope(write)
            .takes::<Sample>()
            .answers::<SampleShown>(200)
            .to(put_sample),
        Route::delete(SAMPLE, "deleteEvaluationSample", "Remove a sample")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(remove_sample),
    ]
}

async fn shown(call: &Call, row: DatasetRow) -> Result<Dataset, Problem> {
    Ok(Dataset {
        number: call.app.catalog.number_of(Kind::Dataset, &call.tenant, &row.id).await?,
        id: row.id,
        agent_id: row.agent,
        display_name: row.display_name,
        description: row.description,
        kind: row.kind,
        scorers: row.scorers,
        min_score: row.score_min,
        sample_count: row.sample_count,
        created_at: row.created_at,
        created_by: row.created_by,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
    })
}

impl From<SampleRow> for SampleShown {
    fn from(row: SampleRow) -> Self {
        Self { id: row.number, sample: row.sample, updated_at: row.updated_at, updated_by: row.updated_by }
    }
}

/// The path's dataset, of the path's agent.
///
/// # Errors
/// 404.
pub fn found(call: &Call) -> Result<DatasetRow, Problem> {
    let agent = agent_id(call)?;
    Ok(call.app.catalog.dataset(&call.tenant, agent, call.parameter("dataset")?)?.value)
}

fn sample_number(call: &Call) -> Result<u64, Problem> {
    let text = call.parameter("sample")?;
    text.parse().map_err(|_| Problem::not_found("sample", text))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let mut datasets = Vec::new();
    for row in call.app.catalog.datasets(&call.tenant, agent_id(&call)?)? {
        datasets.push(shown(&call, row).await?);
    }
    Answer::json(&datasets)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let CreateDataset { display_name, description, kind, scorers, min_score, samples } = call.json()?;
    let change = DatasetChange { display_name: Some(display_name), description, kind, scorers, score_min: min_score };
    let (agent, id) = (agent_id(&call)?, Uuid::now_v7().to_string());
    let row = call.app.catalog.create_dataset(&call.tenant, (agent, &id), &change, &samples, &call.actor()?).await?;
    Answer::json_as(201, &shown(&call, row).await?)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let row = found(&call)?;
    Answer::json(&shown(&call, row).await?)
}

async fn change(call: Call) -> Result<Answer, Problem> {
    let ChangeDataset { display_name, description, kind, scorers, min_score } = call.json()?;
    let change = DatasetChange { display_name, description, kind, scorers, score_min: min_score };
    let id = found(&call)?.id;
    let row = call.app.catalog.change_dataset(&call.tenant, agent_id(&call)?, &id, &change, &call.actor()?).await?;
    Answer::json(&shown(&call, row).await?)
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    let id = found(&call)?.id;
    call.app.catalog.remove_dataset(&call.tenant, agent_id(&call)?, &id, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn import(call: Call) -> Result<Answer, Problem> {
    let ImportSamples { samples, jsonl, replace } = call.json()?;
    let samples = match (samples, jsonl) {
        (Some(samples), None) => samples,
        (None, Some(text)) => of_lines(&text)?,
        _ => return Err(Problem::unfit("samples", "give either `samples` or `jsonl`")),
    };
    if samples.is_empty() {
        return Err(Problem::unfit("samples", "there is none"));
    }
    let (id, import) = (found(&call)?.id, if replace { Import::Replace } else { Import::Append });
    let (row, sample_ids) =
        call.app.catalog.import_samples(&call.tenant, (agent_id(&call)?, &id), &samples, import, &call.actor()?).await?;
    Answer::json(&Imported { dataset: shown(&call, row).await?, sample_ids })
}

fn of_lines(text: &str) -> Result<Vec<Sample>, Problem> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = lines.take(SAMPLES_MAX + 1).map(|(index, line)| {
        let wrong = |message: String| Problem::unfit("jsonl", format!("line {}: {message}", index + 1));
        // An array would be read as the fields in their order.
        match serde_json::from_str::<Value>(line) {
            Ok(value @ Value::Object(_)) => serde_json::from_value(value).map_err(|error| wrong(error.to_string())),
            Ok(_) => Err(wrong("a JSON object is needed".to_owned())),
            Err(error) => Err(wrong(error.to_string())),
        }
    });
    read.collect()
}

async fn samples(call: Call) -> Result<Answer, Problem> {
    let query: page::PageQuery = call.query()?;
    let (row, size, after) = (found(&call)?, page::size(query.page_size), page::read(query.page_token.as_deref())?);
    let rows = call.app.catalog.samples(&call.tenant, &row.id, after.as_deref(), size)?;
    let next_page_token = (rows.len() == size).then(|| rows.last().map(|row| page::token(&row.key))).flatten();
    Answer::json(&Samples { items: rows.into_iter().map(|Stored { value, .. }| value.into()).collect(), next_page_token })
}

async fn sample(call: Call) -> Result<Answer, Problem> {
    let row = call.app.catalog.sample(&call.tenant, &found(&call)?.id, sample_number(&call)?)?.value;
    Answer::json(&SampleShown::from(row))
}

async fn put_sample(call: Call) -> Result<Answer, Problem> {
    let wanted: Sample = call.json()?;
    let (id, number, actor) = (found(&call)?.id, sample_number(&call)?, call.actor()?);
    let changed = call.app.catalog.change_sample(&call.tenant, (agent_id(&call)?, &id), number, Some(&wanted), &actor).await?;
    let row = changed.ok_or_else(|| Problem::not_found("sample", &number.to_string()))?;
    Answer::json(&SampleShown::from(row))
}

async fn remove_sample(call: Call) -> Result<Answer, Problem> {
    let (id, number, actor) = (found(&call)?.id, sample_number(&call)?, call.actor()?);
    call.app.catalog.change_sample(&call.tenant, (agent_id(&call)?, &id), number, None, &actor).await?;
    Ok(Answer::empty(204))
}
