//! What must have run before something is read: the rule under "Data" in docs/semantics.md, worked out per scope.
//!
//! A step is certain at a place when every path there passes it and leaves it by a port other than `error`; or when it lies on a chain of
//! edges that cannot but be taken, through `all` joins, from a step that every path passes to a place that the reader is behind.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use crate::flow::compile::frame::Frames;
use crate::flow::compile::view::View;
use crate::flow::spec::JoinSpec;

/// How a step may have fared by the time a place is reached; several at once, one per path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fates {
    pub none: bool,
    pub completed: bool,
    pub failed: bool,
}

impl Fates {
    fn add(&mut self, other: Self) {
        self.none |= other.none;
        self.completed |= other.completed;
        self.failed |= other.failed;
    }

    fn has(self, fate: Fate) -> bool {
        match fate {
            Fate::None => self.none,
            Fate::Completed => self.completed,
            Fate::Failed => self.failed,
        }
    }

    fn insert(&mut self, fate: Fate) {
        match fate {
            Fate::None => self.none = true,
            Fate::Completed => self.completed = true,
            Fate::Failed => self.failed = true,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    None,
    Completed,
    Failed,
}

/// A place in one scope where something is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum At {
    /// When the step is about to run.
    Before(usize),
    /// When the step has completed.
    After(usize),
    /// When the edge is judged.
    Edge(usize),
    /// When nothing is left to do.
    End,
}

/// What must have run, for one scope; answers are kept, since many expressions ask the same.
pub struct Ran<'a> {
    frames: Frames<'a>,
    fates: RefCell<HashMap<usize, Rc<Vec<Fates>>>>,
    chains: RefCell<HashMap<Target, Rc<Vec<bool>>>>,
}

/// Where a chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Target {
    Step(usize),
    End,
}

impl<'a> Ran<'a> {
    /// None where the shape is not sound, so that nothing can be said.
    #[must_use]
    pub fn of(view: &'a View<'a>) -> Option<Self> {
        Some(Self { frames: Frames::of(view)?, fates: RefCell::default(), chains: RefCell::default() })
    }

    #[must_use]
    pub fn is_reachable(&self, step: usize) -> bool {
        self.frames.shape.reachable[step]
    }

    /// The innermost loop that holds a place and a step.
    #[must_use]
    pub fn common_loop(&self, step: usize, at: At) -> Option<usize> {
        let reader = self.step_of(at)?;
        self.frames.shape.common_loop(step, reader)
    }

    fn step_of(&self, at: At) -> Option<usize> {
        match at {
            At::Before(step) | At::After(step) => Some(step),
            At::Edge(edge) => Some(self.frames.graph.edges[edge].0),
            At::End => None,
        }
    }

    /// Whether `step` has completed whenever `at` is reached.
    #[must_use]
    pub fn is_completed(&self, step: usize, at: At) -> bool {
        self.fates_at(step, at) == Fates { completed: true, ..Fates::default() } || self.is_chained(step, at)
    }

    /// Whether `step` has completed or failed whenever `at` is reached.
    #[must_use]
    pub fn has_run(&self, step: usize, at: At) -> bool {
        !self.fates_at(step, at).none || self.is_chained(step, at)
    }

    /// Whether `step` has failed whenever `at` is reached.
    #[must_use]
    pub fn is_failed(&self, step: usize, at: At) -> bool {
        self.fates_at(step, at) == Fates { failed: true, ..Fates::default() }
    }

    /// Whether anything is ever read there: an output is not, where every way ends with an output of its own.
    #[must_use]
    pub fn is_read(&self, at: At) -> bool {
        at != At::End || self.ends().next().is_some()
    }

    /// Whether `step` cannot have run when `at` is reached in the same frame.
    #[must_use]
    pub fn is_later(&self, step: usize, at: At) -> bool {
        match at {
            At::Before(reader) => step == reader || !self.reaches_forward(step, reader) && self.reaches_forward(reader, step),
            At::After(_) | At::Edge(_) | At::End => false,
        }
    }

