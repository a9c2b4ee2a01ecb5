//! Streams of executions: text comes while the model speaks, and a reader that is cut off, or whose server is killed, has everything once
//! in the end.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::follower::{Event, Follower, assert_rising, text};
use super::harness::{Client, PATIENCE, Server};
use super::model::{Model, Speech};

const AGENT: &str = "/v1/tenants/default/agents/teller";

/// A text, and beside it steps that fetch something, one after the other.
fn flow(url: &str) -> Value {
    let fetch = json!({"http": {"get": format!("{url}/x")}});
    json!({
        "steps": {
            "begin": {"set": {"go": "true"}},
            "say": {"llm": {"model": "openai/gpt-5-mini", "prompt": "Speak."}},
            "one": fetch, "two": fetch, "three": fetch, "four": fetch,
        },
        "edges": [{"from": "begin", "to": "say"}, {"from": "begin", "to": "one"}, {"from": "one", "to": "two"}, {"from": "two", "to": "three"}, {"from": "three", "to": "four"}],
        "output": "steps.say.output",
    })
}

pub fn create(client: &Client, agent: &str, settings: &Value, flow: &Value) {
    let made = client.json("POST", "/v1/tenants/default/agents", &json!({"id": agent, "settings": settings}));
    assert_eq!(made.status, 201, "{}", made.text());
    let made = client.json("POST", &format!("/v1/tenants/default/agents/{agent}/revisions"), &json!({"flow": flow}));
    assert_eq!(made.status, 200, "{}", made.text());
}

/// Starts, and does not wait; the path of the record.
pub fn start(client: &Client, agent: &str, body: &Value) -> String {
    let headers = [("content-type", "application/json"), ("prefer", "respond-async")];
    let path = format!("/v1/tenants/default/agents/{agent}:execute");
    let started = client.request("POST", &path, &headers, body.to_string().as_bytes()).unwrap();
    assert_eq!((started.status, started.header("preference-applied")), (202, Some("respond-async")), "{}", started.text());
    started.header("location").unwrap().to_owned()
}

/// The record once it has ended.
pub fn ended(client: &Client, record: &str) -> Value {
    let until = Instant::now() + PATIENCE;
    loop {
        let now = client.get(record).value();
        if now["endTime"].is_u64() {
            return now;
        }
        assert!(Instant::now() < until, "it does not end: {now}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What the journal says the response is.
fn response(client: &Client, record: &str) -> String {
    client.get(&format!("{record}/result")).value()["result"]["strValue"].as_str().unwrap().to_owned()
}

fn numbered(count: usize, pause_ms: u64) -> Speech {
    let pieces = (0..count).map(|number| format!("wört {number}, "));
    Speech { pieces: pieces.collect(), ..Speech::new(&[], pause_ms) }
}

fn next(random: &mut u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random
}

#[test]
fn text_comes_before_the_model_has_ended_and_is_the_response() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|_, _| numbered(30, 30));
    let server = model.serve(directory.path(), &[]);
    let client = server.root();
    create(&client, "teller", &json!({}), &flow(&model.url));
    let mut stream = Follower::post(server.address, &format!("{AGENT}:stream"), &[], &json!({})).unwrap();
    assert_eq!((stream.status, stream.header("content-type")), (200, Some("text/event-stream")));
    let record = stream.header("location").unwrap().to_owned();
    let events = stream.rest();
    let spoken = model.ended(0).unwrap();
    let early = events.iter().filter(|event| event.name == "text" && event.at < spoken).count();
    assert!(early >= 10, "only {early} pieces came while the model spoke");
    let chunks: Vec<&Event> = events.iter().filter(|event| event.name == "text").collect();
    assert_eq!(text(chunks.iter().copied()), numbered(30, 0).text());
    assert_eq!(text(&events), response(&client, &record));
    assert_rising(&events);
    let done = events.last().unwrap();
    assert_eq!((done.name.as_str(), &done.data["status"]), ("done", &json!("COMPLETED")));
    let count = |name: &str| events.iter().filter(|event| event.name == name).count();
    assert_eq!((count("tool_call"), count("tool_result"), count("usage"), count("text_reset")), (4, 4, 1, 0));
}

/// Follows to the end over connections that are cut after a random number of bytes.
fn cut_again_and_again(server: &Server, path: &str, mut random: u64) -> (Vec<Event>, usize) {
    let (mut events, mut cuts): (Vec<Event>, usize) = (Vec::new(), 0);
    loop {
        let last = events.iter().rev().find_map(|event| event.id.clone());
        let (some, is_over) =
            Follower::get(server.address, path, last.as_deref()).unwrap().some(usize::try_from(60 + next(&mut random) % 700).unwrap());
        events.extend(some);
        if is_over || events.last().is_some_and(|event| event.name == "done") {
            return (events, cuts);
        }
        cuts += 1;
    }
}

#[test]
fn a_reader_that_is_cut_off_misses_and_repeats_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|_, _| numbered(400, 4));
    let server = model.serve(directory.path(), &[]);
    let client = server.root();
    create(&client, "teller", &json!({}), &flow(&model.url));
    let run = |seed: u64| {
        let record = start(&client, "teller", &json!({}));
        let journal = if seed.is_multiple_of(2) { "?journal=true" } else { "" };
        let path = format!("{record}/events{journal}");
        let (events, cuts) = cut_again_and_again(&server, &path, seed * 7_919);
        assert_eq!(text(&events), response(&client, &record), "seed {seed}");
        assert_rising(&events);
        let whole = Follower::get(server.address, &path, None).unwrap().rest();
        assert_eq!(text(&whole), text(&events));
        // Where text was cut is chance, everything else is the journal's.
        let rest = |events: &[Event]| -> Vec<(u64, u64, String, Value)> {
            let others = events.iter().filter(|event| event.name != "text" && event.name != "done");
            others.map(|event| (event.place().unwrap().0, event.place().unwrap().1, event.name.clone(), event.data.clone())).collect()
        };
        assert_eq!(rest(&events), rest(&whole), "seed {seed}");
        cuts
    };
    let mut cuts = 0;
    for round in 0..8 {
        cuts += std::thread::scope(|scope| {
            let runs: Vec<_> = (1..=3).map(|number| scope.spawn(move || run(round * 3 + number))).collect();
            runs.into_iter().map(|run| run.join().unwrap()).sum::<usize>()
        });
        if cuts >= 200 {
            return;
        }
    }
    panic!("only {cuts} cuts");
}

