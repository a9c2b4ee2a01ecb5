//! The door through which the library that speaks the providers' wires is answered. It reads answers without a bound, so it never meets a
//! provider: it sends its one request here, over loopback, and gets the provider's answer whole event by whole event, no larger than this
//! process can bear. One door per call; it goes with the call, and the connection to the provider with it.

use std::io;
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use url::Url;
use uuid::Uuid;

use super::provider::{self, Provider};
use crate::limits::{AGENT_CALLS_MAX, MODEL_EVENT_BYTES_MAX, MODEL_REFUSAL_BYTES_MAX, MODEL_WIRE_BYTES_MAX};
use crate::runner::failure::{Failure, Stage};
use crate::runner::outbound::{Response, TrustedClient, Wire, connection_failure, was_connected};

/// What the library puts in front of its body: a key and a few names.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Who knocks has this long to say so much. The library does it at once; a machine under load may take its time over it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// So many are listened to at a time. The library comes first, before anybody can know of the door.
const KNOCKING_MAX: usize = 32;
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

    /// Takes the library's request, makes it to the provider, and hands the answer over. Dropping the future closes both connections.
    ///
    /// # Errors
    /// Why there is no answer, or no whole one; what the provider refuses is an answer. The library may have got enough of it all the same.
    pub async fn pass(self, client: &TrustedClient, provider: &Provider, wire: &Wire) -> Result<(), Failure> {
        let (library, asked) = self.request().await.map_err(|error| broken(&error))?;
        // Nobody else is waited for.
        drop(self);
        let mut request = client.post(joined(&provider.base, &asked.path));
        for (name, value) in asked.headers.iter().filter(|(name, _)| !OF_THE_CONNECTION.contains(&name.as_str())) {
            request = request.header(name, value);
        }
        if !wire.open() {
            return Err(Failure::new(Stage::NotSent, "cancelled", "the call was cancelled before anything was sent"));
        }
        let sending = request.body(asked.body).send().await;
        let answer = sending.map_err(|error| connection_failure(&error, was_connected(&error)))?;
        Self::hand_over(answer, provider.wire, Library(library)).await
    }

    async fn hand_over(mut answer: Response, wire: provider::Wire, mut library: Library) -> Result<(), Failure> {
        let is_refusal = !answer.status().is_success();
        let encoding = encoding(&answer);
        if let Some(encoding) = encoding.as_ref().filter(|_| !is_refusal) {
            let message = format!("the model's server sent its answer packed (content-encoding: {encoding}), which nobody asked for");
            return Err(Failure::new(Stage::Unusable, "model_answer_invalid", message));
        }
        library.begin(&answer).await?;
        // As the library reads it, whatever the answer says that it is.
        let mut events = Events::of(wire == provider::Wire::Ollama);
        let mut calls = Calls::default();
        let mut bytes = 0;
        // A refusal that cannot be read has still got its status.
        while encoding.is_none() {
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
                library.give(&whole).await?;
                check(bytes, MODEL_WIRE_BYTES_MAX, "")?;
                check(events.held.len(), MODEL_EVENT_BYTES_MAX, " in one piece")?;
            }
        }
        if !is_refusal {
            if events.is_cut() {
                return Err(Failure::new(Stage::Sent, "connection_cut", "the answer broke off in the middle of an event"));
            }
            calls.check(&events.held)?;
        }
        library.give(&events.held).await?;
        library.end().await
    }

    /// The library's request. Whoever else knocks is listened to beside it and sent away; what goes wrong with them is their concern.
    async fn request(&self) -> io::Result<(TcpStream, Asked)> {
        let mut knocking = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(heard) = knocking.next() => {
                    if let Some(library) = heard {
                        return Ok(library);
                    }
                }
                accepted = self.listener.accept(), if knocking.len() < KNOCKING_MAX => match accepted {
                    Ok((stream, _)) => knocking.push(self.hear(stream)),
                    // Somebody went away before he was let in.
                    Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {}
                    Err(error) => return Err(error),
                },
            }
        }
    }

    /// What the library asks, if it is the library.
    async fn hear(&self, mut stream: TcpStream) -> Option<(TcpStream, Asked)> {
        // Without it, small events would be slower and nothing else: no reason to fail.
        let _ = stream.set_nodelay(true);
        let heard = tokio::time::timeout(HEAD_TIMEOUT, head(&mut stream, &self.token)).await;
        let Ok(Ok(Some((mut asked, length)))) = heard else {
            let _ = stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await;
            return None;
        };
        while asked.body.len() < length {
            if stream.read_buf(&mut asked.body).await.ok()? == 0 {
                return None;
            }
        }
        Some((stream, asked))
    }
}

