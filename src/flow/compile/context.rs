//! What compiling carries along: the source for places, the problems found so far, and every expression with where it stands, so that
//! references can be judged once all graphs are known.

use std::sync::Arc;

use serde_json::Value;

use crate::flow::expr::Expr;
use crate::flow::plan::{Mapping, ScopeIx, StepIx};
use crate::flow::problem::{Problem, Severity};
use crate::flow::schema::Schema;
use crate::flow::source::Source;
use crate::flow::template::{self, Template, TextTemplate, ValueTemplate};

/// When an expression is read, in terms of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Before the step runs.
    Step(ScopeIx, StepIx),
    /// The step has completed (`compensate`).
    After(ScopeIx, StepIx),
    /// The step has ended with this port's fate: the condition of an edge. The number is the edge's index in the view.
    Edge(ScopeIx, usize),
    /// Everything in the scope has ended.
    End(ScopeIx),
}

/// Where an expression stands: who reads it, and the names that are in scope only there (`args`, `payload`, `output`).
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub reader: Reader,
    pub extra: &'static [&'static str],
}

impl Place {
    #[must_use]
    pub fn step(scope: ScopeIx, step: StepIx) -> Self {
        Self { reader: Reader::Step(scope, step), extra: &[] }
    }

    #[must_use]
    pub fn with(self, extra: &'static [&'static str]) -> Self {
        Self { extra, ..self }
    }
}

/// A compiled expression or template, for its references.
#[derive(Clone, Debug)]
pub enum Code {
    Expr(Expr),
    Template(Template),
    Text(TextTemplate),
    Value(ValueTemplate),
}

/// An expression and where it stands.
#[derive(Clone, Debug)]
pub struct Use {
    pub place: Place,
    pub pointer: String,
    pub code: Code,
    /// A part of the step's own call (url, headers, arguments …): with a gate, it is rendered when the approval is asked.
    pub of_call: bool,
}

pub struct Context<'a> {
    pub source: &'a Source,
    pub problems: Vec<Problem>,
    pub uses: Vec<Use>,
    /// Set while the step's own call is compiled.
    pub in_call: bool,
}

impl<'a> Context<'a> {
    #[must_use]
    pub fn new(source: &'a Source) -> Self {
        Self { source, problems: Vec::new(), uses: Vec::new(), in_call: false }
    }

    pub fn error(&mut self, code: &'static str, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.source.problem(code, pointer, message, hint);
        self.problems.push(problem);
    }

    pub fn warning(&mut self, code: &'static str, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        let problem = self.source.problem(code, pointer, message, hint);
        self.problems.push(Problem { severity: Severity::Warning, ..problem });
    }

    fn used(&mut self, place: Place, pointer: &str, code: Code) {
        self.uses.push(Use { place, pointer: pointer.to_owned(), code, of_call: self.in_call });
    }

    pub fn expr(&mut self, place: Place, pointer: &str, text: &str) -> Option<Expr> {
        match Expr::new(text) {
            Ok(expr) => {
                self.used(place, pointer, Code::Expr(expr.clone()));
                Some(expr)
            }
            Err(error) => {
                let message = error.to_string();
                // The compiler of expressions has no error of its own for this; for the reader it is another mistake than bad syntax.
                if message.contains("secrets are for templates") {
                    self.error("secret_place", pointer, message, "secrets stand in headers, query values and JSON texts of calls");
                } else {
                    self.error(
                        "bad_expression",
                        pointer,
                        message,
                        "conditions and mappings are CEL, for instance `steps.a.output.total > 100`",
                    );
                }
                None
            }
        }
    }

    fn template_error(&mut self, pointer: &str, error: &template::Error) {
        if matches!(error, template::Error::SecretPlace(_)) {
            self.error(
                "secret_place",
                pointer,
                error.to_string(),
                "write the whole value as an optional fixed prefix and one `{{ secret.NAME }}`",
            );
        } else {
            self.error("bad_template", pointer, error.to_string(), "templates insert values as `{{ input.name }}`");
        }
    }

    pub fn template(&mut self, place: Place, pointer: &str, text: &str) -> Option<Template> {
        match Template::new(text) {
            Ok(template) => {
                self.used(place, pointer, Code::Template(template.clone()));
                Some(template)
            }
            Err(error) => {
                self.template_error(pointer, &error);
                None
            }
        }
    }

    pub fn text(&mut self, place: Place, pointer: &str, text: &str) -> Option<TextTemplate> {
        match TextTemplate::new(text) {
            Ok(template) => {
                self.used(place, pointer, Code::Text(template.clone()));
                Some(template)
            }
            Err(error) => {
                self.template_error(pointer, &error);
                None
            }
        }
    }

    pub fn value(&mut self, place: Place, pointer: &str, tree: &Value) -> Option<ValueTemplate> {
        match ValueTemplate::new(tree) {
            Ok(template) => {
                self.used(place, pointer, Code::Value(template.clone()));
                Some(template)
            }
            Err(error) => {
                self.template_error(pointer, &error);
                None
            }
        }
    }

    pub fn schema(&mut self, pointer: &str, source: &Value) -> Option<Schema> {
        match Schema::new(source) {
            Ok(schema) => Some(schema),
            Err(error) => {
                self.error("bad_schema", pointer, error.to_string(), "schemas are JSON Schema 2020-12 and may refer only into themselves");
                None
            }
        }
    }

    /// A string is CEL; anything else stands for itself.
    pub fn mapping(&mut self, place: Place, pointer: &str, value: &Value) -> Option<Mapping> {
        match value {
            Value::String(text) => self.expr(place, pointer, text).map(Mapping::Expr),
            other => Some(Mapping::Value(Arc::new(other.clone()))),
        }
    }
}

/// `Some(None)` where there is nothing to compile, `None` where it did not compile (the problem is noted).
#[expect(clippy::option_option, reason = "outer: it compiled; inner: it was given")]
pub fn optional<T, R>(given: Option<T>, compile: impl FnOnce(T) -> Option<R>) -> Option<Option<R>> {
    match given {
        None => Some(None),
        Some(given) => compile(given).map(Some),
    }
}
