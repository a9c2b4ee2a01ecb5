//! `flowgate exec list`: executions, newest first.

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::{remote, session, view};
use crate::clock;
use crate::engine::{EngineHandle, Error as EngineError, Filter, ListRequest, Listed, Resume};
use crate::machine::summary::Status;

/// The statuses that can be asked for, by their native names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
enum Wanted {
    InProgress,
    WaitingForHuman,
    WaitingForAsync,
    Completed,
    Failed,
    Cancelled,
    Rejected,
}

impl Wanted {
    fn statuses(self) -> &'static [Status] {
        match self {
            Self::InProgress => &[Status::Running],
            Self::WaitingForHuman => &[Status::WaitingPerson],
            Self::WaitingForAsync => &[Status::WaitingAsync],
            Self::Completed => &[Status::Completed],
            Self::Failed => &[Status::Failed, Status::TimedOut],
            Self::Cancelled => &[Status::Cancelled],
            Self::Rejected => &[Status::Rejected],
        }
    }
}

/// List executions, newest first.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls")]
#[command(
    after_help = "Examples:\n  flowgate exec list\n  flowgate exec list --status WAITING_FOR_HUMAN -o json\n  flowgate exec list --flow refund-review --limit 10"
)]
pub struct Args {
    /// Only with one of these statuses
    #[arg(long, value_enum, value_delimiter = ',', ignore_case = true, value_name = "STATUS")]
    status: Vec<Wanted>,
    /// Only of this flow
    #[arg(long, value_name = "NAME")]
    flow: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "N")]
    limit: u32,
}

/// # Errors
/// When the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let rows = match context.server()? {
        Some(target) => remote::exec::list(&target, &args.wanted()).await?,
        None => rows(context, args).await?.iter().map(view::listed).collect(),
    };
    let output = context.output;
    if !output.is_text() {
        output.json_list(&rows);
    } else if rows.is_empty() {
        output.note("no executions");
    } else {
        let now = clock::now();
        let cells = rows.iter().map(|row| view::list_cells(row, now)).collect();
        output.table(&["ID", "FLOW", "STATUS", "STARTED", "TOKENS", "COST", ""], cells);
    }
    if rows.len() == args.limit as usize {
        output.note(&format!("only the newest {}; `--limit` shows more", rows.len()));
    }
    Ok(Exit::Completed)
}

impl Args {
    fn wanted(&self) -> remote::exec::Wanted {
        let statuses = self.status.iter().filter_map(|wanted| Some(wanted.statuses().first()?.native())).collect();
        remote::exec::Wanted { statuses, agent: self.flow.clone(), limit: self.limit as usize }
    }
}

async fn rows(context: &Context, args: &Args) -> Result<Vec<Listed>, Error> {
    // Looking makes nothing: no data directory, no store in an empty one.
    if !session::has_store(context) {
        return Ok(Vec::new());
    }
    let session = session::open(context, Resume::Nothing)?;
    let statuses = args.status.iter().flat_map(|wanted| wanted.statuses()).copied().collect();
    let rows = newest(&session.engine, Filter { statuses, flow: args.flow.clone(), ..Filter::default() }, args.limit as usize).await;
    session.close(std::time::Duration::ZERO).await;
    rows.map_err(Error::from)
}

/// As many as asked for, however many pages it takes.
async fn newest(engine: &EngineHandle, filter: Filter, limit: usize) -> Result<Vec<Listed>, EngineError> {
    let (mut rows, mut before) = (Vec::new(), None);
    loop {
        let page = engine.list(ListRequest { filter: filter.clone(), before, limit: limit - rows.len() }).await?;
        rows.extend(page.rows);
        before = page.next;
        if before.is_none() || rows.len() >= limit {
            return Ok(rows);
        }
    }
}
