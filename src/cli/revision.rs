//! `flowgate revision`: numbered versions of an agent on a server, and how two of them differ.

use serde::Deserialize;
use serde_json::Value;

use super::args::Context;
use super::client::{Client, read};
use super::error::{Error, Exit};
use super::output::instant;
use super::{flow, session};
use crate::flow::diff;
use crate::ids::TimeMs;
use crate::present::visible::{one_line, visible};

/// Revisions read at a time.
const PAGE: usize = 200;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(List),
    Show(Show),
    Diff(Diff),
}

/// List an agent's revisions, newest first; `*` marks the deployed one.
#[derive(Debug, clap::Args)]
#[command(
    visible_alias = "ls",
    after_help = "Examples:\n  flowgate revision list refund-review\n  flowgate revision list refund-review -o json"
)]
pub struct List {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// At most this many
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "N")]
    limit: u32,
}

/// Show a revision: who made it, when, why, and its flow.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate revision show refund-review 3\n  flowgate revision show refund-review 3 -o json")]
pub struct Show {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The revision's number
    #[arg(value_name = "REV")]
    revision: u32,
}

/// How a revision differs from another one, by what it means: steps, edges, limits, prompts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate revision diff refund-review 2 3\n  flowgate revision diff refund-review 2 3 -o json")]
pub struct Diff {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// The revision as it was
    #[arg(value_name = "BEFORE")]
    before: u32,
    /// The revision as it is
    #[arg(value_name = "AFTER")]
    after: u32,
    /// Exit 1 when they differ
    #[arg(long)]
    exit_code: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    revision: u32,
    #[serde(default)]
    comment: Option<String>,
    created_by: String,
    created_at: TimeMs,
    #[serde(default)]
    is_current: bool,
    #[serde(default)]
    last_deployed_at: Option<TimeMs>,
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    let client = |name: &str| context.needed_server(&format!("revision {name}")).and_then(|target| Client::new(&target));
    session::block_on(async {
        match command {
            Command::List(args) => list(context, &client("list")?, args).await,
            Command::Show(args) => show(context, &client("show")?, args).await,
            Command::Diff(args) => differences(context, &client("diff")?, args).await,
        }
    })
}

async fn list(context: &Context, client: &Client, args: &List) -> Result<Exit, Error> {
    let limit = args.limit as usize;
    let rows = client.all(&client.at(&["agents", &args.agent, "revisions"])?, PAGE.min(limit), limit).await?;
    let output = context.output;
    if !output.is_text() {
        output.json_list(&rows);
        return Ok(Exit::Completed);
    }
    let lines: Vec<Line> = read(Value::Array(rows))?;
    if lines.is_empty() {
        output.note(&format!("agent `{}` has no revisions", args.agent));
        return Ok(Exit::Completed);
    }
    let cells = lines.iter().map(|line| {
        vec![
            format!("{}{}", line.revision, if line.is_current { " *" } else { "" }),
            instant(line.created_at),
            visible(&line.created_by).into_owned(),
            line.last_deployed_at.map_or_else(|| "never".to_owned(), instant),
            one_line(line.comment.as_deref().unwrap_or_default(), 60),
        ]
    });
    output.table(&["REVISION", "CREATED", "BY", "DEPLOYED", "COMMENT"], cells.collect());
    Ok(Exit::Completed)
}

async fn show(context: &Context, client: &Client, args: &Show) -> Result<Exit, Error> {
    let revision = args.revision.to_string();
    let found = client.get(client.at(&["agents", &args.agent, "revisions", &revision])?).await?;
    let output = context.output;
    if !output.is_text() {
        output.json(&found);
        return Ok(Exit::Completed);
    }
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    let mut lines =
        vec![format!("{} revision {revision}{}", visible(&args.agent), if found["isCurrent"] == true { " (deployed)" } else { "" })];
    let mut row = |name: &str, value: &str| lines.push(format!("  {name:<12} {}", visible(value)));
    if let Some(at) = found["createdAt"].as_u64() {
        row("created", &format!("{} by {}", instant(TimeMs(at)), text("createdBy")));
    }
    if !text("comment").is_empty() {
        row("comment", text("comment"));
    }
    row("digest", text("digest"));
    let flow = match &found["flow"] {
        Value::String(text) => text.clone(),
        Value::Null => serde_json::to_string_pretty(&found["definition"]).unwrap_or_default(),
        flow => serde_json::to_string_pretty(flow).unwrap_or_default(),
    };
    lines.push(String::new());
    lines.push(visible(flow.trim_end()).into_owned());
    output.data(&lines.join("\n"));
    Ok(Exit::Completed)
}

async fn differences(context: &Context, client: &Client, args: &Diff) -> Result<Exit, Error> {
    let (before, after) = (args.before.to_string(), args.after.to_string());
    let answer = client.get(client.at(&["agents", &args.agent, "revisions", &before, "diff", &after])?).await?;
    let found: diff::Diff = read(answer)?;
    if context.output.is_text() {
        context.output.data(&flow::painted(context.output, &diff::text(&found)));
    } else {
        context.output.json(&found);
    }
    Ok(if args.exit_code && !found.same { Exit::Failed } else { Exit::Completed })
}
