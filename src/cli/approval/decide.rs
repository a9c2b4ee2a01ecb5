//! `flowgate approval approve | edit | reject | respond | resolve`: one decision, durable before the command says so. What is decided on
//! is the digest that the question has when the command reads it, or the one that `--digest` pins.

use serde_json::{Value, json};

use super::{Approve, Deciding, Edit, Reject, Resolve, Respond, closing_text};
use crate::cli::args::Context;
use crate::cli::client::Client;
use crate::cli::error::{Error, Exit};
use crate::cli::session::{self, Session};
use crate::cli::tree::verdict_word;
use crate::cli::{exec, remote, values, view};
use crate::engine::{Answered, QuestionRef, Resume};
use crate::machine::question::{Decision, QuestionKind, Verdict};
use crate::present::visible::visible;

/// # Errors
/// When the question cannot be approved, by this person, now.
pub async fn approve(context: &Context, args: &Approve) -> Result<Exit, Error> {
    if let Some(server) = Server::open(context, &args.deciding).await? {
        let text = |name: &str| server.approval[name].as_str().unwrap_or_default();
        let (step, id) = (visible(text("stepIdentifier")), visible(text("id")));
        if let Some(hint) = instead_of_approving(context, &remote::approval::kind(&server.approval), &step, &id) {
            return Err(Error::Failed(hint));
        }
        return server.decide(context, &Verdict::Approve, &args.deciding).await;
    }
    let (session, asked) = read(context, &args.deciding).await?;
    let (kind, id) = (view::question_kind(asked.question.kind), asked.question.id.to_string());
    if let Some(hint) = instead_of_approving(context, kind, &visible(&asked.question.step), &id) {
        return Err(Error::Failed(hint));
    }
    decide(context, session, &asked, Verdict::Approve, &args.deciding).await
}

/// What to say to a question that is not to be approved.
fn instead_of_approving(context: &Context, kind: &str, step: &str, id: &str) -> Option<String> {
    match kind {
        "in_doubt" => {
            let resolve = context.command(&format!("approval resolve {id} --retry | --happened JSON | --fail"));
            Some(format!(
                "`{step}` is in doubt: it was started and may have happened, so there is nothing to approve. Find out, then say what is true:\n  {resolve}"
            ))
        }
        "ask" => {
            let respond = context.command(&format!("approval respond {id} ANSWER"));
            Some(format!("`{step}` asks for an answer, not for an approval:\n  {respond}"))
        }
        _ => None,
    }
}

/// # Errors
/// As `approve`; also when the arguments do not fit.
pub async fn edit(context: &Context, args: &Edit) -> Result<Exit, Error> {
    let given = args.arguments.as_deref().map(|text| values::document(text, "--arguments")).transpose()?;
    if let Some(server) = Server::open(context, &args.deciding).await? {
        let arguments = match (given, &server.approval["action"]["arguments"]) {
            (Some(arguments), _) => arguments,
            (None, Value::Null) => {
                let id = visible(server.approval["id"].as_str().unwrap_or_default()).into_owned();
                return Err(Error::Failed(format!("question {id} has no action to edit")));
            }
            (None, present) => in_editor(present)?,
        };
        return server.decide(context, &Verdict::Edit { arguments }, &args.deciding).await;
    }
    let (session, asked) = read(context, &args.deciding).await?;
    let arguments = match (given, &asked.question.action) {
        (Some(arguments), _) => arguments,
        (None, Some(action)) => in_editor(&action.arguments)?,
        (None, None) => return Err(Error::Failed(format!("question {} has no action to edit", asked.question.id))),
    };
    decide(context, session, &asked, Verdict::Edit { arguments }, &args.deciding).await
}

/// # Errors
/// As `approve`.
pub async fn reject(context: &Context, args: &Reject) -> Result<Exit, Error> {
    if let Some(server) = Server::open(context, &args.deciding).await? {
        let verdict = if server.is_in_doubt() { Verdict::Fail } else { Verdict::Reject };
        return server.decide(context, &verdict, &args.deciding).await;
    }
    let (session, asked) = read(context, &args.deciding).await?;
    let verdict = if asked.question.kind == QuestionKind::InDoubt { Verdict::Fail } else { Verdict::Reject };
    decide(context, session, &asked, verdict, &args.deciding).await
}

/// # Errors
/// As `approve`; also when the answer does not fit the form.
pub async fn respond(context: &Context, args: &Respond) -> Result<Exit, Error> {
    let text = args.answer.as_str();
    let is_reference = text == "-" || text.starts_with('@');
    let response = match values::document(text, "ANSWER") {
        Ok(response) => response,
        Err(error) if is_reference => return Err(error),
        Err(_) => Value::String(text.to_owned()),
    };
    if let Some(server) = Server::open(context, &args.deciding).await? {
        return server.decide(context, &Verdict::Respond { response }, &args.deciding).await;
    }
    let (session, asked) = read(context, &args.deciding).await?;
    decide(context, session, &asked, Verdict::Respond { response }, &args.deciding).await
}

