//! Files that people and agents attach: each belongs to one tenant, or to one execution of it and goes with it. The bytes lie beside the
//! log under the file's id; the document here is what makes them a file.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::agent_files::Processing;
use super::agents::AgentSettings;
use super::audit::Actor;
use super::documents::Part;
use super::numbers::Kind;
use super::{Catalog, Changes, Error, Kept, Listing, Stored, file_types};
use crate::clock;
use crate::ids::{ExecutionId, FileId, Tenant, TimeMs};
use crate::store::{FILES, Fingerprint};

/// One file.
pub const FILE_BYTES_MAX: usize = 25 << 20;
/// How long a temporary file waits to be used.
pub const TEMPORARY_MS: u64 = 24 * 3_600_000;
/// A file without a record is kept this long: its upload may be under way.
const ORPHAN_MS: u64 = 24 * 3_600_000;
/// A name that a client gives, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Text that an agent reads of one file.
pub const TEXT_BYTES_MAX: usize = 256 << 10;

/// A file, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    pub id: FileId,
    /// For people; never a path.
    pub name: String,
    pub content_type: String,
    #[serde(flatten)]
    pub fingerprint: Fingerprint,
    pub created_at: TimeMs,
    pub created_by: String,
    /// Temporary until it is used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<TimeMs>,
    /// The execution that used it first, or that it was made for: it goes with the last one that uses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub execution: Option<ExecutionId>,
    /// How many executions use it; 0 beside an `execution` in rows that are older than the count: that one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub uses: u32,
    #[serde(default, skip_serializing_if = "Processing::is_waiting")]
    pub processing: Processing,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that serde asks for")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl FileRow {
    fn use_count(&self) -> u32 {
        self.uses.max(u32::from(self.execution.is_some()))
    }
}

impl Kept for FileRow {
    const COLLECTION: &'static str = FILES;
}

/// Which files an execution uses: `EXECUTION/FILE`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct OfExecution {
    /// Absent in what is older than this field: since the file was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<TimeMs>,
}

impl Kept for OfExecution {
    const COLLECTION: &'static str = "files_of_execution";
}

/// How long a new file stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// Until somebody deletes it.
    Kept,
    /// A day, unless it is used.
    Temporary,
    /// As long as the execution.
    Execution(ExecutionId),
}

/// A new file.
#[derive(Clone, Debug)]
pub struct NewFile {
    pub name: String,
    /// What the sender says it is.
    pub declared_type: Option<String>,
    pub bytes: Vec<u8>,
    pub lifetime: Lifetime,
}

/// What an agent gets of a file. The engine's start carries the same fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    pub id: FileId,
    pub name: String,
    pub content_type: String,
    pub bytes: u64,
    /// For types that are text; cut, and said so, where it is long.
    pub text: Option<String>,
}

/// What an agent takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachmentLimits {
    /// Of one file.
    pub bytes_max: u64,
    /// `text/csv`, `image/*`; empty: any.
    pub types: Vec<String>,
}

impl From<&AgentSettings> for AttachmentLimits {
    fn from(settings: &AgentSettings) -> Self {
        Self { bytes_max: settings.attachment_bytes_max, types: settings.attachment_types.clone() }
    }
}

impl AttachmentLimits {
    /// Whether files may be sent at all; a bound of 0 switches them off.
    #[must_use]
    pub fn takes_files(&self) -> bool {
        self.bytes_max > 0
    }

    #[must_use]
    pub fn allows(&self, content_type: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix("/*") {
            Some("*") => true,
            Some(kind) => content_type.split('/').next() == Some(kind),
            None => pattern == content_type,
        };
        self.types.is_empty() || self.types.iter().any(fits)
    }
}

/// What a sweep took away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    pub expired: usize,
    /// Files that no record names.
    pub orphans: usize,
}

impl FileRow {
    /// What an agent gets of it.
    #[must_use]
    pub fn attached(&self, bytes: &[u8]) -> Attached {
        let text = file_types::is_textual(&self.content_type).then(|| text_of(bytes)).flatten();
        Attached { id: self.id, name: self.name.clone(), content_type: self.content_type.clone(), bytes: self.fingerprint.bytes, text }
    }

    fn is_over(&self, now: TimeMs) -> bool {
        self.expires_at.is_some_and(|expires_at| expires_at <= now)
    }
}

