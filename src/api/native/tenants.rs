//! `/v1/tenants`: the walls of the installation. Only with the root key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Access, Route};
use crate::catalog::tenants::TenantRow;
use crate::ids::TimeMs;

/// A tenant.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Tenant {
    /// Its name in paths.
    id: String,
    /// Its integer id.
    number: u64,
    display_name: String,
    created_at: TimeMs,
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        let TenantRow { id, number, display_name, created_at } = row;
        Self { id, number, display_name, created_at }
    }
}

/// A new tenant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CreateTenant {
    /// Lower-case letters, digits, `-` and `_`, a letter first.
    #[schemars(regex(pattern = "^[a-z][a-z0-9_-]{0,62}$"))]
    id: String,
    #[serde(default)]
    display_name: Option<String>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants", "listTenants", "Every tenant").access(Access::Root).answers::<Vec<Tenant>>(200).to(list),
        Route::post("/v1/tenants", "createTenant", "A new tenant")
            .access(Access::Root)
            .takes::<CreateTenant>()
            .answers::<Tenant>(201)
            .creates()
            .to(create),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let tenants: Vec<Tenant> = call.app.catalog.tenants()?.into_iter().map(Tenant::from).collect();
    Answer::json(&tenants)
}

async fn create(call: Call) -> Result<Answer, Problem> {
    let wanted: CreateTenant = call.json()?;
    let row = call.app.catalog.create_tenant(&wanted.id, wanted.display_name.as_deref(), call.now).await?;
    Answer::json_as(201, &Tenant::from(row))
}
