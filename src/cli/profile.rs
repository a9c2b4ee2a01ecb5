//! `flowgate profile`: saved servers. `login` saves one, `logout` forgets it.

use serde_json::json;

use super::args::Context;
use super::error::{Error, Exit};
use super::profiles::Profiles;
use crate::present::visible::visible;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List saved servers; `*` marks the one in use.
    #[command(visible_alias = "ls", after_help = "Examples:\n  flowgate profile list\n  flowgate profile list -o json")]
    List,
    Use(Use),
}

/// Use a saved server from now on, or none.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate profile use staging\n  flowgate profile use --none")]
#[command(group = clap::ArgGroup::new("which").required(true))]
pub struct Use {
    /// The saved server
    #[arg(value_name = "PROFILE", group = "which")]
    name: Option<String>,
    /// None: commands work on the data directory again
    #[arg(long, group = "which")]
    none: bool,
}

/// # Errors
/// When the profiles cannot be read or kept, or there is no such one.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::List => list(context),
        Command::Use(args) => choose(context, args),
    }
}

fn list(context: &Context) -> Result<Exit, Error> {
    let saved = Profiles::load()?;
    let is_current = |name: &String| saved.current.as_ref() == Some(name);
    let output = context.output;
    if !output.is_text() {
        let rows = saved
            .profiles
            .iter()
            .map(|(name, profile)| json!({"name": name, "url": profile.url, "tenant": profile.tenant, "current": is_current(name)}));
        output.json_list(&rows.collect::<Vec<_>>());
    } else if saved.profiles.is_empty() {
        output.note("no saved servers; `flowgate login` saves one");
    } else {
        let rows = saved.profiles.iter().map(|(name, profile)| {
            let mark = if is_current(name) { " *" } else { "" };
            vec![format!("{}{mark}", visible(name)), visible(&profile.url).into_owned(), visible(&profile.tenant).into_owned()]
        });
        output.table(&["PROFILE", "URL", "TENANT"], rows.collect());
    }
    Ok(Exit::Completed)
}

fn choose(context: &Context, args: &Use) -> Result<Exit, Error> {
    let mut saved = Profiles::load()?;
    if let Some(name) = &args.name
        && !saved.profiles.contains_key(name)
    {
        return Err(Error::Usage(format!("there is no profile `{name}`{}", super::values::suggestion(name, saved.profiles.keys()))));
    }
    saved.current.clone_from(&args.name);
    saved.save()?;
    let said = match &args.name {
        Some(name) => format!("commands talk to `{name}` now"),
        None => "commands work on the data directory now".to_owned(),
    };
    context.output.note(&said);
    Ok(Exit::Completed)
}
