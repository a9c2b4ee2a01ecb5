//! `GET /v1/models`: the agents that the key's tenant has, as models.

use schemars::JsonSchema;
use serde::Serialize;

use super::Dialect;
use super::model::Model;
use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

/// Models of the list, which has no pages; who has more agents asks for each by its name.
const MODELS_MAX: usize = 1_000;

/// An agent as a model.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiModel")]
struct ModelObject {
    id: String,
    object: &'static str,
    /// Seconds since 1970.
    created: u64,
    /// The tenant.
    owned_by: String,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiModels")]
struct ModelList {
    object: &'static str,
    data: Vec<ModelObject>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/models", "openaiListModels", "Agents as models: those that production runs")
            .scope(Scope::AgentsRead)
            .dialect(Dialect::OpenAi)
            .answers::<ModelList>(200)
            .to(list),
        Route::get("/v1/models/{model}", "openaiGetModel", "One model: agent, agent@revision or agent@environment")
            .scope(Scope::AgentsRead)
            .dialect(Dialect::OpenAi)
            .answers::<ModelObject>(200)
            .to(get),
    ]
}

fn object(call: &Call, id: String, created: TimeMs) -> ModelObject {
    ModelObject { id, object: "model", created: created.0 / 1_000, owned_by: call.tenant.to_string() }
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let rows = call.app.catalog.agents(&call.tenant, None, MODELS_MAX)?;
    let usable = rows.into_iter().filter(|row| row.enabled && row.current_revision > 0 && row.deleted_at.is_none());
    let data = usable.map(|row| object(&call, row.id, row.created_at)).collect();
    Answer::json(&ModelList { object: "list", data })
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let model = Model::read(call.parameter("model")?, &call.app.catalog, &call.tenant)?;
    let created = model.stands(&call.app.catalog, &call.tenant)?;
    Answer::json(&object(&call, model.name.clone(), created))
}
