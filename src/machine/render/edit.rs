//! What of a call people may edit, and the call after they did. A secret is shown masked at its place; left there as it is, it stays
//! the secret, and a mask anywhere else is refused.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::{RenderError, shown_text};
use crate::flow::template::{MASK, Part, Text, edited, masked};
use crate::machine::call::{Body, HttpRequest, Request};

/// A body as people see it.
pub(super) struct View {
    pub shown: Value,
    /// By JSON pointer.
    secrets: BTreeMap<String, Text>,
}

/// What a person may edit: the JSON (or text) body, without one the query, of `http`; the arguments of `mcp` and `builtin`.
#[must_use]
pub fn arguments(request: &Request) -> Value {
    match request {
        Request::Http(request) => match &request.body {
            Some(body) => view(body).shown,
            None => Value::Object(request.query.iter().map(|(name, text)| (name.clone(), Value::String(shown_text(text)))).collect()),
        },
        Request::Mcp(request) => request.args.clone(),
        Request::Builtin { args, .. } => args.clone(),
        Request::Llm(_) => Value::Null,
    }
}

/// The request with its arguments replaced.
///
/// # Errors
/// `Edit` when the arguments do not have the shape that this call takes, or a secret's mask stands where that secret is not.
pub fn with_arguments(request: &Request, arguments: &Value) -> Result<Request, RenderError> {
    match request {
        Request::Http(http) => {
            let mut changed = http.clone();
            match &http.body {
                Some(body) => changed.body = Some(edit_body(body, arguments)?),
                None => changed.query = edit_query(http, arguments)?,
            }
            Ok(Request::Http(changed))
        }
        Request::Mcp(mcp) => {
            let mut changed = mcp.clone();
            changed.args = an_object(arguments)?.clone().into();
            Ok(Request::Mcp(changed))
        }
        Request::Builtin { name, .. } => Ok(Request::Builtin { name: name.clone(), args: an_object(arguments)?.clone().into() }),
        Request::Llm(_) => Err(RenderError::Edit("a model call has no arguments to edit; approve or reject it".to_owned())),
    }
}

fn an_object(arguments: &Value) -> Result<&Map<String, Value>, RenderError> {
    arguments.as_object().ok_or_else(|| RenderError::Edit("the arguments of this call are an object; send one".to_owned()))
}

fn edit_query(request: &HttpRequest, arguments: &Value) -> Result<Vec<(String, Text)>, RenderError> {
    let before = |name: &str| request.query.iter().find(|(known, _)| known == name).map(|(_, text)| text);
    let edited = an_object(arguments)?.iter().map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Number(_) | Value::Bool(_) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => {
                return Err(RenderError::Edit(format!("`{name}` goes into the query; it must be a string, a number or a boolean")));
            }
        };
        match before(name) {
            Some(known) if shown_text(known) == text => Ok((name.clone(), known.clone())),
            _ if text.contains(MASK) => Err(moved(name)),
            _ => Ok((name.clone(), Text::Plain(text))),
        }
    });
    let edited: Vec<(String, Text)> = edited.collect::<Result<_, _>>()?;
    // A query is encoded, so line breaks are harmless there; the check is for names.
    edited
        .iter()
        .try_for_each(|(name, _)| if name.is_empty() { Err(RenderError::Edit("a query name is empty".to_owned())) } else { Ok(()) })?;
    Ok(edited)
}

fn edit_body(body: &Body, arguments: &Value) -> Result<Body, RenderError> {
    let content_type = body.content_type.clone();
    if !is_json(body) {
        let text = arguments.as_str().ok_or_else(|| RenderError::Edit("the body of this call is text; send a string".to_owned()))?;
        return Ok(Body { content_type, parts: vec![Part::Bytes(text.to_owned())] });
    }
    let view = view(body);
    masks_in_place(arguments, &view, &mut String::new())?;
    let parts = edited(arguments.clone(), &|pointer| view.secrets.get(pointer).cloned());
    Ok(Body { content_type, parts: parts.map_err(|error| RenderError::Edit(error.to_string()))? })
}

