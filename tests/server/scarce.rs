//! Little of what a process needs: files that it may have open, and memory. What is too much is refused or waits, the process lives, and goes on
//! when clients go.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, TENANT, eventually, expect};
use super::harness::{Client, PATIENCE, ROOT_KEY, Server, parse};
use super::oracle::{Oracle, agent, allow};

/// A server starts with about 45.
const FILES: usize = 110;
/// More than there are files.
const CONNECTIONS: usize = 120;
/// What the address space may grow by.
const SPACE_BYTES: u64 = 500 << 20;
/// A little less than a body may have.
const BODY_BYTES: usize = 2_000_000;
const GATE: &str = "flow: gate\ninput: {type: object, properties: {note: {type: string}}}\nsteps:\n  review: {approval: {title: \"Go on?\"}}\n  done: {set: {ok: true}}\n\
                    edges:\n  - {from: review, to: done, on: approved}\n";

/// The shell's `ulimit`, in front of the server.
fn limited(directory: &std::path::Path, limit: &str, variables: &[(&str, &str)]) -> Server {
    let script = format!("ulimit {limit} && exec \"$@\"");
    let said = |said| panic!("the server ended: {said:#?}");
    Server::launch_through(&["sh", "-c", &script, "sh"], directory, &[], variables).unwrap_or_else(said)
}

fn open_files(server: &Server) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap().count()
}

#[test]
fn clients_that_hold_connections_do_not_use_up_the_files_of_the_store() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = limited(directory.path(), &format!("-n {FILES}"), &[]);
    let root = server.root();
    agent(&root, "gate", GATE);
    let asked = expect(200, &root.json("POST", &format!("{TENANT}/agents/gate:execute"), &json!({})));
    let question = asked["humanApprovalRequestId"].as_str().unwrap().to_owned();
    let before = open_files(&server);
    let mut held: Vec<TcpStream> = (0..CONNECTIONS).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    // Half of them have begun to ask.
    for stream in held.iter_mut().step_by(2) {
        let _ = stream.write_all(b"GET /livez HTTP/1.1\r\nhost: test\r\n");
    }
    eventually("connections are taken", || open_files(&server) > before + 10);
    let open = open_files(&server);
    assert!(open + 10 < FILES, "{open} files are open: too few are left for the store and for calls");
    assert!(server.is_alive());
    drop(held);
    eventually("it answers again", || root.request("GET", "/readyz", &[], b"").is_ok_and(|answer| answer.status == 200));
    expect(200, &root.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"})));
    // Once more, and this time they go because they are told to: who says nothing is not waited for.
    let mut held: Vec<TcpStream> = (0..40).map(|_| TcpStream::connect(server.address).unwrap()).collect();
    assert_eq!(root.get("/readyz").status, 200, "whoever waits in line is answered once the silent ones are sent away");
    held[0].set_read_timeout(Some(PATIENCE)).unwrap();
    let _ = held[0].read(&mut [0; 512]).unwrap();
    assert!(server.is_alive());
}

