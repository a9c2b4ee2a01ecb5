//! Sign-ins: a browser that presented a key once is known by a cookie. The cookie's value is random, kept as a hash, and worth what the
//! key is worth: when that is revoked or expires, so is the sign-in.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::documents::Part;
use super::keys::KeyRow;
use super::{Catalog, Changes, Error, Kept, Stored};
use crate::ids::{Digest, Tenant, TimeMs};

/// How long a sign-in lasts.
pub const SIGN_IN_MS: u64 = 12 * 60 * 60 * 1_000;
/// Random bytes of a cookie.
const VALUE_BYTES: usize = 32;

/// A browser that is signed in.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct SignIn {
    tenant: Tenant,
    key_id: String,
    /// Of the key's value at the time: a rotation ends the sign-in with it.
    key_hash: Digest,
    expires_at: TimeMs,
}

impl Kept for SignIn {
    const COLLECTION: &'static str = "sign_ins";
}

impl Catalog {
    /// Signs a browser in with a key; gives the cookie's value.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sign_in(&self, key: &KeyRow, now: TimeMs) -> Result<String, Error> {
        let mut bytes = [0; VALUE_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Error::Store(format!("the system gives no randomness: {error}")))?;
        let value = URL_SAFE_NO_PAD.encode(bytes);
        let row = SignIn { tenant: key.tenant.clone(), key_id: key.id.clone(), key_hash: key.hash, expires_at: now.plus(SIGN_IN_MS) };
        let mut changes = Changes::default();
        changes.put(&Self::system(), &Digest::of(value.as_bytes()).hex(), 0, &row);
        self.commit(changes).await?;
        Ok(value)
    }

    /// The key behind a cookie's value, whatever its standing.
    ///
    /// # Errors
    /// `Store`.
    pub fn signed_in(&self, value: &str, now: TimeMs) -> Result<Option<KeyRow>, Error> {
        let found = self.get::<SignIn>(&Self::system(), &Digest::of(value.as_bytes()).hex())?;
        let Some(row) = found.map(|stored| stored.value).filter(|row| now < row.expires_at) else { return Ok(None) };
        let key = self.key(&row.tenant, &row.key_id)?.map(|stored| stored.value);
        Ok(key.filter(|key| key.hash == row.key_hash))
    }

    /// Ends a sign-in; one that is not there is ended.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sign_out(&self, value: &str) -> Result<(), Error> {
        let name = Digest::of(value.as_bytes()).hex();
        self.update(|catalog, changes| {
            if let Some(stored) = catalog.get::<SignIn>(&Self::system(), &name)? {
                changes.remove::<SignIn>(&Self::system(), &name, stored.version);
            }
            Ok(())
        })
        .await
    }

    /// Forgets sign-ins that are over; how many.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sweep_sign_ins(&self, now: TimeMs) -> Result<usize, Error> {
        let is_over = move |_: &Self, row: &Stored<SignIn>| Ok(row.value.expires_at <= now);
        Ok(self.sweep(&Self::system(), Part::of(""), is_over).await?.gone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::audit::Actor;
    use crate::catalog::keys::NewKey;
    use crate::store::{Faults, Store};

    #[tokio::test]
    async fn a_sign_in_ends_with_its_time_its_sign_out_or_its_key() {
        let (catalog, tenant) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default());
        let actor = Actor { at: TimeMs(10), ..Actor::without_key("ana") };
        let key = catalog.mint_key(&tenant, NewKey { name: "ana".to_owned(), ..NewKey::default() }, &actor).await.unwrap().row;
        let (first, second) = (catalog.sign_in(&key, TimeMs(10)).await.unwrap(), catalog.sign_in(&key, TimeMs(10)).await.unwrap());
        let known = |value: &str, now| catalog.signed_in(value, TimeMs(now)).unwrap().is_some();
        assert!(known(&first, 9 + SIGN_IN_MS) && !known(&first, 10 + SIGN_IN_MS) && !known("else", 11));
        catalog.sign_out(&first).await.unwrap();
        assert!(!known(&first, 11) && known(&second, 11), "the other browser stays");
        catalog.revoke_key(&tenant, &key.id, &actor).await.unwrap();
        assert!(catalog.signed_in(&second, TimeMs(12)).unwrap().unwrap().revoked_at.is_some(), "whoever asks sees that the key is gone");
        assert_eq!(catalog.sweep_sign_ins(TimeMs(10 + SIGN_IN_MS)).await.unwrap(), 1);
    }
}
