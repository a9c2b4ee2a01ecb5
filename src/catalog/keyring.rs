//! Which master key is in use, and going over to another one: first the store says that the new one is coming, then every secret, of
//! tenants and of webhooks, is sealed again, some at a time, then the old one is forgotten. Both open what they sealed until then, so a process that is killed in
//! between loses nothing, and the next start goes on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::RwLockReadGuard;
use zeroize::Zeroizing;

use super::audit::Actor;
use super::master_key::{KeySource, MasterKey, Sealed};
use super::secrets::{SecretRow, SecretVault, place};
use super::triggers::rows::TriggerRow;
use super::webhooks::WebhookRow;
use super::{Catalog, Changes, Error, Kept, Listing};
use crate::ids::Tenant;

/// The name of the one document.
const CURRENT: &str = "current";
/// Documents looked at, and at most sealed again, in one commit.
const RESEALED_AT_ONCE: usize = 200;

/// What the store says about its master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct InUse {
    /// New values are sealed with this one.
    id: String,
    /// Set during a rotation: what is not sealed again yet is opened by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retiring: Option<String>,
    /// The secrets of webhooks are sealed too; in a store that is older than that, the next start does it.
    #[serde(default)]
    webhooks_sealed: bool,
}

impl Kept for InUse {
    const COLLECTION: &'static str = "master_key";
}

/// The keys that open what there is.
#[derive(Debug)]
pub struct Keyring {
    pub current: MasterKey,
    retiring: Option<MasterKey>,
}

impl Keyring {
    /// # Errors
    /// `Store`, when none of the keys opens it.
    pub fn open(&self, tenant: &Tenant, row: &SecretRow) -> Result<Zeroizing<String>, Error> {
        let opened = self.open_sealed(&row.key_id, &row.parts(), &place(tenant, &row.name, row.version));
        opened.ok_or_else(|| Error::Store(format!("secret `{}` does not open with master key {}", row.name, row.key_id)))
    }

    /// None when it is not the work of one of the keys, for this place.
    pub(super) fn open_sealed(&self, key_id: &str, sealed: &Sealed, place: &str) -> Option<Zeroizing<String>> {
        let key = std::iter::once(&self.current).chain(&self.retiring).find(|key| key.id() == key_id);
        key.and_then(|key| key.open(sealed, place))
    }
}

/// Documents that hold something sealed.
pub(super) trait Resealed: Kept {
    /// Seals what the current key does not open yet. Whether there was anything.
    fn reseal(&mut self, keys: &Keyring, tenant: &Tenant, key: &str) -> Result<bool, Error>;
}

impl Resealed for SecretRow {
    fn reseal(&mut self, keys: &Keyring, tenant: &Tenant, _key: &str) -> Result<bool, Error> {
        if self.key_id == keys.current.id() {
            return Ok(false);
        }
        let value = keys.open(tenant, self)?;
        self.seal_with(keys, tenant, &value)?;
        Ok(true)
    }
}

/// Finds keys and remembers them.
pub struct MasterKeys {
    source: KeySource,
    found: Mutex<Option<Arc<Keyring>>>,
    /// The file that this process made.
    made: Mutex<Option<PathBuf>>,
}

impl MasterKeys {
    pub fn new(source: KeySource) -> Self {
        Self { source, found: Mutex::default(), made: Mutex::default() }
    }

    /// The keys of a store that has secrets. Blocking.
    ///
    /// # Errors
    /// `Conflict`, when the key is not at hand; `Store`.
    pub fn in_use(&self, catalog: &Catalog) -> Result<Arc<Keyring>, Error> {
        if let Some(found) = self.found().clone() {
            return Ok(found);
        }
        let Some(stored) = catalog.get::<InUse>(&Catalog::system(), CURRENT)? else { return Err(missing("")) };
        let keyring = Arc::new(self.look_up(&stored.value)?);
        *self.found() = Some(Arc::clone(&keyring));
        Ok(keyring)
    }

