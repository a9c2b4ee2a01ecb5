//! What any step may have, with its defaults: retry, timeout, effect class, in-doubt policy.

use super::call;
use super::context::{Context, Place};
use crate::flow::plan::{InDoubt, Retry};
use crate::flow::source::child;
use crate::flow::spec::{Backoff, DefaultsSpec, Duration, EffectClass, HttpSpec, InDoubtSpec, RetrySpec, StepSpec, ToolSpec};
use crate::limits::CALL_TIMEOUT_DEFAULT_MS;

/// The flow's `defaults:`, absent or not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Defaults<'a> {
    pub spec: Option<&'a DefaultsSpec>,
}

impl Defaults<'_> {
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.spec.and_then(|defaults| defaults.model.as_deref())
    }

    fn retry(&self) -> Option<&RetrySpec> {
        self.spec.and_then(|defaults| defaults.retry.as_ref())
    }

    fn timeout(&self) -> Option<Duration> {
        self.spec.and_then(|defaults| defaults.timeout)
    }
}

/// First delay and ceiling where a retry does not say.
const BACKOFF_DEFAULT: Backoff = Backoff { min: Duration { ms: 1_000 }, max: Duration { ms: 30_000 } };

#[must_use]
pub fn retry(given: Option<&RetrySpec>, inherits: bool, defaults: &Defaults<'_>) -> Retry {
    let spec = given.or_else(|| if inherits { defaults.retry() } else { None });
    Retry { attempts: spec.map_or(1, |retry| retry.attempts), backoff: spec.and_then(|retry| retry.backoff).unwrap_or(BACKOFF_DEFAULT) }
}

#[must_use]
pub fn call_timeout_ms(given: Option<Duration>, defaults: &Defaults<'_>) -> u64 {
    given.or_else(|| defaults.timeout()).map_or(CALL_TIMEOUT_DEFAULT_MS, |timeout| timeout.ms)
}

/// Calls have a ceiling always; people, waits, events, maps and children only their own.
#[must_use]
pub fn step_timeout_ms(step: &StepSpec, defaults: &Defaults<'_>) -> Option<u64> {
    if is_call(step) { Some(call_timeout_ms(step.timeout, defaults)) } else { step.timeout.map(|timeout| timeout.ms) }
}

/// Steps that make calls themselves.
#[must_use]
pub fn is_call(step: &StepSpec) -> bool {
    step.llm.is_some() || step.agent.is_some() || step.http.is_some() || step.mcp.is_some() || step.builtin.is_some()
}

fn http_effect(spec: &HttpSpec) -> EffectClass {
    let reads = spec.get.is_some() || spec.head.is_some();
    if reads { EffectClass::Read } else { EffectClass::Once }
}

#[must_use]
pub fn step_effect(step: &StepSpec) -> EffectClass {
    if let Some(effect) = step.effect {
        return effect;
    }
    match (&step.http, &step.mcp) {
        (Some(http), _) => http_effect(http),
        (None, Some(_)) => EffectClass::Once,
        (None, None) => EffectClass::Read,
    }
}

#[must_use]
pub fn tool_effect(tool: &ToolSpec) -> EffectClass {
    match (&tool.http, &tool.mcp) {
        (Some(http), _) => http_effect(http),
        (None, Some(_)) => EffectClass::Once,
        (None, None) => EffectClass::Read,
    }
}

/// `defaults.retry` is for model calls and for reads over the network; never for what may happen only once.
#[must_use]
pub fn inherits_retry(step: &StepSpec) -> bool {
    let reads = step_effect(step) == EffectClass::Read;
    step.llm.is_some() || step.agent.is_some() || (reads && (step.http.is_some() || step.mcp.is_some()))
}

#[must_use]
pub fn inherits_retry_tool(tool: &ToolSpec, effect: EffectClass) -> bool {
    effect == EffectClass::Read && (tool.http.is_some() || tool.mcp.is_some())
}

pub fn in_doubt(context: &mut Context<'_>, place: Place, pointer: &str, spec: Option<&InDoubtSpec>) -> Option<InDoubt> {
    match spec {
        None | Some(InDoubtSpec::Ask) => Some(InDoubt::Ask),
        Some(InDoubtSpec::Fail) => Some(InDoubt::Fail),
        Some(InDoubtSpec::Check(check)) => {
            let pointer = child(pointer, "in_doubt");
            let call = call::side_call(context, place, &child(&pointer, "check"), &check.check);
            let done_when = context.expr(place.with(&["output"]), &child(&pointer, "done_when"), &check.done_when);
            Some(InDoubt::Check { call: Box::new(call?), done_when: done_when? })
        }
    }
}
