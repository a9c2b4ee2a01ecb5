//! Files of agents: linked to an agent, and attached to every execution of it that a request starts. Linking a file processes it: it is
//! found out whether agents can read it.

use serde::{Deserialize, Serialize};

use super::audit::Actor;
use super::files::{FileRow, TEXT_BYTES_MAX};
use super::{Catalog, Changes, Error, Kept, Stored, agents, file_types};
use crate::ids::{FileId, Tenant, TimeMs};

/// Files of one agent: each goes into the journal of every execution with its text.
pub const AGENT_FILES_MAX: usize = 16;

/// The text of all of them: attachments of a request need room beside it.
const AGENT_TEXT_BYTES_MAX: u64 = 4 * TEXT_BYTES_MAX as u64;
/// Of the files that are text, cut or not: every start reads and checks them whole.
const AGENT_READ_BYTES_MAX: u64 = 4 << 20;

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

/// Which files an agent has, oldest first; under its id, so that two who link at once do not pass its bounds together.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct OfAgent {
    files: Vec<FileId>,
}

impl Kept for OfAgent {
    const COLLECTION: &'static str = "files_of_agent";
}

impl Catalog {
    /// The files of an agent, oldest first. Those that were deleted are none of its any more.
    ///
    /// # Errors
    /// `Store`.
    pub fn agent_files(&self, tenant: &Tenant, agent: &str, now: TimeMs) -> Result<Vec<FileRow>, Error> {
        let own = self.get::<OfAgent>(tenant, agent)?.map(|stored| stored.value).unwrap_or_default();
        let mut rows = Vec::with_capacity(own.files.len());
        for id in own.files {
            match self.file(tenant, &id.to_string(), now) {
                Ok(file) => rows.push(file.value),
                Err(Error::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }

    /// Links files to an agent. From now on they are kept, whatever they came with. All of them or none.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` for more than an agent may have, and as a commit.
    pub async fn link_files(&self, tenant: &Tenant, agent: &str, files: &[String], actor: &Actor) -> Result<(), Error> {
        let linked = self.update(|catalog, changes| {
            catalog.living_agent(tenant, agent)?;
            let version = catalog.get::<OfAgent>(tenant, agent)?.map_or(0, |stored| stored.version);
            let mut rows = catalog.agent_files(tenant, agent, actor.at)?;
            let mut added = Vec::new();
            for file in files {
                let Stored { key, version, mut value } = catalog.file(tenant, file, actor.at)?;
                if rows.iter().any(|row| row.id == value.id) {
                    continue;
                }
                let goes_some_day = value.expires_at.take().is_some() | value.execution.take().is_some();
                if goes_some_day {
                    value.uses = 0;
                    changes.put(tenant, &key, version, &value);
                }
                added.push(key);
                rows.push(value);
            }
            check_bounds(&rows)?;
            changes.put(tenant, agent, version, &OfAgent { files: rows.iter().map(|row| row.id).collect() });
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
            let missing = || Error::NotFound { what: "file", name: file.to_owned() };
            let mut own = catalog.get::<OfAgent>(tenant, agent)?.ok_or_else(missing)?;
            let count = own.value.files.len();
            own.value.files.retain(|id| *id != stored.value.id);
            if own.value.files.len() == count {
                return Err(missing());
            }
            changes.put(tenant, agent, own.version, &own.value);
            note(changes, tenant, actor, ("agent.file_unlinked", agent), stored.key.clone());
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
        let bytes = self.text_bytes_of(tenant, &row).await?;
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

/// Whether an agent may have these files.
fn check_bounds(rows: &[FileRow]) -> Result<(), Error> {
    let refused = |message: String| Err(Error::Conflict { code: "too_many_files", message });
    if rows.len() > AGENT_FILES_MAX {
        return refused(format!("an agent has at most {AGENT_FILES_MAX} files; remove one first"));
    }
    let texts = || rows.iter().filter(|row| file_types::is_textual(&row.content_type)).map(|row| row.fingerprint.bytes);
    let shown: u64 = texts().map(|bytes| bytes.min(TEXT_BYTES_MAX as u64)).sum();
    if shown > AGENT_TEXT_BYTES_MAX {
        return refused(format!("the text of an agent's files has at most {AGENT_TEXT_BYTES_MAX} bytes together, this would be {shown}"));
    }
    let read: u64 = texts().sum();
    if read > AGENT_READ_BYTES_MAX {
        return refused(format!("an agent's files of text have at most {AGENT_READ_BYTES_MAX} bytes together, these have {read}"));
    }
    Ok(())
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
    async fn a_linked_file_outlives_the_execution_that_used_it() {
        let (catalog, tenant, actor) = catalog().await;
        let execution = clock::execution_id();
        let used = file(&catalog, b"words", Lifetime::Temporary).await;
        let sent = file(&catalog, b"more", Lifetime::Execution(execution)).await;
        catalog.use_files(&tenant, &[used.parse().unwrap()], execution, actor.at).await.unwrap();
        catalog.link_files(&tenant, "helper", &[used.clone(), sent.clone()], &actor).await.unwrap();
        assert_eq!(catalog.remove_files_of(&tenant, execution).await.unwrap(), 0);
        assert_eq!(names(&catalog, actor.at.plus(TEMPORARY_MS)), [used, sent]);
    }

    #[tokio::test]
    async fn two_who_link_at_once_do_not_pass_the_bounds_together() {
        let (catalog, tenant, actor) = catalog().await;
        let (mut one, mut other) = (Vec::new(), Vec::new());
        for _ in 0..AGENT_FILES_MAX {
            one.push(file(&catalog, b"one", Lifetime::Kept).await);
            other.push(file(&catalog, b"other", Lifetime::Kept).await);
        }
        let second = Actor { entropy: actor.entropy.wrapping_add(1), ..actor.clone() };
        let linked =
            tokio::join!(catalog.link_files(&tenant, "helper", &one, &actor), catalog.link_files(&tenant, "helper", &other, &second));
        assert_eq!([linked.0.is_ok(), linked.1.is_ok()].iter().filter(|is_ok| **is_ok).count(), 1, "{linked:?}");
        assert_eq!(names(&catalog, actor.at).len(), AGENT_FILES_MAX);
        let large = file(&catalog, &vec![b'x'; 5 << 20], Lifetime::Kept).await;
        catalog.create_agent(&tenant, NewAgent { id: "reader".to_owned(), ..NewAgent::default() }, &second).await.unwrap();
        assert!(
            matches!(catalog.link_files(&tenant, "reader", &[large], &actor).await, Err(Error::Conflict { .. })),
            "read at every start"
        );
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