/// The beginning of the text, with a word where it is cut.
fn text_of(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?;
    if text.len() <= TEXT_BYTES_MAX {
        return Some(text.to_owned());
    }
    let end = text.floor_char_boundary(TEXT_BYTES_MAX);
    Some(format!("{}\n[cut: {end} of {} bytes]", &text[..end], text.len()))
}

/// The last part of what a client calls a file, without characters that steer a terminal or turn a line around.
#[must_use]
pub fn plain_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let steers =
        |c: char| c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}');
    let plain: String = last.chars().filter(|c| !steers(*c)).collect();
    let plain = plain.trim();
    match &plain[..plain.floor_char_boundary(NAME_BYTES_MAX)] {
        "" | "." | ".." => "file".to_owned(),
        name => name.to_owned(),
    }
}

fn of_execution(execution: ExecutionId, id: FileId) -> String {
    format!("{execution}/{id}")
}

fn not_found(id: &str) -> Error {
    Error::NotFound { what: "file", name: id.to_owned() }
}

impl Catalog {
    /// Keeps a file: its bytes are durable before its record is.
    ///
    /// # Errors
    /// `Invalid` when it is too large, `Full`, and as a commit; then nothing of it stays.
    pub async fn add_file(&self, tenant: &Tenant, new: NewFile, actor: &Actor) -> Result<FileRow, Error> {
        if new.bytes.len() > FILE_BYTES_MAX {
            let message = format!("a file has at most {FILE_BYTES_MAX} bytes, this one has {}", new.bytes.len());
            return Err(Error::Invalid { field: "file", message });
        }
        let id = clock::file_id();
        let content_type = file_types::settle(new.declared_type.as_deref(), &new.bytes);
        let bytes = new.bytes;
        let fingerprint = self.blocking(move |catalog| Ok(catalog.store().write_file(id, &bytes)?)).await?;
        let row = FileRow {
            id,
            name: plain_name(&new.name),
            content_type,
            fingerprint,
            created_at: actor.at,
            created_by: actor.user.clone(),
            expires_at: (new.lifetime == Lifetime::Temporary).then(|| actor.at.plus(TEMPORARY_MS)),
            execution: match new.lifetime {
                Lifetime::Execution(execution) => Some(execution),
                Lifetime::Kept | Lifetime::Temporary => None,
            },
            uses: u32::from(matches!(new.lifetime, Lifetime::Execution(_))),
            processing: Processing::Waiting,
        };
        let mut changes = Changes::default();
        changes.put(tenant, &id.to_string(), 0, &row);
        if let Some(execution) = row.execution {
            changes.put(tenant, &of_execution(execution, id), 0, &OfExecution { since: Some(row.created_at) });
        }
        changes.audit(tenant, actor, "file.added", &format!("file:{id}"), None);
        match self.commit(changes).await {
            Ok(_) => Ok(row),
            Err(error) => {
                // Where the store stopped, the record may be durable: the next start sweeps if it is not.
                if !matches!(error, Error::Store(_)) {
                    self.unlink(id).await;
                }
                Err(error)
            }
        }
    }

    /// # Errors
    /// `NotFound`, also for one that has expired; `Store`.
    pub fn file(&self, tenant: &Tenant, id: &str, now: TimeMs) -> Result<Stored<FileRow>, Error> {
        // Ids have one spelling; others name nothing.
        let canonical = id.parse::<FileId>().ok().filter(|parsed| parsed.to_string() == id).ok_or_else(|| not_found(id))?;
        let stored = self.get::<FileRow>(tenant, &canonical.to_string())?;
        stored.filter(|stored| !stored.value.is_over(now)).ok_or_else(|| not_found(id))
    }

    /// The bytes, checked against the record.
    ///
    /// # Errors
    /// `NotFound` when it was deleted meanwhile, `Store` when they are not what was written.
    pub async fn file_bytes(&self, tenant: &Tenant, row: &FileRow) -> Result<Vec<u8>, Error> {
        let (id, fingerprint) = (row.id, row.fingerprint);
        let read = self.blocking(move |catalog| Ok(catalog.store().read_file(id, &fingerprint)?)).await;
        match read {
            Err(_) if self.get::<FileRow>(tenant, &id.to_string())?.is_none() => Err(not_found(&id.to_string())),
            read => read,
        }
    }

