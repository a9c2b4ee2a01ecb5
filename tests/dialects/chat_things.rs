//! contracts/chat-agents: agents with their questions, files, files of agents, webhooks.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::chat::{World, deploy, fields, refused, says, talks, with};
use super::harness::{Answer, Client, PATIENCE, Server};

const QUICK: &str = r#"{"steps": {"only": {"set": {"done": "true"}}}}"#;

fn quick() -> Value {
    serde_json::from_str(QUICK).unwrap()
}

fn ok(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.value()
}

fn delete(client: &Client, path: &str) -> Answer {
    client.request("DELETE", path, &[], b"").unwrap()
}

const PAGE: [&str; 12] = [
    "current_page",
    "data",
    "first_page_url",
    "from",
    "last_page",
    "last_page_url",
    "next_page_url",
    "path",
    "per_page",
    "prev_page_url",
    "to",
    "total",
];

fn ids(page: &Value) -> Vec<u64> {
    page["data"].as_array().unwrap().iter().map(|thing| thing["id"].as_u64().unwrap()).collect()
}

#[test]
fn contract_agent_every_field() {
    let world = World::new();
    let id = world.deploy("helper", &talks());
    let shown = ok(&world.client.get(&format!("/api/agents/{id}")), 200);
    let documented = [
        "active",
        "created_at",
        "description",
        "id",
        "long_description",
        "questions",
        "slug",
        "title",
        "type",
        "updated_at",
        "visibility",
        "workspace_id",
    ];
    assert_eq!(fields(&shown), documented);
    let native = world.client.get("/v1/tenants/default/agents/helper").value();
    assert_eq!((&shown["id"], &shown["slug"], &shown["title"]), (&native["number"], &json!("helper"), &native["displayName"]));
    assert_eq!((&shown["type"], &shown["active"], &shown["workspace_id"]), (&json!("chat"), &json!(1), &json!(1)));
    assert_eq!(
        (&shown["description"], &shown["long_description"], &shown["visibility"]),
        (&Value::Null, &Value::Null, &json!("workspace"))
    );
    assert!(shown["created_at"].as_str().unwrap().ends_with("000Z") && shown["updated_at"].is_string());
    assert_eq!(world.client.get("/api/agents/helper").value(), shown, "both kinds of id");
    let changed = world.client.json("PATCH", "/v1/tenants/default/agents/helper", &json!({"displayName": "Desk", "description": "Helps."}));
    assert_eq!(changed.status, 200);
    let shown = world.client.get("/api/agents/helper").value();
    assert_eq!((&shown["title"], &shown["description"]), (&json!("Desk"), &json!("Helps.")));
    assert_eq!(world.client.json("POST", "/v1/tenants/default/agents/helper:deactivate", &json!({})).status, 200);
    assert_eq!(world.client.get("/api/agents/helper").value()["active"], 0);
    let off = world.execute(id, &says("Hi"));
    assert_eq!((off.status, off.code().as_str()), (409, "agent_inactive"));
    assert_eq!(delete(&world.client, "/v1/tenants/default/agents/helper").status, 204);
    assert_eq!(world.client.get("/api/agents/helper").status, 404);
}

