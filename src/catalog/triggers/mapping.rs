//! What an event comes to: whether it fires, under which id, with which parameters. CEL over the payload; nothing of storage.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::rows::{Definition, Source, TriggerRow};
use crate::catalog::{Error, expressions};
use crate::flow::expr::{Expr, Fuel};
use crate::flow::names::Fixed;
use crate::ids::TimeMs;
use crate::limits::EVENT_FUEL;

/// What expressions of a trigger may read.
const ROOTS: [&str; 4] = ["payload", "headers", "trigger", "firing"];
/// An event's id, in bytes.
pub(super) const EVENT_ID_BYTES_MAX: usize = 1_024;
/// What a mapping makes of one event: as much as a few whole payloads.
const MAPPED_BYTES_MAX: usize = 1 << 20;

/// Something that may make a trigger fire.
#[derive(Clone, Debug)]
pub struct Event<'a> {
    pub kind: &'a str,
    pub at: TimeMs,
    /// Of a schedule.
    pub due: Option<TimeMs>,
    pub payload: &'a Value,
    /// Names in lower case; without those that prove who sends.
    pub headers: &'a Map<String, Value>,
    /// As the sender names it.
    pub id: Option<&'a str>,
}

/// What an event comes to.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    Fires {
        event_id: Option<String>,
        parameters: Map<String, Value>,
    },
    /// The filter or the type of event leaves it out.
    Filtered,
}

/// # Errors
/// `Invalid` with the field, for an expression that cannot be read or reads what there is not.
pub fn check(definition: &Definition) -> Result<(), Error> {
    for (name, source) in definition.mapping.iter().flatten() {
        compiled("mapping", source).map_err(|error| match error {
            Error::Invalid { field, message } => Error::Invalid { field, message: format!("{name}: {message}") },
            error => error,
        })?;
    }
    if let Some(filter) = &definition.filter {
        compiled("filter", filter)?;
    }
    if let Source::Webhook(inbound) = &definition.source
        && let Some(source) = &inbound.event_id
    {
        compiled("webhook.eventId", source)?;
    }
    Ok(())
}

fn compiled(field: &'static str, source: &str) -> Result<Expr, Error> {
    expressions::compiled(field, source, &ROOTS)
}

/// Whether anything has to be evaluated over an event, which may take a while.
#[must_use]
pub fn has_expressions(definition: &Definition) -> bool {
    let of_source = matches!(&definition.source, Source::Webhook(inbound) if inbound.event_id.is_some());
    definition.filter.is_some() || definition.mapping.is_some() || of_source
}

/// # Errors
/// `Invalid` with the field, where an expression cannot be evaluated over this event.
pub fn judge(row: &TriggerRow, event: &Event<'_>) -> Result<Verdict, Error> {
    let definition = &row.definition;
    let (names, fuel) = (names(row, event), Fuel::new(EVENT_FUEL));
    if let Source::Webhook(inbound) = &definition.source
        && inbound.event_type.is_some()
        && event.payload.get("type").and_then(Value::as_str) != inbound.event_type.as_deref()
    {
        return Ok(Verdict::Filtered);
    }
    if let Some(filter) = &definition.filter {
        let fires = compiled("filter", filter)?.eval_bool_within(&names, &fuel).map_err(|error| failed("filter", &error))?;
        if !fires {
            return Ok(Verdict::Filtered);
        }
    }
    let event_id = event_id(definition, event, &names, &fuel)?;
    Ok(Verdict::Fires { event_id, parameters: parameters(definition, event, &names, &fuel)? })
}

fn failed(field: &'static str, error: &crate::flow::expr::Error) -> Error {
    Error::Invalid { field, message: error.to_string() }
}

fn names(row: &TriggerRow, event: &Event<'_>) -> Fixed {
    let trigger = json!({"id": row.id, "kind": row.kind(), "displayName": row.definition.display_name});
    let firing = json!({"kind": event.kind, "at": event.at, "scheduledFor": event.due, "eventId": event.id});
    let roots =
        [("payload", event.payload.clone()), ("headers", Value::Object(event.headers.clone())), ("trigger", trigger), ("firing", firing)];
    Fixed { roots: roots.map(|(name, value)| (name.to_owned(), Arc::new(value))).into(), ..Fixed::default() }
}

fn event_id(definition: &Definition, event: &Event<'_>, names: &Fixed, fuel: &Fuel) -> Result<Option<String>, Error> {
    const FIELD: &str = "webhook.eventId";
    let invalid = |message: String| Error::Invalid { field: FIELD, message };
    let id = match &definition.source {
        Source::Webhook(inbound) if inbound.event_id.is_some() => {
            let source = inbound.event_id.as_deref().unwrap_or_default();
            match compiled(FIELD, source)?.eval_within(names, fuel).map_err(|error| failed(FIELD, &error))? {
                Value::String(id) => Some(id),
                Value::Number(id) => Some(id.to_string()),
                other => return Err(invalid(format!("an event's id is a text or a number, not {other}"))),
            }
        }
        _ => event.id.map(ToOwned::to_owned),
    };
    match &id {
        Some(id) if id.is_empty() || id.len() > EVENT_ID_BYTES_MAX => {
            Err(invalid(format!("an event's id has 1 to {EVENT_ID_BYTES_MAX} bytes")))
        }
        _ => Ok(id),
    }
}

fn parameters(definition: &Definition, event: &Event<'_>, names: &Fixed, fuel: &Fuel) -> Result<Map<String, Value>, Error> {
    let mut parameters = definition.parameters.clone();
    match (&definition.mapping, event.payload) {
        (Some(mapping), _) => {
            let mut bytes = 0;
            for (name, source) in mapping {
                let invalid = |message: String| Error::Invalid { field: "mapping", message };
                let value = compiled("mapping", source)?.eval_within(names, fuel);
                let value = value.map_err(|error| invalid(format!("{name}: {error}")))?;
                bytes += value.to_string().len();
                if bytes > MAPPED_BYTES_MAX {
                    return Err(invalid(format!("its parameters have more than {MAPPED_BYTES_MAX} bytes together")));
                }
                parameters.insert(name.clone(), value);
            }
        }
        (None, Value::Object(fields)) => parameters.extend(fields.clone()),
        (None, _) => {}
    }
    Ok(parameters)
}
