//! What a template sees: the names it reads, as objects that hand out values only where they are touched. Strings are copied when
//! touched, and that is paid from a tank, because one instruction of a template may touch megabytes.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use minijinja::value::{Enumerator, Object, ObjectRepr, Value as Shown};
use minijinja::{Error, ErrorKind};
use serde_json::{Map, Number, Value};

use crate::flow::lookup::{Path, fields};
use crate::flow::names::{Names, StepView};
use crate::limits::TEMPLATE_READ_BYTES_MAX;

/// The name under which filters find the tank; no template can spell it.
const TANK: &str = "@tank";

/// Bytes that a rendering may still read; clones share it.
#[derive(Clone, Debug)]
pub(super) struct Tank(Arc<AtomicUsize>);

impl Tank {
    /// Pays for reading or making `bytes` of text; false, and empty for good, when there are not enough.
    pub(super) fn take(&self, bytes: usize) -> bool {
        let left = self.0.load(Ordering::Relaxed).saturating_sub(bytes);
        self.0.store(left, Ordering::Relaxed);
        left > 0
    }

    pub(super) fn pay(&self, bytes: usize) -> Result<(), Error> {
        if self.take(bytes) { Ok(()) } else { Err(out_of_reading()) }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }

    /// The tank of the rendering that `state` belongs to.
    pub(super) fn of(state: &minijinja::State<'_, '_>) -> Option<Self> {
        state.lookup(TANK)?.downcast_object_ref::<Self>().cloned()
    }
}

impl Object for Tank {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

fn out_of_reading() -> Error {
    Error::new(ErrorKind::InvalidOperation, "it reads too much text")
}

/// The root of a rendering.
#[derive(Debug)]
pub(super) struct Scope {
    roots: HashMap<String, Arc<Value>>,
    steps: HashMap<String, StepView>,
    previous: HashMap<String, StepView>,
    /// Paths behind the variables `probe_name(index)`.
    probes: Arc<[Path]>,
    tank: Tank,
}

/// The variable that stands for a path whose absence is handled.
pub(super) fn probe_name(index: usize) -> String {
    format!("at_{index}_")
}

fn probe_index(name: &str) -> Option<usize> {
    name.strip_prefix("at_")?.strip_suffix('_')?.parse().ok()
}

impl Scope {
    /// Asks `names` for what `paths` name, and for nothing else.
    pub(super) fn new(names: &dyn Names, paths: &[Path], probes: &Arc<[Path]>) -> Self {
        let tank = Tank(Arc::new(AtomicUsize::new(TEMPLATE_READ_BYTES_MAX)));
        let mut scope = Self { roots: HashMap::new(), steps: HashMap::new(), previous: HashMap::new(), probes: Arc::clone(probes), tank };
        for path in paths {
            match path.as_slice() {
                [root, id, ..] if root == "steps" => scope.steps.extend(names.step(id).map(|view| (id.clone(), view))),
                [root, id, ..] if root == "previous" => scope.previous.extend(names.previous(id).map(|view| (id.clone(), view))),
                [root, ..] => scope.roots.extend(names.root(root).map(|value| (root.clone(), value))),
                [] => {}
            }
        }
        scope
    }

    pub(super) fn tank(&self) -> Tank {
        self.tank.clone()
    }

    fn get(self: &Arc<Self>, name: &str) -> Option<Shown> {
        match name {
            "steps" | "previous" => Some(Shown::from_object(Steps { scope: Arc::clone(self), previous: name == "previous" })),
            TANK => Some(Shown::from_object(self.tank.clone())),
            _ => match probe_index(name).and_then(|index| self.probes.get(index)) {
                Some(path) => self.at(path),
                None => self.roots.get(name).map(|value| shown(value, Vec::new(), &self.tank)),
            },
        }
    }