#[test]
fn contract_agent_questions_say_what_execute_asks_for() {
    let world = World::new();
    let id = world.deploy("helper", &talks());
    let shown = world.client.get(&format!("/api/agents/{id}")).value();
    let questions = shown["questions"].as_array().unwrap();
    assert!(questions.iter().all(|question| fields(question) == ["description", "name", "options", "required", "type"]));
    let named = |name: &str| questions.iter().find(|question| question["name"] == name).unwrap_or_else(|| panic!("no {name}: {shown}"));
    assert_eq!((&named("messages")["type"], &named("messages")["required"]), (&json!("array"), &json!(true)));
    assert_eq!(named("model")["options"], json!(["tess-6", "tess-ai-light"]), "the operator's names");
    assert_eq!(named("tools")["options"], json!(["agent", "no-tools"]));
    assert_eq!((&named("root_id")["type"], &named("root_id")["required"]), (&json!("number"), &json!(false)));
    assert_eq!((&named("tone")["type"], &named("tone")["options"]), (&json!("select"), &json!(["kind", "brief"])));
    assert!(named("temperature")["options"].as_array().unwrap().contains(&json!("1")) && named("file_ids")["type"] == "array");
    assert!(questions.iter().all(|question| question["name"] != "message"), "messages become it");
    let form = json!({
        "input": {"type": "object", "required": ["department"], "properties": {
            "department": {"type": "string", "description": "Which one?"}, "count": {"type": "integer"}, "now": {"type": "boolean"}}},
        "steps": {"only": {"set": {"done": "true"}}},
    });
    let form = world.deploy("form", &form);
    let shown = world.client.get(&format!("/api/agents/{form}")).value();
    assert_eq!(shown["type"], "text", "an agent without `message` is none to talk with");
    let expected = json!([
        {"type": "text", "name": "department", "description": "Which one?", "required": true, "options": []},
        {"type": "number", "name": "count", "description": "", "required": false, "options": []},
        {"type": "boolean", "name": "now", "description": "", "required": false, "options": []},
    ]);
    assert_eq!(shown["questions"], expected);
    assert_eq!(ok(&world.client.json("POST", "/v1/tenants/default/agents", &json!({"id": "bare", "type": "image"})), 201)["id"], "bare");
    let bare = world.client.get("/api/agents/bare").value();
    assert_eq!((&bare["type"], &bare["active"], &bare["questions"]), (&json!("image"), &json!(0), &json!([])), "nothing is deployed");
}

#[test]
fn contract_agents_q_type_page_and_per_page() {
    let world = World::new();
    let all: Vec<u64> = (0..17).map(|index| world.deploy(&format!("agent-{index:02}"), &quick())).collect();
    let talking = world.deploy("talks", &talks());
    let list = |query: &str| ok(&world.client.get(&format!("/api/agents{query}")), 200);
    let first = list("");
    assert_eq!(fields(&first), PAGE);
    assert_eq!((ids(&first), &first["per_page"], &first["total"]), (all[..15].to_vec(), &json!(15), &json!(18)), "15 a page");
    assert_eq!((&first["current_page"], &first["from"], &first["to"], &first["last_page"]), (&json!(1), &json!(1), &json!(15), &json!(2)));
    assert_eq!((&first["prev_page_url"], first["path"].as_str()), (&Value::Null, Some("/api/agents")));
    let next = world.client.get(first["next_page_url"].as_str().unwrap()).value();
    assert_eq!((ids(&next), &next["current_page"], &next["next_page_url"]), (vec![all[15], all[16], talking], &json!(2), &Value::Null));
    let page = list("?page=2&per_page=5&type=text");
    assert_eq!((ids(&page), page["total"].as_u64()), (all[5..10].to_vec(), Some(17)));
    assert!(page["next_page_url"].as_str().unwrap().contains("type=text"), "the filter stays: {}", page["next_page_url"]);
    assert_eq!(ids(&list("?type=chat")), [talking]);
    assert_eq!(ids(&list("?type=video")), [0; 0]);
    assert_eq!(ids(&list("?q=TALK")), [talking]);
    assert_eq!(ids(&list("?page=9")), [0; 0]);
    for (query, field) in
        [("?page=0", "page"), ("?page=x", "page"), ("?per_page=0", "per_page"), ("?per_page=101", "per_page"), ("?sort=name", "query")]
    {
        refused(&world.client.get(&format!("/api/agents{query}")), field);
    }
}

