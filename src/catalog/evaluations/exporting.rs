//! A past execution as a sample of a dataset and as a rehearsal file. Pure, from its trace; taking out what nobody may see is the caller's
//! first step (`Runner::redacted`, for values that are known) and the last one here (`cleaned`, for what looks like a secret).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::rows::{Canned, Sample};
use crate::flow::spec::{RehearsalSpec, SandboxCallSpec, SandboxErrorSpec, SandboxSpec, SandboxTurnSpec};
use crate::machine::call::{CallError, ToolUse};
use crate::machine::question::Verdict;
use crate::machine::trace::Attempt;

/// What stands where a secret was.
const MASK: &str = "••••";
/// Scripted answers of one step; a longer history says no more.
const OUTPUTS_MAX: usize = 1_000;
/// Beginnings of keys and tokens that are known to be such.
const TOKEN_MARKS: [&str; 16] = [
    "fgk_",
    "fgl_",
    "whsec_",
    "sk-",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "pk_live_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "xoxb-",
    "xoxp-",
    "AKIA",
    "AIza",
];
/// A shorter word is none.
const TOKEN_BYTES_MIN: usize = 16;
/// Words that announce one.
const SCHEMES: [&str; 2] = ["bearer", "basic"];
/// Parts of names whose texts are secrets.
const SECRET_NAMES: [&str; 9] = ["password", "passwd", "secret", "token", "apikey", "authorization", "cookie", "privatekey", "credential"];

/// What an execution came to, for an export.
#[derive(Clone, Debug, Default)]
pub struct Past {
    pub input: Value,
    /// None: it did not complete.
    pub output: Option<Value>,
    pub attempts: Vec<Attempt>,
    /// Decisions of people that took effect, by step.
    pub decisions: Vec<(String, Verdict)>,
}

/// An execution as a sample and as a rehearsal.
#[derive(Clone, Debug, PartialEq)]
pub struct Exported {
    pub sample: Sample,
    pub rehearsal: RehearsalSpec,
    /// For people: what could not be taken along.
    pub left_out: Vec<String>,
}

/// What does not fit is left out, and said.
#[must_use]
pub fn export(past: &Past) -> Exported {
    let mut scripting = Scripting::default();
    for attempt in &past.attempts {
        scripting.read(attempt);
    }
    let mut left_out = scripting.left_out;
    let models: BTreeSet<String> = scripting.steps.iter().filter(|(_, script)| script.is_model).map(|(step, _)| step.clone()).collect();
    let rehearsal: RehearsalSpec = scripting.steps.into_iter().filter_map(|(step, script)| Some((step, script.spec()?))).collect();
    let mut decisions = BTreeMap::new();
    for (step, verdict) in &past.decisions {
        let canned = match verdict {
            Verdict::Approve => Canned::Approve,
            Verdict::Reject => Canned::Reject,
            Verdict::Respond { response } => Canned::Respond(response.clone()),
            Verdict::Edit { .. } => {
                left_out.push(format!("step `{step}`: the person changed the action; the sample approves it as it is"));
                Canned::Approve
            }
            Verdict::Retry | Verdict::Happened { .. } | Verdict::Fail => continue,
        };
        decisions.insert(step.clone(), canned);
    }
    let input = if let Value::Object(fields) = &past.input { fields.clone() } else { Map::new() };
    let effects = effects_of(&rehearsal, &models);
    let expected = past.output.clone().filter(|output| !output.is_null());
    let sample = Sample { input, expected, decisions, effects: (!effects.is_empty()).then_some(effects), ..Sample::default() };
    left_out.sort();
    left_out.dedup();
    Exported { sample, rehearsal, left_out }
}

/// What answers for the world in an evaluation: not what models said, which is what is measured.
fn effects_of(rehearsal: &RehearsalSpec, models: &BTreeSet<String>) -> RehearsalSpec {
    let of_step = |step: &String, script: &SandboxSpec| {
        if !models.contains(step) {
            return Some(SandboxSpec { validators: None, ..script.clone() });
        }
        script.tools.clone().map(|tools| SandboxSpec { tools: Some(tools), ..SandboxSpec::default() })
    };
    rehearsal.iter().filter_map(|(step, script)| Some((step.clone(), of_step(step, script)?))).collect()
}

/// How a step's own attempts went, and what was called inside it.
#[derive(Default)]
struct Script {
    /// A model answers in it.
    is_model: bool,
    /// By the turn in which they are given.
    outputs: BTreeMap<usize, Value>,
    failures: u32,
    failure: Option<CallError>,
    turns: BTreeMap<u32, SandboxTurnSpec>,
    tools: BTreeMap<String, Script>,
    validators: BTreeMap<String, Script>,
}

