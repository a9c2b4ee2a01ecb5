//! Secrets of tenants: sealed in the store, opened only for calls. Whoever may set a secret cannot read it again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::keyring::{Keyring, MasterKeys};
use super::master_key::{KeySource, Sealed};
use super::{Catalog, Error, Kept, Listing};
use crate::ids::{Tenant, TimeMs};
use crate::runner::secrets::{SECRET_BYTES_MIN, Secret, variable_of};
use crate::runner::vault::{TenantSecrets, Vault};

/// A secret's name in characters.
const NAME_LENGTH_MAX: usize = 100;
/// A value; certificates with their chain fit.
pub const SECRET_BYTES_MAX: usize = 16 << 10;
/// Secrets of one tenant: all of them are opened together.
const SECRETS_MAX: usize = 500;
/// Agents that one secret is granted to.
const GRANTS_MAX: usize = 1_000;

/// A secret as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretRow {
    /// As it was first written.
    pub name: String,
    /// Counts values, from 1.
    pub version: u64,
    /// The master key that opens it.
    pub key_id: String,
    pub nonce: String,
    pub sealed: String,
    /// Agents; none: every agent of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_to: Option<Vec<String>>,
    pub created_at: TimeMs,
    pub created_by: String,
    pub updated_at: TimeMs,
    pub updated_by: String,
}

impl Kept for SecretRow {
    const COLLECTION: &'static str = "secrets";
}

impl SecretRow {
    pub(super) fn parts(&self) -> Sealed {
        Sealed { nonce: self.nonce.clone(), bytes: self.sealed.clone() }
    }

    pub(super) fn seal_with(&mut self, keys: &Keyring, tenant: &Tenant, value: &str) -> Result<(), Error> {
        let sealed = keys.current.seal(value.as_bytes(), &place(tenant, &self.name, self.version))?;
        (self.key_id, self.nonce, self.sealed) = (keys.current.id(), sealed.nonce, sealed.bytes);
        Ok(())
    }
}

/// What a sealed value is bound to.
pub(super) fn place(tenant: &Tenant, name: &str, version: u64) -> String {
    format!("{tenant}/{}/{version}", variable_of(name))
}

/// Who may use a secret.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Grant {
    /// As before; for a new one, every agent.
    #[default]
    Keep,
    Everyone,
    Agents(Vec<String>),
}

/// The secrets of every tenant. It is the only thing that holds values, and it gives them to calls alone.
pub struct SecretVault {
    pub(super) catalog: Catalog,
    pub(super) keys: MasterKeys,
    opened: Mutex<Opened>,
    /// A value must not be sealed with a key that a rotation is about to retire. Rotations and changes of secrets go one at a time;
    /// webhooks, of which a start may make one, only keep rotations away.
    pub(super) writing: tokio::sync::RwLock<()>,
}

/// What was opened since the last change.
#[derive(Default)]
struct Opened {
    /// Rises with every change.
    generation: u64,
    by_tenant: HashMap<Tenant, Arc<TenantSecrets>>,
}

impl std::fmt::Debug for SecretVault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretVault")
    }
}

