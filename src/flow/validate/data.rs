//! Names that expressions read: what is in scope, what the flow declares, and what must have run (the rule itself is in `ran`).

use std::collections::HashSet;

use super::fields::{Reading, excluded};
use super::ran::{At, Ran};
use crate::flow::compile::context::{Code, Context, Reader, Use};
use crate::flow::compile::view::View;
use crate::flow::names::Reference;
use crate::flow::plan::ScopeIx;
use crate::flow::source::did_you_mean;
use crate::flow::spec::{FlowSpec, OnItemError, StepSpec};

/// Names that are in scope everywhere.
const EVERYWHERE: &[&str] = &["input", "config", "steps", "previous", "session", "execution", "context"];

pub(super) struct Checker<'a> {
    spec: &'a FlowSpec,
    views: &'a [View<'a>],
    /// Per scope; none where its shape is not sound.
    ran: Vec<Option<Ran<'a>>>,
}

/// A problem without its place.
pub(super) struct Finding {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) hint: String,
}

fn finding(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Finding {
    Finding { code, message: message.into(), hint: hint.into() }
}

pub fn check(spec: &FlowSpec, views: &[View<'_>], context: &mut Context<'_>) {
    let checker = Checker::new(spec, views);
    let uses = std::mem::take(&mut context.uses);
    for one in &uses {
        let mut said = HashSet::new();
        for reference in references(&one.code) {
            for found in checker.reference(one, &reference) {
                if said.insert((found.code, found.message.clone())) {
                    context.error(found.code, &one.pointer, found.message, found.hint);
                }
            }
        }
    }
    context.uses = uses;
}

pub(super) fn references(code: &Code) -> Vec<Reference> {
    match code {
        Code::Expr(expr) => expr.references(),
        Code::Template(template) => template.references(),
        Code::Text(template) => template.references(),
        Code::Value(template) => template.references(),
    }
}

/// `steps.a.output.b`, as it was written.
fn written(reference: &Reference) -> String {
    std::iter::once(&reference.root).chain(&reference.path).map(String::as_str).collect::<Vec<_>>().join(".")
}

impl<'a> Checker<'a> {
    pub(super) fn new(spec: &'a FlowSpec, views: &'a [View<'a>]) -> Self {
        Self { spec, views, ran: views.iter().map(Ran::of).collect() }
    }
}

impl Checker<'_> {
    /// What is wrong with a reference for executions that come in by an entry: the flow's root is the first of the views, entered there.
    pub(super) fn through_entry(&self, one: &Use, reference: &Reference, input: Option<&serde_json::Value>) -> Option<Finding> {
        let (scope, at) = place(one.place.reader);
        if scope == ScopeIx(0) && !self.is_reached(scope, at) {
            return None;
        }
        match reference.root.as_str() {
            "input" => by_schema(input?, reference, 0, "the input"),
            "steps" => {
                let (scope, step, at) = self.find(one.place.reader, reference.path.first()?)?;
                let ran = self.ran[scope.0 as usize].as_ref().filter(|_| scope == ScopeIx(0) && self.is_reached(scope, at))?;
                if ran.is_reachable(step) {
                    return self.available(one, reference, scope, step, at);
                }
                let text = written(reference);
                let hint = format!("guard it: `has({text})`, or begin the entry at an earlier step");
                (!reference.guarded).then(|| finding("unavailable", format!("`{text}` is read, but that step never runs"), hint))
            }
            _ => None,
        }
    }

    /// Whether what is read at this place is ever read.
    fn is_reached(&self, scope: ScopeIx, at: At) -> bool {
        let Some(ran) = self.ran[scope.0 as usize].as_ref() else { return false };
        match at {
            At::Before(reader) | At::After(reader) => ran.is_reachable(reader),
            At::Edge(edge) => ran.is_reachable(self.view(scope).edges[edge].from),
            At::End => ran.is_read(at),
        }
    }

    fn view(&self, scope: ScopeIx) -> &View<'_> {
        &self.views[scope.0 as usize]
    }

    fn reference(&self, one: &Use, reference: &Reference) -> Vec<Finding> {
        let (scope, _) = place(one.place.reader);
        match reference.root.as_str() {
            "steps" => self.step(one, reference),
            "previous" => self.previous(one, reference).into_iter().collect(),
            "config" => self.config(reference).into_iter().collect(),
            "input" => self.spec.input.as_ref().and_then(|schema| by_schema(schema, reference, 0, "the input")).into_iter().collect(),
            // Expressions and templates find a misplaced secret themselves when they are compiled.
            "secret" => Vec::new(),
            root if EVERYWHERE.contains(&root) || one.place.extra.contains(&root) || self.item_names(scope).contains(&root) => Vec::new(),
            root => vec![self.unknown(one, scope, root)],
        }
    }

    fn unknown(&self, one: &Use, scope: ScopeIx, root: &str) -> Finding {
        let hint = match root {
            "item" | "index" => "only the body of a map has items".to_owned(),
            "args" => "only the templates of an agent's tool have arguments".to_owned(),
            "payload" => "only an event's `check` has a payload".to_owned(),
            _ if self.view(scope).by_id.contains_key(root) => format!("write `steps.{root}`"),
            _ if self.spec.config.contains_key(root) => format!("write `config.{root}`"),
            _ => {
                let known = EVERYWHERE.iter().chain(one.place.extra).copied().chain(self.item_names(scope));
                did_you_mean(root, known)
            }
        };
        finding("unknown_name", format!("nothing is called `{root}` here"), hint)
    }

    /// `item`, `index` and the names that the maps around give to their items.
    fn item_names(&self, scope: ScopeIx) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = self.view(scope).owner;
        while let Some((scope, map)) = at {
            let view = self.view(scope);
            names.extend(["item", "index"]);
            names.extend(view.steps[map.0 as usize].1.map.as_ref().and_then(|map| map.as_name.as_deref()));
            at = view.owner;
        }
        names
    }

    fn config(&self, reference: &Reference) -> Option<Finding> {
        let name = reference.path.first()?;
        if self.spec.config.contains_key(name) {
            return None;
        }
        let hint = match did_you_mean(name, self.spec.config.keys().map(String::as_str)) {
            hint if hint.is_empty() => format!("declare it: `config: {{{name}: …}}`"),
            hint => hint,
        };
        Some(finding("unknown_config", format!("`config.{name}` is not declared"), hint))
    }

    /// The step that a name means, seen from a place: in its own scope, then outwards; and the place in the scope where it was found.
    fn find(&self, reader: Reader, id: &str) -> Option<(ScopeIx, usize, At)> {
        let (mut scope, mut at) = place(reader);
        loop {
            let view = self.view(scope);
            if let Some(&step) = view.by_id.get(id) {
                return Some((scope, step, at));
            }
            let (outer, map) = view.owner?;
            (scope, at) = (outer, At::Before(map.0 as usize));
        }
    }

    fn step(&self, one: &Use, reference: &Reference) -> Vec<Finding> {
        let Some(id) = reference.path.first() else {
            return vec![finding("unknown_name", "`steps` alone means nothing", "name a step: `steps.ID.output`")];
        };
        let Some((scope, step, at)) = self.find(one.place.reader, id) else { return vec![self.unknown_step(one, id)] };
        let spec = self.view(scope).steps[step].1;
        let field = reference.path.get(1).map(String::as_str);
        if let Some(found) = unknown_field(id, spec, field) {
            return vec![found];
        }
        let mut findings: Vec<Finding> = Vec::new();
        findings.extend(self.available(one, reference, scope, step, at));
        if field == Some("output") {
            findings.extend(output_field(id, spec, reference));
        }
        findings
    }

    fn unknown_step(&self, one: &Use, id: &str) -> Finding {
        let (scope, _) = place(one.place.reader);
        let inside = self.views.iter().find(|view| view.by_id.contains_key(id)).and_then(|view| view.owner);
        let hint = match inside {
            Some((outer, map)) => {
                let map = self.view(outer).id(map.0 as usize);
                format!("it stands in the body of `{map}`; outside, read `steps.{map}.output[i]`")
            }
            None => did_you_mean(id, self.view(scope).by_id.keys().copied()),
        };
        finding("unknown_step", format!("no step `{id}` can be seen from here"), hint)
    }

    /// Whether the step must have run, as far as the field needs it.
    fn available(&self, one: &Use, reference: &Reference, scope: ScopeIx, step: usize, at: At) -> Option<Finding> {
        let ran = self.ran[scope.0 as usize].as_ref()?;
        let view = self.view(scope);
        let text = written(reference);
        if let Some(found) = self.available_to_gate(one, reference, scope, step) {
            return Some(found);
        }
        if !self.is_reached(scope, at) || !ran.is_reachable(step) {
            return None;
        }
        if at == At::Before(step) {
            let message = format!("`{text}` is read before the step itself has run");
            return Some(finding("never_available", message, "read an earlier step, or the visit before: `previous`"));
        }
        let spec = view.steps[step].1;
        if reference.guarded || certain(ran, spec, reference, step, at) {
            return None;
        }
        if ran.is_later(step, at) {
            let message = format!("`{text}` is read, but `{}` runs later", view.id(step));
            return Some(finding(
                "never_available",
                message,
                "lead the edges so that it runs first; in a loop, read the visit before with `previous`",
            ));
        }
        let hint = match reference.path.get(1).map(String::as_str) {
            Some("error") => format!("read it behind an edge {{from: {}, on: error}}, or guard it with `has({text})`", view.id(step)),
            _ => format!(
                "guard it: `has({text}) ? {text} : …` (in templates `{{% if {text} is defined %}}`), or lead every path through `{}`",
                view.id(step)
            ),
        };
        Some(finding("unavailable", format!("`{text}` is read, but `{}` may not have {}", view.id(step), wanted(reference)), hint))
    }

    /// A gated step's call is fixed when its approval is asked: its inputs must be known by then.
    fn available_to_gate(&self, one: &Use, reference: &Reference, scope: ScopeIx, step: usize) -> Option<Finding> {
        let Reader::Step(reader_scope, action) = one.place.reader else { return None };
        let ran = self.ran[scope.0 as usize].as_ref()?;
        if !one.of_call || reader_scope != scope {
            return None;
        }
        let view = self.view(scope);
        let action_id = view.id(action.0 as usize);
        let releases = |spec: &StepSpec| spec.approval.as_ref().and_then(|approval| approval.action.as_deref()) == Some(action_id);
        let gate = view.steps.iter().position(|(_, spec)| releases(spec))?;
        let known = ran.is_reachable(gate)
            && (reference.guarded && gate != step || certain(ran, view.steps[step].1, reference, step, At::Before(gate)));
        if known || !ran.is_reachable(gate) {
            return None;
        }
        let message = format!("`{}` is part of what `{}` approves, but is not known when it asks", written(reference), view.id(gate));
        let hint = format!("read only what has run before `{}`: what was approved is sent unchanged", view.id(gate));
        Some(finding("action_input_unknown", message, hint))
    }

    fn previous(&self, one: &Use, reference: &Reference) -> Option<Finding> {
        let text = written(reference);
        let Some(id) = reference.path.first() else {
            return Some(finding("unknown_name", "`previous` alone means nothing", "name a step: `previous.ID.output`"));
        };
        let Some((scope, step, at)) = self.find(one.place.reader, id) else { return Some(self.unknown_step(one, id)) };
        let spec = self.view(scope).steps[step].1;
        if let Some(found) = unknown_field(id, spec, reference.path.get(1).map(String::as_str)) {
            return Some(found);
        }
        let ran = self.ran[scope.0 as usize].as_ref()?;
        if ran.common_loop(step, at).is_none() {
            let message = format!("`{text}` is read, but no loop holds both `{id}` and the place where it is read");
            return Some(finding("previous_outside_loop", message, format!("read `steps.{id}`: after a loop it shows the final visit")));
        }
        if !reference.guarded {
            let hint = format!("guard it: `has({text}) ? {text} : …` (in templates `{{% if {text} is defined %}}`)");
            return Some(finding("unguarded_previous", format!("`{text}` is absent in the first visit"), hint));
        }
        None
    }
}

