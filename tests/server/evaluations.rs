//! Evaluations with the real binary: datasets and their bounds, runs that score and compare, people and effects in them, cancels, and runs
//! under SIGKILL.
//!
//! `FLOWGATE_KILL_ROUNDS` sets the number of kills (6 by default), `FLOWGATE_KILL_SEED` the seed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};

use super::desk::{APPROVALS, Desk, TENANT, eventually, expect};
use super::harness::{Client, Server};
use super::model::{Model, Speech, said};
use super::oracle::{Oracle, Random, agent, allow, number};

/// Doubles, or not quite.
const DOUBLE: &str = "flow: double\ninput: {type: object, required: [n], properties: {n: {type: integer}}}\n\
                      steps:\n  a: {set: {value: 'input.n * 2'}}\noutput: steps.a.output\n";

fn datasets(agent: &str) -> String {
    format!("{TENANT}/agents/{agent}/evaluationDatasets")
}

fn runs(agent: &str) -> String {
    format!("{TENANT}/agents/{agent}/evaluationRuns")
}

/// A dataset; its id.
fn dataset(client: &Client, agent: &str, body: &Value) -> String {
    let mut whole = json!({"displayName": "Golden"});
    whole.as_object_mut().unwrap().extend(body.as_object().unwrap().clone());
    expect(201, &client.json("POST", &datasets(agent), &whole))["id"].as_str().unwrap().to_owned()
}

fn revision(client: &Client, agent: &str, flow: &str) {
    expect(200, &client.json("POST", &format!("{TENANT}/agents/{agent}/revisions"), &json!({"flow": flow})));
}

/// Begins a run over a revision; its id.
fn begin(client: &Client, agent: &str, revision: u32, body: &Value) -> String {
    let path = format!("{TENANT}/agents/{agent}/revisions/{revision}:evaluate");
    let run = expect(202, &client.json("POST", &path, body));
    assert_eq!((&run["status"], &run["score"]), (&json!("QUEUED"), &Value::Null), "{run}");
    run["id"].as_str().unwrap().to_owned()
}

fn get(client: &Client, agent: &str, run: &str) -> Value {
    expect(200, &client.get(&format!("{}/{run}", runs(agent))))
}

/// The run once it has ended.
fn ended(client: &Client, agent: &str, run: &str) -> Value {
    let is_over = || ["COMPLETED", "FAILED", "CANCELLED"].contains(&get(client, agent, run)["status"].as_str().unwrap());
    eventually("the run ends", is_over);
    get(client, agent, run)
}

fn results(client: &Client, agent: &str, run: &str) -> Vec<Value> {
    let page = expect(200, &client.get(&format!("{}/{run}/samples?pageSize=200", runs(agent))));
    page["items"].as_array().unwrap().clone()
}

/// Executions of an agent with this origin.
fn records(client: &Client, agent: &str, origin: &str) -> Vec<Value> {
    let page = expect(200, &client.get(&format!("{TENANT}/agents/{agent}/executionRecords?origin={origin}&pageSize=200")));
    page["items"].as_array().unwrap().clone()
}

fn doubles(count: u64) -> Vec<Value> {
    (1..=count).map(|n| json!({"input": {"n": n}, "expected": {"value": 2 * n}})).collect()
}

