//! The door through which the library that speaks the providers' wires is answered. It reads answers without a bound, so it never meets a
//! provider: it sends its one request here, over loopback, and gets the provider's answer whole event by whole event, no larger than this
//! process can bear. One door per call; it goes with the call, and the connection to the provider with it.

use std::io;

use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use uuid::Uuid;

use crate::limits::{AGENT_CALLS_MAX, MODEL_EVENT_BYTES_MAX, MODEL_REFUSAL_BYTES_MAX, MODEL_WIRE_BYTES_MAX};
use crate::runner::failure::{Failure, Stage};
use crate::runner::outbound::{Response, TrustedClient, Wire, connection_failure, was_connected};

/// What the library puts in front of its body: a key and a few names.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// What is said of a connection and not of what goes over it.
const OF_THE_CONNECTION: [&str; 6] = ["host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"];
/// What the library wants to know of an answer.
const TOLD: [&str; 3] = ["content-type", "retry-after", "retry-after-ms"];

/// Where one call of the library is waited for.
pub struct Door {
    listener: TcpListener,
    /// The path's first segment. Nobody else on this machine knows it.
    token: String,
    /// What stands for the provider's base. Ends with a slash.
    base: String,
}

impl Door {
    /// # Errors
    /// When the system gives no socket: nothing was sent.
    pub async fn open() -> Result<Self, Failure> {
        let opened = async {
            let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
            let (token, address) = (Uuid::new_v4().simple().to_string(), listener.local_addr()?);
            Ok(Self { listener, base: format!("http://{address}/{token}/"), token })
        };
        opened.await.map_err(|error: io::Error| broken(&error))
    }

    pub fn base(&self) -> String {
        self.base.clone()
    }

    /// Takes the library's request, makes it to the provider at `base`, and hands the answer over. Dropping the future closes both
    /// connections.
    ///
    /// # Errors
    /// Why there is no answer, or no whole one; what the provider refuses is an answer.
    pub async fn pass(self, client: &TrustedClient, base: &Url, wire: &Wire) -> Result<(), Failure> {
        let (library, asked) = self.request().await.map_err(|error| broken(&error))?;
        // Nobody else is waited for.
        drop(self);
        let mut request = client.post(format!("{base}{}", asked.path));
        for (name, value) in asked.headers.iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str())) {
            request = request.header(name, value);
        }
        if !wire.open() {
            return Err(Failure::new(Stage::NotSent, "cancelled", "the call was cancelled before anything was sent"));
        }
        let sending = request.body(asked.body).send().await;
        let answer = sending.map_err(|error| connection_failure(&error, was_connected(&error)))?;
        Self::hand_over(answer, library).await
    }

    async fn hand_over(mut answer: Response, mut library: TcpStream) -> Result<(), Failure> {
        let gone = |error: io::Error| Failure::new(Stage::Sent, "connection_cut", format!("its answer was not taken: {error}"));
        let told = TOLD.iter().filter_map(|name| Some(format!("{name}: {}\r\n", answer.headers().get(*name)?.to_str().ok()?)));
        let head = format!("HTTP/1.1 {}\r\nconnection: close\r\n{}\r\n", answer.status(), told.collect::<String>());
        let is_refusal = !answer.status().is_success();
        let mut events = Events::of(head.contains("ndjson"));
        let mut calls = Calls::default();
        library.write_all(head.as_bytes()).await.map_err(gone)?;
        let mut bytes = 0;
        loop {
            let chunk = match answer.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                // The status is known, and says more than that its text was cut.
                Err(_) if is_refusal => break,
                Err(error) => return Err(connection_failure(&error, true)),
            };
            bytes += chunk.len();
            if is_refusal && bytes >= MODEL_REFUSAL_BYTES_MAX {
                // Its beginning tells enough.
                events.hold(&chunk[..chunk.len() - (bytes - MODEL_REFUSAL_BYTES_MAX)]);
                break;
            }
            events.hold(&chunk);
            if !is_refusal {
                let whole = events.whole();
                calls.check(&whole)?;
                library.write_all(&whole).await.map_err(gone)?;
                check(bytes, MODEL_WIRE_BYTES_MAX, "")?;
                check(events.held.len(), MODEL_EVENT_BYTES_MAX, " in one piece")?;
            }
        }
        if !is_refusal && events.is_cut() {
            return Err(Failure::new(Stage::Sent, "connection_cut", "the answer broke off in the middle of an event"));
        }
        calls.check(&events.held)?;
        library.write_all(&events.held).await.map_err(gone)?;
        library.shutdown().await.map_err(gone)
    }

    /// The library's request. Whoever else knocks is sent away.
    async fn request(&self) -> io::Result<(TcpStream, Asked)> {
        loop {
            let (mut stream, _) = self.listener.accept().await?;
            if let Some(asked) = asked(&mut stream, &self.token).await? {
                return Ok((stream, asked));
            }
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await?;
        }
    }
}

