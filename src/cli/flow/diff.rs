//! `flowgate flow diff`: what changes between two flows, by what they mean.

use std::path::PathBuf;

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::loading;
use crate::cli::output::{Accent, Output};
use crate::flow::diff;
use crate::present::visible::visible;

/// Say what changes from one flow to another: steps, edges, prompts, schemas, limits.
///
/// Compared is what the flows mean: the order of keys, `ui:` and defaults that are written out make no difference, and a change of
/// `defaults:` shows at the steps that inherit it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits 0 whether or not the flows differ, unless --exit-code is given.

Examples:
  flowgate flow diff old.yaml new.yaml
  flowgate flow diff old.yaml new.yaml --exit-code -o json")]
pub struct Args {
    /// The flow as it was, YAML or JSON
    #[arg(value_name = "BEFORE")]
    before: PathBuf,
    /// The flow as it is now
    #[arg(value_name = "AFTER")]
    after: PathBuf,
    /// Exit 1 when they differ
    #[arg(long)]
    exit_code: bool,
}

/// # Errors
/// `Refused` when one of the flows cannot be read or does not compile.
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let (before, after) = (loading::compile(&args.before)?, loading::compile(&args.after)?);
    let found = diff::diff(&before.spec, &after.spec);
    if context.output.is_text() {
        context.output.data(&painted(context.output, &diff::text(&found)));
    } else {
        context.output.json(&found);
    }
    Ok(if args.exit_code && !found.same { Exit::Failed } else { Exit::Completed })
}

/// Safe for a terminal, each line in the colour of what its first character says.
pub fn painted(output: Output, text: &str) -> String {
    let lines = text.split('\n').map(|line| {
        let shown = visible(line);
        match line.chars().next() {
            Some('+') => output.accent(Accent::Good, &shown),
            Some('-') => output.accent(Accent::Bad, &shown),
            Some('~') => output.accent(Accent::Strong, &shown),
            Some('@') => output.accent(Accent::Faint, &shown),
            _ => shown.into_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