#[test]
fn datasets_hold_samples_within_their_bounds() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "double", DOUBLE);
    let id = dataset(&root, "double", &json!({"samples": doubles(2), "description": "What it must do."}));
    let one = format!("{}/{id}", datasets("double"));
    let shown = expect(200, &root.get(&one));
    assert_eq!(
        (&shown["sampleCount"], &shown["type"], &shown["minScore"], &shown["number"]),
        (&json!(2), &json!("GOLDEN"), &json!(0.8), &json!(1))
    );
    assert_eq!(expect(200, &root.get(&format!("{}/1", datasets("double")))), shown, "by its number");
    assert_eq!(expect(200, &root.get(&datasets("double"))), json!([shown]));
    let lines = "{\"input\": {\"n\": 7}, \"expected\": 14, \"name\": \"seven\"}\n\n{\"input\": {\"n\": 8}, \"rubric\": \"It is kind.\"}\n";
    let imported = expect(200, &root.json("POST", &format!("{one}:import"), &json!({"jsonl": lines})));
    assert_eq!((&imported["sampleIds"], &imported["dataset"]["sampleCount"]), (&json!([3, 4]), &json!(4)));
    let page = expect(200, &root.get(&format!("{one}/samples?pageSize=3")));
    assert_eq!(page["items"][2]["name"], "seven");
    let rest = expect(200, &root.get(&format!("{one}/samples?pageSize=3&pageToken={}", page["nextPageToken"].as_str().unwrap())));
    assert_eq!((rest["items"][0]["id"].clone(), rest["nextPageToken"].clone()), (json!(4), Value::Null));
    let put = expect(200, &root.json("PUT", &format!("{one}/samples/4"), &json!({"input": {"n": 8}, "expected": 16})));
    assert_eq!((&put["id"], &put["expected"], put.get("rubric")), (&json!(4), &json!(16), None));
    assert_eq!(root.request("DELETE", &format!("{one}/samples/3"), &[], b"").unwrap().status, 204);
    assert_eq!(root.get(&format!("{one}/samples/3")).status, 404);
    assert_eq!(expect(200, &root.get(&one))["sampleCount"], 3);

    // What makes no sense is refused, and leaves nothing.
    let bad = |body: &Value, status: u16, part: &str| {
        let answer = root.json("POST", &format!("{one}:import"), body);
        assert!(answer.status == status && answer.text().contains(part), "{body}: {} {}", answer.status, answer.text());
    };
    bad(&json!({"jsonl": "{\"input\": {}}\n[1]\n"}), 422, "line 2");
    bad(&json!({"jsonl": "{\"inptu\": {}}"}), 422, "inptu");
    bad(&json!({"samples": [{"input": {}, "weight": 0}]}), 422, "weight");
    bad(&json!({"samples": [{"input": {}, "colour": 1}]}), 400, "colour");
    bad(&json!({}), 422, "either");
    bad(&json!({"samples": []}), 422, "none");
    bad(&json!({"samples": [{"expected": "x".repeat(200_000)}]}), 422, "bytes");
    bad(&json!({"samples": vec![json!({"input": {}}); 1_001]}), 409, "dataset_full");
    for scorers in [
        json!([{"type": "CEL"}]),
        json!([{"type": "CEL", "expression": "secrets.x"}]),
        json!([{"type": "JUDGE"}]),
        json!([{"type": "EXACT", "threshold": 2}]),
        json!([{"type": "EXACT"}, {"type": "EXACT"}]),
    ] {
        let answer = root.json("PATCH", &one, &json!({"scorers": scorers}));
        assert_eq!(answer.status, 422, "{scorers}: {}", answer.text());
    }
    assert_eq!(expect(200, &root.get(&one))["sampleCount"], 3);
    let other = server.tenant("other");
    assert_eq!(other.get(&one.replace("default", "other")).status, 404);
    assert_eq!(root.request("DELETE", &one, &[], b"").unwrap().status, 204);
    assert_eq!(root.get(&one).status, 404);
}