#[test]
fn a_text_that_a_kill_breaks_off_is_complete_and_once_in_the_end() {
    let directory = tempfile::tempdir().unwrap();
    // Never the same words: what was said before the kill must not stay.
    let model = Model::start(|number, _| {
        let pieces = (0..20).map(|piece| format!("attempt {number} piece {piece}; ")).collect();
        Speech { pieces, ..Speech::new(&[], 40) }
    });
    let mut server = model.serve(directory.path(), &[]);
    create(&server.root(), "teller", &json!({}), &json!({"steps": {"say": {"llm": {"model": "openai/gpt-5-mini", "prompt": "Speak."}}}}));
    let mut stream = Follower::post(server.address, &format!("{AGENT}:stream"), &[], &json!({})).unwrap();
    let record = stream.header("location").unwrap().to_owned();
    let mut events: Vec<Event> = Vec::new();
    for _ in 0..2 {
        let mut heard = 0;
        while heard < 4 {
            let event = stream.next().unwrap().unwrap();
            heard += usize::from(event.name == "text");
            events.push(event);
        }
        server.kill();
        // What was on its way still counts.
        events.extend(std::iter::from_fn(|| stream.next().ok().flatten()));
        assert_ne!(events.last().unwrap().name, "done");
        server = model.serve(directory.path(), &[]);
        let last = events.iter().rev().find_map(|event| event.id.clone()).unwrap();
        stream = Follower::get(server.address, &format!("{record}/events"), Some(&last)).unwrap();
    }
    events.extend(stream.rest());
    assert_eq!(events.last().unwrap().name, "done");
    assert_eq!(events.iter().filter(|event| event.name == "text_reset").count(), 2);
    let told = response(&server.root(), &record);
    assert!(told.starts_with("attempt 2 piece 0; ") && told.ends_with("piece 19; "), "{told}");
    assert_eq!(text(&events), told);
    assert_rising(&events);
    let whole = Follower::get(server.address, &format!("{record}/events"), None).unwrap().rest();
    assert_eq!(text(&whole), told);
}

