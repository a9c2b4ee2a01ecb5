//! Secrets of every kind, through every route that there is: none of them is found afterwards, in no spelling, in no file, line of the
//! log, answer or document (G20).

use serde_json::{Value, json};

use super::harness::{Answer, Client, ROOT_KEY, Server};
use super::receivers::MailServer;
use super::secrets::{CANARY, files, holds, spellings};
use super::walls::{filled, ids, operations};

const ALPHA: &str = "/v1/tenants/alpha";
/// What the search must find, to be worth something.
const MARKER: &str = "marker-that-is-no-secret";
/// What is written there is kept word for word, whatever it is.
const KEEPS_ANYTHING: [&str; 2] = ["putDraft", "reactExecute"];
/// What the mail server is signed in to with.
const MAIL_PASSWORD: &str = "mail-password/with+signs=1";

fn text(answer: &Answer, field: &str) -> String {
    assert!(answer.status < 300, "{} {}", answer.status, answer.text());
    answer.value()[field].as_str().unwrap_or_else(|| panic!("{}", answer.text())).to_owned()
}

/// Everything that the server gave away once or was told: each with what it is.
fn secrets(alpha: &Client) -> Vec<(&'static str, String)> {
    let mut found = vec![("a secret's value", CANARY.to_owned()), ("the root key", ROOT_KEY.to_owned())];
    found.push(("the key in use", alpha.key.clone().unwrap()));
    let put = alpha.json("PUT", &format!("{ALPHA}/secrets/canary"), &json!({"value": CANARY, "grantedTo": ["helper"]}));
    assert_eq!(put.status, 200, "{}", put.text());
    let key = alpha.json("POST", &format!("{ALPHA}/apiKeys:generate"), &json!({"name": MARKER, "scopes": ["agents:read"]}));
    let rotated = alpha.json("POST", &format!("{ALPHA}/apiKeys/{}:rotate", text(&key, "id")), &json!({}));
    found.extend([("a key", text(&key, "apiKey")), ("a rotated key", text(&rotated, "apiKey"))]);
    let token = alpha.once("canary-token", &format!("{ALPHA}/tokens:generate"), &json!({"name": "worker", "scopes": ["agents:read"]}));
    found.push(("a token under an idempotency key", text(&token.unwrap(), "token")));
    let hook = alpha.json("POST", &format!("{ALPHA}/webhooks"), &json!({"url": "https://hooks.example.com/a", "description": MARKER}));
    let again = alpha.json("POST", &format!("{ALPHA}/webhooks/{}:rotate", text(&hook, "id")), &json!({}));
    found.extend([("a webhook's secret", text(&hook, "secret")), ("a webhook's new secret", text(&again, "secret"))]);
    let trigger = json!({"displayName": MARKER, "kind": "WEBHOOK", "agentIds": ["helper"], "webhook": {}});
    let trigger = alpha.once("canary-trigger", &format!("{ALPHA}/triggers"), &trigger).unwrap();
    let turned = alpha.json("POST", &format!("{ALPHA}/triggers/{}:rotateSecret", text(&trigger, "id")), &json!({}));
    found.extend([("a trigger's secret", text(&trigger, "secret")), ("a trigger's new secret", text(&turned, "secret"))]);
    let headers = [("content-type", "application/json"), ("x-flowgate-webhook", "https://hooks.example.com/own")];
    let started = alpha.request("POST", &format!("{ALPHA}/agents/helper/revisions/1:execute"), &headers, b"{}").unwrap();
    let own = started.header("x-flowgate-webhook-secret").unwrap_or_else(|| panic!("{}", started.text()));
    found.push(("the secret of an execution's own webhook", own.to_owned()));
    let signed = alpha.json("POST", "/v1/signIn", &json!({"key": ROOT_KEY}));
    let (_, cookie) = signed.header("set-cookie").unwrap().split(';').next().unwrap().split_once('=').unwrap();
    found.push(("a sign-in's cookie", cookie.to_owned()));
    found
}

/// Tells `ann` of alpha's questions by mail.
fn settings(mails: &MailServer) -> String {
    format!(
        "[notify]\ntenants.alpha.approvers = {{ 'user:ann' = ['ann@x.example'] }}\n[notify.smtp]\nhost = '127.0.0.1'\nport = {}\n\
         from = 'flows@x.example'\ntls = 'none'\nuser = 'flows'\npassword_env = 'MAIL_PASSWORD'\n",
        mails.port
    )
}