/// The library's end of the door. It is answered in chunks: where the last one is missing it knows that there is more to an answer than it got.
struct Library(TcpStream);

impl Library {
    async fn begin(&mut self, answer: &Response) -> Result<(), Failure> {
        let told = TOLD.iter().filter_map(|name| Some(format!("{name}: {}\r\n", answer.headers().get(*name)?.to_str().ok()?)));
        let told = told.collect::<String>();
        let head = format!("HTTP/1.1 {}\r\nconnection: close\r\ntransfer-encoding: chunked\r\n{told}\r\n", answer.status());
        self.write(head.as_bytes()).await
    }

    async fn give(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if bytes.is_empty() {
            // An empty chunk would be the last one.
            return Ok(());
        }
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.write(&chunk).await
    }

    async fn end(&mut self) -> Result<(), Failure> {
        self.write(b"0\r\n\r\n").await?;
        self.0.shutdown().await.map_err(|error| not_taken(&error))
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.0.write_all(bytes).await.map_err(|error| not_taken(&error))
    }
}

/// What is asked for behind the base, with what both say in their queries.
fn joined(base: &Url, path: &str) -> Url {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let queries: Vec<&str> = [base.query().unwrap_or_default(), query].into_iter().filter(|query| !query.is_empty()).collect();
    let mut url = base.clone();
    url.set_path(&format!("{}{path}", base.path()));
    url.set_query(Some(queries.join("&").as_str()).filter(|query| !query.is_empty()));
    url
}

/// How an answer is packed; it is not asked to be.
fn encoding(answer: &Response) -> Option<String> {
    let encoding = answer.headers().get("content-encoding")?;
    let encoding = String::from_utf8_lossy(encoding.as_bytes()).trim().to_lowercase();
    Some(encoding).filter(|encoding| !encoding.is_empty() && encoding != "identity")
}

/// A request, as far as it concerns the provider.
struct Asked {
    /// Behind the base.
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// The head of a request with this token, what of the body came with it, and the length of that; none when it is another's.
async fn head(stream: &mut TcpStream, token: &str) -> io::Result<Option<(Asked, usize)>> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > HEAD_BYTES_MAX || stream.read_buf(&mut bytes).await? == 0 {
            return Ok(None);
        }
    };
    let body = bytes.split_off(end + b"\r\n\r\n".len());
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let target = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default();
    let Some(path) = target.strip_prefix('/').and_then(|path| path.strip_prefix(token)?.strip_prefix('/')) else { return Ok(None) };
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_lowercase(), value.trim().to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
    Ok(Some((Asked { path: path.to_owned(), headers, body }, length)))
}

/// What has come of an answer and is no whole event yet.
struct Events {
    held: Vec<u8>,
    /// So many of them hold no end of an event.
    seen: usize,
    /// One object per line, instead of server-sent events.
    by_line: bool,
    /// The last byte that came was a carriage return: a line feed behind it ends no other line.
    after_return: bool,
}

impl Events {
    fn of(by_line: bool) -> Self {
        Self { held: Vec::new(), seen: 0, by_line, after_return: false }
    }

