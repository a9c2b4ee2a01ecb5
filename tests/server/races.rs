//! Deciders from every side at once (G5): over the API, on the command line, and behind decision links, with the server killed among
//! them. One decision takes effect, everybody is told which, and what was approved is done once.

use std::process::Output;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, Desk, TENANT, decide, eventually, expect, get};
use super::harness::Client;
use super::oracle::number;
use super::receivers::{Receiver, free_port};

/// Of each kind.
const BY_KEY: usize = 6;
const BY_COMMAND: usize = 4;
const BY_LINK: usize = 6;

/// How one of them decides.
enum Way {
    Key,
    Command,
    /// The path of a link, and the name in which it decides.
    Link(String),
}

struct Racer {
    user: String,
    client: Client,
    way: Way,
    decision: &'static str,
}

/// What a racer was told: whether it was theirs, and of which decision.
#[derive(Debug)]
struct Told {
    user: String,
    accepted: bool,
    by: String,
}

/// A webhook for each link, and the links of the next question.
struct Links {
    receiver: Receiver,
    hooks: usize,
}

impl Links {
    fn open(desk: &Desk, agent: &str, hooks: usize) -> Self {
        let port = free_port();
        let receiver = Receiver::at(port);
        let root = desk.server.root();
        for number in 0..hooks {
            let body =
                json!({"url": format!("http://127.0.0.1:{port}/{number}"), "events": ["approval.requested"], "linksFor": "role:finance"});
            expect(201, &root.json("POST", &format!("{TENANT}/agents/{agent}/webhooks"), &body));
        }
        Self { receiver, hooks }
    }

    /// The paths of the links for this question.
    fn of(&self, question: &str) -> Vec<String> {
        let mut paths = Vec::new();
        while paths.len() < self.hooks {
            let call: Value = serde_json::from_str(&self.receiver.next().body).unwrap();
            let data = &call["data"];
            // A delivery whose answer a kill cut off comes again, for a question of before.
            if data["approvalRequestId"] == question || data["approval"]["id"] == question || data.to_string().contains(question) {
                let link = data["decisionLink"].as_str().unwrap_or_else(|| panic!("{call}"));
                paths.push(link[link.find("/decide/").unwrap()..].to_owned());
            }
        }
        paths
    }
}

/// Decides once and again until there is an answer; the address is looked up each time.
fn race(racer: &Racer, question: &str, digest: &Value, at: &dyn Fn() -> std::net::SocketAddr, command: &dyn Fn() -> Output) -> Told {
    let mut heard = None;
    eventually("an answer", || {
        let client = Client { address: at(), key: racer.client.key.clone() };
        heard = match &racer.way {
            Way::Key => by_key(racer, &client, question, digest),
            Way::Command => by_command(racer, &command()),
            Way::Link(path) => by_link(racer, &client, path),
        };
        heard.is_some()
    });
    heard.unwrap()
}

fn by_key(racer: &Racer, client: &Client, question: &str, digest: &Value) -> Option<Told> {
    let body = json!({"decision": racer.decision, "digest": digest}).to_string();
    let headers = [("content-type", "application/json")];
    let answer = client.request("POST", &format!("{APPROVALS}/{question}:decide"), &headers, body.as_bytes()).ok()?;
    let value = answer.value();
    let by = match answer.status {
        200 => &value["respondedBy"],
        409 => &value["decided"]["by"],
        _ => panic!("{}: {}", racer.user, answer.text()),
    };
    Some(Told { user: racer.user.clone(), accepted: answer.status == 200, by: by.as_str().unwrap().to_owned() })
}

/// `review approved by u1`, or `already decided: approved by u1, at …`.
fn by_command(racer: &Racer, output: &Output) -> Option<Told> {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let (accepted, rest) = match said.split_once("already decided: ") {
        Some((_, rest)) => (false, rest),
        None if output.status.success() => (true, said.as_str()),
        None => {
            assert!(said.contains("cannot reach") || said.contains("connection"), "{}: {said}", racer.user);
            return None;
        }
    };
    let (_, by) = rest.split_once(" by ").unwrap_or_else(|| panic!("{}: {said}", racer.user));
    let by = by.split([',', '\n', ' ']).next().unwrap().to_owned();
    // Who repeats a decision that was theirs is told of it as of any other.
    let accepted = accepted || by == racer.user;
    Some(Told { user: racer.user.clone(), accepted, by })
}