/// # Errors
/// As `approve`; also when the question is not in doubt.
pub async fn resolve(context: &Context, args: &Resolve) -> Result<Exit, Error> {
    let verdict = match &args.happened {
        Some(text) => Verdict::Happened { result: values::document(text, "--happened")? },
        None if args.retry => Verdict::Retry,
        None => Verdict::Fail,
    };
    let not_in_doubt = |id: &str| Error::Failed(format!("question {id} is not in doubt; decide it with approve, reject, edit or respond"));
    if let Some(server) = Server::open(context, &args.deciding).await? {
        if !server.is_in_doubt() {
            return Err(not_in_doubt(&visible(server.approval["id"].as_str().unwrap_or_default())));
        }
        return server.decide(context, &verdict, &args.deciding).await;
    }
    let (session, asked) = read(context, &args.deciding).await?;
    if asked.question.kind != QuestionKind::InDoubt {
        return Err(not_in_doubt(&asked.question.id.to_string()));
    }
    decide(context, session, &asked, verdict, &args.deciding).await
}

/// A question on a server.
struct Server {
    client: Client,
    approval: Value,
}

impl Server {
    /// The question, where a server is named; none: it is in the data directory.
    async fn open(context: &Context, deciding: &Deciding) -> Result<Option<Self>, Error> {
        let Some(target) = context.server()? else { return Ok(None) };
        if deciding.resume {
            let message = "--resume goes on with executions in the data directory; on a server they go on by themselves";
            return Err(Error::Usage(message.to_owned()));
        }
        let client = Client::new(&target)?;
        let approval = remote::approval::open_question(&client, &deciding.named.id).await?;
        Ok(Some(Self { client, approval }))
    }

    fn is_in_doubt(&self) -> bool {
        remote::approval::kind(&self.approval) == "in_doubt"
    }

    async fn decide(&self, context: &Context, verdict: &Verdict, deciding: &Deciding) -> Result<Exit, Error> {
        let said = remote::approval::Said { digest: deciding.digest, reason: deciding.reason.as_deref() };
        remote::approval::decide(context, &self.client, &self.approval, verdict, &said).await
    }
}

/// Opens the store and reads the question, so that the decision names what it has now.
async fn read(context: &Context, deciding: &Deciding) -> Result<(Session, QuestionRef), Error> {
    // Without --resume nothing is performed by this process: the decision is recorded, and the walk goes on later.
    let moves = if deciding.resume { Resume::Asked } else { Resume::Nothing };
    let session = session::open_existing(context, moves, &deciding.named.id)?;
    match session.engine.find_question(&deciding.named.id).await {
        Ok(asked) => Ok((session, asked)),
        Err(not_open) => match session.engine.closed_question(&deciding.named.id).await {
            Ok(closed) => Err(Error::Failed(closing_text(&closed))),
            Err(_) => Err(not_open.into()),
        },
    }
}

async fn decide(context: &Context, session: Session, asked: &QuestionRef, verdict: Verdict, deciding: &Deciding) -> Result<Exit, Error> {
    let digest = deciding.digest.unwrap_or(asked.question.digest);
    let (question, id) = (asked.question.id, asked.execution);
    let decision = Decision { question, digest, verdict, by: context.person.clone(), reason: deciding.reason.clone() };
    let root = root(&session, id).await?;
    // Listening begins before the decision, so that what follows from it at once is shown too.
    let watched = exec::watch(context, &session, root).await?;
    let answered = session.engine.decide(decision).await.map_err(Error::from)?;
    let output = context.output;
    match &answered {
        Answered::Closed(decided) if output.is_text() => {
            let text = format!("{} {} by {}", visible(&asked.question.step), verdict_word(&decided.verdict), visible(&decided.by));
            if deciding.resume { output.note(&text) } else { output.data(&text) }
        }
        Answered::Open(open) if output.is_text() => {
            let needed = open.approvers.quorum.max(1);
            let text = format!("counted: {} of {needed} votes for {}", open.votes.len(), open.digest);
            if deciding.resume { output.note(&text) } else { output.data(&text) }
        }
        _ if deciding.resume => {}
        Answered::Closed(decided) => {
            output.json(&json!({"question": question, "execution": id, "closed": true, "decided": decided}));
        }
        Answered::Open(open) => {
            output.json(&json!({"question": question, "execution": id, "closed": false, "votes": open.votes, "digest": open.digest}));
        }
    }
    if deciding.resume {
        return exec::walk_on(context, session, watched, &deciding.walk).await;
    }
    session.close(std::time::Duration::ZERO).await;
    if let Answered::Closed(_) = answered {
        output.note(&format!("go on with:\n  {}", context.command(&format!("exec resume {root}"))));
    }
    Ok(Exit::Completed)
}

/// The execution at the top: the one that a person resumes.
async fn root(session: &Session, id: crate::ids::ExecutionId) -> Result<crate::ids::ExecutionId, Error> {
    let mut id = id;
    while let Some(parent) = session.engine.snapshot(id).await.map_err(Error::from)?.start.parent {
        id = parent.execution;
    }
    Ok(id)
}

fn in_editor(arguments: &Value) -> Result<Value, Error> {
    crate::cli::ask::edit_arguments(arguments).map_err(Error::Failed)
}
