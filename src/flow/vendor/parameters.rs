//! Typed parameters: what an agent takes, as the vendor's clients read it, and as the JSON Schema of a flow's input; both ways.
//! How given values are read is in `values`.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value, json};

use super::fields::{Fields, Problems, has_content};
use super::values;

/// One declared input.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    #[serde(rename = "type")]
    pub kind: ParameterType,
    pub required: bool,
    /// As it was sent.
    pub default_value: Option<Value>,
    pub options: Vec<ParameterOption>,
    pub description: Option<String>,
}

/// One choice of a `single-select`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ParameterOption {
    pub value: String,
    pub label: Option<String>,
}

/// A type, with the spelling that it came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterType {
    pub kind: Kind,
    pub spelled: String,
}

impl Serialize for ParameterType {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.spelled)
    }
}

/// What values of a type look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Float,
    Bool,
    /// One of the options.
    Select,
    TextArray,
    /// Any JSON; a text that is a JSON object or list is read as one.
    Json,
    /// A JSON object.
    Object,
    /// A JSON list.
    Array,
    /// Whatever the schema of one of our own flows says; never changed.
    Any,
}

const TYPES: &str = "string, integer, float, bool, single-select, string_array, json, dictionary";

impl ParameterType {
    /// The lower-case and the upper-case forms of the vendor's types; none for others.
    #[must_use]
    pub fn new(spelled: &str) -> Option<Self> {
        let kind = match spelled.to_ascii_lowercase().as_str() {
            "string" => Kind::Text,
            "integer" => Kind::Integer,
            "float" => Kind::Float,
            "bool" | "boolean" => Kind::Bool,
            "single-select" | "option" => Kind::Select,
            "string_array" => Kind::TextArray,
            "json" => Kind::Json,
            "dictionary" => Kind::Object,
            _ => return None,
        };
        Some(Self { kind, spelled: spelled.to_owned() })
    }

    fn of(kind: Kind, spelled: &str) -> Self {
        Self { kind, spelled: spelled.to_owned() }
    }
}

impl Parameter {
    /// The JSON Schema of one value.
    #[must_use]
    pub fn to_schema(&self) -> Value {
        let mut schema = match self.kind.kind {
            Kind::Text => json!({"type": "string"}),
            Kind::Integer => json!({"type": "integer"}),
            Kind::Float => json!({"type": "number"}),
            Kind::Bool => json!({"type": "boolean"}),
            Kind::Select if self.options.is_empty() => json!({"type": "string"}),
            Kind::Select => json!({"type": "string", "enum": self.options.iter().map(|option| &option.value).collect::<Vec<_>>()}),
            Kind::TextArray => json!({"type": "array", "items": {"type": "string"}}),
            Kind::Object => json!({"type": "object"}),
            Kind::Array => json!({"type": "array"}),
            Kind::Json | Kind::Any => json!({}),
        };
        let texts = [("title", &self.display_name), ("description", &self.description)];
        for (key, text) in texts.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))) {
            schema[key] = json!(text);
        }
        if let Some(default) = self.default() {
            schema["default"] = default;
        }
        schema
    }

    /// The default as a value of the type; a blank text is none where the type is not text.
    #[must_use]
    pub fn default(&self) -> Option<Value> {
        let given = self.default_value.as_ref()?;
        let blank = given.as_str().is_some_and(str::is_empty) && self.kind.kind != Kind::Text;
        if blank { None } else { values::coerced(self, given) }
    }
}

/// The schema of a flow's input with these parameters, and no others.
#[must_use]
pub fn input_schema(parameters: &[Parameter]) -> Value {
    let properties: Map<String, Value> = parameters.iter().map(|parameter| (parameter.name.clone(), parameter.to_schema())).collect();
    let needed = parameters.iter().filter(|parameter| parameter.required && parameter.default().is_none());
    let required: Vec<&str> = needed.map(|parameter| parameter.name.as_str()).collect();
    json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false})
}

