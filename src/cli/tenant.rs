//! `flowgate tenant`: the walls of an installation, on a server (with its root key) or, where none runs, in the data directory.

use serde::Deserialize;
use serde_json::{Value, json};

use super::args::Context;
use super::client::{Client, read};
use super::error::{Error, Exit};
use super::output::instant;
use super::{serve, session};
use crate::catalog::tenants::TenantRow;
use crate::clock;
use crate::ids::TimeMs;
use crate::present::visible::visible;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Create(Create),
    /// List tenants.
    #[command(visible_alias = "ls", after_help = "Examples:\n  flowgate tenant list\n  flowgate tenant list -o json")]
    List,
}

/// Make a tenant: its agents, executions, keys and secrets are nobody else's.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate tenant create acme\n  flowgate tenant create acme --name \"Acme Ltd\"")]
pub struct Create {
    /// Its name in paths and commands: lower-case letters, digits, `-` and `_`, a letter first
    #[arg(value_name = "TENANT")]
    id: String,
    /// Its name for people
    #[arg(long, value_name = "TEXT")]
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    id: String,
    number: u64,
    display_name: String,
    created_at: TimeMs,
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        let TenantRow { id, number, display_name, created_at } = row;
        Self { id, number, display_name, created_at }
    }
}

impl Tenant {
    fn json(&self) -> Value {
        json!({"id": self.id, "number": self.number, "name": self.display_name, "created_at_ms": self.created_at})
    }
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    session::block_on(async {
        match command {
            Command::Create(args) => create(context, args).await,
            Command::List => list(context).await,
        }
    })
}

async fn create(context: &Context, args: &Create) -> Result<Exit, Error> {
    let tenant: Tenant = match context.server()? {
        Some(target) => {
            let client = Client::new(&target)?;
            let mut body = json!({"id": args.id});
            if let Some(name) = &args.name {
                body["displayName"] = json!(name);
            }
            read(client.post(client.below(&["tenants"])?, &body).await?)?
        }
        None => {
            let catalog = session::open_catalog(context)?;
            serve::default_tenant(&catalog).await?;
            let row = catalog.create_tenant(&args.id, args.name.as_deref(), clock::now()).await.map_err(Error::failed)?;
            row.into()
        }
    };
    if context.output.is_text() {
        context.output.data(&tenant.id);
        context
            .output
            .note(&format!("make a key for it: {}", context.command(&format!("key create NAME --preset admin --tenant {}", tenant.id))));
    } else {
        context.output.json(&tenant.json());
    }
    Ok(Exit::Completed)
}

async fn list(context: &Context) -> Result<Exit, Error> {
    let tenants: Vec<Tenant> = match context.server()? {
        Some(target) => {
            let client = Client::new(&target)?;
            read(client.get(client.below(&["tenants"])?).await?)?
        }
        None if session::has_store(context) => {
            let catalog = session::open_catalog(context)?;
            catalog.tenants().map_err(Error::failed)?.into_iter().map(Tenant::from).collect()
        }
        None => Vec::new(),
    };
    let output = context.output;
    if !output.is_text() {
        output.json_list(&tenants.iter().map(Tenant::json).collect::<Vec<_>>());
    } else if tenants.is_empty() {
        output.note("no tenants yet; the first `flowgate serve` makes `default`");
    } else {
        let row = |tenant: &Tenant| {
            vec![tenant.id.clone(), tenant.number.to_string(), visible(&tenant.display_name).into_owned(), instant(tenant.created_at)]
        };
        output.table(&["TENANT", "NUMBER", "NAME", "CREATED"], tenants.iter().map(row).collect());
    }
    Ok(Exit::Completed)
}
