//! The clock is moved while the server runs: an hour ahead, an hour back, 400 days ahead. Timers are never early by the wall clock, deadlines,
//! sign-ins and keys count by it, schedules fire nothing twice, nothing is lost, and nothing runs in circles. A debug build reads how far its
//! clock is off from a file.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{APPROVALS, TENANT, eventually, eventually_within, expect};
use super::harness::{Client, ROOT_KEY, Server};
use super::oracle::agent;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
const LONG_MS: i64 = 400 * DAY_MS;
const NAP: &str = "flow: nap\nsteps:\n  nap: {wait: {for: FOR}}\n  done: {set: {rested: true}}\nedges: [{from: nap, to: done}]\n";
const GATE: &str = "flow: gate\nsteps:\n  review: {approval: {title: \"Go on?\", expires: {after: 2d, then: reject}}}\n  yes: {end: {output: \"true\"}}\n  \
                    no: {end: {output: \"false\"}}\nedges:\n  - {from: review, to: yes, on: approved}\n  - {from: review, to: no, on: rejected}\n";
const TICK: &str = "flow: tick\nsteps:\n  tick: {set: {at: '1'}}\n";

/// A server whose clock the test moves.
struct Clocked {
    server: Server,
    directory: tempfile::TempDir,
    file: PathBuf,
}

impl Clocked {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("clock");
        let server = serve(directory.path(), &file);
        let clocked = Self { server, directory, file };
        let root = clocked.root();
        for (id, wait) in [("half", "30m"), ("five", "5m"), ("blink", "1s")] {
            agent(&root, id, &NAP.replace("FOR", wait).replace("flow: nap", &format!("flow: {id}")));
        }
        agent(&root, "gate", GATE);
        agent(&root, "tick", TICK);
        clocked
    }

    fn root(&self) -> Client {
        self.server.root()
    }

    /// The clock is off by so much from now on. Written beside and renamed: it is never read half.
    fn off_by(&self, ms: i64) {
        let beside = self.directory.path().join("clock.new");
        std::fs::write(&beside, ms.to_string()).unwrap();
        std::fs::rename(&beside, &self.file).unwrap();
    }

    fn kill_and_start(&mut self) {
        self.server.kill();
        self.server = serve(self.directory.path(), &self.file);
    }

    /// Started, and not waited for; the id.
    fn begin(&self, agent: &str) -> String {
        let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
        let started = self.root().request("POST", &format!("{TENANT}/agents/{agent}:execute"), &headers, b"{}").unwrap();
        assert!(matches!(started.status, 200 | 202), "{}", started.text());
        started.value()["executionRecordId"].as_str().unwrap().to_owned()
    }

    fn record(&self, agent: &str, execution: &str) -> Value {
        expect(200, &self.root().get(&format!("{TENANT}/agents/{agent}/executionRecords/{execution}")))
    }

    fn ends(&self, agent: &str, execution: &str) -> Value {
        eventually(&format!("{agent} ends"), || self.record(agent, execution)["endTime"].is_number());
        self.record(agent, execution)
    }

    /// What the process does when nothing is due is nothing, or near it: in some half second it uses less than half of one processor.
    fn rests(&self) {
        let ticks = || {
            let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.server.pid())).unwrap();
            let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
            fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
        };
        eventually("the process rests", || {
            let (began, before) = (Instant::now(), ticks());
            std::thread::sleep(Duration::from_millis(500));
            // A hundred ticks are a second, everywhere that matters.
            let used = Duration::from_millis((ticks() - before) * 10);
            used < began.elapsed() / 2
        });
    }
}

fn serve(directory: &Path, file: &Path) -> Server {
    Server::start_with(directory, &[], &[("FLOWGATE_CLOCK_FILE", file.to_str().unwrap())])
}

fn lasted_ms(record: &Value) -> i64 {
    record["endTime"].as_i64().unwrap() - record["startTime"].as_i64().unwrap()
}

