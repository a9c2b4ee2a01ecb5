//! Files of agents: linked to an agent, and attached to every execution of it that a request starts. Linking a file processes it: it is
//! found out whether agents can read it.

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::files::{FileRow, TEXT_BYTES_MAX};
use super::{Catalog, Changes, Error, Kept, Listing, Stored, agents, file_types};
use crate::ids::{Tenant, TimeMs};

/// Files of one agent: each goes into the journal of every execution with its text.
pub const AGENT_FILES_MAX: usize = 16;

/// The text of all of them: attachments of a request need room beside it.
const AGENT_TEXT_BYTES_MAX: u64 = 4 * TEXT_BYTES_MAX as u64;

/// What came of looking for a file's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Processing {
    /// Nobody has looked.
    #[default]
    Waiting,
    /// Agents read it as text.
    Completed,
    /// It is no text: agents get its name and type alone.
    Failed,
}

impl Processing {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
    pub(super) fn is_waiting(&self) -> bool {
        *self == Self::Waiting
    }
}

/// Which files an agent has: `AGENT/FILE`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct OfAgent {
    since: TimeMs,
}

impl Kept for OfAgent {
    const COLLECTION: &'static str = "files_of_agent";
}

/// A link, and its file, where that is still there.
type Linked = (Stored<OfAgent>, Option<Stored<FileRow>>);

fn of_agent(agent: &str, file: &str) -> String {
    format!("{agent}/{file}")
}

impl Catalog {
    /// The files of an agent, oldest first. Those that were deleted are none of its any more.
    ///
    /// # Errors
    /// `Store`.
    pub fn agent_files(&self, tenant: &Tenant, agent: &str, now: TimeMs) -> Result<Vec<FileRow>, Error> {
        let linked = self.linked(tenant, agent, now)?;
        Ok(linked.into_iter().filter_map(|(_, file)| file.map(|stored| stored.value)).collect())
    }

    /// Each link, with the file that it leads to.
    fn linked(&self, tenant: &Tenant, agent: &str, now: TimeMs) -> Result<Vec<Linked>, Error> {
        let prefix = of_agent(agent, "");
        let links = self.list::<OfAgent>(tenant, Listing { prefix: &prefix, ..Listing::default() })?;
        let with_file = |link: Stored<OfAgent>| {
            let file = match self.file(tenant, link.key.strip_prefix(&prefix).unwrap_or_default(), now) {
                Ok(file) => Some(file),
                Err(Error::NotFound { .. }) => None,
                Err(error) => return Err(error),
            };
            Ok((link, file))
        };
        links.into_iter().map(with_file).collect()
    }

    /// Links files to an agent. A temporary one is kept from now on. All of them or none.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for more than an agent may have, and as a commit.
    pub async fn link_files(&self, tenant: &Tenant, agent: &str, files: &[String], actor: &Actor) -> Result<(), Error> {
        let linked = self.update(|catalog, changes| {
            catalog.living_agent(tenant, agent)?;
            let (mut count, mut bytes, mut added) = (0, 0, Vec::new());
            for (link, file) in catalog.linked(tenant, agent, actor.at)? {
                if let Some(file) = file {
                    count += 1;
                    bytes += text_bytes(&file.value);
                } else {
                    changes.remove::<OfAgent>(tenant, &link.key, link.version);
                }
            }
            for file in files {
                let Stored { key, version, mut value } = catalog.file(tenant, file, actor.at)?;
                let link = of_agent(agent, &key);
                if added.contains(&link) || catalog.get::<OfAgent>(tenant, &link)?.is_some() {
                    continue;
                }
                changes.put(tenant, &link, 0, &OfAgent { since: actor.at });
                bytes += text_bytes(&value);
                if value.expires_at.take().is_some() {
                    changes.put(tenant, &key, version, &value);
                }
                added.push(link);
            }
            if count + added.len() > AGENT_FILES_MAX {
                let message = format!("an agent has at most {AGENT_FILES_MAX} files; remove one first");
                return Err(Error::Conflict { code: "too_many_files", message });
            }
            if bytes > AGENT_TEXT_BYTES_MAX {
                let message =
                    format!("the text of an agent's files has at most {AGENT_TEXT_BYTES_MAX} bytes together, this would be {bytes}");
                return Err(Error::Conflict { code: "too_many_files", message });
            }
            if !added.is_empty() {
                note(changes, tenant, actor, ("agent.files_linked", agent), added.join(", "));
            }
            Ok(())
        });
        linked.await?;
        for file in files {
            self.process_file(tenant, file, actor).await?;
        }
        Ok(())
    }