#[derive(Default)]
struct Scripting {
    steps: BTreeMap<String, Script>,
    left_out: Vec<String>,
}

impl Scripting {
    fn read(&mut self, attempt: &Attempt) {
        let place = Place::of(attempt);
        match attempt.kind.as_str() {
            "llm" | "http" | "mcp" => {
                let script = self.steps.entry(place.key).or_default();
                script.is_model = attempt.kind == "llm";
                script.note(place.turn.unwrap_or(script.outputs.len()), attempt);
            }
            "model" if attempt.status == "completed" => {
                if place.visit > 1 {
                    self.left_out.push(format!("step `{}`: only the agent's first visit is scripted", place.key));
                    return;
                }
                let script = self.steps.entry(place.key).or_default();
                script.is_model = true;
                script.turns.insert(place.iteration, turn(&attempt.output));
            }
            "tool" => {
                let (nth, tool) = ((place.iteration.saturating_sub(1) as usize).max(place.index), attempt.step.clone());
                self.steps.entry(place.key).or_default().tools.entry(tool).or_default().note(nth, attempt);
            }
            "validator" if attempt.path != "gate" => {
                let script = self.steps.entry(place.key).or_default();
                script.validators.entry(attempt.step.clone()).or_default().note(place.iteration.saturating_sub(1) as usize, attempt);
            }
            "flow" => self.left_out.push(format!("step `{}`: what the agent that it starts did is not taken along", place.key)),
            _ => {}
        }
    }
}

fn turn(output: &Value) -> SandboxTurnSpec {
    let calls: Vec<ToolUse> = output.get("calls").cloned().and_then(|calls| serde_json::from_value(calls).ok()).unwrap_or_default();
    if calls.is_empty() {
        return SandboxTurnSpec { text: Some(crate::machine::validate::text_of(output)), ..SandboxTurnSpec::default() };
    }
    let text = output.get("thought").and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned);
    let calls = calls.into_iter().map(|call| SandboxCallSpec { tool: call.name, args: Some(call.args) }).collect();
    SandboxTurnSpec { text, output: None, calls }
}

impl Script {
    fn note(&mut self, turn: usize, attempt: &Attempt) {
        match (&attempt.error, attempt.status.as_str()) {
            (None, "completed") if self.outputs.len() < OUTPUTS_MAX && turn < OUTPUTS_MAX => {
                self.outputs.insert(turn, attempt.output.clone());
            }
            (Some(error), _) if self.outputs.is_empty() => {
                self.failures += 1;
                self.failure = Some(error.clone());
            }
            _ => {}
        }
    }

    /// None where there is nothing to script.
    fn spec(self) -> Option<SandboxSpec> {
        let has_succeeded = !self.outputs.is_empty();
        let error = self.failure.map(|error| SandboxErrorSpec {
            code: error.code,
            message: Some(error.message),
            retryable: has_succeeded,
            times: has_succeeded.then_some(self.failures),
        });
        let (output, outputs) = listed(&self.outputs);
        let table = |scripts: BTreeMap<String, Self>| -> Option<RehearsalSpec> {
            let table: RehearsalSpec = scripts.into_iter().filter_map(|(name, script)| Some((name, script.spec()?))).collect();
            (!table.is_empty()).then_some(table)
        };
        let model = (!self.turns.is_empty()).then(|| self.turns.into_values().collect());
        let spec = SandboxSpec { output, outputs, error, delay: None, model, tools: table(self.tools), validators: table(self.validators) };
        (spec != SandboxSpec::default()).then_some(spec)
    }
}

/// One answer is the same every time; of several each has its turn, and one that is missing is like the one before it.
fn listed(outputs: &BTreeMap<usize, Value>) -> (Option<Value>, Option<Vec<Value>>) {
    let Some((last, _)) = outputs.last_key_value() else { return (None, None) };
    let (last, first) = (*last, outputs.values().next().cloned().unwrap_or_default());
    if outputs.len() == 1 {
        return (Some(first), None);
    }
    let mut before = first;
    let filled = (0..=last).map(|turn| {
        if let Some(output) = outputs.get(&turn) {
            before.clone_from(output);
        }
        before.clone()
    });
    (None, Some(filled.collect()))
}

/// Where an attempt belongs in a rehearsal file.
struct Place {
    /// `step`, and for map bodies `map/step`.
    key: String,
    /// The item, or the visit, counted from 0; none: in the order of success.
    turn: Option<usize>,
    visit: u32,
    /// Of an agent, or the cycle of a validator.
    iteration: u32,
    index: usize,
}

