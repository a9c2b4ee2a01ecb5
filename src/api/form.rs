//! Multipart forms: one file, and short texts beside it.

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

/// What came in the form.
pub struct Sent {
    pub name: String,
    pub content_type: Option<String>,
    pub bytes: Vec<u8>,
    /// The other parts that were allowed and sent.
    pub texts: BTreeMap<String, String>,
}

/// A form with its file in `part`, and with no other parts than `texts`.
///
/// # Errors
/// 400 that names the part, 413.
pub async fn read(call: &Call, part: &str, texts: &[&str]) -> Result<Sent, Problem> {
    let body = futures::stream::iter([Ok::<_, PayloadError>(call.body.clone())]);
    let mut parts = Multipart::new(&call.headers, body);
    let (mut file, mut said) = (None, BTreeMap::new());
    while let Some(field) = parts.try_next().await.map_err(|error| broken(&error))? {
        let name = field.name().unwrap_or_default().to_owned();
        if name == part {
            if file.replace(read_file(field).await?).is_some() {
                return Err(Problem::invalid(part, "one file at a time"));
            }
        } else if texts.contains(&name.as_str()) {
            let bytes = read_bytes(field, TEXT_BYTES_MAX).await?;
            let text = String::from_utf8(bytes).map_err(|_| Problem::invalid(&name, "it is no text"))?;
            if said.insert(name.clone(), text).is_some() {
                return Err(Problem::invalid(&name, "it stands twice in the form"));
            }
        } else {
            let known = [&[part], texts].concat().join("`, `");
            return Err(Problem::invalid(&name, format!("the form has no such part, only `{known}`")));
        }
    }
    let sent = file.ok_or_else(|| Problem::invalid(part, format!("the part `{part}` with the file is missing")))?;
    Ok(Sent { texts: said, ..sent })
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
