//! The body of an execute request, taken apart: the fields that are known, and every other one as an input of the agent.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde_json::{Map, Value};

use super::messages::{self, MESSAGES, REQUIRED};
use crate::api::attachments::AttachmentRequest;
use crate::api::call::Call;
use crate::api::native::execute::{ExecuteRequest, Said, said};
use crate::api::numbered;
use crate::api::problem::Problem;
use crate::api::route::Free;
use crate::catalog;
use crate::catalog::numbers::Kind;
use crate::clock;
use crate::engine::{self, EngineHandle};
use crate::flow::vendor::Parameter;
use crate::ids::ExecutionId;
use crate::machine::input::Purpose;

/// How freely models answer, where nobody says.
const TEMPERATURE_DEFAULT: f64 = 1.0;
const TEMPERATURE_MAX: f64 = 2.0;
/// How a request says what tools models have.
pub const TOOLS: [&str; 2] = ["agent", "no-tools"];
/// Files of one request, and of one link to an agent.
const FILES_MAX: usize = 16;
const STREAM: &str = "stream";
/// The two spellings of one field.
const WAIT: [&str; 2] = ["waitExecution", "wait_execution"];

/// Known fields; every other one is an input of the agent.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used: the body is taken apart as it was sent")]
pub struct ExecuteAgent {
    /// From "0" to "2"; absent: as the agent says, and "1" where it says nothing.
    #[serde(default)]
    temperature: Option<String>,
    /// A name from the operator's `models.aliases`.
    #[serde(default)]
    model: Option<String>,
    /// `agent` (its own tools, as when absent) or `no-tools`.
    #[serde(default)]
    tools: Option<String>,
    /// A response of the conversation that this goes on with.
    #[serde(default)]
    root_id: Option<u64>,
    /// `developer` first, if at all; then `user` and `assistant` by turns, a `user` last.
    #[serde(default)]
    messages: Option<Vec<ChatMessage>>,
    /// Wait for the end, 100 seconds at most.
    #[serde(default, rename = "waitExecution")]
    wait_execution: Option<bool>,
    #[serde(default)]
    file_ids: Option<Vec<u64>>,
    /// Answer as server-sent events.
    #[serde(default)]
    stream: Option<bool>,
    /// Inputs of the agent, in the older form.
    #[serde(default)]
    answers: Option<BTreeMap<String, Free>>,
    #[serde(flatten)]
    more: BTreeMap<String, Free>,
}

/// One message.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "only its schema is used")]
struct ChatMessage {
    /// `user`, `assistant` or `developer`.
    role: String,
    content: String,
}

/// How it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    AtOnce,
    Waiting,
    Streaming,
}

/// How the request is to be answered.
///
/// # Errors
/// 422 that names the field.
pub fn manner(call: &Call) -> Result<Manner, Problem> {
    let mut body: Map<String, Value> = call.json()?;
    let mut take = |name: &str| body.shift_remove(name).filter(|value| !value.is_null());
    let is_stream = take(STREAM).map(|value| boolean(STREAM, &value)).transpose()?.unwrap_or(false);
    let is_waiting = waiting(WAIT.map(&mut take))?;
    Ok(match (is_stream, is_waiting) {
        (true, _) => Manner::Streaming,
        (false, true) => Manner::Waiting,
        (false, false) => Manner::AtOnce,
    })
}

/// What it starts.
///
/// # Errors
/// 422 that names the field.
pub async fn read(call: &Call) -> Result<ExecuteRequest, Problem> {
    let mut body: Map<String, Value> = call.json()?;
    body.retain(|name, _| name != STREAM && !WAIT.contains(&name.as_str()));
    // A null says the same as nothing.
    let mut take = |name: &str| body.shift_remove(name).filter(|value| !value.is_null());
    let mut said = messages::read(take(MESSAGES).as_ref())?;
    let guidance = &mut said.guidance;
    guidance.temperature = take("temperature").map(|value| temperature(&value)).transpose()?;
    guidance.temperature_default = Some(TEMPERATURE_DEFAULT);
    guidance.model = take("model").map(|value| model(call, &value)).transpose()?;
    guidance.no_tools = take("tools").map(|value| has_no_tools(&value)).transpose()?.unwrap_or(false);
    let attachments = take("file_ids").map(|value| files(call, &value)).transpose()?;
    let (root, answers) = (take("root_id"), take("answers"));
    let execution = call.reserved.map_or_else(clock::execution_id, |reserved| reserved.execution);
    let session_id = match root {
        Some(root) => session(call, &root).await?,
        // The conversation is called like the execution that begins it.
        None => execution.to_string(),
    };
    Ok(ExecuteRequest {
        parameters: Some(inputs(answers, body)?),
        attachments,
        session_id: Some(session_id),
        said,
        demands: Some(demands),
        execution: Some(execution),
        ..ExecuteRequest::default()
    })
}

