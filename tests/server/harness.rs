//! A server of its own for each test, and the smallest client that can talk to it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const ROOT_KEY: &str = "root-key-of-the-tests-0123456789abcdef";
/// Nothing here takes this long unless it hangs.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// The real binary. Killed when dropped.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// Every line of its standard error so far.
    pub said: Arc<Mutex<Vec<String>>>,
    /// Removed with the server, where it made it.
    _directory: Option<tempfile::TempDir>,
}

impl Server {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut server = Self::start_in(directory.path());
        server._directory = Some(directory);
        server
    }

    /// Over a data directory that outlives it.
    pub fn start_in(directory: &Path) -> Self {
        Self::start_with(directory, &[], &[])
    }

    /// With further arguments and environment variables.
    pub fn start_with(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        Self::launch(directory, arguments, variables).unwrap_or_else(|said| panic!("the server ended: {said:#?}"))
    }

    /// As `start_with`; or what it said, if it ends before it serves.
    pub fn launch(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<Self, Vec<String>> {
        Self::launch_through(&[], directory, arguments, variables)
    }

    /// As `launch`, with this in front of the command line; it must replace itself by the rest of it (`exec`).
    pub fn launch_through(through: &[&str], directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Result<Self, Vec<String>> {
        let line = [through, &[env!("CARGO_BIN_EXE_flowgate")]].concat();
        let mut child = Command::new(line[0])
            .args(&line[1..])
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.join("data"))
            .args(arguments)
            .current_dir(directory)
            .env_clear()
            .env("FLOWGATE_ROOT_KEY", ROOT_KEY)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = Vec::new();
        let address = loop {
            let Some(Ok(line)) = lines.next() else {
                // Its lock on the data directory goes with it.
                let _ = child.wait();
                return Err(seen);
            };
            // One that is refused says who serves, and goes on.
            if let Some(Ok(address)) = line.split_once("serves on http://").map(|(_, address)| address.trim().parse()) {
                break address;
            }
            seen.push(line);
        };
        // A full pipe would stop the server.
        let said = Arc::new(Mutex::new(seen));
        let saying = Arc::clone(&said);
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| saying.lock().unwrap().push(line)));
        Ok(Self { child, address, said, _directory: None })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Whether it has not ended, in whatever way.
    pub fn is_alive(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Its exit code, if it ends by itself within this time.
    pub fn wait(&mut self, limit: Duration) -> Option<i32> {
        let until = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            if Instant::now() >= until {
                return None;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    pub fn root(&self) -> Client {
        self.client(ROOT_KEY)
    }

    pub fn client(&self, key: &str) -> Client {
        Client { address: self.address, key: Some(key.to_owned()) }
    }

    /// A tenant and a key that may do everything in it.
    pub fn tenant(&self, name: &str) -> Client {
        let root = self.root();
        let made = root.json("POST", "/v1/tenants", &serde_json::json!({"id": name}));
        assert_eq!(made.status, 201, "{}", made.text());
        let key =
            root.json("POST", &format!("/v1/tenants/{name}/apiKeys:generate"), &serde_json::json!({"name": "all", "scopes": ["admin"]}));
        assert_eq!(key.status, 200, "{}", key.text());
        self.client(key.value()["apiKey"].as_str().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The `code` of a problem.
    pub fn code(&self) -> String {
        self.value()["code"].as_str().unwrap_or_default().to_owned()
    }
}

/// One key at one server; a connection per request.
#[derive(Clone, Debug)]
pub struct Client {
    pub address: SocketAddr,
    pub key: Option<String>,
}

impl Client {
    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], b"").unwrap()
    }

    pub fn json(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.request(method, path, &[("content-type", "application/json")], body.to_string().as_bytes()).unwrap()
    }

    /// With an `Idempotency-Key`.
    pub fn once(&self, key: &str, path: &str, body: &Value) -> std::io::Result<Answer> {
        self.request("POST", path, &[("content-type", "application/json"), ("idempotency-key", key)], body.to_string().as_bytes())
    }

    pub fn upload(&self, path: &str, name: &str, content_type: &str, bytes: &[u8], headers: &[(&str, &str)]) -> Answer {
        let boundary = format!("b{}", std::process::id() as u64 + bytes.len() as u64 * 7 + headers.len() as u64);
        let mut body = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\nContent-Type: {content_type}\r\n\r\n"
        )
        .into_bytes();
        body.extend_from_slice(bytes);
        body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
        let form = format!("multipart/form-data; boundary={boundary}");
        let headers: Vec<_> = [("content-type", form.as_str())].into_iter().chain(headers.iter().copied()).collect();
        self.request("POST", path, &headers, &body).unwrap()
    }

    pub fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> std::io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
        if let Some(key) = &self.key {
            head += &format!("x-api-key: {key}\r\n");
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() || method != "GET" {
            head += &format!("content-length: {}\r\n", body.len());
        }
        head += "\r\n";
        let raw = exchange(self.address, &[head.as_bytes(), body].concat(), PATIENCE)?;
        parse(&raw).map(|(answer, _)| answer).ok_or_else(|| std::io::Error::other("no answer"))
    }
}

/// Sends `bytes` and reads until the other side closes, or `limit` is over.
pub fn exchange(address: SocketAddr, bytes: &[u8], limit: Duration) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    // Refused before it was read to the end: what was answered still counts.
    let _ = stream.write_all(bytes);
    let mut raw = Vec::new();
    let until = Instant::now() + limit;
    let mut chunk = [0; 64 << 10];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(raw);
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut chunk) {
            Ok(0) => return Ok(raw),
            Ok(count) => raw.extend_from_slice(&chunk[..count]),
            Err(_) if !raw.is_empty() => return Ok(raw),
            Err(error) => return Err(error),
        }
    }
}

/// The first answer in `raw`, and what follows it.
pub fn parse(raw: &[u8]) -> Option<(Answer, &[u8])> {
    let end = raw.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&raw[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<_> =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
    let mut answer = Answer { status, headers, body: Vec::new() };
    let rest = &raw[end + 4..];
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = rest.to_vec();
        return Some((answer, &[]));
    }
    let length: usize = answer.header("content-length").map_or(Some(0), |text| text.parse().ok())?;
    let (body, after) = rest.split_at_checked(length)?;
    answer.body = body.to_vec();
    Some((answer, after))
}