    fn at(self: &Arc<Self>, path: &[String]) -> Option<Shown> {
        let (first, rest) = path.split_first()?;
        let mut value = self.get(first)?;
        for key in rest {
            value = value.get_attr(key).ok().filter(|value| !value.is_undefined())?;
        }
        Some(value)
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Shown) -> Option<Shown> {
        self.get(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Shown> {
        self.get(key)
    }
}

/// `steps` or `previous`.
#[derive(Debug)]
struct Steps {
    scope: Arc<Scope>,
    previous: bool,
}

impl Object for Steps {
    fn get_value(self: &Arc<Self>, key: &Shown) -> Option<Shown> {
        let views = if self.previous { &self.scope.previous } else { &self.scope.steps };
        let view = views.get(key.as_str()?)?.clone();
        Some(Shown::from_object(Step { view, tank: self.scope.tank.clone() }))
    }
}

/// `steps.ID`.
#[derive(Debug)]
pub(super) struct Step {
    view: StepView,
    tank: Tank,
}

impl Step {
    pub(super) fn json(&self) -> Value {
        let present = fields(&self.view).into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
        Value::Object(present.collect::<Map<_, _>>())
    }
}

impl Object for Step {
    fn get_value(self: &Arc<Self>, key: &Shown) -> Option<Shown> {
        let value = match key.as_str()? {
            "output" => self.view.output.as_ref(),
            "error" => self.view.error.as_ref(),
            "errors" => self.view.errors.as_ref(),
            _ => None,
        };
        value.map(|value| shown(value, Vec::new(), &self.tank))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let present = fields(&self.view).into_iter().filter(|(_, value)| value.is_some());
        Enumerator::Values(present.map(|(name, _)| Shown::from(name)).collect())
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(&self.json(), &self.tank, f)
    }
}

#[derive(Clone, Debug)]
enum Key {
    Name(Arc<str>),
    Index(usize),
}

/// A list or object inside a value, by its place; the value itself is never copied.
#[derive(Debug)]
pub(super) struct Node {
    root: Arc<Value>,
    path: Vec<Key>,
    tank: Tank,
}

impl Node {
    pub(super) fn json(&self) -> &Value {
        let mut value: &Value = &self.root;
        for key in &self.path {
            let below = match key {
                Key::Name(name) => value.get(&**name),
                Key::Index(index) => value.get(*index),
            };
            value = below.unwrap_or(&Value::Null);
        }
        value
    }

    fn child(&self, key: Key) -> Shown {
        let mut path = self.path.clone();
        path.push(key);
        shown(&self.root, path, &self.tank)
    }
}

impl Object for Node {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        if self.json().is_array() { ObjectRepr::Seq } else { ObjectRepr::Map }
    }

    fn get_value(self: &Arc<Self>, key: &Shown) -> Option<Shown> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let index = key.as_usize()?;
        (index < self.json().as_array()?.len()).then(|| self.child(Key::Index(index)))
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Shown> {
        self.json().as_object()?.contains_key(key).then(|| self.child(Key::Name(key.into())))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        match self.json() {
            Value::Array(items) => Enumerator::Seq(items.len()),
            Value::Object(object) => {
                let bytes = object.keys().map(|key| key.len() + 1).sum();
                if self.tank.take(bytes) {
                    Enumerator::Values(object.keys().map(|key| Shown::from(key.as_str())).collect())
                } else {
                    Enumerator::Values(vec![Shown::from(out_of_reading())])
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Enumerator::Empty,
        }
    }

    fn render(self: &Arc<Self>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(self.json(), &self.tank, f)
    }
}

fn write_json(value: &Value, tank: &Tank, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let text = value.to_string();
    if tank.take(text.len()) { f.write_str(&text) } else { Err(fmt::Error) }
}

/// The value at `path` below `root`, as templates see it.
fn shown(root: &Arc<Value>, path: Vec<Key>, tank: &Tank) -> Shown {
    let node = Node { root: Arc::clone(root), path, tank: tank.clone() };
    match node.json() {
        Value::Null => Shown::from(()),
        Value::Bool(value) => Shown::from(*value),
        Value::Number(number) => shown_number(number),
        Value::String(text) if tank.take(text.len() + 1) => Shown::from(text.as_str()),
        Value::String(_) => Shown::from(out_of_reading()),
        Value::Array(_) | Value::Object(_) => Shown::from_object(node),
    }
}

fn shown_number(number: &Number) -> Shown {
    if let Some(int) = number.as_i64() {
        Shown::from(int)
    } else if let Some(uint) = number.as_u64() {
        Shown::from(uint)
    } else {
        Shown::from(number.as_f64().unwrap_or(f64::NAN))
    }
}
