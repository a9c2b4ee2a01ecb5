//! A naive model of how a flow walks, written from docs/semantics.md: it reads a journal's facts (what ended how, in which order) and says of
//! each what the rules allow next. It shares the wire types with the machine and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use flowgate::flow::spec::{EdgeSpec, FlowSpec, JoinSpec, OnItemError, Rest, Select, StepSpec};
use flowgate::ids::{CallId, FrameId, QuestionId};
use flowgate::machine::event::{Ending, Event, ItemEnding, LoopEnding, NodeName, Opening, Part, Place, Recorded, Stop};
use flowgate::machine::question::{QuestionKind, Verdict};
use flowgate::machine::summary::{Ended, Status};
use serde_json::Value;

use super::graph::{Graph, Level};
use super::verdicts::{self, Judging, One};

/// Whether the model has an opinion; an error where the journal is none of what it allows.
pub fn judge(spec: &FlowSpec, journal: &[Recorded]) -> Result<bool, String> {
    let Some(Recorded { event: Event::Started { start }, .. }) = journal.first() else { return Ok(false) };
    let entry = start.entry.as_deref();
    let first = entry.and_then(|entry| spec.entries.get(entry)).and_then(|entry| entry.start.as_ref());
    let mut graph = Graph::new(spec.start.as_ref(), &spec.steps, &spec.edges);
    if let Some(first) = first {
        graph.start.clone_from(first);
    }
    let result = verdicts::result_step(spec, &graph);
    let n = start.input["n"].as_f64().unwrap_or(0.0);
    let mut model = Model {
        graphs: vec![graph],
        bodies: BTreeMap::new(),
        frames: BTreeMap::new(),
        n,
        wanted: None,
        stopping: false,
        budgets: BTreeSet::new(),
        asking: BTreeSet::new(),
        yielded: false,
        excused: false,
        spec,
        gate_list: verdicts::gate(spec, entry),
        result,
        judging: BTreeMap::new(),
        gate: None,
        calls: BTreeMap::new(),
        outputs: BTreeMap::new(),
        broken_off: None,
    };
    model.bodies(0)?;
    model.frames.insert(FrameId(0), Frame::new(0, &model.graphs[0], None, None, 1));
    model.leave_out()?;
    for recorded in journal {
        model
            .see_verdicts(&recorded.event)
            .and_then(|()| model.see(&recorded.event))
            .map_err(|reason| format!("event {}: {reason}", recorded.seq))?;
    }
    Ok(true)
}

pub struct Model<'a> {
    graphs: Vec<Graph<'a>>,
    /// The graph of a map's body, by graph and step.
    bodies: BTreeMap<(usize, String), usize>,
    frames: BTreeMap<FrameId, Frame>,
    pub(super) n: f64,
    /// The status that the execution must end with, once something decided it.
    wanted: Option<Status>,
    /// The execution was cancelled or ran out of time.
    pub(super) stopping: bool,
    /// Questions whether to grant more.
    budgets: BTreeSet<QuestionId>,
    /// Those that are open: nothing begins meanwhile.
    asking: BTreeSet<QuestionId>,
    /// The turn ended before its work was done.
    yielded: bool,
    /// Whatever comes next may find something undone.
    excused: bool,
    spec: &'a FlowSpec,
    /// What judges the result.
    pub(super) gate_list: Vec<One<'a>>,
    /// The model step whose answer is the result.
    pub(super) result: Option<String>,
    pub(super) judging: BTreeMap<(FrameId, String), Judging<'a>>,
    /// The judging of a result that no step's answer is.
    pub(super) gate: Option<Judging<'a>>,
    pub(super) calls: BTreeMap<CallId, Place>,
    /// Of steps of the flow itself.
    pub(super) outputs: BTreeMap<String, Value>,
    /// The status of an execution whose result nobody has accepted when it was stopped.
    broken_off: Option<Status>,
}