#[test]
fn contract_file_every_field() {
    let server = Server::start();
    let client = server.root();
    let uploaded = ok(&client.upload("/api/files", "a.txt", "text/plain", b"words", &[]), 201);
    assert_eq!(fields(&uploaded), ["bytes", "created_at", "credits", "filename", "id", "object", "status"]);
    assert_eq!((&uploaded["id"], &uploaded["object"], &uploaded["bytes"]), (&json!(1), &json!("file"), &json!(5)));
    assert_eq!((&uploaded["filename"], &uploaded["credits"], &uploaded["status"]), (&json!("a.txt"), &json!(0.0), &json!("waiting")));
    assert!(uploaded["created_at"].as_str().unwrap().ends_with("000Z"));
    assert_eq!(ok(&client.get("/api/files/1"), 200), uploaded);
    let native = client.get("/v1/tenants/default/storage").value()["items"][0].clone();
    assert_eq!((&native["number"], &native["displayName"]), (&json!(1), &json!("a.txt")));
    assert_eq!(ok(&client.get(&format!("/api/files/{}", native["fileId"].as_str().unwrap())), 200), uploaded, "both kinds of id");
    let processed = ok(&client.json("POST", "/api/files/1/process", &json!({})), 200);
    assert_eq!(
        (processed["status"].clone(), ok(&client.get("/api/files/1"), 200)["status"].clone()),
        (json!("completed"), json!("completed"))
    );
    assert_eq!(ok(&delete(&client, "/api/files/1"), 200), json!({"id": 1, "object": "file", "deleted": true}));
    assert_eq!(client.get("/api/files/1").status, 404);
    assert_eq!(delete(&client, "/api/files/1").status, 404);
    assert_eq!(client.json("POST", "/api/files/1/process", &json!({})).status, 404);
    let image = client.upload("/api/files", "b.png", "image/png", b"\x89PNG\r\n\x1a\n", &[]).value();
    let processed = ok(&client.json("POST", &format!("/api/files/{}/process", image["id"]), &json!({})), 200);
    assert_eq!(processed["status"], "failed", "agents cannot read it");
}

fn form(client: &Client, parts: &[(&str, &str, &str)]) -> Answer {
    let part = |(name, more, text): &(&str, &str, &str)| {
        format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n{text}\r\n")
    };
    let body = parts.iter().map(part).collect::<String>() + "--xyz--\r\n";
    client.request("POST", "/api/files", &[("content-type", "multipart/form-data; boundary=xyz")], body.as_bytes()).unwrap()
}

#[test]
fn contract_files_process_is_a_part_of_the_form() {
    let server = Server::start();
    let client = server.root();
    let file = ("file", "; filename=\"a.txt\"", "words");
    for (process, status) in [("true", "completed"), ("1", "completed"), ("false", "waiting"), ("0", "waiting")] {
        for parts in [[file, ("process", "", process)], [("process", "", process), file]] {
            assert_eq!(ok(&form(&client, &parts), 201)["status"], status, "{process}");
        }
    }
    refused(&form(&client, &[file, ("process", "", "perhaps")]), "process");
    refused(&form(&client, &[file, ("other", "", "x")]), "other");
    refused(&form(&client, &[file, file]), "file");
    refused(&form(&client, &[("process", "", "true")]), "file");
    let long = "x".repeat(2_000);
    assert_eq!(form(&client, &[file, ("process", "", &long)]).status, 413);
    assert_eq!(ok(&client.get("/api/files"), 200)["total"], 8, "a refused upload leaves no file");
}

#[test]
fn contract_files_are_listed_newest_first() {
    let server = Server::start();
    let client = server.root();
    for index in 0..17 {
        ok(&client.upload("/api/files", &format!("{index}.txt"), "text/plain", format!("{index}").as_bytes(), &[]), 201);
    }
    let first = ok(&client.get("/api/files"), 200);
    assert_eq!((fields(&first), ids(&first)), (PAGE.to_vec(), (3..=17).rev().collect::<Vec<u64>>()));
    assert_eq!(ids(&ok(&client.get("/api/files?page=2&per_page=10"), 200)), (1..=7).rev().collect::<Vec<u64>>());
    refused(&client.get("/api/files?per_page=many"), "per_page");
}

