//! `…/networks`: the vendor's word for what groups agents. There is one, and nothing can be done with it; its clients ask for it before
//! they create agents and triggers.

use schemars::JsonSchema;
use serde::Serialize;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Access, Route};

/// The one network.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Network {
    id: &'static str,
    display_name: &'static str,
    is_default: bool,
}

/// Every network.
#[derive(Debug, Serialize, JsonSchema)]
struct Networks {
    items: Vec<Network>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants/{tenant}/networks", "listNetworks", "The one network; a word of the vendor's clients")
            .access(Access::Key)
            .answers::<Networks>(200)
            .to(list),
    ]
}

async fn list(_: Call) -> Result<Answer, Problem> {
    Answer::json(&Networks { items: vec![Network { id: "default", display_name: "Default", is_default: true }] })
}