impl Place {
    fn of(attempt: &Attempt) -> Self {
        let parts = || attempt.path.split('/').filter(|part| !part.is_empty());
        // The call of an agent or of a validator stands below `step#visit@…`.
        let inside = parts().next_back().filter(|part| part.contains('#'));
        let maps: Vec<&str> = parts().filter(|part| !part.contains('#')).collect();
        let step = inside.map_or(attempt.step.as_str(), |part| part.split('#').next().unwrap_or(part));
        let names = maps.iter().map(|part| part.split('[').next().unwrap_or(part)).chain([step]);
        let number = |text: &str| text.chars().take_while(char::is_ascii_digit).collect::<String>().parse::<u32>().ok();
        let behind = |mark: &str| inside.and_then(|part| part.split_once(mark)).and_then(|(_, rest)| number(rest));
        let item = maps.last().and_then(|part| part.split_once('[')).and_then(|(_, rest)| number(rest));
        let visit = behind("#").unwrap_or(attempt.visit).max(1);
        let by_visit = (visit > 1).then_some(visit - 1);
        Self {
            key: names.collect::<Vec<_>>().join("/"),
            turn: item.or(by_visit).and_then(|turn| usize::try_from(turn).ok()),
            visit,
            iteration: behind("@cycle").or_else(|| behind("@")).unwrap_or(1),
            index: behind("[").and_then(|index| usize::try_from(index).ok()).unwrap_or(0),
        }
    }
}

/// The exported `{sample, rehearsal}` without what looks like a secret. Names of steps, tools and validators are the author's, and say nothing of
/// what stands under them.
#[must_use]
pub fn cleaned(mut exported: Value) -> Value {
    let by_name = |table: &mut Value, clean: fn(Value) -> Value| {
        for value in table.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
            *value = clean(value.take());
        }
    };
    for (name, value) in exported["sample"].as_object_mut().into_iter().flatten() {
        match name.as_str() {
            "decisions" => by_name(value, scrubbed),
            "effects" => by_name(value, scrubbed_script),
            _ => *value = scrubbed(value.take()),
        }
    }
    by_name(&mut exported["rehearsal"], scrubbed_script);
    exported
}

fn scrubbed_script(mut script: Value) -> Value {
    for (name, value) in script.as_object_mut().into_iter().flatten() {
        if matches!(name.as_str(), "tools" | "validators") {
            for inner in value.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
                *inner = scrubbed_script(inner.take());
            }
        } else {
            *value = scrubbed(value.take());
        }
    }
    script
}

/// The value without what looks like a secret: texts under names of secrets, and texts that begin like keys and tokens.
fn scrubbed(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(scrubbed_text(&text)),
        Value::Array(items) => items.into_iter().map(scrubbed).collect(),
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| {
                let value = if is_secret_name(&name) { masked(value) } else { scrubbed(value) };
                (name, value)
            };
            Value::Object(fields.into_iter().map(field).collect())
        }
        value => value,
    }
}

/// No text of it stays; numbers count things.
fn masked(value: Value) -> Value {
    match value {
        Value::String(_) => Value::String(MASK.to_owned()),
        Value::Array(items) => items.into_iter().map(masked).collect(),
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(name, value)| (name, masked(value))).collect()),
        value => value,
    }
}

fn is_secret_name(name: &str) -> bool {
    let bare: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    SECRET_NAMES.iter().any(|secret| bare.contains(secret))
}

