//! A model server on a thread of its own: it speaks the chat-completions wire, piece by piece, as the test says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::{PATIENCE, Server};

/// What the model says to one request.
#[derive(Clone, Debug)]
pub struct Speech {
    pub pieces: Vec<String>,
    /// After each piece.
    pub pause: Duration,
    /// After the last piece: the connection breaks instead of an end.
    pub breaks: bool,
    /// Tools that it wants called after that, with their arguments.
    pub calls: Vec<(&'static str, Value)>,
}

impl Speech {
    pub fn new(pieces: &[&str], pause_ms: u64) -> Self {
        let pieces = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        Self { pieces, pause: Duration::from_millis(pause_ms), breaks: false, calls: Vec::new() }
    }

    /// Says nothing and asks for a tool.
    pub fn calling(tool: &'static str, arguments: Value) -> Self {
        Self { calls: vec![(tool, arguments)], ..Self::new(&[], 0) }
    }

    pub fn text(&self) -> String {
        self.pieces.concat()
    }
}

#[derive(Clone)]
pub struct Model {
    pub url: String,
    requests: Arc<Mutex<Requests>>,
}

/// Bodies, in the order of arrival, each with when its answer had ended.
type Requests = Vec<(Value, Option<Instant>)>;

impl Model {
    /// `script` is given the number of the request (from 0) and its body.
    pub fn start(script: impl Fn(usize, &Value) -> Speech + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let model = Self { url: format!("http://{}", listener.local_addr().unwrap()), requests: Arc::default() };
        let (requests, script) = (Arc::clone(&model.requests), Arc::new(script));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (requests, script) = (Arc::clone(&requests), Arc::clone(&script));
                // Fails when the server hangs up, which it may.
                std::thread::spawn(move || answer(stream, &requests, script.as_ref()));
            }
        });
        model
    }

    /// A server whose models are this one.
    pub fn serve(&self, directory: &Path, arguments: &[&str]) -> Server {
        let variables = self.variables();
        let variables = variables.each_ref().map(|(name, value)| (*name, value.as_str()));
        Server::start_with(directory, arguments, &variables)
    }

    /// What makes these models a server's.
    pub fn variables(&self) -> [(&'static str, String); 3] {
        [
            ("OPENAI_BASE_URL", format!("{}/v1", self.url)),
            ("OPENAI_API_KEY", "sk-test".to_owned()),
            ("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1".to_owned()),
        ]
    }

    pub fn requests(&self) -> Vec<Value> {
        self.requests.lock().unwrap().iter().map(|(body, _)| body.clone()).collect()
    }

    /// When the answer to a request had ended; none: it has not.
    pub fn ended(&self, number: usize) -> Option<Instant> {
        self.requests.lock().unwrap().get(number).and_then(|(_, ended)| *ended)
    }

    /// Waits until so many were asked.
    pub fn asked(&self, count: usize) {
        let until = Instant::now() + PATIENCE;
        while self.requests().len() < count {
            assert!(Instant::now() < until, "the model was asked {} times, not {count}", self.requests().len());
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What was said in a request, without the system's part.
pub fn said(request: &Value) -> Vec<(String, String)> {
    let messages = request["messages"].as_array().unwrap().iter();
    let told = messages.filter(|message| message["role"] != "system");
    told.map(|message| (message["role"].as_str().unwrap().to_owned(), content(&message["content"]))).collect()
}

fn content(content: &Value) -> String {
    match content {
        Value::Array(parts) => parts.iter().filter_map(|part| part["text"].as_str()).collect(),
        content => content.as_str().unwrap_or_default().to_owned(),
    }
}

/// The first line of a request and its body; none where whoever connected has gone.
pub fn request(reader: &mut BufReader<TcpStream>) -> std::io::Result<Option<(String, Vec<u8>)>> {
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        if line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        if head.is_empty() {
            head = line;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((head, body)))
}

fn answer(stream: TcpStream, requests: &Mutex<Requests>, script: &(impl Fn(usize, &Value) -> Speech + ?Sized)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let Some((head, body)) = request(&mut reader)? else { return Ok(()) };
    if head.starts_with("GET ") {
        return plain(reader.into_inner());
    }
    let body: Value = serde_json::from_slice(&body).unwrap();
    let (number, speech) = {
        let mut requests = requests.lock().unwrap();
        requests.push((body.clone(), None));
        (requests.len() - 1, script(requests.len() - 1, &body))
    };
    let mut stream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    for piece in &speech.pieces {
        let delta = json!({"id": "1", "object": "chat.completion.chunk", "model": "m",
            "choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": null}]});
        stream.write_all(format!("data: {delta}\n\n").as_bytes())?;
        std::thread::sleep(speech.pause);
    }
    for (index, (tool, arguments)) in speech.calls.iter().enumerate() {
        let call = json!({"index": index, "id": format!("call_{index}"), "type": "function",
            "function": {"name": tool, "arguments": arguments.to_string()}});
        let delta = json!({"id": "1", "object": "chat.completion.chunk", "model": "m",
            "choices": [{"index": 0, "delta": {"tool_calls": [call]}, "finish_reason": null}]});
        stream.write_all(format!("data: {delta}\n\n").as_bytes())?;
    }
    if !speech.breaks {
        let reason = if speech.calls.is_empty() { "stop" } else { "tool_calls" };
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": speech.pieces.len(), "total_tokens": 20}});
        let end = json!({"id": "1", "object": "chat.completion.chunk", "model": "m",
            "choices": [{"index": 0, "delta": {}, "finish_reason": reason}]});
        requests.lock().unwrap()[number].1 = Some(Instant::now());
        stream.write_all(format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n").as_bytes())?;
    }
    Ok(())
}

/// What a step that fetches something gets, after a while.
fn plain(mut stream: TcpStream) -> std::io::Result<()> {
    std::thread::sleep(Duration::from_millis(60));
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
}
