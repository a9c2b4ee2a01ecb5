//! The difference of two flows by what they mean: what a reader of two revisions wants to know. Compared is the normalised form that the
//! digest is taken of, so key order, `ui:` and defaults written out or left out never show, and `defaults:` shows at the steps that
//! inherit from it. The difference is empty exactly when the digests are equal.

mod fields;
mod lines;
mod steps;
mod text;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::digest;
use super::spec::{EdgeSpec, FlowSpec};
use fields::fields;
pub use lines::{Hunk, Line, LineKind};
pub use text::text;

/// What became of one flow in another. Steps are named by their path: `map/inner` is a step of a map's body.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Diff {
    /// Both have the same digest; everything below is then empty.
    pub same: bool,
    /// One line for people.
    pub summary: String,
    /// What belongs to no step: name, title, input schema, configuration, limits, start, output.
    pub flow: Vec<Change>,
    pub steps: StepChanges,
    pub edges: EdgeChanges,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepChanges {
    /// Without the steps of an added map's body.
    pub added: Vec<StepName>,
    /// Without the steps of a removed map's body.
    pub removed: Vec<StepName>,
    /// Steps that differ in nothing but their id. Edges that only follow the new id are no changes.
    pub renamed: Vec<StepRenamed>,
    pub changed: Vec<StepChanged>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepName {
    pub step: String,
    /// `llm`, `http`, …; empty where a draft names none.
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepRenamed {
    pub before: String,
    pub after: String,
    pub kind: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepChanged {
    pub step: String,
    /// The kind that the step has now.
    pub kind: String,
    /// The kind that it had, where that was another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind_before: Option<String>,
    pub fields: Vec<Change>,
}

/// Edges name their steps by path, too.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeChanges {
    pub added: Vec<EdgeSpec>,
    pub removed: Vec<EdgeSpec>,
    /// The same steps and the same port under another condition.
    pub changed: Vec<EdgeChanged>,
    /// The fewest edges that, put elsewhere, give the new order: of the edges of one port, the first that holds is taken.
    pub moved: Vec<EdgeMoved>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeChanged {
    pub from: String,
    pub to: String,
    pub on: String,
    pub fields: Vec<Change>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EdgeMoved {
    pub from: String,
    pub to: String,
    pub on: String,
    /// Its place among the edges of its flow or body, from 0.
    pub before: usize,
    pub after: usize,
}

/// One value that is another one now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Where: keys of the flow format joined by dots (`llm.prompt`, `agent.tools.NAME.timeout`), and inside schemas and other JSON a
    /// pointer after `#` (`input#/properties/amount/type`). `agent.tools` itself: the tools' names, when only their order differs.
    pub path: String,
    /// Absent: there was none. Null is a value.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub before: Option<Value>,
    /// Absent: there is none any more.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub after: Option<Value>,
    /// Line by line, for texts of more than one line that are not too long to compare.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<Hunk>,
}

/// A null that is there stays one, instead of reading as absent.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Change {
    /// Of values without lines.
    fn plain(path: &str, before: Option<&Value>, after: Option<&Value>) -> Self {
        Self { path: path.to_owned(), before: before.cloned(), after: after.cloned(), text: Vec::new() }
    }
}

/// What became of `before` in `after`. Neither needs to compile.
#[must_use]
pub fn diff(before: &FlowSpec, after: &FlowSpec) -> Diff {
    let same = digest::of(before) == digest::of(after);
    let (before, after) = (digest::normalised(before), digest::normalised(after));
    let mut walk = steps::Walk::default();
    let mut flow = fields(&head(&before), &head(&after), &mut walk.effort);
    flow.extend(walk.graph("", "start", &(&before).into(), &(&after).into()));
    let mut diff = Diff { same, summary: String::new(), flow, steps: walk.steps, edges: walk.edges };
    diff.summary = summary(&diff);
    diff
}

/// Everything but the graph, which is compared step by step.
fn head(flow: &FlowSpec) -> Value {
    // A spec has no maps with keys that are not strings, so it always serialises.
    let mut head = serde_json::to_value(flow).unwrap_or_default();
    if let Value::Object(keys) = &mut head {
        keys.retain(|key, _| !["start", "steps", "edges"].contains(&key.as_str()));
    }
    head
}

fn summary(diff: &Diff) -> String {
    if diff.same {
        return "both mean the same".to_owned();
    }
    let (steps, edges) = (&diff.steps, &diff.edges);
    let groups = [
        ("flow", vec![(diff.flow.len(), "changed")]),
        (
            "steps",
            vec![
                (steps.added.len(), "added"),
                (steps.removed.len(), "removed"),
                (steps.renamed.len(), "renamed"),
                (steps.changed.len(), "changed"),
            ],
        ),
        (
            "edges",
            vec![
                (edges.added.len(), "added"),
                (edges.removed.len(), "removed"),
                (edges.changed.len(), "changed"),
                (edges.moved.len(), "moved"),
            ],
        ),
    ];
    let said = groups.iter().filter_map(|(what, counts)| {
        let counted: Vec<String> = counts.iter().filter(|(count, _)| *count > 0).map(|(count, how)| format!("{count} {how}")).collect();
        (!counted.is_empty()).then(|| format!("{what}: {}", counted.join(", ")))
    });
    said.collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests;
