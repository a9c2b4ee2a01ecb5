//! Flows that run flows: what the parent shows and how its child's questions are found.

use super::bench::Bench;

const CHILD: &str = r#"
flow: child
steps:
  gate: {approval: {title: "Let the child on?"}}
  word: {set: {word: "'done'"}}
edges: [{from: gate, to: word}]
"#;

const PARENT: &str = r"
flow: parent
steps:
  hand_over: {flow: {agent: child}}
  after: {set: {heard: steps.hand_over.output.word}}
edges: [{from: hand_over, to: after}]
";

fn parked() -> Bench {
    let bench = Bench::with("child.yaml", CHILD);
    bench.write("parent.yaml", PARENT);
    // Before its child's slot was counted right, this did not end.
    assert_eq!(bench.run(&["run", "parent.yaml"]).status.code(), Some(3));
    bench
}

fn parent(bench: &Bench) -> String {
    let listed = bench.json(&["exec", "list", "--flow", "parent", "-o", "json"]);
    listed[0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_child_that_asks_parks_its_parent() {
    let bench = parked();
    let parent = parent(&bench);
    assert_eq!(bench.run(&["exec", "resume", &parent]).status.code(), Some(3));
    assert_eq!(bench.run(&["exec", "resume", &parent, "--approve", "all"]).status.code(), Some(0));
}

#[test]
fn a_child_s_question_is_found_by_its_parent_too() {
    let bench = parked();
    let parent = parent(&bench);
    let said = String::from_utf8(bench.run(&["exec", "resume", &parent]).stderr).unwrap();
    let question = bench.json(&["approval", "list", "-o", "json"])[0].clone();
    assert!(said.contains(&format!("flowgate approval show {}", question["id"].as_str().unwrap())), "{said}");
    let approved = bench.run(&["approval", "approve", &parent, "--resume", "-o", "json"]);
    let result: serde_json::Value = serde_json::from_slice(&approved.stdout).unwrap();
    assert_eq!((approved.status.code(), &result["output"]), (Some(0), &serde_json::json!({"heard": "done"})));
}
