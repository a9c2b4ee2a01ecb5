//! http calls: what every way of answering means for every effect class, and what is sent.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio_util::sync::CancellationToken;

use super::server::{Act, Server, ok, response};
use super::{ALLOWED, SECRET, call, error, get, kind, perform, runner, value};
use crate::flow::spec::EffectClass::{Idempotent, Once, Read};
use crate::flow::template::{Part, Text};
use crate::limits::HTTP_ANSWER_BYTES_MAX;
use crate::machine::call::{Body, Call, HttpRequest, Outcome, Request};
use crate::runner::vault::CallContext;

fn post(url: &str) -> Request {
    let body = Body { content_type: "application/json".to_owned(), parts: vec![Part::Bytes(r#"{"order":1}"#.to_owned())] };
    Request::Http(HttpRequest { method: "POST".to_owned(), body: Some(body), ..get(url) })
}

/// What `acts` means for a repeatable call and for a `once` call.
async fn check(acts: Vec<Act>, repeatable: (&str, &str), once: (&str, &str)) {
    let what = format!("{acts:.200?}");
    let server = Server::start(move |_, _| acts.clone()).await;
    for (effect, expected) in [(Read, repeatable), (Idempotent, repeatable), (Once, once)] {
        let mut call = call(post(&server.url), effect);
        call.timeout_ms = 400;
        let outcome = perform(&runner(&[ALLOWED]), &call).await;
        assert_eq!(kind(&outcome), expected, "{effect:?} of {what}: {outcome:?}");
    }
    assert_eq!(server.requests().len(), 3, "exactly one request each: {what}");
}

fn sends(bytes: Vec<u8>) -> Vec<Act> {
    vec![Act::Send(bytes), Act::Close]
}

#[tokio::test]
async fn statuses() {
    let done = ("done", "");
    check(sends(ok("{}")), done, done).await;
    check(sends(response("204 No Content", "", "")), done, done).await;
    check(sends(response("404 Not Found", "", "gone")), ("permanent", "http_404"), ("permanent", "http_404")).await;
    check(sends(response("408 Request Timeout", "", "")), ("retryable", "http_408"), ("permanent", "http_408")).await;
    check(sends(response("429 Too Many Requests", "", "")), ("retryable", "http_429"), ("retryable", "http_429")).await;
    check(sends(response("500 Oops", "", "{}")), ("retryable", "http_500"), ("unknown", "http_500")).await;
    check(sends(response("304 Not Modified", "", "")), ("permanent", "http_304"), ("unknown", "http_304")).await;
}

#[tokio::test]
async fn broken_answers() {
    let cut = (("retryable", "connection_cut"), ("unknown", "connection_cut"));
    check(vec![Act::Close], cut.0, cut.1).await;
    check(sends(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n".to_vec()), cut.0, cut.1).await;
    // A length that lies, and a chunk that never ends.
    check(sends(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{}".to_vec()), cut.0, cut.1).await;
    check(sends(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{}".to_vec()), cut.0, cut.1).await;
    check(sends(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec()), cut.0, cut.1).await;
}

#[tokio::test]
async fn too_slow() {
    let (repeatable, once) = (("retryable", "timeout"), ("unknown", "timeout"));
    check(vec![Act::Wait(Duration::from_secs(5))], repeatable, once).await;
    // A drip keeps a connection busy for ever; the time is for the whole answer.
    let drip = std::iter::repeat_n([Act::Send(b" ".to_vec()), Act::Wait(Duration::from_millis(50))], 40).flatten();
    let head = Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n".to_vec());
    check(std::iter::once(head).chain(drip).collect(), repeatable, once).await;
}

#[tokio::test]
async fn too_large_is_refused_after_decompression() {
    let (repeatable, once) = (("permanent", "answer_too_large"), ("unknown", "answer_too_large"));
    let server = Server::start(|_, _| vec![Act::Send(response("200 OK", "", &"x".repeat(HTTP_ANSWER_BYTES_MAX + 1))), Act::Close]).await;
    assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(post(&server.url), Read)).await), repeatable);
    assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(post(&server.url), Once)).await), once);

    // Stored blocks of zeros, compressed once: 10 KiB that unpack to more than the cap.
    let bomb = gzip_of_zeros(HTTP_ANSWER_BYTES_MAX + 1);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", bomb.len());
    assert!(bomb.len() < HTTP_ANSWER_BYTES_MAX / 100);
    let bytes: Vec<u8> = head.into_bytes().into_iter().chain(bomb).collect();
    let server = Server::answering(bytes).await;
    assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(post(&server.url), Read)).await), repeatable);
}

