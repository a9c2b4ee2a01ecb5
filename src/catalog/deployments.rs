//! Deployments: which revisions an environment runs, with what share, since when and why; and every change of that, for ever.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::agents::{AgentRow, target};
use super::audit::Actor;
use super::environments::PRODUCTION;
use super::revisions::{self, RevisionRow};
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Digest, Tenant, TimeMs};

/// Revisions that share one environment's traffic.
const SHARES_MAX: usize = 10;
/// A share's weight.
const WEIGHT_MAX: u32 = 1_000_000;
/// Why, in bytes.
const REASON_BYTES_MAX: usize = 4_096;

/// A revision and its share of the traffic: `weight` of the sum of all weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Share {
    #[schemars(range(min = 1))]
    pub revision: u32,
    #[schemars(range(min = 1, max = 1_000_000))]
    pub weight: u32,
}

/// What an environment runs of an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeploymentRow {
    pub agent: String,
    pub environment: String,
    /// Never empty; the first has the largest share.
    pub split: Vec<Share>,
    pub at: TimeMs,
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Kept for DeploymentRow {
    const COLLECTION: &'static str = "deployments";
}

/// One change of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployRow {
    pub id: Uuid,
    /// Counts per agent.
    pub number: u64,
    pub agent: String,
    pub environment: String,
    /// What ran before; 0: nothing.
    pub previous_revision: u32,
    /// What has the largest share now.
    pub target_revision: u32,
    pub split: Vec<Share>,
    pub at: TimeMs,
    pub by: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_rollback: bool,
}

impl Kept for DeployRow {
    const COLLECTION: &'static str = "deploys";
}

/// A change that is wanted.
#[derive(Clone, Debug)]
pub struct Deploy {
    pub environment: String,
    pub split: Vec<Share>,
    pub reason: Option<String>,
    pub tool: Option<String>,
    pub is_rollback: bool,
}

/// Which revision one start runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub revision: u32,
    pub digest: Digest,
}

impl DeploymentRow {
    /// The revision for a start: the same for the same session as long as the split stays.
    fn choose(&self, session: Option<&str>, entropy: u64) -> u32 {
        let total: u64 = self.split.iter().map(|share| u64::from(share.weight)).sum();
        let drawn = match session {
            Some(session) => Digest::of(format!("{}/{}/{session}", self.agent, self.environment).as_bytes())
                .0
                .first_chunk::<8>()
                .map_or(0, |bytes| u64::from_be_bytes(*bytes)),
            None => entropy,
        };
        let mut left = drawn % total.max(1);
        for share in &self.split {
            if left < u64::from(share.weight) {
                return share.revision;
            }
            left -= u64::from(share.weight);
        }
        self.split.first().map_or(0, |share| share.revision)
    }
}

fn row_key(agent: &str, environment: &str) -> String {
    format!("{agent}/{environment}")
}

fn main_share(split: &[Share]) -> u32 {
    split.iter().rev().max_by_key(|share| share.weight).map_or(0, |share| share.revision)
}

/// # Errors
/// `Invalid`.
fn check(deploy: &Deploy) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::Invalid { field: "split", message });
    if deploy.split.is_empty() || deploy.split.len() > SHARES_MAX {
        return invalid(format!("name 1 to {SHARES_MAX} revisions"));
    }
    if let Some(share) = deploy.split.iter().find(|share| share.weight == 0 || share.weight > WEIGHT_MAX) {
        return invalid(format!("the weight of revision {} must lie between 1 and {WEIGHT_MAX}", share.revision));
    }
    for (index, share) in deploy.split.iter().enumerate() {
        if deploy.split[..index].iter().any(|other| other.revision == share.revision) {
            return invalid(format!("revision {} stands twice", share.revision));
        }
    }
    if deploy.reason.as_ref().is_some_and(|reason| reason.len() > REASON_BYTES_MAX) {
        return Err(Error::Invalid { field: "reason", message: format!("a reason has at most {REASON_BYTES_MAX} bytes") });
    }
    Ok(())
}

impl Catalog {
    /// Lets an environment run other revisions from now on; what runs stays where it is.
    ///
    /// # Errors
    /// `NotFound` (agent, revision, environment), `Invalid`, and as a commit.
    pub async fn deploy(&self, tenant: &Tenant, agent: &str, deploy: &Deploy, actor: &Actor) -> Result<DeployRow, Error> {
        check(deploy)?;
        self.update(|catalog, changes| {
            catalog.usable_environment(tenant, &deploy.environment)?;
            let mut stored = catalog.living_agent(tenant, agent)?;
            for share in &deploy.split {
                let mut revision = catalog.revision(tenant, agent, share.revision)?;
                revision.value.last_deployed_at = Some(actor.at);
                changes.put(tenant, &revision.key, revision.version, &revision.value);
            }
            let row = catalog.record_deploy(tenant, &mut stored.value, deploy, actor, changes)?;
            stored.value.updated_at = actor.at;
            changes.put(tenant, &stored.key, stored.version, &stored.value);
            Ok(row)
        })
        .await
    }

    /// Back to the revision that ran before the present one (or to `to`), whole.
    ///
    /// # Errors
    /// `Conflict` where nothing ran before, and as `deploy`.
    pub async fn roll_back(
        &self,
        tenant: &Tenant,
        agent: &str,
        to: Option<u32>,
        wanted: Deploy,
        actor: &Actor,
    ) -> Result<DeployRow, Error> {
        // An unknown agent is 404 before it is one without a history.
        self.agent(tenant, agent)?;
        let revision = match to {
            Some(revision) => revision,
            None => self.before_present(tenant, agent, &wanted.environment)?,
        };
        let deploy = Deploy { split: vec![Share { revision, weight: 1 }], is_rollback: true, ..wanted };
        self.deploy(tenant, agent, &deploy, actor).await
    }