#[test]
fn contract_agent_files_are_attached_to_every_execution() {
    let world = World::new();
    let reads = json!({"steps": {"only": {"set": {"texts": "has(context.attachments) ? context.attachments.map(a, a.text) : []"}}}});
    let agent = world.deploy("reader", &reads);
    let files = format!("/api/agents/{agent}/files");
    let upload = |name: &str, text: &str| world.client.upload("/api/files", name, "text/plain", text.as_bytes(), &[]).value()["id"].clone();
    let (one, other) = (upload("a.txt", "first"), upload("b.txt", "second"));
    assert_eq!(ok(&world.client.get(&files), 200), json!({"id": agent, "files": [], "status": "completed"}));
    let linked = ok(&world.client.json("POST", &files, &json!({"file_ids": [one]})), 200);
    assert_eq!(fields(&linked), ["files", "files_count", "id", "status"]);
    assert_eq!(linked["files_count"], json!({"total": 1, "completed": 1, "failed": 0, "in_progress": 0}));
    assert_eq!((&linked["id"], &linked["files"][0]["id"], &linked["files"][0]["status"]), (&json!(agent), &one, &json!("completed")));
    let output = |body: &Value| serde_json::from_str::<Value>(world.ran(agent, body)["output"].as_str().unwrap()).unwrap()["texts"].clone();
    assert_eq!(output(&json!({})), json!(["first"]));
    assert_eq!(output(&json!({"file_ids": [other]})), json!(["second", "first"]), "behind those of the request");
    assert_eq!(output(&json!({"file_ids": [one]})), json!(["first"]), "once");
    let natively = world.client.json("POST", "/v1/tenants/default/agents/reader:execute", &json!({})).value();
    assert!(natively["response"].as_str().unwrap().contains("first"), "whoever executes it: {natively}");
    let removed = ok(&delete(&world.client, &format!("{files}/{one}")), 200);
    assert_eq!((&removed["id"], &removed["file"]["id"], &removed["removed"]), (&json!(agent), &one, &json!(true)));
    assert_eq!(delete(&world.client, &format!("{files}/{one}")).status, 404);
    assert_eq!(world.client.get(&format!("/api/files/{one}")).status, 200, "the file itself stays");
    assert_eq!(output(&json!({})), json!([]));
    ok(&world.client.json("POST", &files, &json!({"file_ids": [one, other]})), 200);
    ok(&delete(&world.client, &format!("/api/files/{one}")), 200);
    assert_eq!(output(&json!({})), json!(["second"]), "a deleted file is gone everywhere");
    refused(&world.client.json("POST", &files, &json!({"file_ids": [99]})), "file_ids.0");
    refused(&world.client.json("POST", &files, &json!({})), "file_ids");
    refused(&world.client.json("POST", &files, &json!({"file_ids": [other], "more": 1})), "more");
    assert_eq!(world.client.json("POST", "/api/agents/99/files", &json!({"file_ids": [other]})).status, 404);
    let many: Vec<Value> = (0..16).map(|index| upload("c.txt", &format!("{index}"))).collect();
    let full = world.client.json("POST", &files, &json!({"file_ids": many}));
    assert_eq!((full.status, full.code().as_str()), (409, "too_many_files"));
}

#[test]
fn contract_agent_files_of_another_workspace_are_none() {
    let server = Server::start();
    let (alpha, beta) = (server.tenant("alpha"), server.tenant("beta"));
    let agent = deploy(&beta, "beta", "quick", &quick());
    let theirs = alpha.upload("/api/files", "a.txt", "text/plain", b"secret", &[]).value()["id"].clone();
    refused(&beta.json("POST", &format!("/api/agents/{agent}/files"), &json!({"file_ids": [theirs]})), "file_ids.0");
    refused(&beta.json("POST", &format!("/api/agents/{agent}/execute"), &json!({"file_ids": [theirs]})), "file_ids.0");
    assert_eq!(beta.get(&format!("/api/files/{theirs}")).status, 404);
    assert_eq!(alpha.get(&format!("/api/agents/{agent}/files")).status, 404);
    assert_eq!(beta.get("/api/files").value()["total"], 0);
}