struct Frame {
    graph: usize,
    level: Level,
    nodes: BTreeSet<String>,
    parent: Option<(FrameId, String)>,
    visit: u32,
    begun: BTreeSet<String>,
    settled: BTreeSet<String>,
    /// Judged edges of this frame; exits and back edges among them.
    judged: BTreeMap<usize, bool>,
    stopping: bool,
    ended: Option<&'static str>,
    items: u32,
    failed_items: u32,
}

impl Frame {
    fn new(graph: usize, of: &Graph<'_>, level: Level, parent: Option<(FrameId, String)>, visit: u32) -> Self {
        Self {
            graph,
            nodes: of.nodes(&level),
            level,
            parent,
            visit,
            begun: BTreeSet::new(),
            settled: BTreeSet::new(),
            judged: BTreeMap::new(),
            stopping: false,
            ended: None,
            items: 0,
            failed_items: 0,
        }
    }
}

pub fn require(holds: bool, what: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(what()) }
}

impl<'a> Model<'a> {
    fn bodies(&mut self, graph: usize) -> Result<(), String> {
        let steps: &'a flowgate::flow::spec::Table<StepSpec> = self.graphs[graph].steps;
        for (name, step) in steps {
            let Some(map) = &step.map else { continue };
            self.graphs.push(Graph::new(map.body.start.as_ref(), &map.body.steps, &map.body.edges));
            let body = self.graphs.len() - 1;
            self.bodies.insert((graph, name.clone()), body);
            self.bodies(body)?;
        }
        Ok(())
    }

    pub(super) fn frame_is_stopping(&self, id: FrameId) -> Result<bool, String> {
        Ok(self.frame(id)?.stopping)
    }

    /// What nothing leads to from where this execution begins is dead from the beginning.
    fn leave_out(&mut self) -> Result<(), String> {
        let graph = &self.graphs[0];
        let reached = graph.reach(&graph.start, None);
        let is_reached = |node: &String| {
            let members = graph.loops.get(node).cloned().unwrap_or_else(|| BTreeSet::from([node.clone()]));
            members.iter().any(|step| *step == graph.start || reached.contains(step))
        };
        let left_out: Vec<String> = graph.nodes(&None).into_iter().filter(|node| !is_reached(node)).collect();
        left_out.iter().try_for_each(|node| self.never(FrameId(0), node))
    }

    /// Everything has ended, or was ended by an `end`.
    pub(super) fn may_give_a_result(&self) -> Result<(), String> {
        let root = self.frame(FrameId(0))?;
        if root.stopping {
            require(root.ended == Some("end"), || "a result of what has failed".to_owned())
        } else {
            self.is_quiet(FrameId(0))
        }
    }

    fn frame(&self, id: FrameId) -> Result<&Frame, String> {
        self.frames.get(&id).ok_or_else(|| format!("there is no frame {}", id.0))
    }

    fn frame_mut(&mut self, id: FrameId) -> Result<&mut Frame, String> {
        self.frames.get_mut(&id).ok_or_else(|| format!("there is no frame {}", id.0))
    }