#[test]
fn a_run_scores_compares_and_catches_a_worse_revision() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "double", DOUBLE);
    revision(&root, "double", &DOUBLE.replace("input.n * 2", "input.n == 3 ? 7 : input.n * 2"));
    let mut samples = doubles(4);
    samples.push(json!({"name": "no number", "input": {}, "expected": {"value": 0}, "weight": 0.5}));
    let scorers = json!([{"type": "JSON_SUBSET"}, {"type": "CEL", "expression": "output.value == input.n * 2", "name": "doubled"}]);
    let id = dataset(&root, "double", &json!({"samples": samples, "scorers": scorers}));

    // What it will cost is not known before anything ran.
    let preview = |revision: u32| {
        let path = format!("{TENANT}/agents/double/revisions/{revision}:previewEvaluation");
        expect(200, &root.json("POST", &path, &json!({"datasetId": id})))
    };
    let unknown = preview(1);
    assert_eq!((&unknown["basis"], &unknown["estimatedCost"], &unknown["sampleCount"]), (&json!("NOTHING"), &Value::Null, &json!(5)));
    assert!(records(&root, "double", "EVALUATION").is_empty(), "a preview starts nothing");

    let before = begin(&root, "double", 1, &json!({"datasetId": "1"}));
    let good = ended(&root, "double", &before);
    assert_eq!((&good["status"], &good["passedCount"], &good["errorCount"]), (&json!("COMPLETED"), &json!(4), &json!(1)), "{good}");
    let score = 4.0 / 4.5;
    assert!((good["score"].as_f64().unwrap() - score).abs() < 1e-9, "{good}");
    assert_eq!((&good["deploymentRecommendation"], &good["passed"]), (&json!("DEPLOY"), &json!(true)));
    let of_each = results(&root, "double", &before);
    assert_eq!(of_each.len(), 5);
    assert_eq!((&of_each[4]["error"]["code"], &of_each[4]["score"]), (&json!("bad_input"), &json!(0.0)));
    assert_eq!(of_each[0]["scores"][1]["scorer"], "doubled");
    assert_eq!(of_each[0]["output"], json!({"value": 2}));

    let after = begin(&root, "double", 2, &json!({"datasetId": id, "baselineRunId": before, "concurrency": 1}));
    let bad = ended(&root, "double", &after);
    assert_eq!((&bad["deploymentRecommendation"], &bad["regressions"]), (&json!("DO_NOT_DEPLOY"), &json!(1)), "{bad}");
    assert!(bad["summary"].as_str().unwrap().contains("1 worse than in the baseline"), "{bad}");
    let compared = expect(200, &root.get(&format!("{}/{after}:compare?baseline={before}&pageSize=3", runs("double"))));
    assert_eq!((&compared["worse"], &compared["same"], &compared["better"]), (&json!(1), &json!(4), &json!(0)), "{compared}");
    assert_eq!((&compared["items"][2]["change"], &compared["items"][2]["scoreDelta"]), (&json!("WORSE"), &json!(-1.0)));
    let rest = format!(
        "{}/{after}:compare?baseline={before}&pageSize=3&pageToken={}",
        runs("double"),
        compared["nextPageToken"].as_str().unwrap()
    );
    assert_eq!(expect(200, &root.get(&rest))["items"].as_array().unwrap().len(), 2);

    // Apart from everything else: no production, no tests.
    assert_eq!((records(&root, "double", "EVALUATION").len(), records(&root, "double", "PRODUCTION").len()), (8, 0));
    assert!(records(&root, "double", "TEST").is_empty());
    let counted = |origin: &str| expect(200, &root.get(&format!("{TENANT}/agents/double/statistics?origin={origin}")));
    assert_eq!((counted("PRODUCTION"), counted("EVALUATION")[0]["started"].clone()), (json!([]), json!(4)));
    assert_eq!((&preview(1)["basis"], &preview(1)["estimatedCost"]), (&json!("EVALUATIONS_OF_REVISION"), &json!(0.0)));

    // A draft, of the version that it has now.
    let draft = format!("{TENANT}/agents/double/revisions/2/draft");
    expect(200, &root.json("PUT", &draft, &json!({"flow": DOUBLE})));
    let evaluate = |version: &str| {
        let headers = [("content-type", "application/json"), ("if-match", version)];
        root.request("POST", &format!("{draft}:evaluate"), &headers, json!({"datasetId": id}).to_string().as_bytes()).unwrap()
    };
    assert_eq!(evaluate("7").status, 409);
    let run = expect(202, &evaluate("1"));
    expect(200, &root.json("PUT", &draft, &json!({"flow": {"steps": {}}})));
    let run = ended(&root, "double", run["id"].as_str().unwrap());
    assert_eq!((&run["passedCount"], &run["agentRevision"], &run["draftVersion"]), (&json!(4), &json!(-1), &json!(1)), "{run}");
    let listed = expect(200, &root.get(&runs("double")));
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
    assert_eq!(listed["items"][2]["id"], json!(before), "newest first");
}

