//! A flow in plain words: what runs when, who is asked, what can go wrong, what it may cost at worst.

mod cost;
mod people;

use std::collections::BTreeMap;
use std::fmt::Write as _;

pub use cost::{ModelPrice, WorstCase, worst_case};

use super::plan::{Edge, Expiry, InDoubt, Join, Kind, Mapping, Plan, Scope, ScopeIx, Step, Wait};
use super::render::kind_text;
use super::spec::{DecisionKind, Duration, EffectClass, OnBreach, OnItemError, Rest};

/// The flow explained; `prices` by model, as far as they are known.
#[must_use]
pub fn explain(plan: &Plan, prices: &BTreeMap<String, ModelPrice>) -> String {
    let mut out = head(plan);
    out.push_str("\nWhat runs\n");
    steps(plan, plan.scope(ScopeIx(0)), 1, &mut out);
    section(&mut out, "Who is asked", people::questions(plan));
    section(&mut out, "What can go wrong", risks(plan));
    section(&mut out, "At worst", cost::lines(plan, prices));
    out
}

fn section(out: &mut String, title: &str, lines: Vec<String>) {
    let _ = writeln!(out, "\n{title}");
    for line in lines {
        let _ = writeln!(out, "  - {line}");
    }
}

/// A duration as people say it.
fn duration(ms: u64) -> String {
    Duration { ms }.to_string()
}

fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

fn head(plan: &Plan) -> String {
    let mut out = plan.name.clone();
    if let Some(title) = &plan.spec.title {
        let _ = write!(out, ": {title}");
    }
    out.push('\n');
    if let Some(description) = &plan.spec.description {
        let _ = writeln!(out, "{}", description.trim());
    }
    let declared = plan.input.as_ref().and_then(|schema| schema.source().get("properties")).and_then(serde_json::Value::as_object);
    if let Some(properties) = declared {
        let required = plan.input.as_ref().and_then(|schema| schema.source().get("required")).and_then(serde_json::Value::as_array);
        let is_required = |name: &String| required.is_some_and(|names| names.iter().any(|one| one == name));
        let names: Vec<String> =
            properties.keys().map(|name| if is_required(name) { name.clone() } else { format!("{name} (optional)") }).collect();
        let _ = writeln!(out, "It takes: {}.", names.join(", "));
    }
    out
}

/// All steps of a scope with where they lead; bodies of maps indented.
fn steps(plan: &Plan, scope: &Scope, depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    let first = scope.entry(scope.start);
    let _ = writeln!(out, "{indent}It begins with {}.", first.id);
    for step in &scope.steps {
        let _ = writeln!(out, "{indent}{} ({}){}", step.id, kind_text(&step.kind), facts(scope, step));
        for line in ways_on(scope, step) {
            let _ = writeln!(out, "{indent}  {line}");
        }
        if let Kind::Map(map) = &step.kind {
            let _ = writeln!(out, "{indent}  for each item of {}, {} at a time:", map.over.source(), map.concurrency);
            steps(plan, plan.scope(map.body), depth + 2, out);
        }
    }
}

/// What is particular about a step, behind its name.
fn facts(scope: &Scope, step: &Step) -> String {
    let mut facts = Vec::new();
    match (step.join, step.incoming.len()) {
        (Join::All, 2..) => facts.push("waits for every way that is taken".to_owned()),
        (Join::Any, 2..) => facts.push("starts with the first way that arrives".to_owned()),
        (Join::N(n), _) => facts.push(format!("starts when {n} ways have arrived")),
        _ => {}
    }
    if step.rest == Rest::Cancel {
        let names: Vec<String> = step.only_leads_here.iter().map(|&node| scope.entry(node).id.to_string()).collect();
        if !names.is_empty() {
            facts.push(format!("then cancels what still runs of {}", names.join(", ")));
        }
    }
    if let Some(headed) = step.heads {
        facts.push(format!("heads a loop of up to {}", count(u64::from(scope.loop_(headed).visits), "visit", "visits")));
    }
    match &step.kind {
        Kind::Wait(Wait::ForMs(ms)) => facts.push(format!("for {}", duration(*ms))),
        Kind::Wait(Wait::Until(until)) => facts.push(format!("until {}", until.source())),
        Kind::Event(event) => facts.extend(event.timeout_ms.map(|ms| format!("at most {}", duration(ms)))),
        Kind::Agent(agent) => {
            facts.push(format!("up to {}", count(u64::from(agent.max_iterations), "iteration", "iterations")));
            if agent.caller_tools {
                facts.push("with tools of its caller".to_owned());
            }
        }
        Kind::End { output: Some(Mapping::Expr(output)) } => facts.push(format!("gives {}", output.source())),
        _ => {}
    }
    if step.retry.attempts > 1 {
        facts.push(format!("tried up to {} times", step.retry.attempts));
    }
    if let Some(gate) = step.gated_by {
        facts.push(format!("only exactly as approved in {}", scope.step(gate).id));
    }
    if facts.is_empty() { String::new() } else { format!(": {}", facts.join("; ")) }
}

