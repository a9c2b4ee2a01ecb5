//! `flowgate key`: API keys, on a server or, where none runs, in the data directory.

use serde::Deserialize;
use serde_json::{Value, json};

use super::args::Context;
use super::client::{Client, read};
use super::error::{Error, Exit};
use super::output::{duration, instant};
use super::{serve, session, values};
use crate::catalog::Catalog;
use crate::catalog::audit::Actor;
use crate::catalog::keys::{KeyRow, Minted, NewKey};
use crate::catalog::scopes::{self, PRESETS, Scope};
use crate::clock;
use crate::flow::spec;
use crate::ids::{Tenant, TimeMs};
use crate::present::visible::visible;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Create(Create),
    /// List keys; their values are shown to nobody.
    #[command(visible_alias = "ls", after_help = "Examples:\n  flowgate key list\n  flowgate key list --tenant acme -o json")]
    List,
    Rotate(Rotate),
    Revoke(Revoke),
}

/// Make a key. Its value is printed this once and kept nowhere.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Scopes: agents:read|write|deploy, executions:run|read|cancel, approvals:read|decide, keys:read|write, secrets:read|write, admin; `agents:*` is every
action. Presets: viewer, runner, approver, developer, admin.

Examples:
  flowgate key create ci --preset developer --expires 90
  flowgate key create ana --preset approver --user ana --role finance
  flowgate key create billing --scope executions:run,executions:read -o json")]
pub struct Create {
    /// What it is called
    #[arg(value_name = "NAME")]
    name: String,
    /// What it may do
    #[arg(long, value_delimiter = ',', value_name = "SCOPE")]
    scope: Vec<String>,
    /// A bundle of scopes; adds to --scope
    #[arg(long, value_name = "PRESET")]
    preset: Option<String>,
    /// Who a request with it comes from [default: its name]
    #[arg(long, value_name = "USER")]
    user: Option<String>,
    /// A role that its user has, as approver policies ask for it
    #[arg(long, value_delimiter = ',', value_name = "ROLE")]
    role: Vec<String>,
    /// Days until it expires [default: never]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=3_650), value_name = "DAYS")]
    expires: Option<u32>,
}

/// Give a key another value, which is printed this once.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate key rotate ci\n  flowgate key rotate ci --overlap 1h")]
pub struct Rotate {
    #[command(flatten)]
    named: Named,
    /// How long the old value still counts
    #[arg(long, value_name = "DURATION")]
    overlap: Option<spec::Duration>,
}

/// Revoke a key for good: it never counts again, and its use is noticed.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate key revoke ci\n  flowgate key revoke fgk_Zk3a")]
pub struct Revoke {
    #[command(flatten)]
    named: Named,
}

/// The key that a command is about.
#[derive(Debug, clap::Args)]
struct Named {
    // Not `key`: that is the name of a global flag.
    /// The key's id or its unique beginning, its name, or how its value begins
    #[arg(value_name = "KEY")]
    which: String,
}

/// A key as people see it.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Key {
    id: String,
    name: String,
    key_prefix: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    user: String,
    #[serde(default)]
    roles: Vec<String>,
    is_active: bool,
    created_at: TimeMs,
    #[serde(default)]
    expires_at: Option<TimeMs>,
    #[serde(default)]
    last_used_at: Option<TimeMs>,
    #[serde(default)]
    revoked_at: Option<TimeMs>,
}

/// A key with its value.
#[derive(Debug, Deserialize)]
struct Fresh {
    #[serde(flatten)]
    key: Key,
    #[serde(rename = "apiKey")]
    value: String,
}

impl From<KeyRow> for Key {
    fn from(row: KeyRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            key_prefix: row.prefix,
            scopes: row.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
            user: row.user,
            roles: row.roles,
            is_active: row.is_active,
            created_at: row.created_at,
            expires_at: row.expires_at,
            last_used_at: row.last_used_at,
            revoked_at: row.revoked_at,
        }
    }
}

impl From<Minted> for Fresh {
    fn from(minted: Minted) -> Self {
        Self { key: minted.row.into(), value: minted.value }
    }
}

