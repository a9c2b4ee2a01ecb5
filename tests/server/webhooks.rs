//! Webhooks: signed calls, a receiver that is away, a server that is killed, and what can be seen of it all.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::bench::{Bench, GATE, Server, eventually, request};
use super::receivers::{Call, Receiver, free_port};

const HOOKS: &str = "/v1/tenants/default/agents/gate/webhooks";

fn create(server: &Server, body: &Value) -> Value {
    let reply = server.call("POST", HOOKS, Some(body));
    assert_eq!(reply.status, 201, "{}", reply.body);
    reply.json()
}

/// The payload of a call whose signature is right.
fn verified(call: &Call, secret: &str) -> Value {
    let header = |name: &str| call.headers.get(name).unwrap_or_else(|| panic!("no {name}: {call:?}")).as_str();
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{}", header("webhook-id"), header("webhook-timestamp"), call.body).as_bytes());
    let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    assert_eq!(header("webhook-signature"), expected);
    serde_json::from_str(&call.body).unwrap()
}

fn delivery(server: &Server, hook: &str, event: &str) -> Option<Value> {
    let page = server.get(&format!("{HOOKS}/{hook}/deliveries"));
    page["items"].as_array().unwrap().iter().find(|delivery| delivery["event"] == event).cloned()
}