/// A gzip stream of at least `count` zeros: fixed-code deflate blocks of one literal and runs of 258 at distance 1.
fn gzip_of_zeros(count: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut code = |value: u32, length: u32| bits.extend((0..length).rev().map(|bit| value >> bit & 1 == 1));
    code(0b110, 3);
    code(0b0011_0000, 8);
    for _ in 0..count.div_ceil(258) {
        code(0b1100_0101, 8);
        code(0, 5);
    }
    code(0, 7);
    let bytes = bits.chunks(8).map(|chunk| chunk.iter().enumerate().fold(0, |byte, (at, bit)| byte | u8::from(*bit) << at));
    [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3].into_iter().chain(bytes).chain([0; 8]).collect()
}

#[tokio::test]
async fn nobody_listens() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    for effect in [Read, Idempotent, Once] {
        assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(post(&url), effect)).await), ("retryable", "connect"), "{effect:?}");
    }
}

#[tokio::test]
async fn retry_after_is_passed_on() {
    let table =
        [("429 Too Many Requests", "7", Some(7_000)), ("503 Unavailable", "1", Some(1_000)), ("429 Too Many Requests", "soon", None)];
    for (status, header, expected) in table {
        let server = Server::answering(response(status, &format!("retry-after: {header}"), "")).await;
        let outcome = perform(&runner(&[ALLOWED]), &call(post(&server.url), Read)).await;
        assert!(matches!(outcome, Outcome::Retryable { retry_after_ms, .. } if retry_after_ms == expected), "{outcome:?}");
    }
}

