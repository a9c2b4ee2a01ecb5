//! A disk that fills up and is freed again (G1, G2, G5, G17): new work is refused first, decisions go on, then they wait, reads always go on,
//! and everything that was acknowledged is there afterwards. The disk is a real one, of memory, in a mount namespace of its own; where the
//! machine gives none, the tests say so and pass. `.ci/run` sets `FLOWGATE_NEEDS_MOUNTS`, and then they must run.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, TENANT, eventually, expect};
use super::harness::{Answer, Client, Server};
use super::oracle::{Oracle, agent, allow};

const MIB: u64 = 1 << 20;
/// Above what must stay free for new work, with room for the store.
const DISK_BYTES: u64 = 200 * MIB;
/// Below 128 MiB free: nothing new.
const LOW_BYTES: u64 = 70 * MIB;
/// Below 32 MiB free: nothing at all.
const STOP_BYTES: u64 = 12 * MIB;
const PAY: &str = "flow: pay\ninput: {type: object, required: [n], properties: {n: {type: integer}}}\nsteps:\n  \
                   review: {approval: {title: \"Go on?\"}}\n  pay: {http: {post: \"WORLD/pay/{{ input.n }}\", json: {}}, effect: once}\n\
                   edges:\n  - {from: review, to: pay, on: approved}\n";
const WAITS: &str = "flow: waits\nsteps:\n  wait: {event: {name: go, timeout: 1d}}\n  more: {event: {name: other, timeout: 1d}}\n\
                     edges: [{from: wait, to: more}]\n";
const SHORT: &str = "flow: short\ninput: {type: object, properties: {n: {type: integer}}}\nsteps:\n  only: {set: {n: input.n}}\n";

/// A file system of its own on the data directory, for as long as this lives.
struct Disk {
    holder: Child,
    /// What puts a command on it.
    enter: Vec<String>,
    /// The data directory, seen from outside.
    data: PathBuf,
}

impl Disk {
    /// None where the machine allows no mounts.
    fn mount(directory: &Path) -> Option<Self> {
        let data = directory.join("data");
        std::fs::create_dir(&data).unwrap();
        let script = format!("mount -t tmpfs -o size={DISK_BYTES} tmpfs '{}' && echo mounted && exec sleep 1000000", data.display());
        // As root a mount namespace is enough; as anybody else it takes a user namespace around it.
        for (unshared, entered) in [(vec!["-m"], vec!["-m"]), (vec!["-U", "-r", "-m"], vec!["-U", "-m", "--preserve-credentials"])] {
            let mut command = Command::new("unshare");
            command.args(unshared).args(["sh", "-c", &script]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
            let Ok(mut holder) = command.spawn() else { continue };
            let mut said = String::new();
            BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
            if said.trim() != "mounted" {
                let _ = holder.wait();
                continue;
            }
            let (pid, place) = (holder.id().to_string(), format!("--wd={}", directory.display()));
            let enter = ["nsenter", "-t", &pid, &place].into_iter().chain(entered).map(str::to_owned).collect();
            let seen = PathBuf::from(format!("/proc/{}/root", holder.id())).join(data.strip_prefix("/").unwrap());
            return Some(Self { holder, enter, data: seen });
        }
        assert!(std::env::var_os("FLOWGATE_NEEDS_MOUNTS").is_none(), "this machine allows no mounts, and these tests must run");
        println!("SKIPPED: a disk that fills up: this machine allows no mount namespace (run as root, or allow user namespaces)");
        None
    }

    fn serve(&self, directory: &Path) -> Result<Server, Vec<String>> {
        let enter: Vec<&str> = self.enter.iter().map(String::as_str).collect();
        Server::launch_through(&enter, directory, &[], &[("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")])
    }

    fn free_bytes(&self) -> u64 {
        fs4::available_space(&self.data).unwrap()
    }

    /// Takes what is there, but for `left` bytes.
    fn fill(&self, left: u64) {
        let mut filler = std::fs::OpenOptions::new().create(true).append(true).open(self.filler()).unwrap();
        let piece = vec![7; 256 << 10];
        while self.free_bytes() > left {
            let size = usize::try_from((self.free_bytes() - left).min(piece.len() as u64)).unwrap();
            // Full to the last byte: what was asked for.
            if filler.write_all(&piece[..size]).is_err() {
                return;
            }
        }
    }

    fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }

