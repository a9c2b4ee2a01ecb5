//! `flowgate exec …` and `flowgate signal` on a server.

use std::time::Duration;

use serde_json::{Value, json};

use super::find::{self, Found};
use super::follow::{self, Show, Until};
use super::translate;
use crate::cli::args::Context;
use crate::cli::client::{Client, read};
use crate::cli::error::{Error, Exit};
use crate::cli::output::Format;
use crate::cli::target::Target;
use crate::cli::{exec, view, walk};
use crate::flow::spec;
use crate::machine::input::Signal;
use crate::machine::trace::Attempt;
use crate::present::visible::visible;

/// How often a cancelled execution is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Which executions to list.
pub struct Wanted {
    /// By their native names; empty: every one.
    pub statuses: Vec<&'static str>,
    pub agent: Option<String>,
    pub limit: usize,
}

/// Executions of every agent, newest first.
///
/// # Errors
/// What the server says.
pub async fn list(target: &Target, wanted: &Wanted) -> Result<Vec<Value>, Error> {
    let client = Client::new(target)?;
    let conditions: Vec<(&str, &str)> = wanted.statuses.iter().map(|status| ("status", *status)).collect();
    let records = find::records(&client, wanted.agent.as_deref(), &conditions, wanted.limit).await?;
    Ok(records.iter().map(translate::row).collect())
}

/// # Errors
/// What the server says.
pub async fn show(context: &Context, target: &Target, name: &str) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    print(context, &client, &found).await?;
    Ok(Exit::Completed)
}

/// Prints how it stands; gives its status.
async fn print(context: &Context, client: &Client, found: &Found) -> Result<String, Error> {
    let record = client.get(found.at(client, "")?).await?;
    let result = client.get(found.below(client, "result")?).await?;
    let shown = translate::execution(&record, &result);
    match context.output.format {
        Format::Text => context.output.data(&view::standing_text(context.output, &shown, &translate::beside(&record, &result))),
        Format::Json => context.output.json(&shown),
        Format::Ndjson => context.output.json_line(&shown),
    }
    Ok(record["status"].as_str().unwrap_or_default().to_owned())
}

/// # Errors
/// What the server says.
pub async fn trace(context: &Context, target: &Target, name: &str, io: bool) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    let envelope = client.get(found.below(&client, "trace")?).await?;
    let rows = translate::attempts(&envelope["trace"]["traces"]);
    let output = context.output;
    match output.format {
        Format::Text => {
            let attempts: Vec<Attempt> = read(Value::Array(rows))?;
            let heading = format!("{} {}", found.id, visible(envelope["status"].as_str().unwrap_or_default()));
            output.data(&exec::trace_text(output, &heading, &attempts, io));
        }
        Format::Json => output.json(&json!({"id": found.id, "status": envelope["status"], "attempts": rows})),
        Format::Ndjson => rows.iter().for_each(|row| output.json_line(row)),
    }
    Ok(Exit::Completed)
}

/// # Errors
/// What the server says.
pub async fn export(target: &Target, name: &str) -> Result<exec::Exported, Error> {
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    let mut answer = client.get(found.at(&client, ":export")?).await?;
    let left_out = read(answer["leftOut"].take())?;
    Ok(exec::Exported { sample: answer["sample"].take(), rehearsal: answer["rehearsal"].take(), left_out })
}

/// Follows it until it has ended, or Ctrl-C.
///
/// # Errors
/// What the server says.
pub async fn watch(context: &Context, target: &Target, name: &str) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    let is_over = follow::follow(context, &client, &found, 0, Show::Steps, Until::Ended).await?;
    print(context, &client, &found).await?;
    Ok(if is_over { Exit::Completed } else { Exit::Interrupted })
}

/// The journal, and what is added to it until the execution has ended, or Ctrl-C.
///
/// # Errors
/// What the server says.
pub async fn events(context: &Context, target: &Target, name: &str, from: u64) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    let is_over = follow::follow(context, &client, &found, from, Show::Journal, Until::Ended).await?;
    Ok(if is_over { Exit::Completed } else { Exit::Interrupted })
}

