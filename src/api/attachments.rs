//! Attachments of a request that starts an execution: files named by id, or sent along. Everything is looked at before anything is
//! written, and a start that is refused takes back what was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::Problem;
use crate::catalog::audit::Actor;
use crate::catalog::files::{Attached, AttachmentLimits, FileRow, Lifetime, NewFile, TEXT_BYTES_MAX};
use crate::catalog::{self, Catalog, Stored, file_types};
use crate::ids::{ExecutionId, FileId, Tenant};

/// Files of one start.
pub const ATTACHMENTS_MAX: usize = 16;
/// Text of all of them, the notes on what is cut included: it goes into the journal with the start.
const TEXT_BYTES_ALL_MAX: usize = 5 * TEXT_BYTES_MAX;

impl AttachmentRequest {
    /// A file that is there.
    #[must_use]
    pub fn of_file(id: String) -> Self {
        Self { file_id: Some(id), ..Self::default() }
    }

    /// A file that came in a form.
    #[must_use]
    pub fn of_form(name: String, content_type: Option<String>, bytes: Vec<u8>) -> Self {
        Self { name: Some(name), content_type, bytes: Some(bytes), ..Self::default() }
    }
}

/// A file of a request: `fileId` alone, as an upload answered it, or `name` and `content`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AttachmentRequest {
    #[serde(default)]
    pub file_id: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub content_type: Option<String>,
    /// Base64.
    #[serde(default)]
    pub content: Option<String>,
    /// The content as it came in a form.
    #[serde(skip)]
    bytes: Option<Vec<u8>>,
    /// As an upload answered it; not read.
    #[serde(default)]
    #[expect(dead_code, reason = "clients send back what an upload answered")]
    file_type: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "clients send back what an upload answered")]
    prompt_link: Option<String>,
    #[serde(default)]
    #[expect(dead_code, reason = "clients send back what an upload answered")]
    display_name: Option<String>,
}

/// Attachments that are ready for a start.
#[derive(Debug)]
pub struct Resolved {
    pub attachments: Vec<Attached>,
    /// Made for this start, and gone again if it is refused.
    made: Vec<FileId>,
}

/// One that was looked at and fits.
enum Checked {
    /// Its bytes are read when it is its turn.
    Stored(Box<FileRow>),
    /// The agent's own; deleted at this moment, it is none of its any more.
    Standing(Box<FileRow>),
    Sent(NewFile),
}

/// Turns the attachments of a request, and behind them the agent's own files, into files of the execution `owner`, which is about to
/// start: files that are sent along are kept for it, temporary ones are its own from now on. When the start is refused, for whatever reason, call [`Resolved::discard`].
///
/// # Errors
/// 400 for what is neither, 404 for a file that the tenant does not have, 413 and 422 (`attachment_type`) for what the agent does not
/// take; then nothing is left behind.
pub async fn resolve(
    catalog: &Catalog,
    tenant: &Tenant,
    limits: &AttachmentLimits,
    (wanted, standing): (&[AttachmentRequest], Vec<FileRow>),
    owner: ExecutionId,
    actor: &Actor,
) -> Result<Resolved, Problem> {
    if wanted.len() > ATTACHMENTS_MAX {
        return Err(Problem::unfit("attachments", format!("at most {ATTACHMENTS_MAX}, these are {}", wanted.len())));
    }
    if !limits.takes_files() && !wanted.is_empty() {
        return Err(Problem::refused(
            "file_upload_disabled",
            "file upload is disabled for this agent: its setting `attachmentBytesMax` is 0",
        ));
    }
    let mut checked = Vec::with_capacity(wanted.len());
    for (index, request) in wanted.iter().enumerate() {
        checked.push(check(catalog, tenant, limits, &Place { index, request, owner }, actor)?);
    }
    let is_wanted = |row: &FileRow| checked.iter().any(|one| matches!(one, Checked::Stored(other) if other.id == row.id));
    let own: Vec<_> = standing.into_iter().filter(|row| !is_wanted(row)).map(|row| Checked::Standing(Box::new(row))).collect();
    checked.extend(own);
    let mut resolved = Resolved { attachments: Vec::with_capacity(checked.len()), made: Vec::new() };
    match keep(catalog, tenant, checked, owner, actor, &mut resolved).await {
        Ok(()) => Ok(resolved),
        Err(problem) => {
            resolved.discard(catalog, tenant, actor).await;
            Err(problem)
        }
    }
}

