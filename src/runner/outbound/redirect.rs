//! Redirects, one hop at a time, so that each is judged like a first request and credentials stay with the origin they were meant for.

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION};
use url::Url;

use super::{Exchange, Header, Payload, header_map, host_of};
use crate::runner::failure::{Failure, Stage};

const HOPS_MAX: usize = 5;
/// Headers that identify the caller even when no secret is in them.
const CREDENTIAL_HEADERS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// One request of a chain.
pub struct Hop {
    pub url: Url,
    method: String,
    headers: Vec<Header>,
    body: Option<Payload>,
    hops_left: usize,
}

impl Hop {
    pub fn first(exchange: Exchange) -> Self {
        Self { url: exchange.url, method: exchange.method, headers: exchange.headers, body: exchange.body, hops_left: HOPS_MAX }
    }

    pub fn request(&self) -> Result<reqwest::Request, Failure> {
        let method = reqwest::Method::from_bytes(self.method.as_bytes())
            .map_err(|_| Failure::new(Stage::Refused, "method_invalid", format!("`{}` is no HTTP method", self.method)))?;
        let mut request = reqwest::Request::new(method, self.url.clone());
        *request.headers_mut() = header_map(&self.headers)?;
        if let Some(body) = &self.body {
            if !request.headers().contains_key(CONTENT_TYPE) {
                let header = Header { name: "content-type".to_owned(), value: body.content_type.clone().into(), credential: false };
                request.headers_mut().extend(header_map(&[header])?);
            }
            *request.body_mut() = Some(body.bytes.to_vec().into());
        }
        Ok(request)
    }

    /// The next request, when the answer is a redirect that can be followed.
    pub fn next(&self, status: u16, headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        if !matches!(status, 301 | 302 | 303 | 307 | 308) {
            return Ok(None);
        }
        let Some(location) = headers.get(LOCATION).and_then(|value| value.to_str().ok()) else { return Ok(None) };
        let unusable = |message: String| Failure::new(Stage::Unusable, "redirect_refused", message);
        let from = host_of(&self.url);
        if self.hops_left == 0 {
            return Err(unusable(format!("{from} redirects more than {HOPS_MAX} times; call the final address")));
        }
        let url = self.url.join(location).map_err(|_| unusable(format!("{from} redirects to something that is no URL")))?;
        let same_origin = url.origin() == self.url.origin();
        let keeps_body = matches!(status, 307 | 308) || matches!(self.method.as_str(), "GET" | "HEAD");
        let body = if keeps_body { self.body.clone() } else { None };
        if !same_origin && body.as_ref().is_some_and(|body| body.credential) {
            return Err(unusable(format!(
                "{from} redirects a body with a secret to another origin, {}; call that address itself",
                host_of(&url)
            )));
        }
        let method = if keeps_body { self.method.clone() } else { "GET".to_owned() };
        let kept = |header: &&Header| {
            let name = header.name.to_ascii_lowercase();
            let credential = header.credential || CREDENTIAL_HEADERS.contains(&name.as_str());
            (same_origin || !credential) && (keeps_body || !name.starts_with("content-"))
        };
        let headers = self.headers.iter().filter(kept).cloned().collect();
        Ok(Some(Self { url, method, headers, body, hops_left: self.hops_left - 1 }))
    }
}
