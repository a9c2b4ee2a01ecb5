//! `…/llmProviders`: the model providers that the operator opened, and the models of them that have a price.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::scopes::Scope;
use crate::machine::input::Price;

/// Tokens that a price is told for.
const TOKENS_PER_PRICE: u64 = 1_000_000;

#[derive(Debug, Serialize, JsonSchema)]
struct ProviderName {
    /// What stands before the slash in `provider/model`.
    id: String,
    name: String,
    description: String,
}

#[derive(Debug, Serialize, JsonSchema)]
struct ModelName {
    /// What stands behind the slash.
    id: String,
    name: String,
    description: String,
}

/// How the provider is opened. Keys and addresses are the operator's and are not shown.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ConfigMetadata {
    is_configured: bool,
    source: &'static str,
}

/// A model provider.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LlmProvider {
    provider: ProviderName,
    config_metadata: ConfigMetadata,
    /// Those with a known price; others can be used all the same, except under a budget.
    models: Vec<ModelName>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ProvidersQuery {
    #[serde(default)]
    page_token: Option<String>,
    #[serde(default)]
    page_size: Option<usize>,
}

/// A page of providers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct LlmProviders {
    items: Vec<LlmProvider>,
    next_page_token: Option<String>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants/{tenant}/llmProviders", "listLlmProviders", "The model providers that can be used")
            .scope(Scope::AgentsRead)
            .query::<ProvidersQuery>()
            .answers::<LlmProviders>(200)
            .to(list),
        Route::get("/v1/tenants/{tenant}/llmProviders/{provider}", "getLlmProvider", "A model provider and its models")
            .scope(Scope::AgentsRead)
            .answers::<LlmProvider>(200)
            .to(get),
    ]
}

fn shown((id, models): (&str, Vec<(&str, &Price)>)) -> LlmProvider {
    let models: Vec<ModelName> = models
        .into_iter()
        .map(|(name, price)| ModelName { id: name.to_owned(), name: name.to_owned(), description: price_text(price) })
        .collect();
    LlmProvider {
        provider: ProviderName { id: id.to_owned(), name: id.to_owned(), description: format!("{} models with a price", models.len()) },
        config_metadata: ConfigMetadata { is_configured: true, source: "environment" },
        models,
    }
}

fn price_text(price: &Price) -> String {
    let of = |per_token: crate::ids::NanoUsd| crate::ids::NanoUsd(per_token.0.saturating_mul(TOKENS_PER_PRICE)).usd();
    format!("{} USD in, {} USD out per million tokens", of(price.input), of(price.output))
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ProvidersQuery = call.query()?;
    let (size, after) = (page::size(query.page_size), page::read(query.page_token.as_deref())?);
    let rest = call.app.runner.providers().filter(|(name, _)| after.as_deref().is_none_or(|after| *name > after));
    let items: Vec<LlmProvider> = rest.take(size).map(shown).collect();
    let next_page_token = items.last().filter(|_| items.len() == size).map(|last| page::token(&last.provider.id));
    Answer::json(&LlmProviders { items, next_page_token })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let id = call.parameter("provider")?;
    let found = call.app.runner.providers().find(|(name, _)| *name == id);
    Answer::json(&shown(found.ok_or_else(|| Problem::not_found("llm provider", id))?))
}