fn way(scope: &Scope, edge: &Edge) -> String {
    let to = &scope.step(edge.to).id;
    let again = if edge.back { " again" } else { "" };
    let port = match edge.port.as_str() {
        "ok" => String::new(),
        "error" => "if it fails, ".to_owned(),
        "exhausted" => "when the visits are used up, ".to_owned(),
        port => format!("if {port}, "),
    };
    let condition = match (&edge.when, edge.otherwise) {
        (Some(when), _) => format!(" when {}", when.source()),
        (None, true) => " otherwise".to_owned(),
        (None, false) => String::new(),
    };
    format!("→ {port}{to}{again}{condition}")
}

fn ways_on(scope: &Scope, step: &Step) -> Vec<String> {
    scope.edges.iter().filter(|edge| edge.from == step.ix).map(|edge| way(scope, edge)).collect()
}

/// Every step of every scope, with its scope.
fn all_steps(plan: &Plan) -> impl Iterator<Item = (&Scope, &Step)> {
    plan.scopes.iter().flat_map(|scope| scope.steps.iter().map(move |step| (scope, step)))
}

fn risks(plan: &Plan) -> Vec<String> {
    let mut lines = Vec::new();
    for (scope, step) in all_steps(plan) {
        if step.effect == EffectClass::Once && matches!(step.kind, Kind::Call(_)) {
            let then = match &step.in_doubt {
                InDoubt::Ask => "a person is asked",
                InDoubt::Fail => "the step fails",
                InDoubt::Check { .. } => "a check finds out",
            };
            lines.push(format!("{} happens at most once; if it is unknown whether it did, {then}.", step.id));
        }
        if let Kind::Approval(approval) = &step.kind {
            let may_reject =
                approval.decisions.contains(&DecisionKind::Reject) || matches!(approval.policy.expires, Some((_, Expiry::Reject)));
            if may_reject && !scope.edges.iter().any(|edge| edge.from == step.ix && edge.port == "rejected") {
                lines.push(format!("A rejection in {} has no way on, so it counts as a failure.", step.id));
            }
        }
        if let Kind::Map(map) = &step.kind {
            let then = match map.on_item_error {
                OnItemError::FailFast => "fails the whole map at once",
                OnItemError::Continue => "becomes null, and the rest goes on",
                OnItemError::Collect => "fails the map after all items have run",
            };
            lines.push(format!("An item of {} that fails {then}.", step.id));
        }
        for one in scope.loops.iter().filter(|one| one.header == step.ix) {
            let caught = one.owned.iter().any(|&edge| scope.edge(edge).port == "exhausted");
            if !caught {
                lines.push(format!(
                    "The loop of {} fails when its {} are used up.",
                    step.id,
                    count(u64::from(one.visits), "visit", "visits")
                ));
            }
        }
    }
    let can_fail = |step: &Step| matches!(step.kind, Kind::Llm(_) | Kind::Agent(_) | Kind::Call(_) | Kind::Child(_));
    let caught = |scope: &Scope, step: &Step| scope.edges.iter().any(|edge| edge.from == step.ix && edge.port == "error");
    let uncaught: Vec<String> =
        all_steps(plan).filter(|(scope, step)| can_fail(step) && !caught(scope, step)).map(|(_, step)| step.id.to_string()).collect();
    if !uncaught.is_empty() {
        lines.push(format!("A failure of {} that no retry mends fails what it is part of.", uncaught.join(", ")));
    }
    let undone: Vec<String> = all_steps(plan).filter(|(_, step)| step.compensate.is_some()).map(|(_, step)| step.id.to_string()).collect();
    if !undone.is_empty() {
        lines.push(format!("When the flow fails or is cancelled, {} is taken back, last first.", undone.join(", ")));
    }
    if lines.is_empty() {
        lines.push("Nothing that the flow itself could meet.".to_owned());
    }
    lines
}

/// What happens at a limit.
fn on_breach(plan: &Plan) -> &'static str {
    match plan.limits.on_breach {
        OnBreach::Fail => "then the execution fails",
        OnBreach::Ask => "then a person is asked for more",
    }
}

#[cfg(test)]
mod tests;
