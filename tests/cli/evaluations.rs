//! `flowgate eval` against a running server, and `flowgate exec export` on both sides.

use serde_json::{Value, json};

use super::bench::Bench;
use super::server::Server;

const DOUBLE: &str = "flow: double\ninput: {type: object, required: [n], properties: {n: {type: integer}}}\n\
                      steps:\n  a: {set: {value: 'input.n * 2'}}\noutput: steps.a.output\n";

fn samples(count: u64) -> String {
    (1..=count).map(|n| format!("{}\n", json!({"input": {"n": n}, "expected": {"value": 2 * n}}))).collect()
}

#[test]
fn a_worse_revision_fails_in_ci() {
    let bench = Bench::with("double.yaml", DOUBLE);
    let server = Server::start(&bench);
    server.text(&["agent", "apply", "double.yaml"]);
    bench.write("double.yaml", &DOUBLE.replace("input.n * 2", "input.n == 3 ? 7 : input.n * 2"));
    server.text(&["agent", "apply", "double.yaml"]);
    bench.write("samples.jsonl", &samples(4));
    let made = server.text(&["eval", "dataset", "create", "double", "golden", "--file", "samples.jsonl", "--min-score", "0.7"]);
    assert!(made.contains("samples     4"), "{made}");
    let preview = server.text(&["eval", "run", "double", "golden", "--dry-run"]);
    assert!(preview.contains("cost        not known"), "{preview}");
    // Nothing to compare with yet.
    let (exit, said) = server.refused(&["eval", "run", "double", "golden", "--fail-on-regression"]);
    assert!(exit == 1 && said.contains("no completed run over this dataset"), "{said}");
    let good = server.text(&["eval", "run", "double", "golden", "--concurrency", "2"]);
    assert!(good.contains("score       1.000 (at least 0.700)") && good.contains("DEPLOY"), "{good}");
    // 0.75 is enough for the score, and worse than before.
    let worse = ["eval", "run", "double", "1", "--revision", "2"];
    assert!(server.output(&worse).status.success());
    let against = server.json(&["eval", "list", "double"])[1]["id"].as_str().unwrap().to_owned();
    let output = server.output(&[&worse[..], &["--baseline", &against[..20], "--fail-on-regression", "-o", "json"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", bench.told(&output));
    let run: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&run["regressions"], &run["deploymentRecommendation"], &run["passed"]), (&json!(1), &json!("DO_NOT_DEPLOY"), &json!(true)));
    assert_eq!(server.output(&[&worse[..], &["--min-score", "0.9"]].concat()).status.code(), Some(1));
    // What became worse.
    let compared = server.json(&["eval", "compare", "double", "last", &against]);
    assert_eq!(
        (&compared["worse"], &compared["items"][2]["change"], compared["items"].as_array().unwrap().len()),
        (&json!(1), &json!("WORSE"), 4)
    );
    assert_eq!(server.output(&["eval", "compare", "double", "last", &against, "--fail-on-regression"]).status.code(), Some(1));
    assert_eq!(server.output(&["eval", "compare", "double", &against, &against, "--fail-on-regression"]).status.code(), Some(0));
    let shown = server.text(&["eval", "show", "double", "last", "--failed"]);
    assert!(shown.contains("expected 6, got 7") && !shown.contains("\n1 "), "{shown}");
    let (exit, said) = server.refused(&["eval", "cancel", "double", "last"]);
    assert!(exit == 1 && said.contains("evaluation_ended"), "{said}");
    // A dataset goes out as it comes in.
    bench.write("again.jsonl", &server.text(&["eval", "dataset", "show", "double", "golden", "-o", "ndjson"]));
    let imported = server.json(&["eval", "dataset", "import", "double", "golden", "again.jsonl", "--replace"]);
    assert_eq!((&imported["dataset"]["sampleCount"], &imported["sampleIds"]), (&json!(4), &json!([5, 6, 7, 8])));
    bench.write("bad.jsonl", "{\"input\": {}}\n{\"inptu\": {}}\n");
    let (exit, said) = server.refused(&["eval", "dataset", "import", "double", "golden", "bad.jsonl"]);
    assert!(exit == 4 && said.contains("line 2"), "{said}");
    let (exit, said) = server.refused(&["eval", "run", "double", "goldne"]);
    assert!(exit == 1 && said.contains("did you mean `golden`?"), "{said}");
    server.text(&["eval", "dataset", "delete", "double", "golden"]);
    assert_eq!(server.json(&["eval", "dataset", "list", "double"]), json!([]));
}

const CANARY: &str = "canary-value-that-nobody-may-see";
const LETTER: &str = "flow: letter\ninput: {type: object, properties: {to: {type: string}, note: {type: string}, password: {type: string}}}\n\
                      steps:\n  drafted: {llm: {model: openai/gpt-5-mini, prompt: 'Write to {{ input.to }}: {{ input.note }}'}}\n  \
                      sent: {http: {post: 'https://mail.example/send', json: {text: '{{ steps.drafted.output }}'}}, effect: once}\n\
                      edges: [{from: drafted, to: sent}]\n\
                      output: '{\"text\": steps.drafted.output, \"id\": steps.sent.output.id}'\n";

#[test]
fn an_execution_becomes_a_rehearsal_and_a_sample_without_secrets() {
    let bench = Bench::with("letter.yaml", LETTER);
    bench.write("letter.rehearsal.yaml", "drafted: {output: 'Dear Ada, as you wish.'}\nsent: {output: {id: 7}}\n");
    let with_secret = |arguments: &[&str]| {
        let output = bench.command(arguments).env("FLOWGATE_SECRET_SHOP", CANARY).output().unwrap();
        assert!(output.status.success(), "{arguments:?}\n{}", bench.told(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    let note = format!("note=the shop's key is {CANARY}, or sk-abcdefghijklmnopqrst");
    with_secret(&["run", "letter.yaml", "--rehearse", "-p", "to=Ada", "-p", &note, "-p", "password=hunter2"]);
    let sample = with_secret(&["exec", "export", "last", "--to", "sample"]);
    assert_eq!(sample.lines().count(), 1);
    for secret in [CANARY, "hunter2", "sk-abc"] {
        assert!(!sample.contains(secret), "{sample}");
    }
    let sample: Value = serde_json::from_str(&sample).unwrap();
    assert_eq!(sample["input"]["to"], "Ada");
    assert_eq!(sample["expected"], json!({"text": "Dear Ada, as you wish.", "id": 7}));
    assert_eq!(sample["effects"], json!({"sent": {"output": {"id": 7}}}), "what the model said is measured");
    // The rehearsal plays the same again, from a file alone.
    std::fs::remove_file(bench.path().join("letter.rehearsal.yaml")).unwrap();
    with_secret(&["exec", "export", "last", "--to", "rehearsal", "--file", "letter.rehearsal.yaml"]);
    let again = with_secret(&["run", "letter.yaml", "--rehearse", "-p", "to=Ada", "-p", "note=again", "-o", "json"]);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["status"], &again["output"]), (&json!("COMPLETED"), &sample["expected"]), "{again}");
    // What it came in by has no place in a sample, and that is said.
    bench.write("ways.yaml", "flow: ways\nsteps: {a: {set: {x: 1}}}\nentries: {short: {name: Short}}\n");
    assert!(bench.run(&["run", "ways.yaml", "--entry", "short"]).status.success());
    let told = bench.told(&bench.run(&["exec", "export", "last", "--to", "sample"]));
    assert!(told.contains("by the entry `short`"), "{told}");
    let kept = bench.run(&["exec", "export", "last", "--to", "rehearsal", "--file", "letter.rehearsal.yaml"]);
    assert_eq!(kept.status.code(), Some(1), "a file that is there stays");
    let missing = bench.run(&["exec", "export", "0198c0de", "--to", "sample"]);
    assert_eq!(missing.status.code(), Some(1));
}

#[test]
fn a_server_exports_into_a_dataset() {
    let bench = Bench::with("double.yaml", DOUBLE);
    let server = Server::start(&bench);
    server.text(&["agent", "apply", "double.yaml"]);
    server.text(&["eval", "dataset", "create", "double", "golden"]);
    server.text(&["trigger", "create", "by-hand", "--manual", "--agent", "double", "-p", "n=21", "-p", "token=a-token-of-somebody"]);
    server.text(&["trigger", "fire", "by-hand"]);
    server.text(&["exec", "watch", "last"]);
    let line = server.text(&["exec", "export", "last"]);
    assert!(line.contains("\"n\":21") && line.contains("\"value\":42") && !line.contains("a-token-of-somebody"), "{line}");
    bench.write("one.jsonl", &line);
    server.text(&["eval", "dataset", "import", "double", "golden", "one.jsonl"]);
    assert!(server.text(&["eval", "run", "double", "golden"]).contains("1.000"));
}
