//! `flowgate deploy` and `flowgate rollback`: which revision an environment of a server runs.

use serde_json::{Value, json};

use super::args::Context;
use super::client::Client;
use super::error::{Error, Exit};
use super::session;
use crate::present::visible::visible;

/// Let an environment run a revision. New executions take it; those that run stay on theirs.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate deploy refund-review 4
  flowgate deploy refund-review 4 --env staging --reason \"try the new limits\"")]
pub struct Deploy {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The revision's number
    #[arg(value_name = "REV")]
    revision: u32,
    #[command(flatten)]
    change: Change,
}

/// Go back to the revision that ran before, or to a named one.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flowgate rollback refund-review --reason \"refunds too much\"\n  flowgate rollback refund-review --to 2"
)]
pub struct Rollback {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// To this revision [default: the one that ran before]
    #[arg(long, value_name = "REV")]
    to: Option<u32>,
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, clap::Args)]
struct Change {
    /// The environment [default: production]
    #[arg(long = "env", visible_alias = "environment", value_name = "ENVIRONMENT")]
    environment: Option<String>,
    /// Why; kept in the history
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

impl Change {
    fn body(&self) -> Value {
        let mut body = json!({});
        if let Some(environment) = &self.environment {
            body["environment"] = json!(environment);
        }
        if let Some(reason) = &self.reason {
            body["reason"] = json!(reason);
        }
        body
    }
}

/// # Errors
/// What the server says.
pub fn deploy(context: &Context, args: &Deploy) -> Result<Exit, Error> {
    let path = ["agents", &args.agent, "revisions", &format!("{}:deploy", args.revision)];
    change(context, "deploy", &path, &args.change.body())
}

/// # Errors
/// What the server says.
pub fn rollback(context: &Context, args: &Rollback) -> Result<Exit, Error> {
    let mut body = args.change.body();
    if let Some(revision) = args.to {
        body["toRevision"] = json!(revision);
    }
    change(context, "rollback", &["agents", &format!("{}:rollback", args.agent)], &body)
}

fn change(context: &Context, command: &str, path: &[&str], body: &Value) -> Result<Exit, Error> {
    let client = Client::new(&context.needed_server(command)?)?;
    let done = session::block_on(async { Ok(client.post(client.at(path)?, body).await?) })?;
    if context.output.is_text() {
        let text = |name: &str| visible(done[name].as_str().unwrap_or_default()).into_owned();
        let before = match done["previousRevision"].as_u64() {
            None | Some(0) => String::new(),
            Some(revision) => format!(" (before: {revision})"),
        };
        context.output.data(&format!("{} runs {} revision {}{before}", text("environment"), text("agentId"), done["targetRevision"]));
    } else {
        context.output.json(&done);
    }
    Ok(Exit::Completed)
}
