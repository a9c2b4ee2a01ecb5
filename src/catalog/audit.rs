//! Who did what: one line per change that somebody answers for. Lines are written in the same commit as what they tell of, and never
//! changed.

use serde::{Deserialize, Serialize};

use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditLine {
    pub at: TimeMs,
    /// The user whose key it was; `operator` at the command line.
    pub actor: String,
    /// The key, where there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// `key.minted`, `revision.deployed`, …
    pub action: String,
    /// `key:ID`, `agent:SLUG`, …
    pub target: String,
    /// For people; never a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

impl Kept for AuditLine {
    const COLLECTION: &'static str = "audit";
}

/// The same line, found by its target.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OfTarget(pub AuditLine);

impl Kept for OfTarget {
    const COLLECTION: &'static str = "audit_of";
}

/// Who does something, and what a line about it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    pub user: String,
    pub key_id: Option<String>,
    pub at: TimeMs,
    /// Tells lines of one millisecond apart.
    pub entropy: u64,
}

impl Actor {
    /// One without a key: the command line beside the data directory, or the server itself.
    #[must_use]
    pub fn without_key(user: &str) -> Self {
        Self { user: user.to_owned(), key_id: None, at: crate::clock::now(), entropy: crate::clock::entropy() }
    }
}

impl Changes {
    /// Adds the line to the same commit.
    pub fn audit(&mut self, tenant: &Tenant, actor: &Actor, action: &str, target: &str, detail: Option<String>) -> &mut Self {
        let line = AuditLine {
            at: actor.at,
            actor: actor.user.clone(),
            key_id: actor.key_id.clone(),
            action: action.to_owned(),
            target: target.to_owned(),
            detail,
        };
        let moment = format!("{:014x}-{:016x}", actor.at.0, actor.entropy);
        self.put(tenant, &format!("{moment}-{action}-{target}"), 0, &line);
        self.put(tenant, &format!("{target}/{moment}-{action}"), 0, &OfTarget(line))
    }
}

impl Catalog {
    /// The newest lines of a tenant; `after` is the key of the last one seen.
    ///
    /// # Errors
    /// `Store`.
    pub fn audit(&self, tenant: &Tenant, after: Option<&str>, limit: usize) -> Result<Vec<Stored<AuditLine>>, Error> {
        self.list(tenant, Listing { after, descending: true, limit, ..Listing::default() })
    }

    /// The newest lines about one thing.
    ///
    /// # Errors
    /// `Store`.
    pub fn audit_of(&self, tenant: &Tenant, target: &str, after: Option<&str>, limit: usize) -> Result<Vec<Stored<OfTarget>>, Error> {
        self.list(tenant, Listing { prefix: &format!("{target}/"), after, descending: true, limit })
    }
}
