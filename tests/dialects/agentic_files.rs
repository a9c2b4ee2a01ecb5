//! Source document 001: files that are sent along.

use serde_json::{Value, json};

use super::agentic::{Caller, catalog, deploy, natively, normalised, request, taken, waits, works};
use super::harness::{Answer, Server};

const PDF: &[u8] = b"%PDF-1.7 product data";

/// A part of a form: its name, the file's name and type where it is one, and what is in it.
type Part<'a> = (&'a str, Option<(&'a str, &'a str)>, &'a [u8]);

fn send(caller: &Caller, agent: u64, parts: &[Part<'_>]) -> Answer {
    let mut body = Vec::new();
    for (name, file, bytes) in parts {
        body.extend(format!("--parts\r\nContent-Disposition: form-data; name=\"{name}\"").bytes());
        if let Some((filename, content_type)) = file {
            body.extend(format!("; filename=\"{filename}\"\r\nContent-Type: {content_type}").bytes());
        }
        body.extend(b"\r\n\r\n");
        body.extend_from_slice(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--parts--\r\n");
    let path = format!("/api/agents/{agent}/agentic-executions/");
    caller.ask("POST", &path, &[("content-type", "multipart/form-data; boundary=parts")], &body)
}

fn input() -> Vec<u8> {
    request()["input"].to_string().into_bytes()
}

fn started(server: &Server, steps: &Value) -> (Caller, u64) {
    let agent = deploy(&server.root(), "catalog", &catalog(steps, &json!({})));
    (Caller::of(&server.root()), agent)
}

fn settings(server: &Server, settings: &Value) {
    let changed = server.root().json("PATCH", "/v1/tenants/default/agents/catalog", &json!({"settings": settings}));
    assert!(changed.status < 300, "{}", changed.text());
}

/// Nothing is left of what was refused: no execution, no file.
fn nothing_is_left(server: &Server, caller: &Caller) {
    assert_eq!(caller.get("/api/agentic-executions/").value()["count"], 0);
    assert_eq!(server.root().get("/v1/tenants/default/storage").value()["items"], json!([]));
}

#[test]
fn document_001_start_and_get_examples_with_a_file() {
    let server = Server::start();
    let (caller, agent) = started(&server, &waits());
    let shown = taken(&send(&caller, agent, &[("input", None, &input()), ("files[]", Some(("product_data.pdf", "application/pdf")), PDF)]));
    let file = json!({
        "id": 4, "filename": "product_data.pdf", "file_url": "/media/conversations/198/product_data.pdf", "content_type": "application/pdf",
    });
    assert_eq!(normalised(&shown)["files"], json!([file]), "{shown}");
    assert_eq!(shown["input"], request()["input"]);
    let later = caller.execution(&shown["id"]);
    assert_eq!(later["files"], shown["files"]);
    assert_eq!(later["status"], "in_progress");
}

#[test]
fn contract_agentic_file_url_is_served_to_the_same_token() {
    let server = Server::start();
    let (caller, agent) = started(&server, &works());
    let parts: [Part<'_>; 5] = [
        ("execution_key", None, b"catalog-enrichment"),
        ("input", None, b"{}"),
        ("files", Some(("product data.pdf", "application/pdf")), PDF),
        ("files", Some(("notes.txt", "text/plain")), b"one"),
        ("files[]", Some(("notes.txt", "text/plain")), b"two"),
    ];
    let shown = taken(&send(&caller, agent, &parts));
    let urls: Vec<&str> = shown["files"].as_array().unwrap().iter().map(|file| file["file_url"].as_str().unwrap()).collect();
    let read = |url: &str| {
        let answer = caller.get(url);
        assert_eq!(answer.status, 200, "{url}: {}", answer.text());
        (answer.header("content-type").unwrap().to_owned(), answer.body)
    };
    assert_eq!(read(urls[0]), ("application/pdf".to_owned(), PDF.to_vec()));
    assert_eq!((read(urls[1]).1, read(urls[2]).1), (b"one".to_vec(), b"two".to_vec()), "two files of one name: {urls:?}");
    let beta = Caller::of(&server.tenant("beta"));
    for url in &urls {
        assert_eq!(beta.get(url).status, 404, "{url}");
    }
    assert_eq!(caller.get(&format!("/media/conversations/{}/other.pdf", shown["conversation"])).status, 404);
    assert_eq!(caller.get("/media/conversations/999/notes.txt").status, 404);
}

#[test]
fn contract_agentic_the_flow_sees_the_files_and_the_record_has_them() {
    let server = Server::start();
    let flow = json!({"steps": {"only": {"set": {"names": "context.attachments.map(file, file.name)"}}}});
    let agent = deploy(&server.root(), "reader", &flow);
    let caller = Caller::of(&server.root());
    let shown = taken(&send(&caller, agent, &[("files", Some(("a.txt", "text/plain")), b"words")]));
    let done = caller.ended(&shown["id"]);
    assert_eq!(done["result"], json!({"names": ["a.txt"]}), "{done}");
    let (record, _) = natively(&server.root(), &done);
    assert_eq!(record["number"], done["id"]);
}

#[test]
fn document_001_input_of_a_form_must_be_a_json_string() {
    let server = Server::start();
    let (caller, agent) = started(&server, &works());
    for text in ["{", "[]", "words"] {
        let refused = send(&caller, agent, &[("input", None, text.as_bytes())]);
        assert_eq!((refused.status, refused.value()["input"].is_array()), (400, true), "{text}: {}", refused.text());
    }
    let refused = send(&caller, agent, &[("input", None, b"{\"unknown\": 1}")]);
    assert_eq!((refused.status, refused.value()["input"]["unknown"].is_array()), (400, true), "{}", refused.text());
    let refused = send(&caller, agent, &[("input", None, b"{}"), ("more", None, b"x")]);
    assert_eq!((refused.status, refused.value()["more"].is_array()), (400, true), "{}", refused.text());
    nothing_is_left(&server, &caller);
}

#[test]
fn document_001_files_to_an_agent_with_file_upload_disabled_are_400() {
    let server = Server::start();
    let (caller, agent) = started(&server, &works());
    settings(&server, &json!({"attachmentBytesMax": 0}));
    let refused = send(&caller, agent, &[("files", Some(("a.txt", "text/plain")), b"words")]);
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert!(refused.value()["detail"].as_str().unwrap().contains("file upload"), "{}", refused.text());
    nothing_is_left(&server, &caller);
    assert_eq!(send(&caller, agent, &[("input", None, b"{}")]).status, 202, "a form without files");
}

#[test]
fn document_001_unsupported_file_types_are_400() {
    let server = Server::start();
    let (caller, agent) = started(&server, &works());
    settings(&server, &json!({"attachmentTypes": ["application/pdf"]}));
    let fits: Part<'_> = ("files[]", Some(("product_data.pdf", "application/pdf")), PDF);
    for (what, part) in [
        ("another type", ("files[]", Some(("a.txt", "text/plain")), &b"words"[..])),
        ("a claim that the bytes do not bear out", ("files[]", Some(("a.pdf", "application/pdf")), &b"words"[..])),
    ] {
        let refused = send(&caller, agent, &[fits, part]);
        assert_eq!((refused.status, refused.value()["detail"].is_string()), (400, true), "{what}: {}", refused.text());
    }
    nothing_is_left(&server, &caller);
    assert_eq!(send(&caller, agent, &[fits]).status, 202);
}

#[test]
fn contract_agentic_files_are_bounded() {
    let server = Server::start();
    let (caller, agent) = started(&server, &works());
    settings(&server, &json!({"attachmentBytesMax": 4}));
    assert_eq!(send(&caller, agent, &[("files", Some(("a.txt", "text/plain")), b"words")]).status, 413);
    let many: Vec<Part<'_>> = (0..17).map(|_| ("files", Some(("a.txt", "text/plain")), &b"a"[..])).collect();
    let refused = send(&caller, agent, &many);
    assert_eq!((refused.status, refused.value()["files"].is_array()), (400, true), "{}", refused.text());
    nothing_is_left(&server, &caller);
}
