//! How triggers and their firings are printed.

use serde_json::{Value, json};

use crate::cli::args::Context;
use crate::cli::output::{dollars, instant};
use crate::ids::TimeMs;
use crate::present::visible::{one_line, visible};

/// Of a note, in a table.
const NOTE_CHARACTERS_MAX: usize = 60;

fn text(value: &Value) -> String {
    visible(value.as_str().unwrap_or("-")).into_owned()
}

fn time(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), |ms| instant(TimeMs(ms)))
}

fn agents(trigger: &Value) -> String {
    let names: Vec<String> = trigger["agentIds"].as_array().into_iter().flatten().map(text).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

fn state(trigger: &Value) -> &'static str {
    match (trigger["active"].as_bool(), trigger["paused"].as_bool()) {
        (Some(true), Some(true)) => "paused",
        (Some(true), _) => "on",
        _ => "off",
    }
}

/// What makes it fire, in a few words.
fn source(trigger: &Value) -> String {
    let (schedule, webhook) = (&trigger["schedule"], &trigger["webhook"]);
    match trigger["kind"].as_str() {
        Some("SCHEDULE") => format!("{} {}", text(&schedule["cron"]), text(&schedule["timeZone"])),
        Some("WEBHOOK") => format!("{} {}", text(&webhook["auth"]), text(&trigger["inboundPath"])),
        _ => text(&trigger["kind"]),
    }
}

pub fn list(context: &Context, triggers: &[Value]) {
    let output = context.output;
    if !output.is_text() {
        output.json_list(triggers);
    } else if triggers.is_empty() {
        output.note("no triggers");
    } else {
        let row = |trigger: &Value| {
            vec![
                text(&trigger["id"]),
                text(&trigger["displayName"]),
                text(&trigger["kind"]),
                state(trigger).to_owned(),
                source(trigger),
                agents(trigger),
                time(&trigger["lastFiredAt"]),
                time(&trigger["nextFireAt"]),
            ]
        };
        output.table(&["ID", "NAME", "KIND", "STATE", "FIRES ON", "AGENTS", "LAST", "NEXT"], triggers.iter().map(row).collect());
    }
}

pub fn one(context: &Context, trigger: &Value) {
    let output = context.output;
    if !output.is_text() {
        output.json(trigger);
        return;
    }
    let mut lines = vec![
        ("trigger", format!("{} ({})", text(&trigger["displayName"]), text(&trigger["id"]))),
        ("kind", text(&trigger["kind"])),
        ("state", state(trigger).to_owned()),
        ("fires on", source(trigger)),
        ("starts", agents(trigger)),
        ("overlap", text(&trigger["overlap"])),
    ];
    if let Some(filter) = trigger["filter"].as_str() {
        lines.push(("filter", visible(filter).into_owned()));
    }
    if let Some(amount) = trigger["budget"]["amount"].as_f64() {
        lines.push((
            "budget",
            format!("{} of {} this month", dollars(trigger["currentMonthlyCost"].as_f64().unwrap_or_default()), dollars(amount)),
        ));
    }
    lines.extend([
        ("revision", trigger["revision"].to_string()),
        ("last fired", time(&trigger["lastFiredAt"])),
        ("next", time(&trigger["nextFireAt"])),
    ]);
    for (name, value) in lines {
        output.data(&format!("{name:<11} {value}"));
    }
}

/// With the secret, where there is one.
pub fn made(context: &Context, trigger: &Value) {
    let output = context.output;
    if !output.is_text() {
        output.json(trigger);
        return;
    }
    one(context, trigger);
    if let Some(secret) = trigger["secret"].as_str() {
        output.data(&format!("{:<11} {}", "secret", visible(secret)));
        output.note("the secret is shown this once");
    }
}

pub fn revisions(context: &Context, revisions: &[Value]) {
    let output = context.output;
    if !output.is_text() {
        output.json_list(revisions);
        return;
    }
    let row = |revision: &Value| {
        let current = if revision["isCurrent"] == true { "current" } else { "-" };
        vec![
            revision["revision"].to_string(),
            current.to_owned(),
            text(&revision["changeReason"]),
            source(revision),
            text(&revision["overlap"]),
            one_line(revision["filter"].as_str().unwrap_or("-"), NOTE_CHARACTERS_MAX),
            text(&revision["createdBy"]),
            time(&revision["createdAt"]),
        ]
    };
    let headings = ["REVISION", "STATE", "BY", "FIRES ON", "OVERLAP", "FILTER", "WHO", "WHEN"];
    output.table(&headings, revisions.iter().map(row).collect());
}

pub fn deleted(context: &Context, id: &str) {
    if context.output.is_text() {
        context.output.data(&format!("deleted {}", visible(id)));
    } else {
        context.output.json(&json!({"id": id, "deleted": true}));
    }
}

pub fn times(context: &Context, times: &Value) {
    let times: Vec<&Value> = times.as_array().into_iter().flatten().collect();
    if !context.output.is_text() {
        context.output.json_list(&times);
    } else if times.is_empty() {
        context.output.note("nothing is due: it is no schedule, or it is switched off");
    }
    if context.output.is_text() {
        for at in times {
            context.output.data(&time(at));
        }
    }
}

pub fn fired(context: &Context, answer: &Value) {
    let output = context.output;
    if !output.is_text() {
        output.json(answer);
        return;
    }
    let firings: Vec<Value> = answer["firings"].as_array().cloned().unwrap_or_default();
    if answer["filtered"] == true {
        output.note("the filter left it out; nothing starts");
    } else if firings.is_empty() {
        output.note("no agent is bound to it; nothing starts");
    } else {
        history(context, &firings);
    }
}

pub fn history(context: &Context, firings: &[Value]) {
    let output = context.output;
    if !output.is_text() {
        output.json_list(firings);
    } else if firings.is_empty() {
        output.note("it has not fired yet");
    } else {
        let row = |firing: &Value| {
            vec![
                time(&firing["at"]),
                time(&firing["scheduledFor"]),
                text(&firing["kind"]),
                text(&firing["agentId"]),
                text(&firing["state"]),
                text(&firing["executionRecordId"]),
                one_line(firing["note"].as_str().unwrap_or("-"), NOTE_CHARACTERS_MAX),
            ]
        };
        output.table(&["AT", "DUE", "KIND", "AGENT", "STATE", "EXECUTION", "NOTE"], firings.iter().map(row).collect());
    }
}
