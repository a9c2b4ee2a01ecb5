//! `…/storage`: files of a tenant, sent in by clients and attached to executions. They are handed out as attachments, never shown.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::api::answer::Answer;
use crate::api::call::Call;
use crate::api::form::{self, FORM_BYTES};
use crate::api::page;
use crate::api::problem::Problem;
use crate::api::route::{Content, Route};
use crate::catalog::file_types;
use crate::catalog::files::{FILE_BYTES_MAX, FileRow, Lifetime, NewFile};
use crate::catalog::numbers::Kind;
use crate::catalog::scopes::Scope;
use crate::ids::TimeMs;

/// The form's part that holds the file.
const PART: &str = "file";
/// A downloaded file that a browser opens anyway reaches nothing.
const POLICY: &str = "sandbox; default-src 'none'";

/// A file, without its bytes.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StoredFile {
    file_id: String,
    /// Its integer id; paths take it as well.
    number: u64,
    /// `IMAGE`, `AUDIO`, `VIDEO`, `TEXT`, `DOCUMENT` or `OTHER`.
    file_type: &'static str,
    content_type: String,
    /// How a prompt of the vendor's refers to it: `<text:ID/>`.
    prompt_link: String,
    display_name: String,
    bytes: u64,
    /// Of the bytes.
    sha256: String,
    created_at: TimeMs,
    created_by: String,
    /// When a temporary file goes that nobody uses.
    expires_at: Option<TimeMs>,
    /// The execution that it goes with.
    execution_record_id: Option<String>,
}

/// How long it is to stay.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Upload {
    /// Goes after a day unless an execution uses it. `?temporary` alone means true.
    #[serde(default)]
    #[schemars(extend("enum" = ["", "true", "false"]))]
    temporary: Option<String>,
}

/// Which part of the list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct ListQuery {
    #[serde(default)]
    page_size: Option<usize>,
    #[serde(default)]
    page_token: Option<String>,
}

/// A part of the list, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct StoredFiles {
    items: Vec<StoredFile>,
    next_page_token: Option<String>,
}

pub fn routes() -> Vec<Route> {
    let (all, one) = ("/v1/tenants/{tenant}/storage", "/v1/tenants/{tenant}/storage/{file}");
    vec![
        Route::get(all, "listFiles", "Files, newest first")
            .scope(Scope::ExecutionsRead)
            .query::<ListQuery>()
            .answers::<StoredFiles>(200)
            .to(list),
        Route::post(all, "uploadFile", "A new file")
            .scope(Scope::ExecutionsRun)
            .query::<Upload>()
            .takes_form(PART)
            .body_bytes_max(FILE_BYTES_MAX + FORM_BYTES)
            .answers::<StoredFile>(200)
            .creates()
            .to(upload),
        Route::get(one, "downloadFile", "A file's bytes, as an attachment")
            .scope(Scope::ExecutionsRead)
            .answers_with(200, Content::Other("*/*"))
            .to(download),
        Route::delete(one, "deleteFile", "Delete a file").scope(Scope::ExecutionsRun).answers_with(204, Content::Nothing).to(remove),
    ]
}

async fn shown(call: &Call, row: FileRow) -> Result<StoredFile, Problem> {
    let number = call.app.catalog.number_of(Kind::File, &call.tenant, &row.id.to_string()).await?;
    let file_type = file_types::kind(&row.content_type);
    Ok(StoredFile {
        file_id: row.id.to_string(),
        number,
        file_type,
        content_type: row.content_type,
        prompt_link: format!("<{}:{}/>", file_type.to_ascii_lowercase(), row.id),
        display_name: row.name,
        bytes: row.fingerprint.bytes,
        sha256: row.fingerprint.sha256.hex(),
        created_at: row.created_at,
        created_by: row.created_by,
        expires_at: row.expires_at,
        execution_record_id: row.execution.map(|execution| execution.to_string()),
    })
}

async fn list(call: Call) -> Result<Answer, Problem> {
    let query: ListQuery = call.query()?;
    let size = page::size(query.page_size);
    let after = page::read(query.page_token.as_deref())?;
    let rows = call.app.catalog.files(&call.tenant, after.as_deref(), size, call.now)?;
    let next_page_token = (rows.len() == size).then(|| rows.last().map(|row| page::token(&row.id.to_string()))).flatten();
    let mut items = Vec::with_capacity(rows.len());
    for row in rows {
        items.push(shown(&call, row).await?);
    }
    Answer::json(&StoredFiles { items, next_page_token })
}

async fn upload(call: Call) -> Result<Answer, Problem> {
    let query: Upload = call.query()?;
    let lifetime = match query.temporary.as_deref() {
        Some("" | "true" | "1") => Lifetime::Temporary,
        None | Some("false" | "0") => Lifetime::Kept,
        Some(other) => return Err(Problem::invalid("temporary", format!("it is true or false, not `{other}`"))),
    };
    let sent = form::read(&call, PART, &[]).await?;
    let new = NewFile { name: sent.name, declared_type: sent.content_type, bytes: sent.bytes, lifetime };
    let row = call.app.catalog.add_file(&call.tenant, new, &call.actor()?).await?;
    Answer::json(&shown(&call, row).await?)
}

async fn download(call: Call) -> Result<Answer, Problem> {
    served(&call, call.parameter("file")?).await
}

/// The bytes of the file with this id, as an attachment.
///
/// # Errors
/// 404, or when they cannot be read.
pub async fn served(call: &Call, id: &str) -> Result<Answer, Problem> {
    let row = call.app.catalog.file(&call.tenant, id, call.now)?.value;
    let bytes = call.app.catalog.file_bytes(&call.tenant, &row).await?;
    let answer = Answer::bytes(&row.content_type, bytes);
    Ok(answer.header("content-disposition", disposition(&row.name)).header("content-security-policy", POLICY))
}

async fn remove(call: Call) -> Result<Answer, Problem> {
    call.app.catalog.remove_file(&call.tenant, call.parameter("file")?, &call.actor()?).await?;
    Ok(Answer::empty(204))
}

/// `attachment` with the name as RFC 5987 wants it, and in plain ASCII for those who do not read that.
fn disposition(name: &str) -> String {
    use std::fmt::Write as _;
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() || " ._-()".contains(c) { c } else { '_' }).collect();
    let mut text = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''");
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_header() {
        assert_eq!(disposition("a b.txt"), "attachment; filename=\"a b.txt\"; filename*=UTF-8''a%20b.txt");
        assert_eq!(disposition("ü\";x=\r\n'"), "attachment; filename=\"___x____\"; filename*=UTF-8''%C3%BC%22%3Bx%3D%0D%0A%27");
    }
}
