//! Calls: `http`, `mcp`, `builtin`, and the tools of an agent.

use serde_json::Value;

use super::context::{Context, Place, optional};
use super::kind::{child_step, llm_parts};
use super::people;
use super::settings::{self, Defaults};
use crate::flow::builtins;
use crate::flow::plan::{Agent, BodyTemplate, CallTemplate, HttpTemplate, Tool, ToolCall, ToolGate};
use crate::flow::source::{child, did_you_mean};
use crate::flow::spec::{AgentSpec, BuiltinSpec, CompensateSpec, HttpSpec, McpSpec, ToolSpec};
use crate::limits::AGENT_ITERATIONS_DEFAULT;

/// The method keys of an http call that are given, upper case, with their url.
#[must_use]
pub fn methods(spec: &HttpSpec) -> Vec<(&'static str, &str)> {
    let all = [
        ("GET", &spec.get),
        ("POST", &spec.post),
        ("PUT", &spec.put),
        ("PATCH", &spec.patch),
        ("DELETE", &spec.delete),
        ("HEAD", &spec.head),
    ];
    all.into_iter().filter_map(|(method, url)| url.as_deref().map(|url| (method, url))).collect()
}

pub fn http(context: &mut Context<'_>, place: Place, pointer: &str, spec: &HttpSpec) -> Option<CallTemplate> {
    let [(method, url)] = methods(spec)[..] else {
        let hint = "give exactly one of get, post, put, patch, delete, head with the address";
        context.error("no_method", pointer, "an http call has exactly one method", hint);
        return None;
    };
    let url_pointer = child(pointer, method.to_ascii_lowercase());
    let url = context.template(place, &url_pointer, url);
    let headers: Option<Vec<_>> = spec
        .headers
        .iter()
        .map(|(name, value)| {
            let at = child(&format!("{pointer}/headers"), name);
            context.text(place, &at, value).map(|text| (name.clone(), text))
        })
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    let query: Option<Vec<_>> = spec
        .query
        .iter()
        .map(|(name, value)| {
            let at = child(&format!("{pointer}/query"), name);
            let text = query_text(context, &at, value)?;
            context.text(place, &at, &text).map(|text| (name.clone(), text))
        })
        .collect::<Vec<_>>()
        .into_iter()
        .collect();
    let body = match (&spec.json, &spec.body) {
        (Some(_), Some(_)) => {
            context.error("contradiction", pointer, "an http call has a `json` body or a text `body`, not both", "remove one of them");
            None
        }
        (Some(json), None) => context.value(place, &child(pointer, "json"), json).map(|tree| Some(BodyTemplate::Json(tree))),
        (None, Some(text)) => context.template(place, &child(pointer, "body"), text).map(|text| Some(BodyTemplate::Text(text))),
        (None, None) => Some(None),
    };
    if body.as_ref().is_some_and(Option::is_some) && matches!(method, "GET" | "HEAD") {
        context.error("contradiction", pointer, format!("a {method} call has no body"), "move the values into `query`, or use post");
    }
    Some(CallTemplate::Http(HttpTemplate { method: method.to_owned(), url: url?, headers: headers?, query: query?, body: body? }))
}

/// Numbers and booleans in a query are written as they are; lists and tables have no agreed form.
fn query_text(context: &mut Context<'_>, pointer: &str, value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            context.error("bad_value", pointer, "a query value is a text, a number, true or false", "spell lists out in one template");
            None
        }
    }
}

pub fn mcp(context: &mut Context<'_>, place: Place, pointer: &str, spec: &McpSpec) -> Option<CallTemplate> {
    let args = optional(spec.args.as_ref(), |args| context.value(place, &child(pointer, "args"), args))?;
    Some(CallTemplate::Mcp { server: spec.server.clone(), tool: spec.tool.clone(), args })
}

pub fn builtin(context: &mut Context<'_>, place: Place, pointer: &str, spec: &BuiltinSpec) -> Option<CallTemplate> {
    let (name, args, name_pointer) = match spec {
        BuiltinSpec::Name(name) => (name, None, pointer.to_owned()),
        BuiltinSpec::Call(call) => (&call.name, call.args.as_ref(), child(pointer, "name")),
    };
    let args = optional(args, |args| context.value(place, &child(pointer, "args"), args));
    known_builtin(context, &name_pointer, name).then_some(())?;
    Some(CallTemplate::Builtin { name: name.clone(), args: args? })
}

fn known_builtin(context: &mut Context<'_>, pointer: &str, name: &str) -> bool {
    let known = builtins::find(name).is_some();
    if !known {
        let hint = did_you_mean(name, builtins::BUILTINS.iter().map(|builtin| builtin.name));
        context.error("unknown_builtin", pointer, format!("there is no builtin `{name}`"), hint);
    }
    known
}

/// A call beside a step's own (`compensate`, `in_doubt.check`): exactly one of `http`, `mcp`, `builtin`.
pub fn side_call(context: &mut Context<'_>, place: Place, pointer: &str, spec: &CompensateSpec) -> Option<CallTemplate> {
    match (&spec.http, &spec.mcp, &spec.builtin) {
        (Some(spec), None, None) => http(context, place, &child(pointer, "http"), spec),
        (None, Some(spec), None) => mcp(context, place, &child(pointer, "mcp"), spec),
        (None, None, Some(spec)) => builtin(context, place, &child(pointer, "builtin"), spec),
        _ => {
            context.error("no_tool_kind", pointer, "this is exactly one call: http, mcp or builtin", "keep one of them");
            None
        }
    }
}

