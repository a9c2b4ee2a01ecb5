//! What is kept of evaluations: the documents and the keys they stand under. Every field is a format on disk.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::catalog::Kept;
use crate::flow::spec::RehearsalSpec;
use crate::ids::{Digest, ExecutionId, NanoUsd, Tenant, TimeMs};

/// How an output is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ScorerKind {
    /// The output is what is expected.
    Exact,
    /// Everything that is expected is in the output; the share that is there is the score.
    JsonSubset,
    /// CEL over `output`, `expected`, `input`, `sample` and `execution`: true or false, or a score from 0 to 1.
    Cel,
    /// A model scores the output by a rubric.
    Judge,
}

/// One way in which the outputs of a dataset are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scorer {
    #[serde(rename = "type")]
    pub kind: ScorerKind,
    /// For people; absent: its type in small letters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 100))]
    pub name: Option<String>,
    /// How much it counts beside the others; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000))]
    pub weight: Option<f64>,
    /// The score from which it passes; absent: 0.7 for a judge, 1 for the others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1))]
    pub threshold: Option<f64>,
    /// Of `CEL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 4_096))]
    pub expression: Option<String>,
    /// Of `JUDGE`: `provider/model`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub model: Option<String>,
    /// Of `JUDGE`: what a good output is, where a sample does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8_192))]
    pub rubric: Option<String>,
}

/// What answers a question to people while a sample runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Canned {
    Approve,
    Reject,
    Respond(Value),
}

/// One thing that an agent should do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sample {
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 200))]
    pub name: Option<String>,
    /// The agent's input, by parameter.
    #[serde(default)]
    pub input: Map<String, Value>,
    /// What `EXACT`, `JSON_SUBSET` and `CEL` compare with, and what a judge is told; null: nothing is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Value>,
    /// What a good output is, for a judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 8_192))]
    pub rubric: Option<String>,
    /// How much it counts beside the others; absent: 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(max = 1_000))]
    pub weight: Option<f64>,
    /// By step, `*` for every other one: what answers its questions to people. A question without an answer fails the sample.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decisions: BTreeMap<String, Canned>,
    /// Answers to calls that an evaluation does not make, by step, as in a rehearsal file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effects: Option<RehearsalSpec>,
    /// Whatever else belongs to it; `sample.metadata` in CEL.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
}

impl Sample {
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight.unwrap_or(1.0)
    }
}

/// Samples of one agent that belong together, and how they are judged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetRow {
    pub id: String,
    pub agent: String,
    pub display_name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The vendor's word for what it is; free text.
    pub kind: String,
    pub scorers: Vec<Scorer>,
    /// The score that a run must reach.
    pub score_min: f64,
    pub sample_count: u32,
    pub sample_bytes: u64,
    /// The number of the last sample; none is used again.
    #[serde(default)]
    pub last_sample: u64,
    pub created_at: TimeMs,
    pub created_by: String,
    pub updated_at: TimeMs,
    pub updated_by: String,
}

impl Kept for DatasetRow {
    const COLLECTION: &'static str = "evaluation_datasets";
}

pub(super) fn dataset_key(agent: &str, id: &str) -> String {
    format!("{agent}/{id}")
}

/// A sample in its dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleRow {
    pub dataset: String,
    pub number: u64,
    pub sample: Sample,
    /// Of the sample as it is written here.
    pub bytes: u64,
    pub updated_at: TimeMs,
    pub updated_by: String,
}

impl Kept for SampleRow {
    const COLLECTION: &'static str = "evaluation_samples";
}

/// Of a sample in its dataset, of a pinned sample and of a result in their run.
pub(super) fn numbered_key(of: &str, number: u64) -> String {
    format!("{of}/{number:010}")
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    Queued,
    InProgress,
    Completed,
    /// It could not be brought to an end.
    Failed,
    Cancelled,
}

impl RunState {
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

/// Whether to deploy what was evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Recommendation {
    /// It reaches the score, and no sample is worse than in the baseline.
    Deploy,
    DoNotDeploy,
    /// Some samples could not be judged, or none can be compared with the baseline.
    Inconclusive,
}

/// Why something did not come to a good end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reason {
    pub code: String,
    pub message: String,
}

impl Reason {
    #[must_use]
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        let message = crate::machine::clipped(message.into(), super::datasets::MESSAGE_BYTES_MAX);
        Self { code: code.to_owned(), message }
    }
}

/// A judge's flow, by the place of its scorer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgeFlow {
    pub scorer: usize,
    pub digest: Digest,
}

