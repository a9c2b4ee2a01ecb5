//! `flowgate store`: the data directory. Each command calls one function of the store and prints its report.

use std::path::PathBuf;

use serde::Serialize;
use serde_json::Value;

use super::args::Context;
use super::error::{Error, Exit};
use crate::catalog::Catalog;
use crate::notify;
use crate::present::visible::visible;
use crate::store::{self, OnDamage, Options, Position, Store};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Read everything and report damage; exits 1 when something acknowledged is lost.
    #[command(after_help = "Examples:\n  flowgate store check\n  flowgate store check -o json")]
    Check,
    /// What is in the data directory.
    #[command(after_help = "Examples:\n  flowgate store info")]
    Info,
    Backup(Backup),
    Restore(Restore),
    /// Give back the space of executions that were deleted.
    #[command(after_help = "Examples:\n  flowgate store compact")]
    Compact,
    Rebuild(Rebuild),
}

/// Copy the log into a directory, from which `restore` makes a store again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate store backup /backups/monday")]
pub struct Backup {
    /// The directory to make; it must not exist or be empty
    #[arg(value_name = "TARGET")]
    target: PathBuf,
}

/// Make the data directory, which must not exist or be empty, from a backup.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate store restore /backups/monday --data-dir .flowgate-restored")]
pub struct Restore {
    /// The backup's directory
    #[arg(value_name = "SOURCE")]
    source: PathBuf,
}

/// Make the view again from the log, which is the truth.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate store rebuild\n  cp -r .flowgate copy && flowgate store rebuild --quarantine")]
pub struct Rebuild {
    /// Where the log is damaged: drop what cannot be read and set the executions aside that lost something. Cannot be undone: copy first
    #[arg(long)]
    quarantine: bool,
}

/// # Errors
/// When there is no store, another process holds it, or it is damaged.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    let dir = &context.config.data_dir;
    let options = Options { dir: dir.clone(), ..Options::default() };
    match command {
        Command::Check => {
            let report = store::check(dir).map_err(Error::failed)?;
            print(context, &report);
            Ok(if report.sound { Exit::Completed } else { Exit::Failed })
        }
        Command::Info => done(context, store::info(dir)),
        Command::Backup(args) => done(context, store::backup(&options, &args.target).map_err(locked)),
        Command::Restore(args) => done(context, store::restore(&args.source, &options)),
        Command::Compact => done(context, store::compact(&options, told_until).map_err(compacted_by_the_server)),
        Command::Rebuild(args) => {
            let on_damage = if args.quarantine { OnDamage::Quarantine } else { OnDamage::Refuse };
            done(context, store::rebuild(&options, on_damage))
        }
    }
}

/// A backup needs no stop: the server that holds the store makes one.
fn locked(error: store::Error) -> Error {
    match error {
        store::Error::Locked { .. } => Error::Failed(format!(
            "{error}; ask the server that has it: POST /v1/backup {{\"directory\": \"NAME\"}}, which backs up while it serves (below `backup_dir` of its settings)"
        )),
        error => Error::failed(error),
    }
}

/// Up to where webhooks and mails were told of what happened: what is behind it they will hear of from the log.
fn told_until(store: &Store) -> Result<Position, store::Error> {
    let followers = notify::followers(&Catalog::new(store.clone())).map_err(|error| store::Error::Refused(error.to_string()))?;
    Ok(followers.into_iter().map(|(_, position)| position).min().unwrap_or(Position(u64::MAX)))
}

/// Nor does a compaction need a stop.
fn compacted_by_the_server(error: store::Error) -> Error {
    match error {
        store::Error::Locked { .. } => {
            Error::Failed(format!("{error}; it compacts by itself while it serves, and at once when it is asked to: POST /v1/compact"))
        }
        error => Error::failed(error),
    }
}

fn done(context: &Context, report: Result<impl Serialize, impl std::fmt::Display>) -> Result<Exit, Error> {
    print(context, &report.map_err(Error::failed)?);
    Ok(Exit::Completed)
}

/// A report as JSON, or as rows of name and value.
fn print(context: &Context, report: &impl Serialize) {
    if !context.output.is_text() {
        return context.output.json(report);
    }
    let Ok(Value::Object(fields)) = serde_json::to_value(report) else { return };
    let rows = fields.iter().map(|(name, value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        format!("{:<20} {}", name.replace('_', " "), visible(&value))
    });
    context.output.data(&rows.collect::<Vec<_>>().join("\n"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Entry, Faults};

    #[test]
    fn a_compaction_leaves_what_nobody_was_told_of() {
        let store = Store::in_memory(Faults::default());
        assert!(matches!(told_until(&store), Ok(Position(u64::MAX))), "there is nobody to tell");
        for (key, position) in [("notify", 70), ("another", 50)] {
            let (tenant, collection, key) = (Catalog::system(), "followers".to_owned(), key.to_owned());
            let body = Some(format!("{{\"position\":{position}}}"));
            store.commit(Entry::Document { tenant, collection, key, expected: 0, body }).wait().unwrap();
        }
        assert!(matches!(told_until(&store), Ok(Position(50))));
    }
}