    fn filler(&self) -> PathBuf {
        self.data.join("somebody-elses")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

fn start(client: &Client, agent: &str, n: u64) -> std::io::Result<Answer> {
    client.once(&format!("{agent}-{n}"), &format!("{TENANT}/agents/{agent}:execute"), &json!({"parameters": {"n": n}}))
}

fn respond(client: &Client, question: &str) -> std::io::Result<Answer> {
    let headers = [("content-type", "application/json")];
    client.request("POST", &format!("{APPROVALS}/{question}:respond"), &headers, br#"{"text": "approve"}"#)
}

fn record(client: &Client, agent: &str, execution: &str) -> Value {
    expect(200, &client.get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}")))
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("no {name}: {value}")).to_owned()
}

/// Executions that wait for a person: id and question.
fn waiting(client: &Client, count: u64) -> Vec<(String, String)> {
    let started = (0..count).map(|n| expect(200, &start(client, "pay", n).unwrap()));
    started.map(|started| (text(&started, "executionRecordId"), text(&started, "humanApprovalRequestId"))).collect()
}

/// A desk on a disk: questions that are asked, something that waits for a signal, and starts that are numbered.
struct Scene<'a> {
    disk: &'a Disk,
    root: Client,
    /// Executions of `pay`: id and question.
    asked: Vec<(String, String)>,
    /// An execution that takes signals.
    waits: String,
    /// Starts of `short` that were acknowledged; the next one has the next number.
    taken: AtomicU64,
}

impl<'a> Scene<'a> {
    fn set(disk: &'a Disk, root: Client, oracle: &Oracle) -> Self {
        agent(&root, "pay", &PAY.replace("WORLD", &oracle.address));
        agent(&root, "short", SHORT);
        agent(&root, "waits", WAITS);
        let asked = waiting(&root, 4);
        let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
        let waits = root.request("POST", &format!("{TENANT}/agents/waits:execute"), &headers, b"{}").unwrap().value();
        Self { disk, root, asked, waits: text(&waits, "executionRecordId"), taken: AtomicU64::new(0) }
    }

    fn start(&self) -> Answer {
        let answer = start(&self.root, "short", self.taken.load(Ordering::SeqCst)).unwrap();
        self.taken.fetch_add(u64::from(answer.status == 200), Ordering::SeqCst);
        answer
    }

    fn signal(&self) -> u16 {
        let path = format!("{TENANT}/agents/waits/executionRecords/{}:signal", self.waits);
        self.root.json("POST", &path, &json!({"name": "other", "payload": {}})).status
    }

    /// What can always be read.
    fn reads(&self) {
        let page = expect(200, &self.root.get(&format!("{TENANT}/agents/pay/executionRecords")));
        assert_eq!(page["items"].as_array().unwrap().len(), 4);
    }

    fn is_refused(&self) {
        let refused = self.start();
        assert_eq!((refused.status, refused.code().as_str()), (503, "disk_full"), "{}", refused.text());
        assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u64>().is_ok_and(|seconds| seconds > 0)));
    }

    /// Little is left: nothing new, but what runs comes to its end.
    fn little_is_left(&self) {
        self.disk.fill(LOW_BYTES);
        eventually("starts are refused", || self.start().status == 503);
        self.is_refused();
        let created = self.root.json("POST", &format!("{TENANT}/agents"), &json!({"id": "late", "displayName": "late"}));
        assert_eq!((created.status, created.code().as_str()), (503, "disk_full"));
        expect(200, &respond(&self.root, &self.asked[0].1).unwrap());
        eventually("it is paid", || record(&self.root, "pay", &self.asked[0].0)["status"] == "COMPLETED");
        let path = format!("{TENANT}/agents/pay/executionRecords/{}:cancelRun", self.asked[1].0);
        let cancelled = self.root.json("POST", &path, &json!({}));
        assert!(matches!(cancelled.status, 202 | 204), "{}", cancelled.text());
        assert_eq!(self.signal(), 200, "what an execution waits for is no new work");
        self.reads();
    }

    /// Hardly anything, then nothing: whatever writes is refused or waits, and reads go on.
    fn nothing_is_left(&self) {
        self.disk.fill(STOP_BYTES);
        eventually("nothing is written any more", || self.signal() == 503);
        self.disk.fill(0);
        let is_decided = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let deciding = scope.spawn(|| {
                let decided = respond(&self.root, &self.asked[2].1).unwrap();
                is_decided.store(true, Ordering::SeqCst);
                decided
            });
            for _ in 0..20 {
                self.reads();
                self.is_refused();
                assert_eq!(record(&self.root, "pay", &self.asked[2].0)["status"], "WAITING_FOR_HUMAN");
            }
            assert!(!is_decided.load(Ordering::SeqCst), "answered, and it cannot be durable");
            self.disk.free();
            expect(200, &deciding.join().unwrap());
        });
    }
}

