//! The outside world as a witness: it keeps every call waiting for a while, some until they are let go, and writes down when each came
//! and when its caller went away.

use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::json;

use super::desk::{TENANT, expect};
use super::harness::Client;

/// How often a call that is held looks whether its caller is still there.
const GLANCE: Duration = Duration::from_millis(10);

/// One call, in the order of arrival.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub idempotency_key: Option<String>,
    pub came: Instant,
    /// The caller closed the connection before it was answered.
    pub left: Option<Instant>,
}

/// Listens until the test process ends. Calls to `/hold…` are answered once `let_go` was called, all others after the delay.
#[derive(Clone)]
pub struct Oracle {
    pub address: String,
    shared: Arc<Shared>,
}

struct Shared {
    seen: Mutex<Vec<Seen>>,
    delay: Duration,
    lets_go: AtomicBool,
}

impl Oracle {
    pub fn start(delay: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared { seen: Mutex::default(), delay, lets_go: AtomicBool::new(false) });
        let serving = Arc::clone(&shared);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // A server that is killed closes its connection: an error here is part of the story.
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { address, shared }
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub fn count(&self, path: &str) -> usize {
        self.shared.seen.lock().unwrap().iter().filter(|seen| seen.path == path).count()
    }

    pub fn let_go(&self) {
        self.shared.lets_go.store(true, Ordering::SeqCst);
    }
}

fn serve(mut stream: TcpStream, shared: &Shared) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        stream.set_read_timeout(None)?;
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let came = Instant::now();
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let (mut length, mut idempotency_key) = (0, None);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "idempotency-key" => idempotency_key = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        reader.read_exact(&mut vec![0; length])?;
        let is_held = path.starts_with("/hold");
        let index = {
            let mut seen = shared.seen.lock().unwrap();
            seen.push(Seen { path, idempotency_key, came, left: None });
            seen.len() - 1
        };
        stream.set_read_timeout(Some(GLANCE))?;
        while if is_held { !shared.lets_go.load(Ordering::SeqCst) } else { came.elapsed() < shared.delay } {
            if has_left(&mut stream) {
                shared.seen.lock().unwrap()[index].left = Some(Instant::now());
                return Ok(());
            }
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")?;
    }
}

/// Waits a glance.
fn has_left(stream: &mut TcpStream) -> bool {
    match stream.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted),
    }
}

/// A small generator of our own: the same seed, the same rounds.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// What the environment says, or else the default.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Lets the server in this directory call the oracle.
pub fn allow(directory: &Path) {
    std::fs::write(directory.join("flowgate.toml"), "[outbound]\nallow = [\"127.0.0.1\"]\n").unwrap();
}

/// An agent with this flow as its first revision.
pub fn agent(client: &Client, id: &str, flow: &str) {
    expect(201, &client.json("POST", &format!("{TENANT}/agents"), &json!({"id": id, "displayName": id})));
    expect(200, &client.json("POST", &format!("{TENANT}/agents/{id}/revisions"), &json!({"flow": flow})));
}

/// Calls one after the other, to `/{name}/{n}/{step}`.
pub fn chain(name: &str, steps: usize, oracle: &Oracle) -> String {
    let bodies: String = (0..steps)
        .map(|step| {
            format!(
                "  s{step}: {{http: {{post: \"{}/{name}/{{{{ input.n }}}}/{step}\", json: {{}}}}, effect: idempotent}}\n",
                oracle.address
            )
        })
        .collect();
    let edges: String = (1..steps).map(|step| format!("  - {{from: s{}, to: s{step}}}\n", step - 1)).collect();
    let edges = if edges.is_empty() { String::new() } else { format!("edges:\n{edges}") };
    format!("flow: {name}\ninput: {{type: object, required: [n], properties: {{n: {{type: integer}}}}}}\nsteps:\n{bodies}{edges}")
}
