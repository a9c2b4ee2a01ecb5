//! What the shape of a graph says: reachability, dominators, back edges, natural loops, cycles that are none. Works on plain indices
//! and knows nothing of steps; the only place (with its tests) that uses petgraph.

use std::collections::{HashMap, HashSet};

use petgraph::algo::dominators::{self, Dominators};
use petgraph::graph::{DiGraph, NodeIndex};

/// A directed graph with an entry.
#[derive(Clone, Debug)]
pub struct Graph {
    pub nodes: usize,
    pub start: usize,
    /// In file order; an edge's index here is its identity.
    pub edges: Vec<(usize, usize)>,
}

/// A natural loop: all back edges to one header, and everything that reaches their sources without passing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopShape {
    pub header: usize,
    /// Index of the loop around this one.
    pub parent: Option<usize>,
    /// Every node inside, ascending, inner loops' included.
    pub nodes: Vec<usize>,
    pub back_edges: Vec<usize>,
}

/// What can be said about a graph. Loops and what derives from them are meaningful only where `irreducible` is empty.
#[derive(Debug)]
pub struct Shape {
    pub reachable: Vec<bool>,
    /// Per edge: its target dominates its source.
    pub back: Vec<bool>,
    /// Outer loops before the loops inside them.
    pub loops: Vec<LoopShape>,
    /// Per node: the innermost loop around it.
    pub within: Vec<Option<usize>>,
    /// Per node: the loop that it heads.
    pub heads: Vec<Option<usize>>,
    /// Edges (indices) of each cycle that is no natural loop.
    pub irreducible: Vec<Vec<usize>>,
    dominators: Dominators<NodeIndex>,
    /// Indices of edges, per source.
    pub out: Vec<Vec<usize>>,
}

fn node(index: usize) -> NodeIndex {
    NodeIndex::new(index)
}

impl Shape {
    /// # Panics
    /// When the start or an edge's end is not below `nodes`.
    #[must_use]
    pub fn of(graph: &Graph) -> Self {
        let mut petgraph = DiGraph::<(), usize>::with_capacity(graph.nodes, graph.edges.len());
        for _ in 0..graph.nodes {
            petgraph.add_node(());
        }
        let mut out = vec![Vec::new(); graph.nodes];
        for (index, &(from, to)) in graph.edges.iter().enumerate() {
            petgraph.add_edge(node(from), node(to), index);
            out[from].push(index);
        }
        let dominators = dominators::simple_fast(&petgraph, node(graph.start));
        let reachable: Vec<bool> =
            (0..graph.nodes).map(|n| n == graph.start || dominators.immediate_dominator(node(n)).is_some()).collect();
        let mut shape = Self {
            back: vec![false; graph.edges.len()],
            loops: Vec::new(),
            within: vec![None; graph.nodes],
            heads: vec![None; graph.nodes],
            irreducible: Vec::new(),
            reachable,
            dominators,
            out,
        };
        shape.find_back_edges(graph);
        shape.find_irreducible(graph);
        if shape.irreducible.is_empty() {
            shape.find_loops(graph);
        }
        shape
    }

    /// Whether every path from the start to `later` passes `earlier` (a node dominates itself). False for unreachable nodes.
    #[must_use]
    pub fn dominates(&self, earlier: usize, later: usize) -> bool {
        self.dominators.dominators(node(later)).is_some_and(|mut chain| chain.any(|n| n == node(earlier)))
    }

    fn find_back_edges(&mut self, graph: &Graph) {
        for (index, &(from, to)) in graph.edges.iter().enumerate() {
            self.back[index] = self.reachable[from] && self.dominates(to, from);
        }
    }