#[test]
fn what_cannot_be_evaluated_is_refused() {
    let server = Server::start();
    let root = server.root();
    agent(&root, "double", DOUBLE);
    agent(&root, "other", &DOUBLE.replace("flow: double", "flow: other"));
    let path = format!("{TENANT}/agents/double/revisions/1:evaluate");
    let refused = |body: &Value, status: u16, code: &str| {
        let answer = root.json("POST", &path, body);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{body}: {}", answer.text());
    };
    let empty = dataset(&root, "double", &json!({}));
    refused(&json!({"datasetId": empty}), 422, "dataset_empty");
    refused(&json!({"datasetId": "nothing"}), 422, "invalid");
    refused(&json!({}), 400, "invalid");
    let unjudged = dataset(&root, "double", &json!({"samples": [{"input": {"n": 1}}]}));
    refused(&json!({"datasetId": unjudged}), 422, "sample_unjudged");
    let rubric = dataset(
        &root,
        "double",
        &json!({"samples": [{"input": {"n": 1}, "rubric": "Kind."}], "scorers": [{"type": "CEL", "expression": "true"}]}),
    );
    refused(&json!({"datasetId": rubric}), 422, "sample_unjudged");
    let good = dataset(&root, "double", &json!({"samples": doubles(1)}));
    refused(&json!({"datasetId": good, "concurrency": 17}), 422, "invalid");
    refused(&json!({"datasetId": good, "minScore": 2}), 422, "invalid");
    refused(&json!({"datasetId": good, "environmentSlug": "nowhere"}), 400, "invalid");
    refused(&json!({"datasetId": good, "baselineRunId": "nothing"}), 404, "not_found");
    let theirs = dataset(&root, "other", &json!({"samples": doubles(1)}));
    refused(&json!({"datasetId": theirs}), 422, "invalid");
    assert_eq!(root.json("POST", &format!("{TENANT}/agents/double/revisions/9:evaluate"), &json!({"datasetId": good})).status, 404);
    let run = begin(&root, "double", 1, &json!({"datasetId": good}));
    ended(&root, "double", &run);
    assert_eq!(root.get(&format!("{}/{run}", runs("other"))).status, 404, "another agent's");
    let again = root.json("POST", &format!("{}/{run}:cancel", runs("double")), &json!({}));
    assert_eq!((again.status, again.code().as_str()), (409, "evaluation_ended"));
    let elsewhere = dataset(&root, "double", &json!({"samples": doubles(2)}));
    let second = begin(&root, "double", 1, &json!({"datasetId": elsewhere}));
    ended(&root, "double", &second);
    let compared = root.get(&format!("{}/{second}:compare?baseline={run}", runs("double")));
    assert_eq!((compared.status, compared.code().as_str()), (422, "other_dataset"));
    assert_eq!(root.request("DELETE", &format!("{}/{run}", runs("double")), &[], b"").unwrap().status, 204);
    assert_eq!(root.get(&format!("{}/{run}", runs("double"))).status, 404);
    // The same key, the same run.
    let once = || root.once("k", &path, &json!({"datasetId": good})).unwrap().value()["id"].clone();
    assert_eq!(once(), once());
}

/// A payment that somebody approves; the answer says what became of it.
const PAY: &str = r#"
flow: pay
input: {type: object, required: [amount], properties: {amount: {type: number}}}
steps:
  review:
    approval: {title: "Pay {{ input.amount }}?", action: pay, approvers: {any_of: ["user:ann", "role:finance"], quorum: 2, exclude: [starter]}, decisions: [approve, reject]}
  pay: {http: {post: "WORLD/pay", json: {amount: "{{ input.amount }}"}}, effect: once}
  kept: {set: {paid: 0}}
edges:
  - {from: review, to: pay, on: approved}
  - {from: review, to: kept, on: rejected}
output: "has(steps.pay.output) ? steps.pay.output : has(steps.kept.output) ? steps.kept.output : null"
"#;

