//! The native API: `/v1/tenants/{tenant}/…`, one file per resource. Shapes are those of the contract; both generations of the vendor's
//! clients are served.

mod agents;
mod bodies;
mod deployments;
mod drafts;
mod environments;
mod execute;
mod keys;
mod networks;
mod records;
mod revisions;
mod storage;
mod tenants;
mod test_chats;
mod webhooks;

pub use execute::ParameterCache;

use super::route::Route;

/// Every operation of the native API.
pub fn routes() -> Vec<Route> {
    let resources = [
        tenants::routes,
        storage::routes,
        keys::routes,
        environments::routes,
        networks::routes,
        agents::routes,
        revisions::routes,
        drafts::routes,
        test_chats::routes,
        deployments::routes,
        execute::routes,
        records::routes,
        webhooks::routes,
    ];
    resources.into_iter().flat_map(|routes| routes()).collect()
}
