//! Performs one call and says what became of it. The runner keeps nothing about executions and never tries twice: retries, doubts and
//! budgets are decided by the machine from the outcome. All traffic goes through `outbound`.

pub mod failure;
pub mod gates;
pub mod llm;
pub mod notify;
pub mod outbound;
pub mod prices;
pub mod rehearsal;
pub mod secrets;
pub mod settings;
pub mod tool;
pub mod vault;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

pub use self::settings::{McpServer, Settings};

use self::failure::{Failure, Stage};
use self::gates::Gates;
use self::llm::Models;
use self::outbound::{Outbound, Wire};
use self::tool::mcp::McpServers;
use self::vault::{CallContext, CallSecrets};
use crate::flow::spec::EffectClass;
use crate::limits::{ERROR_DATA_BYTES_MAX, MESSAGE_BYTES_MAX, PAYLOAD_BYTES_MAX};
use crate::machine::call::{Answer, Call, CallError, Outcome, Request, ToolDefinition, Usage};
use crate::machine::input::Price;
use crate::machine::{clipped, size};

/// Why the runner cannot be made, or a server not be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Settings(#[from] settings::Error),
    #[error(transparent)]
    Outbound(#[from] outbound::Error),
    #[error(transparent)]
    Models(#[from] llm::Error),
    /// The server's tools cannot be listed; the code is one of docs/errors.md.
    #[error("{}", .0.message)]
    Tools(Box<CallError>),
}

/// The handle; cheap to clone. All clones share connections, MCP servers and bounds.
#[derive(Clone)]
pub struct Runner(Arc<Inner>);

struct Inner {
    settings: Settings,
    outbound: Outbound,
    models: Models,
    mcp: McpServers,
    gates: Gates,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Runner")
    }
}

impl Runner {
    /// Opens nothing yet: connections and MCP servers come with the first call that needs them.
    ///
    /// # Errors
    /// When the clients cannot be set up.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        let outbound = Outbound::new(settings.outbound.clone())?;
        Self::with_outbound(settings, outbound)
    }

    fn with_outbound(settings: Settings, outbound: Outbound) -> Result<Self, Error> {
        let models = Models::new(settings.providers.clone(), outbound.trusted().clone())?;
        let mcp = McpServers::new(settings.mcp.clone(), settings.secrets.clone(), outbound.trusted().clone());
        let gates = Gates::new(settings.bounds, settings.special_bounds.clone());
        Ok(Self(Arc::new(Inner { settings, outbound, models, mcp, gates })))
    }

    /// Performs the call. `context` says whose it is, and with that which secrets it may use. `name` is the attempt's (`path/step#visit.attempt`), for logs and messages. `cancel` is asked immediately before
    /// the first byte is sent, and afterwards closes the connection at once. `chunks` gets a model's text as it is generated.
    ///
    /// No secret's value is in the outcome, and no more than a record has room for. Dropping the future is like cancelling, without an outcome.
    pub async fn perform(
        &self,
        context: &CallContext,
        name: &str,
        call: &Call,
        cancel: CancellationToken,
        chunks: &mut (dyn FnMut(&str) + Send),
    ) -> Outcome {
        let settings = &self.0.settings;
        let secrets = CallSecrets::of(context, &settings.secrets, settings.vault.as_ref()).await;
        let wire = Wire::new(cancel);
        let limit = Duration::from_millis(call.timeout_ms);
        let outcome = tokio::select! {
            biased;
            () = wire.cancelled() => Failure::cancelled(wire.sent()),
            done = tokio::time::timeout(limit, self.attempt(&secrets, name, call, &wire, chunks)) => {
                done.unwrap_or_else(|_| timed_out(call, &wire).judged(effect(call)))
            }
        };
        bounded(without_secrets(&secrets, outcome), effect(call))
    }

    /// The value without any secret that the context's tenant or the operator has, for what is to leave the tenant.
    ///
    /// # Errors
    /// Why the tenant's secrets cannot be read: nobody could say then what is one.
    pub async fn redacted(&self, context: &CallContext, value: Value) -> Result<Value, String> {
        let settings = &self.0.settings;
        CallSecrets::of(context, &settings.secrets, settings.vault.as_ref()).await.cleared(value)
    }

    /// The tools of an MCP server, as it lists them now; what a start pins.
    ///
    /// # Errors
    /// `Tools`: the server is not configured, does not start, or does not answer.
    pub async fn tools(&self, server: &str) -> Result<Vec<ToolDefinition>, Error> {
        let listed = self.0.mcp.tools(server).await;
        listed.map_err(|mut failure| {
            failure.error.message = self.0.settings.secrets.redact(&failure.error.message);
            Error::Tools(failure.error)
        })
    }

    /// What a token of `provider/model` costs; none when no table says.
    #[must_use]
    pub fn price(&self, model: &str) -> Option<Price> {
        self.0.settings.prices.price(model)
    }

    /// The model that a caller's name for it stands for.
    #[must_use]
    pub fn model_named(&self, name: &str) -> Option<&str> {
        self.0.settings.model_aliases.get(name).map(String::as_str)
    }

    /// The names that callers may use.
    pub fn model_names(&self) -> impl Iterator<Item = &str> {
        self.0.settings.model_aliases.keys().map(String::as_str)
    }

    /// Whether a key or a base URL is set for the model's provider. Where it is not, a run is a rehearsal.
    #[must_use]
    pub fn can_reach(&self, model: &str) -> bool {
        self.0.settings.providers.of(model).is_some()
    }

    /// The model providers that can be reached, each with the models that have a price.
    pub fn providers(&self) -> impl Iterator<Item = (&str, Vec<(&str, &Price)>)> {
        let settings = &self.0.settings;
        settings.providers.names().map(|name| (name, settings.prices.models_of(name).collect()))
    }

    /// The MCP servers that the operator configured.
    pub fn mcp_servers(&self) -> impl Iterator<Item = &str> {
        self.0.settings.mcp.keys().map(String::as_str)
    }

    /// Ends the MCP servers that were started. Calls under way fail like cut ones.
    pub async fn shutdown(&self) {
        self.0.mcp.shutdown().await;
    }

    async fn attempt(&self, secrets: &CallSecrets, name: &str, call: &Call, wire: &Wire, chunks: &mut (dyn FnMut(&str) + Send)) -> Outcome {
        if let Some(script) = &call.script {
            let mut outcome = rehearsal::answer(name, call, script, chunks).await;
            self.charge(call, &mut outcome);
            return outcome;
        }
        match self.for_real(secrets, call, wire, chunks).await {
            Ok((answer, usage)) => {
                let mut outcome = Outcome::Done { answer, usage };
                self.charge(call, &mut outcome);
                outcome
            }
            Err(failure) => {
                tracing::debug!(call = name, code = failure.error.code, stage = ?failure.stage, "call failed");
                failure.judged(effect(call))
            }
        }
    }

    async fn for_real(
        &self,
        secrets: &CallSecrets,
        call: &Call,
        wire: &Wire,
        chunks: &mut (dyn FnMut(&str) + Send),
    ) -> Result<(Answer, Usage), Failure> {
        let inner = &self.0;
        match &call.request {
            Request::Llm(request) => {
                let provider = llm::provider::split(&request.model).map_or("", |(provider, _)| provider);
                let _pass = inner.gates.pass(&format!("model:{provider}"), llm::FILES).await;
                inner.models.perform(request, wire, &mut |chunk| chunks(&secrets.redact(chunk))).await
            }
            Request::Http(request) => {
                let _pass = inner.gates.pass(&tool::http::host(request), 1).await;
                let value = tool::http::perform(&inner.outbound, secrets, call, request, wire).await?;
                Ok((Answer::Value(value), Usage::default()))
            }
            Request::Mcp(request) => {
                let _pass = inner.gates.pass(&format!("mcp:{}", request.server), 1).await;
                Ok((Answer::Value(inner.mcp.perform(request, wire).await?), Usage::default()))
            }
            Request::Builtin { name, args } => Ok((Answer::Value(tool::builtin::run(name, args).await?), Usage::default())),
        }
    }

    /// Puts the price of a model call on its outcome.
    fn charge(&self, call: &Call, outcome: &mut Outcome) {
        if let (Request::Llm(request), Outcome::Done { usage, .. }) = (&call.request, outcome)
            && let Some(price) = self.price(&request.model)
        {
            usage.cost = prices::cost(&price, usage);
        }
    }
}

