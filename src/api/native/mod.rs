//! The native API: `/v1/tenants/{tenant}/…`, one file per resource. Shapes are those of the contract; both generations of the vendor's
//! clients are served.

mod keys;
mod tenants;
mod webhooks;

use super::route::Route;

/// Every operation of the native API.
pub fn routes() -> Vec<Route> {
    let mut routes = tenants::routes();
    routes.extend(keys::routes());
    routes.extend(webhooks::routes());
    routes
}
