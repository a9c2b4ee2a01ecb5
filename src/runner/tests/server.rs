//! A server that plays a script on each connection and remembers what it was sent.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// What the server does after it has read a request.
#[derive(Clone, Debug)]
pub enum Act {
    Send(Vec<u8>),
    Wait(Duration),
    /// Closes the connection; otherwise it is held until the client closes it.
    Close,
}

pub struct Server {
    pub url: String,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    requests: Mutex<Vec<String>>,
    request: Notify,
    /// When a client closed a connection that was held.
    closed: Mutex<Option<Instant>>,
    close: Notify,
}

impl Server {
    /// `script` is given the number of the request (from 0) and its text.
    pub async fn start(script: impl Fn(usize, &str) -> Vec<Act> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Seen::default());
        let (script, shared) = (Arc::new(script), Arc::clone(&seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&script), Arc::clone(&shared)));
            }
        });
        Self { url, seen }
    }

    /// Always the same answer.
    pub async fn answering(response: impl Into<Vec<u8>>) -> Self {
        let response = response.into();
        Self::start(move |_, _| vec![Act::Send(response.clone()), Act::Close]).await
    }

    pub fn requests(&self) -> Vec<String> {
        self.seen.requests.lock().unwrap().clone()
    }

    pub async fn request(&self) {
        while self.requests().is_empty() {
            self.seen.request.notified().await;
        }
    }

    /// When the client closed the held connection.
    pub async fn closed(&self) -> Instant {
        loop {
            if let Some(at) = *self.seen.closed.lock().unwrap() {
                return at;
            }
            self.seen.close.notified().await;
        }
    }
}

async fn connection(mut stream: TcpStream, script: Arc<impl Fn(usize, &str) -> Vec<Act>>, seen: Arc<Seen>) {
    while let Some(request) = read_request(&mut stream).await {
        let acts = {
            let mut requests = seen.requests.lock().unwrap();
            requests.push(request.clone());
            script(requests.len() - 1, &request)
        };
        seen.request.notify_one();
        for act in acts {
            match act {
                Act::Send(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        break;
                    }
                }
                Act::Wait(time) => tokio::time::sleep(time).await,
                Act::Close => {
                    let _ = stream.shutdown().await;
                    return;
                }
            }
        }
    }
    *seen.closed.lock().unwrap() = Some(Instant::now());
    seen.close.notify_one();
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut bytes = Vec::new();
    let mut buffer = [0_u8; 4096];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            if body.len() >= length.unwrap_or(0_usize) {
                return Some(text);
            }
        }
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

/// A response with a length.
pub fn response(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let headers = if headers.is_empty() { String::new() } else { format!("{headers}\r\n") };
    format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len()).into_bytes()
}

pub fn ok(body: &str) -> Vec<u8> {
    response("200 OK", "content-type: application/json", body)
}