fn without_secrets(secrets: &CallSecrets, outcome: Outcome) -> Outcome {
    let outcome = with_error(outcome, |error| CallError {
        message: secrets.redact(&error.message),
        data: error.data.map(|data| secrets.redact_json(data)),
        ..error
    });
    match outcome {
        Outcome::Done { answer: Answer::Value(value), usage } => Outcome::Done { answer: Answer::Value(secrets.redact_json(value)), usage },
        Outcome::Done { answer: Answer::Model { text, mut calls }, usage } => {
            for tool_use in &mut calls {
                tool_use.args = secrets.redact_json(std::mem::take(&mut tool_use.args));
            }
            Outcome::Done { answer: Answer::Model { text: secrets.redact(&text), calls }, usage }
        }
        failed @ (Outcome::Retryable { .. } | Outcome::Permanent { .. } | Outcome::Unknown { .. }) => failed,
    }
}

fn with_error(outcome: Outcome, change: impl FnOnce(CallError) -> CallError) -> Outcome {
    match outcome {
        Outcome::Done { .. } => outcome,
        Outcome::Retryable { error, retry_after_ms } => Outcome::Retryable { error: change(error), retry_after_ms },
        Outcome::Permanent { error } => Outcome::Permanent { error: change(error) },
        Outcome::Unknown { error } => Outcome::Unknown { error: change(error) },
    }
}

/// Whatever came, what is recorded of it is bounded: a turn repeats it. A model's text has a bound of its own.
fn bounded(outcome: Outcome, effect: EffectClass) -> Outcome {
    if let Outcome::Done { answer: Answer::Value(value), .. } = &outcome {
        let bytes = size(value);
        if bytes > PAYLOAD_BYTES_MAX {
            let message = format!("the answer has {bytes} bytes; a step may give at most {PAYLOAD_BYTES_MAX}");
            return Failure::new(Stage::Unusable, "answer_too_large", message).judged(effect);
        }
    }
    with_error(outcome, |error| CallError {
        message: clipped(error.message, MESSAGE_BYTES_MAX),
        data: error.data.map(|data| failure::bounded(data, ERROR_DATA_BYTES_MAX)),
        ..error
    })
}

/// Asking a model changes nothing, whatever the flow says.
fn effect(call: &Call) -> EffectClass {
    if matches!(call.request, Request::Llm(_)) { EffectClass::Read } else { call.effect }
}

fn timed_out(call: &Call, wire: &Wire) -> Failure {
    let stage = if wire.sent() { Stage::Sent } else { Stage::NotSent };
    let message = format!("no answer within {} ms; raise the step's `timeout` if it needs longer", call.timeout_ms);
    Failure::new(stage, "timeout", message)
}
