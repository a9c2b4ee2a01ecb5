//! What happens to a request around its handler: who calls, may they, is it too much, is the body what it says. The same for every
//! route, in this order, from the table alone.

use std::collections::HashMap;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes, BytesMut};
use actix_web::{HttpRequest, HttpResponse};
use futures::{FutureExt as _, StreamExt as _};

use super::address;
use super::answer::{Answer, Body};
use super::app::App;
use super::call::Call;
use super::caller::{self, Caller, Known};
use super::credential;
use super::dialects::{self, Dialect};
use super::form;
use super::idempotency;
use super::key_uses::Use;
use super::memory::Held;
use super::numbered;
use super::problem::{Problem, internal};
use super::route::{Access, Method, Payload, Route, header_bytes_max};
use super::sign_in;
use crate::catalog::audit::Actor;
use crate::clock;
use crate::crash;
use crate::ids::{Tenant, TimeMs};

/// What the names of a path stand for.
pub type Named = HashMap<&'static str, String>;

/// One part of a path, in bytes.
const SEGMENT_BYTES_MAX: usize = 200;
/// What the vendor's clients send with every action that has no body.
const EMPTY_OBJECT: &[u8] = b"{}";

/// Everything goes through our own table of paths.
pub fn configure(app: &Arc<App>, config: &mut web::ServiceConfig) {
    let app = Arc::clone(app);
    config.default_service(web::to(move |request: HttpRequest, payload: web::Payload| begin(Arc::clone(&app), request, payload)));
}

/// Finds the route.
async fn begin(app: Arc<App>, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    // As actix reads it: decoded, except for what would change its parts.
    let path = request.match_info().as_str();
    let Some((found, named)) = app.paths.find(path) else {
        return respond_problem(Problem::not_found("path", request.path()), request.path(), app.paths.dialect(path));
    };
    let Some(route) = found.route(request.method().as_str()) else {
        let allowed = found.methods();
        let problem = Problem::new(405, "method_not_allowed", "Not this way", format!("this path takes {allowed}"));
        return with_header(respond_problem(problem, request.path(), app.paths.dialect(path)), "allow", &allowed);
    };
    serve(&app, route, named, request.clone(), payload).await
}

/// One request, from its headers to its response.
async fn serve(app: &Arc<App>, route: &Route, named: Named, request: HttpRequest, payload: web::Payload) -> HttpResponse {
    let began = Instant::now();
    app.metrics.in_flight.inc();
    let answering = AssertUnwindSafe(answer(app, route, named, &request, payload)).catch_unwind();
    let answered = answering.await.unwrap_or_else(|_| Err(internal(&format!("the handler of {} panicked", route.operation))));
    app.metrics.in_flight.dec();
    crash::point("request.handled");
    let response = match answered {
        Ok(answer) => respond(answer),
        Err(problem) => respond_problem(problem, request.path(), route.dialect),
    };
    let (status, elapsed) = (response.status().as_u16(), began.elapsed());
    app.metrics.answered(route.operation, status, elapsed.as_secs_f64());
    tracing::debug!(operation = route.operation, status, elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX), "answered");
    response
}

