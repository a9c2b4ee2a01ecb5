//! The address policy: a corpus of URLs, names that resolve inwards, answers that change, redirects that lead inwards.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio_util::sync::CancellationToken;

use super::server::{Act, Server, ok, response};
use super::{ALLOWED, SECRET, call, error, get, kind, perform, runner, value};
use crate::flow::spec::EffectClass::{Idempotent, Once, Read};
use crate::flow::template::{Part, Text};
use crate::machine::call::{Body, HttpRequest, Request};
use crate::runner::failure::Stage;
use crate::runner::outbound::policy::OutboundPolicy;
use crate::runner::outbound::{Exchange, Lookup, Outbound, Wire};
use crate::runner::settings::File;
use crate::runner::{Runner, Settings};

/// URLs that a flow must not reach without the operator's word. Names are resolved by `pretend`.
const REFUSED: &str = "
    http://127.0.0.1/ http://127.0.0.1:8080/ http://127.1/ http://127.0.1/ http://127.255.255.254/ http://2130706433/ http://0x7f000001/
    http://0x7f.1/ http://0177.0.0.1/ http://017700000001/ http://0x7f.0x0.0x0.0x1/ http://127.0.0.1./ http://%31%32%37.0.0.1/
    http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/ http://127\u{3002}0\u{3002}0\u{3002}1/ http://\u{2460}\u{2461}\u{2466}.0.0.1/
    https://127.0.0.1/ http:127.0.0.1 http:/127.0.0.1/ http:\\\\127.0.0.1\\ http://0/ http://0.0.0.0/ http://0.0.0.0:22/ http://0.1.2.3/
    http://10.0.0.1/ http://10.255.255.255/ http://0x0a000001/ http://012.0.0.1/ http://10.1/ http://100.64.0.1/ http://100.127.255.254/
    http://169.254.169.254/latest/meta-data/ http://169.254.170.2/ http://2852039166/ http://0xa9fea9fe/ http://0251.0376.0251.0376/
    http://172.16.0.1/ http://172.31.255.255/ http://192.168.0.1/ http://192.168.1.1:8443/ http://3232235777/ http://0xc0a80101/
    http://192.0.0.1/ http://192.0.0.192/ http://192.0.2.1/ http://192.88.99.1/ http://198.18.0.1/ http://198.19.255.255/ http://198.51.100.1/
    http://203.0.113.1/ http://168.63.129.16/ http://224.0.0.1/ http://239.255.255.250/ http://240.0.0.1/ http://255.255.255.255/ http://4294967295/
    http://[::1]/ http://[0:0:0:0:0:0:0:1]/ http://[::]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::ffff:10.0.0.1]/
    http://[::ffff:169.254.169.254]/ http://[::ffff:8.8.8.8]/ http://[::127.0.0.1]/ http://[64:ff9b::7f00:1]/ http://[64:ff9b::a9fe:a9fe]/
    http://[64:ff9b:1::a00:1]/ http://[2002:7f00:1::]/ http://[2002:a00:1::1]/ http://[2001::1]/ http://[2001:db8::1]/ http://[fc00::1]/
    http://[fd00:ec2::254]/ http://[fe80::1]/ http://[febf::1]/ http://[fec0::1]/ http://[ff02::1]/ http://[ff0e::1]/ http://[100::1]/
    http://[3fff::1]/ http://[5f00::1]/ http://localhost/ http://LOCALHOST:80/ http://localhost./ http://private.test/ http://mapped.test/
    http://metadata.test/ http://nat64.test/ http://linklocal6.test/ http://user@127.0.0.1/ http://public.test@127.0.0.1/
    ftp://public.test/ file:///etc/passwd gopher://127.0.0.1:70/ data:text/plain,x unix:/run/docker.sock javascript:1
";

fn resolved(name: &str) -> &'static str {
    match name.trim_end_matches('.') {
        "localhost" => "127.0.0.1",
        "private.test" => "10.1.2.3",
        "mapped.test" => "::ffff:192.168.0.1",
        "metadata.test" => "169.254.169.254",
        "nat64.test" => "64:ff9b::7f00:1",
        "linklocal6.test" => "fe80::1",
        _ => "192.168.99.99",
    }
}

fn with_lookup(policy: OutboundPolicy, lookup: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static) -> Runner {
    let lookup: Lookup = Arc::new(move |name| {
        let addresses = lookup(&name);
        Box::pin(async move { Ok(addresses) })
    });
    let variables = [("FLOWGATE_SECRET_SHOP_TOKEN".to_owned(), SECRET.to_owned())].into_iter().collect();
    let settings = Settings::new(&variables, File::default()).unwrap();
    Runner::with_outbound(settings, Outbound::with_lookup(policy, lookup).unwrap()).unwrap()
}

