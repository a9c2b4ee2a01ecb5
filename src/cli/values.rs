//! Values from the command line: `-p key=value` typed by the flow's input schema, `--input`, `--set config.NAME=VALUE`, JSON arguments.

use std::io::Read as _;

use serde_json::{Map, Value};

use super::error::Error;
use crate::limits::PAYLOAD_BYTES_MAX;

/// The execution's input: `--input` (an object where there are parameters), each `-p` on top of it.
///
/// # Errors
/// `Refused` when a value does not read as the type that the schema gives it, `Usage` when a parameter has no `=`.
pub fn input(base: Option<&str>, parameters: &[String], schema: Option<&Value>) -> Result<Value, Error> {
    let base = base.map(|text| document(text, "--input")).transpose()?;
    if parameters.is_empty() {
        return Ok(base.unwrap_or_else(|| Value::Object(Map::new())));
    }
    let mut fields = match base {
        None => Map::new(),
        Some(Value::Object(fields)) => fields,
        Some(other) => return Err(Error::Refused(format!("-p adds to an object, but --input is {}", kind_of(&other)))),
    };
    for parameter in parameters {
        let (name, text) = pair(parameter, "-p")?;
        fields.insert(name.to_owned(), typed(name, text, schema)?);
    }
    Ok(Value::Object(fields))
}

/// Overrides of the flow's `config`: `config.NAME=VALUE`, typed by the default that the flow gives the name.
///
/// # Errors
/// `Usage` for anything but `config.NAME=VALUE`, `Refused` for a name that the flow does not declare or a value of another type.
pub fn config(settings: &[String], declared: &Map<String, Value>) -> Result<Map<String, Value>, Error> {
    let mut overrides = Map::new();
    for setting in settings {
        let (path, text) = pair(setting, "--set")?;
        let name = path.strip_prefix("config.").filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Error::Usage(format!("--set {path}: only config.NAME=VALUE can be set")))?;
        let Some(default) = declared.get(name) else {
            return Err(Error::Refused(format!(
                "--set config.{name}: the flow declares no such name{}",
                suggestion(name, declared.keys())
            )));
        };
        let value = match default {
            Value::String(_) => Value::String(text.to_owned()),
            Value::Null => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
            _ => serde_json::from_str(text)
                .ok()
                .filter(|value| kind_of(value) == kind_of(default))
                .ok_or_else(|| Error::Refused(format!("--set config.{name}: `{text}` is not {}", kind_of(default))))?,
        };
        overrides.insert(name.to_owned(), value);
    }
    Ok(overrides)
}

/// A JSON document: the text itself, `@FILE`, or `-` for standard input. `option` names it in errors.
///
/// # Errors
/// `Refused` when it cannot be read, is too large or is no JSON.
pub fn document(text: &str, option: &str) -> Result<Value, Error> {
    let (text, origin) = if text == "-" {
        let mut read = String::new();
        let limit = PAYLOAD_BYTES_MAX as u64 + 1;
        let outcome = std::io::stdin().lock().take(limit).read_to_string(&mut read);
        outcome.map_err(|error| Error::Refused(format!("{option}: cannot read standard input: {error}")))?;
        (read, "standard input".to_owned())
    } else if let Some(path) = text.strip_prefix('@') {
        let read = std::fs::read_to_string(path).map_err(|error| Error::Refused(format!("{option}: cannot read {path}: {error}")))?;
        (read, path.to_owned())
    } else {
        (text.to_owned(), format!("`{}`", crate::present::visible::one_line(text, 60)))
    };
    if text.len() > PAYLOAD_BYTES_MAX {
        return Err(Error::Refused(format!("{option}: {origin} is larger than {PAYLOAD_BYTES_MAX} bytes")));
    }
    serde_json::from_str(&text).map_err(|error| Error::Refused(format!("{option}: {origin} is not JSON: {error}")))
}

/// `, did you mean …?` when a known name is close to `name`; otherwise what the names are.
#[must_use]
pub fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a String>) -> String {
    let known: Vec<&String> = known.collect();
    let close = |candidate: &&&String| f64::from(similar::TextDiff::from_chars(name, candidate.as_str()).ratio()) > 0.6;
    if let Some(candidate) = known.iter().find(close) {
        return format!(", did you mean `{candidate}`?");
    }
    if known.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = known.iter().map(|name| name.as_str()).collect();
    format!(" (it declares {})", names.join(", "))
}

fn pair<'a>(text: &'a str, option: &str) -> Result<(&'a str, &'a str), Error> {
    let split = text.split_once('=').filter(|(name, _)| !name.is_empty());
    split.ok_or_else(|| Error::Usage(format!("{option} {text}: write {option} NAME=VALUE")))
}

