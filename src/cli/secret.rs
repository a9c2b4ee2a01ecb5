//! `flowgate secret`: the secrets of a tenant, on a server or, where none is named, in the data directory. Values come from standard input or a variable, never from the
//! command line, where other users of the machine could read them.

use std::io::Read as _;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::args::Context;
use super::client::{Client, read};
use super::error::{Error, Exit};
use super::session;
use crate::catalog::audit::Actor;
use crate::catalog::secrets::{Grant, SECRET_BYTES_MAX, SecretRow, SecretVault};
use crate::ids::{Tenant, TimeMs};
use crate::present::visible::visible;
use crate::store::{self, Store};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Set(Set),
    /// Show every secret, without its value.
    #[command(after_help = "Examples:\n  flowgate secret list\n  flowgate secret list --tenant acme -o json")]
    List,
    Remove(Remove),
    /// Seal every secret with another master key.
    ///
    /// Where the key is in the file master.key, a fresh one is made. Where the environment gives it, FLOWGATE_MASTER_KEY_NEXT (or
    /// FLOWGATE_MASTER_KEY_NEXT_FILE) gives the new one, which then becomes FLOWGATE_MASTER_KEY.
    #[command(
        after_help = "Examples:\n  flowgate secret rotate-master\n  FLOWGATE_MASTER_KEY_NEXT=$(openssl rand -base64 32) flowgate secret rotate-master"
    )]
    RotateMaster,
}

/// Set a secret's value, which is read from standard input, or who may use it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  printf %s \"$TOKEN\" | flowgate secret set shop_token
  flowgate secret set shop_token --from-env TOKEN --agent refund-review
  flowgate secret set shop_token --keep-value --every-agent")]
pub struct Set {
    /// What flows write behind `secret.`
    name: String,
    /// Take the value from this environment variable instead of standard input
    #[arg(long, value_name = "VARIABLE")]
    from_env: Option<String>,
    /// Change only who may use it
    #[arg(long, conflicts_with = "from_env")]
    keep_value: bool,
    /// An agent that may use it; may be repeated. Without any, a new secret is for every agent
    #[arg(long = "agent", value_name = "AGENT")]
    agents: Vec<String>,
    /// Every agent of the tenant may use it
    #[arg(long, conflicts_with = "agents")]
    every_agent: bool,
}

/// Remove a secret; steps that need it fail from then on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate secret remove shop_token")]
pub struct Remove {
    name: String,
}

/// A secret as it is shown.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    name: String,
    version: u64,
    granted_to: Option<Vec<String>>,
    updated_at: TimeMs,
    updated_by: String,
}

impl From<SecretRow> for Shown {
    fn from(row: SecretRow) -> Self {
        let SecretRow { name, version, granted_to, updated_at, updated_by, .. } = row;
        Self { name, version, granted_to, updated_at, updated_by }
    }
}

/// What a rotation did on a server.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct RotatedThere {
    key_id: String,
    secrets: usize,
}

impl Set {
    fn grant(&self) -> Grant {
        match (self.every_agent, self.agents.is_empty()) {
            (true, _) => Grant::Everyone,
            (false, true) => Grant::Keep,
            (false, false) => Grant::Agents(self.agents.clone()),
        }
    }
}

/// # Errors
/// When the server or the data directory cannot be opened, the value cannot be read, or the catalog refuses.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    // Read before anything is opened: a person may take their time to type.
    let value = if let Command::Set(args) = command { value(args)? } else { None };
    if let Some(target) = context.server()? {
        return session::block_on(perform_there(context, &Client::new(&target)?, command, value));
    }
    let options = store::Options { dir: context.config.data_dir.clone(), ..store::Options::default() };
    let store = Store::open(&options).map_err(locked)?;
    let vault = session::vault(context, &store)?;
    let done = session::block_on(perform(context, command, &vault, value));
    drop(vault);
    store.close().map_err(Error::failed)?;
    done
}

/// Asks the server. The value is in the request's body alone.
async fn perform_there(context: &Context, client: &Client, command: &Command, value: Option<Zeroizing<String>>) -> Result<Exit, Error> {
    match command {
        Command::Set(args) => {
            let mut body = json!({});
            if let Some(value) = &value {
                body["value"] = json!(value.as_str());
            }
            match args.grant() {
                Grant::Keep => {}
                Grant::Everyone => body["grantedTo"] = Value::Null,
                Grant::Agents(agents) => body["grantedTo"] = json!(agents),
            }
            let row: Shown = read(client.put(client.at(&["secrets", &args.name])?, &body).await?)?;
            show(context, &[row]);
        }
        Command::List => show(context, &read::<Vec<Shown>>(client.get(client.at(&["secrets"])?).await?)?),
        Command::Remove(args) => {
            client.delete(client.at(&["secrets", &args.name])?).await?;
            context.output.note(&format!("removed {}", args.name));
        }
        Command::RotateMaster => {
            let RotatedThere { key_id, secrets } = read(client.post(client.below(&["masterKey:rotate"])?, &json!({})).await?)?;
            context.output.note(&format!("{secrets} secrets are sealed with master key {key_id} now"));
        }
    }
    Ok(Exit::Completed)
}

