//! Signing a browser in: a key becomes a cookie that scripts cannot read. What a cookie may do over HTTP is bounded further: a request
//! that changes something must come from a page of ours.

use actix_web::http::header::HeaderMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::call::Call;
use super::caller::{self, Caller, Era, Known, Presented};
use super::problem::Problem;
use super::route::{Access, Content, Method, Route};
use crate::catalog::keys::Standing;
use crate::catalog::scopes::Scope;
use crate::catalog::sign_ins::SIGN_IN_MS;
use crate::catalog::{self, Catalog};
use crate::ids::TimeMs;

/// The cookie's name.
const COOKIE: &str = "flowgate_sign_in";

/// The key to sign in with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SignInBody {
    key: String,
}

/// Who is signed in.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct SignedIn {
    tenant: String,
    user: String,
    roles: Vec<String>,
    scopes: Vec<Scope>,
    is_root: bool,
}

impl From<&Caller> for SignedIn {
    fn from(caller: &Caller) -> Self {
        let key = &caller.key;
        Self {
            tenant: key.tenant.to_string(),
            user: key.user.clone(),
            roles: key.roles.clone(),
            scopes: key.scopes.clone(),
            is_root: key.is_root,
        }
    }
}

const PATH: &str = "/v1/signIn";
const CURRENT: &str = "/v1/signIn/current";

pub fn routes() -> Vec<Route> {
    vec![
        Route::post(PATH, "signIn", "A cookie for a key, for browsers; 12 hours")
            .access(Access::Public)
            .takes::<SignInBody>()
            .answers::<SignedIn>(200)
            .to(sign_in),
        Route::get(CURRENT, "getSignIn", "Who is signed in").access(Access::Key).answers::<SignedIn>(200).to(get),
        Route::delete(CURRENT, "signOut", "The cookie counts no longer")
            .access(Access::Key)
            .answers_with(204, Content::Nothing)
            .to(sign_out),
    ]
}

/// The value of our cookie among the headers.
fn cookie(headers: &HeaderMap) -> Option<&str> {
    let pairs = headers.get_all("cookie").filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(';'));
    pairs.filter_map(|pair| pair.trim().split_once('=')).find(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// Who comes with a cookie; none where there is no cookie.
///
/// # Errors
/// 401 for one that counts no longer; 403 for a change that no page of ours asks for.
pub fn caller(catalog: &Catalog, headers: &HeaderMap, method: Method, now: TimeMs) -> Result<Option<Caller>, Problem> {
    let Some(value) = cookie(headers) else { return Ok(None) };
    if method != Method::Get && !is_from_our_page(headers) {
        let detail = "a change that comes with a cookie must come from a page of this server (`Origin`)";
        return Err(Problem::new(403, "foreign_origin", "Not from our page", detail));
    }
    let found = catalog.signed_in(value, now).map_err(Problem::from)?;
    match found.filter(|key| key.standing(now) == Standing::Valid) {
        Some(key) => Ok(Some(Caller { key, era: Era::Key })),
        None => Err(Problem::new(401, "unauthorized", "Not signed in", "the sign-in is over; sign in again")),
    }
}

/// The page's origin is the host that was asked. Browsers set both and let no script change them.
fn is_from_our_page(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let (Some(origin), Some(host)) = (text("origin"), text("host")) else { return false };
    let is_same_site = text("sec-fetch-site").is_none_or(|site| site == "same-origin");
    is_same_site && origin.split_once("://").is_some_and(|(_, authority)| authority.eq_ignore_ascii_case(host))
}

async fn sign_in(call: Call) -> Result<Answer, Problem> {
    let body: SignInBody = call.json()?;
    let presented = Presented { value: body.key, era: Era::Bearer };
    let refused = |problem: Problem| match call.address {
        Some(address) => call.app.limiter.failure(address).err().unwrap_or(problem),
        None => problem,
    };
    let key = match caller::look_up(&call.app.catalog, &presented, call.now).map_err(|error: catalog::Error| Problem::from(error))? {
        Known::Valid(key) => *key,
        Known::Revoked(_, problem) | Known::No(problem) => return Err(refused(*problem)),
    };
    // Counted like any other request of the key: it leaves a row behind.
    let _permit = call.app.limiter.admit(&key.id, &key.tenant)?;
    let value = call.app.catalog.sign_in(&key, call.now).await?;
    let secure = if call.header("x-forwarded-proto") == Some("https") { "; Secure" } else { "" };
    let seconds = SIGN_IN_MS / 1_000;
    let cookie = format!("{COOKIE}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    Ok(Answer::json(&SignedIn::from(&Caller { key, era: Era::Key }))?.header("set-cookie", cookie))
}

async fn get(call: Call) -> Result<Answer, Problem> {
    Answer::json(&SignedIn::from(call.caller()?))
}

async fn sign_out(call: Call) -> Result<Answer, Problem> {
    if let Some(value) = cookie(&call.headers) {
        call.app.catalog.sign_out(value).await?;
    }
    Ok(Answer::empty(204).header("set-cookie", format!("{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict")))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_page_of_somebody_else_is_not_ours() {
        let ours = |pairs: &[(&str, &str)]| is_from_our_page(&headers(pairs));
        assert!(ours(&[("host", "flows.example"), ("origin", "https://flows.example")]));
        assert!(!ours(&[("host", "flows.example"), ("origin", "https://evil.example")]));
        assert!(!ours(&[("host", "flows.example")]), "no origin, no change");
        assert!(!ours(&[("host", "flows.example"), ("origin", "https://flows.example"), ("sec-fetch-site", "cross-site")]));
        assert!(!ours(&[("host", "flows.example"), ("origin", "null")]));
    }

    #[test]
    fn our_cookie_is_found_among_others() {
        assert_eq!(cookie(&headers(&[("cookie", "a=1; flowgate_sign_in=v; b=2")])), Some("v"));
        assert_eq!(cookie(&headers(&[("cookie", "xflowgate_sign_in=v")])), None);
    }
}
