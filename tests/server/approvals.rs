//! Approvals over HTTP: who may decide (G8), that one decision takes effect and everybody is told which (G5), that exactly the approved
//! bytes are sent (G6), that what is pending survives a SIGKILL (G7); and the lists, comments and claims around it.

use std::sync::{Barrier, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, Desk, TENANT, decide, decide_now, eventually, expect, get};
use super::harness::{Client, exchange};

/// Rounds of the race with a SIGKILL in it.
fn kill_rounds() -> u64 {
    std::env::var("FLOWGATE_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(4)
}

#[test]
fn only_who_may_decide_decides() {
    let desk = Desk::open();
    let starter = desk.starter();
    let question = desk.ask(&starter, "pay", 40);
    let mallory = desk.finance("mallory");
    let outsider = desk.person("otto", &["sales"], &["approvals:read", "approvals:decide"]);
    let reader = desk.person("rita", &["finance"], &["approvals:read"]);
    let stranger = desk.server.tenant("elsewhere");
    let ann = desk.finance("ann");
    for (who, client, code) in
        [("starter", &starter, "not_allowed"), ("excluded", &mallory, "not_allowed"), ("no role", &outsider, "not_allowed")]
    {
        for decision in ["approve", "reject"] {
            let refused = decide_now(client, &question, decision);
            assert_eq!((refused.status, refused.code().as_str()), (403, code), "{who}: {}", refused.text());
        }
        assert_eq!(client.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"})).status, 403, "{who}");
        assert_eq!(client.json("POST", &format!("{APPROVALS}/{question}:cancel"), &json!({})).status, 403, "{who}");
        assert_eq!(get(client, &question)["mayDecide"], false, "{who}");
    }
    let scope = decide_now(&reader, &question, "approve");
    assert_eq!((scope.status, scope.code().as_str()), (403, "insufficient_scope"));
    let seen = get(&ann, &question);
    assert_eq!((&seen["status"], &seen["mayDecide"], &seen["startedBy"]), (&json!("PENDING"), &json!(true), &json!("stan")));
    let body = json!({"decision": "approve", "digest": seen["digest"]});
    // Of another tenant: as if it did not exist, under either tenant's path.
    assert_eq!(decide(&stranger, &question, &body).status, 404);
    let elsewhere = format!("/v1/tenants/elsewhere/pendingApprovals/{question}");
    assert_eq!(stranger.get(&elsewhere).status, 404);
    assert_eq!(desk.server.root().get(&elsewhere).status, 404);
    assert_eq!(Client { key: None, ..ann.clone() }.json("POST", &format!("{APPROVALS}/{question}:decide"), &body).status, 401);
    assert!(desk.world.received().is_empty(), "nothing moved");

    let approved = expect(200, &decide(&ann, &question, &body));
    assert_eq!(
        (&approved["status"], &approved["decision"], &approved["respondedBy"]),
        (&json!("RESPONDED"), &json!("APPROVE"), &json!("ann"))
    );
    assert_eq!(desk.world.bodies(1)[0]["amount"], 40);
    let late = decide(&desk.server.root(), &question, &json!({"decision": "reject", "digest": seen["digest"]}));
    assert_eq!((late.status, late.code().as_str(), &late.value()["decided"]["by"]), (409, "decided", &json!("ann")));
    assert_eq!(decide(&ann, &question, &body).status, 200, "the same answer again is harmless");

    let by_root = desk.ask(&starter, "pay", 41);
    assert_eq!(decide_now(&desk.server.root(), &by_root, "approve").status, 200, "root holds every role");
    let of_root = desk.ask(&desk.server.root(), "pay", 42);
    assert_eq!(decide_now(&desk.server.root(), &of_root, "approve").status, 403, "and is excluded like every starter");
}

/// What a racer was told: by whom the decision is that stands, and whether it was their own.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Told {
    user: String,
    accepted: bool,
    by: String,
}

fn told(user: &str, answer: &super::harness::Answer) -> Told {
    let value = answer.value();
    let by = match answer.status {
        200 => &value["respondedBy"],
        409 => &value["decided"]["by"],
        _ => panic!("{user}: {}", answer.text()),
    };
    Told { user: user.to_owned(), accepted: answer.status == 200, by: by.as_str().unwrap_or_else(|| panic!("{value}")).to_owned() }
}

/// Exactly one took effect, and everybody names it.
fn check_race(desk: &Desk, question: &str, told: &[Told]) -> String {
    let winner = told[0].by.clone();
    assert!(told.iter().all(|told| told.by == winner), "{told:?}");
    assert!(told.iter().all(|told| told.accepted == (told.user == winner)), "{told:?}");
    let seen = get(&desk.server.root(), question);
    assert_eq!(seen["respondedBy"], winner.as_str());
    seen["decided"]["decision"].as_str().unwrap().to_owned()
}

#[test]
fn of_racing_deciders_one_decides_and_everybody_is_told_which() {
    let desk = Desk::open();
    let starter = desk.starter();
    let people: Vec<(String, Client)> = (0..16).map(|n| format!("u{n}")).map(|user| (user.clone(), desk.finance(&user))).collect();
    let mut approvals = 0;
    for racers in [2, 4, 8, 16] {
        let question = desk.ask(&starter, "pay", 100 + racers as u64);
        let digest = get(&people[0].1, &question)["digest"].clone();
        let (gate, heard) = (Barrier::new(racers), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for (index, (user, client)) in people.iter().take(racers).enumerate() {
                let (gate, heard, question, digest) = (&gate, &heard, &question, &digest);
                scope.spawn(move || {
                    let decision = if index % 2 == 0 { "approve" } else { "reject" };
                    gate.wait();
                    let answer = if index % 4 == 3 {
                        client.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": format!("no, says {user}")}))
                    } else {
                        decide(client, question, &json!({"decision": decision, "digest": digest}))
                    };
                    heard.lock().unwrap().push(told(user, &answer));
                });
            }
        });
        approvals += usize::from(check_race(&desk, &question, &heard.into_inner().unwrap()) == "approve");
        assert_eq!(desk.world.bodies(approvals).len(), approvals, "each approved payment is made once");
    }
}

