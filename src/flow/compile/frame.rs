//! What a scope's shape means for walking it: levels and targets of edges, exits and owned edges of loops, nodes of frames, and what a
//! `rest: cancel` join may cancel.

use std::collections::HashMap;

use super::view::{View, index_u32};
use crate::flow::graph::{Graph, Shape};
use crate::flow::plan::{EdgeIx, LoopIx, Node, StepIx};

fn step_ix(step: usize) -> StepIx {
    StepIx(index_u32(step))
}

fn edge_ix(edge: usize) -> EdgeIx {
    EdgeIx(index_u32(edge))
}

fn loop_ix(index: usize) -> LoopIx {
    LoopIx(index_u32(index))
}

/// A view whose shape is sound: a start, and natural loops only.
pub struct Frames<'a> {
    pub view: &'a View<'a>,
    pub graph: &'a Graph,
    pub shape: &'a Shape,
}

impl<'a> Frames<'a> {
    /// None where the scope has no start or an irreducible cycle.
    #[must_use]
    pub fn of(view: &'a View<'a>) -> Option<Self> {
        let (graph, shape) = view.shape.as_ref()?;
        shape.irreducible.is_empty().then_some(Self { view, graph, shape })
    }

    /// The innermost loop that holds both ends of an edge.
    #[must_use]
    pub fn level(&self, edge: usize) -> Option<usize> {
        let (from, to) = self.graph.edges[edge];
        self.shape.common_loop(from, to)
    }

    #[must_use]
    pub fn level_ix(&self, edge: usize) -> Option<LoopIx> {
        self.level(edge).map(loop_ix)
    }

    /// The node at `level` that stands for a step.
    #[must_use]
    pub fn node_at(&self, level: Option<usize>, step: usize) -> Node {
        self.shape.loop_under(level, step).map_or(Node::Step(step_ix(step)), |inner| Node::Loop(loop_ix(inner)))
    }

    /// The loop whose node owns this edge: the header's `exhausted` edges, and its `error` edges that leave the loop.
    #[must_use]
    pub fn owner(&self, edge: usize) -> Option<usize> {
        let (from, to) = self.graph.edges[edge];
        let headed = self.shape.heads[from]?;
        let leaves = !self.shape.loop_is_in(self.shape.within[to], Some(headed));
        let port = self.view.edges[edge].port;
        (port == "exhausted" || (port == "error" && leaves)).then_some(headed)
    }

    #[must_use]
    pub fn leaves(&self, edge: usize, of: usize) -> bool {
        let (from, to) = self.graph.edges[edge];
        let inside = |step: usize| self.shape.loop_is_in(self.shape.within[step], Some(of));
        inside(from) && !inside(to)
    }

    #[must_use]
    pub fn exits(&self, of: usize) -> Vec<EdgeIx> {
        (0..self.graph.edges.len()).filter(|&edge| self.leaves(edge, of) && self.owner(edge) != Some(of)).map(edge_ix).collect()
    }

    #[must_use]
    pub fn owned(&self, of: usize) -> Vec<EdgeIx> {
        (0..self.graph.edges.len()).filter(|&edge| self.owner(edge) == Some(of)).map(edge_ix).collect()
    }

    /// The nodes directly at a level, in file order of the step that enters them.
    #[must_use]
    pub fn nodes(&self, level: Option<usize>) -> Vec<Node> {
        let entered = |&step: &usize| match self.shape.heads[step] {
            Some(headed) if Some(headed) != level => self.shape.loops[headed].parent == level,
            _ => self.shape.within[step] == level,
        };
        (0..self.graph.nodes).filter(entered).map(|step| self.node_at(level, step)).collect()
    }

    #[must_use]
    pub fn incoming(&self, step: usize) -> Vec<EdgeIx> {
        let enters = |&edge: &usize| self.graph.edges[edge].1 == step && !self.shape.back[edge];
        (0..self.graph.edges.len()).filter(enters).map(edge_ix).collect()
    }

    #[must_use]
    pub fn outgoing(&self, step: usize) -> Vec<EdgeIx> {
        self.shape.out[step].iter().copied().filter(|&edge| self.owner(edge).is_none()).map(edge_ix).collect()
    }

    /// Whether the step can end without leaving a token: it can succeed and has no edge for that, or it ends a flow.
    #[must_use]
    pub fn can_end_here(&self, step: usize) -> bool {
        let spec = self.view.steps[step].1;
        if spec.approval.is_some() || spec.event.as_ref().is_some_and(|event| event.any_of.is_some()) {
            return self.shape.out[step].is_empty();
        }
        !self.shape.out[step].iter().any(|&edge| self.view.edges[edge].port == "ok")
            && (spec.fail.is_none() || self.shape.out[step].is_empty())
    }

    /// The nodes of the frame of `join` all of whose paths pass through it. A natural end, an exit or a back edge ends a path outside.
    #[must_use]
    pub fn only_leads_to(&self, join: usize) -> Vec<Node> {
        let level = match self.shape.heads[join] {
            Some(headed) => self.shape.loops[headed].parent,
            None => self.shape.within[join],
        };
        let target = self.node_at(level, join);
        let nodes = self.nodes(level);
        let index: HashMap<Node, usize> = nodes.iter().enumerate().map(|(index, &node)| (node, index)).collect();
        // Backwards from every node that can end elsewhere; the join itself lets nothing through.
        let mut sources = vec![Vec::new(); nodes.len()];
        let mut open = Vec::new();
        for (from, &node) in nodes.iter().enumerate() {
            if node == target {
                continue;
            }
            if self.ends_outside(level, node) {
                open.push(from);
            }
            for next in self.successors(level, node) {
                sources[index[&next]].push(from);
            }
        }
        let mut escapes = vec![false; nodes.len()];
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut escapes[at], true) {
                open.extend(&sources[at]);
            }
        }
        nodes.iter().zip(&escapes).filter(|&(&node, &escapes)| node != target && !escapes).map(|(&node, _)| node).collect()
    }

    fn steps_of(&self, node: Node) -> Vec<usize> {
        match node {
            Node::Step(step) => vec![step.0 as usize],
            Node::Loop(inner) => self.shape.loops[inner.0 as usize].nodes.clone(),
        }
    }

    /// Edges of a node that lead out of it; for a loop those that leave it.
    fn edges_of(&self, node: Node) -> Vec<usize> {
        let steps = self.steps_of(node);
        let leaves = |&edge: &usize| match node {
            Node::Step(_) => true,
            Node::Loop(inner) => self.leaves(edge, inner.0 as usize),
        };
        steps.iter().flat_map(|&step| self.shape.out[step].iter().copied()).filter(leaves).collect()
    }

    fn stays(&self, level: Option<usize>, edge: usize) -> bool {
        self.level(edge) == level && !self.shape.back[edge]
    }

    fn ends_outside(&self, level: Option<usize>, node: Node) -> bool {
        self.steps_of(node).into_iter().any(|step| self.can_end_here(step))
            || self.edges_of(node).into_iter().any(|edge| !self.stays(level, edge))
    }

    fn successors(&self, level: Option<usize>, node: Node) -> Vec<Node> {
        let staying = self.edges_of(node).into_iter().filter(|&edge| self.stays(level, edge));
        staying.map(|edge| self.node_at(level, self.graph.edges[edge].1)).collect()
    }
}
