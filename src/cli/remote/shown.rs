//! A question of a server as text: exactly what would be done, byte for byte, the evidence, and who may decide until when. The server's
//! counterpart of `cli::question`, with what only a server knows: claims and comments.

use std::fmt::Write as _;

use serde_json::Value;

use super::translate;
use crate::cli::output::{Accent, Output, dollars, instant};
use crate::ids::TimeMs;
use crate::present::action::pretty;
use crate::present::visible::{one_line, visible};

/// The whole question as text for a terminal.
#[must_use]
pub fn text(output: Output, approval: &Value, comments: &[Value]) -> String {
    let field = |name: &str| visible(approval[name].as_str().unwrap_or_default()).into_owned();
    let heading = format!("{} {}: {}", field("stepIdentifier"), asks(&translate::kind(approval)), field("outboundMessage"));
    let mut rows = vec![
        ("question", field("id")),
        ("execution", format!("{} ({} revision {})", field("executionRecordId"), field("agentId"), approval["agentRevision"])),
    ];
    if let Some(action) = approval["action"].as_object() {
        rows.extend(action_rows(&Value::Object(action.clone())));
    }
    rows.push(("digest", field("digest")));
    for evidence in entries(&approval["evidence"]) {
        rows.push(("evidence", format!("{} = {}", plain(&evidence["name"]), pretty(&evidence["value"]))));
    }
    if !approval["form"].is_null() {
        rows.push(("form", pretty(&approval["form"])));
    }
    let cost = dollars(approval["costSoFar"].as_f64().unwrap_or_default());
    rows.push(("cost so far", format!("{cost} · {} tokens", approval["tokensSoFar"].as_u64().unwrap_or_default())));
    rows.push(("takes", words(&approval["decisions"])));
    rows.push(("approvers", approvers(approval)));
    for vote in entries(&approval["votes"]) {
        let reason = vote["reason"].as_str().map(|reason| format!(": {}", visible(reason))).unwrap_or_default();
        rows.push(("vote", format!("{} on {}{reason}", plain(&vote["by"]), plain(&vote["digest"]))));
    }
    rows.push(("deadline", time(&approval["expiresAt"]).unwrap_or_else(|| "none".to_owned())));
    if let (Some(by), Some(until)) = (approval["claim"]["by"].as_str(), time(&approval["claim"]["until"])) {
        rows.push(("claimed", format!("{} looks at it until {until}", visible(by))));
    }
    rows.extend(comments.iter().map(|said| ("comment", comment(said))));
    let mut text = output.accent(Accent::Strong, &heading);
    for (name, value) in rows {
        let _ = write!(text, "\n  {name:<12} {}", value.replace('\n', "\n               "));
    }
    text
}

/// What would be done.
fn action_rows(action: &Value) -> Vec<(&'static str, String)> {
    let mut rows = vec![("releases", plain(&action["step"]))];
    if action["kind"] == "http" {
        rows.push(("request", format!("{} {}", plain(&action["method"]), plain(&action["url"]))));
        rows.extend(entries(&action["query"]).map(|pair| ("query", format!("{} = {}", plain(&pair["name"]), written(pair)))));
        rows.extend(entries(&action["headers"]).map(|pair| ("header", format!("{}: {}", plain(&pair["name"]), written(pair)))));
        let body = &action["body"];
        rows.push((
            "body",
            if body.is_null() { "none".to_owned() } else { format!("{}\n{}", plain(&body["contentType"]), plain(&body["text"])) },
        ));
    } else {
        let server = action["server"].as_str().map(|server| format!(" of MCP server {}", visible(server))).unwrap_or_default();
        rows.push(("tool", format!("{}{server} ({})", plain(&action["tool"]), plain(&action["kind"]))));
        rows.push(("arguments", pretty(&action["arguments"])));
    }
    rows.extend(action["idempotencyKey"].as_str().map(|key| ("key", format!("Idempotency-Key: {}", visible(key)))));
    rows.push(("effect", plain(&action["effect"])));
    if action["rehearsed"] == true {
        rows.push(("rehearsed", "nothing leaves the server; the answer is scripted".to_owned()));
    }
    rows
}

