//! Requests that are not what they seem: each gives one answer or none, and never two.

use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use flowgate::api::{App, Settings, Stop, Waits, serve};
use flowgate::catalog::Catalog;
use flowgate::catalog::audit::Actor;
use flowgate::catalog::master_key::KeySource;
use flowgate::catalog::secrets::SecretVault;
use flowgate::engine::{EngineHandle, Options};
use flowgate::runner::{Runner, settings};
use flowgate::store::{Faults, Store};
use tokio_util::sync::CancellationToken;

use super::harness::{Client, ROOT_KEY, Server, exchange, parse};

/// What a second request hidden in the first would ask for: an answer to it would be an answer that nobody asked for.
const HIDDEN: &str = "GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n";

/// How many answers a connection gives, and whether it is closed afterwards.
fn statuses(address: SocketAddr, bytes: &[u8]) -> Vec<u16> {
    let raw = exchange(address, bytes, Duration::from_secs(2)).unwrap_or_default();
    let (mut rest, mut found) = (raw.as_slice(), Vec::new());
    while let Some((answer, after)) = parse(rest) {
        found.push(answer.status);
        rest = after;
    }
    found
}

#[test]
fn a_smuggled_request_is_never_answered() {
    let server = Server::start();
    let post = |headers: &str, body: &str| {
        format!(
            "POST /v1/tenants HTTP/1.1\r\nHost: x\r\nX-API-KEY: {ROOT_KEY}\r\nContent-Type: application/json\r\n{headers}\r\n\r\n{body}"
        )
    };
    let get = |headers: &str| format!("GET /livez HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n");
    let chunked = format!("0\r\n\r\n{HIDDEN}");
    let long = "x".repeat(200_000);
    let corpus: Vec<(&str, String)> = vec![
        ("length and chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked", &chunked)),
        ("chunks and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5", &chunked)),
        ("two lengths that differ", post("Content-Length: 2\r\nContent-Length: 60", &format!("{{}}{HIDDEN}"))),
        ("two lengths in one", post("Content-Length: 2, 60", &format!("{{}}{HIDDEN}"))),
        ("a signed length", post("Content-Length: +2", &format!("{{}}{HIDDEN}"))),
        ("a negative length", post("Content-Length: -1", HIDDEN)),
        ("a hexadecimal length", post("Content-Length: 0x2", &format!("{{}}{HIDDEN}"))),
        ("a length too large for anything", post("Content-Length: 99999999999999999999999", HIDDEN)),
        ("a folded header", get(&format!("X-A: b\r\n {HIDDEN}"))),
        ("a folded length", post("Content-Length:\r\n 2", &format!("{{}}{HIDDEN}"))),
        ("space before the colon", post("Content-Length : 2", &format!("{{}}{HIDDEN}"))),
        ("space before the name", post(" Content-Length: 2", &format!("{{}}{HIDDEN}"))),
        ("space before the chunks' colon", post("Transfer-Encoding : chunked", &chunked)),
        ("an encoding that is none", post("Transfer-Encoding: xchunked", &chunked)),
        ("chunks that are not last", post("Transfer-Encoding: chunked, identity", &chunked)),
        ("chunks twice", post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", &chunked)),
        ("a tab before chunked", post("Transfer-Encoding:\x0bchunked", &chunked)),
        ("a chunk with a sign", post("Transfer-Encoding: chunked", &format!("+2\r\n{{}}\r\n{chunked}"))),
        ("a chunk size in hexadecimal spelling", post("Transfer-Encoding: chunked", &format!("0x2\r\n{{}}\r\n{chunked}"))),
        ("a chunk longer than it says", post("Transfer-Encoding: chunked", &format!("2\r\n{{}}{HIDDEN}\r\n{chunked}"))),
        ("a chunk size beyond all bounds", post("Transfer-Encoding: chunked", &format!("ffffffffffffffffff\r\n{HIDDEN}"))),
        ("a lone line feed in a chunk", post("Transfer-Encoding: chunked", &format!("2\n{{}}\n0\n\n{HIDDEN}"))),
        ("a null in a header", get("X-A: b\0c")),
        ("a carriage return in a header", get(&format!("X-A: b\rX-B: {HIDDEN}"))),
        ("a header without a name", get(": x")),
        ("a header without a colon", get("nothing")),
        ("a header beyond all bounds", get(&format!("X-A: {long}"))),
        ("headers beyond all bounds", get(&(0..500).map(|n| format!("X-{n}: y")).collect::<Vec<_>>().join("\r\n"))),
        ("a path beyond all bounds", format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n")),
        ("a version that is none", format!("GET /livez HTTP/3.7\r\nHost: x\r\n\r\n{HIDDEN}")),
        ("no version", format!("GET /livez\r\n\r\n{HIDDEN}")),
        ("a method with a control character", format!("G\x01T /livez HTTP/1.1\r\n\r\n{HIDDEN}")),
        ("another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\u{fc}".to_owned()),
        ("a preface of version 2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned()),
    ];
    let mut faults = Vec::new();
    for (name, bytes) in &corpus {
        let found = statuses(server.address, bytes.as_bytes());
        let is_fine = found.len() <= 1 && found.iter().all(|status| (400..500).contains(status) || *status == 505);
        if !is_fine {
            faults.push(format!("{name}: {found:?}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
    // A plain request with the same client, so that silence above means refusal.
    assert_eq!(statuses(server.address, get("").as_bytes()), [200]);
    assert_eq!(statuses(server.address, format!("{}{}", get(""), get("")).as_bytes()), [200, 200]);
}

#[test]
fn bodies_that_are_not_what_they_say_are_refused() {
    let server = Server::start();
    let root = server.root();
    let post = |content_type: &str, body: &[u8]| root.request("POST", "/v1/tenants", &[("content-type", content_type)], body).unwrap();
    for depth in [200, 100_000] {
        let deep = format!("{{\"id\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(post("application/json", deep.as_bytes()).status, 400, "{depth} levels");
        let unclosed = "{\"a\":".repeat(depth);
        assert_eq!(post("application/json", unclosed.as_bytes()).status, 400, "{depth} levels");
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "application/jsonx", ""] {
        assert_eq!(post(content_type, b"{\"id\":\"acme\"}").status, 415, "{content_type}");
    }
    for body in [
        b"{\"id\":\"acme\"".as_slice(),
        b"{\"id\":\"acme\"} x",
        b"[]",
        b"[\"acme\"]",
        b"[\"acme\",null]",
        b"\"acme\"",
        b"\xff",
        b"null",
        b"{\"id\":\"acme\",\"id\":\"b\"}",
        b"{\"id\":\"acme\",\"admin\":true}",
    ] {
        assert_eq!(post("application/json", body).status, 400, "{}", String::from_utf8_lossy(body));
    }
    let large = vec![b' '; 3 << 20];
    assert_eq!(post("application/json", &large).status, 413);
    let packed = [("content-type", "application/json"), ("content-encoding", "gzip")];
    assert_eq!(root.request("POST", "/v1/tenants", &packed, b"{\"id\":\"acme\"}").unwrap().status, 415);
    assert_eq!(post("application/json; charset=utf-8", b"{\"id\":\"acme\"}").status, 201);
}

#[test]
fn no_other_site_is_let_in() {
    let server = Server::start();
    let root = server.root();
    let preflight = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    for (method, headers) in [("OPTIONS", preflight.as_slice()), ("GET", &preflight[..1])] {
        let answer = root.request(method, "/v1/tenants", headers, b"").unwrap();
        assert!(!answer.headers.iter().any(|(name, _)| name.starts_with("access-control-")), "{method}: {:?}", answer.headers);
        assert_eq!(answer.status, if method == "GET" { 200 } else { 405 });
    }
}

/// A server in this process that waits only so long.
fn impatient(waits: Waits) -> (SocketAddr, CancellationToken) {
    let store = Store::in_memory(Faults::default());
    let catalog = Catalog::new(store.clone());
    let runner = Runner::new(settings::Settings::new(&BTreeMap::new(), settings::File::default()).unwrap()).unwrap();
    let engine = EngineHandle::spawn(store, runner.clone(), Options::default()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(catalog.ensure_root_key(Some(ROOT_KEY), &Actor::without_key("test"))).unwrap();
    let vault = Arc::new(SecretVault::new(catalog.clone(), KeySource::new(|_| None, None).unwrap()));
    let app = App::new(engine, catalog, runner, vault, Settings { waits, ..Settings::of(&flowgate::config::Server::default()).unwrap() });
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let token = CancellationToken::new();
    let stop = Stop { token: token.clone(), grace: Duration::from_millis(10) };
    let (ready, is_ready) = std::sync::mpsc::channel();
    std::thread::spawn(move || serve(app, listener, &stop, move |_| ready.send(()).unwrap()));
    is_ready.recv().unwrap();
    (address, token)
}

#[test]
fn slow_clients_are_given_up() {
    let (address, stop) = impatient(Waits { headers: Duration::from_millis(1_500), body: Duration::from_millis(1_500) });
    let patience = Duration::from_secs(20);
    let (answer, rest) = {
        let raw = exchange(address, b"GET /livez HTTP/1.1\r\nHost: x\r\nX-", patience).unwrap();
        let (answer, rest) = parse(&raw).unwrap();
        (answer, rest.len())
    };
    assert_eq!((answer.status, rest), (408, 0), "headers");
    let head = format!(
        "POST /v1/tenants HTTP/1.1\r\nHost: x\r\nX-API-KEY: {ROOT_KEY}\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{{"
    );
    let raw = exchange(address, head.as_bytes(), patience).unwrap();
    let (answer, _) = parse(&raw).unwrap();
    assert_eq!((answer.status, answer.code().as_str()), (408, "slow_body"));
    let prompt = Client { address, key: Some(ROOT_KEY.to_owned()) };
    assert_eq!(prompt.get("/v1/tenants").status, 200);
    stop.cancel();
}
