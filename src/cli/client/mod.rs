//! Talks to a server: requests, answers, problems as one line, and its event streams. The only place of the command line that knows HTTP.

mod events;
mod problem;

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;
use url::Url;

pub use events::{Events, Frame};
pub use problem::Problem;

use super::error::Error as CliError;
use super::target::Target;
use crate::present::visible::one_line;
use crate::runner::outbound;

/// How long a connection may take to open.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// How long the server may be silent; a stream sends a heartbeat well within it.
const SILENCE_TIME_MAX: Duration = Duration::from_secs(120);
/// The largest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 20;
/// Of an answer that is no problem document, so much is shown.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// A server, the key and the tenant.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    key: String,
    pub tenant: String,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered with a problem.
    #[error("{0}")]
    Answered(Box<Problem>),
    /// There is no such server, or it went away.
    #[error("cannot reach the server at {url}: {reason}; is it running (`flowgate serve`), and is the address right?")]
    Unreachable { url: String, reason: String },
    /// What answered is not a flowgate server, or not one that this program understands.
    #[error("the server at {url} gave an unusable answer: {reason}")]
    Unusable { url: String, reason: String },
}

impl Error {
    /// The server's problem has this status.
    #[must_use]
    pub fn is_status(&self, status: u16) -> bool {
        matches!(self, Self::Answered(problem) if problem.status == status)
    }
}

impl From<Error> for CliError {
    fn from(error: Error) -> Self {
        match &error {
            Error::Answered(problem) if matches!(problem.status, 400 | 413 | 415 | 422) => Self::Refused(error.to_string()),
            Error::Answered(_) | Error::Unreachable { .. } | Error::Unusable { .. } => Self::Failed(error.to_string()),
        }
    }
}

impl Client {
    /// # Errors
    /// When there is no key, or TLS cannot be set up.
    pub fn new(target: &Target) -> Result<Self, CliError> {
        let key = target.key.clone().ok_or_else(|| {
            CliError::Usage(format!(
                "there is no key for {}: set FLOWGATE_KEY, or save one with `flowgate login --url {}`",
                target.url, target.url
            ))
        })?;
        // A key must not follow a redirect to another server.
        let builder = || {
            reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .referer(false)
                .connect_timeout(CONNECT_TIME_MAX)
                .read_timeout(SILENCE_TIME_MAX)
                .tcp_nodelay(true)
                .user_agent(concat!("flowgate/", env!("CARGO_PKG_VERSION")))
        };
        let http = outbound::client(builder).map_err(|error| CliError::Failed(format!("TLS cannot be set up: {error}")))?;
        Ok(Self { http, base: target.url.clone(), key, tenant: target.tenant.clone() })
    }

    /// An address below the tenant: each segment becomes one of the path, whatever stands in it.
    ///
    /// # Errors
    /// `Usage` for a segment that cannot be one.
    pub fn at(&self, segments: &[&str]) -> Result<Url, CliError> {
        let tenant = ["tenants", self.tenant.as_str()];
        self.below(&[&tenant, segments].concat())
    }

    /// An address below `/v1`.
    ///
    /// # Errors
    /// As `at`.
    pub fn below(&self, segments: &[&str]) -> Result<Url, CliError> {
        let mut url = self.base.clone();
        if let Some(segment) = segments.iter().find(|segment| matches!(**segment, "" | "." | "..")) {
            return Err(CliError::Usage(format!("`{segment}` is no name")));
        }
        let mut path = url.path_segments_mut().map_err(|()| CliError::Usage(format!("{} has no path", self.base)))?;
        path.pop_if_empty().push("v1").extend(segments);
        drop(path);
        Ok(url)
    }

    /// # Errors
    /// When there is no answer, or a problem.
    pub async fn get(&self, url: Url) -> Result<Value, Error> {
        self.json(self.request(Method::GET, url)).await
    }

    /// # Errors
    /// As `get`.
    pub async fn post(&self, url: Url, body: &Value) -> Result<Value, Error> {
        self.json(self.request(Method::POST, url).json(body)).await
    }

    /// # Errors
    /// As `get`.
    pub async fn put(&self, url: Url, body: &Value) -> Result<Value, Error> {
        self.json(self.request(Method::PUT, url).json(body)).await
    }

    /// # Errors
    /// As `get`.
    pub async fn patch(&self, url: Url, body: &Value) -> Result<Value, Error> {
        self.json(self.request(Method::PATCH, url).json(body)).await
    }

    /// As `post`, for what starts an execution: the answer comes once that is durable, not when it ends.
    ///
    /// # Errors
    /// As `get`.
    pub async fn start(&self, url: Url, body: &Value) -> Result<Value, Error> {
        self.json(self.request(Method::POST, url).header("prefer", "respond-async").json(body)).await
    }

