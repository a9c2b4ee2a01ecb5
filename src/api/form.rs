//! Multipart forms: files, and short texts beside them.

use std::collections::BTreeMap;

use actix_multipart::{Field, Multipart, MultipartError};
use actix_web::error::PayloadError;
use futures::TryStreamExt as _;

use super::call::Call;
use super::problem::Problem;
use crate::catalog::files::FILE_BYTES_MAX;

/// What a form adds to its file.
pub const FORM_BYTES: usize = 16 << 10;
/// One text beside the file.
const TEXT_BYTES_MAX: usize = 1 << 10;

/// A file of a form.
pub struct Sent {
    pub name: String,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
    /// The other parts that were allowed and sent.
    pub texts: BTreeMap<String, String>,
}

/// Which parts a form may have.
#[derive(Clone, Copy, Debug)]
pub struct Parts<'a> {
    /// Names that files may be sent under.
    pub files: &'a [&'a str],
    /// Files of all these names together.
    pub files_max: usize,
    pub texts: &'a [&'a str],
    /// Bytes of one text.
    pub text_bytes_max: usize,
}

/// What came in a form.
#[derive(Default)]
pub struct Form {
    /// In the order in which they were sent.
    pub files: Vec<Sent>,
    pub texts: BTreeMap<String, String>,
}

/// Whether the body is one.
#[must_use]
pub fn is_form(content_type: &str) -> bool {
    content_type.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("multipart/form-data")
}

/// A form with its one file in `part`, and with no other parts than `texts`.
///
/// # Errors
/// 400 that names the part, 413.
pub async fn read(call: &Call, part: &str, texts: &[&str]) -> Result<Sent, Problem> {
    let parts = Parts { files: &[part], files_max: 1, texts, text_bytes_max: TEXT_BYTES_MAX };
    let Form { mut files, texts } = read_all(call, parts).await?;
    let sent = files.pop().ok_or_else(|| Problem::invalid(part, format!("the part `{part}` with the file is missing")))?;
    Ok(Sent { texts, ..sent })
}

/// A form with these parts, of which none need be there.
///
/// # Errors
/// 400 that names the part, 413.
pub async fn read_all(call: &Call, parts: Parts<'_>) -> Result<Form, Problem> {
    let body = futures::stream::iter([Ok::<_, PayloadError>(call.body.clone())]);
    let mut fields = Multipart::new(&call.headers, body);
    let mut form = Form::default();
    while let Some(field) = fields.try_next().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if parts.files.contains(&name.as_str()) {
            if form.files.len() >= parts.files_max {
                let message =
                    if parts.files_max == 1 { "one file at a time".to_owned() } else { format!("{} files at most", parts.files_max) };
                return Err(Problem::invalid(&name, message));
            }
            form.files.push(read_file(field).await?);
        } else if parts.texts.contains(&name.as_str()) {
            let bytes = read_bytes(field, parts.text_bytes_max).await?;
            let text = String::from_utf8(bytes).map_err(|_| Problem::invalid(&name, "it is no text"))?;
            if form.texts.insert(name.clone(), text).is_some() {
                return Err(Problem::invalid(&name, "it stands twice in the form"));
            }
        } else {
            let known = [parts.files, parts.texts].concat().join("`, `");
            return Err(Problem::invalid(&name, format!("the form has no such part, only `{known}`")));
        }
    }
    Ok(form)
}

async fn read_file(field: Field) -> Result<Sent, Problem> {
    let name = field.content_disposition().and_then(|disposition| {
        let extended = disposition.get_filename_ext().and_then(|name| String::from_utf8(name.value.clone()).ok());
        extended.or_else(|| disposition.get_filename().map(str::to_owned))
    });
    let content_type = field.content_type().map(ToString::to_string);
    let bytes = read_bytes(field, FILE_BYTES_MAX).await?;
    Ok(Sent { name: name.unwrap_or_default(), content_type, bytes, texts: BTreeMap::new() })
}

async fn read_bytes(mut field: Field, bytes_max: usize) -> Result<Vec<u8>, Problem> {
    let mut bytes = Vec::new();
    while let Some(chunk) = field.try_next().await.map_err(|error| broken(&error))? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > bytes_max {
            let name = field.name().unwrap_or_default();
            return Err(Problem::new(413, "too_large", "Too large", format!("`{name}` may have {bytes_max} bytes at most")));
        }
    }
    Ok(bytes)
}

fn broken(error: &MultipartError) -> Problem {
    Problem::bad_request("multipart", format!("the form cannot be read: {error}"))
}
