//! Every shipped flow, run from start to end by the real binary in rehearsal: nothing leaves the machine, people are played here.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};

/// A data directory of its own, and the binary without any key of the developer's.
struct Project {
    data: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap() }
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_flowgate"));
        for (name, _) in std::env::vars() {
            if name.ends_with("_API_KEY") || name.ends_with("_BASE_URL") || name.starts_with("FLOWGATE_") {
                command.env_remove(name);
            }
        }
        command.current_dir(env!("CARGO_MANIFEST_DIR")).args(arguments).arg("--data-dir").arg(self.data.path());
        command.stdin(std::process::Stdio::null()).output().unwrap()
    }

    /// The JSON that a command prints; it must exit with `exit`.
    fn json(&self, exit: i32, arguments: &[&str]) -> Value {
        let output = self.call(&[arguments, &["-o", "json"]].concat());
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(exit), "{arguments:?}\n{told}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}\n{told}"))
    }

    /// Runs a flow to its end; whoever is asked says yes. Gives the output.
    fn completes(&self, flow: &str, arguments: &[&str]) -> Value {
        let file = format!("flows/{flow}.yaml");
        let result = self.json(0, &[&["run", &file, "--rehearse", "--approve", "all"], arguments].concat());
        assert_eq!(result["status"], "COMPLETED", "{result:#}");
        result["output"].clone()
    }

    /// Runs a flow up to its question. Gives the execution's id.
    fn asks(&self, flow: &str, arguments: &[&str]) -> String {
        let file = format!("flows/{flow}.yaml");
        let result = self.json(3, &[&["run", &file, "--rehearse", "--approve", "none"], arguments].concat());
        assert_eq!(result["status"], "WAITING_FOR_HUMAN", "{result:#}");
        result["id"].as_str().unwrap().to_owned()
    }

    fn steps(&self, id: &str, status: &str) -> Vec<String> {
        let trace = self.json(0, &["exec", "trace", id]);
        let attempts = trace["attempts"].as_array().unwrap().iter().filter(|attempt| attempt["status"] == status);
        attempts.map(|attempt| attempt["step"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn refund_review_asks_once_and_pays_what_was_approved() {
    let project = Project::new();
    let output =
        project.call(&["run", "flows/refund-review.yaml", "-p", "order_id=A-1001", "-p", "message=It arrived broken", "--approve", "all"]);
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert!(told.contains("rehears"), "without a key the output says that it is a rehearsal:\n{told}");
    assert_eq!(told.matches("asks for approval").count(), 1, "{told}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("Your refund is on its way"));
}

#[test]
fn refund_review_rejected_pays_nothing() {
    let project = Project::new();
    let id = project.asks("refund-review", &["-p", "order_id=A-1001", "-p", "message=It arrived broken"]);
    project.call(&["approval", "reject", &id, "--reason", "worn, not broken"]);
    let result = project.json(0, &["exec", "resume", &id]);
    assert_eq!(result["status"], "COMPLETED");
    assert!(!project.steps(&id, "completed").contains(&"refund".to_owned()));
    assert!(project.steps(&id, "dead").contains(&"refund".to_owned()));
}

#[test]
fn support_triage_asks_before_it_gives_a_credit() {
    let project = Project::new();
    let id = project.asks("support-triage", &["-p", "ticket=My invoice is wrong again", "-p", "customer=C-31"]);
    let questions = project.json(0, &["approval", "list"]);
    assert!(questions.to_string().contains("Credit 80 EUR to C-31?"), "{questions:#}");
    assert_eq!(project.call(&["approval", "approve", &id]).status.code(), Some(0));
    let result = project.json(0, &["exec", "resume", &id]);
    assert_eq!((&result["status"], &result["output"]["solved"]), (&json!("COMPLETED"), &json!(true)));
    assert!(project.steps(&id, "completed").contains(&"answer".to_owned()));
}

#[test]
fn contract_review_is_signed_off_by_somebody_else() {
    let project = Project::new();
    let id = project.asks("contract-review", &["-p", "path=contracts/acme.txt", "--as", "ana"]);
    assert_ne!(project.call(&["approval", "approve", &id, "--as", "ana"]).status.code(), Some(0), "the starter is excluded");
    assert_eq!(project.call(&["approval", "approve", &id, "--as", "bob"]).status.code(), Some(0));
    let result = project.json(0, &["exec", "resume", &id]);
    assert_eq!(result["output"]["verdict"], "accepted");
    let numbers: Vec<&Value> = result["output"]["clauses"].as_array().unwrap().iter().map(|clause| &clause["number"]).collect();
    assert_eq!(numbers, ["1", "2"], "in the order of the clauses");
}

#[test]
fn release_notes_publishes_what_the_maintainer_edited() {
    let project = Project::new();
    let id = project.asks("release-notes", &["-p", "repository=acme/anvil", "-p", "version=2.4.0"]);
    let edited = project.data.path().join("edited.json");
    std::fs::write(&edited, json!({"tag": "v2.4.0", "notes": "Anvils no longer float."}).to_string()).unwrap();
    let arguments = format!("@{}", edited.display());
    let output = project.call(&["approval", "edit", &id, "--arguments", &arguments]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let result = project.json(0, &["exec", "resume", &id]);
    assert_eq!(result["output"], json!({"published": true, "url": "https://forge.example/acme/anvil/releases/17"}));
    let trace = project.json(0, &["exec", "trace", &id]);
    let publish = trace["attempts"].as_array().unwrap().iter().find(|attempt| attempt["step"] == "publish").unwrap();
    assert!(publish["input"].to_string().contains("Anvils no longer float."), "{publish:#}");
    assert!(!publish["input"].to_string().contains("hammer"), "the draft is not what is published: {publish:#}");
}

#[test]
fn incident_responder_rolls_back_when_on_call_agrees_and_pages_when_not() {
    let arguments = ["-p", "service=checkout", "-p", "alert=error rate 12 %"];
    assert_eq!(Project::new().completes("incident-responder", &arguments)["resolved"], true);
    let project = Project::new();
    let id = project.asks("incident-responder", &arguments);
    project.call(&["approval", "reject", &id]);
    let result = project.json(0, &["exec", "resume", &id]);
    assert_eq!(result["output"]["resolved"], false);
    assert!(project.steps(&id, "dead").contains(&"rollback".to_owned()));
}

#[test]
fn company_profile_describes() {
    let output = Project::new().completes("company-profile", &["-p", "domain=acme.example"]);
    assert_eq!(output["company"]["name"], "Acme");
}

#[test]
fn lead_enrichment_works_on_every_lead_with_a_child() {
    let input = json!({"leads": [{"email": "ada@acme.example", "domain": "acme.example"}, {"email": "bob@brick.example", "domain": "brick.example"}]});
    let project = Project::new();
    let output = project.completes("lead-enrichment", &["--input", &input.to_string()]);
    let enriched = output["enriched"].as_array().unwrap();
    assert_eq!(enriched.iter().map(|lead| &lead["email"]).collect::<Vec<_>>(), ["ada@acme.example", "bob@brick.example"]);
    assert_eq!(output["failed"], 0);
    assert_eq!(project.json(0, &["exec", "list"]).as_array().unwrap().len(), 3, "one execution and two children");
}

#[test]
fn content_pipeline_drafts_again_with_the_reason() {
    let project = Project::new();
    let id = project.asks("content-pipeline", &["-p", "topic=How to store cut flowers"]);
    project.call(&["approval", "reject", &id, "--reason", "Too loud."]);
    let again = project.json(3, &["exec", "resume", &id, "--approve", "none"]);
    assert_eq!(again["status"], "WAITING_FOR_HUMAN");
    assert_eq!(project.call(&["approval", "approve", &id]).status.code(), Some(0));
    let result = project.json(0, &["exec", "resume", &id]);
    assert!(result["output"]["text"].as_str().unwrap().starts_with("Cut the stems"), "the second draft: {result:#}");
    let trace = project.json(0, &["exec", "trace", &id]);
    let second = trace["attempts"].as_array().unwrap().iter().find(|attempt| attempt["step"] == "draft" && attempt["visit"] == 2);
    assert!(second.unwrap()["input"].to_string().contains("Too loud."), "the reason is the next draft's instruction");
}

#[test]
fn product_description_is_written_again_until_its_judge_accepts_it() {
    let project = Project::new();
    let result = project.json(0, &["run", "flows/product-description.yaml", "--rehearse", "-p", "name=Enamel mug", "-p", "facts=0.3 l"]);
    assert_eq!(result["output"], "A mug for every day. It holds 0.3 l.");
    let trace = project.json(0, &["exec", "trace", result["id"].as_str().unwrap()]);
    let attempts: Vec<&Value> = trace["attempts"].as_array().unwrap().iter().filter(|attempt| attempt["step"] == "improve").collect();
    assert_eq!(attempts.len(), 2, "{trace:#}");
    let refused = &attempts[0]["checks"][1];
    assert_eq!((&refused["validator"], &refused["verdict"], &refused["cycle"]), (&json!("tone"), &json!("retry"), &json!(1)));
    assert!(attempts[1]["input"].to_string().contains("Drop the superlative"), "the feedback is the next instruction");
    assert_eq!(attempts[1]["checks"].as_array().unwrap().len(), 3, "every validator judged the second text");
}

#[test]
fn product_description_has_an_entry_that_begins_with_a_text() {
    let project = Project::new();
    let run = ["run", "flows/product-description.yaml", "--rehearse", "--entry"];
    let result = project.json(0, &[&run[..], &["review", "-p", "text=A mug!"]].concat());
    assert!(!project.steps(result["id"].as_str().unwrap(), "completed").contains(&"write".to_owned()));
    assert_eq!(project.call(&[&run[..], &["review", "-p", "name=x"]].concat()).status.code(), Some(4), "its own input counts");
    let unknown = project.call(&[&run[..], &["nothing"]].concat());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("it has write, review"), "{}", String::from_utf8_lossy(&unknown.stderr));
}

#[test]
fn nightly_report_waits_until_the_export_is_ready() {
    let project = Project::new();
    let output = project.completes("nightly-report", &["-p", "recipient=team@example.org", "-p", "not_before=2020-01-01T02:00:00Z"]);
    assert!(output.as_str().unwrap().contains("215"));
}

#[test]
fn trip_booking_gives_back_in_reverse_order_when_declined() {
    let arguments = ["-p", "traveller=Ada Example", "-p", "to=LIS", "-p", "nights=3"];
    assert_eq!(Project::new().completes("trip-booking", &arguments)["payment"], "P-1");
    let project = Project::new();
    let id = project.asks("trip-booking", &arguments);
    project.call(&["approval", "reject", &id]);
    let result = project.json(1, &["exec", "resume", &id]);
    assert_eq!((&result["status"], &result["error"]["code"]), (&json!("FAILED"), &json!("declined")));
    let events = String::from_utf8(project.call(&["exec", "events", &id, "-o", "ndjson"]).stdout).unwrap();
    let undone: Vec<Value> =
        events.lines().map(|line| serde_json::from_str(line).unwrap()).filter(|event: &Value| event["event"] == "undo_ended").collect();
    let steps: Vec<&Value> = undone.iter().map(|event| &event["place"]["step"]).collect();
    assert_eq!(steps, ["car", "hotel", "flight"]);
}

#[test]
fn the_first_command_of_the_readme_names_a_shipped_flow() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let commands: Vec<&str> = readme.lines().filter(|line| line.starts_with("cargo ")).collect();
    let first = r#"cargo run --release -- run flows/refund-review.yaml -p order_id=A-1001 -p message="It arrived broken""#;
    assert_eq!(commands, [first, "cargo test"]);
}
