//! `flowgate approval list`: every open question, oldest first.

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::output::{duration, instant};
use crate::cli::{question, remote, session, view};
use crate::clock;
use crate::engine::{QuestionRef, Resume};
use crate::present::visible::{one_line, visible};

/// List every open question: approvals, asks, budgets, calls in doubt.
#[derive(Debug, clap::Args)]
#[command(visible_alias = "ls")]
#[command(after_help = "Examples:\n  flowgate approval list\n  flowgate approval list -o json")]
pub struct Args {}

/// # Errors
/// When the store cannot be opened or read.
pub async fn execute(context: &Context, _: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::approval::list(context, &target).await;
    }
    let questions = if session::has_store(context) {
        let session = session::open(context, Resume::Nothing)?;
        let questions = session.engine.questions().await;
        session.close(std::time::Duration::ZERO).await;
        questions.map_err(Error::from)?
    } else {
        Vec::new()
    };
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