fn place(reader: Reader) -> (ScopeIx, At) {
    match reader {
        Reader::Step(scope, step) => (scope, At::Before(step.0 as usize)),
        Reader::After(scope, step) => (scope, At::After(step.0 as usize)),
        Reader::Edge(scope, edge) => (scope, At::Edge(edge)),
        Reader::End(scope) => (scope, At::End),
    }
}

fn collects(spec: &StepSpec) -> bool {
    spec.map.as_ref().is_some_and(|map| map.on_item_error == Some(OnItemError::Collect))
}

fn certain(ran: &Ran<'_>, spec: &StepSpec, reference: &Reference, step: usize, at: At) -> bool {
    match reference.path.get(1).map(String::as_str) {
        None => ran.has_run(step, at),
        Some("error") => ran.is_failed(step, at),
        Some("errors") if collects(spec) => ran.is_failed(step, at),
        Some(_) => ran.is_completed(step, at),
    }
}

fn wanted(reference: &Reference) -> &'static str {
    match reference.path.get(1).map(String::as_str) {
        Some("error") => "failed by then",
        Some(_) => "completed by then",
        None => "run by then",
    }
}

fn unknown_field(id: &str, spec: &StepSpec, field: Option<&str>) -> Option<Finding> {
    let field = field?;
    let lists_errors = spec.map.as_ref().is_some_and(|map| !matches!(map.on_item_error, None | Some(OnItemError::FailFast)));
    let known: &[&str] = if lists_errors { &["output", "error", "errors"] } else { &["output", "error"] };
    if known.contains(&field) {
        return None;
    }
    let hint = match field {
        "errors" => "only a map with `on_item_error: continue` or `collect` lists errors".to_owned(),
        _ => format!("a step has {}; write `steps.{id}.output.{field}`", known.join(", ")),
    };
    Some(finding("unknown_step_field", format!("a step has no `{field}`"), hint))
}

