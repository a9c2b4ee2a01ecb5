//! Conditions and mappings: CEL, compiled once, evaluated against `Names`, with limits.

use std::sync::Arc;

use serde_json::Value;

use super::names::Names;

/// One compiled expression; cheap to clone.
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

struct Compiled {
    source: String,
}

/// Why an expression did not compile or evaluate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("`{source_text}` is no valid expression: {reason}")]
    Syntax { source_text: String, reason: String },
    #[error("`{source_text}` cannot be evaluated: {reason}")]
    Evaluate { source_text: String, reason: String },
    #[error("`{source_text}` exceeds the limit on {limit}")]
    Limit { source_text: String, limit: &'static str },
    #[error("`{source_text}` must be true or false, but is {got}")]
    NotBool { source_text: String, got: String },
}

impl Expr {
    /// # Errors
    /// `Syntax`, or `Limit` when longer than `EXPRESSION_BYTES_MAX` or nested too deeply.
    pub fn new(source: &str) -> Result<Self, Error> {
        let _ = source;
        todo!()
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// # Errors
    /// `Evaluate` (an absent name without `has`, a type error), `Limit`.
    pub fn eval(&self, names: &dyn Names) -> Result<Value, Error> {
        let _ = names;
        todo!()
    }

    /// # Errors
    /// As `eval`, and `NotBool`.
    pub fn eval_bool(&self, names: &dyn Names) -> Result<bool, Error> {
        let _ = names;
        todo!()
    }
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr({:?})", self.source())
    }
}
