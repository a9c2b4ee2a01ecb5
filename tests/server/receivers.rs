//! The other side: a receiver of webhooks and a mail server, each on a thread of its own.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;

use super::bench::PATIENCE;

/// A call that a webhook got.
#[derive(Clone, Debug)]
pub struct Call {
    /// Names in lower case.
    pub headers: HashMap<String, String>,
    pub body: String,
}

/// Takes every call and answers 200.
pub struct Receiver {
    calls: mpsc::Receiver<Call>,
}

/// A port that nobody listens on (yet).
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Receiver {
    pub fn at(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let (sender, calls) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Some(call) = stream.ok().and_then(take) else { continue };
                if sender.send(call).is_err() {
                    return;
                }
            }
        });
        Self { calls }
    }

    pub fn next(&self) -> Call {
        self.calls.recv_timeout(PATIENCE).expect("a call")
    }
}

fn take(stream: TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut stream = reader.into_inner();
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nthanks").ok()?;
    Some(Call { headers, body: String::from_utf8(body).ok()? })
}

/// A mail server that keeps what it is given.
pub struct MailServer {
    pub port: u16,
    mails: mpsc::Receiver<String>,
}

impl MailServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, mails) = mpsc::channel();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let sender = sender.clone();
                std::thread::spawn(move || converse(stream, &sender));
            }
        });
        Self { port, mails }
    }

    /// The next mail, headers and all, long lines made whole again.
    pub fn next(&self) -> String {
        let mail = self.mails.recv_timeout(PATIENCE).expect("a mail");
        mail.replace("=\r\n", "").replace("=3D", "=")
    }
}

fn converse(stream: TcpStream, mails: &mpsc::Sender<String>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut stream = stream;
    let mut envelope = String::new();
    stream.write_all(b"220 mail ready\r\n").ok()?;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let command = line.trim_end().to_uppercase();
        match command.split([' ', ':']).next()? {
            "DATA" => {
                stream.write_all(b"354 go on\r\n").ok()?;
                let mut mail = std::mem::take(&mut envelope);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).ok()? == 0 {
                        return None;
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    mail.push_str(&line);
                }
                stream.write_all(b"250 kept\r\n").ok()?;
                mails.send(mail).ok()?;
            }
            "EHLO" => stream.write_all(b"250-mail\r\n250 AUTH PLAIN\r\n").ok()?,
            "AUTH" => stream.write_all(b"235 come in\r\n").ok()?,
            "QUIT" => {
                stream.write_all(b"221 bye\r\n").ok()?;
                return None;
            }
            verb => {
                if matches!(verb, "MAIL" | "RCPT") {
                    envelope.push_str(&line);
                }
                stream.write_all(b"250 fine\r\n").ok()?;
            }
        }
    }
}
