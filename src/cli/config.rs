//! `flowgate config`: the settings that apply, each with where it comes from. Values that may be secret are never shown.

use serde::Serialize;
use serde_json::Value;

use super::args::Context;
use super::error::Exit;
use super::session;
use crate::config::{Config, Origin, Variables};
use crate::present::visible::visible;

/// What stands in place of a value that may be secret.
const MASK: &str = "••••";
/// Ends of names whose values are shown to nobody.
const SECRET_ENDS: [&str; 6] = ["_key", "key", "password", "secret", "token", "credential"];
/// Tables whose every value may be secret.
const SECRET_TABLES: [&str; 2] = ["env", "headers"];
/// Variables of other programs that we read: providers of models.
const PROVIDER_ENDS: [&str; 2] = ["_API_KEY", "_BASE_URL"];

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Show(Show),
}

/// Show the settings that apply: flags over environment over flowgate.toml over defaults.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate config show\n  flowgate config show --origin\n  flowgate config show --origin -o json")]
pub struct Show {
    /// With where each value comes from
    #[arg(long)]
    origin: bool,
}

#[derive(Debug, Serialize)]
struct Setting {
    name: String,
    value: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    origin: Option<String>,
}

/// What applies, as `main` has read it.
pub fn execute(context: &Context, command: &Command) -> Exit {
    let Command::Show(args) = command;
    let mut settings = settings(&context.config, &session::variables());
    if !args.origin {
        for setting in &mut settings {
            setting.origin = None;
        }
    }
    let output = context.output;
    if !output.is_text() {
        output.json_list(&settings);
        return Exit::Completed;
    }
    let rows = settings.into_iter().map(|setting| {
        let value = match setting.value {
            Value::Null => "none".to_owned(),
            Value::String(text) => text,
            other => other.to_string(),
        };
        let mut row = vec![setting.name, visible(&value).into_owned()];
        row.extend(setting.origin);
        row
    });
    let headings: &[&str] = if args.origin { &["SETTING", "VALUE", "ORIGIN"] } else { &["SETTING", "VALUE"] };
    output.table(headings, rows.collect());
    Exit::Completed
}

fn settings(config: &Config, variables: &Variables) -> Vec<Setting> {
    let mut settings = Vec::new();
    let mut add = |name: &str, value: Value, origin: &Origin| {
        settings.push(Setting { name: name.to_owned(), value, origin: Some(origin.to_string()) });
    };
    add("data_dir", Value::String(config.data_dir.display().to_string()), &config.data_dir_origin);
    let server = serde_json::to_value(&config.server).unwrap_or_default();
    for (key, origin) in &config.server_origins {
        add(&format!("server.{key}"), server[*key].clone(), origin);
    }
    let mut tables = config.tables.clone();
    if !config.notify.is_empty() {
        tables.insert("notify".to_owned(), toml::Value::Table(config.notify.clone()));
    }
    for (name, value) in &tables {
        flatten(name, value, false, &mut |name, value| add(name, value, &Origin::File));
    }
    for (name, value) in variables {
        let is_ours = name.starts_with("FLOWGATE_") && !is_shown_above(name, config);
        if is_ours || PROVIDER_ENDS.iter().any(|end| name.ends_with(end)) {
            let is_secret = is_secret(name) || name.starts_with("FLOWGATE_SECRET_");
            let value = if is_secret { MASK.to_owned() } else { value.clone() };
            add(&format!("${name}"), Value::String(value), &Origin::Environment(name.clone()));
        }
    }
    settings
}

/// Variables whose value stands in the list under the setting's own name.
fn is_shown_above(variable: &str, config: &Config) -> bool {
    let of = |origin: &Origin| matches!(origin, Origin::Environment(name) if name == variable);
    of(&config.data_dir_origin) || config.server_origins.iter().any(|(_, origin)| of(origin))
}

fn is_secret(name: &str) -> bool {
    let lower = name.to_lowercase();
    SECRET_ENDS.iter().any(|end| lower.ends_with(end))
}

/// The leaves of a table, each under its whole name.
fn flatten(name: &str, value: &toml::Value, is_hidden: bool, add: &mut impl FnMut(&str, Value)) {
    match value {
        toml::Value::Table(table) => {
            for (key, value) in table {
                let is_hidden = is_hidden || SECRET_TABLES.contains(&key.as_str()) || is_secret(key);
                flatten(&format!("{name}.{key}"), value, is_hidden, add);
            }
        }
        _ if is_hidden => add(name, Value::String(MASK.to_owned())),
        other => add(name, serde_json::to_value(other).unwrap_or_default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_secret_is_masked() {
        let text = "[mcp.files]\ncommand = 'x'\nenv = {TOKEN = 'hidden-1'}\n[mcp.web]\nurl = 'https://x.example'\nheaders = {A = 'hidden-2'}\n\
                    [notify.smtp]\nhost = 'mail.example'\npassword = 'hidden-3'";
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("flowgate.toml");
        std::fs::write(&file, text).unwrap();
        let names = [("FLOWGATE_ROOT_KEY", "hidden-4"), ("OPENAI_API_KEY", "hidden-5"), ("FLOWGATE_SECRET_SHOP", "hidden-6")];
        let mut variables: Variables = names.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        variables.insert("OPENAI_BASE_URL".to_owned(), "http://127.0.0.1:9/v1".to_owned());
        let config = Config::load(Some(&file), None, &variables).unwrap();
        let shown = serde_json::to_string(&settings(&config, &variables)).unwrap();
        assert!(!shown.contains("hidden"), "{shown}");
        for name in ["mcp.files.env.TOKEN", "mcp.web.headers.A", "notify.smtp.password", "$FLOWGATE_ROOT_KEY", "$OPENAI_API_KEY"] {
            assert!(shown.contains(&format!(r#"{{"name":"{name}","value":"{MASK}""#)), "{name}: {shown}");
        }
        assert!(shown.contains("mail.example") && shown.contains("http://127.0.0.1:9/v1"), "{shown}");
    }
}
