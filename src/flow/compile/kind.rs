//! What a step does: its spec's one kind compiled into the plan's.

use serde_json::{Map, Value};

use super::call;
use super::context::{Context, Place, optional};
use super::people;
use super::settings::Defaults;
use super::view::View;
use crate::flow::plan::{Child, EventStep, Kind, LlmTemplate, MapStep, Mapping, ScopeIx, Wait};
use crate::flow::source::child;
use crate::flow::spec::{AgentSpec, ChildSpec, EventSpec, LlmSpec, MapSpec, RevisionSpec, StepSpec, WaitSpec};
use crate::limits::{MAP_CONCURRENCY_DEFAULT, MAP_CONCURRENCY_MAX};

/// The kinds that a step gives, as their keys.
#[must_use]
pub fn kinds(step: &StepSpec) -> Vec<&'static str> {
    let all = [
        ("llm", step.llm.is_some()),
        ("agent", step.agent.is_some()),
        ("http", step.http.is_some()),
        ("mcp", step.mcp.is_some()),
        ("builtin", step.builtin.is_some()),
        ("approval", step.approval.is_some()),
        ("ask", step.ask.is_some()),
        ("map", step.map.is_some()),
        ("flow", step.flow.is_some()),
        ("wait", step.wait.is_some()),
        ("event", step.event.is_some()),
        ("set", step.set.is_some()),
        ("fail", step.fail.is_some()),
        ("end", step.end.is_some()),
    ];
    all.into_iter().filter(|(_, given)| *given).map(|(key, _)| key).collect()
}

pub const KINDS: &str = "llm, agent, http, mcp, builtin, approval, ask, map, flow, wait, event, set, fail, end";

/// The step's kind; `pointer` is the step's, `body` the scope of its map body.
pub fn kind(
    context: &mut Context<'_>,
    place: Place,
    pointer: &str,
    step: &StepSpec,
    view: &View<'_>,
    defaults: &Defaults<'_>,
    body: Option<ScopeIx>,
) -> Option<Kind> {
    let given = kinds(step);
    let [key] = given[..] else {
        if given.is_empty() {
            context.error("no_kind", pointer, "the step does not say what it is", format!("give exactly one of {KINDS}"));
        } else {
            let message = format!("the step is several things at once: {}", given.join(", "));
            context.error("many_kinds", pointer, message, "make a step of each and lead edges between them");
        }
        return None;
    };
    let pointer = &child(pointer, key);
    if let Some(spec) = &step.llm {
        return llm_parts(context, place, pointer, &ModelParts::of_llm(spec), defaults).map(Kind::Llm);
    }
    if let Some(spec) = &step.agent {
        return call::agent(context, place, pointer, spec, defaults).map(Kind::Agent);
    }
    if let Some(spec) = &step.http {
        return call::http(context, place, pointer, spec).map(Kind::Call);
    }
    if let Some(spec) = &step.mcp {
        return call::mcp(context, place, pointer, spec).map(Kind::Call);
    }
    if let Some(spec) = &step.builtin {
        return call::builtin(context, place, pointer, spec).map(Kind::Call);
    }
    if let Some(spec) = &step.approval {
        return people::approval(context, place, pointer, spec, view).map(Kind::Approval);
    }
    if let Some(spec) = &step.ask {
        return people::ask(context, place, pointer, spec).map(Kind::Ask);
    }
    if let Some(spec) = &step.map {
        return map(context, place, pointer, spec, body).map(Kind::Map);
    }
    if let Some(spec) = &step.flow {
        return child_step(context, place, pointer, spec).map(Kind::Child);
    }
    control(context, place, pointer, step)
}

/// The kinds that only steer: wait, event, set, fail, end.
fn control(context: &mut Context<'_>, place: Place, pointer: &str, step: &StepSpec) -> Option<Kind> {
    if let Some(spec) = &step.wait {
        return wait(context, place, pointer, spec).map(Kind::Wait);
    }
    if let Some(spec) = &step.event {
        return event(context, place, pointer, spec).map(Kind::Event);
    }
    if let Some(spec) = &step.set {
        return mappings(context, place, pointer, spec).map(Kind::Set);
    }
    if let Some(spec) = &step.fail {
        let message = optional(spec.message.as_ref(), |text| context.template(place, &child(pointer, "message"), text))?;
        return Some(Kind::Fail { code: spec.code.clone(), message });
    }
    let spec = step.end.as_ref()?;
    let output = optional(spec.output.as_ref(), |value| context.mapping(place, &child(pointer, "output"), value))?;
    Some(Kind::End { output })
}

/// What `llm` and `agent` have in common.
pub struct ModelParts<'a> {
    model: Option<&'a str>,
    system: Option<&'a str>,
    prompt: &'a str,
    output: Option<&'a Value>,
    temperature: Option<f64>,
    max_tokens: Option<u64>,
}

impl<'a> ModelParts<'a> {
    #[must_use]
    pub fn of_llm(spec: &'a LlmSpec) -> Self {
        Self {
            model: spec.model.as_deref(),
            system: spec.system.as_deref(),
            prompt: &spec.prompt,
            output: spec.output.as_ref(),
            temperature: spec.temperature,
            max_tokens: spec.max_tokens,
        }
    }

    #[must_use]
    pub fn of_agent(spec: &'a AgentSpec) -> Self {
        Self {
            model: spec.model.as_deref(),
            system: spec.system.as_deref(),
            prompt: &spec.prompt,
            output: spec.output.as_ref(),
            temperature: spec.temperature,
            max_tokens: spec.max_tokens,
        }
    }
}