#[test]
fn people_are_answered_for_and_effects_never_happen() {
    let desk = Desk::bare(&[]);
    desk.agent("pay", PAY);
    let root = desk.server.root();
    let hook = json!({"url": format!("{}/hook", desk.world.address), "events": []});
    assert!(root.json("POST", &format!("{TENANT}/webhooks"), &hook).status < 300);
    let samples = json!([
        {"name": "scripted", "input": {"amount": 1}, "expected": {"paid": 1}, "decisions": {"review": "approve"},
            "effects": {"pay": {"output": {"paid": 1}}}},
        {"name": "refused", "input": {"amount": 2}, "expected": {"paid": 2}, "decisions": {"*": "approve"}},
        {"name": "rejected", "input": {"amount": 3}, "expected": {"paid": 0}, "decisions": {"review": "reject"}},
        {"name": "nobody", "input": {"amount": 4}, "expected": {"paid": 4}},
        {"name": "misfit", "input": {"amount": 5}, "expected": {"paid": 5}, "decisions": {"review": {"respond": "no"}}},
    ]);
    let id = dataset(&root, "pay", &json!({"samples": samples}));
    let run = begin(&root, "pay", 1, &json!({"datasetId": id}));
    let run_shown = ended(&root, "pay", &run);
    let codes: Vec<Value> = results(&root, "pay", &run).iter().map(|result| result["error"]["code"].clone()).collect();
    assert_eq!(
        codes,
        [Value::Null, json!("effect_in_evaluation"), Value::Null, json!("needs_person"), json!("bad_decision")],
        "{run_shown}"
    );
    assert_eq!((&run_shown["passedCount"], &run_shown["errorCount"]), (&json!(2), &json!(3)));
    let open = expect(200, &root.get(&format!("{APPROVALS}?status=PENDING")));
    assert_eq!(open["items"], json!([]), "no question is left behind");
    // Something that is told of comes later than everything of the evaluation would have.
    let real = root.json("POST", &format!("{TENANT}/agents/pay:execute"), &json!({"parameters": {"amount": 9}}));
    assert_eq!(real.status, 200, "{}", real.text());
    eventually("the webhook hears of the real one", || !desk.world.received().is_empty());
    let told = desk.world.received();
    let real = real.value()["executionRecordId"].as_str().unwrap().to_owned();
    for (path, body) in &told {
        assert!(path == "/hook" && String::from_utf8_lossy(body).contains(&real), "{path} {}", String::from_utf8_lossy(body));
    }
}

