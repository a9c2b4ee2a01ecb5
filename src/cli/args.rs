//! The command line's shape: the global flags, the list of commands, and what every command gets of them.

use std::path::PathBuf;

use super::error::Error;
use super::output::{Format, Output};
use super::target::{self, Target};
use super::{
    agent, approval, completions, config, deploy, dev, doctor, eval, exec, flow, init, key, login, profile, revision, run, secret, serve,
    signal, store, tenant, trigger,
};
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
  flowgate dev
  flowgate exec list --server https://flows.example

Commands about executions, questions, keys and tenants work on the data directory, or, where --server, FLOWGATE_URL or a saved profile
names one, on a server.

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
    /// How a line of the log looks
    #[arg(long, global = true, value_enum, env = "FLOWGATE_LOG_FORMAT", default_value_t, value_name = "FORMAT")]
    pub log_format: LogFormat,
    #[command(flatten)]
    pub target: target::Flags,
}

/// How a line of the log looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
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
    Dev(dev::Args),
    /// Agents on a server: apply flow files, list, show, pull.
    #[command(subcommand)]
    Agent(agent::Command),
    /// Revisions of an agent on a server: list, show, compare.
    #[command(subcommand)]
    Revision(revision::Command),
    Deploy(deploy::Deploy),
    Rollback(deploy::Rollback),
    /// Triggers on a server: list, create, fire, switch on and off.
    #[command(subcommand)]
    Trigger(trigger::Command),
    /// Evaluations on a server: datasets, runs, scores, comparisons.
    #[command(subcommand)]
    Eval(eval::Command),
    /// API keys: create, list, rotate, revoke.
    #[command(subcommand)]
    Key(key::Command),
    /// Tenants: create, list.
    #[command(subcommand)]
    Tenant(tenant::Command),
    Login(login::Login),
    Logout(login::Logout),
    /// Saved servers: list, choose.
    #[command(subcommand)]
    Profile(profile::Command),
    /// Settings: what applies, and where it comes from.
    #[command(subcommand)]
    Config(config::Command),
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
    /// What the command line and the environment say about a server.
    pub target: target::Flags,
}

impl Context {
    /// A command for people to type, that reaches the same data directory.
    #[must_use]
    pub fn command(&self, rest: &str) -> String {
        format!("flowgate {rest}{}", self.data_dir_flag)
    }

    /// The server that the command is to talk to; none: it works on the data directory.
    ///
    /// # Errors
    /// When what names the server, or its profile, cannot be used.
    pub fn server(&self) -> Result<Option<Target>, Error> {
        target::chosen(&self.target, !self.data_dir_flag.is_empty())
    }

    /// The server, for a command that needs one.
    ///
    /// # Errors
    /// As `server`; also when none is named.
    pub fn needed_server(&self, command: &str) -> Result<Target, Error> {
        self.server()?.ok_or_else(|| {
            Error::Usage(format!(
                "`flowgate {command}` talks to a server: name one with --server URL or FLOWGATE_URL (and its key with FLOWGATE_KEY), or save one with `flowgate login`"
            ))
        })
    }
}
