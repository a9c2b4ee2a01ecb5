//! Triggers with the real binary: schedules under SIGKILL, inbound events that are signed or not, executions that overlap.
//!
//! `FLOWGATE_KILL_ROUNDS` sets the number of kills (6 by default), `FLOWGATE_KILL_SEED` the seed.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::desk::{TENANT, eventually, expect};
use super::harness::{Answer, Client, PATIENCE, Server};
use super::oracle::{Oracle, Random, agent, allow, number};

const TRIGGERS: &str = "/v1/tenants/default/triggers";
/// Writes down what it was started with.
const ECHO: &str = "flow: echo\nsteps:\n  seen: {set: {input: input, trigger: context.trigger}}\noutput: steps.seen.output\n";

fn now_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}

/// The beginning of the answer to a request whose body never comes.
fn unread(server: &Server, path: &str) -> String {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn create(client: &Client, body: &Value) -> Value {
    expect(201, &client.json("POST", TRIGGERS, body))
}

fn id(trigger: &Value) -> &str {
    trigger["id"].as_str().unwrap()
}

fn act(client: &Client, trigger: &Value, action: &str, body: &Value) -> Answer {
    client.json("POST", &format!("{TRIGGERS}/{}:{action}", id(trigger)), body)
}

/// Every firing, oldest first.
fn firings(client: &Client, trigger: &Value) -> Vec<Value> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = expect(200, &client.get(&format!("{TRIGGERS}/{}/firings?pageSize=200&pageToken={token}", id(trigger))));
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    found.reverse();
    found
}

/// Every execution that a trigger started.
fn records(client: &Client, trigger: &Value) -> Vec<Value> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let path = format!("{TENANT}/executionRecords?triggerId={}&origin=PRODUCTION&pageSize=200&pageToken={token}", id(trigger));
        let page = expect(200, &client.get(&path));
        found.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => return found,
        }
    }
}

fn output(client: &Client, agent: &str, execution: &str) -> Value {
    let path = format!("{TENANT}/agents/{agent}/executionRecords/{execution}");
    eventually("it ends", || expect(200, &client.get(&path))["endTime"].is_number());
    expect(200, &client.get(&format!("{path}/result")))["result"]["jsonValue"].clone()
}

fn states(firings: &[Value]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for firing in firings {
        *counted.entry(firing["state"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    counted
}

/// The due times of firings that have an execution; each must have one of its own.
fn started_dues(client: &Client, trigger: &Value) -> Vec<u64> {
    let firings: Vec<Value> = firings(client, trigger).into_iter().filter(|firing| firing["executionRecordId"].is_string()).collect();
    let records = records(client, trigger);
    let mut by_id: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &records {
        *by_id.entry(record["id"].as_str().unwrap()).or_default() += 1;
        assert_eq!(record["trigger"], json!({"type": "SCHEDULE", "id": id(trigger)}), "{record}");
    }
    for firing in &firings {
        assert_eq!(by_id.get(firing["executionRecordId"].as_str().unwrap()), Some(&1), "lost: {firing}");
    }
    assert_eq!(records.len(), firings.len(), "an execution without a firing");
    firings.iter().map(|firing| firing["scheduledFor"].as_u64().unwrap()).collect()
}

#[test]
fn a_schedule_fires_every_due_time_once_however_often_the_server_is_killed() {
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 6), number("FLOWGATE_KILL_SEED", 1));
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "echo", ECHO);
    let trigger = |catch_up: &str| {
        let schedule = json!({"cron": "* * * * * *", "catchUp": catch_up, "catchUpMax": 100, "graceSeconds": 1});
        let body = json!({"displayName": catch_up, "kind": "SCHEDULE", "schedule": schedule, "overlap": "parallel", "agentIds": ["echo"]});
        create(&server.root(), &body)
    };
    let (all, last, skip) = (trigger("all"), trigger("last"), trigger("skip"));
    let mut random = Random(seed);
    for _ in 0..rounds {
        std::thread::sleep(Duration::from_millis(300 + random.below(1_500)));
        server.kill();
        std::thread::sleep(Duration::from_millis(random.below(2_500)));
        server = Server::start_in(directory.path());
    }
    let root = server.root();
    let restarted = now_ms();
    let is_past = || firings(&root, &all).last().is_some_and(|firing| firing["scheduledFor"].as_u64().unwrap() > restarted);
    eventually("it catches up", is_past);
    for trigger in [&all, &last, &skip] {
        expect(200, &act(&root, trigger, "disable", &json!({})));
        let is_settled = || firings(&root, trigger).iter().all(|firing| firing["state"] != "PENDING" && firing["state"] != "STARTED");
        eventually("everything that was started ended", is_settled);
    }
    let dues = started_dues(&root, &all);
    let expected: Vec<u64> = (0..dues.len() as u64).map(|second| dues[0] + second * 1_000).collect();
    assert_eq!(dues, expected, "every second once, in order, over {rounds} kills (seed {seed})");
    for trigger in [&last, &skip] {
        let firings = firings(&root, trigger);
        let mut seen = started_dues(&root, trigger);
        let count = seen.len();
        seen.dedup();
        assert_eq!(seen.len(), count, "a due time twice");
        // What was not started was said to be missed, or it lay before the last one.
        let missed = firings.iter().filter(|firing| firing["state"] == "MISSED").count();
        let gaps = seen.windows(2).filter(|pair| pair[1] - pair[0] > 1_000).count();
        assert!(gaps <= missed, "{gaps} gaps and {missed} notes of missing: {firings:#?}");
    }
    println!("{rounds} kills, seed {seed}: {} firings", dues.len());
}