    /// Takes a file away from an agent; the file stays.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn unlink_file(&self, tenant: &Tenant, agent: &str, file: &str, actor: &Actor) -> Result<FileRow, Error> {
        self.update(|catalog, changes| {
            let stored = catalog.file(tenant, file, actor.at)?;
            let key = of_agent(agent, &stored.key);
            let missing = || Error::NotFound { what: "file", name: file.to_owned() };
            let link = catalog.get::<OfAgent>(tenant, &key)?.ok_or_else(missing)?;
            changes.remove::<OfAgent>(tenant, &key, link.version);
            note(changes, tenant, actor, ("agent.file_unlinked", agent), key);
            Ok(stored.value)
        })
        .await
    }

    /// Finds out whether agents can read a file as text.
    ///
    /// # Errors
    /// `NotFound`, `Store` where its bytes cannot be read, and as a commit.
    pub async fn process_file(&self, tenant: &Tenant, file: &str, actor: &Actor) -> Result<FileRow, Error> {
        let row = self.file(tenant, file, actor.at)?.value;
        if row.processing != Processing::Waiting {
            return Ok(row);
        }
        let bytes = self.file_bytes(tenant, &row).await?;
        let processing = if row.attached(&bytes).text.is_some() { Processing::Completed } else { Processing::Failed };
        self.update(|catalog, changes| {
            let Stored { key, version, mut value } = catalog.file(tenant, file, actor.at)?;
            if value.processing != processing {
                value.processing = processing;
                changes.put(tenant, &key, version, &value);
                changes.audit(tenant, actor, "file.processed", &format!("file:{key}"), None);
            }
            Ok(value)
        })
        .await
    }
}

/// What an agent reads of a file, at most.
fn text_bytes(row: &FileRow) -> u64 {
    if file_types::is_textual(&row.content_type) { row.fingerprint.bytes.min(TEXT_BYTES_MAX as u64) } else { 0 }
}

