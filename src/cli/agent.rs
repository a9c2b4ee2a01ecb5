//! `flowgate agent`: agents on a server, from flow files and back to them.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::{Value, json};

use super::args::Context;
use super::client::{Client, read};
use super::error::{Error, Exit};
use super::output::instant;
use super::{loading, session};
use crate::flow::compile;
use crate::flow::spec::FlowSpec;
use crate::ids::TimeMs;
use crate::present::visible::{one_line, visible};

/// Agents read at a time.
const PAGE: usize = 200;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Apply(Apply),
    List(List),
    Show(Named),
    Pull(Pull),
}

/// Make agents and revisions of flow files: a flow that has changed becomes its agent's next revision.
///
/// Every file is checked before anything is sent. An agent's first revision is deployed to `production`; later ones are with --deploy.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate agent apply flows/refund-review.yaml
  flowgate agent apply flows/ --deploy --comment \"stricter limits\"")]
pub struct Apply {
    /// Flow files, or directories of them
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Deploy the new revisions to `production`
    #[arg(long)]
    deploy: bool,
    /// Why; kept with the revision
    #[arg(long, value_name = "TEXT")]
    comment: Option<String>,
}

/// List agents.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls", after_help = "Examples:\n  flowgate agent list\n  flowgate agent list --search refund -o json")]
pub struct List {
    /// Only with this in name or description
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
}

/// Show an agent: what it is, what each environment runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate agent show refund-review\n  flowgate agent show refund-review -o json")]
pub struct Named {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
}

/// Print a revision's flow as it was sent, or write it to a file.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flowgate agent pull refund-review > refund-review.yaml\n  flowgate agent pull refund-review --revision 3 --to flows/refund-review.yaml"
)]
pub struct Pull {
    /// The agent
    #[arg(value_name = "AGENT")]
    agent: String,
    /// Which revision [default: the deployed one, otherwise the newest]
    #[arg(long, value_name = "REV")]
    revision: Option<u32>,
    /// Write it there; an existing file is replaced only with --force
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Replace an existing file
    #[arg(long, requires = "to")]
    force: bool,
}

/// What we read of an agent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Agent {
    id: String,
    #[serde(default)]
    display_name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    enabled: bool,
    #[serde(default)]
    current_revision: u32,
    #[serde(default)]
    last_revision: u32,
    #[serde(default)]
    tags: Vec<String>,
    updated_at: TimeMs,
    #[serde(default)]
    deleted_at: Option<TimeMs>,
}

impl Agent {
    fn state(&self) -> &'static str {
        match self {
            Self { deleted_at: Some(_), .. } => "deleted",
            Self { enabled: false, .. } => "inactive",
            _ => "active",
        }
    }
}

/// A flow file that was read and compiles.
pub struct Flow {
    pub path: PathBuf,
    pub name: String,
    pub title: Option<String>,
    /// As it stands in the file.
    pub text: String,
    pub spec: FlowSpec,
    pub digest: String,
}

/// What became of one file.
struct Applied {
    agent: String,
    revision: u32,
    what: &'static str,
    is_deployed: bool,
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    let client = |name: &str| context.needed_server(&format!("agent {name}")).and_then(|target| Client::new(&target));
    session::block_on(async {
        match command {
            Command::Apply(args) => apply(context, args).await,
            Command::List(args) => list(context, &client("list")?, args).await,
            Command::Show(args) => show(context, &client("show")?, &args.agent).await,
            Command::Pull(args) => pull(context, &client("pull")?, args).await,
        }
    })
}

