//! Which key makes sense on which kind of step, and effects that a retry would repeat.

use crate::flow::compile::context::Context;
use crate::flow::compile::kind::kinds;
use crate::flow::compile::settings;
use crate::flow::compile::view::View;
use crate::flow::source::child;
use crate::flow::spec::{EffectClass, InDoubtSpec, RetrySpec, SandboxSpec, StepSpec};

/// Calls whose effect class a flow may state.
const EFFECTFUL: &[&str] = &["http", "mcp", "builtin"];
/// Everything that makes a call itself.
const CALLS: &[&str] = &["llm", "agent", "http", "mcp", "builtin"];
/// Calls that leave the process.
const OUTWARD: &[&str] = &["llm", "agent", "http", "mcp"];

pub fn check(view: &View<'_>, step: usize, context: &mut Context<'_>) {
    let spec = view.steps[step].1;
    let pointer = view.step_pointer(step);
    let [kind] = kinds(spec)[..] else { return };
    misplaced(spec, kind, &pointer, context);
    if let Some(sandbox) = &spec.sandbox {
        scripted(sandbox, kind, &child(&pointer, "sandbox"), context);
    } else if OUTWARD.contains(&kind) {
        let message = format!("`{}` calls out and has no sandbox variant", view.id(step));
        context.warning("missing_sandbox", &pointer, message, "add `sandbox: {output: …}` so that the flow can be rehearsed");
    }
    doubtful(context, &pointer, settings::step_effect(spec), spec.retry.as_ref(), spec.in_doubt.as_ref());
    for (index, tool) in spec.agent.iter().flat_map(|agent| &agent.tools).enumerate() {
        let pointer = format!("{pointer}/agent/tools/{index}");
        let effect = tool.effect.unwrap_or_else(|| settings::tool_effect(tool));
        doubtful(context, &pointer, effect, tool.retry.as_ref(), tool.in_doubt.as_ref());
    }
}

fn misplaced(spec: &StepSpec, kind: &str, pointer: &str, context: &mut Context<'_>) {
    let mut refuse = |key: &str, wrong: bool, hint: &str| {
        if wrong {
            context.error("misplaced_key", &child(pointer, key), format!("`{key}` has no meaning on {} step", article(kind)), hint);
        }
    };
    let call = CALLS.contains(&kind);
    refuse("retry", spec.retry.is_some() && !call && kind != "flow", "only calls and child flows are tried again");
    refuse("timeout", spec.timeout.is_some() && ["set", "fail", "end"].contains(&kind), "the step takes no time");
    let effect = spec.effect.is_some_and(|effect| !(EFFECTFUL.contains(&kind) || call && effect == EffectClass::Read));
    refuse("effect", effect, "only http, mcp and builtin calls change the world");
    refuse("in_doubt", spec.in_doubt.is_some() && !EFFECTFUL.contains(&kind), "only http, mcp and builtin calls can be in doubt");
    refuse("compensate", spec.compensate.is_some() && ["fail", "end"].contains(&kind), "there is nothing to take back");
    let answers = kind == "llm" || kind == "agent";
    refuse("validators", !spec.validators.is_empty() && !answers, "only answers of models are judged, and results of flows");
    refuse("max_retries", spec.max_retries.is_some() && !answers, "it bounds the correction cycles of `validators`");
    refuse("sandbox", spec.sandbox.is_some() && !call, "only llm, agent, http, mcp and builtin steps are scripted");
}

fn article(kind: &str) -> String {
    let article = if kind.starts_with(['a', 'e']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn scripted(sandbox: &SandboxSpec, kind: &str, pointer: &str, context: &mut Context<'_>) {
    if sandbox.output.is_some() && sandbox.outputs.is_some() {
        context.error("contradiction", pointer, "a script has one `output` or a list of `outputs`", "remove one of them");
    }
    if sandbox.outputs.as_ref().is_some_and(Vec::is_empty) {
        context.error("contradiction", &child(pointer, "outputs"), "an empty list answers nothing", "give one answer per visit");
    }
    if kind != "agent" && kind != "llm" && sandbox.validators.is_some() {
        context.error("misplaced_key", &child(pointer, "validators"), "this step has no validators", "script its answer with `output`");
    }
    if kind != "agent" {
        for (key, given) in [("model", sandbox.model.is_some()), ("tools", sandbox.tools.is_some())] {
            if given {
                context.error("misplaced_key", &child(pointer, key), format!("`{key}` scripts an agent's turns"), "use `output` here");
            }
        }
    }
}

/// A `once` effect is never repeated blindly, and only such an effect can be in doubt.
fn doubtful(context: &mut Context<'_>, pointer: &str, effect: EffectClass, retry: Option<&RetrySpec>, in_doubt: Option<&InDoubtSpec>) {
    if effect != EffectClass::Once {
        if in_doubt.is_some() {
            let hint = "read and idempotent calls are simply repeated; remove the key, or say `effect: once`";
            context.error("in_doubt_without_once", &child(pointer, "in_doubt"), "only a `once` effect can be in doubt", hint);
        }
        return;
    }
    let checked = matches!(in_doubt, Some(InDoubtSpec::Check(_)));
    if retry.is_some_and(|retry| retry.attempts > 1) && !checked {
        let message = "this call may happen only once, but is retried without a check whether it happened";
        let hint = "add `in_doubt: {check: …, done_when: …}`, say `effect: idempotent`, or remove the retry";
        context.error("once_blind_retry", &child(pointer, "retry"), message, hint);
    }
}
