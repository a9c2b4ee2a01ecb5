//! Revisions: immutable, numbered from 1 per agent. The normalised flow stands in the store under its digest; here is who made it, when,
//! why, and the body exactly as it was sent.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::agents::{AgentRow, target};
use super::audit::Actor;
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::flow::digest;
use crate::flow::spec::FlowSpec;
use crate::ids::{Digest, Tenant, TimeMs};
use crate::store::Entry;

/// A comment in bytes.
const COMMENT_BYTES_MAX: usize = 4_096;

/// One revision.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RevisionRow {
    pub agent: String,
    pub revision: u32,
    /// Of the normalised flow.
    pub digest: Digest,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The body as it was sent: our flow under `flow`, or the vendor's shape.
    pub sent: Value,
    pub created_at: TimeMs,
    pub created_by: String,
    /// The program that it was written with, where that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    /// The one thing that changes: when it was deployed anywhere for the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_deployed_at: Option<TimeMs>,
}

impl Kept for RevisionRow {
    const COLLECTION: &'static str = "revisions";
}

/// What a new revision is to be. The flow compiles, and bears the agent's name.
#[derive(Clone, Debug)]
pub struct NewRevision {
    pub spec: FlowSpec,
    pub sent: Value,
    pub comment: Option<String>,
    pub tool: Option<String>,
}

/// A new revision that can be written.
pub(super) struct Prepared {
    new: NewRevision,
    digest: Digest,
    /// The normalised flow.
    text: String,
}

impl NewRevision {
    /// Checks and writes what does not depend on what else is there.
    pub(super) fn prepare(self) -> Result<Prepared, Error> {
        if self.comment.as_ref().is_some_and(|comment| comment.len() > COMMENT_BYTES_MAX) {
            return Err(Error::Invalid { field: "comment", message: format!("a comment has at most {COMMENT_BYTES_MAX} bytes") });
        }
        let digest = digest::of(&self.spec);
        let text = serde_json::to_string(&self.spec).map_err(|error| Error::Store(format!("the flow cannot be written: {error}")))?;
        Ok(Prepared { new: self, digest, text })
    }
}

pub(super) fn row_key(agent: &str, revision: u32) -> String {
    format!("{agent}/{revision:010}")
}

pub(super) fn unknown(agent: &str, revision: u32) -> Error {
    Error::NotFound { what: "revision", name: format!("{agent}@{revision}") }
}

impl Catalog {
    /// Adds the next revision. The agent's first one is deployed to `production` in the same commit.
    ///
    /// # Errors
    /// `NotFound`, `Invalid`, and as a commit.
    pub async fn create_revision(&self, tenant: &Tenant, agent: &str, new: NewRevision, actor: &Actor) -> Result<RevisionRow, Error> {
        let new = new.prepare()?;
        self.update(|catalog, changes| catalog.add_revision(tenant, agent, &new, false, actor, changes)).await
    }

    /// The next revision as part of a larger change; `deployed` lets `production` run it although it is not the first.
    pub(super) fn add_revision(
        &self,
        tenant: &Tenant,
        agent: &str,
        prepared: &Prepared,
        deployed: bool,
        actor: &Actor,
        changes: &mut Changes,
    ) -> Result<RevisionRow, Error> {
        let Prepared { new, digest, text } = prepared;
        let mut stored = self.living_agent(tenant, agent)?;
        // Flows that the command line put into the catalog of the same data directory count as well.
        let newest = self.store().latest(tenant, agent)?.map_or(0, |row| row.revision);
        let revision = newest.max(stored.value.last_revision) + 1;
        let is_first = stored.value.last_revision == 0;
        let mut row = RevisionRow {
            agent: agent.to_owned(),
            revision,
            digest: *digest,
            comment: new.comment.clone(),
            sent: new.sent.clone(),
            created_at: actor.at,
            created_by: actor.user.clone(),
            tool: new.tool.clone(),
            last_deployed_at: None,
        };
        let (name, spec) = (agent.to_owned(), text.clone());
        changes.entry(Entry::Flow { tenant: tenant.clone(), name, revision, digest: *digest, spec });
        stored.value.last_revision = revision;
        stored.value.updated_at = actor.at;
        if is_first || deployed {
            let reason = if is_first { "first revision" } else { "published" };
            self.deploy_new(tenant, &mut stored.value, &mut row, reason, actor, changes)?;
        }
        changes.put(tenant, &row_key(agent, revision), 0, &row);
        changes.put::<AgentRow>(tenant, &stored.key, stored.version, &stored.value);
        changes.audit(tenant, actor, "revision.created", &target(agent), Some(format!("revision {revision}")));
        Ok(row)
    }

    /// Keeps the flow of a draft, so that an execution can be pinned to it; it gets no number among the agent's revisions.
    ///
    /// # Errors
    /// As a commit.
    pub async fn keep_draft_flow(&self, tenant: &Tenant, agent: &str, spec: &FlowSpec) -> Result<Digest, Error> {
        let digest = digest::of(spec);
        let text = serde_json::to_string(spec).map_err(|error| Error::Store(format!("the flow cannot be written: {error}")))?;
        self.store().publish(tenant, &format!("$draft/{agent}"), digest, &text).await?;
        Ok(digest)
    }

    /// # Errors
    /// `NotFound`, `Store`.
    pub fn revision(&self, tenant: &Tenant, agent: &str, revision: u32) -> Result<Stored<RevisionRow>, Error> {
        self.get(tenant, &row_key(agent, revision))?.ok_or_else(|| unknown(agent, revision))
    }

    /// Revisions, newest first; only those below `before`.
    ///
    /// # Errors
    /// `Store`.
    pub fn revisions(&self, tenant: &Tenant, agent: &str, before: Option<u32>, limit: usize) -> Result<Vec<RevisionRow>, Error> {
        let after = before.map(|before| row_key(agent, before));
        let listing = Listing { prefix: &format!("{agent}/"), after: after.as_deref(), descending: true, limit };
        Ok(self.list(tenant, listing)?.into_iter().map(|stored| stored.value).collect())
    }

    /// The normalised flow of a revision.
    ///
    /// # Errors
    /// `Store`, also when it is not there although a revision names it.
    pub fn flow_spec(&self, tenant: &Tenant, row: &RevisionRow) -> Result<FlowSpec, Error> {
        let text = self.store().flow(tenant, &row.digest)?;
        let text = text.ok_or_else(|| Error::Store(format!("the flow of {}@{} is missing", row.agent, row.revision)))?;
        serde_json::from_str(&text)
            .map_err(|error| Error::Store(format!("the flow of {}@{} cannot be read: {error}", row.agent, row.revision)))
    }
}
