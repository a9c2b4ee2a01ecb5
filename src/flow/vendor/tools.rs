//! Tools of the vendor's shape: an integration is the MCP server of that name in the operator's configuration, which also holds its
//! credentials; what a body says about credentials is only checked for whether it could be followed.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::fields::{Fields, Problems};
use crate::flow::builtins;
use crate::flow::spec::{ApproversSpec, ToolApprovalSpec, ToolSpec};

/// The vendor's own tool by which a model asks a person.
const APPROVAL_REQUEST: &str = "approval_request";
/// Tools that are agents described in the body itself.
const SUB_AGENT: &str = "sub_agent";

/// The credentials that a body declares: ids to integrations.
#[derive(Debug, Default)]
pub(super) struct Integrations<'a> {
    declared: HashMap<&'a str, &'a str>,
}

/// What a `toolKey` names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key<'a> {
    /// A tool of the provider or the platform; its integration is the empty text.
    Own(&'a str),
    Integration {
        id: &'a str,
        tool: &'a str,
    },
}

impl<'a> Integrations<'a> {
    pub(super) fn read(body: &Fields<'a>, problems: &mut Problems) -> Self {
        let mut integrations = Self::default();
        for list in ["integrationSlots", "integrationConfigs"] {
            for entry in body.objects(list, problems) {
                integrations.declare(&entry, problems);
            }
        }
        if let Some(bindings) = body.object("integrationBindings", problems) {
            for (integration, slot) in bindings.object {
                let bound = slot.as_str().and_then(|slot| integrations.declared.get(slot));
                if !slot.is_null() && bound.is_none_or(|bound| bound != integration) {
                    let message = format!("`{integration}` is bound to {slot}, which no slot of that integration declares");
                    problems.add("bad_value", &bindings.at(integration), message, "name the id of an entry of `integrationSlots`");
                }
            }
        }
        integrations
    }

    fn declare(&mut self, entry: &Fields<'a>, problems: &mut Problems) {
        entry.refuse_others(
            &["id", "integrationId", "displayName", "tenantConfigId"],
            "an integration: its settings and credentials are the operator's, in the MCP server of that name",
            problems,
        );
        let id = entry.needed_text("id", "tools refer to it", problems);
        let integration = entry.needed_text("integrationId", "name the integration", problems);
        let (Some(id), Some(integration)) = (id, integration) else { return };
        if self.declared.insert(id, integration).is_some() {
            problems.add("duplicate_id", &entry.at("id"), format!("two entries have the id `{id}`"), "give one of them another id");
        } else if self.declared.values().filter(|known| **known == integration).count() > 1 {
            let message = format!("`{integration}` is declared twice, but one MCP server has one set of credentials");
            problems.add("unsupported", &entry.at("integrationId"), message, "keep one, or give the other a server and a name of its own");
        }
    }

    /// Whether a tool's `integrationConfigId` names what was declared for its integration.
    fn check(&self, tool: &Fields<'_>, integration: &str, problems: &mut Problems) {
        let Some(config) = tool.text("integrationConfigId", problems) else { return };
        if self.declared.get(config).is_none_or(|declared| *declared != integration) {
            let message = format!("`{config}` declares no credentials of `{integration}`");
            let hint = "name the id of an entry of `integrationSlots` or `integrationConfigs`, or leave it out";
            problems.add("bad_value", &tool.at("integrationConfigId"), message, hint);
        }
    }

