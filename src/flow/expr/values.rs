//! Between JSON and CEL. Only what an expression names is fetched, and of that only the branches it names are converted; strings are
//! borrowed. Maps of CEL have no order, so a computed object comes back with its keys sorted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::Context;
use cel::common::types::{CelBool, CelDouble, CelInt, CelList, CelMap, CelMapKey, CelNull, CelString, CelUInt};
use cel::common::value::Val;
use serde_json::{Map, Number, Value};

use super::Fault;
use super::fuel::{Tank, text_units};
use crate::flow::lookup::fields;
use crate::flow::names::{Names, StepView};
use crate::limits::PAYLOAD_BYTES_MAX;

/// Which branches of the names are read.
#[derive(Clone, Debug, Default)]
pub(super) struct Needs {
    /// All of it, not only the branches below.
    whole: bool,
    below: BTreeMap<String, Needs>,
}

impl Needs {
    pub(super) fn add(&mut self, path: &[String]) {
        match path {
            [] => self.whole = true,
            [first, rest @ ..] => self.below.entry(first.clone()).or_default().add(rest),
        }
    }
}

/// The values that an evaluation reads, kept alive while it borrows from them.
pub(super) enum Fetched {
    Root(Arc<Value>),
    Steps(Vec<(String, StepView)>),
}

/// Asks `names` for what is needed, and for nothing else.
pub(super) fn fetch(names: &dyn Names, needs: &Needs) -> Vec<(String, Fetched)> {
    let mut arena = Vec::with_capacity(needs.below.len());
    for (root, below) in &needs.below {
        let fetched = match root.as_str() {
            "steps" => Some(Fetched::Steps(views(below, |id| names.step(id)))),
            "previous" => Some(Fetched::Steps(views(below, |id| names.previous(id)))),
            _ => names.root(root).map(Fetched::Root),
        };
        arena.extend(fetched.map(|fetched| (root.clone(), fetched)));
    }
    arena
}

fn views(needs: &Needs, view: impl Fn(&str) -> Option<StepView>) -> Vec<(String, StepView)> {
    needs.below.keys().filter_map(|id| view(id).map(|view| (id.clone(), view))).collect()
}

/// Makes what was fetched variables of `context`.
pub(super) fn bind<'v>(context: &mut Context<'_, 'v>, arena: &'v [(String, Fetched)], needs: &Needs, tank: &Tank) -> Result<(), Fault> {
    for (root, fetched) in arena {
        let Some(below) = needs.below.get(root) else { continue };
        let value = match fetched {
            Fetched::Root(value) => branch(value, below, tank)?,
            Fetched::Steps(views) => {
                let mut map = HashMap::with_capacity(views.len());
                for (id, view) in views {
                    if let Some(below) = below.below.get(id) {
                        map.insert(CelMapKey::from(id.as_str()), step(view, below, tank)?);
                    }
                }
                Box::new(CelMap::from(map))
            }
        };
        context.add_variable_as_val(root.as_str(), value);
    }
    Ok(())
}

fn step<'v>(view: &'v StepView, needs: &Needs, tank: &Tank) -> Result<Box<dyn Val + 'v>, Fault> {
    let whole = Needs { whole: true, below: BTreeMap::new() };
    let mut map = HashMap::new();
    for (name, value) in fields(view) {
        let below = if needs.whole { Some(&whole) } else { needs.below.get(name) };
        if let (Some(value), Some(below)) = (value, below) {
            map.insert(CelMapKey::from(name), branch(value, below, tank)?);
        }
    }
    Ok(Box::new(CelMap::from(map)))
}

/// `value`, of objects only the branches that are needed.
fn branch<'v>(value: &'v Value, needs: &Needs, tank: &Tank) -> Result<Box<dyn Val + 'v>, Fault> {
    if needs.whole {
        return from_json(value, tank);
    }
    match value {
        Value::Object(object) => {
            let mut map = HashMap::with_capacity(needs.below.len());
            for (key, below) in &needs.below {
                if let Some((key, value)) = object.get_key_value(key) {
                    map.insert(CelMapKey::from(key.as_str()), branch(value, below, tank)?);
                }
            }
            Ok(Box::new(CelMap::from(map)))
        }
        // Selecting a field of a list is an error whatever is in it.
        Value::Array(_) => Ok(Box::new(CelList::default())),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => from_json(value, tank),
    }
}

