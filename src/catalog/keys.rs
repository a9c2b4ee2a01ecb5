//! API keys: 256 random bits, shown once, kept as SHA-256. A key belongs to one tenant and says who calls (user, roles) and what that
//! caller may do (scopes).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::audit::Actor;
use super::scopes::Scope;
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Digest, Tenant, TimeMs};

/// In front of every key that we make, so that people and scanners recognise one.
const MARK: &str = "fgk_";
/// Random bytes of a key.
const KEY_BYTES: usize = 32;
/// How much of a key is shown later on, its mark included.
const SHOWN_LENGTH: usize = 12;
/// A root key that the operator chooses has at least this many characters.
pub const ROOT_KEY_LENGTH_MIN: usize = 32;
/// A name that a person gives, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// The id of the root key.
pub const ROOT_ID: &str = "root";

/// Where a key stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Valid,
    /// Switched off, and can be switched on again.
    Inactive,
    Expired,
    Revoked,
}

/// A key, without its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyRow {
    pub id: String,
    pub tenant: Tenant,
    pub name: String,
    /// How the value begins.
    pub prefix: String,
    /// SHA-256 of the value.
    pub hash: Digest,
    /// What the creator calls its use; free text of the vendor's clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub scopes: Vec<Scope>,
    pub user: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// The root key: every role, every tenant.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_root: bool,
    pub is_active: bool,
    pub created_at: TimeMs,
    pub created_by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<TimeMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<TimeMs>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<TimeMs>,
    /// The value before the last rotation, while it still counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Previous>,
}

/// A value that a rotation replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Previous {
    pub hash: Digest,
    pub until: TimeMs,
}

impl Kept for KeyRow {
    const COLLECTION: &'static str = "keys";
}

/// Which key has a hash.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct OfHash {
    tenant: Tenant,
    id: String,
}

impl Kept for OfHash {
    const COLLECTION: &'static str = "key_hashes";
}

impl KeyRow {
    #[must_use]
    pub fn standing(&self, now: TimeMs) -> Standing {
        if self.revoked_at.is_some() {
            Standing::Revoked
        } else if self.expires_at.is_some_and(|at| at <= now) {
            Standing::Expired
        } else if self.is_active {
            Standing::Valid
        } else {
            Standing::Inactive
        }
    }

    #[must_use]
    pub fn may(&self, wanted: Scope) -> bool {
        self.is_root || self.scopes.iter().any(|scope| scope.covers(wanted))
    }

    fn target(&self) -> String {
        format!("key:{}", self.id)
    }

    fn row_key(&self) -> String {
        row_key(&self.tenant, &self.id)
    }
}

/// What a new key is to be.
#[derive(Clone, Debug, Default)]
pub struct NewKey {
    pub name: String,
    pub kind: Option<String>,
    pub scopes: Vec<Scope>,
    pub user: String,
    pub roles: Vec<String>,
    pub expires_at: Option<TimeMs>,
}

/// A key and its value, which nobody sees again.
#[derive(Clone, Debug)]
pub struct Minted {
    pub row: KeyRow,
    pub value: String,
}

