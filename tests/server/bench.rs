//! A directory in which the command line and the server take turns, for stories in which the server is away for a while.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Longer than anything of these tests takes on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(60);
pub const ROOT_KEY: &str = "root-key-of-the-tests-0123456789abcdef";

/// A set step around a question.
pub const GATE: &str = r#"
flow: gate
input: {type: object, required: [amount], properties: {amount: {type: number}}}
steps:
  review: {approval: {title: "Pay {{ input.amount }} EUR?", show: [input.amount]}}
  paid: {set: {paid: "input.amount"}}
edges:
  - {from: review, to: paid, on: approved}
"#;

/// A working directory.
pub struct Bench {
    directory: TempDir,
}

impl Bench {
    pub fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    pub fn write(&self, name: &str, content: &str) {
        std::fs::write(self.path().join(name), content).unwrap();
    }

    /// The binary with these arguments; nothing of the tester's environment reaches it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowgate"));
        command.args(arguments).current_dir(self.path()).env_clear().env("PATH", "/usr/bin:/bin").env("USER", "ana");
        command.env("FLOWGATE_ROOT_KEY", ROOT_KEY).env("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1").stdin(Stdio::null());
        command
    }

    /// Runs a command to its end; standard output as JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let output = self.command(arguments).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// Starts the server and waits until it listens.
    pub fn serve(&self) -> Server {
        let mut child = self.command(&["serve", "--listen", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let line = lines.next().unwrap_or_else(|| panic!("the server ended: {said:?}")).unwrap();
            if let Some((_, address)) = line.split_once("serves on http://") {
                break address.trim().to_owned();
            }
            said.push(line);
        };
        // Read on, so that the server never waits for us.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, address }
    }
}

/// A server that answers; it is killed when the test lets go of it.
pub struct Server {
    child: Child,
    pub address: String,
}

impl Server {
    /// SIGKILL: nothing is parked, nothing said.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// With the root key and JSON.
    pub fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Reply {
        let body = body.map(Value::to_string);
        let headers = [("x-api-key", ROOT_KEY), ("content-type", "application/json")];
        request(&self.address, method, path, &headers, body.as_deref().unwrap_or_default())
    }

    pub fn get(&self, path: &str) -> Value {
        let reply = self.call("GET", path, None);
        assert_eq!(reply.status, 200, "GET {path}: {}", reply.body);
        reply.json()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// As they were sent, names in lower case.
    pub headers: String,
    pub body: String,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }
}

/// One request on a connection of its own.
pub fn request(address: &str, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n");
    for (name, value) in headers.iter().filter(|(name, _)| !body.is_empty() || *name != "content-type") {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap();
    let headers = head.lines().skip(1).map(|line| {
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        format!("{}:{value}\n", name.to_lowercase())
    });
    Reply { status, headers: headers.collect(), body: body.to_owned() }
}

/// Asks until there is something.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask() {
            return found;
        }
        assert!(Instant::now() < until, "it never came: {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
