//! How datasets, runs and comparisons are printed.

use serde_json::{Value, json};

use crate::cli::args::Context;
use crate::cli::output::{Accent, dollars, duration, instant};
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

fn score(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |score| format!("{score:.3}"))
}

fn signed(value: &Value) -> String {
    value.as_f64().map_or_else(|| "-".to_owned(), |delta| format!("{delta:+.3}"))
}

fn money(value: &Value) -> String {
    value.as_f64().map_or_else(|| "not known".to_owned(), dollars)
}

fn took(value: &Value) -> String {
    value.as_u64().map_or_else(|| "-".to_owned(), duration)
}

pub fn datasets(context: &Context, datasets: &[Value]) {
    let output = context.output;
    if !output.is_text() {
        output.json_list(datasets);
    } else if datasets.is_empty() {
        output.note("no datasets");
    } else {
        let row = |dataset: &Value| {
            vec![
                dataset["number"].to_string(),
                text(&dataset["displayName"]),
                text(&dataset["type"]),
                dataset["sampleCount"].to_string(),
                score(&dataset["minScore"]),
                scorers(dataset),
                text(&dataset["id"]),
            ]
        };
        output.table(&["NUMBER", "NAME", "TYPE", "SAMPLES", "MIN SCORE", "SCORERS", "ID"], datasets.iter().map(row).collect());
    }
}

fn scorers(row: &Value) -> String {
    let names: Vec<String> = row["scorers"].as_array().into_iter().flatten().map(|scorer| text(&scorer["type"])).collect();
    if names.is_empty() { "-".to_owned() } else { names.join(" ") }
}

/// With its samples; as `ndjson` they alone, one a line, as an import takes them.
pub fn dataset(context: &Context, dataset: &Value, samples: &[Value]) {
    let output = context.output;
    match output.format {
        crate::cli::output::Format::Ndjson if !samples.is_empty() => {
            for sample in samples {
                let mut bare = sample.clone();
                if let Some(fields) = bare.as_object_mut() {
                    fields.retain(|name, _| !["id", "updatedAt", "updatedBy"].contains(&name.as_str()));
                }
                output.json_line(&bare);
            }
        }
        crate::cli::output::Format::Text => {
            for (name, value) in [
                ("dataset", format!("{} ({})", text(&dataset["displayName"]), text(&dataset["id"]))),
                ("agent", text(&dataset["agentId"])),
                ("samples", dataset["sampleCount"].to_string()),
                ("min score", score(&dataset["minScore"])),
                ("scorers", scorers(dataset)),
            ] {
                output.data(&format!("{name:<11} {value}"));
            }
            if !samples.is_empty() {
                output.data("");
                let shown =
                    |value: &Value| if value.is_null() { "-".to_owned() } else { one_line(&value.to_string(), NOTE_CHARACTERS_MAX) };
                let row = |sample: &Value| {
                    vec![
                        sample["id"].to_string(),
                        text(&sample["name"]),
                        shown(&sample["input"]),
                        shown(&sample["expected"]),
                        shown(&sample["rubric"]),
                    ]
                };
                output.table(&["SAMPLE", "NAME", "INPUT", "EXPECTED", "RUBRIC"], samples.iter().map(row).collect());
            }
        }
        _ => {
            let mut whole = dataset.clone();
            if !samples.is_empty() {
                whole["samples"] = json!(samples);
            }
            output.json(&whole);
        }
    }
}

pub fn imported(context: &Context, answer: &Value) {
    if context.output.is_text() {
        let count = answer["sampleIds"].as_array().map_or(0, Vec::len);
        context.output.data(&format!(
            "{count} samples added; {} has {}",
            text(&answer["dataset"]["displayName"]),
            answer["dataset"]["sampleCount"]
        ));
    } else {
        context.output.json(answer);
    }
}

pub fn deleted(context: &Context, id: &str) {
    if context.output.is_text() {
        context.output.data(&format!("deleted {}", visible(id)));
    } else {
        context.output.json(&json!({"id": id, "deleted": true}));
    }
}

pub fn estimate(context: &Context, estimate: &Value) {
    let output = context.output;
    if !output.is_text() {
        output.json(estimate);
        return;
    }
    let basis = text(&estimate["basis"]).to_lowercase().replace('_', " ");
    for (name, value) in [
        ("samples", estimate["sampleCount"].to_string()),
        ("judge calls", estimate["judgeCalls"].to_string()),
        ("per sample", money(&estimate["costPerSample"])),
        ("cost", money(&estimate["estimatedCost"])),
        ("known from", format!("{basis} ({})", estimate["observedExecutions"])),
    ] {
        output.data(&format!("{name:<11} {value}"));
    }
    let unpriced: Vec<String> = estimate["unpricedModels"].as_array().into_iter().flatten().map(text).collect();
    if !unpriced.is_empty() {
        output.note(&format!("the price of {} is not known; its cost will not be counted", unpriced.join(", ")));
    }
}

