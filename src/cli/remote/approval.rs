//! `flowgate approval …` on a server.

use serde_json::{Value, json};

use super::{find, translate};
use crate::cli::args::Context;
use crate::cli::client::Client;
use crate::cli::error::{Error, Exit};
use crate::cli::output::{duration, instant};
use crate::cli::question::{self, Detail};
use crate::cli::target::Target;
use crate::cli::tree::verdict_word;
use crate::clock;
use crate::engine::QuestionRef;
use crate::ids::{Digest, TimeMs};
use crate::machine::question::Verdict;
use crate::present::action::pretty;
use crate::present::visible::{one_line, visible};

/// # Errors
/// What the server says.
pub async fn list(context: &Context, target: &Target) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let questions = find::questions(&client).await?;
    let output = context.output;
    if !output.is_text() {
        output.json_list(&questions.iter().map(translate::question).collect::<Vec<_>>());
    } else if questions.is_empty() {
        output.note("no open questions");
    } else {
        output.table(&["QUESTION", "KIND", "FLOW", "STEP", "ASKED", "DEADLINE", "TITLE"], questions.iter().map(row).collect());
    }
    Ok(Exit::Completed)
}

fn row(approval: &Value) -> Vec<String> {
    let text = |name: &str| approval[name].as_str().unwrap_or_default();
    let time = |name: &str| approval[name].as_u64().map(TimeMs);
    let title = approval["question"]["title"].as_str().unwrap_or_else(|| text("outboundMessage"));
    vec![
        visible(text("id")).into_owned(),
        visible(&translate::kind(approval)).into_owned(),
        visible(text("agentId")).into_owned(),
        visible(text("stepIdentifier")).into_owned(),
        time("createdAt").map(|at| format!("{} ago", duration(clock::now().since(at)))).unwrap_or_default(),
        time("expiresAt").map_or_else(|| "none".to_owned(), instant),
        one_line(title, 60),
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
    let shown = match asked(&approval) {
        Some(asked) => question::text(context.output, &asked, None, Detail::Full),
        None => plain(&approval),
    };
    context.output.data(&shown);
    if let Some(closing) = closing_text(&approval) {
        context.output.data(&format!("  closed       {closing}"));
    }
    Ok(Exit::Completed)
}

/// The question as the machine knows it, where the server gives it whole.
fn asked(approval: &Value) -> Option<QuestionRef> {
    let question = serde_json::from_value(approval["question"].clone()).ok()?;
    let execution = approval["executionRecordId"].as_str()?.parse().ok()?;
    Some(QuestionRef { execution, flow: approval["agentId"].as_str()?.to_owned(), question })
}

fn plain(approval: &Value) -> String {
    let text = |name: &str| visible(approval[name].as_str().unwrap_or_default()).into_owned();
    let mut lines = vec![format!("{} asks for approval: {}", text("stepIdentifier"), text("outboundMessage"))];
    let mut add = |name: &str, value: &str| lines.push(format!("  {name:<12} {}", value.replace('\n', "\n               ")));
    add("question", &text("id"));
    add("execution", &format!("{} ({})", text("executionRecordId"), text("agentId")));
    add("tool", &text("toolKey"));
    add("arguments", &pretty(&approval["proposedParameters"]));
    add("digest", &text("digest"));
    let approvers = approval["authorizedApprovers"].as_array().into_iter().flatten().filter_map(Value::as_str).collect::<Vec<_>>();
    add("approvers", &visible(&approvers.join(", ")));
    add("deadline", &approval["expiresAt"].as_u64().map_or_else(|| "none".to_owned(), |at| instant(TimeMs(at))));
    lines.join("\n")
}

/// How a closed question was closed.
fn closing_text(approval: &Value) -> Option<String> {
    let text = |name: &str| visible(approval[name].as_str().unwrap_or_default()).into_owned();
    let at = approval["respondedAt"].as_u64().map(|at| format!(", at {}", instant(TimeMs(at)))).unwrap_or_default();
    match approval["status"].as_str()? {
        "PENDING" => None,
        "RESPONDED" => Some(format!("already decided: {} by {}{at}", text("decision").to_lowercase(), text("respondedBy"))),
        "EXPIRED" => Some("too late: it expired unanswered".to_owned()),
        _ => Some("too late: it was withdrawn undecided, because its step ended without it".to_owned()),
    }
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
    let digest = match said.digest {
        Some(digest) => json!(digest.to_string()),
        None if approval["digest"].is_string() => approval["digest"].clone(),
        None => approval["question"]["digest"].clone(),
    };
    let mut body = body(verdict);
    body["digest"] = digest;
    if let Some(reason) = said.reason {
        body["reason"] = json!(reason);
    }
    let path = ["agents", text("agentId"), "pendingApprovals", &format!("{}:decide", text("id"))];
    let answer = client.post(client.at(&path)?, &body).await?;
    let is_open = answer["status"] == "PENDING";
    let output = context.output;
    if !output.is_text() {
        output.json(&json!({"question": text("id"), "execution": text("executionRecordId"), "closed": !is_open, "decided": answer}));
    } else if is_open {
        output.data("counted; others have to decide too");
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
        Verdict::Happened { result } => json!({"decision": "happened", "response": result}),
        Verdict::Fail => json!({"decision": "fail"}),
    }
}
