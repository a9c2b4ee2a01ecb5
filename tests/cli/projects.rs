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
    assert_eq!(schema, serde_json::from_str::<serde_json::Value>(include_str!("../../docs/flow.schema.json")).unwrap());
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
fn a_flow_can_be_drawn_and_explained() {
    let bench = Bench::with("gate.yaml", GATE);
    insta::assert_snapshot!(
        [
            bench.say(&["flow", "graph", "gate.yaml"]),
            bench.say(&["flow", "graph", "gate.yaml", "--format", "dot"]),
            bench.say(&["flow", "explain", "gate.yaml"]),
        ]
        .join("\n\n")
    );
}

#[test]
fn two_flows_are_compared_by_what_they_mean() {
    let bench = Bench::with("gate.yaml", GATE);
    bench.write("same.yaml", &format!("ui: {{before: {{x: 1}}}}\nlimits: {{steps: 10000}}\n{GATE}"));
    let changed = GATE.replace("Pay {{", "Refund {{").replace("kept", "unpaid").replace("desk: \"front\"", "desk: \"front\\e[31m\"");
    bench.write("changed.yaml", &changed.replace("  before: {set: {", "  before: {set: {more: 1, "));
    bench.write("bad.yaml", "flow: bad\nsteps: {}\n");
    insta::assert_snapshot!(
        [
            bench.say(&["flow", "diff", "gate.yaml", "same.yaml", "--exit-code"]),
            bench.say(&["flow", "diff", "gate.yaml", "changed.yaml"]),
            bench.say(&["flow", "diff", "gate.yaml", "changed.yaml", "--exit-code", "-o", "ndjson"]),
            bench.say(&["flow", "diff", "gate.yaml", "bad.yaml"]),
        ]
        .join("\n\n")
    );
}

#[test]
fn a_store_is_checked_backed_up_and_restored() {
    let bench = Bench::with("gate.yaml", GATE);
    assert_eq!(bench.run(&["store", "info"]).status.code(), Some(1));
    let ran = bench.json(&["run", "gate.yaml", "-p", "amount=3", "-o", "json"]);
    for command in [&["store", "info", "-o", "json"][..], &["store", "compact", "-o", "json"], &["store", "rebuild", "-o", "json"]] {
        assert!(bench.json(command).is_object(), "{command:?}");
    }
    assert_eq!(bench.json(&["store", "check", "-o", "json"])["sound"], serde_json::json!(true));
    assert_eq!(bench.run(&["store", "backup", "copy"]).status.code(), Some(0));
    assert_eq!(bench.run(&["store", "restore", "copy", "--data-dir", "again"]).status.code(), Some(0));
    assert_eq!(bench.json(&["exec", "show", "last", "-o", "json", "--data-dir", "again"]), ran);
    // A byte in the middle of what was written.
    let segment = bench.path().join("again/log-0000000000000001");
    let mut bytes = std::fs::read(&segment).unwrap();
    let at = bytes.windows(7).position(|window| window == b"started").unwrap_or(200);
    bytes[at] ^= 0x40;
    std::fs::write(&segment, bytes).unwrap();
    let checked = bench.run(&["store", "check", "--data-dir", "again"]);
    assert_eq!(checked.status.code(), Some(1), "{}", bench.told(&checked));
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

#[test]
fn drawings_and_explanations_are_json_on_request() {
    let bench = Bench::with("gate.yaml", GATE);
    let drawn = bench.json(&["flow", "graph", "gate.yaml", "-o", "json"]);
    assert!(drawn["format"] == "mermaid" && drawn["graph"].as_str().unwrap().starts_with("flowchart"), "{drawn}");
    assert!(bench.json(&["flow", "explain", "gate.yaml", "-o", "json"])["text"].as_str().unwrap().contains("review"));
}

#[test]
fn a_step_that_the_rehearsal_file_answers_for_is_not_warned_about() {
    let flow = "flow: calls\nsteps:\n  one: {http: {get: \"https://a.example\"}}\n  two: {http: {get: \"https://b.example\"}}\nedges: [{from: one, to: two}]\n";
    let bench = Bench::with("calls.yaml", flow);
    assert_eq!(bench.json(&["flow", "check", "calls.yaml", "-o", "json"]).as_array().unwrap().len(), 2);
    bench.write("calls.rehearsal.yaml", "one: {output: 1}\n");
    let warned = bench.json(&["flow", "check", "calls.yaml", "-o", "json"]);
    assert_eq!((warned.as_array().unwrap().len(), &warned[0]["pointer"]), (1, &serde_json::json!("/steps/two")));
}
