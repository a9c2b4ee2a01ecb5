//! Server-sent events, read one by one as they come.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::desk::eventually;
use super::harness::{Client, PATIENCE, ROOT_KEY, Server};

#[derive(Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
}

/// A stream that goes on.
pub struct Events {
    reader: BufReader<Chunks>,
}

impl Events {
    pub fn open(server: &Server, path: &str) -> Self {
        Self::open_with(server, path, &format!("x-api-key: {ROOT_KEY}"))
    }

    /// With a header that says who reads.
    pub fn open_with(server: &Server, path: &str, who: &str) -> Self {
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\n{who}\r\naccept: text/event-stream\r\n\r\n").unwrap();
        let mut reader = BufReader::new(stream);
        let status = line(&mut reader);
        assert!(status.contains(" 200 "), "{status}");
        while !line(&mut reader).is_empty() {}
        Self { reader: BufReader::new(Chunks { reader, left: 0 }) }
    }

    /// The next event; comments are passed over. None when the stream has ended.
    pub fn next(&mut self) -> Option<Event> {
        let (mut name, mut data) = (String::new(), Value::Null);
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            let line = line.trim_end();
            if let Some(text) = line.strip_prefix("event: ") {
                text.clone_into(&mut name);
            } else if let Some(text) = line.strip_prefix("data: ") {
                data = serde_json::from_str(text).unwrap();
            } else if line.is_empty() && !name.is_empty() {
                return Some(Event { name, data });
            }
        }
    }
}

fn line(reader: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    reader.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// A chunked body as it was before.
struct Chunks {
    reader: BufReader<TcpStream>,
    left: usize,
}

impl Read for Chunks {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        if self.left == 0 {
            let mut size = line(&mut self.reader);
            if size.is_empty() {
                size = line(&mut self.reader);
            }
            self.left = usize::from_str_radix(&size, 16).unwrap_or(0);
        }
        let wanted = buffer.len().min(self.left);
        let read = self.reader.read(&mut buffer[..wanted])?;
        self.left -= read;
        Ok(read)
    }
}

const WATCHED: &str = "/v1/tenants/default/agents/watched/testChats:subscribe";

fn watched(variables: &[(&str, &str)]) -> (tempfile::TempDir, Server) {
    let directory = tempfile::tempdir().unwrap();
    let server = Server::start_with(directory.path(), &[], variables);
    assert_eq!(server.root().json("POST", "/v1/tenants/default/agents", &json!({"id": "watched"})).status, 201);
    (directory, server)
}

/// The next event, which is the last one.
fn check_closing(events: &mut Events, reason: &str) {
    let last = events.next().unwrap();
    assert_eq!((last.name.as_str(), &last.data["reason"]), ("closing", &json!(reason)));
    assert_eq!(events.next(), None);
}

/// A key: its id and its value.
fn key(root: &Client) -> (String, String) {
    let made = root.json("POST", "/v1/tenants/default/apiKeys:generate", &json!({"name": "watcher", "scopes": ["admin"]}));
    assert_eq!(made.status, 200, "{}", made.text());
    let listed = root.get("/v1/tenants/default/apiKeys").value();
    let text = listed.to_string();
    let rows = listed.as_array().or(listed["items"].as_array()).unwrap_or_else(|| panic!("{text}"));
    let row = rows.iter().find(|row| row["name"] == "watcher").unwrap_or_else(|| panic!("{text}"));
    (row["id"].as_str().unwrap().to_owned(), made.value()["apiKey"].as_str().unwrap().to_owned())
}

#[test]
fn a_stream_counts_among_the_requests_at_once_until_it_ends() {
    let (_directory, server) = watched(&[("FLOWGATE_TENANT_AT_ONCE", "2")]);
    let streams = [Events::open(&server, WATCHED), Events::open(&server, WATCHED)];
    let refused = server.root().get("/v1/tenants/default/agents");
    assert_eq!((refused.status, refused.code().as_str()), (429, "rate_limited"));
    drop(streams);
    eventually("their places are free", || server.root().get("/v1/tenants/default/agents").status == 200);
}

#[test]
fn a_stream_ends_with_the_key_that_it_was_opened_with() {
    let (_directory, server) = watched(&[]);
    let (id, value) = key(&server.root());
    let mut own = Events::open_with(&server, WATCHED, &format!("x-api-key: {value}"));
    let mut other = Events::open(&server, WATCHED);
    assert_eq!((own.next().unwrap().name, other.next().unwrap().name), ("testChat".to_owned(), "testChat".to_owned()));
    let revoked = server.root().request("DELETE", &format!("/v1/tenants/default/apiKeys/{id}"), &[], b"").unwrap();
    assert!(revoked.status < 300, "{}", revoked.text());
    check_closing(&mut own, "unauthorized");
    assert_eq!(server.root().json("DELETE", "/v1/tenants/default/agents/watched", &json!({})).status / 100, 2, "the other stream goes on");
    drop(other);
}

#[test]
fn a_stream_ends_with_the_sign_in_that_it_was_opened_with() {
    let (_directory, server) = watched(&[]);
    let nobody = Client { address: server.address, key: None };
    let signed = nobody.json("POST", "/v1/signIn", &json!({"key": ROOT_KEY}));
    let cookie = signed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let mut stream = Events::open_with(&server, WATCHED, &format!("cookie: {cookie}"));
    assert_eq!(stream.next().unwrap().name, "testChat");
    let headers = [("cookie", cookie.as_str()), ("origin", "http://test")];
    assert_eq!(nobody.request("DELETE", "/v1/signIn/current", &headers, b"").unwrap().status, 204);
    check_closing(&mut stream, "unauthorized");
}

#[test]
fn a_sign_in_ends_when_its_key_s_value_rotates() {
    let (_directory, server) = watched(&[]);
    let (id, value) = key(&server.root());
    let nobody = Client { address: server.address, key: None };
    let signed = nobody.json("POST", "/v1/signIn", &json!({"key": value}));
    let cookie = signed.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let who = || nobody.request("GET", "/v1/signIn/current", &[("cookie", cookie.as_str())], b"").unwrap().status;
    assert_eq!(who(), 200);
    let rotated = server.root().json("POST", &format!("/v1/tenants/default/apiKeys/{id}:rotate"), &json!({}));
    assert_eq!(rotated.status, 200, "{}", rotated.text());
    assert_eq!(who(), 401);
}
