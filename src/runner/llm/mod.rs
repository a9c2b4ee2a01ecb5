//! Models: one request, one answer, its text passed on while it is generated. The wires of the providers come from a library; this module
//! is the seam behind which it can be replaced, and nothing of it shows outside.

mod convert;
mod door;
pub mod provider;

use futures::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{ChatStreamEvent, StreamEnd};
use genai::resolver::{AuthData, Endpoint};
use genai::{Headers, ModelIden, ServiceTarget};
use serde_json::Value;

use self::door::Door;
use self::provider::{Provider, Providers};
use crate::clock;
use crate::limits::{MESSAGE_BYTES_MAX, MODEL_ANSWER_BYTES_MAX, PAYLOAD_BYTES_MAX};
use crate::machine::call::{Answer, LlmRequest, Usage};
use crate::runner::failure::{Failure, Stage};
use crate::runner::outbound::{TrustedClient, Wire, connection_failure};
use crate::runner::tool::http::retry_after_ms;

/// Files that one call has open: the connection to the provider, and both ends of the one to the door.
pub const FILES: u32 = 3;

/// Why models cannot be called at all.
#[derive(Debug, thiserror::Error)]
#[error("the model client cannot be set up: {0}")]
pub struct Error(String);

/// The usable models.
pub struct Models {
    providers: Providers,
    /// Reaches the providers.
    outward: TrustedClient,
    /// Speaks their wires, to the door.
    client: genai::Client,
}

impl Models {
    /// # Errors
    /// When the library refuses its client.
    pub fn new(providers: Providers, client: TrustedClient) -> Result<Self, Error> {
        let outward = client.clone();
        let client = genai::Client::builder().with_reqwest(client).build().map_err(|error| Error(error.to_string()))?;
        Ok(Self { providers, outward, client })
    }

