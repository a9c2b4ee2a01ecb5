//! A model server that says what the test scripts: a text, or calls of tools.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};

use super::harness::Server;

/// One turn of the model.
#[derive(Clone, Debug)]
pub enum Turn {
    Says(&'static str),
    /// The same in pieces, as it is generated.
    Pieces(&'static [&'static str]),
    /// What it thinks, and the tools with their arguments.
    Calls(&'static str, Vec<(&'static str, Value)>),
}

/// Starts a server whose models say `script`, given how many answers of theirs and of tools a request has in it already.
pub fn serve(directory: &Path, script: impl Fn(usize) -> Turn + Send + Sync + 'static) -> Server {
    let answers = |request: &Value| request["messages"].as_array().unwrap().iter().filter(|message| message["role"] == "assistant").count();
    serve_requests(directory, move |request| script(answers(request)))
}

/// The same, given the whole request.
pub fn serve_requests(directory: &Path, script: impl Fn(&Value) -> Turn + Send + Sync + 'static) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1", listener.local_addr().unwrap());
    let script = Arc::new(script);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let script = Arc::clone(&script);
            // Fails when the server hangs up, which it may.
            std::thread::spawn(move || answer(stream, script.as_ref()));
        }
    });
    let variables = [("OPENAI_BASE_URL", url.as_str()), ("OPENAI_API_KEY", "sk-test"), ("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1")];
    Server::start_with(directory, &[], &variables)
}

fn body(reader: &mut BufReader<TcpStream>) -> std::io::Result<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(serde_json::from_slice(&body).unwrap())
}

fn answer(stream: TcpStream, script: &(impl Fn(&Value) -> Turn + ?Sized)) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let request = body(&mut reader)?;
    let (deltas, reason) = match script(&request) {
        Turn::Says(text) => (vec![json!({"content": text})], "stop"),
        Turn::Pieces(pieces) => (pieces.iter().map(|piece| json!({"content": piece})).collect(), "stop"),
        Turn::Calls(text, calls) => {
            let calls = calls.iter().enumerate().map(|(index, (name, arguments))| {
                let function = json!({"name": name, "arguments": arguments.to_string()});
                json!({"index": index, "id": format!("call_{index}"), "type": "function", "function": function})
            });
            (vec![json!({"content": text, "tool_calls": calls.collect::<Vec<_>>()})], "tool_calls")
        }
    };
    let chunk = |delta: &Value, reason: Option<&str>| json!({"id": "1", "object": "chat.completion.chunk", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]});
    let usage = json!({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}});
    let end = chunk(&json!({}), Some(reason));
    let mut stream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")?;
    for delta in &deltas {
        stream.write_all(format!("data: {}\n\n", chunk(delta, None)).as_bytes())?;
    }
    stream.write_all(format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n").as_bytes())
}