#[test]
fn calls_do_not_use_up_the_files_either() {
    const ITEMS: usize = 120;
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let bounds = "[bounds.default]\nconcurrent = 200\n";
    let config = std::fs::read_to_string(directory.path().join("flowgate.toml")).unwrap() + bounds;
    std::fs::write(directory.path().join("flowgate.toml"), config).unwrap();
    let mut server = limited(directory.path(), &format!("-n {FILES}"), &[]);
    let root = server.root();
    let call = |name: &str| {
        format!(
            "flow: {name}\ninput: {{type: object, required: [n], properties: {{n: {{type: integer}}}}}}\nsteps:\n  call:\n    \
             http: {{post: \"{}/hold/{{{{ input.n }}}}\", json: {{}}}}\n    effect: idempotent\n    timeout: 10m\n",
            oracle.address
        )
    };
    agent(&root, "call", &call("call"));
    agent(&root, "gate", GATE);
    let begin = |n: usize| {
        let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
        let body = json!({"parameters": {"n": n}}).to_string();
        let started = root.request("POST", &format!("{TENANT}/agents/call:execute"), &headers, body.as_bytes()).unwrap();
        expect(202, &started)["executionRecordId"].as_str().unwrap().to_owned()
    };
    let told: Vec<(usize, String)> = (0..ITEMS).map(|n| (n, begin(n))).collect();
    eventually("calls are held", || oracle.seen().len() > 10);
    let asked = expect(200, &root.json("POST", &format!("{TENANT}/agents/gate:execute"), &json!({})));
    let question = asked["humanApprovalRequestId"].as_str().unwrap();
    expect(200, &root.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"})));
    let open = open_files(&server);
    assert!(open < FILES && oracle.seen().len() < ITEMS, "{open} files are open");
    assert!(server.is_alive(), "{:?}", server.said.lock().unwrap());
    oracle.let_go();
    for (n, execution) in &told {
        let record = |client: &Client| client.request("GET", &format!("{TENANT}/agents/call/executionRecords/{execution}"), &[], b"");
        eventually("it ends", || record(&root).is_ok_and(|answer| answer.status == 200 && answer.value()["endTime"].is_number()));
        let ended: Value = expect(200, &record(&root).unwrap());
        assert_eq!((ended["status"].as_str(), oracle.count(&format!("/hold/{n}"))), (Some("COMPLETED"), 1), "{ended}");
    }
    assert!(server.is_alive());
    server.kill();
    let server = Server::start_in(directory.path());
    for (_, execution) in &told {
        assert_eq!(expect(200, &server.root().get(&format!("{TENANT}/agents/call/executionRecords/{execution}")))["status"], "COMPLETED");
    }
}

/// A request whose body stops short of its end.
fn unfinished(server: &Server, body: &[u8]) -> std::io::Result<TcpStream> {
    let mut stream = TcpStream::connect(server.address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let head = format!(
        "POST {TENANT}/agents/gate:execute HTTP/1.1\r\nhost: test\r\nx-api-key: {ROOT_KEY}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes())?;
    // Who is refused is not read to the end.
    let _ = stream.write_all(&body[..body.len() - 1]);
    Ok(stream)
}

/// The status of the answer that follows the last byte, where there is one.
fn finish(mut stream: TcpStream, body: &[u8]) -> Option<(u16, String)> {
    let _ = stream.write_all(&body[body.len() - 1..]);
    let mut raw = Vec::new();
    let _ = stream.read_to_end(&mut raw);
    let (answer, _) = parse(&raw)?;
    Some((answer.status, if answer.status == 200 { String::new() } else { answer.code() }))
}

#[test]
fn bodies_are_refused_before_the_memory_is_used_up() {
    const CLIENTS: usize = 150;
    let directory = tempfile::tempdir().unwrap();
    // Where a server without limits stands.
    let unlimited = Server::start_with(directory.path(), &[], &[("MALLOC_ARENA_MAX", "2")]);
    let status = std::fs::read_to_string(format!("/proc/{}/status", unlimited.pid())).unwrap();
    let size = status.lines().find_map(|line| line.strip_prefix("VmPeak:")).unwrap().trim().split(' ').next().unwrap();
    let limit_kib = size.parse::<u64>().unwrap() + (SPACE_BYTES >> 10);
    agent(&unlimited.root(), "gate", GATE);
    drop(unlimited);
    let mut server = limited(directory.path(), &format!("-v {limit_kib}"), &[("MALLOC_ARENA_MAX", "2")]);
    let root = server.root();
    let body = json!({"parameters": {"note": "x".repeat(BODY_BYTES)}}).to_string().into_bytes();
    let is_over = AtomicBool::new(false);
    let answers: Vec<_> = std::thread::scope(|scope| {
        // Somebody else goes on reading.
        let reading = scope.spawn(|| {
            let mut reads = 0;
            while !is_over.load(Ordering::SeqCst) {
                expect(200, &root.get(&format!("{TENANT}/agents")));
                reads += 1;
            }
            reads
        });
        let held: Vec<_> = (0..CLIENTS).map(|_| unfinished(&server, &body).unwrap()).collect();
        let answers = held.into_iter().map(|stream| finish(stream, &body)).collect();
        is_over.store(true, Ordering::SeqCst);
        assert!(reading.join().unwrap() > 0);
        answers
    });
    assert!(server.is_alive(), "{:?}", server.said.lock().unwrap());
    let count = |wanted: &dyn Fn(u16, &str) -> bool| answers.iter().flatten().filter(|(status, code)| wanted(*status, code)).count();
    let (spent, taken) = (count(&|status, code| (status, code) == (503, "memory_spent")), count(&|status, _| status != 503));
    assert!(spent > CLIENTS / 2 && taken > 0, "{spent} refused, {taken} taken: {answers:?}");
    eventually("there is room again", || root.json("POST", &format!("{TENANT}/agents/gate:execute"), &json!({})).status == 200);
}
