//! `Idempotency-Key`: the same request twice makes one thing. Works around the handlers of routes that create; see
//! `catalog::idempotency` for what is written when.
//!
//! | what stands under the key | answer |
//! |---|---|
//! | nothing | the handler's; a refusal frees the key |
//! | another request | 422 `idempotency_mismatch` |
//! | this one, being worked on | 409 `idempotency_running`; a start: the same execution |
//! | this one, made and answered | the same answer, `Idempotency-Replayed: true` |
//! | this one, made; the process ended before the answer was kept | 409 `idempotency_made` with what was made |
//! | this one, and the answer held a secret | 409 `idempotency_secret` |
//! | this one, not made; its process or connection is gone | the handler's, with the same execution id |

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::HeaderMap;

use super::answer::{Answer, Body};
use super::app::App;
use super::call::Call;
use super::form;
use super::problem::Problem;
use super::route::{Creates, Payload, Route};
use crate::catalog::Stored;
use crate::catalog::idempotency::{KeptAnswer, Note, RequestRow, RequestState, Reservation, noting};
use crate::crash;
use crate::ids::{Digest, ExecutionId, Tenant};

const HEADER: &str = "idempotency-key";
const REPLAYED: &str = "idempotency-replayed";
const KEY_LENGTH_MAX: usize = 200;
/// Headers of an answer that are given again with it.
const KEPT_HEADERS: [&str; 2] = ["location", "etag"];
/// Longer answers are not kept.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// Headers that say how to answer, or under which condition to begin: a repetition may say something else.
const SAYS_HOW: [&str; 3] = ["Prefer", "If-Match", "Last-Event-ID"];
/// With which tool a person works: it is written beside what is made.
const ACTOR: &str = "X-Fruxon-Actor";
/// A start that is refused with this code is recorded, and may be tried again under the same key.
const BUDGET: &str = "budget_exceeded";

/// What a start under a key is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reserved {
    /// The id to start with. When it exists already, the start has happened: go on with that execution.
    pub execution: ExecutionId,
}

/// Keys of requests that this process works on, with how many work on each.
#[derive(Debug, Default)]
pub struct InFlight {
    keys: Mutex<HashMap<(Tenant, String), usize>>,
}

/// One request being worked on; over when it is dropped, whatever became of the request.
struct Working<'a> {
    all: &'a InFlight,
    name: (Tenant, String),
}

impl InFlight {
    /// Begins, and says how many others work under the key.
    fn begin(&self, tenant: &Tenant, key: &str) -> (Working<'_>, usize) {
        let name = (tenant.clone(), key.to_owned());
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let count = keys.entry(name.clone()).or_default();
        *count += 1;
        let others = *count - 1;
        drop(keys);
        (Working { all: self, name }, others)
    }
}

impl Working<'_> {
    fn is_last(&self) -> bool {
        self.all.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&self.name).is_some_and(|count| *count == 1)
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        let mut keys = self.all.keys.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = keys.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                keys.remove(&self.name);
            }
        }
    }
}

/// The handler's answer, or the one that it gave before.
pub async fn answer(route: &Route, call: Call) -> Result<Answer, Problem> {
    let (Some(creates), true) = (route.creates, call.headers.contains_key(HEADER)) else { return (route.handler)(call).await };
    let (app, tenant) = (Arc::clone(&call.app), call.tenant.clone());
    let request = Request { app: &app, tenant: &tenant, key: document_key(route, &call)?, creates };
    let fingerprint = fingerprint(route, &call);
    let (working, others) = app.in_flight.begin(&tenant, &request.key);
    if others > 0 && creates != Creates::Execution {
        let other = app.catalog.get::<RequestRow>(&tenant, &request.key)?;
        return Err(if other.is_some_and(|other| other.value.fingerprint != fingerprint) { mismatch() } else { running() });
    }
    let stored = match app.catalog.reserve_request(&tenant, &request.key, route.operation, fingerprint, call.now).await? {
        Reservation::Fresh(stored) => stored,
        Reservation::Known(known) if known.value.fingerprint != fingerprint => return Err(mismatch()),
        Reservation::Known(_) => match app.catalog.take_over_request(&tenant, &request.key).await? {
            Some(taken) if taken.value.fingerprint != fingerprint => return Err(mismatch()),
            Some(taken) if taken.value.state != RequestState::Begun => return again(creates, taken.value.state),
            Some(taken) => taken,
            None => return Err(running()),
        },
    };
    crash::point("request.key_reserved");
    match creates {
        Creates::Execution => request.start(route, call, stored, &working).await,
        Creates::Thing | Creates::Secret => request.make(route, call, stored).await,
    }
}

/// One request under a key.
struct Request<'a> {
    app: &'a App,
    tenant: &'a Tenant,
    key: String,
    creates: Creates,
}