/// `text` as the type that `schema` gives to the property `name`; a string where the schema does not say.
fn typed(name: &str, text: &str, schema: Option<&Value>) -> Result<Value, Error> {
    let property = schema.and_then(|root| Some(resolve(root, resolve(root, root).get("properties")?.get(name)?)));
    let types = property.map(types_of).unwrap_or_default();
    if types.is_empty() || types.iter().any(|kind| kind == "string") {
        return Ok(Value::String(text.to_owned()));
    }
    let refused = || Error::Refused(format!("-p {name}: `{text}` is not {} as the flow's input schema says", article(&types.join(" or "))));
    let value: Value = serde_json::from_str(text).map_err(|_| refused())?;
    let fits = types.iter().any(|kind| match kind.as_str() {
        "integer" => value.is_i64() || value.is_u64() || value.as_f64().is_some_and(|number| number.fract() == 0.0),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "object" => value.is_object(),
        "array" => value.is_array(),
        "null" => value.is_null(),
        _ => true,
    });
    if fits { Ok(value) } else { Err(refused()) }
}

/// Follows one local `$ref`.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// The types that a property may have, from `type`, `const`, `enum`.
fn types_of(property: &Value) -> Vec<String> {
    let name = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    match (property.get("type"), property.get("const"), property.get("enum")) {
        (Some(Value::String(kind)), ..) => vec![kind.clone()],
        (Some(Value::Array(kinds)), ..) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        (_, Some(value), _) => vec![name(value).to_owned()],
        (_, _, Some(Value::Array(values))) => {
            let mut names: Vec<String> = values.iter().map(|value| name(value).to_owned()).collect();
            names.dedup();
            names
        }
        _ => Vec::new(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Error, config, input};

    fn parameters(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn parameters_take_the_schemas_types() {
        let schema = json!({"type": "object", "properties": {
            "id": {"type": "string"}, "count": {"type": "integer"}, "rate": {"type": "number"}, "on": {"type": "boolean"},
            "tags": {"type": "array"}, "either": {"type": ["string", "null"]}, "ref": {"$ref": "#/$defs/n"}, "pick": {"enum": ["1", "2"]},
        }, "$defs": {"n": {"type": "integer"}}});
        let given = ["id=7", "count=3", "rate=0.5", "on=true", "tags=[1]", "either=null", "ref=4", "pick=1", "free=1", "empty=", "eq=a=b"];
        assert_eq!(
            input(None, &parameters(&given), Some(&schema)).unwrap(),
            json!({"id": "7", "count": 3, "rate": 0.5, "on": true, "tags": [1], "either": "null", "ref": 4, "pick": "1", "free": "1",
                "empty": "", "eq": "a=b"})
        );
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let schema = json!({"properties": {"count": {"type": "integer"}}});
        for bad in ["count=many", "count=1.5", "count=true", "count="] {
            let error = input(None, &parameters(&[bad]), Some(&schema)).unwrap_err();
            assert!(matches!(&error, Error::Refused(message) if message.contains("is not an integer")), "{bad}: {error}");
        }
    }

    #[test]
    fn parameters_go_on_top_of_the_input() {
        let given = input(Some(r#"{"a": 1, "b": 2}"#), &parameters(&["b=x"]), None).unwrap();
        assert_eq!(given, json!({"a": 1, "b": "x"}));
        assert_eq!(input(Some("[1]"), &[], None).unwrap(), json!([1]));
        assert_eq!(input(None, &[], None).unwrap(), json!({}));
        assert!(matches!(input(Some("[1]"), &parameters(&["a=1"]), None), Err(Error::Refused(_))));
        assert!(matches!(input(Some("{nope"), &[], None), Err(Error::Refused(_))));
        assert!(matches!(input(None, &parameters(&["novalue"]), None), Err(Error::Usage(_))));
    }

    #[test]
    fn config_is_typed_by_its_default() {
        let Value::Object(declared) = json!({"shop_url": "https://shop.example", "limit": 10, "strict": false, "note": null}) else {
            unreachable!()
        };
        let set = |text: &str| config(&parameters(&[text]), &declared).map(Value::Object);
        assert_eq!(set("config.shop_url=1").unwrap(), json!({"shop_url": "1"}));
        assert_eq!(set("config.limit=20").unwrap(), json!({"limit": 20}));
        assert_eq!(set("config.note=free text").unwrap(), json!({"note": "free text"}));
        assert!(set("config.limit=much").unwrap_err().to_string().contains("is not a number"));
        assert!(set("config.shop_ulr=x").unwrap_err().to_string().contains("did you mean `shop_url`?"));
        assert!(matches!(set("limit=1"), Err(Error::Usage(_))));
    }
}
