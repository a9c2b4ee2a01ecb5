//! What was deleted leaves the log while the server serves, and the server may be killed at any moment of it (G1): what waits is there and goes
//! on, what was deleted stays so, and the statistics still tell of it, also when the view is made again from what is left of the log.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use serde_json::{Value, json};

use super::desk::{APPROVALS, TENANT, eventually, expect};
use super::harness::{Client, Server};
use super::oracle::{Random, agent, number};

/// Several segments of the log come of so many.
const QUICK: u64 = 60;
const TEXT_BYTES: usize = 100 << 10;
/// One of so many waits for a person.
const WAITS_EVERY: u64 = 10;
const FLOW: &str = r#"
flow: NAME
input: {type: object, required: [n, text], properties: {n: {type: integer}, text: {type: string}}}
steps:
  kept: {set: {n: input.n}}
  ask: {approval: {title: "Go on?"}}
edges:
  - {from: kept, to: ask, when: input.n % EVERY == 0}
output: input.n
"#;
/// Where the server dies in each life.
const PLACES: [&str; 5] = ["none", "compact.past_kept", "compact.checkpointed", "compact.replaced", "compact.replaced"];

fn text(n: u64) -> String {
    format!("{n} ").repeat(TEXT_BYTES / format!("{n} ").len())
}

fn path(id: &str) -> String {
    format!("{TENANT}/agents/note/executionRecords/{id}")
}

/// Starts the next ones; those that wait, with their ids. The others are over, and deleted.
fn begin(client: &Client, numbers: std::ops::Range<u64>) -> BTreeMap<u64, String> {
    let mut waiting = BTreeMap::new();
    for n in numbers {
        let body = json!({"parameters": {"n": n, "text": text(n)}});
        let id = expect(200, &client.json("POST", &format!("{TENANT}/agents/note:execute"), &body))["executionRecordId"]
            .as_str()
            .unwrap()
            .to_owned();
        if n.is_multiple_of(WAITS_EVERY) {
            waiting.insert(n, id);
        } else {
            assert_eq!(client.json("DELETE", &path(&id), &json!({})).status, 204);
        }
    }
    waiting
}

/// The segments of the log that have holes: how many, how long they are, and what they take of the disk.
fn with_holes(directory: &Path) -> (u64, u64, u64) {
    let entries = std::fs::read_dir(directory.join("data")).unwrap().map(Result::unwrap);
    let segments = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("log-")).map(|entry| entry.metadata().unwrap());
    let sizes = segments.map(|metadata| (metadata.len(), metadata.blocks() * 512)).filter(|(length, taken)| taken < length);
    sizes.fold((0, 0, 0), |sum, (length, taken)| (sum.0 + 1, sum.1 + length, sum.2 + taken))
}

/// How many there were, and how many of them ended.
fn counted(client: &Client) -> (u64, u64) {
    let all = expect(200, &client.get(&format!("{TENANT}/agents/note/statistics")));
    let sum = |field: &str| all.as_array().unwrap().iter().filter_map(|row| row[field].as_u64()).sum();
    (sum("started"), sum("completed"))
}

#[test]
fn what_was_deleted_leaves_the_log_while_the_server_serves_and_is_killed() {
    let mut random = Random(number("FLOWGATE_KILL_SEED", 1));
    for _ in 0..number("FLOWGATE_KILL_ROUNDS", 1) {
        lives(&mut random);
    }
}

/// On one data directory.
fn lives(random: &mut Random) {
    let directory = tempfile::tempdir().unwrap();
    let mut waiting = BTreeMap::new();
    agent(&Server::start_in(directory.path()).root(), "note", &FLOW.replace("NAME", "note").replace("EVERY", &WAITS_EVERY.to_string()));
    let mut begun = 0;
    for place in PLACES {
        let mut server = Server::start_with(directory.path(), &[], &[("FLOWGATE_CRASH_AT", place)]);
        let client = server.root();
        // So many that there is a segment to be replaced in each life, where each is twice the one before.
        let more = QUICK + random.below(3);
        waiting.extend(begin(&client, begun..begun + more));
        begun += more;
        let asked = client.request("POST", "/v1/compact", &[("content-type", "application/json")], b"{}");
        match (&asked, place) {
            (Ok(answer), "none") => assert!(expect(200, answer)["segmentsRewritten"].as_u64().unwrap() > 0, "{}", answer.text()),
            (Ok(answer), _) => panic!("it was to die at {place}: {}", answer.text()),
            (Err(_), _) => eventually("it dies", || !server.is_alive()),
        }
        server.kill();
        server = Server::start_in(directory.path());
        let client = server.root();
        assert_eq!(counted(&client).0, begun);
        for (n, id) in &waiting {
            assert_eq!(expect(200, &client.get(&path(id)))["status"], "WAITING_FOR_HUMAN", "{n}");
            assert_eq!(expect(200, &client.get(&format!("{}/result", path(id))))["parameters"], json!({"n": n, "text": text(*n)}));
        }
        let listed = expect(200, &client.get(&format!("{TENANT}/agents/note/executionRecords?pageSize=200")));
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(waiting.len()), "what was deleted stays so");
    }

    let server = Server::start_in(directory.path());
    let client = server.root();
    expect(200, &client.json("POST", "/v1/compact", &json!({})));
    let (segments, length, taken) = with_holes(directory.path());
    println!("{segments} segments with holes, {length} bytes long, take {taken}");
    assert!(segments >= 4, "{segments}");
    // One in ten waits, and its text stays.
    assert!(taken * 3 < length, "{taken} of {length}");
    let statistics = counted(&client);
    drop(server);

    // The view is made again from what is left.
    std::fs::remove_dir_all(directory.path().join("data/view")).unwrap();
    let server = Server::start_in(directory.path());
    let client = server.root();
    assert_eq!(counted(&client), statistics);
    let (n, id) = waiting.iter().nth(usize::try_from(random.below(waiting.len() as u64)).unwrap()).unwrap();
    let open = expect(200, &client.get(&format!("{TENANT}/agents/note/pendingApprovals?status=PENDING&pageSize=200")));
    let question = open["items"].as_array().unwrap().iter().find(|item| item["executionRecordId"] == *id).unwrap();
    let name = question["id"].as_str().unwrap();
    expect(200, &client.json("POST", &format!("{APPROVALS}/{name}:respond"), &json!({"text": "approve"})));
    eventually("it ends", || expect(200, &client.get(&path(id)))["status"] == "COMPLETED");
    assert_eq!(expect(200, &client.get(&format!("{}/result", path(id))))["result"]["jsonValue"], json!(n));
    assert_ne!(counted(&client), statistics, "it ended");
    drop(server);
    let checked = std::process::Command::new(env!("CARGO_BIN_EXE_flowgate"))
        .args(["store", "check", "--data-dir"])
        .arg(directory.path().join("data"))
        .args(["--output", "json"])
        .output()
        .unwrap();
    let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!((report["sound"].clone(), report["losses"].clone()), (json!(true), json!([])), "{report}");
}
