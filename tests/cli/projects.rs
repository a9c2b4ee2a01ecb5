//! Commands around flows: init, check, doctor, completions, store.

use std::process::Command;

use super::bench::{Bench, GATE};

#[test]
fn a_new_project_passes_its_own_test() {
    let bench = Bench::new();
    let said = [bench.say(&["init", "mine"]), bench.say(&["init", "mine"])];
    insta::assert_snapshot!(said.join("\n\n"));
    let binary = std::path::Path::new(env!("CARGO_BIN_EXE_flowgate")).parent().unwrap();
    let path = format!("{}:/usr/bin:/bin", binary.display());
    let tested = Command::new("./test.sh").current_dir(bench.path().join("mine")).env_clear().env("PATH", path).output().unwrap();
    assert!(tested.status.success(), "{}", bench.told(&tested));
    assert!(String::from_utf8_lossy(&tested.stdout).contains("ok: the flow completes"));
}

#[test]
fn check_reports_every_problem_and_is_quiet_about_good_flows() {
    let bench = Bench::with("gate.yaml", GATE);
    bench.write("bad.yaml", "flow: bad\nstart: a\nsteps:\n  a: {set: {x: 1}}\n  b: {set: {y: nope.z}}\nedges:\n  - {from: a, to: c}\n");
    insta::assert_snapshot!(
        [
            bench.say(&["flow", "check", "gate.yaml"]),
            bench.say(&["flow", "check", "gate.yaml", "bad.yaml"]),
            bench.say(&["flow", "check", "bad.yaml", "-o", "json"]),
            bench.say(&["flow", "check", "absent.yaml"]),
        ]
        .join("\n\n")
    );
}

#[test]
fn the_schema_is_json() {
    let schema = Bench::new().json(&["flow", "schema"]);
    assert_eq!(schema["title"], "FlowSpec");
    assert!(schema["properties"]["steps"].is_object());
}

#[test]
fn doctor_names_what_is_set_and_never_a_value() {
    let bench = Bench::new();
    let output = bench
        .command(&["doctor", "-o", "json"])
        .env("OPENAI_API_KEY", "sk-very-secret")
        .env("FLOWGATE_OUTBOUND_ALLOW", "127.0.0.1")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("openai: key set") && said.contains("127.0.0.1") && !said.contains("sk-very-secret"), "{said}");
    bench.write("flowgate.toml", "[mcp.gone]\ncommand = \"/no/such/program\"\n");
    let broken = bench.run(&["doctor"]);
    assert_eq!(broken.status.code(), Some(1), "{}", bench.told(&broken));
}

#[test]
fn completions_know_the_commands() {
    let bench = Bench::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let output = bench.run(&["completions", shell]);
        let script = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && script.contains("approval"), "{shell}");
    }
}