impl Key {
    fn json(&self) -> Value {
        json!({
            "id": self.id, "name": self.name, "prefix": self.key_prefix, "scopes": self.scopes, "user": self.user, "roles": self.roles,
            "state": self.state(clock::now()), "created_at_ms": self.created_at, "expires_at_ms": self.expires_at,
            "last_used_at_ms": self.last_used_at, "revoked_at_ms": self.revoked_at,
        })
    }

    fn state(&self, now: TimeMs) -> &'static str {
        match self {
            Self { revoked_at: Some(_), .. } => "revoked",
            Self { expires_at: Some(at), .. } if *at <= now => "expired",
            Self { is_active: false, .. } => "inactive",
            _ => "valid",
        }
    }

    fn row(&self, now: TimeMs) -> Vec<String> {
        let used = self.last_used_at.map_or_else(|| "never".to_owned(), |at| format!("{} ago", duration(now.since(at))));
        vec![
            self.id.clone(),
            visible(&self.name).into_owned(),
            format!("{}…", visible(&self.key_prefix)),
            self.state(now).to_owned(),
            visible(&self.user).into_owned(),
            self.scopes.join(" "),
            used,
            self.expires_at.map_or_else(|| "never".to_owned(), instant),
        ]
    }
}

/// Where keys are kept.
enum Keys {
    Server(Client),
    Here { catalog: Catalog, tenant: Tenant, actor: Actor },
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    session::block_on(async {
        let Some(keys) = open(context, command).await? else {
            return Ok(print_list(context, &[]));
        };
        match command {
            Command::Create(args) => Ok(print_fresh(context, &keys.create(args).await?)),
            Command::List => Ok(print_list(context, &keys.list().await?)),
            Command::Rotate(args) => {
                let id = keys.find(&args.named.which).await?.id;
                Ok(print_fresh(context, &keys.rotate(&id, args.overlap).await?))
            }
            Command::Revoke(args) => {
                let key = keys.find(&args.named.which).await?;
                keys.revoke(&key.id).await?;
                Ok(print_revoked(context, &key))
            }
        }
    })
}

/// None: there is no data directory yet, and listing does not make one.
async fn open(context: &Context, command: &Command) -> Result<Option<Keys>, Error> {
    if let Some(target) = context.server()? {
        return Ok(Some(Keys::Server(Client::new(&target)?)));
    }
    if matches!(command, Command::List) && !session::has_store(context) {
        return Ok(None);
    }
    let catalog = session::open_catalog(context)?;
    if matches!(command, Command::Create(_)) {
        serve::default_tenant(&catalog).await?;
    }
    let tenant = catalog.known_tenant(context.target.local_tenant()).map_err(Error::failed)?;
    Ok(Some(Keys::Here { catalog, tenant, actor: Actor::without_key(&context.person.user) }))
}

impl Keys {
    async fn create(&self, args: &Create) -> Result<Fresh, Error> {
        match self {
            Self::Server(client) => {
                let mut body = json!({"name": args.name, "scopes": args.scope, "roles": args.role});
                let optional = [("preset", json!(args.preset)), ("user", json!(args.user)), ("expirationDays", json!(args.expires))];
                for (name, value) in optional.into_iter().filter(|(_, value)| !value.is_null()) {
                    body[name] = value;
                }
                read(client.post(client.at(&["apiKeys:generate"])?, &body).await?)
            }
            Self::Here { catalog, tenant, actor } => {
                let new = NewKey {
                    name: args.name.clone(),
                    kind: None,
                    scopes: wanted_scopes(args)?,
                    user: args.user.clone().unwrap_or_else(|| args.name.clone()),
                    roles: args.role.clone(),
                    expires_at: args.expires.map(|days| actor.at.plus(u64::from(days) * DAY_MS)),
                };
                catalog.mint_key(tenant, new, actor).await.map(Fresh::from).map_err(Error::failed)
            }
        }
    }

    async fn list(&self) -> Result<Vec<Key>, Error> {
        match self {
            Self::Server(client) => read(client.get(client.at(&["apiKeys"])?).await?),
            Self::Here { catalog, tenant, .. } => Ok(catalog.keys(tenant).map_err(Error::failed)?.into_iter().map(Key::from).collect()),
        }
    }