fn note(changes: &mut Changes, tenant: &Tenant, actor: &Actor, (action, agent): (&str, &str), detail: String) {
    changes.audit(tenant, actor, action, &agents::target(agent), Some(detail));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::agents::NewAgent;
    use crate::catalog::files::{Lifetime, NewFile, TEMPORARY_MS};
    use crate::clock;
    use crate::store::{Faults, Store};

    async fn catalog() -> (Catalog, Tenant, Actor) {
        let (catalog, tenant, actor) = (Catalog::new(Store::in_memory(Faults::default())), Tenant::default(), Actor::without_key("ann"));
        let new = NewAgent { id: "helper".to_owned(), ..NewAgent::default() };
        catalog.create_agent(&tenant, new, &actor).await.unwrap();
        (catalog, tenant, actor)
    }

    async fn file(catalog: &Catalog, bytes: &[u8], lifetime: Lifetime) -> String {
        let new = NewFile { name: "a".to_owned(), declared_type: None, bytes: bytes.to_vec(), lifetime };
        let actor = Actor { entropy: clock::entropy(), ..Actor::without_key("ann") };
        catalog.add_file(&Tenant::default(), new, &actor).await.unwrap().id.to_string()
    }

    fn names(catalog: &Catalog, now: TimeMs) -> Vec<String> {
        let rows = catalog.agent_files(&Tenant::default(), "helper", now).unwrap();
        rows.into_iter().map(|row| row.id.to_string()).collect()
    }

    #[tokio::test]
    async fn linked_files_stay_until_they_are_taken_away_or_deleted() {
        let (catalog, tenant, actor) = catalog().await;
        let temporary = file(&catalog, b"words", Lifetime::Temporary).await;
        let other = file(&catalog, b"more", Lifetime::Kept).await;
        catalog.link_files(&tenant, "helper", &[temporary.clone(), other.clone(), other.clone()], &actor).await.unwrap();
        let later = actor.at.plus(TEMPORARY_MS);
        assert_eq!(names(&catalog, later), [temporary.clone(), other.clone()], "a temporary one is kept");
        catalog.unlink_file(&tenant, "helper", &other, &actor).await.unwrap();
        assert!(matches!(catalog.unlink_file(&tenant, "helper", &other, &actor).await, Err(Error::NotFound { .. })));
        assert!(catalog.file(&tenant, &other, later).is_ok(), "the file itself stays");
        catalog.remove_file(&tenant, &temporary, &actor).await.unwrap();
        assert_eq!(names(&catalog, later), [""; 0]);
    }

    #[tokio::test]
    async fn an_agent_has_a_bounded_number_of_files_and_deleted_ones_do_not_count() {
        let (catalog, tenant, actor) = catalog().await;
        let mut all = Vec::new();
        for _ in 0..AGENT_FILES_MAX {
            all.push(file(&catalog, b"words", Lifetime::Kept).await);
        }
        catalog.link_files(&tenant, "helper", &all, &actor).await.unwrap();
        let one_more = file(&catalog, b"words", Lifetime::Kept).await;
        let refused = catalog.link_files(&tenant, "helper", std::slice::from_ref(&one_more), &actor).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "too_many_files", .. })));
        catalog.remove_file(&tenant, &all[0], &actor).await.unwrap();
        // Two lines of the audit of one moment would be the same line.
        let later = Actor { entropy: actor.entropy.wrapping_add(1), ..actor.clone() };
        catalog.link_files(&tenant, "helper", &[one_more], &later).await.unwrap();
        assert_eq!(names(&catalog, actor.at).len(), AGENT_FILES_MAX);
    }

    #[tokio::test]
    async fn the_text_of_an_agents_files_is_bounded_and_other_bytes_do_not_count() {
        let (catalog, tenant, actor) = catalog().await;
        let long = vec![b'x'; TEXT_BYTES_MAX + 1];
        let mut all = vec![file(&catalog, b"\x89PNG\r\n\x1a\n", Lifetime::Kept).await];
        for _ in 0..4 {
            all.push(file(&catalog, &long, Lifetime::Kept).await);
        }
        catalog.link_files(&tenant, "helper", &all, &actor).await.unwrap();
        let one_more = file(&catalog, b"x", Lifetime::Kept).await;
        let refused = catalog.link_files(&tenant, "helper", &[one_more], &actor).await;
        assert!(matches!(refused, Err(Error::Conflict { code: "too_many_files", .. })));
        assert_eq!(names(&catalog, actor.at), all);
    }

    #[tokio::test]
    async fn a_foreign_file_and_an_unknown_agent_link_nothing() {
        let (catalog, tenant, actor) = catalog().await;
        catalog.create_tenant("acme", None, TimeMs(1)).await.unwrap();
        let own = file(&catalog, b"words", Lifetime::Kept).await;
        for (owner, agent) in [(&Tenant::new("acme"), "helper"), (&tenant, "nobody")] {
            let refused = catalog.link_files(owner, agent, std::slice::from_ref(&own), &actor).await;
            assert!(matches!(refused, Err(Error::NotFound { .. })), "{agent}");
        }
        assert_eq!(names(&catalog, actor.at), [""; 0]);
    }

    #[tokio::test]
    async fn what_is_no_text_is_processed_in_vain() {
        let (catalog, tenant, actor) = catalog().await;
        for (bytes, expected) in [(b"words".as_slice(), Processing::Completed), (b"\x89PNG\r\n\x1a\n", Processing::Failed)] {
            let id = file(&catalog, bytes, Lifetime::Kept).await;
            assert_eq!(catalog.file(&tenant, &id, actor.at).unwrap().value.processing, Processing::Waiting);
            assert_eq!(catalog.process_file(&tenant, &id, &actor).await.unwrap().processing, expected);
            assert_eq!(catalog.file(&tenant, &id, actor.at).unwrap().value.processing, expected, "kept");
        }
    }
}
