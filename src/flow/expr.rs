//! Conditions and mappings: CEL, compiled once, evaluated against `Names`, with limits.
//! The crate `cel` parses and evaluates. Here: what an expression reads (`analyse`), the bridge to JSON (`values`) and the bound on
//! its work (`fuel`). Numbers of different kinds compare (`1 == 1.0`), but arithmetic wants one kind: `double(x) * 2.0`.

mod analyse;
mod fuel;
mod values;

#[cfg(test)]
mod tests;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use cel::{Context, ExecutionError};
use serde_json::Value;

use self::analyse::Analysis;
use self::fuel::Tank;
use super::lookup;
use super::names::{Names, Reference};
use crate::limits::{EXPRESSION_BYTES_MAX, EXPRESSION_FUEL, EXPRESSION_STACK_BYTES, EXPRESSION_TOKENS_MAX};

/// How much of an evaluation's complaint is kept: the crate prints whole values into its errors.
const REASON_BYTES_MAX: usize = 400;
/// The parser's own measure of nesting, about that of brackets.
const PARSER_DEPTH_MAX: u16 = 100;
/// Trees up to this depth are evaluated on the caller's stack.
const SHALLOW_DEPTH_MAX: usize = 8;

/// One compiled expression; cheap to clone.
#[derive(Clone)]
pub struct Expr(Arc<Compiled>);

struct Compiled {
    source: String,
    /// What it reads, and the tree with fuel charges in it.
    analysis: Analysis,
}

/// The work that some evaluations may do together, in the units of `EXPRESSION_FUEL`. What one takes, the next ones lack.
#[derive(Debug)]
pub struct Fuel(Tank);

impl Fuel {
    #[must_use]
    pub fn new(units: u64) -> Self {
        Self(Tank::new(units))
    }
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

/// Why something inside did not work; `Error` adds the source.
enum Fault {
    Syntax(String),
    Evaluate(String),
    Limit(&'static str),
}

impl Fault {
    fn of(self, source: &str) -> Error {
        let source_text = shortened(source, REASON_BYTES_MAX);
        match self {
            Self::Syntax(reason) => Error::Syntax { source_text, reason },
            Self::Evaluate(reason) => Error::Evaluate { source_text, reason },
            Self::Limit(limit) => Error::Limit { source_text, limit },
        }
    }
}

impl Expr {
    /// # Errors
    /// `Syntax`, or `Limit` when longer than `EXPRESSION_BYTES_MAX` or nested too deeply.
    pub fn new(source: &str) -> Result<Self, Error> {
        let analysis = compile(source).map_err(|fault| fault.of(source))?;
        Ok(Self(Arc::new(Compiled { source: source.to_owned(), analysis })))
    }

    #[must_use]
    pub fn source(&self) -> &str {
        &self.0.source
    }

    /// Every name it reads, in order of writing; a name that is read twice stands there twice.
    #[must_use]
    pub fn references(&self) -> Vec<Reference> {
        self.0.analysis.references.clone()
    }

    /// # Errors
    /// `Evaluate` (an absent name without `has`, a type error), `Limit`.
    pub fn eval(&self, names: &dyn Names) -> Result<Value, Error> {
        self.eval_within(names, &Fuel::new(EXPRESSION_FUEL))
    }

    /// As `eval`, with the work that several evaluations may do together.
    ///
    /// # Errors
    /// As `eval`.
    pub fn eval_within(&self, names: &dyn Names, fuel: &Fuel) -> Result<Value, Error> {
        evaluate(&self.0.analysis, names, &fuel.0).map_err(|fault| fault.of(self.source()))
    }

    /// # Errors
    /// As `eval`, and `NotBool`.
    pub fn eval_bool(&self, names: &dyn Names) -> Result<bool, Error> {
        self.eval_bool_within(names, &Fuel::new(EXPRESSION_FUEL))
    }

    /// As `eval_bool`, with the work that several evaluations may do together.
    ///
    /// # Errors
    /// As `eval_bool`.
    pub fn eval_bool_within(&self, names: &dyn Names, fuel: &Fuel) -> Result<bool, Error> {
        let value = self.eval_within(names, fuel)?;
        value.as_bool().ok_or_else(|| Error::NotBool {
            source_text: shortened(self.source(), REASON_BYTES_MAX),
            got: shortened(&value.to_string(), REASON_BYTES_MAX),
        })
    }
}

impl std::fmt::Debug for Expr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Expr({:?})", self.source())
    }
}