    /// The key of a tool or of a TOOL step.
    pub(super) fn key(&self, tool: &Fields<'a>, problems: &mut Problems) -> Option<Key<'a>> {
        let key = tool.needed_object("toolKey", "give `toolKey: {integrationId, id}`", problems)?;
        key.refuse_others(&["integrationId", "id"], "a tool's key", problems);
        let id = key.needed_text("id", "name the tool", problems)?;
        let integration = match key.text("integrationId", problems) {
            Some(SUB_AGENT) => {
                let message = format!("`{id}` is a sub-agent, which would have to be described in this body");
                problems.add("unsupported", &key.at("integrationId"), message, "use a `flow` tool in Flowgate's own format");
                return None;
            }
            Some(integration) => integration,
            None => return Some(Key::Own(id)),
        };
        self.check(tool, integration, problems);
        Some(Key::Integration { id: integration, tool: id })
    }

    /// The tools of an AGENT step with their places: those of integrations, then those of its provider.
    pub(super) fn tools(&self, agent: &Fields<'a>, provider: &Fields<'a>, problems: &mut Problems) -> Vec<(ToolSpec, String)> {
        let mut tools = Vec::new();
        for tool in agent.objects("tools", problems) {
            match self.key(&tool, problems) {
                Some(Key::Own(id)) => {
                    let message = format!("`{id}` is a built-in tool among the tools of integrations");
                    problems.add("misplaced_key", &tool.pointer, message, "move it to `provider.builtInTools`");
                }
                Some(key @ Key::Integration { .. }) => tools.push((self::tool(key, &tool, problems), tool.pointer)),
                None => {}
            }
        }
        for tool in provider.objects("builtInTools", problems) {
            if let Some(key) = self.key(&tool, problems) {
                tools.push((self::tool(key, &tool, problems), tool.pointer));
            }
        }
        tools
    }
}

fn tool(key: Key<'_>, fields: &Fields<'_>, problems: &mut Problems) -> ToolSpec {
    fields.refuse_others(&["toolKey", "integrationConfigId", "humanApproval", "displayName", "description"], "a tool", problems);
    let gate = gate(fields, problems);
    match key {
        Key::Own(APPROVAL_REQUEST) => approval_request(gate),
        Key::Own(id) if builtins::find(id).is_some() => {
            let description = builtins::find(id).map(|builtin| builtin.description.to_owned());
            ToolSpec { builtin: Some(id.to_owned()), description, approval: gate, ..ToolSpec::default() }
        }
        Key::Own(id) => ToolSpec { mcp: Some(id.to_owned()), allow: Some(vec![id.to_owned()]), approval: gate, ..ToolSpec::default() },
        Key::Integration { id, tool } => ToolSpec {
            name: Some(entry_name(id, tool)),
            mcp: Some(id.to_owned()),
            allow: Some(vec![tool.to_owned()]),
            approval: gate,
            ..ToolSpec::default()
        },
    }
}

/// Tells the entries of one server apart. A model sees the server's own names for its tools.
fn entry_name(integration: &str, tool: &str) -> String {
    const CHARS_MAX: usize = 64;
    let plain = |one: char| if one.is_ascii_alphanumeric() || one == '-' { one } else { '_' };
    format!("{integration}_{tool}").chars().map(plain).take(CHARS_MAX).collect()
}

/// A person is asked before the call.
fn gate(tool: &Fields<'_>, problems: &mut Problems) -> Option<ToolApprovalSpec> {
    let given = tool.object("humanApproval", problems)?;
    if given.object.get("enabled") == Some(&Value::Bool(false)) {
        return None;
    }
    given.refuse_others(&["enabled", "slotName"], "an approval", problems);
    let approvers = given.text("slotName", problems).map(|slot| ApproversSpec {
        any_of: vec![format!("role:{slot}")],
        quorum: None,
        exclude: Vec::new(),
    });
    Some(ToolApprovalSpec { approvers, ..ToolApprovalSpec::default() })
}

/// The gate is the tool: what the model asks is the question's title, and its own words come back when a person approves.
fn approval_request(gate: Option<ToolApprovalSpec>) -> ToolSpec {
    let args = json!({
        "type": "object",
        "required": ["message"],
        "properties": {"message": {"type": "string", "description": "What the person is asked to approve."}},
    });
    ToolSpec {
        name: Some(APPROVAL_REQUEST.to_owned()),
        description: Some("Asks a person to approve something, and waits for the answer.".to_owned()),
        args: Some(args),
        builtin: Some("echo".to_owned()),
        approval: Some(ToolApprovalSpec { title: Some("{{ args.message }}".to_owned()), ..gate.unwrap_or_default() }),
        ..ToolSpec::default()
    }
}
