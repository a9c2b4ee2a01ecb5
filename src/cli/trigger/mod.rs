//! `flowgate trigger`: what starts agents on a server without being asked.

mod change;
mod create;
mod print;

use serde_json::{Map, Value, json};

use super::args::Context;
use super::client::Client;
use super::error::{Error, Exit};
use super::{session, values};

/// Firings read at a time.
const PAGE: usize = 100;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(List),
    Create(Box<create::Create>),
    Show(Show),
    Change(Box<change::Change>),
    Bind(Bind),
    Unbind(Unbind),
    Rotate(Rotate),
    Revisions(Revisions),
    Restore(Restore),
    Fire(Fire),
    Enable(Enable),
    Disable(Disable),
    Pause(Pause),
    Resume(Resume),
    Delete(Delete),
    Next(Next),
    History(History),
}

/// List triggers.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls", after_help = "Examples:\n  flowgate trigger list\n  flowgate trigger list --agent digest -o json")]
pub struct List {
    /// Only those that start this agent
    #[arg(long, value_name = "AGENT")]
    agent: Option<String>,
}

/// Show a trigger: what makes it fire, what it starts, what it did last.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger show nightly\n  flowgate trigger show nightly -o json")]
pub struct Show {
    #[command(flatten)]
    named: Named,
}

/// Let a trigger start an agent, or say where the agent runs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger bind orders intake\n  flowgate trigger bind orders intake --environment staging")]
pub struct Bind {
    #[command(flatten)]
    named: Named,
    #[arg(value_name = "AGENT")]
    agent: String,
    /// Where the agent runs [default: production]
    #[arg(long, value_name = "ENVIRONMENT")]
    environment: Option<String>,
}

/// Let a trigger start an agent no more.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger unbind orders intake")]
pub struct Unbind {
    #[command(flatten)]
    named: Named,
    #[arg(value_name = "AGENT")]
    agent: String,
}

/// Give a webhook another secret, which is printed this once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger rotate orders\n  flowgate trigger rotate orders --overlap 3600")]
pub struct Rotate {
    #[command(flatten)]
    named: Named,
    /// Seconds for which the old one counts too [default: a day]
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=604_800), value_name = "SECONDS")]
    overlap: Option<u32>,
}

/// List what a trigger was, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger revisions orders\n  flowgate trigger revisions orders -o json")]
pub struct Revisions {
    #[command(flatten)]
    named: Named,
    /// How many
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500), value_name = "N")]
    limit: u16,
}

/// Let a trigger be what it was, as a new revision.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger restore orders 3")]
pub struct Restore {
    #[command(flatten)]
    named: Named,
    /// The number of the revision
    #[arg(value_name = "REVISION")]
    revision: u32,
}

/// Fire a trigger by hand, and say what it starts.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate trigger fire nightly
  flowgate trigger fire orders --payload '{\"order\": 7}' --test
  flowgate trigger fire orders --payload @order.json")]
pub struct Fire {
    #[command(flatten)]
    named: Named,
    /// What the event would carry: JSON, @FILE, or - for standard input
    #[arg(long, value_name = "JSON")]
    payload: Option<String>,
    /// As a test: apart from production in lists, statistics and budgets
    #[arg(long)]
    test: bool,
}

/// Switch a trigger on. A schedule begins with its next due time.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger enable nightly")]
pub struct Enable {
    #[command(flatten)]
    named: Named,
}

/// Switch a trigger off: nothing fires, and nothing of that time is caught up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger disable nightly")]
pub struct Disable {
    #[command(flatten)]
    named: Named,
}

/// Hold a schedule; what passes meanwhile is caught up as its policy says.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger pause nightly")]
pub struct Pause {
    #[command(flatten)]
    named: Named,
}

/// Let a paused schedule go on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger resume nightly")]
pub struct Resume {
    #[command(flatten)]
    named: Named,
}

