//! What expressions and templates see at one place of an execution: its frame, then outwards.

use std::sync::Arc;

use serde_json::{Value, json};

use super::state::{Frame, FrameKind, How, NodeState, Running, State};
use crate::flow::names::{Names, StepView};
use crate::flow::plan::{Kind, LoopIx, Node, Plan, Scope, StepIx};
use crate::ids::FrameId;

/// The names in scope in a frame.
pub(super) struct Scoped<'a> {
    state: &'a State,
    plan: &'a Plan,
    frame: FrameId,
    /// Names that only this expression has (`args`, `payload`, `output`).
    extra: Vec<(&'static str, Arc<Value>)>,
    /// The result of the step that is about to be settled.
    own: Option<(String, StepView)>,
}

impl<'a> Scoped<'a> {
    pub(super) fn new(state: &'a State, plan: &'a Plan, frame: FrameId) -> Self {
        Self { state, plan, frame, extra: Vec::new(), own: None }
    }

    pub(super) fn with(mut self, name: &'static str, value: Value) -> Self {
        self.extra.push((name, Arc::new(value)));
        self
    }

    pub(super) fn with_result(mut self, step: &str, output: Option<Arc<Value>>, error: Option<Value>) -> Self {
        self.own = Some((step.to_owned(), StepView { output, error: error.map(Arc::new), errors: None }));
        self
    }

    /// The frames from the reader's outwards.
    fn outwards(&self) -> impl Iterator<Item = (FrameId, &'a Frame)> + '_ {
        let state = self.state;
        let first = state.frame(self.frame).map(|frame| (self.frame, frame));
        std::iter::successors(first, move |(_, frame)| {
            let parent = frame.parent?;
            state.frame(parent).map(|frame| (parent, frame))
        })
    }

    fn scope(&self, frame: &Frame) -> &'a Scope {
        self.plan.scope(frame.scope)
    }

    /// The item of a map body's frame.
    fn item(&self, frame: &Frame) -> Option<(&'a Value, u32, Option<&'a str>)> {
        let FrameKind::Item { step, index } = frame.kind else { return None };
        let owner = self.state.frame(frame.parent?)?;
        let Kind::Map(spec) = &self.scope(owner).step(step).kind else { return None };
        let Running::Map(map) = &self.state.run(frame.parent?, Node::Step(step))?.work else { return None };
        Some((map.items.get(index as usize)?, index, spec.as_name.as_deref()))
    }
}

impl Names for Scoped<'_> {
    fn root(&self, name: &str) -> Option<Arc<Value>> {
        if let Some((_, value)) = self.extra.iter().find(|(extra, _)| *extra == name) {
            return Some(Arc::clone(value));
        }
        let start = self.state.start.as_ref()?;
        match name {
            "input" => return Some(Arc::clone(&self.state.input)),
            "config" => return Some(Arc::clone(&self.state.config)),
            "context" => return self.state.context.clone(),
            "session" => return start.session.as_ref().map(|id| Arc::new(json!({"id": id}))),
            "execution" => {
                let about =
                    json!({"id": start.execution, "flow": start.flow, "revision": start.revision, "started_at_ms": self.state.started_at});
                return Some(Arc::new(about));
            }
            _ => {}
        }
        self.outwards().find_map(|(_, frame)| {
            let (item, index, as_name) = self.item(frame)?;
            match name {
                "index" => Some(Arc::new(Value::from(index))),
                "item" => Some(Arc::new(item.clone())),
                _ if as_name == Some(name) => Some(Arc::new(item.clone())),
                _ => None,
            }
        })
    }

    fn step(&self, id: &str) -> Option<StepView> {
        if let Some((_, view)) = self.own.as_ref().filter(|(own, _)| own == id) {
            return Some(view.clone());
        }
        for (_, frame) in self.outwards() {
            let scope = self.scope(frame);
            let Some(ix) = scope.by_id.get(id) else { continue };
            // A frame that contains the step answers for it; the loops around it have the same step in older visits.
            if contains(scope, frame.level, *ix) {
                return look_in(self.state, scope, frame, *ix);
            }
        }
        None
    }

    fn previous(&self, id: &str) -> Option<StepView> {
        for (_, frame) in self.outwards() {
            let scope = self.scope(frame);
            let FrameKind::Visit { previous } = frame.kind else { continue };
            let Some(ix) = scope.by_id.get(id) else { continue };
            if contains(scope, frame.level, *ix) {
                return look_in(self.state, scope, self.state.frame(previous?)?, *ix);
            }
        }
        None
    }
}

/// Whether a frame of this level holds the step, directly or in a loop inside.
fn contains(scope: &Scope, level: Option<LoopIx>, step: StepIx) -> bool {
    level.is_none_or(|loop_| scope.loop_(loop_).steps.contains(&step))
}

/// The step as this frame shows it: directly, or in the final visit of a finished loop inside.
fn look_in(state: &State, scope: &Scope, frame: &Frame, step: StepIx) -> Option<StepView> {
    let within = scope.step(step).within;
    if within == frame.level {
        let NodeState::Settled(settled) = frame.nodes.get(&Node::Step(step))? else { return None };
        return matches!(settled.how, How::Done | How::Failed).then(|| settled.view.clone());
    }
    // The loop of this frame's level that holds the step.
    let mut inner = within?;
    while scope.loop_(inner).parent != frame.level {
        inner = scope.loop_(inner).parent?;
    }
    let NodeState::Settled(settled) = frame.nodes.get(&Node::Loop(inner))? else { return None };
    let deeper = settled.last.and_then(|last| state.frame(last)).and_then(|last| look_in(state, scope, last, step));
    if settled.how == How::Failed && scope.loop_(inner).header == step {
        let output = deeper.and_then(|view| view.output);
        return Some(StepView { output, ..settled.view.clone() });
    }
    deeper
}
