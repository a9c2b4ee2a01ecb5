//! `flowgate trigger change`.

use serde_json::{Map, Value, json};

use super::create::{given, pairs};
use super::{Named, find, print};
use crate::cli::args::Context;
use crate::cli::client::Client;
use crate::cli::error::{Error, Exit};

/// Change a trigger; its definition becomes another revision. What is not named stays.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate trigger change nightly --cron '0 4 * * *'
  flowgate trigger change orders --filter 'payload.data.total > 500.0' --map order=payload.data.id
  flowgate trigger change orders --no-filter --budget 20")]
pub struct Change {
    #[command(flatten)]
    named: Named,
    /// What it is called from now on
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// For people
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// When a schedule is due: minute hour day month weekday, with seconds in front if there are six
    #[arg(long, value_name = "CRON")]
    cron: Option<String>,
    /// The schedule's zone
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// Seconds by which chance delays each due time at most
    #[arg(long, value_name = "SECONDS")]
    jitter: Option<u32>,
    /// What is done about due times that nobody was there for
    #[arg(long, value_parser = ["skip", "last", "all"], value_name = "POLICY")]
    catch_up: Option<String>,
    /// Only events of this type, of a webhook
    #[arg(long, value_name = "TYPE")]
    event_type: Option<String>,
    /// What happens while an execution before it still runs
    #[arg(long, value_parser = ["skip", "queue", "parallel"], value_name = "POLICY")]
    overlap: Option<String>,
    /// All constant parameters of what it starts; the value is JSON, or else a text
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// All parameters by CEL over `payload`
    #[arg(long, value_name = "NAME=CEL")]
    map: Vec<String>,
    /// CEL that is true for what fires
    #[arg(long, value_name = "CEL", conflicts_with = "no_filter")]
    filter: Option<String>,
    /// Everything fires
    #[arg(long)]
    no_filter: bool,
    /// What it may cost in a month, in US dollars; nothing starts beyond it
    #[arg(long, value_name = "USD", conflicts_with = "no_budget")]
    budget: Option<f64>,
    /// No bound on what it may cost
    #[arg(long)]
    no_budget: bool,
}

/// # Errors
/// What the arguments or the server say.
pub async fn execute(context: &Context, client: &Client, args: &Change) -> Result<Exit, Error> {
    let trigger = find(client, &args.named).await?;
    let body = body(args, &trigger)?;
    if body.is_empty() {
        return Err(Error::Usage("nothing is to change; name what is to be another one, such as --cron or --filter".to_owned()));
    }
    let id = trigger["id"].as_str().unwrap_or_default();
    let changed = client.patch(client.at(&["triggers", id])?, &Value::Object(body)).await?;
    print::one(context, &changed);
    Ok(Exit::Completed)
}

fn body(args: &Change, trigger: &Value) -> Result<Map<String, Value>, Error> {
    let mut body = given([
        ("displayName", json!(args.name)),
        ("description", json!(args.description)),
        ("eventType", json!(args.event_type)),
        ("overlap", json!(args.overlap)),
        ("filter", json!(args.filter)),
        ("budget", args.budget.map(|amount| json!({"amount": amount, "enforceLimit": true})).unwrap_or_default()),
    ]);
    let schedule = given([
        ("cron", json!(args.cron)),
        ("timeZone", json!(args.time_zone)),
        ("jitterSeconds", json!(args.jitter)),
        ("catchUp", json!(args.catch_up)),
    ]);
    if !schedule.is_empty() {
        // A schedule is replaced whole, so that what is not named has to be said again.
        let mut whole = trigger["schedule"].as_object().cloned().unwrap_or_default();
        whole.extend(schedule);
        body.insert("schedule".to_owned(), Value::Object(whole));
    }
    if !args.parameter.is_empty() {
        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        body.insert("parameters".to_owned(), Value::Object(pairs(&args.parameter, "-p", value)?));
    }
    if !args.map.is_empty() {
        body.insert("mapping".to_owned(), Value::Object(pairs(&args.map, "--map", |text| json!(text))?));
    }
    for (name, goes) in [("filter", args.no_filter), ("budget", args.no_budget)] {
        if goes {
            body.insert(name.to_owned(), Value::Null);
        }
    }
    Ok(body)
}
