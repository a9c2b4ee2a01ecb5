//! `flowgate completions`: the completion script of a shell.

use clap::CommandFactory as _;

use super::args::{Cli, Context};
use super::error::{Error, Exit};

/// Print the completion script of a shell.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flowgate completions bash > /etc/bash_completion.d/flowgate\n  flowgate completions zsh > ~/.zfunc/_flowgate"
)]
pub struct Args {
    /// The shell.
    #[arg(value_name = "SHELL")]
    shell: clap_complete::Shell,
}

/// # Errors
/// None today; the signature is that of every command.
#[expect(clippy::unnecessary_wraps, reason = "the signature of every command")]
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "flowgate", &mut script);
    context.output.raw(&script);
    Ok(Exit::Completed)
}
