//! Values for parameters: what is missing, and texts of the command line turned into what their parameter is.

use serde_json::{Map, Number, Value};

use super::parameters::{Kind, Parameter};

/// A value that does not do, or a missing one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueProblem {
    pub parameter: String,
    /// Clients match the text of a missing one.
    pub message: String,
}

/// The values that an execution gets: those given, each as a value of its parameter's type, and defaults. Names that no parameter has
/// are passed on; the input schema judges them.
///
/// # Errors
/// Every value that is missing or does not fit.
pub fn read_values(parameters: &[Parameter], given: &Map<String, Value>) -> Result<Map<String, Value>, Vec<ValueProblem>> {
    let mut values = given.clone();
    let mut problems = Vec::new();
    for parameter in parameters {
        let name = &parameter.name;
        let value = given.get(name).filter(|value| !value.is_null() || parameter.kind.kind == Kind::Any);
        let read = match value {
            Some(value) => coerced(parameter, value).ok_or_else(|| format!("Parameter {name} must be {}", expected(parameter))).map(Some),
            None => match parameter.default() {
                None if parameter.required => Err(format!("Parameter {name} is required")),
                default => Ok(default),
            },
        };
        match read {
            Ok(Some(value)) => {
                values.insert(name.clone(), value);
            }
            // A null says the same as nothing.
            Ok(None) => {
                values.shift_remove(name);
            }
            Err(message) => problems.push(ValueProblem { parameter: name.clone(), message }),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems) }
}

/// What a value of the parameter is, for people.
pub(super) fn expected(parameter: &Parameter) -> String {
    match parameter.kind.kind {
        Kind::Text => "a string".to_owned(),
        Kind::Integer => "an integer".to_owned(),
        Kind::Float => "a number".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Select if parameter.options.is_empty() => "a string".to_owned(),
        Kind::Select => {
            let values: Vec<&str> = parameter.options.iter().map(|option| option.value.as_str()).collect();
            format!("one of {}", values.join(", "))
        }
        Kind::TextArray => "a list of strings".to_owned(),
        Kind::Json | Kind::Any => "JSON".to_owned(),
        Kind::Object => "an object".to_owned(),
        Kind::Array => "a list".to_owned(),
    }
}

/// The value as one of the parameter's type; none where it cannot be. Command lines send every value as a text.
pub(super) fn coerced(parameter: &Parameter, value: &Value) -> Option<Value> {
    let text = value.as_str();
    match parameter.kind.kind {
        Kind::Text => value.is_string().then(|| value.clone()),
        Kind::Integer => integer(value),
        Kind::Float => match text {
            None => value.is_number().then(|| value.clone()),
            Some(text) => text.trim().parse().ok().and_then(Number::from_f64).map(Value::Number),
        },
        Kind::Bool => match text {
            None => value.is_boolean().then(|| value.clone()),
            Some(text) if text.trim().eq_ignore_ascii_case("true") => Some(Value::Bool(true)),
            Some(text) => text.trim().eq_ignore_ascii_case("false").then_some(Value::Bool(false)),
        },
        Kind::Select => {
            let offered = |text: &str| parameter.options.is_empty() || parameter.options.iter().any(|option| option.value == text);
            text.is_some_and(offered).then(|| value.clone())
        }
        Kind::TextArray => written(value).filter(|value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string))),
        Kind::Json => written(value).or_else(|| Some(value.clone())),
        Kind::Object => written(value).filter(Value::is_object),
        Kind::Array => written(value).filter(Value::is_array),
        Kind::Any => Some(value.clone()),
    }
}

/// 3, 3.0 and "3" are the same integer.
fn integer(value: &Value) -> Option<Value> {
    match value {
        Value::Number(number) if number.is_i64() || number.is_u64() => Some(value.clone()),
        Value::Number(number) => {
            // Beyond 2^53 a float no longer says which integer it is.
            const EXACT_MAX: f64 = 9_007_199_254_740_992.0;
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= EXACT_MAX)?;
            format!("{float:.0}").parse::<i64>().ok().map(Value::from)
        }
        Value::String(text) => text.trim().parse::<i64>().ok().map(Value::from),
        _ => None,
    }
}

/// A list or object, also one that is written out in a text.
fn written(value: &Value) -> Option<Value> {
    let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
    parsed.or_else(|| Some(value.clone())).filter(|value| value.is_object() || value.is_array())
}
