//! `Idempotency-Key`: repeated requests make one thing, also when the server is killed in between.
//!
//! `FLOWGATE_KILL_ROUNDS` sets the number of kills (8 by default), `FLOWGATE_KILL_SEED` the seed.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::harness::{Answer, Client, ROOT_KEY, Server};

const CLIENTS: u64 = 4;

#[test]
fn a_repeated_creation_is_answered_alike_and_made_once() {
    let server = Server::start();
    let root = server.root();
    let body = json!({"id": "acme", "displayName": "Acme"});
    let first = root.once("k1", "/v1/tenants", &body).unwrap();
    assert_eq!(first.status, 201);
    // Spelt differently, meant alike.
    let spelt = br#"{ "displayName":"Acme" , "id":"acme" }"#;
    let again = root.request("POST", "/v1/tenants", &[("content-type", "application/json"), ("idempotency-key", "k1")], spelt).unwrap();
    assert_eq!((again.status, &again.body), (201, &first.body));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(first.header("idempotency-replayed"), None);
    let other = root.once("k1", "/v1/tenants", &json!({"id": "other"})).unwrap();
    assert_eq!((other.status, other.code().as_str()), (422, "idempotency_mismatch"));
    assert_eq!(root.once("k2", "/v1/tenants", &body).unwrap().status, 409, "another key is another request");
}

#[test]
fn a_refused_attempt_frees_the_key() {
    let server = Server::start();
    let root = server.root();
    assert_eq!(root.once("k", "/v1/tenants", &json!({"id": "Not Good"})).unwrap().status, 422);
    assert_eq!(root.once("k", "/v1/tenants", &json!({"id": "good"})).unwrap().status, 201);
}