/// Against the schema that the step declares for what it gives.
fn output_field(id: &str, spec: &StepSpec, reference: &Reference) -> Option<Finding> {
    let whose = format!("`{id}`");
    if let Some(set) = &spec.set {
        let name = reference.path.get(2)?;
        if set.contains_key(name) {
            return None;
        }
        let hint = did_you_mean(name, set.keys().map(String::as_str));
        return Some(finding("excluded_field", format!("`{}`: {whose} sets no `{name}`", written(reference)), hint));
    }
    let model = spec.llm.as_ref().map(|llm| &llm.output).or(spec.agent.as_ref().map(|agent| &agent.output));
    let schema = match model {
        Some(schema) => schema.as_ref(),
        None => spec.ask.as_ref().and_then(|ask| ask.form.as_ref()),
    };
    match schema {
        Some(schema) => by_schema(schema, reference, 2, &whose),
        None if model.is_some() && reference.path.len() > 2 => {
            let hint = "declare `output:` on the step to get fields instead of a text";
            Some(finding("excluded_field", format!("`{}`: {whose} gives a text", written(reference)), hint))
        }
        None => None,
    }
}

/// `skip` parts of the path lead to what the schema describes.
fn by_schema(schema: &serde_json::Value, reference: &Reference, skip: usize, whose: &str) -> Option<Finding> {
    let reading = if reference.guarded { Reading::Asked } else { Reading::Relied };
    let path = reference.path.get(skip..)?;
    let (depth, known) = excluded(schema, path, reading)?;
    let message = format!("`{}`: the schema of {whose} has no `{}`", written(reference), path[..=depth].join("."));
    Some(finding("excluded_field", message, did_you_mean(&path[depth], known)))
}
