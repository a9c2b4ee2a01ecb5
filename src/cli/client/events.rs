//! A server's event stream, frame by frame.

use reqwest::Response;

use super::Error;
use crate::runner::outbound;

/// The largest frame that is read.
const FRAME_BYTES_MAX: usize = 32 << 20;

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// The position to go on from; frames that are no part of the journal have none.
    pub id: Option<String>,
    pub event: String,
    pub data: String,
}

/// An open stream.
pub struct Events {
    response: Response,
    url: String,
    reader: Reader,
}

impl Events {
    pub(super) fn new(response: Response, url: String) -> Self {
        Self { response, url, reader: Reader::default() }
    }

    /// The next event; none when the server has ended the stream.
    ///
    /// # Errors
    /// When the connection breaks, or a frame is too large.
    pub async fn next(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            if let Some(frame) = self.reader.take() {
                return Ok(Some(frame));
            }
            let chunk = self.response.chunk().await;
            let chunk = chunk.map_err(|error| Error::Unreachable { url: self.url.clone(), reason: outbound::reason(&error) })?;
            let Some(chunk) = chunk else { return Ok(None) };
            self.reader.bytes.extend_from_slice(&chunk);
            if self.reader.bytes.len() > FRAME_BYTES_MAX {
                let reason = format!("one event is larger than {FRAME_BYTES_MAX} bytes");
                return Err(Error::Unusable { url: self.url.clone(), reason });
            }
        }
    }
}

/// Makes frames of bytes, however they are cut.
#[derive(Default)]
struct Reader {
    bytes: Vec<u8>,
    /// Of `bytes`, so much was searched for a line's end without finding one.
    searched: usize,
    frame: Frame,
    has_data: bool,
}

impl Reader {
    /// The next whole frame among the bytes so far. One without data is no event.
    fn take(&mut self) -> Option<Frame> {
        loop {
            let Some(at) = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n') else {
                self.searched = self.bytes.len();
                return None;
            };
            let line: Vec<u8> = self.bytes.drain(..=self.searched + at).collect();
            self.searched = 0;
            let line = String::from_utf8_lossy(&line);
            let line = line.trim_end_matches(['\r', '\n']);
            if !line.is_empty() {
                self.line(line);
                continue;
            }
            let frame = std::mem::take(&mut self.frame);
            if std::mem::take(&mut self.has_data) {
                return Some(frame);
            }
        }
    }

    fn line(&mut self, line: &str) {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.frame.id = Some(value.to_owned()),
            "event" => value.clone_into(&mut self.frame.event),
            "data" => {
                if self.has_data {
                    self.frame.data.push('\n');
                }
                self.frame.data.push_str(value);
                self.has_data = true;
            }
            // A comment (an empty name), or what a later version adds.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_the_same_however_they_are_cut() {
        let text = "id: 7\nevent: text\ndata: {\"chunk\": \"ü\"}\n\n: heartbeat\n\nevent: done\r\ndata: a\r\ndata: b\r\n\r\nevent: half\ndata: x\n";
        let whole = vec![
            Frame { id: Some("7".to_owned()), event: "text".to_owned(), data: "{\"chunk\": \"ü\"}".to_owned() },
            Frame { id: None, event: "done".to_owned(), data: "a\nb".to_owned() },
        ];
        for size in 1..text.len() {
            let mut reader = Reader::default();
            let mut frames = Vec::new();
            for chunk in text.as_bytes().chunks(size) {
                reader.bytes.extend_from_slice(chunk);
                frames.extend(std::iter::from_fn(|| reader.take()));
            }
            assert_eq!(frames, whole, "in pieces of {size}");
        }
    }
}
