//! Validators, the gate on the result, and entries, compiled.

use indexmap::IndexMap;
use serde_json::json;

use super::context::{Context, Place, Reader, optional};
use super::frame::Frames;
use super::settings::{self, Defaults};
use super::view::{View, index_u32};
use super::{call, kind};
use crate::flow::plan::{BodyTemplate, CallTemplate, Check, Entry, EntryStart, Judge, Node, ScopeIx, StepIx, Validator, Validators};
use crate::flow::schema::Schema;
use crate::flow::source::{child, did_you_mean};
use crate::flow::spec::{EffectClass, EntrySpec, FlowSpec, JudgeSpec, OnFail, ValidatorSpec};
use crate::limits::{JUDGE_THRESHOLD_DEFAULT, JUDGE_TOKENS_DEFAULT, VALIDATOR_RETRIES_DEFAULT, VALIDATOR_RETRIES_MAX};

/// The name under which validators read the answer.
const OUTPUT: &[&str] = &["output"];

/// The kind that a validator gives, where it is exactly one.
#[must_use]
pub fn kind_of(spec: &ValidatorSpec) -> Option<&'static str> {
    let all = [
        ("json_schema", spec.json_schema.is_some()),
        ("cel", spec.cel.is_some()),
        ("regex", spec.regex.is_some()),
        ("judge", spec.judge.is_some()),
        ("http", spec.http.is_some()),
    ];
    let mut given = all.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind);
    given.next().filter(|_| given.next().is_none())
}

/// The name of the validator at `index`, where it has none: its kind and its number.
#[must_use]
pub fn default_name(spec: &ValidatorSpec, index: usize) -> String {
    format!("{}_{}", kind_of(spec).unwrap_or("validator"), index + 1)
}

/// A list of validators; `pointer` is that of what has it.
pub fn list(
    context: &mut Context<'_>,
    place: Place,
    pointer: &str,
    specs: &[ValidatorSpec],
    retries: Option<u32>,
    defaults: &Defaults<'_>,
) -> Option<Validators> {
    let retries_max = retries.unwrap_or(VALIDATOR_RETRIES_DEFAULT);
    if retries_max > VALIDATOR_RETRIES_MAX {
        let message = format!("at most {VALIDATOR_RETRIES_MAX} correction cycles are allowed");
        context.error("bad_limit", &child(pointer, "max_retries"), message, "0 means that the first answer must pass");
    }
    let compiled: Vec<_> = specs
        .iter()
        .enumerate()
        .map(|(index, spec)| validator(context, place.with(OUTPUT), &format!("{pointer}/validators/{index}"), spec, index, defaults))
        .collect();
    let list = compiled.into_iter().collect::<Option<Vec<_>>>()?;
    for (index, one) in list.iter().enumerate() {
        if list[..index].iter().any(|other| other.name == one.name) {
            let at = format!("{pointer}/validators/{index}");
            context.error("bad_name", &at, format!("two validators are called `{}`", one.name), "give one of them another `name`");
        }
    }
    Some(Validators { list, retries_max })
}

fn validator(
    context: &mut Context<'_>,
    place: Place,
    pointer: &str,
    spec: &ValidatorSpec,
    index: usize,
    defaults: &Defaults<'_>,
) -> Option<Validator> {
    let Some(kind) = kind_of(spec) else {
        let hint = "give exactly one of json_schema, cel, regex, judge, http";
        context.error("no_validator_kind", pointer, "a validator is exactly one kind of check", hint);
        return None;
    };
    misplaced(context, pointer, spec, kind);
    let check = match kind {
        "json_schema" => context.schema(&child(pointer, kind), spec.json_schema.as_ref()?).map(Check::JsonSchema),
        "cel" => context.expr(place, &child(pointer, kind), spec.cel.as_ref()?).map(Check::Cel),
        "regex" => regex(context, &child(pointer, kind), spec.regex.as_ref()?),
        "judge" => judge(context, place, &child(pointer, kind), spec.judge.as_ref()?, defaults),
        _ => http(context, place, &child(pointer, kind), spec),
    };
    let feedback = optional(spec.feedback.as_ref(), |text| context.template(place, &child(pointer, "feedback"), text));
    Some(Validator {
        name: spec.name.clone().unwrap_or_else(|| default_name(spec, index)),
        check: check?,
        on_fail: spec.on_fail.unwrap_or_default(),
        feedback: feedback?,
        code: spec.code.clone(),
        retry: settings::retry(spec.retry.as_ref(), true, defaults),
        timeout_ms: settings::call_timeout_ms(spec.timeout, defaults),
        sandbox: spec.sandbox.clone(),
        is_harmless: kind != "http" || spec.effect == Some(EffectClass::Read),
    })
}

