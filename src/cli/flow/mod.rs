//! `flowgate flow`: flow files, without running them. One file per command.

mod check;
mod diff;
mod explain;
mod graph;
mod schema;

pub use diff::painted;

use super::args::Context;
use super::error::{Error, Exit};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    Check(check::Args),
    Schema(schema::Args),
    Graph(graph::Args),
    Explain(explain::Args),
    Diff(diff::Args),
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::Check(args) => check::execute(context, args),
        Command::Schema(args) => schema::execute(context, args),
        Command::Graph(args) => graph::execute(context, args),
        Command::Explain(args) => explain::execute(context, args),
        Command::Diff(args) => diff::execute(context, args),
    }
}