#[test]
fn timers_go_by_the_wall_clock_and_are_never_early() {
    let mut clocked = Clocked::start();
    let half = clocked.begin("half");
    clocked.off_by(HOUR_MS);
    let ended = clocked.ends("half", &half);
    assert!(ended["status"] == "COMPLETED" && lasted_ms(&ended) >= 30 * MINUTE_MS, "{ended}");
    // Ahead: what begins there, ends there.
    let blink = clocked.begin("blink");
    assert!(lasted_ms(&clocked.ends("blink", &blink)) >= 1_000);
    // And back: what began in the hour ahead waits until the clock is there again; what begins now does not.
    let five = clocked.begin("five");
    let asked = clocked.begin("gate");
    clocked.off_by(0);
    let blink = clocked.begin("blink");
    assert!(lasted_ms(&clocked.ends("blink", &blink)) >= 1_000, "a timer of the time after the clock was set back");
    assert!(clocked.record("five", &five)["endTime"].is_null());
    clocked.rests();
    // The times of one execution never run backwards.
    let question = expect(200, &clocked.root().get(&format!("{APPROVALS}?status=PENDING")))["items"][0]["id"].as_str().unwrap().to_owned();
    expect(200, &clocked.root().json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"})));
    let ended = clocked.ends("gate", &asked);
    assert!(ended["status"] == "COMPLETED" && lasted_ms(&ended) >= 0, "{ended}");
    clocked.off_by(-HOUR_MS);
    clocked.kill_and_start();
    assert!(clocked.record("five", &five)["endTime"].is_null());
    let early = clocked.begin("five");
    clocked.rests();
    clocked.off_by(HOUR_MS + 10 * MINUTE_MS);
    for execution in [&five, &early] {
        let ended = clocked.ends("five", execution);
        assert!(ended["status"] == "COMPLETED" && lasted_ms(&ended) >= 5 * MINUTE_MS, "{ended}");
    }
    // Whatever the order in which they began: every one is on one page, once.
    let (mut seen, mut token) = (Vec::new(), String::new());
    loop {
        let page = expect(200, &clocked.root().get(&format!("{TENANT}/executionRecords?pageSize=2&pageToken={token}")));
        seen.extend(page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextPageToken"].as_str() else { break };
        next.clone_into(&mut token);
    }
    let count = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!((count, seen.len()), (6, 6));
}

#[test]
fn keys_sign_ins_and_questions_count_by_the_wall_clock() {
    let clocked = Clocked::start();
    let root = clocked.root();
    let wanted = json!({"name": "short", "scopes": ["executions:read"], "expirationDays": 30});
    let key = expect(200, &root.json("POST", &format!("{TENANT}/apiKeys:generate"), &wanted))["apiKey"].as_str().unwrap().to_owned();
    let short = clocked.server.client(&key);
    let nobody = Client { address: clocked.server.address, key: None };
    let sign_in = || {
        let signed = nobody.json("POST", "/v1/signIn", &json!({"key": ROOT_KEY}));
        signed.header("set-cookie").unwrap_or_else(|| panic!("{}", signed.text())).split(';').next().unwrap().to_owned()
    };
    let cookie = sign_in();
    let records = format!("{TENANT}/executionRecords");
    let by_cookie = |cookie: &str| nobody.request("GET", &records, &[("cookie", cookie)], b"").unwrap().status;
    let asked = clocked.begin("gate");
    assert_eq!((short.get(&records).status, by_cookie(&cookie)), (200, 200));
    clocked.off_by(-HOUR_MS);
    assert_eq!((short.get(&records).status, by_cookie(&cookie)), (200, 200), "an hour earlier both are as good");
    clocked.off_by(LONG_MS);
    assert_eq!((short.get(&records).status, by_cookie(&cookie)), (401, 401));
    assert_eq!((root.get(&records).status, by_cookie(&sign_in())), (200, 200), "what has no end goes on");
    // Nobody answered within two days.
    let ended = clocked.ends("gate", &asked);
    assert!(ended["status"] == "COMPLETED" && lasted_ms(&ended) >= 2 * DAY_MS, "{ended}");
    let result = expect(200, &root.get(&format!("{TENANT}/agents/gate/executionRecords/{asked}/result")));
    assert_eq!(result["result"]["jsonValue"], json!(false), "it was rejected: {result}");
    clocked.off_by(0);
    assert_eq!(short.get(&records).status, 200, "a key is not used up by a clock that was wrong");
    clocked.rests();
}

fn fired(client: &Client, trigger: &str) -> Vec<i64> {
    let page = expect(200, &client.get(&format!("/v1/tenants/default/triggers/{trigger}/firings?pageSize=200")));
    let rows = page["items"].as_array().unwrap().iter().filter(|row| row["executionRecordId"].is_string());
    let mut fired: Vec<i64> = rows.map(|row| row["scheduledFor"].as_i64().unwrap()).collect();
    fired.sort_unstable();
    fired
}

#[test]
fn schedules_fire_no_time_twice_and_do_not_flood_after_a_jump() {
    const CATCH_UP_MAX: usize = 3;
    let mut clocked = Clocked::start();
    let trigger = |catch_up: &str| {
        let schedule = json!({"cron": "0 * * * *", "catchUp": catch_up, "catchUpMax": CATCH_UP_MAX});
        let body = json!({"displayName": catch_up, "kind": "SCHEDULE", "schedule": schedule, "overlap": "parallel", "agentIds": ["tick"]});
        expect(201, &clocked.root().json("POST", "/v1/tenants/default/triggers", &body))["id"].as_str().unwrap().to_owned()
    };
    let (all, last) = (trigger("all"), trigger("last"));
    clocked.off_by(LONG_MS);
    let root = clocked.root();
    eventually("it is caught up", || !fired(&root, &all).is_empty() && !fired(&root, &last).is_empty());
    let counts = |clocked: &Clocked| (fired(&clocked.root(), &all).len(), fired(&clocked.root(), &last).len());
    // On the hour in between, one more each.
    let (many, one) = counts(&clocked);
    assert!((CATCH_UP_MAX..=CATCH_UP_MAX + 1).contains(&many) && (1..=2).contains(&one), "{many}, {one}");
    // Back again, also over a restart: nothing that has fired fires again.
    clocked.off_by(-HOUR_MS);
    clocked.kill_and_start();
    clocked.rests();
    assert_eq!(counts(&clocked), (many, one));
    // Two hours further than it ever was: both hours, or the latest.
    clocked.off_by(LONG_MS + 2 * HOUR_MS);
    eventually("it is caught up again", || counts(&clocked).0 >= many + 2 && counts(&clocked).1 > one);
    let (more, another) = counts(&clocked);
    assert!(more <= many + 3 && another <= one + 2, "{more} after {many}, {another} after {one}");
    for trigger in [&all, &last] {
        let fired = fired(&clocked.root(), trigger);
        assert!(fired.windows(2).all(|pair| pair[0] < pair[1]), "a time that fired twice: {fired:?}");
    }
}

/// The server looks once a minute; what is due then is gone soon after, and nothing else is.
#[test]
fn what_was_kept_long_enough_is_purged_by_the_server_itself() {
    let clocked = Clocked::start();
    let root = clocked.root();
    let list = || expect(200, &root.get(&format!("{TENANT}/executionRecords?pageSize=200")))["items"].as_array().unwrap().len();
    for _ in 0..150 {
        expect(200, &root.json("POST", &format!("{TENANT}/agents/tick:execute"), &json!({})));
    }
    let waits = clocked.begin("gate");
    expect(200, &root.json("PUT", &format!("{TENANT}/retention"), &json!({"days": 30})));
    clocked.off_by(20 * DAY_MS);
    // Begun long ago, and ended now: nobody answered.
    clocked.ends("gate", &waits);
    expect(200, &root.json("POST", &format!("{TENANT}/agents/tick:execute"), &json!({})));
    let kept = expect(200, &root.json("POST", &format!("{TENANT}/agents/tick:execute"), &json!({})))["executionRecordId"].clone();
    assert_eq!(list(), 153);
    clocked.off_by(31 * DAY_MS);
    eventually_within(Duration::from_secs(150), "the sweep", || list() == 3);
    assert_eq!(clocked.record("tick", kept.as_str().unwrap())["status"], "COMPLETED");
    assert_eq!(clocked.record("gate", &waits)["status"], "COMPLETED");
}
