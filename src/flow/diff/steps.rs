//! The graphs of two flows, map bodies included: which steps and edges came, went, changed, or only got another name or place.

use std::collections::{HashMap, HashSet, VecDeque};

use serde_json::Value;

use super::lines::Effort;
use super::{Change, EdgeChanged, EdgeChanges, EdgeMoved, StepChanged, StepChanges, StepName, StepRenamed, fields};
use crate::flow::json_schema::STEP_KINDS;
use crate::flow::spec::{BodySpec, EdgeSpec, FlowSpec, StepSpec, Table};
use crate::ids::Digest;

/// A flow's graph or that of a map's body.
pub(super) struct Graph<'a> {
    start: Option<&'a str>,
    steps: &'a Table<StepSpec>,
    edges: &'a [EdgeSpec],
}

impl<'a> From<&'a FlowSpec> for Graph<'a> {
    fn from(flow: &'a FlowSpec) -> Self {
        Self { start: flow.start.as_deref(), steps: &flow.steps, edges: &flow.edges }
    }
}

impl<'a> From<&'a BodySpec> for Graph<'a> {
    fn from(body: &'a BodySpec) -> Self {
        Self { start: body.start.as_deref(), steps: &body.steps, edges: &body.edges }
    }
}

/// Old ids to new ones, of the steps of one graph that have only been renamed.
type Renames<'a> = HashMap<&'a str, &'a str>;

#[derive(Default)]
pub(super) struct Walk {
    pub steps: StepChanges,
    pub edges: EdgeChanges,
    pub effort: Effort,
}

impl Walk {
    /// Compares what is below `prefix`; returns the change of the first step, whose place is called `start`.
    pub fn graph(&mut self, prefix: &str, start: &str, before: &Graph<'_>, after: &Graph<'_>) -> Option<Change> {
        let renames = renames(before, after);
        let new_ids: HashSet<&str> = renames.values().copied().collect();
        for (id, step) in before.steps {
            let name = StepName { step: format!("{prefix}{id}"), kind: kind(step) };
            if let Some(new) = renames.get(id.as_str()) {
                self.steps.renamed.push(StepRenamed { before: name.step, after: format!("{prefix}{new}"), kind: name.kind });
            } else if !after.steps.contains_key(id) {
                self.steps.removed.push(name);
            }
        }
        for (id, step) in after.steps {
            if let Some(old) = before.steps.get(id) {
                self.step(&format!("{prefix}{id}"), old, step);
            } else if !new_ids.contains(id.as_str()) {
                self.steps.added.push(StepName { step: format!("{prefix}{id}"), kind: kind(step) });
            }
        }
        self.edges(prefix, before.edges, after.edges, &renames);
        let followed = before.start.map(|id| current(&renames, id));
        (followed != after.start).then(|| {
            let (old, new) = (before.start.map(Value::from), after.start.map(Value::from));
            Change::plain(start, old.as_ref(), new.as_ref())
        })
    }

    fn step(&mut self, path: &str, before: &StepSpec, after: &StepSpec) {
        let (mut old, mut new) = (value(before), value(after));
        // Two bodies are compared step by step; a body that comes or goes is shown whole, with its map.
        let bodies = before.map.as_ref().zip(after.map.as_ref());
        if bodies.is_some() {
            [&mut old, &mut new].into_iter().filter_map(|step| step.pointer_mut("/map/body")?.as_object_mut()).for_each(|body| {
                body.retain(|key, _| !["start", "steps", "edges"].contains(&key.as_str()));
            });
        }
        let fields = fields(&old, &new, &mut self.effort);
        let (kind_before, kind) = (kind(before), kind(after));
        let kind_before = (kind_before != kind).then_some(kind_before);
        // Its place in the list is in front of the steps in it.
        let at = self.steps.changed.len();
        let mut changed = StepChanged { step: path.to_owned(), kind, kind_before, fields };
        if let Some((old, new)) = bodies {
            let start = self.graph(&format!("{path}/"), "map.body.start", &(&old.body).into(), &(&new.body).into());
            changed.fields.extend(start);
        }
        if !changed.fields.is_empty() {
            self.steps.changed.insert(at, changed);
        }
    }

    fn edges(&mut self, prefix: &str, before: &[EdgeSpec], after: &[EdgeSpec], renames: &Renames<'_>) {
        let followed: Vec<EdgeSpec> = before.iter().map(|edge| follow(edge, renames)).collect();
        let pairs = pairs(&followed, after);
        let (olds, news): (HashSet<usize>, HashSet<usize>) = pairs.iter().copied().unzip();
        let gone = before.iter().enumerate().filter(|(index, _)| !olds.contains(index));
        self.edges.removed.extend(gone.map(|(_, edge)| absolute(prefix, edge)));
        let came = after.iter().enumerate().filter(|(index, _)| !news.contains(index));
        self.edges.added.extend(came.map(|(_, edge)| absolute(prefix, edge)));
        let in_order = in_order(&pairs.iter().map(|(_, new)| *new).collect::<Vec<_>>());
        for (nth, (old, new)) in pairs.iter().enumerate() {
            let EdgeSpec { from, to, on, .. } = absolute(prefix, &after[*new]);
            let on = on.unwrap_or_default();
            let fields = fields(&value(&followed[*old]), &value(&after[*new]), &mut self.effort);
            if !in_order.contains(&nth) {
                self.edges.moved.push(EdgeMoved { from: from.clone(), to: to.clone(), on: on.clone(), before: *old, after: *new });
            }
            if !fields.is_empty() {
                self.edges.changed.push(EdgeChanged { from, to, on, fields });
            }
        }
    }
}

