//! The flow and its map bodies as a list of scopes with resolved edges: what both the checks and the plan are made from.

use std::collections::HashMap;

use super::context::Context;
use crate::flow::graph::{Graph, Shape};
use crate::flow::plan::{ScopeIx, StepIx};
use crate::flow::source::{child, did_you_mean};
use crate::flow::spec::{EdgeSpec, FlowSpec, StepSpec, Table};
use crate::limits::MAP_DEPTH_MAX;

/// An edge both of whose ends exist.
#[derive(Clone, Debug)]
pub struct EdgeView<'a> {
    pub from: usize,
    pub to: usize,
    pub spec: &'a EdgeSpec,
    /// Its port, defaults filled in.
    pub port: &'a str,
    pub pointer: String,
}

impl EdgeView<'_> {
    #[must_use]
    pub fn is_unconditional(&self) -> bool {
        self.spec.when.is_none() && !self.spec.otherwise
    }
}

/// One scope: the flow, or a map body.
#[derive(Debug)]
pub struct View<'a> {
    pub ix: ScopeIx,
    pub owner: Option<(ScopeIx, StepIx)>,
    /// JSON pointer of the scope's own table; empty for the flow.
    pub pointer: String,
    pub steps: Vec<(&'a str, &'a StepSpec)>,
    pub by_id: HashMap<&'a str, usize>,
    pub edges: Vec<EdgeView<'a>>,
    pub start: Start,
    pub output: Option<&'a str>,
    /// None where there is no start, or no step.
    pub shape: Option<(Graph, Shape)>,
}

impl View<'_> {
    #[must_use]
    pub fn step_pointer(&self, step: usize) -> String {
        child(&format!("{}/steps", self.pointer), self.steps[step].0)
    }

    #[must_use]
    pub fn id(&self, step: usize) -> &str {
        self.steps[step].0
    }

    /// The edges as people read them: `a → b, b → c`.
    #[must_use]
    pub fn edges_text(&self, edges: &[usize]) -> String {
        let text = |&edge: &usize| format!("{} → {}", self.id(self.edges[edge].from), self.id(self.edges[edge].to));
        edges.iter().map(text).collect::<Vec<_>>().join(", ")
    }
}

impl View<'_> {
    /// By step: whether a path leads to it from `start`.
    #[must_use]
    pub fn reachable_from(&self, start: usize) -> Vec<bool> {
        let mut reached = vec![false; self.steps.len()];
        let mut open = vec![start];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut reached[at], true) {
                open.extend(self.edges.iter().filter(|edge| edge.from == at).map(|edge| edge.to));
            }
        }
        reached
    }

    /// The same scope, entered at another step.
    #[must_use]
    pub fn entered_at(&self, start: usize) -> Self {
        let edges = self.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let graph = Graph { nodes: self.steps.len(), start, edges };
        let shape = Shape::of(&graph);
        Self {
            ix: self.ix,
            owner: self.owner,
            pointer: self.pointer.clone(),
            steps: self.steps.clone(),
            by_id: self.by_id.clone(),
            edges: self.edges.clone(),
            start: Start::Known(start),
            output: self.output,
            shape: Some((graph, shape)),
        }
    }
}

/// The step that a scope is entered at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    Known(usize),
    /// The file does not say (a noted problem); the rest is judged as if it were this one.
    Assumed(usize),
    None,
}

struct Raw<'a> {
    owner: Option<(ScopeIx, StepIx)>,
    pointer: String,
    start: Option<&'a str>,
    steps: &'a Table<StepSpec>,
    edges: &'a [EdgeSpec],
    output: Option<&'a str>,
    depth: usize,
}

/// All scopes, the flow first, a body after the scope that holds its map.
#[must_use]
pub fn views<'a>(spec: &'a FlowSpec, context: &mut Context<'_>) -> Vec<View<'a>> {
    let root = Raw {
        owner: None,
        pointer: String::new(),
        start: spec.start.as_deref(),
        steps: &spec.steps,
        edges: &spec.edges,
        output: spec.output.as_deref(),
        depth: 0,
    };
    let mut open = std::collections::VecDeque::from([root]);
    let mut views: Vec<View<'a>> = Vec::new();
    while let Some(raw) = open.pop_front() {
        let ix = ScopeIx(index_u32(views.len()));
        for (position, (id, step)) in raw.steps.iter().enumerate() {
            let Some(map) = &step.map else { continue };
            let pointer = format!("{}/map/body", child(&format!("{}/steps", raw.pointer), id));
            if raw.depth == MAP_DEPTH_MAX {
                context.error(
                    "too_large",
                    &pointer,
                    format!("map bodies nest deeper than {MAP_DEPTH_MAX} levels"),
                    "move the inner map into a flow of its own",
                );
                continue;
            }
            open.push_back(Raw {
                owner: Some((ix, StepIx(index_u32(position)))),
                pointer,
                start: map.body.start.as_deref(),
                steps: &map.body.steps,
                edges: &map.body.edges,
                output: map.body.output.as_deref(),
                depth: raw.depth + 1,
            });
        }
        views.push(view(ix, raw, context));
    }
    views
}

