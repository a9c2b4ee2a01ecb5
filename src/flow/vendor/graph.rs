//! Steps and edges of the vendor's shape: one ENTRY_POINT, one EXIT_POINT, and what runs between them.

use std::collections::HashSet;

use super::fields::{Fields, Problems};

/// What runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Agent,
    Tool,
}

/// One step that runs.
#[derive(Clone, Debug)]
pub(super) struct Node<'a> {
    pub id: &'a str,
    pub kind: Kind,
    pub fields: Fields<'a>,
}

/// An edge between two steps that run.
#[derive(Clone, Debug)]
pub(super) struct Edge<'a> {
    pub from: &'a str,
    pub to: &'a str,
    pub pointer: String,
}

/// The flow without its boundary.
#[derive(Debug)]
pub(super) struct Graph<'a> {
    pub entry: Fields<'a>,
    pub entry_id: &'a str,
    /// Where edges from the entry lead, with the edges' places.
    pub first: Vec<(&'a str, String)>,
    pub edges: Vec<Edge<'a>>,
    /// The step before the exit.
    pub last: &'a str,
}

/// The steps as far as they are known.
#[derive(Default)]
struct Steps<'a> {
    nodes: Vec<Node<'a>>,
    entries: Vec<(&'a str, Fields<'a>)>,
    exits: Vec<(&'a str, Fields<'a>)>,
    ids: HashSet<&'a str>,
    /// A step without a usable type or identifier: what edges say about it cannot be judged.
    broken: bool,
}

pub(super) fn read<'a>(flow: &Fields<'a>, problems: &mut Problems) -> (Vec<Node<'a>>, Option<Fields<'a>>, Option<Graph<'a>>) {
    flow.refuse_others(&["steps", "edges"], "a flow", problems);
    let steps = steps(flow, problems);
    boundary(&steps.entries, "ENTRY_POINT", &flow.at("steps"), problems);
    boundary(&steps.exits, "EXIT_POINT", &flow.at("steps"), problems);
    let nodes = steps.nodes.clone();
    let entry = steps.entries.first().map(|(_, fields)| fields.clone());
    let graph = edges(flow, steps, problems);
    (nodes, entry, graph)
}

fn boundary(found: &[(&str, Fields<'_>)], kind: &str, steps: &str, problems: &mut Problems) {
    if found.is_empty() {
        problems.add("bad_boundary", steps, format!("the flow has no {kind}"), format!("add exactly one step of type {kind}"));
    }
    for (_, fields) in found.iter().skip(1) {
        problems.add("bad_boundary", &fields.pointer, format!("the flow has more than one {kind}"), "keep one of them");
    }
}

fn steps<'a>(flow: &Fields<'a>, problems: &mut Problems) -> Steps<'a> {
    let mut steps = Steps::default();
    for fields in flow.objects("steps", problems) {
        let id = fields.needed_text("identifier", "edges and placeholders name a step by it", problems);
        let kind = fields.needed_text("type", "ENTRY_POINT, AGENT, TOOL or EXIT_POINT", problems);
        let (Some(id), Some(kind)) = (id, kind) else {
            steps.broken = true;
            continue;
        };
        if !steps.ids.insert(id) {
            problems.add("duplicate_id", &fields.at("identifier"), format!("two steps are called `{id}`"), "give one of them another name");
        }
        match kind {
            "ENTRY_POINT" => {
                fields.refuse_others(&[&super::agent::COMMON[..], &["parametersMetadata"]].concat(), "an ENTRY_POINT", problems);
                steps.entries.push((id, fields));
            }
            "EXIT_POINT" => {
                fields.refuse_others(&super::agent::COMMON, "an EXIT_POINT", problems);
                steps.exits.push((id, fields));
            }
            "AGENT" => steps.nodes.push(Node { id, kind: Kind::Agent, fields }),
            "TOOL" => steps.nodes.push(Node { id, kind: Kind::Tool, fields }),
            other => {
                let message = format!("a step of type `{other}` has no meaning here");
                problems.add("unsupported", &fields.at("type"), message, "there are ENTRY_POINT, AGENT, TOOL and EXIT_POINT");
            }
        }
    }
    if steps.nodes.is_empty() && !steps.broken {
        problems.add("no_steps", &flow.at("steps"), "nothing runs between the flow's ends", "add an AGENT or a TOOL step");
    }
    steps
}

fn edges<'a>(flow: &Fields<'a>, steps: Steps<'a>, problems: &mut Problems) -> Option<Graph<'a>> {
    let entry_id = steps.entries.first().map(|(id, _)| *id);
    let exit_id = steps.exits.first().map(|(id, _)| *id);
    let (mut first, mut inner, mut last) = (Vec::new(), Vec::new(), Vec::new());
    let mut seen = HashSet::new();
    // An edge that was refused may be the one that would be missed.
    let mut unclear = steps.broken;
    for edge in flow.objects("edges", problems) {
        edge.refuse_others(&["id", "source", "target"], "an edge: conditions on edges are for Flowgate's own format", problems);
        let mut end = |key: &str| {
            let id = edge.needed_text(key, "name a step's identifier", problems)?;
            if !steps.ids.contains(id) && !steps.broken {
                let known = crate::flow::source::did_you_mean(id, steps.ids.iter().copied());
                problems.add("unknown_step", &edge.at(key), format!("there is no step `{id}`"), known);
            }
            steps.ids.contains(id).then_some(id)
        };
        let (Some(from), Some(to)) = (end("source"), end("target")) else {
            unclear = true;
            continue;
        };
        if !seen.insert((from, to)) {
            problems.add("duplicate_edge", &edge.pointer, format!("the edge `{from}` → `{to}` is there twice"), "keep one of them");
        }
        match (Some(from) == entry_id, Some(to) == exit_id) {
            _ if Some(to) == entry_id => problems.add("bad_boundary", &edge.at("target"), "nothing leads into the ENTRY_POINT", "turn it"),
            _ if Some(from) == exit_id => problems.add("bad_boundary", &edge.at("source"), "nothing leaves the EXIT_POINT", "turn it"),
            (true, true) => {
                unclear = true;
                problems.add("bad_boundary", &edge.pointer, "the edge leads past every step of the flow", "lead it through a step");
            }
            (true, false) => first.push((to, edge.pointer)),
            (false, true) => last.push((from, edge.pointer)),
            (false, false) => inner.push(Edge { from, to, pointer: edge.pointer }),
        }
    }
    let (entry, exit) = (steps.entries.into_iter().next(), steps.exits.into_iter().next());
    if let (Some((_, entry)), true) = (&entry, first.is_empty() && !unclear) {
        problems.add("bad_boundary", &entry.pointer, "no edge leaves the ENTRY_POINT", "lead an edge to the step that runs first");
    }
    if let (Some((_, exit)), true) = (&exit, last.is_empty() && !unclear) {
        problems.add("bad_boundary", &exit.pointer, "no edge leads to the EXIT_POINT", "lead an edge from the step that answers");
    }
    for (_, pointer) in last.iter().skip(1) {
        let message = "several steps lead to the EXIT_POINT, so it is not clear whose output is the response";
        problems.add("bad_boundary", pointer, message, "lead them to one more AGENT step that puts their outputs together");
    }
    let (entry_id, entry) = entry?;
    exit?;
    let last = last.first()?.0;
    Some(Graph { entry, entry_id, first, edges: inner, last })
}
