//! JSON trees whose string leaves are templates: compiling them, rendering them, and writing them as bytes with secrets as typed parts.

use minijinja::value::Value as Shown;
use serde_json::{Map, Value};

use super::check::{Shape, check};
use super::{Compiled, Error, Part, RenderedValue, Text, engine, masked};
use crate::flow::lookup;
use crate::flow::names::{Names, Reference};
use crate::limits::PAYLOAD_BYTES_MAX;

/// Nesting of a tree; YAML and JSON readers allow less.
const DEPTH_MAX: usize = 128;

/// A compiled tree.
pub(super) enum Node {
    Fixed(Value),
    /// The value at a path, with its own type.
    Path(lookup::Path, Vec<Reference>),
    /// One `{{ … }}`, with the type of its result.
    Expression(Box<Leaf>),
    Text(Box<Compiled>),
    Secret {
        prefix: String,
        secret: String,
    },
    List(Vec<Node>),
    Object(Vec<(String, Node)>),
}

pub(super) struct Leaf {
    /// Its `{{ … }}`.
    template: Compiled,
    /// What stands in between.
    expression: String,
}

impl Node {
    pub(super) fn new(tree: &Value, pointer: &str, depth: usize) -> Result<Self, Error> {
        if depth > DEPTH_MAX {
            return Err(Error::Limit("nesting of a JSON tree"));
        }
        match tree {
            Value::Null | Value::Bool(_) | Value::Number(_) => Ok(Self::Fixed(tree.clone())),
            Value::String(source) => Self::leaf(source).map_err(|error| error.at(pointer)),
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| Self::new(item, &format!("{pointer}/{index}"), depth + 1));
                items.collect::<Result<_, _>>().map(Self::List)
            }
            Value::Object(object) => {
                let entries = object.iter().map(|(key, value)| {
                    let escaped = key.replace('~', "~0").replace('/', "~1");
                    Ok((key.clone(), Self::new(value, &format!("{pointer}/{escaped}"), depth + 1)?))
                });
                entries.collect::<Result<_, Error>>().map(Self::Object)
            }
        }
    }

    fn leaf(source: &str) -> Result<Self, Error> {
        let checked = check(source)?;
        match checked.shape {
            Shape::Fixed => Ok(Self::Fixed(Value::String(source.to_owned()))),
            Shape::Secret { prefix, secret } => Ok(Self::Secret { prefix, secret }),
            Shape::Path(path) => Ok(Self::Path(path, checked.references)),
            Shape::Mixed => Compiled::new(source, checked).map(Box::new).map(Self::Text),
            Shape::Expression => {
                let inner = checked.rewritten.trim_start_matches("{{").trim_end_matches("}}");
                let inner = inner.strip_prefix(['-', '+']).unwrap_or(inner);
                let expression = inner.strip_suffix(['-', '+']).unwrap_or(inner).trim().to_owned();
                Ok(Self::Expression(Box::new(Leaf { template: Compiled::new(source, checked)?, expression })))
            }
        }
    }

    pub(super) fn references(&self, found: &mut Vec<Reference>) {
        match self {
            Self::Fixed(_) | Self::Secret { .. } => {}
            Self::Path(_, references) => found.extend(references.iter().cloned()),
            Self::Expression(leaf) => found.extend(leaf.template.references.iter().cloned()),
            Self::Text(template) => found.extend(template.references.iter().cloned()),
            Self::List(items) => items.iter().for_each(|item| item.references(found)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.references(found)),
        }
    }

    pub(super) fn secrets(&self, found: &mut Vec<String>) {
        match self {
            Self::Secret { secret, .. } => found.push(secret.clone()),
            Self::List(items) => items.iter().for_each(|item| item.secrets(found)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.secrets(found)),
            Self::Fixed(_) | Self::Path(..) | Self::Expression(_) | Self::Text(_) => {}
        }
    }

    pub(super) fn render(&self, names: &dyn Names) -> Result<RenderedValue, Error> {
        let mut writer = Writer::default();
        let shown = self.write(names, "", &mut writer)?;
        Ok(RenderedValue { shown, parts: writer.finish() })
    }

    fn write(&self, names: &dyn Names, pointer: &str, writer: &mut Writer) -> Result<Value, Error> {
        match self {
            Self::Secret { prefix, secret } => {
                writer.secret(prefix, secret)?;
                Ok(Value::String(masked(prefix)))
            }
            Self::List(items) => {
                writer.bytes("[")?;
                let mut shown = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    writer.bytes(if index == 0 { "" } else { "," })?;
                    shown.push(item.write(names, &format!("{pointer}/{index}"), writer)?);
                }
                writer.bytes("]")?;
                Ok(Value::Array(shown))
            }
            Self::Object(entries) => {
                writer.bytes("{")?;
                let mut shown = Map::with_capacity(entries.len());
                for (index, (key, value)) in entries.iter().enumerate() {
                    writer.bytes(if index == 0 { "" } else { "," })?;
                    writer.bytes(&quoted(key))?;
                    writer.bytes(":")?;
                    shown.insert(key.clone(), value.write(names, &format!("{pointer}/{key}"), writer)?);
                }
                writer.bytes("}")?;
                Ok(Value::Object(shown))
            }
            Self::Fixed(_) | Self::Path(..) | Self::Expression(_) | Self::Text(_) => {
                let value = self.value(names).map_err(|error| error.at(pointer))?;
                writer.bytes(&value.to_string())?;
                Ok(value)
            }
        }
    }

    fn value(&self, names: &dyn Names) -> Result<Value, Error> {
        match self {
            Self::Fixed(value) => Ok(value.clone()),
            Self::Path(path, _) => lookup::lookup(names, path).map_err(Error::Render),
            Self::Expression(leaf) => leaf.value(names),
            Self::Text(template) => template.render(names).map(Value::String),
            // Written by `write`, which knows their places.
            Self::Secret { .. } | Self::List(_) | Self::Object(_) => Ok(Value::Null),
        }
    }
}