fn boolean(name: &str, value: &Value) -> Result<bool, Problem> {
    value.as_bool().ok_or_else(|| Problem::unfit(name, "it must be true or false"))
}

fn waiting(given: [Option<Value>; 2]) -> Result<bool, Problem> {
    let mut said = None;
    for (name, value) in WAIT.into_iter().zip(given) {
        let Some(value) = value else { continue };
        let wait = boolean(name, &value)?;
        if said.replace(wait).is_some_and(|other| other != wait) {
            return Err(Problem::unfit(name, format!("`{}` says something else", WAIT[0])));
        }
    }
    Ok(said.unwrap_or(false))
}

/// A text in the documents, and a number in many a client.
fn temperature(value: &Value) -> Result<f64, Problem> {
    let read = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let wrong = || Problem::unfit("temperature", format!("it must be a number from 0 to {TEMPERATURE_MAX}"));
    read.filter(|read| (0.0..=TEMPERATURE_MAX).contains(read)).ok_or_else(wrong)
}

fn model(call: &Call, value: &Value) -> Result<String, Problem> {
    let Some(name) = value.as_str() else { return Err(Problem::unfit("model", "it must be a text")) };
    let known = call.app.runner.model_named(name).map(str::to_owned);
    known.ok_or_else(|| {
        let names: Vec<&str> = call.app.runner.model_names().collect();
        let known = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Problem::unfit("model", format!("there is no model `{name}`; the operator has named {known} (models.aliases)"))
    })
}

fn has_no_tools(value: &Value) -> Result<bool, Problem> {
    match value.as_str() {
        Some("agent") => Ok(false),
        Some("no-tools") => Ok(true),
        _ => Err(Problem::unfit("tools", format!("it must be one of {}: an agent's tools are its own", TOOLS.join(", ")))),
    }
}

/// An integer id; a name works too.
fn id(value: &Value) -> Option<String> {
    match value {
        Value::Number(number) => number.as_u64().map(|number| number.to_string()),
        Value::String(text) => Some(text.clone()),
        _ => None,
    }
}

/// The name of what `value` means; none where it means nothing here.
fn named(call: &Call, kind: Kind, value: &Value) -> Result<Option<String>, Problem> {
    let Some(text) = id(value) else { return Ok(None) };
    match numbered::number(&text) {
        Some(number) => Ok(call.app.catalog.named(kind, &call.tenant, number)?),
        None => Ok(Some(text)),
    }
}

fn files(call: &Call, value: &Value) -> Result<Vec<AttachmentRequest>, Problem> {
    Ok(file_ids(call, value)?.into_iter().map(AttachmentRequest::of_file).collect())
}

