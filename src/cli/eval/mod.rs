//! `flowgate eval`: how well an agent does what it should, measured on a server. `dataset` and `run` have files of their own.

mod dataset;
mod print;
mod run;

use serde_json::{Value, json};

use super::args::Context;
use super::client::Client;
use super::error::{Error, Exit};
use super::{session, values};

/// Rows read at a time.
const PAGE: usize = 200;
/// Runs among which one is looked for.
const RUNS_SEARCHED_MAX: usize = 500;
/// The word for the newest run.
const LAST: &str = "last";

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Datasets of an agent: list, create, fill, show, delete.
    #[command(subcommand)]
    Dataset(dataset::Command),
    Run(Box<run::Args>),
    List(List),
    Show(Show),
    Compare(Compare),
    Cancel(Cancel),
}

/// List the evaluation runs of an agent, newest first.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls", after_help = "Examples:\n  flowgate eval list support-triage\n  flowgate eval list support-triage -o json")]
pub struct List {
    #[arg(value_name = "AGENT")]
    agent: String,
    /// How many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500), value_name = "N")]
    limit: u16,
}

/// The run that a command is about.
#[derive(Debug, clap::Args)]
struct Named {
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The run's id, its unique beginning, or `last`
    #[arg(value_name = "RUN")]
    run: String,
}

/// Show a run, and how each sample did.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate eval show support-triage last\n  flowgate eval show support-triage 0198c0de --failed")]
pub struct Show {
    #[command(flatten)]
    named: Named,
    /// Only samples that did not pass
    #[arg(long)]
    failed: bool,
}

/// Hold a run against an earlier one, sample by sample.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate eval compare support-triage last 0198c0de
  flowgate eval compare support-triage last 0198c0de --fail-on-regression -o json")]
pub struct Compare {
    #[command(flatten)]
    named: Named,
    /// The run that was there first
    #[arg(value_name = "BASELINE")]
    baseline: String,
    /// Scores that differ by no more are the same [default: 0.01]
    #[arg(long, value_name = "SCORE")]
    tolerance: Option<f64>,
    /// Exit with 1 if a sample is worse, or none can be compared
    #[arg(long)]
    fail_on_regression: bool,
}

/// Stop a run; what is under way is cancelled.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate eval cancel support-triage last")]
pub struct Cancel {
    #[command(flatten)]
    named: Named,
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    let client = Client::new(&context.needed_server("eval")?)?;
    session::block_on(async {
        match command {
            Command::Dataset(command) => dataset::execute(context, &client, command).await,
            Command::Run(args) => run::execute(context, &client, args).await,
            Command::List(args) => list(context, &client, args).await,
            Command::Show(args) => show(context, &client, args).await,
            Command::Compare(args) => compare(context, &client, args).await,
            Command::Cancel(args) => cancel(context, &client, &args.named).await,
        }
    })
}

/// The newest runs of an agent.
async fn runs(client: &Client, agent: &str, limit: usize) -> Result<Vec<Value>, Error> {
    Ok(client.all(&client.at(&["agents", agent, "evaluationRuns"])?, PAGE.min(limit), limit).await?)
}

fn id_of(row: &Value) -> String {
    row["id"].as_str().unwrap_or_default().to_owned()
}

/// The run that a person means.
async fn find(client: &Client, agent: &str, text: &str) -> Result<Value, Error> {
    if text.parse::<uuid::Uuid>().is_ok() {
        return Ok(client.get(client.at(&["agents", agent, "evaluationRuns", text])?).await?);
    }
    let limit = if text == LAST { 1 } else { RUNS_SEARCHED_MAX };
    let mut fitting = runs(client, agent, limit).await?;
    if text != LAST {
        fitting.retain(|run| id_of(run).starts_with(text));
    }
    match (fitting.pop(), fitting.len()) {
        (Some(run), 0) => Ok(run),
        (Some(_), others) => Err(Error::Failed(format!("`{text}` is the beginning of {} runs; give more of it", others + 1))),
        (None, _) => Err(Error::Failed(format!("there is no evaluation run `{text}` of agent `{agent}`"))),
    }
}