#[test]
fn a_race_over_a_sigkill_has_one_winner_too() {
    let mut desk = Desk::open();
    let starter = desk.starter();
    let people: Vec<(String, Client)> = (0..6).map(|n| format!("u{n}")).map(|user| (user.clone(), desk.finance(&user))).collect();
    for round in 0..kill_rounds() {
        let question = desk.ask(&desk.now(&starter), "pay", 1_000 + round);
        let digest = get(&desk.now(&people[0].1), &question)["digest"].clone();
        let address = Mutex::new(desk.server.address);
        let heard = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for (index, (user, client)) in people.iter().enumerate() {
                let (address, heard, question, digest) = (&address, &heard, &question, &digest);
                scope.spawn(move || {
                    let decision = if index % 2 == 0 { "approve" } else { "reject" };
                    let path = format!("{APPROVALS}/{question}:decide");
                    let body = json!({"decision": decision, "digest": digest}).to_string();
                    // Some before the kill, some into it, some after.
                    std::thread::sleep(Duration::from_millis(2 * index as u64 * (1 + round % 3)));
                    eventually("an answer", || {
                        let present = Client { address: *address.lock().unwrap(), key: client.key.clone() };
                        let answer = present.request("POST", &path, &[("content-type", "application/json")], body.as_bytes());
                        let Ok(answer) = answer else { return false };
                        heard.lock().unwrap().push(told(user, &answer));
                        true
                    });
                });
            }
            std::thread::sleep(Duration::from_millis(3 + round * 2));
            desk.kill_and_start();
            *address.lock().unwrap() = desk.server.address;
        });
        let heard = heard.into_inner().unwrap();
        assert_eq!(heard.len(), people.len());
        let decision = check_race(&desk, &question, &heard);
        let paid = || {
            let payments = desk.world.received();
            payments.iter().filter(|(_, body)| serde_json::from_slice::<Value>(body).unwrap()["amount"] == 1_000 + round).count()
        };
        if decision == "approve" {
            // Paid, or begun when the process died: then nobody repeats it before a person has looked.
            let list = format!("{APPROVALS}?agentId=pay&status=PENDING");
            eventually("the payment is made or in doubt", || {
                let open = expect(200, &desk.server.root().get(&list));
                paid() == 1 || open["items"].as_array().unwrap().iter().any(|item| item["gateType"] == "IN_DOUBT")
            });
        }
        assert!(paid() <= usize::from(decision == "approve"), "round {round}: {} payments after {decision}", paid());
    }
}

