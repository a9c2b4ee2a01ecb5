//! `flowgate trigger create`.

use serde_json::{Map, Value, json};

use super::print;
use crate::cli::args::Context;
use crate::cli::client::Client;
use crate::cli::error::{Error, Exit};

/// Make a trigger. A webhook's secret is printed this once.
#[derive(Debug, clap::Args)]
#[command(
    group = clap::ArgGroup::new("kind").required(true),
    after_help = "\
Examples:
  flowgate trigger create nightly --agent digest --cron '30 2 * * *' --time-zone Europe/Berlin --catch-up last
  flowgate trigger create orders --agent intake --webhook --map order=payload.data.id --filter 'payload.data.total > 100.0'
  flowgate trigger create orders --webhook --token --agent intake
  flowgate trigger create by-hand --manual --agent digest -p depth=3"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub struct Create {
    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,
    /// An agent that it starts
    #[arg(long, value_delimiter = ',', value_name = "AGENT")]
    agent: Vec<String>,
    /// A schedule: minute hour day month weekday, with seconds in front if there are six
    #[arg(long, group = "kind", value_name = "CRON")]
    cron: Option<String>,
    /// Events that come in over HTTP
    #[arg(long, group = "kind")]
    webhook: bool,
    /// Fired by people
    #[arg(long, group = "kind")]
    manual: bool,
    /// Fired by programs
    #[arg(long, group = "kind")]
    api: bool,
    /// The schedule's zone [default: UTC]
    #[arg(long, requires = "cron", value_name = "ZONE")]
    time_zone: Option<String>,
    /// Seconds by which chance delays each due time at most
    #[arg(long, requires = "cron", value_name = "SECONDS")]
    jitter: Option<u32>,
    /// What is done about due times that nobody was there for [default: last]
    #[arg(long, requires = "cron", value_parser = ["skip", "last", "all"], value_name = "POLICY")]
    catch_up: Option<String>,
    /// Senders send the secret along instead of signing with it
    #[arg(long, requires = "webhook")]
    token: bool,
    /// Only events of this type
    #[arg(long, requires = "webhook", value_name = "TYPE")]
    event_type: Option<String>,
    /// What happens while an execution before it still runs [default: skip]
    #[arg(long, value_parser = ["skip", "queue", "parallel"], value_name = "POLICY")]
    overlap: Option<String>,
    /// A constant parameter of what it starts; the value is JSON, or else a text
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// A parameter by CEL over `payload`
    #[arg(long, value_name = "NAME=CEL")]
    map: Vec<String>,
    /// CEL that is true for what fires
    #[arg(long, value_name = "CEL")]
    filter: Option<String>,
    /// What it may cost in a month, in US dollars; nothing starts beyond it
    #[arg(long, value_name = "USD")]
    budget: Option<f64>,
    /// Switched off at first
    #[arg(long)]
    disabled: bool,
}

/// # Errors
/// What the arguments or the server say.
pub async fn execute(context: &Context, client: &Client, args: &Create) -> Result<Exit, Error> {
    let made = client.post(client.at(&["triggers"])?, &body(args)?).await?;
    print::made(context, &made);
    Ok(Exit::Completed)
}

fn body(args: &Create) -> Result<Value, Error> {
    let mut body = json!({"displayName": args.name, "agentIds": args.agent, "active": !args.disabled});
    if let Some(cron) = &args.cron {
        body["kind"] = json!("SCHEDULE");
        let fields = [
            ("cron", json!(cron)),
            ("timeZone", json!(args.time_zone)),
            ("jitterSeconds", json!(args.jitter)),
            ("catchUp", json!(args.catch_up)),
        ];
        body["schedule"] = Value::Object(given(fields));
    } else if args.webhook {
        body["kind"] = json!("WEBHOOK");
        let fields = [("auth", json!(args.token.then_some("TOKEN"))), ("eventType", json!(args.event_type))];
        body["webhook"] = Value::Object(given(fields));
    } else {
        body["kind"] = json!(if args.manual { "MANUAL" } else { "API" });
    }
    if let Some(overlap) = &args.overlap {
        body["overlap"] = json!(overlap);
    }
    if !args.parameter.is_empty() {
        let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
        body["parameters"] = Value::Object(pairs(&args.parameter, "-p", value)?);
    }
    if !args.map.is_empty() {
        body["mapping"] = Value::Object(pairs(&args.map, "--map", |text| json!(text))?);
    }
    if let Some(filter) = &args.filter {
        body["filter"] = json!(filter);
    }
    if let Some(amount) = args.budget {
        body["budget"] = json!({"amount": amount, "enforceLimit": true});
    }
    Ok(body)
}

pub(super) fn given<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

pub(super) fn pairs(texts: &[String], option: &str, value: impl Fn(&str) -> Value) -> Result<Map<String, Value>, Error> {
    let pair = |text: &String| {
        let wrong = || Error::Usage(format!("{option} `{text}` is not written as NAME=VALUE"));
        text.split_once('=').filter(|(name, _)| !name.is_empty()).map(|(name, text)| (name.to_owned(), value(text))).ok_or_else(wrong)
    };
    texts.iter().map(pair).collect()
}