async fn apply(context: &Context, args: &Apply) -> Result<Exit, Error> {
    let flows = flows(&args.files)?;
    let target = context.needed_server("agent apply")?;
    let client = Client::new(&target)?;
    let mut applied = Vec::new();
    for flow in &flows {
        let done = apply_one(&client, flow, args).await;
        let done = done.inspect_err(|_| context.output.note(&format!("{}: not applied; the files before it were", flow.path.display())))?;
        let tail = if done.is_deployed { ", deployed" } else { "" };
        if context.output.is_text() {
            context.output.data(&format!("{} revision {} {}{tail}", done.agent, done.revision, done.what));
        }
        applied.push(json!({"agent": done.agent, "revision": done.revision, "outcome": done.what, "deployed": done.is_deployed}));
    }
    if !context.output.is_text() {
        context.output.json_list(&applied);
    }
    Ok(Exit::Completed)
}

/// Reads and compiles every file.
///
/// # Errors
/// `Refused`, with all problems of all files at once.
pub fn flows(paths: &[PathBuf]) -> Result<Vec<Flow>, Error> {
    let mut problems = Vec::new();
    let mut flows: Vec<Flow> = Vec::new();
    for path in loading::flow_files(paths)? {
        let text = loading::read(&path)?;
        match compile::load(&text) {
            Err(found) => problems.extend(found.iter().map(|problem| loading::problem_text(&path.display().to_string(), problem))),
            Ok((plan, _)) => {
                if let Some(other) = flows.iter().find(|other| other.name == plan.name) {
                    let (one, two) = (other.path.display(), path.display());
                    problems.push(format!("{two}: the flow is called `{}`, as the one in {one}", plan.name));
                }
                let (name, title, digest) = (plan.name.clone(), plan.spec.title.clone(), plan.digest.to_string());
                flows.push(Flow { path, name, title, text, spec: (*plan.spec).clone(), digest });
            }
        }
    }
    if problems.is_empty() {
        Ok(flows)
    } else {
        Err(Error::Refused(format!("nothing was done: flows are refused\n{}", problems.join("\n"))))
    }
}

async fn apply_one(client: &Client, flow: &Flow, args: &Apply) -> Result<Applied, Error> {
    let name = flow.name.as_str();
    let agent = match client.get(client.at(&["agents", name])?).await {
        Err(error) if error.is_status(404) => {
            let mut body = json!({"id": name});
            if let Some(title) = &flow.title {
                body["displayName"] = json!(title);
            }
            client.post(client.at(&["agents"])?, &body).await?
        }
        answer => answer?,
    };
    let agent: Agent = read(agent)?;
    let unchanged = agent.last_revision > 0 && {
        let newest = client.get(client.at(&["agents", name, "revisions", &agent.last_revision.to_string()])?).await?;
        newest["digest"].as_str() == Some(flow.digest.as_str())
    };
    let (revision, what, is_current) = if unchanged {
        (agent.last_revision, "unchanged", agent.current_revision == agent.last_revision)
    } else {
        // As a text: what stands in the file beside the flow, its comments, comes back with `agent pull`.
        let mut body = json!({"flow": flow.text});
        if let Some(comment) = &args.comment {
            body["comment"] = json!(comment);
        }
        let made = client.post(client.at(&["agents", name, "revisions"])?, &body).await?;
        (number(&made["agentRevision"])?, "created", made["isCurrent"].as_bool().unwrap_or(false))
    };
    let mut is_deployed = is_current && !unchanged;
    if args.deploy && !is_current {
        let mut body = json!({});
        if let Some(comment) = &args.comment {
            body["reason"] = json!(comment);
        }
        client.post(client.at(&["agents", name, "revisions", &format!("{revision}:deploy")])?, &body).await?;
        is_deployed = true;
    }
    Ok(Applied { agent: name.to_owned(), revision, what, is_deployed })
}

fn number(value: &Value) -> Result<u32, Error> {
    let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
    number.ok_or_else(|| Error::Failed("the server's answer names no revision".to_owned()))
}

