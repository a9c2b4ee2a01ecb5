//! Webhooks: who wants to be called when something happens to executions of an agent, of a whole tenant, or to one execution. What is
//! sent, and when, is `notify`'s business.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::audit::Actor;
use super::numbers::Kind;
use super::signing::SigningSecret;
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{ExecutionId, Tenant, TimeMs};

/// In front of every signing secret, as Standard Webhooks writes them.
const MARK: &str = "whsec_";
/// Random bytes of a secret of ours.
const SECRET_BYTES: usize = 32;
/// Bytes that a secret may have (Standard Webhooks).
const SECRET_BYTES_RANGE: std::ops::RangeInclusive<usize> = 24..=64;
const URL_BYTES_MAX: usize = 2_048;
const DESCRIPTION_BYTES_MAX: usize = 500;
/// Webhooks of one agent, and tenant-wide ones: every event goes to all of them.
pub(super) const WEBHOOKS_MAX: usize = 20;

/// What the keys of every agent's webhooks begin with.
const OF_AGENTS: &str = "a/";
/// Rows looked at in one piece.
const ROWS_AT_ONCE: usize = 500;

/// What can be heard of. The text forms are part of the API and of the format on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Happening {
    #[serde(rename = "execution.completed")]
    ExecutionCompleted,
    #[serde(rename = "execution.failed")]
    ExecutionFailed,
    #[serde(rename = "execution.cancelled")]
    ExecutionCancelled,
    #[serde(rename = "execution.waiting")]
    ExecutionWaiting,
    #[serde(rename = "approval.requested")]
    ApprovalRequested,
    #[serde(rename = "approval.decided")]
    ApprovalDecided,
}

impl Happening {
    pub const ALL: [Self; 6] = [
        Self::ExecutionCompleted,
        Self::ExecutionFailed,
        Self::ExecutionCancelled,
        Self::ExecutionWaiting,
        Self::ApprovalRequested,
        Self::ApprovalDecided,
    ];

    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExecutionCompleted => "execution.completed",
            Self::ExecutionFailed => "execution.failed",
            Self::ExecutionCancelled => "execution.cancelled",
            Self::ExecutionWaiting => "execution.waiting",
            Self::ApprovalRequested => "approval.requested",
            Self::ApprovalDecided => "approval.decided",
        }
    }

    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|happening| happening.name() == name)
    }
}

/// What a webhook listens to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    Tenant,
    Agent(String),
    /// One execution, as its start asked.
    Execution(ExecutionId),
}

impl Reach {
    /// What the keys of its webhooks begin with.
    #[must_use]
    pub fn prefix(&self) -> String {
        match self {
            Self::Tenant => "t/".to_owned(),
            Self::Agent(agent) => format!("{OF_AGENTS}{agent}/"),
            Self::Execution(execution) => format!("x/{execution}/"),
        }
    }

    /// The key of one of them.
    #[must_use]
    pub fn key(&self, id: &str) -> String {
        format!("{}{id}", self.prefix())
    }
}

/// A webhook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookRow {
    pub id: String,
    pub url: Url,
    /// Never empty.
    pub events: Vec<Happening>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    pub is_active: bool,
    /// What calls are signed with. It has to be known to sign, so it is kept, sealed; it is shown once.
    pub secret: SigningSecret,
    /// The one before the last rotation, while it still counts: calls are then signed with both.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<PreviousSecret>,
    /// `user:NAME` or `role:NAME`: calls about questions carry a link with which that approver decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub links_for: Option<String>,
    pub created_at: TimeMs,
    pub created_by: String,
    pub updated_at: TimeMs,
}

impl Kept for WebhookRow {
    const COLLECTION: &'static str = "webhooks";
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    pub secret: SigningSecret,
    pub until: TimeMs,
}

/// The tenants that have, or had, a webhook: where there is none, nobody has to look.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Hooked {}

impl Kept for Hooked {
    const COLLECTION: &'static str = "hooked";
}

/// What a new webhook is to be.
#[derive(Clone, Debug, Default)]
pub struct NewWebhook {
    pub url: String,
    /// Empty: every one.
    pub events: Vec<Happening>,
    pub description: String,
    /// None: switched on.
    pub is_active: Option<bool>,
    /// None: a fresh one.
    pub secret: Option<String>,
    pub links_for: Option<String>,
}

/// What changes; absent stays.
#[derive(Clone, Debug, Default)]
pub struct WebhookChange {
    pub url: Option<String>,
    pub events: Option<Vec<Happening>>,
    pub description: Option<String>,
    pub is_active: Option<bool>,
    /// The empty text takes it away.
    pub links_for: Option<String>,
}

fn fresh_secret() -> Result<Zeroizing<String>, Error> {
    let mut bytes = Zeroizing::new([0; SECRET_BYTES]);
    getrandom::fill(bytes.as_mut()).map_err(|error| Error::Store(format!("the system gives no randomness: {error}")))?;
    Ok(Zeroizing::new(format!("{MARK}{}", STANDARD.encode(bytes))))
}