#[tokio::test]
async fn an_error_carries_status_and_body() {
    let server = Server::answering(response("422 Unprocessable", "content-type: application/json", r#"{"why":"stock"}"#)).await;
    let error = error(perform(&runner(&[ALLOWED]), &call(post(&server.url), Once)).await);
    assert_eq!((error.status, error.data), (Some(422), Some(json!({"why": "stock"}))));
}

#[tokio::test]
async fn what_is_sent_is_what_was_rendered() {
    let server = Server::answering(ok(r#"{"total":3}"#)).await;
    let mut request = call(post(&server.url), Idempotent);
    request.idempotency_key = Some("key-1".to_owned());
    assert_eq!(value(perform(&runner(&[ALLOWED]), &request).await), json!({"total": 3}));
    let sent = &server.requests()[0];
    assert!(sent.starts_with("POST / HTTP/1.1\r\n") && sent.ends_with("\r\n\r\n{\"order\":1}"), "{sent}");
    assert!(sent.contains("idempotency-key: key-1\r\n") && sent.contains("content-type: application/json\r\n"), "{sent}");

    request.effect = Read;
    perform(&runner(&[ALLOWED]), &request).await;
    assert!(!server.requests()[1].contains("idempotency-key"), "a read needs no key");
}

fn with_secrets(url: &str) -> Call {
    let secret = |prefix: &str| Text::Secret { prefix: prefix.to_owned(), secret: "shop_token".to_owned() };
    let parts =
        vec![Part::Bytes(r#"{"t":""#.to_owned()), Part::Secret { secret: "shop_token".to_owned() }, Part::Bytes(r#""}"#.to_owned())];
    let request = HttpRequest {
        method: "POST".to_owned(),
        headers: vec![("Authorization".to_owned(), secret("Bearer "))],
        query: vec![("token".to_owned(), secret(""))],
        body: Some(Body { content_type: "application/json".to_owned(), parts }),
        ..get(url)
    };
    call(Request::Http(request), Once)
}

#[tokio::test]
async fn secrets_arrive_and_never_come_back() {
    let echo = |_: usize, request: &str| vec![Act::Send(response("200 OK", "", request)), Act::Close];
    let refuse = |_: usize, request: &str| vec![Act::Send(response("400 No", "", request)), Act::Close];
    let cut = |_: usize, _: &str| vec![Act::Close];
    for (at, server) in [Server::start(echo).await, Server::start(refuse).await, Server::start(cut).await].into_iter().enumerate() {
        let outcome = perform(&runner(&[ALLOWED]), &with_secrets(&server.url)).await;
        let sent = &server.requests()[0];
        assert!(sent.contains(&format!("authorization: Bearer {SECRET}")) && sent.contains(&format!("token={SECRET}")), "{sent}");
        assert!(sent.ends_with(&format!(r#"{{"t":"{SECRET}"}}"#)), "{sent}");
        let text = format!("{outcome:?}{}", serde_json::to_string(&outcome).unwrap());
        assert!(!text.contains(SECRET) && !text.contains("9f8e7d6c"), "server {at}: {text}");
    }
    let nobody = perform(&runner(&[ALLOWED]), &with_secrets("http://127.0.0.1:1/")).await;
    assert!(!format!("{nobody:?}").contains(SECRET));
}

#[tokio::test]
async fn a_missing_secret_is_named_and_nothing_is_sent() {
    let server = Server::answering(ok("{}")).await;
    let headers = vec![("X".to_owned(), Text::Secret { prefix: String::new(), secret: "other".to_owned() })];
    let request = Request::Http(HttpRequest { headers, ..get(&server.url) });
    let outcome = perform(&runner(&[ALLOWED]), &call(request, Once)).await;
    assert_eq!(kind(&outcome), ("permanent", "secret_missing"));
    assert!(error(outcome).message.contains("FLOWGATE_SECRET_OTHER") && server.requests().is_empty());
}

#[tokio::test]
async fn cancelling_closes_the_connection_within_a_second() {
    // In the middle of the answer, and before it began.
    cancelled_at(vec![Act::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n{".to_vec())]).await;
    cancelled_at(Vec::new()).await;
}

async fn cancelled_at(acts: Vec<Act>) {
    let server = Server::start(move |_, _| acts.clone()).await;
    let (cancel, request) = (CancellationToken::new(), call(post(&server.url), Once));
    let runner = runner(&[ALLOWED]);
    let performing = tokio::spawn({
        let cancel = cancel.clone();
        async move { runner.perform(&CallContext::default(), "step#1.1", &request, cancel, &mut |_| {}).await }
    });
    server.request().await;
    let cancelled_at = Instant::now();
    cancel.cancel();
    assert_eq!(kind(&performing.await.unwrap()), ("unknown", "cancelled"));
    let closed_at = tokio::time::timeout(Duration::from_secs(1), server.closed()).await.expect("closed");
    assert!(closed_at.duration_since(cancelled_at) < Duration::from_secs(1));
}

#[tokio::test]
async fn a_call_cancelled_before_it_starts_sends_nothing() {
    let server = Server::answering(ok("{}")).await;
    let cancel = CancellationToken::new();
    cancel.cancel();
    let outcome =
        runner(&[ALLOWED]).perform(&CallContext::default(), "step#1.1", &call(post(&server.url), Once), cancel, &mut |_| {}).await;
    assert_eq!(kind(&outcome), ("retryable", "cancelled"));
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(server.requests().is_empty());
}