#[test]
fn what_was_approved_is_what_is_sent_and_a_changed_action_needs_a_new_look() {
    let desk = Desk::open();
    let (starter, ann, ben, cleo) = (desk.starter(), desk.finance("ann"), desk.finance("ben"), desk.finance("cleo"));
    let question = desk.ask(&starter, "pay2", 40);
    let first = get(&ann, &question);
    assert_eq!((&first["quorum"], &first["editable"], &first["risk"]), (&json!(2), &json!(true), &json!("HIGH")));
    let mut seen = vec![first["digest"].clone()];
    let changes = [("/amount", json!(41)), ("/to", json!("EMCA")), ("/lines/0/item", json!("table")), ("/lines/0/count", json!(3))];
    for (pointer, value) in changes {
        let before = get(&ann, &question);
        let mut arguments = before["proposedParameters"].clone();
        *arguments.pointer_mut(pointer).unwrap() = value;
        let body = json!({"decision": "edit", "digest": before["digest"], "arguments": arguments});
        // Alternately, so that each edit finds the other's vote lapsed.
        let editor = if seen.len() % 2 == 0 { &ben } else { &ann };
        let edited = expect(200, &decide(editor, &question, &body));
        assert_eq!((&edited["status"], &edited["proposedParameters"]), (&json!("PENDING"), &arguments), "{pointer}");
        assert_eq!(edited["votes"].as_array().unwrap().len(), 1, "earlier votes lapse: {edited}");
        assert!(!seen.contains(&edited["digest"]), "{pointer} leaves the digest as it was");
        // Nobody approves what they have not seen.
        for old in &seen {
            let refused = decide(&cleo, &question, &json!({"decision": "approve", "digest": old}));
            assert_eq!(
                (refused.status, refused.code().as_str(), &refused.value()["digest"]),
                (409, "digest", &edited["digest"]),
                "{pointer}"
            );
        }
        seen.push(edited["digest"].clone());
    }
    let blind = cleo.json("POST", &format!("{APPROVALS}/{question}:respond"), &json!({"text": "approve"}));
    assert_eq!((blind.status, blind.code().as_str(), &blind.value()["digest"]), (409, "digest", seen.last().unwrap()));
    assert!(desk.world.received().is_empty(), "nothing was sent yet");
    let present = get(&cleo, &question);
    let closed = expect(200, &decide_now(&cleo, &question, "approve"));
    assert_eq!((&closed["status"], &closed["digest"]), (&json!("RESPONDED"), seen.last().unwrap()));
    assert_eq!(desk.world.bodies(1).len(), 1);
    let (_, sent) = desk.world.received().remove(0);
    assert_eq!(String::from_utf8(sent).unwrap(), present["action"]["body"]["text"].as_str().unwrap(), "byte for byte");

    // With one approver an edit decides by itself, on what it says.
    let question = desk.ask(&starter, "pay", 7);
    let before = get(&ann, &question);
    let mut arguments = before["proposedParameters"].clone();
    arguments["amount"] = json!(6);
    let edited = expect(200, &decide(&ann, &question, &json!({"decision": "edit", "digest": before["digest"], "arguments": arguments})));
    assert_eq!((&edited["status"], &edited["decided"]["decision"], &edited["edits"]), (&json!("RESPONDED"), &json!("edit"), &json!(1)));
    assert_eq!(desk.world.bodies(2)[1], arguments);
}

