//! What expressions and templates can see. The machine implements `Names` over its frames; checks and tests use `Fixed`.

use std::sync::Arc;

use serde_json::Value;

/// What a reader sees of a step; absent fields are absent, so `has(…)` can ask for them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StepView {
    pub output: Option<Arc<Value>>,
    /// `{code, message, …}` of a failed step.
    pub error: Option<Arc<Value>>,
    /// Of a map with `on_item_error: continue`: `[{index, error}]`.
    pub errors: Option<Arc<Value>>,
}

/// The names in scope at one place of one execution. Only what an expression names is ever asked for.
pub trait Names {
    /// `input`, `config`, `item`, `index`, the map's `as` name, `session`, `execution`, `context`, `args`, `payload`, `output`; none where not in scope.
    fn root(&self, name: &str) -> Option<Arc<Value>>;
    /// `steps.ID`: the reader's frame, then outwards. None: never ran.
    fn step(&self, id: &str) -> Option<StepView>;
    /// `previous.ID`: the visit before, of the innermost loop that contains both.
    fn previous(&self, id: &str) -> Option<StepView>;
}

/// Names with fixed values.
#[derive(Clone, Debug, Default)]
pub struct Fixed {
    pub roots: Vec<(String, Arc<Value>)>,
    pub steps: Vec<(String, StepView)>,
    pub previous: Vec<(String, StepView)>,
}

impl Names for Fixed {
    fn root(&self, name: &str) -> Option<Arc<Value>> {
        self.roots.iter().find(|(key, _)| key == name).map(|(_, value)| Arc::clone(value))
    }

    fn step(&self, id: &str) -> Option<StepView> {
        self.steps.iter().find(|(key, _)| key == id).map(|(_, view)| view.clone())
    }

    fn previous(&self, id: &str) -> Option<StepView> {
        self.previous.iter().find(|(key, _)| key == id).map(|(_, view)| view.clone())
    }
}

/// A name that an expression or template reads, for checks: `steps.a.output.total` has root `steps` and path `[a, output, total]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    pub root: String,
    /// Ends where the path stops being written out (a computed index, a call).
    pub path: Vec<String>,
    /// Its absence is handled: it stands in a `has(…)` (template: `is defined`, `default`) or behind one that guards it.
    pub guarded: bool,
}

impl Reference {
    /// The step that is read, where it is one of `steps.ID` and `previous.ID`.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        if self.root == "steps" || self.root == "previous" { self.path.first().map(String::as_str) } else { None }
    }
}
