//! Finding what a written-out path names, without converting or copying what it does not name.

use serde_json::Value;

use super::names::{Names, StepView};

/// A written-out path: `steps.a.output` is `[steps, a, output]`; never empty.
pub type Path = Vec<String>;

/// The fields of a step, in the order in which they are shown.
pub fn fields(view: &StepView) -> [(&'static str, Option<&Value>); 3] {
    [("output", view.output.as_deref()), ("error", view.error.as_deref()), ("errors", view.errors.as_deref())]
}

/// The value that a path names, with the order of its keys.
pub fn lookup(names: &dyn Names, path: &[String]) -> Result<Value, String> {
    let (root, rest) = path.split_first().ok_or("an empty path")?;
    if root != "steps" && root != "previous" {
        let value = names.root(root).ok_or_else(|| format!("`{root}` is not known here"))?;
        return descend(&value, rest);
    }
    let (id, rest) = rest.split_first().ok_or_else(|| format!("name the step: `{root}.ID`"))?;
    let view = if root == "steps" { names.step(id) } else { names.previous(id) };
    let view = view.ok_or_else(|| format!("`{root}.{id}` has not run; guard it with has(…)"))?;
    let Some((field, rest)) = rest.split_first() else {
        return Ok(view_value(&view));
    };
    let value = fields(&view).into_iter().find(|(name, _)| name == field).and_then(|(_, value)| value);
    descend(value.ok_or_else(|| format!("`{root}.{id}.{field}` is absent; guard it with has(…)"))?, rest)
}

fn view_value(view: &StepView) -> Value {
    let present = fields(view).into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.clone())));
    Value::Object(present.collect())
}

fn descend(value: &Value, path: &[String]) -> Result<Value, String> {
    let mut value = value;
    for key in path {
        value = match value {
            Value::Object(object) => object.get(key).ok_or_else(|| format!("`{key}` is absent here; guard it with has(…)"))?,
            other => return Err(format!("`{key}` cannot be read from {}", kind(other))),
        };
    }
    Ok(value.clone())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// Whether there is something at `path`; null is something.
pub fn present(names: &dyn Names, path: &[String]) -> bool {
    let Some((root, rest)) = path.split_first() else { return false };
    let within = |value: &Value, rest: &[String]| {
        let mut value = Some(value);
        for key in rest {
            value = value.and_then(|value| value.as_object()).and_then(|object| object.get(key));
        }
        value.is_some()
    };
    if root != "steps" && root != "previous" {
        return names.root(root).is_some_and(|value| within(&value, rest));
    }
    let Some((id, rest)) = rest.split_first() else { return false };
    let view = if root == "steps" { names.step(id) } else { names.previous(id) };
    match (view, rest) {
        (None, _) => false,
        (Some(_), []) => true,
        (Some(view), [field, rest @ ..]) => {
            fields(&view).into_iter().any(|(name, value)| name == field && value.is_some_and(|value| within(value, rest)))
        }
    }
}