fn value(part: &impl serde::Serialize) -> Value {
    // A spec has no maps with keys that are not strings, so it always serialises.
    serde_json::to_value(part).unwrap_or_default()
}

/// The step's kind; a draft may name none, or several.
fn kind(step: &StepSpec) -> String {
    let step = value(step);
    STEP_KINDS.into_iter().filter(|kind| step.get(kind).is_some()).collect::<Vec<_>>().join("+")
}

/// Pairs of a step that went and one that came which are equal, where neither has a twin that it could be as well.
fn renames<'a>(before: &Graph<'a>, after: &Graph<'a>) -> Renames<'a> {
    let gone = by_content(before.steps, after.steps);
    let came = by_content(after.steps, before.steps);
    let pairs = gone.iter().filter_map(|(content, olds)| match (olds.as_slice(), came.get(content).map(Vec::as_slice)) {
        ([old], Some([new])) => Some((*old, *new)),
        _ => None,
    });
    pairs.collect()
}

/// The ids of the steps that `other` does not have.
fn by_content<'a>(steps: &'a Table<StepSpec>, other: &Table<StepSpec>) -> HashMap<Digest, Vec<&'a str>> {
    let mut found: HashMap<Digest, Vec<&str>> = HashMap::new();
    for (id, step) in steps.iter().filter(|(id, _)| !other.contains_key(*id)) {
        found.entry(Digest::of_json(&value(step))).or_default().push(id);
    }
    found
}

fn current<'a>(renames: &Renames<'a>, id: &'a str) -> &'a str {
    renames.get(id).copied().unwrap_or(id)
}

fn follow(edge: &EdgeSpec, renames: &Renames<'_>) -> EdgeSpec {
    EdgeSpec { from: current(renames, &edge.from).to_owned(), to: current(renames, &edge.to).to_owned(), ..edge.clone() }
}

fn absolute(prefix: &str, edge: &EdgeSpec) -> EdgeSpec {
    EdgeSpec { from: format!("{prefix}{}", edge.from), to: format!("{prefix}{}", edge.to), ..edge.clone() }
}

/// Which edge before is which edge after: equal ones first, then those between the same steps on the same port. In the order before.
fn pairs(before: &[EdgeSpec], after: &[EdgeSpec]) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    let (mut olds, mut news): (Vec<usize>, Vec<usize>) = ((0..before.len()).collect(), (0..after.len()).collect());
    for key in [whole as EdgeKeyOf, ends] {
        let mut waiting: HashMap<_, VecDeque<usize>> = HashMap::new();
        for new in &news {
            waiting.entry(key(&after[*new])).or_default().push_back(*new);
        }
        olds.retain(|old| match waiting.get_mut(&key(&before[*old])).and_then(VecDeque::pop_front) {
            Some(new) => {
                pairs.push((*old, new));
                false
            }
            None => true,
        });
        let taken: HashSet<usize> = pairs.iter().map(|(_, new)| *new).collect();
        news.retain(|new| !taken.contains(new));
    }
    pairs.sort_unstable();
    pairs
}

type EdgeKey<'a> = (&'a str, Option<&'a str>, &'a str, Option<&'a str>, bool);

type EdgeKeyOf = for<'a> fn(&'a EdgeSpec) -> EdgeKey<'a>;

fn whole(edge: &EdgeSpec) -> EdgeKey<'_> {
    (&edge.from, edge.on.as_deref(), &edge.to, edge.when.as_deref(), edge.otherwise)
}

fn ends(edge: &EdgeSpec) -> EdgeKey<'_> {
    (&edge.from, edge.on.as_deref(), &edge.to, None, false)
}

/// The indexes of a longest rising subsequence: what stayed in place when the others were moved.
fn in_order(places: &[usize]) -> HashSet<usize> {
    // `lasts[n]`: the index of the lowest place that a rising sequence of n + 1 places can end on.
    let mut lasts: Vec<usize> = Vec::new();
    let mut previous: Vec<Option<usize>> = Vec::with_capacity(places.len());
    for (index, place) in places.iter().enumerate() {
        let length = lasts.partition_point(|last| places[*last] < *place);
        previous.push(length.checked_sub(1).map(|shorter| lasts[shorter]));
        if length == lasts.len() {
            lasts.push(index);
        } else {
            lasts[length] = index;
        }
    }
    std::iter::successors(lasts.last().copied(), |index| previous[*index]).collect()
}