/// Remove a trigger. What it started goes on.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "rm", after_help = "Examples:\n  flowgate trigger delete nightly")]
pub struct Delete {
    #[command(flatten)]
    named: Named,
}

/// When a schedule is due next.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger next nightly\n  flowgate trigger next nightly --count 30")]
pub struct Next {
    #[command(flatten)]
    named: Named,
    /// How many due times
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100), value_name = "N")]
    count: u8,
}

/// What a trigger did, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate trigger history nightly\n  flowgate trigger history orders --limit 5 -o json")]
pub struct History {
    #[command(flatten)]
    named: Named,
    /// How many firings
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=10_000), value_name = "N")]
    limit: u16,
}

/// The trigger that a command is about.
#[derive(Debug, clap::Args)]
struct Named {
    /// The trigger's id or its unique beginning, or its name
    #[arg(value_name = "TRIGGER")]
    trigger: String,
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    let client = Client::new(&context.needed_server("trigger")?)?;
    session::block_on(async {
        match command {
            Command::List(args) => list(context, &client, args).await,
            Command::Create(args) => create::execute(context, &client, args).await,
            Command::Show(args) => show(context, &client, args).await,
            Command::Change(args) => change::execute(context, &client, args).await,
            Command::Bind(args) => bind(context, &client, args).await,
            Command::Unbind(args) => unbind(context, &client, args).await,
            Command::Rotate(args) => rotate(context, &client, args).await,
            Command::Revisions(args) => revisions(context, &client, args).await,
            Command::Restore(args) => restore(context, &client, args).await,
            Command::Fire(args) => fire(context, &client, args).await,
            Command::Enable(args) => act(context, &client, &args.named, "enable").await,
            Command::Disable(args) => act(context, &client, &args.named, "disable").await,
            Command::Pause(args) => act(context, &client, &args.named, "pause").await,
            Command::Resume(args) => act(context, &client, &args.named, "resume").await,
            Command::Delete(args) => delete(context, &client, args).await,
            Command::Next(args) => next(context, &client, args).await,
            Command::History(args) => history(context, &client, args).await,
        }
    })
}

async fn all(client: &Client, agent: Option<&String>) -> Result<Vec<Value>, Error> {
    let mut url = client.at(&["triggers"])?;
    if let Some(agent) = agent {
        url.query_pairs_mut().append_pair("agentId", agent);
    }
    match client.get(url).await? {
        Value::Array(triggers) => Ok(triggers),
        _ => Err(Error::Failed("the server's answer is no list of triggers".to_owned())),
    }
}

/// The trigger that a person means.
async fn find(client: &Client, named: &Named) -> Result<Value, Error> {
    let (text, triggers) = (named.trigger.as_str(), all(client, None).await?);
    if let Some(trigger) = triggers.iter().find(|trigger| trigger["id"] == text) {
        return Ok(trigger.clone());
    }
    let id = |trigger: &Value| trigger["id"].as_str().unwrap_or_default().to_owned();
    let fitting: Vec<&Value> = triggers.iter().filter(|trigger| trigger["displayName"] == text || id(trigger).starts_with(text)).collect();
    match fitting.as_slice() {
        [trigger] => Ok((*trigger).clone()),
        [] => {
            let known: Vec<String> = triggers.iter().filter_map(|trigger| trigger["displayName"].as_str().map(ToOwned::to_owned)).collect();
            Err(Error::Failed(format!("there is no trigger `{text}`{}", values::suggestion(text, known.iter()))))
        }
        several => {
            let ids: Vec<String> = several.iter().map(|trigger| id(trigger)).collect();
            Err(Error::Failed(format!("`{text}` fits {} triggers, give the id of one: {}", several.len(), ids.join(", "))))
        }
    }
}

async fn find_id(client: &Client, named: &Named) -> Result<String, Error> {
    Ok(find(client, named).await?["id"].as_str().unwrap_or_default().to_owned())
}