impl Request<'_> {
    /// The start carries the reserved id, which makes it happen once; nothing is noted with it.
    async fn start(&self, route: &Route, mut call: Call, stored: Stored<RequestRow>, working: &Working<'_>) -> Result<Answer, Problem> {
        let execution = stored.value.execution;
        call.reserved = Some(Reserved { execution });
        let answered = (route.handler)(call).await;
        let failed = match &answered {
            Ok(answer) => answer.status >= 400,
            Err(_) => true,
        };
        let is_recorded_refusal = matches!(&answered, Err(problem) if problem.code == BUDGET);
        // Somebody else under the same key may be about to start it: whoever comes moves the version, so that a late `free` is stale.
        if failed && working.is_last() {
            let exists = self.app.catalog.store().summary(self.tenant, execution).map_or(true, |summary| summary.is_some());
            if !exists || is_recorded_refusal {
                self.free(&stored).await;
            }
        }
        answered
    }

    async fn make(&self, route: &Route, call: Call, stored: Stored<RequestRow>) -> Result<Answer, Problem> {
        let note = Note { tenant: self.tenant.clone(), stored, is_written: false };
        let (answered, note) = noting(note, (route.handler)(call)).await;
        match &answered {
            Ok(answer) if answer.status < 400 => self.keep(answer, note).await,
            _ if note.is_written => {}
            _ => self.free(&note.stored).await,
        }
        answered
    }

    async fn keep(&self, answer: &Answer, note: Note) {
        let kept = kept(answer).filter(|_| self.creates != Creates::Secret);
        let done = match kept {
            Some(answer) => self.app.catalog.answer_request(self.tenant, &note.stored, answer).await,
            // It was made in the first commit, and what was answered is not ours to keep.
            None if note.is_written => Ok(()),
            None => self.app.catalog.free_request(self.tenant, &note.stored).await,
        };
        if let Err(error) = done {
            tracing::warn!(%error, operation = note.stored.value.operation, "an answer is not kept for repetitions");
        }
    }

    async fn free(&self, stored: &Stored<RequestRow>) {
        if let Err(error) = self.app.catalog.free_request(self.tenant, stored).await {
            tracing::debug!(%error, operation = stored.value.operation, "an idempotency key stays taken");
        }
    }
}

fn again(creates: Creates, state: RequestState) -> Result<Answer, Problem> {
    match (creates, state) {
        (Creates::Secret, _) => Err(Problem::conflict(
            "idempotency_secret",
            "this was done under the same key before; its answer held a secret, which is shown once. Look at what there is, or use another key",
        )),
        (_, RequestState::Answered { answer }) => Ok(replayed(answer)),
        (_, RequestState::Made { made }) => Err(Problem::conflict(
            "idempotency_made",
            "this was done under the same key before, and the server ended before it kept the answer; read what was made",
        )
        .with("made", made)),
        (_, RequestState::Begun | RequestState::Freed) => Err(running()),
    }
}

fn kept(answer: &Answer) -> Option<KeptAnswer> {
    let body = match &answer.body {
        Body::Empty => None,
        Body::Json(bytes) if bytes.len() <= ANSWER_BYTES_MAX => Some(String::from_utf8(bytes.clone()).ok()?),
        Body::Json(_) | Body::Bytes { .. } | Body::Events(_) => return None,
    };
    let headers = answer.headers.iter().filter(|(name, _)| KEPT_HEADERS.contains(name));
    let headers = headers.map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Some(KeptAnswer { status: answer.status, headers, body })
}

fn replayed(kept: KeptAnswer) -> Answer {
    let body = kept.body.map_or(Body::Empty, |text| Body::Json(text.into_bytes()));
    let mut answer = Answer { status: kept.status, headers: Vec::new(), body }.header(REPLAYED, "true");
    for (name, value) in kept.headers {
        if let Some(name) = KEPT_HEADERS.into_iter().find(|known| *known == name) {
            answer = answer.header(name, value);
        }
    }
    answer
}

fn running() -> Problem {
    let mut problem = Problem::conflict("idempotency_running", "the same request is being answered at this moment; ask again");
    problem.retry_after_seconds = Some(1);
    problem
}

fn mismatch() -> Problem {
    Problem::refused("idempotency_mismatch", "this key was used for another request; use a fresh one for each request")
}

/// Under which name the request is kept: keys of different users, operations and paths have nothing to do with each other.
fn document_key(route: &Route, call: &Call) -> Result<String, Problem> {
    let mut values = call.headers.get_all(HEADER);
    let value = values.next().and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_visible = value.bytes().all(|byte| byte.is_ascii_graphic());
    if values.next().is_some() || value.is_empty() || value.len() > KEY_LENGTH_MAX || !is_visible {
        let detail = format!("`Idempotency-Key` is one value of 1 to {KEY_LENGTH_MAX} visible ASCII characters");
        return Err(Problem::bad_request("idempotency_key", detail));
    }
    let user = &call.caller()?.key.user;
    // Lengths in front, so that no two lists of parts read alike.
    let parts = [user.as_str(), route.operation, &call.path, value].map(|part| format!("{}:{part}", part.len()));
    Ok(Digest::of(parts.concat().as_bytes()).hex())
}

