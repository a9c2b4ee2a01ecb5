//! Agents: a name, what people say about it, and how its requests are treated. What it does stands in its revisions.

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::numbers::Kind;
use super::tenants::is_slug;
use super::{Catalog, Error, Kept, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

/// An agent's name in characters.
const NAME_LENGTH_MAX: usize = 100;
/// Between an agent's deletion and the moment from which it cannot be taken back.
pub const DELETION_GRACE_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// What happens to a message of a session while another one is being answered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhenBusy {
    /// It is refused with 409.
    #[default]
    Reject,
    /// It waits for its turn.
    Enqueue,
    /// The one before is cancelled.
    Interrupt,
    /// Both run.
    Parallel,
}

/// How an agent's sessions and files are treated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AgentSettings {
    pub when_busy: WhenBusy,
    /// Earlier turns that go to the model, at most.
    pub session_turns_max: u32,
    /// Characters of earlier turns that go to the model, at most; the oldest go first.
    pub session_characters_max: u32,
    /// Bytes of one attached file, at most; 0: it takes no files.
    pub attachment_bytes_max: u64,
    /// Types of attached files, `text/*` or whole; empty: any.
    pub attachment_types: Vec<String>,
}

impl Default for AgentSettings {
    fn default() -> Self {
        Self {
            when_busy: WhenBusy::default(),
            session_turns_max: 20,
            session_characters_max: 40_000,
            attachment_bytes_max: 10 << 20,
            attachment_types: Vec::new(),
        }
    }
}

/// One agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentRow {
    /// The name in paths; the name of its flows.
    pub id: String,
    /// Its integer id, per installation.
    pub number: u64,
    pub display_name: String,
    #[serde(default)]
    pub description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What the vendor's clients call its type; free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    pub enabled: bool,
    /// What `production` runs; 0: nothing yet.
    #[serde(default)]
    pub current_revision: u32,
    /// The newest revision; 0: there is none.
    #[serde(default)]
    pub last_revision: u32,
    #[serde(default)]
    pub settings: AgentSettings,
    pub created_at: TimeMs,
    pub created_by: String,
    pub updated_at: TimeMs,
    /// Set: it is deleted, and can be taken back for a while.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted_at: Option<TimeMs>,
}

impl Kept for AgentRow {
    const COLLECTION: &'static str = "agents";
}

impl AgentRow {
    #[must_use]
    pub fn target(&self) -> String {
        target(&self.id)
    }
}

/// What the audit calls an agent.
pub(super) fn target(agent: &str) -> String {
    format!("agent:{agent}")
}

pub(super) fn unknown(agent: &str) -> Error {
    Error::NotFound { what: "agent", name: agent.to_owned() }
}

/// What a new agent is to be.
#[derive(Clone, Debug, Default)]
pub struct NewAgent {
    pub id: String,
    pub display_name: Option<String>,
    pub description: Option<String>,
    pub tags: Vec<String>,
    pub kind: Option<String>,
    pub settings: AgentSettings,
}

impl Catalog {
    /// # Errors
    /// `Invalid`, `Exists`, and as a commit.
    pub async fn create_agent(&self, tenant: &Tenant, new: NewAgent, actor: &Actor) -> Result<AgentRow, Error> {
        if !is_slug(&new.id, NAME_LENGTH_MAX) || new.id.len() < 2 {
            let message = format!(
                "`{}` cannot be an agent's name: use lower-case letters, digits, `-` and `_`, a letter first, 2 to {NAME_LENGTH_MAX}",
                new.id
            );
            return Err(Error::Invalid { field: "id", message });
        }
        self.update(|catalog, changes| {
            if catalog.get::<AgentRow>(tenant, &new.id)?.is_some() {
                return Err(Error::Exists { what: "agent", name: new.id.clone() });
            }
            let row = AgentRow {
                id: new.id.clone(),
                number: catalog.number_row(AgentRow::COLLECTION, Kind::Agent, tenant, &new.id, changes)?,
                display_name: new.display_name.clone().unwrap_or_else(|| new.id.clone()),
                description: new.description.clone().unwrap_or_default(),
                tags: new.tags.clone(),
                kind: new.kind.clone(),
                enabled: true,
                current_revision: 0,
                last_revision: 0,
                settings: new.settings.clone(),
                created_at: actor.at,
                created_by: actor.user.clone(),
                updated_at: actor.at,
                deleted_at: None,
            };
            changes.put(tenant, &row.id, 0, &row);
            changes.audit(tenant, actor, "agent.created", &row.target(), None);
            Ok(row)
        })
        .await
    }

    /// An agent, deleted or not.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn agent(&self, tenant: &Tenant, id: &str) -> Result<Stored<AgentRow>, Error> {
        self.get(tenant, id)?.ok_or_else(|| unknown(id))
    }

    /// An agent that is not deleted.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn living_agent(&self, tenant: &Tenant, id: &str) -> Result<Stored<AgentRow>, Error> {
        let stored = self.agent(tenant, id)?;
        if stored.value.deleted_at.is_some() { Err(unknown(id)) } else { Ok(stored) }
    }

    /// Agents by name.
    ///
    /// # Errors
    /// `Store`.
    pub fn agents(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> Result<Vec<AgentRow>, Error> {
        let listed = self.list(tenant, Listing { after, limit, ..Listing::default() })?;
        Ok(listed.into_iter().map(|stored| stored.value).collect())
    }

    /// Another name, description, setting; switched on or off; deleted or taken back: `change` says, or refuses.
    ///
    /// # Errors
    /// `NotFound`, what `change` says, and as a commit.
    pub async fn change_agent(
        &self,
        tenant: &Tenant,
        id: &str,
        action: &str,
        actor: &Actor,
        mut change: impl FnMut(&mut AgentRow) -> Result<(), Error>,
    ) -> Result<AgentRow, Error> {
        self.update(|catalog, changes| {
            let mut stored = catalog.agent(tenant, id)?;
            let before = stored.value.clone();
            change(&mut stored.value)?;
            if stored.value != before {
                stored.value.updated_at = actor.at;
                changes.put(tenant, &stored.key, stored.version, &stored.value);
                changes.audit(tenant, actor, action, &stored.value.target(), None);
            }
            Ok(stored.value)
        })
        .await
    }

    /// Marks an agent as deleted; its executions go on, its name stays taken.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn delete_agent(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<AgentRow, Error> {
        self.change_agent(tenant, id, "agent.deleted", actor, |row| {
            row.deleted_at.get_or_insert(actor.at);
            Ok(())
        })
        .await
    }

    /// Takes a deletion back.
    ///
    /// # Errors
    /// `NotFound`, `Invalid` where it is not deleted, `NotFound` once the grace is over, and as a commit.
    pub async fn restore_agent(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<AgentRow, Error> {
        self.change_agent(tenant, id, "agent.restored", actor, |row| match row.deleted_at.take() {
            None => Err(Error::Invalid { field: "$", message: format!("agent `{id}` is not deleted") }),
            Some(at) if actor.at.since(at) > DELETION_GRACE_MS => Err(unknown(id)),
            Some(_) => Ok(()),
        })
        .await
    }
}
