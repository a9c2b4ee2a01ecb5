//! Prompts and other strings: minijinja with strict undefined, fuel and output limits; and JSON trees whose strings are templates.
//! A secret is never text: it is a typed segment that the runner fills in at the last moment.
//! What templates offer is decided in `check`, how values become text in `engine`, what they see in `scope`, trees in `tree`.

mod check;
mod engine;
mod scope;
mod tree;

#[cfg(test)]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use minijinja::{Environment, ErrorKind};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::check::{Checked, Shape};
use self::scope::Scope;
use super::lookup::{self, Path};
use super::names::{Fixed, Names, Reference};
use crate::limits::TEMPLATE_BYTES_MAX;

/// The name of a template in its environment; each environment has one.
const NAME: &str = "template";
/// What stands for a secret's value wherever people look.
pub const MASK: &str = "••••";

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
pub struct ValueTemplate(Arc<tree::Node>);

struct Compiled {
    source: String,
    environment: Environment<'static>,
    references: Vec<Reference>,
    /// What must be fetched.
    paths: Vec<Path>,
    probes: Arc<[Path]>,
}

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

impl Error {
    /// The same, naming the leaf of a JSON tree.
    fn at(self, pointer: &str) -> Self {
        if pointer.is_empty() {
            return self;
        }
        match self {
            Self::Syntax(reason) => Self::Syntax(format!("{reason} (at {pointer})")),
            Self::Render(reason) => Self::Render(format!("{reason} (at {pointer})")),
            Self::SecretPlace(reason) => Self::SecretPlace(format!("{reason} (at {pointer})")),
            Self::Limit(limit) => Self::Limit(limit),
        }
    }
}

impl Template {
    /// # Errors
    /// `Syntax`; `SecretPlace` when it names `secret`.
    pub fn new(source: &str) -> Result<Self, Error> {
        let checked = check::check(source)?;
        if let Shape::Secret { secret, .. } = &checked.shape {
            return Err(Error::SecretPlace(format!("secret.{secret}")));
        }
        Compiled::new(source, checked).map(Arc::new).map(Self)
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Every name it reads, in order of writing.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        self.0.references.clone()
    }

    /// # Errors
    /// `Render` (an undefined name, a failing filter), `Limit`.
    pub fn render(&self, names: &dyn Names) -> Result<String, Error> {
        self.0.render(names)
    }
}

impl TextTemplate {
    /// # Errors
    /// As `Template::new`.
    pub fn new(source: &str) -> Result<Self, Error> {
        let checked = check::check(source)?;
        if let Shape::Secret { prefix, secret } = checked.shape {
            return Ok(Self::Secret { prefix, secret });
        }
        Compiled::new(source, checked).map(Arc::new).map(Template).map(Self::Plain)
    }

    /// Every name it reads; a secret is none of them.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        match self {
            Self::Plain(template) => template.references(),
            Self::Secret { .. } => Vec::new(),
        }
    }

    /// # Errors
    /// As `Template::render`.
    pub fn render(&self, names: &dyn Names) -> Result<Text, Error> {
        match self {
            Self::Plain(template) => template.render(names).map(Text::Plain),
            Self::Secret { prefix, secret } => Ok(Text::Secret { prefix: prefix.clone(), secret: secret.clone() }),
        }
    }
}

impl ValueTemplate {
    /// # Errors
    /// As `Template::new`, naming the JSON pointer of the leaf.
    pub fn new(tree: &Value) -> Result<Self, Error> {
        tree::Node::new(tree, "", 0).map(Arc::new).map(Self)
    }

    /// Every name it reads, in order of writing.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        let mut found = Vec::new();
        self.0.references(&mut found);
        found
    }

    /// The names of the secrets in it, in order of writing.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.0.secrets(&mut found);
        found
    }

    /// The tree with every leaf rendered. A secret is typed in `parts` and masked in `shown`; user data that looks like either stays
    /// what it is, because `parts` comes from the typed tree, never from a view.
    ///
    /// # Errors
    /// As `Template::render`, naming the JSON pointer of the leaf.
    pub fn render(&self, names: &dyn Names) -> Result<RenderedValue, Error> {
        self.0.render(names)
    }
}