/// The token of the decision link in the next mail.
fn token(mails: &MailServer) -> String {
    let mail = mails.next();
    let (_, behind) = mail.split_once("/decide/").unwrap_or_else(|| panic!("{mail}"));
    behind.split_whitespace().next().unwrap().to_owned()
}

/// One request with the value in a place where it does not belong.
fn misplaced(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Vec<Answer> {
    let json = ("content-type", "application/json");
    let mut answers = Vec::new();
    let mut send = |client: &Client, path: &str, headers: &[(&str, &str)], body: &[u8]| {
        answers.push(client.request(method, path, headers, body).unwrap());
    };
    if let Some(body) = body {
        let mut extended = body.clone();
        if let Value::Object(fields) = &mut extended {
            fields.insert("aFieldThatNobodyKnows".to_owned(), json!(CANARY));
        }
        let bodies = [extended.to_string(), json!(CANARY).to_string(), json!([CANARY]).to_string(), format!("{{\"id\": \"{CANARY}")];
        for body in bodies {
            send(client, path, &[json], body.as_bytes());
        }
    }
    let nobody = Client { key: None, ..client.clone() };
    send(&nobody, path, &[("x-api-key", CANARY)], b"");
    send(&nobody, path, &[("authorization", &format!("Bearer {CANARY}"))], b"");
    answers
}

#[test]
fn no_secret_is_found_anywhere_after_every_route_was_walked() {
    let directory = tempfile::tempdir().unwrap();
    let mails = MailServer::start();
    std::fs::write(directory.path().join("flowgate.toml"), settings(&mails)).unwrap();
    let variables =
        [("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1"), ("FLOWGATE_FAILURES_PER_MINUTE", "100000"), ("MAIL_PASSWORD", MAIL_PASSWORD)];
    let mut server = Server::start_with(directory.path(), &["-vvv"], &variables);
    let alpha = server.tenant("alpha");
    let ids = ids(&alpha);
    let mut secrets = secrets(&alpha);
    secrets.extend([("the token of a link", token(&mails)), ("the password of the mail server", MAIL_PASSWORD.to_owned())]);
    let (mut places, mut faults): (Vec<(String, Vec<u8>)>, Vec<String>) = Default::default();
    let document = alpha.get("/openapi.json");
    places.push(("/openapi.json".to_owned(), document.body));
    for operation in operations(&alpha) {
        let path = filled(&operation.path, |name| match name {
            "tenant" => "alpha".to_owned(),
            name => ids.get(name).cloned().unwrap_or_else(|| "nobody".to_owned()),
        });
        let label = |what: &str| format!("{what} of {} ({} {path})", operation.id, operation.method);
        if operation.method != "GET" {
            let body = operation.body.as_ref().filter(|_| !KEEPS_ANYTHING.contains(&operation.id.as_str()));
            for answer in misplaced(&alpha, &operation.method, &path, body) {
                if answer.status < 400 {
                    faults.push(format!("{} is an answer: {} {}", label("the refusal"), answer.status, answer.text()));
                }
                places.push((label("a refusal"), answer.body));
            }
            continue;
        }
        // A stream that goes on would not end.
        if !path.ends_with(":subscribe") {
            places.push((label("the answer"), alpha.get(&path).body));
        }
        // What is behind `?` is given back to whoever sent it, but kept nowhere.
        let query: String = CANARY.bytes().map(|byte| format!("%{byte:02X}")).collect();
        assert!(alpha.get(&format!("{path}?aNameThatNobodyKnows={query}")).status >= 400 || operation.path.starts_with("/docs"));
    }
    server.kill();
    places.push(("standard error".to_owned(), server.said.lock().unwrap().join("\n").into_bytes()));
    files(directory.path(), &mut places);
    assert!(places.iter().filter(|(_, bytes)| holds(bytes, MARKER)).count() >= 3, "the search finds nothing at all");
    for (what, secret) in &secrets {
        for spelling in spellings(secret) {
            let holding = places.iter().filter(|(_, bytes)| holds(bytes, &spelling));
            faults.extend(holding.map(|(place, _)| format!("{what}, spelt `{spelling}`, stands in {place}")));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}
