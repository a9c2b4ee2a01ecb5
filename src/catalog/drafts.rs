//! Drafts: what an agent's next revision may become. One per agent and base revision, changed by whoever knows its version, kept exactly
//! as it was sent, with a bounded history. A draft need not be sound; publishing it needs that.
//!
//! The row of a draft outlives it without a content, so that a version is never given twice: a writer who knew an earlier draft in the
//! same place is stale.

pub mod history;

use serde::{Deserialize, Serialize};

use self::history::{History, Line, Source};
use super::agents::target;
use super::audit::Actor;
use super::revisions::{self, NewRevision, RevisionRow};
use super::{Catalog, Changes, Error, Kept, Listing, Stored};
use crate::ids::{Tenant, TimeMs};

/// A draft's content; as large as the body of a revision may be.
pub const CONTENT_BYTES_MAX: usize = 2 << 20;
/// What an agent without revisions is reset to.
const NOTHING: &str = "{}";

/// Where a draft is: at most one is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftPlace {
    pub tenant: Tenant,
    pub agent: String,
    /// The revision that it departs from; 0: the agent had none.
    pub base_revision: u32,
}

/// A draft. Its version is the document's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DraftRow {
    pub agent: String,
    pub base_revision: u32,
    /// The present content, exactly as it was sent: a JSON object. None: the draft was removed, and only its version is kept.
    pub content: Option<String>,
    #[serde(default)]
    pub history: History,
    pub created_at: TimeMs,
    pub updated_at: TimeMs,
    pub updated_by: String,
}

impl Kept for DraftRow {
    const COLLECTION: &'static str = "drafts";
}

/// The text of one content in a history.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
struct Text(String);

impl Kept for Text {
    const COLLECTION: &'static str = "draft_texts";
}

/// A change of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// A JSON object, as text.
    Put(String),
    Undo,
    Redo,
    /// Back to the base revision's body.
    Reset,
}

/// Who changes a draft, from which version, with what.
#[derive(Clone, Debug)]
pub struct Editor<'a> {
    /// Only this version is changed; none: whatever is there.
    pub version: Option<u64>,
    /// The program that it is written with.
    pub tool: Option<&'a str>,
    pub actor: &'a Actor,
}

impl DraftPlace {
    fn key(&self) -> String {
        revisions::row_key(&self.agent, self.base_revision)
    }

    fn text_key(&self, version: u64) -> String {
        format!("{}/{version:020}", self.key())
    }

    fn unknown(&self) -> Error {
        Error::NotFound { what: "draft", name: format!("{}@{}", self.agent, self.base_revision) }
    }
}

impl DraftRow {
    fn new(place: &DraftPlace, actor: &Actor) -> Self {
        Self {
            agent: place.agent.clone(),
            base_revision: place.base_revision,
            content: None,
            history: History::default(),
            created_at: actor.at,
            updated_at: actor.at,
            updated_by: actor.user.clone(),
        }
    }

    fn touched(&mut self, actor: &Actor) {
        self.updated_at = actor.at;
        self.updated_by.clone_from(&actor.user);
    }
}

impl Catalog {
    /// # Errors
    /// `Store`.
    pub fn draft(&self, tenant: &Tenant, agent: &str, base_revision: u32) -> Result<Option<Stored<DraftRow>>, Error> {
        let stored = self.get::<DraftRow>(tenant, &revisions::row_key(agent, base_revision))?;
        Ok(stored.filter(|stored| stored.value.content.is_some()))
    }

    /// The version that a draft has, or that ended it; 0: there never was one.
    ///
    /// # Errors
    /// `Store`.
    pub fn draft_version(&self, place: &DraftPlace) -> Result<u64, Error> {
        Ok(self.get::<DraftRow>(&place.tenant, &place.key())?.map_or(0, |stored| stored.version))
    }

    /// Every draft of an agent, by base revision.
    ///
    /// # Errors
    /// `Store`.
    pub fn drafts(&self, tenant: &Tenant, agent: &str) -> Result<Vec<Stored<DraftRow>>, Error> {
        let listed = self.list::<DraftRow>(tenant, Listing { prefix: &format!("{agent}/"), ..Listing::default() })?;
        Ok(listed.into_iter().filter(|stored| stored.value.content.is_some()).collect())
    }

    /// Changes a draft, or begins one with `Edit::Put`.
    ///
    /// # Errors
    /// `NotFound` (agent, base revision, draft), `Stale` where the version is another, `Conflict` where there is nothing to undo or redo,
    /// `Invalid` for a content that is too large, and as a commit.
    pub async fn edit_draft(&self, place: &DraftPlace, edit: &Edit, editor: &Editor<'_>) -> Result<Stored<DraftRow>, Error> {
        if let Edit::Put(text) = edit
            && text.len() > CONTENT_BYTES_MAX
        {
            return Err(Error::Invalid { field: "$", message: format!("a draft has at most {CONTENT_BYTES_MAX} bytes") });
        }
        self.update(|catalog, changes| {
            catalog.living_agent(&place.tenant, &place.agent)?;
            let mut stored = catalog.draft_to_change(place, edit, editor)?;
            let version = stored.version + 1;
            catalog.apply(place, &mut stored.value, version, edit, editor, changes)?;
            stored.value.touched(editor.actor);
            changes.put(&place.tenant, &stored.key, stored.version, &stored.value);
            Ok(Stored { version, ..stored })
        })
        .await
    }

