//! Chat agents: `/api/agents/…`, `/api/agent-responses/…`, `/api/files/…`, `/api/webhooks/…`. A response is an execution, a conversation
//! the session that its first execution gave its id to. See docs/dialects/chat.md.

mod agents;
pub mod errors;
mod execute;
mod files;
mod messages;
mod pages;
mod request;
mod stream;
mod view;
mod webhooks;

use super::Dialect;
use super::openai::completions;
use crate::api::route::Route;

/// Names the tenant by its number.
pub const WORKSPACE: &str = "x-workspace-id";

pub fn routes() -> Vec<Route> {
    let mut routes = execute::routes();
    routes.extend(agents::routes());
    routes.extend(files::routes());
    routes.extend(webhooks::routes());
    let mut routes: Vec<Route> = routes.into_iter().map(|route| route.dialect(Dialect::Chat)).collect();
    let complete =
        Route::post("/api/agents/{agent}/openai/chat/completions", "chatCreateCompletion", "Answer a conversation with an agent");
    routes.push(completions::takes(complete).dialect(Dialect::ChatCompletions).to(completions::of_agent));
    routes.into_iter().map(|route| route.headers(&[WORKSPACE])).collect()
}