/// The parameters that the input schema of one of our own flows declares, in the order of its `properties`.
#[must_use]
pub fn from_schema(input: &Value) -> Vec<Parameter> {
    let required: Vec<&str> = input["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let properties = input["properties"].as_object().into_iter().flatten();
    properties.map(|(name, property)| from_property(name, referred(input, property), required.contains(&name.as_str()))).collect()
}

/// A reference inside the schema, followed once; what it leads to is rarely another one.
fn referred<'a>(root: &'a Value, property: &'a Value) -> &'a Value {
    let target = property["$ref"].as_str().and_then(|reference| reference.strip_prefix('#')).and_then(|pointer| root.pointer(pointer));
    target.unwrap_or(property)
}

fn from_property(name: &str, property: &Value, required: bool) -> Parameter {
    let choices: Option<Vec<String>> =
        property["enum"].as_array().and_then(|choices| choices.iter().map(|choice| choice.as_str().map(str::to_owned)).collect());
    let kind = match (&choices, property["type"].as_str()) {
        (Some(choices), _) if !choices.is_empty() => ParameterType::of(Kind::Select, "single-select"),
        (_, Some("string")) => ParameterType::of(Kind::Text, "string"),
        (_, Some("integer")) => ParameterType::of(Kind::Integer, "integer"),
        (_, Some("number")) => ParameterType::of(Kind::Float, "float"),
        (_, Some("boolean")) => ParameterType::of(Kind::Bool, "bool"),
        (_, Some("array")) if property["items"]["type"] == "string" => ParameterType::of(Kind::TextArray, "string_array"),
        (_, Some("array")) => ParameterType::of(Kind::Array, "json"),
        (_, Some("object")) => ParameterType::of(Kind::Object, "json"),
        _ => ParameterType::of(Kind::Any, "json"),
    };
    Parameter {
        name: name.to_owned(),
        display_name: property["title"].as_str().map(str::to_owned),
        kind,
        required,
        default_value: property.get("default").cloned(),
        options: choices.into_iter().flatten().map(|value| ParameterOption { label: Some(value.clone()), value }).collect(),
        description: property["description"].as_str().map(str::to_owned),
    }
}

const PARAMETER_FIELDS: [&str; 8] = ["name", "displayName", "type", "typeName", "required", "defaultValue", "options", "description"];

/// Reads `parametersMetadata` of `owner`.
pub(super) fn read(owner: &Fields<'_>, problems: &mut Problems) -> Vec<Parameter> {
    let mut parameters: Vec<Parameter> = Vec::new();
    for fields in owner.objects("parametersMetadata", problems) {
        let Some(parameter) = read_one(&fields, problems) else { continue };
        if parameters.iter().any(|known| known.name == parameter.name) {
            let message = format!("two parameters are called `{}`", parameter.name);
            problems.add("bad_parameter", &fields.at("name"), message, "give one of them another name");
            continue;
        }
        parameters.push(parameter);
    }
    parameters
}

fn read_one(fields: &Fields<'_>, problems: &mut Problems) -> Option<Parameter> {
    let name = fields.needed_text("name", "every parameter has a name", problems);
    let key = if fields.object.get("type").is_some_and(has_content) { "type" } else { "typeName" };
    let spelled = fields.text(key, problems).unwrap_or("string");
    let kind = ParameterType::new(spelled);
    if kind.is_none() {
        let message = format!("a parameter of type `{spelled}` has no meaning here");
        problems.add("bad_parameter", &fields.at(key), message, format!("the types are {TYPES}, and their upper-case forms"));
    }
    let required = match fields.object.get("required") {
        None | Some(Value::Null) => false,
        Some(Value::Bool(required)) => *required,
        Some(_) => {
            problems.add("bad_value", &fields.at("required"), "`required` is true or false", "");
            false
        }
    };
    let options: Vec<ParameterOption> = fields
        .objects("options", problems)
        .iter()
        .filter_map(|option| {
            option.refuse_others(&["value", "label"], "an option", problems);
            let value = option.needed_text("value", "every option has a value", problems)?.to_owned();
            Some(ParameterOption { value, label: option.text("label", problems).map(str::to_owned) })
        })
        .collect();
    fields.refuse_others(&PARAMETER_FIELDS, "a parameter", problems);
    let parameter = Parameter {
        name: name?.to_owned(),
        display_name: fields.text("displayName", problems).map(str::to_owned),
        kind: kind?,
        required,
        default_value: fields.object.get("defaultValue").filter(|value| !value.is_null()).cloned(),
        options,
        description: fields.text("description", problems).map(str::to_owned),
    };
    if parameter.default_value.as_ref().is_some_and(has_content) && parameter.default().is_none() {
        let message = format!("the default of `{}` is no {}", parameter.name, values::expected(&parameter));
        problems.add("bad_parameter", &fields.at("defaultValue"), message, "give a default of the parameter's own type");
    }
    Some(parameter)
}