    /// Asks the model and reads its whole answer.
    ///
    /// # Errors
    /// Everything but a complete answer.
    pub async fn perform(
        &self,
        request: &LlmRequest,
        wire: &Wire,
        chunks: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(Answer, Usage), Failure> {
        let Some((provider, model)) = self.providers.of(&request.model) else {
            let message = format!("the model `{}` cannot be reached: {}", request.model, provider::how_to_open(&request.model));
            return Err(Failure::new(Stage::Refused, "model_unreachable", message));
        };
        let door = Door::open().await?;
        let base = door.base();
        let mut passing = std::pin::pin!(door.pass(&self.outward, provider, wire));
        let mut asking = std::pin::pin!(self.ask(request, target(provider, model, &base), chunks));
        // Whether there is more to come through the door, and else why it closed.
        let (mut is_open, mut why) = (true, None);
        loop {
            tokio::select! {
                biased;
                passed = &mut passing, if is_open => {
                    // No end yet: what the library has by now may be the whole answer, and only the end of the connection a bad one.
                    (is_open, why) = (false, passed.err());
                }
                answered = &mut asking => return answered.map_err(|failure| {
                    // The door knows why an answer broke off, the library only that it did.
                    let Some(mut known) = why.take() else { return failure };
                    known.error.message = format!("{}: {}", request.model, known.error.message);
                    known
                }),
            }
        }
    }

    /// Sends the request to the door and reads what comes of it.
    async fn ask(
        &self,
        request: &LlmRequest,
        target: ServiceTarget,
        chunks: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(Answer, Usage), Failure> {
        let (chat, options) = (convert::chat(request), convert::options(request));
        let streaming = self.client.exec_chat_stream(target, chat, Some(&options)).await;
        let mut stream = streaming.map_err(|error| failed(&request.model, &error))?.stream;
        let mut bytes = 0;
        while let Some(event) = stream.next().await {
            match event.map_err(|error| failed(&request.model, &error))? {
                ChatStreamEvent::Chunk(chunk) => {
                    bytes += chunk.content.len();
                    chunks(&chunk.content);
                }
                ChatStreamEvent::ReasoningChunk(chunk) | ChatStreamEvent::ThoughtSignatureChunk(chunk) => bytes += chunk.content.len(),
                ChatStreamEvent::End(end) => return answer(&request.model, end),
                // With all of its arguments so far, copied anew for each piece: far less of them is taken than of text.
                ChatStreamEvent::ToolCallChunk(chunk) => {
                    let arguments = &chunk.tool_call.fn_arguments;
                    too_large(&request.model, arguments.as_str().map_or(0, str::len), PAYLOAD_BYTES_MAX)?;
                }
                ChatStreamEvent::Start | ChatStreamEvent::Heartbeat => {}
            }
            too_large(&request.model, bytes, MODEL_ANSWER_BYTES_MAX)?;
        }
        let message = format!("the answer of {} broke off before its end", request.model);
        Err(Failure::new(Stage::Sent, "connection_cut", message))
    }
}

fn too_large(model: &str, bytes: usize, bytes_max: usize) -> Result<(), Failure> {
    if bytes <= bytes_max {
        return Ok(());
    }
    Err(Failure::new(Stage::Unusable, "answer_too_large", format!("the answer of {model} exceeds {bytes_max} bytes; set max_tokens")))
}

/// What the library is told of the provider: everything but where it is.
fn target(provider: &Provider, model: &str, base: &str) -> ServiceTarget {
    let adapter = match provider.wire {
        provider::Wire::ChatCompletions => AdapterKind::OpenAI,
        provider::Wire::Anthropic => AdapterKind::Anthropic,
        provider::Wire::Gemini => AdapterKind::Gemini,
        provider::Wire::Ollama => AdapterKind::Ollama,
    };
    let auth = match (&provider.key, provider.wire) {
        (Some(key), _) => AuthData::from_single(key.reveal()),
        // The wire wants a bearer token; a server without one is called without the header.
        (None, provider::Wire::ChatCompletions) => {
            AuthData::RequestOverride { url: format!("{base}chat/completions"), headers: Headers::default() }
        }
        (None, _) => AuthData::from_single(""),
    };
    ServiceTarget { endpoint: Endpoint::from_owned(base), auth, model: ModelIden::new(adapter, model) }
}

fn answer(model: &str, end: StreamEnd) -> Result<(Answer, Usage), Failure> {
    let usage = convert::usage(end.captured_usage.as_ref());
    let content = end.captured_content.unwrap_or_default();
    let text = content.texts().concat();
    let calls = convert::calls(content.into_tool_calls());
    if text.is_empty() && calls.is_empty() {
        let why = end.captured_stop_reason.map_or_else(|| "no reason".to_owned(), |reason| format!("stop reason {}", reason.raw()));
        let message = format!("{model} answered with neither text nor tool calls ({why}); a higher max_tokens may help");
        return Err(Failure::new(Stage::Unusable, "answer_empty", message));
    }
    Ok((Answer::Model { text, calls }, usage))
}

/// What an error of the library means.
fn failed(model: &str, error: &genai::Error) -> Failure {
    let inner = match error {
        genai::Error::WebStream { error, .. } => error.downcast_ref::<genai::Error>(),
        _ => None,
    };
    let answered = inner.unwrap_or(error);
    if let Some(status) = answered.status() {
        return refused(model, status.as_u16(), answered);
    }
    match error {
        genai::Error::WebStream { error, .. } if error.is::<std::string::FromUtf8Error>() => not_its_wire(model, "it is no text"),
        genai::Error::WebStream { error, .. } => cut(model, error.as_ref()),
        genai::Error::WebModelCall { webc_error: genai::webc::Error::Reqwest(error), .. } => cut(model, error),
        // An error event inside the stream: overloaded, most often.
        genai::Error::ChatResponse { body, .. } => {
            let mut failure = Failure::new(Stage::Sent, "model_error", format!("{model} broke off with an error"));
            failure.error.data = Some(body.clone());
            failure
        }
        genai::Error::StreamParse { .. } => not_its_wire(model, &error.to_string()),
        _ => Failure::new(Stage::Refused, "model_request_invalid", format!("{model} cannot be asked this: {}", brief(&error.to_string()))),
    }
}

fn not_its_wire(model: &str, why: &str) -> Failure {
    Failure::new(Stage::Sent, "model_answer_invalid", format!("{model} sent something that is not its wire: {}", brief(why)))
}

/// The library lost the door, or cannot read what came through it.
fn cut(model: &str, error: &(dyn std::error::Error + 'static)) -> Failure {
    let mut failure = connection_failure(error, true);
    failure.error.message = format!("{model}: {}", failure.error.message);
    failure
}

fn refused(model: &str, status: u16, error: &genai::Error) -> Failure {
    let body = match error {
        genai::Error::HttpError { body, .. }
        | genai::Error::WebModelCall { webc_error: genai::webc::Error::ResponseFailedStatus { body, .. }, .. } => body.as_str(),
        _ => "",
    };
    let data: Option<Value> = serde_json::from_str(body).ok();
    let said =
        data.as_ref().and_then(|data| data.pointer("/error/message").or_else(|| data.pointer("/error")).or_else(|| data.get("message")));
    let said = said.and_then(Value::as_str).unwrap_or(body);
    let message = if said.is_empty() {
        format!("{model} answered with status {status}")
    } else {
        format!("{model} answered with status {status}: {}", brief(said))
    };
    let mut failure = Failure::new(Stage::Answered(status), &format!("http_{status}"), message);
    failure.error.status = Some(status);
    failure.error.data = data.filter(|_| body.len() <= MESSAGE_BYTES_MAX);
    failure.retry_after_ms = error.headers().and_then(|headers| {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let exact = header("retry-after-ms").and_then(|ms| ms.trim().parse().ok());
        exact.or_else(|| retry_after_ms(header("retry-after")?, clock::system()))
    });
    failure
}

fn brief(text: &str) -> String {
    const BRIEF_CHARS: usize = 400;
    text.chars().take(BRIEF_CHARS).collect()
}
