//! What a machine asks of the server: is it alive, does it take work, how is it doing, what is its interface. Public; nothing of any
//! tenant is in the answers.

use actix_web::web::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::answer::Answer;
use super::call::Call;
use super::gauges;
use super::openapi;
use super::problem::{Problem, internal};
use super::route::{Access, Content, Free, Route};
use crate::ids::Digest;

/// What Prometheus expects.
const METRICS_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";
/// `OpenMetrics`, which the library writes.
const OPEN_METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a client says that it has.
const IF_NONE_MATCH: &str = "If-None-Match";

/// How the server is.
#[derive(Debug, Serialize, JsonSchema)]
struct Health {
    /// `ok`; in `/readyz` also `closing`.
    status: &'static str,
    version: &'static str,
}

pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/livez", "livez", "Is the process alive?").access(Access::Public).answers::<Health>(200).to(livez),
        Route::get("/readyz", "readyz", "Does it take work? 503 while it stops")
            .access(Access::Public)
            .answers::<Health>(200)
            .answers::<Health>(503)
            .to(readyz),
        Route::get("/metrics", "metrics", "Counters in Prometheus' text form")
            .access(Access::Public)
            .answers_with(200, Content::Other(METRICS_TYPE))
            .answers_with(200, Content::Other(OPEN_METRICS_TYPE))
            .to(metrics),
        Route::get("/openapi.json", "openapi", "This interface as an OpenAPI document")
            .access(Access::Public)
            .headers(&[IF_NONE_MATCH])
            .answers::<Free>(200)
            .answers_with(304, Content::Nothing)
            .to(document),
        Route::get("/swagger/v1/swagger.json", "swagger", "The same document, where the vendor's command line looks for it")
            .access(Access::Public)
            .headers(&[IF_NONE_MATCH])
            .answers::<Free>(200)
            .answers_with(304, Content::Nothing)
            .to(document),
    ]
}

fn health(status: &'static str) -> Health {
    Health { status, version: env!("CARGO_PKG_VERSION") }
}

async fn livez(_: Call) -> Result<Answer, Problem> {
    Answer::json(&health("ok"))
}

async fn readyz(call: Call) -> Result<Answer, Problem> {
    if call.app.closing.is_cancelled() { Answer::json_as(503, &health("closing")) } else { Answer::json(&health("ok")) }
}

async fn metrics(call: Call) -> Result<Answer, Problem> {
    let mut text = call.app.metrics.text().map_err(|error| internal(&error.to_string()))?;
    let end = text.rfind("# EOF").unwrap_or(text.len());
    text.insert_str(end, &gauges::text(&call.app).await?);
    let wants_open = call.header("accept").is_some_and(|accept| accept.contains("openmetrics"));
    Ok(Answer::bytes(if wants_open { OPEN_METRICS_TYPE } else { METRICS_TYPE }, text.into_bytes()))
}

/// Made once; a client that has it already is told so.
async fn document(call: Call) -> Result<Answer, Problem> {
    let Document { bytes, tag } = call.app.document.get_or_init(|| Document::of(&call.app.routes));
    let known = call.header(IF_NONE_MATCH).unwrap_or_default();
    let is_known = known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let answer = if is_known { Answer::empty(304) } else { Answer::bytes("application/json", bytes.clone()) };
    // Kept by whom it was sent to, and asked for anew each time.
    Ok(answer.header("etag", tag.clone()).header("cache-control", "no-cache"))
}

/// The OpenAPI document as it is sent.
pub struct Document {
    bytes: Bytes,
    /// The quoted digest of the bytes.
    tag: String,
}

impl Document {
    fn of(routes: &[Route]) -> Self {
        // A `Value` always serialises.
        let bytes = serde_json::to_vec(&openapi::document(routes)).unwrap_or_default();
        let tag = format!("\"{}\"", Digest::of(&bytes).hex());
        Self { bytes: bytes.into(), tag }
    }
}