    /// Cycles that remain without the back edges, unreachable ones included.
    fn find_irreducible(&mut self, graph: &Graph) {
        let mut forward = DiGraph::<(), ()>::with_capacity(graph.nodes, graph.edges.len());
        for _ in 0..graph.nodes {
            forward.add_node(());
        }
        for (index, &(from, to)) in graph.edges.iter().enumerate() {
            if !self.back[index] {
                forward.add_edge(node(from), node(to), ());
            }
        }
        for component in petgraph::algo::tarjan_scc(&forward) {
            let members: HashSet<usize> = component.iter().map(|n| n.index()).collect();
            let inside =
                |&(index, &(from, to)): &(usize, &(usize, usize))| !self.back[index] && members.contains(&from) && members.contains(&to);
            let edges: Vec<usize> = graph.edges.iter().enumerate().filter(inside).map(|(index, _)| index).collect();
            if !edges.is_empty() && members.iter().any(|&n| self.reachable[n]) {
                self.irreducible.push(edges);
            }
        }
        self.irreducible.sort();
    }

    fn find_loops(&mut self, graph: &Graph) {
        let mut by_header: HashMap<usize, Vec<usize>> = HashMap::new();
        for (index, &(_, to)) in graph.edges.iter().enumerate() {
            if self.back[index] {
                by_header.entry(to).or_default().push(index);
            }
        }
        let mut sources = vec![Vec::new(); graph.nodes];
        for &(from, to) in &graph.edges {
            if self.reachable[from] {
                sources[to].push(from);
            }
        }
        for (header, back_edges) in by_header {
            let mut inside = HashSet::from([header]);
            let mut open: Vec<usize> = back_edges.iter().map(|&edge| graph.edges[edge].0).collect();
            while let Some(n) = open.pop() {
                if inside.insert(n) {
                    open.extend(&sources[n]);
                }
            }
            let mut nodes: Vec<usize> = inside.into_iter().collect();
            nodes.sort_unstable();
            self.loops.push(LoopShape { header, parent: None, nodes, back_edges });
        }
        self.loops.sort_by_key(|one| (std::cmp::Reverse(one.nodes.len()), one.header));
        for index in 0..self.loops.len() {
            let header = self.loops[index].header;
            // Loops come by falling size, so the innermost so far around the header is the parent, and later loops overwrite earlier ones.
            self.loops[index].parent = self.within[header];
            self.heads[header] = Some(index);
            for at in 0..self.loops[index].nodes.len() {
                let inside = self.loops[index].nodes[at];
                self.within[inside] = Some(index);
            }
        }
    }

    /// Whether `inner` is `outer` or lies in it; everything lies in `None`, the graph itself.
    #[must_use]
    pub fn loop_is_in(&self, inner: Option<usize>, outer: Option<usize>) -> bool {
        let mut at = inner;
        loop {
            if at == outer {
                return true;
            }
            let Some(index) = at else { return false };
            at = self.loops[index].parent;
        }
    }

    /// The innermost loop that holds both nodes.
    #[must_use]
    pub fn common_loop(&self, a: usize, b: usize) -> Option<usize> {
        let mut at = self.within[a];
        while !self.loop_is_in(self.within[b], at) {
            at = at.and_then(|index| self.loops[index].parent);
        }
        at
    }

    /// The loop directly under `level` that holds `node`; none when the node itself stands at that level (or outside it).
    #[must_use]
    pub fn loop_under(&self, level: Option<usize>, node: usize) -> Option<usize> {
        let mut at = self.within[node];
        while let Some(index) = at {
            if at == level {
                return None;
            }
            if self.loops[index].parent == level {
                return at;
            }
            at = self.loops[index].parent;
        }
        None
    }

    /// Whether `to` can be reached from `from` along edges that `allowed` lets pass (a node reaches itself).
    #[must_use]
    pub fn reaches(&self, graph: &Graph, from: usize, to: usize, allowed: impl Fn(usize) -> bool) -> bool {
        let mut seen = vec![false; graph.nodes];
        let mut open = vec![from];
        while let Some(n) = open.pop() {
            if n == to {
                return true;
            }
            if !std::mem::replace(&mut seen[n], true) {
                open.extend(self.out[n].iter().filter(|&&edge| allowed(edge)).map(|&edge| graph.edges[edge].1));
            }
        }
        false
    }
}

#[cfg(test)]
mod tests;
