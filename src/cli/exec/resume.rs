//! `flowgate exec resume`: goes on with an execution where it stopped.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::output::Accent;
use crate::cli::progress::Progress;
use crate::cli::remote;
use crate::cli::session::{self, Session};
use crate::cli::walk::{self, Watched};
use crate::engine::Resume;
use crate::ids::ExecutionId;
use crate::machine::input::Mode;

/// Go on with an execution where it stopped: after Ctrl-C, a crash, a decision, a signal.
///
/// Steps that completed do not run again. A call that was under way when the process ended is repeated when that is harmless (`read`, or
/// `idempotent` with the same Idempotency-Key); a `once` call is in doubt, and a person is asked.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec resume last\n  flowgate exec resume 0198c0de --approve all -o json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    walk: walk::Options,
}

/// # Errors
/// When there is no such execution, or the engine fails.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::resume(context, &target, &args.named.id, &args.walk).await;
    }
    let session = session::open_existing(context, Resume::Asked, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    go_on(context, session, id, &args.walk).await
}

/// Resumes `id` and walks it.
///
/// # Errors
/// As `execute`.
pub async fn go_on(context: &Context, session: Session, id: ExecutionId, options: &walk::Options) -> Result<Exit, Error> {
    let watched = watch(context, &session, id).await?;
    walk_on(context, session, watched, options).await
}

/// Reads what has happened to `id`, and listens from here on.
///
/// # Errors
/// When the journal cannot be read.
pub async fn watch(context: &Context, session: &Session, id: ExecutionId) -> Result<Watched, Error> {
    let notices = session.engine.subscribe(id);
    let mut progress = Progress::new(context.output);
    walk::history(session, id, &mut progress).await?;
    Ok(Watched { id, notices, progress })
}

/// Resumes an execution that is being watched, and walks it.
///
/// # Errors
/// As `execute`.
pub async fn walk_on(context: &Context, session: Session, watched: Watched, options: &walk::Options) -> Result<Exit, Error> {
    let id = watched.id;
    let snapshot = session.engine.snapshot(id).await.map_err(Error::from)?;
    if snapshot.start.mode == Mode::Rehearsal {
        let attention = context.output.accent(Accent::Attention, "rehearsal:");
        context.output.note(&format!("{attention} it was started as one; nothing leaves this machine"));
    }
    session.engine.resume(id).await.map_err(Error::from)?;
    walk::walk(context, session, watched, options).await
}