async fn list(context: &Context, client: &Client, args: &List) -> Result<Exit, Error> {
    let mut url = client.at(&["agents"])?;
    if let Some(search) = &args.search {
        url.query_pairs_mut().append_pair("search", search);
    }
    let rows = client.all(&url, PAGE, usize::MAX).await?;
    let output = context.output;
    if !output.is_text() {
        output.json_list(&rows);
        return Ok(Exit::Completed);
    }
    let agents: Vec<Agent> = read(Value::Array(rows))?;
    if agents.is_empty() {
        output.note("no agents; `flowgate agent apply FILE` makes one");
        return Ok(Exit::Completed);
    }
    let cells = agents.iter().map(|agent| {
        let description = if agent.description.is_empty() { &agent.display_name } else { &agent.description };
        vec![
            agent.id.clone(),
            revision_text(agent.current_revision),
            revision_text(agent.last_revision),
            agent.state().to_owned(),
            instant(agent.updated_at),
            one_line(description, 60),
        ]
    });
    output.table(&["AGENT", "DEPLOYED", "NEWEST", "STATE", "CHANGED", "ABOUT"], cells.collect());
    Ok(Exit::Completed)
}

fn revision_text(revision: u32) -> String {
    if revision == 0 { "none".to_owned() } else { revision.to_string() }
}

async fn show(context: &Context, client: &Client, name: &str) -> Result<Exit, Error> {
    let mut shown = client.get(client.at(&["agents", name])?).await?;
    let deployments = client.get(client.at(&["agents", name, "deployments"])?).await?;
    let output = context.output;
    if !output.is_text() {
        shown["deployments"] = deployments;
        output.json(&shown);
        return Ok(Exit::Completed);
    }
    let agent: Agent = read(shown)?;
    let mut lines = vec![visible(&agent.id).into_owned()];
    let mut row = |name: &str, value: &str| lines.push(format!("  {name:<12} {}", visible(value)));
    row("name", &agent.display_name);
    if !agent.description.is_empty() {
        row("about", &agent.description);
    }
    row("state", agent.state());
    row("newest", &revision_text(agent.last_revision));
    if !agent.tags.is_empty() {
        row("tags", &agent.tags.join(" "));
    }
    for deployment in deployments.as_array().into_iter().flatten() {
        let shares = deployment["split"].as_array().into_iter().flatten();
        let shares: Vec<String> = shares.map(|share| format!("revision {} (weight {})", share["revision"], share["weight"])).collect();
        row("runs", &format!("{} in {}", shares.join(", "), deployment["environment"].as_str().unwrap_or_default()));
    }
    output.data(&lines.join("\n"));
    Ok(Exit::Completed)
}

async fn pull(context: &Context, client: &Client, args: &Pull) -> Result<Exit, Error> {
    let revision = match args.revision {
        Some(revision) => revision,
        None => {
            let agent: Agent = read(client.get(client.at(&["agents", &args.agent])?).await?)?;
            match (agent.current_revision, agent.last_revision) {
                (0, 0) => return Err(Error::Failed(format!("agent `{}` has no revision yet", args.agent))),
                (0, newest) => newest,
                (deployed, _) => deployed,
            }
        }
    };
    let found = client.get(client.at(&["agents", &args.agent, "revisions", &revision.to_string()])?).await?;
    // As a text it is the file that was applied; otherwise JSON, which a flow file may be as well.
    let text = match (&found["flow"], &found["definition"]) {
        (Value::String(text), _) => text.clone(),
        (Value::Null, definition) => pretty(&json!({"definition": definition})),
        (flow, _) => pretty(flow),
    };
    match &args.to {
        None => context.output.raw(text.as_bytes()),
        Some(path) => {
            write(path, &text, args.force)?;
            context.output.note(&format!("revision {revision} of {} is in {}", args.agent, path.display()));
        }
    }
    Ok(Exit::Completed)
}

fn pretty(value: &Value) -> String {
    format!("{}\n", serde_json::to_string_pretty(value).unwrap_or_default())
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Error> {
    if path.exists() && !force {
        return Err(Error::Failed(format!("{} exists; --force replaces it", path.display())));
    }
    std::fs::write(path, text).map_err(|error| Error::Failed(format!("cannot write {}: {error}", path.display())))
}
