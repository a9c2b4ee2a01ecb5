//! `flowgate exec show`: how an execution stands.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::{remote, session, view};
use crate::engine::Resume;

/// Show how an execution stands: status, result, cost, what it waits for.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec show last\n  flowgate exec show 0198c0de -o json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
}

/// # Errors
/// When there is no such execution, or the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::show(context, &target, &args.named.id).await;
    }
    let session = session::open_existing(context, Resume::Nothing, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let snapshot = session.engine.snapshot(id).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    if context.output.is_text() {
        context.output.data(&view::execution_text(context.output, &snapshot));
    } else {
        context.output.json(&view::execution(&snapshot));
    }
    Ok(Exit::Completed)
}