async fn answer(app: &Arc<App>, route: &Route, named: Named, request: &HttpRequest, payload: web::Payload) -> Result<Answer, Problem> {
    let now = clock::now();
    let caller = match route.access {
        Access::Public => None,
        Access::Key | Access::Scope(_) | Access::Root => Some(authenticate(app, request, route.method, now).await?),
    };
    let mut parameters = checked(named)?;
    check_headers(route, request)?;
    if let Some(caller) = &caller {
        numbered::tenant(&app.catalog, caller, &mut parameters)?;
    }
    let tenant = match &caller {
        Some(caller) => match dialects::tenant(route.dialect, &app.catalog, caller, |name| header(request, name))? {
            Some(tenant) => tenant,
            None => credential::tenant(&app.catalog, caller, parameters.get("tenant").map(String::as_str))?,
        },
        None => Tenant::default(),
    };
    if let Some(caller) = &caller {
        credential::allow(route.access, caller)?;
    }
    if app.closing.is_cancelled() && route.method != Method::Get {
        return Err(Problem::unavailable("shutting_down", "the server stops; ask the next one", 5));
    }
    numbered::others(&app.catalog, &tenant, &mut parameters)?;
    let place = match &caller {
        Some(caller) if route.settles => {
            app.limiter.admit_settling(&caller.key.id)?;
            None
        }
        Some(caller) => Some(app.limiter.admit(&caller.key.id, &tenant)?),
        None => None,
    };
    let reader = credential::Reader {
        catalog: app.catalog.clone(),
        headers: request.headers().clone(),
        access: route.access,
        named: parameters.get("tenant").cloned(),
    };
    crash::point("request.authenticated");
    let address = client_address(app, request);
    if let Some(check) = route.before_body {
        check(app, &parameters, address)?;
    }
    let mut held = app.memory.of(caller.as_ref().map(|_| tenant.clone()), address);
    let body = body(app, route, request, payload, &mut held).await?;
    let call = Call {
        app: Arc::clone(app),
        caller,
        tenant,
        address,
        path: request.path().to_owned(),
        parameters,
        query: request.query_string().to_owned(),
        headers: request.headers().clone(),
        body,
        now,
        reserved: None,
    };
    if route.query.is_none() && !call.query.is_empty() {
        return Err(Problem::invalid("query", format!("this operation takes nothing behind `?`, got `{}`", call.query)));
    }
    let mut answer = idempotency::answer(route, call).await?;
    // A stream has only begun: it counts, and its reader is looked at, until it ends.
    if let Body::Events(frames) = answer.body {
        answer.body = Body::Events(credential::guarded(frames, reader, place));
    }
    Ok(answer)
}

async fn authenticate(app: &Arc<App>, request: &HttpRequest, method: Method, now: TimeMs) -> Result<Caller, Problem> {
    let failed = |problem: Problem| match client_address(app, request) {
        Some(address) => app.limiter.failure(address).err().unwrap_or(problem),
        None => problem,
    };
    let Some(presented) = caller::presented(request.headers())? else {
        let caller = sign_in::caller(&app.catalog, request.headers(), method, now)?;
        return caller.ok_or_else(caller::no_key);
    };
    match caller::look_up(&app.catalog, &presented, now)? {
        Known::Valid(key) => {
            app.key_uses.note(app, &key, now);
            Ok(Caller { key: *key, era: presented.era })
        }
        Known::Revoked(key, problem) => {
            if app.key_uses.is_due(Use::Revoked, &key.id, now) {
                let actor = Actor { user: key.user.clone(), key_id: Some(key.id.clone()), at: now, entropy: clock::entropy() };
                app.catalog.revoked_key_used(&key, &actor).await?;
            }
            Err(failed(*problem))
        }
        Known::No(problem) => Err(failed(*problem)),
    }
}

/// What a header says; a text that is none stands for itself, so that it is refused by its name.
fn header(request: &HttpRequest, name: &str) -> Option<String> {
    request.headers().get(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Where the request comes from.
fn client_address(app: &App, request: &HttpRequest) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    Some(address::client(peer, forwarded, &app.settings.trusted_proxies))
}

/// The names of the path, if they can be names.
fn checked(named: Named) -> Result<Named, Problem> {
    for (name, value) in &named {
        let plain =
            !value.is_empty() && value.len() <= SEGMENT_BYTES_MAX && !value.chars().any(|c| c.is_control() || c == '/' || c == '\\');
        if !plain || value == "." || value == ".." || value.contains("%2F") || value.contains("%2f") {
            return Err(Problem::not_found(name, value));
        }
    }
    Ok(named)
}

fn check_headers(route: &Route, request: &HttpRequest) -> Result<(), Problem> {
    let too_long = |name: &&str| request.headers().get_all(*name).any(|value| value.len() > header_bytes_max(name));
    match route.understood_headers().find(too_long) {
        Some(name) => Err(Problem::invalid(name, format!("the header may have {} bytes at most", header_bytes_max(name)))),
        None => Ok(()),
    }
}

fn no_body() -> Problem {
    Problem::invalid("$", "this operation takes no body")
}

fn too_large(bytes_max: usize) -> Problem {
    Problem::new(413, "too_large", "Too large", format!("the body may have {bytes_max} bytes at most"))
}

/// Reads the body as far as the route allows.
async fn body(app: &App, route: &Route, request: &HttpRequest, mut payload: web::Payload, held: &mut Held) -> Result<Bytes, Problem> {
    let wait = app.settings.waits.body;
    let takes_none = matches!(route.payload, Payload::Nothing);
    let bytes_max = if takes_none { EMPTY_OBJECT.len() } else { app.settings.body_bytes_max(route) };
    let too_large = || if takes_none { no_body() } else { too_large(bytes_max) };
    let declared = request.headers().get("content-length").and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if declared.is_some_and(|bytes| bytes > bytes_max) {
        return Err(too_large());
    }
    let reading = async {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|error| Problem::bad_request("body", format!("the body cannot be read: {error}")))?;
            if bytes.len() + chunk.len() > bytes_max {
                return Err(too_large());
            }
            held.take(chunk.len())?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    };
    let slow = || Problem::new(408, "slow_body", "Too slow", "the body did not arrive in time");
    let bytes = tokio::time::timeout(wait, reading).await.map_err(|_| slow())??;
    check_type(route, request, &bytes)?;
    Ok(bytes)
}