fn by_link(racer: &Racer, client: &Client, path: &str) -> Option<Told> {
    let public = Client { key: None, ..client.clone() };
    let form = format!("decision={}", racer.decision);
    let answer = public.request("POST", path, &[("content-type", "application/x-www-form-urlencoded")], form.as_bytes()).ok()?;
    let text = answer.text();
    assert!(matches!(answer.status, 200 | 409 | 410), "{}: {} {text}", racer.user, answer.status);
    let words = if text.contains("approved by ") { "approved by " } else { "rejected by " };
    let (_, by) = text.split_once(words).unwrap_or_else(|| panic!("{}: {} {text}", racer.user, answer.status));
    let by: String = by.chars().take_while(|c| c.is_alphanumeric() || "-_:".contains(*c)).collect();
    // A link decides in the name of its webhook, which only the answer tells. Repeated after a kill, it was used, whoever won.
    let accepted = answer.status == 200;
    Some(Told { user: if accepted { by.clone() } else { racer.user.clone() }, accepted, by })
}

fn racers(desk: &Desk, people: &[(String, Client)], links: Vec<String>) -> Vec<Racer> {
    let decision = |index: usize| if index.is_multiple_of(2) { "approve" } else { "reject" };
    let mut racers: Vec<Racer> = people
        .iter()
        .enumerate()
        .map(|(index, (user, client))| {
            let way = if index < BY_KEY { Way::Key } else { Way::Command };
            Racer { user: user.clone(), client: desk.now(client), way, decision: decision(index) }
        })
        .collect();
    let root = desk.server.root();
    let of_link = |(index, path): (usize, String)| {
        let user = format!("link {index}");
        Racer { user, client: root.clone(), way: Way::Link(path), decision: decision(index) }
    };
    racers.extend(links.into_iter().enumerate().map(of_link));
    racers
}

#[test]
fn from_every_side_one_decides_and_everybody_is_told_which() {
    let rounds = number("FLOWGATE_KILL_ROUNDS", 3);
    let mut desk = Desk::open();
    let links = Links::open(&desk, "open", BY_LINK);
    let starter = desk.starter();
    let people: Vec<(String, Client)> =
        (0..BY_KEY + BY_COMMAND).map(|n| format!("u{n}")).map(|user| (user.clone(), desk.finance(&user))).collect();
    for round in 0..rounds {
        let amount = 1_000 + round;
        let question = desk.ask(&desk.now(&starter), "open", amount);
        let racers = racers(&desk, &people, links.of(&question));
        assert_eq!(racers.len(), 16);
        let digest = get(&desk.server.root(), &question)["digest"].clone();
        let address = Mutex::new(desk.server.address);
        let directory = desk.directory.path().to_owned();
        let heard = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for (index, racer) in racers.iter().enumerate() {
                let (address, heard, question, digest, directory) = (&address, &heard, &question, &digest, &directory);
                scope.spawn(move || {
                    let at = || *address.lock().unwrap();
                    let command = || {
                        let arguments = ["approval", racer.decision, question];
                        super::desk::command_at(at(), directory, &racer.client, &arguments).output().unwrap()
                    };
                    // Commands take longest to begin; the others come before, into and after the kill.
                    let wait_ms = if matches!(racer.way, Way::Command) { 0 } else { 3 * index as u64 * (round % 3) };
                    std::thread::sleep(Duration::from_millis(wait_ms));
                    let told = race(racer, question, digest, &at, &command);
                    heard.lock().unwrap().push(told);
                });
            }
            // The first round is a race without a kill.
            if round > 0 {
                std::thread::sleep(Duration::from_millis(5 + round * 9));
                desk.kill_and_start();
                *address.lock().unwrap() = desk.server.address;
            }
        });
        check(&desk, &question, amount, &heard.into_inner().unwrap());
    }
}

fn check(desk: &Desk, question: &str, amount: u64, told: &[Told]) {
    assert_eq!(told.len(), 16);
    let seen = get(&desk.server.root(), question);
    let winner = seen["respondedBy"].as_str().unwrap_or_else(|| panic!("{seen}"));
    assert!(told.iter().all(|told| told.by == winner), "{winner}: {told:#?}");
    assert!(told.iter().all(|told| told.accepted == (told.user == winner)), "{told:#?}");
    assert!(told.iter().filter(|told| told.accepted).count() <= 1, "{told:#?}");
    let paid = || {
        let payments = desk.world.received();
        payments.iter().filter(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["amount"] == amount).count()
    };
    let approved = seen["decided"]["decision"] == "approve";
    if approved {
        let list = format!("{TENANT}/inDoubt");
        eventually("the payment is made or in doubt", || {
            let open = expect(200, &desk.server.root().get(&list));
            paid() == 1 || open["items"].as_array().unwrap().iter().any(|item| item["executionRecordId"] == seen["executionRecordId"])
        });
    }
    assert!(paid() <= usize::from(approved), "{} payments", paid());
    // Who comes afterwards is told the same.
    let late = decide(&desk.server.root(), question, &json!({"decision": "reject", "digest": seen["digest"]}));
    assert_eq!((late.status, &late.value()["decided"]["by"]), (409, &json!(winner)));
}
