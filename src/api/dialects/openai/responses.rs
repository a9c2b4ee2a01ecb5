//! `/v1/responses`: what a request says, how it is answered, and reading, going on with and cancelling responses.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::conversation::{self, Asked, Turn};
use super::fields::{self, Content, Function, Refused, unsupported, wrong};
use super::model::Model;
use super::response::{self, ID, PREVIOUS, ResponseObject};
use super::state::{self, Outcome, Reader};
use super::turn::{self, Wanted};
use super::{Dialect, Extra, events};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::native::execute::said::{EARLIER_BYTES_MAX, EARLIER_MAX};
use crate::api::native::execute::{self, Patience, recent, response_text, told};
use crate::api::problem::Problem;
use crate::api::route::{Content as Carries, Free, Route};
use crate::catalog::scopes::Scope;
use crate::engine::{Error, Snapshot};
use crate::machine::Refusal;
use crate::machine::call::Message;

/// Fields that the clients send and that change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "include",
    "parallel_tool_calls",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "stream_options",
    "top_p",
    "truncation",
];
/// Fields that would have to change what happens, and do not.
const REFUSED: Refused = &[
    ("conversation", &[]),
    ("max_tool_calls", &[]),
    ("prompt", &[]),
    ("store", &["true"]),
    ("text", &["{}", "{\"format\":{\"type\":\"text\"}}"]),
    ("top_logprobs", &["0"]),
];
/// How long a cancelled execution may take to say that it has ended; afterwards it is shown as it stands.
const CANCEL_SECONDS: u64 = 10;