#[test]
fn an_attempt_that_breaks_off_is_taken_back() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|number, _| match number {
        0 => Speech { breaks: true, ..Speech::new(&["wrong ", "words"], 30) },
        _ => Speech::new(&["right ", "words"], 30),
    });
    let server = model.serve(directory.path(), &[]);
    let say = json!({"llm": {"model": "openai/gpt-5-mini", "prompt": "Speak."}, "retry": {"attempts": 2, "backoff": "10ms..20ms"}});
    create(&server.root(), "teller", &json!({}), &json!({"steps": {"say": say}}));
    let events = Follower::post(server.address, &format!("{AGENT}:stream"), &[], &json!({})).unwrap().rest();
    let heard: String = events.iter().filter_map(|event| event.data["chunk"].as_str()).collect();
    assert_eq!((heard.as_str(), text(&events).as_str()), ("wrong wordsright words", "right words"));
    assert_rising(&events);
}

#[test]
fn a_reader_that_does_not_read_holds_nobody_up() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|number, _| if number == 0 { numbered(30_000, 0) } else { numbered(3, 0) });
    let server = model.serve(directory.path(), &[]);
    let client = server.root();
    create(&client, "teller", &json!({}), &flow(&model.url));
    let record = start(&client, "teller", &json!({}));
    let path = format!("{record}/events?journal=true");
    let slow: Vec<Follower> = (0..3).map(|_| Follower::get(server.address, &path, None).unwrap()).collect();
    let fast = Follower::get(server.address, &path, None).unwrap().rest();
    let other = client.json("POST", &format!("{AGENT}:execute"), &json!({}));
    assert_eq!(other.value()["response"], numbered(3, 0).text());
    let told = response(&client, &record);
    assert_eq!((text(&fast), told.len()), (told.clone(), numbered(30_000, 0).text().len()));
    assert_rising(&fast);
    for mut reader in slow {
        let events = reader.rest();
        assert!(text(&events) == told, "a slow reader has everything in the end");
        assert_rising(&events);
    }
}

fn terminate(server: &Server) {
    assert!(Command::new("kill").args(["-TERM", &server.pid().to_string()]).status().unwrap().success());
}

/// Begins a text that takes long, and tells the server to stop in the middle of it.
fn stopped(directory: &std::path::Path, model: &Model, grace: &str) -> (Server, Follower, String) {
    let server = model.serve(directory, &["--grace", grace]);
    let client = server.root();
    create(&client, "teller", &json!({}), &json!({"steps": {"say": {"llm": {"model": "openai/gpt-5-mini", "prompt": "Speak."}}}}));
    assert_eq!(client.get("/readyz").status, 200);
    let mut stream = Follower::post(server.address, &format!("{AGENT}:stream"), &[], &json!({})).unwrap();
    let record = stream.header("location").unwrap().to_owned();
    while stream.next().unwrap().unwrap().name != "text" {}
    terminate(&server);
    let until = Instant::now() + PATIENCE;
    loop {
        match client.request("GET", "/readyz", &[], b"") {
            Ok(ready) if ready.status == 503 => break,
            Ok(ready) => assert_eq!(ready.status, 200),
            Err(error) => panic!("it went away before it said so: {error}"),
        }
        assert!(Instant::now() < until);
    }
    assert_eq!(client.json("POST", &format!("{AGENT}:execute"), &json!({})).status, 503, "nothing new is taken");
    (server, stream, record)
}

#[test]
fn a_stop_closes_streams_parks_what_runs_and_ends_well() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|number, _| if number == 0 { numbered(200, 50) } else { numbered(5, 0) });
    let (mut server, mut stream, record) = stopped(directory.path(), &model, "1");
    let mut events = stream.rest();
    assert_eq!(events.pop().unwrap().name, "closing");
    assert_eq!(server.wait(PATIENCE), Some(0));
    let server = model.serve(directory.path(), &[]);
    let client = server.root();
    assert_eq!(ended(&client, &record)["status"], "COMPLETED");
    assert_eq!(response(&client, &record), numbered(5, 0).text());
}

#[test]
fn a_second_signal_stops_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|number, _| if number == 0 { numbered(600, 50) } else { numbered(5, 0) });
    let (mut server, mut stream, record) = stopped(directory.path(), &model, "60");
    assert_eq!(stream.rest().pop().unwrap().name, "closing");
    assert_eq!(server.wait(Duration::from_millis(300)), None, "running steps get their time");
    terminate(&server);
    assert_eq!(server.wait(Duration::from_secs(10)), Some(130));
    let server = model.serve(directory.path(), &[]);
    assert_eq!(ended(&server.root(), &record)["status"], "COMPLETED");
}
