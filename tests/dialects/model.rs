//! A model server that says what the test scripts: a text, or calls of tools.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::harness::Server;

/// One turn of the model.
#[derive(Clone, Debug)]
pub enum Turn {
    Says(&'static str),
    /// What it thinks, and the tools with their arguments.
    Calls(&'static str, Vec<(&'static str, Value)>),
    /// A text in several pieces.
    Pieces(Vec<&'static str>),
    /// Begins to say something, and hangs up when it is told to.
    Breaks(&'static str, Arc<Mutex<Receiver<()>>>),
}

/// Starts a server whose models say `script`, given how many answers of theirs and of tools a request has in it already.
pub fn serve(directory: &Path, script: impl Fn(usize) -> Turn + Send + Sync + 'static) -> Server {
    serve_asked(directory, &[], move |request| script(answers(request)))
}

/// How many turns of the model a request has in it already.
pub fn answers(request: &Value) -> usize {
    request["messages"].as_array().unwrap().iter().filter(|message| message["role"] == "assistant").count()
}

/// Starts a server, with more variables, whose models say `script`, given the whole request.
pub fn serve_asked(directory: &Path, more: &[(&str, &str)], script: impl Fn(&Value) -> Turn + Send + Sync + 'static) -> Server {
    let url = listen(script);
    let variables = [("OPENAI_BASE_URL", url.as_str()), ("OPENAI_API_KEY", "sk-test"), ("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1")];
    let variables: Vec<_> = variables.into_iter().chain(more.iter().copied()).collect();
    Server::start_with(directory, &[], &variables)
}

/// The address of a model server.
fn listen(script: impl Fn(&Value) -> Turn + Send + Sync + 'static) -> String {
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
    url
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
    let said = |text: &&str| json!({"content": text});
    let mut until = None;
    let (deltas, reason) = match script(&request) {
        Turn::Says(text) => (vec![said(&text)], "stop"),
        Turn::Pieces(texts) => (texts.iter().map(said).collect(), "stop"),
        Turn::Breaks(text, told) => {
            until = Some(told);
            (vec![said(&text)], "stop")
        }
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
    for delta in deltas {
        stream.write_all(format!("data: {}\n\n", chunk(&delta, None)).as_bytes())?;
    }
    if let Some(told) = until {
        let _ = told.lock().unwrap().recv();
        return Ok(());
    }
    stream.write_all(format!("data: {end}\n\ndata: {usage}\n\ndata: [DONE]\n\n").as_bytes())
}
