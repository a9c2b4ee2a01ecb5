//! Server-sent events, read one by one as they come.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::harness::{PATIENCE, ROOT_KEY, Server};

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
        let mut stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: test\r\nx-api-key: {ROOT_KEY}\r\naccept: text/event-stream\r\n\r\n").unwrap();
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
