//! What people say about questions, beside deciding them: comments, and claims. A claim tells the others that somebody is looking; it ends
//! by itself and never stands in the way of a decision. The question itself lives in its execution's journal.

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::{Catalog, Error, Kept, Listing, Stored};
use crate::ids::{QuestionId, Tenant, TimeMs};

/// Comments on one question.
const COMMENTS_MAX: usize = 200;

/// One comment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommentRow {
    pub at: TimeMs,
    pub by: String,
    pub text: String,
}

impl Kept for CommentRow {
    const COLLECTION: &'static str = "approval_comments";
}

/// Somebody looks at a question until then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimRow {
    pub by: String,
    pub at: TimeMs,
    pub until: TimeMs,
}

impl Kept for ClaimRow {
    const COLLECTION: &'static str = "approval_claims";
}

impl Catalog {
    /// Comments on a question, oldest first; `after` is the key of the last one seen.
    ///
    /// # Errors
    /// `Store`.
    pub fn comments(
        &self,
        tenant: &Tenant,
        question: QuestionId,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Stored<CommentRow>>, Error> {
        self.list(tenant, Listing { prefix: &format!("{question}/"), after, limit, descending: false })
    }

    /// # Errors
    /// `Conflict` when there are too many, and as a commit.
    pub async fn comment(&self, tenant: &Tenant, question: QuestionId, text: &str, actor: &Actor) -> Result<Stored<CommentRow>, Error> {
        let key = format!("{question}/{:014x}-{:016x}", actor.at.0, actor.entropy);
        let row = CommentRow { at: actor.at, by: actor.user.clone(), text: text.to_owned() };
        self.update(|catalog, changes| {
            if catalog.comments(tenant, question, None, COMMENTS_MAX)?.len() >= COMMENTS_MAX {
                let message = format!("the question has {COMMENTS_MAX} comments, which is the limit");
                return Err(Error::Conflict { code: "too_many_comments", message });
            }
            changes.put(tenant, &key, 0, &row);
            changes.audit(tenant, actor, "approval.commented", &target(question), None);
            Ok(())
        })
        .await?;
        Ok(Stored { key, version: 1, value: row })
    }

    /// Who looks at a question now.
    ///
    /// # Errors
    /// `Store`.
    pub fn claim_of(&self, tenant: &Tenant, question: QuestionId, now: TimeMs) -> Result<Option<ClaimRow>, Error> {
        let stored = self.get::<ClaimRow>(tenant, &question.to_string())?;
        Ok(stored.map(|stored| stored.value).filter(|claim| claim.until > now))
    }

    /// Claims a question, or claims it for longer.
    ///
    /// # Errors
    /// `Conflict` (`claimed`) while somebody else has it, and as a commit.
    pub async fn claim(&self, tenant: &Tenant, question: QuestionId, for_ms: u64, actor: &Actor) -> Result<ClaimRow, Error> {
        let key = question.to_string();
        self.update(|catalog, changes| {
            let stored = catalog.get::<ClaimRow>(tenant, &key)?;
            let version = stored.as_ref().map_or(0, |stored| stored.version);
            if let Some(claim) = stored.map(|stored| stored.value).filter(|claim| claim.until > actor.at && claim.by != actor.user) {
                return Err(claimed(&claim));
            }
            let claim = ClaimRow { by: actor.user.clone(), at: actor.at, until: actor.at.plus(for_ms) };
            changes.put(tenant, &key, version, &claim);
            changes.audit(tenant, actor, "approval.claimed", &target(question), None);
            Ok(claim)
        })
        .await
    }

    /// Gives a claim back; an administrator gives back anybody's. Nothing to give back is no error.
    ///
    /// # Errors
    /// `Conflict` (`claimed`) while somebody else has it, and as a commit.
    pub async fn release_claim(&self, tenant: &Tenant, question: QuestionId, release: Release, actor: &Actor) -> Result<(), Error> {
        let key = question.to_string();
        self.update(|catalog, changes| {
            let Some(Stored { version, value: claim, .. }) = catalog.get::<ClaimRow>(tenant, &key)? else { return Ok(()) };
            if release == Release::Own && claim.by != actor.user && claim.until > actor.at {
                return Err(claimed(&claim));
            }
            changes.remove::<ClaimRow>(tenant, &key, version);
            changes.audit(tenant, actor, "approval.released", &target(question), None);
            Ok(())
        })
        .await
    }
}

/// Whose claim may be given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    Own,
    Anybodys,
}

fn target(question: QuestionId) -> String {
    format!("approval:{question}")
}

fn claimed(claim: &ClaimRow) -> Error {
    Error::Conflict {
        code: "claimed",
        message: format!("{} has claimed it; a claim ends by itself, and whoever may decide still can", claim.by),
    }
}