    /// The draft as it stands, or an empty one for the first content.
    fn draft_to_change(&self, place: &DraftPlace, edit: &Edit, editor: &Editor<'_>) -> Result<Stored<DraftRow>, Error> {
        let kept = self.get::<DraftRow>(&place.tenant, &place.key())?;
        let version = kept.as_ref().map_or(0, |stored| stored.version);
        if let Some(stored) = kept.filter(|stored| stored.value.content.is_some()) {
            return if editor.version.is_none_or(|known| known == stored.version) { Ok(stored) } else { Err(Error::Stale) };
        }
        match (edit, editor.version) {
            (Edit::Put(_), None) => {}
            (Edit::Put(_), Some(_)) => return Err(Error::Stale),
            (Edit::Undo | Edit::Redo | Edit::Reset, _) => return Err(place.unknown()),
        }
        // 0 stands for "no revision yet" and for nothing else.
        if place.base_revision > 0 || self.agent(&place.tenant, &place.agent)?.value.last_revision > 0 {
            self.revision(&place.tenant, &place.agent, place.base_revision)?;
        }
        Ok(Stored { key: place.key(), version, value: DraftRow::new(place, editor.actor) })
    }

    fn apply(
        &self,
        place: &DraftPlace,
        row: &mut DraftRow,
        version: u64,
        edit: &Edit,
        editor: &Editor<'_>,
        changes: &mut Changes,
    ) -> Result<(), Error> {
        let (text, source) = match edit {
            Edit::Put(text) => (text.clone(), Source::Put),
            Edit::Reset => (self.base_body(place)?, Source::Reset),
            Edit::Undo | Edit::Redo => {
                let moved = if *edit == Edit::Undo { row.history.undo() } else { row.history.redo() };
                let line = moved.ok_or_else(|| nothing_to(edit))?;
                row.content = Some(self.text(place, line.version)?);
                return Ok(());
            }
        };
        let (bytes, at, by) = (text.len(), editor.actor.at, editor.actor.user.clone());
        for gone in row.history.push(Line { version, bytes, source, at, by, tool: editor.tool.map(str::to_owned) }) {
            changes.remove::<Text>(&place.tenant, &place.text_key(gone), 1);
        }
        changes.put(&place.tenant, &place.text_key(version), 0, &Text(text.clone()));
        row.content = Some(text);
        Ok(())
    }

    fn base_body(&self, place: &DraftPlace) -> Result<String, Error> {
        if place.base_revision == 0 {
            return Ok(NOTHING.to_owned());
        }
        Ok(self.revision(&place.tenant, &place.agent, place.base_revision)?.value.sent.to_string())
    }

    /// A text of a history. A change that went through since the history was read may have taken it along; then that change wins.
    fn text(&self, place: &DraftPlace, version: u64) -> Result<String, Error> {
        Ok(self.get::<Text>(&place.tenant, &place.text_key(version))?.ok_or(Error::Stale)?.value.0)
    }

    /// Removes a draft and its history. Returns the version that ends it.
    ///
    /// # Errors
    /// `NotFound`, `Stale` where the version is another, and as a commit.
    pub async fn remove_draft(&self, place: &DraftPlace, version: Option<u64>, actor: &Actor) -> Result<u64, Error> {
        self.update(|catalog, changes| {
            let ended = catalog.end_draft(place, version, actor, changes)?;
            changes.audit(
                &place.tenant,
                actor,
                "draft.removed",
                &target(&place.agent),
                Some(format!("of revision {}", place.base_revision)),
            );
            Ok(ended)
        })
        .await
    }

    /// Makes the draft the agent's next revision, and removes it, in one commit; `deployed` lets `production` run it from then on.
    ///
    /// `new` is what `version` says; of another version nothing is published. Returns the version that ends the draft as well.
    ///
    /// # Errors
    /// `NotFound`, `Stale`, `Invalid`, and as a commit.
    pub async fn publish_draft(
        &self,
        place: &DraftPlace,
        version: u64,
        new: NewRevision,
        deployed: bool,
        actor: &Actor,
    ) -> Result<(RevisionRow, u64), Error> {
        let new = new.prepare()?;
        self.update(|catalog, changes| {
            let ended = catalog.end_draft(place, Some(version), actor, changes)?;
            let row = catalog.add_revision(&place.tenant, &place.agent, &new, deployed, actor, changes)?;
            Ok((row, ended))
        })
        .await
    }

    fn end_draft(&self, place: &DraftPlace, version: Option<u64>, actor: &Actor, changes: &mut Changes) -> Result<u64, Error> {
        let stored = self.draft(&place.tenant, &place.agent, place.base_revision)?.ok_or_else(|| place.unknown())?;
        if version.is_some_and(|known| known != stored.version) {
            return Err(Error::Stale);
        }
        let mut row = stored.value;
        for line in std::mem::take(&mut row.history).lines {
            changes.remove::<Text>(&place.tenant, &place.text_key(line.version), 1);
        }
        row.content = None;
        row.touched(actor);
        changes.put(&place.tenant, &stored.key, stored.version, &row);
        Ok(stored.version + 1)
    }
}

fn nothing_to(edit: &Edit) -> Error {
    if *edit == Edit::Undo {
        Error::Conflict { code: "nothing_to_undo", message: "this is the oldest content of the draft that is kept".to_owned() }
    } else {
        Error::Conflict { code: "nothing_to_redo", message: "nothing was undone since the draft's last change".to_owned() }
    }
}

#[cfg(test)]
mod tests;