#[test]
fn a_judge_scores_and_is_counted() {
    let directory = tempfile::tempdir().unwrap();
    // The judge gives what the answer says: 0.9 to a kind one.
    let model = Model::start(|_, request| {
        let asked = said(request).pop().unwrap().1;
        if !asked.contains("Answer to judge") {
            return Speech::new(&[if asked.contains("Bob") { "Go away." } else { "Hello, dear!" }], 0);
        }
        assert!(asked.contains("Be kind."), "{asked}");
        let score = if asked.contains("dear") { 0.9 } else { 0.2 };
        Speech::new(&[&json!({"score": score, "feedback": "because"}).to_string()], 0)
    });
    let server = model.serve(directory.path(), &[]);
    let root = server.root();
    agent(
        &root,
        "greet",
        "flow: greet\ninput: {type: object, properties: {name: {type: string}}}\nsteps:\n  a: {llm: {model: openai/gpt-5-mini, prompt: 'Greet {{ input.name }}'}}\n",
    );
    let scorers = json!([{"type": "JUDGE", "model": "openai/gpt-5-mini", "rubric": "Be kind."}]);
    let samples = json!([{"input": {"name": "Ada"}}, {"input": {"name": "Bob"}}]);
    let id = dataset(&root, "greet", &json!({"samples": samples, "scorers": scorers, "minScore": 0.5}));
    let run = begin(&root, "greet", 1, &json!({"datasetId": id}));
    let shown = ended(&root, "greet", &run);
    assert!((shown["score"].as_f64().unwrap() - 0.55).abs() < 1e-9, "{shown}");
    assert_eq!(shown["passedCount"], 1);
    let results = results(&root, "greet", &run);
    assert_eq!(results[1]["scores"][0], json!({"scorer": "judge", "score": 0.2, "passed": false, "note": "because"}));
    assert!(shown["judgeCost"].as_f64().unwrap() > 0.0 && shown["totalCost"].as_f64() > shown["judgeCost"].as_f64(), "{shown}");
    assert_eq!(model.requests().len(), 4);
    let roles: BTreeSet<String> = records(&root, "greet", "EVALUATION")
        .iter()
        .map(|record| record["labels"]["evaluationRole"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(roles, BTreeSet::from(["judge".to_owned(), "sample".to_owned()]));
    let path = format!("{TENANT}/agents/greet/revisions/1:previewEvaluation");
    let preview = expect(200, &root.json("POST", &path, &json!({"datasetId": id})));
    assert_eq!((&preview["judgeCalls"], &preview["observedExecutions"]), (&json!(2), &json!(2)));
    assert!((preview["estimatedCost"].as_f64().unwrap() - shown["totalCost"].as_f64().unwrap()).abs() < 1e-9, "{preview} {shown}");
}

/// Asks the oracle, then doubles.
fn slow(oracle: &Oracle, path: &str) -> String {
    format!(
        "flow: slow\ninput: {{type: object, required: [n], properties: {{n: {{type: integer}}}}}}\nsteps:\n  \
         ask: {{http: {{get: \"{}/{path}/{{{{ input.n }}}}\"}}}}\n  a: {{set: {{value: 'input.n * 2'}}}}\nedges: [{{from: ask, to: a}}]\n\
         output: steps.a.output\n",
        oracle.address
    )
}

#[test]
fn a_cancelled_run_stops_what_is_under_way_and_begins_nothing_more() {
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::ZERO);
    let server = Server::start_in(directory.path());
    let root = server.root();
    agent(&root, "slow", &slow(&oracle, "hold"));
    let id = dataset(&root, "slow", &json!({"samples": doubles(6)}));
    let run = begin(&root, "slow", 1, &json!({"datasetId": id, "concurrency": 2}));
    eventually("two are under way", || oracle.seen().len() == 2);
    let removed = root.request("DELETE", &format!("{}/{run}", runs("slow")), &[], b"").unwrap();
    assert_eq!((removed.status, removed.code().as_str()), (409, "evaluation_runs"));
    let cancelled = expect(200, &root.json("POST", &format!("{}/{run}:cancel", runs("slow")), &json!({})));
    assert_eq!(cancelled["cancelling"], true);
    let shown = ended(&root, "slow", &run);
    assert_eq!((&shown["status"], &shown["score"], &shown["deploymentRecommendation"]), (&json!("CANCELLED"), &Value::Null, &Value::Null));
    assert_eq!(oracle.seen().len(), 2, "nothing more began");
    let states: Vec<Value> = results(&root, "slow", &run).iter().map(|result| result["status"].clone()).collect();
    assert_eq!(states.iter().filter(|state| **state == "NOT_RUN").count(), 4, "{states:?}");
    for record in records(&root, "slow", "EVALUATION") {
        assert_eq!(record["status"], "CANCELLED", "{record}");
    }
}

#[test]
fn a_run_goes_on_after_every_kill_and_starts_no_sample_twice() {
    let (rounds, seed) = (number("FLOWGATE_KILL_ROUNDS", 6), number("FLOWGATE_KILL_SEED", 1));
    let directory = tempfile::tempdir().unwrap();
    allow(directory.path());
    let oracle = Oracle::start(Duration::from_millis(40));
    let mut server = Server::start_in(directory.path());
    agent(&server.root(), "slow", &slow(&oracle, "work"));
    let count = 20 + 10 * rounds;
    let id = dataset(&server.root(), "slow", &json!({"samples": doubles(count)}));
    // Two at once, of the same dataset.
    let ids = [2, 3].map(|concurrency| begin(&server.root(), "slow", 1, &json!({"datasetId": id, "concurrency": concurrency})));
    let mut random = Random(seed);
    for _ in 0..rounds {
        let before = oracle.seen().len();
        let is_over = |client: &Client| ids.iter().all(|run| get(client, "slow", run)["status"] == "COMPLETED");
        let client = server.root();
        eventually("something happens", || oracle.seen().len() >= before + 3 || is_over(&client));
        std::thread::sleep(Duration::from_millis(random.below(200)));
        server.kill();
        server = Server::start_in(directory.path());
    }
    let root = server.root();
    for run in &ids {
        let shown = ended(&root, "slow", run);
        assert_eq!((&shown["status"], &shown["score"]), (&json!("COMPLETED"), &json!(1.0)), "seed {seed}: {shown}");
        assert_eq!((&shown["completedCount"], &shown["passedCount"]), (&json!(count), &json!(count)), "each counted once: {shown}");
    }
    // One execution for each sample of each run, however often they were taken up.
    let (mut by_sample, mut token) = (BTreeMap::<(String, String), usize>::new(), String::new());
    loop {
        let path = format!("{TENANT}/agents/slow/executionRecords?origin=EVALUATION&pageSize=200&pageToken={token}");
        let page = expect(200, &root.get(&path));
        for record in page["items"].as_array().unwrap() {
            assert_eq!(record["status"], "COMPLETED", "{record}");
            let label = |name: &str| record["labels"][name].as_str().unwrap().to_owned();
            *by_sample.entry((label("evaluationRun"), label("evaluationSample"))).or_default() += 1;
        }
        match page["nextPageToken"].as_str() {
            Some(next) => next.clone_into(&mut token),
            None => break,
        }
    }
    assert_eq!(by_sample.len() as u64, 2 * count);
    assert!(by_sample.values().all(|executions| *executions == 1), "{by_sample:?}");
    println!("{rounds} kills, seed {seed}: {} samples of two runs", 2 * count);
}

#[test]
fn a_sample_that_waits_for_a_signal_or_too_long_fails_and_the_others_go_on() {
    let server = Server::start();
    let root = server.root();
    let flow = "flow: waits\ninput: {type: object, properties: {how: {type: string}}}\nsteps:\n  \
                start: {set: {how: input.how}}\n  heard: {event: {name: go}}\n  slept: {wait: {for: 2h}}\n  done: {set: {ok: true}}\n\
                edges:\n  - {from: start, to: heard, when: input.how == 'event'}\n  - {from: start, to: slept, when: input.how == 'timer'}\n  \
                - {from: start, to: done, when: input.how == 'now'}\noutput: 'true'\n";
    agent(&root, "waits", flow);
    let samples: Vec<Value> = ["event", "timer", "now"].iter().map(|how| json!({"input": {"how": how}, "expected": true})).collect();
    let id = dataset(&root, "waits", &json!({"samples": samples}));
    let run = begin(&root, "waits", 1, &json!({"datasetId": id, "sampleTimeoutSeconds": 2}));
    let shown = ended(&root, "waits", &run);
    let codes: Vec<Value> = results(&root, "waits", &run).iter().map(|result| result["error"]["code"].clone()).collect();
    assert_eq!(codes, [json!("needs_event"), json!("sample_timed_out"), Value::Null], "{shown}");
}

#[test]
fn a_budget_stops_a_run() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|_, _| Speech::new(&["Hello"], 0));
    let server = model.serve(directory.path(), &[]);
    let root = server.root();
    agent(&root, "greet", "flow: greet\nsteps:\n  a: {llm: {model: openai/gpt-5-mini, prompt: 'Greet'}}\n");
    let budget = json!({"amount": 0.0, "enforceLimit": true});
    expect(200, &root.json("PUT", &format!("{TENANT}/agents/greet/budget?origin=EVALUATION"), &budget));
    let id = dataset(&root, "greet", &json!({"samples": [{"expected": "Hello"}, {"expected": "Hello"}]}));
    let run = begin(&root, "greet", 1, &json!({"datasetId": id, "concurrency": 1}));
    let shown = ended(&root, "greet", &run);
    assert_eq!((&shown["status"], &shown["error"]["code"]), (&json!("FAILED"), &json!("budget_exceeded")), "{shown}");
    assert!(model.requests().is_empty());
    let real = root.json("POST", &format!("{TENANT}/agents/greet:execute"), &json!({}));
    assert_eq!(real.status, 200, "production has its own: {}", real.text());
}