/// One attachment in its request.
struct Place<'a> {
    index: usize,
    request: &'a AttachmentRequest,
    owner: ExecutionId,
}

impl Place<'_> {
    fn field(&self, name: &str) -> String {
        format!("attachments[{}].{name}", self.index)
    }
}

fn check(catalog: &Catalog, tenant: &Tenant, limits: &AttachmentLimits, place: &Place<'_>, actor: &Actor) -> Result<Checked, Problem> {
    let request = place.request;
    match (&request.file_id, &request.content, &request.bytes) {
        (Some(id), None, None) => {
            let Stored { value: row, .. } = catalog.file(tenant, id, actor.at)?;
            fits(limits, place, &row.content_type, row.fingerprint.bytes)?;
            Ok(Checked::Stored(Box::new(row)))
        }
        (None, Some(_), None) | (None, None, Some(_)) => {
            let name =
                request.name.clone().ok_or_else(|| Problem::unfit(&place.field("name"), "a file that is sent along needs a name"))?;
            let bytes = match &request.bytes {
                Some(bytes) => bytes.clone(),
                None => STANDARD
                    .decode(request.content.as_deref().unwrap_or_default())
                    .map_err(|error| Problem::unfit(&place.field("content"), format!("it is not base64: {error}")))?,
            };
            let content_type = file_types::settle(request.content_type.as_deref(), &bytes);
            fits(limits, place, &content_type, bytes.len() as u64)?;
            Ok(Checked::Sent(NewFile { name, declared_type: Some(content_type), bytes, lifetime: Lifetime::Execution(place.owner) }))
        }
        _ => Err(Problem::unfit(&place.field("fileId"), "either `fileId`, or `name` and `content`")),
    }
}

fn fits(limits: &AttachmentLimits, place: &Place<'_>, content_type: &str, bytes: u64) -> Result<(), Problem> {
    if bytes > limits.bytes_max {
        let detail =
            format!("{}: this agent takes files of at most {} bytes, this one has {bytes}", place.field("content"), limits.bytes_max);
        return Err(Problem::new(413, "too_large", "Too large", detail));
    }
    if !limits.allows(content_type) {
        let detail = format!("{}: this agent takes {}, this is {content_type}", place.field("contentType"), limits.types.join(", "));
        return Err(Problem::refused("attachment_type", detail));
    }
    Ok(())
}

async fn keep(
    catalog: &Catalog,
    tenant: &Tenant,
    checked: Vec<Checked>,
    owner: ExecutionId,
    actor: &Actor,
    resolved: &mut Resolved,
) -> Result<(), Problem> {
    let (mut used, mut text_bytes) = (Vec::new(), 0);
    for one in checked {
        let attached = match one {
            Checked::Stored(row) => {
                used.push(row.id);
                row.attached(&catalog.text_bytes_of(tenant, &row).await?)
            }
            Checked::Standing(row) => match catalog.text_bytes_of(tenant, &row).await {
                Ok(bytes) => row.attached(&bytes),
                Err(catalog::Error::NotFound { .. }) => continue,
                Err(error) => return Err(error.into()),
            },
            Checked::Sent(mut new) => {
                let bytes = std::mem::take(&mut new.bytes);
                // Of the bytes only what may be text is needed once they are written.
                let text = file_types::is_textual(new.declared_type.as_deref().unwrap_or_default()).then(|| bytes.clone());
                new.bytes = bytes;
                let actor = Actor { entropy: crate::clock::entropy(), ..actor.clone() };
                let row = catalog.add_file(tenant, new, &actor).await?;
                resolved.made.push(row.id);
                row.attached(&text.unwrap_or_default())
            }
        };
        text_bytes += attached.text.as_ref().map_or(0, String::len);
        if text_bytes > TEXT_BYTES_ALL_MAX {
            let detail = format!("attachments: their text may have {TEXT_BYTES_ALL_MAX} bytes together");
            return Err(Problem::new(413, "too_large", "Too large", detail));
        }
        resolved.attachments.push(attached);
    }
    catalog.use_files(tenant, &used, owner, actor.at).await?;
    Ok(())
}

