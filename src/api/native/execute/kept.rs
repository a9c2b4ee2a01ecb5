//! What is kept because of a start, before it: the files that are sent along, and the webhook of this one execution. Durable first, so that
//! an execution never lacks them; taken back where the start is refused.

use zeroize::Zeroizing;

use crate::api::attachments::{self, AttachmentRequest, Resolved};
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::catalog::audit::Actor;
use crate::catalog::files::{AttachmentLimits, FileRow};
use crate::catalog::webhooks::{Happening, NewWebhook, WebhookRow};
use crate::catalog::{self, Stored};
use crate::ids::ExecutionId;

/// The URL to call.
pub const WEBHOOK: &str = "X-Flowgate-Webhook";
/// What it is called about, separated by commas; absent: everything.
pub const WEBHOOK_EVENTS: &str = "X-Flowgate-Webhook-Events";

/// What one start has left so far.
pub struct Kept {
    pub files: Resolved,
    webhook: Option<(Stored<WebhookRow>, Zeroizing<String>)>,
    execution: ExecutionId,
    actor: Actor,
}

/// Keeps what `execution`, which is about to start, needs: the attachments of the request, and the agent's own files.
///
/// # Errors
/// As `attachments::resolve`; 400 for a webhook that cannot be called. Nothing is left behind then.
pub async fn keep(
    call: &Call,
    limits: &AttachmentLimits,
    wanted: (&[AttachmentRequest], Vec<FileRow>),
    execution: ExecutionId,
    actor: Actor,
) -> Result<Kept, Problem> {
    let catalog = &call.app.catalog;
    let webhook = match webhook(call)? {
        Some(new) => Some(call.app.vault.hook_execution(&call.tenant, execution, new, &actor).await.map_err(of_header)?),
        None => None,
    };
    match attachments::resolve(catalog, &call.tenant, limits, wanted, execution, &actor).await {
        Ok(files) => Ok(Kept { files, webhook, execution, actor }),
        Err(problem) => {
            unhook(call, execution, webhook.as_ref().map(|(stored, _)| stored)).await;
            Err(problem)
        }
    }
}

impl Kept {
    /// What calls to the webhook are signed with.
    #[must_use]
    pub fn secret(&self) -> Option<String> {
        self.webhook.as_ref().map(|(_, secret)| secret.to_string())
    }

    /// The start was refused.
    pub async fn discard(&self, call: &Call) {
        self.files.discard(&call.app.catalog, &call.tenant, &self.actor).await;
        // Another attempt under the same key may have started it, and then the webhook is its.
        let is_there = call.app.catalog.store().summary(&call.tenant, self.execution).map_or(true, |summary| summary.is_some());
        if !is_there {
            unhook(call, self.execution, self.webhook.as_ref().map(|(stored, _)| stored)).await;
        }
    }
}

async fn unhook(call: &Call, execution: ExecutionId, webhook: Option<&Stored<WebhookRow>>) {
    let Some(stored) = webhook else { return };
    match call.app.catalog.unhook_refused(&call.tenant, stored).await {
        // Another attempt counts on it.
        Ok(()) | Err(catalog::Error::Stale) => {}
        Err(error) => tracing::warn!(%error, %execution, "the webhook of a refused start stays"),
    }
}

fn webhook(call: &Call) -> Result<Option<NewWebhook>, Problem> {
    let names = call.header(WEBHOOK_EVENTS).unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    let events = names.map(|name| {
        let known = Happening::ALL.into_iter().find(|known| known.name() == name);
        known.ok_or_else(|| {
            let all = Happening::ALL.map(Happening::name).join(", ");
            Problem::invalid(WEBHOOK_EVENTS, format!("`{name}` is none of {all}"))
        })
    });
    let events = events.collect::<Result<Vec<_>, _>>()?;
    match call.header(WEBHOOK) {
        Some(url) => Ok(Some(NewWebhook { url: url.trim().to_owned(), events, ..NewWebhook::default() })),
        None if call.headers.contains_key(WEBHOOK) => Err(Problem::invalid(WEBHOOK, "it is no text")),
        None if call.headers.contains_key(WEBHOOK_EVENTS) => Err(Problem::invalid(WEBHOOK, "the URL is missing")),
        None => Ok(None),
    }
}

/// What is wrong stands in a header here.
fn of_header(error: catalog::Error) -> Problem {
    match error {
        catalog::Error::Invalid { message, .. } => Problem::invalid(WEBHOOK, message),
        error => error.into(),
    }
}