pub fn llm_parts(
    context: &mut Context<'_>,
    place: Place,
    pointer: &str,
    parts: &ModelParts<'_>,
    defaults: &Defaults<'_>,
) -> Option<LlmTemplate> {
    let model = model_of(context, pointer, parts.model, defaults);
    let system = optional(parts.system, |text| context.template(place, &child(pointer, "system"), text));
    let prompt = context.template(place, &child(pointer, "prompt"), parts.prompt);
    let output = optional(parts.output, |schema| context.schema(&child(pointer, "output"), schema));
    if parts.max_tokens == Some(0) {
        context.error("bad_limit", &child(pointer, "max_tokens"), "a model needs at least one token to answer", "give 1 or more");
    }
    if parts.temperature.is_some_and(|temperature| !(0.0..=2.0).contains(&temperature)) {
        context.error("bad_limit", &child(pointer, "temperature"), "a temperature lies between 0 and 2", "0 is the most repeatable");
    }
    Some(LlmTemplate {
        model: model?,
        system: system?,
        prompt: prompt?,
        output: output?,
        temperature: parts.temperature,
        max_tokens: parts.max_tokens,
    })
}

/// The model that is named here, or the flow's default.
pub fn model_of(context: &mut Context<'_>, pointer: &str, given: Option<&str>, defaults: &Defaults<'_>) -> Option<String> {
    let (model, at) = match (given, defaults.model()) {
        (Some(model), _) => (model, child(pointer, "model")),
        (None, Some(model)) => (model, "/defaults/model".to_owned()),
        (None, None) => {
            context.error("no_model", pointer, "the step names no model", "give `model: provider/model` here or under `defaults:`");
            return None;
        }
    };
    let well_formed = model.split_once('/').is_some_and(|(provider, name)| !provider.is_empty() && !name.is_empty());
    if !well_formed || model.chars().any(|c| c.is_whitespace() || c == '{') {
        // A bad default is one problem, however many steps use it.
        if !context.problems.iter().any(|problem| problem.code == "bad_model" && problem.pointer == at) {
            context.error("bad_model", &at, format!("`{model}` is no model"), "write provider/model, for instance openai/gpt-5-mini");
        }
        return None;
    }
    Some(model.to_owned())
}

fn map(context: &mut Context<'_>, place: Place, pointer: &str, spec: &MapSpec, body: Option<ScopeIx>) -> Option<MapStep> {
    let over = context.expr(place, &child(pointer, "over"), &spec.over);
    let concurrency = spec.concurrency.unwrap_or(MAP_CONCURRENCY_DEFAULT);
    if concurrency == 0 || concurrency > MAP_CONCURRENCY_MAX {
        let message = format!("the concurrency of a map lies between 1 and {MAP_CONCURRENCY_MAX}");
        context.error("bad_limit", &child(pointer, "concurrency"), message, "give a number in that range");
    }
    Some(MapStep {
        over: over?,
        as_name: spec.as_name.clone(),
        concurrency,
        on_item_error: spec.on_item_error.unwrap_or_default(),
        body: body?,
    })
}

pub fn child_step(context: &mut Context<'_>, place: Place, pointer: &str, spec: &ChildSpec) -> Option<Child> {
    let revision = match &spec.revision {
        None => Some(None),
        Some(RevisionSpec::Number(number)) if *number > 0 => Some(Some(*number)),
        Some(RevisionSpec::Name(name)) if name == "current" => Some(None),
        Some(_) => {
            context.error(
                "bad_value",
                &child(pointer, "revision"),
                "a revision is `current` or a number from 1",
                "remove the key for the current one",
            );
            None
        }
    };
    let input = mappings(context, place, &child(pointer, "input"), &spec.input);
    Some(Child { agent: spec.agent.clone(), revision: revision?, input: input? })
}

fn mappings(context: &mut Context<'_>, place: Place, pointer: &str, given: &Map<String, Value>) -> Option<Vec<(String, Mapping)>> {
    let compiled: Vec<Option<(String, Mapping)>> = given
        .iter()
        .map(|(name, value)| context.mapping(place, &child(pointer, name), value).map(|mapping| (name.clone(), mapping)))
        .collect();
    compiled.into_iter().collect()
}

fn wait(context: &mut Context<'_>, place: Place, pointer: &str, spec: &WaitSpec) -> Option<Wait> {
    match (spec.for_, &spec.until) {
        (Some(duration), None) => Some(Wait::ForMs(duration.ms)),
        (None, Some(until)) => context.expr(place, &child(pointer, "until"), until).map(Wait::Until),
        _ => {
            context.error("contradiction", pointer, "a wait has exactly one of `for` and `until`", "give a duration, or a CEL timestamp");
            None
        }
    }
}

fn event(context: &mut Context<'_>, place: Place, pointer: &str, spec: &EventSpec) -> Option<EventStep> {
    let check = optional(spec.check.as_ref(), |check| context.expr(place.with(&["payload"]), &child(pointer, "check"), check));
    let (names, ports) = match (&spec.name, &spec.any_of) {
        (Some(name), None) => (vec![name.clone()], false),
        (None, Some(names)) if !names.is_empty() => (names.clone(), true),
        _ => {
            let message = "an event has exactly one of `name` and a list `any_of`";
            context.error("contradiction", pointer, message, "with `any_of`, each name is a port: `on: NAME`");
            return None;
        }
    };
    Some(EventStep { names, ports, check: check?, timeout_ms: spec.timeout.map(|timeout| timeout.ms) })
}