/// Keys that only some kinds of validator can use.
fn misplaced(context: &mut Context<'_>, pointer: &str, spec: &ValidatorSpec, kind: &str) {
    let calls = matches!(kind, "judge" | "http");
    let mut refuse = |key: &str, wrong: bool, hint: &str| {
        if wrong {
            context.error("misplaced_key", &child(pointer, key), format!("`{key}` has no meaning on a {kind} validator"), hint);
        }
    };
    refuse("retry", spec.retry.is_some() && !calls, "only judges and http validators make calls");
    refuse("timeout", spec.timeout.is_some() && !calls, "only judges and http validators make calls");
    refuse("sandbox", spec.sandbox.is_some() && !calls, "only judges and http validators are scripted");
    refuse("effect", spec.effect.is_some() && kind != "http", "only http validators may change something");
    refuse("on_fail", spec.on_fail.is_some() && kind == "http", "its answer says `retry` or `stop`");
}

fn regex(context: &mut Context<'_>, pointer: &str, pattern: &str) -> Option<Check> {
    // The schemas' engine takes time that is linear in the text, whatever the pattern.
    match Schema::new(&json!({"type": "string", "pattern": pattern})) {
        Ok(schema) => Some(Check::Regex(pattern.to_owned(), schema)),
        Err(_) => {
            let hint = "look-around and back-references are not available; in YAML, quote the pattern with '…'";
            context.error("bad_value", pointer, format!("`{pattern}` is no regular expression"), hint);
            None
        }
    }
}

fn judge(context: &mut Context<'_>, place: Place, pointer: &str, spec: &JudgeSpec, defaults: &Defaults<'_>) -> Option<Check> {
    let model = kind::model_of(context, pointer, spec.model.as_deref(), defaults);
    let rubric = context.template(place, &child(pointer, "rubric"), &spec.rubric);
    let threshold = spec.threshold.unwrap_or(JUDGE_THRESHOLD_DEFAULT);
    if !(0.0..=1.0).contains(&threshold) {
        context.error("bad_limit", &child(pointer, "threshold"), "a score lies between 0 and 1", "0.7 passes what is good");
    }
    if spec.max_tokens == Some(0) {
        context.error("bad_limit", &child(pointer, "max_tokens"), "a model needs at least one token to answer", "give 1 or more");
    }
    let max_tokens = spec.max_tokens.unwrap_or(JUDGE_TOKENS_DEFAULT);
    Some(Check::Judge(Judge { model: model?, rubric: rubric?, threshold, max_tokens }))
}

fn http(context: &mut Context<'_>, place: Place, pointer: &str, spec: &ValidatorSpec) -> Option<Check> {
    let spec = spec.http.as_ref()?;
    if call::methods(spec).iter().any(|(method, _)| *method != "POST") {
        context.error("bad_value", pointer, "an http validator is a POST", "write `http: {post: …}`");
        return None;
    }
    let mut template = call::http(context, place, pointer, spec)?;
    if let CallTemplate::Http(http) = &mut template
        && http.body.is_none()
    {
        let body = context.value(place, pointer, &json!({"output": "{{ output }}"}))?;
        http.body = Some(BodyTemplate::Json(body));
    }
    Some(Check::Http(template))
}

/// What a flow has beside its scopes: the gate, the entries, and the step whose answer is the result.
pub struct Gates {
    pub gate: Validators,
    pub entries: IndexMap<String, Entry>,
    pub result: Option<StepIx>,
}

