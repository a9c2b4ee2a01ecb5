//! What the operator decides about calls: model providers, MCP servers, allowed hosts, secrets, prices and bounds. Read once at the start,
//! from the environment and from the tables of a configuration file.

use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use url::Url;

use super::gates::Bounds;
use super::llm::provider::{self, Providers};
use super::outbound::policy::{self, BadEntry, OutboundPolicy};
use super::prices::{self, PriceTable};
use super::secrets::{self, Secrets};
use super::vault::Vault;

/// A file of prices that override the built-in ones.
pub const PRICES_VARIABLE: &str = "FLOWGATE_PRICES";
/// Calls under way towards one host, provider or server, where the operator does not say: enough for a wide `map`, little enough to be a good guest.
const CONCURRENT_DEFAULT: usize = 32;

/// Everything that the runner needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    pub providers: Providers,
    pub mcp: BTreeMap<String, McpServer>,
    pub outbound: OutboundPolicy,
    pub secrets: Secrets,
    /// Where tenants keep theirs; without one they have none.
    pub vault: Option<Arc<dyn Vault>>,
    pub prices: PriceTable,
    pub bounds: Bounds,
    /// Names of models that callers of some dialects know, to `provider/model`.
    pub model_aliases: BTreeMap<String, String>,
    /// Bounds of single hosts (`api.example`), providers (`model:openai`) and MCP servers (`mcp:files`).
    pub special_bounds: HashMap<String, Bounds>,
}

/// An MCP server, as the operator configures it. A flow only names it; programs are started from here and from nowhere else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum McpServer {
    /// A program that speaks over its standard input and output. It sees the listed environment, `PATH` and `HOME`, nothing else.
    Stdio {
        command: String,
        #[serde(default)]
        args: Vec<String>,
        /// Values may be `${secret.NAME}`.
        #[serde(default)]
        env: BTreeMap<String, String>,
    },
    /// Streamable HTTP.
    Http {
        url: Url,
        /// Values may end with `${secret.NAME}`.
        #[serde(default)]
        headers: BTreeMap<String, String>,
    },
}

