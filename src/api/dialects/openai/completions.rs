//! `POST /v1/chat/completions`: what a request says, and how it is answered.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::chunks;
use super::completion::{self, Completion, ID};
use super::conversation::{self, Asked, Turn};
use super::fields::{self, Content, Function, Refused, unsupported};
use super::model::{Model, Which};
use super::state::{self, Reader};
use super::turn::{self, Wanted};
use super::{Dialect, Extra};
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::native::execute::Patience;
use crate::api::problem::Problem;
use crate::api::route::{Content as Carries, Free, Route};
use crate::catalog::scopes::Scope;

/// Fields that the clients send and that change nothing here: the flow says how its models are called.
const WITHOUT_EFFECT: &[&str] = &[
    "frequency_penalty",
    "logit_bias",
    "parallel_tool_calls",
    "presence_penalty",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning_effort",
    "safety_identifier",
    "seed",
    "service_tier",
    "store",
    "top_p",
    "verbosity",
];
/// Fields that would have to change the answer, and do not.
const REFUSED: Refused = &[
    ("audio", &[]),
    ("function_call", &[]),
    ("functions", &[]),
    ("logprobs", &["false"]),
    ("modalities", &["[\"text\"]"]),
    ("n", &["1"]),
    ("prediction", &[]),
    ("response_format", &["{\"type\":\"text\"}"]),
    ("stop", &["[]"]),
    ("top_logprobs", &["0"]),
    ("web_search_options", &[]),
];

/// What to answer.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "OpenAiCompletionRequest")]
pub struct CompletionRequest {
    /// `agent`, `agent@revision` or `agent@environment`.
    #[serde(default)]
    pub model: Option<String>,
    /// The conversation so far; the last one is answered.
    pub messages: Vec<ChatMessage>,
    #[serde(default)]
    pub stream: Option<bool>,
    #[serde(default)]
    pub stream_options: Option<StreamOptions>,
    /// 0 to 2; reaches every model call of the agent.
    #[serde(default)]
    pub temperature: Option<f64>,
    /// At most so many tokens of each model's answer.
    #[serde(default)]
    pub max_completion_tokens: Option<u64>,
    /// The older name of it.
    #[serde(default)]
    pub max_tokens: Option<u64>,
    /// Functions of the caller, for agents that hand them to their models.
    #[serde(default)]
    pub tools: Option<Vec<Tool>>,
    /// `auto` or `none`.
    #[serde(default)]
    pub tool_choice: Option<Free>,
    /// The flow reads it as `context.metadata`.
    #[serde(default)]
    pub metadata: Option<BTreeMap<String, String>>,
    /// The flow reads it as `context.user`.
    #[serde(default)]
    pub user: Option<String>,
    #[serde(default)]
    pub flowgate: Option<Extra>,
    /// What else the wire knows: without effect, or refused by its name.
    #[serde(flatten)]
    pub rest: Map<String, Value>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpenAiStreamOptions")]
pub struct StreamOptions {
    /// A last chunk with the usage of the whole.
    #[serde(default)]
    pub include_usage: Option<bool>,
    /// Taken, without effect.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send it")]
    include_obfuscation: Option<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "OpenAiRole")]
pub enum Role {
    Developer,
    System,
    User,
    Assistant,
    Tool,
}

/// One message, as it was sent or answered.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpenAiChatMessage")]
#[expect(dead_code, reason = "answers are sent back as they are; not every field is read")]
pub struct ChatMessage {
    role: Role,
    #[serde(default)]
    content: Option<Content>,
    /// Of `tool`: which call it answers.
    #[serde(default)]
    tool_call_id: Option<String>,
    /// Of `assistant`: what it asked for.
    #[serde(default)]
    tool_calls: Option<Vec<Free>>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    refusal: Option<String>,
    #[serde(default)]
    annotations: Option<Free>,
    #[serde(default)]
    audio: Option<Free>,
    #[serde(default)]
    function_call: Option<Free>,
}

/// A tool of the caller.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "OpenAiChatTool")]
pub struct Tool {
    /// `function`; others are refused.
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    function: Option<Function>,
}

pub fn routes() -> Vec<Route> {
    let create = Route::post("/v1/chat/completions", "openaiCreateCompletion", "Answer a conversation with an agent");
    vec![
        takes(create).to(create_with_model),
        Route::get("/v1/chat/completions/{completion}", "openaiGetCompletion", "A completion as it stands now")
            .scope(Scope::ExecutionsRead)
            .dialect(Dialect::OpenAi)
            .answers::<Completion>(200)
            .to(get),
    ]
}

