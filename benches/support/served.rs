//! The server as it is shipped, with its defaults, as a process of its own; and the flows that are asked for.
#![allow(dead_code, reason = "each bench takes what it needs of it")]

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use super::figures;
use super::http::Connection;

pub const KEY: &str = "root-key-of-the-benches-0123456789abcdef";
pub const AGENTS: &str = "/v1/tenants/default/agents";
pub const APPROVALS: &str = "/v1/tenants/default/pendingApprovals";

/// Of those who start many things at once.
pub const CLIENTS: usize = 64;

/// One durable step that does nothing outside.
const SHORT: &str = "flow: short\nsteps:\n  only: {set: {done: true}}\n";
/// A question, and one step behind it.
const GATE: &str = "flow: gate\nsteps:\n  review: {approval: {title: \"Go on?\"}}\n  done: {set: {done: true}}\n\
                    edges:\n  - {from: review, to: done, on: approved}\n";

/// A call that lasts longer than any bench, so that it is always under way.
const LASTS: &str = "flow: lasts\nsteps:\n  works: {builtin: {name: sleep, args: {ms: 36000000}}, timeout: 11h}\n";

/// Killed (SIGKILL) when dropped.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to the line that says where it listens.
    pub ready: Duration,
}

impl Served {
    pub fn start(directory: &Path) -> Self {
        let began = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_flowgate"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir"])
            .arg(directory.join("data"))
            .current_dir(directory)
            .env_clear()
            .env("FLOWGATE_ROOT_KEY", KEY)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the server ended").unwrap();
            if let Some((_, address)) = line.split_once("serves on http://") {
                break address.trim().parse().unwrap();
            }
        };
        let ready = began.elapsed();
        // A full pipe would stop it.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, ready }
    }

    pub fn connect(&self) -> Connection {
        Connection::open(self.address, KEY).unwrap()
    }

    /// Agents `short`, `gate` and `lasts`.
    pub fn with_agents(self) -> Self {
        let mut connection = self.connect();
        for (id, flow) in [("short", SHORT), ("gate", GATE), ("lasts", LASTS)] {
            let made = connection.post(AGENTS, &json!({"id": id, "displayName": id}).to_string()).unwrap();
            assert_eq!(made.status, 201, "{}", made.json());
            let made = connection.post(&format!("{AGENTS}/{id}/revisions"), &json!({"flow": flow}).to_string()).unwrap();
            assert_eq!(made.status, 200, "{}", made.json());
        }
        self
    }

    /// What the kernel holds in memory for it, in KiB; 0 where the system does not tell.
    pub fn resident_kib(&self) -> u64 {
        figures::resident_kib(self.child.id())
    }

    /// Open files and connections.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts so many, each up to its question, by `CLIENTS` clients; their ids and their questions'.
pub fn ask(server: &Served, count: usize) -> Vec<(String, String)> {
    std::thread::scope(|scope| {
        let share = |client: usize| count / CLIENTS + usize::from(client < count % CLIENTS);
        let clients: Vec<_> = (0..CLIENTS).map(|client| scope.spawn(move || ask_one_by_one(server, share(client)))).collect();
        clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
    })
}

fn ask_one_by_one(server: &Served, count: usize) -> Vec<(String, String)> {
    let mut connection = server.connect();
    let begin = |_| {
        let started = connection.post(&format!("{AGENTS}/gate:execute"), "{}").unwrap().json();
        let text = |name: &str| started[name].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
        (text("executionRecordId"), text("humanApprovalRequestId"))
    };
    (0..count).map(begin).collect()
}