    /// Newest first; `after` is the id of the last one seen.
    ///
    /// # Errors
    /// `Store`.
    pub fn files(&self, tenant: &Tenant, after: Option<&str>, limit: usize, now: TimeMs) -> Result<Vec<FileRow>, Error> {
        let (mut found, mut after) = (Vec::new(), after.map(str::to_owned));
        while found.len() < limit {
            let listing = Listing { after: after.as_deref(), descending: true, limit: limit - found.len(), ..Listing::default() };
            let rows = self.list::<FileRow>(tenant, listing)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.key.clone());
            found.extend(rows.into_iter().map(|stored| stored.value).filter(|row| !row.is_over(now)));
        }
        Ok(found)
    }

    /// Deletes a file: the record first, then the bytes.
    ///
    /// # Errors
    /// `NotFound`, and as a commit.
    pub async fn remove_file(&self, tenant: &Tenant, id: &str, actor: &Actor) -> Result<(), Error> {
        let id = self
            .update(|catalog, changes| {
                let stored = catalog.file(tenant, id, actor.at)?;
                changes.audit(tenant, actor, "file.removed", &format!("file:{id}"), None);
                catalog.remove_row(tenant, &stored, changes)
            })
            .await?;
        self.unlink(id).await;
        Ok(())
    }

    /// The bytes of a file that may be text; of others, which agents do not read, none.
    ///
    /// # Errors
    /// As `file_bytes`.
    pub async fn text_bytes_of(&self, tenant: &Tenant, row: &FileRow) -> Result<Vec<u8>, Error> {
        if file_types::is_textual(&row.content_type) { self.file_bytes(tenant, row).await } else { Ok(Vec::new()) }
    }

    /// Files among `ids` that are not kept by themselves stay as long as the execution from now on.
    ///
    /// # Errors
    /// `NotFound` when one is gone, and as a commit.
    pub async fn use_files(&self, tenant: &Tenant, ids: &[FileId], execution: ExecutionId, now: TimeMs) -> Result<(), Error> {
        let ids: BTreeSet<FileId> = ids.iter().copied().collect();
        self.update(|catalog, changes| {
            for id in &ids {
                let Stored { key, version, mut value } = catalog.file(tenant, &id.to_string(), now)?;
                let use_key = of_execution(execution, *id);
                let is_kept = value.expires_at.is_none() && value.execution.is_none();
                if is_kept || catalog.get::<OfExecution>(tenant, &use_key)?.is_some() {
                    continue;
                }
                value.uses = value.use_count() + 1;
                value.expires_at = None;
                value.execution.get_or_insert(execution);
                changes.put(tenant, &key, version, &value);
                changes.put(tenant, &use_key, 0, &OfExecution { since: Some(now) });
            }
            Ok(())
        })
        .await
    }

    /// Ends the uses of an execution, which is gone or never began; files that nobody else uses are deleted. Returns how many those were.
    ///
    /// # Errors
    /// As a commit.
    pub async fn remove_files_of(&self, tenant: &Tenant, execution: ExecutionId) -> Result<usize, Error> {
        let prefix = format!("{execution}/");
        let ids = self
            .update(|catalog, changes| {
                let uses = catalog.list::<OfExecution>(tenant, Listing { prefix: &prefix, ..Listing::default() })?;
                let ids: Result<Vec<_>, Error> = uses.iter().map(|used| catalog.end_use(tenant, used, changes)).collect();
                Ok(ids?.into_iter().flatten().collect::<Vec<_>>())
            })
            .await?;
        for id in &ids {
            self.unlink(*id).await;
        }
        Ok(ids.len())
    }

    /// One use is over. The file, where it was the last one: whoever commits this removes its bytes afterwards.
    fn end_use(&self, tenant: &Tenant, used: &Stored<OfExecution>, changes: &mut Changes) -> Result<Option<FileId>, Error> {
        changes.remove::<OfExecution>(tenant, &used.key, used.version);
        let (_, id) = used.key.split_once('/').unwrap_or_default();
        let found = self.get::<FileRow>(tenant, id)?.filter(|row| row.value.execution.is_some());
        let Some(Stored { key, version, mut value }) = found else { return Ok(None) }; // None: gone, or kept by itself since.
        value.uses = value.use_count().saturating_sub(1);
        if value.uses == 0 {
            changes.remove::<FileRow>(tenant, &key, version);
            self.unnumber(Kind::File, tenant, &key, changes)?;
            return Ok(Some(value.id));
        }
        changes.put(tenant, &key, version, &value);
        Ok(None)
    }

    /// Ends uses that began before `before` for executions that are not there. Returns how many files went with them.
    async fn sweep_uses(&self, tenant: &Tenant, before: TimeMs) -> Result<usize, Error> {
        let (mut part, mut swept) = (Part::of(""), 0);
        loop {
            let of = tenant.clone();
            let look = move |catalog: &Self, uses: Vec<_>| catalog.stray(&of, &uses, before);
            let Some(strays) = self.next_piece(tenant, &mut part, look).await? else { return Ok(swept) };
            for execution in strays {
                swept += self.remove_files_of(tenant, execution).await?;
            }
        }
    }

    /// Executions that are not there, of uses that began before `before`. Blocking.
    fn stray(&self, tenant: &Tenant, uses: &[Stored<OfExecution>], before: TimeMs) -> Result<BTreeSet<ExecutionId>, Error> {
        let mut strays = BTreeSet::new();
        for used in uses {
            let (execution, id) = used.key.split_once('/').unwrap_or_default();
            let since = match used.value.since {
                Some(since) => since,
                None => self.get::<FileRow>(tenant, id)?.map_or(TimeMs(0), |stored| stored.value.created_at),
            };
            let Ok(execution) = execution.parse::<ExecutionId>() else { continue };
            if since < before && self.store().summary(tenant, execution)?.is_none() {
                strays.insert(execution);
            }
        }
        Ok(strays)
    }

    /// Deletes temporary files whose time is over, files of executions that never began, and bytes that no record names.
    ///
    /// # Errors
    /// As a commit.
    pub async fn sweep_files(&self, now: TimeMs) -> Result<Swept, Error> {
        let before = TimeMs(now.0.saturating_sub(ORPHAN_MS));
        let mut swept = Swept::default();
        let tenants: Vec<Tenant> = self.tenants()?.iter().map(|tenant| Tenant::new(&tenant.id)).collect();
        for tenant in &tenants {
            swept.expired += self.sweep_uses(tenant, before).await?;
        }
        // Listed before the records are read: what is added meanwhile is not among them.
        let found = self.blocking(|catalog| Ok(catalog.store().file_ids()?)).await?;
        let mut named = std::collections::HashSet::new();
        for tenant in tenants {
            let mut part = Part::of("");
            loop {
                let split = move |_: &Self, rows: Vec<Stored<FileRow>>| -> Result<(Vec<_>, Vec<_>), Error> {
                    Ok(rows.into_iter().partition(|row| row.value.is_over(now)))
                };
                let Some((over, kept)) = self.next_piece(&tenant, &mut part, split).await? else { break };
                named.extend(kept.into_iter().map(|row| row.value.id));
                for stored in over {
                    if self.remove_unless_changed(&tenant, &stored).await? {
                        swept.expired += 1;
                    } else {
                        named.insert(stored.value.id);
                    }
                }
            }
        }
        for id in found {
            if !named.contains(&id) && id.made_at().is_some_and(|made_at| made_at < before) {
                self.unlink(id).await;
                swept.orphans += 1;
            }
        }
        swept.orphans += self.blocking(move |catalog| Ok(catalog.store().remove_half_written(before)?)).await?;
        Ok(swept)
    }

    /// The record goes; whoever commits it removes the bytes afterwards. What else used it is forgotten by a sweep.
    fn remove_row(&self, tenant: &Tenant, stored: &Stored<FileRow>, changes: &mut Changes) -> Result<FileId, Error> {
        let id = stored.value.id;
        changes.remove::<FileRow>(tenant, &stored.key, stored.version);
        self.unnumber(Kind::File, tenant, &stored.key, changes)?;
        if let Some(execution) = stored.value.execution {
            let use_key = of_execution(execution, id);
            if let Some(used) = self.get::<OfExecution>(tenant, &use_key)? {
                changes.remove::<OfExecution>(tenant, &use_key, used.version);
            }
        }
        Ok(id)
    }

    async fn remove_unless_changed(&self, tenant: &Tenant, stored: &Stored<FileRow>) -> Result<bool, Error> {
        let mut changes = Changes::default();
        self.remove_row(tenant, stored, &mut changes)?;
        match self.commit(changes).await {
            Ok(_) => {
                self.unlink(stored.value.id).await;
                Ok(true)
            }
            Err(Error::Stale) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Bytes without a record; where it fails, the next sweep comes by.
    async fn unlink(&self, id: FileId) {
        if let Err(error) = self.blocking(move |catalog| Ok(catalog.store().remove_file(id)?)).await {
            tracing::warn!(%error, %id, "a file without a record stays until the next sweep");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Faults, Store};

    async fn catalog() -> (Catalog, Tenant) {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        catalog.create_tenant("acme", None, TimeMs(1)).await.unwrap();
        (catalog, Tenant::new("acme"))
    }

    fn actor(at: TimeMs) -> Actor {
        Actor { user: "ann".to_owned(), key_id: None, at, entropy: clock::entropy() }
    }

    fn new(lifetime: Lifetime) -> NewFile {
        NewFile { name: "../a/b.txt".to_owned(), declared_type: None, bytes: b"text".to_vec(), lifetime }
    }

    #[test]
    fn a_name_is_never_a_path_and_steers_nothing() {
        for (given, expected) in
            [("../../etc/passwd", "passwd"), ("C:\\x\\y.doc", "y.doc"), ("..", "file"), ("a\u{202e}gpj.exe\n", "agpj.exe"), ("/", "file")]
        {
            assert_eq!(plain_name(given), expected, "{given:?}");
        }
        assert_eq!(plain_name(&"é".repeat(300)).len(), NAME_BYTES_MAX);
    }

    #[test]
    fn limits_of_an_agent() {
        let limits = |types: &[&str]| AttachmentLimits { types: types.iter().map(|kind| (*kind).to_owned()).collect(), bytes_max: 9 };
        assert!(limits(&[]).allows("a/b") && limits(&["image/*"]).allows("image/png") && limits(&["*/*"]).allows("x/y"));
        assert!(!limits(&["image/*"]).allows("imagex/png") && !limits(&["text/csv"]).allows("text/plain"));
    }

    #[test]
    fn long_text_is_cut_between_characters_and_says_so() {
        let text = format!("{}é", "x".repeat(TEXT_BYTES_MAX - 1));
        let cut = text_of(text.as_bytes()).unwrap();
        assert!(cut.ends_with(&format!("x\n[cut: {} of {} bytes]", TEXT_BYTES_MAX - 1, TEXT_BYTES_MAX + 1)), "{}", &cut[cut.len() - 60..]);
        assert_eq!(text_of(b"\xff"), None);
    }

    #[tokio::test]
    async fn a_file_belongs_to_its_tenant_alone() {
        let (catalog, tenant) = catalog().await;
        let now = clock::now();
        let row = catalog.add_file(&tenant, new(Lifetime::Kept), &actor(now)).await.unwrap();
        assert_eq!((row.name.as_str(), row.content_type.as_str()), ("b.txt", "text/plain"));
        assert_eq!(catalog.file_bytes(&tenant, &row).await.unwrap(), b"text");
        let id = row.id.to_string();
        for foreign in [&Tenant::default(), &Catalog::system()] {
            assert!(matches!(catalog.file(foreign, &id, now), Err(Error::NotFound { .. })));
            assert!(catalog.files(foreign, None, 9, now).unwrap().is_empty());
            assert!(catalog.remove_file(foreign, &id, &actor(now)).await.is_err());
        }
        assert!(catalog.file(&tenant, &id.to_uppercase(), now).is_err() || id.to_uppercase() == id, "one spelling");
        catalog.remove_file(&tenant, &id, &actor(now)).await.unwrap();
        assert!(catalog.file(&tenant, &id, now).is_err() && catalog.store().file_ids().unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_temporary_file_goes_unless_it_is_used() {
        let (catalog, tenant) = catalog().await;
        let now = clock::now();
        let unused = catalog.add_file(&tenant, new(Lifetime::Temporary), &actor(now)).await.unwrap();
        let used = catalog.add_file(&tenant, new(Lifetime::Temporary), &actor(now)).await.unwrap();
        let execution = clock::execution_id();
        catalog.use_files(&tenant, &[used.id], execution, now).await.unwrap();
        let later = now.plus(TEMPORARY_MS);
        assert!(catalog.file(&tenant, &unused.id.to_string(), later).is_err(), "over before it is swept");
        assert!(catalog.use_files(&tenant, &[unused.id], execution, later).await.is_err());
        assert_eq!(catalog.file(&tenant, &used.id.to_string(), later).unwrap().value.execution, Some(execution));
        assert_eq!(catalog.sweep_files(later).await.unwrap(), Swept { expired: 1, orphans: 0 });
        assert_eq!(catalog.store().file_ids().unwrap(), [used.id]);
        // The execution never began.
        assert_eq!(catalog.sweep_files(later.plus(60_000)).await.unwrap(), Swept { expired: 1, orphans: 0 });
        assert!(catalog.store().file_ids().unwrap().is_empty());
    }

    #[tokio::test]
    async fn files_go_with_their_execution() {
        let (catalog, tenant) = catalog().await;
        let now = clock::now();
        let (execution, other) = (clock::execution_id(), clock::execution_id());
        catalog.add_file(&tenant, new(Lifetime::Execution(execution)), &actor(now)).await.unwrap();
        let stays = catalog.add_file(&tenant, new(Lifetime::Execution(other)), &actor(now)).await.unwrap();
        assert_eq!(catalog.remove_files_of(&tenant, execution).await.unwrap(), 1);
        assert_eq!(catalog.remove_files_of(&tenant, execution).await.unwrap(), 0);
        assert_eq!(catalog.store().file_ids().unwrap(), [stays.id]);
    }

    #[tokio::test]
    async fn a_file_goes_with_the_last_execution_that_uses_it() {
        let (catalog, tenant) = catalog().await;
        let now = clock::now();
        let row = catalog.add_file(&tenant, new(Lifetime::Temporary), &actor(now)).await.unwrap();
        let (refused, later, purged) = (clock::execution_id(), clock::execution_id(), clock::execution_id());
        // A start that is refused, and then, most of a day later, one that is not: twice the same request is one use.
        catalog.use_files(&tenant, &[row.id, row.id], refused, now).await.unwrap();
        let most_of_a_day = now.plus(ORPHAN_MS - 60_000);
        catalog.use_files(&tenant, &[row.id], later, most_of_a_day).await.unwrap();
        catalog.use_files(&tenant, &[row.id], later, most_of_a_day).await.unwrap();
        catalog.use_files(&tenant, &[row.id], purged, most_of_a_day).await.unwrap();
        assert_eq!(catalog.file(&tenant, &row.id.to_string(), now).unwrap().value.uses, 3);
        let swept = catalog.sweep_files(now.plus(ORPHAN_MS + 60_000)).await.unwrap();
        assert_eq!((swept, catalog.store().file_ids().unwrap()), (Swept::default(), vec![row.id]), "the refused one takes nothing along");
        assert_eq!(catalog.remove_files_of(&tenant, purged).await.unwrap(), 0, "another one uses it");
        assert_eq!(catalog.remove_files_of(&tenant, purged).await.unwrap(), 0, "once");
        assert_eq!(catalog.file(&tenant, &row.id.to_string(), now).unwrap().value.uses, 1);
        assert_eq!(catalog.remove_files_of(&tenant, later).await.unwrap(), 1);
        assert!(catalog.store().file_ids().unwrap().is_empty());
    }

    #[tokio::test]
    async fn bytes_without_a_record_are_swept_after_a_day_and_not_before() {
        let (catalog, tenant) = catalog().await;
        let now = clock::now();
        let named = catalog.add_file(&tenant, new(Lifetime::Kept), &actor(now)).await.unwrap();
        catalog.store().write_file(clock::file_id(), b"cut short").unwrap();
        assert_eq!(catalog.sweep_files(now).await.unwrap(), Swept::default());
        assert_eq!(catalog.sweep_files(now.plus(ORPHAN_MS + 60_000)).await.unwrap(), Swept { expired: 0, orphans: 1 });
        assert_eq!(catalog.store().file_ids().unwrap(), [named.id]);
    }
}
