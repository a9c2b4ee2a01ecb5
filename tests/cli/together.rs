//! Two at once, and interrupts.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output};

use serde_json::json;

use super::bench::Bench;

const NAPS: &str = "flow: naps\nsteps:\n  nap: {wait: {for: 2s}}\n  done: {set: {rested: true}}\nedges: [{from: nap, to: done}]\n";
const SLEEPS: &str = "flow: sleeps\nsteps:\n  nap: {wait: {for: 30s}}\n";

/// Starts a run and waits until its step has begun.
fn started(bench: &Bench, arguments: &[&str]) -> Child {
    let mut child = bench.command(arguments).spawn().unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let begun = lines.any(|line| line.unwrap().contains("nap  until"));
    assert!(begun, "the step does not begin");
    // The rest of standard error must not block the child.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_locked_data_directory_is_said_clearly() {
    let bench = Bench::with("sleeps.yaml", SLEEPS);
    let mut child = started(&bench, &["run", "sleeps.yaml"]);
    let said = [bench.say(&["exec", "list"]), bench.say(&["run", "sleeps.yaml"]), bench.say(&["exec", "watch", "last"])];
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(said.iter().all(|said| said.contains("\nexit: 1\n") && said.contains("in use by")), "{said:#?}");
    insta::assert_snapshot!(said[0]);
    // The lock ends with its process, however that ends.
    assert_eq!(bench.run(&["exec", "list"]).status.code(), Some(0));
}

#[test]
fn ctrl_c_parks_the_execution_and_says_how_to_go_on() {
    let bench = Bench::with("naps.yaml", NAPS);
    for name in ["-INT", "-TERM"] {
        let mut child = bench.command(&["run", "naps.yaml", "-o", "json"]).spawn().unwrap();
        let mut said = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut said).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        signal(&child, name);
        std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
        let output = child.wait_with_output().unwrap();
        let told = bench.told(&Output { stderr: said.clone().into_bytes(), ..output.clone() });
        assert_eq!(output.status.code(), Some(130), "{told}");
        assert!(said.contains("parked") && said.contains("flowgate exec resume"), "{told}");
        let result: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(result["waiting_for"][0]["kind"], "timer", "{told}");
        let resumed = bench.json(&["exec", "resume", result["id"].as_str().unwrap(), "-o", "json"]);
        assert_eq!((&resumed["status"], &resumed["output"]), (&json!("COMPLETED"), &json!({"rested": true})));
    }
}

#[test]
fn a_timer_further_away_than_the_patience_parks() {
    let bench = Bench::with("sleeps.yaml", SLEEPS);
    insta::assert_snapshot!(bench.say(&["run", "sleeps.yaml", "--wait", "1s"]));
}
