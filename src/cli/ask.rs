//! Questions asked in the terminal: shows exactly what would be done, reads a person's answer. Deciding is the caller's.

use std::io::{BufRead as _, IsTerminal as _};

use serde_json::{Map, Value};
use tokio::sync::oneshot;

use super::output::{Accent, Output};
use super::question::{self, Detail};
use super::values;
use crate::engine::QuestionRef;
use crate::flow::spec::DecisionKind;
use crate::ids::NanoUsd;
use crate::machine::question::{Question, QuestionKind, Verdict};

/// What a person answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Reply {
    Decide {
        verdict: Verdict,
        reason: Option<String>,
    },
    /// The question stays open.
    Later,
}

/// Whether a person can be asked here.
#[must_use]
pub fn can_ask() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks until there is an answer. A closed standard input means later.
pub async fn ask(output: Output, asked: &QuestionRef, spent: (u64, NanoUsd)) -> Reply {
    let question = &asked.question;
    output.note("");
    output.note(&question::text(output, asked, Some(spent), Detail::Short));
    loop {
        output.prompt(&format!("{} ", output.accent(Accent::Strong, &choices(question))));
        let Some(line) = read_line().await else { return Reply::Later };
        let word = line.trim().to_lowercase();
        let reply = match word.as_str() {
            "l" | "later" => Some(Reply::Later),
            "s" | "show" => {
                output.note(&question::text(output, asked, Some(spent), Detail::Full));
                None
            }
            other => answer(output, question, other).await,
        };
        if let Some(reply) = reply {
            return reply;
        }
    }
}

/// The keys that mean something for this question.
fn choices(question: &Question) -> String {
    let mut words: Vec<&str> = match question.kind {
        QuestionKind::InDoubt => vec!["[r]etry", "[h]appened", "[f]ail"],
        QuestionKind::Ask => vec!["[a]nswer"],
        QuestionKind::Budget => vec!["[a]pprove", "[r]eject"],
        QuestionKind::Approval | QuestionKind::ToolApproval => {
            let named = |kind: &DecisionKind| match kind {
                DecisionKind::Approve => "[a]pprove",
                DecisionKind::Edit => "[e]dit",
                DecisionKind::Reject => "[r]eject",
                DecisionKind::Respond => "res[p]ond",
            };
            question.decisions.iter().map(named).collect()
        }
    };
    words.extend(["[s]how", "[l]ater"]);
    format!("{} >", words.join("  "))
}

/// The answer that `word` stands for; none when it has no meaning here or the person thought better of it.
async fn answer(output: Output, question: &Question, word: &str) -> Option<Reply> {
    let can = |kind: DecisionKind| question.kind == QuestionKind::Budget || question.decisions.contains(&kind);
    match (question.kind, word) {
        (QuestionKind::InDoubt, "r" | "retry") => decided(Verdict::Retry, None),
        (QuestionKind::InDoubt, "f" | "fail") => decided(Verdict::Fail, None),
        (QuestionKind::InDoubt, "h" | "happened") => {
            let result = read_json(output, "its result, as JSON").await?;
            decided(Verdict::Happened { result }, None)
        }
        (QuestionKind::Ask, "a" | "answer") => {
            let response = respond(output, question).await?;
            decided(Verdict::Respond { response }, None)
        }
        (QuestionKind::InDoubt | QuestionKind::Ask, _) => None,
        (_, "a" | "approve") if can(DecisionKind::Approve) => decided(Verdict::Approve, None),
        (_, "r" | "reject") if can(DecisionKind::Reject) => {
            output.prompt("reason (empty: none) > ");
            let reason = read_line().await?;
            decided(Verdict::Reject, Some(reason.trim().to_owned()).filter(|reason| !reason.is_empty()))
        }
        (_, "e" | "edit") if can(DecisionKind::Edit) => {
            let arguments = edit(output, question).await?;
            decided(Verdict::Edit { arguments }, None)
        }
        (_, "p" | "respond") if can(DecisionKind::Respond) => {
            let response = respond(output, question).await?;
            decided(Verdict::Respond { response }, None)
        }
        _ => None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "reads as the answer that it is")]
