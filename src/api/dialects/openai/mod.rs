//! The OpenAI-compatible front door: `/v1/chat/completions`, `/v1/responses` and `/v1/models`, for clients that know no other wire. A
//! model is an agent, an answer is an execution. See docs/dialects/openai.md.

mod chunks;
mod completion;
pub mod completions;
mod conversation;
pub mod errors;
mod events;
mod fields;
mod model;
mod models;
mod response;
mod responses;
mod state;
mod turn;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Dialect;
use crate::api::route::Route;

/// Names the tenant, by its name or its number.
pub const TENANT: &str = "OpenAI-Organization";

/// What this server takes beside the wire, under `flowgate`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "OpenAiExtra")]
pub struct Extra {
    /// The agent's inputs beside the message.
    #[serde(default)]
    pub parameters: Option<Map<String, Value>>,
}

pub fn routes() -> Vec<Route> {
    let mut routes = completions::routes();
    routes.extend(responses::routes());
    routes.extend(models::routes());
    routes
}
