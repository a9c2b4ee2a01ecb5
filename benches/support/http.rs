//! The smallest client that keeps its connection: one request after the other, one answer read to its end.
#![allow(dead_code, reason = "each bench takes what it needs of it")]

use std::io::{BufRead as _, BufReader, Error, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// Nothing that is measured takes this long unless it hangs.
const PATIENCE: Duration = Duration::from_secs(60);

pub struct Connection {
    reader: BufReader<TcpStream>,
    key: &'static str,
}

pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// Null where it is no JSON.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl Connection {
    pub fn open(address: SocketAddr, key: &'static str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::with_capacity(32 << 10, stream), key })
    }

    pub fn get(&mut self, path: &str) -> Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: bench\r\nx-api-key: {}\r\n\r\n", self.key))
    }

    pub fn post(&mut self, path: &str, body: &str) -> Result<Answer> {
        self.post_with(path, "", body)
    }

    /// Does not wait for what it leads to.
    pub fn post_without_waiting(&mut self, path: &str, body: &str) -> Result<Answer> {
        self.post_with(path, "prefer: respond-async\r\n", body)
    }

    fn post_with(&mut self, path: &str, headers: &str, body: &str) -> Result<Answer> {
        let (key, length) = (self.key, body.len());
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nhost: bench\r\nx-api-key: {key}\r\n{headers}content-type: application/json\r\n\
             content-length: {length}\r\n\r\n{body}"
        ))
    }

    fn send(&mut self, request: &str) -> Result<Answer> {
        self.reader.get_mut().write_all(request.as_bytes())?;
        let head = self.line()?;
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or_else(|| Error::other("no status"))?;
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let line = self.line()?;
            let Some((name, value)) = line.split_once(": ") else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.parse().map_err(Error::other)?;
            }
            is_chunked |= name.eq_ignore_ascii_case("transfer-encoding");
        }
        let body = if is_chunked { self.chunks()? } else { self.bytes(length)? };
        Ok(Answer { status, body })
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.reader.read_line(&mut line)? == 0 {
            return Err(Error::other("the connection was closed"));
        }
        line.truncate(line.trim_end().len());
        Ok(line)
    }

    fn bytes(&mut self, count: usize) -> Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.reader.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    fn chunks(&mut self) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let size = usize::from_str_radix(&self.line()?, 16).map_err(Error::other)?;
            all.extend(self.bytes(size)?);
            self.line()?;
            if size == 0 {
                return Ok(all);
            }
        }
    }
}