fn decided(verdict: Verdict, reason: Option<String>) -> Option<Reply> {
    Some(Reply::Decide { verdict, reason })
}

/// The changed arguments: in `$VISUAL` or `$EDITOR`, or typed as one line of JSON.
async fn edit(output: Output, question: &Question) -> Option<Value> {
    let arguments = &question.action.as_ref()?.arguments;
    if editor().is_none() {
        output.note(&crate::present::action::pretty(arguments));
        return read_json(output, "the new arguments, as JSON").await;
    }
    let current = arguments.clone();
    let edited = tokio::task::spawn_blocking(move || edit_arguments(&current)).await.ok()?;
    edited.map_err(|message| output.error(&message)).ok()
}

fn editor() -> Option<String> {
    ["VISUAL", "EDITOR"].iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.trim().is_empty()))
}

/// The arguments as a person leaves them in their editor.
///
/// # Errors
/// When there is no editor, it fails, or what it leaves is no JSON.
pub fn edit_arguments(arguments: &Value) -> Result<Value, String> {
    let editor = editor().ok_or("no editor is set: give --arguments, or set EDITOR")?;
    edit_in(&editor, arguments)
}

fn edit_in(editor: &str, arguments: &Value) -> Result<Value, String> {
    let path = std::env::temp_dir().join(format!("flowgate-edit-{}.json", uuid::Uuid::new_v4()));
    let cannot = |error: std::io::Error| format!("cannot edit {}: {error}", path.display());
    let mut file = std::fs::File::create_new(&path).map_err(cannot)?;
    let text = serde_json::to_string_pretty(arguments).unwrap_or_default();
    std::io::Write::write_all(&mut file, text.as_bytes()).map_err(cannot)?;
    // An editor may be a command with arguments, as in `code --wait`.
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = std::process::Command::new(program).args(words).arg(&path).status();
    let read = std::fs::read_to_string(&path);
    let _ = std::fs::remove_file(&path);
    match status {
        Err(error) => Err(format!("cannot start the editor `{editor}`: {error}")),
        Ok(status) if !status.success() => Err(format!("the editor `{editor}` ended with {status}; nothing was changed")),
        Ok(_) => serde_json::from_str(&read.map_err(cannot)?).map_err(|error| format!("the edited arguments are not JSON: {error}")),
    }
}

/// What a form asks for, property by property; free text where there is no form.
async fn respond(output: Output, question: &Question) -> Option<Value> {
    let properties = question.form.as_ref().and_then(|form| form.get("properties")).and_then(Value::as_object);
    let Some(properties) = properties else {
        let is_text = question.form.as_ref().is_none_or(|form| form.get("type").and_then(Value::as_str) == Some("string"));
        if !is_text {
            return read_json(output, "the answer, as JSON").await;
        }
        output.prompt("answer > ");
        return Some(Value::String(read_line().await?));
    };
    let mut parameters = Vec::new();
    for (name, property) in properties {
        let hint = property.get("description").or_else(|| property.get("type")).and_then(Value::as_str).unwrap_or("text");
        output.prompt(&format!("{} ({}) > ", crate::present::visible::visible(name), crate::present::visible::visible(hint)));
        let line = read_line().await?;
        if !line.is_empty() {
            parameters.push(format!("{name}={line}"));
        }
    }
    if parameters.is_empty() {
        return Some(Value::Object(Map::new()));
    }
    values::input(None, &parameters, question.form.as_ref()).map_err(|error| output.error(&error.to_string())).ok()
}

async fn read_json(output: Output, what: &str) -> Option<Value> {
    output.prompt(&format!("{what} > "));
    let line = read_line().await?;
    serde_json::from_str(&line).map_err(|error| output.error(&format!("that is not JSON: {error}"))).ok()
}

/// One line of standard input, read on a thread of its own so that Ctrl-C and the engine go on meanwhile.
async fn read_line() -> Option<String> {
    let (sender, receiver) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = std::io::stdin().lock().read_line(&mut line);
        let line = matches!(read, Ok(count) if count > 0).then(|| line.trim_end_matches(['\n', '\r']).to_owned());
        // Nobody listens any more after an interrupt.
        let _ = sender.send(line);
    });
    receiver.await.ok().flatten()
}