#[test]
fn a_schedule_that_was_due_during_downtime_does_what_its_policy_says_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "echo", ECHO);
    let root = server.root();
    let trigger = |catch_up: &str, max: u64| {
        let schedule = json!({"cron": "*/2 * * * * *", "catchUp": catch_up, "catchUpMax": max, "graceSeconds": 1});
        let body = json!({"displayName": catch_up, "kind": "SCHEDULE", "schedule": schedule, "overlap": "parallel", "agentIds": ["echo"]});
        create(&root, &body)
    };
    let triggers = [trigger("skip", 10), trigger("last", 10), trigger("all", 3)];
    server.kill();
    let down = now_ms();
    std::thread::sleep(Duration::from_secs(11));
    let server = Server::start_in(directory.path());
    let (root, up) = (server.root(), now_ms());
    for trigger in &triggers {
        eventually("it fires again", || firings(&root, trigger).last().is_some_and(|firing| firing["scheduledFor"].as_u64().unwrap() > up));
        expect(200, &act(&root, trigger, "disable", &json!({})));
        eventually("all ended", || {
            firings(&root, trigger).iter().all(|firing| ["ENDED", "MISSED"].contains(&firing["state"].as_str().unwrap()))
        });
    }
    let caught_up = |trigger: &Value| {
        // One second before the server answered, since it fires before it says so.
        let is_of_downtime = |due: &u64| *due > down && *due < up - 4_000;
        started_dues(&root, trigger).into_iter().filter(is_of_downtime).count()
    };
    let counts = triggers.each_ref().map(caught_up);
    assert_eq!(counts[0], 0, "skip catches nothing up");
    assert!(counts[1] <= 1, "last: only the latest, got {}", counts[1]);
    assert!((1..=3).contains(&counts[2]), "all: the newest three, got {}", counts[2]);
    for trigger in &triggers {
        assert_eq!(states(&firings(&root, trigger)).get("MISSED"), Some(&1), "what was left out is said once");
    }
}