#[test]
fn what_is_pending_survives_a_sigkill_and_a_lost_client_decides_nothing() {
    let mut desk = Desk::open();
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let question = desk.ask(&starter, "pay", 40);
    let two = desk.ask(&starter, "pay2", 41);
    assert_eq!(expect(200, &decide_now(&ann, &two, "approve"))["status"], "PENDING", "one vote of two");
    let root = desk.server.root();
    let before = (get(&root, &question), get(&root, &two));
    // A client whose stream breaks off while the question is open.
    let body = json!({"parameters": {"amount": 42}}).to_string();
    let head = format!(
        "POST {TENANT}/agents/pay:stream HTTP/1.1\r\nhost: test\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        starter.key.as_deref().unwrap(),
        body.len()
    );
    let _ = exchange(desk.server.address, head.as_bytes(), Duration::from_millis(300));
    for _ in 0..2 {
        desk.kill_and_start();
        let root = desk.server.root();
        assert_eq!((get(&root, &question), get(&root, &two)), before);
        let open = expect(200, &root.get(&format!("{APPROVALS}?status=PENDING")));
        assert_eq!(open["items"].as_array().unwrap().len(), 3, "with the one of the stream");
        assert_eq!(decide_now(&desk.now(&starter), &question, "approve").status, 403);
    }
    assert!(desk.world.received().is_empty(), "nobody decided");
    let again = decide_now(&desk.now(&ann), &two, "approve");
    assert_eq!((again.status, again.code().as_str()), (403, "not_allowed"), "a vote counts once, also after a restart");
    assert_eq!(expect(200, &decide_now(&desk.now(&ann), &question, "approve"))["status"], "RESPONDED");
    assert_eq!(desk.world.bodies(1)[0]["amount"], 40);
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap_or_else(|| panic!("{page}")).iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

/// Every page of a list, by twos.
fn pages(client: &Client, query: &str) -> Vec<String> {
    let (mut found, mut token) = (Vec::new(), String::new());
    loop {
        let page = expect(200, &client.get(&format!("{APPROVALS}?pageSize=2&{query}&pageToken={token}")));
        let items = ids(&page);
        assert!(items.len() <= 2);
        found.extend(items);
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => return found,
        }
    }
}

#[test]
fn lists_filter_page_and_count() {
    let desk = Desk::open();
    let (starter, ann, otto) = (desk.starter(), desk.finance("ann"), desk.person("otto", &[], &["approvals:read"]));
    let pays: Vec<String> = (0..5).map(|amount| desk.ask(&starter, "pay", amount)).collect();
    let two = desk.ask(&starter, "pay2", 9);
    let form = desk.ask(&starter, "form", 0);
    expect(200, &ann.json("POST", &format!("{APPROVALS}/{}:respond", pays[0]), &json!({"text": "approve"})));
    expect(200, &ann.json("POST", &format!("{APPROVALS}/{}:respond", pays[1]), &json!({"text": "too much"})));
    let cancelled = expect(200, &ann.json("POST", &format!("{APPROVALS}/{}:cancel", pays[2]), &json!({"reason": "asked in error"})));
    assert_eq!((&cancelled["status"], &cancelled["decision"]), (&json!("CANCELLED"), &json!("REJECT")));
    let open = [pays[3].clone(), pays[4].clone(), two.clone(), form.clone()];
    assert_eq!(pages(&ann, "status=PENDING"), open, "oldest first, none twice");
    assert_eq!(pages(&ann, "status=PENDING&agentId=pay"), open[..2]);
    assert_eq!(pages(&ann, "agentId=other"), Vec::<String>::new());
    assert_eq!(pages(&ann, "status=RESPONDED"), [pays[1].clone(), pays[0].clone()], "newest first");
    assert_eq!(pages(&ann, "status=RESPONDED&status=CANCELLED"), [pays[2].clone(), pays[1].clone(), pays[0].clone()]);
    assert_eq!(pages(&ann, "").len(), 7, "without a status: all");
    assert_eq!(pages(&ann, "agentId=pay&status=RESPONDED&status=CANCELLED"), [pays[2].clone(), pays[1].clone(), pays[0].clone()]);
    assert_eq!(pages(&ann, "agentId=form&status=RESPONDED"), Vec::<String>::new());
    assert_eq!(pages(&ann, "status=RESPONDED&risk=HIGH").len(), 2);
    assert_eq!(pages(&ann, "status=RESPONDED&risk=MEDIUM"), Vec::<String>::new());
    assert_eq!(pages(&ann, "status=RESPONDED&minAgeMs=3600000"), Vec::<String>::new());
    assert_eq!(pages(&ann, "status=RESPONDED&minAgeMs=0").len(), 2);
    assert_eq!(pages(&ann, "status=RESPONDED&status=CANCELLED&approver=me").len(), 3, "what ann could have decided");
    assert_eq!(pages(&starter, "status=RESPONDED&approver=me"), Vec::<String>::new());
    assert_eq!(pages(&ann, "status=RESPONDED&expiringWithinMs=200000000"), Vec::<String>::new(), "what is closed expires no more");
    assert_eq!(pages(&ann, "status=PENDING&risk=HIGH"), open[..3]);
    assert_eq!(pages(&ann, "status=PENDING&risk=LOW"), open[3..]);
    assert_eq!(pages(&ann, "status=PENDING&minAgeMs=3600000"), Vec::<String>::new());
    assert_eq!(pages(&ann, "expiringWithinMs=3600000"), Vec::<String>::new());
    assert_eq!(pages(&ann, "expiringWithinMs=200000000"), open[..3], "the payments expire in two days");
    assert_eq!(pages(&ann, "status=PENDING&approver=me"), open);
    assert_eq!(pages(&starter, "status=PENDING&approver=me"), open[3..], "the starter is excluded from the payments");
    assert_eq!(pages(&otto, "status=PENDING&approver=me"), open[3..]);
    let counts = expect(200, &otto.get(&format!("{APPROVALS}/counts")));
    assert_eq!(
        (&counts["pending"], &counts["mine"], &counts["byAgent"]["pay"], &counts["byGateType"]["ASK"]),
        (&json!(4), &json!(1), &json!(2), &json!(1))
    );
    assert_eq!((&counts["complete"], &counts["expiringSoon"]), (&json!(true), &json!(0)));
    let of_agent = format!("{TENANT}/agents/pay/pendingApprovals");
    assert_eq!(ids(&expect(200, &ann.get(&format!("{of_agent}?status=PENDING")))), open[..2]);
    assert_eq!(ann.get(&format!("{TENANT}/agents/nobody/pendingApprovals")).status, 404);
    assert_eq!(ann.get(&format!("{of_agent}/{}", pays[3])).status, 200);
    assert_eq!(ann.get(&format!("{of_agent}/{form}")).status, 404, "it is another agent's");
    for (wrong, status) in [("status=OPEN", 400), ("pageToken=x", 422), ("approver=ann", 400), ("unknown=1", 400)] {
        assert_eq!(ann.get(&format!("{APPROVALS}?{wrong}")).status, status, "{wrong}");
    }
}