async fn list(context: &Context, client: &Client, args: &List) -> Result<Exit, Error> {
    print::list(context, &all(client, args.agent.as_ref()).await?);
    Ok(Exit::Completed)
}

async fn show(context: &Context, client: &Client, args: &Show) -> Result<Exit, Error> {
    let trigger = find(client, &args.named).await?;
    print::one(context, &trigger);
    Ok(Exit::Completed)
}

async fn bind(context: &Context, client: &Client, args: &Bind) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    let body = args.environment.as_ref().map_or_else(|| json!({}), |slug| json!({"environmentSlug": slug}));
    print::one(context, &client.put(client.at(&["triggers", &id, "bindings", &args.agent])?, &body).await?);
    Ok(Exit::Completed)
}

async fn unbind(context: &Context, client: &Client, args: &Unbind) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    client.delete(client.at(&["triggers", &id, "bindings", &args.agent])?).await?;
    print::one(context, &client.get(client.at(&["triggers", &id])?).await?);
    Ok(Exit::Completed)
}

async fn rotate(context: &Context, client: &Client, args: &Rotate) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    let body = args.overlap.map_or_else(|| json!({}), |seconds| json!({"overlapSeconds": seconds}));
    print::made(context, &client.post(client.at(&["triggers", &format!("{id}:rotateSecret")])?, &body).await?);
    Ok(Exit::Completed)
}

async fn revisions(context: &Context, client: &Client, args: &Revisions) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    let limit = usize::from(args.limit);
    let revisions = client.all(&client.at(&["triggers", &id, "revisions"])?, PAGE.min(limit), limit).await?;
    print::revisions(context, &revisions);
    Ok(Exit::Completed)
}

async fn restore(context: &Context, client: &Client, args: &Restore) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    let body = json!({"revisionId": args.revision.to_string()});
    print::one(context, &client.post(client.at(&["triggers", &format!("{id}:restoreFrom")])?, &body).await?);
    Ok(Exit::Completed)
}

async fn fire(context: &Context, client: &Client, args: &Fire) -> Result<Exit, Error> {
    let mut body = Map::new();
    if let Some(payload) = &args.payload {
        body.insert("samplePayload".to_owned(), values::document(payload, "--payload")?);
    }
    if args.test {
        body.insert("origin".to_owned(), json!("TEST"));
    }
    let id = find_id(client, &args.named).await?;
    let answer = client.post(client.at(&["triggers", &format!("{id}:fire")])?, &Value::Object(body)).await?;
    print::fired(context, &answer);
    let has_failed = answer["firings"].as_array().is_some_and(|firings| firings.iter().any(|firing| firing["state"] == "FAILED"));
    Ok(if has_failed { Exit::Failed } else { Exit::Completed })
}

async fn act(context: &Context, client: &Client, named: &Named, action: &str) -> Result<Exit, Error> {
    let id = find_id(client, named).await?;
    let trigger = client.post(client.at(&["triggers", &format!("{id}:{action}")])?, &json!({})).await?;
    print::one(context, &trigger);
    Ok(Exit::Completed)
}

async fn delete(context: &Context, client: &Client, args: &Delete) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    client.delete(client.at(&["triggers", &id])?).await?;
    print::deleted(context, &id);
    Ok(Exit::Completed)
}

async fn next(context: &Context, client: &Client, args: &Next) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    let mut url = client.at(&["triggers", &id, "nextFireTimes"])?;
    url.query_pairs_mut().append_pair("count", &args.count.to_string());
    print::times(context, &client.get(url).await?["times"]);
    Ok(Exit::Completed)
}

async fn history(context: &Context, client: &Client, args: &History) -> Result<Exit, Error> {
    let id = find_id(client, &args.named).await?;
    let limit = usize::from(args.limit);
    let firings = client.all(&client.at(&["triggers", &id, "firings"])?, PAGE.min(limit), limit).await?;
    print::history(context, &firings);
    Ok(Exit::Completed)
}
