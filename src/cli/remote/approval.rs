//! `flowgate approval …` on a server.

use serde_json::{Value, json};

pub use super::translate::kind;
use super::{find, shown, translate};
use crate::cli::args::Context;
use crate::cli::client::{self, Client};
use crate::cli::error::{Error, Exit};
use crate::cli::output::{duration, instant};
use crate::cli::target::Target;
use crate::cli::tree::verdict_word;
use crate::clock;
use crate::ids::{Digest, TimeMs};
use crate::machine::question::Verdict;
use crate::present::visible::{one_line, visible};

/// Comments read at a time, and at most.
const COMMENTS_PER_READ: usize = 100;
const COMMENTS_MAX: usize = 1_000;

/// Which questions to list.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Conditions as the server's list takes them.
    pub conditions: Vec<(&'static str, String)>,
    pub limit: usize,
}

/// # Errors
/// What the server says.
pub async fn list(context: &Context, target: &Target, wanted: &Wanted) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let questions = find::questions(&client, &wanted.conditions, wanted.limit).await?;
    let output = context.output;
    if !output.is_text() {
        output.json_list(&questions.iter().map(translate::question).collect::<Vec<_>>());
    } else if questions.is_empty() {
        output.note("no such questions");
    } else if questions.iter().all(|question| question["status"] == "PENDING") {
        output.table(&["QUESTION", "KIND", "FLOW", "STEP", "ASKED", "DEADLINE", "TITLE"], questions.iter().map(row).collect());
    } else {
        let with_closing = |question| {
            let mut cells = row(question);
            cells[5] = closing_text(question).map_or_else(|| "open".to_owned(), |closing| one_line(&closing, 60));
            cells
        };
        output.table(&["QUESTION", "KIND", "FLOW", "STEP", "ASKED", "STANDS", "TITLE"], questions.iter().map(with_closing).collect());
    }
    Ok(Exit::Completed)
}

fn row(approval: &Value) -> Vec<String> {
    let text = |name: &str| approval[name].as_str().unwrap_or_default();
    let time = |name: &str| approval[name].as_u64().map(TimeMs);
    vec![
        visible(text("id")).into_owned(),
        visible(&kind(approval)).into_owned(),
        visible(text("agentId")).into_owned(),
        visible(text("stepIdentifier")).into_owned(),
        time("createdAt").map(|at| format!("{} ago", duration(clock::now().since(at)))).unwrap_or_default(),
        time("expiresAt").map_or_else(|| "none".to_owned(), instant),
        one_line(text("outboundMessage"), 60),
    ]
}

/// # Errors
/// What the server says.
pub async fn show(context: &Context, target: &Target, name: &str) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let approval = find::question(&client, name).await?;
    if !context.output.is_text() {
        context.output.json(&translate::question(&approval));
        return Ok(Exit::Completed);
    }
    let comments = comments_of(&client, &approval).await?;
    context.output.data(&shown::text(context.output, &approval, &comments));
    if let Some(closing) = closing_text(&approval) {
        context.output.data(&format!("  closed       {closing}"));
    }
    Ok(Exit::Completed)
}

/// What people said about it, oldest first.
async fn comments_of(client: &Client, approval: &Value) -> Result<Vec<Value>, Error> {
    Ok(client.all(&at(client, approval, "", Some("comments"))?, COMMENTS_PER_READ, COMMENTS_MAX).await?)
}

/// Says something about a question, open or closed.
///
/// # Errors
/// What the server says.
pub async fn comment(context: &Context, target: &Target, name: &str, said: &str) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let approval = find::question(&client, name).await?;
    let comment = client.post(at(&client, &approval, "", Some("comments"))?, &json!({"text": said})).await?;
    if context.output.is_text() {
        context.output.note(&format!("said about `{}`", visible(approval["stepIdentifier"].as_str().unwrap_or_default())));
    } else {
        context.output.json(&comment);
    }
    Ok(Exit::Completed)
}

/// What people said about a question.
///
/// # Errors
/// What the server says.
pub async fn comments(context: &Context, target: &Target, name: &str) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let approval = find::question(&client, name).await?;
    let comments = comments_of(&client, &approval).await?;
    if !context.output.is_text() {
        context.output.json_list(&comments);
    } else if comments.is_empty() {
        context.output.note("nobody said anything");
    } else {
        for comment in &comments {
            context.output.data(&shown::comment(comment));
        }
    }
    Ok(Exit::Completed)
}

/// Tells the others that somebody looks at it; `seconds`: for how long.
///
/// # Errors
/// What the server says, as when somebody else is looking.
pub async fn claim(context: &Context, target: &Target, name: &str, seconds: Option<u64>) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let approval = open_question(&client, name).await?;
    let body = seconds.map_or_else(|| json!({}), |seconds| json!({"seconds": seconds}));
    let claimed = client.post(at(&client, &approval, ":claim", None)?, &body).await?;
    if context.output.is_text() {
        let until = claimed["claim"]["until"].as_u64().map(|until| format!(" until {}", instant(TimeMs(until)))).unwrap_or_default();
        context.output.note(&format!("{} is yours to look at{until}", visible(claimed["id"].as_str().unwrap_or_default())));
    } else {
        context.output.json(&translate::question(&claimed));
    }
    Ok(Exit::Completed)
}

