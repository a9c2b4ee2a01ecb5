//! `flowgate exec cancel`: ends an execution; nothing new starts but declared compensations.

use std::time::Duration;

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::progress::Progress;
use crate::cli::session::{self, Session};
use crate::cli::{remote, view, walk};
use crate::engine::{self, Notice, Resume, Snapshot};
use crate::flow::spec;
use crate::ids::ExecutionId;
use crate::machine::Refusal;
use crate::machine::summary::Status;

/// Cancel an execution and wait until it has ended.
///
/// Running calls are broken off, children are cancelled first, completed steps that declare `compensate` are taken back.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec cancel last\n  flowgate exec cancel 0198c0de --reason \"ordered twice\"")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    /// Why; kept in the journal
    #[arg(long, default_value = "cancelled from the command line", value_name = "TEXT")]
    reason: String,
    /// Wait this long for its end
    #[arg(long, default_value = "60s", value_name = "DURATION")]
    wait: spec::Duration,
}

/// # Errors
/// When there is no such execution, or it has ended in another way.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::cancel(context, &target, &args.named.id, &args.reason, args.wait).await;
    }
    let session = session::open_existing(context, Resume::Asked, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let notices = session.engine.subscribe(id);
    let mut progress = Progress::new(context.output);
    walk::history(&session, id, &mut progress).await?;
    match session.engine.cancel(id, &args.reason, context.person.clone()).await {
        Ok(()) | Err(engine::Error::Refused(Refusal::Ended)) => {}
        Err(error) => return Err(error.into()),
    }
    let settled = tokio::time::timeout(Duration::from_millis(args.wait.ms), settle(&session, id, notices, &mut progress)).await;
    progress.pause();
    let snapshot = match settled {
        Ok(snapshot) => snapshot?,
        Err(_) => session.engine.snapshot(id).await.map_err(Error::from)?,
    };
    session.close(Duration::ZERO).await;
    print(context, &snapshot);
    let status = snapshot.summary.status;
    match status {
        Status::Cancelled => Ok(Exit::Completed),
        _ if status.is_final() => Err(Error::Failed(format!("execution {id} had ended already: {}", status.native()))),
        _ => {
            let resume = context.command(&format!("exec resume {id}"));
            context.output.note(&format!("the cancel is kept, and not settled yet; go on with:\n  {resume}"));
            Ok(Exit::Waiting)
        }
    }
}

/// Shows what happens until the execution has ended or nothing moves it any more.
async fn settle(session: &Session, id: ExecutionId, mut notices: engine::Notices, progress: &mut Progress) -> Result<Snapshot, Error> {
    loop {
        let snapshot = session.engine.snapshot(id).await.map_err(Error::from)?;
        if snapshot.summary.status.is_final() || (!snapshot.live && snapshot.summary.deadline.is_none()) {
            return Ok(snapshot);
        }
        match notices.next().await {
            Some(Notice::Committed { execution, events }) => {
                progress.committed(execution, &events);
            }
            Some(_) => {}
            None => return Ok(snapshot),
        }
    }
}

fn print(context: &Context, snapshot: &Snapshot) {
    if context.output.is_text() {
        context.output.data(&format!("{} {}", snapshot.id, snapshot.summary.status.native()));
    } else {
        context.output.json(&view::execution(snapshot));
    }
}