#[test]
fn new_work_is_refused_decisions_go_on_and_everything_comes_back_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let Some(disk) = Disk::mount(directory.path()) else { return };
    let oracle = Oracle::start(Duration::ZERO);
    let mut server = disk.serve(directory.path()).unwrap();
    let scene = Scene::set(&disk, server.root(), &oracle);
    scene.little_is_left();
    scene.nothing_is_left();
    // Space again: everything goes on by itself.
    eventually("starts are taken again", || scene.start().status == 200);
    eventually("the decision has taken effect", || record(&scene.root, "pay", &scene.asked[2].0)["status"] == "COMPLETED");
    server.kill();
    let server = disk.serve(directory.path()).unwrap();
    let root = server.root();
    let statuses: Vec<_> = scene.asked.iter().map(|(execution, _)| record(&root, "pay", execution)["status"].clone()).collect();
    assert_eq!(statuses, ["COMPLETED", "CANCELLED", "COMPLETED", "WAITING_FOR_HUMAN"]);
    let numbers = 0..scene.taken.load(Ordering::SeqCst);
    let ids: BTreeSet<String> = numbers.map(|n| text(&expect(200, &start(&root, "short", n).unwrap()), "executionRecordId")).collect();
    let page = expect(200, &root.get(&format!("{TENANT}/agents/short/executionRecords?pageSize=200")));
    let found: BTreeSet<String> = page["items"].as_array().unwrap().iter().map(|row| text(row, "id")).collect();
    assert_eq!(found, ids, "acknowledged is what is there, and a start that was refused has left nothing behind");
    assert_eq!((oracle.count("/pay/0"), oracle.count("/pay/1"), oracle.count("/pay/2")), (1, 0, 1));
}

/// Starts until told to stop, or until the server is gone; each acknowledged number with its execution.
fn keep_starting(client: &Client, from: u64, is_over: &AtomicBool, told: &Mutex<Vec<(u64, String)>>) {
    for n in from.. {
        if is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(answer) = start(client, "short", n) else { return };
        match answer.status {
            200 | 202 => told.lock().unwrap().push((n, text(&answer.value(), "executionRecordId"))),
            // 500: it is about to end.
            500 | 503 => std::thread::sleep(Duration::from_millis(5)),
            status => panic!("{status}: {}", answer.text()),
        }
    }
}

#[test]
fn a_disk_that_is_full_from_one_moment_to_the_next_loses_nothing_acknowledged() {
    const CLIENTS: u64 = 4;
    const ROUNDS: u64 = 3;
    let directory = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(directory.path()) else { return };
    let mut server = disk.serve(directory.path()).unwrap();
    agent(&server.root(), "short", SHORT);
    let told = Mutex::new(Vec::new());
    for round in 0..ROUNDS {
        let is_over = AtomicBool::new(false);
        let root = server.root();
        std::thread::scope(|scope| {
            for client in 0..CLIENTS {
                let (root, is_over, told) = (&root, &is_over, &told);
                scope.spawn(move || keep_starting(root, (round * CLIENTS + client) * 1_000_000, is_over, told));
            }
            let before = told.lock().unwrap().len();
            eventually("starts are acknowledged", || told.lock().unwrap().len() > before + 10);
            disk.fill(0);
            let refuses =
                || root.request("GET", "/livez", &[], b"").is_err() || start(&root, "short", 999_999_999).is_ok_and(|a| a.status == 503);
            eventually("it refuses, or has ended", refuses);
            is_over.store(true, Ordering::SeqCst);
        });
        disk.free();
        if round % 2 == 1 {
            server.kill();
        }
        eventually("it takes starts again", || {
            // It may have ended: nobody knows what a disk holds that could not be written.
            if !server.is_alive() {
                server = disk.serve(directory.path()).unwrap();
            }
            start(&server.root(), "short", 999_999_000 + round).is_ok_and(|answer| answer.status == 200)
        });
        let root = server.root();
        for (n, execution) in told.lock().unwrap().iter() {
            let again = start(&root, "short", *n).unwrap();
            assert_eq!((again.status, text(&again.value(), "executionRecordId")), (200, execution.clone()), "start {n}");
            assert_eq!(record(&root, "short", execution)["status"], "COMPLETED");
        }
    }
}