#[test]
fn a_budget_that_the_sample_uses_up_keeps_its_judge_from_being_asked() {
    let directory = tempfile::tempdir().unwrap();
    let model = Model::start(|_, _| Speech::new(&["Hello"], 0));
    let server = model.serve(directory.path(), &[]);
    let root = server.root();
    agent(&root, "greet", "flow: greet\nsteps:\n  a: {llm: {model: openai/gpt-5-mini, prompt: 'Greet'}}\n");
    // Enough for nothing having been spent, and not for one call.
    let budget = json!({"amount": 1e-9, "enforceLimit": true});
    expect(200, &root.json("PUT", &format!("{TENANT}/agents/greet/budget?origin=EVALUATION"), &budget));
    let scorers = json!([{"type": "JUDGE", "model": "openai/gpt-5-mini", "rubric": "Be kind."}]);
    let id = dataset(&root, "greet", &json!({"samples": [{"input": {}}], "scorers": scorers}));
    let run = begin(&root, "greet", 1, &json!({"datasetId": id}));
    let shown = ended(&root, "greet", &run);
    assert_eq!((&shown["status"], &shown["error"]["code"]), (&json!("FAILED"), &json!("budget_exceeded")), "{shown}");
    assert_eq!(model.requests().len(), 1, "the sample's own call");
}