/// A fresh value.
///
/// # Errors
/// `Store`, when the system gives no randomness.
fn fresh_value() -> Result<String, Error> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| Error::Store(format!("the system gives no randomness: {error}")))?;
    Ok(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

fn row_key(tenant: &Tenant, id: &str) -> String {
    format!("{tenant}/{id}")
}

impl Catalog {
    /// Makes a key.
    ///
    /// # Errors
    /// `Invalid`, and as a commit.
    pub async fn mint_key(&self, tenant: &Tenant, new: NewKey, actor: &Actor) -> Result<Minted, Error> {
        let name = new.name.trim().to_owned();
        if name.is_empty() || name.len() > NAME_BYTES_MAX {
            let message = format!("a key needs a name of 1 to {NAME_BYTES_MAX} bytes");
            return Err(Error::Invalid { field: "name", message });
        }
        if new.expires_at.is_some_and(|at| at <= actor.at) {
            return Err(Error::Invalid { field: "expirationDays", message: "a key must expire in the future".to_owned() });
        }
        let value = fresh_value()?;
        let row = KeyRow {
            id: Uuid::now_v7().to_string(),
            tenant: tenant.clone(),
            name,
            prefix: value.chars().take(SHOWN_LENGTH).collect(),
            hash: Digest::of(value.as_bytes()),
            kind: new.kind,
            scopes: new.scopes,
            user: new.user,
            roles: new.roles,
            is_root: false,
            is_active: true,
            created_at: actor.at,
            created_by: actor.user.clone(),
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
            previous: None,
        };
        let mut changes = Changes::default();
        changes.put(&Self::system(), &row.row_key(), 0, &row);
        changes.put(&Self::system(), &row.hash.hex(), 0, &OfHash { tenant: tenant.clone(), id: row.id.clone() });
        changes.audit(tenant, actor, "key.minted", &row.target(), Some(row.name.clone()));
        self.commit(changes).await?;
        Ok(Minted { row, value })
    }

    /// Makes sure that there is a root key: the one given, or, where there is none yet, a fresh one, whose value is returned.
    ///
    /// # Errors
    /// `Invalid` for a value that is too short, and as a commit.
    pub async fn ensure_root_key(&self, given: Option<&str>, actor: &Actor) -> Result<Option<String>, Error> {
        if let Some(value) = given
            && value.chars().count() < ROOT_KEY_LENGTH_MIN
        {
            let message = format!("FLOWGATE_ROOT_KEY must have at least {ROOT_KEY_LENGTH_MIN} characters");
            return Err(Error::Invalid { field: "FLOWGATE_ROOT_KEY", message });
        }
        let tenant = Tenant::default();
        let stored = self.key(&tenant, ROOT_ID)?;
        let (value, made) = match (given, &stored) {
            (Some(value), _) => (value.to_owned(), None),
            (None, Some(_)) => return Ok(None),
            (None, None) => {
                let value = fresh_value()?;
                (value.clone(), Some(value))
            }
        };
        let hash = Digest::of(value.as_bytes());
        if stored.as_ref().is_some_and(|stored| stored.value.hash == hash && stored.value.standing(actor.at) == Standing::Valid) {
            return Ok(None);
        }
        let row = KeyRow {
            id: ROOT_ID.to_owned(),
            tenant: tenant.clone(),
            name: ROOT_ID.to_owned(),
            // Of a value that people chose nothing is shown: it may not be random all through.
            prefix: made.as_ref().map_or_else(|| "(chosen)".to_owned(), |value| value.chars().take(SHOWN_LENGTH).collect()),
            hash,
            kind: None,
            scopes: vec![Scope::Admin],
            user: ROOT_ID.to_owned(),
            roles: Vec::new(),
            is_root: true,
            is_active: true,
            created_at: actor.at,
            created_by: actor.user.clone(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
            previous: None,
        };
        let mut changes = Changes::default();
        changes.put(&Self::system(), &row.row_key(), stored.as_ref().map_or(0, |stored| stored.version), &row);
        if let Some(stored) = &stored {
            self.forget_hash(&stored.value.hash, &mut changes)?;
        }
        changes.put(&Self::system(), &hash.hex(), self.hash_version(&hash)?, &OfHash { tenant: tenant.clone(), id: row.id.clone() });
        changes.audit(&tenant, actor, "key.minted", &row.target(), Some("the root key".to_owned()));
        self.commit(changes).await?;
        Ok(made)
    }

    /// The key with this value, whatever its standing.
    ///
    /// # Errors
    /// `Store`.
    pub fn key_of_value(&self, value: &str, now: TimeMs) -> Result<Option<KeyRow>, Error> {
        let hash = Digest::of(value.as_bytes());
        let Some(place) = self.get::<OfHash>(&Self::system(), &hash.hex())? else { return Ok(None) };
        let Some(stored) = self.key(&place.value.tenant, &place.value.id)? else { return Ok(None) };
        let row = stored.value;
        let is_current = bool::from(row.hash.0.ct_eq(&hash.0));
        let is_previous = row.previous.is_some_and(|previous| bool::from(previous.hash.0.ct_eq(&hash.0)) && now < previous.until);
        Ok((is_current || is_previous).then_some(row))
    }

    /// # Errors
    /// `Store`.
    pub fn key(&self, tenant: &Tenant, id: &str) -> Result<Option<Stored<KeyRow>>, Error> {
        self.get(&Self::system(), &row_key(tenant, id))
    }

    /// Every key of a tenant, oldest first.
    ///
    /// # Errors
    /// `Store`.
    pub fn keys(&self, tenant: &Tenant) -> Result<Vec<KeyRow>, Error> {
        let prefix = format!("{tenant}/");
        let listed = self.list(&Self::system(), Listing { prefix: &prefix, ..Listing::default() })?;
        Ok(listed.into_iter().map(|stored| stored.value).collect())
    }

    /// Another value for the key; the old one counts until `previous_until`.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for the root key (its value comes from the environment) and for a revoked one, and as a commit.
    pub async fn rotate_key(&self, tenant: &Tenant, id: &str, previous_until: Option<TimeMs>, actor: &Actor) -> Result<Minted, Error> {
        let value = fresh_value()?;
        let row = self
            .change_key(tenant, id, actor, "key.rotated", |catalog, row, changes| {
                refuse_root(row, "rotated")?;
                if row.revoked_at.is_some() {
                    return Err(revoked(row));
                }
                if let Some(older) = row.previous.take() {
                    catalog.forget_hash(&older.hash, changes)?;
                }
                match previous_until {
                    Some(until) => row.previous = Some(Previous { hash: row.hash, until }),
                    None => catalog.forget_hash(&row.hash, changes)?,
                }
                row.hash = Digest::of(value.as_bytes());
                row.prefix = value.chars().take(SHOWN_LENGTH).collect();
                changes.put(&Self::system(), &row.hash.hex(), 0, &OfHash { tenant: tenant.clone(), id: id.to_owned() });
                Ok(())
            })
            .await?;
        Ok(Minted { row, value })
    }

    /// A new key in the place of this one, which is revoked: at `previous_until` where that is given, otherwise at once.
    ///
    /// # Errors
    /// As `rotate_key`.
    pub async fn replace_key(&self, tenant: &Tenant, id: &str, previous_until: Option<TimeMs>, actor: &Actor) -> Result<Minted, Error> {
        let value = fresh_value()?;
        let new_id = Uuid::now_v7().to_string();
        let row = self
            .change_key(tenant, id, actor, "key.rotated", |_, old, changes| {
                refuse_root(old, "rotated")?;
                if old.revoked_at.is_some() {
                    return Err(revoked(old));
                }
                let row = KeyRow {
                    id: new_id.clone(),
                    prefix: value.chars().take(SHOWN_LENGTH).collect(),
                    hash: Digest::of(value.as_bytes()),
                    created_at: actor.at,
                    created_by: actor.user.clone(),
                    last_used_at: None,
                    previous: None,
                    ..old.clone()
                };
                match previous_until {
                    Some(until) => old.expires_at = Some(old.expires_at.map_or(until, |at| at.min(until))),
                    None => {
                        (old.revoked_at, old.is_active) = (Some(actor.at), false);
                        changes.audit(tenant, actor, "key.revoked", &old.target(), Some("replaced".to_owned()));
                    }
                }
                changes.put(&Self::system(), &row.row_key(), 0, &row);
                changes.put(&Self::system(), &row.hash.hex(), 0, &OfHash { tenant: tenant.clone(), id: new_id.clone() });
                changes.audit(tenant, actor, "key.minted", &row.target(), Some(row.name.clone()));
                Ok(())
            })
            .await?;
        let made = self.key(tenant, &new_id)?.ok_or_else(|| unknown(&row.id))?;
        Ok(Minted { row: made.value, value })
    }

    /// Switches a key on or off.
    ///
    /// # Errors
    /// `NotFound`, `Conflict`, and as a commit.
    pub async fn switch_key(&self, tenant: &Tenant, id: &str, is_active: bool, actor: &Actor) -> Result<KeyRow, Error> {
        let action = if is_active { "key.activated" } else { "key.deactivated" };
        self.change_key(tenant, id, actor, action, |_, row, _| {
            refuse_root(row, "switched off")?;
            if row.revoked_at.is_some() {
                return Err(revoked(row));
            }
            row.is_active = is_active;
            Ok(())
        })
        .await
    }

    /// The key never counts again; its row stays, so that its use is noticed. Repeating it is fine.
    ///
    /// # Errors
    /// `NotFound`, `Conflict`, and as a commit.
    pub async fn revoke_key(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<KeyRow, Error> {
        if let Some(stored) = self.key(tenant, id)?
            && stored.value.revoked_at.is_some()
        {
            return Ok(stored.value);
        }
        self.change_key(tenant, id, actor, "key.revoked", |_, row, _| {
            refuse_root(row, "revoked")?;
            (row.revoked_at, row.is_active) = (Some(actor.at), false);
            Ok(())
        })
        .await
    }

    /// The key's row is gone; its audit lines stay.
    ///
    /// # Errors
    /// `NotFound`, `Conflict`, and as a commit.
    pub async fn remove_key(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<(), Error> {
        self.update(|catalog, changes| {
            let stored = catalog.key(tenant, id)?.ok_or_else(|| unknown(id))?;
            refuse_root(&stored.value, "removed")?;
            changes.remove::<KeyRow>(&Self::system(), &row_key(tenant, id), stored.version);
            catalog.forget_hash(&stored.value.hash, changes)?;
            if let Some(previous) = stored.value.previous {
                catalog.forget_hash(&previous.hash, changes)?;
            }
            changes.audit(tenant, actor, "key.revoked", &stored.value.target(), Some("removed".to_owned()));
            Ok(())
        })
        .await
    }

    /// Notes that the key was used. For accounting only: losing a race to a real change is fine.
    ///
    /// # Errors
    /// As a commit, apart from `Stale`.
    pub async fn key_used(&self, row: &KeyRow, now: TimeMs) -> Result<(), Error> {
        let Some(mut stored) = self.key(&row.tenant, &row.id)? else { return Ok(()) };
        stored.value.last_used_at = Some(now);
        let mut changes = Changes::default();
        changes.put(&Self::system(), &stored.key, stored.version, &stored.value);
        match self.commit(changes).await {
            Ok(_) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Notes that somebody presented a revoked key.
    ///
    /// # Errors
    /// As a commit.
    pub async fn revoked_key_used(&self, row: &KeyRow, actor: &Actor) -> Result<(), Error> {
        let mut changes = Changes::default();
        changes.audit(&row.tenant, actor, "key.used_while_revoked", &row.target(), None);
        self.commit(changes).await.map(drop)
    }

    async fn change_key(
        &self,
        tenant: &Tenant,
        id: &str,
        actor: &Actor,
        action: &str,
        mut change: impl FnMut(&Self, &mut KeyRow, &mut Changes) -> Result<(), Error>,
    ) -> Result<KeyRow, Error> {
        self.update(|catalog, changes| {
            let mut stored = catalog.key(tenant, id)?.ok_or_else(|| unknown(id))?;
            change(catalog, &mut stored.value, changes)?;
            changes.put(&Self::system(), &stored.key, stored.version, &stored.value);
            changes.audit(tenant, actor, action, &stored.value.target(), Some(stored.value.name.clone()));
            Ok(stored.value)
        })
        .await
    }

    fn hash_version(&self, hash: &Digest) -> Result<u64, Error> {
        Ok(self.get::<OfHash>(&Self::system(), &hash.hex())?.map_or(0, |stored| stored.version))
    }

    fn forget_hash(&self, hash: &Digest, changes: &mut Changes) -> Result<(), Error> {
        let version = self.hash_version(hash)?;
        if version > 0 {
            changes.remove::<OfHash>(&Self::system(), &hash.hex(), version);
        }
        Ok(())
    }
}

fn unknown(id: &str) -> Error {
    Error::NotFound { what: "key", name: id.to_owned() }
}

fn revoked(row: &KeyRow) -> Error {
    Error::Conflict { code: "key_revoked", message: format!("key `{}` was revoked and stays so; make a new one", row.name) }
}

fn refuse_root(row: &KeyRow, done: &str) -> Result<(), Error> {
    if row.is_root {
        let message = format!("the root key is not {done} over the API; start the server with another FLOWGATE_ROOT_KEY");
        return Err(Error::Conflict { code: "root_key", message });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, Store};

    fn catalog() -> Catalog {
        Catalog::new(Store::in_memory(Faults::default()))
    }

    fn at(ms: u64) -> Actor {
        Actor { at: TimeMs(ms), ..Actor::without_key("ana") }
    }

    fn new(name: &str) -> NewKey {
        NewKey { name: name.to_owned(), scopes: vec![Scope::AgentsRead], user: "ana".to_owned(), ..NewKey::default() }
    }

    #[tokio::test]
    async fn a_key_is_found_by_its_value_and_kept_as_a_hash() {
        let (catalog, tenant) = (catalog(), Tenant::default());
        let minted = catalog.mint_key(&tenant, new("ci"), &at(5)).await.unwrap();
        assert_eq!(catalog.key_of_value(&minted.value, TimeMs(6)).unwrap().unwrap(), minted.row);
        assert!(catalog.key_of_value("fgk_something-else", TimeMs(6)).unwrap().is_none());
        let secret = minted.value.strip_prefix(MARK).unwrap();
        let stored = catalog.store().document(&Catalog::system(), KeyRow::COLLECTION, &minted.row.row_key()).unwrap().unwrap();
        assert!(!stored.body.contains(secret), "the value is not kept");
        assert!(minted.row.may(Scope::AgentsRead) && !minted.row.may(Scope::AgentsWrite));
    }

    #[tokio::test]
    async fn a_rotation_overlaps_as_long_as_it_says() {
        let (catalog, tenant) = (catalog(), Tenant::default());
        let first = catalog.mint_key(&tenant, new("ci"), &at(5)).await.unwrap();
        let second = catalog.rotate_key(&tenant, &first.row.id, Some(TimeMs(100)), &at(10)).await.unwrap();
        assert_eq!(first.row.id, second.row.id);
        let known = |value: &str, now| catalog.key_of_value(value, TimeMs(now)).unwrap().is_some();
        assert!(known(&first.value, 99) && known(&second.value, 99));
        assert!(!known(&first.value, 100), "the old value ends on time");
        let third = catalog.rotate_key(&tenant, &first.row.id, None, &at(20)).await.unwrap();
        assert!(!known(&first.value, 50) && !known(&second.value, 50) && known(&third.value, 50), "and at once without an overlap");
    }

    #[tokio::test]
    async fn a_replaced_key_gives_way_to_one_with_another_id() {
        let (catalog, tenant) = (catalog(), Tenant::default());
        let first = catalog.mint_key(&tenant, new("ci"), &at(5)).await.unwrap();
        let second = catalog.replace_key(&tenant, &first.row.id, None, &at(10)).await.unwrap();
        assert_ne!(first.row.id, second.row.id);
        assert_eq!((&second.row.name, &second.row.scopes), (&first.row.name, &first.row.scopes));
        let standing = |value: &str, now| catalog.key_of_value(value, TimeMs(now)).unwrap().unwrap().standing(TimeMs(now));
        assert_eq!((standing(&first.value, 11), standing(&second.value, 11)), (Standing::Revoked, Standing::Valid));
        let third = catalog.replace_key(&tenant, &second.row.id, Some(TimeMs(100)), &at(20)).await.unwrap();
        assert_eq!((standing(&second.value, 99), standing(&third.value, 99)), (Standing::Valid, Standing::Valid));
        assert_eq!((standing(&second.value, 100), standing(&third.value, 100)), (Standing::Expired, Standing::Valid));
        assert!(catalog.replace_key(&tenant, &first.row.id, None, &at(30)).await.is_err(), "a revoked one has no successor");
    }

    #[tokio::test]
    async fn a_revoked_key_stays_revoked_and_is_recognised() {
        let (catalog, tenant) = (catalog(), Tenant::default());
        let minted = catalog.mint_key(&tenant, new("ci"), &at(5)).await.unwrap();
        catalog.revoke_key(&tenant, &minted.row.id, &at(6)).await.unwrap();
        catalog.revoke_key(&tenant, &minted.row.id, &at(7)).await.unwrap();
        let row = catalog.key_of_value(&minted.value, TimeMs(8)).unwrap().unwrap();
        assert_eq!((row.standing(TimeMs(8)), row.revoked_at), (Standing::Revoked, Some(TimeMs(6))));
        assert!(matches!(catalog.switch_key(&tenant, &row.id, true, &at(9)).await, Err(Error::Conflict { .. })));
        let lines = catalog.audit_of(&tenant, &row.target(), None, 9).unwrap();
        assert_eq!(lines.iter().map(|line| line.value.0.action.as_str()).collect::<Vec<_>>(), ["key.revoked", "key.minted"]);
        let elsewhere = catalog.revoke_key(&Tenant::new("other"), &row.id, &at(9)).await;
        assert!(matches!(elsewhere, Err(Error::NotFound { .. })), "another tenant does not reach it");
    }

    #[tokio::test]
    async fn the_root_key_is_made_once_or_chosen() {
        let catalog = catalog();
        let made = catalog.ensure_root_key(None, &at(1)).await.unwrap().unwrap();
        assert!(catalog.ensure_root_key(None, &at(2)).await.unwrap().is_none(), "shown once");
        assert!(catalog.key_of_value(&made, TimeMs(3)).unwrap().is_some_and(|row| row.is_root));
        assert!(catalog.ensure_root_key(Some("short"), &at(4)).await.is_err());
        let chosen = "0123456789abcdef0123456789abcdef";
        assert!(catalog.ensure_root_key(Some(chosen), &at(5)).await.unwrap().is_none());
        assert!(catalog.key_of_value(chosen, TimeMs(6)).unwrap().is_some());
        assert!(catalog.key_of_value(&made, TimeMs(6)).unwrap().is_none(), "the one before counts no longer");
        assert!(catalog.revoke_key(&Tenant::default(), ROOT_ID, &at(7)).await.is_err());
    }
}
