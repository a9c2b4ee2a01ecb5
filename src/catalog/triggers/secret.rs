//! What proves who sends the events of a trigger: sealed in the store with the master key like what signs webhooks, told once to whoever made
//! it, and opened when an event comes.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::rows::{Secret, Source, TriggerRow};
use super::{NewTrigger, check};
use crate::catalog::Error;
use crate::catalog::audit::Actor;
use crate::catalog::keyring::{Keyring, Resealed};
use crate::catalog::secrets::SecretVault;
use crate::catalog::signing::SigningSecret;
use crate::ids::{Tenant, TimeMs};

/// Random bytes of a secret.
const SECRET_BYTES: usize = 32;
/// Random bytes of an inbound address.
const HOOK_BYTES: usize = 16;
/// In front of a secret that signs, as Standard Webhooks writes them.
const MARK: &str = "whsec_";

/// What a sealed secret is bound to.
fn place(tenant: &Tenant, id: &str) -> String {
    format!("{tenant}/trigger/{id}")
}

fn random<const BYTES: usize>() -> Result<Zeroizing<[u8; BYTES]>, Error> {
    let mut bytes = Zeroizing::new([0; BYTES]);
    getrandom::fill(bytes.as_mut_slice()).map_err(|error| Error::Store(format!("the system gives no randomness: {error}")))?;
    Ok(bytes)
}

fn fresh() -> Result<Zeroizing<String>, Error> {
    Ok(Zeroizing::new(format!("{MARK}{}", STANDARD.encode(random::<SECRET_BYTES>()?.as_slice()))))
}

impl Resealed for TriggerRow {
    fn reseal(&mut self, keys: &Keyring, tenant: &Tenant, key: &str) -> Result<bool, Error> {
        let Some(secret) = &mut self.secret else { return Ok(false) };
        let place = place(tenant, key);
        let mut is_changed = secret.value.reseal(keys, &place)?;
        if let Some((previous, _)) = &mut secret.previous {
            is_changed |= previous.reseal(keys, &place)?;
        }
        Ok(is_changed)
    }
}

impl SecretVault {
    /// Every secret that an event at `now` may be proven with. Blocking when it is the first thing that is opened.
    ///
    /// # Errors
    /// `Conflict`, when the master key is not at hand; `Store`.
    pub fn trigger_secrets(&self, tenant: &Tenant, row: &TriggerRow, now: TimeMs) -> Result<Vec<Zeroizing<String>>, Error> {
        let Some(secret) = &row.secret else { return Ok(Vec::new()) };
        let (keys, place) = (self.keys.in_use(&self.catalog)?, place(tenant, &row.id));
        let previous = secret.previous.iter().filter(|(_, until)| now < *until).map(|(value, _)| value);
        std::iter::once(&secret.value).chain(previous).map(|value| value.open(&keys, &place)).collect()
    }

    /// Makes a trigger. Its secret, where its kind has one, is returned this once.
    ///
    /// # Errors
    /// `Invalid`, `NotFound` (an agent or an environment), `Conflict` (too many, or no master key at hand), and as a commit.
    pub async fn create_trigger(
        &self,
        tenant: &Tenant,
        new: NewTrigger,
        actor: &Actor,
    ) -> Result<(TriggerRow, Option<Zeroizing<String>>), Error> {
        check::definition(&new.definition)?;
        let id = Uuid::now_v7().to_string();
        if !matches!(new.definition.source, Source::Webhook(_)) {
            return Ok((self.catalog.add_trigger(tenant, (id, None), new, actor).await?, None));
        }
        let (fresh, (keys, _no_rotation)) = (fresh()?, self.sealing().await?);
        let hook = random::<HOOK_BYTES>()?.iter().map(|byte| format!("{byte:02x}")).collect();
        let secret = Secret { value: SigningSecret::seal(&keys, &place(tenant, &id), &fresh)?, previous: None, hook };
        Ok((self.catalog.add_trigger(tenant, (id, Some(secret)), new, actor).await?, Some(fresh)))
    }

    /// Another secret, which is returned this once; the old one counts until `overlap_until`. The address stays.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` where it has none or no master key is at hand, and as a commit.
    pub async fn rotate_trigger(
        &self,
        tenant: &Tenant,
        id: &str,
        overlap_until: Option<TimeMs>,
        actor: &Actor,
    ) -> Result<(TriggerRow, Zeroizing<String>), Error> {
        let (fresh, (keys, _no_rotation)) = (fresh()?, self.sealing().await?);
        let place = place(tenant, id);
        let rotate = |row: &mut TriggerRow| {
            let Some(secret) = &mut row.secret else {
                return Err(Error::Conflict { code: "trigger_kind", message: "only a trigger of kind WEBHOOK has a secret".to_owned() });
            };
            let mut before = std::mem::replace(&mut secret.value, SigningSecret::seal(&keys, &place, &fresh)?);
            before.reseal(&keys, &place)?;
            secret.previous = overlap_until.map(|until| (before, until));
            Ok(())
        };
        let row = self.catalog.edit_trigger(tenant, id, ("trigger.rotated", actor), |_, row, _| rotate(row)).await?;
        Ok((row, fresh))
    }
}
