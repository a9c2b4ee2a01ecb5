//! `GET /v1/models`: the agents that the key's tenant has, as models.

use schemars::JsonSchema;
use serde::Serialize;

use super::Dialect;
use super::model::Model;
use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::Route;
use crate::catalog::agents::AgentRow;
use crate::catalog::scopes::Scope;
use crate::catalog::{self, Catalog};
use crate::ids::{Tenant, TimeMs};

/// Models of the list, which has no pages; who has more agents asks for each by its name.
const MODELS_MAX: usize = 1_000;
/// Agents read at a time; those that are deleted or have nothing deployed are among them.
const CHUNK: usize = 500;

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
    let (catalog, tenant) = (call.app.catalog.clone(), call.tenant.clone());
    let usable = blocking(move || Ok(usable(&catalog, &tenant)?)).await?;
    let data = usable.into_iter().map(|row| object(&call, row.id, row.created_at)).collect();
    Answer::json(&ModelList { object: "list", data })
}

/// Agents that something of is deployed, the first of them.
fn usable(catalog: &Catalog, tenant: &Tenant) -> Result<Vec<AgentRow>, catalog::Error> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let rows = catalog.agents(tenant, after.as_deref(), CHUNK)?;
        let (is_last, last) = (rows.len() < CHUNK, rows.last().map(|row| row.id.clone()));
        found.extend(rows.into_iter().filter(|row| row.enabled && row.current_revision > 0 && row.deleted_at.is_none()));
        found.truncate(MODELS_MAX);
        if is_last || found.len() == MODELS_MAX {
            return Ok(found);
        }
        after = last;
    }
}

async fn get(call: Call) -> Result<Answer, Problem> {
    let model = Model::read(call.parameter("model")?, &call.app.catalog, &call.tenant)?;
    let created = model.stands(&call.app.catalog, &call.tenant)?;
    Answer::json(&object(&call, model.name.clone(), created))
}
