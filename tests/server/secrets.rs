//! Secrets over HTTP: set and never read, granted, used, and found nowhere afterwards, in no spelling.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::harness::{Client, Server};

const T: &str = "/v1/tenants/default";
/// With characters that every spelling writes differently.
pub const CANARY: &str = "canary 7f3a/9+z=\"qQ\" tail";

/// Every way in which a value is commonly written.
pub fn spellings(value: &str) -> Vec<String> {
    let hex = |upper: bool| value.bytes().map(|byte| if upper { format!("{byte:02X}") } else { format!("{byte:02x}") }).collect::<String>();
    let percent = |byte: u8| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    let json = Value::String(value.to_owned()).to_string();
    vec![
        value.to_owned(),
        json[1..json.len() - 1].to_owned(),
        hex(false),
        hex(true),
        value.bytes().map(percent).collect(),
        url::form_urlencoded::byte_serialize(value.as_bytes()).collect(),
        STANDARD.encode(value),
        STANDARD_NO_PAD.encode(value),
        URL_SAFE_NO_PAD.encode(value),
    ]
}

/// A service that answers with what it was sent, in every spelling. Gives the requests it got.
fn echo() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let got = Arc::<Mutex<Vec<String>>>::default();
    let noting = Arc::clone(&got);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let (mut request, mut chunk) = (Vec::new(), [0; 4096]);
            while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                match stream.read(&mut chunk) {
                    Ok(0) | Err(_) => break,
                    Ok(count) => request.extend_from_slice(&chunk[..count]),
                }
            }
            noting.lock().unwrap().push(String::from_utf8_lossy(&request).into_owned());
            let body = json!({"spelled": spellings(CANARY), "marker": "echoed-by-the-service"}).to_string();
            let _ = write!(
                stream,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    (address, got)
}

/// An agent whose only step calls the service with the secret.
fn deploy(client: &Client, agent: &str, service: SocketAddr) {
    let made = client.json("POST", &format!("{T}/agents"), &json!({"id": agent, "displayName": agent}));
    assert!(made.status < 300, "{}", made.text());
    let flow = json!({
        "flow": agent,
        "steps": {"ask": {
            "http": {"get": format!("http://{service}/"), "headers": {"X-Token": "{{ secret.shop_token }}"}},
            "effect": "read",
        }},
        "output": "steps.ask.output",
    });
    let made = client.json("POST", &format!("{T}/agents/{agent}/revisions"), &json!({"comment": "first", "flow": flow}));
    assert!(made.status < 300, "{}", made.text());
}

fn execute(client: &Client, agent: &str) -> Value {
    let answer = client.json("POST", &format!("{T}/agents/{agent}:execute"), &json!({}));
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.value()
}