/// Of everything that the request says; the same for two spellings of the same JSON.
fn fingerprint(route: &Route, call: &Call) -> Digest {
    let content_type = call.header("content-type").unwrap_or_default();
    let body = match route.payload {
        Payload::Nothing => Vec::new(),
        Payload::Fields(_) => call.body.to_vec(),
        Payload::Json { .. } if call.body.is_empty() => b"{}".to_vec(),
        Payload::Form { .. } => without_boundary(&call.body, content_type),
        Payload::Either { .. } if form::is_form(content_type) => without_boundary(&call.body, content_type),
        Payload::Json { .. } | Payload::Either { .. } => {
            let parsed = serde_json::from_slice::<serde_json::Value>(&call.body);
            let canonical = parsed.and_then(|value| serde_json_canonicalizer::to_vec(&value));
            canonical.unwrap_or_else(|_| call.body.to_vec())
        }
    };
    let mut head = format!("{} {}?{}\n", route.method.name(), call.path, call.query);
    // Lengths in front, so that no two lists of headers read alike.
    for (name, value) in said_in_headers(route, &call.headers) {
        head.extend([name, ":", &value.len().to_string(), ":", &value, "\n"]);
    }
    Digest::of(&[head.as_bytes(), &body].concat())
}

/// What the headers say of the thing that is made.
fn said_in_headers(route: &Route, headers: &HeaderMap) -> Vec<(&'static str, String)> {
    let telling = route.headers.iter().copied().chain([ACTOR]).filter(|name| !SAYS_HOW.contains(name));
    let values = telling.flat_map(|name| headers.get_all(name).map(move |value| (name, value)));
    values.map(|(name, value)| (name, String::from_utf8_lossy(value.as_bytes()).into_owned())).collect()
}

/// A form's delimiter is made up anew for every attempt.
fn without_boundary(body: &[u8], content_type: &str) -> Vec<u8> {
    let boundary = content_type.split(';').find_map(|part| part.trim().strip_prefix("boundary=")).unwrap_or_default().trim_matches('"');
    // RFC 2046 allows 70 characters; what is longer is refused when the form is read, and searching for it would take long.
    if boundary.is_empty() || boundary.len() > 70 {
        return body.to_vec();
    }
    let delimiter = format!("--{boundary}");
    let (mut rest, mut left) = (body, Vec::with_capacity(body.len()));
    while let Some(at) = rest.windows(delimiter.len()).position(|window| window == delimiter.as_bytes()) {
        left.extend_from_slice(&rest[..at]);
        left.extend_from_slice(b"--");
        rest = &rest[at + delimiter.len()..];
    }
    left.extend_from_slice(rest);
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_attempts_at_one_form_read_alike() {
        let form = |boundary: &str, text: &str| {
            let body = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n{text}\r\n--{boundary}--\r\n");
            without_boundary(body.as_bytes(), &format!("multipart/form-data; boundary={boundary}"))
        };
        assert_eq!(form("aaa", "x"), form("bbbb", "x"));
        assert_ne!(form("aaa", "x"), form("aaa", "y"));
        let (longest, longer) = ("a".repeat(70), "a".repeat(71));
        assert_eq!(form(&longest, "x"), form("aaa", "x"));
        assert_ne!(form(&longer, "x"), form("aaa", "x"), "what no form may have is not searched for");
    }

    #[test]
    fn headers_that_change_what_is_made_belong_to_the_request() {
        use actix_web::http::header::{HeaderName, HeaderValue};
        let routes = crate::api::routes::table();
        let route = routes.iter().find(|route| route.operation == "testDraft").unwrap();
        let said = |pairs: &[(&str, &str)]| {
            let mut headers = HeaderMap::new();
            for (name, value) in pairs {
                headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_str(value).unwrap());
            }
            said_in_headers(route, &headers)
        };
        let plain = said(&[]);
        assert_eq!(said(&[("prefer", "respond-async"), ("if-match", "\"1\""), ("x-api-key", "k")]), plain);
        for name in ["x-flowgate-webhook", "x-flowgate-webhook-events", "x-flowgate-labels", "x-fruxon-actor"] {
            assert!(said(&[(name, "a")]) != plain && said(&[(name, "a")]) != said(&[(name, "b")]), "{name}");
        }
    }

    #[test]
    fn a_key_is_worked_on_until_the_last_one_ends() {
        let all = InFlight::default();
        let tenant = Tenant::default();
        let (first, others) = all.begin(&tenant, "k");
        assert!(others == 0 && first.is_last());
        let (second, others) = all.begin(&tenant, "k");
        assert!(others == 1 && !first.is_last());
        drop(first);
        assert!(second.is_last());
        drop(second);
        assert!(all.keys.lock().unwrap().is_empty());
    }

    #[test]
    fn an_answer_comes_back_with_its_headers() {
        let answer = Answer::json_as(201, &"made").unwrap().header("location", "/x").header("x-other", "y");
        let again = replayed(kept(&answer).unwrap());
        assert_eq!((again.status, again.headers), (201, vec![(REPLAYED, "true".to_owned()), ("location", "/x".to_owned())]));
        assert!(kept(&Answer::bytes("text/plain", Vec::new())).is_none());
    }
}
