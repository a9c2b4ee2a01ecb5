//! A server's shapes as the documented ones of the command line (docs/cli.md).

use serde_json::{Value, json};

use crate::cli::view::Beside;
use crate::ids::TimeMs;

/// One row of `exec list`.
#[must_use]
pub fn row(record: &Value) -> Value {
    json!({
        "id": record["id"],
        "flow": record["agentId"],
        "revision": record["agentRevision"],
        "status": record["status"],
        "started_at_ms": record["startTime"],
        // The server says when it ended, not when it last moved.
        "updated_at_ms": record["endTime"],
        "ended_at_ms": record["endTime"],
        "tokens": tokens(record),
        "cost_usd": cost(&record["totalCost"]),
        "error_code": error(record)["code"],
        "waiting_for": waiting(&record["waitingFor"]),
        "parent": record["parentExecutionRecordId"],
    })
}

/// What `exec show` prints, of the record and its result.
#[must_use]
pub fn execution(record: &Value, result: &Value) -> Value {
    let mut shown = json!({
        "id": record["id"],
        "flow": record["agentId"],
        "revision": record["agentRevision"],
        "status": record["status"],
        "output": output(&result["result"]),
        "error": error(record),
        "tokens": tokens(record),
        "cost_usd": cost(&record["totalCost"]),
        "waiting_for": waiting(&record["waitingFor"]),
    });
    if let Some(reason) = record["quarantined"]["reason"].as_str() {
        shown["quarantined"] = json!(reason);
    }
    shown
}

/// What people are shown beside it.
#[must_use]
pub fn beside(record: &Value, result: &Value) -> Beside {
    let time = |name: &str| record[name].as_u64().map(TimeMs);
    Beside {
        started_at: time("startTime").unwrap_or_default(),
        starter: record["startedBy"].as_str().map(str::to_owned),
        ended_at: time("endTime"),
        input: Some(result["parameters"].clone()).filter(|input| !input.is_null()),
    }
}

/// `{strValue, jsonValue, fileLink}` as the value that it stands for.
#[must_use]
pub fn output(result: &Value) -> Value {
    if result["jsonValue"].is_null() { result["strValue"].clone() } else { result["jsonValue"].clone() }
}

fn tokens(record: &Value) -> u64 {
    ["inputTokens", "outputTokens"].iter().filter_map(|name| record[*name].as_u64()).sum()
}

