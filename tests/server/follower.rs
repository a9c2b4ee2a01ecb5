//! A reader of server-sent events that keeps their ids, may be cut off at any byte, and goes on where it was.

use std::io::{Read, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::harness::{PATIENCE, ROOT_KEY};

#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub id: Option<String>,
    pub name: String,
    pub data: Value,
    /// When it was read.
    pub at: Instant,
}

impl Event {
    /// SEQ, PART and TEXT of its id.
    pub fn place(&self) -> Option<(u64, u64, u64)> {
        let mut numbers = self.id.as_ref()?.split('.').map(|number| number.parse().unwrap());
        Some((numbers.next()?, numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)))
    }
}

/// One connection that streams.
pub struct Follower {
    stream: TcpStream,
    /// Read and not understood yet: chunked as it came.
    raw: Vec<u8>,
    /// The body that is no whole event yet.
    body: Vec<u8>,
    pub headers: String,
    pub status: u16,
    is_over: bool,
}

impl Follower {
    pub fn get(address: SocketAddr, path: &str, last: Option<&str>) -> std::io::Result<Self> {
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        Self::open(address, &format!("GET {path} HTTP/1.1\r\n{last}"), "")
    }

    pub fn post(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &Value) -> std::io::Result<Self> {
        let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let body = body.to_string();
        let head = format!("POST {path} HTTP/1.1\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}", body.len());
        Self::open(address, &head, &body)
    }

    fn open(address: SocketAddr, head: &str, body: &str) -> std::io::Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(stream, "{head}host: test\r\nx-api-key: {ROOT_KEY}\r\naccept: text/event-stream\r\n\r\n{body}")?;
        let mut follower = Self { stream, raw: Vec::new(), body: Vec::new(), headers: String::new(), status: 0, is_over: false };
        let end = loop {
            if let Some(end) = follower.raw.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            if follower.fill(64 << 10)? == 0 {
                return Err(std::io::Error::other("no answer"));
            }
        };
        follower.headers = String::from_utf8_lossy(&follower.raw[..end]).into_owned();
        follower.status = follower.headers.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        follower.raw.drain(..end + 4);
        Ok(follower)
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
    }

    fn fill(&mut self, bytes: usize) -> std::io::Result<usize> {
        let mut buffer = vec![0; bytes];
        let count = self.stream.read(&mut buffer)?;
        self.raw.extend_from_slice(&buffer[..count]);
        Ok(count)
    }

    /// Takes whole chunks out of what was read.
    fn unwrap_chunks(&mut self) {
        while let Some(end) = self.raw.windows(2).position(|window| window == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&self.raw[..end]).unwrap().trim(), 16).unwrap();
            if self.raw.len() < end + 2 + size + 2 {
                return;
            }
            self.is_over |= size == 0;
            self.body.extend_from_slice(&self.raw[end + 2..end + 2 + size]);
            self.raw.drain(..end + 2 + size + 2);
        }
    }

    fn take(&mut self) -> Option<Event> {
        loop {
            let end = self.body.windows(2).position(|window| window == b"\n\n")?;
            let text = String::from_utf8(self.body.drain(..end + 2).collect()).unwrap();
            let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
            // Comments are passed over.
            if let Some(name) = field("event: ") {
                let data = serde_json::from_str(&field("data: ").unwrap()).unwrap();
                return Some(Event { id: field("id: "), name, data, at: Instant::now() });
            }
        }
    }

    /// The next event; none when the stream has ended. An error: the connection broke.
    pub fn next(&mut self) -> std::io::Result<Option<Event>> {
        loop {
            if let Some(event) = self.take() {
                return Ok(Some(event));
            }
            self.unwrap_chunks();
            if let Some(event) = self.take() {
                return Ok(Some(event));
            }
            if self.is_over {
                return Ok(None);
            }
            if self.fill(64 << 10)? == 0 {
                return Err(std::io::Error::other("cut"));
            }
        }
    }

    /// To the end of the stream.
    pub fn rest(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.next().unwrap()).collect()
    }

    /// The events of the next `bytes` bytes, whole ones only; then the connection is cut. Whether the stream ended before.
    pub fn some(mut self, bytes: usize) -> (Vec<Event>, bool) {
        let mut left = bytes.saturating_sub(self.raw.len());
        let mut events = Vec::new();
        self.stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        loop {
            self.unwrap_chunks();
            events.extend(std::iter::from_fn(|| self.take()));
            if left == 0 || self.is_over {
                return (events, self.is_over);
            }
            match self.fill(left) {
                Ok(count) if count > 0 => left -= count,
                _ => return (events, false),
            }
        }
    }
}

/// The text of the events, as somebody who heeds `text_reset` has it.
pub fn text<'a>(events: impl IntoIterator<Item = &'a Event>) -> String {
    let mut text = String::new();
    for event in events {
        match event.name.as_str() {
            "text" => text.push_str(event.data["chunk"].as_str().unwrap()),
            "text_reset" => text.clear(),
            _ => {}
        }
    }
    text
}

/// Every event that has an id is behind the one before it.
pub fn assert_rising(events: &[Event]) {
    let places: Vec<_> = events.iter().filter_map(Event::place).collect();
    for pair in places.windows(2) {
        assert!(pair[0] < pair[1], "{:?} comes behind {:?}", pair[1], pair[0]);
    }
}