/// A value, or the name of the secret that stands there.
fn written(pair: &Value) -> String {
    match pair["secret"].as_str() {
        Some(secret) => format!("{} (secret {})", plain(&pair["value"]), visible(secret)),
        None => plain(&pair["value"]),
    }
}

fn approvers(approval: &Value) -> String {
    let who = match words(&approval["authorizedApprovers"]) {
        who if who.is_empty() => "whoever may decide approvals".to_owned(),
        who => who,
    };
    let votes = match approval["votes"].as_array().map_or(0, Vec::len) {
        0 => String::new(),
        count => format!(", {count} so far"),
    };
    let excluded = match words(&approval["excluded"]) {
        users if users.is_empty() => users,
        users => format!("; not {users}"),
    };
    format!("{who} ({} needed{votes}){excluded}", approval["quorum"].as_u64().unwrap_or(1))
}

/// One comment as a line.
#[must_use]
pub fn comment(said: &Value) -> String {
    format!("{} at {}: {}", plain(&said["createdBy"]), time(&said["createdAt"]).unwrap_or_default(), plain(&said["text"]))
}

/// What a decision was, for people.
#[must_use]
pub fn decision(decided: &Value) -> &'static str {
    match decided["decision"].as_str().unwrap_or_default() {
        "edit" => "edited and approved",
        "reject" => "rejected",
        "respond" => "answered",
        "retry" => "to be done again, decided",
        "happened" => "has happened, decided",
        "fail" => "given up, decided",
        _ => "approved",
    }
}

/// What a kind of question does.
fn asks(kind: &str) -> &'static str {
    match kind {
        "ask" => "asks",
        "in_doubt" => "is in doubt",
        "budget" => "asks for budget",
        _ => "asks for approval",
    }
}

fn entries(list: &Value) -> impl Iterator<Item = &Value> {
    list.as_array().into_iter().flatten()
}

fn words(list: &Value) -> String {
    one_line(&entries(list).filter_map(Value::as_str).collect::<Vec<_>>().join(", "), WORDS_CHARACTERS_MAX)
}

fn plain(value: &Value) -> String {
    visible(value.as_str().unwrap_or_default()).into_owned()
}

fn time(value: &Value) -> Option<String> {
    value.as_u64().map(|at| instant(TimeMs(at)))
}

/// Of a list of names on one line.
const WORDS_CHARACTERS_MAX: usize = 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_question_shows_what_would_be_done_and_who_may_say_so() {
        let approval = json!({"id": "q", "gateType": "TOOL_APPROVAL", "stepIdentifier": "help", "outboundMessage": "Refund 40?\u{1b}[2J",
            "executionRecordId": "x", "agentId": "clerk", "agentRevision": 2, "digest": "sha256:1", "quorum": 2, "expiresAt": null,
            "votes": [{"by": "ann", "digest": "sha256:1", "reason": "fine"}], "authorizedApprovers": ["role:finance"], "excluded": ["stan"],
            "decisions": ["approve", "reject"], "evidence": [{"name": "input.amount", "value": 40}], "claim": {"by": "ben", "until": 1},
            "action": {"step": "refund", "kind": "http", "method": "POST", "url": "https://x.example/refund", "effect": "once",
                "headers": [{"name": "authorization", "value": "Bearer •••", "secret": "token"}],
                "body": {"contentType": "application/json", "text": "{\"amount\":40}"}}});
        let text = text(
            Output::new(crate::cli::output::Format::Text, true),
            &approval,
            &[json!({"createdBy": "ben", "createdAt": 1, "text": "hm"})],
        );
        for part in [
            "help asks for approval: Refund 40?",
            "POST https://x.example/refund",
            "{\"amount\":40}",
            "(secret token)",
            "input.amount = 40",
            "role:finance (2 needed, 1 so far); not stan",
            "ann on sha256:1: fine",
            "ben looks at it until",
            "approve, reject",
            "ben at",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "control characters reach the terminal");
    }
}
