//! Test chats that people have deleted. A test chat itself is nothing that is kept: it is a session of executions that try an agent out.

use serde::{Deserialize, Serialize};

use super::agents::target;
use super::audit::Actor;
use super::{Catalog, Error, Kept, Listing, Stored};
use crate::ids::{Digest, Tenant, TimeMs};

/// A deleted test chat: what its session held until then is not shown any more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HiddenTestChat {
    pub agent: String,
    pub session: String,
    pub hidden_at: TimeMs,
}

impl Kept for HiddenTestChat {
    const COLLECTION: &'static str = "hidden_test_chats";
}

/// A session's name may be long and hold anything.
fn row_key(agent: &str, session: &str) -> String {
    format!("{agent}/{}", Digest::of(session.as_bytes()).hex())
}

impl Catalog {
    /// Hides what the session holds until now.
    ///
    /// # Errors
    /// As a commit.
    pub async fn hide_test_chat(&self, tenant: &Tenant, agent: &str, session: &str, actor: &Actor) -> Result<(), Error> {
        let key = row_key(agent, session);
        let row = HiddenTestChat { agent: agent.to_owned(), session: session.to_owned(), hidden_at: actor.at };
        self.update(|catalog, changes| {
            let version = catalog.get::<HiddenTestChat>(tenant, &key)?.map_or(0, |stored| stored.version);
            changes.put(tenant, &key, version, &row);
            changes.audit(tenant, actor, "test_chat.deleted", &target(agent), Some(session.to_owned()));
            Ok(())
        })
        .await
    }

    /// # Errors
    /// `Store`.
    pub fn hidden_test_chat(&self, tenant: &Tenant, agent: &str, session: &str) -> Result<Option<Stored<HiddenTestChat>>, Error> {
        self.get(tenant, &row_key(agent, session))
    }

    /// Every deleted test chat of an agent.
    ///
    /// # Errors
    /// `Store`.
    pub fn hidden_test_chats(&self, tenant: &Tenant, agent: &str) -> Result<Vec<HiddenTestChat>, Error> {
        let listed = self.list(tenant, Listing { prefix: &format!("{agent}/"), ..Listing::default() })?;
        Ok(listed.into_iter().map(|stored| stored.value).collect())
    }
}