impl Compiled {
    fn new(source: &str, checked: Checked) -> Result<Self, Error> {
        let mut environment = engine::environment();
        let compiled = environment.add_template_owned(NAME, checked.rewritten);
        compiled.map_err(|error| Error::Syntax(described(&error)))?;
        let Checked { references, paths, probes, .. } = checked;
        Ok(Self { source: source.to_owned(), environment, references, paths, probes })
    }

    fn render(&self, names: &dyn Names) -> Result<String, Error> {
        self.run(names, |environment, scope| {
            let mut output = Capped::default();
            environment.get_template(NAME)?.render_captured_to(scope, &mut output).map(drop)?;
            String::from_utf8(output.bytes).map_err(|_| minijinja::Error::new(ErrorKind::WriteFailure, "its text is no UTF-8"))
        })
    }

    /// Runs `render` over what the template reads and turns its failures into ours.
    fn run<T>(
        &self,
        names: &dyn Names,
        render: impl FnOnce(&Environment<'static>, minijinja::Value) -> Result<T, minijinja::Error>,
    ) -> Result<T, Error> {
        let scope = Scope::new(names, &self.paths, &self.probes);
        let tank = scope.tank();
        let rendered = catch_unwind(AssertUnwindSafe(|| render(&self.environment, minijinja::Value::from_object(scope))));
        let error = match rendered {
            Ok(Ok(value)) if !tank.is_empty() => return Ok(value),
            Ok(Ok(_)) => return Err(Error::Limit("text it reads")),
            Ok(Err(error)) => error,
            Err(_) => return Err(Error::Render("the engine gave up on it".to_owned())),
        };
        if tank.is_empty() {
            return Err(Error::Limit("text it reads"));
        }
        Err(match error.kind() {
            ErrorKind::OutOfFuel => Error::Limit("work"),
            ErrorKind::WriteFailure => Error::Limit("the length of its text"),
            ErrorKind::UndefinedError => Error::Render(self.absent(names, &error)),
            _ => Error::Render(described(&error)),
        })
    }

    /// Which of the names it reads is not there; the engine knows only the line.
    fn absent(&self, names: &dyn Names, error: &minijinja::Error) -> String {
        let mut absent = self.paths.iter().filter(|path| !lookup::present(names, path));
        match absent.next() {
            Some(path) => format!("`{}` is absent; handle that with `is defined` or `default(…)`", path.join(".")),
            None => described(error),
        }
    }
}

/// The bytes of a tree that people edited: a string that is still the mask of the secret at its place (`secret_at`, by JSON pointer)
/// stays that secret, and everything else is what it is.
///
/// # Errors
/// `Limit`.
pub fn edited(value: Value, secret_at: &dyn Fn(&str) -> Option<Text>) -> Result<Vec<Part>, Error> {
    Ok(tree::fixed(value, secret_at, "").render(&Fixed::default())?.parts)
}

/// What stands for a secret after `prefix` wherever people look.
#[must_use]
pub fn masked(prefix: &str) -> String {
    format!("{prefix}{MASK}")
}

/// What the engine complains about, without its name for the template.
fn described(error: &minijinja::Error) -> String {
    const BYTES_MAX: usize = 400;
    let detail = error.detail().map_or_else(|| error.kind().to_string(), |detail| format!("{}: {detail}", error.kind()));
    let detail = &detail[..detail.floor_char_boundary(BYTES_MAX)];
    error.line().map_or_else(|| detail.to_owned(), |line| format!("{detail} (line {line})"))
}

/// Output up to the limit.
#[derive(Default)]
struct Capped {
    bytes: Vec<u8>,
}

impl io::Write for Capped {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > TEMPLATE_BYTES_MAX {
            return Err(io::Error::other("too long"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
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
