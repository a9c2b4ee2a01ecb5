//! The cycles of the ReAct loop, read from the trace: a turn of the model, the tools that it asked for, what they answered.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};

use super::view::time;
use crate::machine::trace::Attempt;

/// What a cycle does that asks for no tool.
const FINAL: &str = "final_answer";

/// One cycle.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub struct IterationData {
    /// From 1.
    pub iteration: usize,
    /// What the model said.
    pub thought: String,
    /// The tool; several are separated by `, `; `final_answer` where the model is done.
    pub action: String,
    /// The tool's arguments; of several tools those of each under its name.
    pub action_input: Map<String, Value>,
    /// What came back; of several tools a line for each.
    pub observation: String,
    /// When it began.
    pub timestamp: String,
}

/// One tool call that a model asked for.
struct Asked {
    name: String,
    arguments: Map<String, Value>,
    observation: String,
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        value => value.to_string(),
    }
}

/// The cycles of every agent step, in the order in which they began. One that is still going on has said nothing yet.
pub fn of(attempts: &[Attempt]) -> Vec<IterationData> {
    let models: Vec<&Attempt> = attempts.iter().filter(|attempt| attempt.kind == "model").collect();
    let is_last = |index: usize, model: &Attempt| !models[index + 1..].iter().any(|later| later.path == model.path);
    let each = models.iter().enumerate().filter(|(index, model)| is_last(*index, model));
    each.enumerate().map(|(number, (_, model))| cycle(number + 1, model, attempts)).collect()
}

/// The names of the tools that were called, once for each call.
pub fn tools(attempts: &[Attempt]) -> Vec<String> {
    let mut paths: Vec<&str> = Vec::new();
    let mut names = Vec::new();
    for attempt in attempts.iter().filter(|attempt| attempt.kind == "tool") {
        if !paths.contains(&attempt.path.as_str()) {
            paths.push(&attempt.path);
            names.push(attempt.step.clone());
        }
    }
    names
}

fn cycle(iteration: usize, model: &Attempt, attempts: &[Attempt]) -> IterationData {
    let calls = model.output["calls"].as_array().map(Vec::as_slice).unwrap_or_default();
    let asked: Vec<Asked> =
        calls.iter().enumerate().map(|(index, call)| asked(call, &format!("{}[{index}]", model.path), attempts)).collect();
    let is_open = model.ended_at_ms.is_none();
    let (action, action_input, observation) = match asked.as_slice() {
        [] if is_open || model.error.is_some() => {
            (String::new(), Map::new(), model.error.as_ref().map(|error| error.message.clone()).unwrap_or_default())
        }
        [] => (FINAL.to_owned(), Map::new(), String::new()),
        [one] => (one.name.clone(), one.arguments.clone(), one.observation.clone()),
        several => (
            several.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", "),
            named(several),
            several.iter().map(|one| format!("{}: {}", one.name, one.observation)).collect::<Vec<_>>().join("\n"),
        ),
    };
    IterationData {
        iteration,
        thought: if calls.is_empty() { text(&model.output) } else { text(&model.output["thought"]) },
        action,
        action_input,
        observation,
        timestamp: model.started_at_ms.map(time).unwrap_or_default(),
    }
}

/// A tool that was asked for twice has a number behind its name the second time.
fn named(several: &[Asked]) -> Map<String, Value> {
    let mut all = Map::new();
    for (index, one) in several.iter().enumerate() {
        let before = several[..index].iter().filter(|other| other.name == one.name).count();
        let name = if before == 0 { one.name.clone() } else { format!("{}#{}", one.name, before + 1) };
        all.insert(name, Value::Object(one.arguments.clone()));
    }
    all
}

fn asked(call: &Value, path: &str, attempts: &[Attempt]) -> Asked {
    let last = attempts.iter().rev().find(|attempt| attempt.path == path);
    let observation = last.map_or_else(String::new, |attempt| match &attempt.error {
        Some(error) => format!("error {}: {}", error.code, error.message),
        None => text(&attempt.output),
    });
    let arguments = if let Value::Object(fields) = &call["args"] { fields.clone() } else { Map::new() };
    Asked { name: text(&call["name"]), arguments, observation }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ids::TimeMs;
    use crate::machine::call::CallError;

    fn attempt(path: &str, kind: &str, step: &str, output: &Value) -> Attempt {
        let shape = json!({
            "path": path, "step": step, "visit": 1, "attempt": 1, "kind": kind, "status": "completed", "input": null, "output": output,
            "error": null, "started_at_ms": 0, "ended_at_ms": 5, "tokens": 0, "cost_usd": 0.0,
        });
        serde_json::from_value(shape).unwrap()
    }

    #[test]
    fn a_cycle_is_a_turn_of_the_model_with_what_its_tools_answered() {
        let asks = json!({"thought": "Look.", "calls": [{"id": "1", "name": "get", "args": {"id": 7}}]});
        let attempts = [
            attempt("", "agent", "work", &json!("done")),
            attempt("work#1@1", "model", "model", &asks),
            attempt("work#1@1[0]", "tool", "get", &json!({"total": 42})),
            attempt("work#1@2", "model", "model", &json!("It is 42.")),
        ];
        let cycles = of(&attempts);
        let shown = json!(cycles);
        assert_eq!(
            shown[0],
            json!({"iteration": 1, "thought": "Look.", "action": "get", "action_input": {"id": 7}, "observation": "{\"total\":42}", "timestamp": "1970-01-01T00:00:00Z"})
        );
        assert_eq!(shown[1]["action"], FINAL);
        assert_eq!((cycles.len(), shown[1]["thought"].as_str()), (2, Some("It is 42.")));
        assert_eq!(tools(&attempts), ["get"]);
    }

    #[test]
    fn several_tools_of_one_turn_are_told_together_and_a_failure_is_an_observation() {
        let call = |id: u32| json!({"id": "1", "name": "get", "args": {"id": id}});
        let asks = json!({"thought": "", "calls": [call(1), call(2)]});
        let mut second = attempt("a#1@1[1]", "tool", "get", &Value::Null);
        second.error = Some(CallError::new("http_404", "not there"));
        let attempts = [attempt("a#1@1", "model", "model", &asks), attempt("a#1@1[0]", "tool", "get", &json!("one")), second];
        let cycle = of(&attempts).remove(0);
        assert_eq!(cycle.action, "get, get");
        assert_eq!(Value::Object(cycle.action_input), json!({"get": {"id": 1}, "get#2": {"id": 2}}));
        assert_eq!(cycle.observation, "get: one\nget: error http_404: not there");
        assert_eq!(tools(&attempts), ["get", "get"]);
    }

    #[test]
    fn a_model_that_is_asked_again_has_one_cycle() {
        let mut failed = attempt("a#1@1", "model", "model", &Value::Null);
        failed.error = Some(CallError::new("http_500", "no"));
        let attempts = [failed, attempt("a#1@1", "model", "model", &json!("Yes."))];
        assert_eq!(of(&attempts).into_iter().map(|cycle| cycle.thought).collect::<Vec<_>>(), ["Yes."]);
        let mut open = attempt("a#1@1", "model", "model", &Value::Null);
        (open.ended_at_ms, open.started_at_ms) = (None, Some(TimeMs(1)));
        assert_eq!(of(&[open]).remove(0).action, "", "it has not decided yet");
    }
}