#[tokio::test]
async fn the_corpus_reaches_nothing() {
    let runner = with_lookup(OutboundPolicy::default(), |name| vec![resolved(name).parse().unwrap()]);
    let urls: Vec<&str> = REFUSED.split_whitespace().collect();
    assert!(urls.len() >= 80, "{}", urls.len());
    for url in urls {
        for effect in [Read, Once] {
            let outcome = perform(&runner, &call(Request::Http(get(url)), effect)).await;
            let (kind, code) = kind(&outcome);
            assert!(kind == "permanent" && matches!(code, "outbound_refused" | "url_invalid"), "{url}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_refused_name_is_named_with_the_setting() {
    let runner = with_lookup(OutboundPolicy::default(), |_| vec!["10.0.0.7".parse().unwrap()]);
    let message = error(perform(&runner, &call(Request::Http(get("http://inside.corp.example/")), Read)).await).message;
    for part in ["inside.corp.example", "outbound.allow", "FLOWGATE_OUTBOUND_ALLOW"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test]
async fn listed_names_are_reached_wherever_they_resolve_to() {
    let server = Server::answering(ok("1")).await;
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    let local = |_: &str| vec!["127.0.0.1".parse().unwrap()];
    let policy = |entry: &str| OutboundPolicy::default().allow([entry]).unwrap();
    let url = format!("http://shop.corp.example:{port}/");
    for entry in ["*.corp.example", "shop.corp.example", "127.0.0.0/8", "*"] {
        assert_eq!(value(perform(&with_lookup(policy(entry), local), &call(Request::Http(get(&url)), Read)).await), 1, "{entry}");
    }
    let outcome = perform(&with_lookup(policy("corp.example"), local), &call(Request::Http(get(&url)), Read)).await;
    assert_eq!(kind(&outcome), ("permanent", "outbound_refused"));
    assert_eq!(server.requests().len(), 4);
}

/// The name is public when it is asked first and private afterwards; nothing may be sent to the private address, whatever was said before.
#[tokio::test]
async fn a_rebinding_name_reaches_nothing() {
    let server = Server::answering(ok("1")).await;
    let port = server.url.rsplit_once(':').unwrap().1.to_owned();
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    // A public address to which nothing is routed here, beside a private one; then only the private one.
    let runner = with_lookup(OutboundPolicy::default(), move |_| {
        let first = counter.fetch_add(1, Ordering::SeqCst) == 0;
        if first { vec!["127.0.0.1".parse().unwrap(), "2a0f:ffff:ffff::1".parse().unwrap()] } else { vec!["127.0.0.1".parse().unwrap()] }
    });
    let mut request = call(Request::Http(get(&format!("http://rebind.test:{port}/"))), Read);
    request.timeout_ms = 300;
    for _ in 0..5 {
        assert_ne!(kind(&perform(&runner, &request).await).0, "done");
    }
    assert!(asked.load(Ordering::SeqCst) >= 5, "every request asks again");
    assert!(server.requests().is_empty(), "{:?}", server.requests());
}

/// The cancel comes while the connection is being opened, and nobody but the guard of the connection looks.
#[tokio::test]
async fn the_guard_stops_a_cancelled_call_before_its_first_byte() {
    let server = Server::answering(ok("1")).await;
    let cancel = CancellationToken::new();
    let trip = cancel.clone();
    let lookup: Lookup = Arc::new(move |_| {
        trip.cancel();
        Box::pin(async { Ok(vec!["127.0.0.1".parse().unwrap()]) })
    });
    let outbound = Outbound::with_lookup(OutboundPolicy::default().allow(["*"]).unwrap(), lookup).unwrap();
    let exchange = || Exchange {
        method: "POST".to_owned(),
        url: server.url.replace("127.0.0.1", "shop.example").parse().unwrap(),
        headers: Vec::new(),
        body: None,
        answer_bytes_max: 10,
    };
    let wire = Wire::new(cancel);
    let failure = outbound.exchange(exchange(), &wire).await.unwrap_err();
    assert_eq!((failure.stage, wire.sent()), (Stage::NotSent, false), "{failure:?}");
    assert!(server.requests().is_empty());

    let wire = Wire::new(CancellationToken::new());
    assert_eq!(outbound.exchange(exchange(), &wire).await.unwrap().body, b"1");
    assert!(wire.sent());
}

#[tokio::test]
async fn a_failed_handshake_is_a_failure_to_connect() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = tokio::io::AsyncWriteExt::write_all(&mut stream, b"I speak no TLS at all").await;
    });
    let outcome = perform(&runner(&[ALLOWED]), &call(Request::Http(get(&url)), Once)).await;
    assert_eq!(kind(&outcome), ("retryable", "connect"), "{outcome:?}");
}

fn redirecting(status: &str, location: &str) -> impl Fn(usize, &str) -> Vec<Act> + use<> {
    let answer = response(status, &format!("location: {location}"), "");
    move |_, _| vec![Act::Send(answer.clone()), Act::Close]
}

#[tokio::test]
async fn a_redirect_inwards_is_refused() {
    let inside = Server::answering(ok("1")).await;
    let target = inside.url.replace("127.0.0.1", "127.0.0.2");
    for location in [target.as_str(), "http://169.254.169.254/", "file:///etc/passwd", "http://[::1]/"] {
        let server = Server::start(redirecting("302 Found", location)).await;
        let request = || Request::Http(HttpRequest { method: "POST".to_owned(), ..get(&server.url) });
        let outcome = perform(&runner(&[ALLOWED]), &call(request(), Idempotent)).await;
        assert_eq!(kind(&outcome).0, "permanent", "{location}: {outcome:?}");
        // The first host did receive a `once` call, so what it did is not known.
        assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(request(), Once)).await).0, "unknown", "{location}");
    }
    assert!(inside.requests().is_empty());
}