    /// The key that a person means.
    async fn find(&self, text: &str) -> Result<Key, Error> {
        let keys = self.list().await?;
        if let Some(key) = keys.iter().find(|key| key.id == text) {
            return Ok(key.clone());
        }
        let fits = |key: &&Key| key.name == text || key.id.starts_with(text) || (text.len() > 4 && key.key_prefix.starts_with(text));
        let fitting: Vec<&Key> = keys.iter().filter(fits).collect();
        match fitting.as_slice() {
            [key] => Ok((*key).clone()),
            [] => {
                let names: Vec<String> = keys.iter().map(|key| key.name.clone()).collect();
                Err(Error::Failed(format!("there is no key `{text}`{}", values::suggestion(text, names.iter()))))
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|key| key.id.as_str()).collect();
                Err(Error::Failed(format!("`{text}` fits {} keys, give the id of one: {}", several.len(), ids.join(", "))))
            }
        }
    }

    async fn rotate(&self, id: &str, overlap: Option<spec::Duration>) -> Result<Fresh, Error> {
        match self {
            Self::Server(client) => {
                let mut body = json!({});
                if let Some(overlap) = overlap {
                    body["overlapSeconds"] = json!(overlap.ms.div_ceil(1_000));
                }
                read(client.post(client.at(&["tokens", &format!("{id}:rotate")])?, &body).await?)
            }
            Self::Here { catalog, tenant, actor } => {
                let until = overlap.map(|overlap| actor.at.plus(overlap.ms));
                catalog.rotate_key(tenant, id, until, actor).await.map(Fresh::from).map_err(Error::failed)
            }
        }
    }

    async fn revoke(&self, id: &str) -> Result<(), Error> {
        match self {
            // Under this name the row stays, so that a later use is noticed.
            Self::Server(client) => Ok(client.delete(client.at(&["tokens", id])?).await?),
            Self::Here { catalog, tenant, actor } => catalog.revoke_key(tenant, id, actor).await.map(drop).map_err(Error::failed),
        }
    }
}

fn wanted_scopes(args: &Create) -> Result<Vec<Scope>, Error> {
    let known: Vec<String> = Scope::ALL.iter().map(|scope| scope.name().to_owned()).collect();
    let mut wanted = scopes::parse(&args.scope)
        .map_err(|name| Error::Refused(format!("there is no scope `{name}`{}", values::suggestion(&name, known.iter()))))?;
    if let Some(name) = &args.preset {
        let names: Vec<String> = PRESETS.iter().map(|preset| preset.id.to_owned()).collect();
        let preset = PRESETS.iter().find(|preset| preset.id == name);
        let unknown = || Error::Refused(format!("there is no preset `{name}`{}", values::suggestion(name, names.iter())));
        wanted.extend_from_slice(preset.ok_or_else(unknown)?.scopes);
    }
    wanted.sort_unstable();
    wanted.dedup();
    Ok(wanted)
}

fn print_fresh(context: &Context, fresh: &Fresh) -> Exit {
    let output = context.output;
    if output.is_text() {
        output.data(&visible(&fresh.value));
        let scopes = if fresh.key.scopes.is_empty() { "nothing yet: it has no scope".to_owned() } else { fresh.key.scopes.join(" ") };
        output.note(&format!("key `{}` ({}); it may: {scopes}. Its value is shown this once", visible(&fresh.key.name), fresh.key.id));
    } else {
        let mut shown = fresh.key.json();
        shown["key"] = json!(fresh.value);
        output.json(&shown);
    }
    Exit::Completed
}

fn print_list(context: &Context, keys: &[Key]) -> Exit {
    let output = context.output;
    if !output.is_text() {
        output.json_list(&keys.iter().map(Key::json).collect::<Vec<_>>());
    } else if keys.is_empty() {
        output.note("no keys");
    } else {
        let now = clock::now();
        let rows = keys.iter().map(|key| key.row(now)).collect();
        output.table(&["ID", "NAME", "BEGINS", "STATE", "USER", "SCOPES", "USED", "EXPIRES"], rows);
    }
    Exit::Completed
}

fn print_revoked(context: &Context, key: &Key) -> Exit {
    if context.output.is_text() {
        context.output.data(&format!("revoked {} ({})", visible(&key.name), key.id));
    } else {
        context.output.json(&json!({"id": key.id, "name": key.name, "state": "revoked"}));
    }
    Exit::Completed
}