    /// The same, and the first key where there is none yet.
    pub(super) async fn ensure(&self, catalog: &Catalog) -> Result<Arc<Keyring>, Error> {
        if catalog.get::<InUse>(&Catalog::system(), CURRENT)?.is_none() {
            let (key, made) = self.source.first()?;
            let webhooks_sealed = !catalog.is_anybody_hooked()?;
            let mut changes = Changes::default();
            changes.put(&Catalog::system(), CURRENT, 0, &InUse { id: key.id(), retiring: None, webhooks_sealed });
            catalog.commit_beside(changes).await?;
            // In memory there is no file that it could be read from again.
            *self.found() = Some(Arc::new(Keyring { current: key, retiring: None }));
            if let Some(path) = &made {
                tracing::warn!(path = %path.display(), "a master key was made; keep a copy of it apart from the backups");
            }
            *self.made.lock().unwrap_or_else(PoisonError::into_inner) = made;
        }
        self.in_use(catalog)
    }

    fn look_up(&self, in_use: &InUse) -> Result<Keyring, Error> {
        let candidates = self.source.candidates()?;
        let find = |id: &str| candidates.iter().find(|key| key.id() == id).cloned().ok_or_else(|| missing(id));
        Ok(Keyring { current: find(&in_use.id)?, retiring: in_use.retiring.as_deref().map(find).transpose()? })
    }

    #[cfg(test)]
    pub(super) fn source(&self) -> &KeySource {
        &self.source
    }

    fn found(&self) -> MutexGuard<'_, Option<Arc<Keyring>>> {
        // A panic while it was held leaves an option that is whole.
        self.found.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing(id: &str) -> Error {
    let message = format!(
        "the secrets of this store are sealed with master key {id}, which is not at hand; set {} or {}, or put the file master.key back",
        super::master_key::VARIABLE,
        super::master_key::FILE_VARIABLE
    );
    Error::Conflict { code: "master_key_missing", message }
}

/// What a rotation did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Rotated {
    /// Tells the new key; it is not the key.
    pub key_id: String,
    /// Secrets that were sealed again.
    pub secrets: usize,
}

