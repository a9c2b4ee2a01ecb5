//! A request on its way to its handler: who calls, for which tenant, with what. The body is read and bounded already.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::app::App;
use super::caller::Caller;
use super::idempotency::Reserved;
use super::problem::Problem;
use crate::catalog::audit::Actor;
use crate::clock;
use crate::ids::{Tenant, TimeMs};
use crate::machine::question::Person;

/// What a handler gets.
pub struct Call {
    pub app: Arc<App>,
    /// None on public routes.
    pub caller: Option<Caller>,
    /// The path's tenant, where it names one, otherwise the key's.
    pub tenant: Tenant,
    /// Where the request comes from.
    pub address: Option<IpAddr>,
    pub path: String,
    pub parameters: HashMap<&'static str, String>,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub now: TimeMs,
    /// On routes that start an execution, under an `Idempotency-Key`.
    pub reserved: Option<Reserved>,
}

impl Call {
    /// A part of the path.
    ///
    /// # Errors
    /// 404 for a name that the route does not have.
    pub fn parameter(&self, name: &str) -> Result<&str, Problem> {
        self.parameters.get(name).map(String::as_str).ok_or_else(|| Problem::not_found("parameter", name))
    }

    /// What stands behind `?`.
    ///
    /// # Errors
    /// 400 that names what is unknown or wrong.
    pub fn query<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_html_form::from_str(&self.query).map_err(|error| Problem::invalid("query", error.to_string()))
    }

    /// The body as the fields of an HTML form.
    ///
    /// # Errors
    /// 400 that names what is unknown or wrong.
    pub fn fields<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_html_form::from_bytes(&self.body).map_err(|error| Problem::invalid("$", error.to_string()))
    }

    /// The body as JSON; an empty one is `{}`.
    ///
    /// # Errors
    /// 400 that names the field.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let text: &[u8] = if self.body.is_empty() { b"{}" } else { &self.body };
        // An array would be read as the fields in their order. Other values are not repeated in the answer.
        if text.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
            return Err(Problem::invalid("$", "a JSON object is needed"));
        }
        let mut source = serde_json::Deserializer::from_slice(text);
        match serde_path_to_error::deserialize(&mut source) {
            Ok(value) => source.end().map(|()| value).map_err(|error| Problem::invalid("$", error.to_string())),
            Err(error) => with_whole_numbers(text).ok_or_else(|| misread(&error)),
        }
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Who calls.
    ///
    /// # Errors
    /// 401 on a public route.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(super::caller::no_key)
    }

    /// Who acts, for the audit.
    ///
    /// # Errors
    /// As `caller`.
    pub fn actor(&self) -> Result<Actor, Problem> {
        let key = &self.caller()?.key;
        Ok(Actor { user: key.user.clone(), key_id: Some(key.id.clone()), at: self.now, entropy: clock::entropy() })
    }

    /// Who acts, for the machine.
    ///
    /// # Errors
    /// As `caller`.
    pub fn person(&self) -> Result<Person, Problem> {
        let key = &self.caller()?.key;
        Ok(Person { user: key.user.clone(), roles: key.roles.clone(), every_role: key.is_root })
    }
}

fn misread(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let path = error.path().to_string();
    // A text that breaks off is wrong nowhere in particular.
    let field = if path == "." || path == "?" { "$" } else { &path };
    Problem::invalid(field, error.inner().to_string())
}

/// A second look at a body that does not fit, with `2.0` read as `2`: in JSON it is the same number. What fits at once stays as it was sent.
fn with_whole_numbers<T: DeserializeOwned>(text: &[u8]) -> Option<T> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    make_whole(&mut value).then(|| serde_json::from_value(value).ok()).flatten()
}

/// Whether there was a number to change.
#[expect(clippy::cast_possible_truncation, reason = "whole, and within what a double holds exactly")]
fn make_whole(value: &mut Value) -> bool {
    const EXACT_MAX: f64 = 9_007_199_254_740_991.0;
    match value {
        Value::Number(number) if number.is_f64() => match number.as_f64() {
            Some(float) if float.fract() == 0.0 && float.abs() <= EXACT_MAX => {
                *number = (float as i64).into();
                true
            }
            _ => false,
        },
        Value::Array(items) => items.iter_mut().fold(false, |changed, item| make_whole(item) | changed),
        Value::Object(fields) => fields.values_mut().fold(false, |changed, field| make_whole(field) | changed),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_may_be_written_with_a_point() {
        assert_eq!(with_whole_numbers::<Vec<u32>>(b"[1, 2.0]"), Some(vec![1, 2]));
        assert_eq!(with_whole_numbers::<Vec<u32>>(b"[1, 2.5]"), None);
        assert_eq!(with_whole_numbers::<Vec<u32>>(b"[-2.0]"), None);
        assert_eq!(with_whole_numbers::<Vec<u64>>(b"[1e300]"), None);
    }
}