fn check_type(route: &Route, request: &HttpRequest, body: &Bytes) -> Result<(), Problem> {
    let wrong =
        |wanted: &str| Problem::new(415, "content_type", "Another kind of body is needed", format!("send `Content-Type: {wanted}`"));
    if request.headers().get("content-encoding").is_some_and(|value| value != "identity") {
        return Err(Problem::new(415, "content_encoding", "Not compressed, please", "bodies are taken as they are"));
    }
    let content_type = request.headers().get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    match route.payload {
        Payload::Json { required: true, .. } if body.is_empty() => Err(Problem::invalid("$", "a JSON body is needed")),
        Payload::Json { .. } if !body.is_empty() && !essence.eq_ignore_ascii_case("application/json") => Err(wrong("application/json")),
        Payload::Fields(_) if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") => {
            Err(wrong("application/x-www-form-urlencoded"))
        }
        Payload::Form { .. } if !form::is_form(content_type) => Err(wrong("multipart/form-data")),
        Payload::Either { .. } if body.is_empty() => Err(Problem::invalid("$", "a body is needed, JSON or a form")),
        Payload::Either { .. } if !form::is_form(content_type) && !essence.eq_ignore_ascii_case("application/json") => {
            Err(wrong("application/json` or `Content-Type: multipart/form-data"))
        }
        Payload::Nothing if !body.is_empty() && body.as_ref() != EMPTY_OBJECT => Err(no_body()),
        Payload::Nothing | Payload::Json { .. } | Payload::Fields(_) | Payload::Form { .. } | Payload::Either { .. } => Ok(()),
    }
}

fn respond(answer: Answer) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponse::build(status);
    builder.insert_header(("x-content-type-options", "nosniff")).insert_header(("cache-control", "no-store"));
    for (name, value) in answer.headers {
        builder.insert_header((name, value));
    }
    match answer.body {
        Body::Empty => builder.finish(),
        Body::Json(bytes) => builder.content_type("application/json").body(bytes),
        Body::Bytes { content_type, bytes } => builder.content_type(content_type).body(bytes),
        Body::Events(stream) => {
            builder.insert_header(("x-accel-buffering", "no"));
            builder.content_type("text/event-stream").streaming(stream.map(Ok::<_, std::convert::Infallible>))
        }
    }
}

fn respond_problem(mut problem: Problem, path: &str, dialect: Dialect) -> HttpResponse {
    problem.instance = Some(path.to_owned());
    let (status, content_type, bytes) = match dialect.problem(&problem) {
        Some((status, body)) => (status, "application/json", body.to_string().into_bytes()),
        None => (problem.status, "application/problem+json", serde_json::to_vec(&problem).unwrap_or_default()),
    };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut builder = HttpResponse::build(status);
    builder.insert_header(("x-content-type-options", "nosniff")).insert_header(("cache-control", "no-store"));
    if let Some(seconds) = problem.retry_after_seconds {
        builder.insert_header(("retry-after", seconds.to_string()));
    }
    if problem.status == 401 {
        builder.insert_header(("www-authenticate", "Bearer"));
    }
    builder.content_type(content_type).body(bytes)
}

fn with_header(mut response: HttpResponse, name: &'static str, value: &str) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(HeaderName::from_static(name), value);
    }
    response
}
