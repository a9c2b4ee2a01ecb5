//! Pages: an opaque token says where the next one begins.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::Problem;

/// Rows of a page where the request does not say.
pub const SIZE_DEFAULT: usize = 50;
/// Rows of a page at most; asking for more gives this many.
pub const SIZE_MAX: usize = 200;

/// Which part of a list that has no filters.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PageQuery {
    #[serde(default)]
    pub page_size: Option<usize>,
    #[serde(default)]
    pub page_token: Option<String>,
}

/// The number of rows that a request asks for.
#[must_use]
pub fn size(asked: Option<usize>) -> usize {
    asked.unwrap_or(SIZE_DEFAULT).clamp(1, SIZE_MAX)
}

/// The token for what comes behind `last`.
#[must_use]
pub fn token(last: &str) -> String {
    URL_SAFE_NO_PAD.encode(last)
}

/// What a token stands for.
///
/// # Errors
/// 400 for a text that is none.
pub fn read(token: Option<&str>) -> Result<Option<String>, Problem> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(token).ok();
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    text.map(Some).ok_or_else(|| Problem::unfit("pageToken", "it is not a token of ours; leave it out to begin at the first page"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_comes_back_and_nonsense_is_refused() {
        assert_eq!(read(Some(&token("ä/1"))).unwrap().as_deref(), Some("ä/1"));
        assert_eq!(read(Some("")).unwrap(), None);
        assert!(read(Some("!!")).is_err());
        assert_eq!((size(None), size(Some(0)), size(Some(9_999))), (SIZE_DEFAULT, 1, SIZE_MAX));
    }
}
