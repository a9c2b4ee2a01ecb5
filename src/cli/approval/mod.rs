//! `flowgate approval`: questions to people. `list` and `show` look; `claim`, `release` and `comment` are for the others who look; the
//! rest decides, durably, and names the digest of what it saw.

mod decide;
mod list;
mod show;
mod talk;

use super::args::Context;
use super::error::{Error, Exit};
use super::output::instant;
use super::tree::verdict_word;
use super::{session, walk};
use crate::engine::{ClosedQuestion, Closing};
use crate::ids::Digest;
use crate::present::visible::visible;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    List(list::Args),
    Show(show::Args),
    Approve(Approve),
    Edit(Edit),
    Reject(Reject),
    Respond(Respond),
    Resolve(Resolve),
    Claim(talk::Claim),
    Release(talk::Release),
    Comment(talk::Comment),
}

/// The question that a command is about.
#[derive(Debug, clap::Args)]
pub struct Named {
    /// The question's id or its unique beginning; or the id of an execution with one open question
    #[arg(value_name = "ID")]
    pub id: String,
}

/// What every decision takes.
#[derive(Debug, clap::Args)]
pub struct Deciding {
    #[command(flatten)]
    pub named: Named,
    /// Why; kept in the journal and shown to everybody who asks later
    #[arg(long, value_name = "TEXT")]
    pub reason: Option<String>,
    /// Decide only if the action still has this digest; without it, the one that the question has now
    #[arg(long, value_name = "DIGEST")]
    pub digest: Option<Digest>,
    /// Go on with the execution afterwards, as `exec resume`
    #[arg(long)]
    pub resume: bool,
    #[command(flatten)]
    pub walk: walk::Options,
}

/// Approve what a question shows.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Decides, and moves nothing: `flowgate exec resume` goes on with the execution (or use --resume).

Examples:
  flowgate approval approve 5f0c
  flowgate approval approve 5f0c --as ana --reason \"receipt checked\" --resume")]
pub struct Approve {
    #[command(flatten)]
    deciding: Deciding,
}

/// Change the action's arguments and approve the changed action.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flowgate approval edit 5f0c --arguments '{\"amount\": 20}'\n  flowgate approval edit 5f0c --arguments @edited.json --resume"
)]
pub struct Edit {
    #[command(flatten)]
    deciding: Deciding,
    /// The new arguments, whole: JSON, @FILE, or - for standard input; without it, `$EDITOR` opens the present ones
    #[arg(long, visible_alias = "args", value_name = "JSON")]
    arguments: Option<String>,
}

/// Reject; of a question in doubt: give the step up.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate approval reject 5f0c --reason \"too much\"")]
pub struct Reject {
    #[command(flatten)]
    deciding: Deciding,
}

/// Answer in place of the action, or answer what is asked.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  flowgate approval respond 5f0c '{\"city\": \"Graz\"}'\n  flowgate approval respond 5f0c \"call the customer\""
)]
pub struct Respond {
    #[command(flatten)]
    deciding: Deciding,
    /// JSON, @FILE, or - for standard input; anything else is taken as text
    #[arg(value_name = "ANSWER")]
    answer: String,
}

/// Settle a call in doubt: it was started, and nobody knows whether it happened.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  flowgate approval resolve 5f0c --happened '{\"id\": \"refund-7\"}'   it happened, with this result
  flowgate approval resolve 5f0c --retry                          it did not happen: do it again
  flowgate approval resolve 5f0c --fail                           give the step up")]
#[command(group = clap::ArgGroup::new("how").required(true))]
pub struct Resolve {
    #[command(flatten)]
    deciding: Deciding,
    /// It did not happen: do it again
    #[arg(long, group = "how")]
    retry: bool,
    /// It happened, with this result: JSON, @FILE, or - for standard input
    #[arg(long, group = "how", value_name = "JSON")]
    happened: Option<String>,
    /// Give the step up
    #[arg(long, group = "how")]
    fail: bool,
}

/// Why a question that is closed cannot be decided: the decision that stands, or that there is none.
fn closing_text(closed: &ClosedQuestion) -> String {
    let step = visible(&closed.asked.question.step);
    match &closed.closing {
        Closing::Decided(decided) => {
            let why = decided.reason.as_ref().map(|reason| format!(" ({})", visible(reason))).unwrap_or_default();
            let (verdict, by, at) = (verdict_word(&decided.verdict), visible(&decided.by), instant(decided.at));
            format!("already decided: {verdict} by {by}, at {at}{why}")
        }
        Closing::Expired { at } => format!("too late: the question of `{step}` expired unanswered at {}", instant(*at)),
        Closing::Withdrawn { at } => {
            format!("too late: the question of `{step}` was withdrawn undecided at {}, because its step ended without it", instant(*at))
        }
    }
}

/// # Errors
/// What the command says.
pub fn execute(context: &Context, command: &Command) -> Result<Exit, Error> {
    match command {
        Command::List(args) => session::block_on(list::execute(context, args)),
        Command::Show(args) => session::block_on(show::execute(context, args)),
        Command::Approve(args) => session::block_on(decide::approve(context, args)),
        Command::Edit(args) => session::block_on(decide::edit(context, args)),
        Command::Reject(args) => session::block_on(decide::reject(context, args)),
        Command::Respond(args) => session::block_on(decide::respond(context, args)),
        Command::Resolve(args) => session::block_on(decide::resolve(context, args)),
        Command::Claim(args) => session::block_on(talk::claim(context, args)),
        Command::Release(args) => session::block_on(talk::release(context, args)),
        Command::Comment(args) => session::block_on(talk::comment(context, args)),
    }
}