impl SecretVault {
    /// Reads nothing yet.
    #[must_use]
    pub fn new(catalog: Catalog, source: KeySource) -> Self {
        Self { catalog, keys: MasterKeys::new(source), opened: Mutex::default(), writing: tokio::sync::RwLock::default() }
    }

    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Every secret of a tenant, by name, sealed.
    ///
    /// # Errors
    /// `Store`.
    pub fn list(&self, tenant: &Tenant) -> Result<Vec<SecretRow>, Error> {
        Ok(self.catalog.list(tenant, Listing::default())?.into_iter().map(|stored| stored.value).collect())
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn get(&self, tenant: &Tenant, name: &str) -> Result<SecretRow, Error> {
        let stored = self.catalog.get::<SecretRow>(tenant, &variable_of(name))?;
        stored.map(|stored| stored.value).ok_or_else(|| unknown(name))
    }

    /// Makes a secret, gives it another value, or changes who may use it.
    ///
    /// # Errors
    /// `Invalid` for a name or value that cannot be one, `NotFound` without a value for a new one, `Conflict` when there are too many,
    /// or the master key is missing; and as a commit.
    pub async fn set(&self, tenant: &Tenant, name: &str, value: Option<&str>, grant: Grant, actor: &Actor) -> Result<SecretRow, Error> {
        check(name, value, &grant)?;
        let _one_at_a_time = self.writing.write().await;
        let keys = self.keys.ensure(&self.catalog).await?;
        let row = self
            .catalog
            .update(|catalog, changes| {
                let stored = catalog.get::<SecretRow>(tenant, &variable_of(name))?;
                let expected = stored.as_ref().map_or(0, |stored| stored.version);
                let is_new = stored.is_none();
                let mut row = match stored {
                    Some(stored) => stored.value,
                    None if value.is_none() => return Err(unknown(name)),
                    None if catalog.list::<SecretRow>(tenant, Listing { limit: SECRETS_MAX, ..Listing::default() })?.len()
                        == SECRETS_MAX =>
                    {
                        let message = format!("tenant {tenant} has {SECRETS_MAX} secrets, which is the limit; remove one first");
                        return Err(Error::Conflict { code: "too_many_secrets", message });
                    }
                    None => fresh(name, actor),
                };
                if let Some(value) = value {
                    row.version += u64::from(!is_new);
                    row.seal_with(&keys, tenant, value)?;
                }
                match &grant {
                    Grant::Keep => {}
                    Grant::Everyone => row.granted_to = None,
                    Grant::Agents(agents) => row.granted_to = Some(agents.clone()),
                }
                (row.updated_at, row.updated_by) = (actor.at, actor.user.clone());
                changes.put(tenant, &variable_of(name), expected, &row);
                let action = if value.is_some() { "secret.set" } else { "secret.granted" };
                let granted = row.granted_to.as_ref().map_or("granted to every agent".to_owned(), |agents| {
                    format!("granted to {}", if agents.is_empty() { "nobody".to_owned() } else { agents.join(", ") })
                });
                changes.audit(tenant, actor, action, &target(&row.name), Some(format!("version {}, {granted}", row.version)));
                Ok(row)
            })
            .await;
        self.forget();
        row
    }

    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn remove(&self, tenant: &Tenant, name: &str, actor: &Actor) -> Result<(), Error> {
        let _one_at_a_time = self.writing.write().await;
        let removed = self
            .catalog
            .update(|catalog, changes| {
                let stored = catalog.get::<SecretRow>(tenant, &variable_of(name))?.ok_or_else(|| unknown(name))?;
                changes.remove::<SecretRow>(tenant, &variable_of(name), stored.version);
                changes.audit(tenant, actor, "secret.removed", &target(&stored.value.name), None);
                Ok(())
            })
            .await;
        self.forget();
        removed
    }

    /// Drops what was opened; calls that are under way keep what they have.
    pub(super) fn forget(&self) {
        let mut opened = self.opened();
        opened.generation += 1;
        opened.by_tenant.clear();
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        // A panic while it was held leaves a map that is whole.
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self, tenant: &Tenant) -> Result<TenantSecrets, Error> {
        let mut secrets = TenantSecrets::default();
        let rows = self.list(tenant)?;
        if rows.is_empty() {
            return Ok(secrets);
        }
        let keys = self.keys.in_use(&self.catalog)?;
        for row in rows {
            let value = keys.open(tenant, &row)?;
            secrets.add(&row.name, Secret::new(value.to_string()), row.granted_to.as_deref());
        }
        Ok(secrets)
    }
}

impl Vault for SecretVault {
    fn at_hand(&self, tenant: &Tenant) -> Option<Arc<TenantSecrets>> {
        self.opened().by_tenant.get(tenant).cloned()
    }

    fn open(&self, tenant: &Tenant) -> Result<Arc<TenantSecrets>, String> {
        let before = self.opened().generation;
        let secrets = self.read(tenant).map(Arc::new).map_err(|error| error.to_string())?;
        let mut opened = self.opened();
        // Something changed while it was read: what was read serves this call and is not kept.
        if opened.generation == before {
            opened.by_tenant.insert(tenant.clone(), Arc::clone(&secrets));
        }
        Ok(secrets)
    }
}

fn fresh(name: &str, actor: &Actor) -> SecretRow {
    SecretRow {
        name: name.to_owned(),
        version: 1,
        key_id: String::new(),
        nonce: String::new(),
        sealed: String::new(),
        granted_to: None,
        created_at: actor.at,
        created_by: actor.user.clone(),
        updated_at: actor.at,
        updated_by: actor.user.clone(),
    }
}

fn target(name: &str) -> String {
    format!("secret:{}", variable_of(name))
}

fn unknown(name: &str) -> Error {
    Error::NotFound { what: "secret", name: name.to_owned() }
}

fn check(name: &str, value: Option<&str>, grant: &Grant) -> Result<(), Error> {
    let mut characters = name.chars();
    let starts = characters.next().is_some_and(|first| first.is_ascii_alphabetic());
    if !starts || name.len() > NAME_LENGTH_MAX || !characters.all(|c| c.is_ascii_alphanumeric() || "_-".contains(c)) {
        let message = format!(
            "`{name}` cannot be a secret's name: use letters, digits, `_` and `-`, a letter first, at most {NAME_LENGTH_MAX} characters"
        );
        return Err(Error::Invalid { field: "name", message });
    }
    if value.is_some_and(|value| value.len() < SECRET_BYTES_MIN || value.len() > SECRET_BYTES_MAX) {
        let message = format!("a secret has {SECRET_BYTES_MIN} to {SECRET_BYTES_MAX} bytes; a shorter one cannot be kept out of traces");
        return Err(Error::Invalid { field: "value", message });
    }
    match grant {
        Grant::Agents(agents) if agents.len() > GRANTS_MAX => {
            Err(Error::Invalid { field: "grantedTo", message: format!("at most {GRANTS_MAX} agents") })
        }
        Grant::Agents(agents) => match agents.iter().find(|agent| !super::tenants::is_slug(agent, NAME_LENGTH_MAX)) {
            Some(agent) => Err(Error::Invalid { field: "grantedTo", message: format!("`{agent}` is no agent's id") }),
            None => Ok(()),
        },
        Grant::Keep | Grant::Everyone => Ok(()),
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