/// Every file below `directory`, but for the master key itself.
pub fn files(directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files(&path, found);
        } else if !path.file_name().unwrap().to_string_lossy().starts_with("master.key") {
            let mut bytes = std::fs::read(&path).unwrap();
            // Space that the store has set aside.
            bytes
                .truncate(bytes.chunks(1 << 12).rposition(|page| page != [0; 1 << 12]).map_or(0, |page| (page + 1) << 12).min(bytes.len()));
            found.push((path.display().to_string(), bytes));
        }
    }
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_secret_is_used_where_it_is_granted_and_found_nowhere() {
    let directory = tempfile::tempdir().unwrap();
    let (service, got) = echo();
    let mut server = Server::start_with(directory.path(), &["-vvv"], &[("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1")]);
    let (root, mut answers) = (server.root(), Vec::new());
    let set = |name: &str, body: Value| root.json("PUT", &format!("{T}/secrets/{name}"), &body);
    let made = set("shop_token", json!({"value": CANARY, "grantedTo": ["trusted"]}));
    assert_eq!((made.status, made.value()["version"].clone()), (200, json!(1)), "{}", made.text());
    answers.push(made);
    for (wrong, status) in
        [(json!({"value": 12345}), 400), (json!({}), 404), (json!({"valeu": CANARY}), 400), (json!({"value": "abc"}), 422)]
    {
        assert_eq!(set("other", wrong).status, status);
    }
    for agent in ["trusted", "stranger"] {
        deploy(&root, agent, service);
    }
    let ran = execute(&root, "trusted");
    assert_eq!(ran["status"], "COMPLETED", "{ran}");
    assert!(got.lock().unwrap().last().unwrap().contains(CANARY), "the service got the value itself");
    assert!(ran.to_string().contains("echoed-by-the-service"), "what it answered is there: {ran}");
    let refused = execute(&root, "stranger");
    assert_eq!(refused["status"], "FAILED", "{refused}");
    assert!(refused.to_string().contains("not granted"), "{refused}");
    assert_eq!(got.lock().unwrap().len(), 1, "nothing was sent for the stranger");

    let rotated = root.json("POST", "/v1/masterKey:rotate", &json!({}));
    assert_eq!((rotated.status, rotated.value()["secrets"].clone()), (200, json!(1)), "{}", rotated.text());
    server.kill();
    let server = Server::start_with(directory.path(), &["-vvv"], &[("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1")]);
    let root = server.root();
    assert_eq!(execute(&root, "trusted")["status"], "COMPLETED", "also after a rotation and a restart");

    let id = ran["executionRecordId"].as_str().unwrap();
    let record = format!("{T}/agents/trusted/executionRecords/{id}");
    for path in [
        format!("{T}/secrets"),
        format!("{T}/secrets/SHOP-TOKEN"),
        format!("{T}/secrets/shop_token/grants"),
        format!("{T}/auditEvents"),
        "/v1/auditEvents".to_owned(),
        format!("{T}/agents/trusted/executionRecords"),
        record.clone(),
        format!("{record}:trace"),
        format!("{record}/result"),
        format!("{record}/tree"),
        format!("{record}/export"),
        format!("{record}/events?snapshot=true&journal=true"),
        "/metrics".to_owned(),
        "/v1/status".to_owned(),
    ] {
        let answer = root.get(&path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answers.push(answer);
    }
    let mut places: Vec<(String, Vec<u8>)> = answers.into_iter().map(|answer| (answer.text(), answer.body)).collect();
    places.push(("standard error".to_owned(), server.said.lock().unwrap().join("\n").into_bytes()));
    places.push(("answers of :execute".to_owned(), format!("{ran}{refused}").into_bytes()));
    files(directory.path(), &mut places);
    // The search finds what is there: the answer of the service, and the name of the secret.
    for known in ["echoed-by-the-service", "shop_token"] {
        assert!(places.iter().filter(|(_, bytes)| holds(bytes, known)).count() >= 3, "the search does not even find `{known}`");
    }
    for (place, bytes) in &places {
        for spelling in spellings(CANARY) {
            assert!(!holds(bytes, &spelling), "`{spelling}` stands in {}", place.chars().take(300).collect::<String>());
        }
    }
}

#[test]
fn secrets_are_their_tenant_s_and_need_their_scope() {
    let server = Server::start();
    let (root, other) = (server.root(), server.tenant("other"));
    assert_eq!(root.json("PUT", &format!("{T}/secrets/token"), &json!({"value": CANARY})).status, 200);
    assert_eq!(other.get(&format!("{T}/secrets/token")).status, 404);
    assert_eq!(other.get("/v1/tenants/other/secrets/token").status, 404);
    assert_eq!(other.get("/v1/tenants/other/secrets").value(), json!([]));
    let reader = root.json("POST", &format!("{T}/apiKeys:generate"), &json!({"name": "reader", "scopes": ["secrets:read"]}));
    let reader = server.client(reader.value()["apiKey"].as_str().unwrap());
    assert_eq!(reader.get(&format!("{T}/secrets/token")).status, 200);
    assert_eq!(reader.json("PUT", &format!("{T}/secrets/token"), &json!({"grantedTo": null})).status, 403);
    assert_eq!(other.json("POST", "/v1/masterKey:rotate", &json!({})).status, 403);
    assert_eq!(root.request("DELETE", &format!("{T}/secrets/token"), &[], b"").unwrap().status, 204);
    assert_eq!(root.get(&format!("{T}/secrets/token")).status, 404);
}
