//! `flowgate approval …` against a server: what can be done over HTTP can be done in a terminal, in the same words.

use serde_json::{Value, json};

use super::desk::{Desk, TENANT, eventually, expect, get};
use super::harness::Client;

fn listed(desk: &Desk, client: &Client, options: &[&str]) -> Vec<String> {
    let arguments = [&["approval", "list", "-o", "json"], options].concat();
    let rows: Value = serde_json::from_str(&desk.says(client, &arguments)).unwrap();
    rows.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_terminal_lists_and_shows_what_there_is_to_decide() {
    let desk = Desk::open();
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let (pay, two, form) = (desk.ask(&starter, "pay", 40), desk.ask(&starter, "pay2", 41), desk.ask(&starter, "form", 0));
    let closed = desk.ask(&starter, "pay", 42);
    desk.says(&ann, &["approval", "reject", &closed, "--reason", "too much"]);
    let all = vec![pay.clone(), two.clone(), form.clone()];
    let cases: [(&[&str], Vec<String>); 9] = [
        (&[], all.clone()),
        (&["--agent", "pay2"], vec![two.clone()]),
        (&["--risk", "HIGH"], vec![pay.clone(), two.clone()]),
        (&["--risk", "low"], vec![form.clone()]),
        (&["--older-than", "1h"], Vec::new()),
        (&["--expiring-within", "1h"], Vec::new()),
        (&["--expiring-within", "3d"], vec![pay.clone(), two.clone()]),
        (&["--status", "RESPONDED"], vec![closed.clone()]),
        (&["--limit", "1"], vec![pay.clone()]),
    ];
    for (options, expected) in cases {
        assert_eq!(listed(&desk, &ann, options), expected, "{options:?}");
    }
    assert_eq!(listed(&desk, &starter, &["--mine"]), std::slice::from_ref(&form), "the starter is excluded from the payments");
    assert_eq!(listed(&desk, &ann, &["--mine", "--status", "PENDING,RESPONDED"])[..3], all[..]);
    let text = desk.says(&ann, &["approval", "list"]);
    assert!(text.contains(&pay) && text.contains("Pay 40 to ACME?") && text.contains("QUESTION"), "{text}");
    let text = desk.says(&ann, &["approval", "list", "--status", "RESPONDED"]);
    assert!(text.contains("rejected by ann"), "{text}");

    let shown = desk.says(&ann, &["approval", "show", &pay]);
    let action = get(&ann, &pay)["action"].clone();
    for part in [
        "Pay 40 to ACME?",
        &format!("POST {}/pay", desk.world.address),
        action["body"]["text"].as_str().unwrap(),
        action["idempotencyKey"].as_str().unwrap(),
        get(&ann, &pay)["digest"].as_str().unwrap(),
        "input.amount = 40",
        "role:finance (1 needed); not stan, mallory",
        "effect       once",
    ] {
        assert!(shown.contains(part), "{part} is missing in\n{shown}");
    }
    let shown: Value = serde_json::from_str(&desk.says(&ann, &["approval", "show", &pay[..13], "-o", "json"])).unwrap();
    assert_eq!(
        (&shown["id"], &shown["kind"], &shown["step"], &shown["flow"]),
        (&json!(pay), &json!("approval"), &json!("review"), &json!("pay"))
    );
    assert_eq!((&shown["action"]["arguments"]["amount"], &shown["approvers"]["quorum"]), (&json!(40), &json!(1)));
    let shown: Value = serde_json::from_str(&desk.says(&ann, &["approval", "show", &closed, "-o", "json"])).unwrap();
    assert_eq!((&shown["closed"]["how"], &shown["closed"]["decided"]["reason"]), (&json!("decided"), &json!("too much")));
    let (exit, said) = desk.refuses(&ann, &["approval", "show", "00000000-0000-8000-8000-000000000001"]);
    assert!(exit == 1 && said.contains("there is no question"), "{said}");
    let (exit, _) = desk.refuses(&ann, &["approval", "list", "--risk", "SOME"]);
    assert_eq!(exit, 2);
}

#[test]
fn a_terminal_decides_with_every_word() {
    let desk = Desk::open();
    let (starter, ann, ben) = (desk.starter(), desk.finance("ann"), desk.finance("ben"));
    let pay = desk.ask(&starter, "pay", 40);
    let digest = get(&ann, &pay)["digest"].as_str().unwrap().to_owned();
    let (exit, said) = desk.refuses(&starter, &["approval", "approve", &pay]);
    assert!(exit == 1 && said.contains("stan is excluded from deciding this"), "{said}");
    let other = format!("sha256:{}", "0".repeat(64));
    let (exit, said) = desk.refuses(&ann, &["approval", "approve", &pay, "--digest", &other]);
    assert!(exit == 1 && said.contains("(digest)"), "{said}");
    assert!(desk.world.received().is_empty());
    assert_eq!(
        desk.says(&ann, &["approval", "approve", &pay, "--digest", &digest, "--reason", "receipt checked"]),
        "review approved by ann"
    );
    assert_eq!(desk.world.bodies(1)[0]["amount"], 40);
    assert_eq!(get(&ann, &pay)["decided"]["reason"], "receipt checked");
    let (exit, said) = desk.refuses(&ben, &["approval", "reject", &pay]);
    assert!(exit == 1 && said.contains("already decided: approved by ann") && said.contains("(receipt checked)"), "{said}");

    // Two votes, as JSON.
    let two = desk.ask(&starter, "pay2", 41);
    let voted: Value = serde_json::from_str(&desk.says(&ann, &["approval", "approve", &two, "-o", "json"])).unwrap();
    assert_eq!((&voted["question"], &voted["closed"], &voted["votes"][0]["by"]), (&json!(two), &json!(false), &json!("ann")));
    let shown = desk.says(&ben, &["approval", "show", &two]);
    assert!(shown.contains("(2 needed, 1 so far)") && shown.contains("ann on sha256:"), "{shown}");
    let closed: Value = serde_json::from_str(&desk.says(&ben, &["approval", "approve", &two, "-o", "json"])).unwrap();
    assert_eq!(
        (&closed["closed"], &closed["decided"]["decision"], &closed["decided"]["by"]),
        (&json!(true), &json!("approve"), &json!("ben"))
    );
    assert_eq!(desk.world.bodies(2)[1]["amount"], 41);

    // Edited: on the command line, in an editor, and with one vote of two.
    let edited = json!({"amount": 30, "to": "ACME", "lines": []});
    let pay = desk.ask(&starter, "pay", 43);
    assert_eq!(desk.says(&ann, &["approval", "edit", &pay, "--arguments", &edited.to_string()]), "review edited and approved by ann");
    assert_eq!(desk.world.bodies(3)[2], edited);
    let pay = desk.ask(&starter, "pay", 4_400);
    let mut command = desk.command(&ann, &["approval", "edit", &pay]);
    let output = command.env("PATH", "/usr/bin:/bin").env("EDITOR", "sed -i s/4400/35/").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(desk.world.bodies(4)[3]["amount"], 35);
    let two = desk.ask(&starter, "pay2", 45);
    let said = desk.says(&ann, &["approval", "edit", &two, "--arguments", &edited.to_string()]);
    assert!(said.starts_with("counted: 1 of 2 votes for sha256:"), "{said}");
    desk.says(&ben, &["approval", "reject", &two, "--reason", "no"]);
    assert_eq!(desk.world.received().len(), 4);
}

#[test]
fn a_terminal_answers_what_is_asked() {
    let desk = Desk::open();
    let (starter, ann) = (desk.starter(), desk.finance("ann"));
    let form = desk.ask(&starter, "form", 0);
    let (exit, said) = desk.refuses(&ann, &["approval", "approve", &form]);
    assert!(exit == 1 && said.contains("asks for an answer"), "{said}");
    let (exit, said) = desk.refuses(&ann, &["approval", "resolve", &form, "--fail"]);
    assert!(exit == 1 && said.contains("is not in doubt"), "{said}");
    let (exit, said) = desk.refuses(&ann, &["approval", "edit", &form]);
    assert!(exit == 1 && said.contains("has no action to edit"), "{said}");
    let (exit, said) = desk.refuses(&ann, &["approval", "respond", &form, r#"{"size": "large"}"#]);
    assert!(exit == 4 && said.contains("size"), "{exit}: {said}");
    assert_eq!(desk.says(&ann, &["approval", "respond", &form, r#"{"size": 3}"#]), "which answered by ann");
    assert_eq!(get(&ann, &form)["decided"]["response"], json!({"size": 3}));
    // By the id of its execution.
    let form = desk.ask(&starter, "form", 0);
    let execution = get(&ann, &form)["executionRecordId"].as_str().unwrap().to_owned();
    std::fs::write(desk.directory.path().join("answer.json"), r#"{"size": 4}"#).unwrap();
    desk.says(&ann, &["approval", "respond", &execution, "@answer.json"]);
    assert_eq!(get(&ann, &form)["decided"]["response"], json!({"size": 4}));
    let (exit, said) = desk.refuses(&ann, &["approval", "approve", &form, "--resume"]);
    assert!(exit == 2 && said.contains("--resume"), "{said}");
}

#[test]
fn a_terminal_claims_and_comments() {
    let desk = Desk::open();
    let (starter, ann, ben) = (desk.starter(), desk.finance("ann"), desk.finance("ben"));
    let pay = desk.ask(&starter, "pay", 40);
    desk.says(&ann, &["approval", "claim", &pay, "--for", "1h"]);
    assert!(desk.says(&ben, &["approval", "show", &pay]).contains("ann looks at it until"));
    let (exit, said) = desk.refuses(&ben, &["approval", "claim", &pay]);
    assert!(exit == 1 && said.contains("(claimed)"), "{said}");
    let (exit, _) = desk.refuses(&ben, &["approval", "release", &pay]);
    assert_eq!(exit, 1);
    desk.says(&ann, &["approval", "release", &pay]);
    assert_eq!(get(&ann, &pay)["claim"], Value::Null);
    desk.says(&ann, &["approval", "comment", &pay, "who is ACME?"]);
    desk.says(&ben, &["approval", "comment", &pay, "our landlord"]);
    let said = desk.says(&ann, &["approval", "comment", &pay]);
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("ann at ") && lines[1].ends_with(": our landlord"), "{said}");
    assert!(desk.says(&ben, &["approval", "show", &pay]).contains(": who is ACME?"));
    desk.says(&ben, &["approval", "approve", &pay]);
    let (exit, said) = desk.refuses(&ann, &["approval", "claim", &pay]);
    assert!(exit == 1 && said.contains("already decided"), "{said}");
    // Without a server there is nobody to tell.
    let local = desk.command(&ann, &["approval", "claim", &pay]).env_remove("FLOWGATE_URL").output().unwrap();
    assert_eq!(local.status.code(), Some(2), "{}", String::from_utf8_lossy(&local.stderr));
    eventually("it is paid", || desk.world.received().len() == 1);
    expect(200, &ann.get(&format!("{TENANT}/pendingApprovals/{pay}/comments")));
}