/// The names of files of the tenant.
///
/// # Errors
/// 422 that names the one that is none.
pub fn file_ids(call: &Call, value: &Value) -> Result<Vec<String>, Problem> {
    let Value::Array(listed) = value else { return Err(Problem::unfit("file_ids", "it must be a list of file ids")) };
    let mut found = Vec::new();
    for (index, value) in listed.iter().enumerate() {
        let place = format!("file_ids.{index}");
        let unknown = || Problem::unfit(&place, format!("there is no file {value}"));
        if found.len() >= FILES_MAX {
            return Err(Problem::unfit("file_ids", format!("at most {FILES_MAX} files")));
        }
        let name = named(call, Kind::File, value)?.ok_or_else(unknown)?;
        match call.app.catalog.file(&call.tenant, &name, call.now) {
            Ok(_) => found.push(name),
            Err(catalog::Error::NotFound { .. }) => return Err(unknown()),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(found)
}

/// The conversation that an execution of the agent belongs to.
async fn session(call: &Call, root: &Value) -> Result<String, Problem> {
    let unknown = || Problem::unfit("root_id", format!("the agent has no conversation with a response {root}"));
    let name = named(call, Kind::Execution, root)?.ok_or_else(unknown)?;
    let execution: ExecutionId = name.parse().map_err(|_| unknown())?;
    let agent = call.parameter("agent")?;
    let engine: EngineHandle = call.app.engine.of(&call.tenant);
    match engine.snapshot(execution).await {
        Ok(snapshot) => {
            let summary = &snapshot.summary;
            let is_own = summary.flow == agent && summary.parent.is_none() && summary.purpose == Purpose::Production;
            snapshot.start.session.filter(|_| is_own).ok_or_else(unknown)
        }
        Err(engine::Error::NotFound { .. }) => Err(unknown()),
        Err(error) => Err(error.into()),
    }
}

/// The inputs: those of the older form, and every field that is not known.
fn inputs(answers: Option<Value>, rest: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let mut inputs = match answers {
        None => return Ok(rest),
        Some(Value::Object(answers)) => answers,
        Some(_) => return Err(Problem::unfit("answers", "it must be an object")),
    };
    for (name, value) in rest {
        if inputs.get(&name).is_some_and(|other| *other != value) {
            return Err(Problem::unfit(&name, "it stands in `answers` too, and says something else there"));
        }
        inputs.insert(name, value);
    }
    Ok(inputs)
}

/// A chat agent has to be told something, and what is no input of an agent is a mistake.
fn demands(parameters: &[Parameter], told: &Said, given: &Map<String, Value>) -> Result<(), Problem> {
    if is_chat(parameters) && told.message.is_none() {
        return Err(Problem::unfit(MESSAGES, REQUIRED));
    }
    let mut unknown = given.keys().filter(|name| !parameters.iter().any(|parameter| parameter.name == **name));
    match unknown.next() {
        Some(name) => Err(Problem::unfit(name, format!("the agent has no input `{name}`"))),
        None => Ok(()),
    }
}

/// Whether an agent is one to talk with.
#[must_use]
pub fn is_chat(parameters: &[Parameter]) -> bool {
    parameters.iter().any(|parameter| parameter.name == said::MESSAGE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::flow::vendor::parameters::from_schema;

    #[test]
    fn document_002_temperature_is_a_text_or_number_from_0_to_2() {
        for (given, read) in [(json!("0"), 0.0), (json!("1"), 1.0), (json!(" 0.25 "), 0.25), (json!(2), 2.0), (json!("2"), 2.0)] {
            assert_eq!(temperature(&given).map_err(|problem| problem.detail), Ok(read), "{given}");
        }
        for given in [json!("2.1"), json!("-0.1"), json!("warm"), json!(""), json!("NaN"), json!("inf"), json!(true), json!([1])] {
            assert_eq!(temperature(&given).unwrap_err().status, 422, "{given}");
        }
    }

    #[test]
    fn document_002_wait_execution_has_two_spellings_that_must_agree() {
        let of = |one: Option<bool>, other: Option<bool>| waiting([one.map(Value::from), other.map(Value::from)]);
        for (one, other, expected) in
            [(None, None, false), (Some(true), None, true), (None, Some(true), true), (Some(true), Some(true), true)]
        {
            assert_eq!(of(one, other).map_err(|problem| problem.detail), Ok(expected));
        }
        assert!(of(Some(true), Some(false)).is_err());
        assert!(waiting([Some(json!("true")), None]).is_err(), "a boolean");
    }

    #[test]
    fn inputs_come_from_both_forms_unless_they_contradict() {
        let fields = |value: Value| if let Value::Object(fields) = value { fields } else { Map::new() };
        let both = inputs(Some(json!({"a": 1, "b": 2})), fields(json!({"b": 2, "c": 3}))).unwrap();
        assert_eq!(Value::Object(both), json!({"a": 1, "b": 2, "c": 3}));
        assert!(inputs(Some(json!({"a": 1})), fields(json!({"a": 2}))).unwrap_err().errors.contains_key("a"));
        assert!(inputs(Some(json!([1])), Map::new()).unwrap_err().errors.contains_key("answers"));
    }

    #[test]
    fn a_chat_agent_has_to_be_told_something_and_no_agent_takes_what_it_does_not_know() {
        let chat = from_schema(&json!({"properties": {"message": {"type": "string"}}}));
        let told = Said { message: Some("Hi".to_owned()), ..Said::default() };
        let of = |parameters: &[Parameter], said: &Said, given: Value| {
            let Value::Object(given) = given else { panic!("an object") };
            demands(parameters, said, &given).map_err(|problem| problem.errors.into_keys().next().unwrap_or_default())
        };
        assert_eq!(of(&chat, &told, json!({})), Ok(()));
        assert_eq!(of(&chat, &Said::default(), json!({"message": "Hi"})), Err("messages".to_owned()));
        assert_eq!(of(&chat, &told, json!({"mesage": "Hi"})), Err("mesage".to_owned()));
        assert_eq!(of(&[], &Said::default(), json!({})), Ok(()));
    }
}
