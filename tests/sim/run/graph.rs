//! The graph of one scope, read naively from the flow file: which edges go back, which loops there are, who waits for what. Written without
//! a look at how `flow/` does it, so that the two can disagree.

use std::collections::{BTreeMap, BTreeSet};

use flowgate::flow::spec::{EdgeSpec, StepSpec, Table};

/// The header of a loop, or none for the scope itself.
pub type Level = Option<String>;

pub struct Graph<'a> {
    pub start: String,
    pub steps: &'a Table<StepSpec>,
    pub edges: &'a [EdgeSpec],
    /// For each header the steps inside, the header among them.
    pub loops: BTreeMap<String, BTreeSet<String>>,
}

impl<'a> Graph<'a> {
    /// `start`: where the flow begins; an entry changes it afterwards, and no loop by it.
    pub fn new(start: Option<&String>, steps: &'a Table<StepSpec>, edges: &'a [EdgeSpec]) -> Self {
        let is_target = |name: &String| edges.iter().any(|edge| edge.to == *name);
        let start = start.or_else(|| steps.keys().find(|name| !is_target(name))).cloned().unwrap_or_default();
        let mut graph = Self { start, steps, edges, loops: BTreeMap::new() };
        let headers = steps.iter().filter(|(_, step)| step.visits.is_some()).map(|(name, _)| name.clone());
        for header in headers.collect::<Vec<_>>() {
            let inside = graph.body(&header);
            graph.loops.insert(header, inside);
        }
        graph
    }

    /// Steps that come back to the header without leaving through it: against the edges, from those that lead back.
    fn body(&self, header: &str) -> BTreeSet<String> {
        // Whoever can be reached around the header does not lead back to it, but into it.
        let mut before = if header == self.start { BTreeSet::new() } else { self.reach(&self.start, Some(header)) };
        if header != self.start {
            before.insert(self.start.clone());
        }
        let mut inside = BTreeSet::from([header.to_owned()]);
        let back = self.edges.iter().filter(|edge| edge.to == header && !before.contains(&edge.from));
        let mut open: Vec<String> = back.map(|edge| edge.from.clone()).collect();
        while let Some(step) = open.pop() {
            if inside.insert(step.clone()) {
                open.extend(self.edges.iter().filter(|edge| edge.to == step).map(|edge| edge.from.clone()));
            }
        }
        inside
    }

    /// What can be reached from a step, without going through `without`.
    pub fn reach(&self, from: &str, without: Option<&str>) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![from.to_owned()];
        while let Some(step) = open.pop() {
            for edge in self.edges.iter().filter(|edge| edge.from == step && Some(edge.to.as_str()) != without) {
                if seen.insert(edge.to.clone()) {
                    open.push(edge.to.clone());
                }
            }
        }
        seen
    }

    /// The innermost loop around a step.
    pub fn level(&self, step: &str) -> Level {
        let around = self.loops.iter().filter(|(_, inside)| inside.contains(step));
        around.min_by_key(|(_, inside)| inside.len()).map(|(header, _)| header.clone())
    }

    /// The innermost loop around a loop.
    pub fn level_of_loop(&self, header: &str) -> Level {
        let around = self.loops.iter().filter(|(other, inside)| *other != header && inside.contains(header));
        around.min_by_key(|(_, inside)| inside.len()).map(|(header, _)| header.clone())
    }

    fn is_inside(&self, step: &str, level: &Level) -> bool {
        level.as_ref().is_none_or(|header| self.loops[header].contains(step))
    }

    pub fn is_back(&self, edge: &EdgeSpec) -> bool {
        self.loops.get(&edge.to).is_some_and(|inside| inside.contains(&edge.from))
    }

    /// The edge is judged by the loop's node, not by the header.
    pub fn is_owned(&self, edge: &EdgeSpec) -> bool {
        let leaves = self.loops.get(&edge.from).is_some_and(|inside| !inside.contains(&edge.to));
        leaves && matches!(edge.on.as_deref(), Some("exhausted" | "error"))
    }

    /// The node of a frame at `level` that a step belongs to: itself, or the header of a loop; none if it is not in the frame.
    pub fn node(&self, step: &str, level: &Level) -> Option<String> {
        if !self.is_inside(step, level) {
            return None;
        }
        let mut at = self.level(step);
        if at == *level {
            return Some(step.to_owned());
        }
        while let Some(header) = at {
            let above = self.level_of_loop(&header);
            if above == *level {
                return Some(header);
            }
            at = above;
        }
        None
    }

    /// Whether the step stands for a whole loop in a frame at `level`.
    pub fn is_loop(&self, node: &str, level: &Level) -> bool {
        self.loops.contains_key(node) && level.as_deref() != Some(node)
    }

    /// Every node of a frame at `level`.
    pub fn nodes(&self, level: &Level) -> BTreeSet<String> {
        self.steps.keys().filter_map(|step| self.node(step, level)).collect()
    }

    /// Edges that a node of a frame at `level` waits for.
    pub fn incoming(&self, node: &str, level: &Level) -> Vec<usize> {
        let comes_in = |edge: &EdgeSpec| {
            let from = self.node(&edge.from, level);
            edge.to == node && !self.is_back(edge) && from.is_some_and(|from| from != node)
        };
        let indexed = self.edges.iter().enumerate();
        indexed.filter(|(_, edge)| comes_in(edge) && level.as_deref() != Some(node)).map(|(index, _)| index).collect()
    }

    /// Whether every way from a node of a frame at `level` goes through `join`.
    pub fn only_leads_to(&self, node: &str, join: &str, level: &Level) -> bool {
        let mut seen = BTreeSet::from([node.to_owned()]);
        let mut open = vec![node.to_owned()];
        while let Some(at) = open.pop() {
            if at == join {
                continue;
            }
            let members: BTreeSet<String> = if self.is_loop(&at, level) { self.loops[&at].clone() } else { BTreeSet::from([at.clone()]) };
            let leaving = self.edges.iter().filter(|edge| members.contains(&edge.from) && !members.contains(&edge.to));
            let mut leads = false;
            for edge in leaving {
                leads = true;
                let target = if Some(&edge.to) == level.as_ref() { None } else { self.node(&edge.to, level) };
                let Some(target) = target else { return false };
                if seen.insert(target.clone()) {
                    open.push(target);
                }
            }
            if !leads {
                return false;
            }
        }
        node != join
    }
}
