//! `flowgate exec watch`: what has happened to an execution, as `run` would have shown it. Without a server nothing moves an execution
//! but the process that holds the data directory, so watching shows the journal up to now and says how to go on.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::output::Format;
use crate::cli::progress::Progress;
use crate::cli::{remote, session, view, walk};
use crate::engine::Resume;

/// Events read at once.
const PAGE: usize = 1_000;

/// Show what has happened to an execution, step by step, without moving it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec watch last\n  flowgate exec watch last -o ndjson")]
pub struct Args {
    #[command(flatten)]
    named: Named,
}

/// # Errors
/// When there is no such execution, or the store cannot be opened or read (another process may hold it).
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::watch(context, &target, &args.named.id).await;
    }
    let session = session::open_existing(context, Resume::Nothing, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let mut progress = Progress::new(context.output);
    loop {
        let events = session.engine.events(id, progress.next_seq(id), PAGE).await.map_err(Error::from)?;
        let new = progress.committed(id, &events);
        if context.output.format == Format::Ndjson {
            for recorded in new {
                context.output.json_line(&walk::event_line(id, recorded));
            }
        }
        if events.len() < PAGE {
            break;
        }
    }
    progress.pause();
    let snapshot = session.engine.snapshot(id).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    match context.output.format {
        Format::Text => context.output.data(&view::execution_text(context.output, &snapshot)),
        Format::Json => context.output.json(&view::execution(&snapshot)),
        Format::Ndjson => context.output.json_line(&view::execution(&snapshot)),
    }
    if !snapshot.summary.status.is_final() {
        let resume = context.command(&format!("exec resume {id}"));
        context.output.note(&format!("nothing moves it now; go on with:\n  {resume}"));
    }
    Ok(Exit::Completed)
}
