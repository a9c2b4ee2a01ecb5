//! `flowgate eval run`: starts a run, shows how far it is, and exits by what it came to.

use std::io::IsTerminal as _;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use super::print;
use crate::cli::args::Context;
use crate::cli::client::Client;
use crate::cli::error::{Error, Exit};

/// Between two looks at a run.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// Looks in a row that may fail: the server may be starting again.
const FAILED_LOOKS_MAX: u32 = 60;

/// Run an agent over a dataset, and wait for the score.
///
/// Exits with 0 if the run reaches its score, with 1 if not, or if a sample could not be judged. Ctrl-C leaves the run to the server.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate eval run support-triage golden
  flowgate eval run support-triage golden --revision 7 --min-score 0.9
  flowgate eval run support-triage golden --draft --baseline last --fail-on-regression
  flowgate eval run support-triage golden --dry-run")]
pub struct Args {
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The dataset's id, number or name
    #[arg(value_name = "DATASET")]
    dataset: String,
    /// Which revision [default: what production runs]
    #[arg(long, conflicts_with = "draft", value_name = "N")]
    revision: Option<u32>,
    /// The draft that departs from what production runs, or from this revision
    #[arg(long, num_args = 0..=1, default_missing_value = "", value_name = "BASE")]
    draft: Option<String>,
    /// The score that must be reached [default: what the dataset says]
    #[arg(long, value_name = "SCORE")]
    min_score: Option<f64>,
    /// A run to compare with, or `last`: the newest over this dataset that was found fit to deploy, else the newest of the deployed revision
    #[arg(long, value_name = "RUN")]
    baseline: Option<String>,
    /// Exit with 1 if a sample is worse than in the baseline [default baseline: last]
    #[arg(long)]
    fail_on_regression: bool,
    /// Samples that run at once [default: 4]
    #[arg(long, value_name = "N")]
    concurrency: Option<u32>,
    /// Seconds that one sample may take [default: 600]
    #[arg(long, value_name = "SECONDS")]
    sample_timeout: Option<u32>,
    /// Where it runs [default: production]
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Say what it would cost, and start nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not wait for the end
    #[arg(long)]
    detach: bool,
}

/// # Errors
/// What the arguments or the server say.
pub async fn execute(context: &Context, client: &Client, args: &Args) -> Result<Exit, Error> {
    let dataset = super::id_of(&super::find_dataset(client, &args.agent, &args.dataset).await?);
    let (revision, action) = subject(client, args).await?;
    let mut body = json!({"datasetId": dataset});
    let fields = [
        ("minScore", json!(args.min_score)),
        ("concurrency", json!(args.concurrency)),
        ("sampleTimeoutSeconds", json!(args.sample_timeout)),
        ("environmentSlug", json!(args.environment)),
        ("baselineRunId", json!(baseline(client, args, &dataset).await?)),
    ];
    for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_null()) {
        body[name] = value;
    }
    let verb = if args.dry_run { "previewEvaluation" } else { "evaluate" };
    let url = match action {
        Subject::Revision => client.at(&["agents", &args.agent, "revisions", &format!("{revision}:{verb}")])?,
        Subject::Draft => client.at(&["agents", &args.agent, "revisions", &revision, &format!("draft:{verb}")])?,
    };
    let started = client.post(url, &body).await?;
    if args.dry_run {
        print::estimate(context, &started);
        return Ok(Exit::Completed);
    }
    let id = super::id_of(&started);
    if args.detach {
        print::run(context, &started, &[]);
        return Ok(Exit::Completed);
    }
    let Some(run) = followed(context, client, &args.agent, &started).await? else {
        context.output.note(&format!("the server goes on with it; `flowgate eval show {} {id}` tells how it did", args.agent));
        return Ok(Exit::Interrupted);
    };
    print::run(context, &run, &super::results(client, &args.agent, &id).await?);
    Ok(exit(&run, args.fail_on_regression))
}

/// What is evaluated.
#[derive(Clone, Copy)]
enum Subject {
    Revision,
    Draft,
}

/// The revision, or the one that the draft departs from.
async fn subject(client: &Client, args: &Args) -> Result<(String, Subject), Error> {
    let subject = if args.draft.is_some() { Subject::Draft } else { Subject::Revision };
    let named = args.draft.clone().filter(|base| !base.is_empty()).or_else(|| args.revision.map(|number| number.to_string()));
    if let Some(named) = named {
        return Ok((named, subject));
    }
    let agent = client.get(client.at(&["agents", &args.agent])?).await?;
    let current = agent["currentRevision"].as_u64().unwrap_or_default();
    if current == 0 && args.draft.is_none() {
        return Err(Error::Failed(format!("agent `{}` has no deployed revision; name one with --revision", args.agent)));
    }
    Ok((current.to_string(), subject))
}

