//! `flowgate exec retry`: a new execution that goes on from the step that failed.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::remote;
use crate::cli::session;
use crate::cli::walk;
use crate::engine::{Resume, RetryRequest};

/// Start a new execution like a failed one, which takes over what was completed and goes on from the failed step.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec retry last\n  flowgate exec retry 0198c0de -o json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    walk: walk::Options,
}

/// # Errors
/// When there is no such execution, or it has not failed.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::retry(context, &target, &args.named.id, &args.walk).await;
    }
    let session = session::open_existing(context, Resume::Asked, &args.named.id)?;
    let origin = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let id = session.engine.retry(RetryRequest::new(origin, context.person.clone())).await.map_err(Error::from)?;
    context.output.note(&format!("execution {id} retries {origin}"));
    super::resume::go_on(context, session, id, &args.walk).await
}
