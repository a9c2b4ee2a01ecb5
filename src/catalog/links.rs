//! Links with which an approver without a key decides one question: 256 random bits, sent once, kept as SHA-256. A link is bound to the
//! tenant, the question, the digest that the approver is shown, and the approver; it is good for one decision and expires.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Digest, ExecutionId, QuestionId, Tenant, TimeMs};
use crate::machine::question::{Person, Verdict};

/// In front of every link's token, so that scanners recognise one.
const MARK: &str = "fgl_";
const TOKEN_BYTES: usize = 32;
/// How long a link is good where its question does not expire before.
const LINK_LIFE_MS: u64 = 7 * 24 * 60 * 60 * 1_000;
/// A link whose time is over is remembered so long, to say so.
const KEPT_MS: u64 = 30 * 24 * 60 * 60 * 1_000;
/// Old ones that are dropped when one is made: more than come along.
const DROPPED_AT_ONCE_MAX: usize = 4;

/// A link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkRow {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    pub question: QuestionId,
    pub digest: Digest,
    /// In whose name it decides.
    pub approver: Person,
    pub created_at: TimeMs,
    pub expires_at: TimeMs,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<LinkUse>,
}

impl Kept for LinkRow {
    const COLLECTION: &'static str = "decision_links";
}

/// The one decision that a link was used for; written before the decision is made, so that after a crash it is this one or none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinkUse {
    pub at: TimeMs,
    pub verdict: Verdict,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// When links end.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct LinkEnd {
    hash: Digest,
}

impl Kept for LinkEnd {
    const COLLECTION: &'static str = "decision_link_ends";
}

/// What a new link is for.
#[derive(Clone, Debug)]
pub struct NewLink {
    pub tenant: Tenant,
    pub execution: ExecutionId,
    pub question: QuestionId,
    pub digest: Digest,
    pub approver: Person,
    /// The question's own end.
    pub question_expires_at: Option<TimeMs>,
}

impl Catalog {
    /// Makes a link; gives its token, which is kept nowhere.
    ///
    /// # Errors
    /// As a commit.
    pub async fn mint_link(&self, new: NewLink, now: TimeMs) -> Result<String, Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes).map_err(|error| Error::Store(format!("the system gives no randomness: {error}")))?;
        let token = format!("{MARK}{}", URL_SAFE_NO_PAD.encode(bytes));
        let hash = Digest::of(token.as_bytes());
        let longest = now.plus(LINK_LIFE_MS);
        let row = LinkRow {
            tenant: new.tenant,
            execution: new.execution,
            question: new.question,
            digest: new.digest,
            approver: new.approver,
            created_at: now,
            expires_at: new.question_expires_at.map_or(longest, |at| at.min(longest)),
            used: None,
        };
        self.update(|catalog, changes| {
            let system = Self::system();
            changes.put(&system, &hash.hex(), 0, &row);
            changes.put(&system, &format!("{:014x}/{}", row.expires_at.0, hash.hex()), 0, &LinkEnd { hash });
            catalog.drop_ended(now, changes)
        })
        .await?;
        Ok(token)
    }

    fn drop_ended(&self, now: TimeMs, changes: &mut Changes) -> Result<(), Error> {
        let system = Self::system();
        let too_old = format!("{:014x}", now.0.saturating_sub(KEPT_MS));
        for end in self.list::<LinkEnd>(&system, Listing { limit: DROPPED_AT_ONCE_MAX, ..Listing::default() })? {
            if end.key >= too_old {
                break;
            }
            changes.remove::<LinkEnd>(&system, &end.key, end.version);
            let hash = end.value.hash.hex();
            if let Some(link) = self.get::<LinkRow>(&system, &hash)? {
                changes.remove::<LinkRow>(&system, &hash, link.version);
            }
        }
        Ok(())
    }

    /// The link with this token.
    ///
    /// # Errors
    /// `NotFound`, `Store`.
    pub fn link(&self, token: &str) -> Result<Stored<LinkRow>, Error> {
        let found = self.get(&Self::system(), &Digest::of(token.as_bytes()).hex())?;
        // The token is not repeated: what looks like one may be most of one.
        found.ok_or_else(|| Error::NotFound { what: "link", name: "…".to_owned() })
    }

    /// Uses a link: of racing callers one does.
    ///
    /// # Errors
    /// `Stale` when another one did, and as a commit.
    pub async fn use_link(&self, link: &Stored<LinkRow>, used: LinkUse) -> Result<Stored<LinkRow>, Error> {
        let row = LinkRow { used: Some(used), ..link.value.clone() };
        let mut changes = Changes::default();
        changes.put(&Self::system(), &link.key, link.version, &row);
        self.commit(changes).await?;
        Ok(Stored { key: link.key.clone(), version: link.version + 1, value: row })
    }

    /// Gives a link back whose decision was refused and changed nothing.
    ///
    /// # Errors
    /// As a commit.
    pub async fn release_link(&self, link: &Stored<LinkRow>) -> Result<(), Error> {
        let row = LinkRow { used: None, ..link.value.clone() };
        let mut changes = Changes::default();
        changes.put(&Self::system(), &link.key, link.version, &row);
        match self.commit(changes).await {
            Ok(_) | Err(Error::Stale) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, Store};

    fn new(expires: Option<u64>) -> NewLink {
        NewLink {
            tenant: Tenant::default(),
            execution: ExecutionId(uuid::Uuid::nil()),
            question: QuestionId::derived("q"),
            digest: Digest::of(b"d"),
            approver: Person { user: "ana".to_owned(), ..Person::default() },
            question_expires_at: expires.map(TimeMs),
        }
    }

    #[tokio::test]
    async fn a_link_is_kept_as_a_hash_and_used_once() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let token = catalog.mint_link(new(Some(50)), TimeMs(1)).await.unwrap();
        let link = catalog.link(&token).unwrap();
        assert_eq!(link.value.expires_at, TimeMs(50));
        let body = catalog.store().document(&Catalog::system(), LinkRow::COLLECTION, &link.key).unwrap().unwrap().body;
        assert!(!body.contains(&token[MARK.len()..]) && !link.key.contains(&token[MARK.len()..]));
        assert!(matches!(catalog.link("fgl_other"), Err(Error::NotFound { .. })));
        let using = || LinkUse { at: TimeMs(2), verdict: Verdict::Approve, reason: None };
        let used = catalog.use_link(&link, using()).await.unwrap();
        assert!(matches!(catalog.use_link(&link, using()).await, Err(Error::Stale)), "of two one does");
        catalog.release_link(&used).await.unwrap();
        assert_eq!(catalog.link(&token).unwrap().value.used, None);
    }

    #[tokio::test]
    async fn ended_links_are_forgotten_in_time() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let old = catalog.mint_link(new(Some(50)), TimeMs(1)).await.unwrap();
        catalog.mint_link(new(None), TimeMs(KEPT_MS + 40)).await.unwrap();
        assert!(catalog.link(&old).is_ok(), "to say that its time is over");
        catalog.mint_link(new(None), TimeMs(KEPT_MS + 60)).await.unwrap();
        assert!(catalog.link(&old).is_err());
    }
}