/// An event, signed.
fn signed(secret: &str, event: &str, at_seconds: u64, body: &str) -> Vec<(String, String)> {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{event}.{at_seconds}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let pairs = [
        ("content-type", "application/json".to_owned()),
        ("webhook-id", event.to_owned()),
        ("webhook-timestamp", at_seconds.to_string()),
        ("webhook-signature", signature),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn send(server: &Server, path: &str, headers: &[(String, String)], body: &str) -> Answer {
    let nobody = Client { key: None, ..server.root() };
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    nobody.request("POST", path, &headers, body.as_bytes()).unwrap()
}

#[test]
fn an_inbound_event_fires_when_it_is_signed_new_and_wanted() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Server::start_in(directory.path());
    let root = server.root();
    agent(&root, "echo", ECHO);
    let trigger = create(
        &root,
        &json!({
            "displayName": "orders", "kind": "WEBHOOK", "eventType": "order.paid", "agentIds": ["echo"], "overlap": "parallel",
            "webhook": {"replayWindowSeconds": 60}, "mapping": {"order": "payload.data.id"}, "filter": "payload.data.total > 10",
        }),
    );
    let (secret, path) = (trigger["secret"].as_str().unwrap(), trigger["inboundPath"].as_str().unwrap());
    assert!(!root.get(&format!("{TRIGGERS}/{}", id(&trigger))).text().contains("whsec_"), "the secret is shown once");
    let body = json!({"type": "order.paid", "data": {"id": 7, "total": 11}}).to_string();
    let seconds = now_ms() / 1_000;
    let good = signed(secret, "evt_1", seconds, &body);
    for (what, headers, body) in [
        ("no signature", good[..3].to_vec(), body.as_str()),
        ("another body", good.clone(), r#"{"type": "order.paid", "data": {"id": 8, "total": 11}}"#),
        ("another secret", signed("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "evt_1", seconds, &body), body.as_str()),
        ("too old", signed(secret, "evt_1", seconds - 100, &body), body.as_str()),
        ("from the future", signed(secret, "evt_1", seconds + 200, &body), body.as_str()),
    ] {
        let refused = send(&server, path, &headers, body);
        assert_eq!((refused.status, refused.code().as_str()), (401, "webhook_unproven"), "{what}: {}", refused.text());
    }
    assert_eq!(send(&server, "/hooks/0123456789abcdef0123456789abcdef", &good, &body).status, 404);
    assert!(
        unread(&server, "/hooks/0123456789abcdef0123456789abcdef").starts_with("HTTP/1.1 404"),
        "an address that nobody has reads no body"
    );
    assert_eq!(records(&root, &trigger).len(), 0, "nothing that was refused fires");
    let fired = expect(200, &send(&server, path, &good, &body));
    assert_eq!((&fired["duplicate"], &fired["filtered"]), (&json!(false), &json!(false)));
    // Replayed, and sent again later under the same id, also after a kill.
    for again in [good.clone(), signed(secret, "evt_1", seconds + 1, &body)] {
        let answer = expect(200, &send(&server, path, &again, &body));
        assert_eq!((&answer["duplicate"], &answer["firingId"]), (&json!(true), &fired["firingId"]));
    }
    server.kill();
    let server = Server::start_in(directory.path());
    let root = server.root();
    let answer = expect(200, &send(&server, path, &signed(secret, "evt_1", now_ms() / 1_000, &body), &body));
    assert_eq!(answer["duplicate"], true, "{answer}");
    for unwanted in
        [json!({"type": "order.paid", "data": {"id": 9, "total": 10}}), json!({"type": "order.lost", "data": {"id": 9, "total": 99}})]
    {
        let body = unwanted.to_string();
        let answer = expect(200, &send(&server, path, &signed(secret, "evt_2", now_ms() / 1_000, &body), &body));
        assert_eq!((&answer["filtered"], &answer["firingId"]), (&json!(true), &Value::Null));
    }
    eventually("it started", || records(&root, &trigger).len() == 1);
    let records = records(&root, &trigger);
    assert_eq!(records[0]["trigger"], json!({"type": "WEBHOOK", "id": id(&trigger)}));
    let seen = output(&root, "echo", records[0]["id"].as_str().unwrap());
    assert_eq!((&seen["input"], &seen["trigger"]["eventId"]), (&json!({"order": 7}), &json!("evt_1")));
    assert_eq!(seen["trigger"]["payload"]["data"], json!({"id": 7, "total": 11}), "the whole event is recorded");
    // A rotated secret counts beside the old one for a while; without overlap it counts alone.
    let rotated = expect(200, &act(&root, &trigger, "rotateSecret", &json!({"overlapSeconds": 0})));
    let fresh = rotated["secret"].as_str().unwrap();
    let (old, new) = (signed(secret, "evt_3", now_ms() / 1_000, &body), signed(fresh, "evt_3", now_ms() / 1_000, &body));
    assert_eq!((send(&server, path, &old, &body).status, send(&server, path, &new, &body).status), (401, 200));
    expect(200, &act(&root, &trigger, "disable", &json!({})));
    let off = send(&server, path, &signed(fresh, "evt_4", now_ms() / 1_000, &body), &body);
    assert_eq!((off.status, off.code().as_str()), (409, "trigger_inactive"));
    assert_eq!(root.request("DELETE", &format!("{TRIGGERS}/{}", id(&trigger)), &[], b"").unwrap().status, 204);
    assert_eq!(send(&server, path, &new, &body).status, 404);
}

#[test]
fn a_token_is_enough_where_the_trigger_says_so() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "echo", ECHO);
    let trigger = create(
        &root,
        &json!({"displayName": "t", "kind": "WEBHOOK", "webhook": {"auth": "TOKEN", "eventId": "payload.id"}, "agentIds": ["echo"], "overlap": "parallel"}),
    );
    let (secret, path) = (trigger["secret"].as_str().unwrap(), trigger["inboundPath"].as_str().unwrap());
    let with = |name: &str, token: &str, body: &str| {
        let headers = [("content-type".to_owned(), "application/json".to_owned()), (name.to_owned(), token.to_owned())];
        send(&server, path, &headers, body)
    };
    assert_eq!(with("x-webhook-token", "whsec_no", r#"{"id": 1}"#).status, 401);
    assert_eq!(with("x-other", secret, r#"{"id": 1}"#).status, 401);
    assert_eq!(expect(200, &with("x-webhook-token", secret, r#"{"id": 1}"#))["duplicate"], false);
    assert_eq!(expect(200, &with("authorization", &format!("Bearer {secret}"), r#"{"id": 1}"#))["duplicate"], true);
    let refused = with("x-webhook-token", secret, "{}");
    assert_eq!((refused.status, refused.code().as_str()), (422, "invalid"), "no id to tell it by: {}", refused.text());
    assert!(!root.get(&format!("{TRIGGERS}/{}/firings", id(&trigger))).text().contains(secret), "what proves the sender is not kept");
}

#[test]
fn executions_overlap_as_the_policy_says() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let server = Server::start_in(directory.path());
    let root = server.root();
    let mut made = BTreeMap::new();
    for policy in ["skip", "queue", "parallel"] {
        let flow = format!(
            "flow: {policy}\nsteps:\n  call: {{http: {{post: \"{}/hold/{policy}\", json: {{}}}}, effect: idempotent}}\n",
            oracle.address
        );
        agent(&root, policy, &flow);
        let body = json!({"displayName": policy, "kind": "API", "overlap": policy, "agentIds": [policy]});
        made.insert(policy, create(&root, &body));
    }
    for trigger in made.values() {
        for _ in 0..3 {
            expect(200, &act(&root, trigger, "fire", &json!({})));
        }
    }
    let seen = |policy: &str| oracle.count(&format!("/hold/{policy}"));
    eventually("all that may run does", || seen("parallel") == 3 && seen("skip") == 1 && seen("queue") == 1);
    let of = |policy: &str| states(&firings(&root, &made[policy]));
    assert_eq!(of("skip"), BTreeMap::from([("SKIPPED".to_owned(), 2), ("STARTED".to_owned(), 1)]));
    assert_eq!(of("queue"), BTreeMap::from([("QUEUED".to_owned(), 2), ("STARTED".to_owned(), 1)]));
    assert_eq!(of("parallel"), BTreeMap::from([("STARTED".to_owned(), 3)]));
    oracle.let_go();
    eventually("the queue empties", || of("queue").get("ENDED") == Some(&3));
    let mut times: Vec<(u64, u64)> = records(&root, &made["queue"])
        .iter()
        .map(|record| (record["startTime"].as_u64().unwrap(), record["endTime"].as_u64().unwrap()))
        .collect();
    times.sort_unstable();
    assert!(times.windows(2).all(|pair| pair[1].0 >= pair[0].1), "one after the other: {times:?}");
    eventually("the one that ran ends", || of("skip").get("ENDED") == Some(&1));
    expect(200, &act(&root, &made["skip"], "fire", &json!({})));
    eventually("the next one runs", || of("skip").get("ENDED") == Some(&2));
    assert_eq!(records(&root, &made["skip"])[0]["trigger"]["type"], "API");
}

#[test]
fn what_waits_in_a_queue_waits_over_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let mut server = Server::start_in(directory.path());
    let flow = format!("flow: held\nsteps:\n  call: {{http: {{post: \"{}/hold/q\", json: {{}}}}, effect: idempotent}}\n", oracle.address);
    agent(&server.root(), "held", &flow);
    let trigger = create(&server.root(), &json!({"displayName": "q", "kind": "MANUAL", "overlap": "queue", "agentIds": ["held"]}));
    for _ in 0..3 {
        expect(200, &act(&server.root(), &trigger, "fire", &json!({})));
    }
    eventually("the first one runs", || oracle.count("/hold/q") == 1);
    server.kill();
    oracle.let_go();
    let server = Server::start_in(directory.path());
    eventually("all of them ended", || states(&firings(&server.root(), &trigger)).get("ENDED") == Some(&3));
    assert_eq!(records(&server.root(), &trigger).len(), 3);
}

/// A schedule that is not kept is counted like one that is, and refused like it.
fn planned_like(root: &Client, times: &[u64]) {
    let planned = |query: &str| root.get(&format!("{TRIGGERS}:fireTimes?{query}"));
    assert_eq!(expect(200, &planned("cron=30+2+*+*+*&timeZone=Europe%2FBerlin&count=3"))["times"], json!(times), "as if it were kept");
    assert_eq!(expect(200, &planned("cron=%40hourly&count=1000"))["times"].as_array().unwrap().len(), 100);
    for (wrong, field) in [("cron=61+*+*+*+*", "schedule.cron"), ("cron=%40daily&timeZone=Nowhere", "schedule.timeZone")] {
        let refused = planned(wrong);
        assert!(refused.status == 422 && refused.value()["errors"][field].is_array(), "{wrong}: {}", refused.text());
    }
    assert_eq!(planned("count=3").status, 400);
}

#[test]
fn triggers_are_made_changed_restored_and_bound() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "echo", ECHO);
    agent(&root, "other", &ECHO.replace("flow: echo", "flow: other"));
    let network = "/v1/tenants/default/networks/default/triggers";
    let body = json!({"displayName": "Nightly", "kind": "SCHEDULE", "schedule": {"cron": "30 2 * * *", "timeZone": "Europe/Berlin"}});
    assert_eq!(root.json("POST", &network.replace("networks/default", "networks/other"), &body).status, 404);
    let made = expect(201, &root.json("POST", network, &body));
    let path = format!("{TRIGGERS}/{}", id(&made));
    assert_eq!(
        (&made["active"], &made["agentIds"], &made["secret"], &made["lastFiredAt"]),
        (&json!(true), &json!([]), &Value::Null, &Value::Null)
    );
    let bound = expect(200, &root.json("PUT", &format!("{path}/bindings/echo"), &json!({})));
    assert_eq!(bound["agentIds"], json!(["echo"]));
    expect(200, &root.json("PUT", &format!("{path}/bindings/other"), &json!({})));
    assert_eq!(root.json("PUT", &format!("{path}/bindings/nobody"), &json!({})).status, 404);
    assert_eq!(root.request("DELETE", &format!("{path}/bindings/other"), &[], b"").unwrap().status, 204);
    let listed = expect(200, &root.get(&format!("{TRIGGERS}?agentId=echo")));
    assert_eq!((listed.as_array().unwrap().len(), listed[0]["kind"].as_str()), (1, Some("SCHEDULE")));
    assert_eq!(expect(200, &root.get(&format!("{TRIGGERS}?agentId=other"))), json!([]));
    let times = expect(200, &root.get(&format!("{path}/nextFireTimes?count=3")))["times"].clone();
    let times: Vec<u64> = times.as_array().unwrap().iter().map(|time| time.as_u64().unwrap()).collect();
    assert_eq!((times.len(), expect(200, &root.get(&path))["nextFireAt"].as_u64()), (3, Some(times[0])));
    assert!(times.windows(2).all(|pair| (23..=25).contains(&((pair[1] - pair[0]) / 3_600_000))), "{times:?}");
    planned_like(&root, &times);
    for (wrong, field) in [
        (json!({"schedule": {"cron": "61 * * * *"}}), "schedule.cron"),
        (json!({"schedule": {"cron": "@daily", "timeZone": "Nowhere"}}), "schedule.timeZone"),
        (json!({"filter": "nothing.here"}), "filter"),
        (json!({"webhook": {}}), "kind"),
    ] {
        let refused = root.json("PATCH", &path, &wrong);
        assert!(refused.status == 422 && refused.value()["errors"][field].is_array(), "{wrong}: {}", refused.text());
    }
    let changed = expect(
        200,
        &root.json("PATCH", &path, &json!({"displayName": "Hourly", "schedule": {"cron": "@hourly"}, "mapping": {"n": "payload.n + 1"}})),
    );
    assert_eq!((&changed["revision"], &changed["schedule"]["timeZone"]), (&json!(2), &json!("UTC")));
    let revisions = expect(200, &root.get(&format!("{path}/revisions")));
    assert_eq!(
        (&revisions[1]["id"], &revisions[1]["displayName"], revisions.as_array().unwrap().len()),
        (&json!("1"), &json!("Nightly"), 2)
    );
    assert_eq!(expect(200, &root.get(&format!("{path}/revisions/2")))["changeReason"], "UPDATED");
    assert_eq!(root.get(&format!("{path}/revisions/9")).status, 404);
    let restored = expect(200, &act(&root, &made, "restoreFrom", &json!({"revisionId": "1"})));
    assert_eq!((&restored["displayName"], &restored["revision"], &restored["agentIds"]), (&json!("Nightly"), &json!(3), &json!(["echo"])));
    assert_eq!(act(&root, &made, "restoreFrom", &json!({"revisionId": "x"})).status, 404);
    let paused = expect(200, &act(&root, &made, "pause", &json!({})));
    assert_eq!((&paused["paused"], &paused["active"]), (&json!(true), &json!(true)));
    assert_eq!(expect(200, &act(&root, &made, "resume", &json!({})))["paused"], false);
    assert_eq!(expect(200, &act(&root, &made, "disable", &json!({})))["nextFireAt"], Value::Null);
    assert_eq!(act(&root, &made, "fire", &json!({})).code(), "trigger_inactive");
    assert_eq!(act(&root, &made, "pause", &json!({})).code(), "trigger_inactive");
    assert_eq!(expect(200, &root.json("PATCH", &path, &json!({"active": true})))["active"], true);
    let audit = expect(200, &root.get(&format!("{TENANT}/auditEvents?target=trigger:{}", id(&made))));
    for action in ["trigger.created", "trigger.bound", "trigger.changed", "trigger.restored", "trigger.paused", "trigger.disabled"] {
        assert!(audit.to_string().contains(action), "{action} is missing: {audit}");
    }
    assert_eq!(root.request("DELETE", &path, &[], b"").unwrap().status, 204);
    assert_eq!(root.get(&path).status, 404);
}

#[test]
fn a_change_is_made_whole_and_its_history_comes_in_pages() {
    let server = Server::start();
    let root = server.root();
    let made = create(&root, &json!({"displayName": "m", "kind": "MANUAL", "active": false}));
    let path = format!("{TRIGGERS}/{}", id(&made));
    assert_eq!(root.json("PATCH", &path, &json!({"active": true, "filter": "nothing.here"})).status, 422);
    assert_eq!(expect(200, &root.get(&path))["active"], false, "all of a change or nothing");
    let on = expect(200, &root.json("PATCH", &path, &json!({"active": true, "overlap": "queue"})));
    assert_eq!((&on["active"], &on["overlap"], &on["revision"]), (&json!(true), &json!("queue"), &json!(2)));
    let page = expect(200, &root.get(&format!("{path}/revisions?pageSize=1")));
    assert_eq!((&page["items"][0]["id"], page["items"].as_array().unwrap().len()), (&json!("2"), 1));
    let next = format!("{path}/revisions?pageSize=1&pageToken={}", page["nextPageToken"].as_str().unwrap());
    assert_eq!(expect(200, &root.get(&next))["items"][0]["id"], "1");
    assert_eq!(root.get(&format!("{path}/revisions?pageToken=eA")).status, 422, "a token of another list");
    assert_eq!(
        expect(200, &root.get(&format!("{path}/revisions"))).as_array().unwrap().len(),
        2,
        "all of them where nobody asks for pages"
    );
}

#[test]
fn what_is_fired_by_hand_says_so_and_happens_once() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "echo", ECHO);
    let schedule = json!({"cron": "@yearly"});
    let body =
        json!({"displayName": "y", "kind": "SCHEDULE", "schedule": schedule, "mapping": {"n": "payload.n + 1"}, "agentIds": ["echo"]});
    let made = create(&root, &body);
    let path = format!("{TRIGGERS}/{}", id(&made));
    // By hand: the mapping is tried, and what is started is a test.
    let refused = act(&root, &made, "fire", &json!({"samplePayload": {}}));
    assert!(refused.status == 422 && refused.value()["errors"]["mapping"].is_array(), "{}", refused.text());
    let fire = format!("{path}:fire");
    let fired = expect(200, &root.once("k", &fire, &json!({"samplePayload": {"n": 4}, "origin": "TEST"})).unwrap());
    let firing = &fired["firings"][0];
    assert_eq!((&firing["kind"], &firing["origin"], &firing["agentId"]), (&json!("MANUAL"), &json!("TEST"), &json!("echo")));
    assert_eq!((&firing["payload"], &firing["parameters"]), (&json!({"n": 4}), &json!({"n": 5})));
    let again = root.once("k", &fire, &json!({"samplePayload": {"n": 4}, "origin": "TEST"})).unwrap();
    assert_eq!((again.header("idempotency-replayed"), &again.value()["firingId"]), (Some("true"), &fired["firingId"]));
    let execution = firing["executionRecordId"].as_str().unwrap();
    assert_eq!(output(&root, "echo", execution)["input"], json!({"n": 5}));
    assert_eq!(records(&root, &made).len(), 0, "a test is none of production");
    eventually("it ended", || firings(&root, &made)[0]["note"] == "COMPLETED");
    assert!(expect(200, &root.get(&path))["lastFiredAt"].is_number());
    let audit = expect(200, &root.get(&format!("{TENANT}/auditEvents?target=trigger:{}", id(&made))));
    assert_eq!(audit.to_string().matches("trigger.fired").count(), 1, "{audit}");
}

#[test]
fn a_trigger_s_budget_bounds_it_and_what_it_may_start_is_bounded_by_its_maker() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "echo", ECHO);
    let body = json!({"displayName": "b", "kind": "MANUAL", "agentIds": ["echo"], "budget": {"amount": 0, "enforceLimit": true}});
    let trigger = create(&root, &body);
    assert_eq!((&trigger["currentMonthlyCost"], &trigger["budget"]["amount"]), (&json!(0.0), &json!(0.0)));
    let fired = expect(200, &act(&root, &trigger, "fire", &json!({})));
    assert!(fired["firings"][0]["executionRecordId"].is_string(), "{fired}");
    eventually("it is refused, and recorded", || firings(&root, &trigger)[0]["note"] == "REJECTED");
    let record = records(&root, &trigger).remove(0);
    assert_eq!((&record["status"], &record["errorCode"]), (&json!("REJECTED"), &json!("budget_exceeded")));
    let tried = expect(200, &act(&root, &trigger, "fire", &json!({"origin": "TEST"})));
    assert_eq!(tried["firings"][0]["origin"], "TEST");
    eventually("a test is not bounded", || firings(&root, &trigger)[1]["note"] == "COMPLETED");
    // Deploying alone does not start anything, so it makes nothing that does.
    let key = json!({"name": "deployer", "scopes": ["agents:read", "agents:deploy"]});
    let key = expect(200, &root.json("POST", &format!("{TENANT}/apiKeys:generate"), &key));
    let deployer = server.client(key["apiKey"].as_str().unwrap());
    let refused = deployer.json("POST", TRIGGERS, &body);
    assert!(refused.status == 403 && refused.text().contains("executions:run"), "{}", refused.text());
    assert_eq!(act(&deployer, &trigger, "fire", &json!({})).status, 403);
    assert_eq!(act(&deployer, &trigger, "disable", &json!({})).status, 200, "switching off needs less");
    assert_eq!(act(&deployer, &trigger, "enable", &json!({})).status, 403);
    // An agent that cannot start is said to have failed, with the reason.
    expect(200, &act(&root, &trigger, "enable", &json!({})));
    expect(200, &root.json("POST", &format!("{TENANT}/agents/echo:deactivate"), &json!({})));
    let fired = expect(200, &act(&root, &trigger, "fire", &json!({})));
    assert_eq!(fired["firings"][0]["state"], "FAILED");
    assert!(fired["firings"][0]["note"].as_str().unwrap().starts_with("agent_inactive"), "{fired}");
}