/// What a run has come to so far, and in the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    pub samples: u32,
    pub done: u32,
    pub passed: u32,
    /// Their execution did not complete.
    pub broken: u32,
    /// A scorer could not judge them.
    pub unjudged: u32,
    pub cost: NanoUsd,
    pub judge_cost: NanoUsd,
    pub judge_calls: u32,
    pub tokens: u64,
    pub duration_ms: u64,
}

/// What a run is asked to do, apart from what it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunOptions {
    /// Samples that run at once.
    pub concurrency: u32,
    /// How long one sample may take.
    pub sample_ms_max: u64,
    pub score_min: f64,
    pub environment: String,
    /// The run that it is compared with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline: Option<String>,
}

/// A flow over a dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunRow {
    pub id: String,
    pub agent: String,
    /// 0: a draft.
    pub revision: u32,
    /// Of a draft: where it departs from, and its version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<(u32, u64)>,
    pub digest: Digest,
    pub dataset: String,
    pub dataset_name: String,
    pub scorers: Vec<Scorer>,
    pub judges: Vec<JudgeFlow>,
    pub options: RunOptions,
    pub state: RunState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_by: Option<String>,
    #[serde(default)]
    pub tally: Tally,
    /// Set with its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub score: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recommendation: Option<Recommendation>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// Samples that are worse than in the baseline; none where nothing can be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regressions: Option<u32>,
    /// Written before anything is stopped for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub estimated_cost: Option<NanoUsd>,
    pub created_at: TimeMs,
    pub created_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<TimeMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<TimeMs>,
}

impl Kept for RunRow {
    const COLLECTION: &'static str = "evaluation_runs";
}

pub(super) fn run_key(agent: &str, id: &str) -> String {
    format!("{agent}/{id}")
}

impl RunRow {
    /// The execution of a sample, or of a judge of it: the same part, the same id.
    #[must_use]
    pub fn execution(&self, tenant: &Tenant, sample: u64, part: Part) -> ExecutionId {
        let part = match part {
            Part::Flow => "flow".to_owned(),
            Part::Judge(scorer) => format!("judge {scorer}"),
        };
        ExecutionId::derived(self.created_at, &format!("evaluation\n{tenant}\n{}\n{sample}\n{part}", self.id))
    }
}

/// What an execution of a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Flow,
    /// By the place of the scorer.
    Judge(usize),
}

/// A run that has not ended; of the installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActiveRow {
    pub tenant: Tenant,
    pub agent: String,
    pub run: String,
}

impl Kept for ActiveRow {
    const COLLECTION: &'static str = "evaluation_active";
}

impl ActiveRow {
    /// In the order in which runs were asked for, whoever asked.
    pub(super) fn key(created_at: TimeMs, tenant: &Tenant, run: &str) -> String {
        format!("{:014x}/{tenant}/{run}", created_at.0)
    }
}

/// A sample as a run began with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PinnedRow {
    pub sample: Sample,
    /// Its input as the flow's parameters read it.
    pub input: Map<String, Value>,
}

impl Kept for PinnedRow {
    const COLLECTION: &'static str = "evaluation_pinned";
}

/// What one scorer said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Score {
    pub scorer: String,
    /// Null: it could not judge.
    pub score: Option<f64>,
    pub passed: bool,
    pub note: Option<String>,
}

/// How a sample did.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// Null: a scorer could not judge.
    pub score: Option<f64>,
    pub passed: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scores: Vec<Score>,
    /// Why its execution did not complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Reason>,
    /// A large one is cut to a text; the execution has the whole.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub output: Value,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub output_cut: bool,
    pub cost: NanoUsd,
    pub judge_cost: NanoUsd,
    pub judge_calls: u32,
    pub tokens: u64,
    pub duration_ms: u64,
}

/// Where a sample of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ResultState {
    Pending,
    Running,
    Done,
    /// The run ended before it.
    NotRun,
}

/// A sample in a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultRow {
    pub run: String,
    /// Its number in the dataset.
    pub sample: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub weight: f64,
    /// Of what it asks and expects, so that two runs know whether they did the same.
    pub digest: Digest,
    pub state: ResultState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<ExecutionId>,
    /// Why it was stopped, or not begun: written before that is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<Reason>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
}

impl Kept for ResultRow {
    const COLLECTION: &'static str = "evaluation_results";
}

/// What a removed dataset has left behind, a removed run, and one that has ended: `WHAT/ID`.
pub(super) const REMAINS_SAMPLES: &str = "samples";
pub(super) const REMAINS_RUN: &str = "run";
pub(super) const REMAINS_PINNED: &str = "pinned";

/// Rows that are to go, by their key.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Remains {}

impl Kept for Remains {
    const COLLECTION: &'static str = "evaluation_remains";
}
