//! `flowgate flow check`: every problem of flow files at once.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::loading;
use crate::cli::output::{Accent, Format};
use crate::flow::compile;
use crate::flow::problem::{Problem, Severity};
use crate::flow::spec::RehearsalSpec;
use crate::present::visible::visible;

/// Check flow files: every problem at once, each with its place, a stable code and a hint.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Exits 4 when a flow has errors; warnings do not refuse a flow.

Examples:
  flowgate flow check flows/*.yaml
  flowgate flow check flow.yaml -o json")]
pub struct Args {
    /// Flow files, YAML or JSON
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

/// # Errors
/// None: what is wrong with a file is this command's data.
#[expect(clippy::unnecessary_wraps, reason = "the signature of every command")]
pub fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    let mut all: Vec<Value> = Vec::new();
    let (mut errors, mut warnings) = (0, 0);
    for path in &args.files {
        let file = path.display().to_string();
        let problems = problems(path);
        for problem in &problems {
            match problem.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            if context.output.is_text() {
                context.output.data(&visible(&loading::problem_text(&file, problem)));
            } else {
                let mut line = json!({"file": file});
                if let (Some(line), Ok(Value::Object(fields))) = (line.as_object_mut(), serde_json::to_value(problem)) {
                    line.extend(fields);
                }
                all.push(line);
            }
        }
    }
    match context.output.format {
        Format::Text => {}
        Format::Json | Format::Ndjson => context.output.json_list(&all),
    }
    let accent = if errors > 0 { Accent::Bad } else { Accent::Good };
    let flows = args.files.len();
    let summary = format!("{flows} checked: {}, {}", counted(errors, "error"), counted(warnings, "warning"));
    context.output.note(&context.output.accent(accent, &summary));
    Ok(if errors > 0 { Exit::Refused } else { Exit::Completed })
}

/// A step without `sandbox:` that the rehearsal file beside the flow answers for can be rehearsed.
fn is_answered(problem: &Problem, script: &RehearsalSpec) -> bool {
    // `/steps/clauses/map/body/steps/assess` is `clauses/assess` in the file.
    let path: Vec<&str> = problem.pointer.split("/steps/").skip(1).filter_map(|part| part.split('/').next()).collect();
    problem.code == "missing_sandbox" && script.keys().any(|step| step.as_str() == path.join("/"))
}

/// Errors and warnings of a file; one that cannot be read is a problem like any other.
fn problems(path: &std::path::Path) -> Vec<Problem> {
    match loading::read(path) {
        Ok(text) => {
            let mut problems = compile::load(&text).map_or_else(|problems| problems, |(_, warnings)| warnings);
            match loading::script(path) {
                Ok(Some(script)) => problems.retain(|problem| !is_answered(problem, &script)),
                Ok(None) => {}
                Err(error) => problems.push(Problem {
                    code: "unreadable",
                    severity: Severity::Error,
                    line: 1,
                    column: 1,
                    pointer: String::new(),
                    message: error.to_string(),
                    hint: "the file beside the flow maps step names to `{output: …}`".to_owned(),
                }),
            }
            problems
        }
        Err(error) => vec![Problem {
            code: "unreadable",
            severity: Severity::Error,
            line: 1,
            column: 1,
            pointer: String::new(),
            message: error.to_string(),
            hint: "give the path of a flow file".to_owned(),
        }],
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
