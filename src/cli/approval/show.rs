//! `flowgate approval show`: exactly what would be done.

use serde_json::json;

use super::{Named, closing_text};
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::question::{self, Detail};
use crate::cli::remote;
use crate::cli::session;
use crate::engine::{Closing, Resume};

/// Show a question in full: exactly what would be done, its digest, the evidence, who may decide until when.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate approval show 5f0c\n  flowgate approval show 5f0c -o json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
}

/// # Errors
/// When there is no such question, or the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::approval::show(context, &target, &args.named.id).await;
    }
    let session = session::open_existing(context, Resume::Nothing, &args.named.id)?;
    let (asked, closed) = match session.engine.find_question(&args.named.id).await {
        Ok(asked) => (asked, None),
        Err(not_open) => match session.engine.closed_question(&args.named.id).await {
            Ok(closed) => (closed.asked.clone(), Some(closed)),
            Err(_) => return Err(not_open.into()),
        },
    };
    let snapshot = session.engine.snapshot(asked.execution).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    if context.output.is_text() {
        let spent = (snapshot.summary.tokens, snapshot.summary.cost);
        context.output.data(&question::text(context.output, &asked, Some(spent), Detail::Full));
        if let Some(closed) = &closed {
            context.output.data(&format!("  closed       {}", closing_text(closed)));
        }
    } else {
        let mut shown = question::json(&asked);
        if let Some(closed) = &closed {
            shown["closed"] = match &closed.closing {
                Closing::Decided(decided) => json!({"how": "decided", "decided": decided}),
                Closing::Expired { at } => json!({"how": "expired", "at_ms": at}),
                Closing::Withdrawn { at } => json!({"how": "withdrawn", "at_ms": at}),
            };
        }
        context.output.json(&shown);
    }
    Ok(Exit::Completed)
}