pub fn agent(context: &mut Context<'_>, place: Place, pointer: &str, spec: &AgentSpec, defaults: &Defaults<'_>) -> Option<Agent> {
    let llm = llm_parts(context, place, pointer, &super::kind::ModelParts::of_agent(spec), defaults);
    let tools: Vec<Option<Tool>> = spec
        .tools
        .iter()
        .enumerate()
        .map(|(index, tool_spec)| tool(context, place, &format!("{pointer}/tools/{index}"), tool_spec, defaults))
        .collect();
    let mut names = std::collections::HashSet::new();
    for (index, tool) in tools.iter().enumerate() {
        let Some(tool) = tool else { continue };
        if !names.insert(tool.name.as_str()) {
            let at = format!("{pointer}/tools/{index}");
            context.error("duplicate_tool", &at, format!("two tools are called `{}`", tool.name), "give one of them another `name`");
        }
    }
    let max_iterations = spec.max_iterations.unwrap_or(AGENT_ITERATIONS_DEFAULT);
    if max_iterations == 0 {
        context.error("bad_limit", &child(pointer, "max_iterations"), "an agent needs at least one iteration", "give 1 or more");
    }
    Some(Agent { llm: llm?, max_iterations, tools: tools.into_iter().collect::<Option<_>>()?, caller_tools: spec.caller_tools })
}

/// Own name, and the call as far as it compiles.
fn tool_call(context: &mut Context<'_>, place: Place, pointer: &str, spec: &ToolSpec) -> Option<(String, ToolCall)> {
    let given = [spec.http.is_some(), spec.mcp.is_some(), spec.builtin.is_some(), spec.flow.is_some()];
    if given.iter().filter(|given| **given).count() != 1 {
        context.error("no_tool_kind", pointer, "a tool is exactly one of http, mcp, builtin and flow", "keep one of them");
        return None;
    }
    if spec.allow.is_some() && spec.mcp.is_none() {
        context.error("misplaced_key", &child(pointer, "allow"), "`allow` belongs to an `mcp` tool", "remove it");
    }
    if let Some(server) = &spec.mcp {
        if spec.allow.as_ref().is_some_and(Vec::is_empty) {
            context.error(
                "contradiction",
                &child(pointer, "allow"),
                "an empty `allow` leaves no tool",
                "list tools, or remove the key to allow all",
            );
        }
        return Some((server.clone(), ToolCall::Mcp { server: server.clone(), allow: spec.allow.clone() }));
    }
    if let Some(name) = &spec.builtin {
        known_builtin(context, &child(pointer, "builtin"), name).then_some(())?;
        // The model's arguments are the builtin's.
        return Some((name.clone(), ToolCall::Call(CallTemplate::Builtin { name: name.clone(), args: None })));
    }
    if let Some(flow) = &spec.flow {
        let call = child_step(context, place.with(&["args"]), &child(pointer, "flow"), flow)?;
        return Some((flow.agent.clone(), ToolCall::Child(call)));
    }
    let call = http(context, place.with(&["args"]), &child(pointer, "http"), spec.http.as_ref()?);
    if spec.name.is_none() {
        context.error("missing_field", pointer, "an http tool needs a `name`", "give the name under which the model calls it");
        return None;
    }
    Some((String::new(), ToolCall::Call(call?)))
}

fn tool(context: &mut Context<'_>, place: Place, pointer: &str, spec: &ToolSpec, defaults: &Defaults<'_>) -> Option<Tool> {
    let call = tool_call(context, place, pointer, spec);
    let effect = spec.effect.unwrap_or_else(|| settings::tool_effect(spec));
    let args = optional(spec.args.as_ref(), |args| context.schema(&child(pointer, "args"), args));
    let in_doubt = settings::in_doubt(context, place, pointer, spec.in_doubt.as_ref());
    let approval = optional(spec.approval.as_ref(), |gate| {
        let pointer = child(pointer, "approval");
        let place = place.with(&["args"]);
        let when = optional(gate.when.as_ref(), |when| context.expr(place, &child(&pointer, "when"), when));
        let title = optional(gate.title.as_ref(), |title| context.template(place, &child(&pointer, "title"), title));
        let decisions = people::decisions(context, &pointer, gate.decisions.as_deref(), true);
        let policy = people::policy(context, &pointer, "approvers", gate.approvers.as_ref(), &gate.remind, gate.expires.as_ref());
        Some(ToolGate { when: when?, title: title?, policy, decisions })
    });
    let (own_name, call) = call?;
    Some(Tool {
        name: spec.name.clone().unwrap_or(own_name),
        description: spec.description.clone().unwrap_or_default(),
        args: args?,
        call,
        effect,
        in_doubt: in_doubt?,
        retry: settings::retry(spec.retry.as_ref(), settings::inherits_retry_tool(spec, effect), defaults),
        timeout_ms: Some(settings::call_timeout_ms(spec.timeout, defaults)),
        approval: approval?,
    })
}
