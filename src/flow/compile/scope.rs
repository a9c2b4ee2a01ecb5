//! A checked view becomes a scope of the plan.

use std::collections::HashMap;

use super::context::{Context, Place, Reader, optional};
use super::frame::Frames;
use super::settings::{self, Defaults};
use super::view::{View, index_u32};
use super::{call, kind, validators};
use crate::flow::expr::Expr;
use crate::flow::plan::{CallTemplate, Edge, EdgeIx, InDoubt, Join, Kind, Loop, LoopIx, Node, Scope, ScopeIx, Step, StepIx, Validators};
use crate::flow::source::child;
use crate::flow::spec::JoinSpec;
use crate::ids::StepId;

/// The compiled parts of one step.
pub struct StepParts {
    kind: Kind,
    in_doubt: InDoubt,
    compensate: Option<CallTemplate>,
    validators: Validators,
}

/// Every expression, template and schema of a scope, compiled; a part that does not compile is none and its problem noted.
#[expect(clippy::option_option, reason = "outer: it compiled; inner: it was given")]
pub struct ScopeParts {
    steps: Vec<Option<StepParts>>,
    /// Conditions, in the order of the view's edges.
    whens: Vec<Option<Option<Expr>>>,
    output: Option<Option<Expr>>,
}

#[must_use]
pub fn parts(
    context: &mut Context<'_>,
    view: &View<'_>,
    defaults: &Defaults<'_>,
    bodies: &HashMap<(ScopeIx, StepIx), ScopeIx>,
) -> ScopeParts {
    let steps = (0..view.steps.len())
        .map(|index| {
            let ix = StepIx(index_u32(index));
            step_parts(context, view, index, defaults, bodies.get(&(view.ix, ix)).copied())
        })
        .collect();
    let whens = view
        .edges
        .iter()
        .enumerate()
        .map(|(index, edge)| {
            let place = Place { reader: Reader::Edge(view.ix, index), extra: &[] };
            optional(edge.spec.when.as_ref(), |when| context.expr(place, &child(&edge.pointer, "when"), when))
        })
        .collect();
    let place = Place { reader: Reader::End(view.ix), extra: &[] };
    let output = optional(view.output, |output| context.expr(place, &child(&view.pointer, "output"), output));
    ScopeParts { steps, whens, output }
}

fn step_parts(
    context: &mut Context<'_>,
    view: &View<'_>,
    index: usize,
    defaults: &Defaults<'_>,
    body: Option<ScopeIx>,
) -> Option<StepParts> {
    let (_, spec) = view.steps[index];
    let pointer = view.step_pointer(index);
    let ix = StepIx(index_u32(index));
    let place = Place::step(view.ix, ix);
    context.in_call = true;
    let kind = kind::kind(context, place, &pointer, spec, view, defaults, body);
    context.in_call = false;
    let in_doubt = settings::in_doubt(context, place, &pointer, spec.in_doubt.as_ref());
    let after = Place { reader: Reader::After(view.ix, ix), extra: &[] };
    let compensate = optional(spec.compensate.as_ref(), |spec| call::side_call(context, after, &child(&pointer, "compensate"), spec));
    let validators = validators::list(context, place, &pointer, &spec.validators, spec.max_retries, defaults);
    Some(StepParts { kind: kind?, in_doubt: in_doubt?, compensate: compensate?, validators: validators? })
}

/// The scope; none where a part is missing, which then is a noted problem.
#[must_use]
pub fn scope(view: &View<'_>, parts: ScopeParts, defaults: &Defaults<'_>) -> Option<Scope> {
    let frames = Frames::of(view)?;
    let edges = parts.whens.into_iter().enumerate().map(|(index, when)| Some(edge(&frames, index, when?))).collect::<Option<Vec<_>>>()?;
    let mut steps = parts
        .steps
        .into_iter()
        .enumerate()
        .map(|(index, parts)| Some(step(&frames, index, parts?, defaults)))
        .collect::<Option<Vec<_>>>()?;
    gate(&mut steps);
    let loops = (0..frames.shape.loops.len()).map(|index| loop_(&frames, index)).collect();
    let by_id = steps.iter().map(|step| (step.id.clone(), step.ix)).collect();
    Some(Scope {
        ix: view.ix,
        owner: view.owner,
        edges,
        loops,
        start: frames.node_at(None, frames.graph.start),
        nodes: frames.nodes(None),
        output: parts.output?,
        by_id,
        steps,
    })
}

fn edge(frames: &Frames<'_>, index: usize, when: Option<Expr>) -> Edge {
    let view = &frames.view.edges[index];
    let level = frames.level(index);
    Edge {
        from: StepIx(index_u32(view.from)),
        to: StepIx(index_u32(view.to)),
        port: view.port.to_owned(),
        when,
        otherwise: view.spec.otherwise,
        level: frames.level_ix(index),
        target: frames.node_at(level, view.to),
        back: frames.shape.back[index],
    }
}

fn loop_(frames: &Frames<'_>, index: usize) -> Loop {
    let shape = &frames.shape.loops[index];
    Loop {
        header: StepIx(index_u32(shape.header)),
        parent: shape.parent.map(|parent| LoopIx(index_u32(parent))),
        visits: frames.view.steps[shape.header].1.visits.unwrap_or(1),
        steps: shape.nodes.iter().map(|&step| StepIx(index_u32(step))).collect(),
        nodes: frames.nodes(Some(index)),
        back_edges: shape.back_edges.iter().map(|&edge| EdgeIx(index_u32(edge))).collect(),
        exits: frames.exits(index),
        owned: frames.owned(index),
    }
}

fn step(frames: &Frames<'_>, index: usize, parts: StepParts, defaults: &Defaults<'_>) -> Step {
    let (id, spec) = frames.view.steps[index];
    let rest = spec.rest.unwrap_or_default();
    let only_leads_here: Vec<Node> = match rest {
        crate::flow::spec::Rest::Leave => Vec::new(),
        crate::flow::spec::Rest::Cancel => frames.only_leads_to(index),
    };
    Step {
        id: StepId::new(id),
        ix: StepIx(index_u32(index)),
        title: spec.title.clone(),
        kind: parts.kind,
        incoming: frames.incoming(index),
        outgoing: frames.outgoing(index),
        within: frames.shape.within[index].map(|inner| LoopIx(index_u32(inner))),
        heads: frames.shape.heads[index].map(|headed| LoopIx(index_u32(headed))),
        join: match spec.join.unwrap_or_default() {
            JoinSpec::All => Join::All,
            JoinSpec::Any => Join::Any,
            JoinSpec::N { n } => Join::N(n),
        },
        rest,
        only_leads_here,
        select: spec.select.unwrap_or_default(),
        retry: settings::retry(spec.retry.as_ref(), settings::inherits_retry(spec), defaults),
        timeout_ms: settings::step_timeout_ms(spec, defaults),
        effect: settings::step_effect(spec),
        in_doubt: parts.in_doubt,
        compensate: parts.compensate,
        validators: parts.validators,
        sandbox: spec.sandbox.clone(),
        gated_by: None,
    }
}

/// Marks the steps that approvals release.
fn gate(steps: &mut [Step]) {
    let gates: Vec<(StepIx, StepIx)> = steps
        .iter()
        .filter_map(|step| match &step.kind {
            Kind::Approval(approval) => approval.action.map(|action| (step.ix, action)),
            _ => None,
        })
        .collect();
    for (approval, action) in gates {
        steps[action.0 as usize].gated_by = Some(approval);
    }
}