/// The dataset that a person means: by id, number or name.
async fn find_dataset(client: &Client, agent: &str, text: &str) -> Result<Value, Error> {
    let Value::Array(datasets) = client.get(client.at(&["agents", agent, "evaluationDatasets"])?).await? else {
        return Err(Error::Failed("the server's answer is no list of datasets".to_owned()));
    };
    let number: Option<u64> = text.parse().ok();
    let fits = |row: &&Value| row["id"] == text || row["displayName"] == text || (number.is_some() && row["number"].as_u64() == number);
    let fitting: Vec<&Value> = datasets.iter().filter(fits).collect();
    match fitting.as_slice() {
        [dataset] => Ok((*dataset).clone()),
        [] => {
            let known: Vec<String> = datasets.iter().filter_map(|row| row["displayName"].as_str().map(ToOwned::to_owned)).collect();
            Err(Error::Failed(format!("agent `{agent}` has no dataset `{text}`{}", values::suggestion(text, known.iter()))))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|row| id_of(row)).collect();
            Err(Error::Failed(format!("`{text}` fits {} datasets, give the id of one: {}", several.len(), ids.join(", "))))
        }
    }
}

async fn list(context: &Context, client: &Client, args: &List) -> Result<Exit, Error> {
    print::runs(context, &runs(client, &args.agent, usize::from(args.limit)).await?);
    Ok(Exit::Completed)
}

/// How each sample of a run did.
async fn results(client: &Client, agent: &str, run: &str) -> Result<Vec<Value>, Error> {
    Ok(client.all(&client.at(&["agents", agent, "evaluationRuns", run, "samples"])?, PAGE, usize::MAX).await?)
}

async fn show(context: &Context, client: &Client, args: &Show) -> Result<Exit, Error> {
    let run = find(client, &args.named.agent, &args.named.run).await?;
    let mut results = results(client, &args.named.agent, &id_of(&run)).await?;
    if args.failed {
        results.retain(|result| result["passed"] != true);
    }
    print::run(context, &run, &results);
    Ok(Exit::Completed)
}

/// Everything that two runs have in common, every page of it.
async fn compared(client: &Client, agent: &str, run: &str, baseline: &str, tolerance: Option<f64>) -> Result<Value, Error> {
    let mut url = client.at(&["agents", agent, "evaluationRuns", &format!("{run}:compare")])?;
    url.query_pairs_mut().append_pair("baseline", baseline);
    if let Some(tolerance) = tolerance {
        url.query_pairs_mut().append_pair("tolerance", &tolerance.to_string());
    }
    let mut whole = client.get(url.clone()).await?;
    whole["items"] = json!(client.all(&url, PAGE, usize::MAX).await?);
    if let Some(fields) = whole.as_object_mut() {
        fields.shift_remove("nextPageToken");
    }
    Ok(whole)
}

async fn compare(context: &Context, client: &Client, args: &Compare) -> Result<Exit, Error> {
    let agent = &args.named.agent;
    let (run, baseline) = (find(client, agent, &args.named.run).await?, find(client, agent, &args.baseline).await?);
    let compared = compared(client, agent, &id_of(&run), &id_of(&baseline), args.tolerance).await?;
    print::comparison(context, &compared);
    Ok(exit_of_comparison(&compared, args.fail_on_regression))
}

/// Two runs that have no score in common show no regression, which is not the same as there being none.
fn exit_of_comparison(compared: &Value, fails_on_regression: bool) -> Exit {
    let count = |name: &str| compared[name].as_u64().unwrap_or_default();
    let is_compared = count("better") + count("worse") + count("same") > 0;
    if fails_on_regression && (count("worse") > 0 || !is_compared) { Exit::Failed } else { Exit::Completed }
}

async fn cancel(context: &Context, client: &Client, named: &Named) -> Result<Exit, Error> {
    let id = id_of(&find(client, &named.agent, &named.run).await?);
    let run = client.post(client.at(&["agents", &named.agent, "evaluationRuns", &format!("{id}:cancel")])?, &json!({})).await?;
    print::run(context, &run, &[]);
    Ok(Exit::Completed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comparison_of_nothing_is_no_pass() {
        let exit =
            |worse: u64, same: u64, fails: bool| exit_of_comparison(&json!({"better": 0, "worse": worse, "same": same, "other": 3}), fails);
        assert_eq!((exit(0, 1, true), exit(1, 1, true), exit(0, 0, true)), (Exit::Completed, Exit::Failed, Exit::Failed));
        assert_eq!((exit(1, 0, false), exit(0, 0, false)), (Exit::Completed, Exit::Completed));
    }
}
