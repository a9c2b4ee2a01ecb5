//! What a file is, from its bytes first and from what its sender says second: nothing is called an image or a document that does not
//! begin like one.

/// What nobody knows more about.
pub const UNKNOWN: &str = "application/octet-stream";
const TYPE_LENGTH_MAX: usize = 100;

/// How files of a type begin: offset and bytes.
const BEGINNINGS: [(&str, usize, &[u8]); 12] = [
    ("image/png", 0, b"\x89PNG\r\n\x1a\n"),
    ("image/jpeg", 0, b"\xff\xd8\xff"),
    ("image/gif", 0, b"GIF8"),
    ("image/webp", 8, b"WEBP"),
    ("application/pdf", 0, b"%PDF-"),
    ("application/gzip", 0, b"\x1f\x8b"),
    ("audio/wav", 8, b"WAVE"),
    ("audio/mpeg", 0, b"ID3"),
    ("audio/ogg", 0, b"OggS"),
    ("video/mp4", 4, b"ftyp"),
    ("video/webm", 0, b"\x1a\x45\xdf\xa3"),
    ("application/zip", 0, b"PK\x03\x04"),
];
/// Documents that are zip archives inside.
const ZIPPED: [&str; 2] = ["application/vnd.openxmlformats-officedocument.", "application/vnd.oasis.opendocument."];

/// The type that a file is kept under.
#[must_use]
pub fn settle(declared: Option<&str>, bytes: &[u8]) -> String {
    let declared = declared.and_then(essence);
    let begins = BEGINNINGS.iter().find(|(_, offset, beginning)| bytes.get(*offset..).is_some_and(|rest| rest.starts_with(beginning)));
    if let Some((found, ..)) = begins {
        let zipped =
            *found == "application/zip" && declared.as_deref().is_some_and(|said| ZIPPED.iter().any(|kind| said.starts_with(kind)));
        return declared.filter(|_| zipped).unwrap_or_else(|| (*found).to_owned());
    }
    let is_text = is_text(bytes);
    match declared {
        Some(said) if is_textual(&said) => {
            if is_text {
                said
            } else {
                UNKNOWN.to_owned()
            }
        }
        // It claims a type whose beginning we know, and does not begin like it.
        Some(said) if BEGINNINGS.iter().any(|(kind, ..)| *kind == said) => UNKNOWN.to_owned(),
        Some(said) if said != UNKNOWN => said,
        _ if is_text && !bytes.is_empty() => "text/plain".to_owned(),
        _ => UNKNOWN.to_owned(),
    }
}

/// Whether files of this type are read as text.
#[must_use]
pub fn is_textual(content_type: &str) -> bool {
    content_type.starts_with("text/")
        || content_type.ends_with("+json")
        || ["application/json", "application/csv", "application/x-ndjson"].contains(&content_type)
}

/// The vendor's rough kind.
#[must_use]
pub fn kind(content_type: &str) -> &'static str {
    match content_type.split('/').next().unwrap_or_default() {
        "image" => "IMAGE",
        "audio" => "AUDIO",
        "video" => "VIDEO",
        _ if is_textual(content_type) => "TEXT",
        _ if content_type == "application/pdf" || ZIPPED.iter().any(|kind| content_type.starts_with(kind)) => "DOCUMENT",
        _ => "OTHER",
    }
}

/// `type/subtype` in lower case, without parameters; none for what is no type.
fn essence(declared: &str) -> Option<String> {
    let essence = declared.split(';').next()?.trim().to_ascii_lowercase();
    let (kind, subtype) = essence.split_once('/')?;
    let token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&^_.+-".contains(&byte));
    (essence.len() <= TYPE_LENGTH_MAX && token(kind) && token(subtype)).then_some(essence)
}

/// UTF-8 without control characters that no text has.
fn is_text(bytes: &[u8]) -> bool {
    let allowed = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t' | '\u{c}');
    std::str::from_utf8(bytes).is_ok_and(|text| text.chars().all(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_decide_and_claims_that_do_not_fit_are_dropped() {
        for (declared, bytes, expected) in [
            (Some("text/plain"), b"\x89PNG\r\n\x1a\n....".as_slice(), "image/png"),
            (Some("image/png"), b"<html>", UNKNOWN),
            (Some("image/svg+xml"), b"<svg>", "image/svg+xml"),
            (Some("text/html; charset=utf-8"), b"<html>", "text/html"),
            (Some("text/csv"), b"a,b\xff", UNKNOWN),
            (Some("application/json"), b"{}", "application/json"),
            (
                Some("application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
                b"PK\x03\x04",
                "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            ),
            (Some("application/java-archive"), b"PK\x03\x04", "application/zip"),
            (Some("no type"), b"hello", "text/plain"),
            (Some("a/b\r\nx: y"), b"hello", "text/plain"),
            (None, b"hello", "text/plain"),
            (None, b"a\0b", UNKNOWN),
            (None, b"", UNKNOWN),
        ] {
            assert_eq!(settle(declared, bytes), expected, "{declared:?} {bytes:?}");
        }
    }

    #[test]
    fn kinds() {
        let of = [
            ("image/png", "IMAGE"),
            ("text/csv", "TEXT"),
            ("application/pdf", "DOCUMENT"),
            (UNKNOWN, "OTHER"),
            ("application/json", "TEXT"),
        ];
        for (content_type, expected) in of {
            assert_eq!(kind(content_type), expected);
        }
    }
}