async fn perform(context: &Context, command: &Command, vault: &Arc<SecretVault>, value: Option<Zeroizing<String>>) -> Result<Exit, Error> {
    let actor = Actor::without_key(&context.person.user);
    vault.prepare().await.map_err(Error::failed)?;
    match command {
        Command::Set(args) => {
            let tenant = tenant(context, vault)?;
            let value = value.as_ref().map(|value| value.as_str());
            let row = vault.set(&tenant, &args.name, value, args.grant(), &actor).await.map_err(refused)?;
            if let Some(path) = vault.made_key() {
                let path = path.display();
                context
                    .output
                    .note(&format!("made the master key {path}; keep a copy of it apart from the backups, which are useless without it"));
            }
            show(context, &[row.into()]);
        }
        Command::List => {
            let rows = vault.list(&tenant(context, vault)?).map_err(Error::failed)?;
            show(context, &rows.into_iter().map(Shown::from).collect::<Vec<_>>());
        }
        Command::Remove(args) => {
            vault.remove(&tenant(context, vault)?, &args.name, &actor).await.map_err(refused)?;
            context.output.note(&format!("removed {}", args.name));
        }
        Command::RotateMaster => {
            let rotated = vault.rotate(&actor).await.map_err(refused)?;
            context.output.note(&format!("{} secrets are sealed with master key {} now", rotated.secrets, rotated.key_id));
            if std::env::var_os(crate::catalog::master_key::NEXT_VARIABLE).is_some() {
                context.output.note("set FLOWGATE_MASTER_KEY to it, and unset FLOWGATE_MASTER_KEY_NEXT");
            }
        }
    }
    Ok(Exit::Completed)
}

/// The default tenant is there before a server has made it.
fn tenant(context: &Context, vault: &SecretVault) -> Result<Tenant, Error> {
    let wanted = context.target.local_tenant();
    if wanted == Tenant::default().as_str() {
        return Ok(Tenant::default());
    }
    vault.catalog().known_tenant(wanted).map_err(refused)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn refused(error: crate::catalog::Error) -> Error {
    use crate::catalog::Error as Refusal;
    match error {
        Refusal::Invalid { .. } => Error::Usage(error.to_string()),
        _ => Error::Failed(error.to_string()),
    }
}

fn locked(error: store::Error) -> Error {
    match error {
        store::Error::Locked { .. } => Error::Failed(format!(
            "{error}; ask the server that has it: name it with --server URL or FLOWGATE_URL, and its key with FLOWGATE_KEY"
        )),
        error => Error::failed(error),
    }
}

fn value(args: &Set) -> Result<Option<Zeroizing<String>>, Error> {
    if args.keep_value {
        return Ok(None);
    }
    if let Some(variable) = &args.from_env {
        let value = std::env::var(variable).map(Zeroizing::new);
        return value.map(Some).map_err(|_| Error::Usage(format!("the environment variable {variable} is not set")));
    }
    let mut value = Zeroizing::new(String::new());
    let mut input = std::io::stdin().take(SECRET_BYTES_MAX as u64 + 2);
    input.read_to_string(&mut value).map_err(|error| Error::Usage(format!("the value cannot be read from standard input: {error}")))?;
    // The newline that `echo` and a terminal add is not part of it.
    if value.ends_with('\n') {
        value.pop();
    }
    Ok(Some(value))
}

fn show(context: &Context, rows: &[Shown]) {
    let shown: Vec<Value> = rows
        .iter()
        .map(|row| {
            json!({"name": row.name, "version": row.version, "granted_to": row.granted_to, "updated_at": row.updated_at, "updated_by": row.updated_by})
        })
        .collect();
    if !context.output.is_text() {
        return context.output.json(&shown);
    }
    let lines = rows.iter().map(|row| {
        let granted = row.granted_to.as_ref().map_or("every agent".to_owned(), |agents| agents.join(", "));
        format!("{:<32} version {:<5} {}", row.name, row.version, visible(&granted))
    });
    context.output.data(&lines.collect::<Vec<_>>().join("\n"));
}