/// A number, or one in a text.
fn cost(value: &Value) -> f64 {
    value.as_f64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

fn error(record: &Value) -> Value {
    match record["errorCode"].as_str() {
        Some(code) => json!({"code": code, "message": record["rejectionDetail"].as_str().unwrap_or("see its trace")}),
        None => Value::Null,
    }
}

/// Entries of `waiting_for`: the server names one thing, or a list of them.
fn waiting(waiting_for: &Value) -> Vec<Value> {
    let entries: Vec<&Value> = match waiting_for {
        Value::Array(entries) => entries.iter().collect(),
        Value::Object(_) => vec![waiting_for],
        _ => Vec::new(),
    };
    entries.into_iter().map(waiting_entry).collect()
}

fn waiting_entry(entry: &Value) -> Value {
    // Of a question the server names the title, of everything else the step.
    let name = &entry["displayName"];
    match entry["kind"].as_str().unwrap_or_default() {
        "EVENT" => json!({"kind": "event", "step": name, "names": entry["signals"]}),
        "TIMER" => json!({"kind": "timer", "step": name, "due_at_ms": entry["expiresAt"]}),
        "SUBTASK" => json!({"kind": "child", "step": name, "execution": entry["executions"][0]}),
        "PAUSE" => json!({"kind": "pause"}),
        kind => json!({
            "kind": if kind == "IN_DOUBT" { "in_doubt" } else { "approval" }, "id": entry["approvalRequestId"], "title": name,
            "asked_at_ms": entry["waitingSince"], "expires_at_ms": entry["expiresAt"],
        }),
    }
}

/// The attempts of a trace, one after the other, as `exec trace` prints them.
#[must_use]
pub fn attempts(traces: &Value) -> Vec<Value> {
    let mut attempts = Vec::new();
    flatten(traces, &mut attempts);
    // A step stands before its calls, and steps in the order in which they began.
    attempts.sort_by_key(|attempt: &Value| attempt["started_at_ms"].as_u64().unwrap_or(u64::MAX));
    attempts
}

fn flatten(steps: &Value, attempts: &mut Vec<Value>) {
    for step in steps.as_array().into_iter().flatten() {
        attempts.push(attempt(step));
        flatten(&step["steps"], attempts);
    }
}

fn attempt(step: &Value) -> Value {
    let text = |name: &str| step[name].as_str().unwrap_or_default();
    let (place, number) = text("id").rsplit_once('#').unwrap_or((text("id"), ""));
    let (path, name) = place.rsplit_once('/').unwrap_or(("", place));
    let (visit, attempt) = number.split_once('.').unwrap_or((number, ""));
    let count = |text: &str| text.parse::<u32>().unwrap_or(1);
    let kind = step["toolTrace"]["toolType"].as_str().map_or_else(
        || match text("type") {
            "LLM_STEP" => "llm".to_owned(),
            "HITL" => "approval".to_owned(),
            other => other.trim_end_matches("_STEP").to_lowercase(),
        },
        str::to_owned,
    );
    let status = match (text("state"), text("status")) {
        ("", "SUCCESS") => "completed",
        ("", "ERROR") => "failed",
        ("", _) => "running",
        (state, _) => state,
    };
    let time = |name: &str| step[name].as_u64().filter(|at| *at > 0);
    let input = [&step["toolTrace"]["parameters"], &step["llmStepTrace"]["messages"]].into_iter().find(|input| !input.is_null());
    let error = step["error"].as_str().map(|error| {
        let (code, message) = error.split_once(": ").unwrap_or(("failed", error));
        json!({"code": code, "message": message})
    });
    let fields = json!({
        "path": path, "step": if name.is_empty() { text("displayName") } else { name }, "visit": count(visit), "attempt": count(attempt),
        "kind": kind, "status": status, "input": input, "output": output(&step["result"]), "error": error,
        "started_at_ms": time("startTime"), "ended_at_ms": time("endTime"),
        "tokens": tokens(step), "cost_usd": cost(&step["totalCost"]),
    });
    fields
}

/// A question as `approval show -o json` prints it.
#[must_use]
pub fn question(approval: &Value) -> Value {
    let mut shown = json!({
        "id": approval["id"], "kind": kind(approval), "step": approval["stepIdentifier"], "title": approval["outboundMessage"],
        "show": approval["evidence"], "action": approval["action"], "digest": approval["digest"], "form": approval["form"],
        "decisions": approval["decisions"], "excluded": approval["excluded"], "votes": approval["votes"], "edits": approval["edits"],
        "approvers": {"any_of": approval["authorizedApprovers"], "quorum": approval["quorum"]},
        "risk": approval["risk"], "may_decide": approval["mayDecide"], "claim": approval["claim"],
        "asked_at_ms": approval["createdAt"], "expires_at_ms": approval["expiresAt"],
        "execution": approval["executionRecordId"], "flow": approval["agentId"],
    });
    let decided = &approval["decided"];
    match approval["status"].as_str() {
        None | Some("PENDING") => {}
        Some(_) if decided.is_object() => shown["closed"] = json!({"how": "decided", "decided": decided}),
        Some("EXPIRED") => shown["closed"] = json!({"how": "expired", "at_ms": approval["respondedAt"]}),
        Some(_) => shown["closed"] = json!({"how": "withdrawn", "at_ms": approval["respondedAt"]}),
    }
    shown
}

/// The kind of question, by the command line's word.
#[must_use]
pub fn kind(approval: &Value) -> String {
    approval["gateType"].as_str().unwrap_or("approval").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_a_row() {
        let record = json!({"id": "x", "agentId": "gate", "agentRevision": 2, "status": "WAITING_FOR_HUMAN", "startTime": 5, "endTime": null,
            "inputTokens": 20, "outputTokens": 10, "totalCost": "0.5",
            "waitingFor": {"kind": "APPROVAL", "displayName": "Pay 7 EUR?", "approvalRequestId": "q", "waitingSince": 6, "expiresAt": null}});
        let row = row(&record);
        assert_eq!((row["tokens"].as_u64(), row["cost_usd"].as_f64(), row["flow"].as_str()), (Some(30), Some(0.5), Some("gate")));
        assert_eq!(row["waiting_for"][0]["id"], "q");
        assert_eq!(row["error_code"], Value::Null);
        assert_eq!(crate::cli::view::waiting_words(&row["waiting_for"][0]), "asks for approval: Pay 7 EUR?");
    }

    #[test]
    fn a_trace_is_a_list_of_attempts() {
        let traces = json!([{"id": "a/b#2.3", "displayName": "b", "type": "LLM_STEP", "status": "ERROR", "error": "http_500: broken",
            "startTime": 1, "endTime": 0, "steps": [{"id": "a/b tool#1.1", "type": "TOOL", "toolTrace": {"toolType": "http", "parameters": {"x": 1}},
            "status": "SUCCESS", "state": "completed", "result": {"strValue": "1", "jsonValue": 1}, "startTime": 2, "endTime": 3}]}]);
        let found: Vec<crate::machine::trace::Attempt> = serde_json::from_value(Value::Array(attempts(&traces))).unwrap();
        assert_eq!((found[0].path.as_str(), found[0].step.as_str(), found[0].visit, found[0].attempt), ("a", "b", 2, 3));
        assert_eq!((found[0].kind.as_str(), found[0].status.as_str()), ("llm", "failed"));
        assert_eq!(found[0].error.as_ref().map(|error| error.code.as_str()), Some("http_500"));
        assert_eq!((found[1].kind.as_str(), &found[1].output, &found[1].input), ("http", &json!(1), &json!({"x": 1})));
    }

    #[test]
    fn a_question_keeps_what_the_server_knows() {
        let approval = json!({"id": "q", "status": "RESPONDED", "gateType": "IN_DOUBT", "decision": "APPROVE", "respondedBy": "ana",
            "agentId": "gate", "executionRecordId": "x", "createdAt": 7, "quorum": 1,
            "decided": {"decision": "happened", "by": "ana", "at": 9, "result": {"id": 1}}});
        let shown = question(&approval);
        assert_eq!((shown["asked_at_ms"].as_u64(), shown["flow"].as_str()), (Some(7), Some("gate")));
        assert_eq!((shown["closed"]["decided"]["by"].as_str(), shown["kind"].as_str()), (Some("ana"), Some("in_doubt")));
        let expired = question(&json!({"status": "EXPIRED", "respondedAt": 8}));
        assert_eq!(expired["closed"], json!({"how": "expired", "at_ms": 8}));
        assert_eq!(question(&json!({"status": "PENDING"}))["closed"], Value::Null);
    }
}
