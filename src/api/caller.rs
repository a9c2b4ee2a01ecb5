//! Who calls: the key in the request's headers.

use actix_web::http::header::HeaderMap;

use super::problem::Problem;
use crate::catalog::keys::{KeyRow, Standing};
use crate::catalog::scopes::Scope;
use crate::catalog::{self, Catalog};
use crate::ids::TimeMs;

/// Which generation of the vendor's clients a request speaks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// `X-API-KEY`.
    Key,
    /// `Authorization: Bearer` (or `Token`).
    Bearer,
}

/// A key that counts.
#[derive(Clone, Debug)]
pub struct Caller {
    pub key: KeyRow,
    pub era: Era,
}

impl Caller {
    /// # Errors
    /// 403 that says which scope is missing.
    pub fn must(&self, wanted: Scope) -> Result<(), Problem> {
        if self.key.may(wanted) {
            return Ok(());
        }
        let granted: Vec<&str> = self.key.scopes.iter().map(|scope| scope.name()).collect();
        let detail = format!("the key `{}` has no scope `{}`", self.key.name, wanted.name());
        let hint = format!("use a key with `{}`, or ask an administrator for one", wanted.name());
        Err(Problem::new(403, "insufficient_scope", "The key may not do this", detail)
            .with("error", "insufficient_scope")
            .with("required", wanted.name())
            .with("granted", granted)
            .with("hint", hint))
    }
}

/// What a request presents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub value: String,
    pub era: Era,
}

/// The key among the headers, if there is one.
///
/// # Errors
/// 400 for two different ones, 401 for a scheme that is not ours.
pub fn presented(headers: &HeaderMap) -> Result<Option<Presented>, Problem> {
    let mut found: Option<Presented> = None;
    for value in headers.get_all("x-api-key") {
        take(&mut found, value.to_str().unwrap_or_default(), Era::Key)?;
    }
    for value in headers.get_all("authorization") {
        let text = value.to_str().unwrap_or_default();
        let (scheme, value) = text.split_once(' ').unwrap_or((text, ""));
        if !scheme.eq_ignore_ascii_case("bearer") && !scheme.eq_ignore_ascii_case("token") {
            return Err(unauthorized("`Authorization` must be `Bearer KEY` or `Token KEY`"));
        }
        take(&mut found, value, Era::Bearer)?;
    }
    Ok(found)
}

fn take(found: &mut Option<Presented>, value: &str, era: Era) -> Result<(), Problem> {
    let value = value.trim();
    match found {
        Some(before) if before.value != value => {
            Err(Problem::new(401, "two_keys", "No valid key", "the request presents two different keys; send one"))
        }
        Some(_) => Ok(()),
        None => {
            *found = Some(Presented { value: value.to_owned(), era });
            Ok(())
        }
    }
}

/// What a presented value turns out to be.
#[derive(Debug)]
pub enum Known {
    Valid(Box<KeyRow>),
    /// A key of ours that was revoked or switched off, and what its use is answered: 401.
    Revoked(Box<KeyRow>, Box<Problem>),
    /// 401.
    No(Box<Problem>),
}

/// Looks a presented value up.
///
/// # Errors
/// When the catalog cannot be read.
pub fn look_up(catalog: &Catalog, presented: &Presented, now: TimeMs) -> Result<Known, catalog::Error> {
    let Some(key) = catalog.key_of_value(&presented.value, now)? else { return Ok(Known::No(Box::new(unknown()))) };
    Ok(match key.standing(now) {
        Standing::Valid => Known::Valid(Box::new(key)),
        Standing::Revoked => Known::Revoked(Box::new(key), Box::new(unknown())),
        Standing::Inactive => Known::Revoked(Box::new(key), Box::new(unauthorized("the key is switched off"))),
        Standing::Expired => Known::No(Box::new(unauthorized("the key has expired"))),
    })
}

/// 401: no key came with the request.
#[must_use]
pub fn no_key() -> Problem {
    unauthorized("a key is needed: `X-API-KEY: KEY` or `Authorization: Bearer KEY`")
}

/// 401: not a key of this installation. The same for a revoked one.
#[must_use]
pub fn unknown() -> Problem {
    unauthorized("the key is not known here, or was revoked")
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(401, "unauthorized", "No valid key", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn of(pairs: &[(&str, &str)]) -> Result<Option<Presented>, Problem> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        presented(&headers)
    }

    #[test]
    fn every_style_is_understood() {
        let key = |era| Some(Presented { value: "k".to_owned(), era });
        assert_eq!(of(&[("x-api-key", "k")]).unwrap(), key(Era::Key));
        assert_eq!(of(&[("authorization", "Bearer k")]).unwrap(), key(Era::Bearer));
        assert_eq!(of(&[("authorization", "token  k")]).unwrap(), key(Era::Bearer));
        assert_eq!(of(&[("x-api-key", "k"), ("authorization", "Bearer k")]).unwrap(), key(Era::Key));
        assert_eq!(of(&[]).unwrap(), None);
    }

    #[test]
    fn two_keys_and_other_schemes_are_refused() {
        assert_eq!(of(&[("x-api-key", "k"), ("authorization", "Bearer other")]).unwrap_err().status, 401);
        assert_eq!(of(&[("x-api-key", "k"), ("x-api-key", "l")]).unwrap_err().status, 401);
        assert_eq!(of(&[("authorization", "Basic azpr")]).unwrap_err().status, 401);
    }
}
