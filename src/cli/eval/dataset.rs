//! `flowgate eval dataset`.

use std::io::Read as _;

use serde_json::{Map, Value, json};

use super::print;
use crate::catalog::evaluations::datasets::DATASET_BYTES_MAX;
use crate::cli::args::Context;
use crate::cli::client::Client;
use crate::cli::error::{Error, Exit};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(List),
    Create(Box<Create>),
    Import(Import),
    Show(Show),
    Delete(Delete),
}

/// List the datasets of an agent.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls", after_help = "Examples:\n  flowgate eval dataset list support-triage")]
pub struct List {
    #[arg(value_name = "AGENT")]
    agent: String,
}

/// Make a dataset. Without scorers, outputs are compared with what the samples expect.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate eval dataset create support-triage golden --file samples.jsonl
  flowgate eval dataset create support-triage golden --subset --cel 'execution.durationMs < 5000' --min-score 0.9
  flowgate eval dataset create support-triage tone --judge openai/gpt-5-mini --rubric 'Polite, and to the point.'")]
pub struct Create {
    #[arg(value_name = "AGENT")]
    agent: String,
    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,
    /// Samples, one JSON object a line; - for standard input
    #[arg(long, value_name = "FILE")]
    file: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// The output must be what is expected
    #[arg(long)]
    exact: bool,
    /// Everything that is expected must be in the output
    #[arg(long)]
    subset: bool,
    /// CEL over output, expected, input, sample and execution
    #[arg(long, value_name = "CEL")]
    cel: Vec<String>,
    /// A model that scores the output by the rubric
    #[arg(long, value_name = "MODEL")]
    judge: Option<String>,
    /// What a good output is, where a sample does not say
    #[arg(long, requires = "judge", value_name = "TEXT")]
    rubric: Option<String>,
    /// The judge's score from which a sample passes [default: 0.7]
    #[arg(long, requires = "judge", value_name = "SCORE")]
    threshold: Option<f64>,
    /// The score that a run must reach [default: 0.8]
    #[arg(long, value_name = "SCORE")]
    min_score: Option<f64>,
}

/// The dataset that a command is about.
#[derive(Debug, clap::Args)]
struct Named {
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The dataset's id, number or name
    #[arg(value_name = "DATASET")]
    dataset: String,
}

/// Add samples to a dataset, all of them or none.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate eval dataset import support-triage golden samples.jsonl
  flowgate exec export last --to sample | flowgate eval dataset import support-triage golden -")]
pub struct Import {
    #[command(flatten)]
    named: Named,
    /// One JSON object a line; - for standard input
    #[arg(value_name = "FILE")]
    file: String,
    /// Instead of the samples that are there
    #[arg(long)]
    replace: bool,
}

/// Show a dataset with its samples.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flowgate eval dataset show support-triage golden\n  flowgate eval dataset show support-triage golden -o ndjson"
)]
pub struct Show {
    #[command(flatten)]
    named: Named,
}

/// Remove a dataset with its samples. Runs keep what they began with.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "rm", after_help = "Examples:\n  flowgate eval dataset delete support-triage golden")]
pub struct Delete {
    #[command(flatten)]
    named: Named,
}

/// # Errors
/// What the command says.
pub async fn execute(context: &Context, client: &Client, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::List(args) => {
            let datasets = client.get(client.at(&["agents", &args.agent, "evaluationDatasets"])?).await?;
            print::datasets(context, datasets.as_array().map(Vec::as_slice).unwrap_or_default());
        }
        Command::Create(args) => create(context, client, args).await?,
        Command::Import(args) => import(context, client, args).await?,
        Command::Show(args) => {
            let dataset = super::find_dataset(client, &args.named.agent, &args.named.dataset).await?;
            let samples = client.at(&["agents", &args.named.agent, "evaluationDatasets", &super::id_of(&dataset), "samples"])?;
            print::dataset(context, &dataset, &client.all(&samples, super::PAGE, usize::MAX).await?);
        }
        Command::Delete(args) => {
            let id = super::id_of(&super::find_dataset(client, &args.named.agent, &args.named.dataset).await?);
            client.delete(client.at(&["agents", &args.named.agent, "evaluationDatasets", &id])?).await?;
            print::deleted(context, &id);
        }
    }
    Ok(Exit::Completed)
}

async fn create(context: &Context, client: &Client, args: &Create) -> Result<(), Error> {
    let mut body = json!({"displayName": args.name});
    let scorers = scorers(args);
    if !scorers.is_empty() {
        body["scorers"] = Value::Array(scorers);
    }
    for (name, value) in [("description", json!(args.description)), ("minScore", json!(args.min_score))] {
        if !value.is_null() {
            body[name] = value;
        }
    }
    if let Some(file) = &args.file {
        body["samples"] = Value::Array(samples(&lines(file)?)?);
    }
    let made = client.post(client.at(&["agents", &args.agent, "evaluationDatasets"])?, &body).await?;
    print::dataset(context, &made, &[]);
    Ok(())
}

fn scorers(args: &Create) -> Vec<Value> {
    let mut scorers = Vec::new();
    scorers.extend(args.exact.then(|| json!({"type": "EXACT"})));
    scorers.extend(args.subset.then(|| json!({"type": "JSON_SUBSET"})));
    for (index, expression) in args.cel.iter().enumerate() {
        let name = if index == 0 { "cel".to_owned() } else { format!("cel_{}", index + 1) };
        scorers.push(json!({"type": "CEL", "name": name, "expression": expression}));
    }
    if let Some(model) = &args.judge {
        let mut judge = Map::from_iter([("type".to_owned(), json!("JUDGE")), ("model".to_owned(), json!(model))]);
        judge.extend(args.rubric.as_ref().map(|rubric| ("rubric".to_owned(), json!(rubric))));
        judge.extend(args.threshold.map(|threshold| ("threshold".to_owned(), json!(threshold))));
        scorers.push(Value::Object(judge));
    }
    scorers
}

async fn import(context: &Context, client: &Client, args: &Import) -> Result<(), Error> {
    let text = lines(&args.file)?;
    let id = super::id_of(&super::find_dataset(client, &args.named.agent, &args.named.dataset).await?);
    let url = client.at(&["agents", &args.named.agent, "evaluationDatasets", &format!("{id}:import")])?;
    let answer = client.post(url, &json!({"jsonl": text, "replace": args.replace})).await?;
    print::imported(context, &answer);
    Ok(())
}

/// A file of samples, or standard input.
fn lines(file: &str) -> Result<String, Error> {
    let refused = |reason: String| Error::Refused(format!("cannot read the samples in {file}: {reason}"));
    let mut text = String::new();
    let limit = DATASET_BYTES_MAX + 1;
    let read = if file == "-" {
        std::io::stdin().lock().take(limit).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(limit).read_to_string(&mut text))
    };
    read.map_err(|error| refused(error.to_string()))?;
    if text.len() as u64 > DATASET_BYTES_MAX {
        return Err(refused(format!("it is larger than {DATASET_BYTES_MAX} bytes")));
    }
    Ok(text)
}

fn samples(text: &str) -> Result<Vec<Value>, Error> {
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let read = |(index, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| Error::Refused(format!("line {} of the samples is no JSON: {error}", index + 1)))
    };
    lines.map(read).collect()
}
