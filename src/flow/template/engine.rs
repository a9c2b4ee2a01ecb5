//! The one environment of all templates: strict undefined, fuel, no loaders, no includes, no macros, and only filters whose work is
//! paid for. How values become text: strings as they are, everything else as compact JSON (`null`, `true`, `3`, `[1,2]`), numbers
//! without `.0`.

use std::fmt::Write as _;
use std::sync::LazyLock;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Rest, Value as Shown, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, filters, functions};
use serde_json::{Map, Number, Value};

use super::scope::{Node, Step, Tank};
use crate::limits::{TEMPLATE_BYTES_MAX, TEMPLATE_FUEL};

/// Every filter there is. What makes text grow without bound (`format`, `indent`, `center`, …) is left out.
pub(super) const FILTERS: [&str; 31] = [
    "abs",
    "bool",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "tojson",
    "trim",
];
/// And those that a longer array above would only make harder to read.
pub(super) const MORE_FILTERS: [&str; 5] = ["map", "title", "unique", "upper", "urlencode"];
/// Tests that a template could misuse to ask about the engine itself.
pub(super) const REFUSED_TESTS: [&str; 2] = ["filter", "test"];

/// Values inside one another that become JSON; far more than JSON texts may nest.
const DEPTH_MAX: usize = 256;

pub(super) fn syntax() -> SyntaxConfig {
    SyntaxConfig::builder().keep_trailing_newline(true).build().unwrap_or_default()
}

pub(super) fn environment() -> Environment<'static> {
    static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(build);
    ENVIRONMENT.clone()
}

/// Registers filters of the crate so that each use pays for the text and the items it is given.
macro_rules! paid {
    ($environment:ident: $($name:ident),* $(,)?) => {$(
        $environment.add_filter(concat!("@", stringify!($name)), filters::$name);
        $environment.add_filter(stringify!($name), |state: &mut State<'_, '_>, args: Rest<Shown>| {
            pay(state, &args.0)?;
            state.apply_filter(concat!("@", stringify!($name)), &args.0)
        });
    )*};
}

fn build() -> Environment<'static> {
    let mut environment = Environment::new();
    let names: Vec<String> = environment_filters();
    for name in names {
        environment.remove_filter(&name);
    }
    environment.set_syntax(syntax());
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(TEMPLATE_FUEL));
    environment.set_recursion_limit(100);
    environment.set_formatter(format_value);
    for global in ["debug", "dict", "namespace", "range"] {
        environment.remove_global(global);
    }
    environment.add_function("range", functions::range);
    paid!(environment: abs, bool, capitalize, dictsort, first, float, int, items, last, length, lines, list, lower, map, max, min,
        reject, rejectattr, reverse, round, select, selectattr, sort, split, title, trim, unique, upper);
    environment.add_filter("count", |state: &mut State<'_, '_>, args: Rest<Shown>| state.apply_filter("@length", &args.0));
    environment.add_filter("default", filters::default);
    environment.add_filter("d", filters::default);
    environment.add_filter("join", join);
    environment.add_filter("replace", replace);
    environment.add_filter("string", |state: &mut State<'_, '_>, value: Shown| text(state, &value).map(Shown::from));
    environment.add_filter("tojson", tojson);
    environment.add_filter("urlencode", urlencode);
    environment
}

/// The filters of the crate that are taken out before ours are put in.
fn environment_filters() -> Vec<String> {
    let all = [
        "safe",
        "escape",
        "e",
        "lower",
        "upper",
        "title",
        "capitalize",
        "replace",
        "length",
        "count",
        "dictsort",
        "items",
        "reverse",
        "trim",
        "join",
        "split",
        "lines",
        "default",
        "d",
        "round",
        "abs",
        "int",
        "float",
        "attr",
        "first",
        "last",
        "min",
        "max",
        "sort",
        "list",
        "string",
        "bool",
        "batch",
        "slice",
        "sum",
        "indent",
        "select",
        "reject",
        "selectattr",
        "rejectattr",
        "map",
        "groupby",
        "unique",
        "chain",
        "zip",
        "pprint",
        "format",
        "tojson",
        "urlencode",
    ];
    all.map(str::to_owned).to_vec()
}

/// Text pays its length, a list its number of items; an object inside a value pays when it is read.
fn pay(state: &State<'_, '_>, args: &[Shown]) -> Result<(), Error> {
    let bytes = args.iter().map(|arg| arg.as_str().map_or_else(|| arg.len().unwrap_or(0) * 8, str::len) + 1).sum();
    spend(state, bytes)
}

fn spend(state: &State<'_, '_>, bytes: usize) -> Result<(), Error> {
    Tank::of(state).map_or(Ok(()), |tank| tank.pay(bytes))
}