    /// Takes more of it. However the lines of server-sent events end, here they end with a line feed: the library looks at each piece by itself,
    /// and would take a line end that comes in two pieces for two.
    fn hold(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        if self.after_return {
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
            self.after_return = bytes.is_empty();
        }
        while let Some(at) = rest.iter().position(|byte| !self.by_line && *byte == b'\r') {
            self.held.extend_from_slice(&rest[..at]);
            self.held.push(b'\n');
            rest = &rest[at + 1..];
            self.after_return = rest.is_empty();
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        self.held.extend_from_slice(rest);
    }

    /// Whether what is held at the end is a part of something. The last event need not be followed by a line.
    fn is_cut(&self) -> bool {
        let text = String::from_utf8_lossy(&self.held);
        let said = if self.by_line { text.trim().to_owned() } else { data(&text) };
        !said.is_empty() && said != "[DONE]" && serde_json::from_str::<IgnoredAny>(&said).is_err()
    }

    /// Takes what is whole.
    fn whole(&mut self) -> Vec<u8> {
        let wanted: &[u8] = if self.by_line { b"\n" } else { b"\n\n" };
        let mut end = self.held.len();
        // From line end to line end, last one first: hardly any byte is one.
        let last = loop {
            let Some(at) = self.held[self.seen..end].iter().rposition(|byte| *byte == b'\n') else { break None };
            end = self.seen + at;
            if self.held[..=end].ends_with(wanted) {
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
        for event in String::from_utf8_lossy(whole).split("\n\n") {
            let said = data(event);
            let Ok(event) = serde_json::from_str::<Value>(&said) else {
                if said.contains("tool_calls") || said.contains('\\') {
                    let message = "the model's server sent an event with tool calls that is no JSON";
                    return Err(Failure::new(Stage::Sent, "model_answer_invalid", message));
                }
                continue;
            };
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

fn not_taken(error: &io::Error) -> Failure {
    Failure::new(Stage::Sent, "connection_cut", format!("its answer was not taken: {error}"))
}

fn broken(error: &io::Error) -> Failure {
    Failure::new(Stage::NotSent, "connect", format!("no connection inside this process: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[test]
    fn events_are_handed_over_whole_however_they_come() {
        let text = b"data: 1\n\ndata: 2\r\n\r\ndata: 3\r\rdata: 4\n";
        let normal = b"data: 1\n\ndata: 2\n\ndata: 3\n\ndata: 4\n";
        for size in 1..text.len() {
            let (mut events, mut whole) = (Events::of(false), Vec::new());
            for piece in text.chunks(size) {
                events.hold(piece);
                events.hold(b"");
                let taken = events.whole();
                assert!(taken.is_empty() || taken.ends_with(b"\n\n"), "{size}: {taken:?}");
                whole.extend(taken);
            }
            assert_eq!((whole.as_slice(), events.held.as_slice()), normal.split_at(normal.len() - b"data: 4\n".len()), "{size}");
        }
        let mut lines = Events::of(true);
        lines.hold(b"{}\r\n{");
        assert_eq!((lines.whole().as_slice(), lines.held.as_slice()), (&b"{}\r\n"[..], &b"{"[..]));
    }

    fn told(name: &str, index: u64) -> String {
        format!(r#"{{"choices":[{{"delta":{{"{name}":[{{"index":{index},"function":{{}}}}]}}}}]}}"#)
    }

    fn code(checked: Result<(), Failure>) -> Result<(), String> {
        checked.map_err(|failure| failure.error.code)
    }

    #[test]
    fn tool_calls_are_numbered_one_after_the_other() {
        let tell = |calls: &mut Calls, name: &str, index: u64| {
            code(calls.check(format!("event: x\ndata: {}\n\n: tool_calls\n\ndata: [DONE]\n\n", told(name, index)).as_bytes()))
        };
        let mut calls = Calls::default();
        for index in [0, 0, 1, 0, 2] {
            tell(&mut calls, "tool_calls", index).unwrap();
        }
        let refused = Err("model_answer_invalid".to_owned());
        assert_eq!(tell(&mut calls, "tool_calls", 5), refused);
        assert_eq!(tell(&mut Calls::default(), "tool_calls", u64::from(u32::MAX)), refused, "room for four thousand million of them");
        assert_eq!(tell(&mut Calls::default(), "tool\\u005fcalls", 9), refused);
        tell(&mut Calls::default(), "tool_calls", 1).unwrap();
        tell(&mut Calls::default(), "others", 9).unwrap();
        // A line of the other wire, whose calls have no numbers.
        code(Calls::default().check(b"{\"message\":{\"tool_calls\":[{}]}}\n")).unwrap();
    }

    /// A read that ends between both bytes of a line end, and what follows belongs to the same event.
    #[test]
    fn a_number_does_not_hide_in_an_event_that_is_read_in_two_pieces() {
        let event = format!("data: {}\r\ndata: x\r\n\r\n", told("tool_calls", u64::from(u32::MAX)));
        for at in 1..event.len() {
            let (mut events, mut calls, mut given) = (Events::of(false), Calls::default(), Vec::new());
            let mut checked = Ok(());
            for piece in [&event[..at], &event[at..]] {
                events.hold(piece.as_bytes());
                let whole = events.whole();
                checked = checked.and_then(|()| code(calls.check(&whole)));
                given.extend(whole);
            }
            assert_eq!(checked, Err("model_answer_invalid".to_owned()), "{at}: {}", String::from_utf8_lossy(&given));
            assert!(!given.contains(&b'\r'), "{at}: the library would see an end of an event there");
        }
    }

    #[test]
    fn both_queries_are_asked() {
        let joined = |base: &str, path: &str| joined(&Url::parse(base).unwrap(), path).to_string();
        assert_eq!(joined("https://x/d/?api-version=1", "chat/completions"), "https://x/d/chat/completions?api-version=1");
        assert_eq!(joined("https://x/d/?a=1", "models/m:stream?alt=sse"), "https://x/d/models/m:stream?a=1&alt=sse");
        assert_eq!(joined("https://x/", "api/chat"), "https://x/api/chat");
    }

    async fn stranger(door: &Door, said: &str) -> TcpStream {
        let mut stream = TcpStream::connect(door.listener.local_addr().unwrap()).await.unwrap();
        stream.write_all(said.as_bytes()).await.unwrap();
        stream
    }

    #[tokio::test]
    async fn whoever_does_not_know_the_token_is_sent_away() {
        let door = Door::open().await.unwrap();
        let knocks = async {
            let mut stream = stranger(&door, "POST /v1/chat/completions HTTP/1.1\r\ncontent-length: 0\r\n\r\n").await;
            let mut said = String::new();
            stream.read_to_string(&mut said).await.unwrap();
            said
        };
        tokio::select! {
            _ = door.request() => panic!("a stranger was let in"),
            said = knocks => assert!(said.starts_with("HTTP/1.1 404"), "{said}"),
        }
    }

    #[tokio::test]
    async fn strangers_keep_the_library_waiting_for_nothing() {
        let door = Door::open().await.unwrap();
        let silent = stranger(&door, "").await;
        let slow = stranger(&door, "POST /").await;
        let broken = stranger(&door, "POST /").await;
        // Closing it with a reset, as who means harm would.
        broken.set_zero_linger().unwrap();
        drop(broken);
        let asks = format!("POST /{}/chat/completions?a=b HTTP/1.1\r\nContent-Length: 2\r\n\r\n{{}}", door.token);
        let library = stranger(&door, &asks).await;
        let (_, asked) = tokio::time::timeout(PATIENCE, door.request()).await.expect("the library is heard").unwrap();
        assert_eq!((asked.path.as_str(), asked.body.as_slice()), ("chat/completions?a=b", &b"{}"[..]));
        drop((silent, slow, library));
    }
}