/// The gate and the entries; none where a part did not compile, which then is a noted problem.
pub fn gates(context: &mut Context<'_>, spec: &FlowSpec, views: &[View<'_>], defaults: &Defaults<'_>) -> Option<Gates> {
    let root = views.first()?;
    let place = Place { reader: Reader::End(ScopeIx(0)), extra: &[] };
    let result = result_step(root);
    let gate = list(context, place, "", &spec.validators, spec.max_retries, defaults);
    can_retry(context, "", &spec.validators, result);
    let entries: Vec<_> = spec
        .entries
        .iter()
        .map(|(key, one)| {
            let pointer = child("/entries", key);
            let retries = one.max_retries.or(spec.max_retries);
            let gate = list(context, place, &pointer, &one.validators, retries, defaults);
            can_retry(context, &pointer, &one.validators, result);
            Some((key.clone(), entry(context, key, &pointer, one, root, gate?)?))
        })
        .collect();
    Some(Gates { gate: gate?, entries: entries.into_iter().collect::<Option<_>>()?, result })
}

/// A gate can only have the result made again where one model step makes it.
fn can_retry(context: &mut Context<'_>, pointer: &str, specs: &[ValidatorSpec], result: Option<StepIx>) {
    for (index, spec) in specs.iter().enumerate().filter(|_| result.is_none()) {
        if spec.on_fail.unwrap_or_default() == OnFail::Retry {
            let message = "the result does not come from exactly one llm or agent step, so that another try is not possible and this stops";
            let hint =
                "say `on_fail: stop`, or `output: steps.ID.output` with a model step outside loops; an http validator should answer `stop`";
            context.warning("gate_cannot_retry", &format!("{pointer}/validators/{index}"), message, hint);
        }
    }
}

fn entry(context: &mut Context<'_>, key: &str, pointer: &str, spec: &EntrySpec, root: &View<'_>, gate: Validators) -> Option<Entry> {
    let input = optional(spec.input.as_ref(), |schema| context.schema(&child(pointer, "input"), schema));
    for (index, one) in spec.validators.iter().enumerate() {
        if let Some(code) = one.code.as_ref().filter(|code| !spec.failure_codes.contains(code)) {
            let at = format!("{pointer}/validators/{index}/code");
            let message = format!("`{code}` is not among the failure codes of this entry");
            context.error("undeclared_failure_code", &at, message, "add it to `failure_codes`");
        }
    }
    let start = optional(spec.start.as_ref(), |id| entry_start(context, &child(pointer, "start"), id, root));
    Some(Entry {
        key: key.to_owned(),
        name: spec.name.clone(),
        description: spec.description.clone(),
        input: input?,
        start: start?,
        gate,
        failure_codes: spec.failure_codes.clone(),
    })
}

fn entry_start(context: &mut Context<'_>, pointer: &str, id: &str, root: &View<'_>) -> Option<EntryStart> {
    let Some(&step) = root.by_id.get(id) else {
        let hint = did_you_mean(id, root.by_id.keys().copied());
        context.error("unknown_step", pointer, format!("no step `{id}` here"), hint);
        return None;
    };
    // A flow whose shape is not sound has a problem of its own.
    let frames = Frames::of(root)?;
    let node = frames.node_at(None, step);
    let is_entered_here = match node {
        Node::Step(_) => true,
        Node::Loop(one) => frames.shape.loops[one.0 as usize].header == step,
    };
    if !is_entered_here {
        let message = format!("`{id}` is inside a loop, and an execution cannot begin in the middle of one");
        context.error("entry_in_loop", pointer, message, "begin at the loop's first step, the one with `visits`");
        return None;
    }
    let reached = root.reachable_from(step);
    let is_reached = |node: &Node| match *node {
        Node::Step(ix) => reached[ix.0 as usize],
        Node::Loop(ix) => reached[frames.shape.loops[ix.0 as usize].header],
    };
    let unreached = frames.nodes(None).into_iter().filter(|node| !is_reached(node)).collect();
    Some(EntryStart { node, unreached })
}

/// The one model step whose answer is the flow's result: named by `output: steps.ID.output`, or the only step at which anything ends. Not
/// in a loop: there another visit may give the result.
fn result_step(root: &View<'_>) -> Option<StepIx> {
    let frames = Frames::of(root)?;
    let step = if let Some(output) = root.output {
        let id = output.trim().strip_prefix("steps.")?.strip_suffix(".output")?;
        *root.by_id.get(id)?
    } else {
        let mut ends = (0..root.steps.len()).filter(|&step| frames.can_end_here(step));
        ends.next().filter(|_| ends.next().is_none())?
    };
    let spec = root.steps[step].1;
    let is_model = spec.llm.is_some() || spec.agent.is_some();
    (is_model && frames.shape.within[step].is_none()).then(|| StepIx(index_u32(step)))
}