#[test]
fn keys_are_of_one_user_and_one_path() {
    let server = Server::start();
    let root = server.root();
    let (one, two) = (server.tenant("one"), server.tenant("two"));
    let upload = |client: &Client, tenant: &str, bytes: &[u8]| {
        client.upload(&format!("/v1/tenants/{tenant}/storage"), "a.txt", "text/plain", bytes, &[("idempotency-key", "k")])
    };
    let first = upload(&one, "one", b"x");
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(upload(&one, "one", b"x").body, first.body, "the boundary differs, the request does not");
    assert_eq!(upload(&one, "one", b"y").code(), "idempotency_mismatch");
    for (client, tenant) in [(&two, "two"), (&root, "one")] {
        let other = upload(client, tenant, b"x");
        assert!(other.status == 200 && other.value()["fileId"] != first.value()["fileId"], "{}", other.text());
    }
    assert_eq!(one.get("/v1/tenants/one/storage").value()["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_secret_is_shown_once() {
    let server = Server::start();
    let client = server.tenant("acme");
    let path = "/v1/tenants/acme/apiKeys:generate";
    let body = json!({"name": "worker", "scopes": ["agents:read"]});
    let first = client.once("k", path, &body).unwrap();
    assert_eq!(first.status, 200);
    let again = client.once("k", path, &body).unwrap();
    assert_eq!((again.status, again.code().as_str()), (409, "idempotency_secret"));
    let secret = first.value()["apiKey"].as_str().unwrap().to_owned();
    assert!(!again.text().contains(&secret[8..]));
    let keys = client.get("/v1/tenants/acme/apiKeys").value();
    assert_eq!(keys.as_array().unwrap().iter().filter(|key| key["name"] == "worker").count(), 1);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let server = Server::start();
    let root = server.root();
    for key in ["", " ", "a b", &"k".repeat(201), "\u{e9}"] {
        let answer = root.once(key, "/v1/tenants", &json!({"id": "acme"})).unwrap();
        // Too long is refused as every header is, before anybody looks what it is for.
        let code = if key.len() > 200 { "invalid" } else { "idempotency_key" };
        assert_eq!((answer.status, answer.code().as_str()), (400, code), "{key:?}");
    }
    let twice = [("content-type", "application/json"), ("idempotency-key", "a"), ("idempotency-key", "b")];
    assert_eq!(root.request("POST", "/v1/tenants", &twice, br#"{"id": "acme"}"#).unwrap().code(), "idempotency_key");
    assert_eq!(root.once(&"k".repeat(200), "/v1/tenants", &json!({"id": "acme"})).unwrap().status, 201);
}

#[test]
fn of_many_at_once_one_makes_it() {
    let server = Server::start();
    let client = server.tenant("acme");
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..8)
            .map(|_| {
                let client = client.clone();
                scope.spawn(move || client.upload("/v1/tenants/acme/storage", "a", "text/plain", b"x", &[("idempotency-key", "k")]))
            })
            .collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let made: BTreeSet<String> = answers.iter().filter(|answer| answer.status == 200).map(Answer::text).collect();
    assert_eq!(made.len(), 1);
    for refused in answers.iter().filter(|answer| answer.status != 200) {
        assert_eq!((refused.status, refused.code().as_str(), refused.header("retry-after")), (409, "idempotency_running", Some("1")));
    }
    assert_eq!(client.get("/v1/tenants/acme/storage").value()["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_repeated_start_is_the_same_execution() {
    let server = Server::start();
    let client = server.tenant("acme");
    assert_eq!(client.json("POST", "/v1/tenants/acme/agents", &json!({"id": "helper"})).status, 201);
    let flow = json!({"flow": {"steps": {"only": {"set": {"done": true}}}}});
    assert_eq!(client.json("POST", "/v1/tenants/acme/agents/helper/revisions", &flow).status, 200);
    let path = "/v1/tenants/acme/agents/helper:execute";
    let body = json!({"attachments": [{"name": "a.txt", "content": "aGVsbG8="}]});
    let id = |answer: &Answer| answer.value()["executionRecordId"].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned();
    // At once, and one after the other.
    let answers: Vec<Answer> = std::thread::scope(|scope| {
        let clients: Vec<_> = (0..6).map(|_| scope.spawn(|| client.once("k", path, &body).unwrap())).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    let first = id(&answers[0]);
    for answer in answers.iter().chain([&client.once("k", path, &body).unwrap()]) {
        assert_eq!((answer.status, id(answer)), (200, first.clone()));
        assert_eq!(answer.value()["sessionId"], answers[0].value()["sessionId"]);
    }
    assert_eq!(client.once("k", path, &json!({})).unwrap().code(), "idempotency_mismatch");
    assert_ne!(id(&client.once("k2", path, &json!({})).unwrap()), first);
    let files = client.get("/v1/tenants/acme/storage").value();
    let owners: Vec<&str> = files["items"].as_array().unwrap().iter().filter_map(|file| file["executionRecordId"].as_str()).collect();
    assert_eq!(owners, [first.as_str()], "one file, whatever was tried");
    let wrong = json!({"attachments": [body["attachments"][0], {"name": "b", "content": "%"}]});
    assert_eq!(client.once("k3", path, &wrong).unwrap().status, 422);
    assert_eq!(client.get("/v1/tenants/acme/storage").value(), files, "a refused start leaves no file");
}

/// What clients were told, over all lives of the server.
#[derive(Default)]
struct Told {
    /// Keys whose tenant was acknowledged.
    tenants: BTreeSet<String>,
    /// Key and the file's id that was acknowledged, or that `idempotency_made` named.
    files: Vec<(String, String)>,
    /// Answers that said "made, ask for it".
    made: u64,
}

#[test]
fn a_killed_server_makes_nothing_twice_and_loses_nothing() {
    let number = |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 8), number("FLOWGATE_KILL_SEED", 1));
    let directory = tempfile::tempdir().unwrap();
    let told = Mutex::new(Told::default());
    let next = AtomicU64::new(0);
    let mut random = seed | 1;
    // What a client could not finish in one life it goes on with in the next.
    let open: Vec<Mutex<Option<u64>>> = (0..CLIENTS).map(|_| Mutex::new(None)).collect();
    for _ in 0..rounds {
        let mut server = Server::start_in(directory.path());
        let client = server.client(ROOT_KEY);
        let is_over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for slot in &open {
                let (client, next, told, is_over) = (client.clone(), &next, &told, &is_over);
                scope.spawn(move || {
                    while !is_over.load(Ordering::SeqCst) {
                        let number = *slot.lock().unwrap().get_or_insert_with(|| next.fetch_add(1, Ordering::SeqCst));
                        if create(&client, number, told) {
                            *slot.lock().unwrap() = None;
                        }
                    }
                });
            }
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            std::thread::sleep(Duration::from_millis(50 + random % 250));
            server.kill();
            is_over.store(true, Ordering::SeqCst);
        });
    }
    let server = Server::start_in(directory.path());
    let client = server.root();
    for slot in &open {
        if let Some(number) = *slot.lock().unwrap() {
            assert!(create(&client, number, &told), "request {number} does not come to an end");
        }
    }
    check(&client, &told.into_inner().unwrap(), next.load(Ordering::SeqCst), rounds);
}

/// One request after the other under keys of their own, repeated as long as it must be; true when both are settled.
fn create(client: &Client, number: u64, told: &Mutex<Told>) -> bool {
    let tenant = format!("t{number}");
    for _ in 0..20 {
        let Ok(answer) = client.once(&format!("tenant-{number}"), "/v1/tenants", &json!({"id": tenant})) else { return false };
        match answer.status {
            201 => break,
            409 if answer.code() == "idempotency_made" => {
                told.lock().unwrap().made += 1;
                break;
            }
            409 if answer.code() == "idempotency_running" => std::thread::sleep(Duration::from_millis(5)),
            // In particular `exists`: it would have been made, and the key knew nothing of it.
            status => panic!("tenant {number}: {status} {}", answer.text()),
        }
    }
    told.lock().unwrap().tenants.insert(tenant);
    let headers = [("content-type", "multipart/form-data; boundary=b"), ("idempotency-key", &format!("file-{number}"))];
    let body = format!("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{number}\"\r\n\r\n{number}\r\n--b--\r\n");
    let Ok(answer) = client.request("POST", "/v1/tenants/default/storage", &headers, body.as_bytes()) else { return false };
    let id = match answer.status {
        200 => answer.value()["fileId"].as_str().unwrap().to_owned(),
        409 if answer.code() == "idempotency_made" => {
            told.lock().unwrap().made += 1;
            let made = answer.value()["made"].clone();
            made.as_array().unwrap().iter().find_map(|name| name.as_str()?.strip_prefix("files/")).unwrap().to_owned()
        }
        409 if answer.code() == "idempotency_running" => return false,
        status => panic!("file {number}: {status} {}", answer.text()),
    };
    told.lock().unwrap().files.push((number.to_string(), id));
    true
}

fn check(client: &Client, told: &Told, count: u64, rounds: u64) {
    let tenants: BTreeSet<String> =
        client.get("/v1/tenants").value().as_array().unwrap().iter().map(|tenant| tenant["id"].as_str().unwrap().to_owned()).collect();
    assert!(told.tenants.is_subset(&tenants), "acknowledged and lost: {:?}", told.tenants.difference(&tenants));
    let mut present = Vec::new();
    let mut token = String::new();
    loop {
        let page = client.get(&format!("/v1/tenants/default/storage?pageSize=200&pageToken={token}")).value();
        for item in page["items"].as_array().unwrap() {
            present.push((item["displayName"].as_str().unwrap().to_owned(), item["fileId"].as_str().unwrap().to_owned()));
        }
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    let names: BTreeSet<&String> = present.iter().map(|(name, _)| name).collect();
    assert_eq!(names.len(), present.len(), "one key, two files");
    for file in &told.files {
        assert!(present.contains(file), "acknowledged and lost: {file:?}");
    }
    let (_, last) = present.first().unwrap();
    assert_eq!(client.get(&format!("/v1/tenants/default/storage/{last}")).status, 200);
    assert!(told.files.len() as u64 >= rounds, "too little happened: {} files of {count} requests", told.files.len());
    println!("{rounds} kills, {} files acknowledged, {} answers said `idempotency_made`", told.files.len(), told.made);
}
