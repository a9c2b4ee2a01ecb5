//! `/v1/tenants/{tenant}/secrets`: set and removed, granted to agents, and never read again. `POST /v1/masterKey:rotate` seals all of
//! them with another key.

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use zeroize::Zeroizing;

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::problem::Problem;
use crate::api::route::{Access, Content, Route};
use crate::catalog::Error;
use crate::catalog::scopes::Scope;
use crate::catalog::secrets::{Grant, SecretRow};
use crate::ids::TimeMs;

/// Room for the largest value, escaped, and for the names of many agents.
const BODY_BYTES_MAX: usize = 256 << 10;

const LIST: &str = "/v1/tenants/{tenant}/secrets";
const ONE: &str = "/v1/tenants/{tenant}/secrets/{secret}";

/// A secret without its value.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SecretInfo {
    /// What flows write behind `secret.`; the same as `name` and `key`.
    id: String,
    name: String,
    key: String,
    /// Counts values, from 1.
    version: u64,
    /// The same, under the name that the later clients read.
    published_version: u64,
    /// Agents that may use it; null: every agent of the tenant.
    granted_to: Option<Vec<String>>,
    created_at: TimeMs,
    created_by: String,
    updated_at: TimeMs,
    updated_by: String,
    modified_at: TimeMs,
}

impl From<SecretRow> for SecretInfo {
    fn from(row: SecretRow) -> Self {
        Self {
            id: row.name.clone(),
            key: row.name.clone(),
            name: row.name,
            version: row.version,
            published_version: row.version,
            granted_to: row.granted_to,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
            modified_at: row.updated_at,
        }
    }
}

/// An agent that may use a secret.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SecretGrant {
    id: String,
    agent_id: String,
    secret_id: String,
    created_by: String,
    created_at: TimeMs,
}

/// A value on its way in. It is in no error message, whatever it turns out to be.
struct Hidden(Zeroizing<String>);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::String(text) => Ok(Self(Zeroizing::new(text))),
            _ => Err(serde::de::Error::custom("it must be a text")),
        }
    }
}

/// A new value, other agents that may use it, or both.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SetSecret {
    /// 4 to 16,384 bytes. Absent: it keeps its value.
    #[serde(default)]
    #[schemars(with = "Option<String>", length(min = 4, max = 16_384))]
    value: Option<Hidden>,
    /// Agents that may use it; null: every agent. Absent: as before, and every agent for a new one.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Vec<String>>", inner(regex(pattern = "^[a-z][a-z0-9_-]{0,99}$")))]
    #[expect(clippy::option_option, reason = "absent and null mean different things")]
    granted_to: Option<Option<Vec<String>>>,
}

/// Tells null from absent.
#[expect(clippy::option_option, reason = "absent and null mean different things")]
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Vec<String>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// What a rotation did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct RotatedMasterKey {
    /// Tells the new key from others; it is not the key.
    key_id: String,
    /// Secrets that were sealed again.
    secrets: usize,
}

pub fn routes() -> Vec<Route> {
    let (read, write) = (Scope::SecretsRead, Scope::SecretsWrite);
    vec![
        Route::get(LIST, "listSecrets", "Every secret, without its value").scope(read).answers::<Vec<SecretInfo>>(200).to(list),
        Route::get(ONE, "getSecret", "A secret, without its value").scope(read).answers::<SecretInfo>(200).to(get),
        Route::put(ONE, "setSecret", "Set a secret's value, or who may use it")
            .scope(write)
            .takes::<SetSecret>()
            .body_bytes_max(BODY_BYTES_MAX)
            .answers::<SecretInfo>(200)
            .to(set),
        Route::delete(ONE, "deleteSecret", "Remove a secret; steps that need it fail from now on")
            .scope(write)
            .answers_with(204, Content::Nothing)
            .to(remove),
        Route::get("/v1/tenants/{tenant}/secrets/{secret}/grants", "listSecretGrants", "The agents that a secret is granted to by name")
            .scope(read)
            .answers::<Vec<SecretGrant>>(200)
            .to(grants),
        Route::post("/v1/masterKey:rotate", "rotateMasterKey", "Seal every secret with another master key")
            .access(Access::Root)
            .answers::<RotatedMasterKey>(200)
            .to(rotate),
    ]
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let secrets: Vec<SecretInfo> = call.app.vault.list(&call.tenant)?.into_iter().map(SecretInfo::from).collect();
    Answer::json(&secrets)
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&SecretInfo::from(call.app.vault.get(&call.tenant, call.parameter("secret")?)?))
}

async fn set(call: Call) -> Result<Answer, Problem> {
    let wanted: SetSecret = call.json()?;
    let grant = match wanted.granted_to {
        None => Grant::Keep,
        Some(None) => Grant::Everyone,
        Some(Some(agents)) => Grant::Agents(agents),
    };
    let value = wanted.value.as_ref().map(|value| value.0.as_str());
    let name = call.parameter("secret")?;
    let set = call.app.vault.set(&call.tenant, name, value, grant, &call.actor()?).await;
    let row = set.map_err(|error| match error {
        // The name is in the path: what cannot be one names nothing.
        Error::Invalid { field: "name", .. } if value.is_none() => Problem::not_found("secret", name),
        Error::Invalid { field: "name", message } => Problem::new(404, "not_found", "Not found", message),
        error => error.into(),
    })?;
    Answer::json(&SecretInfo::from(row))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.app.vault.remove(&call.tenant, call.parameter("secret")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

async fn grants(call: Call) -> Result<Answer, Problem> {
    let row = call.app.vault.get(&call.tenant, call.parameter("secret")?)?;
    let agents = row.granted_to.iter().flatten().map(|agent| SecretGrant {
        id: format!("{}-{agent}", row.name),
        agent_id: agent.clone(),
        secret_id: row.name.clone(),
        created_by: row.updated_by.clone(),
        created_at: row.updated_at,
    });
    Answer::json(&agents.collect::<Vec<_>>())
}

async fn rotate(call: Call) -> Result<Answer, Problem> {
    let rotated = call.app.vault.rotate(&call.actor()?).await?;
    Answer::json(&RotatedMasterKey { key_id: rotated.key_id, secrets: rotated.secrets })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_value_is_said_without_the_value() {
        for body in [r#"{"value": 48151623}"#, r#"{"value": ["48151623"]}"#, r#"{"value": {"a": "48151623"}}"#] {
            let error = serde_json::from_str::<SetSecret>(body).err().unwrap().to_string();
            assert!(!error.contains("48151623"), "{error}");
        }
    }

    #[test]
    fn null_and_absent_are_told_apart() {
        let read = |body: &str| serde_json::from_str::<SetSecret>(body).ok().unwrap().granted_to;
        assert_eq!(read("{}"), None);
        assert_eq!(read(r#"{"grantedTo": null}"#), Some(None));
        assert_eq!(read(r#"{"grantedTo": ["a"]}"#), Some(Some(vec!["a".to_owned()])));
    }
}
