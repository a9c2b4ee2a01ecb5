//! Reading JSON objects of the vendor's shape: typed fields, and the rule that content which nothing reads is refused by name.

use serde_json::{Map, Value};

use super::Problem;
use crate::flow::source::child;

/// The problems found so far.
#[derive(Debug, Default)]
pub(super) struct Problems(Vec<Problem>);

impl Problems {
    pub(super) fn add(&mut self, code: &'static str, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        let problem = Problem { pointer: pointer.to_owned(), code, message: message.into(), hint: hint.into() };
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order in which a reader of the body meets them.
    pub(super) fn sorted(mut self, body: &Value) -> Vec<Problem> {
        self.0.sort_by_cached_key(|problem| position(body, &problem.pointer));
        self.0
    }
}

/// The indices that lead to a pointer; an absent field comes after its siblings.
fn position(body: &Value, pointer: &str) -> Vec<usize> {
    let mut path = Vec::new();
    let mut at = Some(body);
    for part in pointer.split('/').skip(1) {
        let key = part.replace("~1", "/").replace("~0", "~");
        let (index, next) = match at {
            Some(Value::Object(object)) => (object.keys().position(|known| *known == key), object.get(&key)),
            Some(Value::Array(items)) => (key.parse().ok(), key.parse::<usize>().ok().and_then(|index| items.get(index))),
            _ => (None, None),
        };
        path.push(index.unwrap_or(usize::MAX));
        at = next;
    }
    path
}

/// Whether a value says anything: null, false, zero, empty text, what holds only such values, and what is switched off with
/// `enabled: false` say nothing.
pub(super) fn has_content(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.trim().is_empty(),
        Value::Array(items) => items.iter().any(has_content),
        Value::Object(object) => object.get("enabled") != Some(&Value::Bool(false)) && object.values().any(has_content),
    }
}

/// One object and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Fields<'a> {
    pub object: &'a Map<String, Value>,
    pub pointer: String,
}

impl<'a> Fields<'a> {
    pub(super) fn of(value: &'a Value, pointer: &str, problems: &mut Problems) -> Option<Self> {
        let found = value.as_object().map(|object| Self { object, pointer: pointer.to_owned() });
        if found.is_none() {
            problems.add("bad_value", pointer, format!("expected an object, found {}", kind(value)), "");
        }
        found
    }

    pub(super) fn at(&self, key: &str) -> String {
        child(&self.pointer, key)
    }

    fn given(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    fn wrong(&self, key: &str, expected: &str, found: &Value, problems: &mut Problems) {
        problems.add("bad_value", &self.at(key), format!("expected {expected}, found {}", kind(found)), "");
    }

    /// None where it is absent, null or blank.
    pub(super) fn text(&self, key: &str, problems: &mut Problems) -> Option<&'a str> {
        match self.given(key)? {
            Value::String(text) => Some(text.as_str()).filter(|text| !text.trim().is_empty()),
            other => {
                self.wrong(key, "a text", other, problems);
                None
            }
        }
    }

    pub(super) fn needed_text(&self, key: &str, hint: &str, problems: &mut Problems) -> Option<&'a str> {
        let text = self.text(key, problems);
        if text.is_none() && self.given(key).is_none_or(Value::is_string) {
            problems.add("missing_field", &self.at(key), format!("`{key}` is missing"), hint);
        }
        text
    }

    pub(super) fn list(&self, key: &str, problems: &mut Problems) -> &'a [Value] {
        match self.given(key) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.wrong(key, "a list", other, problems);
                &[]
            }
        }
    }

    pub(super) fn object(&self, key: &str, problems: &mut Problems) -> Option<Fields<'a>> {
        match self.given(key)? {
            Value::Object(object) => Some(Fields { object, pointer: self.at(key) }),
            other => {
                self.wrong(key, "an object", other, problems);
                None
            }
        }
    }

    pub(super) fn needed_object(&self, key: &str, hint: &str, problems: &mut Problems) -> Option<Fields<'a>> {
        if self.given(key).is_none() {
            problems.add("missing_field", &self.at(key), format!("`{key}` is missing"), hint);
        }
        self.object(key, problems)
    }

    /// The objects of a list.
    pub(super) fn objects(&self, key: &str, problems: &mut Problems) -> Vec<Fields<'a>> {
        let pointer = self.at(key);
        let items = self.list(key, problems).iter().enumerate();
        items.filter_map(|(index, item)| Fields::of(item, &format!("{pointer}/{index}"), problems)).collect()
    }

    /// Refuses every field with content that is not `known`.
    pub(super) fn refuse_others(&self, known: &[&str], what: &str, problems: &mut Problems) {
        for (key, _) in self.object.iter().filter(|(key, value)| !known.contains(&key.as_str()) && has_content(value)) {
            let message = format!("`{key}` has content, but no meaning here in {what}");
            let hint = if key == "parameters" { "inputs are declared in `parametersMetadata`" } else { "empty it, or take it out" };
            problems.add("unsupported", &self.at(key), message, hint);
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