impl Leaf {
    fn value(&self, names: &dyn Names) -> Result<Value, Error> {
        self.template.run(names, |environment, scope| {
            let value: Shown = environment.compile_expression(&self.expression)?.eval(scope)?;
            engine::to_json(&value)
        })
    }
}

/// Compact JSON text, cut where a secret stands.
#[derive(Default)]
struct Writer {
    parts: Vec<Part>,
    text: String,
    bytes: usize,
}

impl Writer {
    fn bytes(&mut self, text: &str) -> Result<(), Error> {
        self.bytes += text.len();
        if self.bytes > PAYLOAD_BYTES_MAX {
            return Err(Error::Limit("the size of a rendered value"));
        }
        self.text.push_str(text);
        Ok(())
    }

    fn secret(&mut self, prefix: &str, secret: &str) -> Result<(), Error> {
        let quoted = quoted(prefix);
        self.bytes(quoted.strip_suffix('"').unwrap_or(&quoted))?;
        self.parts.push(Part::Bytes(std::mem::take(&mut self.text)));
        self.parts.push(Part::Secret { secret: secret.to_owned() });
        self.bytes("\"")
    }

    fn finish(mut self) -> Vec<Part> {
        if !self.text.is_empty() {
            self.parts.push(Part::Bytes(self.text));
        }
        self.parts
    }
}

fn quoted(text: &str) -> String {
    Value::String(text.to_owned()).to_string()
}

/// A tree without templates; a string that is the mask of the secret that `secret_at` knows at its place is that secret.
pub(super) fn fixed(value: Value, secret_at: &dyn Fn(&str) -> Option<Text>, pointer: &str) -> Node {
    match value {
        Value::Array(items) => {
            Node::List(items.into_iter().enumerate().map(|(index, item)| fixed(item, secret_at, &format!("{pointer}/{index}"))).collect())
        }
        Value::Object(object) => {
            let entries = object.into_iter().map(|(key, value)| {
                let escaped = key.replace('~', "~0").replace('/', "~1");
                let node = fixed(value, secret_at, &format!("{pointer}/{escaped}"));
                (key, node)
            });
            Node::Object(entries.collect())
        }
        Value::String(text) => match secret_at(pointer) {
            Some(Text::Secret { prefix, secret }) if masked(&prefix) == text => Node::Secret { prefix, secret },
            _ => Node::Fixed(Value::String(text)),
        },
        other @ (Value::Null | Value::Bool(_) | Value::Number(_)) => Node::Fixed(other),
    }
}
