//! One AGENT or TOOL step of the vendor's shape as a step of ours.

use serde_json::{Map, Value, json};

use super::Place;
use super::fields::{Fields, Problems};
use super::placeholders::{self, Known};
use super::tools::{Integrations, Key};
use crate::flow::builtins;
use crate::flow::source::child;
use crate::flow::spec::{AgentSpec, BuiltinCallSpec, BuiltinSpec, LlmSpec, McpSpec, StepSpec};

/// What every kind of step may have besides its own fields.
pub(super) const COMMON: [&str; 5] = ["type", "identifier", "name", "displayName", "description"];

/// What translating a step needs.
pub(super) struct Reader<'a, 'p> {
    pub known: Known<'a>,
    pub integrations: &'a Integrations<'a>,
    pub places: &'p mut Vec<Place>,
    pub problems: &'p mut Problems,
}

/// The names of providers that are called something else here.
fn provider_name(id: &str) -> &str {
    match id {
        "google" => "gemini",
        "grok" => "xai",
        other => other,
    }
}

impl<'a> Reader<'a, '_> {
    fn came_from(&mut self, id: &str, inside: &str, body: String) {
        self.places.push((format!("{}{inside}", child("/steps", id)), body));
    }

    fn title(&mut self, fields: &Fields<'a>) -> Option<String> {
        let title = fields.text("displayName", self.problems).or_else(|| fields.text("name", self.problems));
        title.map(str::to_owned)
    }

    /// An AGENT step, or the definition of a single agent.
    pub(super) fn agent(&mut self, id: &str, fields: &Fields<'a>) -> Option<StepSpec> {
        self.came_from(id, "", fields.pointer.clone());
        let own = ["provider", "systemPrompt", "userPrompt", "tools", "maxToolLoops", "sessionConfig", "outputContract"];
        fields.refuse_others(&[&COMMON[..], &own[..]].concat(), "an AGENT step", self.problems);
        if let Some(session) = fields.object("sessionConfig", self.problems) {
            // The history of a session always goes to the model, so there is nothing else to set.
            session.refuse_others(&["enabled"], "`sessionConfig`", self.problems);
        }
        let title = self.title(fields);
        let system = fields.object("systemPrompt", self.problems).and_then(|prompt| {
            let text = prompt.text("template", self.problems);
            self.prompt(&prompt, text)
        });
        let hint = "write what the model is asked: `userPrompt: {template}`";
        let prompt = fields.needed_object("userPrompt", hint, self.problems).and_then(|prompt| {
            let text = prompt.needed_text("template", hint, self.problems);
            self.prompt(&prompt, text)
        });
        let output = self.output(fields);
        let max_iterations = self.max_iterations(fields);
        let provider = fields.needed_object("provider", "give `provider: {providerId, model}`", self.problems)?;
        let model = self.model(&provider);
        let tools = self.integrations.tools(fields, &provider, self.problems);
        let kind = if tools.is_empty() { "llm" } else { "agent" };
        self.came_from(id, &format!("/{kind}/system"), child(&fields.at("systemPrompt"), "template"));
        self.came_from(id, &format!("/{kind}/prompt"), child(&fields.at("userPrompt"), "template"));
        self.came_from(id, &format!("/{kind}/model"), provider.pointer.clone());
        self.came_from(id, &format!("/{kind}/output"), fields.at("outputContract"));
        for (index, (_, pointer)) in tools.iter().enumerate() {
            self.came_from(id, &format!("/agent/tools/{index}"), pointer.clone());
        }
        let (temperature, max_tokens) = (None, None);
        let (prompt, model) = (prompt?, Some(model?));
        if tools.is_empty() {
            let llm = LlmSpec { model, system, prompt, output, temperature, max_tokens };
            return Some(StepSpec { title, llm: Some(llm), ..StepSpec::default() });
        }
        let tools = tools.into_iter().map(|(tool, _)| tool).collect();
        let agent = AgentSpec { model, system, prompt, max_iterations, output, temperature, max_tokens, tools, caller_tools: false };
        Some(StepSpec { title, agent: Some(agent), ..StepSpec::default() })
    }

    fn model(&mut self, provider: &Fields<'a>) -> Option<String> {
        // Which key is used for a provider is the operator's to say, so `tenantConfigId` names nothing that a flow could choose.
        provider.refuse_others(&["providerId", "model", "builtInTools", "tenantConfigId"], "a provider", self.problems);
        let id = provider.needed_text("providerId", "name the provider, for instance openai", self.problems);
        let model = provider.needed_text("model", "name the provider's model", self.problems);
        let (id, model) = (id?.trim(), model?.trim());
        if id.contains('/') {
            self.problems.add("bad_model", &provider.at("providerId"), format!("`{id}` is no provider"), "write its short name");
            return None;
        }
        Some(format!("{}/{model}", provider_name(id)))
    }

    fn prompt(&mut self, prompt: &Fields<'a>, text: Option<&str>) -> Option<String> {
        prompt.refuse_others(&["template"], "a prompt", self.problems);
        text.map(|text| placeholders::template(text, self.known, &prompt.at("template"), self.problems))
    }

    fn output(&mut self, fields: &Fields<'a>) -> Option<Value> {
        let contract = fields.object("outputContract", self.problems)?;
        contract.refuse_others(&["enabled", "format", "schema", "jsonSchema"], "`outputContract`", self.problems);
        if contract.object.get("enabled") == Some(&Value::Bool(false)) {
            return None;
        }
        let schema = contract.object("schema", self.problems).or_else(|| contract.object("jsonSchema", self.problems));
        let format = contract.text("format", self.problems).unwrap_or(if schema.is_some() { "JSON" } else { "TEXT" });
        match (format.to_ascii_uppercase().as_str(), schema) {
            ("TEXT", None) => None,
            ("JSON" | "JSON_SCHEMA", Some(schema)) => Some(Value::Object(schema.object.clone())),
            ("JSON", None) => Some(json!({"type": "object"})),
            (_, schema) => {
                let with = if schema.is_some() { " with a schema" } else { "" };
                let message = format!("an output of format `{format}`{with} has no meaning here");
                self.problems.add("unsupported", &contract.at("format"), message, "write TEXT, or JSON with or without a schema");
                None
            }
        }
    }

    fn max_iterations(&mut self, fields: &Fields<'a>) -> Option<u32> {
        let given = fields.object.get("maxToolLoops").filter(|given| !given.is_null())?;
        let loops = given.as_u64().and_then(|loops| u32::try_from(loops).ok());
        if loops.is_none() {
            self.problems.add("bad_value", &fields.at("maxToolLoops"), "`maxToolLoops` is a whole number", "");
        }
        loops.filter(|loops| *loops > 0)
    }

    /// A TOOL step: one call without a model.
    pub(super) fn tool(&mut self, id: &str, fields: &Fields<'a>) -> Option<StepSpec> {
        self.came_from(id, "", fields.pointer.clone());
        let own = ["toolKey", "integrationConfigId", "parameters"];
        fields.refuse_others(&[&COMMON[..], &own[..]].concat(), "a TOOL step", self.problems);
        let title = self.title(fields);
        let args = fields.object("parameters", self.problems).map(|parameters| self.arguments(&parameters));
        let key = self.integrations.key(fields, self.problems)?;
        let at = fields.at("parameters");
        self.came_from(id, "/mcp/args", at.clone());
        self.came_from(id, "/builtin/args", at);
        let (server, tool) = match key {
            Key::Own(name) if builtins::find(name).is_some() => {
                let builtin = BuiltinSpec::Call(BuiltinCallSpec { name: name.to_owned(), args });
                return Some(StepSpec { title, builtin: Some(builtin), ..StepSpec::default() });
            }
            Key::Own(name) => {
                let message = format!("`{name}` is a tool of a model's provider, which a step cannot call without a model");
                self.problems.add("unsupported", &fields.at("toolKey"), message, "give it to an AGENT step in `provider.builtInTools`");
                return None;
            }
            Key::Integration { id, tool } => (id.to_owned(), tool.to_owned()),
        };
        Some(StepSpec { title, mcp: Some(McpSpec { server, tool, args }), ..StepSpec::default() })
    }

    fn arguments(&mut self, parameters: &Fields<'a>) -> Value {
        let given = parameters.object.iter();
        Value::Object(given.map(|(name, value)| (name.clone(), self.argument(value, &parameters.at(name)))).collect())
    }

    fn argument(&mut self, value: &Value, pointer: &str) -> Value {
        match value {
            Value::String(text) => Value::String(placeholders::template(text, self.known, pointer, self.problems)),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| self.argument(item, &child(pointer, index))).collect::<Vec<_>>().into()
            }
            Value::Object(object) => {
                let entries: Map<String, Value> =
                    object.iter().map(|(key, value)| (key.clone(), self.argument(value, &child(pointer, key)))).collect();
                Value::Object(entries)
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }
}
