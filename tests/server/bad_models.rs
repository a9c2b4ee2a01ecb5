//! A model's server that hangs, drips, cuts, lies about lengths, talks without end, talks nonsense, redirects or refuses at length: each attempt
//! ends with its code, as often as the flow allows and no oftener, the process stays small, and other executions do not notice.

use std::collections::BTreeMap;
use std::io::{BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{TENANT, eventually_within, expect};
use super::harness::Server;
use super::model::request;
use super::oracle::agent;

/// What a model says without end, at least.
const ENDLESS_BYTES: usize = 200 << 20;
const ATTEMPTS: usize = 2;
/// What the process may grow by while four such answers come in at once; each of them is larger.
const GROWTH_BYTES_MAX: u64 = 180 << 20;
/// Megabytes go through unoptimised code, beside other tests.
const LONG_PATIENCE: Duration = Duration::from_secs(600);
const EVENTS: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n";
const FLOW: &str = "flow: NAME\nsteps:\n  say:\n    llm: {model: openai/NAME, prompt: Hello, max_tokens: 20}\n    timeout: TIMEOUT\n    \
                    retry: {attempts: 2, backoff: 10ms..20ms}\noutput: steps.say.output\n";

/// How the server misbehaves, by the model's name; what the step ends with; how often it was tried.
const TABLE: [(&str, &str, usize); 15] = [
    ("hangs", "timeout", ATTEMPTS),
    ("hangs_after_headers", "timeout", ATTEMPTS),
    ("drips", "timeout", ATTEMPTS),
    ("cuts", "connection_cut", ATTEMPTS),
    ("cuts_at_once", "connection_cut", ATTEMPTS),
    ("promises_more", "connection_cut", ATTEMPTS),
    ("promises_less", "connection_cut", ATTEMPTS),
    ("endless_line", "answer_too_large", 1),
    ("endless_text", "answer_too_large", 1),
    ("endless_call", "answer_too_large", 1),
    ("endless_refusal", "http_500", ATTEMPTS),
    ("numbers_calls_wildly", "model_answer_invalid", ATTEMPTS),
    ("garbage", "model_answer_invalid", ATTEMPTS),
    ("page", "connection_cut", ATTEMPTS),
    ("redirects", "http_302", 1),
];

fn delta(delta: &Value, finish: Option<&str>) -> String {
    let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
    format!("data: {}\n\n", json!({"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [choice]}))
}

fn hello() -> String {
    delta(&json!({"content": "Hello"}), None) + &delta(&json!({}), Some("stop")) + "data: [DONE]\n\n"
}

/// The server, and how often each model was asked.
struct Models {
    url: String,
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Models {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let models = Self { url: format!("http://{}", listener.local_addr().unwrap()), asked: Arc::default() };
        let asked = Arc::clone(&models.asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let asked = Arc::clone(&asked);
                // Who had enough hangs up: that is no fault.
                std::thread::spawn(move || answer(stream, &asked));
            }
        });
        models
    }

    fn asked(&self, model: &str) -> usize {
        self.asked.lock().unwrap().get(model).copied().unwrap_or_default()
    }
}

fn answer(stream: TcpStream, asked: &Mutex<BTreeMap<String, usize>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let Some((_, body)) = request(&mut reader)? else { return Ok(()) };
    let body: Value = serde_json::from_slice(&body).unwrap();
    let model = body["model"].as_str().unwrap().to_owned();
    *asked.lock().unwrap().entry(model.clone()).or_default() += 1;
    misbehave(&model, reader.into_inner())
}

fn misbehave(model: &str, mut stream: TcpStream) -> std::io::Result<()> {
    let mut say = |text: &str| stream.write_all(text.as_bytes());
    let hello = hello();
    match model {
        "good" => say(&format!("{EVENTS}\r\n{hello}")),
        "hangs" => hold(&stream),
        "hangs_after_headers" => {
            say(&format!("{EVENTS}\r\n"))?;
            hold(&stream)
        }
        "drips" => {
            say(&format!("{EVENTS}\r\n"))?;
            // One event, a byte at a time, slower than anybody waits.
            for byte in hello.bytes().cycle() {
                stream.write_all(&[byte])?;
                std::thread::sleep(Duration::from_millis(50));
            }
            Ok(())
        }
        "cuts" => say(&format!("{EVENTS}\r\n{}data: {{\"id\"", delta(&json!({"content": "Hel"}), None))),
        "promises_more" => say(&format!("{EVENTS}content-length: 9999\r\n\r\n{}", delta(&json!({"content": "Hel"}), None))),
        "promises_less" => say(&format!("{EVENTS}content-length: 40\r\n\r\n{hello}")),
        "endless_line" => endless(stream, &format!("{EVENTS}\r\ndata: "), &"x".repeat(1 << 16)),
        "endless_text" => endless(stream, &format!("{EVENTS}\r\n"), &delta(&json!({"content": "x".repeat(1 << 14)}), None)),
        "endless_call" => {
            let first =
                json!({"tool_calls": [{"index": 0, "id": "c", "type": "function", "function": {"name": "now", "arguments": "\""}}]});
            let more = json!({"tool_calls": [{"index": 0, "function": {"arguments": "x".repeat(1 << 14)}}]});
            endless(stream, &format!("{EVENTS}\r\n{}", delta(&first, None)), &delta(&more, None))
        }
        "endless_refusal" => endless(stream, "HTTP/1.1 500 Oops\r\nconnection: close\r\n\r\n", &"no ".repeat(1 << 14)),
        // Whoever believes this makes room for as many calls.
        "numbers_calls_wildly" => {
            let call = json!({"tool_calls": [{"index": u32::MAX, "id": "c", "function": {"name": "now", "arguments": "{}"}}]});
            say(&format!("{EVENTS}\r\n{}{}data: [DONE]\n\n", delta(&call, None), delta(&json!({}), Some("tool_calls"))))
        }
        "garbage" => {
            let garbage: Vec<u8> = (0..1_000_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_be_bytes()[0] | 0x80).collect();
            say(&format!("{EVENTS}\r\n"))?;
            stream.write_all(&garbage)
        }
        "page" => {
            say("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n<html>\n\n<p>Welcome to nginx</p>\n\n</html>\n")
        }
        "redirects" => say("HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"),
        // Cut at once.
        _ => Ok(()),
    }
}

/// Until the other side goes away.
fn hold(mut stream: &TcpStream) -> std::io::Result<()> {
    let _ = stream.read(&mut [0])?;
    Ok(())
}

fn endless(mut stream: TcpStream, head: &str, piece: &str) -> std::io::Result<()> {
    stream.write_all(head.as_bytes())?;
    for _ in 0..ENDLESS_BYTES.div_ceil(piece.len()) {
        stream.write_all(piece.as_bytes())?;
    }
    Ok(())
}

struct House {
    server: Server,
    models: Models,
    _directory: tempfile::TempDir,
}

impl House {
    fn open() -> Self {
        let models = Models::start();
        let directory = tempfile::tempdir().unwrap();
        let base = format!("{}/v1", models.url);
        let server = Server::start_with(directory.path(), &[], &[("OPENAI_BASE_URL", &base), ("OPENAI_API_KEY", "sk-test")]);
        let root = server.root();
        for name in TABLE.iter().map(|(name, ..)| *name).chain(["good"]) {
            // What is meant to time out does so soon, everything else has all the time that it needs.
            let is_slow = TABLE.iter().any(|(slow, code, _)| *slow == name && *code == "timeout");
            agent(&root, name, &FLOW.replace("NAME", name).replace("TIMEOUT", if is_slow { "2s" } else { "10m" }));
        }
        Self { server, models, _directory: directory }
    }

    fn begin(&self, agent: &str) -> String {
        let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
        let started = self.server.root().request("POST", &format!("{TENANT}/agents/{agent}:execute"), &headers, b"{}").unwrap();
        assert!(matches!(started.status, 200 | 202), "{}", started.text());
        started.value()["executionRecordId"].as_str().unwrap().to_owned()
    }

    fn record(&self, agent: &str, execution: &str) -> Value {
        expect(200, &self.server.root().get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}")))
    }

    fn ends(&self, agent: &str, execution: &str) {
        eventually_within(LONG_PATIENCE, &format!("{agent} ends"), || self.record(agent, execution)["endTime"].is_number());
    }

    /// A field of the process's status, in bytes.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.server.pid())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() << 10
    }
}

#[test]
fn each_attempt_ends_with_its_code_as_often_as_the_flow_allows() {
    let house = House::open();
    let started: Vec<_> = TABLE.iter().map(|(name, ..)| house.begin(name)).collect();
    // Meanwhile the well behaved are answered.
    for _ in 0..5 {
        let answered = expect(200, &house.server.root().json("POST", &format!("{TENANT}/agents/good:execute"), &json!({})));
        assert_eq!(answered["status"], "COMPLETED", "{answered}");
    }
    let mut faults = Vec::new();
    for ((name, code, attempts), execution) in TABLE.iter().zip(&started) {
        house.ends(name, execution);
        let record = house.record(name, execution);
        let asked = house.models.asked(name);
        if (record["status"].as_str(), record["errorCode"].as_str(), asked) != (Some("FAILED"), Some(*code), *attempts) {
            faults.push(format!("{name}: asked {asked} times, {record}"));
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn endless_answers_take_a_bounded_part_of_the_memory() {
    let house = House::open();
    expect(200, &house.server.root().json("POST", &format!("{TENANT}/agents/good:execute"), &json!({})));
    let before = house.memory("VmHWM:");
    let endless = ["endless_line", "endless_text", "endless_call", "endless_refusal"];
    let started: Vec<_> = endless.iter().map(|name| (*name, house.begin(name))).collect();
    for (name, execution) in &started {
        house.ends(name, execution);
        assert_eq!(house.record(name, execution)["status"], "FAILED");
    }
    let grown = house.memory("VmHWM:") - before;
    assert!(grown < GROWTH_BYTES_MAX, "answers without end took {} MiB", grown >> 20);
}