/// What to answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "OpenAiResponseRequest")]
struct ResponseRequest {
    /// `agent`, `agent@revision` or `agent@environment`.
    #[serde(default)]
    model: Option<String>,
    #[serde(default)]
    input: Option<Input>,
    /// Joins the instructions of every model of the agent.
    #[serde(default)]
    instructions: Option<String>,
    /// What was said up to this response comes before the input.
    #[serde(default)]
    previous_response_id: Option<String>,
    #[serde(default)]
    stream: Option<bool>,
    /// Answer at once; read it under its id.
    #[serde(default)]
    background: Option<bool>,
    #[serde(default)]
    temperature: Option<f64>,
    /// At most so many tokens of each model's answer.
    #[serde(default)]
    max_output_tokens: Option<u64>,
    /// Functions of the caller, for agents that hand them to their models.
    #[serde(default)]
    tools: Option<Vec<Tool>>,
    /// `auto` or `none`.
    #[serde(default)]
    tool_choice: Option<Free>,
    /// The flow reads it as `context.metadata`.
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
    /// The flow reads it as `context.user`.
    #[serde(default)]
    user: Option<String>,
    #[serde(default)]
    flowgate: Option<Extra>,
    /// What else the wire knows: without effect, or refused by its name.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// A text, or items.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "OpenAiInput")]
enum Input {
    Text(String),
    Items(Vec<InputItem>),
}

/// One item, as it was sent or answered.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "OpenAiInputItem")]
struct InputItem {
    /// `message` (also where it is absent), `function_call`, `function_call_output`, `reasoning`.
    #[serde(rename = "type", default)]
    kind: Option<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    content: Option<Content>,
    /// Of a `function_call_output`.
    #[serde(default)]
    call_id: Option<String>,
    #[serde(default)]
    output: Option<Content>,
}

/// A tool of the caller.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "OpenAiResponseTool")]
struct Tool {
    /// `function`; others are refused.
    #[serde(rename = "type")]
    kind: String,
    /// As a function: `name`, `description`, `parameters`, `strict`.
    #[serde(flatten)]
    function: Map<String, Value>,
}

pub fn routes() -> Vec<Route> {
    let reads = |route: Route| route.scope(Scope::ExecutionsRead).dialect(Dialect::OpenAi).answers::<ResponseObject>(200);
    vec![
        Route::post("/v1/responses", "openaiCreateResponse", "Answer an input with an agent")
            .scope(Scope::ExecutionsRun)
            .dialect(Dialect::OpenAi)
            .takes::<ResponseRequest>()
            .answers::<ResponseObject>(200)
            .answers_with(200, Carries::Events)
            .creates_execution()
            .to(create),
        reads(Route::get("/v1/responses/{response}", "openaiGetResponse", "A response as it stands now")).to(get),
        reads(Route::post("/v1/responses/{response}/cancel", "openaiCancelResponse", "Cancel a response that is in progress"))
            .scope(Scope::ExecutionsCancel)
            .settles()
            .to(cancel),
    ]
}

async fn create(mut call: Call) -> Result<Answer, Problem> {
    let request: ResponseRequest = call.json()?;
    let (is_stream, is_background) = (request.stream.unwrap_or(false), request.background.unwrap_or(false));
    if is_stream && is_background {
        return Err(unsupported("background", "a response in the background is not streamed; read it under its id".to_owned()));
    }
    let reader = Reader::new(&call);
    // A repetition finds its execution, whatever became of what the first attempt read.
    let execution = match execute::begun(&call).await? {
        Some(started) => started.execution,
        None => {
            let wanted = wanted(&call, &reader, request).await?;
            Box::pin(turn::begin(&mut call, wanted)).await?
        }
    };
    if is_stream {
        return events::answer(&call, reader, execution).await;
    }
    let patience = if is_background { Patience::None } else { Patience::Endless };
    let shown = turn::settled(&call, &reader, execution, patience).await?;
    Answer::json(&response::of(&shown))
}

async fn wanted(call: &Call, reader: &Reader, request: ResponseRequest) -> Result<Wanted, Problem> {
    fields::check_rest(&request.rest, WITHOUT_EFFECT, REFUSED)?;
    let name = request.model.as_deref().ok_or_else(|| Problem::invalid("model", "you must provide a model"))?;
    let model = Model::read(name, &call.app.catalog, &call.tenant)?;
    let mut context = fields::context(request.user.as_ref(), request.metadata.as_ref())?;
    let (temperature, max_tokens) =
        (fields::temperature(request.temperature)?, fields::tokens("max_output_tokens", request.max_output_tokens)?);
    let tools = fields::tools(functions(request.tools.unwrap_or_default())?, request.tool_choice.as_ref())?;
    let turns = turns(request.input.ok_or_else(|| Problem::invalid("input", "it is missing"))?)?;
    let mut asked = conversation::read(turns, "input")?;
    let mut session = None;
    if let Asked::Message(said) = &mut asked {
        let guidance = &mut said.guidance;
        (guidance.temperature, guidance.max_tokens, guidance.tools) = (temperature, max_tokens, tools);
        if let Some(instructions) = request.instructions {
            let joined = guidance.system.take().map(|more| format!("{instructions}\n\n{more}"));
            guidance.system = Some(joined.unwrap_or(instructions));
        }
        if request.background == Some(true) {
            context.insert("background".to_owned(), json!(true));
        }
        if let Some(id) = request.previous_response_id {
            let previous = previous(reader, &id, &model).await?;
            let settings = &call.app.catalog.agent(&call.tenant, &model.agent)?.value.settings;
            // Within what a start takes, with room for what this request brings along.
            let turns = (settings.session_turns_max as usize).min(EARLIER_MAX / 4);
            let characters = (settings.session_characters_max as usize).min(EARLIER_BYTES_MAX / 8);
            let mut earlier = recent(before(call, &previous), turns, characters);
            earlier.append(&mut said.earlier);
            said.earlier = earlier;
            session = previous.start.session;
            context.insert(PREVIOUS.to_owned(), json!(id));
        }
        // The chain of responses is the conversation, also where another branch of it has gone on in the same session.
        said.is_whole = true;
    }
    let parameters = request.flowgate.and_then(|extra| extra.parameters);
    Ok(Wanted { model, asked, parameters, context, session })
}

/// The response that this one follows.
async fn previous(reader: &Reader, id: &str, model: &Model) -> Result<Snapshot, Problem> {
    let unknown = |problem: Problem| match problem.status {
        404 => wrong("previous_response_not_found", PREVIOUS, format!("Previous response with id `{id}` not found.")),
        _ => problem,
    };
    let snapshot = reader.find("response", ID, id).await.map_err(unknown)?;
    if snapshot.summary.flow != model.agent {
        return Err(wrong("wrong_model", "model", format!("`{id}` is a response of `{}`", snapshot.summary.flow)));
    }
    if snapshot.ended.is_none() {
        let detail = format!("`{id}` has not ended: answer its tool calls, have it decided, or cancel it");
        return Err(wrong("previous_response_open", PREVIOUS, detail));
    }
    Ok(snapshot)
}

/// What was said up to a response, it included.
fn before(call: &Call, previous: &Snapshot) -> Vec<Message> {
    let answered = previous.ended.as_ref().map(|ended| response_text(&ended.output)).unwrap_or_default();
    let mut said = previous.start.history.clone();
    said.push(Message::User { text: told(call, &previous.start) });
    if !answered.is_empty() {
        said.push(Message::Assistant { text: answered, calls: Vec::new() });
    }
    said
}

fn functions(tools: Vec<Tool>) -> Result<Vec<(String, Function)>, Problem> {
    let read = |(index, tool): (usize, Tool)| {
        let field = format!("tools[{index}]");
        if tool.kind != "function" {
            return Err(unsupported(&format!("{field}.type"), format!("a tool of type `{}` is not taken; `function` is", tool.kind)));
        }
        let function = serde_json::from_value(Value::Object(tool.function)).map_err(|error| Problem::invalid(&field, error.to_string()))?;
        Ok((field, function))
    };
    tools.into_iter().enumerate().map(read).collect()
}

fn turns(input: Input) -> Result<Vec<Turn>, Problem> {
    match input {
        Input::Text(text) => Ok(vec![Turn::User(text)]),
        Input::Items(items) => items.into_iter().enumerate().map(|(index, item)| turn(item, &format!("input[{index}]"))).collect(),
    }
}

fn turn(item: InputItem, field: &str) -> Result<Turn, Problem> {
    let text = |content: Option<&Content>, name: &str| {
        let at = format!("{field}.{name}");
        content.ok_or_else(|| Problem::invalid(&at, "it is missing"))?.text(&at)
    };
    match item.kind.as_deref().unwrap_or("message") {
        "message" => match item.role.as_deref() {
            Some("system" | "developer") => Ok(Turn::Instructions(text(item.content.as_ref(), "content")?)),
            Some("user") => Ok(Turn::User(text(item.content.as_ref(), "content")?)),
            Some("assistant") => Ok(Turn::Assistant(text(item.content.as_ref(), "content")?)),
            _ => Err(Problem::invalid(&format!("{field}.role"), "one of system, developer, user, assistant")),
        },
        "function_call_output" => {
            let call_id = item.call_id.ok_or_else(|| Problem::invalid(&format!("{field}.call_id"), "it is missing"))?;
            Ok(Turn::Answer { call_id, text: text(item.output.as_ref(), "output")? })
        }
        "function_call" | "reasoning" => Ok(Turn::Past),
        other => Err(unsupported(&format!("{field}.type"), format!("an item of type `{other}` is not taken"))),
    }
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let reader = Reader::new(&call);
    let snapshot = reader.find("response", ID, call.parameter("response")?).await?;
    Answer::json(&response::of(&state::of(&reader, snapshot).await?))
}

async fn cancel(call: Call) -> Result<Answer, Problem> {
    let reader = Reader::new(&call);
    let snapshot = reader.find("response", ID, call.parameter("response")?).await?;
    match reader.engine.cancel(snapshot.id, "cancelled over the API", call.person()?).await {
        Ok(()) => {}
        Err(Error::Refused(Refusal::Ended)) => {
            let shown = state::of(&reader, snapshot).await?;
            // Twice is as good as once.
            if shown.outcome == Outcome::Cancelled {
                return Answer::json(&response::of(&shown));
            }
            return Err(Problem::conflict("ended", format!("response {} has ended already", shown.id(ID))));
        }
        Err(error) => return Err(error.into()),
    }
    let shown = turn::settled(&call, &reader, snapshot.id, Patience::Seconds(CANCEL_SECONDS)).await?;
    Answer::json(&response::of(&shown))
}
