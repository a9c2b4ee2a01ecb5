//! What differs between two values of a flow, field by field, and what each place is called. Knows where the flow format's own keys end
//! and the author's JSON begins; knows nothing of the graph.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::Change;
use super::lines::{self, Effort};
use crate::ids::Digest;

/// What the keys below a place are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// The flow format's own.
    Format,
    /// The author's names, each for a JSON value.
    Names,
    /// The author's JSON: from here on a pointer.
    Json,
    /// Inside the author's JSON.
    Pointer,
    /// A `flow:` block, whose `input` holds names (a flow's own `input` is a schema).
    Child,
    /// A list of an agent's tools.
    Tools,
    /// A `sandbox:` block, whose `tools` are named scripts.
    Script,
    /// Scripts by tool.
    Scripts,
}

impl Shape {
    fn below(self, key: &str) -> Self {
        match (self, key) {
            (Self::Json | Self::Pointer, _) => Self::Pointer,
            (Self::Names, _)
            | (Self::Format, "input" | "json" | "json_schema" | "args" | "form" | "output")
            | (Self::Script, "output" | "outputs") => Self::Json,
            (Self::Format, "config" | "set" | "headers" | "query") | (Self::Child, "input") => Self::Names,
            (Self::Format, "flow") => Self::Child,
            (Self::Format, "tools") => Self::Tools,
            (Self::Script, "tools" | "validators") => Self::Scripts,
            (Self::Format, "sandbox") | (Self::Scripts, _) => Self::Script,
            (Self::Format | Self::Child | Self::Tools | Self::Script, _) => Self::Format,
        }
    }
}

#[derive(Clone, Debug)]
struct Place {
    path: String,
    shape: Shape,
}

impl Place {
    fn below(&self, key: &str) -> Self {
        let path = match self.shape {
            Shape::Json => format!("{}#/{}", self.path, escaped(key)),
            Shape::Pointer => format!("{}/{}", self.path, escaped(key)),
            _ => self.dotted(key),
        };
        Self { path, shape: self.shape.below(key) }
    }

    fn item(&self, index: usize) -> Self {
        match self.shape {
            Shape::Json | Shape::Pointer => self.below(&index.to_string()),
            shape => Self { path: format!("{}[{index}]", self.path), shape },
        }
    }

    fn dotted(&self, key: &str) -> String {
        let plain = !key.is_empty() && key.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        match (plain, self.path.is_empty()) {
            (true, true) => key.to_owned(),
            (true, false) => format!("{}.{key}", self.path),
            // A name with a dot, for instance, would read as two.
            (false, _) => format!("{}[{}]", self.path, Value::from(key)),
        }
    }
}

/// As JSON pointers (RFC 6901) write a key.
fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// What differs between two blocks whose keys are the flow format's.
pub(super) fn fields(before: &Value, after: &Value, effort: &mut Effort) -> Vec<Change> {
    let mut walk = Fields { changes: Vec::new(), effort };
    walk.compare(&Place { path: String::new(), shape: Shape::Format }, before, after);
    walk.changes
}

struct Fields<'a> {
    changes: Vec<Change>,
    effort: &'a mut Effort,
}

impl Fields<'_> {
    fn compare(&mut self, place: &Place, before: &Value, after: &Value) {
        match (before, after) {
            (Value::Object(before), Value::Object(after)) => self.objects(place, before, after),
            (Value::Array(before), Value::Array(after)) if place.shape == Shape::Tools => self.tools(place, before, after),
            (Value::Array(olds), Value::Array(news)) if olds.len() == news.len() && olds.iter().zip(news).any(is_nested) => {
                for (index, (before, after)) in olds.iter().zip(news).enumerate() {
                    self.compare(&place.item(index), before, after);
                }
            }
            _ if means_the_same(before, after) => {}
            _ => {
                let text = lines::hunks(before, after, self.effort);
                self.changes.push(Change { text, ..Change::plain(&place.path, Some(before), Some(after)) });
            }
        }
    }

    fn objects(&mut self, place: &Place, before: &Map<String, Value>, after: &Map<String, Value>) {
        for (key, old) in before {
            match after.get(key) {
                Some(new) => self.compare(&place.below(key), old, new),
                None => self.one_sided(&place.below(key), Some(old), None),
            }
        }
        for (key, new) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
            self.one_sided(&place.below(key), None, Some(new));
        }
    }

    /// A table or list of the format that is left out is an empty one.
    fn one_sided(&mut self, place: &Place, before: Option<&Value>, after: Option<&Value>) {
        match (place.shape, before.or(after)) {
            (Shape::Names, Some(Value::Object(names))) if !names.is_empty() => {
                for (name, value) in names {
                    self.one_sided(&place.below(name), before.and(Some(value)), after.and(Some(value)));
                }
            }
            (Shape::Tools, Some(Value::Array(tools))) if !tools.is_empty() => {
                let (old, new): (&[Value], &[Value]) = if before.is_some() { (tools, &[]) } else { (&[], tools) };
                self.tools(place, old, new);
            }
            _ => self.changes.push(Change::plain(&place.path, before, after)),
        }
    }

    /// By name: where a tool stands says nothing about what it is.
    fn tools(&mut self, place: &Place, before: &[Value], after: &[Value]) {
        let (olds, news) = (named(before), named(after));
        let new_by_name: HashMap<&str, &Value> = news.iter().map(|(name, tool)| (name.as_str(), *tool)).collect();
        let old_by_name: HashMap<&str, &Value> = olds.iter().map(|(name, tool)| (name.as_str(), *tool)).collect();
        let tool_place = |name: &str| Place { path: place.dotted(name), shape: Shape::Format };
        for (name, old) in &olds {
            match new_by_name.get(name.as_str()) {
                Some(new) => self.compare(&tool_place(name), old, new),
                None => self.one_sided(&tool_place(name), Some(old), None),
            }
        }
        for (name, new) in news.iter().filter(|(name, _)| !old_by_name.contains_key(name.as_str())) {
            self.one_sided(&tool_place(name), None, Some(new));
        }
        let stayed = olds.iter().map(|(name, _)| name).filter(|name| new_by_name.contains_key(name.as_str()));
        let order = news.iter().map(|(name, _)| name).filter(|name| old_by_name.contains_key(name.as_str()));
        if !stayed.eq(order) {
            let names = |tools: &[(String, &Value)]| tools.iter().map(|(name, _)| Value::from(name.as_str())).collect::<Value>();
            self.changes.push(Change::plain(&place.path, Some(&names(&olds)), Some(&names(&news))));
        }
    }
}

/// Tools with a name each; a draft may use one twice, which then carries a number.
fn named(tools: &[Value]) -> Vec<(String, &Value)> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut named = Vec::with_capacity(tools.len());
    for tool in tools {
        let name = tool.get("name").and_then(Value::as_str).unwrap_or_default();
        let uses = seen.entry(name).or_default();
        *uses += 1;
        named.push((if *uses == 1 { name.to_owned() } else { format!("{name} {uses}") }, tool));
    }
    named
}

/// Worth going into: a list of plain values is read as a whole.
fn is_nested((before, after): (&Value, &Value)) -> bool {
    before.is_object() && after.is_object() || before.is_array() && after.is_array()
}

/// As the digest sees it, for which 1 and 1.0 are one number.
fn means_the_same(before: &Value, after: &Value) -> bool {
    before == after || Digest::of_json(before) == Digest::of_json(after)
}
