//! `flowgate exec fork`: a new execution that departs from an attempt with another output.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::{remote, session, values, walk};
use crate::engine::{ForkRequest, Resume};

/// Start a new execution that takes over what was completed before an attempt, gives that attempt another output, and goes on.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate exec fork last 'classify#1.1' --result '{\"refund\": false}'
  flowgate exec fork 0198c0de classify --result @edited.json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    /// Which: `path/step#visit.attempt` as the trace names it; `#visit` and `.attempt` may be left out
    #[arg(value_name = "ATTEMPT")]
    attempt: String,
    /// The output it gives in the new execution: JSON, @FILE, or - for standard input
    #[arg(long, visible_alias = "with", value_name = "JSON")]
    result: String,
    #[command(flatten)]
    walk: walk::Options,
}

/// # Errors
/// When there is no such execution or attempt, or it has no output to replace.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let output = values::document(&args.result, "--result")?;
    if let Some(target) = context.server()? {
        return remote::exec::fork(context, &target, &args.named.id, &args.attempt, &output, &args.walk).await;
    }
    let session = session::open_existing(context, Resume::Asked, &args.named.id)?;
    let from = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let attempt = if args.attempt.contains('#') { args.attempt.clone() } else { format!("{}#1", args.attempt) };
    let request = ForkRequest { from, attempt, output, starter: context.person.clone(), execution: None };
    let id = session.engine.fork(request).await.map_err(Error::from)?;
    context.output.note(&format!("execution {id} departs from {from}"));
    super::resume::go_on(context, session, id, &args.walk).await
}