fn revision(run: &Value) -> String {
    match run["agentRevision"].as_i64() {
        Some(-1) => "draft".to_owned(),
        Some(number) => number.to_string(),
        None => "-".to_owned(),
    }
}

pub fn runs(context: &Context, runs: &[Value]) {
    let output = context.output;
    if !output.is_text() {
        output.json_list(runs);
    } else if runs.is_empty() {
        output.note("no evaluation runs");
    } else {
        let row = |run: &Value| {
            vec![
                text(&run["id"]),
                revision(run),
                text(&run["datasetName"]),
                text(&run["status"]),
                score(&run["score"]),
                format!("{}/{}", run["passedCount"], run["sampleCount"]),
                text(&run["deploymentRecommendation"]),
                money(&run["totalCost"]),
                time(&run["createdAt"]),
            ]
        };
        let headings = ["RUN", "REVISION", "DATASET", "STATUS", "SCORE", "PASSED", "RECOMMENDATION", "COST", "CREATED"];
        output.table(&headings, runs.iter().map(row).collect());
    }
}

/// With how each sample did, where that is given.
pub fn run(context: &Context, run: &Value, results: &[Value]) {
    let output = context.output;
    if !output.is_text() {
        let mut whole = run.clone();
        if !results.is_empty() {
            whole["samples"] = json!(results);
        }
        output.json(&whole);
        return;
    }
    if !results.is_empty() {
        let row = |result: &Value| {
            vec![
                result["sampleId"].to_string(),
                text(&result["name"]),
                verdict(result),
                score(&result["score"]),
                money(&result["cost"]),
                took(&result["durationMs"]),
                one_line(&note(result), NOTE_CHARACTERS_MAX),
            ]
        };
        output.table(&["SAMPLE", "NAME", "RESULT", "SCORE", "COST", "TIME", "NOTE"], results.iter().map(row).collect());
        output.data("");
    }
    for (name, value) in [
        ("run", text(&run["id"])),
        ("revision", format!("{} of {}", revision(run), text(&run["agentId"]))),
        ("dataset", text(&run["datasetName"])),
        ("status", text(&run["status"])),
        ("score", format!("{} (at least {})", score(&run["score"]), score(&run["minScore"]))),
        ("passed", format!("{} of {}", run["passedCount"], run["sampleCount"])),
        ("cost", money(&run["totalCost"])),
    ] {
        output.data(&format!("{name:<11} {value}"));
    }
    if let Some(recommendation) = run["deploymentRecommendation"].as_str() {
        let accent = if recommendation == "DEPLOY" { Accent::Good } else { Accent::Bad };
        output.data(&format!("{:<11} {}", "so", output.accent(accent, &visible(recommendation))));
    }
    if let Some(summary) = run["summary"].as_str().filter(|summary| !summary.is_empty()) {
        output.note(&visible(summary));
    }
}

fn verdict(result: &Value) -> String {
    match (result["status"].as_str(), result["passed"].as_bool(), result["error"].is_null()) {
        (Some("DONE"), Some(true), _) => "passed".to_owned(),
        (Some("DONE"), _, false) => "broken".to_owned(),
        (Some("DONE"), _, true) => "failed".to_owned(),
        (Some(state), ..) => state.to_lowercase().replace('_', " "),
        (None, ..) => "-".to_owned(),
    }
}

/// Why it did not pass.
fn note(result: &Value) -> String {
    if let Some(code) = result["error"]["code"].as_str() {
        return format!("{code}: {}", result["error"]["message"].as_str().unwrap_or_default());
    }
    let failed = result["scores"].as_array().into_iter().flatten().find(|score| score["passed"] != true);
    failed
        .map(|score| format!("{}: {}", text(&score["scorer"]), score["note"].as_str().unwrap_or("below its threshold")))
        .unwrap_or_default()
}

pub fn comparison(context: &Context, compared: &Value) {
    let output = context.output;
    if !output.is_text() {
        output.json(compared);
        return;
    }
    let items = compared["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let row = |item: &Value| {
        vec![
            item["sampleId"].to_string(),
            text(&item["name"]),
            text(&item["change"]).to_lowercase(),
            score(&item["baseline"]["score"]),
            score(&item["candidate"]["score"]),
            signed(&item["scoreDelta"]),
            item["costDelta"].as_f64().map_or_else(|| "-".to_owned(), |delta| format!("{delta:+.6}")),
            item["durationDeltaMs"].as_f64().map_or_else(|| "-".to_owned(), |delta| format!("{delta:+.0}ms")),
        ]
    };
    output.table(&["SAMPLE", "NAME", "CHANGE", "BEFORE", "NOW", "SCORE", "COST", "TIME"], items.iter().map(row).collect());
    output.data("");
    let count = |name: &str| compared[name].as_u64().unwrap_or_default();
    output.data(&format!(
        "{} better · {} worse · {} same · {} other · score {} · cost {}",
        count("better"),
        count("worse"),
        count("same"),
        count("other"),
        signed(&compared["scoreDelta"]),
        compared["costDelta"].as_f64().map_or_else(|| "-".to_owned(), |delta| format!("{delta:+.6}"))
    ));
}
