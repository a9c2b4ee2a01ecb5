//! `flowgate approval list`: open questions, oldest first; on a server closed ones too.

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::output::{duration, instant};
use crate::cli::{question, remote, session, view};
use crate::clock;
use crate::engine::{QuestionRef, Resume};
use crate::flow::spec::{Duration, EffectClass};
use crate::machine;
use crate::present::visible::{one_line, visible};

/// Where a question stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    /// Open.
    Pending,
    /// Decided by a person.
    Responded,
    /// Taken back, or its step or execution ended before.
    Cancelled,
    /// Nobody answered in time.
    Expired,
}

/// What repeating the action would do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "SCREAMING_SNAKE_CASE")]
enum Risk {
    /// It reads, or there is no action.
    Low,
    /// It may be repeated.
    Medium,
    /// It must happen once.
    High,
}

impl Risk {
    fn of(asked: &QuestionRef) -> Self {
        match asked.question.action.as_ref().map(|action| action.call.effect) {
            Some(EffectClass::Once) => Self::High,
            Some(EffectClass::Idempotent) => Self::Medium,
            Some(EffectClass::Read) | None => Self::Low,
        }
    }
}

/// List open questions, oldest first: approvals, asks, budgets, calls in doubt.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls")]
#[command(after_help = "\
Examples:
  flowgate approval list
  flowgate approval list --mine --risk HIGH
  flowgate approval list --agent refund-review --expiring-within 1h -o json
  flowgate approval list --status RESPONDED,EXPIRED --limit 20 --server https://flows.example")]
pub struct Args {
    /// Only of this agent (without a server: of this flow)
    #[arg(long, visible_alias = "flow", value_name = "NAME")]
    agent: Option<String>,
    /// Only those that you may decide
    #[arg(long)]
    mine: bool,
    /// Only with an action of this risk: LOW reads or has no action, MEDIUM may be repeated, HIGH must happen once
    #[arg(long, value_enum, ignore_case = true, value_name = "RISK")]
    risk: Option<Risk>,
    /// Only those that were asked at least this long ago
    #[arg(long, value_name = "DURATION")]
    older_than: Option<Duration>,
    /// Only those that expire within this time
    #[arg(long, value_name = "DURATION")]
    expiring_within: Option<Duration>,
    /// Only with one of these statuses; closed ones are kept in lists by a server only
    #[arg(long, value_enum, value_delimiter = ',', ignore_case = true, default_value = "PENDING", value_name = "STATUS")]
    status: Vec<Status>,
    /// At most this many
    #[arg(long, default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000), value_name = "N")]
    limit: u32,
}

/// # Errors
/// When the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::approval::list(context, &target, &args.wanted()).await;
    }
    if args.status != [Status::Pending] {
        return Err(Error::Usage("--status lists closed questions, which only a server does; `approval show ID` reads one".to_owned()));
    }
    let mut questions = if session::has_store(context) {
        let session = session::open(context, Resume::Nothing)?;
        let questions = session.engine.questions().await;
        session.close(std::time::Duration::ZERO).await;
        questions.map_err(Error::from)?
    } else {
        Vec::new()
    };
    questions.retain(|asked| args.fits(context, asked));
    questions.truncate(args.limit as usize);
    let output = context.output;
    if !output.is_text() {
        output.json_list(&questions.iter().map(question::json).collect::<Vec<_>>());
    } else if questions.is_empty() {
        output.note("no open questions");
    } else {
        output.table(&["QUESTION", "KIND", "FLOW", "STEP", "ASKED", "DEADLINE", "TITLE"], questions.iter().map(row).collect());
    }
    Ok(Exit::Completed)
}

impl Args {
    /// As the server's list takes it.
    fn wanted(&self) -> remote::approval::Wanted {
        let mut conditions: Vec<(&'static str, String)> = Vec::new();
        conditions.extend(self.status.iter().filter_map(name).map(|status| ("status", status)));
        conditions.extend(self.agent.iter().map(|agent| ("agentId", agent.clone())));
        conditions.extend(self.mine.then(|| ("approver", "me".to_owned())));
        conditions.extend(self.risk.as_ref().and_then(name).map(|risk| ("risk", risk)));
        conditions.extend(self.older_than.iter().map(|age| ("minAgeMs", age.ms.to_string())));
        conditions.extend(self.expiring_within.iter().map(|within| ("expiringWithinMs", within.ms.to_string())));
        remote::approval::Wanted { conditions, limit: self.limit as usize }
    }

    fn fits(&self, context: &Context, asked: &QuestionRef) -> bool {
        let (question, now) = (&asked.question, clock::now());
        self.agent.as_ref().is_none_or(|agent| *agent == asked.flow)
            && (!self.mine || machine::may_decide(question, &context.person).is_ok())
            && self.risk.is_none_or(|risk| risk == Risk::of(asked))
            && self.older_than.as_ref().is_none_or(|age| question.asked_at.plus(age.ms) <= now)
            && self.expiring_within.as_ref().is_none_or(|within| question.expires_at.is_some_and(|at| at <= now.plus(within.ms)))
    }
}

/// A value as it is written on the command line, which is how the server writes it.
fn name(value: &impl clap::ValueEnum) -> Option<String> {
    value.to_possible_value().map(|value| value.get_name().to_owned())
}

fn row(asked: &QuestionRef) -> Vec<String> {
    let question = &asked.question;
    vec![
        question.id.to_string(),
        view::question_kind(question.kind).to_owned(),
        visible(&asked.flow).into_owned(),
        visible(&question.step).into_owned(),
        format!("{} ago", duration(clock::now().since(question.asked_at))),
        question.expires_at.map_or_else(|| "none".to_owned(), instant),
        one_line(&question.title, 60),
    ]
}