fn view<'a>(ix: ScopeIx, raw: Raw<'a>, context: &mut Context<'_>) -> View<'a> {
    let steps: Vec<_> = raw.steps.iter().map(|(id, step)| (id.as_str(), step)).collect();
    let by_id: HashMap<_, _> = steps.iter().enumerate().map(|(index, (id, _))| (*id, index)).collect();
    let mut edges = Vec::new();
    for (index, spec) in raw.edges.iter().enumerate() {
        let pointer = format!("{}/edges/{index}", raw.pointer);
        let mut end = |key: &str, id: &str| {
            let found = by_id.get(id).copied();
            if found.is_none() {
                let hint = did_you_mean(id, by_id.keys().copied());
                context.error("unknown_step", &child(&pointer, key), format!("no step `{id}` here"), hint);
            }
            found
        };
        let (from, to) = (end("from", &spec.from), end("to", &spec.to));
        if let (Some(from), Some(to)) = (from, to) {
            let port = spec.on.as_deref().unwrap_or_else(|| default_port(steps[from].1));
            edges.push(EdgeView { from, to, spec, port, pointer });
        }
    }
    let mut view =
        View { ix, owner: raw.owner, pointer: raw.pointer, steps, by_id, edges, start: Start::None, output: raw.output, shape: None };
    view.start = start(&view, raw.start, context);
    if let Start::Known(start) | Start::Assumed(start) = view.start {
        let edges = view.edges.iter().map(|edge| (edge.from, edge.to)).collect();
        let graph = Graph { nodes: view.steps.len(), start, edges };
        let shape = Shape::of(&graph);
        view.shape = Some((graph, shape));
    }
    view
}

/// The port of an edge that does not name one.
#[must_use]
pub fn default_port(step: &StepSpec) -> &'static str {
    if step.approval.is_some() { "approved" } else { "ok" }
}

fn start(view: &View<'_>, named: Option<&str>, context: &mut Context<'_>) -> Start {
    let pointer = format!("{}/start", view.pointer);
    let steps_pointer = format!("{}/steps", view.pointer);
    let entered: std::collections::HashSet<usize> = view.edges.iter().map(|edge| edge.to).collect();
    let candidates: Vec<usize> = (0..view.steps.len()).filter(|step| !entered.contains(step)).collect();
    if let Some(id) = named {
        if let Some(&step) = view.by_id.get(id) {
            return Start::Known(step);
        }
        context.error("unknown_step", &pointer, format!("no step `{id}` here"), did_you_mean(id, view.by_id.keys().copied()));
        return candidates.first().map_or(Start::None, |&first| Start::Assumed(first));
    }
    match candidates[..] {
        [only] => Start::Known(only),
        [] if view.steps.is_empty() => {
            context.error("no_steps", &steps_pointer, "there are no steps", "add at least one step");
            Start::None
        }
        [] => {
            let cycle = view.edges_text(&cycle(view));
            let message = format!("every step has an incoming edge, so nothing says where this cycle is entered: {cycle}");
            context.error("cycle_without_entry", &steps_pointer, message, "name the first step with `start:`");
            Start::None
        }
        [first, ..] => {
            let ids: Vec<&str> = candidates.iter().map(|&step| view.id(step)).collect();
            let message = format!("several steps have no incoming edge: {}", ids.join(", "));
            let hint = "name the first step with `start:`, and lead an edge to each other one";
            context.error("ambiguous_start", &steps_pointer, message, hint);
            Start::Assumed(first)
        }
    }
}

/// The edges of one cycle of a graph in which every step has an incoming edge.
fn cycle(view: &View<'_>) -> Vec<usize> {
    let mut walked: Vec<usize> = Vec::new();
    let mut seen: HashMap<usize, usize> = HashMap::new();
    let mut at = 0;
    while !seen.contains_key(&at) {
        seen.insert(at, walked.len());
        let Some(edge) = view.edges.iter().position(|edge| edge.to == at) else { return walked };
        walked.push(edge);
        at = view.edges[edge].from;
    }
    let mut edges = walked.split_off(seen[&at]);
    edges.reverse();
    edges
}

/// An index as the plan stores it; saturates, far above `FLOW_STEPS_MAX`.
#[must_use]
pub fn index_u32(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