impl SecretVault {
    /// The file of a master key that this process made: somebody should hear of it.
    #[must_use]
    pub fn made_key(&self) -> Option<PathBuf> {
        self.keys.made.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// At a start: a rotation that was cut is ended, and secrets of webhooks from before they were sealed are sealed. Without secrets there
    /// is no key yet; it is made with the first one.
    ///
    /// # Errors
    /// `Conflict`, when the store has secrets and their key is not at hand; `Store`.
    pub async fn prepare(&self) -> Result<(), Error> {
        let _alone = self.writing.write().await;
        let stored = self.catalog.get::<InUse>(&Catalog::system(), CURRENT)?;
        if stored.is_none() && !self.catalog.is_anybody_hooked()? {
            return Ok(());
        }
        let is_sealed = stored.is_some_and(|stored| stored.value.webhooks_sealed);
        let keys = self.keys.ensure(&self.catalog).await?;
        if keys.retiring.is_some() || !is_sealed {
            tracing::info!("what is not sealed with the current master key is sealed now");
            self.reseal(&keys).await?;
            self.retire(&keys).await?;
        }
        self.keys.source.settle(&self.keys.in_use(&self.catalog)?.current)
    }

    /// Seals everything with another key: a fresh one where the key is in a file, otherwise the one that the environment names as next.
    ///
    /// # Errors
    /// `Conflict`, when no other key is given; `Store`. What was begun is ended by the next start.
    pub async fn rotate(&self, actor: &Actor) -> Result<Rotated, Error> {
        self.prepare().await?;
        self.keys.ensure(&self.catalog).await?;
        let _alone = self.writing.write().await;
        let keys = self.announce().await?;
        let secrets = self.reseal(&keys).await?;
        self.retire(&keys).await?;
        self.keys.source.settle(&keys.current)?;
        let mut changes = Changes::default();
        let detail = Some(format!("{secrets} secrets sealed again"));
        changes.audit(&Catalog::system(), actor, "master_key.rotated", &format!("master_key:{}", keys.current.id()), detail);
        self.catalog.commit(changes).await?;
        Ok(Rotated { key_id: keys.current.id(), secrets })
    }

    /// The store says that another key is coming. From here on new values are sealed with it.
    pub(super) async fn announce(&self) -> Result<Arc<Keyring>, Error> {
        let old = self.keys.in_use(&self.catalog)?.current.clone();
        let new = self.keys.source.successor(&old)?;
        self.note(&new, Some(&old)).await?;
        let keys = Arc::new(Keyring { current: new, retiring: Some(old) });
        *self.keys.found() = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// Seals everything that the current key does not open yet; how much that was.
    pub(super) async fn reseal(&self, keys: &Keyring) -> Result<usize, Error> {
        // The command line works in the default tenant before a server has made it one.
        let mut tenants: BTreeSet<Tenant> = BTreeSet::from([Tenant::default()]);
        tenants.extend(self.catalog.tenants()?.iter().map(|row| Tenant::new(&row.id)));
        let mut count = 0;
        for tenant in tenants {
            count += self.reseal_of::<SecretRow>(keys, &tenant).await?;
            count += self.reseal_of::<WebhookRow>(keys, &tenant).await?;
            count += self.reseal_of::<TriggerRow>(keys, &tenant).await?;
        }
        Ok(count)
    }

    async fn reseal_of<T: Resealed>(&self, keys: &Keyring, tenant: &Tenant) -> Result<usize, Error> {
        let (mut after, mut count): (Option<String>, _) = (None, 0);
        loop {
            let listing = Listing { after: after.as_deref(), limit: RESEALED_AT_ONCE, ..Listing::default() };
            let (rows, mut changes, mut resealed) = (self.catalog.list::<T>(tenant, listing)?, Changes::default(), 0);
            let Some(last) = rows.last().map(|row| row.key.clone()) else { return Ok(count) };
            for mut stored in rows {
                if stored.value.reseal(keys, tenant, &stored.key)? {
                    changes.put(tenant, &stored.key, stored.version, &stored.value);
                    resealed += 1;
                }
            }
            match self.catalog.commit(changes).await {
                Ok(_) => (after, count) = (Some(last), count + resealed),
                // Somebody changed or removed one of them: the same ones are read again.
                Err(Error::Stale) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// The keys, made where there are none yet; while the guard is held, no rotation retires the current one.
    pub(super) async fn sealing(&self) -> Result<(Arc<Keyring>, RwLockReadGuard<'_, ()>), Error> {
        if self.catalog.get::<InUse>(&Catalog::system(), CURRENT)?.is_none() {
            let _alone = self.writing.write().await;
            self.keys.ensure(&self.catalog).await?;
        }
        let guard = self.writing.read().await;
        Ok((self.keys.in_use(&self.catalog)?, guard))
    }

    /// The old key opens nothing any more.
    async fn retire(&self, keys: &Keyring) -> Result<(), Error> {
        self.note(&keys.current, None).await?;
        *self.keys.found() = Some(Arc::new(Keyring { current: keys.current.clone(), retiring: None }));
        Ok(())
    }

    async fn note(&self, current: &MasterKey, retiring: Option<&MasterKey>) -> Result<(), Error> {
        self.catalog
            .update(|catalog, changes| {
                let stored = catalog.get::<InUse>(&Catalog::system(), CURRENT)?;
                let (version, was_sealed) = stored.map_or((0, false), |stored| (stored.version, stored.value.webhooks_sealed));
                // Nothing is retired before everything was sealed.
                let webhooks_sealed = was_sealed || retiring.is_none();
                let in_use = InUse { id: current.id(), retiring: retiring.map(MasterKey::id), webhooks_sealed };
                changes.put(&Catalog::system(), CURRENT, version, &in_use);
                Ok(())
            })
            .await
    }
}