/// The id of the run that is compared with.
async fn baseline(client: &Client, args: &Args, dataset: &str) -> Result<Option<String>, Error> {
    let wanted = args.baseline.as_deref().or(args.fail_on_regression.then_some(super::LAST));
    let Some(wanted) = wanted else { return Ok(None) };
    if wanted != super::LAST {
        return Ok(Some(super::id_of(&super::find(client, &args.agent, wanted).await?)));
    }
    let runs = super::runs(client, &args.agent, super::RUNS_SEARCHED_MAX).await?;
    let deployed = client.get(client.at(&["agents", &args.agent])?).await?["currentRevision"].as_i64();
    let missing = || {
        let message =
            "no completed run over this dataset was found fit to deploy, and none is of the deployed revision; run that one first";
        Error::Failed(message.to_owned())
    };
    last(&runs, dataset, deployed).map(Some).ok_or_else(missing)
}

/// The run that `last` means, of runs from the newest to the oldest. One that was found worse is none: a second try would pass by it.
fn last(runs: &[Value], dataset: &str, deployed: Option<i64>) -> Option<String> {
    let completed = || runs.iter().filter(|run| run["datasetId"] == dataset && run["status"] == "COMPLETED");
    let fit = completed().find(|run| run["deploymentRecommendation"] == "DEPLOY");
    let of_deployed = || completed().find(|run| deployed.is_some_and(|number| number > 0 && run["agentRevision"].as_i64() == Some(number)));
    fit.or_else(of_deployed).map(super::id_of)
}

/// The run once it has ended; none: Ctrl-C.
async fn followed(context: &Context, client: &Client, agent: &str, started: &Value) -> Result<Option<Value>, Error> {
    let url = client.at(&["agents", agent, "evaluationRuns", &super::id_of(started)])?;
    let bar = bar(context, started["sampleCount"].as_u64().unwrap_or_default());
    let mut failed_looks = 0;
    loop {
        match client.get(url.clone()).await {
            Ok(run) => {
                failed_looks = 0;
                bar.set_position(run["completedCount"].as_u64().unwrap_or_default());
                bar.set_message(format!("{} passed", run["passedCount"]));
                if ["COMPLETED", "FAILED", "CANCELLED"].iter().any(|state| run["status"] == *state) {
                    bar.finish_and_clear();
                    return Ok(Some(run));
                }
            }
            Err(error) if failed_looks >= FAILED_LOOKS_MAX || error.is_status(404) => return Err(error.into()),
            Err(_) => failed_looks += 1,
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            _ = tokio::signal::ctrl_c() => {
                bar.finish_and_clear();
                return Ok(None);
            }
        }
    }
}

/// On a terminal only.
fn bar(context: &Context, samples: u64) -> ProgressBar {
    if !context.output.is_text() || !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(samples);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} samples · {msg}") {
        bar.set_style(style);
    }
    bar
}

fn exit(run: &Value, fails_on_regression: bool) -> Exit {
    let is_worse = run["regressions"].as_u64().is_some_and(|worse| worse > 0);
    match run["status"].as_str() {
        Some("CANCELLED") => Exit::Cancelled,
        Some("COMPLETED") => {
            let is_unjudged = run["unjudgedCount"].as_u64().is_some_and(|count| count > 0);
            let says_nothing = is_unjudged || run["deploymentRecommendation"] == "INCONCLUSIVE";
            let fails = run["passed"] != true || says_nothing || (fails_on_regression && is_worse);
            if fails { Exit::Failed } else { Exit::Completed }
        }
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_is_never_the_worse_one_that_just_failed() {
        let run = |id: &str, dataset: &str, status: &str, recommendation: &str, revision: i64| json!({"id": id, "datasetId": dataset, "status": status, "deploymentRecommendation": recommendation, "agentRevision": revision});
        let mut runs = vec![
            run("worse", "d", "COMPLETED", "DO_NOT_DEPLOY", 8),
            run("stopped", "d", "CANCELLED", "", 7),
            run("elsewhere", "e", "COMPLETED", "DEPLOY", 7),
            run("deployed", "d", "COMPLETED", "INCONCLUSIVE", 7),
            run("fit", "d", "COMPLETED", "DEPLOY", 6),
        ];
        assert_eq!(last(&runs, "d", Some(7)).as_deref(), Some("fit"));
        runs.pop();
        assert_eq!(last(&runs, "d", Some(7)).as_deref(), Some("deployed"));
        assert_eq!((last(&runs, "d", Some(0)), last(&runs, "d", None)), (None, None));
    }

    #[test]
    fn a_run_exits_by_what_it_came_to() {
        let good = json!({"status": "COMPLETED", "passed": true, "unjudgedCount": 0, "regressions": 1});
        assert_eq!((exit(&good, false), exit(&good, true)), (Exit::Completed, Exit::Failed));
        for (field, value, expected) in [
            ("passed", json!(false), Exit::Failed),
            ("passed", Value::Null, Exit::Failed),
            ("unjudgedCount", json!(1), Exit::Failed),
            ("deploymentRecommendation", json!("INCONCLUSIVE"), Exit::Failed),
            ("status", json!("FAILED"), Exit::Failed),
            ("status", json!("CANCELLED"), Exit::Cancelled),
        ] {
            let mut run = good.clone();
            run[field] = value;
            assert_eq!(exit(&run, false), expected, "{run}");
        }
    }
}