#[expect(clippy::needless_pass_by_value, reason = "the engine hands a filter its arguments by value")]
fn join(state: &mut State<'_, '_>, items: Shown, separator: Option<String>) -> Result<String, Error> {
    if items.is_undefined() {
        return Err(Error::from(ErrorKind::UndefinedError));
    }
    let separator = separator.unwrap_or_default();
    let mut joined = String::new();
    for (index, item) in items.try_iter()?.enumerate() {
        let before = joined.len();
        if index > 0 {
            joined.push_str(&separator);
        }
        joined.push_str(&text(state, &item)?);
        spend(state, joined.len() - before + 1)?;
        if joined.len() > TEMPLATE_BYTES_MAX {
            return Err(too_long());
        }
    }
    Ok(joined)
}

#[expect(clippy::needless_pass_by_value, reason = "the engine hands a filter its arguments by value")]
fn replace(state: &mut State<'_, '_>, value: String, from: String, to: String) -> Result<String, Error> {
    let count = if from.is_empty() { value.chars().count() + 1 } else { value.matches(&from).count() };
    let grown = value.len().saturating_add(count.saturating_mul(to.len()));
    spend(state, grown)?;
    if grown > TEMPLATE_BYTES_MAX {
        return Err(too_long());
    }
    Ok(value.replace(&from, &to))
}

/// Compact; with any argument (`tojson(true)`, `tojson(indent=2)`) on several lines.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands a filter its arguments by value")]
fn tojson(state: &mut State<'_, '_>, value: Shown, options: Rest<Shown>) -> Result<String, Error> {
    let value = to_json(&value)?;
    let text = if options.0.is_empty() { serde_json::to_string(&value) } else { serde_json::to_string_pretty(&value) };
    let text = text.map_err(|error| Error::new(ErrorKind::BadSerialization, error.to_string()))?;
    spend(state, text.len())?;
    Ok(text)
}

/// For one segment of a path or one value of a query: all but letters, digits and `-._~` is percent-encoded.
#[expect(clippy::needless_pass_by_value, reason = "the engine hands a filter its arguments by value")]
fn urlencode(state: &mut State<'_, '_>, value: Shown) -> Result<String, Error> {
    let plain = text(state, &value)?;
    let mut encoded = String::with_capacity(plain.len());
    for byte in plain.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    spend(state, encoded.len())?;
    Ok(encoded)
}

fn too_long() -> Error {
    Error::new(ErrorKind::InvalidOperation, "its text grows too long")
}

fn format_value(out: &mut Output<'_>, state: &mut State<'_, '_>, value: &Shown) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) => out.write_str(text),
        None => out.write_str(&text(state, value)?),
    };
    written.map_err(|_| Error::from(ErrorKind::WriteFailure))
}

/// How a value reads in text.
fn text(state: &State<'_, '_>, value: &Shown) -> Result<String, Error> {
    if let Some(text) = value.as_str() {
        return Ok(text.to_owned());
    }
    let json = to_json(value)?;
    let mut text = String::new();
    match json.as_f64() {
        Some(number) if json.is_f64() && number.fract() == 0.0 && number.abs() < 1e15 => {
            let _ = write!(text, "{number:.0}");
        }
        _ => text = json.to_string(),
    }
    spend(state, text.len())?;
    Ok(text)
}

/// A template's value as JSON.
pub(super) fn to_json(value: &Shown) -> Result<Value, Error> {
    json(value, 0)
}

fn json(value: &Shown, depth: usize) -> Result<Value, Error> {
    if depth > DEPTH_MAX {
        return Err(Error::new(ErrorKind::InvalidOperation, "it nests too deeply"));
    }
    if let Some(node) = value.downcast_object_ref::<Node>() {
        return Ok(node.json().clone());
    }
    if let Some(step) = value.downcast_object_ref::<Step>() {
        return Ok(step.json());
    }
    match value.kind() {
        ValueKind::Undefined => Err(Error::from(ErrorKind::UndefinedError)),
        ValueKind::None => Ok(Value::Null),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => number(value),
        ValueKind::String => Ok(Value::String(value.as_str().unwrap_or_default().to_owned())),
        ValueKind::Seq | ValueKind::Iterable => {
            let items: Result<Vec<_>, Error> = value.try_iter()?.map(|item| json(&item, depth + 1)).collect();
            Ok(Value::Array(items?))
        }
        ValueKind::Map => {
            let mut object = Map::new();
            for key in value.try_iter()? {
                let item = value.get_item(&key)?;
                object.insert(key.as_str().map_or_else(|| key.to_string(), str::to_owned), json(&item, depth + 1)?);
            }
            Ok(Value::Object(object))
        }
        ValueKind::Invalid => Err(Error::new(ErrorKind::InvalidOperation, value.to_string())),
        kind => Err(Error::new(ErrorKind::InvalidOperation, format!("a value of kind {kind} cannot be shown"))),
    }
}

fn number(value: &Shown) -> Result<Value, Error> {
    if value.is_integer() {
        if let Ok(int) = i64::try_from(value.clone()) {
            return Ok(Value::from(int));
        }
        if let Ok(uint) = u64::try_from(value.clone()) {
            return Ok(Value::from(uint));
        }
    }
    let float = f64::try_from(value.clone())?;
    let number = Number::from_f64(float).ok_or_else(|| Error::new(ErrorKind::InvalidOperation, "a number is not finite"))?;
    Ok(Value::Number(number))
}