    /// As `post`; also the status of the answer, where it says something.
    ///
    /// # Errors
    /// As `get`.
    pub async fn post_for_status(&self, url: Url, body: &Value) -> Result<u16, Error> {
        let response = self.send(self.request(Method::POST, url).json(body)).await?;
        Ok(response.status().as_u16())
    }

    /// # Errors
    /// As `get`.
    pub async fn delete(&self, url: Url) -> Result<(), Error> {
        self.send(self.request(Method::DELETE, url)).await.map(drop)
    }

    /// Everything of a list, page by page, up to `limit`.
    ///
    /// # Errors
    /// As `get`.
    pub async fn all(&self, url: &Url, page_size: usize, limit: usize) -> Result<Vec<Value>, Error> {
        let mut found: Vec<Value> = Vec::new();
        let mut token: Option<String> = None;
        loop {
            let mut page_url = url.clone();
            page_url.query_pairs_mut().append_pair("pageSize", &page_size.to_string());
            if let Some(token) = &token {
                page_url.query_pairs_mut().append_pair("pageToken", token);
            }
            let mut page = self.get(page_url).await?;
            let (items, next) = match page {
                Value::Array(items) => (items, None),
                Value::Object(ref mut fields) => {
                    let next = fields.get("nextPageToken").and_then(Value::as_str).filter(|token| !token.is_empty()).map(str::to_owned);
                    (fields.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default(), next)
                }
                _ => return Err(self.unusable("a list was expected")),
            };
            // A server that repeats its token would be asked for ever.
            let is_last = items.is_empty() || next.is_none() || next == token;
            found.extend(items);
            if is_last || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
            token = next;
        }
    }

    /// Opens a stream of events.
    ///
    /// # Errors
    /// As `get`.
    pub async fn events(&self, url: Url) -> Result<Events, Error> {
        let request = self.request(Method::GET, url).header("accept", "text/event-stream");
        Ok(Events::new(self.send(request).await?, self.base.to_string()))
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.http.request(method, url).header("x-api-key", &self.key).header("x-fruxon-actor", "flowgate")
    }

    async fn json(&self, request: RequestBuilder) -> Result<Value, Error> {
        let response = self.send(request).await?;
        let bytes = self.bytes(response).await?;
        if bytes.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&bytes).map_err(|_| self.unusable("it is no JSON"))
    }

    /// Sends, and makes an error of every answer that is none of success.
    async fn send(&self, request: RequestBuilder) -> Result<Response, Error> {
        let response = request.send().await.map_err(|error| self.unreachable(&error))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        if status.is_redirection() {
            let place = response.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or("elsewhere");
            return Err(self.unusable(&format!("it sends us to {place}; use that address")));
        }
        let retry_after = response.headers().get("retry-after").and_then(|value| value.to_str().ok()?.parse().ok());
        let bytes = self.bytes(response).await?;
        Err(match Problem::read(status.as_u16(), retry_after, &bytes) {
            Some(problem) => Error::Answered(Box::new(problem)),
            None => {
                let text = one_line(&String::from_utf8_lossy(&bytes), SHOWN_CHARACTERS_MAX);
                self.unusable(&format!("{status}, without a reason that this program understands: {text}"))
            }
        })
    }

    async fn bytes(&self, mut response: Response) -> Result<Vec<u8>, Error> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.unreachable(&error))? {
            if bytes.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(self.unusable(&format!("it is larger than {ANSWER_BYTES_MAX} bytes")));
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes)
    }

    fn unreachable(&self, error: &reqwest::Error) -> Error {
        Error::Unreachable { url: self.base.to_string(), reason: outbound::reason(error) }
    }

    fn unusable(&self, reason: &str) -> Error {
        Error::Unusable { url: self.base.to_string(), reason: reason.to_owned() }
    }
}

/// An answer as what it is expected to be.
///
/// # Errors
/// When it is something else.
pub fn read<T: serde::de::DeserializeOwned>(answer: Value) -> Result<T, CliError> {
    serde_json::from_value(answer).map_err(|error| CliError::Failed(format!("the server's answer is not what was expected: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str) -> Client {
        let target = Target { url: base.parse().unwrap(), key: Some("k".to_owned()), tenant: "acme".to_owned(), profile: None };
        Client::new(&target).unwrap()
    }

    #[test]
    fn names_stay_within_their_segment() {
        let address = |segments: &[&str]| client("https://flows.example/base/").at(segments).map(|url| url.to_string());
        assert_eq!(address(&["agents", "a:activate"]).unwrap(), "https://flows.example/base/v1/tenants/acme/agents/a:activate");
        assert_eq!(address(&["agents", "a/../b?c#d"]).unwrap(), "https://flows.example/base/v1/tenants/acme/agents/a%2F..%2Fb%3Fc%23d");
        for segment in ["", ".", ".."] {
            assert!(matches!(address(&["agents", segment]), Err(CliError::Usage(_))), "{segment}");
        }
    }
}
