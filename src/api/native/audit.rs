//! `…/auditEvents`: who did what in a tenant, newest first; `/v1/auditEvents`: what concerns the installation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::answer::Answer;
use crate::api::blocking::blocking;
use crate::api::call::Call;
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Access, Route};
use crate::catalog::Catalog;
use crate::catalog::audit::{AuditFilter, AuditLine};
use crate::catalog::scopes::Scope;
use crate::ids::{Tenant, TimeMs};

#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct AuditEventsQuery {
    /// The user who did it.
    #[serde(default)]
    actor: Option<String>,
    /// `key.minted`; with a `*` at the end, every action that begins like this.
    #[serde(default)]
    action: Option<String>,
    /// `key:ID`, `agent:SLUG`, `secret:NAME`, …
    #[serde(default)]
    target: Option<String>,
    /// At or after, in epoch milliseconds.
    #[serde(default)]
    from: Option<u64>,
    /// Before.
    #[serde(default)]
    to: Option<u64>,
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// One line of the audit.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TenantAuditEvent {
    created_at: TimeMs,
    actor: String,
    /// The key that was used.
    key_id: Option<String>,
    action: String,
    target: String,
    detail: Option<String>,
}

impl From<AuditLine> for TenantAuditEvent {
    fn from(line: AuditLine) -> Self {
        Self { created_at: line.at, actor: line.actor, key_id: line.key_id, action: line.action, target: line.target, detail: line.detail }
    }
}

/// A page of the audit. Where a filter fits little, a page may hold fewer lines than asked for and still have a next one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct TenantAuditEvents {
    items: Vec<TenantAuditEvent>,
    next_page_token: Option<String>,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/v1/tenants/{tenant}/auditEvents", "listAuditEvents", "Who did what in this tenant, newest first")
            .scope(Scope::Admin)
            .query::<AuditEventsQuery>()
            .answers::<TenantAuditEvents>(200)
            .to(|call| async {
                let tenant = call.tenant.clone();
                list(call, tenant).await
            }),
        Route::get("/v1/auditEvents", "listInstallationAuditEvents", "What was done to the installation, newest first")
            .access(Access::Root)
            .query::<AuditEventsQuery>()
            .answers::<TenantAuditEvents>(200)
            .to(|call| async { list(call, Catalog::system()).await }),
    ]
}

async fn list(call: Call, tenant: Tenant) -> Result<Answer, Problem> {
    let query: AuditEventsQuery = call.query()?;
    let size = page::size(query.page_size);
    let after = page::read(query.page_token.as_deref())?;
    let catalog = call.app.catalog.clone();
    let filter = AuditFilter {
        actor: query.actor,
        action: query.action,
        target: query.target,
        from: query.from.map(TimeMs),
        to: query.to.map(TimeMs),
    };
    let found = blocking(move || Ok(catalog.audit_matching(&tenant, &filter, after.as_deref(), size)?)).await?;
    let items = found.lines.into_iter().map(TenantAuditEvent::from).collect();
    Answer::json(&TenantAuditEvents { items, next_page_token: found.next.as_deref().map(page::token) })
}
