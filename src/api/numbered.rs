//! Integer ids in paths: what a number stands for takes its place, so that handlers see one kind of id. A number that stands for nothing
//! here stays as it is, and the handler answers that nothing is called so.

use super::caller::Caller;
use super::dispatch::Named;
use super::problem::Problem;
use crate::catalog::Catalog;
use crate::catalog::numbers::Kind;
use crate::ids::Tenant;

/// Names in paths that may be numbers.
const KINDS: [(&str, Kind); 5] =
    [("agent", Kind::Agent), ("execution", Kind::Execution), ("file", Kind::File), ("webhook", Kind::Webhook), ("dataset", Kind::Dataset)];

/// A text of digits; no name is written so.
#[must_use]
pub fn number(text: &str) -> Option<u64> {
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

/// The tenant's name for its number. The number of a tenant that is not the caller's stays, so that its name is not told.
///
/// # Errors
/// When the catalog cannot be read.
pub fn tenant(catalog: &Catalog, caller: &Caller, named: &mut Named) -> Result<(), Problem> {
    let Some(text) = named.get_mut("tenant") else { return Ok(()) };
    let Some(number) = number(text) else { return Ok(()) };
    if let Some(found) = catalog.numbered_tenant(number)?.filter(|found| caller.key.is_root || *found == caller.key.tenant) {
        *text = found.to_string();
    }
    Ok(())
}

/// The names of everything else, in `tenant`.
///
/// # Errors
/// When the catalog cannot be read.
pub fn others(catalog: &Catalog, tenant: &Tenant, named: &mut Named) -> Result<(), Problem> {
    for (name, kind) in KINDS {
        let Some(text) = named.get_mut(name) else { continue };
        let Some(number) = number(text) else { continue };
        if let Some(found) = catalog.named(kind, tenant, number)? {
            // A webhook is numbered by its whole key; paths name it by the end of that.
            found.rsplit('/').next().unwrap_or_default().clone_into(text);
        }
    }
    Ok(())
}
