//! The plain sequence that no pattern's promise may be satisfied by: the same steps, one after the other in file order.

use flowgate::flow::spec::{BuiltinSpec, EdgeSpec, FlowSpec, StepSpec};

use super::expectation::{Course, Run};

/// A chain of the flow's steps with default joins. Steps other than builtins keep their ids and do nothing, since what they refer to is
/// gone. A flow that is a sequence itself is reversed.
pub fn of(spec: &FlowSpec) -> FlowSpec {
    let mut ids: Vec<&String> = spec.steps.keys().collect();
    if spec.edges.len() + 1 == ids.len()
        && spec.edges.iter().zip(ids.windows(2)).all(|(edge, pair)| &edge.from == pair[0] && &edge.to == pair[1])
    {
        ids.reverse();
    }
    FlowSpec {
        start: Some(ids[0].clone()),
        steps: ids.iter().map(|id| ((*id).clone(), plain(&spec.steps[*id]))).collect(),
        edges: ids.windows(2).map(|pair| EdgeSpec { from: pair[0].clone(), to: pair[1].clone(), ..EdgeSpec::default() }).collect(),
        ..spec.clone()
    }
}

fn plain(step: &StepSpec) -> StepSpec {
    StepSpec { builtin: Some(step.builtin.clone().unwrap_or(BuiltinSpec::Name("noop".to_owned()))), ..StepSpec::default() }
}

/// The same acts for the root; a sequence has no children that could be told anything.
pub fn run_of(run: &Run) -> Run {
    let acts = run.acts.iter().filter(|act| act.to == 0).cloned().collect();
    Run { input: run.input.clone(), acts, status: run.status.clone(), course: Course::default(), children: Vec::new() }
}