/// Takes calls, and answers each with the next of `statuses` (the last one from then on).
fn receiver(statuses: &'static [u16]) -> (String, mpsc::Receiver<(Vec<String>, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/in", listener.local_addr().unwrap());
    let (sender, calls) = mpsc::channel();
    std::thread::spawn(move || {
        for (index, stream) in listener.incoming().flatten().enumerate() {
            let mut reader = BufReader::new(stream);
            let (mut head, mut length) = (Vec::new(), 0);
            loop {
                let mut line = String::new();
                if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim_end().is_empty() {
                    break;
                }
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                head.push(line.trim_end().to_owned());
            }
            let mut body = vec![0; length];
            let _ = reader.read_exact(&mut body);
            let status = statuses.get(index).or(statuses.last()).unwrap();
            let _ =
                reader.into_inner().write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes());
            if sender.send((head, String::from_utf8(body).unwrap())).is_err() {
                return;
            }
        }
    });
    (url, calls)
}

#[test]
fn contract_webhook_every_field() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let hooks = format!("/api/agents/{agent}/webhooks");
    let made =
        ok(&world.client.json("POST", &hooks, &json!({"url": "https://hooks.example/in", "method": "POST", "status": "active"})), 201);
    let documented = [
        "created_at",
        "deleted_at",
        "deliveries",
        "failure_count",
        "id",
        "method",
        "status",
        "success_count",
        "template_id",
        "updated_at",
        "url",
        "user_id",
    ];
    let shown: Vec<&str> = fields(&made).into_iter().filter(|name| *name != "secret").collect();
    assert_eq!(shown, documented);
    assert_eq!((&made["id"], &made["template_id"], &made["url"]), (&json!(1), &json!(agent), &json!("https://hooks.example/in")));
    assert_eq!((&made["method"], &made["status"], &made["deleted_at"]), (&json!("POST"), &json!("active"), &Value::Null));
    assert!(made["secret"].as_str().unwrap().starts_with("whsec_") && made["user_id"].is_u64());
    let other = world.deploy("other", &talks());
    let defaults =
        ok(&world.client.json("POST", &format!("/api/agents/{other}/webhooks"), &json!({"url": "https://hooks.example/b"})), 201);
    assert_eq!((&defaults["method"], &defaults["status"]), (&json!("POST"), &json!("active")), "defaults");
    let off = json!({"url": "https://hooks.example/c", "method": "post", "status": "inactive"});
    assert_eq!(ok(&world.client.json("POST", &hooks, &off), 201)["status"], "inactive");
    let own = ok(&world.client.get(&hooks), 200);
    assert_eq!((fields(&own), ids(&own)), (PAGE.to_vec(), vec![1, 3]));
    assert_eq!(fields(&own["data"][0]), documented, "the secret is shown once");
    let all = ok(&world.client.get("/api/webhooks"), 200);
    assert_eq!((ids(&all), &all["data"][2]["template_id"]), (vec![1, 3, 2], &json!(other)), "of every agent");
    assert_eq!(ids(&ok(&world.client.get("/api/webhooks?page=2&per_page=2"), 200)), [2]);
    for (body, field) in [
        (json!({}), "url"),
        (json!({"url": "hooks.example"}), "url"),
        (json!({"url": "http://169.254.169.254/"}), "url"),
        (json!({"url": "https://a.example", "method": "GET"}), "method"),
        (json!({"url": "https://a.example", "status": "asleep"}), "status"),
        (json!({"url": "https://a.example", "events": []}), "events"),
    ] {
        refused(&world.client.json("POST", &hooks, &body), field);
    }
    let native = world.client.get("/v1/tenants/default/agents/helper/webhooks").value();
    assert_eq!(native[0]["events"], json!(["execution.completed", "execution.failed", "execution.cancelled"]));
    let named = world.client.get("/v1/tenants/default/agents/helper/webhooks/1");
    assert_eq!((named.status, named.value()["id"].clone()), (200, native[0]["id"].clone()), "both kinds of id");
    assert_eq!(ok(&delete(&world.client, "/api/webhooks/1"), 200), json!({"id": 1, "object": "webhook", "deleted": true}));
    assert_eq!(delete(&world.client, "/api/webhooks/1").status, 404);
    assert_eq!(ids(&ok(&world.client.get("/api/webhooks"), 200)), [3, 2]);
    let id = native[1]["id"].as_str().unwrap();
    assert_eq!(ok(&delete(&world.client, &format!("/api/webhooks/{id}")), 200)["id"], 3);
    let beta = world.server.tenant("beta");
    assert_eq!(delete(&beta, "/api/webhooks/2").status, 404, "another workspace's");
    assert_eq!(world.client.get("/api/agents/99/webhooks").status, 404);
}

