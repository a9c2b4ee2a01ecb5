//! Help, and what happens to a command line, a flow or an input that is wrong.

use super::bench::{Bench, GATE};

#[test]
fn help_names_every_command() {
    insta::assert_snapshot!(Bench::new().say(&["--help"]));
}

/// Every command, and the program itself.
const COMMANDS: [&[&str]; 85] = [
    &["agent", "apply"],
    &["agent", "list"],
    &["agent", "show"],
    &["agent", "pull"],
    &["revision", "list"],
    &["revision", "show"],
    &["revision", "diff"],
    &["deploy"],
    &["rollback"],
    &["trigger", "list"],
    &["trigger", "create"],
    &["trigger", "show"],
    &["trigger", "change"],
    &["trigger", "bind"],
    &["trigger", "unbind"],
    &["trigger", "rotate"],
    &["trigger", "revisions"],
    &["trigger", "restore"],
    &["trigger", "fire"],
    &["trigger", "enable"],
    &["trigger", "disable"],
    &["trigger", "pause"],
    &["trigger", "resume"],
    &["trigger", "delete"],
    &["trigger", "next"],
    &["trigger", "history"],
    &["eval", "dataset", "list"],
    &["eval", "dataset", "create"],
    &["eval", "dataset", "import"],
    &["eval", "dataset", "show"],
    &["eval", "dataset", "delete"],
    &["eval", "run"],
    &["eval", "list"],
    &["eval", "show"],
    &["eval", "compare"],
    &["eval", "cancel"],
    &["key", "create"],
    &["key", "list"],
    &["key", "rotate"],
    &["key", "revoke"],
    &["tenant", "create"],
    &["tenant", "list"],
    &["login"],
    &["logout"],
    &["profile", "list"],
    &["profile", "use"],
    &["config", "show"],
    &["serve"],
    &["dev"],
    &["run"],
    &["exec", "list"],
    &["exec", "show"],
    &["exec", "trace"],
    &["exec", "watch"],
    &["exec", "resume"],
    &["exec", "cancel"],
    &["exec", "retry"],
    &["exec", "fork"],
    &["exec", "events"],
    &["exec", "export"],
    &["approval", "list"],
    &["approval", "show"],
    &["approval", "approve"],
    &["approval", "edit"],
    &["approval", "reject"],
    &["approval", "respond"],
    &["approval", "resolve"],
    &["approval", "claim"],
    &["approval", "release"],
    &["approval", "comment"],
    &["signal"],
    &["flow", "check"],
    &["flow", "schema"],
    &["flow", "graph"],
    &["flow", "explain"],
    &["store", "check"],
    &["store", "info"],
    &["store", "backup"],
    &["store", "restore"],
    &["store", "compact"],
    &["store", "rebuild"],
    &["init"],
    &["doctor"],
    &["completions"],
    &[],
];

#[test]
fn every_command_has_help_with_an_example() {
    let bench = Bench::new();
    for command in COMMANDS {
        let output = bench.run(&[command, &["--help"]].concat());
        let help = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(0), "{command:?}");
        assert!(help.contains("Examples:\n"), "{command:?} shows no example:\n{help}");
    }
}

#[test]
fn a_wrong_command_line_exits_2_and_says_what_was_meant() {
    let bench = Bench::with("gate.yaml", GATE);
    let wrong: [&[&str]; 8] = [
        &["rum", "gate.yaml"],
        &["exec", "lst"],
        &["run"],
        &["run", "gate.yaml", "--aprove", "all"],
        &["run", "gate.yaml", "-o", "xml"],
        &["run", "gate.yaml", "-p", "amount"],
        &["run", "gate.yaml", "-p", "amount=1", "--set", "limit=3"],
        &["approval", "resolve", "x"],
    ];
    let said: Vec<String> = wrong.iter().map(|arguments| bench.say(arguments)).collect();
    assert!(said.iter().all(|said| said.contains("\nexit: 2\n")), "{said:#?}");
    insta::assert_snapshot!(said.join("\n\n"));
    assert!(!bench.path().join(".flowgate").exists(), "a refused command line made a data directory");
}

#[test]
fn a_wrong_flow_or_input_exits_4() {
    let bench = Bench::with("gate.yaml", GATE);
    bench.write("bad.yaml", "flow: bad\nsteps:\n  a: {set: {x: 1}}\nedges:\n  - {from: a, to: b}\n  - {from: a, too: a}\n");
    let wrong: [&[&str]; 7] = [
        &["run", "bad.yaml"],
        &["flow", "check", "bad.yaml"],
        &["run", "nothing.yaml"],
        &["run", "gate.yaml"],
        &["run", "gate.yaml", "-p", "amount=much"],
        &["run", "gate.yaml", "-p", "amount=1", "--set", "config.limt=3"],
        &["run", "gate.yaml", "--input", "{nope"],
    ];
    let said: Vec<String> = wrong.iter().map(|arguments| bench.say(arguments)).collect();
    assert!(said.iter().all(|said| said.contains("\nexit: 4\n")), "{said:#?}");
    insta::assert_snapshot!(said.join("\n\n"));
}

#[test]
fn unknown_settings_are_refused_by_name() {
    let bench = Bench::with("flowgate.toml", "[outbound]\nalow = [\"127.0.0.1\"]\n");
    insta::assert_snapshot!(bench.say(&["exec", "list"]));
}

#[test]
fn looking_makes_nothing() {
    let bench = Bench::new();
    for (arguments, exit) in
        [(&["exec", "list", "-o", "json"][..], 0), (&["approval", "list", "-o", "json"], 0), (&["exec", "show", "last"], 1)]
    {
        let output = bench.run(arguments);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}");
        if exit == 0 {
            assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "[]", "{arguments:?}");
        }
    }
    let empty = bench.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert_eq!(bench.json(&["exec", "list", "-o", "json", "--data-dir", "empty"]), serde_json::json!([]));
    assert_eq!(std::fs::read_dir(&empty).unwrap().count(), 0, "listing wrote into an empty directory");
    assert!(!bench.path().join(".flowgate").exists());
}

#[test]
fn what_is_not_there_is_said_by_name() {
    let bench = Bench::with("gate.yaml", GATE);
    bench.run(&["run", "gate.yaml", "-p", "amount=1", "--approve", "all"]);
    let said = [
        bench.say(&["exec", "show", "ffffffff"]),
        bench.say(&["approval", "approve", "ffffffff"]),
        bench.say(&["exec", "fork", "last", "none", "--result", "1"]),
    ];
    insta::assert_snapshot!(said.join("\n\n"));
}
