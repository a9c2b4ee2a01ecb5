//! Prompts and other strings: minijinja with strict undefined, fuel and output limits; and JSON trees whose strings are templates.
//! A secret is never text: it is a typed segment that the runner fills in at the last moment.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::names::Names;

/// Text with an optional secret: what a header, a query value or a JSON string may be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Text {
    Plain(String),
    /// `prefix` and then the value of the secret `secret`.
    Secret {
        prefix: String,
        secret: String,
    },
}

/// A part of a rendered body: bytes as they are sent, or a secret's value as a JSON string's content (escaped, no quotes).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    Bytes(String),
    Secret { secret: String },
}

/// One compiled template without secrets; cheap to clone.
#[derive(Clone)]
pub struct Template(Arc<Compiled>);

/// A template that may be exactly a fixed prefix and one `{{ secret.NAME }}`.
#[derive(Clone, Debug)]
pub enum TextTemplate {
    Plain(Template),
    Secret { prefix: String, secret: String },
}

/// A JSON tree whose string leaves are templates; a leaf that is exactly one `{{ … }}` takes the value's own type.
#[derive(Clone)]
pub struct ValueTemplate(Arc<ValueNode>);

struct Compiled {
    source: String,
}

#[expect(dead_code, reason = "filled in by the implementation")]
struct ValueNode;

/// Why a template did not compile or render.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("template does not parse: {0}")]
    Syntax(String),
    #[error("template cannot be rendered: {0}")]
    Render(String),
    #[error("template exceeds the limit on {0}")]
    Limit(&'static str),
    #[error("a secret may only stand alone in a header, query or JSON string, after a fixed prefix: {0}")]
    SecretPlace(String),
}

impl Template {
    /// # Errors
    /// `Syntax`; `SecretPlace` when it names `secret`.
    pub fn new(source: &str) -> Result<Self, Error> {
        let _ = source;
        todo!()
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// # Errors
    /// `Render` (an undefined name, a failing filter), `Limit`.
    pub fn render(&self, names: &dyn Names) -> Result<String, Error> {
        let _ = names;
        todo!()
    }
}

impl TextTemplate {
    /// # Errors
    /// As `Template::new`.
    pub fn new(source: &str) -> Result<Self, Error> {
        let _ = source;
        todo!()
    }

    /// # Errors
    /// As `Template::render`.
    pub fn render(&self, names: &dyn Names) -> Result<Text, Error> {
        let _ = names;
        todo!()
    }
}

impl ValueTemplate {
    /// # Errors
    /// As `Template::new`, naming the JSON pointer of the leaf.
    pub fn new(tree: &Value) -> Result<Self, Error> {
        let _ = tree;
        todo!()
    }

    /// The tree with every leaf rendered. A secret leaf becomes the object `{"$secret": NAME, "prefix": …}`; such an object in
    /// user data stays what it is, because `parts` works on the typed tree, never on this view.
    ///
    /// # Errors
    /// As `Template::render`.
    pub fn render(&self, names: &dyn Names) -> Result<RenderedValue, Error> {
        let _ = names;
        todo!()
    }
}

/// A rendered JSON tree that still knows which leaves are secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedValue {
    /// For people and for calls without secrets (MCP arguments): secrets shown as `"prefix••••"`.
    pub shown: Value,
    /// The exact bytes as compact JSON, in order, with secrets as typed parts.
    pub parts: Vec<Part>,
}

impl std::fmt::Debug for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Template({:?})", self.source())
    }
}

impl std::fmt::Debug for ValueTemplate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ValueTemplate")
    }
}
