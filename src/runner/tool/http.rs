//! The `http` call: secrets are put in place, the bytes are sent, the answer becomes a value.

use std::time::SystemTime;

use base64::Engine as _;
use serde_json::{Value, json};
use url::Url;
use zeroize::Zeroizing;

use crate::clock;
use crate::flow::spec::EffectClass;
use crate::flow::template::{Part, Text};
use crate::limits::{HTTP_ANSWER_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::machine::call::{Body, Call, HttpRequest};
use crate::runner::failure::{Failure, Stage, bounded};
use crate::runner::outbound::{Exchange, Header, Outbound, Payload, Reply, Wire};
use crate::runner::secrets::Secret;
use crate::runner::vault::CallSecrets;

/// The host that a request goes to; the request is refused later when there is none.
#[must_use]
pub fn host(request: &HttpRequest) -> String {
    Url::parse(&request.url).ok().and_then(|url| url.host_str().map(ToOwned::to_owned)).unwrap_or_default()
}

/// Sends the request and reads the answer.
///
/// # Errors
/// Everything but a complete answer of status 2xx.
pub(in crate::runner) async fn perform(
    outbound: &Outbound,
    secrets: &CallSecrets,
    call: &Call,
    request: &HttpRequest,
    wire: &Wire,
) -> Result<Value, Failure> {
    let exchange = exchange(secrets, call, request)?;
    let host = exchange.url.host_str().unwrap_or_default().to_owned();
    let reply = outbound.exchange(exchange, wire).await?;
    if (200..300).contains(&reply.status) { Ok(value(&reply)) } else { Err(refusal(&host, &reply)) }
}

fn exchange(secrets: &CallSecrets, call: &Call, request: &HttpRequest) -> Result<Exchange, Failure> {
    let mut url = Url::parse(&request.url).map_err(|error| {
        Failure::new(Stage::Refused, "url_invalid", format!("`{}` is no URL: {error}; write it in full, https:// included", request.url))
    })?;
    if !request.query.is_empty() {
        let mut pairs = url.query_pairs_mut();
        for (name, value) in &request.query {
            pairs.append_pair(name, &text(secrets, value)?);
        }
    }
    let mut headers = Vec::with_capacity(request.headers.len() + 1);
    for (name, value) in &request.headers {
        let credential = matches!(value, Text::Secret { .. });
        headers.push(Header { name: name.clone(), value: text(secrets, value)?, credential });
    }
    let keyed = call.idempotency_key.as_ref().filter(|_| call.effect != EffectClass::Read);
    if let Some(key) = keyed {
        headers.retain(|header| !header.name.eq_ignore_ascii_case("idempotency-key"));
        headers.push(Header { name: "idempotency-key".to_owned(), value: key.clone().into(), credential: false });
    }
    let body = request.body.as_ref().map(|body| payload(secrets, body)).transpose()?;
    Ok(Exchange { method: request.method.clone(), url, headers, body, answer_bytes_max: HTTP_ANSWER_BYTES_MAX })
}

fn secret(secrets: &CallSecrets, name: &str) -> Result<Secret, Failure> {
    secrets.get(name).map_err(|error| Failure::new(Stage::Refused, error.code(), error.to_string()))
}

fn text(secrets: &CallSecrets, text: &Text) -> Result<Zeroizing<String>, Failure> {
    Ok(match text {
        Text::Plain(text) => text.clone().into(),
        Text::Secret { prefix, secret: name } => format!("{prefix}{}", secret(secrets, name)?.reveal()).into(),
    })
}

fn payload(secrets: &CallSecrets, body: &Body) -> Result<Payload, Failure> {
    let mut bytes = Zeroizing::new(Vec::new());
    let mut credential = false;
    for part in &body.parts {
        match part {
            Part::Bytes(text) => bytes.extend_from_slice(text.as_bytes()),
            Part::Secret { secret: name } => {
                credential = true;
                let quoted = Zeroizing::new(Value::String(secret(secrets, name)?.reveal().to_owned()).to_string());
                bytes.extend_from_slice(&quoted.as_bytes()[1..quoted.len() - 1]);
            }
        }
    }
    Ok(Payload { content_type: body.content_type.clone(), bytes, credential })
}

/// JSON where it is JSON, text where it is text, and bytes as `{content_type, base64}`.
fn value(reply: &Reply) -> Value {
    if reply.body.is_empty() {
        return Value::Null;
    }
    if let Ok(value) = serde_json::from_slice(&reply.body) {
        return value;
    }
    match std::str::from_utf8(&reply.body) {
        Ok(text) => Value::String(text.to_owned()),
        Err(_) => json!({"content_type": reply.content_type, "base64": base64::engine::general_purpose::STANDARD.encode(&reply.body)}),
    }
}

fn refusal(host: &str, reply: &Reply) -> Failure {
    let status = reply.status;
    let mut failure = Failure::new(Stage::Answered(status), &format!("http_{status}"), format!("{host} answered with status {status}"));
    failure.error.status = Some(status);
    failure.error.data = Some(bounded(value(reply), MESSAGE_BYTES_MAX)).filter(|data| !data.is_null());
    failure.retry_after_ms = reply.retry_after.as_deref().and_then(|header| retry_after_ms(header, clock::system()));
    failure
}

/// `Retry-After` as seconds or as a date; none when it is neither.
#[must_use]
pub fn retry_after_ms(header: &str, now: SystemTime) -> Option<u64> {
    let header = header.trim();
    if let Ok(seconds) = header.parse::<u64>() {
        return Some(seconds.saturating_mul(1_000));
    }
    let at = jiff::fmt::rfc2822::parse(header).ok()?.timestamp();
    let now = jiff::Timestamp::try_from(now).ok()?;
    u64::try_from(at.as_millisecond().saturating_sub(now.as_millisecond()).max(0)).ok()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn reply(body: &[u8], content_type: &str) -> Value {
        value(&Reply { status: 200, content_type: content_type.to_owned(), retry_after: None, body: body.to_vec() })
    }

    #[test]
    fn bodies_become_values() {
        assert_eq!(reply(b"", "application/json"), Value::Null);
        assert_eq!(reply(br#"{"a": 1}"#, "text/plain"), json!({"a": 1}));
        assert_eq!(reply(b"{not json", "application/json"), json!("{not json"));
        assert_eq!(reply("grüße".as_bytes(), "text/html"), json!("grüße"));
        assert_eq!(reply(&[0xff, 0xfe], "image/png"), json!({"content_type": "image/png", "base64": "//4="}));
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = UNIX_EPOCH + Duration::from_secs(1_445_412_475);
        assert_eq!(retry_after_ms(" 7 ", now), Some(7_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:28:00 GMT", now), Some(5_000));
        assert_eq!(retry_after_ms("Wed, 21 Oct 2015 07:27:00 GMT", now), Some(0));
        assert_eq!(retry_after_ms("soon", now), None);
    }
}
