//! `flowgate exec trace`: every attempt of an execution, in journal order.

use super::Named;
use crate::cli::args::Context;
use crate::cli::error::{Error, Exit};
use crate::cli::output::{Accent, Format, Output, dollars, duration};
use crate::cli::remote;
use crate::cli::session;
use crate::engine::Resume;
use crate::machine::event::CheckVerdict;
use crate::machine::trace::{Attempt, Check, Trace};
use crate::present::action::pretty;
use crate::present::visible::{one_line, visible};

/// Show every attempt of an execution: times, tokens, cost, and on request inputs and outputs.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  flowgate exec trace last\n  flowgate exec trace last --io\n  flowgate exec trace 0198c0de -o json")]
pub struct Args {
    #[command(flatten)]
    named: Named,
    /// With inputs and outputs
    #[arg(long)]
    io: bool,
}

/// # Errors
/// When there is no such execution, or the store cannot be opened or read.
pub async fn execute(context: &Context, args: &Args) -> Result<Exit, Error> {
    if let Some(target) = context.server()? {
        return remote::exec::trace(context, &target, &args.named.id, args.io).await;
    }
    let session = session::open_existing(context, Resume::Nothing, &args.named.id)?;
    let id = session.engine.find_execution(&args.named.id).await.map_err(Error::from)?;
    let trace = session.engine.trace(id).await.map_err(Error::from)?;
    session.close(std::time::Duration::ZERO).await;
    let output = context.output;
    match output.format {
        Format::Text => {
            let told = text(output, &format!("{} {}", trace.id, trace.status.native()), &trace.attempts, args.io);
            let gate = trace.checks.iter().map(|check| format!("\nresult: {}", check_line(check)));
            output.data(&(told + &gate.collect::<String>()));
        }
        Format::Json => output.json(&json(&trace)),
        Format::Ndjson => trace.attempts.iter().for_each(|attempt| output.json_line(attempt)),
    }
    Ok(Exit::Completed)
}

/// `{id, status, attempts}`, the status by its native name.
fn json(trace: &Trace) -> serde_json::Value {
    let mut shown = serde_json::json!({"id": trace.id, "status": trace.status.native(), "attempts": trace.attempts});
    if !trace.checks.is_empty() {
        shown["checks"] = serde_json::json!(trace.checks);
    }
    shown
}

/// Attempts for people, below a heading.
pub fn text(output: Output, heading: &str, attempts: &[Attempt], io: bool) -> String {
    let mut lines = vec![output.accent(Accent::Strong, heading)];
    let mut path = "";
    for attempt in attempts {
        if attempt.path != path {
            path = &attempt.path;
            if !path.is_empty() {
                lines.push(format!("{}{}", "  ".repeat(depth(path)), output.accent(Accent::Faint, &visible(path))));
            }
        }
        lines.push(attempt_line(output, attempt));
        let indent = "  ".repeat(depth(&attempt.path) + 3);
        lines.extend(attempt.checks.iter().map(|check| format!("{indent}{}", output.accent(Accent::Faint, &check_line(check)))));
        if io {
            let indent = "  ".repeat(depth(&attempt.path) + 3);
            let mut add = |name: &str, value: &serde_json::Value| {
                if !value.is_null() {
                    lines.push(format!("{indent}{name} {}", pretty(value).replace('\n', &format!("\n{indent}"))));
                }
            };
            add("in ", &attempt.input);
            add("out", &attempt.output);
        }
    }
    let tokens: u64 = attempts.iter().map(|attempt| attempt.tokens).sum();
    let cost: f64 = attempts.iter().map(|attempt| attempt.cost_usd).sum();
    lines.push(format!("{} attempts · {tokens} tokens · {}", attempts.len(), dollars(cost)));
    lines.join("\n")
}

/// What a validator said, on one line.
fn check_line(check: &Check) -> String {
    let verdict = match check.verdict {
        CheckVerdict::Pass => "passed",
        CheckVerdict::Retry => "try again",
        CheckVerdict::Stop => "stopped",
    };
    let score = check.score.map(|score| format!(" ({score})")).unwrap_or_default();
    let feedback = check.feedback.as_ref().map(|text| format!(": {}", one_line(text, 160))).unwrap_or_default();
    format!("cycle {} · {} {verdict}{score}{feedback}", check.cycle, visible(&check.validator))
}

fn depth(path: &str) -> usize {
    if path.is_empty() { 0 } else { path.split('/').count() }
}

fn attempt_line(output: Output, attempt: &Attempt) -> String {
    let accent = match attempt.status.as_str() {
        "completed" => Accent::Good,
        "failed" | "lost" => Accent::Bad,
        "dead" => Accent::Faint,
        _ => Accent::Attention,
    };
    let number = match (attempt.visit, attempt.attempt) {
        (0 | 1, 0 | 1) => String::new(),
        (visit, number) => format!("#{visit}.{number}"),
    };
    let mut tail = vec![attempt.kind.clone()];
    if let (Some(started), Some(ended)) = (attempt.started_at_ms, attempt.ended_at_ms) {
        tail.push(duration(ended.since(started)));
    }
    tail.extend((attempt.tokens > 0).then(|| format!("{} tokens", attempt.tokens)));
    tail.extend((attempt.cost_usd > 0.0).then(|| dollars(attempt.cost_usd)));
    tail.extend(attempt.error.as_ref().map(|error| one_line(&format!("{}: {}", error.code, error.message), 160)));
    let indent = "  ".repeat(depth(&attempt.path) + 1);
    let status = output.accent(accent, &format!("{:<9}", attempt.status));
    format!("{indent}{status} {}{number}  {}", visible(&attempt.step), output.accent(Accent::Faint, &tail.join(" · ")))
}
