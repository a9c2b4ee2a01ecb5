//! `flowgate approval show`: exactly what would be done.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::question::{self, Detail};
use crate::cli::session;
use crate::engine::Resume;

/// Show a question in full: exactly what would be done, its digest, the evidence, who may decide until when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate approval show 5f0c\n  flowgate approval show 5f0c -o json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
}

/// # Errors
/// When there is no such open question, or the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let session = session::open_existing(context, Resume::Nothing, &args.named.id)?;
    let asked = session.engine.find_question(&args.named.id).await.map_err(Error::from)?;
    let snapshot = session.engine.snapshot(asked.execution).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    if context.output.is_text() {
        let spent = (snapshot.summary.tokens, snapshot.summary.cost);
        context.output.data(&question::text(context.output, &asked, Some(spent), Detail::Full));
    } else {
        context.output.json(&question::json(&asked));
    }
    Ok(Exit::Completed)
}