/// Gives a claim back.
///
/// # Errors
/// What the server says, as when it is somebody else's.
pub async fn release(context: &Context, target: &Target, name: &str) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let approval = open_question(&client, name).await?;
    let released = client.post(at(&client, &approval, ":release", None)?, &json!({})).await?;
    if context.output.is_text() {
        context.output.note(&format!("nobody looks at {}", visible(released["id"].as_str().unwrap_or_default())));
    } else {
        context.output.json(&translate::question(&released));
    }
    Ok(Exit::Completed)
}

/// An address of an approval: `action` stands behind its id, `part` below it.
fn at(client: &Client, approval: &Value, action: &str, part: Option<&str>) -> Result<url::Url, Error> {
    let text = |name: &str| approval[name].as_str().unwrap_or_default();
    let one = format!("{}{action}", text("id"));
    let path = ["agents", text("agentId"), "pendingApprovals", &one];
    match part {
        Some(part) => client.at(&[&path[..], &[part]].concat()),
        None => client.at(&path),
    }
}

/// How a closed question was closed.
fn closing_text(approval: &Value) -> Option<String> {
    let at = approval["respondedAt"].as_u64().map(|at| format!(" at {}", instant(TimeMs(at)))).unwrap_or_default();
    match approval["status"].as_str()? {
        "PENDING" => None,
        _ if approval["decided"].is_object() => Some(already(&approval["decided"])),
        "EXPIRED" => Some(format!("too late: it expired unanswered{at}")),
        _ => Some(format!("too late: it was withdrawn undecided{at}, because its step ended without it")),
    }
}

/// The decision that stands.
fn already(decided: &Value) -> String {
    let at = decided["at"].as_u64().map(|at| format!(", at {}", instant(TimeMs(at)))).unwrap_or_default();
    let why = decided["reason"].as_str().map(|reason| format!(" ({})", visible(reason))).unwrap_or_default();
    format!("already decided: {} by {}{at}{why}", shown::decision(decided), visible(decided["by"].as_str().unwrap_or_default()))
}

/// What a person wants to say about a question.
pub struct Said<'a> {
    pub digest: Option<Digest>,
    pub reason: Option<&'a str>,
}

/// The question, still open, so that the decision names what it has now.
///
/// # Errors
/// When it is closed, or what the server says.
pub async fn open_question(client: &Client, name: &str) -> Result<Value, Error> {
    let approval = find::question(client, name).await?;
    match closing_text(&approval) {
        Some(closing) => Err(Error::Failed(closing)),
        None => Ok(approval),
    }
}

/// Decides.
///
/// # Errors
/// What the server says.
pub async fn decide(context: &Context, client: &Client, approval: &Value, verdict: &Verdict, said: &Said<'_>) -> Result<Exit, Error> {
    let text = |name: &str| approval[name].as_str().unwrap_or_default();
    let digest = said.digest.map_or_else(|| approval["digest"].clone(), |digest| json!(digest.to_string()));
    let mut body = body(verdict);
    body["digest"] = digest;
    if let Some(reason) = said.reason {
        body["reason"] = json!(reason);
    }
    let answer = match client.post(at(client, approval, ":decide", None)?, &body).await {
        // Somebody was faster.
        Err(client::Error::Answered(problem)) if problem.decided.is_object() => return Err(Error::Failed(already(&problem.decided))),
        answer => answer?,
    };
    let is_open = answer["status"] == "PENDING";
    let output = context.output;
    if !output.is_text() {
        let mut shown = json!({"question": text("id"), "execution": text("executionRecordId"), "closed": !is_open});
        if is_open {
            shown["votes"] = answer["votes"].clone();
            shown["digest"] = answer["digest"].clone();
        } else {
            shown["decided"] = answer["decided"].clone();
        }
        output.json(&shown);
    } else if is_open {
        let count = answer["votes"].as_array().map_or(0, Vec::len);
        output.data(&format!(
            "counted: {count} of {} votes for {}",
            answer["quorum"],
            visible(answer["digest"].as_str().unwrap_or_default())
        ));
    } else {
        let by = answer["respondedBy"].as_str().map(|by| format!(" by {}", visible(by))).unwrap_or_default();
        output.data(&format!("{} {}{by}", visible(text("stepIdentifier")), verdict_word(verdict)));
    }
    Ok(Exit::Completed)
}

/// The decision as the server's `:decide` takes it.
fn body(verdict: &Verdict) -> Value {
    match verdict {
        Verdict::Approve => json!({"decision": "approve"}),
        Verdict::Edit { arguments } => json!({"decision": "edit", "arguments": arguments}),
        Verdict::Reject => json!({"decision": "reject"}),
        Verdict::Respond { response } => json!({"decision": "respond", "response": response}),
        Verdict::Retry => json!({"decision": "retry"}),
        Verdict::Happened { result } => json!({"decision": "happened", "result": result}),
        Verdict::Fail => json!({"decision": "fail"}),
    }
}