/// A route that takes a conversation on this wire.
pub fn takes(route: Route) -> Route {
    route
        .scope(Scope::ExecutionsRun)
        .dialect(Dialect::OpenAi)
        .takes::<CompletionRequest>()
        .answers::<Completion>(200)
        .answers_with(200, Carries::Events)
        .creates_execution()
}

async fn create_with_model(call: Call) -> Result<Answer, Problem> {
    let request: CompletionRequest = call.json()?;
    let name = request.model.as_deref().ok_or_else(|| Problem::invalid("model", "you must provide a model"))?;
    let model = Model::read(name, &call.app.catalog, &call.tenant)?;
    Box::pin(complete(call, request, model)).await
}

/// The same for the agent that the path names; `model` is not read.
///
/// # Errors
/// As `complete`.
pub async fn of_agent(call: Call) -> Result<Answer, Problem> {
    let request: CompletionRequest = call.json()?;
    let agent = call.parameter("agent")?.to_owned();
    Box::pin(complete(call, request, Model { name: agent.clone(), agent, which: Which::Deployed })).await
}

/// Answers a conversation, whole or as it comes.
///
/// # Errors
/// 400, 404, 409, 429 as docs/dialects/openai.md says.
async fn complete(mut call: Call, request: CompletionRequest, model: Model) -> Result<Answer, Problem> {
    let is_stream = request.stream.unwrap_or(false);
    if request.stream_options.is_some() && !is_stream {
        return Err(Problem::unfit("stream_options", "it belongs to `stream: true`"));
    }
    let includes_usage = request.stream_options.and_then(|options| options.include_usage).unwrap_or(false);
    let wanted = wanted(request, model)?;
    let execution = turn::begin(&mut call, wanted).await?;
    let reader = Reader::new(&call);
    if is_stream {
        return chunks::answer(&call, reader, execution, includes_usage).await;
    }
    let shown = turn::settled(&call, &reader, execution, Patience::Endless).await?;
    Answer::json(&completion::of(&shown)?)
}

fn wanted(request: CompletionRequest, model: Model) -> Result<Wanted, Problem> {
    fields::check_rest(&request.rest, WITHOUT_EFFECT, REFUSED)?;
    let context = fields::context(request.user.as_ref(), request.metadata.as_ref())?;
    let max_tokens = match (request.max_completion_tokens, request.max_tokens) {
        (Some(tokens), _) => fields::tokens("max_completion_tokens", Some(tokens))?,
        (None, tokens) => fields::tokens("max_tokens", tokens)?,
    };
    let temperature = fields::temperature(request.temperature)?;
    let tools = fields::tools(functions(request.tools.unwrap_or_default())?, request.tool_choice.as_ref())?;
    let turns = request.messages.into_iter().enumerate().map(|(index, message)| read(message, &format!("messages[{index}]")));
    let mut asked = conversation::read(turns.collect::<Result<_, _>>()?, "messages")?;
    if let Asked::Message(said) = &mut asked {
        let guidance = &mut said.guidance;
        (guidance.temperature, guidance.max_tokens, guidance.tools) = (temperature, max_tokens, tools);
    }
    let parameters = request.flowgate.and_then(|extra| extra.parameters);
    Ok(Wanted { model, asked, parameters, context, session: None })
}

fn functions(tools: Vec<Tool>) -> Result<Vec<(String, Function)>, Problem> {
    let read = |(index, tool): (usize, Tool)| match tool {
        Tool { kind, function: Some(function) } if kind == "function" => Ok((format!("tools[{index}].function"), function)),
        Tool { kind, .. } if kind == "function" => Err(Problem::invalid(&format!("tools[{index}].function"), "it is missing")),
        Tool { kind, .. } => {
            Err(unsupported(&format!("tools[{index}].type"), format!("a tool of type `{kind}` is not taken; `function` is")))
        }
    };
    tools.into_iter().enumerate().map(read).collect()
}

fn read(message: ChatMessage, field: &str) -> Result<Turn, Problem> {
    let at = format!("{field}.content");
    let text = message.content.as_ref().map(|content| content.text(&at)).transpose()?;
    let needed = |text: Option<String>| text.ok_or_else(|| Problem::invalid(&at, "it is missing"));
    Ok(match message.role {
        Role::Developer | Role::System => Turn::Instructions(needed(text)?),
        Role::User => Turn::User(needed(text)?),
        Role::Assistant => Turn::Assistant(text.unwrap_or_default()),
        Role::Tool => {
            let missing = || Problem::invalid(&format!("{field}.tool_call_id"), "it is missing");
            Turn::Answer { call_id: message.tool_call_id.ok_or_else(missing)?, text: needed(text)? }
        }
    })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let reader = Reader::new(&call);
    let snapshot = reader.find("completion", ID, call.parameter("completion")?).await?;
    Answer::json(&completion::of(&state::of(&reader, snapshot).await?)?)
}
