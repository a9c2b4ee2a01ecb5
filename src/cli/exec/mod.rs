//! `flowgate exec`: executions. One file per command.

mod cancel;
mod events;
mod export;
mod fork;
mod list;
mod resume;
mod retry;
mod show;
mod trace;
mod watch;

use super::args::Context;
use super::error::{Error, Exit};
use super::session;
pub use events::event_text;
pub use export::Exported;
pub use resume::{go_on, walk_on, watch};
pub use trace::text as trace_text;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Trace(trace::Args),
    Watch(watch::Args),
    Resume(resume::Args),
    Cancel(cancel::Args),
    Retry(retry::Args),
    Fork(fork::Args),
    Events(events::Args),
    Export(export::Args),
}

/// The execution that a command is about.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The execution's id, its unique beginning, or `last`
    #[arg(value_name = "ID")]
    pub id: String,
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::List(args) => session::block_on(list::execute(context, args)),
        Command::Show(args) => session::block_on(show::execute(context, args)),
        Command::Trace(args) => session::block_on(trace::execute(context, args)),
        Command::Watch(args) => session::block_on(watch::execute(context, args)),
        Command::Resume(args) => session::block_on(resume::execute(context, args)),
        Command::Cancel(args) => session::block_on(cancel::execute(context, args)),
        Command::Retry(args) => session::block_on(retry::execute(context, args)),
        Command::Fork(args) => session::block_on(fork::execute(context, args)),
        Command::Events(args) => session::block_on(events::execute(context, args)),
        Command::Export(args) => session::block_on(export::execute(context, args)),
    }
}