#[test]
fn contract_webhook_is_called_at_the_end_signed_repeated_and_listed_with_its_log() {
    let world = World::new();
    let agent = world.deploy("helper", &talks());
    let (url, calls) = receiver(&[500, 200]);
    let made = ok(&world.client.json("POST", &format!("/api/agents/{agent}/webhooks"), &json!({"url": url})), 201);
    let response = world.ran(agent, &says("Hi"));
    let (first, body) = calls.recv_timeout(PATIENCE).expect("a call");
    let (again, repeated) = calls.recv_timeout(PATIENCE).expect("the same once more, since it was not taken");
    let header = |head: &[String], name: &str| {
        let found = head.iter().filter_map(|line| line.split_once(": ")).find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.unwrap_or_else(|| panic!("no {name}: {head:?}")).1.to_owned()
    };
    let key = STANDARD.decode(made["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{body}", header(&first, "webhook-id"), header(&first, "webhook-timestamp")).as_bytes());
    assert_eq!(header(&first, "webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    assert_eq!((header(&again, "webhook-id"), &repeated), (header(&first, "webhook-id"), &body));
    let payload: Value = serde_json::from_str(&body).unwrap();
    assert_eq!((&payload["type"], &payload["data"]["agentId"]), (&json!("execution.completed"), &json!("helper")));
    assert_eq!(payload["data"]["executionRecordId"], world.natively(&response).0["id"]);
    let until = std::time::Instant::now() + PATIENCE;
    let listed = loop {
        let listed = world.client.get("/api/webhooks").value()["data"][0].clone();
        if listed["success_count"] == 1 {
            break listed;
        }
        assert!(std::time::Instant::now() < until, "it never counts as delivered: {listed}");
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let delivery = &listed["deliveries"][0];
    let documented = ["attempts", "created_at", "error", "event", "id", "next_attempt_at", "response_id", "response_status", "status"];
    assert_eq!(fields(delivery), documented);
    assert_eq!((&delivery["status"], &delivery["attempts"], &delivery["response_status"]), (&json!("DELIVERED"), &json!(2), &json!(200)));
    assert_eq!((&delivery["response_id"], &delivery["event"]), (&response["id"], &json!("execution.completed")));
    assert_eq!(listed["failure_count"], 0);
    let failing = json!({"steps": {"only": {"fail": {"code": "no_luck", "message": "It did not work."}}}});
    let failing = world.deploy("failing", &failing);
    let (url, calls) = receiver(&[200]);
    ok(&world.client.json("POST", &format!("/api/agents/{failing}/webhooks"), &json!({"url": url})), 201);
    ok(
        &world.client.json("POST", &format!("/api/agents/{failing}/webhooks"), &with(json!({"status": "inactive"}), "url", json!(url))),
        201,
    );
    world.ran(failing, &json!({}));
    let (_, body) = calls.recv_timeout(PATIENCE).expect("a call");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap()["type"], "execution.failed");
}
