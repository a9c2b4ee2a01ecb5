//! A desk with approvals: a server over a directory of its own, an agent whose payments people must approve, keys for those people, and
//! the outside world that receives the payments.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::harness::{Answer, Client, PATIENCE, Server};

pub const TENANT: &str = "/v1/tenants/default";
pub const APPROVALS: &str = "/v1/tenants/default/pendingApprovals";

/// One payment: whoever holds `finance` approves it, the starter and `mallory` excluded.
const PAY: &str = r#"
flow: pay
input: {type: object, required: [amount], properties: {amount: {type: number}, to: {type: string, default: ACME}}}
steps:
  review:
    approval:
      title: "Pay {{ input.amount }} to ACME?"
      show: [input.amount]
      action: pay
      approvers: {any_of: ["role:finance"], quorum: QUORUM, exclude: [starter, "user:mallory"]}
      decisions: [approve, edit, reject, respond]
      expires: {after: 2d, then: reject}
  pay:
    http: {post: "WORLD/pay", json: {amount: "{{ input.amount }}", to: "ACME", lines: [{item: "chair", count: 2}]}}
    effect: once
  kept: {set: {paid: 0}}
edges:
  - {from: review, to: pay, on: approved}
  - {from: review, to: kept, on: rejected}
  - {from: review, to: kept, on: responded}
"#;

/// A question with a form.
const FORM: &str = r"
flow: form
steps:
  which:
    ask: {title: Which one?, form: {type: object, required: [size], properties: {size: {type: integer}}, additionalProperties: false}}
output: steps.which.output
";

/// What the world received: path and body, in the order of arrival.
#[derive(Clone, Default)]
pub struct World {
    pub address: String,
    received: Arc<Mutex<Vec<(String, Vec<u8>)>>>,
}

impl World {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let world = Self { address: format!("http://{}", listener.local_addr().unwrap()), received: Arc::default() };
        let received = Arc::clone(&world.received);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let received = Arc::clone(&received);
                // A server that is killed closes its connection.
                std::thread::spawn(move || serve(stream, &received));
            }
        });
        world
    }

    pub fn received(&self) -> Vec<(String, Vec<u8>)> {
        self.received.lock().unwrap().clone()
    }

    /// The bodies that came, once there are `count` of them.
    pub fn bodies(&self, count: usize) -> Vec<Value> {
        eventually("the world receives", || self.received().len() >= count);
        self.received().iter().map(|(_, body)| serde_json::from_slice(body).unwrap()).collect()
    }
}

fn serve(mut stream: TcpStream, received: &Mutex<Vec<(String, Vec<u8>)>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut length = 0;
        loop {
            let mut header = String::new();
            reader.read_line(&mut header)?;
            let Some((name, value)) = header.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().unwrap_or(0);
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        received.lock().unwrap().push((path, body));
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}")?;
    }
}

/// Waits until it holds.
pub fn eventually(what: &str, holds: impl FnMut() -> bool) {
    eventually_within(PATIENCE, what, holds);
}

