//! `flowgate secret`: the secrets of a tenant in the data directory. Values come from standard input or a variable, never from the
//! command line, where other users of the machine could read them.

use std::io::Read as _;
use std::sync::Arc;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::args::Context;
use super::error::{Error, Exit};
use super::session;
use crate::catalog::audit::Actor;
use crate::catalog::secrets::{Grant, SECRET_BYTES_MAX, SecretRow, SecretVault};
use crate::ids::Tenant;
use crate::present::visible::visible;
use crate::store::{self, Store};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Set(Set),
    List(Of),
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
    #[command(flatten)]
    of: Of,
}

/// Show every secret, without its value.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate secret list\n  flowgate secret list --tenant acme -o json")]
pub struct Of {
    /// Whose secrets
    #[arg(long, env = "FLOWGATE_TENANT", default_value = "default", value_name = "TENANT")]
    tenant: String,
}

/// Remove a secret; steps that need it fail from then on.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate secret remove shop_token")]
pub struct Remove {
    name: String,
    #[command(flatten)]
    of: Of,
}

/// # Errors
/// When the data directory cannot be opened, the value cannot be read, or the catalog refuses.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    // Read before anything is opened: a person may take their time to type.
    let value = if let Command::Set(args) = command { value(args)? } else { None };
    let options = store::Options { dir: context.config.data_dir.clone(), ..store::Options::default() };
    let store = Store::open(&options).map_err(locked)?;
    let vault = session::vault(context, &store)?;
    let done = session::block_on(perform(context, command, &vault, value));
    drop(vault);
    store.close().map_err(Error::failed)?;
    done
}

async fn perform(context: &Context, command: &Command, vault: &Arc<SecretVault>, value: Option<Zeroizing<String>>) -> Result<Exit, Error> {
    let actor = Actor::without_key(&context.person.user);
    vault.prepare().await.map_err(Error::failed)?;
    match command {
        Command::Set(args) => {
            let grant = match (args.every_agent, args.agents.is_empty()) {
                (true, _) => Grant::Everyone,
                (false, true) => Grant::Keep,
                (false, false) => Grant::Agents(args.agents.clone()),
            };
            let tenant = tenant(vault, &args.of)?;
            let value = value.as_ref().map(|value| value.as_str());
            let row = vault.set(&tenant, &args.name, value, grant, &actor).await.map_err(refused)?;
            if let Some(path) = vault.made_key() {
                let path = path.display();
                context
                    .output
                    .note(&format!("made the master key {path}; keep a copy of it apart from the backups, which are useless without it"));
            }
            show(context, &[row]);
        }
        Command::List(args) => show(context, &vault.list(&tenant(vault, args)?).map_err(Error::failed)?),
        Command::Remove(args) => {
            vault.remove(&tenant(vault, &args.of)?, &args.name, &actor).await.map_err(refused)?;
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
fn tenant(vault: &SecretVault, of: &Of) -> Result<Tenant, Error> {
    if of.tenant == Tenant::default().as_str() {
        return Ok(Tenant::default());
    }
    vault.catalog().known_tenant(&of.tenant).map_err(refused)
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
            "{error}; ask the server that has it: PUT /v1/tenants/TENANT/secrets/NAME sets a secret, POST /v1/masterKey:rotate rotates"
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

fn show(context: &Context, rows: &[SecretRow]) {
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