    /// What ran before what runs now: rollbacks themselves are no step to go back to.
    fn before_present(&self, tenant: &Tenant, agent: &str, environment: &str) -> Result<u32, Error> {
        let present = self.deployment(tenant, agent, environment)?.map_or(0, |stored| main_share(&stored.value.split));
        let history = self.deploys(tenant, agent, None, 0)?;
        let mut forward = history.iter().filter(|row| row.environment == environment && row.target_revision == present && !row.is_rollback);
        match forward.next().map(|row| row.previous_revision) {
            Some(before) if before > 0 => Ok(before),
            _ => {
                let message = format!("nothing ran in `{environment}` before revision {present}; name one with toRevision");
                Err(Error::Conflict { code: "nothing_before", message })
            }
        }
    }

    /// The deployment that comes with a new revision: an agent's first one, or one that was wanted at once.
    pub(super) fn deploy_new(
        &self,
        tenant: &Tenant,
        agent: &mut AgentRow,
        revision: &mut RevisionRow,
        reason: &str,
        actor: &Actor,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        revision.last_deployed_at = Some(actor.at);
        let deploy = Deploy {
            environment: PRODUCTION.to_owned(),
            split: vec![Share { revision: revision.revision, weight: 1 }],
            reason: Some(reason.to_owned()),
            tool: revision.tool.clone(),
            is_rollback: false,
        };
        self.record_deploy(tenant, agent, &deploy, actor, changes).map(drop)
    }

    fn record_deploy(
        &self,
        tenant: &Tenant,
        agent: &mut AgentRow,
        deploy: &Deploy,
        actor: &Actor,
        changes: &mut Changes,
    ) -> Result<DeployRow, Error> {
        let key = row_key(&agent.id, &deploy.environment);
        let standing = self.deployment(tenant, &agent.id, &deploy.environment)?;
        let (version, previous) = standing.map_or((0, 0), |stored| (stored.version, main_share(&stored.value.split)));
        let (at, by, reason) = (actor.at, actor.user.clone(), deploy.reason.clone());
        let row =
            DeploymentRow { agent: agent.id.clone(), environment: deploy.environment.clone(), split: deploy.split.clone(), at, by, reason };
        changes.put(tenant, &key, version, &row);
        let number = self.deploys(tenant, &agent.id, None, 1)?.first().map_or(0, |row| row.number) + 1;
        let target_revision = main_share(&deploy.split);
        let deployed = DeployRow {
            id: Uuid::now_v7(),
            number,
            agent: agent.id.clone(),
            environment: deploy.environment.clone(),
            previous_revision: previous,
            target_revision,
            split: deploy.split.clone(),
            at,
            by: actor.user.clone(),
            tool: deploy.tool.clone(),
            reason: deploy.reason.clone(),
            is_rollback: deploy.is_rollback,
        };
        changes.put(tenant, &format!("{}/{number:010}", agent.id), 0, &deployed);
        if deploy.environment == PRODUCTION {
            agent.current_revision = target_revision;
        }
        let detail = format!("revision {target_revision} in {}, before it {previous}", deploy.environment);
        changes.audit(tenant, actor, "revision.deployed", &target(&agent.id), Some(detail));
        Ok(deployed)
    }

    /// # Errors
    /// `Store`.
    pub fn deployment(&self, tenant: &Tenant, agent: &str, environment: &str) -> Result<Option<Stored<DeploymentRow>>, Error> {
        self.get(tenant, &row_key(agent, environment))
    }

    /// What every environment runs of an agent.
    ///
    /// # Errors
    /// `Store`.
    pub fn deployments(&self, tenant: &Tenant, agent: &str) -> Result<Vec<DeploymentRow>, Error> {
        let listed = self.list(tenant, Listing { prefix: &format!("{agent}/"), ..Listing::default() })?;
        Ok(listed.into_iter().map(|stored| stored.value).collect())
    }

    /// Changes of deployments, newest first; only those below number `before`.
    ///
    /// # Errors
    /// `Store`.
    pub fn deploys(&self, tenant: &Tenant, agent: &str, before: Option<u64>, limit: usize) -> Result<Vec<DeployRow>, Error> {
        let after = before.map(|before| format!("{agent}/{before:010}"));
        let listing = Listing { prefix: &format!("{agent}/"), after: after.as_deref(), descending: true, limit };
        Ok(self.list(tenant, listing)?.into_iter().map(|stored| stored.value).collect())
    }

    /// The revision that a start of `agent` runs now.
    ///
    /// # Errors
    /// `NotFound`: no such agent, or nothing of it runs in this environment, nor in `production`, which stands in for it.
    pub fn choose(&self, tenant: &Tenant, agent: &str, environment: &str, session: Option<&str>, entropy: u64) -> Result<Chosen, Error> {
        let mut deployment = self.deployment(tenant, agent, environment)?;
        if deployment.is_none() && environment != PRODUCTION {
            deployment = self.deployment(tenant, agent, PRODUCTION)?;
        }
        let Some(stored) = deployment else {
            return Err(Error::NotFound { what: "deployed revision of agent", name: format!("{agent} in {environment}") });
        };
        let revision = stored.value.choose(session, entropy);
        self.revision_of(tenant, agent, revision)
    }

    /// A named revision, for a start.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn revision_of(&self, tenant: &Tenant, agent: &str, revision: u32) -> Result<Chosen, Error> {
        let row = self.revision(tenant, agent, revision).map_err(|error| match error {
            Error::NotFound { .. } => revisions::unknown(agent, revision),
            error => error,
        })?;
        Ok(Chosen { revision, digest: row.value.digest })
    }
}

#[cfg(test)]
mod tests;