/// The bytes that a secret stands for.
#[must_use]
pub fn secret_bytes(secret: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(secret.strip_prefix(MARK)?).ok()?;
    SECRET_BYTES_RANGE.contains(&bytes.len()).then_some(bytes)
}

pub(super) fn checked_secret(given: Option<String>) -> Result<Zeroizing<String>, Error> {
    let Some(secret) = given.map(Zeroizing::new) else { return fresh_secret() };
    if secret_bytes(&secret).is_none() {
        let message = format!("a secret is `{MARK}` and 24 to 64 bytes in base64; leave it out to get one");
        return Err(Error::Invalid { field: "secret", message });
    }
    Ok(secret)
}

fn checked_url(text: &str) -> Result<Url, Error> {
    let invalid = |message: String| Error::Invalid { field: "url", message };
    if text.len() > URL_BYTES_MAX {
        return Err(invalid(format!("at most {URL_BYTES_MAX} bytes")));
    }
    let url = Url::parse(text).map_err(|error| invalid(format!("it is no URL: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(invalid("it must begin with https:// (or http://) and name a host".to_owned()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(invalid("no user and password, please: calls are signed".to_owned()));
    }
    Ok(url)
}

fn checked_events(mut events: Vec<Happening>) -> Vec<Happening> {
    events.sort_unstable();
    events.dedup();
    if events.is_empty() { Happening::ALL.to_vec() } else { events }
}

fn checked_description(description: String) -> Result<String, Error> {
    if description.len() > DESCRIPTION_BYTES_MAX {
        return Err(Error::Invalid { field: "description", message: format!("at most {DESCRIPTION_BYTES_MAX} bytes") });
    }
    Ok(description)
}

fn checked_approver(links_for: Option<String>) -> Result<Option<String>, Error> {
    if let Some(approver) = &links_for
        && !approver.split_once(':').is_some_and(|(kind, name)| matches!(kind, "user" | "role") && !name.is_empty())
    {
        return Err(Error::Invalid { field: "linksFor", message: format!("`{approver}` is neither `user:NAME` nor `role:NAME`") });
    }
    Ok(links_for)
}

/// What a new webhook is to be, and can be.
pub(super) struct Wanted {
    url: Url,
    new: NewWebhook,
}

impl Wanted {
    pub fn checked(new: NewWebhook) -> Result<Self, Error> {
        let url = checked_url(&new.url)?;
        let description = checked_description(new.description)?;
        let links_for = checked_approver(new.links_for)?;
        let new = NewWebhook { events: checked_events(new.events), description, links_for, ..new };
        Ok(Self { url, new })
    }

    /// `seal` gives the secret of the webhook with this id.
    pub fn row(self, actor: &Actor, seal: impl FnOnce(&str) -> Result<SigningSecret, Error>) -> Result<WebhookRow, Error> {
        let id = Uuid::now_v7().to_string();
        Ok(WebhookRow {
            secret: seal(&id)?,
            id,
            url: self.url,
            events: self.new.events,
            description: self.new.description,
            is_active: self.new.is_active.unwrap_or(true),
            previous: None,
            links_for: self.new.links_for,
            created_at: actor.at,
            created_by: actor.user.clone(),
            updated_at: actor.at,
        })
    }
}

fn missing(id: &str) -> Error {
    Error::NotFound { what: "webhook", name: id.to_owned() }
}

impl Catalog {
    /// Adds a webhook whose secret is sealed.
    pub(super) async fn add_webhook(&self, tenant: &Tenant, reach: &Reach, row: &WebhookRow, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            if catalog.webhooks(tenant, reach)?.len() >= WEBHOOKS_MAX {
                let message = format!("there are {WEBHOOKS_MAX} webhooks already; remove one first");
                return Err(Error::Conflict { code: "too_many_webhooks", message });
            }
            catalog.mark_hooked(tenant, changes)?;
            changes.put(tenant, &reach.key(&row.id), 0, row);
            changes.audit(tenant, actor, "webhook.created", &format!("webhook:{}", row.id), row.url.host_str().map(ToOwned::to_owned));
            Ok(())
        })
        .await
    }

    /// Takes back what `SecretVault::hook_execution` made for a start that was refused.
    ///
    /// # Errors
    /// `Stale` when another attempt has taken it over; as a commit.
    pub async fn unhook_refused(&self, tenant: &Tenant, made: &Stored<WebhookRow>) -> Result<(), Error> {
        let mut changes = Changes::default();
        changes.remove::<WebhookRow>(tenant, &made.key, made.version);
        self.commit(changes).await.map(drop)
    }

    /// Takes the webhooks of one execution away, together with the rest of `changes`; for whoever purges it.
    ///
    /// # Errors
    /// `Store`.
    pub fn unhook_execution(&self, tenant: &Tenant, execution: ExecutionId, changes: &mut Changes) -> Result<(), Error> {
        for stored in self.webhooks(tenant, &Reach::Execution(execution))? {
            changes.remove::<WebhookRow>(tenant, &stored.key, stored.version);
        }
        Ok(())
    }

    pub(super) fn mark_hooked(&self, tenant: &Tenant, changes: &mut Changes) -> Result<(), Error> {
        if !self.is_hooked(tenant)? {
            changes.put(&Self::system(), tenant.as_str(), 0, &Hooked {});
        }
        Ok(())
    }

    /// Whether the tenant has, or had, a webhook.
    ///
    /// # Errors
    /// `Store`.
    pub fn is_hooked(&self, tenant: &Tenant) -> Result<bool, Error> {
        Ok(self.get::<Hooked>(&Self::system(), tenant.as_str())?.is_some())
    }

    /// Whether any tenant has, or had, a webhook.
    ///
    /// # Errors
    /// `Store`.
    pub fn is_anybody_hooked(&self) -> Result<bool, Error> {
        Ok(!self.list::<Hooked>(&Self::system(), Listing { limit: 1, ..Listing::default() })?.is_empty())
    }

    /// Oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub fn webhooks(&self, tenant: &Tenant, reach: &Reach) -> Result<Vec<Stored<WebhookRow>>, Error> {
        self.list(tenant, Listing { prefix: &reach.prefix(), ..Listing::default() })
    }

    /// Those of every agent, each with its agent's name, in the order of these names; `after` is the key of the last one seen.
    ///
    /// # Errors
    /// `Store`.
    pub fn webhooks_of_agents(
        &self,
        tenant: &Tenant,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Stored<WebhookRow>)>, Error> {
        let listed = self.list::<WebhookRow>(tenant, Listing { prefix: OF_AGENTS, after, limit, ..Listing::default() })?;
        let agent = |stored: &Stored<WebhookRow>| stored.key.split('/').nth(1).unwrap_or_default().to_owned();
        Ok(listed.into_iter().map(|stored| (agent(&stored), stored)).collect())
    }

    /// The webhook with this id, whichever agent has it.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn webhook_of_any_agent(&self, tenant: &Tenant, id: &str) -> Result<(String, Stored<WebhookRow>), Error> {
        let mut after: Option<String> = None;
        loop {
            let rows = self.webhooks_of_agents(tenant, after.as_deref(), ROWS_AT_ONCE)?;
            let Some((_, last)) = rows.last() else { return Err(missing(id)) };
            after = Some(last.key.clone());
            if let Some(found) = rows.into_iter().find(|(_, stored)| stored.value.id == id) {
                return Ok(found);
            }
        }
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn webhook(&self, tenant: &Tenant, reach: &Reach, id: &str) -> Result<Stored<WebhookRow>, Error> {
        self.get(tenant, &reach.key(id))?.ok_or_else(|| missing(id))
    }

    /// # Errors
    /// `NotFound`, `Invalid`, and as a commit.
    pub async fn change_webhook(
        &self,
        tenant: &Tenant,
        reach: &Reach,
        id: &str,
        change: WebhookChange,
        actor: &Actor,
    ) -> Result<WebhookRow, Error> {
        let url = change.url.as_deref().map(checked_url).transpose()?;
        let description = change.description.map(checked_description).transpose()?;
        let takes_links = change.links_for.is_some();
        let links_for = checked_approver(change.links_for.filter(|approver| !approver.is_empty()))?;
        self.edit_webhook(tenant, reach, id, ("webhook.changed", actor), |row| {
            row.url = url.clone().unwrap_or_else(|| row.url.clone());
            row.events = change.events.clone().map_or_else(|| row.events.clone(), checked_events);
            row.description = description.clone().unwrap_or_else(|| row.description.clone());
            row.is_active = change.is_active.unwrap_or(row.is_active);
            if takes_links {
                row.links_for.clone_from(&links_for);
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn edit_webhook(
        &self,
        tenant: &Tenant,
        reach: &Reach,
        id: &str,
        (action, actor): (&str, &Actor),
        edit: impl Fn(&mut WebhookRow) -> Result<(), Error>,
    ) -> Result<WebhookRow, Error> {
        self.update(|catalog, changes| {
            let mut stored = catalog.webhook(tenant, reach, id)?;
            edit(&mut stored.value)?;
            stored.value.updated_at = actor.at;
            changes.put(tenant, &stored.key, stored.version, &stored.value);
            changes.audit(tenant, actor, action, &format!("webhook:{id}"), None);
            Ok(stored.value)
        })
        .await
    }

    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn remove_webhook(&self, tenant: &Tenant, reach: &Reach, id: &str, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let stored = catalog.webhook(tenant, reach, id)?;
            changes.remove::<WebhookRow>(tenant, &stored.key, stored.version);
            catalog.unnumber(Kind::Webhook, tenant, &stored.key, changes)?;
            changes.audit(tenant, actor, "webhook.removed", &format!("webhook:{id}"), None);
            Ok(())
        })
        .await
    }
}