fn scrubbed_text(text: &str) -> String {
    let is_of_token = |c: char| c.is_ascii_alphanumeric() || "-_.+/=~".contains(c);
    let (mut clean, mut rest, mut is_announced) = (String::with_capacity(text.len()), text, false);
    while !rest.is_empty() {
        let end = rest.find(|c| !is_of_token(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        if !word.is_empty() {
            // A word of a sentence is no token, whatever stands before it.
            let mut letters = word.trim_end_matches('.').chars().skip(1);
            let is_odd = word.len() >= 12 && letters.any(|c| !c.is_ascii_lowercase());
            if is_announced && is_odd {
                clean += MASK;
            } else {
                clean += &scrubbed_word(word, clean.ends_with('%'));
            }
            is_announced = SCHEMES.iter().any(|scheme| word.eq_ignore_ascii_case(scheme));
        }
        let next = behind.find(is_of_token).unwrap_or(behind.len());
        let (between, behind) = behind.split_at(next);
        is_announced &= between.trim().is_empty();
        clean += between;
        rest = behind;
    }
    clean
}

/// A word without the tokens in it: at its beginning, or behind what separates parts of addresses and assignments. What follows a token goes
/// with it, since tokens have such characters too. `is_encoded`: it begins with the two digits that an address spells a character as.
fn scrubbed_word(word: &str, is_encoded: bool) -> Cow<'_, str> {
    const BETWEEN: &str = "=/+~.";
    let first = if is_encoded { word.len().min(2) } else { 0 };
    let behind = word.char_indices().filter(|(_, c)| BETWEEN.contains(*c)).map(|(index, c)| index + c.len_utf8());
    for start in [0, first].into_iter().chain(behind) {
        let (before, rest) = word.split_at(start);
        if is_token(rest) || is_assigned(before, rest) {
            return Cow::Owned(format!("{before}{MASK}"));
        }
        let piece_end = rest.find(['=', '/', '+', '~']).unwrap_or(rest.len());
        if is_signed(&rest[..piece_end]) {
            return Cow::Owned(format!("{before}{MASK}"));
        }
    }
    Cow::Borrowed(word)
}

/// What a name of secrets is set to, as in `password=…`; numbers count things.
fn is_assigned(before: &str, value: &str) -> bool {
    let name = before.strip_suffix('=').map(|name| name.rsplit(['=', '/', '+', '~', '.']).next().unwrap_or(name));
    let is_text = value.chars().any(|c| c.is_ascii_alphabetic());
    is_text && name.is_some_and(is_secret_name)
}

fn is_token(word: &str) -> bool {
    word.len() >= TOKEN_BYTES_MIN && TOKEN_MARKS.iter().any(|mark| word.starts_with(mark))
}

/// A JSON web token: three parts, the first of which begins an object.
fn is_signed(word: &str) -> bool {
    word.len() >= TOKEN_BYTES_MIN && word.starts_with("eyJ") && word.matches('.').count() == 2
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::machine::call::Used;

    fn attempt(path: &str, step: &str, (visit, attempt): (u32, u32), kind: &str, output: Value) -> Attempt {
        Attempt {
            path: path.to_owned(),
            step: step.to_owned(),
            visit,
            attempt,
            kind: kind.to_owned(),
            status: "completed".to_owned(),
            input: Value::Null,
            output,
            error: None,
            started_at_ms: None,
            ended_at_ms: None,
            tokens: 0,
            cost_usd: 0.0,
            usage: Used::default(),
            input_cost_usd: 0.0,
            output_cost_usd: 0.0,
            model: None,
            checks: Vec::new(),
        }
    }

    fn failed(mut attempt: Attempt) -> Attempt {
        (attempt.status, attempt.error) = ("failed".to_owned(), Some(CallError::new("http_503", "busy")));
        attempt
    }

    fn rehearsal(attempts: Vec<Attempt>) -> Value {
        let past = Past { attempts, ..Past::default() };
        serde_json::to_value(export(&past).rehearsal).unwrap()
    }

    #[test]
    fn steps_visits_items_and_retries() {
        let found = rehearsal(vec![
            attempt("", "ask", (1, 1), "llm", json!({"kind": "refund"})),
            failed(attempt("", "fetch", (1, 1), "http", Value::Null)),
            attempt("", "fetch", (1, 2), "http", json!({"id": 7})),
            failed(attempt("", "pay", (1, 1), "http", Value::Null)),
            attempt("", "again", (1, 1), "llm", json!("one")),
            attempt("", "again", (2, 1), "llm", json!("two")),
            attempt("items[2]", "each", (1, 1), "llm", json!("c")),
            attempt("items[0]", "each", (1, 1), "llm", json!("a")),
            attempt("", "kept", (1, 1), "set", json!(1)),
        ]);
        assert_eq!(
            found,
            json!({
                "again": {"outputs": ["one", "two"]},
                "ask": {"output": {"kind": "refund"}},
                "fetch": {"output": {"id": 7}, "error": {"code": "http_503", "message": "busy", "retryable": true, "times": 1}},
                "items/each": {"outputs": ["a", "a", "c"]},
                "pay": {"error": {"code": "http_503", "message": "busy"}},
            })
        );
    }

    #[test]
    fn agents_have_turns_and_tools() {
        let calls = json!([{"id": "c1", "name": "look", "args": {"id": 7}}]);
        let attempts = vec![
            attempt("", "triage", (1, 1), "agent", json!("done")),
            attempt("triage#1@1", "model", (1, 1), "model", json!({"thought": "hm", "calls": calls})),
            attempt("triage#1@1[0]", "look", (1, 1), "tool", json!({"found": true})),
            attempt("triage#1@2", "model", (1, 1), "model", json!("done")),
            attempt("triage#1@cycle1", "judge_1", (1, 1), "validator", json!("{\"score\": 1}")),
        ];
        let found = export(&Past { attempts, ..Past::default() });
        let model = json!([{"text": "hm", "calls": [{"tool": "look", "args": {"id": 7}}]}, {"text": "done"}]);
        let tools = json!({"look": {"output": {"found": true}}});
        let validators = json!({"judge_1": {"output": "{\"score\": 1}"}});
        assert_eq!(
            serde_json::to_value(&found.rehearsal).unwrap(),
            json!({"triage": {"model": model, "tools": tools, "validators": validators}})
        );
        assert_eq!(
            serde_json::to_value(found.sample.effects).unwrap(),
            json!({"triage": {"tools": tools}}),
            "what models said is measured"
        );
    }

    #[test]
    fn decisions_become_canned_ones() {
        let verdicts = [
            ("a", Verdict::Approve),
            ("b", Verdict::Respond { response: json!("later") }),
            ("c", Verdict::Edit { arguments: json!({}) }),
            ("d", Verdict::Reject),
        ];
        let decisions = verdicts.map(|(step, verdict)| (step.to_owned(), verdict)).to_vec();
        let found = export(&Past { input: json!({"n": 1}), output: Some(json!("x")), decisions, ..Past::default() });
        assert_eq!(
            serde_json::to_value(&found.sample).unwrap(),
            json!({"input": {"n": 1}, "expected": "x", "decisions": {"a": "approve", "b": {"respond": "later"}, "c": "approve", "d": "reject"}})
        );
        assert!(found.left_out[0].contains("`c`"));
    }

    #[test]
    fn names_of_steps_and_tools_are_no_secrets() {
        let script = json!({"tools": {"get_token": {"output": {"id": "A-1", "token": "abc"}}}, "error": {"code": "busy"}});
        let exported = json!({
            "sample": {"input": {"secret": "abc"}, "decisions": {"check_token": "approve"}, "effects": {"ask_password": script}},
            "rehearsal": {"ask_password": script},
        });
        let clean = json!({"tools": {"get_token": {"output": {"id": "A-1", "token": MASK}}}, "error": {"code": "busy"}});
        assert_eq!(
            cleaned(exported),
            json!({
                "sample": {"input": {"secret": MASK}, "decisions": {"check_token": "approve"}, "effects": {"ask_password": clean}},
                "rehearsal": {"ask_password": clean},
            })
        );
    }

    #[test]
    fn tokens_behind_names_and_in_addresses_go() {
        let table = [
            ("OPENAI_API_KEY=sk-abcdefghijklmnop", format!("OPENAI_API_KEY={MASK}")),
            ("https://a.test/x?key=AIzaSyA0123456789&n=1", format!("https://a.test/x?key={MASK}&n=1")),
            ("https://a.test/hooks/fgk_0123456789abcdef", format!("https://a.test/hooks/{MASK}")),
            ("a=eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl;b=2", format!("a={MASK};b=2")),
            ("--key=\"sk-abcdefghijklmnop\",", format!("--key=\"{MASK}\",")),
            ("at:sk-abcdefghijklmnop/x=", format!("at:{MASK}")),
            ("key%3Dsk-abcdefghijklmnop", format!("key%3D{MASK}")),
            ("url?access_token=abcdef&max_tokens=12", format!("url?access_token={MASK}&max_tokens=12")),
            ("a/b=c and 2.0/eyJ.x see https://a.test/token/list", "a/b=c and 2.0/eyJ.x see https://a.test/token/list".to_owned()),
        ];
        for (text, clean) in table {
            assert_eq!(scrubbed_text(text), clean);
        }
    }

    #[test]
    fn what_looks_like_a_secret_goes() {
        let value = json!({
            "apiKey": "short", "X-Auth-Token": "t", "tokens": 12, "password": {"old": "x"}, "note": "call me",
            "header": "Authorization: Bearer abcdefghijkl0123", "basic": "a basic understanding", "bearer": "the bearer of this letter",
            "key": "use sk-abcdefghijklmnop, please", "jwt": "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl", "list": ["fgk_0123456789abcdef"],
        });
        assert_eq!(
            scrubbed(value),
            json!({
                "apiKey": MASK, "X-Auth-Token": MASK, "tokens": 12, "password": {"old": MASK}, "note": "call me",
                "header": format!("Authorization: Bearer {MASK}"), "basic": "a basic understanding", "bearer": "the bearer of this letter",
                "key": format!("use {MASK}, please"), "jwt": MASK, "list": [MASK],
            })
        );
    }
}