/// A request, as far as it concerns the provider.
struct Asked {
    /// Behind the base.
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// One request with this token; none when it is another's.
async fn asked(stream: &mut TcpStream, token: &str) -> io::Result<Option<Asked>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_BYTES_MAX || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let mut body = bytes.split_off(end + b"\r\n\r\n".len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let target = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default();
    let Some(path) = target.strip_prefix('/').and_then(|path| path.strip_prefix(token)?.strip_prefix('/')) else { return Ok(None) };
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    Ok(Some(Asked { path: path.to_owned(), headers, body }))
}

/// What has come of an answer and is no whole event yet.
struct Events {
    held: Vec<u8>,
    /// So many of them hold no end of an event.
    seen: usize,
    /// One object per line, instead of server-sent events.
    by_line: bool,
}

impl Events {
    fn of(by_line: bool) -> Self {
        Self { held: Vec::new(), seen: 0, by_line }
    }

    fn hold(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Whether what is held at the end is a part of something. The last event need not be followed by a line.
    fn is_cut(&self) -> bool {
        let text = String::from_utf8_lossy(&self.held);
        let said = if self.by_line { text.trim().to_owned() } else { data(&text) };
        !said.is_empty() && said != "[DONE]" && serde_json::from_str::<IgnoredAny>(&said).is_err()
    }

    /// Takes what is whole.
    fn whole(&mut self) -> Vec<u8> {
        let ends: &[&[u8]] = if self.by_line { &[b"\n"] } else { &[b"\n\n", b"\r\r", b"\n\r\n"] };
        let mut end = self.held.len();
        // From line end to line end, last one first: hardly any byte is one.
        let last = loop {
            let Some(at) = self.held[self.seen..end].iter().rposition(|byte| matches!(byte, b'\n' | b'\r')) else { break None };
            end = self.seen + at;
            if ends.iter().any(|wanted| self.held[..=end].ends_with(wanted)) {
                break Some(end);
            }
        };
        let Some(last) = last else {
            self.seen = self.held.len();
            return Vec::new();
        };
        let left = self.held.split_off(last + 1);
        self.seen = left.len();
        std::mem::replace(&mut self.held, left)
    }
}

/// The tool calls that were told so far. The library makes room for every number up to one that it is told, so numbers come one after the
/// other, or not at all.
#[derive(Default)]
struct Calls {
    known: u64,
}

impl Calls {
    /// Looks at every event in `whole`, in the way of the library.
    fn check(&mut self, whole: &[u8]) -> Result<(), Failure> {
        const MARK: &[u8] = b"tool_calls";
        // Hardly any event has some. A name can be written in other ways, with a backslash.
        if !whole.contains(&b'\\') && !whole.windows(MARK.len()).any(|window| window == MARK) {
            return Ok(());
        }
        let text = String::from_utf8_lossy(whole).replace("\r\n", "\n").replace('\r', "\n");
        for event in text.split("\n\n") {
            let Ok(event) = serde_json::from_str::<Value>(&data(event)) else { continue };
            let calls = event.pointer("/choices/0/delta/tool_calls").and_then(Value::as_array);
            for index in calls.into_iter().flatten().filter_map(|call| call["index"].as_u64()) {
                // Some begin with 1.
                if index > self.known + 1 || index >= AGENT_CALLS_MAX as u64 {
                    let message = format!("the model's server numbers a tool call {index} after {} others", self.known);
                    return Err(Failure::new(Stage::Sent, "model_answer_invalid", message));
                }
                self.known = self.known.max(index + 1);
            }
        }
        Ok(())
    }
}

/// What an event says.
fn data(event: &str) -> String {
    let lines: Vec<&str> = event.lines().filter_map(|line| line.trim().strip_prefix("data:")).map(str::trim).collect();
    lines.join("\n")
}

fn check(bytes: usize, bytes_max: usize, what: &str) -> Result<(), Failure> {
    if bytes <= bytes_max {
        return Ok(());
    }
    let message = format!("the model's server sent more than {bytes_max} bytes{what}");
    Err(Failure::new(Stage::Unusable, "answer_too_large", message))
}

fn broken(error: &io::Error) -> Failure {
    Failure::new(Stage::NotSent, "connect", format!("no connection inside this process: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_handed_over_whole_however_they_come() {
        let text = b"data: 1\n\ndata: 2\r\n\r\ndata: 3\r\rdata: 4\n";
        for size in 1..text.len() {
            let (mut events, mut whole) = (Events::of(false), Vec::new());
            for piece in text.chunks(size) {
                events.hold(piece);
                let taken = events.whole();
                assert!(taken.is_empty() || [b"\n\n", b"\r\n", b"\r\r"].iter().any(|end| taken.ends_with(*end)), "{size}: {taken:?}");
                whole.extend(taken);
            }
            assert_eq!((whole.as_slice(), events.held.as_slice()), text.split_at(text.len() - b"data: 4\n".len()), "{size}");
        }
        let mut lines = Events::of(true);
        lines.hold(b"{}\n{");
        assert_eq!((lines.whole().as_slice(), lines.held.as_slice()), (&b"{}\n"[..], &b"{"[..]));
    }

    #[test]
    fn tool_calls_are_numbered_one_after_the_other() {
        let told = |calls: &mut Calls, name: &str, index: u64| {
            let event = format!(r#"{{"choices":[{{"delta":{{"{name}":[{{"index":{index},"function":{{}}}}]}}}}]}}"#);
            calls.check(format!("event: x\r\ndata: {event}\r\n\r\n").as_bytes()).map_err(|failure| failure.error.code)
        };
        let mut calls = Calls::default();
        for index in [0, 0, 1, 0, 2] {
            told(&mut calls, "tool_calls", index).unwrap();
        }
        let refused = Err("model_answer_invalid".to_owned());
        assert_eq!(told(&mut calls, "tool_calls", 5), refused);
        assert_eq!(told(&mut Calls::default(), "tool_calls", u64::from(u32::MAX)), refused, "room for four thousand million of them");
        assert_eq!(told(&mut Calls::default(), "tool\\u005fcalls", 9), refused);
        told(&mut Calls::default(), "tool_calls", 1).unwrap();
        told(&mut Calls::default(), "others", 9).unwrap();
        Calls::default().check(b"data: {\"tool_calls").unwrap();
    }

    #[tokio::test]
    async fn whoever_does_not_know_the_token_is_sent_away() {
        let door = Door::open().await.unwrap();
        let address = door.listener.local_addr().unwrap();
        let stranger = async {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 0\r\n\r\n").await.unwrap();
            let mut said = String::new();
            stream.read_to_string(&mut said).await.unwrap();
            said
        };
        tokio::select! {
            _ = door.request() => panic!("a stranger was let in"),
            said = stranger => assert!(said.starts_with("HTTP/1.1 404"), "{said}"),
        }
    }
}