/// The tables of a configuration file that concern calls.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    #[serde(default)]
    pub outbound: OutboundTable,
    #[serde(default)]
    pub mcp: BTreeMap<String, McpServer>,
    #[serde(default)]
    pub prices: Option<PricesTable>,
    #[serde(default)]
    pub bounds: BTreeMap<String, BoundsTable>,
    #[serde(default)]
    pub models: ModelsTable,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelsTable {
    /// Names that callers of some dialects know, to `provider/model`.
    #[serde(default)]
    pub aliases: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboundTable {
    /// Hosts, `*.suffix`, addresses or networks that flows may call although they are not public.
    #[serde(default)]
    pub allow: Vec<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PricesTable {
    /// A price table whose entries override the built-in ones.
    pub file: std::path::PathBuf,
}

/// Bounds towards one target; the name `default` stands for every target that has none of its own.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundsTable {
    #[serde(default)]
    pub concurrent: Option<usize>,
    #[serde(default)]
    pub per_minute: Option<NonZeroU32>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{path} cannot be read: {source}")]
    Read { path: String, source: std::io::Error },
    #[error(transparent)]
    Allow(#[from] BadEntry),
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    #[error(transparent)]
    Provider(#[from] provider::Error),
    #[error("prices: {0}")]
    Prices(#[from] prices::Error),
    #[error("models.aliases: `{name}` stands for `{model}`, which is not written as provider/model")]
    Alias { name: String, model: String },
}

impl Settings {
    /// From these environment variables and tables. The environment wins where both say something.
    ///
    /// # Errors
    /// When something is written that cannot be used; the message says what and where.
    pub fn new(variables: &BTreeMap<String, String>, file: File) -> Result<Self, Error> {
        let listed = variables.get(policy::VARIABLE).map(String::as_str).unwrap_or_default();
        let outbound = OutboundPolicy::default().allow(file.outbound.allow.iter().map(String::as_str).chain(listed.split(',')))?;
        let providers = Providers::from_variables(variables)?;
        let mut secrets = Secrets::from_variables(variables)?;
        secrets.hide(&providers.keys());
        let (bounds, special_bounds) = bounds(&file.bounds);
        let prices = prices(variables.get(PRICES_VARIABLE), file.prices.as_ref())?;
        let model_aliases = aliases(file.models)?;
        Ok(Self { providers, mcp: file.mcp, outbound, secrets, vault: None, prices, model_aliases, bounds, special_bounds })
    }
}

fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.display().to_string(), source })
}

fn prices(variable: Option<&String>, table: Option<&PricesTable>) -> Result<PriceTable, Error> {
    let mut prices = PriceTable::built_in()?;
    let from_table = table.map(|table| table.file.clone());
    for path in from_table.into_iter().chain(variable.map(Into::into)) {
        prices.override_with(&read(&path)?)?;
    }
    Ok(prices)
}

fn aliases(table: ModelsTable) -> Result<BTreeMap<String, String>, Error> {
    let is_whole = |model: &str| model.split_once('/').is_some_and(|(provider, model)| !provider.is_empty() && !model.is_empty());
    match table.aliases.iter().find(|(_, model)| !is_whole(model)) {
        Some((name, model)) => Err(Error::Alias { name: name.clone(), model: model.clone() }),
        None => Ok(table.aliases),
    }
}

fn bounds(tables: &BTreeMap<String, BoundsTable>) -> (Bounds, HashMap<String, Bounds>) {
    let read = |table: &BoundsTable, otherwise: Bounds| Bounds {
        concurrent: table.concurrent.unwrap_or(otherwise.concurrent),
        per_minute: table.per_minute.or(otherwise.per_minute),
    };
    let ours = Bounds { concurrent: CONCURRENT_DEFAULT, per_minute: None };
    let default = tables.get("default").map_or(ours, |table| read(table, ours));
    let special = tables.iter().filter(|(target, _)| *target != "default");
    (default, special.map(|(target, table)| (target.clone(), read(table, default))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)], file: &str) -> Result<Settings, Error> {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Settings::new(&variables, toml::from_str(file).unwrap())
    }

    #[test]
    fn environment_and_file_add_up() {
        let file = r#"
            [outbound]
            allow = ["*.corp.example"]
            [mcp.files]
            command = "mcp-files"
            args = ["/srv"]
            [mcp.search]
            url = "http://127.0.0.1:9/mcp"
            headers = { Authorization = "Bearer ${secret.search}" }
            [bounds.default]
            concurrent = 4
            [bounds."model:openai"]
            per_minute = 60
        "#;
        let settings = settings(&[("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1,localhost"), ("OPENAI_API_KEY", "sk-123456")], file).unwrap();
        assert!(settings.outbound.lists_name("a.corp.example") && settings.outbound.lists_name("localhost"));
        assert!(matches!(settings.mcp["files"], McpServer::Stdio { .. }) && matches!(settings.mcp["search"], McpServer::Http { .. }));
        assert_eq!(settings.bounds.concurrent, 4);
        assert_eq!(settings.special_bounds["model:openai"], Bounds { concurrent: 4, per_minute: NonZeroU32::new(60) });
        assert_eq!(settings.secrets.redact("key sk-123456"), "key ••••");
    }

    #[test]
    fn what_is_written_wrongly_is_named() {
        let error = settings(&[("FLOWGATE_OUTBOUND_ALLOW", "http://x")], "").unwrap_err().to_string();
        assert!(error.contains("outbound.allow"), "{error}");
        let error = settings(&[("FLOWGATE_PRICES", "/nonexistent.json")], "").unwrap_err().to_string();
        assert!(error.contains("/nonexistent.json"), "{error}");
        assert!(toml::from_str::<File>("[outbound]\nalow = []").is_err());
        let error = settings(&[], "[models.aliases]\nquick = 'gpt-5-mini'").unwrap_err().to_string();
        assert!(error.contains("models.aliases") && error.contains("`quick`"), "{error}");
        assert_eq!(settings(&[], "[models.aliases]\nquick = 'openai/gpt-5-mini'").unwrap().model_aliases["quick"], "openai/gpt-5-mini");
    }
}
