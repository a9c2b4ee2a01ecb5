//! The command line's shape: the global flags, the list of commands, and what every command gets of them.

use std::path::PathBuf;

use super::output::{Format, Output};
use super::{approval, completions, doctor, exec, flow, init, run, secret, serve, signal, store};
use crate::config::Config;
use crate::machine::question::Person;

/// Runs AI-agent flows that must not lose their place.
///
/// A flow is a graph of model, tool and human-approval steps. `run` walks it durably: stop it at any moment, and `exec resume` goes on
/// where it was.
#[derive(Debug, clap::Parser)]
#[command(name = "flowgate", version, propagate_version = true, subcommand_required = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  flowgate init my-agents
  flowgate run flows/refund-review.yaml -p order_id=A-1001 -p message=\"It arrived broken\"
  flowgate exec list
  flowgate approval list
  flowgate exec resume last

Exit codes: 0 completed, 1 failed, 2 usage, 3 waiting for a person (or parked), 4 flow or input refused, 5 cancelled, 130 interrupted.
Data goes to standard output, everything else to standard error.")]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags that every command takes, before or after its name.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Where executions are kept [default: .flowgate]
    #[arg(long, global = true, env = "FLOWGATE_DATA_DIR", value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Settings [default: flowgate.toml of the working directory, if there is one]
    #[arg(long, global = true, env = "FLOWGATE_CONFIG", value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// How data is printed
    #[arg(short, long, global = true, value_enum, default_value_t, value_name = "FORMAT")]
    pub output: Format,
    /// Who you are: the starter of executions and the author of decisions
    #[arg(long = "as", global = true, env = "FLOWGATE_USER", value_name = "USER")]
    pub user: Option<String>,
    /// No colours (also: the environment variable `NO_COLOR`)
    #[arg(long, global = true)]
    pub no_color: bool,
    /// Log to standard error; more often, more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub verbose: u8,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Run(run::Args),
    /// Executions: list, look at, go on with, cancel.
    #[command(subcommand)]
    Exec(exec::Command),
    /// Questions to people: list, look at, decide.
    #[command(subcommand)]
    Approval(approval::Command),
    Signal(signal::Args),
    /// Flow files: check, draw, explain.
    #[command(subcommand)]
    Flow(flow::Command),
    /// Secrets of a tenant: set, list, remove; their values are never shown.
    #[command(subcommand)]
    Secret(secret::Command),
    /// The data directory: check, back up, repair.
    #[command(subcommand)]
    Store(store::Command),
    Serve(serve::Args),
    Init(init::Args),
    Doctor(doctor::Args),
    Completions(completions::Args),
}

/// What every command works with.
#[derive(Clone, Debug)]
pub struct Context {
    pub output: Output,
    pub config: Config,
    /// Who acts. Without a server the local operator holds every role.
    pub person: Person,
    /// `--data-dir …`, when the data directory is not the default one: commands that we print must find the same store.
    pub data_dir_flag: String,
}

impl Context {
    /// A command for people to type, that reaches the same data directory.
    #[must_use]
    pub fn command(&self, rest: &str) -> String {
        format!("flowgate {rest}{}", self.data_dir_flag)
    }
}