#[test]
fn a_receiver_that_was_away_gets_the_call_after_the_server_was_killed() {
    let bench = Bench::new();
    bench.write("gate.yaml", GATE);
    let port = free_port();
    let server = bench.serve();
    let hook = create(&server, &json!({"url": format!("http://127.0.0.1:{port}/in"), "events": ["approval.requested"]}));
    let (id, secret) = (hook["id"].as_str().unwrap(), hook["secret"].as_str().unwrap());
    server.kill();
    let started = bench.json(&["run", "gate.yaml", "--input", r#"{"amount": 30}"#, "-o", "json"]);
    // Nobody listens: the first attempt fails, and that is recorded before the server is killed.
    let server = bench.serve();
    let tried = eventually("a failed attempt", || {
        delivery(&server, id, "approval.requested").filter(|one| one["attempts"][0]["error"].is_string())
    });
    assert_eq!((&tried["status"], &tried["attempts"][0]["responseStatus"]), (&json!("PENDING"), &Value::Null));
    server.kill();
    let receiver = Receiver::at(port);
    let server = bench.serve();
    let call = receiver.next();
    let payload = verified(&call, secret);
    assert_eq!(call.headers["webhook-id"], tried["id"].as_str().unwrap(), "the same id at every attempt");
    assert_eq!((&payload["type"], &payload["data"]["agentId"]), (&json!("approval.requested"), &json!("gate")));
    assert_eq!(payload["data"]["executionRecordId"], started["id"], "{started}");
    assert_eq!(payload["data"]["title"], "Pay 30 EUR?");
    let delivered =
        eventually("it counts as delivered", || delivery(&server, id, "approval.requested").filter(|one| one["status"] == "DELIVERED"));
    let last = delivered["attempts"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["responseStatus"], &last["response"]), (&json!(200), &json!("thanks")));
    let again = format!("{HOOKS}/{id}/deliveries/{}:redeliver", delivered["id"].as_str().unwrap());
    assert_eq!(server.call("POST", &again, Some(&json!({}))).status, 202);
    assert_eq!(receiver.next().headers["webhook-id"], call.headers["webhook-id"]);
}

#[test]
fn webhooks_are_made_changed_rotated_and_removed_and_show_their_secret_once() {
    let server = Bench::new();
    let server = server.serve();
    let hook = create(&server, &json!({"url": "https://hooks.example/in", "description": "desk"}));
    let (one, secret) = (format!("{HOOKS}/{}", hook["id"].as_str().unwrap()), hook["secret"].as_str().unwrap().to_owned());
    let seen = server.call("GET", &one, None);
    assert!(!seen.body.contains("whsec_") && seen.json()["events"].as_array().unwrap().len() == 6, "{}", seen.body);
    assert!(!server.call("GET", HOOKS, None).body.contains("whsec_"));
    let changed = server.call("PATCH", &one, Some(&json!({"isActive": false, "events": ["execution.failed"]}))).json();
    assert_eq!(
        (&changed["isActive"], &changed["events"], &changed["description"]),
        (&json!(false), &json!(["execution.failed"]), &json!("desk"))
    );
    let rotated = server.call("POST", &format!("{one}:rotate"), Some(&json!({}))).json();
    assert!(rotated["secret"].as_str().is_some_and(|new| new != secret) && rotated["previousSecretUntil"].is_number());
    for (body, field) in [
        (json!({"url": "http://169.254.169.254/"}), "url"),
        (json!({"url": "ftp://x.example"}), "url"),
        (json!({"url": "https://x.example", "secret": "short"}), "secret"),
        (json!({"url": "https://x.example", "linksFor": "ana"}), "linksFor"),
    ] {
        let refused = server.call("POST", HOOKS, Some(&body));
        assert!(matches!(refused.status, 400 | 422) && refused.json()["errors"][field].is_array(), "{}", refused.body);
    }
    assert_eq!(server.call("DELETE", &one, None).status, 204);
    assert_eq!(server.call("GET", &one, None).status, 404);
    assert_eq!(request(&server.address, "GET", HOOKS, &[], "").status, 401);
}

#[test]
fn a_start_brings_a_webhook_of_its_own() {
    let bench = Bench::new();
    let port = free_port();
    let receiver = Receiver::at(port);
    let server = bench.serve();
    let agents = "/v1/tenants/default/agents";
    assert_eq!(server.call("POST", agents, Some(&json!({"id": "quick"}))).status, 201);
    let flow = json!({"flow": {"steps": {"a": {"set": {"x": "1"}}}}});
    assert_eq!(server.call("POST", &format!("{agents}/quick/revisions"), Some(&flow)).status, 200);
    let url = format!("http://127.0.0.1:{port}/own");
    let run = |headers: &[(&str, &str)], action: &str| {
        let own = [("x-api-key", super::bench::ROOT_KEY), ("content-type", "application/json")];
        request(&server.address, "POST", &format!("{agents}/quick:{action}"), &[&own, headers].concat(), "{}")
    };
    let secret = |headers: &str| headers.lines().find_map(|line| line.strip_prefix("x-flowgate-webhook-secret: ").map(str::to_owned));
    for (headers, words) in [
        (vec![("x-flowgate-webhook", "ftp://a.example")], "https://"),
        (vec![("x-flowgate-webhook", url.as_str()), ("x-flowgate-webhook-events", "execution.done")], "execution.completed"),
        (vec![("x-flowgate-webhook-events", "execution.completed")], "URL"),
    ] {
        let refused = run(&headers, "execute");
        assert!(refused.status == 400 && refused.body.contains(words), "{}", refused.body);
    }
    let headers = [("x-flowgate-webhook", url.as_str()), ("x-flowgate-webhook-events", "execution.completed, execution.failed")];
    let own = [&headers[..], &[("idempotency-key", "k")]].concat();
    let ran = run(&own, "execute");
    assert_eq!(ran.status, 200, "{}", ran.body);
    let call = receiver.next();
    let payload = verified(&call, &secret(&ran.headers).unwrap());
    assert_eq!(
        (&payload["type"], &payload["data"]["executionRecordId"]),
        (&json!("execution.completed"), &ran.json()["executionRecordId"])
    );
    let again = run(&own, "execute");
    assert_eq!((again.json()["executionRecordId"].clone(), secret(&again.headers)), (ran.json()["executionRecordId"].clone(), None));
    assert_eq!(run(&[], "execute").status, 200, "it listens to the one execution");
    let streamed = run(&headers, "stream");
    let payload = verified(&receiver.next(), &secret(&streamed.headers).unwrap());
    let location = streamed.headers.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    assert!(location.ends_with(payload["data"]["executionRecordId"].as_str().unwrap()));
}