impl Resolved {
    /// Takes back what was kept for a start that did not happen. Also for one that turned out to have happened before.
    pub async fn discard(&self, catalog: &Catalog, tenant: &Tenant, actor: &Actor) {
        for id in &self.made {
            let actor = Actor { entropy: crate::clock::entropy(), ..actor.clone() };
            if let Err(error) = catalog.remove_file(tenant, &id.to_string(), &actor).await {
                tracing::warn!(%error, %id, "a file of a refused start stays until the next sweep");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::agents::AgentSettings;
    use crate::clock;
    use crate::store::{Faults, Store};
    use serde_json::json;

    async fn resolve_of(catalog: &Catalog, limits: &AttachmentLimits, wanted: serde_json::Value) -> Result<Resolved, Problem> {
        let wanted: Vec<AttachmentRequest> = serde_json::from_value(wanted).unwrap();
        resolve(catalog, &Tenant::default(), limits, (&wanted, Vec::new()), clock::execution_id(), &Actor::without_key("ann")).await
    }

    #[tokio::test]
    async fn files_are_attached_by_id_and_sent_along() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let actor = Actor::without_key("ann");
        let new = NewFile {
            name: "a.csv".to_owned(),
            declared_type: Some("text/csv".to_owned()),
            bytes: b"a,b".to_vec(),
            lifetime: Lifetime::Temporary,
        };
        let stored = catalog.add_file(&Tenant::default(), new, &actor).await.unwrap();
        let wanted = json!([
            {"fileId": stored.id, "fileType": "TEXT", "contentType": "text/csv", "promptLink": "x", "displayName": "a.csv"},
            {"name": "b.png", "contentType": "image/png", "content": STANDARD.encode(b"\x89PNG\r\n\x1a\n")},
        ]);
        let resolved = resolve_of(&catalog, &AttachmentLimits::from(&AgentSettings::default()), wanted).await.unwrap();
        let got: Vec<_> =
            resolved.attachments.iter().map(|one| (one.name.as_str(), one.content_type.as_str(), one.text.as_deref())).collect();
        assert_eq!(got, [("a.csv", "text/csv", Some("a,b")), ("b.png", "image/png", None)]);
        assert_eq!(catalog.store().file_ids().unwrap().len(), 2);
        resolved.discard(&catalog, &Tenant::default(), &actor).await;
        assert_eq!(catalog.store().file_ids().unwrap(), [stored.id], "what was sent along goes with a refused start");
    }

    #[tokio::test]
    async fn a_refused_request_leaves_no_file() {
        let catalog = Catalog::new(Store::in_memory(Faults::default()));
        let limits = AttachmentLimits { bytes_max: 4, types: vec!["text/*".to_owned()] };
        let fits = json!({"name": "a", "content": STANDARD.encode("abcd")});
        for (second, status) in [
            (json!({"name": "b", "content": STANDARD.encode("abcde")}), 413),
            (json!({"name": "b", "content": STANDARD.encode([0_u8, 1])}), 422),
            (json!({"name": "b", "content": "%"}), 422),
            (json!({"content": ""}), 422),
            (json!({"name": "b"}), 422),
            (json!({"fileId": "x", "content": ""}), 422),
            (json!({"fileId": "0198c0de-0000-7000-8000-000000000000"}), 404),
            (json!({"fileId": "../x"}), 404),
        ] {
            let problem = resolve_of(&catalog, &limits, json!([fits, second])).await.unwrap_err();
            assert_eq!(problem.status, status, "{second}: {problem:?}");
            assert!(catalog.store().file_ids().unwrap().is_empty(), "{second}");
        }
        let many = vec![fits; ATTACHMENTS_MAX + 1];
        assert_eq!(resolve_of(&catalog, &limits, json!(many)).await.unwrap_err().status, 422);
        let long = json!({"name": "l", "content": STANDARD.encode("x".repeat(TEXT_BYTES_MAX))});
        let problem = resolve_of(&catalog, &AttachmentLimits::from(&AgentSettings::default()), json!([long, long, long, long, long, long]))
            .await
            .unwrap_err();
        assert!(problem.status == 413 && catalog.store().file_ids().unwrap().is_empty());
    }
}