#[test]
fn several_decisions_stand_or_fall_each_for_itself() {
    let desk = Desk::open();
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let (first, second) = (desk.ask(&starter, "pay", 1), desk.ask(&starter, "pay", 2));
    let own = desk.ask(&desk.person("ann", &[], &["executions:run"]), "pay", 3);
    let digest = |question: &str| get(&ann, question)["digest"].clone();
    let decisions = json!({"decisions": [
        {"id": first, "decision": "approve", "digest": digest(&first)},
        {"id": own, "decision": "approve", "digest": digest(&own)},
        {"id": second, "decision": "reject", "digest": digest(&first)},
        {"id": uuid(), "decision": "approve", "digest": digest(&first)},
        {"id": "nonsense", "decision": "approve", "digest": digest(&first)},
        {"id": second, "decision": "edit", "digest": digest(&second)},
    ]});
    let results = expect(200, &ann.json("POST", &format!("{APPROVALS}:decide"), &decisions));
    let statuses: Vec<u64> = results["results"].as_array().unwrap().iter().map(|result| result["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 403, 409, 404, 404, 422], "{results}");
    assert_eq!(results["results"][0]["approval"]["respondedBy"], "ann");
    assert_eq!(results["results"][2]["problem"]["code"], "digest");
    assert_eq!(desk.world.bodies(1)[0]["amount"], 1);
    assert_eq!(ann.json("POST", &format!("{APPROVALS}:decide"), &json!({"decisions": []})).status, 400);
}

fn uuid() -> String {
    "00000000-0000-8000-8000-000000000001".to_owned()
}

#[test]
fn answers_fit_their_question() {
    let desk = Desk::open();
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let form = desk.ask(&starter, "form", 0);
    let digest = get(&ann, &form)["digest"].clone();
    let say = |body: Value| decide(&ann, &form, &body);
    let wrong = [
        (422, json!({"decision": "approve", "digest": digest})),
        (422, json!({"decision": "respond", "digest": digest, "response": {"size": "large"}})),
        (422, json!({"decision": "respond", "digest": digest})),
        (422, json!({"decision": "respond", "digest": digest, "response": {"size": 3}, "arguments": {}})),
        (400, json!({"decision": "respond", "response": {"size": 3}})),
        (400, json!({"decision": "perhaps", "digest": digest})),
        (400, json!({"decision": "respond", "digest": "sha256:0", "response": {"size": 3}})),
    ];
    for (status, body) in wrong {
        let refused = say(body.clone());
        assert_eq!(refused.status, status, "{body}: {}", refused.text());
    }
    let answered = expect(200, &say(json!({"decision": "respond", "digest": digest, "response": {"size": 3}})));
    assert_eq!((&answered["status"], &answered["decided"]["response"]), (&json!("RESPONDED"), &json!({"size": 3})));
    let by_text = desk.ask(&starter, "form", 0);
    let answered = expect(200, &ann.json("POST", &format!("{APPROVALS}/{by_text}:respond"), &json!({"text": "{\"size\": 4}"})));
    assert_eq!(answered["decided"]["response"], json!({"size": 4}));
    let pay = desk.ask(&starter, "pay", 5);
    assert_eq!(ann.json("POST", &format!("{APPROVALS}/{pay}:respond"), &json!({"text": "  "})).status, 422);
    let rejected = expect(200, &ann.json("POST", &format!("{APPROVALS}/{pay}:respond"), &json!({"text": "not covered"})));
    assert_eq!((&rejected["decision"], &rejected["decided"]["reason"]), (&json!("REJECT"), &json!("not covered")));
    assert_eq!(ann.json("POST", &format!("{APPROVALS}/{}:respond", uuid()), &json!({"text": "approve"})).status, 404);
    assert!(desk.world.received().is_empty());
}

#[test]
fn people_comment_and_claim_and_nobody_is_kept_from_deciding() {
    let desk = Desk::open();
    let (starter, ann, ben) = (desk.starter(), desk.finance("ann"), desk.finance("ben"));
    let question = desk.ask(&starter, "pay", 1);
    let at = |action: &str| format!("{APPROVALS}/{question}{action}");
    for (client, text) in [(&ann, "who is ACME?"), (&ben, "our landlord"), (&starter, "rent for May")] {
        assert_eq!(expect(201, &client.json("POST", &at("/comments"), &json!({"text": text})))["text"], text);
    }
    let page = expect(200, &ann.get(&at("/comments?pageSize=2")));
    let texts: Vec<&str> = page["items"].as_array().unwrap().iter().map(|comment| comment["text"].as_str().unwrap()).collect();
    assert_eq!(texts, ["who is ACME?", "our landlord"]);
    let rest = expect(200, &ann.get(&at(&format!("/comments?pageToken={}", page["nextPageToken"].as_str().unwrap()))));
    assert_eq!((&rest["items"][0]["createdBy"], &rest["nextPageToken"]), (&json!("stan"), &Value::Null));
    assert_eq!(ann.json("POST", &at("/comments"), &json!({"text": " "})).status, 400);

    let claimed = expect(200, &ann.json("POST", &at(":claim"), &json!({"seconds": 60})));
    assert_eq!(claimed["claim"]["by"], "ann");
    assert_eq!(get(&ben, &question)["claim"]["by"], "ann");
    let second = ben.json("POST", &at(":claim"), &json!({}));
    assert_eq!((second.status, second.code().as_str()), (409, "claimed"));
    assert_eq!(ben.json("POST", &at(":release"), &json!({})).code(), "claimed");
    assert_eq!(expect(200, &ann.json("POST", &at(":release"), &json!({})))["claim"], Value::Null);
    expect(200, &ben.json("POST", &at(":claim"), &json!({"seconds": 1})));
    eventually("a claim ends by itself", || ann.json("POST", &at(":claim"), &json!({})).status == 200);
    assert_eq!(decide_now(&ben, &question, "approve").status, 200, "a claim keeps nobody from deciding");
    assert_eq!(get(&ben, &question)["claim"], Value::Null);
    assert_eq!(ann.json("POST", &at(":claim"), &json!({})).code(), "question_closed");
    assert_eq!(expect(200, &ann.get(&at("/comments")))["items"].as_array().unwrap().len(), 3, "what was said stays");
}
