//! What signs the calls of webhooks: sealed in the store with the master key like the secrets of tenants, opened when a call is signed,
//! and told once to whoever made it. What else is known of a webhook stands in `webhooks`.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::audit::Actor;
use super::keyring::{Keyring, Resealed};
use super::master_key::Sealed;
use super::secrets::SecretVault;
use super::webhooks::{self, NewWebhook, PreviousSecret, Reach, WebhookRow};
use super::{Error, Stored};
use crate::ids::{ExecutionId, Tenant, TimeMs};

/// A secret as it is kept.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum SigningSecret {
    Sealed {
        /// The master key that opens it.
        key_id: String,
        nonce: String,
        sealed: String,
    },
    /// As they were written once; the next start of a server seals it.
    Clear(String),
}

impl std::fmt::Debug for SigningSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SigningSecret")
    }
}

/// What a sealed secret is bound to: the webhook with this key. No place of a tenant's secret looks like it: those are in capitals.
fn place(tenant: &Tenant, key: &str) -> String {
    format!("{tenant}/webhook/{key}")
}

impl SigningSecret {
    pub(super) fn seal(keys: &Keyring, place: &str, secret: &str) -> Result<Self, Error> {
        let sealed = keys.current.seal(secret.as_bytes(), place)?;
        Ok(Self::Sealed { key_id: keys.current.id(), nonce: sealed.nonce, sealed: sealed.bytes })
    }

    pub(super) fn open(&self, keys: &Keyring, place: &str) -> Result<Zeroizing<String>, Error> {
        match self {
            Self::Clear(secret) => Ok(Zeroizing::new(secret.clone())),
            Self::Sealed { key_id, nonce, sealed } => {
                let parts = Sealed { nonce: nonce.clone(), bytes: sealed.clone() };
                keys.open_sealed(key_id, &parts, place)
                    .ok_or_else(|| Error::Store(format!("the secret of {place} does not open with master key {key_id}")))
            }
        }
    }

    /// Whether it was not sealed with the current key, and now is.
    pub(super) fn reseal(&mut self, keys: &Keyring, place: &str) -> Result<bool, Error> {
        if matches!(self, Self::Sealed { key_id, .. } if *key_id == keys.current.id()) {
            return Ok(false);
        }
        *self = Self::seal(keys, place, &self.open(keys, place)?)?;
        Ok(true)
    }
}

impl Resealed for WebhookRow {
    fn reseal(&mut self, keys: &Keyring, tenant: &Tenant, key: &str) -> Result<bool, Error> {
        let place = place(tenant, key);
        let mut is_changed = self.secret.reseal(keys, &place)?;
        if let Some(previous) = &mut self.previous {
            is_changed |= previous.secret.reseal(keys, &place)?;
        }
        Ok(is_changed)
    }
}

impl SecretVault {
    /// Every secret that a call of this webhook at `now` is signed with. Blocking when it is the first thing that is opened.
    ///
    /// # Errors
    /// `Conflict`, when the master key is not at hand; `Store`.
    pub fn signing_secrets(&self, tenant: &Tenant, hook: &Stored<WebhookRow>, now: TimeMs) -> Result<Vec<Zeroizing<String>>, Error> {
        let (keys, place) = (self.keys.in_use(&self.catalog)?, place(tenant, &hook.key));
        let previous = hook.value.previous.iter().filter(|previous| now < previous.until).map(|previous| &previous.secret);
        std::iter::once(&hook.value.secret).chain(previous).map(|secret| secret.open(&keys, &place)).collect()
    }

    /// Makes a webhook. Its secret is returned this once.
    ///
    /// # Errors
    /// `Invalid`, `Conflict` (too many, or no master key at hand), and as a commit.
    pub async fn create_webhook(
        &self,
        tenant: &Tenant,
        reach: &Reach,
        mut new: NewWebhook,
        actor: &Actor,
    ) -> Result<(WebhookRow, Zeroizing<String>), Error> {
        let secret = webhooks::checked_secret(new.secret.take())?;
        let wanted = webhooks::Wanted::checked(new)?;
        let (keys, _no_rotation) = self.sealing().await?;
        let row = wanted.row(actor, |id| SigningSecret::seal(&keys, &place(tenant, &reach.key(id)), &secret))?;
        self.catalog.add_webhook(tenant, reach, &row, actor).await?;
        Ok((row, secret))
    }

    /// Makes the webhook of one execution, which is about to start. A repeated attempt at the same start finds the first one's secret,
    /// which may have been told.
    ///
    /// # Errors
    /// `Invalid`, `Conflict` (no master key at hand), and as a commit.
    pub async fn hook_execution(
        &self,
        tenant: &Tenant,
        execution: ExecutionId,
        mut new: NewWebhook,
        actor: &Actor,
    ) -> Result<(Stored<WebhookRow>, Zeroizing<String>), Error> {
        let fresh = webhooks::checked_secret(new.secret.take())?;
        let wanted = webhooks::Wanted::checked(new)?;
        let key = Reach::Execution(execution).key(&execution.to_string());
        let place = place(tenant, &key);
        let (keys, _no_rotation) = self.sealing().await?;
        let mut row = wanted.row(actor, |_| SigningSecret::seal(&keys, &place, &fresh))?;
        row.id = execution.to_string();
        self.catalog
            .update(|catalog, changes| {
                let (mut row, mut version, mut secret) = (row.clone(), 0, fresh.clone());
                if let Some(standing) = catalog.get::<WebhookRow>(tenant, &key)? {
                    secret = standing.value.secret.open(&keys, &place)?;
                    row.secret = SigningSecret::seal(&keys, &place, &secret)?;
                    (row.created_at, version) = (standing.value.created_at, standing.version);
                }
                catalog.mark_hooked(tenant, changes)?;
                changes.put(tenant, &key, version, &row);
                Ok((Stored { key: key.clone(), version: version + 1, value: row }, secret))
            })
            .await
    }

    /// A new secret, which is returned this once; the old one signs too until `overlap_until`.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, `Conflict` (no master key at hand), and as a commit.
    pub async fn rotate_webhook(
        &self,
        tenant: &Tenant,
        (reach, id): (&Reach, &str),
        given: Option<String>,
        overlap_until: Option<TimeMs>,
        actor: &Actor,
    ) -> Result<(WebhookRow, Zeroizing<String>), Error> {
        let secret = webhooks::checked_secret(given)?;
        let (keys, _no_rotation) = self.sealing().await?;
        let place = place(tenant, &reach.key(id));
        let row = self
            .catalog
            .edit_webhook(tenant, reach, id, ("webhook.rotated", actor), |row| {
                let mut before = std::mem::replace(&mut row.secret, SigningSecret::seal(&keys, &place, &secret)?);
                before.reseal(&keys, &place)?;
                row.previous = overlap_until.map(|until| PreviousSecret { secret: before, until });
                Ok(())
            })
            .await?;
        Ok((row, secret))
    }
}

#[cfg(test)]
#[path = "signing_tests.rs"]
mod tests;
