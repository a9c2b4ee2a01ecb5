//! `flowgate exec events`: the journal of an execution.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::output::{Format, instant};
use crate::cli::{remote, session, walk};
use crate::engine::Resume;
use crate::machine::event::Recorded;
use crate::present::visible::visible;

/// Events read at once.
const PAGE: usize = 1_000;

/// Print the journal of an execution: every event, in order.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec events last\n  flowgate exec events last --from 20 -o ndjson")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    /// From this event on
    #[arg(long, default_value_t = 0, value_name = "SEQ")]
    from: u64,
}

/// # Errors
/// When there is no such execution, or the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::events(context, &target, &args.named.id, args.from).await;
    }
    let session = session::open_existing(context, Resume::Nothing, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let from = events.last().map_or(args.from, |last| last.seq + 1);
        let page = session.engine.events(id, from, PAGE).await.map_err(Error::from)?;
        let is_last = page.len() < PAGE;
        events.extend(page);
        if is_last {
            break;
        }
    }
    session.close(std::time::Duration::ZERO).await;
    let lines: Vec<_> = events.iter().map(|recorded| walk::event_line(id, recorded)).collect();
    match context.output.format {
        Format::Json | Format::Ndjson => context.output.json_list(&lines),
        Format::Text => {
            for (recorded, line) in events.iter().zip(lines) {
                context.output.data(&event_text(recorded, line));
            }
        }
    }
    Ok(Exit::Completed)
}

/// An event for people; `line` is its JSON.
pub fn event_text(recorded: &Recorded, mut line: serde_json::Value) -> String {
    let name = line["event"].as_str().unwrap_or_default().to_owned();
    if let Some(fields) = line.as_object_mut() {
        for known in ["id", "seq", "at_ms", "event"] {
            fields.shift_remove(known);
        }
    }
    format!("{:>5}  {}  {name:<16} {}", recorded.seq, instant(recorded.at), visible(&line.to_string()))
}