/// # Errors
/// What the server says; also when it had ended in another way.
pub async fn cancel(context: &Context, target: &Target, name: &str, reason: &str, wait: spec::Duration) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let mut found = find::execution(&client, name).await?;
    match client.post_for_status(found.at(&client, ":cancelRun")?, &json!({"reason": reason})).await {
        Ok(_) => {}
        Err(error) if error.is_status(409) => {}
        Err(error) => return Err(error.into()),
    }
    let until = tokio::time::Instant::now() + Duration::from_millis(wait.ms);
    let status = loop {
        found.record = client.get(found.at(&client, "")?).await?;
        let status = found.record["status"].as_str().unwrap_or_default().to_owned();
        if is_final(&status) || tokio::time::Instant::now() >= until {
            break status;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    };
    if context.output.is_text() {
        context.output.data(&format!("{} {}", found.id, visible(&status)));
    } else {
        context.output.json(&translate::execution(&found.record, &Value::Null));
    }
    match status.as_str() {
        "CANCELLED" => Ok(Exit::Completed),
        ended if is_final(ended) => Err(Error::Failed(format!("execution {} had ended already: {ended}", found.id))),
        _ => {
            context.output.note("the cancel is kept, and not settled yet; the server goes on with it");
            Ok(Exit::Waiting)
        }
    }
}

fn is_final(status: &str) -> bool {
    matches!(status, "COMPLETED" | "FAILED" | "CANCELLED" | "REJECTED")
}

/// Lets it go on, if it was paused, and follows it until it rests. On a server everything else moves by itself.
///
/// # Errors
/// What the server says.
pub async fn resume(context: &Context, target: &Target, name: &str, options: &walk::Options) -> Result<Exit, Error> {
    nobody_is_asked(options)?;
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    match client.post_for_status(found.at(&client, ":resume")?, &json!({})).await {
        // Ended, or not paused: how it stands is said below.
        Ok(_) => {}
        Err(error) if error.is_status(409) => {}
        Err(error) => return Err(error.into()),
    }
    until_rest(context, &client, &found).await
}

/// # Errors
/// What the server says.
pub async fn retry(context: &Context, target: &Target, name: &str, options: &walk::Options) -> Result<Exit, Error> {
    nobody_is_asked(options)?;
    let client = Client::new(target)?;
    let origin = find::execution(&client, name).await?;
    let answer = client.start(origin.at(&client, ":retry")?, &json!({})).await?;
    departed(context, &client, &origin, &answer, "retries").await
}

/// # Errors
/// What the server says.
pub async fn fork(
    context: &Context,
    target: &Target,
    name: &str,
    attempt: &str,
    output: &Value,
    options: &walk::Options,
) -> Result<Exit, Error> {
    nobody_is_asked(options)?;
    let client = Client::new(target)?;
    let origin = find::execution(&client, name).await?;
    let answer = client.start(origin.at(&client, ":fork")?, &json!({"attempt": attempt, "output": output})).await?;
    departed(context, &client, &origin, &answer, "departs from").await
}

async fn departed(context: &Context, client: &Client, origin: &Found, answer: &Value, how: &str) -> Result<Exit, Error> {
    let id = answer["executionRecordId"].as_str().or_else(|| answer["id"].as_str());
    let id = id.ok_or_else(|| Error::Failed("the server's answer names no execution".to_owned()))?.to_owned();
    context.output.note(&format!("execution {} {how} {}", visible(&id), origin.id));
    let found = Found { agent: origin.agent.clone(), id, record: Value::Null };
    until_rest(context, client, &found).await
}

/// Follows it until it has ended or waits, and exits by how it then stands.
async fn until_rest(context: &Context, client: &Client, found: &Found) -> Result<Exit, Error> {
    let is_over = follow::follow(context, client, found, 0, Show::Steps, Until::Settled).await?;
    let status = print(context, client, found).await?;
    if !is_over {
        context.output.note("the server goes on with it");
        return Ok(Exit::Interrupted);
    }
    Ok(match status.as_str() {
        "COMPLETED" => Exit::Completed,
        "FAILED" | "REJECTED" => Exit::Failed,
        "CANCELLED" => Exit::Cancelled,
        _ => Exit::Waiting,
    })
}

/// Questions of an execution on a server are in its list, not in this terminal.
fn nobody_is_asked(options: &walk::Options) -> Result<(), Error> {
    if options.approve == walk::Approve::All {
        let message = "--approve all answers questions of executions in the data directory; on a server decide with `flowgate approval`";
        return Err(Error::Usage(message.to_owned()));
    }
    Ok(())
}

/// Sends a signal; with `walk`, follows the execution afterwards.
///
/// # Errors
/// What the server says.
pub async fn signal(context: &Context, target: &Target, name: &str, signal: &Signal, walk: Option<&walk::Options>) -> Result<Exit, Error> {
    let client = Client::new(target)?;
    let found = find::execution(&client, name).await?;
    let body = json!({"name": signal.name, "payload": signal.payload, "id": signal.id});
    client.post_for_status(found.at(&client, ":signal")?, &body).await?;
    if walk.is_some() {
        return until_rest(context, &client, &found).await;
    }
    if context.output.is_text() {
        context.output.data(&signal.id);
    } else {
        context.output.json(&json!({"execution": found.id, "signal": signal.id, "name": signal.name}));
    }
    Ok(Exit::Completed)
}