fn credentials(url: &str) -> HttpRequest {
    let secret = Text::Secret { prefix: "Bearer ".to_owned(), secret: "shop_token".to_owned() };
    let plain = |text: &str| Text::Plain(text.to_owned());
    let headers = vec![
        ("Authorization".to_owned(), secret.clone()),
        ("X-Custom".to_owned(), secret),
        ("Cookie".to_owned(), plain("a=1")),
        ("Accept".to_owned(), plain("*/*")),
    ];
    HttpRequest { headers, ..get(url) }
}

#[tokio::test]
async fn credentials_stay_with_their_origin() {
    let other = Server::answering(ok("1")).await;
    let server = Server::start(redirecting("307 Temporary Redirect", &format!("{}/next", other.url))).await;
    assert_eq!(value(perform(&runner(&[ALLOWED]), &call(Request::Http(credentials(&server.url)), Read)).await), 1);
    assert!(server.requests()[0].contains(SECRET));
    let second = &other.requests()[0];
    assert!(second.contains("accept: */*") && !second.contains("cookie") && !second.contains(SECRET), "{second}");

    let same = Server::start(|at, _| {
        let answer = if at == 0 { response("302 Found", "location: /next", "") } else { ok("2") };
        vec![Act::Send(answer), Act::Close]
    });
    let same = same.await;
    assert_eq!(value(perform(&runner(&[ALLOWED]), &call(Request::Http(credentials(&same.url)), Read)).await), 2);
    assert!(same.requests()[1].contains(SECRET), "the same origin is told again");
}

#[tokio::test]
async fn a_body_with_a_secret_does_not_follow_to_another_origin() {
    let other = Server::answering(ok("1")).await;
    let server = Server::start(redirecting("308 Permanent Redirect", &other.url)).await;
    let parts = vec![Part::Secret { secret: "shop_token".to_owned() }];
    let body = Some(Body { content_type: "text/plain".to_owned(), parts });
    let request = Request::Http(HttpRequest { method: "POST".to_owned(), body, ..get(&server.url) });
    assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(request, Idempotent)).await), ("permanent", "redirect_refused"));
    assert!(other.requests().is_empty());
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(redirecting("302 Found", "/again")).await;
    assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(Request::Http(get(&server.url)), Read)).await), ("permanent", "redirect_refused"));
    assert_eq!(server.requests().len(), 6);
}

#[tokio::test]
async fn a_redirected_post_becomes_a_get_without_body() {
    let server = Server::start(|at, _| {
        vec![Act::Send(if at == 0 { response("303 See Other", "location: /done", "") } else { ok("1") }), Act::Close]
    });
    let server = server.await;
    let body = Some(Body { content_type: "text/plain".to_owned(), parts: vec![Part::Bytes("x".to_owned())] });
    let request = Request::Http(HttpRequest { method: "POST".to_owned(), body, ..get(&server.url) });
    assert_eq!(value(perform(&runner(&[ALLOWED]), &call(request, Once)).await), 1);
    let second = &server.requests()[1];
    assert!(second.starts_with("GET /done ") && !second.contains("content-type"), "{second}");
}

#[tokio::test]
async fn header_injection_is_refused() {
    let server = Server::answering(ok("1")).await;
    for (name, value) in [("X", "a\r\nY: b"), ("X\r\nY", "a"), ("", "a"), ("X", "a\0")] {
        let headers = vec![(name.to_owned(), Text::Plain(value.to_owned()))];
        let request = Request::Http(HttpRequest { headers, ..get(&server.url) });
        assert_eq!(kind(&perform(&runner(&[ALLOWED]), &call(request, Read)).await), ("permanent", "header_invalid"));
    }
    assert!(server.requests().is_empty());
}