fn from_json<'v>(value: &'v Value, tank: &Tank) -> Result<Box<dyn Val + 'v>, Fault> {
    if !tank.take(1) {
        return Err(out_of_fuel());
    }
    Ok(match value {
        Value::Null => Box::new(CelNull),
        Value::Bool(value) => Box::new(CelBool::from(*value)),
        Value::Number(number) => from_number(number),
        Value::String(text) => Box::new(CelString::from(text.as_str())),
        Value::Array(items) => {
            let items: Result<Vec<_>, Fault> = items.iter().map(|item| from_json(item, tank)).collect();
            Box::new(CelList::from(items?))
        }
        Value::Object(object) => {
            let mut map = HashMap::with_capacity(object.len());
            for (key, value) in object {
                map.insert(CelMapKey::from(key.as_str()), from_json(value, tank)?);
            }
            Box::new(CelMap::from(map))
        }
    })
}

fn from_number<'v>(number: &Number) -> Box<dyn Val + 'v> {
    if let Some(int) = number.as_i64() {
        Box::new(CelInt::from(int))
    } else if let Some(uint) = number.as_u64() {
        Box::new(CelUInt::from(uint))
    } else {
        Box::new(CelDouble::from(number.as_f64().unwrap_or(f64::NAN)))
    }
}

/// An expression's result as JSON. Instants are RFC 3339 strings, durations seconds as `"90s"`, bytes are refused.
pub(super) fn to_json(value: &dyn Val, tank: &Tank) -> Result<Value, Fault> {
    let mut bytes_left = PAYLOAD_BYTES_MAX;
    json(value, tank, &mut bytes_left)
}

fn json(value: &dyn Val, tank: &Tank, bytes_left: &mut usize) -> Result<Value, Fault> {
    if !tank.take(1) {
        return Err(out_of_fuel());
    }
    spend(bytes_left, 2)?;
    if let Some(text) = value.downcast_ref::<CelString>() {
        if !tank.take(text_units(text.inner().len())) {
            return Err(out_of_fuel());
        }
        spend(bytes_left, text.inner().len())?;
        return Ok(Value::String(text.inner().to_owned()));
    }
    if let Some(list) = value.downcast_ref::<CelList>() {
        let items: Result<Vec<_>, Fault> = list.inner().iter().map(|item| json(item.as_ref(), tank, bytes_left)).collect();
        return items.map(Value::Array);
    }
    if let Some(map) = value.downcast_ref::<CelMap>() {
        let mut entries: Vec<_> = map.inner().iter().map(|(key, value)| (key_text(key), value)).collect();
        entries.sort_by(|(left, _), (right, _)| left.cmp(right));
        let mut object = Map::with_capacity(entries.len());
        for (key, value) in entries {
            spend(bytes_left, key.len() + 4)?;
            object.insert(key, json(value.as_ref(), tank, bytes_left)?);
        }
        return Ok(Value::Object(object));
    }
    scalar(value)
}

fn scalar(value: &dyn Val) -> Result<Value, Fault> {
    let scalar = cel::Value::try_from(value)
        .map_err(|_| Fault::Evaluate(format!("its result is of kind {}, which has no JSON form", value.get_type().name())))?;
    match scalar {
        cel::Value::Null => Ok(Value::Null),
        cel::Value::Bool(value) => Ok(Value::Bool(value)),
        cel::Value::Int(value) => Ok(Value::from(value)),
        cel::Value::UInt(value) => Ok(Value::from(value)),
        cel::Value::Float(value) => {
            let number = Number::from_f64(value).ok_or_else(|| Fault::Evaluate("its result is no finite number".to_owned()))?;
            Ok(Value::Number(number))
        }
        cel::Value::Timestamp(instant) => Ok(Value::String(instant.to_rfc3339())),
        cel::Value::Duration(duration) => Ok(Value::String(seconds(duration.num_milliseconds()))),
        _ => Err(Fault::Evaluate(format!("its result is of kind {}, which has no JSON form", value.get_type().name()))),
    }
}

/// As CEL reads durations: `90s`, `1.5s`.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    let (whole, rest) = (ms.unsigned_abs() / 1_000, ms.unsigned_abs() % 1_000);
    if rest == 0 { format!("{sign}{whole}s") } else { format!("{sign}{whole}.{rest:03}s") }
}

fn key_text(key: &CelMapKey<'_>) -> String {
    match key {
        CelMapKey::Bool(key) => key.inner().to_string(),
        CelMapKey::Int(key) => key.inner().to_string(),
        CelMapKey::UInt(key) => key.inner().to_string(),
        CelMapKey::String(key) => key.inner().to_owned(),
    }
}

fn spend(bytes_left: &mut usize, bytes: usize) -> Result<(), Fault> {
    *bytes_left = bytes_left.checked_sub(bytes).ok_or(Fault::Limit("result bytes"))?;
    Ok(())
}

fn out_of_fuel() -> Fault {
    Fault::Limit("work; evaluate over fewer or smaller values")
}
