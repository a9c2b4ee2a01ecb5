//! Frames and loops, the deciding side: entering nodes whose join is decided, going on or leaving when a frame is quiet, failing and
//! stopping frames, the end of the execution.

use super::call::CallError;
use super::decide::Deciding;
use super::event::{Ending, Event, ItemEnding, LoopEnding, NodeName, Opening, Stop};
use super::names::Scoped;
use super::state::{Frame, FrameKind, NodeState, Stopping};
use super::summary::{Ended, Status};
use crate::flow::names::Names as _;
use crate::flow::plan::{EdgeIx, LoopIx, Node, Scope, StepIx};
use crate::flow::spec::{OnItemError, Rest};
use crate::ids::FrameId;

/// The code of the error when an execution exceeds its own `timeout`; its data then holds `limit_ms`.
pub(super) const TIMEOUT: &str = "timeout";

impl<'a> Deciding<'a> {
    pub(super) fn scope(&self, frame: FrameId) -> &'a Scope {
        let plan: &'a crate::flow::plan::Plan = self.plan;
        self.state.scope_of(plan, frame)
    }

    pub(super) fn look_at_node(&mut self, frame: FrameId, node: Node) {
        let Some(at) = self.state.frame(frame) else { return };
        if at.stop.is_some() || at.closed {
            return;
        }
        match at.nodes.get(&node) {
            Some(NodeState::Ready) => self.enter_node(frame, node),
            Some(NodeState::Doomed) => {
                // All that are doomed at this moment die in one event.
                let doomed = at.nodes.iter().filter(|(_, state)| **state == NodeState::Doomed).map(|(node, _)| *node).collect::<Vec<_>>();
                let nodes = doomed.into_iter().map(|node| self.node_name(frame, node)).collect();
                self.emit(Event::Died { frame, nodes });
            }
            Some(NodeState::Short) => self.short(frame, node),
            Some(NodeState::Idle { .. } | NodeState::Running(_) | NodeState::Settled(_)) | None => {}
        }
    }

    pub(super) fn node_name(&self, frame: FrameId, node: Node) -> NodeName {
        let scope = self.scope(frame);
        match node {
            Node::Step(ix) => NodeName::Step(scope.step(ix).id.clone()),
            Node::Loop(ix) => NodeName::Loop(scope.step(scope.loop_(ix).header).id.clone()),
        }
    }

    fn enter_node(&mut self, frame: FrameId, node: Node) {
        if self.is_paused_for_budget() {
            return; // looked at again when a person has granted more
        }
        let entry = self.scope(frame).entry(node);
        // A header's join was decided where its loop is entered, not again in each visit.
        let is_entry = match node {
            Node::Loop(_) => true,
            Node::Step(_) => entry.heads.is_none(),
        };
        if is_entry && entry.rest == Rest::Cancel {
            self.cancel_rest(frame, &entry.only_leads_here);
        }
        match node {
            Node::Loop(loop_) => self.open_visit(frame, loop_, 1),
            Node::Step(ix) => self.enter_step(frame, ix),
        }
    }

    fn open_visit(&mut self, parent: FrameId, loop_: LoopIx, visit: u32) {
        let scope = self.scope(parent);
        let header = scope.step(scope.loop_(loop_).header).id.clone();
        let frame = self.next_frame();
        self.emit(Event::FrameOpened { frame, parent, opening: Opening::Visit { header, visit } });
    }

    /// `rest: cancel`: what only led to the join that has fired is superfluous.
    fn cancel_rest(&mut self, frame: FrameId, nodes: &[Node]) {
        let Some(at) = self.state.frame(frame) else { return };
        let (mut idle, mut running) = (Vec::new(), Vec::new());
        for node in nodes {
            match at.nodes.get(node) {
                None | Some(NodeState::Idle { .. } | NodeState::Ready | NodeState::Doomed | NodeState::Short) => idle.push(*node),
                Some(NodeState::Running(_)) => running.push(*node),
                Some(NodeState::Settled(_)) => {}
            }
        }
        if !idle.is_empty() {
            let nodes = idle.into_iter().map(|node| self.node_name(frame, node)).collect();
            self.emit(Event::Skipped { frame, nodes });
        }
        for node in running {
            self.stop_run(frame, node, None);
        }
    }

    /// Fewer live edges than the join needs: an error of the step, or, for a header, of the loop's node.
    fn short(&mut self, frame: FrameId, node: Node) {
        let error = CallError::new("join_short", "fewer of the incoming edges are live than the join needs");
        match node {
            Node::Step(ix) => self.fail_step(frame, ix, error, None),
            Node::Loop(loop_) => self.fail_loop(frame, loop_, error),
        }
    }

    pub(super) fn look_at_frame(&mut self, id: FrameId) {
        let Some(frame) = self.state.frame(id) else { return };
        if frame.closed {
            return;
        }
        if let Some(stop) = &frame.stop {
            if frame.running == 0 {
                let stop = stop.clone();
                self.drained(id, stop);
            }
        } else if frame.unsettled == 0 {
            self.quiet(id);
        }
    }

    /// Every step and inner loop of the frame is settled, every edge judged.
    fn quiet(&mut self, id: FrameId) {
        let Some(frame) = self.state.frame(id) else { return };
        match (frame.kind, frame.level, frame.parent) {
            (FrameKind::Visit { .. }, Some(loop_), Some(parent)) => self.visit_over(id, parent, loop_),
            (FrameKind::Item { .. }, _, _) => match self.output_of(id) {
                Ok(output) => self.emit(Event::ItemEnded { frame: id, ending: ItemEnding::Done { output } }),
                Err(error) => self.emit(Event::ItemEnded { frame: id, ending: ItemEnding::Failed { error } }),
            },
            (FrameKind::Root | FrameKind::Visit { .. }, _, _) => self.look_at_end(),
        }
    }

    /// What a frame gives its owner: the scope's `output`, or the output of the last step that ran.
    fn output_of(&self, id: FrameId) -> Result<serde_json::Value, CallError> {
        let Some(frame) = self.state.frame(id) else { return Ok(serde_json::Value::Null) };
        match &self.plan.scope(frame.scope).output {
            Some(expr) => expr.eval(&Scoped::new(self.state, self.plan, id)).map_err(|error| CallError::new("output", error.to_string())),
            None => Ok(frame.last_output.as_deref().cloned().unwrap_or_default()),
        }
    }

    fn visit_over(&mut self, id: FrameId, parent: FrameId, loop_: LoopIx) {
        let scope = self.scope(id);
        let the_loop = scope.loop_(loop_);
        let header = scope.step(the_loop.header).id.clone();
        let Some(frame) = self.state.frame(id) else { return };
        let live = |edges: &[EdgeIx]| edges.iter().any(|edge| frame.edges.get(edge) == Some(&true));
        let repeats = live(&the_loop.back_edges);
        let visit = frame.visit;
        if live(&the_loop.exits) || !repeats {
            self.emit(Event::LoopEnded { frame: parent, header, ending: LoopEnding::Left, taken: Vec::new() });
        } else if visit < the_loop.visits {
            self.open_visit(parent, loop_, visit + 1);
        } else {
            match self.owned_edges(parent, loop_, "exhausted", None) {
                Ok(Some(taken)) if taken.is_empty() => {
                    let message = format!("no edge of `{header}` on `exhausted` holds; add one with `otherwise: true`");
                    self.fail_loop(parent, loop_, CallError::new("routing", message));
                }
                Ok(Some(taken)) => self.emit(Event::LoopEnded { frame: parent, header, ending: LoopEnding::Exhausted, taken }),
                Ok(None) => {
                    let message =
                        format!("the loop of `{header}` went round {visit} times and wants to go on; nothing leads on from `exhausted`");
                    self.fail_loop(parent, loop_, CallError::new("exhausted", message));
                }
                Err(broken) => self.fail_loop(parent, loop_, broken),
            }
        }
    }

    /// A visit failed, or the loop's join was short: the loop's own error edges catch it, or the frame around fails.
    pub(super) fn fail_loop(&mut self, parent: FrameId, loop_: LoopIx, error: CallError) {
        let scope = self.scope(parent);
        let header = scope.step(scope.loop_(loop_).header).id.clone();
        let (taken, broken) = match self.owned_edges(parent, loop_, "error", Some(&error)) {
            Ok(taken) => (taken.unwrap_or_default(), None),
            Err(broken) => (Vec::new(), Some(broken)),
        };
        let is_caught = !taken.is_empty();
        self.emit(Event::LoopEnded { frame: parent, header, ending: LoopEnding::Failed { error: error.clone() }, taken });
        if !is_caught {
            self.fail_frame(parent, broken.unwrap_or(error));
        }
    }

    /// Which of the edges that a loop's node owns are live on `port`, judged by what the final visit shows; none where it has no edge.
    ///
    /// # Errors
    /// `routing` when a condition cannot be evaluated.
    fn owned_edges(&self, parent: FrameId, loop_: LoopIx, port: &str, error: Option<&CallError>) -> Result<Option<Vec<u32>>, CallError> {
        let scope = self.scope(parent);
        let header = scope.step(scope.loop_(loop_).header);
        let owned: Vec<_> = scope.loop_(loop_).owned.iter().copied().filter(|edge| scope.edge(*edge).port == port).collect();
        if owned.is_empty() {
            return Ok(None);
        }
        let mut names = Scoped::new(self.state, self.plan, self.state.visit_of(parent, loop_).unwrap_or(parent));
        if let Some(error) = error {
            let output = names.step(header.id.as_str()).and_then(|view| view.output);
            names = names.with_result(header.id.as_str(), output, Some(serde_json::to_value(error).unwrap_or_default()));
        }
        super::route::choose(scope, &owned, header.select, &names).map(Some)
    }

    /// The frame starts nothing new; what runs in it is cancelled; then its owner gets the error.
    pub(super) fn fail_frame(&mut self, id: FrameId, error: CallError) {
        self.stop_frame(id, Stop::Failed { error });
    }

    pub(super) fn stop_frame(&mut self, id: FrameId, stop: Stop) {
        let Some(frame) = self.state.frame(id) else { return };
        let was_stopping = frame.stop.is_some();
        let gate = self.state.gate.as_ref().filter(|_| id == FrameId(0));
        let is_judged = gate.is_some();
        if frame.closed || (was_stopping && !is_judged && !matches!(stop, Stop::Failed { .. })) {
            return;
        }
        if let Some(call) = gate.and_then(|gate| gate.task()).and_then(super::tasks::flying) {
            self.emit(Event::AbortAsked { call });
        }
        self.emit(Event::FrameStopping { frame: id, stop });
        if was_stopping {
            return;
        }
        for node in running_nodes(self.state.frame(id)) {
            self.stop_run(id, node, None);
        }
    }

    /// A stopping frame in which nothing runs any more.
    fn drained(&mut self, id: FrameId, stop: Stop) {
        let Some(frame) = self.state.frame(id) else { return };
        match (frame.kind, frame.level, frame.parent) {
            (FrameKind::Visit { .. }, Some(loop_), Some(parent)) => match stop {
                Stop::Failed { error } => match self.stopping_error(parent, Node::Loop(loop_)) {
                    Some(_) => self.loop_cancelled(parent, loop_),
                    None => self.fail_loop(parent, loop_, error),
                },
                Stop::Cancelled | Stop::Ended { .. } => self.loop_cancelled(parent, loop_),
            },
            (FrameKind::Item { .. }, _, _) => {
                let ending = match stop {
                    Stop::Failed { error } => ItemEnding::Failed { error },
                    Stop::Ended { output: Some(output) } => ItemEnding::Done { output },
                    Stop::Ended { output: None } => match self.output_of(id) {
                        Ok(output) => ItemEnding::Done { output },
                        Err(error) => ItemEnding::Failed { error },
                    },
                    Stop::Cancelled => ItemEnding::Cancelled,
                };
                self.emit(Event::ItemEnded { frame: id, ending });
            }
            (FrameKind::Root | FrameKind::Visit { .. }, _, _) => self.look_at_end(),
        }
    }

    fn loop_cancelled(&mut self, parent: FrameId, loop_: LoopIx) {
        let scope = self.scope(parent);
        let header = scope.step(scope.loop_(loop_).header).id.clone();
        self.emit(Event::LoopEnded { frame: parent, header, ending: LoopEnding::Cancelled, taken: Vec::new() });
    }

    /// An item is settled: count it, start the next, or end the map.
    pub(super) fn look_at_map(&mut self, frame: FrameId, ix: StepIx) {
        let step = self.scope(frame).step(ix);
        let crate::flow::plan::Kind::Map(spec) = &step.kind else { return };
        let is_stopping = self.is_stopping(frame, Node::Step(ix));
        let Some(map) = self.state.map_run(frame, ix) else { return };
        let first_error = map.errors.first().map(|(_, error)| error.clone());
        if is_stopping {
            if map.open.is_empty() {
                self.stopped(frame, Node::Step(ix));
            }
            return;
        }
        if let (OnItemError::FailFast, Some(error)) = (spec.on_item_error, first_error) {
            let (index, open) = (map.errors[0].0, map.open.is_empty());
            let error = CallError { message: format!("item {index}: {}", error.message), ..error };
            if open {
                self.fail_or_retry_step(frame, ix, error);
            } else {
                self.stop_run(frame, Node::Step(ix), Some(error));
            }
            return;
        }
        let (free, total) = ((spec.concurrency as usize).saturating_sub(map.open.len()), map.items.len());
        let next = map.next..total.min(map.next + free);
        let is_over = map.open.is_empty() && map.next >= total;
        if is_over {
            return self.map_over(frame, ix, spec.on_item_error);
        }
        for index in next {
            // One visit of the queue opens what is free; a stop in between is seen at the next look.
            let opening = Opening::Item { step: step.id.clone(), index: u32::try_from(index).unwrap_or(u32::MAX) };
            let id = self.next_frame();
            self.emit(Event::FrameOpened { frame: id, parent: frame, opening });
        }
    }

    fn map_over(&mut self, frame: FrameId, ix: StepIx, policy: OnItemError) {
        let Some(map) = self.state.map_run(frame, ix) else { return };
        let (results, mut failed) = (map.results.clone(), map.errors.clone());
        failed.sort_by_key(|(index, _)| *index);
        let errors: Vec<_> = failed.iter().map(|(index, error)| serde_json::json!({"index": index, "error": error})).collect();
        if policy == OnItemError::Collect && !errors.is_empty() {
            let message = format!("{} of {} items failed", errors.len(), results.len());
            let error = CallError { data: Some(errors.into()), ..CallError::new("map_items", message) };
            return self.fail_or_retry_step(frame, ix, error);
        }
        let errors = (!errors.is_empty()).then(|| std::sync::Arc::new(serde_json::Value::from(errors)));
        self.finish_step(frame, ix, "ok", results.into(), errors);
    }

    pub(super) fn look_at_end(&mut self) {
        if self.state.ended.is_some() {
            return;
        }
        let Some(root) = self.state.frame(FrameId(0)) else { return };
        let is_quiet = root.stop.is_none() && root.unsettled == 0;
        let is_drained = root.stop.is_some() && root.running == 0;
        if !is_quiet && !is_drained {
            return;
        }
        let (mut status, mut output, mut error) = (Status::Completed, serde_json::Value::Null, None);
        match root.stop.clone() {
            None | Some(Stop::Ended { output: None }) => match self.output_of(FrameId(0)) {
                Ok(value) => output = value,
                Err(broken) => (status, error) = (Status::Failed, Some(broken)),
            },
            Some(Stop::Ended { output: Some(value) }) => output = value,
            Some(Stop::Cancelled) => {
                status = Status::Cancelled;
                error = self.state.cancel.as_ref().map(|(reason, _)| CallError::new("cancelled", reason.clone()));
            }
            Some(Stop::Failed { error: cause }) => {
                status = if self.state.is_overdue { Status::TimedOut } else { Status::Failed };
                error = Some(cause);
            }
        }
        if status == Status::Completed && !self.is_result_accepted(&output) {
            return;
        }
        if status != Status::Completed && self.compensate() {
            return;
        }
        // A budget's question belongs to no running step, so nothing has withdrawn it.
        self.withdraw_questions(|_| true);
        let spent = self.state.spent;
        let ended = Ended { status, output, error, tokens: spent.tokens, cost: spent.cost, used: spent.used };
        let (errors, fates) = (self.state.errors.clone(), self.state.fates.clone());
        self.emit(Event::Ended { ended, errors, fates });
    }

    pub(super) fn is_stopping(&self, frame: FrameId, node: Node) -> bool {
        self.state.run(frame, node).is_some_and(|run| run.stopping.is_some())
    }

    /// Whether the node is stopping, and why.
    pub(super) fn stopping_error(&self, frame: FrameId, node: Node) -> Option<Stopping> {
        self.state.run(frame, node).and_then(|run| run.stopping.clone())
    }

    /// A step that was to fail is overtaken by the end of its frame: its error is one of the others.
    pub(super) fn list_error(&mut self, frame: FrameId, stopping: Stopping) {
        if let Stopping::Fail(error) = stopping {
            self.fail_frame(frame, error);
        }
    }

    /// Everything inside a stopping step has settled.
    pub(super) fn stopped(&mut self, frame: FrameId, node: Node) {
        let Some(stopping) = self.stopping_error(frame, node) else { return };
        let Node::Step(ix) = node else { return };
        match stopping {
            Stopping::Fail(error) if self.state.frame(frame).is_some_and(|at| at.stop.is_none()) => {
                self.fail_or_retry_step(frame, ix, error);
            }
            stopping @ (Stopping::Fail(_) | Stopping::Cancel) => {
                self.list_error(frame, stopping);
                let step = self.scope(frame).step(ix).id.clone();
                let ending = Ending::Cancelled { fate: super::event::Fate::Aborted };
                self.emit(Event::StepEnded { frame, step, ending, taken: Vec::new(), undo: None });
            }
        }
    }
}

fn running_nodes(frame: Option<&Frame>) -> Vec<Node> {
    let nodes = frame.into_iter().flat_map(|frame| &frame.nodes);
    nodes.filter(|(_, state)| matches!(state, NodeState::Running(_))).map(|(node, _)| *node).collect()
}