    fn reaches_forward(&self, from: usize, to: usize) -> bool {
        self.frames.shape.reaches(self.frames.graph, from, to, |edge| !self.frames.shape.back[edge])
    }

    /// How `step` may have fared at a place, over all paths.
    fn fates_at(&self, step: usize, at: At) -> Fates {
        let arrival = self.arrival(step);
        match at {
            At::After(reader) if reader == step => Fates { completed: true, ..Fates::default() },
            At::Before(reader) | At::After(reader) => arrival[reader],
            At::Edge(edge) => {
                let from = self.frames.graph.edges[edge].0;
                let mut fates = Fates::default();
                for fate in [Fate::None, Fate::Completed, Fate::Failed] {
                    if arrival[from].has(fate)
                        && let Some(next) = self.along(step, edge, fate)
                    {
                        fates.insert(next);
                    }
                }
                fates
            }
            At::End => {
                let mut fates = Fates::default();
                for end in self.ends() {
                    fates.add(if end == step { Fates { completed: true, ..Fates::default() } } else { arrival[end] });
                }
                fates
            }
        }
    }

    /// The steps that the scope can end with so that its `output` is read: not by failing, and not by an `end` with an output of its own.
    fn ends(&self) -> impl Iterator<Item = usize> + '_ {
        let view = self.frames.view;
        (0..view.steps.len()).filter(move |&step| {
            let spec = view.steps[step].1;
            let own_output = spec.end.as_ref().is_some_and(|end| end.output.is_some());
            self.is_reachable(step) && self.frames.can_end_here(step) && spec.fail.is_none() && !own_output
        })
    }

    /// The fate of `step` after an edge is taken with that fate; none where the edge cannot be taken then.
    fn along(&self, step: usize, edge: usize, fate: Fate) -> Option<Fate> {
        let (from, _) = self.frames.graph.edges[edge];
        let port = self.frames.view.edges[edge].port;
        if from == step {
            return match port {
                "error" => Some(Fate::Failed),
                // Visits are used up only after the header has run.
                "exhausted" => (fate != Fate::None).then_some(fate),
                _ => Some(Fate::Completed),
            };
        }
        // A loop's own error edge may be taken from anywhere inside it.
        let caught = port == "error"
            && self.frames.owner(edge).is_some_and(|owner| self.frames.shape.loop_is_in(self.frames.shape.within[step], Some(owner)));
        Some(if caught && fate == Fate::Completed { Fate::Failed } else { fate })
    }

    /// Per step: how `step` may have fared when it is entered.
    fn arrival(&self, step: usize) -> Rc<Vec<Fates>> {
        if let Some(known) = self.fates.borrow().get(&step) {
            return Rc::clone(known);
        }
        let (graph, shape) = (self.frames.graph, self.frames.shape);
        let mut fates = vec![Fates::default(); graph.nodes];
        let mut open = vec![(graph.start, Fate::None)];
        while let Some((at, fate)) = open.pop() {
            if fates[at].has(fate) {
                continue;
            }
            fates[at].insert(fate);
            for &edge in &shape.out[at] {
                open.extend(self.along(step, edge, fate).map(|next| (graph.edges[edge].1, next)));
            }
        }
        let fates = Rc::new(fates);
        self.fates.borrow_mut().insert(step, Rc::clone(&fates));
        fates
    }

    /// Whether `step` lies on a chain to the place, or to a step that every path to the place passes.
    fn is_chained(&self, step: usize, at: At) -> bool {
        match self.step_of(at) {
            None => self.chain(Target::End)[step],
            Some(reader) => {
                let mut passed = (0..self.frames.graph.nodes).filter(|&passed| self.frames.shape.dominates(passed, reader));
                passed.any(|passed| passed != step && self.chain(Target::Step(passed))[step])
            }
        }
    }

    /// Per step: whether it lies on a chain to the target.
    fn chain(&self, target: Target) -> Rc<Vec<bool>> {
        if let Some(known) = self.chains.borrow().get(&target) {
            return Rc::clone(known);
        }
        let chain = Rc::new(self.find_chain(target));
        self.chains.borrow_mut().insert(target, Rc::clone(&chain));
        chain
    }

    fn find_chain(&self, target: Target) -> Vec<bool> {
        let nodes = self.frames.graph.nodes;
        let level = match target {
            Target::Step(step) => self.entry_level(step),
            Target::End => None,
        };
        let leading = self.leading_to(target);
        let mut backward = vec![false; nodes];
        let mut open: Vec<usize> = match target {
            Target::Step(step) => vec![step],
            Target::End => self.sinks(),
        };
        let mut links: Vec<Vec<usize>> = vec![Vec::new(); nodes];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut backward[at], true) || !self.waits_for_all(at) {
                continue;
            }
            for (edge, &(from, to)) in self.frames.graph.edges.iter().enumerate() {
                if to == at && self.is_firm(edge, level, &leading) {
                    links[from].push(at);
                    open.push(from);
                }
            }
        }
        let passed = |step: usize| match target {
            Target::Step(target) => step != target && self.frames.shape.dominates(step, target),
            Target::End => self.ends().all(|end| self.frames.shape.dominates(step, end)),
        };
        let mut on_chain = vec![false; nodes];
        let mut open: Vec<usize> = (0..nodes).filter(|&step| backward[step] && passed(step)).collect();
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut on_chain[at], true) {
                open.extend(links[at].iter().copied());
            }
        }
        if let Target::Step(step) = target {
            on_chain[step] = false;
        }
        on_chain
    }

    /// The frame in which a step's join waits.
    fn entry_level(&self, step: usize) -> Option<usize> {
        let shape = self.frames.shape;
        shape.heads[step].map_or(shape.within[step], |headed| shape.loops[headed].parent)
    }

    fn waits_for_all(&self, step: usize) -> bool {
        self.frames.view.steps[step].1.join.unwrap_or_default() == JoinSpec::All
    }

    /// The steps that nothing follows, not even when they fail; none where an `end` may cancel what still runs.
    fn sinks(&self) -> Vec<usize> {
        let view = self.frames.view;
        if view.steps.iter().any(|(_, spec)| spec.end.as_ref().is_some_and(|end| end.output.is_none())) {
            return Vec::new();
        }
        self.ends().filter(|&end| self.frames.shape.within[end].is_none() && self.frames.shape.out[end].is_empty()).collect()
    }

    /// Per step: whether the target can be reached from it within a frame.
    fn leading_to(&self, target: Target) -> Vec<bool> {
        let (graph, shape) = (self.frames.graph, self.frames.shape);
        let mut sources = vec![Vec::new(); graph.nodes];
        for (edge, &(from, to)) in graph.edges.iter().enumerate() {
            if !shape.back[edge] {
                sources[to].push(from);
            }
        }
        let mut leading = vec![false; graph.nodes];
        let mut open: Vec<usize> = match target {
            Target::Step(step) => vec![step],
            Target::End => self.ends().collect(),
        };
        while let Some(at) = open.pop() {
            if !std::mem::replace(&mut leading[at], true) {
                open.extend(&sources[at]);
            }
        }
        leading
    }

    /// Whether the edge is surely taken in the frame, as far as the target is concerned: unconditional, no failure, and no other port of its
    /// step leads to the target as well.
    fn is_firm(&self, edge: usize, level: Option<usize>, leading: &[bool]) -> bool {
        let shape = self.frames.shape;
        let (from, _) = self.frames.graph.edges[edge];
        let this = &self.frames.view.edges[edge];
        let other_way = |&other: &usize| {
            self.frames.view.edges[other].port != this.port && !shape.back[other] && leading[self.frames.graph.edges[other].1]
        };
        this.is_unconditional()
            && !matches!(this.port, "error" | "exhausted")
            && !shape.back[edge]
            && self.frames.level(edge) == level
            && shape.within[from] == level
            && !shape.out[from].iter().any(other_way)
    }
}
