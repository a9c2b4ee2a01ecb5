//! What is true of every state between two events. Checked after every event in debug builds and simulation, and after every load.

use super::event::Part;
use super::state::{FrameKind, NodeState, Running, State, Task, TaskPhase};
use crate::flow::plan::{Node, Plan};

/// The cheap ones: counters and ends.
///
/// # Errors
/// The first invariant that does not hold.
pub fn check_quick(state: &State, _plan: &Plan) -> Result<(), String> {
    let calls = state.flights.values().map(|flight| flight.reserved);
    let held = calls
        .chain(state.children.values().map(|child| child.reserved))
        .fold((0, 0), |(tokens, cost), reserved| (tokens + reserved.tokens, cost + reserved.cost.0));
    let is_held = held == (state.spent.held.tokens, state.spent.held.cost.0);
    require(is_held, "what is held is what the calls in flight and the children have reserved")?;
    if state.ended.is_some() {
        require(state.open.is_empty(), "an ended execution asks nobody")?;
        require(!state.is_paused(), "an ended execution is not paused")?;
        return require(state.timers.is_empty(), "an ended execution has no timers");
    }
    for (id, frame) in &state.frames {
        let running = frame.nodes.values().filter(|node| matches!(node, NodeState::Running(_))).count();
        require(running == frame.running, &format!("frame {} counts its running nodes", id.0))?;
        require(frame.parent.is_none_or(|parent| state.frames.contains_key(&parent)), "a frame's parent is kept as long as the frame")?;
    }
    Ok(())
}

/// Everything.
///
/// # Errors
/// The first invariant that does not hold.
pub fn check(state: &State, plan: &Plan) -> Result<(), String> {
    check_quick(state, plan)?;
    if state.ended.is_some() || state.seq == 0 {
        return Ok(());
    }
    require(state.is_paused() || state.yielded || state.held.is_empty(), "what is held is taken when the pause is over")?;
    for (call, flight) in &state.flights {
        let name = state.name(&flight.place, flight.attempt);
        let task =
            if flight.place.part == Part::Undo { state.undo.last().and_then(|undo| undo.task.as_ref()) } else { task(state, plan, flight) };
        let is_known = task.is_some_and(|task| task.phase == TaskPhase::Flying(*call));
        require(is_known, &format!("call {} of {name} is in flight, and its step knows", call.0))?;
    }
    for (id, frame) in &state.frames {
        for (node, node_state) in &frame.nodes {
            if let NodeState::Running(run) = node_state {
                check_run(state, *id, *node, &run.work)?;
            }
        }
        let scope = plan.scope(frame.scope);
        let total = frame.level.map_or(scope.nodes.len(), |level| scope.loop_(level).nodes.len());
        let settled = frame.nodes.values().filter(|node| matches!(node, NodeState::Settled(_))).count();
        require(settled + frame.unsettled == total, &format!("frame {} counts what is not settled", id.0))?;
    }
    require(moves(state), "an execution that has not ended has something that will move it")
}

fn check_run(state: &State, frame: crate::ids::FrameId, node: Node, work: &Running) -> Result<(), String> {
    match (work, node) {
        (Running::Question(id), _) => require(state.open.contains_key(id), "a step that asks has its question open"),
        (Running::Child(id), _) => require(state.children.contains_key(id), "a step that waits for a child knows the child"),
        (Running::Listen, Node::Step(step)) => require(state.listening.contains(&(frame, step)), "a listening step is listed"),
        (Running::Loop { frame: inner }, _) => {
            let is_visit = state.frames.get(inner).is_some_and(|inner| matches!(inner.kind, FrameKind::Visit { .. }));
            require(is_visit, "a running loop has its visit open")
        }
        (Running::Map(map), _) => require(map.open.iter().all(|id| state.frames.contains_key(id)), "a map's open items have frames"),
        _ => Ok(()),
    }
}

fn task<'s>(state: &'s State, plan: &Plan, flight: &super::state::Flight) -> Option<&'s Task> {
    let place = &flight.place;
    if let Part::Check { .. } | Part::Explain { .. } | Part::Gate { .. } = place.part {
        return state.checking(place)?.task();
    }
    let ix = state.step_ix(plan, place.frame, &place.step);
    match (&state.run(place.frame, Node::Step(ix))?.work, place.part) {
        (Running::Call(task), Part::Own) => Some(task),
        (Running::Agent(agent), Part::Model { .. }) => agent.model.as_ref(),
        (Running::Agent(agent), Part::Tool { index, .. }) => {
            let super::state::SlotState::Task(task) = &agent.slots.get(index as usize)?.state else { return None };
            Some(task)
        }
        _ => None,
    }
}

/// G4: a call, a timer, a question, a child, a listener, or owed work.
fn moves(state: &State) -> bool {
    // A paused one is moved by a person.
    state.yielded
        || state.is_paused()
        || !state.flights.is_empty()
        || !state.timers.is_empty()
        || !state.open.is_empty()
        || !state.children.is_empty()
        || !state.listening.is_empty()
}

fn require(holds: bool, what: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("broken invariant: {what}")) }
}