/// A mask stands only where it was shown.
fn masks_in_place(value: &Value, view: &View, pointer: &mut String) -> Result<(), RenderError> {
    let length = pointer.len();
    match value {
        Value::String(text) if text.contains(MASK) && view.shown.pointer(pointer) != Some(value) => Err(moved(pointer)),
        Value::Array(items) => items.iter().enumerate().try_for_each(|(index, item)| {
            pointer.push('/');
            pointer.push_str(&index.to_string());
            let checked = masks_in_place(item, view, pointer);
            pointer.truncate(length);
            checked
        }),
        Value::Object(object) => object.iter().try_for_each(|(key, item)| {
            if key.contains(MASK) && view.shown.pointer(pointer).and_then(|before| before.get(key)).is_none() {
                return Err(moved(pointer));
            }
            pointer.push('/');
            pointer.push_str(&escaped(key));
            let checked = masks_in_place(item, view, pointer);
            pointer.truncate(length);
            checked
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(()),
    }
}

fn moved(place: &str) -> RenderError {
    RenderError::Edit(format!(
        "`{place}` holds the mask of a secret that is not there; leave masked values where they are, or replace them whole"
    ))
}

fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

fn is_json(body: &Body) -> bool {
    body.content_type.starts_with("application/json")
}

/// The names of the secrets in a body, in order, with their places.
pub(super) fn secret_places(body: &Body) -> Vec<(String, Text)> {
    view(body).secrets.into_iter().collect()
}

/// Reads the parts back. Text is the text; JSON is parsed with a marker in each secret's place that occurs nowhere in the body.
pub(super) fn view(body: &Body) -> View {
    let plain = |part: &Part| match part {
        Part::Bytes(text) => text.clone(),
        Part::Secret { .. } => MASK.to_owned(),
    };
    let as_text = || View { shown: Value::String(body.parts.iter().map(plain).collect()), secrets: BTreeMap::new() };
    if !is_json(body) {
        return as_text();
    }
    let mut marker = "secret".to_owned();
    // Ends: the marker grows beyond the longest text.
    while body.parts.iter().any(|part| matches!(part, Part::Bytes(text) if text.contains(&marker))) {
        marker.push('-');
    }
    let mut names = Vec::new();
    let mut text = String::new();
    for part in &body.parts {
        match part {
            Part::Bytes(bytes) => text.push_str(bytes),
            Part::Secret { secret } => {
                text.push_str(&marker);
                names.push(secret.as_str());
            }
        }
    }
    let Ok(mut shown) = serde_json::from_str::<Value>(&text) else { return as_text() };
    let mut secrets = BTreeMap::new();
    mask(&mut shown, &marker, &mut names.into_iter(), &mut secrets, &mut String::new());
    View { shown, secrets }
}

/// Masks the marked strings, in the order of the text, and notes what they are.
fn mask<'n>(
    value: &mut Value,
    marker: &str,
    names: &mut impl Iterator<Item = &'n str>,
    secrets: &mut BTreeMap<String, Text>,
    pointer: &mut String,
) {
    let length = pointer.len();
    match value {
        Value::String(text) => {
            if let Some(prefix) = text.strip_suffix(marker)
                && let Some(name) = names.next()
            {
                secrets.insert(pointer.clone(), Text::Secret { prefix: prefix.to_owned(), secret: name.to_owned() });
                *text = masked(prefix);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                pointer.push('/');
                pointer.push_str(&index.to_string());
                mask(item, marker, names, secrets, pointer);
                pointer.truncate(length);
            }
        }
        Value::Object(object) => {
            for (key, item) in object.iter_mut() {
                pointer.push('/');
                pointer.push_str(&escaped(key));
                mask(item, marker, names, secrets, pointer);
                pointer.truncate(length);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
