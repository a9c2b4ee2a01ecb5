//! How tokens move: judging edges, deciding joins, settling nodes, opening and forgetting frames. Used by `evolve` only.

use std::sync::Arc;

use serde_json::Value;

use super::event::{Opening, Stop};
use super::state::{AgentRun, Frame, FrameKind, How, MapRun, NodeState, Run, Running, Settled, State, Todo};
use crate::flow::names::StepView;
use crate::flow::plan::{EdgeIx, EntryStart, Join, LoopIx, Node, Plan, Scope, ScopeIx, StepIx};
use crate::ids::FrameId;

impl State {
    pub(super) fn hint(&mut self, todo: Todo) {
        self.hints.0.push_back(todo);
    }

    pub(super) fn scope_of<'p>(&self, plan: &'p Plan, frame: FrameId) -> &'p Scope {
        plan.scope(self.frames.get(&frame).map_or(ScopeIx(0), |frame| frame.scope))
    }

    /// The step of a frame with this id. The journal and the plan belong together (the digest says so), so it exists.
    pub(super) fn step_ix(&self, plan: &Plan, frame: FrameId, step: &crate::ids::StepId) -> StepIx {
        self.scope_of(plan, frame).by_id.get(step).copied().unwrap_or(StepIx(0))
    }

    /// The loop of a frame's scope that this step heads.
    pub(super) fn loop_ix(&self, plan: &Plan, frame: FrameId, header: &crate::ids::StepId) -> LoopIx {
        let scope = self.scope_of(plan, frame);
        let ix = self.step_ix(plan, frame, header);
        scope.step(ix).heads.unwrap_or(LoopIx(0))
    }

    /// An edge of this frame is judged. An edge that leaves the frame's level is held until the frame closes.
    fn judge(&mut self, plan: &Plan, frame: FrameId, edge_ix: EdgeIx, live: bool) {
        let Some(at) = self.frames.get_mut(&frame) else { return };
        let edge = plan.scope(at.scope).edge(edge_ix);
        at.edges.insert(edge_ix, live);
        if edge.level == at.level && !edge.back {
            self.arrive(plan, frame, edge.target, live);
        }
    }

    fn arrive(&mut self, plan: &Plan, frame: FrameId, node: Node, is_live: bool) {
        let Some(at) = self.frames.get_mut(&frame) else { return };
        let entry = plan.scope(at.scope).entry(node);
        let state = at.nodes.entry(node).or_insert(NodeState::Idle { live: 0, dead: 0 });
        let NodeState::Idle { live, dead } = state else { return }; // absorbed: the join has fired
        *(if is_live { &mut *live } else { &mut *dead }) += 1;
        let (live, all) = (*live, *live + *dead == entry.incoming.len());
        let next = match entry.join {
            _ if all && live == 0 => NodeState::Doomed,
            Join::All if all => NodeState::Ready,
            Join::Any if live > 0 => NodeState::Ready,
            Join::N(count) if live == count as usize => NodeState::Ready,
            Join::N(_) if all => NodeState::Short,
            Join::All | Join::Any | Join::N(_) => return,
        };
        *state = next;
        self.hint(Todo::Node(frame, node));
    }

    /// A node becomes running work.
    pub(super) fn begin(&mut self, frame: FrameId, node: Node, run: Run) {
        let Some(at) = self.frames.get_mut(&frame) else { return };
        let before = at.nodes.insert(node, NodeState::Running(Box::new(run)));
        if !matches!(before, Some(NodeState::Running(_))) {
            at.running += 1;
            if matches!(node, Node::Step(_)) {
                self.spent.steps += 1;
            }
        }
    }

    /// A node is settled; its edges are judged afterwards.
    pub(super) fn settle(&mut self, frame: FrameId, node: Node, settled: Settled) {
        let Some(at) = self.frames.get_mut(&frame) else { return };
        let was_entered = !matches!(settled.how, How::Dead | How::Cancelled);
        let before = at.nodes.insert(node, NodeState::Settled(settled));
        at.unsettled = at.unsettled.saturating_sub(1);
        if matches!(before, Some(NodeState::Running(_))) {
            at.running = at.running.saturating_sub(1);
        } else if was_entered && matches!(node, Node::Step(_)) {
            self.spent.steps += 1;
        }
        self.hint(Todo::Frame(frame));
    }

    /// Judges what leaves a settled step: `taken` live, the rest dead.
    pub(super) fn judge_step(&mut self, plan: &Plan, frame: FrameId, step: StepIx, taken: &[u32]) {
        let scope = self.scope_of(plan, frame);
        for edge in &scope.step(step).outgoing {
            self.judge(plan, frame, *edge, taken.contains(&edge.0));
        }
    }

    /// Judges what leaves a settled loop in its parent frame: the edges its node owns by `taken`, its exits by the final visit where it was
    /// left through them, and otherwise all dead.
    pub(super) fn judge_loop(&mut self, plan: &Plan, frame: FrameId, loop_: LoopIx, taken: &[u32], left: Option<FrameId>) {
        let the_loop = self.scope_of(plan, frame).loop_(loop_);
        for edge in &the_loop.owned {
            self.judge(plan, frame, *edge, taken.contains(&edge.0));
        }
        for edge in &the_loop.exits {
            let live = left.and_then(|last| self.frames.get(&last)).is_some_and(|last| last.edges.get(edge) == Some(&true));
            self.judge(plan, frame, *edge, live);
        }
    }

    /// Dead or skipped nodes: all settled first, then their edges judged, so that one of them cannot revive another.
    pub(super) fn settle_without_running(&mut self, plan: &Plan, frame: FrameId, nodes: &[Node], how: How) {
        for node in nodes {
            self.settle(frame, *node, Settled { how, view: StepView::default(), last: None });
        }
        for node in nodes {
            match node {
                Node::Step(step) => self.judge_step(plan, frame, *step, &[]),
                Node::Loop(loop_) => self.judge_loop(plan, frame, *loop_, &[], None),
            }
        }
    }

    /// The output of the last step that ran, here and in every frame of the same scope around.
    pub(super) fn note_output(&mut self, frame: FrameId, output: &Arc<Value>) {
        let mut next = Some(frame);
        while let Some(at) = next.and_then(|id| self.frames.get_mut(&id)) {
            at.last_output = Some(Arc::clone(output));
            next = match at.kind {
                FrameKind::Visit { .. } => at.parent,
                FrameKind::Root | FrameKind::Item { .. } => None,
            };
        }
    }

    /// Enters the flow where it begins, or where the entry does; what nothing leads to from there is dead.
    pub(super) fn open_root(&mut self, plan: &Plan, entry: Option<&EntryStart>) {
        let scope = plan.scope(ScopeIx(0));
        self.insert_frame(FrameId(0), scope, None, None, FrameKind::Root, Arc::from(""), 1);
        if let Some(entry) = entry {
            self.settle_without_running(plan, FrameId(0), &entry.unreached, How::Dead);
        }
        self.make_ready(FrameId(0), entry.map_or(scope.start, |entry| entry.node));
    }

    pub(super) fn open_frame(&mut self, plan: &Plan, id: FrameId, parent: FrameId, opening: &Opening) {
        let inside = self.full_path(plan, parent);
        match opening {
            Opening::Visit { header, visit } => {
                let (scope, loop_) = (self.scope_of(plan, parent), self.loop_ix(plan, parent, header));
                let node = Node::Loop(loop_);
                let previous = self.visit_of(parent, loop_);
                self.forget_older(previous);
                if let Some(previous) = previous {
                    self.close(previous);
                }
                let run = Run::new(1, Running::Loop { frame: id });
                self.begin(parent, node, run);
                self.insert_frame(id, scope, Some(loop_), Some(parent), FrameKind::Visit { previous }, inside.into(), *visit);
                self.make_ready(id, Node::Step(scope.loop_(loop_).header));
            }
            Opening::Item { step, index } => {
                let ix = self.step_ix(plan, parent, step);
                let crate::flow::plan::Kind::Map(map) = &self.scope_of(plan, parent).step(ix).kind else { return };
                let tail = format!("{step}[{index}]");
                let path = if inside.is_empty() { tail } else { format!("{inside}/{tail}") };
                if let Some(run) = self.map_run(parent, ix) {
                    run.next = *index as usize + 1;
                    run.open.insert(id);
                }
                let scope = plan.scope(map.body);
                self.insert_frame(id, scope, None, Some(parent), FrameKind::Item { step: ix, index: *index }, path.into(), 1);
                self.make_ready(id, scope.start);
            }
        }
        self.next_frame = self.next_frame.max(id.0 + 1);
    }

    #[expect(clippy::too_many_arguments, reason = "one call per kind of frame, all above")]
    fn insert_frame(
        &mut self,
        id: FrameId,
        scope: &Scope,
        level: Option<LoopIx>,
        parent: Option<FrameId>,
        kind: FrameKind,
        path: Arc<str>,
        visit: u32,
    ) {
        let unsettled = level.map_or(scope.nodes.len(), |loop_| scope.loop_(loop_).nodes.len());
        if let Some(outer) = parent.and_then(|parent| self.frames.get_mut(&parent)) {
            outer.inner.push(id);
        }
        let frame = Frame {
            scope: scope.ix,
            level,
            parent,
            kind,
            path,
            visit,
            nodes: std::collections::BTreeMap::new(),
            edges: std::collections::BTreeMap::new(),
            unsettled,
            running: 0,
            stop: None,
            closed: false,
            released: std::collections::BTreeMap::new(),
            last_output: None,
            inner: Vec::new(),
        };
        self.frames.insert(id, frame);
        self.next_frame = self.next_frame.max(id.0 + 1);
    }

    fn make_ready(&mut self, frame: FrameId, node: Node) {
        if let Some(at) = self.frames.get_mut(&frame) {
            at.nodes.insert(node, NodeState::Ready);
        }
        self.hint(Todo::Node(frame, node));
    }

    /// The path inside a frame: its own, and its loop's visit where it is one.
    fn full_path(&self, plan: &Plan, frame: FrameId) -> String {
        let Some(at) = self.frames.get(&frame) else { return String::new() };
        let Some(loop_) = at.level else { return at.path.to_string() };
        let scope = plan.scope(at.scope);
        let tail = format!("{}#{}", scope.step(scope.loop_(loop_).header).id, at.visit);
        if at.path.is_empty() { tail } else { format!("{}/{tail}", at.path) }
    }

    /// Only the visit before is ever read: what lies before `previous` goes.
    fn forget_older(&mut self, previous: Option<FrameId>) {
        let Some(previous) = previous else { return };
        let Some(FrameKind::Visit { previous: Some(older) }) = self.frames.get(&previous).map(|frame| frame.kind) else { return };
        if let Some(frame) = self.frames.get_mut(&previous) {
            frame.kind = FrameKind::Visit { previous: None };
        }
        self.forget(older);
    }

    /// Drops a frame and all frames inside it.
    pub(super) fn forget(&mut self, id: FrameId) {
        let Some(frame) = self.frames.remove(&id) else { return };
        if let Some(outer) = frame.parent.and_then(|parent| self.frames.get_mut(&parent)) {
            outer.inner.retain(|inner| *inner != id);
        }
        for inner in frame.inner {
            self.forget(inner);
        }
    }

    pub(super) fn close(&mut self, id: FrameId) {
        if let Some(frame) = self.frames.get_mut(&id) {
            frame.closed = true;
            frame.released.clear();
        }
    }

    pub(super) fn stop_frame(&mut self, id: FrameId, stop: &Stop) {
        // A result that is still judged is not yet how the execution ends.
        let is_judged = id == FrameId(0) && self.gate.is_some();
        if is_judged {
            self.drop_gate();
        }
        let Some(frame) = self.frames.get_mut(&id) else { return };
        match (&frame.stop, stop) {
            (Some(Stop::Ended { .. }), _) if is_judged => frame.stop = Some(stop.clone()),
            (None, _) => frame.stop = Some(stop.clone()),
            // The first cause stands; a further error is listed. A cancel from outside overrides nothing.
            (Some(_), Stop::Failed { error }) => self.errors.push(error.clone()),
            (Some(_), Stop::Cancelled | Stop::Ended { .. }) => {}
        }
        self.hint(Todo::Frame(id));
    }

    /// The visit that a running loop is in.
    pub(super) fn visit_of(&self, frame: FrameId, loop_: LoopIx) -> Option<FrameId> {
        let Running::Loop { frame } = self.run(frame, Node::Loop(loop_))?.work else { return None };
        Some(frame)
    }

    pub(super) fn map_run(&mut self, frame: FrameId, step: StepIx) -> Option<&mut MapRun> {
        let Running::Map(map) = &mut self.run_mut(frame, Node::Step(step))?.work else { return None };
        Some(map)
    }

    pub(super) fn agent_run(&mut self, frame: FrameId, step: StepIx) -> Option<&mut AgentRun> {
        let Running::Agent(agent) = &mut self.run_mut(frame, Node::Step(step))?.work else { return None };
        Some(agent)
    }
}
