//! Which master key is in use, and going over to another one: first the store says that the new one is coming, then every secret is
//! sealed again, some at a time, then the old one is forgotten. Both open what they sealed until then, so a process that is killed in
//! between loses nothing, and the next start goes on.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::audit::Actor;
use super::master_key::{KeySource, MasterKey};
use super::secrets::{SecretRow, SecretVault, place};
use super::{Catalog, Changes, Error, Kept, Listing};
use crate::ids::Tenant;

/// The name of the one document.
const CURRENT: &str = "current";
/// Secrets sealed again in one commit.
const RESEALED_AT_ONCE: usize = 200;

/// What the store says about its master key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct InUse {
    /// New values are sealed with this one.
    id: String,
    /// Set during a rotation: what is not sealed again yet is opened by this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retiring: Option<String>,
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
        let key = std::iter::once(&self.current).chain(&self.retiring).find(|key| key.id() == row.key_id);
        let opened = key.and_then(|key| key.open(&row.parts(), &place(tenant, &row.name, row.version)));
        opened.ok_or_else(|| Error::Store(format!("secret `{}` does not open with master key {}", row.name, row.key_id)))
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
            let mut changes = Changes::default();
            changes.put(&Catalog::system(), CURRENT, 0, &InUse { id: key.id(), retiring: None });
            catalog.commit(changes).await?;
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

    /// At a start: a rotation that was cut is ended. Without secrets there is no key yet; it is made with the first one.
    ///
    /// # Errors
    /// `Conflict`, when the store has secrets and their key is not at hand; `Store`.
    pub async fn prepare(&self) -> Result<(), Error> {
        let _one_at_a_time = self.writing.lock().await;
        if self.catalog.get::<InUse>(&Catalog::system(), CURRENT)?.is_none() {
            return Ok(());
        }
        let keys = self.keys.in_use(&self.catalog)?;
        if keys.retiring.is_some() {
            tracing::info!("a rotation of the master key that was cut goes on");
            while self.reseal_some(&keys).await? > 0 {}
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
        let _one_at_a_time = self.writing.lock().await;
        let keys = self.announce().await?;
        let mut secrets = 0;
        loop {
            match self.reseal_some(&keys).await? {
                0 => break,
                some => secrets += some,
            }
        }
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
        self.note(&InUse { id: new.id(), retiring: Some(old.id()) }).await?;
        let keys = Arc::new(Keyring { current: new, retiring: Some(old) });
        *self.keys.found() = Some(Arc::clone(&keys));
        Ok(keys)
    }

    /// Seals some of what the old key still opens; 0: nothing is left.
    pub(super) async fn reseal_some(&self, keys: &Keyring) -> Result<usize, Error> {
        let (mut changes, mut count) = (Changes::default(), 0);
        // The command line works in the default tenant before a server has made it one.
        let mut tenants: BTreeSet<Tenant> = BTreeSet::from([Tenant::default()]);
        tenants.extend(self.catalog.tenants()?.iter().map(|row| Tenant::new(&row.id)));
        for tenant in tenants {
            for mut stored in self.catalog.list::<SecretRow>(&tenant, Listing::default())? {
                if stored.value.key_id == keys.current.id() || count == RESEALED_AT_ONCE {
                    continue;
                }
                let value = keys.open(&tenant, &stored.value)?;
                stored.value.seal_with(keys, &tenant, &value)?;
                changes.put(&tenant, &stored.key, stored.version, &stored.value);
                count += 1;
            }
        }
        self.catalog.commit(changes).await?;
        Ok(count)
    }

    /// The old key opens nothing any more.
    async fn retire(&self, keys: &Keyring) -> Result<(), Error> {
        self.note(&InUse { id: keys.current.id(), retiring: None }).await?;
        *self.keys.found() = Some(Arc::new(Keyring { current: keys.current.clone(), retiring: None }));
        Ok(())
    }

    async fn note(&self, in_use: &InUse) -> Result<(), Error> {
        self.catalog
            .update(|catalog, changes| {
                let version = catalog.get::<InUse>(&Catalog::system(), CURRENT)?.map_or(0, |stored| stored.version);
                changes.put(&Catalog::system(), CURRENT, version, in_use);
                Ok(())
            })
            .await
    }
}