fn compile(source: &str) -> Result<Analysis, Fault> {
    if source.len() > EXPRESSION_BYTES_MAX {
        return Err(Fault::Limit("expression bytes"));
    }
    if tokens(source) > EXPRESSION_TOKENS_MAX {
        return Err(Fault::Limit("expression length; split it over `set` steps"));
    }
    // The parser is generated code with panics in corners; a bad source must not take the caller down.
    let parsed = stacker::grow(EXPRESSION_STACK_BYTES, || {
        catch_unwind(|| match fuel::environment().parser().max_recursion_depth(PARSER_DEPTH_MAX).parse(source) {
            Ok(tree) => analyse::analyse(tree),
            Err(errors) => Err(Fault::Syntax(parse_reason(&errors))),
        })
    });
    parsed.unwrap_or_else(|_| Err(Fault::Syntax("the parser cannot read it".to_owned())))
}

/// Operators, brackets, names and literals, counted roughly; each adds at most one level to the tree.
fn tokens(source: &str) -> usize {
    let mut count = 0;
    let mut in_word = false;
    let mut quote = None;
    for byte in source.bytes() {
        match quote {
            Some(end) => {
                if byte == end {
                    quote = None;
                }
                continue;
            }
            None if byte == b'"' || byte == b'\'' => {
                quote = Some(byte);
                count += 1;
            }
            None => {}
        }
        let word = byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
        if (word && !in_word) || (!word && !byte.is_ascii_whitespace()) {
            count += 1;
        }
        in_word = word;
    }
    count
}

fn evaluate(analysis: &Analysis, names: &dyn Names, tank: &Tank) -> Result<Value, Fault> {
    if let Some(path) = &analysis.plain {
        return lookup::lookup(names, path).map_err(Fault::Evaluate);
    }
    let arena = values::fetch(names, &analysis.needs);
    let mut context = Context::with_env(fuel::environment());
    let outcome = values::bind(&mut context, &arena, &analysis.needs, tank).and_then(|()| {
        for (index, path) in analysis.presences.iter().enumerate() {
            context.add_variable_as_val(analyse::presence_name(index), fuel::boolean(lookup::present(names, path)));
        }
        context.add_variable_as_val(fuel::TANK, Box::new(tank.clone()));
        run(analysis, &context, tank)
    });
    // Whatever came out after the fuel ran out may have swallowed that error (`||`); the tank is the truth.
    if tank.is_empty() { Err(Fault::Limit("work; evaluate over fewer or smaller values")) } else { outcome }
}

fn run(analysis: &Analysis, context: &Context<'_, '_>, tank: &Tank) -> Result<Value, Fault> {
    let resolve = || {
        let value = cel::Value::resolve_val(&analysis.tree, context).map_err(|error| Fault::Evaluate(reason(&error)))?;
        values::to_json(value.as_ref(), tank)
    };
    let caught = || catch_unwind(AssertUnwindSafe(resolve));
    let resolved = if analysis.depth <= SHALLOW_DEPTH_MAX { caught() } else { stacker::grow(EXPRESSION_STACK_BYTES, caught) };
    resolved.unwrap_or_else(|_| Err(Fault::Evaluate("the evaluator gave up on it".to_owned())))
}

/// Values are told by their kinds: they may be long, and a map has no order, so that one complaint would not be the same twice.
fn reason(error: &ExecutionError) -> String {
    const KINDS: &str = "(the kinds do not fit; numbers of different kinds: write double(x) or int(x))";
    let kind = cel::Value::type_of;
    match error {
        ExecutionError::NoSuchKey(key) => format!("`{key}` is absent here; guard it with has(…)"),
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known here"),
        ExecutionError::NoSuchOverload(overload) => format!("{} {KINDS}", shortened(&overload.to_string(), REASON_BYTES_MAX)),
        ExecutionError::UnsupportedBinaryOperator(operator, left, right) => {
            format!("Unsupported binary operator '{operator}': {}, {} {KINDS}", kind(left), kind(right))
        }
        ExecutionError::ValuesNotComparable(left, right) => format!("{} and {} cannot be compared", kind(left), kind(right)),
        ExecutionError::UnsupportedIndex(index, of) => format!("{} cannot index {}", kind(index), kind(of)),
        ExecutionError::UnsupportedKeyType(key) | ExecutionError::DuplicateKey(key) => format!("{} cannot be a key here", kind(key)),
        ExecutionError::UnsupportedTargetType { target } => format!("{} does not do here", kind(target)),
        ExecutionError::NotSupportedAsMethod { method, target } => format!("`{method}` cannot be asked of {}", kind(target)),
        other => shortened(&other.to_string(), REASON_BYTES_MAX),
    }
}

fn parse_reason(errors: &cel::ParseErrors) -> String {
    let first = errors
        .errors
        .first()
        .map_or_else(|| "cannot be read".to_owned(), |error| format!("{} (line {}, column {})", error.msg, error.pos.0, error.pos.1));
    shortened(&first, REASON_BYTES_MAX)
}

/// `text`, cut at a character's border and marked where it was longer than `bytes_max`.
fn shortened(text: &str, bytes_max: usize) -> String {
    if text.len() <= bytes_max {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(bytes_max)])
}