    pub(super) fn step(&self, id: FrameId, step: &str) -> Result<&'a StepSpec, String> {
        let steps: &'a flowgate::flow::spec::Table<StepSpec> = self.graphs[self.frame(id)?.graph].steps;
        steps.get(step).ok_or_else(|| format!("there is no step `{step}` in frame {}", id.0))
    }

    fn see(&mut self, event: &Event) -> Result<(), String> {
        self.turns(event)?;
        match event {
            Event::Entered { frame, step, .. } => self.begin(*frame, step.as_str()),
            Event::CallStarted { place, attempt: 1, .. } if place.part == Part::Own => self.begin(place.frame, place.step.as_str()),
            Event::ChildStarted { place, .. } if place.part == Part::Own => self.begin(place.frame, place.step.as_str()),
            Event::Asked { place, question, .. } if matches!(question.kind, QuestionKind::Approval | QuestionKind::Ask) => {
                self.begin(place.frame, place.step.as_str())
            }
            Event::Asked { question, .. } if question.kind == QuestionKind::Budget => {
                self.budgets.insert(question.id);
                self.asking.insert(question.id);
                Ok(())
            }
            Event::Answered { question, decided } if self.budgets.contains(question) && decided.verdict != Verdict::Approve => {
                // Nobody grants more: the execution fails.
                self.frame_mut(FrameId(0))?.ended = Some("failure");
                Ok(())
            }
            Event::FrameOpened { frame, parent, opening } => self.opened(*frame, *parent, opening),
            Event::StepEnded { frame, step, ending, taken, .. } => self.step_ended(*frame, step.as_str(), ending, taken),
            Event::LoopEnded { frame, header, ending, taken } => self.loop_ended(*frame, header.as_str(), ending, taken),
            Event::ItemEnded { frame, ending } => self.item_ended(*frame, ending),
            Event::Died { frame, nodes } => nodes.iter().try_for_each(|node| self.died(*frame, node)),
            Event::Skipped { frame, nodes } => nodes.iter().try_for_each(|node| self.cancelled(*frame, name(node))),
            Event::FrameStopping { frame, stop } => self.frame_stops(*frame, stop),
            Event::CancelAsked { .. } => {
                self.stops(Status::Cancelled);
                Ok(())
            }
            Event::DeadlinePassed => {
                self.stops(Status::TimedOut);
                Ok(())
            }
            Event::Ended { ended, .. } => self.ended(ended),
            _ => Ok(()),
        }
    }

    fn stops(&mut self, status: Status) {
        self.stopping = true;
        if self.wanted == Some(Status::Completed) && !self.gate_list.is_empty() {
            // An `end` has ended it, and its result may not have been judged.
            self.broken_off = self.broken_off.or(Some(status));
        }
        self.wanted = self.wanted.or(Some(status));
    }

    /// What comes from outside finds everything done that could be done without it.
    fn turns(&mut self, event: &Event) -> Result<(), String> {
        match event {
            Event::Yielded => self.yielded = true,
            Event::Continued => self.yielded = false,
            // What was held comes as if it came now: the first of it also before what a turn had left at its bound.
            Event::Unpaused { keeps, .. } => self.excused = std::mem::take(&mut self.yielded) && *keeps,
            Event::CallEnded { .. } | Event::CallLost { .. } | Event::ChildAccepted { .. } | Event::ChildEnded { .. } => {
                self.came()?;
            }
            Event::Answered { question, .. } => {
                self.came()?;
                self.asking.remove(question);
            }
            Event::Withdrawn { question } => drop(self.asking.remove(question)),
            _ => {}
        }
        Ok(())
    }

    fn came(&mut self) -> Result<(), String> {
        if std::mem::take(&mut self.excused) { Ok(()) } else { self.nothing_waits() }
    }

    /// Every node whose join lets it begin has begun, and every node that nothing can reach any more is dead.
    fn nothing_waits(&self) -> Result<(), String> {
        if self.yielded || self.stopping || !self.asking.is_empty() {
            return Ok(());
        }
        let open = self.frames.iter().filter(|(_, frame)| !frame.stopping && frame.settled.len() < frame.nodes.len());
        for (id, frame) in open {
            for node in frame.nodes.iter().filter(|node| !frame.begun.contains(*node) && !frame.settled.contains(*node)) {
                let (all, _, dead) = self.counts(*id, node)?;
                require(all == 0 || dead < all, || format!("nothing leads to `{node}` of frame {} any more, and it does not die", id.0))?;
                require(self.is_let_in(*id, node).is_err(), || format!("`{node}` of frame {} could begin, and does not", id.0))?;
            }
        }
        Ok(())
    }

    /// A step begins: its join has let it.
    fn begin(&mut self, id: FrameId, step: &str) -> Result<(), String> {
        let frame = self.frame(id)?;
        if frame.begun.contains(step) {
            // Another attempt of a whole step.
            return require(!frame.settled.contains(step) && !frame.stopping, || format!("`{step}` begins again after its end"));
        }
        require(!frame.stopping, || format!("`{step}` begins in a frame that stops"))?;
        self.is_let_in(id, step)?;
        self.frame_mut(id)?.begun.insert(step.to_owned());
        Ok(())
    }

    fn counts(&self, id: FrameId, node: &str) -> Result<(usize, usize, usize), String> {
        let frame = self.frame(id)?;
        let incoming = self.graphs[frame.graph].incoming(node, &frame.level);
        let live = incoming.iter().filter(|edge| frame.judged.get(edge) == Some(&true)).count();
        let dead = incoming.iter().filter(|edge| frame.judged.get(edge) == Some(&false)).count();
        Ok((incoming.len(), live, dead))
    }

    fn is_let_in(&self, id: FrameId, node: &str) -> Result<(), String> {
        let frame = self.frame(id)?;
        let graph = &self.graphs[frame.graph];
        let is_first =
            frame.level.as_deref() == Some(node) || (frame.level.is_none() && graph.node(&graph.start, &None).as_deref() == Some(node));
        let (all, live, dead) = self.counts(id, node)?;
        let lets = match self.step(id, node)?.join.unwrap_or_default() {
            JoinSpec::All => live > 0 && live + dead == all,
            JoinSpec::Any => live > 0,
            JoinSpec::N { n } => live >= n as usize,
        };
        require(is_first || lets, || format!("`{node}` of frame {} begins with {live} live and {dead} dead of {all} edges", id.0))
    }

    fn opened(&mut self, id: FrameId, parent: FrameId, opening: &Opening) -> Result<(), String> {
        let above = self.frame(parent)?;
        require(!above.stopping, || "a frame is opened inside one that stops".to_owned())?;
        let graph = above.graph;
        match opening {
            Opening::Visit { header, visit } => {
                let header = header.as_str();
                if *visit == 1 {
                    self.is_let_in(parent, header)?;
                    self.frame_mut(parent)?.begun.insert(header.to_owned());
                } else {
                    let before = self.last_visit(parent, header, visit - 1)?;
                    self.is_quiet(before)?;
                    let (exits, repeats) = self.ways_out(before)?;
                    require(!exits && repeats, || format!("`{header}` is visited again without a reason"))?;
                    let visits = self.step(parent, header)?.visits.unwrap_or(0);
                    require(*visit <= visits, || format!("visit {visit} of `{header}`, {visits} are allowed"))?;
                }
                let frame = Frame::new(graph, &self.graphs[graph], Some(header.to_owned()), Some((parent, header.to_owned())), *visit);
                self.frames.insert(id, frame);
            }
            Opening::Item { step, index } => {
                let body = self.bodies.get(&(graph, step.to_string())).copied().ok_or("an item of what is no map")?;
                let map = self.step(parent, step.as_str())?.map.as_ref().ok_or("an item of what is no map")?;
                let above = self.frame(parent)?;
                require(above.begun.contains(step.as_str()), || format!("an item of `{step}`, which has not begun"))?;
                let length = length(&map.over);
                require(*index < length, || format!("item {index} of {length}"))?;
                let frame = Frame::new(body, &self.graphs[body], None, Some((parent, step.to_string())), 1);
                self.frames.insert(id, frame);
            }
        }
        Ok(())
    }

    fn last_visit(&self, parent: FrameId, header: &str, visit: u32) -> Result<FrameId, String> {
        let is_it = |frame: &Frame| frame.parent.as_ref() == Some(&(parent, header.to_owned())) && frame.visit == visit;
        let found = self.frames.iter().rev().find(|(_, frame)| is_it(frame)).map(|(id, _)| *id);
        found.ok_or_else(|| format!("`{header}` had no visit {visit}"))
    }

    fn is_quiet(&self, id: FrameId) -> Result<(), String> {
        let frame = self.frame(id)?;
        let left: Vec<&String> = frame.nodes.difference(&frame.settled).collect();
        require(left.is_empty(), || format!("frame {} is closed, and {left:?} have not settled", id.0))
    }

    /// Whether an exit and whether a back edge of a visit is live.
    fn ways_out(&self, id: FrameId) -> Result<(bool, bool), String> {
        let frame = self.frame(id)?;
        let (graph, level) = (&self.graphs[frame.graph], &frame.level);
        let live = frame.judged.iter().filter(|(_, live)| **live).map(|(edge, _)| &graph.edges[*edge]);
        let (mut exits, mut repeats) = (false, false);
        for edge in live {
            exits |= graph.node(&edge.to, level).is_none();
            repeats |= Some(&edge.to) == level.as_ref() && graph.is_back(edge);
        }
        Ok((exits, repeats))
    }

    /// The edges of a port that the rules take; `owned` chooses those of the loop's node.
    fn takes(&self, id: FrameId, step: &str, port: &str, owned: bool) -> Result<Vec<u32>, String> {
        let frame = self.frame(id)?;
        let graph = &self.graphs[frame.graph];
        let spec = self.step(id, step)?;
        let default = if spec.approval.is_some() { "approved" } else { "ok" };
        let is_of = |edge: &EdgeSpec| edge.from == step && edge.on.as_deref().unwrap_or(default) == port && graph.is_owned(edge) == owned;
        let edges: Vec<(usize, &EdgeSpec)> = graph.edges.iter().enumerate().filter(|(_, edge)| is_of(edge)).collect();
        let visit = if owned { 0 } else { frame.visit };
        let mut taken = BTreeSet::new();
        let mut held = false;
        for (index, edge) in &edges {
            match &edge.when {
                Some(when) => {
                    let holds = self.holds(when, visit)? && (!held || spec.select == Some(Select::All));
                    held |= holds;
                    if holds {
                        taken.insert(*index);
                    }
                }
                None if !edge.otherwise => drop(taken.insert(*index)),
                None => {}
            }
        }
        if !held {
            taken.extend(edges.iter().filter(|(_, edge)| edge.otherwise).map(|(index, _)| *index));
        }
        Ok(taken.into_iter().filter_map(|index| u32::try_from(index).ok()).collect())
    }

    /// The vocabulary of `generate`.
    fn holds(&self, when: &str, visit: u32) -> Result<bool, String> {
        match when {
            "true" => Ok(true),
            "false" => Ok(false),
            _ if when.starts_with("!has(previous.") => Ok(visit <= 1),
            _ => {
                let bound = when.strip_prefix("input.n > ").and_then(|bound| bound.parse::<f64>().ok());
                bound.map(|bound| self.n > bound).ok_or_else(|| format!("the model does not know `{when}`"))
            }
        }
    }

    fn judge_edges(&mut self, id: FrameId, edges: &[usize], taken: &[u32]) -> Result<(), String> {
        let frame = self.frame_mut(id)?;
        for edge in edges {
            let live = u32::try_from(*edge).is_ok_and(|edge| taken.contains(&edge));
            if frame.judged.insert(*edge, live).is_some() {
                return Err(format!("edge {edge} is judged twice in frame {}", id.0));
            }
        }
        Ok(())
    }

    fn outgoing(&self, id: FrameId, step: &str) -> Result<Vec<usize>, String> {
        let graph = &self.graphs[self.frame(id)?.graph];
        let own = |edge: &EdgeSpec| edge.from == step && !graph.is_owned(edge);
        Ok(graph.edges.iter().enumerate().filter(|(_, edge)| own(edge)).map(|(index, _)| index).collect())
    }

    fn settle(&mut self, id: FrameId, node: &str) -> Result<(), String> {
        let is_new = self.frame_mut(id)?.settled.insert(node.to_owned());
        require(is_new, || format!("`{node}` settles twice in frame {}", id.0))
    }

    fn step_ended(&mut self, id: FrameId, step: &str, ending: &Ending, taken: &[u32]) -> Result<(), String> {
        let spec = self.step(id, step)?;
        let stopping = self.frame(id)?.stopping;
        let begun = self.frame(id)?.begun.contains(step);
        let expected = match ending {
            Ending::Cancelled { .. } => {
                self.is_cancellable(id, step)?;
                Vec::new()
            }
            Ending::Done { port, .. } => {
                if !begun {
                    require(spec.set.is_some() || spec.end.is_some() || spec.map.is_some(), || {
                        format!("`{step}` ends without a beginning")
                    })?;
                    self.is_let_in(id, step)?;
                }
                require(!stopping || begun, || format!("`{step}` begins and ends in a frame that stops"))?;
                self.map_may_end(id, step, false)?;
                self.takes(id, step, port, false)?
            }
            Ending::Failed { error, .. } => {
                if !begun && error.code == "join_short" {
                    let (all, live, dead) = self.counts(id, step)?;
                    require(live > 0 && live + dead == all, || format!("`{step}` fails as short with {live} and {dead} of {all} edges"))?;
                } else if !begun {
                    self.is_let_in(id, step)?;
                }
                self.takes(id, step, "error", false)?
            }
        };
        if !stopping {
            require(expected == taken, || format!("`{step}` takes {taken:?}, the rules say {expected:?} ({ending:?})"))?;
            if let Ending::Done { port, .. } = ending {
                require(!taken.is_empty() || port == "ok", || format!("`{step}` ends on `{port}` and leads nowhere"))?;
            }
        }
        let outgoing = self.outgoing(id, step)?;
        self.judge_edges(id, &outgoing, taken)?;
        self.frame_mut(id)?.begun.insert(step.to_owned());
        self.settle(id, step)?;
        let frame = self.frame_mut(id)?;
        match ending {
            Ending::Done { .. } if spec.end.is_some() => frame.ended = frame.ended.or(Some("end")),
            Ending::Failed { .. } if taken.is_empty() => frame.ended = frame.ended.or(Some("failure")),
            _ => {}
        }
        Ok(())
    }

    fn map_may_end(&self, id: FrameId, step: &str, failed: bool) -> Result<(), String> {
        let Some(map) = &self.step(id, step)?.map else { return Ok(()) };
        let items = self.frames.values().filter(|frame| frame.level.is_none() && frame.parent.as_ref() == Some(&(id, step.to_owned())));
        let (mut count, mut failures) = (0, 0);
        for item in items {
            count += item.items;
            failures += item.failed_items;
        }
        require(failed || count == length(&map.over), || format!("`{step}` is done after {count} items"))?;
        let is_lenient = map.on_item_error == Some(OnItemError::Continue);
        require(failed || failures == 0 || is_lenient, || format!("`{step}` is done although items failed"))
    }

    fn item_ended(&mut self, id: FrameId, ending: &ItemEnding) -> Result<(), String> {
        let frame = self.frame(id)?;
        match ending {
            ItemEnding::Done { .. } if frame.ended.is_none() => self.is_quiet(id)?,
            ItemEnding::Failed { .. } => require(frame.ended.is_some(), || "an item fails without a failure".to_owned())?,
            ItemEnding::Cancelled => require(frame.stopping, || "an item is cancelled by nobody".to_owned())?,
            ItemEnding::Done { .. } => {}
        }
        let frame = self.frame_mut(id)?;
        require(frame.items == 0, || "an item ends twice".to_owned())?;
        frame.items = 1;
        frame.failed_items = u32::from(matches!(ending, ItemEnding::Failed { .. }));
        Ok(())
    }

    fn loop_ended(&mut self, parent: FrameId, header: &str, ending: &LoopEnding, taken: &[u32]) -> Result<(), String> {
        let stopping = self.frame(parent)?.stopping;
        let last = self
            .frames
            .iter()
            .rev()
            .find(|(_, frame)| frame.parent.as_ref() == Some(&(parent, header.to_owned())) && frame.level.is_some());
        let last = last.map(|(id, _)| *id);
        let mut left: BTreeMap<usize, bool> = BTreeMap::new();
        match (ending, last) {
            (LoopEnding::Left, Some(last)) => {
                self.is_quiet(last)?;
                let (exits, repeats) = self.ways_out(last)?;
                require(exits || !repeats, || format!("the loop of `{header}` is left, and only its back edge is live"))?;
                left.clone_from(&self.frame(last)?.judged);
            }
            (LoopEnding::Exhausted, Some(last)) => {
                self.is_quiet(last)?;
                let (exits, repeats) = self.ways_out(last)?;
                let visits = self.step(parent, header)?.visits.unwrap_or(0);
                let visit = self.frame(last)?.visit;
                require(!exits && repeats && visit == visits, || format!("`{header}` is exhausted in visit {visit} of {visits}"))?;
                let expected = self.takes(parent, header, "exhausted", true)?;
                require(stopping || expected == taken, || format!("`{header}` takes {taken:?}, the rules say {expected:?}"))?;
            }
            (LoopEnding::Failed { error }, _) => {
                if last.is_none() && error.code == "join_short" {
                    let (all, live, dead) = self.counts(parent, header)?;
                    require(live > 0 && live + dead == all, || format!("`{header}` fails as short"))?;
                }
                let expected = self.takes(parent, header, "error", true)?;
                require(stopping || expected == taken, || format!("`{header}` takes {taken:?}, the rules say {expected:?}"))?;
                let frame = self.frame_mut(parent)?;
                if taken.is_empty() {
                    frame.ended = frame.ended.or(Some("failure"));
                }
            }
            (LoopEnding::Cancelled, _) => self.is_cancellable(parent, header)?,
            (LoopEnding::Left | LoopEnding::Exhausted, None) => return Err(format!("the loop of `{header}` ends without a visit")),
        }
        self.judge_leaving(parent, header, &left, taken)?;
        self.settle(parent, header)
    }

    /// Edges that leave a loop are judged where the loop is a node.
    fn judge_leaving(&mut self, parent: FrameId, header: &str, left: &BTreeMap<usize, bool>, taken: &[u32]) -> Result<(), String> {
        let graph = &self.graphs[self.frame(parent)?.graph];
        let inside = &graph.loops[header];
        let leaving = graph.edges.iter().enumerate().filter(|(_, edge)| inside.contains(&edge.from) && !inside.contains(&edge.to));
        let leaving: Vec<usize> = leaving.map(|(index, _)| index).collect();
        let mut live: Vec<u32> = taken.to_vec();
        live.extend(left.iter().filter(|(_, live)| **live).filter_map(|(edge, _)| u32::try_from(*edge).ok()));
        self.judge_edges(parent, &leaving, &live)
    }

    fn died(&mut self, id: FrameId, node: &NodeName) -> Result<(), String> {
        let node = name(node);
        let (all, _, dead) = self.counts(id, node)?;
        require(all > 0 && all == dead, || format!("`{node}` dies with {dead} of {all} edges dead"))?;
        require(!self.frame(id)?.begun.contains(node), || format!("`{node}` dies after it began"))?;
        self.never(id, node)
    }

    fn cancelled(&mut self, id: FrameId, node: &str) -> Result<(), String> {
        self.is_cancellable(id, node)?;
        self.never(id, node)
    }

    /// The node never runs: its edges are dead.
    fn never(&mut self, id: FrameId, node: &str) -> Result<(), String> {
        let frame = self.frame(id)?;
        if self.graphs[frame.graph].is_loop(node, &frame.level) {
            self.judge_leaving(id, node, &BTreeMap::new(), &[])?;
        } else {
            let outgoing = self.outgoing(id, node)?;
            self.judge_edges(id, &outgoing, &[])?;
        }
        self.settle(id, node)
    }

    /// The frame stops, or a join that has fired makes the node superfluous.
    fn is_cancellable(&self, id: FrameId, node: &str) -> Result<(), String> {
        let frame = self.frame(id)?;
        let graph = &self.graphs[frame.graph];
        let is_superfluous = |join: &&String| {
            let cancels = graph.steps.get(*join).is_some_and(|step| step.rest == Some(Rest::Cancel));
            cancels && graph.only_leads_to(node, join, &frame.level)
        };
        let by_join = frame.begun.iter().find(is_superfluous).is_some() || self.is_firing(id, node)?;
        require(frame.stopping || by_join, || format!("`{node}` of frame {} is cancelled by nobody", id.0))
    }

    /// A join may cancel in the moment in which it fires, before anything of it is recorded.
    fn is_firing(&self, id: FrameId, node: &str) -> Result<bool, String> {
        let frame = self.frame(id)?;
        let graph = &self.graphs[frame.graph];
        let joins = graph.steps.iter().filter(|(_, step)| step.rest == Some(Rest::Cancel)).map(|(name, _)| name);
        let in_frame = joins.filter(|join| graph.node(join, &frame.level).as_ref() == Some(*join));
        Ok(in_frame.into_iter().any(|join| graph.only_leads_to(node, join, &frame.level) && self.is_let_in(id, join).is_ok()))
    }

    fn frame_stops(&mut self, id: FrameId, stop: &Stop) -> Result<(), String> {
        let execution_stops = self.stopping;
        let frame = self.frame_mut(id)?;
        let is_first = !std::mem::replace(&mut frame.stopping, true);
        let ended = frame.ended;
        if matches!(stop, Stop::Ended { .. }) {
            require(ended == Some("end"), || format!("frame {} ends without an `end`", id.0))?;
        }
        if let Stop::Failed { .. } = stop {
            frame.ended = frame.ended.or(Some("failure"));
        }
        if id == FrameId(0) && is_first {
            let status = match stop {
                Stop::Ended { .. } => Status::Completed,
                Stop::Failed { .. } => Status::Failed,
                Stop::Cancelled => Status::Cancelled,
            };
            let refused = self.gate.as_ref().and_then(Judging::refused);
            let by_gate = matches!((stop, refused), (Stop::Failed { error }, Some(code)) if is_refusal(&error.code, code));
            require(execution_stops || ended.is_some() || by_gate, || format!("the execution stops for no reason: {stop:?}"))?;
            self.wanted = self.wanted.or(Some(status));
        }
        Ok(())
    }

    fn ended(&mut self, ended: &Ended) -> Result<(), String> {
        let status = ended.status;
        if status == Status::Completed {
            let is_accepted = self.gate_list.is_empty() || self.is_accepted(&ended.output);
            require(is_accepted, || format!("{} is the result, and the gate has not passed it", ended.output))?;
        }
        let output = self.spec.output.as_ref().and_then(|output| output.strip_prefix("steps.")?.strip_suffix(".output"));
        let output = output.filter(|_| !self.frames[&FrameId(0)].stopping);
        let Some(wanted) = self.wanted else {
            self.is_quiet(FrameId(0))?;
            return match output.map(|step| self.outputs.get(step)) {
                // It is the output of a step that did not run.
                Some(None) => {
                    let is_output = ended.error.as_ref().is_some_and(|error| error.code == "output");
                    require(status == Status::Failed && is_output, || format!("there is no output, and it ends as {status:?}"))
                }
                Some(Some(value)) if *value != ended.output => Err(format!("its result is {}, and not {value}", ended.output)),
                _ => require(status == Status::Completed, || format!("everything went well, and it ends as {status:?}")),
            };
        };
        if self.broken_off == Some(status) && self.gate.as_ref().is_none_or(|gate| gate.accepted().is_none()) {
            return Ok(());
        }
        // A failure while it is stopping turns an end into a failure, never a cancel into a success.
        let fits = status == wanted || (status == Status::Failed && wanted == Status::Completed);
        require(fits, || format!("it ends as {status:?}, the rules say {wanted:?}"))
    }
}

/// A gate's failure: what it says, or that it could not say anything.
fn is_refusal(code: &str, wanted: &str) -> bool {
    code == wanted || (wanted == "validator_failed" && code == "budget_exceeded")
}

fn name(node: &NodeName) -> &str {
    match node {
        NodeName::Step(step) | NodeName::Loop(step) => step.as_str(),
    }
}

/// Of a list that is written out.
fn length(over: &str) -> u32 {
    serde_json::from_str::<Vec<Value>>(over).map_or(0, |items| u32::try_from(items.len()).unwrap_or(0))
}