/// As `eventually`, for what takes long.
pub fn eventually_within(limit: Duration, what: &str, mut holds: impl FnMut() -> bool) {
    let until = Instant::now() + limit;
    while !holds() {
        assert!(Instant::now() < until, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The server with its agents and the world around it.
pub struct Desk {
    pub server: Server,
    pub world: World,
    pub directory: tempfile::TempDir,
    /// Of every process that serves here.
    variables: Vec<(&'static str, String)>,
}

impl Desk {
    /// Agents `pay` (one approver), `pay2` (two) and `form`.
    pub fn open() -> Self {
        let desk = Self::bare(&[]);
        let pay = PAY.replace("WORLD", &desk.world.address);
        desk.agent("pay", &pay.replace("QUORUM", "1"));
        // Nobody is excluded: a link that names a role and no person may decide.
        let unguarded = pay.replace("flow: pay", "flow: open").replace(r#", exclude: [starter, "user:mallory"]"#, "");
        desk.agent("open", &unguarded.replace("QUORUM", "1"));
        desk.agent("pay2", &pay.replace("flow: pay", "flow: pay2").replace("QUORUM", "2"));
        desk.agent("form", FORM);
        desk
    }

    /// No agents, and these environment variables.
    pub fn bare(variables: &[(&'static str, String)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("flowgate.toml"), "[outbound]\nallow = [\"127.0.0.1\"]\n").unwrap();
        let (server, variables) = (begin(directory.path(), variables), variables.to_vec());
        Self { server, world: World::start(), directory, variables }
    }

    /// `WORLD` in the flow is the world's address.
    pub fn agent(&self, id: &str, flow: &str) {
        let root = self.server.root();
        expect(201, &root.json("POST", &format!("{TENANT}/agents"), &json!({"id": id, "displayName": id, "type": "FLOW"})));
        expect(
            200,
            &root.json("POST", &format!("{TENANT}/agents/{id}/revisions"), &json!({"flow": flow.replace("WORLD", &self.world.address)})),
        );
    }

    /// A key of this user.
    pub fn person(&self, user: &str, roles: &[&str], scopes: &[&str]) -> Client {
        let wanted = json!({"name": user, "user": user, "roles": roles, "scopes": scopes});
        let made = self.server.root().json("POST", &format!("{TENANT}/apiKeys:generate"), &wanted);
        self.server.client(expect(200, &made)["apiKey"].as_str().unwrap())
    }

    /// One who holds the role and may decide.
    pub fn finance(&self, user: &str) -> Client {
        self.person(user, &["finance"], &["approvals:read", "approvals:decide"])
    }

    /// One who holds the role, may decide, and starts things.
    pub fn starter(&self) -> Client {
        self.person("stan", &["finance"], &["approvals:read", "approvals:decide", "executions:run", "executions:read"])
    }

    /// Started by this key; the id of the question that it stops at.
    pub fn ask(&self, starter: &Client, agent: &str, amount: u64) -> String {
        let parameters = if agent == "form" { json!({}) } else { json!({"amount": amount}) };
        let started = starter.json("POST", &format!("{TENANT}/agents/{agent}:execute"), &json!({"parameters": parameters}));
        let started = expect(200, &started);
        started["humanApprovalRequestId"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned()
    }

    /// SIGKILL, and a new process over the same directory. The address is another one afterwards.
    pub fn kill_and_start(&mut self) {
        self.server.kill();
        self.start();
    }

    /// A new process over the same directory, after a kill.
    pub fn start(&mut self) {
        self.server = begin(self.directory.path(), &self.variables);
    }

    /// Starts the agent and does not wait; the id of the execution.
    pub fn begin(&self, starter: &Client, agent: &str, parameters: &Value) -> String {
        let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
        let body = json!({"parameters": parameters}).to_string();
        let started = starter.request("POST", &format!("{TENANT}/agents/{agent}:execute"), &headers, body.as_bytes()).unwrap();
        // 200 where it rests already.
        assert!(matches!(started.status, 200 | 202), "{}", started.text());
        started.value()["executionRecordId"].as_str().unwrap().to_owned()
    }

    /// The record of an execution, as the root key reads it.
    pub fn record(&self, agent: &str, execution: &str) -> Value {
        expect(200, &self.server.root().get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}")))
    }

    /// Waits until the execution has this status; its record.
    pub fn becomes(&self, agent: &str, execution: &str, status: &str) -> Value {
        eventually(&format!("{agent} becomes {status}"), || self.record(agent, execution)["status"] == status);
        self.record(agent, execution)
    }

    /// The open question of an execution, once there is one.
    pub fn question(&self, agent: &str, execution: &str) -> String {
        let path = format!("{TENANT}/agents/{agent}/pendingApprovals?status=PENDING&pageSize=100");
        let mut found = None;
        eventually("a question is asked", || {
            let page = expect(200, &self.server.root().get(&path));
            let asked = page["items"].as_array().unwrap().iter().find(|item| item["executionRecordId"] == execution);
            found = asked.map(|item| item["id"].as_str().unwrap().to_owned());
            found.is_some()
        });
        found.unwrap()
    }

    /// The command line against the server, with the key of `client`.
    pub fn command(&self, client: &Client, arguments: &[&str]) -> Command {
        command_at(self.server.address, self.directory.path(), client, arguments)
    }

    /// What a command that succeeds prints.
    #[track_caller]
    pub fn says(&self, client: &Client, arguments: &[&str]) -> String {
        let output = self.command(client, arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {} {}", told(&output.stdout), told(&output.stderr));
        told(&output.stdout)
    }

    /// The exit code and the error of one that does not.
    #[track_caller]
    pub fn refuses(&self, client: &Client, arguments: &[&str]) -> (i32, String) {
        let output = self.command(client, arguments).output().unwrap();
        assert!(!output.status.success(), "{arguments:?}: {}", told(&output.stdout));
        (output.status.code().unwrap(), told(&output.stderr))
    }

    /// The same key at the present process.
    pub fn now(&self, client: &Client) -> Client {
        self.server.client(client.key.as_deref().unwrap())
    }
}

fn begin(directory: &Path, variables: &[(&'static str, String)]) -> Server {
    let variables: Vec<(&str, &str)> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    Server::start_with(directory, &[], &variables)
}

/// The command line against a server at this address.
pub fn command_at(address: SocketAddr, directory: &Path, client: &Client, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flowgate"));
    command.args(arguments).current_dir(directory).env_clear().stdin(Stdio::null());
    command.env("FLOWGATE_URL", format!("http://{address}")).env("FLOWGATE_KEY", client.key.as_deref().unwrap());
    command
}

fn told(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

/// The body of an answer with this status.
#[track_caller]
pub fn expect(status: u16, answer: &Answer) -> Value {
    assert_eq!(answer.status, status, "{}", answer.text());
    answer.value()
}

pub fn get(client: &Client, question: &str) -> Value {
    expect(200, &client.get(&format!("{APPROVALS}/{question}")))
}

pub fn decide(client: &Client, question: &str, body: &Value) -> Answer {
    client.json("POST", &format!("{APPROVALS}/{question}:decide"), body)
}

/// A decision on the digest that the question has now.
pub fn decide_now(client: &Client, question: &str, decision: &str) -> Answer {
    let digest = get(client, question)["digest"].clone();
    decide(client, question, &json!({"decision": decision, "digest": digest}))
}
