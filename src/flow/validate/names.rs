//! Names, counts and amounts: what may be called what, and which numbers make sense.

use crate::flow::compile::context::Context;
use crate::flow::compile::view::View;
use crate::flow::source::child;
use crate::flow::spec::{Duration, FlowSpec, StepSpec, ValidatorSpec};
use crate::limits::FLOW_STEPS_MAX;

/// Characters of a name; they become parts of keys, paths and file names.
const NAME_CHARS_MAX: usize = 64;
/// Attempts at one call; the backoff of more would outlast the flow.
const ATTEMPTS_MAX: u32 = 100;
/// Visits of one loop; each is journalled.
const VISITS_MAX: u32 = 100_000;
/// Names that expressions know already; a map's `as` would hide them.
const TAKEN: &[&str] =
    &["input", "config", "steps", "previous", "item", "index", "session", "execution", "context", "secret", "args", "payload", "output"];

pub fn check(spec: &FlowSpec, views: &[View<'_>], context: &mut Context<'_>) {
    let lower = |c: char| c.is_ascii_lowercase();
    if !is_name(&spec.flow, lower, |c| lower(c) || c.is_ascii_digit() || c == '-' || c == '_') {
        let hint = "lower-case letters, digits, `-` and `_`, starting with a letter, at most 64 characters";
        context.error("bad_name", "/flow", format!("`{}` cannot be a flow's name", spec.flow), hint);
    }
    for name in spec.config.keys() {
        if !is_identifier(name) {
            identifier_problem(context, &child("/config", name), name, "a configuration value");
        }
    }
    limits(spec, context);
    gates(spec, context);
    let steps: usize = views.iter().map(|view| view.steps.len()).sum();
    if steps > FLOW_STEPS_MAX {
        let message = format!("the flow has {steps} steps, more than {FLOW_STEPS_MAX}");
        context.error("too_large", "/steps", message, "move a part of it into a flow of its own");
    }
    for view in views {
        for (index, (id, step)) in view.steps.iter().enumerate() {
            let pointer = view.step_pointer(index);
            if !is_name(id, |c| c.is_ascii_alphabetic() || c == '_', |c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
                let hint = "letters, digits, `_` and `-`, starting with a letter, at most 64 characters";
                context.error("bad_name", &pointer, format!("`{id}` cannot be a step's id"), hint);
            }
            shadowed(views, view, id, &pointer, context);
            step_names(step, &pointer, context);
            step_numbers(step, &pointer, context);
            validators(context, &pointer, &step.validators);
        }
    }
}

fn is_name(text: &str, first: impl Fn(char) -> bool, rest: impl Fn(char) -> bool) -> bool {
    text.chars().next().is_some_and(first) && text.chars().all(rest) && text.chars().count() <= NAME_CHARS_MAX
}

fn is_identifier(text: &str) -> bool {
    is_name(text, |c| c.is_ascii_alphabetic() || c == '_', |c| c.is_ascii_alphanumeric() || c == '_')
}

fn identifier_problem(context: &mut Context<'_>, pointer: &str, name: &str, what: &str) {
    let hint = "letters, digits and `_`, starting with a letter, at most 64 characters";
    context.error("bad_name", pointer, format!("`{name}` cannot name {what}"), hint);
}

/// A body's step must not hide a step around it: `steps.ID` would silently mean another one.
fn shadowed(views: &[View<'_>], view: &View<'_>, id: &str, pointer: &str, context: &mut Context<'_>) {
    let mut owner = view.owner;
    while let Some((scope, _)) = owner {
        let outer = &views[scope.0 as usize];
        if outer.by_id.contains_key(id) {
            context.error("duplicate_id", pointer, format!("a step around this map is called `{id}` too"), "give one of them another id");
            return;
        }
        owner = outer.owner;
    }
}

fn step_names(step: &StepSpec, pointer: &str, context: &mut Context<'_>) {
    if let Some(name) = step.map.as_ref().and_then(|map| map.as_name.as_deref()) {
        let at = format!("{pointer}/map/as");
        if !is_identifier(name) {
            identifier_problem(context, &at, name, "an item");
        } else if TAKEN.contains(&name) && name != "item" {
            context.error("bad_name", &at, format!("`{name}` means something else in expressions"), "choose another name");
        }
    }
    if let Some(code) = step.fail.as_ref().map(|fail| &fail.code)
        && !is_identifier(code)
    {
        identifier_problem(context, &format!("{pointer}/fail/code"), code, "an error");
    }
    for name in step.set.iter().flat_map(|set| set.keys()) {
        if !is_identifier(name) {
            identifier_problem(context, &child(&format!("{pointer}/set"), name), name, "a value");
        }
    }
    event_names(step, pointer, context);
}

fn event_names(step: &StepSpec, pointer: &str, context: &mut Context<'_>) {
    const PORTS: &[&str] = &["ok", "error", "exhausted"];
    let Some(event) = &step.event else { return };
    for (index, name) in event.any_of.iter().flatten().enumerate() {
        let at = format!("{pointer}/event/any_of/{index}");
        if PORTS.contains(&name.as_str()) {
            context.error("bad_name", &at, format!("`{name}` is a port of its own"), "call the event something else");
        }
        if event.any_of.iter().flatten().take(index).any(|other| other == name) {
            context.error("bad_name", &at, format!("`{name}` is listed twice"), "list each event once");
        }
        if name.is_empty() || name.chars().count() > NAME_CHARS_MAX {
            context.error("bad_name", &at, "an event's name has 1 to 64 characters", "choose another name");
        }
    }
    if event.name.as_ref().is_some_and(|name| name.is_empty() || name.chars().count() > NAME_CHARS_MAX) {
        context.error("bad_name", &format!("{pointer}/event/name"), "an event's name has 1 to 64 characters", "choose another name");
    }
}

fn positive(context: &mut Context<'_>, pointer: &str, given: Option<Duration>) {
    if given.is_some_and(|duration| duration.ms == 0) {
        context.error("bad_limit", pointer, "no time at all", "give a duration above 0, or remove the key");
    }
}

fn limits(spec: &FlowSpec, context: &mut Context<'_>) {
    if let Some(limits) = &spec.limits {
        positive(context, "/limits/timeout", limits.timeout);
        if limits.steps == Some(0) {
            context.error("bad_limit", "/limits/steps", "no step could run", "give 1 or more");
        }
        if limits.tokens == Some(0) {
            context.error("bad_limit", "/limits/tokens", "no model could be called", "give 1 or more, or remove the key");
        }
        if limits.cost_usd.is_some_and(|cost| !cost.is_finite() || cost < 0.0) {
            context.error("bad_limit", "/limits/cost_usd", "a cost is 0 or more", "give US dollars, for instance 0.25");
        }
    }
    if let Some(defaults) = &spec.defaults {
        positive(context, "/defaults/timeout", defaults.timeout);
        attempts(context, "/defaults/retry/attempts", defaults.retry.as_ref().map(|retry| retry.attempts));
    }
}

/// Failure codes that mean the same for every definition.
const FAILURE_CODES_TAKEN: &[&str] = &["runtime_error", "max_retries_exceeded", "validation_failed", "unknown"];

fn gates(spec: &FlowSpec, context: &mut Context<'_>) {
    validators(context, "", &spec.validators);
    for (key, entry) in &spec.entries {
        let pointer = child("/entries", key);
        let lower = |c: char| c.is_ascii_lowercase();
        if !is_name(key, lower, |c| lower(c) || c.is_ascii_digit() || c == '-' || c == '_') {
            let hint = "lower-case letters, digits, `-` and `_`, starting with a letter, at most 64 characters";
            context.error("bad_name", &pointer, format!("`{key}` cannot be an entry's key"), hint);
        }
        for (index, code) in entry.failure_codes.iter().enumerate() {
            let at = format!("{pointer}/failure_codes/{index}");
            if !is_identifier(code) {
                identifier_problem(context, &at, code, "a failure");
            } else if FAILURE_CODES_TAKEN.contains(&code.as_str()) {
                context.error("bad_name", &at, format!("`{code}` has a meaning of its own"), "every definition has it already; remove it");
            }
        }
        validators(context, &pointer, &entry.validators);
    }
}

fn validators(context: &mut Context<'_>, pointer: &str, list: &[ValidatorSpec]) {
    for (index, one) in list.iter().enumerate() {
        let pointer = format!("{pointer}/validators/{index}");
        if one.name.as_ref().is_some_and(|name| !is_name(name, |_| true, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')) {
            let hint = "letters, digits, `_` and `-`, at most 64";
            context.error("bad_name", &child(&pointer, "name"), "this cannot be a validator's name", hint);
        }
        if let Some(code) = one.code.as_ref().filter(|code| !is_identifier(code)) {
            identifier_problem(context, &child(&pointer, "code"), code, "an error");
        }
        positive(context, &child(&pointer, "timeout"), one.timeout);
        attempts(context, &format!("{pointer}/retry/attempts"), one.retry.as_ref().map(|retry| retry.attempts));
    }
}

fn attempts(context: &mut Context<'_>, pointer: &str, given: Option<u32>) {
    if given.is_some_and(|attempts| attempts == 0 || attempts > ATTEMPTS_MAX) {
        context.error("bad_limit", pointer, format!("attempts lie between 1 and {ATTEMPTS_MAX}, the first included"), "1 means no retry");
    }
}

fn step_numbers(step: &StepSpec, pointer: &str, context: &mut Context<'_>) {
    positive(context, &child(pointer, "timeout"), step.timeout);
    positive(context, &format!("{pointer}/event/timeout"), step.event.as_ref().and_then(|event| event.timeout));
    attempts(context, &format!("{pointer}/retry/attempts"), step.retry.as_ref().map(|retry| retry.attempts));
    if step.visits.is_some_and(|visits| visits == 0 || visits > VISITS_MAX) {
        let message = format!("the visits of a loop lie between 1 and {VISITS_MAX}");
        context.error("bad_limit", &child(pointer, "visits"), message, "give a number in that range");
    }
    for (index, tool) in step.agent.iter().flat_map(|agent| &agent.tools).enumerate() {
        let pointer = format!("{pointer}/agent/tools/{index}");
        positive(context, &child(&pointer, "timeout"), tool.timeout);
        attempts(context, &format!("{pointer}/retry/attempts"), tool.retry.as_ref().map(|retry| retry.attempts));
        if tool.name.as_ref().is_some_and(|name| !is_name(name, |_| true, |c| c.is_ascii_alphanumeric() || c == '_' || c == '-')) {
            let hint = "models accept letters, digits, `_` and `-`, at most 64";
            context.error("bad_name", &child(&pointer, "name"), "this cannot be a tool's name", hint);
        }
    }
}
